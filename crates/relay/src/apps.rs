//! Placeholder: the apps' credentials are another part's.

use tiktok::ClientSecret;
use wire::api::Platform;

use crate::context::{Context, TEAM};
use crate::database::{DatabaseError, Value};
use crate::refusal::Refusal;

/// The secrets that verify a platform's webhooks, the current one first.
///
/// # Errors
/// [`Refusal`] if the database or the seal does not give them.
pub async fn webhook_secrets(context: &Context, platform: Platform) -> Result<Vec<ClientSecret>, Refusal> {
    let seal = context.seal.clone();
    let now = crate::clock::now_ms();
    let row = context
        .database
        .read::<_, DatabaseError, _>(move |tx| {
            Box::pin(async move {
                let sql =
                    "SELECT secret, previous_secret, previous_until_ms FROM app WHERE team = $1 AND platform = $2";
                tx.query_one(sql, &[Value::Int(TEAM), Value::Text(platform.as_str())]).await
            })
        })
        .await?;
    let Some(row) = row else { return Ok(Vec::new()) };
    let place = format!("app/{}/secret", platform.as_str());
    let mut secrets = vec![ClientSecret::new(seal.open(&place, &row.bytes("secret")?)?.to_string())];
    let previous_until = row.maybe_int("previous_until_ms")?;
    if let Some(previous) = row.maybe_bytes("previous_secret")?
        && previous_until.is_some_and(|until| now < until)
    {
        let place = format!("app/{}/previous_secret", platform.as_str());
        secrets.push(ClientSecret::new(seal.open(&place, &previous)?.to_string()));
    }
    Ok(secrets)
}
