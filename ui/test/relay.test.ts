import { screen } from "@testing-library/svelte";
import { describe, expect, test } from "vitest";

import { PAIRING_CODE } from "../dev/relay";
import { inboxScene } from "../dev/scene";
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

  test("an account of the relay’s is not to be linked again on this computer", async () => {
    const page = await openPage((desk) => {
      inboxScene(desk);
      const [account] = desk.overview.accounts;
      if (!account) throw new Error("no account");
      account.viaRelay = true;
      account.health = { state: "relink", detail: "" };
    });
    page.app.navigation.go("settings");
    await settle();
    const row = document.querySelector("main [data-account]");
    expect(row?.textContent).toContain("An admin has to link it again at the shop’s relay");
    expect(row?.textContent).not.toContain("Link again");
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

describe("what an admin manages at the relay", () => {
  async function asAdmin() {
    const page = await openPage((desk) => {
      inboxScene(desk);
      const pairing = {
        url: "https://relay.bloom.example/",
        team: "Maison Bloom",
        deviceName: "Nok’s laptop",
        isAdmin: true,
        pairedAtMs: Date.now(),
      };
      desk.relay = { pairing, stream: { state: "live" }, ownAccounts: [] };
    });
    page.app.navigation.go("settings");
    await settle(30);
    return page;
  }
  const click = async (name: string | RegExp): Promise<void> => {
    screen.getByRole("button", { name }).click();
    await settle();
  };

  test("a code for another computer is shown until it is put away", async () => {
    await asAdmin();
    await click("New code for a computer");
    expect(document.querySelector("output")?.textContent).toBe(PAIRING_CODE);
    await click("Done");
    expect(document.querySelector("output")).toBeNull();
  });

  test("a computer’s access ends after a yes, and not this one’s", async () => {
    const { desk } = await asAdmin();
    expect(screen.queryByRole("button", { name: /^End access.*Nok/ })).toBeNull();
    await click(/^End access.*Front desk/);
    expect(desk.relayAdmin.devices[1]?.isRevoked).toBe(false);
    await click("End access");
    expect(desk.relayAdmin.devices[1]?.isRevoked).toBe(true);
  });

  test("webhooks are taken from another server only after a yes", async () => {
    const { desk } = await asAdmin();
    await click("Let TikTok tell this relay");
    expect(desk.asked.some((one) => one.command === "setRelayWebhook")).toBe(false);
    await click("Take over");
    expect(desk.asked.findLast((one) => one.command === "setRelayWebhook")?.args).toEqual({ confirmed: true });
    expect(document.body.textContent).toContain("TikTok tells this relay of new messages.");
  });

  test("a test says which step failed, and why", async () => {
    await asAdmin();
    await click("Test the way");
    const failed = document.querySelector("li[data-passed=false]");
    expect(failed?.textContent).toContain("The address leads to a computer");
    expect(failed?.textContent).toContain("no such name");
  });

  test("the app’s secret is sent to the relay and not shown again", async () => {
    const { desk } = await asAdmin();
    await click("Change the app’s credentials");
    const secret = document.querySelector<HTMLInputElement>("input[type=password]");
    if (!secret) throw new Error("no field");
    type(secret, "s3cret");
    await settle();
    await click("Save");
    expect(desk.asked.findLast((one) => one.command === "saveRelayApp")?.args).toMatchObject({ secret: "s3cret" });
    expect(document.body.innerHTML).not.toContain("s3cret");
  });
});
