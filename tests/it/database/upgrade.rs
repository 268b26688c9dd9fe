//! A database of the first version is opened by this one: every row stays, and what is counted now is counted for it too.

use model::{
    AgentId, ConversationId, Delivery, MessageId, Outgoing, RefusalReason, RuleId, UnconfirmedStage, WaitReason,
};
use store::table::{account, agent, conversation, draft, firing, message, outbox, scheduled, setting, triage};
use store::{Connection, Store};

const HOUR: i64 = 3_600_000;

/// What the first Deskbell left behind: an answered conversation, one with every state of an outbox row, and one with a
/// draft only.
fn first_version(folder: &std::path::Path) {
    let sql = Connection::open(folder.join("deskbell.db")).unwrap();
    sql.execute_batch(include_str!("../../../crates/store/migrations/0001.sql")).unwrap();
    sql.execute_batch(&format!(
        r#"
        PRAGMA user_version = 1; PRAGMA application_id = {application};
        INSERT INTO account (id, remote_id, handle, display_name, scopes, tokens_issued_at_ms, access_expires_at_ms, refresh_expires_at_ms, linked_at_ms, backfilled)
            VALUES (1, 'b', 'shop', 'Shop', 'message.list.read', 1, 2, 3, 4, 1);
        INSERT INTO person (id, account_id, remote_id, name, first_contact_ms) VALUES (1, 1, 'p1', 'Ana', 100), (2, 1, 'p2', 'Ben', 100), (3, 1, 'p3', 'Cleo', 100);
        INSERT INTO conversation (id, account_id, remote_id, kind, person_id, last_at_ms, snippet, waiting, window_opened_at_ms, draft_line, remote_updated_ms, fetched_updated_ms)
            VALUES (1, 1, 'c1', 'chat', 1, {late}, 'late', 0, {opened}, NULL, {late}, {late}),
                   (2, 1, 'c2', 'request', 2, 6000, 'six', 1, 1000, NULL, 1000, 1000),
                   (3, 1, 'c3', 'request', 3, 1000, 'hello', 1, 1000, 'half a', 1000, 1000);
        UPDATE conversation SET status = 'done' WHERE id = 1;
        INSERT INTO message (conversation_id, sent_at_ms, id, account_id, remote_id, outgoing, surface, auto_type, content, listed)
            VALUES (1, 100, 1, 1, 'm1', 0, 'phone', NULL, '{{"type":"text","body":"hello?"}}', 1),
                   (1, 200, 2, 1, 'm2', 1, 'phone', NULL, '{{"type":"text","body":"hi"}}', 1),
                   (1, {opened}, 3, 1, 'm3', 0, 'phone', NULL, '{{"type":"image","mediaId":"x","media":{{"state":"pending"}}}}', 1),
                   (1, {opened} + 1, 4, 1, 'm4', 1, 'other', 'welcome', '{{"type":"text","body":"welcome"}}', 1),
                   (1, {opened} + 2, 5, 1, 'm5', 1, 'deskbell', NULL, '{{"type":"text","body":"one"}}', 1),
                   (1, {opened} + 3, 6, 1, 'm6', 1, 'web', NULL, '{{"type":"sharePost","embedUrl":"https://x"}}', 1),
                   (1, {late}, 7, 1, 'm7', 1, 'phone', NULL, '{{"type":"card","title":"t","buttons":["a"]}}', 1),
                   (2, 1000, 10, 1, 'm10', 0, 'phone', NULL, '{{"type":"text","body":"anyone?"}}', 1),
                   (3, 1000, 20, 1, 'm20', 0, 'phone', NULL, '{{"type":"text","body":"hello"}}', 1);
        INSERT INTO outbox (message_id, conversation_id, account_id, position, body, quoted_remote_id, state, attempt, started_at_ms, not_before_ms, waiting, refusal, checks)
            VALUES (11, 2, 1, 1, 'refused "so"', NULL, 'refused', 1, 1500, 0, NULL, '{{"reason":"windowClosed","code":40064,"message":"no","requestId":"r1","atMs":1600}}', 0),
                   (12, 2, 1, 2, 'checking', NULL, 'checking', 1, 1700, 0, NULL, NULL, 2),
                   (13, 2, 1, 3, 'undecided', NULL, 'undecided', 1, 1800, 0, NULL, NULL, 3),
                   (14, 2, 1, 4, 'sending', 'm10', 'sending', 1, 1900, 0, NULL, NULL, 0),
                   (15, 2, 1, 5, 'waiting', NULL, 'queued', 2, 1950, 9000, '{{"reason":"offline"}}', NULL, 0),
                   (16, 2, 1, 6, 'queued ''n'' ready', NULL, 'queued', 0, NULL, 0, NULL, NULL, 0);
        INSERT INTO message (conversation_id, sent_at_ms, id, account_id, outgoing, surface, content, listed)
            SELECT 2, 1000 + message_id, message_id, 1, 1, 'deskbell', json_object('type', 'text', 'body', body), 0 FROM outbox;
        INSERT INTO draft VALUES (3, 'half a' || char(10) || 'thought', 1234);
        INSERT INTO setting VALUES ('settings', '{{"theme":"dark"}}');
        INSERT INTO gap VALUES (1, 1, NULL, 50);
        INSERT INTO media VALUES ('{key}', 'image/jpeg', 1, 2, 3, 4);
        INSERT INTO media_wanted (id, account_id, message_id) VALUES (1, 1, 3);
        "#,
        application = 0x4442_454C,
        opened = 10 * HOUR,
        late = 10 * HOUR + 48 * HOUR,
        key = "a".repeat(64),
    ))
    .unwrap();
}

#[tokio::test]
async fn a_database_of_the_first_version_keeps_every_row_and_is_counted_rightly() {
    let folder = tempfile::tempdir().unwrap();
    first_version(folder.path());
    let store = Store::open(folder.path()).unwrap();
    store
        .read(|sql| {
            let count = |table: &str| sql.query_row(&format!("SELECT count(*) FROM {table}"), [], |row| row.get::<_, i64>(0));
            for (table, rows) in [
                ("account", 1), ("person", 3), ("conversation", 3), ("message", 15), ("outbox", 6), ("draft", 1), ("setting", 2),
                ("gap", 1), ("media", 1), ("media_wanted", 1), ("attempt", 0), ("scheduled", 0), ("post", 0), ("upload", 0),
                ("picture", 1), ("tag", 0), ("token_event", 0),
            ] {
                assert_eq!(count(table)?, rows, "{table}");
            }
            let problems: Vec<String> =
                sql.prepare("PRAGMA integrity_check")?.query_map([], |row| row.get(0))?.collect::<Result<_, _>>()?;
            assert_eq!(problems, ["ok"]);
            assert_eq!(count("pragma_foreign_key_check")?, 0);
            let known = account::all(sql)?.remove(0);
            assert_eq!((known.handle.as_str(), known.mark_read), ("shop", model::MarkRead::OnReply));
            let counts = account::tab_counts(sql, known.id)?;
            assert_eq!((counts.waiting, counts.all, counts.done), (2, 2, 1));

            let ana = conversation::row(sql, ConversationId(1))?.budget.unwrap();
            assert_eq!((ana.left, ana.late_left, ana.engaged), (8, 2, true), "two within the window, one after, one automatic");
            let cleo = conversation::row(sql, ConversationId(3))?.budget.unwrap();
            assert_eq!((cleo.left, cleo.late_left, cleo.engaged), (10, 3, false));

            let lane = outbox::of_conversation(sql, ConversationId(2))?;
            let texts: Vec<&str> = lane.iter().map(|reply| reply.outgoing.text().unwrap()).collect();
            assert_eq!(texts, ["refused \"so\"", "checking", "undecided", "sending", "waiting", "queued 'n' ready"]);
            let stands: Vec<Delivery> = lane.iter().map(outbox::OutboxReply::delivery).collect();
            assert!(matches!(&stands[0], Delivery::Refused(no) if no.reason == RefusalReason::WindowClosed && no.request_id == "r1"));
            assert_eq!(stands[1], Delivery::Unconfirmed { stage: UnconfirmedStage::Checking });
            assert_eq!(stands[2], Delivery::Unconfirmed { stage: UnconfirmedStage::Undecided });
            assert_eq!(stands[3], Delivery::Sending);
            assert_eq!(stands[4], Delivery::Queued { waiting: Some(WaitReason::Offline) });
            assert_eq!(stands[5], Delivery::Queued { waiting: None });
            assert_eq!((lane[3].quoted_remote_id.as_deref(), lane[1].checks, lane[4].attempt), (Some("m10"), 2, 2));
            // What the agent had seen then is not known; a colleague's reply before it must not count as unseen.
            assert!(lane.iter().all(|reply| reply.seen_up_to_ms >= 1000), "{lane:?}");

            assert_eq!(draft::get(sql, ConversationId(3))?.body, "half a\nthought");
            assert_eq!(conversation::row(sql, ConversationId(3))?.draft_line.as_deref(), Some("half a"));
            assert_eq!(setting::get(sql, "settings")?.as_deref(), Some(r#"{"theme":"dark"}"#));
            for id in 1..=7 {
                message::get(sql, MessageId(id))?;
            }
            assert!(scheduled::next_due(sql)?.is_none());
            Ok(())
        })
        .await
        .unwrap();

    // And it works: what was under way when the first version ended is looked for, and new rows fit beside the old.
    let lost = store.write(|tx| outbox::recover_after_crash(tx, 20_000)).await.unwrap();
    assert_eq!(lost, 1);
    store
        .write(|tx| {
            let parts = [Outgoing::Text { body: "and one more".to_owned() }];
            outbox::actions::queue_all(tx, ConversationId(2), &parts, None, 0, None, 20_000)?;
            conversation::refresh(tx, ConversationId(1))?;
            let ana = conversation::row(tx, ConversationId(1))?.budget.unwrap();
            assert_eq!((ana.left, ana.late_left, ana.engaged), (8, 2, true), "counted anew it is the same");
            Ok(())
        })
        .await
        .unwrap();
    store.close().await;
    let again = Store::open(folder.path()).unwrap();
    assert_eq!(again.read(|sql| outbox::of_conversation(sql, ConversationId(2))).await.unwrap().len(), 7);
}

/// Counted once on the way up, and kept from then on.
#[tokio::test]
async fn a_database_of_the_fourth_version_has_its_rows_counted() {
    let folder = tempfile::tempdir().unwrap();
    first_version(folder.path());
    let sql = Connection::open(folder.path().join("deskbell.db")).unwrap();
    for migration in [
        include_str!("../../../crates/store/migrations/0002.sql"),
        include_str!("../../../crates/store/migrations/0003.sql"),
        include_str!("../../../crates/store/migrations/0004.sql"),
    ] {
        sql.execute_batch(migration).unwrap();
    }
    sql.execute_batch(
        r#"PRAGMA user_version = 4;
        INSERT INTO agent (id, name, folded, away) VALUES (2, 'Ben', 'ben', 0);
        UPDATE agent SET id = 1 WHERE me = 1;
        INSERT INTO conversation (id, account_id, remote_id, kind, last_at_ms, remote_updated_ms) VALUES (4, 1, 'c4', 'chat', 9, 9);
        UPDATE conversation SET assignee_id = 1;
        UPDATE conversation SET snoozed_until_ms = 5 WHERE id = 3;
        INSERT INTO gap (conversation_id, before_id, after_id, noticed_at_ms) SELECT 4, (linked_at_ms + 5) << 20, NULL, 9 FROM account;
        INSERT INTO gap (conversation_id, before_id, after_id, noticed_at_ms) SELECT 3, (linked_at_ms - 5) << 20, NULL, 9 FROM account;
        INSERT INTO rule (id, position, spec) VALUES (1, 1, '{}'), (2, 2, '{}');
        INSERT INTO rule_firing (rule_id, rule, account_id, conversation_id, message_id, at_ms, actions)
            VALUES (1, 'one', 1, 1, 1, 30, '[]'), (1, 'one', 1, 1, 3, 20, '[]');"#,
    )
    .unwrap();
    drop(sql);
    let store = Store::open(folder.path()).unwrap();
    store
        .write(|tx| {
            let known = account::all(tx)?.remove(0).id;
            let told = |sql: &Connection| {
                Ok::<_, store::StoreError>((
                    account::tab_counts(sql, known)?.mine,
                    account::backfill_progress(sql, known)?,
                ))
            };
            assert_eq!(told(tx)?, (2, (3, 4)), "done and put away are not open; the fourth was never fetched");
            assert_eq!(agent::least_busy(tx)?, Some(AgentId(2)));
            assert_eq!(firing::counts(tx)?, [(RuleId(1), (2, 30))].into());
            let holes = [3, 4].map(|id| conversation::row(tx, ConversationId(id)).map(|row| row.has_gap));
            assert!(matches!(holes, [Ok(false), Ok(true)]), "what is missing since the account was linked: {holes:?}");
            conversation::mark_fetched(tx, ConversationId(4), 9, true)?;
            triage::snooze(tx, ConversationId(3), None)?;
            triage::assign(tx, ConversationId(2), Some(AgentId(2)))?;
            assert_eq!(told(tx)?, (2, (4, 4)));
            agent::remove(tx, AgentId(2))?;
            triage::assign(tx, ConversationId(2), Some(AgentId(1)))?;
            conversation::set_status(tx, ConversationId(1), model::Status::Open)?;
            assert_eq!(told(tx)?, (4, (4, 4)));
            Ok(())
        })
        .await
        .unwrap();
    let left = store
        .write(|tx| {
            let known = account::all(tx)?.remove(0).id;
            while account::erase_slice(tx, known, 100)? {}
            Ok(tx.query_row("SELECT count(*) FROM agent_load", [], |row| row.get::<_, i64>(0))?)
        })
        .await
        .unwrap();
    assert_eq!(left, 0, "nothing of an account that was erased is counted");
}

#[tokio::test]
async fn a_reply_that_the_first_version_was_refused_costs_nothing() {
    let folder = tempfile::tempdir().unwrap();
    first_version(folder.path());
    let store = Store::open(folder.path()).unwrap();
    let ben = store.read(|sql| conversation::row(sql, ConversationId(2))).await.unwrap().budget.unwrap();
    assert_eq!((ben.left, ben.engaged), (5, false), "of six one was refused");
}

/// A message of conversation 1, 2 or 3, by whom and when.
fn odd_message(conversation: i64, id: i64, outgoing: bool, at_ms: i64) -> String {
    format!(
        r#"INSERT INTO message (conversation_id, sent_at_ms, id, account_id, remote_id, outgoing, surface, content, listed)
            VALUES ({conversation}, {at_ms}, {id}, 1, 'o{id}', {outgoing}, 'phone', '{{"type":"text","body":"{id}"}}', 1);"#
    )
}

#[tokio::test]
async fn times_that_cannot_be_are_mended_and_nothing_is_lost_or_hidden_by_them() {
    let folder = tempfile::tempdir().unwrap();
    let now_ms: i64 =
        std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH).unwrap().as_millis().try_into().unwrap();
    let (past_ms, ahead_ms) = (now_ms - HOUR, now_ms + 400 * 24 * HOUR);
    let sql = Connection::open(folder.path().join("deskbell.db")).unwrap();
    for migration in [
        include_str!("../../../crates/store/migrations/0001.sql"),
        include_str!("../../../crates/store/migrations/0002.sql"),
        include_str!("../../../crates/store/migrations/0003.sql"),
        include_str!("../../../crates/store/migrations/0004.sql"),
        include_str!("../../../crates/store/migrations/0005.sql"),
    ] {
        sql.execute_batch(migration).unwrap();
    }
    let messages = [
        odd_message(1, 1, false, past_ms),
        odd_message(1, 2, true, past_ms + 10),
        odd_message(1, 3, false, ahead_ms),
        odd_message(1, 4, false, ahead_ms + 1),
        odd_message(1, 5, false, past_ms + 20),
        odd_message(2, 10, false, i64::MIN),
        odd_message(2, 11, false, past_ms),
        odd_message(2, 12, true, i64::MAX),
        odd_message(4, 20, false, past_ms),
    ]
    .concat();
    sql.execute_batch(&format!(
        r#"PRAGMA user_version = 5; PRAGMA application_id = {application};
        INSERT INTO account (id, remote_id, handle, display_name, scopes, tokens_issued_at_ms, access_expires_at_ms, refresh_expires_at_ms, linked_at_ms, complete_to_ms)
            VALUES (1, 'b', 'shop', 'Shop', 'message.list.read', {past_ms}, {most}, 1000000000000000000, {past_ms}, {most});
        INSERT INTO person (id, account_id, remote_id, name, first_contact_ms) VALUES (1, 1, 'p1', 'Ana', {ahead_ms});
        INSERT INTO conversation (id, account_id, remote_id, kind, person_id, last_at_ms, waiting, window_opened_at_ms, seen_up_to_ms, read_up_to_ms, remote_updated_ms, fetched_updated_ms, origin)
            VALUES (1, 1, 'c1', 'chat', 1, {ahead_ms} + 1, 1, {ahead_ms} + 1, {ahead_ms} + 1, {most}, {ahead_ms}, {ahead_ms}, '{{"kind":"ad","name":"n","atMs":{most}}}'),
                   (2, 1, 'c2', 'chat', NULL, {most}, 0, {past_ms}, 0, 0, {most}, {most}, NULL),
                   (3, 1, 'c3', 'request', NULL, -5, 0, NULL, 0, 0, -5, 0, NULL),
                   (4, 1, 'c4', 'chat', NULL, {past_ms}, 1, {past_ms}, 0, 0, {past_ms}, {past_ms}, NULL);
        {messages}"#,
        application = 0x4442_454C,
        most = i64::MAX,
    ))
    .unwrap();
    drop(sql);

    let store = Store::open(folder.path()).unwrap();
    let here = store
        .read(|sql| {
            let order = |id| message::page(sql, ConversationId(id), message::PageAnchor::Newest, 10);
            let known = account::all(sql)?.remove(0);
            let rows: Vec<_> =
                (1..=4).map(|id| conversation::row(sql, ConversationId(id))).collect::<Result<_, _>>()?;
            Ok((order(1)?.0, order(2)?.0, rows, conversation::due(sql, known.id, 10)?, known))
        })
        .await
        .unwrap();
    let (first, second, rows, due, known) = here;
    let ids = |messages: &[message::Message]| messages.iter().map(|message| message.id.0).collect::<Vec<_>>();
    assert_eq!((ids(&first), ids(&second)), (vec![1, 2, 5, 3, 4], vec![10, 11, 12]), "all there, in order");
    let latest_ms = now_ms + 24 * HOUR;
    for message in first.iter().chain(&second) {
        assert!((past_ms - 1..=latest_ms).contains(&message.sent_at_ms), "{message:?}");
    }
    assert_eq!(
        (rows[0].unread, rows[0].waiting, rows[1].waiting),
        (3, true, false),
        "what may not have been seen is new"
    );
    for row in &rows {
        assert!((1..=latest_ms).contains(&row.last_at_ms), "{row:?}");
        assert!(row.window.is_none_or(|window| window.opened_at_ms <= latest_ms), "{row:?}");
    }
    assert_eq!(rows[0].origin, Some(model::Origin::Ad { name: "n".to_owned(), at_ms: None }));
    assert_eq!(rows[0].person.first_contact_ms, None);
    assert_eq!(rows[3].last_at_ms, past_ms, "what was right is as it was");
    let mut again: Vec<i64> = due.iter().map(|known| known.id.0).collect();
    again.sort_unstable();
    assert_eq!(again, [1, 2, 3], "each is read again");
    let year_ms = 366 * 24 * HOUR;
    assert!(
        known.tokens.access_expires_at_ms <= latest_ms + HOUR && known.tokens.refresh_expires_at_ms <= now_ms + year_ms
    );
    assert_eq!(known.complete_to_ms, None);
}
