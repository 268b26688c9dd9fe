// Choosing a saved reply in the field: `/` where a word begins opens the list, what follows it filters.
import type { SavedReplyView } from "../../ipc/bindings";
import { ask } from "../../ipc/desk";
import { oneAtATime } from "../../domain/oneAtATime";

/** So many are offered. */
const MAX_OFFERED = 30;
/** A longer word after the slash is text and no shortcut. */
const MAX_SHORTCUT_LENGTH = 60;

/** The stroke as it is typed, and as an East Asian input method writes it. */
const lastStroke = (text: string, at: number): number =>
  Math.max(text.lastIndexOf("/", at), text.lastIndexOf("／", at));

/** The slash word that is all a text consists of; none if there is more to it. It is not meant for a customer. */
export function slashWordOnly(text: string): string | null {
  const word = text.trim();
  return /^[/／]\S*$/u.test(word) ? word : null;
}

/** Where a stroke at the beginning of a word stands before the caret, and what follows it. */
export function slashBefore(text: string, caret: number): { from: number; query: string } | null {
  const line = text.slice(Math.max(text.lastIndexOf("\n", caret - 1) + 1, caret - MAX_SHORTCUT_LENGTH - 1), caret);
  for (let at = lastStroke(line, line.length); at >= 0; at = at === 0 ? -1 : lastStroke(line, at - 1)) {
    const query = line.slice(at + 1);
    const before = text[caret - query.length - 2];
    if (before !== undefined && !/\s/u.test(before)) continue;
    // A slash by itself among words, as in "1 / 2".
    return /^\s/u.test(query) ? null : { from: caret - query.length - 1, query };
  }
  return null;
}

const plain = (text: string): string => text.normalize("NFKD").replace(/\p{M}/gu, "").toLowerCase();

export class Choosing {
  /** Where the stroke stands; none while the list is closed. */
  from = $state<number | null>(null);
  query = $state("");
  list = $state.raw<readonly SavedReplyView[]>([]);
  /** What the list answers; none if the desk could not say. */
  answered = $state<string | null>(null);
  at = $state(0);
  failed = $state(false);
  /** The button opened it: closing takes the stroke away again. */
  byButton = $state(false);
  /** The agent pressed Enter before the answer was here. */
  #eager: (() => void) | null = null;
  /** A stroke the agent has closed the list for. */
  #closed: number | null = null;

  get open(): boolean {
    return this.from !== null;
  }

  get chosen(): SavedReplyView | undefined {
    return this.list[this.at];
  }

  /** Whether nothing answers what stands in the field. */
  get nothing(): boolean {
    return this.fresh && this.list.length === 0;
  }

  /** Whether the list answers what stands in the field. */
  get fresh(): boolean {
    return this.answered === this.query;
  }

  /** The one whose shortcut is exactly what was typed. */
  get exact(): SavedReplyView | undefined {
    const first = this.list[0];
    return this.fresh && this.query !== "" && first && plain(first.shortcut) === plain(this.query) ? first : undefined;
  }

  /** The agent has typed, or moved the caret. */
  look(text: string, caret: number): void {
    const slash = slashBefore(text, caret);
    if (slash?.from !== this.#closed) this.#closed = null;
    // Past a space it goes on only while something answers.
    const idle = slash !== null && /\s/u.test(slash.query) && this.fresh && this.list.length === 0;
    if (!slash || slash.from === this.#closed || idle) {
      this.close(idle ? slash.from : null);
      return;
    }
    if (this.from !== null && this.query === slash.query) {
      this.from = slash.from;
      return;
    }
    this.from = slash.from;
    this.query = slash.query;
    this.at = 0;
    this.#eager = null;
    void this.#read();
  }

  /** They have changed meanwhile. */
  again(): void {
    if (this.open) void this.#read();
  }

  step(by: number): void {
    if (this.list.length > 0) this.at = (this.at + by + this.list.length) % this.list.length;
  }

  /** Runs at once, or as soon as the list answers what was typed. */
  whenFresh(run: () => void): void {
    if (this.fresh || this.failed) run();
    else this.#eager = run;
  }

  /** @param stays the stroke that shall not open it again */
  close(stays: number | null = this.from): void {
    this.#closed = stays ?? this.#closed;
    this.#eager = null;
    this.from = null;
    this.byButton = false;
    this.answered = null;
    this.list = [];
  }

  #read = oneAtATime(async () => {
    const query = this.query;
    try {
      const list = await ask("findSavedReplies", { query, limit: MAX_OFFERED });
      if (!this.open || query !== this.query) return;
      this.list = list;
      this.at = Math.min(this.at, Math.max(0, list.length - 1));
      this.failed = false;
      this.answered = query;
    } catch {
      if (!this.open || query !== this.query) return;
      this.list = [];
      this.failed = true;
      this.answered = query;
    }
    const eager = this.#eager;
    this.#eager = null;
    eager?.();
  });
}
