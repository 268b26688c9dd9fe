// Time zones as people look for them: by city, with how far they are from UTC.
import { t } from "../../text";
import { locale } from "../../text/locale";

const folded = (text: string): string =>
  text.normalize("NFD").replace(/\p{M}/gu, "").replaceAll("_", " ").toLocaleLowerCase();

/** "UTC+7"; nothing where this engine does not know the zone. */
function offsetOf(zone: string, now: number): string {
  try {
    const parts = new Intl.DateTimeFormat("en", { timeZone: zone, timeZoneName: "shortOffset" }).formatToParts(now);
    return (parts.find((one) => one.type === "timeZoneName")?.value ?? "").replace("GMT", "UTC");
  } catch {
    return "";
  }
}

/** "Bangkok, Asia, UTC+7" */
export function zoneName(zone: string, now: number): string {
  const [city = zone, ...region] = zone.split("/").reverse();
  return t.hours.zoneOf(
    city.replaceAll("_", " "),
    region.reverse().join(", ").replaceAll("_", " "),
    offsetOf(zone, now),
  );
}

/** "10:00", on a clock that hangs in that zone; nothing where this engine does not know it. */
export function clockIn(zone: string, at: number): string {
  try {
    return new Intl.DateTimeFormat(locale, { timeZone: zone, hour: "2-digit", minute: "2-digit" }).format(at);
  } catch {
    return "";
  }
}

/** Those that answer what was typed, cities that begin with it first. */
export function findZones(all: readonly string[], typed: string, most: number): string[] {
  const words = folded(typed)
    .split(/[\s,/]+/u)
    .filter((word) => word !== "");
  const city = (zone: string): string => folded(zone.split("/").at(-1) ?? "");
  const first = words[0] ?? "";
  const rank = (zone: string): number => (city(zone).startsWith(first) ? 0 : 1);
  return all
    .filter((zone) => words.every((word) => folded(zone).includes(word)))
    .sort((a, b) => rank(a) - rank(b) || a.localeCompare(b))
    .slice(0, most);
}
