// The mock-ups' people, so that screens can be compared with the drawings. Chosen by the page's address: ?scene=…
import type { AccountView, Content, ConversationRow, Delivery, MessageView } from "../src/ipc/bindings";
import { FakeDesk } from "./fake";
import { automaticScene, autoStates } from "./greetings";
import { tag } from "./keeping";
import { keepingScene } from "./kept";
import { kindsScene } from "./kinds";
import { longScene } from "./long";
import { rulesScene } from "./ruled";
import { sendingScene } from "./sending";
import { triageScene } from "./triaged";

const MIN = 60_000;
const HOUR = 60 * MIN;
const DAY = 24 * HOUR;

let next = 1;
export function message(
  direction: "in" | "out",
  sentAtMs: number,
  content: string | Content,
  more: Partial<MessageView> = {},
): MessageView {
  return {
    id: String(next++),
    direction,
    sentAtMs,
    surface: direction === "in" ? "other" : "deskbell",
    auto: null,
    content: typeof content === "string" ? { type: "text", body: content } : content,
    post: null,
    quoted: null,
    delivery: direction === "out" ? { state: "read" } : null,
    reactions: [],
    rule: null,
    firings: [],
    marks: [],
    ...more,
  };
}

export function row(
  id: string,
  name: string,
  hue: number,
  lastAtMs: number,
  more: Partial<ConversationRow> = {},
): ConversationRow {
  return {
    id,
    person: { id: `p${id}`, name, handle: null, hue, avatar: null, isFollower: null, firstContactMs: null },
    snippet: { kind: "text", text: "" },
    snippetFrom: "in",
    lastAtMs,
    unread: 0,
    waiting: true,
    window: null,
    budget: null,
    scheduled: 0,
    kind: "chat",
    status: "open",
    draft: null,
    trouble: false,
    unsent: 0,
    unsentReplies: [],
    snippetAutomatic: false,
    hasGap: false,
    unreadable: false,
    assignee: null,
    snoozedUntilMs: null,
    tags: [],
    ...more,
  };
}

/** An account that is up to date. */
export function account(
  id: string,
  handle: string,
  displayName: string,
  now: number,
  more: Partial<AccountView> = {},
): AccountView {
  return {
    id,
    handle,
    displayName,
    avatar: null,
    health: { state: "live" },
    syncedAtMs: now - 3000,
    backfill: null,
    waiting: 0,
    markRead: "onReply",
    scheduled: 0,
    unsent: 0,
    history: { completeToMs: now - 3000, gaps: 0, unreadable: 0 },
    access: { accessEndsMs: now + 14 * HOUR, refreshEndsMs: now + 212 * DAY, warnDays: null },
    viaRelay: false,
    ...more,
  };
}

function add(
  desk: FakeDesk,
  at: ConversationRow,
  messages: MessageView[],
  more: Partial<FakeDesk["conversations"][number]> = {},
): void {
  desk.conversations.push({
    account: "1",
    row: at,
    origin: null,
    draft: at.draft ?? "",
    quoted: null,
    attachment: null,
    card: null,
    scheduled: [],
    images: null,
    messages,
    gaps: [],
    ...more,
  });
}

const text = (body: string) => ({ kind: "text" as const, text: body });
const within = (now: number, percent: number) => ({
  openedAtMs: now - (48 * HOUR * (100 - percent)) / 100,
  closesAtMs: now + (48 * HOUR * percent) / 100,
});

const captions = [
  "Linen set, three ways to wear it",
  "How we dye with walnut 🌰",
  "Packing your orders: a quiet morning in the studio with tea, tape and two hundred boxes",
  "",
  "مجموعة الخريف وصلت",
  "Restock Sunday 18:00",
  "Meet Ana, who cuts every pattern",
  "Sand or sage? You decide",
  "Care for linen: wash, dry, never iron",
];

export function inboxScene(desk: FakeDesk, now = Date.now()): void {
  desk.overview.accounts = [
    account("1", "maisonbloom", "Maison Bloom", now, {
      waiting: 7,
      history: { completeToMs: now - 3000, gaps: 2, unreadable: 1 },
    }),
    account("2", "loom", "Loom Objects", now, {
      health: { state: "offline", sinceMs: now - 9 * MIN, retryAtMs: now + 40_000 },
      syncedAtMs: now - 9 * MIN,
      waiting: 2,
      history: { completeToMs: now - 9 * MIN, gaps: 0, unreadable: 0 },
    }),
  ];
  desk.posts.set("1", {
    posts: captions.map((caption, at) => ({
      itemId: String(7_301_000_000_000 + at),
      caption,
      cover: at % 4 === 3 ? null : `cover-${at}`,
      postedAtMs: at === 5 ? null : now - (3 + at * 4) * DAY,
    })),
    fetchedAtMs: now - HOUR,
  });
  const friday = now - 2 * DAY;
  const nadia = row("11", "Nadia Rahman", 20, now - 2 * MIN, {
    unread: 2,
    tags: [tag("Restock"), tag("Size M")],
    budget: { left: 9, lateLeft: 3, engaged: true },
    snippet: text("Is the linen set back in M? I can order today"),
    window: { openedAtMs: now - 44 * HOUR, closesAtMs: now + 3 * HOUR + 46 * MIN + 20_000 },
  });
  nadia.person = { ...nadia.person, handle: "nadia.rahman", isFollower: true, firstContactMs: now - 163 * DAY };
  const at = now - 2 * MIN;
  add(
    desk,
    nadia,
    [
      message(
        "in",
        friday,
        { type: "sharePost", embedUrl: "https://www.tiktok.com/embed/1", itemId: "7301" },
        {
          post: {
            itemId: "7301",
            caption: "Linen set, three ways to wear it",
            cover: "cover",
            postedAtMs: friday - 5 * DAY,
          },
        },
      ),
      message("in", friday + 20_000, "hii I saw this one, do you still have it?"),
      message("in", friday + 40_000, "the sand colour 🤎"),
      message(
        "out",
        friday + 3 * MIN,
        "Hi Nadia! The sand linen set sold out this week, we expect it back on Sunday. Shall I let you know?",
      ),
      message("in", at - 2 * HOUR - 43 * MIN, {
        type: "image",
        mediaId: "x",
        media: { state: "kept", key: "photo", width: 588, height: 438 },
      }),
      message("in", at - 2 * HOUR - 43 * MIN + 5000, "yes please! like this one, my size is M"),
      message("in", at, "Is the linen set back in M? I can order today"),
    ],
    {
      origin: { kind: "ad", name: "Autumn linen, 20% off", atMs: friday - MIN },
      draft: "Good news, it’s back! I’ve put one M aside for you until tonight: ",
    },
  );
  const simple = (
    id: string,
    name: string,
    hue: number,
    ago: number,
    body: string,
    percent: number,
    more: Partial<ConversationRow> = {},
  ): void => {
    const mine = more.snippetFrom === "out";
    add(
      desk,
      row(id, name, hue, now - ago, {
        snippet: text(body),
        window: within(now, percent),
        budget: { left: mine ? 9 : 10, lateLeft: 3, engaged: false },
        waiting: !mine,
        ...more,
      }),
      [message(mine ? "out" : "in", now - ago, body)],
    );
  };
  simple("12", "오지훈", 250, 11 * MIN, "사이즈 교환 가능한가요? 🙏", 92, { unread: 1 });
  simple("13", "Marco Bellini", 140, 26 * MIN, "", 80, {
    unread: 1,
    snippet: { kind: "image", text: "" },
    tags: [tag("Damaged")],
  });
  simple("14", "Thảo Phạm", 90, HOUR, "The tracking link is on its way", 71, { snippetFrom: "out" });
  simple("15", "سارة العلي", 330, HOUR + MIN, "هل يوجد شحن إلى الرياض؟", 69, { unread: 3 });
  trouble(desk, now);
  simple("17", "Ines Duarte", 50, 5 * HOUR, "We’ve refunded the delivery fee", 52, { snippetFrom: "out" });
  simple("18", "Yuki Tanaka", 280, 9 * HOUR, "", 40, {
    snippet: { kind: "sharePost", text: "" },
    tags: [tag("Restock")],
    draft: "Hello Yuki, that one is",
  });
  simple("19", "Oluwaseun A.", 110, 26 * HOUR, "Can I change the address before it ships?", 1.7, {
    unread: 1,
    kind: "request",
  });
  simple("20", "Priya Nair", 0, 27 * HOUR, "Perfect, see you Friday", 20, { snippetFrom: "out", hasGap: true });
  simple("21", "invoice\u202Egnp.exe", 200, 3 * DAY, "<img src=x onerror=alert(1)> Z̴̡̛̛̛̛̛̛̛a\u0000lgo", 0, {});
}

/** A conversation in which everything that can go wrong has gone wrong. */
function trouble(desk: FakeDesk, now: number): void {
  const t0 = now - 4 * HOUR;
  const out = (at: number, body: string, delivery: Delivery, more: Partial<MessageView> = {}) =>
    message("out", at, body, { delivery, ...more });
  const messages = [
    message("in", t0 - 3 * HOUR, "hey, is the jacket waterproof?"),
    message("out", t0 - 3 * HOUR + 4000, "Hi, lovely to see you at Maison Bloom!", {
      auto: "welcome",
      surface: "other",
    }),
    message("in", t0, "first message after a gap"),
    message("in", t0 + MIN, { type: "sticker", url: "x", media: { state: "pending" } }),
    message("in", t0 + MIN, { type: "image", mediaId: "y", media: { state: "unavailable" } }),
    message("in", t0 + 2 * MIN, { type: "unsupported", kind: "voice_note" }),
    message(
      "in",
      t0 + 3 * MIN,
      { type: "card", kind: "button", title: "Which size?", buttons: ["S", "M", "L"] },
      { quoted: { id: null, from: "out", snippet: text("Hi, lovely to see you") } },
    ),
    message("in", t0 + 4 * MIN, "x".repeat(30) + " long ".repeat(900)),
    out(t0 + 10 * MIN, "Answered on the phone", { state: "sent" }, { surface: "phone" }),
    out(t0 + 20 * MIN, "This one broke a rule", {
      state: "refused",
      reason: "messagingRules",
      code: 40002,
      message: "Message violates the messaging rules",
      requestId: "202611220001",
      atMs: t0 + 20 * MIN,
    }),
    out(t0 + 30 * MIN, "Did this one arrive?", { state: "unconfirmed", stage: "undecided" }),
    out(t0 + 31 * MIN, "And this one?", { state: "unconfirmed", stage: "checking" }),
    out(t0 + 32 * MIN, "Waiting for the one before", { state: "queued", waiting: { reason: "earlierUnconfirmed" } }),
    message("in", now - 3 * HOUR, "thanks!! 🔥", { reactions: [{ emoji: "❤️", from: "in" }] }),
  ];
  const gap = messages[2]?.id ?? "";
  add(
    desk,
    row("16", "Dwayne Carter", 200, now - 3 * HOUR, {
      snippet: text("thanks!! 🔥"),
      window: within(now, 60),
      trouble: true,
      hasGap: true,
      tags: [tag("VIP")],
    }),
    messages,
    { gaps: [gap] },
  );
}

/** A conversation of many messages and a list of many conversations. */
export function bigScene(desk: FakeDesk, conversations: number, messages: number, now = Date.now()): void {
  desk.overview.accounts = [account("1", "maisonbloom", "Maison Bloom", now, { waiting: conversations })];
  for (let n = 0; n < conversations; n += 1) {
    const body = `Message of customer ${n}`;
    const list =
      n === 0
        ? Array.from({ length: messages }, (_, m) =>
            message(m % 3 === 2 ? "out" : "in", now - (messages - m) * 7 * MIN, `Line ${m} of a long conversation`),
          )
        : [message("in", now - n * MIN, body)];
    add(
      desk,
      row(String(100 + n), `Customer ${n}`, (n * 37) % 360, now - n * MIN, {
        snippet: text(body),
        window: within(now, 50),
      }),
      list,
    );
  }
}

export function fakeFromAddress(): FakeDesk {
  const wish = new URLSearchParams(location.search);
  const desk = new FakeDesk();
  const scene = wish.get("scene") ?? "inbox";
  if (scene === "inbox") inboxScene(desk);
  else if (scene === "sending") sendingScene(desk);
  else if (scene === "kept") keepingScene(desk);
  else if (scene === "triage") triageScene(desk);
  else if (scene === "kinds") kindsScene(desk);
  else if (scene === "automatic") {
    automaticScene(desk);
    autoStates[wish.get("auto") ?? "live"]?.(desk);
  } else if (scene === "rules") rulesScene(desk, Date.now(), wish.get("rules") === "none");
  else if (scene === "long") longScene(desk, Number(wish.get("messages") ?? 10_000));
  else if (scene === "big") bigScene(desk, 20_000, 5_000);
  if (wish.get("theme") === "dark") desk.overview.settings.theme = "dark";
  if (wish.get("theme") === "light") desk.overview.settings.theme = "light";
  if (wish.has("practice")) desk.overview.practice = true;
  if (wish.get("keychain") === "missing") desk.overview.keychain = "missing";
  const step = wish.get("step");
  if (step) {
    Object.assign(desk.link, {
      businessAppId: "742118337251",
      businessRedirectUri: "https://maisonbloom.example/tiktok",
      loginClientKey: "aw1example",
    });
    const wait = {
      untilMs: Date.now() + 276_000,
      address: "https://www.tiktok.com/v2/auth/authorize/?client_key=aw1example",
    };
    if (step === "signingIn" || step === "authorising") desk.link.step = { step, ...wait };
    else if (step === "confirm")
      desk.link.step = {
        step,
        profile: { handle: "maisonbloom", displayName: "Maison Bloom", avatar: null },
        known: null,
      };
    else if (step === "signIn" || step === "authorise") desk.link.step = { step };
    if (wish.has("fault")) desk.link.fault = { code: "linkScopeMissing", detail: "message.list.read", incident: null };
  }
  Object.assign(window, { fakeDesk: desk });
  return desk;
}
