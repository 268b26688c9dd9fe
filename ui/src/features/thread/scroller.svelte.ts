// Where the thread is scrolled to: it stays at its end, or where the agent reads, whatever comes and goes; and it fetches
// what lies ahead before it is seen.
import { tick } from "svelte";

import type { Thread } from "../../state/thread.svelte";
import { MAX_MESSAGES, FIRST_PAGE_SIZE, SCROLL_PAGE_SIZE } from "../../domain/messagePages";
import { bring, type Held, hold, messageIn, restore, sightOf } from "./anchor";

/** How near the end counts as being at the end. */
const NEAR = 48;
/** In visible heights: how near an edge the next page is asked for, at rest and in the fastest flight. */
const AHEAD = 2;
const FARTHEST = 5;
/** What a page takes to come in and be drawn, in seconds, with room to spare. */
const LEAD = 0.3;
/** A pause after which scrolling begins anew. */
const PAUSE_MS = 200;

export class Scroller {
  pinned = $state(true);
  box = $state<HTMLElement>();
  inner = $state<HTMLElement>();
  #thread: Thread;
  #held: Held | null = null;
  /** Which way the agent went last, and how fast, in pixels per second. */
  #way: "older" | "newer" = "older";
  #speed = 0;
  #top = 0;
  #at = 0;
  /** Where we have put it ourselves: that is no movement of the agent's. */
  #put = -1;

  /** @param pointed told when the agent was taken to a message */
  constructor(
    thread: Thread,
    readonly pointed: (message: HTMLElement) => void,
  ) {
    this.#thread = thread;
    thread.measureSight = () => (this.box && this.inner ? sightOf(this.box, this.inner) : null);
  }

  get #atEnd(): boolean {
    return this.pinned && !this.#thread.range.hasNewer;
  }

  /** Before the messages change: remember what the agent looks at; afterwards: put it back where it was. */
  changing(): void {
    const { box, inner } = this;
    if (!box || !inner) return;
    if (!this.pinned) this.#held = hold(box, inner);
    void tick().then(() => this.#changed());
  }

  #changed(): void {
    if (!this.box) return;
    this.#keep();
    this.aim();
    this.ahead();
  }

  #keep(): void {
    const { box } = this;
    if (!box) return;
    if (this.#atEnd) box.scrollTop = box.scrollHeight;
    else if (!this.pinned) restore(box, this.#held);
    this.#put = box.scrollTop;
  }

  /** Pictures, fonts and the window's size change heights later on. */
  watch(): (() => void) | undefined {
    const { box, inner } = this;
    if (!box || !inner || typeof ResizeObserver === "undefined") return undefined;
    const watch = new ResizeObserver(() => this.#keep());
    watch.observe(inner);
    watch.observe(box);
    return () => watch.disconnect();
  }

  /** The agent, or we ourselves, have scrolled. */
  scrolled(): void {
    const { box, inner } = this;
    if (!box || !inner) return;
    const top = box.scrollTop;
    const now = performance.now();
    if (top !== this.#put) {
      const by = top - (this.#put >= 0 ? this.#put : this.#top);
      if (by !== 0) this.#way = by < 0 ? "older" : "newer";
      this.#speed =
        now - this.#at > PAUSE_MS
          ? 0
          : Math.max(this.#speed * 0.7, (Math.abs(by) * 1000) / Math.max(8, now - this.#at));
    }
    this.#put = -1;
    this.#top = top;
    this.#at = now;
    this.pinned = box.scrollHeight - top - box.clientHeight < NEAR && !this.#thread.range.hasNewer;
    if (this.pinned) this.#thread.trim();
    else this.#held = hold(box, inner);
    this.ahead();
  }

  /** Asks for the next page the way the agent goes, before its edge is seen. */
  ahead(): void {
    const { box } = this;
    const thread = this.#thread;
    if (!box || thread.busy || thread.fault) return;
    const { scrollTop, scrollHeight, clientHeight } = box;
    // Two pages that still do not fill the column are not being shown at all.
    if (scrollHeight <= clientHeight && thread.range.messages.length >= 2 * FIRST_PAGE_SIZE) return;
    const below = scrollHeight - scrollTop - clientHeight;
    // What fits on either side of what is seen: asking for more would let go of the other side, and of this one in turn.
    const each = scrollHeight / Math.max(1, thread.range.messages.length);
    const room = Math.max(0, ((MAX_MESSAGES - SCROLL_PAGE_SIZE) * each - clientHeight) / 2);
    const near = Math.min(room, FARTHEST * clientHeight, AHEAD * clientHeight + this.#speed * LEAD);
    const other = Math.min(room, clientHeight) / 2;
    if (this.#way === "newer" && below < near && thread.range.hasNewer) void thread.newer();
    else if ((this.#way === "older" || !thread.range.hasNewer) && scrollTop < near && thread.range.hasOlder)
      void thread.older();
    else if (this.#way === "older" && below < other && thread.range.hasNewer) void thread.newer();
    else if (this.#way === "newer" && scrollTop < other && thread.range.hasOlder) void thread.older();
  }

  /** Takes the agent to the message they are to see, once it is here. */
  aim(): void {
    const { box } = this;
    const target = this.#thread.scrollTarget;
    const message = box && target ? messageIn(box, target.message) : null;
    if (!box || !target || !message) return;
    this.#thread.scrollTarget = null;
    this.pinned = false;
    bring(box, message);
    this.#settleAt(box);
    if (target.point) this.pointed(message);
  }

  async toNewest(): Promise<void> {
    await this.#thread.newest();
    this.pinned = true;
    await tick();
    if (!this.box) return;
    this.box.scrollTop = this.box.scrollHeight;
    this.#settleAt(this.box);
  }

  async toOldest(): Promise<void> {
    await this.#thread.oldest();
    await tick();
    if (!this.box) return;
    this.pinned = false;
    this.box.scrollTop = 0;
    this.#settleAt(this.box);
  }

  #settleAt(box: HTMLElement): void {
    this.#put = box.scrollTop;
    this.#speed = 0;
    this.#held = this.inner && !this.pinned ? hold(box, this.inner) : null;
    this.ahead();
  }
}
