// Characters that draw nothing, by Unicode's properties. `model::name` has the same rule, and both read
// tests/fixtures/names.json: what is changed here is changed there.

/** Draws nothing by itself. The five at the end are blanks that no property names: Braille, Khitan, Egyptian, musical. */
const NOTHING =
  "\\p{Default_Ignorable_Code_Point}\\p{Cc}\\p{Zl}\\p{Zp}\\uFFF9-\\uFFFB\\u2800\\u{16FE4}\\u{13441}\\u{13442}\\u{1D159}";
/** What no font is bound to draw. Unicode reserves code points for the emoji of later years; those are drawn. */
const UNKNOWN = "(?!\\p{Extended_Pictographic})[\\p{Co}\\p{Cn}\\p{Cs}]";

const TONE = "[\\u{1F3FB}-\\u{1F3FF}]";
const EMOJI = `(?:\\p{Extended_Pictographic}|${TONE})[\\uFE0E\\uFE0F]?${TONE}?`;
/** Emoji made of several, flags made of tags (three to six letters: a region), keycaps. */
const SEQUENCE =
  `\\u{1F3F4}[\\u{E0061}-\\u{E007A}\\u{E0030}-\\u{E0039}]{3,6}\\u{E007F}|` +
  `${EMOJI}(?:\\u200D${EMOJI})*|[0-9#*]\\uFE0F?\\u20E3`;
/** Letters of scripts in whose spelling joiners and selectors change what is drawn. */
const JOINING =
  "[" +
  [
    "Arabic",
    "Syriac",
    "Mandaic",
    "Nko",
    "Mongolian",
    "Phags_Pa",
    "Adlam",
    "Hanifi_Rohingya",
    "Devanagari",
    "Bengali",
    "Gurmukhi",
    "Gujarati",
    "Oriya",
    "Tamil",
    "Telugu",
    "Kannada",
    "Malayalam",
    "Sinhala",
    "Khmer",
    "Myanmar",
    "Tibetan",
    "Javanese",
    "Balinese",
    "Chakma",
  ]
    .map((script) => `\\p{Script=${script}}`)
    .join("") +
  "]";
const SPELT = `${JOINING}\\p{M}*[\\u200C\\u200D](?=${JOINING})|\\p{Script=Mongolian}[\\u180B-\\u180D\\u180F]`;

/** What is drawn as it is, with all that belongs to it, or one character that is not drawn. */
const PIECE = new RegExp(`(${SEQUENCE}|${SPELT})|[${NOTHING}]|${UNKNOWN}`, "gu");
const DRAWN = new RegExp(`[^\\s${NOTHING}]`, "u");

const SHORT: Record<number, string> = {
  0xad: "SHY",
  0x34f: "CGJ",
  0x61c: "ALM",
  0x200b: "ZWSP",
  0x200c: "ZWNJ",
  0x200d: "ZWJ",
  0x200e: "LRM",
  0x200f: "RLM",
  0x202a: "LRE",
  0x202b: "RLE",
  0x202c: "PDF",
  0x202d: "LRO",
  0x202e: "RLO",
  0x2060: "WJ",
  0x2066: "LRI",
  0x2067: "RLI",
  0x2068: "FSI",
  0x2069: "PDI",
  0xfeff: "BOM",
};

/** Whether anything in a text is drawn. */
export const isDrawn = (text: string): boolean => DRAWN.test(text);

function label(character: string): string {
  const code = character.codePointAt(0) ?? 0;
  if (code >= 0xfe00 && code <= 0xfe0f) return `VS${code - 0xfe00 + 1}`;
  if (code >= 0xe0100 && code <= 0xe01ef) return `VS${code - 0xe0100 + 17}`;
  return SHORT[code] ?? `U+${code.toString(16).toUpperCase().padStart(4, "0")}`;
}

/** A text with each character that draws nothing written out, but where it belongs to an emoji or to spelling. */
export const withInvisible = (text: string): string =>
  text.replace(PIECE, (piece, kept?: string) => kept ?? `‹${label(piece)}›`);

/** A text without them. */
export const withoutInvisible = (text: string): string => text.replace(PIECE, (_, kept?: string) => kept ?? "");
