import { screen } from "@testing-library/svelte";
import { describe, expect, test } from "vitest";

import { openPage, settle } from "./world";

async function settings() {
  const page = await openPage();
  page.app.navigation.go("settings");
  await settle();
  return page;
}

describe("settings of sending", () => {
  test.each([
    ["Undo a sent reply for 5 seconds", "undo"],
    ["Show customers that I am typing", "typing"],
  ] as const)("“%s” is kept at once", async (name, key) => {
    const { desk } = await settings();
    const toggle = screen.getByRole("switch", { name });
    expect(toggle.getAttribute("aria-checked")).toBe("true");
    toggle.click();
    await settle();
    expect(desk.overview.settings[key]).toBe(false);
    expect(toggle.getAttribute("aria-checked")).toBe("false");
  });

  test("say when an account’s customers see that they were read", async () => {
    const { desk } = await settings();
    const group = screen.getByRole("radiogroup", { name: /messages were read: Maison Bloom/ });
    expect(group.parentElement?.textContent).toContain("Reading in Deskbell is otherwise not seen by them.");
    group.querySelector<HTMLInputElement>("input[value=byHand]")?.click();
    await settle();
    expect(desk.asked.findLast((one) => one.command === "setReadReceipts")?.args).toEqual({
      account: "1",
      policy: "byHand",
    });
    expect(desk.overview.accounts.map((one) => one.markRead)).toEqual(["byHand", "onReply"]);
    expect(group.querySelector<HTMLInputElement>("input[value=byHand]")?.checked).toBe(true);
  });

  test("put it back when the desk cannot keep it", async () => {
    const { desk } = await settings();
    desk.fail("setReadReceipts", "diskFull");
    const group = screen.getByRole("radiogroup", { name: /messages were read: Maison Bloom/ });
    group.querySelector<HTMLInputElement>("input[value=onOpen]")?.click();
    await settle();
    expect(screen.getByRole("alert").textContent).toContain("Nothing can be written to the disk.");
    expect(group.querySelector<HTMLInputElement>("input[value=onReply]")?.checked).toBe(true);
  });
});
