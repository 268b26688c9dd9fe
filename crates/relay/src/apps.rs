//! The shop's apps at TikTok. A placeholder until the part that owns them is merged.

use tiktok::ClientSecret;
use tiktok::business::oauth::BusinessApp;
use wire::api::AppCredentials;

use crate::context::{Context, TEAM};
use crate::database::Value;
use crate::refusal::Refusal;

/// The Business app, if its credentials were set.
///
/// # Errors
/// [`wire::FailureCode::Unavailable`]
pub async fn business(context: &Context) -> Result<Option<BusinessApp>, Refusal> {
    let row = context
        .database
        .read::<_, Refusal, _>(|tx| {
            Box::pin(async move {
                let sql = "SELECT app_id, redirect_uri, secret FROM app WHERE team = $1 AND platform = 'business'";
                Ok(tx.query_one(sql, &[Value::Int(TEAM)]).await?)
            })
        })
        .await?;
    let Some(row) = row else { return Ok(None) };
    let secret = context.seal.open("app/business/secret", &row.bytes("secret")?)?;
    let secret = ClientSecret::new(secret.as_str());
    Ok(Some(BusinessApp { app_id: row.text("app_id")?, secret, redirect_uri: row.text("redirect_uri")? }))
}

/// Sets an app's credentials.
///
/// # Errors
/// [`wire::FailureCode::Unavailable`]
pub async fn set(context: &Context, _actor: &str, credentials: AppCredentials) -> Result<(), Refusal> {
    let sealed = context.seal.seal("app/business/secret", credentials.secret.as_bytes())?;
    context
        .database
        .write(move |tx| {
            Box::pin(async move {
                tx.execute(
                    "INSERT INTO app (team, platform, app_id, redirect_uri, secret, secret_set_at_ms)
                     VALUES ($1, 'business', $2, $3, $4, 1)",
                    &[
                        Value::Int(TEAM),
                        Value::Text(&credentials.app_id),
                        Value::Text(&credentials.redirect_uri),
                        Value::Bytes(&sealed),
                    ],
                )
                .await?;
                Ok(())
            })
        })
        .await
}
