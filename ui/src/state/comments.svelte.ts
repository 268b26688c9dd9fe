// Comments that may be answered by message, an account at a time, and the answers being written to them.
import { SvelteMap, SvelteSet } from "svelte/reactivity";

import type { AccountId, CommentId, CommentView, Fault } from "../ipc/bindings";
import { ask, faultOf } from "../ipc/desk";
import { oneAtATime } from "../domain/oneAtATime";

export class AccountComments {
  list = $state.raw<readonly CommentView[]>([]);
  loaded = $state(false);
  fault = $state.raw<Fault | null>(null);
  /** Drafts of answers, by comment; each stays until it is sent. */
  readonly texts = new SvelteMap<CommentId, string>();
  readonly faults = new SvelteMap<CommentId, Fault>();
  readonly busy = new SvelteSet<CommentId>();

  constructor(readonly account: AccountId) {}

  read = oneAtATime(async () => {
    try {
      this.list = await ask("listComments", { account: this.account });
      this.loaded = true;
      this.fault = null;
    } catch (error) {
      this.fault = faultOf(error);
    }
  });

  /** Sends an answer; a comment can be answered once, so a second press does nothing. */
  async answer(comment: CommentId, body: string): Promise<boolean> {
    return this.#do(comment, async () => {
      const now = await ask("answerComment", { comment, body });
      // What was refused stays in the field.
      if (now.state.state !== "refused") this.texts.delete(comment);
      return now;
    });
  }

  dismiss(comment: CommentId, dismissed: boolean): Promise<boolean> {
    return this.#do(comment, () => ask("dismissComment", { comment, dismissed }));
  }

  async #do(comment: CommentId, run: () => Promise<CommentView>): Promise<boolean> {
    if (this.busy.has(comment)) return false;
    this.busy.add(comment);
    this.faults.delete(comment);
    try {
      const now = await run();
      this.list = this.list.map((one) => (one.id === comment ? now : one));
      return true;
    } catch (error) {
      this.faults.set(comment, faultOf(error));
      void this.read();
      return false;
    } finally {
      this.busy.delete(comment);
    }
  }
}

export class Comments {
  /** The comment that is to be shown next. */
  wanted = $state.raw<CommentId | null>(null);
  #accounts = new Map<AccountId, AccountComments>();

  of(account: AccountId): AccountComments {
    let comments = this.#accounts.get(account);
    if (!comments) this.#accounts.set(account, (comments = new AccountComments(account)));
    return comments;
  }

  /** They may have changed; asked for again if anyone has looked at them. */
  invalidate(account?: AccountId): void {
    for (const [id, comments] of this.#accounts) if (account === undefined || id === account) void comments.read();
  }
}
