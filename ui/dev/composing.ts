// What the composer asks of the desk in memory: drafts, replies, undo, scheduled replies, pictures and posts.
import type {
  Attachment,
  Commands,
  Content,
  Fault,
  FaultCode,
  MessageView,
  Queued,
  Quoted,
  ScheduledView,
  Snippet,
} from "../src/ipc/bindings";
import { FaultError } from "../src/ipc/desk";
import type { FakeConversation, FakeDesk } from "./fake";
import { keepPicture } from "./savedReplies";

type Asked = { [K in keyof Commands]: { command: K; args: Commands[K]["args"] } }[keyof Commands];

const UNDO_MS = 5_000;

const fault = (code: FaultCode, detail: string | null = null): FaultError =>
  new FaultError({ code, detail, incident: null } satisfies Fault);
const snippetOf = (content: Content): Snippet =>
  content.type === "text"
    ? { kind: "text", text: content.body.slice(0, 160) }
    : content.type === "card"
      ? { kind: "card", text: content.title }
      : { kind: content.type === "unreadable" ? "unsupported" : content.type, text: "" };

/** A quote of a message. */
export function quoteOf(message: MessageView): Quoted {
  return { id: message.id, from: message.direction, snippet: snippetOf(message.content) };
}

/** What the desk answers to a composer's question; none if it is not one. */
export function composing(desk: FakeDesk, asked: Asked): unknown {
  switch (asked.command) {
    case "saveDraft": {
      const talk = desk.of(asked.args.conversation);
      const quoted = talk.messages.find((one) => one.id === asked.args.quoted);
      talk.draft = asked.args.body;
      talk.quoted = quoted ? quoteOf(quoted) : null;
      talk.row.draft = asked.args.body.split("\n")[0] || null;
      desk.tell({ kind: "inbox", account: talk.account });
      return {};
    }
    case "saveCardDraft":
      desk.of(asked.args.conversation).card = asked.args.card;
      return {};
    case "removeAttachment":
      desk.of(asked.args.conversation).attachment = null;
      return {};
    case "sendReply": {
      const { conversation, body, quoted, attachment, seen, anyway } = asked.args;
      const talk = desk.of(conversation);
      guard(talk, seen, anyway);
      const picture =
        talk.attachment ??
        (attachment === null ? null : { key: attachment, width: 400, height: 300, size: 1, firstFrame: false });
      const contents: Content[] = attachment === null || !picture ? [] : [image(picture)];
      if (body.trim() !== "") contents.push({ type: "text", body });
      if (contents.length === 0) throw fault("replyEmpty");
      const quotedMessage = talk.messages.find((one) => one.id === quoted);
      talk.draft = "";
      talk.quoted = null;
      talk.attachment = null;
      talk.row.draft = null;
      return send(desk, talk, contents, quotedMessage ? quoteOf(quotedMessage) : null);
    }
    case "sendCard": {
      const { conversation, card, seen, anyway } = asked.args;
      const talk = desk.of(conversation);
      guard(talk, seen, anyway);
      talk.card = null;
      return send(
        desk,
        talk,
        [
          {
            type: "card",
            kind: card.kind,
            title: card.title.trim(),
            buttons: card.buttons.filter((one) => one.trim() !== ""),
          },
        ],
        null,
      );
    }
    case "sendPost": {
      const { conversation, post, seen, anyway } = asked.args;
      const talk = desk.of(conversation);
      guard(talk, seen, anyway);
      const id = /(\d{5,})\D*$/.exec(post)?.[1];
      if (!id) throw fault("postInvalid");
      return send(
        desk,
        talk,
        [{ type: "sharePost", embedUrl: `https://www.tiktok.com/player/v1/${id}`, itemId: id }],
        null,
      );
    }
    case "undoSend":
      return undo(desk, asked.args.messages);
    case "sendReplyNow":
      for (const talk of desk.conversations)
        for (const one of talk.messages)
          if (asked.args.messages.includes(one.id)) one.delivery = { state: "queued", waiting: null };
      return {};
    case "scheduleReply": {
      const { conversation, body, quoted, attachment, atMs } = asked.args;
      const talk = desk.of(conversation);
      fits(talk, atMs);
      const quotedMessage = talk.messages.find((one) => one.id === quoted);
      const scheduled: ScheduledView = {
        id: desk.id(),
        conversation,
        name: talk.row.person.name,
        body,
        quoted: quotedMessage ? quoteOf(quotedMessage) : null,
        attachment: attachment === null ? null : talk.attachment,
        atMs,
        stopped: null,
      };
      talk.scheduled = [...talk.scheduled, scheduled].sort((a, b) => a.atMs - b.atMs);
      Object.assign(talk, { draft: "", quoted: null, attachment: null });
      Object.assign(talk.row, { draft: null, scheduled: talk.scheduled.length });
      changed(desk, talk);
      return scheduled;
    }
    case "updateScheduledReply": {
      const [talk, one] = scheduledOf(desk, asked.args.scheduled);
      fits(talk, asked.args.atMs);
      Object.assign(one, { body: asked.args.body, atMs: asked.args.atMs, stopped: null });
      changed(desk, talk);
      return one;
    }
    case "sendScheduledReplyNow": {
      const [talk, one] = scheduledOf(desk, asked.args.scheduled);
      drop(talk, one);
      send(
        desk,
        talk,
        [
          ...(one.attachment ? [image(one.attachment)] : []),
          ...(one.body === "" ? [] : [{ type: "text", body: one.body } as Content]),
        ],
        one.quoted,
      );
      return {};
    }
    case "cancelScheduledReply": {
      const [talk, one] = scheduledOf(desk, asked.args.scheduled);
      drop(talk, one);
      takeBack(talk, one.body, one.quoted, one.attachment);
      changed(desk, talk);
      return {};
    }
    case "listScheduledReplies":
      return desk.conversations
        .filter((one) => one.account === asked.args.account)
        .flatMap((one) => one.scheduled)
        .sort((a, b) => a.atMs - b.atMs);
    case "listPosts":
      return desk.posts.get(asked.args.account) ?? { posts: [], fetchedAtMs: null };
    case "checkImagePermission":
      return (desk.of(asked.args.conversation).images ??= true);
    case "refreshPosts":
    case "sendTypingIndicator":
      return {};
    default:
      return undefined;
  }
}

/** A picture file comes in; its first byte says what it is. */
export async function attaching(desk: FakeDesk, conversation: string | null, file: Blob): Promise<Attachment> {
  if (!/^image\/(png|jpeg|webp|gif)$/.test(file.type))
    throw fault(/hei[cf]|avif/.test(file.type) ? "imageFormat" : "imageNotAPicture");
  const picture = {
    key: `photo-${desk.id()}`,
    width: 1280,
    height: 960,
    size: 412_300,
    firstFrame: file.type === "image/gif",
  };
  if (conversation === null) return keepPicture(picture);
  desk.of(conversation).attachment = picture;
  return picture;
}

const image = (picture: Attachment): Content => ({
  type: "image",
  mediaId: "",
  media: { state: "kept", key: picture.key, width: picture.width, height: picture.height },
});

function changed(desk: FakeDesk, talk: FakeConversation): void {
  desk.tell(
    { kind: "conversation", conversation: talk.row.id },
    { kind: "inbox", account: talk.account },
    { kind: "scheduled", account: talk.account },
  );
}

/** A colleague who has replied since is looked at first. */
function guard(talk: FakeConversation, seen: string | null, anyway: boolean): void {
  const at = talk.messages.findIndex((one) => one.id === seen);
  const since = talk.messages.slice(at + 1);
  if (!anyway && since.some((one) => one.direction === "out" && one.surface !== "deskbell" && one.auto === null))
    throw fault("colleagueReplied");
}

function fits(talk: FakeConversation, atMs: number): void {
  if (!talk.row.window) throw fault("noWindow");
  if (atMs <= Date.now()) throw fault("scheduleInPast");
  if (atMs > talk.row.window.closesAtMs) throw fault("scheduleAfterWindow", String(talk.row.window.closesAtMs));
}

function send(desk: FakeDesk, talk: FakeConversation, contents: Content[], quoted: Quoted | null): Queued {
  const untilMs = desk.overview.settings.undo ? Date.now() + UNDO_MS : null;
  const messages = contents.map((content): MessageView => ({
    id: desk.id(),
    direction: "out",
    sentAtMs: Date.now(),
    surface: "deskbell",
    auto: null,
    content,
    post: null,
    quoted: content.type === "text" ? quoted : null,
    delivery: untilMs === null ? { state: "queued", waiting: null } : { state: "held", untilMs },
    reactions: [],
    rule: null,
    firings: [],
    marks: [],
  }));
  talk.messages.push(...messages);
  const last = contents.at(-1);
  Object.assign(talk.row, {
    snippet: last ? snippetOf(last) : null,
    snippetFrom: "out",
    lastAtMs: Date.now(),
    waiting: false,
  });
  if (talk.row.budget) talk.row.budget.left = Math.max(0, talk.row.budget.left - messages.length);
  changed(desk, talk);
  setTimeout(
    () => {
      for (const one of messages) if (talk.messages.includes(one)) one.delivery = { state: "sent" };
      changed(desk, talk);
    },
    untilMs === null ? 400 : UNDO_MS + 400,
  );
  return { messages: messages.map((one) => one.id), undoUntilMs: untilMs };
}

function undo(desk: FakeDesk, ids: string[]): Record<string, never> {
  for (const talk of desk.conversations) {
    const mine = talk.messages.filter((one) => ids.includes(one.id));
    if (mine.length === 0) continue;
    if (mine.some((one) => one.delivery?.state !== "held")) throw fault("wrongState");
    talk.messages = talk.messages.filter((one) => !mine.includes(one));
    const text = mine.find((one) => one.content.type === "text");
    const picture = mine.find((one) => one.content.type === "image")?.content;
    const card = mine.find((one) => one.content.type === "card")?.content;
    if (card?.type === "card") talk.card = { kind: card.kind ?? "button", title: card.title, buttons: card.buttons };
    const kept =
      picture?.type === "image" && picture.media.state === "kept"
        ? {
            key: picture.media.key,
            width: picture.media.width,
            height: picture.media.height,
            size: 412_300,
            firstFrame: false,
          }
        : null;
    takeBack(talk, text?.content.type === "text" ? text.content.body : "", text?.quoted ?? null, kept);
    if (talk.row.budget) talk.row.budget.left += mine.length;
    changed(desk, talk);
  }
  return {};
}

/** Into the draft again, in front of what is there. */
function takeBack(talk: FakeConversation, body: string, quoted: Quoted | null, attachment: Attachment | null): void {
  talk.draft = [body, talk.draft].filter((part) => part !== "").join("\n");
  talk.quoted ??= quoted;
  talk.attachment ??= attachment;
  talk.row.draft = talk.draft.split("\n")[0] || null;
}

function scheduledOf(desk: FakeDesk, id: string): [FakeConversation, ScheduledView] {
  for (const talk of desk.conversations) {
    const one = talk.scheduled.find((scheduled) => scheduled.id === id);
    if (one) return [talk, one];
  }
  throw fault("notFound");
}

function drop(talk: FakeConversation, one: ScheduledView): void {
  talk.scheduled = talk.scheduled.filter((scheduled) => scheduled !== one);
  talk.row.scheduled = talk.scheduled.length;
}
