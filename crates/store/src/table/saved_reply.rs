//! Saved replies: what they say, and how often each was used.

use model::text_fold;
use model::{Change, Millis, SavedReplyId, SavedReplyText};
use rusqlite::{Connection, Row};

use crate::rows::only;
use crate::search::linear;
use crate::{StoreError, Tx};

/// A saved reply.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SavedReply {
    /// Its id.
    pub id: SavedReplyId,
    /// What the agent finds it by.
    pub name: String,
    /// What is typed after `/` to insert it at once; empty for none.
    pub shortcut: String,
    /// Under what it is listed; empty for none.
    pub category: String,
    /// The text, with its variables.
    pub body: String,
    /// The key of its picture in the media vault.
    pub attachment: Option<String>,
    /// How often it was used.
    pub uses: u32,
    /// When it was used last.
    pub used_at_ms: Option<Millis>,
}

impl SavedReply {
    /// What it says, as an agent edits it.
    #[must_use]
    pub fn text(&self) -> SavedReplyText {
        let Self { name, shortcut, category, body, attachment, .. } = self.clone();
        SavedReplyText { name, shortcut, category, body, attachment }
    }
}

/// One of them.
///
/// # Errors
/// [`StoreError::NotFound`]
pub fn get(sql: &Connection, id: SavedReplyId) -> Result<SavedReply, StoreError> {
    let mut query = sql.prepare_cached(&format!("SELECT {COLUMNS} FROM saved_reply WHERE id = ?1"))?;
    Ok(query.query_row([id.0], read)?)
}

/// All of them, oldest first.
///
/// # Errors
/// [`StoreError`]
pub fn all(sql: &Connection) -> Result<Vec<SavedReply>, StoreError> {
    let mut query = sql.prepare_cached(&format!("SELECT {COLUMNS} FROM saved_reply ORDER BY id"))?;
    Ok(query.query_map([], read)?.collect::<Result<_, _>>()?)
}

/// Those with words that begin as what was typed, in their name, shortcut, category or text: the one with exactly this
/// shortcut first, then those whose name or shortcut begins so, then by use. All of them, by use, if nothing was typed.
///
/// # Errors
/// [`StoreError`]
pub fn find(sql: &Connection, typed: &str, limit: u32) -> Result<Vec<SavedReply>, StoreError> {
    let typed = typed.trim();
    let typed = typed.strip_prefix('/').unwrap_or(typed);
    let folded = text_fold::fold(typed);
    let patterns = linear::patterns(typed);
    // Where nothing can be looked for, such as `+`, only a shortcut can be meant.
    let nothing = patterns.is_empty() && !folded.is_empty();
    let mut number = 2;
    let sets: Vec<String> = patterns
        .iter()
        .map(|set| {
            let matches: Vec<String> = set
                .iter()
                .map(|_| {
                    number += 1;
                    format!("words GLOB ?{number}")
                })
                .collect();
            matches.join(" AND ")
        })
        .collect();
    let words = if sets.is_empty() { u8::from(!nothing).to_string() } else { sets.join(" OR ") };
    let mut query = sql.prepare(&format!(
        "SELECT {COLUMNS} FROM saved_reply
         WHERE ({words}) OR (?1 <> '' AND substr(folded_shortcut, 1, length(?1)) = ?1)
         ORDER BY CASE WHEN ?1 = '' THEN 2 WHEN folded_shortcut = ?1 THEN 0
                       WHEN substr(folded, 1, length(?1)) = ?1 OR substr(folded_shortcut, 1, length(?1)) = ?1 THEN 1 ELSE 2 END,
                  uses DESC, used_at_ms DESC, folded, id LIMIT ?2"
    ))?;
    let mut values: Vec<&dyn rusqlite::ToSql> = vec![&folded, &limit];
    values.extend(patterns.iter().flatten().map(|pattern| pattern as &dyn rusqlite::ToSql));
    Ok(query.query_map(values.as_slice(), read)?.collect::<Result<_, _>>()?)
}

/// What search finds a saved reply by.
fn words_of(name: &str, shortcut: &str, category: &str, body: &str) -> String {
    linear::words(&format!("{name}\n{shortcut}\n{category}\n{body}"))
}

/// Cuts the words anew of so many saved replies below this one; the last of them, if there is one.
///
/// # Errors
/// [`StoreError`]
pub(crate) fn index_again(tx: &Tx<'_>, below: i64, slice: u32) -> Result<Option<i64>, StoreError> {
    type UnindexedReply = (i64, String, String, String, String);
    let rows: Vec<UnindexedReply> = tx
        .prepare_cached(
            "SELECT id, name, shortcut, category, body FROM saved_reply WHERE id < ?1 ORDER BY id DESC LIMIT ?2",
        )?
        .query_map((below, slice), |row| row.try_into())?
        .collect::<Result<_, _>>()?;
    for (id, name, shortcut, category, body) in &rows {
        let words = words_of(name, shortcut, category, body);
        tx.prepare_cached("UPDATE saved_reply SET words = ?2 WHERE id = ?1")?.execute((id, words))?;
    }
    Ok(rows.last().map(|row| row.0))
}

/// Keeps a saved reply: a new one, or this one as it is now. It must have been checked ([`SavedReplyText::validated`]).
///
/// # Errors
/// [`StoreError::WrongState`] if another one has this shortcut by search's measure, [`StoreError::NotFound`].
pub fn save(tx: &mut Tx<'_>, id: Option<SavedReplyId>, text: &SavedReplyText) -> Result<SavedReplyId, StoreError> {
    let SavedReplyText { name, shortcut, category, body, attachment } = text;
    let (folded, folded_shortcut) = (text_fold::fold(name), text_fold::fold(shortcut));
    let words = words_of(name, shortcut, category, body);
    let taken: bool = tx.query_row(
        "SELECT EXISTS (SELECT 1 FROM saved_reply WHERE folded_shortcut = ?1 AND ?1 <> '' AND id IS NOT ?2)",
        (&folded_shortcut, id.map(|id| id.0)),
        only,
    )?;
    if taken {
        return Err(StoreError::WrongState);
    }
    tx.touch(Change::SavedReplies);
    let values = (name, shortcut, category, body, attachment, &folded, &folded_shortcut, &words, id.map(|id| id.0));
    let id = match id {
        None => tx.query_row(
            "INSERT INTO saved_reply (name, shortcut, category, body, attachment, folded, folded_shortcut, words, id)
             VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9) RETURNING id",
            values,
            only,
        )?,
        Some(_) => tx.query_row(
            "UPDATE saved_reply SET name = ?1, shortcut = ?2, category = ?3, body = ?4, attachment = ?5, folded = ?6,
                 folded_shortcut = ?7, words = ?8 WHERE id = ?9 RETURNING id",
            values,
            only,
        )?,
    };
    Ok(SavedReplyId(id))
}

/// Forgets a saved reply. Its picture may go if nothing else names it.
///
/// # Errors
/// [`StoreError::NotFound`]
pub fn remove(tx: &mut Tx<'_>, id: SavedReplyId) -> Result<(), StoreError> {
    tx.touch(Change::SavedReplies);
    let gone = tx.execute("DELETE FROM saved_reply WHERE id = ?1", [id.0])?;
    if gone == 0 { Err(StoreError::NotFound) } else { Ok(()) }
}

/// It was used.
///
/// # Errors
/// [`StoreError::NotFound`]
pub fn record_use(tx: &mut Tx<'_>, id: SavedReplyId, now_ms: Millis) -> Result<(), StoreError> {
    tx.touch(Change::SavedReplies);
    let changed =
        tx.execute("UPDATE saved_reply SET uses = uses + 1, used_at_ms = ?2 WHERE id = ?1", (id.0, now_ms))?;
    if changed == 0 { Err(StoreError::NotFound) } else { Ok(()) }
}

/// It was used at least so often and so lately, as a file says.
///
/// # Errors
/// [`StoreError`]
pub fn set_usage(tx: &mut Tx<'_>, id: SavedReplyId, uses: u32, used_at_ms: Option<Millis>) -> Result<(), StoreError> {
    tx.touch(Change::SavedReplies);
    tx.execute(
        "UPDATE saved_reply SET uses = max(uses, ?2), used_at_ms = max(coalesce(used_at_ms, ?3), coalesce(?3, used_at_ms)) WHERE id = ?1",
        (id.0, uses, used_at_ms),
    )?;
    Ok(())
}

const COLUMNS: &str = "id, name, shortcut, category, body, attachment, uses, used_at_ms";

fn read(row: &Row<'_>) -> rusqlite::Result<SavedReply> {
    Ok(SavedReply {
        id: SavedReplyId(row.get("id")?),
        name: row.get("name")?,
        shortcut: row.get("shortcut")?,
        category: row.get("category")?,
        body: row.get("body")?,
        attachment: row.get("attachment")?,
        uses: row.get("uses")?,
        used_at_ms: row.get("used_at_ms")?,
    })
}
