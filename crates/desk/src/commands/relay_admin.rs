//! What an admin does at the shop's relay.

use std::sync::Arc;

use engine::relay::admin::{RelayAdmin, RelayApp};
use engine::relay::{PairError, RelayAccountState, RelayRole, StepOutcome, WebhookConfig, WebhookStep};
use ts_rs::TS;

use crate::command::{Command, Done};
use crate::view::{
    RelayAccountView, RelayAdminView, RelayCodeView, RelayDeviceView, RelayWebhookStep, RelayWebhookStepView,
    RelayWebhookTestView, RelayWebhookView,
};
use crate::{Desk, Fault, FaultCode};

async fn admin_view(desk: &Desk) -> Result<RelayAdminView, Fault> {
    let RelayAdmin { me, devices, app_id, redirect_uri, may_list_posts, webhook } =
        desk.engine().relay().admin().await?;
    let this = me.device;
    let mut devices: Vec<RelayDeviceView> = devices
        .into_iter()
        .map(|device| RelayDeviceView {
            is_this: device.id == this,
            is_admin: device.role == RelayRole::Admin,
            is_revoked: device.revoked_at_ms.is_some(),
            id: device.id,
            name: device.name,
            paired_at_ms: device.paired_at_ms,
            seen_at_ms: device.seen_at_ms,
            behind: device.behind,
        })
        .collect();
    devices.sort_by_key(|device| (device.is_revoked, !device.is_this, device.paired_at_ms));
    let accounts = me
        .accounts
        .into_iter()
        .map(|account| RelayAccountView {
            is_linked: account.state == RelayAccountState::Linked,
            remote_id: account.id,
            handle: account.handle,
            name: account.name,
            relink_by_ms: account.refresh_expires_at_ms,
        })
        .collect();
    let (webhook, webhook_fault) = match webhook {
        Ok(webhook) => (Some(webhook_view(webhook)), None),
        Err(error) => (None, Some(Fault::from(error))),
    };
    Ok(RelayAdminView { devices, accounts, app_id, redirect_uri, may_list_posts, webhook, webhook_fault })
}

fn webhook_view(webhook: WebhookConfig) -> RelayWebhookView {
    RelayWebhookView {
        registered: webhook.registered,
        own: webhook.own,
        last_received_at_ms: webhook.last_received_at_ms,
    }
}

/// The relay as an admin sees it.
#[derive(Debug, Clone, serde::Serialize, serde::Deserialize, TS)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct GetRelayAdmin {}

impl Command for GetRelayAdmin {
    type Reply = RelayAdminView;

    async fn run(self, desk: &Desk) -> Result<RelayAdminView, Fault> {
        admin_view(desk).await
    }
}

/// Makes a code with which another computer is paired, once and within ten minutes.
#[derive(Debug, Clone, serde::Serialize, serde::Deserialize, TS)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct MakePairingCode {
    /// Whether the computer may manage the relay.
    pub admin: bool,
}

impl Command for MakePairingCode {
    type Reply = RelayCodeView;

    async fn run(self, desk: &Desk) -> Result<RelayCodeView, Fault> {
        let role = if self.admin { RelayRole::Admin } else { RelayRole::Agent };
        let made = desk.engine().relay().make_code(role).await?;
        Ok(RelayCodeView { code: made.code, expires_at_ms: made.expires_at_ms })
    }
}

/// Renames a computer.
#[derive(Debug, Clone, serde::Serialize, serde::Deserialize, TS)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct RenameRelayDevice {
    /// The computer's id at the relay.
    pub device: String,
    /// Its new name, 1 to 64 characters.
    pub name: String,
}

impl Command for RenameRelayDevice {
    type Reply = RelayAdminView;

    async fn run(self, desk: &Desk) -> Result<RelayAdminView, Fault> {
        desk.engine().relay().rename_device(device_id(&self.device)?, &self.name).await?;
        admin_view(desk).await
    }
}

/// Revokes a computer: within a second it hears and sends nothing any more.
#[derive(Debug, Clone, serde::Serialize, serde::Deserialize, TS)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct RevokeRelayDevice {
    /// The computer's id at the relay.
    pub device: String,
}

impl Command for RevokeRelayDevice {
    type Reply = RelayAdminView;

    async fn run(self, desk: &Desk) -> Result<RelayAdminView, Fault> {
        desk.engine().relay().revoke_device(device_id(&self.device)?).await?;
        admin_view(desk).await
    }
}

/// An id that can stand in a path.
fn device_id(id: &str) -> Result<&str, Fault> {
    let is_id = !id.is_empty() && id.bytes().all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_'));
    if is_id { Ok(id) } else { Err(Fault::new(FaultCode::BadRequest)) }
}

/// Sets the Business app's credentials at the relay; this computer does not keep them.
#[derive(Clone, serde::Serialize, serde::Deserialize, TS)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct SaveRelayApp {
    /// The app's id.
    pub app_id: String,
    /// Its secret; empty: it stays.
    pub secret: String,
    /// Whether TikTok has approved the app for listing the account's posts.
    pub may_list_posts: bool,
}

impl std::fmt::Debug for SaveRelayApp {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("SaveRelayApp").field("app_id", &self.app_id).finish_non_exhaustive()
    }
}

impl Command for SaveRelayApp {
    type Reply = RelayAdminView;

    async fn run(self, desk: &Desk) -> Result<RelayAdminView, Fault> {
        let app = RelayApp { app_id: self.app_id, secret: self.secret, may_list_posts: self.may_list_posts };
        desk.engine().relay().set_app(app).await?;
        admin_view(desk).await
    }
}

/// Opens TikTok's page in the browser, where an account is linked at the relay.
#[derive(Debug, Clone, serde::Serialize, serde::Deserialize, TS)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct LinkAccountAtRelay {}

impl Command for LinkAccountAtRelay {
    type Reply = Done;

    async fn run(self, desk: &Desk) -> Result<Done, Fault> {
        let address = desk.engine().relay().begin_link().await?;
        let host = Arc::clone(desk.host());
        match tokio::task::spawn_blocking(move || host.open_link(&address)).await {
            Ok(Ok(())) => Ok(Done {}),
            Ok(Err(error)) => Err(Fault::with_detail(FaultCode::BrowserNotOpened, error.to_string())),
            Err(error) => Err(Fault::unexpected(&error)),
        }
    }
}

/// Has TikTok send the app's webhooks to the relay.
#[derive(Debug, Clone, serde::Serialize, serde::Deserialize, TS)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct SetRelayWebhook {
    /// Whether another address may be replaced: one address serves the whole app.
    pub confirmed: bool,
}

impl Command for SetRelayWebhook {
    type Reply = RelayWebhookView;

    async fn run(self, desk: &Desk) -> Result<RelayWebhookView, Fault> {
        Ok(webhook_view(desk.engine().relay().set_webhook(self.confirmed).await?))
    }
}

/// Has TikTok send the app's webhooks nowhere.
#[derive(Debug, Clone, serde::Serialize, serde::Deserialize, TS)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct ClearRelayWebhook {}

impl Command for ClearRelayWebhook {
    type Reply = RelayWebhookView;

    async fn run(self, desk: &Desk) -> Result<RelayWebhookView, Fault> {
        Ok(webhook_view(desk.engine().relay().clear_webhook().await?))
    }
}

/// Tries whether a webhook arrives: the relay sends one to its own public address, which takes up to ten seconds.
#[derive(Debug, Clone, serde::Serialize, serde::Deserialize, TS)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct TestRelayWebhook {}

impl Command for TestRelayWebhook {
    type Reply = RelayWebhookTestView;

    async fn run(self, desk: &Desk) -> Result<RelayWebhookTestView, Fault> {
        let test = desk.engine().relay().test_webhook().await.map_err(|error: PairError| Fault::from(error))?;
        let steps = test.steps.into_iter().map(|step| RelayWebhookStepView {
            step: match step.step {
                WebhookStep::Configured => RelayWebhookStep::Configured,
                WebhookStep::Resolves => RelayWebhookStep::Resolves,
                WebhookStep::Connects => RelayWebhookStep::Connects,
                WebhookStep::Tls => RelayWebhookStep::Certificate,
                WebhookStep::Reached => RelayWebhookStep::Reached,
                WebhookStep::Signature => RelayWebhookStep::Signature,
                WebhookStep::Stored => RelayWebhookStep::Stored,
                WebhookStep::Registered => RelayWebhookStep::Registered,
                WebhookStep::Unknown => RelayWebhookStep::Other,
            },
            passed: match step.outcome {
                StepOutcome::Passed => Some(true),
                StepOutcome::Failed => Some(false),
                StepOutcome::Skipped | StepOutcome::Unknown => None,
            },
            detail: step.detail,
        });
        Ok(RelayWebhookTestView { steps: steps.collect() })
    }
}
