//! TikTok's words may quote a customer or hold a line break: whatever TikTok answers to whichever call, they reach the
//! screen and never the log.

use desk::commands::{GetLinkState, PasteRedirect, SetCommentToMessage, SyncAccounts, UnlinkAccount};
use desk::view::LinkStep;
use std::time::Duration;

use sandbox::{Fault, Times};
use serde_json::{Value, json};
use tests::{World, http, press};

use super::{LISTENING, LOG, ONE_AT_A_TIME, listen};

const CANARY: &str = "canary-words-4c1d";
/// How long a command may wait for its turn.
const PATIENCE: Duration = Duration::from_secs(2);

/// Every family of codes, and answers that are none, each with the canary wherever TikTok could put words.
fn answers() -> Vec<Fault> {
    let words = format!("{CANARY}\n2026-11-30T00:00:00Z ERROR {CANARY}\u{1b}[2J\u{202e}");
    let codes = [
        40_000, 40_001, 40_002, 40_007, 40_050, 40_064, 40_100, 40_101, 40_102, 40_103, 40_105, 40_107, 40_110, 40_113,
        40_118, 40_132, 40_907, 41_000, 50_000, 60_001, 99_999,
    ];
    let code = |code| Fault::Code { code, message: words.clone(), accepting: false };
    let whole = |json: Value| Fault::edited(vec![(String::new(), Some(json))]);
    let mut answers: Vec<Fault> = codes.into_iter().map(code).collect();
    answers.extend([
        whole(json!({ "message": words, "request_id": words })),
        whole(json!({ "code": words, "message": words, "data": words })),
        whole(json!({ "code": 0, "message": words, "request_id": words, "data": { CANARY: [words] } })),
        whole(json!({ "error": { "code": words, "message": words, "log_id": words }, "data": { "user": words } })),
        whole(json!({ "error": words, "error_description": words, "log_id": words })),
        whole(json!({ CANARY: words, "expires_in": words, "access_token": { CANARY: words } })),
        whole(json!(words)),
    ]);
    answers
}

/// Asks for everything that makes a call; how often the screen was told TikTok's words.
async fn do_everything(world: &World, comment: &Value, landed: &str, conversation: model::ConversationId) -> usize {
    let account = json!({ "account": world.account() });
    let with = |more: Value| {
        let mut all = account.clone();
        all.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
        all
    };
    let greeting = json!({ "kind": "suggestedQuestion", "text": { "title": "Where?", "body": "Here" } });
    // The callback of a sign-in that was agreed to before.
    let _ = http::get(landed).await;
    let mut told = 0;
    for (command, args) in [
        ("sendReply", json!(press(conversation, "On its way."))),
        ("syncAccounts", json!({})),
        ("checkImagePermission", json!({ "conversation": conversation })),
        ("refreshPosts", account.clone()),
        ("refreshAutoMessages", account.clone()),
        ("createAutoMessage", with(greeting)),
        ("setCommentToMessage", with(json!({ "enabled": false }))),
        ("answerComment", json!({ "comment": comment, "body": "It is 12 euros." })),
        ("getLinkState", json!({})),
        ("listTokenEvents", account.clone()),
        ("listComments", account.clone()),
        ("getOverview", json!({})),
    ] {
        // Told to wait until tomorrow, some would.
        told += match tokio::time::timeout(PATIENCE, world.try_ask_json(command, args)).await {
            Ok(Ok(answer)) => usize::from(answer.to_string().contains(CANARY)),
            Ok(Err(fault)) => usize::from(fault.detail.is_some_and(|detail| detail.contains(CANARY))),
            Err(_) => 0,
        };
    }
    told
}

#[tokio::test]
async fn tiktoks_words_reach_the_screen_and_never_the_log() {
    let _alone = ONE_AT_A_TIME.lock().await;
    listen();
    let mut told = 0;
    for answer in answers() {
        let mut world = World::with_posts().await;
        let ana = world.customer("Ana");
        ana.says("where is my order?");
        ana.sends_image();
        let conversation = world.conversation(&ana).await;
        world.hears();
        world.ask(SetCommentToMessage { account: world.account(), enabled: true }).await;
        ana.comments("How much?");
        let comments =
            async |world: &World| world.ask_json("listComments", json!({ "account": world.account() })).await;
        world.until("the comment is here", async |world| comments(world).await.as_array().unwrap().len() == 1).await;
        let comment = comments(&world).await[0]["id"].clone();
        let signing_in = world.ask_json("startSignIn", json!({})).await;
        let landed = world.tiktok.agree(signing_in["step"]["address"].as_str().unwrap()).await.unwrap();

        world.tiktok.fault("*", answer.clone(), Times::UntilCleared);
        let calls = |world: &World| world.tiktok.ledger().all_calls().values().sum::<usize>();
        let before = calls(&world);
        told += do_everything(&world, &comment, &landed, conversation).await;
        world.until("it was asked in vain", async |world| calls(world) > before).await;
        // A renewal that is refused, and access that nobody gives back.
        world.tiktok.expire_access_tokens();
        let _ = world.try_ask(SyncAccounts {}).await;
        let _ = world.try_ask(UnlinkAccount { account: world.account(), erase: false }).await;
        world.tiktok.clear_faults();

        // Linking, with the code's exchange and the profile answered so.
        for endpoint in ["token", "profile"] {
            let _ = world.try_ask_json("cancelLink", json!({})).await;
            let _ = world.try_ask_json("skipSignIn", json!({})).await;
            let authorising = world.ask_json("startAuthorization", json!({})).await;
            let landed = world.tiktok.agree(authorising["step"]["address"].as_str().unwrap()).await.unwrap();
            world.tiktok.fault(endpoint, answer.clone(), Times::UntilCleared);
            world.tiktok.fault("revoke", answer.clone(), Times::UntilCleared);
            world.ask(PasteRedirect { address: landed }).await;
            world
                .until("the attempt has ended", async |world| {
                    !matches!(world.ask(GetLinkState {}).await.step, LinkStep::Authorising { .. })
                })
                .await;
            told += usize::from(world.ask_json("getLinkState", json!({})).await.to_string().contains(CANARY));
            let _ = world.try_ask_json("rejectLink", json!({})).await;
            world.tiktok.clear_faults();
        }
        world.close().await;
    }
    LISTENING.store(false, std::sync::atomic::Ordering::Relaxed);
    let log = std::mem::take(&mut *LOG.lock().unwrap());
    let text = String::from_utf8_lossy(&log);
    for heard in ["TRACE", "DEBUG", "could not sync an account", "an account was linked"] {
        assert!(text.contains(heard), "the log was heard: {heard}");
    }
    assert!(told > 20, "the screen was told, {told} times");
    let lines: Vec<&str> = text.lines().filter(|line| line.contains(CANARY)).take(10).collect();
    assert!(lines.is_empty(), "in the log: {lines:#?}");
}
