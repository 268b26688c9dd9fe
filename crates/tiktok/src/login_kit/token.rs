//! Tokens: exchange, refresh, revoke ("Token, refresh, revoke").
//!
//! The `oauth2` crate builds the standard request and reads the standard answer; [`OauthTransport`] stands between it
//! and TikTok and puts the differences right. Errors are sorted before the crate sees them, so that a refused code and a
//! lost answer stay different things. Revocation is by hand: TikTok answers with an empty body and wants the credentials
//! in the form, neither of which the crate's revocation request allows.

use super::LoginApp;
use crate::{
    AccessToken, Client, Error, Method, RefreshToken, Safety, endpoints,
    error::{self, Facts, UnknownWhy, UnreachableWhy},
    lenient::Fields,
    transport::{self, OutgoingRequest},
};
use oauth2::{
    AuthType, AuthorizationCode, ClientId, EndpointNotSet, EndpointSet, ExtraTokenFields, HttpRequest, HttpResponse,
    PkceCodeVerifier, RedirectUrl, RequestTokenError, StandardRevocableToken, StandardTokenResponse, TokenResponse,
    TokenUrl,
    basic::{BasicErrorResponse, BasicRevocationErrorResponse, BasicTokenIntrospectionResponse, BasicTokenType},
};
use secrecy::{ExposeSecret, SecretString};
use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;
use std::{fmt, pin::Pin, sync::Arc, time::Duration};
use tracing::Instrument;
use url::form_urlencoded;

/// How long a pair lives where TikTok does not say ("Token, refresh, revoke").
const ACCESS_LIFETIME: Duration = Duration::from_secs(86_400);
const REFRESH_LIFETIME: Duration = Duration::from_secs(365 * 86_400);

const TOKEN: &str = "/v2/oauth/token/";
const REVOKE: &str = "/v2/oauth/revoke/";

/// A pair of tokens and whose they are. The refresh token replaces the one before: store the pair before using it.
#[derive(Debug, Clone)]
pub struct LoginTokens {
    /// For the calls.
    pub access: AccessToken,
    /// For the next pair.
    pub refresh: RefreshToken,
    /// How long `access` lives from now.
    pub expires_in: Duration,
    /// How long `refresh` lives from now.
    pub refresh_expires_in: Duration,
    /// The person, to this app only; another app of the same developer sees another id.
    pub open_id: String,
    /// The scopes that were granted.
    pub scope: Vec<String>,
}

/// What a token answer is documented to hold.
const FIELDS: [&str; 7] =
    ["access_token", "expires_in", "open_id", "refresh_expires_in", "refresh_token", "scope", "token_type"];

/// What TikTok's token answer holds beyond the standard.
#[derive(Clone, Deserialize, Serialize)]
struct Extra {
    open_id: String,
    refresh_expires_in: u64,
}

impl ExtraTokenFields for Extra {}

impl fmt::Debug for Extra {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Extra")
    }
}

type Answered = StandardTokenResponse<Extra, BasicTokenType>;
type OAuth<TokenUrl> = oauth2::Client<
    BasicErrorResponse,
    Answered,
    BasicTokenIntrospectionResponse,
    StandardRevocableToken,
    BasicRevocationErrorResponse,
    EndpointNotSet,
    EndpointNotSet,
    EndpointNotSet,
    EndpointNotSet,
    TokenUrl,
>;

/// Turns the callback's code into tokens. `redirect_uri` and `verifier` are those the login began with.
///
/// # Errors
/// [`Error::Reauthorise`] when the code is used up; [`Error::Refused`] when the app's settings are wrong.
pub async fn exchange(
    client: &Client,
    app: &LoginApp,
    code: &str,
    redirect_uri: &str,
    verifier: &str,
) -> Result<LoginTokens, Error> {
    let redirect = RedirectUrl::new(redirect_uri.to_owned()).map_err(|_| not_built("the redirect is no address"))?;
    let wire = OauthTransport::new(client, &[app.client_secret.expose(), code, verifier]);
    let answered = oauth(client, app)
        .set_redirect_uri(redirect)
        .exchange_code(AuthorizationCode::new(code.to_owned()))
        .set_pkce_verifier(PkceCodeVerifier::new(verifier.to_owned()))
        .request_async(&wire.carrier())
        .await;
    tokens(answered, &wire.secrets())
}

/// Turns a refresh token into the next pair; the old one is dead once TikTok has answered.
///
/// # Errors
/// [`Error::Reauthorise`] when it is no longer good; [`Error::Unknown`] when it may have been used up.
pub async fn refresh(client: &Client, app: &LoginApp, token: &RefreshToken) -> Result<LoginTokens, Error> {
    let wire = OauthTransport::new(client, &[app.client_secret.expose(), token.expose()]);
    let answered = oauth(client, app)
        .exchange_refresh_token(&oauth2::RefreshToken::new(token.expose().to_owned()))
        .request_async(&wire.carrier())
        .await;
    tokens(answered, &wire.secrets())
}

/// Gives the access back. Success is an empty answer.
///
/// # Errors
/// As any call.
pub async fn revoke(client: &Client, app: &LoginApp, token: &AccessToken) -> Result<(), Error> {
    let form = form_urlencoded::Serializer::new(String::new())
        .append_pair("client_key", &app.client_key)
        .append_pair("client_secret", app.client_secret.expose())
        .append_pair("token", token.expose())
        .finish();
    let wire = OauthTransport::new(client, &[app.client_secret.expose(), token.expose()]);
    wire.post(REVOKE, Safety::Repeatable, form.into_bytes()).await.map(|_| ())
}

fn oauth(client: &Client, app: &LoginApp) -> OAuth<EndpointSet> {
    let url = endpoints::join(&client.endpoints().login_kit, TOKEN);
    OAuth::<EndpointNotSet>::new(ClientId::new(app.client_key.clone()))
        .set_client_secret(oauth2::ClientSecret::new(app.client_secret.expose().to_owned()))
        .set_auth_type(AuthType::RequestBody)
        .set_token_uri(TokenUrl::from_url(url))
}

/// Between the standard and TikTok. It owns what it needs: a borrowing one would make the crate's futures unfit to be
/// spawned.
#[derive(Clone)]
struct OauthTransport {
    client: Client,
    secrets: Arc<[SecretString]>,
}

impl OauthTransport {
    fn new(client: &Client, secrets: &[&str]) -> Self {
        Self { client: client.clone(), secrets: secrets.iter().map(|secret| SecretString::from(*secret)).collect() }
    }

    fn secrets(&self) -> Vec<&str> {
        self.secrets.iter().map(ExposeSecret::expose_secret).collect()
    }

    /// The crate's way of being given a transport.
    fn carrier(&self) -> impl Fn(HttpRequest) -> Carried + use<> {
        let wire = self.clone();
        move |request| {
            let wire = wire.clone();
            Box::pin(async move { wire.carry(request).await })
        }
    }

    async fn carry(&self, request: HttpRequest) -> Result<HttpResponse, Error> {
        let pairs = form_urlencoded::parse(request.body());
        let form = form_urlencoded::Serializer::new(String::new())
            .extend_pairs(pairs.map(|(name, value)| match name.as_ref() {
                "client_id" => ("client_key".to_owned(), value.into_owned()),
                _ => (name.into_owned(), value.into_owned()),
            }))
            .finish();
        let text = self.post(TOKEN, Safety::Once, form.into_bytes()).await?;
        Ok(HttpResponse::new(standard(text).into_bytes()))
    }

    async fn post(&self, path: &'static str, safety: Safety, bytes: Vec<u8>) -> Result<String, Error> {
        let outgoing = OutgoingRequest {
            method: Method::POST,
            url: endpoints::join(&self.client.endpoints().login_kit, path),
            safety,
            header: None,
            extra: Vec::new(),
            body: Some(transport::Body::Text { kind: "application/x-www-form-urlencoded", bytes }),
        };
        let secrets = self.secrets();
        async {
            let answer = self.client.transport().exchange(outgoing, &secrets).await;
            transport::note(answer.and_then(|answer| {
                error::login_kit(answer.status, answer.retry_after, &answer.text, &secrets)?;
                Ok(answer.text)
            }))
        }
        .instrument(transport::span(&Method::POST, path))
        .await
    }
}

/// TikTok's answer as the standard has it: a lifetime that is none of a token's becomes the documented one, because a
/// pair must not be lost for it.
fn standard(text: String) -> String {
    let Some(fields) = serde_json::from_str::<&RawValue>(&text).ok().and_then(Fields::read) else { return text };
    let mut answer = serde_json::Map::new();
    for key in ["access_token", "refresh_token", "open_id", "scope"] {
        answer.extend(fields.text(key).map(|word| (key.to_owned(), word.into())));
    }
    let life = |key, usual: Duration| fields.lifetime(key).unwrap_or(usual).as_secs();
    answer.insert("token_type".to_owned(), fields.id("token_type").unwrap_or_else(|| "Bearer".to_owned()).into());
    answer.insert("expires_in".to_owned(), life("expires_in", ACCESS_LIFETIME).into());
    answer.insert("refresh_expires_in".to_owned(), life("refresh_expires_in", REFRESH_LIFETIME).into());
    serde_json::Value::Object(answer).to_string()
}

type Carried = Pin<Box<dyn Future<Output = Result<HttpResponse, Error>> + Send>>;
type Failed = RequestTokenError<Error, BasicErrorResponse>;

fn tokens(answered: Result<Answered, Failed>, secrets: &[&str]) -> Result<LoginTokens, Error> {
    let answered = answered.map_err(|failed| match failed {
        RequestTokenError::Request(error) => error,
        RequestTokenError::Parse(error, body) => {
            let facts = Facts::of(&String::from_utf8_lossy(&body), secrets);
            // A path may name a key that is none of the documentation's, and so be anybody's words.
            let path = error.path().to_string();
            let known = FIELDS.contains(&path.as_str());
            facts.unknown(UnknownWhy::Garbled { path: if known { path } else { ".".to_owned() } })
        }
        // Errors were sorted on the wire; what is left is an answer the crate would not read.
        RequestTokenError::ServerResponse(_) | RequestTokenError::Other(_) => {
            Facts::default().unknown(UnknownWhy::Garbled { path: ".".to_owned() })
        }
    })?;
    let missing = |path| Facts::default().unknown(UnknownWhy::NoRequiredData { path });
    let scopes = answered.scopes().map(Vec::as_slice).unwrap_or_default();
    Ok(LoginTokens {
        access: AccessToken::new(answered.access_token().secret().clone()),
        refresh: RefreshToken::new(answered.refresh_token().ok_or_else(|| missing("refresh_token"))?.secret().clone()),
        expires_in: answered.expires_in().ok_or_else(|| missing("expires_in"))?,
        refresh_expires_in: Duration::from_secs(answered.extra_fields().refresh_expires_in),
        open_id: answered.extra_fields().open_id.clone(),
        // The crate splits at spaces, TikTok joins with commas.
        scope: scopes.iter().flat_map(|scope| scope.split(',')).filter(|s| !s.is_empty()).map(str::to_owned).collect(),
    })
}

fn not_built(detail: &str) -> Error {
    Error::Unreachable { why: UnreachableWhy::NotBuilt, detail: detail.to_owned() }
}
