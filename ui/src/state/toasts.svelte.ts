// Short notices that are tied to no place on screen.
import type { Fault } from "../ipc/bindings";
import { adviceOf } from "../text/advice";

export interface Toast {
  id: number;
  tone: "plain" | "bad";
  text: string;
  more: string;
  detail: string | null;
  incident: string | null;
  action: { label: string; run: () => void } | null;
}

const PLAIN_MS = 6_000;
const BAD_MS = 14_000;
const MOST = 3;

export class Toasts {
  shown = $state.raw<Toast[]>([]);
  #next = 1;
  #timers = new Map<number, ReturnType<typeof setTimeout>>();

  say(text: string, action: Toast["action"] = null): void {
    this.#add({ id: this.#next++, tone: "plain", text, more: "", detail: null, incident: null, action }, PLAIN_MS);
  }

  fault(fault: Fault, action: Toast["action"] = null): void {
    const { what, todo, detail } = adviceOf(fault);
    this.#add({ id: this.#next++, tone: "bad", text: what, more: todo, detail, incident: fault.incident, action }, BAD_MS);
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
    if (this.shown.some((toast) => toast.id === id)) this.#timers.set(id, setTimeout(() => this.close(id), PLAIN_MS));
  }

  #add(toast: Toast, ms: number): void {
    // The same notice twice is one notice.
    for (const old of this.shown.filter((one) => one.text === toast.text && one.detail === toast.detail)) this.close(old.id);
    this.shown = [...this.shown, toast].slice(-MOST);
    this.#timers.set(toast.id, setTimeout(() => this.close(toast.id), ms));
  }
}
