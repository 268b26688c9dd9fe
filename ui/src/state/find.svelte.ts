// Finding within one conversation: the text, its hits, and the hit that the agent is at.
import type { Fault, MessageId, SearchProblem } from "../ipc/bindings";
import { ask, faultOf } from "../ipc/desk";
import { here } from "../domain/localTime";
import type { Thread } from "./thread.svelte";

export class Find {
  open = $state(false);
  text = $state("");
  /** The messages that answer, newest first; none until the desk has said. */
  hits = $state.raw<readonly MessageId[] | null>(null);
  /** Whether there are more than are listed. */
  more = $state(false);
  /** The parts of the text that the desk could not read as a search. */
  problems = $state.raw<readonly SearchProblem[]>([]);
  /** The hit the agent is at. */
  current = $state<MessageId | null>(null);
  fault = $state.raw<Fault | null>(null);
  /** Counts the requests for the field's focus. */
  wished = $state(0);
  at = $derived(this.current === null || this.hits === null ? -1 : this.hits.indexOf(this.current));
  #thread: Thread;
  #asked = 0;
  /** Where the focus was before the field took it. */
  #back: HTMLElement | null = null;

  constructor(thread: Thread) {
    this.#thread = thread;
  }

  /** Opens the field, or goes back to it. */
  show(): void {
    if (!this.open) {
      const active = document.activeElement;
      this.#back = active instanceof HTMLElement && active !== document.body ? active : null;
      this.open = true;
      // An agent who came from a search goes on with its words.
      if (this.text === "") this.text = this.#thread.words;
      if (this.text.trim() !== "") void this.#ask(false);
    }
    this.wished += 1;
  }

  /** @returns where the focus came from */
  close(): HTMLElement | null {
    const back = this.#back;
    this.#back = null;
    this.#asked += 1;
    this.open = false;
    this.text = "";
    this.hits = this.current = this.fault = null;
    this.more = false;
    this.problems = [];
    void this.#thread.mark("");
    return back;
  }

  /** Takes another search text, and goes to its newest hit. */
  type(text: string): void {
    this.text = text;
    this.fault = null;
    if (text.trim() === "") {
      this.#asked += 1;
      this.hits = this.current = null;
      this.more = false;
      this.problems = [];
      void this.#thread.mark("");
    } else void this.#ask(true);
  }

  /** To the next older hit (1) or the next newer one (-1); at the end it begins anew. */
  step(by: 1 | -1): void {
    const hits = this.hits;
    if (!hits || hits.length === 0) return;
    const at = this.at < 0 ? (by > 0 ? 0 : hits.length - 1) : (this.at + by + hits.length) % hits.length;
    const hit = hits[at];
    if (hit === undefined) return;
    this.current = hit;
    void this.#thread.show(hit, this.text, false);
  }

  /** The conversation has changed: there may be more hits, or fewer. */
  invalidate(): void {
    if (this.open && this.text.trim() !== "" && this.hits !== null) void this.#ask(false);
  }

  retry(): void {
    void this.#ask(true);
  }

  async #ask(go: boolean): Promise<void> {
    const asked = (this.#asked += 1);
    const { text } = this;
    try {
      const { hits, more, problems } = await ask("findInThread", { conversation: this.#thread.id, text, ...here() });
      // Only the answer to what stands in the field counts.
      if (asked !== this.#asked) return;
      this.hits = hits;
      this.more = more;
      this.problems = problems;
      this.fault = null;
      const first = hits[0];
      if (!go) {
        if (this.current !== null && !hits.includes(this.current)) this.current = null;
        await this.#thread.mark(text);
      } else if (first === undefined) {
        this.current = null;
        await this.#thread.mark(text);
      } else {
        // The agent stays where they are as long as that answers, too.
        if (this.current === null || !hits.includes(this.current)) this.current = first;
        await this.#thread.show(this.current, text, false);
      }
    } catch (error) {
      if (asked === this.#asked) this.fault = faultOf(error);
    }
  }
}
