//! Saved replies: written once, found as one types, filled in, sent with their picture, and carried to another computer.

mod files;

use desk::FaultCode;
use desk::commands::{DeleteSavedReply, GetOverview, SaveAgent, SendReply, UnlinkAccount, UseSavedReply};
use sandbox::Customer;
use serde_json::{Value, json};
use tests::{World, parsed};

use crate::pictures::photo;

/// Keeps a saved reply without a picture; its id.
async fn save(world: &World, name: &str, shortcut: &str, body: &str) -> Value {
    world.ask_json("saveSavedReply", told(name, shortcut, body)).await["id"].clone()
}

fn told(name: &str, shortcut: &str, body: &str) -> Value {
    let text = json!({ "name": name, "shortcut": shortcut, "category": "", "body": body, "attachment": null });
    json!({ "saved": null, "text": text })
}

/// The names of what a query finds, best first.
async fn found(world: &World, query: &str) -> Vec<String> {
    let found = world.ask_json("findSavedReplies", json!({ "query": query, "limit": 50 })).await;
    found.as_array().unwrap().iter().map(|one| one["name"].as_str().unwrap().to_owned()).collect()
}

/// What is wrong with a saved reply.
async fn problem(world: &World, asked: Value) -> String {
    let fault = world.try_ask_json("saveSavedReply", asked).await.unwrap_err();
    assert_eq!(fault.code, FaultCode::SavedReplyInvalid);
    fault.detail.unwrap()
}

/// The pieces of a saved reply as filled in for a customer, blanks in brackets.
async fn filled(world: &World, saved: &Value, customer: &Customer) -> String {
    let asked =
        json!({ "saved": saved, "conversation": world.conversation(customer).await, "date": "28 November 2026" });
    let filled = world.ask_json("fillSavedReply", asked).await;
    let part = |part: &Value| match part["kind"].as_str() {
        Some("text") => part["text"].as_str().unwrap().to_owned(),
        _ => format!("[{}:{}]", part["name"].as_str().unwrap(), part["fallback"].as_str().unwrap()),
    };
    filled["parts"].as_array().unwrap().iter().map(part).collect()
}

#[tokio::test]
async fn a_saved_reply_is_kept_changed_deleted_and_there_after_a_restart() {
    let mut world = World::start().await;
    let returns = save(&world, " Returns ", "/ret", "Send it back to {{account}}.").await;
    save(&world, "Sizes", "", "Which {{size|M}}?").await;
    let found = world.ask_json("findSavedReplies", json!({ "query": "sizes", "limit": 9 })).await;
    assert_eq!(found[0]["blanks"], json!(["size"]));
    let mut told = told("Returns", "Ret", "Send it back.");
    told["saved"] = returns.clone();
    assert_eq!(world.ask_json("saveSavedReply", told.clone()).await["body"], "Send it back.");
    world.close().await;
    world.restart().await;
    let found = world.ask_json("findSavedReplies", json!({ "query": "", "limit": 9 })).await;
    assert_eq!(
        (&found[0]["name"], &found[0]["shortcut"], &found[0]["body"]),
        (&json!("Returns"), &json!("Ret"), &json!("Send it back."))
    );
    assert_eq!(found.as_array().unwrap().len(), 2);
    world.ask(DeleteSavedReply { saved: parsed(&returns) }).await;
    assert_eq!(self::found(&world, "").await, ["Sizes"]);
    assert_eq!(world.refused(DeleteSavedReply { saved: parsed(&returns) }).await, FaultCode::NotFound);
    assert_eq!(
        world.refused_json("saveSavedReply", told).await,
        FaultCode::NotFound,
        "what is gone does not come back"
    );
}

#[tokio::test]
async fn what_makes_no_sense_is_refused_with_its_reason() {
    let world = World::start().await;
    save(&world, "Café", "Café", "x").await;
    let mut gone = told("x", "", "");
    gone["text"]["attachment"] = json!("ab".repeat(32));
    for (asked, expected) in [
        (told(" ", "", "x"), "noName"),
        (told("x", "", " \n"), "empty"),
        (told("x", "", &"é".repeat(6001)), "tooLong"),
        (told("x", "a b", "x"), "shortcutInvalid"),
        (told("x", "CAFE", "x"), "shortcutTaken"),
        (told("x", "", "Hi {{customer"), "bracesOpen"),
        (gone, "pictureInvalid"),
    ] {
        assert_eq!(problem(&world, asked).await, expected);
    }
    assert_eq!(found(&world, "").await, ["Café"]);
    let mut again = told("Café", "cafe", "x");
    again["saved"] = world.ask_json("findSavedReplies", json!({ "query": "", "limit": 1 })).await[0]["id"].clone();
    world.ask_json("saveSavedReply", again).await;
}

#[tokio::test]
async fn the_shortcut_comes_first_then_names_then_what_is_used_most_in_every_script() {
    let world = World::start().await;
    let ana = world.customer("Ana");
    ana.says("hi");
    let conversation = world.conversation(&ana).await;
    save(&world, "Where to send it back", "ret", "By post.").await;
    save(&world, "Returns in general", "", "Within 30 days.").await;
    let often = save(&world, "Refund", "", "After the return has arrived.").await;
    save(&world, "Größe", "", "尺寸表 ค่าส่ง السَّلام 교환").await;
    assert_eq!(found(&world, "ret").await, ["Where to send it back", "Returns in general", "Refund"]);
    assert_eq!(found(&world, "/RET").await.first().map(String::as_str), Some("Where to send it back"));
    assert_eq!(found(&world, "back sen").await, ["Where to send it back"]);
    assert_eq!(found(&world, "end").await, Vec::<String>::new(), "words are found by their beginnings");
    for typed in ["grosse", "GRÖẞ", "寸表", "ค่า", "السلام", "교화"] {
        assert_eq!(found(&world, typed).await, ["Größe"], "{typed}");
    }
    for typed in ["%", "*", "'; DROP TABLE saved_reply; --", "\"", "[a-z]", "_"] {
        assert_eq!(found(&world, typed).await, Vec::<String>::new(), "{typed}");
    }
    assert_eq!(found(&world, "").await.len(), 4);
    world.ask(UseSavedReply { saved: parsed(&often), conversation }).await;
    assert_eq!(found(&world, "").await.first().map(String::as_str), Some("Refund"), "by use");
    assert_eq!(
        found(&world, "ret").await,
        ["Where to send it back", "Returns in general", "Refund"],
        "names before use"
    );
    let first = world.ask_json("findSavedReplies", json!({ "query": "", "limit": 1 })).await;
    assert_eq!((&first[0]["uses"], first[0]["usedAtMs"].is_i64()), (&json!(1), true));
}

#[tokio::test]
async fn what_is_known_is_filled_in_and_the_rest_is_left_to_the_agent() {
    let world = World::start().await;
    let ana = world.customer("Ana {{agent}}");
    ana.says("hi");
    let body = "Hi {{customer|there}}, {{agent|we}} of {{account}} on {{date}}: {{order number}} \\{{x}}";
    let saved = save(&world, "All", "", body).await;
    let shop = world.ask(GetOverview {}).await.accounts[0].display_name.clone();
    let rest = format!("of {shop} on 28 November 2026: [order number:] {{{{x}}}}");
    assert_eq!(filled(&world, &saved, &ana).await, format!("Hi Ana {{{{agent}}}}, we {rest}"));
    let me = world.ask_json("listAgents", json!({})).await[0]["id"].clone();
    world.ask(SaveAgent { agent: Some(parsed(&me)), name: "Mia".to_owned() }).await;
    assert_eq!(filled(&world, &saved, &ana).await, format!("Hi Ana {{{{agent}}}}, Mia {rest}"));
}

#[tokio::test]
async fn its_picture_goes_out_with_the_reply_and_outlives_draft_account_and_a_tight_budget() {
    let world = World::start().await;
    let ana = world.customer("Ana");
    ana.says("which colour?");
    let conversation = world.conversation(&ana).await;
    let held = world.desk().attach(None::<model::ConversationId>, photo(320, 200)).await.unwrap();
    assert_eq!(world.view(&ana).await.draft.attachment, None, "it is on no draft yet");
    let mut told = told("Colours", "", "These.");
    told["text"]["attachment"] = json!(held.key);
    let kept = world.ask_json("saveSavedReply", told).await;
    assert_eq!(kept["attachment"]["key"], json!(held.key));
    let used = world.ask_json("useSavedReply", json!({ "saved": kept["id"], "conversation": conversation })).await;
    assert_eq!((&used["attachment"]["key"], &used["leftOut"]), (&json!(held.key), &json!(false)));
    let told = SendReply { attachment: Some(held.key.clone()), ..tests::press(conversation, "These.") };
    world.ask(told).await;
    world.until_thread(&ana, "These. [deskbell, sent]").await;
    let got = world.tiktok.ledger().messages_to("Ana");
    assert!(got.len() == 2 && got[0].starts_with("[image 320x200 jpeg ") && got[1] == "These.", "{got:?}");

    world.desk().attach(conversation, photo(64, 48)).await.unwrap();
    let used = world.ask_json("useSavedReply", json!({ "saved": kept["id"], "conversation": conversation })).await;
    assert_eq!(used["leftOut"], true, "the agent's own picture stays");
    assert_ne!(used["attachment"]["key"], json!(held.key));

    world.desk().engine().media().set_limit(Some(1));
    world.ask(UnlinkAccount { account: world.account(), erase: true }).await;
    assert!(world.desk().media(&held.key).await.is_some(), "no account owns it");
    world.ask(DeleteSavedReply { saved: parsed(&kept["id"]) }).await;
    world.desk().engine().media().forget_unneeded().await.unwrap();
    assert!(world.desk().media(&held.key).await.is_none(), "and then nobody names it");
}

#[tokio::test]
async fn where_no_pictures_are_taken_its_words_still_are_used() {
    let world = World::start().await;
    let ana = world.customer("Ana");
    ana.says("which colour?");
    ana.cannot_receive_images();
    let conversation = world.conversation(&ana).await;
    let held = world.desk().attach(None::<model::ConversationId>, photo(320, 200)).await.unwrap();
    let mut told = told("Colours", "", "These.");
    told["text"]["attachment"] = json!(held.key);
    let kept = world.ask_json("saveSavedReply", told).await;
    let asked = json!({ "saved": kept["id"], "conversation": conversation });
    assert_eq!(world.refused_json("useSavedReply", asked).await, FaultCode::ImagesNotAllowed);
    assert_eq!(world.view(&ana).await.draft.attachment, None);
    assert_eq!(world.ask_json("findSavedReplies", json!({ "query": "", "limit": 1 })).await[0]["uses"], 1);
}
