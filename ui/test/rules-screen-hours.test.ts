import { screen, within } from "@testing-library/svelte";
import { afterEach, describe, expect, test, vi } from "vitest";

import { lengthOf, minuteOf, stretches, timeOf, wrongHolidays, wrongSpans } from "../src/domain/businessHours";
import { accessible, choose, click, last, noRules, openRules, words } from "./rules-world";
import { press, settle, type } from "./world";

afterEach(() => vi.useRealTimers());

const hours = async (scene?: Parameters<typeof openRules>[0]) => {
  const page = await openRules(scene);
  await click(screen.getByRole("tab", { name: "Business hours" }));
  return page;
};
const day = (at: number): HTMLElement => document.querySelector(`[data-day="${at}"]`) as HTMLElement;
const status = (): string => words(document.querySelector("[data-open]"));
const save = (): Promise<void> => click(document.querySelector("[data-save-hours]"));
const marked = (): number => document.querySelectorAll("[data-hours] [aria-invalid=true]").length;

async function enter(label: string, value: string): Promise<void> {
  const field = screen.getByLabelText(label) as HTMLInputElement;
  field.value = value;
  field.dispatchEvent(new Event("change", { bubbles: true }));
  await settle();
}

describe("stretches of the week", () => {
  const none: [] = [];
  const week = (...days: { fromMinute: number; toMinute: number }[][]) => [
    ...days,
    ...Array.from({ length: 7 - days.length }, () => none),
  ];
  test("one that ends at or before its beginning goes on into the next day", () => {
    expect(lengthOf({ fromMinute: 1200, toMinute: 120 })).toBe(360);
    expect(lengthOf({ fromMinute: 540, toMinute: 540 })).toBe(1440);
    expect(stretches(week([{ fromMinute: 1200, toMinute: 120 }]), 0)).toEqual([{ from: 1200, to: 1440 }]);
    expect(stretches(week([{ fromMinute: 1200, toMinute: 120 }]), 1)).toEqual([{ from: 0, to: 120 }]);
  });
  test("those that touch do not overlap; those that do are found across midnight and across the week’s end", () => {
    expect(
      wrongSpans(
        week([
          { fromMinute: 540, toMinute: 780 },
          { fromMinute: 780, toMinute: 1080 },
        ]),
      ).size,
    ).toBe(0);
    expect(
      [
        ...wrongSpans(
          week([
            { fromMinute: 540, toMinute: 781 },
            { fromMinute: 780, toMinute: 1080 },
          ]),
        ),
      ].sort(),
    ).toEqual(["0-0", "0-1"]);
    expect(
      [...wrongSpans(week([{ fromMinute: 1200, toMinute: 600 }], [{ fromMinute: 540, toMinute: 600 }]))].sort(),
    ).toEqual(["0-0", "1-0"]);
    expect(
      [
        ...wrongSpans([
          [{ fromMinute: 0, toMinute: 60 }],
          none,
          none,
          none,
          none,
          none,
          [{ fromMinute: 1380, toMinute: 30 }],
        ]),
      ].sort(),
    ).toEqual(["0-0", "6-0"]);
    expect([...wrongSpans(week([{ fromMinute: NaN, toMinute: 60 }]))]).toEqual(["0-0"]);
  });
  test.each([
    ["09:00", 540],
    ["9", 540],
    ["0930", 570],
    ["9.30", 570],
    ["24:00", 1440],
    ["24:01", null],
    ["9:75", null],
    ["nine", null],
    ["", null],
  ])("reads “%s” as a time of day", (text, minute) => expect(minuteOf(text)).toBe(minute));
  test("writes the end of the day as a clock shows it", () => {
    expect(timeOf(1440)).toBe("00:00");
    expect(timeOf(NaN)).toBe("");
  });
  test("a holiday is a day of the calendar, and stands there once", () => {
    expect([
      ...wrongHolidays([
        { date: "2026-02-28", name: "" },
        { date: "2026-02-30", name: "" },
        { date: "2026-02-28", name: "x" },
        { date: "", name: "" },
      ]),
    ]).toEqual([1, 2, 3]);
  });
});

describe("business hours", () => {
  test("none means always open, and a week to begin with is offered", async () => {
    const { own, desk } = await hours(noRules);
    expect(status()).toBe("Always open.");
    const always = screen.getByRole("switch", { name: "Always open" });
    expect(always.getAttribute("aria-checked")).toBe("true");
    await click(always);
    await save();
    expect(last(desk, "saveBusinessHours")?.hours?.week.map((one) => one.length)).toEqual([1, 1, 1, 1, 1, 0, 0]);
    expect(own.hours.get("1")?.timeZone).toBe("UTC");
    expect(screen.getByText("Business hours saved")).toBeTruthy();
    await click(always);
    await save();
    expect(own.hours.has("1")).toBe(false);
  });

  test("says whether the shop is open, when that changes, and what the clock shows there", async () => {
    vi.setSystemTime(Date.UTC(2026, 10, 25, 10, 0));
    await hours((desk) => {
      noRules(desk);
    });
    expect(status()).toBe("Always open.");
    document.body.replaceChildren();
    const { desk, own } = await openRules();
    own.hours.set("1", {
      timeZone: "Asia/Bangkok",
      week: Array.from({ length: 7 }, () => [{ fromMinute: 540, toMinute: 1080 }]),
      holidays: [],
    });
    desk.tell({ kind: "rules" });
    await click(screen.getByRole("tab", { name: "Business hours" }));
    expect(status()).toMatch(
      /^Open now\. Closes Today 11:00 AM \(06:00 PM in Bangkok\)\.$|^Open now\. Closes Today 11:00 \(18:00 in Bangkok\)\.$/,
    );
  });

  test("asks again once the shop has closed", async () => {
    const { desk, own, app } = await hours();
    own.hours.set("1", { timeZone: "UTC", week: Array.from({ length: 7 }, () => []), holidays: [] });
    const before = desk.count("getBusinessHours");
    const view = app.rules.hours.view;
    if (view) app.rules.hours.view = { ...view, changesAtMs: app.clock.now - 1 };
    await settle();
    expect(desk.count("getBusinessHours")).toBe(before + 1);
    expect(status()).toBe("Closed now, and no opening is known.");
  });

  test("hours are changed, added, taken away and copied to the weekdays", async () => {
    const { own } = await hours();
    await enter("Monday, stretch 2, to", "20:00");
    await click(within(day(6)).getByRole("button", { name: "Add hours on Sunday" }));
    await click(within(day(4)).getByRole("button", { name: "Remove stretch 1 on Friday" }));
    await click(within(day(0)).getByRole("button", { name: "Copy Monday’s hours" }));
    await click(screen.getByRole("menuitem", { name: "To Monday to Friday" }));
    await save();
    const week = own.hours.get("1")?.week;
    expect(week?.slice(0, 5)).toEqual(
      Array.from({ length: 5 }, () => [
        { fromMinute: 540, toMinute: 780 },
        { fromMinute: 840, toMinute: 1200 },
      ]),
    );
    expect(week?.[5]).toEqual([{ fromMinute: 1200, toMinute: 120 }]);
    expect(week?.[6]).toEqual([{ fromMinute: 540, toMinute: 1080 }]);
  });

  test("across midnight is said and drawn into the next day", async () => {
    await hours();
    expect(words(day(5))).toContain("next day");
    expect([...day(6).querySelectorAll<HTMLElement>(".bar i")].map((one) => one.style.width)).toEqual([
      `${(120 / 1440) * 100}%`,
    ]);
  });

  test("an end at midnight is the day’s end", async () => {
    const { own } = await hours();
    await enter("Friday, stretch 1, to", "00:00");
    await save();
    expect(own.hours.get("1")?.week[4]).toEqual([{ fromMinute: 540, toMinute: 1440 }]);
  });

  test("overlaps are marked and not saved", async () => {
    const { desk } = await hours();
    await enter("Monday, stretch 1, to", "15:00");
    expect(words(day(0).querySelector("[data-wrong]"))).toBe("These hours overlap.");
    expect(marked()).toBe(4);
    await save();
    expect(desk.count("saveBusinessHours")).toBe(0);
    await enter("Monday, stretch 1, to", "");
    expect(words(day(0).querySelector("[data-wrong]"))).toBe("Write it as 09:00.");
    await accessible();
  });

  test("a time zone is found by its city", async () => {
    const { own } = await hours();
    const field = screen.getByRole("combobox", { name: "Time zone" }) as HTMLInputElement;
    expect(field.value).toMatch(/^Lisbon, Europe, UTC/);
    type(field, "sao pau");
    await settle();
    press(field, "Enter");
    await settle();
    expect(field.value).toBe("Sao Paulo, America, UTC-3");
    await save();
    expect(own.hours.get("1")?.timeZone).toBe("America/Sao_Paulo");
  });

  test("what was typed for a zone and not chosen changes nothing", async () => {
    await hours();
    const field = screen.getByRole("combobox", { name: "Time zone" }) as HTMLInputElement;
    field.focus();
    type(field, "nowhere");
    await settle();
    expect(screen.getByText("No time zone fits")).toBeTruthy();
    field.blur();
    await settle();
    expect(field.value).toMatch(/^Lisbon/);
    expect(document.querySelector("[data-save-hours]")?.getAttribute("aria-disabled")).toBe("true");
  });

  test("holidays are added, need a date, and stand in their order", async () => {
    const { own } = await hours();
    await click(document.querySelector("[data-add-holiday]"));
    expect(marked()).toBe(0);
    await save();
    expect(marked()).toBe(1);
    const date = screen.getAllByLabelText("Date").at(-1) as HTMLInputElement;
    date.value = "2020-05-01";
    date.dispatchEvent(new Event("change", { bubbles: true }));
    await settle();
    type(screen.getAllByLabelText("Name").at(-1) as HTMLInputElement, "عيد العمال");
    date.dispatchEvent(new FocusEvent("focusout", { bubbles: true }));
    await settle();
    expect((screen.getAllByLabelText("Date")[0] as HTMLInputElement).value).toBe("2020-05-01");
    await save();
    expect(own.hours.get("1")?.holidays[0]).toEqual({ date: "2020-05-01", name: "عيد العمال" });
  });

  test("marks what only the desk found, and keeps what was written", async () => {
    const { desk } = await hours();
    await enter("Friday, stretch 1, to", "19:00");
    desk.fail("saveBusinessHours", "hoursInvalid", "timeZone");
    await save();
    expect(screen.getByRole("alert").textContent).toContain("Choose a time zone from the list.");
    expect(screen.getByRole("combobox", { name: "Time zone" }).getAttribute("aria-invalid")).toBe("true");
    expect((screen.getByLabelText("Friday, stretch 1, to") as HTMLInputElement).value).toBe("19:00");
  });

  test("each account has its own, and what was not saved waits", async () => {
    const { own } = await hours();
    await enter("Friday, stretch 1, to", "19:00");
    await choose(document.querySelector("[data-hours-account]") as HTMLElement, "2");
    expect(status()).toBe("Always open.");
    await choose(document.querySelector("[data-hours-account]") as HTMLElement, "1");
    expect((screen.getByLabelText("Friday, stretch 1, to") as HTMLInputElement).value).toBe("19:00");
    await click(screen.getByRole("button", { name: "Undo changes" }));
    expect((screen.getByLabelText("Friday, stretch 1, to") as HTMLInputElement).value).toBe("18:00");
    expect(own.hours.get("1")?.week[4]).toEqual([{ fromMinute: 540, toMinute: 1080 }]);
  });

  test("Ctrl+Enter saves, and a fault says so", async () => {
    const { desk } = await hours();
    await enter("Friday, stretch 1, to", "19:00");
    desk.fail("saveBusinessHours", "diskFull");
    press(screen.getByLabelText("Friday, stretch 1, to"), "Enter", { ctrlKey: true });
    await settle();
    expect(screen.getByRole("alert").textContent).toContain("The business hours were not saved");
  });

  test("says why they could not be loaded", async () => {
    const { desk } = await openRules();
    desk.fail("getBusinessHours", "unexpected");
    await click(screen.getByRole("tab", { name: "Business hours" }));
    expect(screen.getByRole("alert").textContent).toContain("The business hours could not be loaded");
    await click(screen.getByRole("button", { name: "Try again" }));
    expect(day(0)).not.toBeNull();
  });

  test("have nothing that axe finds", async () => {
    await hours();
    await accessible();
  });
});

describe("the parts of the screen", () => {
  test("are tabs that the arrows move between", async () => {
    await openRules();
    const [rules] = screen.getAllByRole("tab");
    rules?.focus();
    press(rules as Element, "ArrowRight");
    await settle();
    expect(document.activeElement).toBe(screen.getByRole("tab", { name: "What they did" }));
    expect(screen.getByRole("tab", { selected: true })).toBe(document.activeElement);
    press(document.activeElement as Element, "End");
    await settle();
    expect(screen.getByRole("tab", { selected: true }).textContent).toContain("Business hours");
    press(document.activeElement as Element, "ArrowRight");
    await settle();
    expect(screen.getByRole("tab", { selected: true }).textContent).toContain("Rules");
  });
});
