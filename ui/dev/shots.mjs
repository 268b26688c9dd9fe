// Photographs the mock build in light and dark at three widths, under the window's own content security policy, and runs
// axe over it: npm run shots (or: node dev/shots.mjs OUT_DIR MOCK_DIR PART_OF_A_NAME).
import { createServer } from "node:http";
import { mkdir, readFile } from "node:fs/promises";
import { extname, join } from "node:path";

import { chromium } from "playwright-core";

import { automaticShots } from "./shots-automatic.mjs";
import { rulesShots } from "./shots-rules.mjs";
import { savedShots } from "./shots-saved.mjs";
import { threadShots } from "./shots-thread.mjs";
import { triageShots } from "./shots-triage.mjs";

const out = process.argv[2] ?? new URL("../node_modules/.shots", import.meta.url).pathname;
const root = process.argv[3] ?? new URL("../node_modules/.mock", import.meta.url).pathname;
const CSP =
  "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; font-src 'self'; connect-src 'self'";
const types = { ".html": "text/html", ".js": "text/javascript", ".css": "text/css", ".woff2": "font/woff2" };
const photo =
  '<svg xmlns="http://www.w3.org/2000/svg" width="588" height="438"><defs><linearGradient id="g" ' +
  'x2="1" y2="1"><stop stop-color="tan"/><stop offset="1" stop-color="sienna"/></linearGradient>' +
  '</defs><rect width="588" height="438" fill="url(#g)"/></svg>';

/** Photos that can be told apart: one per number in the key. */
const colours = [
  "tan|sienna",
  "plum|slateblue",
  "palegoldenrod|olivedrab",
  "lightblue|teal",
  "mistyrose|indianred",
  "lightgrey|dimgrey",
  "thistle|rebeccapurple",
  "wheat|darkgoldenrod",
];
const sizes = ["588|438", "900|1600", "1600|700", "1200|1200"];
function photoOf(path) {
  const n = Number(/photo-(\d+)/.exec(path)?.[1] ?? -1);
  if (n < 0) return photo;
  const [from, to] = colours[n % colours.length].split("|");
  const [width, height] = (n === 3 ? sizes[1] : n === 4 ? sizes[2] : n === 6 ? sizes[3] : sizes[0]).split("|");
  return (
    `<svg xmlns="http://www.w3.org/2000/svg" width="${width}" height="${height}" viewBox="0 0 ` +
    `${width} ${height}"><defs><linearGradient id="g" x2="1" y2="1"><stop stop-color="${from}"/>` +
    `<stop offset="1" stop-color="${to}"/></linearGradient></defs><rect width="${width}" ` +
    `height="${height}" fill="url(#g)"/><circle cx="60%" cy="40%" r="18%" fill="white" ` +
    `fill-opacity=".25"/></svg>`
  );
}

const cover =
  '<svg xmlns="http://www.w3.org/2000/svg" width="420" height="560"><defs><linearGradient id="g" ' +
  'x2="1" y2="1"><stop stop-color="orchid"/><stop offset="1" stop-color="royalblue"/>' +
  '</linearGradient></defs><rect width="420" height="560" fill="url(#g)"/></svg>';

const server = createServer(async (request, response) => {
  const path = new URL(request.url ?? "/", "http://x").pathname;
  if (path === "/favicon.ico") return response.writeHead(204).end();
  if (path.startsWith("/fake-media/"))
    return response
      .writeHead(200, { "content-type": "image/svg+xml" })
      .end(path.includes("cover") ? cover : photoOf(path));
  try {
    const body = await readFile(join(root, path === "/" ? "index.html" : path));
    response
      .writeHead(200, { "content-type": types[extname(path)] ?? "text/html", "content-security-policy": CSP })
      .end(body);
  } catch {
    response.writeHead(404).end();
  }
}).listen(0, "127.0.0.1");
await new Promise((resolve) => server.once("listening", resolve));
const base = `http://127.0.0.1:${server.address().port}/`;

await mkdir(out, { recursive: true });
const browser = await chromium.launch({
  executablePath: process.env.CHROMIUM ?? "/usr/bin/chromium",
  args: [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--lang=en-GB",
  ],
});
const axe = await readFile(new URL("../node_modules/axe-core/axe.min.js", import.meta.url), "utf8");
let bad = 0;

async function shoot(name, query, { width = 1280, height = 800, act = async () => {}, check = true } = {}) {
  const context = await browser.newContext({ viewport: { width, height }, locale: "en-GB", bypassCSP: false });
  const page = await context.newPage();
  page.on("console", (message) => {
    if (message.type() === "error" || /Content Security/.test(message.text())) {
      bad += 1;
      console.log(`${name}: console: ${message.text()}`);
    }
  });
  page.on("pageerror", (error) => {
    bad += 1;
    console.log(`${name}: page error: ${error.message}`);
  });
  await page.goto(base + query);
  await page.evaluate(() => document.fonts.ready);
  await page.waitForTimeout(200);
  await act(page);
  await page.waitForTimeout(250);
  await page.screenshot({ path: join(out, `${name}.png`) });
  if (check) {
    await page.evaluate(axe);
    const { violations } = await page.evaluate(() =>
      window.axe.run(document, { runOnly: ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"] }),
    );
    for (const violation of violations) {
      bad += 1;
      console.log(`${name}: axe ${violation.impact} ${violation.id}: ${violation.help}`);
      for (const node of violation.nodes.slice(0, 4))
        console.log(`   ${node.target.join(" ")}  ${(node.any[0] ?? node.all[0] ?? node.none[0])?.message ?? ""}`);
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
  for (const width of [900, 1280, 1920])
    shots.push([
      `inbox-${theme}-${width}`,
      `?theme=${theme}`,
      { width, height: width === 1920 ? 1080 : 800, act: open("Nadia") },
    ]);
  shots.push([`trouble-${theme}`, `?theme=${theme}&practice`, { act: open("Dwayne"), height: 1100 }]);
  shots.push([`link-${theme}`, `?scene=none&theme=${theme}&step=signingIn`]);
}
const chosen =
  (id, act = async () => {}) =>
  async (page) => {
    await page.getByRole("tab", { name: "All" }).click();
    await page.locator(`[data-conversation="${id}"]`).click();
    await page.waitForTimeout(150);
    await act(page);
  };
const ask = (text) => async (page) => {
  await page.locator("[data-message]", { hasText: text }).getByRole("button", { name: "Why did it not send?" }).click();
};
const more = (text) => async (page) => {
  await page.locator("[data-message]", { hasText: text }).locator("[data-more]").click();
};
for (const theme of ["light", "dark"]) {
  const query = `?scene=sending&theme=${theme}`;
  for (const width of [900, 1280, 1920]) {
    const size = { width, height: width === 1920 ? 1080 : 800 };
    shots.push([`sending-held-${theme}-${width}`, query, { ...size, act: chosen(31) }]);
    shots.push([`sending-queued-${theme}-${width}`, query, { ...size, act: chosen(32, more("It ships tomorrow.")) }]);
    shots.push([`sending-stopped-${theme}-${width}`, query, { ...size, act: chosen(33) }]);
    shots.push([`sending-why-${theme}-${width}`, query, { ...size, act: chosen(33, ask("And one more thing")) }]);
  }
  shots.push([
    `sending-edit-${theme}`,
    query,
    {
      act: chosen(32, async (page) => {
        await more("It ships tomorrow.")(page);
        await page.getByRole("menuitem", { name: "Edit" }).click();
      }),
    },
  ]);
  shots.push([
    `sending-quoted-${theme}`,
    query,
    {
      height: 1100,
      act: chosen(31, async (page) => {
        await page.locator("[data-quoted]").click();
      }),
    },
  ]);
  shots.push([`sending-why-undecided-${theme}`, query, { act: chosen(33, ask("It left our shop")) }]);
  shots.push([
    `sending-markread-${theme}`,
    query,
    {
      act: chosen(31, async (page) => {
        await page.getByRole("button", { name: "More for this conversation" }).click();
      }),
    },
  ]);
}
shots.push([
  "settings-dark-900",
  "?theme=dark",
  {
    width: 900,
    height: 1300,
    act: async (page) => {
      await page.getByRole("button", { name: "Settings" }).click();
    },
  },
]);
shots.push([
  "settings-light-1920",
  "?theme=light",
  {
    width: 1920,
    height: 1300,
    act: async (page) => {
      await page.getByRole("button", { name: "Settings" }).click();
    },
  },
]);
shots.push([
  "person-overlay-900",
  "?theme=light",
  {
    width: 900,
    act: async (page) => {
      await open("Nadia")(page);
      await page.getByRole("button", { name: "Person panel" }).click();
    },
  },
]);
shots.push([
  "link-first",
  "?scene=none&theme=light",
  {
    act: async (page) => {
      await page.getByRole("button", { name: "Save and go on" }).click();
    },
    height: 1100,
  },
]);
shots.push([
  "link-authorising-fault",
  "?scene=none&theme=dark&step=authorising&fault&keychain=missing",
  { height: 1000 },
]);
shots.push(["link-confirm", "?scene=none&theme=light&step=confirm"]);
shots.push([
  "link-fetching",
  "?scene=none&theme=light&step=confirm",
  {
    act: async (page) => {
      await page.getByRole("button", { name: "Link it" }).click();
    },
  },
]);
shots.push([
  "settings-light",
  "?theme=light",
  {
    act: async (page) => {
      await page.getByRole("button", { name: "Settings" }).click();
    },
    height: 900,
  },
]);
shots.push([
  "settings-dark",
  "?theme=dark",
  {
    act: async (page) => {
      await page.getByRole("button", { name: "Settings" }).click();
    },
    height: 900,
  },
]);
shots.push([
  "offline",
  "?theme=light",
  {
    act: async (page) => {
      await page.getByRole("button", { name: "Loom Objects" }).click();
    },
  },
]);
shots.push([
  "sheet",
  "?theme=light",
  {
    act: async (page) => {
      await page.keyboard.press("Control+/");
    },
  },
]);
shots.push([
  "closed-window",
  "?theme=dark",
  {
    act: async (page) => {
      await page.evaluate(() => {
        for (const c of window.fakeDesk.conversations) if (c.row.window) c.row.window.closesAtMs = Date.now() - 3.6e6;
      });
      await open("Nadia")(page);
      await page
        .getByRole("button", { name: "Done E" })
        .or(page.getByRole("button", { name: /^Done/ }))
        .first()
        .click();
    },
  },
]);
shots.push([
  "big-list",
  "?scene=big&theme=light",
  {
    act: async (page) => {
      await page.getByRole("option").first().click();
    },
  },
]);
// The composer's states: what is on the desk, then what the agent does.
const desk = (run) => async (page) => {
  await page.waitForFunction(() => "fakeDesk" in window);
  await page.evaluate(run);
  await open("Nadia")(page);
  await page.waitForTimeout(600);
};
const tool = (name) => (page) => page.locator(`[data-tool=${name}]`).click();
const picture = { key: "photo-1", width: 1280, height: 960, size: 412300, firstFrame: true };
const composer = {
  "picture-text": async (page) => {
    await page.evaluate((one) => {
      window.fakeDesk.of("11").attachment = one;
    }, picture);
    await open("Nadia")(page);
  },
  "picture-busy": async (page) => {
    await desk(() => {
      window.fakeDesk.hold("attach");
    })(page);
    await page
      .locator("[data-chooser]")
      .setInputFiles({ name: "a.png", mimeType: "image/png", buffer: Buffer.from("x") });
  },
  "picture-refused": async (page) => {
    await desk(() => {})(page);
    await page
      .locator("[data-chooser]")
      .setInputFiles({ name: "a.heic", mimeType: "image/heic", buffer: Buffer.from("x") });
  },
  quote: async (page) => {
    await desk(() => {
      const one = window.fakeDesk.of("11");
      const at = one.messages.at(-1);
      one.quoted = { id: at.id, from: "in", snippet: { kind: "text", text: at.content.body } };
    })(page);
  },
  card: async (page) => {
    await desk(() => {
      window.fakeDesk.of("11").card = {
        kind: "button",
        title: "Which size shall we put aside?",
        buttons: ["S", "M, the relaxed fit please", "L"],
      };
    })(page);
    await tool("card")(page);
  },
  posts: async (page) => {
    await desk(() => {})(page);
    await tool("post")(page);
  },
  "posts-chosen": async (page) => {
    await desk(() => {})(page);
    await tool("post")(page);
    await page.locator("[role=dialog] [data-post]").first().click();
  },
  "posts-denied": async (page) => {
    await desk(() => {
      window.fakeDesk.fail("refreshPosts", "postsNotPermitted");
    })(page);
    await tool("post")(page);
  },
  emoji: async (page) => {
    await desk(() => {
      window.fakeDesk.overview.settings.recentEmoji = ["🙏", "❤️", "📦"];
    })(page);
    await tool("emoji")(page);
    await page.waitForTimeout(300);
    await page.locator("[role=dialog] [role=tab]").first().click();
    await page.waitForTimeout(500);
  },
  "emoji-search": async (page) => {
    await desk(() => {})(page);
    await tool("emoji")(page);
    await page.getByRole("searchbox").fill("heart");
    await page.waitForTimeout(500);
  },
  later: async (page) => {
    await desk(() => {})(page);
    await tool("later")(page);
  },
  "later-own": async (page) => {
    await desk(() => {})(page);
    await tool("later")(page);
    await page.getByRole("menuitem").last().click();
  },
  scheduled: async (page) => {
    await desk(() => {
      const one = window.fakeDesk.of("11");
      const now = Date.now();
      window.fakeDesk.overview.accounts[0].scheduled = 3;
      window.fakeDesk.tell({ kind: "accounts" });
      const add = (id, body, atMs, more = {}) =>
        one.scheduled.push({
          id,
          conversation: "11",
          name: "Nadia Rahman",
          body,
          quoted: null,
          attachment: null,
          atMs,
          stopped: null,
          ...more,
        });
      add("s1", "Your parcel is on its way, here is the link to follow it until it is at your door", now - 3600000, {
        stopped: "colleagueReplied",
      });
      add("s2", "", now + 3600000, {
        attachment: { key: "photo-2", width: 10, height: 10, size: 1, firstFrame: false },
      });
      add("s3", "Is everything fine with it?", now + 7200000);
    })(page);
  },
  "scheduled-edit": async (page) => {
    await composer.scheduled(page);
    await page.locator("[data-scheduled=s1]").getByRole("button", { name: "Edit" }).click();
  },
  "scheduled-sheet": async (page) => {
    await composer.scheduled(page);
    await page.locator("button[data-scheduled]").click();
    await page.waitForTimeout(200);
  },
  undo: async (page) => {
    await desk(() => {})(page);
    await page.locator("[data-composer]").press("Enter");
    await page.waitForTimeout(300);
  },
  colleague: async (page) => {
    await desk(() => {
      const one = window.fakeDesk.of("11");
      one.messages.push({
        ...one.messages.at(-1),
        id: "900",
        direction: "out",
        surface: "phone",
        sentAtMs: Date.now() - 20000,
        content: { type: "text", body: "Hi Nadia, Ana here, I have one for you" },
        delivery: { state: "sent" },
      });
    })(page);
  },
  "colleague-since": async (page) => {
    await desk(() => {
      window.fakeDesk.fail("sendReply", "colleagueReplied");
    })(page);
    await page.locator("[data-composer]").press("Enter");
    await page.waitForTimeout(300);
  },
  "budget-low": async (page) => {
    await desk(() => {
      window.fakeDesk.of("11").row.budget.left = 2;
    })(page);
  },
  "budget-spent": async (page) => {
    await desk(() => {
      window.fakeDesk.of("11").row.budget.left = 0;
    })(page);
  },
  "window-closed": async (page) => {
    await desk(() => {
      window.fakeDesk.of("11").row.window.closesAtMs = Date.now() - 3.6e6;
    })(page);
  },
  "too-soon": async (page) => {
    await open("Nadia")(page);
    await page.locator("[data-composer]").press("Enter");
  },
};
for (const [name, act] of Object.entries(composer))
  for (const theme of ["light", "dark"])
    for (const width of [900, 1280, 1920])
      shots.push([
        `composer-${name}-${theme}-${width}`,
        `?theme=${theme}`,
        { width, height: width === 1920 ? 1080 : width === 900 ? 700 : 800, act },
      ]);
// What is kept: tags, how complete the history is, access that ends, photos, and what is erased.
const wait = (page) => page.waitForFunction(() => "fakeDesk" in window);
const change =
  (run, then = async () => {}) =>
  async (page) => {
    await wait(page);
    await page.evaluate(run);
    await page.evaluate(() => window.fakeDesk.tell({ kind: "everything" }));
    await page.waitForTimeout(150);
    await then(page);
  };
const nadia = async (page) => {
  await open("Nadia")(page);
  await page.waitForTimeout(150);
  if ((await page.locator("[data-region=person]").count()) === 0)
    await page.getByRole("button", { name: "Person panel" }).click();
};
const settingsAt = (where) => async (page) => {
  await page.getByRole("button", { name: "Settings" }).click();
  await page.locator(where).scrollIntoViewIfNeeded();
};
/** The viewer on a photo of Nadia's, counted from the newest. */
const seen = (n) => async (page) => {
  await nadia(page);
  await page.locator("[data-photo]").first().click();
  for (let k = 1; k < n; k += 1) await page.keyboard.press("ArrowLeft");
  await page.waitForTimeout(250);
};
const keep = {
  rows: async (page) => {
    await page.getByRole("tab", { name: "All" }).click();
    await open("Nadia")(page);
  },
  requests: async (page) => {
    await page.getByRole("tab", { name: "Requests" }).click();
  },
  "requests-none": change(
    () => {
      window.fakeDesk.of("19").row.kind = "chat";
    },
    async (page) => {
      await page.getByRole("tab", { name: "Requests" }).click();
    },
  ),
  backfill: change(() => {
    window.fakeDesk.account("1").backfill = { done: 312, total: 1040, paused: false };
    window.fakeDesk.account("1").history.completeToMs = null;
  }, open("Nadia")),
  "backfill-paused": change(() => {
    window.fakeDesk.account("1").backfill = { done: 312, total: 1040, paused: true };
  }, open("Nadia")),
  complete: async (page) => {
    await open("Nadia")(page);
    await page.locator("[data-complete]").click();
  },
  "complete-not": change(
    () => {
      window.fakeDesk.account("1").history = { completeToMs: null, gaps: 0, unreadable: 0 };
    },
    async (page) => {
      await page.locator("[data-complete]").click();
    },
  ),
  "access-7": change(() => {
    window.fakeDesk.account("1").access = {
      accessEndsMs: Date.now() + 5e7,
      refreshEndsMs: Date.now() + 6.2 * 864e5,
      warnDays: 7,
    };
  }),
  "access-1": change(() => {
    window.fakeDesk.account("1").access = {
      accessEndsMs: Date.now() + 5e7,
      refreshEndsMs: Date.now() + 0.4 * 864e5,
      warnDays: 1,
    };
  }),
  unlinked: change(() => {
    window.fakeDesk.account("1").health = { state: "unlinked", sinceMs: Date.now() - 2 * 864e5 };
  }, open("Nadia")),
  person: nadia,
  "person-tag": async (page) => {
    await nadia(page);
    await page.keyboard.press("Escape");
    await page.locator("[data-focus=list]").focus();
    await page.keyboard.press("l");
    await page.waitForTimeout(150);
    await page.keyboard.type("re");
    await page.keyboard.press("ArrowDown");
  },
  viewer: seen(1),
  "viewer-tall": seen(8),
  "viewer-wide": seen(7),
  "viewer-zoomed": async (page) => {
    await seen(5)(page);
    await page.keyboard.press("+");
    await page.keyboard.press("+");
    await page.waitForTimeout(100);
    await page.getByRole("button", { name: "Save" }).click();
  },
  "viewer-released": seen(10),
  "viewer-gone": async (page) => {
    await seen(9)(page);
    await page.getByRole("button", { name: "Fetch it" }).click();
    await page.waitForTimeout(200);
  },
  "settings-accounts": settingsAt("#set-accounts"),
  "settings-timeline": async (page) => {
    await page.getByRole("button", { name: "Settings" }).click();
    await page.getByRole("button", { name: /Show all/ }).click();
    await page.locator("[data-event=postponed] summary").first().click();
    await page.locator("#set-accounts").scrollIntoViewIfNeeded();
  },
  "settings-data": async (page) => {
    await page.getByRole("button", { name: "Settings" }).click();
    await page.locator("#set-keychain").scrollIntoViewIfNeeded();
  },
  unlink: async (page) => {
    await settingsAt("#set-accounts")(page);
    await page.getByRole("button", { name: "Unlink…" }).first().click();
  },
  "unlink-erase": async (page) => {
    await keep.unlink(page);
    await page.getByRole("button", { name: "Unlink and erase…" }).click();
    await page.keyboard.type("maison");
    await page.keyboard.press("Enter");
  },
  "unlink-busy": async (page) => {
    await keep.unlink(page);
    await page.evaluate(() => {
      window.fakeDesk.hold("unlinkAccount");
    });
    await page.getByRole("button", { name: "Unlink and erase…" }).click();
    await page.keyboard.type("maisonbloom");
    await page.keyboard.press("Enter");
  },
  repair: change(() => {
    window.fakeDesk.overview.repair = {
      atMs: Date.now() - 6e4,
      setAside: "damaged-2026-11-22-140233",
      conversations: 212,
      messages: 18400,
      drafts: 3,
      replies: 2,
      lost: true,
    };
  }),
};
for (const [name, act] of Object.entries(keep))
  for (const theme of ["light", "dark"])
    for (const width of [900, 1280, 1920])
      shots.push([
        `keep-${name}-${theme}-${width}`,
        `?scene=kept&theme=${theme}`,
        { width, height: width === 1920 ? 1080 : 800, act },
      ]);
shots.push(...threadShots, ...triageShots, ...automaticShots, ...savedShots, ...rulesShots);
for (const [name, query, options] of shots) if (!only || name.includes(only)) await shoot(name, query, options ?? {});
await browser.close();
server.close();
console.log(bad === 0 ? "clean" : `${bad} complaints`);
