// The guards of sending, and the ways back.
import { screen } from "@testing-library/svelte";
import { afterEach, describe, expect, test, vi } from "vitest";

import { quoteOf } from "../dev/composing";
import type { MessageView } from "../src/ipc/bindings";
import { mergeDraft } from "../src/domain/mergeDraft";
import { Drafts } from "../src/state/drafts";
import { colleague, replyable } from "../src/features/composer/replyable";
import { budgetLook } from "../src/features/composer/budget";
import { bubbles, fakeDesk, field, openPage, press, rowOf, settle, type } from "./world";

afterEach(() => vi.useRealTimers());

async function opened(id = "12") {
  const page = await openPage();
  rowOf(id)?.click();
  await settle();
  page.app.navigation.arrivedAt = -Infinity;
  return page;
}
const lastSend = (desk: Awaited<ReturnType<typeof opened>>["desk"]) =>
  desk.asked.findLast((one) => one.command === "sendReply")?.args as {
    key: string;
    seen: string;
    anyway: boolean;
    quoted: string | null;
    attachment: string | null;
    body: string;
  };
const byPhone = (atMs: number): MessageView => ({
  id: "900",
  direction: "out",
  sentAtMs: atMs,
  surface: "phone",
  auto: null,
  content: { type: "text", body: "Hi, Ana here" },
  post: null,
  quoted: null,
  delivery: { state: "sent" },
  reactions: [],
  rule: null,
  firings: [],
  marks: [],
});
const shot = (): File => new File(["x"], "a.png", { type: "image/png" });

describe("the wrong recipient", () => {
  test("is guarded for half a second after coming to another conversation", async () => {
    const { desk, app } = await opened("11");
    vi.useFakeTimers();
    rowOf("12")?.click();
    await settle();
    type(field(), "meant for Nadia");
    await vi.advanceTimersByTimeAsync(400);
    press(field(), "Enter");
    await settle();
    expect(desk.count("sendReply")).toBe(0);
    expect(document.getElementById("composer-why")?.textContent).toContain(
      "You have just come to 오지훈. Press Enter again to send.",
    );
    expect(field().value).toBe("meant for Nadia");
    await vi.advanceTimersByTimeAsync(100);
    press(field(), "Enter");
    await settle();
    expect(desk.count("sendReply")).toBe(1);
    expect(app.navigation.conversation).toBe("12");
  });
  test("coming back to the same conversation from the settings is no change", async () => {
    const { desk, app } = await opened("12");
    type(field(), "for twelve");
    app.navigation.go("settings");
    await settle();
    app.navigation.go("inbox");
    await settle();
    press(field(), "Enter");
    await settle();
    expect(desk.count("sendReply")).toBe(1);
  });
});

describe("a colleague's reply", () => {
  test("in between stops the send, clears nothing, and can be overruled", async () => {
    const { desk } = await opened();
    type(field(), "My answer");
    await settle();
    const seen = bubbles().at(-1)?.dataset["message"];
    desk.of("12").messages.push(byPhone(Date.now()));
    press(field(), "Enter");
    await settle();
    expect(lastSend(desk)).toMatchObject({ seen, anyway: false });
    expect(field().value).toBe("My answer");
    expect(screen.getByText("A colleague has answered since. Look first.")).toBeTruthy();
    expect(bubbles().at(-1)?.textContent).toContain("Ana here");
    const first = lastSend(desk).key;
    screen.getByRole("button", { name: "Send anyway" }).click();
    await settle();
    expect(lastSend(desk)).toMatchObject({ anyway: true, body: "My answer" });
    expect(lastSend(desk).key).not.toBe(first);
    expect(field().value).toBe("");
    expect(screen.queryByText("A colleague has answered since. Look first.")).toBeNull();
  });
  test("just now is said while there is text", async () => {
    const { desk } = await opened();
    desk.of("12").messages.push(byPhone(Date.now() - 20_000));
    desk.tell({ kind: "conversation", conversation: "12" });
    await settle();
    expect(document.querySelector("[data-note=ago]")).toBeNull();
    type(field(), "Hello");
    await settle();
    expect(document.querySelector("[data-note=ago]")?.textContent).toMatch(/A colleague answered (19|20|21) s ago/);
  });
  test.each([
    [{}, 20_000, "20 s"],
    [{ surface: "web" }, 90_000, "1 min"],
    [{}, 120_000, null],
    [{ surface: "deskbell" }, 1000, null],
    [{ auto: "welcome" }, 1000, null],
    [{ direction: "in" }, 1000, null],
  ] as const)("%o after %d ms is %s", (more, past, words) =>
    expect(colleague({ ...byPhone(0), ...more }, past)).toBe(words),
  );
});

describe("undo", () => {
  test("brings text, quote and picture back, with the caret at the end", async () => {
    const { desk, app } = await opened();
    const quoted = desk.of("12").messages[0];
    if (!quoted) throw new Error("no message");
    await app.drafts.attach("12", shot());
    app.drafts.quote("12", quoteOf(quoted));
    type(field(), "Yes, we can!");
    await settle();
    press(field(), "Enter");
    await settle();
    expect(lastSend(desk)).toMatchObject({ quoted: quoted.id, attachment: expect.stringMatching(/^photo/) });
    expect(desk.of("12").messages).toHaveLength(3);
    expect([field().value, document.querySelector("[data-quote]"), document.querySelector("[data-picture]")]).toEqual([
      "",
      null,
      null,
    ]);
    expect(document.querySelector("[data-held]")?.textContent).toMatch(/Sends in [45] s · Undo/);
    press(field(), "z", { ctrlKey: true });
    await settle();
    expect(desk.asked.findLast((one) => one.command === "undoSend")?.args).toEqual({
      messages: expect.arrayContaining([expect.any(String), expect.any(String)]),
    });
    expect(desk.of("12").messages).toHaveLength(1);
    expect(field().value).toBe("Yes, we can!");
    expect(field().selectionStart).toBe("Yes, we can!".length);
    expect(document.querySelector("[data-quote]")).not.toBeNull();
    expect(document.querySelector("[data-picture]")).not.toBeNull();
    expect(document.querySelector("[data-held]")).toBeNull();
  });
  test("leaves Ctrl+Z to the field while there is text in it", async () => {
    const { desk } = await opened();
    type(field(), "one");
    press(field(), "Enter");
    await settle();
    type(field(), "two");
    expect(press(field(), "z", { ctrlKey: true }).defaultPrevented).toBe(false);
    await settle();
    expect(desk.count("undoSend")).toBe(0);
  });
  test("keeps what was typed meanwhile", async () => {
    const { desk, app } = await opened();
    type(field(), "one");
    press(field(), "Enter");
    await settle();
    type(field(), "two");
    const release = desk.hold("undoSend");
    const undone = app.sends.undo("12");
    await settle();
    type(field(), "two and three");
    release();
    await undone;
    await settle();
    expect(field().value).toBe("one\ntwo and three");
    await settle();
    expect(desk.of("12").draft).toBe("one\ntwo and three");
  });
  test("says so when it is too late", async () => {
    const { desk, app } = await opened();
    type(field(), "one");
    press(field(), "Enter");
    await settle();
    desk.fail("undoSend", "wrongState");
    expect(await app.sends.undo("12")).toBe(false);
    await settle();
    expect(app.toasts.shown.at(-1)?.tone).toBe("bad");
  });
  test.each([
    ["a", "", "", "a"],
    ["a\nb", "b", "b", "a\nb"],
    ["a\nb", "b", "bc", "a\nbc"],
    ["b\na", "b", "bc", "bc\na"],
    ["a", "", "x", "a\nx"],
    ["b", "b", "bc", "bc"],
    ["a\nb", "b", "", "a"],
  ])("the desk's %j over %j with %j typed is %j", (theirs, before, typed, all) =>
    expect(mergeDraft(theirs, before, typed)).toBe(all),
  );
});

describe("a draft", () => {
  test("keeps quote and picture with its own conversation", async () => {
    const { desk, app } = await opened("12");
    const quoted = desk.of("12").messages[0];
    if (!quoted) throw new Error("no message");
    const release = desk.hold("attach");
    void app.drafts.attach("12", shot());
    app.drafts.quote("12", quoteOf(quoted));
    rowOf("13")?.click();
    await settle();
    release();
    await settle();
    expect([document.querySelector("[data-quote]"), document.querySelector("[data-picture]")]).toEqual([null, null]);
    expect(app.drafts.attachment("13")).toBeNull();
    expect(desk.asked.findLast((one) => one.command === "saveDraft")?.args).toEqual({
      conversation: "12",
      body: "",
      quoted: quoted.id,
    });
    rowOf("12")?.click();
    await settle();
    expect(document.querySelector("[data-quote]")).not.toBeNull();
    expect(document.querySelector("[data-picture]")).not.toBeNull();
  });
  test("has everything back when it cannot be sent, and the same press never goes out twice", async () => {
    const { desk, app } = await opened();
    await app.drafts.attach("12", shot());
    type(field(), "Look");
    desk.fail("sendReply", "unexpected");
    press(field(), "Enter");
    await settle();
    expect(field().value).toBe("Look");
    expect(app.drafts.attachment("12")?.key).toMatch(/^photo/);
    const key = lastSend(desk).key;
    press(field(), "Enter");
    await settle();
    expect(lastSend(desk).key).toBe(key);
  });
  test("with a quote and a picture needs a text", async () => {
    expect(replyable({ text: "", quoted: true, picture: true, attaching: false })).toEqual({ ok: false, why: "quote" });
    expect(replyable({ text: " ", quoted: false, picture: true, attaching: false })).toEqual({ ok: true });
    expect(replyable({ text: "a", quoted: true, picture: true, attaching: false })).toEqual({ ok: true });
    expect(replyable({ text: "a", quoted: false, picture: false, attaching: true })).toEqual({
      ok: false,
      why: "attaching",
    });
    expect(replyable({ text: "", quoted: false, picture: false, attaching: false })).toEqual({
      ok: false,
      why: "empty",
    });
  });
  test("is not written over before the desk's is known", async () => {
    const desk = fakeDesk();
    const drafts = new Drafts();
    const quoted = { id: "1", from: "in", snippet: null } as const;
    drafts.quote("11", quoted);
    await settle();
    expect(desk.count("saveDraft")).toBe(0);
    drafts.settle("11", { body: "kept", quoted: null, attachment: null }, 0);
    await settle();
    expect(drafts.text("11")).toBe("kept");
    expect(desk.asked.at(-1)).toEqual({
      command: "saveDraft",
      args: { conversation: "11", body: "kept", quoted: "1" },
    });
  });
  test("of a hundred thousand characters is kept whole", async () => {
    const { desk } = await opened();
    type(field(), "x".repeat(100_000));
    await settle();
    expect(document.getElementById("composer-why")?.textContent).toContain("94,000 characters too many");
    press(field(), "Enter");
    await settle();
    expect(desk.count("sendReply")).toBe(0);
    expect(field().value).toHaveLength(100_000);
  });
});

describe("the customer sees typing", () => {
  test("at most every five seconds, and only if the agent wants it", async () => {
    const { desk, app } = await opened();
    vi.useFakeTimers();
    for (const text of ["h", "he", "hel"]) type(field(), text);
    expect(desk.count("sendTypingIndicator")).toBe(1);
    await vi.advanceTimersByTimeAsync(4_999);
    type(field(), "hell");
    expect(desk.count("sendTypingIndicator")).toBe(1);
    await vi.advanceTimersByTimeAsync(1);
    type(field(), "hello");
    expect(desk.count("sendTypingIndicator")).toBe(2);
    await app.shell.changeSettings({ typing: false });
    await vi.advanceTimersByTimeAsync(6_000);
    type(field(), "hello!");
    expect(desk.count("sendTypingIndicator")).toBe(2);
  });
  test("not for an emptied field", async () => {
    const { desk } = await opened();
    type(field(), " ");
    type(field(), "");
    expect(desk.count("sendTypingIndicator")).toBe(0);
  });
});

describe("the budget", () => {
  test.each([
    [9, 1, "plenty", "9 of 10 replies left until the customer answers"],
    [3, 1, "low", "3 of 10 replies left until the customer answers"],
    [9, 2, "plenty", "This uses 2 of the 9 replies left"],
    [1, 2, "low", "This uses 2 replies, 1 is left"],
    [0, 1, "spent", "All 10 replies are used until the customer answers. TikTok will probably refuse."],
  ])("%d left, %d needed: %s", (left, uses, tone, words) =>
    expect(budgetLook({ left, lateLeft: 3, engaged: false }, uses)).toEqual({ tone, words }),
  );
  test("stands beside the window and never blocks", async () => {
    const { desk } = await openPage().then(async (page) => {
      const { budget } = page.desk.of("12").row;
      if (budget) budget.left = 0;
      rowOf("12")?.click();
      await settle();
      page.app.navigation.arrivedAt = -Infinity;
      return page;
    });
    expect(document.querySelector("[data-budget=spent]")?.textContent).toContain("All 10 replies are used");
    type(field(), "anyway");
    press(field(), "Enter");
    await settle();
    expect(desk.count("sendReply")).toBe(1);
  });
});
