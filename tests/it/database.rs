//! The database: its schema, the plans of its hot queries, what it refuses to open, what it counts and what it finds.

mod folder;
mod upgrade;

use model::{AccountId, Content, ConversationId, ConversationKind, Status, Surface, Tab};
use rand::rngs::StdRng;
use rand::{Rng, SeedableRng};
use store::search::{Query, Scope};
use store::table::account::{NewAccount, TokenTimes};
use store::table::conversation::ListedConversation;
use store::table::message::IncomingMessage;
use store::table::{account, agent, conversation, message, triage};
use store::{Connection, Store, StoreError, search};

fn fresh() -> (tempfile::TempDir, Store) {
    let folder = tempfile::tempdir().unwrap();
    let store = Store::open(folder.path()).unwrap();
    (folder, store)
}

async fn shop(store: &Store) -> AccountId {
    let tokens =
        TokenTimes { issued_at_ms: 0, access_expires_at_ms: 1, refresh_expires_at_ms: 1, scopes: String::new() };
    let new = NewAccount {
        remote_id: "b".to_owned(),
        handle: "shop".to_owned(),
        display_name: "Shop".to_owned(),
        avatar: None,
        tokens,
    };
    store.write(move |tx| account::link(tx, &new, 0)).await.unwrap()
}

async fn conversations(store: &Store, account: AccountId, count: i64) -> Vec<ConversationId> {
    store
        .write(move |tx| {
            for n in 1..=count {
                let kind = ConversationKind::Chat;
                let listed = ListedConversation { remote_id: format!("c{n}"), kind, updated_ms: Some(n), origin: None };
                conversation::upsert_listed(tx, account, &listed)?;
            }
            Ok(conversation::due(tx, account, 10_000)?.into_iter().map(|known| known.id).collect())
        })
        .await
        .unwrap()
}

fn text(remote_id: &str, at_ms: i64, outgoing: bool, body: &str) -> IncomingMessage {
    IncomingMessage {
        remote_id: remote_id.to_owned(),
        sent_at_ms: at_ms,
        is_timed: true,
        outgoing,
        surface: if outgoing { Surface::Phone } else { Surface::Other },
        auto: None,
        content: Content::Text { body: body.to_owned() },
        quoted_remote_id: None,
        reactions: Vec::new(),
        raw: "{}".to_owned(),
    }
}

#[tokio::test]
async fn the_schema_is_the_one_written_down() {
    let (_folder, store) = fresh();
    let schema: Vec<String> = store
        .read(|sql| {
            let mut query = sql.prepare(
                "SELECT sql FROM sqlite_schema WHERE sql IS NOT NULL AND name NOT LIKE 'search_%' ORDER BY type DESC, name",
            )?;
            Ok(query.query_map([], |row| row.get(0))?.collect::<Result<_, _>>()?)
        })
        .await
        .unwrap();
    insta::assert_snapshot!(schema.join(";\n\n"));
}

/// A query as it stands in the store's source, so that what is explained here is what runs there: the first one after
/// `place`, with its constants filled in and with these for its other blanks.
fn query_in(source: &str, place: &str, blanks: &[(&str, &str)]) -> String {
    let (_, after) = source.split_once(place).unwrap_or_else(|| panic!("{place} is gone"));
    let (_, query) = after.split_once("\"SELECT").unwrap_or_else(|| panic!("no query after {place}"));
    let mut sql = format!("SELECT{}", query.split('"').next().unwrap_or_default());
    for line in source.replace("&str =\n    \"", "&str = \"").lines() {
        if let Some((name, value)) = line.split_once("const ").and_then(|(_, rest)| rest.split_once(": &str = \"")) {
            sql = sql.replace(&format!("{{{name}}}"), value.trim_end_matches("\";"));
        }
    }
    // Which columns are read changes no plan here.
    sql = sql.replace("{columns}", "*");
    for (blank, with) in blanks {
        sql = sql.replace(&format!("{{{blank}}}"), with);
    }
    assert!(!sql.contains('{'), "{place} has more blanks: {sql}");
    sql
}

fn plan(sql: &Connection, query: &str) -> Result<Vec<String>, StoreError> {
    let mut explained = sql.prepare(&format!("EXPLAIN QUERY PLAN {query}"))?;
    let mut rows = explained.raw_query();
    let mut lines = Vec::new();
    while let Some(row) = rows.next()? {
        lines.push(row.get::<_, String>(3)?);
    }
    Ok(lines)
}

#[tokio::test]
async fn no_hot_query_reads_a_whole_table() {
    let conversation = concat!(
        include_str!("../../crates/store/src/table/answer.rs"),
        include_str!("../../crates/store/src/table/conversation/list.rs"),
        include_str!("../../crates/store/src/table/conversation/row.rs"),
        include_str!("../../crates/store/src/table/conversation/summary.rs"),
        include_str!("../../crates/store/src/table/conversation/sync.rs"),
    );
    let message = concat!(
        include_str!("../../crates/store/src/table/message/page.rs"),
        include_str!("../../crates/store/src/table/message/row.rs"),
    );
    let outbox = concat!(
        include_str!("../../crates/store/src/table/outbox/claim.rs"),
        include_str!("../../crates/store/src/table/outbox/row.rs"),
    );
    let walk = include_str!("../../crates/store/src/search/walk.rs");
    let people_filter = include_str!("../../crates/store/src/search/people_filter.rs");
    let account = include_str!("../../crates/store/src/table/account.rs");
    let tag = include_str!("../../crates/store/src/table/tag.rs");
    let picture = include_str!("../../crates/store/src/table/picture.rs");
    let rule = include_str!("../../crates/store/src/table/rule.rs");
    let firing = include_str!("../../crates/store/src/table/firing.rs");
    let standing = concat!(
        include_str!("../../crates/store/src/table/answer.rs"),
        include_str!("../../crates/store/src/table/firing/standing.rs"),
    );
    let comment = include_str!("../../crates/store/src/table/comment.rs");
    let media = include_str!("../../crates/store/src/table/media.rs");
    let triage = include_str!("../../crates/store/src/table/triage.rs");
    let auto_version = include_str!("../../crates/store/src/table/auto_version.rs");
    let auto_message = include_str!("../../crates/store/src/table/auto_message.rs");
    let tab = |filter: &'static str| {
        let blanks = [("filter", filter), ("bound", ""), ("order", "last_at_ms DESC, id DESC")];
        query_in(conversation, "pub fn window(", &blanks)
    };
    let far_down = |filter: &'static str| {
        let blanks = [("filter", filter), ("bound", "AND last_at_ms < ?4"), ("order", "last_at_ms DESC, id DESC")];
        query_in(conversation, "pub fn window(", &blanks)
    };
    let snoozed = || {
        let blanks = [("filter", "snoozed_until_ms IS NOT NULL"), ("bound", ""), ("order", "snoozed_until_ms, id")];
        query_in(conversation, "pub fn window(", &blanks)
    };
    let mine = "assignee_id = (SELECT id FROM agent WHERE me = 1) AND status = 'open' AND snoozed_until_ms IS NULL";
    let page = |bound: &'static str, order: &'static str| {
        query_in(message, "pub fn page(", &[("bound", bound), ("order", order)])
    };
    for blank in [
        "\"waiting = 1 AND status = 'open' AND snoozed_until_ms IS NULL\"",
        "\"kind = 'request' AND status = 'open' AND snoozed_until_ms IS NULL\"",
        "\"status = 'open' AND snoozed_until_ms IS NULL\"",
        "\"snoozed_until_ms IS NOT NULL\"",
        "\"unsent > 0\"",
        mine,
        "\"status = 'done' AND snoozed_until_ms IS NULL\"",
        "\"AND last_at_ms < ?4\"",
    ] {
        assert!(conversation.contains(blank), "the tabs ask for something else now: {blank}");
    }
    for blank in ["\" AND (sent_at_ms, tie, id) < (?3, ?4, ?5)\"", "\" AND (sent_at_ms, tie, id) > (?3, ?4, ?5)\""] {
        assert!(message.contains(blank), "the pages ask for something else now: {blank}");
    }
    let lost =
        "account_id = ?1 AND json_extract(state, '$.state') = 'unconfirmed' AND json_extract(state, '$.atMs') >= ?2";
    for blank in [&format!("\"{lost}\""), "\"json_extract(state, '$.state') = 'sending'\""] {
        assert!(comment.contains(blank), "comments are looked for in other words now: {blank}");
    }
    let hot = [
        ("the list, tab Waiting", tab("waiting = 1 AND status = 'open' AND snoozed_until_ms IS NULL")),
        ("the list, tab Requests", tab("kind = 'request' AND status = 'open' AND snoozed_until_ms IS NULL")),
        ("the list, tab All", tab("status = 'open' AND snoozed_until_ms IS NULL")),
        ("the list, tab Mine", tab(mine)),
        ("the list, tab All, far down", far_down("status = 'open' AND snoozed_until_ms IS NULL")),
        ("the day of a place far down", query_in(conversation, "fn day_of(", &[])),
        ("the list, tab Snoozed", snoozed()),
        ("the list, tab Unsent", tab("unsent > 0")),
        ("the list, tab Done", tab("status = 'done' AND snoozed_until_ms IS NULL")),
        ("the tabs' counts", query_in(account, "pub fn tab_counts(", &[])),
        ("how far the first fetch has come", query_in(account, "pub fn backfill_progress(", &[])),
        ("conversations that may lack messages", query_in(account, "pub fn count_doubtful(", &[])),
        ("the tags of customers", query_in(tag, "pub fn of_people(", &[])),
        ("photos before one", query_in(picture, "pub fn beside(", &[("bound", "<"), ("order", "DESC")])),
        ("a conversation by TikTok's id", query_in(conversation, "pub fn find(", &[])),
        ("one row of the list", query_in(conversation, "pub fn row(", &[])),
        ("conversations to fetch", query_in(conversation, "pub fn due(", &[])),
        ("open a conversation", page("", "DESC")),
        ("older messages", page(" AND (sent_at_ms, tie, id) < (?3, ?4, ?5)", "DESC")),
        ("a conversation from its beginning", page("", "ASC")),
        ("newer messages", page(" AND (sent_at_ms, tie, id) > (?3, ?4, ?5)", "ASC")),
        ("find by TikTok's id", query_in(message, "pub fn find(", &[])),
        ("the newest listed message", query_in(message, "pub fn newest_listed(", &[])),
        ("the newest message of a kind", query_in(conversation, "pub fn refresh(", &[("filter", " AND outgoing = 0")])),
        ("the head of a lane", query_in(outbox, "pub fn head(", &[])),
        ("a lane", query_in(outbox, "pub fn of_conversation(", &[])),
        ("replies an unknown message may be", query_in(outbox, "pub fn claimable(", &[])),
        ("search", query_in(walk, "(false, _) =>", &[])),
        ("search, looking at each hit", query_in(walk, "(true, false) =>", &[])),
        ("search, looking at who wrote each hit", query_in(walk, "(true, true) =>", &[])),
        ("the conversations of people with a name", query_in(people_filter, "fn named(", &[])),
        ("the conversations of people with a tag", query_in(people_filter, "fn tagged(", &[("places", "?1, ?2")])),
        ("the message that is due for the rules", query_in(rule, "pub fn next_due(", &[])),
        ("what rules did in a stretch of a thread", query_in(firing, "pub fn between(", &[])),
        ("the log of rules", query_in(firing, "pub fn of_account(", &[("which", "")])),
        ("the log of one rule", query_in(firing, "pub fn of_account(", &[("which", " AND rule_id = ?2")])),
        ("which rule sent a message", query_in(firing, "pub fn sender(", &[])),
        ("whether a person has answered", query_in(standing, "fn person_answered(", &[])),
        ("when the business answered last", query_in(conversation, "fn answered_at(", &[])),
        ("when TikTok took the last answer", query_in(conversation, "fn answer_received_at(", &[])),
        ("what comes back by now", query_in(triage, "pub fn wake_due(", &[])),
        ("the rules that have fired on a message", query_in(standing, "fn fired(", &[])),
        ("the rules that have fired since", query_in(standing, "fn waited(", &[])),
        ("when rules have answered lately", query_in(standing, "fn answers_at(", &[])),
        ("automatic messages of a kind", query_in(auto_message, "pub fn of_kind(", &[])),
        ("the newest states of a kind", query_in(auto_version, "pub fn newest(", &[])),
        ("when a kind was changed elsewhere", query_in(auto_version, "pub fn changed_elsewhere_ms(", &[])),
        (
            "comments, newest first",
            query_in(comment, "fn select(", &[("which", "account_id = ?1 ORDER BY at_ms DESC, id DESC LIMIT ?2")]),
        ),
        ("pictures that are due", query_in(media, "pub fn due(", &[])),
        ("avatars that are due", query_in(media, "let mut avatars", &[])),
        ("when the next picture is due", query_in(media, "pub fn next_due(", &[])),
        (
            "calls for comments whose end nobody heard",
            query_in(comment, "fn select(", &[("which", "json_extract(state, '$.state') = 'sending'")]),
        ),
        ("comments whose answer was lost", query_in(comment, "fn select(", &[("which", lost)])),
        ("who wrote a comment", query_in(comment, "pub fn author(", &[])),
        ("an answer to a comment", query_in(comment, "pub fn answer_arrived_at(", &[])),
    ];
    let (_folder, store) = fresh();
    let plans = store
        .read(move |sql| {
            hot.iter().map(|(what, query)| Ok((*what, plan(sql, query)?))).collect::<Result<Vec<_>, StoreError>>()
        })
        .await
        .unwrap();
    let mut written = String::new();
    for (what, lines) in &plans {
        written.push_str(&format!("{what}\n  {}\n", lines.join("\n  ")));
        for line in lines {
            // No table at all.
            let window = *line == "SCAN CONSTANT ROW"
                || line.starts_with("SCAN (subquery")
                || line.starts_with("SCAN search VIRTUAL TABLE")
                || line.starts_with("SCAN search_person VIRTUAL TABLE")
                || line.starts_with("SCAN wanted VIRTUAL TABLE");
            assert!(!line.starts_with("SCAN") || window, "{what} reads a whole table: {lines:?}");
        }
        let sorted = lines.iter().any(|line| line.contains("TEMP B-TREE"));
        // A lane's unconfirmed replies, the tags of a screenful of customers
        // and what rules did since the business answered last are few.
        let few = what.starts_with("replies")
            || ["the tags of customers", "who wrote a comment", "the rules that have fired since"].contains(what);
        assert!(!sorted || few, "{what} sorts what an index should have in order: {lines:?}");
    }
    insta::assert_snapshot!(written);
}

#[tokio::test]
async fn the_tabs_counts_equal_a_recount_after_any_changes() {
    let (_folder, store) = fresh();
    let account = shop(&store).await;
    let all = conversations(&store, account, 40).await;
    let (me, ben) = store.write(|tx| Ok((agent::me(tx)?.id, agent::add(tx, "Ben")?))).await.unwrap();
    let mut lot = StdRng::seed_from_u64(7);
    let mut clock = 1_000;
    for round in 0..40 {
        let changes: Vec<(ConversationId, u8)> =
            (0..50).map(|_| (all[lot.random_range(0..all.len())], lot.random_range(0..9))).collect();
        store
            .write(move |tx| {
                for (n, (id, change)) in (0_i64..).zip(changes) {
                    clock += 1;
                    match change {
                        0 => conversation::set_status(tx, id, Status::Done)?,
                        1 => conversation::set_status(tx, id, Status::Open)?,
                        4 => conversation::mark_fetched(tx, id, clock, true)?,
                        6 => triage::assign(tx, id, [None, Some(me), Some(ben)][(n % 3).unsigned_abs() as usize])?,
                        7 => triage::snooze(tx, id, Some(clock))?,
                        8 => triage::snooze(tx, id, None)?,
                        // What mending a damaged database asks for again.
                        5 => {
                            tx.execute("UPDATE conversation SET fetched_updated_ms = 0 WHERE id = ?1", [id.0])?;
                        }
                        // A question, or an answer: whether the customer waits changes with the newest.
                        asked => {
                            let remote_id = format!("m{round}-{n}");
                            let news = text(&remote_id, clock + i64::from(round) * 50_000_000, asked == 3, "x");
                            message::insert(tx, account, id, &news, true)?;
                            conversation::refresh(tx, id)?;
                        }
                    }
                }
                Ok(())
            })
            .await
            .unwrap();
        let (counts, recount) = store
            .read(move |sql| {
                let recount: (u32, u32, u32) = sql.query_row(
                    "SELECT count(*) FILTER (WHERE status = 'open' AND waiting = 1 AND snoozed_until_ms IS NULL),
                            count(*) FILTER (WHERE status = 'open' AND snoozed_until_ms IS NULL), count(*) FILTER (WHERE status = 'done') FROM conversation WHERE account_id = ?1",
                    [account.0],
                    |row| Ok((row.get(0)?, row.get(1)?, row.get(2)?)),
                )?;
                let counts = account::tab_counts(sql, account)?;
                let fetched: (u32, u32) = sql.query_row(
                    "SELECT count(*) FILTER (WHERE fetched_updated_ms > 0), count(*) FROM conversation WHERE account_id = ?1",
                    [account.0],
                    |row| Ok((row.get(0)?, row.get(1)?)),
                )?;
                assert_eq!(account::backfill_progress(sql, account)?, fetched, "how far the first fetch has come");
                let days = "SELECT list, day, conversations FROM list_day WHERE conversations <> 0 ORDER BY list, day";
                let recounted = "SELECT status, last_at_ms / 86400000, count(*) FROM conversation WHERE snoozed_until_ms IS NULL
                     GROUP BY status, last_at_ms / 86400000 ORDER BY status, last_at_ms / 86400000";
                let of = |query: &str| -> Result<Vec<(String, i64, u32)>, StoreError> {
                    let mut query = sql.prepare(query)?;
                    Ok(query.query_map([], |row| Ok((row.get(0)?, row.get(1)?, row.get(2)?)))?.collect::<Result<_, _>>()?)
                };
                assert_eq!(of(days)?, of(recounted)?, "the days of the long lists");
                let tabs = [
                    (Tab::Waiting, counts.waiting),
                    (Tab::All, counts.all),
                    (Tab::Mine, counts.mine),
                    (Tab::Snoozed, counts.snoozed),
                    (Tab::Unsent, counts.unsent),
                    (Tab::Done, counts.done),
                ];
                for (tab, total) in tabs {
                    let listed = conversation::window(sql, account, tab, 0, 200)?.len();
                    assert_eq!(listed, total as usize, "{tab:?} lists what it counts");
                }
                Ok((counts, recount))
            })
            .await
            .unwrap();
        assert_eq!((counts.waiting, counts.all, counts.done), recount, "round {round}");
        let (least, open) = store
            .read(|sql| {
                let mut open = sql.prepare(
                    "SELECT a.id, (SELECT count(*) FROM conversation WHERE assignee_id = a.id AND status = 'open' AND snoozed_until_ms IS NULL) AS n
                     FROM agent a ORDER BY n, a.folded",
                )?;
                let open: Vec<(i64, u32)> =
                    open.query_map([], |row| Ok((row.get(0)?, row.get(1)?)))?.collect::<Result<_, _>>()?;
                Ok((agent::least_busy(sql)?, open))
            })
            .await
            .unwrap();
        assert_eq!(least.map(|id| id.0), open.first().map(|(id, _)| *id), "round {round}: {open:?}");
        assert!(counts.done > 0 && counts.waiting > 0, "the changes change something");
    }
}

#[tokio::test]
async fn search_finds_what_people_type_in_every_script_newest_first() {
    let (_folder, store) = fresh();
    let account = shop(&store).await;
    let id = conversations(&store, account, 1).await[0];
    let written = [
        ("cafe", "Un café crème, s'il vous plaît"),
        ("strasse", "Meine Adresse: Hauptstraße 5, Zürich"),
        ("istanbul", "İstanbul'a gönderir misiniz?"),
        ("vietnam", "Điện thoại của tôi bị hỏng"),
        ("korean", "교환하고 싶은데 배송비는 얼마인가요?"),
        ("chinese", "请问这件衬衫有蓝色的吗？尺寸M"),
        ("japanese", "ワンピースのサイズを教えてください"),
        ("thai", "สวัสดีค่ะ มีสีฟ้าไหมคะ"),
        ("arabic", "السَّلامُ عَلَيْكُم، أَيْنَ طَلَبِي؟"),
        ("emoji", "love it 🤎🙏 thank you"),
        ("order", "order 12345-AB is late"),
        ("greek", "Πού είναι η παραγγελία μου; Ευχαριστώς"),
        ("wide", "ＬＩＮＥＮ shirt"),
        ("injection", "a \"quoted\" OR NOT (NEAR) * word"),
    ];
    store
        .write(move |tx| {
            for (at, (name, body)) in (1_000_i64..).zip(written) {
                message::insert(tx, account, id, &text(name, at, false, body), true)?;
            }
            Ok(())
        })
        .await
        .unwrap();
    // Written down before the search was asked.
    let wanted: &[(&str, &[&str])] = &[
        ("cafe", &["cafe"]),
        ("CAFÉ", &["cafe"]),
        ("caf", &["cafe"]),
        ("creme plait", &["cafe"]),
        ("cafes", &[]),
        ("hauptstrasse", &["strasse"]),
        ("Hauptstraße", &["strasse"]),
        ("zurich", &["strasse"]),
        ("istanbul", &["istanbul"]),
        ("gonder", &["istanbul"]),
        ("dien thoai", &["vietnam"]),
        ("điện", &["vietnam"]),
        ("교환", &["korean"]),
        ("배송비", &["korean"]),
        ("교", &["korean"]),
        ("환불", &[]),
        ("蓝", &["chinese"]),
        ("蓝色", &["chinese"]),
        ("衬衫", &["chinese"]),
        ("尺寸m", &["chinese"]),
        ("色蓝", &[]),
        ("サイズ", &["japanese"]),
        ("教えて", &["japanese"]),
        ("สวัสดี", &["thai"]),
        ("สีฟ้า", &["thai"]),
        ("สีแดง", &[]),
        ("السلام", &["arabic"]),
        ("السَّلام", &["arabic"]),
        ("طلبي", &["arabic"]),
        ("اين", &["arabic"]),
        ("🤎", &["emoji"]),
        ("🙏 thank", &["emoji"]),
        ("🎉", &[]),
        ("12345", &["order"]),
        ("order 12345-ab", &["order"]),
        ("order late", &["order"]),
        ("παραγγελια", &["greek"]),
        ("ευχαριστωσ", &["greek"]),
        ("linen", &["wide"]),
        ("\"quoted\" OR", &["injection"]),
        ("quoted NEAR", &["injection"]),
        ("*", &[]),
        ("", &[]),
        ("the", &[]),
        ("th", &["emoji", "vietnam"]),
        ("a", &["injection", "order", "strasse", "istanbul"]),
    ];
    let mut wrong = Vec::new();
    for (typed, wanted) in wanted {
        let query = (*typed).to_owned();
        let hits: Vec<String> = store
            .read(move |sql| {
                let found = search::find(sql, &Query::parse(&query), &Scope::default(), 50)?;
                let remote_id = |hit: search::Hit| Ok(message::get(sql, hit.id)?.remote_id.unwrap_or_default());
                found.messages.into_iter().map(remote_id).collect()
            })
            .await
            .unwrap();
        let matches =
            if *typed == "a" { wanted.iter().all(|name| hits.iter().any(|hit| hit == name)) } else { hits == *wanted };
        if !matches {
            wrong.push(format!("{typed:?} found {hits:?} instead of {wanted:?}"));
        }
    }
    assert!(wrong.is_empty(), "{wrong:#?}");

    let newest_first: Vec<i64> = store
        .write(move |tx| {
            for at in [5_000, 3_000, 4_000] {
                message::insert(tx, account, id, &text(&format!("n{at}"), at, false, "linen again"), true)?;
            }
            let found = search::find(tx, &Query::parse("linen"), &Scope::default(), 3)?;
            Ok(found.messages.into_iter().map(|hit| hit.sent_at_ms).collect::<Vec<_>>())
        })
        .await
        .unwrap();
    assert_eq!(newest_first, [5_000, 4_000, 3_000]);
}
