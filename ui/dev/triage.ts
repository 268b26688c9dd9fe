// Whose a conversation is in the desk in memory, what is put away, who answers.
import type { AgentView, Commands } from "../src/ipc/bindings";
import { FaultError } from "../src/ipc/desk";
import type { FakeDesk } from "./fake";

type Asked = { [K in keyof Commands]: { command: K; args: Commands[K]["args"] } }[keyof Commands];

const fault = (code: "agentNameInvalid" | "notFound" | "wrongState"): FaultError =>
  new FaultError({ code, detail: null, incident: null });
/** As search takes names for the same. */
const folded = (name: string): string => name.normalize("NFKD").replace(/\p{M}/gu, "").toLowerCase();
const tidy = (name: string): string => [...name.trim().replace(/\s+/gu, " ")].slice(0, 60).join("");

/** Somebody who answers. */
export const agent = (id: string, name: string, hue: number, more: Partial<AgentView> = {}): AgentView => ({
  id,
  name,
  hue,
  me: false,
  away: false,
  ...more,
});

function agents(desk: FakeDesk): AgentView[] {
  desk.agents.sort((a, b) => Number(b.me) - Number(a.me) || folded(a.name).localeCompare(folded(b.name)));
  return desk.agents;
}

function one(desk: FakeDesk, id: string): AgentView {
  const found = desk.agents.find((other) => other.id === id);
  if (!found) throw fault("notFound");
  return found;
}

function save(desk: FakeDesk, id: string | null, wanted: string): AgentView[] {
  const name = tidy(wanted);
  if (!/[\p{L}\p{N}]/u.test(name)) throw fault("agentNameInvalid");
  const known = desk.agents.find((other) => folded(other.name) === folded(name));
  if (id === null) {
    if (!known) desk.agents.push(agent(desk.id(), name, (name.length * 83) % 360));
  } else {
    if (known && known.id !== id) throw fault("agentNameInvalid");
    one(desk, id).name = name;
  }
  desk.tell({ kind: "agents" });
  return agents(desk);
}

function remove(desk: FakeDesk, id: string): AgentView[] {
  if (one(desk, id).me) throw fault("wrongState");
  desk.agents = desk.agents.filter((other) => other.id !== id);
  for (const { row } of desk.conversations) if (row.assignee?.id === id) row.assignee = null;
  desk.tell({ kind: "everything" }, { kind: "agents" });
  return agents(desk);
}

/** What the desk answers to one of these questions; none if it is not one. */
export function triage(desk: FakeDesk, asked: Asked): unknown {
  switch (asked.command) {
    case "listAgents":
      return agents(desk);
    case "saveAgent":
      return save(desk, asked.args.agent, asked.args.name);
    case "removeAgent":
      return remove(desk, asked.args.agent);
    case "setAgentAway":
      one(desk, asked.args.agent).away = asked.args.away;
      desk.tell({ kind: "agents" });
      return agents(desk);
    case "assignConversation": {
      const talk = desk.of(asked.args.conversation);
      // The same object, so that a name or being away shows everywhere.
      talk.row.assignee = asked.args.agent === null ? null : one(desk, asked.args.agent);
      desk.tell({ kind: "inbox", account: talk.account }, { kind: "conversation", conversation: talk.row.id });
      return {};
    }
    case "snoozeConversation": {
      const talk = desk.of(asked.args.conversation);
      const until = asked.args.untilMs;
      if (until !== null) talk.row.status = "open";
      talk.row.snoozedUntilMs = until !== null && until > Date.now() ? until : null;
      desk.tell({ kind: "inbox", account: talk.account }, { kind: "conversation", conversation: talk.row.id });
      return {};
    }
    default:
      return undefined;
  }
}
