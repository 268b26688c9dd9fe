//! Linking a business account: the consent page, the tokens, and giving them back.
//!
//! The redirect cannot be this computer ([`check_redirect_uri`] has the portal's rules): the person either comes back
//! through an HTTPS page that forwards the code, or pastes it. One app id has three names here (`client_key` on the
//! consent page, `client_id` for tokens, `app_id` for token info); [`BusinessApp`] holds it once.

mod redirect;

pub use redirect::{RedirectProblem, check_redirect_uri};

use crate::{
    AccessToken, Client, ClientSecret, Endpoint, Endpoints, Error, RefreshToken, Safety, UnknownWhy,
    error::Facts,
    lenient::{self, Fields},
};
use reqwest::Method;
use serde::Deserialize;
use serde_json::{Value, json, value::RawValue};
use std::time::Duration;
use url::Url;

/// The scopes that direct messages need, and no more: one scope the app was not approved for makes TikTok refuse them
/// all ("Authorize URL").
pub const DM_SCOPES: &[&str] =
    &["user.info.basic", "user.info.username", "message.list.read", "message.list.send", "message.list.manage"];

/// The scope that [`super::video::ListVideos`] needs beyond [`DM_SCOPES`].
pub const VIDEO_LIST_SCOPE: &str = "video.list";

/// [`DM_SCOPES`] and these, each once, for [`authorize`].
///
/// An app without approval for any of them gets no link at all: the person comes back with `invalid_scope` and the
/// error type `scope` ("Authorize URL"), and the consent page has to be opened again without them. So an extra scope is
/// asked for only where the operator says that the app has it. Whether it was granted says [`BusinessTokens::scope`].
#[must_use]
pub fn dm_scopes_and<'a>(extra: &[&'a str]) -> Vec<&'a str> {
    let mut scopes = DM_SCOPES.to_vec();
    for scope in extra {
        if !scopes.contains(scope) {
            scopes.push(scope);
        }
    }
    scopes
}

/// The operator's own Business app ("The app has three names").
#[derive(Debug, Clone)]
pub struct BusinessApp {
    /// The App ID.
    pub app_id: String,
    /// The app's secret.
    pub secret: ClientSecret,
    /// The active redirect address, exactly as registered, byte for byte.
    pub redirect_uri: String,
}

/// Where the access token stands in an answer.
const ACCESS_TOKEN_PATH: &str = "data.access_token";

/// A pair of tokens and whose they are. The refresh token replaces the one before: store the pair before using it.
///
/// Only the access token is sure to be there. TikTok does not take the pair before any more once it has answered, so an
/// answer that leaves out the rest must not cost the account its access.
#[derive(Debug, Clone)]
pub struct BusinessTokens {
    /// For the calls.
    pub access: AccessToken,
    /// For the next pair; none if the one before goes on.
    pub refresh: Option<RefreshToken>,
    /// How long `access` lives from now, where TikTok said so.
    pub expires_in: Option<Duration>,
    /// How long `refresh` lives from now, where TikTok said so. The year runs from linking: a renewal does not extend
    /// it.
    pub refresh_token_expires_in: Option<Duration>,
    /// The account, as every later call's `business_id`, where TikTok said so; else [`token_info`] does.
    pub open_id: Option<String>,
    /// The scopes that were granted; may be less than asked for, and may shrink at a refresh. Empty where TikTok did
    /// not say.
    pub scope: Vec<String>,
}

/// The account and the scopes of a token.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TokenInfo {
    /// The app it was given to.
    pub app_id: String,
    /// The account: `business_id`.
    pub creator_id: String,
    /// The scopes that are granted now.
    pub scope: Vec<String>,
}

/// The consent page to open in the browser ("Authorize URL"), for [`DM_SCOPES`] or
/// [`dm_scopes_and`] more. `state` comes back untouched; it must be unguessable.
#[must_use]
pub fn authorize(endpoints: &Endpoints, app: &BusinessApp, scopes: &[&str], state: &str) -> Url {
    let mut url = endpoints.authorize.clone();
    url.query_pairs_mut()
        .append_pair("client_key", &app.app_id)
        .append_pair("response_type", "code")
        .append_pair("scope", &scopes.join(","))
        .append_pair("redirect_uri", &app.redirect_uri)
        .append_pair("state", state)
        .append_pair("disable_auto_auth", "1");
    url
}

/// Turns the code from the redirect into tokens. A code lives ten minutes and works once ("Token endpoints").
///
/// # Errors
/// [`Error::Reauthorise`] when the code is used up or too old; [`Error::Refused`] when id, secret or redirect are
/// wrong.
pub async fn exchange(client: &Client, app: &BusinessApp, auth_code: &str) -> Result<BusinessTokens, Error> {
    let body = json!({
        "client_id": app.app_id,
        "client_secret": app.secret.expose(),
        "grant_type": "authorization_code",
        "auth_code": auth_code,
        "redirect_uri": app.redirect_uri,
    });
    let reply = client.ask(None, &[app.secret.expose(), auth_code], &Exchange(body)).await?;
    reply.tokens().ok_or_else(no_tokens)
}

/// Turns a refresh token into the next pair. The old one is dead once TikTok has answered ("Token endpoints").
///
/// # Errors
/// [`Error::Reauthorise`] when the refresh token is no longer good (40103, 40105, 40107); [`Error::Unknown`] when it
/// may have been used up.
pub async fn refresh(client: &Client, app: &BusinessApp, token: &RefreshToken) -> Result<BusinessTokens, Error> {
    let body = json!({
        "client_id": app.app_id,
        "client_secret": app.secret.expose(),
        "grant_type": "refresh_token",
        "refresh_token": token.expose(),
    });
    let reply = client.ask(None, &[app.secret.expose(), token.expose()], &Refresh(body)).await;
    reply.map_err(no_further)?.tokens().ok_or_else(no_tokens)
}

/// The endpoint has looked for the access token already, so this is never seen.
fn no_tokens() -> Error {
    Facts::default().unknown(UnknownWhy::NoRequiredData { path: ACCESS_TOKEN_PATH })
}

/// "Wrong or expired token" (40105, 40102) asks for a refresh; said of a refresh it means that none will help.
fn no_further(error: Error) -> Error {
    match error {
        Error::Refresh { code: code @ (40_102 | 40_105), message, request_id, raw } => {
            Error::Reauthorise { code, message, request_id, raw }
        }
        error => error,
    }
}

/// Gives the access back: the token no longer works ("Token endpoints").
///
/// # Errors
/// As any call; a token that is already dead comes back as [`Error::Refresh`] or [`Error::Reauthorise`].
pub async fn revoke(client: &Client, app: &BusinessApp, token: &AccessToken) -> Result<(), Error> {
    let body = json!({
        "client_id": app.app_id,
        "client_secret": app.secret.expose(),
        "access_token": token.expose(),
    });
    client.ask(None, &[app.secret.expose(), token.expose()], &Revoke(body)).await.map(|Done {}| ())
}

/// Asks what a token is good for now; a person may have taken permissions back in the TikTok app ("Token endpoints").
///
/// # Errors
/// As any call; [`Error::Refresh`] when the token is expired or wrong.
pub async fn token_info(client: &Client, app: &BusinessApp, token: &AccessToken) -> Result<TokenInfo, Error> {
    let body = json!({ "app_id": app.app_id, "access_token": token.expose() });
    let reply = client.ask(None, &[token.expose()], &Info(body)).await?;
    Ok(TokenInfo { app_id: reply.app_id, creator_id: reply.creator_id, scope: scopes(&reply.scope) })
}

fn scopes(text: &str) -> Vec<String> {
    text.split([',', ' ']).filter(|scope| !scope.is_empty()).map(str::to_owned).collect()
}

macro_rules! credentialed {
    ($name:ident, $path:literal, $safety:ident, $reply:ty $(, $missing:ident)?) => {
        struct $name(Value);
        impl Endpoint for $name {
            const METHOD: Method = Method::POST;
            const PATH: &'static str = $path;
            const SAFETY: Safety = Safety::$safety;
            type Reply = $reply;
            fn body(&self) -> Option<Value> {
                Some(self.0.clone())
            }
            $(fn missing(&self, reply: &Self::Reply) -> Option<&'static str> {
                reply.$missing()
            })?
        }
    };
}

credentialed!(Exchange, "/tt_user/oauth2/token/", Once, TokensReply, missing);
credentialed!(Refresh, "/tt_user/oauth2/refresh_token/", Once, TokensReply, missing);
credentialed!(Revoke, "/tt_user/oauth2/revoke/", Repeatable, Done);
credentialed!(Info, "/tt_user/token_info/get/", Repeatable, InfoReply);

/// A pair as it comes: read field by field, because each may be missing or odd.
#[derive(Deserialize)]
#[serde(transparent)]
pub(crate) struct TokensReply(Box<RawValue>);

#[derive(Deserialize)]
struct InfoReply {
    #[serde(deserialize_with = "lenient::required_text")]
    app_id: String,
    #[serde(deserialize_with = "lenient::required_text")]
    creator_id: String,
    #[serde(deserialize_with = "lenient::required_text")]
    scope: String,
}

#[derive(Deserialize)]
struct Done {}

impl TokensReply {
    fn missing(&self) -> Option<&'static str> {
        self.tokens().is_none().then_some(ACCESS_TOKEN_PATH)
    }

    fn tokens(&self) -> Option<BusinessTokens> {
        let fields = Fields::read(&self.0)?;
        Some(BusinessTokens {
            access: AccessToken::new(fields.id("access_token")?),
            refresh: fields.id("refresh_token").map(RefreshToken::new),
            expires_in: fields.lifetime("expires_in"),
            refresh_token_expires_in: fields.lifetime("refresh_token_expires_in"),
            open_id: fields.id("open_id"),
            scope: scopes(&fields.text("scope").unwrap_or_default()),
        })
    }
}
