// What happy-dom lacks: sizes, and the scrolling that follows from them.
import { afterEach, beforeEach } from "vitest";

Object.defineProperty(HTMLElement.prototype, "clientHeight", { configurable: true, get: () => 700 });
if (typeof HTMLDialogElement !== "undefined" && !HTMLDialogElement.prototype.showModal) {
  HTMLDialogElement.prototype.showModal = function () {
    this.open = true;
  };
}
// As wide as the mock-ups.
beforeEach(() => {
  (
    window as unknown as { happyDOM: { setViewport(size: { width: number; height: number }): void } }
  ).happyDOM.setViewport({ width: 1280, height: 800 });
});
// A window under test has the focus.
beforeEach(() => {
  document.hasFocus = () => true;
});
afterEach(() => {
  document.body.replaceChildren();
});
