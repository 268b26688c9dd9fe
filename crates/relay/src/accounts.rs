//! The linked accounts and their tokens: sealed in the database, renewed in one place.
//!
//! TikTok rotates refresh tokens and does not take the old pair again. So a renewal is claimed in the account's row before
//! TikTok is asked: one relay process renews at a time, one caller of it, and the others wait for what comes of it. A
//! pair that was given is never dropped: it is asked for and kept in a task of its own, which repeats the write until
//! the database takes it, and which closing waits for ([`finish`]).
//!
//! **Invariant:** `issued_at_ms` grows with every pair of an account. Whoever brings a pair writes it only where the
//! `issued_at_ms` is still the one it began from, so that an old link's pair never replaces a new link's. Sealing a token
//! again with another key leaves `issued_at_ms` as it is, and has to do so in one transaction that locks the row first.

mod renew;
mod table;

use std::time::Duration;

use tiktok::AccessToken;
use tokio::time::Instant;
use wire::FailureCode;
use wire::api::LinkedAccount;
use wire::event::AccountState;

use crate::clock::now_ms;
use crate::context::Context;
use crate::refusal::Refusal;

pub use renew::finish;
use table::Stored;
pub use table::{NewLink, insert_linked};

/// The longest wait for a renewal that is under way.
const MAX_RENEWAL_WAIT: Duration = Duration::from_secs(15);
/// The same where the token still does: it is not worth a longer one.
const MAX_EARLY_RENEWAL_WAIT: Duration = Duration::from_secs(5);
/// How often the row is looked at meanwhile.
const RENEWAL_POLL: Duration = Duration::from_millis(100);
/// The shortest time between two renewals of an account, whatever TikTok says of a token.
const RENEWAL_FLOOR_MS: i64 = 60_000;

/// A token for an account's next call. Past four fifths of its life it is renewed first, if that can be done.
///
/// # Errors
/// [`FailureCode::NeedsLinking`] if the account is not linked; otherwise why there is no token now.
pub async fn access(context: &Context, account: &str) -> Result<AccessToken, Refusal> {
    let deadline = Instant::now() + MAX_RENEWAL_WAIT;
    loop {
        let (stored, token) = usable(context, account).await?;
        let now_ms = now_ms();
        let is_good = now_ms < stored.access_expires_at_ms;
        if is_good && (now_ms < stored.renew_at_ms() || now_ms < stored.renewing_until_ms) {
            return Ok(token);
        }
        if now_ms >= stored.renewing_until_ms {
            let renewal = renew::renew(context, account, stored.issued_at_ms);
            let renewal = if is_good {
                match tokio::time::timeout(MAX_EARLY_RENEWAL_WAIT, renewal).await {
                    Ok(outcome) => outcome,
                    // It goes on.
                    Err(_) => return Ok(token),
                }
            } else {
                renewal.await
            };
            match renewal {
                Ok(Some(fresh)) => return Ok(fresh),
                Ok(None) => {}
                // The old one works for a while yet, unless the account has to be linked again.
                Err(Refusal(failure)) if is_good && failure.code != FailureCode::NeedsLinking => return Ok(token),
                Err(refusal) => return Err(refusal),
            }
        }
        wait_for_renewal(&stored, deadline).await?;
    }
}

/// TikTok does not take this token any more: the next one, from whoever renewed first.
///
/// # Errors
/// As [`access`]
pub async fn replace(context: &Context, account: &str, stale: &AccessToken) -> Result<AccessToken, Refusal> {
    let deadline = Instant::now() + MAX_RENEWAL_WAIT;
    loop {
        let (stored, token) = usable(context, account).await?;
        if token.expose() != stale.expose() {
            return Ok(token);
        }
        let now_ms = now_ms();
        let age_ms = now_ms.saturating_sub(stored.issued_at_ms);
        if (0..RENEWAL_FLOOR_MS).contains(&age_ms) {
            return Err(later("TikTok does not take a token that it gave just now", RENEWAL_FLOOR_MS - age_ms));
        }
        if now_ms >= stored.renewing_until_ms
            && let Some(fresh) = renew::renew(context, account, stored.issued_at_ms).await?
        {
            return Ok(fresh);
        }
        wait_for_renewal(&stored, deadline).await?;
    }
}

/// The accounts that are linked, or have to be linked again, oldest first.
///
/// # Errors
/// [`FailureCode::Unavailable`]
pub async fn list(context: &Context) -> Result<Vec<LinkedAccount>, Refusal> {
    table::list(&context.database).await
}

/// Refuses unless the account is linked and TikTok takes its tokens.
///
/// # Errors
/// [`FailureCode::NeedsLinking`], [`FailureCode::Unavailable`]
pub async fn require_linked(context: &Context, account: &str) -> Result<(), Refusal> {
    usable(context, account).await.map(drop)
}

/// Marks an account that only a new link can mend, and tells the desktops.
///
/// # Errors
/// [`FailureCode::Unavailable`]
pub async fn set_needs_linking(context: &Context, account: &str) -> Result<(), Refusal> {
    table::set_needs_linking(context, account, None).await
}

/// The same of a call that was made with this token: nothing is marked if the account has another one meanwhile.
///
/// # Errors
/// [`FailureCode::Unavailable`]
pub(crate) async fn refuse_token(context: &Context, account: &str, token: &AccessToken) -> Result<(), Refusal> {
    let Some(stored) = table::read(context, account).await? else { return Ok(()) };
    if stored.access.as_ref().is_some_and(|known| known.expose() == token.expose()) {
        table::set_needs_linking(context, account, Some(stored.issued_at_ms)).await?;
    }
    Ok(())
}

/// Gives an account's access back to TikTok, forgets its tokens and tells the desktops. TikTok may not be there to hear
/// it: then the tokens die by themselves, and nobody has them.
///
/// # Errors
/// [`FailureCode::NotFound`], [`FailureCode::Unavailable`]
pub async fn unlink(context: &Context, account: &str) -> Result<(), Refusal> {
    let not_found = || Refusal::new(FailureCode::NotFound, "there is no such account");
    let stored = table::read(context, account).await?.filter(|stored| stored.state != AccountState::Unlinked);
    let stored = stored.ok_or_else(not_found)?;
    table::forget_tokens(context, account).await?;
    if let Some(token) = stored.access {
        renew::give_back(context, &token).await;
    }
    Ok(())
}

async fn usable(context: &Context, account: &str) -> Result<(Stored, AccessToken), Refusal> {
    let needs_linking = |why: &str| Refusal::new(FailureCode::NeedsLinking, why);
    let stored = table::read(context, account).await?;
    let stored = stored.ok_or_else(|| needs_linking("the account is not linked at this relay"))?;
    match (stored.state, stored.access.clone()) {
        (AccountState::Linked, Some(token)) => Ok((stored, token)),
        (AccountState::Unlinked, _) => Err(needs_linking("the account is not linked at this relay any more")),
        (AccountState::Linked | AccountState::NeedsLinking | AccountState::Unknown, _) => {
            Err(needs_linking("an admin has to link the account again"))
        }
    }
}

/// Waits a moment for another caller's or another process's renewal. Ends at once when none is under way, because the last
/// one failed and the next one is not due.
async fn wait_for_renewal(stored: &Stored, deadline: Instant) -> Result<(), Refusal> {
    let left_ms = stored.renewing_until_ms.saturating_sub(now_ms());
    if stored.renewing_by.is_empty() && left_ms > 0 {
        return Err(later("the account's token could not be renewed just now", left_ms));
    }
    if Instant::now() >= deadline {
        return Err(later("the account's token is being renewed", 5_000));
    }
    tokio::time::sleep(RENEWAL_POLL).await;
    Ok(())
}

fn later(detail: &str, wait_ms: i64) -> Refusal {
    Refusal::after(FailureCode::SlowDown, detail, u64::try_from(wait_ms).unwrap_or(0).max(1))
}

#[cfg(test)]
mod tests;
