// TikTok’s automatic messages and comments answered by message, in words.
import type { AuditStatus, AutoMessageType, CommentCondition } from "../ipc/bindings";
import type { Obstacle, Outcome } from "../domain/autoMessageText";
import { count, number } from "./count";

const kinds: Record<AutoMessageType, { name: string; one: string; more: string; title: string; body: string }> = {
  welcomeMessage: {
    name: "Welcome message",
    one: "welcome message",
    more: "Greets a customer who opens a chat for the first time",
    title: "Greeting",
    body: "Greeting",
  },
  suggestedQuestion: {
    name: "Suggested questions",
    one: "question",
    more: "a customer taps one and gets its answer at once",
    title: "Question",
    body: "Answer",
  },
  chatPrompt: {
    name: "Chat prompts",
    one: "chat prompt",
    more: "buttons above the customer’s keyboard, in this order; you answer what they ask",
    title: "Words on the button",
    body: "What the customer asks",
  },
};
const empty: Record<AutoMessageType, string> = {
  welcomeMessage: "No greeting yet. If you turn it on like this, TikTok writes one of its own.",
  suggestedQuestion: "No question yet. Customers ask the same things again and again: offer them here.",
  chatPrompt: "No prompt yet. A short button such as “Opening hours” saves customers the typing.",
};
const audits: Record<AuditStatus, string> = {
  reviewing: "In review",
  approved: "Approved",
  rejected: "Rejected",
  unknown: "Not known",
};
const reviewing = "Cannot be changed until TikTok has decided. That takes from seconds to about 3 hours.";
const auditMore: Partial<Record<AuditStatus, string>> = {
  reviewing,
  rejected: "Customers do not see it, and it cannot be changed. Replace it by a new one.",
  unknown: "TikTok says something about its review that Deskbell does not know.",
};
const chars = (n: number): string => count(n, "character", "characters");

/** Why a draft cannot be sent, by its kind. */
function obstacle(kind: AutoMessageType, { why, over }: Obstacle): string {
  const body = kind === "welcomeMessage" ? "greeting" : kind === "suggestedQuestion" ? "answer" : "question";
  const title = kind === "chatPrompt" ? "button’s words" : "question";
  switch (why) {
    case "titleTooLong":
      return kind === "chatPrompt"
        ? `Shorten the button’s words by ${chars(over)}.`
        : `Shorten the question by ${chars(over)}.`;
    case "bodyTooLong":
      return `Shorten the ${body} by ${chars(over)}.`;
    case "noTitle":
      return `Write the ${title} first.`;
    case "noBody":
      return `Write the ${body} first.`;
    case "duplicate":
      return kind === "welcomeMessage"
        ? "It says this already."
        : kind === "chatPrompt"
          ? "A button with these words is there already, and TikTok takes no doubles."
          : "This question is there already, and TikTok takes no doubles.";
    case "unchanged":
      return "Nothing has changed yet.";
    case "reviewing":
      return "TikTok is reviewing the message and takes no change meanwhile. Your text stays here.";
    case "tooMany":
      return "TikTok allows no more of this kind. Delete one first.";
    case "conflict":
      return "Choose one of the two texts first.";
  }
}

const outcomes: Record<Outcome["what"], (n: number) => string> = {
  enabled: (n) => `It is on, but TikTok did not take ${count(n, "message", "messages")} anew:`,
  restored: (n) => `It is restored, but TikTok did not take ${count(n, "message", "messages")}:`,
};

export const automatic = {
  title: "Automatic messages",
  lead: (handle: string) =>
    `TikTok sends these for ${handle}, also while Deskbell is closed. Each change is reviewed by TikTok before customers see it.`,
  kinds,
  empty,
  audits,
  auditMore,
  reviewing,
  obstacle,
  loading: "Loading automatic messages",
  failed: "The automatic messages could not be loaded",
  stale: "TikTok could not be asked. This is how it was before",
  noAccount: "No account is linked yet",
  noAccountMore: "Link your TikTok Business Account to see what TikTok sends for it.",
  linkAccount: "Link an account",
  linkAgain: "Link again",
  asked: (time: string) => `TikTok was asked ${time}`,
  notAsked: "TikTok was not asked yet",
  refresh: "Ask TikTok now",
  refreshing: "Asking TikTok…",
  offline: "TikTok cannot be reached. You can write here; it goes to TikTok once you are connected and send it.",
  relink: "Read only: TikTok no longer lets Deskbell in. Link the account again to change something.",
  unlinked: "Read only: this account is unlinked. This is how it was before.",
  readOnly: "Link the account again to change something.",

  count: (has: number, most: number, more: string) => `${number.format(has)} of ${number.format(most)} · ${more}`,
  add: "Add",
  addName: (one: string) => `Add a ${one}`,
  full: (most: number) => `TikTok allows ${number.format(most)}. Delete one first.`,
  edit: "Edit",
  editName: (what: string) => `Edit “${what}”`,
  delete: "Delete",
  deleteName: (what: string) => `Delete “${what}”`,
  replace: "Replace",
  replaceName: (what: string) => `Replace “${what}”`,
  off: "Switched off",
  offMore: (n: number) =>
    `TikTok switched ${count(n, "message", "messages")} off when this was turned on. Customers see ` +
    `${n === 1 ? "it" : "them"} again once made anew.`,
  remake: "Make anew",
  remakeName: (what: string) => `Make anew “${what}”`,
  notDone: "This was not done",
  turnedOff: (name: string) => `${name} turned off. Turning them on again makes TikTok want each of them anew.`,

  editor: {
    new: (one: string) => `New ${one}`,
    change: (one: string) => `Change the ${one}`,
    replacing: (one: string) => `Replace the ${one}`,
    count: (n: number, most: number) => `${number.format(n)} / ${number.format(most)}`,
    over: (n: number, most: number, over: number) =>
      `${number.format(n)} / ${number.format(most)}, ${chars(over)} too many`,
    cancel: "Cancel",
    send: "Send for review",
    sending: "Sending…",
    notSent: "It was not sent for review",
    sameTitle: "Another one differs in capitals only. Customers may not tell them apart, and TikTok may refuse it.",
    gone: "The message you were changing was deleted outside Deskbell. Your text is still here and can be sent as a new one.",
    sent: "Sent for review",
    discarded: "Your text was put away",
    undo: "Undo",
    keys: (key: string) => `${key} sends, Esc cancels`,
  },
  conflict: {
    title: "It was changed outside Deskbell while you were writing",
    mine: "Your text",
    theirs: "What it says now",
    keepMine: "Keep mine",
    takeTheirs: "Take theirs",
    taken: "The other text stays; yours was put away",
  },
  elsewhere: {
    notice: (time: string) => `Changed outside Deskbell, noticed ${time}.`,
    look: "See what changed",
    dismiss: "Dismiss",
  },
  deleting: {
    title: (one: string) => `Delete this ${one}?`,
    lead: "Customers no longer see it. Its text stays in the history, but bringing it back means a new review by TikTok.",
    yes: "Delete",
    no: "Keep it",
  },
  enabling: {
    title: (name: string) => `Turn on ${name.toLowerCase()}?`,
    lead: (n: number) =>
      `When this is turned on, TikTok switches off ` +
      `${n === 1 ? "the one message that is there" : `all ${number.format(n)} messages that are there`}. ` +
      `That is TikTok’s rule, and Deskbell cannot prevent it.`,
    titleAgain: (name: string) => `Make ${name.toLowerCase()} anew?`,
    leadAgain: (n: number) =>
      `TikTok gets ${n === 1 ? "the message" : `all ${number.format(n)} messages`} again and reviews ` +
      `${n === 1 ? "it" : "each"}. Until then customers see none of them.`,
    again: "Make them anew at once",
    againMore: (n: number) =>
      `${count(n, "message goes", "messages go")} to TikTok for review again. Customers see each once it is approved.`,
    bare: "Only turn it on",
    bareMore: "Customers see none of them until you make them anew.",
    choice: "What becomes of the messages",
    yes: "Turn on",
    no: "Cancel",
    busy: "TikTok is being told, one message after another…",
  },
  outcome: {
    title: outcomes,
    close: "Dismiss",
  },
  order: {
    grip: (what: string, at: number, of: number) => `Move “${what}”, ${number.format(at)} of ${number.format(of)}`,
    hint: (up: string, down: string) => `Drag, or ${up} and ${down}`,
    moved: (what: string, at: number, of: number) => `“${what}” is now ${number.format(at)} of ${number.format(of)}`,
    atEnd: (what: string) => `“${what}” cannot go further`,
    cancelled: "Not moved",
  },
  preview: {
    name: "Preview",
    caption: "What a new customer sees",
    captionAll: "With what is not approved or not on",
    show: "Preview",
    all: "Also what customers do not see yet",
    draft: "Your draft",
    draftOf: (what: string) => `${what}, your draft`,
    hidden: "Not shown to customers",
    nothing: "A new customer sees none of them",
    nothingMore: "Something has to be approved by TikTok, and its kind turned on.",
    type: "Message…",
    again: "Start over",
    log: "Conversation in the preview",
    prompts: "Chat prompts",
    questions: "Suggested questions",
    unanswered: "No answer written yet",
    unasked: "No question written yet",
  },
  copy: {
    open: "Copy to another account…",
    title: "Copy to another account",
    lead: (handle: string) =>
      `Brings what ${handle} has to another account, as far as it is not there already. TikTok reviews each text there anew.`,
    to: "To which account",
    kinds: "Which kinds",
    kind: (name: string, n: number) => `${name} (${number.format(n)})`,
    do: "Copy",
    busy: "TikTok is being told, one message after another…",
    cancel: "Cancel",
    close: "Close",
    needKind: "Choose at least one kind.",
    unlinked: "linked no more",
    done: (handle: string) => `Copied to ${handle}. TikTok reviews it now.`,
    refused: (n: number, handle: string) => `${handle} did not get ${count(n, "message", "messages")}:`,
    failed: "Nothing was copied",
  },
  history: {
    open: (name: string) => `History: ${name}`,
    title: (name: string) => `${name}: history`,
    lead: "Each state since Deskbell has known it. Compared with how it is now.",
    loading: "Loading the history",
    failed: "The history could not be loaded",
    none: "No history yet",
    noneMore: "Each change is kept here from now on, also those made on the phone.",
    list: "States, newest first",
    now: "Now",
    elsewhere: "Changed outside Deskbell",
    here: "Changed in Deskbell",
    on: "was on",
    off: "was off",
    nothing: "no message",
    messages: (n: number) => count(n, "message", "messages"),
    same: "It says the same as now.",
    order: "Only the order is different.",
    notEmptied: "TikTok does not delete a greeting. Turn it off instead.",
    before: "Comes back",
    after: "Goes away",
    changes: "Changes",
    legend: "Underlined comes back, struck through goes away.",
    diff: "What restoring would change",
    restore: "Restore…",
    sure: "Restore this state?",
    sureMore:
      "What comes back goes to TikTok for review, and customers see it once it is approved. What goes away stays in this history.",
    yes: "Restore",
    no: "Back",
    close: "Close",
    busy: "TikTok is being told, one message after another…",
    restored: "Restored. TikTok reviews it now.",
    notRestored: "It was not restored",
  },
};

const conditions: Record<CommentCondition, { name: string; not: string }> = {
  firstLevel: {
    name: "A comment of its own on one of your videos",
    not: "It answers another comment, or is not on one of your videos.",
  },
  recent: { name: "At most 48 hours old", not: "It is older than 48 hours." },
  unanswered: { name: "Not answered by message yet", not: "It has been answered by message already." },
  quiet: {
    name: "No message between you in the last 24 hours",
    not: "You have written to each other in the last 24 hours.",
  },
  adult: { name: "Whoever wrote it is 18 or older", not: "Whoever wrote it is younger than 18." },
  region: {
    name: "Whoever wrote it is where TikTok offers this",
    not: "TikTok does not offer this where they are registered.",
  },
};

export const comments = {
  title: "Answer comments by message",
  more: "A comment that sounds like buying can be answered with a direct message, once",
  rule:
    "TikTok offers this for accounts registered in Vietnam, Indonesia or Thailand, and to people " +
    "registered in Asia and the Pacific, Latin America, the Middle East, Turkey, Africa or Pakistan.",
  notKnown: "TikTok has not said whether it is on.",
  notHere: "Not offered for this account",
  turnOn: "Turn it on to answer comments.",
  open: (n: number) => (n === 0 ? "No comment waits" : count(n, "comment can be answered", "comments can be answered")),
  list: "Comments that can be answered",
  none: "No comments yet",
  noneMore:
    "TikTok does not list comments, it pushes those that sound like buying to a server. Deskbell has " +
    "none yet, so for now they come in Practice only.",
  noneOpen: "Nothing waits for an answer.",
  earlier: (n: number) => `Earlier comments (${number.format(n)})`,
  showAll: (n: number) => `Show all ${number.format(n)}`,
  loading: "Loading comments",
  failed: "The comments could not be loaded",
  unnamed: "TikTok user",
  follower: "Follows you",
  left: (time: string) => `${time} left`,
  closed: "Too old to be answered",
  conditions,
  meter: (met: number, failed: number, open: number) =>
    [
      `${number.format(met)} of 6 conditions met`,
      ...(failed > 0 ? [`${number.format(failed)} not met`] : []),
      ...(open > 0 ? [`${number.format(open)} only TikTok knows`] : []),
    ].join(", "),
  met: "Met",
  notMet: "Not met",
  unknown: "Only TikTok knows",
  answerTo: (name: string) => `Answer to ${name} by message`,
  placeholder: "Answer by message",
  send: "Send",
  sending: "Sending…",
  answered: (time: string) => `Answered ${time}`,
  refused: (why: string) => `Not sent: ${why}`,
  refusedDetails: "TikTok’s own words",
  unconfirmed: (time: string) =>
    `Sent ${time}, not confirmed by TikTok. It may have arrived, so Deskbell does not send it again by itself. Look on the phone.`,
  notSent: "The answer was not sent",
  dismiss: "Put aside",
  dismissedToast: "Comment put aside",
  takeUp: "Take up again",
  undo: "Undo",
  openConversation: "Open conversation",
  item: (name: string) => `Comment by ${name}`,
};
