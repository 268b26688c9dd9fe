// Tells customers that the agent is typing, seldom enough for TikTok.
import type { ConversationId } from "../ipc/bindings";
import { ask } from "../ipc/desk";

const TYPING_MS = 5_000;

export class Typing {
  #told = new Map<ConversationId, number>();

  /** The agent has typed. */
  touch(conversation: ConversationId): void {
    const now = performance.now();
    if (now - (this.#told.get(conversation) ?? -Infinity) < TYPING_MS) return;
    this.#told.set(conversation, now);
    // A lost typing signal needs no retry and no notice.
    ask("sendTypingIndicator", { conversation }).catch(() => {});
  }
}
