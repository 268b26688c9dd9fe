// The shop's relay, as the desk in memory has it.
import type { Commands, FaultCode, RelayAdminView, RelayView } from "../src/ipc/bindings";
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

/** A relay as its admin sees it. */
export function adminScene(): RelayAdminView {
  const now = Date.now();
  const device = (id: string, name: string): RelayAdminView["devices"][number] => ({
    id,
    name,
    isAdmin: id === "1",
    isThis: id === "1",
    pairedAtMs: now - 86_400_000,
    seenAtMs: now - 60_000,
    behind: 0,
    isRevoked: false,
  });
  return {
    devices: [device("1", "Nok’s laptop"), device("2", "Front desk")],
    accounts: [
      {
        remoteId: "_000shop",
        handle: "maisonbloom",
        name: "Maison Bloom",
        isLinked: true,
        relinkByMs: now + 90 * 86_400_000,
      },
    ],
    appId: "7000000000000000001",
    redirectUri: "https://relay.bloom.example/authorized/",
    mayListPosts: false,
    webhook: {
      registered: "https://other.example/hook",
      own: "https://relay.bloom.example/webhooks/business",
      lastReceivedAtMs: null,
    },
    webhookFault: null,
  };
}

/** What the desk answers to one of these questions; none if it is not one. */
export function relay(desk: FakeDesk, asked: Asked): unknown {
  switch (asked.command) {
    case "getRelay":
      return view(desk);
    case "pairWithRelay": {
      const { address, code, deviceName } = asked.args;
      if (address.startsWith("http://")) throw fault("relayAddressInvalid");
      if (code.replace("-", "").toUpperCase() !== PAIRING_CODE.replace("-", "")) throw fault("relayCodeInvalid");
      const pairing = {
        url: `https://${address}/`,
        team: "Maison Bloom",
        deviceName,
        isAdmin: false,
        pairedAtMs: Date.now(),
      };
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
    case "getRelayAdmin":
      return { ...desk.relayAdmin };
    case "makePairingCode":
      return { code: PAIRING_CODE, expiresAtMs: Date.now() + 600_000 };
    case "renameRelayDevice":
    case "revokeRelayDevice": {
      const change = asked;
      desk.relayAdmin.devices = desk.relayAdmin.devices.map((one) => {
        if (one.id !== change.args.device) return one;
        return change.command === "renameRelayDevice"
          ? { ...one, name: change.args.name }
          : { ...one, isRevoked: true };
      });
      return { ...desk.relayAdmin };
    }
    case "saveRelayApp":
      desk.relayAdmin = { ...desk.relayAdmin, appId: asked.args.appId, mayListPosts: asked.args.mayListPosts };
      return { ...desk.relayAdmin };
    case "linkAccountAtRelay":
      return {};
    case "setRelayWebhook":
    case "clearRelayWebhook": {
      const before = desk.relayAdmin.webhook;
      if (!before) throw fault("tikTokUnwell");
      const registered = asked.command === "setRelayWebhook" ? before.own : null;
      desk.relayAdmin = { ...desk.relayAdmin, webhook: { ...before, registered } };
      return desk.relayAdmin.webhook;
    }
    case "testRelayWebhook":
      return {
        steps: [
          { step: "configured", passed: true, detail: "" },
          { step: "resolves", passed: false, detail: "no such name" },
          { step: "connects", passed: null, detail: "" },
        ],
      };
    default:
      return undefined;
  }
}
