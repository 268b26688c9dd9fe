// What the palette lists, in sections, for what stands in its field.
import type { MessageHit, PersonHit, SavedReplyView, SearchResults } from "../../ipc/bindings";
import type { KeyId } from "../../domain/keys";
import { t } from "../../text";
import type { Completion } from "./completion";

export type Entry =
  | { kind: "recent"; key: string; text: string }
  | { kind: "value"; key: string; way: Completion }
  | { kind: "operator"; key: string; id: OperatorId }
  | { kind: "person"; key: string; hit: PersonHit }
  | { kind: "message"; key: string; hit: MessageHit }
  | { kind: "saved"; key: string; one: SavedReplyView }
  | { kind: "command"; key: string; id: KeyId };

export type OperatorId = keyof typeof t.palette.operators;
export type SectionId = keyof typeof t.palette.sections;

export interface Section {
  id: SectionId;
  entries: Entry[];
}

const plain = (text: string): string => text.normalize("NFKD").replace(/\p{M}/gu, "").toLowerCase();

/** The commands in whose name each typed word begins a word. */
function commandsFor(typed: string, all: readonly KeyId[]): KeyId[] {
  const words = plain(typed)
    .split(/\s+/u)
    .filter((word) => word !== "");
  return all.filter((id) => {
    const name = plain(t.keys[id]).split(/[^\p{L}\p{N}]+/u);
    return words.every((word) => name.some((one) => one.startsWith(word)));
  });
}

/** Scripts that write no space between words: there a word may begin anywhere. */
const UNSPACED =
  /[\p{Script=Han}\p{Script=Hiragana}\p{Script=Katakana}\p{Script=Hangul}\p{Script=Thai}\p{Script=Lao}\p{Script=Khmer}\p{Script=Myanmar}]/u;
/** More would hide the commands. */
const MAX_SAVED_SHOWN = 3;

/**
 * The saved replies whose name has all that was typed, or whose name or shortcut begins with its last word; the words
 * before it may be a search.
 */
function savedFor(typed: string, all: readonly SavedReplyView[]): SavedReplyView[] {
  const words = plain(typed)
    .split(/\s+/u)
    .filter((word) => word !== "");
  const last = words.at(-1) ?? "";
  const named = (one: SavedReplyView, word: string): boolean =>
    UNSPACED.test(word)
      ? plain(one.name).includes(word)
      : plain(one.name)
          .split(/[^\p{L}\p{N}]+/u)
          .some((begun) => begun.startsWith(word));
  if (last.length < 2 && !UNSPACED.test(last)) return [];
  const whole = all.filter((one) => words.every((word) => named(one, word)));
  const ending = all.filter(
    (one) => !whole.includes(one) && (named(one, last) || plain(one.shortcut).startsWith(last.replace(/^\//u, ""))),
  );
  return [...whole, ...ending].slice(0, MAX_SAVED_SHOWN);
}

const commands = (ids: readonly KeyId[], saved: readonly SavedReplyView[] = []): Section => ({
  id: "commands",
  entries: [
    ...saved.map((one): Entry => ({ kind: "saved", key: `saved ${one.id}`, one })),
    ...ids.map((id): Entry => ({ kind: "command", key: `command ${id}`, id })),
  ],
});
const operators = (): Section => ({
  id: "operators",
  entries: (Object.keys(t.palette.operators) as OperatorId[]).map((id) => ({
    kind: "operator",
    key: `operator ${id}`,
    id,
  })),
});

export interface Asked {
  /** What the results answer; or what stands in the field if the desk is not asked. */
  text: string;
  results: SearchResults | null;
  recent: readonly string[];
  /** The commands that can be given now. */
  may: readonly KeyId[];
  /** The saved replies that can be inserted now. */
  saved: readonly SavedReplyView[];
  /** What can stand after the operator that waits for its value. */
  values?: readonly Completion[];
}

export function sectionsOf({ text, results, recent, may, saved, values = [] }: Asked): Section[] {
  const typed = text.trim();
  const sections: Section[] = [];
  if (values.length > 0)
    sections.push({ id: "values", entries: values.map((way) => ({ kind: "value", key: `value ${way.label}`, way })) });
  else if (typed.startsWith(">"))
    sections.push(commands(commandsFor(typed.slice(1), may), savedFor(typed.slice(1), saved)));
  else if (typed === "?") sections.push(operators());
  else if (typed === "") {
    sections.push(
      { id: "recent", entries: recent.map((one) => ({ kind: "recent", key: `recent ${one}`, text: one })) },
      operators(),
      commands(may),
    );
  } else {
    sections.push(
      {
        id: "people",
        entries: (results?.people ?? []).map((hit) => ({ kind: "person", key: `person ${hit.conversation}`, hit })),
      },
      {
        id: "messages",
        entries: (results?.messages ?? []).map((hit) => ({ kind: "message", key: `message ${hit.id}`, hit })),
      },
      typed.includes(":")
        ? commands([])
        : commands(typed.length < 2 ? [] : commandsFor(typed, may), savedFor(typed, saved)),
    );
  }
  return sections.filter((section) => section.entries.length > 0);
}

/** What an operator looks like in the field: what is put there, and what stands after it as an example. */
export function operatorText(id: OperatorId): { put: string; value: string } {
  const { value } = t.palette.operators[id];
  if (id === "phrase") return { put: '"', value: `${value}"` };
  if (id === "not") return { put: "-", value };
  return { put: `${id}:`, value };
}
