// Pictures that only the host can read from the clipboard.
import { clipboardFile, clipboardFiles, clipboardPicture } from "./desk";
import { pictureAmong } from "../domain/pastedFiles";

/**
 * The picture that the host finds in the clipboard: of copied files the first picture, or, unless text was pasted, what a
 * screenshot tool or a browser has put there. Throws where a copied file cannot be read.
 * @param text whether there is text to paste instead
 */
export async function pictureFromHost(text: boolean): Promise<{ file: File; more: boolean } | null> {
  const names = await clipboardFiles();
  if (names.length > 0) {
    const at = pictureAmong(names);
    return { file: new File([await clipboardFile(at)], names[at] ?? ""), more: names.length > 1 };
  }
  const picture = text ? null : await clipboardPicture();
  return picture && { file: new File([picture], "clipboard.png", { type: picture.type }), more: false };
}
