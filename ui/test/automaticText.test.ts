import { describe, expect, test } from "vitest";

import { changesBetween, likenessOf } from "../src/domain/autoMessageVersions";
import { asSent, LIMITS, problemOf, sharesTitle } from "../src/domain/autoMessageText";
import { wordDiff } from "../src/domain/wordDiff";

const KINDS = ["welcomeMessage", "suggestedQuestion", "chatPrompt"] as const;
const text = (title: string, body: string) => ({ title, body });
const before = (a: string, b: string): string =>
  wordDiff(a, b)
    .filter((one) => one.in !== "after")
    .map((one) => one.text)
    .join("");
const after = (a: string, b: string): string =>
  wordDiff(a, b)
    .filter((one) => one.in !== "before")
    .map((one) => one.text)
    .join("");

describe("an automatic message", () => {
  test.each([
    ["a", 1],
    ["👨‍👩‍👧‍👦", 7],
    ["🇹🇭", 2],
    ["بّ", 2],
    ["送", 1],
  ] as const)("is counted in characters as TikTok counts them: %s", (unit, characters) => {
    for (const kind of KINDS) {
      const title = LIMITS[kind].title > 0 ? "t" : "";
      const fits = Math.floor(LIMITS[kind].body / characters);
      expect(problemOf(kind, text(title, unit.repeat(fits)), [], null)).toBe(null);
      expect(problemOf(kind, text(title, unit.repeat(fits + 1)), [], null)).toEqual({
        why: "bodyTooLong",
        over: (fits + 1) * characters - LIMITS[kind].body,
      });
      expect(problemOf(kind, text(unit.repeat(LIMITS[kind].title + 1), "b"), [], null)).toEqual({
        why: "titleTooLong",
        over: (LIMITS[kind].title + 1) * characters - LIMITS[kind].title,
      });
    }
  });
  test("has a title on one line and a body that may have several", () => {
    expect(asSent(text(" How\nlong?\u3000", " Two\r\nto four\u00a0"))).toEqual(text("How long?", "Two\nto four"));
    expect(problemOf("suggestedQuestion", text(" \n ", "x"), [], null)?.why).toBe("noTitle");
    expect(problemOf("chatPrompt", text("x", " \0 "), [], null)?.why).toBe("noBody");
    expect(problemOf("welcomeMessage", text("", "x"), [], null)).toBe(null);
  });
  test("is not sent twice, and not sent unchanged", () => {
    const there = text("How long?", "Two days");
    expect(problemOf("suggestedQuestion", text(" How  long?", "Two days "), [there], null)?.why).toBe("duplicate");
    expect(problemOf("suggestedQuestion", text("How long?", "Three days"), [there], null)?.why).toBe("duplicate");
    expect(problemOf("suggestedQuestion", text("how long?", "Two days"), [there], null)).toBe(null);
    expect(problemOf("suggestedQuestion", there, [], there)?.why).toBe("unchanged");
    expect(sharesTitle(text("how long?", "Three days"), [there])).toBe(true);
    expect(sharesTitle(text("", "x"), [text("", "y")])).toBe(false);
  });
});

describe("a comparison word by word", () => {
  test("marks what went and what came and nothing else", () => {
    expect(wordDiff("We answer on weekdays from 9", "We answer every day from 9")).toEqual([
      { text: "We answer ", in: "both" },
      { text: "on weekdays", in: "before" },
      { text: "every day", in: "after" },
      { text: " from 9", in: "both" },
    ]);
    expect(wordDiff("same", "same")).toEqual([{ text: "same", in: "both" }]);
    expect(wordDiff("", "all new")).toEqual([{ text: "all new", in: "after" }]);
    expect(wordDiff("gone", "")).toEqual([{ text: "gone", in: "before" }]);
  });
  test("finds the words of scripts that have no spaces", () => {
    const parts = wordDiff("เปิดทุกวันเก้าโมง", "เปิดทุกวันสิบโมง");
    expect(parts[0]?.in).toBe("both");
    expect(parts.length).toBeGreaterThan(2);
  });
  test("loses no character of either text, whatever they are", () => {
    const some = [
      "",
      " ",
      "a b",
      "b  a",
      "a\n\nb",
      "👨‍👩‍👧‍👦 x",
      "x 👨‍👩‍👧‍👦",
      "مرحبا بكم",
      "بكم مرحبا",
      "a a a b a",
      "b a a",
      "送料 無料",
      "  lead",
      "trail  ",
    ];
    for (const a of some) for (const b of some) expect([before(a, b), after(a, b)]).toEqual([a, b]);
  });
});

describe("an earlier state", () => {
  const long = text("How long?", "Two days");
  const stock = text("In stock?", "Yes");
  test("says which messages come back, go, and change", () => {
    const changes = changesBetween([text("How long?", "A week"), stock], [text("Returns?", "30 days"), long]);
    expect(changes.map((one) => one.what)).toEqual(["before", "changes", "after"]);
    expect(changes[1]?.body).toEqual([
      { text: "A week", in: "before" },
      { text: "Two days", in: "after" },
    ]);
  });
  test("pairs the same text first, so that a double title changes nothing that is the same", () => {
    const other = text("How long?", "A week");
    expect(changesBetween([other, long], [long]).map((one) => one.what)).toEqual(["both", "after"]);
  });
  test("may differ in nothing, or in its order only", () => {
    expect(likenessOf([long, stock], [long, stock])).toBe("same");
    expect(likenessOf([long, stock], [stock, long])).toBe("order");
    expect(likenessOf([long], [long, stock])).toBe("different");
    expect(likenessOf([], [])).toBe("same");
  });
});
