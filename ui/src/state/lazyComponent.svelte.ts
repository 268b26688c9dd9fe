// A component whose code is loaded when it is first shown.
import type { Component } from "svelte";

import { oneAtATime } from "../domain/oneAtATime";

/** A component that takes no props, such as a screen. */
type Standalone = Component<Record<string, never>>;

export class LazyComponent {
  /** Null until the code is here. */
  component = $state.raw<Standalone | null>(null);
  failed = $state(false);
  readonly #import: () => Promise<{ default: Standalone }>;

  constructor(load: () => Promise<{ default: Standalone }>) {
    this.#import = load;
  }

  /** Loads the code unless it is here; after a failure, tries again. */
  load = oneAtATime(async () => {
    if (this.component) return;
    this.failed = false;
    try {
      this.component = (await this.#import()).default;
    } catch {
      this.failed = true;
    }
  });
}
