// Whose a conversation is, putting it away, who answers, and what rules did in it, in words.
import type { NoReply } from "../ipc/bindings";
import { number } from "./count";
import { noReply } from "./rules";

export const agents = {
  title: "Agents",
  lead: "Who answers your customers. Names and whose a conversation is stay on this computer: colleagues do not see them on theirs.",
  you: "You",
  named: (name: string) => `${name} (you)`,
  yourName: "Your name",
  yourNameMore: "Saved replies put it where they say {{agent}}.",
  colleagues: "Colleagues",
  nameOf: (name: string) => `Name of ${name}`,
  away: "Away",
  awayOf: (name: string) => `Away: ${name}`,
  awayMore: "Whoever is away is passed over by rules.",
  iAmAway: "I am away",
  goAway: "Say that you are away: rules pass you over",
  comeBack: "You are away: rules pass you over. Say that you are back",
  saidAway: "You are away. Rules pass you over.",
  saidBack: "You are back.",
  add: "Add",
  addLabel: "Name of a colleague",
  there: (name: string) => `${name} is here already`,
  added: (name: string) => `${name} added`,
  remove: (name: string) => `Remove ${name}`,
  removeTitle: (name: string) => `Remove ${name}?`,
  removeLead: (name: string) => `Conversations of ${name} become nobody’s. They stay where they are.`,
  removeRules: (name: string) => `Rules that assign to ${name} stop working until you choose somebody else there.`,
  removeDo: "Remove",
  removed: (name: string) => `${name} removed`,
  cancel: "Cancel",
  failed: "The agents could not be loaded",
};

export const assign = {
  title: "Assign",
  to: "Assign to",
  nobody: "Nobody",
  isNobodys: "Assigned to nobody",
  isYours: "Assigned to you",
  is: (name: string) => `Assigned to ${name}`,
  isAway: (name: string) => `Assigned to ${name}, away`,
  placeholder: "Type a name",
  choices: "Agents",
  now: "has it now",
  away: "away",
  create: (name: string) => `New agent “${name}”`,
  toYou: "It is yours",
  toNobody: "It is nobody’s now",
  toThem: (name: string) => `It is ${name}’s now`,
};

export const snooze = {
  title: "Snooze",
  menu: "Until when",
  until: (when: string) => `Snoozed until ${when}`,
  orWrites: "or until the customer writes",
  closes: (when: string) => `The reply window closes before, ${when}`,
  back: "Bring back",
  submit: "Snooze",
  done: (when: string) => `Snoozed until ${when}`,
  broughtBack: "It is in the inbox again",
  returns: (when: string) => `Comes back ${when}`,
};

/** What rules did, as it stands in the thread. */
export const firing = {
  sentBy: (rule: string) => `Sent by rule “${rule}”`,
  line: (rule: string, did: readonly string[]) => `Rule “${rule}”: ${did.join(", ")}`,
  replied: (name: string) => `sent “${name}”`,
  tagged: (name: string) => `tagged ${name}`,
  assigned: (name: string) => `assigned to ${name}`,
  assignedYou: "assigned to you",
  nobodyThere: "assigned to nobody, all are away",
  snoozed: (when: string) => `snoozed until ${when}`,
  done: "marked as done",
  notified: "notified you",
  noReply: (why: NoReply) => `sent no reply: ${noReply[why]}`,
  /** It changed nothing that is worth a word. */
  fired: "fired",
  why: "Why?",
  whyName: "Why? What rules did because of this message",
  ask: "What rules did",
};

/** "Mine 2, Snoozed 4": what stands behind the button for the tabs that have no room. */
export const moreTabs = {
  name: (tabs: readonly string[]) => `More: ${tabs.join(", ")}`,
  menu: "More tabs",
  tab: (name: string, n: number) => (n === 0 ? name : `${name} ${number.format(n)}`),
};
