//! Calls through the shop's relay: which accounts go through it, what a call tells it, and what its own answers mean.
//!
//! The relay speaks TikTok's own paths, so that a call is the same with it and without it. It takes this computer's token
//! in place of the account's, and answers itself only with a [`wire::Failure`], which says whether TikTok was called.

use std::collections::HashMap;
use std::sync::{PoisonError, RwLock};
use std::time::Duration;

use model::AccountId;
use tiktok::{AccessToken, Client, Gateway, RawAnswer};
use url::Url;
use wire::{EventId, Failure, FailureCode};

use crate::pace::Priority;
use crate::relay_api::RelayApi;

/// The wait after an answer of the relay's that asks for one without saying how long.
const DEFAULT_WAIT: Duration = Duration::from_secs(2);

/// The way through the relay, while this computer is paired with one.
#[derive(Debug, Clone)]
pub(crate) struct GatewayRoute {
    pub(crate) client: Client,
    /// This computer's token at the relay.
    pub(crate) token: AccessToken,
    /// The relay's own API.
    pub(crate) relay: RelayApi,
}

impl GatewayRoute {
    /// The way through the relay at this address.
    ///
    /// # Errors
    /// [`tiktok::Error`] when the system's TLS cannot be set up, or the address cannot have a path.
    pub(crate) fn new(tiktok: &Client, relay: &Url, token: &str) -> Result<Self, tiktok::Error> {
        let mut base = relay.clone();
        base.set_path(wire::paths::GATEWAY);
        let client = tiktok.behind(&Gateway { base, failure_header: wire::headers::FAILURE })?;
        Ok(Self { client, token: AccessToken::new(token), relay: RelayApi::new(relay.clone(), token) })
    }
}

/// Which accounts go through the relay, and how.
#[derive(Debug, Default)]
pub(crate) struct GatewayRoutes {
    route: RwLock<Option<GatewayRoute>>,
    /// With TikTok's id of each.
    accounts: RwLock<HashMap<AccountId, String>>,
}

impl GatewayRoutes {
    /// Sets the way through the relay, or takes it away.
    pub(crate) fn set_route(&self, route: Option<GatewayRoute>) {
        *self.route.write().unwrap_or_else(PoisonError::into_inner) = route;
    }

    /// The way through the relay.
    pub(crate) fn route(&self) -> Option<GatewayRoute> {
        self.route.read().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// Lets an account's calls go through the relay; `remote_id` is TikTok's id of it.
    pub(crate) fn add_account(&self, id: AccountId, remote_id: &str) {
        self.accounts.write().unwrap_or_else(PoisonError::into_inner).insert(id, remote_id.to_owned());
    }

    /// Lets an account's calls go to TikTok itself.
    pub(crate) fn remove_account(&self, id: AccountId) {
        self.accounts.write().unwrap_or_else(PoisonError::into_inner).remove(&id);
    }

    /// Whether an account's calls go through the relay.
    pub(crate) fn has_account(&self, id: AccountId) -> bool {
        self.accounts.read().unwrap_or_else(PoisonError::into_inner).contains_key(&id)
    }

    /// The relay and TikTok's id of the account, if it goes through the relay.
    pub(crate) fn relay_of(&self, id: AccountId) -> Option<(RelayApi, String)> {
        let remote_id = self.accounts.read().unwrap_or_else(PoisonError::into_inner).get(&id).cloned()?;
        Some((self.route()?.relay, remote_id))
    }
}

/// What a send tells the relay: its own name, and how far this computer had stored the log when the call began.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct SendPass {
    pub(crate) key: String,
    pub(crate) seen: EventId,
}

impl SendPass {
    /// A new name for an attempt: 128 random bits.
    pub(crate) fn new_key() -> String {
        format!("{:032x}", rand::random::<u128>())
    }

    /// The headers that say it.
    pub(crate) fn headers(&self) -> Vec<(&'static str, String)> {
        vec![(wire::headers::SEND_KEY, self.key.clone()), (wire::headers::SEEN, self.seen.to_string())]
    }
}

/// The header that says what kind of work a call is for.
pub(crate) fn priority_header(priority: Priority) -> (&'static str, String) {
    let name = match priority {
        Priority::Send | Priority::Reconcile => "send",
        Priority::Open => "open",
        Priority::Sweep | Priority::Backfill => "background",
    };
    (wire::headers::PRIORITY, name.to_owned())
}

/// What an answer of the relay's own means for the call.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum GatewayAnswer {
    /// Certainly not taken: the relay or TikTok could not be reached.
    Offline(String),
    /// Certainly not taken: wait this long.
    Wait(Duration),
    /// Certainly not taken: an admin has to link the account at the relay, or this computer has to be paired again.
    NeedsLinking(String),
    /// Certainly not taken: a colleague has answered what the agent had not seen.
    Stale {
        /// The colleague's device, if the relay knows it.
        answered_by: Option<String>,
    },
    /// Certainly not taken, and never will be.
    Refused,
    /// TikTok may have taken it.
    Unknown,
}

/// Reads an answer of the relay's own by its code.
pub(crate) fn meaning(code: &str, retry_after: Option<Duration>, raw: &RawAnswer) -> GatewayAnswer {
    let failure: Option<Failure> = serde_json::from_str(raw).ok();
    // The header counts: the body may be cut.
    let code: FailureCode =
        serde_json::from_value(serde_json::Value::String(code.to_owned())).unwrap_or(FailureCode::Unknown);
    let wait = failure.as_ref().and_then(|failure| failure.retry_after_ms).map(Duration::from_millis);
    let wait = wait.or(retry_after).unwrap_or(DEFAULT_WAIT);
    let detail = || failure.as_ref().map(|failure| failure.detail.clone()).unwrap_or_default();
    match code {
        FailureCode::TikTokUnreachable | FailureCode::Unavailable => GatewayAnswer::Offline(detail()),
        FailureCode::Busy | FailureCode::SlowDown | FailureCode::TooManyRequests => GatewayAnswer::Wait(wait),
        FailureCode::NeedsLinking | FailureCode::NotPaired => GatewayAnswer::NeedsLinking(detail()),
        FailureCode::Stale => {
            GatewayAnswer::Stale { answered_by: failure.as_ref().and_then(|failure| failure.answered_by.clone()) }
        }
        FailureCode::NotAllowed
        | FailureCode::BadRequest
        | FailureCode::CodeInvalid
        | FailureCode::Gone
        | FailureCode::NotFound => GatewayAnswer::Refused,
        FailureCode::Unconfirmed | FailureCode::Unknown => GatewayAnswer::Unknown,
    }
}
