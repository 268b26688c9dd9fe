//! A comment that was posted.

use crate::comment::Comment;

/// A comment under a video.
#[derive(Debug, Clone)]
pub(crate) struct PostedComment {
    pub(crate) id: String,
    /// The place of the conversation with the commenter, which may have no message yet.
    pub(crate) conversation: usize,
    pub(crate) comment: Comment,
    pub(crate) at_ms: i64,
    pub(super) answered: bool,
}
