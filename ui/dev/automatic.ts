// What the desk in memory knows of TikTok's automatic messages and of comments: reviews that take a while, refusals, and
// turning on that switches off.
import type {
  AccountId,
  AuditStatus,
  AutoKindView,
  AutoMessagesView,
  AutoMessageType,
  AutoMessageView,
  AutoOutcome,
  AutoRefusal,
  AutoText,
  AutoVersionView,
  Commands,
  CommentView,
  Fault,
  FaultCode,
} from "../src/ipc/bindings";
import { FaultError } from "../src/ipc/desk";
import type { FakeDesk } from "./fake";

type Asked = { [K in keyof Commands]: { command: K; args: Commands[K]["args"] } }[keyof Commands];

const MAX_MESSAGES: Record<AutoMessageType, number> = { welcomeMessage: 1, suggestedQuestion: 3, chatPrompt: 6 };
const MAX_LENGTHS: Record<AutoMessageType, [title: number, body: number]> = {
  welcomeMessage: [0, 250],
  suggestedQuestion: [80, 200],
  chatPrompt: [18, 150],
};
const KINDS = Object.keys(MAX_MESSAGES) as AutoMessageType[];

/** One account's automatic messages, as TikTok and the desk have them. */
export interface FakeAuto {
  kinds: AutoKindView[];
  fetchedAtMs: number | null;
  fault: Fault | null;
  commentToMessage: { enabled: boolean | null; fault: Fault | null };
  versions: (AutoVersionView & { kind: AutoMessageType })[];
  comments: CommentView[];
  /** How long TikTok reviews a message; none if somebody else says when. */
  reviewMs: number | null;
  /** Words that TikTok refuses when they are brought to it again. */
  refuses: string;
}

const fault = (code: FaultCode, detail: string | null = null): FaultError =>
  new FaultError({ code, detail, incident: null });
const repeats = (a: AutoText, b: AutoText): boolean =>
  a.title !== "" || b.title !== "" ? a.title === b.title : a.body === b.body;
const same = (a: AutoText, b: AutoText): boolean => a.title === b.title && a.body === b.body;

export function autoOf(desk: FakeDesk, account: AccountId): FakeAuto {
  let auto = desk.auto.get(account);
  if (!auto) {
    auto = {
      kinds: KINDS.map((kind) => ({ kind, enabled: false, items: [], changedElsewhereMs: null })),
      fetchedAtMs: null,
      fault: null,
      commentToMessage: { enabled: false, fault: null },
      versions: [],
      comments: [],
      reviewMs: null,
      refuses: "",
    };
    desk.auto.set(account, auto);
  }
  return auto;
}

export function kindOf(auto: FakeAuto, kind: AutoMessageType): AutoKindView {
  const found = auto.kinds.find((one) => one.kind === kind);
  if (!found) throw fault("notFound");
  return found;
}

/** TikTok has decided about a message. */
export function decide(desk: FakeDesk, account: AccountId, message: string, audit: AuditStatus): void {
  for (const kind of autoOf(desk, account).kinds)
    for (const one of kind.items) if (one.id === message) one.audit = audit;
  desk.tell({ kind: "autoMessages", account });
}

/** Somebody changes a kind on the phone. */
export function changeElsewhere(
  desk: FakeDesk,
  account: AccountId,
  kind: AutoMessageType,
  change: (items: AutoMessageView[]) => AutoMessageView[],
): void {
  const auto = autoOf(desk, account);
  const at = kindOf(auto, kind);
  at.items = change(structuredClone(at.items));
  at.changedElsewhereMs = Date.now();
  keep(desk, auto, kind, true);
  desk.tell({ kind: "autoMessages", account });
}

function keep(desk: FakeDesk, auto: FakeAuto, kind: AutoMessageType, elsewhere = false): void {
  const { enabled, items } = kindOf(auto, kind);
  auto.versions.unshift({
    id: desk.id(),
    kind,
    atMs: Date.now(),
    elsewhere,
    enabled,
    items: structuredClone(items.map((one) => one.text)),
  });
}

function viewOf(account: AccountId, auto: FakeAuto): AutoMessagesView {
  const open = auto.comments.filter(
    (one) =>
      one.state.state === "open" && one.closesAtMs > Date.now() && one.conditions.every((each) => each.holds !== false),
  ).length;
  return {
    account,
    kinds: auto.kinds,
    fetchedAtMs: auto.fetchedAtMs,
    fault: auto.fault,
    commentToMessage: { ...auto.commentToMessage, open },
  };
}

function check(auto: FakeAuto, kind: AutoMessageType, text: AutoText, but = ""): void {
  const [title, body] = MAX_LENGTHS[kind];
  if (
    [...text.title].length > title ||
    [...text.body].length > body ||
    text.body === "" ||
    (title > 0 && text.title === "")
  )
    throw fault("autoTextInvalid");
  if (kindOf(auto, kind).items.some((one) => one.id !== but && repeats(one.text, text))) throw fault("autoDuplicate");
}

/** A message is new at TikTok, and reviewed. */
function fresh(desk: FakeDesk, account: AccountId, text: AutoText): AutoMessageView {
  const one: AutoMessageView = { id: desk.id(), text, audit: "reviewing", off: false };
  review(desk, account, one);
  return one;
}

function review(desk: FakeDesk, account: AccountId, one: AutoMessageView): void {
  const { reviewMs } = autoOf(desk, account);
  one.audit = "reviewing";
  if (reviewMs !== null)
    setTimeout(
      () => decide(desk, account, one.id, /whatsapp|https?:/i.test(one.text.body) ? "rejected" : "approved"),
      reviewMs,
    );
}

function locate(
  desk: FakeDesk,
  message: string,
): { account: AccountId; auto: FakeAuto; kind: AutoKindView; item: AutoMessageView } {
  for (const [account, auto] of desk.auto) {
    for (const kind of auto.kinds) {
      const item = kind.items.find((one) => one.id === message);
      if (item) return { account, auto, kind, item };
    }
  }
  throw fault("notFound");
}

/** Brings texts to TikTok one after another; each that is refused is told of. */
function bring(
  desk: FakeDesk,
  account: AccountId,
  kind: AutoMessageType,
  texts: readonly AutoText[],
  refused: AutoRefusal[],
): AutoMessageView[] {
  const { refuses } = autoOf(desk, account);
  return texts.flatMap((text, at) => {
    const no =
      at >= MAX_MESSAGES[kind]
        ? fault("autoTooMany")
        : refuses !== "" && `${text.title} ${text.body}`.includes(refuses)
          ? fault("tikTokRefused", "Content violates the community guidelines")
          : null;
    if (!no) return [fresh(desk, account, text)];
    refused.push({ text, fault: no.fault });
    return [];
  });
}

function done(desk: FakeDesk, account: AccountId, kind: AutoMessageType): AutoMessagesView {
  const auto = autoOf(desk, account);
  keep(desk, auto, kind);
  desk.tell({ kind: "autoMessages", account });
  return viewOf(account, auto);
}

function changeOne(
  desk: FakeDesk,
  asked: Extract<Asked, { command: "updateAutoMessage" | "recreateAutoMessage" | "deleteAutoMessage" }>,
): AutoMessagesView {
  const { account, auto, kind, item } = locate(desk, asked.args.message);
  switch (asked.command) {
    case "updateAutoMessage":
      if (!same(item.text, asked.args.base)) throw fault("autoChangedElsewhere");
      if (item.audit === "reviewing") throw fault("autoReviewing");
      if (item.audit === "rejected") throw fault("autoRejected");
      check(auto, kind.kind, asked.args.text, item.id);
      item.text = asked.args.text;
      review(desk, account, item);
      break;
    case "recreateAutoMessage":
      if (item.audit === "reviewing") throw fault("autoReviewing");
      check(auto, kind.kind, asked.args.text, item.id);
      kind.items = kind.items.map((one) => (one.id === item.id ? fresh(desk, account, asked.args.text) : one));
      break;
    case "deleteAutoMessage":
      if (kind.kind === "welcomeMessage") throw fault("autoNotPossible");
      kind.items = kind.items.filter((one) => one.id !== item.id);
  }
  return done(desk, account, kind.kind);
}

function changeKind(
  desk: FakeDesk,
  asked: Extract<Asked, { command: "createAutoMessage" | "sortAutoMessages" | "setAutoMessagesEnabled" }>,
): AutoMessagesView | AutoOutcome {
  const { account, kind } = asked.args;
  const auto = autoOf(desk, account);
  const at = kindOf(auto, kind);
  switch (asked.command) {
    case "createAutoMessage":
      if (at.items.length >= MAX_MESSAGES[kind]) throw fault("autoTooMany");
      check(auto, kind, asked.args.text);
      at.items = [...at.items, fresh(desk, account, asked.args.text)];
      return done(desk, account, kind);
    case "sortAutoMessages": {
      if (kind !== "chatPrompt") throw fault("autoNotPossible");
      const { order } = asked.args;
      at.items = [...at.items].sort((a, b) => order.indexOf(a.id) - order.indexOf(b.id));
      return done(desk, account, kind);
    }
    case "setAutoMessagesEnabled": {
      const refused: AutoRefusal[] = [];
      at.enabled = asked.args.enabled;
      if (at.enabled && kind !== "welcomeMessage") for (const one of at.items) one.off = true;
      if (at.enabled && kind !== "welcomeMessage" && asked.args.recreate) {
        const old = at.items;
        const anew = bring(
          desk,
          account,
          kind,
          old.map((one) => one.text),
          refused,
        );
        // What was refused stays as it is, switched off.
        at.items = [...old.filter((one) => refused.some((no) => same(no.text, one.text))), ...anew];
      }
      return { now: done(desk, account, kind), refused };
    }
  }
}

function copy(desk: FakeDesk, { from, to, kinds }: Commands["copyAutoMessages"]["args"]): AutoOutcome {
  const target = autoOf(desk, to);
  const refused: AutoRefusal[] = [];
  for (const kind of kinds) {
    const at = kindOf(target, kind);
    const missing = kindOf(autoOf(desk, from), kind)
      .items.map((one) => one.text)
      .filter((text) => !at.items.some((one) => same(one.text, text)));
    const room = MAX_MESSAGES[kind] - at.items.length;
    refused.push(...missing.slice(room).map((text) => ({ text, fault: fault("autoTooMany").fault })));
    at.items = [...at.items, ...bring(desk, to, kind, missing.slice(0, room), refused)];
    done(desk, to, kind);
  }
  return { now: viewOf(to, target), refused };
}

function restore(desk: FakeDesk, version: string): AutoOutcome {
  for (const [account, auto] of desk.auto) {
    const found = auto.versions.find((one) => one.id === version);
    if (!found) continue;
    const refused: AutoRefusal[] = [];
    const at = kindOf(auto, found.kind);
    at.items = found.items.flatMap(
      (text) => at.items.find((one) => same(one.text, text)) ?? bring(desk, account, found.kind, [text], refused),
    );
    return { now: done(desk, account, found.kind), refused };
  }
  throw fault("notFound");
}

function comment(desk: FakeDesk, asked: Extract<Asked, { command: "answerComment" | "dismissComment" }>): CommentView {
  for (const [account, auto] of desk.auto) {
    const one = auto.comments.find((each) => each.id === asked.args.comment);
    if (!one) continue;
    if (asked.command === "dismissComment") one.state = { state: asked.args.dismissed ? "dismissed" : "open" };
    else {
      if (one.closesAtMs <= Date.now() || one.conditions.some((each) => each.holds === false))
        throw fault(
          "commentNotAnswerable",
          one.closesAtMs <= Date.now()
            ? "recent"
            : (one.conditions.find((each) => each.holds === false)?.condition ?? null),
        );
      const { body } = asked.args;
      one.state =
        auto.refuses !== "" && body.includes(auto.refuses)
          ? {
              state: "refused",
              body,
              refusal: {
                reason: "messagingRules",
                code: 40064,
                message: "Message blocked by direct message rules",
                requestId: "20261128080110010244",
                atMs: Date.now(),
              },
            }
          : { state: "answered", body, atMs: Date.now() };
    }
    desk.tell({ kind: "autoMessages", account });
    return one;
  }
  throw fault("notFound");
}

/** What the desk answers to one of these questions; none if it is not one. */
export function automatic(desk: FakeDesk, asked: Asked): unknown {
  switch (asked.command) {
    case "getAutoMessages":
    case "refreshAutoMessages": {
      const auto = autoOf(desk, asked.args.account);
      if (auto.fault === null && (auto.fetchedAtMs === null || asked.command === "refreshAutoMessages"))
        auto.fetchedAtMs = Date.now();
      return viewOf(asked.args.account, auto);
    }
    case "updateAutoMessage":
    case "recreateAutoMessage":
    case "deleteAutoMessage":
      return changeOne(desk, asked);
    case "createAutoMessage":
    case "sortAutoMessages":
    case "setAutoMessagesEnabled":
      return changeKind(desk, asked);
    case "copyAutoMessages":
      return copy(desk, asked.args);
    case "listAutoVersions":
      return autoOf(desk, asked.args.account)
        .versions.filter((one) => one.kind === asked.args.kind)
        .map(({ kind: _, ...version }) => version);
    case "restoreAutoVersion":
      return restore(desk, asked.args.version);
    case "setCommentToMessage": {
      const auto = autoOf(desk, asked.args.account);
      if (auto.commentToMessage.fault) throw new FaultError(auto.commentToMessage.fault);
      auto.commentToMessage.enabled = asked.args.enabled;
      desk.tell({ kind: "autoMessages", account: asked.args.account });
      return viewOf(asked.args.account, auto);
    }
    case "listComments":
      return [...autoOf(desk, asked.args.account).comments].sort((a, b) => b.atMs - a.atMs);
    case "answerComment":
    case "dismissComment":
      return comment(desk, asked);
    default:
      return undefined;
  }
}
