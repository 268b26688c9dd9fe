//! The parts of a rule: its trigger, conditions and actions, what is wrong with one, and what came of one.

use serde::{Deserialize, Serialize};
use ts_rs::TS;

use crate::{AccountId, AgentId, DaySpan, Millis, SavedReplyId};

/// How a keyword must stand in a message. Case and accents never matter.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize, TS)]
#[serde(rename_all = "camelCase")]
pub enum KeywordMatch {
    /// It is the whole message.
    Exact,
    /// All its words stand in the message, in any place.
    Word,
    /// It stands in the message as it is, words in order.
    Phrase,
}

/// What makes a rule look at a conversation.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, TS)]
#[serde(tag = "kind", rename_all = "camelCase", rename_all_fields = "camelCase")]
pub enum Trigger {
    /// A customer's text holds one of these.
    Keyword {
        /// Any of them.
        words: Vec<String>,
        /// How it must stand there.
        matching: KeywordMatch,
    },
    /// The customer's first message ever, as far as Deskbell knows.
    FirstMessage,
    /// A customer writes outside the account's business hours.
    OutsideHours,
    /// A customer's message was not answered for so long.
    NoAnswer {
        /// In minutes, 1 to 2880.
        minutes: u32,
    },
    /// A message in a conversation that the business has never answered.
    MessageRequest,
    /// A customer sends a picture.
    Image,
}

/// What must hold besides. All of a rule's conditions must.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, TS)]
#[serde(tag = "kind", rename_all = "camelCase", rename_all_fields = "camelCase")]
pub enum Condition {
    /// It came to one of these accounts.
    Account {
        /// Any of them.
        accounts: Vec<AccountId>,
    },
    /// The customer has this tag, or has it not.
    Tag {
        /// Its name; case and accents do not matter.
        name: String,
        /// Whether they must have it.
        has: bool,
    },
    /// The message is in one of these languages, as far as its words tell.
    Language {
        /// ISO 639-3 codes, such as `tha`.
        languages: Vec<String>,
    },
    /// The customer follows the business, or does not. Unknown is neither.
    Follower {
        /// Whether they must.
        follows: bool,
    },
    /// The message came within these hours, by the account's time zone.
    Time {
        /// The stretch of the day.
        span: DaySpan,
        /// On these weekdays, 1 for Monday to 7 for Sunday; all if empty.
        days: Vec<u8>,
    },
}

/// To whom a conversation goes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, TS)]
#[serde(tag = "kind", rename_all = "camelCase", rename_all_fields = "camelCase")]
pub enum AssignTo {
    /// To this agent, unless they are away.
    Agent {
        /// The agent.
        agent: AgentId,
    },
    /// To the agent who is not away and has the fewest open conversations.
    LeastBusy,
}

/// One action of a rule: what it does when it runs.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, TS)]
#[serde(tag = "kind", rename_all = "camelCase", rename_all_fields = "camelCase")]
pub enum Action {
    /// Sends a saved reply.
    Reply {
        /// The saved reply that is sent.
        saved: SavedReplyId,
    },
    /// Puts a tag on the customer.
    Tag {
        /// Its name.
        name: String,
    },
    /// Gives the conversation to an agent.
    Assign {
        /// The agent, or a way to choose one.
        to: AssignTo,
    },
    /// Puts the conversation away for a while.
    Snooze {
        /// For how long, in minutes.
        minutes: u32,
    },
    /// Marks the conversation as done.
    Done,
    /// Notifies the agent, whatever else they have chosen.
    Notify,
}

/// A rule as the agent edits it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, TS)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct RuleSpec {
    /// What it is called.
    pub name: String,
    /// Whether it works.
    pub enabled: bool,
    /// What makes it look.
    pub trigger: Trigger,
    /// What must hold besides.
    pub conditions: Vec<Condition>,
    /// What it does, in this order.
    pub actions: Vec<Action>,
    /// Whether no later rule is tried once it has fired.
    pub stop: bool,
}

/// Why a rule cannot be kept.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize, TS)]
#[serde(rename_all = "camelCase")]
pub enum RuleProblem {
    /// It has no name.
    NoName,
    /// It has no keyword, or only empty ones.
    NoKeyword,
    /// It does nothing.
    NoAction,
    /// It sends two replies.
    TwoReplies,
    /// Its saved reply is gone.
    SavedReplyGone,
    /// Its saved reply has a blank that only an agent can fill.
    SavedReplyHasBlanks,
    /// A number, a language, a day or a time makes no sense.
    OutOfRange,
    /// A tag without a name.
    NoTag,
    /// The agent it assigns to is gone.
    AgentGone,
}

/// Why a rule did what it did with one message, or did nothing.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, TS)]
#[serde(tag = "kind", rename_all = "camelCase", rename_all_fields = "camelCase")]
pub enum Verdict {
    /// It fired.
    Fired,
    /// It is switched off.
    Disabled,
    /// Its trigger does not fit.
    Trigger,
    /// A condition does not hold; which, counted from 0.
    Condition {
        /// Its place.
        at: u32,
    },
    /// An earlier rule fired and stopped the others; its name.
    Stopped {
        /// The earlier rule.
        by: String,
    },
}

/// Why a rule that fired did not send its reply.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize, TS)]
#[serde(rename_all = "camelCase")]
pub enum NoReply {
    /// Another rule had answered this message.
    AlreadyAnswered,
    /// An agent or a colleague had answered meanwhile.
    AgentAnswered,
    /// The reply window has closed.
    WindowClosed,
    /// The replies left are kept for people.
    Reserve,
    /// It would be the customer's messages and ours in a circle: too many automatic answers in a short time.
    Loop,
    /// The saved reply is gone or has blanks.
    SavedReplyUnfit,
    /// This computer does not answer for the account.
    OtherComputer,
    /// It came too late to be answered by itself: with history, or after Deskbell had been closed or offline for an hour.
    History,
}

/// Something a rule did.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, TS)]
#[serde(tag = "kind", rename_all = "camelCase", rename_all_fields = "camelCase")]
pub enum ActionTaken {
    /// It sent a saved reply; its name then.
    Replied {
        /// Its name.
        name: String,
    },
    /// It put a tag on the customer.
    Tagged {
        /// The tag.
        name: String,
    },
    /// It assigned the conversation.
    Assigned {
        /// To whom; their name then, empty for the agent at this computer who has not given one.
        name: String,
    },
    /// It was not assigned: all agents were away.
    NobodyThere,
    /// It put the conversation away.
    Snoozed {
        /// Until when, ms since the epoch.
        until_ms: Millis,
    },
    /// It marked the conversation as done.
    Done,
    /// It notified the agent.
    Notified,
}
