// The shop's relay: whether this computer is paired with it, and how its stream is.
import type { AccountId, Fault, RelayView } from "../ipc/bindings";
import { ask, faultOf } from "../ipc/desk";
import { oneAtATime } from "../domain/oneAtATime";

export class Relay {
  view = $state.raw<RelayView | null>(null);
  /** Why the newest reading or change failed. */
  fault = $state.raw<Fault | null>(null);
  /** What is under way. */
  busy = $state<"pairing" | "unpairing" | AccountId | null>(null);

  read = oneAtATime(async () => {
    try {
      this.view = await ask("getRelay", {});
    } catch (error) {
      this.fault = faultOf(error);
    }
  });

  /** Reads it again if it was read before. */
  invalidate(): void {
    if (this.view) void this.read();
  }

  pair(address: string, code: string, deviceName: string): Promise<boolean> {
    return this.#do("pairing", () => ask("pairWithRelay", { address, code, deviceName }));
  }

  unpair(): Promise<boolean> {
    return this.#do("unpairing", () => ask("unpairFromRelay", {}));
  }

  /** Lets an account that is linked on this computer go through the relay. */
  move(account: AccountId): Promise<boolean> {
    return this.#do(account, () => ask("moveAccountToRelay", { account }));
  }

  async #do(what: NonNullable<Relay["busy"]>, run: () => Promise<RelayView>): Promise<boolean> {
    if (this.busy !== null) return false;
    this.busy = what;
    this.fault = null;
    try {
      this.view = await run();
      return true;
    } catch (error) {
      this.fault = faultOf(error);
      return false;
    } finally {
      this.busy = null;
    }
  }
}
