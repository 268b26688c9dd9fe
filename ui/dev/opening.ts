// When a shop of the desk in memory is open, minute by minute in its own time zone.
import type { BusinessHours, BusinessHoursView } from "../src/ipc/bindings";
import { FaultError } from "../src/ipc/desk";

const MINUTE = 60_000;
const STEP = 5 * MINUTE;
const AHEAD = 9 * 24 * 60 * MINUTE;
const DAYS = ["Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun"];

const zones = (): string[] => [...new Set([...Intl.supportedValuesOf("timeZone"), "UTC"])].sort();

const refused = (detail: string): FaultError => new FaultError({ code: "hoursInvalid", detail, incident: null });

/** What the desk does not keep, it refuses. */
export function checkHours(hours: BusinessHours): void {
  if (!zones().includes(hours.timeZone)) throw refused("timeZone");
  if (
    hours.week.length !== 7 ||
    hours.week
      .flat()
      .some((one) => !(one.fromMinute >= 0 && one.fromMinute < 1440 && one.toMinute >= 0 && one.toMinute <= 1440))
  )
    throw refused("week");
  if (hours.holidays.some(({ date }) => !/^\d{4}-\d{2}-\d{2}$/.test(date) || Number.isNaN(Date.parse(date))))
    throw refused("holiday");
}

/** The weekday, 0 for Monday, the minute and the date that a moment is somewhere. */
export function clockAt(timeZone: string): (at: number) => { day: number; minute: number; date: string } {
  const format = new Intl.DateTimeFormat("en-GB", {
    timeZone,
    weekday: "short",
    year: "numeric",
    month: "2-digit",
    day: "2-digit",
    hour: "2-digit",
    minute: "2-digit",
    hourCycle: "h23",
  });
  return (at) => {
    const parts = Object.fromEntries(format.formatToParts(at).map((one) => [one.type, one.value]));
    return {
      day: DAYS.indexOf(parts["weekday"] ?? ""),
      minute: Number(parts["hour"]) * 60 + Number(parts["minute"]),
      date: `${parts["year"]}-${parts["month"]}-${parts["day"]}`,
    };
  };
}

export function openAt(
  hours: BusinessHours | null,
  at: number,
  clock = hours ? clockAt(hours.timeZone) : null,
): boolean {
  if (!hours || !clock) return true;
  const { day, minute, date } = clock(at);
  if (hours.holidays.some((one) => one.date === date)) return false;
  const own = (hours.week[day] ?? []).some(
    (one) => minute >= one.fromMinute && (minute < one.toMinute || one.toMinute <= one.fromMinute),
  );
  return (
    own || (hours.week[(day + 6) % 7] ?? []).some((one) => one.toMinute <= one.fromMinute && minute < one.toMinute)
  );
}

export function hoursView(account: string, hours: BusinessHours | null, now: number): BusinessHoursView {
  const clock = hours ? clockAt(hours.timeZone) : null;
  const open = openAt(hours, now, clock);
  let changesAtMs: number | null = null;
  for (let at = now - (now % STEP) + STEP; hours && at < now + AHEAD && changesAtMs === null; at += STEP)
    if (openAt(hours, at, clock) !== open) changesAtMs = at;
  return { account, hours, open, changesAtMs, timeZones: zones() };
}
