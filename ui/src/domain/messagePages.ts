// A range of a conversation's messages, and how answers of the desk are fitted to it.
import type { GapView, MessageId, MessagePage, MessageView } from "../ipc/bindings";

/** Messages asked for at once when a conversation is opened. */
export const FIRST_PAGE_SIZE = 60;
/** Messages asked for at once on the way: so few that drawing them is not felt. */
export const SCROLL_PAGE_SIZE = 30;
/** Messages kept on screen, and the most the desk gives at once; beyond it the far end is let go and fetched again when it
 * is needed. */
export const MAX_MESSAGES = 200;

export interface MessageRange {
  messages: readonly MessageView[];
  /** Where messages may be missing, by the first message after each gap. */
  gaps: ReadonlyMap<MessageId, GapView>;
  hasOlder: boolean;
  hasNewer: boolean;
}

export const EMPTY_RANGE: MessageRange = { messages: [], gaps: new Map(), hasOlder: false, hasNewer: false };

export function rangeOf(page: MessagePage): MessageRange {
  return {
    messages: page.messages,
    gaps: gapsIn(page.messages, page.gaps),
    hasOlder: page.hasOlder,
    hasNewer: page.hasNewer,
  };
}

/** Keeps the object of a message that has not changed, so that its bubble is left alone. */
function same(old: readonly MessageView[], fresh: readonly MessageView[]): MessageView[] {
  const known = new Map(old.map((message) => [message.id, message]));
  return fresh.map((message) => {
    const before = known.get(message.id);
    return before && JSON.stringify(before) === JSON.stringify(message) ? before : message;
  });
}

/** The gaps that lie among these messages; later ones replace earlier ones. */
function gapsIn(messages: readonly MessageView[], ...gaps: Iterable<GapView>[]): Map<MessageId, GapView> {
  const ids = new Set(messages.map((message) => message.id));
  return new Map(
    gaps
      .flatMap((some) => [...some])
      .filter((gap) => ids.has(gap.before))
      .map((gap) => [gap.before, gap]),
  );
}

/** The newest page has been asked for again: what is older than it stays. */
export function renewed(old: MessageRange, page: MessagePage): MessageRange {
  const fresh = same(old.messages, page.messages);
  const first = fresh[0];
  if (!first || old.hasNewer || old.messages.length === 0) return { ...rangeOf(page), messages: fresh };
  const ids = new Set(fresh.map((message) => message.id));
  const at = old.messages.findIndex((message) => message.id === first.id);
  // Nothing in common: there may be messages in between that we never saw.
  if (at < 0 && !old.messages.some((message) => ids.has(message.id))) return { ...rangeOf(page), messages: fresh };
  const kept = old.messages
    .slice(0, at < 0 ? undefined : at)
    .filter((message) => !ids.has(message.id) && (at >= 0 || message.sentAtMs < first.sentAtMs));
  const messages = [...kept, ...fresh];
  const keptGaps = gapsIn(kept, old.gaps.values());
  return {
    messages,
    gaps: gapsIn(messages, keptGaps.values(), page.gaps),
    hasOlder: kept.length > 0 ? old.hasOlder : page.hasOlder,
    hasNewer: page.hasNewer,
  };
}

/** Renews a range with an answer around its middle message; its ends stay. */
export function remade(old: MessageRange, page: MessagePage): MessageRange {
  const ids = new Set(old.messages.map((message) => message.id));
  const from = page.messages.findIndex((message) => ids.has(message.id));
  if (from < 0) return rangeOf(page);
  const to = page.messages.findLastIndex((message) => ids.has(message.id)) + 1;
  const messages = same(old.messages, page.messages.slice(from, to));
  return {
    messages,
    gaps: gapsIn(messages, page.gaps),
    hasOlder: page.hasOlder || from > 0,
    hasNewer: page.hasNewer || to < page.messages.length,
  };
}

/** The first and last message on screen: messages between them are never let go. */
export interface Sight {
  first: MessageId;
  last: MessageId;
}

/** Messages beyond what is in sight that are kept in any case. */
const SPARE = 12;

/** An older page goes in front; the newest end is let go if that makes too many. */
export function withOlder(
  old: MessageRange,
  page: MessagePage,
  most = MAX_MESSAGES,
  sight: Sight | null = null,
): MessageRange {
  const ids = new Set(old.messages.map((message) => message.id));
  const all = [...page.messages.filter((message) => !ids.has(message.id)), ...old.messages];
  const last = sight ? all.findIndex((message) => message.id === sight.last) : -1;
  const messages = all.slice(0, Math.max(most, last < 0 ? 0 : last + 1 + SPARE));
  return {
    messages,
    gaps: gapsIn(messages, old.gaps.values(), page.gaps),
    hasOlder: page.hasOlder,
    hasNewer: old.hasNewer || all.length > messages.length,
  };
}

/** A newer page goes behind; the oldest end is let go if that makes too many. */
export function withNewer(
  old: MessageRange,
  page: MessagePage,
  most = MAX_MESSAGES,
  sight: Sight | null = null,
): MessageRange {
  const ids = new Set(old.messages.map((message) => message.id));
  const all = [...old.messages, ...page.messages.filter((message) => !ids.has(message.id))];
  const first = sight ? all.findIndex((message) => message.id === sight.first) : -1;
  const messages = all.slice(-Math.max(most, first < 0 ? 0 : all.length - first + SPARE));
  return {
    messages,
    gaps: gapsIn(messages, old.gaps.values(), page.gaps),
    hasOlder: old.hasOlder || all.length > messages.length,
    hasNewer: page.hasNewer,
  };
}

/** At the bottom of a long thread, only the newest part is needed. */
export function trimmed(old: MessageRange, most = MAX_MESSAGES): MessageRange {
  if (old.messages.length <= most) return old;
  const messages = old.messages.slice(-most);
  return { ...old, messages, gaps: gapsIn(messages, old.gaps.values()), hasOlder: true };
}

/** Messages that were not there before and are newer than all that were. */
export function arrivals(old: MessageRange, now: MessageRange): MessageView[] {
  const known = new Set(old.messages.map((message) => message.id));
  let at = now.messages.length;
  while (at > 0 && !known.has(now.messages[at - 1]?.id ?? "")) at -= 1;
  return at === 0 ? [] : now.messages.slice(at);
}
