// The list of conversations on screen, and moving through it.
import type { AccountId, Tab } from "../ipc/bindings";
import type { ConversationList, Lists } from "./list.svelte";
import type { Navigation } from "./navigation.svelte";

export class Inbox {
  readonly #navigation: Navigation;
  readonly #lists: Lists;
  /** The list on screen. */
  list: ConversationList | null = $derived.by(() => {
    const { account, tab } = this.#navigation;
    return account === null ? null : this.#lists.of(account, tab);
  });
  /** The place in the list the agent has moved to; opened as soon as its row is known. */
  pendingSelection = $state<number | null>(null);

  constructor(navigation: Navigation, lists: Lists) {
    this.#navigation = navigation;
    this.#lists = lists;
  }

  /** Moves the selection by some rows, from where the selected conversation stands or stood last. */
  step(by: number): void {
    const list = this.list;
    if (!list || list.total === null || list.total === 0) return;
    const at = this.pendingSelection ?? list.placeOf(this.#navigation.conversation);
    if (at >= 0) this.aim(at + by);
    // The selected conversation has left this tab: its neighbours are where it was.
    else this.aim(by > 0 ? list.place + by - 1 : list.place + by);
  }

  aim(place: number): void {
    const list = this.list;
    if (!list || !list.total) return;
    this.pendingSelection = Math.min(Math.max(0, place), list.total - 1);
  }

  chooseTab(tab: Tab): void {
    this.pendingSelection = null;
    this.#navigation.tab = tab;
  }

  chooseAccount(account: AccountId): void {
    this.pendingSelection = null;
    this.#navigation.choose(account);
  }

  /** Chooses an account from the rail; a screen that shows one account's things stays. */
  switchAccount(account: AccountId): void {
    const screen = this.#navigation.screen;
    const stays = screen === "automatic" && account !== this.#navigation.account;
    this.chooseAccount(account);
    if (stays) this.#navigation.go(screen);
  }
}
