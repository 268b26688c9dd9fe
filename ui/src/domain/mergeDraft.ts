// Merges a draft that the desk has changed with what the agent typed meanwhile.

/** The desk has put something into a draft while the agent typed on from `before` to `typed`: both are kept. */
export function mergeDraft(theirs: string, before: string, typed: string): string {
  if (typed === before) return theirs;
  if (theirs === before || theirs === "") return typed;
  if (typed === "") return before === "" ? theirs : theirs.replace(before, "").trim();
  if (before !== "" && theirs.endsWith(before)) return theirs.slice(0, -before.length) + typed;
  if (before !== "" && theirs.startsWith(before)) return typed + theirs.slice(before.length);
  return `${theirs}\n${typed}`;
}
