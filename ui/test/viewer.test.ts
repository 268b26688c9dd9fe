import { screen } from "@testing-library/svelte";
import { describe, expect, test } from "vitest";

import { keepingScene } from "../dev/kept";
import { message } from "../dev/scene";
import { PICTURES_PAGE_SIZE } from "../src/state/viewer.svelte";
import { openPage, press, rowOf, settle } from "./world";

const viewer = (): HTMLElement | null => document.querySelector(".viewer");
const photo = (): string | undefined => document.querySelector<HTMLElement>("[data-picture]")?.dataset["picture"];
const position = (): string | undefined => document.querySelector("[data-position]")?.textContent;
const button = (name: string): HTMLElement => screen.getByRole("button", { name });
const percent = (): string | undefined => document.querySelector(".percent")?.textContent;

/** Nadia's photos, oldest first: let go, unavailable, then nine that are here. */
async function opened(which = -1) {
  const page = await openPage(keepingScene);
  rowOf("11")?.click();
  await settle();
  const photos = page.desk.of("11").messages.filter((one) => one.content.type === "image");
  document.querySelector<HTMLElement>("[data-photo]")?.focus();
  page.app.viewer.open("11", photos.at(which)?.id ?? "");
  await settle();
  return { ...page, photos };
}

describe("the picture viewer", () => {
  test("shows a photo, who sent it, when, and which it is", async () => {
    const { photos } = await opened();
    expect(photo()).toBe(photos.at(-1)?.id);
    expect(viewer()?.querySelector(".caption")?.textContent).toContain("Nadia Rahman");
    expect(position()).toBe(`${photos.length} of ${photos.length}`);
    expect(viewer()?.querySelector("[aria-live=polite]")?.textContent).toContain("Photo");
  });

  test("goes over the whole conversation with the arrows, and stops at its ends", async () => {
    const { photos } = await opened();
    press(document.body, "ArrowRight");
    await settle();
    expect(photo()).toBe(photos.at(-1)?.id);
    expect(button("Newer photo").getAttribute("aria-disabled")).toBe("true");
    press(document.body, "ArrowLeft");
    await settle();
    expect(photo()).toBe(photos.at(-2)?.id);
    button("Newer photo").click();
    await settle();
    expect(photo()).toBe(photos.at(-1)?.id);
    for (const _ of photos) press(document.body, "ArrowLeft");
    await settle();
    expect(position()).toBe(`1 of ${photos.length}`);
    expect(button("Older photo").getAttribute("aria-disabled")).toBe("true");
  });

  test("fetches more of them as it goes on", async () => {
    const { desk, app } = await openPage(keepingScene);
    const conversation = desk.of("12");
    const many = Array.from({ length: 130 }, (_, n) =>
      message("in", Date.now() - (130 - n) * 60_000, {
        type: "image",
        mediaId: "m",
        media: { state: "kept", key: `p${n}`, width: 10, height: 10 },
      }),
    );
    conversation.messages.push(...many);
    app.viewer.open("12", many[129]?.id ?? "");
    await settle();
    expect(position()).toBeUndefined();
    expect(app.viewer.pictures.length).toBe(PICTURES_PAGE_SIZE);
    for (let n = 0; n < 129; n += 1) {
      press(document.body, "ArrowLeft");
      if (n % 8 === 0) await settle();
    }
    await settle();
    expect(photo()).toBe(many[0]?.id);
    expect(app.viewer.pictures.map((one) => one.message)).toEqual(many.map((one) => one.id));
    expect(position()).toBe("1 of 130");
    expect(desk.count("listImages")).toBeLessThan(12);
  });

  test("closes with Escape and gives the focus back to where it was", async () => {
    await opened();
    const from = document.querySelector<HTMLElement>("[data-photo]");
    expect(viewer()).not.toBeNull();
    press(document.body, "Escape");
    await settle();
    expect(viewer()).toBeNull();
    expect(document.activeElement).toBe(from);
  });

  test("no key of the window acts behind it", async () => {
    const { desk, app } = await opened();
    press(document.body, "e");
    press(document.body, "j");
    press(document.body, "k", { ctrlKey: true });
    await settle();
    expect(desk.count("setConversationStatus")).toBe(0);
    expect(app.navigation.conversation).toBe("11");
    expect(viewer()).not.toBeNull();
  });

  test("zooms with + - and 0, and another photo is whole again", async () => {
    await opened();
    press(document.body, "+");
    await settle();
    expect(percent()).toBe("150%");
    expect(button("Fit to the window").getAttribute("aria-disabled")).toBe("false");
    press(document.body, "-");
    await settle();
    expect(percent()).toBe("100%");
    press(document.body, "=", { ctrlKey: true });
    press(document.body, "+");
    await settle();
    expect(percent()).toBe("225%");
    press(document.body, "0");
    await settle();
    expect(percent()).toBe("100%");
    press(document.body, "+");
    press(document.body, "ArrowLeft");
    await settle();
    expect(percent()).toBe("100%");
  });

  test("zooms with Ctrl and the wheel and with a double click, and is dragged", async () => {
    await opened();
    const hold = document.querySelector<HTMLElement>(".hold");
    hold?.dispatchEvent(new WheelEvent("wheel", { deltaY: -200, bubbles: true, cancelable: true }));
    await settle();
    expect(percent()).toBe("100%");
    const turn = new WheelEvent("wheel", { deltaY: -200, ctrlKey: true, bubbles: true, cancelable: true });
    // happy-dom's wheel events know no keys.
    if (!turn.ctrlKey) Object.defineProperty(turn, "ctrlKey", { value: true });
    hold?.dispatchEvent(turn);
    await settle();
    expect(turn.defaultPrevented).toBe(true);
    expect(percent()).toBe("165%");
    hold?.dispatchEvent(new MouseEvent("dblclick", { bubbles: true }));
    await settle();
    expect(percent()).toBe("100%");
    hold?.dispatchEvent(new MouseEvent("dblclick", { bubbles: true }));
    await settle();
    expect(percent()).toBe("250%");
  });

  test("copies and saves, and says where to", async () => {
    const { desk, photos } = await opened();
    button("Copy").click();
    await settle();
    expect(document.querySelector(".said")?.textContent).toBe("Copied.");
    expect(desk.asked.findLast((one) => one.command === "copyImage")?.args).toEqual({ key: "photo" });
    button("Save").click();
    await settle();
    expect(document.querySelector(".said")?.textContent).toContain("Saved: Downloads, Nadia Rahman");
    expect(desk.asked.findLast((one) => one.command === "saveImage")?.args).toEqual({ message: photos.at(-1)?.id });
    press(document.body, "ArrowLeft");
    await settle();
    expect(document.querySelector(".said")?.textContent).toBe("");
  });

  test("copies and saves by key, but not what cannot be seen, nor in place of selected words", async () => {
    const { desk, photos } = await opened();
    expect(button("Copy").title).toBe("Copy (Ctrl C)");
    expect(button("Save").title).toBe("Save (Ctrl S)");
    expect(press(document.body, "c", { ctrlKey: true }).defaultPrevented).toBe(true);
    await settle();
    expect(document.querySelector(".said")?.textContent).toBe("Copied.");
    expect(press(document.body, "s", { ctrlKey: true }).defaultPrevented).toBe(true);
    await settle();
    expect(desk.asked.findLast((one) => one.command === "saveImage")?.args).toEqual({ message: photos.at(-1)?.id });
    const caption = viewer()?.querySelector(".caption b");
    if (caption) getSelection()?.selectAllChildren(caption);
    expect(press(document.body, "c", { ctrlKey: true }).defaultPrevented).toBe(false);
    getSelection()?.removeAllRanges();
    document.querySelector("[data-picture]")?.dispatchEvent(new Event("error"));
    await settle();
    press(document.body, "c", { ctrlKey: true });
    press(document.body, "s", { ctrlKey: true });
    await settle();
    expect([desk.count("copyImage"), desk.count("saveImage")]).toEqual([1, 1]);
  });

  test("hides what this computer cannot do", async () => {
    const { desk } = await opened();
    desk.fail("copyImage", "notPossibleHere");
    button("Copy").click();
    await settle();
    expect(screen.queryByRole("button", { name: "Copy" })).toBeNull();
    expect(viewer()?.querySelector("[role=alert]")?.textContent).toContain("This computer cannot do that.");
    expect(button("Save")).toBeTruthy();
  });

  test("asks TikTok for a photo that was let go", async () => {
    const { desk, photos } = await opened(0);
    expect(document.querySelector("[data-absent]")?.textContent).toMatch(/Not on this computer.*let go to make room/);
    expect(screen.queryByRole("button", { name: "Copy" })).toBeNull();
    button("Fetch it").click();
    await settle();
    expect(desk.asked.findLast((one) => one.command === "fetchImage")?.args).toEqual({ message: photos[0]?.id });
    expect(photo()).toBe(photos[0]?.id);
  });

  test("says when TikTok has it no more", async () => {
    await opened(1);
    expect(document.querySelector("[data-absent]")?.textContent).toContain("TikTok did not give it out");
    button("Fetch it").click();
    await settle();
    expect(viewer()?.querySelector("[role=alert]")?.textContent).toContain("TikTok does not give this out any more.");
    expect(button("Fetch it").getAttribute("aria-disabled")).toBe("false");
  });

  test("follows what arrives while it is open, and stays at its photo", async () => {
    const { desk, photos } = await opened();
    const conversation = desk.of("11");
    conversation.messages.push(message("in", Date.now(), { type: "image", mediaId: "n", media: { state: "pending" } }));
    desk.tell({ kind: "conversation", conversation: "11" });
    await settle();
    expect(position()).toBe(`${photos.length} of ${photos.length + 1}`);
    press(document.body, "ArrowRight");
    await settle();
    expect(screen.getByText("The picture is on its way")).toBeTruthy();
    expect(screen.queryByRole("button", { name: "Fetch it" })).toBeNull();
  });

  test("says what went wrong and tries again", async () => {
    const { desk, app } = await openPage(keepingScene);
    desk.fail("listImages", "unexpected");
    app.viewer.open("11", desk.of("11").messages.find((one) => one.content.type === "image")?.id ?? "");
    await settle();
    expect(viewer()?.textContent).toContain("The photos could not be loaded");
    viewer()?.querySelector<HTMLElement>("[role=alert] button")?.click();
    await settle();
    expect(document.querySelector("[data-absent=released]")).not.toBeNull();
  });
});
