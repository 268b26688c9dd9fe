//! Account and certificate, kept sealed among the settings.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};

use crate::context::Context;
use crate::database::{DatabaseError, Value};

/// Settings with this beginning are sealed, each for its own name.
const ACCOUNT: &str = "sealed/acme/account";
const CERTIFICATE: &str = "sealed/acme/certificate";

/// A certificate with its key, in PEM.
#[derive(Clone, Serialize, Deserialize)]
pub(crate) struct Certificate {
    /// The certificate and those between it and the authority.
    pub(crate) chain: String,
    /// Its key.
    pub(crate) key: String,
    /// The name that it is for.
    pub(crate) name: String,
    /// The directory of the authority that gave it.
    pub(crate) directory: String,
}

impl std::fmt::Debug for Certificate {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Certificate").field("name", &self.name).finish_non_exhaustive()
    }
}

/// An account at an authority.
#[derive(Serialize, serde::Deserialize)]
pub(super) struct StoredAccount {
    pub(super) directory: String,
    /// The account's key and address, as `instant-acme` writes them.
    pub(super) credentials: serde_json::Value,
}

pub(super) async fn account(context: &Context) -> anyhow::Result<Option<StoredAccount>> {
    read(context, ACCOUNT).await
}

pub(super) async fn keep_account(context: &Context, account: &StoredAccount) -> anyhow::Result<()> {
    write(context, ACCOUNT, account).await
}

/// The certificate that is kept.
pub(crate) async fn certificate(context: &Context) -> anyhow::Result<Option<Certificate>> {
    read(context, CERTIFICATE).await
}

pub(super) async fn keep_certificate(context: &Context, certificate: &Certificate) -> anyhow::Result<()> {
    write(context, CERTIFICATE, certificate).await
}

async fn read<T: DeserializeOwned>(context: &Context, name: &'static str) -> anyhow::Result<Option<T>> {
    let row = context
        .database
        .read::<_, DatabaseError, _>(move |tx| {
            Box::pin(
                async move { tx.query_one("SELECT value FROM setting WHERE name = $1", &[Value::Text(name)]).await },
            )
        })
        .await?;
    let Some(row) = row else { return Ok(None) };
    let sealed = STANDARD.decode(row.text("value")?)?;
    // The error quotes nothing of what could not be read.
    let value = serde_json::from_str(&context.seal.open(name, &sealed)?);
    value.map(Some).map_err(|_| anyhow::anyhow!("{name} is not as it should be"))
}

async fn write<T: Serialize>(context: &Context, name: &'static str, value: &T) -> anyhow::Result<()> {
    let json = secrecy::zeroize::Zeroizing::new(serde_json::to_string(value)?);
    let sealed = STANDARD.encode(context.seal.seal(name, json.as_bytes())?);
    context
        .database
        .write::<_, DatabaseError, _>(move |tx| {
            Box::pin(async move {
                tx.execute(
                    "INSERT INTO setting (name, value) VALUES ($1, $2)
                     ON CONFLICT (name) DO UPDATE SET value = excluded.value",
                    &[Value::Text(name), Value::Text(&sealed)],
                )
                .await
            })
        })
        .await?;
    Ok(())
}
