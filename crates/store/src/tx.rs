//! A transaction, and what it made stale.

use std::collections::HashSet;

use model::Change;
use rusqlite::{Connection, Transaction, TransactionBehavior};

use crate::StoreError;

/// A transaction that remembers what it made stale.
#[derive(Debug)]
pub struct Tx<'a> {
    sql: Transaction<'a>,
    changes: Vec<Change>,
    /// The same once more: a large transaction touches thousands, and each is to be told once.
    told: HashSet<Change>,
}

impl std::ops::Deref for Tx<'_> {
    type Target = Connection;
    fn deref(&self) -> &Connection {
        &self.sql
    }
}

impl Tx<'_> {
    /// Says that this will be stale once committed.
    pub fn touch(&mut self, change: Change) {
        if self.told.insert(change) {
            self.changes.push(change);
        }
    }
}

/// One transaction and the changes it made.
pub(crate) fn commit<T>(
    connection: &mut Connection,
    work: impl FnOnce(&mut Tx<'_>) -> Result<T, StoreError>,
) -> Result<(T, Vec<Change>), StoreError> {
    let sql = connection.transaction_with_behavior(TransactionBehavior::Immediate)?;
    let mut tx = Tx { sql, changes: Vec::new(), told: HashSet::new() };
    let value = work(&mut tx)?;
    let Tx { sql, changes, .. } = tx;
    sql.commit()?;
    Ok((value, changes))
}
