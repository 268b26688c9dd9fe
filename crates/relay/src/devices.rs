//! The devices: list, change, revoke.

use std::sync::Arc;

use axum::extract::{FromRef, Path, State};
use axum::http::StatusCode;
use axum::routing::{get, patch};
use axum::{Json, Router};
use wire::FailureCode;
use wire::api::{ChangeDevice, Device, Role};
use wire::paths;

use crate::access::{Admin, Caller, JsonBody, role};
use crate::audit;
use crate::clock::now_ms;
use crate::context::{Context, TEAM};
use crate::database::{DatabaseError, Row, Tx, Value};
use crate::log::Log;
use crate::refusal::Refusal;

pub use crate::revocation::Revocations;

/// How long a device's name may be, in characters.
const MAX_NAME_LENGTH: usize = 64;

#[derive(Debug, Clone)]
struct Devices {
    context: Context,
    revocations: Arc<Revocations>,
}

impl FromRef<Devices> for Context {
    fn from_ref(devices: &Devices) -> Self {
        devices.context.clone()
    }
}

/// The routes of this part.
pub fn router(context: Context, revocations: Arc<Revocations>) -> Router {
    Router::new()
        .route(paths::DEVICES, get(show))
        .route(&format!("{}/{{id}}", paths::DEVICES), patch(change_asked).delete(revoke_asked))
        .with_state(Devices { context, revocations })
}

/// A device's name as it is kept: without spaces around it.
///
/// # Errors
/// [`FailureCode::BadRequest`] for one that is empty, too long, or that would disturb what is written around it.
pub(crate) fn device_name(text: &str) -> Result<&str, Refusal> {
    let name = text.trim();
    let is_odd = |c: char| c.is_control() || matches!(c, '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}');
    let length = name.chars().count();
    if length == 0 || length > MAX_NAME_LENGTH || name.chars().any(is_odd) {
        return Err(Refusal::new(
            FailureCode::BadRequest,
            "a device's name has 1 to 64 characters and none that are invisible",
        ));
    }
    Ok(name)
}

/// All devices, those that were revoked too, newest first.
///
/// # Errors
/// [`DatabaseError`]
pub async fn list(context: &Context) -> Result<Vec<Device>, DatabaseError> {
    context
        .database
        .read(|tx| {
            Box::pin(async move {
                let rows = tx
                    .query(
                        "SELECT device.id, device.name, device.role, device.paired_at_ms, device.seen_at_ms,
                             device.revoked_at_ms, team.head - device.read_to AS behind
                         FROM device JOIN team ON team.id = device.team WHERE device.team = $1
                         ORDER BY device.paired_at_ms DESC, device.id",
                        &[Value::Int(TEAM)],
                    )
                    .await?;
                rows.iter().map(device).collect()
            })
        })
        .await
}

fn device(row: &Row) -> Result<Device, DatabaseError> {
    let revoked_at_ms = row.maybe_int("revoked_at_ms")?;
    let behind = if revoked_at_ms.is_some() { 0 } else { row.int("behind")? };
    Ok(Device {
        id: row.text("id")?,
        name: row.text("name")?,
        role: role(&row.text("role")?)?,
        paired_at_ms: row.int("paired_at_ms")?,
        seen_at_ms: row.maybe_int("seen_at_ms")?,
        behind: u64::try_from(behind).unwrap_or(0),
        revoked_at_ms,
    })
}

/// Renames a device, or gives it another role.
///
/// # Errors
/// [`FailureCode::NotFound`]; [`FailureCode::NotAllowed`] for the last admin.
pub async fn change(context: &Context, actor: &str, id: &str, change: ChangeDevice) -> Result<(), Refusal> {
    let name = change.name.as_deref().map(device_name).transpose()?.map(str::to_owned);
    let (actor, id) = (actor.to_owned(), id.to_owned());
    context
        .database
        .write(move |tx| {
            Box::pin(async move {
                let known = lock_device(tx, &id).await?;
                if let Some(name) = name.filter(|name| *name != known.name) {
                    let values = [Value::Text(&id), Value::Text(&name)];
                    tx.execute("UPDATE device SET name = $2 WHERE id = $1", &values).await?;
                    audit::record(tx, &actor, "device.renamed", &format!("{} -> {name}", known.name)).await?;
                }
                if let Some(role) = change.role.filter(|role| *role != known.role) {
                    if known.role == Role::Admin {
                        require_another_admin(tx, &id).await?;
                    }
                    let values = [Value::Text(&id), Value::Text(role.as_str())];
                    tx.execute("UPDATE device SET role = $2 WHERE id = $1", &values).await?;
                    let subject = format!("{}: {}", known.name, role.as_str());
                    audit::record(tx, &actor, "device.role_changed", &subject).await?;
                }
                Ok(())
            })
        })
        .await
}

/// Revokes a device: its token is refused from now on.
///
/// # Errors
/// [`FailureCode::NotFound`]; [`FailureCode::NotAllowed`] for the last admin.
pub async fn revoke(context: &Context, actor: &str, id: &str) -> Result<(), Refusal> {
    let (actor, id) = (actor.to_owned(), id.to_owned());
    context
        .database
        .write(move |tx| {
            Box::pin(async move {
                let known = lock_device(tx, &id).await?;
                if known.role == Role::Admin {
                    require_another_admin(tx, &id).await?;
                }
                let values = [Value::Text(&id), Value::Int(now_ms())];
                tx.execute("UPDATE device SET revoked_at_ms = $2 WHERE id = $1", &values).await?;
                // A lease of its would keep another desktop from sweeping until it ends.
                tx.execute("DELETE FROM lease WHERE device = $1", &[Value::Text(&id)]).await?;
                Ok(audit::record(tx, &actor, "device.revoked", &known.name).await?)
            })
        })
        .await
}

/// Reads a device that is not revoked, under the lock that all changes of devices take: two admins who revoke each other
/// at the same time do so one after the other.
async fn lock_device(tx: &mut Tx, id: &str) -> Result<Caller, Refusal> {
    let not_found = || Refusal::new(FailureCode::NotFound, "there is no such device, or it was revoked");
    // It stood in a path, and PostgreSQL takes no NUL in a text.
    if id.contains('\0') {
        return Err(not_found());
    }
    Log::lock_in(tx).await?;
    let sql = "SELECT id, name, role FROM device WHERE id = $1 AND team = $2 AND revoked_at_ms IS NULL";
    let row = tx.query_one(sql, &[Value::Text(id), Value::Int(TEAM)]).await?.ok_or_else(not_found)?;
    Ok(Caller { device: row.text("id")?, name: row.text("name")?, role: role(&row.text("role")?)? })
}

async fn require_another_admin(tx: &mut Tx, id: &str) -> Result<(), Refusal> {
    let sql = "SELECT id FROM device WHERE team = $1 AND role = 'admin' AND revoked_at_ms IS NULL AND id <> $2 LIMIT 1";
    if tx.query_one(sql, &[Value::Int(TEAM), Value::Text(id)]).await?.is_some() {
        return Ok(());
    }
    Err(Refusal::new(
        FailureCode::NotAllowed,
        "this is the last device of an admin: make another one an admin first, or pair one on the relay's computer",
    ))
}

async fn show(_: Admin, State(context): State<Context>) -> Result<Json<Vec<Device>>, Refusal> {
    Ok(Json(list(&context).await?))
}

async fn change_asked(
    Admin(caller): Admin,
    State(context): State<Context>,
    Path(id): Path<String>,
    JsonBody(asked): JsonBody<ChangeDevice>,
) -> Result<StatusCode, Refusal> {
    change(&context, &caller.name, &id, asked).await?;
    Ok(StatusCode::NO_CONTENT)
}

/// An admin revokes any device; everyone their own.
async fn revoke_asked(
    caller: Caller,
    State(devices): State<Devices>,
    Path(id): Path<String>,
) -> Result<StatusCode, Refusal> {
    if caller.device != id {
        caller.require_admin()?;
    }
    revoke(&devices.context, &caller.name, &id).await?;
    devices.revocations.announce(&id);
    Ok(StatusCode::NO_CONTENT)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_is_visible_and_short() {
        assert_eq!(device_name("  Nok's laptop ").unwrap(), "Nok's laptop");
        assert_eq!(device_name("ร้านนก").unwrap(), "ร้านนก");
        assert!(device_name(&"é".repeat(64)).is_ok());
        for odd in ["", "  ", "a\0b", "a\nb", "a\u{202e}b", "a\u{2067}b", &"é".repeat(65)] {
            assert!(device_name(odd).is_err(), "{odd:?}");
        }
    }
}
