// Short notices that are tied to no place on screen.
import type { ConversationId, Fault } from "../ipc/bindings";
import { adviceOf } from "../text/advice";

export interface Toast {
  id: number;
  tone: "plain" | "bad";
  text: string;
  more: string;
  detail: string | null;
  incident: string | null;
  action: { label: string; run: () => void } | null;
  /** The conversation it is about, if the agent is to go there: then it stays until they do. */
  about: ConversationId | null;
}

const PLAIN_MS = 6_000;
const BAD_MS = 14_000;
const MAX_TOASTS = 3;

export class Toasts {
  shown = $state.raw<Toast[]>([]);
  #next = 1;
  #timers = new Map<number, ReturnType<typeof setTimeout>>();

  say(text: string, action: Toast["action"] = null): void {
    this.#add(
      { id: this.#next++, tone: "plain", text, more: "", detail: null, incident: null, action, about: null },
      PLAIN_MS,
    );
  }

  fault(fault: Fault, action: Toast["action"] = null): void {
    const { what, todo, detail } = adviceOf(fault);
    this.#add(
      { id: this.#next++, tone: "bad", text: what, more: todo, detail, incident: fault.incident, action, about: null },
      BAD_MS,
    );
  }

  /** Something about a conversation the agent may have left long ago: it is read out at once, and stays until they go there. */
  alarm(about: ConversationId, text: string, action: Toast["action"]): void {
    this.#add({ id: this.#next++, tone: "bad", text, more: "", detail: null, incident: null, action, about }, null);
  }

  /** The agent sees the conversation: what a notice says of it, it says itself. */
  seen(conversation: ConversationId): void {
    for (const toast of this.shown.filter((one) => one.about === conversation)) this.close(toast.id);
  }

  close(id: number): void {
    clearTimeout(this.#timers.get(id));
    this.#timers.delete(id);
    this.shown = this.shown.filter((toast) => toast.id !== id);
  }

  /** Someone reads it: it stays. */
  hold(id: number): void {
    clearTimeout(this.#timers.get(id));
  }

  release(id: number): void {
    if (this.shown.some((toast) => toast.id === id && toast.about === null))
      this.#timers.set(
        id,
        setTimeout(() => this.close(id), PLAIN_MS),
      );
  }

  #add(toast: Toast, ms: number | null): void {
    // The same notice twice is one notice.
    for (const old of this.shown.filter((one) => one.text === toast.text && one.detail === toast.detail))
      this.close(old.id);
    this.shown = [...this.shown, toast].slice(-MAX_TOASTS);
    if (ms !== null)
      this.#timers.set(
        toast.id,
        setTimeout(() => this.close(toast.id), ms),
      );
  }
}
