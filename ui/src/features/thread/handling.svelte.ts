// What the agent does with the messages of one conversation: decisions, changes, quotes, and the way to an earlier message.
import { getContext, setContext, tick } from "svelte";

import type { Fault, MessageId, MessageView, Quoted } from "../../ipc/bindings";
import { ask, faultOf } from "../../ipc/desk";
import type { App } from "../../state/app.svelte";
import type { Thread } from "../../state/thread.svelte";
import { t } from "../../text";
import { snippetOf } from "./spoken";

const KEY = Symbol("handling");

export class Handling {
  /** The message whose text is being changed. */
  editing = $state<MessageId | null>(null);
  /** The message the agent asks about: why did it not send? */
  asking = $state<MessageId | null>(null);
  /** The message the agent was just taken to. */
  pointed = $state<MessageId | null>(null);
  /** The message whose menu is open, and the button that opened it. */
  menu = $state.raw<{ message: MessageView; anchor: HTMLElement } | null>(null);
  /** The message whose menu button is the thread's tab stop; the newest one unless the agent has moved. */
  stop = $state<MessageId | null>(null);
  /** For screen readers: what was just done, where the eye sees it. */
  announcement = $state("");
  /** What TikTok is being asked for, by message. */
  fetching = $state.raw<ReadonlySet<MessageId>>(new Set());
  /** Why fetching failed, by message. */
  problems = $state.raw<ReadonlyMap<MessageId, Fault>>(new Map());
  #busy = $state.raw<ReadonlySet<MessageId>>(new Set());

  constructor(
    readonly app: App,
    readonly thread: Thread,
  ) {}

  busy(message: MessageId): boolean {
    return this.#busy.has(message);
  }

  /** Each decision is told once, however often the button is pressed. */
  async #once(message: MessageId, run: () => Promise<unknown>): Promise<boolean> {
    if (this.#busy.has(message)) return false;
    this.#busy = new Set([...this.#busy, message]);
    const from = document.activeElement?.closest("[data-message]") ?? null;
    try {
      await run();
      await this.thread.refresh();
      return true;
    } catch (error) {
      this.app.toasts.fault(faultOf(error));
      return false;
    } finally {
      this.#busy = new Set([...this.#busy].filter((one) => one !== message));
      await tick();
      // The button that was pressed may be gone, or moved with its message: the focus stays with the message.
      if (from?.isConnected && document.activeElement === document.body)
        (from.querySelector<HTMLElement>("[data-more]") ?? (from as HTMLElement)).focus({ preventScroll: true });
    }
  }

  async decide(command: "resendReply" | "markReplyArrived", message: MessageId): Promise<void> {
    await this.#once(message, () => ask(command, { message }));
  }

  /** Out of the outbox. What certainly did not go out is in the draft again, so the composer takes it from there. */
  async discard(message: MessageId): Promise<void> {
    const done = await this.#once(message, async () => {
      const fault = await this.app.drafts.reclaim(this.thread.id, () => ask("discardReply", { message }));
      if (fault) this.app.toasts.fault(fault);
    });
    if (done) this.app.commands.focus("composer");
  }

  async undo(message: MessageId): Promise<void> {
    const done = await this.#once(message, () => this.app.sends.undo(this.thread.id, message));
    if (done) this.app.commands.focus("composer");
  }

  /**
   * Opens a text for changing where it stands. One that is about to go out is taken back instead: five seconds are too
   * short for typing.
   */
  edit(message: MessageView): void {
    if (message.delivery?.state === "held") void this.undo(message.id);
    else this.editing = message.id;
  }

  async sendNow(message: MessageId): Promise<void> {
    await this.#once(message, () => this.app.sends.now(this.thread.id, message));
  }

  async move(message: MessageId, by: -1 | 1): Promise<void> {
    this.announcement = "";
    if (await this.#once(message, () => ask("moveReply", { message, by })))
      this.announcement = by < 0 ? t.thread.edit.moved.up : t.thread.edit.moved.down;
  }

  quote(message: MessageView): void {
    const quoted: Quoted = { id: message.id, from: message.direction, snippet: snippetOf(message.content) };
    this.app.drafts.quote(this.thread.id, quoted);
    this.app.commands.focus("composer");
  }

  async goTo(message: MessageId): Promise<void> {
    if (!(await this.thread.show(message))) this.app.toasts.say(t.thread.messageGone);
  }

  /** Asks TikTok for a picture or a film, or shows a message there; what goes wrong is said at the message. */
  async fetch(command: "fetchImage" | "openVideo" | "openInTikTok", message: MessageId): Promise<void> {
    if (this.fetching.has(message)) return;
    this.fetching = new Set([...this.fetching, message]);
    this.problems = new Map([...this.problems].filter(([id]) => id !== message));
    this.announcement = "";
    try {
      await ask(command, { message });
      this.announcement = t.thread.fetched[command];
      if (command === "fetchImage") await this.thread.refresh();
    } catch (error) {
      this.problems = new Map([...this.problems, [message, faultOf(error)]]);
    } finally {
      this.fetching = new Set([...this.fetching].filter((id) => id !== message));
    }
  }
}

export const provideHandling = (handling: Handling): Handling => setContext(KEY, handling);
export const useHandling = (): Handling => getContext<Handling>(KEY);
