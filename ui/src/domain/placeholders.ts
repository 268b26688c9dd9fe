// The variables in a saved reply's text, read as the desk reads them: for the preview while one types.
import { isDrawn } from "../text/invisible";

export type Piece = { kind: "text"; text: string } | { kind: "braces"; name: string; fallback: string | null };

export const VARIABLES = ["customer", "agent", "account", "date"] as const;
export type Variable = (typeof VARIABLES)[number];

/** The variable of this name, however it is capitalised. */
export const variableOf = (name: string): Variable | null =>
  VARIABLES.find((one) => one === name.toLowerCase()) ?? null;

/** A text cut at its variables; none if braces are not closed. */
export function piecesOf(body: string): Piece[] | null {
  const pieces: Piece[] = [];
  const put = (text: string): void => {
    const last = pieces.at(-1);
    if (text === "") return;
    if (last?.kind === "text") last.text += text;
    else pieces.push({ kind: "text", text });
  };
  let at = 0;
  for (;;) {
    const open = body.indexOf("{{", at);
    if (open < 0) break;
    let slashes = 0;
    while (open - slashes > at && body[open - slashes - 1] === "\\") slashes += 1;
    put(body.slice(at, open - slashes) + "\\".repeat(Math.floor(slashes / 2)));
    if (slashes % 2 === 1) {
      put("{{");
      at = open + 2;
      continue;
    }
    const close = body.indexOf("}}", open + 2);
    const inside = close < 0 ? "\n" : body.slice(open + 2, close);
    if (inside.includes("\n") || inside.includes("{{")) return null;
    const bar = inside.indexOf("|");
    const name = (bar < 0 ? inside : inside.slice(0, bar)).trim();
    if (isDrawn(name)) pieces.push({ kind: "braces", name, fallback: bar < 0 ? null : inside.slice(bar + 1) });
    else put(body.slice(open, close + 2));
    at = close + 2;
  }
  put(body.slice(at));
  return pieces;
}

/** The names of a text's blanks, each once. */
export function blanksOf(body: string): string[] {
  const names = (piecesOf(body) ?? []).flatMap((piece) =>
    piece.kind === "braces" && !variableOf(piece.name) ? [piece.name] : [],
  );
  return names.filter((name, at) => names.findIndex((other) => other.toLowerCase() === name.toLowerCase()) === at);
}
