// The thread's side of sending: states, queued replies, quotes, and why one did not go out.
import { screen } from "@testing-library/svelte";
import { describe, expect, test, vi } from "vitest";

import type { FakeDesk } from "../dev/fake";
import { bigScene, message } from "../dev/scene";
import { sendingScene } from "../dev/sending";
import type { Content, Delivery, RefusalReason, WaitReason } from "../src/ipc/bindings";
import { bubbles, openPage, press, rowOf, settle, type } from "./world";

const NOW = Date.now();
const bubble = (text: string): HTMLElement => {
  const found = bubbles().find((one) => one.textContent?.includes(text));
  if (!found) throw new Error(`no bubble with ${text}`);
  return found;
};
const button = (within: ParentNode, name: string): HTMLButtonElement => {
  const found = [...within.querySelectorAll("button")].find((one) => one.textContent?.trim() === name);
  if (!found) throw new Error(`no button ${name}`);
  return found;
};
const queued: Delivery = { state: "queued", waiting: null };

/** One conversation whose last messages are ours, in these states. */
async function thread(...ours: { body: string | Content; delivery: Delivery }[]) {
  const page = await openPage((desk) => {
    bigScene(desk, 1, 1, NOW - 60_000);
    desk
      .of("100")
      .messages.push(...ours.map(({ body, delivery }, at) => message("out", NOW - 30_000 + at, body, { delivery })));
  });
  rowOf("100")?.click();
  await settle();
  return page;
}
async function sending(who: string) {
  const page = await openPage(sendingScene);
  page.app.inbox.chooseTab("all");
  page.app.navigation.open(who);
  await settle();
  return page;
}
async function openMenu(text: string): Promise<HTMLElement> {
  bubble(text).querySelector<HTMLElement>("[data-more]")?.click();
  await settle();
  return screen.getByRole("menu");
}
const entries = (menu: HTMLElement): string[] =>
  [...menu.querySelectorAll("[role=menuitem]")].map((one) => one.textContent?.trim() ?? "");
const texts = (): (string | undefined)[] =>
  bubbles().map((one) => one.querySelector("p.text")?.textContent ?? undefined);

describe("a reply on its way out", () => {
  test.each<[WaitReason, string]>([
    [{ reason: "offline" }, "Queued, waiting for the network"],
    [{ reason: "relink" }, "Queued, until the account is linked again"],
    [{ reason: "uploading" }, "Uploading the picture"],
    [{ reason: "rateLimited", untilMs: Date.UTC(2026, 0, 1, 14, 2) }, "Queued, TikTok asked to wait until"],
  ])("says what it waits for: %o", async (waiting, words) => {
    await thread({ body: "hello", delivery: { state: "queued", waiting } });
    expect(bubble("hello").textContent).toContain(words);
  });

  test.each<[RefusalReason, string]>([
    ["repliesSpent", "Not sent: all 10 replies were used Wait until the customer answers."],
    ["imagesNotAllowed", "Not sent: TikTok does not take pictures in this conversation"],
    ["imageMissing", "Not sent: the picture is no longer on this computer"],
    ["deskbellTooOld", "Update Deskbell"],
    ["appRefused", "Not sent: TikTok does not accept your app"],
  ])("says why it was refused and what to do: %s", async (reason, words) => {
    await thread({
      body: "hello",
      delivery: { state: "refused", reason, code: 1, message: "m", requestId: "r", atMs: NOW },
    });
    expect(bubble("hello").textContent?.replace(/\s+/g, " ")).toContain(words);
  });

  test("counts down while it is held, for a picture and its text together", async () => {
    vi.useFakeTimers({ toFake: ["Date", "setInterval", "clearInterval"] });
    try {
      vi.setSystemTime(NOW);
      const picture: Content = {
        type: "image",
        mediaId: "",
        media: { state: "kept", key: "photo", width: 40, height: 30 },
      };
      const { desk } = await thread(
        { body: picture, delivery: { state: "held", untilMs: NOW + 4_500 } },
        { body: "and this", delivery: { state: "held", untilMs: NOW + 4_500 } },
      );
      expect(bubble("and this").textContent).toContain("Sends in 5 s");
      vi.advanceTimersByTime(2_000);
      await settle();
      expect(bubble("and this").textContent).toContain("Sends in 3 s");
      expect(screen.getAllByRole("button", { name: "Send now" })).toHaveLength(1);
      button(bubble("and this"), "Send now").click();
      await settle();
      expect(desk.count("sendReplyNow")).toBe(1);
    } finally {
      vi.useRealTimers();
    }
  });

  test("goes back into the composer when it is undone, once", async () => {
    const { desk, app } = await thread({ body: "too early", delivery: { state: "held", untilMs: NOW + 60_000 } });
    const undo = button(bubble("too early"), "Undo");
    undo.click();
    undo.click();
    await settle(40);
    expect(desk.count("undoSend")).toBe(1);
    expect(texts()).not.toContain("too early");
    expect(app.drafts.text("100")).toBe("too early");
  });

  test("that Deskbell stopped can be sent anyway, changed or taken back", async () => {
    const { desk } = await thread({ body: "late", delivery: { state: "stopped", why: "colleagueReplied" } });
    expect(bubble("late").textContent).toContain("Not sent: a colleague answered meanwhile");
    expect([...bubble("late").querySelectorAll(".ways button")].map((one) => one.textContent?.trim())).toEqual([
      "Send anyway",
      "Edit",
      "Take back",
      "Why did it not send?",
    ]);
    button(bubble("late"), "Send anyway").focus();
    button(bubble("late"), "Send anyway").click();
    await settle();
    expect(desk.count("resendReply")).toBe(1);
    expect(bubble("late").contains(document.activeElement)).toBe(true);
  });

  test("says from where it was sent when not from here", async () => {
    await sending("31");
    expect(bubble("does not shrink").textContent).toContain("Sent from the phone");
  });
});

describe("changing a queued reply", () => {
  test("in place: Enter saves, and the focus goes back to it", async () => {
    const { desk } = await thread({
      body: "It ships tomorow.",
      delivery: { state: "queued", waiting: { reason: "offline" } },
    });
    const menu = await openMenu("It ships");
    expect(entries(menu)).toEqual(["Edit", "Take back"]);
    expect(document.activeElement?.textContent).toContain("Edit");
    button(menu, "Edit").click();
    await settle();
    const field = screen.getByRole<HTMLTextAreaElement>("textbox", { name: "Change the message" });
    expect(document.activeElement).toBe(field);
    type(field, "It ships tomorrow.");
    press(field, "Enter");
    await settle();
    expect(desk.asked.findLast((one) => one.command === "editReply")?.args).toMatchObject({
      body: "It ships tomorrow.",
    });
    expect(texts()).toContain("It ships tomorrow.");
    expect(document.activeElement?.hasAttribute("data-more")).toBe(true);
  });

  test("follows the setting for Ctrl+Enter, refuses nothing at all, and Escape changes nothing", async () => {
    const { desk, app } = await thread({ body: "as it was", delivery: queued });
    await app.shell.changeSettings({ sendKey: "ctrlEnter" });
    button(await openMenu("as it was"), "Edit").click();
    await settle();
    const field = screen.getByRole<HTMLTextAreaElement>("textbox", { name: "Change the message" });
    type(field, " \u200b");
    await settle();
    press(field, "Enter");
    press(field, "Enter", { ctrlKey: true });
    await settle();
    expect(desk.count("editReply")).toBe(0);
    expect(field.closest("form")?.textContent).toContain("Write a message first.");
    press(field, "Escape");
    await settle();
    expect(texts()).toContain("as it was");
    expect(screen.queryByRole("textbox", { name: "Change the message" })).toBeNull();
  });

  test("says so when it has gone out meanwhile, and keeps what was typed", async () => {
    const { desk } = await thread({ body: "gone soon", delivery: queued });
    button(await openMenu("gone soon"), "Edit").click();
    await settle();
    const field = screen.getByRole<HTMLTextAreaElement>("textbox", { name: "Change the message" });
    type(field, "gone soon, changed");
    const last = desk.of("100").messages.at(-1);
    if (last) last.delivery = { state: "sent" };
    press(field, "Enter");
    await settle();
    expect(screen.getByRole<HTMLTextAreaElement>("textbox", { name: "Change the message" }).value).toBe(
      "gone soon, changed",
    );
    expect(field.closest("form")?.textContent).toContain("It went out in the meantime, as it was.");
  });

  test("moves it among the queued ones, as far as there are any", async () => {
    const { desk } = await thread(
      { body: "one", delivery: queued },
      { body: "two", delivery: queued },
      { body: "three", delivery: queued },
    );
    expect(entries(await openMenu("one"))).toEqual(["Edit", "Move down", "Take back"]);
    press(document.activeElement ?? document.body, "Escape");
    await settle();
    expect(screen.queryByRole("menu")).toBeNull();
    expect(document.activeElement).toBe(bubble("one").querySelector("[data-more]"));
    button(await openMenu("three"), "Move up").click();
    await settle();
    expect(desk.asked.findLast((one) => one.command === "moveReply")?.args).toMatchObject({ by: -1 });
    expect(texts().slice(-3)).toEqual(["one", "three", "two"]);
    expect(bubble("three").contains(document.activeElement)).toBe(true);
    expect([...document.querySelectorAll("[role=status]")].some((one) => one.textContent === "Moved up")).toBe(true);
  });

  test("takes it back into the composer", async () => {
    const { desk, app } = await thread({ body: "not yet", delivery: queued });
    button(await openMenu("not yet"), "Take back").click();
    await settle(40);
    expect(desk.count("discardReply")).toBe(1);
    expect(app.drafts.text("100")).toBe("not yet");
  });

  test("one that is about to go out is taken back instead of changed in place", async () => {
    const { desk } = await thread({ body: "in a second", delivery: { state: "held", untilMs: NOW + 60_000 } });
    button(await openMenu("in a second"), "Edit").click();
    await settle(40);
    expect(desk.count("undoSend")).toBe(1);
    expect(screen.queryByRole("textbox", { name: "Change the message" })).toBeNull();
  });

  test("the messages' menus are one tab stop, and the arrows go among them", async () => {
    await thread({ body: "one", delivery: queued }, { body: "two", delivery: queued });
    const stops = [...document.querySelectorAll<HTMLElement>("[data-more]")].filter((one) => one.tabIndex === 0);
    expect(stops).toEqual([bubble("two").querySelector("[data-more]")]);
    stops[0]?.focus();
    press(stops[0] ?? document.body, "ArrowUp");
    await settle();
    expect(document.activeElement).toBe(bubble("one").querySelector("[data-more]"));
    expect((document.activeElement as HTMLElement).tabIndex).toBe(0);
  });
});

describe("quoting", () => {
  test("is offered for what TikTok lets one quote", async () => {
    await sending("31");
    expect(entries(await openMenu("Which size would fit"))).toContain("Quote in reply");
    press(document.activeElement ?? document.body, "Escape");
    await settle();
    // Not for a card, and not for what has not arrived.
    expect(bubble("Which colour").querySelector("[data-more]")).toBeNull();
    expect(entries(await openMenu("I have put it aside"))).not.toContain("Quote in reply");
  });

  test("goes into the composer, which gets the focus", async () => {
    const { app } = await sending("31");
    const quoted = bubble("the sand one");
    button(await openMenu("the sand one"), "Quote in reply").click();
    await settle();
    expect(app.drafts.quoted("31")).toEqual({
      id: quoted.dataset["message"],
      from: "in",
      snippet: { kind: "text", text: "the sand one 🤎" },
    });
    expect(document.activeElement?.getAttribute("data-composer")).toBe("31");
  });

  test("leads to the quoted message, also one that has to be fetched", async () => {
    const { app, desk } = await openPage((desk) => {
      bigScene(desk, 1, 400, NOW);
      const all = desk.of("100").messages;
      const early = all[30];
      all.push(
        message("in", NOW, "about this", {
          quoted: { id: early?.id ?? null, from: "in", snippet: { kind: "text", text: "Line 30" } },
        }),
      );
    });
    rowOf("100")?.click();
    await settle();
    const early = desk.of("100").messages[30]?.id ?? "";
    bubble("about this").querySelector<HTMLElement>("[data-quoted]")?.click();
    await settle(60);
    expect(app.thread?.has(early)).toBe(true);
    expect(document.querySelector(".pointed")?.closest("[data-message]")?.getAttribute("data-message")).toBe(early);
    expect((document.activeElement as HTMLElement).dataset["message"]).toBe(early);
  });

  test("says so when the quoted message is not there", async () => {
    await openPage((desk) => {
      bigScene(desk, 1, 3, NOW);
      desk
        .of("100")
        .messages.push(message("in", NOW, "about this", { quoted: { id: "999999", from: "in", snippet: null } }));
    });
    rowOf("100")?.click();
    await settle();
    bubble("about this").querySelector<HTMLElement>("[data-quoted]")?.click();
    await settle();
    expect(screen.getByText(/no longer here/)).toBeTruthy();
  });
});

describe("why did it not send?", () => {
  async function ask(text: string): Promise<HTMLElement> {
    button(bubble(text), "Why did it not send?").focus();
    button(bubble(text), "Why did it not send?").click();
    await settle();
    return screen.getByRole("dialog");
  }

  test("says what happened and what to do, then every attempt", async () => {
    await sending("33");
    const dialog = await ask("And one more thing");
    expect(dialog.querySelector("[data-plain]")?.textContent).toBe(
      "TikTok did not take this message: all 10 replies were used. Wait until the customer answers.",
    );
    expect(dialog.textContent).toContain("2 attempts");
    const [first, second] = [...dialog.querySelectorAll("[data-attempt]")];
    expect(first?.textContent).toMatch(
      /Not taken; tried again.*took 1\.2 s.*TikTok’s servers failed.*50000.*System error.*20261122140109010244/s,
    );
    expect(second?.textContent).toMatch(/TikTok said no.*took 640 ms.*rules for direct messages.*40064/s);
    expect(second?.querySelector("details")?.open).toBe(false);
  });

  test("is closed with Escape, the focus goes back, and no key acts behind it", async () => {
    const { desk } = await sending("33");
    const dialog = await ask("And one more thing");
    press(dialog, "e");
    await settle();
    expect(desk.count("setConversationStatus")).toBe(0);
    press(dialog, "Escape");
    await settle();
    expect(screen.queryByRole("dialog")).toBeNull();
    expect(document.activeElement).toBe(button(bubble("And one more thing"), "Why did it not send?"));
  });

  test("counts how often an unconfirmed one was looked for", async () => {
    await sending("33");
    const dialog = await ask("It left our shop");
    expect(dialog.textContent).toContain("Deskbell has looked for it in the conversation 7 times since.");
    expect(dialog.textContent).toMatch(/Deskbell ended before the answer came.*never finished/s);
  });

  test("copies what support needs, never the message", async () => {
    const written: string[] = [];
    vi.spyOn(navigator.clipboard, "writeText").mockImplementation((text) => {
      written.push(text);
      return Promise.resolve();
    });
    await sending("33");
    const dialog = await ask("And one more thing");
    button(dialog, "Copy for support").click();
    await settle();
    expect(written[0]).toMatch(/40064.*20261122140211010245/s);
    expect(written[0]).toMatch(/"request_id":"20261122140109010244"/);
    expect(written[0]).not.toContain("your parcel");
    expect(written[0]).toContain("[text of the message]");
    expect([...dialog.querySelectorAll("[role=status]")].some((one) => one.textContent === "Copied")).toBe(true);
  });

  test("says when it cannot be looked up, and tries again", async () => {
    const { desk } = await sending("33");
    desk.fail("getSendDetails", "unexpected");
    const dialog = await ask("Your parcel is on its way");
    expect(dialog.textContent).toContain("It could not be looked up");
    button(dialog, "Try again").click();
    await settle();
    expect(dialog.querySelector("[data-plain]")?.textContent).toContain(
      "a colleague answered after you had last seen the conversation",
    );
    expect(dialog.textContent).toContain("Deskbell has not tried to send it.");
  });
});

describe("what a message can be", () => {
  test("an own post has its caption, its cover and its date", async () => {
    await sending("31");
    const post = document.querySelector("[data-post='7302']");
    expect(post?.textContent).toMatch(/How to wash linen.*Shared post · @maisonbloom · .*\d/s);
    expect(post?.querySelector("img")?.getAttribute("src")).toContain("cover");
  });

  test("a card looks as on the phone: buttons or links", async () => {
    await sending("31");
    expect(document.querySelector("[data-card=button]")?.textContent).toMatch(/Which colour.*Sand.*Olive.*Night blue/s);
    expect(document.querySelector("[data-card=link] .links")?.children.length).toBe(2);
  });
});

describe("what the desk says is new", () => {
  const asks = (desk: FakeDesk, command: Parameters<FakeDesk["count"]>[0]): number => desk.count(command);
  test("scheduled replies refresh the counts, the rows and the conversation", async () => {
    const { desk } = await sending("32");
    const before = (["getOverview", "getConversation", "listConversations"] as const).map((one) => asks(desk, one));
    desk.tell({ kind: "scheduled", account: "1" });
    await settle();
    expect(
      (["getOverview", "getConversation", "listConversations"] as const).map(
        (one, at) => asks(desk, one) > (before[at] ?? 0),
      ),
    ).toEqual([true, true, true]);
  });
  test("posts are asked for again once somebody has looked at them", async () => {
    const { desk, app } = await sending("31");
    desk.tell({ kind: "posts", account: "1" });
    await settle();
    expect(desk.count("listPosts")).toBe(0);
    await app.posts.of("1").open();
    const before = desk.count("listPosts");
    desk.tell({ kind: "posts", account: "1" });
    await settle();
    expect(desk.count("listPosts")).toBeGreaterThan(before);
  });
});

describe("telling customers that they were read", () => {
  test("by hand, from the header's menu", async () => {
    const { desk } = await sending("31");
    screen.getByRole("button", { name: "More for this conversation" }).click();
    await settle();
    button(screen.getByRole("menu"), "Mark as read on TikTok").click();
    await settle();
    expect(desk.asked.findLast((one) => one.command === "markConversationRead")?.args).toEqual({ conversation: "31" });
    expect(screen.getByText("The customer now sees that you have read their messages")).toBeTruthy();
    desk.fail("markConversationRead", "offline");
    screen.getByRole("button", { name: "More for this conversation" }).click();
    await settle();
    button(screen.getByRole("menu"), "Mark as read on TikTok").click();
    await settle();
    expect(screen.getByRole("alert").textContent).toContain("TikTok cannot be reached.");
  });
});
