// One conversation as the page knows it: its header, a range of its messages, and its draft as the desk has it.
import type { ConversationId, ConversationView, Fault, MessageId, MessagePage, MessageView } from "../ipc/bindings";
import { ask, faultOf } from "../ipc/desk";
import type { Drafts } from "./drafts";
import { Find } from "./find.svelte";
import { oneAtATime } from "../domain/oneAtATime";
import { Signal } from "./signal";
import {
  arrivals,
  EMPTY_RANGE,
  MAX_MESSAGES,
  FIRST_PAGE_SIZE,
  remade,
  renewed,
  type Sight,
  SCROLL_PAGE_SIZE,
  type MessageRange,
  rangeOf,
  trimmed,
  withNewer,
  withOlder,
} from "../domain/messagePages";

/** Which messages are asked for: the newest unless one of these says otherwise. */
interface PageRequest {
  before?: MessageId;
  after?: MessageId;
  around?: MessageId;
  oldest?: true;
}

export class Thread {
  readonly id: ConversationId;
  view = $state.raw<ConversationView | null>(null);
  range = $state.raw<MessageRange>(EMPTY_RANGE);
  loaded = $state(false);
  fault = $state.raw<Fault | null>(null);
  busy = $state.raw<"older" | "newer" | "place" | null>(null);
  /** The message to scroll to as soon as it is rendered; `point` marks it for a moment. */
  scrollTarget = $state.raw<{ message: MessageId; point: boolean } | null>(null);
  /** The search text whose words are marked in the messages; empty for none. */
  words = $state("");
  /** Finding within this conversation. */
  readonly find = new Find(this);
  /** Emitted when messages came in: those that are held, and how many are not. */
  readonly messagesArrived = new Signal<{ messages: MessageView[]; unheld: number }>();
  /** Emitted when the agent is to be taken to the newest message, because they have sent one. */
  readonly scrollToEnd = new Signal();
  /** Measures which messages are on screen; null while the thread is not. */
  measureSight: (() => Sight | null) | null = null;
  stale = true;
  #drafts: Drafts;
  /** Counts the times the range was replaced: a page of an earlier one no longer fits. */
  #turn = 0;
  /** The words that the range was asked for with. */
  #marked = "";

  constructor(id: ConversationId, drafts: Drafts) {
    this.id = id;
    this.#drafts = drafts;
  }

  refresh = oneAtATime(async () => {
    this.stale = false;
    const before = this.range;
    const { words } = this;
    const middle = before.hasNewer ? before.messages[before.messages.length >> 1] : undefined;
    try {
      const [take, page] = await Promise.all([
        this.#look(),
        this.#ask(
          middle ? { around: middle.id } : {},
          middle ? MAX_MESSAGES : Math.min(MAX_MESSAGES, Math.max(FIRST_PAGE_SIZE, before.messages.length + 10)),
        ),
      ]);
      const had = this.view?.row;
      const { row } = take();
      const unheld =
        middle && page.hasNewer && had && row.snippetFrom === "in" && row.lastAtMs > had.lastAtMs
          ? Math.max(1, row.unread - had.unread)
          : 0;
      // Another page may have come in meanwhile, or other words are looked for; then this answer fits no longer.
      if (this.range === before && this.words === words) {
        // What is older than the answer was marked for other words.
        const base =
          !middle && this.#marked !== words
            ? { ...before, messages: before.messages.slice(-page.messages.length) }
            : before;
        const now = middle ? remade(before, page) : renewed(base, page);
        const fresh = this.loaded && !middle ? arrivals(before, now) : [];
        this.#hold(now, words);
        if (fresh.length > 0 || unheld > 0) this.messagesArrived.emit({ messages: fresh, unheld });
      } else {
        void Promise.resolve().then(() => this.refresh());
      }
      this.loaded = true;
      this.fault = null;
    } catch (error) {
      const fault = faultOf(error);
      // The message in the middle may have been taken back; the newest ones are there in any case.
      if (fault.code === "notFound" && middle && this.range === before) {
        this.range = EMPTY_RANGE;
        void Promise.resolve().then(() => this.refresh());
        return;
      }
      this.stale = true;
      this.fault = fault;
    }
  });

  async older(): Promise<void> {
    const first = this.range.messages[0];
    if (this.busy || !this.range.hasOlder || !first) return;
    await this.#page("older", { before: first.id }, (page) =>
      withOlder(this.range, page, MAX_MESSAGES, this.measureSight?.() ?? null),
    );
  }

  async newer(): Promise<void> {
    const last = this.range.messages.at(-1);
    if (this.busy || !this.range.hasNewer || !last) return;
    await this.#page("newer", { after: last.id }, (page) =>
      withNewer(this.range, page, MAX_MESSAGES, this.measureSight?.() ?? null),
    );
  }

  has(message: MessageId): boolean {
    return this.range.messages.some((one) => one.id === message);
  }

  /**
   * Shows a message in its place, however far back it is.
   * @param words what stands out in the messages from now on; as it was if not given
   * @param point whether the message is marked for a moment
   * @returns false if it is no longer there
   */
  async show(message: MessageId, words = this.words, point = true): Promise<boolean> {
    const reworded = words !== this.words;
    this.words = words;
    if (this.has(message)) {
      this.scrollTarget = { message, point };
      if (reworded) await this.refresh();
      return true;
    }
    const there = await this.#replace({ around: message });
    if (there) this.scrollTarget = { message, point };
    return there;
  }

  /** Lets other words stand out, where the agent is. */
  async mark(words: string): Promise<void> {
    if (words === this.words) return;
    this.words = words;
    if (this.loaded) await this.refresh();
  }

  /** Back to the newest page, wherever the agent was. */
  async newest(): Promise<void> {
    if (this.range.hasNewer) await this.#replace({});
  }

  /** To the conversation's first message. */
  async oldest(): Promise<void> {
    if (this.range.hasOlder) await this.#replace({ oldest: true });
  }

  /** Lets go of what is far above, once the agent is at the bottom. */
  trim(): void {
    if (!this.busy) this.range = trimmed(this.range);
  }

  #hold(range: MessageRange, words: string): void {
    this.range = range;
    this.#marked = words;
    // Other words were typed while the answer was on its way.
    if (words !== this.words) void Promise.resolve().then(() => this.refresh());
  }

  #begin(): number {
    this.busy = "place";
    this.#turn += 1;
    return this.#turn;
  }

  /** Puts another range in the place of the one held. */
  async #replace(place: PageRequest): Promise<boolean> {
    const turn = this.#begin();
    const { words } = this;
    this.stale = false;
    try {
      const [page, take] = await Promise.all([
        this.#ask(place, place.around ? 2 * FIRST_PAGE_SIZE : FIRST_PAGE_SIZE),
        this.view ? null : this.#look(),
      ]);
      // The agent has gone elsewhere meanwhile, and that is where they are.
      if (turn !== this.#turn) return true;
      take?.();
      this.#hold(rangeOf(page), words);
      this.loaded = true;
      this.fault = null;
      return true;
    } catch (error) {
      const fault = faultOf(error);
      if (turn === this.#turn && fault.code !== "notFound") this.fault = fault;
      // An agent who opened the conversation at this message sees at least the conversation.
      if (turn === this.#turn && !this.loaded) void this.refresh();
      return false;
    } finally {
      if (turn === this.#turn) this.busy = null;
    }
  }

  /** Asks for the header and the draft; what it gives takes them in. */
  async #look(): Promise<() => ConversationView> {
    const revision = this.#drafts.revision(this.id);
    const cardRevision = this.#drafts.cards.revision(this.id);
    const view = await ask("getConversation", { conversation: this.id });
    return () => {
      this.view = view;
      this.#drafts.settle(this.id, view.draft, revision);
      this.#drafts.cards.settle(this.id, view.card, cardRevision);
      return view;
    };
  }

  async #page(which: "older" | "newer", from: PageRequest, fit: (page: MessagePage) => MessageRange): Promise<void> {
    const turn = this.#turn;
    const { words } = this;
    this.busy = which;
    try {
      const page = await this.#ask(from, SCROLL_PAGE_SIZE);
      if (turn === this.#turn && this.#marked === words) this.#hold(fit(page), words);
    } catch (error) {
      if (turn === this.#turn) this.fault = faultOf(error);
    } finally {
      if (turn === this.#turn) this.busy = null;
    }
  }

  #ask({ before, after, around, oldest }: PageRequest, limit: number): Promise<MessagePage> {
    return ask("listMessages", {
      conversation: this.id,
      before: before ?? null,
      after: after ?? null,
      ...(around === undefined ? {} : { around }),
      ...(oldest === undefined ? {} : { oldest }),
      limit,
      ...(this.words === "" ? {} : { find: this.words }),
    });
  }
}

/** The conversations opened last, so that going back to one shows it at once. */
export class Threads {
  #threads = new Map<ConversationId, Thread>();
  #drafts: Drafts;
  #most: number;

  constructor(drafts: Drafts, most = 12) {
    this.#drafts = drafts;
    this.#most = most;
  }

  open(id: ConversationId): Thread {
    const thread = this.#take(id);
    if (thread.stale) void thread.refresh();
    return thread;
  }

  /** Opens a conversation where a message stands, with the words that were looked for. */
  openAt(id: ConversationId, message: MessageId, words: string): Promise<boolean> {
    return this.#take(id).show(message, words);
  }

  /** A conversation (or all of them) may have changed; only the one on screen is asked for at once. */
  invalidate(onScreen: ConversationId | null, id?: ConversationId): void {
    for (const thread of this.#threads.values()) {
      if (id !== undefined && thread.id !== id) continue;
      thread.stale = true;
      if (thread.id !== onScreen) continue;
      void thread.refresh();
      thread.find.invalidate();
    }
  }

  #take(id: ConversationId): Thread {
    const thread = this.#threads.get(id) ?? new Thread(id, this.#drafts);
    this.#threads.delete(id);
    this.#threads.set(id, thread);
    for (const old of this.#threads.keys()) {
      if (this.#threads.size <= this.#most) break;
      this.#threads.delete(old);
    }
    return thread;
  }
}
