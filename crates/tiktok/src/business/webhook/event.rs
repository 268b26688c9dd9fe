//! What happened, by TikTok's name of the event.

use super::{AutoMessageAudit, AutoMessageConfig, Person, ReactionEvent};
use crate::{
    Timestamp,
    business::{conversation::Referral, message::Message},
    lenient::Fields,
    words::words,
};
use serde_json::value::RawValue;
use std::fmt;

/// What happened ("Webhooks", events). Times are ms since the epoch.
#[derive(Debug, Clone)]
pub enum Event {
    /// `im_receive_msg`, `im_send_msg`: a message was sent. A message of the business's own comes too, whether
    /// sent through the API, perhaps before that call has returned, or by a colleague in TikTok's app.
    Message(Box<MessageEvent>),
    /// The same events, where they tell of reactions.
    Reacted(ReactionEvent),
    /// `im_mark_read_msg`: the customer has read the conversation. Nothing tells that the business has.
    MarkRead {
        /// The conversation that was read.
        conversation_id: String,
        /// Every message up to this moment is read; it never goes back.
        last_read_at: Timestamp,
        /// The customer who read it.
        person: Option<Person>,
    },
    /// `im_referral_msg`: the customer came by an advertisement or a link. There is no message yet.
    Referral {
        /// The conversation the customer was led to.
        conversation_id: String,
        /// The customer.
        person: Option<Person>,
        /// Whether it was an advertisement or a link.
        source: Option<ReferralSource>,
        /// The advertisement or the link, with as many fields as the list of conversations has.
        referral: Referral,
        /// When the customer came.
        at: Option<Timestamp>,
    },
    /// `im_receive_msg_eu`: a customer in the EEA, Switzerland or the UK wrote. TikTok hands out neither the message nor
    /// the customer; the message can be listed.
    EuMessage {
        /// The account that was written to.
        business_id: String,
        /// When the message was sent.
        at: Option<Timestamp>,
    },
    /// `im_auto_message_config_update`: an automatic message was changed.
    AutoMessageConfig(AutoMessageConfig),
    /// `im_auto_message_audit_update`: TikTok has reviewed an automatic message.
    AutoMessageAudit(AutoMessageAudit),
    /// `im_receive_high_intent_comment`: a comment that may be answered by a direct message.
    HighIntentComment(HighIntentComment),
    /// `authorization.removed`: the account's tokens are dead already. Documented for Login Kit; said to come for
    /// Business apps too.
    AuthorizationRemoved {
        /// Why the authorisation ended.
        reason: RemovalReason,
    },
    /// Another event, or one of these without what makes it one. [`super::Envelope::raw`] has all of it.
    Unknown {
        /// TikTok's name for it.
        name: String,
    },
}

/// A message that was sent just now.
#[derive(Debug, Clone)]
pub struct MessageEvent {
    /// The conversation; the message has it too.
    pub conversation_id: String,
    /// Whether the business wrote it, by the ids on it and, where it has none, by the event's name.
    pub outgoing: bool,
    /// The customer, on whichever side they are.
    pub person: Option<Person>,
    /// The message, as a list would have it.
    pub message: Message,
}

/// A comment under a post of the business's, by a customer in whom TikTok sees an intention to buy
/// ("Comment-to-Message"): it may be answered by a direct message, once, for 48 hours. `Debug` leaves the words out.
#[derive(Clone, PartialEq, Eq)]
pub struct HighIntentComment {
    /// TikTok's id of the comment; every digit as it came.
    pub comment_id: String,
    /// The comment's text.
    pub text: String,
    /// The customer who wrote it.
    pub person: Option<Person>,
    /// The time TikTok says; nothing if it says none, or one that cannot be.
    pub at: Option<Timestamp>,
}

words! {
    /// How a customer came to a conversation.
    ReferralSource {
        /// An advertisement.
        Ad = "AD",
        /// A link to the conversation.
        ShortLink = "SHORT_LINK",
    }
}

/// Why an account's authorisation ended ("Login Kit webhooks", `reason`).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum RemovalReason {
    /// 0, or none given.
    NotSaid,
    /// 1: the user disconnected the app.
    Disconnected,
    /// 2: the account was deleted.
    Deleted,
    /// 3: the user's age changed.
    AgeChanged,
    /// 4: the account was banned.
    Banned,
    /// 5: the developer revoked it: us, perhaps.
    Revoked,
    /// A number the documentation did not have.
    Other(i64),
}

impl Event {
    /// Reads the `content` of an event of this name; `None` if it is not one of this name, or not one we know.
    pub(super) fn read(name: &str, content: &RawValue, business_id: &str) -> Option<Self> {
        let fields = Fields::read(content)?;
        let outgoing = name == "im_send_msg";
        let person = || Person::read(&fields, business_id, outgoing);
        match name {
            "im_receive_msg" | "im_send_msg" => {
                if fields.text("type").is_some_and(|kind| kind.eq_ignore_ascii_case("reaction")) {
                    return ReactionEvent::read(&fields, person()).map(Self::Reacted);
                }
                let message = Message::read(content)?;
                Some(Self::Message(Box::new(MessageEvent {
                    conversation_id: message.conversation_id.clone()?,
                    outgoing: message.is_from_business(business_id).unwrap_or(outgoing),
                    person: person(),
                    message,
                })))
            }
            "im_mark_read_msg" => Some(Self::MarkRead {
                conversation_id: fields.remote_id("conversation_id")?,
                last_read_at: fields.object("read")?.timestamp("last_read_timestamp")?,
                person: person(),
            }),
            "im_referral_msg" => {
                let block = fields.object("referral")?;
                let source = block.id("source").map(|word| ReferralSource::read(&word));
                let mut referral = Referral::read(&block);
                // The other block may be there, and empty.
                match source {
                    Some(ReferralSource::Ad) => referral.short_links.clear(),
                    Some(ReferralSource::ShortLink) => referral.ads.clear(),
                    Some(ReferralSource::Unknown(_)) | None => {}
                }
                Some(Self::Referral {
                    conversation_id: fields.remote_id("conversation_id")?,
                    person: person(),
                    source,
                    referral,
                    at: fields.timestamp("timestamp"),
                })
            }
            "im_receive_msg_eu" => {
                let to = fields.object("to_user").and_then(|user| user.id("id"));
                let business_id = to.unwrap_or_else(|| business_id.to_owned());
                Some(Self::EuMessage { business_id, at: fields.timestamp("timestamp") })
            }
            "im_auto_message_config_update" => AutoMessageConfig::read(&fields).map(Self::AutoMessageConfig),
            "im_auto_message_audit_update" => AutoMessageAudit::read(&fields).map(Self::AutoMessageAudit),
            "im_receive_high_intent_comment" => Some(Self::HighIntentComment(HighIntentComment {
                comment_id: fields.remote_id("comment_id")?,
                text: fields.text("comment_text").unwrap_or_default(),
                person: person(),
                at: fields.timestamp("timestamp"),
            })),
            "authorization.removed" => {
                let reason = fields.integer("reason").map_or(RemovalReason::NotSaid, RemovalReason::of);
                Some(Self::AuthorizationRemoved { reason })
            }
            _ => None,
        }
    }
}

impl RemovalReason {
    fn of(number: i64) -> Self {
        match number {
            0 => Self::NotSaid,
            1 => Self::Disconnected,
            2 => Self::Deleted,
            3 => Self::AgeChanged,
            4 => Self::Banned,
            5 => Self::Revoked,
            other => Self::Other(other),
        }
    }
}

impl fmt::Debug for HighIntentComment {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("HighIntentComment")
            .field("comment_id", &self.comment_id)
            .field("person", &self.person)
            .field("at", &self.at)
            .finish_non_exhaustive()
    }
}
