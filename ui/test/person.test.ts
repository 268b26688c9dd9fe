import { screen } from "@testing-library/svelte";
import { describe, expect, test } from "vitest";

import { keepingScene } from "../dev/kept";
import { tag } from "../dev/keeping";
import { suggested } from "../src/domain/tags";
import { openPage, press, rowOf, settle, type } from "./world";

const panel = (): HTMLElement => screen.getByRole("complementary", { name: "Person" });
const chips = (): string[] =>
  [...panel().querySelectorAll<HTMLElement>("[data-tag] bdi")]
    .filter((one) => !one.closest("[role=option]"))
    .map((one) => one.textContent ?? "");
const combo = (): HTMLInputElement => screen.getByRole("combobox", { name: "Tag" });
const options = (): string[] =>
  [...panel().querySelectorAll<HTMLElement>("[role=option]")].map(
    (one) => one.textContent?.replace(/\s+/g, " ").trim() ?? "",
  );

async function opened(id = "11") {
  const page = await openPage(keepingScene);
  rowOf(id)?.click();
  await settle();
  return page;
}

describe("the person panel", () => {
  test("says who it is: tags, follower, first message, where from", async () => {
    await opened();
    expect(chips()).toEqual(["Restock", "Size M"]);
    expect(panel().textContent).toMatch(/Follower\s*Yes/);
    expect(panel().textContent).toMatch(/First message\s*\w+ \d+, \d{4}/);
    expect(panel().textContent).toMatch(/Came from\s*Ad, Autumn linen, 20% off/);
  });

  test("L opens the field for a tag; Enter adds, and Escape goes back to where the agent was", async () => {
    const { desk } = await opened();
    const list = screen.getByRole("listbox", { name: "Conversations" });
    list.focus();
    press(list, "l");
    await settle();
    expect(document.activeElement).toBe(combo());
    type(combo(), "Gift");
    await settle();
    expect(options()).toEqual(["New tag “Gift”"]);
    press(combo(), "Enter");
    await settle();
    expect(desk.asked.findLast((one) => one.command === "addTag")?.args).toEqual({ conversation: "11", name: "Gift" });
    expect(chips()).toEqual(["Gift", "Restock", "Size M"]);
    expect(combo().value).toBe("");
    press(combo(), "Escape");
    await settle();
    expect(screen.queryByRole("combobox", { name: "Tag" })).toBeNull();
    expect(document.activeElement).toBe(list);
  });

  test("suggests the account’s tags that the customer does not have, and the arrows choose one", async () => {
    const { desk } = await opened("15");
    screen.getByRole("button", { name: "Add a tag" }).click();
    await settle();
    expect(options()).toHaveLength(6);
    type(combo(), "re");
    await settle();
    expect(options()).toEqual([
      "Restock 3 customers",
      "Refund",
      "Address 1 customer",
      "Korea 1 customer",
      "New tag “re”",
    ]);
    press(combo(), "ArrowDown");
    press(combo(), "ArrowDown");
    await settle();
    const on = panel().querySelector('[role=option][aria-selected="true"]');
    expect(on?.textContent).toContain("Refund");
    expect(combo().getAttribute("aria-activedescendant")).toBe(on?.id);
    press(combo(), "Enter");
    await settle();
    expect(desk.of("15").row.tags.map((one) => one.name)).toEqual(["Refund"]);
  });

  test("takes a known tag however it is written, and never twice", async () => {
    const { desk } = await opened("11");
    screen.getByRole("button", { name: "Add a tag" }).click();
    await settle();
    type(combo(), " vip ");
    press(combo(), "Enter");
    await settle();
    expect(desk.asked.findLast((one) => one.command === "addTag")?.args).toEqual({ conversation: "11", name: "VIP" });
    type(combo(), "restock");
    press(combo(), "Enter");
    await settle();
    expect(desk.count("addTag")).toBe(1);
  });

  test("takes tags off with their button, and with Backspace in the empty field", async () => {
    const { desk } = await opened();
    const off = screen.getByRole("button", { name: "Remove the tag Restock" });
    off.focus();
    off.click();
    await settle();
    expect(chips()).toEqual(["Size M"]);
    expect(document.activeElement).toBe(screen.getByRole("button", { name: "Remove the tag Size M" }));
    screen.getByRole("button", { name: "Add a tag" }).click();
    await settle();
    type(combo(), "x");
    press(combo(), "Backspace");
    await settle();
    expect(chips()).toEqual(["Size M"]);
    type(combo(), "");
    press(combo(), "Backspace");
    await settle();
    expect(chips()).toEqual([]);
    expect(desk.count("removeTag")).toBe(2);
  });

  test("says so when a tag could not be kept", async () => {
    const { desk } = await opened();
    desk.fail("addTag", "diskFull");
    screen.getByRole("button", { name: "Add a tag" }).click();
    await settle();
    type(combo(), "Gift");
    press(combo(), "Enter");
    await settle();
    expect(screen.getByRole("alert").textContent).toContain("Nothing can be written to the disk.");
    expect(combo().value).toBe("Gift");
  });

  test("opens itself for the key when it is closed", async () => {
    const { app } = await opened();
    await app.shell.changeSettings({ personPanel: false });
    await settle();
    press(document.body, "l");
    await settle();
    expect(app.personShown).toBe(true);
    expect(document.activeElement).toBe(combo());
  });

  test("shows the newest photos, which open the viewer, and follows the conversation", async () => {
    const { desk, app } = await opened();
    const shared = (): HTMLElement[] => [...panel().querySelectorAll<HTMLElement>("[data-photo]")];
    const photos = desk
      .of("11")
      .messages.filter((one) => one.content.type === "image")
      .map((one) => one.id);
    expect(shared().map((one) => one.dataset["photo"])).toEqual(photos.slice(-8).reverse());
    shared()[1]?.click();
    await settle();
    expect(app.viewer.message).toBe(photos.at(-2));
    app.viewer.close();
    await settle();
    rowOf("12")?.click();
    await settle();
    expect(shared()).toEqual([]);
  });
});

describe("suggestions for a tag", () => {
  const all = ["Refund", "Restock", "Address", "VIP"].map((name, people) => ({ tag: tag(name), people }));
  test("begin with what was typed, then hold it, and leave out what is there already", () => {
    expect(suggested(all, [], "re").map((one) => one.tag.name)).toEqual(["Refund", "Restock", "Address"]);
    expect(suggested(all, [tag("refund")], "RE").map((one) => one.tag.name)).toEqual(["Restock", "Address"]);
    expect(suggested(all, [], "", 2)).toHaveLength(2);
  });
});
