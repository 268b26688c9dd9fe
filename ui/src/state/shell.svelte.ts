// What stands around the screens: the accounts, their health, and the agent's settings.
import { SvelteSet } from "svelte/reactivity";

import type { AccountId, AccountView, Fault, MarkRead, Overview, Settings } from "../ipc/bindings";
import { ask, faultOf } from "../ipc/desk";
import type { Clock } from "./clock.svelte";
import { oneAtATime } from "../domain/oneAtATime";
import type { Toasts } from "./toasts.svelte";

const DAY_MS = 86_400_000;

export class Shell {
  overview = $state.raw<Overview | null>(null);
  fault = $state.raw<Fault | null>(null);
  /** Warnings the agent has put away until Deskbell is started again. */
  readonly putAway = new SvelteSet<string>();
  /** Counts how often the desk said that accounts have changed. */
  accountsTold = $state(0);
  #clock: Clock;
  #toasts: Toasts;
  /** Settings on their way to the desk; an older answer must not undo them on screen. */
  #saving = 0;

  constructor(clock: Clock, toasts: Toasts) {
    this.#clock = clock;
    this.#toasts = toasts;
  }

  get accounts(): AccountView[] {
    return this.overview?.accounts ?? [];
  }

  account(id: AccountId | null): AccountView | undefined {
    return this.accounts.find((one) => one.id === id);
  }

  refresh = oneAtATime(async () => {
    try {
      this.take(await ask("getOverview", {}));
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
  async putAccessAway({ id, access }: AccountView): Promise<void> {
    if (access.warnDays === null) return;
    const others = (this.overview?.settings.accessPutAway ?? []).filter(
      (one) => one.account !== id && this.account(one.account),
    );
    await this.changeSettings({
      accessPutAway: [...others, { account: id, step: access.warnDays, refreshEndsMs: access.refreshEndsMs }],
    });
  }

  /** Changes settings at once and tells the desk; puts them back if it cannot keep them. */
  async changeSettings(part: Partial<Settings>): Promise<void> {
    const before = this.overview;
    if (!before) return;
    const settings = { ...before.settings, ...part };
    this.overview = { ...before, settings };
    this.#saving += 1;
    try {
      await ask("saveSettings", { settings });
    } catch (error) {
      if (this.overview) this.overview = { ...this.overview, settings: before.settings };
      this.#toasts.fault(faultOf(error));
    } finally {
      this.#saving -= 1;
    }
  }

  /** Decides when an account's customers are told that their messages were read. */
  async setMarkRead(account: AccountId, policy: MarkRead): Promise<void> {
    const fault = await this.changeAccount(account, { markRead: policy }, () =>
      ask("setReadReceipts", { account, policy }),
    );
    if (fault) this.#toasts.fault(fault);
  }

  /** Pauses fetching an account's earlier conversations, or goes on with it. */
  async pauseBackfill(account: AccountId, paused: boolean): Promise<void> {
    const backfill = this.account(account)?.backfill;
    if (!backfill) return;
    const fault = await this.changeAccount(account, { backfill: { ...backfill, paused } }, () =>
      ask("pauseBackfill", { account, paused }),
    );
    if (fault) this.#toasts.fault(fault);
  }

  /** Asks TikTok now instead of at the next turn. */
  async syncNow(): Promise<void> {
    try {
      await ask("syncAccounts", {});
    } catch (error) {
      this.#toasts.fault(faultOf(error));
    }
  }
}
