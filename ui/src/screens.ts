// The screens beside the inbox. The code of each is loaded when it is first opened, so that the inbox starts sooner.
import { LazyComponent } from "./state/lazyComponent.svelte";

export const screens = {
  automatic: new LazyComponent(() => import("./features/automatic/Automatic.svelte")),
  rules: new LazyComponent(() => import("./features/rules/Rules.svelte")),
  saved: new LazyComponent(() => import("./features/saved/Saved.svelte")),
  settings: new LazyComponent(() => import("./features/settings/Settings.svelte")),
  link: new LazyComponent(() => import("./features/link/Link.svelte")),
};
