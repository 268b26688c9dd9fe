import { describe, expect, test } from "vitest";

import { completions } from "../src/features/palette/completion";
import { clampedParts, marksWithin, parts } from "../src/text/marked";

const told = (text: string, marks: [number, number][], line = false): string =>
  parts(
    text,
    marks.map(([start, len]) => ({ start, len })),
    line,
  )
    .map((part) => (part.on ? `[${part.text}]` : part.text))
    .join("");

describe("what stands out in a text", () => {
  test("is cut where the desk says, in order and once", () => {
    expect(told("the linen bag", [[4, 5]])).toBe("the [linen] bag");
    expect(
      told("linen, linen", [
        [7, 5],
        [0, 5],
      ]),
    ).toBe("[linen], [linen]");
    expect(
      told("abcdef", [
        [1, 3],
        [2, 3],
      ]),
    ).toBe("a[bcde]f");
    expect(told("abc", [])).toBe("abc");
  });
  test("never goes beyond the text", () => {
    expect(
      told("abc", [
        [1, 99],
        [50, 2],
        [-1, 2],
        [0, 0],
      ]),
    ).toBe("a[bc]");
  });
  test("is widened to whole letters", () => {
    expect(told("a👩‍👩‍👧b", [[1, 2]])).toBe("a[👩‍👩‍👧]b");
    expect(told("cafe\u0301 noir", [[0, 4]])).toBe("[cafe\u0301] noir");
  });
  test("is as safe to look at as the rest", () => {
    expect(told("a\u0000linen\u0007b", [[2, 5]])).toBe("a[linen]b");
    expect(told("to\u202Eda  y", [[0, 2]], true)).toBe("[to]‹RLO›da y");
    expect(told("one two", [[4, 3]], true)).toBe("one [two]");
  });
  test("is cut anew for a part of the text", () => {
    const all = [
      { start: 1, len: 3 },
      { start: 6, len: 2 },
    ];
    expect(marksWithin(all, 0, 3)).toEqual([{ start: 1, len: 2 }]);
    expect(marksWithin(all, 3, 5)).toEqual([
      { start: 0, len: 1 },
      { start: 3, len: 2 },
    ]);
    expect(marksWithin(all, 4, 2)).toEqual([]);
  });
  test("is not hidden behind “Show more”", () => {
    const all = parts("x".repeat(50) + "linen" + "y".repeat(50), [{ start: 50, len: 5 }]);
    const { parts: shown, hidden } = clampedParts(all, 20);
    expect(shown.map((part) => part.text).join("")).toBe("x".repeat(50) + "linen");
    expect(hidden).toBe(50);
    expect(clampedParts(all, 60)).toMatchObject({ hidden: 45 });
    expect(clampedParts(all, 1000).hidden).toBe(0);
  });
});

describe("completing operators", () => {
  const person = (name: string) => ({
    conversation: "1",
    account: "1",
    marks: [],
    person: { id: "1", name, handle: null, hue: 1, avatar: null, isFollower: null, firstContactMs: null },
  });
  const known = {
    results: {
      people: [person("Nadia Rahman"), person("Ines Duarte"), person("Thảo")],
      messages: [],
      more: false,
      resume: null,
      problems: [],
      searched: 1,
      rebuilding: false,
    },
    tags: [
      { tag: { id: "1", name: "Size M", hue: 1 }, people: 2 },
      { tag: { id: "2", name: "Refund", hue: 1 }, people: 1 },
    ],
    today: "2026-11-22",
  };
  const after = (text: string, caret = text.length): string[] => completions(text, caret, known).map((one) => one.text);

  test("offers the operators that begin like the word", () => {
    expect(after("linen fr")).toEqual(["linen from:"]);
    expect(after("-ha")).toEqual(["-has:"]);
    expect(after("be")).toEqual(["before:"]);
    expect(after("x")).toEqual([]);
    expect(after("linen")).toEqual([]);
  });
  test("offers what there is after each", () => {
    expect(after("has:")).toEqual(["has:photo ", "has:video ", "has:post ", "has:sticker ", "has:card ", "has:link "]);
    expect(after("has:v")).toEqual(["has:video "]);
    expect(after("tag:si")).toEqual(['tag:"Size M" ']);
    expect(after("on:")).toEqual(["on:2026-11-22 "]);
  });
  test("offers people by any word of their name, in quotes if they need them, and us", () => {
    expect(after("from:ra")).toEqual(['from:"Nadia Rahman" ']);
    expect(after("in:thao")).toEqual(["in:Thảo "]);
    expect(after("from:m")).toEqual(["from:me "]);
    expect(after('from:"nadia r')).toEqual(['from:"Nadia Rahman" ']);
  });
  test("works in the middle of what is typed", () => {
    const [one] = completions("has:vi linen", 6, known);
    expect(one).toMatchObject({ text: "has:video linen", caret: 9 });
  });
});
