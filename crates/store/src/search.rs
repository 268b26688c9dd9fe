//! Search over everything, in every script, as one types.
//!
//! Text is folded and cut so that what people type finds what people wrote ([`fold`]); beside a message's words stand words
//! of our own, for its account, its conversation, its direction and what is in it. So every operator of a [`Query`] is one
//! more word to intersect, and the cost of a search does not grow with the number of hits: the index is walked backwards
//! from the newest message and left as soon as there are enough. Ordering by FTS5's rank was measured at a million
//! messages and costs a thousand times more.
//!
//! The index keeps beginnings of one, two and three letters. FTS5 gathers all hits of a longer one before it gives the
//! first, which took 0.3 ms for 6,000 hits. Keeping four and five letters too was measured: that beginning took 0.06 ms,
//! but the next letter as long as before, the index grew by a tenth and writing slowed by as much.

mod day;
mod excerpt;
mod facet;
mod find;
mod linear;
mod people_filter;
mod plan;
mod query;
mod rebuild;
mod term;
mod walk;

#[cfg(test)]
mod tests;

pub use excerpt::{Mark, marks};
pub use find::{Found, Hit, PersonHit, Scope, ThreadFound, find, find_more, in_thread};
pub use linear::{patterns, words};
pub use model::text_fold::fold;
pub use query::{Problem, ProblemKind, Query};
pub use rebuild::{is_rebuilding, merge, rebuild};

use model::{AccountId, Content, ConversationId, MessageId, PersonId, Reaction, text_fold};

use crate::{StoreError, Tx};

/// What search knows of a message.
#[derive(Debug, Clone, Copy)]
pub struct IndexEntry<'a> {
    /// The message.
    pub id: MessageId,
    /// Whose.
    pub account: AccountId,
    /// Where.
    pub conversation: ConversationId,
    /// Whether the business sent it.
    pub outgoing: bool,
    /// What is in it.
    pub content: &'a Content,
    /// The emoji on it.
    pub reactions: &'a [Reaction],
}

/// Puts a message into the index, replacing what was there.
///
/// # Errors
/// [`StoreError`]
pub fn index(tx: &Tx<'_>, entry: &IndexEntry<'_>) -> Result<(), StoreError> {
    let mut words = String::new();
    facet::write(entry, &mut words);
    text_fold::FoldedText::of(&entry.content.searchable()).write_words(&mut words);
    tx.prepare_cached("INSERT OR REPLACE INTO search (rowid, words) VALUES (?1, ?2)")?.execute((entry.id.0, words))?;
    Ok(())
}

/// Takes a message's words out of the index.
///
/// # Errors
/// [`StoreError`]
pub fn forget(tx: &Tx<'_>, id: MessageId) -> Result<(), StoreError> {
    tx.prepare_cached("DELETE FROM search WHERE rowid = ?1")?.execute([id.0])?;
    Ok(())
}

/// Puts a customer's name and handle into the index, replacing what was there.
///
/// # Errors
/// [`StoreError`]
pub fn index_person(
    tx: &Tx<'_>,
    id: PersonId,
    account: AccountId,
    name: &str,
    handle: Option<&str>,
) -> Result<(), StoreError> {
    let mut words = facet::account(account, false);
    text_fold::FoldedText::of(name).write_words(&mut words);
    text_fold::FoldedText::of(handle.unwrap_or_default()).write_words(&mut words);
    tx.prepare_cached("INSERT OR REPLACE INTO search_person (rowid, words) VALUES (?1, ?2)")?.execute((id.0, words))?;
    Ok(())
}

/// Takes a customer's words out of the index.
///
/// # Errors
/// [`StoreError`]
pub fn forget_person(tx: &Tx<'_>, id: PersonId) -> Result<(), StoreError> {
    tx.prepare_cached("DELETE FROM search_person WHERE rowid = ?1")?.execute([id.0])?;
    Ok(())
}
