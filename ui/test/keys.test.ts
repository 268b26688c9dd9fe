// Keys on every layout, and what belongs to an input method.
import { screen } from "@testing-library/svelte";
import { describe, expect, test } from "vitest";

import { isForInputMethod, keyName, keyOf } from "../src/domain/keys";
import { field, openPage, press, rowOf, settle, type } from "./world";

const event = (key: string, code: string, more: KeyboardEventInit = {}): KeyboardEvent =>
  new KeyboardEvent("keydown", { key, code, ...more });
const ctrl = { ctrlKey: true };

describe("a key on a layout that has no Latin letters", () => {
  test.each([
    ["Russian", "л", "KeyK", "search"],
    ["Greek", "κ", "KeyK", "search"],
    ["Thai", "า", "KeyK", "search"],
    ["Arabic", "ن", "KeyK", "search"],
    ["Hebrew", "ל", "KeyK", "search"],
    ["Korean", "ㅏ", "KeyK", "search"],
    ["Russian", "а", "KeyF", "find"],
    ["Russian", "б", "Comma", "settings"],
    ["Arabic", "ظ", "Slash", "sheet"],
    ["Thai", "ฝ", "Slash", "sheet"],
    ["Russian", ".", "Slash", "sheet"],
    ["Thai", "จ", "Digit0", "zoomReset"],
    ["Persian", "۰", "Digit0", "zoomReset"],
  ])("%s %s on %s with Ctrl is %s", (_, key, code, id) => {
    expect(keyOf(event(key, code, ctrl), false)).toBe(id);
  });

  test.each([
    ["Russian", "о", "KeyJ", "next"],
    ["Thai", "่", "KeyJ", "next"],
    ["Arabic", "لا", "KeyB", null],
    ["Hebrew", "ק", "KeyE", "done"],
    ["Korean", "ㄷ", "KeyE", "done"],
    ["Greek, CapsLock", "Ε", "KeyE", "done"],
  ])("%s %s on %s alone is %s", (_, key, code, id) => {
    expect(keyOf(event(key, code), false)).toBe(id);
  });
});

describe("a key on a Latin layout", () => {
  test.each([
    ["the letter counts, not its place: German z", "z", "KeyY", ctrl, "z"],
    ["Dvorak", "e", "KeyD", {}, "e"],
    ["CapsLock", "E", "KeyE", {}, "e"],
    ["a letter of its own where E is elsewhere: Turkish F", "ğ", "KeyE", {}, "ğ"],
    ["French 0 without Shift", "à", "Digit0", ctrl, "0"],
    ["AltGr and E", "€", "KeyE", {}, "€"],
    ["AltGr and M", "µ", "KeyM", {}, "µ"],
    ["a dead key", "Dead", "KeyE", {}, "Dead"],
    ["a named key", "Enter", "Enter", {}, "Enter"],
    ["the number pad without NumLock, where Ctrl and Insert copy", "Insert", "Numpad0", ctrl, "Insert"],
  ] as const)("%s", (_, key, code, more, name) => {
    expect(keyName(event(key, code, more))).toBe(name);
  });

  test("a slash that needs Shift, and AltGr, which is not Ctrl and Alt", () => {
    expect(keyOf(event("/", "Digit7", { ctrlKey: true, shiftKey: true }), false)).toBe("sheet");
    const altGr = event("e", "KeyE", { ctrlKey: true, altKey: true, modifierAltGraph: true });
    expect(keyOf(altGr, false)).toBeNull();
  });

  test.each([
    ["+", "Equal", true],
    ["=", "Equal", false],
    ["+", "BracketRight", false],
    ["+", "NumpadAdd", false],
  ])("Ctrl %s zooms in (%s)", (key, code, shiftKey) => {
    expect(keyOf(event(key, code, { ctrlKey: true, shiftKey }), false)).toBe("zoomIn");
  });
  test.each([
    ["-", "Minus"],
    ["-", "Slash"],
    ["-", "NumpadSubtract"],
    ["ข", "Minus"],
  ])("Ctrl %s zooms out (%s)", (key, code) => {
    expect(keyOf(event(key, code, ctrl), false)).toBe("zoomOut");
  });
  test("no chord is one that GTK or an input method takes", () => {
    expect(keyOf(event("U", "KeyU", { ctrlKey: true, shiftKey: true }), false)).toBeNull();
    expect(keyOf(event("A", "KeyA", { ctrlKey: true, shiftKey: true }), false)).toBe("image");
  });
});

describe("an input method", () => {
  const late = { keyCode: 229 } as KeyboardEventInit;

  test("has Enter while it composes, and the one that ends it", () => {
    expect(isForInputMethod(event("Enter", "Enter", { isComposing: true }))).toBe(true);
    expect(isForInputMethod(event("Enter", "Enter", late))).toBe(true);
    expect(isForInputMethod(event("Enter", "Enter"))).toBe(false);
  });

  test("keeps its keys from the composer, the slash list and the fields for tags and assigning", async () => {
    const { desk, app } = await openPage();
    rowOf("12")?.click();
    await settle();
    app.navigation.arrivedAt = -Infinity;
    type(field(), "사이즈");
    press(field(), "Enter", late);
    await settle();
    expect(desk.count("sendReply")).toBe(0);

    type(field(), "/");
    await settle();
    expect(document.querySelector("[data-choices]")).not.toBeNull();
    for (const key of ["Enter", "Escape", "Tab"]) press(field(), key, late);
    await settle();
    expect(document.querySelector("[data-choices]")).not.toBeNull();
    expect(field().value).toBe("/");
    press(field(), "Escape");
    type(field(), "");

    app.beginTag();
    await settle();
    const tag = document.querySelector<HTMLInputElement>("[data-tag-field]") as HTMLInputElement;
    type(tag, "한국");
    press(tag, "Enter", late);
    press(tag, "Backspace", late);
    press(tag, "Escape", late);
    await settle();
    expect(desk.count("addTag") + desk.count("removeTag")).toBe(0);
    expect(document.querySelector("[data-tag-field]")).not.toBeNull();
    press(tag, "Escape");
    press(tag, "Escape");
    await settle();
    field().focus();

    app.navigation.triaging = "assign";
    await settle();
    const assign = screen.getByRole("dialog").querySelector("input") as HTMLInputElement;
    type(assign, "민지");
    press(assign, "Enter", late);
    await settle();
    expect(desk.count("saveAgent") + desk.count("assignConversation")).toBe(0);
  });
});
