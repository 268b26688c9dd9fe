import { screen } from "@testing-library/svelte";
import { describe, expect, test } from "vitest";

import { message } from "../dev/scene";
import { triageScene } from "../dev/triaged";
import { firingWords } from "../src/features/thread/firing";
import type { ActionTaken, NoReply } from "../src/ipc/bindings";
import { grouped } from "../src/domain/messageGroups";
import { EMPTY_RANGE } from "../src/domain/messagePages";
import { bubbles, openPage, rowOf, settle } from "./world";

const NOW = Date.UTC(2026, 10, 25, 10);
const note = (did: ActionTaken[], noReply: NoReply | null = null) => ({ name: "Delivery", atMs: NOW, did, noReply });
const notes = (): string[] =>
  [...document.querySelectorAll("[data-firings] li")].map((one) => one.textContent?.replace(/\s+/g, " ").trim() ?? "");

async function opened(explain: ((id: string) => void) | null = null) {
  const page = await openPage(triageScene);
  if (explain) page.app.rules.explain = explain;
  rowOf("23")?.click();
  await settle();
  return page;
}

describe("what rules did", () => {
  test("stands below the customer’s message it was because of", async () => {
    await opened();
    expect(notes()).toEqual([
      "Rule “Delivery”: sent “Delivery times”, tagged delivery · Why?",
      "Rule “Prices”: assigned to Ana Duarte, sent no reply: the replies left are kept for people",
      "Rule “Evenings and weekends: whoever is there looks after it first thing in the morning”: " +
        "snoozed until Tomorrow 09:00 AM, notified you · Why?",
    ]);
    const first = document.querySelector<HTMLElement>("[data-firings]");
    const above = bubbles().find((one) => one.textContent?.includes("delivery to Lisbon"));
    expect(first?.previousElementSibling).toBe(above);
    // It belongs to the log, and is neither a live region of its own nor read out when the thread opens.
    expect(first?.closest("[role=log]")?.getAttribute("aria-live")).toBe("off");
    expect(document.querySelectorAll("[data-firings] [aria-live], [data-firings] [role=status]")).toHaveLength(0);
    expect(
      [...document.querySelectorAll("[aria-live=polite], [role=status]")]
        .map((one) => one.textContent?.trim())
        .filter(Boolean),
    ).toEqual([]);
  });

  test("marks the reply a rule sent, and what TikTok sent by itself", async () => {
    await opened();
    const stamp = (text: string): string =>
      bubbles()
        .find((one) => one.textContent?.includes(text))
        ?.querySelector(".stamp")
        ?.textContent?.replace(/\s+/g, " ")
        .trim() ?? "";
    expect(stamp("three to five working days")).toMatch(/· Sent by rule “Delivery” · Read$/);
    expect(stamp("lovely to see you")).toMatch(/· Welcome message · Read$/);
    expect(stamp("34 countries")).toMatch(/· Answer to a suggested question · Read$/);
    expect(stamp("Do you ship abroad?")).not.toContain("·");
  });

  test("is there as soon as the rule has fired", async () => {
    const { desk } = await opened();
    const last = desk.of("23").messages.at(-1);
    if (last) last.firings = [note([{ kind: "done" }])];
    desk.tell({ kind: "conversation", conversation: "23" });
    await settle();
    expect(notes().at(-1)).toBe("Rule “Delivery”: marked as done · Why?");
  });

  test("asks about the message, from below it and from its menu", async () => {
    const wanted: string[] = [];
    const { desk } = await opened((id) => wanted.push(id));
    const whys = screen.getAllByRole("button", { name: "Why? What rules did because of this message" });
    expect(whys).toHaveLength(2);
    whys[0]?.click();
    const id = desk.of("23").messages[4]?.id ?? "";
    expect(wanted).toEqual([id]);
    const plain = bubbles().find((one) => one.textContent?.includes("Do you ship abroad?"));
    plain?.querySelector<HTMLElement>("[data-more]")?.click();
    await settle();
    screen.getByRole("menuitem", { name: "What rules did" }).click();
    expect(wanted).toEqual([id, plain?.dataset["message"]]);
    // One’s own message is no reason for a rule.
    bubbles()
      .find((one) => one.textContent?.includes("34 countries"))
      ?.querySelector<HTMLElement>("[data-more]")
      ?.click();
    await settle();
    expect(screen.queryByRole("menuitem", { name: "What rules did" })).toBeNull();
  });
});

describe("a firing in words", () => {
  test.each<[ActionTaken, string]>([
    [{ kind: "replied", name: "Times" }, "sent “Times”"],
    [{ kind: "tagged", name: "vip" }, "tagged vip"],
    [{ kind: "assigned", name: "Ana" }, "assigned to Ana"],
    [{ kind: "assigned", name: "" }, "assigned to you"],
    [{ kind: "nobodyThere" }, "assigned to nobody, all are away"],
    [{ kind: "snoozed", untilMs: NOW + 3_600_000 }, "snoozed until Today 11:00 AM"],
    [{ kind: "snoozed", untilMs: NOW - 3_600_000 }, "snoozed until 09:00 AM"],
    [{ kind: "done" }, "marked as done"],
    [{ kind: "notified" }, "notified you"],
  ])("%o", (deed, text) => expect(firingWords(note([deed]), NOW)).toBe(`Rule “Delivery”: ${text}`));
  test("says why it sent no reply, last", () =>
    expect(firingWords(note([{ kind: "done" }], "windowClosed"), NOW)).toBe(
      "Rule “Delivery”: marked as done, sent no reply: the reply window had closed",
    ));
  test("has words for one that did nothing", () => expect(firingWords(note([]), NOW)).toBe("Rule “Delivery”: fired"));
  test("shows what would turn the line around", () =>
    expect(firingWords({ ...note([{ kind: "done" }]), name: "a\u202Eb" }, NOW)).toBe("Rule “a‹RLO›b”: marked as done"));
});

describe("grouping", () => {
  const kinds = (messages: ReturnType<typeof message>[]): string[] =>
    grouped({ ...EMPTY_RANGE, messages }, null).map((one) =>
      one.kind === "message" ? `${one.first ? "[" : ""}${one.message.id}${one.last ? "]" : ""}` : one.kind,
    );
  test("ends at what a rule did, and a rule’s reply stands apart from the agent’s", () => {
    const all = [
      message("in", NOW, "a", { id: "1" }),
      message("in", NOW + 1, "b", { id: "2", firings: [note([{ kind: "done" }])] }),
      message("in", NOW + 2, "c", { id: "3" }),
      message("out", NOW + 3, "d", { id: "4", rule: "R" }),
      message("out", NOW + 4, "e", { id: "5" }),
    ];
    expect(kinds(all)).toEqual(["day", "[1", "2]", "firings", "[3]", "[4]", "[5]"]);
  });
});
