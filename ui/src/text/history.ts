// How complete the history is, how earlier conversations are fetched, and how long the access to TikTok lasts, in words.
import type { TokenEventKind } from "../ipc/bindings";
import { count, number } from "./count";

const conversations = (n: number): string => count(n, "conversation", "conversations");

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
