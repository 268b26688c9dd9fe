// A dry run over past messages: its rules, its result, and whether the rules have changed since.
import type { AccountId, DryRunView, Fault, RuleId, RuleSpec } from "../ipc/bindings";
import { ask, faultOf } from "../ipc/desk";

export const DAYS = [7, 30, 90, 365] as const;
/** Longer than this, and the agent is told that it is on its way. */
const SLOW_MS = 1000;

/** The rules that a dry run tries: the saved ones, or with one of them changed. */
export interface Tried {
  rule: RuleId | null;
  spec: RuleSpec | null;
  /** Everything the outcome rests on, to be compared. */
  text: string;
}

export class DryRun {
  account = $state<AccountId | null>(null);
  days = $state<number>(30);
  view = $state.raw<DryRunView | null>(null);
  /** Of how many days the outcome is. */
  viewDays = $state(30);
  running = $state(false);
  slow = $state(false);
  fault = $state.raw<Fault | null>(null);
  #of = $state("");
  #turn = 0;
  #timer: ReturnType<typeof setTimeout> | undefined;

  #text(tried: Tried): string {
    return JSON.stringify([this.account, this.days, tried.text]);
  }

  /** Whether the outcome is of something else than what stands there now. */
  stale(tried: Tried): boolean {
    return this.view !== null && this.#of !== this.#text(tried);
  }

  async run(tried: Tried): Promise<void> {
    this.cancel();
    const turn = ++this.#turn;
    const { account, days } = this;
    const of = this.#text(tried);
    this.running = true;
    this.fault = null;
    this.#timer = setTimeout(() => (this.slow = true), SLOW_MS);
    try {
      const view = await ask("dryRunRules", { account, rule: tried.rule, spec: tried.spec, days });
      if (turn !== this.#turn) return;
      this.view = view;
      this.viewDays = days;
      this.#of = of;
    } catch (error) {
      if (turn !== this.#turn) return;
      this.fault = faultOf(error);
    }
    this.cancel();
  }

  /** Ignores an answer that is still on its way. */
  cancel(): void {
    this.#turn += 1;
    clearTimeout(this.#timer);
    this.running = false;
    this.slow = false;
  }
}
