// How far the picture on screen is zoomed in, and what the pointer, the wheel and the keys do to it.
import { CLOSE, fitted, moved, type Size, STEP, WHOLE, type Zoom, zoomed } from "./zoom";

/** How far a key moves the picture. */
const PAN = 80;
/** What a turn of the wheel is worth. */
const WHEEL = 0.0025;

export class Zooming {
  zoom = $state.raw<Zoom>(WHOLE);
  dragging = $state(false);
  /** The room there is, filled in by the page. */
  box = $state.raw<Size>({ width: 0, height: 0 });
  picture = $state.raw<Size>({ width: 1, height: 1 });
  fit: Size = $derived(fitted(this.picture, this.box));
  #from = { x: 0, y: 0 };

  /** Another picture is on screen, whole. */
  show(picture: Size): void {
    this.picture = picture;
    this.whole();
  }

  whole(): void {
    this.zoom = WHOLE;
    this.dragging = false;
  }

  in(): void {
    this.#by(STEP);
  }

  out(): void {
    this.#by(1 / STEP);
  }

  pan(dx: number, dy: number): void {
    this.zoom = moved(this.zoom, -dx * PAN, -dy * PAN, this.fit, this.box);
  }

  /** With Ctrl the wheel zooms at the pointer; without it moves a picture that is zoomed in. */
  wheel(event: WheelEvent): void {
    if (event.ctrlKey || event.metaKey) this.#by(Math.exp(-event.deltaY * WHEEL), this.#at(event));
    else if (this.zoom.scale > 1) this.zoom = moved(this.zoom, -event.deltaX, -event.deltaY, this.fit, this.box);
    else return;
    event.preventDefault();
  }

  double(event: MouseEvent): void {
    if (this.zoom.scale > 1) this.whole();
    else this.#by(CLOSE, this.#at(event));
  }

  grab(event: PointerEvent): void {
    if (event.button !== 0 || this.zoom.scale === 1) return;
    this.dragging = true;
    this.#from = { x: event.clientX, y: event.clientY };
    (event.currentTarget as HTMLElement).setPointerCapture?.(event.pointerId);
  }

  drag(event: PointerEvent): void {
    if (!this.dragging) return;
    this.zoom = moved(this.zoom, event.clientX - this.#from.x, event.clientY - this.#from.y, this.fit, this.box);
    this.#from = { x: event.clientX, y: event.clientY };
  }

  release(): void {
    this.dragging = false;
  }

  #by(factor: number, at = { x: 0, y: 0 }): void {
    this.zoom = zoomed(this.zoom, factor, at, this.fit, this.box);
  }

  /** A point from the middle of what it happened on. */
  #at(event: MouseEvent): { x: number; y: number } {
    const box = (event.currentTarget as HTMLElement).getBoundingClientRect();
    return { x: event.clientX - box.left - box.width / 2, y: event.clientY - box.top - box.height / 2 };
  }
}
