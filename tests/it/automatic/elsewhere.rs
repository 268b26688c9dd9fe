//! The owner changes things in TikTok's own app: Deskbell notices, says so, and overwrites nothing.

use desk::FaultCode;
use desk::commands::DeleteAutoMessage;
use sandbox::AutoKind;
use serde_json::{Value, json};
use tests::{World, parsed};

use super::{
    PROMPT, QUESTION, WELCOME, agree, approve, at_tiktok, changes, create, id, of_kind, read, shown, text, versions,
    world,
};

/// Asks for something that must fail because TikTok has something else by now, and shows that.
async fn changed_elsewhere(world: &World, command: &str, args: Value) {
    let before = changes(world);
    assert_eq!(world.refused_json(command, args).await, FaultCode::AutoChangedElsewhere, "{command}");
    assert_eq!(changes(world), before, "{command} has overwritten nothing");
    agree(world).await;
}

#[tokio::test]
async fn what_the_owner_did_meanwhile_is_shown_and_not_overwritten() {
    let world = world().await;
    let owner = world.tiktok.owner();
    create(&world, QUESTION.0, "Where?", "Here").await;
    create(&world, PROMPT.0, "Sizes", "S to XL").await;
    create(&world, PROMPT.0, "Colours", "All").await;
    create(&world, WELCOME.0, "", "Hello").await;
    approve(&world).await;
    let remote = |kind: AutoKind, place: usize| {
        let all = world.tiktok.ledger().auto_messages;
        all.into_iter().filter(|message| message.kind == kind).nth(place).unwrap().id
    };

    let question = id(&world, QUESTION.0, 0).await;
    owner.edits(&remote(QUESTION.1, 0), "Where?", "There");
    let change = json!({ "message": question, "base": text("Where?", "Here"), "text": text("Where?", "Nowhere") });
    changed_elsewhere(&world, "updateAutoMessage", change).await;
    assert_eq!(at_tiktok(&world, QUESTION.1), ["Where? | There [reviewing]"]);

    approve(&world).await;
    owner.edits(&remote(QUESTION.1, 0), "Where?", "Anywhere");
    changed_elsewhere(&world, "deleteAutoMessage", json!({ "message": question })).await;
    approve(&world).await;
    owner.edits(&remote(QUESTION.1, 0), "Where?", "Somewhere");
    let again = json!({ "message": question, "text": text("Where?", "Here") });
    changed_elsewhere(&world, "recreateAutoMessage", again).await;

    let order = vec![id(&world, PROMPT.0, 1).await, id(&world, PROMPT.0, 0).await];
    owner.prompts("Returns", "14 days");
    let sort = json!({ "account": world.account(), "kind": PROMPT.0, "order": order });
    changed_elsewhere(&world, "sortAutoMessages", sort).await;

    // Edited there, a welcome message has another id: the page's one is gone.
    let welcome = id(&world, WELCOME.0, 0).await;
    owner.welcomes_with("Good morning");
    let change = json!({ "message": welcome, "base": text("", "Hello"), "text": text("", "Hi") });
    changed_elsewhere(&world, "updateAutoMessage", change).await;
    assert_eq!(at_tiktok(&world, WELCOME.1), ["Good morning [reviewing]"]);
}

#[tokio::test]
async fn what_was_deleted_there_need_not_be_deleted_here() {
    let world = world().await;
    create(&world, QUESTION.0, "Where?", "Here").await;
    let question = id(&world, QUESTION.0, 0).await;
    assert!(world.tiktok.owner().deletes(&world.tiktok.ledger().auto_messages[0].id));
    let before = changes(&world);
    world.ask(DeleteAutoMessage { message: parsed(&question) }).await;
    assert_eq!(changes(&world), before);
    agree(&world).await;
}

#[tokio::test]
async fn a_change_elsewhere_is_a_version_of_its_own_and_ours_are_not_taken_for_one() {
    let world = world().await;
    create(&world, QUESTION.0, "Where?", "Here").await;
    approve(&world).await;
    let view = read(&world).await;
    assert_eq!(of_kind(&view, QUESTION.0)["changedElsewhereMs"], Value::Null);
    world.tiktok.owner().suggests("When?", "Now");
    let view = read(&world).await;
    assert!(of_kind(&view, QUESTION.0)["changedElsewhereMs"].is_i64(), "{view}");
    assert_eq!(of_kind(&view, PROMPT.0)["changedElsewhereMs"], Value::Null);
    create(&world, QUESTION.0, "How?", "So").await;
    let told: Vec<(usize, bool)> = versions(&world, QUESTION.0)
        .await
        .iter()
        .map(|version| (version["items"].as_array().unwrap().len(), version["elsewhere"].as_bool().unwrap()))
        .collect();
    assert_eq!(told, [(3, false), (2, true), (1, false), (0, true)], "newest first; the first was there before us");
    let at: Vec<i64> =
        versions(&world, QUESTION.0).await.iter().map(|version| version["atMs"].as_i64().unwrap()).collect();
    assert!(at.is_sorted_by(|one, other| one >= other));
    read(&world).await;
    assert_eq!(versions(&world, QUESTION.0).await.len(), 4, "the same state again is none");
}

#[tokio::test]
async fn a_pushed_change_is_read_at_once() {
    let mut timing = tests::quick();
    let hour = std::time::Duration::from_secs(3_600);
    (timing.automatic, timing.automatic_soon) = (hour, hour);
    let world = World::paced(|paced| *paced = timing).await;
    read(&world).await;
    world.hears();
    world.tiktok.owner().suggests("When?", "Now");
    world
        .until("it is shown", async |world| {
            super::lines(&shown(world).await, QUESTION.0) == ["When? | Now [reviewing]"]
        })
        .await;
    let versions = versions(&world, QUESTION.0).await;
    assert_eq!(versions[0]["elsewhere"], true);
}
