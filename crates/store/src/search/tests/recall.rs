//! Whether search finds what it must: `recall.txt`, and a brute-force oracle over seeded messages.

use std::collections::{BTreeMap, BTreeSet};
use std::path::PathBuf;
use std::sync::atomic::{AtomicU32, Ordering};

use model::{AccountId, AutoType, Content, ConversationId, ConversationKind, MessageId, Surface};

use crate::search::{Found, Query, Scope, find};
use crate::table::{conversation, message, person};
use crate::{Store, StoreError, Tx};

/// A database in a folder that goes with it.
pub(super) struct Shelf {
    pub(super) store: Store,
    folder: PathBuf,
}

impl Shelf {
    pub(super) fn new() -> Self {
        static COUNT: AtomicU32 = AtomicU32::new(0);
        let name = format!("deskbell-search-{}-{}", std::process::id(), COUNT.fetch_add(1, Ordering::Relaxed));
        let folder = std::env::temp_dir().join(name);
        Self { store: Store::open(&folder).unwrap(), folder }
    }

    pub(super) fn find(&self, query: &Query, scope: Scope, limit: u32) -> Found {
        self.store.read_now(|sql| find(sql, query, &scope, limit)).unwrap()
    }
}

impl Drop for Shelf {
    fn drop(&mut self) {
        let _ = std::fs::remove_dir_all(&self.folder);
    }
}

pub(super) fn link(tx: &mut Tx<'_>, name: &str) -> Result<AccountId, StoreError> {
    tx.execute(
        "INSERT INTO account (remote_id, handle, display_name, scopes, tokens_issued_at_ms, access_expires_at_ms, refresh_expires_at_ms, linked_at_ms)
         VALUES (?1, ?1, ?1, '', 0, 0, 0, 0)",
        [name],
    )?;
    Ok(AccountId(tx.last_insert_rowid()))
}

/// A conversation and the customer it is with.
pub(super) fn open(
    tx: &mut Tx<'_>,
    account: AccountId,
    name: &str,
    handle: Option<&str>,
) -> Result<ConversationId, StoreError> {
    let news = person::PersonUpdate {
        remote_id: format!("person {name}"),
        name: Some(name.to_owned()),
        handle: handle.map(str::to_owned),
        ..Default::default()
    };
    let person = person::upsert(tx, account, &news)?.id;
    let remote_id = format!("conversation {name}");
    let listed = conversation::ListedConversation {
        remote_id: remote_id.clone(),
        kind: ConversationKind::Chat,
        updated_ms: Some(1),
        origin: None,
    };
    conversation::upsert_listed(tx, account, &listed)?;
    let id = conversation::find(tx, account, &remote_id)?.unwrap();
    conversation::set_person(tx, id, person)?;
    Ok(id)
}

pub(super) fn say(
    tx: &Tx<'_>,
    account: AccountId,
    conversation: ConversationId,
    at: i64,
    outgoing: bool,
    content: Content,
) -> Result<MessageId, StoreError> {
    let news = message::IncomingMessage {
        remote_id: format!("{conversation}-{at}"),
        sent_at_ms: at,
        is_timed: true,
        outgoing,
        surface: Surface::Phone,
        auto: None::<AutoType>,
        content,
        quoted_remote_id: None,
        reactions: Vec::new(),
        raw: "{}".to_owned(),
    };
    message::insert(tx, account, conversation, &news, true)
}

pub(super) fn text(body: impl Into<String>) -> Content {
    Content::Text { body: body.into() }
}

#[tokio::test]
async fn every_script_is_found_as_written_down_before_the_code_was_run() {
    let shelf = Shelf::new();
    let mut wrong = Vec::new();
    let mut counts = BTreeMap::new();
    let fixture = include_str!("recall.txt");
    for (number, script) in fixture.split("\n# ").skip(1).enumerate() {
        let (name, lines) = script.split_once('\n').unwrap();
        let documents: Vec<(i64, String)> = lines
            .lines()
            .filter_map(|line| line.split_once(' '))
            .filter_map(|(n, text)| Some((n.parse().ok()?, text.to_owned())))
            .collect();
        let count = documents.len();
        let name_kept = name.to_owned();
        let conversation = shelf
            .store
            .write(move |tx| {
                let account = if number == 0 { link(tx, "shop")? } else { AccountId(1) };
                let conversation = open(tx, account, &name_kept, None)?;
                for (n, body) in documents {
                    say(tx, account, conversation, n, false, text(body))?;
                }
                Ok(conversation)
            })
            .await
            .unwrap();
        let mut queries = 0;
        for line in lines.lines().filter_map(|line| line.strip_prefix("? ")) {
            let (typed, wanted) = line.rsplit_once(" =").unwrap();
            let wanted: BTreeSet<i64> = wanted.split_whitespace().map(|n| n.parse().unwrap()).collect();
            let scope = Scope { conversation: Some(conversation), account: None };
            let found = shelf.find(&Query::parse(typed), scope, 1000);
            let hits: BTreeSet<i64> = found.messages.iter().map(|hit| hit.sent_at_ms).collect();
            if hits != wanted {
                wrong.push(format!("{name}: {typed:?} found {hits:?} instead of {wanted:?}"));
            }
            if let Some(hit) = found.messages.iter().find(|hit| hit.marks.is_empty()) {
                wrong.push(format!("{name}: {typed:?} marks nothing in {:?}", hit.excerpt));
            }
            queries += 1;
        }
        assert!(count >= 20 && queries >= 15, "{name} has {count} documents and {queries} queries");
        counts.insert(name, queries);
    }
    assert!(counts.len() >= 12, "{counts:?}");
    assert!(wrong.is_empty(), "{} wrong: {wrong:#?}", wrong.len());
}
