// What a rule says and did, turned into words of the catalogue.
import type {
  Action,
  AgentId,
  AccountId,
  Condition,
  ActionTaken,
  RuleRunView,
  RuleSpec,
  SavedReplyId,
  Trigger,
} from "../ipc/bindings";
import { t } from "./index";
import { locale } from "./locale";
import { sanitizedName } from "./sanitize";
import { atMoment, toCome } from "./when";

/** Names of what a rule points at; none where it is not known. */
export interface Names {
  saved: (id: SavedReplyId) => string | null;
  /** Empty for the agent at this computer who has not said theirs. */
  agent: (id: AgentId) => string | null;
  account: (id: AccountId) => string | null;
}

export const HOUR = 60;
export const DAY = 24 * HOUR;

const clock = new Intl.DateTimeFormat(locale, { hour: "2-digit", minute: "2-digit", timeZone: "UTC" });
const weekdays = {
  long: new Intl.DateTimeFormat(locale, { weekday: "long", timeZone: "UTC" }),
  short: new Intl.DateTimeFormat(locale, { weekday: "short", timeZone: "UTC" }),
};
const languages = new Intl.DisplayNames(locale, { type: "language" });
/** A Monday. */
const MONDAY_MS = Date.UTC(2024, 0, 1);

/** "18:00", from minutes since midnight. */
export const atMinute = (minute: number): string => clock.format(MONDAY_MS + (minute % DAY) * 60_000);

/** A weekday's name, 1 for Monday to 7 for Sunday. */
export const dayOf = (day: number, length: "long" | "short" = "long"): string =>
  weekdays[length].format(MONDAY_MS + (day - 1) * DAY * 60_000);

/** A language's name from its ISO 639-3 code. */
export function languageName(code: string): string {
  try {
    return languages.of(code) ?? code;
  } catch {
    return code;
  }
}

/** "2 h", "90 min", "3 days" */
function lasting(minutes: number): string {
  if (minutes >= DAY && minutes % DAY === 0) return t.time.days(minutes / DAY);
  return minutes >= HOUR ? t.time.hoursMinutes(Math.floor(minutes / HOUR), minutes % HOUR) : t.time.minutes(minutes);
}

export function triggerWords(trigger: Trigger): string {
  const say = t.rules.sentence;
  switch (trigger.kind) {
    case "keyword":
      return trigger.words.length === 0
        ? say.noKeyword
        : say.keyword[trigger.matching](trigger.words.map(sanitizedName));
    case "noAnswer":
      return say.noAnswer(lasting(trigger.minutes));
    default:
      return say[trigger.kind];
  }
}

export function conditionWords(condition: Condition, names: Names): string {
  const say = t.rules.sentence;
  switch (condition.kind) {
    case "account":
      return say.account(condition.accounts.map((id) => names.account(id) ?? id));
    case "tag":
      return say.tag(sanitizedName(condition.name), condition.has);
    case "language":
      return say.language(condition.languages.map(languageName));
    case "follower":
      return say.follower(condition.follows);
    case "time":
      return say.time(
        atMinute(condition.span.fromMinute),
        atMinute(condition.span.toMinute),
        condition.days.map((day) => dayOf(day)),
      );
  }
}

function actionWords(action: Action, names: Names): string {
  const say = t.rules.sentence;
  switch (action.kind) {
    case "reply": {
      const name = names.saved(action.saved);
      return name === null ? say.someReply : say.reply(sanitizedName(name));
    }
    case "tag":
      return say.tagAction(sanitizedName(action.name));
    case "assign": {
      if (action.to.kind === "leastBusy") return say.assignLeast;
      const name = names.agent(action.to.agent);
      return say.assign(name === null ? say.someAgent : name === "" ? say.you : sanitizedName(name));
    }
    case "snooze":
      return say.snooze(lasting(action.minutes));
    default:
      return say[action.kind];
  }
}

/** A whole rule in one sentence. */
export function ruleSentence(spec: RuleSpec, names: Names): string {
  const say = t.rules.sentence;
  const actions = spec.actions.map((action) => actionWords(action, names));
  if (spec.stop && actions.length > 0) actions.push(say.stop);
  return say.whole(
    triggerWords(spec.trigger),
    spec.conditions.map((condition) => conditionWords(condition, names)),
    actions,
  );
}

function deedWords(deed: ActionTaken, now: number): string {
  const say = t.rules.log.deeds;
  switch (deed.kind) {
    case "replied":
    case "tagged":
      return say[deed.kind](sanitizedName(deed.name));
    case "assigned":
      return say.assigned(sanitizedName(deed.name));
    case "snoozed":
      return say.snoozed(deed.untilMs > now ? toCome(deed.untilMs, now) : atMoment(deed.untilMs, now));
    default:
      return say[deed.kind];
  }
}

/** "sent “Delivery times” and tagged “delivery”"; empty if it did nothing. */
export const deedsWords = ({ did }: Pick<RuleRunView, "did">, now: number): string =>
  did.length === 0 ? "" : t.rules.log.did(did.map((deed) => deedWords(deed, now)));
