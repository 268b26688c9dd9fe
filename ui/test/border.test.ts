// What crosses the border between page and desk can be written there, whatever was typed or pasted.
import { screen } from "@testing-library/svelte";
import { describe, expect, test } from "vitest";

import { connect, wellFormed, type Host } from "../src/ipc/desk";
import { adviceOf } from "../src/text/advice";
import { t } from "../src/text";
import { checkZone } from "../src/text/zone";
import { FakeDesk } from "../dev/fake";
import { inboxScene } from "../dev/scene";
import { bubbles, field, openPage, rowOf, settle, type } from "./world";

/** A desk that takes what serde takes: no half of a pair. */
function strict(desk: FakeDesk): Host {
  const whole = (value: unknown): boolean =>
    typeof value === "string"
      ? value.isWellFormed()
      : typeof value === "object" && value !== null
        ? Object.values(value).every(whole)
        : true;
  return {
    ask: (command, args) =>
      whole(args) ? desk.ask(command, args) : Promise.reject(new Error("lone leading surrogate in hex escape")),
    attach: (conversation, file) => desk.attach(conversation, file),
    listen: (heard, wire) => desk.listen(heard, wire),
    mediaUrl: (key) => desk.mediaUrl(key),
  };
}

describe("half an emoji", () => {
  test.each(["\uD83D", "\uDE4F", "hi \uD83D there", "🙏\uD83D"])("%j does not cost the draft", async (text) => {
    const { desk, app } = await openPage();
    connect(strict(desk));
    rowOf("12")?.click();
    await settle();
    type(field(), text);
    app.drafts.flushAll();
    await settle();
    expect(desk.asked.findLast((one) => one.command === "saveDraft")?.args).toEqual({
      conversation: "12",
      body: text.toWellFormed(),
      quoted: null,
    });
    expect(screen.queryByRole("alert")).toBeNull();
  });
  test("is made whole wherever it stands", () => {
    expect(wellFormed({ "a\uD83D": ["\uDE4F", { b: "🙏" }, 1, null, true] })).toEqual({
      "a\uFFFD": ["\uFFFD", { b: "🙏" }, 1, null, true],
    });
  });
});

test("a fault speaks of a number only where there is one", () => {
  const fault = { code: "unexpected" as const, detail: null };
  expect(adviceOf({ ...fault, incident: null }).todo).not.toMatch(/number/i);
  expect(adviceOf({ ...fault, incident: "7F3A" }).todo).toMatch(/number/i);
  expect(
    Object.values(t.faults)
      .map(({ todo }) => todo)
      .filter((todo) => /number below/i.test(todo)),
  ).toEqual([]);
});

test("one clock on the screen, also when the computer's zone changes", async () => {
  const zone = process.env.TZ;
  process.env.TZ = "Europe/Berlin";
  checkZone();
  await openPage(inboxScene);
  rowOf("12")?.click();
  await settle();
  const times = () => bubbles().map((one) => one.textContent.match(/\d\d:\d\d/g)?.join());
  const before = times();
  process.env.TZ = "Asia/Tokyo";
  dispatchEvent(new Event("focus"));
  await settle();
  expect(before.length).toBeGreaterThan(0);
  expect(times()).not.toEqual(before);
  process.env.TZ = zone;
  checkZone();
});
