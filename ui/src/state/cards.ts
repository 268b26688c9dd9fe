// The Q&A card an agent has begun, one per conversation, kept like the draft: typed, saved within a quarter of a second.
import type { Card, ConversationId, Fault } from "../ipc/bindings";
import { ask, faultOf } from "../ipc/desk";
import type { SendOptions } from "./drafts";

const PAUSE_MS = 250;
export const MAX_TITLE_LENGTH = 40;
export const MAX_ANSWERS = 3;
export const MAX_ANSWER_LENGTH = { button: 20, link: 40 } as const;

interface Draft {
  card: Card | null;
  saved: string;
  revision: number;
  timer: ReturnType<typeof setTimeout> | undefined;
  queue: Promise<void>;
  sending: boolean;
}

/** Nothing typed yet. */
const isEmpty = (card: Card | null): boolean =>
  card === null || (card.title.trim() === "" && card.buttons.every((answer) => answer.trim() === ""));

const keyOf = (card: Card | null): string => (isEmpty(card) ? "" : JSON.stringify(card));

export class CardDrafts {
  #drafts = new Map<ConversationId, Draft>();
  #watchers = new Map<ConversationId, Set<() => void>>();

  /** Told whenever the card is another one. */
  watch(conversation: ConversationId, changed: () => void): () => void {
    const watchers = this.#watchers.get(conversation) ?? new Set();
    this.#watchers.set(conversation, watchers.add(changed));
    return () => watchers.delete(changed);
  }

  card(conversation: ConversationId): Card | null {
    const card = this.#drafts.get(conversation)?.card ?? null;
    return isEmpty(card) ? null : card;
  }

  revision(conversation: ConversationId): number {
    return this.#drafts.get(conversation)?.revision ?? 0;
  }

  /** Takes the desk's card, unless the agent has changed theirs since it was asked for. */
  settle(conversation: ConversationId, card: Card | null, revision: number): void {
    const draft = this.#of(conversation);
    if (
      draft.revision !== revision ||
      keyOf(draft.card) !== draft.saved ||
      draft.sending ||
      draft.saved === keyOf(card)
    )
      return;
    draft.card = card;
    draft.saved = keyOf(card);
    this.#tell(conversation);
  }

  edit(conversation: ConversationId, card: Card): void {
    const draft = this.#of(conversation);
    draft.card = card;
    draft.revision += 1;
    draft.timer ??= setTimeout(() => void this.flush(conversation), PAUSE_MS);
    this.#tell(conversation);
  }

  flush(conversation: ConversationId): Promise<void> {
    const draft = this.#of(conversation);
    clearTimeout(draft.timer);
    draft.timer = undefined;
    if (keyOf(draft.card) === draft.saved || draft.sending) return draft.queue;
    draft.queue = draft.queue.then(async () => {
      const now = keyOf(draft.card);
      if (now === draft.saved || draft.sending) return;
      try {
        await ask("saveCardDraft", { conversation, card: isEmpty(draft.card) ? null : draft.card });
        draft.saved = now;
        draft.revision += 1;
      } catch {
        // The next key tries again; the card stays on screen.
      }
    });
    return draft.queue;
  }

  flushAll(): void {
    for (const conversation of this.#drafts.keys()) void this.flush(conversation);
  }

  /** Sends the card; a second call while the first is under way sends nothing. It stays if it cannot be sent. */
  async send(conversation: ConversationId, pressed: SendOptions): Promise<Fault | null> {
    const draft = this.#of(conversation);
    const card = draft.card;
    if (draft.sending || card === null || isEmpty(card)) return null;
    clearTimeout(draft.timer);
    draft.timer = undefined;
    draft.sending = true;
    let fault: Fault | null = null;
    draft.queue = draft.queue.then(async () => {
      try {
        const queued = await ask("sendCard", {
          conversation,
          card,
          seen: pressed.seen ?? null,
          anyway: pressed.anyway ?? false,
          key: crypto.randomUUID(),
        });
        draft.saved = "";
        // What was changed while it was under way is another card.
        if (draft.card === card) draft.card = null;
        pressed.queued?.(queued);
      } catch (error) {
        fault = faultOf(error);
      }
      draft.revision += 1;
      draft.sending = false;
    });
    await draft.queue;
    this.#tell(conversation);
    void this.flush(conversation);
    return fault;
  }

  #tell(conversation: ConversationId): void {
    this.#watchers.get(conversation)?.forEach((changed) => changed());
  }

  #of(conversation: ConversationId): Draft {
    let draft = this.#drafts.get(conversation);
    if (!draft)
      this.#drafts.set(
        conversation,
        (draft = { card: null, saved: "", revision: 0, timer: undefined, queue: Promise.resolve(), sending: false }),
      );
    return draft;
  }
}
