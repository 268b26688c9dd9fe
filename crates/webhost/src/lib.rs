//! The desk over loopback HTTP: the same page as in the window, for end-to-end tests and the browser demo. Never
//! shipped.
//!
//! A program that reaches this port reaches the agent's customers, so it listens on this computer only, answers to its own
//! name only (a page that pretends to live here, by DNS, is sent away), and takes questions from its own page only.
//!
//! - `POST /rpc` takes `{"command":…,"args":…}` and answers `{"reply":…}` or `{"fault":…}`
//! - `POST /attach/<conversation>` takes a picture's bytes and answers alike; `none` is for one that goes with a saved reply
//! - `GET /events` tells the desk's events, one JSON each, as server-sent events
//! - `GET /media/<key>` answers with a picture of the vault
//! - anything else is a file of the built page

mod door;
mod host;
mod page;
mod practice;
mod routes;

pub use host::Loopback;
pub use practice::Practice;

use std::io;
use std::net::{Ipv4Addr, SocketAddr};
use std::path::Path;

use desk::Desk;
use tokio::net::TcpListener;
use tokio::task::JoinHandle;

/// The desk, listening. It stops when this is dropped.
#[derive(Debug)]
pub struct WebHost {
    /// Where it listens.
    pub address: SocketAddr,
    serving: JoinHandle<()>,
}

impl WebHost {
    /// Listens on loopback, on any free port if `port` is 0, and serves the page built in `ui_dir`.
    ///
    /// # Errors
    /// When the port is taken.
    pub async fn start(desk: Desk, port: u16, ui_dir: &Path) -> io::Result<Self> {
        Self::start_beside(desk, port, ui_dir, None).await
    }

    /// The same, for a page that comes from somewhere else: vite's development server, say `localhost:5173`, which
    /// hands questions on with its own name on them.
    ///
    /// # Errors
    /// When the port is taken.
    pub async fn start_beside(desk: Desk, port: u16, ui_dir: &Path, page_at: Option<String>) -> io::Result<Self> {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, port)).await?;
        let address = listener.local_addr()?;
        let door = door::Door::new(address.port(), page_at);
        let router = routes::router(desk, ui_dir.to_owned(), door);
        let serving = tokio::spawn(async move {
            if let Err(error) = axum::serve(listener, router).await {
                tracing::error!(%error, "the loopback host stopped listening");
            }
        });
        Ok(Self { address, serving })
    }

    /// The page's address, for a browser.
    #[must_use]
    pub fn url(&self) -> String {
        format!("http://{}/", self.address)
    }
}

impl Drop for WebHost {
    fn drop(&mut self) {
        self.serving.abort();
    }
}
