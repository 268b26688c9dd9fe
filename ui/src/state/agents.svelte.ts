// The agents who answer customers, and the one at this computer.
import type { AgentId, AgentView, Fault } from "../ipc/bindings";
import { ask, faultOf } from "../ipc/desk";
import { t } from "../text";
import { oneAtATime } from "../domain/oneAtATime";
import type { Toasts } from "./toasts.svelte";
import { sameName } from "../domain/agents";

export class Agents {
  /** All agents, the one at this computer first. */
  all = $state.raw<readonly AgentView[]>([]);
  fault = $state.raw<Fault | null>(null);
  me = $derived(this.all.find((one) => one.me) ?? null);
  #toasts: Toasts;

  constructor(toasts: Toasts) {
    this.#toasts = toasts;
  }

  read = oneAtATime(async () => {
    try {
      this.all = await ask("listAgents", {});
      this.fault = null;
    } catch (error) {
      this.fault = faultOf(error);
    }
  });

  /** Adds an agent, or finds the one with this name; null if the desk refuses the name. */
  async add(name: string): Promise<{ agent: AgentView; fresh: boolean } | null> {
    const before = new Set(this.all.map((one) => one.id));
    if (!(await this.#do(() => ask("saveAgent", { agent: null, name: name.trim() })))) return null;
    const fresh = this.all.find((one) => !before.has(one.id));
    const agent = fresh ?? this.all.find((one) => sameName(one.name, name));
    return agent ? { agent, fresh: fresh !== undefined } : null;
  }

  rename(agent: AgentId, name: string): Promise<boolean> {
    return this.#do(() => ask("saveAgent", { agent, name: name.trim() }));
  }

  remove(agent: AgentId): Promise<boolean> {
    return this.#do(() => ask("removeAgent", { agent }));
  }

  setAway(agent: AgentId, away: boolean): Promise<boolean> {
    return this.#do(() => ask("setAgentAway", { agent, away }));
  }

  /** Marks the agent at this computer as away, or as back, with an undo. */
  async toggleMyAway(): Promise<void> {
    const me = this.me;
    if (!me) return;
    const away = !me.away;
    if (!(await this.setAway(me.id, away))) return;
    this.#toasts.say(away ? t.agents.saidAway : t.agents.saidBack, {
      label: t.toast.undo,
      run: () => void this.setAway(me.id, !away),
    });
  }

  async #do(run: () => Promise<readonly AgentView[]>): Promise<boolean> {
    try {
      this.all = await run();
      return true;
    } catch (error) {
      this.#toasts.fault(faultOf(error));
      return false;
    }
  }
}
