// What a rule did, in words.
import type { ActionTaken, RuleRunNote } from "../../ipc/bindings";
import { t } from "../../text";
import { sanitizedName } from "../../text/sanitize";
import { atMoment, toCome } from "../../text/when";

function deedWords(deed: ActionTaken, now: number): string {
  const say = t.firing;
  switch (deed.kind) {
    case "replied":
      return say.replied(sanitizedName(deed.name));
    case "tagged":
      return say.tagged(sanitizedName(deed.name));
    case "assigned":
      return deed.name === "" ? say.assignedYou : say.assigned(sanitizedName(deed.name));
    case "snoozed":
      return say.snoozed(deed.untilMs > now ? toCome(deed.untilMs, now) : atMoment(deed.untilMs, now));
    default:
      return say[deed.kind];
  }
}

/** “Rule “Delivery”: sent “Delivery times”, tagged delivery”. */
export function firingWords({ name, did, noReply }: RuleRunNote, now: number): string {
  const all = did.map((deed) => deedWords(deed, now));
  if (noReply) all.push(t.firing.noReply(noReply));
  return t.firing.line(sanitizedName(name), all.length > 0 ? all : [t.firing.fired]);
}
