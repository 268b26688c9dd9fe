// Files in what was pasted or dropped: which of them to attach.

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
  return Array.from(source.items ?? [])
    .filter((item) => item.kind === "file")
    .map((item) => item.getAsFile())
    .filter((file) => file !== null);
}

/** Whether there is text in what was pasted. */
export function hasText(clipboard: Source | null): boolean {
  return (clipboard?.getData?.("text/plain") ?? "") !== "";
}

const lastPart = (path: string): string => path.split(/[\\/]/).at(-1) ?? "";

/** Whether each line of a text is the name or the path of one of these files: macOS puts them beside a copied file. */
function namesOf(text: string, files: readonly File[]): boolean {
  const lines = text
    .split(/\r?\n/)
    .map((line) => line.trim())
    .filter((line) => line !== "");
  const names = new Set(files.map((file) => file.name.normalize()));
  return lines.length > 0 && lines.every((line) => names.has(lastPart(line).normalize()));
}

/**
 * The files to attach from the clipboard, pictures first. None if there is text, which is what was meant then: a
 * spreadsheet offers a picture of the cells beside them. The names of copied files are no text of their own.
 */
export function pastedFiles(clipboard: Source | null): File[] {
  const files = filesIn(clipboard);
  const text = clipboard?.getData?.("text/plain") ?? "";
  const copied = namesOf(text, files);
  if (text !== "" && !copied) return [];
  const pictures = files.filter((file) => file.type.startsWith("image/"));
  // A copied file that is no picture is refused with a sentence; what else a program offers beside nothing is left alone.
  return pictures.length > 0 || copied ? [...pictures, ...files.filter((file) => !pictures.includes(file))] : [];
}

/**
 * Whether what was pasted may be copied files, which only the host can read: WebKitGTK hides their addresses, and older
 * file managers offer their paths as text.
 */
export function mayBeCopiedFiles(clipboard: (Source & { types?: readonly string[] }) | null): boolean {
  const data = (type: string): string => clipboard?.getData?.(type) ?? "";
  if (clipboard?.types?.includes("text/uri-list") && data("text/uri-list") === "") return true;
  const lines = data("text/plain")
    .split(/\r?\n/)
    .filter((line) => line.trim() !== "");
  return (
    lines.length > 0 &&
    (lines[0] === "x-special/nautilus-clipboard" || lines.every((line) => /^(?:\/|file:\/\/|[A-Za-z]:\\)/.test(line)))
  );
}

/** Which of some copied files to attach: the first whose name is a picture's, else the first. */
export function pictureAmong(names: readonly string[]): number {
  return Math.max(
    0,
    names.findIndex((name) => /\.(?:png|jpe?g|jfif|gif|webp|heic|heif|avif|bmp|tiff?)$/i.test(name)),
  );
}
