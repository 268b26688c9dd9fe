// Names of agents: comparing and finding them.
import type { AgentView } from "../ipc/bindings";
import { t } from "../text";

/** The desk keeps so many characters of a name. */
export const MAX_NAME_LENGTH = 60;

const folded = (name: string): string =>
  name.normalize("NFKD").replace(/\p{M}/gu, "").trim().replace(/\s+/gu, " ").toLowerCase();
export const sameName = (a: string, b: string): boolean => folded(a) === folded(b);

/** The agents one of whose names begins with the typed text, in the desk's order. */
export function matching(all: readonly AgentView[], typed: string): AgentView[] {
  const wanted = folded(typed);
  return all.filter((one) => {
    const name = folded(one.me ? `${one.name} ${t.agents.you}` : one.name);
    return wanted === "" || name.startsWith(wanted) || name.split(" ").some((word) => word.startsWith(wanted));
  });
}
