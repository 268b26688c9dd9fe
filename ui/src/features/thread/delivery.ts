// How far a message has come, in the agent's words.
import type { Delivery } from "../../ipc/bindings";
import { t } from "../../text";
import { atClock } from "../../text/when";

/** @param closedAtMs when the conversation's reply window closed, if it has */
export function deliveryWords(delivery: Delivery, closedAtMs: number | null = null): string {
  const say = t.delivery;
  switch (delivery.state) {
    case "queued":
      switch (delivery.waiting?.reason) {
        case undefined:
          return say.queued;
        case "offline":
          return say.queuedOffline;
        case "rateLimited":
          return say.queuedLimited(atClock(delivery.waiting.untilMs));
        case "relink":
          return say.queuedRelink;
        case "earlierUnconfirmed":
          return say.queuedEarlier;
        default:
          return say.queued;
      }
    case "sending":
      return say.sending;
    case "sent":
      return say.sent;
    case "read":
      return say.read;
    case "refused":
      if (delivery.reason === "windowClosed" && closedAtMs !== null && closedAtMs <= delivery.atMs) return say.refused(say.windowClosedAt(atClock(closedAtMs)));
      return say.refused((t.refusals[delivery.reason] ?? t.refusals.other).what);
    case "unconfirmed":
      return delivery.stage === "checking" ? say.checking : say.undecided;
  }
}
