// The automation rules: the list, the draft, the log, and explanations.
import type {
  AccountId,
  AgentView,
  ExplainView,
  Fault,
  MessageId,
  RuleId,
  RuleSpec,
  RulesView,
  RuleView,
  SavedReplyView,
} from "../ipc/bindings";
import { ask, faultOf } from "../ipc/desk";
import { t } from "../text";
import { sanitizedName } from "../text/sanitize";
import type { Agents } from "./agents.svelte";
import { DryRun, type Tried } from "./dryRun.svelte";
import { Firings } from "./firings.svelte";
import { Hours } from "./hours.svelte";
import { oneAtATime } from "../domain/oneAtATime";
import { RuleDraft } from "./ruleDraft.svelte";
import type { Toasts } from "./toasts.svelte";

export type RulesTab = keyof typeof t.rules.tabs;

/** Saved replies fetched to know their names; the others are found by searching. */
const MAX_SAVED_READ = 200;

export class Rules {
  tab = $state<RulesTab>("rules");
  view = $state.raw<RulesView | null>(null);
  fault = $state.raw<Fault | null>(null);
  saved = $state.raw<readonly SavedReplyView[] | null>(null);
  savedFault = $state.raw<Fault | null>(null);
  /** The rule that is being written. */
  draft = $state.raw<RuleDraft | null>(null);
  /** Of the rule that is being written. */
  dry = new DryRun();
  /** Of the rules as they are. */
  dryAll = new DryRun();
  log = new Firings();
  hours = new Hours();
  /** The message whose rules are explained: why one answered it, or none. */
  explaining = $state<MessageId | null>(null);
  explanation = $state.raw<ExplainView | null>(null);
  explainFault = $state.raw<Fault | null>(null);
  #toasts: Toasts;
  #agents: Agents;
  #watched = false;
  /** Changes on their way to the desk, the newest one's number, and whether something else was heard meanwhile. */
  #doing = 0;
  #turn = 0;
  #missed = false;

  constructor(toasts: Toasts, agents: Agents) {
    this.#toasts = toasts;
    this.#agents = agents;
  }

  /** The agents that a rule can assign to; null until they are fetched. */
  get agents(): readonly AgentView[] | null {
    return this.#agents.all.length === 0 ? null : this.#agents.all;
  }

  /** Whether every saved reply there is was fetched: one that is not among them is gone. */
  get savedComplete(): boolean {
    return this.saved !== null && this.saved.length < MAX_SAVED_READ;
  }

  /** The rules for a dry run: the saved ones, or with the draft in its place. */
  tried(draft: RuleDraft | null): Tried {
    const others = JSON.stringify([
      this.view?.reserve,
      this.view?.answersHere,
      this.view?.rules.filter((one) => one.id !== draft?.rule).map((one) => [one.id, one.spec]),
    ]);
    // To be tried it need not be called anything, nor is a reply needed to see how often it would be sent.
    return draft
      ? {
          rule: draft.rule,
          spec: {
            ...draft.spec,
            name: draft.spec.name || t.rules.editor.newTitle,
            actions: draft.spec.actions.filter((one) => one.kind !== "reply" || one.saved !== ""),
          },
          text: draft.text + others,
        }
      : { rule: null, spec: null, text: others };
  }

  #read = oneAtATime(async () => {
    try {
      const view = await ask("listRules", {});
      this.fault = null;
      // What the agent has just done is not in it yet.
      if (this.#doing > 0) this.#missed = true;
      else this.view = view;
    } catch (error) {
      this.fault = faultOf(error);
    }
  });

  #readSaved = oneAtATime(async () => {
    try {
      this.saved = await ask("findSavedReplies", { query: "", limit: MAX_SAVED_READ });
      this.savedFault = null;
    } catch (error) {
      this.savedFault = faultOf(error);
    }
  });

  /** The screen shows them from now on. */
  watch(): () => void {
    this.#watched = true;
    this.refresh();
    return () => {
      this.#watched = false;
      this.dry.cancel();
      this.dryAll.cancel();
    };
  }

  refresh(): void {
    void this.#read();
    this.invalidateSaved();
    if (this.agents === null) void this.#agents.read();
  }

  /** Rules, or what they did, have changed. */
  invalidate(): void {
    if (this.#watched) void this.#read();
    this.log.invalidate();
    this.hours.invalidate();
    if (this.explaining !== null) void this.#explain();
  }

  invalidateSaved(): void {
    if (this.#watched) void this.#readSaved();
  }

  rule(id: RuleId | null): RuleView | undefined {
    return this.view?.rules.find((one) => one.id === id);
  }

  /** Begins to change a rule, or to write a new one. */
  edit(rule: RuleId | null, spec: RuleSpec): void {
    this.dry.cancel();
    this.dry.view = null;
    this.dry.fault = null;
    this.draft = new RuleDraft(rule, spec, () => ({
      saved: this.saved,
      savedComplete: this.savedComplete,
      agents: this.agents,
    }));
  }

  /** Leaves the editor; what was written is gone. */
  leave(): void {
    this.dry.cancel();
    this.draft = null;
  }

  /** Keeps what is being written, and leaves the editor; false if it cannot be kept as it is. */
  async save(): Promise<boolean> {
    const draft = this.draft;
    if (!draft || draft.saving) return false;
    draft.asked = true;
    draft.fault = null;
    if (draft.problems.size > 0) return false;
    draft.saving = true;
    try {
      this.view = await ask("saveRule", { rule: draft.rule, spec: draft.spec });
      this.#toasts.say(t.rules.editor.saved(sanitizedName(draft.name)));
      if (this.draft === draft) this.leave();
      return true;
    } catch (error) {
      draft.fault = faultOf(error);
      return false;
    } finally {
      draft.saving = false;
    }
  }

  /** Shows something at once, then asks; put back if the desk does not do it. */
  async #do(shown: RulesView | null, run: () => Promise<RulesView>): Promise<boolean> {
    const before = this.view;
    const turn = ++this.#turn;
    this.#doing += 1;
    if (shown) this.view = shown;
    try {
      const view = await run();
      // An answer that was overtaken would take back what is on screen.
      if (turn === this.#turn) this.view = view;
      return true;
    } catch (error) {
      if (turn === this.#turn) this.view = before;
      this.#missed = true;
      this.#toasts.fault(faultOf(error));
      return false;
    } finally {
      this.#doing -= 1;
      if (this.#doing === 0 && this.#missed) {
        this.#missed = false;
        void this.#read();
      }
    }
  }

  setEnabled({ id, spec }: RuleView, enabled: boolean): Promise<boolean> {
    const view = this.view;
    if (!view) return Promise.resolve(false);
    const changed = { ...spec, enabled };
    return this.#do(
      { ...view, rules: view.rules.map((one) => (one.id === id ? { ...one, spec: changed } : one)) },
      () => ask("saveRule", { rule: id, spec: changed }),
    );
  }

  sort(order: readonly RuleId[]): Promise<boolean> {
    const view = this.view;
    if (!view) return Promise.resolve(false);
    const rules = order.flatMap((id) => view.rules.filter((one) => one.id === id));
    return this.#do({ ...view, rules }, () => ask("sortRules", { order: [...order] }));
  }

  /** Moves a rule up or down among the others; to where it came, or -1. */
  move(id: RuleId, to: number): number {
    const order = this.view?.rules.map((one) => one.id) ?? [];
    const from = order.indexOf(id);
    const place = Math.min(Math.max(0, to), order.length - 1);
    if (from < 0 || place === from) return -1;
    order.splice(place, 0, ...order.splice(from, 1));
    void this.sort(order);
    return place;
  }

  async remove({ id, spec }: RuleView): Promise<void> {
    const view = this.view;
    if (!view) return;
    const place = view.rules.findIndex((one) => one.id === id);
    if (
      !(await this.#do({ ...view, rules: view.rules.filter((one) => one.id !== id) }, () =>
        ask("deleteRule", { rule: id }),
      ))
    )
      return;
    if (this.draft?.rule === id) this.leave();
    this.#toasts.say(t.rules.list.deleted(sanitizedName(spec.name)), {
      label: t.toast.undo,
      run: () => void this.#restore(spec, place),
    });
  }

  /** Writes a deleted rule anew, where it stood. */
  async #restore(spec: RuleSpec, place: number): Promise<void> {
    const known = new Set(this.view?.rules.map((one) => one.id));
    if (!(await this.#do(null, () => ask("saveRule", { rule: null, spec })))) return;
    const made = this.view?.rules.find((one) => !known.has(one.id));
    if (made) this.move(made.id, place);
  }

  /** A copy stands right below its rule and is switched off: two that work alike would be one too many. */
  async duplicate({ id, spec }: RuleView): Promise<void> {
    const view = this.view;
    if (!view) return;
    const known = new Set(view.rules.map((one) => one.id));
    const place = view.rules.findIndex((one) => one.id === id);
    const copy = { ...spec, name: t.rules.list.copyOf(spec.name), enabled: false };
    if (!(await this.#do(null, () => ask("saveRule", { rule: null, spec: copy })))) return;
    const made = this.view?.rules.find((one) => !known.has(one.id));
    if (made) this.move(made.id, place + 1);
  }

  setReserve(reserve: number): Promise<boolean> {
    return this.#do(this.view && { ...this.view, reserve }, () => ask("setReplyReserve", { reserve }));
  }

  setHere(account: AccountId, here: boolean): Promise<boolean> {
    const view = this.view;
    return this.#do(
      view && {
        ...view,
        answersHere: here ? [...view.answersHere, account] : view.answersHere.filter((one) => one !== account),
      },
      () => ask("setRulesOnThisComputer", { account, here }),
    );
  }

  /** Shows what one rule did. */
  showLog(rule: RuleId | null): void {
    this.log.only(rule);
    this.tab = "log";
  }

  /** Opens the dialog that says why each rule did what it did with a message. */
  explain(message: MessageId): void {
    this.explaining = message;
    this.explanation = null;
    this.explainFault = null;
    void this.#explain();
    // Verdicts name conditions, and those name replies and agents.
    void this.#read();
    void this.#readSaved();
  }

  endExplain(): void {
    this.explaining = null;
  }

  #explain = oneAtATime(async () => {
    const message = this.explaining;
    if (message === null) return;
    try {
      const view = await ask("explainRules", { message });
      if (message !== this.explaining) return;
      this.explanation = view;
      this.explainFault = null;
    } catch (error) {
      if (message === this.explaining) this.explainFault = faultOf(error);
    }
  });

  retryExplain(): void {
    void this.#explain();
  }
}
