// The current screen, account, tab and conversation, the open overlays, and the focus of the window.
import type { AccountId, ConversationId, Tab } from "../ipc/bindings";
import type { Screen } from "../domain/screens";
import type { Commands } from "./commands";

/** Below this the person panel lies over the thread instead of beside it. */
const NARROW = "(max-width: 1099px)";

/** So long after a change of conversation, Enter may still have been meant for the one before. */
const SETTLING_MS = 500;

export class Navigation {
  screen = $state<Screen>("inbox");
  account = $state<AccountId | null>(null);
  tab = $state<Tab>("waiting");
  conversation = $state<ConversationId | null>(null);
  focused = $state(true);
  narrow = $state(false);
  /** The person panel over the thread, in a narrow window; never kept. */
  overlay = $state(false);
  sheet = $state(false);
  /** The sheet of all scheduled replies. */
  scheduledOpen = $state(false);
  /** The menu that is open for the conversation. */
  triaging = $state<"snooze" | "assign" | null>(null);
  /** The account that is about to be unlinked, and whether erasing it was asked for at once. */
  unlinking = $state.raw<{ account: AccountId; erase: boolean } | null>(null);
  /** Dialogs that lie over everything else; no key of the window acts below them. */
  dialogs = $state(0);
  /** When the composer on screen became that of another conversation. */
  arrivedAt = -Infinity;
  #arrived: ConversationId | null = null;
  #selected = new Map<AccountId, ConversationId | null>();
  #stop: (() => void) | undefined;
  readonly #commands: Commands;

  constructor(commands: Commands) {
    this.#commands = commands;
  }

  /** Follows the window's focus and width until the returned function is called. */
  watch(): () => void {
    this.#stop?.();
    const media = matchMedia(NARROW);
    const look = (): void => {
      this.focused = document.visibilityState === "visible" && document.hasFocus();
    };
    const measure = (): void => {
      this.narrow = media.matches;
    };
    look();
    measure();
    const events = [
      [window, "focus"],
      [window, "blur"],
      [document, "visibilitychange"],
    ] as const;
    for (const [target, name] of events) target.addEventListener(name, look);
    media.addEventListener("change", measure);
    this.#stop = () => {
      for (const [target, name] of events) target.removeEventListener(name, look);
      media.removeEventListener("change", measure);
    };
    return this.#stop;
  }

  /** The composer of a conversation has come on screen; coming back to the same one is no change. */
  arrive(conversation: ConversationId): void {
    if (conversation === this.#arrived) return;
    this.#arrived = conversation;
    this.arrivedAt = performance.now();
  }

  /** Whether the conversation changed so little ago that a key may have been meant for the one before. */
  get justArrived(): boolean {
    return performance.now() - this.arrivedAt < SETTLING_MS;
  }

  /** Goes to an account's inbox; its own last conversation is open again. */
  choose(account: AccountId): void {
    this.screen = "inbox";
    if (account === this.account) return;
    if (this.account !== null) this.#selected.set(this.account, this.conversation);
    this.account = account;
    this.triaging = null;
    this.conversation = this.#selected.get(account) ?? null;
    this.overlay = false;
  }

  open(conversation: ConversationId | null): void {
    this.conversation = conversation;
    this.overlay = false;
    // A request for the conversation before is not for this one.
    this.#commands.addTag.cancel();
    this.triaging = null;
  }

  go(screen: Screen): void {
    this.screen = screen;
    this.triaging = null;
    this.overlay = false;
  }
}
