// The computer's time zone. It may change while the page is open: what was drawn in the old one is drawn again.
import { createSubscriber } from "svelte/reactivity";

type Listener = () => void;

const listeners = new Set<Listener>();
/** Followed by whatever shows a time. */
const follow = createSubscriber((update) => {
  listeners.add(update);
  return () => listeners.delete(update);
});

const name = (): string => new Intl.DateTimeFormat().resolvedOptions().timeZone;
/** The offset too: an engine may know the new one before it knows the new name. */
const here = (): string => `${name()} ${new Date().getTimezoneOffset()}`;
let known = here();
let version = 0;

/** Counts the changes of the zone so far; a component that reads it is told of the next one. */
export function zoneVersion(): number {
  follow();
  return version;
}

/** The zone's name, as in "Europe/Berlin". */
export function localZone(): string {
  follow();
  return name();
}

/** Looks whether the zone is still the same. */
export function checkZone(): void {
  const now = here();
  if (now === known) return;
  known = now;
  version += 1;
  listeners.forEach((update) => update());
}
