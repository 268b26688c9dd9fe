//! Practice: a sandbox TikTok in the host's process, with scripted customers, and a desk whose account is linked to it.
//!
//! Both hosts start Practice with this crate. Each keeps the data in a temporary directory of its own.

mod link;
mod pair;

use std::path::PathBuf;
use std::sync::Arc;

use desk::{Desk, DeskConfig, Endpoints, Host};
use sandbox::Sandbox;
use tokio::sync::broadcast::error::RecvError;

pub use pair::{Pairing, pair, read_pairing};

/// Why Practice could not be started.
#[derive(Debug, thiserror::Error)]
pub enum PracticeError {
    /// The sandbox did not start, or this program's own path is not known.
    #[error("{0}")]
    Setup(String),
    /// The desk could not be opened.
    #[error(transparent)]
    Open(#[from] desk::OpenError),
    /// A step of linking failed.
    #[error("{step}: {reason}")]
    Link {
        /// Which step.
        step: &'static str,
        /// The fault's code and detail, or what else went wrong.
        reason: String,
    },
}

impl PracticeError {
    fn setup(error: &impl std::fmt::Display) -> Self {
        Self::Setup(error.to_string())
    }
}

/// Starts a sandbox with scripted customers and opens a desk that is linked to it, with its data in `data_dir`.
///
/// Linking opens pages as an agent's browser would: the host must not open them in a real one until this returns.
///
/// # Errors
/// [`PracticeError`]
pub async fn start(data_dir: PathBuf, host: Arc<dyn Host>) -> Result<(Desk, Sandbox), PracticeError> {
    let config = sandbox::Config { scripted: true, speed: 1.0, ..sandbox::Config::default() };
    let tiktok = Sandbox::start(config).await.map_err(|error| PracticeError::setup(&error))?;
    let endpoints = Endpoints::from_json(&tiktok.endpoints_json()).map_err(|error| PracticeError::setup(&error))?;
    let picture_decoder = desk::this_program().map_err(|error| PracticeError::setup(&error))?;
    let config = DeskConfig { data_dir, picture_decoder, endpoints: Some(endpoints), practice: true };
    let desk = Desk::open(config, host).await?;
    link::link_account(&desk, &tiktok).await?;
    forward_webhooks(&desk, &tiktok);
    Ok((desk, tiktok))
}

/// Forwards the sandbox's webhooks to the desk, as a relay would.
fn forward_webhooks(desk: &Desk, tiktok: &Sandbox) {
    let (desk, mut pushed) = (desk.clone(), tiktok.webhooks());
    tokio::spawn(async move {
        loop {
            match pushed.recv().await {
                // A webhook that is not accepted is made up for by polling.
                Ok(delivery) => drop(desk.handle_webhook(&delivery.signature, &delivery.body).await),
                Err(RecvError::Lagged(_)) => {}
                Err(RecvError::Closed) => return,
            }
        }
    });
}
