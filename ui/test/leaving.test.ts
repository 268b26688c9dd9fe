// Keys that must not land in a customer's draft, and slash words that must not go out.
import { screen } from "@testing-library/svelte";
import { describe, expect, test } from "vitest";

import type { FakeDesk } from "../dev/fake";
import { savedOf } from "../dev/savedReplies";
import { inboxScene } from "../dev/scene";
import { field, openPage, press, rowOf, settle, type } from "./world";

async function opened(id = "12", scene: (desk: FakeDesk) => void = inboxScene) {
  const page = await openPage(scene);
  rowOf(id)?.click();
  await settle();
  page.app.navigation.arrivedAt = -Infinity;
  return page;
}
const inField = (): boolean => document.activeElement === field();
const enter = async (more: KeyboardEventInit = {}): Promise<void> => {
  press(field(), "Enter", more);
  await settle();
};

describe("Escape", () => {
  test("leaves the composer although the list has become empty", async () => {
    const { desk, app } = await opened();
    for (const conversation of desk.conversations) conversation.row.waiting = conversation.row.id === "12";
    app.lists.invalidate();
    await settle();
    field().focus();
    type(field(), "On its way.");
    await enter();
    for (const conversation of desk.conversations) conversation.row.waiting = false;
    app.lists.invalidate();
    await settle();
    expect(app.inbox.list?.total).toBe(0);
    expect(inField()).toBe(true);
    press(field(), "Escape");
    await settle();
    expect(inField()).toBe(false);
    expect(document.activeElement).not.toBe(document.body);
    for (const key of ["e", "j"]) press(document.activeElement ?? document.body, key);
    await settle();
    expect(field().value).toBe("");
  });

  test("leaves it while words of a search stand out, and closes the slash list first", async () => {
    const { app } = await opened();
    if (app.thread) app.thread.words = "size";
    field().focus();
    type(field(), "/");
    await settle();
    press(field(), "Escape");
    await settle();
    expect(inField()).toBe(true);
    press(field(), "Escape");
    await settle();
    expect(inField()).toBe(false);
    expect(app.thread?.words).toBe("");
  });
});

describe("a slash word", () => {
  test("that nothing answers is not sent by the Enter that belongs to the list, nor by the next one", async () => {
    const { desk } = await opened();
    field().focus();
    type(field(), "/trx");
    await settle();
    const hint = document.querySelector("[data-choices] .hint")?.textContent ?? "";
    expect(hint).not.toContain("inserts");
    expect(hint).toContain("closes");
    await enter();
    expect(document.querySelector("[data-choices]")).toBeNull();
    await enter();
    expect(desk.count("sendReply")).toBe(0);
    expect(document.querySelector("[data-note=slash]")?.textContent).toContain("/trx");
    await enter();
    expect(desk.count("sendReply")).toBe(0);
    await enter({ ctrlKey: true, shiftKey: true });
    expect(desk.count("sendReply")).toBe(1);
    expect(document.querySelector("[data-note=slash]")).toBeNull();
  });

  test("is not sent by Ctrl and Enter over the list, by the button or later without being asked about", async () => {
    const { desk, app } = await opened();
    field().focus();
    type(field(), "Dear /trx");
    await settle();
    await enter({ ctrlKey: true });
    expect(desk.count("sendReply")).toBe(0);
    type(field(), "/x");
    await settle();
    screen.getByRole("button", { name: "Send" }).click();
    await settle();
    expect(desk.count("sendReply")).toBe(0);
    screen.getByRole("button", { name: /Send anyway/ }).click();
    await settle();
    expect(desk.count("sendReply")).toBe(1);
    type(field(), "／trx");
    await settle();
    press(field(), "Escape");
    await enter();
    expect(desk.count("sendReply")).toBe(1);
    app.commands.openTool.send("later");
    await settle();
    screen.getByRole("menuitem", { name: /In 1 hour/ }).click();
    await settle();
    expect(desk.count("scheduleReply")).toBe(0);
    expect(document.querySelector("[data-note=slash]")).not.toBeNull();
  });

  test("leaves no list behind when the draft is taken from under it", async () => {
    const { app } = await opened();
    field().focus();
    type(field(), "/");
    await settle();
    expect(document.querySelector("[data-choices]")).not.toBeNull();
    void app.drafts.send("12");
    await settle();
    expect(document.querySelector("[data-choices]")).toBeNull();
  });

  test("among other words, and numbers with a stroke, go out as ever", async () => {
    const { desk } = await opened();
    for (const text of ["1/2", "and/or", "Size 36/38 is back."]) {
      type(field(), text);
      await settle();
      await enter();
    }
    expect(desk.count("sendReply")).toBe(3);
  });
});

describe("a blank of a saved reply", () => {
  test("that is empty is asked about before it is inserted", async () => {
    const { desk } = await opened();
    field().focus();
    const [first] = savedOf(desk);
    if (first) Object.assign(first, { body: "Best, {{sign off}}", uses: 1_000 });
    type(field(), "/");
    await settle();
    await enter();
    const blank = document.querySelector<HTMLInputElement>("[data-blanks] input");
    expect(blank).not.toBeNull();
    press(blank!, "Enter");
    await settle();
    expect(document.querySelector("[data-blanks] [role=alert]")?.textContent).toContain("empty");
    expect(blank!.getAttribute("aria-invalid")).toBe("true");
    expect(field().value).toBe("/");
    type(blank!, "Mia");
    await settle();
    press(blank!, "Enter");
    await settle();
    expect(field().value).toContain("Best, Mia");
  });
});

describe("the palette", () => {
  test("offers what can stand after an operator", async () => {
    const { app, desk } = await opened();
    void desk;
    app.search.show();
    await settle();
    const input = document.querySelector<HTMLInputElement>("[data-palette] input")!;
    const options = (): string[] =>
      [...document.querySelectorAll("[data-palette] [role=option]")].map((one) => one.textContent?.trim() ?? "");
    for (const [typed, offered] of [
      ["tag:", "tag:"],
      ["has:", "has:photo"],
      ["from:", "from:me"],
      ["in:", "in:"],
    ] as const) {
      input.value = typed;
      input.setSelectionRange(typed.length, typed.length);
      input.dispatchEvent(new InputEvent("input", { bubbles: true }));
      await settle();
      expect(
        options().some((one) => one.startsWith(offered)),
        `${typed}: ${options().join(", ")}`,
      ).toBe(true);
    }
    press(input, "Enter");
    await settle();
    expect(input.value).toMatch(/^in:\S/);
  });
});

describe("the engine's menu", () => {
  test("comes where there is text to cut, copy or paste, and nowhere else", async () => {
    await opened();
    const asked = (on: Element | null): boolean =>
      on?.dispatchEvent(new MouseEvent("contextmenu", { bubbles: true, cancelable: true })) ?? true;
    expect(asked(rowOf("13"))).toBe(false);
    expect(asked(document.querySelector("button"))).toBe(false);
    expect(asked(document.body)).toBe(false);
    expect(asked(field())).toBe(true);
  });
});

describe("zoom", () => {
  test("is asked of the host, kept, and left to a browser", async () => {
    localStorage.removeItem("deskbell.zoom");
    const { app, desk } = await opened();
    const asked: number[] = [];
    expect(press(document.body, "+", { ctrlKey: true }).defaultPrevented).toBe(false);
    (desk as unknown as { zoom: (factor: number) => Promise<void> }).zoom = async (factor) => void asked.push(factor);
    for (const key of ["+", "=", "-"]) expect(press(field(), key, { ctrlKey: true }).defaultPrevented).toBe(true);
    app.navigation.sheet = true;
    press(document.body, "+", { ctrlKey: true });
    press(document.body, "0", { ctrlKey: true });
    expect(asked).toEqual([1.1, 1.25, 1.1, 1.25, 1]);
    for (const ctrlKey of [true, false])
      window.dispatchEvent(Object.assign(new Event("wheel", { cancelable: true }), { deltaY: -100, ctrlKey }));
    expect(asked.at(-1)).toBe(1.1);
    expect(localStorage.getItem("deskbell.zoom")).toBe("1.1");
    localStorage.removeItem("deskbell.zoom");
  });
});
