// Scrolls a conversation of 10,000 messages on the mock page to its start and back with a real wheel, and prints what each
// frame showed (dev/recorder.js) as JSON: node dev/frames.mjs [MOCK_DIR] [MESSAGES] [WHEEL_STEP]. Fails on a jump or a blank.
import { createServer } from "node:http";
import { readFile } from "node:fs/promises";
import { extname, join } from "node:path";

import { chromium } from "playwright-core";

const root = process.argv[2] ?? new URL("../node_modules/.mock", import.meta.url).pathname;
const messages = Number(process.argv[3] ?? 10_000);
const step = Number(process.argv[4] ?? 480);
const types = { ".html": "text/html", ".js": "text/javascript", ".css": "text/css", ".woff2": "font/woff2" };
const photo =
  '<svg xmlns="http://www.w3.org/2000/svg" width="588" height="438"><rect width="588" height="438" fill="tan"/></svg>';
const recorder = await readFile(new URL("recorder.js", import.meta.url), "utf8");

const server = createServer(async (request, response) => {
  const path = new URL(request.url ?? "/", "http://x").pathname;
  if (path.startsWith("/fake-media/"))
    return response.writeHead(200, { "content-type": "image/svg+xml", "cache-control": "max-age=600" }).end(photo);
  try {
    response
      .writeHead(200, { "content-type": types[extname(path)] ?? "text/html" })
      .end(await readFile(join(root, path === "/" ? "index.html" : path)));
  } catch {
    response.writeHead(404).end();
  }
}).listen(0, "127.0.0.1");
await new Promise((resolve) => server.once("listening", resolve));
const browser = await chromium.launch({
  executablePath: process.env.CHROMIUM ?? "/usr/bin/chromium",
  args: ["--no-sandbox", "--disable-gpu", "--no-first-run", "--disable-background-networking", "--lang=en-GB"],
});
const page = await (await browser.newContext({ viewport: { width: 1280, height: 800 }, locale: "en-GB" })).newPage();
page.on("pageerror", (error) => console.error(error));
await page.goto(`http://127.0.0.1:${server.address().port}/?scene=long&theme=light&messages=${messages}`);
await page.getByRole("option").first().click();
await page.locator("[data-message]").first().waitFor();
await page.waitForTimeout(500);

const record = (what) => page.evaluate(`(function () { ${recorder}\n }).call(null, ${JSON.stringify(what)})`);
const place = () =>
  page.evaluate(() => {
    const box = document.querySelector("[data-region=thread]");
    const ids = [...box.querySelectorAll("[data-message]")].map((one) => one.dataset.message);
    return {
      top: box.scrollTop,
      below: box.scrollHeight - box.scrollTop - box.clientHeight,
      first: ids[0],
      last: ids.at(-1),
    };
  });
const [oldest, newest] = await page.evaluate(() => {
  const all = window.fakeDesk.of("70").messages;
  return [all[0].id, all.at(-1).id];
});
const box = await page.locator("[data-region=thread]").boundingBox();
await page.mouse.move(box.x + box.width / 2, box.y + box.height / 2);

const cdp = await page.context().newCDPSession(page);
await cdp.send("Performance.enable", { timeDomain: "threadTicks" });
/** Seconds of work on the page's own thread, whatever else the computer does meanwhile. */
async function work() {
  const { metrics } = await cdp.send("Performance.getMetrics");
  return Object.fromEntries(
    metrics
      .filter(({ name }) => /^(Task|Script|Layout|RecalcStyle)Duration$/.test(name))
      .map(({ name, value }) => [name.replace("Duration", "").toLowerCase(), value]),
  );
}

/** Turns the wheel one way until the conversation's end on that side is in sight. */
async function wheel(by, done) {
  await record("start");
  const before = await work();
  const from = Date.now();
  for (let turn = 0; Date.now() - from < 240_000; turn += 1) {
    await page.mouse.wheel(0, by);
    if (turn % 10 === 0 && done(await place())) break;
  }
  await page.waitForTimeout(400);
  const after = await work();
  const cpu = Object.fromEntries(
    Object.keys(after).map((name) => [name, Math.round((after[name] - before[name]) * 100) / 100]),
  );
  return { ...(await record("stop")), seconds: Math.round((Date.now() - from) / 100) / 10, cpu };
}

/** Presses a key until the end on that side is in sight, at most so often. */
async function keys(key, times, done) {
  await page.locator("[data-region=thread]").focus();
  const from = Date.now();
  for (let turn = 0; turn < times; turn += 1) {
    await page.keyboard.press(key);
    if (done(await place())) break;
  }
  await page.waitForTimeout(300);
  return { ms: Date.now() - from - 300, ...(await place()) };
}

const atStart = ({ top, first }) => top <= 0 && first === oldest;
const atEnd = ({ below, last }) => below <= 1 && last === newest;
const report = {
  messages,
  step,
  up: await wheel(-step, atStart),
  down: await wheel(step, atEnd),
  home: await keys("Home", 1, () => false),
  end: await keys("End", 1, () => false),
};
report.reached = {
  start: report.home.first === oldest && report.home.top <= 0,
  end: report.end.last === newest && report.end.below <= 1,
};
console.log(JSON.stringify(report, null, 2));
await browser.close();
server.close();
const bad =
  [report.up, report.down].some(({ jumps, blanks, lost }) => jumps + blanks + lost > 0) ||
  !report.reached.start ||
  !report.reached.end;
process.exit(bad ? 1 : 0);
