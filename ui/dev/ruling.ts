// What the desk in memory does by itself, and when the shop is open.
import type {
  AccountId,
  BusinessHours,
  Commands,
  Condition,
  DryRuleView,
  RuleRunView,
  MessageView,
  NoReply,
  RuleProblem,
  RuleSpec,
  RulesView,
  SavedReplyView,
  Verdict,
} from "../src/ipc/bindings";
import { FaultError } from "../src/ipc/desk";
import type { FakeConversation, FakeDesk } from "./fake";
import { checkHours, clockAt, hoursView, openAt } from "./opening";
import { textOf } from "./searching";

type Asked = { [K in keyof Commands]: { command: K; args: Commands[K]["args"] } }[keyof Commands];

const MINUTE = 60_000;
const DAY = 24 * 60 * MINUTE;
const MAX_EXAMPLES = 5;
const MAX_FIRINGS = 100;

/** What one desk in memory knows of rules. */
export interface Ruling {
  rules: { id: string; spec: RuleSpec }[];
  reserve: number;
  here: Set<AccountId> | null;
  firings: (RuleRunView & { account: AccountId })[];
  hours: Map<AccountId, BusinessHours>;
  /** Saved replies, where a scene brings its own. */
  saved: SavedReplyView[] | null;
}

const known = new WeakMap<FakeDesk, Ruling>();

export function rulingOf(desk: FakeDesk): Ruling {
  const one = known.get(desk) ?? { rules: [], reserve: 3, here: null, firings: [], hours: new Map(), saved: null };
  known.set(desk, one);
  return one;
}

const folded = (text: string): string => text.normalize("NFD").replace(/\p{M}/gu, "").toLowerCase().trim();
const wordsIn = (text: string): string[] =>
  folded(text)
    .split(/[^\p{L}\p{N}]+/u)
    .filter((word) => word !== "");
const notFound = (): FaultError => new FaultError({ code: "notFound", detail: null, incident: null });

function problemOf(spec: RuleSpec, desk: FakeDesk): RuleProblem | null {
  const { saved } = rulingOf(desk);
  if (spec.name.trim() === "") return "noName";
  if (
    spec.trigger.kind === "keyword" &&
    (spec.trigger.words.length === 0 || spec.trigger.words.some((word) => wordsIn(word).length === 0))
  )
    return "noKeyword";
  if (spec.trigger.kind === "noAnswer" && !(spec.trigger.minutes >= 1 && spec.trigger.minutes <= 2880))
    return "outOfRange";
  for (const one of spec.conditions) {
    if (one.kind === "tag" && one.name.trim() === "") return "noTag";
    if (one.kind === "language" && one.languages.some((code) => !/^[a-z]{3}$/.test(code))) return "outOfRange";
  }
  if (spec.actions.length === 0) return "noAction";
  if (spec.actions.filter((one) => one.kind === "reply").length > 1) return "twoReplies";
  for (const one of spec.actions) {
    if (one.kind === "tag" && one.name.trim() === "") return "noTag";
    if (one.kind === "assign" && one.to.kind === "agent") {
      const { agent } = one.to;
      if (!desk.agents.some((other) => other.id === agent)) return "agentGone";
    }
    if (one.kind !== "reply") continue;
    const reply = saved?.find((other) => other.id === one.saved);
    if (saved && !reply) return "savedReplyGone";
    if (reply && reply.blanks.length > 0) return "savedReplyHasBlanks";
  }
  return null;
}

function view(desk: FakeDesk): RulesView {
  const ruling = rulingOf(desk);
  const rules = ruling.rules.map(({ id, spec }) => {
    const fired = ruling.firings.filter((one) => one.rule === id);
    return { id, spec, problem: problemOf(spec, desk), fired: fired.length, firedAtMs: fired[0]?.atMs ?? null };
  });
  return { rules, reserve: ruling.reserve, computers: desk.overview.settings.computers, answersHere: [...here(desk)] };
}

const here = (desk: FakeDesk): Set<AccountId> =>
  (rulingOf(desk).here ??= new Set(desk.overview.accounts.map((one) => one.id)));

/** A script stands for its languages, as far as a desk in memory can tell. */
const scripts: Record<string, RegExp> = {
  kor: /\p{Script=Hangul}/u,
  ara: /\p{Script=Arabic}/u,
  tha: /\p{Script=Thai}/u,
  jpn: /[\p{Script=Hiragana}\p{Script=Katakana}]/u,
  eng: /^[\p{ASCII}\p{P}\p{S}]+$/u,
};

function holds(desk: FakeDesk, condition: Condition, talk: FakeConversation, message: MessageView): boolean {
  switch (condition.kind) {
    case "account":
      return condition.accounts.includes(talk.account);
    case "tag":
      return talk.row.tags.some((one) => folded(one.name) === folded(condition.name)) === condition.has;
    case "language":
      return condition.languages.some((code) => scripts[code]?.test(textOf(message)) ?? false);
    case "follower":
      return talk.row.person.isFollower === condition.follows;
    case "time": {
      const { day, minute } = clockAt(rulingOf(desk).hours.get(talk.account)?.timeZone ?? "UTC")(message.sentAtMs);
      const { fromMinute, toMinute } = condition.span;
      const within =
        toMinute > fromMinute ? minute >= fromMinute && minute < toMinute : minute >= fromMinute || minute < toMinute;
      return within && (condition.days.length === 0 || condition.days.includes(day + 1));
    }
  }
}

function triggers(desk: FakeDesk, { trigger }: RuleSpec, talk: FakeConversation, message: MessageView): boolean {
  const before = talk.messages.slice(0, talk.messages.indexOf(message));
  switch (trigger.kind) {
    case "keyword": {
      const text = folded(textOf(message));
      const words = new Set(wordsIn(text));
      return trigger.words.some((word) => {
        if (trigger.matching === "exact") return wordsIn(text).join(" ") === wordsIn(word).join(" ");
        return trigger.matching === "phrase"
          ? text.includes(folded(word))
          : wordsIn(word).every((one) => words.has(one));
      });
    }
    case "firstMessage":
      return !before.some((one) => one.direction === "in");
    case "outsideHours":
      return !openAt(rulingOf(desk).hours.get(talk.account) ?? null, message.sentAtMs);
    case "noAnswer": {
      const answer =
        talk.messages.find((one) => one.direction === "out" && one.sentAtMs > message.sentAtMs)?.sentAtMs ?? Date.now();
      return answer - message.sentAtMs >= trigger.minutes * MINUTE;
    }
    case "messageRequest":
      return !before.some((one) => one.direction === "out");
    case "image":
      return message.content.type === "image";
  }
}

/** What each rule says to a message, in their order. */
function verdicts(
  desk: FakeDesk,
  rules: readonly { id: string | null; spec: RuleSpec }[],
  talk: FakeConversation,
  message: MessageView,
): Verdict[] {
  let by: string | null = null;
  return rules.map(({ spec }): Verdict => {
    if (!spec.enabled) return { kind: "disabled" };
    if (by !== null) return { kind: "stopped", by };
    if (!triggers(desk, spec, talk, message)) return { kind: "trigger" };
    const at = spec.conditions.findIndex((one) => !holds(desk, one, talk, message));
    if (at >= 0) return { kind: "condition", at };
    if (spec.stop) by = spec.name;
    return { kind: "fired" };
  });
}

/** Why a rule's reply would not have gone out. */
function withheld(
  desk: FakeDesk,
  spec: RuleSpec,
  talk: FakeConversation,
  message: MessageView,
  answered: boolean,
): NoReply | null {
  if (answered) return "alreadyAnswered";
  const unfit = ["savedReplyGone", "savedReplyHasBlanks"].includes(problemOf(spec, desk) ?? "");
  if (unfit) return "savedReplyUnfit";
  if (!here(desk).has(talk.account)) return "otherComputer";
  const waits = spec.trigger.kind === "noAnswer" ? spec.trigger.minutes * MINUTE : 0;
  if (waits >= 48 * 60 * MINUTE) return "windowClosed";
  // Somebody who sat at the keyboard was quicker.
  if (
    talk.messages.some(
      (one) =>
        one.direction === "out" &&
        one.auto === null &&
        one.sentAtMs > message.sentAtMs &&
        one.sentAtMs < message.sentAtMs + MINUTE,
    )
  )
    return "agentAnswered";
  if (talk.row.budget && talk.row.budget.left <= rulingOf(desk).reserve) return "reserve";
  return null;
}

function dryRun(desk: FakeDesk, args: Commands["dryRunRules"]["args"]): Commands["dryRunRules"]["reply"] {
  const ruling = rulingOf(desk);
  const since = Date.now() - args.days * DAY;
  const rules: { id: string | null; spec: RuleSpec }[] = ruling.rules.map((one) =>
    one.id === args.rule && args.spec ? { id: one.id, spec: args.spec } : one,
  );
  if (args.rule === null && args.spec) rules.push({ id: null, spec: args.spec });
  const out: DryRuleView[] = rules.map(({ id, spec }) => ({
    rule: id,
    name: spec.name,
    fired: 0,
    replies: 0,
    noReplies: [],
    examples: [],
  }));
  const all = desk.conversations
    .filter((one) => args.account === null || one.account === args.account)
    .flatMap((talk) =>
      talk.messages
        .filter((one) => one.direction === "in" && one.sentAtMs >= since)
        .map((message) => ({ talk, message })),
    )
    .sort((a, b) => b.message.sentAtMs - a.message.sentAtMs);
  for (const { talk, message } of all) {
    let answered = false;
    for (const [at, verdict] of verdicts(desk, rules, talk, message).entries()) {
      const rule = rules[at];
      const sum = out[at];
      if (!rule || !sum || verdict.kind !== "fired") continue;
      sum.fired += 1;
      let noReply: NoReply | null = null;
      if (rule.spec.actions.some((one) => one.kind === "reply")) {
        const why = (noReply = withheld(desk, rule.spec, talk, message, answered));
        if (why === null) {
          sum.replies += 1;
          answered = true;
        } else {
          const count = sum.noReplies.find((one) => one.why === why);
          if (count) count.times += 1;
          else sum.noReplies.push({ why, times: 1 });
        }
      }
      if (sum.examples.length < MAX_EXAMPLES)
        sum.examples.push({
          conversation: talk.row.id,
          person: talk.row.person.name,
          message: message.id,
          text: textOf(message).slice(0, 120),
          atMs: message.sentAtMs,
          noReply,
        });
    }
  }
  const times = all.map(({ message }) => message.sentAtMs);
  return {
    messages: all.length,
    conversations: new Set(all.map(({ talk }) => talk)).size,
    fromMs: times.at(-1) ?? since,
    toMs: times[0] ?? since,
    rules: out,
    tookMs: 140 + all.length,
  };
}

function explain(desk: FakeDesk, id: string): Commands["explainRules"]["reply"] {
  const ruling = rulingOf(desk);
  const talk = desk.conversations.find((one) => one.messages.some((message) => message.id === id));
  const message = talk?.messages.find((one) => one.id === id);
  if (!talk || !message) throw notFound();
  const said = verdicts(desk, ruling.rules, talk, message);
  const answers = ruling.rules.find(
    ({ spec }, at) => said[at]?.kind === "fired" && spec.actions.some((one) => one.kind === "reply"),
  );
  return {
    message: id,
    fired: ruling.firings.filter((one) => one.message === id).map(plain),
    verdicts: ruling.rules.map(({ id: rule, spec }, at) => ({
      rule,
      name: spec.name,
      verdict: said[at] ?? { kind: "trigger" },
    })),
    noReply: answers
      ? withheld(
          desk,
          answers.spec,
          talk,
          message,
          talk.messages.some((one) => one.direction === "out" && one.sentAtMs > message.sentAtMs),
        )
      : null,
  };
}

const plain = ({ account: _, ...one }: RuleRunView & { account: AccountId }): RuleRunView => one;

function save(desk: FakeDesk, rule: string | null, spec: RuleSpec): void {
  const ruling = rulingOf(desk);
  const problem = problemOf(spec, desk);
  if (problem) throw new FaultError({ code: "ruleInvalid", detail: problem, incident: null });
  if (rule === null) ruling.rules.push({ id: `r${desk.id()}`, spec });
  else {
    const one = ruling.rules.find((other) => other.id === rule);
    if (!one) throw notFound();
    one.spec = spec;
  }
}

/** Does one of the changes; whether it was one. */
function changed(desk: FakeDesk, asked: Asked): boolean {
  const ruling = rulingOf(desk);
  switch (asked.command) {
    case "saveRule":
      save(desk, asked.args.rule, asked.args.spec);
      return true;
    case "deleteRule":
      ruling.rules = ruling.rules.filter((one) => one.id !== asked.args.rule);
      return true;
    case "sortRules": {
      const { order } = asked.args;
      if (order.length !== ruling.rules.length) throw notFound();
      ruling.rules = order.map(
        (id) =>
          ruling.rules.find((one) => one.id === id) ??
          (() => {
            throw notFound();
          })(),
      );
      return true;
    }
    case "setReplyReserve":
      ruling.reserve = asked.args.reserve;
      return true;
    case "setRulesOnThisComputer":
      if (asked.args.here) here(desk).add(asked.args.account);
      else here(desk).delete(asked.args.account);
      return true;
    default:
      return false;
  }
}

/** What the desk answers to one of these questions; none if it is not one. */
export function ruling(desk: FakeDesk, asked: Asked): unknown {
  const own = rulingOf(desk);
  if (changed(desk, asked)) {
    desk.tell({ kind: "rules" });
    return view(desk);
  }
  switch (asked.command) {
    case "listRules":
      return view(desk);
    case "listRuleRuns": {
      const { account, rule, before } = asked.args;
      return own.firings
        .filter(
          (one) =>
            one.account === account &&
            (rule === null || one.rule === rule) &&
            (before === null || Number(one.id) < Number(before)),
        )
        .slice(0, MAX_FIRINGS)
        .map(plain);
    }
    case "explainRules":
      return explain(desk, asked.args.message);
    case "dryRunRules":
      return dryRun(desk, asked.args);
    case "getBusinessHours":
      return hoursView(asked.args.account, own.hours.get(asked.args.account) ?? null, Date.now());
    case "saveBusinessHours": {
      const { account, hours } = asked.args;
      if (hours) checkHours(hours);
      if (hours) own.hours.set(account, hours);
      else own.hours.delete(account);
      desk.tell({ kind: "rules" });
      return hoursView(account, hours, Date.now());
    }
    case "findSavedReplies":
      return own.saved
        ?.filter((one) => folded(`${one.name} ${one.shortcut} ${one.body}`).includes(folded(asked.args.query)))
        .slice(0, asked.args.limit);
    default:
      return undefined;
  }
}
