// What the desk in memory keeps: customers' tags, pictures, how complete the history is, an account's access and its end.
import type { Commands, MediaState, MessageId, MessageView, ImageView, TagView } from "../src/ipc/bindings";
import { FaultError } from "../src/ipc/desk";
import type { FakeConversation, FakeDesk } from "./fake";

type Asked = { [K in keyof Commands]: { command: K; args: Commands[K]["args"] } }[keyof Commands];

const notFound = (): FaultError => new FaultError({ code: "notFound", detail: null, incident: null });

/** A tag, its id and hue the same for one name always. */
export function tag(name: string): TagView {
  let hash = 7;
  for (const char of name.toLowerCase()) hash = (hash * 31 + (char.codePointAt(0) ?? 0)) % 100_003;
  return { id: `t${hash}`, name, hue: (hash * 137) % 360 };
}

function photosOf(talk: FakeConversation): ImageView[] {
  return talk.messages.flatMap((one) =>
    one.content.type === "image"
      ? [{ message: one.id, direction: one.direction, sentAtMs: one.sentAtMs, media: one.content.media }]
      : [],
  );
}

function withMessage(desk: FakeDesk, id: MessageId): [FakeConversation, MessageView] {
  for (const talk of desk.conversations) {
    const message = talk.messages.find((one) => one.id === id);
    if (message) return [talk, message];
  }
  throw notFound();
}

/** What the desk answers to one of these questions; none if it is not one. */
export function keeping(desk: FakeDesk, asked: Asked): unknown {
  switch (asked.command) {
    case "listTags": {
      const counts = new Map<string, Commands["listTags"]["reply"][number]>();
      for (const one of desk.tags.get(asked.args.account) ?? []) counts.set(one.id, { tag: one, people: 0 });
      for (const talk of desk.conversations) {
        if (talk.account !== asked.args.account) continue;
        for (const one of talk.row.tags)
          counts.set(one.id, { tag: one, people: (counts.get(one.id)?.people ?? 0) + 1 });
      }
      return [...counts.values()].sort((a, b) => b.people - a.people || a.tag.name.localeCompare(b.tag.name));
    }
    case "addTag": {
      const talk = desk.of(asked.args.conversation);
      const name = [...asked.args.name.trim()].slice(0, 40).join("");
      const known = desk.conversations
        .flatMap((one) => one.row.tags)
        .find((one) => one.name.toLowerCase() === name.toLowerCase());
      const added = known ?? tag(name);
      if (!talk.row.tags.some((one) => one.id === added.id))
        talk.row.tags = [...talk.row.tags, added].sort((a, b) => a.name.localeCompare(b.name));
      return tagged(desk, talk);
    }
    case "removeTag": {
      const talk = desk.of(asked.args.conversation);
      talk.row.tags = talk.row.tags.filter((one) => one.id !== asked.args.tag);
      return tagged(desk, talk);
    }
    case "listImages": {
      const { conversation, around, limit } = asked.args;
      const photos = photosOf(desk.of(conversation));
      const at = around === null ? photos.length - 1 : photos.findIndex((one) => one.message === around);
      const from = Math.max(0, Math.min(at - Math.floor(limit / 2), photos.length - limit));
      const pictures = photos.slice(from, from + limit);
      return { pictures, hasOlder: from > 0, hasNewer: from + pictures.length < photos.length };
    }
    case "fetchImage": {
      const [talk, { content }] = withMessage(desk, asked.args.message);
      if (content.type !== "image" && content.type !== "sticker") throw notFound();
      if (content.media.state === "unavailable")
        throw new FaultError({ code: "mediaGone", detail: null, incident: null });
      content.media = {
        state: "kept",
        key: `photo-${asked.args.message}`,
        width: 588,
        height: 438,
      } satisfies MediaState;
      desk.tell({ kind: "conversation", conversation: talk.row.id });
      return {};
    }
    case "saveImage": {
      const [talk] = withMessage(desk, asked.args.message);
      return { place: `Downloads, ${talk.row.person.name || "TikTok"} 22 Nov 2026.jpg` };
    }
    case "copyImage":
    case "openVideo":
    case "openInTikTok":
      return {};
    case "getMediaUsage":
      return desk.usage;
    case "listTokenEvents":
      return desk.tokenEvents.get(asked.args.account) ?? [];
    case "pauseBackfill": {
      const backfill = desk.account(asked.args.account).backfill;
      if (backfill) backfill.paused = asked.args.paused;
      desk.tell({ kind: "accounts" });
      return {};
    }
    case "unlinkAccount": {
      const account = desk.account(asked.args.account);
      if (asked.args.erase) {
        desk.overview.accounts = desk.overview.accounts.filter((one) => one !== account);
        desk.conversations = desk.conversations.filter((one) => one.account !== account.id);
      } else {
        account.health = { state: "unlinked", sinceMs: Date.now() };
        desk.tokenEvents.set(account.id, [
          { atMs: Date.now(), kind: "unlinked", detail: "" },
          ...(desk.tokenEvents.get(account.id) ?? []),
        ]);
      }
      desk.tell({ kind: "everything" });
      return {};
    }
    case "dismissRepair":
      desk.overview.repair = null;
      return {};
    default:
      return undefined;
  }
}

function tagged(desk: FakeDesk, talk: FakeConversation): Record<string, never> {
  desk.tell(
    { kind: "conversation", conversation: talk.row.id },
    { kind: "inbox", account: talk.account },
    { kind: "tags", account: talk.account },
  );
  return {};
}
