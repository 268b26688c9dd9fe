import { screen, within } from "@testing-library/svelte";
import { describe, expect, test } from "vitest";

import { autoOf, changeElsewhere, decide, kindOf } from "../dev/automatic";
import { WELCOME } from "../dev/greetings";
import { automatic, button, card, dialog, faultless, item, said, seen, sent, write } from "./automaticScreen";
import { press, settle } from "./world";

const phone = (): HTMLElement => document.querySelector<HTMLElement>("[data-preview]") ?? document.body;
const played = (): (string | undefined)[] =>
  [...phone().querySelectorAll("[data-played]")].map((one) => one.textContent?.trim());
const narrow = (): void =>
  (
    window as unknown as { happyDOM: { setViewport(size: { width: number; height: number }): void } }
  ).happyDOM.setViewport({ width: 900, height: 700 });

describe("the preview", () => {
  test("shows what is approved and on, and nothing else", async () => {
    const { desk } = await automatic();
    expect(seen()).toEqual([WELCOME, "How long does delivery take?", "Opening hours", "Size guide"]);
    decide(desk, "1", "p3", "approved");
    await settle();
    expect(seen()).toContain("الشحن والتوصيل");
    within(card("suggestedQuestion")).getByRole("switch").click();
    await settle();
    expect(seen()).not.toContain("How long does delivery take?");
  });
  test("shows the rest, marked, when asked to", async () => {
    await automatic();
    screen.getByRole("checkbox", { name: "Also what customers do not see yet" }).click();
    await settle();
    expect(seen()).toContain("Can I return a dress I wore once?");
    expect(phone().querySelectorAll("[data-seen=hidden]").length).toBe(2);
  });
  test("shows what is being written as it is written, marked as a draft", async () => {
    await automatic();
    button(item("w1"), /^Edit/).click();
    await settle();
    write(item("w1"), "Good morning");
    await settle();
    expect(phone().querySelector("[data-seen=draft]")?.textContent).toContain("Good morning");
    expect(phone().querySelector("[data-seen=draft]")?.textContent).toContain("Your draft");
    button(card("suggestedQuestion"), "Add a question").click();
    await settle();
    write(card("suggestedQuestion"), "Do you ship?", "Yes, everywhere.");
    await settle();
    button(phone(), "Do you ship?, your draft").click();
    await settle();
    write(card("suggestedQuestion"), "Do you ship?", "Yes, nearly everywhere.");
    await settle();
    expect(played()).toEqual(["Do you ship?", "Your draft Yes, nearly everywhere."]);
  });
  test("plays what a tap brings, an answer or the customer’s own question, and starts over", async () => {
    await automatic();
    button(phone(), "How long does delivery take?").click();
    button(phone(), "Size guide").click();
    await settle();
    expect(played()).toEqual([
      "How long does delivery take?",
      "2 to 4 working days, and you get a tracking link here.",
      "How do your sizes run?",
    ]);
    screen.getByRole("button", { name: "Start over" }).click();
    await settle();
    expect(played()).toEqual([]);
  });
  test("says why a new customer would see nothing", async () => {
    await automatic("off");
    expect(phone().textContent).toContain("A new customer sees none of them");
  });
  test("names the business where TikTok’s own greeting has a place for it", async () => {
    const { desk } = await automatic();
    changeElsewhere(desk, "1", "welcomeMessage", ([one]) =>
      one ? [{ ...one, text: { title: "", body: "Welcome to {{display_name}}!" } }] : [],
    );
    await settle();
    expect(seen()[0]).toBe("Welcome to Maison Bloom!");
  });
  test("stands behind a button in a narrow window", async () => {
    narrow();
    await automatic();
    expect(document.querySelector("[data-preview]")).toBe(null);
    const show = screen.getByRole("button", { name: "Preview" });
    show.click();
    await settle();
    expect(show.getAttribute("aria-pressed")).toBe("true");
    expect(seen()[0]).toBe(WELCOME);
  });
});

describe("the history", () => {
  const options = (): HTMLElement[] => within(dialog()).getAllByRole("option");
  const open = async (kind: "welcomeMessage" | "suggestedQuestion"): Promise<void> => {
    button(card(kind), /^History/).click();
    await settle();
  };

  test("begins at the newest state that is not how it is now, and says who changed it", async () => {
    await automatic();
    await open("welcomeMessage");
    expect(options().map((one) => one.getAttribute("aria-selected"))).toEqual(["false", "true", "false"]);
    expect(options()[0]?.textContent).toContain("Now");
    expect(options()[1]?.textContent).toContain("Changed outside Deskbell");
    expect([...dialog().querySelectorAll("ins")].map((one) => one.textContent)).toContain("on weekdays");
    expect([...dialog().querySelectorAll("del")].map((one) => one.textContent).join(" ")).toContain("every day");
    await faultless();
  });
  test("is walked with the arrows", async () => {
    await automatic();
    await open("welcomeMessage");
    press(options()[1] as HTMLElement, "ArrowDown");
    await settle();
    expect(options()[2]?.getAttribute("aria-selected")).toBe("true");
    expect(options()[2]?.textContent).toContain("was off");
  });
  test("says what comes back and what goes, and restores only after a yes", async () => {
    const { desk } = await automatic();
    await open("suggestedQuestion");
    expect([...dialog().querySelectorAll<HTMLElement>("[data-change]")].map((one) => one.dataset["change"])).toEqual([
      "changes",
      "before",
      "after",
    ]);
    button(dialog(), "Restore…").click();
    await settle();
    expect(desk.count("restoreAutoVersion")).toBe(0);
    button(dialog(), "Restore").click();
    await settle();
    expect(sent(desk, "restoreAutoVersion")).toEqual([{ version: "v5" }]);
    expect(card("suggestedQuestion").textContent).toContain("Do you restock?");
    expect(said()).toContain("Restored");
  });
  test("tells on the card what TikTok refused", async () => {
    await automatic((desk) => (autoOf(desk, "1").refuses = "restock"));
    await open("suggestedQuestion");
    button(dialog(), "Restore…").click();
    await settle();
    button(dialog(), "Restore").click();
    await settle();
    expect(document.querySelector("[data-refused]")?.textContent).toContain(
      "It is restored, but TikTok did not take 1 message",
    );
  });
  test("offers no way back to no greeting at all, which TikTok does not do", async () => {
    await automatic((desk) =>
      autoOf(desk, "1").versions.push({
        id: "v0",
        kind: "welcomeMessage",
        atMs: 1,
        elsewhere: false,
        enabled: false,
        items: [],
      }),
    );
    await open("welcomeMessage");
    options().at(-1)?.click();
    await settle();
    expect(dialog().textContent).toContain("TikTok does not delete a greeting");
    expect(within(dialog()).queryByRole("button", { name: "Restore…" })).toBe(null);
  });
  test("can be tried again, and may be empty", async () => {
    const { desk, auto } = await automatic();
    desk.fail("listAutoVersions", "unexpected");
    auto.versions = [];
    await open("welcomeMessage");
    button(dialog(), "Try again").click();
    await settle();
    expect(dialog().textContent).toContain("No history yet");
  });
});

describe("copying to another account", () => {
  const open = async (): Promise<void> => {
    screen.getByRole("button", { name: "Copy to another account…" }).click();
    await settle();
  };

  test("brings the chosen kinds", async () => {
    const { desk } = await automatic();
    await open();
    expect(
      within(dialog()).getByRole("radio", { name: "@loom" }).hasAttribute("checked") ||
        (within(dialog()).getByRole("radio", { name: "@loom" }) as HTMLInputElement).checked,
    ).toBe(true);
    within(dialog()).getByRole("checkbox", { name: "Chat prompts (3)" }).click();
    await settle();
    await faultless();
    button(dialog(), "Copy").click();
    await settle();
    expect(sent(desk, "copyAutoMessages")).toEqual([
      { from: "1", to: "2", kinds: ["welcomeMessage", "suggestedQuestion"] },
    ]);
    expect(kindOf(autoOf(desk, "2"), "suggestedQuestion").items.length).toBe(2);
    expect(said()).toContain("Copied to @loom");
  });
  test("tells what did not get there, each with why", async () => {
    await automatic((desk) => {
      kindOf(autoOf(desk, "2"), "welcomeMessage").items = [
        { id: "w9", text: { title: "", body: "Loom says hi" }, audit: "approved", off: false },
      ];
    });
    await open();
    button(dialog(), "Copy").click();
    await settle();
    expect(dialog().textContent).toContain("@loom did not get 1 message");
    expect(dialog().textContent).toContain("TikTok allows no more of this kind.");
  });
  test("needs a kind, and an account that can be changed", async () => {
    const { desk } = await automatic((one) => (one.account("2").health = { state: "relink", detail: "" }));
    await open();
    button(dialog(), "Copy").click();
    await settle();
    expect(desk.count("copyAutoMessages")).toBe(0);
    expect((within(dialog()).getByRole("radio", { name: /@loom/ }) as HTMLInputElement).disabled).toBe(true);
  });
});
