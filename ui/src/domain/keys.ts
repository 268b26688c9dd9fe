// The one registry of keys: what they do in tooltips, in the sheet of all keys, and when they act.
import { t } from "../text";
import type { Tool } from "./screens";

export type KeyId =
  | "search"
  | "find"
  | "findNext"
  | "findPrevious"
  | "next"
  | "previous"
  | "reply"
  | "done"
  | "snooze"
  | "assign"
  | "tag"
  | "region"
  | "regionBack"
  | "back"
  | "settings"
  | "away"
  | "sheet"
  | "zoomIn"
  | "zoomOut"
  | "zoomReset"
  | "sendAnyway"
  | "copyPhoto"
  | "savePhoto"
  | Tool;

interface Chord {
  /** As `keyName` says it. */
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
  zoomIn: [
    { key: "+", mod: true },
    { key: "=", mod: true },
  ],
  zoomOut: [{ key: "-", mod: true }],
  zoomReset: [{ key: "0", mod: true }],
  // Only where the composer asks before it sends.
  sendAnyway: [{ key: "Enter", mod: true, shift: true }],
  // Only over a photo, where the viewer hears them.
  copyPhoto: [{ key: "c", mod: true }],
  savePhoto: [{ key: "s", mod: true }],
  // Not U: GTK and ibus take Ctrl+Shift+U for Unicode numbers.
  image: [{ key: "a", mod: true, shift: true }],
  emoji: [{ key: "e", mod: true, shift: true }],
  saved: [{ key: "s", mod: true, shift: true }],
  card: [{ key: "k", mod: true, shift: true }],
  post: [{ key: "p", mod: true, shift: true }],
  later: [{ key: "l", mod: true, shift: true }],
};

const isMac = (): boolean => /mac|iphone|ipad/i.test(navigator.platform);

/** A chord as it is printed on the keys. */
export function chordName(chord: Chord, mac = isMac()): string {
  const name = t.keys.names[chord.key] ?? (chord.key.length === 1 ? chord.key.toUpperCase() : chord.key);
  const parts = [
    chord.mod ? (mac ? "⌘" : t.keys.ctrl) : "",
    chord.alt ? (mac ? "⌥" : "Alt") : "",
    chord.shift ? (mac ? "⇧" : "Shift") : "",
    name,
  ];
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

/** The characters of a US keyboard by the physical key they are printed on. */
const PUNCTUATION: Record<string, string> = {
  Comma: ",",
  Period: ".",
  Slash: "/",
  Minus: "-",
  Equal: "=",
  Semicolon: ";",
  Quote: "'",
  BracketLeft: "[",
  BracketRight: "]",
  Backslash: "\\",
  Backquote: "`",
};

/** The character that a US keyboard has on a physical key; none for the keys that are named alike everywhere. */
function usCharacter(code: string): string | undefined {
  return /^Key([A-Z])$/.exec(code)?.[1]?.toLowerCase() ?? /^(?:Digit|Numpad)(\d)$/.exec(code)?.[1] ?? PUNCTUATION[code];
}

/** A letter, mark or digit of a script other than Latin. */
const OTHER_SCRIPT = /^(?![\x00-\x7f])(?:[\p{M}\p{Nd}]|(?![\p{Script=Latin}\p{Script=Common}])\p{L})/u;

type KeyEvent = Pick<KeyboardEvent, "key" | "code" | "ctrlKey" | "metaKey">;

/**
 * The key of an event as shortcuts name it: a lower-case character, or a named key such as "Enter". The layout's own
 * character counts. Where that is of another script, the physical key counts, so that shortcuts work while a Russian or
 * Thai layout is on. With Ctrl or Cmd that also holds for digits, which need Shift on a French keyboard, and for the slash,
 * which is printed beside the dot on a Russian one.
 */
export function keyName({ key, code, ctrlKey, metaKey }: KeyEvent): string {
  const accented = /^Digit/.test(code) && /^\p{L}$/u.test(key);
  const dot = code === "Slash" && key === ".";
  if (OTHER_SCRIPT.test(key) || ((ctrlKey || metaKey) && (accented || dot))) return usCharacter(code) ?? key;
  return key.length === 1 ? key.toLowerCase() : key;
}

/** Whether Ctrl, or Cmd on macOS, is held with this key and nothing else but Shift. */
export const isMod = (event: KeyEvent & Pick<KeyboardEvent, "altKey">, key: string, mac = isMac()): boolean =>
  (mac ? event.metaKey && !event.ctrlKey : event.ctrlKey && !event.metaKey) && !event.altKey && keyName(event) === key;

/** Whether a key belongs to an input method: it composes, or this key has just ended it (229, then without `isComposing`). */
export const isForInputMethod = (event: Pick<KeyboardEvent, "isComposing" | "keyCode">): boolean =>
  event.isComposing || event.keyCode === 229;

/** Keeps what belongs to an input method from every handler of the page; the returned function ends it. */
export function keepInputMethodKeys(): () => void {
  const keep = (event: KeyboardEvent): void => {
    if (isForInputMethod(event)) event.stopImmediatePropagation();
  };
  // On the way down, before any other listener.
  window.addEventListener("keydown", keep, true);
  return () => window.removeEventListener("keydown", keep, true);
}

/** Selects the fields that text is typed into. */
export const TEXT =
  "input:not([type=radio]):not([type=checkbox]):not([type=button]), textarea, select, [contenteditable]";
const PRESSABLE = "button, a[href], input, select, summary, [role=button], [role=tab], [role=switch], [role=radio]";

/** Which key an event is, if it may act where the focus is. */
export function keyOf(event: KeyboardEvent, mac = isMac()): KeyId | null {
  // AltGr types characters; some systems report it as Ctrl and Alt together, none as Alt alone.
  const altGr = event.getModifierState("AltGraph") && event.altKey === event.ctrlKey;
  if (isForInputMethod(event) || event.defaultPrevented || altGr) return null;
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
  // "/" and "+" need Shift on many keyboards.
  if (chord.key !== "/" && chord.key !== "+" && event.shiftKey !== (chord.shift ?? false)) return false;
  return keyName(event) === chord.key;
}
