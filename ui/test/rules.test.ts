import { describe, expect, test } from "vitest";

import { length, MAX_REPLY_LENGTH, pressed, sendable } from "../src/features/composer/replyable";
import { check } from "../src/features/link/check";
import { chordName, keyOf, KEYS } from "../src/domain/keys";

const press = (key: string, more: Partial<KeyboardEvent> = {}) => ({
  key,
  shiftKey: false,
  ctrlKey: false,
  metaKey: false,
  altKey: false,
  isComposing: false,
  repeat: false,
  keyCode: 0,
  ...more,
});

describe("the composer's rules", () => {
  test("count code points", () => {
    expect(length("aé🙏")).toBe(3);
    expect(length("👩‍👩‍👧")).toBe(5);
    expect(length("\ud83d")).toBe(1);
  });
  test("refuse nothing visible and too much", () => {
    expect(sendable("")).toEqual({ ok: false, why: "empty" });
    expect(sendable(" \n\u200b\u2060\t")).toEqual({ ok: false, why: "empty" });
    expect(sendable("🙏".repeat(MAX_REPLY_LENGTH))).toEqual({ ok: true });
    expect(sendable("🙏".repeat(MAX_REPLY_LENGTH + 2))).toEqual({ ok: false, why: "tooLong", over: 2 });
  });
  test.each([
    ["enter", press("Enter"), "send"],
    ["enter", press("Enter", { shiftKey: true }), "none"],
    ["enter", press("Enter", { ctrlKey: true }), "send"],
    ["enter", press("Enter", { isComposing: true }), "none"],
    ["enter", press("Enter", { keyCode: 229 }), "none"],
    ["enter", press("Enter", { repeat: true }), "ignore"],
    ["enter", press("a"), "none"],
    ["ctrlEnter", press("Enter"), "none"],
    ["ctrlEnter", press("Enter", { ctrlKey: true }), "send"],
    ["ctrlEnter", press("Enter", { metaKey: true }), "send"],
  ] as const)("with %s, %o means %s", (setting, event, meaning) => expect(pressed(event, setting)).toBe(meaning));
});

describe("keys", () => {
  const on = (element: HTMLElement, key: string, more: KeyboardEventInit = {}): ReturnType<typeof keyOf> => {
    document.body.append(element);
    let found: ReturnType<typeof keyOf> = null;
    element.addEventListener("keydown", (event) => (found = keyOf(event, false)), { once: true });
    element.dispatchEvent(new KeyboardEvent("keydown", { key, bubbles: true, ...more }));
    return found;
  };
  const make = (name: string): HTMLElement => document.createElement(name);
  test("single letters never act while typing", () => {
    for (const key of ["j", "k", "e", "r", "Enter"]) {
      expect(on(make("textarea"), key)).toBeNull();
      expect(on(make("input"), key)).toBeNull();
      expect(on(make("div"), key)).not.toBeNull();
    }
  });
  test("the others act there too", () => {
    expect(on(make("textarea"), "ArrowDown", { altKey: true })).toBe("next");
    expect(on(make("textarea"), "/", { ctrlKey: true })).toBe("sheet");
    expect(on(make("textarea"), "Escape")).toBe("back");
    expect(on(make("textarea"), "F6", { shiftKey: true })).toBe("regionBack");
  });
  test("a chord with another modifier is another chord", () => {
    expect(on(make("div"), "e", { ctrlKey: true })).toBeNull();
    expect(on(make("div"), "j", { metaKey: true })).toBeNull();
    expect(on(make("div"), "E", { shiftKey: true })).toBeNull();
  });
  test("Enter stays with buttons", () => expect(on(make("button"), "Enter")).toBeNull());
  test("nothing acts while an input method composes", () =>
    expect(on(make("div"), "j", { isComposing: true })).toBeNull());
  test("no two keys share a chord", () => {
    const all = Object.values(KEYS)
      .flat()
      .map((chord) => JSON.stringify(chord));
    expect(new Set(all).size).toBe(all.length);
  });
  test("have names as printed on them", () => {
    expect(chordName({ key: "ArrowDown", alt: true }, false)).toBe("Alt ↓");
    expect(chordName({ key: "/", mod: true }, true)).toBe("⌘/");
  });
});

describe("credentials", () => {
  const full = {
    businessAppId: "7421",
    businessSecret: "s",
    businessRedirectUri: "https://shop.example/tiktok",
    loginClientKey: "",
    loginClientSecret: "",
    mayListPosts: false,
  };
  const nothing = { businessAppId: null, loginClientKey: null };
  test("that are complete have nothing wrong", () => expect(check(full, nothing)).toEqual({}));
  test("may leave out a secret that is saved, but not for another app", () => {
    expect(check({ ...full, businessSecret: "" }, { ...nothing, businessAppId: "7421" })).toEqual({});
    expect(Object.keys(check({ ...full, businessSecret: "" }, { ...nothing, businessAppId: "1" }))).toEqual([
      "businessSecret",
    ]);
  });
  test.each(["http://shop.example", "shop.example", "https://shop.example/?a=1", "https://shop.example/#x", ""])(
    "do not take %s as redirect address",
    (businessRedirectUri) => {
      expect(check({ ...full, businessRedirectUri }, nothing).businessRedirectUri).toBeTruthy();
    },
  );
  test("want both of Login Kit's or none", () => {
    expect(Object.keys(check({ ...full, loginClientKey: "aw1" }, nothing))).toEqual(["loginClientSecret"]);
    expect(Object.keys(check({ ...full, loginClientSecret: "s" }, nothing))).toEqual(["loginClientKey"]);
  });
});
