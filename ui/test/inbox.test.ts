import { screen } from "@testing-library/svelte";
import { describe, expect, test } from "vitest";

import { bigScene } from "../dev/scene";
import { sendingScene } from "../dev/sending";
import { triageScene } from "../dev/triaged";
import { openPage, press, rowOf, settle, type, field } from "./world";

const listbox = (): HTMLElement => screen.getByRole("listbox");
const selected = (): string | undefined =>
  document.querySelector<HTMLElement>('[role=option][aria-selected="true"]')?.dataset["conversation"];

describe("the inbox", () => {
  test("shows each row with what an agent needs to choose", async () => {
    await openPage();
    const nadia = rowOf("11");
    expect(nadia?.textContent).toMatch(/Nadia Rahman/);
    expect(nadia?.textContent).toMatch(/3 h 4[56] min left to reply/);
    expect(nadia?.querySelector("[data-window]")?.getAttribute("data-window")).toBe("soon");
    expect(nadia?.getAttribute("aria-setsize")).toBe("8");
    expect(nadia?.getAttribute("aria-posinset")).toBe("1");
    expect(rowOf("13")?.textContent).toContain("Photo");
    expect(rowOf("18")?.textContent).toMatch(/Draft:\s*Hello Yuki/);
    expect(rowOf("16")?.textContent).toMatch(/Not sent|not confirmed/i);
    expect(rowOf("19")?.textContent).toContain("Request");
    expect(rowOf("21")?.textContent).toContain("invoice‹RLO›gnp.exe");
    expect(rowOf("21")?.querySelector("img")).toBeNull();
  });

  test("marks our own last line", async () => {
    const { app } = await openPage();
    app.inbox.chooseTab("all");
    await settle();
    expect(rowOf("14")?.textContent).toMatch(/You:\s*The tracking link/);
  });

  test("holds only the rows in sight", async () => {
    await openPage((desk) => bigScene(desk, 5_000, 1));
    expect(document.querySelectorAll("[data-conversation]").length).toBeLessThan(30);
    expect(rowOf("100")?.getAttribute("aria-setsize")).toBe("5000");
  });

  test("moves with the keys, and the listbox keeps the focus", async () => {
    await openPage();
    listbox().focus();
    press(listbox(), "ArrowDown");
    await settle();
    expect(selected()).toBe("11");
    expect(listbox().getAttribute("aria-activedescendant")).toBe("row-11");
    press(listbox(), "ArrowDown");
    await settle();
    expect(selected()).toBe("12");
    press(listbox(), "End");
    await settle();
    expect(selected()).toBe("21");
    press(listbox(), "ArrowDown");
    await settle();
    expect(selected()).toBe("21");
    press(listbox(), "Home");
    await settle();
    expect(selected()).toBe("11");
    press(document.body, "j");
    await settle();
    expect(selected()).toBe("12");
    press(document.body, "ArrowUp", { altKey: true });
    await settle();
    expect(selected()).toBe("11");
    expect(listbox()).toBe(document.activeElement);
  });

  test("keeps the selection by id when others come in above", async () => {
    const { desk } = await openPage();
    rowOf("12")?.click();
    await settle();
    desk.receive("19", "still there?");
    await settle();
    expect(rowOf("19")?.getAttribute("aria-posinset")).toBe("1");
    expect(selected()).toBe("12");
  });

  test("goes on from where a conversation stood that has left the tab", async () => {
    const { desk } = await openPage();
    rowOf("12")?.click();
    await settle();
    press(document.body, "e");
    await settle();
    expect(desk.of("12").row.status).toBe("done");
    expect(rowOf("12")).toBeNull();
    expect(screen.getByRole("heading", { level: 2 }).textContent).toBe("오지훈");
    press(document.body, "j");
    await settle();
    expect(selected()).toBe("13");
  });

  test("can be undone", async () => {
    const { desk } = await openPage();
    rowOf("12")?.click();
    await settle();
    press(document.body, "e");
    await settle();
    screen.getByRole("button", { name: "Undo" }).click();
    await settle();
    expect(desk.of("12").row.status).toBe("open");
  });

  test("says what each empty tab means", async () => {
    await openPage();
    screen.getByRole("tab", { name: /Done/ }).click();
    await settle();
    expect(screen.getByText("Nothing is done yet")).toBeTruthy();
  });

  test("says what went wrong and tries again", async () => {
    await openPage((desk) => {
      bigScene(desk, 3, 1);
      desk.fail("listConversations", "unexpected");
    });
    expect(screen.getByRole("alert").textContent).toContain("0badf00d");
    screen.getByRole("button", { name: "Try again" }).click();
    await settle();
    expect(rowOf("100")).not.toBeNull();
  });

  test("says when TikTok cannot be reached, and when it is tried next", async () => {
    const { desk } = await openPage();
    screen.getByRole("button", { name: /Loom Objects/ }).click();
    await settle();
    expect(document.querySelector("[data-banner=offline]")?.textContent).toMatch(
      /cannot be reached since .* Next try in (?:3\d|40) s/,
    );
    screen.getByRole("button", { name: "Try now" }).click();
    await settle();
    expect(desk.count("syncAccounts")).toBe(1);
  });

  test("opens what a notification asks for, in whichever account it is", async () => {
    const { desk } = await openPage();
    desk.say({ event: "open", account: "1", conversation: "14" });
    await settle();
    expect(screen.getByRole("heading", { level: 2 }).textContent).toBe("Thảo Phạm");
    expect(selected()).toBe("14");
    expect(document.activeElement).toBe(field());
  });

  test("opens it even if it was clicked while the page was still starting", async () => {
    let release = (): void => {};
    const { desk } = await openPage((desk) => {
      triageScene(desk);
      release = desk.hold("getOverview");
    });
    desk.say({ event: "open", account: "2", conversation: "14" });
    release();
    await settle();
    expect(screen.getByRole("button", { name: /Loom Objects/ }).getAttribute("aria-pressed")).toBe("true");
    expect(screen.getByRole("heading", { level: 2 }).textContent).toBe("Thảo Phạm");
  });

  test("tells the desk where the agent is, and marks as seen only what they look at", async () => {
    const { desk } = await openPage();
    rowOf("12")?.click();
    await settle();
    expect(desk.asked.filter((one) => one.command === "setActiveView").at(-1)?.args).toEqual({
      conversation: "12",
      focused: true,
    });
    expect(desk.of("12").row.unread).toBe(0);
    document.hasFocus = () => false;
    window.dispatchEvent(new Event("blur"));
    await settle();
    expect(desk.asked.filter((one) => one.command === "setActiveView").at(-1)?.args).toEqual({
      conversation: "12",
      focused: false,
    });
    desk.receive("12", "hello?");
    await settle();
    expect(desk.of("12").row.unread).toBe(1);
    document.hasFocus = () => true;
    window.dispatchEvent(new Event("focus"));
    await settle();
    expect(desk.of("12").row.unread).toBe(0);
  });

  test("asks for everything again when the connection was lost, and says so meanwhile", async () => {
    const { desk } = await openPage();
    desk.wire("lost");
    await settle();
    expect(document.querySelector("[data-wire=lost]")).not.toBeNull();
    desk.of("12").row.unread = 5;
    desk.wire("open");
    desk.tell({ kind: "everything" });
    await settle();
    expect(document.querySelector("[data-wire=lost]")).toBeNull();
    expect(rowOf("12")?.textContent).toContain("5 unread messages");
  });

  test("Practice is marked", async () => {
    await openPage((desk) => {
      bigScene(desk, 1, 1);
      desk.overview.practice = true;
    });
    expect(document.querySelector("[data-practice]")?.textContent).toBe(
      "Practice: sample customers, nothing reaches TikTok",
    );
  });

  test("letters typed into a reply do not steer the list", async () => {
    const { desk } = await openPage();
    rowOf("12")?.click();
    await settle();
    const into = field();
    into.focus();
    for (const key of ["j", "k", "e", "r"]) press(into, key);
    type(into, "jker");
    await settle();
    expect(selected()).toBe("12");
    expect(desk.of("12").row.status).toBe("open");
  });

  test("says how many replies are left, and shows it when it is not all of them", async () => {
    const { app } = await openPage(sendingScene);
    app.inbox.chooseTab("all");
    await settle();
    const replies = (id: string): HTMLElement | null => rowOf(id)?.querySelector("[data-replies]") ?? null;
    expect(rowOf("31")?.querySelector("[data-window]")?.getAttribute("title")).toBe(
      "4 of 10 replies left, 31 h left to reply",
    );
    expect(replies("31")?.textContent).toBe("4");
    expect(replies("31")?.className).not.toContain("few");
    expect(replies("32")?.className).toContain("few");
    expect(replies("33")?.className).toContain("none");
    // All ten are left: nothing to show, but it is said.
    expect(replies("12")).toBeNull();
    expect(rowOf("12")?.textContent).toContain("10 of 10 replies left");
  });

  test("shows what goes out later, in the rows and above them", async () => {
    const { app } = await openPage(sendingScene);
    app.inbox.chooseTab("all");
    await settle();
    expect(rowOf("32")?.textContent).toContain("and 3 more unsent replies");
    expect(rowOf("31")?.textContent).not.toContain("Scheduled");
    screen.getByRole("button", { name: "3 scheduled" }).click();
    await settle();
    expect(app.navigation.scheduledOpen).toBe(true);
  });
});
