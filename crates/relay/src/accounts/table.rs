//! The table `account`.

use std::time::Duration;

use sha2::{Digest as _, Sha256};
use tiktok::business::oauth::BusinessTokens;
use tiktok::{AccessToken, RefreshToken};
use wire::EventBody;
use wire::api::LinkedAccount;
use wire::event::{Account, AccountState};

use super::RENEWAL_FLOOR_MS;
use crate::clock::now_ms;
use crate::context::{Context, TEAM};
use crate::database::{Database, DatabaseError, Row, Tx, Value};
use crate::listening::heard_from_ms;
use crate::log::{Log, NewEvent};
use crate::refusal::Refusal;
use crate::seal::Seal;

/// How long an access token lives by TikTok's documentation, if it does not say.
const ACCESS_LIFE: Duration = Duration::from_secs(86_400);
/// The same of a refresh token, from linking on.
const REFRESH_LIFE: Duration = Duration::from_secs(365 * 86_400);

/// What calls and renewals need of an account.
#[derive(Debug)]
pub(super) struct Stored {
    pub(super) state: AccountState,
    pub(super) access: Option<AccessToken>,
    pub(super) access_expires_at_ms: i64,
    pub(super) issued_at_ms: i64,
    pub(super) renewing_until_ms: i64,
    pub(super) renewing_by: String,
}

impl Stored {
    /// When the pair is renewed: at four fifths of its life.
    pub(super) fn renew_at_ms(&self) -> i64 {
        let life_ms = self.access_expires_at_ms.saturating_sub(self.issued_at_ms).max(0);
        self.issued_at_ms.saturating_add(life_ms / 5 * 4)
    }
}

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

/// A renewal that was claimed.
pub(super) struct Claim {
    pub(super) refresh: Option<RefreshToken>,
    pub(super) before: Lifetimes,
}

/// When a pair was issued and until when its tokens live.
#[derive(Debug, Clone)]
pub(super) struct Lifetimes {
    pub(super) issued_at_ms: i64,
    pub(super) access_expires_at_ms: i64,
    pub(super) refresh_expires_at_ms: i64,
    pub(super) scopes: String,
}

impl Lifetimes {
    /// The lifetimes of a pair that was given just now. What TikTok did not say is as it was `before`; of the first pair
    /// it is as documented.
    fn of(tokens: &BusinessTokens, before: Option<&Self>) -> Self {
        let now_ms = before.map_or(0, |before| before.issued_at_ms.saturating_add(1)).max(now_ms());
        let after = |life: Duration| now_ms.saturating_add(i64::try_from(life.as_millis()).unwrap_or(i64::MAX));
        let life_before = before.and_then(|before| {
            let life_ms = before.access_expires_at_ms.saturating_sub(before.issued_at_ms);
            u64::try_from(life_ms).ok().filter(|_| life_ms > RENEWAL_FLOOR_MS).map(Duration::from_millis)
        });
        let access_expires_at_ms = after(tokens.expires_in.or(life_before).unwrap_or(ACCESS_LIFE));
        let refresh_expires_at_ms = match (tokens.refresh_token_expires_in, before) {
            (Some(life), _) => after(life),
            (None, Some(before)) => before.refresh_expires_at_ms,
            (None, None) if tokens.refresh.is_some() => after(REFRESH_LIFE),
            // There is nothing to renew it with.
            (None, None) => access_expires_at_ms,
        };
        let scopes = match before {
            Some(before) if tokens.scope.is_empty() => before.scopes.clone(),
            _ => without_nul(&tokens.scope.join(",")),
        };
        Self { issued_at_ms: now_ms, access_expires_at_ms, refresh_expires_at_ms, scopes }
    }
}

/// The place of an account's access token for the seal.
fn access_place(account: &str) -> String {
    format!("account/{account}/access_token")
}

/// The place of an account's refresh token for the seal.
fn refresh_place(account: &str) -> String {
    format!("account/{account}/refresh_token")
}

/// PostgreSQL takes no NUL in a text.
fn without_nul(text: &str) -> String {
    text.replace('\0', "")
}

fn state(row: &Row) -> Result<AccountState, DatabaseError> {
    Ok(match row.text("state")?.as_str() {
        "linked" => AccountState::Linked,
        "needs_linking" => AccountState::NeedsLinking,
        "unlinked" => AccountState::Unlinked,
        _ => AccountState::Unknown,
    })
}

pub(super) async fn read(context: &Context, account: &str) -> Result<Option<Stored>, Refusal> {
    let id = account.to_owned();
    let row = context
        .database
        .read::<_, Refusal, _>(move |tx| {
            Box::pin(async move {
                Ok(tx
                    .query_one(
                        "SELECT state, access_token, access_expires_at_ms, issued_at_ms, renewing_until_ms, renewing_by
                         FROM account WHERE id = $1 AND team = $2",
                        &[Value::Text(&id), Value::Int(TEAM)],
                    )
                    .await?)
            })
        })
        .await?;
    let Some(row) = row else { return Ok(None) };
    let access = match row.maybe_bytes("access_token")? {
        Some(sealed) => Some(AccessToken::new(context.seal.open(&access_place(account), &sealed)?.as_str())),
        None => None,
    };
    Ok(Some(Stored {
        state: state(&row)?,
        access,
        access_expires_at_ms: row.int("access_expires_at_ms")?,
        issued_at_ms: row.int("issued_at_ms")?,
        renewing_until_ms: row.int("renewing_until_ms")?,
        renewing_by: row.text("renewing_by")?,
    }))
}

pub(super) async fn list(database: &Database) -> Result<Vec<LinkedAccount>, Refusal> {
    database
        .read(|tx| {
            Box::pin(async move {
                let rows = tx
                    .query(
                        "SELECT id, handle, name, avatar_url, state, linked_at_ms, refresh_expires_at_ms, scopes
                         FROM account WHERE team = $1 AND state <> 'unlinked' ORDER BY linked_at_ms, id",
                        &[Value::Int(TEAM)],
                    )
                    .await?;
                let heard_from_ms = heard_from_ms(tx).await?;
                rows.iter().map(|row| Ok(linked(row, heard_from_ms)?)).collect()
            })
        })
        .await
}

fn linked(row: &Row, heard_from_ms: Option<i64>) -> Result<LinkedAccount, DatabaseError> {
    let linked_at_ms = row.int("linked_at_ms")?;
    let scopes = row.text("scopes")?;
    Ok(LinkedAccount {
        id: row.text("id")?,
        handle: row.text("handle")?,
        name: row.text("name")?,
        avatar_url: row.maybe_text("avatar_url")?,
        state: state(row)?,
        linked_at_ms,
        refresh_expires_at_ms: row.int("refresh_expires_at_ms")?,
        scopes: scopes.split(',').filter(|scope| !scope.is_empty()).map(str::to_owned).collect(),
        heard_from_ms: heard_from_ms.map(|heard_from_ms| heard_from_ms.max(linked_at_ms)),
    })
}

/// Keeps an account that was just linked, or linked again, and appends the event. Call [`Log::look`] after the commit.
///
/// # Errors
/// [`wire::FailureCode::Unavailable`]
pub async fn insert_linked(tx: &mut Tx, seal: &Seal, link: &NewLink) -> Result<(), Refusal> {
    Log::lock_in(tx).await?;
    let access = seal.seal(&access_place(&link.id), link.tokens.access.expose().as_bytes())?;
    let refresh = match &link.tokens.refresh {
        Some(refresh) => Some(seal.seal(&refresh_place(&link.id), refresh.expose().as_bytes())?),
        None => None,
    };
    let times = Lifetimes::of(&link.tokens, None);
    let (handle, name) = (without_nul(&link.handle), without_nul(&link.name));
    let avatar_url = link.avatar_url.as_deref().map(without_nul);
    tx.execute(
        "INSERT INTO account (id, team, handle, name, avatar_url, state, linked_at_ms, scopes, access_token,
             refresh_token, access_expires_at_ms, refresh_expires_at_ms, issued_at_ms, renewing_until_ms, renewing_by)
         VALUES ($1, $2, $3, $4, $5, 'linked', $6, $7, $8, $9, $10, $11, $6, 0, '')
         ON CONFLICT (id) DO UPDATE SET handle = excluded.handle, name = excluded.name,
             avatar_url = excluded.avatar_url, state = 'linked', linked_at_ms = excluded.linked_at_ms,
             scopes = excluded.scopes, access_token = excluded.access_token, refresh_token = excluded.refresh_token,
             access_expires_at_ms = excluded.access_expires_at_ms,
             refresh_expires_at_ms = excluded.refresh_expires_at_ms,
             issued_at_ms = CASE WHEN excluded.issued_at_ms > account.issued_at_ms THEN excluded.issued_at_ms
                 ELSE account.issued_at_ms + 1 END,
             renewing_until_ms = 0, renewing_by = ''",
        &[
            Value::Text(&link.id),
            Value::Int(TEAM),
            Value::Text(&handle),
            Value::Text(&name),
            Value::MaybeText(avatar_url.as_deref()),
            Value::Int(times.issued_at_ms),
            Value::Text(&times.scopes),
            Value::Bytes(&access),
            Value::MaybeBytes(refresh.as_deref()),
            Value::Int(times.access_expires_at_ms),
            Value::Int(times.refresh_expires_at_ms),
        ],
    )
    .await?;
    append_state(tx, &link.id, AccountState::Linked, handle, name).await?;
    Ok(())
}

/// Claims the renewal of the pair that was issued at this time; none if another one is under way, or was done.
pub(super) async fn claim(
    context: &Context,
    account: &str,
    issued_at_ms: i64,
    lease: Duration,
) -> Result<Option<Claim>, Refusal> {
    let (id, worker) = (account.to_owned(), context.worker.clone());
    let now_ms = now_ms();
    let until_ms = now_ms.saturating_add(i64::try_from(lease.as_millis()).unwrap_or(i64::MAX));
    let row = context
        .database
        .write::<_, Refusal, _>(move |tx| {
            Box::pin(async move {
                Ok(tx
                    .query_one(
                        "UPDATE account SET renewing_until_ms = $2, renewing_by = $3
                         WHERE id = $1 AND state = 'linked' AND issued_at_ms = $4 AND renewing_until_ms <= $5
                         RETURNING refresh_token, access_expires_at_ms, refresh_expires_at_ms, issued_at_ms, scopes",
                        &[
                            Value::Text(&id),
                            Value::Int(until_ms),
                            Value::Text(&worker),
                            Value::Int(issued_at_ms),
                            Value::Int(now_ms),
                        ],
                    )
                    .await?)
            })
        })
        .await?;
    let Some(row) = row else { return Ok(None) };
    let refresh = match row.maybe_bytes("refresh_token")? {
        Some(sealed) => Some(RefreshToken::new(context.seal.open(&refresh_place(account), &sealed)?.as_str())),
        None => None,
    };
    let before = Lifetimes {
        issued_at_ms: row.int("issued_at_ms")?,
        access_expires_at_ms: row.int("access_expires_at_ms")?,
        refresh_expires_at_ms: row.int("refresh_expires_at_ms")?,
        scopes: row.text("scopes")?,
    };
    Ok(Some(Claim { refresh, before }))
}

/// What became of a new pair.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Kept {
    /// It is in the database.
    Yes,
    /// The account was linked again meanwhile, and has a newer pair.
    LinkedAgain,
    /// The account was unlinked meanwhile.
    Unlinked,
}

/// Keeps a new pair in place of the one before.
pub(super) async fn keep(
    context: &Context,
    account: &str,
    tokens: &BusinessTokens,
    before: &Lifetimes,
) -> Result<Kept, Refusal> {
    let access = context.seal.seal(&access_place(account), tokens.access.expose().as_bytes())?;
    let refresh = match &tokens.refresh {
        Some(refresh) => Some(context.seal.seal(&refresh_place(account), refresh.expose().as_bytes())?),
        None => None,
    };
    let (id, times, issued_before_ms) = (account.to_owned(), Lifetimes::of(tokens, Some(before)), before.issued_at_ms);
    let kept = context
        .database
        .write::<_, Refusal, _>(move |tx| {
            Box::pin(async move {
                Log::lock_in(tx).await?;
                let Some(row) = lock(tx, &id).await? else { return Ok(Kept::Unlinked) };
                if state(&row)? == AccountState::Unlinked {
                    return Ok(Kept::Unlinked);
                }
                if row.int("issued_at_ms")? != issued_before_ms {
                    return Ok(Kept::LinkedAgain);
                }
                tx.execute(
                    "UPDATE account SET access_token = $2, refresh_token = COALESCE($3, refresh_token),
                         access_expires_at_ms = $4, refresh_expires_at_ms = $5, issued_at_ms = $6, scopes = $7,
                         state = 'linked', renewing_until_ms = 0, renewing_by = ''
                     WHERE id = $1",
                    &[
                        Value::Text(&id),
                        Value::Bytes(&access),
                        Value::MaybeBytes(refresh.as_deref()),
                        Value::Int(times.access_expires_at_ms),
                        Value::Int(times.refresh_expires_at_ms),
                        Value::Int(times.issued_at_ms),
                        Value::Text(&times.scopes),
                    ],
                )
                .await?;
                if state(&row)? != AccountState::Linked {
                    append_state(tx, &id, AccountState::Linked, row.text("handle")?, row.text("name")?).await?;
                }
                Ok(Kept::Yes)
            })
        })
        .await?;
    context.log.look().await;
    Ok(kept)
}

/// A claimed renewal came to nothing: the next one may begin at `again_at_ms`.
pub(super) async fn postpone(context: &Context, account: &str, again_at_ms: i64) -> Result<(), Refusal> {
    let (id, worker) = (account.to_owned(), context.worker.clone());
    context
        .database
        .write(move |tx| {
            Box::pin(async move {
                let sql = "UPDATE account SET renewing_until_ms = $2, renewing_by = ''
                           WHERE id = $1 AND renewing_by = $3";
                tx.execute(sql, &[Value::Text(&id), Value::Int(again_at_ms), Value::Text(&worker)]).await?;
                Ok(())
            })
        })
        .await
}

/// Marks an account for linking; with `issued_at_ms` only if it still has the pair that was issued then.
pub(super) async fn set_needs_linking(
    context: &Context,
    account: &str,
    issued_at_ms: Option<i64>,
) -> Result<(), Refusal> {
    let id = account.to_owned();
    let changed = context
        .database
        .write::<_, Refusal, _>(move |tx| {
            Box::pin(async move {
                Log::lock_in(tx).await?;
                let Some(row) = lock(tx, &id).await? else { return Ok(false) };
                let stored_at_ms = row.int("issued_at_ms")?;
                if state(&row)? != AccountState::Linked || issued_at_ms.is_some_and(|at| at != stored_at_ms) {
                    return Ok(false);
                }
                tx.execute(
                    "UPDATE account SET state = 'needs_linking', renewing_until_ms = 0, renewing_by = '' WHERE id = $1",
                    &[Value::Text(&id)],
                )
                .await?;
                append_state(tx, &id, AccountState::NeedsLinking, row.text("handle")?, row.text("name")?).await?;
                Ok(true)
            })
        })
        .await?;
    if changed {
        tracing::error!("an account has to be linked again by an admin");
        context.log.look().await;
    }
    Ok(())
}

/// Forgets an account's tokens.
pub(super) async fn forget_tokens(context: &Context, account: &str) -> Result<(), Refusal> {
    let id = account.to_owned();
    context
        .database
        .write::<_, Refusal, _>(move |tx| {
            Box::pin(async move {
                Log::lock_in(tx).await?;
                let Some(row) = lock(tx, &id).await? else { return Ok(()) };
                tx.execute(
                    "UPDATE account SET state = 'unlinked', access_token = NULL, refresh_token = NULL,
                         issued_at_ms = issued_at_ms + 1, renewing_until_ms = 0, renewing_by = ''
                     WHERE id = $1",
                    &[Value::Text(&id)],
                )
                .await?;
                append_state(tx, &id, AccountState::Unlinked, row.text("handle")?, row.text("name")?).await?;
                Ok(())
            })
        })
        .await?;
    context.log.look().await;
    Ok(())
}

/// Locks an account's row until the transaction ends, and reads it.
async fn lock(tx: &mut Tx, account: &str) -> Result<Option<Row>, DatabaseError> {
    let sql = "UPDATE account SET team = team WHERE id = $1 RETURNING state, issued_at_ms, handle, name";
    tx.query_one(sql, &[Value::Text(account)]).await
}

async fn append_state(
    tx: &mut Tx,
    account: &str,
    state: AccountState,
    handle: String,
    name: String,
) -> Result<(), DatabaseError> {
    // The account's id is TikTok's, of any length; each change is an event of its own.
    let hash = Sha256::new_with_prefix(account.as_bytes()).chain_update(format!("/{state:?}/{}", now_ms()));
    let dedup = format!("account/{:x}", hash.finalize());
    let body = EventBody::Account(Account { state, handle, name });
    Log::append_in(tx, &NewEvent { account: account.to_owned(), dedup, body, answer: None }).await?;
    Ok(())
}
