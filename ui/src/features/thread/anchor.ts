// Keeps what the agent looks at where it is while messages come and go around it. WebKit has no scroll anchoring.
import type { Sight } from "../../domain/messagePages";

export interface Held {
  id: string;
  /** Where the message stood, in pixels from the top of the visible part. */
  at: number;
}

const idOf = (of: Element | undefined): string | undefined =>
  of instanceof HTMLElement ? of.dataset["message"] : undefined;

/** The first of these elements, which stand one under the other, that reaches below a height. */
function firstBelow(all: HTMLCollection, y: number): number {
  let from = 0;
  let to = all.length;
  while (from < to) {
    const middle = (from + to) >> 1;
    if ((all[middle]?.getBoundingClientRect().bottom ?? 0) > y) to = middle;
    else from = middle + 1;
  }
  return from;
}

/** The first message in sight, and where it stands. */
export function hold(box: HTMLElement, inner: HTMLElement): Held | null {
  const top = box.getBoundingClientRect().top;
  const all = inner.children;
  for (let at = firstBelow(all, top); at < all.length; at += 1) {
    const one = all[at];
    const id = idOf(one);
    if (one && id !== undefined) return { id, at: one.getBoundingClientRect().top - top };
  }
  return null;
}

/** The first and the last message in sight. */
export function sightOf(box: HTMLElement, inner: HTMLElement): Sight | null {
  const rect = box.getBoundingClientRect();
  const all = inner.children;
  const from = firstBelow(all, rect.top);
  let to = Math.min(all.length - 1, firstBelow(all, rect.bottom));
  let first: string | undefined;
  for (let at = from; at < all.length && first === undefined; at += 1) first = idOf(all[at]);
  while (to >= 0 && idOf(all[to]) === undefined) to -= 1;
  const last = idOf(all[to]);
  return first === undefined || last === undefined ? null : { first, last };
}

/** Scrolls so that the held message stands where it stood. */
export function restore(box: HTMLElement, held: Held | null): void {
  if (!held) return;
  const message = messageIn(box, held.id);
  if (!message) return;
  const moved = message.getBoundingClientRect().top - box.getBoundingClientRect().top - held.at;
  if (Math.abs(moved) >= 0.5) box.scrollTop += moved;
}

export const messageIn = (box: HTMLElement, id: string): HTMLElement | null =>
  box.querySelector<HTMLElement>(`[data-message="${CSS.escape(id)}"]`);

/** Room left above and below what was looked for. */
const ROOM = 56;

/** Scrolls so that a message is in the middle, or the words in it if it is long; nothing moves if it is in sight. */
export function bring(box: HTMLElement, message: HTMLElement): void {
  const view = box.getBoundingClientRect();
  const whole = message.getBoundingClientRect();
  const at =
    whole.height > view.height - 2 * ROOM ? (message.querySelector("mark")?.getBoundingClientRect() ?? whole) : whole;
  if (at.top >= view.top + ROOM && at.bottom <= view.bottom - 8) return;
  box.scrollTop += at.top - view.top - Math.max(ROOM, (view.height - at.height) / 2);
}
