// Tracks the linking of an account. The desk holds the steps; the page shows them and counts down.
import type { AccountId, AccountView, Commands, Fault, LinkView, SaveCredentials } from "../ipc/bindings";
import { ask, faultOf } from "../ipc/desk";
import { oneAtATime } from "../domain/oneAtATime";
import type { Navigation } from "./navigation.svelte";

type LinkCommand = "startSignIn" | "skipSignIn" | "cancelLink" | "retryLinkProfile" | "rejectLink";

export class Linking {
  view = $state.raw<LinkView | null>(null);
  /** Why the last thing the agent asked for did not work. */
  fault = $state.raw<Fault | null>(null);
  /** The command that the desk is running; its button waits. */
  busy = $state.raw<keyof Commands | null>(null);
  /** The account just linked. */
  linked = $state.raw<AccountId | null>(null);
  /** The account to be linked again; none to link whichever signs in. */
  wanted = $state.raw<AccountId | null>(null);

  readonly #navigation: Navigation;

  constructor(navigation: Navigation) {
    this.#navigation = navigation;
  }

  /** Opens the screen; for an account to be linked again, TikTok's page as well. */
  open(account: AccountId | null = null): void {
    this.#navigation.go("link");
    void this.begin(account);
  }

  refresh = oneAtATime(async () => {
    try {
      const view = await ask("getLinkState", {});
      // Once it is linked the desk begins anew. What was done stays on screen until the agent goes on.
      if (this.linked === null && this.busy !== "confirmLink") this.view = view;
    } catch (error) {
      this.fault = faultOf(error);
    }
  });

  /** A fresh look at linking, forgetting the account linked last. To link one again is one click: TikTok's page opens at once. */
  async begin(wanted: AccountId | null = null): Promise<void> {
    this.linked = null;
    this.fault = null;
    this.wanted = wanted;
    await this.refresh();
    const step = this.view?.step.step;
    // Without credentials there is no page to open, and an account that waits for its yes or no comes first.
    if (wanted === null || !step || step === "credentials" || step === "confirm") return;
    // Who is at the desk was settled when it was linked first.
    if ((step === "signIn" || step === "signingIn") && !(await this.step("skipSignIn"))) return;
    await this.authorise();
  }

  /** Sends the browser to TikTok's page for the permissions. */
  authorise(): Promise<boolean> {
    return this.#run("startAuthorization", { account: this.wanted });
  }

  save(credentials: SaveCredentials): Promise<boolean> {
    return this.#run("saveCredentials", credentials);
  }

  paste(address: string): Promise<boolean> {
    return this.#run("pasteRedirect", { address });
  }

  step(command: LinkCommand): Promise<boolean> {
    return this.#run(command, {});
  }

  async confirm(): Promise<AccountView | null> {
    if (this.busy) return null;
    this.busy = "confirmLink";
    this.fault = null;
    try {
      const account = await ask("confirmLink", {});
      this.linked = account.id;
      this.wanted = null;
      return account;
    } catch (error) {
      this.fault = faultOf(error);
      this.busy = null;
      void this.refresh();
      return null;
    } finally {
      this.busy = null;
    }
  }

  async #run<K extends LinkCommand | "startAuthorization" | "saveCredentials" | "pasteRedirect">(
    command: K,
    args: Commands[K]["args"],
  ): Promise<boolean> {
    if (this.busy) return false;
    this.busy = command;
    this.fault = null;
    try {
      this.view = await ask(command, args);
      return this.view.fault === null;
    } catch (error) {
      this.fault = faultOf(error);
      return false;
    } finally {
      this.busy = null;
    }
  }
}
