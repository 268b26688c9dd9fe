import { describe, expect, test } from "vitest";

import { ago, countdown, dayName, daysBetween, lookOf, span, until } from "../src/text/when";
import { localeFrom } from "../src/text/locale";

const MIN = 60_000;
const HOUR = 60 * MIN;
const now = new Date(2026, 10, 22, 14, 31).getTime();

describe("how long ago", () => {
  test.each([
    [now - 20_000, "now"],
    [now - 2 * MIN, "2 min"],
    [now - 59 * MIN, "59 min"],
    [now - 3 * HOUR, "3 h"],
    [now - 15 * HOUR, "Yesterday"],
  ])("%s is %s", (at, words) => expect(ago(at, now)).toBe(words));
  test("last week is a weekday and last year has its year", () => {
    expect(ago(now - 3 * 24 * HOUR, now)).toBe("Thursday");
    expect(ago(now - 400 * 24 * HOUR, now)).toContain("2025");
  });
  test("a clock that runs ahead says now, never a negative time", () => expect(ago(now + 5 * MIN, now)).toBe("now"));
});

describe("days", () => {
  test("are counted by the calendar, not by 24 hours", () => {
    expect(daysBetween(new Date(2026, 10, 21, 23, 59).getTime(), new Date(2026, 10, 22, 0, 1).getTime())).toBe(1);
    expect(dayName(now - HOUR, now)).toBe("Today");
    expect(dayName(now - 24 * HOUR, now)).toBe("Yesterday");
    expect(dayName(now - 2 * 24 * HOUR, now)).toMatch(/Friday/);
  });
});

describe("spans and countdowns", () => {
  test.each([
    [3 * HOUR + 46 * MIN + 20_000, "3 h 46 min"],
    [2 * HOUR, "2 h"],
    [48 * MIN, "48 min"],
    [5_000, "1 min"],
    [47 * HOUR + 59 * MIN, "47 h 59 min"],
    [72 * HOUR, "3 days"],
  ])("%s ms is %s", (ms, words) => expect(span(ms)).toBe(words));
  test("count down to zero and stop", () => {
    expect(countdown(276_000)).toBe("4:36");
    expect(countdown(9_100)).toBe("0:10");
    expect(countdown(-5)).toBe("0:00");
  });
  test("the next try", () => {
    expect(until(now + 40_000, now)).toBe("in 40 s");
    expect(until(now + 3 * MIN, now)).toBe("in 3 min");
    expect(until(now - 1, now)).toBe("in a moment");
  });
});

describe("the reply window", () => {
  const at = (left: number) => lookOf({ openedAtMs: now - (48 * HOUR - left), closesAtMs: now + left }, now);
  test("is quiet above six hours, brass below, red below one, then closed", () => {
    expect(at(6 * HOUR)).toMatchObject({ state: "open", short: "" });
    expect(at(6 * HOUR - 1)).toMatchObject({ state: "soon", short: "5h" });
    expect(at(HOUR)).toMatchObject({ state: "soon", short: "1h" });
    expect(at(HOUR - 1)).toMatchObject({ state: "urgent", short: "59m" });
    expect(at(1)).toMatchObject({ state: "urgent", short: "1m" });
    expect(at(0)).toMatchObject({ state: "closed", percent: 0, short: "" });
  });
  test("shows how much is left", () => expect(at(24 * HOUR).percent).toBe(50));
  test("of no length at all is closed, not broken", () => expect(lookOf({ openedAtMs: now, closesAtMs: now }, now).state).toBe("closed"));
});

test("dates follow the agent's own English, or British English", () => {
  expect(localeFrom(["de-DE", "en-US"], "en", "en-GB")).toBe("en-US");
  expect(localeFrom(["de-DE"], "en", "en-GB")).toBe("en-GB");
});
