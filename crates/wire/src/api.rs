//! Requests and answers of the relay's own API. Times are ms since the epoch, by the relay's clock.

use serde::{Deserialize, Serialize};

use crate::event::{AccountState, Event, EventId};

/// [`crate::paths::HELLO`]: what a desktop learns of a relay before it is paired.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Hello {
    /// `deskbell-relay`, so that a desktop tells a relay from another server.
    pub program: String,
    /// The relay's version.
    pub version: String,
    /// The versions of the protocol that it speaks: `[1]`.
    pub protocols: Vec<u32>,
    /// The relay's clock.
    pub now_ms: i64,
}

/// What a device may do.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Role {
    /// Reads and answers.
    Agent,
    /// Also links accounts, edits automatic messages, configures webhooks and manages devices.
    Admin,
}

impl Role {
    /// As it stands in JSON and in the database.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Agent => "agent",
            Self::Admin => "admin",
        }
    }
}

/// [`crate::paths::PAIR`]
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct PairRequest {
    /// The code as it was typed: case, spaces and hyphens do not matter.
    pub code: String,
    /// The device's name, 1 to 64 characters: "Nok's laptop".
    pub device_name: String,
}

/// The answer to [`PairRequest`]. `Debug` leaves the token out.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Paired {
    /// The device's token, 256 bits; it is shown once and belongs into the keychain.
    pub token: String,
    /// The device that the token is for.
    pub me: Me,
}

impl std::fmt::Debug for Paired {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Paired").field("me", &self.me).finish_non_exhaustive()
    }
}

/// [`crate::paths::ME`]
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Me {
    /// The device's id.
    pub device: String,
    /// Its name.
    pub name: String,
    /// Its role.
    pub role: Role,
    /// The shop's name.
    pub team: String,
    /// The accounts that are linked at the relay.
    pub accounts: Vec<LinkedAccount>,
    /// The newest event.
    pub head: EventId,
    /// The oldest event that is kept.
    pub tail: EventId,
}

/// An account at the relay.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct LinkedAccount {
    /// TikTok's `business_id`.
    pub id: String,
    /// Its handle, without `@`.
    pub handle: String,
    /// Its display name.
    pub name: String,
    /// The address of its picture, if TikTok gave one.
    pub avatar_url: Option<String>,
    /// How its link is.
    pub state: AccountState,
    /// When it was linked, ms since the epoch.
    pub linked_at_ms: i64,
    /// Until when TikTok renews its tokens without an admin.
    pub refresh_expires_at_ms: i64,
    /// What the relay may do for it, as TikTok names it.
    pub scopes: Vec<String>,
    /// Since when every webhook about it is in the log and kept, ms since the epoch; none if that is not known.
    #[serde(default)]
    pub heard_from_ms: Option<i64>,
}

/// The data of a stream's event `hello`: where the stream goes on from. It is the first event of every stream, and comes
/// again when the log's epoch changes.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct StreamStart {
    /// The place before the next event on this stream. It may lie before the cursor that was asked for, if that was of
    /// another epoch: the events in between come again.
    pub from: EventId,
    /// The newest event.
    pub head: EventId,
    /// The oldest event that is kept.
    pub tail: EventId,
}

/// [`crate::paths::HISTORY`]: events newest first.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct History {
    /// The events before the sequence that was asked for, newest first.
    pub events: Vec<Event>,
    /// Whether older ones are kept.
    pub more: bool,
    /// The newest event. A stream that begins here continues the first page.
    pub head: EventId,
}

/// [`crate::paths::SENDS`]: what became of a send.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct SendOutcome {
    /// Where it stands.
    pub state: SendState,
    /// TikTok's answer as it came, once there is one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub answer: Option<String>,
    /// Its HTTP status.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub status: Option<u16>,
}

/// Where a send stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum SendState {
    /// The relay has no such send: certainly not taken.
    NotKnown,
    /// The call is under way.
    Calling,
    /// TikTok answered.
    Answered,
    /// The relay heard no answer: TikTok may have taken it.
    Unconfirmed,
}

/// [`crate::paths::LEASE`]
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct LeaseRequest {
    /// The account.
    pub account: String,
    /// Whether to give it back instead.
    #[serde(default)]
    pub release: bool,
}

/// The answer to [`LeaseRequest`].
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Lease {
    /// Whether the device that asked has it.
    pub held: bool,
    /// How long it lasts from now, in ms; ask again before.
    pub remaining_ms: u64,
}

/// [`crate::paths::CLAIMS`]
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Claim {
    /// The account.
    pub account: String,
    /// See [`crate::event::Complete`].
    pub from_ms: i64,
    /// The same.
    pub to_ms: i64,
}

/// A device in the list for admins.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Device {
    /// Its id.
    pub id: String,
    /// Its name.
    pub name: String,
    /// Its role.
    pub role: Role,
    /// When it was paired, ms since the epoch.
    pub paired_at_ms: i64,
    /// When it last called or read the stream.
    pub seen_at_ms: Option<i64>,
    /// How many events it has yet to read.
    pub behind: u64,
    /// When it was revoked, ms since the epoch; none if it was not.
    pub revoked_at_ms: Option<i64>,
}

/// Renames a device.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct RenameDevice {
    /// The new name, 1 to 64 characters.
    pub name: String,
}

/// Changes a device: what is left out stays. [`RenameDevice`] is one of its forms.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct ChangeDevice {
    /// The new name, 1 to 64 characters.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub name: Option<String>,
    /// The new role.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub role: Option<Role>,
}

/// [`crate::paths::PAIRING_CODES`]
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct PairingCodeRequest {
    /// The role of the device that uses the code.
    pub role: Role,
}

/// A pairing code. `Debug` leaves it out.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct PairingCode {
    /// Eight characters in two groups: `BCDF-GHJK`.
    pub code: String,
    /// Until when it can be used, once.
    pub expires_at_ms: i64,
}

impl std::fmt::Debug for PairingCode {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("PairingCode").field("expires_at_ms", &self.expires_at_ms).finish_non_exhaustive()
    }
}

/// One line of the audit trail.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct AuditEntry {
    /// Grows with time.
    pub id: i64,
    /// When.
    pub at_ms: i64,
    /// The device's name, or `command line`.
    pub actor: String,
    /// What was done: `device.revoked`.
    pub action: String,
    /// To what: a device's name, an account's handle.
    pub subject: String,
}

/// The two apps that a shop has at TikTok.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Platform {
    /// TikTok API for Business: messages.
    Business,
    /// Login Kit.
    LoginKit,
}

impl Platform {
    /// As it stands in JSON and in the database.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Business => "business",
            Self::LoginKit => "login_kit",
        }
    }
}

/// [`crate::paths::APPS`]. `Debug` leaves the secret out.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct AppCredentials {
    /// The platform whose app it is.
    pub platform: Platform,
    /// The app's id, or client key.
    pub app_id: String,
    /// Its secret. The one before goes on verifying webhooks for as long as TikTok may repeat them. Empty: it stays.
    pub secret: String,
    /// The redirect address that is registered for it. Empty: this relay's own.
    pub redirect_uri: String,
    /// Whether TikTok has approved it for listing the account's posts (`video.list`). One scope that is not approved
    /// makes TikTok refuse them all.
    #[serde(default)]
    pub may_list_posts: bool,
}

impl std::fmt::Debug for AppCredentials {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("AppCredentials")
            .field("platform", &self.platform)
            .field("app_id", &self.app_id)
            .finish_non_exhaustive()
    }
}

/// An app without its secret.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct App {
    /// The platform whose app it is.
    pub platform: Platform,
    /// The app's id, or client key.
    pub app_id: String,
    /// The redirect address that is registered for it.
    pub redirect_uri: String,
    /// When the secret was last set.
    pub secret_set_at_ms: i64,
    /// Until when the secret before it verifies webhooks, too; none if there is none.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub previous_until_ms: Option<i64>,
    /// Whether TikTok has approved it for listing the account's posts.
    #[serde(default)]
    pub may_list_posts: bool,
}

/// An account is being linked.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct LinkBegun {
    /// The address to open in the admin's browser.
    pub authorize_url: String,
    /// Until when it can be used.
    pub expires_at_ms: i64,
}

/// Where TikTok sends the app's webhooks.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct WebhookConfig {
    /// The address that is registered at TikTok; none if there is none.
    pub registered: Option<String>,
    /// This relay's own address for webhooks; none if its public address is not configured.
    pub own: Option<String>,
    /// When TikTok last pushed something that was signed correctly.
    pub last_received_at_ms: Option<i64>,
}

/// `PUT` [`crate::paths::WEBHOOK`]: has TikTok send the app's webhooks to this relay.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct SetWebhook {
    /// Whether another address may be replaced: one address serves the whole app, and whoever received there receives
    /// nothing any more.
    #[serde(default)]
    pub confirm: bool,
}

/// `POST` [`crate::paths::WEBHOOK`]`/test`: what became of a webhook that the relay sent to its own public address.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct WebhookTest {
    /// The steps in their order. After the first that failed the rest is skipped, except what TikTok says.
    pub steps: Vec<WebhookTestStep>,
}

/// A step of [`WebhookTest`].
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct WebhookTestStep {
    /// The step that was tried.
    pub step: WebhookStep,
    /// How it went.
    pub outcome: StepOutcome,
    /// The same for people who run a relay, in English.
    #[serde(default)]
    pub detail: String,
}

/// What [`WebhookTest`] tries.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum WebhookStep {
    /// The relay knows its public address and the app's secret.
    Configured,
    /// The address's name leads to a computer.
    Resolves,
    /// That computer takes a connection.
    Connects,
    /// Its certificate is one that TikTok trusts.
    Tls,
    /// The door answered.
    Reached,
    /// The door took the signature.
    Signature,
    /// The webhook is in the relay's database.
    Stored,
    /// TikTok sends the app's webhooks to this address.
    Registered,
    /// A step that this version does not know.
    #[serde(other)]
    Unknown,
}

/// How a step went.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum StepOutcome {
    /// As it should.
    Passed,
    /// Not as it should.
    Failed,
    /// It was not tried.
    Skipped,
    /// An outcome that this version does not know.
    #[serde(other)]
    Unknown,
}
