// A shop that has been at it for a while: tags, many photos, an unreadable conversation, a history with holes. ?scene=kept
import type { MediaState, MessageView } from "../src/ipc/bindings";
import type { FakeDesk } from "./fake";
import { tag } from "./keeping";
import { inboxScene, message, row } from "./scene";

const MIN = 60_000;
const HOUR = 60 * MIN;
const DAY = 24 * HOUR;

const kept = (n: number, width = 588, height = 438): MediaState => ({
  state: "kept",
  key: `photo-${n}`,
  width,
  height,
});

export function keepingScene(desk: FakeDesk, now = Date.now()): void {
  inboxScene(desk, now);
  const nadia = desk.of("11");
  const photo = (direction: "in" | "out", at: number, media: MediaState): MessageView =>
    message(direction, at, { type: "image", mediaId: "m", media });
  const before = now - 12 * DAY;
  nadia.messages.unshift(
    photo("in", before, { state: "released" }),
    message("in", before + MIN, "this is the one from last year"),
    photo("in", before + DAY, { state: "unavailable" }),
    photo("in", before + 2 * DAY, kept(3, 900, 1600)),
    message("out", before + 2 * DAY + MIN, "What a view!"),
    photo("out", before + 2 * DAY + 2 * MIN, kept(4, 1600, 700)),
    photo("in", before + 3 * DAY, kept(5)),
    photo("in", before + 4 * DAY, kept(6, 1200, 1200)),
    photo("in", before + 5 * DAY, kept(7)),
    photo("in", before + 6 * DAY, kept(8)),
    photo("in", before + 7 * DAY, kept(9)),
  );
  nadia.row.hasGap = true;
  desk.of("12").row.tags = [tag("Restock"), tag("Exchange"), tag("Wholesale"), tag("Korea")];
  desk.of("19").row.tags = [tag("Address")];
  const lost = row("22", "Bruno Keller", 120, now - 4 * DAY, { snippet: null, unreadable: true, window: null });
  desk.conversations.push({
    account: "1",
    row: lost,
    origin: null,
    draft: "",
    quoted: null,
    attachment: null,
    card: null,
    scheduled: [],
    images: null,
    messages: [],
    gaps: [],
  });
  desk.tags.set("1", [tag("Refund"), tag("Influencer"), tag("Second choice")]);
  const maison = desk.account("1");
  maison.history = { completeToMs: now - 40_000, gaps: 3, unreadable: 1 };
  desk.tokenEvents.set("1", [
    { atMs: now - 10 * HOUR, kind: "refreshed", detail: "" },
    { atMs: now - 34 * HOUR, kind: "refreshed", detail: "" },
    {
      atMs: now - 34 * HOUR - 20 * MIN,
      kind: "postponed",
      detail: "Internal service timed out. Please retry. (50002)",
    },
    { atMs: now - 2 * DAY - 10 * HOUR, kind: "refreshed", detail: "" },
    { atMs: now - 60 * DAY, kind: "linked", detail: "" },
    { atMs: now - 60 * DAY - 2 * HOUR, kind: "refused", detail: "Refresh token is invalid or expired. (40107)" },
    ...Array.from({ length: 30 }, (_, n) => ({ atMs: now - (61 + n) * DAY, kind: "refreshed" as const, detail: "" })),
    { atMs: now - 95 * DAY, kind: "linked", detail: "" },
  ]);
}
