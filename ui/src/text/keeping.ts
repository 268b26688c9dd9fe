// What Deskbell keeps, in words: how complete the history is, how long the access lasts, tags, photos, and what is erased.
import type { TokenEventKind } from "../ipc/bindings";
import { count, number } from "./count";

const conversations = (n: number): string => count(n, "conversation", "conversations");
const list = new Intl.ListFormat(number.resolvedOptions().locale, { style: "long", type: "conjunction" });

export const history = {
  name: "How complete this is",
  completeTo: (time: string) => `Complete up to ${time}`,
  notYet: "Not complete yet",
  means: "Up to this time, Deskbell has listed and fetched everything that TikTok shows, but for what is counted here.",
  notYetMeans: "Deskbell has not been through TikTok’s whole list yet, so it cannot say up to when this is complete.",
  gaps: (n: number) =>
    n === 0 ? "No conversation has a known gap." : `${conversations(n)} with a gap, where messages may be missing.`,
  unreadable: (n: number) =>
    n === 0
      ? "No conversation is known that TikTok lists but does not show."
      : `${conversations(n)} that TikTok lists but does not show.`,
  newest:
    "TikTok shows only the newest 20 messages of each conversation. What it no longer shows can be read on the phone.",
  close: "Close",
};

export const backfill = {
  name: "Fetching earlier conversations",
  fetching: (done: string, total: string) => `Fetching earlier conversations: ${done} of ${total}`,
  starting: "Fetching earlier conversations",
  paused: (done: string, total: string) => `Paused at ${done} of ${total}. New messages still arrive.`,
  pause: "Pause",
  goOn: "Go on",
};

export const access = {
  ends: (date: string, left: string) =>
    `TikTok’s permission for this account ends on ${date}, in ${left}. Link it again before, then nothing stops.`,
  ended: (date: string) => `TikTok’s permission for this account ended on ${date}. Link it again.`,
  unlinked: (since: string) =>
    `This account was unlinked on ${since}. You can read and search its history. Nothing is received or sent.`,
  erase: "Erase…",
  dismiss: "Not now",
  name: "Access",
  lasts: "Access until",
  lastsUntil: (time: string) => `${time}, renewed by itself`,
  over: "Access ended",
  relinkBy: "Link again before",
  relinkOver: "Permission ended",
  none: "None: the account is unlinked.",
  lost: "None, until you link it again.",
  timeline: "What became of the access",
  nothing: "Nothing has been noted yet.",
  loading: "Looking it up",
  failed: "It could not be looked up",
  events: {
    linked: "Linked",
    refreshed: "Renewed",
    postponed: "Could not be renewed, to be tried again",
    refused: "TikTok refused to renew it",
    unlinked: "Unlinked",
  } satisfies Record<TokenEventKind, string>,
  words: "TikTok’s words",
  all: (n: number) => `Show all ${number.format(n)}`,
  fewer: "Show fewer",
};

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

export const viewer = {
  name: "Photos",
  you: "You",
  shared: "Shared",
  open: (who: string, when: string) => `Photo from ${who}, ${when}`,
  closed: (who: string, when: string) => `Photo from ${who}, ${when}, not on this computer`,
  position: (at: number, of: number) => `${number.format(at)} of ${number.format(of)}`,
  announced: (who: string, when: string, place: string) =>
    place === "" ? `Photo from ${who}, ${when}` : `Photo ${place}, from ${who}, ${when}`,
  older: "Older photo",
  newer: "Newer photo",
  zoomIn: "Zoom in",
  zoomOut: "Zoom out",
  fit: "Fit to the window",
  zoom: (percent: number) => `${number.format(percent)}%`,
  pan: "Shift and the arrow keys move the picture while it is zoomed in.",
  copy: "Copy",
  copied: "Copied.",
  save: "Save",
  saved: (place: string) => `Saved: ${place}`,
  close: "Close",
  withKey: (what: string, key: string) => `${what} (${key})`,
  loading: "Loading",
  failed: "The photos could not be loaded",
  notHere: "Not on this computer",
  released: "It was let go to make room. TikTok can be asked for it again.",
  unavailable: "TikTok did not give it out when Deskbell asked.",
  broken: "The picture cannot be shown. TikTok can be asked for it again.",
  pending: "The picture is on its way",
  fetch: "Fetch it",
  fetching: "Asking TikTok",
  gone: "This photo is no longer in the conversation.",
};
