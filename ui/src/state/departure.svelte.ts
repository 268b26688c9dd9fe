// Asks before closing Deskbell while replies are unsent.
import type { Departure as View } from "../ipc/bindings";
import { ask, faultOf } from "../ipc/desk";
import { oneAtATime } from "../domain/oneAtATime";
import type { Toasts } from "./toasts.svelte";

export class Departure {
  /** None unless the agent has asked. */
  view = $state.raw<View | null>(null);
  #toasts: Toasts;

  constructor(toasts: Toasts) {
    this.#toasts = toasts;
  }

  /** Asks what would be held up; shown only if the agent wants to close Deskbell. */
  refresh = oneAtATime(async () => {
    try {
      const view = await ask("getDeparture", {});
      this.view = view.asked ? view : null;
    } catch {
      // Then Deskbell closes without the question.
    }
  });

  /** It may have changed while the question is on screen. */
  invalidate(): void {
    if (this.view) void this.refresh();
  }

  stay(): void {
    this.#leave("cancelDeparture");
  }

  keepInTray(): void {
    this.#leave("hideToTray");
  }

  quit(): void {
    this.#leave("quitApp");
  }

  #leave(way: "cancelDeparture" | "hideToTray" | "quitApp"): void {
    this.view = null;
    ask(way, {}).catch((error: unknown) => this.#toasts.fault(faultOf(error)));
  }
}
