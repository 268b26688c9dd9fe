//! Customers' messages on their way in, judged by what the agent reads.

use desk::commands::{MarkConversationSeen, SetActiveView, SetConversationStatus, SyncAccounts};
use std::time::Duration;

use desk::{Event, Place};
use engine::inbound::{self, Rules};
use engine::source::Batch;
use model::{AutoType, Change, Content, ConversationKind, MediaState, Status, Surface};
use sandbox::{Config, Customer, Fault, Limits, Times};
use serde_json::{Value, json};
use store::table::account::{NewAccount, TokenTimes};
use store::table::conversation::Listed;
use store::table::message::News;
use store::table::{account, conversation, message};
use store::{Connection, Store};
use tests::{TestHost, World, quick};

const GAP: &str = "~ messages may be missing here ~";
const START: &str = "~ earlier messages are not here ~";

async fn header(world: &World, customer: &Customer) -> Value {
    let conversation = world.conversation(customer).await;
    world.ask_json("getConversation", json!({ "conversation": conversation })).await
}

async fn counts(world: &World) -> Value {
    let window = world
        .ask_json("listConversations", json!({ "account": world.account(), "tab": "all", "offset": 0, "limit": 1 }))
        .await;
    window["counts"].clone()
}

#[tokio::test]
async fn every_kind_of_message_arrives_and_is_shown_for_what_it_is() {
    let world = World::start().await;
    let ana = world.customer("Ana");
    ana.comes_from_ad("Autumn linen");
    ana.is_welcomed("Welcome to Maison Bloom!");
    let question = ana.says("is this still there?");
    ana.sends_image();
    ana.sends_sticker();
    ana.sends_emoji();
    ana.shares_post();
    let unknown = ana.sends_something_unknown();
    ana.quotes(&question, "and in blue?");
    world.until_thread(&ana, "and in blue?").await;
    world.until("every picture is kept", async |world| !world.reads(&ana).await.contains("pending")).await;
    assert_eq!(
        world.reads(&ana).await,
        "Ana (request, open)\n  \
           Maison Bloom: Welcome to Maison Bloom! [other, sent] (automatic: welcome)\n  \
           Ana: is this still there?\n  \
           Ana: <image kept>\n  \
           Ana: <sticker kept>\n  \
           Ana: <sticker kept>\n  \
           Ana: <sharePost>\n  \
           Ana: <unsupported>\n  \
           Ana: and in blue? (quotes: is this still there?)\n"
    );
    let header = header(&world, &ana).await;
    assert_eq!(header["row"]["waiting"], true, "the automatic message answered nobody");
    assert!(header["origin"].to_string().contains("Autumn linen"), "{}", header["origin"]);
    assert_eq!(header["row"]["person"]["handle"], ana.username());

    let conversation = world.conversation(&ana).await;
    let page = world
        .ask_json("listMessages", json!({ "conversation": conversation, "before": null, "after": null, "limit": 200 }))
        .await;
    for message in page["messages"].as_array().unwrap() {
        let media = &message["content"]["media"];
        if let Some(key) = media["key"].as_str() {
            let held = world.desk().media(key).await.expect("the bytes are here");
            let picture = image::load_from_memory(&held.bytes).expect("a picture");
            assert_eq!(
                (json!(picture.width()), json!(picture.height())),
                (media["width"].clone(), media["height"].clone())
            );
            assert!(matches!(held.mime, "image/png" | "image/jpeg"), "only our own encodings: {}", held.mime);
        }
    }
    let (account, remote_id) = (world.account(), unknown);
    let raw = world
        .desk()
        .engine()
        .store()
        .read(move |sql| {
            let held = message::find(sql, account, &remote_id)?.expect("it is kept");
            message::raw(sql, held.id)
        })
        .await
        .unwrap()
        .expect("with what TikTok said of it");
    assert_eq!(serde_json::from_str::<Value>(&raw).unwrap()["message_type"], "OTHER");
}

#[tokio::test]
async fn a_colleagues_answer_from_the_phone_or_the_web_is_shown_as_such_and_counts_as_an_answer() {
    let world = World::start().await;
    for (name, source, surface) in [("Ana", "APP", "phone"), ("Ben", "WEB", "web")] {
        let customer = world.customer(name);
        customer.says("where is my order?");
        world.conversation(&customer).await;
        assert!(world.row(&customer).await.waiting);
        customer.colleague_replies("It left today.", source);
        world.until_thread(&customer, &format!("It left today. [{surface}, sent]")).await;
        let row = world.row(&customer).await;
        assert_eq!((&row.waiting, &row.unread, &row.kind), (&false, &0, &ConversationKind::Chat));
    }
    assert_eq!(world.tiktok.ledger().calls("send"), 0);
}

#[tokio::test]
async fn unread_waiting_and_the_window_follow_the_customer() {
    let world = World::start().await;
    let ana = world.customer("Ana");
    let now = world.tiktok.now_ms();
    ana.says_at("one", now - 3 * 3_600_000);
    ana.says_at("two", now - 2 * 3_600_000);
    ana.says_at("three", now - 3_600_000);
    world.until_thread(&ana, "three").await;
    let row = world.row(&ana).await;
    assert_eq!((&row.unread, &row.waiting), (&3, &true));
    let window = row.window.unwrap();
    assert_eq!((window.opened_at_ms, window.closes_at_ms), (now - 3_600_000, now - 3_600_000 + 48 * 3_600_000));
    assert_eq!(
        counts(&world).await,
        json!({ "waiting": 1, "requests": 1, "all": 1, "mine": 0, "snoozed": 0, "unsent": 0, "unsentReplies": 0, "done": 0 })
    );

    let conversation = world.conversation(&ana).await;
    world.ask(MarkConversationSeen { conversation }).await;
    let row = world.row(&ana).await;
    assert_eq!((&row.unread, &row.waiting), (&0, &true), "seen is not answered");
    ana.says("four");
    world.until_thread(&ana, "four").await;
    assert_eq!(world.row(&ana).await.unread, 1);
    world.reply(&ana, "Here.").await;
    world.settle().await;
    let row = world.row(&ana).await;
    assert_eq!((&row.unread, &row.waiting), (&0, &false));
    assert_eq!(
        counts(&world).await,
        json!({ "waiting": 0, "requests": 0, "all": 1, "mine": 0, "snoozed": 0, "unsent": 0, "unsentReplies": 0, "done": 0 })
    );
}

#[tokio::test]
async fn a_done_conversation_is_opened_again_by_its_customer_and_by_nobody_else() {
    let world = World::start().await;
    let ana = world.customer("Ana");
    ana.says("thanks!");
    let conversation = world.conversation(&ana).await;
    world.ask(SetConversationStatus { conversation, status: Status::Done }).await;
    assert_eq!(
        counts(&world).await,
        json!({ "waiting": 0, "requests": 0, "all": 0, "mine": 0, "snoozed": 0, "unsent": 0, "unsentReplies": 0, "done": 1 })
    );
    ana.colleague_replies("You are welcome.", "APP");
    world.until_thread(&ana, "You are welcome. [phone, sent]").await;
    assert_eq!(world.row(&ana).await.status, Status::Done);
    ana.says("one more thing");
    world.until_thread(&ana, "one more thing").await;
    assert_eq!(world.row(&ana).await.status, Status::Open);
    assert_eq!(
        counts(&world).await,
        json!({ "waiting": 1, "requests": 0, "all": 1, "mine": 0, "snoozed": 0, "unsent": 0, "unsentReplies": 0, "done": 0 })
    );
}

/// So many messages arrive while Deskbell is closed.
async fn away(messages: usize) -> (World, Customer) {
    let mut world = World::start().await;
    let ana = world.customer("Ana");
    ana.says("first");
    world.conversation(&ana).await;
    world.close().await;
    for n in 1..=messages {
        ana.says(&format!("while away {n}."));
    }
    world.restart().await;
    world.until_thread(&ana, &format!("while away {messages}.")).await;
    (world, ana)
}

#[tokio::test]
async fn what_arrived_while_deskbell_was_closed_is_all_there_as_long_as_tiktok_lists_it() {
    let (world, ana) = away(19).await;
    let thread = world.reads(&ana).await;
    assert!(!thread.contains('~'), "the twentieth listed message is one we had: {thread}");
    assert_eq!(thread.matches("while away").count(), 19);
    assert!(!world.row(&ana).await.has_gap);
    assert_eq!(world.row(&ana).await.unread, 20);
}

#[tokio::test]
async fn more_than_tiktok_lists_leaves_a_gap_that_is_shown() {
    // With exactly twenty nothing is missing, but nothing in the listing proves it.
    for (messages, shown) in [(20, 20), (21, 20), (45, 20)] {
        let (world, ana) = away(messages).await;
        let thread = world.reads(&ana).await;
        assert_eq!(thread.matches("while away").count(), shown, "{thread}");
        let oldest = messages - shown + 1;
        let seam = format!("  Ana: first\n  {GAP}\n  Ana: while away {oldest}.\n");
        assert!(thread.contains(&seam), "{messages}: {thread}");
        assert_eq!(thread.matches('~').count(), 2, "one gap: {thread}");
        assert!(world.row(&ana).await.has_gap);
    }
}

#[tokio::test]
async fn what_was_before_the_first_fetch_is_said_to_be_elsewhere() {
    let mut world = World::unlinked().await;
    let (ana, ben) = (world.customer("Ana"), world.customer("Ben"));
    for n in 1..=25 {
        ana.says(&format!("old {n}."));
    }
    ben.says("only this");
    world.link().await;
    world.until_thread(&ana, "old 25.").await;
    let thread = world.reads(&ana).await;
    assert!(thread.starts_with(&format!("Ana (request, open)\n  {START}\n  Ana: old 6.\n")), "{thread}");
    assert!(!world.row(&ana).await.has_gap, "no hole: an end");
    ana.says("new");
    world.until_thread(&ana, "new").await;
    assert_eq!(world.reads(&ana).await.matches('~').count(), 2, "the next listing meets it");
    assert!(!world.reads(&ben).await.contains('~'));
}

#[tokio::test]
async fn our_own_message_sent_during_an_outage_does_not_pass_for_a_meeting_point() {
    let world = World::start().await;
    let ana = world.customer("Ana");
    ana.says("first");
    world.conversation(&ana).await;
    world.tiktok.fault("content_list", Fault::Status { status: 502, accepting: false }, Times::UntilCleared);
    for n in 1..=5 {
        ana.says(&format!("unseen {n}."));
    }
    world.reply(&ana, "Hello Ana").await;
    world.until_thread(&ana, "Hello Ana [deskbell, sent]").await;
    for n in 1..=19 {
        ana.says(&format!("later {n}."));
    }
    world.tiktok.clear_faults();
    world.ask(SyncAccounts {}).await;
    world.until_thread(&ana, "later 19.").await;
    let thread = world.reads(&ana).await;
    let seam = format!("  Ana: first\n  {GAP}\n  Maison Bloom: Hello Ana [deskbell, sent]\n  Ana: later 1.\n");
    assert!(thread.contains(&seam), "the five unseen are missing, and it is said: {thread}");
}

#[tokio::test]
async fn messages_of_one_millisecond_stand_in_the_order_of_their_ids() {
    let world = World::start().await;
    let ana = world.customer("Ana");
    let at = world.tiktok.now_ms() - 60_000;
    let mut written: Vec<(String, String)> =
        (1..=8).map(|n| (ana.says_at(&format!("m{n}"), at), format!("m{n}"))).collect();
    assert!(!written.is_sorted(), "the lot would prove nothing");
    world
        .until("all eight are there", async |world| {
            world.conversation(&ana).await;
            world.reads(&ana).await.matches("Ana: m").count() == 8
        })
        .await;
    written.sort();
    let wanted: String = written.iter().map(|(_, text)| format!("  Ana: {text}\n")).collect();
    assert_eq!(world.reads(&ana).await, format!("Ana (request, open)\n{wanted}"));
}

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

fn line(n: i64, outgoing: bool) -> News {
    News {
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
async fn taken(batches: Vec<Vec<News>>) -> (String, Vec<String>) {
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
            let listed =
                Listed { remote_id: "c".to_owned(), kind: ConversationKind::Chat, updated_ms: Some(5), origin: None };
            conversation::upsert_listed(tx, account, &listed)?;
            let id = conversation::due(tx, account, 1)?[0].id;
            for messages in batches {
                let batch = Batch { messages, asked_at_ms: 9, ..Batch::default() };
                let rules = Rules { now_ms: 9, call_ms: 1, undecided_after_ms: 1, updated_ms: 5, patient: false };
                inbound::apply(tx, id, &batch, rules)?;
            }
            let (page, _) = message::page(tx, id, message::Stretch::Newest, 100)?;
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
    let all: Vec<News> = (0..20).map(|n| line(n, n % 4 == 0)).collect();
    let backwards: Vec<News> = all.iter().rev().cloned().collect();
    let doubled: Vec<News> = all.iter().flat_map(|news| [news.clone(), news.clone()]).collect();
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
        let first = News { content: known, raw: r#"{"message_type":"TEXT","text":{}}"#.to_owned(), ..line(1, false) };
        let then = News { content: less.clone(), raw: r#"{"message_type":"OTHER"}"#.to_owned(), ..first.clone() };
        let (held, _) = taken(vec![vec![first.clone()]]).await;
        assert_eq!(taken(vec![vec![first], vec![then]]).await.0, held, "{less:?}");
    }
}

#[tokio::test]
async fn a_picture_that_becomes_known_later_is_fetched() {
    let whole = News { content: image("m1"), ..line(1, false) };
    let (fetched, _) = taken(vec![vec![whole.clone()]]).await;
    assert_eq!(rows(&fetched, "media_wanted").len(), 1, "{fetched}");
    let nothing = News { content: unsupported(), ..whole.clone() };
    let (held, _) = taken(vec![vec![nothing], vec![whole.clone()]]).await;
    for table in ["message", "picture", "media_wanted"] {
        assert_eq!(rows(&held, table), rows(&fetched, table), "{table}");
    }
    // One that was given up has another chance under another name.
    let lost = Content::Image { media_id: "m0".to_owned(), media: MediaState::Unavailable };
    let (held, _) = taken(vec![vec![News { content: lost, ..whole.clone() }], vec![whole.clone()]]).await;
    assert_eq!(rows(&held, "message"), rows(&fetched, "message"));
    assert_eq!(rows(&held, "media_wanted").len(), 1, "{held}");
    // And one that is here stays here.
    let kept = MediaState::Kept { key: "k".to_owned(), width: 1, height: 1 };
    let kept = News { content: Content::Image { media_id: "m0".to_owned(), media: kept }, ..whole.clone() };
    let (held, _) = taken(vec![vec![kept], vec![whole]]).await;
    let message = rows(&held, "message").join("");
    assert!(message.contains("kept") && message.contains("m1"), "{message}");
}

#[tokio::test]
async fn what_becomes_known_of_a_message_is_taken_over() {
    let whole = News {
        surface: Surface::Web,
        auto: Some(AutoType::Welcome),
        quoted_remote_id: Some("r00".to_owned()),
        raw: r#"{"auto_message_type":"WELCOME_MESSAGE","message_id":"r01"}"#.to_owned(),
        ..line(1, true)
    };
    let bare = News {
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

#[tokio::test]
async fn a_conversation_that_cannot_be_read_does_not_hold_up_the_others() {
    let world = World::start().await;
    for (n, fault) in [
        Fault::Html { accepting: false },
        Fault::TruncatedJson,
        Fault::Status { status: 502, accepting: false },
        Fault::code(50_000),
    ]
    .into_iter()
    .enumerate()
    {
        let pair = [world.customer(&format!("Ana {n}")), world.customer(&format!("Ben {n}"))];
        world.tiktok.fault("content_list", fault.clone(), Times::Next(1));
        for customer in &pair {
            customer.says("hello?");
        }
        let arrived = async |world: &World| {
            let window = world
                .ask_json(
                    "listConversations",
                    json!({ "account": world.account(), "tab": "all", "offset": 0, "limit": 200 }),
                )
                .await;
            let rows = window["rows"].as_array().cloned().unwrap_or_default();
            pair.iter().filter(|customer| rows.iter().any(|row| row["person"]["name"] == customer.name())).count()
        };
        world
            .until(&format!("one of the two is there at least ({fault:?})"), async |world| arrived(world).await >= 1)
            .await;
        world.ask(SyncAccounts {}).await;
        world.until(&format!("both are there ({fault:?})"), async |world| arrived(world).await == 2).await;
    }
}

#[tokio::test]
async fn the_agent_is_notified_of_fresh_news_while_looking_elsewhere_and_of_nothing_else() {
    let mut world = World::unlinked().await;
    let (ana, ben) = (world.customer("Ana"), world.customer("Ben"));
    ana.says("written before the account was linked");
    world.link().await;
    let said = async |world: &World, customer: &Customer, text: &str| {
        customer.says(text);
        world.until_thread(customer, text).await;
        // The loop has gone on, so whoever was to hear of it has.
        let sweeps = world.tiktok.ledger().calls("conversation_list");
        world.until("the next sweep", async |world| world.tiktok.ledger().calls("conversation_list") > sweeps).await;
    };
    ben.says_at("written eleven minutes ago", world.tiktok.now_ms() - 11 * 60_000);
    world.until_thread(&ben, "eleven").await;
    world.ask(SetActiveView { conversation: None, focused: true }).await;
    said(&world, &ana, "while the window has the focus").await;
    world.ask(SetActiveView { conversation: None, focused: false }).await;
    ana.colleague_replies("from a colleague", "APP");
    world.until_thread(&ana, "from a colleague").await;
    // One at a time, in order of arrival: had an earlier one been notified, it would stand before this.
    said(&world, &ana, &format!("news {}", "x".repeat(200))).await;
    world.until("the agent was notified", async |world| !world.host.notifications().is_empty()).await;
    let conversation = world.conversation(&ana).await;
    let notified = world.host.notifications();
    assert_eq!(notified.len(), 1, "{notified:?}");
    assert_eq!((notified[0].account, notified[0].opens), (world.account(), Place::Conversation(conversation)));
    assert_eq!(notified[0].title, "Ana");
    assert_eq!(notified[0].body, format!("news {}", "x".repeat(115)), "120 characters");

    let mut settings = world.ask_json("getOverview", json!({})).await["settings"].clone();
    settings["notify"] = json!(false);
    world.ask_json("saveSettings", json!({ "settings": settings.clone() })).await;
    said(&world, &ana, "with notifications off").await;
    // The next one is a photo: it is named, not shown.
    world.until("the quiet one was passed over", async |world| world.reads(&ana).await.contains("off")).await;
    let quiet = world.customer("Cleo");
    said(&world, &quiet, "still off").await;
    settings["notify"] = json!(true);
    world.ask_json("saveSettings", json!({ "settings": settings })).await;
    ben.sends_image();
    world.until("the agent was notified again", async |world| world.host.notifications().len() >= 2).await;
    let notified = world.host.notifications();
    assert_eq!(notified.len(), 2, "{notified:?}");
    assert_eq!((notified[1].title.as_str(), notified[1].body.as_str()), ("Ben", "Photo"));
}

#[tokio::test]
async fn a_notification_clicked_before_the_page_listens_is_opened_once_it_does() {
    let world = World::start().await;
    let (ana, ben) = (world.customer("Ana"), world.customer("Ben"));
    ana.says("one");
    ben.says("two");
    let (to_ana, to_ben) = (world.conversation(&ana).await, world.conversation(&ben).await);
    let open = |conversation| Some(Event::Open { account: world.account(), conversation });
    world.desk().show(world.account(), to_ana);
    world.desk().show(world.account(), to_ben);
    let mut page = world.desk().subscribe();
    assert_eq!(page.next().await, open(to_ben), "where the agent clicked last");
    world.desk().show(world.account(), to_ana);
    drop(page);
    let mut reloaded = world.desk().subscribe();
    world.desk().engine().store().announce(Change::Settings);
    assert!(matches!(reloaded.next().await, Some(Event::Stale { .. })), "nothing is opened twice");
}

#[tokio::test]
async fn a_conversation_whose_time_tiktok_does_not_tell_is_read_and_hides_no_news() {
    let folder = tempfile::tempdir().unwrap();
    let store = Store::open(folder.path()).unwrap();
    let due = store.write(|tx| {
        let tokens =
            TokenTimes { issued_at_ms: 0, access_expires_at_ms: 1, refresh_expires_at_ms: 1, scopes: String::new() };
        let (remote_id, handle, display_name) = ("b".to_owned(), "h".to_owned(), "H".to_owned());
        let account = account::link(tx, &NewAccount { remote_id, handle, display_name, avatar: None, tokens }, 0)?;
        let mut due = Vec::new();
        for updated_ms in [None, None, Some(5_000), Some(5_000), None, Some(5_000), Some(6_000)] {
            let listed = Listed { remote_id: "c".to_owned(), kind: ConversationKind::Chat, updated_ms, origin: None };
            conversation::upsert_listed(tx, account, &listed)?;
            let known = conversation::due(tx, account, 1)?;
            due.push(!known.is_empty());
            for known in known {
                conversation::fetched(tx, known.id, known.remote_updated_ms, true)?;
            }
        }
        Ok(due)
    });
    assert_eq!(due.await.unwrap(), [true, true, true, false, true, false, true]);
    store.close().await;
}

#[tokio::test]
async fn drafts_survive_a_restart_and_never_cross_conversations() {
    let mut world = World::start().await;
    let (ana, ben) = (world.customer("Ana"), world.customer("Ben"));
    ana.says("one");
    ben.says("two");
    let (to_ana, to_ben) = (world.conversation(&ana).await, world.conversation(&ben).await);
    let typed = "Dear Ana,\n  we have it in blue";
    world.ask_json("saveDraft", json!({ "conversation": to_ana, "body": typed })).await;
    world.ask_json("saveDraft", json!({ "conversation": to_ben, "body": "Dear Ben" })).await;
    world.send(to_ben, "Hi Ben").await;
    world.settle().await;
    assert_eq!(header(&world, &ben).await["draft"]["body"], "", "sending clears the draft of its own conversation");
    assert_eq!(header(&world, &ana).await["draft"]["body"], typed);
    ana.says("three");
    world.until_thread(&ana, "three").await;
    for crash in [false, true] {
        if crash {
            world.crash().await;
        } else {
            world.close().await;
        }
        world.restart().await;
        assert_eq!(header(&world, &ana).await["draft"]["body"], typed, "to the byte");
        assert_eq!(world.row(&ana).await.draft.as_deref(), Some("Dear Ana, we have it in blue"));
        assert_eq!(header(&world, &ben).await["draft"]["body"], "");
    }
    world.ask_json("saveDraft", json!({ "conversation": to_ana, "body": "  \n" })).await;
    assert_eq!(header(&world, &ana).await["draft"]["body"], "");
    assert!(world.row(&ana).await.draft.is_none());
    assert_eq!(world.tiktok.ledger().texts_to("Ana"), Vec::<String>::new());
}

#[tokio::test]
async fn a_large_inbox_arrives_whole_and_is_counted_right() {
    let config = Config {
        limits: Limits::NONE,
        scripted: true,
        populate: Some(sandbox::Populate { conversations: 130, messages: 3 }),
        ..Config::default()
    };
    let mut timing = quick();
    // On a busy machine a listing takes longer than the time between two, and there is much to read.
    timing.sweep_background = Duration::from_millis(400);
    let mut world = World::with(config, timing, TestHost::new()).await;
    world.link().await;
    let mut listed = 0;
    let mut waiting = 0;
    let mut requests = 0;
    let mut offset = 0;
    loop {
        let window = world
            .ask_json(
                "listConversations",
                json!({ "account": world.account(), "tab": "all", "offset": offset, "limit": 50 }),
            )
            .await;
        let rows = window["rows"].as_array().cloned().unwrap_or_default();
        listed += rows.len();
        waiting += rows.iter().filter(|row| row["waiting"] == true).count();
        requests += rows.iter().filter(|row| row["kind"] == "request").count();
        offset += rows.len();
        if rows.is_empty() {
            assert_eq!(
                window["counts"],
                json!({ "waiting": waiting, "requests": requests, "all": listed, "mine": 0, "snoozed": 0, "unsent": 0, "unsentReplies": 0, "done": 0 })
            );
            break;
        }
    }
    assert!(listed > 130, "two pages of a hundred: {listed}");
    assert!(world.tiktok.ledger().calls("conversation_list") >= 3, "past the first page");
}

#[tokio::test]
async fn a_thread_that_lags_behind_its_list_is_read_again() {
    let world = World::start().await;
    let ana = world.customer("Ana");
    ana.says("one");
    world.conversation(&ana).await;
    world.tiktok.fault("content_list", Fault::Stale { messages: 1 }, Times::Next(2));
    ana.colleague_replies("we will look", "APP");
    ana.says("thank you");
    world.until_thread(&ana, "thank you").await;
}

#[tokio::test]
async fn a_thread_that_lags_for_as_long_as_lists_may_is_read_again_however_often_that_takes() {
    let world = World::start().await;
    let ana = world.customer("Ana");
    ana.says("one");
    world.conversation(&ana).await;
    // Less than `timing.lag`, and long enough for many readings: nothing more happens in it afterwards.
    let lag = Duration::from_millis(600);
    world.tiktok.fault("content_list", Fault::Stale { messages: 1 }, Times::For(lag));
    ana.colleague_replies("we will look", "APP");
    ana.says("thank you");
    world.until_thread(&ana, "thank you").await;
}
