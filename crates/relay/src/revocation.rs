//! Ends what a revoked device has open, within a second, whichever relay process revoked it.

use std::collections::{HashMap, HashSet};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, Weak};
use std::time::Duration;

use tokio::sync::watch;

use crate::database::{Database, DatabaseError};

/// How often a process looks for devices that another one has revoked.
const POLL_INTERVAL: Duration = Duration::from_millis(500);

/// The devices that have something open, and whether they were revoked.
#[derive(Debug)]
pub struct Revocations {
    watched: Mutex<Watched>,
}

#[derive(Debug, Default)]
struct Watched {
    devices: HashMap<String, watch::Sender<bool>>,
    /// How often a device came.
    arrivals: u64,
    /// What `devices` were last compared with.
    compared: Option<Compared>,
}

/// The arrivals that a comparison covered, and how many revoked devices the database had. While neither has changed
/// there is nothing to compare.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Compared {
    arrivals: u64,
    revoked: i64,
}

impl Revocations {
    /// Begins to look. It ends when the last clone is gone.
    #[must_use]
    pub fn start(database: Database) -> Arc<Self> {
        let revocations = Arc::new(Self { watched: Mutex::default() });
        tokio::spawn(poll(database, Arc::downgrade(&revocations)));
        revocations
    }

    /// Turns to `true` when the device is revoked.
    #[must_use]
    pub fn watch(&self, device: &str) -> watch::Receiver<bool> {
        let mut watched = self.watched();
        // It may have been revoked just before.
        watched.arrivals = watched.arrivals.wrapping_add(1);
        watched.devices.entry(device.to_owned()).or_default().subscribe()
    }

    /// Completes when the device is revoked.
    pub fn revoked(&self, device: &str) -> impl Future<Output = ()> + Send + use<> {
        let mut receiver = self.watch(device);
        async move {
            if receiver.wait_for(|revoked| *revoked).await.is_err() {
                // The relay is closing; streams end by themselves.
                std::future::pending::<()>().await;
            }
        }
    }

    /// Tells at once what is open of a device that this process has revoked.
    pub(crate) fn announce(&self, device: &str) {
        if let Some(sender) = self.watched().devices.get(device) {
            sender.send_replace(true);
        }
    }

    fn watched(&self) -> MutexGuard<'_, Watched> {
        self.watched.lock().unwrap_or_else(PoisonError::into_inner)
    }

    async fn look(&self, database: &Database) -> Result<(), DatabaseError> {
        let (arrivals, compared) = {
            let mut watched = self.watched();
            watched.devices.retain(|_, sender| sender.receiver_count() > 0);
            if watched.devices.is_empty() {
                return Ok(());
            }
            (watched.arrivals, watched.compared)
        };
        let found = database
            .read(move |tx| {
                Box::pin(async move {
                    let sql = "SELECT CAST(count(*) AS BIGINT) AS revoked FROM device WHERE revoked_at_ms IS NOT NULL";
                    let row = tx.query_one(sql, &[]).await?;
                    let revoked = row.ok_or(DatabaseError::Column("revoked"))?.int("revoked")?;
                    let now = Compared { arrivals, revoked };
                    if compared == Some(now) {
                        return Ok(None);
                    }
                    let rows = tx.query("SELECT id FROM device WHERE revoked_at_ms IS NOT NULL", &[]).await?;
                    let devices = rows.iter().map(|row| row.text("id")).collect::<Result<HashSet<_>, _>>()?;
                    Ok::<_, DatabaseError>(Some((now, devices)))
                })
            })
            .await?;
        let Some((now, revoked)) = found else { return Ok(()) };
        let mut watched = self.watched();
        for (_, sender) in watched.devices.iter().filter(|(device, _)| revoked.contains(*device)) {
            sender.send_replace(true);
        }
        watched.compared = Some(now);
        Ok(())
    }
}

async fn poll(database: Database, revocations: Weak<Revocations>) {
    loop {
        tokio::time::sleep(POLL_INTERVAL).await;
        let Some(revocations) = revocations.upgrade() else { return };
        if let Err(error) = revocations.look(&database).await {
            tracing::debug!(%error, "could not look for revoked devices");
        }
    }
}
