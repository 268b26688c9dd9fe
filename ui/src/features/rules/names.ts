// What the agent calls what rules point at.
import type { App } from "../../state/app.svelte";
import type { Names } from "../../text/ruled";
import { nameOf } from "../../text/sanitize";

export function namesIn({ rules, shell }: Pick<App, "rules" | "shell">): Names {
  return {
    saved: (id) => rules.saved?.find((one) => one.id === id)?.name ?? null,
    agent: (id) => rules.agents?.find((one) => one.id === id)?.name ?? null,
    account: (id) => {
      const account = shell.account(id);
      return account ? nameOf({ name: account.displayName, handle: account.handle }) : null;
    },
  };
}
