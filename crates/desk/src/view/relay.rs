//! The shop's relay.

use model::{AccountId, Millis};
use serde::{Deserialize, Serialize};
use ts_rs::TS;

/// How this computer stands to the shop's relay.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, TS)]
#[serde(rename_all = "camelCase")]
pub struct RelayView {
    /// The relay that this computer is paired with.
    pub pairing: Option<RelayPairing>,
    /// How its stream of events is.
    pub stream: RelayStream,
    /// The accounts that are linked on this computer itself, and could go through the relay instead.
    pub own_accounts: Vec<RelayOwnAccount>,
}

/// A relay and this computer's place at it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, TS)]
#[serde(rename_all = "camelCase")]
pub struct RelayPairing {
    /// Its address.
    pub url: String,
    /// The shop's name.
    pub team: String,
    /// This computer's name there.
    pub device_name: String,
    /// Whether this computer may manage the relay.
    pub is_admin: bool,
    /// When it was paired, ms since the epoch.
    pub paired_at_ms: Millis,
}

/// How the relay's stream is.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, TS)]
#[serde(tag = "state", rename_all = "camelCase", rename_all_fields = "camelCase")]
pub enum RelayStream {
    /// This computer is not paired.
    NotPaired,
    /// There is none.
    Connecting {
        /// Since when, ms since the epoch.
        since_ms: Millis,
        /// Why the newest try failed, in the system's words.
        problem: Option<String>,
    },
    /// Events arrive.
    Live,
    /// The relay does not know this computer any more.
    Revoked,
}

/// An account that has a link of its own here.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, TS)]
#[serde(rename_all = "camelCase")]
pub struct RelayOwnAccount {
    /// Its id.
    pub id: AccountId,
    /// Its handle, without `@`.
    pub handle: String,
}
