// A fault's words. Where the desk says more by a short code, that becomes words too: "titleTooLong" is none.
import type { CommentCondition, Fault } from "../ipc/bindings";
import type { Advice } from "./faults";
import { t } from "./index";
import { exactly } from "./when";

export interface FaultWords extends Advice {
  /** TikTok's or the system's words, to be shown one click away. */
  detail: string | null;
}

export function adviceOf(fault: Fault): FaultWords {
  const advice = t.faults[fault.code] ?? t.faults.unexpected;
  if (fault.code === "cardInvalid")
    return { what: advice.what, todo: t.cardFaults[fault.detail ?? ""] ?? advice.todo, detail: null };
  if (fault.code === "autoTextInvalid") return { ...advice, detail: null };
  if (fault.code === "commentNotAnswerable") {
    const condition = t.comments.conditions[(fault.detail ?? "") as CommentCondition];
    return { what: advice.what, todo: condition?.not ?? advice.todo, detail: null };
  }
  if (fault.code === "ruleInvalid")
    return {
      what: advice.what,
      todo: (t.rules.problems as Record<string, string>)[fault.detail ?? ""] ?? advice.todo,
      detail: null,
    };
  if (fault.code === "hoursInvalid")
    return {
      what: advice.what,
      todo: (t.hours.wrong as Record<string, string>)[fault.detail ?? ""] ?? advice.todo,
      detail: null,
    };
  if (fault.code === "scheduleAfterWindow") {
    const closes = Number(fault.detail ?? "");
    return { ...advice, what: closes > 0 ? t.scheduleCloses(exactly(closes)) : advice.what, detail: null };
  }
  // A number is only spoken of where there is one.
  const todo = fault.code === "unexpected" && fault.incident ? t.fault.reportNumber : advice.todo;
  return { what: advice.what, todo, detail: fault.detail };
}
