// What the desk showed while one value after another of TikTok's answers was an extreme one (tests/it/border.rs), drawn.
import { cleanup, render } from "@testing-library/svelte";
import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { afterEach, describe, expect, test } from "vitest";

import { inboxScene } from "../dev/scene";
import Page from "../src/App.svelte";
import { connect, type Host } from "../src/ipc/desk";
import type { ConversationRow, MessageView } from "../src/ipc/bindings";
import { App } from "../src/state/app.svelte";
import { isDrawn } from "../src/text/invisible";
import { nameOf, sanitizedName, snippetText } from "../src/text/sanitize";
import * as when from "../src/text/when";
import { FakeDesk } from "../dev/fake";
import { settle } from "./world";

interface Views {
  listConversations: { rows: ConversationRow[] };
  listMessages: { messages: MessageView[] };
}
const all = ["messages", "conversations", "pushes", "tokens"].flatMap((name) => {
  const file = join(process.cwd(), `test/border-${name}.json`);
  return existsSync(file)
    ? (JSON.parse(readFileSync(file, "utf8")) as { case: string; views: Views & Record<string, unknown> }[])
    : [];
});
const now = Date.UTC(2026, 10, 30, 12, 0);

afterEach(() => cleanup());

/** Every moment in a view. */
function moments(view: unknown, key = ""): number[] {
  if (typeof view === "number") return key.endsWith("Ms") ? [view] : [];
  return typeof view === "object" && view !== null
    ? Object.entries(view).flatMap(([name, one]) => moments(one, name))
    : [];
}

describe("what came of an extreme value", () => {
  test("is there to be drawn", () => expect(all.length).toBeGreaterThan(100));

  test("is written by every function for times and names, and no name as another's", () => {
    for (const { case: what, views } of all) {
      for (const at of moments(views)) {
        for (const write of [
          when.ago,
          when.atMoment,
          when.dayName,
          when.toCome,
          when.comesBack,
          when.onShortDate,
          when.until,
        ])
          expect(write(at, now), what).not.toMatch(/NaN|Invalid|Infinity/);
        for (const write of [when.atClock, when.onDate, when.exactly])
          expect(write(at), what).not.toMatch(/NaN|Invalid|Infinity/);
      }
      for (const row of views.listConversations.rows) {
        const name = nameOf(row.person);
        expect(isDrawn(name), what).toBe(true);
        const raw = row.person.name.replace(/\s+/gu, " ").trim();
        if (raw !== "Ana" && row.person.handle !== "Ana") expect(name, what).not.toBe("Ana");
        expect(sanitizedName(name), what).toBe(name);
        if (row.snippet) expect(snippetText(row.snippet), what).not.toContain("\n");
      }
    }
  });

  const drawn = all.filter((_, at) => at % Math.ceil(all.length / 24) === 0);
  test.each(drawn)("is drawn: $case", async ({ views }) => {
    const desk = new FakeDesk();
    inboxScene(desk);
    const host: Host = {
      ask: (command, args) =>
        command in views ? Promise.resolve(structuredClone(views[command])) : desk.ask(command, args),
      attach: (conversation, file) => desk.attach(conversation, file),
      listen: (heard, wire) => desk.listen(heard, wire),
      mediaUrl: (key) => desk.mediaUrl(key),
    };
    connect(host);
    const app = new App();
    render(Page, { props: { app } });
    await settle();
    const rows = [...document.querySelectorAll<HTMLElement>("[data-conversation]")];
    expect(rows.length).toBeGreaterThan(0);
    rows[0]?.click();
    await settle();
    expect(document.querySelectorAll("[data-message]").length).toBe(views.listMessages.messages.length);
  });
});
