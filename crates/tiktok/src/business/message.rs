//! What was said, and saying something: the newest 20 messages of a conversation, and one more.
//!
//! TikTok offers no paging, no fetch by id and no idempotency key. So a page is read message by message, each keeping
//! the JSON it came as, and a message that cannot be read at all is kept as text rather than lost.

mod content;
mod kind;
mod list;
mod reaction;
mod send;

pub use content::{Content, TemplateButton, TemplateCard};
pub use kind::{AutoMessageType, MessageSource, MessageType, ReactionKind, Role};
pub(crate) use list::is_from_business;
pub use list::{ListMessages, Message, MessagePage, Participant, Party, Tap};
pub use reaction::Reaction;
pub use send::{AnswerComment, CardKind, Outgoing, OutgoingButton, OutgoingCard, SendMessage, Sent};
