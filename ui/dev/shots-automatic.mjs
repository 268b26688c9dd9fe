// The states of the automatic messages to be photographed by dev/shots.mjs.
const go =
  (act = async () => {}) =>
  async (page) => {
    await page.waitForFunction(() => "fakeDesk" in window);
    await page.locator("[data-go=automatic]").click();
    await page.waitForTimeout(200);
    await act(page);
    await page.waitForTimeout(150);
  };
const card = (page, kind) => page.locator(`[data-kind=${kind}]`);
const write = async (page) => {
  await card(page, "suggestedQuestion").getByRole("button", { name: "Add a question" }).click();
  await page.keyboard.type("Do you ship to Saudi Arabia?");
  await page.keyboard.press("Tab");
  await page.keyboard.type("Yes! Delivery takes 5 to 8 working days, duties are included. ✈️");
};
const states = {
  "": ["live", go()],
  writing: [
    "live",
    go(async (page) => {
      await write(page);
      await page
        .locator("[data-preview] button", { hasText: "How long" })
        .click()
        .catch(() => {});
    }),
  ],
  over: [
    "live",
    go(async (page) => {
      await card(page, "chatPrompt").getByRole("button", { name: "Add a chat prompt" }).click();
      await page.keyboard.type("What are your opening hours 👨‍👩‍👧‍👦");
      await page.keyboard.press("Tab");
      await page.keyboard.type("x");
    }),
  ],
  played: [
    "live",
    go(async (page) => {
      if (await page.getByRole("button", { name: "Preview" }).count())
        await page.getByRole("button", { name: "Preview" }).click();
      await page.locator("[data-preview] button").first().click();
      await page.locator("[data-preview] button").last().click();
    }),
  ],
  all: [
    "live",
    go(async (page) => {
      if (await page.getByRole("button", { name: "Preview" }).count())
        await page.getByRole("button", { name: "Preview" }).click();
      await page.getByText("Also what customers do not see yet").click();
    }),
  ],
  enabling: [
    "off",
    go(async (page) => {
      await card(page, "chatPrompt").getByRole("switch").click();
    }),
  ],
  refused: [
    "off",
    go(async (page) => {
      await page.evaluate(() => {
        window.fakeDesk.auto.get("1").refuses = "Size guide";
      });
      await card(page, "chatPrompt").getByRole("switch").click();
      await page.getByRole("button", { name: "Turn on" }).click();
    }),
  ],
  bare: [
    "off",
    go(async (page) => {
      await card(page, "suggestedQuestion").getByRole("switch").click();
      await page.getByText("Only turn it on").click();
      await page.getByRole("button", { name: "Turn on" }).click();
    }),
  ],
  elsewhere: ["elsewhere", go()],
  conflict: [
    "live",
    go(async (page) => {
      await card(page, "welcomeMessage").getByRole("button", { name: /^Edit/ }).click();
      await page.keyboard.press("Control+a");
      await page.keyboard.type(
        "Hi, lovely to see you at Maison Bloom! We answer every day from 8 to 20. What can we find for you?",
      );
      await page.evaluate(() => {
        const kind = window.fakeDesk.auto.get("1").kinds[0];
        kind.items[0].text = {
          title: "",
          body: "Hello, lovely to see you at Maison Bloom! We answer on weekdays from 9 to 18. What can we find for you?",
        };
        kind.changedElsewhereMs = Date.now();
        window.fakeDesk.tell({ kind: "autoMessages", account: "1" });
      });
    }),
  ],
  history: [
    "live",
    go(async (page) => {
      await card(page, "welcomeMessage")
        .getByRole("button", { name: /^History/ })
        .click();
    }),
  ],
  "history-questions": [
    "live",
    go(async (page) => {
      await card(page, "suggestedQuestion")
        .getByRole("button", { name: /^History/ })
        .click();
      await page.getByRole("button", { name: "Restore…" }).click();
    }),
  ],
  delete: [
    "live",
    go(async (page) => {
      await card(page, "chatPrompt")
        .getByRole("button", { name: /^Delete “Size/ })
        .click();
    }),
  ],
  copy: [
    "live",
    go(async (page) => {
      await page.getByRole("button", { name: "Copy to another account…" }).click();
    }),
  ],
  drag: [
    "live",
    go(async (page) => {
      const grips = card(page, "chatPrompt").locator(".grip");
      await grips.first().scrollIntoViewIfNeeded();
      const a = await grips.nth(0).boundingBox();
      const b = await grips.nth(2).boundingBox();
      await page.mouse.move(a.x + 10, a.y + 10);
      await page.mouse.down();
      await page.mouse.move(a.x + 12, b.y + 16, { steps: 6 });
    }),
    { check: false },
  ],
  empty: ["empty", go()],
  failed: ["failed", go()],
  stale: ["stale", go()],
  denied: ["denied", go()],
  unlinked: ["unlinked", go()],
  offline: ["offline", go()],
  comments: [
    "live",
    go(async (page) => {
      await page.locator("[data-comment=c1] textarea").fill("Hi Nok, it is 490. Shall I put two aside?");
      await page.locator("[data-comment=c2] summary").click();
      await page.getByRole("button", { name: /^Earlier/ }).click();
      await page.locator("[data-comments]").evaluate((one) => one.scrollIntoView());
    }),
    { height: 1100 },
  ],
  nowhere: [
    "nowhere",
    go(async (page) => {
      await page.locator("[data-comments]").scrollIntoViewIfNeeded();
    }),
  ],
};
export const automaticShots = Object.entries(states).flatMap(([name, [auto, act, more]]) =>
  ["light", "dark"].flatMap((theme) =>
    [900, 1280, 1920].map((width) => [
      `automatic-${name ? `${name}-` : ""}${theme}-${width}`,
      `?scene=automatic&auto=${auto}&theme=${theme}`,
      { width, height: width === 1920 ? 1080 : 800, act, ...more },
    ]),
  ),
);
