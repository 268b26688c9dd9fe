//! The media cache: pictures that outlive their links, fetched once, re-encoded, kept on disk under their content's hash.
//!
//! TikTok's links die within a day, a sticker's within a month, so a picture is fetched when its message arrives
//! (`queue`, `fetch`). The bytes are a stranger's: decoded in a process of their own (`decoder`), and only our own re-encoding
//! is ever handed to the page. When pictures take more room than they may, those go that TikTok can be asked for again
//! (`room`). Videos are not kept, only fetched to be looked at ([`video`]).

mod decoder;
pub(crate) mod fetch;
mod queue;
mod relayed;
mod room;
mod shown;
mod tries;
pub mod video;

use std::collections::{HashMap, HashSet};
use std::io::Write;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex};

use model::MessageId;
use store::private;
use store::table::media::{StoredImage, WantedImage};
use tokio::sync::{OwnedSemaphorePermit, Semaphore, watch};

use crate::context::Context;
use crate::conversation_fetch::ConversationFetch;
use crate::lock::lock;
use crate::picture::{self, Problem, Purpose};

pub use decoder::NotStarted;

/// How many pictures are downloaded at a time.
const MAX_DOWNLOADS: usize = 2;

/// Why a picture is not kept.
#[derive(Debug, thiserror::Error)]
pub enum PictureError {
    /// It is not one we take.
    #[error(transparent)]
    Problem(#[from] Problem),
    /// It could not be written.
    #[error("the picture could not be written: {0}")]
    Disk(#[from] std::io::Error),
    /// There is no process to decode it in.
    #[error(transparent)]
    NotStarted(#[from] NotStarted),
}

/// The pictures on disk, and the videos. Clones share them.
#[derive(Debug, Clone)]
pub struct MediaCache {
    context: Context,
    fetcher: ConversationFetch,
    shared: Arc<Shared>,
}

#[derive(Debug)]
struct Shared {
    folder: PathBuf,
    decoder: decoder::Decoder,
    decoding: decoder::Queue,
    tries: tries::Tries,
    downloads: Semaphore,
    /// Messages whose picture an agent has asked for again.
    requested: Mutex<HashSet<MessageId>>,
    /// How often in a row a picture could not be fetched through no fault of its own.
    delays: Mutex<HashMap<WantedImage, u32>>,
    in_hand: InHand,
    shown: Mutex<shown::Shown>,
    /// How many bytes pictures may take; none for as many as they like.
    limit: watch::Sender<Option<u64>>,
    videos: video::Videos,
}

impl MediaCache {
    /// Opens the folder, making it as needed. `decoder` is the program that decodes pictures.
    ///
    /// # Errors
    /// When it cannot be made.
    pub(crate) fn open(
        context: Context,
        fetcher: ConversationFetch,
        folder: &Path,
        decoder: &Path,
    ) -> std::io::Result<Self> {
        private::create_folder(folder)?;
        let decoder = decoder::Decoder::new(decoder, context.timing().decode);
        let shared = Shared {
            folder: folder.to_owned(),
            decoder,
            decoding: decoder::Queue::default(),
            tries: tries::Tries::new(folder),
            downloads: Semaphore::new(MAX_DOWNLOADS),
            requested: Mutex::default(),
            delays: Mutex::default(),
            in_hand: InHand::default(),
            shown: Mutex::default(),
            limit: watch::Sender::new(None),
            videos: video::Videos::new(context.clone(), video::folder(folder)),
        };
        Ok(Self { context, fetcher, shared: Arc::new(shared) })
    }

    /// The videos of messages.
    #[must_use]
    pub fn videos(&self) -> &video::Videos {
        &self.shared.videos
    }

    /// Takes a stranger's bytes in: decoded, turned upright, re-encoded, written. The picture is safe for as long as the hand
    /// is held, and then if something names it.
    ///
    /// # Errors
    /// [`PictureError`]
    pub async fn keep(&self, bytes: Vec<u8>) -> Result<(StoredImage, Hand), PictureError> {
        let (held, _, hand) = self.take(bytes, Purpose::Keep).await?;
        Ok((held, hand))
    }

    /// Takes an agent's picture in, as TikTok will get it. Also tells whether it is the first of an animation. As with
    /// [`MediaCache::keep`], the hand is held until something names it.
    ///
    /// # Errors
    /// [`PictureError`]
    pub async fn keep_for_sending(&self, bytes: Vec<u8>) -> Result<(StoredImage, bool, Hand), PictureError> {
        self.take(bytes, Purpose::Send).await
    }

    /// The key of these bytes if the vault has them as they are, small enough for TikTok: a picture of our own making that
    /// comes back.
    pub async fn have(&self, bytes: &[u8]) -> Option<(String, Hand)> {
        let key = picture::key(bytes);
        let hand = self.shared.in_hand.take(&key);
        let there = bytes.len() <= picture::MAX_SENT && self.is_whole(&key).await;
        there.then_some((key, hand))
    }

    /// One at a time: decoding may need a lot of memory.
    async fn take(&self, bytes: Vec<u8>, purpose: Purpose) -> Result<(StoredImage, bool, Hand), PictureError> {
        let turn = self.shared.decoding.turn(purpose).await;
        let (decoder, tries) = (self.shared.decoder.clone(), self.shared.tries.clone());
        let (folder, in_hand) = (self.shared.folder.clone(), self.shared.in_hand.clone());
        let kept = tokio::spawn(async move {
            let kept = async {
                let (begun, bytes) = blocking(move || Ok((tries.begin(&picture::key(&bytes))?, bytes))).await?;
                let Some(begun) = begun else {
                    return Err(Problem::Broken("decoding it has ended the program before".to_owned()).into());
                };
                let made = decoder.decode(purpose, &bytes).await?;
                drop((begun, bytes));
                let made = made?;
                // Before it is looked whether the file is there: from here on nobody throws it away.
                let hand = in_hand.take(&made.held.key);
                blocking(move || {
                    write(&folder, &made.held.key, &made.bytes)?;
                    Ok((made.held, made.first_frame, hand))
                })
                .await
            };
            // Where nobody waits any more the picture is put down before another is decoded: see `undisturbed`.
            (kept.await, turn)
        });
        kept.await.map_or_else(|_| Err(Problem::Broken("decoding failed".to_owned()).into()), |(kept, _turn)| kept)
    }

    /// Waits until no picture is being decoded; none is while this is held.
    async fn undisturbed(&self) -> Option<OwnedSemaphorePermit> {
        self.shared.decoding.turn(Purpose::Keep).await
    }

    /// The bytes of a kept picture. The key must be one of ours; anything else is nothing.
    pub async fn read(&self, key: &str) -> Option<Vec<u8>> {
        if !is_key(key) {
            return None;
        }
        tokio::fs::read(path(&self.shared.folder, key)?).await.ok()
    }

    /// Whether a picture's file is there and as it was written.
    async fn is_whole(&self, key: &str) -> bool {
        self.read(key).await.is_some_and(|bytes| is_intact(key, &bytes))
    }
}

/// The keys of pictures on their way from their file to whatever names them, and in how many hands each is. What makes
/// room leaves them alone.
#[derive(Debug, Clone, Default)]
struct InHand(Arc<Mutex<HashMap<String, usize>>>);

/// Holds a picture on its way from its file to whatever names it. However the way ends, the picture may go from then on like
/// any other.
#[derive(Debug)]
pub struct Hand {
    in_hand: InHand,
    key: String,
}

impl Drop for Hand {
    fn drop(&mut self) {
        let mut keys = lock(&self.in_hand.0);
        if let Some(hands) = keys.get_mut(&self.key) {
            *hands = hands.saturating_sub(1);
            if *hands == 0 {
                keys.remove(&self.key);
            }
        }
    }
}

impl InHand {
    fn take(&self, key: &str) -> Hand {
        *lock(&self.0).entry(key.to_owned()).or_default() += 1;
        Hand { in_hand: self.clone(), key: key.to_owned() }
    }

    fn holds(&self, key: &str) -> bool {
        self.unless_held(key, || ()).is_none()
    }

    /// Does this unless the picture is in somebody's hands; nobody takes it meanwhile.
    fn unless_held<T>(&self, key: &str, act: impl FnOnce() -> T) -> Option<T> {
        let keys = lock(&self.0);
        (!keys.contains_key(key)).then(act)
    }
}

/// Does what the disk may take its time for.
async fn blocking<T: Send + 'static>(
    work: impl FnOnce() -> Result<T, PictureError> + Send + 'static,
) -> Result<T, PictureError> {
    tokio::task::spawn_blocking(work).await.map_err(std::io::Error::other)?
}

/// Whether these bytes are the kept picture with this key, as we wrote it. Nothing else is decoded by Deskbell itself.
#[must_use]
pub fn is_intact(key: &str, bytes: &[u8]) -> bool {
    picture::key(bytes) == key
}

fn is_key(key: &str) -> bool {
    key.len() == 64 && key.bytes().all(|byte| byte.is_ascii_digit() || (b'a'..=b'f').contains(&byte))
}

fn path(folder: &Path, key: &str) -> Option<PathBuf> {
    Some(folder.join(key.get(..2)?).join(key))
}

/// Writes whole or not at all, and on the disk before anybody says that it is there. A file that is damaged is written anew.
fn write(folder: &Path, key: &str, bytes: &[u8]) -> std::io::Result<()> {
    let Some(path) = path(folder, key) else { return Err(std::io::ErrorKind::InvalidInput.into()) };
    if std::fs::read(&path).is_ok_and(|there| there == bytes) {
        return Ok(());
    }
    if let Some(parent) = path.parent() {
        private::create_folder(parent)?;
    }
    let partial = path.with_extension(format!("{:08x}", rand::random::<u32>()));
    let written = private::new_file().write(true).create_new(true).open(&partial).and_then(|mut file| {
        file.write_all(bytes)?;
        file.sync_all()
    });
    let placed = written.and_then(|()| std::fs::rename(&partial, &path));
    if placed.is_err() {
        let _ = std::fs::remove_file(&partial);
    }
    placed
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_key_that_is_not_ours_is_none() {
        assert!(is_key(&"a1".repeat(32)));
        for key in ["", "../../etc/passwd", "AB", &"g".repeat(64), &format!("../{}", "a".repeat(61))] {
            assert!(!is_key(key), "{key}");
        }
    }

    #[test]
    fn a_file_that_a_power_cut_left_empty_or_full_of_nothing_is_written_anew() {
        let folder = std::env::temp_dir().join(format!("vault-{:08x}", rand::random::<u32>()));
        let key = "ab".repeat(32);
        let place = path(&folder, &key).unwrap();
        std::fs::create_dir_all(place.parent().unwrap()).unwrap();
        for left in [&b""[..], &[0; 7]] {
            std::fs::write(&place, left).unwrap();
            write(&folder, &key, b"picture").unwrap();
            assert_eq!(std::fs::read(&place).unwrap(), b"picture");
        }
        assert_eq!(std::fs::read_dir(place.parent().unwrap()).unwrap().count(), 1, "and nothing is left over");
        std::fs::remove_dir_all(&folder).unwrap();
    }

    #[test]
    fn a_picture_in_hand_is_not_thrown_away() {
        let in_hand = InHand::default();
        assert_eq!(in_hand.unless_held("a", || 1), Some(1));
        let (one, other) = (in_hand.take("a"), in_hand.take("a"));
        assert_eq!(in_hand.unless_held("a", || 1), None);
        drop(one);
        assert!(in_hand.holds("a"), "still in another hand");
        drop(other);
        assert!(!in_hand.holds("a"));
    }
}
