// How far a message has come, in the agent's words.
import type { Delivery, Refusal } from "../ipc/bindings";
import { t } from "./index";
import { atClock } from "./when";

/**
 * @param closedAtMs when the conversation's reply window closes or closed
 * @param now TikTok's time, to the second
 */
export function deliveryWords(delivery: Delivery, closedAtMs: number | null, now: number): string {
  const say = t.delivery;
  switch (delivery.state) {
    case "held":
      return delivery.untilMs > now ? say.held(Math.ceil((delivery.untilMs - now) / 1000)) : say.sending;
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
        case "uploading":
          return say.queuedUploading;
        case "mayHaveArrived":
          return say.queuedLookedFor;
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
      return say.refused(refusedWhy(delivery, closedAtMs));
    case "stopped":
      return say.refused(say.stopped[delivery.why]);
    case "unconfirmed":
      return delivery.stage === "checking" ? say.checking : say.undecided;
  }
}

/** What TikTok's no means, for the middle of a sentence. */
export function refusedWhy(refusal: Refusal, closedAtMs: number | null): string {
  if (refusal.reason === "windowClosed" && closedAtMs !== null && closedAtMs <= refusal.atMs)
    return t.delivery.windowClosedAt(atClock(closedAtMs));
  return (t.refusals[refusal.reason] ?? t.refusals.other).what;
}
