import { SvelteMap } from "svelte/reactivity";
import { describe, expect, test } from "vitest";

import type { FakeDesk } from "../dev/fake";
import { bigScene } from "../dev/scene";
import { inSight, PAD, reveal, ROW } from "../src/features/inbox/sight";
import { CHUNK_SIZE, ConversationList } from "../src/state/list.svelte";
import { fakeDesk, settle } from "./world";

const list = (): ConversationList => new ConversationList("1", "all", new SvelteMap());
const asked = (desk: FakeDesk): [number, number][] =>
  desk.asked.flatMap((one) =>
    one.command === "listConversations" ? [[one.args.offset, one.args.limit] as [number, number]] : [],
  );
const big = (desk: FakeDesk): void => bigScene(desk, 5_000, 1);

describe("the list's window", () => {
  test("asks only for what is looked at, and once", async () => {
    const desk = fakeDesk(big);
    const rows = list();
    rows.look(0, 20);
    rows.look(0, 22);
    await settle();
    expect(asked(desk)).toEqual([[0, CHUNK_SIZE]]);
    expect(rows.total).toBe(5_000);
    rows.look(2_000, 2_025);
    await settle();
    expect(asked(desk)).toEqual([
      [0, CHUNK_SIZE],
      [2_000, CHUNK_SIZE],
    ]);
    rows.look(5, 25);
    await settle();
    expect(asked(desk)).toHaveLength(2);
    expect(rows.at(2_003)?.id).toBe("2103");
    expect(rows.at(1_000)).toBeUndefined();
  });

  test("asks for two chunks at once when both are in sight, never for more than the desk gives", async () => {
    const desk = fakeDesk(big);
    const rows = list();
    rows.look(40, 60);
    await settle();
    expect(asked(desk)).toEqual([[0, 2 * CHUNK_SIZE]]);
    rows.look(0, 4_000);
    await settle();
    expect(asked(desk).every(([, limit]) => limit <= 200)).toBe(true);
  });

  test("keeps old rows on screen while it asks again", async () => {
    const desk = fakeDesk(big);
    const rows = list();
    rows.look(0, 20);
    await settle();
    const release = desk.hold("listConversations");
    desk.of("103").row.lastAtMs = Date.now() + 1000;
    rows.invalidate();
    await settle();
    expect(rows.at(0)?.id).toBe("100");
    release();
    await settle();
    expect(rows.at(0)?.id).toBe("103");
  });

  test("asks again when something changed while an answer was on its way", async () => {
    const desk = fakeDesk(big);
    const rows = list();
    const release = desk.hold("listConversations");
    rows.look(0, 20);
    rows.invalidate();
    rows.invalidate();
    release();
    await settle();
    expect(asked(desk)).toEqual([
      [0, CHUNK_SIZE],
      [0, CHUNK_SIZE],
    ]);
  });

  test("finds the selected conversation by its id wherever it moves", async () => {
    const desk = fakeDesk(big);
    const rows = list();
    rows.look(0, 20);
    await settle();
    expect(rows.placeOf("104")).toBe(4);
    desk.of("110").row.lastAtMs = Date.now() + 5000;
    rows.invalidate();
    await settle();
    expect(rows.placeOf("104")).toBe(5);
    expect(rows.placeOf("nobody")).toBe(-1);
  });

  test("says by how many places what is looked at has moved", async () => {
    const desk = fakeDesk(big);
    const rows = list();
    rows.look(92, 120, 100);
    await settle();
    const moves: number[] = [];
    rows.rowsMoved.listen((by) => moves.push(by));
    for (const id of ["1900", "1901"]) desk.of(id).row.lastAtMs = Date.now() + 5000;
    rows.invalidate();
    await settle();
    expect(moves).toEqual([2]);
  });

  test("does not ask for a list nobody looks at", async () => {
    const desk = fakeDesk(big);
    const rows = list();
    rows.look(0, 20);
    await settle();
    rows.leave();
    rows.invalidate();
    await settle();
    expect(asked(desk)).toHaveLength(1);
    rows.look(0, 20);
    await settle();
    expect(asked(desk)).toHaveLength(2);
  });

  test("lets go of what is far away", async () => {
    fakeDesk(big);
    const rows = list();
    for (let at = 0; at < 40; at += 1) {
      rows.look(at * CHUNK_SIZE, at * CHUNK_SIZE + 20);
      await settle(4);
    }
    expect(rows.at(0)).toBeUndefined();
    expect(rows.at(39 * CHUNK_SIZE)).toBeDefined();
  });

  test("shrinks with the list", async () => {
    const desk = fakeDesk(big);
    const rows = list();
    rows.look(100, 120);
    await settle();
    desk.conversations.length = 10;
    rows.invalidate();
    await settle();
    expect(rows.total).toBe(10);
    expect(rows.at(100)).toBeUndefined();
    expect(rows.at(3)?.id).toBe("103");
  });

  test("stops at a fault until it is tried again", async () => {
    const desk = fakeDesk(big);
    desk.fail("listConversations", "unexpected");
    const rows = list();
    rows.look(0, 20);
    await settle();
    expect(rows.fault?.code).toBe("unexpected");
    expect(asked(desk)).toHaveLength(1);
    rows.retry();
    await settle();
    expect(rows.fault).toBeNull();
    expect(rows.total).toBe(5_000);
  });
});

describe("rows in sight", () => {
  test("are those on screen and a few around them", () => {
    expect(inSight(0, 700, 10_000)).toEqual({ first: 0, last: 21, top: 0 });
    expect(inSight(PAD + 100 * ROW, 700, 10_000)).toEqual({ first: 92, last: 121, top: 100 });
    expect(inSight(0, 700, 3)).toEqual({ first: 0, last: 2, top: 0 });
  });
  test("are scrolled to only if they are not wholly there", () => {
    expect(reveal(3, 0, 700)).toBeNull();
    expect(reveal(0, 400, 700)).toBe(0);
    expect(reveal(20, 0, 700)).toBe(PAD + 21 * ROW + PAD - 700);
  });
});
