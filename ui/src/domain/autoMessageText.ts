// What TikTok takes as an automatic message, so that the page can say so before anything is sent. The desk checks it again.
import type { AutoRefusal, AutoMessageType, AutoText } from "../ipc/bindings";
import { length } from "./replyText";

export interface Limits {
  /** How many an account may have. */
  most: number;
  /** The longest title in characters; 0 where there is none. */
  title: number;
  body: number;
}

export const LIMITS: Record<AutoMessageType, Limits> = {
  welcomeMessage: { most: 1, title: 0, body: 250 },
  suggestedQuestion: { most: 3, title: 80, body: 200 },
  chatPrompt: { most: 6, title: 18, body: 150 },
};

/** TikTok keeps an order of one's own for these only. */
export const canBeSorted = (kind: AutoMessageType): boolean => kind === "chatPrompt";
/** The welcome message can only be turned off. */
export const canBeDeleted = (kind: AutoMessageType): boolean => kind !== "welcomeMessage";
/** Turning these on makes TikTok switch off each one that is there. */
export const turningOnSwitchesOff = (kind: AutoMessageType): boolean => kind !== "welcomeMessage";

/** A text as it will be sent: its ends trimmed, line ends of one kind, a title on one line. Nothing is ever cut. */
export function asSent({ title, body }: AutoText): AutoText {
  return {
    title: title.replace(/\p{White_Space}+/gu, " ").replace(/^ | $/g, ""),
    body: body
      .replace(/\r\n?/g, "\n")
      .replaceAll("\0", "")
      .replace(/^\p{White_Space}+|\p{White_Space}+$/gu, ""),
  };
}

export const sameText = (a: AutoText, b: AutoText): boolean => a.title === b.title && a.body === b.body;

/** Whether TikTok takes both for the same and refuses the second: one question twice, or the same words on two buttons. */
function repeats(a: AutoText, b: AutoText): boolean {
  return a.title !== "" || b.title !== "" ? a.title === b.title : a.body === b.body;
}

/** Why a text cannot be sent to TikTok, and by how many characters where it is too long. */
export interface TextProblem {
  why: "titleTooLong" | "bodyTooLong" | "noTitle" | "noBody" | "duplicate" | "unchanged";
  over: number;
}

/**
 * @param others what the other messages of the kind say
 * @param now what this one says already; none for a new one, and none for one that is replaced, changed or not
 */
export function problemOf(
  kind: AutoMessageType,
  typed: AutoText,
  others: readonly AutoText[],
  now: AutoText | null,
): TextProblem | null {
  const text = asSent(typed);
  const limits = LIMITS[kind];
  const over = { title: length(text.title) - limits.title, body: length(text.body) - limits.body };
  if (over.title > 0) return { why: "titleTooLong", over: over.title };
  if (over.body > 0) return { why: "bodyTooLong", over: over.body };
  if (limits.title > 0 && text.title === "") return { why: "noTitle", over: 0 };
  if (text.body === "") return { why: "noBody", over: 0 };
  if (others.some((one) => repeats(asSent(one), text))) return { why: "duplicate", over: 0 };
  if (now && sameText(asSent(now), text)) return { why: "unchanged", over: 0 };
  return null;
}

/** Whether another message of the kind has the same title but for capitals; customers could not tell them apart. */
export function sharesTitle(typed: AutoText, others: readonly AutoText[]): boolean {
  const title = asSent(typed).title.toLocaleLowerCase();
  return title !== "" && others.some((one) => asSent(one).title.toLocaleLowerCase() === title);
}

/** Why a draft cannot be sent right now. */
export type Obstacle = TextProblem | { why: "reviewing" | "tooMany" | "conflict"; over: 0 };

/** The outcome of sending several messages to TikTok. */
export interface Outcome {
  what: "enabled" | "restored";
  refused: readonly AutoRefusal[];
}
