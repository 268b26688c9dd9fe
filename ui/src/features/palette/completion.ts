// What the word before the cursor may become: an operator, or something that can stand after one.
import type { SearchResults, TagCount } from "../../ipc/bindings";
import { sanitizedName } from "../../text/sanitize";

export type Operator = "from" | "in" | "has" | "tag" | "before" | "after" | "on";

const OPERATORS: readonly Operator[] = ["from", "in", "has", "tag", "before", "after", "on"];
/** What a message can have, in the desk's words. */
const HAS: readonly string[] = ["photo", "video", "post", "sticker", "card", "link"];
export const MAX_COMPLETIONS = 5;
/** As many as the list shows where nothing but an operator is typed. */
const MAX_SAVED_LISTED = 30;

export interface Known {
  results: SearchResults | null;
  tags: readonly TagCount[];
  /** Names of customers, offered where nothing was found yet. */
  people?: readonly string[];
  /** Today as the agent's calendar has it. */
  today: string;
}

export interface Completion {
  /** What stands there afterwards, and where the cursor is. */
  text: string;
  caret: number;
  /** The part that is completed, for the eye. */
  label: string;
}

const plain = (text: string): string => text.normalize("NFKD").replace(/\p{M}/gu, "").toLowerCase();

/** Whether one of a name's words begins like this. */
function begins(name: string, with_: string): boolean {
  const wanted = plain(with_);
  return (
    plain(name).startsWith(wanted) ||
    plain(name)
      .split(/\s+/u)
      .some((word) => word.startsWith(wanted))
  );
}

function peopleOf(results: SearchResults | null): string[] {
  if (!results) return [];
  const names = [...results.people, ...results.messages].map(
    ({ person }) => sanitizedName(person.name) || sanitizedName(person.handle ?? ""),
  );
  return [...new Set(names.filter((name) => name !== ""))];
}

const quoted = (value: string): string => (/[\s"]/u.test(value) ? `"${value.replaceAll('"', "")}"` : value);

function values(operator: Operator, typed: string, { results, tags, people = [], today }: Known): string[] {
  switch (operator) {
    case "has":
      return HAS.filter((one) => one.startsWith(typed.toLowerCase()));
    case "tag":
      return tags.map(({ tag }) => tag.name).filter((name) => begins(name, typed));
    case "from":
      if (typed === "") return [...new Set([...people, "me"])];
      return [
        ...("me".startsWith(typed.toLowerCase()) ? ["me"] : []),
        ...peopleOf(results).filter((name) => begins(name, typed)),
      ];
    case "in":
      return typed === "" ? [...new Set(people)] : peopleOf(results).filter((name) => begins(name, typed));
    default:
      return today.startsWith(typed) ? [today] : [];
  }
}

/** Whether the word before the cursor is an operator that waits for its value, as in `tag:`. */
export function bareOperator(text: string, caret: number): Operator | null {
  const word = /(?:^|\s)-?([a-z]+):"?$/iu.exec(text.slice(0, caret));
  return OPERATORS.find((one) => one === word?.[1]?.toLowerCase()) ?? null;
}

/** What Tab can make of the word before the cursor, likeliest first. */
export function completions(text: string, caret: number, known: Known): Completion[] {
  const word = /(?:^|\s)(-?)((?:[a-z]+:"[^"]*)|\S*)$/iu.exec(text.slice(0, caret));
  if (!word) return [];
  const token = word[2] ?? "";
  const start = caret - token.length;
  const put = (made: string, space: boolean): Completion => {
    const after = text.slice(caret);
    const gap = space && !/^\s/u.test(after) ? " " : "";
    return { text: text.slice(0, start) + made + gap + after, caret: start + made.length + gap.length, label: made };
  };
  const found = /^([a-z]+):"?(.*)$/iu.exec(token);
  const operator = OPERATORS.find((one) => one === found?.[1]?.toLowerCase());
  if (found && operator) {
    const typed = found[2] ?? "";
    return values(operator, typed, known)
      .filter((value) => value !== typed)
      .slice(0, typed === "" ? MAX_SAVED_LISTED : MAX_COMPLETIONS)
      .map((value) => put(`${operator}:${quoted(value)}`, true));
  }
  if (token.length < 2) return [];
  return OPERATORS.filter((one) => one.startsWith(token.toLowerCase())).map((one) => put(`${one}:`, false));
}
