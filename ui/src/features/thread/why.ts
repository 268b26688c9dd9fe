// Why a message did not go out: the plain words, and what TikTok's support needs. Never the words of the message.
import type { AttemptView, Delivery, MessageView, SendDetails } from "../../ipc/bindings";
import { t } from "../../text";
import type { Advice } from "../../text/faults";
import { refusedWhy } from "../../text/delivery";
import { machineTime } from "../../text/when";

/** What happened and what the agent can do. */
export function plainWhy(delivery: Delivery, closedAtMs: number | null): Advice {
  switch (delivery.state) {
    case "refused":
      return {
        what: t.why.refused(refusedWhy(delivery, closedAtMs)),
        todo: (t.refusals[delivery.reason] ?? t.refusals.other).todo,
      };
    case "stopped":
      return t.why.stopped[delivery.why];
    case "queued":
      return delivery.waiting ? t.why.waiting[delivery.waiting.reason] : t.why.inLine;
    case "unconfirmed":
      return delivery.stage === "checking" ? t.why.checking : t.why.undecided;
    case "held":
      return t.why.inLine;
    default:
      return t.why.goneOut;
  }
}

/** "0.8 s", "312 ms"; none if it never ended. */
export function duration(attempt: AttemptView): string | null {
  if (attempt.endedAtMs === null) return null;
  const ms = Math.max(0, attempt.endedAtMs - attempt.startedAtMs);
  return ms < 1000 ? t.why.milliseconds(ms) : t.why.seconds(ms / 1000);
}

/** Whose words they are: with a code or a request id beside them TikTok’s, else this computer’s. */
export const wordsLabel = (code: number | null, request: string | null): string =>
  code !== null || (request !== null && request !== "") ? t.why.words : t.why.ours;

const stamp = (ms: number): string => machineTime(ms) ?? String(ms);

/** The message's own words must not leave with what is copied, in whatever form an answer repeats them. */
function without(text: string, message: MessageView | undefined): string {
  const content = message?.content;
  const words =
    content?.type === "text" ? [content.body] : content?.type === "card" ? [content.title, ...content.buttons] : [];
  // Short words occur in any answer by chance and say nothing about the customer.
  const forms = words.filter((one) => one.trim().length >= 3).flatMap((one) => [one, JSON.stringify(one).slice(1, -1)]);
  return forms.sort((a, b) => b.length - a.length).reduce((left, form) => left.replaceAll(form, t.why.withheld), text);
}

/** What to paste to TikTok's support. */
export function supportText(view: SendDetails, message: MessageView | undefined, version: string): string {
  const say = t.why.support;
  const lines = [say.title(version)];
  const put = (label: string, value: string | number | null): void => {
    if (value !== null && value !== "") lines.push(`${label}: ${value}`);
  };
  if (view.refusal) {
    put(say.refusedAt, stamp(view.refusal.atMs));
    put(t.why.code, view.refusal.code);
    put(t.why.words, without(view.refusal.message, message));
    put(t.why.requestId, view.refusal.requestId);
  }
  view.attempts.forEach((attempt, at) => {
    lines.push("", say.attempt(at + 1, view.attempts.length));
    put(say.started, stamp(attempt.startedAtMs));
    put(say.ended, attempt.endedAtMs === null ? t.why.unfinished : stamp(attempt.endedAtMs));
    put(say.outcome, t.why.outcomes[attempt.outcome]);
    put(t.why.code, attempt.code);
    put(wordsLabel(attempt.code, attempt.requestId), without(attempt.message, message));
    put(t.why.requestId, attempt.requestId);
    put(t.why.answer, attempt.answer === null ? null : without(attempt.answer, message));
  });
  if (view.checks > 0) lines.push("", `${say.checks}: ${view.checks}`);
  return lines.join("\n");
}
