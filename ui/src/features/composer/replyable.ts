// What may be sent from the composer, and what the agent should know first. The text's own rules are shared with the thread,
// where a reply is changed in place.
import type { MessageView } from "../../ipc/bindings";
import { sendable } from "../../domain/replyText";
import { t } from "../../text";
import { span } from "../../text/when";

export * from "../../domain/replyText";

export type Replyable = ReturnType<typeof sendable> | { ok: false; why: "quote" | "attaching" };

/** Whether text, quote and picture together can be sent. */
export function replyable({
  text,
  quoted,
  picture,
  attaching,
}: {
  text: string;
  quoted: boolean;
  picture: boolean;
  attaching: boolean;
}): Replyable {
  const can = sendable(text);
  if (!can.ok && can.why === "tooLong") return can;
  if (attaching) return { ok: false, why: "attaching" };
  if (can.ok || !picture) return can;
  // A picture alone quotes nothing.
  return quoted ? { ok: false, why: "quote" } : { ok: true };
}

const RECENT_MS = 120_000;
const COLLEAGUES = new Set(["phone", "web", "api"]);

/** How long ago a colleague answered, if the newest message is theirs and it was just now. */
export function colleague(newest: MessageView | undefined, now: number): string | null {
  if (!newest || newest.direction !== "out" || newest.auto !== null || !COLLEAGUES.has(newest.surface)) return null;
  const past = Math.max(0, now - newest.sentAtMs);
  if (past >= RECENT_MS) return null;
  return past < 60_000 ? t.time.seconds(Math.max(1, Math.floor(past / 1000))) : span(past);
}

/** Why the draft cannot be sent, in words. */
export function whyNot(can: Exclude<Replyable, { ok: true }>): string {
  if (can.why === "tooLong") return t.composer.tooLong(can.over);
  return { empty: t.composer.empty, quote: t.composer.quoteNeedsText, attaching: t.composer.stillAttaching }[can.why];
}
