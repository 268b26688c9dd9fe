//! The shop's relay as an admin sees it.

use model::Millis;
use serde::{Deserialize, Serialize};
use ts_rs::TS;

use crate::Fault;

/// The relay as an admin sees it.
#[derive(Debug, Clone, Serialize, Deserialize, TS)]
#[serde(rename_all = "camelCase")]
pub struct RelayAdminView {
    /// All computers, revoked ones last.
    pub devices: Vec<RelayDeviceView>,
    /// The accounts that are linked at the relay.
    pub accounts: Vec<RelayAccountView>,
    /// The Business app's id, if its credentials are set there.
    pub app_id: Option<String>,
    /// The address to register as the app's redirect address.
    pub redirect_uri: Option<String>,
    /// Whether the app was said to be approved for listing the account's posts.
    pub may_list_posts: bool,
    /// Where TikTok sends webhooks; none if TikTok did not say.
    pub webhook: Option<RelayWebhookView>,
    /// Why TikTok did not say it.
    pub webhook_fault: Option<Fault>,
}

/// A computer that is paired, or was.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, TS)]
#[serde(rename_all = "camelCase")]
pub struct RelayDeviceView {
    /// Its id at the relay.
    pub id: String,
    /// Its name.
    pub name: String,
    /// Whether it may manage the relay.
    pub is_admin: bool,
    /// Whether it is this computer.
    pub is_this: bool,
    /// When it was paired, ms since the epoch.
    pub paired_at_ms: Millis,
    /// When it was last heard of, ms since the epoch.
    pub seen_at_ms: Option<Millis>,
    /// How many events it has yet to read.
    pub behind: u64,
    /// Whether it was revoked.
    pub is_revoked: bool,
}

/// An account at the relay.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, TS)]
#[serde(rename_all = "camelCase")]
pub struct RelayAccountView {
    /// TikTok's id of it.
    pub remote_id: String,
    /// Its handle, without `@`.
    pub handle: String,
    /// Its display name.
    pub name: String,
    /// Whether the relay has access to it; if not, an admin has to link it again.
    pub is_linked: bool,
    /// Until when the relay renews its access by itself, ms since the epoch.
    pub relink_by_ms: Millis,
}

/// Where TikTok sends the app's webhooks.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, TS)]
#[serde(rename_all = "camelCase")]
pub struct RelayWebhookView {
    /// The address that is registered at TikTok; none if there is none.
    pub registered: Option<String>,
    /// The relay's own address for webhooks; none if it does not know its public address.
    pub own: Option<String>,
    /// When TikTok last pushed something, ms since the epoch.
    pub last_received_at_ms: Option<Millis>,
}

/// A pairing code, shown once.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, TS)]
#[serde(rename_all = "camelCase")]
pub struct RelayCodeView {
    /// The code.
    pub code: String,
    /// Until when it can be used, ms since the epoch.
    pub expires_at_ms: Millis,
}

/// What became of a webhook that the relay sent to itself.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, TS)]
#[serde(rename_all = "camelCase")]
pub struct RelayWebhookTestView {
    /// The steps in their order.
    pub steps: Vec<RelayWebhookStepView>,
}

/// A step of [`RelayWebhookTestView`].
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, TS)]
#[serde(rename_all = "camelCase")]
pub struct RelayWebhookStepView {
    /// The step that was tried.
    pub step: RelayWebhookStep,
    /// Whether it went as it should; none if it was not tried.
    pub passed: Option<bool>,
    /// The relay's words.
    pub detail: String,
}

/// What a test of webhooks tries.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, TS)]
#[serde(rename_all = "camelCase")]
pub enum RelayWebhookStep {
    /// The relay knows its public address and the app's secret.
    Configured,
    /// The address's name leads to a computer.
    Resolves,
    /// That computer takes a connection.
    Connects,
    /// Its certificate is trusted.
    Certificate,
    /// The relay's door answered.
    Reached,
    /// The signature was accepted.
    Signature,
    /// It is in the relay's database.
    Stored,
    /// TikTok sends the app's webhooks to this address.
    Registered,
    /// A step of a newer relay.
    Other,
}
