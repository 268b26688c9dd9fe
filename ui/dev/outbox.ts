// What the thread asks of the desk in memory: changes to replies that have not gone out, and why they have not.
import type { Commands, MessageId, MessageView, SendDetails } from "../src/ipc/bindings";
import { FaultError } from "../src/ipc/desk";
import type { FakeConversation, FakeDesk } from "./fake";

type Asked = { [K in keyof Commands]: { command: K; args: Commands[K]["args"] } }[keyof Commands];

function find(desk: FakeDesk, id: MessageId): [FakeConversation, MessageView] {
  for (const talk of desk.conversations) {
    const message = talk.messages.find((one) => one.id === id);
    if (message) return [talk, message];
  }
  throw new FaultError({ code: "notFound", detail: null, incident: null });
}

const wrongState = (): FaultError => new FaultError({ code: "wrongState", detail: null, incident: null });

/** What the desk answers to one of the thread's questions; none if it is not one. */
export function outbox(desk: FakeDesk, asked: Asked): unknown {
  switch (asked.command) {
    case "editReply": {
      const [talk, message] = find(desk, asked.args.message);
      const state = message.delivery?.state;
      if (
        message.content.type !== "text" ||
        (state !== "held" && state !== "queued" && state !== "refused" && state !== "stopped")
      )
        throw wrongState();
      message.content = { type: "text", body: asked.args.body };
      desk.tell({ kind: "conversation", conversation: talk.row.id });
      return {};
    }
    case "moveReply": {
      const [talk, message] = find(desk, asked.args.message);
      const queued = talk.messages.filter((one) => one.delivery?.state === "queued");
      const other = queued[queued.indexOf(message) + asked.args.by];
      if (message.delivery?.state !== "queued" || !other) throw wrongState();
      const [here, there] = [talk.messages.indexOf(message), talk.messages.indexOf(other)];
      talk.messages[here] = other;
      talk.messages[there] = message;
      [message.sentAtMs, other.sentAtMs] = [other.sentAtMs, message.sentAtMs];
      desk.tell({ kind: "conversation", conversation: talk.row.id });
      return {};
    }
    case "getSendDetails": {
      const [, { id, delivery }] = find(desk, asked.args.message);
      if (!delivery) throw wrongState();
      const said = desk.whys.get(id);
      return {
        attempts: [],
        checks: 0,
        ...said,
        delivery,
        refusal: delivery.state === "refused" ? delivery : null,
      } satisfies SendDetails;
    }
    case "markConversationRead":
      desk.of(asked.args.conversation);
      return {};
    case "setReadReceipts": {
      const account = desk.overview.accounts.find((one) => one.id === asked.args.account);
      if (account) account.markRead = asked.args.policy;
      desk.tell({ kind: "accounts" });
      return {};
    }
    default:
      return undefined;
  }
}
