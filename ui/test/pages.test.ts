import { describe, expect, test } from "vitest";

import type { MessagePage, MessageView } from "../src/ipc/bindings";
import { grouped, TOGETHER_MS } from "../src/domain/messageGroups";
import {
  arrivals,
  EMPTY_RANGE,
  remade,
  renewed,
  rangeOf,
  trimmed,
  withNewer,
  withOlder,
} from "../src/domain/messagePages";

const T0 = new Date(2026, 10, 20, 12).getTime();
const make = (n: number, more: Partial<MessageView> = {}): MessageView => ({
  id: String(n),
  direction: "in",
  sentAtMs: T0 + n * 60_000,
  surface: "other",
  auto: null,
  content: { type: "text", body: `m${n}` },
  post: null,
  quoted: null,
  delivery: null,
  reactions: [],
  rule: null,
  firings: [],
  marks: [],
  ...more,
});
const gap = (before: string) => ({ before, atStart: false });
const range = (from: number, to: number): MessageView[] =>
  Array.from({ length: to - from + 1 }, (_, at) => make(from + at));
const page = (from: number, to: number, more: Partial<MessagePage> = {}): MessagePage => ({
  messages: range(from, to),
  gaps: [],
  hasOlder: from > 1,
  hasNewer: false,
  ...more,
});
const ids = (of: { messages: readonly MessageView[] }): string =>
  `${of.messages[0]?.id}–${of.messages.at(-1)?.id} (${of.messages.length})`;

describe("a range of messages", () => {
  test("takes older pages in front and lets the newest end go when there are too many", () => {
    const one = withOlder(rangeOf(page(61, 120)), page(1, 60), 100);
    expect(ids(one)).toBe("1–100 (100)");
    expect(one).toMatchObject({ hasOlder: false, hasNewer: true });
    const back = withNewer(one, { ...page(101, 120), hasNewer: false }, 100);
    expect(ids(back)).toBe("21–120 (100)");
    expect(back).toMatchObject({ hasOlder: true, hasNewer: false });
  });
  test("keeps what is older than the newest page when that is asked for again", () => {
    const now = renewed(rangeOf(page(1, 100)), page(90, 102));
    expect(ids(now)).toBe("1–102 (102)");
    expect(now.hasOlder).toBe(false);
  });
  test("leaves bubbles alone that did not change", () => {
    const old = rangeOf(page(1, 5));
    const fresh = page(1, 5);
    fresh.messages[4] = make(5, { reactions: [{ emoji: "❤️", from: "in" }] });
    const now = renewed(old, fresh);
    expect(now.messages[0]).toBe(old.messages[0]);
    expect(now.messages[4]).not.toBe(old.messages[4]);
  });
  test("drops a message that was discarded", () => {
    const fresh = page(1, 5);
    fresh.messages.splice(2, 1);
    expect(renewed(rangeOf(page(1, 5)), fresh).messages.map((one) => one.id)).toEqual(["1", "2", "4", "5"]);
  });
  test("starts anew when nothing is in common, rather than hide a hole", () => {
    const now = renewed(rangeOf(page(1, 60)), page(300, 360));
    expect(ids(now)).toBe("300–360 (61)");
    expect(now.hasOlder).toBe(true);
  });
  test("never holds a message twice", () => {
    expect(ids(withOlder(rangeOf(page(5, 10)), page(1, 7)))).toBe("1–10 (10)");
    expect(ids(withNewer(rangeOf(page(1, 7)), page(5, 10)))).toBe("1–10 (10)");
  });
  test("is made anew in place while its newest end is out of sight", () => {
    const old = { ...rangeOf(page(10, 20)), hasNewer: true };
    const fresh = page(5, 40, { hasNewer: true });
    fresh.messages[7] = make(12, { reactions: [{ emoji: "❤️", from: "in" }] });
    const now = remade(old, fresh);
    expect(ids(now)).toBe("10–20 (11)");
    expect(now).toMatchObject({ hasOlder: true, hasNewer: true });
    expect(now.messages[0]).toBe(old.messages[0]);
    expect(now.messages[2]?.reactions).toHaveLength(1);
    // What lies between two that are held belongs to the range.
    const filled = remade({ ...rangeOf(page(10, 20)), messages: [make(10), make(20)] }, page(1, 20));
    expect(ids(filled)).toBe("10–20 (11)");
    expect(filled).toMatchObject({ hasOlder: true, hasNewer: false });
    expect(ids(remade(old, page(100, 120)))).toBe("100–120 (21)");
  });
  test("never lets go of what is in sight", () => {
    const held = rangeOf(page(61, 120));
    expect(ids(withOlder(held, page(31, 60), 40, { first: "61", last: "70" }))).toBe("31–82 (52)");
    expect(ids(withOlder(held, page(31, 60), 80, { first: "61", last: "70" }))).toBe("31–110 (80)");
    expect(ids(withNewer(held, page(121, 150), 40, { first: "100", last: "110" }))).toBe("88–150 (63)");
    expect(ids(withNewer(held, page(121, 150), 80, { first: "100", last: "110" }))).toBe("71–150 (80)");
  });
  test("keeps gaps with their messages and forgets those let go", () => {
    const old = rangeOf({ ...page(50, 60), gaps: [gap("55")] });
    const now = withOlder(old, { ...page(40, 49), gaps: [gap("45")] });
    expect([...now.gaps.keys()].sort((a, b) => a.localeCompare(b))).toEqual(["45", "55"]);
    expect([...trimmed(now, 8).gaps.keys()]).toEqual(["55"]);
    expect([...renewed(now, page(50, 60)).gaps.keys()]).toEqual(["45"]);
  });
  test("knows what has arrived at its end", () => {
    const old = rangeOf(page(1, 5));
    expect(arrivals(old, rangeOf(page(1, 7))).map((one) => one.id)).toEqual(["6", "7"]);
    expect(arrivals(old, rangeOf(page(1, 5)))).toEqual([]);
    expect(arrivals(EMPTY_RANGE, rangeOf(page(1, 5)))).toEqual([]);
  });
});

describe("the thread", () => {
  const show = (
    messages: MessageView[],
    gaps: string[] = [],
    hasOlder = false,
    origin: Parameters<typeof grouped>[1] = null,
  ) => grouped({ messages, gaps: new Map(gaps.map((id) => [id, gap(id)])), hasOlder, hasNewer: false }, origin);
  const words = (items: ReturnType<typeof grouped>): string[] =>
    items.map((item) =>
      item.kind === "message"
        ? `${item.key}${item.first ? "[" : ""}${item.last ? "]" : ""}${item.withMeta ? "t" : ""}`
        : item.kind,
    );

  test("stands in groups with one stamp", () => {
    expect(words(show(range(1, 3)))).toEqual(["day", "1[", "2", "3]t"]);
  });
  test("begins a new group for the other side, after a pause, and after a gap", () => {
    const messages = [
      make(1),
      make(2, { direction: "out", delivery: { state: "sent" } }),
      make(3),
      make(4, { sentAtMs: T0 + 3 * 60_000 + TOGETHER_MS }),
      make(5, { sentAtMs: T0 + 4 * 60_000 + TOGETHER_MS }),
    ];
    expect(words(show(messages, ["5"]))).toEqual(["day", "1[]t", "2[]t", "3[]t", "4[]t", "gap", "5[]t"]);
  });
  test("separates days", () => {
    expect(words(show([make(1), make(2, { sentAtMs: T0 + 86_400_000 })]))).toEqual(["day", "1[]t", "day", "2[]t"]);
  });
  test("gives every unsettled message its own words", () => {
    const out = (n: number, delivery: MessageView["delivery"]) =>
      make(n, { direction: "out", surface: "deskbell", delivery });
    expect(
      words(
        show([
          out(1, { state: "read" }),
          out(2, { state: "unconfirmed", stage: "undecided" }),
          out(3, { state: "queued", waiting: null }),
          out(4, { state: "queued", waiting: null }),
        ]),
      ),
    ).toEqual(["day", "1[t", "2t", "3t", "4]t"]);
  });
  test("tells where the customer came from before their first message after it", () => {
    const ad = { kind: "ad" as const, name: "Linen", atMs: T0 + 90_000 };
    expect(words(show(range(1, 2), [], false, ad))).toEqual(["day", "1[", "origin", "2]t"]);
    expect(words(show(range(1, 2), [], true, { ...ad, atMs: T0 - 1 }))).not.toContain("origin");
    expect(words(show(range(1, 2), [], false, { kind: "shortLink", reference: "bio" }))[1]).toBe("origin");
  });
});
