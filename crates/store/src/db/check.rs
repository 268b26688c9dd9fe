//! Whether the database is sound, found out while it is in use; and keeping its log small.

use std::path::Path;
use std::sync::atomic::Ordering;
use std::time::Duration;

use model::{Change, Millis};
use rusqlite::ErrorCode;

use super::stop::Stop;
use super::{Store, lock, open_connection};
use crate::rows::only;
use crate::table::setting::{self, CHECKED_AT};
use crate::{StoreError, readable, recovery};

/// Reading every page of a large database at each start would wear on the disk for nothing.
const CHECK_INTERVAL_MS: Millis = 24 * 3_600_000;
/// A longer log is cut when it is tidied.
const MAX_LOG_BYTES: u64 = 16 * 1024 * 1024;
/// How long tidying may keep the writer waiting for readers. It is tried again soon enough.
const MAINTAIN_TIMEOUT: Duration = Duration::from_millis(100);
/// How long cutting the log after something was erased may: an agent waits for it, and others for the writer.
const TRUNCATE_TIMEOUT: Duration = Duration::from_secs(1);
const BUSY_TIMEOUT: Duration = Duration::from_secs(5);

/// What a check found.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum CheckOutcome {
    /// Every page is in order.
    Sound,
    /// It is damaged. That is remembered: the next start mends it.
    Damaged {
        /// SQLite's words.
        what: String,
    },
}

impl Store {
    /// Reads the whole database for damage, table by table so that the log can be cut meanwhile, on a connection of its own.
    /// Closing the store stops it.
    ///
    /// # Errors
    /// [`StoreError`]; [`StoreError::Closed`] if it was closed meanwhile.
    pub async fn check(&self) -> Result<CheckOutcome, StoreError> {
        let store = self.clone();
        let checked =
            tokio::task::spawn_blocking(move || store.check_now()).await.map_err(|_| StoreError::Closed)??;
        if checked == CheckOutcome::Sound {
            // What a crash may have done is known now: the rest of the session need not read it all again.
            self.shared.sound.store(true, Ordering::SeqCst);
            let now_ms = model::Clock::system().now_ms();
            // Nothing on screen shows it.
            self.write(move |tx| {
                tx.execute(
                    "INSERT INTO setting (name, value) VALUES (?1, ?2) ON CONFLICT (name) DO UPDATE SET value = excluded.value",
                    (CHECKED_AT, now_ms.to_string()),
                )?;
                Ok(())
            })
            .await?;
        }
        Ok(checked)
    }

    /// As [`Store::check`], if it is time: a day after it was last found sound, or when it was not closed in order. A crash
    /// of Deskbell harms no database, but the system or the power may have gone with it.
    ///
    /// # Errors
    /// As [`Store::check`].
    pub async fn check_if_due(&self) -> Result<Option<CheckOutcome>, StoreError> {
        let sound_at_ms =
            self.read(|sql| setting::get(sql, CHECKED_AT)).await?.and_then(|at| at.parse::<Millis>().ok());
        let age_ms = sound_at_ms.map(|at_ms| model::Clock::system().now_ms().saturating_sub(at_ms));
        // One from the future says that a clock was wrong, and nothing else.
        if self.shared.sound.load(Ordering::SeqCst)
            && age_ms.is_some_and(|age_ms| (0..CHECK_INTERVAL_MS).contains(&age_ms))
        {
            return Ok(None);
        }
        self.check().await.map(Some)
    }

    fn check_now(&self) -> Result<CheckOutcome, StoreError> {
        if let Some(what) = recovery::marked(self.folder()) {
            self.shared.damaged.store(true, Ordering::SeqCst);
            return Ok(CheckOutcome::Damaged { what });
        }
        match self.examine() {
            Ok(None) => Ok(CheckOutcome::Sound),
            Ok(Some(what)) => {
                self.mark(&what);
                Ok(CheckOutcome::Damaged { what })
            }
            Err(error) if error.sqlite_error_code() == Some(ErrorCode::OperationInterrupted) => Err(StoreError::Closed),
            Err(error) if is_damage(&error) => {
                self.mark(&error.to_string());
                Ok(CheckOutcome::Damaged { what: error.to_string() })
            }
            Err(error) => Err(error.into()),
        }
    }

    /// What is wrong with the database, in SQLite's words.
    fn examine(&self) -> rusqlite::Result<Option<String>> {
        let sql = open_connection(&self.shared.path)?;
        sql.pragma_update(None, "query_only", true)?;
        // Every page is read once: keeping them would only take memory.
        sql.pragma_update(None, "cache_size", -2_000)?;
        *lock(&self.shared.check) = Some(Stop(sql.get_interrupt_handle()));
        let mut tables = sql.prepare("SELECT name FROM sqlite_schema WHERE type = 'table' ORDER BY rowid")?;
        // With the schema goes the list of free pages.
        let mut names = vec!["sqlite_schema".to_owned()];
        names.extend(tables.query_map([], only)?.collect::<rusqlite::Result<Vec<String>>>()?);
        for name in names {
            if self.shared.closing.load(Ordering::SeqCst) {
                return Err(rusqlite::Error::SqliteFailure(
                    rusqlite::ffi::Error::new(rusqlite::ffi::SQLITE_INTERRUPT),
                    None,
                ));
            }
            let mut check = sql.prepare(&format!("PRAGMA quick_check('{name}')"))?;
            let found = check.query_map([], only::<String>)?.take(3).collect::<rusqlite::Result<Vec<_>>>()?;
            if found.iter().any(|line| line != "ok") {
                return Ok(Some(found.join("; ")));
            }
        }
        Ok(None)
    }

    /// Cuts the log if it has grown long, and brings the planner's statistics up to date. To be called every few minutes.
    ///
    /// # Errors
    /// [`StoreError`]
    pub async fn maintain(&self) -> Result<(), StoreError> {
        let log = crate::files::log_of(&self.shared.path);
        self.on_writer(move |sql| {
            if log.metadata().is_ok_and(|log| log.len() > MAX_LOG_BYTES) {
                sql.busy_timeout(MAINTAIN_TIMEOUT)?;
                // It answers instead of failing when a reader stands in the way.
                let cut = sql.query_row("PRAGMA wal_checkpoint(TRUNCATE)", [], |_| Ok(()));
                sql.busy_timeout(BUSY_TIMEOUT)?;
                cut?;
            }
            Ok(sql.execute_batch("PRAGMA optimize")?)
        })
        .await
    }

    /// Removes what was set aside when a damaged database was mended.
    ///
    /// # Errors
    /// [`StoreError::Leftovers`]; what can be removed is.
    pub async fn delete_set_aside(&self) -> Result<(), StoreError> {
        let folder = self.folder().to_owned();
        let forgotten = tokio::task::spawn_blocking(move || recovery::delete_set_aside(&folder));
        forgotten.await.map_err(|_| StoreError::Closed)?.map_err(StoreError::Leftovers)
    }

    /// Cuts the log, which still has what was erased.
    ///
    /// # Errors
    /// [`StoreError::LogInUse`] while a reader uses it; then nothing was cut.
    pub async fn truncate_log(&self) -> Result<(), StoreError> {
        self.on_writer(|sql| {
            sql.busy_timeout(TRUNCATE_TIMEOUT)?;
            let cut = sql.query_row("PRAGMA wal_checkpoint(TRUNCATE)", [], only::<bool>);
            sql.busy_timeout(BUSY_TIMEOUT)?;
            if cut? { Err(StoreError::LogInUse) } else { Ok(()) }
        })
        .await
    }

    pub(super) fn stop_checking(&self) {
        self.shared.closing.store(true, Ordering::SeqCst);
        if let Some(check) = lock(&self.shared.check).as_ref() {
            check.0.interrupt();
        }
    }

    /// Remembers damage that came to light in ordinary use, and tells the page of it and of values that could not be read.
    /// To be called on the thread that did the work.
    pub(super) fn note_damage<T>(&self, result: Result<T, StoreError>) -> Result<T, StoreError> {
        if let Err(StoreError::Sqlite(error)) = &result
            && is_damage(error)
        {
            self.mark(&error.to_string());
        }
        for table in readable::take() {
            if lock(&self.shared.unreadable).insert(table) {
                tracing::error!(table, "a stored value cannot be read; its row is shown without it");
                self.announce(Change::Accounts);
            }
        }
        result
    }

    /// Whether damage was met since the database was opened: the next start mends it.
    #[must_use]
    pub fn is_damaged(&self) -> bool {
        self.shared.damaged.load(Ordering::SeqCst)
    }

    /// The tables in which a value could not be read since the database was opened.
    #[must_use]
    pub fn unreadable(&self) -> Vec<&'static str> {
        lock(&self.shared.unreadable).iter().copied().collect()
    }

    fn mark(&self, what: &str) {
        if self.shared.damaged.swap(true, Ordering::SeqCst) {
            return;
        }
        tracing::error!(what, "the database is damaged");
        if let Err(error) = recovery::mark(self.folder(), what) {
            tracing::error!(%error, "could not note that the database is damaged");
        }
        self.announce(Change::Accounts);
    }

    fn folder(&self) -> &Path {
        self.shared.path.parent().unwrap_or(Path::new("."))
    }
}

fn is_damage(error: &rusqlite::Error) -> bool {
    matches!(error.sqlite_error_code(), Some(ErrorCode::DatabaseCorrupt | ErrorCode::NotADatabase))
        || is_missing_table(error)
}

/// Whether a table of ours is not there. Our statements name no others.
fn is_missing_table(error: &rusqlite::Error) -> bool {
    match error {
        rusqlite::Error::SqliteFailure(_, Some(words)) | rusqlite::Error::SqlInputError { msg: words, .. } => {
            words.starts_with("no such table: ")
        }
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    use super::super::{DATABASE, READERS_KEPT};
    use super::*;
    use crate::recovery::tests::Folder;

    fn log_length(store: &Store) -> u64 {
        crate::files::log_of(&store.shared.path).metadata().map_or(0, |log| log.len())
    }

    async fn burst(store: &Store, rows: i64) {
        for part in 0..rows / 100 {
            store
                .write(move |tx| {
                    for n in 0..100 {
                        tx.execute(
                            "INSERT OR REPLACE INTO media (key, mime, width, height, size, fetched_at_ms) VALUES (?1, ?2, 1, 1, 1, 1)",
                            (format!("{part}-{n}"), "x".repeat(8_000)),
                        )?;
                    }
                    Ok(())
                })
                .await
                .unwrap();
        }
    }

    #[tokio::test(flavor = "multi_thread")]
    async fn the_log_grows_under_a_reader_and_is_cut_when_it_is_done() {
        let folder = Folder::new();
        let store = Store::open(folder.path()).unwrap();
        let (release, wait) = std::sync::mpsc::channel::<()>();
        let (begun, reading) = tokio::sync::oneshot::channel();
        let reader = tokio::spawn({
            let store = store.clone();
            async move {
                store
                    .read(move |sql| {
                        let _: i64 = sql.query_row("SELECT count(*) FROM media", [], |row| row.get(0))?;
                        let _ = begun.send(());
                        let _ = wait.recv();
                        Ok(())
                    })
                    .await
            }
        });
        reading.await.unwrap();
        burst(&store, 3_000).await;
        let grown = log_length(&store);
        assert!(grown > MAX_LOG_BYTES, "{grown}");
        let asked = std::time::Instant::now();
        store.maintain().await.unwrap();
        assert!(log_length(&store) >= grown, "a reader still needs it");
        assert!(asked.elapsed() < BUSY_TIMEOUT, "and the writer did not wait for it");
        drop(release);
        reader.await.unwrap().unwrap();
        store.maintain().await.unwrap();
        assert_eq!(log_length(&store), 0, "cut");
        burst(&store, 300).await;
        let small = log_length(&store);
        store.maintain().await.unwrap();
        assert_eq!(log_length(&store), small, "a short one is left as it is");
    }

    #[tokio::test]
    async fn without_a_reader_the_log_stays_short_by_itself() {
        let folder = Folder::new();
        let store = Store::open(folder.path()).unwrap();
        burst(&store, 4_000).await;
        assert!(log_length(&store) <= MAX_LOG_BYTES, "{}", log_length(&store));
        store.close().await;
        assert_eq!(log_length(&store), 0);
    }

    #[tokio::test(flavor = "multi_thread")]
    async fn many_readers_at_once_leave_a_few() {
        let folder = Folder::new();
        let store = Store::open(folder.path()).unwrap();
        let together = std::sync::Arc::new(std::sync::Barrier::new(30));
        let readers: Vec<_> = (0..30)
            .map(|_| {
                let (store, together) = (store.clone(), together.clone());
                tokio::spawn(async move {
                    store
                        .read(move |sql| {
                            together.wait();
                            Ok(sql.query_row("SELECT count(*) FROM media", [], |row| row.get::<_, i64>(0))?)
                        })
                        .await
                })
            })
            .collect();
        for reader in readers {
            assert_eq!(reader.await.unwrap().unwrap(), 0);
        }
        assert_eq!(store.shared.readers.lock().unwrap().len(), READERS_KEPT);
    }

    #[tokio::test]
    async fn a_check_is_due_once_a_day_and_after_a_crash() {
        let folder = Folder::new();
        let store = Store::open(folder.path()).unwrap();
        assert_eq!(store.check_if_due().await.unwrap(), Some(CheckOutcome::Sound), "never checked");
        assert_eq!(store.check_if_due().await.unwrap(), None);
        let at = |ago_ms: i64| (model::Clock::system().now_ms() - ago_ms).to_string();
        for (ago_ms, due) in [(CHECK_INTERVAL_MS - 60_000, false), (CHECK_INTERVAL_MS + 1, true), (-60_000, true)] {
            let value = at(ago_ms);
            store.write(move |tx| setting::set(tx, CHECKED_AT, &value)).await.unwrap();
            assert_eq!(store.check_if_due().await.unwrap().is_some(), due, "{ago_ms} ms ago");
        }
        store.close().await;
        let store = Store::open(folder.path()).unwrap();
        assert_eq!(store.check_if_due().await.unwrap(), None, "closed in order");
        // What a crash leaves behind: the log.
        store.write(|tx| setting::set(tx, "x", "y")).await.unwrap();
        let crashed = Folder::new();
        for part in ["", "-wal"] {
            let name = format!("{DATABASE}{part}");
            std::fs::copy(folder.path().join(&name), crashed.path().join(&name)).unwrap();
        }
        let store = Store::open(crashed.path()).unwrap();
        assert_eq!(store.check_if_due().await.unwrap(), Some(CheckOutcome::Sound));
        assert_eq!(store.check_if_due().await.unwrap(), None, "one reading of all pages is enough for a crash");
    }

    #[tokio::test]
    async fn damage_is_remembered_and_mended_by_the_next_start() {
        let folder = Folder::new();
        let store = Store::open(folder.path()).unwrap();
        burst(&store, 100).await;
        store.close().await;
        let path = folder.path().join(DATABASE);
        let mut bytes = std::fs::read(&path).unwrap();
        let end = bytes.len();
        bytes[end - 150 * 4096..end - 4096].fill(0xEE);
        std::fs::write(&path, &bytes).unwrap();

        let store = Store::open(folder.path()).expect("the window does not wait for a check");
        let CheckOutcome::Damaged { what } = store.check().await.unwrap() else { panic!("it is not sound") };
        assert!(!what.is_empty());
        assert_eq!(
            store.check().await.unwrap(),
            CheckOutcome::Damaged { what: what.clone() },
            "it is not found out twice"
        );
        store.close().await;
        let (store, report) = Store::open_or_recover(folder.path()).unwrap();
        assert_eq!(report.unwrap().detail, what);
        assert_eq!(store.check().await.unwrap(), CheckOutcome::Sound);
    }

    #[tokio::test]
    async fn damage_met_in_ordinary_use_is_remembered_as_well() {
        let folder = Folder::new();
        let store = Store::open(folder.path()).unwrap();
        burst(&store, 100).await;
        store.close().await;
        let path = folder.path().join(DATABASE);
        let bytes = std::fs::read(&path).unwrap();
        let damaged: Vec<u8> =
            bytes.iter().enumerate().map(|(at, byte)| if at < 120 * 4096 { *byte } else { 0xEE }).collect();
        std::fs::write(&path, damaged).unwrap();
        let store = Store::open(folder.path()).unwrap();
        let read = store
            .read(|sql| Ok(sql.query_row("SELECT sum(length(mime)) FROM media", [], |row| row.get::<_, i64>(0))?))
            .await;
        assert!(matches!(read, Err(StoreError::Sqlite(_))), "{read:?}");
        assert!(recovery::marked(folder.path()).is_some());
    }

    #[tokio::test(flavor = "multi_thread")]
    async fn closing_does_not_wait_for_a_check() {
        let folder = Folder::new();
        let store = Store::open(folder.path()).unwrap();
        burst(&store, 2_000).await;
        let checking = tokio::spawn({
            let store = store.clone();
            async move { store.check().await }
        });
        while store.shared.check.lock().unwrap().is_none() && !checking.is_finished() {
            tokio::task::yield_now().await;
        }
        store.close().await;
        let ended = checking.await.unwrap();
        assert!(matches!(ended, Err(StoreError::Closed)), "{ended:?}");
        assert_eq!(recovery::marked(folder.path()), None, "that is no damage");
        let closed = store.check().await;
        assert!(matches!(closed, Err(StoreError::Closed)), "{closed:?}");
    }
}
