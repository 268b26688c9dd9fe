//! The desk itself: a database, an engine, a host, and the commands that join them.

use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use engine::media::Hand;
use engine::timing::Timing;
use engine::webhooks::{WebhookError, WebhookOutcome};
use engine::{Config, Endpoints, Engine, SecretStore, Secrets};
use model::{AccountId, ConversationId};
use store::table::media::{self, StoredImage};
use store::table::{draft, message, unsent};
use store::{Store, StoreError};
use tokio::sync::{Notify, broadcast};
use tokio::task::AbortHandle;

use crate::changes::Signal;
use crate::host::Place;
use crate::view::{Attachment, Settings};
use crate::{Fault, FaultCode, Host, Subscription, notify, read, settings};

/// Nine computers can share TikTok's ten calls a second; a tenth would need a relay.
const MAX_COMPUTERS: u32 = 9;
/// How many signals are kept for a slow listener; one that lags further is told that everything changed.
const MAX_QUEUED_SIGNALS: usize = 1024;
/// How long a count of all messages may be reused.
const COUNT_MAX_AGE: Duration = Duration::from_secs(60);
/// Below this count, messages are counted anew each time: that takes a millisecond, and an old count would soon be wrong.
const MIN_CACHED_COUNT: u32 = 50_000;
/// How long after the start all messages are counted, so that no search waits for it.
const COUNT_DELAY: Duration = Duration::from_secs(2);
/// How long the page may take to notice that the agent wants to close Deskbell.
const PAGE_TIMEOUT: Duration = Duration::from_secs(3);
/// Larger files are not attached; no photo is that large.
const MAX_ATTACHMENT_BYTES: usize = 32 * 1024 * 1024;

/// Which desk to open. Without `endpoints` it talks to TikTok's hosts and nothing else.
#[derive(Debug, Clone)]
pub struct DeskConfig {
    /// The folder of this profile's database and pictures.
    pub data_dir: PathBuf,
    /// The program that decodes pictures: [`this_program`](crate::this_program) where its `main` begins with
    /// [`is_decoder`](crate::is_decoder).
    pub picture_decoder: PathBuf,
    /// Other hosts than TikTok's: for Practice, development and tests.
    pub endpoints: Option<Endpoints>,
    /// Whether this is Practice.
    pub practice: bool,
}

/// A desk could not be opened. Each is a sentence for the person at the computer.
#[derive(Debug, thiserror::Error)]
pub enum OpenError {
    /// The database: newer than we know, in use, damaged, or on a disk that cannot be written.
    #[error(transparent)]
    Store(#[from] store::OpenError),
    /// The engine: no network stack, no folder for pictures.
    #[error("Deskbell cannot start: {0}.")]
    Engine(String),
    /// The thread that opened the database ended early.
    #[error("Deskbell cannot start: opening the database was cut off.")]
    CutOff,
}

/// A picture for the page.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Media {
    /// `image/jpeg` or `image/png`, as Deskbell encoded it.
    pub mime: &'static str,
    /// The bytes.
    pub bytes: Vec<u8>,
}

/// A desk. Clones share it.
#[derive(Clone)]
pub struct Desk {
    shared: Arc<Shared>,
}

struct Shared {
    engine: Engine,
    host: Arc<dyn Host>,
    practice: bool,
    signals: broadcast::Sender<Signal>,
    /// The place the agent asked to see while no page listened.
    requested_place: Mutex<Option<(AccountId, Place)>>,
    tasks: Mutex<Vec<AbortHandle>>,
    message_count: Mutex<Option<(u32, Instant)>>,
    /// Whether the agent has asked to close Deskbell and has not been answered.
    departing: AtomicBool,
    /// Notified when the page has asked for the departure.
    departure_noticed: Notify,
}

impl std::fmt::Debug for Desk {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Desk").field("practice", &self.shared.practice).finish_non_exhaustive()
    }
}

impl Desk {
    /// Opens the desk and starts to work.
    ///
    /// # Errors
    /// [`OpenError`]
    pub async fn open(config: DeskConfig, host: Arc<dyn Host>) -> Result<Self, OpenError> {
        Self::open_with(config, Timing::default(), host).await
    }

    /// As [`Desk::open`], at another pace: tests do not wait ten seconds for a sweep.
    ///
    /// # Errors
    /// [`OpenError`]
    pub async fn open_with(config: DeskConfig, timing: Timing, host: Arc<dyn Host>) -> Result<Self, OpenError> {
        let folder = config.data_dir.clone();
        // What came of mending a damaged database is in the database itself, until the agent has read it.
        let (store, _mended) = tokio::task::spawn_blocking(move || Store::open_or_recover(&folder))
            .await
            .map_err(|_| OpenError::CutOff)??;
        let secrets: Arc<dyn Secrets> = host.clone();
        let secret_store = SecretStore::open(secrets).await;
        let engine_config = Config {
            folder: Engine::media_folder(&config.data_dir),
            picture_decoder: config.picture_decoder,
            endpoints: config.endpoints.unwrap_or_default(),
            timing,
        };
        let mut changes = store.changes();
        let (signals, _) = broadcast::channel(MAX_QUEUED_SIGNALS);
        let started = Engine::start(engine_config, store, secret_store).await;
        let engine = started.map_err(|error| OpenError::Engine(model::describe_error(&error)))?;
        let desk = Self {
            shared: Arc::new(Shared {
                engine,
                host,
                practice: config.practice,
                signals: signals.clone(),
                requested_place: Mutex::default(),
                tasks: Mutex::default(),
                message_count: Mutex::default(),
                departing: AtomicBool::new(false),
                departure_noticed: Notify::new(),
            }),
        };
        desk.spawn(async move {
            loop {
                let change = match changes.recv().await {
                    Ok(change) => change,
                    Err(broadcast::error::RecvError::Lagged(_)) => model::Change::Everything,
                    Err(broadcast::error::RecvError::Closed) => return,
                };
                // No page listening is fine.
                let _ = signals.send(Signal::Change(change));
            }
        });
        desk.apply_settings(&desk.settings().await);
        desk.spawn(notify::run(desk.engine().clone(), desk.shared.host.clone(), desk.shared.signals.clone()));
        desk.spawn(notify::run_comments(desk.engine().clone(), desk.shared.host.clone()));
        let counting = desk.clone();
        desk.spawn(async move {
            // The first screen goes first.
            tokio::time::sleep(COUNT_DELAY).await;
            drop(counting.count_messages().await);
        });
        Ok(desk)
    }

    /// Subscribes to events from now on. A place the agent asked to see while no page listened comes first.
    #[must_use]
    pub fn subscribe(&self) -> Subscription {
        let mut requested = self.shared.requested_place.lock().unwrap_or_else(PoisonError::into_inner);
        Subscription::new(self.shared.signals.subscribe(), requested.take())
    }

    /// The agent clicked a notification: the page shows this conversation, as soon as there is a page.
    pub fn show(&self, account: AccountId, conversation: ConversationId) {
        self.show_place(account, Place::Conversation(conversation));
    }

    /// The agent clicked a notification: the page shows this place, as soon as there is a page.
    pub fn show_place(&self, account: AccountId, place: Place) {
        // Held over the send, so that a page that begins to listen meanwhile hears of it one way or the other.
        let mut requested = self.shared.requested_place.lock().unwrap_or_else(PoisonError::into_inner);
        if self.shared.signals.send(Signal::Open(account, place)).is_err() {
            *requested = Some((account, place));
        }
    }

    /// Handles a webhook of TikTok's, given its `Tiktok-Signature` header and its body. Called by a relay, or by Practice's
    /// sandbox.
    ///
    /// # Errors
    /// [`WebhookError`]; polling makes up for a webhook that is not accepted.
    pub async fn handle_webhook(&self, signature: &str, body: &[u8]) -> Result<WebhookOutcome, WebhookError> {
        self.engine().webhooks().handle(signature, body).await
    }

    /// Reads a kept image by its key; `None` if the key is unknown.
    pub async fn media(&self, key: &str) -> Option<Media> {
        let bytes = self.engine().media().read(key).await?;
        let asked = key.to_owned();
        let mime = self.store().read(move |sql| media::mime(sql, &asked)).await.ok()??;
        self.engine().media().record_shown(key, self.engine().clock().now_ms());
        Some(Media { mime: if mime == "image/png" { "image/png" } else { "image/jpeg" }, bytes })
    }

    /// Prepares an image for TikTok and attaches it to a conversation's draft. Without a conversation it is only kept, for the
    /// saved reply that is going to name it.
    ///
    /// # Errors
    /// A [`Fault`] that says why it cannot be sent; the draft is as it was.
    pub async fn attach(
        &self,
        conversation: impl Into<Option<ConversationId>>,
        bytes: Vec<u8>,
    ) -> Result<Attachment, Fault> {
        let (engine, conversation) = (self.engine(), conversation.into());
        // TikTok is asked while the picture is decoded: neither waits for the other.
        let (kept, taken) = tokio::join!(self.keep_picture(bytes), async {
            match conversation {
                Some(conversation) => engine.outbox().takes_images(conversation).await,
                None => Ok(None),
            }
        });
        let (held, first_frame, _hand) = kept?;
        let now_ms = engine.clock().now_ms();
        let placed = match taken {
            Ok(Some(false)) => Err(Fault::new(FaultCode::ImagesNotAllowed)),
            Err(error) => Err(error.into()),
            Ok(_) => {
                let kept = held.clone();
                let placed = engine.store().write(move |tx| {
                    media::record(tx, &kept, now_ms)?;
                    match conversation {
                        Some(conversation) => draft::attach(tx, conversation, Some(kept.key), now_ms),
                        None => Ok(()),
                    }
                });
                placed.await.map_err(Fault::from)
            }
        };
        placed?;
        Ok(read::attachment(&held, first_frame))
    }

    /// Takes in a picture to be sent, and tells whether it is the first of an animation. One that the vault has as it is stays
    /// as it is, however often it comes back from a file. The hand is held until something names it.
    pub(crate) async fn keep_picture(&self, bytes: Vec<u8>) -> Result<(StoredImage, bool, Hand), Fault> {
        if bytes.len() > MAX_ATTACHMENT_BYTES {
            return Err(Fault::new(FaultCode::ImageTooLarge));
        }
        let vault = self.engine().media();
        if let Some((key, hand)) = vault.have(&bytes).await
            && let Ok(Some(held)) = self.store().read(move |sql| media::get(sql, &key)).await
        {
            return Ok((held, false, hand));
        }
        Ok(vault.keep_for_sending(bytes).await?)
    }

    /// Whether Deskbell may close at once when the agent asks it to: closing holds up no reply, or no page asks the agent in
    /// time.
    pub async fn may_close(&self) -> bool {
        let pending = self.store().read(unsent::counts).await;
        if pending.is_ok_and(|pending| !pending.needs_deskbell()) {
            return true;
        }
        let noticed = self.shared.departure_noticed.notified();
        tokio::pin!(noticed);
        noticed.as_mut().enable();
        self.shared.departing.store(true, Ordering::SeqCst);
        self.store().announce(model::Change::Departure);
        tokio::time::timeout(PAGE_TIMEOUT, noticed).await.is_err()
    }

    /// Notes that the page shows the departure; answers whether the agent has asked to close Deskbell.
    pub(crate) fn answer_departure(&self) -> bool {
        self.shared.departure_noticed.notify_waiters();
        self.shared.departing.load(Ordering::SeqCst)
    }

    /// Ends the departure: the agent decided to stay, or to hide Deskbell in the tray.
    pub(crate) fn end_departure(&self) {
        self.shared.departing.store(false, Ordering::SeqCst);
    }

    /// Finishes work in progress and closes the database.
    pub async fn close(&self) {
        self.engine().close().await;
        self.end_tasks();
    }

    /// Ends at once, as a crash would; for tests.
    pub async fn stop(&self) {
        self.engine().stop().await;
        self.end_tasks();
    }

    /// The engine underneath.
    #[must_use]
    pub fn engine(&self) -> &Engine {
        &self.shared.engine
    }

    pub(crate) fn store(&self) -> &Store {
        self.engine().store()
    }

    /// The agent's settings; the defaults while none were saved.
    pub async fn settings(&self) -> Settings {
        settings::read(self.store()).await
    }

    /// Stores the settings, and passes them on to the engine and the host.
    pub(crate) async fn save_settings(&self, settings: &Settings) -> Result<(), StoreError> {
        settings::save(self.store(), settings).await?;
        self.apply_settings(settings);
        let (host, settings) = (Arc::clone(self.host()), settings.clone());
        if let Err(error) = tokio::task::spawn_blocking(move || host.settings_changed(&settings)).await {
            tracing::error!(%error, "the host could not apply the settings");
        }
        Ok(())
    }

    /// Passes on to the engine the settings it depends on.
    fn apply_settings(&self, settings: &Settings) {
        self.engine().share_budget(settings.computers.clamp(1, MAX_COMPUTERS));
        self.engine().media().set_limit(settings.media_budget());
    }

    pub(crate) fn host(&self) -> &Arc<dyn Host> {
        &self.shared.host
    }

    pub(crate) fn practice(&self) -> bool {
        self.shared.practice
    }

    /// The number of messages; of many, as counted a while ago. The palette asks at each keystroke, and counting a million
    /// messages takes longer than finding one.
    pub(crate) async fn messages_counted(&self) -> Result<u32, StoreError> {
        let held = *self.shared.message_count.lock().unwrap_or_else(PoisonError::into_inner);
        let Some((count, at)) = held.filter(|(count, _)| *count >= MIN_CACHED_COUNT) else {
            return self.count_messages().await;
        };
        if at.elapsed() >= COUNT_MAX_AGE {
            let desk = self.clone();
            self.spawn(async move { drop(desk.count_messages().await) });
        }
        Ok(count)
    }

    async fn count_messages(&self) -> Result<u32, StoreError> {
        let count = self.store().read(message::count).await?;
        *self.shared.message_count.lock().unwrap_or_else(PoisonError::into_inner) = Some((count, Instant::now()));
        Ok(count)
    }

    fn spawn(&self, task: impl Future<Output = ()> + Send + 'static) {
        let handle = tokio::spawn(task).abort_handle();
        let mut tasks = self.shared.tasks.lock().unwrap_or_else(PoisonError::into_inner);
        tasks.retain(|task| !task.is_finished());
        tasks.push(handle);
    }

    fn end_tasks(&self) {
        for task in self.shared.tasks.lock().unwrap_or_else(PoisonError::into_inner).drain(..) {
            task.abort();
        }
    }
}

/// Where a desk with this data folder puts the films it opens, and nothing else.
#[must_use]
pub fn films_folder(data_dir: &Path) -> PathBuf {
    engine::media::video::folder(&Engine::media_folder(data_dir))
}
