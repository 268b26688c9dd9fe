//! The versions of the database, and how one becomes the next.

use rusqlite::{Connection, TransactionBehavior};

/// `DBEL`, so that `file` and we can tell our databases from others.
pub(crate) const APPLICATION_ID: u32 = 0x4442_454C;
/// A migration's place, counted from 1, is the version it leads to. Never reorder, never edit what has shipped.
pub(crate) const MIGRATIONS: &[&str] = &[
    include_str!("../migrations/0001.sql"),
    include_str!("../migrations/0002.sql"),
    include_str!("../migrations/0003.sql"),
    include_str!("../migrations/0004.sql"),
    include_str!("../migrations/0005.sql"),
    include_str!("../migrations/0006_unreadable_messages.sql"),
    include_str!("../migrations/0007_odd_times.sql"),
    include_str!("../migrations/0008_read_from_and_ids.sql"),
    include_str!("../migrations/0009_search_without_separators.sql"),
    include_str!("../migrations/0010_unsent.sql"),
    include_str!("../migrations/0011_outbox_wait_reason.sql"),
    include_str!("../migrations/0012_relay.sql"),
    include_str!("../migrations/0013_heard.sql"),
];
/// Brings a database from one version to another.
pub(crate) fn migrate(connection: &mut Connection, from: usize, to: usize) -> rusqlite::Result<()> {
    for (index, migration) in MIGRATIONS.iter().enumerate().take(to).skip(from) {
        let tx = connection.transaction_with_behavior(TransactionBehavior::Immediate)?;
        tx.execute_batch(migration)?;
        tx.pragma_update(None, "user_version", i64::try_from(index).unwrap_or(0) + 1)?;
        tx.pragma_update(None, "application_id", APPLICATION_ID)?;
        tx.commit()?;
    }
    Ok(())
}
