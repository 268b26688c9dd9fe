// A window onto one tab of the conversation list. Rows come in chunks by their place; a change drops what is known, but
// old rows stay on screen until the new ones are here. However long the list, only what is looked at is asked for.
import { SvelteMap } from "svelte/reactivity";

import type { AccountId, ConversationId, ConversationRow, Fault, Tab, TabCounts } from "../ipc/bindings";
import { ask, faultOf } from "../ipc/desk";
import { Signal } from "./signal";

export const CHUNK_SIZE = 50;
/** The desk gives at most this many rows at once. */
const MAX_ROWS_PER_REQUEST = 200;
/** Chunks kept around; the farthest from the screen go first. */
const MAX_CHUNKS = 16;

interface Chunk {
  rows: ConversationRow[];
  stale: boolean;
}

export class ConversationList {
  readonly account: AccountId;
  readonly tab: Tab;
  /** How many rows there are; none until the first answer. */
  total = $state.raw<number | null>(null);
  fault = $state.raw<Fault | null>(null);
  /** Where the selected row was last seen. */
  place = 0;
  /** How far it was scrolled when the agent left it. */
  scrolled = 0;
  /** Emitted before rows move, with the number of places the first visible row moves by. */
  readonly rowsMoved = new Signal<number>();
  #counts: SvelteMap<AccountId, TabCounts>;
  #chunks = $state.raw(new Map<number, Chunk>());
  #first = 0;
  #last = 0;
  #top = 0;
  #looked = false;
  #generation = 0;
  #asking = false;

  constructor(account: AccountId, tab: Tab, counts: SvelteMap<AccountId, TabCounts>) {
    this.account = account;
    this.tab = tab;
    this.#counts = counts;
  }

  /** The row at a place, if it is known. */
  at(place: number): ConversationRow | undefined {
    return this.#chunks.get(Math.floor(place / CHUNK_SIZE))?.rows[place % CHUNK_SIZE];
  }

  /** The place of a conversation among the known rows, or -1. */
  placeOf(id: ConversationId | null): number {
    if (id === null) return -1;
    for (const [chunk, { rows }] of this.#chunks) {
      const at = rows.findIndex((row) => row.id === id);
      if (at >= 0) return chunk * CHUNK_SIZE + at;
    }
    return -1;
  }

  find(id: ConversationId | null): ConversationRow | undefined {
    const place = this.placeOf(id);
    return place < 0 ? undefined : this.at(place);
  }

  /** Says which rows are on screen (or about to be), and fetches those that are missing or stale. */
  look(first: number, last: number, top = first): void {
    this.#first = Math.max(0, first);
    this.#last = Math.max(this.#first, last);
    this.#top = top;
    this.#looked = true;
    void this.#fill();
  }

  /** The list has left the screen. */
  leave(): void {
    this.#looked = false;
  }

  /** Everything known may be wrong. */
  invalidate(): void {
    this.#generation += 1;
    for (const chunk of this.#chunks.values()) chunk.stale = true;
    if (this.#looked) void this.#fill();
  }

  /** This conversation's row may be wrong. */
  invalidateRow(id: ConversationId): void {
    if (this.placeOf(id) >= 0) this.invalidate();
  }

  retry(): void {
    this.fault = null;
    this.invalidate();
  }

  #wanted(): [number, number] | null {
    const most = this.total === null ? this.#last : Math.max(0, this.total - 1);
    const from = Math.floor(Math.min(this.#first, most) / CHUNK_SIZE);
    const to = Math.min(
      Math.floor(Math.min(this.#last, most) / CHUNK_SIZE),
      from + MAX_ROWS_PER_REQUEST / CHUNK_SIZE - 1,
    );
    let first = -1;
    let last = -1;
    for (let chunk = from; chunk <= to; chunk += 1) {
      const known = this.#chunks.get(chunk);
      if (known && !known.stale) continue;
      if (first < 0) first = chunk;
      last = chunk;
    }
    if (first < 0) return null;
    // Stale rows are asked for together, so that nothing is seen twice or missing between two answers.
    const stale = [...this.#chunks.values()].some((chunk) => chunk.stale);
    return stale ? [from, to] : [first, last];
  }

  async #fill(): Promise<void> {
    if (this.#asking || this.fault) return;
    this.#asking = true;
    try {
      for (let wanted = this.#wanted(); wanted && this.#looked; wanted = this.#wanted()) {
        const [first, last] = wanted;
        const generation = this.#generation;
        const answer = await ask("listConversations", {
          account: this.account,
          tab: this.tab,
          offset: first * CHUNK_SIZE,
          limit: (last - first + 1) * CHUNK_SIZE,
        });
        this.#take(first, last, answer.rows, answer.total, generation !== this.#generation);
        this.#counts.set(this.account, answer.counts);
      }
    } catch (error) {
      this.fault = faultOf(error);
    } finally {
      this.#asking = false;
    }
  }

  #take(first: number, last: number, rows: ConversationRow[], total: number, stale: boolean): void {
    const chunks = new Map(this.#chunks);
    const anchor = this.at(this.#top)?.id;
    for (let chunk = first; chunk <= last; chunk += 1) {
      const from = (chunk - first) * CHUNK_SIZE;
      const part = rows.slice(from, from + CHUNK_SIZE);
      if (part.length > 0 || chunk === 0) chunks.set(chunk, { rows: part, stale });
      else chunks.delete(chunk);
    }
    for (const chunk of [...chunks.keys()]) if (chunk > 0 && chunk * CHUNK_SIZE >= total) chunks.delete(chunk);
    if (chunks.size > MAX_CHUNKS) {
      const middle = (first + last) / 2;
      const far = [...chunks.keys()].sort((a, b) => Math.abs(b - middle) - Math.abs(a - middle));
      for (const chunk of far.slice(0, chunks.size - MAX_CHUNKS)) chunks.delete(chunk);
    }
    const now = anchor === undefined ? -1 : rows.findIndex((row) => row.id === anchor);
    this.total = total;
    this.#chunks = chunks;
    if (now >= 0 && first * CHUNK_SIZE + now !== this.#top) this.rowsMoved.emit(first * CHUNK_SIZE + now - this.#top);
  }
}

/** The lists an agent has looked at, one for each account and tab. */
export class Lists {
  counts = new SvelteMap<AccountId, TabCounts>();
  #lists = new Map<string, ConversationList>();

  of(account: AccountId, tab: Tab): ConversationList {
    const key = `${tab} ${account}`;
    let list = this.#lists.get(key);
    if (!list) {
      list = new ConversationList(account, tab, this.counts);
      this.#lists.set(key, list);
    }
    return list;
  }

  invalidate(account?: AccountId): void {
    for (const list of this.#lists.values()) {
      if (account === undefined || list.account === account) {
        if (list.fault) list.retry();
        else list.invalidate();
      }
    }
  }

  invalidateRow(id: ConversationId): void {
    for (const list of this.#lists.values()) list.invalidateRow(id);
  }
}
