//! "Why did it not send?": every reason there is, with TikTok's code, its request id and its answer.

use desk::commands::{ResendReply, SendReply, SendReplyNow};
use model::RefusalReason;
use sandbox::{Fault, Times};
use serde_json::json;
use tests::World;

use crate::pictures::photo;

/// The codes a sandbox must say on a send for this reason; none for those that have a story of their own.
fn codes(reason: RefusalReason) -> &'static [i64] {
    match reason {
        RefusalReason::MessagingRules => &[40064],
        RefusalReason::InvalidParameter => &[40000, 40002],
        RefusalReason::NotPermitted => &[40001],
        RefusalReason::NotAllowlisted => &[40118],
        RefusalReason::NotFound => &[40007],
        RefusalReason::BannedNetwork => &[41000],
        RefusalReason::ImageTooLarge => &[40907],
        RefusalReason::ImageTypeRefused => &[40908],
        RefusalReason::DeskbellTooOld => &[40006, 40051],
        RefusalReason::SandboxOnly => &[40008, 40009, 40014],
        RefusalReason::AppRefused => &[40101, 40104, 40113],
        RefusalReason::Other => &[40132, 49999],
        // "…says why and can go back to the draft", "every reply costs one…", "…takes no pictures…", and below.
        RefusalReason::WindowClosed
        | RefusalReason::RepliesSpent
        | RefusalReason::ImagesNotAllowed
        | RefusalReason::ImageMissing => &[],
    }
}

const REASONS: [RefusalReason; 16] = [
    RefusalReason::WindowClosed,
    RefusalReason::RepliesSpent,
    RefusalReason::MessagingRules,
    RefusalReason::InvalidParameter,
    RefusalReason::NotPermitted,
    RefusalReason::NotAllowlisted,
    RefusalReason::NotFound,
    RefusalReason::BannedNetwork,
    RefusalReason::ImagesNotAllowed,
    RefusalReason::ImageTooLarge,
    RefusalReason::ImageTypeRefused,
    RefusalReason::ImageMissing,
    RefusalReason::DeskbellTooOld,
    RefusalReason::SandboxOnly,
    RefusalReason::AppRefused,
    RefusalReason::Other,
];

#[tokio::test]
async fn every_no_of_tiktoks_is_kept_with_its_reason_code_words_and_request_id() {
    let world = World::start().await;
    for reason in REASONS {
        for code in codes(reason) {
            // A conversation each, so that each has all its replies left.
            let customer = world.customer(&format!("Customer {code}"));
            customer.says("hello?");
            world.conversation(&customer).await;
            world.tiktok.fault("send", Fault::code(*code), Times::Next(1));
            let message = world.reply(&customer, "Hi").await;
            let name = json!(reason);
            let shown = format!("Hi [deskbell, refused {}]", name.as_str().unwrap());
            world.until_thread(&customer, &shown).await;
            let why = world.ask_json("getSendDetails", json!({ "message": message })).await;
            let refusal = &why["refusal"];
            assert_eq!((&refusal["reason"], &refusal["code"]), (&name, &json!(code)), "{why}");
            assert_eq!(refusal["message"], format!("Sandbox fault {code}"));
            let request_id = refusal["requestId"].as_str().unwrap();
            assert!(request_id.len() > 10, "{code}: {request_id:?}");
            assert_eq!(why["attempts"].as_array().unwrap().len(), 1, "{why}");
            let attempt = &why["attempts"][0];
            assert_eq!((&attempt["outcome"], &attempt["code"]), (&json!("refused"), &json!(code)));
            assert_eq!(attempt["requestId"], request_id);
            let answer = attempt["answer"].as_str().unwrap_or_else(|| panic!("{code}: the raw answer is kept: {why}"));
            assert!(answer.contains(&code.to_string()) && answer.contains(request_id), "{answer}");
            assert!(attempt["startedAtMs"].as_i64() <= attempt["endedAtMs"].as_i64(), "{attempt}");
            assert_eq!(why["delivery"]["state"], "refused");
        }
    }
    assert!(world.tiktok.ledger().accepted.is_empty());
}

#[tokio::test]
async fn an_unclear_answer_is_no_reason_but_an_attempt_of_unknown_end() {
    for code in [50000, 50002, 51065, 51305, 40050] {
        let world = World::start().await;
        let ana = world.customer("Ana");
        ana.says("hello?");
        world.tiktok.fault("send", Fault::code(code), Times::Next(1));
        let message = world.reply(&ana, "Hi Ana").await;
        world.until_thread(&ana, "Hi Ana [deskbell, unconfirmed undecided]").await;
        let why = world.ask_json("getSendDetails", json!({ "message": message })).await;
        let attempt = &why["attempts"][0];
        assert_eq!((&attempt["outcome"], &attempt["code"]), (&json!("unknown"), &json!(code)), "{why}");
        assert!(attempt["requestId"].is_string() && attempt["answer"].is_string(), "{why}");
        assert!(why["checks"].as_u64().unwrap() >= 3 && why["refusal"].is_null(), "{why}");
        assert_eq!(world.tiktok.ledger().calls("send"), 1, "never sent again unasked");

        world.ask(ResendReply { message }).await;
        world.until_thread(&ana, "Hi Ana [deskbell, sent]").await;
        let why = world.ask_json("getSendDetails", json!({ "message": message })).await;
        let ends: Vec<_> = why["attempts"].as_array().unwrap().iter().map(|one| one["outcome"].clone()).collect();
        assert_eq!(ends, ["unknown", "sent"], "both attempts are told of");
    }
}

#[tokio::test]
async fn the_same_codes_on_a_message_that_arrived_end_as_sent_once() {
    let world = World::start().await;
    let ana = world.customer("Ana");
    ana.says("hello?");
    for code in [50000, 40050] {
        let fault = Fault::Code { code, message: "Sandbox fault".to_owned(), accepting: true };
        world.tiktok.fault("send", fault, Times::Next(1));
        let text = format!("Hi {code}");
        world.reply(&ana, &text).await;
        world.until_thread(&ana, &format!("{text} [deskbell, sent]")).await;
    }
    world.until_got(&ana, &["Hi 50000", "Hi 40050"]).await;
    assert_eq!(world.tiktok.ledger().calls("send"), 2);
}

#[tokio::test]
async fn too_many_calls_are_waited_out_by_themselves() {
    let world = World::start().await;
    let ana = world.customer("Ana");
    ana.says("hello?");
    world.conversation(&ana).await;
    for code in [40100, 40016] {
        world.tiktok.fault("send", Fault::code(code), Times::Next(1));
        world.reply(&ana, &format!("after {code}")).await;
    }
    world.until_got(&ana, &["after 40100", "after 40016"]).await;
}

#[tokio::test]
async fn maintenance_is_waited_for_and_says_so() {
    let world = World::start().await;
    let ana = world.customer("Ana");
    ana.says("hello?");
    world.conversation(&ana).await;
    world.tiktok.fault("send", Fault::code(60001), Times::Next(1));
    let message = world.reply(&ana, "Hi Ana").await;
    world.until_thread(&ana, "Hi Ana [deskbell, queued rateLimited]").await;
    let why = world.ask_json("getSendDetails", json!({ "message": message })).await;
    assert_eq!(why["attempts"][0]["outcome"], "notTaken", "{why}");
    assert!(why["delivery"]["waiting"]["untilMs"].as_i64().unwrap() > world.tiktok.now_ms(), "{why}");
}

#[tokio::test]
async fn an_attempt_that_deskbell_did_not_live_to_see_the_end_of_says_so() {
    let mut world = World::start().await;
    let ana = world.customer("Ana");
    ana.says("hello?");
    world.conversation(&ana).await;
    world.tiktok.fault("send", Fault::NeverAnswer { accepting: false }, Times::Next(1));
    let message = world.reply(&ana, "Hi Ana").await;
    world.until("the call is under way", async |world| world.tiktok.ledger().calls("send") == 1).await;
    world.crash().await;
    world.restart().await;
    world.until_thread(&ana, "Hi Ana [deskbell, unconfirmed undecided]").await;
    let why = world.ask_json("getSendDetails", json!({ "message": message })).await;
    assert_eq!(why["attempts"][0]["outcome"], "interrupted", "{why}");
    assert!(why["attempts"][0]["endedAtMs"].is_null() && why["attempts"][0]["startedAtMs"].is_i64(), "{why}");
}

#[tokio::test]
async fn a_reply_without_a_network_has_attempts_that_were_not_taken_or_none() {
    let world = World::start().await;
    let ana = world.customer("Ana");
    ana.says("hello?");
    world.conversation(&ana).await;
    world.tiktok.unplug().await;
    let message = world.reply(&ana, "Hi Ana").await;
    world.until_thread(&ana, "Hi Ana [deskbell, queued offline]").await;
    let why = world.ask_json("getSendDetails", json!({ "message": message })).await;
    assert_eq!(why["delivery"]["waiting"]["reason"], "offline", "{why}");
    let attempts = why["attempts"].as_array().unwrap();
    assert!(attempts.iter().all(|one| one["outcome"] == "notTaken" && one["message"] != ""), "{why}");
    assert_eq!((&why["refusal"], &why["checks"]), (&json!(null), &json!(0)));
}

#[tokio::test]
async fn a_picture_that_is_not_here_any_more_is_refused_and_says_so() {
    let world = World::paced(|timing| timing.undo = std::time::Duration::from_secs(600)).await;
    let ana = world.customer("Ana");
    ana.says("hello?");
    let conversation = world.conversation(&ana).await;
    let held = world.desk().attach(conversation, photo(64, 48)).await.unwrap();
    let told = SendReply { attachment: Some(held.key.clone()), ..tests::press(conversation, "") };
    let queued = world.ask(told).await;
    let file = world.folder().join("media").join(held.key.get(..2).unwrap()).join(&held.key);
    std::fs::remove_file(file).unwrap();
    world.ask(SendReplyNow { messages: queued.messages }).await;
    world.until_thread(&ana, "<image kept> [deskbell, refused imageMissing]").await;
    assert_eq!(world.tiktok.ledger().calls("media_upload") + world.tiktok.ledger().calls("send"), 0);
}
