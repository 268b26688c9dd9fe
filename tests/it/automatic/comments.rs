//! Comments of high intent: each is answered by one message, within TikTok's conditions, and once.

use desk::commands::GetAutoMessages;
use std::time::Duration;

use desk::{Event, FaultCode, Place};
use model::CommentId;
use sandbox::{Comment, Config, Fault, Limits, Times, WebhookFaults};
use serde_json::{Value, json};
use tests::{TestHost, World, quick};

const HOUR: Duration = Duration::from_secs(3_600);

/// A linked world with comment-to-message on, in which what TikTok pushes is heard.
async fn world() -> World {
    let mut world = World::with(Config { limits: Limits::NONE, ..Config::default() }, quick(), TestHost::new()).await;
    world.link().await;
    world.hears();
    let on = world.ask_json("setCommentToMessage", json!({ "account": world.account(), "enabled": true })).await;
    assert_eq!(on["commentToMessage"]["enabled"], true);
    world
}

async fn comments(world: &World) -> Vec<Value> {
    let comments = world.ask_json("listComments", json!({ "account": world.account() })).await;
    comments.as_array().unwrap().clone()
}

/// The comment with this text, once it has arrived.
async fn comment(world: &World, text: &str) -> Value {
    let find = async |world: &World| comments(world).await.into_iter().find(|comment| comment["body"] == text);
    world.until("the comment has arrived", async |world| find(world).await.is_some()).await;
    find(world).await.unwrap()
}

async fn open(world: &World) -> u32 {
    world.ask(GetAutoMessages { account: world.account() }).await.comment_to_message.open
}

fn holds(comment: &Value, condition: &str) -> Value {
    let conditions = comment["conditions"].as_array().unwrap();
    conditions.iter().find(|known| known["condition"] == condition).unwrap()["holds"].clone()
}

fn answer(comment: &Value, body: &str) -> Value {
    json!({ "comment": comment["id"], "body": body })
}

/// Fails unless answering fails for this, without a call having been made.
async fn not_answerable(world: &World, comment: &Value, why: &str) {
    let before = world.tiktok.ledger().calls("send");
    let fault = world.try_ask_json("answerComment", answer(comment, "Hello")).await.unwrap_err();
    assert_eq!((fault.code, fault.detail.as_deref()), (FaultCode::CommentNotAnswerable, Some(why)));
    assert_eq!(world.tiktok.ledger().calls("send"), before);
}

#[tokio::test]
async fn a_comment_is_answered_by_one_message_and_has_a_conversation_then() {
    let world = world().await;
    let ana = world.customer("Ana");
    let remote = ana.comments("How much is the blue one?");
    let arrived = comment(&world, "How much is the blue one?").await;
    assert_eq!(arrived["closesAtMs"].as_i64().unwrap() - arrived["atMs"].as_i64().unwrap(), 48 * 3_600_000);
    assert_eq!((arrived["state"]["state"].clone(), arrived["conversation"].clone()), (json!("open"), Value::Null));
    for (condition, expected) in [
        ("recent", json!(true)),
        ("unanswered", json!(true)),
        ("quiet", json!(true)),
        ("firstLevel", Value::Null),
        ("adult", Value::Null),
        ("region", Value::Null),
    ] {
        assert_eq!(holds(&arrived, condition), expected, "{condition}");
    }
    assert_eq!(open(&world).await, 1);
    let answered = world.ask_json("answerComment", answer(&arrived, " It is 12 euros.\r\n")).await;
    assert_eq!(
        (answered["state"]["state"].clone(), answered["state"]["body"].clone()),
        (json!("answered"), json!("It is 12 euros."))
    );
    let line = format!("[to comment {remote}] It is 12 euros.");
    world.until_got(&ana, &[&line]).await;
    world.until_thread(&ana, "It is 12 euros.").await;
    let conversation = world.conversation(&ana).await;
    assert_eq!(comment(&world, "How much is the blue one?").await["conversation"], json!(conversation));
    assert_eq!(open(&world).await, 0);
    not_answerable(&world, &answered, "unanswered").await;
}

#[tokio::test]
async fn a_notification_of_a_comment_names_who_wrote_it_and_leads_there() {
    let world = world().await;
    let ana = world.customer("Ana");
    ana.comments("How much is the blue one?");
    let id: CommentId =
        serde_json::from_value(comment(&world, "How much is the blue one?").await["id"].clone()).unwrap();
    world.until("the agent was notified", async |world| !world.host.notifications().is_empty()).await;
    let notified = world.host.notifications();
    assert_eq!((notified[0].title.as_str(), notified[0].body.as_str()), ("@ana", "How much is the blue one?"));
    assert_eq!((notified[0].account, notified[0].opens), (world.account(), Place::Comment(id)));
    let mut page = world.desk().subscribe();
    world.desk().show_place(world.account(), notified[0].opens);
    let wanted = Event::OpenComment { account: world.account(), comment: id };
    while page.next().await.expect("the desk is there") != wanted {}
}

#[tokio::test]
async fn the_same_comment_told_twice_is_one() {
    let world = world().await;
    let mut ear = world.tiktok.webhooks();
    world.customer("Ana").comments("How much?");
    comment(&world, "How much?").await;
    let delivery = ear.recv().await.unwrap();
    world.desk().handle_webhook(&delivery.signature, &delivery.body).await.unwrap();
    let first = comment(&world, "How much?").await;
    world.ask_json("answerComment", answer(&first, "12")).await;
    world.desk().handle_webhook(&delivery.signature, &delivery.body).await.unwrap();
    let all = comments(&world).await;
    assert_eq!((all.len(), all[0]["state"]["state"].clone()), (1, json!("answered")));
}

#[tokio::test]
async fn each_condition_that_we_know_of_is_told_without_asking_and_the_others_by_tiktok() {
    let world = world().await;
    world.customer("Old").comments(Comment::saying("old").ago(49 * HOUR));
    not_answerable(&world, &comment(&world, "old").await, "recent").await;

    let talkative = world.customer("Talkative");
    talkative.says("hello");
    world.until_thread(&talkative, "hello").await;
    talkative.comments("talkative");
    let talked = comment(&world, "talkative").await;
    assert_eq!(talked["conversation"], json!(world.conversation(&talkative).await));
    not_answerable(&world, &talked, "quiet").await;
    assert_eq!(open(&world).await, 0, "neither can be answered now");

    for (name, made) in [
        ("below", Comment::saying("below").under_a_comment()),
        ("minor", Comment::saying("minor").by_a_minor()),
        ("far", Comment::saying("far").from_elsewhere()),
    ] {
        world.customer(name).comments(made);
        let arrived = comment(&world, name).await;
        let refused = world.ask_json("answerComment", answer(&arrived, "Hello")).await;
        assert_eq!(refused["state"]["state"], "refused", "{name}");
        assert_eq!(refused["state"]["body"], "Hello");
        assert!(refused["state"]["refusal"]["code"].as_i64().unwrap() >= 40_000);
        assert!(!refused["state"]["refusal"]["message"].as_str().unwrap().is_empty(), "in TikTok's words");
    }
    let answered = world.customer("Colleague");
    let remote = answered.comments("colleague");
    let arrived = comment(&world, "colleague").await;
    world.tiktok.owner().answers_comment(&remote, "We have it");
    let refused = world.try_ask_json("answerComment", answer(&arrived, "Hello")).await;
    let state = comment(&world, "colleague").await["state"]["state"].clone();
    assert!(refused.is_err() || state == "refused", "a colleague was faster: {state}");
    assert!(world.tiktok.ledger().accepted.is_empty(), "nothing went out");
}

#[tokio::test]
async fn texts_that_cannot_be_sent_and_comments_put_aside_are_not_answered() {
    let world = world().await;
    world.customer("Ana").comments("How much?");
    let arrived = comment(&world, "How much?").await;
    assert_eq!(world.refused_json("answerComment", answer(&arrived, " \u{200B} ")).await, FaultCode::ReplyEmpty);
    assert_eq!(
        world.refused_json("answerComment", answer(&arrived, &"x".repeat(6_001))).await,
        FaultCode::ReplyTooLong
    );
    let aside = |dismissed: bool| json!({ "comment": arrived["id"], "dismissed": dismissed });
    assert_eq!(world.ask_json("dismissComment", aside(true)).await["state"]["state"], "dismissed");
    assert_eq!(open(&world).await, 0);
    assert_eq!(world.refused_json("answerComment", answer(&arrived, "12")).await, FaultCode::WrongState);
    assert_eq!(world.ask_json("dismissComment", aside(false)).await["state"]["state"], "open");
    world.ask_json("answerComment", answer(&arrived, "12")).await;
    assert_eq!(world.tiktok.ledger().accepted.len(), 1);
}

#[tokio::test]
async fn a_lost_answer_is_found_in_the_conversation_and_never_sent_again() {
    let world = world().await;
    let zoe = world.customer("Zoe");
    let said = zoe.says("hello?");
    world.until_thread(&zoe, "hello?").await;
    for (n, fault) in [
        Fault::HangUpAfter,
        Fault::TruncatedJson,
        Fault::Status { status: 502, accepting: true },
        Fault::Code { code: 50_000, message: "busy".to_owned(), accepting: true },
        // Nothing that was sent is named.
        Fault::wrong_message_id(String::new()),
        Fault::wrong_message_id("9".repeat(70_000)),
        Fault::wrong_message_id(said),
    ]
    .into_iter()
    .enumerate()
    {
        let customer = world.customer(&format!("Customer {n}"));
        customer.comments(format!("comment {n}").as_str());
        let arrived = comment(&world, &format!("comment {n}")).await;
        world.tiktok.fault("send", fault.clone(), Times::Next(1));
        world.tiktok.fault("conversation_list", Fault::code(50_000), Times::UntilCleared);
        let lost = world.ask_json("answerComment", answer(&arrived, "12 euros")).await;
        // The pushed echo may have settled it by now.
        assert!(["unconfirmed", "answered"].map(Value::from).contains(&lost["state"]["state"]), "{fault:?}: {lost}");
        assert!(
            world.try_ask_json("answerComment", answer(&arrived, "12 euros")).await.is_err(),
            "never a second call"
        );
        world.tiktok.clear_faults();
        world
            .until("it is found", async |world| {
                comment(world, &format!("comment {n}")).await["state"]["state"] == "answered"
            })
            .await;
        assert_eq!(world.tiktok.ledger().texts_to(&customer.name()), ["12 euros"]);
    }
    assert_eq!(world.tiktok.ledger().calls("send"), 7);
}

#[tokio::test]
async fn a_lost_answer_that_did_not_go_out_stays_for_the_agent() {
    let world = world().await;
    world.customer("Ana").comments("How much?");
    let arrived = comment(&world, "How much?").await;
    world.tiktok.fault("send", Fault::Status { status: 502, accepting: false }, Times::Next(1));
    world.ask_json("answerComment", answer(&arrived, "12")).await;
    let lists = world.tiktok.ledger().calls("conversation_list");
    world
        .until("TikTok was looked at", async |world| world.tiktok.ledger().calls("conversation_list") > lists + 9)
        .await;
    assert_eq!(comment(&world, "How much?").await["state"]["state"], "unconfirmed");
    assert!(world.tiktok.ledger().accepted.is_empty());
}

#[tokio::test]
async fn what_was_certainly_not_sent_can_be_sent_again() {
    let world = world().await;
    world.customer("Ana").comments("How much?");
    let arrived = comment(&world, "How much?").await;
    world.tiktok.unplug().await;
    assert_eq!(world.refused_json("answerComment", answer(&arrived, "12")).await, FaultCode::Offline);
    world.tiktok.plug_in().await.unwrap();
    world.tiktok.fault("send", Fault::RateLimited, Times::Next(1));
    assert_eq!(world.refused_json("answerComment", answer(&arrived, "12")).await, FaultCode::RateLimited);
    assert_eq!(comment(&world, "How much?").await["state"]["state"], "open");
    world
        .until("it goes out", async |world| world.try_ask_json("answerComment", answer(&arrived, "12")).await.is_ok())
        .await;
    assert_eq!(world.tiktok.ledger().texts_to("Ana"), ["12"]);
}

#[tokio::test]
async fn a_crash_in_the_middle_of_an_answer_leaves_it_unconfirmed_until_it_is_found() {
    let mut world = world().await;
    let ana = world.customer("Ana");
    ana.comments("How much?");
    let arrived = comment(&world, "How much?").await;
    // Nobody reads or hears meanwhile what TikTok took.
    world.tiktok.webhook_faults(WebhookFaults { dropped: 1.0, ..WebhookFaults::default() });
    for list in ["conversation_list", "content_list"] {
        world.tiktok.fault(list, Fault::code(50_000), Times::UntilCleared);
    }
    world.tiktok.fault("send", Fault::AnswerLate(60 * Duration::from_secs(1)), Times::Next(1));
    let (desk, args) = (world.desk().clone(), answer(&arrived, "12 euros"));
    let asking =
        tokio::spawn(async move { desk.answer(desk::Request { command: "answerComment".to_owned(), args }).await });
    world.until("TikTok has it", async |world| world.tiktok.ledger().accepted.len() == 1).await;
    assert_eq!(comment(&world, "How much?").await["state"]["state"], "sending");
    world.crash().await;
    asking.abort();
    world.restart().await;
    assert_eq!(comment(&world, "How much?").await["state"]["state"], "unconfirmed");
    world.tiktok.clear_faults();
    world.until("it is found", async |world| comment(world, "How much?").await["state"]["state"] == "answered").await;
    assert_eq!(world.tiktok.ledger().calls("send"), 1);
    assert_eq!(world.tiktok.ledger().texts_to("Ana"), ["12 euros"]);
}

#[tokio::test]
async fn where_tiktok_does_not_offer_it_that_is_told() {
    let config = Config { limits: Limits::NONE, country: "FR".to_owned(), ..Config::default() };
    let mut world = World::with(config, quick(), TestHost::new()).await;
    world.link().await;
    let view = world.ask_json("refreshAutoMessages", json!({ "account": world.account() })).await;
    assert_eq!(view["fault"], Value::Null, "the messages are another matter");
    assert_eq!(view["commentToMessage"]["enabled"], Value::Null);
    assert_eq!(view["commentToMessage"]["fault"]["code"], "commentToMessageNotHere");
    let turn = json!({ "account": world.account(), "enabled": true });
    assert_eq!(world.refused_json("setCommentToMessage", turn).await, FaultCode::CommentToMessageNotHere);
}

#[tokio::test]
async fn what_the_owner_switched_in_the_app_is_shown() {
    let world = world().await;
    world.tiktok.owner().answers_comments(false);
    let view = world.ask_json("refreshAutoMessages", json!({ "account": world.account() })).await;
    assert_eq!(view["commentToMessage"]["enabled"], false);
    world.tiktok.fault("direct_reply_update", Fault::HangUpAfter, Times::Next(1));
    let on = world.ask_json("setCommentToMessage", json!({ "account": world.account(), "enabled": true })).await;
    assert_eq!(on["commentToMessage"]["enabled"], true, "settled by reading");
    world.tiktok.fault("direct_reply_update", Fault::Status { status: 502, accepting: false }, Times::Next(1));
    let off = json!({ "account": world.account(), "enabled": false });
    assert_eq!(world.refused_json("setCommentToMessage", off).await, FaultCode::TikTokUnwell);
}
