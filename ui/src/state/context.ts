// The stores that components take from their context: one each, and the whole app only where a feature begins.
import { getContext, setContext } from "svelte";

import type { App } from "./app.svelte";

const KEY = Symbol("app");

export function provideApp(app: App): App {
  setContext(KEY, app);
  return app;
}

/** Everything. For the root of a screen or a feature; a component inside takes its stores one by one. */
export const useApp = (): App => getContext<App>(KEY);

export const useAgents = (): App["agents"] => useApp().agents;
export const useAutomatic = (): App["automatic"] => useApp().automatic;
export const useClock = (): App["clock"] => useApp().clock;
export const useCommands = (): App["commands"] => useApp().commands;
export const useComments = (): App["comments"] => useApp().comments;
export const useDeparture = (): App["departure"] => useApp().departure;
export const useDrafts = (): App["drafts"] => useApp().drafts;
export const useInbox = (): App["inbox"] => useApp().inbox;
export const useLists = (): App["lists"] => useApp().lists;
export const useLater = (): App["later"] => useApp().later;
export const useLinking = (): App["linking"] => useApp().linking;
export const useNavigation = (): App["navigation"] => useApp().navigation;
export const usePosts = (): App["posts"] => useApp().posts;
export const useRelay = (): App["relay"] => useApp().relay;
export const useRules = (): App["rules"] => useApp().rules;
export const useSaved = (): App["saved"] => useApp().saved;
export const useSearch = (): App["search"] => useApp().search;
export const useShell = (): App["shell"] => useApp().shell;
export const useTags = (): App["tags"] => useApp().tags;
export const useToasts = (): App["toasts"] => useApp().toasts;
export const useTriage = (): App["triage"] => useApp().triage;
export const useUnsent = (): App["unsent"] => useApp().unsent;
export const useViewer = (): App["viewer"] => useApp().viewer;
