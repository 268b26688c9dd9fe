//! The shop's relay: takes TikTok's webhooks, holds the link to TikTok, and streams what happens to the desktops.
//!
//! A relay's processes hold no state; the database does ([`database`]). A webhook is in the [`log`] before it is
//! answered, and every desktop reads the log by its own cursor. Desktops call TikTok through the relay, which puts the
//! account's token in and keeps to one pace for the app.

pub mod access;
pub mod clock;
pub mod context;
pub mod database;
pub mod history;
pub mod lease;
pub mod log;
pub mod maintenance;
pub mod metrics;
mod migrations;
pub mod refusal;
pub mod seal;
pub mod stream;
mod team;
#[cfg(test)]
mod testing;
mod tls;
pub mod write_timeout;
