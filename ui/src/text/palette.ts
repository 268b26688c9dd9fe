// What the palette says: searching messages, people and commands.
import type { SearchProblemKind } from "../ipc/bindings";
import { count, number } from "./count";

const problems: Record<SearchProblemKind, (value: string) => string> = {
  unknownPerson: (value) => `Nobody is called “${value}”.`,
  unknownTag: (value) => `No tag is called “${value}”.`,
  badDate: (value) => `“${value}” is no date. Write one such as 2026-11-05.`,
  badHas: (value) => `Nothing is called “${value}” after has:. Try has:photo, has:video or has:post.`,
};

export const palette = {
  name: "Search and commands",
  field: "Search messages, people and commands",
  placeholder: "Search messages and people, or > for commands",
  results: "Results",
  sections: {
    values: "What may stand here",
    recent: "Searched before",
    people: "People",
    messages: "Messages",
    operators: "Narrow it down",
    commands: "Commands",
  },
  everywhere: "All accounts",
  scope: (where: string) => `Searching in: ${where}`,
  scopeKey: "Alt A",
  you: "You:",
  move: "↑↓ to move",
  choose: "↵ to open",
  tab: "Tab",
  searched: (n: number) => `${count(n, "message", "messages")} searched`,
  rebuilding: "The search is still being prepared. Older messages may not be found yet.",
  problems,
  looking: "Still looking…",
  lookedBack: (day: string) => `Still looking. Everything since ${day} has been looked through.`,
  insertSaved: (name: string) => `Insert saved reply “${name}”`,
  nothing: (text: string) => `Nothing found for “${text}”`,
  nothingMore: "Try fewer letters or another word. Every word has to be there.",
  noTags: "No customer has a tag yet.",
  noCommand: (text: string) => `No command is called “${text}”`,
  failed: "The search did not work",
  searching: "Searching",
  found: (messages: number, people: number, most: boolean) =>
    [
      people > 0 ? count(people, "person", "people") : "",
      messages > 0
        ? most
          ? `${number.format(messages)} newest messages`
          : count(messages, "message", "messages")
        : "",
    ]
      .filter((part) => part !== "")
      .join(", "),
  foundCommands: (n: number) => count(n, "command", "commands"),
  foundNothing: "Nothing found",
  /** What follows each operator, and what it does. The operators themselves are the desk’s. */
  operators: {
    from: { value: "name", what: "Written by this customer, or from:me by us" },
    in: { value: "name", what: "Anything in this customer’s conversations" },
    has: { value: "photo", what: "With a photo, video, post, sticker, card or link in it" },
    tag: { value: "name", what: "From customers with this tag" },
    before: { value: "2026-11-05", what: "Sent before this day" },
    after: { value: "2026-11-05", what: "Sent after this day" },
    on: { value: "2026-11-05", what: "Sent on this day" },
    phrase: { value: "two words", what: "Exactly these words, one after the other" },
    not: { value: "word", what: "Without this word" },
  },
};
