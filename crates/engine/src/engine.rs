//! The engine: composes its parts, starts them and closes them, and passes on what concerns several of them.
//!
//! Every part is a struct of its own that owns its state and a [`Context`]. Nothing but `lib.rs` names this file, so that no
//! part can reach another one through it.

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use model::{AccountId, Clock};
use store::table::{account, comment};
use store::{Store, StoreError};
use tiktok::{Client, Endpoints};
use tokio::sync::mpsc;

use crate::account_tasks::AccountTasks;
use crate::automatic::AutoMessages;
use crate::automatic::comments::Comments;
use crate::call::Caller;
use crate::clock_watch::ClockWatch;
use crate::context::Context;
use crate::conversation_fetch::ConversationFetch;
use crate::events::Events;
use crate::health::HealthBoard;
use crate::linking::Linking;
use crate::maintenance::Maintenance;
use crate::media::MediaCache;
use crate::outbox::Outbox;
use crate::pace::Pace;
use crate::posts::Posts;
use crate::presence::Presence;
use crate::relay::Relay;
use crate::rules::Rules;
use crate::scheduled::ScheduledReplies;
use crate::secrets::SecretStore;
use crate::signals::Signals;
use crate::snooze::Snooze;
use crate::timing::Timing;
use crate::tokens::Tokens;
use crate::unlinking::Unlinking;
use crate::webhooks::Webhooks;

/// How long closing waits for calls that are under way.
const LAST_CALLS_TIMEOUT: Duration = Duration::from_secs(5);
/// How long closing waits for replies that could still be undone to go out.
const LAST_SENDS_TIMEOUT: Duration = Duration::from_secs(2);

/// What the engine is told at start.
#[derive(Debug, Clone)]
pub struct Config {
    /// The folder of the media cache.
    pub folder: PathBuf,
    /// The program that decodes pictures when it is started with
    /// [`DECODER_ARGUMENT`](crate::picture::decoder_process::DECODER_ARGUMENT).
    pub picture_decoder: PathBuf,
    /// The hosts that are TikTok.
    pub endpoints: Endpoints,
    /// Intervals and limits.
    pub timing: Timing,
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

/// The engine. Clones share it.
#[derive(Debug, Clone)]
pub struct Engine {
    parts: Arc<Parts>,
}

#[derive(Debug)]
struct Parts {
    context: Context,
    accounts: AccountTasks,
    outbox: Outbox,
    scheduled: ScheduledReplies,
    snooze: Snooze,
    presence: Presence,
    media: MediaCache,
    posts: Posts,
    auto_messages: AutoMessages,
    comments: Comments,
    rules: Rules,
    webhooks: Webhooks,
    relay: Relay,
    linking: Linking,
    unlinking: Unlinking,
}

impl Engine {
    /// Settles what a crash left open and starts to work.
    ///
    /// # Errors
    /// [`StartError`]
    pub async fn start(config: Config, store: Store, secrets: SecretStore) -> Result<Self, StartError> {
        let (healed, relinked) = mpsc::unbounded_channel();
        let caller = caller(&config, &store, &secrets, healed)?;
        let (signals, woken_lanes) = Signals::new();
        let context = Context::new(store, config.timing, caller, secrets, signals);
        let fetcher = ConversationFetch::new(context.clone());
        let media = MediaCache::open(context.clone(), fetcher.clone(), &config.folder, &config.picture_decoder)?;
        let outbox = Outbox::new(context.clone(), fetcher.clone(), media.clone());
        let auto_messages = AutoMessages::new(context.clone());
        let comments = Comments::new(context.clone(), auto_messages.clone());
        let webhooks = Webhooks::new(context.clone());
        let accounts = AccountTasks::new(
            context.clone(),
            fetcher.clone(),
            media.clone(),
            outbox.clone(),
            auto_messages.clone(),
            comments.clone(),
        );
        let engine = Self {
            parts: Arc::new(Parts {
                outbox,
                scheduled: ScheduledReplies::new(context.clone()),
                snooze: Snooze::new(context.clone()),
                presence: Presence::new(context.clone()),
                posts: Posts::new(context.clone(), media.clone()),
                auto_messages,
                comments,
                rules: Rules::new(context.clone()),
                relay: Relay::new(context.clone(), fetcher, accounts.clone(), webhooks.clone()),
                webhooks,
                linking: Linking::new(context.clone(), media.clone(), accounts.clone()),
                unlinking: Unlinking::new(context.clone(), media.clone(), accounts.clone()),
                media,
                accounts,
                context,
            }),
        };
        // Which accounts go through the relay is known before any of them calls.
        if let Err(error) = engine.parts.relay.resume().await {
            tracing::error!(%error, "could not open the way through the shop's relay");
        }
        engine.outbox().start(woken_lanes).await?;
        engine.resume_accounts().await?;
        engine.spawn_tasks(relinked);
        Ok(engine)
    }

    /// Settles what a crash left open of comments, and follows every linked account.
    async fn resume_accounts(&self) -> Result<(), StoreError> {
        let lost = self.store().write(comment::recover_after_crash).await?;
        if lost > 0 {
            tracing::warn!(
                count = lost,
                "the program had ended during calls that answer comments: they are unconfirmed"
            );
        }
        for account in self.store().read(account::all).await? {
            if account.unlinked_at_ms.is_none() {
                self.parts.accounts.follow(&account);
            }
        }
        Ok(())
    }

    /// Starts what runs for as long as the engine does.
    fn spawn_tasks(&self, relinked: mpsc::UnboundedReceiver<AccountId>) {
        let (parts, context) = (&self.parts, &self.parts.context);
        let tasks = context.tasks();
        tasks.spawn(self.clone().resume_relinked(relinked));
        tasks.spawn(self.clone().resume_with_network());
        tasks.spawn(self.clone().resume_with_clock());
        let pauses = context.clone();
        tasks.spawn(async move { pauses.health().announce_pauses().await });
        tasks.spawn(Maintenance::new(context.clone(), parts.unlinking.clone()).run());
        tasks.spawn(parts.snooze.clone().run());
        tasks.spawn(parts.scheduled.clone().run());
        tasks.spawn(parts.rules.clone().run());
        tasks.spawn(parts.relay.clone().run());
        tasks.spawn(parts.media.clone().maintain());
    }

    /// Resumes the work of accounts that were to be linked again and got a token after all.
    async fn resume_relinked(self, mut relinked: mpsc::UnboundedReceiver<AccountId>) {
        while let Some(id) = relinked.recv().await {
            if let Err(error) = self.parts.accounts.resume_access(id).await {
                tracing::error!(account = id.0, %error, "could not resume the work of an account");
            }
        }
    }

    /// Resumes what waited for the network whenever TikTok answers again.
    async fn resume_with_network(self) {
        loop {
            self.parts.context.signals().network_is_back.notified().await;
            self.retry_waiting().await;
        }
    }

    /// Asks TikTok at once whenever the computer woke from sleep, came to another network, or had its clock set.
    async fn resume_with_clock(self) {
        let mut watch = ClockWatch::new(self.parts.context.clone());
        loop {
            watch.resumed().await;
            self.resume_after_sleep().await;
        }
    }

    /// Sends and fetches what waited for the network.
    async fn retry_waiting(&self) {
        self.parts.outbox.retry_waiting().await;
        self.parts.media.retry_waiting().await;
    }

    /// Ends all work. Calls and renewals of tokens that are under way may finish; what is not known by then is unconfirmed at
    /// the next start.
    pub async fn close(&self) {
        let context = &self.parts.context;
        self.outbox().flush(LAST_SENDS_TIMEOUT).await;
        context.tasks().begin_closing();
        context.tasks().finish_calls(LAST_CALLS_TIMEOUT).await;
        // A pair of tokens that TikTok gives after we have gone is lost, and the account with it until it is linked again.
        context.caller().tokens().finish(LAST_CALLS_TIMEOUT).await;
        self.stop().await;
    }

    /// Ends all work at once, as a crash would, but for what the database has been told already.
    pub async fn stop(&self) {
        let context = &self.parts.context;
        context.tasks().begin_closing();
        self.linking().end();
        context.tasks().abort_all().await;
        context.caller().tokens().stop().await;
        context.store().close().await;
    }

    /// Asks TikTok at once, for every account, and tries waiting replies again.
    pub async fn sync_now(&self) {
        self.parts.context.signals().account_sync.notify_all();
        self.retry_waiting().await;
    }

    /// Like [`Engine::sync_now`], even if TikTok said that today's limit is spent: the agent asks for it.
    pub async fn sync_despite_limit(&self) {
        self.parts.context.caller().end_pause();
        self.sync_now().await;
    }

    /// Asks TikTok at once, and for the whole of its lists: the computer slept, or came to another network, and nobody knows
    /// what happened meanwhile.
    pub async fn resume_after_sleep(&self) {
        self.parts.context.signals().count_resume();
        self.sync_now().await;
    }

    /// Asks TikTok for one account as soon as it is its turn.
    pub fn sync_account(&self, account: AccountId) {
        self.parts.context.signals().account_sync.notify(account);
    }

    /// Shares the budget of the app's credential among this many computers, this one among them.
    pub fn share_budget(&self, computers: u32) {
        self.parts.context.caller().share_among(computers);
    }

    /// Whether the database was found damaged: it is recovered at the next start.
    #[must_use]
    pub fn is_damaged(&self) -> bool {
        self.store().is_damaged()
    }

    /// The folder of the media cache, below the data folder.
    #[must_use]
    pub fn media_folder(data: &Path) -> PathBuf {
        data.join("media")
    }

    /// The database.
    #[must_use]
    pub fn store(&self) -> &Store {
        self.parts.context.store()
    }

    /// Where secrets are kept.
    #[must_use]
    pub fn secrets(&self) -> &SecretStore {
        self.parts.context.secrets()
    }

    /// TikTok's time.
    #[must_use]
    pub fn clock(&self) -> &Clock {
        self.parts.context.clock()
    }

    /// How every account fares.
    #[must_use]
    pub fn health(&self) -> &HealthBoard {
        self.parts.context.health()
    }

    /// What happens, and what the agent looks at.
    #[must_use]
    pub fn events(&self) -> &Events {
        self.parts.context.events()
    }

    /// Replies on their way.
    #[must_use]
    pub fn outbox(&self) -> &Outbox {
        &self.parts.outbox
    }

    /// Replies for later.
    #[must_use]
    pub fn scheduled(&self) -> &ScheduledReplies {
        &self.parts.scheduled
    }

    /// Snoozed conversations.
    #[must_use]
    pub fn snooze(&self) -> &Snooze {
        &self.parts.snooze
    }

    /// "Typing…" and "read".
    #[must_use]
    pub fn presence(&self) -> &Presence {
        &self.parts.presence
    }

    /// Pictures and videos.
    #[must_use]
    pub fn media(&self) -> &MediaCache {
        &self.parts.media
    }

    /// The accounts' own posts.
    #[must_use]
    pub fn posts(&self) -> &Posts {
        &self.parts.posts
    }

    /// TikTok's automatic messages.
    #[must_use]
    pub fn auto_messages(&self) -> &AutoMessages {
        &self.parts.auto_messages
    }

    /// Comments of high intent.
    #[must_use]
    pub fn comments(&self) -> &Comments {
        &self.parts.comments
    }

    /// The rules at work.
    #[must_use]
    pub fn rules(&self) -> &Rules {
        &self.parts.rules
    }

    /// What TikTok pushes.
    #[must_use]
    pub fn webhooks(&self) -> &Webhooks {
        &self.parts.webhooks
    }

    /// The shop's relay.
    #[must_use]
    pub fn relay(&self) -> &Relay {
        &self.parts.relay
    }

    /// Linking accounts.
    #[must_use]
    pub fn linking(&self) -> &Linking {
        &self.parts.linking
    }

    /// Unlinking and erasing accounts.
    #[must_use]
    pub fn unlinking(&self) -> &Unlinking {
        &self.parts.unlinking
    }
}

/// The one way to call TikTok. `healed` hears of accounts that were to be linked again and have a token after all.
fn caller(
    config: &Config,
    store: &Store,
    secrets: &SecretStore,
    healed: mpsc::UnboundedSender<AccountId>,
) -> Result<Caller, tiktok::Error> {
    let timing = &config.timing;
    let timeouts = tiktok::Timeouts { total: timing.call, ..tiktok::Timeouts::default() };
    let client = Client::with_timeouts(config.endpoints.clone(), timeouts)?;
    let clock = Clock::system();
    let tokens = Tokens::new(
        store.clone(),
        secrets.clone(),
        client.clone(),
        clock.clone(),
        timing.backoff_most,
        timing.renew_floor,
        healed,
    );
    Ok(Caller::new(client, tokens, Pace::new(timing.budget, timing.rate_pause), clock))
}
