import { screen, within } from "@testing-library/svelte";
import { describe, expect, test, vi } from "vitest";

import type { FakeDesk } from "../dev/fake";
import { kindsScene } from "../dev/kinds";
import { bubbles, openPage, press, rowOf, settle, type } from "./world";

const input = (): HTMLInputElement => screen.getByRole("combobox", { name: "Search messages, people and commands" });
const options = (): HTMLElement[] => screen.queryAllByRole("option").filter((one) => one.id.startsWith("palette-"));
const active = (): string =>
  document
    .getElementById(input().getAttribute("aria-activedescendant") ?? "")
    ?.textContent?.replace(/\s+/g, " ")
    .trim() ?? "";
const looking = (): string | undefined => document.querySelector("[data-looking]")?.textContent ?? undefined;
const sections = (): string[] =>
  [...document.querySelectorAll("[data-palette] [role=group]")].map(
    (one) => document.getElementById(one.getAttribute("aria-labelledby") ?? "")?.textContent ?? "",
  );

/** A frame, the moment after it, and the answer. */
async function answered(): Promise<void> {
  await new Promise((resolve) => requestAnimationFrame(() => setTimeout(resolve, 0)));
  await settle();
}

async function search(text: string, scene: (desk: FakeDesk) => void = kindsScene) {
  const page = await openPage(scene);
  press(document.body, "k", { ctrlKey: true });
  await settle();
  if (text !== "") {
    type(input(), text);
    await answered();
  }
  return page;
}

describe("the palette", () => {
  test("opens from anywhere and explains how to narrow a search down", async () => {
    await search("");
    expect(document.activeElement).toBe(input());
    expect(sections()).toEqual(["Narrow it down", "Commands"]);
    expect(options()[0]?.textContent).toContain("from:");
    press(input(), "k", { ctrlKey: true });
    await settle();
    expect(screen.queryByRole("combobox")).toBeNull();
  });

  test("shows people and messages with what was typed standing out", async () => {
    await search("linen");
    expect(sections()).toEqual(["Messages"]);
    expect(options()[0]?.querySelector("mark")?.textContent).toBe("linen");
    expect(document.querySelector("[data-searched]")?.textContent).toMatch(/^2\d\d messages searched$/);
    type(input(), "nadia");
    await answered();
    expect(sections()).toEqual(["People", "Messages"]);
    expect(within(options()[0] as HTMLElement).getByText("Nadia").tagName).toBe("MARK");
  });

  test("asks after the character is on screen, once for what is typed at once, and drops late answers", async () => {
    const { desk } = await search("");
    type(input(), "l");
    expect(desk.count("search")).toBe(0);
    type(input(), "li");
    await answered();
    expect(desk.asked.filter((one) => one.command === "search").map((one) => one.args.text)).toEqual(["li"]);
    const release = desk.hold("search");
    type(input(), "lin");
    await answered();
    // What was there stays until there is something newer.
    const before = options().length;
    expect(before).toBeGreaterThan(0);
    desk.held.delete("search");
    type(input(), "nadia");
    await answered();
    const now = options().map((one) => one.textContent);
    release();
    await answered();
    expect(options().map((one) => one.textContent)).toEqual(now);
    expect(now[0]).toContain("Nadia");
  });

  test("is moved through with the keys, and the field keeps the focus", async () => {
    await search("line");
    const first = active();
    press(input(), "ArrowDown");
    await settle();
    expect(active()).not.toBe(first);
    press(input(), "ArrowUp");
    press(input(), "ArrowUp");
    await settle();
    expect(input().getAttribute("aria-activedescendant")).toBe(`palette-${options().length - 1}`);
    for (const [key, place] of [
      ["Home", 0],
      ["PageDown", 8],
      ["End", options().length - 1],
      ["PageUp", options().length - 9],
    ] as const) {
      press(input(), key);
      await settle();
      expect(input().getAttribute("aria-activedescendant")).toBe(`palette-${place}`);
    }
    expect(document.activeElement).toBe(input());
  });

  test("opens a message in its place, however far back, with the words standing out", async () => {
    const { desk, app } = await search("hello question");
    press(input(), "Enter");
    await settle(40);
    expect(app.navigation.conversation).toBe("41");
    const first = desk.of("41").messages[0]?.id ?? "";
    expect(app.thread?.range.messages[0]?.id).toBe(first);
    expect(app.thread?.range.hasNewer).toBe(true);
    const bubble = bubbles().find((one) => one.dataset["message"] === first);
    expect([...(bubble?.querySelectorAll("mark") ?? [])].map((one) => one.textContent)).toEqual(["hello", "question"]);
    expect(bubble?.querySelector(".pointed")).toBeTruthy();
    expect(document.activeElement).toBe(bubble);
    // Nothing but the place itself was asked for.
    expect(desk.asked.filter((one) => one.command === "listMessages").map((one) => one.args.around)).toEqual([first]);
    // Escape lets the words go first.
    press(bubble as HTMLElement, "Escape");
    await settle(30);
    expect(document.querySelectorAll("[data-message] mark")).toHaveLength(0);
  });

  test("Enter before the answer waits for it", async () => {
    const { app } = await search("");
    type(input(), "hello question");
    press(input(), "Enter");
    expect(app.navigation.conversation).not.toBe("41");
    await answered();
    await settle(40);
    expect(app.navigation.conversation).toBe("41");
  });

  test("opens a person’s conversation", async () => {
    const { app } = await search("zoë");
    press(input(), "Enter");
    await settle(20);
    expect(app.navigation.conversation).toBe("42");
    expect(document.activeElement?.getAttribute("data-composer")).toBe("42");
  });

  test("says so when the message is gone meanwhile", async () => {
    const { desk, app } = await search("hello question");
    desk.of("41").messages.shift();
    press(input(), "Enter");
    await settle(40);
    expect(screen.getByText("This message is no longer here.")).toBeTruthy();
    expect(app.thread?.loaded).toBe(true);
    expect(bubbles().length).toBeGreaterThan(0);
  });

  test("gives commands, each with its key", async () => {
    const { app } = await search(">sett");
    expect(sections()).toEqual(["Commands"]);
    expect(active()).toMatch(/^Settings Ctrl ,$/);
    press(input(), "Enter");
    await settle();
    expect(app.navigation.screen).toBe("settings");
    expect(screen.queryByRole("combobox")).toBeNull();
  });

  test("offers only the commands that can be given here", async () => {
    await search(">");
    expect(
      options()
        .map((one) => one.textContent)
        .join(),
    ).not.toContain("Write a reply");
    press(input(), "k", { ctrlKey: true });
    rowOf("11")?.click();
    await settle();
    press(document.body, "k", { ctrlKey: true });
    await settle();
    type(input(), ">");
    await settle();
    expect(
      options()
        .map((one) => one.textContent)
        .join(),
    ).toContain("Write a reply");
  });

  test("completes an operator with Tab and says what is wrong with one", async () => {
    await search("linen ha");
    press(input(), "Tab");
    await settle();
    expect(input().value).toBe("linen has:");
    press(input(), "Tab");
    await settle();
    expect(input().value).toBe("linen has:photo ");
    type(input(), "from:xyz before:soon");
    await answered();
    expect([...document.querySelectorAll("[data-problem]")].map((one) => one.textContent)).toEqual([
      "Nobody is called “xyz”.",
      "“soon” is no date. Write one such as 2026-11-05.",
    ]);
  });

  test("searches one account or all of them", async () => {
    const { desk } = await search("linen");
    press(input(), "å", { altKey: true, code: "KeyA" });
    await answered();
    expect(desk.asked.flatMap((one) => (one.command === "search" ? [one.args.account] : []))).toEqual([null, "1"]);
    expect(document.querySelector("[data-scope]")?.textContent).toContain("@maisonbloom");
  });

  test("remembers what led somewhere, for as long as it runs", async () => {
    const { app } = await search("hello question");
    press(input(), "Enter");
    await settle(40);
    press(document.body, "k", { ctrlKey: true });
    await settle();
    expect(sections()[0]).toBe("Searched before");
    press(input(), "Enter");
    await answered();
    expect(input().value).toBe("hello question");
    expect(app.search.results?.messages).toHaveLength(1);
  });

  test("says what went wrong and asks again", async () => {
    const { desk } = await search("");
    desk.fail("search", "unexpected");
    type(input(), "linen");
    await answered();
    expect(screen.getByRole("alert").textContent).toContain("The search did not work");
    expect(options()).toHaveLength(0);
    screen.getByRole("button", { name: "Try again" }).click();
    await answered();
    expect(options().length).toBeGreaterThan(0);
  });

  test("says when nothing is found, and while the search is still being prepared", async () => {
    const { desk } = await search("zebra");
    expect(screen.getByText("Nothing found for “zebra”")).toBeTruthy();
    desk.rebuilding = true;
    type(input(), "linen");
    await answered();
    expect(document.querySelector("[data-rebuilding]")?.textContent).toContain("Older messages may not be found yet");
  });

  test("asks on while not everything was looked through, and says that it does", async () => {
    const { desk, app } = await search("");
    desk.looks = 50;
    const first = desk.hold("search");
    type(input(), "hello question");
    await answered();
    first();
    const second = desk.hold("search");
    await answered();
    // The first answer has nothing yet, which is not the same as nothing.
    expect(screen.queryByText("Nothing found for “hello question”")).toBeNull();
    expect(looking()).toBe("Still looking…");
    press(input(), "Enter");
    second();
    await settle(60);
    expect(app.navigation.conversation).toBe("41");
    const below = desk.asked.flatMap((one) => (one.command === "search" ? [one.args.below] : []));
    expect(below.length).toBeGreaterThan(2);
    expect(new Set(below).size).toBe(below.length);
  });

  test("says that nothing was found once everything was looked through", async () => {
    const { desk } = await search("");
    desk.looks = 50;
    type(input(), "zebra");
    await answered();
    await settle(60);
    expect(screen.getByText("Nothing found for “zebra”")).toBeTruthy();
    expect(looking()).toBeUndefined();
    expect(desk.count("search")).toBeGreaterThan(2);
  });

  test("says how far it has come when it takes long, and typing on ends it", async () => {
    const { desk, app } = await search("");
    desk.looks = 20;
    const first = desk.hold("search");
    type(input(), "zebra");
    await answered();
    const now = vi.spyOn(performance, "now").mockReturnValue(performance.now() + 1_500);
    first();
    const second = desk.hold("search");
    await settle();
    now.mockRestore();
    expect(looking()).toMatch(/^Still looking\. Everything since .+ has been looked through\.$/);
    type(input(), "linen");
    second();
    await answered();
    await settle(60);
    expect(app.search.answered).toBe("linen");
    expect(looking()).toBeUndefined();
    expect(desk.asked.filter((one) => one.command === "search" && one.args.text === "zebra")).toHaveLength(2);
  });

  test("offers saved replies where one writes, and puts the chosen one where the caret is", async () => {
    const { desk, app } = await search("linen refun");
    expect(
      options()
        .map((one) => one.textContent)
        .join(),
    ).not.toContain("Insert saved reply");
    press(input(), "k", { ctrlKey: true });
    rowOf("41")?.click();
    await settle(20);
    const composer = document.querySelector<HTMLTextAreaElement>("[data-composer]");
    if (!composer) throw new Error("there is a composer");
    type(composer, "One moment:");
    composer.setSelectionRange(11, 11);
    press(document.body, "k", { ctrlKey: true });
    await settle();
    type(input(), "linen siz");
    await answered();
    const offered = options().filter((one) => one.dataset["entry"]?.startsWith("saved "));
    expect(offered.map((one) => one.textContent?.replace(/\s+/g, " ").trim())).toEqual([
      "Insert saved reply “Size chart, linen” /size",
    ]);
    offered[0]?.click();
    await settle(30);
    expect(composer.value).toBe(
      "One moment: Here is our size chart. Between two sizes? Take the smaller one, linen gives a little.",
    );
    expect(desk.count("useSavedReply")).toBe(1);
    expect(app.search.open).toBe(false);
  });

  test("counts aloud once the typing pauses", async () => {
    await search("linen");
    const said = (): string =>
      [...document.querySelectorAll("[data-palette] p[role=status]")].map((one) => one.textContent).join("");
    expect(said()).toBe("");
    await new Promise((resolve) => setTimeout(resolve, 700));
    await settle();
    expect(said()).toMatch(/^\d messages$/);
  });

  test("no key of the window acts behind it", async () => {
    const { desk } = await search("linen");
    press(input(), "Escape");
    press(screen.getByRole("listbox", { name: "Results" }), "e");
    await settle();
    expect(desk.count("setConversationStatus")).toBe(0);
  });
});
