// Saved replies: their screen, and choosing one while writing.
const wait = (page) => page.waitForFunction(() => "fakeDesk" in window);
const desk = () => async (page) => {
  await wait(page);
  await page.getByRole("option", { name: "Nadia" }).click();
  await page.waitForTimeout(600);
};
const savedScreen = async (page) => {
  await wait(page);
  await page.locator("[data-go=saved]").click();
  await page.waitForTimeout(150);
};
const savedOpen = (n) => async (page) => {
  await savedScreen(page);
  await page.locator(`[data-saved="${n}"]`).click();
  await page.waitForTimeout(150);
};
const slash = (typed) => async (page) => {
  await desk()(page);
  const field = page.locator("[data-composer]");
  await field.press("End");
  await field.pressSequentially(typed);
  await page.waitForTimeout(250);
};
const saved = {
  screen: savedOpen(1),
  none: savedScreen,
  picture: savedOpen(5),
  blanks: savedOpen(3),
  arabic: savedOpen(8),
  new: async (page) => {
    await savedScreen(page);
    await page.locator("[data-new]").click();
  },
  wrong: async (page) => {
    await savedOpen(4)(page);
    await page.locator("[data-saved-shortcut]").fill("hi");
    await page.locator("[data-saved-text]").press("Control+s");
    await page.waitForTimeout(150);
  },
  open: async (page) => {
    await savedOpen(4)(page);
    await page.locator("[data-saved-text]").fill("Hi {{customer");
  },
  guard: async (page) => {
    await savedOpen(4)(page);
    await page.locator("[data-saved-name]").fill("Refund");
    await page.locator('[data-saved="2"]').click();
  },
  deleted: async (page) => {
    await savedOpen(4)(page);
    await page.locator("[data-delete]").click();
  },
  nothing: async (page) => {
    await savedScreen(page);
    await page.getByRole("searchbox").fill("zzz");
    await page.waitForTimeout(150);
  },
  failed: async (page) => {
    await wait(page);
    await page.evaluate(() => window.fakeDesk.fail("findSavedReplies", "unexpected"));
    await savedScreen(page);
  },
  menu: async (page) => {
    await savedOpen(1)(page);
    await page.getByRole("button", { name: "Import and export" }).click();
  },
  import: async (page) => {
    await savedOpen(1)(page);
    await page
      .locator("[data-import]")
      .setInputFiles({ name: "replies.csv", mimeType: "text/csv", buffer: Buffer.from("name,text") });
    await page.waitForTimeout(200);
  },
  "import-refused": async (page) => {
    await savedOpen(1)(page);
    await page
      .locator("[data-import]")
      .setInputFiles({ name: "replies.csv", mimeType: "text/csv", buffer: Buffer.from([255, 254, 0]) });
    await page.waitForTimeout(200);
  },
  slash: slash(" /"),
  "slash-typed": slash(" /ret"),
  "slash-nothing": slash(" /zzz"),
  "slash-blanks": async (page) => {
    await slash(" /return")(page);
    await page.keyboard.press("Enter");
    await page.waitForTimeout(250);
  },
  "slash-picture": async (page) => {
    await slash(" /size")(page);
    await page.keyboard.press("Enter");
    await page.waitForTimeout(250);
  },
};
export const savedShots = [];
for (const [name, act] of Object.entries(saved))
  for (const theme of ["light", "dark"])
    for (const width of [900, 1280, 1920])
      savedShots.push([
        `saved-${name}-${theme}-${width}`,
        `?theme=${theme}`,
        { width, height: width === 1920 ? 1080 : 800, act },
      ]);
