// A rule while it is being written: its parts, what is wrong with it, and whether anything has changed. It outlives the
// screen, so that a look into the inbox loses nothing.
import type { Action, Condition, Fault, RuleId, RuleProblem, RuleSpec, Trigger } from "../ipc/bindings";
import {
  MAX_WAIT_MINUTES,
  type Spot,
  type Part,
  type Known,
  blankTrigger,
  blankCondition,
  blankAction,
  conditionProblem,
  actionProblem,
  whole,
  SOMETHING,
} from "../domain/ruleSpec";

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

  /** The rule as text, to compare it with the saved one. */
  text: string = $derived(JSON.stringify(this.spec));
  get dirty(): boolean {
    return this.text !== this.#begun;
  }

  /** The problems, by the field or part they belong to. */
  problems: ReadonlyMap<Spot, RuleProblem> = $derived.by(() => {
    const found = new Map<Spot, RuleProblem>();
    const known = this.#known();
    if (this.name.trim() === "") found.set("name", "noName");
    if (
      this.trigger.kind === "keyword" &&
      (this.trigger.words.length === 0 || this.trigger.words.some((word) => !SOMETHING.test(word)))
    )
      found.set("trigger", "noKeyword");
    if (this.trigger.kind === "noAnswer" && !whole(this.trigger.minutes, 1, MAX_WAIT_MINUTES))
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

  /** The problem of a field, once the agent has tried to save. */
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
