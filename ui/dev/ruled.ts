// A shop that lets rules do what can be done without a person: ?scene=rules, or ?scene=rules&rules=none
import type { RuleRunView, RuleSpec, SavedReplyView } from "../src/ipc/bindings";
import type { FakeDesk } from "./fake";
import { tag } from "./keeping";
import { rulingOf } from "./ruling";
import { inboxScene, message, row } from "./scene";

const MIN = 60_000;
const HOUR = 60 * MIN;

const reply = (id: string, name: string, body: string, more: Partial<SavedReplyView> = {}): SavedReplyView => ({
  id,
  name,
  shortcut: "",
  category: "",
  body,
  attachment: null,
  uses: 12,
  usedAtMs: null,
  blanks: [],
  ...more,
});

const savedOfShop: SavedReplyView[] = [
  reply(
    "s1",
    "Delivery times",
    "Hi {{customer|there}}! Delivery takes 2 to 4 working days, and you get a tracking link here as soon as it leaves our studio.",
  ),
  reply(
    "s2",
    "Away",
    "Thanks for your message! We answer every day from 9 to 18 and will get back to you first thing. 🌿",
  ),
  reply("s3", "Greeting", "Hi {{customer|there}}, lovely to see you at {{account}}! What can we find for you?", {
    attachment: { key: "photo-1", width: 1280, height: 960, size: 412_300, firstFrame: false },
  }),
  reply("s4", "Refund sent", "We have sent {{amount}} back to your card, it takes {{days}} days.", {
    blanks: ["amount", "days"],
  }),
  reply("s5", "التوصيل", "نعم، نوصل إلى جميع أنحاء المملكة خلال ٥ إلى ٨ أيام عمل."),
];

const rule = (name: string, more: Partial<RuleSpec>): RuleSpec => ({
  name,
  enabled: true,
  trigger: { kind: "image" },
  conditions: [],
  actions: [],
  stop: false,
  ...more,
});

const rulesOfShop: { id: string; spec: RuleSpec }[] = [
  {
    id: "r1",
    spec: rule("Delivery", {
      trigger: { kind: "keyword", words: ["delivery", "shipping"], matching: "word" },
      conditions: [{ kind: "follower", follows: false }],
      actions: [
        { kind: "reply", saved: "s1" },
        { kind: "tag", name: "delivery" },
      ],
      stop: true,
    }),
  },
  { id: "r2", spec: rule("Away", { trigger: { kind: "outsideHours" }, actions: [{ kind: "reply", saved: "s2" }] }) },
  {
    id: "r3",
    spec: rule("Riyadh", {
      trigger: { kind: "keyword", words: ["شحن", "الرياض"], matching: "word" },
      conditions: [
        { kind: "language", languages: ["ara"] },
        { kind: "account", accounts: ["1"] },
      ],
      actions: [
        { kind: "reply", saved: "s5" },
        { kind: "assign", to: { kind: "agent", agent: "a2" } },
      ],
    }),
  },
  {
    id: "r4",
    spec: rule("Damaged", {
      trigger: { kind: "image" },
      conditions: [
        { kind: "tag", name: "VIP", has: false },
        { kind: "time", span: { fromMinute: 1080, toMinute: 540 }, days: [6, 7] },
      ],
      actions: [{ kind: "reply", saved: "s9" }, { kind: "notify" }],
    }),
  },
  {
    id: "r5",
    spec: rule("Nobody answered", {
      enabled: false,
      trigger: { kind: "noAnswer", minutes: 120 },
      actions: [{ kind: "assign", to: { kind: "leastBusy" } }, { kind: "notify" }],
    }),
  },
];

const questions = [
  "Hi, how long does delivery take to Porto?",
  "Is shipping free above 50?",
  "when will my order arrive, delivery says today",
  "do you have the walnut one in S",
  "delivery??",
  "Can I pick it up instead of delivery",
  "what is the shipping cost to Spain please",
  "Do you restock the sage set",
];
const people = [
  "Ana Sousa",
  "Ben Okafor",
  "Chloé Martin",
  "Diego Ruiz",
  "Elif Yıldız",
  "Fatima Noor",
  "Goran Petrović",
  "Hana Sato",
];

/** Customers who asked in the last months, and were answered by people. */
function past(desk: FakeDesk, now: number): void {
  for (let n = 0; n < 48; n += 1) {
    const at = now - n * 31 * HOUR - 3 * HOUR;
    const id = String(300 + n);
    const body = questions[n % questions.length] ?? "";
    const name = people[(n * 3) % people.length] ?? "";
    const one = row(id, name, (n * 47) % 360, at, {
      status: "done",
      waiting: false,
      snippet: { kind: "text", text: body },
      budget: { left: n % 9 === 0 ? 2 : 9, lateLeft: 3, engaged: true },
    });
    one.person.isFollower = n % 4 === 1;
    desk.conversations.push({
      account: n % 5 === 4 ? "2" : "1",
      row: one,
      origin: null,
      draft: "",
      quoted: null,
      attachment: null,
      card: null,
      scheduled: [],
      images: null,
      gaps: [],
      messages: [
        message("in", at, body),
        ...(n % 3 === 0
          ? [message("out", at + (n % 2 === 0 ? 30_000 : 4 * HOUR), "Hi! Two to four working days.")]
          : []),
      ],
    });
  }
}

/** What rules have done so far: enough for two pages. */
function firings(desk: FakeDesk, now: number): void {
  const talks = desk.conversations.filter((one) => one.account === "1" && one.messages[0]?.direction === "in");
  const own = rulingOf(desk);
  const once = new Set<string>();
  for (let n = 0; own.firings.length < 130 && n < 2_000; n += 1) {
    const talk = talks[n % talks.length];
    const first = talk?.messages.find((one) => one.direction === "in");
    if (!talk || !first) continue;
    const base: RuleRunView = {
      id: String(9_000 - n),
      rule: "r1",
      name: "Delivery",
      conversation: talk.row.id,
      person: talk.row.person.name,
      message: first.id,
      text: first.content.type === "text" ? first.content.body.slice(0, 120) : "",
      atMs: now - 12 * MIN - n * 2 * HOUR,
      reply: "m",
      noReply: null,
      did: [
        { kind: "replied", name: "Delivery times" },
        { kind: "tagged", name: "delivery" },
      ],
    };
    const kinds: Partial<RuleRunView>[] = [
      {},
      { rule: "r2", name: "Away", did: [{ kind: "replied", name: "Away" }] },
      { rule: "r2", name: "Away", reply: null, noReply: "reserve", did: [] },
      {
        rule: "r3",
        name: "Riyadh",
        did: [
          { kind: "replied", name: "التوصيل" },
          { kind: "assigned", name: "Layla" },
        ],
      },
      { reply: null, noReply: "agentAnswered", did: [{ kind: "tagged", name: "delivery" }] },
      {
        rule: "r0",
        name: "Old greeting",
        did: [{ kind: "snoozed", untilMs: now + 3 * HOUR }, { kind: "nobodyThere" }, { kind: "notified" }],
      },
    ];
    const one = { ...base, ...kinds[((n % talks.length) + Math.floor(n / talks.length)) % kinds.length], account: "1" };
    // A rule fires on a message once.
    if (once.has(one.rule + one.message)) continue;
    once.add(one.rule + one.message);
    own.firings.push(one);
  }
}

export function rulesScene(desk: FakeDesk, now = Date.now(), none = false): void {
  inboxScene(desk, now);
  past(desk, now);
  desk.tags.set("1", [tag("Refund"), tag("Influencer"), tag("delivery")]);
  const own = rulingOf(desk);
  own.saved = structuredClone(savedOfShop);
  desk.agents = [
    { id: "a1", name: "Mai", hue: 200, me: true, away: false },
    { id: "a2", name: "Layla", hue: 320, me: false, away: false },
    { id: "a3", name: "Tom", hue: 90, me: false, away: true },
  ];
  if (none) return;
  own.rules = structuredClone(rulesOfShop);
  own.hours.set("1", {
    timeZone: "Europe/Lisbon",
    week: [0, 1, 2, 3, 4, 5, 6].map((day) =>
      day < 4
        ? [
            { fromMinute: 540, toMinute: 780 },
            { fromMinute: 840, toMinute: 1080 },
          ]
        : day === 4
          ? [{ fromMinute: 540, toMinute: 1080 }]
          : day === 5
            ? [{ fromMinute: 1200, toMinute: 120 }]
            : [],
    ),
    holidays: [
      { date: `${new Date(now).getFullYear()}-01-01`, name: "New Year" },
      { date: `${new Date(now).getFullYear() + 1}-01-01`, name: "" },
    ],
  });
  firings(desk, now);
}
