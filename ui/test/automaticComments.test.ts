import { screen, within } from "@testing-library/svelte";
import { afterEach, describe, expect, test, vi } from "vitest";

import { autoOf } from "../dev/automatic";
import { automatic, button, faultless, said, sent } from "./automaticScreen";
import { press, settle, type } from "./world";

const all = (): HTMLElement => document.querySelector<HTMLElement>("[data-comments]") ?? document.body;
const one = (id: string): HTMLElement => document.querySelector<HTMLElement>(`[data-comment=${id}]`) ?? document.body;
const field = (id: string): HTMLTextAreaElement => within(one(id)).getByRole("textbox");
const ids = (): (string | undefined)[] =>
  [...document.querySelectorAll<HTMLElement>("[data-comment]")].map((each) => each.dataset["comment"]);
const earlier = async (): Promise<void> => {
  screen.getByRole("button", { name: /^Earlier comments/ }).click();
  await settle();
};
afterEach(() => vi.useRealTimers());

describe("comments", () => {
  test("that wait come first, the others on demand", async () => {
    await automatic();
    expect(ids()).toEqual(["c1", "c3", "c4", "c2"]);
    expect(all().querySelector("[data-open]")?.textContent).toBe("2 comments can be answered");
    await earlier();
    expect(ids()).toEqual(["c1", "c3", "c4", "c2", "c5", "c7", "c6"]);
    await faultless();
  });
  test("are opened by a click on their notification, also those that are done", async () => {
    const { app, desk } = await automatic();
    app.navigation.go("inbox");
    await settle();
    for (const id of ["c3", "c7"]) {
      desk.say({ event: "openComment", account: "1", comment: id });
      await settle();
      expect(document.activeElement).toBe(one(id));
    }
  });
  test("say which of TikTok’s conditions hold, and which only TikTok knows", async () => {
    await automatic();
    await earlier();
    expect(one("c1").querySelector("summary")?.textContent).toContain("4 of 6 conditions met, 2 only TikTok knows");
    expect(one("c6").querySelector("summary")?.textContent).toContain(
      "3 of 6 conditions met, 1 not met, 2 only TikTok knows",
    );
    expect(one("c6").textContent).toContain("It is older than 48 hours.");
    expect(within(one("c6")).queryByRole("textbox")).toBe(null);
  });
  test("count down to their end, and then cannot be answered any more", async () => {
    const { app } = await automatic();
    expect(one("c2").querySelector("[data-left]")?.textContent).toMatch(/^1 h (39|40) min left$/);
    app.clock.now += 2 * 3_600_000;
    await settle();
    expect(ids()).not.toContain("c2");
    await earlier();
    expect(one("c2").querySelector("[data-left]")?.textContent).toBe("Too old to be answered");
  });
  test("are answered once, and say so", async () => {
    const { desk } = await automatic();
    type(field("c1"), "It is 490. Shall I put two aside?");
    await settle();
    expect(one("c1").textContent).toContain("33 / 6,000");
    const go = desk.hold("answerComment");
    press(field("c1"), "Enter", { ctrlKey: true });
    button(one("c1"), /Send/).click();
    await settle();
    expect(one("c1").textContent).toContain("Sending…");
    go();
    await settle();
    expect(sent(desk, "answerComment")).toEqual([{ comment: "c1", body: "It is 490. Shall I put two aside?" }]);
    await earlier();
    expect(one("c1").textContent).toContain("Answered");
  });
  test("keep an answer that TikTok refused in the field, with why", async () => {
    await automatic((desk) => (autoOf(desk, "1").refuses = "discount"));
    type(field("c1"), "I can give you a discount");
    button(one("c1"), "Send").click();
    await settle();
    expect(one("c1").textContent).toContain("Not sent: TikTok’s messaging rules stopped it");
    expect(one("c1").textContent).toContain("Message blocked by direct message rules");
    expect(field("c1").value).toBe("I can give you a discount");
  });
  test("keep an answer when the desk cannot send it", async () => {
    const { desk } = await automatic();
    type(field("c1"), "Soon");
    desk.fail("answerComment", "offline");
    button(one("c1"), "Send").click();
    await settle();
    expect(within(one("c1")).getByRole("alert").textContent).toContain("The answer was not sent");
    expect(field("c1").value).toBe("Soon");
  });
  test("say which condition kept an answer from going out", async () => {
    const { desk } = await automatic();
    type(field("c1"), "Hello");
    desk.fail("answerComment", "commentNotAnswerable", "quiet");
    button(one("c1"), "Send").click();
    await settle();
    expect(within(one("c1")).getByRole("alert").textContent).toContain(
      "You have written to each other in the last 24 hours.",
    );
    expect(within(one("c1")).getByRole("alert").textContent).not.toContain("quiet");
  });
  test("whose answer is not confirmed are not answered again", async () => {
    await automatic();
    expect(one("c3").textContent).toContain("not confirmed by TikTok");
    expect(one("c3").textContent).toContain("Hi Budi, it is 490.");
    expect(within(one("c3")).queryByRole("textbox")).toBe(null);
  });
  test("take no answer that is too long for TikTok", async () => {
    const { desk } = await automatic();
    type(field("c1"), "👨‍👩‍👧‍👦".repeat(858));
    await settle();
    expect(one("c1").textContent).toContain("6 characters too many for TikTok.");
    button(one("c1"), "Send").click();
    await settle();
    expect(desk.count("answerComment")).toBe(0);
  });
  test("are put aside, with a way back", async () => {
    await automatic();
    button(one("c1"), "Put aside").click();
    await settle();
    expect(ids()).not.toContain("c1");
    expect(said()).toContain("Comment put aside");
    screen.getByRole("button", { name: "Undo" }).click();
    await settle();
    expect(ids()).toContain("c1");
  });
  test("lead to the conversation with whoever wrote them", async () => {
    const { app } = await automatic();
    await earlier();
    button(one("c5"), "Open conversation").click();
    await settle();
    expect([app.navigation.screen, app.navigation.conversation]).toEqual(["inbox", "11"]);
  });
  test("keep what is written to them while the screen is left", async () => {
    const { app, desk } = await automatic();
    type(field("c1"), "half an ans");
    press(field("c1"), "Escape");
    expect(app.navigation.screen).toBe("automatic");
    app.navigation.go("settings");
    await settle();
    app.navigation.go("automatic");
    desk.tell({ kind: "autoMessages", account: "1" });
    await settle();
    expect(field("c1").value).toBe("half an ans");
  });
});

describe("comment-to-message", () => {
  const toggle = (): HTMLElement => within(all()).getByRole("switch", { name: "Answer comments by message" });

  test("is turned off and on, and nothing is answered while it is off", async () => {
    const { desk } = await automatic();
    toggle().click();
    await settle();
    expect(sent(desk, "setCommentToMessage")).toEqual([{ account: "1", enabled: false }]);
    type(field("c1"), "x");
    button(one("c1"), "Send").click();
    await settle();
    expect(one("c1").textContent).toContain("Turn it on to answer comments.");
    expect(desk.count("answerComment")).toBe(0);
  });
  test("says in words where TikTok offers it, and that it does not here", async () => {
    const { desk } = await automatic("nowhere");
    expect(all().textContent).toContain("Vietnam, Indonesia or Thailand");
    expect(within(all()).getByRole("alert").textContent).toContain("Not offered for this account");
    toggle().click();
    await settle();
    expect(desk.count("setCommentToMessage")).toBe(0);
  });
  test("may be older when TikTok cannot be asked, and can still be changed", async () => {
    const { desk } = await automatic(
      (one) => (autoOf(one, "1").commentToMessage.fault = { code: "tikTokUnwell", detail: null, incident: null }),
    );
    expect(within(all()).getByRole("alert").textContent).toContain("This is how it was before");
    expect(within(all()).getByRole("alert").textContent).not.toContain("Not offered");
    expect(toggle().getAttribute("aria-disabled")).toBe("false");
    expect(desk.count("setCommentToMessage")).toBe(0);
  });
  test("can be tried again when its comments could not be loaded", async () => {
    await automatic((desk) => desk.fail("listComments", "unexpected"));
    button(within(all()).getByRole("alert"), "Try again").click();
    await settle();
    expect(ids().length).toBe(4);
  });
});
