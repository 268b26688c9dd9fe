//! Renewing a pair of tokens, in a task of its own.

use std::sync::LazyLock;
use std::time::Duration;

use tiktok::business::oauth::{self, BusinessTokens};
use tiktok::{AccessToken, Error};
use tokio::sync::watch;
use wire::FailureCode;

use super::table::{self, Claim, Kept};
use crate::apps;
use crate::clock::now_ms;
use crate::context::Context;
use crate::refusal::Refusal;

/// How long a renewal is this process's: longer than the call to TikTok and a few tries to write can take. A process that
/// dies in between holds up the next renewal for so long.
const RENEWAL_LEASE: Duration = Duration::from_secs(120);
/// The wait after a renewal that TikTok did not answer.
const RENEWAL_PAUSE_MS: i64 = 60_000;
/// The longest wait of a caller for its own renewal; the renewal goes on.
const MAX_CALLER_WAIT: Duration = Duration::from_secs(40);
/// Between two tries to write a new pair.
const WRITE_PAUSE: Duration = Duration::from_millis(250);
const MAX_WRITE_PAUSE: Duration = Duration::from_secs(5);

/// How many renewals are under way in this process.
static UNDER_WAY: LazyLock<watch::Sender<usize>> = LazyLock::new(|| watch::Sender::new(0));

/// Counts a renewal for as long as it lives.
struct UnderWay;

impl UnderWay {
    fn begin() -> Self {
        UNDER_WAY.send_modify(|count| *count += 1);
        Self
    }
}

impl Drop for UnderWay {
    fn drop(&mut self) {
        UNDER_WAY.send_modify(|count| *count = count.saturating_sub(1));
    }
}

/// Waits for the renewals of this process that are under way, so long at most. Called when the relay closes, after the last
/// request; returns whether all ended.
pub async fn finish(most: Duration) -> bool {
    let mut count = UNDER_WAY.subscribe();
    let ended = tokio::time::timeout(most, count.wait_for(|count| *count == 0)).await.is_ok();
    if !ended {
        tracing::error!("the relay ends before a new pair of tokens was kept: its account may have to be linked again");
    }
    ended
}

/// Renews the pair that was issued at this time; none if another caller or process does, or did.
pub(super) async fn renew(context: &Context, account: &str, issued_at_ms: i64) -> Result<Option<AccessToken>, Refusal> {
    let (owned, id, under_way) = (context.clone(), account.to_owned(), UnderWay::begin());
    let task = tokio::spawn(async move {
        let _under_way = under_way;
        renew_claimed(&owned, &id, issued_at_ms).await
    });
    match tokio::time::timeout(MAX_CALLER_WAIT, task).await {
        Ok(Ok(outcome)) => outcome,
        Ok(Err(_)) | Err(_) => {
            Err(Refusal::after(FailureCode::Unavailable, "the account's new token could not be kept yet", 5_000))
        }
    }
}

async fn renew_claimed(context: &Context, account: &str, issued_at_ms: i64) -> Result<Option<AccessToken>, Refusal> {
    let Some(claim) = table::claim(context, account, issued_at_ms, RENEWAL_LEASE).await? else { return Ok(None) };
    let tokens = match ask_for_pair(context, account, &claim).await {
        Ok(tokens) => tokens,
        Err(refusal) => {
            // If this is not written the claim ends by itself.
            let _ = table::postpone(context, account, now_ms().saturating_add(RENEWAL_PAUSE_MS)).await;
            return Err(refusal);
        }
    };
    match keep_until_kept(context, account, &tokens, &claim).await {
        Kept::Yes => {
            tracing::info!("renewed an account's tokens");
            Ok(Some(tokens.access))
        }
        Kept::LinkedAgain => Ok(None),
        Kept::Unlinked => {
            give_back(context, &tokens.access).await;
            Err(Refusal::new(FailureCode::NeedsLinking, "the account is not linked at this relay any more"))
        }
    }
}

async fn ask_for_pair(context: &Context, account: &str, claim: &Claim) -> Result<BusinessTokens, Refusal> {
    let app = apps::business(context).await?;
    let app = app.ok_or_else(|| {
        tracing::error!("an account's tokens cannot be renewed: the app's credentials are not set");
        Refusal::new(FailureCode::Unavailable, "the app's credentials are not set at the relay")
    })?;
    let refused = match &claim.refresh {
        Some(refresh) => match oauth::refresh(&context.client, &app, refresh).await {
            Ok(tokens) => return Ok(tokens),
            Err(error) if !asks_for_link(&error) => {
                tracing::warn!(%error, "an account's tokens could not be renewed");
                return Err(not_now(&error));
            }
            Err(error) => error.to_string(),
        },
        None => "TikTok gave no token to renew it with".to_owned(),
    };
    tracing::error!(error = refused, "TikTok refuses to renew an account's tokens");
    table::set_needs_linking(context, account, Some(claim.before.issued_at_ms)).await?;
    Err(Refusal::new(FailureCode::NeedsLinking, "an admin has to link the account again"))
}

/// Why TikTok did not renew just now. What was to be done with the token is certainly not done.
fn not_now(error: &Error) -> Refusal {
    let wait_ms = u64::try_from(RENEWAL_PAUSE_MS).unwrap_or(0);
    match error {
        Error::Unreachable { .. } => {
            Refusal::after(FailureCode::TikTokUnreachable, "TikTok cannot be reached to renew the token", wait_ms)
        }
        error if error.is_about_the_app() => {
            tracing::error!("TikTok does not take the app's id or secret, or has blocked the app");
            Refusal::after(FailureCode::Unavailable, "TikTok does not take the relay's app", wait_ms)
        }
        Error::Later { .. }
        | Error::Refresh { .. }
        | Error::Reauthorise { .. }
        | Error::Refused { .. }
        | Error::Gateway { .. }
        | Error::Unknown { .. } => {
            Refusal::after(FailureCode::SlowDown, "TikTok did not renew the account's token just now", wait_ms)
        }
    }
}

/// Whether only a new link gives a token again. What is said of this network, of the pace or by something in between
/// passes by itself; what is said of the app's id or secret is mended by the right ones, and linking would not help.
fn asks_for_link(error: &Error) -> bool {
    match error {
        Error::Reauthorise { .. } | Error::Refresh { .. } => true,
        Error::Refused { .. }
        | Error::Unreachable { .. }
        | Error::Later { .. }
        | Error::Gateway { .. }
        | Error::Unknown { .. } => false,
    }
}

/// Writes a new pair, as often as it takes: TikTok does not take the one before any more, so there is no other.
async fn keep_until_kept(context: &Context, account: &str, tokens: &BusinessTokens, claim: &Claim) -> Kept {
    let mut pause = WRITE_PAUSE;
    loop {
        match table::keep(context, account, tokens, &claim.before).await {
            Ok(kept) => return kept,
            Err(Refusal(failure)) => {
                tracing::error!(error = failure.detail, "a new pair of tokens could not be kept yet; trying again");
            }
        }
        tokio::time::sleep(pause).await;
        pause = (pause * 2).min(MAX_WRITE_PAUSE);
    }
}

/// Gives a token back to TikTok. It may not be there to hear it: then the token dies by itself.
pub(super) async fn give_back(context: &Context, token: &AccessToken) {
    let app = match apps::business(context).await {
        Ok(Some(app)) => app,
        Ok(None) | Err(_) => return,
    };
    if let Err(error) = oauth::revoke(&context.client, &app, token).await {
        tracing::warn!(%error, "could not give back a token");
    }
}
