import { screen, within } from "@testing-library/svelte";
import { describe, expect, test } from "vitest";

import { kindsScene } from "../dev/kinds";
import { message } from "../dev/scene";
import { bubbles, openPage, rowOf, settle } from "./world";

const bubble = (text: string): HTMLElement => {
  const found = bubbles().find((one) => one.textContent?.includes(text));
  if (!found) throw new Error(`no bubble with ${text}`);
  return found;
};

async function kinds(id = "41") {
  const page = await openPage(kindsScene);
  page.app.inbox.chooseTab("all");
  await settle();
  rowOf(id)?.click();
  await settle(20);
  return page;
}

describe("kinds of messages", () => {
  test("reactions say who put them there, and go when they are taken off", async () => {
    const { desk } = await kinds();
    const phone = bubble("From the phone");
    expect([...phone.querySelectorAll("[role=img][data-from]")].map((one) => one.getAttribute("aria-label"))).toEqual([
      "Femi Adeyemi reacted with ❤️, 😂",
      "You reacted with 👍",
    ]);
    expect(
      within(bubble("From TikTok’s website"))
        .getByRole("img", { name: "Femi Adeyemi reacted with a TikTok emoji" })
        .querySelector("svg"),
    ).toBeTruthy();
    for (const one of desk.of("41").messages) one.reactions = [];
    desk.tell({ kind: "conversation", conversation: "41" });
    await settle(20);
    expect(document.querySelector("[data-reactions]")).toBeNull();
  });

  test("says where each of ours was written", async () => {
    await kinds();
    expect(
      [...document.querySelectorAll("[data-by]")]
        .map((one) => [(one as HTMLElement).dataset["by"], one.textContent])
        .slice(-4),
    ).toEqual([
      ["welcome", "Welcome message"],
      ["phone", "Sent from the phone"],
      ["web", "Sent from TikTok’s website"],
      ["api", "Sent by another app"],
    ]);
  });

  test("a video is fetched once and opened, or says why not", async () => {
    const { desk } = await kinds();
    const video = (): HTMLButtonElement => screen.getByRole("button", { name: /^Video/ });
    const release = desk.hold("openVideo");
    video().click();
    video().click();
    await settle();
    expect(video().textContent).toContain("Fetching the video…");
    expect(desk.count("openVideo")).toBe(1);
    release();
    await settle();
    expect(video().textContent).toContain("Opens in your video player");
    for (const [code, words] of [
      ["mediaGone", "TikTok does not give this out any more."],
      ["videoTooLarge", "larger than Deskbell fetches"],
      ["notPossibleHere", "cannot do that"],
    ] as const) {
      desk.fail("openVideo", code);
      video().click();
      await settle();
      expect(document.querySelector("[data-problem]")?.textContent).toContain(words);
    }
    video().click();
    await settle();
    expect(document.querySelector("[data-problem]")).toBeNull();
  });

  test("a photo that is not here is fetched again", async () => {
    const { desk } = await kinds();
    const photo = document.querySelector("[data-media=released]");
    expect(photo?.textContent).toContain("Photo is not on this computer");
    const message = photo?.closest<HTMLElement>("[data-message]")?.dataset["message"];
    photo?.querySelector("button")?.click();
    await settle();
    expect(desk.asked.find((one) => one.command === "fetchImage")?.args).toEqual({ message });
  });

  test.each(["sticker", "image"] as const)(
    "a kept %s whose file is gone says so and is fetched again",
    async (kind) => {
      const { desk } = await kinds();
      const one = message(
        "in",
        Date.now(),
        kind === "sticker"
          ? { type: "sticker", url: "x", media: { state: "pending" } }
          : { type: "image", mediaId: "m", media: { state: "pending" } },
      );
      if (one.content.type === "sticker" || one.content.type === "image")
        one.content.media = { state: "kept", key: `photo-${one.id}`, width: 240, height: 240 };
      desk.of("41").messages.push(one);
      desk.tell({ kind: "conversation", conversation: "41" });
      await settle(20);
      const there = (): HTMLElement | null => document.querySelector(`[data-message="${one.id}"]`);
      const picture = (): HTMLImageElement | null => there()?.querySelector("img[data-media]") ?? null;
      desk.fail("fetchImage", "offline");
      for (const fails of [true, false]) {
        picture()?.dispatchEvent(new Event("error"));
        await settle();
        expect(picture()).toBeNull();
        expect(there()?.querySelector("[data-media=lost]")?.textContent).toContain(
          `${kind === "image" ? "Photo" : "Sticker"} is not on this computer`,
        );
        within(there() ?? document.body)
          .getByRole("button", { name: "Fetch again" })
          .click();
        await settle(20);
        expect(desk.asked.findLast((asked) => asked.command === "fetchImage")?.args).toEqual({ message: one.id });
        // What cannot be had is said; what can is back, under the key it had.
        expect(there()?.querySelector("[data-problem]") !== null).toBe(fails);
        expect(picture() === null).toBe(fails);
      }
      expect(picture()?.getAttribute("src")).toContain(`photo-${one.id}`);
    },
  );

  test("a photo that is here is looked at", async () => {
    const { app } = await kinds("11");
    screen.getByRole("button", { name: "Look at the photo" }).click();
    await settle();
    expect(app.viewer.conversation).toBe("11");
    const at = app.viewer.message;
    expect(app.thread?.range.messages.find((one) => one.id === at)?.content.type).toBe("image");
  });

  test("what TikTok keeps to itself, and shared posts, open there", async () => {
    const { desk } = await kinds();
    const kept = bubble("TikTok does not give this message to other apps");
    expect(kept.textContent).toContain("It may be a voice message.");
    within(kept).getByRole("button", { name: "Open in TikTok" }).click();
    await settle();
    bubble("Shared post").querySelector<HTMLElement>("[data-post]")?.click();
    await settle();
    expect(desk.asked.flatMap((one) => (one.command === "openInTikTok" ? [one.args.message] : []))).toEqual([
      kept.dataset["message"],
      bubble("Shared post").dataset["message"],
    ]);
  });

  test("a quoted message is shown however far back it is, at once", async () => {
    const { desk, app } = await kinds();
    const first = desk.of("41").messages[0]?.id;
    bubble("what you asked at the beginning").querySelector<HTMLElement>("[data-quoted]")?.click();
    await settle(30);
    expect(app.thread?.range.messages[0]?.id).toBe(first);
    expect(desk.asked.filter((one) => one.command === "listMessages" && one.args.around === first)).toHaveLength(1);
    expect((document.activeElement as HTMLElement).dataset["message"]).toBe(first);
  });

  test("followers and message requests are pointed out", async () => {
    await kinds();
    expect(document.querySelector("[data-follower]")?.textContent).toBe("Follows you");
    expect(document.querySelector("[data-request]")).toBeNull();
    rowOf("42")?.click();
    await settle(20);
    expect(document.querySelector("[data-request]")?.textContent).toBe("A message request: your answer accepts it.");
    expect(document.querySelector("[data-follower]")).toBeNull();
  });
});
