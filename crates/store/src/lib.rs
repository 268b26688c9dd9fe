//! Deskbell's database.
//!
//! The desktop holds the only long history of a shop's conversations, so what is committed here is committed to the
//! disk (`synchronous = FULL`), an older Deskbell never touches a newer database, and nothing reaches the screen that
//! is not committed: the commit itself tells what became stale.
//!
//! One thread writes, any number read; see [`Store`]. SQL lives in [`table`], one file for each table.

mod db;
mod error;
mod files;
mod migrations;
pub mod private;
pub mod readable;
pub mod recovery;
mod rows;
pub mod search;
mod stored;
pub mod table;
mod tx;

pub use db::Store;
pub use db::check::CheckOutcome;
pub use error::{OpenError, StoreError};
pub use rusqlite::Connection;
pub use tx::Tx;
