// Conversations with every kind of message, every source, reactions of both sides, and a message request. ?scene=kinds
import type { MessageView, Snippet } from "../src/ipc/bindings";
import type { FakeDesk } from "./fake";
import { inboxScene, message, row } from "./scene";

const MIN = 60_000;
const HOUR = 60 * MIN;

export function kindsScene(desk: FakeDesk, now = Date.now()): void {
  inboxScene(desk, now);
  const text = (body: string): Snippet => ({ kind: "text", text: body });
  const add = (
    id: string,
    name: string,
    hue: number,
    messages: MessageView[],
    more: Partial<ReturnType<typeof row>> = {},
  ): void => {
    const at = row(id, name, hue, now - Number(id), {
      snippet: text("thank you!"),
      window: { openedAtMs: now - HOUR, closesAtMs: now + 47 * HOUR },
      budget: { left: 10, lateLeft: 3, engaged: true },
      ...more,
    });
    desk.conversations.push({
      account: "1",
      row: at,
      origin: { kind: "shortLink", reference: "bio" },
      draft: "",
      quoted: null,
      attachment: null,
      card: null,
      scheduled: [],
      images: true,
      messages,
      gaps: [],
    });
  };
  const first = message("in", now - 50 * HOUR, "hello, I have a question about the coat");
  const between = Array.from({ length: 240 }, (_, n) =>
    message(
      n % 3 === 2 ? "out" : "in",
      now - 49 * HOUR + n * 5 * MIN,
      n % 2 ? `Line ${n} about the coat` : `Another line, number ${n}`,
    ),
  );
  add("41", "Femi Adeyemi", 160, [
    first,
    ...between,
    message("out", now - 2 * HOUR, "Hi, lovely to see you at Maison Bloom!", {
      auto: "welcome",
      surface: "other",
      delivery: { state: "sent" },
    }),
    message("in", now - 110 * MIN, { type: "video", mediaId: "v" }, { reactions: [{ emoji: "🔥", from: "out" }] }),
    message("out", now - 100 * MIN, "From the phone, on the way to the post office", {
      surface: "phone",
      delivery: { state: "read" },
      reactions: [
        { emoji: "❤️", from: "in" },
        { emoji: "😂", from: "in" },
        { emoji: "👍", from: "out" },
      ],
    }),
    message("in", now - 95 * MIN, { type: "image", mediaId: "m", media: { state: "released" } }),
    message("out", now - 90 * MIN, "From TikTok’s website", {
      surface: "web",
      delivery: { state: "read" },
      reactions: [{ emoji: "", from: "in" }],
    }),
    message("in", now - 80 * MIN, { type: "unsupported", kind: "OTHER" }),
    message("out", now - 75 * MIN, "From another program", { surface: "api", delivery: { state: "sent" } }),
    message("in", now - 70 * MIN, { type: "sharePost", embedUrl: "https://www.tiktok.com/player/v1/9", itemId: null }),
    message("out", now - 60 * MIN, "This is what you asked at the beginning", {
      quoted: { id: first.id, from: "in", snippet: text("hello, I have a question about the coat") },
      delivery: { state: "read" },
    }),
    message("in", now - 50 * MIN, "thank you! the linen coat fits, and the linen bag too", {
      reactions: [{ emoji: "❤️", from: "out" }],
    }),
  ]);
  const femi = desk.of("41").row.person;
  Object.assign(femi, { handle: "femi.a", isFollower: true });
  add("42", "Zoë Martin", 300, [message("in", now - 20 * MIN, "Bonjour, do you ship linen to Réunion?")], {
    kind: "request",
    snippet: text("Bonjour, do you ship linen to Réunion?"),
    unread: 1,
  });
}
