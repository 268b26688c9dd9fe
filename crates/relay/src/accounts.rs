//! Placeholder: the accounts' part replaces this file.

use tiktok::{AccessToken, RefreshToken};

use crate::context::{Context, TEAM};
use crate::database::{DatabaseError, Tx, Value};
use crate::refusal::Refusal;
use crate::seal::Seal;

/// An account that an admin has just linked.
#[derive(Debug, Clone)]
pub struct NewLink {
    /// TikTok's `business_id`.
    pub id: String,
    /// Its handle, without `@`.
    pub handle: String,
    /// Its display name.
    pub name: String,
    /// The address of its picture.
    pub avatar_url: Option<String>,
    /// The scopes that were granted.
    pub scopes: Vec<String>,
    /// For the calls.
    pub access: AccessToken,
    /// For the next pair.
    pub refresh: Option<RefreshToken>,
    /// Until when `access` works, ms since the epoch.
    pub access_expires_at_ms: i64,
    /// Until when `refresh` works, ms since the epoch.
    pub refresh_expires_at_ms: i64,
    /// When the tokens were issued, ms since the epoch.
    pub issued_at_ms: i64,
}

/// Stores a linked account and its tokens, sealed. An account that is known is linked again.
///
/// # Errors
/// [`DatabaseError`]; a token that cannot be sealed is [`DatabaseError::Refused`].
pub async fn insert_linked(tx: &mut Tx, seal: &Seal, linked: &NewLink) -> Result<(), DatabaseError> {
    let sealed = |place: &str, secret: &str| {
        seal.seal(&format!("account/{}/{place}", linked.id), secret.as_bytes())
            .map_err(|error| DatabaseError::Refused(error.to_string()))
    };
    let access = sealed("access_token", linked.access.expose())?;
    let refresh = linked.refresh.as_ref().map(|token| sealed("refresh_token", token.expose())).transpose()?;
    tx.execute(
        "INSERT INTO account (id, team, handle, name, avatar_url, state, linked_at_ms, scopes, access_token,
             refresh_token, access_expires_at_ms, refresh_expires_at_ms, issued_at_ms, renewing_until_ms, renewing_by)
         VALUES ($1, $2, $3, $4, $5, 'linked', $6, $7, $8, $9, $10, $11, $6, 0, '')
         ON CONFLICT (id) DO UPDATE SET handle = excluded.handle, name = excluded.name,
             avatar_url = excluded.avatar_url, state = excluded.state, linked_at_ms = excluded.linked_at_ms,
             scopes = excluded.scopes, access_token = excluded.access_token, refresh_token = excluded.refresh_token,
             access_expires_at_ms = excluded.access_expires_at_ms,
             refresh_expires_at_ms = excluded.refresh_expires_at_ms, issued_at_ms = excluded.issued_at_ms",
        &[
            Value::Text(&linked.id),
            Value::Int(TEAM),
            Value::Text(&linked.handle),
            Value::Text(&linked.name),
            Value::MaybeText(linked.avatar_url.as_deref()),
            Value::Int(linked.issued_at_ms),
            Value::Text(&linked.scopes.join(",")),
            Value::Bytes(&access),
            Value::MaybeBytes(refresh.as_deref()),
            Value::Int(linked.access_expires_at_ms),
            Value::Int(linked.refresh_expires_at_ms),
        ],
    )
    .await?;
    Ok(())
}

/// The accounts of this relay.
///
/// # Errors
/// [`Refusal`]
pub async fn list(context: &Context) -> Result<Vec<wire::api::LinkedAccount>, Refusal> {
    let rows = context
        .database
        .read(|tx| {
            Box::pin(async move {
                tx.query(
                    "SELECT id, handle, name, avatar_url, state, linked_at_ms, refresh_expires_at_ms, scopes FROM account
                     WHERE team = $1 AND state <> 'unlinked' ORDER BY id",
                    &[Value::Int(TEAM)],
                )
                .await
            })
        })
        .await?;
    let account = |row: &crate::database::Row| {
        Ok::<_, DatabaseError>(wire::api::LinkedAccount {
            id: row.text("id")?,
            handle: row.text("handle")?,
            name: row.text("name")?,
            avatar_url: row.maybe_text("avatar_url")?,
            state: if row.text("state")? == "linked" {
                wire::event::AccountState::Linked
            } else {
                wire::event::AccountState::NeedsLinking
            },
            linked_at_ms: row.int("linked_at_ms")?,
            refresh_expires_at_ms: row.int("refresh_expires_at_ms")?,
            scopes: row.text("scopes")?.split(',').map(str::to_owned).collect(),
        })
    };
    Ok(rows.iter().map(account).collect::<Result<_, _>>()?)
}
