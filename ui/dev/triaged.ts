// A shop with a team: conversations that are somebody's, some put away, and rules that have been at work. ?scene=triage
import type { FakeDesk } from "./fake";
import { tag } from "./keeping";
import { inboxScene, message, row } from "./scene";
import { agent } from "./triage";

const MIN = 60_000;
const HOUR = 60 * MIN;

/** A clock time some days from now. */
function on(now: number, days: number, hour: number): number {
  const day = new Date(now);
  day.setDate(day.getDate() + days);
  return day.setHours(hour, 0, 0, 0);
}

export function triageScene(desk: FakeDesk, now = Date.now()): void {
  inboxScene(desk, now);
  const [me, ana, jonas, mina] = [
    agent("1", "Lena Fischer", 200, { me: true }),
    agent("2", "Ana Duarte", 30),
    agent("3", "Jonas", 130, { away: true }),
    agent("4", "مينا", 300),
  ];
  desk.agents = [me, ana, jonas, mina];
  Object.assign(desk.of("11").row, { assignee: me });
  Object.assign(desk.of("13").row, { assignee: ana });
  Object.assign(desk.of("14").row, { assignee: me });
  Object.assign(desk.of("15").row, { assignee: mina });
  Object.assign(desk.of("16").row, { assignee: jonas });
  Object.assign(desk.of("17").row, { snoozedUntilMs: on(now, 3, 9), assignee: ana });
  Object.assign(desk.of("18").row, { snoozedUntilMs: on(now, 1, 9), assignee: me });
  Object.assign(desk.of("20").row, { snoozedUntilMs: now + HOUR });
  const at = now - 40 * MIN;
  const firing = (name: string) => ({ name, atMs: at + 3000 });
  const messages = [
    message("in", at - HOUR, "Hello?", {}),
    message("out", at - HOUR + 4000, "Hi, lovely to see you at Maison Bloom! How can we help?", {
      auto: "welcome",
      surface: "other",
    }),
    message("in", at - 30 * MIN, "Do you ship abroad?", {}),
    message("out", at - 30 * MIN + 2000, "We ship to 34 countries, mostly within five days.", {
      auto: "suggestedQuestion",
      surface: "other",
    }),
    message("in", at, "and how long does delivery to Lisbon take?", {
      firings: [
        {
          ...firing("Delivery"),
          did: [
            { kind: "replied", name: "Delivery times" },
            { kind: "tagged", name: "delivery" },
          ],
          noReply: null,
        },
      ],
    }),
    message(
      "out",
      at + 4000,
      "Lisbon is three to five working days. You get a link to follow the parcel as soon as it leaves us.",
      { rule: "Delivery" },
    ),
    message("in", at + 8 * MIN, "ok and what does it cost", {
      firings: [
        { ...firing("Prices"), did: [{ kind: "assigned", name: "Ana Duarte" }], noReply: "reserve" },
        {
          ...firing("Evenings and weekends: whoever is there looks after it first thing in the morning"),
          did: [{ kind: "snoozed", untilMs: on(now, 1, 9) }, { kind: "notified" }],
          noReply: null,
        },
      ],
    }),
    message("in", at + 9 * MIN, "express I mean"),
  ];
  desk.conversations.push({
    account: "1",
    origin: null,
    draft: "",
    quoted: null,
    attachment: null,
    card: null,
    scheduled: [],
    images: null,
    messages,
    gaps: [],
    row: row("23", "Catarina Melo", 60, at + 9 * MIN, {
      snippet: { kind: "text", text: "express I mean" },
      unread: 2,
      assignee: ana,
      budget: { left: 3, lateLeft: 3, engaged: true },
      tags: [tag("delivery")],
      window: { openedAtMs: now - 30 * HOUR, closesAtMs: now + 18 * HOUR },
    }),
  });
}
