// An account's business hours: as they are kept, and while the agent changes them. Changes outlive the screen.
import { SvelteMap } from "svelte/reactivity";

import type { AccountId, BusinessHours, BusinessHoursView, Fault } from "../ipc/bindings";
import { ask, faultOf } from "../ipc/desk";
import { oneAtATime } from "../domain/oneAtATime";
import { type HoursProblem, sameHours, wrongSpans, wrongHolidays } from "../domain/businessHours";

export class Hours {
  account = $state<AccountId | null>(null);
  view = $state.raw<BusinessHoursView | null>(null);
  fault = $state.raw<Fault | null>(null);
  /** Why the desk refused the last save. */
  saveFault = $state.raw<Fault | null>(null);
  saving = $state(false);
  /** Unsaved changes, by account. */
  #drafts = new SvelteMap<AccountId, BusinessHours | null>();
  #watched = false;

  #read = oneAtATime(async () => {
    const account = this.account;
    if (account === null) return;
    try {
      const view = await ask("getBusinessHours", { account });
      if (account !== this.account) return;
      this.view = view;
      this.fault = null;
    } catch (error) {
      if (account === this.account) this.fault = faultOf(error);
    }
  });

  open(account: AccountId): void {
    this.#watched = true;
    if (account !== this.account) {
      this.account = account;
      this.view = null;
      this.fault = null;
      this.saveFault = null;
    }
    void this.#read();
  }

  close(): void {
    this.#watched = false;
  }

  retry(): void {
    void this.#read();
  }

  invalidate(): void {
    if (this.#watched) void this.#read();
  }

  /** The hours on screen: as changed, or as kept. */
  get now(): BusinessHours | null {
    if (this.account !== null && this.#drafts.has(this.account)) return this.#drafts.get(this.account) ?? null;
    return this.view?.hours ?? null;
  }

  get dirty(): boolean {
    return (
      this.account !== null &&
      this.view !== null &&
      this.#drafts.has(this.account) &&
      !sameHours(this.#drafts.get(this.account) ?? null, this.view.hours)
    );
  }

  change(hours: BusinessHours | null): void {
    if (this.account !== null) this.#drafts.set(this.account, hours);
    this.saveFault = null;
  }

  undo(): void {
    if (this.account !== null) this.#drafts.delete(this.account);
    this.saveFault = null;
  }

  /** The problem with the hours on screen. */
  get problems(): Set<HoursProblem> {
    const found = new Set<HoursProblem>();
    const { now, view } = this;
    if (!now) return found;
    if (view && !view.timeZones.includes(now.timeZone)) found.add("timeZone");
    if (now.week.length !== 7 || wrongSpans(now.week).size > 0) found.add("week");
    if (wrongHolidays(now.holidays).size > 0) found.add("holiday");
    if (this.saveFault?.code === "hoursInvalid") found.add(this.saveFault.detail as HoursProblem);
    return found;
  }

  async save(): Promise<boolean> {
    const { account } = this;
    if (account === null || this.saving) return false;
    this.saveFault = null;
    if (this.problems.size > 0) return false;
    this.saving = true;
    const hours = this.now;
    try {
      const view = await ask("saveBusinessHours", { account, hours: $state.snapshot(hours) });
      if (account === this.account) this.view = view;
      if (sameHours(this.#drafts.get(account) ?? null, hours)) this.#drafts.delete(account);
      return true;
    } catch (error) {
      if (account === this.account) this.saveFault = faultOf(error);
      return false;
    } finally {
      this.saving = false;
    }
  }
}
