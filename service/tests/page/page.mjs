// The page in a real browser, as a user uses it: `page.mjs <address>`, or without one against a stand-in, which then also
// misbehaves. PLAYWRIGHT is the folder in which playwright-core is installed, CHROMIUM the browser; see run.sh.
import assert from 'node:assert/strict';
import { mkdirSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { start } from './mock.mjs';
import { crc32, png, sizeOf } from './png.mjs';

const { chromium } = createRequire(join(process.env.PLAYWRIGHT, 'node_modules', 'x'))('playwright-core');
const PAGE = fileURLToPath(new URL('../../page/index.html', import.meta.url));
const SHOTS = process.env.SHOTS;
const TIMEOUT = 60000;

const mock = process.argv[2] ? null : await start(PAGE);
const base = process.argv[2] ?? mock.url;
const folder = mkdtempSync(join(tmpdir(), 'page-'));
const context = await chromium.launchPersistentContext(join(folder, 'profile'), {
  executablePath: process.env.CHROMIUM ?? '/usr/bin/chromium', headless: true, chromiumSandbox: false, acceptDownloads: true,
  viewport: { width: 1440, height: 1000 }, colorScheme: 'light', reducedMotion: 'reduce',
  args: ['--no-sandbox', '--disable-gpu', '--disable-quic', '--no-first-run', '--disable-background-networking', '--disable-component-update', '--disable-sync'],
});
context.setDefaultTimeout(TIMEOUT);

const complaints = [];
let page, plans, refusals, readings;

/** A fresh tab, with everything that it complains about, and every plan that it was given. */
async function open(address = base) {
  await page?.close();
  page = await context.newPage();
  plans = [];
  refusals = [];
  readings = [];
  await page.addInitScript(() => {
    addEventListener('securitypolicyviolation', event => console.error(`CSP: ${event.violatedDirective} ${event.blockedURI}`));
    const { createObjectURL, revokeObjectURL } = URL;
    window.alive = new Set();
    URL.createObjectURL = object => { const url = createObjectURL.call(URL, object); window.alive.add(url); return url; };
    URL.revokeObjectURL = url => { window.alive.delete(url); revokeObjectURL.call(URL, url); };
  });
  // What the service refuses, the browser reports too: the page shows it, and the test asks for it.
  page.on('console', message => message.type() === 'error' && !/the server responded with a status of (400|401|404|422|500|503)|net::ERR_(INCOMPLETE_CHUNKED|EMPTY_RESPONSE)/.test(message.text()) && complaints.push(message.text()));
  page.on('pageerror', error => complaints.push(String(error.stack ?? error)));
  page.on('response', response => {
    if (new URL(response.url()).pathname !== '/plan') return;
    readings.push(response.json().then(body => {
      if (response.status() === 200) plans.push({ asked: response.request().postDataJSON(), answer: body });
      if (response.status() === 422) refusals.push(...body.detail);
    }, () => { /* Given up, since something was changed meanwhile. */ }));
  });
  await page.goto(address);
}

const text = selector => page.locator(selector).innerText();
const step = name => console.log(`  ${name}`);
const shot = async (name, options = {}) => { if (SHOTS) await page.screenshot({ path: join(SHOTS, `${name}.png`), fullPage: true, ...options }); };
const until = (what, ...rest) => page.waitForFunction(what, ...rest);
/** The plan for exactly these sizes is drawn. */
const planned = async sizes => {
  await until(list => document.querySelector('#plan').getAttribute('aria-busy') === 'false'
    && JSON.stringify([...document.querySelectorAll('#drawings figure')].map(figure => figure.dataset.target)) === list, JSON.stringify(sizes));
  await Promise.all(readings);
};
/** The last plan that came was asked for like this. */
const asked = async what => { for (;; await page.waitForTimeout(50)) { await Promise.all(readings); if (plans.length && what(plans.at(-1).asked)) return plans.at(-1).asked; } };
const titled = title => until(list => list.includes(document.querySelector('#run-h').textContent), [title].flat());

// Hills under a sun, so that a screenshot shows something.
const picture = png(900, 600, (x, y) => {
  const hill = 380 + 60 * Math.sin(x / 90) + 25 * Math.sin(x / 31);
  if (y > hill) return [40 + (y - hill) / 4, 92 + (y - hill) / 5, 70];
  return Math.hypot(x - 640, y - 190) < 70 ? [255, 214, 120] : [120 + y / 4, 165 + y / 8, 210 - y / 8];
});

async function drop(name, bytes, type = 'image/png') {
  await page.evaluate(({ name, type, base64 }) => {
    const carried = new DataTransfer();
    carried.items.add(new File([Uint8Array.from(atob(base64), c => c.charCodeAt(0))], name, { type }));
    for (const kind of ['dragover', 'drop']) document.body.dispatchEvent(new DragEvent(kind, { dataTransfer: carried, bubbles: true, cancelable: true }));
  }, { name, type, base64: bytes.toString('base64') });
}

/** Each drawing is what the plan says, and so is the price. */
async function checkPlan({ backend }) {
  const { asked: body, answer } = plans.at(-1);
  const price = backend === 'local' ? '0.00' : answer.cost_usd;
  assert.equal(await text('#price-now'), `$${price}`);
  assert.equal(await text('#run-button'), `Run for $${price}`);
  if (backend === 'local') assert.match(await text('#paid'), /built-in generator.*nothing is paid/);
  const { generations, renditions } = answer.plan;
  assert.match(await text('#made'), new RegExp(`^${renditions.length} sizes? from ${generations.length} generations?`));
  const drawn = await page.$$eval('#drawings figure', figures => figures.map(figure => ({
    target: figure.dataset.target, frame: figure.querySelector('svg').getAttribute('viewBox'), caption: figure.querySelector('figcaption').innerText,
    cut: ['x', 'y', 'width', 'height'].map(name => +figure.querySelector('.cut').getAttribute(name)),
    safe: figure.querySelector('.safe') && ['x', 'y', 'width', 'height'].map(name => +figure.querySelector('.safe').getAttribute(name)),
    told: figure.querySelector('svg').getAttribute('aria-label'),
  })));
  assert.deepEqual(drawn.map(({ target }) => target), body.target_sizes);
  renditions.forEach(({ crop, kept_percent: kept, generation }, i) => {
    const frame = generations[generation] ?? answer.source, { caption, cut, safe, told } = drawn[i];
    assert.equal(drawn[i].frame, `0 0 ${frame.width} ${frame.height}`);
    assert.deepEqual(cut, [crop.x, crop.y, crop.width, crop.height]);
    assert.ok(caption.includes(`${kept} % kept`) && caption.includes(`${frame.width}×${frame.height}`), caption);
    assert.ok(told.includes(`${crop.width} by ${crop.height}`), told);
    const area = body.targets_safe_area?.[i];
    assert.equal(Boolean(safe), Boolean(area), `the safe area of ${body.target_sizes[i]}`);
    if (!area) return;
    const [width, height] = body.target_sizes[i].split('x').map(Number), [sx, sy] = [crop.width / width, crop.height / height];
    const expected = [crop.x + area.left * sx, crop.y + area.top * sy, (width - area.left - area.right) * sx, (height - area.top - area.bottom) * sy];
    expected.forEach((value, edge) => assert.ok(Math.abs(value - safe[edge]) < 4, `${safe} is not ${expected}`));
  });
  const prompts = await page.$$eval('#prompts p', list => list.map(p => p.textContent));
  assert.deepEqual(prompts, generations.map(({ prompt }) => prompt));
}

/** Each size has a preview of its shape, and says how plausible it is. Returns the captions. */
async function checkPreviews(sizes) {
  await until(list => document.querySelector('#previews').getAttribute('aria-busy') === 'false'
    && JSON.stringify([...document.querySelectorAll('#drafts figure')].map(figure => figure.dataset.target)) === list, JSON.stringify(sizes));
  await until(() => [...document.querySelectorAll('#drafts img')].every(image => image.complete && image.naturalWidth));
  const found = await page.$$eval('#drafts figure', figures => figures.map(figure => ({ sides: [figure.querySelector('img').naturalWidth, figure.querySelector('img').naturalHeight], caption: figure.querySelector('figcaption').innerText })));
  sizes.forEach((size, i) => {
    const [width, height] = size.split('x').map(Number), [wide, high] = found[i].sides;
    assert.ok(Math.abs(wide * height - high * width) <= Math.max(width, height), `${wide}x${high} has the shape of ${size}`);
    assert.ok(Math.max(wide, high) <= 320, `${wide}x${high}`);
    assert.match(found[i].caption, /plausible to .*\d\s%/i);
  });
  return found.map(({ caption }) => caption);
}

/** All pictures are there, and each has exactly its size. */
async function checkResults(sizes, variants) {
  await until(n => { const all = [...document.querySelectorAll('#pictures img')]; return all.length === n && all.every(image => image.complete && image.naturalWidth); }, sizes.length * variants);
  const found = await page.$$eval('#pictures img', images => images.map(image => `${image.naturalWidth}x${image.naturalHeight}`));
  assert.deepEqual(found, sizes.flatMap(size => Array(variants).fill(size)));
  const scales = await page.$$eval('#pictures img', images => images.map(image => image.getBoundingClientRect().width / image.naturalWidth));
  assert.ok(Math.max(...scales) / Math.min(...scales) < 1.02, `one scale, not ${scales}`);
  await until(() => [...document.querySelectorAll('#pictures figcaption')].every(caption => / exact/.test(caption.innerText.replace(/\s+/g, ' '))));
}

/** The entries of a zip, each read through the directory at its end. */
function unzip(bytes) {
  const end = bytes.length - 22;
  assert.equal(bytes.readUInt32LE(end), 0x06054b50, 'the end of a zip');
  const entries = [];
  let at = bytes.readUInt32LE(end + 16);
  for (let i = 0; i < bytes.readUInt16LE(end + 10); i++) {
    assert.equal(bytes.readUInt32LE(at), 0x02014b50);
    const [crc, size, length, offset] = [bytes.readUInt32LE(at + 16), bytes.readUInt32LE(at + 24), bytes.readUInt16LE(at + 28), bytes.readUInt32LE(at + 42)];
    const name = bytes.subarray(at + 46, at + 46 + length).toString();
    assert.equal(bytes.readUInt32LE(offset), 0x04034b50);
    assert.equal(bytes.readUInt16LE(offset + 8), 0, 'stored');
    assert.equal(bytes.subarray(offset + 30, offset + 30 + length).toString(), name);
    const data = bytes.subarray(offset + 30 + length, offset + 30 + length + size);
    assert.equal(crc32(data), crc, `the CRC of ${name}`);
    entries.push({ name, data });
    at += 46 + length;
  }
  assert.equal(at, end, 'the directory ends where its end begins');
  return entries;
}

/** No sideways scrolling, nothing without a name. */
async function checkLayout(width) {
  const { wide, nameless } = await page.evaluate(() => ({
    wide: [document.documentElement.scrollWidth, document.documentElement.clientWidth],
    nameless: [...document.querySelectorAll('input, select, textarea, button, a, img, svg[role=img]')].filter(node => node.checkVisibility()
      && !(node.getAttribute('aria-label') || node.alt || node.labels?.[0]?.textContent.trim() || node.textContent.trim())).map(node => node.outerHTML.slice(0, 120)),
  }));
  assert.ok(wide[0] <= wide[1], `at ${width} pixels the page is ${wide[0]} wide`);
  assert.deepEqual(nameless, []);
}

const view = async (width, height, colorScheme) => { await page.setViewportSize({ width, height }); await page.emulateMedia({ colorScheme, reducedMotion: 'reduce' }); await page.waitForTimeout(200); };

async function journey() {
  const config = await (await fetch(new URL('config.json', base))).json();

  step('opens empty');
  await open();
  await until(() => document.querySelector('#service').textContent);
  assert.ok(await page.locator('#run-button').isDisabled());
  await shot('1-empty');

  step('what is no picture is refused in words');
  await drop('notes.txt', Buffer.from('hello'), 'text/plain');
  await until(() => /notes\.txt is not a picture/.test(document.querySelector('#err-picture').textContent));

  step('a picture that is dropped is shown at once with its size');
  await drop('Summer hills.png', picture);
  await until(() => document.querySelector('#about-size').textContent === '900×600');
  assert.equal(await page.$eval('#preview', image => image.naturalWidth), 900);
  assert.equal(await text('#about-name'), 'Summer hills.png');

  step('sizes as free text; what is no size has the service’s message, and the others have a plan');
  await page.fill('#sizes', '1080x1080, 1920×1080 ;728 X 90\n1920x');
  await page.locator('#wrong li').waitFor();
  await planned(['1080x1080', '1920x1080', '728x90']);
  const refusal = refusals.find(({ input }) => input === '1920x');
  assert.deepEqual(refusal.loc, ['body', 'target_sizes', 3]);
  const told = await text('#wrong li');
  assert.ok(told.startsWith('1920x') && told.toLowerCase().includes(refusal.msg.replace('Value error, ', '').toLowerCase()), told);
  assert.equal(await page.getAttribute('#sizes', 'aria-invalid'), 'true');
  assert.match(await text('#made'), /1 size left out/);
  await shot('2-refused');
  await page.click('#wrong button');
  assert.equal(await page.inputValue('#sizes'), '1080x1080, 1920×1080 ;728 X 90');
  await until(() => document.querySelector('#wrong').hidden && !/left out/.test(document.querySelector('#made').textContent));
  await checkPlan(config);

  step('a placement brings its safe area, by keyboard');
  // Insets in percent and in pixels are shown, without the edges that are not covered.
  assert.match(await page.textContent('[data-id="instagram-story"]'), /14\s% top, 20\s% bottom free/);
  assert.match(await page.textContent('[data-id="youtube-banner"]'), /508\spx top, 507\spx right, 509\spx bottom, 507\spx left free/);
  await page.click('#groups summary:has-text("Instagram and Facebook")');
  await page.focus('[data-id="instagram-story"]');
  await page.keyboard.press('Space');
  let sizes = ['1080x1080', '1920x1080', '728x90', '1080x1920'];
  await planned(sizes);
  assert.deepEqual(plans.at(-1).asked.targets_safe_area, [null, null, null, { top: 269, right: 0, bottom: 384, left: 0 }]);
  await checkPlan(config);

  step('previews before anything is paid');
  const [square] = await checkPreviews(sizes);
  assert.match(square, /^1080×1080\s+Plausible to \d/);
  assert.match(await text('#previews-about'), config.backend === 'local' ? /Small drafts of the results/ : /makes new pictures/);
  assert.ok(await page.locator('#run-button').isEnabled());
  await checkLayout(1440);
  await shot('3-plan-light');
  await page.click('#prompts summary');
  await shot('4-prompt', { fullPage: false });

  step('the focus, by click and by number');
  const box = await page.locator('#preview').boundingBox();
  await page.locator('#preview').click({ position: { x: box.width * 0.7, y: box.height * 0.3 } });
  await until(() => document.querySelector('#focus-x').value === '70' && document.querySelector('#focus-y').value === '30');
  await page.fill('#focus-x', '71');
  assert.deepEqual((await asked(({ focus }) => focus?.x === 71)).focus, { x: 71, y: 30 });
  await planned(sizes);
  await checkPlan(config);
  await page.fill('#focus-x', '400');
  await page.locator('#err-focus').waitFor();
  await page.click('#centre');

  step('options');
  await page.click('#more summary');
  await page.fill('#seed', 'many');
  await page.locator('#err-seed').waitFor();
  await page.fill('#seed', '7');
  await page.check('#share');
  await page.fill('#loss', '25');
  await page.focus('#format input:checked');
  await page.keyboard.press('ArrowRight');
  await page.locator('#variants input[value="2"]').check({ force: true });
  const all = await asked(({ max_loss_percent: loss, num_images_per_size: n }) => loss === 25 && n === 2);
  assert.deepEqual([all.seed, all.output_format, all.resolution, all.safety_tolerance, all.focus], [7, 'jpeg', '1K', '4', undefined]);
  await planned(sizes);
  await checkPlan(config);
  await shot('5-options');

  step('runs, and each result has exactly its size');
  await until(() => !document.querySelector('#run-button').disabled);
  await page.click('#run-button');
  await until(() => /^#request=/.test(location.hash));
  await checkResults(sizes, 2);
  assert.match(await text('#results-about'), /^8 pictures/);
  // Only what the built-in generator made has a plausibility.
  if (config.backend === 'local') await until(() => [...document.querySelectorAll('#pictures figcaption')].every(caption => /plausible to/i.test(caption.innerText)));
  await page.click('#history summary');
  assert.ok(await page.locator('#history li').first().isVisible());

  step('all of them in one zip');
  const [download] = await Promise.all([page.waitForEvent('download'), page.click('#all')]);
  assert.equal(download.suggestedFilename(), 'Summer hills.zip');
  await download.saveAs(join(folder, 'all.zip'));
  const entries = unzip(readFileSync(join(folder, 'all.zip')));
  assert.equal(entries.length, 8);
  assert.equal(new Set(entries.map(({ name }) => name)).size, 8);
  assert.deepEqual(entries.map(({ data }) => sizeOf(data).join('x')), sizes.flatMap(size => [size, size]));
  assert.match(entries[0].name, /^Summer hills_1080x1080_1\.(jpg|png)$/);
  const [one] = await Promise.all([page.waitForEvent('download'), page.locator('#pictures .links a[download]').first().click()]);
  assert.equal(one.suggestedFilename(), entries[0].name);
  await checkLayout(1440);
  await shot('6-results-light');

  step('dark, wide and narrow');
  await view(1440, 1000, 'dark');
  await shot('7-dark');
  await view(1920, 1080, 'light');
  await checkLayout(1920);
  await shot('8-wide');
  await view(360, 740, 'light');
  await checkLayout(360);
  await shot('9-narrow');
  await view(360, 740, 'dark');
  await shot('9-narrow-dark');
  await view(1440, 1000, 'light');

  step('results are there again after a reload, with all that was chosen');
  await page.reload();
  await checkResults(sizes, 2);
  assert.match(await page.inputValue('#sizes'), /1080x1920$/);
  assert.equal(await page.inputValue('#seed'), '7');
  assert.equal(await text('#about-size'), '900×600');
  await planned(sizes);

  step('another picture takes the place of the first, whose URL is given back');
  await page.setInputFiles('#file-again', { name: 'second.png', mimeType: 'image/png', buffer: png(64, 48, (x, y) => [x * 4, y * 5, 90]) });
  await until(() => document.querySelector('#about-size').textContent === '64×48');
  await drop('third.png', picture);
  await until(() => document.querySelector('#about-size').textContent === '900×600');
  assert.equal(await page.evaluate(() => window.alive.size), 1);

  step('a reload in the middle goes on');
  sizes = ['3840x2160', '2160x3840', '2560x1440'];
  await page.fill('#sizes', sizes.join(' '));
  await page.locator('#variants input[value="1"]').check({ force: true });
  await page.uncheck('#share');
  await page.fill('#seed', `${Date.now() % 1e9}`);
  await planned(sizes);
  await until(() => !document.querySelector('#run-button').disabled);
  const old = await page.evaluate(() => location.hash);
  await page.click('#run-button');
  await until(hash => location.hash !== hash, old);
  await until(() => document.querySelector('#run #log li'));
  await shot('10-running', { fullPage: false });
  await page.reload();
  console.log(`    after the reload: ${await text('#run-h')}`);
  await checkResults(sizes, 1);
  assert.match(await page.locator('#pictures a[download]').first().getAttribute('download'), /^third_3840x2160\.jpg|png$/);

  step('another tab that opens the address shows it too');
  const address = page.url();
  await open(address);
  await checkResults(sizes, 1);

  step('cancels');
  await open();
  await drop('cancelled.png', picture);
  await page.fill('#sizes', '3840x2160 2160x3840 3840x2400 2400x3840 4096x4096');
  await page.evaluate(() => { document.querySelector('#more').open = true; });
  await page.locator('#variants input[value="4"]').check({ force: true });
  await page.fill('#seed', `${Date.now() % 1e9 + 1}`);
  await asked(({ num_images_per_size: n, target_sizes: list }) => n === 4 && list.length === 5);
  await until(() => !document.querySelector('#run-button').disabled);
  await page.click('#run-button');
  await until(() => /^#request=/.test(location.hash));
  const [cancelled] = await Promise.all([page.waitForResponse(response => response.url().endsWith('/cancel')), page.click('#cancel')]);
  assert.equal(cancelled.status(), 202);
  await titled('Cancelled');
  assert.ok(await page.locator('#results').isHidden());
  await shot('11-cancelled', { fullPage: false });
}

async function misbehaviour() {
  const ready = async () => {
    await open();
    await drop('hills.png', picture);
    await page.fill('#sizes', '1080x1080, 1920x1080');
    await planned(['1080x1080', '1920x1080']);
    await until(() => !document.querySelector('#run-button').disabled);
  };

  step('a full service is asked again, and only then runs');
  await ready();
  mock.set({ busy: 2 });
  await page.click('#run-button');
  await until(() => /full\. Trying again/.test(document.querySelector('#position').textContent));
  await checkResults(['1080x1080', '1920x1080'], 1);

  step('a stream that breaks off is followed by asking');
  mock.set({ broken_stream: true });
  await ready();
  await page.click('#run-button');
  await checkResults(['1080x1080', '1920x1080'], 1);
  mock.set({ broken_stream: false });

  step('a failure is told in words, with the size');
  const detail = [{ loc: ['body', 'target_sizes', 1], msg: 'The model made no <i>picture</i>', type: 'no_media_generated', input: '1920x1080' }];
  mock.set({ fail: { code: 422, body: { detail } } });
  await ready();
  await page.click('#run-button');
  await titled('Failed');
  assert.equal(await text('#err-run'), '1920×1080: The model made no <i>picture</i>');
  mock.set({ fail: null });

  step('ten sizes are enough');
  await page.fill('#sizes', Array.from({ length: 11 }, (_, i) => `${100 + i}x100`).join('\n'));
  await until(() => /11 sizes; this service takes at most 10/.test(document.querySelector('#err-sizes').textContent));

  step('an unknown request');
  await open(`${base}#request=unknown`);
  await titled('Not known');

  step('a key is asked for, and kept');
  mock.set({ needs_key: 'secret' });
  await open();
  await page.locator('#key').waitFor();
  await shot('12-key', { fullPage: false });
  await page.fill('#key', 'wrong');
  await page.keyboard.press('Enter');
  await drop('hills.png', picture);
  await until(() => /not known/.test(document.querySelector('#err-key').textContent));
  await page.fill('#key', 'secret');
  await page.keyboard.press('Enter');
  await page.fill('#sizes', '300x250');
  await planned(['300x250']);
  await page.click('#run-button');
  await checkResults(['300x250'], 1);
  mock.set({ needs_key: null });

  step('the built-in generator is free, and the page says so');
  mock.set({ backend: 'local' });
  await open();
  await page.click('#sample');
  await page.fill('#sizes', '1200x628, 1080x1350, 300x600');
  await planned(['1200x628', '1080x1350', '300x600']);
  await checkPlan({ backend: 'local' });

  step('a backdrop and a low plausibility are told, before and after');
  const told = [/^Plausible to 97\.5\s%\.$/, /^Plausible to only 61\s%: look at it closely\.$/, /^The whole picture over a blurred backdrop, since .* only 12\.5\s%\.$/];
  const lines = captions => captions.map(caption => caption.trim().split('\n').at(-1));
  lines(await checkPreviews(['1200x628', '1080x1350', '300x600'])).forEach((line, i) => assert.match(line, told[i]));
  await page.click('#run-button');
  await checkResults(['1200x628', '1080x1350', '300x600'], 1);
  await until(() => document.querySelectorAll('#pictures .low').length === 2);
  lines(await page.$$eval('#pictures figcaption', captions => captions.map(caption => caption.innerText))).forEach((line, i) => assert.match(line, told[i]));
  await shot('13-sample');

  step('without previews there is still a plan');
  mock.set({ previews: false });
  await page.fill('#sizes', '640x480');
  await planned(['640x480']);
  await until(() => /no previews/.test(document.querySelector('#previews-about').textContent));
  assert.ok(await page.locator('#run-button').isEnabled());
  mock.set({ previews: true });
}

let failure = null;
try {
  if (SHOTS) mkdirSync(SHOTS, { recursive: true });
  console.log(`page test: ${mock ? 'a stand-in' : base}`);
  if (mock) mock.set({ step_ms: 250 });
  await journey();
  if (mock) await misbehaviour();
  assert.deepEqual(complaints, [], 'the console is silent');
} catch (error) {
  failure = error;
  console.error(error);
  for (const complaint of complaints) console.error(`console: ${complaint}`);
  await shot('failed').catch(() => {});
} finally {
  await context.close();
  mock?.close();
  rmSync(folder, { recursive: true, force: true });
}
console.log(failure ? 'page test: failed' : 'page test: all is well');
process.exit(failure ? 1 : 0);
