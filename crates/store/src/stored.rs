//! Enums that are stored as one word.
//!
//! [`stored_enum!`] names the words of an enum once. A new variant does not compile until it has a word, and a word in the
//! database that stands for no variant is [`StoreError::Damaged`](crate::StoreError::Damaged).

use model::{AuditStatus, AutoMessageType, AutoType, ConversationKind, MarkRead, SnippetKind, Status, Surface};
use rusqlite::types::{FromSql, FromSqlError, FromSqlResult, ToSql, ToSqlOutput, ValueRef};

/// An enum that is stored as one word.
pub(crate) trait StoredEnum: Copy {
    /// The word this value is stored as.
    fn word(self) -> &'static str;
    /// The value that is stored as this word.
    fn from_word(word: &str) -> Option<Self>;
}

/// A parameter or a column that holds the word of an enum.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Word<T>(pub(crate) T);

impl<T: StoredEnum> ToSql for Word<T> {
    fn to_sql(&self) -> rusqlite::Result<ToSqlOutput<'_>> {
        Ok(ToSqlOutput::from(self.0.word()))
    }
}

impl<T: StoredEnum> FromSql for Word<T> {
    fn column_result(value: ValueRef<'_>) -> FromSqlResult<Self> {
        let word = value.as_str()?;
        T::from_word(word).map(Word).ok_or_else(|| FromSqlError::Other(Box::new(UnknownWord(word.to_owned()))))
    }
}

/// A stored word that stands for no variant of its enum.
#[derive(Debug, thiserror::Error)]
#[error("\"{0}\" is no word of this column")]
pub(crate) struct UnknownWord(String);

/// Names the word that each variant of an enum is stored as.
macro_rules! stored_enum {
    ($type:ty { $($variant:ident => $word:literal),+ $(,)? }) => {
        impl $crate::stored::StoredEnum for $type {
            fn word(self) -> &'static str {
                match self {
                    $(Self::$variant => $word),+
                }
            }

            fn from_word(word: &str) -> Option<Self> {
                match word {
                    $($word => Some(Self::$variant),)+
                    _ => None,
                }
            }
        }
    };
}
pub(crate) use stored_enum;

stored_enum!(ConversationKind { Request => "request", Chat => "chat" });
stored_enum!(Status { Open => "open", Done => "done" });
stored_enum!(SnippetKind {
    Text => "text",
    Image => "image",
    Video => "video",
    SharePost => "share_post",
    Sticker => "sticker",
    Card => "card",
    Unsupported => "unsupported",
});
stored_enum!(Surface { Deskbell => "deskbell", Api => "api", Phone => "phone", Web => "web", Other => "other" });
stored_enum!(AutoType {
    Welcome => "welcome",
    SuggestedQuestion => "suggestedQuestion",
    KeywordReply => "keywordReply",
    Other => "other",
});
stored_enum!(AutoMessageType {
    WelcomeMessage => "welcomeMessage",
    SuggestedQuestion => "suggestedQuestion",
    ChatPrompt => "chatPrompt",
});
stored_enum!(AuditStatus {
    Reviewing => "reviewing",
    Approved => "approved",
    Rejected => "rejected",
    Unknown => "unknown",
});
stored_enum!(MarkRead { OnReply => "onReply", OnOpen => "onOpen", ByHand => "byHand" });
