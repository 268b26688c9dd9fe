//! What has not gone out: the customer waits until TikTok has the answer, and every such reply stands in one place with its
//! reason and its ways on. Closing Deskbell with some asks first.

use desk::commands::{
    CancelDeparture, DiscardReply, GetDeparture, GetOverview, ListRules, SendReplyNow, SendScheduledReplyNow,
    SetConversationStatus,
};
use desk::view::{ConversationRow, UnsentView};
use model::{Direction, Status};
use std::time::Duration;

use sandbox::{Customer, Fault, Times};
use serde_json::{Value, json};
use store::Connection;
use tests::{World, parsed, press};

/// Longer than any story.
const LONG: Duration = Duration::from_secs(600);

/// A window of a tab: its rows and how many conversations it holds.
async fn tab(world: &World, tab: &str) -> Value {
    world
        .ask_json("listConversations", json!({ "account": world.account(), "tab": tab, "offset": 0, "limit": 50 }))
        .await
}

async fn names(world: &World, of: &str) -> Vec<String> {
    let window = tab(world, of).await;
    assert_eq!(window["total"], json!(window["rows"].as_array().unwrap().len()), "{of} counts what it shows");
    let rows = window["rows"].as_array().cloned().unwrap();
    rows.iter().map(|row| row["person"]["name"].as_str().unwrap().to_owned()).collect()
}

/// Where each unsent reply of a customer stands, as its row says it.
fn states(row: &ConversationRow) -> Vec<String> {
    let state = |one: &UnsentView| match one {
        UnsentView::Scheduled { .. } => "scheduled".to_owned(),
        UnsentView::Reply { delivery, .. } => json!(delivery)["state"].as_str().unwrap().to_owned(),
    };
    row.unsent_replies.iter().map(state).collect()
}

async fn asked(world: &World, name: &str) -> Customer {
    let customer = world.customer(name);
    customer.says("where is my order?");
    world.conversation(&customer).await;
    customer
}

fn assert_waiting(row: &ConversationRow, unsent: u32) {
    assert_eq!((row.waiting, row.unsent), (true, unsent), "{row:?}");
    let text = row.snippet.as_ref().map(|snippet| snippet.text.as_str());
    assert_eq!((text, row.snippet_from), (Some("where is my order?"), Direction::In), "{row:?}");
}

async fn waiting_of_account(world: &World) -> (u32, u32) {
    let account = world.ask(GetOverview {}).await.accounts[0].clone();
    (account.waiting, account.unsent)
}

#[tokio::test]
async fn a_reply_that_waits_for_the_network_leaves_the_customer_waiting() {
    let world = World::start().await;
    let ana = asked(&world, "Ana").await;
    world.tiktok.unplug().await;
    world.reply(&ana, "It left today.").await;
    world.reply(&ana, "And arrives tomorrow.").await;
    world.until_thread(&ana, "It left today. [deskbell, queued offline]").await;
    assert_waiting(&world.row(&ana).await, 2);
    assert_eq!(
        (names(&world, "waiting").await, names(&world, "unsent").await),
        (vec!["Ana".to_owned()], vec!["Ana".to_owned()])
    );
    let counts = tab(&world, "unsent").await["counts"].clone();
    assert_eq!((&counts["unsent"], &counts["unsentReplies"], &counts["waiting"]), (&json!(1), &json!(2), &json!(1)));
    assert_eq!(waiting_of_account(&world).await, (1, 2));
    let first = tab(&world, "unsent").await["rows"][0]["unsentReplies"][0].clone();
    assert_eq!(first["snippet"]["text"], "It left today.");
    assert_eq!(first["delivery"]["waiting"]["reason"], "offline");

    world.tiktok.plug_in().await.unwrap();
    world.until_got(&ana, &["It left today.", "And arrives tomorrow."]).await;
    world.until("nothing is left", async |world| world.row(&ana).await.unsent == 0).await;
    assert!(names(&world, "waiting").await.is_empty() && names(&world, "unsent").await.is_empty());
    assert_eq!(waiting_of_account(&world).await, (0, 0));
    assert_eq!(world.row(&ana).await.snippet.unwrap().text, "And arrives tomorrow.");
}

#[tokio::test]
async fn whatever_holds_a_reply_up_leaves_the_customer_waiting() {
    let world = World::paced(|timing| timing.undo = LONG).await;
    // Held.
    let ana = asked(&world, "Ana").await;
    let id = world.conversation(&ana).await;
    world.ask(press(id, "At nine.")).await;
    assert_waiting(&world.row(&ana).await, 1);
    assert_eq!(states(&world.row(&ana).await), ["held"]);
    // Refused.
    let ben = asked(&world, "Ben").await;
    let code = Fault::Code { code: 40_064, message: "no".to_owned(), accepting: false };
    world.tiktok.fault("send", code, Times::Next(1));
    let message = world.reply(&ben, "At ten.").await;
    world.ask(SendReplyNow { messages: vec![message] }).await;
    world.until_thread(&ben, "At ten. [deskbell, refused").await;
    assert_waiting(&world.row(&ben).await, 1);
    assert_eq!((states(&world.row(&ben).await), world.row(&ben).await.trouble), (vec!["refused".to_owned()], true));
    // Scheduled, in a conversation that is done.
    let cleo = asked(&world, "Cleo").await;
    let id = world.conversation(&cleo).await;
    let at_ms = world.tiktok.now_ms() + 3_600_000;
    let later = json!({ "conversation": id, "body": "At noon.", "quoted": null, "attachment": null, "atMs": at_ms });
    world.ask_json("scheduleReply", later).await;
    assert_waiting(&world.row(&cleo).await, 1);
    world.ask(SetConversationStatus { conversation: id, status: Status::Done }).await;
    // Undone, discarded and sent, they are out of the list again.
    let mut all = names(&world, "unsent").await;
    all.sort();
    assert_eq!(all, ["Ana", "Ben", "Cleo"], "wherever the agent has put the conversation");
    world.ask(DiscardReply { message }).await;
    assert_waiting(&world.row(&ben).await, 0);
    let scheduled = world.view(&cleo).await.scheduled[0].id;
    world.ask(SendScheduledReplyNow { scheduled }).await;
    world.until_got(&cleo, &["At noon."]).await;
    world.until("one is left", async |world| names(world, "unsent").await == ["Ana"]).await;
}

#[tokio::test]
async fn a_row_shows_the_question_that_waits_and_calls_nothing_automatic_ours() {
    let world = World::start().await;
    let ana = asked(&world, "Ana").await;
    ana.is_auto_replied("2 to 4 working days");
    world.until_thread(&ana, "2 to 4 working days").await;
    assert_waiting(&world.row(&ana).await, 0);
    world.reply(&ana, "It left today.").await;
    world.until_got(&ana, &["It left today."]).await;
    world.settle().await;
    ana.is_auto_replied("We are closed.");
    world.until_thread(&ana, "We are closed.").await;
    let row = world.row(&ana).await;
    assert_eq!((row.waiting, row.snippet.unwrap().text.as_str()), (false, "We are closed."));
    assert_eq!((row.snippet_from, row.snippet_automatic), (Direction::Out, true));
}

#[tokio::test]
async fn closing_with_something_unsent_asks_and_names_it() {
    let world = World::paced(|timing| timing.undo = LONG).await;
    assert!(world.desk().may_close().await, "nothing is held up");
    let ana = asked(&world, "Ana").await;
    let id = world.conversation(&ana).await;
    world.ask(press(id, "At nine.")).await;
    let at_ms = world.tiktok.now_ms() + 3_600_000;
    let later = json!({ "conversation": id, "body": "At noon.", "quoted": null, "attachment": null, "atMs": at_ms });
    world.ask_json("scheduleReply", later).await;
    let closing = tokio::spawn({
        let desk = world.desk().clone();
        async move { desk.may_close().await }
    });
    world.until("the page is told", async |world| world.ask(GetDeparture {}).await.asked).await;
    assert!(!closing.await.unwrap(), "the page asks the agent");
    let departure = world.ask_json("getDeparture", json!({})).await;
    assert_eq!((&departure["scheduled"], &departure["nextScheduledMs"]), (&json!(1), &json!(at_ms)));
    assert_eq!((&departure["held"], &departure["onTheWay"]), (&json!(1), &json!(0)), "{departure}");
    world.ask(CancelDeparture {}).await;
    assert!(!world.ask(GetDeparture {}).await.asked);
}

#[tokio::test]
async fn a_page_that_does_not_answer_does_not_keep_deskbell_open() {
    let world = World::start().await;
    let ana = asked(&world, "Ana").await;
    world.tiktok.unplug().await;
    world.reply(&ana, "It left today.").await;
    let asked = std::time::Instant::now();
    assert!(world.desk().may_close().await);
    assert!(asked.elapsed() < Duration::from_secs(5));
}

/// Changes rows behind Deskbell's back.
fn alter(world: &World, change: &str) {
    let changed = Connection::open(world.folder().join("deskbell.db")).unwrap().execute(change, []).unwrap();
    assert!(changed > 0, "{change} changes something");
}

#[tokio::test]
async fn a_message_that_cannot_be_read_costs_itself_alone_and_is_told() {
    let mut world = World::start().await;
    let ana = asked(&world, "Ana").await;
    ana.says("hello?");
    world.until_thread(&ana, "hello?").await;
    world.reply(&ana, "It left today.").await;
    world.until_got(&ana, &["It left today."]).await;
    world.settle().await;
    world.close().await;
    alter(&world, "UPDATE message SET content = '{\"type\":\"te', reactions = '[7' WHERE content LIKE '%my order%'");
    alter(&world, "UPDATE message SET surface = 'carrier pigeon' WHERE content LIKE '%hello?%'");
    world.tiktok.unplug().await;
    world.restart().await;
    let types: Vec<Value> = world.messages(&ana).await.iter().map(|one| one["content"]["type"].clone()).collect();
    assert!(
        types.contains(&json!("unreadable")) && types.iter().filter(|kind| **kind == "text").count() >= 2,
        "{types:?}"
    );
    world.until("it is told", async |world| world.ask(GetOverview {}).await.unreadable == ["message"]).await;
    // TikTok's next listing puts it right.
    world.tiktok.plug_in().await.unwrap();
    ana.says("thank you");
    world.until_thread(&ana, "Ana: where is my order?").await;
}

#[tokio::test]
async fn a_reply_or_a_rule_that_cannot_be_read_costs_itself_alone() {
    let mut world = World::start().await;
    let (ana, ben) = (asked(&world, "Ana").await, asked(&world, "Ben").await);
    world.tiktok.unplug().await;
    world.reply(&ana, "It left today.").await;
    world.reply(&ana, "And arrives tomorrow.").await;
    world.until_thread(&ana, "It left today. [deskbell, queued offline]").await;
    world.close().await;
    alter(&world, "UPDATE outbox SET outgoing = '{' WHERE outgoing LIKE '%left today%'");
    alter(&world, "INSERT INTO rule (id, position, spec) VALUES (7, 1, '{\"name\":')");
    alter(
        &world,
        "INSERT INTO setting (name, value) VALUES ('settings', '{\"theme\":') ON CONFLICT (name) DO UPDATE SET value = excluded.value",
    );
    world.tiktok.plug_in().await.unwrap();
    world.restart().await;
    world.until_got(&ana, &["And arrives tomorrow."]).await;
    world.until_thread(&ana, "It left today. [deskbell, stopped unreadable]").await;
    world.reply(&ben, "Hello Ben").await;
    world.until_got(&ben, &["Hello Ben"]).await;
    assert!(world.ask(ListRules {}).await.rules.is_empty());
    let told = world.ask(GetOverview {}).await.unreadable.clone();
    for table in ["outbox", "rule", "setting"] {
        assert!(told.iter().any(|told| told == table), "{table}: {told:?}");
    }
    let stopped = world.message(&ana, "It left today.").await["id"].clone();
    world.ask(DiscardReply { message: parsed(&stopped) }).await;
    assert_eq!(world.row(&ana).await.unsent, 0);
}

#[tokio::test]
async fn a_table_that_is_missing_is_noticed_by_the_next_start_and_in_use_at_once() {
    let mut world = World::start().await;
    let ana = asked(&world, "Ana").await;
    world.close().await;
    Connection::open(world.folder().join("deskbell.db")).unwrap().execute_batch("DROP TABLE rule_reply").unwrap();
    world.restart().await;
    let overview = world.ask_json("getOverview", json!({})).await;
    assert!(overview["repair"].is_object(), "mended and told: {}", overview["repair"]);
    assert!(world.reads(&ana).await.contains("where is my order?"));
    // In use.
    assert_eq!(overview["damaged"], false);
    Connection::open(world.folder().join("deskbell.db")).unwrap().execute_batch("DROP TABLE saved_reply").unwrap();
    let asked = world.try_ask_json("findSavedReplies", json!({ "query": "", "limit": 5 })).await;
    assert!(asked.is_err());
    assert!(world.ask(GetOverview {}).await.damaged, "told at once");
}
