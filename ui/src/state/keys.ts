// The one registry of keys: what they do in tooltips, in the sheet of all keys, and when they act.
import { t } from "../text";
import type { Tool } from "./place.svelte";

export type KeyId = "search" | "find" | "findNext" | "findPrevious" | "next" | "previous" | "reply" | "done" | "snooze" | "assign" | "tag" | "region" | "regionBack" | "back" | "settings" | "away" | "sheet" | "copyPhoto" | "savePhoto" | Tool;

interface Chord {
  key: string;
  /** Ctrl, or Cmd on macOS. */
  mod?: true;
  alt?: true;
  shift?: true;
}

export const KEYS: Record<KeyId, readonly Chord[]> = {
  search: [{ key: "k", mod: true }],
  find: [{ key: "f", mod: true }],
  findNext: [{ key: "F3" }],
  findPrevious: [{ key: "F3", shift: true }],
  next: [{ key: "j" }, { key: "ArrowDown", alt: true }],
  previous: [{ key: "k" }, { key: "ArrowUp", alt: true }],
  reply: [{ key: "Enter" }, { key: "r" }],
  done: [{ key: "e" }],
  snooze: [{ key: "h" }],
  assign: [{ key: "a" }],
  tag: [{ key: "l" }],
  region: [{ key: "F6" }],
  regionBack: [{ key: "F6", shift: true }],
  back: [{ key: "Escape" }],
  settings: [{ key: ",", mod: true }],
  // Only in the palette and on its buttons.
  away: [],
  sheet: [{ key: "/", mod: true }],
  // Only over a photo, where the viewer hears them.
  copyPhoto: [{ key: "c", mod: true }],
  savePhoto: [{ key: "s", mod: true }],
  image: [{ key: "u", mod: true, shift: true }],
  emoji: [{ key: "e", mod: true, shift: true }],
  saved: [{ key: "s", mod: true, shift: true }],
  card: [{ key: "k", mod: true, shift: true }],
  post: [{ key: "p", mod: true, shift: true }],
  later: [{ key: "l", mod: true, shift: true }],
};

export const isMac = (): boolean => /mac|iphone|ipad/i.test(navigator.platform);

/** A chord as it is printed on the keys. */
export function chordName(chord: Chord, mac = isMac()): string {
  const name = t.keys.names[chord.key] ?? (chord.key.length === 1 ? chord.key.toUpperCase() : chord.key);
  const parts = [chord.mod ? (mac ? "⌘" : t.keys.ctrl) : "", chord.alt ? (mac ? "⌥" : "Alt") : "", chord.shift ? (mac ? "⇧" : "Shift") : "", name];
  return parts.filter((part) => part !== "").join(mac ? "" : " ");
}

/** Every chord of a key, for the sheet. */
export const chordNames = (id: KeyId): string[] => KEYS[id].map((chord) => chordName(chord));

/** The first chord of a key, for tooltips and buttons. */
export function hint(id: KeyId): string {
  const first = KEYS[id][0];
  return first ? chordName(first) : "";
}

/** The name of the chord that sends in the Ctrl+Enter setting. */
export const ctrlEnter = (): string => chordName({ key: "Enter", mod: true });

const TEXT = "input:not([type=radio]):not([type=checkbox]):not([type=button]), textarea, select, [contenteditable]";
const PRESSABLE = "button, a[href], input, select, summary, [role=button], [role=tab], [role=switch], [role=radio]";

/** Which key an event is, if it may act where the focus is. */
export function keyOf(event: KeyboardEvent, mac = isMac()): KeyId | null {
  if (event.isComposing || event.defaultPrevented) return null;
  const target = event.target instanceof Element ? event.target : null;
  const typing = target?.closest(TEXT) != null;
  for (const [id, chords] of Object.entries(KEYS) as [KeyId, readonly Chord[]][]) {
    for (const chord of chords) {
      if (!matches(event, chord, mac)) continue;
      const single = !chord.mod && !chord.alt && (chord.key.length === 1 || chord.key === "Enter");
      if (single && typing) continue;
      if (chord.key === "Enter" && target?.closest(PRESSABLE)) continue;
      return id;
    }
  }
  return null;
}

function matches(event: KeyboardEvent, chord: Chord, mac: boolean): boolean {
  const mod = mac ? event.metaKey : event.ctrlKey;
  const other = mac ? event.ctrlKey : event.metaKey;
  if (other || mod !== (chord.mod ?? false) || event.altKey !== (chord.alt ?? false)) return false;
  // "/" needs Shift on many keyboards.
  if (chord.key !== "/" && event.shiftKey !== (chord.shift ?? false)) return false;
  return event.key === chord.key || (chord.key.length === 1 && event.key.toLowerCase() === chord.key);
}
