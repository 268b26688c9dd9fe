import { cleanup, screen } from "@testing-library/svelte";
import { describe, expect, test } from "vitest";

import type { FakeDesk } from "../dev/fake";
import { keepingScene } from "../dev/kept";
import { inboxScene } from "../dev/scene";
import { roomOf } from "../src/text/size";
import { openPage, press, rowOf, settle, type } from "./world";

const DAY = 86_400_000;
const tabs = (): string[] => screen.getAllByRole("tab").map((one) => one.textContent?.trim() ?? "");
const banner = (kind: string): HTMLElement | null => document.querySelector(`[data-banner=${kind}]`);
const said = (): string => document.querySelector(".toasts")?.textContent ?? "";
const dialog = (): HTMLElement | null => document.querySelector("dialog[aria-labelledby=unlink-title]");
const button = (name: string | RegExp): HTMLElement => screen.getByRole("button", { name });

describe("the tabs", () => {
  test("hold message requests in one of their own, and count nothing that is not there", async () => {
    await openPage();
    expect(tabs()).toEqual(["Waiting8", "Requests1", "All11", "Mine", "Snoozed", "Unsent4", "Done"]);
    screen.getByRole("tab", { name: /Requests/ }).click();
    await settle();
    expect(
      [...document.querySelectorAll<HTMLElement>("[data-conversation]")].map((one) => one.dataset["conversation"]),
    ).toEqual(["19"]);
  });

  test("are walked with the arrows", async () => {
    const { app } = await openPage();
    const first = screen.getByRole("tab", { name: /Waiting/ });
    first.focus();
    press(first, "ArrowRight");
    await settle();
    expect(app.navigation.tab).toBe("requests");
    expect(document.activeElement).toBe(screen.getByRole("tab", { name: /Requests/ }));
  });

  test("say what a message request is when there is none", async () => {
    await openPage((desk) => {
      inboxScene(desk);
      desk.of("19").row.kind = "chat";
    });
    screen.getByRole("tab", { name: /Requests/ }).click();
    await settle();
    expect(screen.getByText("No message requests")).toBeTruthy();
    expect(screen.getByText(/never answered. Your answer makes it a chat/)).toBeTruthy();
  });
});

describe("a row", () => {
  test("shows two tags, and names the others", async () => {
    await openPage(keepingScene);
    const row = rowOf("12");
    expect([...(row?.querySelectorAll("[data-tag]") ?? [])].map((one) => one.textContent?.trim())).toEqual([
      "Restock",
      "Exchange",
    ]);
    expect(row?.textContent).toContain("+2");
    expect(row?.textContent).toContain("Wholesale and Korea");
  });

  test("says where messages may be missing, and what TikTok does not show", async () => {
    const { app } = await openPage(keepingScene);
    expect(rowOf("11")?.querySelector("[data-gap]")?.getAttribute("title")).toBe("Messages may be missing");
    app.inbox.chooseTab("all");
    await settle();
    expect(rowOf("22")?.textContent).toContain("TikTok does not show this conversation");
    expect(rowOf("12")?.querySelector("[data-gap], [data-unreadable]")).toBeNull();
  });
});

describe("fetching earlier conversations", () => {
  const fetching = (desk: FakeDesk): void => {
    inboxScene(desk);
    desk.account("1").backfill = { done: 312, total: 1040, paused: false };
  };
  const bar = (): HTMLElement | null => document.querySelector("[data-backfill]");

  test("says how far it has come, pauses and goes on, and vanishes when it is done", async () => {
    const { desk } = await openPage(fetching);
    expect(bar()?.textContent).toContain("Fetching earlier conversations: 312 of 1,040");
    expect(bar()?.querySelector("progress")?.getAttribute("aria-valuetext")).toContain("312 of 1,040");
    button("Pause").click();
    await settle();
    expect(desk.asked.findLast((one) => one.command === "pauseBackfill")?.args).toEqual({ account: "1", paused: true });
    expect(bar()?.textContent).toContain("Paused at 312 of 1,040. New messages still arrive.");
    button("Go on").click();
    await settle();
    expect(desk.account("1").backfill?.paused).toBe(false);
    desk.account("1").backfill = null;
    desk.tell({ kind: "accounts" });
    await settle();
    expect(bar()).toBeNull();
  });

  test("is as it was when the desk cannot pause it", async () => {
    const { desk } = await openPage(fetching);
    desk.fail("pauseBackfill", "diskFull");
    button("Pause").click();
    await settle();
    expect(bar()?.dataset["backfill"]).toBe("running");
    expect(said()).toContain("Nothing can be written to the disk.");
  });
});

describe("“complete up to”", () => {
  const stamp = (): HTMLElement => document.querySelector<HTMLElement>("[data-complete]") ?? document.body;
  const popover = (): string => screen.queryByRole("dialog", { name: "How complete this is" })?.textContent ?? "";

  test("says the time today, and in plain words what it means and what it does not", async () => {
    const noon = new Date().setHours(0, 1, 0, 0);
    await openPage((desk) => {
      inboxScene(desk);
      desk.account("1").history = { completeToMs: noon, gaps: 3, unreadable: 1 };
    });
    expect(stamp().textContent?.trim()).toMatch(/^Complete up to (00:01|12:01 AM)$/);
    stamp().click();
    await settle();
    expect(popover()).toContain("but for what is counted here");
    expect(popover()).toContain("3 conversations with a gap");
    expect(popover()).toContain("1 conversation that TikTok lists but does not show");
    expect(popover()).toContain("newest 20 messages");
    press(screen.getByRole("dialog", { name: "How complete this is" }), "Escape");
    await settle();
    expect(popover()).toBe("");
    expect(document.activeElement).toBe(stamp());
  });

  test("says the day as well when it is not today", async () => {
    const at = new Date(2026, 5, 12, 9, 5).getTime();
    await openPage((desk) => {
      inboxScene(desk);
      desk.account("1").history.completeToMs = at;
    });
    expect(stamp().textContent?.trim()).toMatch(/^Complete up to (12 Jun|Jun 12) 09:05/);
  });

  test("claims nothing before the first whole listing", async () => {
    await openPage((desk) => {
      inboxScene(desk);
      desk.account("1").history = { completeToMs: null, gaps: 0, unreadable: 0 };
    });
    expect(stamp().textContent?.trim()).toBe("Not complete yet");
    stamp().click();
    await settle();
    expect(popover()).toContain("cannot say up to when");
    expect(popover()).not.toMatch(/known|\d conversation/);
  });
});

describe("access that ends", () => {
  const ending =
    (warnDays: 1 | 3 | 7 | null) =>
    (desk: FakeDesk): void => {
      inboxScene(desk);
      desk.account("1").access = {
        accessEndsMs: Date.now() + 3_600_000,
        refreshEndsMs: Date.now() + (warnDays ?? 90) * DAY - 3_600_000,
        warnDays,
      };
    };

  test.each([7, 3, 1] as const)("is warned of at %i days, with the date and one way on", async (days) => {
    const { app } = await openPage(ending(days));
    expect(banner("access")?.textContent).toMatch(/ends on \w+ \d+, \d{4}, in /);
    expect(banner("access")?.classList.contains("bad")).toBe(days === 1);
    button("Link again").click();
    await settle();
    expect(app.navigation.screen).toBe("link");
  });

  test("can be put away until the next step", async () => {
    const { desk } = await openPage(ending(7));
    button("Not now").click();
    await settle();
    expect(banner("access")).toBeNull();
    desk.tell({ kind: "accounts" });
    await settle();
    expect(banner("access")).toBeNull();
    desk.account("1").access.warnDays = 3;
    desk.tell({ kind: "accounts" });
    await settle();
    expect(banner("access")).not.toBeNull();
  });

  test("stays put away when Deskbell is started again, until it ends at another time", async () => {
    const { desk } = await openPage(ending(7));
    button("Not now").click();
    await settle();
    cleanup();
    const again = await openPage((fresh) => {
      ending(7)(fresh);
      fresh.overview.settings = desk.overview.settings;
      // A renewed pair ends a moment later.
      fresh.account("1").access.refreshEndsMs = desk.account("1").access.refreshEndsMs + 60_000;
    });
    expect(banner("access")).toBeNull();
    again.desk.account("1").access.refreshEndsMs += 3 * DAY;
    again.desk.tell({ kind: "accounts" });
    await settle();
    expect(banner("access")).not.toBeNull();
  });

  test("is marked in the rail for every account, put away or not", async () => {
    const { desk } = await openPage((desk) => {
      ending(7)(desk);
      desk.account("2").access = {
        accessEndsMs: Date.now() + 3_600_000,
        refreshEndsMs: Date.now() + DAY / 2,
        warnDays: 1,
      };
    });
    const mark = (id: string): HTMLElement | null => document.querySelector(`.rail [data-account="${id}"] [data-ends]`);
    expect([mark("1")?.dataset["ends"], mark("2")?.dataset["ends"]]).toEqual(["7", "1"]);
    const label = (): string | null | undefined => mark("2")?.closest("button")?.getAttribute("aria-label");
    expect(label()).toContain("TikTok’s permission ends within 1 day");
    desk.account("2").access.refreshEndsMs = Date.now() - 60_000;
    desk.tell({ kind: "accounts" });
    await settle();
    expect(label()).toContain("TikTok’s permission has ended");
    button("Not now").click();
    await settle();
    expect(mark("1")).not.toBeNull();
    expect(document.querySelectorAll("[data-banner=access]")).toHaveLength(0);
  });

  test("leaves a way to link again in Settings once it is put away", async () => {
    const { app } = await openPage(ending(7));
    button("Not now").click();
    await settle();
    app.navigation.go("settings");
    await settle();
    block("1").querySelector<HTMLElement>(".ways button")?.click();
    await settle();
    expect(app.navigation.screen).toBe("link");
  });

  test("says nothing while there is time, nor when the account has to be linked again anyway", async () => {
    const { desk } = await openPage(ending(null));
    expect(banner("access")).toBeNull();
    desk.account("1").access.warnDays = 1;
    desk.account("1").health = { state: "relink", detail: "" };
    desk.tell({ kind: "accounts" });
    await settle();
    expect(banner("access")).toBeNull();
    expect(banner("relink")).not.toBeNull();
  });

  test("an unlinked account says so quietly, and can be linked again or erased", async () => {
    const { app } = await openPage((desk) => {
      inboxScene(desk);
      desk.account("1").health = { state: "unlinked", sinceMs: Date.now() - 2 * DAY };
    });
    expect(banner("unlinked")?.textContent).toMatch(/was unlinked on .*You can read and search its history/);
    button("Erase…").click();
    await settle();
    expect(dialog()?.textContent).toContain("Erase @maisonbloom?");
    expect(app.navigation.unlinking).toEqual({ account: "1", erase: true });
  });
});

async function settings(scene: (desk: FakeDesk) => void = keepingScene) {
  const page = await openPage(scene);
  page.app.navigation.go("settings");
  await settle();
  return page;
}
const block = (id: string): HTMLElement =>
  document.querySelector<HTMLElement>(`main .account[data-account="${id}"]`) ?? document.body;
const events = (): string[] =>
  [...block("1").querySelectorAll<HTMLElement>("[data-event]")].map((one) => one.dataset["event"] ?? "");

describe("settings of an account", () => {
  test("say how it fares, how long its access lasts, and when it has to be linked again", async () => {
    await settings();
    expect(block("1").textContent).toContain("up to date");
    expect(block("1").textContent).toMatch(/Access until\s*(Today|Tomorrow) \d\d:\d\d( [AP]M)?, renewed by itself/);
    expect(block("1").textContent).toMatch(/Link again before\s*\w+ \d+, \d{4}/);
  });

  test("tell what became of its access, newest first, with TikTok’s words one click away", async () => {
    const { desk } = await settings();
    expect(events()).toEqual(["refreshed", "refreshed", "postponed", "refreshed"]);
    const words = block("1").querySelector<HTMLElement>("[data-event=postponed] details");
    expect(words?.hasAttribute("open")).toBe(false);
    expect(words?.textContent).toContain("Internal service timed out");
    button("Show all 37").click();
    await settle();
    expect(events()).toHaveLength(37);
    expect(block("1").querySelector("[data-event=refused]")?.textContent).toContain("TikTok refused to renew it");
    desk.tokenEvents.set("1", [{ atMs: Date.now(), kind: "refused", detail: "expired" }]);
    desk.tell({ kind: "accounts" });
    await settle();
    expect(events()).toEqual(["refused"]);
  });

  test("unlink it and keep the history", async () => {
    const { desk } = await settings();
    block("1").querySelector<HTMLElement>(".ways button")?.click();
    await settle();
    expect(dialog()?.textContent).toContain("Unlink @maisonbloom?");
    button("Unlink, keep the history").click();
    await settle();
    expect(desk.asked.findLast((one) => one.command === "unlinkAccount")?.args).toEqual({ account: "1", erase: false });
    expect(dialog()).toBeNull();
    expect(said()).toContain("@maisonbloom is unlinked. Its history stays here.");
    expect(block("1").textContent).toContain("None: the account is unlinked.");
    expect(events()[0]).toBe("unlinked");
  });

  test("erase it only once its name is typed, and say what goes", async () => {
    const { desk, app } = await settings();
    block("1").querySelector<HTMLElement>(".ways button")?.click();
    await settle();
    button("Unlink and erase…").click();
    await settle();
    expect(dialog()?.textContent).toMatch(/every message, tag and picture.*drafts, and replies that wait/);
    const field = screen.getByRole<HTMLInputElement>("textbox", { name: "Type @maisonbloom to go on" });
    expect(document.activeElement).toBe(field);
    type(field, "loom");
    field.form?.requestSubmit();
    await settle();
    expect(screen.getByText("That is not the account’s name.")).toBeTruthy();
    expect(desk.count("unlinkAccount")).toBe(0);
    const release = desk.hold("unlinkAccount");
    type(field, " MaisonBloom ");
    await settle();
    field.form?.requestSubmit();
    await settle();
    expect(dialog()?.textContent).toContain("Erasing. This can take a moment.");
    press(field, "Escape");
    await settle();
    expect(dialog()).not.toBeNull();
    release();
    await settle();
    expect(desk.asked.findLast((one) => one.command === "unlinkAccount")?.args).toEqual({ account: "1", erase: true });
    expect(said()).toContain("@maisonbloom was erased from this computer.");
    expect(app.shell.accounts.map((one) => one.id)).toEqual(["2"]);
    expect(app.navigation.account).toBe("2");
  });

  test("say why it could not be unlinked, and leave it as it is", async () => {
    const { desk } = await settings();
    desk.fail("unlinkAccount", "offline");
    block("1").querySelector<HTMLElement>(".ways button")?.click();
    await settle();
    button("Unlink, keep the history").click();
    await settle();
    expect(dialog()?.textContent).toContain("TikTok cannot be reached.");
    button("Cancel").click();
    await settle();
    expect(dialog()).toBeNull();
    expect(block("1").textContent).toContain("up to date");
  });

  test("say that the account is gone when something of it is still on the disk", async () => {
    const { desk } = await settings();
    desk.fail("unlinkAccount", "eraseUnfinished");
    block("1").querySelector<HTMLElement>(".ways button")?.click();
    await settle();
    button("Unlink and erase…").click();
    await settle();
    const field = screen.getByRole<HTMLInputElement>("textbox", { name: "Type @maisonbloom to go on" });
    type(field, "maisonbloom");
    await settle();
    field.form?.requestSubmit();
    await settle();
    expect(dialog()).toBeNull();
    expect(said()).toContain("something of it is still on this computer.");
    expect(said()).not.toContain("was erased");
  });

  test("no key of the window acts behind the dialog", async () => {
    const { app } = await openPage();
    rowOf("12")?.click();
    await settle();
    app.navigation.unlinking = { account: "1", erase: false };
    await settle();
    press(document.body, "e");
    press(document.body, "j");
    await settle();
    expect(app.navigation.conversation).toBe("12");
    app.navigation.unlinking = null;
    await settle();
    press(document.body, "j");
    await settle();
    expect(app.navigation.conversation).toBe("13");
  });
});

describe("settings of data", () => {
  test("say how much room pictures take, and keep how much they may", async () => {
    const { desk } = await settings();
    expect(document.querySelector("[data-usage]")?.textContent).toBe("4,812 pictures take 1.2 GB.");
    const group = screen.getByRole("radiogroup", { name: "Room for pictures" });
    expect([...group.querySelectorAll("label")].map((one) => one.textContent?.trim())).toEqual([
      "512 MB",
      "1 GB",
      "2 GB",
      "5 GB",
      "10 GB",
      "No limit",
    ]);
    expect(group.querySelector<HTMLInputElement>("input:checked")?.value).toBe("2048");
    expect(group.parentElement?.textContent).toContain("only those that TikTok still gives out");
    const before = desk.count("getMediaUsage");
    group.querySelector<HTMLInputElement>('input[value="0"]')?.click();
    await settle();
    expect(desk.overview.settings.mediaBudgetMib).toBe(0);
    expect(group.parentElement?.textContent).toContain("Every picture is kept.");
    expect(document.querySelector(".data meter")).toBeNull();
    expect(desk.count("getMediaUsage")).toBe(before + 1);
  });

  test("show a budget that is none of those offered", async () => {
    await settings((desk) => {
      inboxScene(desk);
      desk.overview.settings.mediaBudgetMib = 3072;
    });
    const group = screen.getByRole("radiogroup", { name: "Room for pictures" });
    expect(group.querySelector<HTMLInputElement>("input:checked")?.parentElement?.textContent?.trim()).toBe("3 GB");
  });

  test("say when the pictures cannot be counted", async () => {
    const { desk } = await settings((one) => {
      inboxScene(one);
      one.fail("getMediaUsage", "unexpected");
    });
    expect(screen.getByText(/The pictures could not be counted/)).toBeTruthy();
    document.querySelector<HTMLElement>(".data [role=alert] button")?.click();
    await settle();
    expect(desk.count("getMediaUsage")).toBe(2);
    expect(document.querySelector("[data-usage]")).not.toBeNull();
  });

  test("write room as the systems do", () => {
    expect([0, 300_000, 5_400_000, 536_870_912, 1_073_741_824, 10_737_418_240].map(roomOf)).toEqual([
      "0.1 MB",
      "0.3 MB",
      "5.1 MB",
      "512 MB",
      "1 GB",
      "10 GB",
    ]);
  });
});

describe("after damaged data was mended", () => {
  const repaired =
    (lost: boolean, beginnings = 0) =>
    (desk: FakeDesk): void => {
      inboxScene(desk);
      desk.overview.repair = {
        atMs: Date.UTC(2026, 10, 20, 8),
        setAside: "damaged-2026-11-20",
        conversations: 212,
        messages: 18_400,
        drafts: 1,
        beginnings,
        replies: 2,
        lost,
      };
    };
  const report = (): HTMLElement | null => screen.queryByRole("alertdialog");

  test("the agent reads what was kept, what is fetched again, and where the rest is", async () => {
    const { desk } = await openPage(repaired(true));
    expect(report()?.textContent).toContain(
      "212 conversations, 18,400 messages, 1 draft, and 2 replies on the way or for later",
    );
    expect(report()?.textContent).toContain("fetches it again now, as far as TikTok still shows it");
    expect(report()?.querySelector("[data-beginnings]")).toBeNull();
    expect(report()?.querySelector(".folder")?.textContent).toBe("damaged-2026-11-20");
    expect(document.activeElement).toBe(button("Understood"));
    button("Understood").click();
    await settle();
    expect(desk.count("dismissRepair")).toBe(1);
    expect(report()).toBeNull();
  });

  test("drafts of which only the beginning is left are said to be that", async () => {
    await openPage(repaired(true, 1));
    expect(report()?.textContent).toContain("Of one draft, only the first 160 characters could be saved.");
  });

  test("it does not say that anything was lost when nothing was", async () => {
    await openPage(repaired(false));
    expect(report()?.textContent).toContain("Everything could be read.");
    expect(report()?.textContent).not.toContain("fetches it again");
  });

  test("Escape puts it away, and the next start tells it again", async () => {
    const { desk } = await openPage(repaired(true));
    press(button("Understood"), "Escape");
    await settle();
    expect(report()).toBeNull();
    expect(desk.count("dismissRepair")).toBe(0);
    desk.tell({ kind: "accounts" });
    await settle();
    expect(report()).toBeNull();
  });
});
