//! Closes gaps by what the shop's relay has heard (decision 22).
//!
//! Messages that TikTok pushed prove nothing of one another, unless somebody heard everything that was pushed in between:
//! the relay, which says since when it does.

use model::{ConversationId, MessageId, Millis};
use store::table::message::IncomingMessage;
use store::table::{conversation, gap, message};
use store::{StoreError, Tx};

use super::ApplyOptions;

/// A push that comes so long after its message was written is one that TikTok had to repeat.
const LATE_PUSH_MS: i64 = 60_000;

/// Notes that the relay's log has a message since `heard_at_ms`. If that is long after it was written, TikTok had to repeat
/// its push, and may have to repeat others of the conversation.
pub(super) fn record_push(
    tx: &Tx<'_>,
    conversation: ConversationId,
    message: MessageId,
    news: &IncomingMessage,
    heard_at_ms: Millis,
) -> Result<(), StoreError> {
    message::mark_pushed(tx, message)?;
    if news.is_timed && heard_at_ms.saturating_sub(news.sent_at_ms) > LATE_PUSH_MS {
        conversation::record_late_push(tx, conversation, heard_at_ms)?;
    }
    Ok(())
}

/// Closes the gaps of a conversation in which the relay has heard everything. What was written in the last moments may still
/// be on its way. Whether one was closed.
pub(super) fn close_gaps(tx: &Tx<'_>, conversation: ConversationId, options: ApplyOptions) -> Result<bool, StoreError> {
    if !gap::exists(tx, conversation)? {
        return Ok(false);
    }
    gap::close_heard(tx, conversation, options.now_ms.saturating_sub(options.lag_ms))
}
