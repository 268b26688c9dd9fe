// What the desk in memory answers to a search: the operators of the real one, followed plainly.
import type { Commands, Mark, MessageHit, MessageView, PersonHit, SearchProblem } from "../src/ipc/bindings";
import type { FakeConversation, FakeDesk } from "./fake";

interface Wanted {
  words: string[];
  without: string[];
  fits: ((talk: FakeConversation, message: MessageView) => boolean)[];
  problems: SearchProblem[];
}

const HAS: Record<string, (message: MessageView) => boolean> = {
  photo: (one) => one.content.type === "image",
  image: (one) => one.content.type === "image",
  video: (one) => one.content.type === "video",
  post: (one) => one.content.type === "sharePost",
  sticker: (one) => one.content.type === "sticker",
  card: (one) => one.content.type === "card",
  link: (one) => /https?:\/\//.test(textOf(one)),
};

export const textOf = (message: MessageView): string =>
  message.content.type === "text"
    ? message.content.body
    : message.content.type === "card"
      ? [message.content.title, ...message.content.buttons].join(" ")
      : "";

/** Where each of some words stands in a text, in order, never two on one place. */
export function marksIn(text: string, words: readonly string[]): Mark[] {
  const lower = text.toLowerCase();
  const marks: Mark[] = [];
  for (const word of words) {
    for (let at = lower.indexOf(word); word !== "" && at >= 0; at = lower.indexOf(word, at + word.length)) {
      if (!marks.some((one) => at < one.start + one.len && one.start < at + word.length))
        marks.push({ start: at, len: word.length });
    }
  }
  return marks.sort((a, b) => a.start - b.start);
}

const all = (text: string, words: readonly string[]): boolean =>
  words.every((word) => text.toLowerCase().includes(word));
const named = (talk: FakeConversation, name: string): boolean =>
  `${talk.row.person.name} @${talk.row.person.handle ?? ""}`.toLowerCase().includes(name.replace(/^@/, ""));

function read(desk: FakeDesk, typed: string, utcOffsetMin: number): Wanted {
  const wanted: Wanted = { words: [], without: [], fits: [], problems: [] };
  for (const [whole, minus, operator, phrase, plain] of typed
    .toLowerCase()
    .matchAll(/(-?)(?:(from|in|has|tag|before|after|on):)?(?:"([^"]*)"?|(\S+))/g)) {
    const value = phrase ?? plain ?? whole;
    const not = minus === "-";
    const put = (fits: Wanted["fits"][number]): void =>
      void wanted.fits.push((talk, message) => fits(talk, message) !== not);
    const day = Date.parse(value) - utcOffsetMin * 60_000;
    if (operator === undefined) (not ? wanted.without : wanted.words).push(value);
    else if (operator === "from" && (value === "me" || value === "us"))
      put((_, message) => message.direction === "out");
    else if (operator === "from" || operator === "in") {
      if (!desk.conversations.some((talk) => named(talk, value)))
        wanted.problems.push({ kind: "unknownPerson", value });
      put((talk, message) => named(talk, value) && (operator === "in" || message.direction === "in"));
    } else if (operator === "tag") {
      if (!desk.conversations.some((talk) => talk.row.tags.some((tag) => tag.name.toLowerCase() === value)))
        wanted.problems.push({ kind: "unknownTag", value });
      put((talk) => talk.row.tags.some((tag) => tag.name.toLowerCase() === value));
    } else if (operator === "has") {
      const has = HAS[value];
      if (has) put((_, message) => has(message));
      else wanted.problems.push({ kind: "badHas", value });
    } else if (Number.isNaN(day)) wanted.problems.push({ kind: "badDate", value });
    else
      put((_, { sentAtMs }) =>
        operator === "before"
          ? sentAtMs < day
          : operator === "after"
            ? sentAtMs >= day + 86_400_000
            : sentAtMs >= day && sentAtMs < day + 86_400_000,
      );
  }
  return wanted;
}

function answers({ words, without, fits }: Wanted, talk: FakeConversation, message: MessageView): boolean {
  const body = textOf(message);
  return (
    all(body, words) &&
    !without.some((word) => body.toLowerCase().includes(word)) &&
    fits.every((fit) => fit(talk, message))
  );
}

/** One line around the first match. */
function excerptOf(text: string, words: readonly string[]): string {
  const line = text.replace(/\s+/g, " ");
  const first = marksIn(line, words)[0]?.start ?? 0;
  const from = first > 60 ? first - 40 : 0;
  return (from > 0 ? "…" : "") + line.slice(from, from + 160);
}

export function search(
  desk: FakeDesk,
  { account, text, limit, below, utcOffsetMin }: Commands["search"]["args"],
): Commands["search"]["reply"] {
  const wanted = read(desk, text.trim(), utcOffsetMin);
  const talks = desk.conversations.filter((talk) => account === null || talk.account === account);
  const people: PersonHit[] = [];
  const messages: MessageHit[] = [];
  const { words } = wanted;
  if (words.length > 0 && wanted.fits.length === 0 && below === null) {
    for (const talk of talks) {
      const { person } = talk.row;
      if (all(`${person.name} ${person.handle ?? ""}`, words))
        people.push({ conversation: talk.row.id, account: talk.account, person, marks: marksIn(person.name, words) });
    }
  }
  let resume: Commands["search"]["reply"]["resume"] = null;
  if (words.length > 0 || wanted.fits.length > 0) {
    const everything = talks
      .flatMap((talk) => talk.messages.map((message) => ({ talk, message })))
      .sort((a, b) => b.message.sentAtMs - a.message.sentAtMs);
    const from = below === null ? 0 : everything.findIndex(({ message }) => message.id === below) + 1;
    const looked = everything.slice(from, from + desk.looks);
    const last = looked.at(-1);
    if (last && from + desk.looks < everything.length)
      resume = { below: last.message.id, backToMs: last.message.sentAtMs };
    for (const { talk, message } of looked) {
      if (!answers(wanted, talk, message)) continue;
      const excerpt = excerptOf(textOf(message), words);
      messages.push({
        id: message.id,
        conversation: talk.row.id,
        account: talk.account,
        person: talk.row.person,
        direction: message.direction,
        sentAtMs: message.sentAtMs,
        kind: message.content.type === "unreadable" ? "unsupported" : message.content.type,
        excerpt,
        marks: marksIn(excerpt, words),
      });
    }
  }
  messages.sort((a, b) => b.sentAtMs - a.sentAtMs);
  if (messages.length >= limit) resume = null;
  return {
    people: people.slice(0, 8),
    messages: messages.slice(0, limit),
    more: messages.length > limit || resume !== null,
    resume,
    problems: wanted.problems,
    searched: talks.reduce((sum, talk) => sum + talk.messages.length, 0),
    rebuilding: desk.rebuilding,
  };
}

/** What is searched for in one thread, as words. */
export const wordsOf = (typed: string): string[] =>
  typed
    .toLowerCase()
    .split(/\s+/)
    .filter((word) => word !== "");

export function findInThread(
  desk: FakeDesk,
  { conversation, text, utcOffsetMin }: Commands["findInThread"]["args"],
): Commands["findInThread"]["reply"] {
  const wanted = read(desk, text.trim(), utcOffsetMin);
  const talk = desk.of(conversation);
  const asked = wanted.words.length > 0 || wanted.fits.length > 0;
  const hits = asked
    ? talk.messages
        .filter((one) => answers(wanted, talk, one))
        .map((one) => one.id)
        .reverse()
    : [];
  return { hits: hits.slice(0, 1_000), more: hits.length > 1_000, problems: wanted.problems };
}
