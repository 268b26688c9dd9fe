//! Access tokens: taken from the keychain, refreshed in time, by one caller at a time, and kept before they are used.
//! What becomes of them is noted for the timeline in Settings.
//!
//! Login Kit's token has no place here: it only says who signed in, and is given back at once (`link::sign_in`).
//!
//! TikTok rotates refresh tokens: a second refresh with the same one would end the account's session. So each account
//! has one slot behind a lock; a second caller with the same stale token finds the new one there. And a new pair is
//! never dropped: it is asked for in a task of its own, which closing waits for and nothing else can end, and what the
//! keychain does not take is offered to it again.

use std::collections::HashMap;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use model::{AccountId, Clock, Millis};
use store::table::account::{self, Account, TokenTimes};
use store::table::token_event::{self, TokenEvent, TokenEventKind};
use store::{Store, StoreError};
use tiktok::business::oauth::{self, BusinessApp, BusinessTokens};
use tiktok::{AccessToken, Client, ClientSecret, RefreshToken, Words};
use tokio::sync::{Mutex as AsyncMutex, OwnedMutexGuard, mpsc, oneshot};
use tokio::task::JoinSet;
use tokio::time::Instant;

use crate::lock::lock;
use crate::secrets::{ExposeSecret, SecretStore, SecretsError};

pub(crate) const APP_ID: &str = "business_app_id";
pub(crate) const REDIRECT_URI: &str = "business_redirect_uri";
/// The keychain's entry for the Business app's secret.
const APP_SECRET: &str = "business-app-secret";

/// How long an access token lives by TikTok's documentation ("Token endpoints").
const ACCESS_LIFE: Duration = Duration::from_secs(86_400);
/// The same of a refresh token, from linking on.
const REFRESH_LIFE: Duration = Duration::from_secs(365 * 86_400);

/// Why there is no token to call with.
#[derive(Debug, thiserror::Error)]
pub enum TokenError {
    /// Nothing but linking the account again helps. The account is marked so. Holds TikTok's words, or ours.
    #[error("the account must be linked again")]
    Relink(Words),
    /// TikTok does not take a token that it gave just now, and is not asked for the next one so soon.
    #[error("the token was renewed just now; the next one is asked for in {} ms", .0.as_millis())]
    TooSoon(Duration),
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
    secrets: SecretStore,
    client: Client,
    clock: Clock,
    renew_again: Duration,
    renew_floor: Duration,
    slots: Mutex<HashMap<AccountId, Slot>>,
    /// How often each account was linked in this run.
    links: Mutex<HashMap<AccountId, u64>>,
    /// Hears of accounts that were to be linked again and have a token after all.
    healed: mpsc::UnboundedSender<AccountId>,
    /// The renewals under way; none once closing.
    renewals: Mutex<Option<JoinSet<()>>>,
}

type Slot = Arc<AsyncMutex<Held>>;

/// What is known of an account's token in this run.
#[derive(Debug, Default)]
struct Held {
    token: Option<AccessToken>,
    /// When it was renewed in this run.
    renewed_at: Option<Instant>,
    /// A renewal failed while the token is good: until then it does.
    again_at: Option<Instant>,
    /// A new pair that is not kept yet. TikTok does not take the one before any more, so there is no other.
    unsaved: Option<(BusinessTokens, TokenTimes)>,
}

impl Tokens {
    /// No token was read yet. `renew_again` is the wait after a renewal that failed while the token is good; `renew_floor` is
    /// the shortest time between two renewals of an account, whatever TikTok says of a token's life; `healed` hears of
    /// accounts that were to be linked again and have a token after all.
    #[must_use]
    pub fn new(
        store: Store,
        secrets: SecretStore,
        client: Client,
        clock: Clock,
        renew_again: Duration,
        renew_floor: Duration,
        healed: mpsc::UnboundedSender<AccountId>,
    ) -> Self {
        let (slots, links, renewals) = (Mutex::default(), Mutex::default(), Mutex::new(Some(JoinSet::new())));
        Self { store, secrets, client, clock, renew_again, renew_floor, slots, links, healed, renewals }
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
        let secret = self.secrets.read(APP_SECRET).await?;
        Ok(secret.map(|secret| BusinessApp { app_id, secret: ClientSecret::new(secret.expose_secret()), redirect_uri }))
    }

    /// Keeps the credentials of the Business app: the secret in the keychain, the rest in the database.
    ///
    /// # Errors
    /// [`TokenError`]
    pub async fn keep_app(&self, app: &BusinessApp) -> Result<(), TokenError> {
        self.secrets.write(APP_SECRET, app.secret.expose()).await?;
        let (app_id, redirect_uri) = (app.app_id.clone(), app.redirect_uri.clone());
        self.store
            .write(move |tx| {
                store::table::setting::set(tx, APP_ID, &app_id)?;
                store::table::setting::set(tx, REDIRECT_URI, &redirect_uri)
            })
            .await?;
        Ok(())
    }

    /// A token to call with now. Past about four fifths of its life it is refreshed first, if that can be done.
    ///
    /// # Errors
    /// [`TokenError`]
    pub async fn access(self: &Arc<Self>, id: AccountId) -> Result<AccessToken, TokenError> {
        let mut held = self.slot(id).lock_owned().await;
        let known = self.store.read(move |sql| account::get(sql, id)).await?;
        if held.unsaved.is_some() {
            return self.renew(known, held).await;
        }
        if held.token.is_none() {
            let token = self.secrets.read(&access_key(&known.remote_id)).await?;
            held.token = token.map(|token| AccessToken::new(token.expose_secret()));
        }
        if let (Some(token), Some(_)) = (&held.token, self.too_soon(&held)) {
            return Ok(token.clone());
        }
        let now_ms = self.clock.now_ms();
        let access_expires_at_ms = known.tokens.access_expires_at_ms;
        let good = held.token.clone().filter(|_| now_ms < access_expires_at_ms);
        if let Some(token) = &good {
            let patient = held.again_at.is_some_and(|at| Instant::now() < at);
            if now_ms < refresh_at(id, &known.tokens) || patient {
                return Ok(token.clone());
            }
        }
        match (self.renew(known, held).await, good) {
            (Ok(token), _) => Ok(token),
            // The old one still works for a while: no reason to stop.
            (Err(TokenError::TikTok(_)), Some(token)) => Ok(token),
            (Err(error), _) => Err(error),
        }
    }

    /// TikTok does not take this token any more: a fresh one, from the caller that refreshed first.
    ///
    /// # Errors
    /// [`TokenError`]
    pub async fn replace(self: &Arc<Self>, id: AccountId, stale: &AccessToken) -> Result<AccessToken, TokenError> {
        let held = self.slot(id).lock_owned().await;
        if let Some(token) = &held.token
            && token.expose() != stale.expose()
        {
            return Ok(token.clone());
        }
        if let Some(wait) = self.too_soon(&held) {
            return Err(TokenError::TooSoon(wait));
        }
        let known = self.store.read(move |sql| account::get(sql, id)).await?;
        self.renew(known, held).await
    }

    /// How long it is until an account's token may be renewed again, if it was renewed a moment ago.
    fn too_soon(&self, held: &Held) -> Option<Duration> {
        let since = held.renewed_at.filter(|_| held.unsaved.is_none())?.elapsed();
        self.renew_floor.checked_sub(since).filter(|wait| !wait.is_zero())
    }

    /// Keeps the tokens of the account with this id at TikTok that was just linked: in the keychain, then by `link` in the
    /// database, then in use. A pair that was known before is not renewed meanwhile.
    ///
    /// # Errors
    /// [`TokenError`]
    pub(crate) async fn link<F>(
        &self,
        known: Option<AccountId>,
        remote_id: &str,
        fresh: &BusinessTokens,
        link: impl FnOnce(TokenTimes) -> F + Send,
    ) -> Result<AccountId, TokenError>
    where
        F: Future<Output = Result<AccountId, StoreError>> + Send,
    {
        let times = self.times(fresh, None);
        let held = match known {
            Some(id) => Some(self.slot(id).lock_owned().await),
            None => None,
        };
        self.put_into_keychain(remote_id, fresh).await?;
        let id = link(times).await?;
        let mut held = match held {
            Some(held) => held,
            None => self.slot(id).lock_owned().await,
        };
        *held = Held { token: Some(fresh.access.clone()), ..Held::default() };
        *lock(&self.links).entry(id).or_default() += 1;
        Ok(id)
    }

    /// Under which link a call is made from here on: how often the account was linked in this run.
    pub(crate) fn link_of(&self, id: AccountId) -> u64 {
        lock(&self.links).get(&id).copied().unwrap_or(0)
    }

    /// TikTok says of a call made under this link that only a new one helps. If there has been one meanwhile, it has.
    pub(crate) async fn wants_link(&self, id: AccountId, link: u64, why: &str) {
        let slot = self.slot(id);
        let _held = slot.lock().await;
        if self.link_of(id) == link {
            self.ask_for_link(id, why).await;
        }
    }

    /// Marks the account for relinking. The caller holds its slot, so that no link is in progress.
    async fn ask_for_link(&self, id: AccountId, why: &str) {
        let kept = why.to_owned();
        if let Err(error) = self.store.write(move |tx| account::set_relink(tx, id, &kept)).await {
            tracing::error!(account = id.0, %error, "could not note that an account must be linked again");
        }
    }

    /// Begins no renewal any more, and waits for those under way, so long at most. Pairs that could not be kept so far are
    /// offered to the keychain once more.
    pub(crate) async fn finish(&self, most: Duration) {
        let renewals = lock(&self.renewals).take();
        let slots: Vec<(AccountId, Slot)> = {
            let slots = lock(&self.slots);
            slots.iter().map(|(id, slot)| (*id, Arc::clone(slot))).collect()
        };
        let finished = tokio::time::timeout(most, async {
            if let Some(mut renewals) = renewals {
                while renewals.join_next().await.is_some() {}
            }
            for (id, slot) in slots {
                let mut held = slot.lock().await;
                if held.unsaved.is_none() {
                    continue;
                }
                let saved = match self.store.read(move |sql| account::get(sql, id)).await {
                    Ok(known) => self.save(id, &known.remote_id, &mut held).await.map(drop),
                    Err(error) => Err(error.into()),
                };
                if let Err(error) = saved {
                    tracing::error!(account = id.0, %error, "could not keep a new pair of tokens");
                }
            }
        });
        if finished.await.is_err() {
            tracing::warn!("the program ends before all tokens were renewed and kept");
        }
    }

    /// Ends the renewals under way, as a crash would.
    pub(crate) async fn stop(&self) {
        let renewals = lock(&self.renewals).take();
        if let Some(mut renewals) = renewals {
            renewals.shutdown().await;
        }
    }

    /// Renews in a task of its own, which goes on if the caller stops waiting: what TikTok gives has to be kept.
    async fn renew(self: &Arc<Self>, known: Account, held: OwnedMutexGuard<Held>) -> Result<AccessToken, TokenError> {
        let closing = || TokenError::Store(StoreError::Closed);
        let (done, outcome) = oneshot::channel();
        let tokens = Arc::clone(self);
        {
            let mut renewals = lock(&self.renewals);
            let renewals = renewals.as_mut().ok_or_else(closing)?;
            // Ended ones would pile up otherwise.
            while renewals.try_join_next().is_some() {}
            renewals.spawn(async move {
                // The caller may have stopped waiting.
                let _ = done.send(tokens.renew_held(&known, held).await);
            });
        }
        outcome.await.unwrap_or_else(|_| Err(closing()))
    }

    async fn renew_held(&self, known: &Account, mut held: OwnedMutexGuard<Held>) -> Result<AccessToken, TokenError> {
        if held.unsaved.is_none() {
            let fresh = self.ask_for_pair(known, &mut held).await;
            if let Err(TokenError::Relink(why)) = &fresh {
                self.ask_for_link(known.id, why.as_str()).await;
            }
            let fresh = fresh?;
            let times = self.times(&fresh, Some(&known.tokens));
            held.unsaved = Some((fresh, times));
        }
        self.save(known.id, &known.remote_id, &mut held).await
    }

    async fn ask_for_pair(&self, known: &Account, held: &mut Held) -> Result<BusinessTokens, TokenError> {
        let missing = || TokenError::Relink("the keychain has no token for it".into());
        let refresh = self.secrets.read(&refresh_key(&known.remote_id)).await?.ok_or_else(missing)?;
        let app = self.app().await?.ok_or_else(missing)?;
        match oauth::refresh(&self.client, &app, &RefreshToken::new(refresh.expose_secret())).await {
            Ok(fresh) => Ok(fresh),
            Err(error) if asks_for_link(&error) => {
                self.note(known.id, TokenEventKind::Refused, error.message()).await?;
                Err(TokenError::Relink(error.message().into()))
            }
            Err(error) => {
                // While the old one is good it does: there is no need to ask with every call.
                held.again_at = Some(Instant::now() + self.renew_again);
                self.note(known.id, TokenEventKind::Postponed, error.message()).await?;
                Err(TokenError::TikTok(error))
            }
        }
    }

    /// Keeps a new pair, in the keychain before in use.
    async fn save(&self, id: AccountId, remote_id: &str, held: &mut Held) -> Result<AccessToken, TokenError> {
        let Some((fresh, times)) = &held.unsaved else {
            return Err(TokenError::Relink("there is no new token for it".into()));
        };
        self.put_into_keychain(remote_id, fresh).await?;
        let (access, times) = (fresh.access.clone(), times.clone());
        let event = TokenEvent { at_ms: times.issued_at_ms, kind: TokenEventKind::Refreshed, detail: String::new() };
        let healed = self.store.write(move |tx| {
            token_event::record(tx, id, &event)?;
            account::set_tokens(tx, id, &times)
        });
        let healed = healed.await?;
        tracing::info!(account = id.0, healed, "renewed a token");
        *held = Held { token: Some(access.clone()), renewed_at: Some(Instant::now()), ..Held::default() };
        if healed {
            // There is no receiver any more once closing.
            let _ = self.healed.send(id);
        }
        Ok(access)
    }

    async fn put_into_keychain(&self, remote_id: &str, tokens: &BusinessTokens) -> Result<(), SecretsError> {
        // The refresh token first: with it the access token can be had again, not the other way round.
        if let Some(refresh) = &tokens.refresh {
            self.secrets.write(&refresh_key(remote_id), refresh.expose()).await?;
        }
        self.secrets.write(&access_key(remote_id), tokens.access.expose()).await
    }

    /// The lifetimes of a pair that was given just now. What TikTok did not say is as it was `before`; of the first pair it
    /// is as documented.
    fn times(&self, tokens: &BusinessTokens, before: Option<&TokenTimes>) -> TokenTimes {
        let now_ms = self.clock.now_ms();
        let after = |life: Duration| now_ms.saturating_add(i64::try_from(life.as_millis()).unwrap_or(i64::MAX));
        let life_before = before.and_then(|before| {
            let life_ms = before.access_expires_at_ms.saturating_sub(before.issued_at_ms);
            u64::try_from(life_ms).ok().map(Duration::from_millis).filter(|life| *life > self.renew_floor)
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
            _ => tokens.scope.join(","),
        };
        TokenTimes { issued_at_ms: now_ms, access_expires_at_ms, refresh_expires_at_ms, scopes }
    }

    /// Gives an account's access back to TikTok and forgets it. TikTok may not be there to hear it: then the tokens die
    /// by themselves, and no copy of them is left.
    ///
    /// # Errors
    /// [`TokenError::Secrets`] if the keychain did not forget them.
    pub async fn give_back(&self, id: AccountId) -> Result<(), TokenError> {
        let slot = self.slot(id);
        let mut held = slot.lock().await;
        let remote_id = self.store.read(move |sql| account::get(sql, id)).await?.remote_id;
        let before = std::mem::take(&mut *held);
        let token = match before.unsaved.map(|(fresh, _)| fresh.access).or(before.token) {
            Some(token) => Some(token),
            None => {
                self.secrets.read(&access_key(&remote_id)).await?.map(|token| AccessToken::new(token.expose_secret()))
            }
        };
        if let (Some(token), Ok(Some(app))) = (token, self.app().await)
            && let Err(error) = oauth::revoke(&self.client, &app, &token).await
        {
            tracing::warn!(account = id.0, %error, "could not give back a token");
        }
        self.erase(id, &remote_id).await
    }

    /// Forgets an account's tokens without giving them back, because another program has access by the same app: TikTok
    /// would end that too.
    ///
    /// # Errors
    /// [`TokenError::Secrets`] if the keychain did not forget them.
    pub(crate) async fn forget(&self, id: AccountId) -> Result<(), TokenError> {
        let slot = self.slot(id);
        let mut held = slot.lock().await;
        let remote_id = self.store.read(move |sql| account::get(sql, id)).await?.remote_id;
        *held = Held::default();
        self.erase(id, &remote_id).await
    }

    /// Forgets the secret of the Business app.
    ///
    /// # Errors
    /// [`TokenError::Secrets`]
    pub(crate) async fn forget_app(&self) -> Result<(), TokenError> {
        Ok(self.secrets.erase(APP_SECRET).await?)
    }

    async fn erase(&self, id: AccountId, remote_id: &str) -> Result<(), TokenError> {
        self.secrets.erase(&refresh_key(remote_id)).await?;
        self.secrets.erase(&access_key(remote_id)).await?;
        self.note(id, TokenEventKind::Unlinked, "").await
    }

    /// Notes what became of an account's tokens.
    ///
    /// # Errors
    /// [`TokenError::Store`]
    pub(crate) async fn note(&self, id: AccountId, kind: TokenEventKind, detail: &str) -> Result<(), TokenError> {
        let event = TokenEvent { at_ms: self.clock.now_ms(), kind, detail: detail.to_owned() };
        Ok(self.store.write(move |tx| token_event::record(tx, id, &event)).await?)
    }

    fn slot(&self, id: AccountId) -> Slot {
        Arc::clone(lock(&self.slots).entry(id).or_default())
    }
}

/// Whether only a new link gives a token again. What is said of this network, of the pace or by something in between
/// passes by itself.
fn asks_for_link(error: &tiktok::Error) -> bool {
    use tiktok::{Error, Reason};
    match error {
        Error::Reauthorise { .. } | Error::Refresh { .. } => true,
        Error::Refused { reason, .. } => matches!(reason, Reason::BadCredentials | Reason::AppBlocked),
        Error::Unreachable { .. } | Error::Later { .. } | Error::Gateway { .. } | Error::Unknown { .. } => false,
    }
}

/// When a pair is refreshed: at four fifths of its life, give or take a twentieth, so that the desktops of a shop that were
/// linked together do not all ask at once.
fn refresh_at(id: AccountId, tokens: &TokenTimes) -> Millis {
    let life = tokens.access_expires_at_ms.saturating_sub(tokens.issued_at_ms).max(0);
    let mut mixed = std::hash::DefaultHasher::new();
    std::hash::Hash::hash(&(id, tokens.issued_at_ms, std::process::id()), &mut mixed);
    let jitter = i64::try_from(std::hash::Hasher::finish(&mixed) % 101).unwrap_or(50) - 50;
    tokens.issued_at_ms.saturating_add(life / 1000 * (800 + jitter))
}

fn access_key(remote_id: &str) -> String {
    format!("access-token/{remote_id}")
}

fn refresh_key(remote_id: &str) -> String {
    format!("refresh-token/{remote_id}")
}
