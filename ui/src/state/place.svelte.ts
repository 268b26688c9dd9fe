// Where the agent is: which screen, which account, which tab, which conversation, and whether the window has the focus.
import type { AccountId, ConversationId, Tab } from "../ipc/bindings";

export type Screen = "inbox" | "link" | "settings";

/** Below this the person panel lies over the thread instead of beside it. */
export const NARROW = "(max-width: 1099px)";

export class Place {
  screen = $state<Screen>("inbox");
  account = $state<AccountId | null>(null);
  tab = $state<Tab>("waiting");
  conversation = $state<ConversationId | null>(null);
  focused = $state(true);
  narrow = $state(false);
  /** The person panel over the thread, in a narrow window; never kept. */
  overlay = $state(false);
  sheet = $state(false);
  /** What the next rendered screen should put the focus on. */
  wish = $state<"composer" | "list" | null>(null);
  #selected = new Map<AccountId, ConversationId | null>();
  #stop: (() => void) | undefined;

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

  /** Goes to an account's inbox; its own last conversation is open again. */
  choose(account: AccountId): void {
    this.screen = "inbox";
    if (account === this.account) return;
    if (this.account !== null) this.#selected.set(this.account, this.conversation);
    this.account = account;
    this.conversation = this.#selected.get(account) ?? null;
    this.overlay = false;
  }

  open(conversation: ConversationId | null): void {
    this.conversation = conversation;
    this.overlay = false;
  }

  go(screen: Screen): void {
    this.screen = screen;
    this.overlay = false;
  }
}
