// Requests from one part of the window to another.
import type { SavedReplyView } from "../ipc/bindings";
import type { Tool } from "../domain/screens";
import { Request } from "./signal";

export class Commands {
  readonly focusComposer = new Request();
  readonly focusList = new Request();
  readonly openTool = new Request<Tool>();
  readonly insertSavedReply = new Request<SavedReplyView>();
  readonly addTag = new Request();

  /** Puts the focus into the composer or on the list as soon as it is on screen; the last call wins. */
  focus(part: "composer" | "list"): void {
    const [wanted, other] =
      part === "composer" ? [this.focusComposer, this.focusList] : [this.focusList, this.focusComposer];
    other.cancel();
    wanted.send();
  }
}
