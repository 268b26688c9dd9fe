// Customers' words cut where something stands out in them. Each part is made safe to look at, as in `sanitize`.
import type { Mark } from "../ipc/bindings";
import { endOfLines, MAX_SHOWN_LINES, sanitize, sanitizeLine } from "./sanitize";

export interface Part {
  text: string;
  on: boolean;
}

const graphemes = new Intl.Segmenter(undefined, { granularity: "grapheme" });

/** Marks in order, without overlaps and inside the text, widened to whole letters: half an emoji cannot be shown. */
function whole(text: string, marks: readonly Mark[]): { start: number; end: number }[] {
  const segments = graphemes.segment(text);
  const edge = (at: number): number =>
    at <= 0 ? 0 : at >= text.length ? text.length : (segments.containing(at)?.index ?? at);
  const spans: { start: number; end: number }[] = [];
  for (const { start, len } of [...marks].sort((a, b) => a.start - b.start)) {
    if (len <= 0 || start < 0 || start >= text.length) continue;
    const from = edge(start);
    const at = Math.min(text.length, start + len);
    const letter = edge(at);
    const to = letter === at ? at : letter + (segments.containing(letter)?.segment.length ?? at - letter);
    const before = spans.at(-1);
    if (before && from <= before.end) before.end = Math.max(before.end, to);
    else spans.push({ start: from, end: to });
  }
  return spans;
}

/** The marks within a stretch of a text, counted from its beginning. */
export function marksWithin(marks: readonly Mark[], from: number, length: number): Mark[] {
  return marks.flatMap(({ start, len }) => {
    const first = Math.max(start, from);
    const end = Math.min(start + len, from + length);
    return first < end ? [{ start: first - from, len: end - first }] : [];
  });
}

/**
 * A text in parts, those that answer a search and those between them.
 * @param line on one line, as a name or an excerpt
 */
export function parts(text: string, marks: readonly Mark[], line = false): Part[] {
  const safe = line ? sanitizeLine : sanitize;
  const out: Part[] = [];
  const put = (from: number, to: number, on: boolean): void => {
    const part = safe(text.slice(from, to));
    if (part !== "") out.push({ text: part, on });
  };
  let at = 0;
  for (const { start, end } of whole(text, marks)) {
    put(at, start, false);
    put(start, end, true);
    at = end;
  }
  put(at, text.length, false);
  return out;
}

/** The first so many characters and lines of parts, and how many characters are hidden; what answers a search is never hidden. */
export function clampedParts(
  all: readonly Part[],
  longest: number,
  lines = MAX_SHOWN_LINES,
): { parts: readonly Part[]; hidden: number } {
  const lengths = all.map((part) => [...part.text].length);
  const length = lengths.reduce((sum, one) => sum + one, 0);
  const text = all.map((part) => part.text).join("");
  const most = Math.min(longest, [...text.slice(0, endOfLines(text, lines))].length);
  if (length <= most) return { parts: all, hidden: 0 };
  const last = all.findLastIndex((part) => part.on);
  const out: Part[] = [];
  let left = most;
  for (const [at, part] of all.entries()) {
    const long = lengths[at] ?? 0;
    if (at <= last || long <= left) out.push(part);
    else if (left > 0) out.push({ text: [...part.text].slice(0, left).join(""), on: false });
    left -= long;
    if (left <= 0 && at >= last) break;
  }
  const shownLength = out.reduce((sum, part) => sum + [...part.text].length, 0);
  return { parts: out, hidden: length - shownLength };
}
