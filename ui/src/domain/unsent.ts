// Replies that TikTok does not have, and the actions that are safe for each.
import type { AccountView, UnsentView } from "../ipc/bindings";

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
