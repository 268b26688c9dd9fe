//! TikTok's automatic messages: read now and then, changed when the agent says so, and whatever is on disk is what TikTok
//! said last.
//!
//! Before a change the kind is read, so that nothing is overwritten that the agent has not seen; after it the kind is read
//! again. No change is ever made twice: an answer that was lost is settled by that reading.

mod bulk;
mod change;
pub mod comments;
mod kind_lock;
mod plan;
mod reading;
mod words;

pub(crate) use words::audit;

use std::collections::HashMap;
use std::sync::{Arc, Mutex};

use model::{AccountId, AutoMessageType, AutoProblem, AutoText, Change};
use store::StoreError;
use store::table::account::{self, Account};
use store::table::auto_message;
use tiktok::business::direct_reply::SetDirectReply;
use tiktok::{Endpoint, Reason, Words};
use tokio::sync::{Mutex as AsyncMutex, Notify, OwnedMutexGuard};
use tokio::time::Instant;

use crate::call::CallError;
use crate::context::Context;
use crate::lock::lock;
use crate::pace::Priority;
use crate::timing::millis;

/// The permission that all of this needs.
const SCOPE: &str = "message.list.manage";
/// An agent waits this long for TikTok's budget; for longer they are told so instead.
const AGENT_PATIENCE: std::time::Duration = std::time::Duration::from_secs(3);

/// Why something could not be done with automatic messages.
#[derive(Debug, thiserror::Error)]
pub enum AutoError {
    /// TikTok would not take the text.
    #[error("TikTok would not take the text: {0:?}")]
    Text(AutoProblem),
    /// The account has as many of this kind as TikTok allows.
    #[error("there are as many as TikTok allows")]
    TooMany,
    /// The account has this one already.
    #[error("it is there already")]
    Duplicate,
    /// TikTok is reviewing it.
    #[error("TikTok is reviewing it")]
    Reviewing,
    /// TikTok rejected it, and it can only be replaced.
    #[error("TikTok rejected it")]
    Rejected,
    /// TikTok does not delete or sort this kind.
    #[error("TikTok does not do this with this kind")]
    NotPossible,
    /// TikTok has something else by now.
    #[error("it was changed elsewhere")]
    ChangedElsewhere,
    /// The access lacks the permission; TikTok's words, if it was asked.
    #[error("not permitted")]
    NotPermitted(Words),
    /// TikTok does not offer comment-to-message to this account; its words.
    #[error("not offered here")]
    NotHere(Words),
    /// The call failed.
    #[error(transparent)]
    Call(CallError),
    /// The database did not answer.
    #[error(transparent)]
    Store(#[from] StoreError),
}

impl From<CallError> for AutoError {
    fn from(error: CallError) -> Self {
        match error {
            CallError::Refused(tiktok::Error::Refused { reason: Reason::NotPermitted, message, .. }) => {
                Self::NotPermitted(message)
            }
            error => Self::Call(error),
        }
    }
}

/// A message that TikTok did not take, with why.
#[derive(Debug)]
pub struct NotTaken {
    /// Its text.
    pub text: AutoText,
    /// Why not.
    pub error: AutoError,
}

/// Why the last questions about an account failed.
#[derive(Debug, Clone, Default)]
pub struct Trouble {
    /// About automatic messages.
    pub messages: Option<Arc<AutoError>>,
    /// About comment-to-message.
    pub comments: Option<Arc<AutoError>>,
}

/// The automatic messages of all accounts. Clones share them.
#[derive(Debug, Clone)]
pub struct AutoMessages {
    context: Context,
    /// Kept in memory: after a restart TikTok is asked at once.
    accounts: Arc<Mutex<HashMap<AccountId, Arc<AccountState>>>>,
}

/// What is remembered of one account.
#[derive(Debug, Default)]
struct AccountState {
    /// Held while the account's automatic messages are read or changed.
    exclusive: Arc<AsyncMutex<()>>,
    /// An answer to a comment was lost.
    answer_lost: Notify,
    /// When an agent last looked.
    shown: Mutex<Option<Instant>>,
    trouble: Mutex<Trouble>,
}

/// For the log: TikTok's words may quote a text.
fn kind_of(error: &AutoError) -> &'static str {
    match error {
        AutoError::Call(CallError::Offline(_)) => "offline",
        AutoError::Call(CallError::SlowDown(_)) => "slow down",
        AutoError::Call(CallError::Relink(_)) => "relink",
        AutoError::Call(CallError::Refused(_) | CallError::Stale { .. }) => "refused",
        AutoError::Call(CallError::Unknown(_)) => "unknown",
        AutoError::Call(CallError::Local(_)) | AutoError::Store(_) => "local",
        AutoError::NotPermitted(_) => "not permitted",
        AutoError::NotHere(_) => "not offered",
        AutoError::Text(_)
        | AutoError::TooMany
        | AutoError::Duplicate
        | AutoError::Reviewing
        | AutoError::Rejected
        | AutoError::NotPossible
        | AutoError::ChangedElsewhere => "not taken by our own checks",
    }
}

impl AutoMessages {
    pub(crate) fn new(context: Context) -> Self {
        Self { context, accounts: Arc::default() }
    }

    fn of(&self, id: AccountId) -> Arc<AccountState> {
        Arc::clone(lock(&self.accounts).entry(id).or_default())
    }

    async fn lock_account(&self, id: AccountId) -> OwnedMutexGuard<()> {
        let exclusive = Arc::clone(&self.of(id).exclusive);
        exclusive.lock_owned().await
    }

    /// An agent looks at an account's automatic messages: they are read soon if that was not lately, and often from now on.
    ///
    /// # Errors
    /// [`StoreError`]
    pub async fn record_shown(&self, id: AccountId) -> Result<(), StoreError> {
        let account = self.of(id);
        *lock(&account.shown) = Some(Instant::now());
        let read =
            self.context.store().read(move |sql| auto_message::kind(sql, id, AutoMessageType::ChatPrompt)).await?;
        let soon_ms = millis(self.context.timing().automatic_soon);
        let lately = self.context.clock().now_ms().saturating_sub(soon_ms);
        if read.is_none_or(|kind| kind.fetched_at_ms < lately) {
            self.context.signals().auto_messages.notify(id);
        }
        Ok(())
    }

    /// Asks TikTok for all of an account's automatic messages now. Why it failed, if it did, is [`AutoMessages::trouble`].
    pub async fn refresh(&self, id: AccountId) {
        let messages = self.clone();
        let read = self.context.run_to_end(async move { messages.read(id, Priority::Open).await }).await;
        if let Some(Err(error)) = read {
            tracing::warn!(account = id.0, why = kind_of(&error), "could not read the automatic messages");
        }
    }

    /// Why the last questions about an account's automatic messages failed, if they did.
    #[must_use]
    pub fn trouble(&self, id: AccountId) -> Trouble {
        lock(&self.of(id).trouble).clone()
    }

    /// Turns comment-to-message on or off.
    ///
    /// # Errors
    /// [`AutoError`]
    pub async fn set_comment_to_message(&self, id: AccountId, enabled: bool) -> Result<(), AutoError> {
        let messages = self.clone();
        let work = async move {
            let _exclusive = messages.lock_account_soon(id).await?;
            let business = messages.linked(id).await?;
            let set = SetDirectReply { business_id: business.remote_id.clone(), enabled };
            let answer = messages.ask(id, Priority::Open, set).await;
            // Whatever came of it: what TikTok says afterwards is what stands.
            let read = messages.read_comment_to_message(&business, Priority::Open).await;
            match (answer, read) {
                (Err(AutoError::Call(CallError::Unknown(_))), Ok(now)) if now == enabled => Ok(()),
                (Err(error), _) => Err(offered(error)),
                (Ok(_), read) => read.map(|_| ()),
            }
        };
        self.context.run_to_end(work).await.unwrap_or_else(|| Err(closing()))
    }

    /// Waits until nothing else reads or changes the account's automatic messages; fails if TikTok's rate limit would keep an
    /// agent waiting for that.
    async fn lock_account_soon(&self, id: AccountId) -> Result<OwnedMutexGuard<()>, AutoError> {
        let locked = self.lock_account(id);
        tokio::pin!(locked);
        loop {
            self.in_time()?;
            if let Ok(exclusive) = tokio::time::timeout(AGENT_PATIENCE / 3, &mut locked).await {
                return Ok(exclusive);
            }
        }
    }

    /// Whether TikTok lets us ask before an agent loses patience.
    fn in_time(&self) -> Result<(), AutoError> {
        match self.context.caller().paused().filter(|wait| *wait > AGENT_PATIENCE) {
            Some(wait) => Err(AutoError::Call(CallError::SlowDown(wait))),
            None => Ok(()),
        }
    }

    /// An account that is linked.
    async fn linked(&self, id: AccountId) -> Result<Account, AutoError> {
        let business = self.context.store().read(move |sql| account::get(sql, id)).await?;
        match &business.relink {
            Some(why) => Err(AutoError::Call(CallError::Relink(Words::from(why.as_str())))),
            None => Ok(business),
        }
    }

    /// An account that is linked, and whose access includes automatic messages.
    async fn permitted(&self, id: AccountId) -> Result<Account, AutoError> {
        let business = self.linked(id).await?;
        let scopes = &business.tokens.scopes;
        if !scopes.is_empty() && !scopes.split([',', ' ']).any(|scope| scope == SCOPE) {
            return Err(AutoError::NotPermitted(Words::default()));
        }
        Ok(business)
    }

    /// Asks TikTok, unless that would keep an agent waiting for longer than they like to.
    async fn ask<E: Endpoint + Clone>(
        &self,
        id: AccountId,
        priority: Priority,
        endpoint: E,
    ) -> Result<E::Reply, AutoError> {
        if priority >= Priority::Open {
            self.in_time()?;
        }
        Ok(self.context.caller().ask(id, priority, endpoint).await?)
    }

    fn record_trouble(&self, id: AccountId, note: impl FnOnce(&mut Trouble)) {
        let account = self.of(id);
        let mut trouble = lock(&account.trouble);
        let shown = |trouble: &Trouble| [&trouble.messages, &trouble.comments].map(|why| why.as_deref().map(kind_of));
        let before = shown(&trouble);
        note(&mut trouble);
        let changed = before != shown(&trouble);
        drop(trouble);
        if changed {
            self.context.store().announce(Change::AutoMessages { account: id });
        }
    }
}

/// TikTok offers comment-to-message only in some countries, and says so with 40118.
fn offered(error: AutoError) -> AutoError {
    match error {
        AutoError::Call(CallError::Refused(tiktok::Error::Refused {
            reason: Reason::NotAllowlisted, message, ..
        })) => AutoError::NotHere(message),
        error => error,
    }
}

fn closing() -> AutoError {
    AutoError::Call(CallError::Offline("Deskbell is being closed".to_owned()))
}

/// What can be told again of why something failed.
fn share(error: &AutoError) -> Arc<AutoError> {
    use CallError as Call;
    Arc::new(match error {
        AutoError::NotPermitted(words) => AutoError::NotPermitted(words.clone()),
        AutoError::NotHere(words) => AutoError::NotHere(words.clone()),
        AutoError::Call(Call::Offline(words)) => AutoError::Call(Call::Offline(words.clone())),
        AutoError::Call(Call::SlowDown(wait)) => AutoError::Call(Call::SlowDown(*wait)),
        AutoError::Call(Call::Relink(words)) => AutoError::Call(Call::Relink(words.clone())),
        AutoError::Call(Call::Refused(error)) => AutoError::Call(Call::Refused(error.clone())),
        AutoError::Call(Call::Unknown(error)) => AutoError::Call(Call::Unknown(error.clone())),
        // The keychain or the database: told where it happened, and it heals by itself.
        error => AutoError::Call(Call::Offline(error.to_string())),
    })
}
