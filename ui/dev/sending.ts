// Conversations in which replies are on their way out, in every state they can be in. ?scene=sending
import type { Delivery, MessageView } from "../src/ipc/bindings";
import type { FakeDesk } from "./fake";
import { inboxScene, message, row } from "./scene";

const MIN = 60_000;
const HOUR = 60 * MIN;

export function sendingScene(desk: FakeDesk, now = Date.now()): void {
  inboxScene(desk, now);
  const text = (body: string) => ({ kind: "text" as const, text: body });
  const out = (at: number, body: string, delivery: Delivery, more: Partial<MessageView> = {}) =>
    message("out", at, body, { delivery, ...more });
  const add = (
    id: string,
    name: string,
    hue: number,
    budget: number,
    messages: MessageView[],
    more: Partial<ReturnType<typeof row>> = {},
  ): void => {
    const last = messages.at(-1);
    const at = row(id, name, hue, now - Number(id) * 100, {
      snippet:
        last?.content.type === "text"
          ? text(last.content.body)
          : { kind: last && last.content.type !== "unreadable" ? last.content.type : "text", text: "" },
      snippetFrom: "out",
      window: { openedAtMs: now - 17 * HOUR, closesAtMs: now + 31 * HOUR + 30_000 },
      budget: { left: budget, lateLeft: 3, engaged: true },
      ...more,
    });
    desk.conversations.push({
      account: "1",
      row: at,
      origin: null,
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

  const size = message("in", now - 20 * MIN, "Which size would fit 1.72 m? And does it shrink?");
  const shared = {
    itemId: "7302",
    caption: "How to wash linen so that it stays soft, in sixty seconds",
    cover: "cover",
    postedAtMs: now - 40 * 24 * HOUR,
  };
  add(
    "31",
    "Mina Okafor",
    170,
    4,
    [
      size,
      out(
        now - 15 * MIN,
        "M fits well, and it does not shrink.",
        { state: "read" },
        {
          quoted: { id: size.id, from: "in", snippet: text("Which size would fit 1.72 m? And does it shrink?") },
          surface: "phone",
        },
      ),
      message(
        "out",
        now - 14 * MIN,
        { type: "sharePost", embedUrl: "https://www.tiktok.com/embed/2", itemId: "7302" },
        { post: shared, delivery: { state: "sent" } },
      ),
      message(
        "out",
        now - 13 * MIN,
        {
          type: "card",
          kind: "button",
          title: "Which colour shall I put aside?",
          buttons: ["Sand", "Olive", "Night blue"],
        },
        { delivery: { state: "sent" } },
      ),
      message(
        "out",
        now - 12 * MIN,
        {
          type: "card",
          kind: "link",
          title: "Anything else?",
          buttons: ["Show me the size table, please", "When does it ship?"],
        },
        { delivery: { state: "sent" } },
      ),
      message("in", now - 3 * MIN, "the sand one 🤎"),
      message(
        "out",
        now - MIN,
        { type: "image", mediaId: "", media: { state: "kept", key: "photo", width: 588, height: 438 } },
        { delivery: { state: "held", untilMs: now + 5_600 } },
      ),
      out(now - MIN, "This one. I have put it aside for you.", { state: "held", untilMs: now + 5_600 }),
    ],
    { waiting: true },
  );

  add(
    "32",
    "Jonas Weber",
    80,
    3,
    [
      message("in", now - 30 * MIN, "Hello? Is anyone there?"),
      message(
        "out",
        now - 9 * MIN,
        { type: "image", mediaId: "", media: { state: "kept", key: "photo", width: 588, height: 438 } },
        { delivery: { state: "queued", waiting: { reason: "uploading" } } },
      ),
      out(now - 8 * MIN, "Yes, sorry! This is the one I meant.", { state: "queued", waiting: { reason: "offline" } }),
      out(now - 7 * MIN, "It ships tomorrow.", { state: "queued", waiting: { reason: "offline" } }),
      out(now - 6 * MIN, "Anything else I can do?", { state: "queued", waiting: { reason: "offline" } }),
    ],
    { waiting: true, scheduled: 1 },
  );

  const refused = out(now - 18 * MIN, "And one more thing about your parcel", {
    state: "refused",
    reason: "repliesSpent",
    code: 40064,
    message: "Message blocked by direct message rules",
    requestId: "20261122140211010245",
    atMs: now - 18 * MIN + 900,
  });
  const undecided = out(now - 10 * MIN, "It left our shop this morning.", { state: "unconfirmed", stage: "undecided" });
  add(
    "33",
    "Leïla Haddad",
    300,
    0,
    [
      message("in", now - HOUR, "Where is my parcel?"),
      out(now - 40 * MIN, "One moment, I look it up.", { state: "sent" }, { surface: "web" }),
      refused,
      out(now - 14 * MIN, "Your parcel is on its way.", { state: "stopped", why: "colleagueReplied" }),
      undecided,
      out(now - 2 * MIN, "You can follow it here.", { state: "queued", waiting: { reason: "earlierUnconfirmed" } }),
    ],
    { waiting: true, trouble: true },
  );

  desk.whys.set(refused.id, {
    attempts: [
      {
        startedAtMs: now - 19 * MIN,
        endedAtMs: now - 19 * MIN + 1_240,
        outcome: "notTaken",
        code: 50000,
        message: "System error",
        requestId: "20261122140109010244",
        answer: '{"code":50000,"message":"System error","request_id":"20261122140109010244","data":{}}',
      },
      {
        startedAtMs: now - 18 * MIN,
        endedAtMs: now - 18 * MIN + 640,
        outcome: "refused",
        code: 40064,
        message: "Message blocked by direct message rules",
        requestId: "20261122140211010245",
        answer:
          '{"code":40064,"message":"Message blocked by direct message rules: And one more thing about your ' +
          'parcel","request_id":"20261122140211010245","data":{}}',
      },
    ],
  });
  desk.whys.set(undecided.id, {
    attempts: [
      {
        startedAtMs: now - 10 * MIN,
        endedAtMs: null,
        outcome: "interrupted",
        code: null,
        message: "",
        requestId: null,
        answer: null,
      },
    ],
    checks: 7,
  });
  const account = desk.overview.accounts[0];
  if (account) account.scheduled = 3;
}
