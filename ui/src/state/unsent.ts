// What the agent does with replies that TikTok does not have, from outside their thread.
import type { AccountView, ConversationId, Fault, UnsentView } from "../ipc/bindings";
import { ask, faultOf } from "../ipc/desk";
import type { Drafts } from "./drafts";
import type { Toasts } from "./toasts.svelte";

/** A way on from where a reply stands. `anyway` sends what Deskbell itself has stopped; `back` puts it into the draft. */
export type Way = "again" | "anyway" | "arrived" | "back" | "discard" | "sendNow";

/** The ways on that are safe where a reply stands; what is on its way has none. */
export function waysOf(one: UnsentView): Way[] {
  if (one.kind === "scheduled") return ["sendNow", "back"];
  const { delivery } = one;
  switch (delivery.state) {
    case "refused":
      return ["again", "back"];
    case "stopped":
      return delivery.why === "unreadable" ? ["back"] : ["anyway", "back"];
    case "unconfirmed":
      return delivery.stage === "undecided" ? ["again", "arrived", "discard"] : [];
    case "held":
      return ["sendNow", "back"];
    case "queued":
      return ["back"];
    default:
      return [];
  }
}

/** How many replies TikTok does not have, of all accounts. */
export const unsentOf = (accounts: readonly AccountView[]): number =>
  accounts.reduce((sum, account) => sum + account.unsent, 0);

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
