//! Linking an account: the two apps' credentials, Login Kit in the browser, the Business permissions, and the question
//! whether it is the right account. Nothing is synced before the agent has said yes.
//!
//! TikTok's Business redirect cannot be this computer, so its code comes back either through a page that forwards to
//! our loopback port (the port travels in the last two bytes of `state`) or by pasting the address one landed on. Both
//! are checked alike, and both end in the same channel, which holds one callback.

mod authorise;
mod credentials;
mod listener;
mod sign_in;

use std::sync::{Arc, Mutex, MutexGuard};
use std::time::Duration;

use model::{AccountId, Change, Millis};
use store::StoreError;
use store::table::{account, setting};
use tiktok::Words;
use tiktok::business::oauth::BusinessTokens;
use tiktok::login_kit::{Callback, CallbackError, Granted};
use tokio::sync::mpsc;
use tokio::task::{AbortHandle, JoinSet};

use crate::account_tasks::AccountTasks;
use crate::context::Context;
use crate::lock::lock;
use crate::media::MediaCache;
use crate::secrets::SecretsError;
use crate::timing::after;
use crate::tokens::{APP_ID, REDIRECT_URI, TokenError};
use listener::Port;

const LOGIN_KEY: &str = "login_client_key";
/// Set where the app may list the account's posts: asking for a scope it does not have makes TikTok refuse them all.
const MAY_LIST_POSTS: &str = "may_list_posts";
/// Set once TikTok has taken the Business app's id and secret as they are saved; empty while it has not.
const BUSINESS_CHECKED: &str = "business_app_checked";
/// The same of Login Kit's key and secret.
const LOGIN_CHECKED: &str = "login_app_checked";
/// The keychain's entry for Login Kit's client secret.
pub(crate) const LOGIN_SECRET: &str = "login-app-secret";
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
    /// TikTok's page refused. Holds TikTok's words.
    #[error("TikTok's page refused")]
    Refused(Words),
    /// A needed permission was not given.
    #[error("the permission {0} was not given")]
    ScopeMissing(String),
    /// The address belongs to another attempt.
    #[error("the address belongs to another attempt")]
    WrongState,
    /// There is no code in the address.
    #[error("there is no code in the address")]
    NoCode,
    /// The browser did not come back in time.
    #[error("nobody came back from the browser")]
    TimedOut,
    /// The account is not a Business Account.
    #[error("not a Business Account")]
    NotBusiness,
    /// The keychain did not keep or give a secret.
    #[error(transparent)]
    Secrets(#[from] SecretsError),
    /// TikTok does not know the Login Kit app's key, or its secret is wrong.
    #[error("Login Kit's credentials were refused")]
    LoginCredentials(#[source] tiktok::Error),
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
            TokenError::Relink(_) | TokenError::TooSoon(_) => Self::Store(error.to_string()),
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

/// The step linking is at.
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
    /// The permissions were given, but whose they are could not be read. What was given is kept: no new yes is needed.
    ProfileFailed,
    /// Is this the account?
    Confirm {
        /// The profile of the account that was authorised.
        profile: Profile,
        /// Its id here, if it was linked before.
        account: Option<AccountId>,
    },
}

/// Waiting for the browser.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Waiting {
    /// When the wait ends, ms since the epoch.
    pub until_ms: Millis,
    /// The address the browser was sent to.
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
    /// Whether TikTok has taken the Business app's credentials as they are saved.
    pub business_checked: bool,
    /// The same of Login Kit's.
    pub login_checked: bool,
    /// Whether the app may list the account's posts.
    pub may_list_posts: bool,
    /// The step.
    pub stage: Stage,
    /// Who signed in with Login Kit.
    pub signed_in_as: Option<Profile>,
    /// The account that is meant to be linked again, if one is.
    pub wanted: Option<AccountId>,
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
    /// Whether TikTok has approved it for listing the account's posts (`video.list`).
    pub may_list_posts: bool,
}

/// Linking accounts, one attempt at a time. Clones share it.
#[derive(Debug, Clone)]
pub struct Linking {
    context: Context,
    media: MediaCache,
    accounts: AccountTasks,
    state: Arc<Mutex<State>>,
}

#[derive(Debug, Default)]
struct State {
    /// None: follows from what is known.
    stage: Option<Stage>,
    signed_in_as: Option<Profile>,
    /// The account that the newest attempt means.
    wanted: Option<AccountId>,
    /// Login Kit is done without.
    skipped: bool,
    error: Option<LinkError>,
    attempt: Option<AbortHandle>,
    /// Where a pasted address goes, and the state it must carry.
    paste: Option<(String, mpsc::Sender<Callback>)>,
    pending: Option<Box<Pending>>,
}

/// Access that was given and not yet confirmed. Only the agent's no gives it back.
#[derive(Debug, Clone)]
struct Pending {
    tokens: BusinessTokens,
    /// The account's id at TikTok, as far as it is known.
    open_id: Option<String>,
    /// Whose it is, once it could be read.
    profile: Option<Profile>,
}

impl Linking {
    pub(crate) fn new(context: Context, media: MediaCache, accounts: AccountTasks) -> Self {
        Self { context, media, accounts, state: Arc::default() }
    }

    /// Ends an attempt that is under way, because the engine does.
    pub(crate) fn end(&self) {
        if let Some(attempt) = self.state().attempt.take() {
            attempt.abort();
        }
    }

    fn state(&self) -> MutexGuard<'_, State> {
        lock(&self.state)
    }

    /// How far linking has come.
    ///
    /// # Errors
    /// [`LinkError::Store`]
    pub async fn status(&self) -> Result<LinkStatus, LinkError> {
        let app = self.context.caller().tokens().app().await;
        let (login_client_key, business_app_id, business_redirect_uri, posts) = self
            .context
            .store()
            .read(|sql| {
                Ok((
                    setting::get(sql, LOGIN_KEY)?,
                    setting::get(sql, APP_ID)?,
                    setting::get(sql, REDIRECT_URI)?,
                    setting::get(sql, MAY_LIST_POSTS)?,
                ))
            })
            .await?;
        let (business_checked, login_checked) = self
            .context
            .store()
            .read(|sql| {
                // Where an account was linked before this was noted, TikTok has taken them.
                let business = match setting::get(sql, BUSINESS_CHECKED)? {
                    Some(checked) => checked == "1",
                    None => account::all(sql)?.iter().any(|known| known.relink.is_none()),
                };
                Ok((business, setting::get(sql, LOGIN_CHECKED)?.as_deref() == Some("1")))
            })
            .await?;
        let login_client_key = login_client_key.filter(|key| !key.is_empty());
        let state = self.state();
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
            business_checked,
            login_checked,
            may_list_posts: posts.as_deref() == Some("1"),
            stage: state.stage.clone().unwrap_or(follows),
            signed_in_as: state.signed_in_as.clone(),
            wanted: state.wanted,
            error: state.error.clone(),
        })
    }

    /// Stops waiting; gives back access that was not confirmed.
    pub async fn cancel(&self) {
        let stage = self.state().stage.clone();
        if matches!(stage, Some(Stage::Confirm { .. } | Stage::ProfileFailed)) {
            self.reject().await;
        } else {
            self.restart(None);
        }
    }

    /// Notes whether TikTok has taken the credentials of one of the two apps as they are saved.
    async fn record_checked(&self, app: &'static str, checked: bool) {
        let value = if checked { "1" } else { "" };
        if let Err(error) = self.context.store().write(move |tx| setting::set(tx, app, value)).await {
            tracing::error!(%error, "could not note whether the credentials were checked");
        }
    }

    async fn picture(&self, url: Option<&str>) -> Option<String> {
        let (held, _hand) = self.media.fetch(url?, None).await.ok()?;
        Some(held.key)
    }

    async fn wait_for_browser(
        &self,
        port: Port,
        path: &'static str,
        state: String,
        back: mpsc::Sender<Callback>,
        mut came: mpsc::Receiver<Callback>,
    ) -> Result<Granted, LinkError> {
        // A set ends its tasks when it is dropped: an attempt that is cancelled takes its port with it.
        let mut listening = JoinSet::new();
        listening.spawn(port.listen(path, state, back));
        let callback = tokio::time::timeout(self.context.timing().link, came.recv()).await;
        // The browser gets its page before the port closes.
        tokio::spawn(async move {
            tokio::time::sleep(Duration::from_secs(2)).await;
            drop(listening);
        });
        match callback {
            Err(_) | Ok(None) => Err(LinkError::TimedOut),
            Ok(Some(callback)) => callback.outcome.map_err(|error| match error {
                CallbackError::Cancelled => LinkError::Cancelled,
                CallbackError::Empty => LinkError::NoCode,
                CallbackError::Refused { error, error_type, description } => {
                    let kind = error_type.unwrap_or(error);
                    let words = if description.is_empty() { kind } else { format!("{kind}: {description}") };
                    LinkError::Refused(words.as_str().into())
                }
            }),
        }
    }

    fn waiting(&self, address: &str) -> Waiting {
        Waiting {
            until_ms: after(self.context.clock().now_ms(), self.context.timing().link),
            address: address.to_owned(),
        }
    }

    /// Begins an attempt, ending the one before.
    fn attempt(
        &self,
        stage: Stage,
        paste: Option<(String, mpsc::Sender<Callback>)>,
        work: impl Future<Output = ()> + Send + 'static,
    ) {
        let mut state = self.state();
        if let Some(before) = state.attempt.take() {
            before.abort();
        }
        state.stage = Some(stage);
        state.error = None;
        state.pending = None;
        state.paste = paste;
        state.attempt = Some(tokio::spawn(work).abort_handle());
        drop(state);
        self.context.store().announce(Change::Link);
    }

    /// Back to the step that follows from what is known, with the reason if there is one.
    fn restart(&self, error: Option<LinkError>) {
        let mut state = self.state();
        state.stage = None;
        state.paste = None;
        state.pending = None;
        state.error = error;
        if let Some(attempt) = state.attempt.take() {
            attempt.abort();
        }
        drop(state);
        self.context.store().announce(Change::Link);
    }
}
