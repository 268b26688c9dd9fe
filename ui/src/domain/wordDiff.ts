// What changed between two short texts, word by word. Automatic messages have at most 250 characters, so the plain table of
// longest common subsequences is enough.

export interface DiffPart {
  text: string;
  /** In both, only in the earlier text, or only in the later one. */
  in: "both" | "before" | "after";
}

// Thai, Chinese and Japanese have words without spaces between them.
const segments = new Intl.Segmenter(undefined, { granularity: "word" });
const wordsOf = (text: string): string[] => [...segments.segment(text)].map((one) => one.segment);

/** For each pair of places the length of the longest common rest. */
function commonRests(a: readonly string[], b: readonly string[]): number[][] {
  const rests = Array.from({ length: a.length + 1 }, () => new Array<number>(b.length + 1).fill(0));
  for (let i = a.length - 1; i >= 0; i -= 1) {
    for (let j = b.length - 1; j >= 0; j -= 1) {
      const row = rests[i] ?? [];
      row[j] = a[i] === b[j] ? 1 + (rests[i + 1]?.[j + 1] ?? 0) : Math.max(rests[i + 1]?.[j] ?? 0, row[j + 1] ?? 0);
    }
  }
  return rests;
}

/** Longer texts would take the page's time and memory; TikTok's own have 250 characters. */
const MAX_LENGTH = 5_000;

export function wordDiff(before: string, after: string): DiffPart[] {
  if (before.length + after.length > MAX_LENGTH)
    return before === after
      ? [{ text: after, in: "both" }]
      : [
          { text: before, in: "before" },
          { text: after, in: "after" },
        ];
  const a = wordsOf(before);
  const b = wordsOf(after);
  const rests = commonRests(a, b);
  const parts: DiffPart[] = [];
  const push = (text: string | undefined, where: DiffPart["in"]): void => {
    const last = parts.at(-1);
    if (last?.in === where) last.text += text ?? "";
    else parts.push({ text: text ?? "", in: where });
  };
  let i = 0;
  let j = 0;
  while (i < a.length || j < b.length) {
    if (i < a.length && j < b.length && a[i] === b[j]) {
      push(a[i], "both");
      i += 1;
      j += 1;
    } else if (j >= b.length || (i < a.length && (rests[i + 1]?.[j] ?? 0) >= (rests[i]?.[j + 1] ?? 0))) {
      push(a[i], "before");
      i += 1;
    } else {
      push(b[j], "after");
      j += 1;
    }
  }
  return gathered(parts);
}

/** A space alone between two changes is no common ground: it is easier read as one change. */
function gathered(parts: readonly DiffPart[]): DiffPart[] {
  const whole: DiffPart[] = [];
  let before = "";
  let after = "";
  const flush = (): void => {
    if (before !== "") whole.push({ text: before, in: "before" });
    if (after !== "") whole.push({ text: after, in: "after" });
    before = after = "";
  };
  parts.forEach((part, at) => {
    const next = parts[at + 1];
    if (part.in === "before") before += part.text;
    else if (part.in === "after") after += part.text;
    else if (part.text.trim() === "" && before + after !== "" && next !== undefined) {
      before += part.text;
      after += part.text;
    } else {
      flush();
      whole.push(part);
    }
  });
  flush();
  return whole;
}
