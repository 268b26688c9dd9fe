// Each account's automatic messages, the agent's drafts of them, and the outcomes of changes.
import { SvelteMap, SvelteSet } from "svelte/reactivity";

import type {
  AccountId,
  AutoKindView,
  AutoMessageId,
  AutoMessagesView,
  AutoMessageType,
  AutoMessageView,
  AutoOutcome,
  AutoRefusal,
  AutoText,
  AutoVersionId,
  Fault,
  FaultCode,
} from "../ipc/bindings";
import { ask, faultOf } from "../ipc/desk";
import { asSent, LIMITS, problemOf, sameText, type Obstacle, type Outcome } from "../domain/autoMessageText";
import { oneAtATime } from "../domain/oneAtATime";

/** A text the agent is writing: a new message, or a change of one that is there. It stays until it is sent or discarded. */
export class AutoDraft {
  title = $state("");
  body = $state("");
  /** The message's text when the agent began to edit; empty for a new one. */
  base = $state.raw<AutoText>({ title: "", body: "" });
  /** The message's text now, if it was changed elsewhere meanwhile. */
  theirs = $state.raw<AutoText | null>(null);
  /** The message it was to change. */
  message = $state<AutoMessageId | null>(null);
  /** That message was deleted meanwhile. */
  gone = $state(false);
  sending = $state(false);
  fault = $state.raw<Fault | null>(null);
  /** Just begun: its first field takes the focus once. */
  fresh = true;
  /** The agent is in one of its fields. */
  held = false;

  constructor(
    readonly key: string,
    readonly kind: AutoMessageType,
    item: AutoMessageView | null,
  ) {
    this.message = item?.id ?? null;
    if (!item) return;
    this.base = item.text;
    this.title = item.text.title;
    this.body = item.text.body;
  }

  get text(): AutoText {
    return { title: this.title, body: this.body };
  }

  /** Whether there is anything the agent would miss. */
  get touched(): boolean {
    return this.message === null
      ? this.title.trim() !== "" || this.body.trim() !== ""
      : !sameText(asSent(this.text), asSent(this.base));
  }
}

/** After these the desk knows better how things stand than the page. */
const OUTDATED: readonly FaultCode[] = [
  "autoChangedElsewhere",
  "autoReviewing",
  "autoRejected",
  "autoTooMany",
  "autoDuplicate",
  "notFound",
];

export class AccountAuto {
  view = $state.raw<AutoMessagesView | null>(null);
  /** Why the desk could not answer. */
  fault = $state.raw<Fault | null>(null);
  /** TikTok is being asked. */
  refreshing = $state(false);
  readonly drafts = new SvelteMap<string, AutoDraft>();
  readonly outcomes = new SvelteMap<AutoMessageType, Outcome>();
  /** Why the last change of a kind did not work, as far as it belongs to no draft. */
  readonly faults = new SvelteMap<AutoMessageType, Fault>();
  /** Kinds that are being changed as a whole. */
  readonly busy = new SvelteSet<AutoMessageType>();
  #turn = 0;
  #next = 1;
  #order: { kind: AutoMessageType; order: AutoMessageId[] } | null = null;

  constructor(readonly account: AccountId) {}

  kind(kind: AutoMessageType): AutoKindView | undefined {
    return this.view?.kinds.find((one) => one.kind === kind);
  }

  find(message: AutoMessageId | null): AutoMessageView | undefined {
    return this.view?.kinds.flatMap((one) => one.items).find((one) => one.id === message);
  }

  /** Whether a message cannot be changed but only be made anew. */
  onlyAnew(item: AutoMessageView): boolean {
    return item.audit === "rejected" || item.off;
  }

  draftsOf(kind: AutoMessageType): AutoDraft[] {
    return [...this.drafts.values()].filter((one) => one.kind === kind);
  }

  /** Reads what the desk holds. */
  read = oneAtATime(async () => {
    const turn = this.#turn;
    try {
      const view = await ask("getAutoMessages", { account: this.account });
      this.fault = null;
      // An order on its way brings its own answer.
      if (this.#order !== null) return;
      // A change has been answered meanwhile: this answer may be older.
      if (turn !== this.#turn) void this.read();
      else this.take(view);
    } catch (error) {
      this.fault = faultOf(error);
    }
  });

  /** Has TikTok asked now. */
  async refresh(): Promise<void> {
    if (this.refreshing) return;
    this.refreshing = true;
    try {
      this.take(await ask("refreshAutoMessages", { account: this.account }));
      this.fault = null;
    } catch (error) {
      this.fault = faultOf(error);
    } finally {
      this.refreshing = false;
    }
  }

  /** Shows how things stand; drafts stay and learn what became of their messages. */
  take(view: AutoMessagesView): void {
    this.#turn += 1;
    this.view = view;
    for (const draft of this.drafts.values()) this.#follow(draft);
  }

  /** The agent wants a new message of a kind. */
  add(kind: AutoMessageType): AutoDraft {
    const begun = this.draftsOf(kind).find((one) => one.message === null);
    return begun ?? this.#begin(kind, null);
  }

  /** The agent wants to change a message, or to replace a rejected one. */
  edit(kind: AutoMessageType, item: AutoMessageView): AutoDraft {
    return this.draftsOf(kind).find((one) => one.message === item.id) ?? this.#begin(kind, item);
  }

  discard(draft: AutoDraft): void {
    this.drafts.delete(draft.key);
  }

  /** Takes a discarded draft up again. */
  revive(draft: AutoDraft): void {
    draft.fresh = true;
    for (const other of this.draftsOf(draft.kind)) {
      if (draft.message === null || other.message !== draft.message) continue;
      // Two texts for one message: the one begun since gives way if nothing of the agent's own is in it.
      if (other.touched) draft.message = null;
      else this.drafts.delete(other.key);
    }
    this.drafts.set(draft.key, draft);
    this.#follow(draft);
  }

  /** Why a draft cannot be sent; none if it can. */
  obstacleOf(draft: AutoDraft): Obstacle | null {
    const kind = this.kind(draft.kind);
    const item = this.find(draft.message);
    if (draft.theirs) return { why: "conflict", over: 0 };
    const others = (kind?.items ?? []).filter((one) => one.id !== draft.message).map((one) => one.text);
    const problem = problemOf(draft.kind, draft.text, others, item && !this.onlyAnew(item) ? item.text : null);
    if (problem) return problem;
    if (item?.audit === "reviewing") return { why: "reviewing", over: 0 };
    if (!item && kind && kind.items.length >= LIMITS[draft.kind].most) return { why: "tooMany", over: 0 };
    return null;
  }

  /** Sends a draft for review; it stays if that does not work. */
  async send(draft: AutoDraft): Promise<boolean> {
    if (draft.sending || this.obstacleOf(draft) !== null) return false;
    draft.sending = true;
    draft.fault = null;
    const text = asSent(draft.text);
    const item = this.find(draft.message);
    try {
      let view: AutoMessagesView;
      if (!item) view = await ask("createAutoMessage", { account: this.account, kind: draft.kind, text });
      else if (this.onlyAnew(item)) view = await ask("recreateAutoMessage", { message: item.id, text });
      else view = await ask("updateAutoMessage", { message: item.id, base: draft.base, text });
      this.drafts.delete(draft.key);
      draft.sending = false;
      this.take(view);
      return true;
    } catch (error) {
      const fault = faultOf(error);
      draft.fault = fault;
      draft.sending = false;
      this.#follow(draft);
      if (OUTDATED.includes(fault.code)) await this.read();
      // The editor says better what that means.
      if (draft.gone && (fault.code === "notFound" || fault.code === "autoChangedElsewhere")) draft.fault = null;
      // The desk knows of a change that it does not show yet.
      if (fault.code === "autoChangedElsewhere" && this.drafts.has(draft.key) && !draft.theirs && !draft.gone)
        await this.refresh();
      return false;
    }
  }

  /** Resolves the conflict in favour of the agent's text. */
  async keepMine(draft: AutoDraft): Promise<boolean> {
    if (!draft.theirs) return false;
    draft.base = draft.theirs;
    draft.theirs = null;
    draft.fault = null;
    return this.send(draft);
  }

  async delete(message: AutoMessageId): Promise<Fault | null> {
    try {
      this.take(await ask("deleteAutoMessage", { message }));
      return null;
    } catch (error) {
      const fault = faultOf(error);
      if (OUTDATED.includes(fault.code)) await this.read();
      // It was deleted elsewhere.
      if (fault.code === "notFound" && !this.find(message)) return null;
      return fault;
    }
  }

  /** Turns a kind on or off. */
  set(kind: AutoMessageType, enabled: boolean, recreate: boolean): Promise<boolean> {
    return this.#bring(kind, "enabled", () =>
      ask("setAutoMessagesEnabled", { account: this.account, kind, enabled, recreate }),
    );
  }

  restore(kind: AutoMessageType, version: AutoVersionId): Promise<boolean> {
    return this.#bring(kind, "restored", () => ask("restoreAutoVersion", { version }));
  }

  /** Puts a kind's messages into an order, on screen at once. */
  sort(kind: AutoMessageType, order: AutoMessageId[]): void {
    this.faults.delete(kind);
    this.#order = { kind, order };
    if (this.view)
      this.view = {
        ...this.view,
        kinds: this.view.kinds.map((one) => (one.kind === kind ? { ...one, items: inOrder(one.items, order) } : one)),
      };
    void this.#sortNow();
  }

  #sortNow = oneAtATime(async () => {
    const wish = this.#order;
    if (!wish) return;
    try {
      const view = await ask("sortAutoMessages", { account: this.account, ...wish });
      // Moved again meanwhile: that order is on its way.
      if (this.#order !== wish) return;
      this.#order = null;
      this.take(view);
    } catch (error) {
      if (this.#order !== wish) return;
      this.#order = null;
      this.faults.set(wish.kind, faultOf(error));
      await this.read();
    }
  });

  async setCommentToMessage(enabled: boolean): Promise<Fault | null> {
    try {
      this.take(await ask("setCommentToMessage", { account: this.account, enabled }));
      return null;
    } catch (error) {
      return faultOf(error);
    }
  }

  #begin(kind: AutoMessageType, item: AutoMessageView | null): AutoDraft {
    const draft = new AutoDraft(`${kind}-${this.#next++}`, kind, item);
    this.drafts.set(draft.key, draft);
    return draft;
  }

  /** Follows the message that a draft edits: its text may have changed, or it is gone. */
  #follow(draft: AutoDraft): void {
    if (draft.sending || draft.message === null) return;
    // An account has one welcome message at most: a new one stands in the old one's place.
    if (draft.kind === "welcomeMessage" && !this.find(draft.message)) {
      draft.message = this.kind(draft.kind)?.items[0]?.id ?? draft.message;
      draft.fresh = draft.held;
    }
    const item = this.find(draft.message);
    if (!item) {
      // The draft moves on the screen and keeps the focus.
      draft.fresh = draft.held;
      draft.message = null;
      draft.gone = true;
      draft.theirs = null;
    } else if (sameText(item.text, draft.base) || sameText(item.text, asSent(draft.text))) draft.theirs = null;
    else if (!draft.touched) {
      // Nothing of the agent's own is in it yet.
      draft.base = item.text;
      draft.title = item.text.title;
      draft.body = item.text.body;
    } else draft.theirs = item.text;
  }

  async #bring(kind: AutoMessageType, what: Outcome["what"], run: () => Promise<AutoOutcome>): Promise<boolean> {
    if (this.busy.has(kind)) return false;
    this.busy.add(kind);
    this.faults.delete(kind);
    this.outcomes.delete(kind);
    try {
      const { now, refused } = await run();
      this.take(now);
      if (refused.length > 0) this.outcomes.set(kind, { what, refused });
      return true;
    } catch (error) {
      this.faults.set(kind, faultOf(error));
      void this.read();
      return false;
    } finally {
      this.busy.delete(kind);
    }
  }
}

/** Those that are named, in that order; the others after them. */
function inOrder(items: readonly AutoMessageView[], order: readonly AutoMessageId[]): AutoMessageView[] {
  const place = (one: AutoMessageView): number => (order.includes(one.id) ? order.indexOf(one.id) : order.length);
  return [...items].sort((a, b) => place(a) - place(b));
}

export class Automatic {
  #accounts = new Map<AccountId, AccountAuto>();

  of(account: AccountId): AccountAuto {
    let auto = this.#accounts.get(account);
    if (!auto) this.#accounts.set(account, (auto = new AccountAuto(account)));
    return auto;
  }

  /** They may have changed; asked for again if anyone has looked at them. */
  invalidate(account?: AccountId): void {
    for (const [id, auto] of this.#accounts) if (account === undefined || id === account) void auto.read();
  }

  /** Brings messages to another account, and answers with what TikTok did not take. */
  async copy(
    from: AccountId,
    to: AccountId,
    kinds: AutoMessageType[],
  ): Promise<{ refused: readonly AutoRefusal[] } | { fault: Fault }> {
    try {
      const { now, refused } = await ask("copyAutoMessages", { from, to, kinds });
      this.of(now.account).take(now);
      return { refused };
    } catch (error) {
      return { fault: faultOf(error) };
    }
  }
}
