// What the frame around the screens knows: the accounts, how they fare, and the agent's settings.
import { SvelteSet } from "svelte/reactivity";

import type { AccountId, AccountView, Fault, Overview, Settings } from "../ipc/bindings";
import { ask, faultOf } from "../ipc/desk";
import type { Clock } from "./clock.svelte";
import { oneAtATime } from "../domain/oneAtATime";

const DAY_MS = 86_400_000;

export class Shell {
  overview = $state.raw<Overview | null>(null);
  fault = $state.raw<Fault | null>(null);
  /** Warnings the agent has put away until Deskbell is started again. */
  readonly putAway = new SvelteSet<string>();
  /** Counts how often the desk said that accounts have changed. */
  accountsTold = $state(0);
  #clock: Clock;
  /** Settings on their way to the desk; an older answer must not undo them on screen. */
  #saving = 0;

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  get accounts(): AccountView[] {
    return this.overview?.accounts ?? [];
  }

  account(id: AccountId | null): AccountView | undefined {
    return this.accounts.find((one) => one.id === id);
  }

  refresh = oneAtATime(async () => {
    try {
      this.take(await ask("overview", {}));
      this.fault = null;
    } catch (error) {
      this.fault = faultOf(error);
    }
  });

  take(overview: Overview): void {
    this.#clock.set(overview.nowMs);
    const mine = this.overview?.settings;
    this.overview = this.#saving > 0 && mine ? { ...overview, settings: mine } : overview;
  }

  /** The agent has read what came of mending the data. */
  async dismissRepair(): Promise<Fault | null> {
    if (this.overview) this.overview = { ...this.overview, repair: null };
    try {
      await ask("dismissRepair", {});
      return null;
    } catch (error) {
      return faultOf(error);
    }
  }

  /** Changes an account at once and tells the desk; asks how it really is if it cannot keep the change. */
  async changeAccount(id: AccountId, part: Partial<AccountView>, tell: () => Promise<unknown>): Promise<Fault | null> {
    if (this.overview)
      this.overview = {
        ...this.overview,
        accounts: this.accounts.map((one) => (one.id === id ? { ...one, ...part } : one)),
      };
    try {
      await tell();
      return null;
    } catch (error) {
      return faultOf(error);
    } finally {
      void this.refresh();
    }
  }

  /** How many days before its end an account's access is warned of; none while it does not end soon, or has ended already. */
  accessEnds(account: AccountView): number | null {
    return account.health.state === "relink" || account.health.state === "unlinked" ? null : account.access.warnDays;
  }

  /** Whether the agent has put this step's warning away. A renewed pair may end a little later than the one before it. */
  isAccessPutAway({ id, access }: AccountView): boolean {
    const putAway = this.overview?.settings.accessPutAway ?? [];
    return putAway.some(
      (one) =>
        one.account === id &&
        one.step === access.warnDays &&
        Math.abs(one.refreshEndsMs - access.refreshEndsMs) < DAY_MS,
    );
  }

  /** Puts this step's warning away, across starts. */
  async putAccessAway({ id, access }: AccountView): Promise<Fault | null> {
    if (access.warnDays === null) return null;
    const others = (this.overview?.settings.accessPutAway ?? []).filter(
      (one) => one.account !== id && this.account(one.account),
    );
    return this.change({
      accessPutAway: [...others, { account: id, step: access.warnDays, refreshEndsMs: access.refreshEndsMs }],
    });
  }

  /** Changes settings at once and tells the desk; puts them back if it cannot keep them. */
  async change(part: Partial<Settings>): Promise<Fault | null> {
    const before = this.overview;
    if (!before) return null;
    const settings = { ...before.settings, ...part };
    this.overview = { ...before, settings };
    this.#saving += 1;
    try {
      await ask("saveSettings", { settings });
      return null;
    } catch (error) {
      if (this.overview) this.overview = { ...this.overview, settings: before.settings };
      return faultOf(error);
    } finally {
      this.#saving -= 1;
    }
  }
}
