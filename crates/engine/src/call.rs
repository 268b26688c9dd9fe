//! One way to ask TikTok: wait for a turn, take a token, call once, and if the token was stale, refresh and ask again.

use std::sync::Arc;
use std::time::{Duration, Instant};

use model::{AccountId, Clock, Millis};
use tiktok::{AccessToken, Client, Endpoint, LaterWhy, UnreachableWhy, Words};

use crate::gateway::{GatewayAnswer, GatewayRoutes, meaning, priority_header};
use crate::pace::{Pace, Priority};
use crate::timing::millis;
use crate::tokens::{TokenError, Tokens};

/// A server's clock is only believed to be off by more than its `Date` header's own grain.
const CLOCK_GRAIN_MS: i64 = 2_000;
/// The wait while the relay renews an account's token.
const RELAY_RENEWS: Duration = Duration::from_secs(5);
/// Why an account of the relay's cannot be asked about.
const NOT_PAIRED: &str = "this computer is not paired with the shop's relay";

/// Why there is no answer, by what the caller can do.
///
/// Safe to log: `Display` and `Debug` hold no word of TikTok's.
#[derive(Debug, thiserror::Error)]
pub enum CallError {
    /// Certainly not taken: TikTok could not be reached. Holds the system's words.
    #[error("TikTok cannot be reached")]
    Offline(String),
    /// Certainly not taken: wait this long.
    #[error("TikTok asked to wait {0:?}")]
    SlowDown(Duration),
    /// Certainly not taken: the account has to be linked again first. The account is marked so. Holds TikTok's words.
    #[error("the account must be linked again")]
    Relink(Words),
    /// Certainly not taken: there was no token to call with, because the keychain or the database did not answer or TikTok
    /// refused one for now.
    #[error("{0}")]
    Local(TokenError),
    /// Not taken, and never will be.
    #[error(transparent)]
    Refused(tiktok::Error),
    /// Certainly not taken: the shop's relay says that a colleague has answered what the agent had not seen.
    #[error("a colleague has answered meanwhile")]
    Stale {
        /// The colleague's device, if the relay knows it.
        answered_by: Option<String>,
    },
    /// No telling whether it happened.
    #[error(transparent)]
    Unknown(tiktok::Error),
}

impl CallError {
    /// TikTok's code, if it answered with one. Its words may quote a message and are not for the log.
    #[must_use]
    pub fn code(&self) -> Option<i64> {
        match self {
            Self::Refused(error) | Self::Unknown(error) => error.code(),
            Self::Offline(_) | Self::SlowDown(_) | Self::Relink(_) | Self::Local(_) | Self::Stale { .. } => None,
        }
    }

    /// What the screen says of a call that was certainly not made, in our words and the system's.
    #[must_use]
    pub fn explanation(&self) -> String {
        match self {
            Self::Offline(words) => format!("{self}: {words}"),
            Self::SlowDown(_)
            | Self::Relink(_)
            | Self::Local(_)
            | Self::Refused(_)
            | Self::Stale { .. }
            | Self::Unknown(_) => self.to_string(),
        }
    }
}

/// Asks TikTok on behalf of accounts. Clones share everything.
#[derive(Debug, Clone)]
pub struct Caller {
    shared: Arc<Shared>,
}

#[derive(Debug)]
struct Shared {
    client: Client,
    tokens: Arc<Tokens>,
    pace: Pace,
    clock: Clock,
    gateway: GatewayRoutes,
}

impl Caller {
    pub(crate) fn new(client: Client, tokens: Tokens, pace: Pace, clock: Clock) -> Self {
        let gateway = GatewayRoutes::default();
        Self { shared: Arc::new(Shared { client, tokens: Arc::new(tokens), pace, clock, gateway }) }
    }

    /// Which accounts go through the shop's relay, and how.
    pub(crate) fn gateway(&self) -> &GatewayRoutes {
        &self.shared.gateway
    }

    /// The client underneath, for calls without an account.
    #[must_use]
    pub fn client(&self) -> &Client {
        &self.shared.client
    }

    /// The accounts' tokens.
    #[must_use]
    pub fn tokens(&self) -> &Tokens {
        &self.shared.tokens
    }

    /// TikTok's time.
    #[must_use]
    pub fn clock(&self) -> &Clock {
        &self.shared.clock
    }

    /// Now by TikTok's clock, and no later than its newest answer allows: this computer's may be ahead, and how far is only
    /// known once TikTok has answered a few times.
    #[must_use]
    pub fn proven_now_ms(&self) -> Millis {
        let now_ms = self.clock().now_ms();
        self.client().at_most_ms().map_or(now_ms, |most| most.min(now_ms))
    }

    /// When a question was asked that is answered now, by TikTok's clock.
    #[must_use]
    pub fn asked_at_ms(&self, began: Instant) -> Millis {
        self.proven_now_ms().saturating_sub(millis(began.elapsed()))
    }

    /// Takes over what the answers so far have said of TikTok's time.
    pub fn learn_time(&self) {
        let offset = self.shared.client.server_offset_ms();
        self.shared.clock.set_offset_ms(if offset.abs() < CLOCK_GRAIN_MS { 0 } else { offset });
    }

    /// Waits until a call of this priority may be made.
    pub async fn turn(&self, priority: Priority) {
        self.shared.pace.turn(priority).await;
    }

    /// A token for an account's next call.
    ///
    /// # Errors
    /// [`CallError`]; a token that cannot be had marks the account for linking again.
    pub async fn token(&self, id: AccountId) -> Result<AccessToken, CallError> {
        if self.shared.gateway.has_account(id) {
            let route = self.shared.gateway.route().ok_or_else(|| CallError::Relink(NOT_PAIRED.into()))?;
            return Ok(route.token);
        }
        match self.shared.tokens.access(id).await {
            Ok(token) => Ok(token),
            Err(error) => Err(self.no_token(error)),
        }
    }

    /// Asks when it is this priority's turn.
    ///
    /// # Errors
    /// [`CallError`]
    pub async fn ask<E: Endpoint + Clone>(
        &self,
        id: AccountId,
        priority: Priority,
        endpoint: E,
    ) -> Result<E::Reply, CallError> {
        self.turn(priority).await;
        let token = self.token(id).await?;
        self.ask_with_headers(id, token, endpoint, vec![priority_header(priority)]).await
    }

    /// Asks now, with this token. A call whose token was stale was not taken, so it is made again, once.
    ///
    /// # Errors
    /// [`CallError`]
    pub async fn ask_with<E: Endpoint + Clone>(
        &self,
        id: AccountId,
        token: AccessToken,
        endpoint: E,
    ) -> Result<E::Reply, CallError> {
        self.ask_with_headers(id, token, endpoint, Vec::new()).await
    }

    /// The same with headers for the shop's relay, if the account goes through it.
    ///
    /// # Errors
    /// [`CallError`]
    pub(crate) async fn ask_with_headers<E: Endpoint + Clone>(
        &self,
        id: AccountId,
        token: AccessToken,
        endpoint: E,
        headers: Vec<(&'static str, String)>,
    ) -> Result<E::Reply, CallError> {
        let link = self.shared.tokens.link_of(id);
        if self.shared.gateway.has_account(id) {
            let route = self.shared.gateway.route().ok_or_else(|| CallError::Relink(NOT_PAIRED.into()))?;
            let answer = route.client.call_with_headers(&token, endpoint, headers).await;
            self.learn_time();
            return match answer {
                Ok(reply) => Ok(reply),
                // The relay renews its tokens by itself; that it has none yet ends by itself.
                Err(tiktok::Error::Refresh { .. }) => Err(CallError::SlowDown(RELAY_RENEWS)),
                Err(error) => Err(self.sort(id, link, error).await),
            };
        }
        let error = match self.call(&token, endpoint.clone()).await {
            Ok(reply) => return Ok(reply),
            Err(error) => error,
        };
        if !matches!(error, tiktok::Error::Refresh { .. }) {
            return Err(self.sort(id, link, error).await);
        }
        let token = match self.shared.tokens.replace(id, &token).await {
            Ok(token) => token,
            Err(error) => return Err(self.no_token(error)),
        };
        match self.call(&token, endpoint).await {
            Ok(reply) => Ok(reply),
            Err(error) => Err(self.sort(id, link, error).await),
        }
    }

    async fn call<E: Endpoint>(&self, token: &AccessToken, endpoint: E) -> Result<E::Reply, tiktok::Error> {
        let answer = self.shared.client.call(token, endpoint).await;
        self.learn_time();
        answer
    }

    /// Reads TikTok's answer to a call that the relay made and kept.
    ///
    /// # Errors
    /// [`CallError`]
    pub(crate) async fn read_answer<E: Endpoint>(
        &self,
        id: AccountId,
        endpoint: &E,
        status: u16,
        text: &str,
    ) -> Result<E::Reply, CallError> {
        match tiktok::read_answer(endpoint, status, text) {
            Ok(reply) => Ok(reply),
            Err(error) => Err(self.sort(id, self.shared.tokens.link_of(id), error).await),
        }
    }

    async fn sort(&self, id: AccountId, link: u64, error: tiktok::Error) -> CallError {
        match error {
            // No network makes a call possible that cannot be put together, such as one about an id too long for an address.
            error @ (tiktok::Error::Refused { .. }
            | tiktok::Error::Unreachable { why: UnreachableWhy::NotBuilt, .. }) => CallError::Refused(error),
            tiktok::Error::Unreachable { detail, .. } => CallError::Offline(detail),
            tiktok::Error::Later { after, why, .. } => CallError::SlowDown(self.slow_down(after, why)),
            tiktok::Error::Refresh { message, .. } | tiktok::Error::Reauthorise { message, .. } => {
                self.relink(id, link, message.as_str()).await
            }
            error @ tiktok::Error::Unknown { .. } => CallError::Unknown(error),
            tiktok::Error::Gateway { code, retry_after, raw } => match meaning(&code, retry_after, &raw) {
                GatewayAnswer::Offline(detail) => CallError::Offline(detail),
                GatewayAnswer::Wait(wait) => CallError::SlowDown(wait),
                GatewayAnswer::NeedsLinking(detail) => self.relink(id, link, &detail).await,
                GatewayAnswer::Stale { answered_by } => CallError::Stale { answered_by },
                GatewayAnswer::Refused => CallError::Refused(tiktok::Error::Gateway { code, retry_after, raw }),
                GatewayAnswer::Unknown => CallError::Unknown(tiktok::Error::Gateway { code, retry_after, raw }),
            },
        }
    }

    fn no_token(&self, error: TokenError) -> CallError {
        match error {
            TokenError::Relink(why) => CallError::Relink(why),
            // A refresh that may or may not have happened is asked for again later: the call itself was not made.
            TokenError::TikTok(tiktok::Error::Later { after, why, .. }) => {
                CallError::SlowDown(self.slow_down(after, why))
            }
            TokenError::TooSoon(wait) => CallError::SlowDown(wait),
            error @ TokenError::TikTok(tiktok::Error::Refused { .. }) => CallError::Local(error),
            TokenError::TikTok(error) => CallError::Offline(error.reason()),
            error => CallError::Local(error),
        }
    }

    fn slow_down(&self, at_least: Duration, why: LaterWhy) -> Duration {
        const DAY_MS: i64 = 24 * 3_600_000;
        let LaterWhy::TooFast(limit) = why else { return self.shared.pace.pause(at_least) };
        let left_ms = DAY_MS - self.shared.clock.now_ms().rem_euclid(DAY_MS);
        self.shared.pace.slow_down(at_least, limit, Duration::from_millis(u64::try_from(left_ms).unwrap_or(0)))
    }

    /// How long TikTok wants us to wait before any call, if it does.
    #[must_use]
    pub fn paused(&self) -> Option<Duration> {
        self.shared.pace.paused()
    }

    /// Hears whenever such a wait begins, or ends before its time.
    pub(crate) fn pauses(&self) -> tokio::sync::watch::Receiver<()> {
        self.shared.pace.pauses()
    }

    /// The computer slept this long: what TikTok wants us to wait went on meanwhile.
    pub(crate) fn skip_pause(&self, slept: Duration) {
        self.shared.pace.skip_pause(slept);
    }

    /// Keeps to this computer's share of the budget.
    pub fn share_among(&self, computers: u32) {
        self.shared.pace.share_among(computers);
    }

    /// The agent wants it tried now, even if TikTok said that today is over.
    pub(crate) fn end_pause(&self) {
        self.shared.pace.end_pause();
    }

    /// TikTok does not let the account read its messages any more, as it says of a call made under this link: only linking
    /// it again can help.
    pub(crate) async fn relink(&self, id: AccountId, link: u64, why: &str) -> CallError {
        self.shared.tokens.wants_link(id, link, why).await;
        CallError::Relink(Words::from(why))
    }
}
