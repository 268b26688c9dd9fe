// Puts text into the field as if it had been typed, so that the field's own undo and redo go on working.

/** Puts text in the place of other text, as one step of the field's history. */
export function replaceText(field: HTMLTextAreaElement, from: number, to: number, text: string): void {
  field.focus();
  field.setSelectionRange(from, to);
  if (text !== "") insertText(field, text);
  else if (from < to && !(typeof document.execCommand === "function" && document.execCommand("delete")))
    insertText(field, text);
}

/** Puts text where the caret is, or in the place of what is selected. */
export function insertText(field: HTMLTextAreaElement | HTMLInputElement, text: string): void {
  field.focus();
  // Deprecated, and still the only way into a field's own history.
  if (typeof document.execCommand === "function" && document.execCommand("insertText", false, text)) return;
  field.setRangeText(text, field.selectionStart ?? 0, field.selectionEnd ?? 0, "end");
  field.dispatchEvent(new InputEvent("input", { bubbles: true, inputType: "insertText", data: text }));
}
