//! Writing the search index: the words of messages, and the names of customers.

use model::{AccountId, MessageId, PersonId, text_fold};

use super::entry::IndexEntry;
use super::facet;
use crate::{StoreError, Tx};

/// Puts a message into the index, replacing what was there.
///
/// # Errors
/// [`StoreError`]
pub fn index(tx: &Tx<'_>, entry: &IndexEntry<'_>) -> Result<(), StoreError> {
    tx.prepare_cached("INSERT OR REPLACE INTO search (rowid, words) VALUES (?1, ?2)")?
        .execute((entry.id.0, words_of(entry)))?;
    Ok(())
}

/// The words that stand for a message.
pub(crate) fn words_of(entry: &IndexEntry<'_>) -> String {
    let mut words = String::new();
    facet::write(entry, &mut words);
    text_fold::FoldedText::of(&entry.content.searchable()).write_words(&mut words);
    words
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
