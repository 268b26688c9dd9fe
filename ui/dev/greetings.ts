// Automatic messages and comments of the mock-up's shop: ?scene=automatic&auto=…
import type { AutoMessageType, CommentCondition, CommentState, CommentView } from "../src/ipc/bindings";
import { autoOf, type FakeAuto, kindOf } from "./automatic";
import type { FakeDesk } from "./fake";
import { inboxScene } from "./scene";

const MIN = 60_000;
const HOUR = 60 * MIN;
const DAY = 24 * HOUR;

export const WELCOME =
  "Hi, lovely to see you at Maison Bloom! We answer every day from 9 to 18. What can we find for you?";

function put(
  auto: FakeAuto,
  kind: AutoMessageType,
  enabled: boolean,
  items: [id: string, title: string, body: string, audit: "approved" | "reviewing" | "rejected"][],
): void {
  const at = kindOf(auto, kind);
  at.enabled = enabled;
  at.items = items.map(([id, title, body, audit]) => ({ id, text: { title, body }, audit, off: false }));
}

const CONDITIONS: CommentCondition[] = ["firstLevel", "recent", "unanswered", "quiet", "adult", "region"];
function comment(
  id: string,
  name: string,
  hue: number,
  agoMs: number,
  body: string,
  state: CommentState,
  more: Partial<CommentView> = {},
  failing: CommentCondition[] = [],
): CommentView {
  const atMs = Date.now() - agoMs;
  const holds = (condition: CommentCondition): boolean | null =>
    failing.includes(condition) ? false : condition === "adult" || condition === "region" ? null : true;
  return {
    id,
    name,
    hue,
    body,
    isFollower: null,
    atMs,
    closesAtMs: atMs + 48 * HOUR,
    conditions: CONDITIONS.map((condition) => ({ condition, holds: holds(condition) })),
    state,
    conversation: null,
    ...more,
  };
}

export function automaticScene(desk: FakeDesk, now = Date.now()): void {
  inboxScene(desk, now);
  const auto = autoOf(desk, "1");
  auto.fetchedAtMs = now - 4 * MIN;
  put(auto, "welcomeMessage", true, [["w1", "", WELCOME, "approved"]]);
  put(auto, "suggestedQuestion", true, [
    ["q1", "How long does delivery take?", "2 to 4 working days, and you get a tracking link here.", "approved"],
    ["q2", "Can I return a dress I wore once?", "Within 30 days, with its label still on.", "rejected"],
  ]);
  put(auto, "chatPrompt", true, [
    ["p1", "Opening hours", "When are you open?", "approved"],
    ["p2", "Size guide", "How do your sizes run?", "approved"],
    ["p3", "الشحن والتوصيل", "هل تشحنون إلى السعودية؟", "reviewing"],
  ]);
  const version = (
    kind: AutoMessageType,
    id: string,
    agoMs: number,
    elsewhere: boolean,
    enabled: boolean,
    items: [string, string][],
  ): void => {
    auto.versions.push({
      id,
      kind,
      atMs: now - agoMs,
      elsewhere,
      enabled,
      items: items.map(([title, body]) => ({ title, body })),
    });
  };
  version("welcomeMessage", "v3", 3 * DAY, false, true, [["", WELCOME]]);
  version("welcomeMessage", "v2", 20 * DAY, true, true, [
    ["", "Hi, lovely to see you at Maison Bloom! We answer on weekdays from 10 to 17. How can we help?"],
  ]);
  version("welcomeMessage", "v1", 80 * DAY, false, false, [["", "Hello from Maison Bloom."]]);
  version("suggestedQuestion", "v6", 2 * DAY, false, true, [
    ["How long does delivery take?", "2 to 4 working days, and you get a tracking link here."],
    ["Can I return a dress I wore once?", "Within 30 days, with its label still on."],
  ]);
  version("suggestedQuestion", "v5", 9 * DAY, true, true, [
    ["How long does delivery take?", "About a week, and you get a tracking link by mail."],
    ["Do you restock?", "Yes, every Sunday at 18:00."],
  ]);
  auto.commentToMessage.enabled = true;
  auto.comments = [
    comment(
      "c1",
      "Nok Siriporn",
      40,
      3 * HOUR,
      "How much is the sand one? I want two",
      { state: "open" },
      { isFollower: true },
    ),
    comment("c2", "سارة", 300, 46 * HOUR + 20 * MIN, "هل يوجد شحن إلى الرياض؟", { state: "open" }),
    comment("c3", "Budi", 160, 5 * HOUR, "DM me the price please", {
      state: "unconfirmed",
      body: "Hi Budi, it is 490.",
      atMs: now - 10 * MIN,
    }),
    comment("c4", "Lan Anh", 90, 20 * HOUR, "size M con khong shop", {
      state: "refused",
      body: "Yes, M is in stock!",
      refusal: {
        reason: "messagingRules",
        code: 40064,
        message: "Message blocked by direct message rules",
        requestId: "20261128080110010244",
        atMs: now - HOUR,
      },
    }),
    comment(
      "c5",
      "Mina Okafor",
      170,
      26 * HOUR,
      "is it linen?",
      { state: "answered", body: "Yes, washed linen. Shall I put one aside for you?", atMs: now - 25 * HOUR },
      { conversation: "11" },
      ["unanswered"],
    ),
    comment("c6", "", 220, 60 * HOUR, "where to buy", { state: "open" }, {}, ["recent"]),
    comment("c7", "Ploy", 20, 30 * HOUR, "first!!", { state: "dismissed" }),
  ];
  auto.reviewMs = null;
}

/** The states of the screen, by name. */
export const autoStates: Record<string, (desk: FakeDesk) => void> = {
  live: (desk) => (autoOf(desk, "1").reviewMs = 8_000),
  empty: (desk) => desk.auto.clear(),
  off: (desk) => autoOf(desk, "1").kinds.forEach((kind) => (kind.enabled = false)),
  failed: (desk) => desk.fail("getAutoMessages", "unexpected"),
  stale: (desk) => (autoOf(desk, "1").fault = { code: "offline", detail: null, incident: null }),
  denied: (desk) => (autoOf(desk, "1").fault = { code: "autoNotPermitted", detail: null, incident: null }),
  relink: (desk) => (desk.account("1").health = { state: "relink", detail: "" }),
  unlinked: (desk) => (desk.account("1").health = { state: "unlinked", sinceMs: Date.now() - 2 * DAY }),
  offline: (desk) =>
    (desk.account("1").health = { state: "offline", sinceMs: Date.now() - 9 * MIN, retryAtMs: Date.now() + 40_000 }),
  elsewhere: (desk) => (kindOf(autoOf(desk, "1"), "welcomeMessage").changedElsewhereMs = Date.now() - 20 * MIN),
  refusing: (desk) => (autoOf(desk, "1").refuses = "Size guide"),
  nowhere: (desk) =>
    (autoOf(desk, "1").commentToMessage = {
      enabled: null,
      fault: { code: "commentToMessageNotHere", detail: null, incident: null },
    }),
};
