// Pictures out of the clipboard and out of what is dropped.
interface Source {
  files: ArrayLike<File> | null;
  items?: ArrayLike<Pick<DataTransferItem, "kind" | "type" | "getAsFile">> | null;
  getData?: (type: string) => string;
}

/** What the file chooser offers; the desk decides by the bytes. */
export const ACCEPT = "image/png,image/jpeg,image/webp,image/gif,image/heic,.heic";

/** The files in what was pasted or dropped; some browsers have them among the items only. */
export function filesIn(source: Source | null): File[] {
  if (!source) return [];
  const files = Array.from(source.files ?? []);
  if (files.length > 0) return files;
  return Array.from(source.items ?? []).filter((item) => item.kind === "file").map((item) => item.getAsFile()).filter((file) => file !== null);
}

/** Whether there is text in what was pasted. */
export function hasText(clipboard: Source | null): boolean {
  return (clipboard?.getData?.("text/plain") ?? "") !== "";
}

/** The picture to attach from the clipboard; none if there is text, which is what was meant then. */
export function pastedPicture(clipboard: Source | null): File | null {
  if (!clipboard || hasText(clipboard)) return null;
  return filesIn(clipboard).find((file) => file.type.startsWith("image/")) ?? null;
}
