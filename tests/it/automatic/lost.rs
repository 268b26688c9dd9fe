//! TikTok's answers get lost, or the way to it: nothing is done twice, and the page shows what came of it.

use desk::commands::DeleteAutoMessage;
use std::time::Duration;

use desk::FaultCode;
use sandbox::{Fault, Times};
use serde_json::{Value, json};
use tests::{World, parsed};

use super::{
    PROMPT, QUESTION, agree, approve, at_tiktok, changes, create, id, make, read, shown, text, versions, world,
};

/// Faults after which nobody can say whether the call was taken.
fn unclear(accepting: bool) -> Vec<Fault> {
    let mut faults = vec![
        Fault::Status { status: 502, accepting },
        Fault::Html { accepting },
        Fault::Code { code: 50_000, message: "busy".to_owned(), accepting },
        Fault::Code { code: 40_050, message: "duplicate".to_owned(), accepting },
    ];
    faults.push(if accepting { Fault::HangUpAfter } else { Fault::HangUpBefore });
    if accepting {
        faults.push(Fault::TruncatedJson);
    }
    faults
}

#[tokio::test]
async fn a_change_whose_answer_is_lost_is_found_and_never_asked_for_again() {
    let world = world().await;
    for fault in unclear(true) {
        for endpoint in ["auto_create", "auto_update", "auto_sort", "auto_status", "auto_delete"] {
            let before = changes(&world);
            let [first, second] = [id(&world, PROMPT.0, 0).await, id(&world, PROMPT.0, 1).await];
            let (command, args) = match endpoint {
                "auto_create" => {
                    create(&world, PROMPT.0, "Other", "Answer").await;
                    ("createAutoMessage", make(&world, PROMPT.0, &text("Sizes", "S to XL")))
                }
                "auto_update" => {
                    approve(&world).await;
                    let (base, text) = (text("Other", "Answer"), text("Other", "Another"));
                    ("updateAutoMessage", json!({ "message": first, "base": base, "text": text }))
                }
                "auto_sort" => (
                    "sortAutoMessages",
                    json!({ "account": world.account(), "kind": PROMPT.0, "order": [second, first] }),
                ),
                "auto_status" => {
                    let on = super::of_kind(&shown(&world).await, PROMPT.0)["enabled"].as_bool().unwrap();
                    let args =
                        json!({ "account": world.account(), "kind": PROMPT.0, "enabled": !on, "recreate": false });
                    ("setAutoMessagesEnabled", args)
                }
                _ => ("deleteAutoMessage", json!({ "message": first })),
            };
            let made = changes(&world);
            world.tiktok.fault(endpoint, fault.clone(), Times::Next(1));
            world.ask_json(command, args).await;
            assert_eq!(changes(&world), made + 1, "{endpoint} {fault:?}: one call");
            assert!(made >= before);
            let view = agree(&world).await;
            assert_eq!(super::of_kind(&view, PROMPT.0)["changedElsewhereMs"], Value::Null, "{endpoint} {fault:?}");
        }
        let left = id(&world, PROMPT.0, 0).await;
        world.ask(DeleteAutoMessage { message: parsed(&left) }).await;
        assert!(at_tiktok(&world, PROMPT.1).is_empty());
    }
}

#[tokio::test]
async fn a_change_that_was_not_taken_is_told_and_not_asked_for_again() {
    let world = world().await;
    for fault in unclear(false) {
        let before = changes(&world);
        world.tiktok.fault("auto_create", fault.clone(), Times::Next(1));
        let code = world.refused_json("createAutoMessage", make(&world, QUESTION.0, &text("Where?", "Here"))).await;
        assert_eq!((code, changes(&world)), (FaultCode::TikTokUnwell, before + 1), "{fault:?}");
        agree(&world).await;
        assert!(at_tiktok(&world, QUESTION.1).is_empty());
    }
    assert_eq!(versions(&world, QUESTION.0).await.len(), 1);
}

#[tokio::test]
async fn an_answer_that_never_comes_is_settled_by_reading() {
    let mut timing = tests::quick();
    timing.call = Duration::from_millis(300);
    let world = World::paced(|paced| *paced = timing).await;
    read(&world).await;
    world.tiktok.fault("auto_create", Fault::NeverAnswer { accepting: true }, Times::Next(1));
    create(&world, QUESTION.0, "Where?", "Here").await;
    agree(&world).await;
    assert_eq!(at_tiktok(&world, QUESTION.1).len(), 1);
}

#[tokio::test]
async fn what_shows_only_after_a_crash_is_still_known_for_ours() {
    let mut world = world().await;
    let ask = make(&world, QUESTION.0, &text("Where?", "Here"));
    world.tiktok.fault("auto_create", Fault::AnswerLate(Duration::from_secs(60)), Times::Next(1));
    let desk = world.desk().clone();
    let asking =
        tokio::spawn(
            async move { desk.answer(desk::Request { command: "createAutoMessage".to_owned(), args: ask }).await },
        );
    world.until("TikTok has it", async |world| at_tiktok(world, QUESTION.1).len() == 1).await;
    world.crash().await;
    asking.abort();
    world.restart().await;
    world.until("it is shown", async |world| !super::lines(&shown(world).await, QUESTION.0).is_empty()).await;
    agree(&world).await;
    let versions = versions(&world, QUESTION.0).await;
    assert_eq!((versions.len(), &versions[0]["elsewhere"]), (2, &json!(false)));
    assert_eq!(world.tiktok.ledger().calls("auto_create"), 1);
}

#[tokio::test]
async fn offline_and_slowed_down_nothing_is_done_and_the_page_is_told_why() {
    let world = world().await;
    create(&world, QUESTION.0, "Where?", "Here").await;
    let ask = make(&world, QUESTION.0, &text("When?", "Now"));
    world.tiktok.unplug().await;
    assert_eq!(world.refused_json("createAutoMessage", ask.clone()).await, FaultCode::Offline);
    world.tiktok.plug_in().await.unwrap();
    world.tiktok.fault("auto_create", Fault::RateLimited, Times::Next(1));
    world
        .until("TikTok slows us down", async |world| {
            matches!(world.try_ask_json("createAutoMessage", ask.clone()).await, Err(fault) if fault.code == FaultCode::RateLimited)
        })
        .await;
    assert_eq!(at_tiktok(&world, QUESTION.1).len(), 1);
    world
        .until("it works again", async |world| world.try_ask_json("createAutoMessage", ask.clone()).await.is_ok())
        .await;
    agree(&world).await;
    assert_eq!(at_tiktok(&world, QUESTION.1).len(), 2);
    let all = versions(&world, QUESTION.0).await;
    assert!(all.iter().rev().skip(1).all(|version| version["elsewhere"] == false), "{all:?}");
}

#[tokio::test]
async fn pressed_eight_times_at_once_it_is_made_once() {
    let world = world().await;
    let mut asking = tokio::task::JoinSet::new();
    for _ in 0..8 {
        let (desk, args) = (world.desk().clone(), make(&world, QUESTION.0, &text("Where?", "Here")));
        asking.spawn(async move {
            desk.answer(desk::Request { command: "createAutoMessage".to_owned(), args })
                .await
                .map_err(|fault| fault.code)
        });
    }
    let answers = asking.join_all().await;
    assert_eq!(answers.iter().filter(|answer| answer.is_ok()).count(), 1);
    assert!(answers.iter().flat_map(|answer| answer.as_ref().err()).all(|code| *code == FaultCode::AutoDuplicate));
    assert_eq!(world.tiktok.ledger().calls("auto_create"), 1);
    agree(&world).await;
}

#[tokio::test]
async fn while_tiktok_makes_us_wait_an_agent_is_told_so_and_does_not_wait() {
    let mut timing = tests::quick();
    timing.rate_pause = Duration::from_secs(3_600);
    let world = World::paced(|paced| *paced = timing).await;
    read(&world).await;
    world.tiktok.fault("*", Fault::too_many_per_minute(), Times::Next(1));
    world.until_health("rateLimited").await;
    let ask = make(&world, QUESTION.0, &text("Where?", "Here"));
    assert_eq!(world.refused_json("createAutoMessage", ask).await, FaultCode::RateLimited);
    let turn = json!({ "account": world.account(), "enabled": true });
    assert_eq!(world.refused_json("setCommentToMessage", turn).await, FaultCode::RateLimited);
    let view = world.ask_json("refreshAutoMessages", json!({ "account": world.account() })).await;
    assert_eq!(view["fault"]["code"], "rateLimited");
}

#[tokio::test]
async fn whoever_asked_may_go_and_the_change_is_seen_through() {
    let world = world().await;
    create(&world, QUESTION.0, "Where?", "Here").await;
    approve(&world).await;
    world.tiktok.fault("auto_delete", Fault::AnswerLate(Duration::from_millis(300)), Times::Next(1));
    let again = json!({ "message": id(&world, QUESTION.0, 0).await, "text": text("Where?", "There") });
    let desk = world.desk().clone();
    let asking = tokio::spawn(async move {
        desk.answer(desk::Request { command: "recreateAutoMessage".to_owned(), args: again }).await
    });
    world.until("the old one is gone", async |world| at_tiktok(world, QUESTION.1).is_empty()).await;
    asking.abort();
    world
        .until("the new one is there", async |world| at_tiktok(world, QUESTION.1) == ["Where? | There [reviewing]"])
        .await;
    world
        .until("it is shown", async |world| {
            super::lines(&shown(world).await, QUESTION.0) == ["Where? | There [reviewing]"]
        })
        .await;
    agree(&world).await;
}
