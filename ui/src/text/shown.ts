// Customers' words, made safe to look at. Nothing here is ever turned into markup; the raw text stays with the desk.
import type { AccountView, AgentView, PersonView, Snippet } from "../ipc/bindings";
import { t } from "./index";

/** Longer messages hide behind "Show more". */
export const LONGEST = 4_000;
/** So do messages of more lines. */
export const MOST_LINES = 40;
/** Marks beyond this many on one letter run over the lines above and below. */
const MOST_MARKS = 4;

// eslint-disable-next-line no-control-regex
const CONTROLS = /[\u0000-\u0008\u000B-\u001F\u007F-\u009F]/gu;
const MARKS = new RegExp(`(\\p{M}{${MOST_MARKS}})\\p{M}+`, "gu");
const HIDDEN = /[\u200B-\u200F\u202A-\u202E\u2060\u2066-\u2069\uFEFF]/gu;
const NAMES: Record<number, string> = {
  0x200b: "ZWSP", 0x200c: "ZWNJ", 0x200d: "ZWJ", 0x200e: "LRM", 0x200f: "RLM", 0x202a: "LRE", 0x202b: "RLE", 0x202c: "PDF",
  0x202d: "LRO", 0x202e: "RLO", 0x2060: "WJ", 0x2066: "LRI", 0x2067: "RLI", 0x2068: "FSI", 0x2069: "PDI", 0xfeff: "BOM",
};
const JOINED = /[\p{L}\p{M}\p{Extended_Pictographic}\u{1F3FB}-\u{1F3FF}]/u;

/** A text without NUL and control characters except line breaks and tabs, its letters with at most four marks each. */
export function shown(text: string): string {
  return text.replace(/\r\n?/g, "\n").replace(CONTROLS, "").replace(MARKS, "$1");
}

/** A name on one line, with the characters that could make it look like another name made visible. */
export function shownName(text: string): string {
  return shownLine(text).trim();
}

/** The same for a part of a name, which keeps the spaces at its ends. */
export function shownLine(text: string): string {
  const line = shown(text).replace(/\s+/gu, " ");
  return line.replace(HIDDEN, (mark, at: number) => {
    const code = mark.codePointAt(0) ?? 0;
    // Joiners belong to emoji families and to Persian and Indic spelling.
    if (code === 0x200c || code === 0x200d) {
      const before = [...line.slice(0, at)].at(-1) ?? "";
      const after = [...line.slice(at + 1)][0] ?? "";
      if (JOINED.test(before) && JOINED.test(after)) return mark;
    }
    return `‹${NAMES[code] ?? "?"}›`;
  });
}

/** What of a long text is shown at first, and how many characters it hides; never half an emoji. */
export function clamped(text: string, most = LONGEST, lines = MOST_LINES): { text: string; hidden: number } {
  const end = endOfLines(text, lines);
  if (text.length <= most && end === text.length) return { text, hidden: 0 };
  const points = [...text];
  const kept = Math.min(most, end === text.length ? points.length : [...text.slice(0, end)].length);
  if (kept === points.length) return { text, hidden: 0 };
  return { text: points.slice(0, kept).join(""), hidden: points.length - kept };
}

/** Where the first so many lines of a text end. */
export function endOfLines(text: string, lines: number): number {
  let at = -1;
  for (let line = 0; line < lines; line += 1) {
    at = text.indexOf("\n", at + 1);
    if (at < 0) return text.length;
  }
  return at;
}

/** What to call somebody. */
export function nameOf(person: Pick<PersonView, "name" | "handle">): string {
  const name = shownName(person.name);
  if (name !== "") return name;
  const handle = shownName(person.handle ?? "");
  return handle === "" ? t.person.unnamed : `@${handle}`;
}

/** What to call an account of the shop: by its handle, if TikTok told it. */
export function calledOf({ handle, displayName }: Pick<AccountView, "handle" | "displayName">): string {
  return handle ? `@${shownName(handle)}` : nameOf({ name: displayName, handle: null });
}

/** A last line: its text, or what kind of thing it is. */
export function snippetText(snippet: Snippet): string {
  const text = shown(snippet.text).replace(/\s+/gu, " ");
  return text !== "" ? text : t.snippets[snippet.kind];
}

const segments = new Intl.Segmenter(undefined, { granularity: "grapheme" });
const ALPHABETIC = /^[\p{Script=Latin}\p{Script=Cyrillic}\p{Script=Greek}]/u;

/** What to call an agent; whoever sits here may not have said their name. */
export function agentName({ name, me }: Pick<AgentView, "name" | "me">): string {
  const called = shownName(name);
  return called === "" && me ? t.agents.you : called;
}

/** One or two letters for the stand-in avatar. */
export function initials(name: string): string {
  const words = name.replace(/^@/, "").split(/[\s._-]+/u).filter((word) => /[\p{L}\p{N}\p{Extended_Pictographic}]/u.test(word));
  const first = letter(words[0]);
  if (!ALPHABETIC.test(first) || words.length < 2) return first;
  return first + letter(words.at(-1));
}

function letter(word: string | undefined): string {
  for (const { segment } of segments.segment(word ?? "")) {
    if (/[\p{L}\p{N}\p{Extended_Pictographic}]/u.test(segment)) return segment.toLocaleUpperCase();
  }
  return "";
}

/** A hue for an account that has none of its own: the same for one id always. */
export function hueOf(id: string): number {
  let hash = 0;
  for (const char of id) hash = (hash * 31 + (char.codePointAt(0) ?? 0)) % 997;
  return (hash * 137 + 60) % 360;
}
