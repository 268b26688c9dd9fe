// Data on this computer, in words: erasing an account, folders, and repairing a damaged database.
import { count, number } from "./count";

const conversations = (n: number): string => count(n, "conversation", "conversations");
const list = new Intl.ListFormat(number.resolvedOptions().locale, { style: "long", type: "conjunction" });

export const unlink = {
  open: "Unlink…",
  erase: "Erase…",
  title: (handle: string) => `Unlink ${handle}?`,
  lead: "Deskbell gives its access back to TikTok and forgets it. Nothing is received or sent until you link the account again.",
  keeps: "Its history stays here, to be read and searched. Replies that wait stay as well.",
  keep: "Unlink, keep the history",
  alsoErase: "Unlink and erase…",
  eraseTitle: (handle: string) => `Erase ${handle}?`,
  eraseLead: "All of this goes from this computer:",
  goes: [
    "its conversations, with every message, tag and picture",
    "drafts, and replies that wait or are to go out later",
    "its access, and what is noted about it",
  ],
  eraseStays: "What is on TikTok and on the phone stays there. This cannot be undone.",
  type: (handle: string) => `Type ${handle} to go on`,
  mismatch: "That is not the account’s name.",
  eraseDo: "Unlink and erase",
  eraseOnly: "Erase",
  cancel: "Cancel",
  back: "Back",
  unlinking: "Unlinking",
  erasing: "Erasing. This can take a moment.",
  failed: "This was not done",
  unlinked: (handle: string) => `${handle} is unlinked. Its history stays here.`,
  erased: (handle: string) => `${handle} was erased from this computer.`,
};

export const data = {
  title: "Data",
  pictures: "Pictures",
  usage: (n: number, room: string) => `${count(n, "picture takes", "pictures take")} ${room}.`,
  none: "No picture is kept yet.",
  budget: "Room for pictures",
  noLimit: "No limit",
  lead: "Beyond this, pictures that nobody has looked at for longest are let go, and only those that TikTok still gives out.",
  noLimitLead: "Every picture is kept.",
  full: (room: string) => `${room} in use`,
  loading: "Counting the pictures",
  failed: "The pictures could not be counted",
  megabytes: (n: number) => `${number.format(n)} MB`,
  gigabytes: (n: number) => `${number.format(n)} GB`,
  computers: "Computers that answer with this app",
  computersLead:
    "TikTok counts the calls of all of them together. Each keeps to its share, so more computers look for news less often.",
};

export const repair = {
  found:
    "Deskbell’s data is damaged. It is mended when Deskbell is started again; until then everything works as far as it can be read.",
  restart: "Restart and mend",
  unreadable: "Something Deskbell kept cannot be read and is left out. Everything else works.",
  unreadableIn: (tables: readonly string[]) => `In: ${tables.join(", ")}`,
  title: "Deskbell’s data was damaged and has been mended",
  what: (when: string) => `On ${when}, Deskbell found its data damaged, saved what it could read and began a new file.`,
  kept: "Kept",
  counts: (conversations_: number, messages: number, drafts: number, replies: number) =>
    list.format([
      conversations(conversations_),
      count(messages, "message", "messages"),
      count(drafts, "draft", "drafts"),
      `${count(replies, "reply", "replies")} on the way or for later`,
    ]),
  lost:
    "Something could not be read. Deskbell fetches it again now, as far as TikTok still shows it: " +
    "the newest 20 messages of each conversation.",
  notLost: "Everything could be read.",
  drafts: "Look through your drafts and waiting replies: what was written last may be missing.",
  beginnings: (n: number) =>
    n === 1
      ? "Of one draft, only the first 160 characters could be saved."
      : `Of ${number.format(n)} drafts, only the first 160 characters could be saved.`,
  aside: "The damaged files were moved, not deleted. They are in this folder beside Deskbell’s data:",
  understood: "Understood",
};
