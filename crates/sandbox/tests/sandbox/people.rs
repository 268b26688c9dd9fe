//! What customers do besides writing texts: videos, reactions, other names and faces, kinds nobody has heard of.

use serde_json::{Value, json};

use crate::{client::Desk, webhooks::heard};

#[tokio::test]
async fn reactions_of_both_sides_are_listed_and_pushed_and_can_be_taken_back() {
    let desk = Desk::linked().await;
    let nok = desk.sandbox.customer("Nok");
    let (said, reply) = (nok.says("hi"), nok.colleague_replies("hello", "APP"));
    let mut pushed = desk.sandbox.webhooks();
    assert!(nok.reacts(&reply, "❤️") && nok.reacts(&reply, "😂") && nok.reacts(&reply, "❤️"));
    assert!(nok.reacts_with_ai_emoji(&reply, "a cat in linen"));
    assert!(nok.colleague_reacts(&said, "👍"));
    assert!(!nok.reacts("none", "❤️"));
    let listed = desk.listed(&nok, &reply).await;
    let reactions = listed["reactions"].as_array().unwrap();
    let kinds: Vec<&str> = reactions.iter().map(|reaction| reaction["type"].as_str().unwrap()).collect();
    assert_eq!(kinds, ["EMOJI", "EMOJI", "AI_EMOJI"], "the same heart twice is one");
    let link = reactions[2]["ai_emoji_url"].as_str().unwrap();
    assert!(link.contains("x-expires=") && reactions[2].get("emoji").is_none());
    assert_eq!(desk.http.get(link).send().await.unwrap().status(), 200);
    assert!(reactions.iter().all(|reaction| reaction["unique_identifier"] == nok.unique_identifier().as_str()));
    assert_eq!(desk.listed(&nok, &said).await["reactions"][0]["unique_identifier"], desk.business_id.as_str());

    let events = heard(&mut pushed);
    let told: Vec<(&str, &str)> = events
        .iter()
        .map(|event| {
            let content = &event["content"];
            assert_eq!(content["type"], "reaction");
            assert_ne!(content["message_id"], content["reaction"][0]["original_msg_id"]);
            (event["event"].as_str().unwrap(), content["reaction"][0]["original_msg_id"].as_str().unwrap())
        })
        .collect();
    let theirs = ("im_receive_msg", reply.as_str());
    assert_eq!(told, [theirs, theirs, theirs, ("im_send_msg", said.as_str())]);

    assert!(nok.takes_reaction_back(&reply, "❤️") && !nok.takes_reaction_back(&reply, "❤️"));
    assert!(nok.takes_ai_emoji_back(&reply, "a cat in linen"));
    assert!(!nok.takes_reaction_back(&said, "👍"), "that one is the colleague's");
    assert!(nok.colleague_takes_reaction_back(&said, "👍"));
    let events = heard(&mut pushed);
    let operations: Vec<&str> =
        events.iter().map(|event| event["content"]["reaction"][0]["operation"].as_str().unwrap()).collect();
    assert_eq!(operations, ["REMOVE"; 3]);
    assert_eq!(events[0]["content"]["reaction"][0]["emoji"], "❤️");
    assert_eq!(desk.listed(&nok, &reply).await["reactions"].as_array().unwrap().len(), 1);
    assert!(desk.listed(&nok, &said).await.get("reactions").is_none());
}

#[tokio::test]
async fn a_reaction_moves_neither_the_list_nor_the_reply_window() {
    let desk = Desk::linked().await;
    let nok = desk.sandbox.customer("Nok");
    let said = nok.says("hi");
    let time = async || {
        let answer = desk.get("business/message/conversation/list/", &[("conversation_type", "STRANGER")]).await;
        answer["data"]["conversations"][0]["update_time"].as_i64().unwrap()
    };
    let before = time().await;
    desk.sandbox.advance(std::time::Duration::from_secs(60));
    nok.reacts(&said, "👍");
    assert_eq!(time().await, before);
    nok.says("and?");
    assert!(time().await > before, "a message does");
}

#[tokio::test]
async fn a_new_kind_is_listed_under_its_name_with_its_block() {
    let desk = Desk::linked().await;
    let nok = desk.sandbox.customer("Nok");
    let note = nok.sends_new_kind("VOICE_NOTE", json!({ "media_id": "1", "duration_ms": 4200 }));
    let other = nok.sends_something_unknown();
    let listed = desk.listed(&nok, &note).await;
    assert_eq!(listed["message_type"], "VOICE_NOTE");
    assert_eq!(listed["voice_note"], json!({ "media_id": "1", "duration_ms": 4200 }));
    assert_eq!(desk.listed(&nok, &other).await["message_type"], "OTHER");
}

#[tokio::test]
async fn a_person_can_change_name_picture_and_mind_and_stays_the_same_person() {
    let desk = Desk::linked().await;
    let nok = desk.sandbox.customer("Nok");
    nok.says("hi");
    let person = async || -> Value { desk.content(&nok).await["participants"][1].clone() };
    let before = person().await;
    nok.renames_to("Nok the Great");
    nok.changes_picture();
    nok.follows(before["is_follower"] == false);
    let after = person().await;
    assert_eq!(after["display_name"], "Nok the Great");
    assert_eq!(after["id"], before["id"]);
    assert_ne!(after["is_follower"], before["is_follower"]);
    assert_ne!(after["profile_image"], before["profile_image"]);
    let bytes = async |person: &Value| {
        let link = person["profile_image"].as_str().unwrap().to_owned();
        desk.http.get(link).send().await.unwrap().bytes().await.unwrap()
    };
    assert_ne!(bytes(&before).await, bytes(&after).await);
    assert_eq!(desk.sandbox.customer("Nok the Great").conversation_id(), nok.conversation_id());
    assert_eq!(desk.sandbox.customer("Nok").conversation_id(), nok.conversation_id());
}

#[tokio::test]
async fn automatic_messages_are_labelled_and_answer_nobody() {
    let desk = Desk::linked().await;
    let nok = desk.sandbox.customer("Nok");
    let (question, answer) = nok.asks_suggested_question("Opening hours?", "9 to 18");
    let welcome = nok.is_welcomed("Welcome!");
    let reply = nok.is_auto_replied("See our profile");
    for (id, label) in [(&answer, "SUGGESTED_QUESTION"), (&welcome, "WELCOME_MESSAGE"), (&reply, "AUTO_REPLY")] {
        assert_eq!(desk.listed(&nok, id).await["auto_message_type"], label);
    }
    assert!(desk.listed(&nok, &question).await.get("auto_message_type").is_none());
    assert_eq!(desk.list("STRANGER").await, [nok.conversation_id()], "the business has not replied");
    assert_eq!(desk.sends(&nok, "hello").await, 0);
    assert_eq!((desk.list("STRANGER").await.len(), desk.list("SINGLE").await), (0, vec![nok.conversation_id()]));
}
