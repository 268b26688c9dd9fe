// Puts text into the field as if it had been typed, so that the field's own undo and redo go on working.
export function insertText(field: HTMLTextAreaElement, text: string): void {
  field.focus();
  // Deprecated, and still the only way into a field's own history.
  if (typeof document.execCommand === "function" && document.execCommand("insertText", false, text)) return;
  field.setRangeText(text, field.selectionStart, field.selectionEnd, "end");
  field.dispatchEvent(new InputEvent("input", { bubbles: true, inputType: "insertText", data: text }));
}
