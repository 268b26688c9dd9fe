//! TikTok's automatic messages: read now and then, changed when the agent says so, and whatever is on disk is what TikTok
//! said last.
//!
//! Before a change the kind is read, so that nothing is overwritten that the agent has not seen; after it the kind is read
//! again. No change is ever made twice: an answer that was lost is settled by that reading.

mod change;
pub mod comments;
mod hold;
mod plan;
mod reading;
mod several;
mod words;

pub(crate) use reading::run;
pub(crate) use words::audit;

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};

use model::{AccountId, AutoMessageType, AutoProblem, AutoText, Change};
use store::StoreError;
use store::table::account::{self, Account};
use store::table::auto_message;
use tiktok::business::direct_reply::SetDirectReply;
use tiktok::{Endpoint, Reason, Words};
use tokio::sync::{Notify, OwnedMutexGuard, oneshot};
use tokio::time::Instant;

use crate::call::CallError;
use crate::engine::Engine;
use crate::pace::Priority;

/// The permission that all of this needs.
const SCOPE: &str = "message.list.manage";
/// An agent waits this long for TikTok's budget; for longer they are told so instead.
const PATIENCE: std::time::Duration = std::time::Duration::from_secs(3);

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
    /// What it would have said.
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

/// What is remembered of each account. In memory: after a restart TikTok is asked at once.
#[derive(Debug, Default)]
pub(crate) struct Automatic {
    accounts: Mutex<HashMap<AccountId, Arc<Entry>>>,
}

#[derive(Debug, Default)]
struct Entry {
    /// Whoever reads or changes an account's automatic messages does so alone.
    one: Arc<tokio::sync::Mutex<()>>,
    woken: Notify,
    /// An answer to a comment was lost.
    lost: Notify,
    /// When an agent last looked.
    shown: Mutex<Option<Instant>>,
    trouble: Mutex<Trouble>,
}

impl Automatic {
    fn of(&self, id: AccountId) -> Arc<Entry> {
        Arc::clone(self.accounts.lock().unwrap_or_else(PoisonError::into_inner).entry(id).or_default())
    }

    /// Something happened at TikTok: the account is read soon.
    pub(crate) fn wake(&self, id: AccountId) {
        self.of(id).woken.notify_one();
    }

    async fn alone(&self, id: AccountId) -> OwnedMutexGuard<()> {
        let one = Arc::clone(&self.of(id).one);
        one.lock_owned().await
    }
}

/// For the log: TikTok's words may quote a text.
fn kind_of(error: &AutoError) -> &'static str {
    match error {
        AutoError::Call(CallError::Offline(_)) => "offline",
        AutoError::Call(CallError::SlowDown(_)) => "slow down",
        AutoError::Call(CallError::Relink(_)) => "relink",
        AutoError::Call(CallError::Refused(_)) => "refused",
        AutoError::Call(CallError::Unknown(_)) => "unknown",
        AutoError::Call(CallError::Local(_)) | AutoError::Store(_) => "local",
        AutoError::NotPermitted(_) => "not permitted",
        AutoError::NotHere(_) => "not offered",
        _ => "checked",
    }
}

impl Engine {
    /// An agent looks at an account's automatic messages: they are read soon if that was not lately, and often from now on.
    ///
    /// # Errors
    /// [`StoreError`]
    pub async fn show_automatic(&self, id: AccountId) -> Result<(), StoreError> {
        let entry = self.automatic().of(id);
        *entry.shown.lock().unwrap_or_else(PoisonError::into_inner) = Some(Instant::now());
        let read = self.store().read(move |sql| auto_message::kind(sql, id, AutoMessageType::ChatPrompt)).await?;
        let soon_ms = i64::try_from(self.timing().automatic_soon.as_millis()).unwrap_or(i64::MAX);
        let lately = self.clock().now_ms().saturating_sub(soon_ms);
        if read.is_none_or(|kind| kind.fetched_at_ms < lately) {
            entry.woken.notify_one();
        }
        Ok(())
    }

    /// Asks TikTok for all of an account's automatic messages now. Why it failed, if it did, is [`Engine::auto_trouble`].
    pub async fn refresh_automatic(&self, id: AccountId) {
        let engine = self.clone();
        let read = self.see_through(async move { engine.read_automatic(id, Priority::Open).await }).await;
        if let Some(Err(error)) = read {
            tracing::warn!(account = id.0, why = kind_of(&error), "automatic.not_read");
        }
    }

    /// Why the last questions about an account's automatic messages failed, if they did.
    #[must_use]
    pub fn auto_trouble(&self, id: AccountId) -> Trouble {
        self.automatic().of(id).trouble.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// Turns comment-to-message on or off.
    ///
    /// # Errors
    /// [`AutoError`]
    pub async fn set_comment_to_message(&self, id: AccountId, enabled: bool) -> Result<(), AutoError> {
        let engine = self.clone();
        self.see_through(async move {
            let _alone = engine.alone_soon(id).await?;
            let business = engine.linked(id).await?;
            let set = SetDirectReply { business_id: business.remote_id.clone(), enabled };
            let answer = engine.ask_automatic(id, Priority::Open, set).await;
            // Whatever came of it: what TikTok says afterwards is what stands.
            let read = engine.read_comment_to_message(&business, Priority::Open).await;
            match (answer, read) {
                (Err(AutoError::Call(CallError::Unknown(_))), Ok(now)) if now == enabled => Ok(()),
                (Err(error), _) => Err(offered(error)),
                (Ok(_), read) => read.map(|_| ()),
            }
        })
        .await
        .unwrap_or_else(|| Err(closing()))
    }

    /// What is to be seen through whatever becomes of whoever waits for it.
    async fn see_through<T: Send + 'static>(&self, work: impl Future<Output = T> + Send + 'static) -> Option<T> {
        let (done, answer) = oneshot::channel();
        let engine = self.clone();
        self.spawn(async move {
            if let Some(_in_call) = engine.begin_call() {
                // Nobody waiting is fine.
                let _ = done.send(work.await);
            }
        })?;
        answer.await.ok()
    }

    /// Nobody else of this Deskbell has to do with the account's automatic messages; unless an agent would have to wait for
    /// that because TikTok makes us wait.
    async fn alone_soon(&self, id: AccountId) -> Result<OwnedMutexGuard<()>, AutoError> {
        let alone = self.automatic().alone(id);
        tokio::pin!(alone);
        loop {
            self.in_time()?;
            if let Ok(alone) = tokio::time::timeout(PATIENCE / 3, &mut alone).await {
                return Ok(alone);
            }
        }
    }

    /// Whether TikTok lets us ask before an agent loses patience.
    fn in_time(&self) -> Result<(), AutoError> {
        match self.caller().paused().filter(|wait| *wait > PATIENCE) {
            Some(wait) => Err(AutoError::Call(CallError::SlowDown(wait))),
            None => Ok(()),
        }
    }

    /// An account that is linked.
    async fn linked(&self, id: AccountId) -> Result<Account, AutoError> {
        let business = self.store().read(move |sql| account::get(sql, id)).await?;
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
    async fn ask_automatic<E: Endpoint + Clone>(
        &self,
        id: AccountId,
        priority: Priority,
        endpoint: E,
    ) -> Result<E::Reply, AutoError> {
        if priority >= Priority::Open {
            self.in_time()?;
        }
        Ok(self.caller().ask(id, priority, endpoint).await?)
    }

    fn note_trouble(&self, id: AccountId, note: impl FnOnce(&mut Trouble)) {
        let entry = self.automatic().of(id);
        let mut trouble = entry.trouble.lock().unwrap_or_else(PoisonError::into_inner);
        let shown = |trouble: &Trouble| [&trouble.messages, &trouble.comments].map(|why| why.as_deref().map(kind_of));
        let before = shown(&trouble);
        note(&mut trouble);
        let changed = before != shown(&trouble);
        drop(trouble);
        if changed {
            self.store().announce(Change::AutoMessages { account: id });
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
