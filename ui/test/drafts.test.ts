import { afterEach, beforeEach, describe, expect, test, vi } from "vitest";

import { Drafts, PAUSE_MS } from "../src/state/drafts";
import { fakeDesk } from "./world";

beforeEach(() => vi.useFakeTimers());
afterEach(() => vi.useRealTimers());
const plain = (body: string) => ({ body, quoted: null, attachment: null });
const run = (ms = 0): Promise<unknown> => vi.advanceTimersByTimeAsync(ms);

function setup() {
  const desk = fakeDesk();
  const drafts = new Drafts();
  const saves = (): [string, string][] =>
    desk.asked.flatMap((one) =>
      one.command === "saveDraft" ? [[one.args.conversation, one.args.body] as [string, string]] : [],
    );
  return { desk, drafts, saves };
}

describe("drafts", () => {
  test("are saved within a quarter of a second, with the last text only", async () => {
    const { drafts, saves } = setup();
    drafts.edit("12", "h");
    drafts.edit("12", "he");
    await run(PAUSE_MS - 1);
    expect(saves()).toEqual([]);
    drafts.edit("12", "hey");
    await run(PAUSE_MS);
    expect(saves()).toEqual([["12", "hey"]]);
  });
  test("are saved also while the agent types without a pause", async () => {
    const { drafts, saves } = setup();
    const text = "hello there";
    for (let at = 1; at <= text.length; at += 1) {
      drafts.edit("12", text.slice(0, at));
      await run(PAUSE_MS / 2.5);
      const saved = saves().at(-1)?.[1].length ?? 0;
      expect(at - saved, "at most the last quarter of a second is not with the desk").toBeLessThanOrEqual(3);
    }
  });
  test("are saved at once when the agent looks away", async () => {
    const { drafts, saves } = setup();
    drafts.edit("12", "hey");
    drafts.edit("13", "hallo");
    drafts.flushAll();
    await run();
    expect(saves()).toEqual([
      ["12", "hey"],
      ["13", "hallo"],
    ]);
    await run(1000);
    expect(saves()).toHaveLength(2);
  });
  test("never cross conversations", async () => {
    const { desk, drafts } = setup();
    drafts.edit("12", "for twelve");
    drafts.edit("13", "for thirteen");
    await run(PAUSE_MS);
    expect(desk.of("12").draft).toBe("for twelve");
    expect(desk.of("13").draft).toBe("for thirteen");
    expect(drafts.text("14")).toBe("");
  });
  test("keep what is typed when an older answer of the desk comes in", () => {
    const { drafts } = setup();
    drafts.settle("12", plain("old"), drafts.revision("12"));
    const revision = drafts.revision("12");
    drafts.edit("12", "older and newer");
    drafts.settle("12", plain("old"), revision);
    expect(drafts.text("12")).toBe("older and newer");
  });
  test("take the desk's text when nothing is typed, as after a discard", async () => {
    const { drafts } = setup();
    const changed = vi.fn();
    drafts.watch("12", { changed, kept: () => {} });
    drafts.settle("12", plain(""), 0);
    drafts.settle("12", plain("back again"), drafts.revision("12"));
    expect(drafts.text("12")).toBe("back again");
    expect(changed).toHaveBeenCalledTimes(2);
  });
  test("are not brought back by a save that was under way when the reply was sent", async () => {
    const { desk, drafts } = setup();
    const release = desk.hold("saveDraft");
    drafts.edit("12", "hello");
    await run(PAUSE_MS);
    const sent = drafts.send("12");
    release();
    await run();
    await sent;
    await run(1000);
    expect(desk.of("12").draft).toBe("");
    expect(desk.asked.map((one) => one.command)).toEqual(["saveDraft", "sendReply"]);
  });
  test("say when they could not be saved, and are saved with the next key", async () => {
    const { desk, drafts } = setup();
    const kept = vi.fn();
    drafts.watch("12", { changed: () => {}, kept });
    desk.fail("saveDraft", "diskFull");
    drafts.edit("12", "a");
    await run(PAUSE_MS);
    expect(kept).toHaveBeenLastCalledWith(expect.objectContaining({ code: "diskFull" }));
    drafts.edit("12", "ab");
    await run(PAUSE_MS);
    expect(kept).toHaveBeenLastCalledWith(null);
    expect(desk.of("12").draft).toBe("ab");
  });
});

describe("sending", () => {
  test("twice at once sends once", async () => {
    const { desk, drafts } = setup();
    drafts.edit("12", "hello");
    const both = Promise.all([drafts.send("12"), drafts.send("12")]);
    await run();
    await both;
    expect(desk.count("sendReply")).toBe(1);
  });
  test("puts the text back if the desk cannot take it, in front of what was typed meanwhile", async () => {
    const { desk, drafts } = setup();
    desk.fail("sendReply", "diskFull");
    const release = desk.hold("sendReply");
    drafts.edit("12", "first");
    const sent = drafts.send("12");
    expect(drafts.text("12")).toBe("");
    drafts.edit("12", "second");
    release();
    await run();
    expect((await sent)?.code).toBe("diskFull");
    expect(drafts.text("12")).toBe("first\nsecond");
    await run(PAUSE_MS);
    expect(desk.of("12").draft).toBe("first\nsecond");
  });
  test("keeps what is typed while it is under way", async () => {
    const { desk, drafts } = setup();
    const release = desk.hold("sendReply");
    drafts.edit("12", "first");
    const sent = drafts.send("12");
    drafts.edit("12", "second");
    await run(PAUSE_MS);
    expect(desk.count("saveDraft")).toBe(0);
    release();
    await run();
    await sent;
    await run(PAUSE_MS);
    expect(desk.of("12").draft).toBe("second");
    expect(desk.of("12").messages.at(-1)?.content).toEqual({ type: "text", body: "first" });
  });
  test("nothing sends nothing", async () => {
    const { desk, drafts } = setup();
    drafts.edit("12", "  \n ");
    await drafts.send("12");
    expect(desk.count("sendReply")).toBe(0);
  });
});
