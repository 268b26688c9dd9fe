// Runs the action of each key.
import type { App } from "./app.svelte";
import type { KeyId } from "../domain/keys";

/** Whether there is something to do for a key where the agent is. */
export function canRun(app: App, key: KeyId): boolean {
  const inbox = app.navigation.screen === "inbox";
  switch (key) {
    case "search":
    case "settings":
    case "sheet":
      return true;
    case "away":
      return app.agents.me !== null;
    case "next":
    case "previous":
      return inbox && (app.inbox.list?.total ?? 0) > 0;
    case "region":
    case "regionBack":
    case "back":
    case "copyPhoto":
    case "savePhoto":
    case "sendAnyway":
      return false;
    case "zoomIn":
    case "zoomOut":
    case "zoomReset":
      return app.zoom.possible;
    default:
      return inbox && app.thread !== null;
  }
}

/** Does what a key stands for; false if there is nothing to do for it here. */
export function runKey(app: App, key: KeyId, target: EventTarget | null): boolean {
  const inbox = app.navigation.screen === "inbox";
  switch (key) {
    case "search":
      if (app.search.open) app.search.close();
      else app.search.show();
      return true;
    case "find":
      if (!inbox || !app.thread) return false;
      app.thread.find.show();
      return true;
    case "findNext":
    case "findPrevious":
      if (!inbox || !app.thread) return false;
      if (app.thread.find.open) app.thread.find.step(key === "findNext" ? 1 : -1);
      else app.thread.find.show();
      return true;
    case "next":
    case "previous":
      if (!inbox) return false;
      app.inbox.step(key === "next" ? 1 : -1);
      return true;
    case "reply":
      if (!inbox || !app.thread) return false;
      app.commands.focus("composer");
      return true;
    case "done":
      if (!inbox || !app.thread) return false;
      void app.toggleDone();
      return true;
    case "snooze":
    case "assign":
      if (!inbox || !app.thread) return false;
      app.navigation.triaging = key;
      return true;
    case "tag":
      if (!inbox || !app.thread) return false;
      app.beginTag();
      return true;
    case "image":
    case "emoji":
    case "saved":
    case "card":
    case "post":
    case "later":
      if (!inbox || !app.thread) return false;
      app.commands.openTool.send(key);
      return true;
    case "away":
      void app.agents.toggleMyAway();
      return true;
    case "settings":
      app.navigation.go("settings");
      return true;
    case "zoomIn":
    case "zoomOut":
    case "zoomReset":
      if (!app.zoom.possible) return false;
      if (key === "zoomReset") app.zoom.reset();
      else app.zoom.step(key === "zoomIn" ? 1 : -1);
      return true;
    case "sheet":
      app.navigation.sheet = !app.navigation.sheet;
      return true;
    case "back":
      return back(app, target);
    default:
      return false;
  }
}

/** One step back: out of the overlay, out of the composer, out of a screen. */
function back(app: App, target: EventTarget | null): boolean {
  if (app.navigation.overlay) {
    app.navigation.overlay = false;
    return true;
  }
  if (app.navigation.screen !== "inbox") {
    if (app.shell.accounts.length === 0) {
      if (app.navigation.screen !== "settings") return false;
      app.linking.open();
      return true;
    }
    app.navigation.go("inbox");
    app.commands.focus("list");
    return true;
  }
  // What stands out in the messages since a search goes too; it never keeps the agent in the composer.
  const found = app.thread !== null && (app.thread.find.open || app.thread.words !== "");
  if (found) app.thread?.find.close();
  const writing = target instanceof Element && target.closest("[data-composer]") !== null;
  if (writing || (!found && target instanceof Element && target.closest("[data-region=thread], .composer"))) {
    // At once, whether or not there is a list to go to: the next key must not be written into a draft.
    if (target instanceof HTMLElement) target.blur();
    app.commands.focus("list");
    return true;
  }
  return found;
}

/** The parts of the window, in order, and what in each takes the focus. */
const STOPS = [
  "[data-region=rail] [aria-current=page], [data-region=rail] button",
  "[data-focus=list]",
  "[data-region=thread]",
  "[data-composer]",
  "[data-region=person]",
  "main[data-screen]",
];

/** Puts the focus on the next or previous part of the window. */
export function moveRegion(by: 1 | -1): void {
  const stops = STOPS.map((selector) => document.querySelector<HTMLElement>(selector)).filter((stop) => stop !== null);
  if (stops.length === 0) return;
  const active = document.activeElement;
  const regions = stops.map(
    (stop) => stop.closest("[data-region]:not([data-region=thread]), [data-composer], main[data-screen]") ?? stop,
  );
  const at = regions.findIndex((region) => active !== null && region.contains(active));
  const next = stops[at < 0 ? (by > 0 ? 0 : stops.length - 1) : (at + by + stops.length) % stops.length];
  if (!next) return;
  if (next.matches("main[data-screen]")) (next.querySelector<HTMLElement>("button, input, [tabindex]") ?? next).focus();
  else next.focus();
}
