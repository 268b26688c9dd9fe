// Photographs the mock build in light and dark at three widths, under the window's own content security policy, and runs
// axe over it: npm run shots (or: node dev/shots.mjs OUT_DIR MOCK_DIR PART_OF_A_NAME).
import { createServer } from "node:http";
import { mkdir, readFile } from "node:fs/promises";
import { extname, join } from "node:path";

import { chromium } from "playwright-core";

const out = process.argv[2] ?? new URL("../node_modules/.shots", import.meta.url).pathname;
const root = process.argv[3] ?? new URL("../node_modules/.mock", import.meta.url).pathname;
const CSP = "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; font-src 'self'; connect-src 'self'";
const types = { ".html": "text/html", ".js": "text/javascript", ".css": "text/css", ".woff2": "font/woff2" };
const photo = '<svg xmlns="http://www.w3.org/2000/svg" width="588" height="438"><defs><linearGradient id="g" x2="1" y2="1"><stop stop-color="tan"/><stop offset="1" stop-color="sienna"/></linearGradient></defs><rect width="588" height="438" fill="url(#g)"/></svg>';

const server = createServer(async (request, response) => {
  const path = new URL(request.url ?? "/", "http://x").pathname;
  if (path === "/favicon.ico") return response.writeHead(204).end();
  if (path.startsWith("/fake-media/")) return response.writeHead(200, { "content-type": "image/svg+xml" }).end(photo);
  try {
    const body = await readFile(join(root, path === "/" ? "index.html" : path));
    response.writeHead(200, { "content-type": types[extname(path)] ?? "text/html", "content-security-policy": CSP }).end(body);
  } catch {
    response.writeHead(404).end();
  }
}).listen(0, "127.0.0.1");
await new Promise((resolve) => server.once("listening", resolve));
const base = `http://127.0.0.1:${server.address().port}/`;

await mkdir(out, { recursive: true });
const browser = await chromium.launch({
  executablePath: process.env.CHROMIUM ?? "/usr/bin/chromium",
  args: ["--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking", "--disable-component-update", "--disable-sync", "--lang=en-GB"],
});
const axe = await readFile(new URL("../node_modules/axe-core/axe.min.js", import.meta.url), "utf8");
let bad = 0;

async function shoot(name, query, { width = 1280, height = 800, act = async () => {}, check = true } = {}) {
  const context = await browser.newContext({ viewport: { width, height }, locale: "en-GB", bypassCSP: false });
  const page = await context.newPage();
  page.on("console", (message) => {
    if (message.type() === "error" || /Content Security/.test(message.text())) { bad += 1; console.log(`${name}: console: ${message.text()}`); }
  });
  page.on("pageerror", (error) => { bad += 1; console.log(`${name}: page error: ${error.message}`); });
  await page.goto(base + query);
  await page.evaluate(() => document.fonts.ready);
  await page.waitForTimeout(200);
  await act(page);
  await page.waitForTimeout(250);
  await page.screenshot({ path: join(out, `${name}.png`) });
  if (check) {
    await page.evaluate(axe);
    const { violations } = await page.evaluate(() => window.axe.run(document, { runOnly: ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"] }));
    for (const violation of violations) {
      bad += 1;
      console.log(`${name}: axe ${violation.impact} ${violation.id}: ${violation.help}`);
      for (const node of violation.nodes.slice(0, 4)) console.log(`   ${node.target.join(" ")}  ${(node.any[0] ?? node.all[0] ?? node.none[0])?.message ?? ""}`);
    }
  }
  await context.close();
}

const open = (who) => async (page) => {
  await page.getByRole("option", { name: who }).click();
};
const only = process.argv[4];
const shots = [];
for (const theme of ["light", "dark"]) {
  for (const width of [900, 1280, 1920]) shots.push([`inbox-${theme}-${width}`, `?theme=${theme}`, { width, height: width === 1920 ? 1080 : 800, act: open("Nadia") }]);
  shots.push([`trouble-${theme}`, `?theme=${theme}&practice`, { act: open("Dwayne"), height: 1100 }]);
  shots.push([`link-${theme}`, `?scene=none&theme=${theme}&step=signingIn`]);
}
shots.push(["person-overlay-900", "?theme=light", { width: 900, act: async (page) => { await open("Nadia")(page); await page.getByRole("button", { name: "Person panel" }).click(); } }]);
shots.push(["link-first", "?scene=none&theme=light", { act: async (page) => { await page.getByRole("button", { name: "Save and go on" }).click(); } , height: 1100 }]);
shots.push(["link-authorising-fault", "?scene=none&theme=dark&step=authorising&fault&keychain=missing", { height: 1000 }]);
shots.push(["link-confirm", "?scene=none&theme=light&step=confirm"]);
shots.push(["link-fetching", "?scene=none&theme=light&step=confirm", { act: async (page) => { await page.getByRole("button", { name: "Link it" }).click(); } }]);
shots.push(["settings-light", "?theme=light", { act: async (page) => { await page.getByRole("button", { name: "Settings" }).click(); }, height: 900 }]);
shots.push(["settings-dark", "?theme=dark", { act: async (page) => { await page.getByRole("button", { name: "Settings" }).click(); }, height: 900 }]);
shots.push(["offline", "?theme=light", { act: async (page) => { await page.getByRole("button", { name: "Loom Objects" }).click(); } }]);
shots.push(["sheet", "?theme=light", { act: async (page) => { await page.keyboard.press("Control+/"); } }]);
shots.push(["closed-window", "?theme=dark", { act: async (page) => { await page.evaluate(() => { for (const c of window.fakeDesk.conversations) if (c.row.window) c.row.window.closesAtMs = Date.now() - 3.6e6; }); await open("Nadia")(page); await page.getByRole("button", { name: "Done E" }).or(page.getByRole("button", { name: /^Done/ })).first().click(); } }]);
shots.push(["big-list", "?scene=big&theme=light", { act: async (page) => { await page.getByRole("option").first().click(); } }]);
for (const [name, query, options] of shots) if (!only || name.includes(only)) await shoot(name, query, options ?? {});
await browser.close();
server.close();
console.log(bad === 0 ? "clean" : `${bad} complaints`);
