// What the tests of the automatic messages look for on the screen.
import { within } from "@testing-library/svelte";
import axe from "axe-core";
import { expect, vi } from "vitest";

import { autoOf, type FakeAuto } from "../dev/automatic";
import type { FakeDesk } from "../dev/fake";
import { automaticScene, autoStates } from "../dev/greetings";
import type { AutoMessageType, Commands } from "../src/ipc/bindings";
import type { App } from "../src/state/app.svelte";
import { openPage, settle, type } from "./world";

// axe takes its time on a busy machine.
vi.setConfig({ testTimeout: 30_000 });

export const card = (kind: AutoMessageType): HTMLElement =>
  document.querySelector<HTMLElement>(`[data-kind=${kind}]`) ?? document.body;
export const item = (id: string): HTMLElement =>
  document.querySelector<HTMLElement>(`[data-auto=${id}]`) ?? document.body;
export const button = (at: HTMLElement, name: string | RegExp): HTMLElement => within(at).getByRole("button", { name });
export const fields = (at: HTMLElement): (HTMLInputElement | HTMLTextAreaElement)[] => [
  ...at.querySelectorAll<HTMLInputElement | HTMLTextAreaElement>("form input, form textarea"),
];
export const write = (at: HTMLElement, ...texts: string[]): void =>
  texts.forEach((text, n) => type(fields(at)[n] as HTMLTextAreaElement, text));
export const dialog = (): HTMLElement => document.querySelector<HTMLElement>("dialog[open]") ?? document.body;
export const said = (): string => document.querySelector(".toasts")?.textContent ?? "";
export const orderOf = (kind: AutoMessageType): (string | undefined)[] =>
  [...card(kind).querySelectorAll<HTMLElement>("li[data-auto]")].map((one) => one.dataset["auto"]);
export const seen = (): (string | undefined)[] =>
  [...document.querySelectorAll<HTMLElement>("[data-preview] [data-seen]")].map((one) => one.textContent?.trim());
export const sent = <K extends keyof Commands>(desk: FakeDesk, command: K): Commands[K]["args"][] =>
  desk.asked.filter((one) => one.command === command).map((one) => one.args as Commands[K]["args"]);

/** The screen of the mock-up's shop, in one of its states. */
export async function automatic(
  state?: keyof typeof autoStates | ((desk: FakeDesk) => void),
): Promise<{ desk: FakeDesk; app: App; auto: FakeAuto }> {
  const page = await openPage((desk) => {
    automaticScene(desk);
    if (typeof state === "function") state(desk);
    else if (state !== undefined) autoStates[state]?.(desk);
  });
  page.app.navigation.go("automatic");
  await settle();
  return { ...page, auto: autoOf(page.desk, "1") };
}

/** axe finds nothing in the dialog or on the screen; colours and the page around it are for dev/shots.mjs, in a browser. */
export async function faultless(): Promise<void> {
  const off = { enabled: false };
  const { violations } = await axe.run(
    document.querySelector("dialog[open]") ?? document.querySelector("main") ?? document,
    {
      runOnly: ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"],
      rules: { "color-contrast": off, "document-title": off, "html-has-lang": off },
    },
  );
  expect(violations.map((one) => `${one.id}: ${one.nodes.map((node) => node.target.join(" ")).join(", ")}`)).toEqual(
    [],
  );
}
