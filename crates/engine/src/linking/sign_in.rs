//! Signing in with Login Kit: who is at the desk. Its token is given back at once.

use store::table::setting;
use tiktok::ClientSecret;
use tiktok::login_kit::{self, Authorization, Granted, LoginApp};
use tokio::sync::mpsc;

use super::listener::Port;
use super::{LOGIN_CHECKED, LOGIN_KEY, LOGIN_PATH, LOGIN_SCOPES, LOGIN_SECRET, LinkError, Linking, Profile, Stage};
use crate::secrets::ExposeSecret;

impl Linking {
    /// Opens a port, and says where to send the browser for Login Kit.
    ///
    /// # Errors
    /// [`LinkError`]
    pub async fn start_sign_in(&self) -> Result<String, LinkError> {
        let client_key =
            self.context.store().read(|sql| setting::get(sql, LOGIN_KEY)).await?.filter(|key| !key.is_empty());
        let secret = self.context.secrets().read(LOGIN_SECRET).await?;
        let (Some(client_key), Some(secret)) = (client_key, secret) else { return Err(LinkError::NotStarted) };
        let app = LoginApp { client_key, client_secret: ClientSecret::new(secret.expose_secret()) };
        let port = Port::open().await.map_err(|error| LinkError::Port(error.to_string()))?;
        let redirect_uri = format!("http://127.0.0.1:{}{LOGIN_PATH}", port.number());
        let endpoints = self.context.caller().client().endpoints();
        let begun = login_kit::authorize(endpoints, &app, &redirect_uri, LOGIN_SCOPES);
        let address = begun.url.to_string();
        let (back, came) = mpsc::channel(1);
        let state = begun.state.clone();
        let linking = self.clone();
        self.attempt(Stage::SigningIn(self.waiting(&address)), None, async move {
            let granted = linking.wait_for_browser(port, LOGIN_PATH, state, back, came).await;
            let outcome = match granted {
                Ok(granted) => linking.signed_in(&app, &granted, &redirect_uri, &begun).await,
                Err(error) => Err(error),
            };
            match outcome {
                Ok(profile) => {
                    linking.state().signed_in_as = Some(profile);
                    linking.restart(None);
                }
                Err(error) => linking.restart(Some(error)),
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
        let client = self.context.caller().client();
        let exchanged = login_kit::exchange(client, app, &granted.code, redirect_uri, &begun.verifier).await;
        let tokens = match exchanged {
            Ok(tokens) => tokens,
            // The other app's are none of its business.
            Err(error) if error.is_about_the_app() => {
                self.record_checked(LOGIN_CHECKED, false).await;
                return Err(LinkError::LoginCredentials(error));
            }
            Err(error) => return Err(error.into()),
        };
        self.record_checked(LOGIN_CHECKED, true).await;
        let user = login_kit::user_info(client, &tokens.access).await?;
        // Who signed in is all Login Kit is for; its token is not needed any more.
        if let Err(error) = login_kit::revoke(client, app, &tokens.access).await {
            tracing::warn!(%error, "could not give back the access of Login Kit");
        }
        let avatar = self.picture(user.avatar_url.as_deref()).await;
        Ok(Profile { handle: String::new(), display_name: user.display_name.unwrap_or_default(), avatar })
    }

    /// Goes on without Login Kit.
    pub fn skip_sign_in(&self) {
        self.state().skipped = true;
        self.restart(None);
    }
}
