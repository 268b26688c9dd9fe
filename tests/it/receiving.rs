//! Customers' messages on their way in, judged by what the agent reads.

mod notified;
mod repeated;

use desk::commands::{MarkConversationSeen, SetConversationStatus, SyncAccounts};
use std::time::Duration;

use model::{ConversationKind, Status};
use sandbox::{Config, Customer, Fault, Limits, Times};
use serde_json::{Value, json};
use store::Store;
use store::table::account::{NewAccount, TokenTimes};
use store::table::conversation::ListedConversation;
use store::table::{account, conversation, message};
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
            let listed = ListedConversation {
                remote_id: "c".to_owned(),
                kind: ConversationKind::Chat,
                updated_ms,
                origin: None,
            };
            conversation::upsert_listed(tx, account, &listed)?;
            let known = conversation::due(tx, account, 1)?;
            due.push(!known.is_empty());
            for known in known {
                conversation::mark_fetched(tx, known.id, known.remote_updated_ms, true)?;
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
