import { screen } from "@testing-library/svelte";
import { describe, expect, test } from "vitest";

import { PAIRING_CODE } from "../dev/relay";
import { openPage, settle, type } from "./world";

async function settings() {
  const page = await openPage();
  page.app.navigation.go("settings");
  await settle();
  return page;
}

function fill(name: string, text: string): void {
  type(screen.getByRole<HTMLInputElement>("textbox", { name }), text);
}

async function pair(code: string): Promise<void> {
  fill("Address", "relay.bloom.example");
  fill("Code", code);
  fill("This computer’s name", "Nok’s laptop");
  await settle();
  screen.getByRole("button", { name: "Pair" }).click();
  await settle();
}

describe("the shop’s relay", () => {
  test("asks nothing before all three fields are filled", async () => {
    const { desk } = await settings();
    const button = screen.getByRole("button", { name: "Pair" });
    expect(button.getAttribute("aria-disabled")).toBe("true");
    fill("Address", "relay.bloom.example");
    await settle();
    button.click();
    await settle();
    expect(desk.asked.some((one) => one.command === "pairWithRelay")).toBe(false);
  });

  test("is paired by an address and a code, and says that messages arrive", async () => {
    const { desk } = await settings();
    await pair(PAIRING_CODE);
    expect(desk.asked.findLast((one) => one.command === "pairWithRelay")?.args).toEqual({
      address: "relay.bloom.example",
      code: PAIRING_CODE,
      deviceName: "Nok’s laptop",
    });
    const section = document.querySelector("[data-stream]");
    expect(section?.textContent).toContain("Messages arrive in real time");
    expect(section?.textContent).toContain("https://relay.bloom.example/");
  });

  test("says what is wrong with a code, and keeps what was typed", async () => {
    await settings();
    await pair("WRONG-ONE");
    expect(document.querySelector("[data-stream]")?.textContent).toContain("The relay does not take this code.");
    expect(screen.getByRole<HTMLInputElement>("textbox", { name: "Address" }).value).toBe("relay.bloom.example");
  });

  test("takes over an account that is linked on this computer", async () => {
    const { desk } = await settings();
    await pair(PAIRING_CODE);
    const before = screen.getAllByRole("button", { name: "Let it go through the relay" });
    before[0]?.click();
    await settle();
    expect(desk.overview.accounts.filter((one) => one.viaRelay)).toHaveLength(1);
    expect(screen.queryAllByRole("button", { name: "Let it go through the relay" })).toHaveLength(before.length - 1);
  });

  test("asks before the pairing is ended", async () => {
    const { desk } = await settings();
    await pair(PAIRING_CODE);
    screen.getByRole("button", { name: "End the pairing" }).click();
    await settle();
    expect(desk.asked.some((one) => one.command === "unpairFromRelay")).toBe(false);
    screen.getByRole("button", { name: "End it" }).click();
    await settle();
    expect(desk.relay.pairing).toBeNull();
    expect(screen.getByRole("button", { name: "Pair" })).toBeTruthy();
  });

  test("says why it is not connected, and that it keeps trying", async () => {
    const { desk } = await settings();
    await pair(PAIRING_CODE);
    desk.relay = {
      ...desk.relay,
      stream: { state: "connecting", sinceMs: Date.now() - 60_000, problem: "Connection refused" },
    };
    desk.tell({ kind: "accounts" });
    await settle();
    const section = document.querySelector("[data-stream=connecting]");
    expect(section?.textContent).toContain("Deskbell keeps trying");
    expect(section?.textContent).toContain("Connection refused");
  });
});
