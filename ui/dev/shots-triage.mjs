// The states of triage to be photographed by dev/shots.mjs: tabs, whose, until when, who is away, and what rules did.
const wait = (page) => page.waitForFunction(() => "fakeDesk" in window);
const chosen =
  (id, then = async () => {}) =>
  async (page) => {
    await wait(page);
    await page.getByRole("tab", { name: /^All/ }).click();
    await page.locator(`[data-conversation="${id}"]`).click();
    await page.waitForTimeout(250);
    await then(page);
  };
const tab =
  (name, then = async () => {}) =>
  async (page) => {
    await wait(page);
    await page.evaluate((id) => document.getElementById(id).click(), `tab-${name}`);
    await page.waitForTimeout(250);
    await then(page);
  };
const key = (name) => async (page) => {
  await page.keyboard.press(name);
  await page.waitForTimeout(200);
};
const settings =
  (then = async () => {}) =>
  async (page) => {
    await wait(page);
    await page.getByRole("button", { name: "Settings" }).click();
    await page.locator("#set-agents").evaluate((one) => one.scrollIntoView());
    await then(page);
  };

const states = {
  rows: chosen("11"),
  rules: chosen("23"),
  "rules-why": chosen("23", async (page) => {
    await page
      .locator("[data-firings] .link")
      .first()
      .hover()
      .catch(() => {});
  }),
  mine: tab("mine"),
  snoozed: tab("snoozed", async (page) => {
    await page.getByRole("option").first().click();
    await page.waitForTimeout(200);
  }),
  "tabs-more": async (page) => {
    await wait(page);
    await page
      .locator("[data-more-tabs]")
      .click({ timeout: 500 })
      .catch(() => {});
    await page.waitForTimeout(150);
  },
  "tabs-full": async (page) => {
    await wait(page);
    await page.evaluate(() => {
      const one = window.fakeDesk.of("12");
      for (let n = 0; n < 1200; n += 1)
        window.fakeDesk.conversations.push({
          ...one,
          row: { ...one.row, id: `x${n}`, kind: n % 2 ? "request" : "chat", lastAtMs: one.row.lastAtMs - n * 60_000 },
        });
      window.fakeDesk.tell({ kind: "everything" });
    });
    await page.waitForTimeout(300);
  },
  snooze: chosen("11", key("h")),
  "snooze-own": chosen("11", async (page) => {
    await key("h")(page);
    await page.getByRole("menuitem").last().click();
    await page.waitForTimeout(200);
  }),
  "snooze-again": tab("snoozed", async (page) => {
    await page.getByRole("option").first().click();
    await key("h")(page);
  }),
  "snooze-toast": chosen("11", async (page) => {
    await key("h")(page);
    await key("Enter")(page);
  }),
  assign: chosen("16", key("a")),
  "assign-new": chosen("11", async (page) => {
    await key("a")(page);
    await page.keyboard.type("Mar");
    await page.waitForTimeout(150);
  }),
  away: chosen("11", async (page) => {
    await page.locator("[data-me]").click();
    await page.waitForTimeout(200);
  }),
  agents: settings(),
  "agents-remove": settings(async (page) => {
    await page.getByRole("button", { name: "Remove Jonas" }).click();
    await page.waitForTimeout(200);
  }),
};

export const triageShots = Object.entries(states).flatMap(([name, act]) =>
  ["light", "dark"].flatMap((theme) =>
    [900, 1280, 1920].map((width) => [
      `triage-${name}-${theme}-${width}`,
      `?scene=triage&theme=${theme}`,
      { width, height: width === 1920 ? 1080 : width === 900 ? 700 : 800, act },
    ]),
  ),
);
