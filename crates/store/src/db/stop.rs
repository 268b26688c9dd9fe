//! Stopping a check of the database that is under way.

use rusqlite::InterruptHandle;

/// Stops a check that is under way.
pub(super) struct Stop(pub(super) InterruptHandle);

impl std::fmt::Debug for Stop {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Stop")
    }
}
