// Customers' words, made safe to look at. Nothing here is ever turned into markup; the raw text stays with the desk.
import type { AccountView, AgentView, PersonView, Snippet } from "../ipc/bindings";
import { t } from "./index";
import { isDrawn, withInvisible, withoutInvisible } from "./invisible";

/** Longer messages hide behind "Show more". */
export const MAX_SHOWN_LENGTH = 4_000;
/** So do messages of more lines. */
export const MAX_SHOWN_LINES = 40;
/** Marks beyond this many on one letter run over the lines above and below. */
const MAX_MARKS_PER_LETTER = 4;

/** A longer name is cut: TikTok's have 30 characters. */
export const MAX_NAME_LENGTH = 200;

const LINE_ENDS = /\r\n|[\r\v\f\u0085\u2028\u2029]/gu;
const CONTROLS = /[\u0000-\u0008\u000E-\u001F\u007F-\u009F]/gu;
const MARKS = new RegExp(`(\\p{M}{${MAX_MARKS_PER_LETTER}})\\p{M}+`, "gu");
/** JavaScript counts the byte order mark as white space. */
const SPACES = /[^\S\uFEFF]+/gu;

/** A text whose lines end one way, without control characters but tabs, its letters with at most four marks each. */
export function sanitize(text: string): string {
  return text.replace(LINE_ENDS, "\n").replace(CONTROLS, "").replace(MARKS, "$1");
}

/** A name on one line, with the characters that could make it look like another name made visible. */
export function sanitizedName(text: string): string {
  // Cut first: a name may be as long as its owner likes, and each of its characters costs.
  const name = sanitizeLine(text.slice(0, 2 * MAX_NAME_LENGTH)).trim();
  const cut = clamped(name, MAX_NAME_LENGTH);
  return cut.hidden > 0 || text.length > 2 * MAX_NAME_LENGTH ? `${cut.text}…` : name;
}

/** The same for a part of a name, which keeps the spaces at its ends. */
export function sanitizeLine(text: string): string {
  return withInvisible(text.replace(LINE_ENDS, " ").replace(SPACES, " ").replace(MARKS, "$1…").toWellFormed());
}

/** A name as it may stand in a text that is sent: on one line, without what draws nothing; empty if nothing is left. */
export function cleanName(text: string): string {
  return withoutInvisible(
    text
      .slice(0, 2 * MAX_NAME_LENGTH)
      .replace(LINE_ENDS, " ")
      .replace(SPACES, " "),
  )
    .replace(SPACES, " ")
    .trim();
}

/** What of a long text is shown at first, and how many characters it hides; never half an emoji. */
export function clamped(
  text: string,
  most = MAX_SHOWN_LENGTH,
  lines = MAX_SHOWN_LINES,
): { text: string; hidden: number } {
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

/** What to call a person: by their name, by their handle where the name draws nothing, and else by what it is made of. */
export function nameOf(person: Pick<PersonView, "name" | "handle">): string {
  if (isDrawn(person.name)) return sanitizedName(person.name);
  const handle = person.handle ?? "";
  if (isDrawn(handle)) return `@${sanitizedName(handle)}`;
  return sanitizedName(sanitize(person.name)) || t.person.unnamed;
}

/** What to call an account of the shop: by its handle, if TikTok told it. */
export function calledOf({ handle, displayName }: Pick<AccountView, "handle" | "displayName">): string {
  return isDrawn(handle) ? `@${sanitizedName(handle)}` : nameOf({ name: displayName, handle: null });
}

/** A last line: its text, or what kind of thing it is. */
export function snippetText(snippet: Snippet): string {
  const text = sanitize(snippet.text).replace(/\s+/gu, " ");
  return text !== "" ? text : t.snippets[snippet.kind];
}

const segments = new Intl.Segmenter(undefined, { granularity: "grapheme" });
const ALPHABETIC = /^[\p{Script=Latin}\p{Script=Cyrillic}\p{Script=Greek}]/u;

/** What to call an agent; the one at this computer may not have said their name. */
export function agentName({ name, me }: Pick<AgentView, "name" | "me">): string {
  const called = sanitizedName(name);
  return called === "" && me ? t.agents.you : called;
}

/** One or two letters for the stand-in avatar. */
export function initials(name: string): string {
  const words = name
    .replace(/^@/, "")
    .split(/[\s._-]+/u)
    .filter((word) => /[\p{L}\p{N}\p{Extended_Pictographic}]/u.test(word));
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
