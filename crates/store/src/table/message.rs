//! Messages, clustered by conversation and ordered by TikTok's time, then TikTok's id; never by arrival.

use std::collections::BTreeMap;

use model::{AccountId, AutoType, Content, ConversationId, MediaState, MessageId, Millis, Reaction, Surface};
use rusqlite::types::ValueRef;
use rusqlite::{Connection, OptionalExtension, Row, named_params};
use serde_json::value::RawValue;

use super::{firing, picture};
use crate::rows::columns;
use crate::rows::only;
use crate::search::{self, IndexEntry};
use crate::stored::Word;
use crate::{StoreError, Tx, readable};

const TABLE: &str = "message";
/// How many bits of a [`MessageId`] tell messages of one millisecond apart.
const ID_BITS: u32 = 20;

/// What a source says about a message.
#[derive(Debug, Clone, PartialEq)]
pub struct IncomingMessage {
    /// TikTok's `message_id`.
    pub remote_id: String,
    /// When it was sent, ms since the epoch; about when, where the source does not say.
    pub sent_at_ms: Millis,
    /// Whether the source said when it was sent.
    pub is_timed: bool,
    /// Whether the business sent it.
    pub outgoing: bool,
    /// Through what.
    pub surface: Surface,
    /// Which automatic message it is, if one.
    pub auto: Option<AutoType>,
    /// What is in it.
    pub content: Content,
    /// The message it quotes.
    pub quoted_remote_id: Option<String>,
    /// The emoji on it.
    pub reactions: Vec<Reaction>,
    /// All that the source said, as JSON.
    pub raw: String,
}

/// A message as it is stored.
#[derive(Debug, Clone, PartialEq)]
pub struct Message {
    /// Its id.
    pub id: MessageId,
    /// Its account.
    pub account: AccountId,
    /// Its conversation.
    pub conversation: ConversationId,
    /// When it was sent, ms since the epoch.
    pub sent_at_ms: Millis,
    /// TikTok's id; none until TikTok gives ours one.
    pub remote_id: Option<String>,
    /// Whether the business sent it.
    pub outgoing: bool,
    /// Through what.
    pub surface: Surface,
    /// Which automatic message it is, if one.
    pub auto: Option<AutoType>,
    /// What is in it.
    pub content: Content,
    /// The message it quotes.
    pub quoted_remote_id: Option<String>,
    /// The emoji on it.
    pub reactions: Vec<Reaction>,
    /// Whether it came by listing.
    pub listed: bool,
}

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
    search::index(tx, &IndexEntry { id, account, conversation, outgoing, content, reactions })?;
    picture::follow(tx, id, conversation, content, listed)?;
    Ok(id)
}

/// The smallest id a message of this time can have.
#[must_use]
pub fn first_id(sent_at_ms: Millis) -> MessageId {
    MessageId(sent_at_ms.clamp(0, i64::MAX >> (ID_BITS + 1)) << ID_BITS)
}

/// The time in a message's id: when it was first said to be sent.
#[must_use]
pub fn time_of(id: MessageId) -> Millis {
    id.0 >> ID_BITS
}

/// The next free id for a message of this millisecond.
fn next_id(tx: &Tx<'_>, sent_at_ms: Millis) -> Result<MessageId, StoreError> {
    let first = first_id(sent_at_ms).0;
    let last: Option<i64> = tx
        .prepare_cached("SELECT max(id) FROM message WHERE id >= ?1 AND id < ?2")?
        .query_row((first, first + (1 << ID_BITS)), only)?;
    Ok(MessageId(last.map_or(first, |last| last + 1)))
}

/// Where a message stands among those of its millisecond, which are ordered by TikTok's id: behind the last or before the
/// first. None where it belongs between two of them, and all have to be ordered anew. Whoever sends thousands of messages
/// of one moment sends them in order, and each of them looks at its neighbours only.
fn free_tie(
    tx: &Tx<'_>,
    conversation: ConversationId,
    at_ms: Millis,
    remote_id: &str,
) -> Result<Option<i64>, StoreError> {
    let end = |order: &str| -> Result<Option<(i64, Option<String>)>, StoreError> {
        Ok(tx
            .prepare_cached(&format!(
                "SELECT tie, remote_id FROM message WHERE conversation_id = ?1 AND sent_at_ms = ?2 ORDER BY tie {order}, id {order} LIMIT 1"
            ))?
            .query_row((conversation.0, at_ms), |row| row.try_into())
            .optional()?)
    };
    let Some((last_tie, last)) = end("DESC")? else { return Ok(Some(0)) };
    if last.is_some_and(|last| *last < *remote_id) {
        return Ok(Some(last_tie + 1));
    }
    let Some((first_tie, first)) = end("ASC")? else { return Ok(Some(0)) };
    // Ours that TikTok has not named stand last.
    Ok(first.is_none_or(|first| *remote_id < *first).then_some(first_tie - 1))
}

/// Orders the messages of one millisecond by TikTok's id, whatever order they arrived in.
fn reorder_same_ms(tx: &Tx<'_>, conversation: ConversationId, at_ms: Millis) -> Result<(), StoreError> {
    let count: i64 = tx
        .prepare_cached("SELECT count(*) FROM message WHERE conversation_id = ?1 AND sent_at_ms = ?2")?
        .query_row((conversation.0, at_ms), only)?;
    if count < 2 {
        return Ok(());
    }
    let mut query =
        tx.prepare_cached("SELECT id, tie FROM message WHERE conversation_id = ?1 AND sent_at_ms = ?2 ORDER BY remote_id IS NULL, remote_id, id")?;
    let ordered: Vec<(i64, i64)> =
        query.query_map((conversation.0, at_ms), |row| row.try_into())?.collect::<Result<_, _>>()?;
    for (tie, (id, known)) in (0_i64..).zip(ordered) {
        if tie != known {
            tx.prepare_cached("UPDATE message SET tie = ?2 WHERE id = ?1")?.execute((id, tie))?;
        }
    }
    Ok(())
}

/// The message with TikTok's id in a conversation, if it is known.
///
/// # Errors
/// [`StoreError`]
pub fn find_in(
    sql: &Connection,
    account: AccountId,
    conversation: ConversationId,
    remote_id: &str,
) -> Result<Option<Message>, StoreError> {
    let mut query = sql.prepare_cached(&format!(
        "SELECT {columns} FROM message WHERE account_id = ?1 AND remote_id = ?2 AND conversation_id = ?3",
        columns = MessageColumns::SQL
    ))?;
    let mut rows = query.query((account.0, remote_id, conversation.0))?;
    rows.next()?.map(read).transpose()
}

/// The messages with TikTok's id in other conversations of an account than this one.
///
/// # Errors
/// [`StoreError`]
pub fn find_elsewhere(
    sql: &Connection,
    account: AccountId,
    conversation: ConversationId,
    remote_id: &str,
) -> Result<Vec<Message>, StoreError> {
    let mut query = sql.prepare_cached(&format!(
        "SELECT {columns} FROM message WHERE account_id = ?1 AND remote_id = ?2 AND conversation_id <> ?3",
        columns = MessageColumns::SQL
    ))?;
    let mut rows = query.query((account.0, remote_id, conversation.0))?;
    let mut found = Vec::new();
    while let Some(row) = rows.next()? {
        found.push(read(row)?);
    }
    Ok(found)
}

/// The message with TikTok's id, in whichever of an account's conversations, if it is known.
///
/// # Errors
/// [`StoreError`]
pub fn find(sql: &Connection, account: AccountId, remote_id: &str) -> Result<Option<Message>, StoreError> {
    let mut query = sql.prepare_cached(&format!(
        "SELECT {columns} FROM message WHERE account_id = ?1 AND remote_id = ?2",
        columns = MessageColumns::SQL
    ))?;
    let mut rows = query.query((account.0, remote_id))?;
    rows.next()?.map(read).transpose()
}

/// A conversation's messages of between these times, oldest first.
///
/// # Errors
/// [`StoreError`]
pub fn between(
    sql: &Connection,
    conversation: ConversationId,
    from_ms: Millis,
    to_ms: Millis,
) -> Result<Vec<Message>, StoreError> {
    let mut query = sql.prepare_cached(&format!(
        "SELECT {columns} FROM message WHERE conversation_id = ?1 AND sent_at_ms BETWEEN ?2 AND ?3 ORDER BY sent_at_ms, tie, id",
        columns = MessageColumns::SQL
    ))?;
    let mut rows = query.query((conversation.0, from_ms, to_ms))?;
    let mut found = Vec::new();
    while let Some(row) = rows.next()? {
        found.push(read(row)?);
    }
    Ok(found)
}

/// One message.
///
/// # Errors
/// [`StoreError::NotFound`]
pub fn get(sql: &Connection, id: MessageId) -> Result<Message, StoreError> {
    let mut query =
        sql.prepare_cached(&format!("SELECT {columns} FROM message WHERE id = ?1", columns = MessageColumns::SQL))?;
    let mut rows = query.query([id.0])?;
    rows.next()?.ok_or(StoreError::NotFound).and_then(read)
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
    // A picture we hold stays held: listings only know TikTok's id of it.
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
    if content != known.content || news.reactions != known.reactions {
        search::index(tx, &IndexEntry { content: &content, reactions: &news.reactions, ..entry(known) })?;
    }
    picture::follow(tx, known.id, known.conversation, &content, known.listed || listed)?;
    let picture = is_pending(&content) && !(is_pending(&known.content) && same_media(&known.content, &content));
    Ok(Updated { changed, picture })
}

/// Whether TikTok, which once gave out what is in a message, now hands out nothing of it.
fn says_less(known: &Content, now: &Content) -> bool {
    matches!(now, Content::Unsupported { .. }) && !matches!(known, Content::Unsupported { .. })
}

/// All that was said of a message, as one object: a push tells what a listing leaves out, and the other way round. Where
/// both say something, it is what is said now.
fn joined(now: &str, before: &str) -> String {
    let read = |text| serde_json::from_str::<BTreeMap<String, Box<RawValue>>>(text).ok();
    let (Some(mut whole), Some(before)) = (read(now), read(before)) else { return now.to_owned() };
    for (key, value) in before {
        if whole.get(&key).is_none_or(|said| said.get() == "null") {
            whole.insert(key, value);
        }
    }
    serde_json::to_string(&whole).unwrap_or_else(|_| now.to_owned())
}

fn is_pending(content: &Content) -> bool {
    matches!(
        content,
        Content::Image { media: MediaState::Pending, .. } | Content::Sticker { media: MediaState::Pending, .. }
    )
}

/// What is in a message, by what was known and what a listing says now. Of what we sent ourselves we know more than a
/// listing tells; only TikTok's id of the picture is new. Nobody can edit a message at TikTok: one that comes back with less
/// in it lost that on its way, and a picture that is here stays, whatever TikTok calls it now.
fn merged(known: &Message, news: &IncomingMessage) -> Content {
    match (&known.content, &news.content) {
        (ours, theirs) if says_less(ours, theirs) => ours.clone(),
        (Content::Text { .. }, Content::Text { body }) if body.is_empty() => known.content.clone(),
        (Content::Image { media, .. }, Content::Image { media_id, .. }) if known.surface == Surface::Deskbell => {
            Content::Image { media_id: media_id.clone(), media: media.clone() }
        }
        (Content::Card { .. }, Content::Card { .. }) | (Content::SharePost { .. }, Content::SharePost { .. })
            if known.surface == Surface::Deskbell =>
        {
            known.content.clone()
        }
        (Content::Card { kind, title, buttons }, Content::Card { kind: now, title: says, buttons: shows }) => {
            Content::Card {
                kind: now.or(*kind),
                title: if says.is_empty() { title } else { says }.clone(),
                buttons: if shows.is_empty() { buttons } else { shows }.clone(),
            }
        }
        (Content::SharePost { embed_url, item_id }, Content::SharePost { embed_url: now, item_id: id }) => {
            Content::SharePost {
                embed_url: if now.is_empty() { embed_url } else { now }.clone(),
                item_id: id.as_ref().or(item_id.as_ref()).cloned(),
            }
        }
        (
            Content::Image { media: media @ (MediaState::Kept { .. } | MediaState::Released), .. },
            Content::Image { media_id, .. },
        ) => Content::Image { media_id: media_id.clone(), media: media.clone() },
        (Content::Sticker { media: MediaState::Kept { .. }, .. }, Content::Sticker { .. }) => known.content.clone(),
        // The link to a sticker that is still on its way may have died; this one is fresh.
        (Content::Sticker { media: media @ MediaState::Pending, .. }, Content::Sticker { url, .. })
            if same_media(&known.content, &news.content) =>
        {
            Content::Sticker { url: url.clone(), media: media.clone() }
        }
        (ours, theirs) if same_media(ours, theirs) => ours.clone(),
        (_, theirs) => theirs.clone(),
    }
}

/// Whether two contents are the same picture or sticker, held or not.
fn same_media(one: &Content, other: &Content) -> bool {
    match (one, other) {
        (Content::Image { media_id: one, .. }, Content::Image { media_id: other, .. }) => one == other,
        (Content::Sticker { url: one, .. }, Content::Sticker { url: other, .. }) => {
            one.split('?').next() == other.split('?').next()
        }
        _ => false,
    }
}

/// Replaces a message's content, such as when its picture is held now.
///
/// # Errors
/// [`StoreError`]
pub fn set_content(tx: &Tx<'_>, id: MessageId, content: &Content) -> Result<(), StoreError> {
    let (conversation, listed) = tx
        .prepare_cached(
            "UPDATE message SET content = ?2 WHERE id = ?1 RETURNING conversation_id, listed OR remote_id IS NOT NULL AS is_at_tiktok",
        )?
        .query_row((id.0, serde_json::to_string(content)?), |row| Ok((ConversationId(row.get("conversation_id")?), row.get("is_at_tiktok")?)))?;
    picture::follow(tx, id, conversation, content, listed)
}

/// Replaces the emoji on a message.
///
/// # Errors
/// [`StoreError`]
pub fn set_reactions(tx: &Tx<'_>, id: MessageId, reactions: &[Reaction]) -> Result<(), StoreError> {
    tx.execute("UPDATE message SET reactions = ?2 WHERE id = ?1", (id.0, serde_json::to_string(reactions)?))?;
    search::index(tx, &entry(&get(tx, id)?))
}

/// What search knows of a stored message.
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

/// Gives a message of ours TikTok's id and, if known, TikTok's time.
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
            tx.execute(
                "UPDATE message SET reactions = ?2 WHERE id = ?1",
                (id.0, serde_json::to_string(&news.reactions)?),
            )?;
            rewrite(tx, id, &content)?;
        }
        reorder_same_ms(tx, held.conversation, held.sent_at_ms)?;
    }
    Ok(())
}

/// Gives a message of ours another text, in the index too.
///
/// # Errors
/// [`StoreError`]
pub fn rewrite(tx: &Tx<'_>, id: MessageId, content: &Content) -> Result<(), StoreError> {
    set_content(tx, id, content)?;
    search::index(tx, &entry(&get(tx, id)?))
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
    search::forget(tx, id)?;
    picture::forget(tx, id)?;
    firing::forget_reply(tx, id)?;
    tx.execute("DELETE FROM message WHERE id = ?1", [id.0])?;
    tx.execute("DELETE FROM message_raw WHERE message_id = ?1", [id.0])?;
    Ok(())
}

/// Which messages a page wants.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum PageAnchor {
    /// The newest.
    Newest,
    /// The oldest.
    Oldest,
    /// Those older than this one, nearest first.
    Before(MessageId),
    /// Those newer than this one, nearest first.
    After(MessageId),
}

/// A anchor of a conversation's messages, oldest first, and whether there are more beyond it in the direction asked.
///
/// # Errors
/// [`StoreError`]; [`StoreError::NotFound`] if the message to start from is not there.
pub fn page(
    sql: &Connection,
    conversation: ConversationId,
    anchor: PageAnchor,
    limit: u32,
) -> Result<(Vec<Message>, bool), StoreError> {
    let (bound, from, order) = match anchor {
        PageAnchor::Newest => ("", None, "DESC"),
        PageAnchor::Oldest => ("", None, "ASC"),
        PageAnchor::Before(id) => (" AND (sent_at_ms, tie, id) < (?3, ?4, ?5)", Some(id), "DESC"),
        PageAnchor::After(id) => (" AND (sent_at_ms, tie, id) > (?3, ?4, ?5)", Some(id), "ASC"),
    };
    let mut query = sql.prepare_cached(&format!(
        "SELECT {columns} FROM message WHERE conversation_id = ?1{bound} ORDER BY sent_at_ms {order}, tie {order}, id {order} LIMIT ?2",
        columns = MessageColumns::SQL
    ))?;
    // One more than asked tells whether there are more.
    let most = i64::from(limit) + 1;
    let mut rows = match from {
        None => query.query((conversation.0, most))?,
        Some(id) => {
            let (at, tie): (Millis, i64) = sql
                .prepare_cached("SELECT sent_at_ms, tie FROM message WHERE id = ?1 AND conversation_id = ?2")?
                .query_row((id.0, conversation.0), |row| row.try_into())?;
            query.query((conversation.0, most, at, tie, id.0))?
        }
    };
    let mut messages = Vec::new();
    while let Some(row) = rows.next()? {
        messages.push(read(row)?);
    }
    let more = messages.len() > limit as usize;
    messages.truncate(limit as usize);
    if order == "DESC" {
        messages.reverse();
    }
    Ok((messages, more))
}

/// A message in its place: about as many older as newer ones around it, oldest first, and whether there are more before
/// and after.
///
/// # Errors
/// [`StoreError`]; [`StoreError::NotFound`] if it is not in this conversation.
pub fn around(
    sql: &Connection,
    conversation: ConversationId,
    id: MessageId,
    limit: u32,
) -> Result<(Vec<Message>, bool, bool), StoreError> {
    let (mut messages, older) = page(sql, conversation, PageAnchor::Before(id), limit / 2)?;
    let (after, newer) = page(sql, conversation, PageAnchor::After(id), limit / 2)?;
    messages.push(get(sql, id)?);
    messages.extend(after);
    Ok((messages, older, newer))
}

/// Whether any message lies beyond this one, before or after it.
///
/// # Errors
/// [`StoreError`]
pub fn exists_beyond(sql: &Connection, conversation: ConversationId, anchor: PageAnchor) -> Result<bool, StoreError> {
    Ok(!page(sql, conversation, anchor, 1)?.0.is_empty())
}

/// How many messages there are. Reads a whole index: not for every keystroke.
///
/// # Errors
/// [`StoreError`]
pub fn count(sql: &Connection) -> Result<u32, StoreError> {
    Ok(sql.prepare_cached("SELECT count(*) FROM message")?.query_row([], only)?)
}

/// What TikTok said of a message, whole.
///
/// # Errors
/// [`StoreError`]
pub fn raw(sql: &Connection, id: MessageId) -> Result<Option<String>, StoreError> {
    Ok(sql.query_row("SELECT raw FROM message_raw WHERE message_id = ?1", [id.0], only).optional()?)
}

/// The newest message before this time that came by listing, and whether there is any at all.
///
/// # Errors
/// [`StoreError`]
pub fn newest_listed(
    sql: &Connection,
    conversation: ConversationId,
    before_ms: Millis,
) -> Result<Option<MessageId>, StoreError> {
    Ok(sql
        .prepare_cached(
            "SELECT id FROM message WHERE conversation_id = ?1 AND sent_at_ms < ?2 AND listed = 1 ORDER BY sent_at_ms DESC, tie DESC, id DESC LIMIT 1",
        )?
        .query_row((conversation.0, before_ms), |row| only(row).map(MessageId))
        .optional()?)
}

/// The messages of TikTok's that were never listed, after this one (or from the start) and before that time, oldest first.
///
/// # Errors
/// [`StoreError`]
pub fn unlisted_between(
    sql: &Connection,
    conversation: ConversationId,
    after: Option<MessageId>,
    before_ms: Millis,
) -> Result<Vec<MessageId>, StoreError> {
    let after_ms = after.map(|after| get(sql, after)).transpose()?.map_or(Millis::MIN, |after| after.sent_at_ms);
    Ok(sql
        .prepare_cached(
            "SELECT id FROM message WHERE conversation_id = ?1 AND sent_at_ms > ?2 AND sent_at_ms < ?3 AND listed = 0 AND remote_id IS NOT NULL
             ORDER BY sent_at_ms, tie, id",
        )?
        .query_map((conversation.0, after_ms, before_ms), |row| only(row).map(MessageId))?
        .collect::<Result<_, _>>()?)
}

columns!(
    /// A message as it is read.
    MessageColumns {
        ID: "id",
        ACCOUNT: "account_id",
        CONVERSATION: "conversation_id",
        SENT_AT_MS: "sent_at_ms",
        REMOTE_ID: "remote_id",
        OUTGOING: "outgoing",
        SURFACE: "surface",
        AUTO_TYPE: "auto_type",
        CONTENT: "content",
        QUOTED_REMOTE_ID: "quoted_remote_id",
        REACTIONS: "reactions",
        LISTED: "listed",
    }
);

fn read(row: &Row<'_>) -> Result<Message, StoreError> {
    use MessageColumns as At;
    Ok(Message {
        id: MessageId(row.get(At::ID)?),
        account: AccountId(row.get(At::ACCOUNT)?),
        conversation: ConversationId(row.get(At::CONVERSATION)?),
        sent_at_ms: row.get(At::SENT_AT_MS)?,
        remote_id: row.get(At::REMOTE_ID)?,
        outgoing: row.get(At::OUTGOING)?,
        surface: readable::word(TABLE, row, At::SURFACE)?.unwrap_or(Surface::Other),
        auto: match row.get_ref(At::AUTO_TYPE)? {
            ValueRef::Null => None,
            _ => Some(readable::word(TABLE, row, At::AUTO_TYPE)?.unwrap_or(AutoType::Other)),
        },
        content: readable::column(TABLE, row, At::CONTENT)?.unwrap_or(Content::Unreadable),
        quoted_remote_id: row.get(At::QUOTED_REMOTE_ID)?,
        reactions: readable::column(TABLE, row, At::REACTIONS)?.unwrap_or_default(),
        listed: row.get(At::LISTED)?,
    })
}

/// What is in a message, as it is stored.
pub(crate) fn content_of(json: &[u8]) -> Content {
    readable::parse(TABLE, json).unwrap_or(Content::Unreadable)
}
