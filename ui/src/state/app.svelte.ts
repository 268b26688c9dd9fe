// Composes the stores, and tells each what became stale when the desk reports a change.
import { untrack } from "svelte";

import type { AccountId, Change, CommentId, ConversationId, ConversationRow, Event, MessageId } from "../ipc/bindings";
import { ask, faultOf, listen, type ConnectionState } from "../ipc/desk";
import { t } from "../text";
import { notSentWords } from "../text/notSent";
import { Agents } from "./agents.svelte";
import { Automatic } from "./automatic.svelte";
import { Clock } from "./clock.svelte";
import { Commands } from "./commands";
import { Comments } from "./comments.svelte";
import { Departure } from "./departure.svelte";
import { Drafts } from "./drafts";
import { Shell } from "./shell.svelte";
import { Inbox } from "./inbox.svelte";
import { Later } from "./later.svelte";
import { Linking } from "./linking.svelte";
import { Lists } from "./list.svelte";
import { Navigation } from "./navigation.svelte";
import { Posts } from "./posts.svelte";
import { Relay } from "./relay.svelte";
import { Rules } from "./rules.svelte";
import { Saved } from "./saved.svelte";
import { Search } from "./search.svelte";
import { Sends } from "./sends.svelte";
import { Tags } from "./tags.svelte";
import { type Thread, Threads } from "./thread.svelte";
import { Toasts } from "./toasts.svelte";
import { Triage } from "./triage";
import { Typing } from "./typing";
import { Unsent } from "./unsent";
import { Viewer } from "./viewer.svelte";
import { Zoom } from "./zoom.svelte";

export class App {
  clock = new Clock();
  toasts = new Toasts();
  shell = new Shell(this.clock, this.toasts);
  commands = new Commands();
  navigation = new Navigation(this.commands);
  lists = new Lists();
  drafts = new Drafts();
  threads = new Threads(this.drafts);
  linking = new Linking(this.navigation);
  sends = new Sends({
    drafts: this.drafts,
    toasts: this.toasts,
    now: () => this.clock.exact(),
    refresh: (id) => this.threads.invalidate(this.navigation.conversation, id),
  });
  posts = new Posts();
  automatic = new Automatic();
  comments = new Comments();
  later = new Later(this.drafts, (one) => this.threads.invalidate(this.navigation.conversation, one.conversation));
  unsent = new Unsent({
    drafts: this.drafts,
    toasts: this.toasts,
    changed: (id) => this.threads.invalidate(this.navigation.conversation, id),
  });
  /** Unsent replies that keep Deskbell from closing at once. */
  departure = new Departure(this.toasts);
  typing = new Typing();
  tags = new Tags(this.toasts);
  agents = new Agents(this.toasts);
  triage = new Triage({
    toasts: this.toasts,
    now: () => this.clock.exact(),
    refresh: (id) => this.threads.invalidate(this.navigation.conversation, id),
  });
  /** The rules, and why: `rules.explain(message)`. */
  rules = new Rules(this.toasts, this.agents);
  relay = new Relay();
  saved = new Saved(this.toasts);
  search = new Search(() => this.navigation.account);
  /** The picture viewer over the window: `viewer.open(conversation, message)`. */
  viewer = new Viewer();
  zoom = new Zoom();
  connection = $state<ConnectionState>("open");
  inbox = new Inbox(this.navigation, this.lists);
  /** The conversation on screen. */
  thread: Thread | null = $derived.by(() => {
    const id = this.navigation.conversation;
    // Opening asks the desk; what it reads on the way is none of this choice's business.
    return id === null ? null : untrack(() => this.threads.open(id));
  });
  /** The agent has asked for Practice and waits for its inbox. */
  practising = false;
  #ends: (() => void)[] = [];

  /** Connects to the desk; the returned function lets go. */
  start(): () => void {
    this.clock.start();
    this.zoom.begin();
    this.#ends = [
      () => this.clock.stop(),
      this.navigation.watch(),
      listen(
        (event) => this.handleEvent(event),
        (connection) => (this.connection = connection),
      ),
    ];
    void this.begin();
    return () => this.#ends.forEach((end) => end());
  }

  async begin(): Promise<void> {
    void this.agents.read();
    await this.shell.refresh();
    this.#leaveErasedAccount();
    if (this.navigation.screen === "link") void this.linking.begin();
  }

  handleEvent(event: Event): void {
    if (event.event === "open") {
      this.show(event.account, event.conversation);
      return;
    }
    if (event.event === "notSent") {
      this.#notSent(event);
      return;
    }
    if (event.event === "openComment") {
      this.showComment(event.account, event.comment);
      return;
    }
    for (const change of event.changes) this.invalidate(change);
  }

  invalidate(change: Change): void {
    switch (change.kind) {
      case "everything":
        this.shell.accountsTold += 1;
        this.tags.invalidate();
        void this.agents.read();
        this.saved.invalidate();
        void this.shell.refresh().then(() => this.#leaveErasedAccount());
        this.lists.invalidate();
        this.threads.invalidate(this.navigation.conversation);
        this.viewer.invalidate();
        this.automatic.invalidate();
        this.comments.invalidate();
        this.rules.invalidate();
        this.rules.invalidateSaved();
        if (this.navigation.account !== null) this.later.invalidate(this.navigation.account);
        void this.departure.refresh();
        if (this.navigation.screen === "link") void this.linking.refresh();
        break;
      case "accounts":
        this.shell.accountsTold += 1;
        void this.shell.refresh().then(() => this.#leaveErasedAccount());
        break;
      case "settings":
        void this.shell.refresh().then(() => this.#leaveErasedAccount());
        break;
      case "inbox":
        this.lists.invalidate(change.account);
        // The rail counts who is waiting, and what has not gone out.
        void this.shell.refresh();
        this.departure.invalidate();
        break;
      case "conversation":
        this.threads.invalidate(this.navigation.conversation, change.conversation);
        this.lists.invalidateRow(change.conversation);
        this.viewer.invalidate(change.conversation);
        break;
      case "scheduled":
        // Rows, the rail and the conversation on screen count what goes out later.
        void this.shell.refresh();
        this.lists.invalidate(change.account);
        this.threads.invalidate(this.navigation.conversation);
        this.later.invalidate(change.account);
        break;
      case "posts":
        this.posts.invalidate(change.account);
        // A message that shares one of them shows its caption and cover.
        this.threads.invalidate(this.navigation.conversation);
        break;
      case "tags":
        this.tags.invalidate(change.account);
        // Every row shows its customer's tags.
        this.lists.invalidate(change.account);
        this.threads.invalidate(this.navigation.conversation);
        break;
      case "agents":
        void this.agents.read();
        // Rows and the conversation on screen show whose they are.
        this.lists.invalidate();
        this.threads.invalidate(this.navigation.conversation);
        // A rule may have lost whom it assigns to.
        this.rules.invalidate();
        break;
      case "departure":
        void this.departure.refresh();
        break;
      case "autoMessages":
        this.automatic.invalidate(change.account);
        this.comments.invalidate(change.account);
        break;
      case "rules":
        this.rules.invalidate();
        break;
      case "savedReplies":
        this.saved.invalidate();
        this.rules.invalidateSaved();
        // A rule may have lost its saved reply.
        this.rules.invalidate();
        break;
      case "link":
        void this.linking.refresh();
        break;
    }
  }

  /** A reply was not sent, wherever the agent is by now; before their eyes the thread says so itself. */
  #notSent({ account, conversation, name, delivery }: Extract<Event, { event: "notSent" }>): void {
    if (this.sees(conversation)) return;
    const action = { label: t.toast.openConversation, run: () => this.show(account, conversation) };
    this.toasts.alarm(conversation, notSentWords(name, delivery), action);
  }

  /** Whether a conversation is on screen and the agent before it. */
  sees(conversation: ConversationId): boolean {
    return (
      this.navigation.focused && this.navigation.screen === "inbox" && this.navigation.conversation === conversation
    );
  }

  /** Shows a conversation that was asked for from outside the page. */
  show(account: AccountId, conversation: ConversationId): void {
    this.openFound(account, conversation);
    this.commands.focus("composer");
  }

  /** Opens a comment that is answered by message. */
  showComment(account: AccountId, comment: CommentId): void {
    this.inbox.chooseAccount(account);
    this.navigation.go("automatic");
    this.comments.wanted = comment;
    this.comments.invalidate(account);
  }

  /** Opens a conversation that a search found. */
  openFound(account: AccountId, conversation: ConversationId): void {
    this.inbox.chooseAccount(account);
    this.navigation.open(conversation);
    if (this.lists.of(account, this.navigation.tab).placeOf(conversation) < 0) this.navigation.tab = "all";
  }

  /** Opens a conversation at a message that a search found, its words standing out. */
  async openMessage(
    account: AccountId,
    conversation: ConversationId,
    message: MessageId,
    words: string,
  ): Promise<void> {
    const showing = this.threads.openAt(conversation, message, words);
    this.openFound(account, conversation);
    if (!(await showing)) this.toasts.say(t.thread.messageGone);
  }

  /** Opens the field for a tag, and the panel it is in. */
  beginTag(): void {
    if (!this.personShown) this.togglePerson();
    this.commands.addTag.send();
  }

  togglePerson(): void {
    if (this.navigation.narrow) this.navigation.overlay = !this.navigation.overlay;
    else void this.shell.changeSettings({ personPanel: !(this.shell.overview?.settings.personPanel ?? true) });
  }

  get personShown(): boolean {
    return this.navigation.narrow ? this.navigation.overlay : (this.shell.overview?.settings.personPanel ?? true);
  }

  /** The list's row of the conversation on screen. */
  get row(): ConversationRow | undefined {
    return this.thread?.view?.row ?? this.inbox.list?.find(this.navigation.conversation);
  }

  /** Marks the conversation on screen done, or opens it again, with a way back. */
  async toggleDone(): Promise<void> {
    const row = this.row;
    if (this.thread && row) await this.triage.toggleDone(row);
  }

  /** Tells the customer now that their messages were read. */
  async markRead(conversation: ConversationId): Promise<void> {
    try {
      await ask("markConversationRead", { conversation });
      this.toasts.say(t.toast.markedRead);
    } catch (error) {
      this.toasts.fault(faultOf(error));
    }
  }

  /** The account may be gone, or the first one may have come. */
  #leaveErasedAccount(): void {
    const overview = this.shell.overview;
    if (!overview) return;
    const first = overview.accounts[0];
    if (!first) {
      this.navigation.account = null;
      this.navigation.open(null);
      if (this.navigation.screen === "inbox") this.linking.open();
    } else if (!this.shell.account(this.navigation.account)) {
      const screen = this.navigation.screen;
      this.navigation.choose(first.id);
      // An agent who is linking stays there until they leave, unless they have just begun Practice.
      this.navigation.screen = this.practising ? "inbox" : screen;
      this.practising = false;
    }
  }
}
