//! One call for an account: a turn, a token, TikTok, and what its answer means for the relay.

use std::borrow::Cow;
use std::time::Duration;

use bytes::Bytes;
use serde_json::value::RawValue;
use tiktok::{AccessToken, Error, LaterWhy};
use tokio::time::Instant;
use wire::FailureCode;

use super::Gateway;
use super::pace::{NoTurn, Priority};
use super::upstream::{Answer, Outgoing};
use crate::accounts;
use crate::clock::now_ms;
use crate::refusal::Refusal;

/// The longest answer that is read; TikTok's are far shorter.
pub(super) const MAX_ANSWER_BYTES: usize = 8 << 20;
const DAY_MS: i64 = 86_400_000;

/// A call that a desktop asked for. `Debug` leaves the body out.
#[derive(Clone)]
pub(super) struct Call {
    pub(super) device: String,
    pub(super) account: String,
    pub(super) priority: Priority,
    pub(super) outgoing: Outgoing,
    pub(super) body: Bytes,
    /// TikTok is not called any more after this.
    pub(super) begin_by: Option<Instant>,
}

/// TikTok's answer, and what it means.
#[derive(Debug)]
pub(super) struct Told {
    pub(super) answer: Answer,
    /// The JSON of its `data`, or why there is none.
    pub(super) meaning: Result<Box<RawValue>, Error>,
}

impl Gateway {
    /// Calls TikTok. A call whose token was stale was not taken, so it is made again, once, with the next token.
    pub(super) async fn call(&self, call: &Call) -> Result<Told, Refusal> {
        self.turn(call).await?;
        let token = accounts::access(&self.context, &call.account).await?;
        let told = self.call_once(call, call.body.clone().into(), &token).await?;
        if !matches!(told.meaning, Err(Error::Refresh { .. })) {
            return self.heed(call, told, &token).await;
        }
        let token = accounts::replace(&self.context, &call.account, &token).await?;
        self.turn(call).await?;
        let told = self.call_once(call, call.body.clone().into(), &token).await?;
        self.heed(call, told, &token).await
    }

    /// The same with a body that can be read once. A stale token is renewed for the next call.
    pub(super) async fn call_streaming(&self, call: &Call, body: reqwest::Body) -> Result<Told, Refusal> {
        self.turn(call).await?;
        let token = accounts::access(&self.context, &call.account).await?;
        let told = self.call_once(call, body, &token).await?;
        if matches!(told.meaning, Err(Error::Refresh { .. })) {
            accounts::replace(&self.context, &call.account, &token).await?;
            return Err(Refusal::after(FailureCode::SlowDown, "the token was renewed: try again", 100));
        }
        self.heed(call, told, &token).await
    }

    async fn turn(&self, call: &Call) -> Result<(), Refusal> {
        let most = self.settings.turn_timeout;
        self.pace.turn(call.priority, &call.device, most).await.map_err(|NoTurn { wait }| {
            let wait_ms = u64::try_from(wait.as_millis()).unwrap_or(u64::MAX);
            Refusal::after(FailureCode::SlowDown, "the app's pace does not allow the call now", wait_ms)
        })
    }

    async fn call_once(&self, call: &Call, body: reqwest::Body, token: &AccessToken) -> Result<Told, Refusal> {
        if call.begin_by.is_some_and(|by| Instant::now() >= by) {
            return Err(Refusal::after(FailureCode::SlowDown, "the call waited too long for its turn", 1_000));
        }
        let answer = self.upstream.exchange(&call.outgoing, body, token).await?;
        // What is not UTF-8 is not JSON either.
        let text: Cow<'_, str> = String::from_utf8_lossy(&answer.body);
        let meaning = tiktok::business_data(answer.status.as_u16(), answer.retry_after, &text, &[token.expose()]);
        match &meaning {
            Ok(_) => tracing::debug!(path = call.outgoing.path, "TikTok carried out a call"),
            Err(error) => tracing::info!(path = call.outgoing.path, %error, "TikTok did not carry out a call"),
        }
        drop(text);
        Ok(Told { answer, meaning })
    }

    /// Does what an answer asks of the relay itself. The answer is TikTok's all the same.
    async fn heed(&self, call: &Call, told: Told, token: &AccessToken) -> Result<Told, Refusal> {
        match &told.meaning {
            Err(Error::Later { after, why: LaterWhy::TooFast(named), .. }) => {
                self.pace.slow_down(*after, *named, day_left(now_ms()));
            }
            Err(Error::Later { after, why: LaterWhy::Unavailable, .. }) => self.pace.pause(*after),
            Err(Error::Reauthorise { .. }) => {
                if accounts::refuse_token(&self.context, &call.account, token).await.is_err() {
                    tracing::warn!("could not note that an account has to be linked again");
                }
            }
            // A token that was renewed for this very call: the device cannot renew any.
            Err(Error::Refresh { .. }) => {
                accounts::refuse_token(&self.context, &call.account, token).await?;
                return Err(Refusal::new(FailureCode::NeedsLinking, "an admin has to link the account again"));
            }
            Ok(_)
            | Err(Error::Unreachable { .. } | Error::Refused { .. } | Error::Unknown { .. } | Error::Gateway { .. }) => {
            }
        }
        Ok(told)
    }
}

/// Until 00:00 UTC, when TikTok counts the day's calls anew.
fn day_left(now_ms: i64) -> Duration {
    Duration::from_millis(u64::try_from(DAY_MS - now_ms.rem_euclid(DAY_MS)).unwrap_or(0))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_day_ends_at_midnight_utc() {
        assert_eq!(day_left(0), Duration::from_secs(86_400));
        assert_eq!(day_left(1_790_000_000_123), Duration::from_millis(35_199_877));
    }
}
