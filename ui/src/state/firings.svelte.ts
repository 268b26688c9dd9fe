// What the rules did in one account, newest first: a page, and older ones as they are asked for.
import type { AccountId, Fault, RuleRunView, RuleId } from "../ipc/bindings";
import { ask, faultOf } from "../ipc/desk";
import { oneAtATime } from "../domain/oneAtATime";

/** The desk gives at most so many at once. */
const PAGE = 100;

export class Firings {
  account = $state<AccountId | null>(null);
  /** Of this rule alone. */
  rule = $state<RuleId | null>(null);
  list = $state.raw<readonly RuleRunView[] | null>(null);
  fault = $state.raw<Fault | null>(null);
  hasOlder = $state(false);
  loadingOlder = $state(false);
  #watched = false;

  /** The newest page; what is older and already here stays, as long as the two meet. */
  #read = oneAtATime(async () => {
    const { account, rule } = this;
    if (account === null) return;
    try {
      const page = await ask("listRuleRuns", { account, rule, before: null });
      if (account !== this.account || rule !== this.rule) return;
      const last = page.at(-1);
      const at = last ? (this.list ?? []).findIndex((one) => one.id === last.id) : -1;
      const older = at < 0 ? [] : (this.list ?? []).slice(at + 1);
      if (older.length === 0) this.hasOlder = page.length >= PAGE;
      this.list = [...page, ...older];
      this.fault = null;
    } catch (error) {
      if (account === this.account && rule === this.rule) this.fault = faultOf(error);
    }
  });

  /** Shows an account's log from now on, until {@link Firings.close}. */
  open(account: AccountId): void {
    this.#watched = true;
    if (account !== this.account) {
      this.account = account;
      this.list = null;
      this.fault = null;
      this.hasOlder = false;
      this.loadingOlder = false;
    }
    void this.#read();
  }

  /** Of one rule alone from now on, or of all. */
  only(rule: RuleId | null): void {
    if (rule === this.rule) return;
    this.rule = rule;
    this.list = null;
    this.fault = null;
    this.hasOlder = false;
    this.loadingOlder = false;
  }

  close(): void {
    this.#watched = false;
  }

  retry(): void {
    void this.#read();
  }

  /** There may be new ones. */
  invalidate(): void {
    if (this.#watched) void this.#read();
  }

  async older(): Promise<void> {
    const { account, rule } = this;
    const before = this.list?.at(-1)?.id;
    if (account === null || before === undefined || this.loadingOlder) return;
    this.loadingOlder = true;
    try {
      const page = await ask("listRuleRuns", { account, rule, before });
      if (account !== this.account || rule !== this.rule) return;
      const known = new Set(this.list?.map((one) => one.id));
      this.list = [...(this.list ?? []), ...page.filter((one) => !known.has(one.id))];
      this.hasOlder = page.length >= PAGE;
      this.fault = null;
    } catch (error) {
      if (account === this.account && rule === this.rule) this.fault = faultOf(error);
    } finally {
      if (account === this.account && rule === this.rule) this.loadingOlder = false;
    }
  }
}
