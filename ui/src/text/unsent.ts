// What the page says of replies that TikTok does not have, and before Deskbell is closed with some.
import { count, number } from "./count";
import { locale } from "./locale";

export const unsent = {
  name: "Unsent replies",
  /** Beside a row: how its first unsent reply stands, and how many more there are. */
  mark: (first: string, n: number) =>
    n === 1 ? first : `${first}, and ${count(n - 1, "more unsent reply", "more unsent replies")}`,
  rail: (n: number) => count(n, "unsent reply", "unsent replies"),
  scheduled: (when: string) => `Scheduled for ${when}`,
  to: (name: string) => `To ${name}`,
  open: "Open",
  openName: (name: string) => `Open the conversation with ${name}`,
  more: (n: number) => `${count(n, "more reply", "more replies")} in the conversation`,
  showMore: "Show more",
};

const list = new Intl.ListFormat(locale, { style: "long", type: "conjunction" });

export const leaving = {
  title: "Close Deskbell?",
  held: (n: number) => `${count(n, "reply is", "replies are")} about to be sent`,
  onTheWay: (n: number) => `${count(n, "reply has", "replies have")} not gone out`,
  toDecide: (n: number) => `${count(n, "reply waits", "replies wait")} for your decision`,
  scheduled: (n: number, when: string) =>
    n === 1 ? `1 is scheduled for ${when}` : `${number.format(n)} are scheduled, the first for ${when}`,
  due: (parts: readonly string[]) => `${list.format(parts)}.`,
  nothing: "Everything has gone out by now.",
  heldMore: "What is about to be sent goes out now, if TikTok can be reached.",
  waits: "Until Deskbell runs again, nothing else is sent.",
  rules: "Nor do rules answer anybody.",
  stay: "Stay",
  tray: "Keep in the tray",
  quit: "Quit anyway",
  quitNow: "Quit",
};
