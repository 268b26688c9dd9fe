// What is wrong with a card, counted as TikTok counts.
import type { Card } from "../../ipc/bindings";
import { MAX_ANSWER_LENGTH, MAX_TITLE_LENGTH } from "../../state/cards";
import { length } from "../../domain/replyText";
import { t } from "../../text";

const tidy = (text: string): string => text.replace(/\s+/gu, " ").trim();

/** What the agent has to change before the card can be sent; empty if nothing. */
export function cardProblem(card: Card): string {
  const say = t.card.problems;
  const title = tidy(card.title);
  const over = length(title) - MAX_TITLE_LENGTH;
  if (title === "") return say.noTitle;
  if (over > 0) return say.titleTooLong(over);
  const answers = card.buttons.map(tidy);
  if (answers.every((answer) => answer === "")) return say.noButtons;
  const most = MAX_ANSWER_LENGTH[card.kind];
  const long = answers.findIndex((answer) => length(answer) > most);
  if (long >= 0) return say.buttonTooLong(long + 1, length(answers[long] ?? "") - most);
  const written = answers.filter((answer) => answer !== "");
  return new Set(written).size < written.length ? say.sameButtons : "";
}
