//! Messages in, replies out.
//!
//! The engine follows each linked account (`sync`), stores what its source says ([`inbound`]), sends replies
//! ([`outbox`]), paces all calls of one app ([`pace`]), renews tokens ([`tokens`]), fetches pictures ([`media`])
//! and links accounts ([`linking`]). It decides nothing about screens: the store's commits tell what became stale.
//!
//! Each part is a struct that owns its state. They all work with the context at the bottom (`context.rs`), wake each other by
//! signals (`signals.rs`), and are put together at the top (`engine.rs`). `tests/it/house_modules.rs` holds that no file imports
//! in a circle and that nothing reaches up to `engine.rs`.

mod account_tasks;
pub mod automatic;
pub mod call;
mod clock_watch;
mod completeness;
mod content;
mod context;
mod conversation_fetch;
mod engine;
pub mod events;
mod gateway;
pub mod health;
pub mod inbound;
pub mod linking;
mod lock;
mod maintenance;
pub mod media;
pub mod outbox;
pub mod pace;
pub mod picture;
pub mod posts;
pub mod presence;
pub mod relay;
mod relay_api;
mod retry;
pub mod rules;
pub mod scheduled;
mod secrets;
mod signals;
pub mod snooze;
pub mod source;
mod sync;
mod tasks;
pub mod timing;
pub mod tokens;
pub mod unlinking;
pub mod webhooks;

pub use engine::{Config, Engine, StartError};
pub use secrets::{ExposeSecret, Keeping, SecretStore, SecretString, Secrets, SecretsError, SessionSecrets};
pub use tiktok::{Endpoints, EndpointsError, Error as TikTokError, Reason as TikTokReason, Words as TikTokWords};
