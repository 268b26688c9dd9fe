//! Fills both databases with the same history, 1,000 messages to a commit, through what the store itself offers: the data
//! is what the product makes. It is kept in `target/bench` and used again until the seed, the schema or the way rows are
//! written changes.

use std::collections::{BTreeMap, HashMap};
use std::hash::{DefaultHasher, Hash, Hasher};
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use anyhow::{Context, Result};
use model::{AccountId, ConversationId, MessageId, Status};
use serde_json::{Value, json};
use store::table::account::{self, NewAccount, TokenTimes};
use store::table::conversation::{self, ListedConversation};
use store::table::gap::{self, Gap};
use store::table::message::{self, PageAnchor};
use store::table::{agent, draft, person, tag, triage};
use store::{Connection, Store, StoreError, Tx, search};
use tokio::runtime::Runtime;

use crate::floor::{FLOOR_DONE, FLOOR_OPEN, FLOOR_SNOOZED, Floor, Line, NewRow, Treated};
use crate::report::say;
use crate::shop::{Customer, EDITION, END_MS, Said, Shop};

/// So many messages to a commit.
const BATCH: usize = 1_000;
/// So many pages of the search index are merged at once.
const MERGED: u32 = 500;

/// Ten years: nothing that was put away comes back while something is measured.
const SNOOZED_MS: i64 = 3_650 * 24 * 3_600_000;

/// A history on disk.
#[derive(Debug, Clone)]
pub(crate) struct Data {
    /// Where it lies: `desk/deskbell.db` and `floor.db`.
    pub(crate) folder: PathBuf,
    /// What is known of it, as in `made.json`.
    pub(crate) facts: Value,
}

impl Data {
    pub(crate) fn desk(&self) -> PathBuf {
        self.folder.join("desk")
    }

    pub(crate) fn floor(&self) -> PathBuf {
        self.folder.join("floor.db")
    }

    /// A copy to be written to; the original stays as it is.
    pub(crate) fn copy(&self, to: &Path) -> Result<Data> {
        let copy = Data { folder: to.to_owned(), facts: self.facts.clone() };
        std::fs::create_dir_all(copy.desk())?;
        std::fs::copy(self.desk().join("deskbell.db"), copy.desk().join("deskbell.db"))?;
        std::fs::copy(self.floor(), copy.floor())?;
        Ok(copy)
    }
}

/// The history of this size: the one made before, or a new one.
pub(crate) fn ready(runtime: &Runtime, bench: &Path, size: &str, messages: u64, seed: u64) -> Result<Data> {
    let print = fingerprint(runtime, bench, seed).context("the way rows are written")?;
    let name = format!("{size}-{seed}-{print:08x}");
    let data = Data { folder: bench.join(&name), facts: Value::Null };
    let made = data.folder.join("made.json");
    if let Ok(text) = std::fs::read_to_string(&made) {
        say(&format!("{size}: {name} was made before"));
        return Ok(Data { facts: serde_json::from_str(&text)?, ..data });
    }
    // What an older schema left is of no use to anybody.
    for entry in std::fs::read_dir(bench)? {
        let entry = entry?;
        if entry.file_name().to_string_lossy().starts_with(&format!("{size}-{seed}-")) {
            std::fs::remove_dir_all(entry.path())?;
        }
    }
    let facts = make(runtime, &data, size, messages, seed)?;
    std::fs::write(made, serde_json::to_string_pretty(&facts)?)?;
    Ok(Data { facts, ..data })
}

/// What the product writes for a little history, in one number.
fn fingerprint(runtime: &Runtime, bench: &Path, seed: u64) -> Result<u32> {
    let folder = tempfile::tempdir_in(bench)?;
    let mut filling = Filling::begin(runtime, folder.path(), seed)?;
    filling.take(Shop::new(seed, 400).collect())?;
    filling.finish_customers()?;
    let mut hash = DefaultHasher::new();
    EDITION.hash(&mut hash);
    let rows = filling.store.read_now(|sql| {
        let mut rows = Vec::new();
        let mut tables = sql.prepare("SELECT name, coalesce(sql, '') FROM sqlite_schema ORDER BY name")?;
        let tables: Vec<(String, String)> =
            tables.query_map([], |row| Ok((row.get(0)?, row.get(1)?)))?.collect::<Result<_, _>>()?;
        for (name, made_by) in tables {
            if made_by.starts_with("CREATE TABLE") {
                let mut query = sql.prepare(&format!("SELECT * FROM \"{name}\""))?;
                let columns = query.column_count();
                let mut found = query.query([])?;
                while let Some(row) = found.next()? {
                    for column in 0..columns {
                        rows.push(format!("{:?}", row.get_ref(column)?));
                    }
                }
            }
            rows.push(made_by);
        }
        Ok(rows)
    })?;
    rows.hash(&mut hash);
    runtime.block_on(filling.store.close());
    Ok((hash.finish() >> 32) as u32)
}

fn make(runtime: &Runtime, data: &Data, size: &str, messages: u64, seed: u64) -> Result<Value> {
    std::fs::create_dir_all(&data.folder)?;
    let started = Instant::now();
    let mut filling = Filling::begin(runtime, &data.folder, seed)?;
    let mut shop = Shop::new(seed, messages);
    let mut told = Instant::now();
    loop {
        let batch: Vec<Said> = shop.by_ref().take(BATCH).collect();
        if batch.is_empty() {
            break;
        }
        filling.take(batch)?;
        if told.elapsed() > Duration::from_secs(5) {
            told = Instant::now();
            say(&format!("{size}: {} of {messages} messages, {}", filling.messages, filling.rates()));
        }
    }
    filling.finish_customers()?;
    let rates = (filling.rate(filling.ours), filling.rate(filling.floors));
    say(&format!("{size}: made in {:.0} s, {}", started.elapsed().as_secs_f64(), filling.rates()));
    let mut largest: Vec<(u64, ConversationId)> =
        filling.counts.iter().filter_map(|(number, count)| Some((*count, *filling.known.get(number)?))).collect();
    largest.sort_unstable_by(|one, other| other.cmp(one));
    let giant = filling.known.get(&0).copied().context("nobody wrote to the giant")?;
    largest.retain(|(_, id)| *id != giant);
    let (account, conversations) = (filling.account, filling.known.len());
    filling.floor.finish()?;
    runtime.block_on(filling.store.close());
    Ok(json!({
        "account": account, "giant": giant, "vips": largest.iter().take(20).map(|(_, id)| id).collect::<Vec<_>>(),
        "messages": messages, "conversations": conversations,
        "ingest_per_s": { "store": rates.0, "floor": rates.1 },
        "bytes": { "store": used(&data.desk().join("deskbell.db"))?, "floor": used(&data.floor())? },
    }))
}

/// How much of a database is in use: what merging leaves free is filled again by what comes.
fn used(file: &Path) -> Result<i64> {
    let query = "SELECT (page_count - freelist_count) * page_size FROM pragma_page_count, pragma_freelist_count, pragma_page_size";
    Ok(Connection::open(file)?.query_row(query, [], |row| row.get(0))?)
}

/// Both databases while they are filled.
struct Filling<'a> {
    runtime: &'a Runtime,
    seed: u64,
    store: Store,
    floor: Floor,
    account: AccountId,
    known: HashMap<u32, ConversationId>,
    counts: HashMap<u32, u64>,
    messages: u64,
    ours: Duration,
    floors: Duration,
}

/// What one commit brought.
struct Kept {
    known: HashMap<u32, ConversationId>,
    new: Vec<(u32, ConversationId)>,
    placed: Vec<(ConversationId, MessageId)>,
}

impl<'a> Filling<'a> {
    fn begin(runtime: &'a Runtime, folder: &Path, seed: u64) -> Result<Self> {
        let store = Store::open(&folder.join("desk"))?;
        let floor = Floor::make(&folder.join("floor.db"))?;
        let account = runtime.block_on(store.write(|tx| {
            let id = account::link(tx, &shop_account(), END_MS)?;
            account::mark_backfilled(tx, id)?;
            Ok(id)
        }))?;
        let (known, counts) = (HashMap::new(), HashMap::new());
        let (ours, floors) = (Duration::ZERO, Duration::ZERO);
        Ok(Self { runtime, seed, store, floor, account, known, counts, messages: 0, ours, floors })
    }

    fn take(&mut self, batch: Vec<Said>) -> Result<()> {
        let (account, seed, known) = (self.account, self.seed, std::mem::take(&mut self.known));
        self.messages += batch.len() as u64;
        for said in &batch {
            *self.counts.entry(said.customer).or_default() += 1;
        }
        let started = Instant::now();
        let (kept, batch) = self.runtime.block_on(self.store.write(move |tx| {
            let kept = keep(tx, account, seed, &batch, known)?;
            Ok((kept, batch))
        }))?;
        self.ours += started.elapsed();
        self.known = kept.known;
        let rows: Vec<NewRow> = kept.new.iter().map(|(number, id)| row(*id, Customer::of(seed, *number))).collect();
        let placed = batch.iter().zip(&kept.placed);
        let lines: Vec<Line<'_>> = placed
            .map(|(said, (conversation, id))| Line { conversation: *conversation, id: *id, news: &said.news })
            .collect();
        let started = Instant::now();
        self.floor.ingest(&rows, &lines)?;
        self.floors += started.elapsed();
        Ok(())
    }

    /// What agents do to conversations: tags, drafts, done; and what got lost.
    fn finish_customers(&mut self) -> Result<()> {
        let mut all: Vec<(u32, ConversationId)> = self.known.iter().map(|(number, id)| (*number, *id)).collect();
        all.sort_unstable();
        for part in all.chunks(BATCH) {
            let (part, seed) = (part.to_vec(), self.seed);
            let done = self.runtime.block_on(self.store.write(move |tx| {
                let mut done = Vec::new();
                for (number, id) in part {
                    done.push(treat(tx, id, Customer::of(seed, number))?);
                }
                Ok(done)
            }))?;
            self.floor.treat(&done)?;
        }
        // As the engine does when it has nothing else to do.
        while self.runtime.block_on(self.store.write(|tx| search::merge(tx, MERGED)))? {}
        Ok(())
    }

    fn rate(&self, time: Duration) -> f64 {
        (self.messages as f64 / time.as_secs_f64().max(1e-9)).round()
    }

    fn rates(&self) -> String {
        let (ours, floors) = (self.rate(self.ours) / 1e3, self.rate(self.floors) / 1e3);
        format!("store {ours:.1} k/s, floor {floors:.1} k/s")
    }
}

/// What the floor keeps of a customer.
pub(crate) fn row(id: ConversationId, customer: Customer) -> NewRow {
    let request = customer.kind() == model::ConversationKind::Request;
    NewRow { id, request, name: customer.name(), handle: customer.handle() }
}

fn shop_account() -> NewAccount {
    let tokens = TokenTimes {
        issued_at_ms: END_MS,
        access_expires_at_ms: END_MS,
        refresh_expires_at_ms: END_MS,
        scopes: String::new(),
    };
    let (handle, display_name) = ("maisonbloom".to_owned(), "Maison Bloom".to_owned());
    NewAccount { remote_id: "_000EXAMPLEopenid".to_owned(), handle, display_name, avatar: None, tokens }
}

fn keep(
    tx: &mut Tx<'_>,
    account: AccountId,
    seed: u64,
    batch: &[Said],
    known: HashMap<u32, ConversationId>,
) -> Result<Kept, StoreError> {
    let mut kept = Kept { known, new: Vec::new(), placed: Vec::new() };
    let mut touched = BTreeMap::new();
    for said in batch {
        let customer = Customer::of(seed, said.customer);
        let id = match kept.known.get(&said.customer) {
            Some(id) => *id,
            None => {
                let id = meet(tx, account, customer, said.news.sent_at_ms)?;
                kept.known.insert(said.customer, id);
                kept.new.push((said.customer, id));
                id
            }
        };
        kept.placed.push((id, message::insert(tx, account, id, &said.news, true)?));
        touched.insert(id, said.news.sent_at_ms);
    }
    for (id, newest_ms) in touched {
        conversation::mark_fetched(tx, id, newest_ms, true)?;
        conversation::refresh(tx, id)?;
    }
    Ok(kept)
}

/// A customer writes for the first time.
pub(crate) fn meet(
    tx: &mut Tx<'_>,
    account: AccountId,
    customer: Customer,
    at_ms: i64,
) -> Result<ConversationId, StoreError> {
    let remote_id = customer.remote_id();
    let listed = ListedConversation {
        remote_id: remote_id.clone(),
        kind: customer.kind(),
        updated_ms: Some(at_ms),
        origin: None,
    };
    conversation::upsert_listed(tx, account, &listed)?;
    let id = conversation::find(tx, account, &remote_id)?.ok_or(StoreError::NotFound)?;
    let person = person::upsert(tx, account, &customer.person())?.id;
    conversation::set_person(tx, id, person)?;
    person::record_contact(tx, person, at_ms)?;
    Ok(id)
}

/// What became of a customer, and how the floor is told.
fn treat(tx: &mut Tx<'_>, id: ConversationId, customer: Customer) -> Result<Treated, StoreError> {
    if let Some(name) = customer.tag() {
        tag::add(tx, id, name)?;
    }
    if customer.has_draft() {
        draft::write(tx, id, "I will ask the warehouse and", None, END_MS)?;
    }
    if customer.has_gap()
        && let [after, before, ..] = message::page(tx, id, PageAnchor::Newest, 2)?.0.as_slice()
    {
        gap::insert(tx, id, Gap { before: before.id, after: Some(after.id) }, END_MS)?;
        conversation::refresh(tx, id)?;
    }
    let mine = customer.is_mine();
    if mine {
        let me = agent::me(tx)?.id;
        triage::assign(tx, id, Some(me))?;
    }
    let mut status = FLOOR_OPEN;
    if customer.is_snoozed() {
        status = FLOOR_SNOOZED;
        triage::snooze(tx, id, Some(END_MS + SNOOZED_MS))?;
    } else if customer.is_done() && !conversation::row(tx, id)?.waiting {
        status = FLOOR_DONE;
        conversation::set_status(tx, id, Status::Done)?;
    }
    Ok(Treated { id, mine, status })
}
