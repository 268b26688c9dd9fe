// Names of tags: comparing and suggesting them.
import type { TagCount, TagView } from "../ipc/bindings";

/** The desk keeps so many characters of a name. */
export const MAX_TAG_LENGTH = 40;

const folded = (name: string): string => name.trim().toLocaleLowerCase();
export const sameTag = (a: string, b: string): boolean => folded(a) === folded(b);

/** The tags that fit what was typed and that the customer does not have, those that begin with it first. */
export function suggested(all: readonly TagCount[], has: readonly TagView[], typed: string, most = 6): TagCount[] {
  const mine = new Set(has.map((one) => one.id));
  const wanted = folded(typed);
  const fits = all.filter(({ tag }) => !mine.has(tag.id) && folded(tag.name).includes(wanted));
  const begins = ({ tag }: TagCount): number => (folded(tag.name).startsWith(wanted) ? 0 : 1);
  return [...fits].sort((a, b) => begins(a) - begins(b)).slice(0, most);
}
