//! The audit trail: who linked, revoked, paired or changed something.

use axum::extract::rejection::QueryRejection;
use axum::extract::{Query, State};
use axum::routing::get;
use axum::{Json, Router};
use serde::Deserialize;
use wire::api::AuditEntry;
use wire::{FailureCode, paths};

use crate::access::Admin;
use crate::clock::now_ms;
use crate::context::{Context, TEAM};
use crate::database::{DatabaseError, Row, Tx, Value};
use crate::log::Log;
use crate::refusal::Refusal;

/// The actor of what is done on the command line.
pub const COMMAND_LINE: &str = "command line";
const PAGE_SIZE: i64 = 100;
const MAX_PAGE_SIZE: i64 = 1_000;

/// `GET` [`paths::AUDIT`]` ?before=ID&limit=N`.
#[derive(Debug, Deserialize)]
struct Page {
    /// Entries with smaller ids only.
    before: Option<i64>,
    /// How many at most.
    limit: Option<i64>,
}

/// The routes of this part.
pub fn router(context: Context) -> Router {
    Router::new().route(paths::AUDIT, get(show)).with_state(context)
}

/// Notes that somebody did something, in the transaction in which it is done.
///
/// Takes the lock of the log until the transaction ends, so that ids grow with time.
///
/// # Errors
/// [`DatabaseError`]
pub async fn record(tx: &mut Tx, actor: &str, action: &str, subject: &str) -> Result<(), DatabaseError> {
    Log::lock_in(tx).await?;
    tx.execute(
        "INSERT INTO audit (id, team, at_ms, actor, action, subject)
         SELECT COALESCE(max(id), 0) + 1, $1, $2, $3, $4, $5 FROM audit",
        &[Value::Int(TEAM), Value::Int(now_ms()), Value::Text(actor), Value::Text(action), Value::Text(subject)],
    )
    .await?;
    Ok(())
}

/// Entries before an id, newest first.
///
/// # Errors
/// [`DatabaseError`]
pub async fn list(context: &Context, before: i64, limit: i64) -> Result<Vec<AuditEntry>, DatabaseError> {
    context
        .database
        .read(move |tx| {
            Box::pin(async move {
                let rows = tx
                    .query(
                        "SELECT id, at_ms, actor, action, subject FROM audit WHERE team = $1 AND id < $2
                         ORDER BY id DESC LIMIT $3",
                        &[Value::Int(TEAM), Value::Int(before), Value::Int(limit.clamp(1, MAX_PAGE_SIZE))],
                    )
                    .await?;
                rows.iter().map(entry).collect()
            })
        })
        .await
}

fn entry(row: &Row) -> Result<AuditEntry, DatabaseError> {
    Ok(AuditEntry {
        id: row.int("id")?,
        at_ms: row.int("at_ms")?,
        actor: row.text("actor")?,
        action: row.text("action")?,
        subject: row.text("subject")?,
    })
}

async fn show(
    _: Admin,
    State(context): State<Context>,
    page: Result<Query<Page>, QueryRejection>,
) -> Result<Json<Vec<AuditEntry>>, Refusal> {
    let Query(page) = page.map_err(|_| Refusal::new(FailureCode::BadRequest, "`before` and `limit` are numbers"))?;
    Ok(Json(list(&context, page.before.unwrap_or(i64::MAX), page.limit.unwrap_or(PAGE_SIZE)).await?))
}
