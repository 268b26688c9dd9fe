// What an agent can do with a message, by what it is and how far it has come.
import type { MessageView } from "../../ipc/bindings";

/** What stands beside the words of its state. */
export interface Offers {
  undo: boolean;
  sendNow: boolean;
  /** Send it once more; `anyway` when Deskbell itself stopped it. */
  again: "again" | "anyway" | null;
  arrived: boolean;
  edit: boolean;
  /** Out of the outbox: `back` into the draft, or `away` because it may have arrived. */
  out: "back" | "away" | null;
  why: boolean;
}

export function offersOf({ delivery, content }: MessageView): Offers {
  const state = delivery?.state;
  const text = content.type === "text";
  const no = state === "refused" || state === "stopped";
  const undecided = delivery?.state === "unconfirmed" && delivery.stage === "undecided";
  return {
    undo: state === "held",
    sendNow: state === "held",
    again: state === "stopped" ? "anyway" : state === "refused" || undecided ? "again" : null,
    arrived: undecided,
    edit: text && (state === "held" || state === "queued" || no),
    out: undecided ? "away" : state === "held" || state === "queued" || no ? "back" : null,
    why: no || state === "unconfirmed" || (delivery?.state === "queued" && delivery.waiting !== null),
  };
}

/** What TikTok lets one quote: a text, a picture or a shared post that has certainly arrived. */
export function quotable({ direction, delivery, content }: MessageView): boolean {
  if (content.type !== "text" && content.type !== "image" && content.type !== "sharePost") return false;
  return direction === "in" || delivery === null || delivery.state === "sent" || delivery.state === "read";
}

/** Where a queued message can be moved to among the queued ones. */
export function moves(message: MessageView, all: readonly MessageView[]): { up: boolean; down: boolean } {
  const queued = all.filter((one) => one.delivery?.state === "queued");
  const at = queued.findIndex((one) => one.id === message.id);
  return { up: at > 0, down: at >= 0 && at < queued.length - 1 };
}

/** Whether a message has a menu: what needs a decision has its buttons below it instead. */
export function hasMenu(message: MessageView): boolean {
  const state = message.delivery?.state;
  return quotable(message) || state === "queued" || (state === "held" && message.content.type === "text");
}
