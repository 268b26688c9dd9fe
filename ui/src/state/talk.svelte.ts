// One conversation as the page knows it: its header, a stretch of its messages, and its draft as the desk has it.
import type { ConversationId, ConversationView, Fault, MessageId, MessagePage, MessageView } from "../ipc/bindings";
import { ask, faultOf } from "../ipc/desk";
import type { Drafts } from "./drafts";
import { Find } from "./find.svelte";
import { oneAtATime } from "../domain/oneAtATime";
import {
  arrivals,
  EMPTY,
  MOST,
  PAGE,
  remade,
  renewed,
  type Sight,
  STRIDE,
  type Stretch,
  stretchOf,
  trimmed,
  withNewer,
  withOlder,
} from "../domain/messagePages";

/** Which messages are asked for: the newest unless one of these says otherwise. */
interface Place {
  before?: MessageId;
  after?: MessageId;
  around?: MessageId;
  oldest?: true;
}

export class Talk {
  readonly id: ConversationId;
  view = $state.raw<ConversationView | null>(null);
  stretch = $state.raw<Stretch>(EMPTY);
  loaded = $state(false);
  fault = $state.raw<Fault | null>(null);
  busy = $state.raw<"older" | "newer" | "place" | null>(null);
  /** The message the thread is to show as soon as it holds it. */
  target = $state.raw<{ message: MessageId; point: boolean } | null>(null);
  /** Whose words stand out in the messages; empty if nobody looks for any. */
  words = $state("");
  /** Finding within this conversation. */
  readonly find = new Find(this);
  /** What came in since the thread was last at its end; told to screen readers and counted in the pill. */
  heard: ((messages: MessageView[], outOfSight: number) => void) | null = null;
  /** Takes the agent to the newest message, after they have sent one. */
  toEnd: (() => void) | null = null;
  /** What of the stretch is in sight right now. */
  sight: (() => Sight | null) | null = null;
  stale = true;
  #drafts: Drafts;
  /** Counts the times the stretch was replaced: a page of an earlier one no longer fits. */
  #turn = 0;
  /** The words that the stretch was asked for with. */
  #marked = "";

  constructor(id: ConversationId, drafts: Drafts) {
    this.id = id;
    this.#drafts = drafts;
  }

  refresh = oneAtATime(async () => {
    this.stale = false;
    const before = this.stretch;
    const { words } = this;
    const middle = before.hasNewer ? before.messages[before.messages.length >> 1] : undefined;
    try {
      const [take, page] = await Promise.all([
        this.#look(),
        this.#ask(
          middle ? { around: middle.id } : {},
          middle ? MOST : Math.min(MOST, Math.max(PAGE, before.messages.length + 10)),
        ),
      ]);
      const had = this.view?.row;
      const { row } = take();
      const unheld =
        middle && page.hasNewer && had && row.snippetFrom === "in" && row.lastAtMs > had.lastAtMs
          ? Math.max(1, row.unread - had.unread)
          : 0;
      // Another page may have come in meanwhile, or other words are looked for; then this answer fits no longer.
      if (this.stretch === before && this.words === words) {
        // What is older than the answer was marked for other words.
        const base =
          !middle && this.#marked !== words
            ? { ...before, messages: before.messages.slice(-page.messages.length) }
            : before;
        const now = middle ? remade(before, page) : renewed(base, page);
        const fresh = this.loaded && !middle ? arrivals(before, now) : [];
        this.#hold(now, words);
        if (fresh.length > 0 || unheld > 0) this.heard?.(fresh, unheld);
      } else {
        void Promise.resolve().then(() => this.refresh());
      }
      this.loaded = true;
      this.fault = null;
    } catch (error) {
      const fault = faultOf(error);
      // The message in the middle may have been taken back; the newest ones are there in any case.
      if (fault.code === "notFound" && middle && this.stretch === before) {
        this.stretch = EMPTY;
        void Promise.resolve().then(() => this.refresh());
        return;
      }
      this.stale = true;
      this.fault = fault;
    }
  });

  async older(): Promise<void> {
    const first = this.stretch.messages[0];
    if (this.busy || !this.stretch.hasOlder || !first) return;
    await this.#page("older", { before: first.id }, (page) =>
      withOlder(this.stretch, page, MOST, this.sight?.() ?? null),
    );
  }

  async newer(): Promise<void> {
    const last = this.stretch.messages.at(-1);
    if (this.busy || !this.stretch.hasNewer || !last) return;
    await this.#page("newer", { after: last.id }, (page) =>
      withNewer(this.stretch, page, MOST, this.sight?.() ?? null),
    );
  }

  has(message: MessageId): boolean {
    return this.stretch.messages.some((one) => one.id === message);
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
      this.target = { message, point };
      if (reworded) await this.refresh();
      return true;
    }
    const there = await this.#replace({ around: message });
    if (there) this.target = { message, point };
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
    if (this.stretch.hasNewer) await this.#replace({});
  }

  /** To the conversation's first message. */
  async oldest(): Promise<void> {
    if (this.stretch.hasOlder) await this.#replace({ oldest: true });
  }

  /** Lets go of what is far above, once the agent is at the bottom. */
  trim(): void {
    if (!this.busy) this.stretch = trimmed(this.stretch);
  }

  #hold(stretch: Stretch, words: string): void {
    this.stretch = stretch;
    this.#marked = words;
    // Other words were typed while the answer was on its way.
    if (words !== this.words) void Promise.resolve().then(() => this.refresh());
  }

  #begin(): number {
    this.busy = "place";
    this.#turn += 1;
    return this.#turn;
  }

  /** Puts another stretch in the place of the one held. */
  async #replace(place: Place): Promise<boolean> {
    const turn = this.#begin();
    const { words } = this;
    this.stale = false;
    try {
      const [page, take] = await Promise.all([
        this.#ask(place, place.around ? 2 * PAGE : PAGE),
        this.view ? null : this.#look(),
      ]);
      // The agent has gone elsewhere meanwhile, and that is where they are.
      if (turn !== this.#turn) return true;
      take?.();
      this.#hold(stretchOf(page), words);
      this.loaded = true;
      this.fault = null;
      return true;
    } catch (error) {
      const fault = faultOf(error);
      if (turn === this.#turn && fault.code !== "notFound") this.fault = fault;
      // Whoever opened the conversation at this message sees at least the conversation.
      if (turn === this.#turn && !this.loaded) void this.refresh();
      return false;
    } finally {
      if (turn === this.#turn) this.busy = null;
    }
  }

  /** Asks for the header and the draft; what it gives takes them in. */
  async #look(): Promise<() => ConversationView> {
    const stamp = this.#drafts.stamp(this.id);
    const cardStamp = this.#drafts.cards.stamp(this.id);
    const view = await ask("getConversation", { conversation: this.id });
    return () => {
      this.view = view;
      this.#drafts.settle(this.id, view.draft, stamp);
      this.#drafts.cards.settle(this.id, view.card, cardStamp);
      return view;
    };
  }

  async #page(which: "older" | "newer", from: Place, fit: (page: MessagePage) => Stretch): Promise<void> {
    const turn = this.#turn;
    const { words } = this;
    this.busy = which;
    try {
      const page = await this.#ask(from, STRIDE);
      if (turn === this.#turn && this.#marked === words) this.#hold(fit(page), words);
    } catch (error) {
      if (turn === this.#turn) this.fault = faultOf(error);
    } finally {
      if (turn === this.#turn) this.busy = null;
    }
  }

  #ask({ before, after, around, oldest }: Place, limit: number): Promise<MessagePage> {
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
export class Talks {
  #talks = new Map<ConversationId, Talk>();
  #drafts: Drafts;
  #most: number;

  constructor(drafts: Drafts, most = 12) {
    this.#drafts = drafts;
    this.#most = most;
  }

  open(id: ConversationId): Talk {
    const talk = this.#take(id);
    if (talk.stale) void talk.refresh();
    return talk;
  }

  /** Opens a conversation where a message stands, with the words that were looked for. */
  openAt(id: ConversationId, message: MessageId, words: string): Promise<boolean> {
    return this.#take(id).show(message, words);
  }

  /** A conversation (or all of them) may have changed; only the one on screen is asked for at once. */
  drop(onScreen: ConversationId | null, id?: ConversationId): void {
    for (const talk of this.#talks.values()) {
      if (id !== undefined && talk.id !== id) continue;
      talk.stale = true;
      if (talk.id !== onScreen) continue;
      void talk.refresh();
      talk.find.drop();
    }
  }

  #take(id: ConversationId): Talk {
    const talk = this.#talks.get(id) ?? new Talk(id, this.#drafts);
    this.#talks.delete(id);
    this.#talks.set(id, talk);
    for (const old of this.#talks.keys()) {
      if (this.#talks.size <= this.#most) break;
      this.#talks.delete(old);
    }
    return talk;
  }
}
