// Pasting into the composer: files that the paste event carries, and files that only the host finds in the clipboard.
import type { Fault } from "../../ipc/bindings";
import { faultOf } from "../../ipc/desk";
import { pictureFromHost } from "../../ipc/clipboard";
import { hasText, mayBeCopiedFiles, pastedFiles } from "../../domain/pastedFiles";

/** How long after the paste key a paste event may still arrive, in milliseconds. */
const PASTE_EVENT_TIMEOUT_MS = 80;

/** The composer, as far as pasting changes it. */
export interface PasteTarget {
  /** @param more whether the clipboard held more pictures than TikTok takes at a time */
  attach(files: readonly File[], more: boolean): void;
  insertText(text: string): void;
  showFault(fault: Fault): void;
  /** Whether the composer's conversation is still on screen. */
  isOnScreen(): boolean;
}

export class Pasting {
  #target: PasteTarget;
  /** A paste event has come since the paste key was pressed. */
  #hadEvent = false;

  constructor(target: PasteTarget) {
    this.#target = target;
  }

  handlePaste(event: ClipboardEvent): void {
    this.#hadEvent = true;
    const clipboard = event.clipboardData;
    const files = pastedFiles(clipboard);
    const hidden = files.length === 0 && mayBeCopiedFiles(clipboard);
    if (files.length > 0 || hidden) event.preventDefault();
    if (files.length > 0) this.#target.attach(files, files.length > 1);
    else if (hidden || !hasText(clipboard)) {
      void this.#askHost(hidden ? (clipboard?.getData("text/plain") ?? "") : "");
    }
  }

  /** WebKitGTK sends no paste event when the clipboard holds a picture: after the key, the host is asked. */
  handlePasteKey(): void {
    this.#hadEvent = false;
    setTimeout(() => {
      if (!this.#hadEvent) void this.#askHost();
    }, PASTE_EVENT_TIMEOUT_MS);
  }

  /** @param text what is pasted where the host knows of no file */
  async #askHost(text = ""): Promise<void> {
    try {
      const picture = await pictureFromHost(text !== "");
      if (!this.#target.isOnScreen()) return;
      if (picture) this.#target.attach([picture.file], picture.more);
      else if (text !== "") this.#target.insertText(text);
    } catch (error) {
      this.#target.showFault(faultOf(error));
    }
  }
}
