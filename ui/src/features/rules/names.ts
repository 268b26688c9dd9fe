// What the agent calls what rules point at.
import type { App } from "../../state/app.svelte";
import type { Names } from "../../text/ruled";
import { nameOf } from "../../text/sanitize";

export function namesIn(app: App): Names {
  return {
    saved: (id) => app.rules.saved?.find((one) => one.id === id)?.name ?? null,
    agent: (id) => app.rules.agents?.find((one) => one.id === id)?.name ?? null,
    account: (id) => {
      const account = app.shell.account(id);
      return account ? nameOf({ name: account.displayName, handle: account.handle }) : null;
    },
  };
}
