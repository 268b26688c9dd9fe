// The rules screen: the list, the editor, a dry run, the log, why, business hours. Part of shots.mjs.
const go = async (page) => {
  await page.locator("[data-go=rules]").click();
  await page.waitForTimeout(200);
};
const scrolled = (to) => async (page) =>
  page.evaluate((top) => {
    document.querySelector("main[data-screen]").scrollTop = top;
  }, to);
const edit = (name) => async (page) => {
  await go(page);
  await page.getByRole("button", { name: `Edit ${name}`, exact: true }).click();
  await page.waitForTimeout(150);
};
const run = async (page) => {
  await page.locator("[data-run]").click();
  await page.waitForTimeout(300);
};
const tab = (name) => async (page) => {
  await go(page);
  await page.getByRole("tab", { name }).click();
  await page.waitForTimeout(250);
};
const told = (set) => async (page) => {
  await page.waitForFunction(() => "fakeDesk" in window);
  await page.evaluate(set);
  await go(page);
};

const acts = {
  list: go,
  "list-dry": async (page) => {
    await go(page);
    await run(page);
    await page.locator("[data-dry] summary").first().click();
  },
  "list-menu": async (page) => {
    await go(page);
    await page.locator("[data-rule=r2] [data-more]").click();
  },
  "list-drag": async (page) => {
    await go(page);
    const grip = await page.locator("[data-rule=r1] [data-grip]").boundingBox();
    await page.mouse.move(grip.x + 8, grip.y + 12);
    await page.mouse.down();
    await page.mouse.move(grip.x + 12, grip.y + 60, { steps: 4 });
    await page.mouse.move(grip.x + 12, grip.y + 150, { steps: 6 });
  },
  "list-many": told(() => {
    window.fakeDesk.overview.settings.computers = 3;
  }),
  loading: told(() => {
    window.fakeDesk.hold("listRules");
  }),
  failed: told(() => {
    window.fakeDesk.fail("listRules", "unexpected");
  }),
  new: async (page) => {
    await go(page);
    await page.locator("[data-new]").click();
  },
  editor: edit("Delivery"),
  "editor-dry": async (page) => {
    await edit("Delivery")(page);
    await run(page);
  },
  "editor-dry-stale": async (page) => {
    await edit("Delivery")(page);
    await run(page);
    await page.getByRole("combobox", { name: "Keywords" }).fill("parcel");
    await page.keyboard.press("Enter");
    await page.waitForTimeout(100);
  },
  "editor-dry-busy": async (page) => {
    await edit("Delivery")(page);
    await page.evaluate(() => {
      window.fakeDesk.hold("dryRunRules");
    });
    await run(page);
    await page.waitForTimeout(1100);
  },
  "editor-conditions": edit("Damaged"),
  "editor-wrong": async (page) => {
    await go(page);
    await page.locator("[data-new]").click();
    await page.locator("[data-template=blank]").click();
    await page.locator("[data-add=account]").click();
    await page.locator("[data-add=tag]").last().click();
    await page.locator("[data-save]").click();
    await page.waitForTimeout(150);
  },
  "editor-reply": async (page) => {
    await go(page);
    await page.locator("[data-new]").click();
    await page.locator("[data-template=away]").click();
    await page.getByRole("combobox", { name: "Saved reply" }).click();
    await page.waitForTimeout(200);
  },
  "editor-blanks": async (page) => {
    await acts["editor-reply"](page);
    await page.getByRole("option", { name: /Refund/ }).click();
    await page.locator("[data-save]").click();
    await page.waitForTimeout(150);
  },
  "editor-tags": async (page) => {
    await edit("Delivery")(page);
    await page.getByRole("combobox", { name: "Tag", exact: true }).click();
    await page.getByRole("combobox", { name: "Tag", exact: true }).fill("re");
    await page.waitForTimeout(200);
  },
  discard: async (page) => {
    await edit("Away")(page);
    await page.getByRole("textbox", { name: "Name" }).fill("Away, evenings");
    await page.keyboard.press("Escape");
  },
  log: tab("What they did"),
  "log-rule": async (page) => {
    await tab("What they did")(page);
    await page.locator("[data-log-rule]").selectOption("r2");
    await page.waitForTimeout(150);
  },
  explain: async (page) => {
    await tab("What they did")(page);
    await page.locator("[data-why]").nth(3).click();
    await page.waitForTimeout(200);
  },
  hours: tab("Business hours"),
  "hours-zone": async (page) => {
    await tab("Business hours")(page);
    await page.getByRole("combobox", { name: "Time zone" }).fill("bang");
    await page.waitForTimeout(150);
  },
  "hours-wrong": async (page) => {
    await tab("Business hours")(page);
    const to = page.getByLabel("Monday, stretch 1, to");
    await to.fill("15:00");
    await to.blur();
    await page.locator("[data-add-holiday]").click();
    await page.locator("[data-save-hours]").click();
    await page.waitForTimeout(150);
  },
  "hours-holidays": async (page) => {
    await tab("Business hours")(page);
    await scrolled(2000)(page);
  },
};

export const rulesShots = [];
for (const [name, act] of Object.entries(acts))
  for (const theme of ["light", "dark"])
    for (const width of [900, 1280, 1920])
      rulesShots.push([
        `rules-${name}-${theme}-${width}`,
        `?scene=rules&theme=${theme}`,
        { width, height: width === 1920 ? 1080 : name.startsWith("editor") ? 1000 : 800, act },
      ]);
for (const theme of ["light", "dark"])
  for (const width of [900, 1280, 1920])
    rulesShots.push([
      `rules-empty-${theme}-${width}`,
      `?scene=rules&rules=none&theme=${theme}`,
      { width, height: width === 1920 ? 1080 : 800, act: go },
    ]);
