//! How a connection to PostgreSQL is made, and what is heard on it beside answers.

use std::future::poll_fn;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use deadpool_postgres::Connect;
use futures_util::future::BoxFuture;
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::task::JoinHandle;
use tokio_postgres::error::DbError;
use tokio_postgres::{AsyncMessage, Client, Config, Connection, Error, NoTls};
use tokio_postgres_rustls::MakeRustlsConnect;

/// Where the server waits for its standby.
const SYNCHRONOUS_WAIT: &str = "SyncRepWaitForLSN";

/// Makes connections for the pool.
pub(super) struct Connector {
    pub(super) tls: Option<MakeRustlsConnect>,
    pub(super) cut_waits: CutWaits,
}

/// Counts the commits whose wait for a standby somebody cut short at the server. PostgreSQL calls them successful and
/// adds a warning; they are lost if the server is lost before the standby has them.
#[derive(Debug, Clone, Default)]
pub(super) struct CutWaits(Arc<AtomicU64>);

impl CutWaits {
    pub(super) fn count(&self) -> u64 {
        self.0.load(Ordering::Acquire)
    }

    fn notice(&self, notice: &DbError) {
        // By the place in the server's source: its code says no more than "warning", and its words may be translated.
        if notice.routine() == Some(SYNCHRONOUS_WAIT) {
            tracing::error!(
                code = notice.code().code(),
                "a commit's wait for the standby was cut short at the database: it is not acknowledged"
            );
            self.0.fetch_add(1, Ordering::AcqRel);
        }
    }
}

impl Connect for Connector {
    fn connect(&self, config: &Config) -> BoxFuture<'_, Result<(Client, JoinHandle<()>), Error>> {
        let config = config.clone();
        Box::pin(async move {
            let cut_waits = self.cut_waits.clone();
            match self.tls.clone() {
                Some(tls) => {
                    let (client, connection) = config.connect(tls).await?;
                    Ok((client, tokio::spawn(drive(connection, cut_waits))))
                }
                None => {
                    let (client, connection) = config.connect(NoTls).await?;
                    Ok((client, tokio::spawn(drive(connection, cut_waits))))
                }
            }
        })
    }
}

/// Drives a connection until it ends. A warning is heard before the answer that it belongs to.
async fn drive<S, T>(mut connection: Connection<S, T>, cut_waits: CutWaits)
where
    S: AsyncRead + AsyncWrite + Unpin,
    T: AsyncRead + AsyncWrite + Unpin,
{
    while let Some(message) = poll_fn(|cx| connection.poll_message(cx)).await {
        match message {
            Ok(AsyncMessage::Notice(notice)) => cut_waits.notice(&notice),
            Ok(_) => {}
            Err(error) => {
                tracing::debug!(%error, "a connection to the database has ended");
                return;
            }
        }
    }
}
