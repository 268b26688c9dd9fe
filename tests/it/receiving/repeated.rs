//! Listings that are read again: applied twice they change nothing, in whatever order.

use desk::Event;
use desk::commands::SetActiveView;
use engine::inbound::{self, ApplyOptions};
use engine::source::Batch;
use model::{AutoType, Change, Content, ConversationKind, MediaState, Surface};
use store::table::account::{NewAccount, TokenTimes};
use store::table::conversation::ListedConversation;
use store::table::message::IncomingMessage;
use store::table::{account, conversation, message};
use store::{Connection, Store};
use tests::World;

/// Every row of every table as SQL literals, but for when TikTok was last asked.
fn dump(sql: &Connection) -> Result<String, store::StoreError> {
    let mut names =
        sql.prepare("SELECT name FROM sqlite_schema WHERE type = 'table' AND name <> 'cursor' ORDER BY name")?;
    let tables: Vec<String> = names.query_map([], |row| row.get(0))?.collect::<Result<_, _>>()?;
    let mut text = String::new();
    for table in tables {
        let columns: Vec<String> = sql
            .prepare(&format!(
                "SELECT 'quote(\"' || name || '\")' FROM pragma_table_info('{table}') WHERE name <> 'synced_at_ms'"
            ))?
            .query_map([], |row| row.get(0))?
            .collect::<Result<_, _>>()?;
        let mut rows: Vec<String> = sql
            .prepare(&format!("SELECT {} FROM \"{table}\"", columns.join(" || ', ' || ")))?
            .query_map([], |row| row.get(0))?
            .collect::<Result<_, _>>()?;
        rows.sort();
        text.push_str(&format!("{table}\n  {}\n", rows.join("\n  ")));
    }
    Ok(text)
}

#[tokio::test]
async fn reading_the_same_listing_again_changes_nothing_and_tells_nobody() {
    let world = World::start().await;
    let ana = world.customer("Ana");
    ana.is_welcomed("Welcome!");
    let question = ana.says("one");
    ana.sends_image();
    ana.sends_something_unknown();
    ana.quotes(&question, "two");
    world.until_thread(&ana, "two").await;
    world.reply(&ana, "three").await;
    world
        .until("all is settled and every picture kept", async |world| {
            let thread = world.reads(&ana).await;
            let avatar = world.row(&ana).await.person.avatar.is_some();
            thread.contains("three [deskbell, sent]") && !thread.contains("pending") && avatar
        })
        .await;
    ana.likes(&question);
    let conversation = world.conversation(&ana).await;
    world.ask(SetActiveView { conversation: Some(conversation), focused: true }).await;
    let calls = || world.tiktok.ledger().calls("content_list");
    // The reply, listed, becomes proof of meeting; the heart is seen; then nothing is new any more.
    let before = calls();
    world.until("it was read three times", async |_| calls() >= before + 3).await;
    let store = world.desk().engine().store().clone();
    let held = store.read(dump).await.unwrap();
    assert!(held.contains("❤️") && held.contains("Welcome!"), "the dump sees the tables: {held}");

    let mut heard = world.desk().subscribe();
    let before = calls();
    world.until("it was read five times more", async |_| calls() >= before + 5).await;
    store.announce(Change::Settings);
    let mut told = Vec::new();
    while !told.contains(&Change::Settings) {
        match heard.next().await {
            Some(Event::Stale { changes }) => told.extend(changes),
            other => panic!("{other:?}"),
        }
    }
    assert_eq!(told, [Change::Settings], "nobody was told of anything");
    assert_eq!(store.read(dump).await.unwrap(), held);
}

fn line(n: i64, outgoing: bool) -> IncomingMessage {
    IncomingMessage {
        remote_id: format!("r{n:02}"),
        sent_at_ms: 1_000_000 + n / 3,
        is_timed: true,
        outgoing,
        surface: if outgoing { Surface::Phone } else { Surface::Other },
        auto: None,
        content: Content::Text { body: format!("text {n}") },
        quoted_remote_id: None,
        reactions: Vec::new(),
        raw: "{}".to_owned(),
    }
}

/// A fresh database that was given these batches one after the other: what it holds, and the order on screen.
async fn taken(batches: Vec<Vec<IncomingMessage>>) -> (String, Vec<String>) {
    let folder = tempfile::tempdir().unwrap();
    let store = Store::open(folder.path()).unwrap();
    let held = store
        .write(move |tx| {
            let tokens = TokenTimes {
                issued_at_ms: 0,
                access_expires_at_ms: 1,
                refresh_expires_at_ms: 1,
                scopes: String::new(),
            };
            let new = NewAccount {
                remote_id: "b".to_owned(),
                handle: "h".to_owned(),
                display_name: "H".to_owned(),
                avatar: None,
                tokens,
            };
            let account = account::link(tx, &new, 0)?;
            let listed = ListedConversation {
                remote_id: "c".to_owned(),
                kind: ConversationKind::Chat,
                updated_ms: Some(5),
                origin: None,
            };
            conversation::upsert_listed(tx, account, &listed)?;
            let id = conversation::due(tx, account, 1)?[0].id;
            for messages in batches {
                let batch = Batch { messages, asked_at_ms: 9, ..Batch::default() };
                let rules = ApplyOptions {
                    now_ms: 9,
                    call_ms: 1,
                    lag_ms: 60_000,
                    undecided_after_ms: 1,
                    updated_ms: 5,
                    reread_if_behind: false,
                };
                inbound::apply(tx, id, &batch, rules)?;
            }
            let (page, _) = message::page(tx, id, message::PageAnchor::Newest, 100)?;
            let order = page.into_iter().filter_map(|message| message.remote_id).collect();
            Ok((dump(tx)?, order))
        })
        .await
        .unwrap();
    store.close().await;
    held
}

#[tokio::test]
async fn however_a_listing_is_shuffled_repeated_or_cut_the_thread_is_the_same() {
    let all: Vec<IncomingMessage> = (0..20).map(|n| line(n, n % 4 == 0)).collect();
    let backwards: Vec<IncomingMessage> = all.iter().rev().cloned().collect();
    let doubled: Vec<IncomingMessage> = all.iter().flat_map(|news| [news.clone(), news.clone()]).collect();
    let (held, order) = taken(vec![all.clone()]).await;
    assert_eq!(order.len(), 20);
    assert!(order.is_sorted());
    for batches in
        [vec![backwards.clone()], vec![doubled], vec![all.clone(), all.clone()], vec![all.clone(), backwards]]
    {
        assert_eq!(taken(batches).await.0, held);
    }
    // In portions the ids within a millisecond may differ, the order on screen may not.
    for portions in [vec![all[..7].to_vec(), all[5..].to_vec()], vec![all[10..].to_vec(), all[..12].to_vec()]] {
        assert_eq!(taken(portions).await.1, order);
    }
}

/// The rows of one table in a [`dump`].
fn rows<'a>(dump: &'a str, table: &str) -> Vec<&'a str> {
    let after = dump.lines().skip_while(|line| *line != table).skip(1);
    after.take_while(|line| line.starts_with("  ")).filter(|line| !line.trim().is_empty()).collect()
}

fn unsupported() -> Content {
    Content::Unsupported { kind: "OTHER".to_owned() }
}

fn image(media_id: &str) -> Content {
    Content::Image { media_id: media_id.to_owned(), media: MediaState::Pending }
}

#[tokio::test]
async fn what_is_known_of_a_message_is_not_given_up_for_an_answer_that_says_less() {
    let card = |title: &str, buttons: &[&str]| Content::Card {
        kind: None,
        title: title.to_owned(),
        buttons: buttons.iter().map(|&button| button.to_owned()).collect(),
    };
    let post = |embed_url: &str, item_id: Option<&str>| Content::SharePost {
        embed_url: embed_url.to_owned(),
        item_id: item_id.map(str::to_owned),
    };
    let text = |body: &str| Content::Text { body: body.to_owned() };
    for (known, less) in [
        (text("where is my order?"), unsupported()),
        (text("where is my order?"), text("")),
        (image("m1"), unsupported()),
        (Content::Video { media_id: "v1".to_owned() }, unsupported()),
        (Content::Sticker { url: "https://s/1".to_owned(), media: MediaState::Pending }, unsupported()),
        (post("https://p/1", Some("1")), unsupported()),
        (post("https://p/1", Some("1")), post("", Some("1"))),
        (post("https://p/1", Some("1")), post("https://p/1", None)),
        (card("Which size?", &["Small"]), unsupported()),
        (card("Which size?", &["Small"]), card("", &[])),
    ] {
        let first = IncomingMessage {
            content: known,
            raw: r#"{"message_type":"TEXT","text":{}}"#.to_owned(),
            ..line(1, false)
        };
        let then =
            IncomingMessage { content: less.clone(), raw: r#"{"message_type":"OTHER"}"#.to_owned(), ..first.clone() };
        let (held, _) = taken(vec![vec![first.clone()]]).await;
        assert_eq!(taken(vec![vec![first], vec![then]]).await.0, held, "{less:?}");
    }
}

#[tokio::test]
async fn a_picture_that_becomes_known_later_is_fetched() {
    let whole = IncomingMessage { content: image("m1"), ..line(1, false) };
    let (fetched, _) = taken(vec![vec![whole.clone()]]).await;
    assert_eq!(rows(&fetched, "media_wanted").len(), 1, "{fetched}");
    let nothing = IncomingMessage { content: unsupported(), ..whole.clone() };
    let (held, _) = taken(vec![vec![nothing], vec![whole.clone()]]).await;
    for table in ["message", "picture", "media_wanted"] {
        assert_eq!(rows(&held, table), rows(&fetched, table), "{table}");
    }
    // One that was given up has another chance under another name.
    let lost = Content::Image { media_id: "m0".to_owned(), media: MediaState::Unavailable };
    let (held, _) = taken(vec![vec![IncomingMessage { content: lost, ..whole.clone() }], vec![whole.clone()]]).await;
    assert_eq!(rows(&held, "message"), rows(&fetched, "message"));
    assert_eq!(rows(&held, "media_wanted").len(), 1, "{held}");
    // And one that is here stays here.
    let kept = MediaState::Kept { key: "k".to_owned(), width: 1, height: 1 };
    let kept = IncomingMessage { content: Content::Image { media_id: "m0".to_owned(), media: kept }, ..whole.clone() };
    let (held, _) = taken(vec![vec![kept], vec![whole]]).await;
    let message = rows(&held, "message").join("");
    assert!(message.contains("kept") && message.contains("m1"), "{message}");
}

#[tokio::test]
async fn what_becomes_known_of_a_message_is_taken_over() {
    let whole = IncomingMessage {
        surface: Surface::Web,
        auto: Some(AutoType::Welcome),
        quoted_remote_id: Some("r00".to_owned()),
        raw: r#"{"auto_message_type":"WELCOME_MESSAGE","message_id":"r01"}"#.to_owned(),
        ..line(1, true)
    };
    let bare = IncomingMessage {
        surface: Surface::Other,
        auto: None,
        quoted_remote_id: None,
        raw: r#"{"message_id":"r01","scene_type":0}"#.to_owned(),
        ..whole.clone()
    };
    let (known, _) = taken(vec![vec![whole.clone()]]).await;
    for order in [vec![vec![bare.clone()], vec![whole.clone()]], vec![vec![whole], vec![bare]]] {
        let (held, _) = taken(order).await;
        assert_eq!(rows(&held, "message"), rows(&known, "message"));
        assert!(rows(&held, "message_raw").join("").contains("WELCOME_MESSAGE"), "{held}");
    }
}
