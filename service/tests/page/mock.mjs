// A stand-in for the service that does on demand what the service does seldom: it is full, it fails, it wants a key,
// its stream breaks off. What it plans is of the right form and simple; what it makes are plain pictures of the right size.
import { createServer } from 'node:http';
import { readFileSync } from 'node:fs';
import { png, sizeOf } from './png.mjs';

export const CSP = "default-src 'none'; style-src 'unsafe-inline'; script-src 'unsafe-inline'; img-src 'self' blob: data:; connect-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'";

const TABLE = [['1:1', 1024, 1024], ['2:3', 848, 1264], ['3:2', 1264, 848], ['3:4', 896, 1200], ['4:3', 1200, 896], ['4:5', 928, 1152],
  ['5:4', 1152, 928], ['9:16', 768, 1376], ['16:9', 1376, 768], ['21:9', 1584, 672]];

const placement = (id, platform, name, size, safe_area = null) => ({ id, platform, name, size, safe_area, max_bytes: null, formats: ['jpeg', 'png'], animated: null, source: null, checked: null });
const PLACEMENTS = {
  platforms: [{ id: 'google-ads', name: 'Google Ads' }, { id: 'meta', name: 'Instagram and Facebook' }, { id: 'youtube', name: 'YouTube' }],
  placements: [
    placement('google-leaderboard', 'google-ads', 'Leaderboard', '728x90'),
    placement('instagram-story', 'meta', 'Story', '1080x1920', { percent: { top: 14, right: 0, bottom: 20, left: 0 } }),
    placement('youtube-banner', 'youtube', 'Channel banner', '2560x1440', { pixels: { top: 508, right: 507, bottom: 509, left: 507 } }),
  ],
};

function preset(width, height, floor) {
  const near = ([, w, h]) => Math.min(w * height, width * h) / Math.max(w * height, width * h);
  for (const [tier, times] of [['1K', 1], ['2K', 2], ['4K', 4]]) {
    if (parseInt(tier) < parseInt(floor)) continue;
    const covering = TABLE.map(([ratio, w, h]) => [ratio, w * times, h * times]).filter(([, w, h]) => w >= width && h >= height);
    covering.sort((a, b) => near(b) - near(a) || a[1] * a[2] - b[1] * b[2]);
    if (covering.length) return { aspect_ratio: covering[0][0], resolution: tier, width: covering[0][1], height: covering[0][2] };
  }
  return null;
}

/** The stand-in at a free port: `{url, set(faults), seen, close()}`. */
export async function start(page) {
  const faults = { needs_key: null, backend: 'fal', busy: 0, fail: null, steps: 3, step_ms: 150, broken_stream: false, plausible: [97.5, 61, 12.5], previews: true };
  const uploads = new Map(), jobs = new Map(), seen = [], files = new Map();
  let url = '', next = 1;

  function plan(body) {
    const errors = [];
    const wrong = (loc, msg, input) => errors.push({ loc: ['body', ...loc], msg: `Value error, ${msg}`, type: 'value_error', input });
    const source = uploads.get(new URL(body.image_url).pathname);
    if (!source) wrong(['image_url'], 'there is no such picture', body.image_url);
    const parsed = body.target_sizes.map((text, i) => {
      const match = /^(\d+)x(\d+)$/.exec(text);
      if (!match) return wrong(['target_sizes', i], 'expected a size such as 1920x1080', text);
      const found = preset(+match[1], +match[2], body.resolution);
      if (!found) return wrong(['target_sizes', i], 'no preset covers it', text);
      return { target: text, w: +match[1], h: +match[2], found };
    });
    if (errors.length) return { errors };
    const generations = [], renditions = [];
    parsed.forEach(({ target, w, h, found }, i) => {
      let generation = body.max_loss_percent == null ? -1 : generations.findIndex(({ aspect_ratio, resolution }) => aspect_ratio === found.aspect_ratio && resolution === found.resolution);
      if (generation < 0) {
        generation = generations.length;
        const per = found.resolution === '4K' ? 300000 : 150000;
        generations.push({ id: generation, ...found, prompt: `Recreate this exact image for a frame of ratio ${found.aspect_ratio}. <b>Not bold.</b>`, usd_micros_per_image: per,
          calls: [{ id: generation, variants: body.num_images_per_size, seed: body.seed, fingerprint: null }] });
      }
      const scale = Math.min(found.width / w, found.height / h), width = Math.round(w * scale), height = Math.round(h * scale);
      const crop = { x: Math.floor((found.width - width) / 2), y: Math.floor((found.height - height) / 2), width, height };
      const safe = body.targets_safe_area?.[i];
      renditions.push({ target, generation, fit: 'cover', format: body.output_format, ...(safe && { safe_area: { pixels: { top: 0, right: 0, bottom: 0, left: 0, ...safe } } }), crop,
        kept_percent: Math.floor(width * height / (found.width * found.height) * 1000) / 10 });
    });
    const sum = list => list.reduce((total, { usd_micros_per_image: per }) => total + per * body.num_images_per_size, 50000);
    const cost = sum(generations);
    const [width, height] = sizeOf(source);
    return { source: { width, height }, cost_usd: (cost / 1e6).toFixed(2), cost_usd_micros: cost, calls: generations.length,
      plan: { version: 3, model: 'nano-banana-pro', generations, renditions, usd_micros_per_request: 50000, cost_usd_micros: cost,
        ...(body.max_loss_percent != null && { cost_unshared_usd_micros: sum(parsed.map(({ found }) => ({ usd_micros_per_image: found.resolution === '4K' ? 300000 : 150000 }))) }) } };
  }

  function status(job) {
    const step = Math.floor((Date.now() - job.at) / faults.step_ms), over = job.cancelled || step >= faults.steps + 1;
    const logs = Array.from({ length: Math.min(step, faults.steps) }, (_, i) => ({ message: `Step ${i + 1} of ${faults.steps}`, level: 'INFO', source: 'USER', timestamp: new Date(job.at + i * faults.step_ms).toISOString() }));
    if (over) return { status: 'COMPLETED', request_id: job.id, logs, metrics: { inference_time: 1.5, cost_usd_micros: 350000 } };
    return step < 1 ? { status: 'IN_QUEUE', request_id: job.id, queue_position: 1 } : { status: 'IN_PROGRESS', request_id: job.id, logs };
  }

  function output(job) {
    const results = job.planned.plan.renditions.map(({ target, generation }, i) => {
      const [width, height] = target.split('x').map(Number), made = job.planned.plan.generations[generation];
      const images = Array.from({ length: job.body.num_images_per_size }, (_, v) => {
        const path = `/files/${job.id}-${i}-${v}.png`;
        if (!files.has(path)) files.set(path, png(width, height, (x, y) => [x * 255 / width, y * 255 / height, 60 + 40 * v]));
        return { url: `http://elsewhere.invalid${path}`, content_type: 'image/png', file_name: `${target}.png`, file_size: files.get(path).length, width, height };
      });
      return { images, description: '', width, height, aspect_ratio: made.aspect_ratio, resolution: made.resolution };
    });
    return { images: results.flatMap(({ images }) => images), description: '', results };
  }

  const server = createServer(async (request, response) => {
    const chunks = [];
    for await (const part of request) chunks.push(part);
    const bytes = Buffer.concat(chunks), { pathname } = new URL(request.url, 'http://x');
    const answer = (code, body, headers = {}) => { response.writeHead(code, { 'content-type': 'application/json', ...headers }); response.end(JSON.stringify(body)); };
    seen.push(`${request.method} ${pathname}`);
    if (pathname === '/') { response.writeHead(200, { 'content-type': 'text/html; charset=utf-8', 'content-security-policy': CSP }); return response.end(readFileSync(page)); }
    if (pathname === '/config.json') {
      return answer(200, { model: 'nano-banana-pro', backend: faults.backend, max_target_sizes: 10, max_images_per_size: 4, max_image_bytes: 52428800, needs_key: Boolean(faults.needs_key), vision: true });
    }
    if (pathname === '/placements') return answer(200, PLACEMENTS);
    if (request.method === 'PUT' && pathname.startsWith('/uploads/')) { uploads.set(pathname, bytes); return answer(200, {}); }
    if (request.method === 'GET' && (files.get(pathname) ?? uploads.get(pathname))) { response.writeHead(200, { 'content-type': 'image/png' }); return response.end(files.get(pathname) ?? uploads.get(pathname)); }
    if (faults.needs_key && request.headers.authorization !== `Key ${faults.needs_key}`) return answer(401, { detail: 'This key is not known.' });
    if (pathname === '/storage/upload/initiate') {
      const place = `http://elsewhere.invalid/uploads/${next++}`;
      return answer(200, { upload_url: place, file_url: place });
    }
    if (pathname === '/plan/previews') {
      if (!faults.previews) return answer(500, { detail: 'Internal server error' });
      const planned = plan(JSON.parse(bytes));
      if (planned.errors) return answer(422, { detail: planned.errors });
      const previews = planned.plan.renditions.map(({ target }, i) => {
        const sides = target.split('x').map(Number), scale = Math.min(1, 320 / Math.max(...sides));
        const [width, height] = sides.map(side => Math.max(1, Math.round(side * scale)));
        return { target, width, height, plausibility_percent: faults.plausible[i % faults.plausible.length],
          url: `data:image/png;base64,${png(width, height, (x, y) => [x * 255 / width, y * 255 / height, 160]).toString('base64')}` };
      });
      return answer(200, { ...planned, previews });
    }
    if (pathname === '/plan') {
      const planned = plan(JSON.parse(bytes));
      return planned.errors ? answer(422, { detail: planned.errors }) : answer(200, planned);
    }
    if (request.method === 'POST' && pathname === '/fal-ai/smart-resize') {
      if (request.headers['x-fal-queue-priority'] !== 'normal') return answer(400, { detail: 'not a submission' });
      if (faults.busy-- > 0) return answer(503, { detail: 'The queue is full' }, { 'retry-after': '1' });
      const body = JSON.parse(bytes), planned = plan(body);
      if (planned.errors) return answer(422, { detail: planned.errors });
      const id = `request-${next++}`;
      jobs.set(id, { id, at: Date.now(), body, planned });
      const at = `http://elsewhere.invalid/fal-ai/smart-resize/requests/${id}`;
      return answer(200, { status: 'IN_QUEUE', request_id: id, response_url: at, status_url: `${at}/status`, cancel_url: `${at}/cancel`, queue_position: 1, logs: null, metrics: {} }, { 'x-fal-request-id': id });
    }
    const [, id, rest] = /^\/fal-ai\/smart-resize\/requests\/([\w-]+)(?:\/(.*))?$/.exec(pathname) ?? [];
    const job = jobs.get(id);
    if (!job) return answer(404, { detail: 'Request not found' });
    if (rest === 'status') { const now = status(job); return answer(now.status === 'COMPLETED' ? 200 : 202, now); }
    if (rest === 'status/stream') {
      response.writeHead(200, { 'content-type': 'text/event-stream' });
      const write = () => {
        if (faults.broken_stream && status(job).logs?.length) { clearInterval(timer); return response.destroy(); }
        response.write(`data: ${JSON.stringify(status(job))}\n\n`);
        if (status(job).status === 'COMPLETED') { clearInterval(timer); response.end(); }
      };
      const timer = setInterval(write, 80);
      response.on('close', () => clearInterval(timer));
      return write();
    }
    if (rest === 'provenance') {
      const variants = job.body.num_images_per_size;
      return answer(200, job.planned.plan.renditions.flatMap(({ target }, i) => Array(variants).fill({ target,
        generation: { backend: faults.backend, plausibility_percent: faults.backend === 'local' ? faults.plausible[i % faults.plausible.length] : null } })));
    }
    if (rest === 'cancel') {
      if (status(job).status === 'COMPLETED') return answer(400, { status: 'ALREADY_COMPLETED' });
      job.cancelled = true;
      return answer(202, { status: 'CANCELLATION_REQUESTED' });
    }
    if (status(job).status !== 'COMPLETED') return answer(400, { detail: 'Request is still in progress' });
    if (job.cancelled) return answer(400, { detail: 'Request was cancelled' });
    if (faults.fail) return answer(faults.fail.code, faults.fail.body);
    return answer(200, output(job));
  });
  await new Promise(done => server.listen(0, '127.0.0.1', done));
  url = `http://127.0.0.1:${server.address().port}/`;
  return { url, seen, set: change => Object.assign(faults, change), close: () => { server.closeAllConnections(); server.close(); } };
}
