// Where a reply stands that TikTok does not have, in the agent's words.
import type { UnsentView } from "../ipc/bindings";
import { deliveryWords } from "./delivery";
import { t } from "./index";
import { toCome } from "./when";

/**
 * @param closesAtMs when the conversation's reply window closes or closed
 * @param now TikTok's time
 */
export function unsentWords(one: UnsentView, closesAtMs: number | null, now: number): string {
  if (one.kind === "reply") return deliveryWords(one.delivery, closesAtMs, now);
  return one.stopped === null ? t.unsent.scheduled(toCome(one.atMs, now)) : t.later.stopped[one.stopped];
}
