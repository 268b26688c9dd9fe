//! What the UI may ask and hear.
//!
//! One typed contract for every host: a command is a struct with a reply and a body, `contract!` lists them all, and
//! the TypeScript side is generated from that list (`cargo xtask bindings`). The page does not know whether it runs in
//! the Tauri window or in a browser over loopback; the program that carries its questions implements [`Host`].

mod changes;
mod command;
pub mod commands;
mod contract;
mod desk;
mod downloads;
mod fault;
mod host;
mod notify;
mod read;
mod saved_file;
mod settings;
pub mod view;

pub use changes::{Event, Subscription};
pub use command::{Command, Listed};
pub use contract::{Request, bindings};
pub use desk::{Desk, DeskConfig, Media, OpenError, films_folder};
pub use fault::{Fault, FaultCode};
pub use host::{Host, HostError, Notification, Place};

pub use engine::picture::decoder_process::{is_decoder, run_decoder, this_program};
pub use engine::timing::Timing;
pub use engine::webhooks::{WebhookError, WebhookOutcome};
pub use engine::{Endpoints, ExposeSecret, SecretString, Secrets, SecretsError, SessionSecrets};
pub use store::private;
