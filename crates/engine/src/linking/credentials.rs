//! The credentials of the two apps: secrets to the keychain, ids to the database.

use store::table::setting;
use tiktok::ClientSecret;
use tiktok::business::oauth::{self, BusinessApp};

use super::{
    BUSINESS_CHECKED, Credentials, LOGIN_CHECKED, LOGIN_KEY, LOGIN_SECRET, LinkError, Linking, MAY_LIST_POSTS,
};

impl Linking {
    /// Keeps the credentials of the two apps.
    ///
    /// # Errors
    /// [`LinkError::Credentials`], [`LinkError::Redirect`], [`LinkError::Secrets`]
    pub async fn save_credentials(&self, typed: Credentials) -> Result<(), LinkError> {
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
        let known = self.context.caller().tokens().app().await?.filter(|known| known.app_id == app_id);
        let same_business = typed.business_secret.trim().is_empty() && known.is_some();
        let secret = match (trimmed(&typed.business_secret), known) {
            (typed, _) if !typed.is_empty() => ClientSecret::new(typed),
            (_, Some(known)) => known.secret,
            (_, None) => return Err(LinkError::Credentials("businessSecret")),
        };
        let known_key = self.context.store().read(|sql| setting::get(sql, LOGIN_KEY)).await?;
        if !login_key.is_empty() {
            if !login_secret.is_empty() {
                self.context.secrets().write(LOGIN_SECRET, &login_secret).await?;
            } else if known_key.as_deref() != Some(&login_key)
                || self.context.secrets().read(LOGIN_SECRET).await?.is_none()
            {
                return Err(LinkError::Credentials("loginClientSecret"));
            }
        }
        let same_login = login_secret.is_empty() && known_key.unwrap_or_default() == login_key;
        self.context.caller().tokens().keep_app(&BusinessApp { app_id, secret, redirect_uri }).await?;
        let may_list_posts = if typed.may_list_posts { "1" } else { "" };
        self.context
            .store()
            .write(move |tx| {
                // What TikTok has taken is not what was typed now.
                if !same_business {
                    setting::set(tx, BUSINESS_CHECKED, "")?;
                }
                if !same_login {
                    setting::set(tx, LOGIN_CHECKED, "")?;
                }
                setting::set(tx, LOGIN_KEY, &login_key)?;
                setting::set(tx, MAY_LIST_POSTS, may_list_posts)
            })
            .await?;
        if !same_login {
            self.state().signed_in_as = None;
        }
        self.restart(None);
        Ok(())
    }
}
