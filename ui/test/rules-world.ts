// The rules screen over a desk in memory.
import { screen } from "@testing-library/svelte";
import axe from "axe-core";
import { expect, vi } from "vitest";

import type { FakeDesk } from "../dev/fake";
import { rulesScene } from "../dev/ruled";
import { type Ruling, rulingOf } from "../dev/ruling";
import type { Commands } from "../src/ipc/bindings";
import type { App } from "../src/state/app.svelte";
import { openPage, settle } from "./world";

// Looking at a whole screen takes its time on a busy machine.
vi.setConfig({ testTimeout: 30_000 });

export async function openRules(
  scene: (desk: FakeDesk) => void = rulesScene,
): Promise<{ desk: FakeDesk; app: App; own: Ruling }> {
  const page = await openPage(scene);
  page.app.navigation.go("rules");
  await settle();
  return { ...page, own: rulingOf(page.desk) };
}

export const noRules = (desk: FakeDesk): void => rulesScene(desk, Date.now(), true);
export const ruleRow = (id: string): HTMLElement => document.querySelector(`[data-rule="${id}"]`) as HTMLElement;
export const order = (): string[] =>
  [...document.querySelectorAll("[data-rule]")].map((one) => one.getAttribute("data-rule") ?? "");
/** What stands there, without the marks that keep directions of writing apart. */
export const words = (of: Element | null): string =>
  (of?.textContent ?? "")
    .replace(/[\u2068\u2069]/g, "")
    .replace(/\s+/g, " ")
    .trim();
export const last = <K extends keyof Commands>(desk: FakeDesk, command: K): Commands[K]["args"] | undefined =>
  desk.asked.findLast((one) => one.command === command)?.args as Commands[K]["args"] | undefined;

export async function click(on: Element | null): Promise<void> {
  (on as HTMLElement).click();
  await settle();
}

export async function edit(name: string): Promise<void> {
  await click(screen.getByRole("button", { name: `Edit ${name}` }));
}

export async function choose(on: HTMLElement, value: string): Promise<void> {
  (on as HTMLSelectElement).value = value;
  on.dispatchEvent(new Event("change", { bubbles: true }));
  await settle();
}

/** Nothing that axe finds, but for colours, which only a real browser draws. */
export async function accessible(): Promise<void> {
  const part = document.querySelector("dialog[open]") ?? document.querySelector("main") ?? document.body;
  const { violations } = await axe.run(part, {
    runOnly: ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"],
    rules: {
      "color-contrast": { enabled: false },
      "document-title": { enabled: false },
      "html-has-lang": { enabled: false },
      "target-size": { enabled: false },
    },
  });
  expect(
    violations.map(({ id, nodes }) => `${id}: ${nodes.map((node) => node.html.slice(0, 120)).join(" | ")}`),
  ).toEqual([]);
}
