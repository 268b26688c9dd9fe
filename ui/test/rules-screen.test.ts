import { screen, within } from "@testing-library/svelte";
import { describe, expect, test, vi } from "vitest";

import { accessible, choose, click, edit, last, noRules, openRules, order, ruleRow, words } from "./rules-world";
import { press, settle, type } from "./world";

const sentence = (of: ParentNode): string => words(of.querySelector("[data-sentence]"));
const name = (): HTMLInputElement => screen.getByRole("textbox", { name: "Name" });
const editor = (): HTMLElement | null => document.querySelector("[data-editor]");
const wrong = (): string[] =>
  [...document.querySelectorAll("[data-problem]")].map((one) => one.getAttribute("data-problem") ?? "");
const save = (): Promise<void> => click(document.querySelector("[data-save]"));

describe("the list of rules", () => {
  test("says each rule in one sentence", async () => {
    await openRules();
    expect(sentence(ruleRow("r1"))).toBe(
      "When a message contains “delivery” or “shipping”, and the customer does not follow you: send " +
        "“Delivery times”, tag “delivery”, and stop.",
    );
    expect(sentence(ruleRow("r3"))).toBe(
      "When a message contains “شحن” or “الرياض”, and it is in Arabic, and it came to Maison Bloom: send “التوصيل” and assign it to Layla.",
    );
    expect(sentence(ruleRow("r4"))).toMatch(
      new RegExp(
        "^When a customer sends a picture, and the customer does not have the tag “VIP”, and it came between " +
          "(18:00|06:00 PM) and 09:00( AM)? on Saturday or Sunday: send a saved reply and notify you\\.$",
      ),
    );
    expect(sentence(ruleRow("r5"))).toBe(
      "When a message was not answered for 2 h: assign it to whoever is least busy and notify you.",
    );
  });

  test("keeps somebody’s own words in their own direction of writing", async () => {
    await openRules();
    expect(ruleRow("r3").querySelector("[data-sentence]")?.textContent).toContain("“\u2068شحن\u2069”");
  });

  test("shows what came of each, and what keeps it from working", async () => {
    await openRules();
    expect(words(ruleRow("r1"))).toMatch(/Fired \d+ times, last /);
    expect(words(ruleRow("r4"))).toContain("Has not fired yet");
    expect(words(ruleRow("r4").querySelector("[data-problem=savedReplyGone]"))).toBe(
      "Its saved reply is gone. Choose another one.",
    );
    expect(ruleRow("r1").querySelector("[data-problem]")).toBeNull();
  });

  test("switches a rule off at once, and back on if the desk cannot keep it", async () => {
    const { desk, own } = await openRules();
    const toggle = screen.getByRole("switch", { name: "Rule Away" });
    await click(toggle);
    expect(own.rules[1]?.spec.enabled).toBe(false);
    expect(toggle.getAttribute("aria-checked")).toBe("false");
    desk.fail("saveRule", "diskFull");
    await click(toggle);
    expect(toggle.getAttribute("aria-checked")).toBe("false");
    expect(screen.getByRole("alert").textContent).toContain("Nothing can be written to the disk.");
  });

  test("moves a rule with Alt and the arrows, says where it is, and keeps the focus on it", async () => {
    const { own } = await openRules();
    const grip = screen.getByRole("button", { name: "Move Delivery, 1 of 5" });
    grip.focus();
    press(grip, "ArrowDown", { altKey: true });
    await settle();
    expect(own.rules.map((one) => one.id)).toEqual(["r2", "r1", "r3", "r4", "r5"]);
    expect(order()).toEqual(["r2", "r1", "r3", "r4", "r5"]);
    expect(words(document.querySelector("[data-said]"))).toBe("Delivery is now 2 of 5");
    expect(document.activeElement?.getAttribute("aria-label")).toBe("Move Delivery, 2 of 5");
    press(document.activeElement as Element, "ArrowUp", { altKey: true });
    press(document.activeElement as Element, "ArrowUp", { altKey: true });
    await settle();
    expect(order()[0]).toBe("r1");
  });

  test("the first rule cannot go further up, and nothing is asked then", async () => {
    const { desk } = await openRules();
    press(screen.getByRole("button", { name: "Move Delivery, 1 of 5" }), "ArrowUp", { altKey: true });
    await settle();
    expect(desk.count("sortRules")).toBe(0);
  });

  test("puts the order back when the desk does not keep it", async () => {
    const { desk } = await openRules();
    desk.fail("sortRules", "diskFull");
    press(screen.getByRole("button", { name: "Move Delivery, 1 of 5" }), "ArrowDown", { altKey: true });
    await settle();
    expect(order()).toEqual(["r1", "r2", "r3", "r4", "r5"]);
  });

  test("an answer that was overtaken does not take back what was done since", async () => {
    const { desk } = await openRules();
    const grip = (): HTMLElement => ruleRow("r1").querySelector("[data-grip]") as HTMLElement;
    const release = desk.hold("sortRules");
    grip().focus();
    for (const _ of [1, 2, 3]) {
      press(grip(), "ArrowDown", { altKey: true });
      await settle();
    }
    const seen: string[] = [];
    const watch = new MutationObserver(() => seen.push(order().join()));
    watch.observe(document.querySelector("[data-rule]")?.parentElement as HTMLElement, { childList: true });
    release();
    await settle();
    watch.disconnect();
    expect(seen).toEqual([]);
    expect(order()).toEqual(["r2", "r3", "r4", "r1", "r5"]);
  });

  test("moves a rule with the pointer: rows make room, and dropping it asks once", async () => {
    const { desk } = await openRules();
    const HEIGHT = 100;
    for (const [at, row] of [...document.querySelectorAll("[data-rule]")].entries())
      vi.spyOn(row, "getBoundingClientRect").mockReturnValue(new DOMRect(0, at * HEIGHT, 700, HEIGHT));
    // Far from the page's edges, where it would scroll.
    vi.spyOn(document.querySelector("main") as HTMLElement, "getBoundingClientRect").mockReturnValue(
      new DOMRect(0, -500, 1280, 2000),
    );
    const grip = screen.getByRole("button", { name: "Move Delivery, 1 of 5" });
    const pointer = (kind: string, clientY: number): void =>
      void grip.dispatchEvent(new PointerEvent(kind, { bubbles: true, cancelable: true, button: 0, clientY }));
    pointer("pointerdown", 20);
    pointer("pointermove", 60);
    await settle();
    expect(desk.count("sortRules")).toBe(0);
    expect(ruleRow("r1").style.translate).toBe("0 40px");
    expect(ruleRow("r2").style.translate).toBe("0 0px");
    pointer("pointermove", 150);
    await settle();
    expect(ruleRow("r2").style.translate).toBe("0 -100px");
    expect(order()[0]).toBe("r1");
    pointer("pointerup", 150);
    await settle();
    expect(last(desk, "sortRules")).toEqual({ order: ["r2", "r1", "r3", "r4", "r5"] });
    expect(desk.count("sortRules")).toBe(1);
    expect(ruleRow("r2").style.translate).toBe("");
  });

  test("Escape lets go of a rule without moving it", async () => {
    const { desk, app } = await openRules();
    for (const [at, row] of [...document.querySelectorAll("[data-rule]")].entries())
      vi.spyOn(row, "getBoundingClientRect").mockReturnValue(new DOMRect(0, at * 100, 700, 100));
    const grip = screen.getByRole("button", { name: "Move Delivery, 1 of 5" });
    grip.dispatchEvent(new PointerEvent("pointerdown", { bubbles: true, button: 0, clientY: 20 }));
    grip.dispatchEvent(new PointerEvent("pointermove", { bubbles: true, clientY: 200 }));
    press(grip, "Escape");
    grip.dispatchEvent(new PointerEvent("pointerup", { bubbles: true, clientY: 200 }));
    await settle();
    expect(desk.count("sortRules")).toBe(0);
    expect(app.navigation.screen).toBe("rules");
  });

  test("a copy stands right below and is switched off", async () => {
    const { own } = await openRules();
    await click(within(ruleRow("r2")).getByRole("button", { name: "More for Away" }));
    await click(screen.getByRole("menuitem", { name: "Duplicate" }));
    expect(own.rules.map((one) => one.spec.name)).toEqual([
      "Delivery",
      "Away",
      "Away (copy)",
      "Riyadh",
      "Damaged",
      "Nobody answered",
    ]);
    expect(own.rules[2]?.spec.enabled).toBe(false);
  });

  test("a deleted rule comes back where it stood", async () => {
    const { own } = await openRules();
    await click(within(ruleRow("r2")).getByRole("button", { name: "More for Away" }));
    await click(screen.getByRole("menuitem", { name: "Delete" }));
    expect(order()).toEqual(["r1", "r3", "r4", "r5"]);
    expect(screen.getByText("Rule Away deleted")).toBeTruthy();
    await click(screen.getByRole("button", { name: "Undo" }));
    expect(own.rules.map((one) => one.spec.name)).toEqual(["Delivery", "Away", "Riyadh", "Damaged", "Nobody answered"]);
    expect(own.rules[1]?.spec.trigger.kind).toBe("outsideHours");
  });

  test("is asked for again when rules change, and only while it is on screen", async () => {
    const { desk, own, app } = await openRules();
    own.rules.pop();
    desk.tell({ kind: "rules" });
    await settle();
    expect(order()).toHaveLength(4);
    app.navigation.go("inbox");
    await settle();
    const before = desk.count("listRules");
    desk.tell({ kind: "rules" });
    await settle();
    expect(desk.count("listRules")).toBe(before);
  });

  test("says why it could not be loaded, and tries again", async () => {
    const { desk } = await openRules((one) => {
      noRules(one);
      one.fail("listRules", "unexpected");
    });
    expect(screen.getByRole("alert").textContent).toContain("The rules could not be loaded");
    await click(screen.getByRole("button", { name: "Try again" }));
    expect(desk.count("listRules")).toBe(2);
    expect(screen.getByRole("heading", { name: "No rules yet" })).toBeTruthy();
  });

  test("has nothing that axe finds", async () => {
    await openRules();
    await accessible();
  });
});

describe("this computer", () => {
  test("warns of several computers only where there are several", async () => {
    await openRules();
    expect(document.querySelector("[data-many]")).toBeNull();
    document.body.replaceChildren();
    await openRules((desk) => {
      noRules(desk);
      desk.overview.settings.computers = 3;
    });
    expect(words(document.querySelector("[data-many]"))).toMatch(
      /^3 computers answer with this app\. Let only one of them/,
    );
  });

  test("stops answering for one account, and keeps replies for people", async () => {
    const { desk, own } = await openRules();
    await click(screen.getByRole("switch", { name: "Answers by rule for Loom Objects" }));
    expect(last(desk, "setRulesOnThisComputer")).toEqual({ account: "2", here: false });
    expect([...(own.here ?? [])]).toEqual(["1"]);
    await choose(screen.getByRole("combobox", { name: "Replies kept for people" }), "5");
    expect(own.reserve).toBe(5);
  });
});

describe("beginning", () => {
  test("a shop without rules is offered the common cases", async () => {
    await openRules(noRules);
    expect([...document.querySelectorAll("[data-template] b")].map(words)).toEqual([
      "Away message",
      "Greeting",
      "Delivery question",
      "Nobody answered",
      "An empty rule",
    ]);
    await accessible();
  });

  test("a template becomes a rule once what it lacks is chosen", async () => {
    const { own } = await openRules(noRules);
    await click(document.querySelector("[data-template=delivery]"));
    expect(name().value).toBe("Delivery");
    await save();
    expect(wrong()).toEqual(["savedReplyGone"]);
    expect(words(document.querySelector("[data-problem]"))).toBe("Choose a saved reply.");
    expect(own.rules).toEqual([]);
    const field = screen.getByRole("combobox", { name: "Saved reply" });
    type(field as HTMLInputElement, "deliv");
    await settle();
    press(field, "ArrowDown");
    press(field, "Enter");
    await settle();
    await save();
    expect(own.rules.map((one) => one.spec)).toEqual([
      {
        name: "Delivery",
        enabled: true,
        trigger: { kind: "keyword", words: ["delivery", "shipping", "tracking"], matching: "word" },
        conditions: [],
        actions: [
          { kind: "reply", saved: "s1" },
          { kind: "tag", name: "delivery" },
        ],
        stop: false,
      },
    ]);
    expect(editor()).toBeNull();
    expect(screen.getByText("Rule Delivery saved")).toBeTruthy();
  });

  test("“nobody answered” needs nothing more", async () => {
    const { own } = await openRules(noRules);
    await click(document.querySelector("[data-template=late]"));
    await save();
    expect(own.rules[0]?.spec.actions).toEqual([{ kind: "assign", to: { kind: "leastBusy" } }, { kind: "notify" }]);
  });
});

describe("the editor", () => {
  test("keywords are added by Enter, by a comma and by leaving the field; the same one only once", async () => {
    const { own } = await openRules();
    await edit("Delivery");
    const field = screen.getByRole("combobox", { name: "Keywords" }) as HTMLInputElement;
    type(field, "parcel");
    press(field, "Enter");
    await settle();
    type(field, "Délai, DELIVERY, post");
    await settle();
    expect(field.value).toBe("post");
    field.focus();
    field.blur();
    await settle();
    await save();
    expect(own.rules[0]?.spec.trigger).toEqual({
      kind: "keyword",
      words: ["delivery", "shipping", "parcel", "Délai", "post"],
      matching: "word",
    });
  });

  test("a keyword that is still being typed is meant when Ctrl+Enter saves", async () => {
    const { own } = await openRules();
    await edit("Delivery");
    const field = screen.getByRole("combobox", { name: "Keywords" }) as HTMLInputElement;
    type(field, "parcel");
    press(field, "Enter", { ctrlKey: true });
    await settle();
    expect(own.rules[0]?.spec.trigger).toMatchObject({ words: ["delivery", "shipping", "parcel"] });
  });

  test("a keyword without a letter, a digit or an emoji is marked; one of an emoji is not", async () => {
    await openRules();
    await edit("Delivery");
    const field = screen.getByRole("combobox", { name: "Keywords" }) as HTMLInputElement;
    type(field, "📦");
    press(field, "Enter");
    await settle();
    type(field, "?!");
    press(field, "Enter", { ctrlKey: true });
    await settle();
    expect(wrong()).toEqual(["noKeyword"]);
    press(field, "Backspace");
    await settle();
    expect(wrong()).toEqual([]);
  });

  test("Backspace in the empty field takes the last keyword out", async () => {
    await openRules();
    await edit("Delivery");
    press(screen.getByRole("combobox", { name: "Keywords" }), "Backspace");
    await settle();
    expect(sentence(editor() as HTMLElement)).toContain("a message contains “delivery”, and");
  });

  test("says in one line what each way of matching means", async () => {
    await openRules();
    await edit("Delivery");
    for (const [value, means] of [
      ["exact", "but not “price please”"],
      ["word", "in any order"],
      ["phrase", "but not “how very much”"],
    ] as const) {
      (document.querySelector(`input[value=${value}]`) as HTMLInputElement).click();
      await settle();
      expect(words(document.querySelector("[data-matching]"))).toContain(means);
    }
  });

  test("a trigger’s fields come back when the agent does", async () => {
    await openRules();
    await edit("Delivery");
    const trigger = screen.getByRole("combobox", { name: "What makes it look" });
    await choose(trigger, "noAnswer");
    expect(sentence(editor() as HTMLElement)).toContain("was not answered for 2 h");
    await choose(trigger, "keyword");
    expect(sentence(editor() as HTMLElement)).toContain("“delivery” or “shipping”");
  });

  test("every condition and every action ends up in the rule", async () => {
    const { desk, own } = await openRules(noRules);
    await click(document.querySelector("[data-template=blank]"));
    type(name(), "Everything");
    await choose(screen.getByRole("combobox", { name: "What makes it look" }), "messageRequest");
    await click(screen.getByRole("button", { name: "Account" }));
    const accounts = screen.getByRole("combobox", { name: "Accounts" });
    type(accounts as HTMLInputElement, "loom");
    await settle();
    press(accounts, "Enter");
    await settle();
    await click(screen.getByRole("button", { name: "Language" }));
    const languages = screen.getByRole("combobox", { name: "Languages" }) as HTMLInputElement;
    for (const one of ["thai", "korea"]) {
      type(languages, one);
      await settle();
      press(languages, "Enter");
      await settle();
    }
    await click(screen.getByRole("button", { name: "Time of day" }));
    await click(screen.getByRole("button", { name: "Mon" }));
    const [from] = screen.getAllByLabelText("From");
    (from as HTMLInputElement).value = "22:30";
    from?.dispatchEvent(new Event("change", { bubbles: true }));
    await click(
      document.querySelector("[data-part] [data-remove]")?.closest("section")?.querySelector("[data-add=tag]") ?? null,
    );
    const tag = screen.getByRole("combobox", { name: "Tag" });
    type(tag as HTMLInputElement, "VIP");
    await settle();
    await click(document.querySelector("[data-kind=reply] [data-remove]"));
    await click(screen.getByRole("button", { name: "Assign the conversation" }));
    await choose(screen.getByRole("combobox", { name: "To whom" }), "a2");
    await click(screen.getByRole("button", { name: "Snooze the conversation" }));
    const long = screen.getByRole("spinbutton", { name: "For how long" }) as HTMLInputElement;
    type(long, "3");
    await settle();
    await choose(screen.getByRole("combobox", { name: "Unit" }), "days");
    await click(screen.getByRole("button", { name: "Mark as done" }));
    await click(screen.getByRole("switch", { name: "Stop here" }));
    press(name(), "Enter", { ctrlKey: true });
    await settle();
    expect(last(desk, "saveRule")?.spec).toEqual({
      name: "Everything",
      enabled: true,
      trigger: { kind: "messageRequest" },
      stop: true,
      conditions: [
        { kind: "account", accounts: ["2"] },
        { kind: "language", languages: ["tha", "kor"] },
        { kind: "time", span: { fromMinute: 1350, toMinute: 540 }, days: [1] },
        { kind: "tag", name: "VIP", has: true },
      ],
      actions: [
        { kind: "assign", to: { kind: "agent", agent: "a2" } },
        { kind: "snooze", minutes: 4320 },
        { kind: "done" },
      ],
    });
    expect(own.rules).toHaveLength(1);
  });

  test("marks everything that is missing, asks nothing, and puts the focus on the first", async () => {
    const { desk } = await openRules(noRules);
    await click(document.querySelector("[data-template=blank]"));
    await click(screen.getByRole("button", { name: "Language" }));
    expect(wrong()).toEqual([]);
    await save();
    expect(wrong()).toEqual(["noName", "noKeyword", "outOfRange", "savedReplyGone"]);
    expect(document.activeElement).toBe(name());
    expect(screen.getByText("4 things are missing or wrong; see what is marked.")).toBeTruthy();
    expect(desk.count("saveRule")).toBe(0);
    await accessible();
  });

  test.each([
    ["noName", "Away", "noName"],
    ["savedReplyHasBlanks", "Away", "savedReplyHasBlanks"],
    ["agentGone", "Riyadh", "agentGone"],
    ["noTag", "Delivery", "noTag"],
  ])("marks what only the desk found: %s", async (detail, rule, marked) => {
    const { desk } = await openRules();
    await edit(rule);
    desk.fail("saveRule", "ruleInvalid", detail);
    await save();
    expect(wrong()).toEqual([marked]);
    expect(editor()).not.toBeNull();
  });

  test("says in words what the desk refused and cannot be marked", async () => {
    const { desk } = await openRules();
    await edit("Away");
    desk.fail("saveRule", "ruleInvalid", "outOfRange");
    await save();
    expect(screen.getByRole("alert").textContent).toContain("A number, a day or a language makes no sense here.");
  });

  test("shows a saved reply as it is, and warns of blanks that a rule cannot fill", async () => {
    const { own } = await openRules();
    await edit("Away");
    expect(words(document.querySelector("[data-saved=s2]"))).toContain("Thanks for your message! We answer every day");
    await click(screen.getByRole("button", { name: "Choose another" }));
    await click(screen.getByRole("option", { name: /^Refund sent/ }));
    expect(words(document.querySelector("[data-blanks]"))).toBe(
      "It has 2 blanks that only a person can fill in: “amount” and “days”. A rule cannot send it.",
    );
    await save();
    expect(wrong()).toEqual(["savedReplyHasBlanks"]);
    expect(own.rules[1]?.spec.actions).toEqual([{ kind: "reply", saved: "s2" }]);
  });

  test("says that a saved reply is gone before anything is saved", async () => {
    await openRules();
    await edit("Damaged");
    expect(words(document.querySelector("[data-gone]"))).toBe(
      "The saved reply that this rule sent is gone. Choose another one.",
    );
  });

  test("suggests tags that customers have, and takes any other", async () => {
    await openRules();
    await edit("Delivery");
    const field = screen.getByRole("combobox", { name: "Tag" }) as HTMLInputElement;
    field.focus();
    await settle();
    type(field, "re");
    await settle();
    expect([...document.querySelectorAll("[data-kind=tag] [role=option] bdi")].map(words)).toEqual([
      "Restock",
      "Refund",
    ]);
    press(field, "Enter");
    await settle();
    expect(sentence(editor() as HTMLElement)).toContain("tag “re”");
    type(field, "res");
    await settle();
    press(field, "ArrowDown");
    press(field, "Enter");
    await settle();
    expect(sentence(editor() as HTMLElement)).toContain("tag “Restock”");
  });

  test("asks before changes are lost, and keeps them if the agent wants", async () => {
    const { app, own } = await openRules();
    await edit("Away");
    type(name(), "Evenings");
    await settle();
    press(name(), "Escape");
    await settle();
    const dialog = screen.getByRole("alertdialog");
    expect(words(dialog)).toContain("What you changed in “Evenings” is not saved.");
    await accessible();
    await click(within(dialog).getByRole("button", { name: "Keep editing" }));
    expect(name().value).toBe("Evenings");
    press(name(), "Escape");
    await settle();
    await click(document.querySelector("[data-discard]"));
    expect(editor()).toBeNull();
    expect(own.rules[1]?.spec.name).toBe("Away");
    expect(app.navigation.screen).toBe("rules");
  });

  test("leaves without asking when nothing was changed, and puts the focus back on the rule", async () => {
    await openRules();
    await edit("Away");
    press(name(), "Escape");
    await settle();
    expect(editor()).toBeNull();
    expect(document.activeElement?.getAttribute("aria-label")).toBe("Edit Away");
  });

  test("a look into the inbox loses nothing", async () => {
    const { app } = await openRules();
    await edit("Away");
    type(name(), "Evenings");
    await settle();
    app.navigation.go("inbox");
    await settle();
    app.navigation.go("rules");
    await settle();
    expect(name().value).toBe("Evenings");
    expect(screen.getAllByText("Unsaved changes").length).toBeGreaterThan(0);
  });

  test("keeps what was written when the disk is full, and tells", async () => {
    const { desk } = await openRules();
    await edit("Away");
    type(name(), "Evenings");
    desk.fail("saveRule", "diskFull");
    await save();
    expect(screen.getByRole("alert").textContent).toContain(
      "The rule was not saved: Nothing can be written to the disk.",
    );
    expect(name().value).toBe("Evenings");
    await save();
    expect(editor()).toBeNull();
  });

  test("saves once, however often the button is pressed", async () => {
    const { desk } = await openRules();
    await edit("Away");
    const release = desk.hold("saveRule");
    await save();
    await save();
    release();
    await settle();
    expect(desk.count("saveRule")).toBe(1);
  });

  test("takes a hostile name for a name", async () => {
    const { own } = await openRules();
    await edit("Away");
    type(name(), "<img src=x onerror=alert(1)>\u202Egnp");
    await save();
    expect(own.rules[1]?.spec.name).toBe("<img src=x onerror=alert(1)>\u202Egnp");
    expect(words(ruleRow("r2").querySelector("[data-edit]"))).toBe("<img src=x onerror=alert(1)>‹RLO›gnp");
    expect(ruleRow("r2").querySelector("img")).toBeNull();
  });

  test("has nothing that axe finds", async () => {
    await openRules();
    await edit("Damaged");
    await accessible();
  });
});
