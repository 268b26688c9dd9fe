//! The engine: one loop for each linked account, one outbox, one way to call TikTok, and what they share.

use std::collections::HashMap;
use std::future::Future;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, AtomicU64, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use model::{AccountId, Clock, CommentId, ConversationId, Delivery, MessageId};
use store::table::account::{self, Account};
use store::table::comment;
use store::{Store, StoreError};
use tiktok::{Client, Endpoints};
use tokio::sync::{Mutex as AsyncMutex, MutexGuard, Notify, broadcast, mpsc, watch};
use tokio::task::{AbortHandle, JoinSet};

use crate::automatic::{self, Automatic};
use crate::call::Caller;
use crate::fresh::Fresh;
use crate::health::HealthBoard;
use crate::link::Link;
use crate::media::MediaVault;
use crate::outbox::Outbox;
use crate::pace::Pace;
use crate::secrets::Vault;
use crate::signs::Signs;
use crate::source::tiktok::TikTok;
use crate::sync::{AccountLoop, Attention};
use crate::timing::Timing;
use crate::tokens::Tokens;
use crate::{health, rules, snooze, tidy, wake};

/// How long closing waits for calls that are under way.
const LAST_CALLS: Duration = Duration::from_secs(5);
/// How long closing waits for replies that could still be undone to go out.
const LAST_SENDS: Duration = Duration::from_secs(2);
/// News a slow listener may lag behind; it then misses notifications, nothing else.
const ARRIVALS_KEPT: usize = 256;

/// What the engine is told at start.
#[derive(Debug, Clone)]
pub struct Config {
    /// Where pictures are kept.
    pub folder: PathBuf,
    /// The program that decodes them when it is started with
    /// [`DECODER_ARGUMENT`](crate::picture::decoder_process::DECODER_ARGUMENT).
    pub picture_decoder: PathBuf,
    /// Which hosts are TikTok.
    pub endpoints: Endpoints,
    /// Its intervals.
    pub timing: Timing,
}

/// A customer's message arrived. Those of an account's first fetch are not told of.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Arrival {
    /// For which account.
    pub account: AccountId,
    /// In which conversation.
    pub conversation: ConversationId,
    /// Which message.
    pub message: MessageId,
}

/// A rule wants the agent to know of a customer's message.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Alert {
    /// Which message.
    pub arrival: Arrival,
    /// Whether it is because nobody has answered it, and not because it has just arrived.
    pub waited: bool,
}

/// A reply came to rest without having been sent, or without being known to be: the agent, who may be anywhere by now, is to
/// hear of it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NotSent {
    /// For which account.
    pub account: AccountId,
    /// In which conversation.
    pub conversation: ConversationId,
    /// How it stands: stopped, refused, or never confirmed.
    pub delivery: Delivery,
}

/// The engine. Clones share it.
#[derive(Debug, Clone)]
pub struct Engine {
    shared: Arc<Shared>,
}

#[derive(Debug)]
struct Shared {
    store: Store,
    vault: Vault,
    caller: Caller,
    clock: Clock,
    timing: Timing,
    health: HealthBoard,
    outbox: Outbox,
    fresh: Fresh,
    signs: Signs,
    automatic: Automatic,
    later: Notify,
    snoozed: Notify,
    ruled: Notify,
    media: MediaVault,
    link: Link,
    attention: watch::Sender<Attention>,
    arrivals: broadcast::Sender<Arrival>,
    alerts: broadcast::Sender<Alert>,
    not_sent: broadcast::Sender<NotSent>,
    comments: broadcast::Sender<(AccountId, CommentId)>,
    prompts: Mutex<HashMap<AccountId, Arc<Notify>>>,
    /// What works for each account.
    followers: Mutex<HashMap<AccountId, Following>>,
    /// Held while what an erased account left behind is removed: once is enough.
    erasing: AsyncMutex<()>,
    tasks: Mutex<JoinSet<()>>,
    closing: AtomicBool,
    much_written: AtomicBool,
    woken: AtomicU64,
    calls: AtomicUsize,
}

/// What works for an account, and what tells when none of it is left.
#[derive(Debug)]
struct Following {
    tasks: Vec<AbortHandle>,
    ended: mpsc::Receiver<()>,
}

/// A send is under way; closing waits for it.
pub(crate) struct InCall<'a>(&'a AtomicUsize);

impl Drop for InCall<'_> {
    fn drop(&mut self) {
        self.0.fetch_sub(1, Ordering::SeqCst);
    }
}

/// The engine could not be started.
#[derive(Debug, thiserror::Error)]
pub enum StartError {
    /// The system's TLS or network could not be set up.
    #[error("the network cannot be used")]
    Network(#[from] tiktok::Error),
    /// The database did not answer.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// The folder for pictures could not be made.
    #[error("the folder for pictures cannot be made")]
    Media(#[from] std::io::Error),
}

impl Engine {
    /// Settles what a crash left open and starts to work.
    ///
    /// # Errors
    /// [`StartError`]
    pub async fn start(config: Config, store: Store, vault: Vault) -> Result<Self, StartError> {
        let media = MediaVault::open(&config)?;
        let timeouts = tiktok::Timeouts { total: config.timing.call, ..tiktok::Timeouts::default() };
        let client = Client::with_timeouts(config.endpoints, timeouts)?;
        let clock = Clock::system();
        let (healed, hears_of_healed) = mpsc::unbounded_channel();
        let tokens = Tokens::new(
            store.clone(),
            vault.clone(),
            client.clone(),
            clock.clone(),
            config.timing.backoff_most,
            config.timing.renew_floor,
            healed,
        );
        let caller =
            Caller::new(client, tokens, Pace::new(config.timing.budget, config.timing.rate_pause), clock.clone());
        let engine = Self {
            shared: Arc::new(Shared {
                health: HealthBoard::new(store.clone()),
                media,
                store,
                vault,
                caller,
                clock,
                timing: config.timing,
                outbox: Outbox::default(),
                fresh: Fresh::default(),
                signs: Signs::default(),
                automatic: Automatic::default(),
                later: Notify::new(),
                snoozed: Notify::new(),
                ruled: Notify::new(),
                link: Link::default(),
                attention: watch::Sender::new(Attention::default()),
                arrivals: broadcast::channel(ARRIVALS_KEPT).0,
                alerts: broadcast::channel(ARRIVALS_KEPT).0,
                not_sent: broadcast::channel(ARRIVALS_KEPT).0,
                comments: broadcast::channel(ARRIVALS_KEPT).0,
                prompts: Mutex::default(),
                followers: Mutex::default(),
                erasing: AsyncMutex::default(),
                tasks: Mutex::default(),
                closing: AtomicBool::new(false),
                much_written: AtomicBool::new(false),
                woken: AtomicU64::new(0),
                calls: AtomicUsize::new(0),
            }),
        };
        engine.outbox().start(&engine).await?;
        let lost = engine.store().write(comment::recover_after_crash).await?;
        if lost > 0 {
            tracing::warn!(count = lost, "comments.recovered");
        }
        for account in engine.store().read(account::all).await? {
            if account.unlinked_at_ms.is_none() {
                engine.follow(&account);
            }
        }
        engine.spawn(engine.clone().wake_healed(hears_of_healed));
        engine.spawn(wake::run(engine.clone()));
        engine.spawn(health::tell_pauses(engine.clone()));
        engine.spawn(tidy::run(engine.clone()));
        engine.spawn(snooze::run(engine.clone()));
        engine.spawn(rules::run(engine.clone()));
        let task = engine.clone();
        engine.spawn(async move { task.media().look_after(&task).await });
        Ok(engine)
    }

    /// Begins to follow an account, unless it is followed already.
    pub(crate) fn follow(&self, account: &Account) {
        let id = account.id;
        let mut followers = self.shared.followers.lock().unwrap_or_else(PoisonError::into_inner);
        if followers.contains_key(&id) {
            return;
        }
        let (alive, ended) = mpsc::channel(1);
        let engine = self.clone();
        let tasks = [
            self.spawn_while(&alive, AccountLoop::new(self.clone(), account, self.source(account)).run()),
            self.spawn_while(&alive, async move { engine.media().run(&engine, id).await }),
            self.spawn_while(&alive, automatic::run(self.clone(), id)),
            self.spawn_while(&alive, automatic::comments::run(self.clone(), id)),
        ];
        followers.insert(id, Following { tasks: tasks.into_iter().flatten().collect(), ended });
    }

    /// Runs a task that keeps this until nothing of it is left.
    fn spawn_while(
        &self,
        alive: &mpsc::Sender<()>,
        task: impl Future<Output = ()> + Send + 'static,
    ) -> Option<AbortHandle> {
        let alive = alive.clone();
        self.spawn(async move {
            let _alive = alive;
            task.await;
        })
    }

    /// Follows an account no longer. Nothing that did is left when this returns, nor does it hold a picture.
    pub(crate) async fn unfollow(&self, id: AccountId) {
        let following = self.shared.followers.lock().unwrap_or_else(PoisonError::into_inner).remove(&id);
        let Some(mut following) = following else { return };
        for task in following.tasks {
            task.abort();
        }
        // Nobody ever sends: it ends with the last of them.
        let _ = following.ended.recv().await;
    }

    /// An account has access again: all that slept because it had none goes on.
    ///
    /// # Errors
    /// [`StoreError`]
    pub(crate) async fn has_access_again(&self, id: AccountId) -> Result<(), StoreError> {
        self.prompt(id).notify_one();
        self.automatic().wake(id);
        self.media().network_is_back(self).await;
        self.outbox().wake_all(self).await
    }

    /// Wakes accounts that were to be linked again and got a token after all, for as long as the engine runs.
    async fn wake_healed(self, mut healed: mpsc::UnboundedReceiver<AccountId>) {
        while let Some(id) = healed.recv().await {
            if let Err(error) = self.has_access_again(id).await {
                tracing::error!(account = id.0, %error, "engine.not_woken");
            }
        }
    }

    /// Where an account's news come from.
    pub(crate) fn source(&self, account: &Account) -> TikTok {
        TikTok::new(self.caller().clone(), account.id, account.remote_id.clone())
    }

    /// Ends all work. Calls and renewals of tokens that are under way may finish; what is not known by then is unconfirmed at the next start.
    pub async fn close(&self) {
        self.outbox().flush(self, LAST_SENDS).await;
        self.shared.closing.store(true, Ordering::SeqCst);
        let deadline = tokio::time::Instant::now() + LAST_CALLS;
        while self.shared.calls.load(Ordering::SeqCst) > 0 && tokio::time::Instant::now() < deadline {
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
        // A pair of tokens that TikTok gives after we have gone is lost, and the account with it until it is linked again.
        self.caller().tokens().finish(LAST_CALLS).await;
        self.stop().await;
    }

    /// Ends all work at once, as a crash would, but for what the database has been told already.
    pub async fn stop(&self) {
        self.shared.closing.store(true, Ordering::SeqCst);
        self.link().end();
        let mut tasks = std::mem::take(&mut *self.shared.tasks.lock().unwrap_or_else(PoisonError::into_inner));
        tasks.shutdown().await;
        self.caller().tokens().stop().await;
        self.store().close().await;
    }

    /// Asks TikTok at once, for every account, and tries waiting replies again.
    pub async fn sync_now(&self) {
        for prompt in self.shared.prompts.lock().unwrap_or_else(PoisonError::into_inner).values() {
            prompt.notify_one();
        }
        self.outbox().network_is_back(self).await;
        self.media().network_is_back(self).await;
    }

    /// As [`Engine::sync_now`], because the agent wants it: even if TikTok said that today is over.
    pub async fn insist(&self) {
        self.caller().go_on();
        self.sync_now().await;
    }

    /// The computer slept, or came to another network: nobody knows what happened meanwhile, so TikTok is asked at once,
    /// and for the whole of its lists.
    pub async fn woke(&self) {
        self.shared.woken.fetch_add(1, Ordering::Relaxed);
        self.sync_now().await;
    }

    /// How often it woke.
    pub(crate) fn times_woken(&self) -> u64 {
        self.shared.woken.load(Ordering::Relaxed)
    }

    /// So many computers answer with the same app's credential, this one among them.
    pub fn share_budget(&self, computers: u32) {
        self.caller().share_among(computers);
    }

    /// Looks again at what there is to do for an account.
    pub fn go_on(&self, account: AccountId) {
        self.prompt(account).notify_one();
    }

    /// Where the agent is.
    pub fn attend(&self, attention: Attention) {
        self.shared.attention.send_if_modified(|known| {
            let changed = *known != attention;
            *known = attention;
            changed
        });
    }

    /// Hears where the agent is.
    #[must_use]
    pub fn attention(&self) -> watch::Receiver<Attention> {
        self.shared.attention.subscribe()
    }

    /// Hears of customers' messages as they arrive.
    #[must_use]
    pub fn arrivals(&self) -> broadcast::Receiver<Arrival> {
        self.shared.arrivals.subscribe()
    }

    /// Hears of what rules want the agent to know.
    #[must_use]
    pub fn alerts(&self) -> broadcast::Receiver<Alert> {
        self.shared.alerts.subscribe()
    }

    /// Hears of replies that came to rest unsent.
    #[must_use]
    pub fn not_sent(&self) -> broadcast::Receiver<NotSent> {
        self.shared.not_sent.subscribe()
    }

    /// Hears of comments that have just arrived, each with its account.
    #[must_use]
    pub fn comment_arrivals(&self) -> broadcast::Receiver<(AccountId, CommentId)> {
        self.shared.comments.subscribe()
    }

    pub(crate) fn announce_comment(&self, account: AccountId, comment: CommentId) {
        // Nobody listening is fine.
        let _ = self.shared.comments.send((account, comment));
    }

    /// The rules or what they wait for have changed: they look again.
    pub fn look_by_rule(&self) {
        self.shared.ruled.notify_one();
    }

    /// The database.
    #[must_use]
    pub fn store(&self) -> &Store {
        &self.shared.store
    }

    /// Where secrets are kept.
    #[must_use]
    pub fn vault(&self) -> &Vault {
        &self.shared.vault
    }

    /// TikTok's time.
    #[must_use]
    pub fn clock(&self) -> &Clock {
        &self.shared.clock
    }

    /// How every account fares.
    #[must_use]
    pub fn health(&self) -> &HealthBoard {
        &self.shared.health
    }

    /// Linking an account.
    #[must_use]
    pub fn link(&self) -> &Link {
        &self.shared.link
    }

    /// The pictures.
    #[must_use]
    pub fn media(&self) -> &MediaVault {
        &self.shared.media
    }

    pub(crate) fn outbox(&self) -> &Outbox {
        &self.shared.outbox
    }

    /// What was read lately.
    pub(crate) fn fresh(&self) -> &Fresh {
        &self.shared.fresh
    }

    /// Typing signs.
    pub(crate) fn signs(&self) -> &Signs {
        &self.shared.signs
    }

    /// Automatic messages.
    pub(crate) fn automatic(&self) -> &Automatic {
        &self.shared.automatic
    }

    /// Rings when the scheduled replies have changed.
    pub(crate) fn later(&self) -> &Notify {
        &self.shared.later
    }

    /// Rings when what is put away has changed.
    pub(crate) fn snoozed(&self) -> &Notify {
        &self.shared.snoozed
    }

    /// Rings when a message is due for the rules.
    pub(crate) fn ruled(&self) -> &Notify {
        &self.shared.ruled
    }

    /// Whoever removes what an erased account left behind is the only one to.
    pub(crate) async fn erasing(&self) -> MutexGuard<'_, ()> {
        self.shared.erasing.lock().await
    }

    pub(crate) fn caller(&self) -> &Caller {
        &self.shared.caller
    }

    pub(crate) fn timing(&self) -> &Timing {
        &self.shared.timing
    }

    pub(crate) fn announce(&self, arrival: Arrival) {
        // Nobody listening is fine.
        let _ = self.shared.arrivals.send(arrival);
    }

    pub(crate) fn alert(&self, alert: Alert) {
        // Nobody listening is fine.
        let _ = self.shared.alerts.send(alert);
    }

    pub(crate) fn tell_not_sent(&self, not_sent: NotSent) {
        // Nobody listening is fine.
        let _ = self.shared.not_sent.send(not_sent);
    }

    /// What ends an account's wait.
    pub(crate) fn prompt(&self, account: AccountId) -> Arc<Notify> {
        Arc::clone(self.shared.prompts.lock().unwrap_or_else(PoisonError::into_inner).entry(account).or_default())
    }

    /// Whether the database was found damaged: it is mended at the next start.
    #[must_use]
    pub fn is_damaged(&self) -> bool {
        self.store().is_damaged()
    }

    /// A first fetch or a new index has ended: the index is to be merged.
    pub(crate) fn much_was_written(&self) {
        self.shared.much_written.store(true, Ordering::Relaxed);
    }

    /// Whether the index is to be merged; says so once.
    pub(crate) fn was_much_written(&self) -> bool {
        self.shared.much_written.swap(false, Ordering::Relaxed)
    }

    /// Begins a call that closing waits for; none once closing.
    pub(crate) fn begin_call(&self) -> Option<InCall<'_>> {
        self.shared.calls.fetch_add(1, Ordering::SeqCst);
        let call = InCall(&self.shared.calls);
        (!self.shared.closing.load(Ordering::SeqCst)).then_some(call)
    }

    /// Runs a task until it ends or the engine does; not at all once closing.
    pub(crate) fn spawn(&self, task: impl Future<Output = ()> + Send + 'static) -> Option<AbortHandle> {
        let mut tasks = self.shared.tasks.lock().unwrap_or_else(PoisonError::into_inner);
        if self.shared.closing.load(Ordering::SeqCst) {
            return None;
        }
        // Ended tasks would pile up otherwise.
        while tasks.try_join_next().is_some() {}
        Some(tasks.spawn(task))
    }

    /// The folder a vault of pictures lives in, below the data folder.
    #[must_use]
    pub fn media_folder(data: &Path) -> PathBuf {
        data.join("media")
    }
}
