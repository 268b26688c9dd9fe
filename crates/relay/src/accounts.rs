//! Placeholder: the accounts' part replaces this file.

use tiktok::AccessToken;
use tiktok::business::oauth::{self, BusinessTokens};
use wire::event::{Account, AccountState};
use wire::{EventBody, FailureCode};

use crate::clock::now_ms;
use crate::context::{Context, TEAM};
use crate::database::{DatabaseError, Row, Tx, Value};
use crate::log::{Log, NewEvent};
use crate::refusal::Refusal;
use crate::seal::Seal;

/// An account that was just linked.
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
    /// Its first pair of tokens.
    pub tokens: BusinessTokens,
}

/// Keeps an account that was just linked, or linked again, and appends the event. Call [`Log::look`] after the commit.
///
/// # Errors
/// [`wire::FailureCode::Unavailable`]
pub async fn insert_linked(tx: &mut Tx, seal: &Seal, link: &NewLink) -> Result<(), Refusal> {
    let now_ms = now_ms();
    let access = seal.seal(&format!("account/{}/access_token", link.id), link.tokens.access.expose().as_bytes())?;
    let refresh = match &link.tokens.refresh {
        Some(token) => Some(seal.seal(&format!("account/{}/refresh_token", link.id), token.expose().as_bytes())?),
        None => None,
    };
    tx.execute(
        "INSERT INTO account (id, team, handle, name, avatar_url, state, linked_at_ms, scopes, access_token,
             refresh_token, access_expires_at_ms, refresh_expires_at_ms, issued_at_ms, renewing_until_ms, renewing_by)
         VALUES ($1, $2, $3, $4, $5, 'linked', $6, $7, $8, $9, CAST($6 AS BIGINT) + 86400000, CAST($6 AS BIGINT) + 86400000, $6, 0, '')
         ON CONFLICT (id) DO UPDATE SET handle = excluded.handle, name = excluded.name,
             avatar_url = excluded.avatar_url, state = excluded.state, linked_at_ms = excluded.linked_at_ms,
             scopes = excluded.scopes, access_token = excluded.access_token, refresh_token = excluded.refresh_token",
        &[
            Value::Text(&link.id),
            Value::Int(TEAM),
            Value::Text(&link.handle),
            Value::Text(&link.name),
            Value::MaybeText(link.avatar_url.as_deref()),
            Value::Int(now_ms),
            Value::Text(&link.tokens.scope.join(",")),
            Value::Bytes(&access),
            Value::MaybeBytes(refresh.as_deref()),
        ],
    )
    .await?;
    append_state(tx, &link.id, AccountState::Linked, now_ms).await
}

/// Gives an account's access back to TikTok, forgets its tokens and tells the desktops.
///
/// # Errors
/// [`wire::FailureCode::NotFound`], [`wire::FailureCode::Unavailable`]
pub async fn unlink(context: &Context, account: &str) -> Result<(), Refusal> {
    let id = account.to_owned();
    let sealed = context
        .database
        .write::<_, Refusal, _>(move |tx| {
            Box::pin(async move {
                let sql = "SELECT access_token FROM account WHERE id = $1 AND state <> 'unlinked'";
                let row = tx.query_one(sql, &[Value::Text(&id)]).await?;
                let row = row.ok_or_else(|| Refusal::new(FailureCode::NotFound, "there is no such account"))?;
                let sql =
                    "UPDATE account SET state = 'unlinked', access_token = NULL, refresh_token = NULL WHERE id = $1";
                tx.execute(sql, &[Value::Text(&id)]).await?;
                append_state(tx, &id, AccountState::Unlinked, now_ms()).await?;
                Ok(row.maybe_bytes("access_token")?)
            })
        })
        .await?;
    context.log.look().await;
    let Some(sealed) = sealed else { return Ok(()) };
    let token = context.seal.open(&format!("account/{account}/access_token"), &sealed)?;
    if let Some(app) = crate::apps::business(context).await?
        && let Err(error) = oauth::revoke(&context.client, &app, &AccessToken::new(token.as_str())).await
    {
        tracing::warn!(%error, "could not give back a token");
    }
    Ok(())
}

async fn append_state(tx: &mut Tx, account: &str, state: AccountState, now_ms: i64) -> Result<(), Refusal> {
    let body = EventBody::Account(Account { state, handle: String::new(), name: String::new() });
    let dedup = format!("account/{state:?}/{now_ms}");
    Log::append_in(tx, &NewEvent { account: account.to_owned(), dedup, body, answer: None }).await?;
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
    let account = |row: &Row| {
        Ok::<_, DatabaseError>(wire::api::LinkedAccount {
            id: row.text("id")?,
            handle: row.text("handle")?,
            name: row.text("name")?,
            avatar_url: row.maybe_text("avatar_url")?,
            state: if row.text("state")? == "linked" { AccountState::Linked } else { AccountState::NeedsLinking },
            linked_at_ms: row.int("linked_at_ms")?,
            refresh_expires_at_ms: row.int("refresh_expires_at_ms")?,
            scopes: row.text("scopes")?.split(',').map(str::to_owned).collect(),
        })
    };
    Ok(rows.iter().map(account).collect::<Result<_, _>>()?)
}
