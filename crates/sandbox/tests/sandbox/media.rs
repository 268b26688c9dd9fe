//! Media that die: links after a day, media ids after a month, all of them at once if need be; and videos.

use std::time::Duration;

use sandbox::Customer;
use serde_json::{Value, json};

use crate::client::{Desk, code_of};

const DAY: Duration = Duration::from_secs(86_400);

/// Asks for a link to what a message shows; the whole answer.
async fn ask(desk: &Desk, customer: &Customer, message_id: &str, media_id: &Value, kind: &str) -> Value {
    let body = json!({
        "business_id": desk.business_id, "conversation_id": customer.conversation_id(), "message_id": message_id,
        "media_id": media_id, "media_type": kind,
    });
    desk.post("business/message/media/download/", &body).await
}

async fn status(desk: &Desk, link: &Value) -> u16 {
    let request = desk.http.get(link.as_str().unwrap()).header("x-user", &desk.access);
    request.send().await.unwrap().status().as_u16()
}

#[tokio::test]
async fn a_video_is_asked_for_as_a_video_and_comes_with_its_length_and_type() {
    let desk = Desk::linked().await;
    let nok = desk.sandbox.customer("Nok");
    let small = nok.sends_video();
    let media_id = desk.listed(&nok, &small).await["video"]["media_id"].clone();
    assert_eq!(desk.listed(&nok, &small).await["message_type"], "VIDEO");
    assert_eq!(code_of(&ask(&desk, &nok, &small, &media_id, "IMAGE").await), 40007);
    assert_eq!(code_of(&ask(&desk, &nok, &small, &media_id, "SOUND").await), 40002);
    let link = ask(&desk, &nok, &small, &media_id, "VIDEO").await["data"]["download_url"].clone();
    let address = link.as_str().unwrap();
    assert_eq!(desk.http.get(address).send().await.unwrap().status(), 401, "without x-user");
    let fetched = desk.http.get(address).header("x-user", &desk.access).send().await.unwrap();
    assert_eq!(
        (&fetched.headers()["content-type"], &fetched.headers()["content-length"]),
        (&"video/mp4".parse().unwrap(), &"65536".parse().unwrap())
    );
    let bytes = fetched.bytes().await.unwrap();
    assert_eq!((bytes.len(), &bytes[4..8]), (65_536, b"ftyp".as_slice()));
}

#[tokio::test]
async fn a_large_video_is_as_large_as_it_says() {
    let desk = Desk::linked().await;
    let nok = desk.sandbox.customer("Nok");
    let large = nok.sends_video_of(25_000_001);
    let media_id = desk.listed(&nok, &large).await["video"]["media_id"].clone();
    let link = ask(&desk, &nok, &large, &media_id, "VIDEO").await["data"]["download_url"].clone();
    let fetched = desk.http.get(link.as_str().unwrap()).header("x-user", &desk.access).send().await.unwrap();
    assert_eq!(fetched.headers()["content-length"], "25000001");
    assert_eq!(fetched.bytes().await.unwrap().len(), 25_000_001);
}

#[tokio::test]
async fn a_link_lives_a_day_and_a_media_id_thirty() {
    let mut desk = Desk::linked().await;
    let nok = desk.sandbox.customer("Nok");
    let photo = nok.sends_image();
    let media_id = desk.listed(&nok, &photo).await["image"]["media_id"].clone();
    let old = ask(&desk, &nok, &photo, &media_id, "IMAGE").await["data"]["download_url"].clone();
    assert_eq!(status(&desk, &old).await, 200);
    desk.sandbox.advance(DAY);
    desk = Desk::linked_to(desk.sandbox.clone()).await;
    assert_eq!(status(&desk, &old).await, 403);
    let fresh = ask(&desk, &nok, &photo, &media_id, "IMAGE").await["data"]["download_url"].clone();
    assert_eq!(status(&desk, &fresh).await, 200, "it may be asked for again");
    desk.sandbox.advance(29 * DAY);
    desk = Desk::linked_to(desk.sandbox.clone()).await;
    assert_eq!(code_of(&ask(&desk, &nok, &photo, &media_id, "IMAGE").await), 40007);
}

#[tokio::test]
async fn every_link_can_be_made_to_expire_at_once_but_for_emoji() {
    let desk = Desk::linked().await;
    let nok = desk.sandbox.customer("Nok");
    let (photo, sticker, emoji) = (nok.sends_image(), nok.sends_sticker(), nok.sends_emoji());
    nok.reacts_with_ai_emoji(&photo, "cat");
    let links = async || {
        let image = desk.listed(&nok, &photo).await;
        let answer = ask(&desk, &nok, &photo, &image["image"]["media_id"], "IMAGE").await;
        [
            answer["data"]["download_url"].clone(),
            desk.listed(&nok, &sticker).await["sticker"]["url"].clone(),
            image["reactions"][0]["ai_emoji_url"].clone(),
            desk.content(&nok).await["participants"][1]["profile_image"].clone(),
            desk.listed(&nok, &emoji).await["emoji"]["url"].clone(),
        ]
    };
    let statuses = async |links: &[Value]| {
        let mut all = Vec::new();
        for link in links {
            all.push(status(&desk, link).await);
        }
        all
    };
    let before = links().await;
    assert_eq!(statuses(&before).await, [200; 5]);
    desk.sandbox.expire_links();
    assert_eq!(statuses(&before).await, [403, 403, 403, 403, 200]);
    let after = links().await;
    assert_eq!(statuses(&after).await, [200; 5]);
}

#[tokio::test]
async fn stickers_die_after_a_month_and_faces_after_two_days() {
    let desk = Desk::linked().await;
    let nok = desk.sandbox.customer("Nok");
    let (sticker, emoji) = (nok.sends_sticker(), nok.sends_emoji());
    nok.reacts_with_ai_emoji(&sticker, "cat");
    let listed = desk.listed(&nok, &sticker).await;
    let month = [&listed["sticker"]["url"], &listed["reactions"][0]["ai_emoji_url"]];
    let face = desk.content(&nok).await["participants"][1]["profile_image"].clone();
    let eternal = desk.listed(&nok, &emoji).await["emoji"]["url"].clone();
    desk.sandbox.advance(2 * DAY);
    assert_eq!(status(&desk, &face).await, 403);
    desk.sandbox.advance(27 * DAY - Duration::from_secs(60));
    for link in month {
        assert_eq!(status(&desk, link).await, 200);
    }
    desk.sandbox.advance(2 * DAY);
    for link in month {
        assert_eq!(status(&desk, link).await, 403);
    }
    assert_eq!(status(&desk, &eternal).await, 200);
}
