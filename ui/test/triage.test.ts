import { screen, within } from "@testing-library/svelte";
import axe from "axe-core";
import { describe, expect, test } from "vitest";

import { triageScene } from "../dev/triaged";
import { fitting } from "../src/features/inbox/fit";
import { matching } from "../src/domain/agents";
import { openPage, press, rowOf, settle, type } from "./world";

const HOUR = 3_600_000;
const rows = (): string[] =>
  [...document.querySelectorAll<HTMLElement>("[data-conversation]")]
    .sort((a, b) => Number(a.getAttribute("aria-posinset")) - Number(b.getAttribute("aria-posinset")))
    .map((one) => one.dataset["conversation"] ?? "");
const words = (of: Element | null): string => of?.textContent?.replace(/\s+/g, " ").trim() ?? "";
const listbox = (): HTMLElement => screen.getByRole("listbox", { name: "Conversations" });
const popover = (name: string): HTMLElement => screen.getByRole("dialog", { name });
const combo = (): HTMLInputElement => screen.getByRole("combobox", { name: "Assign to" });
const choices = (): string[] => within(popover("Assign to")).getAllByRole("option").map(words);
const asked = (desk: { asked: { command: string; args: unknown }[] }, command: string): unknown[] =>
  desk.asked.filter((one) => one.command === command).map((one) => one.args);

async function opened(id = "11", tab: "waiting" | "all" | "snoozed" | "done" = "waiting") {
  const page = await openPage(triageScene);
  page.app.inbox.chooseTab(tab);
  await settle();
  rowOf(id)?.click();
  await settle();
  listbox().focus();
  return page;
}

async function pressed(key: string): Promise<void> {
  press(document.activeElement ?? document.body, key);
  await settle();
}

/** What axe finds wrong; what needs a layout (colours) is looked at in the screenshots. */
async function faults(): Promise<string[]> {
  const { violations } = await axe.run(document.body, {
    runOnly: ["wcag2a", "wcag2aa", "wcag21aa", "wcag22aa"],
    rules: { "color-contrast": { enabled: false }, "target-size": { enabled: false } },
  });
  return violations.flatMap((one) => one.nodes.map((node) => `${one.id}: ${node.html.slice(0, 120)}`));
}

describe("the tabs", () => {
  test("count what is mine and what is put away", async () => {
    await openPage(triageScene);
    const names = [...document.querySelectorAll("[role=tab]")].map((one) =>
      words(one).replace(/(\d)/, " $1").replace(/\s+/g, " "),
    );
    expect(names).toEqual(["Waiting 8", "Requests 1", "All 9", "Mine 2", "Snoozed 3", "Unsent 4", "Done"]);
  });

  test("show in Snoozed what comes back soonest first, and when", async () => {
    await openPage(triageScene);
    screen.getByRole("tab", { name: /Snoozed/ }).click();
    await settle();
    expect(rows()).toEqual(["20", "18", "17"]);
    expect(rowOf("18")?.textContent).toMatch(/Tomorrow 09:00/);
    expect(rowOf("18")?.querySelector("time")?.getAttribute("title")).toBe("Comes back Tomorrow 09:00 AM");
    expect(rowOf("17")?.textContent).toMatch(/\w{3} 09:00/);
  });

  test("say whose a row is, but in Mine, where all are mine", async () => {
    const { app } = await openPage(triageScene);
    const whose = (id: string): string | undefined =>
      rowOf(id)?.querySelector("[data-assignee]")?.getAttribute("title") ?? undefined;
    expect([whose("11"), whose("13"), whose("16"), whose("12")]).toEqual([
      "Assigned to you",
      "Assigned to Ana Duarte",
      "Assigned to Jonas, away",
      undefined,
    ]);
    expect(rowOf("16")?.querySelector(".face")?.classList).toContain("away");
    expect(rowOf("13")?.querySelector(".face")?.classList).not.toContain("away");
    expect(rowOf("13")?.textContent).toContain("Assigned to Ana Duarte");
    app.inbox.chooseTab("mine");
    await settle();
    expect(rows()).toEqual(["11", "14"]);
    expect(whose("11")).toBeUndefined();
  });

  test("are walked with the arrows, Home and End, around the end", async () => {
    const { app } = await openPage(triageScene);
    screen.getByRole("tab", { name: /Waiting/ }).focus();
    await pressed("End");
    expect(app.navigation.tab).toBe("done");
    expect(document.activeElement?.id).toBe("tab-done");
    await pressed("ArrowRight");
    expect(app.navigation.tab).toBe("waiting");
    await pressed("ArrowLeft");
    await pressed("ArrowLeft");
    await pressed("ArrowLeft");
    expect(app.navigation.tab).toBe("snoozed");
    expect(document.activeElement?.id).toBe("tab-snoozed");
  });
});

describe("which tabs have room", () => {
  const widths = [70, 80, 45, 50, 75, 45];
  const seen = (room: number, chosen: number): number[] =>
    fitting(widths, room, chosen, 30).flatMap((fits, at) => (fits ? [at] : []));
  test("all, if they fit without the button", () => {
    expect(seen(375, 0)).toEqual([0, 1, 2, 3, 4, 5]);
    expect(seen(374, 0)).toEqual([0, 1, 2, 3, 4]);
  });
  test("the first ones, and always the one that is chosen", () => {
    expect(seen(312, 0)).toEqual([0, 1, 2, 3]);
    expect(seen(312, 4)).toEqual([0, 1, 2, 4]);
    expect(seen(120, 5)).toEqual([5]);
    expect(seen(60, 1)).toEqual([1]);
  });
  test("never a later one for one before it", () => {
    // Requests has no room; All, which is narrower, would.
    expect(seen(100 + 30 + 50, 0)).toEqual([0]);
  });
  test.each([0, 1, 2, 3, 4, 5])("nothing that is too wide together, with tab %i chosen", (chosen) => {
    for (let room = 110; room < 420; room += 1) {
      const shown = seen(room, chosen);
      const wide =
        shown.reduce((sum, at) => sum + (widths[at] ?? 0), 0) + 2 * (shown.length - 1) + (shown.length < 6 ? 30 : 0);
      expect(wide, `in ${room}`).toBeLessThanOrEqual(room);
      expect(shown).toContain(chosen);
    }
  });
});

describe("snoozing", () => {
  test("H puts a conversation away, the list goes on from there, and it can be undone", async () => {
    const { desk } = await opened("12");
    await pressed("h");
    const items = within(popover("Until when")).getAllByRole("menuitem");
    expect(words(items[0] ?? null)).toMatch(/^In 1 hour/);
    expect(document.activeElement).toBe(items[0]);
    items[0]?.click();
    await settle();
    const until = desk.of("12").row.snoozedUntilMs ?? 0;
    expect(Math.abs(until - Date.now() - HOUR)).toBeLessThan(60_000);
    expect(rowOf("12")).toBeNull();
    // The focus is where it came from, and the next key goes to the next conversation.
    expect(document.activeElement).toBe(listbox());
    expect(document.querySelector(`[data-snoozed="${until}"]`)?.textContent).toContain("or until the customer writes");
    screen.getByRole("button", { name: "Undo" }).click();
    await settle();
    expect(desk.of("12").row).toMatchObject({ snoozedUntilMs: null, status: "open" });
    expect(rowOf("12")).not.toBeNull();
    await pressed("j");
    expect(
      document.querySelector<HTMLElement>('[role=option][aria-selected="true"]')?.dataset["conversation"],
    ).not.toBe("12");
  });

  test("undone, a conversation that was done is done again", async () => {
    const { desk, app } = await opened("12");
    await pressed("e");
    app.inbox.chooseTab("done");
    await settle();
    await pressed("h");
    screen.getByRole("menuitem", { name: /^In 1 hour/ }).click();
    await settle();
    expect(desk.of("12").row.status).toBe("open");
    screen.getAllByRole("button", { name: "Undo" }).at(-1)?.click();
    await settle();
    expect(desk.of("12").row).toMatchObject({ status: "done", snoozedUntilMs: null });
  });

  test("undone, done puts back until when it was away", async () => {
    const { desk } = await opened("18", "snoozed");
    const until = desk.of("18").row.snoozedUntilMs;
    await pressed("e");
    expect(desk.of("18").row).toMatchObject({ status: "done", snoozedUntilMs: null });
    screen.getByRole("button", { name: "Undo" }).click();
    await settle();
    expect(desk.of("18").row).toMatchObject({ status: "open", snoozedUntilMs: until });
  });

  test("warns where the reply window closes before it comes back, and lets the agent all the same", async () => {
    const { desk } = await opened("11");
    await pressed("h");
    const tomorrow = screen.getByRole("menuitem", { name: /^Tomorrow Tomorrow 09:00.*The reply window closes before/ });
    expect(screen.getByRole("menuitem", { name: /^In 1 hour/ }).textContent).not.toContain("closes");
    tomorrow.click();
    await settle();
    expect(desk.of("11").row.snoozedUntilMs).not.toBeNull();
    expect(document.querySelector("[data-snoozed]")?.textContent).toContain("The reply window closes before");
  });

  test("takes any time to come, and none that has passed", async () => {
    const { desk } = await opened("12");
    await pressed("h");
    screen.getByRole("menuitem", { name: "Date and time…" }).click();
    await settle();
    const box = popover("Until when");
    const [date, time] = [
      within(box).getByLabelText<HTMLInputElement>("Date"),
      within(box).getByLabelText<HTMLInputElement>("Time"),
    ];
    type(date, "2020-01-01");
    type(time, "10:00");
    await settle();
    within(box).getByRole("button", { name: "Snooze" }).click();
    await settle();
    expect(within(box).getByRole("alert").textContent).toBe("This time has passed.");
    expect(desk.count("snoozeConversation")).toBe(0);
    const year = new Date().getFullYear() + 1;
    type(date, `${year}-03-04`);
    await settle();
    within(box).getByRole("button", { name: "Snooze" }).click();
    await settle();
    expect(desk.of("12").row.snoozedUntilMs).toBe(Date.UTC(year, 2, 4, 10));
  });

  test("brings back from the strip, and first in the menu", async () => {
    const { desk } = await opened("18", "snoozed");
    await pressed("h");
    const back = within(popover("Until when")).getByRole("menuitem", { name: "Bring back" });
    expect(document.activeElement).toBe(back);
    back.click();
    await settle();
    expect(desk.of("18").row.snoozedUntilMs).toBeNull();
    expect(document.querySelector("[data-snoozed]")).toBeNull();
    screen.getByRole("button", { name: "Undo" }).click();
    await settle();
    document.querySelector<HTMLElement>("[data-snoozed] button")?.click();
    await settle();
    expect(asked(desk, "snoozeConversation").at(-1)).toEqual({ conversation: "18", untilMs: null });
  });

  test("comes back when the customer writes", async () => {
    const { desk } = await opened("18", "snoozed");
    desk.receive("18", "are you there?");
    await settle();
    expect(rowOf("18")).toBeNull();
    expect(document.querySelector("[data-snoozed]")).toBeNull();
  });

  test("says so when it could not be kept, and nothing moves", async () => {
    const { desk } = await opened("12");
    desk.fail("snoozeConversation", "diskFull");
    await pressed("h");
    screen.getByRole("menuitem", { name: /^In 1 hour/ }).click();
    await settle();
    expect(screen.getByRole("alert").textContent).toContain("Nothing can be written to the disk.");
    expect(screen.queryByRole("button", { name: "Undo" })).toBeNull();
    expect(rowOf("12")).not.toBeNull();
  });
});

describe("assigning", () => {
  test("A and Enter take it: whoever sits here comes first", async () => {
    const { desk } = await opened("12");
    await pressed("a");
    expect(document.activeElement).toBe(combo());
    expect(choices()).toEqual(
      ["L Lena Fischer (you)", "A Ana Duarte", "J Jonas away", "م مينا"].map((one) => one.slice(2)),
    );
    await pressed("Enter");
    expect(asked(desk, "assignConversation")).toEqual([{ conversation: "12", agent: "1" }]);
    expect(rowOf("12")?.querySelector("[data-assignee]")?.getAttribute("title")).toBe("Assigned to you");
    expect(screen.getByRole("button", { name: "Assigned to you" })).toBeTruthy();
    expect(document.activeElement).toBe(listbox());
    screen.getByRole("button", { name: "Undo" }).click();
    await settle();
    expect(desk.of("12").row.assignee).toBeNull();
  });

  test("typing narrows it down, the arrows choose, and nobody is a choice once it is somebody’s", async () => {
    const { desk } = await opened("13");
    await pressed("a");
    expect(choices()).toEqual(["Lena Fischer (you)", "Ana Duarte has it now", "Jonas away", "مينا", "Nobody"]);
    await pressed("ArrowUp");
    expect(combo().getAttribute("aria-activedescendant")).toBe(
      within(popover("Assign to")).getByRole("option", { name: "Nobody" }).id,
    );
    await pressed("Enter");
    expect(desk.of("13").row.assignee).toBeNull();
    screen.getByRole("button", { name: "Undo" }).click();
    await settle();
    expect(desk.of("13").row.assignee?.name).toBe("Ana Duarte");
    await pressed("a");
    type(combo(), "jo");
    await settle();
    expect(choices()).toEqual(["Jonas away", "New agent “jo”"]);
    await pressed("Enter");
    expect(desk.of("13").row.assignee?.name).toBe("Jonas");
  });

  test("adds somebody new on the spot, once", async () => {
    const { desk } = await opened("12");
    await pressed("a");
    type(combo(), "Marta");
    await settle();
    expect(choices()).toEqual(["New agent “Marta”"]);
    press(combo(), "Enter");
    press(combo(), "Enter");
    await settle();
    expect(desk.agents.filter((one) => one.name === "Marta")).toHaveLength(1);
    expect(desk.count("saveAgent")).toBe(1);
    expect(desk.of("12").row.assignee?.name).toBe("Marta");
    await pressed("a");
    type(combo(), "MÁRTA ");
    await settle();
    expect(choices()).toEqual(["Marta has it now"]);
  });

  test("a name the desk does not take stays in the field", async () => {
    const { desk } = await opened("12");
    desk.fail("saveAgent", "agentNameInvalid");
    await pressed("a");
    type(combo(), "Marta");
    await settle();
    await pressed("Enter");
    expect(screen.getByRole("alert").textContent).toContain("There is no name, or another agent has it.");
    expect(combo().value).toBe("Marta");
    expect(desk.count("assignConversation")).toBe(0);
  });

  test("whoever has it is chosen again without asking, and Escape leaves everything", async () => {
    const { desk } = await opened("11");
    await pressed("a");
    await pressed("Enter");
    await pressed("a");
    await pressed("Escape");
    expect(desk.count("assignConversation")).toBe(0);
    expect(document.activeElement).toBe(listbox());
  });

  test("letters typed there do not act on the inbox, and one popover is open at a time", async () => {
    const { desk } = await opened("12");
    await pressed("a");
    for (const key of ["e", "h", "j", "a"]) await pressed(key);
    expect(desk.of("12").row.status).toBe("open");
    expect(screen.queryByRole("dialog", { name: "Until when" })).toBeNull();
    document.querySelector<HTMLElement>("[data-snooze]")?.click();
    await settle();
    expect(screen.queryByRole("dialog", { name: "Assign to" })).toBeNull();
    expect(popover("Until when")).toBeTruthy();
    // Another conversation is opened: what was asked about the one before is not asked about this one.
    rowOf("13")?.click();
    await settle();
    expect(screen.queryByRole("dialog", { name: "Until when" })).toBeNull();
  });

  test("does nothing while typing, and where no conversation is open", async () => {
    const { app } = await openPage(triageScene);
    await pressed("a");
    await pressed("h");
    expect(app.navigation.triaging).toBeNull();
    rowOf("12")?.click();
    await settle();
    screen.getByRole("textbox", { name: /^Message to/ }).focus();
    await pressed("a");
    await pressed("h");
    expect(app.navigation.triaging).toBeNull();
  });
});

describe("matching agents", () => {
  const all = [
    { id: "1", name: "", hue: 0, me: true, away: false },
    { id: "2", name: "Ana Duarte", hue: 0, me: false, away: false },
    { id: "3", name: "Łukasz Öz", hue: 0, me: false, away: true },
  ];
  test.each([
    ["", ["1", "2", "3"]],
    ["du", ["2"]],
    ["ÁNA", ["2"]],
    ["oz", ["3"]],
    ["you", ["1"]],
    ["x", []],
  ])("“%s”", (typed, ids) => {
    expect(matching(all, typed).map((one) => one.id)).toEqual(ids);
  });
});

describe("being away", () => {
  test("is one press on the rail, is shown, and one press ends it", async () => {
    const { desk } = await openPage(triageScene);
    const button = screen.getByRole("button", { name: "I am away" });
    expect(button.getAttribute("aria-pressed")).toBe("false");
    expect(document.querySelector("[data-away]")).toBeNull();
    button.click();
    await settle();
    expect(desk.agents[0]?.away).toBe(true);
    expect(button.getAttribute("aria-pressed")).toBe("true");
    expect(screen.getByText("You are away. Rules pass you over.")).toBeTruthy();
    document.querySelector<HTMLElement>("[data-away]")?.click();
    await settle();
    expect(desk.agents[0]?.away).toBe(false);
    expect(document.querySelector("[data-away]")).toBeNull();
  });

  test("is a command of the palette; assigning and snoozing are too, with their keys", async () => {
    const { desk } = await opened("12");
    press(document.body, "k", { ctrlKey: true });
    await settle();
    const field = screen.getByRole("combobox", { name: "Search messages, people and commands" }) as HTMLInputElement;
    const lines = (): string[] => [...document.querySelectorAll("dialog [role=option]")].map(words);
    type(field, "> s");
    await settle();
    expect(lines()).toContain("Snooze H");
    type(field, "> ass");
    await settle();
    expect(lines()).toEqual(["Assign A"]);
    type(field, "> away");
    await settle();
    expect(lines()).toEqual(["I am away, or back"]);
    press(field, "Enter");
    await settle();
    expect(desk.agents[0]?.away).toBe(true);
  });

  test("shows in rows at once when the desk says so", async () => {
    const { desk } = await openPage(triageScene);
    const ana = desk.agents.find((one) => one.name === "Ana Duarte");
    if (ana) ana.away = true;
    desk.tell({ kind: "agents" });
    await settle();
    expect(rowOf("13")?.querySelector("[data-assignee]")?.getAttribute("title")).toBe("Assigned to Ana Duarte, away");
  });
});

describe("agents in the settings", () => {
  async function settings() {
    const page = await openPage(triageScene);
    page.app.navigation.go("settings");
    await settle();
    return page;
  }
  async function write(into: HTMLInputElement, text: string): Promise<void> {
    type(into, text);
    into.dispatchEvent(new Event("change", { bubbles: true }));
    await settle();
  }

  test("my name is kept when I leave the field", async () => {
    const { desk } = await settings();
    const mine = screen.getByRole("textbox", { name: "Your name" }) as HTMLInputElement;
    expect(mine.value).toBe("Lena Fischer");
    await write(mine, "  Lena   F. ");
    expect(asked(desk, "saveAgent")).toEqual([{ agent: "1", name: "Lena   F." }]);
    expect(mine.value).toBe("Lena F.");
  });

  test("a name that another has is refused, and the old one stands again", async () => {
    const { desk } = await settings();
    const jonas = screen.getByRole("textbox", { name: "Name of Jonas" }) as HTMLInputElement;
    await write(jonas, "ana duarte");
    expect(screen.getByRole("alert").textContent).toContain("another agent has it");
    expect(jonas.value).toBe("Jonas");
    expect(desk.agents.map((one) => one.name)).toContain("Jonas");
    await write(jonas, "   ");
    expect(jonas.value).toBe("Jonas");
  });

  test("colleagues are added and are away", async () => {
    const { desk } = await settings();
    const field = screen.getByRole("textbox", { name: "Name of a colleague" }) as HTMLInputElement;
    type(field, "Marta");
    await settle();
    screen.getByRole("button", { name: "Add" }).click();
    await settle();
    expect(field.value).toBe("");
    expect(screen.getByRole("textbox", { name: "Name of Marta" })).toBeTruthy();
    screen.getByRole("switch", { name: "Away: Marta" }).click();
    await settle();
    expect(desk.agents.find((one) => one.name === "Marta")?.away).toBe(true);
    type(field, "marta");
    await settle();
    screen.getByRole("button", { name: "Add" }).click();
    await settle();
    expect(screen.getByText("Marta is here already")).toBeTruthy();
    expect(desk.agents.filter((one) => one.name === "Marta")).toHaveLength(1);
  });

  test("whoever is removed loses their conversations, after a question that says so", async () => {
    const { desk, app } = await settings();
    screen.getByRole("button", { name: "Remove Ana Duarte" }).click();
    await settle();
    const dialog = screen.getByRole("alertdialog", { name: "Remove Ana Duarte?" });
    expect(dialog.textContent).toContain("Conversations of Ana Duarte become nobody’s.");
    within(dialog).getByRole("button", { name: "Cancel" }).click();
    await settle();
    expect(desk.count("removeAgent")).toBe(0);
    screen.getByRole("button", { name: "Remove Ana Duarte" }).click();
    await settle();
    within(screen.getByRole("alertdialog")).getByRole("button", { name: "Remove" }).click();
    await settle();
    expect(desk.of("13").row.assignee).toBeNull();
    expect(screen.queryByRole("textbox", { name: "Name of Ana Duarte" })).toBeNull();
    app.navigation.go("inbox");
    await settle();
    expect(rowOf("13")?.querySelector("[data-assignee]")).toBeNull();
    // Whoever sits here cannot be removed.
    expect(screen.queryByRole("button", { name: /Remove Lena/ })).toBeNull();
  });
});

describe("where keys are kept in Practice", () => {
  test("is said as it is: in memory", async () => {
    const { app } = await openPage((desk) => {
      triageScene(desk);
      desk.overview.practice = true;
    });
    app.navigation.go("settings");
    await settle();
    expect(document.querySelector("[data-keychain]")?.textContent).toBe(
      "In memory, until Practice ends. They open nothing but the sandbox.",
    );
    app.linking.open();
    await settle();
    expect(document.querySelector("main")?.textContent).not.toContain("keychain");
  });
  test("and outside of it in the keychain", async () => {
    const { app } = await openPage(triageScene);
    app.navigation.go("settings");
    await settle();
    expect(document.querySelector("[data-keychain]")?.textContent).toBe("In your system’s keychain.");
  });
});

describe("triage to a screen reader", () => {
  test.each(["inbox", "snooze", "assign", "settings"])("has no fault axe can see: %s", async (where) => {
    const { app } = await opened("23", "all");
    if (where === "snooze" || where === "assign") await pressed(where === "snooze" ? "h" : "a");
    if (where === "settings") app.navigation.go("settings");
    await settle();
    expect(await faults()).toEqual([]);
  });
});
