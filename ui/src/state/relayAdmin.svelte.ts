// What an admin does at the shop's relay.
import type { Fault, RelayAdminView, RelayCodeView, RelayWebhookTestView, RelayWebhookView } from "../ipc/bindings";
import { ask, faultOf } from "../ipc/desk";
import { oneAtATime } from "../domain/oneAtATime";

export class RelayAdmin {
  view = $state.raw<RelayAdminView | null>(null);
  /** The newest code, until it is put away. */
  code = $state.raw<RelayCodeView | null>(null);
  test = $state.raw<RelayWebhookTestView | null>(null);
  fault = $state.raw<Fault | null>(null);
  /** What is under way: `code`, `link`, `app`, `webhook`, `test`, or a computer's id. */
  busy = $state<string | null>(null);

  read = oneAtATime(async () => {
    try {
      this.view = await ask("getRelayAdmin", {});
      this.fault = null;
    } catch (error) {
      this.fault = faultOf(error);
    }
  });

  makeCode(admin: boolean): Promise<boolean> {
    return this.#do("code", async () => {
      this.code = await ask("makePairingCode", { admin });
    });
  }

  rename(device: string, name: string): Promise<boolean> {
    return this.#show(device, () => ask("renameRelayDevice", { device, name }));
  }

  revoke(device: string): Promise<boolean> {
    return this.#show(device, () => ask("revokeRelayDevice", { device }));
  }

  saveApp(appId: string, secret: string, mayListPosts: boolean): Promise<boolean> {
    return this.#show("app", () => ask("saveRelayApp", { appId, secret, mayListPosts }));
  }

  link(): Promise<boolean> {
    return this.#do("link", () => ask("linkAccountAtRelay", {}));
  }

  setWebhook(confirmed: boolean): Promise<boolean> {
    return this.#webhook(() => ask("setRelayWebhook", { confirmed }));
  }

  clearWebhook(): Promise<boolean> {
    return this.#webhook(() => ask("clearRelayWebhook", {}));
  }

  testWebhook(): Promise<boolean> {
    this.test = null;
    return this.#do("test", async () => {
      this.test = await ask("testRelayWebhook", {});
    });
  }

  #webhook(run: () => Promise<RelayWebhookView>): Promise<boolean> {
    return this.#do("webhook", async () => {
      const webhook = await run();
      if (this.view) this.view = { ...this.view, webhook, webhookFault: null };
    });
  }

  #show(what: string, run: () => Promise<RelayAdminView>): Promise<boolean> {
    return this.#do(what, async () => {
      this.view = await run();
    });
  }

  async #do(what: string, run: () => Promise<unknown>): Promise<boolean> {
    if (this.busy !== null) return false;
    this.busy = what;
    this.fault = null;
    try {
      await run();
      return true;
    } catch (error) {
      this.fault = faultOf(error);
      return false;
    } finally {
      this.busy = null;
    }
  }
}
