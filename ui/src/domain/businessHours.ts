// Business hours: spans of a week and holidays, and what is wrong with them.
import type { BusinessHours, DaySpan, Holiday } from "../ipc/bindings";

export const DAY_MINUTES = 1440;

/** The problems that the desk reports with hours. */
export type HoursProblem = "timeZone" | "week" | "holiday";

export const sameHours = (a: BusinessHours | null, b: BusinessHours | null): boolean =>
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

/** The open hours of one day, including those that run on from the day before. */
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
