import { screen } from "@testing-library/svelte";
import { afterEach, describe, expect, test, vi } from "vitest";

import { bubbles, field, openPage, press, rowOf, settle, type } from "./world";

afterEach(() => vi.useRealTimers());

async function opened(id = "12") {
  const page = await openPage();
  rowOf(id)?.click();
  await settle();
  // A moment has passed since the agent came here.
  page.app.navigation.arrivedAt = -Infinity;
  return page;
}

describe("the composer", () => {
  test("sends with Enter, clears at once, and a doubled Enter sends once", async () => {
    const { desk } = await opened();
    type(field(), "Yes, we can!");
    press(field(), "Enter");
    press(field(), "Enter");
    await settle();
    expect(field().value).toBe("");
    expect(desk.count("sendReply")).toBe(1);
    expect(bubbles().at(-1)?.textContent).toContain("Yes, we can!");
    expect(bubbles().at(-1)?.dataset["delivery"]).toBe("held");
  });

  test("leaves Enter to an input method that composes", async () => {
    const { desk } = await opened();
    type(field(), "사이즈");
    press(field(), "Enter", { isComposing: true });
    await settle();
    expect(desk.count("sendReply")).toBe(0);
    expect(field().value).toBe("사이즈");
  });

  test("follows the setting for Ctrl+Enter", async () => {
    const { desk, app } = await opened();
    await app.shell.changeSettings({ sendKey: "ctrlEnter" });
    await settle();
    type(field(), "one");
    press(field(), "Enter");
    await settle();
    expect(desk.count("sendReply")).toBe(0);
    press(field(), "Enter", { ctrlKey: true });
    await settle();
    expect(desk.count("sendReply")).toBe(1);
  });

  test("a draft never appears in another conversation, and is there on coming back", async () => {
    const { desk } = await opened("12");
    type(field(), "for twelve only");
    rowOf("13")?.click();
    await settle();
    expect(field().value).toBe("");
    expect(field().getAttribute("aria-label")).toBe("Message to Marco Bellini");
    type(field(), "for thirteen");
    rowOf("12")?.click();
    await settle();
    expect(field().value).toBe("for twelve only");
    expect(desk.of("12").draft).toBe("for twelve only");
    expect(desk.of("13").draft).toBe("for thirteen");
  });

  test("brings back the draft the desk kept", async () => {
    await opened("11");
    expect(field().value).toMatch(/^Good news, it’s back!/);
  });

  test("takes no typing before the desk's draft is known", async () => {
    const { desk } = await openPage();
    const release = desk.hold("getConversation");
    rowOf("11")?.click();
    await settle();
    expect(field().readOnly).toBe(true);
    release();
    await settle();
    expect(field().readOnly).toBe(false);
  });

  test("puts the text back with the reason when it cannot be sent", async () => {
    const { desk } = await opened();
    desk.fail("sendReply", "diskFull");
    type(field(), "Precious words");
    press(field(), "Enter");
    await settle();
    expect(field().value).toBe("Precious words");
    expect(screen.getByRole("alert").textContent).toContain("Nothing can be written to the disk.");
    press(field(), "Enter");
    await settle();
    expect(desk.of("12").messages.at(-1)?.content).toEqual({ type: "text", body: "Precious words" });
    expect(screen.queryByRole("alert")).toBeNull();
  });

  test("puts it back into its own conversation when the agent has gone on", async () => {
    const { desk } = await opened();
    desk.fail("sendReply", "unexpected");
    const release = desk.hold("sendReply");
    type(field(), "Precious words");
    press(field(), "Enter");
    rowOf("13")?.click();
    await settle();
    release();
    await settle();
    expect(field().value).toBe("");
    expect(screen.getByRole("alert").textContent).toContain("0badf00d");
    rowOf("12")?.click();
    await settle();
    expect(field().value).toBe("Precious words");
  });

  test("says why it cannot send what is empty or too long", async () => {
    const { desk } = await opened();
    const send = screen.getByRole("button", { name: "Send" });
    expect(send.getAttribute("aria-disabled")).toBe("true");
    send.click();
    await settle();
    expect(document.getElementById("composer-why")?.textContent).toContain("Write a message first.");
    type(field(), "x".repeat(6_003));
    await settle();
    expect(document.getElementById("composer-why")?.textContent).toContain("3 characters too many for TikTok.");
    press(field(), "Enter");
    await settle();
    expect(desk.count("sendReply")).toBe(0);
    expect(screen.getByText("6,003 / 6,000")).toBeTruthy();
  });

  test("warns of a closed window but does not forbid", async () => {
    const { desk, app } = await openPage();
    const conversation = desk.of("12");
    conversation.row.window = { openedAtMs: Date.now() - 50 * 3_600_000, closesAtMs: Date.now() - 2 * 3_600_000 };
    rowOf("12")?.click();
    await settle();
    expect(document.querySelector(".composer [data-window=closed]")?.textContent).toMatch(
      /closed at .*TikTok may still take 3/,
    );
    app.navigation.arrivedAt = -Infinity;
    type(field(), "anyway");
    press(field(), "Enter");
    await settle();
    expect(desk.count("sendReply")).toBe(1);
  });

  test("Escape goes back to the list and R comes again", async () => {
    await opened();
    field().focus();
    press(field(), "Escape");
    await settle();
    expect(document.activeElement).toBe(screen.getByRole("listbox"));
    press(document.activeElement ?? document.body, "r");
    await settle();
    expect(document.activeElement).toBe(field());
  });
});
