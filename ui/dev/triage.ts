// Whose a conversation is in the desk in memory, what is put away, who answers.
import type { Commands } from "../src/ipc/bindings";
import type { FakeDesk } from "./fake";

type Asked = { [K in keyof Commands]: { command: K; args: Commands[K]["args"] } }[keyof Commands];

/** What the desk answers to one of these questions; none if it is not one. */
export function triage(_desk: FakeDesk, _asked: Asked): unknown {
  return undefined;
}
