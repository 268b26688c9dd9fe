// Whether a comment may be answered by message: TikTok's conditions, and the state of the answer.
import type { CommentCondition, CommentConditionView, CommentView } from "../ipc/bindings";

/** TikTok's conditions at a moment: a comment grows too old while one looks at it. */
export function conditionsAt(comment: CommentView, now: number): CommentConditionView[] {
  return comment.conditions.map((one) =>
    one.condition === "recent" && now >= comment.closesAtMs ? { ...one, holds: false } : one,
  );
}

/** The first condition that certainly does not hold. */
export const failingAt = (comment: CommentView, now: number): CommentCondition | null =>
  conditionsAt(comment, now).find((one) => one.holds === false)?.condition ?? null;

/** Whether the agent can still do something about it. */
export function isOpen(comment: CommentView, now: number): boolean {
  const { state } = comment.state;
  return (
    state === "sending" ||
    state === "unconfirmed" ||
    ((state === "open" || state === "refused") && failingAt(comment, now) === null)
  );
}
