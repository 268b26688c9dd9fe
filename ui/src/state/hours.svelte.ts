// An account's business hours: as they are kept, and while the agent changes them. Changes outlive the screen.
import { SvelteMap } from "svelte/reactivity";

import type { AccountId, BusinessHours, BusinessHoursView, DaySpan, Fault, Holiday } from "../ipc/bindings";
import { ask, faultOf } from "../ipc/desk";
import { oneAtATime } from "./latest";

export const DAY_MINUTES = 1440;

/** What the desk finds wrong with hours. */
export type HoursProblem = "timeZone" | "week" | "holiday";

const sameHours = (a: BusinessHours | null, b: BusinessHours | null): boolean =>
  JSON.stringify(a) === JSON.stringify(b);

/** From 09:00 to 18:00, Monday to Friday. */
export const usualHours = (timeZone: string): BusinessHours => ({
  timeZone,
  week: Array.from({ length: 7 }, (_, day) => (day < 5 ? [{ fromMinute: 540, toMinute: 1080 }] : [])),
  holidays: [],
});

/** How long a stretch lasts, in minutes; one that ends where it begins lasts a whole day. */
export const lengthOf = ({ fromMinute, toMinute }: DaySpan): number =>
  toMinute > fromMinute ? toMinute - fromMinute : toMinute + DAY_MINUTES - fromMinute;

const sound = ({ fromMinute, toMinute }: DaySpan): boolean =>
  Number.isInteger(fromMinute) &&
  fromMinute >= 0 &&
  fromMinute < DAY_MINUTES &&
  Number.isInteger(toMinute) &&
  toMinute >= 0 &&
  toMinute <= DAY_MINUTES;

/** Which stretches cannot be: without a beginning or end, or over one another, across midnight and the week's end too. By "day-place". */
export function wrongSpans(week: readonly (readonly DaySpan[])[]): Set<string> {
  const WEEK = 7 * DAY_MINUTES;
  const wrong = new Set<string>();
  const all = week.flatMap((spans, day) =>
    spans.flatMap((span, at) => {
      const key = `${day}-${at}`;
      if (!sound(span)) {
        wrong.add(key);
        return [];
      }
      const from = day * DAY_MINUTES + span.fromMinute;
      return [{ key, from, to: from + lengthOf(span) }];
    }),
  );
  for (const [at, one] of all.entries()) {
    for (const other of all.slice(at + 1)) {
      // The week is a circle: Sunday's night may run into Monday.
      const meets = [-WEEK, 0, WEEK].some((by) => one.from < other.to + by && other.from + by < one.to);
      if (meets) wrong.add(one.key).add(other.key);
    }
  }
  return wrong;
}

const DATE = /^\d{4}-\d{2}-\d{2}$/;
/** A day of the calendar: no 30 February. */
function isDate(date: string): boolean {
  const at = DATE.test(date) ? new Date(`${date}T00:00:00Z`).getTime() : NaN;
  return Number.isFinite(at) && new Date(at).toISOString().startsWith(date);
}

/** Which holidays cannot be: no date, or one that stands there already. */
export function wrongHolidays(holidays: readonly Holiday[]): Set<number> {
  const seen = new Set<string>();
  const wrong = new Set<number>();
  for (const [at, { date }] of holidays.entries()) {
    if (!isDate(date) || seen.has(date)) wrong.add(at);
    seen.add(date);
  }
  return wrong;
}

/** What of a day is open, as stretches of it alone: what runs on from the day before, too. */
export function stretches(week: readonly (readonly DaySpan[])[], day: number): { from: number; to: number }[] {
  const own = (week[day] ?? [])
    .filter(sound)
    .map((span) => ({ from: span.fromMinute, to: Math.min(DAY_MINUTES, span.fromMinute + lengthOf(span)) }));
  const late = (week[(day + 6) % 7] ?? [])
    .filter(sound)
    .map((span) => span.fromMinute + lengthOf(span) - DAY_MINUTES)
    .filter((rest) => rest > 0)
    .map((to) => ({ from: 0, to }));
  return [...late, ...own].sort((a, b) => a.from - b.from);
}

/** "09:00" as minutes; none if it is no time of day. */
export function minuteOf(text: string): number | null {
  const found = /^\s*(\d{1,2})[:.]?(\d{2})?(?::\d{2})?\s*$/.exec(text);
  const hour = Number(found?.[1] ?? NaN);
  const minute = Number(found?.[2] ?? 0);
  return hour <= 24 && minute < 60 && hour * 60 + minute <= DAY_MINUTES ? hour * 60 + minute : null;
}

/** Minutes as a time field wants them. */
export const timeOf = (minute: number): string =>
  Number.isFinite(minute)
    ? `${String(Math.floor((minute % DAY_MINUTES) / 60)).padStart(2, "0")}:${String(minute % 60).padStart(2, "0")}`
    : "";

export class Hours {
  account = $state<AccountId | null>(null);
  view = $state.raw<BusinessHoursView | null>(null);
  fault = $state.raw<Fault | null>(null);
  /** Why they could not be kept. */
  saveFault = $state.raw<Fault | null>(null);
  saving = $state(false);
  /** What the agent has changed and not saved, by account. */
  #drafts = new SvelteMap<AccountId, BusinessHours | null>();
  #watched = false;

  #read = oneAtATime(async () => {
    const account = this.account;
    if (account === null) return;
    try {
      const view = await ask("getBusinessHours", { account });
      if (account !== this.account) return;
      this.view = view;
      this.fault = null;
    } catch (error) {
      if (account === this.account) this.fault = faultOf(error);
    }
  });

  open(account: AccountId): void {
    this.#watched = true;
    if (account !== this.account) {
      this.account = account;
      this.view = null;
      this.fault = null;
      this.saveFault = null;
    }
    void this.#read();
  }

  close(): void {
    this.#watched = false;
  }

  retry(): void {
    void this.#read();
  }

  drop(): void {
    if (this.#watched) void this.#read();
  }

  /** The hours on screen: as changed, or as kept. */
  get now(): BusinessHours | null {
    if (this.account !== null && this.#drafts.has(this.account)) return this.#drafts.get(this.account) ?? null;
    return this.view?.hours ?? null;
  }

  get dirty(): boolean {
    return (
      this.account !== null &&
      this.view !== null &&
      this.#drafts.has(this.account) &&
      !sameHours(this.#drafts.get(this.account) ?? null, this.view.hours)
    );
  }

  change(hours: BusinessHours | null): void {
    if (this.account !== null) this.#drafts.set(this.account, hours);
    this.saveFault = null;
  }

  undo(): void {
    if (this.account !== null) this.#drafts.delete(this.account);
    this.saveFault = null;
  }

  /** What is wrong with the hours on screen. */
  get problems(): Set<HoursProblem> {
    const found = new Set<HoursProblem>();
    const { now, view } = this;
    if (!now) return found;
    if (view && !view.timeZones.includes(now.timeZone)) found.add("timeZone");
    if (now.week.length !== 7 || wrongSpans(now.week).size > 0) found.add("week");
    if (wrongHolidays(now.holidays).size > 0) found.add("holiday");
    if (this.saveFault?.code === "hoursInvalid") found.add(this.saveFault.detail as HoursProblem);
    return found;
  }

  async save(): Promise<boolean> {
    const { account } = this;
    if (account === null || this.saving) return false;
    this.saveFault = null;
    if (this.problems.size > 0) return false;
    this.saving = true;
    const hours = this.now;
    try {
      const view = await ask("saveBusinessHours", { account, hours: $state.snapshot(hours) });
      if (account === this.account) this.view = view;
      if (sameHours(this.#drafts.get(account) ?? null, hours)) this.#drafts.delete(account);
      return true;
    } catch (error) {
      if (account === this.account) this.saveFault = faultOf(error);
      return false;
    } finally {
      this.saving = false;
    }
  }
}
