//! Every way in which a message is written. What is derived from it follows in [`derived`].

use model::{AccountId, Content, ConversationId, MessageId, Millis, Reaction, Surface};
use rusqlite::named_params;

use crate::rows::only;
use crate::search::entry::IndexEntry;
use crate::stored::Word;
use crate::{StoreError, Tx};

use super::derived::{self, entry};
use super::merge::{is_pending, joined, merged, same_media, says_less};
use super::order::{free_tie, reorder_same_ms};
use super::row::{IncomingMessage, Message, get, next_id, raw};

/// Inserts a message that is not known yet. The caller refreshes the conversation's row.
///
/// # Errors
/// [`StoreError`]
pub fn insert(
    tx: &Tx<'_>,
    account: AccountId,
    conversation: ConversationId,
    news: &IncomingMessage,
    listed: bool,
) -> Result<MessageId, StoreError> {
    let tie = free_tie(tx, conversation, news.sent_at_ms, &news.remote_id)?;
    let at = (news.sent_at_ms, tie.unwrap_or(0));
    let id = insert_row(tx, account, conversation, Some(news), at, &news.content, news.surface, listed)?;
    tx.prepare_cached("INSERT INTO message_raw (message_id, raw) VALUES (?1, ?2)")?.execute((id.0, &news.raw))?;
    if tie.is_none() {
        reorder_same_ms(tx, conversation, news.sent_at_ms)?;
    }
    Ok(id)
}

/// Inserts a message of ours that TikTok does not know yet.
///
/// # Errors
/// [`StoreError`]
pub fn insert_own(
    tx: &Tx<'_>,
    account: AccountId,
    conversation: ConversationId,
    content: &Content,
    quoted_remote_id: Option<&str>,
    now_ms: Millis,
) -> Result<MessageId, StoreError> {
    // It belongs after what is on screen, even if the customer's clock or ours is off.
    let newest: Option<Millis> = tx
        .prepare_cached("SELECT max(sent_at_ms) FROM message WHERE conversation_id = ?1")?
        .query_row([conversation.0], only)?;
    let at_ms = newest.map_or(now_ms, |newest| now_ms.max(newest.saturating_add(1)));
    let id = insert_row(tx, account, conversation, None, (at_ms, 0), content, Surface::Deskbell, false)?;
    if let Some(quoted) = quoted_remote_id {
        tx.execute("UPDATE message SET quoted_remote_id = ?2 WHERE id = ?1", (id.0, quoted))?;
    }
    Ok(id)
}

#[expect(clippy::too_many_arguments, reason = "the columns of one INSERT")]
fn insert_row(
    tx: &Tx<'_>,
    account: AccountId,
    conversation: ConversationId,
    news: Option<&IncomingMessage>,
    (sent_at_ms, tie): (Millis, i64),
    content: &Content,
    surface: Surface,
    listed: bool,
) -> Result<MessageId, StoreError> {
    let id = next_id(tx, sent_at_ms)?;
    tx.prepare_cached(
        "INSERT INTO message (conversation_id, sent_at_ms, tie, id, account_id, remote_id, outgoing, surface, auto_type, content, quoted_remote_id, reactions, listed)
         VALUES (:conversation, :at, :tie, :id, :account, :remote_id, :outgoing, :surface, :auto, :content, :quoted, :reactions, :listed)",
    )?
    .execute(named_params! {
        ":conversation": conversation.0, ":at": sent_at_ms, ":tie": tie, ":id": id.0, ":account": account.0,
        ":remote_id": news.map(|news| &news.remote_id), ":outgoing": news.is_none_or(|news| news.outgoing),
        ":surface": Word(surface), ":auto": news.and_then(|news| news.auto).map(Word),
        ":content": serde_json::to_string(content)?, ":quoted": news.and_then(|news| news.quoted_remote_id.as_ref()),
        ":reactions": serde_json::to_string(news.map_or(&[][..], |news| &news.reactions))?, ":listed": listed,
    })?;
    let (outgoing, reactions) = news.map_or((true, &[][..]), |news| (news.outgoing, &news.reactions));
    derived::changed(tx, None, &IndexEntry { id, account, conversation, outgoing, content, reactions }, listed)?;
    Ok(id)
}

/// What came of [`update`].
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Updated {
    /// Whether anything shown has changed.
    pub changed: bool,
    /// Whether a picture is pending in it now that was not before, and is to be ordered.
    pub picture: bool,
}

/// Takes over what a newer listing says about a known message. What was known stays where less is said now: this is the
/// only history there is.
///
/// # Errors
/// [`StoreError`]
pub fn update(tx: &Tx<'_>, known: &Message, news: &IncomingMessage, listed: bool) -> Result<Updated, StoreError> {
    // Keep the downloaded image: a listing carries only TikTok's media id.
    let content = merged(known, news);
    let auto = known.auto.or(news.auto);
    let surface = if known.surface == Surface::Other { news.surface } else { known.surface };
    let quoted = known.quoted_remote_id.as_ref().or(news.quoted_remote_id.as_ref());
    // Where the source does not say when, it stays where it was put.
    let sent_at_ms = if news.is_timed { news.sent_at_ms } else { known.sent_at_ms };
    let changed = content != known.content
        || news.reactions != known.reactions
        || sent_at_ms != known.sent_at_ms
        || (auto, surface, quoted) != (known.auto, known.surface, known.quoted_remote_id.as_ref());
    if !changed && (known.listed || !listed) {
        return Ok(Updated::default());
    }
    // It keeps its place, unless it has another time, or none was given to it when TikTok named it.
    let moves = sent_at_ms != known.sent_at_ms || (known.surface == Surface::Deskbell && !known.listed);
    tx.prepare_cached(
        "UPDATE message SET content = :content, reactions = :reactions, sent_at_ms = :at, listed = max(listed, :listed),
             tie = CASE WHEN :moves THEN 0 ELSE tie END, auto_type = :auto, surface = :surface, quoted_remote_id = :quoted WHERE id = :id",
    )?
    .execute(named_params! {
        ":id": known.id.0, ":content": serde_json::to_string(&content)?, ":reactions": serde_json::to_string(&news.reactions)?,
        ":at": sent_at_ms, ":listed": listed, ":auto": auto.map(Word), ":surface": Word(surface),
        ":quoted": quoted, ":moves": moves,
    })?;
    let raw = match raw(tx, known.id)? {
        Some(held) if says_less(&known.content, &news.content) => held,
        Some(held) => joined(&news.raw, &held),
        None => news.raw.clone(),
    };
    tx.prepare_cached("INSERT INTO message_raw (message_id, raw) VALUES (?1, ?2) ON CONFLICT (message_id) DO UPDATE SET raw = excluded.raw")?
        .execute((known.id.0, &raw))?;
    if moves {
        reorder_same_ms(tx, known.conversation, sent_at_ms)?;
    }
    let entry = IndexEntry { content: &content, reactions: &news.reactions, ..entry(known) };
    derived::changed(tx, Some(known), &entry, known.listed || listed)?;
    let picture = is_pending(&content) && !(is_pending(&known.content) && same_media(&known.content, &content));
    Ok(Updated { changed, picture })
}

/// Replaces a message's content, such as when its picture is held now, or its words were edited before it went out.
///
/// # Errors
/// [`StoreError`]
pub fn set_content(tx: &Tx<'_>, id: MessageId, content: &Content) -> Result<(), StoreError> {
    let before = get(tx, id)?;
    rewrite(tx, &before, content, &before.reactions)
}

/// Notes that the log of the shop's relay has a message.
///
/// # Errors
/// [`StoreError`]
pub fn mark_pushed(tx: &Tx<'_>, id: MessageId) -> Result<(), StoreError> {
    tx.prepare_cached("UPDATE message SET pushed = 1 WHERE id = ?1 AND pushed = 0")?.execute([id.0])?;
    Ok(())
}

/// Replaces the emoji on a message.
///
/// # Errors
/// [`StoreError`]
pub fn set_reactions(tx: &Tx<'_>, id: MessageId, reactions: &[Reaction]) -> Result<(), StoreError> {
    let before = get(tx, id)?;
    tx.execute("UPDATE message SET reactions = ?2 WHERE id = ?1", (id.0, serde_json::to_string(reactions)?))?;
    derived::changed(tx, Some(&before), &IndexEntry { reactions, ..entry(&before) }, before.listed)
}

fn rewrite(tx: &Tx<'_>, before: &Message, content: &Content, reactions: &[Reaction]) -> Result<(), StoreError> {
    tx.prepare_cached("UPDATE message SET content = ?2, reactions = ?3 WHERE id = ?1")?.execute((
        before.id.0,
        serde_json::to_string(content)?,
        serde_json::to_string(reactions)?,
    ))?;
    let is_at_tiktok = before.listed || before.remote_id.is_some();
    derived::changed(tx, Some(before), &IndexEntry { content, reactions, ..entry(before) }, is_at_tiktok)
}

/// Assigns TikTok's id to a message of ours and, if known, TikTok's time.
///
/// # Errors
/// [`StoreError`]
pub fn assign_remote_id(
    tx: &Tx<'_>,
    id: MessageId,
    remote_id: &str,
    news: Option<&IncomingMessage>,
    listed: bool,
) -> Result<(), StoreError> {
    tx.execute(
        "UPDATE message SET remote_id = ?2, sent_at_ms = coalesce(?3, sent_at_ms), tie = 0, listed = max(listed, ?4) WHERE id = ?1",
        (id.0, remote_id, news.filter(|news| news.is_timed).map(|news| news.sent_at_ms), listed),
    )?;
    if let Some(news) = news {
        tx.prepare_cached("INSERT INTO message_raw (message_id, raw) VALUES (?1, ?2) ON CONFLICT (message_id) DO UPDATE SET raw = excluded.raw")?
            .execute((id.0, &news.raw))?;
        let held = get(tx, id)?;
        let content = merged(&held, news);
        // TikTok may have altered the words, and a colleague's phone shown an emoji on them already.
        if content != held.content || news.reactions != held.reactions {
            rewrite(tx, &held, &content, &news.reactions)?;
        }
        reorder_same_ms(tx, held.conversation, held.sent_at_ms)?;
    }
    Ok(())
}

/// Puts a message of ours that has not gone out at another time of its thread.
///
/// # Errors
/// [`StoreError`]
pub fn set_time(tx: &Tx<'_>, id: MessageId, sent_at_ms: Millis) -> Result<(), StoreError> {
    tx.execute("UPDATE message SET sent_at_ms = ?2 WHERE id = ?1", (id.0, sent_at_ms))?;
    Ok(())
}

/// Takes TikTok's id away from a message, because it turned out to be another one's.
///
/// # Errors
/// [`StoreError`]
pub fn clear_remote_id(tx: &Tx<'_>, id: MessageId) -> Result<(), StoreError> {
    tx.execute("UPDATE message SET remote_id = NULL WHERE id = ?1", [id.0])?;
    Ok(())
}

/// Puts a message of ours at this time, after everything that is there.
///
/// # Errors
/// [`StoreError`]
pub fn move_to_end(tx: &Tx<'_>, id: MessageId, conversation: ConversationId, now_ms: Millis) -> Result<(), StoreError> {
    tx.execute(
        "UPDATE message SET tie = 0, sent_at_ms = max(?3, 1 + coalesce((SELECT max(sent_at_ms) FROM message WHERE conversation_id = ?2 AND id <> ?1), 0)) WHERE id = ?1",
        (id.0, conversation.0, now_ms),
    )?;
    Ok(())
}

/// Removes a message of ours that never went out.
///
/// # Errors
/// [`StoreError`]
pub fn remove(tx: &Tx<'_>, id: MessageId) -> Result<(), StoreError> {
    derived::removed(tx, id)?;
    tx.execute("DELETE FROM message WHERE id = ?1", [id.0])?;
    tx.execute("DELETE FROM message_raw WHERE message_id = ?1", [id.0])?;
    Ok(())
}
