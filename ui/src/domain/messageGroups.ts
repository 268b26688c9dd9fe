// Turns messages into what the thread shows: days, gaps, where the customer came from, and bubbles in groups.
import type { MessageId, MessageView, Origin } from "../ipc/bindings";
import { sameDay } from "../text/when";
import type { MessageRange } from "./messagePages";

/** Messages of one side within this time stand together under one stamp. */
export const TOGETHER_MS = 5 * 60_000;

export type Item =
  | { kind: "day"; key: string; atMs: number }
  | { kind: "gap"; key: string; atStart: boolean }
  | { kind: "origin"; key: string; origin: Origin }
  /** The rules that fired on the message above. */
  | { kind: "firings"; key: string; message: MessageView }
  | { kind: "message"; key: MessageId; message: MessageView; first: boolean; last: boolean; withMeta: boolean };

function together(a: MessageView, b: MessageView, gaps: MessageRange["gaps"]): boolean {
  return (
    a.direction === b.direction &&
    a.surface === b.surface &&
    a.auto === b.auto &&
    a.rule === b.rule &&
    a.firings.length === 0 &&
    !gaps.has(b.id) &&
    sameDay(a.sentAtMs, b.sentAtMs) &&
    Math.abs(b.sentAtMs - a.sentAtMs) < TOGETHER_MS
  );
}

/** Whether a message's delivery needs words of its own, even in the middle of a group. */
function unsettled(message: MessageView): boolean {
  const state = message.delivery?.state;
  return state !== undefined && state !== "sent" && state !== "read";
}

export function grouped(range: MessageRange, origin: Origin | null): Item[] {
  const { messages, gaps } = range;
  const items: Item[] = [];
  const originAt = origin?.kind === "ad" ? origin.atMs : null;
  const first = messages[0];
  // The origin stands before the first message after it, if that place is in sight.
  const originFits =
    origin !== null && (!range.hasOlder || (originAt !== null && first !== undefined && originAt >= first.sentAtMs));
  let originDone = !originFits;
  messages.forEach((message, at) => {
    const before = messages[at - 1];
    const after = messages[at + 1];
    const gap = gaps.get(message.id);
    if (gap) items.push({ kind: "gap", key: `gap ${message.id}`, atStart: gap.atStart });
    if (!before || !sameDay(before.sentAtMs, message.sentAtMs))
      items.push({ kind: "day", key: `day ${message.id}`, atMs: message.sentAtMs });
    if (!originDone && origin !== null && (originAt === null || originAt <= message.sentAtMs)) {
      items.push({ kind: "origin", key: "origin", origin });
      originDone = true;
    }
    const starts = !before || !together(before, message, gaps);
    const ends = !after || !together(message, after, gaps);
    items.push({
      kind: "message",
      key: message.id,
      message,
      first: starts,
      last: ends,
      withMeta: ends || unsettled(message) || message.delivery?.state !== after?.delivery?.state,
    });
    if (message.firings.length > 0) items.push({ kind: "firings", key: `firings ${message.id}`, message });
  });
  if (!originDone && origin !== null && !range.hasNewer) items.push({ kind: "origin", key: "origin", origin });
  return items;
}
