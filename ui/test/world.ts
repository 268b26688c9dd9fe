// The page over a desk in memory.
import { cleanup, render, screen } from "@testing-library/svelte";
import { tick } from "svelte";
import { afterEach, beforeAll, vi } from "vitest";

import { FakeDesk } from "../dev/fake";
import { inboxScene } from "../dev/scene";
import Page from "../src/App.svelte";
import { connect } from "../src/ipc/desk";
import { screens } from "../src/screens";
import { App } from "../src/state/app.svelte";

// Screens open at once in tests, but for those of loading itself.
beforeAll(() => Promise.all(Object.values(screens).map((screen) => screen.load())));
afterEach(() => cleanup());

/** Lets everything that is on its way arrive. */
export async function settle(turns = 12): Promise<void> {
  for (let turn = 0; turn < turns; turn += 1) {
    await Promise.resolve();
    await tick();
  }
  if (!vi.isFakeTimers()) await new Promise((resolve) => setTimeout(resolve, 0));
  await tick();
}

export function fakeDesk(scene: (desk: FakeDesk) => void = inboxScene): FakeDesk {
  const desk = new FakeDesk();
  scene(desk);
  connect(desk);
  return desk;
}

export async function openPage(scene: (desk: FakeDesk) => void = inboxScene): Promise<{ desk: FakeDesk; app: App }> {
  const desk = fakeDesk(scene);
  const app = new App();
  render(Page, { props: { app } });
  await settle();
  return { desk, app };
}

export const field = (): HTMLTextAreaElement => screen.getByRole("textbox", { name: /^Message to/ });
export const rowOf = (id: string): HTMLElement | null => document.querySelector(`[data-conversation="${id}"]`);
export const bubbles = (): HTMLElement[] => [...document.querySelectorAll<HTMLElement>("[data-message]")];

/** Types as a person does: the value, then the event. */
export function type(into: HTMLTextAreaElement | HTMLInputElement, text: string): void {
  into.value = text;
  into.dispatchEvent(new InputEvent("input", { bubbles: true }));
}

export function press(on: EventTarget, key: string, more: KeyboardEventInit = {}): KeyboardEvent {
  const event = new KeyboardEvent("keydown", { key, bubbles: true, cancelable: true, ...more });
  on.dispatchEvent(event);
  return event;
}
