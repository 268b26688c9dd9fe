//! Placeholder until the part that pairs devices is merged: who calls, by the hash of the token.

use axum::http::HeaderMap;
use axum::http::header::AUTHORIZATION;
use sha2::{Digest as _, Sha256};
use wire::FailureCode;
use wire::api::Role;

use crate::context::Context;
use crate::database::{DatabaseError, Value};
use crate::refusal::Refusal;

/// A device that is paired.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Caller {
    /// Its id.
    pub device: String,
    /// Its name.
    pub name: String,
    /// Its role.
    pub role: Role,
}

/// Finds the device whose token stands in `Authorization`.
///
/// # Errors
/// [`FailureCode::NotPaired`]
pub async fn authenticate(context: &Context, headers: &HeaderMap) -> Result<Caller, Refusal> {
    let token = headers.get(AUTHORIZATION).and_then(|value| value.to_str().ok());
    let token = token.and_then(|value| value.strip_prefix("Bearer ")).unwrap_or_default();
    let hash = Sha256::digest(token.as_bytes());
    let found = context
        .database
        .read(move |tx| {
            Box::pin(async move {
                let sql = "SELECT id, name, role FROM device WHERE token_hash = $1 AND revoked_at_ms IS NULL";
                let Some(row) = tx.query_one(sql, &[Value::Bytes(hash.as_slice())]).await? else { return Ok(None) };
                let role = if row.text("role")? == "admin" { Role::Admin } else { Role::Agent };
                Ok::<_, DatabaseError>(Some(Caller { device: row.text("id")?, name: row.text("name")?, role }))
            })
        })
        .await?;
    found.ok_or_else(|| Refusal::new(FailureCode::NotPaired, "this device is not paired"))
}
