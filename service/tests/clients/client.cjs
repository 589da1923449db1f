// The official JavaScript client, pointed at the service by its `requestMiddleware`, and once by its `proxyUrl`.
const assert = require("node:assert/strict");
const zlib = require("node:zlib");
const { createFalClient, ValidationError, ApiError } = require("@fal-ai/client");

const { BASE: base, KEY: key } = process.env;
const app = "fal-ai/smart-resize";

/** Every host of fal's is the service. */
const requestMiddleware = async (request) => {
  const url = new URL(request.url);
  return { ...request, url: `${base}${url.pathname}${url.search}` };
};
const fal = createFalClient({ credentials: key, requestMiddleware });

/** A PNG of gradients. */
function picture(width, height) {
  const rows = Buffer.alloc((width * 3 + 1) * height);
  for (let y = 0; y < height; y++) {
    for (let x = 0; x < width; x++) {
      rows.set([(x * 255) / width, (y * 255) / height, 120], y * (width * 3 + 1) + 1 + x * 3);
    }
  }
  const chunk = (kind, data) => {
    const body = Buffer.concat([Buffer.from(kind), data]);
    const bytes = Buffer.alloc(body.length + 8);
    bytes.writeUInt32BE(data.length, 0);
    body.copy(bytes, 4);
    bytes.writeUInt32BE(zlib.crc32 ? zlib.crc32(body) : crc32(body), body.length + 4);
    return bytes;
  };
  const header = Buffer.from([0, 0, 0, 0, 0, 0, 0, 0, 8, 2, 0, 0, 0]);
  header.writeUInt32BE(width, 0);
  header.writeUInt32BE(height, 4);
  const start = Buffer.from([0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a]);
  return Buffer.concat([start, chunk("IHDR", header), chunk("IDAT", zlib.deflateSync(rows)), chunk("IEND", Buffer.alloc(0))]);
}

function crc32(bytes) {
  let crc = ~0;
  for (const byte of bytes) {
    crc ^= byte;
    for (let bit = 0; bit < 8; bit++) crc = (crc >>> 1) ^ (crc & 1 ? 0xedb88320 : 0);
  }
  return ~crc >>> 0;
}

/** Width and height of a PNG. */
const sizeOf = (bytes) => `${bytes.readUInt32BE(16)}x${bytes.readUInt32BE(20)}`;
const download = async (url) => Buffer.from(await (await fetch(url)).arrayBuffer());

async function main() {
  // subscribe, with an upload that the client does by itself, several sizes and variants, logs.
  const image = new File([picture(320, 200)], "photo.png", { type: "image/png" });
  const sizes = ["300x250", "728x90", "1080x1080"];
  const updates = [];
  const { data, requestId } = await fal.subscribe(app, {
    input: { image_url: image, target_sizes: sizes, num_images_per_size: 2 },
    logs: true,
    pollInterval: 100,
    onQueueUpdate: (update) => updates.push(update),
  });
  assert.match(requestId, /^[0-9a-f-]{36}$/);
  assert.equal(data.images.length, 6);
  for (const [index, file] of data.images.entries()) {
    const bytes = await download(file.url);
    assert.equal(sizeOf(bytes), sizes[Math.floor(index / 2)]);
    assert.equal(bytes.length, file.file_size);
  }
  assert.deepEqual(data.results.map((result) => `${result.width}x${result.height}`), sizes);
  assert.equal(updates.at(-1).status, "COMPLETED");
  assert.ok(updates.at(-1).logs.some((log) => log.message.startsWith("Plan:")));

  // The same by the stream of statuses.
  const streamed = [];
  const viaStream = await fal.subscribe(app, {
    input: { image_url: image, target_sizes: ["300x250"] },
    mode: "streaming",
    logs: true,
    onQueueUpdate: (update) => streamed.push(update.status),
  });
  assert.equal(viaStream.data.results[0].width, 300);
  assert.equal(streamed.at(-1), "COMPLETED");

  // submit, status, result, cancel.
  const url = await fal.storage.upload(image);
  const submitted = await fal.queue.submit(app, { input: { image_url: url, target_sizes: ["320x50"] } });
  assert.equal(submitted.status, "IN_QUEUE");
  let status;
  do {
    status = await fal.queue.status(app, { requestId: submitted.request_id, logs: true });
    assert.ok(["IN_QUEUE", "IN_PROGRESS", "COMPLETED"].includes(status.status));
  } while (status.status !== "COMPLETED");
  const result = await fal.queue.result(app, { requestId: submitted.request_id });
  assert.equal(result.requestId, submitted.request_id);
  assert.equal(result.data.images[0].file_name, "0-320x50-0.png");
  await assert.rejects(fal.queue.cancel(app, { requestId: submitted.request_id }), ApiError);
  const large = { image_url: url, target_sizes: ["4096x4096", "3840x2160", "2160x3840"] };
  const given = await fal.queue.submit(app, { input: large });
  await fal.queue.cancel(app, { requestId: given.request_id });
  await fal.queue.subscribeToStatus(app, { requestId: given.request_id, pollInterval: 50 });
  await assert.rejects(fal.queue.result(app, { requestId: given.request_id }), (error) => error.status === 400);

  // Direct, with sync_mode: the pictures are in the answer.
  const direct = await fal.run(app, { input: { image_url: url, target_sizes: ["336x280"], sync_mode: true } });
  assert.match(direct.data.images[0].url, /^data:image\/png;base64,/);
  assert.equal(sizeOf(Buffer.from(direct.data.images[0].url.split(",")[1], "base64")), "336x280");

  // What is wrong is an error with its fields.
  const wrong = { image_url: url, target_sizes: ["1920x", "300x250"], num_images_per_size: 9 };
  for (const call of [() => fal.run(app, { input: wrong }), () => fal.subscribe(app, { input: wrong })]) {
    await assert.rejects(call, (error) => {
      assert.ok(error instanceof ValidationError, String(error));
      assert.equal(error.status, 422);
      assert.deepEqual(error.fieldErrors.map((entry) => entry.loc.join(".")), ["body.target_sizes.0", "body.num_images_per_size"]);
      assert.equal(error.getFieldErrors("num_images_per_size").length, 1);
      return true;
    });
  }
  const stranger = createFalClient({ credentials: "not-a-key", requestMiddleware });
  await assert.rejects(stranger.run(app, { input: wrong }), (error) => error.status === 401);

  // The edit endpoint, which the built-in generator serves.
  const edit = await fal.subscribe("fal-ai/nano-banana-pro/edit", {
    input: { prompt: "the same, wider", image_urls: [url], aspect_ratio: "16:9" },
    pollInterval: 100,
  });
  assert.equal(sizeOf(await download(edit.data.images[0].url)), "1376x768");

  // By a proxy's URL.
  const proxied = createFalClient({ credentials: key, proxyUrl: { url: `${base}/api/fal/proxy`, when: "always" } });
  const { data: small } = await proxied.subscribe(app, {
    input: { image_url: url, target_sizes: ["120x600"] },
    pollInterval: 100,
  });
  assert.equal(sizeOf(await download(small.images[0].url)), "120x600");
}

main().then(
  () => console.log("@fal-ai/client: content"),
  (error) => {
    console.error(error, error?.body ? JSON.stringify(error.body) : "");
    process.exit(1);
  },
);
