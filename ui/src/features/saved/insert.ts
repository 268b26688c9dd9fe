// Puts a variable where the caret is; a blank's name is selected, to be typed over.
import { insertText } from "../../domain/insertText";

export function insertInto(field: HTMLTextAreaElement, text: string, select: string): void {
  const from = field.selectionStart;
  insertText(field, text);
  const at = text.indexOf(select);
  if (at >= 0) field.setSelectionRange(from + at, from + at + select.length);
}
