// Saved replies: their screen, their files, and choosing one while writing.
import { screen } from "@testing-library/svelte";
import { afterEach, describe, expect, test, vi } from "vitest";

import { savedOf } from "../dev/savedReplies";
import { slashBefore } from "../src/features/composer/choosing.svelte";
import { blanksOf, piecesOf } from "../src/domain/placeholders";
import { legacyEncoding, readTextFile } from "../src/domain/textFile";
import { unreadableWords } from "../src/text/saved";
import { field, openPage, press, rowOf, settle, type } from "./world";

afterEach(() => {
  vi.useRealTimers();
  vi.unstubAllGlobals();
});

const one = <E extends HTMLElement>(selector: string): E =>
  document.querySelector<E>(selector) ?? (document.body as unknown as E);
const rows = (): string[] =>
  [...document.querySelectorAll<HTMLElement>("[data-saved] b")].map((row) => row.textContent ?? "");
const choices = (): string[] =>
  [...document.querySelectorAll<HTMLElement>("[data-choice] b")].map((row) => row.textContent ?? "");
const said = (): string => document.querySelector(".toasts")?.textContent ?? "";

async function onScreen() {
  const page = await openPage();
  one("[data-go=saved]").click();
  await settle();
  return page;
}

async function writing(id = "12") {
  const page = await openPage();
  rowOf(id)?.click();
  await settle();
  page.app.navigation.arrivedAt = -Infinity;
  return page;
}

/** Types as a person does, the caret behind it. */
async function write(text: string): Promise<void> {
  type(field(), text);
  await settle();
}

describe("a text with variables", () => {
  const told = (body: string): string =>
    piecesOf(body)
      ?.map((piece) => (piece.kind === "text" ? piece.text : `[${piece.name}:${piece.fallback ?? "–"}]`))
      .join("") ?? "open";
  test("is read as the desk reads it", () => {
    expect(told("Hi {{customer|there}}, {{ Account }}.")).toBe("Hi [customer:there], [Account:–].");
    expect(told("{{agent|}}!")).toBe("[agent:]!");
    expect(told("{{order number|0| 1}}")).toBe("[order number:0| 1]");
    expect(told("{one} }} {{}} {{ |x}} {")).toBe("{one} }} {{}} {{ |x}} {");
    expect(told("\\{{customer}} \\\\{{account}} \\ \\n")).toBe("{{customer}} \\[account:–] \\ \\n");
    expect(told("x\\\\\\{{agent}} \\\\\\\\{{account}}")).toBe("x\\{{agent}} \\\\[account:–]");
    for (const body of ["{{customer", "{{customer\n}}", "{{customer|{{agent}}}}", "a {{{"])
      expect(told(body)).toBe("open");
    expect(blanksOf("{{customer}} {{Size}} {{size|M}} {{colour}} \\{{x}}")).toEqual(["Size", "colour"]);
  });
});

describe("a stroke", () => {
  test("opens the list only where a word begins", () => {
    const at = (text: string) => slashBefore(text, text.length);
    expect(at("/")).toEqual({ from: 0, query: "" });
    expect(at("Hi /ret")).toEqual({ from: 3, query: "ret" });
    expect(at("Hi\n/ret urn")).toEqual({ from: 3, query: "ret urn" });
    expect(at("/and/or")).toEqual({ from: 0, query: "and/or" });
    for (const text of ["and/or", "https://x", "1 / 2", "", "/a\nb", `/${"x".repeat(80)}`]) expect(at(text)).toBeNull();
    expect(slashBefore("/ret later", 4)).toEqual({ from: 0, query: "ret" });
  });

  test("offers what answers, and Enter puts it in its place and counts it", async () => {
    const { desk } = await writing();
    await write("Hello /");
    expect(choices()[0]).toBe("Greeting");
    await write("Hello /back stock");
    expect(choices()).toEqual(["Back in stock soon"]);
    await write("Hello /hi");
    expect(field().getAttribute("aria-activedescendant")).toBe("composer-choices-0");
    expect(press(field(), "Enter").defaultPrevented).toBe(true);
    await settle();
    expect(field().value).toMatch(/^Hello Hi .+, thanks for writing to .+! What can we find for you\?$/);
    expect(choices()).toEqual([]);
    expect(savedOf(desk).find((reply) => reply.name === "Greeting")?.uses).toBe(213);
    expect(desk.count("sendReply")).toBe(0);
  });

  test("takes an exact shortcut at the next space, also behind another one", async () => {
    await writing();
    for (const text of ["/HI", "Hello! /hi"]) {
      await write(text);
      expect(press(field(), " ").defaultPrevented).toBe(true);
      await settle();
    }
    expect(field().value).toMatch(/^Hello! Hi .+, thanks for writing/);
    await write("/h");
    expect(press(field(), " ").defaultPrevented).toBe(false);
  });

  test("never lets Enter send what was meant as a search", async () => {
    const { desk } = await writing();
    const release = desk.hold("findSavedReplies");
    type(field(), "/hi");
    press(field(), "Enter");
    await settle();
    expect(desk.count("sendReply")).toBe(0);
    expect(field().value).toBe("/hi");
    release();
    await settle(30);
    expect(field().value).toMatch(/^Hi .+, thanks/);
    expect(desk.count("sendReply")).toBe(0);
  });

  test("gives way where nothing answers, and after Escape", async () => {
    const { desk } = await writing();
    await write("/zzz");
    expect(document.querySelector("[data-choices]")?.textContent).toContain("No saved reply answers to this");
    await write("/zzz y");
    expect(document.querySelector("[data-choices]")).toBeNull();
    await write("");
    await write("/hi");
    press(field(), "Escape");
    await settle();
    expect(field().value).toBe("/hi");
    await write("/hi ");
    expect(document.querySelector("[data-choices]")).toBeNull();
    press(field(), "Enter");
    await settle();
    expect(desk.count("sendReply")).toBe(0);
    press(field(), "Enter", { ctrlKey: true, shiftKey: true });
    await settle();
    expect(desk.count("sendReply")).toBe(1);
  });

  test("asks for blanks one after the other", async () => {
    const { desk } = await writing();
    await write("/refund");
    press(field(), "Tab");
    await settle();
    const inputs = (): HTMLInputElement[] => [...document.querySelectorAll<HTMLInputElement>("[data-blanks] input")];
    expect(inputs().map((input) => input.value)).toEqual(["", "3 to 5"]);
    expect(document.activeElement).toBe(inputs()[0]);
    type(one<HTMLInputElement>("[data-blanks] input"), "A-17");
    press(one("[data-blanks] input"), "Enter");
    await settle();
    expect(document.activeElement).toBe(inputs()[1]);
    press(inputs()[1] ?? document.body, "Enter");
    await settle();
    expect(field().value).toBe(
      "Your refund for order A-17 left us today. It takes 3 to 5 working days to reach your account.",
    );
    expect(document.activeElement).toBe(field());
    expect(desk.count("useSavedReply")).toBe(1);
  });

  test("brings its picture, and leaves the agent's own alone", async () => {
    const { desk } = await writing();
    await write("/size");
    press(field(), "Enter");
    await settle(20);
    expect(document.querySelector("[data-picture]")?.textContent).toContain("900 × 1,600");
    expect(desk.of("12").attachment?.key).toBe("photo-3");
    desk.of("12").attachment = { key: "photo-9", width: 10, height: 10, size: 1, firstFrame: false };
    await write(`${field().value} /size`);
    press(field(), "Enter");
    await settle(20);
    expect(said()).toContain("The picture of the saved reply was left out");
  });

  test("is written by the button, and taken away by it", async () => {
    await writing();
    await write("Hello");
    const button = one("[data-tool=saved]");
    button.click();
    await settle();
    expect(field().value).toBe("Hello /");
    expect(choices().length).toBeGreaterThan(5);
    expect(button.getAttribute("aria-expanded")).toBe("true");
    button.click();
    await settle();
    expect(field().value).toBe("Hello ");
    expect(choices()).toEqual([]);
    press(field(), "s", { ctrlKey: true, shiftKey: true });
    await settle();
    press(field(), "ArrowDown");
    await settle();
    expect(document.querySelector("[data-choice][aria-selected=true] b")?.textContent).toBe("Where is my parcel");
    // Its blanks are not filled in: the stroke that the key wrote goes too.
    press(field(), "Enter");
    await settle();
    press(one("[data-blanks] input"), "Escape");
    await settle();
    expect(field().value).toBe("Hello ");
  });
});

describe("the screen", () => {
  test("lists by use, finds and filters", async () => {
    await onScreen();
    expect(rows()[0]).toBe("Greeting");
    type(one<HTMLInputElement>("[data-screen=saved] input[type=search]"), "ret");
    await settle();
    expect(rows()).toEqual(["Return an order", "Refund is on its way"]);
    type(one<HTMLInputElement>("[data-screen=saved] input[type=search]"), "zzz");
    await settle();
    expect(document.body.textContent).toContain("Nothing answers to this");
    type(one<HTMLInputElement>("[data-screen=saved] input[type=search]"), "");
    await settle();
    screen.getByRole("button", { name: "Sizes" }).click();
    await settle();
    expect(rows()).toEqual(["Size chart, linen", "Back in stock soon"]);
  });

  test("saves what was changed, and shows what the customer will see", async () => {
    const { desk } = await onScreen();
    one('[data-saved="4"]').click();
    await settle();
    type(one<HTMLTextAreaElement>("[data-saved-text]"), "Dear {{customer|you}}, {{order}} \\{{x}}");
    await settle();
    expect(document.querySelector(".preview .bubble")?.textContent).toBe("Dear Nadia Rahman, order {{x}}");
    expect(document.body.textContent).toContain("Unsaved changes");
    press(one("[data-saved-text]"), "s", { ctrlKey: true });
    await settle();
    expect(savedOf(desk).find((reply) => reply.id === "4")?.body).toBe("Dear {{customer|you}}, {{order}} \\{{x}}");
    expect(document.body.textContent).not.toContain("Unsaved changes");
  });

  test("says what is wrong beside its field", async () => {
    await onScreen();
    one("[data-new]").click();
    await settle();
    expect(document.activeElement).toBe(one("[data-saved-name]"));
    type(one<HTMLInputElement>("[data-saved-name]"), "Hello");
    type(one<HTMLInputElement>("[data-saved-shortcut]"), "HI");
    type(one<HTMLTextAreaElement>("[data-saved-text]"), "Hello!");
    await settle();
    screen.getByRole("button", { name: "Save" }).click();
    await settle();
    expect(document.querySelector(".wrong")?.textContent).toBe("Another saved reply has this shortcut.");
    expect(document.activeElement).toBe(one("[data-saved-shortcut]"));
    type(one<HTMLTextAreaElement>("[data-saved-text]"), "Hello {{");
    await settle();
    expect(document.querySelector("[data-saved-text]")?.getAttribute("aria-invalid")).toBe("true");
  });

  test("asks before unsaved changes go, and keeps them across screens", async () => {
    const { desk, app } = await onScreen();
    one('[data-saved="4"]').click();
    await settle();
    type(one<HTMLInputElement>("[data-saved-name]"), "Money back");
    await settle();
    app.navigation.go("inbox");
    await settle();
    app.navigation.go("saved");
    await settle();
    expect(one<HTMLInputElement>("[data-saved-name]").value).toBe("Money back");
    one('[data-saved="1"]').click();
    await settle();
    expect(one<HTMLInputElement>("[data-saved-name]").value).toBe("Money back");
    screen.getByRole("button", { name: "Keep editing" }).click();
    await settle();
    one('[data-saved="1"]').click();
    await settle();
    [...document.querySelectorAll<HTMLElement>("dialog .btn")].find((button) => button.textContent === "Save")?.click();
    await settle(20);
    expect(savedOf(desk).find((reply) => reply.id === "4")?.name).toBe("Money back");
    expect(one<HTMLInputElement>("[data-saved-name]").value).toBe("Greeting");
  });

  test("deletes with a way back, and only then", async () => {
    vi.useFakeTimers({ shouldAdvanceTime: true });
    const { desk } = await onScreen();
    one('[data-saved="4"]').click();
    await settle();
    one("[data-delete]").click();
    await settle();
    expect(rows()).not.toContain("Refund is on its way");
    expect(desk.count("deleteSavedReply")).toBe(0);
    screen.getByRole("button", { name: "Undo" }).click();
    await settle();
    expect(rows()).toContain("Refund is on its way");
    await vi.advanceTimersByTimeAsync(10_000);
    expect(desk.count("deleteSavedReply")).toBe(0);
    one('[data-saved="4"]').click();
    await settle();
    press(one("[data-focus=saved]"), "Delete");
    await vi.advanceTimersByTimeAsync(10_000);
    await settle();
    expect(desk.count("deleteSavedReply")).toBe(1);
    expect(savedOf(desk).some((reply) => reply.id === "4")).toBe(false);
  });

  test("takes a picture by the host's own door", async () => {
    const { desk } = await onScreen();
    one('[data-saved="1"]').click();
    await settle();
    const chooser = one<HTMLInputElement>("[data-saved-chooser]");
    Object.defineProperty(chooser, "files", {
      value: [new File(["x"], "a.png", { type: "image/png" })],
      configurable: true,
    });
    chooser.dispatchEvent(new Event("change", { bubbles: true }));
    await settle(20);
    expect(desk.attached.at(-1)?.conversation).toBeNull();
    expect(document.querySelector("[data-saved-picture]")?.textContent).toContain("1,280 × 960");
    screen.getByRole("button", { name: "Save" }).click();
    await settle(20);
    expect(savedOf(desk).find((reply) => reply.id === "1")?.attachment?.width).toBe(1280);
  });

  test("is walked with the keyboard alone", async () => {
    await onScreen();
    const search = one<HTMLInputElement>("[data-screen=saved] input[type=search]");
    search.focus();
    press(search, "ArrowDown");
    await settle();
    const list = one("[data-focus=saved]");
    expect(document.activeElement).toBe(list);
    expect(one<HTMLInputElement>("[data-saved-name]").value).toBe("Greeting");
    press(list, "ArrowDown");
    await settle();
    expect(one<HTMLInputElement>("[data-saved-name]").value).toBe("Where is my parcel");
    press(list, "Enter");
    expect(document.activeElement).toBe(one("[data-saved-name]"));
    press(one("[data-saved-name]"), "Escape");
    expect(document.activeElement).toBe(one("[data-focus=saved]"));
  });
});

describe("a file", () => {
  const bytes = (...all: number[]): Uint8Array<ArrayBuffer> => new Uint8Array(all);
  const utf16 = (text: string, little: boolean): number[] =>
    [...text].flatMap((c) =>
      little ? [c.charCodeAt(0) & 255, c.charCodeAt(0) >> 8] : [c.charCodeAt(0) >> 8, c.charCodeAt(0) & 255],
    );
  const read = (content: BlobPart, language = "en-GB", name = "a.csv"): ReturnType<typeof readTextFile> =>
    readTextFile(new File([content], name), language);
  test("is read in every Unicode encoding a spreadsheet writes", async () => {
    const text = "name;text\r\nGröße;発送 …";
    for (const content of [
      text,
      "\uFEFF" + text,
      bytes(0xff, 0xfe, ...utf16(text, true)),
      bytes(0xfe, 0xff, ...utf16(text, false)),
      bytes(...utf16(text, true)),
      bytes(...utf16(text, false)),
    ])
      expect(await read(content)).toEqual({ format: "csv", text, guessed: null });
    expect(await read('{"replies": []}', "en", "a.txt")).toMatchObject({ format: "json", guessed: null });
  });
  test("without Unicode is read as this computer's language writes, and says so", async () => {
    expect(await read(bytes(0x47, 0x72, 0xf6, 0xdf, 0x65))).toEqual({
      format: "csv",
      text: "Größe",
      guessed: "windows-1252",
    });
    expect(await read(bytes(0xcf, 0xf0, 0xe8, 0xe2, 0xe5, 0xf2), "ru-RU")).toEqual({
      format: "csv",
      text: "Привет",
      guessed: "windows-1251",
    });
    expect(await read(bytes(0x94, 0xad, 0x91, 0x97), "ja")).toEqual({
      format: "csv",
      text: "発送",
      guessed: "shift_jis",
    });
    expect(await read(bytes(0xb7, 0xa2, 0xbb, 0xf5), "zh-CN")).toMatchObject({ text: "发货" });
    expect(["zh-TW", "zh-Hant-HK", "zh", "pl-PL", "fr", "tr"].map(legacyEncoding)).toEqual([
      "big5",
      "big5",
      "gbk",
      "windows-1250",
      "windows-1252",
      "windows-1254",
    ]);
  });
  test("that is a picture or a program is not text", async () => {
    expect(await read(bytes(0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a, 0, 0, 0, 0x0d))).toBeNull();
    expect(await read(bytes(0x50, 0x4b, 3, 4, 0x14, 0, 6, 0, 8, 0, 0xff, 0xd8))).toBeNull();
    expect(await read(bytes(0x7b, 0x22, 0xf6, 0x22, 0x7d), "en", "a.json"), "JSON is Unicode").toBeNull();
  });
  test("tells what came of it and what is wrong in words", async () => {
    const { desk } = await onScreen();
    const give = async (content?: number[]): Promise<void> => {
      const chooser = one<HTMLInputElement>("[data-import]");
      Object.defineProperty(chooser, "files", {
        value: [new File([content ? bytes(...content) : "name,text"], "a.csv")],
        configurable: true,
      });
      chooser.dispatchEvent(new Event("change", { bubbles: true }));
      await settle(20);
      await new Promise((resolve) => setTimeout(resolve, 20));
      await settle(20);
    };
    await give();
    expect(document.body.textContent).toContain("Line 12 without a name");
    expect(document.body.textContent).not.toContain("windows-1252");
    screen.getByRole("button", { name: "Close" }).click();
    await settle();
    await give([0x6e, 0x61, 0x6d, 0x65, 0x2c, 0xf6]);
    expect(document.body.textContent).toContain("was read as windows-1252");
    screen.getByRole("button", { name: "Close" }).click();
    await settle();
    desk.fail("importSavedReplies", "importUnreadable", "quotes:3");
    await give();
    expect(document.body.textContent).toContain("A quotation mark opens in line 3 and never closes.");
    for (const detail of ["tooLarge", "tooMany", "columns", "format", "json:2"])
      expect(unreadableWords(detail)).not.toBe("");
  });
});
