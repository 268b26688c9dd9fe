//! What is asked often costs no more in a large database than in a small one. SQLite's own steps are counted, not time: they
//! are the same on every machine.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use model::{AccountId, Change, ConversationId, RuleId, Tab};
use rusqlite::Connection;
use rusqlite::config::DbConfig;

use crate::migrations::{MIGRATIONS, migrate};
use crate::table::firing;
use crate::table::message::PageAnchor;
use crate::table::{account, agent, comment, conversation, media, message, triage};
use crate::tx::commit;
use crate::{StoreError, Tx};

const FEW: i64 = 100;
const MANY: i64 = 10_000;
const ME: AccountId = AccountId(1);

/// A database of the newest version with one account and one conversation.
fn shop() -> Connection {
    let mut sql = Connection::open_in_memory().unwrap();
    sql.pragma_update(None, "foreign_keys", true).unwrap();
    migrate(&mut sql, 0, MIGRATIONS.len()).unwrap();
    sql.execute_batch(
        "INSERT INTO account (id, remote_id, handle, display_name, scopes, tokens_issued_at_ms, access_expires_at_ms, refresh_expires_at_ms, linked_at_ms)
             VALUES (1, 'b', 'shop', 'Shop', '', 1, 2, 3, 4);
         INSERT INTO conversation (id, account_id, remote_id, kind, last_at_ms, remote_updated_ms) VALUES (1, 1, 'c', 'request', 1, 1);",
    )
    .unwrap();
    sql
}

/// Inserts so many rows; `n` counts them.
fn fill(sql: &Connection, rows: i64, into: &str, values: &str) {
    sql.execute_batch(&format!(
        "WITH RECURSIVE n (n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM n WHERE n < {rows}) INSERT INTO {into} SELECT {values} FROM n"
    ))
    .unwrap();
}

fn fill_conversations(sql: &Connection, rows: i64) {
    let into = "conversation (id, account_id, remote_id, kind, assignee_id, last_at_ms, remote_updated_ms, fetched_updated_ms)";
    fill(sql, rows, into, "n + 1, 1, 'c' || n, 'chat', 1, n * 60000, n * 60000, n * 60000");
}

/// What one customer said, and nobody answered.
fn fill_messages(sql: &Connection, rows: i64) {
    let into = "message (conversation_id, sent_at_ms, id, account_id, remote_id, outgoing, surface, content, listed)";
    fill(sql, rows, into, "1, n, n << 20, 1, 'm' || n, 0, 'phone', '{\"type\":\"text\",\"body\":\"x\"}', 1");
}

/// How often SQLite came by the point where it may be interrupted: about once a row. What is prepared on the way does not
/// count.
fn steps(sql: &mut Connection, work: impl Fn(&mut Connection)) -> u64 {
    work(sql);
    let counted = Arc::new(AtomicU64::new(0));
    let count = Arc::clone(&counted);
    let handler = move || {
        count.fetch_add(1, Ordering::Relaxed);
        false
    };
    sql.progress_handler(1, Some(handler)).unwrap();
    work(sql);
    sql.progress_handler(1, None::<fn() -> bool>).unwrap();
    counted.load(Ordering::Relaxed)
}

/// The same question to a small database and to a large one.
fn costs_the_same(what: &str, make: impl Fn(&Connection, i64), work: impl Fn(&mut Connection)) {
    let [few, many] = [FEW, MANY].map(|rows| {
        let mut sql = shop();
        make(&sql, rows);
        steps(&mut sql, &work)
    });
    assert!(many <= few + 50, "{what}: {few} steps with {FEW} rows, {many} with {MANY}");
}

fn write<T>(sql: &mut Connection, work: impl FnOnce(&mut Tx<'_>) -> Result<T, StoreError>) -> T {
    commit(sql, work).unwrap().0
}

#[test]
fn a_conversation_that_was_never_answered_is_not_read_whole_for_each_message() {
    costs_the_same("its row worked out anew", fill_messages, |sql| {
        write(sql, |tx| conversation::refresh(tx, ConversationId(1)));
    });
    costs_the_same("how it stood with its first message", fill_messages, |sql| {
        let first = message::get(sql, message::first_id(1)).unwrap();
        firing::load_context(sql, &first, 9).unwrap();
    });
    costs_the_same("how it stands with its newest", fill_messages, |sql| {
        let newest = message::page(sql, ConversationId(1), PageAnchor::Newest, 1).unwrap().0.remove(0);
        assert!(firing::load_context(sql, &newest, 9).unwrap().request);
    });
}

/// A year has so many days, however many write on each.
#[test]
fn a_place_far_down_a_long_list_is_found_by_days() {
    for (what, of_a_hundred) in [("its middle", 50), ("its last tenth", 90)] {
        let [few, many] = [1_000, 10_000].map(|rows| {
            let mut sql = shop();
            let into = "conversation (id, account_id, remote_id, kind, last_at_ms, remote_updated_ms)";
            fill(&sql, rows, into, &format!("n + 1, 1, 'c' || n, 'chat', n * 31536000000 / {rows}, 1"));
            steps(&mut sql, |sql| {
                let all = account::tab_counts(sql, ME).unwrap().all;
                assert_eq!(conversation::window(sql, ME, Tab::All, all * of_a_hundred / 100, 60).unwrap().len(), 60);
            })
        });
        // The part of one day that is passed over row by row.
        assert!(many <= few + 200, "{what}: {few} steps among 1,000, {many} among 10,000");
    }
}

/// However it is reached, a row stands where its number says.
#[test]
fn every_window_of_a_list_is_that_part_of_the_whole() {
    let sql = shop();
    fill_conversations(&sql, 1_300);
    // Some at one time, some put away until one time.
    sql.execute_batch(
        "UPDATE conversation SET last_at_ms = last_at_ms / 240000 * 24000000;
         UPDATE conversation SET snoozed_until_ms = id / 7 WHERE id % 2 = 0;",
    )
    .unwrap();
    for (tab, order) in [
        (Tab::All, "last_at_ms DESC, id DESC"),
        (Tab::Mine, "last_at_ms DESC, id DESC"),
        (Tab::Snoozed, "snoozed_until_ms, id"),
    ] {
        let of = match tab {
            Tab::Snoozed => "snoozed_until_ms IS NOT NULL",
            Tab::Mine => "assignee_id = 1 AND snoozed_until_ms IS NULL",
            _ => "snoozed_until_ms IS NULL",
        };
        let mut query = sql.prepare(&format!("SELECT id FROM conversation WHERE {of} ORDER BY {order}")).unwrap();
        let whole: Vec<i64> = query.query_map([], |row| row.get(0)).unwrap().collect::<Result<_, _>>().unwrap();
        assert_eq!(whole.len(), account::tab_counts(&sql, ME).unwrap().of(tab) as usize, "{tab:?}");
        assert!(whole.len() > 600, "{tab:?}: {}", whole.len());
        for offset in (0..whole.len() + 90).step_by(37) {
            let rows = conversation::window(&sql, ME, tab, u32::try_from(offset).unwrap(), 60).unwrap();
            let wanted = whole.iter().skip(offset).take(60);
            assert!(rows.iter().map(|row| row.id.0).eq(wanted.copied()), "{tab:?} from {offset}");
        }
    }
}

#[test]
fn the_first_messages_are_one_page_however_long_the_conversation() {
    costs_the_same("its beginning", fill_messages, |sql| {
        let (page, more) = message::page(sql, ConversationId(1), PageAnchor::Oldest, 50).unwrap();
        assert!(more && page.iter().map(|message| message.sent_at_ms).eq(1..=50));
    });
}

#[test]
fn how_far_the_first_fetch_has_come_is_not_counted_each_time() {
    costs_the_same("the first fetch", fill_conversations, |sql| {
        let (fetched, all) = account::backfill_progress(sql, ME).unwrap();
        assert_eq!(fetched + 1, all, "all but the one that was there");
    });
}

#[test]
fn whose_conversations_are_is_not_counted_each_time() {
    costs_the_same("the tabs' counts", fill_conversations, |sql| {
        assert!(account::tab_counts(sql, ME).unwrap().mine >= 100);
    });
    costs_the_same("whoever has the fewest", fill_conversations, |sql| {
        assert!(agent::least_busy(sql).unwrap().is_some());
    });
}

#[test]
fn what_a_rule_did_is_found_among_what_all_did() {
    let firings = |sql: &Connection, rows: i64| {
        sql.execute_batch("INSERT INTO rule (id, position, spec) VALUES (1, 1, '{}'), (2, 2, '{}')").unwrap();
        let into = "rule_firing (rule_id, rule, account_id, conversation_id, message_id, at_ms, actions)";
        fill(sql, rows, into, "1, 'busy', 1, 1, n, n, '[]'");
    };
    costs_the_same("how often each rule has fired", firings, |sql| {
        firing::counts(sql).unwrap();
    });
    costs_the_same("the log of one rule", firings, |sql| {
        assert!(firing::of_account(sql, ME, Some(RuleId(2)), None, 100).unwrap().is_empty());
    });
}

#[test]
fn pictures_that_wait_for_a_fresh_link_are_not_read_to_find_those_that_are_due() {
    let parked = |sql: &Connection, rows: i64| {
        fill(sql, rows, "person (id, account_id, remote_id, name)", "n, 1, 'p' || n, ''");
        let parked = i64::MAX;
        fill(sql, rows, "media_wanted (account_id, person_id, not_before_ms)", &format!("1, n, {parked}"));
        fill(sql, rows, "media_wanted (account_id, message_id, not_before_ms)", &format!("1, n, {parked}"));
    };
    costs_the_same("orders that are due", parked, |sql| {
        assert!(media::due(sql, ME, 9, 16).unwrap().is_empty());
    });
    costs_the_same("when the next one is", parked, |sql| {
        assert_eq!(media::next_due(sql, ME, 9).unwrap(), None);
    });
    let due = |sql: &Connection, rows: i64| {
        fill(sql, rows, "person (id, account_id, remote_id, name)", "n, 1, 'p' || n, ''");
        fill(sql, rows, "media_wanted (account_id, person_id)", "1, n");
        fill(sql, rows, "media_wanted (account_id, message_id)", "1, n");
    };
    costs_the_same("the newest of many that are due", due, |sql| {
        assert_eq!(media::due(sql, ME, 9, 16).unwrap().len(), 16);
    });
}

#[test]
fn comments_that_are_settled_are_not_read_to_find_those_that_are_not() {
    let settled = |sql: &Connection, rows: i64| {
        let into = "comment (account_id, remote_id, person_id, body, at_ms, state)";
        fill(sql, rows, into, "1, 'k' || n, '', 'how much?', n, '{\"state\":\"answered\",\"body\":\"5\",\"atMs\":9}'");
    };
    costs_the_same("calls whose end nobody heard", settled, |sql| {
        assert_eq!(write(sql, comment::recover_after_crash), 0);
    });
    costs_the_same("answers that may have gone out", settled, |sql| {
        assert!(comment::unconfirmed(sql, ME, 0).unwrap().is_empty());
    });
}

#[test]
fn what_was_put_away_comes_back_in_slices() {
    let mut sql = shop();
    fill_conversations(&sql, 1_200);
    sql.execute_batch("UPDATE conversation SET snoozed_until_ms = 5 WHERE id > 1").unwrap();
    let mut back = Vec::new();
    loop {
        let woken = write(&mut sql, |tx| triage::wake_due(tx, 9));
        if woken.is_empty() {
            break;
        }
        assert!(woken.len() <= 500, "{} in one transaction", woken.len());
        back.extend(woken);
    }
    assert_eq!(back.len(), 1_200);
    assert_eq!(triage::next_wake_at(&sql).unwrap(), None);
}

#[test]
fn what_a_large_transaction_touches_is_told_once_in_order() {
    let mut sql = shop();
    let of = |n| Change::Conversation { conversation: ConversationId(n) };
    let ((), told) = commit(&mut sql, |tx| {
        (0..3_000).chain(0..3_000).for_each(|n| tx.touch(of(n)));
        Ok(())
    })
    .unwrap();
    assert_eq!(told, (0..3_000).map(of).collect::<Vec<_>>());
}

/// The plan of a statement with all that it sets off.
fn plan(sql: &Connection, statement: &str) -> Vec<String> {
    let mut query = sql.prepare(&format!("EXPLAIN QUERY PLAN {statement}")).unwrap();
    let lines = query.query_map([], |row| row.get::<_, Option<String>>(3)).unwrap();
    // What is set off ends in a line without words.
    lines.filter_map(Result::unwrap).collect()
}

#[test]
fn a_conversation_takes_along_what_belongs_to_it_without_reading_whole_tables() {
    let sql = shop();
    sql.set_db_config(DbConfig::SQLITE_DBCONFIG_TRIGGER_EQP, true).unwrap();
    let scans =
        |statement| plan(&sql, statement).into_iter().filter(|line| line.starts_with("SCAN")).collect::<Vec<_>>();
    for statement in ["DELETE FROM conversation WHERE id = 1", "DELETE FROM person WHERE id = 1"] {
        assert_eq!(scans(statement), [""; 0], "{statement}");
    }
    sql.execute_batch("DROP INDEX draft_of_conversation").unwrap();
    assert!(!scans("DELETE FROM conversation WHERE id = 1").is_empty(), "a plan tells of what is set off");
}
