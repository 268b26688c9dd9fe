//! A comment under a video.

use crate::comment::Comment;

/// A comment that was made.
#[derive(Debug, Clone)]
pub(crate) struct PostedComment {
    pub(crate) id: String,
    /// The place of the conversation with whoever made it, which may have no message yet.
    pub(crate) conversation: usize,
    pub(crate) comment: Comment,
    pub(crate) at_ms: i64,
    pub(super) answered: bool,
}
