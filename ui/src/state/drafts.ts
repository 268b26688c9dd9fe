// The drafts, one per conversation: text, quote and picture. A draft is bound to its conversation by its key alone: nothing
// ever moves from one to another. What is typed is with the desk within a quarter of a second, and at once when the agent
// looks away.
import type {
  Attachment,
  ConversationId,
  DraftView,
  Fault,
  MessageId,
  Queued,
  Quoted,
  UsedReply,
} from "../ipc/bindings";
import { ask, attach, faultOf } from "../ipc/desk";
import { CardDrafts } from "./cards";
import { sendable } from "../domain/replyText";
import { mergeDraft } from "../domain/mergeDraft";

export const PAUSE_MS = 250;

/** The content that one press of Send sends. */
interface Content {
  body: string;
  quoted: Quoted | null;
  attachment: Attachment | null;
}

/** The options of one press of Send. */
export interface SendOptions {
  /** The newest message on screen. */
  seen?: MessageId | null;
  /** Send although a colleague has replied since `seen`. */
  anyway?: boolean;
  /** Called with what was queued. */
  queued?: (queued: Queued) => void;
}

interface Draft {
  text: string;
  quoted: Quoted | null;
  attachment: Attachment | null;
  /** The text that the desk has saved, as far as the page knows. */
  saved: string;
  savedQuoted: MessageId | null;
  /** The desk's draft has been seen, or the agent has typed. */
  known: boolean;
  /** Grows with each change here: an answer requested at a lower revision is outdated. */
  revision: number;
  timer: ReturnType<typeof setTimeout> | undefined;
  /** Saves and sends of one conversation go one after the other. */
  queue: Promise<void>;
  sending: boolean;
  /** Pictures have a queue of their own: decoding one must not delay saving the text. */
  pictures: Promise<void>;
  attaching: number;
  /** Counts the pictures that the agent has chosen; only the last one is shown. */
  pictureRequests: number;
  pictureFault: Fault | null;
  /** The key of a press whose answer never came, and what it sent: the same again must not go out twice. */
  unanswered: { key: string; what: string } | null;
}

/** A composer, told about its own conversation's draft only. */
export interface Watcher {
  /** The draft has changed otherwise than by typing; `back` if text has come back into it. */
  changed(back: boolean): void;
  /** The last save worked, or why it did not. */
  kept(fault: Fault | null): void;
}

const emptyDraft = (): Draft => ({
  text: "",
  quoted: null,
  attachment: null,
  saved: "",
  savedQuoted: null,
  known: false,
  revision: 0,
  timer: undefined,
  queue: Promise.resolve(),
  sending: false,
  pictures: Promise.resolve(),
  attaching: 0,
  pictureRequests: 0,
  pictureFault: null,
  unanswered: null,
});
const idOf = (quoted: Quoted | null): MessageId | null => quoted?.id ?? null;
const dirty = (draft: Draft): boolean => draft.text !== draft.saved || idOf(draft.quoted) !== draft.savedQuoted;

export class Drafts {
  readonly cards = new CardDrafts();
  #watchers = new Map<ConversationId, Set<Watcher>>();
  #drafts = new Map<ConversationId, Draft>();
  #asking = new Map<ConversationId, Promise<boolean | null>>();

  watch(conversation: ConversationId, watcher: Watcher): () => void {
    const watchers = this.#watchers.get(conversation) ?? new Set();
    this.#watchers.set(conversation, watchers.add(watcher));
    return () => watchers.delete(watcher);
  }

  /** Whether the desk's draft is known, so that typing cannot overwrite one that was never seen. */
  known(conversation: ConversationId): boolean {
    return this.#drafts.get(conversation)?.known ?? false;
  }

  text(conversation: ConversationId): string {
    return this.#drafts.get(conversation)?.text ?? "";
  }

  quoted(conversation: ConversationId): Quoted | null {
    return this.#drafts.get(conversation)?.quoted ?? null;
  }

  attachment(conversation: ConversationId): Attachment | null {
    return this.#drafts.get(conversation)?.attachment ?? null;
  }

  /** Whether a picture is on its way onto the draft. */
  attaching(conversation: ConversationId): boolean {
    return (this.#drafts.get(conversation)?.attaching ?? 0) > 0;
  }

  /** Why the last picture could not be attached or removed. */
  pictureFault(conversation: ConversationId): Fault | null {
    return this.#drafts.get(conversation)?.pictureFault ?? null;
  }

  revision(conversation: ConversationId): number {
    return this.#drafts.get(conversation)?.revision ?? 0;
  }

  /** Takes the desk's draft, unless the agent has typed or sent since it was asked for. */
  settle(conversation: ConversationId, view: DraftView, revision: number): void {
    const draft = this.#of(conversation);
    if (draft.known && (draft.revision !== revision || dirty(draft) || draft.sending || draft.attaching > 0)) return;
    const same =
      draft.known &&
      draft.text === view.body &&
      JSON.stringify([draft.quoted, draft.attachment?.key]) === JSON.stringify([view.quoted, view.attachment?.key]);
    if (same) return;
    const first = !draft.known;
    draft.known = true;
    draft.text = view.body;
    draft.saved = view.body;
    draft.savedQuoted = idOf(view.quoted);
    // A quote or a picture chosen before the desk's answer is newer than it.
    draft.quoted = first && draft.quoted ? draft.quoted : view.quoted;
    if (!(first && (draft.attaching > 0 || draft.attachment)))
      draft.attachment = said(view.attachment, draft.attachment);
    this.#tell(conversation, (watcher) => watcher.changed(false));
    if (dirty(draft)) void this.flush(conversation);
  }

  edit(conversation: ConversationId, text: string): void {
    const draft = this.#of(conversation);
    draft.known = true;
    draft.text = text;
    draft.revision += 1;
    // Further typing does not push it back: an agent who types without a pause is saved too.
    draft.timer ??= setTimeout(() => void this.flush(conversation), PAUSE_MS);
  }

  /** Answers a message, or no longer. */
  quote(conversation: ConversationId, quoted: Quoted | null): void {
    const draft = this.#of(conversation);
    draft.quoted = quoted;
    draft.revision += 1;
    this.#tell(conversation, (watcher) => watcher.changed(false));
    void this.flush(conversation);
  }

  /** Saves now what has not been saved. */
  flush(conversation: ConversationId): Promise<void> {
    const draft = this.#drafts.get(conversation);
    if (!draft) return Promise.resolve();
    clearTimeout(draft.timer);
    draft.timer = undefined;
    if (!draft.known || !dirty(draft) || draft.sending) return draft.queue;
    draft.queue = draft.queue.then(() => this.#save(conversation, draft));
    return draft.queue;
  }

  flushAll(): void {
    for (const conversation of this.#drafts.keys()) void this.flush(conversation);
    this.cards.flushAll();
  }

  /**
   * Puts a picture on the draft. The desk makes it fit, which takes a while: the agent goes on typing, here or elsewhere.
   * @param images whether TikTok takes pictures in this conversation, as far as it is known
   */
  attach(conversation: ConversationId, file: Blob, images: boolean | null = true): Promise<void> {
    return this.#picture(conversation, async (draft) => {
      if (images === false || (images === null && (await this.askImages(conversation)) === false)) {
        draft.pictureFault = { code: "imagesNotAllowed", detail: null, incident: null };
        return draft.attachment;
      }
      return attach(conversation, file);
    });
  }

  /** Lets the desk put a saved reply's picture on the draft; whether it left it out, because another one was there. */
  async place(conversation: ConversationId, run: () => Promise<UsedReply>): Promise<boolean> {
    let leftOut = false;
    await this.#picture(conversation, async () => {
      const used = await run();
      leftOut = used.leftOut;
      return used.attachment;
    });
    return leftOut;
  }

  #picture(conversation: ConversationId, get: (draft: Draft) => Promise<Attachment | null>): Promise<void> {
    const draft = this.#of(conversation);
    const pictureRequests = (draft.pictureRequests += 1);
    draft.attaching += 1;
    draft.pictureFault = null;
    draft.revision += 1;
    this.#tell(conversation, (watcher) => watcher.changed(false));
    const run = async (): Promise<void> => {
      try {
        // What is being sent takes its own picture with it first.
        while (draft.sending) await draft.queue;
        const attachment = await get(draft);
        if (pictureRequests === draft.pictureRequests) draft.attachment = said(attachment, draft.attachment);
      } catch (error) {
        if (pictureRequests === draft.pictureRequests) draft.pictureFault = faultOf(error);
      } finally {
        draft.attaching -= 1;
        draft.revision += 1;
        this.#tell(conversation, (watcher) => watcher.changed(false));
      }
    };
    draft.pictures = draft.pictures.then(run);
    return draft.pictures;
  }

  /** Whether TikTok takes pictures there, asked once at a time; not knowing is no reason not to try. */
  askImages(conversation: ConversationId): Promise<boolean | null> {
    let asking = this.#asking.get(conversation);
    if (!asking) {
      asking = ask("checkImagePermission", { conversation })
        .catch(() => null)
        .finally(() => this.#asking.delete(conversation));
      this.#asking.set(conversation, asking);
    }
    return asking;
  }

  /** Takes the picture off the draft, also one that is still on its way. */
  detach(conversation: ConversationId): Promise<void> {
    const draft = this.#of(conversation);
    const before = draft.attachment;
    const pictureRequests = (draft.pictureRequests += 1);
    draft.attachment = null;
    draft.pictureFault = null;
    draft.revision += 1;
    this.#tell(conversation, (watcher) => watcher.changed(false));
    draft.pictures = draft.pictures.then(async () => {
      try {
        await ask("removeAttachment", { conversation });
      } catch (error) {
        if (pictureRequests !== draft.pictureRequests) return;
        draft.attachment = before;
        draft.pictureFault = faultOf(error);
      }
      draft.revision += 1;
      this.#tell(conversation, (watcher) => watcher.changed(false));
    });
    return draft.pictures;
  }

  /**
   * Sends what is typed. The field is empty at once; a second call finds nothing to send. If the desk cannot take it,
   * everything is put back, the text in front of whatever was typed meanwhile.
   */
  send(conversation: ConversationId, pressed: SendOptions = {}): Promise<Fault | null> {
    const draft = this.#of(conversation);
    return this.#takeAndSend(conversation, async ({ body, quoted, attachment }) => {
      const what = JSON.stringify([body, idOf(quoted), attachment?.key]);
      const key = draft.unanswered?.what === what ? draft.unanswered.key : crypto.randomUUID();
      try {
        const queued = await ask("sendReply", {
          conversation,
          body: visible(body),
          quoted: idOf(quoted),
          attachment: attachment?.key ?? null,
          seen: pressed.seen ?? null,
          anyway: pressed.anyway ?? false,
          key,
        });
        draft.unanswered = null;
        pressed.queued?.(queued);
      } catch (error) {
        draft.unanswered = faultOf(error).code === "unexpected" ? { key, what } : null;
        throw error;
      }
    });
  }

  /** Keeps what is typed to be sent later; everything else as in {@link send}. */
  schedule(conversation: ConversationId, atMs: number): Promise<Fault | null> {
    return this.#takeAndSend(conversation, async ({ body, quoted, attachment }) => {
      await ask("scheduleReply", {
        conversation,
        body: visible(body),
        quoted: idOf(quoted),
        attachment: attachment?.key ?? null,
        atMs,
      });
    });
  }

  /** Lets the desk put something back into the draft (an undone reply, a scheduled one) and takes it from there. */
  async reclaim(conversation: ConversationId, run: () => Promise<unknown>): Promise<Fault | null> {
    // The desk adds to what it has, so it must have what is typed.
    await this.flush(conversation);
    const draft = this.#of(conversation);
    while (draft.sending) await draft.queue;
    draft.sending = true;
    draft.revision += 1;
    let fault: Fault | null = null;
    draft.queue = draft.queue.then(async () => {
      const before = draft.saved;
      const quotedBefore = draft.savedQuoted;
      try {
        await run();
        const revision = this.cards.revision(conversation);
        const view = await ask("getConversation", { conversation }).catch(() =>
          ask("getConversation", { conversation }),
        );
        draft.text = draft.known ? mergeDraft(view.draft.body, before, draft.text) : view.draft.body;
        draft.known = true;
        draft.saved = view.draft.body;
        if (idOf(draft.quoted) === quotedBefore) draft.quoted = view.draft.quoted;
        draft.savedQuoted = idOf(view.draft.quoted);
        draft.attachment = said(view.draft.attachment, draft.attachment);
        this.cards.settle(conversation, view.card, revision);
      } catch (error) {
        fault = faultOf(error);
      }
      draft.revision += 1;
      draft.sending = false;
    });
    await draft.queue;
    if (!fault) this.#tell(conversation, (watcher) => watcher.changed(true));
    void this.flush(conversation);
    return fault;
  }

  /** Takes everything out of the draft and hands it over; puts it back if that fails. */
  async #takeAndSend(conversation: ConversationId, give: (content: Content) => Promise<void>): Promise<Fault | null> {
    const draft = this.#of(conversation);
    const content: Content = { body: draft.text, quoted: draft.quoted, attachment: draft.attachment };
    if (draft.sending || draft.attaching > 0 || (content.body.trim() === "" && !content.attachment)) return null;
    clearTimeout(draft.timer);
    draft.timer = undefined;
    draft.sending = true;
    Object.assign(draft, { text: "", quoted: null, attachment: null, pictureFault: null });
    draft.revision += 1;
    this.#tell(conversation, (watcher) => watcher.changed(false));
    let fault: Fault | null = null;
    draft.queue = draft.queue.then(async () => {
      try {
        await give(content);
        draft.saved = "";
        draft.savedQuoted = null;
      } catch (error) {
        fault = faultOf(error);
        draft.text = draft.text === "" ? content.body : `${content.body}\n${draft.text}`;
        draft.quoted ??= content.quoted;
        draft.attachment ??= content.attachment;
      }
      draft.revision += 1;
      draft.sending = false;
    });
    await draft.queue;
    if (fault) this.#tell(conversation, (watcher) => watcher.changed(true));
    void this.flush(conversation);
    return fault;
  }

  async #save(conversation: ConversationId, draft: Draft): Promise<void> {
    const body = draft.text;
    const quoted = idOf(draft.quoted);
    if (!dirty(draft) || draft.sending) return;
    try {
      await ask("saveDraft", { conversation, body, quoted });
      draft.saved = body;
      draft.savedQuoted = quoted;
      draft.revision += 1;
      this.#tell(conversation, (watcher) => watcher.kept(null));
    } catch (error) {
      const fault = faultOf(error);
      this.#tell(conversation, (watcher) => watcher.kept(fault));
    }
  }

  #tell(conversation: ConversationId, what: (watcher: Watcher) => void): void {
    this.#watchers.get(conversation)?.forEach(what);
  }

  #of(conversation: ConversationId): Draft {
    let draft = this.#drafts.get(conversation);
    if (!draft) this.#drafts.set(conversation, (draft = emptyDraft()));
    return draft;
  }
}

/** That a picture is the first of an animation is only said when it is attached; a later view of the same does not unsay it. */
function said(now: Attachment | null, before: Attachment | null): Attachment | null {
  return now && before && now.key === before.key ? before : now;
}

/** Beside a picture, blanks are no text of their own. */
function visible(body: string): string {
  const can = sendable(body);
  return !can.ok && can.why === "empty" ? "" : body;
}
