import { screen, within } from "@testing-library/svelte";
import { afterEach, describe, expect, test, vi } from "vitest";

import { rulesScene } from "../dev/ruled";
import { rulingOf } from "../dev/ruling";
import type { RuleRunView } from "../src/ipc/bindings";
import { accessible, choose, click, edit, last, noRules, openRules, words } from "./rules-world";
import { press, settle, type } from "./world";

afterEach(() => vi.useRealTimers());

const dry = (): HTMLElement => document.querySelector("[data-dry]") as HTMLElement;
const run = (): Promise<void> => click(document.querySelector("[data-run]"));
const stale = (): HTMLElement | null => document.querySelector("[data-stale]");
const entries = (): HTMLElement[] => [...document.querySelectorAll<HTMLElement>("[data-firing]")];
const log = (): Promise<void> => click(screen.getByRole("tab", { name: "What they did" }));

describe("the dry run", () => {
  test("says how often the rule would have fired, what it costs, and why some got no reply", async () => {
    const { desk } = await openRules();
    await edit("Delivery");
    await run();
    expect(last(desk, "dryRunRules")).toMatchObject({
      account: null,
      rule: "r1",
      days: 30,
      spec: { name: "Delivery" },
    });
    const text = words(dry());
    const [, fired] = /Would have fired (\d+) times in 30 days/.exec(text) ?? [];
    const [, sent] = /(\d+) replies sent/.exec(text) ?? [];
    const [, first] = /(\d+) answered by somebody first/.exec(text) ?? [];
    expect(Number(fired)).toBeGreaterThan(1);
    expect(Number(sent) + Number(first)).toBe(Number(fired));
    expect(text).toContain(`That is ${sent} replies of customers’ budgets`);
    await accessible();
  });

  test("asks for one account and another time", async () => {
    const { desk } = await openRules();
    await edit("Away");
    await choose(within(dry()).getByRole("combobox", { name: "Account" }), "2");
    await choose(within(dry()).getByRole("combobox", { name: "How far back" }), "365");
    await run();
    expect(last(desk, "dryRunRules")).toMatchObject({ account: "2", days: 365 });
    expect(words(dry())).toMatch(/Would not have fired in 365 days|Would have fired .* in 365 days/);
  });

  test("an outcome is marked as old once the rule is another, and not any more when it is the same again", async () => {
    await openRules();
    await edit("Delivery");
    await run();
    expect(stale()).toBeNull();
    const name = screen.getByRole("textbox", { name: "Name" }) as HTMLInputElement;
    const field = screen.getByRole("combobox", { name: "Keywords" }) as HTMLInputElement;
    type(field, "parcel");
    press(field, "Enter");
    await settle();
    expect(words(stale())).toBe("Something has changed since this dry run.");
    press(field, "Backspace");
    await settle();
    expect(stale()).toBeNull();
    await choose(within(dry()).getByRole("combobox", { name: "How far back" }), "7");
    expect(stale()).not.toBeNull();
    await run();
    expect(stale()).toBeNull();
    expect(name.value).toBe("Delivery");
  });

  test("another rule's change makes it old, too", async () => {
    const { desk, own } = await openRules();
    await edit("Delivery");
    await run();
    (own.rules[1] as { spec: { stop: boolean } }).spec.stop = true;
    desk.tell({ kind: "rules" });
    await settle();
    expect(stale()).not.toBeNull();
  });

  test("an example opens its conversation at the message, of whichever account", async () => {
    const { app, desk } = await openRules();
    await edit("Delivery");
    await run();
    const example = document.querySelector<HTMLElement>("[data-example]") as HTMLElement;
    const message = example.getAttribute("data-example");
    const conversation = desk.conversations.find((one) => one.messages.some((other) => other.id === message));
    await click(example);
    await settle(30);
    expect(app.navigation.screen).toBe("inbox");
    expect(app.navigation.account).toBe(conversation?.account);
    expect(app.navigation.conversation).toBe(conversation?.row.id);
    expect(desk.asked.some((one) => one.command === "listMessages" && one.args.around === message)).toBe(true);
    app.navigation.go("rules");
    await settle();
    expect(words(dry())).toContain("Would have fired");
  });

  test("tells that it is on its way only when it takes longer, and what comes after leaving is dropped", async () => {
    const { desk, app } = await openRules();
    await edit("Delivery");
    vi.useFakeTimers();
    const release = desk.hold("dryRunRules");
    await run();
    expect(dry().querySelector("progress")).toBeNull();
    expect(dry().getAttribute("aria-busy")).toBe("true");
    await vi.advanceTimersByTimeAsync(1100);
    expect(dry().querySelector("progress")).not.toBeNull();
    vi.useRealTimers();
    await click(screen.getAllByRole("button", { name: "Cancel" }).find((one) => dry().contains(one)) ?? null);
    expect(dry().querySelector("progress")).toBeNull();
    release();
    await settle();
    expect(app.rules.dry.view).toBeNull();
    expect(words(dry())).not.toContain("Would have");
  });

  test("leaving the screen cancels it", async () => {
    const { desk, app } = await openRules();
    await edit("Delivery");
    const release = desk.hold("dryRunRules");
    await run();
    app.navigation.go("inbox");
    await settle();
    release();
    await settle();
    expect(app.rules.dry.running).toBe(false);
    expect(app.rules.dry.view).toBeNull();
  });

  test("says what went wrong", async () => {
    const { desk } = await openRules();
    await edit("Away");
    desk.fail("dryRunRules", "unexpected");
    await run();
    expect(within(dry()).getByRole("alert").textContent).toContain("The dry run did not work");
    await click(within(dry()).getByRole("button", { name: "Try again" }));
    expect(words(dry())).toMatch(/Would have fired/);
  });

  test("asks nothing about a number that is none, and marks it", async () => {
    const { desk } = await openRules();
    await edit("Nobody answered");
    type(screen.getByRole("spinbutton", { name: "How long nobody has answered" }) as HTMLInputElement, "");
    await settle();
    await run();
    expect(desk.count("dryRunRules")).toBe(0);
    expect(document.querySelector("[data-editor] [data-problem=outOfRange]")).not.toBeNull();
  });

  test("a rule that has neither name nor reply yet can be tried", async () => {
    const { desk } = await openRules(noRules);
    await click(document.querySelector("[data-template=delivery]"));
    type(screen.getByRole("textbox", { name: "Name" }) as HTMLInputElement, "");
    await settle();
    await run();
    expect(last(desk, "dryRunRules")?.spec).toMatchObject({
      name: "New rule",
      actions: [{ kind: "tag", name: "delivery" }],
    });
    expect(words(dry())).toMatch(/Would have fired \d+ times in 30 days/);
  });

  test("tries the rules as they are, each with its own figures", async () => {
    const { desk } = await openRules();
    await run();
    expect(last(desk, "dryRunRules")).toMatchObject({ rule: null, spec: null });
    expect(words(dry())).toMatch(/Rule by rule Delivery fired \d+ times, \d+ replies/);
    expect(words(dry())).toContain("Nobody answered would not have fired");
  });

  test("a new rule is found among the others although it has no id", async () => {
    await openRules();
    await click(document.querySelector("[data-new]"));
    await click(document.querySelector("[data-template=late]"));
    await run();
    expect(words(dry())).toMatch(/Would (not )?have fired/);
  });
});

describe("the log of rules", () => {
  test("says what was done, and why no reply went out", async () => {
    await openRules();
    await log();
    const texts = entries().slice(0, 8).map(words);
    expect(texts[0]).toMatch(/^Delivery·Nadia Rahman.*Sent “Delivery times” and tagged “delivery”/);
    expect(texts.find((one) => one.startsWith("Away") && one.includes("No reply"))).toContain(
      "No reply went out: the replies left are kept for people.",
    );
    expect(texts.find((one) => one.startsWith("Old greeting"))).toContain("assigned it to nobody: all were away");
  });

  test("has nothing that axe finds", async () => {
    await openRules((desk) => {
      rulesScene(desk);
      rulingOf(desk).firings.splice(8);
    });
    await log();
    await accessible();
  });

  test("loads older ones up to the last", async () => {
    const { desk } = await openRules();
    await log();
    expect(entries()).toHaveLength(100);
    await click(document.querySelector("[data-older]"));
    expect(entries()).toHaveLength(130);
    expect(last(desk, "listRuleRuns")?.before).toBe(entries()[99]?.getAttribute("data-firing"));
    expect(document.querySelector("[data-older]")).toBeNull();
    expect(new Set(entries().map((one) => one.getAttribute("data-firing"))).size).toBe(130);
  });

  test("what is older stays when something new comes", async () => {
    const { desk, own } = await openRules();
    await log();
    await click(document.querySelector("[data-older]"));
    own.firings.unshift({ ...(own.firings[0] as RuleRunView & { account: string }), id: "99999", person: "Zoe" });
    desk.tell({ kind: "rules" });
    await settle();
    expect(words(entries()[0] ?? null)).toContain("Zoe");
    expect(entries()).toHaveLength(131);
  });

  test("of one rule alone, from its menu, and of a rule that is gone", async () => {
    const { desk, own } = await openRules();
    await click(screen.getByRole("button", { name: "More for Away" }));
    await click(screen.getByRole("menuitem", { name: "What it did" }));
    expect(last(desk, "listRuleRuns")).toEqual({ account: "1", rule: "r2", before: null });
    expect(entries().every((one) => words(one).startsWith("Away"))).toBe(true);
    own.rules.splice(1, 1);
    desk.tell({ kind: "rules" });
    await settle();
    expect(screen.getByRole("option", { name: "Away (deleted)" })).toBeTruthy();
  });

  test("an entry opens its message", async () => {
    const { app, desk } = await openRules();
    await log();
    await click(entries()[0]?.querySelector("[data-open]") ?? null);
    await settle(30);
    expect(app.navigation.screen).toBe("inbox");
    expect(app.navigation.conversation).toBe("11");
    const first = desk.of("11").messages.find((one) => one.direction === "in")?.id;
    expect(desk.asked.some((one) => one.command === "listMessages" && one.args.around === first)).toBe(true);
  });

  test("tells a shop in which nothing has fired what to expect", async () => {
    await openRules(noRules);
    await log();
    expect(screen.getByText("No rule has fired yet")).toBeTruthy();
  });

  test("says why it could not be loaded, and keeps what is there", async () => {
    const { desk } = await openRules();
    await log();
    desk.fail("listRuleRuns", "unexpected");
    await click(document.querySelector("[data-older]"));
    expect(screen.getByRole("alert").textContent).toContain("The log could not be loaded");
    expect(entries()).toHaveLength(100);
  });
});

describe("why a rule answered, or not", () => {
  test("each rule’s verdict, with the condition that does not hold", async () => {
    const { app, desk } = await openRules();
    const follower = desk.conversations.find(
      (one) =>
        one.row.person.isFollower &&
        one.account === "1" &&
        one.messages[0]?.content.type === "text" &&
        one.messages[0].content.body.includes("delivery"),
    );
    app.rules.explain(follower?.messages[0]?.id ?? "");
    await settle();
    const said = (at: number): string => words(document.querySelectorAll("[data-verdict]")[at] ?? null);
    expect(said(0)).toBe("Delivery It asks that the customer does not follow you, and that is not so.");
    expect(said(2)).toBe("Riyadh It waits for something else: a message contains “شحن” or “الرياض”.");
    expect(said(4)).toBe("Nobody answered It is switched off.");
    await accessible();
  });

  test("what stopped it, and why no reply would go out now", async () => {
    const { app, desk, own } = await openRules();
    const first = own.rules[0]?.spec;
    if (first)
      Object.assign(first, { trigger: { kind: "keyword", words: ["linen"], matching: "word" }, conditions: [] });
    desk.of("11").messages.push({
      ...(desk.of("11").messages[1] as (typeof desk.conversations)[0]["messages"][0]),
      id: "900",
      direction: "out",
      sentAtMs: Date.now(),
    });
    app.rules.explain(desk.of("11").messages.findLast((one) => one.direction === "in")?.id ?? "");
    await settle();
    const dialog = screen.getByRole("dialog");
    expect(words(dialog)).toContain("Away It is not tried: “Delivery” above it fires and stops the others.");
    expect(words(dialog)).toContain("If it fired now, no reply would go out: another rule had answered this message.");
  });

  test("opens from the log and gives the focus back", async () => {
    await openRules();
    await log();
    const why = entries()[0]?.querySelector<HTMLElement>("[data-why]");
    why?.focus();
    await click(why ?? null);
    expect(words(screen.getByRole("dialog"))).toContain("“Delivery” sent “Delivery times” and tagged “delivery”.");
    press(screen.getByRole("dialog"), "Escape");
    await settle();
    expect(screen.queryByRole("dialog")).toBeNull();
    expect(document.activeElement).toBe(why);
  });

  test("opens over the inbox, where nobody has looked at the rules yet", async () => {
    const { app, desk } = await openRules();
    app.navigation.go("inbox");
    await settle();
    app.rules.view = null;
    app.rules.explain(desk.of("12").messages[0]?.id ?? "");
    await settle();
    expect(words(screen.getByRole("dialog"))).toContain(
      "It waits for something else: a message contains “delivery” or “shipping”.",
    );
  });

  test("says that a message is gone", async () => {
    const { app } = await openRules();
    app.rules.explain("nothing");
    await settle();
    expect(screen.getByRole("alert").textContent).toContain("This could not be found out");
  });
});
