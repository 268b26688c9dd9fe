import { screen } from "@testing-library/svelte";
import { describe, expect, test } from "vitest";

import { kindsScene } from "../dev/kinds";
import { longScene } from "../dev/long";
import { bubbles, openPage, press, rowOf, settle, type } from "./world";

const field = (): HTMLInputElement => screen.getByRole("textbox", { name: "Find in this conversation" });
const count = (): string => document.querySelector("[data-find] [role=status]")?.textContent ?? "";
const marks = (): string[] => [...document.querySelectorAll("[data-message] mark")].map((one) => one.textContent ?? "");

async function find(text: string) {
  const page = await openPage(kindsScene);
  rowOf("41")?.click();
  await settle(20);
  document.querySelector<HTMLElement>("[data-composer]")?.focus();
  press(document.activeElement ?? document.body, "f", { ctrlKey: true });
  await settle();
  if (text !== "") {
    type(field(), text);
    await settle(30);
  }
  return page;
}

describe("finding in a conversation", () => {
  test("counts, marks all that is shown, and marks the one it is at more strongly", async () => {
    const { desk, app } = await find("coat");
    expect(count()).toBe("1 of 122");
    expect(marks().length).toBeGreaterThan(5);
    expect(document.querySelector(".now")?.getAttribute("data-message")).toBe(desk.of("41").messages.at(-1)?.id);
    expect(document.activeElement).toBe(field());
    expect(app.thread?.words).toBe("coat");
  });

  test("goes on with Enter and F3, back with Shift, round at the end, and keeps the focus", async () => {
    await find("coat");
    press(field(), "Enter");
    await settle(20);
    expect(count()).toBe("2 of 122");
    press(field(), "F3");
    await settle(20);
    expect(count()).toBe("3 of 122");
    press(field(), "Enter", { shiftKey: true });
    press(field(), "F3", { shiftKey: true });
    await settle(20);
    expect(count()).toBe("1 of 122");
    screen.getByRole("button", { name: "Previous match, further down" }).click();
    await settle(30);
    expect(count()).toBe("122 of 122");
    expect(document.activeElement).toBe(field());
  });

  test("shows a hit far back in its place, and both ways lead on from there", async () => {
    const { desk, app } = await find("question");
    const first = desk.of("41").messages[0]?.id;
    press(field(), "Enter", { shiftKey: true });
    await settle(30);
    expect(app.thread?.range.messages[0]?.id).toBe(first);
    expect(marks()).toContain("question");
    const before = app.thread?.range.messages.length ?? 0;
    await app.thread?.newer();
    await settle();
    expect(app.thread?.range.messages.length).toBeGreaterThan(before);
    expect(bubbles().length).toBeLessThanOrEqual(212);
  });

  test("new messages are looked through, too", async () => {
    const { desk } = await find("coat");
    desk.receive("41", "one more coat, please");
    await settle(40);
    expect(count()).toBe("2 of 123");
    expect(bubbles().at(-1)?.querySelector("mark")?.textContent).toBe("coat");
  });

  test("says when nothing answers, and when there is more than it lists", async () => {
    const { desk, app } = await find("zebra");
    expect(count()).toBe("No match");
    expect(marks()).toEqual([]);
    for (let n = 0; n < 1_100; n += 1)
      desk
        .of("41")
        .messages.unshift({ ...desk.of("41").messages[0]!, id: `z${n}`, content: { type: "text", body: "zebra" } });
    type(field(), "zebr");
    await settle(30);
    expect(count()).toBe("1 of 1,000+");
    expect(app.thread?.find.more).toBe(true);
  });

  test("says what it cannot follow, and goes by the clock here", async () => {
    const { desk } = await find("coat on:soon from:nobody");
    const problems = (): (string | null)[] =>
      [...document.querySelectorAll("[data-find] [data-problem]")].map((one) => one.textContent);
    expect(problems()).toEqual(["“soon” is no date. Write one such as 2026-11-05.", "Nobody is called “nobody”."]);
    expect(desk.asked.findLast((one) => one.command === "findInThread")?.args).toMatchObject({
      timeZone: Intl.DateTimeFormat().resolvedOptions().timeZone,
      utcOffsetMin: -new Date().getTimezoneOffset(),
    });
    type(field(), "coat");
    await settle(30);
    expect(problems()).toEqual([]);
  });

  test("marks what was found in a card, in its title and on its buttons", async () => {
    const { desk } = await find("");
    desk.of("41").messages.push({
      ...desk.of("41").messages.at(-1)!,
      id: "card",
      content: { type: "card", kind: "button", title: "A zebra?", buttons: ["No", "Yes, two zebras"] },
    });
    type(field(), "zebra");
    await settle(30);
    expect(count()).toBe("1 of 1");
    const card = document.querySelector("[data-message=card]");
    expect([...(card?.querySelectorAll("mark") ?? [])].map((one) => one.parentElement?.textContent)).toEqual([
      "A zebra?",
      "Yes, two zebras",
    ]);
    expect([...(card?.querySelectorAll("mark") ?? [])].map((one) => one.textContent)).toEqual(["zebra", "zebra"]);
  });

  test("drops an answer to what no longer stands in the field", async () => {
    const { desk } = await find("");
    const release = desk.hold("findInThread");
    type(field(), "zebra");
    await settle();
    desk.held.delete("findInThread");
    type(field(), "coat");
    await settle(30);
    expect(count()).toBe("1 of 122");
    release();
    await settle(30);
    expect(count()).toBe("1 of 122");
  });

  test("Escape closes it, lets the marks go, and gives the focus back", async () => {
    const { app } = await find("coat");
    press(field(), "Escape");
    await settle(30);
    expect(app.thread?.find.open).toBe(false);
    expect(marks()).toEqual([]);
    expect(document.activeElement?.getAttribute("data-composer")).toBe("41");
  });

  test("offers to try again when the desk cannot answer", async () => {
    const { desk } = await find("");
    desk.fail("findInThread", "unexpected");
    type(field(), "coat");
    await settle(20);
    screen.getByRole("button", { name: "Try again" }).click();
    await settle(30);
    expect(count()).toBe("1 of 122");
  });
});

describe("a long conversation", () => {
  async function long() {
    const page = await openPage((desk) => longScene(desk, 3_000));
    rowOf("70")?.click();
    await settle(20);
    return page;
  }

  test("goes to its first message and back to its newest with Home and End", async () => {
    const { desk, app } = await long();
    const all = desk.of("70").messages;
    const back = () => desk.asked.filter((one) => one.command === "listMessages" && one.args.before !== null).length;
    const before = back();
    press(screen.getByRole("log"), "Home");
    await settle(400);
    expect(back()).toBe(before);
    expect(app.thread?.range.messages[0]?.id).toBe(all[0]?.id);
    expect(app.thread?.range.hasOlder).toBe(false);
    press(screen.getByRole("log"), "End");
    await settle(60);
    expect(app.thread?.range.messages.at(-1)?.id).toBe(all.at(-1)?.id);
    expect(app.thread?.range.hasNewer).toBe(false);
  });

  test("a page that comes late does not disturb the place the agent has gone to", async () => {
    const { desk, app } = await long();
    const release = desk.hold("listMessages");
    const paging = app.thread?.older();
    await settle();
    desk.held.delete("listMessages");
    const there = desk.of("70").messages[100]?.id ?? "";
    expect(await app.thread?.show(there)).toBe(true);
    const held = app.thread?.range;
    release();
    await paging;
    await settle();
    expect(app.thread?.range.messages.slice(0, 3)).toEqual(held?.messages.slice(0, 3));
    expect(app.thread?.has(there)).toBe(true);
  });

  test("is asked for again where the agent is, not at its end", async () => {
    const { desk, app } = await long();
    const there = desk.of("70").messages[1500]?.id ?? "";
    await app.thread?.show(there);
    await settle(20);
    const before = app.thread?.range.messages.map((one) => one.id);
    const changed = desk.of("70").messages[1500];
    if (changed) changed.reactions = [{ emoji: "🎈", from: "in" }];
    desk.receive("70", "and now?");
    await settle(40);
    expect(app.thread?.range.messages.map((one) => one.id)).toEqual(before);
    expect(app.thread?.range.messages.find((one) => one.id === there)?.reactions).toHaveLength(1);
    expect(screen.getByRole("button", { name: "1 new message" })).toBeTruthy();
  });
});
