// Saved replies, in words: their screen, their files, and choosing one while writing.
import type { SavedReplyProblem } from "../ipc/bindings";
import { count, number } from "./count";

const problems: Record<SavedReplyProblem, string> = {
  noName: "Give it a name.",
  empty: "Write a text, or add a picture.",
  tooLong: "The text is longer than TikTok takes.",
  labelTooLong: "The name has more than 120 characters, or the shortcut or category more than 60.",
  shortcutInvalid: "A shortcut is one word, without spaces.",
  shortcutTaken: "Another saved reply has this shortcut.",
  bracesOpen: "A variable’s braces are not closed. Write {{name}} on one line, or \\{{ for plain braces.",
  pictureInvalid: "The picture cannot be sent, or is not here any more. Add it again.",
  unreadable: "The entry cannot be read: cells are missing, too many, or of the wrong kind.",
};

const replies = (n: number): string => count(n, "saved reply", "saved replies");

export const saved = {
  title: "Saved replies",
  lead: "Write an answer once, and insert it with / wherever you write.",
  problems,
  problem: (detail: string | null) => problems[(detail ?? "") as SavedReplyProblem] ?? "",

  new: "New saved reply",
  newShort: "New",
  files: "Import and export",
  search: "Search saved replies",
  list: "Saved replies",
  categories: "Categories",
  all: "All",
  found: (n: number) => `${replies(n)} found`,
  loading: "Loading saved replies",
  failed: "The saved replies could not be loaded",
  none: "No saved replies yet",
  noneMore: "Write your first one, or import a file. Insert them with / while you write to a customer.",
  nothing: "Nothing answers to this",
  nothingMore: "Search looks at the beginnings of words in name, shortcut, category and text.",
  noneChosen: "Choose a saved reply",
  noneChosenMore: "It opens here, to be read and changed.",
  uses: (n: number) => (n === 0 ? "Not used yet" : `Used ${count(n, "time", "times")}`),
  used: (n: number, when: string) => `Used ${count(n, "time", "times")}, last ${when}`,
  usesShort: (n: number) => `${number.format(n)}×`,
  picture: "Picture",
  unsaved: "Unsaved changes",
  edit: "Saved reply",

  name: "Name",
  nameHint: "Return an order",
  shortcut: "Shortcut",
  shortcutHint: "return",
  shortcutMore: "Typed after /, then Space: inserted at once.",
  category: "Category",
  categoryHint: "Returns",
  text: "Text",
  textHint: "Hi {{customer|there}}, …",
  count: (n: number, most: number) => `${number.format(n)} / ${number.format(most)}`,
  insert: "Insert",
  variables: {
    customer: { name: "Customer’s name", text: "{{customer|there}}", sample: "Nadia Rahman" },
    agent: { name: "Your name", text: "{{agent}}", sample: "Mia" },
    account: { name: "Account’s name", text: "{{account}}", sample: "Maison Bloom" },
    date: { name: "Today’s date", text: "{{date}}" },
    blank: { name: "Blank to fill in", text: "{{order number}}" },
  },
  blankName: "order number",
  variablesMore: "What stands after | is used when Deskbell does not know better. A blank is asked for each time.",
  addPicture: "Add a picture",
  addingPicture: "Preparing the picture",
  removePicture: "Remove the picture",
  notAdded: "The picture was not added",
  pictureFirst: "The picture goes out first, then the text: two replies.",
  preview: "As the customer sees it",
  previewEmpty: "Your text shows up here.",
  previewNote: "With sample values. Marked places are filled in when you use it.",
  save: "Save",
  saving: "Saving",
  saved: "Saved",
  discard: "Discard changes",
  delete: "Delete",
  deleted: (name: string) => `“${name}” deleted`,
  undo: "Undo",
  notSaved: "The saved reply was not saved",
  notDeleted: "It could not be deleted",
  back: "All saved replies",
  changedMeanwhile: "This saved reply was deleted meanwhile. Save to keep yours as a new one.",

  guard: {
    title: "Save your changes first?",
    more: (name: string) =>
      name === ""
        ? "You have changed a saved reply without saving it."
        : `You have changed “${name}” without saving it.`,
    save: "Save",
    discard: "Discard",
    stay: "Keep editing",
  },

  exportCsv: "Export as table (CSV)",
  exportJson: "Export with pictures (JSON)",
  import: "Import a file…",
  fileName: "Saved replies",
  exported: (place: string) => `Saved as ${place}.`,
  importing: "Importing",
  imported: "Import",
  notImported: "Nothing was imported",
  close: "Close",
  added: (n: number) => `${number.format(n)} new`,
  replaced: (n: number) => `${number.format(n)} replaced one of the same name`,
  unchanged: (n: number) => `${number.format(n)} already there, word for word`,
  refused: (n: number) => `${count(n, "entry was", "entries were")} not taken`,
  place: (n: number, csv: boolean) => (csv ? `Line ${number.format(n)}` : `Entry ${number.format(n)}`),
  noName: "without a name",
  moreRefused: (n: number) => `and ${number.format(n)} more`,
  notText: "The file is not text. In your spreadsheet, save it as “CSV UTF-8”.",
  guessed: (encoding: string) =>
    `The file does not say how its letters are encoded and was read as ${encoding}. If accents or ` +
    `letters are wrong, save it as “CSV UTF-8” in your spreadsheet and import it again.`,
  unreadable: {
    tooLarge: "The file is too large: a table may have 8 MB, a JSON file 64 MB.",
    tooMany: "The file has more than 10,000 entries.",
    columns:
      "The first line of the table has to name its columns; name and text are needed. Commas, " +
      "semicolons, tabs or | may stand between them.",
    format: "This JSON file was not exported by Deskbell, or by a newer one.",
    quotes: (line: number) => `A quotation mark opens in line ${number.format(line)} and never closes.`,
    json: (line: number) => `It stops making sense in line ${number.format(line)}.`,
  },

  button: "Saved replies",
  choices: "Saved replies to insert",
  noneFound: "No saved reply answers to this",
  hint: "inserts",
  hintClose: "closes",
  blanks: "Fill in the blanks",
  blanksMore: (name: string) => `“${name}” asks for:`,
  blankNames: { customer: "Customer’s name", agent: "Your name", account: "Account’s name", date: "Date" } as Record<
    string,
    string
  >,
  blankMissing: (name: string) => `“${name}” is still empty. Fill it in, or press Insert once more to leave it out.`,
  next: "goes on",
  insertNow: "Insert",
  cancel: "Cancel",
  notInserted: "The saved reply was not inserted",
  leftOut: "The picture of the saved reply was left out: a message has one, and yours is there already.",
  inserted: (name: string) => `“${name}” inserted.`,
};

/** Why a file cannot be read, from the desk's short word for it. */
export function unreadableWords(detail: string | null): string {
  const [what, line] = (detail ?? "").split(":");
  const words = saved.unreadable;
  if (what === "quotes" || what === "json") return words[what](Number(line));
  return what === "tooLarge" || what === "tooMany" || what === "columns" || what === "format" ? words[what] : "";
}
