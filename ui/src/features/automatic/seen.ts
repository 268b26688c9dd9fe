// What a new customer sees of the automatic messages: those that are approved and on, and, marked, what is being written.
import type { AutoKindView, AutoMessageType, AutoText } from "../../ipc/bindings";
import type { AccountAuto, AutoDraft } from "../../state/automatic.svelte";

export interface Seen {
  key: string;
  text: AutoText;
  /** Customers see it; or it is a draft; or it is shown only because the agent asked for everything. */
  how: "shown" | "draft" | "hidden";
}

/**
 * @param all also what customers do not see
 */
export function seenOf(auto: AccountAuto, kind: AutoKindView, all: boolean): Seen[] {
  const drafts = auto.draftsOf(kind.kind).filter((one) => one.body.trim() !== "" || one.title.trim() !== "");
  const seen = kind.items.flatMap((item): Seen[] => {
    const draft = drafts.find((one) => one.message === item.id);
    if (draft?.touched) return [written(draft)];
    const shown = kind.enabled && item.audit === "approved" && !item.off;
    return shown || all ? [{ key: item.id, text: item.text, how: shown ? "shown" : "hidden" }] : [];
  });
  return [...seen, ...drafts.filter((one) => one.message === null).map(written)];
}

const written = (draft: AutoDraft): Seen => ({ key: draft.key, text: draft.text, how: "draft" });

/** The greeting TikTok writes by itself names the business by a placeholder. */
export const filledIn = (text: string, name: string): string => text.replaceAll("{{display_name}}", name);

export const pick = (kinds: readonly AutoKindView[], kind: AutoMessageType): AutoKindView | undefined =>
  kinds.find((one) => one.kind === kind);
