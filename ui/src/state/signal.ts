// Events between parts of the page: signals, and requests that wait for the part that handles them.
import { tick, untrack } from "svelte";

/** An event. `emit` calls its listeners at once. */
export class Signal<T = void> {
  #listeners = new Set<(value: T) => void>();

  /** Calls the listener each time, until the returned function is called. */
  listen(listener: (value: T) => void): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  emit(value: T): void {
    for (const listener of this.#listeners) listener(value);
  }
}

/**
 * Something asked of a part of the page that may only come on screen because of it. The last request waits until the page
 * is up to date and a part takes it.
 */
export class Request<T = void> {
  #waiting: { value: T } | null = null;
  #handler: ((value: T) => void) | null = null;

  send(value: T): void {
    this.#waiting = { value };
    void tick().then(() => this.#deliver());
  }

  /** Forgets a request that no part has taken. */
  cancel(): void {
    this.#waiting = null;
  }

  /** Takes requests, one that waits at once, until the returned function is called. */
  handle(handler: (value: T) => void): () => void {
    this.#handler = handler;
    this.#deliver();
    return () => {
      if (this.#handler === handler) this.#handler = null;
    };
  }

  #deliver(): void {
    const { value } = this.#waiting ?? {};
    const handler = this.#handler;
    if (!this.#waiting || !handler) return;
    this.#waiting = null;
    untrack(() => handler(value as T));
  }
}
