//! Sends whose relay died: nobody will hear their answers.

use std::sync::Weak;
use std::time::Duration;

use super::{CALLING_LIMIT, table};
use crate::clock::now_ms;
use crate::context::Context;
use crate::database::{DatabaseError, Engine};
use crate::gateway::Gateway;

/// How often they are looked for.
const INTERVAL: Duration = Duration::from_secs(5);
/// How long what became of a send is known: longer than any desktop asks.
const KEPT: Duration = Duration::from_secs(90 * 86_400);
/// Looks between two prunings.
const LOOKS_PER_PRUNING: u32 = 720;

/// Settles what was under way when this relay ended last time. A file has one relay, so that nobody else's are in it.
pub(in crate::gateway) async fn settle_at_start(context: &Context) -> Result<(), DatabaseError> {
    let before_ms = match context.database.engine() {
        Engine::Sqlite => i64::MAX,
        Engine::Postgres => overdue_before_ms(),
    };
    table::give_up(context, before_ms, Some(context.worker.to_string())).await?;
    Ok(())
}

/// Settles what other relay processes left behind, until the gateway is gone.
pub(in crate::gateway) async fn keep_settling(gateway: Weak<Gateway>) {
    let mut looks = 0_u32;
    loop {
        tokio::time::sleep(INTERVAL).await;
        let Some(gateway) = gateway.upgrade() else { return };
        let context = gateway.context.clone();
        // A closed one is only held by those that wait for it.
        drop(gateway);
        if let Err(error) = settle_overdue(&context).await {
            tracing::warn!(%error, "could not look for sends that were left under way");
        }
        looks = looks.wrapping_add(1);
        if looks % LOOKS_PER_PRUNING == 1
            && let Err(error) = table::prune(&context, before_ms(KEPT)).await
        {
            tracing::warn!(%error, "could not forget old sends");
        }
    }
}

/// Settles the sends that must have ended, wherever they were made.
pub(in crate::gateway) async fn settle_overdue(context: &Context) -> Result<(), DatabaseError> {
    if table::has_overdue(context, overdue_before_ms()).await? {
        table::give_up(context, overdue_before_ms(), None).await?;
    }
    Ok(())
}

fn overdue_before_ms() -> i64 {
    before_ms(CALLING_LIMIT)
}

fn before_ms(age: Duration) -> i64 {
    now_ms().saturating_sub(i64::try_from(age.as_millis()).unwrap_or(i64::MAX))
}
