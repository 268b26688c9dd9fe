// Times as an agent reads them: how long ago, which day, how long the reply window stays open.
import type { ReplyWindow } from "../ipc/bindings";
import { t } from "./index";
import { locale } from "./locale";

const MINUTE = 60_000;
const HOUR = 60 * MINUTE;
const DAY = 24 * HOUR;
/** TikTok takes so many replies until the customer answers. */
export const REPLIES = 10;
export const SOON_MS = 6 * HOUR;
export const URGENT_MS = HOUR;

const clock = new Intl.DateTimeFormat(locale, { hour: "2-digit", minute: "2-digit" });
const weekday = new Intl.DateTimeFormat(locale, { weekday: "long" });
const shortWeekday = new Intl.DateTimeFormat(locale, { weekday: "short" });
const dayMonth = new Intl.DateTimeFormat(locale, { day: "numeric", month: "short" });
const dayMonthYear = new Intl.DateTimeFormat(locale, { day: "numeric", month: "short", year: "numeric" });
const longDay = new Intl.DateTimeFormat(locale, { weekday: "long", day: "numeric", month: "long" });
const longDayYear = new Intl.DateTimeFormat(locale, { weekday: "long", day: "numeric", month: "long", year: "numeric" });
const date = new Intl.DateTimeFormat(locale, { day: "numeric", month: "long", year: "numeric" });
const exact = new Intl.DateTimeFormat(locale, { dateStyle: "medium", timeStyle: "medium" });

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
export const atClock = (at: number): string => clock.format(at);

/** "14:02" today, "Yesterday 14:02", "12 Jun 14:02" before. */
export function atMoment(at: number, now: number): string {
  const days = daysBetween(at, now);
  if (days === 0) return clock.format(at);
  return `${days === 1 ? t.time.yesterday : dayMonth.format(at)} ${clock.format(at)}`;
}

/** "Today 18:00", "Tomorrow 09:00", "Monday 09:00": a moment to come. */
export function toCome(at: number, now: number): string {
  const days = daysBetween(now, at);
  const day = days === 0 ? t.time.today : days === 1 ? t.time.tomorrow : days > 1 && days < 7 ? weekday.format(at) : dayMonth.format(at);
  return `${day} ${clock.format(at)}`;
}

/** The list's time of what comes back: "18:00", "Tomorrow 09:00", "Mon 09:00", "12 Jun 09:00". */
export function comesBack(at: number, now: number): string {
  const days = daysBetween(now, at);
  const day = days <= 0 ? "" : days === 1 ? t.time.tomorrow : days < 7 ? shortWeekday.format(at) : dayMonth.format(at);
  return `${day} ${clock.format(at)}`.trim();
}

/** The list's time: "now", "2 min", "3 h", "Yesterday", "Friday", "12 Jun". */
export function ago(at: number, now: number): string {
  const past = now - at;
  if (past < MINUTE) return t.time.now;
  if (past < HOUR) return t.time.minutes(Math.floor(past / MINUTE));
  const days = daysBetween(at, now);
  if (days === 0) return t.time.hours(Math.floor(past / HOUR));
  if (days === 1) return t.time.yesterday;
  if (days < 7) return weekday.format(at);
  return new Date(at).getFullYear() === new Date(now).getFullYear() ? dayMonth.format(at) : dayMonthYear.format(at);
}

/** A day separator: "Today", "Yesterday", "Friday 20 November". */
export function dayName(at: number, now: number): string {
  const days = daysBetween(at, now);
  if (days === 0) return t.time.today;
  if (days === 1) return t.time.yesterday;
  return new Date(at).getFullYear() === new Date(now).getFullYear() ? longDay.format(at) : longDayYear.format(at);
}

/** "12 June 2026" */
export const onDate = (at: number): string => date.format(at);

/** "12 Jun", "12 Jun 2025" */
export const onShortDate = (at: number, now: number): string => (new Date(at).getFullYear() === new Date(now).getFullYear() ? dayMonth : dayMonthYear).format(at);

/** For the details of a refusal. */
export const exactly = (at: number): string => exact.format(at);

/** "3 h 46 min", "46 min", "2 days"; never "0 min" while time is left. */
export function span(ms: number): string {
  if (ms >= 3 * DAY) return t.time.days(Math.floor(ms / DAY));
  const minutes = Math.max(1, Math.floor(ms / MINUTE));
  return minutes < 60 ? t.time.minutes(minutes) : t.time.hoursMinutes(Math.floor(minutes / 60), minutes % 60);
}

/** "4:36" */
export function countdown(ms: number): string {
  const seconds = Math.max(0, Math.ceil(ms / 1000));
  return `${Math.floor(seconds / 60)}:${String(seconds % 60).padStart(2, "0")}`;
}

/** "in 40 s", "in 3 min", "in a moment" */
export function until(at: number, now: number): string {
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
  const leftMs = Math.max(0, window.closesAtMs - now);
  if (leftMs === 0) return { state: "closed", percent: 0, leftMs, short: "" };
  const whole = Math.max(1, window.closesAtMs - window.openedAtMs);
  const percent = Math.min(100, Math.max(2, Math.round((leftMs / whole) * 100)));
  if (leftMs < URGENT_MS) return { state: "urgent", percent, leftMs, short: t.time.minutesShort(Math.max(1, Math.floor(leftMs / MINUTE))) };
  if (leftMs < SOON_MS) return { state: "soon", percent, leftMs, short: t.time.hoursShort(Math.floor(leftMs / HOUR)) };
  return { state: "open", percent, leftMs, short: "" };
}
