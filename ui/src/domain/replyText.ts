// The limits of a reply's text, and the key that sends it.
import type { SendKey } from "../ipc/bindings";
import { isDrawn } from "../text/invisible";
import { isForInputMethod } from "./keys";

/** TikTok takes at most this many characters. */
export const MAX_REPLY_LENGTH = 6_000;

/** Characters as TikTok counts them: code points, not UTF-16 units. */
export function length(text: string): number {
  let count = 0;
  for (let at = 0; at < text.length; at += 1) {
    const unit = text.charCodeAt(at);
    if (unit >= 0xd800 && unit < 0xdc00 && at + 1 < text.length) at += 1;
    count += 1;
  }
  return count;
}

export type Sendable = { ok: true } | { ok: false; why: "empty" } | { ok: false; why: "tooLong"; over: number };

export function sendable(text: string): Sendable {
  if (!isDrawn(text)) return { ok: false, why: "empty" };
  const over = length(text) - MAX_REPLY_LENGTH;
  return over > 0 ? { ok: false, why: "tooLong", over } : { ok: true };
}

type Press = Pick<
  KeyboardEvent,
  "key" | "shiftKey" | "ctrlKey" | "metaKey" | "altKey" | "isComposing" | "repeat" | "keyCode"
>;

/** Tells whether a key press sends. While an input method composes, Enter belongs to it. */
export function pressed(event: Press, sendKey: SendKey): "send" | "ignore" | "none" {
  if (event.key !== "Enter" || isForInputMethod(event)) return "none";
  if (event.shiftKey || event.altKey) return "none";
  const mod = event.ctrlKey || event.metaKey;
  const sends = sendKey === "enter" || mod;
  if (!sends) return "none";
  // A key held down sends once.
  return event.repeat ? "ignore" : "send";
}
