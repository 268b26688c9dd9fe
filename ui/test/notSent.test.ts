// A reply that was not sent is announced wherever the agent is, with a way to its conversation.
import { screen } from "@testing-library/svelte";
import { describe, expect, test, vi } from "vitest";

import { triageScene } from "../dev/triaged";
import type { Delivery, Event } from "../src/ipc/bindings";
import { field, openPage, rowOf, settle } from "./world";

const STOPPED: Delivery = { state: "stopped", why: "colleagueReplied" };
const REFUSED: Delivery = {
  state: "refused",
  reason: "windowClosed",
  code: 40064,
  message: "",
  requestId: "",
  atMs: 0,
};
const LOST: Delivery = { state: "unconfirmed", stage: "undecided" };
const notSent = (delivery: Delivery, conversation = "14"): Event => ({
  event: "notSent",
  account: "1",
  conversation,
  name: "Thảo Phạm",
  delivery,
});
const alarms = (): string[] =>
  screen
    .queryAllByRole("alert")
    .map((one) => one.textContent ?? "")
    .filter((text) => text.includes("your reply") || text.includes("Your reply"));

describe("A reply that was not sent", () => {
  test("is read out at once, whatever the agent does, and leads to its conversation", async () => {
    const { desk, app } = await openPage(triageScene);
    for (const [delivery, words] of [
      [STOPPED, "Your reply to Thảo Phạm was not sent: a colleague answered meanwhile."],
      [REFUSED, "Your reply to Thảo Phạm was not sent: "],
      [LOST, "TikTok never confirmed your reply to Thảo Phạm. It may have arrived."],
    ] as const) {
      app.navigation.go("settings");
      desk.say(notSent(delivery));
      await settle();
      expect(alarms()).toHaveLength(1);
      expect(alarms()[0]).toContain(words);
      screen.getByRole("button", { name: "Open" }).click();
      await settle();
      expect(screen.getByRole("heading", { level: 2 }).textContent).toBe("Thảo Phạm");
      expect(document.activeElement).toBe(field());
      expect(alarms()).toEqual([]);
      app.navigation.open(null);
    }
  });

  test("stays announced until the agent has seen its conversation, however they come to it", async () => {
    vi.useFakeTimers({ shouldAdvanceTime: true });
    const { desk, app } = await openPage(triageScene);
    desk.say(notSent(STOPPED));
    await settle();
    await vi.advanceTimersByTimeAsync(60_000);
    expect(alarms()).toHaveLength(1);
    app.inbox.chooseTab("all");
    await settle();
    rowOf("14")?.click();
    await settle();
    expect(alarms()).toEqual([]);
    vi.useRealTimers();
  });

  test("is told by the thread itself while that is before the agent's eyes", async () => {
    const { desk, app } = await openPage(triageScene);
    app.openFound("1", "14");
    await settle();
    desk.say(notSent(STOPPED));
    await settle();
    expect(alarms()).toEqual([]);
    document.hasFocus = () => false;
    window.dispatchEvent(new FocusEvent("blur"));
    await settle();
    desk.say(notSent(STOPPED));
    await settle();
    expect(alarms()).toHaveLength(1);
    document.hasFocus = () => true;
    window.dispatchEvent(new FocusEvent("focus"));
    await settle();
    expect(alarms()).toEqual([]);
  });
});
