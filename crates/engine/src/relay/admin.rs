//! What an admin's computer does at the relay: devices, codes, the app, linking, and where TikTok sends its webhooks.

use url::Url;
use wire::api::{AppCredentials, Device, Me, PairingCode, Platform, Role, WebhookConfig, WebhookTest};

use super::{PairError, Relay, RelayError};
use crate::gateway::GatewayRoute;

/// The relay as an admin sees it.
#[derive(Debug, Clone)]
pub struct RelayAdmin {
    /// This computer, and the accounts.
    pub me: Me,
    /// All devices.
    pub devices: Vec<Device>,
    /// The Business app's id, if its credentials are set.
    pub app_id: Option<String>,
    /// The address that is to be registered as the app's redirect address, if the relay knows its own.
    pub redirect_uri: Option<String>,
    /// Whether the app may list the account's posts.
    pub may_list_posts: bool,
    /// Where TikTok sends webhooks, or why TikTok did not say.
    pub webhook: Result<WebhookConfig, RelayError>,
}

/// The Business app's credentials as an admin types them. `Debug` leaves the secret out.
#[derive(Clone)]
pub struct RelayApp {
    /// Its id.
    pub app_id: String,
    /// Its secret; empty: it stays.
    pub secret: String,
    /// Whether TikTok has approved it for listing the account's posts.
    pub may_list_posts: bool,
}

impl std::fmt::Debug for RelayApp {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("RelayApp").field("app_id", &self.app_id).finish_non_exhaustive()
    }
}

impl Relay {
    fn route(&self) -> Result<GatewayRoute, PairError> {
        self.context.caller().gateway().route().ok_or(PairError::NotPaired)
    }

    /// The relay as an admin sees it.
    ///
    /// # Errors
    /// [`PairError`]
    pub async fn admin(&self) -> Result<RelayAdmin, PairError> {
        let relay = self.route()?.relay;
        let me = relay.me().await?;
        let devices = relay.devices().await?;
        let app = relay.apps().await?.into_iter().find(|app| app.platform == Platform::Business);
        let webhook = relay.webhook().await;
        Ok(RelayAdmin {
            me,
            devices,
            app_id: app.as_ref().map(|app| app.app_id.clone()),
            redirect_uri: app.as_ref().map(|app| app.redirect_uri.clone()),
            may_list_posts: app.is_some_and(|app| app.may_list_posts),
            webhook,
        })
    }

    /// A new pairing code, for a computer of an admin or an agent.
    ///
    /// # Errors
    /// [`PairError`]
    pub async fn make_code(&self, role: Role) -> Result<PairingCode, PairError> {
        Ok(self.route()?.relay.make_code(role).await?)
    }

    /// Renames a device.
    ///
    /// # Errors
    /// [`PairError`]
    pub async fn rename_device(&self, device: &str, name: &str) -> Result<(), PairError> {
        Ok(self.route()?.relay.rename(device, name).await?)
    }

    /// Revokes a device: it hears and sends nothing any more.
    ///
    /// # Errors
    /// [`PairError`]
    pub async fn revoke_device(&self, device: &str) -> Result<(), PairError> {
        Ok(self.route()?.relay.revoke(device).await?)
    }

    /// Sets the Business app's credentials at the relay. This computer does not keep them.
    ///
    /// # Errors
    /// [`PairError`]
    pub async fn set_app(&self, app: RelayApp) -> Result<(), PairError> {
        let credentials = AppCredentials {
            platform: Platform::Business,
            app_id: app.app_id,
            secret: app.secret,
            redirect_uri: String::new(),
            may_list_posts: app.may_list_posts,
        };
        Ok(self.route()?.relay.set_app(&credentials).await?)
    }

    /// Begins to link a TikTok account at the relay: the address to open in this computer's browser.
    ///
    /// # Errors
    /// [`PairError`]; [`RelayError::NotARelay`] if the address is not one to open.
    pub async fn begin_link(&self) -> Result<String, PairError> {
        let begun = self.route()?.relay.begin_link().await?;
        let is_web = Url::parse(&begun.authorize_url).is_ok_and(|url| matches!(url.scheme(), "https" | "http"));
        if !is_web {
            return Err(RelayError::NotARelay("it gave no web address to link at".to_owned()).into());
        }
        Ok(begun.authorize_url)
    }

    /// Has TikTok send the app's webhooks to the relay. Another address is replaced only if that is `confirmed`.
    ///
    /// # Errors
    /// [`PairError`]
    pub async fn set_webhook(&self, confirmed: bool) -> Result<WebhookConfig, PairError> {
        Ok(self.route()?.relay.set_webhook(confirmed).await?)
    }

    /// Has TikTok send the app's webhooks nowhere.
    ///
    /// # Errors
    /// [`PairError`]
    pub async fn clear_webhook(&self) -> Result<WebhookConfig, PairError> {
        Ok(self.route()?.relay.clear_webhook().await?)
    }

    /// Tries whether a webhook arrives: the relay sends one to its own public address.
    ///
    /// # Errors
    /// [`PairError`]
    pub async fn test_webhook(&self) -> Result<WebhookTest, PairError> {
        Ok(self.route()?.relay.test_webhook().await?)
    }
}
