// Marks conversations as done, snoozes and assigns them, each with an undo.
import type { AgentView, ConversationId, ConversationRow } from "../ipc/bindings";
import { ask, faultOf } from "../ipc/desk";
import { t } from "../text";
import { agentName } from "../text/sanitize";
import { toCome } from "../text/when";
import type { Toasts } from "./toasts.svelte";

interface Ways {
  toasts: Toasts;
  now: () => number;
  /** Asks for a conversation again that was changed. */
  refresh: (id: ConversationId) => void;
}

export class Triage {
  #ways: Ways;

  constructor(ways: Ways) {
    this.#ways = ways;
  }

  /** Marks a conversation done, or opens it again. */
  async toggleDone(row: ConversationRow): Promise<void> {
    const conversation = row.id;
    const done = row.status === "open";
    if (
      !(await this.#do(conversation, () =>
        ask("setConversationStatus", { conversation, status: done ? "done" : "open" }),
      ))
    )
      return;
    this.#say(done ? t.toast.done : t.toast.reopened, row);
  }

  /** Puts a conversation away until a time, or brings it back. */
  async snooze(row: ConversationRow, untilMs: number | null): Promise<void> {
    const conversation = row.id;
    if (!(await this.#do(conversation, () => ask("snoozeConversation", { conversation, untilMs })))) return;
    this.#say(untilMs === null ? t.snooze.broughtBack : t.snooze.done(toCome(untilMs, this.#ways.now())), row);
  }

  /** Assigns a conversation to an agent, or to none. */
  async assign(row: ConversationRow, agent: AgentView | null): Promise<void> {
    const conversation = row.id;
    const before = row.assignee;
    if (agent?.id === before?.id) return;
    if (!(await this.#do(conversation, () => ask("assignConversation", { conversation, agent: agent?.id ?? null }))))
      return;
    const undo = (): void =>
      void this.#do(conversation, () => ask("assignConversation", { conversation, agent: before?.id ?? null }));
    this.#ways.toasts.say(!agent ? t.assign.toNobody : agent.me ? t.assign.toYou : t.assign.toThem(agentName(agent)), {
      label: t.toast.undo,
      run: undo,
    });
  }

  /** A notice whose button puts the conversation where it was: done, put away, or neither. */
  #say(text: string, { id: conversation, status, snoozedUntilMs }: ConversationRow): void {
    const undo = async (): Promise<void> => {
      await ask("setConversationStatus", { conversation, status });
      // Done clears it, and putting it away opens it: what it was is set last.
      if (status === "open") await ask("snoozeConversation", { conversation, untilMs: snoozedUntilMs });
    };
    this.#ways.toasts.say(text, { label: t.toast.undo, run: () => void this.#do(conversation, undo) });
  }

  async #do(conversation: ConversationId, run: () => Promise<unknown>): Promise<boolean> {
    try {
      await run();
      return true;
    } catch (error) {
      this.#ways.toasts.fault(faultOf(error));
      return false;
    } finally {
      this.#ways.refresh(conversation);
    }
  }
}
