//! Who calls. A placeholder until the part that owns devices is merged.

use axum::http::HeaderMap;
use axum::http::header::AUTHORIZATION;
use sha2::{Digest as _, Sha256};
use wire::FailureCode;
use wire::api::Role;

use crate::context::Context;
use crate::database::Value;
use crate::refusal::Refusal;

/// The device that calls.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Caller {
    /// Its id.
    pub device: String,
    /// Its name.
    pub name: String,
    /// Its role.
    pub role: Role,
}

impl Caller {
    /// Refuses unless the device is an admin's.
    ///
    /// # Errors
    /// [`FailureCode::NotAllowed`]
    pub fn require_admin(&self) -> Result<(), Refusal> {
        match self.role {
            Role::Admin => Ok(()),
            Role::Agent => Err(Refusal::new(FailureCode::NotAllowed, "only an admin may do this")),
        }
    }
}

/// The device of a request, by its token in `Authorization: Bearer` or in `access-token`.
///
/// # Errors
/// [`FailureCode::NotPaired`], [`FailureCode::Unavailable`]
pub async fn authenticate(context: &Context, headers: &HeaderMap) -> Result<Caller, Refusal> {
    let not_paired = || Refusal::new(FailureCode::NotPaired, "the device token is not known");
    let bearer = headers.get(AUTHORIZATION).and_then(|value| value.to_str().ok());
    let bearer = bearer.and_then(|value| value.strip_prefix("Bearer "));
    let plain = headers.get("access-token").and_then(|value| value.to_str().ok());
    let token = bearer.or(plain).ok_or_else(not_paired)?;
    let hash = Sha256::digest(token.as_bytes()).to_vec();
    let row = context
        .database
        .read::<_, Refusal, _>(move |tx| {
            Box::pin(async move {
                let sql = "SELECT id, name, role FROM device WHERE token_hash = $1 AND revoked_at_ms IS NULL";
                Ok(tx.query_one(sql, &[Value::Bytes(&hash)]).await?)
            })
        })
        .await?
        .ok_or_else(not_paired)?;
    let role = if row.text("role")? == "admin" { Role::Admin } else { Role::Agent };
    Ok(Caller { device: row.text("id")?, name: row.text("name")?, role })
}
