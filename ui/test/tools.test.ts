// What can be added to a reply, and sending it later.
import { screen } from "@testing-library/svelte";
import { afterEach, describe, expect, test, vi } from "vitest";

import type { FakeDesk } from "../dev/fake";
import { inboxScene } from "../dev/scene";
import { cardProblem } from "../src/features/composer/card";
import { loadEmoji, recentWith, search } from "../src/features/composer/emoji";
import { mayBeCopiedFiles, pastedFiles, pictureAmong } from "../src/domain/pastedFiles";
import { attach, connect, LARGEST_FILE } from "../src/ipc/desk";
import { httpHost } from "../src/ipc/http";
import { moved } from "../src/domain/gridNavigation";
import { momentOf, presets, unfit } from "../src/domain/schedule";
import { field, openPage, press, rowOf, settle, type } from "./world";

afterEach(() => {
  vi.useRealTimers();
  vi.unstubAllGlobals();
});

async function opened(id = "12", scene: (desk: FakeDesk) => void = inboxScene) {
  const page = await openPage(scene);
  rowOf(id)?.click();
  await settle();
  page.app.navigation.arrivedAt = -Infinity;
  return page;
}
const shot = (kind = "image/png"): File => new File(["x"], "a", { type: kind });
const toolButton = (name: string): HTMLElement =>
  document.querySelector<HTMLElement>(`[data-tool=${name}]`) ?? document.body;
const dialog = (): HTMLElement => screen.getByRole("dialog");
const clipboard = (files: File[], text = "") => ({ files, items: [], getData: () => text });
function paste(files: File[], text = ""): Event {
  const event = Object.assign(new Event("paste", { bubbles: true, cancelable: true }), {
    clipboardData: clipboard(files, text),
  });
  field().dispatchEvent(event);
  return event;
}

describe("a picture", () => {
  test("is taken from the clipboard, but text is preferred", async () => {
    expect(pastedFiles(clipboard([shot()], "words"))).toEqual([]);
    expect(pastedFiles(clipboard([shot("text/html")]))).toEqual([]);
    expect(
      pastedFiles({ files: [], items: [{ kind: "file", type: "image/png", getAsFile: () => shot() }] }).map(
        (file) => file.type,
      ),
    ).toEqual(["image/png"]);
    const { desk } = await opened();
    expect(paste([shot()], "words").defaultPrevented).toBe(false);
    expect(paste([shot()]).defaultPrevented).toBe(true);
    await settle();
    expect(desk.attached.map((one) => one.conversation)).toEqual(["12"]);
    expect(document.querySelector("[data-picture]")?.textContent).toContain("1,280 × 960, 412 kB");
    type(field(), "Look");
    await settle();
    expect(document.querySelector("[data-picture]")?.textContent).toContain("Counts as 2 replies");
    expect(document.querySelector("[data-budget]")?.textContent).toContain("This uses 2 of the 10 replies left");
  });
  test("that was copied in a file manager is attached, not its name or path", () => {
    const named = (name: string, type = "image/png"): File => new File(["x"], name, { type });
    // The Finder puts the names beside the files, a spreadsheet what stands in the cells beside a picture of them.
    expect(pastedFiles(clipboard([named("My photo.png")], "My photo.png"))).toHaveLength(1);
    expect(pastedFiles(clipboard([named("Zoe\u0308.png")], "Zo\u00eb.png"))).toHaveLength(1);
    expect(
      pastedFiles(clipboard([named("a.pdf", "application/pdf"), named("b.png")], "a.pdf\nb.png")).map(
        (file) => file.name,
      ),
    ).toEqual(["b.png", "a.pdf"]);
    expect(pastedFiles(clipboard([named("image.png")], "12\t34"))).toEqual([]);
    const offered = (types: string[], data: Record<string, string>) => ({
      files: [],
      items: [],
      types,
      getData: (type: string) => data[type] ?? "",
    });
    expect(mayBeCopiedFiles(offered(["text/uri-list"], {}))).toBe(true);
    expect(mayBeCopiedFiles(offered(["text/plain"], { "text/plain": "/home/mia/a.png\n/home/mia/b.png" }))).toBe(true);
    expect(mayBeCopiedFiles(offered([], { "text/plain": "x-special/nautilus-clipboard\ncopy\nfile:///a.png\n" }))).toBe(
      true,
    );
    expect(
      mayBeCopiedFiles(
        offered(["text/uri-list", "text/plain"], {
          "text/uri-list": "https://example.com",
          "text/plain": "https://example.com",
        }),
      ),
    ).toBe(false);
    expect(mayBeCopiedFiles(offered(["text/plain"], { "text/plain": "See /home/mia" }))).toBe(false);
    expect(pictureAmong(["a.pdf", "b.JPG", "c.png"])).toBe(1);
    expect(pictureAmong(["a.pdf"])).toBe(0);
  });
  test("cannot go out while it is being prepared, and can be taken off then", async () => {
    const { desk } = await opened();
    const release = desk.hold("attach");
    paste([shot()]);
    type(field(), "Look");
    await settle();
    expect(document.querySelector("[data-picture=busy]")).not.toBeNull();
    press(field(), "Enter");
    await settle();
    expect(desk.count("sendReply")).toBe(0);
    expect(document.getElementById("composer-why")?.textContent).toContain("still being prepared");
    screen.getByRole("button", { name: "Remove the picture" }).click();
    release();
    await settle();
    expect(document.querySelector("[data-picture]")).toBeNull();
    expect(desk.of("12").attachment).toBeNull();
  });
  test("that is refused says why, and an animation says what is sent of it", async () => {
    const { desk } = await opened();
    paste([shot("image/heic")]);
    await settle();
    expect(document.querySelector("[data-fault=imageFormat]")).not.toBeNull();
    paste([shot("image/gif")]);
    await settle();
    expect(document.querySelector("[data-fault]")).toBeNull();
    expect(document.querySelector("[data-picture]")?.textContent).toContain(
      "Only the first picture of the animation is sent.",
    );
    press(field(), "Enter");
    await settle();
    expect(desk.of("12").messages.at(-1)?.content.type).toBe("image");
  });
  test("is not attached where TikTok takes none", async () => {
    const { desk } = await opened("12", (one) => {
      inboxScene(one);
      one.of("12").images = false;
    });
    expect(toolButton("image").getAttribute("aria-disabled")).toBe("true");
    expect(toolButton("image").title).toContain("it depends on your country");
    paste([shot()]);
    await settle();
    expect(desk.attached).toEqual([]);
    expect(document.querySelector("[data-fault=imagesNotAllowed]")?.textContent).toContain(
      "TikTok does not take pictures in this conversation",
    );
  });
  test("asks TikTok the first time", async () => {
    const { desk } = await opened();
    desk.of("12").images = false;
    paste([shot()]);
    await settle();
    expect(desk.count("checkImagePermission")).toBe(1);
    expect(desk.attached).toEqual([]);
  });
  test("is taken where it is dropped on the conversation, and nowhere else", async () => {
    const { desk } = await opened();
    const drag = (on: Element | null, kind: string): Event => {
      const event = Object.assign(new Event(kind, { bubbles: true, cancelable: true }), {
        dataTransfer: { types: ["Files"], files: [shot()], items: [], dropEffect: "none" },
      });
      on?.dispatchEvent(event);
      return event;
    };
    drag(document.querySelector(".thread"), "dragover");
    await settle();
    expect(document.querySelector("[data-drop=true]")).not.toBeNull();
    expect(drag(rowOf("13"), "drop").defaultPrevented).toBe(true);
    await settle();
    expect(desk.attached).toEqual([]);
    drag(document.querySelector(".thread"), "drop");
    await settle();
    expect(desk.attached).toHaveLength(1);
    expect(document.querySelector("[data-drop=true]")).toBeNull();
  });
  test("goes to the desk as bytes, and never if it is too large", async () => {
    const fetch = vi.fn(async () => new Response(JSON.stringify({ reply: { key: "k" } })));
    vi.stubGlobal("fetch", fetch);
    connect(httpHost());
    const file = shot();
    expect(await attach("12", file)).toEqual({ key: "k" });
    expect(fetch).toHaveBeenCalledWith("/attach/12", {
      method: "POST",
      headers: { "content-type": "application/octet-stream" },
      body: file,
    });
    await expect(attach("12", { size: LARGEST_FILE + 1 } as Blob)).rejects.toMatchObject({
      fault: { code: "imageTooLarge" },
    });
    expect(fetch).toHaveBeenCalledTimes(1);
  });
});

describe("a card", () => {
  const card = (title: string, buttons: string[], kind: "button" | "link" = "button") =>
    cardProblem({ kind, title, buttons });
  test("says what is wrong with it", () => {
    expect(card("", ["a"])).toBe("Write a question.");
    expect(card("🤎".repeat(40), ["🤎".repeat(20)])).toBe("");
    expect(card("x".repeat(41), ["a"])).toBe("The question is 1 character too long.");
    expect(card("q", ["", " "])).toBe("Write at least one answer.");
    expect(card("q", ["a", "x".repeat(22)])).toBe("Answer 2 is 2 characters too long.");
    expect(card("q", ["a", "x".repeat(22)], "link")).toBe("");
    expect(card("q", ["a", " a "])).toBe("Two answers are the same.");
  });
  test("is kept when it is closed, and sent once", async () => {
    const { desk } = await opened();
    toolButton("card").focus();
    toolButton("card").click();
    await settle();
    const [question, first] = dialog().querySelectorAll<HTMLInputElement>("input.field-box");
    if (!question || !first) throw new Error("no fields");
    type(question, "Which size?");
    type(first, "M");
    await settle();
    expect(dialog().querySelector("[data-preview]")?.textContent).toContain("Which size?");
    press(question, "Escape");
    await settle();
    expect(screen.queryByRole("dialog")).toBeNull();
    expect(document.activeElement).toBe(toolButton("card"));
    expect(desk.of("12").card).toEqual({ kind: "button", title: "Which size?", buttons: ["M", "", ""] });
    expect(toolButton("card").getAttribute("aria-label")).toBe("Question with answers, begun");
    toolButton("card").click();
    await settle();
    expect(dialog().querySelector<HTMLInputElement>("input.field-box")?.value).toBe("Which size?");
    const send = screen.getByRole("button", { name: "Send card" });
    send.click();
    send.click();
    await settle();
    expect(desk.count("sendCard")).toBe(1);
    expect(screen.queryByRole("dialog")).toBeNull();
    expect(toolButton("card").getAttribute("aria-label")).toBe("Question with answers");
    // It can be undone like a reply.
    press(field(), "z", { ctrlKey: true });
    await settle();
    expect(toolButton("card").getAttribute("aria-label")).toBe("Question with answers, begun");
  });
});

describe("an own post", () => {
  test("is found by its caption, looked at once more, and sent", async () => {
    const { desk } = await opened();
    toolButton("post").click();
    await settle();
    expect(desk.count("refreshPosts")).toBe(1);
    expect(document.querySelectorAll("[data-post]")).toHaveLength(9);
    expect(document.querySelectorAll("[data-post][tabindex='0']")).toHaveLength(1);
    type(screen.getByRole("searchbox") as HTMLInputElement, "LINEN");
    await settle();
    expect(document.querySelectorAll("[data-post]")).toHaveLength(2);
    document.querySelector<HTMLElement>("[data-post]")?.click();
    await settle();
    expect(desk.count("sendPost")).toBe(0);
    screen.getByRole("button", { name: "Send post" }).click();
    await settle();
    expect(desk.of("12").messages.at(-1)?.content).toMatchObject({ type: "sharePost", itemId: "7301000000000" });
    expect(screen.queryByRole("dialog")).toBeNull();
  });
  test("can be pasted as a link where posts may not be listed", async () => {
    const { desk } = await opened();
    desk.fail("refreshPosts", "postsNotPermitted");
    toolButton("post").click();
    await settle();
    expect(screen.getByText(/may not list posts/)).toBeTruthy();
    const link = screen.getByRole("textbox", { name: "Link to a post" }) as HTMLInputElement;
    type(link, "https://example.com/nothing");
    await settle();
    link.form?.requestSubmit();
    await settle();
    screen.getByRole("button", { name: "Send post" }).click();
    await settle();
    expect(document.querySelector("[data-fault=postInvalid]")).not.toBeNull();
    expect(screen.getByRole("dialog")).toBeTruthy();
  });
});

describe("emoji", () => {
  test("are found by name and by tag, whole words first", async () => {
    const all = await loadEmoji();
    expect(all.length).toBeGreaterThan(1800);
    expect(search(all, "pizza")[0]?.text).toBe("🍕");
    expect(search(all, "red heart")[0]?.text).toBe("❤️");
    expect(search(all, "thumbs u")[0]?.text).toBe("👍️");
    expect(search(all, "  ")).toEqual([]);
    expect(search(all, "qqqq")).toEqual([]);
    expect(all.find((one) => one.name === "thumbs up")?.tones).toEqual(["👍🏻", "👍🏼", "👍🏽", "👍🏾", "👍🏿"]);
  });
  test("go in at the caret and are remembered", async () => {
    const { desk } = await opened();
    type(field(), "Thanks bye");
    field().setSelectionRange(6, 6);
    toolButton("emoji").click();
    await settle();
    await vi.waitFor(() => expect(document.querySelector("[data-at='0']")).not.toBeNull());
    const box = screen.getByRole("searchbox") as HTMLInputElement;
    type(box, "folded hands");
    await settle();
    const before = desk.count("sendTypingIndicator");
    press(box, "Enter");
    await settle();
    expect(field().value).toBe("Thanks🙏 bye");
    expect(desk.count("sendTypingIndicator")).toBe(before);
    expect(desk.overview.settings.recentEmoji).toEqual(["🙏"]);
    expect(screen.queryByRole("dialog")).toBeNull();
    expect(document.activeElement).toBe(field());
  });
  test("used last are 24 at most, newest first", () => {
    const many = Array.from({ length: 24 }, (_, n) => String(n));
    expect(recentWith(many, "5").slice(0, 3)).toEqual(["5", "0", "1"]);
    expect(recentWith(many, "new")).toHaveLength(24);
  });
  test.each([
    ["ArrowRight", 0, 1],
    ["ArrowLeft", 0, 0],
    ["ArrowDown", 1, 10],
    ["ArrowDown", 12, 19],
    ["ArrowDown", 19, 19],
    ["ArrowUp", 3, 3],
    ["End", 0, 19],
    ["a", 0, null],
  ] as const)("%s from %d of 20 in rows of 9 leads to %s", (key, at, to) => expect(moved(key, at, 20, 9)).toBe(to));
});

describe("sending later", () => {
  const at = (iso: string): number => new Date(iso).getTime();
  const window = (closesAtMs: number) => ({ openedAtMs: 0, closesAtMs });
  test.each([
    ["2026-11-25T10:00:00Z", ["hour 11:00", "evening 18:00", "tomorrow 09:00", "monday 09:00"]],
    ["2026-11-25T17:30:00Z", ["evening 18:00", "hour 18:30", "tomorrow 09:00", "monday 09:00"]],
    ["2026-11-25T19:00:00Z", ["hour 20:00", "tomorrow 09:00", "monday 09:00"]],
    ["2026-11-29T10:00:00Z", ["hour 11:00", "evening 18:00", "tomorrow 09:00"]],
    ["2026-11-30T07:30:00Z", ["hour 08:30", "evening 18:00", "tomorrow 09:00", "monday 09:00"]],
  ])("at %s offers what is to come", (now, wanted) => {
    const found = presets(at(now)).map((one) => `${one.id} ${new Date(one.atMs).toISOString().slice(11, 16)}`);
    expect(found).toEqual(wanted);
  });
  test("knows what does not fit", () => {
    expect(unfit(5, 5, window(9))).toBe("past");
    expect(unfit(9, 5, window(9))).toBe("afterWindow");
    expect(unfit(8, 5, window(9))).toBeNull();
    expect(unfit(8, 5, null)).toBe("noWindow");
    expect(unfit(NaN, 5, window(9))).toBe("past");
    expect(momentOf("2026-11-25", "")).toBeNull();
    expect(momentOf("2026-11-25", "10:30")).toBe(at("2026-11-25T10:30:00Z"));
  });
  test("clears the composer, stands above it, and can be changed, sent, and taken back", async () => {
    const { desk } = await opened();
    type(field(), "See you on Sunday");
    await settle();
    toolButton("later").click();
    await settle();
    expect(document.querySelectorAll("[role=menuitem][tabindex='0']")).toHaveLength(1);
    document.querySelector<HTMLElement>("[data-preset=hour]")?.click();
    await settle();
    expect(desk.of("12").scheduled).toMatchObject([{ body: "See you on Sunday" }]);
    expect(field().value).toBe("");
    const item = (): HTMLElement => document.querySelector<HTMLElement>("li[data-scheduled]") ?? document.body;
    expect(item().textContent).toContain("See you on Sunday");
    const button = (name: string): HTMLElement =>
      [...item().querySelectorAll("button")].find((one) => one.textContent === name) ?? document.body;
    button("Edit").click();
    await settle();
    const area = item().querySelector("textarea");
    if (!area) throw new Error("no field");
    type(area, "See you on Monday");
    await settle();
    button("Save").click();
    await settle();
    expect(desk.of("12").scheduled[0]?.body).toBe("See you on Monday");
    button("Take back").click();
    await settle();
    expect(document.querySelector("li[data-scheduled]")).toBeNull();
    expect(field().value).toBe("See you on Monday");
  });
  test("after the window is explained, and a fault puts the text back", async () => {
    const { desk } = await opened("12", (one) => {
      inboxScene(one);
      one.of("12").row.window = window(Date.now() + 30 * 60_000);
    });
    type(field(), "later");
    await settle();
    toolButton("later").click();
    await settle();
    const hour = document.querySelector<HTMLElement>("[data-preset=hour]");
    expect(hour?.getAttribute("aria-disabled")).toBe("true");
    expect(hour?.textContent).toContain("The reply window closes before");
    hour?.click();
    await settle();
    expect(desk.count("scheduleReply")).toBe(0);
    press(document.activeElement ?? document.body, "Escape");
    desk.of("12").row.window = window(Date.now() + 48 * 3_600_000);
    desk.tell({ kind: "conversation", conversation: "12" });
    await settle();
    desk.fail("scheduleReply", "scheduleAfterWindow", String(Date.now()));
    toolButton("later").click();
    await settle();
    document.querySelector<HTMLElement>("[data-preset=hour]")?.click();
    await settle();
    expect(field().value).toBe("later");
    expect(document.querySelector("[data-fault=scheduleAfterWindow]")).not.toBeNull();
  });
  test("all of the account's are in one sheet, which leads to each conversation", async () => {
    const { app } = await opened("12", (one) => {
      inboxScene(one);
      one.of("13").scheduled = [
        {
          id: "s1",
          conversation: "13",
          name: "Marco Bellini",
          body: "Hello Marco",
          quoted: null,
          attachment: null,
          atMs: Date.now() - 1000,
          stopped: "overdue",
        },
      ];
    });
    app.navigation.scheduledOpen = true;
    await settle();
    expect(document.querySelector("[data-scheduled=s1]")?.textContent).toMatch(
      /Marco Bellini.*Hello Marco.*Deskbell was not running/,
    );
    screen.getByRole("button", { name: "Open conversation" }).click();
    await settle();
    expect(app.navigation.conversation).toBe("13");
    expect(app.navigation.scheduledOpen).toBe(false);
  });
});

test("a press of the picture button asks TikTok at once, and says no before a file is attached", async () => {
  const { desk } = await opened();
  desk.of("12").images = false;
  toolButton("image").click();
  await settle();
  expect(desk.count("checkImagePermission")).toBe(1);
  expect(toolButton("image").getAttribute("aria-disabled")).toBe("true");
});
