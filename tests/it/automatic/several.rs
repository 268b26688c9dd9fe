//! Replacing what was rejected, switching on with all that does, bringing back an earlier state, and copying.

use desk::FaultCode;
use desk::commands::{DeleteAutoMessage, RestoreAutoVersion, SortAutoMessages};
use sandbox::{Fault, Times, WindowRule};
use serde_json::{Value, json};
use tests::{World, parsed};

use super::{
    PROMPT, QUESTION, WELCOME, agree, approve, at_tiktok, changes, create, id, lines, of_kind, read, shown, text,
    versions, world,
};

fn remote_ids(world: &World) -> Vec<String> {
    world.tiktok.ledger().auto_messages.into_iter().map(|message| message.id).collect()
}

async fn reject_all(world: &World) {
    for id in remote_ids(world) {
        world.tiktok.reject(&id);
    }
    read(world).await;
}

fn turn(world: &World, kind: &str, enabled: bool, recreate: bool) -> Value {
    json!({ "account": world.account(), "kind": kind, "enabled": enabled, "recreate": recreate })
}

#[tokio::test]
async fn a_rejected_message_is_replaced_where_it_stood() {
    let world = world().await;
    for title in ["One", "Two", "Three"] {
        create(&world, PROMPT.0, title, "Answer").await;
    }
    create(&world, WELCOME.0, "", "free money").await;
    reject_all(&world).await;
    let again = json!({ "message": id(&world, PROMPT.0, 1).await, "text": text("Deux", "Answer") });
    world.ask_json("recreateAutoMessage", again).await;
    agree(&world).await;
    let expected = ["One | Answer [rejected]", "Deux | Answer [reviewing]", "Three | Answer [rejected]"];
    assert_eq!(at_tiktok(&world, PROMPT.1), expected);
    let again = json!({ "message": id(&world, WELCOME.0, 0).await, "text": text("", "Hello") });
    world.ask_json("recreateAutoMessage", again).await;
    agree(&world).await;
    assert_eq!(at_tiktok(&world, WELCOME.1), ["Hello [reviewing]"]);
}

#[tokio::test]
async fn if_the_second_half_of_replacing_fails_the_words_are_among_the_versions() {
    let world = world().await;
    create(&world, QUESTION.0, "Where?", "Here").await;
    reject_all(&world).await;
    world.tiktok.fault("auto_create", Fault::code(40_002), Times::Next(1));
    let again = json!({ "message": id(&world, QUESTION.0, 0).await, "text": text("Where?", "There") });
    assert_eq!(world.refused_json("recreateAutoMessage", again).await, FaultCode::TikTokRefused);
    let view = agree(&world).await;
    assert!(lines(&view, QUESTION.0).is_empty());
    let versions = versions(&world, QUESTION.0).await;
    assert_eq!(versions[0]["items"], json!([]));
    assert_eq!((&versions[1]["items"], &versions[0]["elsewhere"]), (&json!([text("Where?", "Here")]), &json!(false)));
    world.ask(RestoreAutoVersion { version: parsed(&versions[1]["id"]) }).await;
    agree(&world).await;
    assert_eq!(at_tiktok(&world, QUESTION.1), ["Where? | Here [reviewing]"]);
}

#[tokio::test]
async fn switched_on_without_making_anew_nothing_is_served_and_with_it_all_is_in_the_same_order() {
    let mut world = world().await;
    let off = |view: &Value, kind: &str| {
        of_kind(view, kind)["items"].as_array().unwrap().iter().filter(|item| item["off"] == true).count()
    };
    for (kind, remote) in [QUESTION, PROMPT] {
        for title in ["One", "Two", "Three"] {
            create(&world, kind, title, "Answer").await;
        }
        approve(&world).await;
        if kind == PROMPT.0 {
            let mut ids = Vec::new();
            for place in [2, 0, 1] {
                ids.push(id(&world, kind, place).await);
            }
            world
                .ask(SortAutoMessages {
                    account: world.account(),
                    kind: parsed(&json!(kind)),
                    order: ids.iter().map(parsed).collect(),
                })
                .await;
        }
        let said = lines(&shown(&world).await, kind);
        world.ask_json("setAutoMessagesEnabled", turn(&world, kind, true, false)).await;
        agree(&world).await;
        assert_eq!(lines(&shown(&world).await, kind), said);
        let served = |world: &World| {
            let all = world.tiktok.ledger().auto_messages;
            all.iter().filter(|message| message.kind == remote && message.served).count()
        };
        assert_eq!(served(&world), 0, "that is what TikTok does");
        world.crash().await;
        world.restart().await;
        assert_eq!(off(&agree(&world).await, kind), 3, "and what Deskbell still knows after a crash");
        world.ask_json("setAutoMessagesEnabled", turn(&world, kind, false, false)).await;
        let done = world.ask_json("setAutoMessagesEnabled", turn(&world, kind, true, true)).await;
        assert_eq!(done["refused"], json!([]));
        approve(&world).await;
        assert_eq!(lines(&agree(&world).await, kind), said, "in the same order");
        assert_eq!(served(&world), 3);
        let view = shown(&world).await;
        assert_eq!(off(&view, kind), 0);
        assert_eq!(of_kind(&view, kind)["changedElsewhereMs"], Value::Null);
    }
}

#[tokio::test]
async fn a_welcome_message_that_was_never_written_is_tiktoks_own_and_still_our_doing() {
    let world = world().await;
    world.ask_json("setAutoMessagesEnabled", turn(&world, WELCOME.0, true, true)).await;
    let view = agree(&world).await;
    assert_eq!(of_kind(&view, WELCOME.0)["items"].as_array().unwrap().len(), 1);
    assert_eq!(of_kind(&view, WELCOME.0)["changedElsewhereMs"], Value::Null);
    assert_eq!(versions(&world, WELCOME.0).await[0]["elsewhere"], false);
}

#[tokio::test]
async fn what_tiktok_does_not_take_while_making_anew_is_told_and_the_rest_goes_on() {
    let world = world().await;
    for title in ["One", "Two", "Three"] {
        create(&world, QUESTION.0, title, "Answer").await;
    }
    approve(&world).await;
    world.tiktok.fault("auto_create", Fault::code(40_002), Times::Next(1));
    let done = world.ask_json("setAutoMessagesEnabled", turn(&world, QUESTION.0, true, true)).await;
    assert_eq!(done["refused"].as_array().unwrap().len(), 1);
    assert_eq!(done["refused"][0]["text"], text("One", "Answer"));
    assert_eq!(done["refused"][0]["fault"]["code"], "tikTokRefused");
    agree(&world).await;
    assert_eq!(at_tiktok(&world, QUESTION.1), ["Two | Answer [reviewing]", "Three | Answer [reviewing]"]);
}

#[tokio::test]
async fn an_earlier_state_is_brought_back_word_for_word_with_as_few_calls_as_possible() {
    let world = world().await;
    for (kind, remote) in [QUESTION, PROMPT] {
        for title in ["One", "Two", "Three"] {
            create(&world, kind, title, "Answer\nin two lines 👨‍👩‍👧‍👦").await;
        }
        approve(&world).await;
        let wanted = versions(&world, kind).await[0].clone();
        let texts = |world: &World| -> Vec<Value> {
            let all = world.tiktok.ledger().auto_messages.into_iter().filter(|message| message.kind == remote);
            all.map(|message| text(&message.title, &message.body)).collect()
        };
        let restore = json!({ "version": wanted["id"] });

        let before = changes(&world);
        world.ask_json("restoreAutoVersion", restore.clone()).await;
        assert_eq!(changes(&world), before, "{kind}: it is so already");

        let second = id(&world, kind, 1).await;
        let base = json!({ "title": "Two", "body": "Answer\nin two lines 👨‍👩‍👧‍👦" });
        world
            .ask_json("updateAutoMessage", json!({ "message": second, "base": base, "text": text("Two", "Other") }))
            .await;
        approve(&world).await;
        let before = changes(&world);
        world.ask_json("restoreAutoVersion", restore.clone()).await;
        assert_eq!((changes(&world) - before, json!(texts(&world))), (1, wanted["items"].clone()), "{kind}: one call");

        world.ask(DeleteAutoMessage { message: parsed(&id(&world, kind, 0).await) }).await;
        world.tiktok.owner().deletes(&remote_ids(&world).pop().unwrap());
        world.ask_json("restoreAutoVersion", restore.clone()).await;
        agree(&world).await;
        assert_eq!(json!(texts(&world)), wanted["items"], "{kind}");
    }
    assert_eq!(versions(&world, PROMPT.0).await[0]["elsewhere"], false);
}

#[tokio::test]
async fn a_welcome_message_is_brought_back_but_never_away() {
    let world = world().await;
    let empty = versions(&world, WELCOME.0).await[0]["id"].clone();
    create(&world, WELCOME.0, "", "Hello").await;
    approve(&world).await;
    let hello = versions(&world, WELCOME.0).await[0]["id"].clone();
    let change =
        json!({ "message": id(&world, WELCOME.0, 0).await, "base": text("", "Hello"), "text": text("", "Hi") });
    world.ask_json("updateAutoMessage", change).await;
    let early = world.ask_json("restoreAutoVersion", json!({ "version": hello })).await;
    assert_eq!(early["refused"][0]["fault"]["code"], "autoReviewing");
    approve(&world).await;
    world.ask(RestoreAutoVersion { version: parsed(&hello) }).await;
    agree(&world).await;
    assert_eq!(at_tiktok(&world, WELCOME.1), ["Hello [reviewing]"]);
    assert_eq!(world.refused(RestoreAutoVersion { version: parsed(&empty) }).await, FaultCode::AutoNotPossible);
}

#[tokio::test]
async fn a_copy_brings_what_is_not_there_and_tells_what_has_no_room() {
    let mut world = world().await;
    let from = world.account();
    for n in 0..3 {
        create(&world, QUESTION.0, &format!("Question {n}"), "Answer").await;
    }
    create(&world, WELCOME.0, "", "Hello from Bloom").await;
    world.tiktok.open_account("cornershop", "Corner Shop", WindowRule::B);
    let to = world.link().await;
    assert_ne!(from, to);
    read(&world).await;
    create(&world, QUESTION.0, "Question 1", "Answer").await;
    create(&world, QUESTION.0, "Our own", "Answer").await;
    create(&world, WELCOME.0, "", "Hello from the corner").await;
    let copy = json!({ "from": from, "to": to, "kinds": ["suggestedQuestion", "welcomeMessage"] });
    let done = world.ask_json("copyAutoMessages", copy.clone()).await;
    let refused: Vec<(Value, Value)> = done["refused"]
        .as_array()
        .unwrap()
        .iter()
        .map(|refused| (refused["text"]["title"].clone(), refused["fault"]["code"].clone()))
        .collect();
    assert_eq!(refused, [(json!(""), json!("autoTooMany")), (json!("Question 2"), json!("autoTooMany"))]);
    let there: Vec<String> = world
        .tiktok
        .ledger()
        .auto_messages
        .iter()
        .filter(|message| message.account == "cornershop")
        .map(|message| format!("{}{}", message.title, if message.title.is_empty() { &message.body } else { "" }))
        .collect();
    assert_eq!(there, ["Hello from the corner", "Question 1", "Our own", "Question 0"]);
    assert_eq!(done["now"]["account"], json!(to));
    let before = changes(&world);
    world.ask_json("copyAutoMessages", copy).await;
    assert_eq!(changes(&world), before, "a second time there is nothing to do");
}
