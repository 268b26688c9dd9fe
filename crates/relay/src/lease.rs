//! The lease: which one desktop sweeps an account's lists for all, and what it may claim.
//!
//! A desktop asks again before its lease ends. The time is the database's, which all relay processes share; nothing is
//! asked of the desktops' clocks. A claim is appended only while the lease is held, under the lease's row lock.

#[cfg(test)]
mod tests;

use axum::extract::State;
use axum::extract::rejection::JsonRejection;
use axum::http::{HeaderMap, StatusCode};
use axum::routing::post;
use axum::{Json, Router};
use wire::api::{Claim, Lease, LeaseRequest};
use wire::event::Complete;
use wire::{EventBody, FailureCode};

use crate::access::{self, Caller};
use crate::context::Context;
use crate::database::{DatabaseError, Tx, Value};
use crate::log::{Log, NewEvent};
use crate::refusal::Refusal;

/// How long a lease lasts.
const LEASE_MS: i64 = 60_000;
/// By how much TikTok's clock, as a desktop knows it, may be ahead of the relay's.
const MAX_AHEAD_MS: i64 = 300_000;

/// The paths of leases and claims.
pub fn router(context: Context) -> Router {
    Router::new().route(wire::paths::LEASE, post(lease)).route(wire::paths::CLAIMS, post(claim)).with_state(context)
}

async fn lease(
    State(context): State<Context>,
    headers: HeaderMap,
    request: Result<Json<LeaseRequest>, JsonRejection>,
) -> Result<Json<Lease>, Refusal> {
    let caller = access::authenticate(&context, &headers).await?;
    let Json(LeaseRequest { account, release }) = request.map_err(|_| malformed())?;
    if release {
        release_lease(&context, caller, account).await?;
        return Ok(Json(Lease { held: false, remaining_ms: 0 }));
    }
    Ok(Json(take_lease(&context, caller, account).await?))
}

async fn claim(
    State(context): State<Context>,
    headers: HeaderMap,
    request: Result<Json<Claim>, JsonRejection>,
) -> Result<StatusCode, Refusal> {
    let caller = access::authenticate(&context, &headers).await?;
    let Json(claim) = request.map_err(|_| malformed())?;
    append_claim(&context, caller, claim).await?;
    context.log.look().await;
    Ok(StatusCode::NO_CONTENT)
}

fn malformed() -> Refusal {
    Refusal::new(FailureCode::BadRequest, "the body is not the JSON that this path takes")
}

/// Takes or renews the lease, unless another device has it.
async fn take_lease(context: &Context, caller: Caller, account: String) -> Result<Lease, Refusal> {
    context
        .database
        .write(move |tx| {
            Box::pin(async move {
                require_linked(tx, &account).await?;
                let now_ms = tx.now_ms().await?;
                // One statement decides: of two devices that ask at once, through whichever process, one gets it.
                let taken = tx
                    .query_one(
                        "INSERT INTO lease (account, device, until_ms) VALUES ($1, $2, $3)
                         ON CONFLICT (account) DO UPDATE SET device = excluded.device, until_ms = excluded.until_ms
                         WHERE lease.device = excluded.device OR lease.until_ms <= $4 OR NOT EXISTS
                             (SELECT 1 FROM device WHERE device.id = lease.device AND device.revoked_at_ms IS NULL)
                         RETURNING until_ms",
                        &[
                            Value::Text(&account),
                            Value::Text(&caller.device),
                            Value::Int(now_ms.saturating_add(LEASE_MS)),
                            Value::Int(now_ms),
                        ],
                    )
                    .await?;
                let held = taken.is_some();
                let row = match taken {
                    Some(row) => Some(row),
                    None => {
                        let sql = "SELECT until_ms FROM lease WHERE account = $1";
                        tx.query_one(sql, &[Value::Text(&account)]).await?
                    }
                };
                let until_ms = row.map(|row| row.int("until_ms")).transpose()?.unwrap_or(now_ms);
                let remaining_ms = u64::try_from(until_ms.saturating_sub(now_ms)).unwrap_or(0);
                Ok(Lease { held, remaining_ms })
            })
        })
        .await
}

async fn release_lease(context: &Context, caller: Caller, account: String) -> Result<(), Refusal> {
    context
        .database
        .write(move |tx| {
            Box::pin(async move {
                let values = [Value::Text(&account), Value::Text(&caller.device)];
                tx.execute("DELETE FROM lease WHERE account = $1 AND device = $2", &values).await?;
                Ok(())
            })
        })
        .await
}

/// Appends a claim of the device that has the lease.
async fn append_claim(context: &Context, caller: Caller, claim: Claim) -> Result<(), Refusal> {
    let Claim { account, from_ms, to_ms } = claim;
    context
        .database
        .write(move |tx| {
            Box::pin(async move {
                let now_ms = tx.now_ms().await?;
                if from_ms < 0 || from_ms > to_ms || to_ms > now_ms.saturating_add(MAX_AHEAD_MS) {
                    let detail = "a claim is about a time that has passed, from its beginning to its end";
                    return Err(Refusal::new(FailureCode::BadRequest, detail));
                }
                // The log's row before the lease's, as everyone locks them.
                Log::lock_in(tx).await?;
                let values = [Value::Text(&account), Value::Text(&caller.device), Value::Int(now_ms)];
                let sql = "UPDATE lease SET until_ms = until_ms WHERE account = $1 AND device = $2 AND until_ms > $3";
                if tx.execute(sql, &values).await? == 0 {
                    return Err(Refusal::new(FailureCode::NotAllowed, "this device does not have the account's lease"));
                }
                let event = NewEvent {
                    dedup: format!("complete:{account}:{from_ms}:{to_ms}"),
                    account,
                    body: EventBody::Complete(Complete { from_ms, to_ms }),
                    answer: None,
                };
                Log::append_in(tx, &event).await?;
                Ok(())
            })
        })
        .await
}

/// Refuses an account that is not linked here: there is nothing to sweep.
async fn require_linked(tx: &mut Tx, account: &str) -> Result<(), Refusal> {
    let row = tx.query_one("SELECT state FROM account WHERE id = $1", &[Value::Text(account)]).await?;
    let state = row.map(|row| row.text("state")).transpose()?;
    if state.as_deref() == Some("linked") {
        Ok(())
    } else {
        Err(Refusal::new(FailureCode::NeedsLinking, "the account is not linked at this relay"))
    }
}

/// Deletes leases that ended before this time.
pub(crate) async fn delete_ended(tx: &mut Tx, before_ms: i64) -> Result<u64, DatabaseError> {
    tx.execute("DELETE FROM lease WHERE until_ms < $1", &[Value::Int(before_ms)]).await
}
