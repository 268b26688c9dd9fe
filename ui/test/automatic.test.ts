import { screen, within } from "@testing-library/svelte";
import { describe, expect, test } from "vitest";

import { autoOf, decide, kindOf } from "../dev/automatic";
import { WELCOME } from "../dev/greetings";
import { automatic, button, card, dialog, faultless, fields, item, orderOf, sent, write } from "./automaticScreen";
import { press, settle } from "./world";

describe("the screen", () => {
  test("shows each kind with its count, and what TikTok thinks of each message", async () => {
    await automatic();
    expect(card("suggestedQuestion").textContent).toContain("2 of 3 · a customer taps one");
    expect(card("chatPrompt").textContent).toContain("3 of 6");
    expect([...document.querySelectorAll("[data-audit]")].map((one) => one.textContent?.trim())).toEqual([
      "Approved",
      "Approved",
      "Rejected",
      "Approved",
      "Approved",
      "In review",
    ]);
    expect(
      within(card("welcomeMessage")).getByRole("switch", { name: "Welcome message" }).getAttribute("aria-checked"),
    ).toBe("true");
    await faultless();
  });
  test("says when TikTok was asked, and asks it again", async () => {
    const { desk } = await automatic();
    screen.getByRole("button", { name: "Ask TikTok now" }).click();
    await settle();
    expect(desk.count("refreshAutoMessages")).toBe(1);
  });
  test("keeps what it shows when TikTok cannot be asked, and says so", async () => {
    const { auto, desk } = await automatic("stale");
    expect(screen.getByRole("alert").textContent).toContain("TikTok could not be asked. This is how it was before");
    expect(item("w1").textContent).toContain(WELCOME);
    auto.fault = null;
    screen.getByRole("button", { name: "Try again" }).click();
    await settle();
    expect(screen.queryByRole("alert")).toBe(null);
    expect(desk.count("refreshAutoMessages")).toBe(1);
  });
  test("can be tried again when nothing could be loaded", async () => {
    await automatic("failed");
    expect(screen.getByRole("alert").textContent).toContain("could not be loaded");
    expect(document.querySelector("[data-kind]")).toBe(null);
    screen.getByRole("button", { name: "Try again" }).click();
    await settle();
    expect(item("w1").textContent).toContain(WELCOME);
  });
  test.each(["relink", "unlinked"] as const)("can only be read while the account is %s", async (state) => {
    const { desk } = await automatic(state);
    expect(document.querySelector(`[data-note=${state}]`)?.textContent).toContain("Read only");
    for (const one of document.querySelectorAll<HTMLElement>("[data-kind] button, [data-comments] [role=switch]")) {
      if (!/^History/.test(one.getAttribute("aria-label") ?? ""))
        expect(one.getAttribute("aria-disabled"), one.outerHTML).toBe("true");
      one.click();
    }
    await settle();
    expect(
      desk.asked.filter(({ command }) =>
        /^(create|update|recreate|delete|sort|set|copy|restore)(Auto|Comment)/.test(command),
      ),
    ).toEqual([]);
    expect(document.querySelector("form[data-draft]")).toBe(null);
  });
  test("follows the account chosen in the rail, and what is written for one stays with it", async () => {
    const { app, desk } = await automatic((one) => {
      kindOf(autoOf(one, "2"), "welcomeMessage").items = [
        { id: "w9", text: { title: "", body: "Loom says hi" }, audit: "approved", off: false },
      ];
    });
    button(item("w1"), /^Edit/).click();
    await settle();
    write(item("w1"), "half a sentence");
    screen.getByRole("button", { name: /^Loom Objects/ }).click();
    await settle();
    expect(app.navigation.screen).toBe("automatic");
    expect(item("w9").textContent).toContain("Loom says hi");
    expect(document.querySelector("form[data-draft]")).toBe(null);
    screen.getByRole("button", { name: /^Maison Bloom/ }).click();
    await settle();
    expect(fields(item("w1"))[0]?.value).toBe("half a sentence");
    expect(desk.count("updateAutoMessage")).toBe(0);
  });
});

describe("writing", () => {
  test("goes for review with its characters counted, and is approved when TikTok says so", async () => {
    const { desk, auto } = await automatic();
    button(card("suggestedQuestion"), "Add a question").click();
    await settle();
    expect(document.activeElement).toBe(fields(card("suggestedQuestion"))[0]);
    expect(document.querySelector("[data-reason]")?.textContent).toBe("Write the question first.");
    write(card("suggestedQuestion"), "Do you ship to Saudi Arabia?", "Yes! 5 to 8 working days. ✈️");
    await settle();
    expect(card("suggestedQuestion").textContent).toContain("28 / 80");
    button(card("suggestedQuestion"), "Send for review").click();
    await settle();
    expect(sent(desk, "createAutoMessage")).toEqual([
      {
        account: "1",
        kind: "suggestedQuestion",
        text: { title: "Do you ship to Saudi Arabia?", body: "Yes! 5 to 8 working days. ✈️" },
      },
    ]);
    const made = kindOf(auto, "suggestedQuestion").items[2];
    expect(item(made?.id ?? "").textContent).toContain("In review");
    decide(desk, "1", made?.id ?? "", "approved");
    await settle();
    expect(item(made?.id ?? "").textContent).toContain("Approved");
    expect(card("suggestedQuestion").textContent).toContain("3 of 3");
    const add = button(card("suggestedQuestion"), "Add a question");
    expect(add.getAttribute("aria-disabled")).toBe("true");
    expect(add.title).toBe("TikTok allows 3. Delete one first.");
  });
  test("is not undone on screen by an older answer that comes later", async () => {
    const { desk } = await automatic();
    const old = await desk.ask("getAutoMessages", { account: "1" });
    const answer = desk.ask.bind(desk);
    let release = (): void => {};
    let reads = 0;
    desk.ask = async (command, args) => {
      if (command !== "getAutoMessages") return answer(command, args);
      reads += 1;
      // The first comes late, and the next one, which would mend it, not at all.
      await new Promise<void>((go) => (release = reads === 1 ? go : release));
      return old;
    };
    desk.tell({ kind: "autoMessages", account: "1" });
    button(item("w1"), /^Edit/).click();
    await settle();
    write(item("w1"), "The newest greeting");
    button(item("w1"), "Send for review").click();
    await settle();
    release();
    await settle();
    expect(reads).toBe(2);
    expect(item("w1").textContent).toContain("The newest greeting");
  });
  test("is begun once, and gone on with from the same button", async () => {
    await automatic();
    button(card("suggestedQuestion"), "Add a question").click();
    await settle();
    write(card("suggestedQuestion"), "Half");
    button(card("suggestedQuestion"), "Add a question").click();
    await settle();
    expect(card("suggestedQuestion").querySelectorAll("form[data-draft]").length).toBe(1);
    expect(document.activeElement).toBe(fields(card("suggestedQuestion"))[0]);
    expect(fields(card("suggestedQuestion"))[0]?.value).toBe("Half");
  });
  test("of two texts for one message loses neither", async () => {
    const { app } = await automatic();
    button(item("p1"), /^Edit/).click();
    await settle();
    write(item("p1"), "Opening hours", "First thought");
    press(fields(item("p1"))[0] as HTMLElement, "Escape");
    await settle();
    button(item("p1"), /^Edit/).click();
    await settle();
    write(item("p1"), "Opening hours", "Second thought");
    app.toasts.shown.at(-1)?.action?.run();
    await settle();
    expect([...card("chatPrompt").querySelectorAll("textarea")].map((one) => one.value)).toEqual([
      "Second thought",
      "First thought",
    ]);
  });
  test("that is too long is not sent and not cut, and says by how much", async () => {
    const { desk } = await automatic();
    button(card("chatPrompt"), "Add a chat prompt").click();
    await settle();
    write(card("chatPrompt"), "Opening hours 👨‍👩‍👧‍👦", "x");
    await settle();
    expect(card("chatPrompt").textContent).toContain("21 / 18, 3 characters too many");
    expect(document.querySelector("[data-reason]")?.textContent).toBe("Shorten the button’s words by 3 characters.");
    expect(button(card("chatPrompt"), "Send for review").getAttribute("aria-disabled")).toBe("true");
    press(fields(card("chatPrompt"))[0] as HTMLElement, "Enter", { ctrlKey: true });
    button(card("chatPrompt"), "Send for review").click();
    await settle();
    expect(desk.count("createAutoMessage")).toBe(0);
    expect(fields(card("chatPrompt"))[0]?.value).toBe("Opening hours 👨‍👩‍👧‍👦");
    await faultless();
  });
  test("that is there already is told so before it is sent", async () => {
    const { desk } = await automatic();
    button(card("chatPrompt"), "Add a chat prompt").click();
    await settle();
    write(card("chatPrompt"), " Opening  hours", "When are you open? ");
    await settle();
    expect(document.querySelector("[data-reason]")?.textContent).toContain("TikTok takes no doubles");
    write(card("chatPrompt"), "Opening Hours", "Something else");
    await settle();
    expect(document.querySelector("[data-reason]")?.textContent).toBe("");
    expect(document.querySelector("[data-alike]")).toBeTruthy();
    expect(desk.count("createAutoMessage")).toBe(0);
  });
  test("is refused by TikTok and stays in its field", async () => {
    const { desk } = await automatic();
    button(item("w1"), /^Edit/).click();
    await settle();
    write(item("w1"), "A new greeting");
    desk.fail("updateAutoMessage", "tikTokRefused", "Content violates the community guidelines");
    button(item("w1"), "Send for review").click();
    await settle();
    expect(within(item("w1")).getByRole("alert").textContent).toContain("community guidelines");
    expect(fields(item("w1"))[0]?.value).toBe("A new greeting");
    button(item("w1"), "Send for review").click();
    await settle();
    expect(sent(desk, "updateAutoMessage").map((one) => one.text.body)).toEqual(["A new greeting", "A new greeting"]);
    expect(item("w1").textContent).toContain("In review");
  });
  test("is sent once, however often the key is pressed", async () => {
    const { desk } = await automatic();
    button(item("w1"), /^Edit/).click();
    await settle();
    write(item("w1"), "Once");
    const go = desk.hold("updateAutoMessage");
    for (let n = 0; n < 3; n += 1) press(fields(item("w1"))[0] as HTMLElement, "Enter", { ctrlKey: true });
    await settle();
    expect(fields(item("w1"))[0]?.readOnly).toBe(true);
    go();
    await settle();
    expect(desk.count("updateAutoMessage")).toBe(1);
  });
  test("is put away with Escape, without leaving the screen, and can be had back", async () => {
    const { app } = await automatic();
    button(item("w1"), /^Edit/).click();
    await settle();
    write(item("w1"), "My words");
    press(fields(item("w1"))[0] as HTMLElement, "Escape");
    await settle();
    expect(app.navigation.screen).toBe("automatic");
    expect(document.querySelector("form[data-draft]")).toBe(null);
    screen.getByRole("button", { name: "Undo" }).click();
    await settle();
    expect(fields(item("w1"))[0]?.value).toBe("My words");
  });
  test("survives leaving the screen and every reload under it", async () => {
    const { app, desk } = await automatic();
    button(card("suggestedQuestion"), "Add a question").click();
    await settle();
    write(card("suggestedQuestion"), "Half", "");
    app.navigation.go("settings");
    await settle();
    app.navigation.go("automatic");
    await settle();
    desk.tell({ kind: "autoMessages", account: "1" });
    desk.tell({ kind: "everything" });
    await settle();
    expect(fields(card("suggestedQuestion"))[0]?.value).toBe("Half");
    // Coming back does not take the focus.
    expect(document.activeElement).not.toBe(fields(card("suggestedQuestion"))[0]);
  });
});

describe("a message", () => {
  test("in review cannot be changed, and says so", async () => {
    await automatic();
    const edit = button(item("p3"), /^Edit/);
    expect(edit.getAttribute("aria-disabled")).toBe("true");
    expect(item("p3").textContent).toContain("Cannot be changed until TikTok has decided");
    edit.click();
    await settle();
    expect(document.querySelector("form[data-draft]")).toBe(null);
  });
  test("that was rejected is replaced, changed or not", async () => {
    const { desk } = await automatic();
    button(item("q2"), /^Replace/).click();
    await settle();
    expect(fields(item("q2")).map((one) => one.value)).toEqual([
      "Can I return a dress I wore once?",
      "Within 30 days, with its label still on.",
    ]);
    button(item("q2"), "Send for review").click();
    await settle();
    expect(sent(desk, "recreateAutoMessage")).toEqual([
      {
        message: "q2",
        text: { title: "Can I return a dress I wore once?", body: "Within 30 days, with its label still on." },
      },
    ]);
    expect(card("suggestedQuestion").textContent).toContain("In review");
  });
  test("that TikTok takes into review while it is written waits, its text kept", async () => {
    const { desk } = await automatic();
    button(item("w1"), /^Edit/).click();
    await settle();
    write(item("w1"), "New words");
    decide(desk, "1", "w1", "reviewing");
    await settle();
    expect(document.querySelector("[data-reason]")?.textContent).toContain("TikTok is reviewing the message");
    expect(fields(item("w1"))[0]?.value).toBe("New words");
    decide(desk, "1", "w1", "rejected");
    await settle();
    button(item("w1"), "Send for review").click();
    await settle();
    expect(sent(desk, "recreateAutoMessage").map((one) => one.text.body)).toEqual(["New words"]);
  });
  test("that is gone already counts as deleted, and as gone where it was being changed", async () => {
    const { auto } = await automatic();
    button(item("p1"), /^Edit/).click();
    await settle();
    write(item("p1"), "Opening hours", "Mine");
    button(item("p2"), "Delete “Size guide”").click();
    await settle();
    // Nobody has told the desk yet.
    kindOf(auto, "chatPrompt").items = [];
    button(dialog(), "Delete").click();
    await settle();
    expect(document.querySelector("dialog[open]")).toBe(null);
    expect(screen.queryByRole("alert")).toBe(null);
    expect(document.querySelector("[data-gone]")).toBeTruthy();
    expect(fields(card("chatPrompt"))[1]?.value).toBe("Mine");
  });
  test("that cannot be deleted right now says why, and stays", async () => {
    const { desk } = await automatic();
    button(item("p2"), "Delete “Size guide”").click();
    await settle();
    desk.fail("deleteAutoMessage", "offline");
    button(dialog(), "Delete").click();
    await settle();
    expect(within(dialog()).getByRole("alert").textContent).toContain("TikTok cannot be reached");
    expect(orderOf("chatPrompt")).toEqual(["p1", "p2", "p3"]);
  });
  test("is deleted only after a yes; a greeting cannot be deleted at all", async () => {
    const { desk } = await automatic();
    expect(within(item("w1")).queryByRole("button", { name: /^Delete/ })).toBe(null);
    button(item("p2"), "Delete “Size guide”").click();
    await settle();
    expect(dialog().textContent).toContain("Delete this chat prompt?");
    button(dialog(), "Keep it").click();
    await settle();
    expect(desk.count("deleteAutoMessage")).toBe(0);
    button(item("p2"), "Delete “Size guide”").click();
    await settle();
    button(dialog(), "Delete").click();
    await settle();
    expect(orderOf("chatPrompt")).toEqual(["p1", "p3"]);
    expect(card("chatPrompt").contains(document.activeElement)).toBe(true);
  });
});
