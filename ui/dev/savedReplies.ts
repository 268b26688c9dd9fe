// The saved replies of the desk in memory.
import type { Attachment, Commands, FilledPart, SavedReplyProblem, SavedReplyView } from "../src/ipc/bindings";
import { FaultError } from "../src/ipc/desk";
import { blanksOf, piecesOf } from "../src/domain/placeholders";
import type { FakeDesk } from "./fake";

type Asked = { [K in keyof Commands]: { command: K; args: Commands[K]["args"] } }[keyof Commands];

const DAY = 86_400_000;
const lists = new WeakMap<FakeDesk, SavedReplyView[]>();
const pictures = new Map<string, Attachment>();

const SAMPLES: [name: string, shortcut: string, category: string, body: string, uses: number][] = [
  [
    "Greeting",
    "hi",
    "Everyday",
    "Hi {{customer|there}}, thanks for writing to {{account}}! What can we find for you?",
    212,
  ],
  [
    "Where is my parcel",
    "track",
    "Orders",
    "Hi {{customer|there}}! Your parcel left our shop on {{date}}. You can follow it here: {{tracking link}}",
    148,
  ],
  [
    "Return an order",
    "return",
    "Returns",
    "No problem at all. You have 30 days: put it back in its bag, label still on, and take it to any " +
      "post office.\n\nYour return number is {{return number}}.",
    96,
  ],
  [
    "Refund is on its way",
    "refund",
    "Returns",
    "Your refund for order {{order number}} left us today. It takes {{days|3 to 5}} working days to reach your account.",
    71,
  ],
  [
    "Size chart, linen",
    "size",
    "Sizes",
    "Here is our size chart. Between two sizes? Take the smaller one, linen gives a little.",
    64,
  ],
  [
    "Back in stock soon",
    "stock",
    "Sizes",
    "We expect it back on {{day|Sunday}}. Shall I put one aside for you in {{size}}?",
    40,
  ],
  ["ค่าส่งและเวลาส่ง", "ส่ง", "Orders", "สวัสดีค่ะคุณ{{customer|ลูกค้า}} ค่าส่งฟรีเมื่อสั่งครบ 500 บาท ส่งถึงภายใน 2–3 วันค่ะ 🙏", 33],
  [
    "مواعيد العمل",
    "",
    "Everyday",
    "أهلاً {{customer|بك}}! نرد على رسائلكم كل يوم من التاسعة صباحاً حتى السادسة مساءً.",
    12,
  ],
  [
    "Closed today",
    "",
    "Everyday",
    "We are closed today, {{date}}, and answer tomorrow from nine. Warmly, {{agent|your shop}}",
    0,
  ],
];

/** What is there, oldest first. */
export function savedOf(desk: FakeDesk): SavedReplyView[] {
  let list = lists.get(desk);
  if (!list) {
    list = SAMPLES.map(([name, shortcut, category, body, uses], at) => ({
      id: String(at + 1),
      name,
      shortcut,
      category,
      body,
      attachment: null,
      uses,
      usedAtMs: uses > 0 ? Date.now() - at * DAY - 3_600_000 : null,
      blanks: blanksOf(body),
    }));
    const chart = list[4];
    if (chart)
      chart.attachment = keepPicture({ key: "photo-3", width: 900, height: 1600, size: 284_000, firstFrame: false });
    lists.set(desk, list);
  }
  return list;
}

/** A picture that goes with no conversation's draft. */
export function keepPicture(picture: Attachment): Attachment {
  pictures.set(picture.key, picture);
  return picture;
}

/** What the desk answers to one of these questions; none if it is not one. */
export function savedReplies(desk: FakeDesk, asked: Asked): unknown {
  const list = savedOf(desk);
  const of = (id: string): SavedReplyView => {
    const one = list.find((reply) => reply.id === id);
    if (!one) throw new FaultError({ code: "notFound", detail: null, incident: null });
    return one;
  };
  const changed = (): void => desk.tell({ kind: "savedReplies" });
  switch (asked.command) {
    case "findSavedReplies":
      return find(list, asked.args.query).slice(0, asked.args.limit);
    case "saveSavedReply": {
      const { saved, text } = asked.args;
      const one = saved === null ? null : of(saved);
      const problem = problemOf(list, saved, text);
      if (problem) throw new FaultError({ code: "savedReplyInvalid", detail: problem, incident: null });
      const kept: SavedReplyView = {
        id: one?.id ?? desk.id(),
        name: text.name.trim(),
        shortcut: text.shortcut.trim().replace(/^\/+/, ""),
        category: text.category.trim(),
        body: text.body,
        attachment: text.attachment === null ? null : (pictures.get(text.attachment) ?? null),
        uses: one?.uses ?? 0,
        usedAtMs: one?.usedAtMs ?? null,
        blanks: blanksOf(text.body),
      };
      if (one) Object.assign(one, kept);
      else list.push(kept);
      changed();
      return kept;
    }
    case "deleteSavedReply":
      list.splice(list.indexOf(of(asked.args.saved)), 1);
      changed();
      return {};
    case "fillSavedReply": {
      const talk = desk.of(asked.args.conversation);
      const known: Record<string, string> = {
        customer: talk.row.person.name,
        agent: "",
        account: desk.account(talk.account).displayName,
        date: asked.args.date,
      };
      const one = of(asked.args.saved);
      const parts = (piecesOf(one.body) ?? []).map((piece): FilledPart => {
        if (piece.kind === "text") return piece;
        const value = known[piece.name.toLowerCase()];
        const text = value === undefined ? undefined : value !== "" ? value : (piece.fallback ?? undefined);
        return text === undefined
          ? { kind: "blank", name: piece.name, fallback: piece.fallback ?? "" }
          : { kind: "text", text };
      });
      return { parts, attachment: one.attachment };
    }
    case "useSavedReply": {
      const one = of(asked.args.saved);
      const talk = desk.of(asked.args.conversation);
      one.uses += 1;
      one.usedAtMs = Date.now();
      changed();
      if (one.attachment && talk.images === false)
        throw new FaultError({ code: "imagesNotAllowed", detail: null, incident: null });
      const leftOut = one.attachment !== null && talk.attachment !== null && talk.attachment.key !== one.attachment.key;
      if (one.attachment && !leftOut) talk.attachment = one.attachment;
      return { attachment: talk.attachment, leftOut };
    }
    case "exportSavedReplies":
      return { place: `Downloads/${asked.args.name} 2026-11-28 09-00.${asked.args.format}` };
    case "importSavedReplies":
      return {
        added: 3,
        replaced: 1,
        unchanged: 5,
        refused: [
          { place: 7, name: "Gift wrapping", problem: "bracesOpen" },
          { place: 12, name: "", problem: "noName" },
        ],
      };
    default:
      return undefined;
  }
}

const folded = (text: string): string => text.normalize("NFKD").replace(/\p{M}/gu, "").toLowerCase();

function find(list: readonly SavedReplyView[], query: string): SavedReplyView[] {
  const typed = folded(query.trim().replace(/^\//, ""));
  const words = typed.split(/[^\p{L}\p{N}]+/u).filter((word) => word !== "");
  const wordsOf = (one: SavedReplyView): string[] =>
    folded([one.name, one.shortcut, one.category, one.body].join(" ")).split(/[^\p{L}\p{N}]+/u);
  const rank = (one: SavedReplyView): number =>
    typed === ""
      ? 2
      : folded(one.shortcut) === typed
        ? 0
        : folded(one.name).startsWith(typed) || folded(one.shortcut).startsWith(typed)
          ? 1
          : 2;
  const found = list.filter(
    (one) =>
      typed === "" ||
      rank(one) < 2 ||
      (words.length > 0 && words.every((word) => wordsOf(one).some((has) => has.startsWith(word)))),
  );
  return found.sort((a, b) => rank(a) - rank(b) || b.uses - a.uses || Number(a.id) - Number(b.id));
}

function problemOf(
  list: readonly SavedReplyView[],
  saved: string | null,
  text: Commands["saveSavedReply"]["args"]["text"],
): SavedReplyProblem | null {
  const shortcut = folded(text.shortcut.trim().replace(/^\/+/, ""));
  if (text.name.trim() === "") return "noName";
  if (/\s/.test(shortcut)) return "shortcutInvalid";
  if (text.body.trim() === "" && text.attachment === null) return "empty";
  if ([...text.body].length > 6000) return "tooLong";
  if (piecesOf(text.body) === null) return "bracesOpen";
  return shortcut !== "" && list.some((one) => one.id !== saved && folded(one.shortcut) === shortcut)
    ? "shortcutTaken"
    : null;
}
