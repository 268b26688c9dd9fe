//! The shop's relay: takes TikTok's webhooks, holds the link to TikTok, and streams what happens to the desktops.
//!
//! A relay's processes hold no state; the database does ([`database`]). A webhook is in the [`log`] before it is
//! answered, and every desktop reads the log by its own cursor. Desktops call TikTok through the relay, which puts the
//! account's token in and keeps to one pace for the app.

pub mod access;
pub mod accounts;
mod acme;
pub mod apps;
pub mod audit;
pub mod backup;
pub mod clock;
pub mod commands;
pub mod config;
pub mod context;
mod credential;
pub mod database;
pub mod devices;
pub mod door;
pub mod gateway;
pub mod health;
pub mod history;
pub mod lease;
pub mod limits;
pub mod linking;
pub mod listening;
pub mod log;
pub mod maintenance;
pub mod metrics;
mod migrations;
pub mod pairing;
pub mod refusal;
pub mod revocation;
pub mod rotation;
pub mod routes;
pub mod seal;
pub mod server;
pub mod stream;
mod team;
#[cfg(test)]
mod testing;
#[cfg(test)]
mod tests;
pub mod tls;
pub mod webhook_config;
pub mod write_timeout;
