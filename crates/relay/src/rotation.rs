//! Another key for the secrets at rest, without downtime.
//!
//! Three steps: every relay process gets the new key behind the old one; then the new one first; then [`reseal_all`] seals
//! everything with it, and the old key can go. Each row is sealed again in a transaction of its own, under the row's
//! lock, so that it can be stopped and begun again, and a renewal at the same moment loses nothing.
//!
//! Sealed are the accounts' tokens, the apps' secrets, and the settings whose name begins with `sealed/`: their value is
//! base64, and their place for the seal is their name.

use base64::Engine as _;
use base64::prelude::BASE64_STANDARD;

use crate::apps::{previous_secret_place, secret_place};
use crate::audit;
use crate::context::Context;
use crate::database::{Database, DatabaseError, Row, Tx, Value};
use crate::seal::{Seal, SealError};

/// What the names of sealed settings begin with.
pub const SEALED_SETTING: &str = "sealed/";

/// What became of the secrets.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Resealed {
    /// How many are sealed with the first key now, and were not before.
    pub resealed: u64,
    /// How many were before.
    pub current: u64,
    /// The places of those that no configured key opens. They are left as they are.
    pub unreadable: Vec<String>,
}

/// Seals every secret with the first key.
///
/// # Errors
/// [`DatabaseError`]; what was done so far stays, and doing it again goes on from there.
pub async fn reseal_all(context: &Context, actor: &str) -> Result<Resealed, DatabaseError> {
    let (database, seal) = (&context.database, &context.seal);
    let mut sum = Resealed::default();
    for account in column(database, "SELECT id AS name FROM account ORDER BY id").await? {
        sum.add(in_transaction(database, seal, account, |tx, seal, id| Box::pin(reseal_account(tx, seal, id))).await?);
    }
    for platform in column(database, "SELECT platform AS name FROM app ORDER BY platform").await? {
        sum.add(in_transaction(database, seal, platform, |tx, seal, id| Box::pin(reseal_app(tx, seal, id))).await?);
    }
    for name in column(database, "SELECT name FROM setting ORDER BY name").await? {
        if name.starts_with(SEALED_SETTING) {
            sum.add(in_transaction(database, seal, name, |tx, seal, id| Box::pin(reseal_setting(tx, seal, id))).await?);
        }
    }
    tracing::info!(
        resealed = sum.resealed,
        unreadable = sum.unreadable.len(),
        "secrets were sealed with the first key"
    );
    let (actor, subject) = (actor.to_owned(), format!("{} secrets", sum.resealed));
    database
        .write::<_, DatabaseError, _>(move |tx| {
            Box::pin(async move { audit::record(tx, &actor, "secrets.resealed", &subject).await })
        })
        .await?;
    Ok(sum)
}

type Work =
    for<'t> fn(&'t mut Tx, &'t Seal, &'t str) -> futures_util::future::BoxFuture<'t, Result<Resealed, DatabaseError>>;

async fn in_transaction(database: &Database, seal: &Seal, id: String, work: Work) -> Result<Resealed, DatabaseError> {
    let seal = seal.clone();
    database.write(move |tx| Box::pin(async move { work(tx, &seal, &id).await })).await
}

async fn column(database: &Database, sql: &'static str) -> Result<Vec<String>, DatabaseError> {
    database
        .read(move |tx| Box::pin(async move { tx.query(sql, &[]).await?.iter().map(|row| row.text("name")).collect() }))
        .await
}

async fn reseal_account(tx: &mut Tx, seal: &Seal, id: &str) -> Result<Resealed, DatabaseError> {
    let sql = "UPDATE account SET team = team WHERE id = $1 RETURNING access_token, refresh_token";
    let Some(row) = tx.query_one(sql, &[Value::Text(id)]).await? else { return Ok(Resealed::default()) };
    let mut done = Resealed::default();
    let access = done.reseal(seal, &format!("account/{id}/access_token"), bytes(&row, "access_token")?);
    let refresh = done.reseal(seal, &format!("account/{id}/refresh_token"), bytes(&row, "refresh_token")?);
    tx.execute(
        "UPDATE account SET access_token = COALESCE($2, access_token), refresh_token = COALESCE($3, refresh_token)
         WHERE id = $1",
        &[Value::Text(id), Value::MaybeBytes(access.as_deref()), Value::MaybeBytes(refresh.as_deref())],
    )
    .await?;
    Ok(done)
}

async fn reseal_app(tx: &mut Tx, seal: &Seal, platform: &str) -> Result<Resealed, DatabaseError> {
    let sql = "UPDATE app SET platform = platform WHERE platform = $1 RETURNING secret, previous_secret";
    let Some(row) = tx.query_one(sql, &[Value::Text(platform)]).await? else { return Ok(Resealed::default()) };
    let mut done = Resealed::default();
    let secret = done.reseal(seal, &secret_place(platform), bytes(&row, "secret")?);
    let previous = done.reseal(seal, &previous_secret_place(platform), bytes(&row, "previous_secret")?);
    tx.execute(
        "UPDATE app SET secret = COALESCE($2, secret), previous_secret = COALESCE($3, previous_secret)
         WHERE platform = $1",
        &[Value::Text(platform), Value::MaybeBytes(secret.as_deref()), Value::MaybeBytes(previous.as_deref())],
    )
    .await?;
    Ok(done)
}

async fn reseal_setting(tx: &mut Tx, seal: &Seal, name: &str) -> Result<Resealed, DatabaseError> {
    let sql = "UPDATE setting SET value = value WHERE name = $1 RETURNING value";
    let Some(row) = tx.query_one(sql, &[Value::Text(name)]).await? else { return Ok(Resealed::default()) };
    let mut done = Resealed::default();
    let Ok(sealed) = BASE64_STANDARD.decode(row.text("value")?) else {
        done.unreadable.push(name.to_owned());
        return Ok(done);
    };
    if let Some(sealed) = done.reseal(seal, name, Some(sealed)) {
        let value = BASE64_STANDARD.encode(sealed);
        tx.execute("UPDATE setting SET value = $2 WHERE name = $1", &[Value::Text(name), Value::Text(&value)]).await?;
    }
    Ok(done)
}

fn bytes(row: &Row, name: &'static str) -> Result<Option<Vec<u8>>, DatabaseError> {
    row.maybe_bytes(name)
}

impl Resealed {
    fn add(&mut self, other: Self) {
        self.resealed += other.resealed;
        self.current += other.current;
        self.unreadable.extend(other.unreadable);
    }

    /// A secret sealed with the first key; none if it is already, or cannot be read.
    fn reseal(&mut self, seal: &Seal, place: &str, sealed: Option<Vec<u8>>) -> Option<Vec<u8>> {
        let sealed = sealed?;
        if seal.is_current(&sealed) {
            self.current += 1;
            return None;
        }
        let again =
            |sealed: &[u8]| -> Result<Vec<u8>, SealError> { seal.seal(place, seal.open(place, sealed)?.as_bytes()) };
        match again(&sealed) {
            Ok(sealed) => {
                self.resealed += 1;
                Some(sealed)
            }
            Err(error) => {
                tracing::error!(%error, place, "a secret could not be sealed with the first key");
                self.unreadable.push(place.to_owned());
                None
            }
        }
    }
}
