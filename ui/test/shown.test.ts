import { describe, expect, test } from "vitest";

import names from "../../tests/fixtures/names.json";

import { wordDiff } from "../src/domain/wordDiff";
import { clampedParts, parts } from "../src/text/marked";
import {
  clamped,
  cleanName,
  initials,
  MAX_NAME_LENGTH,
  nameOf,
  sanitize,
  sanitizedName,
  snippetText,
} from "../src/text/sanitize";

describe("customers' text", () => {
  test("loses NUL and control characters but keeps lines and tabs", () => {
    expect(sanitize("a\u0000b\u0007c\u001B[31m\td\r\ne\u009F")).toBe("abc[31m\td\ne");
  });
  test.each(["\r", "\r\n", "\v", "\f", "\u0085", "\u2028", "\u2029"])("breaks its line at %j", (end) =>
    expect(sanitize(`a${end}b`)).toBe("a\nb"),
  );
  test("keeps at most four marks on a letter", () => {
    expect(sanitize("Z" + "\u0301".repeat(50) + "a")).toBe("Z" + "\u0301".repeat(4) + "a");
  });
  test("keeps emoji, joiners and scripts as they are", () => {
    const text = "👩‍👩‍👧 می‌خواهم Thảo हिन्दी 🏳️‍🌈";
    expect(sanitize(text)).toBe(text);
  });
  test("is cut by characters, never in half an emoji", () => {
    const cut = clamped("🙏".repeat(10), 4);
    expect(cut).toEqual({ text: "🙏🙏🙏🙏", hidden: 6 });
    expect(clamped("🙏".repeat(4), 4).hidden).toBe(0);
    expect(clamped("x".repeat(1_000_000)).hidden).toBe(996_000);
  });
});

describe("names, as the desk reads them too", () => {
  test.each(names)("$why", ({ name, shown, clean }) => {
    expect(sanitizedName(name)).toBe(shown);
    expect(cleanName(name)).toBe(clean);
  });
});

describe("names", () => {
  test("draw something, whatever they are made of", () => {
    for (const { name } of names)
      expect(nameOf({ name, handle: null })).toMatch(/[\p{L}\p{N}\p{Extended_Pictographic}]/u);
    expect(nameOf({ name: "\u3164", handle: "nadia" })).toBe("@nadia");
    expect(nameOf({ name: "\u3164", handle: "\u2800" })).toBe("‹U+3164›");
  });
  test("are cut however long they are", () => {
    for (const long of [
      "x",
      "\u200B",
      "\u0301",
      "\u200D",
      "क\u200D",
      "👩\u200D",
      " ",
      "\u{E0041}",
      "\u{1F3F4}\u{E0061}",
      "\uD83D",
    ]) {
      // Half a minute each when it was quadratic: the test's own time would be over.
      const name = nameOf({ name: long.repeat(110_000), handle: null });
      expect([...name].length).toBeLessThanOrEqual(MAX_NAME_LENGTH * 10);
    }
  });
  test("show what would turn them around", () => {
    expect(sanitizedName("invoice\u202Egnp.exe")).toBe("invoice‹RLO›gnp.exe");
    expect(sanitizedName("a\u2066b\u2069\u200Bc")).toBe("a‹LRI›b‹PDI›‹ZWSP›c");
  });
  test("keep joiners that belong to emoji and to spelling, and show the others", () => {
    expect(sanitizedName("👩‍👩‍👧")).toBe("👩‍👩‍👧");
    expect(sanitizedName("می‌خواهم")).toBe("می‌خواهم");
    expect(sanitizedName("\u200DBob")).toBe("‹ZWJ›Bob");
  });
  test("stand on one line", () => expect(sanitizedName(" a\n\n b ")).toBe("a b"));
  test("fall back to the handle, then to a word", () => {
    expect(nameOf({ name: "", handle: "nadia" })).toBe("@nadia");
    expect(nameOf({ name: "\u0000", handle: null })).toBe("TikTok user");
  });
});

test.each([
  ["Nadia Rahman", "NR"],
  ["오지훈", "오"],
  ["سارة العلي", "س"],
  ["Oluwaseun A.", "OA"],
  ["@nadia.rahman", "NR"],
  ["🔥 fire", "🔥"],
  ["", ""],
])("the letters of %s are %s", (name, letters) => expect(initials(name)).toBe(letters));

test("a text of a megabyte is drawn, searched in and compared without waiting for it", () => {
  for (const one of ["x", "\u200B", "🙏", "\u0301", "a ", "\n", "\uD83D"]) {
    const body = one.repeat(1_000_000 / one.length);
    expect(clamped(sanitize(body)).text.length).toBeLessThanOrEqual(8_000);
    expect(snippetText({ kind: "text", text: body.slice(0, 160) })).toBeTypeOf("string");
    const cut = clampedParts(
      parts(body, [
        { start: 10, len: 5 },
        { start: 500_000, len: 3 },
      ]),
      4_000,
    );
    expect(cut.parts.length).toBeGreaterThan(0);
    expect(wordDiff(body.slice(0, 100_000), `${body.slice(0, 100_000)}!`).length).toBeGreaterThan(0);
  }
}, 30_000);
