// Putting rows in another order, with the pointer or with the keys. Pointer events only: the window's own dragging is not
// the same on every system.
import { t } from "../../text";

export class Dragging {
  /** The row that is held, by its place; -1 if none is. */
  from = $state(-1);
  /** In front of which row it would come to lie; -1 where it would not move. */
  mark = $state(-1);
  /** How far it has been moved, in pixels. */
  by = $state(0);
  /** What a screen reader says about it. */
  announcement = $state("");
  #ids: () => string[];
  #sort: (order: string[]) => void;
  #grip: HTMLElement | null = null;
  #pointer = -1;
  #startY = 0;
  /** Where each row's middle was when it began. */
  #middles: number[] = [];

  constructor(ids: () => string[], sort: (order: string[]) => void) {
    this.#ids = ids;
    this.#sort = sort;
  }

  down(event: PointerEvent, at: number): void {
    const grip = event.currentTarget;
    if (event.button !== 0 || this.from >= 0 || !(grip instanceof HTMLElement)) return;
    const rows = [...(grip.closest("ul")?.children ?? [])];
    this.#middles = rows.map((row) => {
      const box = row.getBoundingClientRect();
      return box.top + box.height / 2;
    });
    this.#grip = grip;
    this.#pointer = event.pointerId;
    this.#startY = event.clientY;
    this.from = at;
    this.by = 0;
    // The grip hears the pointer wherever it goes.
    grip.setPointerCapture?.(event.pointerId);
    grip.focus();
    event.preventDefault();
  }

  move(event: PointerEvent): void {
    if (this.from < 0 || event.pointerId !== this.#pointer) return;
    this.by = event.clientY - this.#startY;
    const middle = (this.#middles[this.from] ?? 0) + this.by;
    const above = this.#middles.filter((one, at) => at !== this.from && one < middle).length;
    // Above so many of the others: the mark stands in front of the next one.
    this.mark = above === this.from ? -1 : above > this.from ? above + 1 : above;
  }

  up(event: PointerEvent, name: string): void {
    if (this.from < 0 || event.pointerId !== this.#pointer) return;
    const { from, mark } = this;
    this.#let();
    if (mark >= 0) this.#put(from, mark > from ? mark - 1 : mark, name);
  }

  /** The system has taken the pointer away, or the agent thought better of it. */
  cancel(): boolean {
    if (this.from < 0) return false;
    this.#let();
    this.announcement = t.automatic.order.cancelled;
    return true;
  }

  /** Moves a row by keys. */
  step(from: number, by: 1 | -1, name: string): void {
    const to = from + by;
    if (to < 0 || to >= this.#ids().length) this.announcement = t.automatic.order.atEnd(name);
    else this.#put(from, to, name);
  }

  #put(from: number, to: number, name: string): void {
    const order = this.#ids();
    const [moved] = order.splice(from, 1);
    if (moved === undefined) return;
    order.splice(to, 0, moved);
    this.announcement = t.automatic.order.moved(name, to + 1, order.length);
    this.#sort(order);
  }

  #let(): void {
    if (this.#grip?.hasPointerCapture?.(this.#pointer)) this.#grip.releasePointerCapture(this.#pointer);
    this.#grip = null;
    this.#pointer = -1;
    this.from = -1;
    this.mark = -1;
    this.by = 0;
  }
}
