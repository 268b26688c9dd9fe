//! Pictures that outlive their links: fetched once, re-encoded, kept on disk under their content's hash.
//!
//! TikTok's links die within a day, a sticker's within a month, so a picture is fetched when its message arrives. The
//! bytes are a stranger's: sniffed, decoded with limits off the async threads, and only our own re-encoding is ever
//! handed to the page.

use std::collections::HashMap;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use model::{AccountId, Change, Content, MediaState};
use store::table::media::{self, Held, Order, Wanted};
use store::table::{account, conversation, message, person};
use tiktok::business::media::{DownloadLink, MediaType};
use tokio::sync::{Notify, Semaphore};

use crate::call::CallError;
use crate::engine::Engine;
use crate::pace::Priority;
use crate::picture::{self, Picture, Problem};

/// Nothing larger is fetched.
const MOST_BYTES: usize = 10 * 1024 * 1024;
/// An order that failed this often is given up.
const ATTEMPTS: u32 = 8;

/// Why a picture is not kept.
#[derive(Debug, thiserror::Error)]
pub enum PictureError {
    /// It is not one we take.
    #[error(transparent)]
    Problem(#[from] Problem),
    /// It could not be written.
    #[error("the picture could not be written: {0}")]
    Disk(#[from] std::io::Error),
}

/// The pictures on disk.
#[derive(Debug)]
pub struct MediaVault {
    folder: PathBuf,
    decoding: Arc<Semaphore>,
    woken: Mutex<HashMap<AccountId, Arc<Notify>>>,
}

impl MediaVault {
    /// Opens the folder, making it as needed.
    ///
    /// # Errors
    /// When it cannot be made.
    pub fn open(folder: &Path) -> std::io::Result<Self> {
        std::fs::create_dir_all(folder)?;
        Ok(Self { folder: folder.to_owned(), decoding: Arc::new(Semaphore::new(1)), woken: Mutex::default() })
    }

    /// Takes a stranger's bytes in: decoded, turned upright, re-encoded, written.
    ///
    /// # Errors
    /// [`PictureError`]
    pub async fn keep(&self, bytes: Vec<u8>) -> Result<Held, PictureError> {
        Ok(self.take(bytes, picture::for_keeping).await?.0)
    }

    /// Takes an agent's picture in, as TikTok will get it. Also tells whether it is the first of an animation.
    ///
    /// # Errors
    /// [`PictureError`]
    pub async fn keep_for_sending(&self, bytes: Vec<u8>) -> Result<(Held, bool), PictureError> {
        self.take(bytes, picture::for_sending).await
    }

    /// One at a time: decoding may need a lot of memory.
    async fn take(
        &self,
        bytes: Vec<u8>,
        make: fn(&[u8]) -> Result<Picture, Problem>,
    ) -> Result<(Held, bool), PictureError> {
        let folder = self.folder.clone();
        let permit = Arc::clone(&self.decoding).acquire_owned().await;
        let kept = tokio::task::spawn_blocking(move || {
            let _permit = permit;
            let made = make(&bytes)?;
            write(&folder, &made.held.key, &made.bytes)?;
            Ok((made.held, made.first_frame))
        });
        kept.await.unwrap_or_else(|_| Err(Problem::Broken("decoding failed".to_owned()).into()))
    }

    /// The bytes of a kept picture. The key must be one of ours; anything else is nothing.
    pub async fn read(&self, key: &str) -> Option<Vec<u8>> {
        let hex = key.len() == 64 && key.bytes().all(|byte| byte.is_ascii_digit() || (b'a'..=b'f').contains(&byte));
        if !hex {
            return None;
        }
        tokio::fs::read(path(&self.folder, key)?).await.ok()
    }

    /// There are orders to fetch.
    pub(crate) fn wake(&self, account: AccountId) {
        self.bell(account).notify_one();
    }

    fn bell(&self, account: AccountId) -> Arc<Notify> {
        Arc::clone(self.woken.lock().unwrap_or_else(PoisonError::into_inner).entry(account).or_default())
    }

    /// Fetches what is ordered for an account, for as long as the engine runs.
    pub(crate) async fn run(&self, engine: &Engine, account: AccountId) {
        let bell = self.bell(account);
        loop {
            let now_ms = engine.clock().now_ms();
            let due = engine.store().read(move |sql| media::due(sql, account, now_ms, 20)).await;
            let orders = due.unwrap_or_else(|error| {
                tracing::error!(%error, "media.orders_unread");
                Vec::new()
            });
            let idle = orders.is_empty();
            let mut pause = Duration::from_secs(60);
            for order in orders {
                match self.fill(engine, order).await {
                    Ok(()) => {}
                    Err(wait) => {
                        pause = wait;
                        break;
                    }
                }
            }
            if idle || pause < Duration::from_secs(60) {
                tokio::select! {
                    () = bell.notified() => {}
                    () = tokio::time::sleep(pause) => {}
                }
            }
        }
    }

    /// Fills one order, or says how long to leave all of them alone.
    async fn fill(&self, engine: &Engine, order: Order) -> Result<(), Duration> {
        let outcome = match order.wanted {
            Wanted::Message(_) => self.fetch_of_message(engine, order).await,
            Wanted::Avatar(_) => self.fetch_avatar(engine, order).await,
        };
        let result = match outcome {
            Ok(held) => engine.store().write(move |tx| settle(tx, order, held.as_ref())).await,
            Err(Failed::Later(wait)) if order.attempt < ATTEMPTS => {
                let until_ms = engine.clock().now_ms() + i64::from(order.attempt + 1) * 30_000;
                let postponed = engine.store().write(move |tx| media::postpone(tx, order.id, until_ms)).await;
                if let (Some(wait), Ok(())) = (wait, &postponed) {
                    return Err(wait);
                }
                postponed
            }
            Err(Failed::Later(_) | Failed::Never) => engine.store().write(move |tx| settle(tx, order, None)).await,
        };
        if let Err(error) = result {
            tracing::error!(%error, "media.not_settled");
            return Err(Duration::from_secs(10));
        }
        Ok(())
    }

    async fn fetch_of_message(&self, engine: &Engine, order: Order) -> Result<Option<Held>, Failed> {
        let Wanted::Message(id) = order.wanted else { return Ok(None) };
        let found = engine
            .store()
            .read(move |sql| {
                let message = message::get(sql, id)?;
                let conversation = conversation::get(sql, message.conversation)?;
                Ok((account::get(sql, order.account)?, conversation.remote_id, message))
            })
            .await;
        let Ok((business, conversation_id, message)) = found else { return Err(Failed::Never) };
        match message.content {
            Content::Image { media_id, .. } => {
                let question = DownloadLink {
                    business_id: business.remote_id,
                    conversation_id,
                    message_id: message.remote_id.unwrap_or_default(),
                    media_id,
                    media_type: MediaType::Image,
                };
                let link = engine.caller().ask(order.account, Priority::Backfill, question).await?;
                let token = engine.caller().token(order.account).await?;
                self.fetch(engine, &link.download_url, Some(&token)).await.map(Some)
            }
            Content::Sticker { url, .. } => self.fetch(engine, &url, None).await.map(Some),
            _ => Ok(None),
        }
    }

    async fn fetch_avatar(&self, engine: &Engine, order: Order) -> Result<Option<Held>, Failed> {
        let Wanted::Avatar(id) = order.wanted else { return Ok(None) };
        let url = engine.store().read(move |sql| person::avatar_url(sql, id)).await.map_err(|_| Failed::Never)?;
        match url {
            Some(url) => self.fetch(engine, &url, None).await.map(Some),
            None => Ok(None),
        }
    }

    /// Fetches and keeps one picture.
    pub(crate) async fn fetch(
        &self,
        engine: &Engine,
        url: &str,
        token: Option<&tiktok::AccessToken>,
    ) -> Result<Held, Failed> {
        use tiktok::MediaError;
        let bytes = match engine.caller().client().fetch_media(url, token, MOST_BYTES).await {
            Ok(bytes) => bytes,
            Err(MediaError::Later { .. }) => return Err(Failed::Later(None)),
            Err(error @ (MediaError::NotAllowed(_) | MediaError::Expired { .. } | MediaError::TooLarge { .. })) => {
                tracing::warn!(%error, "media.refused");
                return Err(Failed::Never);
            }
        };
        let held = match self.keep(bytes.to_vec()).await {
            Ok(held) => held,
            Err(PictureError::Problem(problem)) => {
                tracing::warn!(%problem, "media.not_a_picture");
                return Err(Failed::Never);
            }
            Err(PictureError::Disk(error)) => {
                tracing::error!(%error, "media.not_written");
                return Err(Failed::Later(None));
            }
        };
        let (kept, now_ms) = (held.clone(), engine.clock().now_ms());
        engine.store().write(move |tx| media::hold(tx, &kept, now_ms)).await.map_err(|_| Failed::Later(None))?;
        Ok(held)
    }
}

/// Why a picture did not come.
#[derive(Debug)]
pub(crate) enum Failed {
    /// Try again, all of them after this wait if there is one.
    Later(Option<Duration>),
    /// It never will.
    Never,
}

impl From<CallError> for Failed {
    fn from(error: CallError) -> Self {
        match error {
            CallError::SlowDown(wait) => Self::Later(Some(wait)),
            CallError::Offline(_) | CallError::Relink(_) | CallError::Local(_) => {
                Self::Later(Some(Duration::from_secs(30)))
            }
            CallError::Unknown(_) => Self::Later(None),
            // The permission may come back.
            CallError::Refused(tiktok::Error::Refused { reason: tiktok::Reason::NotPermitted, .. }) => {
                Self::Later(None)
            }
            CallError::Refused(_) => Self::Never,
        }
    }
}

/// Puts a picture, or its absence, where it was wanted.
fn settle(tx: &mut store::Tx<'_>, order: Order, held: Option<&Held>) -> Result<(), store::StoreError> {
    media::settle(tx, order.id)?;
    match order.wanted {
        Wanted::Message(id) => {
            let state = held.map_or(MediaState::Unavailable, |held| MediaState::Kept {
                key: held.key.clone(),
                width: held.width,
                height: held.height,
            });
            let message = message::get(tx, id)?;
            let content = match message.content {
                Content::Image { media_id, .. } => Content::Image { media_id, media: state },
                Content::Sticker { url, .. } => Content::Sticker { url, media: state },
                other => other,
            };
            message::set_content(tx, id, &content)?;
            tx.touch(Change::Conversation { conversation: message.conversation });
        }
        Wanted::Avatar(id) => {
            if let Some(held) = held {
                person::set_avatar(tx, id, &held.key)?;
                tx.touch(Change::Inbox { account: order.account });
            }
        }
    }
    Ok(())
}

fn path(folder: &Path, key: &str) -> Option<PathBuf> {
    Some(folder.join(key.get(..2)?).join(key))
}

/// Writes whole or not at all.
fn write(folder: &Path, key: &str, bytes: &[u8]) -> std::io::Result<()> {
    let Some(path) = path(folder, key) else { return Err(std::io::ErrorKind::InvalidInput.into()) };
    if path.exists() {
        return Ok(());
    }
    if let Some(parent) = path.parent() {
        std::fs::create_dir_all(parent)?;
    }
    let partial = path.with_extension(format!("{:08x}", rand::random::<u32>()));
    std::fs::write(&partial, bytes)?;
    std::fs::rename(&partial, &path)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn a_key_that_is_not_ours_reads_nothing() {
        let vault = MediaVault::open(&std::env::temp_dir()).unwrap();
        for key in ["", "../../etc/passwd", "AB", &"g".repeat(64), &format!("../{}", "a".repeat(61))] {
            assert_eq!(vault.read(key).await, None, "{key}");
        }
    }
}
