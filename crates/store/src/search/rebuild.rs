//! Filling the index again, in slices, beside everything else that is written: saved replies and people first, they are
//! few, then messages, newest first.
//!
//! The position is kept in a setting: what the migration leaves there means the beginning, `s7` that saved replies below 7
//! are to come, `p7` that people are, a number that messages below it are.

use model::{AccountId, Change, ConversationId, MessageId, PersonId, Reaction};
use rusqlite::Connection;

use super::entry::IndexEntry;
use super::index::{index, index_person};
use crate::rows::only;
use crate::table::{message, saved_reply, setting};
use crate::{StoreError, Tx, readable};

const POSITION: &str = "search_rebuild";

/// Whether the index is still being filled: what it has not reached yet is not found.
///
/// # Errors
/// [`StoreError`]
pub fn is_rebuilding(sql: &Connection) -> Result<bool, StoreError> {
    Ok(setting::get(sql, POSITION)?.is_some())
}

/// Fills a slice of the index; whether there is more to fill. A message or person indexed meanwhile is left alone.
///
/// # Errors
/// [`StoreError`]
pub fn rebuild(tx: &mut Tx<'_>, slice: u32) -> Result<bool, StoreError> {
    let Some(position) = setting::get(tx, POSITION)? else { return Ok(false) };
    let start = i64::MAX.to_string();
    let replies = position.strip_prefix('s').or((position == start).then_some(start.as_str()));
    let next = if let Some(below) = replies {
        saved_reply::index_again(tx, number(below)?, slice)?
            .map_or_else(|| format!("p{start}"), |below| format!("s{below}"))
    } else if let Some(below) = position.strip_prefix('p') {
        // The largest number is the beginning, so messages start just below; no message has it.
        rebuild_people(tx, number(below)?, slice)?.map_or((i64::MAX - 1).to_string(), |below| format!("p{below}"))
    } else if let Some(below) = rebuild_messages(tx, number(&position)?, slice)? {
        below.to_string()
    } else {
        tx.execute("DELETE FROM setting WHERE name = ?1", [POSITION])?;
        tx.touch(Change::Settings);
        return Ok(false);
    };
    // Not through `setting::set`: a slice is no news to the page.
    tx.execute("UPDATE setting SET value = ?2 WHERE name = ?1", (POSITION, next))?;
    Ok(true)
}

fn number(text: &str) -> Result<i64, StoreError> {
    text.parse().map_err(|_| StoreError::Damaged(format!("{POSITION} is {text}")))
}

/// Where the next slice of people begins, if there is one.
fn rebuild_people(tx: &Tx<'_>, below: i64, slice: u32) -> Result<Option<i64>, StoreError> {
    type UnindexedPerson = (i64, i64, String, Option<String>, bool);
    let mut rows: Vec<UnindexedPerson> = tx
        .prepare_cached(
            "SELECT id, account_id, name, handle, EXISTS (SELECT 1 FROM search_person_docsize d WHERE d.id = person.id)
             FROM person WHERE id < ?1 ORDER BY id DESC LIMIT ?2",
        )?
        .query_map((below, slice), |row| row.try_into())?
        .collect::<Result<_, _>>()?;
    let next = rows.last().map(|row| row.0);
    rows.reverse();
    for (id, account, name, handle, _) in rows.iter().filter(|row| !row.4) {
        index_person(tx, PersonId(*id), AccountId(*account), name, handle.as_deref())?;
    }
    Ok(next)
}

/// Where the next slice of messages begins, if there is one. A slice goes in oldest first: FTS5 starts a new segment
/// whenever a row comes before the last, which halves the speed.
fn rebuild_messages(tx: &Tx<'_>, below: i64, slice: u32) -> Result<Option<i64>, StoreError> {
    type UnindexedMessage = (i64, i64, i64, bool, Vec<u8>, Vec<u8>, bool);
    let mut rows: Vec<UnindexedMessage> = tx
        .prepare_cached(
            "SELECT id, account_id, conversation_id, outgoing, content, reactions, EXISTS (SELECT 1 FROM search_docsize d WHERE d.id = message.id) AS is_indexed
             FROM message WHERE id < ?1 ORDER BY id DESC LIMIT ?2",
        )?
        .query_map((below, slice), |row| {
            let bytes = |at| Ok::<_, rusqlite::Error>(row.get_ref(at)?.as_bytes()?.to_vec());
            Ok((row.get("id")?, row.get("account_id")?, row.get("conversation_id")?, row.get("outgoing")?, bytes("content")?, bytes("reactions")?, row.get("is_indexed")?))
        })?
        .collect::<Result<_, _>>()?;
    let next = rows.last().map(|row| row.0);
    rows.reverse();
    for (id, account, conversation, outgoing, content, reactions, _) in rows.iter().filter(|row| !row.6) {
        let content = message::content_of(content);
        let reactions: Vec<Reaction> = readable::parse("message", reactions).unwrap_or_default();
        let entry = IndexEntry {
            id: MessageId(*id),
            account: AccountId(*account),
            conversation: ConversationId(*conversation),
            outgoing: *outgoing,
            content: &content,
            reactions: &reactions,
        };
        index(tx, &entry)?;
    }
    Ok(next)
}

/// Merges about so many pages of the index, which many small writes leave in many pieces; whether there is more to merge.
/// Worth it after a first fetch or a rebuild: searching then takes about a third less.
///
/// # Errors
/// [`StoreError`]
pub fn merge(tx: &Tx<'_>, pages: u32) -> Result<bool, StoreError> {
    let before: i64 = tx.query_row("SELECT total_changes()", [], only)?;
    // Negative means: towards one piece, not only where there are many.
    for table in ["search", "search_person"] {
        tx.prepare_cached(&format!("INSERT INTO {table} ({table}, rank) VALUES ('merge', ?1)"))?
            .execute([-i64::from(pages)])?;
    }
    let after: i64 = tx.query_row("SELECT total_changes()", [], only)?;
    // The two statements count one each; what merging writes comes on top.
    Ok(after - before > 2)
}
