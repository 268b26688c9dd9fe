// What the agent does with replies that TikTok does not have, from outside their thread.
import type { ConversationId, Fault, UnsentView } from "../ipc/bindings";
import { ask, faultOf } from "../ipc/desk";
import type { Drafts } from "./drafts";
import type { Toasts } from "./toasts.svelte";
import { type Way } from "../domain/unsent";

export class Unsent {
  #drafts: Drafts;
  #toasts: Toasts;
  #changed: (conversation: ConversationId) => void;

  constructor(around: { drafts: Drafts; toasts: Toasts; changed: (conversation: ConversationId) => void }) {
    this.#drafts = around.drafts;
    this.#toasts = around.toasts;
    this.#changed = around.changed;
  }

  async go(conversation: ConversationId, one: UnsentView, way: Way): Promise<void> {
    const fault = await this.#run(conversation, one, way);
    if (fault) this.#toasts.fault(fault);
    this.#changed(conversation);
  }

  async #run(conversation: ConversationId, one: UnsentView, way: Way): Promise<Fault | null> {
    // What comes back into the draft must not meet an older one that is still being saved.
    if (way === "back" || way === "discard")
      return this.#drafts.reclaim(conversation, () =>
        one.kind === "scheduled"
          ? ask("cancelScheduledReply", { scheduled: one.scheduled })
          : ask("discardReply", { message: one.message }),
      );
    try {
      if (one.kind === "scheduled") await ask("sendScheduledReplyNow", { scheduled: one.scheduled });
      else if (way === "sendNow") await ask("sendReplyNow", { messages: [one.message] });
      else await ask(way === "arrived" ? "markReplyArrived" : "resendReply", { message: one.message });
      return null;
    } catch (error) {
      return faultOf(error);
    }
  }
}
