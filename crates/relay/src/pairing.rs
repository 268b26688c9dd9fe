//! Pairing: a code that an admin shows becomes a device's token, once.
//!
//! A code is eight characters of 20 (RFC 8628, 6.1), about 34.6 bits, and lives ten minutes: guessing it online must be
//! hopeless. Five wrong codes block the network they came from for ten minutes, thirty in a minute block everybody, and
//! five whose first half was right void that code. At most twenty codes wait at a time, so that 300 guesses in ten
//! minutes find one with a chance of one in four million. While such an attack lasts nobody can pair; devices that are
//! paired notice nothing.

mod code;
mod limit;

use std::sync::Arc;

use axum::extract::{DefaultBodyLimit, FromRef, State};
use axum::routing::{get, post};
use axum::{Json, Router};
use wire::api::{Hello, Me, PairRequest, Paired, PairingCode, PairingCodeRequest, Role};
use wire::{EventId, FailureCode, paths};

use crate::access::{Admin, Caller, JsonBody, PeerAddress, role};
use crate::accounts;
use crate::audit;
use crate::clock::now_ms;
use crate::context::{Context, TEAM};
use crate::credential::{new_id, new_token, token_hash};
use crate::database::{DatabaseError, Row, Tx, Value};
use crate::devices::device_name;
use crate::refusal::Refusal;

use code::Code;
use limit::TryLimits;

/// How long a code can be used.
const CODE_LIFETIME_MS: i64 = 10 * 60_000;
/// How many codes may wait to be used.
const MAX_WAITING_CODES: i64 = 20;
/// How long a code that cannot be used any more is kept.
const CODE_KEPT_MS: i64 = 24 * 3_600_000;
/// How many wrong codes with the right first half void the code.
const MAX_WRONG_TRIES: i64 = 5;
/// The longest body that is read.
const MAX_BODY_BYTES: usize = 4_096;

#[derive(Debug, Clone)]
struct Pairing {
    context: Context,
    limits: Arc<TryLimits>,
}

impl FromRef<Pairing> for Context {
    fn from_ref(pairing: &Pairing) -> Self {
        pairing.context.clone()
    }
}

/// What became of a code that a desktop sent.
enum Redeemed {
    As(Caller),
    Wrong,
    Blocked { retry_after_ms: u64 },
}

/// The routes of this part.
pub fn router(context: Context) -> Router {
    Router::new()
        .route(paths::HELLO, get(hello))
        .route(paths::PAIR, post(pair))
        .route(paths::ME, get(me_asked))
        .route(paths::PAIRING_CODES, post(code_asked))
        .layer(DefaultBodyLimit::max(MAX_BODY_BYTES))
        .with_state(Pairing { context, limits: Arc::default() })
}

/// Makes a pairing code for a device of this role. The first device of a relay is paired by the command line.
///
/// # Errors
/// [`FailureCode::TooManyRequests`] if too many codes wait to be used.
pub async fn make_code(context: &Context, actor: &str, role: Role) -> Result<PairingCode, Refusal> {
    let code = Code::random();
    let shown = code.shown();
    let (seal, actor) = (context.seal.clone(), actor.to_owned());
    let expires_at_ms = context
        .database
        .write(move |tx| {
            Box::pin(async move {
                let key = code::lock_key(tx, &seal).await?;
                let now_ms = now_ms();
                let old = [Value::Int(now_ms.saturating_sub(CODE_KEPT_MS))];
                tx.execute("DELETE FROM pairing_code WHERE expires_at_ms < $1", &old).await?;
                let waiting = tx
                    .query_one(
                        "SELECT CAST(count(*) AS BIGINT) AS waiting FROM pairing_code
                         WHERE used_at_ms IS NULL AND expires_at_ms > $1",
                        &[Value::Int(now_ms)],
                    )
                    .await?;
                if waiting.ok_or(DatabaseError::Column("waiting"))?.int("waiting")? >= MAX_WAITING_CODES {
                    return Err(Refusal::after(
                        FailureCode::TooManyRequests,
                        "twenty pairing codes wait to be used already",
                        60_000,
                    ));
                }
                let expires_at_ms = now_ms.saturating_add(CODE_LIFETIME_MS);
                tx.execute(
                    "INSERT INTO pairing_code (code_hash, prefix_hash, wrong_tries, team, role, made_by, made_at_ms,
                         expires_at_ms) VALUES ($1, $2, 0, $3, $4, $5, $6, $7)",
                    &[
                        Value::Bytes(&key.code_hash(&code)),
                        Value::Bytes(&key.prefix_hash(&code)),
                        Value::Int(TEAM),
                        Value::Text(role.as_str()),
                        Value::Text(&actor),
                        Value::Int(now_ms),
                        Value::Int(expires_at_ms),
                    ],
                )
                .await?;
                audit::record(tx, &actor, "pairing_code.made", role.as_str()).await?;
                Ok(expires_at_ms)
            })
        })
        .await?;
    Ok(PairingCode { code: shown, expires_at_ms })
}

/// What a device learns of itself, the accounts and the log.
///
/// # Errors
/// [`FailureCode::Unavailable`]
pub async fn me(context: &Context, caller: &Caller) -> Result<Me, Refusal> {
    let row: Result<Option<Row>, DatabaseError> = context
        .database
        .read(|tx| {
            Box::pin(async move { tx.query_one("SELECT name FROM team WHERE id = $1", &[Value::Int(TEAM)]).await })
        })
        .await;
    let team = row?.ok_or(DatabaseError::Column("name"))?.text("name")?;
    let ends = context.log.ends().borrow().clone();
    let place = |sequence| EventId { epoch: ends.epoch.clone(), sequence };
    Ok(Me {
        device: caller.device.clone(),
        name: caller.name.clone(),
        role: caller.role,
        team,
        accounts: accounts::list(context).await?,
        head: place(ends.head),
        tail: place(ends.tail),
    })
}

/// Uses a code up. All tries of a shop go one after the other, so that none is made before an earlier one has counted.
async fn redeem(
    context: &Context,
    code: Code,
    address: String,
    name: String,
    token_hash: [u8; 32],
) -> Result<Redeemed, Refusal> {
    let seal = context.seal.clone();
    context
        .database
        .write(move |tx| {
            Box::pin(async move {
                let key = code::lock_key(tx, &seal).await?;
                let now_ms = now_ms();
                if let Some(retry_after_ms) = limit::blocked_for_ms(tx, &address, now_ms).await? {
                    return Ok(Redeemed::Blocked { retry_after_ms });
                }
                let used = tx
                    .query_one(
                        "UPDATE pairing_code SET used_at_ms = $2 WHERE code_hash = $1 AND used_at_ms IS NULL
                             AND expires_at_ms > $2 AND wrong_tries < $3 RETURNING role, made_by",
                        &[Value::Bytes(&key.code_hash(&code)), Value::Int(now_ms), Value::Int(MAX_WRONG_TRIES)],
                    )
                    .await?;
                let Some(used) = used else {
                    limit::record_wrong(tx, &address, now_ms).await?;
                    // The code itself is not meant: used or too old, it is no guess of its other half.
                    let values = [Value::Bytes(&key.prefix_hash(&code)), Value::Bytes(&key.code_hash(&code))];
                    let sql = "UPDATE pairing_code SET wrong_tries = wrong_tries + 1
                               WHERE prefix_hash = $1 AND code_hash <> $2 AND used_at_ms IS NULL";
                    if tx.execute(sql, &values).await? > 0 {
                        tracing::warn!("a wrong pairing code began like one that waits to be used");
                    }
                    return Ok(Redeemed::Wrong);
                };
                let caller = Caller { device: new_id(), name, role: role(&used.text("role")?)? };
                insert_device(tx, &caller, &token_hash, now_ms).await?;
                audit::record(tx, &used.text("made_by")?, "device.paired", &caller.name).await?;
                Ok(Redeemed::As(caller))
            })
        })
        .await
}

async fn insert_device(tx: &mut Tx, caller: &Caller, token_hash: &[u8], now_ms: i64) -> Result<(), DatabaseError> {
    // It reads the newest state first, and the log from then on: it is not behind by what was before it.
    tx.execute(
        "INSERT INTO device (id, team, name, role, token_hash, paired_at_ms, seen_at_ms, read_to)
         SELECT $1, id, $3, $4, $5, $6, $6, head FROM team WHERE id = $2",
        &[
            Value::Text(&caller.device),
            Value::Int(TEAM),
            Value::Text(&caller.name),
            Value::Text(caller.role.as_str()),
            Value::Bytes(token_hash),
            Value::Int(now_ms),
        ],
    )
    .await?;
    Ok(())
}

async fn hello() -> Json<Hello> {
    Json(Hello {
        program: "deskbell-relay".to_owned(),
        version: env!("CARGO_PKG_VERSION").to_owned(),
        protocols: vec![1],
        now_ms: now_ms(),
    })
}

async fn pair(
    State(pairing): State<Pairing>,
    peer: PeerAddress,
    JsonBody(asked): JsonBody<PairRequest>,
) -> Result<Json<Paired>, Refusal> {
    let address = limit::network(peer.0);
    pairing.limits.check(&address)?;
    // Said before the code is used up.
    let name = device_name(&asked.device_name)?.to_owned();
    let wrong = || Refusal::new(FailureCode::CodeInvalid, "this code does not exist, was used, or is too old");
    // No code looks like this: it is a slip and no guess.
    let code = Code::parse(&asked.code).ok_or_else(wrong)?;
    // Read before the code is used up: a database that then no longer answers would cost the device its token.
    let unknown = Caller { device: String::new(), name: name.clone(), role: Role::Agent };
    let me = me(&pairing.context, &unknown).await?;
    let token = new_token();
    match redeem(&pairing.context, code, address, name, token_hash(&token)).await? {
        Redeemed::As(caller) => {
            tracing::info!(device = caller.device, role = caller.role.as_str(), "a device was paired");
            let me = Me { device: caller.device, role: caller.role, ..me };
            Ok(Json(Paired { token: token.to_string(), me }))
        }
        Redeemed::Wrong => Err(wrong()),
        Redeemed::Blocked { retry_after_ms } => Err(limit::refusal(retry_after_ms)),
    }
}

async fn me_asked(caller: Caller, State(context): State<Context>) -> Result<Json<Me>, Refusal> {
    Ok(Json(me(&context, &caller).await?))
}

async fn code_asked(
    Admin(caller): Admin,
    State(context): State<Context>,
    JsonBody(asked): JsonBody<PairingCodeRequest>,
) -> Result<Json<PairingCode>, Refusal> {
    Ok(Json(make_code(&context, &caller.name, asked.role).await?))
}
