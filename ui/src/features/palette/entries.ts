// What the palette lists, in sections, for what stands in its field.
import type { MessageHit, PersonHit, SearchResults } from "../../ipc/bindings";
import type { KeyId } from "../../state/keys";
import { t } from "../../text";

export type Entry =
  | { kind: "recent"; key: string; text: string }
  | { kind: "operator"; key: string; id: OperatorId }
  | { kind: "person"; key: string; hit: PersonHit }
  | { kind: "message"; key: string; hit: MessageHit }
  | { kind: "command"; key: string; id: KeyId };

export type OperatorId = keyof typeof t.palette.operators;
export type SectionId = keyof typeof t.palette.sections;

export interface Section {
  id: SectionId;
  entries: Entry[];
}

const plain = (text: string): string => text.normalize("NFKD").replace(/\p{M}/gu, "").toLowerCase();

/** The commands in whose name each typed word begins a word. */
export function commandsFor(typed: string, all: readonly KeyId[]): KeyId[] {
  const words = plain(typed).split(/\s+/u).filter((word) => word !== "");
  return all.filter((id) => {
    const name = plain(t.keys[id]).split(/[^\p{L}\p{N}]+/u);
    return words.every((word) => name.some((one) => one.startsWith(word)));
  });
}

const commands = (ids: readonly KeyId[]): Section => ({ id: "commands", entries: ids.map((id) => ({ kind: "command", key: `command ${id}`, id })) });
const operators = (): Section => ({ id: "operators", entries: (Object.keys(t.palette.operators) as OperatorId[]).map((id) => ({ kind: "operator", key: `operator ${id}`, id })) });

export interface Asked {
  /** What the results answer; or what stands in the field if the desk is not asked. */
  text: string;
  results: SearchResults | null;
  recent: readonly string[];
  /** The commands that can be given now. */
  may: readonly KeyId[];
}

export function sectionsOf({ text, results, recent, may }: Asked): Section[] {
  const typed = text.trim();
  const sections: Section[] = [];
  if (typed.startsWith(">")) sections.push(commands(commandsFor(typed.slice(1), may)));
  else if (typed === "?") sections.push(operators());
  else if (typed === "") {
    sections.push({ id: "recent", entries: recent.map((one) => ({ kind: "recent", key: `recent ${one}`, text: one })) }, operators(), commands(may));
  } else {
    sections.push(
      { id: "people", entries: (results?.people ?? []).map((hit) => ({ kind: "person", key: `person ${hit.conversation}`, hit })) },
      { id: "messages", entries: (results?.messages ?? []).map((hit) => ({ kind: "message", key: `message ${hit.id}`, hit })) },
      commands(typed.includes(":") || typed.length < 2 ? [] : commandsFor(typed, may)),
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
