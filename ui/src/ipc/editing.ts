// WebKitGTK leaves undoing and redoing of what was typed to the application: without this Ctrl+Z does nothing in a field.

import { keyName } from "../domain/keys";

/** Whether this engine has no undo keys of its own. */
export function lacksUndoKeys(agent: string): boolean {
  return agent.includes("Linux") && agent.includes("AppleWebKit") && !agent.includes("Chrome");
}

/** The editing command that a key stands for. */
export function editingCommand(
  event: Pick<KeyboardEvent, "key" | "code" | "ctrlKey" | "shiftKey" | "altKey" | "metaKey">,
): "undo" | "redo" | null {
  if (!event.ctrlKey || event.altKey || event.metaKey) return null;
  const key = keyName(event);
  if (key === "z") return event.shiftKey ? "redo" : "undo";
  return key === "y" && !event.shiftKey ? "redo" : null;
}

/** Gives every field of the page its undo keys. A field that means something else by them has prevented the default. */
export function giveUndoKeys(): void {
  window.addEventListener("keydown", (event) => {
    const command = event.defaultPrevented ? null : editingCommand(event);
    if (!command || !(event.target instanceof HTMLTextAreaElement || event.target instanceof HTMLInputElement)) return;
    event.preventDefault();
    document.execCommand(command);
  });
}
