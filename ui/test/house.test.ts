// The house rules of the page, read from its sources.
import { readdirSync, readFileSync, statSync } from "node:fs";
import { join, relative } from "node:path";

import { describe, expect, test } from "vitest";

const root = join(process.cwd(), "src");
function walk(folder: string): string[] {
  return readdirSync(folder).flatMap((name) => {
    const path = join(folder, name);
    return statSync(path).isDirectory() ? walk(path) : [path];
  });
}
const files = walk(root).map((path) => ({
  name: relative(root, path).replaceAll("\\", "/"),
  text: readFileSync(path, "utf8"),
}));
const code = files.filter(({ name }) => /\.(ts|svelte)$/.test(name));
const imports = (text: string): string[] =>
  [...text.matchAll(/(?:from|import)\s*\(?\s*["']([^"']+)["']/g)].map((found) => found[1] ?? "");

describe("the house", () => {
  test("a feature never imports another feature", () => {
    const crossing = code.flatMap(({ name, text }) => {
      const mine = /^features\/([^/]+)\//.exec(name)?.[1];
      if (!mine) return [];
      return imports(text)
        .filter((path) => /^\.\.\/(?!\.\.)/.test(path) || /features\//.test(path))
        .map((path) => `${name} imports ${path}`);
    });
    expect(crossing).toEqual([]);
  });
  test("nothing below the features imports a feature", () => {
    const below = /^(parts|state|domain|text|ipc)\//;
    const climbing = code.filter(
      ({ name, text }) => below.test(name) && imports(text).some((path) => path.includes("features/")),
    );
    expect(climbing.map(({ name }) => name)).toEqual([]);
  });
  test("pure functions and words import no store and no component", () => {
    const climbing = code.filter(
      ({ name, text }) => /^(domain|text)\//.test(name) && imports(text).some((path) => /(state|parts)\//.test(path)),
    );
    expect(climbing.map(({ name }) => name)).toEqual([]);
  });
  test("pure functions hold no state and ask nothing of the desk", () => {
    const impure = code.filter(
      ({ name, text }) => name.startsWith("domain/") && /\$state|ipc\/(?!bindings)/.test(text),
    );
    expect(impure.map(({ name }) => name)).toEqual([]);
  });
  test("@tauri-apps is imported in one file only", () => {
    expect(
      code.filter(({ text }) => imports(text).some((path) => path.startsWith("@tauri-apps"))).map(({ name }) => name),
    ).toEqual(["ipc/tauri.ts"]);
  });
  test("and that file is imported only when it is needed", () => {
    expect(code.filter(({ text }) => /from\s+["'][^"']*\/tauri["']/.test(text)).map(({ name }) => name)).toEqual([]);
  });
  test("colours are written in the tokens only", () => {
    const colour = /#[0-9a-f]{3,8}\b(?=[\s;,)])|\b(?:oklch|oklab|rgba?|hsla?|hwb|lab|lch)\(/i;
    const offenders = files.filter(({ name }) => /\.(css|svelte)$/.test(name) && name !== "style/tokens.css");
    expect(
      offenders.flatMap(({ name, text }) =>
        text
          .split("\n")
          .filter((line) => colour.test(line))
          .map((line) => `${name}: ${line.trim()}`),
      ),
    ).toEqual([]);
  });
  test("nothing is turned into markup and no style stands in markup", () => {
    expect(
      code
        .filter(({ text }) => /\{@html|innerHTML|insertAdjacentHTML|outerHTML|\sstyle="/.test(text))
        .map(({ name }) => name),
    ).toEqual([]);
  });
  test("no line is longer than 140 characters", () => {
    const sources = ["src", "dev", "test"].flatMap((folder) => walk(join(process.cwd(), folder)));
    const long = sources.filter((path) => /\.(ts|svelte|css|m?js)$/.test(path) && !path.endsWith("bindings.ts"));
    const lines = long.flatMap((path) =>
      readFileSync(path, "utf8")
        .split("\n")
        .flatMap((line, at) => (line.length > 140 ? [`${relative(process.cwd(), path)}:${at + 1}`] : [])),
    );
    expect(lines).toEqual([]);
  });
  test("no file is longer than 500 lines", () => {
    const long = files.filter(({ name, text }) => name !== "ipc/bindings.ts" && text.split("\n").length > 500);
    expect(long.map(({ name }) => name)).toEqual([]);
  });
  test("no word stands in the markup: all come from the catalogue", () => {
    const words = code
      .filter(({ name }) => name.endsWith(".svelte"))
      .flatMap(({ name, text }) => {
        const markup = text
          .replace(/<script[\s\S]*?<\/script>/g, "")
          .replace(/<style[\s\S]*?<\/style>/g, "")
          .replace(/<!--[\s\S]*?-->/g, "");
        // What stands between a tag's end and the next tag or brace.
        const between = [...markup.matchAll(/(?<!=)>([^<>{}]*[A-Za-z]{3,}[^<>{}]*)</g)].map((found) =>
          found[1]?.trim(),
        );
        const named = [...markup.matchAll(/\b(?:aria-label|title|placeholder|alt)="([^"{]*[A-Za-z]{3,}[^"{]*)"/g)].map(
          (found) => found[1],
        );
        return [...between, ...named].map((word) => `${name}: ${word}`);
      });
    expect(words).toEqual([]);
  });
});
