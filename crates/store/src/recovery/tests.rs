//! A shop whose database is damaged in every way that can be thought of.

mod mutants;
mod steps;
mod worth;

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU32, Ordering};

use model::{
    AutoMessageType, AutoText, Card, CardKind, Content, ConversationId, ConversationKind, Outgoing, Reaction,
    SavedReplyText, Surface,
};
use rusqlite::Connection;
use rusqlite::types::{Value, ValueRef};

use super::btree::Node;
use super::image::Image;
use super::schema;
use crate::Store;
use crate::table::account::{NewAccount, TokenTimes};
use crate::table::conversation::ListedConversation;
use crate::table::draft::Draft;
use crate::table::gap::Gap;
use crate::table::message::IncomingMessage;
use crate::table::outbox::actions::{DraftSource, Submission, SubmitOutcome};
use crate::table::person::PersonUpdate;
use crate::table::{
    account, agent, auto_message, comment, conversation, draft, gap, message, outbox, person, saved_reply, scheduled,
    setting, tag, triage,
};

/// A folder that goes when the test is over.
pub(crate) struct Folder(PathBuf);

impl Folder {
    pub(crate) fn new() -> Self {
        static MADE: AtomicU32 = AtomicU32::new(0);
        let name = format!("deskbell-store-{}-{}", std::process::id(), MADE.fetch_add(1, Ordering::Relaxed));
        let path = std::env::temp_dir().join(name);
        let _ = std::fs::remove_dir_all(&path);
        std::fs::create_dir(&path).unwrap();
        Self(path)
    }

    pub(crate) fn path(&self) -> &Path {
        &self.0
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        // A store that was not closed may still be writing its last page.
        for _ in 0..50 {
            if std::fs::remove_dir_all(&self.0).is_ok() {
                break;
            }
            std::thread::sleep(std::time::Duration::from_millis(20));
        }
    }
}

/// The same numbers for the same seed, wherever it runs (xorshift).
pub(super) struct Lot(u64);

impl Lot {
    pub(super) fn new(seed: u64) -> Self {
        Self(seed.wrapping_mul(0x9E37_79B9_7F4A_7C15) | 1)
    }

    pub(super) fn next(&mut self) -> u64 {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        self.0
    }

    pub(super) fn below(&mut self, end: usize) -> usize {
        usize::try_from(self.next() % end as u64).unwrap()
    }
}

const DAY: i64 = 24 * 3_600_000;
/// When the shop was last open. Fixed, so that its pages are the same each time.
pub(super) const NOW: i64 = 1_795_000_000_000;

fn news(remote: &str, conversation: &str, at_ms: i64, outgoing: bool) -> IncomingMessage {
    let body = format!("message {remote} of {conversation}, which goes on for a line or so: 请问有蓝色的吗");
    let picture = remote.ends_with('7');
    let content = if picture {
        Content::Image { media_id: format!("p{remote}"), media: model::MediaState::Pending }
    } else {
        Content::Text { body }
    };
    let (from, to) = if outgoing { ("business-1", "someone") } else { ("someone", "business-1") };
    IncomingMessage {
        remote_id: remote.to_owned(),
        sent_at_ms: at_ms,
        is_timed: true,
        outgoing,
        surface: if outgoing { Surface::Phone } else { Surface::Other },
        auto: None,
        content,
        quoted_remote_id: None,
        reactions: vec![Reaction { emoji: "🤎".to_owned(), picture: None, from: model::Direction::In }],
        raw: format!(
            r#"{{"conversation_id":"{conversation}","from_user":{{"id":"{from}"}},"to_user":{{"id":"{to}"}}}}"#
        ),
    }
}

/// A shop with customers, a history, and replies in every state.
pub(super) async fn shop(folder: &Path, conversations: i64, messages: i64) -> Store {
    let store = Store::open(folder).unwrap();
    let now_ms = NOW;
    store
        .write(move |tx| {
            let tokens = TokenTimes {
                issued_at_ms: 1,
                access_expires_at_ms: 2,
                refresh_expires_at_ms: 3,
                scopes: "a".to_owned(),
            };
            let mut accounts = Vec::new();
            for n in 1..=2 {
                let new = NewAccount {
                    remote_id: format!("business-{n}"),
                    handle: format!("shop{n}"),
                    display_name: "Shop".to_owned(),
                    avatar: None,
                    tokens: tokens.clone(),
                };
                let id = account::link(tx, &new, 5)?;
                account::set_complete_to(tx, id, 77, 77)?;
                account::mark_backfilled(tx, id)?;
                accounts.push(id);
            }
            let kept = accounts.clone();
            for n in 1..=conversations {
                let account = accounts[usize::from(n % 5 == 0)];
                let kind = if n % 3 == 0 { ConversationKind::Request } else { ConversationKind::Chat };
                let remote_id = format!("c{n}");
                conversation::upsert_listed(
                    tx,
                    account,
                    &ListedConversation { remote_id, kind, updated_ms: Some(now_ms - n * DAY / 4), origin: None },
                )?;
            }
            let mut all = Vec::new();
            for account in accounts {
                all.extend(
                    conversation::due(tx, account, 100_000)?
                        .into_iter()
                        .map(|known| (known.id, account, known.remote_id)),
                );
            }
            for (nth, (id, account, remote)) in (0_i64..).zip(&all) {
                let customer = PersonUpdate {
                    remote_id: format!("p{remote}"),
                    name: Some(format!("Customer {remote}")),
                    ..PersonUpdate::default()
                };
                let customer = person::upsert(tx, *account, &customer)?.id;
                conversation::set_person(tx, *id, customer)?;
                if nth % 7 == 0 {
                    tag::add(tx, *id, "vip")?;
                }
                if nth % 6 == 0 {
                    triage::assign(tx, *id, Some(agent::me(tx)?.id))?;
                }
                let count = messages / conversations + nth % 3 - 1;
                for n in 0..count {
                    let at_ms = now_ms - nth * DAY / 4 - (count - n) * 60_000;
                    let said = message::insert(
                        tx,
                        *account,
                        *id,
                        &news(&format!("m{nth}-{n}"), remote, at_ms, n % 2 == 1),
                        true,
                    )?;
                    if n == 5 && nth % 9 == 0 {
                        gap::insert(tx, *id, Gap { before: said, after: None }, now_ms)?;
                    }
                }
                conversation::mark_fetched(tx, *id, now_ms, true)?;
                write_something(tx, nth, *id, now_ms)?;
                if nth % 10 == 9 {
                    conversation::set_status(tx, *id, model::Status::Done)?;
                }
                conversation::refresh(tx, *id)?;
            }
            by_itself(tx, &kept)?;
            setting::set(tx, "settings", r#"{"theme":"dark"}"#)
        })
        .await
        .unwrap();
    store
}

/// What agents typed for Deskbell and TikTok to say by themselves.
fn by_itself(tx: &mut crate::Tx<'_>, accounts: &[model::AccountId]) -> Result<(), crate::StoreError> {
    let me = agent::me(tx)?.id;
    agent::rename(tx, me, "Nok")?;
    for n in 0..12 {
        agent::add(tx, &format!("Agent {n}"))?;
        let text = SavedReplyText {
            name: format!("saved {n}"),
            shortcut: format!("s{n}"),
            category: "Returns".to_owned(),
            body: format!("We take it back, {{{{customer|friend}}}}. {n}"),
            attachment: None,
        };
        saved_reply::save(tx, None, &text)?;
        let rule = serde_json::json!({
            "name": format!("Rule {n}"), "enabled": true, "trigger": { "kind": "firstMessage" }, "conditions": [],
            "actions": [{ "kind": "done" }], "stop": false,
        });
        tx.execute("INSERT INTO rule (position, spec) VALUES (?1, ?2)", (n, rule.to_string()))?;
    }
    let hours = r#"{"timeZone":"Asia/Bangkok","week":[[],[],[],[],[],[],[]],"holidays":[]}"#;
    tx.execute("UPDATE account SET business_hours = ?1, time_zone = 'Asia/Bangkok'", [hours])?;
    for account in accounts {
        for (n, kind) in (0..30_i64).zip(AutoMessageType::ALL.into_iter().cycle()) {
            let text = AutoText { title: format!("Question {n}"), body: format!("An answer of some length, {n}") };
            let item = auto_message::ListedAutoMessage {
                remote_id: format!("am{n}"),
                text,
                audit: model::AuditStatus::Approved,
                raw: "{}".to_owned(),
            };
            let news = auto_message::ListedKind { enabled: n % 2 == 0, items: vec![item] };
            auto_message::keep(tx, *account, kind, &news, n % 4 == 0, NOW + n)?;
            let comment = comment::IncomingComment {
                remote_id: format!("cm{n}"),
                person_id: Some("someone".to_owned()),
                name: None,
                handle: Some("someone".to_owned()),
                body: format!("how much is this? {n}"),
                is_follower: None,
                at_ms: NOW - n * DAY,
            };
            comment::insert_new(tx, *account, &comment)?;
        }
    }
    Ok(())
}

/// A draft here, a reply in some state there.
fn write_something(tx: &mut crate::Tx<'_>, nth: i64, id: ConversationId, now_ms: i64) -> Result<(), crate::StoreError> {
    if nth % 2 == 0 {
        draft::save(tx, id, &Draft { body: format!("half a thought {nth}"), ..Draft::default() }, now_ms)?;
    }
    if nth % 8 == 1 {
        let card = Card { kind: CardKind::Button, title: format!("Which? {nth}"), buttons: vec!["A".to_owned()] };
        draft::save_card(tx, id, Some(&card), now_ms)?;
    }
    if nth % 4 == 3 {
        scheduled::insert(tx, id, &Draft { body: format!("later {nth}"), ..Draft::default() }, now_ms + DAY, now_ms)?;
    }
    if nth % 2 == 1 {
        let press = Submission {
            conversation: id,
            parts: vec![
                Outgoing::Text { body: format!("on its way {nth}") },
                Outgoing::Text { body: format!("and more {nth}") },
            ],
            quoted: None,
            seen: None,
            anyway: true,
            key: Some(format!("key {nth}")),
            clears: DraftSource::Nothing,
            hold_until_ms: Some(now_ms + 5_000).filter(|_| nth % 16 == 15),
        };
        let SubmitOutcome::Queued(ids) = outbox::actions::submit(tx, &press, now_ms)? else { panic!("not queued") };
        if nth % 16 == 1 || nth % 16 == 3 {
            outbox::begin(tx, ids[0], now_ms)?;
        }
        if nth % 16 == 5 {
            let no = serde_json::json!({"reason": "windowClosed", "code": 40064, "message": "no", "requestId": "r", "atMs": 1});
            outbox::refuse(tx, ids[0], &serde_json::from_value(no).unwrap())?;
        }
    }
    Ok(())
}

/// What tells a row of a table from every other, and must be the same after mending.
pub(super) const KEYS: [(&str, &str); 18] = [
    ("account", "id, remote_id, handle, business_hours"),
    ("person", "id, account_id, remote_id, name"),
    ("conversation", "id, account_id, remote_id, kind, status, seen_up_to_ms"),
    ("message", "conversation_id, sent_at_ms, tie, id, account_id, remote_id, content, reactions"),
    ("message_raw", "message_id, raw"),
    ("outbox", "message_id, conversation_id, position, outgoing"),
    ("draft", "account_id, conversation_id, mode, body"),
    ("scheduled", "id, conversation_id, body, due_at_ms"),
    ("attempt", "id, message_id, started_at_ms, outcome"),
    ("press", "key, messages"),
    ("tag", "id, account_id, name"),
    ("picture", "message_id, conversation_id, refetchable"),
    ("agent", "id, name, me"),
    ("saved_reply", "id, name, shortcut, body"),
    ("rule", "id, position, spec"),
    ("auto_message", "id, account_id, kind, remote_id, title, body"),
    ("auto_version", "id, account_id, kind, by, items"),
    ("comment", "id, account_id, remote_id, body, state"),
];

fn said<'a>(values: impl Iterator<Item = &'a Value>) -> String {
    values.map(|value| format!("{value:?}")).collect::<Vec<_>>().join(" ")
}

/// The rows of a table, as SQLite tells them.
pub(super) fn rows(sql: &Connection, table: &str, columns: &str) -> BTreeSet<String> {
    let mut query = sql.prepare(&format!("SELECT {columns} FROM {table}")).unwrap();
    let count = query.column_count();
    let rows = query.query_map([], |row| {
        // One bit is enough to make a text unreadable.
        let value = |at| match row.get_ref(at).unwrap() {
            ValueRef::Text(text) => Value::Text(String::from_utf8_lossy(text).into_owned()),
            other => other.try_into().unwrap(),
        };
        Ok(said((0..count).map(value).collect::<Vec<_>>().iter()))
    });
    rows.unwrap().map(Result::unwrap).collect()
}

/// A row as it lies in the file.
#[derive(Debug, Clone)]
pub(super) struct Lies {
    pub(super) table: &'static str,
    pub(super) page: u32,
    pub(super) row: String,
}

/// All rows with the pages they stand on, read without SQLite.
pub(super) fn lies(database: &Path) -> Vec<Lies> {
    let image = Image::open(database).unwrap();
    let (roots, whole) = schema::roots(&image);
    assert!(whole);
    let newest = Connection::open_in_memory().unwrap();
    for migration in crate::migrations::MIGRATIONS {
        newest.execute_batch(migration).unwrap();
    }
    let tables = schema::tables_since(&[], &newest).unwrap();
    let mut found = Vec::new();
    for (name, columns) in KEYS {
        let table = tables.iter().find(|table| table.name == name).unwrap();
        let at: Vec<usize> = columns.split(", ").map(|column| table.position(column).unwrap()).collect();
        let mut below = vec![roots[name].0];
        while let Some(page) = below.pop() {
            let node = Node::read(&image, page).unwrap();
            below.extend(node.children());
            for record in node.records(&image) {
                let row = table.row(record.unwrap()).unwrap();
                found.push(Lies { table: name, page, row: said(at.iter().map(|at| &row[*at])) });
            }
        }
    }
    found
}

#[tokio::test]
async fn what_is_read_from_the_pages_is_what_sqlite_reads() {
    let folder = Folder::new();
    let store = shop(folder.path(), 60, 900).await;
    // Long enough for overflow pages, and something in every table.
    store
        .write(|tx| {
            let long = "x".repeat(50_000);
            draft::save(tx, ConversationId(1), &Draft { body: long.clone(), ..Draft::default() }, i64::MAX)?;
            setting::set(tx, &"n".repeat(9_000), &long)?;
            tx.execute("INSERT INTO post (account_id, item_id, caption, embed_url, posted_at_ms) VALUES (1, 'i', ?1, '', -1)", [&long])?;
            tx.execute("INSERT INTO gap (conversation_id, before_id, after_id, noticed_at_ms) VALUES (1, -9223372036854775808, -70000, 9223372036854775807)", [])?;
            tx.execute("INSERT INTO cursor VALUES (1, 'c', 'v')", [])?;
            tx.execute("INSERT INTO upload (account_id, key) VALUES (1, 'k')", [])?;
            tx.execute("INSERT INTO media (key, mime, width, height, size, fetched_at_ms) VALUES ('k', 'image/png', 127, -128, 8388608, 140737488355328)", [])?;
            tx.execute("INSERT INTO token_event (account_id, at_ms, kind) VALUES (1, 2, 'linked')", [])?;
            message::set_content(tx, message::first_id(1), &Content::Text { body: String::new() }).unwrap_err();
            Ok(())
        })
        .await
        .unwrap();
    let image = Image::open(&folder.path().join(crate::files::DATABASE)).unwrap();
    assert!(!image.is_stale(), "it is read with its log, which is in use");
    let (roots, _) = schema::roots(&image);
    store
        .read(move |sql| {
            let tables = schema::tables_since(&[], sql)?;
            assert!(tables.len() > 18, "{}", tables.len());
            for table in tables {
                let columns: Vec<&str> = table.columns.iter().map(|column| column.name.as_str()).collect();
                let told = rows(sql, &table.name, &columns.join(", "));
                let mut below = vec![roots[&table.name].0];
                let mut read = BTreeSet::new();
                while let Some(page) = below.pop() {
                    let node = Node::read(&image, page).unwrap();
                    below.extend(node.children());
                    read.extend(node.records(&image).map(|record| said(table.row(record.unwrap()).unwrap().iter())));
                }
                assert!(told == read, "{}: {} told, {} read", table.name, told.len(), read.len());
            }
            Ok(())
        })
        .await
        .unwrap();
}
