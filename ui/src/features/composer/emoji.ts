// The emoji, their names and how they are found. The data come in a chunk of their own when the picker opens first.
export interface Emoji {
  text: string;
  name: string;
  group: number;
  /** Everything it may be searched by. */
  words: readonly string[];
  /** The same with each skin tone, light to dark; empty if it has none. */
  tones: readonly string[];
}

interface Raw {
  unicode: string;
  label: string;
  group?: number;
  order?: number;
  tags?: string[];
  skins?: { unicode: string }[];
}

const MAX_RECENT_EMOJI = 24;
const MAX_EMOJI_FOUND = 90;
const TONES = ["\u{1F3FB}", "\u{1F3FC}", "\u{1F3FD}", "\u{1F3FE}", "\u{1F3FF}"];
/** Skin tones and hair by themselves. */
const PARTS = 2;

/** Each person of an emoji in one and the same tone. */
function inTones(skins: readonly { unicode: string }[]): string[] {
  const found = TONES.map(
    (tone) =>
      skins.find(({ unicode }) => [...unicode].every((char) => !TONES.includes(char) || char === tone))?.unicode,
  );
  return found.every((one) => one !== undefined) ? found : [];
}

function prepared(raw: readonly Raw[]): Emoji[] {
  return raw
    .filter((one) => one.group !== undefined && one.group !== PARTS)
    .sort((a, b) => (a.order ?? 0) - (b.order ?? 0))
    .map((one) => ({
      text: one.unicode,
      name: one.label,
      group: one.group ?? 0,
      words: [...one.label.toLowerCase().split(/[\s:,-]+/), ...(one.tags ?? [])],
      tones: inTones(one.skins ?? []),
    }));
}

let loading: Promise<Emoji[]> | undefined;

export function loadEmoji(): Promise<Emoji[]> {
  loading ??= import("emojibase-data/en/compact.json").then(
    (module) => prepared(module.default as unknown as Raw[]),
    (error: unknown) => {
      loading = undefined;
      throw error;
    },
  );
  return loading;
}

/** Those whose words begin with every word asked for; names before tags, whole words before beginnings. */
export function search(all: readonly Emoji[], query: string): Emoji[] {
  const wanted = query
    .toLowerCase()
    .split(/\s+/)
    .filter((word) => word !== "");
  if (wanted.length === 0) return [];
  const ranked: [number, Emoji][] = [];
  for (const one of all) {
    let rank = 0;
    const fits = wanted.every((word) => {
      if (one.words.includes(word)) rank += one.name.startsWith(word) ? 0 : 1;
      else if (one.words.some((own) => own.startsWith(word))) rank += one.name.startsWith(word) ? 2 : 3;
      else return false;
      return true;
    });
    if (fits) ranked.push([rank, one]);
  }
  return ranked
    .sort((a, b) => a[0] - b[0])
    .slice(0, MAX_EMOJI_FOUND)
    .map(([, one]) => one);
}

/** The ones used last, with this one in front. */
export function recentWith(recent: readonly string[], text: string): string[] {
  return [text, ...recent.filter((one) => one !== text)].slice(0, MAX_RECENT_EMOJI);
}
