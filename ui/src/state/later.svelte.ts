// Replies to be sent later: when that may be, and all of an account's.
import type { AccountId, Fault, ScheduledId, ScheduledView } from "../ipc/bindings";
import { ask, faultOf } from "../ipc/desk";
import type { Drafts } from "./drafts";
import { oneAtATime } from "../domain/oneAtATime";

/** All scheduled replies of the account on screen, while their sheet is open. */
export class Later {
  account = $state<AccountId | null>(null);
  list = $state.raw<readonly ScheduledView[]>([]);
  loaded = $state(false);
  fault = $state.raw<Fault | null>(null);
  #drafts: Drafts;
  #changed: (one: ScheduledView) => void;

  /** @param changed told when the agent has done something with one of them */
  constructor(drafts: Drafts, changed: (one: ScheduledView) => void) {
    this.#drafts = drafts;
    this.#changed = changed;
  }

  #read = oneAtATime(async () => {
    const account = this.account;
    if (account === null) return;
    try {
      const list = await ask("listScheduledReplies", { account });
      if (account !== this.account) return;
      this.list = list;
      this.loaded = true;
      this.fault = null;
    } catch (error) {
      this.fault = faultOf(error);
    }
  });

  open(account: AccountId): void {
    if (account !== this.account) {
      this.account = account;
      this.list = [];
      this.loaded = false;
    }
    void this.#read();
  }

  close(): void {
    this.account = null;
  }

  /** They may have changed. */
  invalidate(account: AccountId): void {
    if (account === this.account) void this.#read();
  }

  change(one: ScheduledView, body: string, atMs: number): Promise<Fault | null> {
    return this.#do(one, (scheduled) => ask("updateScheduledReply", { scheduled, body, atMs }));
  }

  sendNow(one: ScheduledView): Promise<Fault | null> {
    return this.#do(one, (scheduled) => ask("sendScheduledReplyNow", { scheduled }));
  }

  /** Takes it back into the draft of its conversation. */
  async cancel(one: ScheduledView): Promise<Fault | null> {
    const fault = await this.#drafts.reclaim(one.conversation, () =>
      ask("cancelScheduledReply", { scheduled: one.id }),
    );
    this.#after(one);
    return fault;
  }

  async #do(one: ScheduledView, run: (scheduled: ScheduledId) => Promise<unknown>): Promise<Fault | null> {
    try {
      await run(one.id);
      return null;
    } catch (error) {
      return faultOf(error);
    } finally {
      this.#after(one);
    }
  }

  #after(one: ScheduledView): void {
    this.#changed(one);
    void this.#read();
  }
}
