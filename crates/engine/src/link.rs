//! Linking an account: the two apps' credentials, Login Kit in the browser, the Business permissions, and the question
//! whether it is the right account. Nothing is synced before the agent has said yes.
//!
//! TikTok's Business redirect cannot be this computer, so its code comes back either through a page that forwards to
//! our loopback port (the port travels in the last two bytes of `state`) or by pasting the address one landed on. Both
//! are checked alike, and both end in the same channel, which holds one callback.

mod listener;

use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use base64::Engine as _;
use base64::prelude::BASE64_URL_SAFE_NO_PAD;
use model::{AccountId, Change, Millis};
use store::StoreError;
use store::table::account::{self, NewAccount};
use store::table::setting;
use tiktok::business::oauth::{self, BusinessApp, BusinessTokens, DM_SCOPES};
use tiktok::business::profile::GetBusiness;
use tiktok::login_kit::{self, Callback, CallbackError, Granted, LoginApp};
use tiktok::{ClientSecret, login_kit::Authorization};
use tokio::sync::mpsc;
use tokio::task::AbortHandle;

use crate::engine::Engine;
use crate::secrets::{ExposeSecret, SecretsError};
use crate::tokens::TokenError;
use listener::{Port, same};

const LOGIN_KEY: &str = "login_client_key";
/// The keychain's entry for Login Kit's client secret.
const LOGIN_SECRET: &str = "login-app-secret";
/// What Login Kit is asked for: who signed in. More is often not granted to new apps.
const LOGIN_SCOPES: &[&str] = &["user.info.basic"];
const LOGIN_PATH: &str = "/callback/";
const BOUNCE_PATH: &str = "/business/";
/// The scopes without which an inbox is none.
const NEEDED: [&str; 3] = ["message.list.read", "message.list.send", "message.list.manage"];

/// The address to register for Login Kit: any port of this computer.
pub const LOGIN_REDIRECT: &str = "http://127.0.0.1:*/callback/";

/// Why linking stopped, by what the agent can do.
#[derive(Debug, Clone, thiserror::Error)]
pub enum LinkError {
    /// A credential is missing or has the wrong shape; names the field.
    #[error("{0} is missing or malformed")]
    Credentials(&'static str),
    /// The redirect address breaks TikTok's rules; says which.
    #[error("the redirect address breaks a rule: {0}")]
    Redirect(String),
    /// Linking is not at the step this belongs to.
    #[error("linking is not at this step")]
    NotStarted,
    /// No port could be opened.
    #[error("no loopback port could be opened: {0}")]
    Port(String),
    /// The agent pressed Cancel on TikTok's page.
    #[error("cancelled on TikTok's page")]
    Cancelled,
    /// TikTok's page refused.
    #[error("TikTok refused: {0}")]
    Refused(String),
    /// A needed permission was not given.
    #[error("the permission {0} was not given")]
    ScopeMissing(String),
    /// The address belongs to another attempt.
    #[error("the address belongs to another attempt")]
    WrongState,
    /// There is no code in the address.
    #[error("there is no code in the address")]
    NoCode,
    /// Nobody came back from the browser.
    #[error("nobody came back from the browser")]
    TimedOut,
    /// The account is not a Business Account.
    #[error("not a Business Account")]
    NotBusiness,
    /// The keychain did not keep or give a secret.
    #[error(transparent)]
    Secrets(#[from] SecretsError),
    /// TikTok's token or profile call failed.
    #[error(transparent)]
    TikTok(#[from] tiktok::Error),
    /// The database did not answer.
    #[error("the database did not answer: {0}")]
    Store(String),
}

impl From<StoreError> for LinkError {
    fn from(error: StoreError) -> Self {
        Self::Store(error.to_string())
    }
}

impl From<TokenError> for LinkError {
    fn from(error: TokenError) -> Self {
        match error {
            TokenError::Secrets(error) => Self::Secrets(error),
            TokenError::TikTok(error) => Self::TikTok(error),
            TokenError::Relink(why) => Self::Store(why),
            TokenError::Store(error) => error.into(),
        }
    }
}

/// A profile shown while linking.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Profile {
    /// The @handle without the @; empty if TikTok did not say.
    pub handle: String,
    /// The display name.
    pub display_name: String,
    /// The avatar's key in the media vault.
    pub avatar: Option<String>,
}

/// Which step linking is at.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Stage {
    /// The credentials are needed.
    Credentials,
    /// Ready to sign in.
    SignIn,
    /// The browser is at Login Kit's page.
    SigningIn(Waiting),
    /// Ready to ask for the permissions.
    Authorise,
    /// The browser is at the permissions page.
    Authorising(Waiting),
    /// Is this the account?
    Confirm {
        /// Whose.
        profile: Profile,
        /// Whether it is linked already.
        relink: bool,
    },
}

/// Waiting for the browser.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Waiting {
    /// When we stop.
    pub until_ms: Millis,
    /// Where the browser was sent.
    pub address: String,
}

/// How far linking has come.
#[derive(Debug, Clone)]
pub struct LinkStatus {
    /// Login Kit's client key, if typed.
    pub login_client_key: Option<String>,
    /// The Business app's id, if typed.
    pub business_app_id: Option<String>,
    /// The Business app's redirect address, if typed.
    pub business_redirect_uri: Option<String>,
    /// The step.
    pub stage: Stage,
    /// Who signed in with Login Kit.
    pub signed_in_as: Option<Profile>,
    /// Why the last attempt ended.
    pub error: Option<LinkError>,
}

/// What the agent typed; a secret left empty stays as it was.
#[derive(Clone, Default)]
pub struct Credentials {
    /// Login Kit's client key; empty to do without.
    pub login_client_key: String,
    /// Login Kit's client secret.
    pub login_client_secret: String,
    /// The Business app's id.
    pub business_app_id: String,
    /// Its secret.
    pub business_secret: String,
    /// Its redirect address.
    pub business_redirect_uri: String,
}

/// Linking, one attempt at a time.
#[derive(Debug, Default)]
pub struct Link {
    state: Mutex<State>,
}

#[derive(Debug, Default)]
struct State {
    /// None: follows from what is known.
    stage: Option<Stage>,
    signed_in_as: Option<Profile>,
    /// Login Kit is done without.
    skipped: bool,
    error: Option<LinkError>,
    attempt: Option<AbortHandle>,
    /// Where a pasted address goes, and the state it must carry.
    paste: Option<(String, mpsc::Sender<Callback>)>,
    pending: Option<Box<(BusinessTokens, Profile)>>,
}

impl Link {
    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Engine {
    /// How far linking has come.
    ///
    /// # Errors
    /// [`LinkError::Store`]
    pub async fn link_status(&self) -> Result<LinkStatus, LinkError> {
        let app = self.caller().tokens().app().await;
        let (login_client_key, business_app_id, business_redirect_uri) = self
            .store()
            .read(|sql| {
                Ok((
                    setting::get(sql, LOGIN_KEY)?,
                    setting::get(sql, "business_app_id")?,
                    setting::get(sql, "business_redirect_uri")?,
                ))
            })
            .await?;
        let login_client_key = login_client_key.filter(|key| !key.is_empty());
        let state = self.link().state();
        let follows = match app {
            // The ids are known but not the secret: the keychain was emptied, or kept it for one session only.
            Ok(None) | Err(_) => Stage::Credentials,
            Ok(Some(_)) if login_client_key.is_some() && state.signed_in_as.is_none() && !state.skipped => {
                Stage::SignIn
            }
            Ok(Some(_)) => Stage::Authorise,
        };
        Ok(LinkStatus {
            login_client_key,
            business_app_id,
            business_redirect_uri,
            stage: state.stage.clone().unwrap_or(follows),
            signed_in_as: state.signed_in_as.clone(),
            error: state.error.clone(),
        })
    }

    /// Keeps the credentials of the two apps.
    ///
    /// # Errors
    /// [`LinkError::Credentials`], [`LinkError::Redirect`], [`LinkError::Secrets`]
    pub async fn keep_credentials(&self, typed: Credentials) -> Result<(), LinkError> {
        let trimmed = |text: &str| text.trim().to_owned();
        let (app_id, redirect_uri) = (trimmed(&typed.business_app_id), trimmed(&typed.business_redirect_uri));
        let (login_key, login_secret) = (trimmed(&typed.login_client_key), trimmed(&typed.login_client_secret));
        if app_id.is_empty() || app_id.chars().any(|c| !c.is_ascii_graphic()) {
            return Err(LinkError::Credentials("businessAppId"));
        }
        let problems = oauth::check_redirect_uri(&redirect_uri);
        if let Some(problem) = problems.into_iter().find(|problem| !problem.is_warning()) {
            return Err(LinkError::Redirect(format!("{problem:?}")));
        }
        let known = self.caller().tokens().app().await?.filter(|known| known.app_id == app_id);
        let secret = match (trimmed(&typed.business_secret), known) {
            (typed, _) if !typed.is_empty() => ClientSecret::new(typed),
            (_, Some(known)) => known.secret,
            (_, None) => return Err(LinkError::Credentials("businessSecret")),
        };
        let known_key = self.store().read(|sql| setting::get(sql, LOGIN_KEY)).await?;
        if !login_key.is_empty() {
            if !login_secret.is_empty() {
                self.vault().write(LOGIN_SECRET, &login_secret).await?;
            } else if known_key.as_deref() != Some(&login_key) || self.vault().read(LOGIN_SECRET).await?.is_none() {
                return Err(LinkError::Credentials("loginClientSecret"));
            }
        }
        self.caller().tokens().keep_app(&BusinessApp { app_id, secret, redirect_uri }).await?;
        self.store().write(move |tx| setting::set(tx, LOGIN_KEY, &login_key)).await?;
        self.restart_link(None);
        Ok(())
    }

    /// Opens a port, and says where to send the browser for Login Kit.
    ///
    /// # Errors
    /// [`LinkError`]
    pub async fn start_sign_in(&self) -> Result<String, LinkError> {
        let client_key = self.store().read(|sql| setting::get(sql, LOGIN_KEY)).await?.filter(|key| !key.is_empty());
        let secret = self.vault().read(LOGIN_SECRET).await?;
        let (Some(client_key), Some(secret)) = (client_key, secret) else { return Err(LinkError::NotStarted) };
        let app = LoginApp { client_key, client_secret: ClientSecret::new(secret.expose_secret()) };
        let port = Port::open().await.map_err(|error| LinkError::Port(error.to_string()))?;
        let redirect_uri = format!("http://127.0.0.1:{}{LOGIN_PATH}", port.number());
        let endpoints = self.caller().client().endpoints();
        let begun = login_kit::authorize(endpoints, &app, &redirect_uri, LOGIN_SCOPES);
        let address = begun.url.to_string();
        let (back, came) = mpsc::channel(1);
        let state = begun.state.clone();
        let engine = self.clone();
        self.attempt(Stage::SigningIn(self.waiting(&address)), None, async move {
            let granted = engine.wait_for_browser(port, LOGIN_PATH, state, back, came).await;
            let outcome = match granted {
                Ok(granted) => engine.signed_in(&app, &granted, &redirect_uri, &begun).await,
                Err(error) => Err(error),
            };
            match outcome {
                Ok(profile) => {
                    engine.link().state().signed_in_as = Some(profile);
                    engine.restart_link(None);
                }
                Err(error) => engine.restart_link(Some(error)),
            }
        });
        Ok(address)
    }

    async fn signed_in(
        &self,
        app: &LoginApp,
        granted: &Granted,
        redirect_uri: &str,
        begun: &Authorization,
    ) -> Result<Profile, LinkError> {
        // An unticked box comes back as a shorter list; no list at all says nothing.
        if !granted.scopes.is_empty()
            && let Some(missing) = LOGIN_SCOPES.iter().find(|scope| !granted.scopes.iter().any(|given| given == *scope))
        {
            return Err(LinkError::ScopeMissing((*missing).to_owned()));
        }
        let client = self.caller().client();
        let tokens = login_kit::exchange(client, app, &granted.code, redirect_uri, &begun.verifier).await?;
        let user = login_kit::user_info(client, &tokens.access).await?;
        // Who signed in is all Login Kit is for; its token is not needed any more.
        if let Err(error) = login_kit::revoke(client, app, &tokens.access).await {
            tracing::warn!(%error, "link.login_not_revoked");
        }
        let avatar = self.picture(user.avatar_url.as_deref()).await;
        Ok(Profile { handle: String::new(), display_name: user.display_name.unwrap_or_default(), avatar })
    }

    /// Goes on without Login Kit.
    pub fn skip_sign_in(&self) {
        self.link().state().skipped = true;
        self.restart_link(None);
    }

    /// Opens a port, and says where to send the browser for the Business permissions.
    ///
    /// # Errors
    /// [`LinkError`]
    pub async fn start_authorise(&self) -> Result<String, LinkError> {
        let app = self.caller().tokens().app().await?.ok_or(LinkError::NotStarted)?;
        let port = Port::open().await.map_err(|error| LinkError::Port(error.to_string()))?;
        let mut bytes = [0_u8; 34];
        let (secret, tail) = bytes.split_at_mut(32);
        secret.copy_from_slice(&rand::random::<[u8; 32]>());
        tail.copy_from_slice(&port.number().to_be_bytes());
        let state = BASE64_URL_SAFE_NO_PAD.encode(bytes);
        let address = oauth::authorize(self.caller().client().endpoints(), &app, DM_SCOPES, &state).to_string();
        let (back, came) = mpsc::channel(1);
        let engine = self.clone();
        let paste = Some((state.clone(), back.clone()));
        self.attempt(Stage::Authorising(self.waiting(&address)), paste, async move {
            let granted = engine.wait_for_browser(port, BOUNCE_PATH, state, back, came).await;
            let outcome = match granted {
                Ok(granted) => engine.authorised(&app, &granted.code).await,
                Err(error) => Err(error),
            };
            if let Err(error) = outcome {
                engine.restart_link(Some(error));
            }
        });
        Ok(address)
    }

    async fn authorised(&self, app: &BusinessApp, code: &str) -> Result<(), LinkError> {
        let client = self.caller().client();
        let tokens = oauth::exchange(client, app, code).await?;
        let missing =
            NEEDED.iter().find(|scope| !tokens.scope.is_empty() && !tokens.scope.iter().any(|given| given == *scope));
        if let Some(missing) = missing {
            self.give_back(app, &tokens).await;
            return Err(LinkError::ScopeMissing((*missing).to_owned()));
        }
        let mut question = GetBusiness::new(tokens.open_id.clone());
        question.fields = vec!["username", "display_name", "profile_image"];
        let business = match client.call(&tokens.access, question).await {
            Ok(business) => business,
            Err(error) => {
                self.give_back(app, &tokens).await;
                return Err(error.into());
            }
        };
        if business.is_business_account == Some(false) {
            self.give_back(app, &tokens).await;
            return Err(LinkError::NotBusiness);
        }
        let handle = business.username.unwrap_or_default();
        let display_name = business.display_name.unwrap_or_else(|| handle.clone());
        let avatar = self.picture(business.profile_image.as_deref()).await;
        let profile = Profile { handle, display_name, avatar };
        let open_id = tokens.open_id.clone();
        let relink = self.store().read(move |sql| account::find(sql, &open_id)).await?.is_some();
        let mut state = self.link().state();
        state.pending = Some(Box::new((tokens, profile.clone())));
        state.stage = Some(Stage::Confirm { profile, relink });
        state.paste = None;
        state.error = None;
        drop(state);
        self.store().announce(Change::Link);
        Ok(())
    }

    /// Takes the address the agent landed on.
    ///
    /// # Errors
    /// [`LinkError::NotStarted`], [`LinkError::NoCode`], [`LinkError::WrongState`]; the wait goes on.
    pub fn paste_redirect(&self, pasted: &str) -> Result<(), LinkError> {
        let pasted = pasted.trim();
        // Some copy only what is behind the question mark.
        let callback = Callback::from_pasted(pasted)
            .or_else(|| {
                pasted.contains("code=").then(|| Callback::from_query(pasted.rsplit('?').next().unwrap_or(pasted)))
            })
            .ok_or(LinkError::NoCode)?;
        let state = self.link().state();
        let Some((expected, back)) = &state.paste else { return Err(LinkError::NotStarted) };
        if matches!(callback.outcome, Err(CallbackError::Empty)) {
            return Err(LinkError::NoCode);
        }
        if !same(&callback.state, expected) {
            return Err(LinkError::WrongState);
        }
        back.try_send(callback).map_err(|_| LinkError::NotStarted)
    }

    /// Stops waiting; gives back access that was not confirmed.
    pub async fn cancel_link(&self) {
        let stage = self.link().state().stage.clone();
        if matches!(stage, Some(Stage::Confirm { .. })) {
            self.reject_link().await;
        } else {
            self.restart_link(None);
        }
    }

    /// It is the wrong account.
    pub async fn reject_link(&self) {
        let pending = self.link().state().pending.take();
        self.restart_link(None);
        if let (Some(pending), Ok(Some(app))) = (pending, self.caller().tokens().app().await) {
            self.give_back(&app, &pending.0).await;
        }
    }

    /// It is the right account: tokens into the keychain, the account into the database, and off it goes.
    ///
    /// # Errors
    /// [`LinkError::NotStarted`], [`LinkError::Secrets`], [`LinkError::Store`]; then it can be confirmed again.
    pub async fn confirm_link(&self) -> Result<AccountId, LinkError> {
        let pending = self.link().state().pending.take().ok_or(LinkError::NotStarted)?;
        match self.keep_account(&pending.0, &pending.1).await {
            Ok(id) => {
                let mut state = self.link().state();
                state.signed_in_as = None;
                state.skipped = false;
                drop(state);
                self.restart_link(None);
                Ok(id)
            }
            Err(error) => {
                self.link().state().pending = Some(pending);
                Err(error)
            }
        }
    }

    async fn keep_account(&self, tokens: &BusinessTokens, profile: &Profile) -> Result<AccountId, LinkError> {
        let times = self.caller().tokens().keep(tokens).await?;
        let new = NewAccount {
            remote_id: tokens.open_id.clone(),
            handle: profile.handle.clone(),
            display_name: profile.display_name.clone(),
            avatar: profile.avatar.clone(),
            tokens: times,
        };
        let now_ms = self.clock().now_ms();
        let remote_id = tokens.open_id.clone();
        let known = self.store().read(move |sql| account::find(sql, &remote_id)).await?;
        let id = self.store().write(move |tx| account::link(tx, &new, now_ms)).await?;
        self.caller().tokens().forget(id).await;
        if known.is_some() {
            self.prompt(id).notify_one();
            self.outbox().wake_all(self).await?;
        } else {
            let account = self.store().read(move |sql| account::get(sql, id)).await?;
            self.follow(&account);
        }
        tracing::info!(account = id.0, relink = known.is_some(), "link.confirmed");
        Ok(id)
    }

    async fn give_back(&self, app: &BusinessApp, tokens: &BusinessTokens) {
        if let Err(error) = oauth::revoke(self.caller().client(), app, &tokens.access).await {
            tracing::warn!(%error, "link.not_revoked");
        }
    }

    async fn picture(&self, url: Option<&str>) -> Option<String> {
        self.media().fetch(self, url?, None).await.ok().map(|held| held.key)
    }

    async fn wait_for_browser(
        &self,
        port: Port,
        path: &'static str,
        state: String,
        back: mpsc::Sender<Callback>,
        mut came: mpsc::Receiver<Callback>,
    ) -> Result<Granted, LinkError> {
        let listening = tokio::spawn(port.listen(path, state, back));
        let callback = tokio::time::timeout(self.timing().link, came.recv()).await;
        // The browser gets its page before the port closes.
        tokio::spawn(async move {
            tokio::time::sleep(Duration::from_secs(2)).await;
            listening.abort();
        });
        match callback {
            Err(_) | Ok(None) => Err(LinkError::TimedOut),
            Ok(Some(callback)) => callback.outcome.map_err(|error| match error {
                CallbackError::Cancelled => LinkError::Cancelled,
                CallbackError::Empty => LinkError::NoCode,
                CallbackError::Refused { error, error_type, description } => {
                    let kind = error_type.unwrap_or(error);
                    LinkError::Refused(if description.is_empty() { kind } else { format!("{kind}: {description}") })
                }
            }),
        }
    }

    fn waiting(&self, address: &str) -> Waiting {
        let most = i64::try_from(self.timing().link.as_millis()).unwrap_or(i64::MAX);
        Waiting { until_ms: self.clock().now_ms().saturating_add(most), address: address.to_owned() }
    }

    /// Begins an attempt, ending the one before.
    fn attempt(
        &self,
        stage: Stage,
        paste: Option<(String, mpsc::Sender<Callback>)>,
        work: impl Future<Output = ()> + Send + 'static,
    ) {
        let mut state = self.link().state();
        if let Some(before) = state.attempt.take() {
            before.abort();
        }
        state.stage = Some(stage);
        state.error = None;
        state.pending = None;
        state.paste = paste;
        state.attempt = Some(tokio::spawn(work).abort_handle());
        drop(state);
        self.store().announce(Change::Link);
    }

    /// Back to the step that follows from what is known, with the reason if there is one.
    fn restart_link(&self, error: Option<LinkError>) {
        let mut state = self.link().state();
        state.stage = None;
        state.paste = None;
        state.pending = None;
        state.error = error;
        if let Some(attempt) = state.attempt.take() {
            attempt.abort();
        }
        drop(state);
        self.store().announce(Change::Link);
    }
}
