import { screen } from "@testing-library/svelte";
import { describe, expect, test } from "vitest";

import { bigScene, message, row } from "../dev/scene";
import type { FakeDesk } from "../dev/fake";
import { bubbles, openPage, rowOf, settle } from "./world";

const bubble = (text: string): HTMLElement => {
  const found = bubbles().find((one) => one.textContent?.includes(text));
  if (!found) throw new Error(`no bubble with ${text}`);
  return found;
};
const button = (within: HTMLElement, name: string): HTMLButtonElement | undefined =>
  [...within.querySelectorAll("button")].find((one) => one.textContent?.trim() === name);

async function trouble() {
  const page = await openPage();
  rowOf("16")?.click();
  await settle();
  return page;
}

describe("the thread", () => {
  test("names how far each message has come", async () => {
    await trouble();
    expect(bubble("Answered on the phone").textContent).toContain("Sent from the phone · Sent");
    expect(bubble("lovely to see you at").textContent).toContain("Welcome message");
    expect(bubble("broke a rule").textContent).toContain("Not sent: TikTok’s messaging rules stopped it");
    expect(bubble("And this one?").textContent).toContain("Not confirmed by TikTok. Checking…");
    expect(bubble("Did this one arrive?").textContent).toContain(
      "TikTok never confirmed this message. It may have arrived.",
    );
    expect(bubble("Waiting for").textContent).toContain("Queued, until it is clear whether the message before arrived");
    expect(
      bubbles()
        .map((one) => one.dataset["delivery"])
        .filter(Boolean),
    ).toEqual(["read", "sent", "refused", "unconfirmed", "unconfirmed", "queued"]);
  });

  test("offers what fits each: nothing while checking, a decision afterwards", async () => {
    await trouble();
    const offers = (text: string): string[] =>
      [...bubble(text).querySelectorAll("button:not([data-more])")].map((one) => one.textContent?.trim() ?? "");
    expect(offers("broke a rule")).toEqual(["Send again", "Edit", "Take back", "Why did it not send?"]);
    expect(offers("And this one?")).toEqual(["Why did it not send?"]);
    expect(offers("Did this one arrive?")).toEqual(["Send again", "It arrived", "Discard", "Why did it not send?"]);
    expect(offers("Waiting for")).toEqual(["Why did it not send?"]);
    expect(offers("Answered on the phone")).toEqual([]);
  });

  test("keeps the code one click away", async () => {
    await trouble();
    expect(bubble("broke a rule").textContent).not.toContain("40002");
    button(bubble("broke a rule"), "Why did it not send?")?.click();
    await settle();
    expect(screen.getByRole("dialog").textContent).toMatch(
      /40002.*Message violates the messaging rules.*202611220001/s,
    );
  });

  test("tells a decision once, however often the button is pressed", async () => {
    const { desk } = await trouble();
    const arrived = button(bubble("Did this one arrive?"), "It arrived");
    arrived?.click();
    arrived?.click();
    await settle();
    expect(desk.count("markReplyArrived")).toBe(1);
    expect(bubble("Did this one arrive?").dataset["delivery"]).toBe("sent");
  });

  test("gives a discarded text back to the composer", async () => {
    await trouble();
    button(bubble("broke a rule"), "Take back")?.click();
    await settle();
    expect(bubbles().some((one) => one.textContent?.includes("broke a rule"))).toBe(false);
    expect(screen.getByRole<HTMLTextAreaElement>("textbox", { name: /Message to/ }).value).toBe(
      "This one broke a rule",
    );
  });

  test("shows every kind of message, and where some may be missing", async () => {
    await trouble();
    expect(screen.getByRole("log").querySelector("[data-gap]")?.textContent).toContain("Messages may be missing here");
    expect(document.querySelector("[data-media=pending]")?.textContent).toContain("on its way");
    expect(document.querySelector("[data-media=unavailable]")?.textContent).toContain("Photo is not on this computer");
    expect(bubbles().some((one) => one.textContent?.includes("TikTok does not give this message to other apps"))).toBe(
      true,
    );
    expect(bubble("Which size?").textContent).toMatch(/Answer to You.*lovely to see you.*S.*M.*L/s);
    expect(screen.getByRole("img", { name: "Dwayne Carter reacted with ❤️" })).toBeTruthy();
  });

  test("shows where a customer came from", async () => {
    await openPage();
    rowOf("11")?.click();
    await settle();
    expect(document.querySelector("[data-origin=ad]")?.textContent).toContain(
      "Started from the ad “Autumn linen, 20% off”",
    );
    expect(screen.getByRole("complementary", { name: "Person" }).textContent).toMatch(
      /@nadia\.rahman.*Yes.*Ad, Autumn linen/s,
    );
  });

  test("hides the rest of a very long text until it is asked for", async () => {
    await trouble();
    const long = bubble("xxxxxx");
    expect(long.querySelector("p")?.textContent?.length).toBeLessThan(4_010);
    button(long, "Show more")?.click();
    await settle();
    expect(long.querySelector("p")?.textContent?.length).toBeGreaterThan(5_000);
  });

  test("customers' markup stays text", async () => {
    await openPage();
    rowOf("21")?.click();
    await settle();
    const text = bubbles()[0]?.querySelector("p");
    expect(text?.textContent).toMatch(/^<img src=x onerror=alert\(1\)> Z.{1,8}algo$/u);
    expect(text?.getAttribute("dir")).toBe("auto");
    expect(text?.children.length).toBe(0);
    expect(screen.getByRole("heading", { level: 2 }).textContent).toBe("invoice‹RLO›gnp.exe");
  });

  test("reads out what arrives, never the history", async () => {
    const { desk } = await openPage();
    rowOf("12")?.click();
    await settle();
    const log = screen.getByRole("log");
    expect(log.getAttribute("aria-live")).toBe("off");
    const said = (): string[] =>
      [...document.querySelectorAll('[aria-live="polite"]')].map((one) => one.textContent ?? "");
    expect(said().join("")).toBe("");
    desk.receive("12", "one more thing");
    await settle();
    expect(said().join("")).toBe("오지훈: one more thing");
  });

  test("holds a range of a long conversation, not all of it", async () => {
    const { desk, app } = await openPage((desk) => bigScene(desk, 2, 5_000));
    rowOf("100")?.click();
    await settle();
    for (let turn = 0; turn < 8; turn += 1) {
      await app.thread?.older();
      await settle();
    }
    expect(bubbles().length).toBeLessThanOrEqual(200);
    expect(app.thread?.range.hasNewer).toBe(true);
    expect(desk.asked.every((one) => one.command !== "listMessages" || one.args.limit <= 200)).toBe(true);
  });

  test("shows a conversation opened before at once, then what changed", async () => {
    const { desk } = await openPage();
    rowOf("12")?.click();
    await settle();
    rowOf("13")?.click();
    await settle();
    desk.receive("12", "new while away");
    await settle();
    const release = desk.hold("listMessages");
    rowOf("12")?.click();
    await settle();
    expect(bubbles().length).toBe(1);
    release();
    await settle();
    expect(bubbles().length).toBe(2);
  });

  test("says what went wrong and tries again", async () => {
    const { desk } = await openPage();
    desk.fail("getConversation", "unexpected");
    rowOf("12")?.click();
    await settle();
    expect(screen.getByRole("alert").textContent).toContain("The messages could not be loaded");
    screen.getByRole("button", { name: "Try again" }).click();
    await settle();
    expect(bubbles().length).toBe(1);
  });

  test("an empty conversation says so", async () => {
    const scene = (desk: FakeDesk): void => {
      bigScene(desk, 1, 1);
      desk.conversations.push({
        account: "1",
        row: row("500", "Empty", 1, Date.now() + 1000, { snippet: null }),
        origin: null,
        draft: "",
        quoted: null,
        attachment: null,
        card: null,
        scheduled: [],
        images: null,
        messages: [],
        gaps: [],
      });
    };
    await openPage(scene);
    rowOf("500")?.click();
    await settle();
    expect(screen.getByText("No messages here yet")).toBeTruthy();
    expect(rowOf("500")?.textContent).toContain("No messages yet");
  });

  test("a refusal for a closed window says when it closed", async () => {
    const now = Date.now();
    const scene = (desk: FakeDesk): void => {
      bigScene(desk, 1, 1);
      const conversation = desk.of("100");
      conversation.row.window = { openedAtMs: now - 49 * 3_600_000, closesAtMs: now - 3_600_000 };
      conversation.messages.push(
        message("out", now - 1000, "too late", {
          delivery: { state: "refused", reason: "windowClosed", code: 40301, message: "m", requestId: "r", atMs: now },
        }),
      );
    };
    await openPage(scene);
    rowOf("100")?.click();
    await settle();
    expect(bubble("too late").textContent).toMatch(/Not sent: the reply window closed at \d/);
  });
});
