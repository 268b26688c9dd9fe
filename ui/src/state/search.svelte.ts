// The search over all accounts: the text, its results, and earlier searches.
import type { AccountId, Fault, SavedReplyView, SearchResults, TagCount } from "../ipc/bindings";
import { ask, faultOf } from "../ipc/desk";
import { here } from "../domain/localTime";
import { MAX_SAVED_LISTED } from "./saved.svelte";

/** Messages asked for; who needs more narrows it down. */
const HITS_PAGE_SIZE = 50;
const RECENT = 8;
/** A search that takes longer says how far it has come. */
const LONG_MS = 1_000;

export class Search {
  open = $state(false);
  text = $state("");
  /** Only the account on screen, or all of them. */
  everywhere = $state(true);
  /** The last results; they stay on screen until newer ones are here. */
  results = $state.raw<SearchResults | null>(null);
  /** The text those results answer. */
  answered = $state("");
  fault = $state.raw<Fault | null>(null);
  busy = $state(false);
  /** From when on everything was looked through, once the search takes long. */
  backToMs = $state<number | null>(null);
  /** Earlier searches, newest first; forgotten when Deskbell ends. */
  recent = $state.raw<readonly string[]>([]);
  tags = $state.raw<readonly TagCount[]>([]);
  /** The saved replies, which can be inserted into the conversation on screen. */
  saved = $state.raw<readonly SavedReplyView[]>([]);
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

  /** The desk has not looked through everything yet, and is asked on. */
  get looking(): boolean {
    return this.fault === null && this.results !== null && this.results.resume !== null;
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
    this.#begin();
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
    this.#begin();
    void this.#ask();
  }

  /** Saved replies are offered where one writes. */
  async learnSaved(): Promise<void> {
    try {
      this.saved = await ask("findSavedReplies", { query: "", limit: MAX_SAVED_LISTED });
    } catch {
      // They are only offered on the way; the composer has them too.
    }
  }

  /** Ignores answers that are still on their way. */
  #begin(): void {
    this.busy = true;
    this.backToMs = null;
    this.#asked += 1;
  }

  /** Something found was opened: what was typed is worth keeping. */
  keep(): void {
    const text = this.text.trim();
    if (text !== "" && this.forDesk)
      this.recent = [text, ...this.recent.filter((one) => one !== text)].slice(0, RECENT);
  }

  #forget(): void {
    cancelAnimationFrame(this.#frame);
    this.#asked += 1;
    this.results = null;
    this.answered = "";
    this.fault = null;
    this.busy = false;
    this.backToMs = null;
  }

  async #ask(): Promise<void> {
    const asked = this.#asked;
    const { text } = this;
    if (!this.open || !this.forDesk) return;
    const args = { account: this.everywhere ? null : this.#account(), text, limit: HITS_PAGE_SIZE, ...here() };
    const began = performance.now();
    try {
      let results = await ask("search", { ...args, below: null });
      // An answer to what stood there before is of no use any more.
      if (asked !== this.#asked) return;
      this.results = results;
      this.answered = text;
      this.fault = null;
      this.busy = false;
      while (results.resume !== null) {
        const { below, backToMs } = results.resume;
        if (performance.now() - began > LONG_MS) this.backToMs = backToMs;
        const next = await ask("search", { ...args, below });
        if (asked !== this.#asked) return;
        const messages = [...results.messages, ...next.messages];
        const enough = messages.length >= HITS_PAGE_SIZE;
        results = {
          ...next,
          people: results.people,
          messages: messages.slice(0, HITS_PAGE_SIZE),
          more: next.more || messages.length > HITS_PAGE_SIZE,
          resume: enough ? null : next.resume,
        };
        this.results = results;
      }
      this.backToMs = null;
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
