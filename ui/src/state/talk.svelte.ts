// One conversation as the page knows it: its header, a stretch of its messages, and its draft as the desk has it.
import type { ConversationId, ConversationView, Fault, MessageId, MessagePage, MessageView } from "../ipc/bindings";
import { ask, faultOf } from "../ipc/desk";
import type { Drafts } from "./drafts";
import { oneAtATime } from "./latest";
import { arrivals, EMPTY, PAGE, refilled, renewed, type Stretch, stretchOf, trimmed, withNewer, withOlder } from "./pages";

/** The desk gives at most this many messages at once. */
const MOST_AT_ONCE = 200;
/** Pages that are fetched to find a message far back. */
const FARTHEST = 20;

export class Talk {
  readonly id: ConversationId;
  view = $state.raw<ConversationView | null>(null);
  stretch = $state.raw<Stretch>(EMPTY);
  loaded = $state(false);
  fault = $state.raw<Fault | null>(null);
  busy = $state.raw<"older" | "newer" | null>(null);
  /** What came in since the thread was last at its end; told to screen readers and counted in the pill. */
  heard: ((messages: MessageView[], outOfSight: number) => void) | null = null;
  /** Takes the agent to the newest message, after they have sent one. */
  toEnd: (() => void) | null = null;
  stale = true;
  #drafts: Drafts;
  #paging: Promise<void> = Promise.resolve();

  constructor(id: ConversationId, drafts: Drafts) {
    this.id = id;
    this.#drafts = drafts;
  }

  refresh = oneAtATime(async () => {
    this.stale = false;
    const before = this.stretch;
    const stamp = this.#drafts.stamp(this.id);
    const cardStamp = this.#drafts.cards.stamp(this.id);
    const first = before.messages[0];
    const far = before.hasNewer && first !== undefined;
    try {
      const [view, page] = await Promise.all([
        ask("getConversation", { conversation: this.id }),
        ask("listMessages", {
          conversation: this.id,
          before: null,
          after: far ? first.id : null,
          limit: Math.min(MOST_AT_ONCE, Math.max(PAGE, before.messages.length + 10)),
        }),
      ]);
      const had = this.view?.row;
      const unheld = far && page.hasNewer && had && view.row.snippetFrom === "in" && view.row.lastAtMs > had.lastAtMs ? Math.max(1, view.row.unread - had.unread) : 0;
      this.view = view;
      this.#drafts.settle(this.id, view.draft, stamp);
      this.#drafts.cards.settle(this.id, view.card, cardStamp);
      // Another page may have come in meanwhile; then this answer fits the wrong stretch and is asked for again.
      if (this.stretch === before) {
        const now = far ? refilled(before, page) : renewed(before, page);
        const fresh = this.loaded && !far ? arrivals(before, now) : [];
        this.stretch = now;
        if (fresh.length > 0 || unheld > 0) this.heard?.(fresh, unheld);
      } else {
        void Promise.resolve().then(() => this.refresh());
      }
      this.loaded = true;
      this.fault = null;
    } catch (error) {
      this.stale = true;
      this.fault = faultOf(error);
    }
  });

  async older(): Promise<void> {
    const first = this.stretch.messages[0];
    if (this.busy || !this.stretch.hasOlder || !first) return;
    await this.#page("older", { before: first.id, after: null }, (page) => withOlder(this.stretch, page));
  }

  async newer(): Promise<void> {
    const last = this.stretch.messages.at(-1);
    if (this.busy || !this.stretch.hasNewer || !last) return;
    await this.#page("newer", { before: null, after: last.id }, (page) => withNewer(this.stretch, page));
  }

  has(message: MessageId): boolean {
    return this.stretch.messages.some((one) => one.id === message);
  }

  /** Fetches older messages until one of them is this one; false if it is not there, or too far back. */
  async reach(message: MessageId): Promise<boolean> {
    for (let page = 0; page < FARTHEST && !this.has(message); page += 1) {
      if (!this.stretch.hasOlder || this.fault) return false;
      await (this.busy ? this.#paging : this.older());
    }
    return this.has(message);
  }

  /** Back to the newest page, wherever the agent was. */
  async newest(): Promise<void> {
    if (!this.stretch.hasNewer) return;
    await this.#page("newer", { before: null, after: null }, stretchOf);
  }

  /** Lets go of what is far above, once the agent is at the bottom. */
  trim(): void {
    if (!this.busy) this.stretch = trimmed(this.stretch);
  }

  #page(which: "older" | "newer", from: { before: string | null; after: string | null }, fit: (page: MessagePage) => Stretch): Promise<void> {
    this.#paging = this.#fetch(which, from, fit);
    return this.#paging;
  }

  async #fetch(
    which: "older" | "newer",
    from: { before: string | null; after: string | null },
    fit: (page: MessagePage) => Stretch,
  ): Promise<void> {
    this.busy = which;
    try {
      const page = await messages(this.id, from);
      this.stretch = fit(page);
    } catch (error) {
      this.fault = faultOf(error);
    } finally {
      this.busy = null;
    }
  }
}

const messages = (conversation: ConversationId, from: { before: string | null; after: string | null }) =>
  ask("listMessages", { conversation, ...from, limit: PAGE });

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
    const talk = this.#talks.get(id) ?? new Talk(id, this.#drafts);
    this.#talks.delete(id);
    this.#talks.set(id, talk);
    for (const old of this.#talks.keys()) {
      if (this.#talks.size <= this.#most) break;
      this.#talks.delete(old);
    }
    if (talk.stale) void talk.refresh();
    return talk;
  }

  /** A conversation (or all of them) may have changed; only the one on screen is asked for at once. */
  drop(onScreen: ConversationId | null, id?: ConversationId): void {
    for (const talk of this.#talks.values()) {
      if (id !== undefined && talk.id !== id) continue;
      talk.stale = true;
      if (talk.id === onScreen) void talk.refresh();
    }
  }
}
