//! Room on disk: which pictures may go, and files that no row names.
//!
//! Only a picture that TikTok can be asked for again is ever let go of, the one not shown for longest first. What cannot be
//! had again stays, even if that is more than the agent has allowed. What nothing names any more, an earlier avatar or a
//! picture taken off a draft, goes after a while, so that it takes no room from the others. First the row goes, then the
//! file: whatever comes between leaves a file that no row names, and those are removed after the next start.

use std::path::{Path, PathBuf};
use std::time::{Duration, Instant, SystemTime};

use model::Millis;
use store::StoreError;
use store::table::media;
use store::table::picture::{self, Releasable};

use super::shown::HOUR_MS;
use super::{InHand, MediaCache, is_key, path};
use crate::lock::lock;
use crate::timing::millis;

/// TikTok gives out the media of a message for thirty days ("Media download"); five less leave time to ask for it.
pub(super) const FETCHABLE_MS: Millis = 25 * 24 * 3_600_000;
/// How many pictures are found at a time.
const RELEASABLE_PAGE_SIZE: u32 = 1_000;
/// How many are released in one transaction: the writer is free for others in between.
const SLICE: usize = 50;
/// A file that no row names may belong to a picture that is just being written, but not for this long.
const ORPHAN_AGE: Duration = Duration::from_secs(3600);
/// The pause between two folders that are swept, for others to have their turn.
const SLICE_PAUSE: Duration = Duration::from_millis(20);

impl MediaCache {
    /// Notes that the page shows a picture.
    pub fn record_shown(&self, key: &str, now_ms: Millis) {
        lock(&self.shared.shown).note(key, now_ms);
    }

    /// Looks after the room that pictures take, for as long as the engine runs.
    pub(crate) async fn maintain(self) {
        let mut limit = self.shared.limit.subscribe();
        self.shared.videos.tidy().await;
        self.shared.tries.tidy();
        let (mut swept, mut in_vain, mut cleared) = (false, None, None::<Instant>);
        loop {
            self.store_shown().await;
            if let Err(error) = self.make_room(&mut in_vain).await {
                tracing::error!(%error, "could not make room for pictures");
            }
            tokio::select! {
                () = tokio::time::sleep(self.context.timing().pictures) => {
                    if !swept {
                        swept = true;
                        if let Err(error) = self.sweep(ORPHAN_AGE).await {
                            tracing::warn!(%error, "could not remove orphaned picture files");
                        }
                    }
                    if cleared.is_none_or(|at| at.elapsed() >= self.context.timing().leftovers) {
                        cleared = Some(Instant::now());
                        self.clear_leftovers().await;
                    }
                }
                _ = limit.changed() => {}
            }
        }
    }

    /// Throws away what nothing names. Not at once: a picture for a saved reply is here before the reply is.
    async fn clear_leftovers(&self) {
        let rest = millis(self.context.timing().leftover_rest);
        match self.drop_unneeded(self.context.clock().now_ms().saturating_sub(rest)).await {
            Ok(0) => {}
            Ok(count) => tracing::info!(count, "removed pictures that nothing names any more"),
            Err(error) => tracing::error!(%error, "could not remove pictures that nothing names any more"),
        }
    }

    /// Throws away the pictures that nothing names and that were not used since; how many. They are looked for outside the
    /// writer, which then has only a few to look at again at a time.
    async fn drop_unneeded(&self, before_ms: Millis) -> Result<usize, StoreError> {
        let found = self.context.store().read(move |sql| picture::unneeded(sql, before_ms)).await?;
        let mut count = 0;
        for slice in found.chunks(SLICE).map(<[String]>::to_vec) {
            let in_hand = self.shared.in_hand.clone();
            let dropped = self.context.store().write(move |tx| {
                let mut dropped = Vec::new();
                for key in slice {
                    if !in_hand.holds(&key) && picture::drop_unneeded(tx, &key, before_ms)? {
                        dropped.push(key);
                    }
                }
                Ok(dropped)
            });
            let dropped = dropped.await?;
            count += dropped.len();
            self.remove(dropped).await;
        }
        Ok(count)
    }

    async fn store_shown(&self) {
        let keys: Vec<String> = lock(&self.shared.shown).unwritten.drain().collect();
        if keys.is_empty() {
            return;
        }
        let now_ms = self.context.clock().now_ms();
        if let Err(error) = self.context.store().write(move |tx| media::mark_shown(tx, &keys, now_ms)).await {
            // They are a little sooner let go of, no more.
            tracing::warn!(%error, "could not note which pictures were shown");
        }
    }

    /// Lets go of pictures until nine tenths of the room are taken, or nothing more can be had again. What was looked for
    /// in vain is not looked for again within the hour while nothing has changed.
    async fn make_room(&self, in_vain: &mut Option<(u64, u64, Millis)>) -> Result<(), StoreError> {
        let Some(limit) = *self.shared.limit.borrow() else { return Ok(()) };
        let (taken, _) = self.context.store().read(media::usage).await?;
        let state = (limit, taken, self.context.clock().now_ms() / HOUR_MS);
        if taken <= limit || *in_vain == Some(state) {
            return Ok(());
        }
        let mut over = taken.saturating_sub(limit / 10 * 9);
        let mut count = 0;
        while over > 0 {
            let now_ms = self.context.clock().now_ms();
            let rest = millis(self.context.timing().picture_rest);
            let (since_ms, shown_ms) = (now_ms.saturating_sub(FETCHABLE_MS), now_ms.saturating_sub(rest));
            let mut found = self
                .context
                .store()
                .read(move |sql| picture::releasable(sql, since_ms, shown_ms, RELEASABLE_PAGE_SIZE))
                .await?;
            {
                let shown = lock(&self.shared.shown);
                found.sort_by_key(|one| (one.used_at_ms, shown.last.get(&one.key).copied()));
            }
            let before = count;
            for slice in found.chunks(SLICE).map(<[Releasable]>::to_vec) {
                if over == 0 {
                    break;
                }
                let in_hand = self.shared.in_hand.clone();
                let gone = self.context.store().write(move |tx| let_go(tx, slice, since_ms, over, &in_hand)).await?;
                over = over.saturating_sub(gone.iter().map(|one| one.size).sum());
                count += gone.len();
                self.remove(gone.into_iter().map(|one| one.key).collect()).await;
            }
            if count == before {
                *in_vain = (count == 0).then_some(state);
                break;
            }
        }
        if count > 0 {
            tracing::info!(count, "released pictures to make room");
        }
        Ok(())
    }

    /// Throws files away whose rows are gone.
    async fn remove(&self, keys: Vec<String>) {
        let (folder, in_hand) = (self.shared.folder.clone(), self.shared.in_hand.clone());
        let removed = tokio::task::spawn_blocking(move || {
            for key in keys {
                let Some(path) = path(&folder, &key) else { continue };
                if let Err(error) = throw_away(&path, &key, &in_hand) {
                    tracing::warn!(%error, "could not delete a picture's file");
                }
            }
        });
        // What is left over is swept up later.
        let _ = removed.await;
    }

    /// Removes files of this age that no row names: a crash between a file and its row leaves them.
    async fn sweep(&self, age: Duration) -> std::io::Result<()> {
        let (mut swept, mut outcome) = (0, Ok(()));
        for first in 0..=u8::MAX {
            let folder = self.shared.folder.join(format!("{first:02x}"));
            let listed = tokio::task::spawn_blocking(move || old_files(&folder, age)).await.unwrap_or_default();
            if listed.is_empty() {
                continue;
            }
            let unnamed = self.context.store().read(move |sql| {
                let mut unnamed = Vec::new();
                for (path, name) in listed {
                    let known = is_key(&name) && media::mime(sql, &name)?.is_some();
                    if !known {
                        unnamed.push((path, name));
                    }
                }
                Ok(unnamed)
            });
            let unnamed = unnamed.await.map_err(std::io::Error::other)?;
            swept += unnamed.len();
            let in_hand = self.shared.in_hand.clone();
            let done = tokio::task::spawn_blocking(move || {
                let mut outcome = Ok(());
                for (path, name) in unnamed {
                    // One that is just being written has its key before the dot.
                    outcome = outcome.and(throw_away(&path, name.split('.').next().unwrap_or_default(), &in_hand));
                }
                outcome
            });
            outcome = outcome.and(done.await.map_err(std::io::Error::other)?);
            if !age.is_zero() {
                tokio::time::sleep(SLICE_PAUSE).await;
            }
        }
        if swept > 0 {
            tracing::info!(count = swept, "removed orphaned picture files");
        }
        outcome
    }

    /// After something was erased: throws away every video, and the files that nothing names, however young. Those in hand
    /// belong to other accounts: nothing works for the erased account any more.
    ///
    /// # Errors
    /// The first file that stayed.
    pub(crate) async fn forget_unnamed(&self) -> std::io::Result<()> {
        let videos = self.shared.videos.forget().await;
        // What is still being decoded for nobody is put down by then.
        let undisturbed = self.undisturbed().await;
        self.shared.tries.clear();
        drop(undisturbed);
        self.sweep(Duration::ZERO).await.and(videos)
    }

    /// How many bytes pictures may take on disk; none for as many as they like. What TikTok can be asked for again goes
    /// when they take more.
    pub fn set_limit(&self, bytes: Option<u64>) {
        self.shared.limit.send_if_modified(|limit| {
            let changed = *limit != bytes;
            *limit = bytes;
            changed
        });
    }

    /// Throws away what an erased account leaves behind: pictures that nothing names any more, and every video.
    ///
    /// # Errors
    /// [`StoreError`]
    pub async fn forget_unneeded(&self) -> Result<(), StoreError> {
        self.drop_unneeded(Millis::MAX).await?;
        if let Err(error) = self.shared.videos.forget().await {
            tracing::warn!(%error, "could not delete a video");
        }
        Ok(())
    }
}

/// Lets go of these, in this order, until there is room.
fn let_go(
    tx: &mut store::Tx<'_>,
    found: Vec<Releasable>,
    since_ms: Millis,
    mut over: u64,
    in_hand: &InHand,
) -> Result<Vec<Releasable>, StoreError> {
    let mut gone = Vec::new();
    for one in found {
        if over == 0 {
            break;
        }
        if !in_hand.holds(&one.key) && picture::release(tx, &one.key, since_ms)? {
            over = over.saturating_sub(one.size);
            gone.push(one);
        }
    }
    Ok(gone)
}

fn throw_away(path: &Path, key: &str, in_hand: &InHand) -> std::io::Result<()> {
    match in_hand.unless_held(key, || std::fs::remove_file(path)) {
        Some(Err(error)) if error.kind() != std::io::ErrorKind::NotFound => Err(error),
        _ => Ok(()),
    }
}

/// The files of a folder that were not written to for so long, each with its name.
fn old_files(folder: &Path, age: Duration) -> Vec<(PathBuf, String)> {
    let Ok(entries) = std::fs::read_dir(folder) else { return Vec::new() };
    let old = |entry: &std::fs::DirEntry| {
        let written = entry.metadata().ok().filter(std::fs::Metadata::is_file)?.modified().ok()?;
        // One from the future was written just now.
        let since = SystemTime::now().duration_since(written).unwrap_or_default();
        (since >= age).then_some(())
    };
    let old = entries.flatten().filter(|entry| old(entry).is_some());
    old.map(|entry| (entry.path(), entry.file_name().to_string_lossy().into_owned())).collect()
}
