//! A comment under a video, as tests and demos describe it.

use std::time::Duration;

/// A comment in which TikTok sees an intention to buy (§4.8). Unless told otherwise it can be answered by message: it
/// was written just now, under a video of the shop and not under another comment, by an adult in a region where that
/// works.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Comment {
    pub(crate) text: String,
    pub(crate) ago: Duration,
    pub(crate) under_a_comment: bool,
    pub(crate) on_another_account: bool,
    pub(crate) by_a_minor: bool,
    pub(crate) from_elsewhere: bool,
}

impl Comment {
    /// A comment with this text.
    #[must_use]
    pub fn saying(text: &str) -> Comment {
        Comment {
            text: text.to_owned(),
            ago: Duration::ZERO,
            under_a_comment: false,
            on_another_account: false,
            by_a_minor: false,
            from_elsewhere: false,
        }
    }

    /// It was written this long ago; after 48 hours it cannot be answered.
    #[must_use]
    pub fn ago(self, ago: Duration) -> Comment {
        Comment { ago, ..self }
    }

    /// It stands under another comment.
    #[must_use]
    pub fn under_a_comment(self) -> Comment {
        Comment { under_a_comment: true, ..self }
    }

    /// It stands under a video of another account.
    #[must_use]
    pub fn on_another_account(self) -> Comment {
        Comment { on_another_account: true, ..self }
    }

    /// The writer is under 18.
    #[must_use]
    pub fn by_a_minor(self) -> Comment {
        Comment { by_a_minor: true, ..self }
    }

    /// The writer is registered outside APAC, LATAM and METAP.
    #[must_use]
    pub fn from_elsewhere(self) -> Comment {
        Comment { from_elsewhere: true, ..self }
    }
}

impl From<&str> for Comment {
    fn from(text: &str) -> Comment {
        Comment::saying(text)
    }
}
