import { screen, within } from "@testing-library/svelte";
import { describe, expect, test } from "vitest";

import { sendingScene } from "../dev/sending";
import type { UnsentView } from "../src/ipc/bindings";
import { waysOf } from "../src/domain/unsent";
import { clampedParts } from "../src/text/marked";
import { clamped, MAX_SHOWN_LINES } from "../src/text/sanitize";
import { openPage, press, rowOf, settle } from "./world";

const reply = (delivery: Extract<UnsentView, { kind: "reply" }>["delivery"]): UnsentView => ({
  kind: "reply",
  message: "1",
  snippet: { kind: "text", text: "x" },
  delivery,
});

describe("what has not gone out", () => {
  test("has a count in the rail and a place with each reply, its reason and its ways on", async () => {
    const { app, desk } = await openPage(sendingScene);
    const all = desk.conversations.reduce((sum, talk) => sum + talk.row.unsent, 0);
    expect(all).toBeGreaterThan(0);
    const button = screen.getByRole("button", { name: `${all} unsent replies` });
    button.click();
    await settle();
    expect(app.navigation.tab).toBe("unsent");
    const place = screen.getByRole("group", { name: "Unsent replies" });
    expect(place.querySelectorAll("[data-unsent]").length).toBeGreaterThan(0);
    for (const item of place.querySelectorAll<HTMLElement>("[data-unsent]"))
      expect(item.querySelector(".why span")?.textContent).not.toBe("");
    const first = within(place).getAllByRole("button", { name: /^Open the conversation with/ })[0];
    first?.click();
    await settle();
    expect(app.navigation.conversation).not.toBeNull();
    press(document.body, "j");
    await settle();
    expect(app.navigation.conversation).not.toBeNull();
  });

  test("is marked in its row by its own words", async () => {
    const { app, desk } = await openPage(sendingScene);
    app.inbox.chooseTab("all");
    await settle();
    const unsent = desk.conversations.filter((talk) => talk.row.unsent > 0);
    for (const talk of unsent)
      expect(rowOf(talk.row.id)?.querySelector("[data-unsent] .sr")?.textContent).toMatch(
        /Not sent|Queued|Sends in|Sending|Scheduled|confirmed|Uploading/,
      );
  });

  test("offers only ways that are safe", () => {
    expect(waysOf(reply({ state: "sending" }))).toEqual([]);
    expect(waysOf(reply({ state: "unconfirmed", stage: "checking" }))).toEqual([]);
    expect(waysOf(reply({ state: "unconfirmed", stage: "undecided" }))).toEqual(["again", "arrived", "discard"]);
    expect(waysOf(reply({ state: "stopped", why: "colleagueReplied" }))).toEqual(["anyway", "back"]);
    expect(waysOf(reply({ state: "stopped", why: "unreadable" }))).toEqual(["back"]);
    expect(waysOf(reply({ state: "queued", waiting: { reason: "offline" } }))).toEqual(["back"]);
    expect(
      waysOf({ kind: "scheduled", scheduled: "1", snippet: { kind: "text", text: "" }, atMs: 1, stopped: null }),
    ).toEqual(["sendNow", "back"]);
  });

  test("an automatic last line is not ours", async () => {
    const { app, desk } = await openPage();
    const row = desk.conversations.find((talk) => talk.row.id === "14")?.row;
    if (row) row.snippetAutomatic = true;
    app.inbox.chooseTab("all");
    await settle();
    expect(rowOf("14")?.textContent).toMatch(/Automatic:\s*The tracking link/);
    expect(rowOf("14")?.textContent).not.toContain("You:");
  });
});

describe("closing Deskbell", () => {
  const departure = {
    asked: true,
    held: 1,
    onTheWay: 2,
    toDecide: 0,
    scheduled: 1,
    nextScheduledMs: Date.now() + 86_400_000,
    rules: true,
    tray: false,
  };

  test("names what would be held up, and stays unless told otherwise", async () => {
    const { desk } = await openPage();
    desk.departure = { ...departure };
    desk.tell({ kind: "departure" });
    await settle();
    const dialog = screen.getByRole("alertdialog", { hidden: true });
    expect(dialog.textContent).toMatch(
      /1 reply is about to be sent, 2 replies have not gone out, and 1 is scheduled for/,
    );
    expect(dialog.textContent).toContain("Nor do rules answer anybody.");
    expect(dialog.querySelector("[data-tray]")).toBeNull();
    dialog.querySelector<HTMLElement>("[data-stay]")?.click();
    await settle();
    expect(desk.count("cancelDeparture")).toBe(1);
    expect(desk.count("quitApp")).toBe(0);
    expect(screen.queryByRole("alertdialog", { hidden: true })).toBeNull();
  });
});

describe("damage met in use", () => {
  test("is told wherever the agent is, with the way to have it mended", async () => {
    const { app, desk } = await openPage();
    app.navigation.go("settings");
    desk.overview.damaged = true;
    desk.tell({ kind: "accounts" });
    await settle();
    expect(screen.getByRole("alert").textContent).toContain("Deskbell’s data is damaged");
    expect(screen.getByRole("button", { name: "Restart and mend" })).toBeTruthy();
  });
});

describe("a message of many short lines", () => {
  test("is folded by its lines", () => {
    const lines = Array.from({ length: 2_000 }, (_, at) => String(at)).join("\n");
    const cut = clamped(lines);
    expect(cut.text.split("\n")).toHaveLength(MAX_SHOWN_LINES);
    expect(cut.hidden).toBe(lines.length - cut.text.length);
    const marked = clampedParts([{ text: lines, on: false }], 4_000);
    expect(marked.parts[0]?.text.split("\n")).toHaveLength(MAX_SHOWN_LINES);
    expect(clamped("a\nb").hidden).toBe(0);
  });
});
