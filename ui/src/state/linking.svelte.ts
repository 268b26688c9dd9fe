// Linking an account, as far as it has come. The desk holds the steps; the page shows them and counts down.
import type { AccountId, AccountView, Commands, Fault, LinkView, SaveCredentials } from "../ipc/bindings";
import { ask, faultOf } from "../ipc/desk";
import { oneAtATime } from "./latest";

type LinkCommand = "startSignIn" | "skipSignIn" | "startAuthorise" | "cancelLink" | "rejectLink";

export class Linking {
  view = $state.raw<LinkView | null>(null);
  /** Why the last thing the agent asked for did not work. */
  fault = $state.raw<Fault | null>(null);
  /** What is being asked for right now; its button waits. */
  busy = $state.raw<keyof Commands | null>(null);
  /** The account just linked. */
  linked = $state.raw<AccountId | null>(null);

  refresh = oneAtATime(async () => {
    try {
      this.view = await ask("link", {});
    } catch (error) {
      this.fault = faultOf(error);
    }
  });

  /** A fresh look at linking, forgetting the account linked last. */
  begin(): void {
    this.linked = null;
    this.fault = null;
    void this.refresh();
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
      void this.refresh();
      return account;
    } catch (error) {
      this.fault = faultOf(error);
      void this.refresh();
      return null;
    } finally {
      this.busy = null;
    }
  }

  async #run<K extends LinkCommand | "saveCredentials" | "pasteRedirect">(command: K, args: Commands[K]["args"]): Promise<boolean> {
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
