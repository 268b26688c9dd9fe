// The agent's own way of writing dates and numbers, as far as it belongs to the catalogue's language.
export function localeFrom(languages: readonly string[], language: string, fallback: string): string {
  return languages.find((one) => one.toLowerCase().split("-")[0] === language) ?? fallback;
}

export const locale: string = localeFrom(typeof navigator === "undefined" ? [] : navigator.languages, "en", "en-GB");
