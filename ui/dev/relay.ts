// The shop's relay, as the desk in memory has it.
import type { Commands, FaultCode, RelayView } from "../src/ipc/bindings";
import { FaultError } from "../src/ipc/desk";
import type { FakeDesk } from "./fake";

type Asked = { [K in keyof Commands]: { command: K; args: Commands[K]["args"] } }[keyof Commands];

/** The one code that the relay takes. */
export const PAIRING_CODE = "BCDF-GHJK";

const fault = (code: FaultCode): FaultError => new FaultError({ code, detail: null, incident: null });

function view(desk: FakeDesk): RelayView {
  const own = desk.overview.accounts.filter((one) => !one.viaRelay && one.health.state !== "unlinked");
  return { ...desk.relay, ownAccounts: own.map(({ id, handle }) => ({ id, handle })) };
}

/** What the desk answers to one of these questions; none if it is not one. */
export function relay(desk: FakeDesk, asked: Asked): RelayView | undefined {
  switch (asked.command) {
    case "getRelay":
      return view(desk);
    case "pairWithRelay": {
      const { address, code, deviceName } = asked.args;
      if (address.startsWith("http://")) throw fault("relayAddressInvalid");
      if (code.replace("-", "").toUpperCase() !== PAIRING_CODE.replace("-", "")) throw fault("relayCodeInvalid");
      const pairing = { url: `https://${address}/`, team: "Maison Bloom", deviceName, isAdmin: false, pairedAtMs: Date.now() };
      desk.relay = { pairing, stream: { state: "live" }, ownAccounts: [] };
      return view(desk);
    }
    case "unpairFromRelay":
      desk.relay = { pairing: null, stream: { state: "notPaired" }, ownAccounts: [] };
      return view(desk);
    case "moveAccountToRelay": {
      const account = desk.overview.accounts.find((one) => one.id === asked.args.account);
      if (!account) throw fault("notFound");
      account.viaRelay = true;
      return view(desk);
    }
    default:
      return undefined;
  }
}
