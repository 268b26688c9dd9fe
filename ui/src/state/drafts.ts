// The drafts, one per conversation. A draft is bound to its conversation by its key alone: no text ever moves from one
// to another. What is typed is with the desk within a quarter of a second, and at once when the agent looks away.
import type { ConversationId, Fault } from "../ipc/bindings";
import { ask, faultOf } from "../ipc/desk";

export const PAUSE_MS = 250;

interface Draft {
  text: string;
  /** What the desk has, as far as we know. */
  saved: string;
  /** Counts whatever makes an answer asked for before it worthless. */
  stamp: number;
  timer: ReturnType<typeof setTimeout> | undefined;
  /** Saves and sends of one conversation go one after the other. */
  line: Promise<void>;
  sending: boolean;
}

/** A composer, told about its own conversation's draft only. */
export interface Watcher {
  /** The draft has changed otherwise than by typing. */
  changed(): void;
  /** The last save worked, or why it did not. */
  kept(fault: Fault | null): void;
}

export class Drafts {
  #watchers = new Map<ConversationId, Set<Watcher>>();
  #drafts = new Map<ConversationId, Draft>();

  watch(conversation: ConversationId, watcher: Watcher): () => void {
    const watchers = this.#watchers.get(conversation) ?? new Set();
    this.#watchers.set(conversation, watchers.add(watcher));
    return () => watchers.delete(watcher);
  }

  /** Whether the desk's draft is known, so that typing cannot overwrite one that was never seen. */
  known(conversation: ConversationId): boolean {
    return this.#drafts.has(conversation);
  }

  text(conversation: ConversationId): string {
    return this.#drafts.get(conversation)?.text ?? "";
  }

  stamp(conversation: ConversationId): number {
    return this.#drafts.get(conversation)?.stamp ?? 0;
  }

  /** Takes the desk's draft, unless the agent has typed or sent since it was asked for. */
  settle(conversation: ConversationId, body: string, stamp: number): void {
    const draft = this.#drafts.get(conversation);
    if (!draft) {
      this.#drafts.set(conversation, { text: body, saved: body, stamp: 0, timer: undefined, line: Promise.resolve(), sending: false });
      this.#tell(conversation, (watcher) => watcher.changed());
    } else if (draft.stamp === stamp && draft.text === draft.saved && !draft.sending && draft.text !== body) {
      draft.text = body;
      draft.saved = body;
      this.#tell(conversation, (watcher) => watcher.changed());
    }
  }

  edit(conversation: ConversationId, text: string): void {
    const draft = this.#of(conversation);
    draft.text = text;
    draft.stamp += 1;
    // Not pushed back by further typing: whoever types without a pause is saved all the same.
    draft.timer ??= setTimeout(() => void this.flush(conversation), PAUSE_MS);
  }

  /** Saves now what has not been saved. */
  flush(conversation: ConversationId): Promise<void> {
    const draft = this.#drafts.get(conversation);
    if (!draft) return Promise.resolve();
    clearTimeout(draft.timer);
    draft.timer = undefined;
    if (draft.text === draft.saved || draft.sending) return draft.line;
    draft.line = draft.line.then(() => this.#save(conversation, draft));
    return draft.line;
  }

  flushAll(): void {
    for (const conversation of this.#drafts.keys()) void this.flush(conversation);
  }

  /**
   * Sends what is typed. The field is empty at once; a second call finds nothing to send. If the desk cannot take it,
   * the text is put back in front of whatever was typed meanwhile.
   */
  async send(conversation: ConversationId): Promise<Fault | null> {
    const draft = this.#of(conversation);
    const body = draft.text;
    if (draft.sending || body.trim() === "") return null;
    clearTimeout(draft.timer);
    draft.timer = undefined;
    draft.sending = true;
    draft.text = "";
    draft.stamp += 1;
    this.#tell(conversation, (watcher) => watcher.changed());
    let fault: Fault | null = null;
    draft.line = draft.line.then(async () => {
      try {
        await ask("sendReply", { conversation, body });
        draft.saved = "";
      } catch (error) {
        fault = faultOf(error);
        draft.text = draft.text === "" ? body : `${body}\n${draft.text}`;
      }
      draft.stamp += 1;
      draft.sending = false;
    });
    await draft.line;
    if (fault) this.#tell(conversation, (watcher) => watcher.changed());
    void this.flush(conversation);
    return fault;
  }

  async #save(conversation: ConversationId, draft: Draft): Promise<void> {
    const body = draft.text;
    if (body === draft.saved || draft.sending) return;
    try {
      await ask("saveDraft", { conversation, body });
      draft.saved = body;
      draft.stamp += 1;
      this.#tell(conversation, (watcher) => watcher.kept(null));
    } catch (error) {
      const fault = faultOf(error);
      this.#tell(conversation, (watcher) => watcher.kept(fault));
    }
  }

  #tell(conversation: ConversationId, what: (watcher: Watcher) => void): void {
    this.#watchers.get(conversation)?.forEach(what);
  }

  #of(conversation: ConversationId): Draft {
    let draft = this.#drafts.get(conversation);
    if (!draft) {
      draft = { text: "", saved: "", stamp: 0, timer: undefined, line: Promise.resolve(), sending: false };
      this.#drafts.set(conversation, draft);
    }
    return draft;
  }
}
