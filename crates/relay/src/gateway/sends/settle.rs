//! Sends whose relay died: nobody will hear their answers.

use super::{CALLING_LIMIT, table};
use crate::clock::now_ms;
use crate::context::Context;
use crate::database::{DatabaseError, Engine};

/// Settles what was under way when this relay ended last time. A file has one relay, so that nobody else's are in it.
pub(in crate::gateway) async fn settle_at_start(context: &Context) -> Result<(), DatabaseError> {
    let before_ms = match context.database.engine() {
        Engine::Sqlite => i64::MAX,
        Engine::Postgres => overdue_before_ms(),
    };
    table::give_up(context, before_ms, Some(context.worker.to_string())).await?;
    Ok(())
}

/// Settles the sends that must have ended, wherever they were made.
pub(in crate::gateway) async fn settle_overdue(context: &Context) -> Result<(), DatabaseError> {
    if table::has_overdue(context, overdue_before_ms()).await? {
        table::give_up(context, overdue_before_ms(), None).await?;
    }
    Ok(())
}

fn overdue_before_ms() -> i64 {
    now_ms().saturating_sub(i64::try_from(CALLING_LIMIT.as_millis()).unwrap_or(i64::MAX))
}
