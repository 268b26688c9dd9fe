// The parts of a rule: blank ones, templates, and what is wrong with one.
import type { Action, AgentView, Condition, RuleProblem, RuleSpec, SavedReplyView, Trigger } from "../ipc/bindings";
import { t } from "../text";

/** The desk waits at most so long for an answer, in minutes. */
export const MAX_WAIT_MINUTES = 2880;
/** A rule puts a conversation away for at most so long, in minutes: thirty days. */
export const MAX_SNOOZE_MINUTES = 43_200;
/** A keyword must contain a letter, a digit or an emoji. */
export const SOMETHING = /[\p{L}\p{N}\p{Extended_Pictographic}]/u;

/** Where something is wrong: a field of its own, or a part by its key. */
export type Spot = "name" | "trigger" | "actions" | `condition-${number}` | `action-${number}`;

export interface Part<T> {
  /** Stays the same while the part moves. */
  key: number;
  value: T;
}

/** The saved replies and agents that rules refer to; null while they are being fetched. */
export interface Known {
  saved: readonly SavedReplyView[] | null;
  /** Whether these are all there are. */
  savedComplete: boolean;
  agents: readonly AgentView[] | null;
}

export const blankTrigger = (kind: Trigger["kind"]): Trigger =>
  kind === "keyword" ? { kind, words: [], matching: "word" } : kind === "noAnswer" ? { kind, minutes: 120 } : { kind };

export function blankCondition(kind: Condition["kind"]): Condition {
  switch (kind) {
    case "account":
      return { kind, accounts: [] };
    case "tag":
      return { kind, name: "", has: true };
    case "language":
      return { kind, languages: [] };
    case "follower":
      return { kind, follows: false };
    case "time":
      return { kind, span: { fromMinute: 18 * 60, toMinute: 9 * 60 }, days: [] };
  }
}

export function blankAction(kind: Action["kind"]): Action {
  switch (kind) {
    case "reply":
      return { kind, saved: "" };
    case "tag":
      return { kind, name: "" };
    case "assign":
      return { kind, to: { kind: "leastBusy" } };
    case "snooze":
      return { kind, minutes: 120 };
    default:
      return { kind };
  }
}

export const blankSpec = (): RuleSpec => ({
  name: "",
  enabled: true,
  trigger: blankTrigger("keyword"),
  conditions: [],
  actions: [blankAction("reply")],
  stop: false,
});

export type TemplateId = keyof typeof t.rules.empty.templates;

/** The common cases. What each still needs, such as a saved reply, is the agent's to choose. */
export function templateOf(id: TemplateId): RuleSpec {
  const say = t.rules.empty.templates;
  const base = { enabled: true, conditions: [], stop: false };
  switch (id) {
    case "away":
      return { ...base, name: say.away.rule, trigger: { kind: "outsideHours" }, actions: [blankAction("reply")] };
    case "greeting":
      return { ...base, name: say.greeting.rule, trigger: { kind: "firstMessage" }, actions: [blankAction("reply")] };
    case "delivery":
      return {
        ...base,
        name: say.delivery.rule,
        trigger: { kind: "keyword", words: [...say.delivery.words], matching: "word" },
        actions: [blankAction("reply"), { kind: "tag", name: say.delivery.tag }],
      };
    case "late":
      return {
        ...base,
        name: say.late.rule,
        trigger: { kind: "noAnswer", minutes: 120 },
        actions: [blankAction("assign"), { kind: "notify" }],
      };
  }
}

export const whole = (n: number, least: number, most: number): boolean =>
  Number.isInteger(n) && n >= least && n <= most;

export function conditionProblem(condition: Condition): RuleProblem | null {
  switch (condition.kind) {
    case "account":
      return condition.accounts.length > 0 ? null : "outOfRange";
    case "tag":
      return condition.name.trim() === "" ? "noTag" : null;
    case "language":
      return condition.languages.length > 0 ? null : "outOfRange";
    case "time":
      return whole(condition.span.fromMinute, 0, 1439) &&
        whole(condition.span.toMinute, 0, 1440) &&
        condition.days.every((day) => whole(day, 1, 7))
        ? null
        : "outOfRange";
    default:
      return null;
  }
}

export function actionProblem(action: Action, { saved, savedComplete, agents }: Known): RuleProblem | null {
  switch (action.kind) {
    case "reply": {
      if (action.saved === "") return "savedReplyGone";
      const one = saved?.find((reply) => reply.id === action.saved);
      if (!one && savedComplete) return "savedReplyGone";
      return one && one.blanks.length > 0 ? "savedReplyHasBlanks" : null;
    }
    case "tag":
      return action.name.trim() === "" ? "noTag" : null;
    case "assign": {
      const to = action.to;
      if (to.kind === "leastBusy") return null;
      return to.agent === "" || (agents && !agents.some((one) => one.id === to.agent)) ? "agentGone" : null;
    }
    case "snooze":
      return whole(action.minutes, 1, MAX_SNOOZE_MINUTES) ? null : "outOfRange";
    default:
      return null;
  }
}
