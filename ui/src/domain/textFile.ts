// Files of text as spreadsheets and editors write them, whatever their encoding.
import type { SavedFormat } from "../ipc/bindings";

/** A file's text, decoded, and its format. */
export interface TextFile {
  format: SavedFormat;
  text: string;
  /** The encoding it was taken for without saying so; none if it is known. */
  guessed: string | null;
}

const MARKS: [encoding: string, bytes: number[]][] = [
  ["utf-8", [0xef, 0xbb, 0xbf]],
  ["utf-16le", [0xff, 0xfe]],
  ["utf-16be", [0xfe, 0xff]],
];

/** The encoding of each language's Windows, which spreadsheets write unless told otherwise (as in the HTML standard's table). */
const OF_LANGUAGE: Record<string, string> = {
  ar: "windows-1256",
  az: "windows-1254",
  ba: "windows-1251",
  be: "windows-1251",
  bg: "windows-1251",
  bs: "windows-1250",
  cs: "windows-1250",
  el: "windows-1253",
  et: "windows-1257",
  fa: "windows-1256",
  he: "windows-1255",
  hr: "windows-1250",
  hu: "windows-1250",
  ja: "shift_jis",
  kk: "windows-1251",
  ko: "euc-kr",
  ky: "windows-1251",
  lt: "windows-1257",
  lv: "windows-1257",
  mk: "windows-1251",
  mn: "windows-1251",
  pl: "windows-1250",
  ro: "windows-1250",
  ru: "windows-1251",
  sk: "windows-1250",
  sl: "windows-1250",
  sq: "windows-1250",
  sr: "windows-1251",
  tg: "windows-1251",
  th: "windows-874",
  tr: "windows-1254",
  tt: "windows-1251",
  uk: "windows-1251",
  ur: "windows-1256",
  vi: "windows-1258",
};

/** The encoding a computer of this language writes where it does not write Unicode. */
export function legacyEncoding(language: string): string {
  const [base = "", ...rest] = language.toLowerCase().split("-");
  if (base === "zh") return rest.some((part) => ["hant", "tw", "hk", "mo"].includes(part)) ? "big5" : "gbk";
  return OF_LANGUAGE[base] ?? "windows-1252";
}

/** Which kind of file it is, and what stands in it; none if it is not text. */
export async function readTextFile(file: File, language: string = navigator.language): Promise<TextFile | null> {
  const bytes = new Uint8Array(await file.arrayBuffer());
  const known = MARKS.find(([, mark]) => mark.every((byte, at) => bytes[at] === byte))?.[0] ?? unmarkedUnicode(bytes);
  const legacy = legacyEncoding(language);
  for (const encoding of known ? [known] : ["utf-8", legacy, "windows-1252"]) {
    const text = decode(bytes, encoding);
    if (text === null) continue;
    const json = /\.json$/i.test(file.name) || file.type === "application/json" || /^\s*[[{]/.test(text);
    const guessed = known || encoding === "utf-8" ? null : encoding;
    // JSON is Unicode, and text has no control characters: what else seems to be in an old encoding is something else.
    if (guessed && (json || /[\u0000-\u0008\u000e-\u001a\u001c-\u001f\u0080-\u009f]/.test(text))) continue;
    return { format: json ? "json" : "csv", text, guessed };
  }
  return null;
}

/** UTF-16 without its mark: every other byte of letters, commas and quotation marks is zero. */
function unmarkedUnicode(bytes: Uint8Array): string | null {
  const [first, second] = bytes;
  if (bytes.length < 4 || bytes.length % 2 !== 0) return null;
  if (first !== 0 && second === 0 && bytes[3] === 0) return "utf-16le";
  if (first === 0 && second !== 0 && bytes[2] === 0) return "utf-16be";
  return null;
}

function decode(bytes: Uint8Array, encoding: string): string | null {
  try {
    return new TextDecoder(encoding, { fatal: true }).decode(bytes);
  } catch {
    return null;
  }
}
