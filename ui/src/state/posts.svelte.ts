// Each account's own posts, asked for when the agent wants to choose one.
import type { AccountId, Fault, PostView } from "../ipc/bindings";
import { ask, faultOf } from "../ipc/desk";
import { oneAtATime } from "../domain/oneAtATime";

export class AccountPosts {
  posts = $state.raw<readonly PostView[]>([]);
  loaded = $state(false);
  /** TikTok is being asked for newer ones. */
  refreshing = $state(false);
  fault = $state.raw<Fault | null>(null);
  /** When TikTok was last asked for them; none if never. */
  fetchedAtMs = $state<number | null>(null);

  constructor(readonly account: AccountId) {}

  /** Reads what the desk holds. */
  read = oneAtATime(async () => {
    try {
      const page = await ask("listPosts", { account: this.account });
      this.posts = page.posts;
      this.fetchedAtMs = page.fetchedAtMs;
      this.loaded = true;
    } catch (error) {
      this.fault = faultOf(error);
    }
  });

  /** Shows what the desk holds at once, and has TikTok asked for newer ones. */
  async open(): Promise<void> {
    this.fault = null;
    this.refreshing = true;
    const held = this.read();
    try {
      await ask("refreshPosts", { account: this.account });
      await held;
      await this.read();
    } catch (error) {
      await held;
      this.fault = faultOf(error);
    } finally {
      this.refreshing = false;
    }
  }
}

export class Posts {
  #accounts = new Map<AccountId, AccountPosts>();

  of(account: AccountId): AccountPosts {
    let posts = this.#accounts.get(account);
    if (!posts) this.#accounts.set(account, (posts = new AccountPosts(account)));
    return posts;
  }

  /** Some have come; asked for again if anyone has looked at them. */
  invalidate(account: AccountId): void {
    const posts = this.#accounts.get(account);
    if (posts) void posts.read();
  }
}
