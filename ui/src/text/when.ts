// Times as an agent reads them: how long ago, which day, how long the reply window stays open.
import type { ReplyWindow } from "../ipc/bindings";
import { t } from "./index";
import { locale } from "./locale";
import { zoneVersion } from "./zone";

const MINUTE = 60_000;
const HOUR = 60 * MINUTE;
const DAY = 24 * HOUR;
/** TikTok takes so many replies until the customer answers. */
export const REPLIES = 10;
export const SOON_MS = 6 * HOUR;
export const URGENT_MS = HOUR;

/** JavaScript's calendar ends this far from 1970 on both sides; beyond, its own functions throw. */
const LAST_MOMENT_MS = 8.64e15;

const dates = (options: Intl.DateTimeFormatOptions): Intl.DateTimeFormat => new Intl.DateTimeFormat(locale, options);
/** Formatters are slow to make and keep the zone they were made in. */
const makeFormats = () => ({
  clock: dates({ hour: "2-digit", minute: "2-digit" }),
  weekday: dates({ weekday: "long" }),
  shortWeekday: dates({ weekday: "short" }),
  dayMonth: dates({ day: "numeric", month: "short" }),
  dayMonthYear: dates({ day: "numeric", month: "short", year: "numeric" }),
  longDay: dates({ weekday: "long", day: "numeric", month: "long" }),
  longDayYear: dates({ weekday: "long", day: "numeric", month: "long", year: "numeric" }),
  date: dates({ day: "numeric", month: "long", year: "numeric" }),
  exact: dates({ dateStyle: "medium", timeStyle: "medium" }),
});
type FormatName = keyof ReturnType<typeof makeFormats>;

let formats = makeFormats();
let madeIn = zoneVersion();

/** Whether a calendar has this moment at all. */
export const isMoment = (at: number): boolean => Math.abs(at) <= LAST_MOMENT_MS;

/** Writes a moment, in the zone of this minute. */
function write(format: FormatName, at: number): string {
  const zone = zoneVersion();
  if (zone !== madeIn) {
    formats = makeFormats();
    madeIn = zone;
  }
  return isMoment(at) ? formats[format].format(at) : t.time.unknown;
}

const year = (at: number): number => new Date(at).getFullYear();
/** A day with its year, but for this year's. */
const dayOf = (at: number, now: number): string => write(year(at) === year(now) ? "dayMonth" : "dayMonthYear", at);

/** A moment for machines, in an element's `datetime`; none where there is no such moment. */
export const machineTime = (at: number): string | undefined => (isMoment(at) ? new Date(at).toISOString() : undefined);

/** Midnight of the day a moment lies in, by this computer's time zone. */
function midnight(at: number): number {
  const day = new Date(at);
  day.setHours(0, 0, 0, 0);
  return day.getTime();
}

/** How many calendar days lie between two moments; a day of 23 or 25 hours counts as one. */
export function daysBetween(earlier: number, later: number): number {
  return Math.round((midnight(later) - midnight(earlier)) / DAY);
}

export const sameDay = (a: number, b: number): boolean => midnight(a) === midnight(b);

/** "14:02" */
export const atClock = (at: number): string => write("clock", at);

/** "14:02" today, "Yesterday 14:02", "12 Jun 14:02", "12 Jun 2025 14:02" before. */
export function atMoment(at: number, now: number): string {
  if (!isMoment(at)) return t.time.unknown;
  const days = daysBetween(at, now);
  if (days === 0) return atClock(at);
  return `${days === 1 ? t.time.yesterday : dayOf(at, now)} ${atClock(at)}`;
}

/** "Today 18:00", "Tomorrow 09:00", "Monday 09:00", "12 Jun 09:00", "12 Jun 2027 09:00": a moment to come. */
export function toCome(at: number, now: number): string {
  if (!isMoment(at)) return t.time.unknown;
  const days = daysBetween(now, at);
  const day =
    days === 0
      ? t.time.today
      : days === 1
        ? t.time.tomorrow
        : days > 1 && days < 7
          ? write("weekday", at)
          : dayOf(at, now);
  return `${day} ${atClock(at)}`;
}

/** The list's time of what comes back: "18:00", "Tomorrow 09:00", "Mon 09:00", "12 Jun 09:00", "12 Jun 2027 09:00". */
export function comesBack(at: number, now: number): string {
  if (!isMoment(at)) return t.time.unknown;
  const days = daysBetween(now, at);
  const day = days <= 0 ? "" : days === 1 ? t.time.tomorrow : days < 7 ? write("shortWeekday", at) : dayOf(at, now);
  return `${day} ${atClock(at)}`.trim();
}

/** The list's time: "now", "2 min", "3 h", "Yesterday", "Friday", "12 Jun". */
export function ago(at: number, now: number): string {
  if (!isMoment(at)) return t.time.unknown;
  const past = now - at;
  if (past < MINUTE) return t.time.now;
  if (past < HOUR) return t.time.minutes(Math.floor(past / MINUTE));
  const days = daysBetween(at, now);
  if (days === 0) return t.time.hours(Math.floor(past / HOUR));
  if (days === 1) return t.time.yesterday;
  return days < 7 ? write("weekday", at) : dayOf(at, now);
}

/** A day separator: "Today", "Yesterday", "Friday 20 November". */
export function dayName(at: number, now: number): string {
  const days = daysBetween(at, now);
  if (days === 0) return t.time.today;
  if (days === 1) return t.time.yesterday;
  return write(year(at) === year(now) ? "longDay" : "longDayYear", at);
}

/** "12 June 2026" */
export const onDate = (at: number): string => write("date", at);

/** "12 Jun", "12 Jun 2025" */
export const onShortDate = (at: number, now: number): string => dayOf(at, now);

/** For the details of a refusal. */
export const exactly = (at: number): string => write("exact", at);

/** "3 h 46 min", "46 min", "2 days"; never "0 min" while time is left. */
export function span(ms: number): string {
  if (!Number.isFinite(ms)) return t.time.unknown;
  if (ms >= 3 * DAY) return t.time.days(Math.floor(ms / DAY));
  const minutes = Math.max(1, Math.floor(ms / MINUTE));
  return minutes < 60 ? t.time.minutes(minutes) : t.time.hoursMinutes(Math.floor(minutes / 60), minutes % 60);
}

/** "4:36" */
export function countdown(ms: number): string {
  if (!Number.isFinite(ms)) return t.time.unknown;
  const seconds = Math.max(0, Math.ceil(ms / 1000));
  return `${Math.floor(seconds / 60)}:${String(seconds % 60).padStart(2, "0")}`;
}

/** "in 40 s", "in 3 min", "in a moment" */
export function until(at: number, now: number): string {
  if (!isMoment(at)) return t.time.unknown;
  const left = at - now;
  if (left < 1000) return t.banner.soon;
  return t.banner.inTime(left < MINUTE ? t.time.seconds(Math.ceil(left / 1000)) : span(left));
}

export interface WindowLook {
  state: "open" | "soon" | "urgent" | "closed";
  /** How much of it is left, in per cent. */
  percent: number;
  leftMs: number;
  /** "3h", "48m", or nothing while there is plenty. */
  short: string;
}

/** How a reply window looks at a moment. */
export function lookOf(window: ReplyWindow, now: number): WindowLook {
  const leftMs = isMoment(window.openedAtMs) && isMoment(window.closesAtMs) ? Math.max(0, window.closesAtMs - now) : 0;
  if (leftMs === 0) return { state: "closed", percent: 0, leftMs, short: "" };
  const whole = Math.max(1, window.closesAtMs - window.openedAtMs);
  const percent = Math.min(100, Math.max(2, Math.round((leftMs / whole) * 100)));
  if (leftMs < URGENT_MS)
    return { state: "urgent", percent, leftMs, short: t.time.minutesShort(Math.max(1, Math.floor(leftMs / MINUTE))) };
  if (leftMs < SOON_MS) return { state: "soon", percent, leftMs, short: t.time.hoursShort(Math.floor(leftMs / HOUR)) };
  return { state: "open", percent, leftMs, short: "" };
}
