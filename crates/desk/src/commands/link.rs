//! Linking an account, step by step.

use std::sync::Arc;

use engine::linking::{Credentials, LOGIN_REDIRECT, Profile, Stage};
use model::AccountId;
use store::table::account;
use ts_rs::TS;

use crate::command::Command;
use crate::view::{AccountView, LinkStep, LinkView, LinkedProfile};
use crate::{Desk, Fault, FaultCode, read};

async fn link_view(desk: &Desk) -> Result<LinkView, Fault> {
    let status = desk.engine().linking().status().await?;
    Ok(LinkView {
        login_client_key: status.login_client_key,
        business_app_id: status.business_app_id,
        business_redirect_uri: status.business_redirect_uri,
        business_checked: status.business_checked,
        login_checked: status.login_checked,
        may_list_posts: status.may_list_posts,
        login_redirect_uri: LOGIN_REDIRECT.to_owned(),
        step: match status.stage {
            Stage::Credentials => LinkStep::Credentials,
            Stage::SignIn => LinkStep::SignIn,
            Stage::SigningIn(waiting) => LinkStep::SigningIn { until_ms: waiting.until_ms, address: waiting.address },
            Stage::Authorise => LinkStep::Authorise,
            Stage::Authorising(waiting) => {
                LinkStep::Authorising { until_ms: waiting.until_ms, address: waiting.address }
            }
            Stage::ProfileFailed => LinkStep::ProfileFailed,
            Stage::Confirm { profile, account } => LinkStep::Confirm { profile: linked(profile), known: account },
        },
        signed_in_as: status.signed_in_as.map(linked),
        wanted: status.wanted,
        fault: status.error.map(Fault::from),
    })
}

fn linked(profile: Profile) -> LinkedProfile {
    LinkedProfile { handle: profile.handle, display_name: profile.display_name, avatar: profile.avatar }
}

/// Sends the browser there. If it cannot be started the wait goes on: the address can be copied.
async fn open_browser(desk: &Desk, address: String) -> Result<(), Fault> {
    let host = Arc::clone(desk.host());
    match tokio::task::spawn_blocking(move || host.open_link(&address)).await {
        Ok(Ok(())) => Ok(()),
        Ok(Err(error)) => Err(Fault::with_detail(FaultCode::BrowserNotOpened, error.to_string())),
        Err(error) => Err(Fault::unexpected(&error)),
    }
}

/// How far linking has come.
#[derive(Debug, Clone, serde::Serialize, serde::Deserialize, TS)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct GetLinkState {}

impl Command for GetLinkState {
    type Reply = LinkView;

    async fn run(self, desk: &Desk) -> Result<LinkView, Fault> {
        link_view(desk).await
    }
}

/// Keeps the credentials of the two apps in the keychain. A secret left empty keeps the one typed before.
#[derive(Debug, Clone, serde::Serialize, serde::Deserialize, TS)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct SaveCredentials {
    /// Login Kit's client key; empty to do without Login Kit.
    pub login_client_key: String,
    /// Login Kit's client secret.
    pub login_client_secret: String,
    /// The app id of TikTok API for Business.
    pub business_app_id: String,
    /// Its secret.
    pub business_secret: String,
    /// Its registered redirect address, exactly as registered.
    pub business_redirect_uri: String,
    /// Whether TikTok has approved the app for listing the account's posts (`video.list`). If it has not and this is said,
    /// TikTok refuses the whole request.
    #[serde(default)]
    pub may_list_posts: bool,
}

impl Command for SaveCredentials {
    type Reply = LinkView;

    async fn run(self, desk: &Desk) -> Result<LinkView, Fault> {
        let typed = Credentials {
            login_client_key: self.login_client_key,
            login_client_secret: self.login_client_secret,
            business_app_id: self.business_app_id,
            business_secret: self.business_secret,
            business_redirect_uri: self.business_redirect_uri,
            may_list_posts: self.may_list_posts,
        };
        desk.engine().linking().save_credentials(typed).await?;
        link_view(desk).await
    }
}

/// Opens Login Kit's page in the system's browser and waits for it to come back, five minutes at most.
#[derive(Debug, Clone, serde::Serialize, serde::Deserialize, TS)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct StartSignIn {}

impl Command for StartSignIn {
    type Reply = LinkView;

    async fn run(self, desk: &Desk) -> Result<LinkView, Fault> {
        let address = desk.engine().linking().start_sign_in().await?;
        open_browser(desk, address).await?;
        link_view(desk).await
    }
}

/// Goes on without Login Kit: messages need the Business permissions only.
#[derive(Debug, Clone, serde::Serialize, serde::Deserialize, TS)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct SkipSignIn {}

impl Command for SkipSignIn {
    type Reply = LinkView;

    async fn run(self, desk: &Desk) -> Result<LinkView, Fault> {
        desk.engine().linking().skip_sign_in();
        link_view(desk).await
    }
}

/// Opens TikTok's page for the Business permissions and waits for its code, by the bounce page or by paste.
#[derive(Debug, Clone, serde::Serialize, serde::Deserialize, TS)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct StartAuthorization {
    /// The account that is meant to be linked again; none for whichever is signed in.
    #[serde(default)]
    pub account: Option<AccountId>,
}

impl Command for StartAuthorization {
    type Reply = LinkView;

    async fn run(self, desk: &Desk) -> Result<LinkView, Fault> {
        let address = desk.engine().linking().start_authorise(self.account).await?;
        open_browser(desk, address).await?;
        link_view(desk).await
    }
}

/// Takes the address the agent landed on.
#[derive(Debug, Clone, serde::Serialize, serde::Deserialize, TS)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct PasteRedirect {
    /// The whole address, or what of it was copied.
    pub address: String,
}

impl Command for PasteRedirect {
    type Reply = LinkView;

    async fn run(self, desk: &Desk) -> Result<LinkView, Fault> {
        desk.engine().linking().paste_redirect(&self.address)?;
        link_view(desk).await
    }
}

/// Stops waiting for the browser and goes one step back. From the confirmation on, the access just given is revoked.
#[derive(Debug, Clone, serde::Serialize, serde::Deserialize, TS)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct CancelLink {}

impl Command for CancelLink {
    type Reply = LinkView;

    async fn run(self, desk: &Desk) -> Result<LinkView, Fault> {
        desk.engine().linking().cancel().await;
        link_view(desk).await
    }
}

/// It is the right account: link it and begin to fetch.
#[derive(Debug, Clone, serde::Serialize, serde::Deserialize, TS)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct ConfirmLink {}

impl Command for ConfirmLink {
    type Reply = AccountView;

    async fn run(self, desk: &Desk) -> Result<AccountView, Fault> {
        let id = desk.engine().linking().confirm().await?;
        let engine = desk.engine().clone();
        let view = desk.store().read(move |sql| read::account_view(sql, &engine, &account::get(sql, id)?)).await?;
        Ok(view)
    }
}

/// Reads again whose the access is that was just given.
#[derive(Debug, Clone, serde::Serialize, serde::Deserialize, TS)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct RetryLinkProfile {}

impl Command for RetryLinkProfile {
    type Reply = LinkView;

    async fn run(self, desk: &Desk) -> Result<LinkView, Fault> {
        desk.engine().linking().retry_profile().await?;
        link_view(desk).await
    }
}

/// It is the wrong account: revoke the access just given.
#[derive(Debug, Clone, serde::Serialize, serde::Deserialize, TS)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct RejectLink {}

impl Command for RejectLink {
    type Reply = LinkView;

    async fn run(self, desk: &Desk) -> Result<LinkView, Fault> {
        desk.engine().linking().reject().await;
        link_view(desk).await
    }
}
