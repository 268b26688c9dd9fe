// Screens whose code is loaded when they are first opened.
import { cleanup, render, screen } from "@testing-library/svelte";
import { afterEach, expect, test } from "vitest";

import Empty from "../src/parts/Empty.svelte";
import LazyScreen from "../src/parts/LazyScreen.svelte";
import { LazyComponent } from "../src/state/lazyComponent.svelte";
import { settle } from "./world";

type Loaded = Awaited<ReturnType<ConstructorParameters<typeof LazyComponent>[0]>>;
// Any component will do; what it shows without its props does not matter here.
const loaded = { default: Empty } as unknown as Loaded;

afterEach(() => cleanup());

test("a screen is loaded once, when it is first shown, and is there at once afterwards", async () => {
  let loads = 0;
  let arrive: (value: Loaded) => void = () => {};
  const lazy = new LazyComponent(() => {
    loads += 1;
    return new Promise((resolve) => (arrive = resolve));
  });
  expect(loads).toBe(0);
  const first = render(LazyScreen, { props: { screen: lazy } });
  await settle();
  expect(screen.getByRole("status").textContent).toBe("Loading");
  arrive(loaded);
  await settle();
  expect(screen.queryByRole("status")).toBeNull();
  first.unmount();
  render(LazyScreen, { props: { screen: lazy } });
  expect(screen.queryByRole("status")).toBeNull();
  expect(loads).toBe(1);
});

test("a screen that could not be loaded says so, and is tried again", async () => {
  const answers = [Promise.reject(new Error("gone")), Promise.resolve(loaded)];
  const lazy = new LazyComponent(() => answers.shift() as Promise<Loaded>);
  render(LazyScreen, { props: { screen: lazy } });
  await settle();
  expect(screen.getByRole("alert").textContent).toContain("This screen could not be loaded.");
  screen.getByRole("button", { name: "Try again" }).click();
  await settle();
  expect(screen.queryByRole("alert")).toBeNull();
  expect(document.querySelector(".empty")).not.toBeNull();
});
