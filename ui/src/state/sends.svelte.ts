// Replies that can still be undone; the messages of one press of Send are undone together.
import type { ConversationId, Fault, MessageId, Queued } from "../ipc/bindings";
import { ask, faultOf } from "../ipc/desk";
import type { Drafts, SendOptions } from "./drafts";
import type { Toasts } from "./toasts.svelte";

export interface Held {
  conversation: ConversationId;
  messages: readonly MessageId[];
  /** By TikTok's clock. */
  untilMs: number;
}

/** The parts of the page that sending needs. */
interface Around {
  drafts: Drafts;
  toasts: Toasts;
  /** TikTok's time. */
  now: () => number;
  /** Asks for a conversation again. */
  refresh: (conversation: ConversationId) => void;
}

export class Sends {
  held = $state.raw<readonly Held[]>([]);
  #around: Around;
  #posting = new Set<ConversationId>();

  constructor(around: Around) {
    this.#around = around;
  }

  /** A press of Send was queued. */
  took(conversation: ConversationId, queued: Queued): void {
    const now = this.#around.now();
    const still = this.held.filter((one) => one.untilMs > now);
    this.held =
      queued.undoUntilMs === null
        ? still
        : [...still, { conversation, messages: queued.messages, untilMs: queued.undoUntilMs }];
  }

  /** The last press of Send in a conversation that can still be undone. */
  last(conversation: ConversationId, now: number): Held | undefined {
    return this.held.findLast((one) => one.conversation === conversation && one.untilMs > now);
  }

  /** Takes back what one press of Send queued, the last one unless a message of another is given; true if it is in the draft again. */
  async undo(conversation: ConversationId, message?: MessageId): Promise<boolean> {
    const group =
      message === undefined
        ? this.last(conversation, this.#around.now())
        : this.held.find((one) => one.messages.includes(message));
    // After a restart the page knows the message alone.
    const messages = group?.messages ?? (message === undefined ? [] : [message]);
    if (messages.length === 0) return false;
    this.held = this.held.filter((one) => one !== group);
    const fault = await this.#around.drafts.reclaim(conversation, () => ask("undoSend", { messages: [...messages] }));
    this.#around.refresh(conversation);
    if (fault) this.#around.toasts.fault(fault);
    return fault === null;
  }

  /** Sends at once what is held. */
  async now(conversation: ConversationId, message: MessageId): Promise<void> {
    const group = this.held.find((one) => one.messages.includes(message));
    this.held = this.held.filter((one) => one !== group);
    try {
      await ask("sendReplyNow", { messages: [...(group?.messages ?? [message])] });
    } catch (error) {
      this.#around.toasts.fault(faultOf(error));
    }
    this.#around.refresh(conversation);
  }

  /** Sends one of the account's own posts, by its id or a link to it; a second call while the first is under way sends nothing. */
  async post(conversation: ConversationId, post: string, pressed: SendOptions): Promise<Fault | null> {
    if (this.#posting.has(conversation)) return null;
    this.#posting.add(conversation);
    try {
      const queued = await ask("sendPost", {
        conversation,
        post,
        seen: pressed.seen ?? null,
        anyway: pressed.anyway ?? false,
        key: crypto.randomUUID(),
      });
      pressed.queued?.(queued);
      return null;
    } catch (error) {
      return faultOf(error);
    } finally {
      this.#posting.delete(conversation);
    }
  }
}
