// The states of the palette and the thread to be photographed by dev/shots.mjs.
const wait = (page) => page.waitForFunction(() => "fakeDesk" in window);
const chosen = (id) => async (page) => {
  await wait(page);
  await page.getByRole("tab", { name: "All" }).click();
  await page.locator(`[data-conversation="${id}"]`).click();
  await page.waitForTimeout(250);
};
const palette =
  (text, then = async () => {}) =>
  async (page) => {
    await wait(page);
    await page.locator('[data-conversation="11"]').click();
    await page.waitForTimeout(200);
    await page.keyboard.press("Control+k");
    await page.keyboard.type(text);
    await page.waitForTimeout(250);
    await then(page);
  };
const before = (run, act) => async (page) => {
  await wait(page);
  await page.evaluate(run);
  await act(page);
};
const find =
  (id, text, then = async () => {}) =>
  async (page) => {
    await chosen(id)(page);
    await page.keyboard.press("Control+f");
    await page.keyboard.type(text);
    await page.waitForTimeout(250);
    await then(page);
  };
const again = (id, name) => async (page) => {
  await chosen(id)(page);
  await page.getByRole("button", { name }).first().click();
  await page.waitForTimeout(250);
};
const up = (by) => async (page) => {
  await page.locator("[data-region=thread]").evaluate((box, top) => {
    box.scrollTop -= top;
  }, by);
  await page.waitForTimeout(200);
};

const states = {
  "palette-empty": palette(""),
  "palette-found": palette("linen c"),
  "palette-people": palette("na"),
  "palette-moved": palette("linen", async (page) => {
    for (let n = 0; n < 3; n += 1) await page.keyboard.press("ArrowDown");
  }),
  "palette-completed": palette("linen has:"),
  "palette-problems": palette('from:nobody tag:gold before:soon has:dragons "linen bag"'),
  "palette-commands": palette("> att"),
  "palette-nothing": palette("zebra crossing"),
  "palette-failed": palette("", async (page) => {
    await page.evaluate(() => {
      window.fakeDesk.fail("search", "unexpected");
    });
    await page.keyboard.type("l");
    await page.waitForTimeout(250);
  }),
  "palette-rebuilding": before(() => {
    window.fakeDesk.rebuilding = true;
  }, palette("linen")),
  "palette-one": palette("linen", async (page) => {
    await page.keyboard.press("Alt+a");
    await page.waitForTimeout(200);
  }),
  "opened-far": palette("hello question", async (page) => {
    await page.keyboard.press("Enter");
    await page.waitForTimeout(400);
  }),
  find: find("41", "coat"),
  "find-far": find("41", "coat", async (page) => {
    for (let n = 0; n < 90; n += 1) await page.keyboard.press("Enter");
    await page.waitForTimeout(300);
  }),
  "find-none": find("41", "zebra"),
  kinds: chosen("41"),
  "kinds-up": async (page) => {
    await chosen("41")(page);
    await up(620)(page);
  },
  "kinds-video-busy": before(
    () => {
      window.fakeDesk.hold("openVideo");
    },
    async (page) => {
      await chosen("41")(page);
      await page.locator("[data-video]").click();
      await page.waitForTimeout(200);
    },
  ),
  "kinds-video-gone": before(
    () => {
      window.fakeDesk.fail("openVideo", "videoTooLarge");
    },
    async (page) => {
      await chosen("41")(page);
      await page.locator("[data-video]").click();
      await page.waitForTimeout(200);
    },
  ),
  "kinds-photo-gone": before(
    () => {
      window.fakeDesk.fail("fetchImage", "mediaGone");
    },
    again("41", "Fetch again"),
  ),
  "kinds-quoted": async (page) => {
    await chosen("41")(page);
    await page.locator("[data-quoted]").last().click();
    await page.waitForTimeout(400);
  },
  request: chosen("42"),
};

export const threadShots = Object.entries(states).flatMap(([name, act]) =>
  ["light", "dark"].flatMap((theme) =>
    [900, 1280, 1920].map((width) => [
      `thread-${name}-${theme}-${width}`,
      `?scene=kinds&theme=${theme}`,
      { width, height: width === 1920 ? 1080 : width === 900 ? 700 : 800, act },
    ]),
  ),
);
