//! How far each device has read. It is recorded for all of them together, every few seconds.

use std::collections::BTreeMap;
use std::sync::{Mutex, PoisonError, Weak};
use std::time::Duration;

use crate::clock::now_ms;
use crate::database::{Database, DatabaseError, Engine, Value};

/// What has yet to be recorded: a sequence by the device's id.
#[derive(Debug, Default)]
pub(super) struct Progress {
    noted: Mutex<BTreeMap<String, u64>>,
}

impl Progress {
    /// Notes that everything up to this sequence was handed to the device's connection.
    pub(super) fn note(&self, device: &str, sequence: u64) {
        let mut noted = self.noted.lock().unwrap_or_else(PoisonError::into_inner);
        match noted.get_mut(device) {
            Some(known) => *known = sequence,
            None => {
                noted.insert(device.to_owned(), sequence);
            }
        }
    }

    /// Records what was noted. What cannot be recorded is left out: the next note says more.
    pub(super) async fn write(&self, database: &Database) {
        let noted = std::mem::take(&mut *self.noted.lock().unwrap_or_else(PoisonError::into_inner));
        if noted.is_empty() {
            return;
        }
        let written: Result<(), DatabaseError> = database
            .write(move |tx| {
                Box::pin(async move {
                    if tx.engine() == Engine::Postgres {
                        // It is not worth waiting for a standby.
                        tx.batch("SET LOCAL synchronous_commit = off".to_owned()).await?;
                    }
                    let now_ms = now_ms();
                    // In the order of the ids, so that two relay processes do not wait for each other.
                    for (device, sequence) in &noted {
                        let sequence = i64::try_from(*sequence).unwrap_or(i64::MAX);
                        tx.execute(
                            "UPDATE device SET read_to = $2, seen_at_ms = $3 WHERE id = $1",
                            &[Value::Text(device), Value::Int(sequence), Value::Int(now_ms)],
                        )
                        .await?;
                    }
                    Ok(())
                })
            })
            .await;
        if let Err(error) = written {
            tracing::debug!(%error, "could not record how far the devices have read");
        }
    }
}

/// Records again and again, until the streams are gone.
pub(super) async fn record(database: Database, progress: Weak<Progress>, interval: Duration) {
    loop {
        tokio::time::sleep(interval).await;
        let Some(progress) = progress.upgrade() else { return };
        progress.write(&database).await;
    }
}
