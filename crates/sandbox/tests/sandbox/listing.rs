//! Reading: conversations, messages of every kind, pictures.

use std::time::Duration;

use sandbox::{Config, Populate};
use serde_json::{Value, json};

use crate::client::{Desk, code_of, json_of, unhurried};

#[tokio::test]
async fn a_list_has_ids_and_times_and_is_paged_by_cursor() {
    let config = Config { populate: Some(Populate { conversations: 25, messages: 3 }), ..Config::default() };
    let desk = Desk::linked_to(unhurried(config).await).await;
    let mut seen: Vec<(i64, String)> = Vec::new();
    for kind in ["SINGLE", "STRANGER"] {
        let mut cursor = "0".to_owned();
        loop {
            let query = [("conversation_type", kind), ("limit", "7"), ("cursor", &cursor)];
            let data = desk.get("business/message/conversation/list/", &query).await["data"].clone();
            let page = data["conversations"].as_array().unwrap();
            assert!(page.len() <= 7);
            seen.extend(page.iter().map(|entry| {
                (entry["update_time"].as_i64().unwrap(), entry["conversation_id"].as_str().unwrap().to_owned())
            }));
            assert!(page.iter().all(|entry| entry.get("text").is_none() && entry.get("participants").is_none()));
            if data["has_more"] == json!(false) {
                break;
            }
            cursor = data["cursor"].as_i64().unwrap().to_string();
        }
    }
    let distinct: std::collections::HashSet<&String> = seen.iter().map(|(_, id)| id).collect();
    assert_eq!((seen.len(), distinct.len()), (25, 25));
}

#[tokio::test]
async fn wrong_list_parameters_are_named() {
    let desk = Desk::linked().await;
    for (query, name) in [
        (vec![("conversation_type", "GROUP")], "conversation_type"),
        (vec![("conversation_type", "SINGLE"), ("limit", "101")], "limit"),
        (vec![("conversation_type", "SINGLE"), ("limit", "0")], "limit"),
        (vec![("conversation_type", "SINGLE"), ("cursor", "x")], "cursor"),
        (vec![], "conversation_type"),
    ] {
        let answer = desk.get("business/message/conversation/list/", &query).await;
        assert_eq!(code_of(&answer), 40002, "{query:?}");
        assert!(answer["message"].as_str().unwrap().contains(name), "{query:?}: {answer}");
    }
}

#[tokio::test]
async fn conversations_are_forgotten_after_ninety_days() {
    let desk = Desk::linked().await;
    let nok = desk.sandbox.customer("Nok");
    nok.says("hello");
    assert_eq!(desk.list("STRANGER").await, [nok.conversation_id()]);
    desk.sandbox.advance(Duration::from_secs(90 * 86_400 + 1));
    let fresh = Desk::linked_to(desk.sandbox.clone()).await;
    assert!(fresh.list("STRANGER").await.is_empty());
}

#[tokio::test]
async fn only_the_newest_twenty_are_listed_and_not_in_order() {
    let desk = Desk::linked().await;
    let nok = desk.sandbox.customer("Nok");
    let ids: Vec<String> = (0..25).map(|n| nok.says(&format!("line {n}"))).collect();
    let listed = desk.messages(&nok).await;
    let mut by_time = listed.clone();
    by_time.sort_by_key(|message| message["timestamp"].as_i64());
    let sorted: Vec<&str> = by_time.iter().map(|message| message["message_id"].as_str().unwrap()).collect();
    assert_eq!(sorted, ids[5..].iter().map(String::as_str).collect::<Vec<_>>());
    assert_ne!(listed, by_time, "the order is not the order of time");
    assert_eq!(listed, desk.messages(&nok).await, "and it is drawn from the seed, not anew each time");
}

#[tokio::test]
async fn neither_the_order_of_time_nor_its_reverse_is_ever_listed() {
    let desk = Desk::linked().await;
    for n in 0..30 {
        let customer = desk.sandbox.customer(&format!("Customer {n}"));
        let first = customer.says("first");
        customer.says("second");
        let two = desk.messages(&customer).await;
        assert_ne!(two[0]["message_id"], first.as_str());
        customer.says("third");
        let three: Vec<i64> =
            desk.messages(&customer).await.iter().map(|message| message["timestamp"].as_i64().unwrap()).collect();
        assert!(!three.is_sorted() && !three.iter().rev().is_sorted(), "{three:?}");
    }
}

#[tokio::test]
async fn an_id_whose_plus_was_not_encoded_is_invalid_and_an_unknown_one_does_not_exist() {
    let desk = Desk::linked().await;
    let nok = desk.sandbox.customer("Nok");
    nok.says("hello");
    let id = nok.conversation_id();
    let raw =
        format!("{}?business_id={}&conversation_id={id}", desk.url("business/message/content/list/"), desk.business_id);
    let answer = json_of(desk.http.get(raw).header("Access-Token", &desk.access).send().await.unwrap()).await;
    assert_eq!((code_of(&answer), answer["message"].as_str()), (40002, Some("Param conversation_id is invalid")));
    let unknown = desk.get("business/message/content/list/", &[("conversation_id", "AAAA+/8=")]).await;
    assert_eq!(code_of(&unknown), 40007);
    assert_eq!(code_of(&desk.get("business/message/content/list/", &[("conversation_id", &id)]).await), 0);
}

#[tokio::test]
async fn every_kind_of_message_has_its_own_block() {
    let desk = Desk::linked().await;
    let nok = desk.sandbox.customer("Nok");
    let said = nok.says("do you ship?");
    nok.sends_image();
    nok.shares_post();
    nok.sends_sticker();
    nok.sends_emoji();
    nok.sends_something_unknown();
    nok.quotes(&said, "I mean to Chiang Mai");
    let reply = nok.colleague_replies("we do", "WEB");
    assert!(nok.likes(&reply));
    nok.is_welcomed("Welcome!");
    let mut all = desk.messages(&nok).await;
    all.sort_by_key(|message| message["timestamp"].as_i64());
    let kinds: Vec<&str> = all.iter().map(|message| message["message_type"].as_str().unwrap()).collect();
    assert_eq!(kinds, ["TEXT", "IMAGE", "SHARE_POST", "STICKER", "EMOJI", "OTHER", "TEXT", "TEXT", "TEXT"]);
    let [text, image, post, sticker, emoji, other, quote, colleague, welcome] = all.as_slice() else {
        panic!("{all:?}")
    };
    assert_eq!(text["text"]["body"], "do you ship?");
    assert_eq!(text["from_user"]["role"], "PERSONAL_ACCOUNT");
    assert_eq!(text["from_user"]["id"], nok.unique_identifier());
    assert_eq!(
        (text["sender"].as_str(), text["message_tag"]["source"].as_str()),
        (Some(nok.username().as_str()), Some("APP"))
    );
    assert!(image["image"]["media_id"].is_string());
    assert!(post["share_post"]["embed_url"].is_string());
    assert!(sticker["sticker"]["url"].as_str().unwrap().contains("x-expires="));
    assert!(!emoji["emoji"]["url"].as_str().unwrap().contains("x-expires="));
    assert!(other.get("text").is_none());
    assert_eq!(quote["referenced_message_info"]["referenced_message_id"], said.as_str());
    assert_eq!(
        (colleague["message_tag"]["source"].as_str(), colleague["from_user"]["id"].as_str()),
        (Some("WEB"), Some(desk.business_id.as_str()))
    );
    assert_eq!(colleague["reactions"][0]["emoji"], "❤️");
    assert_eq!(welcome["auto_message_type"], "WELCOME_MESSAGE");
}

#[tokio::test]
async fn a_referral_is_listed_with_its_time_in_seconds() {
    let desk = Desk::linked().await;
    let (ad, link) = (desk.sandbox.customer("Ada"), desk.sandbox.customer("Lin"));
    ad.comes_from_ad("Autumn linen");
    ad.says("hi");
    link.comes_from_link("spring");
    link.says("hi");
    let data =
        desk.get("business/message/conversation/list/", &[("conversation_type", "STRANGER")]).await["data"].clone();
    let referral = |customer: &sandbox::Customer| {
        let all = data["conversations"].as_array().unwrap();
        all.iter().find(|entry| entry["conversation_id"] == customer.conversation_id()).unwrap()["referral"].clone()
    };
    let seconds = referral(&ad)["ad"][0]["timestamp"].as_i64().unwrap();
    assert!((desk.sandbox.now_ms() / 1000 - seconds).abs() < 600, "{seconds} is not in seconds");
    assert_eq!(referral(&ad)["ad"][0]["ad_name"], "Autumn linen");
    assert_eq!(referral(&link)["short_link"][0]["ref"], "spring");
}

#[tokio::test]
async fn an_image_is_fetched_with_another_header_and_its_link_dies_after_a_day() {
    let desk = Desk::linked().await;
    let nok = desk.sandbox.customer("Nok");
    let message_id = nok.sends_image();
    let media_id = desk.messages(&nok).await[0]["image"]["media_id"].clone();
    let body = json!({
        "business_id": desk.business_id, "conversation_id": nok.conversation_id(), "message_id": message_id,
        "media_id": media_id, "media_type": "IMAGE",
    });
    let answer = desk.post("business/message/media/download/", &body).await;
    let link = answer["data"]["download_url"].as_str().unwrap().to_owned();
    let fetch = async |header: &str| desk.http.get(&link).header(header, &desk.access).send().await.unwrap();
    assert_eq!(fetch("Access-Token").await.status(), 401);
    let good = fetch("x-user").await;
    assert_eq!((good.status().as_u16(), good.headers()["content-type"].to_str().unwrap()), (200, "image/jpeg"));
    assert!(image::load_from_memory(&good.bytes().await.unwrap()).is_ok());
    let forged = link.replace("x-expires=", "x-expires=9");
    let forged = desk.http.get(forged).header("x-user", &desk.access).send().await.unwrap();
    assert_eq!(forged.status(), 403);
    desk.sandbox.advance(Duration::from_secs(86_400 + 1));
    let fresh = Desk::linked_to(desk.sandbox.clone()).await;
    assert_eq!(fresh.http.get(&link).header("x-user", &fresh.access).send().await.unwrap().status(), 403);
    let mut wrong = body.clone();
    wrong["media_id"] = json!("1");
    assert_eq!(code_of(&fresh.post("business/message/media/download/", &wrong).await), 40007);
}

#[tokio::test]
async fn an_avatar_needs_no_token_and_expires() {
    let desk = Desk::linked().await;
    let nok = desk.sandbox.customer("Nok");
    nok.says("hi");
    let picture = desk.content(&nok).await["participants"][1]["profile_image"].as_str().unwrap().to_owned();
    let fetched = desk.http.get(&picture).send().await.unwrap();
    assert_eq!(fetched.status(), 200);
    assert!(image::load_from_memory(&fetched.bytes().await.unwrap()).is_ok());
    desk.sandbox.advance(Duration::from_secs(3 * 86_400));
    assert_eq!(desk.http.get(&picture).send().await.unwrap().status(), 403);
}

#[tokio::test]
async fn capabilities_are_asked_with_the_right_type_of_conversation() {
    let desk = Desk::linked().await;
    let nok = desk.sandbox.customer("Nok");
    nok.says("hi");
    let id = nok.conversation_id();
    let ask = async |kind: &str| -> Value {
        let query = [("capability_types", "[\"IMAGE_SEND\"]"), ("conversation_id", &id), ("conversation_type", kind)];
        desk.get("business/message/capabilities/get/", &query).await
    };
    assert_eq!(code_of(&ask("SINGLE").await), 40002);
    let answer = ask("STRANGER").await;
    let infos = json!([{ "capability_type": "IMAGE_SEND", "capability_result": true }]);
    assert_eq!(answer["data"]["capability_infos"], infos);
}
