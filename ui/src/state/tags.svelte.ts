// The tags an account's customers have, for suggestions, and putting them on and taking them off.
import { SvelteMap } from "svelte/reactivity";

import type { AccountId, ConversationId, TagCount, TagView } from "../ipc/bindings";
import { ask, faultOf } from "../ipc/desk";
import type { Toasts } from "./toasts.svelte";

export class Tags {
  #known = new SvelteMap<AccountId, readonly TagCount[]>();
  #wanted = new Set<AccountId>();
  #toasts: Toasts;

  constructor(toasts: Toasts) {
    this.#toasts = toasts;
  }

  /** An account's tags as far as they are known; {@link Tags.read} fetches them. */
  of(account: AccountId): readonly TagCount[] {
    return this.#known.get(account) ?? [];
  }

  async read(account: AccountId): Promise<void> {
    this.#wanted.add(account);
    try {
      this.#known.set(account, await ask("listTags", { account }));
    } catch {
      // Without suggestions a tag can still be typed.
    }
  }

  /** They have changed; asked for again if anyone has looked at them. */
  invalidate(account?: AccountId): void {
    for (const one of this.#wanted) if (account === undefined || one === account) void this.read(one);
  }

  add(conversation: ConversationId, name: string): Promise<boolean> {
    return this.#do(() => ask("addTag", { conversation, name: name.trim() }));
  }

  remove(conversation: ConversationId, tag: TagView): Promise<boolean> {
    return this.#do(() => ask("removeTag", { conversation, tag: tag.id }));
  }

  async #do(run: () => Promise<unknown>): Promise<boolean> {
    try {
      await run();
      return true;
    } catch (error) {
      this.#toasts.fault(faultOf(error));
      return false;
    }
  }
}
