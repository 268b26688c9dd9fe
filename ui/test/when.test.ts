import { afterEach, describe, expect, test } from "vitest";

import * as when from "../src/text/when";
import {
  ago,
  atClock,
  atMoment,
  comesBack,
  countdown,
  dayName,
  daysBetween,
  lookOf,
  machineTime,
  onShortDate,
  span,
  toCome,
  until,
} from "../src/text/when";
import { checkZone, localZone } from "../src/text/zone";
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
  test("of no length at all is closed, not broken", () =>
    expect(lookOf({ openedAtMs: now, closesAtMs: now }, now).state).toBe("closed"));
});

describe("a moment of another year", () => {
  const past = new Date(2025, 5, 12, 14, 2).getTime();
  const coming = new Date(2027, 5, 12, 9, 0).getTime();
  test.each([
    ["atMoment", atMoment(past, now)],
    ["ago", ago(past, now)],
    ["dayName", dayName(past, now)],
    ["onShortDate", onShortDate(past, now)],
  ])("says its year in %s", (_, words) => expect(words).toContain("2025"));
  test.each([
    ["toCome", toCome(coming, now)],
    ["comesBack", comesBack(coming, now)],
    ["atMoment", atMoment(coming, now)],
  ])("to come says its year in %s", (_, words) => expect(words).toContain("2027"));
  test("leaves this year's out", () => {
    const spring = new Date(2026, 2, 3, 8, 0).getTime();
    for (const words of [
      atMoment(spring, now),
      toCome(spring, now),
      comesBack(new Date(2026, 11, 24, 8, 0).getTime(), now),
      onShortDate(spring, now),
    ])
      expect(words).not.toContain("2026");
  });
});

describe("a time that no calendar has", () => {
  const odd = [
    NaN,
    Infinity,
    -Infinity,
    1e18,
    -1e18,
    8.64e15 + 1,
    -8.64e15 - 1,
    Number.MAX_SAFE_INTEGER,
    Number.MIN_SAFE_INTEGER,
    Number.MAX_VALUE,
    Number(2n ** 63n - 1n),
    Number(-(2n ** 63n)),
    8.64e15,
    -8.64e15,
    0,
    -1,
    0.5,
  ];
  const writers = Object.entries(when).flatMap(([name, write]) =>
    typeof write === "function" && name !== "lookOf" ? [[name, write as (...args: number[]) => unknown] as const] : [],
  );
  test("is written as such by every function, and none throws", () => {
    expect(writers.length).toBeGreaterThan(14);
    for (const [name, write] of writers)
      for (const at of odd)
        for (const other of [now, ...odd]) {
          const words = write(at, other);
          if (typeof words === "string")
            expect(words, `${name}(${at}, ${other})`).not.toMatch(/NaN|Infinity|Invalid|undefined|^$/);
        }
  });
  test("makes no reply window", () => {
    for (const openedAtMs of odd)
      for (const closesAtMs of odd) {
        const look = lookOf({ openedAtMs, closesAtMs }, now);
        expect(look.percent, `${openedAtMs} ${closesAtMs}`).toBeGreaterThanOrEqual(0);
        expect(look.percent).toBeLessThanOrEqual(100);
      }
  });
  test("is none for machines", () => {
    expect(machineTime(1e18)).toBeUndefined();
    expect(machineTime(0)).toBe("1970-01-01T00:00:00.000Z");
  });
});

describe("the computer's zone", () => {
  const zone = process.env.TZ;
  afterEach(() => {
    process.env.TZ = zone;
    checkZone();
  });
  test("may change while the page is open: then every time is written by the new one", () => {
    const noon = Date.UTC(2026, 10, 22, 12, 0);
    const written = ["Europe/Berlin", "Asia/Tokyo", "America/New_York"].map((one) => {
      process.env.TZ = one;
      checkZone();
      return [localZone(), atClock(noon), dayName(Date.UTC(2026, 10, 21, 23, 30), noon)];
    });
    expect(written.map(([, at]) => at)).toEqual([
      expect.stringMatching(/^(13|01):/),
      expect.stringMatching(/^(21|09):/),
      expect.stringMatching(/^07:/),
    ]);
    expect(written.map(([name]) => name)).toEqual(["Europe/Berlin", "Asia/Tokyo", "America/New_York"]);
    // Half past midnight and half past eight of the same day; in New York still the evening before.
    expect(written.map(([, , day]) => day)).toEqual(["Today", "Today", "Yesterday"]);
  });
});

test("dates follow the agent's own English, or British English", () => {
  expect(localeFrom(["de-DE", "en-US"], "en", "en-GB")).toBe("en-US");
  expect(localeFrom(["de-DE"], "en", "en-GB")).toBe("en-GB");
});
