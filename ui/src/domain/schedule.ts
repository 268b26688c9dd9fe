// Times at which a reply can be sent later, and the moments that date and time fields name.
import type { ReplyWindow } from "../ipc/bindings";

const HOUR = 3_600_000;
const MONDAY = 1;

export type PresetId = "hour" | "evening" | "tomorrow" | "monday";

export interface Preset {
  id: PresetId;
  atMs: number;
}

/** A clock time some days from now, by this computer's time zone. */
function onDay(now: number, days: number, hour: number): number {
  const day = new Date(now);
  day.setDate(day.getDate() + days);
  return day.setHours(hour, 0, 0, 0);
}

/** The times offered, those that are still to come, soonest first. */
export function presets(now: number): Preset[] {
  const untilMonday = (MONDAY - new Date(now).getDay() + 7) % 7 || 7;
  const all: Preset[] = [
    { id: "hour", atMs: now + HOUR },
    { id: "evening", atMs: onDay(now, 0, 18) },
    { id: "tomorrow", atMs: onDay(now, 1, 9) },
    { id: "monday", atMs: onDay(now, untilMonday, 9) },
  ];
  // On a Sunday tomorrow is Monday.
  return all
    .filter((one, at) => one.atMs > now && !all.slice(0, at).some((earlier) => earlier.atMs === one.atMs))
    .sort((a, b) => a.atMs - b.atMs);
}

export type Unfit = "past" | "afterWindow" | "noWindow";

/** Why nothing can be sent at a time, if so. */
export function unfit(atMs: number, now: number, window: ReplyWindow | null): Unfit | null {
  if (!window) return "noWindow";
  if (!(atMs > now)) return "past";
  return atMs >= window.closesAtMs ? "afterWindow" : null;
}

const two = (n: number): string => String(n).padStart(2, "0");

/** A moment as date and time fields want it. */
export function fieldsOf(atMs: number): { date: string; time: string } {
  const at = new Date(atMs);
  return {
    date: `${at.getFullYear()}-${two(at.getMonth() + 1)}-${two(at.getDate())}`,
    time: `${two(at.getHours())}:${two(at.getMinutes())}`,
  };
}

/** The moment that date and time fields name; none while they are not filled in. */
export function momentOf(date: string, time: string): number | null {
  const at = new Date(`${date}T${time}`).getTime();
  return Number.isFinite(at) ? at : null;
}
