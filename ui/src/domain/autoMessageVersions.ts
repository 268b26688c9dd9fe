// What bringing an earlier state back would change: which messages come, go and stay, and which words in them.
import type { AutoText } from "../ipc/bindings";
import { sameText } from "./autoMessageText";
import { type DiffPart, wordDiff } from "./wordDiff";

export interface Change {
  what: "both" | "before" | "after" | "changes";
  title: DiffPart[];
  body: DiffPart[];
}

/** Compares the messages there are now with those of an earlier version. */
export function changesBetween(now: readonly AutoText[], then: readonly AutoText[]): Change[] {
  const left = [...now];
  const take = (fits: (one: AutoText) => boolean): AutoText | undefined => {
    const at = left.findIndex(fits);
    return at < 0 ? undefined : left.splice(at, 1)[0];
  };
  // The same text is the same message, then the same title is; a greeting has no title and is the only one.
  const partners = then.map((one) => take((other) => sameText(one, other)));
  const paired = then.map((one, at) => partners[at] ?? take((other) => other.title === one.title));
  const comes = then.map((one, at): Change => {
    const other = paired[at];
    if (!other) return { what: "before", ...all(one, "after") };
    return {
      what: sameText(one, other) ? "both" : "changes",
      title: wordDiff(other.title, one.title),
      body: wordDiff(other.body, one.body),
    };
  });
  return [...comes, ...left.map((one): Change => ({ what: "after", ...all(one, "before") }))];
}

const all = (text: AutoText, where: DiffPart["in"]): Pick<Change, "title" | "body"> => ({
  title: text.title === "" ? [] : [{ text: text.title, in: where }],
  body: [{ text: text.body, in: where }],
});

export type Likeness = "same" | "order" | "different";

/** How an earlier state compares with how it is now. */
export function likenessOf(now: readonly AutoText[], then: readonly AutoText[]): Likeness {
  if (now.length === then.length && now.every((one, at) => sameText(one, then[at] ?? { title: "", body: "" })))
    return "same";
  return changesBetween(now, then).every((one) => one.what === "both") ? "order" : "different";
}
