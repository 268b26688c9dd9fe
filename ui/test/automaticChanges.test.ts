import { screen, within } from "@testing-library/svelte";
import { describe, expect, test } from "vitest";

import { autoOf, changeElsewhere, kindOf } from "../dev/automatic";
import { autoStates } from "../dev/greetings";
import {
  automatic,
  button,
  card,
  dialog,
  faultless,
  fields,
  item,
  orderOf,
  said,
  seen,
  sent,
  write,
} from "./automaticScreen";
import { press, settle } from "./world";

describe("changed elsewhere", () => {
  const theirs = "Hello, we answer on weekdays.";
  async function conflict() {
    const page = await automatic();
    button(item("w1"), /^Edit/).click();
    await settle();
    write(item("w1"), "Hello, we answer every day.");
    changeElsewhere(page.desk, "1", "welcomeMessage", ([one]) =>
      one ? [{ ...one, text: { title: "", body: theirs } }] : [],
    );
    await settle();
    return page;
  }
  const both = (): HTMLElement => document.querySelector<HTMLElement>("[data-conflict]") ?? document.body;

  test("is told on the card, until it is dismissed", async () => {
    await automatic("elsewhere");
    expect(card("welcomeMessage").querySelector("[data-elsewhere]")?.textContent).toContain("Changed outside Deskbell");
    button(card("welcomeMessage"), "Dismiss").click();
    await settle();
    expect(card("welcomeMessage").querySelector("[data-elsewhere]")).toBe(null);
  });
  test("while one writes shows both texts, and loses neither", async () => {
    await conflict();
    expect(within(both()).getByRole("region", { name: "What it says now" }).textContent).toContain(theirs);
    expect(within(both()).getByRole("region", { name: "Your text" }).textContent).toContain(
      "Hello, we answer every day.",
    );
    expect(fields(item("w1"))[0]?.value).toBe("Hello, we answer every day.");
    expect(button(item("w1"), "Send for review").getAttribute("aria-disabled")).toBe("true");
    await faultless();
  });
  test("can be overwritten knowingly", async () => {
    const { desk } = await conflict();
    button(both(), "Keep mine").click();
    await settle();
    expect(sent(desk, "updateAutoMessage")).toEqual([
      { message: "w1", base: { title: "", body: theirs }, text: { title: "", body: "Hello, we answer every day." } },
    ]);
    expect(item("w1").textContent).toContain("Hello, we answer every day.");
  });
  test("can be taken, and one’s own text be had back", async () => {
    await conflict();
    button(both(), "Take theirs").click();
    await settle();
    expect(item("w1").querySelector("form")).toBe(null);
    expect(item("w1").textContent).toContain(theirs);
    screen.getByRole("button", { name: "Undo" }).click();
    await settle();
    expect(fields(item("w1"))[0]?.value).toBe("Hello, we answer every day.");
    expect(both().textContent).toContain(theirs);
  });
  test("is noticed by the desk at sending, too", async () => {
    const { auto, desk } = await automatic();
    button(item("w1"), /^Edit/).click();
    await settle();
    write(item("w1"), "Mine");
    const greeting = kindOf(auto, "welcomeMessage").items[0];
    if (greeting) greeting.text = { title: "", body: theirs };
    button(item("w1"), "Send for review").click();
    await settle();
    expect(desk.count("updateAutoMessage")).toBe(1);
    expect(both().textContent).toContain(theirs);
    expect(fields(item("w1"))[0]?.value).toBe("Mine");
  });
  test("by deleting the message leaves the text as a new one", async () => {
    const { desk } = await automatic();
    button(item("p1"), /^Edit/).click();
    await settle();
    write(item("p1"), "Opening hours", "From 8 to 20.");
    changeElsewhere(desk, "1", "chatPrompt", (items) => items.filter((one) => one.id !== "p1"));
    await settle();
    expect(document.querySelector("[data-gone]")?.textContent).toContain("was deleted outside Deskbell");
    button(card("chatPrompt"), "Send for review").click();
    await settle();
    expect(sent(desk, "createAutoMessage").map((one) => one.text)).toEqual([
      { title: "Opening hours", body: "From 8 to 20." },
    ]);
  });
  test("does not take the pen out of the agent’s hand", async () => {
    const { desk } = await automatic();
    button(item("p1"), /^Edit/).click();
    await settle();
    write(item("p1"), "Opening hours", "From 8 to 2");
    fields(item("p1"))[1]?.focus();
    changeElsewhere(desk, "1", "chatPrompt", (items) => items.filter((one) => one.id !== "p1"));
    await settle();
    expect(document.activeElement?.closest("form[data-draft]")).toBeTruthy();
    // A greeting that is changed is a new one to TikTok.
    button(item("w1"), /^Edit/).click();
    await settle();
    write(item("w1"), "Mine");
    changeElsewhere(desk, "1", "welcomeMessage", () => [
      { id: "w2", text: { title: "", body: theirs }, audit: "approved", off: false },
    ]);
    await settle();
    expect(fields(item("w2"))[0]?.value).toBe("Mine");
    expect(both().textContent).toContain(theirs);
    expect(item("w2").contains(document.activeElement)).toBe(true);
  });
  test("of what was not touched yet just shows the new text", async () => {
    const { desk } = await automatic();
    button(item("w1"), /^Edit/).click();
    await settle();
    changeElsewhere(desk, "1", "welcomeMessage", ([one]) =>
      one ? [{ ...one, text: { title: "", body: theirs } }] : [],
    );
    await settle();
    expect(document.querySelector("[data-conflict]")).toBe(null);
    expect(fields(item("w1"))[0]?.value).toBe(theirs);
  });
});

describe("turning on", () => {
  test("chat prompts warns that TikTok switches them off, and makes them anew", async () => {
    const { desk } = await automatic("off");
    within(card("chatPrompt")).getByRole("switch").click();
    await settle();
    expect(desk.count("setAutoMessagesEnabled")).toBe(0);
    expect(dialog().textContent).toContain("TikTok switches off all 3 messages that are there");
    await faultless();
    button(dialog(), "Turn on").click();
    await settle();
    expect(sent(desk, "setAutoMessagesEnabled")).toEqual([
      { account: "1", kind: "chatPrompt", enabled: true, recreate: true },
    ]);
    expect(orderOf("chatPrompt")).not.toContain("p1");
    expect(card("chatPrompt").querySelectorAll("[data-audit=reviewing]").length).toBe(3);
    expect(card("chatPrompt").querySelector("[data-switched-off]")).toBe(null);
  });
  test("without making them anew says that customers do not see them", async () => {
    const { desk } = await automatic("off");
    within(card("chatPrompt")).getByRole("switch").click();
    await settle();
    dialog().querySelectorAll<HTMLInputElement>("input[type=radio]")[1]?.click();
    await settle();
    button(dialog(), "Turn on").click();
    await settle();
    expect(card("chatPrompt").querySelector("[data-switched-off]")?.textContent).toContain(
      "TikTok switched 3 messages off",
    );
    expect(seen()).toEqual([]);
    await faultless();
    button(item("p2"), "Make anew “Size guide”").click();
    await settle();
    button(item("p2"), "Send for review").click();
    await settle();
    expect(sent(desk, "recreateAutoMessage")).toEqual([
      { message: "p2", text: { title: "Size guide", body: "How do your sizes run?" } },
    ]);
    expect(card("chatPrompt").querySelector("[data-switched-off]")?.textContent).toContain(
      "TikTok switched 2 messages off",
    );
    button(card("chatPrompt"), "Make anew").click();
    await settle();
    button(dialog(), "Make anew").click();
    await settle();
    expect(card("chatPrompt").querySelector("[data-switched-off]")).toBe(null);
  });
  test("tells each text that TikTok refused, with why", async () => {
    await automatic((desk) => {
      autoStates["off"]?.(desk);
      autoOf(desk, "1").refuses = "Size guide";
    });
    within(card("chatPrompt")).getByRole("switch").click();
    await settle();
    button(dialog(), "Turn on").click();
    await settle();
    const refused = document.querySelector("[data-refused]");
    expect(refused?.textContent).toContain("TikTok did not take 1 message anew");
    expect(refused?.textContent).toContain("How do your sizes run?");
    expect(refused?.textContent).toContain("community guidelines");
    expect(item("p2").textContent).toContain("Switched off");
  });
  test("a greeting needs no warning, and turning off none either", async () => {
    const { desk } = await automatic();
    within(card("welcomeMessage")).getByRole("switch").click();
    await settle();
    within(card("welcomeMessage")).getByRole("switch").click();
    await settle();
    expect(sent(desk, "setAutoMessagesEnabled").map((one) => one.enabled)).toEqual([false, true]);
    within(card("chatPrompt")).getByRole("switch").click();
    await settle();
    expect(said()).toContain("Turning them on again makes TikTok want each of them anew.");
  });
  test("is put back when the desk cannot", async () => {
    const { desk } = await automatic();
    desk.fail("setAutoMessagesEnabled", "offline");
    within(card("welcomeMessage")).getByRole("switch").click();
    await settle();
    expect(within(card("welcomeMessage")).getByRole("switch").getAttribute("aria-checked")).toBe("true");
    expect(within(card("welcomeMessage")).getByRole("alert").textContent).toContain("TikTok cannot be reached");
  });
});

describe("the order", () => {
  const grips = (): HTMLElement[] => [...card("chatPrompt").querySelectorAll<HTMLElement>(".grip")];
  const point = (on: HTMLElement, name: string, clientY: number): void =>
    void on.dispatchEvent(
      new PointerEvent(name, { bubbles: true, cancelable: true, pointerId: 1, button: 0, clientY }),
    );
  function rows(): void {
    [...card("chatPrompt").querySelectorAll<HTMLElement>("li[data-auto]")].forEach(
      (row, at) =>
        (row.getBoundingClientRect = () => ({
          top: at * 60,
          height: 60,
          bottom: at * 60 + 60,
          left: 0,
          right: 0,
          width: 0,
          x: 0,
          y: at * 60,
          toJSON: () => "",
        })),
    );
  }

  test("can be changed for chat prompts only", async () => {
    await automatic();
    expect(grips().length).toBe(3);
    expect(card("suggestedQuestion").querySelector(".grip")).toBe(null);
  });
  test("is changed by Alt and the arrows, announced, and the grip keeps the focus", async () => {
    const { desk, app } = await automatic();
    app.navigation.conversation = null;
    grips()[0]?.focus();
    press(grips()[0] as HTMLElement, "ArrowDown", { altKey: true });
    press(grips()[0] as HTMLElement, "ArrowUp", { altKey: true });
    await settle();
    expect(sent(desk, "sortAutoMessages")[0]).toEqual({ account: "1", kind: "chatPrompt", order: ["p2", "p1", "p3"] });
    const at = orderOf("chatPrompt").indexOf("p1");
    press(item("p1").querySelector<HTMLElement>(".grip") as HTMLElement, "ArrowDown", { altKey: true });
    await settle();
    expect(orderOf("chatPrompt").indexOf("p1")).toBe(at + 1);
    expect(document.querySelector("[data-moved]")?.textContent).toBe(`“Opening hours” is now ${at + 2} of 3`);
    expect(document.activeElement).toBe(item("p1").querySelector(".grip"));
  });
  test("ends at the ends", async () => {
    const { desk } = await automatic();
    press(grips()[0] as HTMLElement, "ArrowUp", { altKey: true });
    await settle();
    expect(desk.count("sortAutoMessages")).toBe(0);
    expect(document.querySelector("[data-moved]")?.textContent).toContain("cannot go further");
  });
  test("is changed by dragging, with a mark where it would go", async () => {
    const { desk } = await automatic();
    rows();
    const grip = grips()[0] as HTMLElement;
    point(grip, "pointerdown", 30);
    point(grip, "pointermove", 100);
    await settle();
    expect(item("p3").classList.contains("before")).toBe(true);
    point(grip, "pointermove", 170);
    await settle();
    expect(item("p3").classList.contains("after")).toBe(true);
    point(grip, "pointerup", 170);
    await settle();
    expect(orderOf("chatPrompt")).toEqual(["p2", "p3", "p1"]);
    expect(desk.count("sortAutoMessages")).toBe(1);
  });
  test("stays when the drag is cancelled or ends where it began", async () => {
    const { app, desk } = await automatic();
    rows();
    const grip = grips()[2] as HTMLElement;
    point(grip, "pointerdown", 150);
    point(grip, "pointermove", 20);
    press(grip, "Escape");
    point(grip, "pointerup", 20);
    point(grip, "pointerdown", 150);
    point(grip, "pointermove", 160);
    point(grip, "pointerup", 160);
    await settle();
    expect(app.navigation.screen).toBe("automatic");
    expect(desk.count("sortAutoMessages")).toBe(0);
  });
  test("goes back when TikTok refuses", async () => {
    const { desk } = await automatic();
    desk.fail("sortAutoMessages", "offline");
    press(grips()[0] as HTMLElement, "ArrowDown", { altKey: true });
    await settle();
    expect(orderOf("chatPrompt")).toEqual(["p1", "p2", "p3"]);
    expect(within(card("chatPrompt")).getByRole("alert")).toBeTruthy();
  });
});
