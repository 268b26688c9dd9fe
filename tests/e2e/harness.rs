//! The real window: the built app on a throw-away desktop, worked by mouse and keyboard, against the fake TikTok.
//!
//! A test here asks three witnesses and never the app's own database: what is on the screen, what the desktop was asked
//! to do (open a link, show a notification, keep a secret), and the sandbox's ledger.
//!
//! It needs what `cargo xtask check` installs, and the app built by it: `target/debug/deskbell`.

pub(crate) mod app;
pub(crate) mod browser;
mod driver;
pub(crate) mod shop;
pub(crate) mod window;

mod agreeing;
mod automatic;
mod border;
mod crash;
mod elsewhere;
mod hands;
mod harness_itself;
mod long;
mod main_job;
mod offline;
mod picture;
mod relay;
mod ruled;
mod sending;
mod smoke;
mod typing;
mod unsent;
