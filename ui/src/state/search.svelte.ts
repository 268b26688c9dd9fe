// Searching everything: what is typed, what the desk found for it, and what was looked for before.
import type { AccountId, Fault, SearchResults, TagCount } from "../ipc/bindings";
import { ask, faultOf } from "../ipc/desk";

/** Messages asked for; who needs more narrows it down. */
export const HITS = 50;
const RECENT = 8;

export class Search {
  open = $state(false);
  text = $state("");
  /** Only the account on screen, or all of them. */
  everywhere = $state(true);
  /** What the desk found last; it stays on screen until there is something newer. */
  results = $state.raw<SearchResults | null>(null);
  /** The text those results answer. */
  answered = $state("");
  fault = $state.raw<Fault | null>(null);
  busy = $state(false);
  /** What was looked for before, newest first; forgotten when Deskbell ends. */
  recent = $state.raw<readonly string[]>([]);
  tags = $state.raw<readonly TagCount[]>([]);
  #account: () => AccountId | null;
  #asked = 0;
  #frame = 0;

  /** @param account the account on screen */
  constructor(account: () => AccountId | null) {
    this.#account = account;
  }

  /** The commands are looked through here, everything else by the desk. */
  get forDesk(): boolean {
    const text = this.text.trim();
    return text !== "" && text !== "?" && !text.startsWith(">");
  }

  show(): void {
    if (this.open) return;
    this.open = true;
    this.text = "";
    this.#forget();
    void this.#learnTags();
  }

  close(): void {
    this.open = false;
    this.#forget();
  }

  type(text: string): void {
    this.text = text;
    this.fault = null;
    if (!this.forDesk) {
      this.#forget();
      return;
    }
    this.busy = true;
    this.#asked += 1;
    // The character is on screen before anything is asked; what is typed within one frame is asked once.
    cancelAnimationFrame(this.#frame);
    this.#frame = requestAnimationFrame(() => setTimeout(() => void this.#ask(), 0));
  }

  toggleScope(): void {
    this.everywhere = !this.everywhere;
    void this.#learnTags();
    if (this.forDesk) this.retry();
  }

  retry(): void {
    this.fault = null;
    this.busy = true;
    this.#asked += 1;
    void this.#ask();
  }

  /** Something found was opened: what was typed is worth keeping. */
  keep(): void {
    const text = this.text.trim();
    if (text !== "" && this.forDesk) this.recent = [text, ...this.recent.filter((one) => one !== text)].slice(0, RECENT);
  }

  #forget(): void {
    cancelAnimationFrame(this.#frame);
    this.#asked += 1;
    this.results = null;
    this.answered = "";
    this.fault = null;
    this.busy = false;
  }

  async #ask(): Promise<void> {
    const asked = this.#asked;
    const { text } = this;
    if (!this.open || !this.forDesk) return;
    try {
      const results = await ask("search", { account: this.everywhere ? null : this.#account(), text, limit: HITS, utcOffsetMin: -new Date().getTimezoneOffset() });
      // An answer to what stood there before is of no use any more.
      if (asked !== this.#asked) return;
      this.results = results;
      this.answered = text;
      this.fault = null;
      this.busy = false;
    } catch (error) {
      if (asked !== this.#asked) return;
      this.fault = faultOf(error);
      this.busy = false;
    }
  }

  async #learnTags(): Promise<void> {
    const account = this.#account();
    if (account === null) return;
    try {
      this.tags = await ask("listTags", { account });
    } catch {
      // They only complete what is typed.
    }
  }
}
