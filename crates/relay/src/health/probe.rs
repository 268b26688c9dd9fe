//! Whether the database takes a write: it is tried, one try at a time.

use std::sync::Arc;
use std::time::Duration;

use tokio::sync::Semaphore;

use crate::context::Context;
use crate::database::{DatabaseError, Engine, Value};
use crate::log::Log;

/// How long a write may take before it counts as hanging.
const WRITE_TIMEOUT: Duration = Duration::from_secs(5);

/// The result of a write.
#[derive(Debug)]
pub(crate) enum Written {
    /// It was committed.
    Done,
    /// It, or an earlier one, has not ended.
    Hangs,
    /// It failed.
    Failed(DatabaseError),
}

/// Tries writes.
#[derive(Debug, Clone)]
pub(crate) struct Probe {
    one: Arc<Semaphore>,
}

impl Default for Probe {
    fn default() -> Self {
        Self { one: Arc::new(Semaphore::new(1)) }
    }
}

impl Probe {
    /// Writes the team's row as it is, under the lock that every append takes.
    pub(crate) async fn write(&self, context: &Context) -> Written {
        let Ok(permit) = Arc::clone(&self.one).try_acquire_owned() else { return Written::Hangs };
        let database = context.database.clone();
        // In a task of its own: no second write is begun while the first one hangs.
        let written = tokio::spawn(async move {
            let _permit = permit;
            database.write_without_timeout(|tx| Box::pin(async move { Log::lock_in(tx).await.map(|_| ()) })).await
        });
        match tokio::time::timeout(WRITE_TIMEOUT, written).await {
            Ok(Ok(Ok(()))) => Written::Done,
            Ok(Ok(Err(error))) => Written::Failed(error),
            Ok(Err(error)) => Written::Failed(DatabaseError::Interrupted(error.to_string())),
            Err(_) => Written::Hangs,
        }
    }
}

/// How many of the relay's own commits wait for a standby.
pub(crate) async fn waiting_for_standby(context: &Context) -> Result<i64, DatabaseError> {
    if context.database.engine() == Engine::Sqlite {
        return Ok(0);
    }
    let waiting = context.database.read::<_, DatabaseError, _>(|tx| {
        Box::pin(async move {
            let row = tx
                .query_one(
                    "SELECT CAST(count(*) AS BIGINT) AS waiting FROM pg_stat_activity
                     WHERE wait_event = $1 AND datname = current_database()",
                    &[Value::Text("SyncRep")],
                )
                .await?;
            row.ok_or(DatabaseError::Column("waiting"))?.int("waiting")
        })
    });
    waiting.await
}
