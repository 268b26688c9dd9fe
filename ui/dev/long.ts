// One conversation of many messages, of every kind and in many scripts, the same at each run. ?scene=long&messages=10000
import type { Content, MessageView } from "../src/ipc/bindings";
import type { FakeDesk } from "./fake";
import { account, message, row } from "./scene";

const MIN = 60_000;

const LINES = [
  "Is the linen set back in M? I can order today",
  "hii",
  "ok!",
  "Where is my parcel? The tracking page has shown the same thing since Tuesday and nobody picks up the phone.",
  "사이즈 교환 가능한가요? 🙏",
  "هل يوجد شحن إلى الرياض؟",
  "สีทรายมีไหมคะ ขนาดเอ็ม",
  "請問有M號嗎?可以今天寄出嗎",
  "サイズ交換はできますか。届いたのがSでした。",
  "Điện thoại của mình không nhận được mã",
  "Ist das Kleid auch in Grün lieferbar? Und läuft es beim Waschen ein?",
  "क्या यह कल तक पहुँच जाएगा?",
  "🔥🔥",
  "Спасибо, всё подошло!",
  "thanks!! 🤎",
  "one\ntwo\nthree",
  "I ordered two weeks ago and paid for the express delivery. First it said tomorrow, then the day " +
    "after, and now it says that the parcel is back with you. I would like to have the refund for " +
    "the delivery, please, and the set itself sent again.",
];
const OURS = [
  "Hi! It ships tomorrow.",
  "We have put one aside for you.",
  "Of course. Please send us a photo of the label on the inside, then we find the right size for " +
    "you and send it out with the next collection at 16:00.",
  "Good news: it is back in stock.",
];

/** A row of numbers that looks like chance and is the same each time. */
function chance(seed: number): () => number {
  let state = seed;
  return () => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
    return state / 2 ** 32;
  };
}

function contentOf(n: number, out: boolean, next: () => number): Content {
  const kind = next();
  const pick = (all: readonly string[]): string => all[Math.floor(next() * all.length)] ?? "";
  if (kind < 0.05) {
    const tall = next() < 0.5;
    return {
      type: "image",
      mediaId: `m${n}`,
      media:
        next() < 0.85
          ? { state: "kept", key: `photo-${n % 9}`, width: tall ? 900 : 1280, height: tall ? 1600 : 853 }
          : { state: "released" },
    };
  }
  if (kind < 0.07) return { type: "sharePost", embedUrl: "https://www.tiktok.com/player/v1/7301", itemId: "7301" };
  if (kind < 0.08)
    return { type: "sticker", url: "x", media: { state: "kept", key: "photo-s", width: 240, height: 240 } };
  if (kind < 0.09) return { type: "video", mediaId: `v${n}` };
  if (kind < 0.1 && !out) return { type: "unsupported", kind: "OTHER" };
  if (kind < 0.11 && out)
    return { type: "card", kind: "button", title: "Which size shall we put aside?", buttons: ["S", "M", "L"] };
  return { type: "text", body: `${pick(out ? OURS : LINES)}${next() < 0.2 ? ` (${n})` : ""}` };
}

export function longScene(desk: FakeDesk, count: number, now = Date.now()): void {
  const next = chance(7);
  desk.overview.accounts = [account("1", "maisonbloom", "Maison Bloom", now)];
  const messages: MessageView[] = [];
  let at = now - count * 9 * MIN;
  for (let n = 0; n < count; n += 1) {
    const out = next() < 0.4;
    // Several in a row, then a pause.
    at += next() < 0.6 ? 20_000 + next() * MIN : 12 * MIN;
    const reactions = next() < 0.03 ? [{ emoji: "❤️", from: out ? ("in" as const) : ("out" as const) }] : [];
    messages.push(
      message(out ? "out" : "in", at, contentOf(n, out, next), {
        reactions,
        surface: out && next() < 0.2 ? "phone" : out ? "deskbell" : "other",
      }),
    );
  }
  const last = messages.at(-1);
  const person = row("70", "Amara Obi", 40, last?.sentAtMs ?? now, {
    snippet: { kind: "text", text: "Where is my parcel?" },
    window: { openedAtMs: now - 10 * MIN, closesAtMs: now + 47 * 60 * MIN },
    budget: { left: 10, lateLeft: 3, engaged: true },
  });
  desk.conversations.push({
    account: "1",
    row: person,
    origin: null,
    draft: "",
    quoted: null,
    attachment: null,
    card: null,
    scheduled: [],
    images: true,
    messages,
    gaps: messages.slice(count / 2, count / 2 + 1).map((one) => one.id),
  });
}
