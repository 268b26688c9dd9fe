// Tags, in words.
import { count, number } from "./count";

const list = new Intl.ListFormat(number.resolvedOptions().locale, { style: "long", type: "conjunction" });

export const tags = {
  title: "Tags",
  add: "Add",
  addName: "Add a tag",
  none: "No tags yet",
  remove: (name: string) => `Remove the tag ${name}`,
  field: "Tag",
  placeholder: "Name of a tag",
  suggestions: "Tags to choose from",
  create: (name: string) => `New tag “${name}”`,
  people: (n: number) => count(n, "customer", "customers"),
  more: (n: number) => `+${number.format(n)}`,
  moreNames: (names: string[]) => list.format(names),
  all: (names: string[]) => `Tags: ${list.format(names)}`,
  added: (name: string) => `Tag ${name} added`,
  removed: (name: string) => `Tag ${name} removed`,
  found: (n: number) => count(n, "tag to choose from", "tags to choose from"),
  close: "Close",
};
