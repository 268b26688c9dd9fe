//! The shop's relay, from this computer's side: pairing, the stream of events, and which accounts go through it.
//!
//! While the stream is live, an account that goes through the relay is not polled: what happens comes as events, and one
//! desktop at a time sweeps TikTok's lists for all (`sync::duty`). Every event is stored with its place in the relay's log,
//! in one transaction where it changes anything, so that after a crash the stream goes on where it was.

pub mod admin;
mod apply;
mod history;
mod stream;

use std::sync::Arc;

use model::{AccountId, Change};
use store::StoreError;
use store::table::account::{self, Account, NewAccount, TokenTimes};
use store::table::relay::{self as table, RelayCursor};
use tokio::sync::{Mutex as AsyncMutex, watch};
use url::Url;
use wire::api::{LinkedAccount, Me, PairRequest, Role};
use wire::event::AccountState;

use crate::account_tasks::AccountTasks;
use crate::context::Context;
use crate::conversation_fetch::ConversationFetch;
use crate::gateway::GatewayRoute;
use crate::linking::LOGIN_SECRET;
use crate::secrets::{ExposeSecret as _, SecretsError};
use crate::tokens::TokenError;
use crate::webhooks::Webhooks;

pub use wire::FailureCode as RelayFailureCode;
pub use wire::api::{
    Device as RelayDevice, LinkedAccount as RelayAccount, PairingCode, Role as RelayRole, StepOutcome, WebhookConfig,
    WebhookStep, WebhookTest,
};
pub use wire::event::AccountState as RelayAccountState;

use crate::relay_api::RelayApi;
pub use crate::relay_api::RelayError;

/// The keychain's entry for this computer's token at the relay.
const DEVICE_TOKEN: &str = "relay-device-token";
/// How far the clocks of this computer and the relay may be apart.
const MAX_CLOCK_OFFSET_MS: i64 = 60_000;

/// How the stream is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum StreamStatus {
    /// This computer is not paired with a relay.
    NotPaired,
    /// There is no stream. Holds why the newest try failed, if one did.
    Connecting {
        /// Since when, ms since the epoch.
        since_ms: i64,
        /// The relay's or the system's words.
        problem: Option<String>,
    },
    /// Events arrive.
    Live,
    /// The relay does not know this computer any more: an admin has revoked it.
    Revoked,
}

/// Why pairing, or moving an account, did not work. Nothing was changed.
#[derive(Debug, thiserror::Error)]
pub enum PairError {
    /// The address is no web address, or not https where it has to be.
    #[error("the address is not an https address")]
    Address,
    /// The relay did not do it.
    #[error(transparent)]
    Relay(#[from] RelayError),
    /// The clocks are this far apart, in ms; positive if this computer's is ahead.
    #[error("this computer's clock and the relay's are {0} ms apart")]
    Clock(i64),
    /// This computer is not paired.
    #[error("this computer is not paired with a relay")]
    NotPaired,
    /// The relay does not have this account.
    #[error("the account is not linked at the relay")]
    NotAtRelay,
    /// The keychain did not keep or give a secret.
    #[error(transparent)]
    Secrets(#[from] SecretsError),
    /// The account's own tokens could not be given back.
    #[error(transparent)]
    Token(#[from] TokenError),
    /// The database did not answer.
    #[error(transparent)]
    Store(#[from] StoreError),
}

/// The relay. Clones share it.
#[derive(Debug, Clone)]
pub struct Relay {
    context: Context,
    fetcher: ConversationFetch,
    accounts: AccountTasks,
    webhooks: Webhooks,
    state: Arc<State>,
}

#[derive(Debug)]
struct State {
    status: watch::Sender<StreamStatus>,
    /// Rings when this computer was paired, or the pairing was ended.
    paired: tokio::sync::Notify,
    /// Held while the pairing changes.
    changing: AsyncMutex<()>,
}

impl Relay {
    pub(crate) fn new(
        context: Context,
        fetcher: ConversationFetch,
        accounts: AccountTasks,
        webhooks: Webhooks,
    ) -> Self {
        let state = State {
            status: watch::Sender::new(StreamStatus::NotPaired),
            paired: tokio::sync::Notify::new(),
            changing: AsyncMutex::default(),
        };
        Self { context, fetcher, accounts, webhooks, state: Arc::new(state) }
    }

    /// How the stream is, now and whenever it changes.
    #[must_use]
    pub fn status(&self) -> watch::Receiver<StreamStatus> {
        self.state.status.subscribe()
    }

    fn set_status(&self, status: StreamStatus) {
        let is_live = status == StreamStatus::Live;
        let changed = self.state.status.send_if_modified(|known| {
            let changed = *known != status;
            *known = status;
            changed
        });
        if changed {
            self.context.signals().set_stream_live(is_live);
            // The accounts' loops poll, or stop polling.
            self.context.signals().account_sync.notify_all();
            self.context.store().announce(Change::Accounts);
        }
    }

    /// Opens the way through the relay, if this computer is paired with one. Goes before any account's work begins.
    ///
    /// # Errors
    /// [`PairError`]
    pub(crate) async fn resume(&self) -> Result<(), PairError> {
        let (relay, accounts) = self.context.store().read(|sql| Ok((table::get(sql)?, account::all(sql)?))).await?;
        for account in accounts.iter().filter(|account| account.via_relay) {
            self.context.caller().gateway().add_account(account.id, &account.remote_id);
        }
        let Some(relay) = relay else { return Ok(()) };
        let Some(token) = self.context.secrets().read(DEVICE_TOKEN).await? else {
            // The keychain was emptied: only pairing again helps.
            self.set_status(StreamStatus::Revoked);
            return Ok(());
        };
        let url = relay_address(&relay.url).ok_or(PairError::Address)?;
        self.open_route(&url, token.expose_secret())?;
        Ok(())
    }

    fn open_route(&self, url: &Url, token: &str) -> Result<(), PairError> {
        let route = GatewayRoute::new(self.context.caller().client(), url, token)
            .map_err(|error| RelayError::Unreachable(error.reason()))?;
        self.context.caller().gateway().set_route(Some(route));
        Ok(())
    }

    /// Pairs this computer with a relay by a code, and follows the accounts that are linked there. Accounts that are linked
    /// here by themselves stay so until they are moved ([`Relay::move_account`]).
    ///
    /// # Errors
    /// [`PairError`]
    pub async fn pair(&self, address: &str, code: &str, device_name: &str) -> Result<Me, PairError> {
        let _alone = self.state.changing.lock().await;
        let url = relay_address(address).ok_or(PairError::Address)?;
        let api = RelayApi::unpaired(url.clone());
        let hello = api.hello().await?;
        let offset_ms = local_now_ms().saturating_sub(hello.now_ms);
        if offset_ms.abs() > MAX_CLOCK_OFFSET_MS {
            return Err(PairError::Clock(offset_ms));
        }
        let request = PairRequest { code: code.to_owned(), device_name: device_name.to_owned() };
        let paired = api.pair(&request).await?;
        self.context.secrets().write(DEVICE_TOKEN, &paired.token).await?;
        let me = paired.me;
        let relay = table::Relay {
            url: url.to_string(),
            team: me.team.clone(),
            device_id: me.device.clone(),
            device_name: me.name.clone(),
            is_admin: me.role == Role::Admin,
            paired_at_ms: self.context.clock().now_ms(),
            cursor: Some(RelayCursor { epoch: me.head.epoch.clone(), sequence: me.head.sequence }),
            followed_from_ms: self.context.clock().now_ms(),
            history_before: Some(me.head.sequence.saturating_add(1)),
        };
        self.context.store().write(move |tx| table::set(tx, &relay)).await?;
        self.open_route(&url, &paired.token)?;
        for linked in &me.accounts {
            self.add_account(linked).await?;
        }
        self.state.paired.notify_one();
        tracing::info!(accounts = me.accounts.len(), "this computer was paired with the shop's relay");
        Ok(me)
    }

    /// Ends the pairing here. The accounts that go through the relay stay, with their history, and have to be linked again.
    ///
    /// # Errors
    /// [`PairError`]
    pub async fn unpair(&self) -> Result<(), PairError> {
        let _alone = self.state.changing.lock().await;
        let device = self.context.store().read(table::get).await?.map(|relay| relay.device_id);
        if let (Some(route), Some(device)) = (self.context.caller().gateway().route(), device)
            && let Err(error) = route.relay.revoke(&device).await
        {
            // Then an admin revokes it; nothing here has its token any more.
            tracing::warn!(%error, "could not give back this computer's token at the relay");
        }
        self.context.secrets().erase(DEVICE_TOKEN).await?;
        let gone = self
            .context
            .store()
            .write(|tx| {
                let accounts: Vec<Account> = account::all(tx)?.into_iter().filter(|known| known.via_relay).collect();
                for known in &accounts {
                    account::set_via_relay(tx, known.id, false)?;
                    account::set_relink(tx, known.id, "this computer is not paired with the shop's relay any more")?;
                }
                table::remove(tx)?;
                Ok(accounts)
            })
            .await?;
        for known in gone {
            self.context.caller().gateway().remove_account(known.id);
        }
        self.context.caller().gateway().set_route(None);
        self.set_status(StreamStatus::NotPaired);
        self.state.paired.notify_one();
        Ok(())
    }

    /// Moves an account that is linked on this computer to the relay's link: its history and its queue stay, its own tokens
    /// are forgotten.
    ///
    /// # Errors
    /// [`PairError`]
    pub async fn move_account(&self, id: AccountId) -> Result<(), PairError> {
        let _alone = self.state.changing.lock().await;
        let route = self.context.caller().gateway().route().ok_or(PairError::NotPaired)?;
        let known = self.context.store().read(move |sql| account::get(sql, id)).await?;
        let me = route.relay.me().await?;
        let linked =
            me.accounts.iter().find(|linked| linked.id == known.remote_id && linked.state == AccountState::Linked);
        let linked = linked.ok_or(PairError::NotAtRelay)?;
        self.accounts.unfollow(id).await;
        let moved = self.take_over(&known, linked).await;
        let now = self.context.store().read(move |sql| account::get(sql, id)).await?;
        if now.unlinked_at_ms.is_none() {
            self.accounts.follow(&now);
        }
        moved?;
        self.accounts.resume_access(id).await?;
        Ok(())
    }

    /// Forgets an account's own tokens and lets its calls go through the relay. The tokens are not given back: TikTok ends
    /// all access of an app to an account at once, and the relay's is by the same app.
    async fn take_over(&self, known: &Account, linked: &LinkedAccount) -> Result<(), PairError> {
        self.context.caller().tokens().forget(known.id).await?;
        self.store_linked(linked).await?;
        self.forget_unused_apps().await
    }

    /// Forgets the secrets of the shop's apps once no account is linked on this computer by itself: the relay has them.
    async fn forget_unused_apps(&self) -> Result<(), PairError> {
        let accounts = self.context.store().read(account::all).await?;
        if accounts.iter().all(|known| known.via_relay || known.unlinked_at_ms.is_some()) {
            self.context.caller().tokens().forget_app().await?;
            self.context.secrets().erase(LOGIN_SECRET).await?;
        }
        Ok(())
    }

    /// Follows an account of the relay's, unless this computer has a link of its own for it.
    async fn add_account(&self, linked: &LinkedAccount) -> Result<(), PairError> {
        let remote_id = linked.id.clone();
        let known = self.context.store().read(move |sql| account::find(sql, &remote_id)).await?;
        let has_own_link = known
            .as_ref()
            .is_some_and(|known| !known.via_relay && known.unlinked_at_ms.is_none() && known.relink.is_none());
        if has_own_link || linked.state == AccountState::Unlinked {
            return Ok(());
        }
        let account = self.store_linked(linked).await?;
        self.accounts.follow(&account);
        self.accounts.resume_access(account.id).await?;
        Ok(())
    }

    /// Stores an account as the relay has it.
    async fn store_linked(&self, linked: &LinkedAccount) -> Result<Account, StoreError> {
        let (new, now_ms, heard_from_ms) = (as_account(linked), self.context.clock().now_ms(), linked.heard_from_ms);
        let needs_linking = linked.state != AccountState::Linked;
        let account = self
            .context
            .store()
            .write(move |tx| {
                let id = account::link(tx, &new, now_ms)?;
                account::set_via_relay(tx, id, true)?;
                account::set_heard_from(tx, id, heard_from_ms)?;
                if needs_linking {
                    account::set_relink(tx, id, "an admin has to link it again at the shop's relay")?;
                }
                account::get(tx, id)
            })
            .await?;
        self.context.caller().gateway().add_account(account.id, &account.remote_id);
        Ok(account)
    }

    /// This computer as the relay knows it, and the accounts that are linked there.
    ///
    /// # Errors
    /// [`PairError`]
    pub async fn me(&self) -> Result<Me, PairError> {
        let route = self.context.caller().gateway().route().ok_or(PairError::NotPaired)?;
        Ok(route.relay.me().await?)
    }
}

/// An account of the relay's, as it is stored here.
fn as_account(linked: &LinkedAccount) -> NewAccount {
    NewAccount {
        remote_id: linked.id.clone(),
        handle: linked.handle.clone(),
        display_name: linked.name.clone(),
        avatar: None,
        // The relay renews them; what ends is the relay's link.
        tokens: TokenTimes {
            issued_at_ms: linked.linked_at_ms,
            access_expires_at_ms: linked.refresh_expires_at_ms,
            refresh_expires_at_ms: linked.refresh_expires_at_ms,
            scopes: linked.scopes.join(","),
        },
    }
}

/// A relay's address as it was typed: a host is enough. http is accepted for this computer only.
fn relay_address(text: &str) -> Option<Url> {
    let text = text.trim();
    let text = if text.contains("://") { text.to_owned() } else { format!("https://{text}") };
    let mut url = Url::parse(&text).ok()?;
    let is_local = url.host_str().is_some_and(|host| matches!(host, "127.0.0.1" | "localhost" | "[::1]"));
    let is_allowed = url.scheme() == "https" || (url.scheme() == "http" && is_local);
    if !is_allowed || !url.username().is_empty() || url.password().is_some() {
        return None;
    }
    url.set_path("");
    url.set_query(None);
    url.set_fragment(None);
    Some(url)
}

/// This computer's own clock, which is compared with the relay's.
fn local_now_ms() -> i64 {
    let since = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH).unwrap_or_default();
    i64::try_from(since.as_millis()).unwrap_or(i64::MAX)
}

#[cfg(test)]
mod tests {
    use super::relay_address;

    #[test]
    fn a_host_is_enough_and_http_only_reaches_this_computer() {
        for (typed, is) in [
            ("relay.shop.example", Some("https://relay.shop.example/")),
            (" https://relay.shop.example/some/page?x#y ", Some("https://relay.shop.example/")),
            ("relay.shop.example:8443", Some("https://relay.shop.example:8443/")),
            ("http://127.0.0.1:4700", Some("http://127.0.0.1:4700/")),
            ("http://relay.shop.example", None),
            ("https://a:b@relay.shop.example", None),
            ("ftp://relay.shop.example", None),
            ("", None),
        ] {
            assert_eq!(relay_address(typed).map(|url| url.to_string()).as_deref(), is, "{typed}");
        }
    }
}
