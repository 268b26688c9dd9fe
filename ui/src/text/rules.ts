// Rules and business hours, in words.
import type { Condition, KeywordMatch, NoReply, RuleProblem, Trigger } from "../ipc/bindings";
import { count, number } from "./count";

const locale = number.resolvedOptions().locale;
const and = new Intl.ListFormat(locale, { style: "long", type: "conjunction" });
const or = new Intl.ListFormat(locale, { style: "long", type: "disjunction" });
/** A person’s own words inside a sentence of ours: in quotes, and in their own direction of writing. */
const quoted = (words: string): string => `“\u2068${words}\u2069”`;
const anyOf = (words: readonly string[]): string => or.format(words.map(quoted));
const times = (n: number): string => (n === 1 ? "once" : n === 2 ? "twice" : `${number.format(n)} times`);
const replies = (n: number): string => count(n, "reply", "replies");

/** Parts of the one sentence that says what a rule does. */
const sentence = {
  whole: (when: string, conditions: readonly string[], actions: readonly string[]) =>
    `When ${[when, ...conditions].join(", and ")}: ${actions.length === 0 ? "nothing yet" : and.format(actions)}.`,
  keyword: {
    exact: (words: readonly string[]) => `a message is just ${anyOf(words)}`,
    word: (words: readonly string[]) => `a message contains ${anyOf(words)}`,
    phrase: (words: readonly string[]) => `a message contains the phrase ${anyOf(words)}`,
  } satisfies Record<KeywordMatch, (words: readonly string[]) => string>,
  noKeyword: "a message contains …",
  firstMessage: "a customer writes for the first time",
  outsideHours: "a customer writes outside business hours",
  noAnswer: (time: string) => `a message was not answered for ${time}`,
  messageRequest: "a message request comes in",
  image: "a customer sends a picture",
  account: (names: readonly string[]) => (names.length === 0 ? "it came to …" : `it came to ${or.format(names)}`),
  tag: (name: string, has: boolean) => `the customer ${has ? "has" : "does not have"} the tag ${quoted(name || "…")}`,
  language: (names: readonly string[]) => (names.length === 0 ? "it is in …" : `it is in ${or.format(names)}`),
  follower: (follows: boolean) => (follows ? "the customer follows you" : "the customer does not follow you"),
  time: (from: string, to: string, days: readonly string[]) =>
    `it came between ${from} and ${to}${days.length === 0 ? "" : ` on ${or.format(days)}`}`,
  reply: (name: string) => `send ${quoted(name)}`,
  someReply: "send a saved reply",
  tagAction: (name: string) => `tag ${quoted(name || "…")}`,
  assign: (name: string) => `assign it to ${name}`,
  assignLeast: "assign it to whoever is least busy",
  you: "you",
  someAgent: "an agent",
  snooze: (time: string) => `snooze it for ${time}`,
  done: "mark it as done",
  notify: "notify you",
  stop: "stop",
};

const problems: Record<RuleProblem, string> = {
  noName: "Give the rule a name.",
  noKeyword: "Write at least one keyword, each with a letter, a digit or an emoji.",
  noAction: "Add something for the rule to do.",
  twoReplies: "A rule sends at most one reply. Take one of them out.",
  savedReplyGone: "Its saved reply is gone. Choose another one.",
  savedReplyHasBlanks:
    "Its saved reply has a blank that only a person can fill in. Choose another one, or give the blank a fixed text.",
  outOfRange: "A number, a day or a language makes no sense here.",
  noTag: "Give the tag a name.",
  agentGone: "Its agent is gone. Choose another one.",
};

export const noReply: Record<NoReply, string> = {
  alreadyAnswered: "another rule had answered this message",
  agentAnswered: "somebody had answered in the meantime",
  windowClosed: "the reply window had closed",
  reserve: "the replies left are kept for people",
  loop: "too many automatic answers in a short time",
  savedReplyUnfit: "the saved reply is gone or has blanks",
  otherComputer: "this computer does not answer for the account",
  history: "the message came too late: with the history, or after Deskbell had been closed for long",
};

const triggers: Record<Trigger["kind"], { name: string; more: string }> = {
  keyword: { name: "A message contains keywords", more: "Case and accents do not matter." },
  firstMessage: {
    name: "A customer’s first message",
    more: "The first ever from this customer, as far as Deskbell knows.",
  },
  outsideHours: {
    name: "A message outside business hours",
    more: "By the account’s own hours. Without any, the shop counts as always open.",
  },
  noAnswer: { name: "No answer for a while", more: "Nobody has answered a customer’s message for so long." },
  messageRequest: { name: "A message request", more: "A message in a conversation that you have never answered." },
  image: { name: "A picture", more: "A customer sends a picture." },
};

const conditions: Record<Condition["kind"], { name: string; more: string }> = {
  account: { name: "Account", more: "It came to one of these accounts." },
  tag: { name: "Tag", more: "The customer has a tag, or does not have it." },
  language: {
    name: "Language",
    more: "Short messages in Latin or Cyrillic letters often do not tell their language; then this does not hold.",
  },
  follower: { name: "Follower", more: "Whether the customer follows you. If TikTok has not said, this does not hold." },
  time: { name: "Time of day", more: "It came within these hours, by the account’s time zone." },
};

export const rules = {
  title: "Rules",
  lead:
    "What Deskbell does by itself with customers’ messages, while it runs. Rules are tried from top " +
    "to bottom; at most one of them answers a message.",
  tabsName: "Parts of this screen",
  tabs: { rules: "Rules", log: "What they did", hours: "Business hours" },
  add: "New rule",
  loading: "Loading the rules",
  failed: "The rules could not be loaded",
  offline: (names: readonly string[]) =>
    `TikTok cannot be reached for ${and.format(names)} right now. Rules can be written and tried; ` +
    `their replies wait, and go out once it can.`,
  lost: "Connection to Deskbell lost. What you write stays here.",

  list: {
    name: "Rules, in the order in which they are tried",
    fired: (n: number, last: string) => `Fired ${times(n)}, last ${last}`,
    never: "Has not fired yet",
    onOff: (name: string) => `Rule ${name}`,
    edit: (name: string) => `Edit ${name}`,
    move: (name: string, at: number, of: number) => `Move ${name}, ${number.format(at)} of ${number.format(of)}`,
    moveHow: "Drag, or press Alt and the up or down arrow",
    moved: (name: string, at: number, of: number) => `${name} is now ${number.format(at)} of ${number.format(of)}`,
    more: (name: string) => `More for ${name}`,
    editItem: "Edit",
    duplicate: "Duplicate",
    log: "What it did",
    remove: "Delete",
    up: "Move up",
    down: "Move down",
    copyOf: (name: string) => `${name} (copy)`,
    deleted: (name: string) => `Rule ${name} deleted`,
    unsaved: "Unsaved changes",
    off: "Off",
  },

  empty: {
    title: "No rules yet",
    lead: "Begin with a common case. Nothing happens before you save it, and a dry run shows first what it would have done.",
    blank: { name: "An empty rule", more: "Choose everything yourself." },
    templates: {
      away: { name: "Away message", more: "Answers outside business hours, so that nobody wonders.", rule: "Away" },
      greeting: { name: "Greeting", more: "Answers a customer’s first message ever.", rule: "Greeting" },
      delivery: {
        name: "Delivery question",
        more: "Answers questions about delivery and tags the customer.",
        rule: "Delivery",
        words: ["delivery", "shipping", "tracking"],
        tag: "delivery",
      },
      late: {
        name: "Nobody answered",
        more: "After two hours without an answer, assigns the conversation and notifies you.",
        rule: "Nobody answered",
      },
    },
  },

  editor: {
    newTitle: "New rule",
    title: (name: string) => (name === "" ? "Rule" : name),
    name: "Name",
    namePlaceholder: "What you call it",
    enabled: "This rule works",
    when: "When",
    trigger: "What makes it look",
    keywords: "Keywords",
    keywordsPlaceholder: "Type a keyword, then Enter",
    keywordsMore: "Any of them is enough.",
    matching: "How a keyword must stand in the message",
    matches: {
      exact: { name: "Whole message", more: "“price” fits “Price?”, but not “price please”." },
      word: { name: "All its words", more: "“size chart” fits “do you have a chart for this size”, in any order." },
      phrase: { name: "Phrase", more: "“how much” fits “so how much is it”, but not “how very much”." },
    } satisfies Record<KeywordMatch, { name: string; more: string }>,
    waits: "How long nobody has answered",
    only: "Only if",
    onlyNone: "Always, when the above happens.",
    addCondition: "Add a condition",
    conditionsName: "Conditions to add",
    removeCondition: (name: string) => `Remove the condition ${name}`,
    do: "Do this",
    addAction: "Add an action",
    actionsName: "Actions to add",
    removeAction: (name: string) => `Remove the action ${name}`,
    actions: {
      reply: "Send a saved reply",
      tag: "Tag the customer",
      assign: "Assign the conversation",
      snooze: "Snooze the conversation",
      done: "Mark as done",
      notify: "Notify me",
    },
    actionMore: {
      done: "The conversation moves to Done until the customer writes again.",
      notify: "Even if notifications are off in the settings.",
    },
    stop: "Stop here",
    stopMore: "Once this rule has fired, no rule below it is tried.",
    save: "Save",
    saving: "Saving",
    cancel: "Cancel",
    back: "All rules",
    asSentence: "In one sentence",
    notSaved: "The rule was not saved",
    saved: (name: string) => `Rule ${name} saved`,
    wrong: (n: number) => `${count(n, "thing is", "things are")} missing or wrong; see what is marked.`,
  },
  discard: {
    title: "Leave without saving?",
    text: (name: string) =>
      name === "" ? "What you changed in this rule is not saved." : `What you changed in “${name}” is not saved.`,
    hours: "What you changed in the business hours is not saved.",
    leave: "Discard changes",
    stay: "Keep editing",
  },

  wait: "Write a time of 1 minute to 2 days.",
  incomplete: {
    account: "Choose at least one account.",
    language: "Choose at least one language.",
    time: "Write a beginning and an end.",
    tag: "Give the tag a name.",
    follower: "Choose one of them.",
    snooze: "Write a time of 1 minute to 30 days.",
  } satisfies Record<Condition["kind"] | "snooze", string>,
  accounts: { label: "Accounts", placeholder: "Add an account" },
  languages: { label: "Languages", placeholder: "Add a language", none: "No language of this name is told apart" },
  tag: {
    label: "Tag",
    placeholder: "Name of the tag",
    has: "has it",
    hasNot: "does not have it",
    whether: "Whether the customer has it",
  },
  follower: { label: "Whether the customer follows you", yes: "follows you", no: "does not follow you" },
  time: {
    from: "From",
    to: "To",
    days: "On these weekdays",
    everyDay: "None chosen means every day.",
    nextDay: "Into the next day.",
  },
  assign: {
    label: "To whom",
    least: "Whoever is least busy",
    leastMore: "Of those who are not away, whoever has the fewest open conversations.",
    away: (name: string) => `${name} (away)`,
    you: "You",
    none: "Choose an agent",
    loading: "Loading agents",
  },
  duration: { label: "For how long", units: { minutes: "minutes", hours: "hours", days: "days" }, unit: "Unit" },
  reply: {
    label: "Saved reply",
    placeholder: "Search saved replies",
    none: "No saved reply fits",
    empty: "There are no saved replies yet.",
    write: "Write one",
    change: "Choose another",
    blanks: (names: readonly string[]) =>
      `It has ${count(names.length, "a blank", "blanks")} that only a person can fill in: ` +
      `${and.format(names.map(quoted))}. A rule cannot send it.`,
    withPicture: "With a picture",
    gone: "The saved reply that this rule sent is gone. Choose another one.",
    choose: "Choose a saved reply.",
    failed: "Saved replies could not be loaded",
  },
  chips: {
    remove: (name: string) => `Remove ${name}`,
    added: (name: string) => `${name} added`,
    removed: (name: string) => `${name} removed`,
    suggestions: "To choose from",
    create: (name: string) => `New tag ${quoted(name)}`,
  },

  dry: {
    title: "Dry run",
    lead: "What would have happened with past messages. Nothing is sent and nothing is changed.",
    leadAll: "What your rules would have done with past messages. Nothing is sent and nothing is changed.",
    account: "Account",
    allAccounts: "All accounts",
    days: "How far back",
    daysOf: (n: number) => (n === 365 ? "1 year" : count(n, "day", "days")),
    run: "Run",
    again: "Run again",
    running: "Looking through past messages…",
    cancel: "Cancel",
    failed: "The dry run did not work",
    stale: "Something has changed since this dry run.",
    fired: (n: number, days: number) =>
      n === 0
        ? `Would not have fired in ${count(days, "day", "days")}`
        : `Would have fired ${times(n)} in ${count(days, "day", "days")}`,
    looked: (messages: string, conversations: string, took: string) =>
      `${messages} in ${conversations} looked at, ${took}.`,
    messages: (n: number) => count(n, "message", "messages"),
    conversations: (n: number) => count(n, "conversation", "conversations"),
    took: (seconds: number) => `${number.format(seconds)} s`,
    since: (date: string) => `The earliest is of ${date}.`,
    nothing: "There are no customers’ messages in this time.",
    sent: (n: number) => `${replies(n)} sent`,
    sentMore: (n: number) =>
      n === 0
        ? "No reply would have gone out."
        : `That is ${replies(n)} of customers’ budgets: TikTok allows 10 until the customer writes again.`,
    held: {
      alreadyAnswered: (n: number) => `${number.format(n)} answered by another rule`,
      agentAnswered: (n: number) => `${number.format(n)} answered by somebody first`,
      windowClosed: (n: number) => `${number.format(n)} outside the reply window`,
      reserve: (n: number) => `${number.format(n)} kept for people`,
      loop: (n: number) => `${number.format(n)} stopped as a loop`,
      savedReplyUnfit: (n: number) => `${number.format(n)} without a usable saved reply`,
      otherComputer: (n: number) => `${number.format(n)} left to another computer`,
      history: (n: number) => `${number.format(n)} that came too late`,
    } satisfies Record<NoReply, (n: number) => string>,
    each: "Rule by rule",
    others: "The other rules",
    oneRule: (fired: number, sent: number) => `fired ${times(fired)}, ${replies(sent)}`,
    notFired: "would not have fired",
    examples: "Some of the messages",
    openExample: "Open the message",
    noReply: (why: string) => `No reply: ${why}`,
    noText: "Message without text",
    unnamed: "This rule",
  },

  log: {
    account: "Account",
    rule: "Rule",
    allRules: "All rules",
    goneRule: (name: string) => `${name} (deleted)`,
    loading: "Loading what the rules did",
    failed: "The log could not be loaded",
    empty: "No rule has fired yet",
    emptyMore: "Whatever a rule does is noted here, with the reason if no reply went out.",
    emptyRule: "This rule has not fired yet",
    name: "What the rules did, newest first",
    older: "Load older",
    loadingOlder: "Loading",
    all: "That is all.",
    open: (person: string) => `Open message from ${person}`,
    openMessage: "Open message",
    why: "Why?",
    whyName: (rule: string, person: string) => `Why? ${rule} for ${person}`,
    deeds: {
      replied: (name: string) => `sent ${quoted(name)}`,
      tagged: (name: string) => `tagged ${quoted(name)}`,
      assigned: (name: string) => (name === "" ? "assigned it to you" : `assigned it to ${name}`),
      nobodyThere: "assigned it to nobody: all were away",
      snoozed: (until: string) => `snoozed it until ${until}`,
      done: "marked it as done",
      notified: "notified you",
    },
    did: (deeds: readonly string[]) => and.format(deeds),
  },

  explain: {
    title: "Why did a rule answer, or not?",
    loading: "Asking the rules",
    failed: "This could not be found out",
    happened: "What happened",
    none: "No rule fired on this message.",
    now: "What the rules say as they are now",
    noRules: "There are no rules.",
    fired: "It fits: it would fire.",
    disabled: "It is switched off.",
    trigger: (what: string) => `It waits for something else: ${what}.`,
    triggerOnly: "It waits for something else.",
    condition: (what: string) => `It asks that ${what}, and that is not so.`,
    conditionOnly: (n: number) => `Its condition ${number.format(n)} does not hold.`,
    stopped: (by: string) => `It is not tried: ${quoted(by)} above it fires and stops the others.`,
    noReply: (why: string) => `If it fired now, no reply would go out: ${why}.`,
    did: (rule: string, what: string) => `${quoted(rule)} ${what === "" ? "fired" : what}.`,
    without: (why: string) => `No reply went out: ${why}.`,
    close: "Close",
  },
  noReply,
  problems,
  triggers,
  conditions,
  sentence,

  here: {
    title: "This computer",
    answers: (name: string) => `Answers by rule for ${name}`,
    many: (n: number) =>
      `${count(n, "computer answers", "computers answer")} with this app. Let only one of them answer ` +
      `by rule for an account, or customers get the same answer more than once.`,
    none: "Switched off for every account: rules here send no replies.",
    reserve: "Replies kept for people",
    reserveMore: "TikTok allows 10 replies until the customer writes again. Rules stop when only so many are left.",
    reserveOf: (n: number) => (n === 0 ? "None" : number.format(n)),
  },
};

export const hours = {
  title: "Business hours",
  lead: "When somebody answers. The trigger “outside business hours” goes by them.",
  account: "Account",
  loading: "Loading the business hours",
  failed: "The business hours could not be loaded",
  notSaved: "The business hours were not saved",
  saved: "Business hours saved",
  save: "Save",
  cancel: "Undo changes",
  always: "Always open",
  alwaysMore: "No rule for “outside business hours” fires then.",
  openAlways: "Always open.",
  openUntil: (time: string) => `Open now. Closes ${time}.`,
  openOn: "Open now.",
  closedUntil: (time: string) => `Closed now. Opens ${time}.`,
  closedOn: "Closed now, and no opening is known.",
  there: (time: string, zone: string) => `${time} in ${zone}`,
  unsaved: "As last saved; your changes are not saved yet.",
  zone: "Time zone",
  zonePlaceholder: "Search for a city or a country’s zone",
  zoneNone: "No time zone fits",
  zoneOf: (city: string, region: string, offset: string) =>
    [city, region, offset].filter((one) => one !== "").join(", "),
  week: "Week",
  from: (day: string, n: number) => `${day}, stretch ${number.format(n)}, from`,
  to: (day: string, n: number) => `${day}, stretch ${number.format(n)}, to`,
  until: "to",
  closed: "Closed",
  rest: (before: string) => `Only what runs on from ${before}`,
  nextDay: "next day",
  addSpan: (day: string) => `Add hours on ${day}`,
  removeSpan: (day: string, n: number) => `Remove stretch ${number.format(n)} on ${day}`,
  copy: (day: string) => `Copy ${day}’s hours`,
  copyWeekdays: "To Monday to Friday",
  copyAll: "To every day",
  copied: (day: string) => `${day}’s hours copied`,
  holidays: "Holidays",
  holidaysMore: "Closed all day, whatever the weekday.",
  noHolidays: "No holidays yet.",
  holidayDate: "Date",
  holidayName: "Name",
  holidayNamePlaceholder: "What for",
  addHoliday: "Add holiday",
  removeHoliday: (what: string) => `Remove ${what}`,
  past: "past",
  wrong: {
    timeZone: "Choose a time zone from the list.",
    week: "Some hours overlap or have no beginning or end.",
    holiday: "A holiday needs a date, and each date only once.",
    time: "Write it as 09:00.",
    overlap: "These hours overlap.",
  },
};
