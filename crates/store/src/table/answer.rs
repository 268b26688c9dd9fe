//! What counts as an answer, as conditions on a row of `message`.
//!
//! An answer is a message of the business that TikTok did not send by itself and that has not failed. The index
//! `message_answer` holds what is [`FROM_BUSINESS`], and nothing else.

/// Sent by the business, and not by TikTok itself.
pub(super) const FROM_BUSINESS: &str = "outgoing = 1 AND auto_type IS NULL";
/// Neither refused nor stopped: TikTok has it, or it is on its way.
pub(super) const NOT_FAILED: &str =
    "NOT EXISTS (SELECT 1 FROM outbox WHERE outbox.message_id = message.id AND outbox.state IN ('refused', 'stopped'))";
/// TikTok has it: nothing of it is in the outbox.
pub(super) const NOT_ON_ITS_WAY: &str = "NOT EXISTS (SELECT 1 FROM outbox WHERE outbox.message_id = message.id)";
