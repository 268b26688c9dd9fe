//! Ids. Ours are integers in the database and strings everywhere else, so that no id is ever a JavaScript number
//! and loses digits above 2⁵³. TikTok's ids are opaque strings (`remote_id`) and have no type of their own.

use serde::{Deserialize, Deserializer, Serialize, Serializer};
use ts_rs::TS;

/// The text was not one of our ids: a whole number in decimal.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct IdError;

impl std::fmt::Display for IdError {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("not an id")
    }
}

impl std::error::Error for IdError {}

macro_rules! id {
    ($(#[$doc:meta])* $name:ident) => {
        $(#[$doc])*
        #[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, TS)]
        #[ts(type = "string")]
        pub struct $name(pub i64);

        impl std::fmt::Display for $name {
            fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                self.0.fmt(f)
            }
        }

        impl std::str::FromStr for $name {
            type Err = IdError;
            fn from_str(text: &str) -> Result<Self, IdError> {
                text.parse().map(Self).map_err(|_| IdError)
            }
        }

        impl Serialize for $name {
            fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
                serializer.collect_str(&self.0)
            }
        }

        impl<'de> Deserialize<'de> for $name {
            fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
                let text = String::deserialize(deserializer)?;
                text.parse().map_err(serde::de::Error::custom)
            }
        }
    };
}

id!(
    /// A linked TikTok Business Account.
    AccountId
);
id!(
    /// A customer, as one account knows them.
    PersonId
);
id!(
    /// One customer's conversation with one account.
    ConversationId
);
id!(
    /// A message in a conversation, ours or the customer's. Grows with the time it was sent: the upper bits are
    /// milliseconds since the epoch, the lower 20 tell messages of one millisecond apart. The search index walks
    /// ids backwards to find the newest first.
    MessageId
);
id!(
    /// A reply that is to go out later.
    ScheduledId
);
id!(
    /// A word an agent puts on customers.
    TagId
);
id!(
    /// An agent: a person who answers customers.
    AgentId
);
id!(
    /// A reply that was written once to be used often.
    SavedReplyId
);
id!(
    /// A rule of Deskbell's.
    RuleId
);
id!(
    /// One of TikTok's automatic messages.
    AutoMessageId
);
id!(
    /// An earlier state of an account's automatic messages.
    AutoVersionId
);
id!(
    /// A comment that may be answered by message.
    CommentId
);

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_id_above_2_pow_53_keeps_its_digits_on_the_way_to_the_page_and_back() {
        let id = MessageId(9_007_199_254_740_993);
        let json = serde_json::to_string(&id).unwrap();
        assert_eq!(json, "\"9007199254740993\"");
        assert_eq!(serde_json::from_str::<MessageId>(&json).unwrap(), id);
        assert!(serde_json::from_str::<MessageId>("9007199254740993").is_err(), "a number is refused");
    }
}
