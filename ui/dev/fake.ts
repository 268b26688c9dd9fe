// A desk in memory, for tests and for `vite --mode mock`. It speaks the contract and nothing more; never shipped.
import type {
  AccountId,
  AccountView,
  AgentView,
  Attachment,
  Card,
  Commands,
  ConversationRow,
  Departure,
  Event,
  Fault,
  FaultCode,
  LinkView,
  MediaUsage,
  MessageId,
  MessageView,
  Origin,
  Overview,
  PostPage,
  Quoted,
  RelayAdminView,
  RelayView,
  ScheduledView,
  Settings,
  Tab,
  TagView,
  TokenEventView,
  UnsentView,
  SendDetails,
} from "../src/ipc/bindings";
import { FaultError, type Host, type ConnectionState } from "../src/ipc/desk";
import { automatic, type FakeAuto } from "./automatic";
import { attaching, composing } from "./composing";
import { keeping } from "./keeping";
import { outbox } from "./outbox";
import { ruling } from "./ruling";
import { savedReplies } from "./savedReplies";
import { findInThread, marksIn, search, textOf, wordsOf } from "./searching";
import { adminScene, relay } from "./relay";
import { triage } from "./triage";

export interface FakeConversation {
  account: string;
  row: ConversationRow;
  origin: Origin | null;
  draft: string;
  quoted: Quoted | null;
  attachment: Attachment | null;
  card: Card | null;
  scheduled: ScheduledView[];
  images: boolean | null;
  messages: MessageView[];
  gaps: string[];
}

type Asked = { [K in keyof Commands]: { command: K; args: Commands[K]["args"] } }[keyof Commands];

export class FakeDesk implements Host {
  overview: Overview;
  conversations: FakeConversation[] = [];
  link: LinkView;
  posts = new Map<AccountId, PostPage>();
  /** TikTok's automatic messages and comments. */
  auto = new Map<AccountId, FakeAuto>();
  /** What is known about why a message did not go out, by its id. */
  whys = new Map<MessageId, Partial<SendDetails>>();
  /** Tags that are known although no customer has them. */
  tags = new Map<AccountId, TagView[]>();
  /** Who answers; whoever sits here has not said their name. */
  agents: AgentView[] = [{ id: "1", name: "", hue: 200, me: true, away: false }];
  /** The shop's relay, without the accounts. */
  relay: RelayView = { pairing: null, stream: { state: "notPaired" }, ownAccounts: [] };
  /** The relay as its admin sees it. */
  relayAdmin: RelayAdminView = adminScene();
  tokenEvents = new Map<AccountId, TokenEventView[]>();
  usage: MediaUsage = { bytes: 1_288_490_189, pictures: 4_812 };
  /** Whether the search index is still being made. */
  rebuilding = false;
  /** So many messages are looked at for one answer to a search. */
  looks = Infinity;
  /** Everything that was asked, in order. */
  asked: Asked[] = [];
  attached: { conversation: string | null; file: Blob }[] = [];
  /** Commands that fail next time, each once. */
  failing = new Map<keyof Commands | "attach", Fault>();
  /** Commands whose answer is held back until the returned function is called. */
  held = new Map<keyof Commands | "attach", Promise<void>>();
  #listeners = new Set<(event: Event) => void>();
  #wires = new Set<(state: ConnectionState) => void>();
  #next = 1_000_000;

  constructor(nowMs = Date.now()) {
    this.overview = {
      practice: false,
      canPractice: true,
      unreadable: [],
      canRestart: true,
      accounts: [],
      keychain: "system",
      settings: {
        theme: "system",
        sendKey: "enter",
        closeToTray: false,
        notify: true,
        personPanel: true,
        undo: true,
        typing: true,
        recentEmoji: [],
        mediaBudgetMib: 2048,
        computers: 1,
        accessPutAway: [],
      },
      nowMs,
      version: "0.1.0",
      repair: null,
      damaged: false,
    };
    this.link = {
      loginClientKey: null,
      businessAppId: null,
      businessRedirectUri: null,
      businessChecked: false,
      loginChecked: false,
      mayListPosts: false,
      loginRedirectUri: "http://127.0.0.1:49152/callback",
      step: { step: "credentials" },
      signedInAs: null,
      wanted: null,
      fault: null,
    };
  }

  async ask(command: string, args: unknown): Promise<unknown> {
    const name = command as keyof Commands;
    this.asked.push({ command: name, args } as Asked);
    await (this.held.get(name) ?? Promise.resolve());
    const fault = this.failing.get(name);
    if (fault) {
      this.failing.delete(name);
      throw new FaultError(fault);
    }
    return structuredClone(this.#answer({ command: name, args } as Asked));
  }

  async attach(conversation: string | null, file: Blob): Promise<unknown> {
    this.attached.push({ conversation, file });
    await (this.held.get("attach") ?? Promise.resolve());
    const fault = this.failing.get("attach");
    if (fault) {
      this.failing.delete("attach");
      throw new FaultError(fault);
    }
    return structuredClone(await attaching(this, conversation, file));
  }

  id(): string {
    return String(this.#next++);
  }

  listen(heard: (event: Event) => void, wire: (state: ConnectionState) => void): () => void {
    this.#listeners.add(heard);
    this.#wires.add(wire);
    return () => {
      this.#listeners.delete(heard);
      this.#wires.delete(wire);
    };
  }

  mediaUrl(key: string): string {
    return `/fake-media/${key}.svg`;
  }

  /** What closing would hold up. */
  departure: Departure = {
    asked: false,
    held: 0,
    onTheWay: 0,
    toDecide: 0,
    scheduled: 0,
    nextScheduledMs: null,
    rules: false,
    tray: false,
  };

  tell(...changes: Extract<Event, { event: "stale" }>["changes"]): void {
    this.say({ event: "stale", changes });
  }

  say(event: Event): void {
    for (const heard of this.#listeners) heard(event);
  }

  wire(state: ConnectionState): void {
    for (const wire of this.#wires) wire(state);
  }

  fail(command: keyof Commands | "attach", code: FaultCode, detail: string | null = null): void {
    this.failing.set(command, { code, detail, incident: code === "unexpected" ? "0badf00d" : null });
  }

  /** Holds a command's answers back; the returned function lets them go. */
  hold(command: keyof Commands | "attach"): () => void {
    let release = (): void => {};
    this.held.set(command, new Promise((resolve) => (release = resolve)));
    return () => {
      this.held.delete(command);
      release();
    };
  }

  count(command: keyof Commands): number {
    return this.asked.filter((one) => one.command === command).length;
  }

  of(id: string): FakeConversation {
    const found = this.conversations.find((one) => one.row.id === id);
    if (!found) throw new FaultError({ code: "notFound", detail: null, incident: null });
    return found;
  }

  account(id: AccountId): AccountView {
    const found = this.overview.accounts.find((one) => one.id === id);
    if (!found) throw new FaultError({ code: "notFound", detail: null, incident: null });
    return found;
  }

  /** A customer writes. */
  receive(id: string, body: string): void {
    const talk = this.of(id);
    const atMs = Date.now();
    talk.messages.push({
      id: String(this.#next++),
      direction: "in",
      sentAtMs: atMs,
      surface: "other",
      auto: null,
      content: { type: "text", body },
      post: null,
      quoted: null,
      delivery: null,
      reactions: [],
      rule: null,
      firings: [],
      marks: [],
    });
    Object.assign(talk.row, {
      snoozedUntilMs: null,
      status: "open",
      budget: { left: 10, lateLeft: 3, engaged: !talk.row.waiting },
      snippet: { kind: "text", text: body },
      snippetFrom: "in",
      lastAtMs: atMs,
      unread: talk.row.unread + 1,
      waiting: true,
      window: { openedAtMs: atMs, closesAtMs: atMs + 48 * 3_600_000 },
    });
    this.tell({ kind: "conversation", conversation: id }, { kind: "inbox", account: talk.account });
  }

  /** What of a conversation has not gone out, what needs the agent first. */
  #unsent(talk: FakeDesk["conversations"][number]): UnsentView[] {
    const rank = (one: UnsentView): number =>
      one.kind === "scheduled" ? 4 : ["refused", "stopped", "unconfirmed"].includes(one.delivery.state) ? 0 : 3;
    const replies = talk.messages.flatMap((one): UnsentView[] => {
      if (one.delivery === null || one.delivery.state === "sent" || one.delivery.state === "read") return [];
      return [
        {
          kind: "reply",
          message: one.id,
          snippet: { kind: "text", text: one.content.type === "text" ? one.content.body : "" },
          delivery: one.delivery,
        },
      ];
    });
    const later = talk.scheduled.map((one): UnsentView => ({
      kind: "scheduled",
      scheduled: one.id,
      snippet: { kind: "text", text: one.body },
      atMs: one.atMs,
      stopped: one.stopped,
    }));
    return [...replies, ...later].sort((a, b) => rank(a) - rank(b));
  }

  #list(account: string, tab: Tab): ConversationRow[] {
    for (const talk of this.conversations) {
      const unsent = this.#unsent(talk);
      Object.assign(talk.row, { unsent: unsent.length, unsentReplies: unsent.slice(0, 5) });
    }
    const open = (row: ConversationRow): boolean => row.status === "open" && row.snoozedUntilMs === null;
    const fits = {
      waiting: (row: ConversationRow) => open(row) && row.waiting,
      requests: (row: ConversationRow) => open(row) && row.kind === "request",
      all: (row: ConversationRow) => row.snoozedUntilMs === null,
      mine: (row: ConversationRow) => open(row) && row.assignee?.me === true,
      snoozed: (row: ConversationRow) => row.snoozedUntilMs !== null,
      unsent: (row: ConversationRow) => row.unsent > 0,
      done: (row: ConversationRow) => row.status === "done",
    }[tab];
    return this.conversations
      .filter((one) => one.account === account && fits(one.row))
      .map((one) => one.row)
      .sort((a, b) =>
        tab === "snoozed" ? (a.snoozedUntilMs ?? 0) - (b.snoozedUntilMs ?? 0) : b.lastAtMs - a.lastAtMs,
      );
  }

  #answer(asked: Asked): unknown {
    switch (asked.command) {
      case "getOverview":
      case "retryKeychain":
        return {
          ...this.overview,
          nowMs: Date.now(),
          accounts: this.overview.accounts.map((one) => ({
            ...one,
            waiting: this.#list(one.id, "waiting").length,
            unsent: this.#list(one.id, "unsent").reduce((sum, row) => sum + row.unsent, 0),
          })),
        };
      case "saveSettings":
        this.overview.settings = asked.args.settings as Settings;
        return {};
      case "useSessionSecrets":
        this.overview.keychain = "sessionOnly";
        return {};
      case "listConversations": {
        const { account, tab, offset, limit } = asked.args;
        const rows = this.#list(account, tab);
        const counts = {
          waiting: this.#list(account, "waiting").length,
          requests: this.#list(account, "requests").length,
          all: this.#list(account, "all").length,
          mine: this.#list(account, "mine").length,
          snoozed: this.#list(account, "snoozed").length,
          unsent: this.#list(account, "unsent").length,
          unsentReplies: this.#list(account, "unsent").reduce((sum, row) => sum + row.unsent, 0),
          done: this.#list(account, "done").length,
        };
        return { total: rows.length, offset, rows: rows.slice(offset, offset + limit), counts };
      }
      case "getConversation": {
        const { row, account, origin, draft, quoted, attachment, card, scheduled, images } = this.of(
          asked.args.conversation,
        );
        return { row, account, origin, draft: { body: draft, quoted, attachment }, card, scheduled, images };
      }
      case "listMessages":
        return this.#page(asked.args);
      case "search":
        return search(this, asked.args);
      case "findInThread":
        return findInThread(this, asked.args);
      case "markConversationSeen":
        this.of(asked.args.conversation).row.unread = 0;
        this.tell(
          { kind: "inbox", account: this.of(asked.args.conversation).account },
          { kind: "conversation", conversation: asked.args.conversation },
        );
        return {};
      case "setConversationStatus": {
        const talk = this.of(asked.args.conversation);
        talk.row.status = asked.args.status;
        if (asked.args.status === "done") talk.row.snoozedUntilMs = null;
        this.tell({ kind: "inbox", account: talk.account }, { kind: "conversation", conversation: talk.row.id });
        return {};
      }
      case "resendReply":
        return this.#settle(asked.args.message, "queued");
      case "markReplyArrived":
        return this.#settle(asked.args.message, "sent");
      case "discardReply":
        return this.#settle(asked.args.message, null);
      default:
        return (
          composing(this, asked) ??
          keeping(this, asked) ??
          outbox(this, asked) ??
          automatic(this, asked) ??
          ruling(this, asked) ??
          savedReplies(this, asked) ??
          triage(this, asked) ??
          relay(this, asked) ??
          this.#linking(asked)
        );
    }
  }

  #page(args: Commands["listMessages"]["args"]): Commands["listMessages"]["reply"] {
    const { messages, gaps } = this.of(args.conversation);
    const middle = args.around === undefined ? -1 : messages.findIndex((one) => one.id === args.around);
    if (args.around !== undefined && middle < 0)
      throw new FaultError({ code: "notFound", detail: null, incident: null });
    const before = args.before === null ? messages.length : messages.findIndex((one) => one.id === args.before);
    let from =
      args.after === null ? Math.max(0, before - args.limit) : messages.findIndex((one) => one.id === args.after) + 1;
    if (args.oldest) from = 0;
    if (middle >= 0) from = Math.max(0, Math.min(middle - Math.floor(args.limit / 2), messages.length - args.limit));
    const to =
      middle < 0 && args.after === null && !args.oldest ? before : Math.min(messages.length, from + args.limit);
    const words = wordsOf(args.find ?? "");
    const page = messages.slice(from, to).map((one) => ({
      ...one,
      marks: words.every((word) => textOf(one).toLowerCase().includes(word)) ? marksIn(textOf(one), words) : [],
    }));
    return {
      messages: page,
      gaps: gaps.filter((id) => page.some((one) => one.id === id)).map((id) => ({ before: id, atStart: false })),
      hasOlder: from > 0,
      hasNewer: to < messages.length,
    };
  }

  #settle(id: string, to: "queued" | "sent" | null): Record<string, never> {
    for (const talk of this.conversations) {
      const at = talk.messages.findIndex((one) => one.id === id);
      const message = talk.messages[at];
      if (!message) continue;
      if (to === null) {
        talk.messages.splice(at, 1);
        if (talk.draft === "" && message.content.type === "text") talk.draft = message.content.body;
      } else message.delivery = to === "queued" ? { state: "queued", waiting: null } : { state: "sent" };
      talk.row.trouble = talk.messages.some(
        (one) => one.delivery?.state === "refused" || one.delivery?.state === "unconfirmed",
      );
      this.tell({ kind: "conversation", conversation: talk.row.id }, { kind: "inbox", account: talk.account });
    }
    return {};
  }

  #linking(asked: Asked): unknown {
    const wait = {
      untilMs: Date.now() + 276_000,
      address: "https://www.tiktok.com/v2/auth/authorize/?client_key=aw1example&state=example",
    };
    const steps: Partial<Record<keyof Commands, LinkView["step"]>> = {
      startSignIn: { step: "signingIn", ...wait },
      skipSignIn: { step: "authorise" },
      startAuthorization: { step: "authorising", ...wait },
      rejectLink: { step: "authorise" },
      pasteRedirect: {
        step: "confirm",
        profile: { handle: "maisonbloom", displayName: "Maison Bloom", avatar: null },
        known: null,
      },
      cancelLink: { step: this.link.step.step === "signingIn" ? "signIn" : "authorise" },
    };
    switch (asked.command) {
      case "saveCredentials":
        Object.assign(this.link, {
          businessAppId: asked.args.businessAppId,
          businessRedirectUri: asked.args.businessRedirectUri,
          loginClientKey: asked.args.loginClientKey || null,
          step: { step: asked.args.loginClientKey ? "signIn" : "authorise" },
        });
        return this.link;
      case "retryLinkProfile":
        this.link.step = {
          step: "confirm",
          profile: { handle: "maisonbloom", displayName: "Maison Bloom", avatar: null },
          known: null,
        };
        this.link.fault = null;
        return this.link;
      case "getDeparture":
        return this.departure;
      case "cancelDeparture":
      case "hideToTray":
        this.departure.asked = false;
        return {};
      case "quitApp":
      case "restartApp":
        return {};
      case "confirmLink": {
        const account: AccountView = {
          id: "9",
          handle: "maisonbloom",
          displayName: "Maison Bloom",
          avatar: null,
          health: { state: "starting" },
          syncedAtMs: null,
          backfill: { done: 34, total: 212, paused: false },
          waiting: 0,
          markRead: "onReply",
          scheduled: 0,
          unsent: 0,
          history: { completeToMs: null, gaps: 0, unreadable: 0 },
          viaRelay: false,
          access: {
            accessEndsMs: Date.now() + 86_400_000,
            refreshEndsMs: Date.now() + 365 * 86_400_000,
            warnDays: null,
          },
        };
        this.overview.accounts.push(account);
        this.link.step = { step: "signIn" };
        this.link.signedInAs = null;
        this.link.wanted = null;
        this.tell({ kind: "link" });
        this.tell({ kind: "accounts" });
        return account;
      }
      case "startPractice":
        this.overview.practice = true;
        return {};
      case "setActiveView":
      case "syncAccounts":
        return {};
      default:
        if (asked.command === "startAuthorization") this.link.wanted = asked.args.account;
        this.link.step = steps[asked.command] ?? this.link.step;
        return this.link;
    }
  }
}
