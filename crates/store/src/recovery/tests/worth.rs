//! What a mended database claims, and what it does not.

use std::path::Path;

use model::{ConversationId, MessageId};
use rusqlite::Connection;

use super::{Folder, NOW, shop};
use crate::files::DATABASE;
use crate::migrations::MIGRATIONS;
use crate::recovery::btree::Node;
use crate::recovery::image::Image;
use crate::recovery::{Report, mark, schema};
use crate::table::{account, conversation, draft, gap, message, outbox};
use crate::{Store, StoreError};

/// All pages of these tables and indexes.
fn pages_of(path: &Path, names: &[&str]) -> Vec<u32> {
    let image = Image::open(path).unwrap();
    let (roots, _) = schema::roots(&image);
    let mut pages = Vec::new();
    for name in names {
        let mut below = vec![roots[*name].0];
        while let Some(page) = below.pop() {
            below.extend(Node::read(&image, page).unwrap().children());
            pages.push(page);
        }
    }
    pages
}

/// A shop whose pages `which` names are garbage, mended.
async fn mended(folder: &Folder, which: impl FnOnce(&Path) -> Vec<u32>) -> (Store, Report) {
    let path = folder.path().join(DATABASE);
    let mut bytes = std::fs::read(&path).unwrap();
    for page in which(&path) {
        let at = (page as usize - 1) * 4096;
        bytes[at..at + 4096].fill(0xA5);
    }
    std::fs::write(&path, bytes).unwrap();
    mark(folder.path(), "x").unwrap();
    let (store, report) = Store::open_or_recover(folder.path()).unwrap();
    (store, report.unwrap())
}

async fn one<T: rusqlite::types::FromSql + Send + 'static>(store: &Store, question: &'static str) -> T {
    store.read(move |sql| Ok(sql.query_row(question, [], |row| row.get(0))?)).await.unwrap()
}

async fn closed_shop(conversations: i64, messages: i64) -> Folder {
    let folder = Folder::new();
    shop(folder.path(), conversations, messages).await.close().await;
    folder
}

#[tokio::test]
async fn conversations_whose_rows_are_lost_stand_again_with_what_was_said_in_them() {
    let folder = closed_shop(30, 300).await;
    let (store, report) = mended(&folder, |path| pages_of(path, &["conversation"])).await;
    assert_eq!((report.kept.conversations, report.rebuilt.conversations), (30, 30));
    assert_eq!((report.lost.conversations, report.lost.messages, report.lost.replies), (Some(0), Some(0), Some(0)));
    let row = store.read(|sql| conversation::row(sql, ConversationId(1))).await.unwrap();
    assert!(row.snippet.is_some() && row.last_at_ms > 1, "{row:?}");
    let drafts: i64 = one(&store, "SELECT count(*) FROM draft WHERE mode = 'reply'").await;
    let lines: i64 = one(&store, "SELECT count(*) FROM conversation WHERE draft_line LIKE 'half a thought%'").await;
    assert!(drafts == lines && drafts > 10, "{drafts} drafts, {lines} lines");
    let due = store.read(|sql| conversation::due(sql, model::AccountId(1), 100)).await.unwrap();
    assert_eq!(due.len(), 24, "each is fetched again");
    assert_eq!(
        one::<i64>(&store, "SELECT count(*) FROM account WHERE backfilled = 1 OR complete_to_ms IS NOT NULL").await,
        0
    );
    assert_eq!(one::<i64>(&store, "SELECT sum(open_count + done_count) FROM account").await, 30);
}

#[tokio::test]
async fn a_draft_whose_row_is_lost_stands_again_as_far_as_the_list_shows_it() {
    let folder = Folder::new();
    let store = shop(folder.path(), 30, 300).await;
    // A picture without a word leaves nothing that could stand again.
    let picture = draft::Draft { attachment: Some("k".to_owned()), ..draft::Draft::default() };
    store.write(move |tx| draft::save(tx, ConversationId(1), &picture, NOW)).await.unwrap();
    let lines: u32 = one(&store, "SELECT count(*) FROM conversation WHERE draft_line LIKE 'half a thought%'").await;
    assert!(lines > 10, "{lines}");
    store.close().await;
    let (store, report) = mended(&folder, |path| pages_of(path, &["draft"])).await;
    assert_eq!((report.kept.drafts, report.rebuilt.drafts, report.lost.drafts), (lines, lines, None));
    for id in 1..=30 {
        let (body, line) = store
            .read(move |sql| {
                let id = ConversationId(id);
                Ok((draft::get(sql, id)?.body, conversation::row(sql, id)?.draft_line))
            })
            .await
            .unwrap();
        assert_eq!(Some(body.clone()).filter(|body| !body.is_empty()), line, "the list and the composer say the same");
        assert!(body.is_empty() || body.starts_with("half a thought"), "{body}");
    }
}

#[tokio::test]
async fn with_the_index_lost_as_well_what_tiktok_said_names_them() {
    let folder = closed_shop(30, 300).await;
    let lost = ["conversation", "sqlite_autoindex_conversation_1", "conversation_by_status"];
    let (store, report) = mended(&folder, |path| pages_of(path, &lost)).await;
    assert_eq!((report.rebuilt.conversations, report.lost.conversations), (30, None), "others may have been there");
    let nameless: i64 = one(&store, "SELECT count(*) FROM conversation WHERE remote_id NOT GLOB 'c[0-9]*'").await;
    assert_eq!(nameless, 0);
    assert_eq!(report.lost.replies, Some(0));
}

#[tokio::test]
async fn an_account_whose_row_is_lost_is_to_be_linked_again_and_keeps_its_history() {
    let folder = closed_shop(30, 300).await;
    let lost = ["account", "sqlite_autoindex_account_1"];
    let (store, report) = mended(&folder, |path| pages_of(path, &lost)).await;
    assert_eq!((report.rebuilt.accounts, report.lost.accounts, report.kept.conversations), (2, None, 30));
    let accounts = store.read(account::all).await.unwrap();
    assert!(accounts.iter().all(|account| account.relink.is_some() && !account.backfilled));
    // Linked again it is the same account.
    assert!(accounts.iter().any(|account| account.remote_id == "business-1"), "{accounts:?}");
}

#[tokio::test]
async fn a_reply_whose_row_is_lost_does_not_pass_for_sent() {
    let folder = closed_shop(30, 300).await;
    let (store, report) = mended(&folder, |path| pages_of(path, &["outbox"])).await;
    assert_eq!((report.kept.replies, report.rebuilt.replies, report.lost.replies), (30, 30, Some(0)));
    let states: String = one(&store, "SELECT group_concat(DISTINCT state) FROM outbox").await;
    assert_eq!(states, "checking", "they are looked for, and left to the agent if they are not found");
    let lane = store.read(|sql| outbox::of_conversation(sql, ConversationId(2))).await.unwrap();
    let words: Vec<_> = lane.iter().filter_map(|reply| reply.outgoing.text()).collect();
    assert_eq!(words, ["on its way 1", "and more 1"], "in their order");
    assert!(lane.iter().all(|reply| reply.started_at_ms.is_some()));
}

#[tokio::test]
async fn a_reply_whose_bubble_is_lost_has_one_again() {
    let folder = closed_shop(30, 300).await;
    let (store, report) = mended(&folder, |path| pages_of(path, &["message"])).await;
    assert_eq!((report.kept.replies, report.kept.messages, report.rebuilt.messages), (30, 30, 30));
    assert_eq!(report.lost.messages, Some(300), "the index knows how many there were");
    let state: String = one(&store, "SELECT state FROM outbox ORDER BY message_id LIMIT 1").await;
    assert_ne!(state, "checking", "its own row is believed");
    let (text, at_ms) = store
        .read(|sql| {
            let reply = outbox::of_conversation(sql, ConversationId(2))?.remove(0);
            let bubble = message::get(sql, reply.message)?;
            Ok((bubble.content, bubble.sent_at_ms))
        })
        .await
        .unwrap();
    assert_eq!(text, model::Content::Text { body: "on its way 1".to_owned() });
    assert!(at_ms >= NOW, "it stands where it stood: {at_ms}");
    assert_eq!(one::<i64>(&store, "SELECT count(*) FROM conversation WHERE fetched_updated_ms > 0").await, 0);
}

#[tokio::test]
async fn messages_that_no_listing_brings_back_leave_a_gap() {
    let folder = closed_shop(2, 400).await;
    let path = folder.path().join(DATABASE);
    // A leaf among the older messages of the first conversation.
    let sql = Connection::open(&path).unwrap();
    let ids: Vec<i64> = sql
        .prepare("SELECT id FROM message WHERE conversation_id = 1 ORDER BY sent_at_ms")
        .unwrap()
        .query_map([], |row| row.get(0))
        .unwrap()
        .collect::<Result<_, _>>()
        .unwrap();
    drop(sql);
    let lost = super::lies(&path)
        .into_iter()
        .find(|lies| lies.table == "message" && lies.row.contains(&format!("Integer({})", ids[60])))
        .unwrap();
    let (store, report) = mended(&folder, |_| vec![lost.page]).await;
    let gone = report.lost.messages.unwrap();
    assert!((3..60).contains(&gone), "{gone}");
    let (gaps, conversation) = store
        .read(|sql| Ok((gap::of_conversation(sql, ConversationId(1))?, conversation::row(sql, ConversationId(1))?)))
        .await
        .unwrap();
    let (hole, _) = gaps.iter().find(|(gap, _)| gap.after.is_some()).unwrap_or_else(|| panic!("{gaps:?}"));
    let place = |id: MessageId| ids.iter().position(|known| *known == id.0).unwrap();
    let (after, before) = (place(hole.after.unwrap()), place(hole.before));
    assert!(after < 60 && 60 < before, "around what is lost: {after} {before}");
    assert!(conversation.has_gap);
    let fetched = store
        .read(|sql| Ok((conversation::get(sql, ConversationId(1))?, conversation::get(sql, ConversationId(2))?)))
        .await
        .unwrap();
    assert_eq!(fetched.0.fetched_updated_ms, 0, "it is fetched again");
    assert!(fetched.1.fetched_updated_ms > 0, "the other one lost nothing");
}

#[tokio::test]
async fn messages_a_listing_brings_back_leave_none() {
    let folder = closed_shop(2, 400).await;
    let path = folder.path().join(DATABASE);
    let sql = Connection::open(&path).unwrap();
    // The newest was said a moment ago, and those that share its page shortly before.
    let recent: i64 = sql.query_row("SELECT id FROM message WHERE conversation_id = 1 AND remote_id IS NOT NULL ORDER BY sent_at_ms DESC LIMIT 1", [], |row| row.get(0)).unwrap();
    let shift = model::Clock::system().now_ms() - NOW;
    sql.execute("UPDATE message SET sent_at_ms = sent_at_ms + ?1", [shift]).unwrap();
    drop(sql);
    let lost = super::lies(&path)
        .into_iter()
        .find(|lies| lies.table == "message" && lies.row.contains(&format!("Integer({recent})")))
        .unwrap();
    let (store, report) = mended(&folder, |_| vec![lost.page]).await;
    assert!((3..20).contains(&report.lost.messages.unwrap()), "{report:?}");
    let gaps = store.read(|sql| gap::of_conversation(sql, ConversationId(1))).await.unwrap();
    assert!(gaps.iter().all(|(gap, _)| gap.after.is_none()), "{gaps:?}");
    assert_eq!(store.read(|sql| conversation::get(sql, ConversationId(1))).await.unwrap().fetched_updated_ms, 0);
}

#[tokio::test]
async fn damage_to_the_search_index_costs_no_history() {
    let folder = closed_shop(30, 300).await;
    let (store, report) = mended(&folder, |path| pages_of(path, &["search_data"])).await;
    let lost = serde_json::to_string(&report.lost).unwrap();
    assert_eq!(lost, r#"{"accounts":0,"conversations":0,"messages":0,"drafts":0,"replies":0,"scheduled":0}"#);
    assert_eq!(report.others, std::collections::BTreeMap::new());
    assert_eq!(
        one::<i64>(&store, "SELECT count(*) FROM account WHERE complete_to_ms = 77 AND backfilled = 1").await,
        2,
        "what was proven stays proven"
    );
    assert_eq!(one::<i64>(&store, "SELECT count(*) FROM setting WHERE name = 'search_rebuild'").await, 1);
    assert_eq!(one::<i64>(&store, "SELECT count(*) FROM conversation WHERE fetched_updated_ms = 0").await, 0);
}

#[tokio::test]
async fn a_database_of_an_older_version_is_mended_and_brought_up_to_date() {
    for version in 1..MIGRATIONS.len() {
        let folder = Folder::new();
        let path = folder.path().join(DATABASE);
        let sql = Connection::open(&path).unwrap();
        for migration in &MIGRATIONS[..version] {
            sql.execute_batch(migration).unwrap();
        }
        let (outgoing, reply, seen, zero) = if version == 1 {
            ("body", "on its way", "", "")
        } else {
            ("outgoing", r#"{"type":"text","body":"on its way"}"#, ", seen_up_to_ms", ", 0")
        };
        let draft =
            if version == 1 { "(1, 'half a thought', 5)" } else { "(1, 1, 'reply', 'half a thought', NULL, NULL, 5)" };
        sql.execute_batch(&format!(
            r#"PRAGMA user_version = {version}; PRAGMA application_id = {mark};
            INSERT INTO account (id, remote_id, handle, display_name, scopes, tokens_issued_at_ms, access_expires_at_ms, refresh_expires_at_ms, linked_at_ms)
                VALUES (1, 'b', 'shop', 'Shop', '', 1, 2, 3, 4);
            INSERT INTO conversation (id, account_id, remote_id, kind, last_at_ms, remote_updated_ms) VALUES (1, 1, 'c', 'chat', 9, 9);
            INSERT INTO message (conversation_id, sent_at_ms, id, account_id, remote_id, outgoing, surface, content, listed)
                VALUES (1, 8, 8388608, 1, 'm', 0, 'phone', '{{"type":"image","mediaId":"x","media":{{"state":"pending"}}}}', 1),
                       (1, 9, 9437184, 1, NULL, 1, 'deskbell', '{{"type":"text","body":"on its way"}}', 0);
            INSERT INTO outbox (message_id, conversation_id, account_id, position, {outgoing}, state{seen}) VALUES (9437184, 1, 1, 1, '{reply}', 'sending'{zero});
            INSERT INTO draft VALUES {draft};"#,
            mark = crate::migrations::APPLICATION_ID,
        ))
        .unwrap();
        drop(sql);
        mark(folder.path(), "x").unwrap();
        let (store, report) = Store::open_or_recover(folder.path()).unwrap();
        let report = report.unwrap();
        assert_eq!(
            (report.kept.messages, report.kept.drafts, report.kept.replies),
            (2, 1, 1),
            "version {version}: {report:?}"
        );
        assert_eq!(report.lost.messages, Some(0));
        let told = store.read(|sql| {
            let reply = outbox::get(sql, MessageId(9_437_184))?.ok_or(StoreError::NotFound)?;
            Ok((reply, draft::get(sql, ConversationId(1))?.body, account::tab_counts(sql, model::AccountId(1))?.all))
        });
        let (reply, draft, all) = told.await.unwrap();
        assert_eq!(
            (reply.state, reply.outgoing.text()),
            (outbox::OutboxState::Sending, Some("on its way")),
            "version {version}"
        );
        assert_eq!((draft.as_str(), all), ("half a thought", 1));
        let pictures = one::<i64>(&store, "SELECT count(*) FROM picture").await;
        assert_eq!(pictures, i64::from(version < 3), "what a later version made of what was there");
        assert_eq!(one::<i64>(&store, "SELECT count(*) FROM agent WHERE me = 1").await, 1, "somebody sits here");
    }
}
