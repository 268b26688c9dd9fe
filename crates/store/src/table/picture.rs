//! The pictures in messages, held or not: what the viewer pages through, and what the vault may let go of.

use model::{Change, Content, ConversationId, MediaState, MessageId, Millis};
use rusqlite::{Connection, Row};

use super::media;
use super::message::{self, Message};
use crate::rows::only;
use crate::{StoreError, Tx};

/// Which way to page from a message.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum PageDirection {
    /// Older ones.
    Older,
    /// Newer ones.
    Newer,
}

/// The photos of a conversation before or after a message, nearest first. Stickers are none.
///
/// # Errors
/// [`StoreError`]
pub fn beside(
    sql: &Connection,
    conversation: ConversationId,
    from: MessageId,
    direction: PageDirection,
    limit: u32,
) -> Result<Vec<Message>, StoreError> {
    let (bound, order) = match direction {
        PageDirection::Older => ("<", "DESC"),
        PageDirection::Newer => (">", "ASC"),
    };
    let mut query = sql.prepare_cached(&format!(
        "SELECT message_id FROM picture WHERE conversation_id = ?1 AND message_id {bound} ?2 ORDER BY message_id {order}"
    ))?;
    let mut rows = query.query((conversation.0, from.0))?;
    let mut found = Vec::new();
    while let Some(row) = rows.next()? {
        let message = message::get(sql, MessageId(row.get("message_id")?))?;
        if matches!(message.content, Content::Image { .. }) {
            found.push(message);
        }
        if found.len() >= limit as usize {
            break;
        }
    }
    Ok(found)
}

/// A picture's bytes that can be let go of: TikTok can be asked for each of its messages' picture again.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Releasable {
    /// Its key in the media vault.
    pub key: String,
    /// Its size in bytes.
    pub size: u64,
    /// When it was last shown, to the hour.
    pub used_at_ms: Millis,
}

/// Something else needs the picture `m`. Whatever else comes to name a key of the vault has to stand here.
const NEEDED: &str = "EXISTS (SELECT 1 FROM person p WHERE p.avatar = m.key)
     OR EXISTS (SELECT 1 FROM account a WHERE a.avatar = m.key)
     OR EXISTS (SELECT 1 FROM post p WHERE p.cover = m.key)
     OR EXISTS (SELECT 1 FROM draft d WHERE d.attachment = m.key)
     OR EXISTS (SELECT 1 FROM scheduled s WHERE s.attachment = m.key)
     OR EXISTS (SELECT 1 FROM saved_reply r WHERE r.attachment = m.key)
     OR EXISTS (SELECT 1 FROM outbox o WHERE instr(o.outgoing, m.key) > 0)";

/// One of the messages that show the picture `m` is too old to ask TikTok for it again, or never could, or belongs to an
/// account that TikTok answers no more: unlinked, or to be linked again, which may come too late for the picture or never.
const UNFETCHABLE: &str = "EXISTS (
         SELECT 1 FROM picture p JOIN conversation c ON c.id = p.conversation_id JOIN account a ON a.id = c.account_id
         WHERE p.key = m.key
           AND (p.refetchable = 0 OR p.message_id < ?1 OR a.unlinked_at_ms IS NOT NULL OR a.relink IS NOT NULL))";

/// The pictures to let go of that were not shown since `shown_ms`, least recently shown first. A picture of a message older
/// than `since_ms` is never among them, because TikTok may not give it out again, nor is one of an account without access,
/// and neither is one that a draft, a waiting or saved reply, an avatar or a post still needs.
///
/// # Errors
/// [`StoreError`]
pub fn releasable(
    sql: &Connection,
    since_ms: Millis,
    shown_ms: Millis,
    limit: u32,
) -> Result<Vec<Releasable>, StoreError> {
    // By the messages that are young enough, and not by last use: the pictures not shown for longest are mostly too old.
    let mut query = sql.prepare_cached(&format!(
        "SELECT m.key, m.size, m.used_at_ms FROM media m
         WHERE m.key IN (SELECT p.key FROM picture p WHERE p.message_id >= ?1 AND p.refetchable = 1 AND p.key IS NOT NULL)
           AND +m.used_at_ms <= ?2 AND NOT {UNFETCHABLE} AND NOT ({NEEDED})
         ORDER BY +m.used_at_ms LIMIT ?3"
    ))?;
    let found = query.query_map((message::first_id(since_ms).0, shown_ms, limit), read)?;
    Ok(found.collect::<Result<_, _>>()?)
}

/// Lets go of a picture if it can be had again, by the measure of [`releasable`]: its messages say so from now on. Its file
/// may go once this is committed. Whether it was let go.
///
/// # Errors
/// [`StoreError`]
pub fn release(tx: &mut Tx<'_>, key: &str, since_ms: Millis) -> Result<bool, StoreError> {
    let still: i64 = tx
        .prepare_cached(&format!(
            "SELECT count(*) FROM media m WHERE m.key = ?2 AND EXISTS (SELECT 1 FROM picture p WHERE p.key = m.key)
             AND NOT {UNFETCHABLE} AND NOT ({NEEDED})"
        ))?
        .query_row((message::first_id(since_ms).0, key), only)?;
    if still == 0 {
        return Ok(false);
    }
    for id in shown_in(tx, key)? {
        let shown = message::get(tx, id)?;
        if let Content::Image { media_id, .. } = shown.content {
            message::set_content(tx, id, &Content::Image { media_id, media: MediaState::Released })?;
            tx.touch(Change::Conversation { conversation: shown.conversation });
        }
    }
    media::remove(tx, key)?;
    Ok(true)
}

/// No message shows the picture `m`.
const SHOWN_NOWHERE: &str = "NOT EXISTS (SELECT 1 FROM picture p WHERE p.key = m.key)";

/// The pictures that nothing names any more, such as those of an account that was erased, and that were neither fetched nor
/// shown since `before_ms`. Looks at all there are, so it is for a reader: the writer that drops them looks again
/// ([`drop_unneeded`]).
///
/// # Errors
/// [`StoreError`]
pub fn unneeded(sql: &Connection, before_ms: Millis) -> Result<Vec<String>, StoreError> {
    let mut query = sql.prepare_cached(&format!(
        "SELECT m.key FROM media m WHERE m.used_at_ms <= ?1 AND {SHOWN_NOWHERE} AND NOT ({NEEDED})"
    ))?;
    Ok(query.query_map([before_ms], only)?.collect::<Result<_, _>>()?)
}

/// Drops a picture if nothing names it, by the measure of [`unneeded`]. Its file may go once this is committed. Whether it
/// was dropped.
///
/// # Errors
/// [`StoreError`]
pub fn drop_unneeded(tx: &Tx<'_>, key: &str, before_ms: Millis) -> Result<bool, StoreError> {
    let dropped = tx
        .prepare_cached(&format!(
            "DELETE FROM media AS m WHERE m.key = ?2 AND m.used_at_ms <= ?1 AND {SHOWN_NOWHERE} AND NOT ({NEEDED})"
        ))?
        .execute((before_ms, key))?;
    Ok(dropped > 0)
}

fn read(row: &Row<'_>) -> rusqlite::Result<Releasable> {
    let size: i64 = row.get("size")?;
    Ok(Releasable { key: row.get("key")?, size: u64::try_from(size).unwrap_or(0), used_at_ms: row.get("used_at_ms")? })
}

/// The messages that show this picture.
///
/// # Errors
/// [`StoreError`]
pub fn shown_in(sql: &Connection, key: &str) -> Result<Vec<MessageId>, StoreError> {
    let mut query = sql.prepare_cached("SELECT message_id FROM picture WHERE key = ?1")?;
    Ok(query.query_map([key], |row| only(row).map(MessageId))?.collect::<Result<_, _>>()?)
}

/// A time as this computer's clock on the wall tells it, for a file's name: `2026-11-22 14-31`.
///
/// # Errors
/// [`StoreError`]
pub fn wall_time(sql: &Connection, at_ms: Millis) -> Result<String, StoreError> {
    Ok(sql.query_row("SELECT strftime('%Y-%m-%d %H-%M', ?1 / 1000, 'unixepoch', 'localtime')", [at_ms], only)?)
}
