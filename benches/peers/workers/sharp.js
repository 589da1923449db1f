// sharp as its documentation shows it. Several results share one decode into raw pixels and clone it.

const fs = require('fs');
const readline = require('readline');
const sharp = require('sharp');

sharp.cache(false);
sharp.concurrency(Number(process.env.VIPS_CONCURRENCY));

async function run(request, { data, w, h }) {
  const targets = request.targets.map((target) => target.split('x').map(Number));
  let base = sharp(data);
  if (targets.length > 1 && !request.separate) {
    const { data: pixels, info } = await base.raw().toBuffer({ resolveWithObject: true });
    base = sharp(pixels, { raw: info });
  }
  const one = async ([width, height]) => {
    const picture = request.separate ? sharp(data) : base.clone();
    const left = Math.floor((w - width) / 2);
    const top = Math.floor((h - height) / 2);
    const rect = request.crop ? [left, top, width, height] : filled(w, h, width, height);
    const result = request.crop
      ? picture.extract({ left, top, width, height })
      : picture.resize(width, height, { fit: 'cover', kernel: 'lanczos3' });
    return [await encoded(request, result).toBuffer(), rect];
  };
  // All at once: the queue of sharp uses as many threads as it is given.
  return Promise.all(targets.map(one));
}

function encoded(request, picture) {
  if (request.format === 'jpeg') return picture.jpeg({ quality: request.quality, chromaSubsampling: '4:2:0' });
  if (request.format === 'webp') return picture.webp({ quality: request.quality });
  return picture.png({ adaptiveFiltering: request.adaptive });
}

// The rectangle that `cover` shows: sharp resizes to whole pixels that cover the target, then crops the centre.
function filled(w, h, width, height) {
  const scale = Math.max(width / w, height / h);
  const start = (side, target) => {
    const whole = Math.round(side * scale);
    return (Math.floor((whole - target + 1) / 2) + (side * scale - whole) / 2) / scale;
  };
  return [start(w, width), start(h, height), width / scale, height / scale];
}

const kilobytes = (name) =>
  Number(fs.readFileSync('/proc/self/status', 'utf8').match(new RegExp(`${name}:\\s*(\\d+)`))[1]);

let path;
let input;
async function answer(line) {
  const request = JSON.parse(line);
  let before;
  if (request.memory) {
    path = input = undefined;
    if (global.gc) global.gc();
    fs.writeFileSync('/proc/self/clear_refs', '5');
    before = kilobytes('VmRSS');
  }
  if (path !== request.input) {
    path = request.input;
    const data = fs.readFileSync(path);
    const { width: w, height: h } = await sharp(data).metadata();
    input = { data, w, h };
  }
  const started = process.hrtime.bigint();
  const made = await run(request, input);
  const ns = Number(process.hrtime.bigint() - started);
  const peak = request.memory ? kilobytes('VmHWM') - before : null;
  if (request.save) made.forEach(([output], at) => fs.writeFileSync(`${request.save}.${at}`, output));
  const bytes = made.map(([output]) => output.length);
  console.log(JSON.stringify({ ns, bytes, rects: made.map(([, rect]) => rect), kilobytes: peak }));
}

let queue = Promise.resolve();
readline.createInterface({ input: process.stdin }).on('line', (line) => {
  queue = queue.then(() => answer(line));
});
