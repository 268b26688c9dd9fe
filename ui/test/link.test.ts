import { screen } from "@testing-library/svelte";
import { describe, expect, test } from "vitest";

import { inboxScene } from "../dev/scene";
import type { FakeDesk } from "../dev/fake";
import { openPage, press, rowOf, settle, type } from "./world";

const nobody = (): void => {};
const input = (name: string): HTMLInputElement => screen.getByLabelText<HTMLInputElement>(name, { exact: true });
const click = async (name: string | RegExp): Promise<void> => {
  screen.getByRole("button", { name }).click();
  await settle();
};
const now = (): string | undefined => document.querySelector<HTMLElement>('[data-state="now"]')?.dataset["step"];

async function credentials(): Promise<void> {
  type(input("App ID"), "7421183");
  type(input("Secret"), "s3cret");
  type(input("Registered redirect address"), "https://shop.example/tiktok");
}

describe("linking an account", () => {
  test("is what a first start shows, and goes through its steps", async () => {
    const { desk } = await openPage(nobody);
    expect(screen.getByRole("heading", { level: 1 }).textContent).toBe("Link your TikTok Business Account");
    expect(now()).toBe("1");
    await credentials();
    type(input("Client key"), "aw1");
    type(input("Client secret"), "c1");
    await click("Save and go on");
    expect(now()).toBe("2");
    expect(document.body.innerHTML).not.toContain("s3cret");
    await click("Open browser");
    expect(document.querySelector('[data-step="2"]')?.textContent).toMatch(/Waiting for you to agree, 4:3\d left/);
    expect(screen.getByLabelText<HTMLInputElement>("Copy address").value).toContain("https://www.tiktok.com/");
    await click("Cancel");
    await click("Skip");
    expect(now()).toBe("3");
    await click("Open browser");
    type(input("Paste the address you landed on"), " https://shop.example/tiktok?code=abc&state=x ");
    await settle();
    await click("Use address");
    expect(desk.asked.findLast((one) => one.command === "pasteRedirect")?.args).toEqual({
      address: "https://shop.example/tiktok?code=abc&state=x",
    });
    expect(now()).toBe("4");
    expect(document.querySelector('[data-step="4"]')?.textContent).toMatch(
      /Is this the account\?.*Maison Bloom.*@maisonbloom/s,
    );
    await click("Link it");
    expect(document.querySelector('[data-step="4"]')?.textContent).toContain("34 of 212 conversations fetched.");
    await click("Go to inbox");
    expect(document.activeElement?.matches("[data-focus=list]")).toBe(true);
  });

  const confirming = (desk: FakeDesk): void => {
    Object.assign(desk.link, {
      businessAppId: "7421183",
      businessRedirectUri: "https://shop.example/tiktok",
      loginClientKey: "aw1",
      businessChecked: true,
      loginChecked: true,
      signedInAs: { handle: "", displayName: "Maison Bloom", avatar: null },
    });
    desk.link.step = {
      step: "confirm",
      profile: { handle: "maisonbloom", displayName: "Maison Bloom", avatar: null },
      known: null,
    };
  };
  const stateOf = (step: number): string | undefined =>
    document.querySelector<HTMLElement>(`[data-step="${step}"]`)?.dataset["state"];

  test("goes on to the next thing with Enter, and says what was done once it is linked", async () => {
    await openPage(confirming);
    expect([1, 2, 3, 4].map(stateOf)).toEqual(["done", "done", "done", "now"]);
    screen.getByRole("button", { name: "Link it" }).focus();
    await click("Link it");
    expect(document.activeElement).toBe(screen.getByRole("button", { name: "Go to inbox" }));
    expect(document.querySelector('[data-step="2"]')?.textContent).toContain("Signed in as Maison Bloom");
    expect([1, 2, 3, 4].map(stateOf)).toEqual(["done", "done", "done", "done"]);
    expect(screen.queryByText("No TikTok approval yet?", { exact: false })).toBeNull();
  });

  test("leads the focus through its steps, and leaves whoever went elsewhere alone", async () => {
    const { desk } = await openPage(nobody);
    await credentials();
    type(input("Client key"), "aw1");
    type(input("Client secret"), "c1");
    await click("Save and go on");
    expect(document.activeElement).toBe(screen.getByRole("button", { name: "Open browser" }));
    await click("Skip");
    expect(document.activeElement).toBe(screen.getByRole("button", { name: "Open browser" }));
    await click("Open browser");
    expect(document.activeElement).toBe(input("Paste the address you landed on"));
    desk.link.step = {
      step: "confirm",
      profile: { handle: "maisonbloom", displayName: "Maison Bloom", avatar: null },
      known: null,
    };
    desk.tell({ kind: "link" });
    await settle();
    expect(document.activeElement).toBe(screen.getByRole("button", { name: "Link it" }));
    await click(/^Change/);
    expect(document.activeElement).toBe(input("App ID"));
  });

  test("ticks only what TikTok has taken", async () => {
    const { desk } = await openPage(nobody);
    await credentials();
    type(input("Client key"), "aw1");
    type(input("Client secret"), "c1");
    await click("Save and go on");
    expect(stateOf(1)).toBe("saved");
    expect(document.querySelector('[data-step="1"]')?.textContent).toContain(
      "TikTok checks them when they are first used",
    );
    await click("Skip");
    expect([stateOf(1), stateOf(2)]).toEqual(["saved", "skipped"]);
    Object.assign(desk.link, { businessChecked: true });
    desk.tell({ kind: "link" });
    await settle();
    expect(stateOf(1)).toBe("saved");
    Object.assign(desk.link, { loginChecked: true });
    desk.tell({ kind: "link" });
    await settle();
    expect(stateOf(1)).toBe("done");
  });

  test("says which app’s secret is wrong", async () => {
    const { desk } = await openPage((desk) => {
      confirming(desk);
      Object.assign(desk.link, { step: { step: "signIn" }, signedInAs: null });
      desk.link.fault = { code: "loginCredentialsRefused", detail: "invalid_client", incident: null };
    });
    expect(document.querySelector('[data-step="2"] [data-fault]')?.textContent).toMatch(/Login Kit does not know/);
    desk.link.step = { step: "authorise" };
    desk.link.fault = { code: "credentialsRefused", detail: "40101", incident: null };
    desk.tell({ kind: "link" });
    await settle();
    expect(document.querySelector('[data-step="3"] [data-fault]')?.textContent).toMatch(
      /TikTok API for Business does not know/,
    );
  });

  test("asks again whose the access is, or gives it back", async () => {
    const { desk } = await openPage((desk) => {
      confirming(desk);
      desk.link.step = { step: "profileFailed" };
      desk.link.fault = { code: "tikTokRefused", detail: "no", incident: null };
    });
    expect([stateOf(3), stateOf(4)]).toEqual(["done", "now"]);
    expect(document.querySelector('[data-step="4"]')?.textContent).toContain("no new yes is needed");
    await click("Ask again");
    expect(desk.count("retryLinkProfile")).toBe(1);
    expect(document.activeElement).toBe(screen.getByRole("button", { name: "Link it" }));
    desk.link.step = { step: "profileFailed" };
    desk.tell({ kind: "link" });
    await settle();
    await click("Give the access back");
    expect(desk.count("rejectLink")).toBe(1);
    expect(now()).toBe("3");
  });

  test("says what is wrong with the credentials beside them and does not ask the desk", async () => {
    const { desk } = await openPage(nobody);
    type(input("App ID"), "my app");
    await click("Save and go on");
    expect(screen.getByText("An app ID has digits only.")).toBeTruthy();
    expect(screen.getByText("Enter the secret.")).toBeTruthy();
    expect(document.activeElement).toBe(input("App ID"));
    expect(desk.count("saveCredentials")).toBe(0);
  });

  test("shows a fault at the step it belongs to, with a way on", async () => {
    const { desk } = await openPage(nobody);
    await credentials();
    desk.fail("saveCredentials", "keychainRefused");
    await click("Save and go on");
    expect(document.querySelector('[data-step="1"] [data-fault]')?.textContent).toContain(
      "Allow Deskbell in your keychain",
    );
    await click("Save and go on");
    expect(now()).toBe("3");
    desk.link.fault = { code: "linkScopeMissing", detail: "message.list.read", incident: null };
    desk.tell({ kind: "link" });
    await settle();
    expect(document.querySelector('[data-step="3"] [data-fault=linkScopeMissing]')?.textContent).toContain(
      "message.list.read",
    );
    expect(screen.getByRole("button", { name: "Open browser" })).toBeTruthy();
  });

  test("never shows a saved secret; Change opens the form with the rest", async () => {
    await openPage(nobody);
    await credentials();
    await click("Save and go on");
    await click(/^Change/);
    expect(input("App ID").value).toBe("7421183");
    expect(input("Secret").value).toBe("");
    expect(screen.getAllByText("Saved. Leave empty to keep it.")).toHaveLength(1);
    await click("Save and go on");
    expect(now()).toBe("3");
  });

  test("a wrong account can be turned down", async () => {
    const { desk } = await openPage((desk) => {
      desk.link.step = {
        step: "confirm",
        profile: { handle: "other", displayName: "Other", avatar: null },
        known: null,
      };
    });
    await click("Not this one");
    expect(desk.count("rejectLink")).toBe(1);
    expect(now()).toBe("3");
  });

  test("offers Practice only where it can be had", async () => {
    const { desk } = await openPage(nobody);
    desk.overview.accounts = [];
    await click("Try it with the built-in sandbox");
    expect(desk.count("startPractice")).toBe(1);
    expect(document.querySelector("[data-practice]")).not.toBeNull();
  });

  test("does not offer Practice elsewhere", async () => {
    await openPage((desk) => {
      desk.overview.canPractice = false;
    });
    expect(screen.queryByText("No TikTok approval yet?", { exact: false })).toBeNull();
  });

  test("says that no keychain answers, and goes on for this session", async () => {
    const { desk } = await openPage((desk) => {
      desk.overview.keychain = "missing";
    });
    expect(document.querySelector("[data-keychain=missing]")?.textContent).toContain("does not answer");
    await click("Keep keys for this session only");
    expect(desk.overview.keychain).toBe("sessionOnly");
    expect(document.querySelector("[data-keychain=missing]")).toBeNull();
  });

  const known = (desk: FakeDesk): void => {
    inboxScene(desk);
    desk.account("1").health = { state: "relink", detail: "access_token_invalid" };
    Object.assign(desk.link, {
      businessAppId: "7421183",
      businessRedirectUri: "https://shop.example/tiktok",
      loginClientKey: "aw1",
      step: { step: "signIn" },
    });
  };

  test("again is one click: TikTok’s page opens at once, without signing in", async () => {
    const { desk } = await openPage(known);
    await click("Link again");
    expect(now()).toBe("3");
    const steps = desk.asked.filter((one) => ["startSignIn", "skipSignIn", "startAuthorization"].includes(one.command));
    expect(steps.map((one) => [one.command, one.args])).toEqual([
      ["skipSignIn", {}],
      ["startAuthorization", { account: "1" }],
    ]);
    expect(document.querySelector(".lead")?.textContent).toContain("To link @maisonbloom again");
  });

  test("again waits for the credentials where there are none, and another account is linked as ever", async () => {
    const { desk, app } = await openPage((desk) => {
      known(desk);
      desk.link.step = { step: "credentials" };
    });
    await click("Link again");
    expect(now()).toBe("1");
    expect(desk.count("startAuthorization")).toBe(0);
    desk.link.step = { step: "authorise" };
    app.linking.open();
    await settle();
    expect(desk.count("startAuthorization")).toBe(0);
    await click("Open browser");
    expect(desk.asked.findLast((one) => one.command === "startAuthorization")?.args).toEqual({ account: null });
  });

  test("again says when it is another account than was meant, and lets the agent go back", async () => {
    const { desk } = await openPage(known);
    await click("Link again");
    desk.link.step = {
      step: "confirm",
      profile: { handle: "cornershop", displayName: "Corner Shop", avatar: null },
      known: "2",
    };
    desk.tell({ kind: "link" });
    await settle();
    expect(document.querySelector('[data-step="4"]')?.textContent).toContain(
      "This is @cornershop; you wanted @maisonbloom.",
    );
    await click("Go back");
    expect(desk.count("rejectLink")).toBe(1);
    expect(now()).toBe("3");
    await click("Open browser");
    expect(desk.asked.findLast((one) => one.command === "startAuthorization")?.args).toEqual({ account: "1" });
    desk.link.step = {
      step: "confirm",
      profile: { handle: "maisonbloom", displayName: "Maison Bloom", avatar: null },
      known: "1",
    };
    desk.tell({ kind: "link" });
    await settle();
    expect(document.querySelector('[data-step="4"]')?.textContent).toMatch(
      /Is this the account\?.*It is linked already/s,
    );
  });

  test("is reached from an account that needs it", async () => {
    await openPage((desk: FakeDesk) => {
      inboxScene(desk);
      const account = desk.overview.accounts[0];
      if (account) account.health = { state: "relink", detail: "access_token_invalid" };
    });
    await click("Link again");
    expect(document.querySelector("[data-screen=link]")).not.toBeNull();
    press(document.body, "Escape");
    await settle();
    expect(document.activeElement?.matches("[data-focus=list]")).toBe(true);
  });
});

describe("settings", () => {
  test("are kept at once, and put back with a notice if they cannot be", async () => {
    const { desk } = await openPage();
    press(document.body, ",", { ctrlKey: true });
    await settle();
    screen.getByRole<HTMLInputElement>("radio", { name: "Dark" }).click();
    await settle();
    expect(desk.overview.settings.theme).toBe("dark");
    expect(document.documentElement.dataset["theme"]).toBe("dark");
    desk.fail("saveSettings", "diskFull");
    screen.getByRole("switch", { name: "Notifications" }).click();
    await settle();
    expect(screen.getByRole("switch", { name: "Notifications" }).getAttribute("aria-checked")).toBe("true");
    expect(screen.getByRole("alert").textContent).toContain("Nothing can be written");
  });

  test("remember the person panel", async () => {
    const { desk } = await openPage();
    rowOf("12")?.click();
    await settle();
    await click("Person panel");
    expect(desk.overview.settings.personPanel).toBe(false);
    expect(screen.queryByRole("complementary", { name: "Person" })).toBeNull();
  });

  test("the sheet of keys opens with its key and lists them all", async () => {
    await openPage();
    press(document.body, "/", { ctrlKey: true });
    await settle();
    const sheet = document.querySelector<HTMLDialogElement>("dialog[aria-labelledby=sheet-title]");
    expect(sheet?.open).toBe(true);
    expect(sheet?.textContent).toMatch(/Next conversation\s*JAlt ↓/);
  });
});
