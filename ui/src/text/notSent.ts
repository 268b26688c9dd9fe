// How a reply that was not sent is told of away from its conversation.
import type { Delivery } from "../ipc/bindings";
import { t } from "./index";
import { nameOf } from "./sanitize";

export function notSentWords(name: string, delivery: Delivery): string {
  const who = nameOf({ name, handle: null });
  switch (delivery.state) {
    case "stopped":
      return t.toast.notSent(who, t.delivery.stopped[delivery.why]);
    case "refused":
      return t.toast.notSent(who, (t.refusals[delivery.reason] ?? t.refusals.other).what);
    case "unconfirmed":
      return t.toast.notConfirmed(who);
    case "held":
    case "queued":
    case "sending":
    case "sent":
    case "read":
      return t.toast.notConfirmed(who);
  }
}
