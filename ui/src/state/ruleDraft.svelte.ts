// A rule while it is being written: its parts, what is wrong with it, and whether anything has changed. It outlives the
// screen, so that a look into the inbox loses nothing.
import type {
  Action,
  AgentView,
  Condition,
  Fault,
  RuleId,
  RuleProblem,
  RuleSpec,
  SavedReplyView,
  Trigger,
} from "../ipc/bindings";
import { t } from "../text";

/** The desk waits at most so long for an answer, in minutes. */
export const LONGEST_WAIT = 2880;
/** A rule puts a conversation away for at most so long, in minutes: thirty days. */
export const LONGEST_SNOOZE = 43_200;
/** What a keyword must have something of: a letter, a digit or an emoji. */
const SOMETHING = /[\p{L}\p{N}\p{Extended_Pictographic}]/u;

/** Where something is wrong: a field of its own, or a part by its key. */
export type Spot = "name" | "trigger" | "actions" | `condition-${number}` | `action-${number}`;

export interface Part<T> {
  /** Stays the same while the part moves. */
  key: number;
  value: T;
}

/** What is known of what a rule points at; nothing while it is being asked for. */
export interface Known {
  saved: readonly SavedReplyView[] | null;
  /** Whether these are all there are. */
  savedComplete: boolean;
  agents: readonly AgentView[] | null;
}

export const blankTrigger = (kind: Trigger["kind"]): Trigger =>
  kind === "keyword" ? { kind, words: [], matching: "word" } : kind === "noAnswer" ? { kind, minutes: 120 } : { kind };

function blankCondition(kind: Condition["kind"]): Condition {
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

function blankAction(kind: Action["kind"]): Action {
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

const whole = (n: number, least: number, most: number): boolean => Number.isInteger(n) && n >= least && n <= most;

function conditionProblem(condition: Condition): RuleProblem | null {
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

function actionProblem(action: Action, { saved, savedComplete, agents }: Known): RuleProblem | null {
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
      return whole(action.minutes, 1, LONGEST_SNOOZE) ? null : "outOfRange";
    default:
      return null;
  }
}

export class RuleDraft {
  /** Which rule it changes; none for a new one. */
  readonly rule: RuleId | null;
  name = $state("");
  enabled = $state(true);
  trigger = $state<Trigger>(blankTrigger("keyword"));
  conditions = $state<Part<Condition>[]>([]);
  actions = $state<Part<Action>[]>([]);
  stop = $state(false);
  /** The agent has tried to save it: what is wrong is marked. */
  asked = $state(false);
  saving = $state(false);
  fault = $state.raw<Fault | null>(null);
  #known: () => Known;
  #begun: string;
  #next = 1;

  /** @param begun whether what it says now is nothing to be lost: a rule as it is kept, or an untouched template */
  constructor(rule: RuleId | null, spec: RuleSpec, known: () => Known, begun = true) {
    this.rule = rule;
    this.#known = known;
    const own = structuredClone(spec);
    this.name = own.name;
    this.enabled = own.enabled;
    this.trigger = own.trigger;
    this.conditions = own.conditions.map((value) => ({ key: this.#next++, value }));
    this.actions = own.actions.map((value) => ({ key: this.#next++, value }));
    this.stop = own.stop;
    this.#begun = begun ? this.text : "";
  }

  get spec(): RuleSpec {
    const { name, enabled, stop } = this;
    return {
      name: name.trim(),
      enabled,
      trigger: $state.snapshot(this.trigger),
      conditions: this.conditions.map(({ value }) => $state.snapshot(value)),
      actions: this.actions.map(({ value }) => $state.snapshot(value)),
      stop,
    };
  }

  /** What it says, to be compared. */
  text: string = $derived(JSON.stringify(this.spec));
  get dirty(): boolean {
    return this.text !== this.#begun;
  }

  /** What is wrong, by where. */
  problems: ReadonlyMap<Spot, RuleProblem> = $derived.by(() => {
    const found = new Map<Spot, RuleProblem>();
    const known = this.#known();
    if (this.name.trim() === "") found.set("name", "noName");
    if (
      this.trigger.kind === "keyword" &&
      (this.trigger.words.length === 0 || this.trigger.words.some((word) => !SOMETHING.test(word)))
    )
      found.set("trigger", "noKeyword");
    if (this.trigger.kind === "noAnswer" && !whole(this.trigger.minutes, 1, LONGEST_WAIT))
      found.set("trigger", "outOfRange");
    for (const { key, value } of this.conditions) {
      const problem = conditionProblem(value);
      if (problem) found.set(`condition-${key}`, problem);
    }
    if (this.actions.length === 0) found.set("actions", "noAction");
    let answers = false;
    for (const { key, value } of this.actions) {
      const problem = value.kind === "reply" && answers ? "twoReplies" : actionProblem(value, known);
      if (value.kind === "reply") answers = true;
      if (problem) found.set(`action-${key}`, problem);
    }
    // What the desk found, if we did not see it ourselves.
    const told = this.#told();
    if (told && ![...found.values()].includes(told[1])) found.set(...told);
    return found;
  });

  /** What is wrong at a place, once it may be said. */
  problemAt(spot: Spot): RuleProblem | null {
    return this.asked ? (this.problems.get(spot) ?? null) : null;
  }

  addCondition(kind: Condition["kind"]): number {
    const key = this.#next++;
    this.conditions.push({ key, value: blankCondition(kind) });
    return key;
  }

  addAction(kind: Action["kind"]): number {
    const key = this.#next++;
    this.actions.push({ key, value: blankAction(kind) });
    return key;
  }

  setCondition(key: number, value: Condition): void {
    this.conditions = this.conditions.map((one) => (one.key === key ? { key, value } : one));
  }

  setAction(key: number, value: Action): void {
    this.actions = this.actions.map((one) => (one.key === key ? { key, value } : one));
  }

  removeCondition(key: number): void {
    this.conditions = this.conditions.filter((one) => one.key !== key);
  }

  removeAction(key: number): void {
    this.actions = this.actions.filter((one) => one.key !== key);
  }

  /** Where the desk's problem belongs. */
  #told(): [Spot, RuleProblem] | null {
    if (this.fault?.code !== "ruleInvalid") return null;
    const problem = this.fault.detail as RuleProblem;
    const action = (kind: Action["kind"]): Spot => {
      const one = this.actions.findLast(({ value }) => value.kind === kind);
      return one ? `action-${one.key}` : "actions";
    };
    switch (problem) {
      case "noName":
        return ["name", problem];
      case "noKeyword":
        return ["trigger", problem];
      case "noAction":
        return ["actions", problem];
      case "twoReplies":
      case "savedReplyGone":
      case "savedReplyHasBlanks":
        return [action("reply"), problem];
      case "noTag":
        return [action("tag"), problem];
      case "agentGone":
        return [action("assign"), problem];
      default:
        return null;
    }
  }
}
