// Putting a row elsewhere in a list with the pointer. Rows make room while it moves; nothing in the page is moved before it is
// dropped, so that the pointer's capture holds in every engine.
interface Slot {
  top: number;
  height: number;
}

export class Dragging {
  /** The row that is held, and where it would be put; -1 while none is. */
  from = $state(-1);
  to = $state(-1);
  /** How far it was moved, in pixels. */
  by = $state(0);
  #slots: Slot[] = [];
  #startY = 0;
  #box: HTMLElement | null = null;
  #scrolled = 0;

  start(event: PointerEvent, at: number, rows: readonly HTMLElement[], box: HTMLElement | null): void {
    if (event.button !== 0 || rows.length < 2) return;
    (event.currentTarget as HTMLElement).setPointerCapture?.(event.pointerId);
    this.#slots = rows.map((row) => {
      const { top, height } = row.getBoundingClientRect();
      return { top, height };
    });
    this.#box = box;
    this.#scrolled = box?.scrollTop ?? 0;
    this.#startY = event.clientY;
    this.from = this.to = at;
    this.by = 0;
  }

  move(event: PointerEvent): void {
    const held = this.#slots[this.from];
    if (!held) return;
    this.#scroll(event.clientY);
    this.by = event.clientY - this.#startY + (this.#box?.scrollTop ?? 0) - this.#scrolled;
    const top = held.top + this.by;
    const end = top + held.height;
    let to = this.from;
    // A row makes room once half of it is covered.
    for (const [at, { top: other, height }] of this.#slots.entries()) {
      if (at > this.from && end > other + height / 2) to = Math.max(to, at);
      if (at < this.from && top < other + height / 2) to = Math.min(to, at);
    }
    this.to = to;
  }

  /** Lets go: from where to where, or none if it stays. */
  drop(): { from: number; to: number } | null {
    const { from, to } = this;
    this.cancel();
    return from >= 0 && from !== to ? { from, to } : null;
  }

  cancel(): void {
    this.from = this.to = -1;
    this.by = 0;
    this.#slots = [];
  }

  /** How far a row stands from its place right now, in pixels. */
  shift(at: number): number {
    const held = this.#slots[this.from];
    if (!held) return 0;
    if (at === this.from) return this.by;
    const next = this.#slots[this.from + 1] ?? this.#slots[this.from - 1];
    const gap = next ? Math.abs(next.top - held.top) - (next.top > held.top ? held.height : next.height) : 0;
    if (at > this.from && at <= this.to) return -(held.height + gap);
    if (at < this.from && at >= this.to) return held.height + gap;
    return 0;
  }

  #scroll(y: number): void {
    const EDGE = 48;
    const STEP = 12;
    const box = this.#box;
    if (!box) return;
    const { top, bottom } = box.getBoundingClientRect();
    if (y < top + EDGE) box.scrollTop -= STEP;
    else if (y > bottom - EDGE) box.scrollTop += STEP;
  }
}
