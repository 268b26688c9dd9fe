//! Replies to be sent later: at their time, or not, and then saying why.

use desk::commands::{CancelScheduledReply, GetOverview, SaveDraft, SendScheduledReplyNow};
use model::StopReason;
use std::time::Duration;

use desk::FaultCode;
use sandbox::Customer;
use serde_json::{Value, json};
use tests::{World, parsed};

use crate::pictures::photo;

const HOUR_MS: i64 = 3_600_000;
const WINDOW_MS: i64 = 48 * HOUR_MS;

async fn asked(world: &World) -> Customer {
    let ana = world.customer("Ana");
    ana.says("when do you open?");
    world.conversation(&ana).await;
    ana
}

/// A reply to be sent so many milliseconds from now.
async fn plan(world: &World, customer: &Customer, text: &str, in_ms: i64) -> Value {
    world.ask_json("scheduleReply", told(world, customer, text, in_ms).await).await
}

async fn told(world: &World, customer: &Customer, text: &str, in_ms: i64) -> Value {
    json!({
        "conversation": world.conversation(customer).await, "body": text, "quoted": null, "attachment": null,
        "atMs": world.tiktok.now_ms() + in_ms,
    })
}

/// Waits until this moment, while nothing runs that could miss it.
async fn until_past(world: &World, at_ms: i64) {
    while world.tiktok.now_ms() <= at_ms {
        tokio::task::yield_now().await;
    }
}

async fn planned(world: &World) -> Vec<Value> {
    world.ask_json("listScheduledReplies", json!({ "account": world.account() })).await.as_array().cloned().unwrap()
}

async fn until_stopped(world: &World, why: &str) {
    world.until(why, async |world| planned(world).await.iter().any(|one| one["stopped"] == why)).await;
}

#[tokio::test]
async fn a_planned_reply_is_shown_everywhere_and_goes_out_at_its_time_with_quote_and_picture() {
    let world = World::start().await;
    let ana = asked(&world).await;
    let conversation = world.conversation(&ana).await;
    let question = world.message(&ana, "when do you open?").await["id"].clone();
    let held = world.desk().attach(conversation, photo(320, 200)).await.unwrap();
    let mut told = told(&world, &ana, "At nine.", 1_500).await;
    (told["quoted"], told["attachment"]) = (question.clone(), json!(held.key));
    let kept = world.ask_json("scheduleReply", told.clone()).await;
    assert_eq!((&kept["atMs"], &kept["name"], &kept["stopped"]), (&told["atMs"], &json!("Ana"), &Value::Null));
    let view = world.view(&ana).await;
    assert_eq!(json!(view.scheduled), json!([kept]));
    assert!(view.draft.body.is_empty() && view.draft.attachment.is_none(), "it is no draft any more");
    assert_eq!(planned(&world).await, std::slice::from_ref(&kept));
    assert_eq!(view.row.scheduled, 1);
    assert_eq!(world.ask(GetOverview {}).await.accounts[0].scheduled, 1);
    assert!(view.row.waiting, "nobody has answered yet");

    world.until_thread(&ana, "At nine. [deskbell, sent] (quotes: when do you open?)").await;
    let accepted = world.tiktok.ledger().accepted;
    assert_eq!(accepted.iter().map(|sent| sent.kind).collect::<Vec<_>>(), ["IMAGE", "TEXT"]);
    assert!(accepted[0].at_ms >= kept["atMs"].as_i64().unwrap(), "not before its time");
    assert!(planned(&world).await.is_empty());
    let view = world.view(&ana).await;
    assert_eq!((view.scheduled.len(), view.row.scheduled), (0, 0));
}

#[tokio::test]
async fn a_planned_reply_is_changed_taken_back_or_sent_now() {
    let world = World::start().await;
    let ana = asked(&world).await;
    let one = plan(&world, &ana, "At ten.", 3 * HOUR_MS).await["id"].clone();
    let two = plan(&world, &ana, "Tomorrow too.", 2 * HOUR_MS).await["id"].clone();
    let three = plan(&world, &ana, "Bye.", 4 * HOUR_MS).await["id"].clone();
    let order: Vec<Value> = planned(&world).await.iter().map(|one| one["body"].clone()).collect();
    assert_eq!(order, ["Tomorrow too.", "At ten.", "Bye."], "soonest first");
    let soon = world.tiktok.now_ms() + 300;
    let changed =
        world.ask_json("updateScheduledReply", json!({ "scheduled": one, "body": "At nine.", "atMs": soon })).await;
    assert_eq!((&changed["body"], &changed["atMs"]), (&json!("At nine."), &json!(soon)));
    let empty = json!({ "scheduled": two, "body": " ", "atMs": soon + HOUR_MS });
    assert_eq!(world.refused_json("updateScheduledReply", empty).await, FaultCode::ReplyEmpty);
    world.until_got(&ana, &["At nine."]).await;
    world.ask(SendScheduledReplyNow { scheduled: parsed(&two) }).await;
    world.until_got(&ana, &["At nine.", "Tomorrow too."]).await;
    let conversation = world.conversation(&ana).await;
    world.ask(SaveDraft { conversation, body: "typed since".to_owned(), quoted: None }).await;
    world.ask(CancelScheduledReply { scheduled: parsed(&three) }).await;
    let view = world.view(&ana).await;
    assert_eq!(view.draft.body, "Bye.\n\ntyped since");
    assert_eq!((view.scheduled.len(), view.row.scheduled), (0, 0));
    for (command, gone) in
        [("sendScheduledReplyNow", &one), ("cancelScheduledReply", &two), ("sendScheduledReplyNow", &three)]
    {
        let answer = world.refused_json(command, json!({ "scheduled": gone })).await;
        assert_eq!(answer, FaultCode::NotFound, "{command}");
    }
    world.settle().await;
    assert_eq!(world.tiktok.ledger().calls("send"), 2);
}

#[tokio::test]
async fn no_reply_is_planned_for_the_past_or_for_a_closed_window() {
    let world = World::start().await;
    let ana = world.customer("Ana");
    let opened = world.tiktok.now_ms() - WINDOW_MS + HOUR_MS;
    ana.says_at("when do you open?", opened);
    world.conversation(&ana).await;
    let past = told(&world, &ana, "x", -1_000).await;
    assert_eq!(world.refused_json("scheduleReply", past).await, FaultCode::ScheduleInPast);
    let late = told(&world, &ana, "x", 2 * HOUR_MS).await;
    let fault = world.try_ask_json("scheduleReply", late).await.unwrap_err();
    assert_eq!((fault.code, fault.detail), (FaultCode::ScheduleAfterWindow, Some((opened + WINDOW_MS).to_string())));
    let kept = plan(&world, &ana, "In time.", HOUR_MS / 2).await;
    for (at_ms, code) in [(1, FaultCode::ScheduleInPast), (opened + WINDOW_MS, FaultCode::ScheduleAfterWindow)] {
        let change = json!({ "scheduled": kept["id"], "body": "x", "atMs": at_ms });
        assert_eq!(world.refused_json("updateScheduledReply", change).await, code);
    }
    assert_eq!(planned(&world).await, [kept], "and stays as it was");

    let ben = world.customer("Ben");
    ben.is_welcomed("Welcome!");
    world.conversation(&ben).await;
    let told = told(&world, &ben, "x", HOUR_MS).await;
    assert_eq!(world.refused_json("scheduleReply", told).await, FaultCode::NoWindow);
}

#[tokio::test]
async fn a_planned_reply_survives_a_crash_and_goes_out_once() {
    let mut world = World::start().await;
    let ana = asked(&world).await;
    plan(&world, &ana, "At nine.", 700).await;
    world.crash().await;
    world.restart().await;
    world.until_thread(&ana, "At nine. [deskbell, sent]").await;
    world.settle().await;
    assert_eq!(world.tiktok.ledger().texts_to("Ana"), ["At nine."]);
}

#[tokio::test]
async fn a_little_late_is_sent_and_long_past_is_left_to_the_agent() {
    let mut world = World::paced(|timing| timing.overdue = Duration::from_secs(2)).await;
    let ana = asked(&world).await;
    let ben = world.customer("Ben");
    ben.says("and you?");
    world.conversation(&ben).await;
    let early = plan(&world, &ana, "At nine.", 300).await["atMs"].as_i64().unwrap();
    plan(&world, &ben, "At ten.", 2_500).await;
    world.crash().await;
    until_past(&world, early + 2_300).await;
    world.restart().await;
    until_stopped(&world, "overdue").await;
    world.until_got(&ben, &["At ten."]).await;
    assert_eq!(world.tiktok.ledger().texts_to("Ana"), Vec::<String>::new());
    assert!(world.row(&ana).await.trouble);
    let kept = planned(&world).await;
    world.ask(SendScheduledReplyNow { scheduled: parsed(&kept[0]["id"]) }).await;
    world.until_got(&ana, &["At nine."]).await;
    assert!(!world.row(&ana).await.trouble);
}

#[tokio::test]
async fn a_colleagues_reply_in_between_stops_a_planned_one() {
    let world = World::start().await;
    let ana = asked(&world).await;
    plan(&world, &ana, "At nine.", 1_500).await;
    ana.colleague_replies("At nine, as always.", "APP");
    world.until_thread(&ana, "as always. [phone, sent]").await;
    until_stopped(&world, "colleagueReplied").await;
    assert_eq!(world.tiktok.ledger().calls("send"), 0);
    let view = world.view(&ana).await;
    assert_eq!(view.scheduled[0].stopped, Some(StopReason::ColleagueReplied));
    world.ask(CancelScheduledReply { scheduled: view.scheduled[0].id }).await;
    assert_eq!(world.view(&ana).await.draft.body, "At nine.");
}

#[tokio::test]
async fn a_window_that_has_closed_by_then_stops_a_planned_one() {
    let mut world = World::start().await;
    let ana = world.customer("Ana");
    let closes = world.tiktok.now_ms() + 2_500;
    ana.says_at("when do you open?", closes - WINDOW_MS);
    plan(&world, &ana, "At nine.", 800).await;
    world.crash().await;
    until_past(&world, closes).await;
    world.restart().await;
    until_stopped(&world, "windowClosed").await;
    assert_eq!(world.tiktok.ledger().calls("send"), 0);
    // What the agent insists on is TikTok's to judge.
    let kept = planned(&world).await;
    world.ask(SendScheduledReplyNow { scheduled: parsed(&kept[0]["id"]) }).await;
    world.until_thread(&ana, "At nine. [deskbell, refused windowClosed]").await;
}
