//! The floor: the fastest SQLite found for the same history, with the same promise (WAL, `synchronous = FULL`), asked with
//! plain prepared statements. Rows are stepped and their columns read, but nothing is made of them. Nobody's inbox could
//! be kept in it: it knows no gaps, no tags, no outbox states, no raw messages. What we cost more is what we do more.

use std::collections::HashMap;
use std::hint::black_box;
use std::path::Path;

use anyhow::Result;
use model::{ConversationId, MessageId, Millis};
use store::Connection;
use store::table::message::IncomingMessage;

use crate::segment;

const SCHEMA: &str = "
CREATE TABLE conversation (
    id INTEGER PRIMARY KEY, status INTEGER NOT NULL, request INTEGER NOT NULL, last_at INTEGER NOT NULL, name TEXT NOT NULL,
    handle TEXT NOT NULL, snippet TEXT NOT NULL, out INTEGER NOT NULL, unread INTEGER NOT NULL, waiting INTEGER NOT NULL, window_at INTEGER NOT NULL, mine INTEGER NOT NULL DEFAULT 0
) STRICT;
CREATE INDEX list ON conversation (status, last_at DESC, id);
CREATE INDEX waiting ON conversation (last_at DESC, id) WHERE waiting = 1 AND status = 0;
CREATE INDEX mine ON conversation (last_at DESC, id) WHERE mine = 1 AND status = 0;
CREATE INDEX requests ON conversation (last_at DESC, id) WHERE request = 1 AND status = 0;
CREATE TABLE message (
    conversation INTEGER NOT NULL, at INTEGER NOT NULL, id INTEGER NOT NULL, out INTEGER NOT NULL, kind INTEGER NOT NULL, body TEXT NOT NULL,
    PRIMARY KEY (conversation, at, id)
) STRICT, WITHOUT ROWID;
CREATE UNIQUE INDEX message_id ON message (id);
CREATE TABLE outbox (message INTEGER PRIMARY KEY, conversation INTEGER NOT NULL, state INTEGER NOT NULL, body TEXT NOT NULL) STRICT;
CREATE VIRTUAL TABLE words USING fts5 (body, content = '', contentless_delete = 1, tokenize = 'unicode61 remove_diacritics 2', prefix = '1 2 3');
";
// A limit is written out: SQLite prepares a statement anew each time a bound one is set.
const LIST: &str = "SELECT id, last_at, name, handle, snippet, out, unread, waiting, window_at FROM conversation";

const HITS: &str = "SELECT m.conversation, m.at, m.out, m.body FROM words w CROSS JOIN message m ON m.id = w.rowid WHERE words MATCH ?1";

/// A log that grows costs the file system more with every commit than one that is written over, as it is once a megabyte or
/// four have been committed. Both databases are brought to that point.
pub(crate) const GROW: &str =
    "CREATE TABLE grown (bytes BLOB) STRICT; INSERT INTO grown VALUES (zeroblob(8000000)); DROP TABLE grown;";

/// Steps through what a query answers and touches every column; how many rows there were.
macro_rules! step {
    ($sql:expr, $query:expr, $values:expr, $columns:expr) => {{
        let mut query = $sql.prepare_cached($query)?;
        let mut rows = query.query($values)?;
        let mut count = 0_u32;
        while let Some(row) = rows.next()? {
            for column in 0..$columns {
                black_box(row.get_ref(column)?);
            }
            count += 1;
        }
        Ok(count)
    }};
}

/// Which conversations a list shows.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Shown {
    Waiting,
    Requests,
    Open,
    Mine,
    Snoozed,
    Done,
}

/// What the floor calls a conversation that is open, done, put away until a time.
pub(crate) const FLOOR_OPEN: i64 = 0;
pub(crate) const FLOOR_DONE: i64 = 1;
pub(crate) const FLOOR_SNOOZED: i64 = 2;

/// What agents did with a conversation.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Treated {
    pub(crate) id: ConversationId,
    pub(crate) mine: bool,
    pub(crate) status: i64,
}

/// The floor's database, open.
pub(crate) struct Floor {
    sql: Connection,
}

/// A message on its way into the floor.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Line<'a> {
    pub(crate) conversation: ConversationId,
    pub(crate) id: MessageId,
    pub(crate) news: &'a IncomingMessage,
}

/// A customer's row, before any message.
#[derive(Debug, Clone)]
pub(crate) struct NewRow {
    pub(crate) id: ConversationId,
    pub(crate) request: bool,
    pub(crate) name: String,
    pub(crate) handle: String,
}

impl Floor {
    pub(crate) fn open(file: &Path) -> Result<Self> {
        let sql = Connection::open(file)?;
        sql.execute_batch(
            "PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL; PRAGMA cache_size = -16000; PRAGMA temp_store = MEMORY; PRAGMA journal_size_limit = 16777216;",
        )?;
        sql.set_prepared_statement_cache_capacity(64);
        Ok(Self { sql })
    }

    pub(crate) fn make(file: &Path) -> Result<Self> {
        let floor = Self::open(file)?;
        floor.sql.execute_batch(SCHEMA)?;
        Ok(floor)
    }

    /// Tidies as one would after a first fetch, and moves everything out of the log.
    pub(crate) fn finish(&self) -> Result<()> {
        self.sql.execute_batch(
            "INSERT INTO words (words) VALUES ('optimize'); PRAGMA optimize; PRAGMA wal_checkpoint(TRUNCATE);",
        )?;
        Ok(())
    }

    /// Runs one transaction.
    pub(crate) fn commit<T>(&mut self, work: impl FnOnce(&Connection) -> Result<T>) -> Result<T> {
        let tx = self.sql.transaction()?;
        let done = work(&tx)?;
        tx.commit()?;
        Ok(done)
    }

    /// Takes messages in and brings their conversations' rows up to date, as one transaction.
    pub(crate) fn ingest(&mut self, rows: &[NewRow], lines: &[Line<'_>]) -> Result<()> {
        self.commit(|sql| {
            let mut row = sql.prepare_cached("INSERT INTO conversation (id, status, request, last_at, name, handle, snippet, out, unread, waiting, window_at) VALUES (?1, 0, ?2, 0, ?3, ?4, '', 0, 0, 0, 0)")?;
            for new in rows {
                row.execute((new.id.0, new.request, &new.name, &new.handle))?;
            }
            add(sql, lines)
        })
    }

    /// The agent takes conversations and puts them away.
    pub(crate) fn treat(&mut self, treated: &[Treated]) -> Result<()> {
        self.commit(|sql| {
            let mut update = sql.prepare_cached("UPDATE conversation SET status = ?2, mine = ?3 WHERE id = ?1")?;
            for one in treated {
                update.execute((one.id.0, one.status, one.mine))?;
            }
            Ok(())
        })
    }

    /// The newest rows of a list.
    pub(crate) fn list(&self, shown: Shown, limit: u32) -> Result<u32> {
        let query = format!("{LIST} {} ORDER BY last_at DESC, id LIMIT {limit}", filter(shown));
        step!(self.sql, &query, [], 9)
    }

    /// The rows below one whose time is known.
    pub(crate) fn list_below(&self, shown: Shown, at: Millis, limit: u32) -> Result<u32> {
        let query = format!("{LIST} {} AND last_at < ?1 ORDER BY last_at DESC, id LIMIT {limit}", filter(shown));
        step!(self.sql, &query, [at], 9)
    }

    /// The time of the row at this place of a list, from which a page in the middle begins.
    pub(crate) fn time_at(&self, shown: Shown, place: u32) -> Result<Millis> {
        let query = format!(
            "SELECT coalesce((SELECT last_at FROM conversation {} ORDER BY last_at DESC, id LIMIT 1 OFFSET ?1), 0)",
            filter(shown)
        );
        Ok(self.sql.query_row(&query, [place], |row| row.get(0))?)
    }

    /// A conversation's newest messages, or those before one; where the next page begins.
    pub(crate) fn page(
        &self,
        id: ConversationId,
        before: Option<(Millis, i64)>,
        limit: u32,
    ) -> Result<Option<(Millis, i64)>> {
        let (at, message) = before.unwrap_or((Millis::MAX, i64::MAX));
        let mut query = self.sql.prepare_cached(&format!(
            "SELECT at, id, out, kind, body FROM message WHERE conversation = ?1 AND (at, id) < (?2, ?3) ORDER BY at DESC, id DESC LIMIT {limit}",
        ))?;
        let mut rows = query.query((id.0, at, message))?;
        let mut last = None;
        while let Some(row) = rows.next()? {
            for column in 2..5 {
                black_box(row.get_ref(column)?);
            }
            last = Some((row.get(0)?, row.get(1)?));
        }
        Ok(last)
    }

    /// The newest messages that hold every word, each looked up.
    pub(crate) fn search(&self, question: &str, limit: u32) -> Result<u32> {
        step!(self.sql, &format!("{HITS} ORDER BY w.rowid DESC LIMIT {limit}"), [question], 4)
    }

    /// As [`Floor::search`], in one conversation: hits are looked up until enough are of it.
    pub(crate) fn search_in(&self, question: &str, id: ConversationId, limit: u32) -> Result<u32> {
        let query = format!("{HITS} AND m.conversation = ?2 ORDER BY w.rowid DESC LIMIT {limit}");
        step!(self.sql, &query, (question, id.0), 4)
    }

    /// As [`Floor::search`], among the messages of some days.
    pub(crate) fn search_between(&self, question: &str, from: MessageId, to: MessageId, limit: u32) -> Result<u32> {
        let query = format!("{HITS} AND w.rowid BETWEEN ?2 AND ?3 ORDER BY w.rowid DESC LIMIT {limit}");
        step!(self.sql, &query, (question, from.0, to.0), 4)
    }

    /// Notes that the agent has seen everything: one durable commit.
    pub(crate) fn mark_read(&mut self, id: ConversationId) -> Result<()> {
        self.commit(|sql| {
            sql.prepare_cached("UPDATE conversation SET unread = 0 WHERE id = ?1")?.execute([id.0])?;
            Ok(())
        })
    }

    /// Something new stands in each of these.
    pub(crate) fn mark_unread(&mut self, ids: &[ConversationId]) -> Result<()> {
        self.commit(|sql| {
            let mut update = sql.prepare_cached("UPDATE conversation SET unread = 3 WHERE id = ?1")?;
            for id in ids {
                update.execute([id.0])?;
            }
            Ok(())
        })
    }

    /// Queues a reply: message, words, outbox row, the conversation's row, one durable commit.
    pub(crate) fn enqueue(&mut self, line: Line<'_>) -> Result<()> {
        self.commit(|sql| {
            let body = line.news.content.searchable();
            sql.prepare_cached("INSERT INTO outbox (message, conversation, state, body) VALUES (?1, ?2, 0, ?3)")?
                .execute((line.id.0, line.conversation.0, body))?;
            add(sql, &[line])
        })
    }

    /// Every conversation there is.
    pub(crate) fn conversations(&self) -> Result<Vec<ConversationId>> {
        let mut query = self.sql.prepare("SELECT id FROM conversation ORDER BY id")?;
        Ok(query.query_map([], |row| row.get(0).map(ConversationId))?.collect::<Result<_, _>>()?)
    }

    /// See [`GROW`].
    pub(crate) fn grow_log(&mut self) -> Result<()> {
        self.commit(|sql| Ok(sql.execute_batch(GROW)?))?;
        Ok(self.sql.execute_batch("PRAGMA wal_checkpoint(PASSIVE)")?)
    }

    /// The newest message of a conversation before this time.
    pub(crate) fn message_before(&self, id: ConversationId, at: Millis) -> Result<(Millis, i64)> {
        let query = "SELECT at, id FROM message WHERE conversation = ?1 AND at < ?2 ORDER BY at DESC LIMIT 1";
        Ok(self.sql.query_row(query, (id.0, at), |row| Ok((row.get(0)?, row.get(1)?)))?)
    }

    /// Whose conversation it is.
    pub(crate) fn name(&self, id: ConversationId) -> Result<String> {
        Ok(self.sql.query_row("SELECT name FROM conversation WHERE id = ?1", [id.0], |row| row.get(0))?)
    }

    /// SQLite's own version.
    pub(crate) fn version(&self) -> Result<String> {
        Ok(self.sql.query_row("SELECT sqlite_version()", [], |row| row.get(0))?)
    }
}

fn filter(shown: Shown) -> &'static str {
    match shown {
        Shown::Waiting => "INDEXED BY waiting WHERE waiting = 1 AND status = 0",
        Shown::Requests => "INDEXED BY requests WHERE request = 1 AND status = 0",
        Shown::Open => "INDEXED BY list WHERE status = 0",
        Shown::Mine => "INDEXED BY mine WHERE mine = 1 AND status = 0",
        Shown::Snoozed => "INDEXED BY list WHERE status = 2",
        Shown::Done => "INDEXED BY list WHERE status = 1",
    }
}

/// What became of a conversation in one transaction.
struct Moved<'a> {
    last: &'a IncomingMessage,
    answered: bool,
    unread: u32,
}

fn add(sql: &Connection, lines: &[Line<'_>]) -> Result<()> {
    let mut moved: HashMap<ConversationId, Moved<'_>> = HashMap::new();
    let mut insert = sql.prepare_cached(
        "INSERT INTO message (conversation, at, id, out, kind, body) VALUES (?1, ?2, ?3, ?4, ?5, ?6)",
    )?;
    let mut index = sql.prepare_cached("INSERT INTO words (rowid, body) VALUES (?1, ?2)")?;
    for Line { conversation, id, news } in lines {
        let body = news.content.searchable();
        insert.execute((conversation.0, news.sent_at_ms, id.0, news.outgoing, i64::from(body.is_empty()), &body))?;
        if !body.is_empty() {
            index.execute((id.0, segment::words(&body).join(" ")))?;
        }
        let row = moved.entry(*conversation).or_insert(Moved { last: news, answered: false, unread: 0 });
        row.last = news;
        row.answered |= news.outgoing;
        row.unread = if news.outgoing { 0 } else { row.unread + 1 };
    }
    let mut update = sql.prepare_cached(
        "UPDATE conversation SET last_at = ?2, snippet = ?3, out = ?4, unread = ?5 + CASE WHEN ?6 THEN 0 ELSE unread END, waiting = NOT ?4,
             window_at = CASE WHEN ?4 THEN window_at ELSE ?2 END WHERE id = ?1",
    )?;
    for (id, row) in moved {
        let snippet = row.last.content.snippet().text;
        update.execute((id.0, row.last.sent_at_ms, snippet, row.last.outgoing, row.unread, row.answered))?;
    }
    Ok(())
}
