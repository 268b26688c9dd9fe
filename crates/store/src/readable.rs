//! Reads values that are stored as JSON or as a word, so that one that cannot be read costs its own row and no other.
//!
//! Reads and writes each run on one thread from beginning to end. What could not be read is noted for that thread, and
//! [`crate::Store`] collects it when the work is done, logs it and tells the page.

use std::cell::RefCell;
use std::collections::BTreeSet;

use rusqlite::types::ValueRef;
use rusqlite::{Row, RowIndex};
use serde::de::DeserializeOwned;

use crate::stored::StoredEnum;

thread_local! {
    static UNREADABLE: RefCell<BTreeSet<&'static str>> = const { RefCell::new(BTreeSet::new()) };
}

/// The JSON in a column; nothing for NULL, and nothing, noted, if it cannot be read.
pub(crate) fn column<T: DeserializeOwned>(
    table: &'static str,
    row: &Row<'_>,
    at: impl RowIndex,
) -> rusqlite::Result<Option<T>> {
    Ok(match row.get_ref(at)? {
        ValueRef::Null => None,
        ValueRef::Text(json) => parse(table, json),
        ValueRef::Integer(_) | ValueRef::Real(_) | ValueRef::Blob(_) => {
            note(table);
            None
        }
    })
}

/// The word in a column that an enum is stored as; as [`column`].
pub(crate) fn word<T: StoredEnum>(
    table: &'static str,
    row: &Row<'_>,
    at: impl RowIndex,
) -> rusqlite::Result<Option<T>> {
    let word = match row.get_ref(at)? {
        ValueRef::Null => return Ok(None),
        ValueRef::Text(word) => std::str::from_utf8(word).ok(),
        ValueRef::Integer(_) | ValueRef::Real(_) | ValueRef::Blob(_) => None,
    };
    let read = word.and_then(T::from_word);
    if read.is_none() {
        note(table);
    }
    Ok(read)
}

/// What this JSON says; nothing, noted, if it cannot be read.
pub fn parse<T: DeserializeOwned>(table: &'static str, json: &[u8]) -> Option<T> {
    let read = serde_json::from_slice(json).ok();
    if read.is_none() {
        note(table);
    }
    read
}

/// A value of this table cannot be read.
pub(crate) fn note(table: &'static str) {
    UNREADABLE.with_borrow_mut(|tables| tables.insert(table));
}

/// The tables with values that could not be read on this thread since this was asked last.
pub(crate) fn take() -> BTreeSet<&'static str> {
    UNREADABLE.take()
}
