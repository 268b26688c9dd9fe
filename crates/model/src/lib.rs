//! The nouns of Deskbell.
//!
//! What an agent talks about has one type here: an account, a person, a conversation, a message, how far a reply
//! has come, and how long TikTok still lets it go out. Nothing in this crate does I/O or waits; everything that
//! depends on the time of day takes it as an argument or reads it from a [`Clock`].

mod auto_message;
mod budget;
mod card;
mod change;
mod clock;
mod comment;
mod conversation;
mod delivery;
mod describe;
mod hours;
mod id;
mod message;
mod name;
mod outgoing;
mod rule;
mod saved_reply;
mod text;
pub mod text_fold;
mod window;

pub use auto_message::{AuditStatus, AutoMessageType, AutoProblem, AutoText};
pub use budget::{MAX_LATE_REPLIES, MAX_REPLIES, SendBudget, SendLedger};
pub use card::{Card, CardKind, CardProblem, MAX_CARD_BUTTONS, MAX_CARD_TITLE};
pub use change::Change;
pub use clock::{Clock, Millis, millis};
pub use comment::CommentCondition;
pub use conversation::{ConversationKind, Origin, Status, Tab, TabCounts};
pub use delivery::{Delivery, Refusal, RefusalReason, StopReason, UnconfirmedStage, WaitReason};
pub use describe::describe_error;
pub use hours::{BusinessHours, DaySpan, Holiday, Hours, HoursProblem, Zone};
pub use id::{
    AccountId, AgentId, AutoMessageId, AutoVersionId, CommentId, ConversationId, IdError, MessageId, PersonId, RuleId,
    SavedReplyId, ScheduledId, TagId,
};
pub use message::{AutoType, Content, Direction, MediaState, Reaction, Snippet, SnippetKind, Surface};
pub use name::{clean_name, draws_nothing, is_blank};
pub use outgoing::{MarkRead, Outgoing};
pub use rule::{
    Action, ActionTaken, AssignTo, Condition, ConversationState, Decision, FiredRule, KeywordMatch, LATE_MS,
    MAX_ANSWERS, NoReply, PlannedAction, RuleAccount, RuleInput, RuleProblem, RuleSet, RuleSpec, RuleTargets, Trigger,
    Verdict,
};
pub use saved_reply::{ReplyPart, SavedReplyProblem, SavedReplyText, Variable, blanks, fill};
pub use text::{MAX_REPLY_CHARS, ReplyText, TextProblem};
pub use window::{ReplyWindow, WINDOW_MS, WINDOW_URGENT_MS, WINDOW_WARNING_MS};
