// Numbers as the agent's language writes them.
import { locale } from "./locale";

export const number = new Intl.NumberFormat(locale);
export const shortNumber = new Intl.NumberFormat(locale, { notation: "compact" });
const rules = new Intl.PluralRules("en");

/** A number with its noun in the right form. */
export const count = (n: number, one: string, other: string): string =>
  `${number.format(n)} ${rules.select(n) === "one" ? one : other}`;
