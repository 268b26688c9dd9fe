//! News in, replies out.
//!
//! The engine follows each linked account ([`sync`]), takes in what its source says ([`inbound`]), brings replies out
//! ([`outbox`]), paces all calls of one app ([`pace`]), keeps tokens fresh ([`tokens`]), fetches pictures ([`media`])
//! and links accounts ([`link`]). It decides nothing about screens: the store's commits tell what became stale.

pub mod automatic;
pub mod call;
mod engine;
mod fresh;
pub mod health;
pub mod hear;
pub mod inbound;
pub mod link;
pub mod media;
pub mod outbox;
pub mod pace;
pub mod picture;
pub mod posts;
pub mod rules;
mod secrets;
mod signs;
mod snooze;
pub mod source;
pub mod sync;
mod tidy;
pub mod timing;
pub mod tokens;
pub mod unlink;
mod wake;

pub use engine::{Alert, Arrival, Config, Engine, NotSent, StartError};
pub use secrets::{ExposeSecret, Keeping, SecretString, Secrets, SecretsError, SessionSecrets, Vault};
pub use tiktok::{Endpoints, EndpointsError, Error as TikTokError, Reason as TikTokReason, Words as TikTokWords};
