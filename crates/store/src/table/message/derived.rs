//! What is derived from a message and follows it at each change: its words in the search index, its row among the pictures,
//! and the rules' notes of it.

use model::{Content, MediaState, MessageId};

use crate::search::entry::IndexEntry;
use crate::search::index;
use crate::{StoreError, Tx};

use super::row::Message;

/// What the search index knows of a stored message.
pub(crate) fn entry(message: &Message) -> IndexEntry<'_> {
    IndexEntry {
        id: message.id,
        account: message.account,
        conversation: message.conversation,
        outgoing: message.outgoing,
        content: &message.content,
        reactions: &message.reactions,
    }
}

/// A message was written: the search index and the pictures say what it says now. Called wherever content or emoji are
/// written; `before` is what was stored, if anything was.
pub(super) fn changed(
    tx: &Tx<'_>,
    before: Option<&Message>,
    message: &IndexEntry<'_>,
    is_at_tiktok: bool,
) -> Result<(), StoreError> {
    if before.is_none_or(|before| index::words_of(&entry(before)) != index::words_of(message)) {
        index(tx, message)?;
    }
    if before.is_some_and(|before| before.content == *message.content && before.listed == is_at_tiktok) {
        return Ok(());
    }
    let Some(media) = message.content.media() else { return Ok(()) };
    let can_be_fetched_again = match message.content {
        Content::Image { media_id, .. } => is_at_tiktok && !media_id.is_empty(),
        Content::Text { .. }
        | Content::Video { .. }
        | Content::SharePost { .. }
        | Content::Sticker { .. }
        | Content::Card { .. }
        | Content::Unsupported { .. }
        | Content::Unreadable => false,
    };
    let key = match media {
        MediaState::Kept { key, .. } => Some(key),
        MediaState::Pending | MediaState::Released | MediaState::Unavailable => None,
    };
    tx.prepare_cached(
        "INSERT INTO picture (message_id, conversation_id, key, refetchable) VALUES (?1, ?2, ?3, ?4)
         ON CONFLICT (message_id) DO UPDATE SET key = excluded.key, refetchable = excluded.refetchable",
    )?
    .execute((message.id.0, message.conversation.0, key, can_be_fetched_again))?;
    Ok(())
}

/// A message is about to leave the database: nothing names it any more.
pub(super) fn removed(tx: &Tx<'_>, id: MessageId) -> Result<(), StoreError> {
    index::forget(tx, id)?;
    tx.prepare_cached("DELETE FROM picture WHERE message_id = ?1")?.execute([id.0])?;
    tx.prepare_cached("DELETE FROM rule_reply WHERE message_id = ?1")?.execute([id.0])?;
    tx.prepare_cached("DELETE FROM rule_due WHERE message_id = ?1")?.execute([id.0])?;
    Ok(())
}
