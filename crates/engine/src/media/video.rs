//! Videos: fetched when an agent wants to see one, opened in the system's player, and kept for a while.
//!
//! A video never goes through the page. It is fetched once however often it is asked for meanwhile, into a file that has its
//! real name only when it is whole and looks like a video.

use std::collections::HashMap;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex};
use std::time::SystemTime;

use model::{Content, MessageId};
use store::table::{account, conversation, message};
use store::{StoreError, private};
use tiktok::business::media::{DownloadLink, MediaType};
use tiktok::{MediaError, VideoError};
use tokio::io::AsyncReadExt;
use tokio::sync::{Mutex as AsyncMutex, watch};

use super::relayed;
use crate::call::CallError;
use crate::context::Context;
use crate::lock::lock;
use crate::pace::Priority;

/// Nothing longer is fetched.
const MAX_BYTES: usize = 200 * 1024 * 1024;
/// All videos together; beyond it the oldest go.
const MAX_KEPT_BYTES: u64 = 1024 * 1024 * 1024;
/// What a video's file may end in.
const ENDINGS: [&str; 2] = ["mp4", "webm"];

/// Where videos are, below the folder of pictures.
#[must_use]
pub fn folder(pictures: &Path) -> PathBuf {
    pictures.join("films")
}

/// Why there is no video to see.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum VideoProblem {
    /// The message is no video, or its account is linked no more.
    #[error("there is no video in it")]
    None,
    /// TikTok does not give it out (any more), or what it gives is no video.
    #[error("the video is not to be had")]
    Gone,
    /// It is larger than we fetch.
    #[error("the video is too large")]
    TooLarge,
    /// It could not be reached.
    #[error("the video could not be fetched: {0}")]
    Offline(String),
    /// TikTok asked us to slow down.
    #[error("{0}")]
    SlowDown(String),
    /// The account has to be linked again first.
    #[error("{0}")]
    Relink(String),
    /// It could not be written.
    #[error("the video could not be written: {0}")]
    Disk(String),
    /// TikTok's answer could not be understood, or something here failed.
    #[error("{0}")]
    Unwell(String),
}

/// A video on disk.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Video {
    /// Its file.
    pub path: PathBuf,
    /// Whether to open it: of several requests made while it was being fetched, only one opens it.
    pub to_open: bool,
}

/// The videos on disk and on their way. Clones share them.
#[derive(Debug, Clone)]
pub struct Videos {
    context: Context,
    folder: PathBuf,
    loading: Arc<Mutex<HashMap<MessageId, Loading>>>,
    /// Held while a video gets its real name, and while videos are thrown away.
    placing: Arc<AsyncMutex<()>>,
}

#[derive(Debug, Clone)]
struct Loading {
    outcome: watch::Receiver<Option<Result<PathBuf, VideoProblem>>>,
    opened: Arc<AtomicBool>,
}

impl Videos {
    pub(super) fn new(context: Context, folder: PathBuf) -> Self {
        Self { context, folder, loading: Arc::default(), placing: Arc::default() }
    }

    /// The video of a message, if it is here whole.
    async fn held(&self, id: MessageId) -> Option<PathBuf> {
        for ending in ENDINGS {
            let path = self.folder.join(format!("{id}.{ending}"));
            if tokio::fs::try_exists(&path).await.unwrap_or(false) {
                return Some(path);
            }
        }
        None
    }

    /// Throws away what a crash left half fetched.
    pub(super) async fn tidy(&self) {
        if let Err(error) = self.throw_away(|name| name.ends_with(".part")).await {
            tracing::warn!(%error, "could not delete half fetched videos");
        }
    }

    /// Throws all videos away, those on their way too.
    ///
    /// # Errors
    /// The first that stayed: on Windows, one that a player has open.
    pub(super) async fn forget(&self) -> std::io::Result<()> {
        self.throw_away(|_| true).await
    }

    async fn throw_away(&self, which: fn(&str) -> bool) -> std::io::Result<()> {
        let _placing = self.placing.lock().await;
        let folder = self.folder.clone();
        let thrown = tokio::task::spawn_blocking(move || {
            let mut outcome = Ok(());
            for entry in std::fs::read_dir(folder).into_iter().flatten().flatten() {
                if entry.file_name().to_str().is_some_and(which) {
                    outcome = outcome.and(match std::fs::remove_file(entry.path()) {
                        Err(error) if error.kind() == std::io::ErrorKind::NotFound => Ok(()),
                        removed => removed,
                    });
                }
            }
            outcome
        });
        thrown.await.map_err(std::io::Error::other)?
    }

    /// A message's video as a file, fetched if need be. However many ask for it meanwhile, it is fetched once.
    ///
    /// # Errors
    /// [`VideoProblem`]
    pub async fn fetch(&self, id: MessageId) -> Result<Video, VideoProblem> {
        let question = self.video_question(id).await?;
        let known = lock(&self.loading).get(&id).cloned();
        if known.is_none()
            && let Some(path) = self.held(id).await
        {
            let touched = path.clone();
            let _ = tokio::task::spawn_blocking(move || touch(&touched)).await;
            return Ok(Video { path, to_open: true });
        }
        let mut loading = self.load(id, question);
        let outcome = loading.outcome.wait_for(Option::is_some).await.ok().and_then(|outcome| outcome.clone());
        let path = outcome.unwrap_or_else(|| Err(VideoProblem::Unwell("it was broken off".to_owned())))?;
        Ok(Video { path, to_open: !loading.opened.swap(true, Ordering::AcqRel) })
    }

    async fn video_question(&self, id: MessageId) -> Result<(account::Account, DownloadLink), VideoProblem> {
        let found = self.context.store().read(move |sql| {
            let message = message::get(sql, id)?;
            let conversation = conversation::get(sql, message.conversation)?;
            Ok((account::get(sql, message.account)?, conversation.remote_id, message))
        });
        let (business, conversation_id, message) = found.await.map_err(|error| match error {
            StoreError::NotFound => VideoProblem::None,
            error => VideoProblem::Unwell(error.to_string()),
        })?;
        let (Content::Video { media_id }, Some(message_id)) = (message.content, message.remote_id) else {
            return Err(VideoProblem::None);
        };
        let (business_id, media_type) = (business.remote_id.clone(), MediaType::Video);
        Ok((business, DownloadLink { business_id, conversation_id, message_id, media_id, media_type }))
    }

    /// Begins to fetch a video, unless that is under way.
    fn load(&self, id: MessageId, question: (account::Account, DownloadLink)) -> Loading {
        let mut all = lock(&self.loading);
        if let Some(loading) = all.get(&id) {
            return loading.clone();
        }
        let (done, outcome) = watch::channel(None);
        let loading = Loading { outcome, opened: Arc::default() };
        all.insert(id, loading.clone());
        drop(all);
        let videos = self.clone();
        let begun = Begun { videos: self.clone(), id };
        self.context.tasks().spawn(async move {
            let outcome = videos.fetch_file(id, question).await;
            drop(begun);
            done.send_replace(Some(outcome));
        });
        loading
    }

    async fn fetch_file(
        &self,
        id: MessageId,
        (business, question): (account::Account, DownloadLink),
    ) -> Result<PathBuf, VideoProblem> {
        if business.unlinked_at_ms.is_some() {
            return Err(VideoProblem::None);
        }
        let videos = self.folder.clone();
        let disk = |error: std::io::Error| VideoProblem::Disk(error.to_string());
        private::create_folder(&videos).map_err(disk)?;
        let part = Part(videos.join(format!("{id}.mp4.part")));
        let mut fetched = self.fetch_into(&business, &question, &part.0).await;
        if matches!(&fetched, Err(Fetch::Video(VideoError::Media(MediaError::Expired { .. })))) {
            // A link lives a day: whatever made this one die, the next may be alive.
            fetched = self.fetch_into(&business, &question, &part.0).await;
        }
        fetched.map_err(VideoProblem::from)?;
        // Videos are thrown away before this or after it, never meanwhile. One that was erased gets no name any more.
        let placing = self.placing.lock().await;
        let (business, _) = self.video_question(id).await?;
        if business.unlinked_at_ms.is_some() {
            return Err(VideoProblem::None);
        }
        let thrown_away = |error: std::io::Error| match error.kind() {
            std::io::ErrorKind::NotFound => VideoProblem::Unwell("it was thrown away meanwhile".to_owned()),
            _ => disk(error),
        };
        let ending = ending(&part.0).await.map_err(thrown_away)?.ok_or(VideoProblem::Gone)?;
        let path = videos.join(format!("{id}.{ending}"));
        tokio::fs::rename(&part.0, &path).await.map_err(thrown_away)?;
        drop(placing);
        let kept = path.clone();
        let _ = tokio::task::spawn_blocking(move || make_room(&videos, &kept, MAX_KEPT_BYTES)).await;
        Ok(path)
    }

    async fn fetch_into(&self, business: &account::Account, question: &DownloadLink, part: &Path) -> Result<(), Fetch> {
        let caller = self.context.caller();
        let link = caller.ask(business.id, Priority::Open, question.clone()).await?;
        let token = caller.token(business.id).await?;
        let written = |error| Fetch::Video(VideoError::NotWritten(error));
        let mut options = private::new_file();
        options.write(true).create(true).truncate(true);
        let mut file = tokio::fs::OpenOptions::from(options).open(part).await.map_err(written)?;
        let url = &link.download_url;
        let fetched = match caller.gateway().relay_of(business.id) {
            Some((relay, remote_id)) => relayed::fetch_file(&relay, &remote_id, url, MAX_BYTES, &mut file).await,
            None => caller.client().fetch_video(url, Some(&token), MAX_BYTES, &mut file).await,
        };
        fetched.map_err(Fetch::Video)?;
        file.sync_all().await.map_err(written)
    }
}

/// Why a video did not come, while it may still be asked for again.
enum Fetch {
    Video(VideoError),
    Problem(VideoProblem),
}

impl From<CallError> for Fetch {
    fn from(error: CallError) -> Self {
        Self::Problem(match error {
            CallError::Offline(words) => VideoProblem::Offline(words),
            CallError::SlowDown(_) => VideoProblem::SlowDown(error.to_string()),
            CallError::Relink(words) => VideoProblem::Relink(words.as_str().to_owned()),
            CallError::Refused(_) | CallError::Stale { .. } => VideoProblem::Gone,
            CallError::Local(_) | CallError::Unknown(_) => VideoProblem::Unwell(error.to_string()),
        })
    }
}

impl From<Fetch> for VideoProblem {
    fn from(fetch: Fetch) -> Self {
        match fetch {
            Fetch::Problem(problem) => problem,
            Fetch::Video(VideoError::NotWritten(error)) => Self::Disk(error.to_string()),
            Fetch::Video(VideoError::Media(error)) => match error {
                MediaError::TooLarge { .. } => Self::TooLarge,
                MediaError::Later { detail } => Self::Offline(detail),
                MediaError::NotAllowed(_) | MediaError::Expired { .. } => {
                    tracing::warn!(%error, "TikTok does not give out a video");
                    Self::Gone
                }
            },
        }
    }
}

/// A video on its way. However that ends, it is not on its way any more.
struct Begun {
    videos: Videos,
    id: MessageId,
}

impl Drop for Begun {
    fn drop(&mut self) {
        lock(&self.videos.loading).remove(&self.id);
    }
}

/// The beginning of a video. Unless it has become a whole one, it goes.
struct Part(PathBuf);

impl Drop for Part {
    fn drop(&mut self) {
        let _ = std::fs::remove_file(&self.0);
    }
}

/// What a video's file should end in; none if it does not begin like one.
async fn ending(path: &Path) -> std::io::Result<Option<&'static str>> {
    let mut start = Vec::new();
    tokio::fs::File::open(path).await?.take(64).read_to_end(&mut start).await?;
    Ok(sniff(&start))
}

/// What the bytes say they are: MP4 and its kin, or WebM.
fn sniff(start: &[u8]) -> Option<&'static str> {
    const PICTURES: [&[u8]; 8] = [b"heic", b"heix", b"heim", b"heis", b"mif1", b"msf1", b"avif", b"avis"];
    if start.get(4..8) == Some(b"ftyp") {
        return start.get(8..12).is_some_and(|brand| !PICTURES.contains(&brand)).then_some("mp4");
    }
    let webm = start.starts_with(b"\x1A\x45\xDF\xA3") && start.windows(4).any(|word| word == b"webm");
    webm.then_some("webm")
}

/// It was wanted just now: it is not the oldest any more.
fn touch(path: &Path) {
    let touched =
        std::fs::File::options().append(true).open(path).and_then(|file| file.set_modified(SystemTime::now()));
    if let Err(error) = touched {
        tracing::debug!(%error, "could not note that a video was opened");
    }
}

/// Throws the oldest videos away until all together are no more than so many bytes; this one stays.
fn make_room(folder: &Path, kept: &Path, most: u64) {
    let mut videos = Vec::new();
    for entry in std::fs::read_dir(folder).into_iter().flatten().flatten() {
        let path = entry.path();
        let is_video = path.extension().is_some_and(|ending| ENDINGS.iter().any(|known| ending == *known));
        if let Ok(about) = entry.metadata()
            && is_video
            && about.is_file()
        {
            videos.push((about.modified().unwrap_or(SystemTime::UNIX_EPOCH), about.len(), path));
        }
    }
    videos.sort();
    let mut total: u64 = videos.iter().map(|(_, size, _)| size).sum();
    for (_, size, path) in videos {
        if total <= most {
            return;
        }
        if path != kept && std::fs::remove_file(&path).is_ok() {
            total = total.saturating_sub(size);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_video_is_known_by_its_first_bytes() {
        for (start, expected) in [
            (&b"\0\0\0\x18ftypisom\0\0\x02\0"[..], Some("mp4")),
            (b"\0\0\0\x14ftypqt  ", Some("mp4")),
            (b"\x1A\x45\xDF\xA3\x9FB\x86\x81\x01B\x82\x84webm", Some("webm")),
            (b"\x1A\x45\xDF\xA3\x9FB\x82\x88matroska", None),
            (b"\0\0\0\x18ftypheic", None),
            (b"\0\0\0\x18ftyp", None),
            (b"MZ\x90\0", None),
            (b"#!/bin/sh\n", None),
            (b"<html>", None),
            (b"", None),
        ] {
            assert_eq!(sniff(start), expected, "{start:?}");
        }
    }

    #[test]
    fn the_oldest_videos_make_room_and_the_one_just_fetched_stays() {
        let folder = std::env::temp_dir().join(format!("videos-{:08x}", rand::random::<u32>()));
        std::fs::create_dir_all(&folder).unwrap();
        for (age, name) in [(50, "1.mp4"), (40, "2.webm"), (30, "3.mp4"), (60, "4.mp4"), (90, "notes.txt")] {
            let file = std::fs::File::create(folder.join(name)).unwrap();
            file.set_len(100).unwrap();
            file.set_modified(SystemTime::now() - std::time::Duration::from_secs(age)).unwrap();
        }
        make_room(&folder, &folder.join("4.mp4"), 250);
        let mut left: Vec<_> = std::fs::read_dir(&folder)
            .unwrap()
            .map(|entry| entry.unwrap().file_name().into_string().unwrap())
            .collect();
        left.sort();
        assert_eq!(left, ["3.mp4", "4.mp4", "notes.txt"]);
        std::fs::remove_dir_all(&folder).unwrap();
    }
}
