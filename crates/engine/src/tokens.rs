//! Access tokens: taken from the keychain, refreshed in time, by one caller at a time, and kept before they are used.
//!
//! TikTok rotates refresh tokens: a second refresh with the same one would end the account's session. So each account
//! has one slot behind a lock; whoever comes second with the same stale token finds the new one there.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use model::{AccountId, Clock};
use store::table::account::{self, TokenTimes};
use store::{Store, StoreError};
use tiktok::business::oauth::{self, BusinessApp, BusinessTokens};
use tiktok::{AccessToken, Client, ClientSecret, RefreshToken};
use tokio::sync::Mutex as AsyncMutex;

use crate::secrets::{ExposeSecret, SecretsError, Vault};

const APP_ID: &str = "business_app_id";
const REDIRECT_URI: &str = "business_redirect_uri";
/// The keychain's entry for the Business app's secret.
const APP_SECRET: &str = "business-app-secret";

/// Why there is no token to call with.
#[derive(Debug, thiserror::Error)]
pub enum TokenError {
    /// Nothing but linking the account again helps.
    #[error("the account must be linked again: {0}")]
    Relink(String),
    /// The keychain did not give the token, or did not keep the new one.
    #[error(transparent)]
    Secrets(#[from] SecretsError),
    /// The database did not answer.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// TikTok could not be asked for a fresh one now.
    #[error(transparent)]
    TikTok(tiktok::Error),
}

/// The tokens of every account.
#[derive(Debug)]
pub struct Tokens {
    store: Store,
    vault: Vault,
    client: Client,
    clock: Clock,
    slots: Mutex<HashMap<AccountId, Slot>>,
}

type Slot = Arc<AsyncMutex<Option<AccessToken>>>;

impl Tokens {
    /// No token was read yet.
    #[must_use]
    pub fn new(store: Store, vault: Vault, client: Client, clock: Clock) -> Self {
        Self { store, vault, client, clock, slots: Mutex::default() }
    }

    /// The credentials of the Business app, if they were typed and the keychain still has the secret.
    ///
    /// # Errors
    /// [`TokenError`]
    pub async fn app(&self) -> Result<Option<BusinessApp>, TokenError> {
        let ids = self
            .store
            .read(|sql| Ok((store::table::setting::get(sql, APP_ID)?, store::table::setting::get(sql, REDIRECT_URI)?)))
            .await?;
        let (Some(app_id), Some(redirect_uri)) = ids else { return Ok(None) };
        let secret = self.vault.read(APP_SECRET).await?;
        Ok(secret.map(|secret| BusinessApp { app_id, secret: ClientSecret::new(secret.expose_secret()), redirect_uri }))
    }

    /// Keeps the credentials of the Business app: the secret in the keychain, the rest in the database.
    ///
    /// # Errors
    /// [`TokenError`]
    pub async fn keep_app(&self, app: &BusinessApp) -> Result<(), TokenError> {
        self.vault.write(APP_SECRET, app.secret.expose()).await?;
        let (app_id, redirect_uri) = (app.app_id.clone(), app.redirect_uri.clone());
        self.store
            .write(move |tx| {
                store::table::setting::set(tx, APP_ID, &app_id)?;
                store::table::setting::set(tx, REDIRECT_URI, &redirect_uri)
            })
            .await?;
        Ok(())
    }

    /// A token to call with now. Past four fifths of its life it is refreshed first, if that can be done.
    ///
    /// # Errors
    /// [`TokenError`]
    pub async fn access(&self, id: AccountId) -> Result<AccessToken, TokenError> {
        let slot = self.slot(id);
        let mut held = slot.lock().await;
        let known = self.store.read(move |sql| account::get(sql, id)).await?;
        if held.is_none() {
            let token = self.vault.read(&access_key(&known.remote_id)).await?;
            *held = token.map(|token| AccessToken::new(token.expose_secret()));
        }
        let now_ms = self.clock.now_ms();
        let TokenTimes { issued_at_ms, access_expires_at_ms, .. } = known.tokens;
        let life = access_expires_at_ms.saturating_sub(issued_at_ms).max(0);
        if let Some(token) = held.as_ref()
            && now_ms < issued_at_ms.saturating_add(life / 5 * 4)
        {
            return Ok(token.clone());
        }
        match self.refresh_held(id, &known.remote_id, &mut held).await {
            Ok(token) => Ok(token),
            // The old one still works for a while: no reason to stop.
            Err(TokenError::TikTok(_)) if held.is_some() && now_ms < access_expires_at_ms => {
                held.clone().ok_or_else(|| TokenError::Relink(String::new()))
            }
            Err(error) => Err(error),
        }
    }

    /// TikTok does not take this token any more: a fresh one, from whoever refreshed first.
    ///
    /// # Errors
    /// [`TokenError`]
    pub async fn replace(&self, id: AccountId, stale: &AccessToken) -> Result<AccessToken, TokenError> {
        let slot = self.slot(id);
        let mut held = slot.lock().await;
        if let Some(token) = held.as_ref()
            && token.expose() != stale.expose()
        {
            return Ok(token.clone());
        }
        let known = self.store.read(move |sql| account::get(sql, id)).await?;
        self.refresh_held(id, &known.remote_id, &mut held).await
    }

    /// Keeps the tokens of an account that was just linked. In the keychain before in use.
    ///
    /// # Errors
    /// [`TokenError`]
    pub async fn keep(&self, tokens: &BusinessTokens) -> Result<TokenTimes, TokenError> {
        // The refresh token first: with it the access token can be had again, not the other way round.
        self.vault.write(&refresh_key(&tokens.open_id), tokens.refresh.expose()).await?;
        self.vault.write(&access_key(&tokens.open_id), tokens.access.expose()).await?;
        let now_ms = self.clock.now_ms();
        let after = |life: Duration| now_ms.saturating_add(i64::try_from(life.as_millis()).unwrap_or(i64::MAX));
        Ok(TokenTimes {
            issued_at_ms: now_ms,
            access_expires_at_ms: after(tokens.expires_in),
            refresh_expires_at_ms: after(tokens.refresh_token_expires_in),
            scopes: tokens.scope.join(","),
        })
    }

    /// Reads an account's token anew at its next use, because it was linked again.
    pub async fn forget(&self, id: AccountId) {
        *self.slot(id).lock().await = None;
    }

    async fn refresh_held(
        &self,
        id: AccountId,
        remote_id: &str,
        held: &mut Option<AccessToken>,
    ) -> Result<AccessToken, TokenError> {
        let missing = || TokenError::Relink("the keychain has no token for it".to_owned());
        let refresh = self.vault.read(&refresh_key(remote_id)).await?.ok_or_else(missing)?;
        let app = self.app().await?.ok_or_else(missing)?;
        let fresh = oauth::refresh(&self.client, &app, &RefreshToken::new(refresh.expose_secret())).await;
        let fresh = match fresh {
            Ok(fresh) => fresh,
            Err(
                error @ (tiktok::Error::Reauthorise { .. }
                | tiktok::Error::Refresh { .. }
                | tiktok::Error::Refused { .. }),
            ) => {
                return Err(TokenError::Relink(error.message().to_owned()));
            }
            Err(error) => return Err(TokenError::TikTok(error)),
        };
        let times = self.keep(&fresh).await?;
        self.store.write(move |tx| account::set_tokens(tx, id, &times)).await?;
        tracing::info!(account = id.0, "tokens.refreshed");
        *held = Some(fresh.access.clone());
        Ok(fresh.access)
    }

    fn slot(&self, id: AccountId) -> Slot {
        Arc::clone(self.slots.lock().unwrap_or_else(PoisonError::into_inner).entry(id).or_default())
    }
}

fn access_key(remote_id: &str) -> String {
    format!("access-token/{remote_id}")
}

fn refresh_key(remote_id: &str) -> String {
    format!("refresh-token/{remote_id}")
}
