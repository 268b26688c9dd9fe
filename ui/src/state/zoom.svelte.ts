// How large the page is shown. It is kept on this computer, like the theme: it belongs to the screen, not to the agent's desk.
import { zoomHost } from "../ipc/desk";

const ZOOMS: readonly number[] = [0.75, 0.8, 0.9, 1, 1.1, 1.25, 1.5, 1.75, 2];
const KEPT = "deskbell.zoom";
/** How far the wheel turns for one step, in pixels of `deltaY`; a touchpad sends many small turns. */
const WHEEL_STEP_PX = 60;

/** The zoom that was kept, if it is one of ours. */
function kept(): number {
  try {
    const factor = Number(localStorage.getItem(KEPT));
    return ZOOMS.includes(factor) ? factor : 1;
  } catch {
    return 1;
  }
}

export class Zoom {
  factor = $state(1);
  #turned = 0;

  /** Whether the host can zoom; a browser does it by itself. */
  get possible(): boolean {
    return zoomHost() !== null;
  }

  /** Shows the page as it was shown last. */
  begin(): void {
    const factor = kept();
    if (factor !== 1) this.#set(factor);
  }

  step(by: 1 | -1): void {
    const at = ZOOMS.indexOf(this.factor) + by;
    this.#set(ZOOMS[Math.min(Math.max(0, at), ZOOMS.length - 1)] ?? 1);
  }

  reset(): void {
    this.#set(1);
  }

  /** The wheel was turned while Ctrl was held. */
  turn(deltaY: number): void {
    if (Math.sign(deltaY) !== Math.sign(this.#turned)) this.#turned = 0;
    this.#turned += deltaY;
    if (Math.abs(this.#turned) < WHEEL_STEP_PX) return;
    this.#turned = 0;
    this.step(deltaY < 0 ? 1 : -1);
  }

  #set(factor: number): void {
    if (factor === this.factor && factor !== 1) return;
    this.factor = factor;
    zoomHost()?.(factor).catch(() => {});
    try {
      localStorage.setItem(KEPT, String(factor));
    } catch {
      // It is only forgotten when Deskbell ends.
    }
  }
}
