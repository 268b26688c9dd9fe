//! The list of an account's own posts.

use std::{collections::HashSet, time::Duration};

use sandbox::{Config, Fault, Times, WindowRule};
use serde_json::{Value, json};

use crate::client::{Desk, MESSAGING, business_url, code_of, query_of, unhurried};

const ALL: &str = r#"["item_id","create_time","caption","thumbnail_url","share_url","embed_url"]"#;

async fn bloom() -> Desk {
    Desk::linked_to(unhurried(Config { scripted: true, ..Config::default() }).await).await
}

impl Desk {
    async fn videos(&self, query: &[(&str, &str)]) -> Value {
        self.get("business/video/list/", query).await
    }
}

#[tokio::test]
async fn posts_come_newest_first_and_page_by_page() {
    let desk = bloom().await;
    let (mut cursor, mut pages, mut times, mut ids) = ("0".to_owned(), Vec::new(), Vec::new(), HashSet::new());
    loop {
        let data = desk.videos(&[("fields", ALL), ("max_count", "7"), ("cursor", &cursor)]).await["data"].clone();
        let page = data["videos"].as_array().unwrap();
        pages.push(page.len());
        times.extend(page.iter().map(|post| post["create_time"].as_str().unwrap().parse::<i64>().unwrap()));
        ids.extend(page.iter().map(|post| post["item_id"].as_str().unwrap().to_owned()));
        if data["has_more"] == json!(false) {
            assert_eq!(data["cursor"], 0);
            break;
        }
        cursor = data["cursor"].to_string();
        // A new post meanwhile shifts nobody's pages.
        desk.sandbox.post("maisonbloom", "meanwhile");
    }
    assert_eq!((pages, ids.len()), (vec![7, 7, 7, 3], 24));
    assert!(ids.iter().all(|id| id.len() == 19 && id.chars().all(|c| c.is_ascii_digit())));
    assert!(times.is_sorted_by(|newer, older| newer > older));
    assert!((desk.sandbox.now_ms() / 1000 - times[0]).abs() < 86_400, "{} is not in seconds", times[0]);
    assert_eq!(desk.videos(&[]).await["data"]["videos"].as_array().unwrap().len(), 10, "ten unless asked");
    assert_eq!(desk.videos(&[("max_count", "20")]).await["data"]["videos"].as_array().unwrap().len(), 20);
}

#[tokio::test]
async fn only_the_fields_that_were_asked_for_are_listed() {
    let desk = bloom().await;
    let first = async |query: &[(&str, &str)]| desk.videos(query).await["data"]["videos"][0].clone();
    assert_eq!(first(&[]).await.as_object().unwrap().keys().collect::<Vec<_>>(), ["item_id"]);
    let two = first(&[("fields", r#"["caption","item_id"]"#)]).await;
    assert_eq!(two.as_object().unwrap().len(), 2);
    assert!(!two["caption"].as_str().unwrap().is_empty());
    let all = first(&[("fields", ALL)]).await;
    let (item_id, text) = (all["item_id"].as_str().unwrap(), |name: &str| all[name].as_str().unwrap().to_owned());
    assert!(
        text("embed_url").contains(item_id) && text("share_url").contains(&format!("@maisonbloom/video/{item_id}"))
    );
    for page in ["embed_url", "share_url"] {
        let answer = desk.http.get(text(page)).send().await.unwrap();
        assert_eq!(answer.status(), 200, "{page}");
        assert!(answer.text().await.unwrap().contains("@maisonbloom"));
    }
}

#[tokio::test]
async fn a_thumbnail_is_a_picture_whose_link_dies_within_the_day() {
    let desk = bloom().await;
    let videos = desk.videos(&[("fields", ALL)]).await;
    let link = videos["data"]["videos"][0]["thumbnail_url"].as_str().unwrap().to_owned();
    let fetched = desk.http.get(&link).send().await.unwrap();
    assert_eq!(fetched.status(), 200);
    assert!(image::load_from_memory(&fetched.bytes().await.unwrap()).is_ok());
    let unsigned = link.split('?').next().unwrap();
    assert_eq!(desk.http.get(unsigned).send().await.unwrap().status(), 403);
    desk.sandbox.advance(Duration::from_secs(5 * 3600));
    assert_eq!(desk.http.get(&link).send().await.unwrap().status(), 200);
    desk.sandbox.advance(Duration::from_secs(8 * 3600));
    assert_eq!(desk.http.get(&link).send().await.unwrap().status(), 403);
    let again = desk.videos(&[("fields", ALL)]).await;
    let fresh = again["data"]["videos"][0]["thumbnail_url"].as_str().unwrap();
    assert_eq!(desk.http.get(fresh).send().await.unwrap().status(), 200);
}

#[tokio::test]
async fn wrong_parameters_are_named() {
    let desk = bloom().await;
    for (name, value) in [
        ("max_count", "0"),
        ("max_count", "21"),
        ("max_count", "ten"),
        ("cursor", "-1"),
        ("cursor", "x"),
        ("fields", "item_id"),
        ("fields", "[]"),
        ("fields", r#"["item_id","video_views"]"#),
    ] {
        let answer = desk.videos(&[(name, value)]).await;
        assert_eq!(code_of(&answer), 40002, "{name}={value}");
        assert!(answer["message"].as_str().unwrap().contains(name), "{name}={value}: {answer}");
    }
}

#[tokio::test]
async fn listing_posts_wants_its_own_scope() {
    let without = MESSAGING.replace(",video.list", "");
    let desk = Desk::linked_with(unhurried(Config::default()).await, &without).await;
    let answer = desk.videos(&[]).await;
    assert_eq!(code_of(&answer), 40001);
    assert!(answer["message"].as_str().unwrap().contains("video.list"));
}

#[tokio::test]
async fn an_app_that_was_not_approved_for_posts_may_not_even_ask() {
    let sandbox = unhurried(Config::default().without_scope("video.list")).await;
    let landed = sandbox.agree(&business_url(&sandbox, MESSAGING, "s")).await.unwrap();
    assert_eq!(query_of(&landed, "error").as_deref(), Some("invalid_scope"));
    assert_eq!(query_of(&landed, "error_type").as_deref(), Some("scope"));
    assert_eq!(query_of(&landed, "code"), None);
    let desk = Desk::linked_with(sandbox, &MESSAGING.replace(",video.list", "")).await;
    assert_eq!(code_of(&desk.videos(&[]).await), 40001);
}

#[tokio::test]
async fn every_account_has_posts_of_its_own() {
    let desk = Desk::linked().await;
    let ids = async |desk: &Desk| {
        let answer = desk.videos(&[]).await;
        let all = answer["data"]["videos"].as_array().unwrap().clone();
        all.iter().map(|post| post["item_id"].as_str().unwrap().to_owned()).collect::<Vec<_>>()
    };
    let first = ids(&desk).await;
    assert_eq!(first.len(), 3);
    let posted = desk.sandbox.post("@cornershop", "Just now");
    let again = desk.sandbox.post("cornershop", "Just now");
    assert_eq!(ids(&desk).await, [&[again, posted][..], &first].concat());
    assert_eq!(desk.sandbox.post("nobody", "x"), "");
    desk.sandbox.open_account("shop_b", "Shop B", WindowRule::A);
    let other = Desk::linked_to(desk.sandbox.clone()).await;
    assert!(ids(&other).await.iter().all(|id| !first.contains(id)));
}

#[tokio::test]
async fn customers_share_posts_of_the_shop() {
    let desk = bloom().await;
    let shared = async |name: &str| {
        let all = desk.messages(&desk.sandbox.customer(name)).await;
        all.iter().find(|line| line["message_type"] == "SHARE_POST").unwrap()["share_post"]["item_id"].clone()
    };
    let mut known = Vec::new();
    for cursor in ["0".to_owned(), desk.videos(&[("max_count", "20")]).await["data"]["cursor"].to_string()] {
        let page = desk.videos(&[("max_count", "20"), ("cursor", &cursor)]).await;
        known.extend(page["data"]["videos"].as_array().unwrap().iter().map(|post| post["item_id"].clone()));
    }
    assert!(known.contains(&shared("Nadia Rahman").await) && known.contains(&shared("Yuki Tanaka").await));
    let nok = desk.sandbox.customer("Nok");
    nok.shares_post();
    nok.shares_post();
    let lines = desk.messages(&nok).await;
    // The shop greets whoever comes for the first time.
    let posts = lines.iter().filter(|line| line["message_type"] == "SHARE_POST");
    let two: Vec<&Value> = posts.map(|line| &line["share_post"]["item_id"]).collect();
    assert!(two.iter().all(|id| known.contains(id)));
    assert_ne!(two[0], two[1]);
}

#[tokio::test]
async fn the_dial_reaches_the_list_of_posts() {
    let desk = bloom().await;
    desk.sandbox.fault("video_list", Fault::too_many_per_minute(), Times::Next(1));
    desk.sandbox.fault("video_list", Fault::Status { status: 502, accepting: false }, Times::Next(1));
    assert_eq!(code_of(&desk.videos(&[]).await), 40100);
    let url = desk.url("business/video/list/");
    assert_eq!(desk.http.get(url).header("Access-Token", &desk.access).send().await.unwrap().status(), 502);
    assert_eq!(code_of(&desk.videos(&[]).await), 0);
    assert_eq!(desk.sandbox.ledger().calls("video_list"), 3);
}
