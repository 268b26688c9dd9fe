//! Uploading an image, sending it, fetching it back.

use std::time::Duration;

use image::ImageFormat;
use reqwest::multipart::{Form, Part};
use sandbox::{Config, Fault, Times, Verdict, WindowRule};
use serde_json::{Value, json};
use sha2::{Digest, Sha256};

use crate::client::{Desk, MESSAGING, code_of, id_of, picture, unhurried};

const THREE_MB: usize = 3 * 1024 * 1024;
const MONTH: Duration = Duration::from_secs(30 * 86_400);

fn image_block(media_id: &str) -> Value {
    json!({ "image": { "media_id": media_id } })
}

/// A JPEG of that many bytes, as far as its first bytes tell.
fn jpeg_of(bytes: usize) -> Vec<u8> {
    let mut file = picture(ImageFormat::Jpeg);
    file.resize(bytes, 0x0D);
    file
}

fn message(answer: &Value) -> &str {
    answer["message"].as_str().unwrap()
}

#[tokio::test]
async fn an_upload_is_kept_to_the_byte_and_noted_with_its_account() {
    let desk = Desk::linked().await;
    for (format, kind) in [(ImageFormat::Jpeg, "jpeg"), (ImageFormat::Png, "png")] {
        let file = picture(format);
        let media_id = desk.media_id(&file).await;
        assert_eq!(desk.sandbox.uploaded(&media_id), Some(file.clone()));
        let entry = desk.sandbox.ledger().uploads.pop().unwrap();
        assert_eq!((entry.media_id, entry.bytes, entry.kind), (media_id, file.len(), kind));
        assert_eq!(entry.account, "cornershop");
    }
    assert_eq!(desk.sandbox.uploaded("nobody's"), None);
    assert_eq!(desk.sandbox.ledger().calls("media_upload"), 2);
}

#[tokio::test]
async fn the_same_file_twice_is_two_uploads() {
    let desk = Desk::linked().await;
    let file = picture(ImageFormat::Png);
    assert_ne!(desk.media_id(&file).await, desk.media_id(&file).await);
}

#[tokio::test]
async fn an_image_has_3_mb_at_most_and_is_jpeg_or_png_by_its_bytes() {
    let desk = Desk::linked().await;
    for (file, code) in [
        (jpeg_of(THREE_MB), 0),
        (jpeg_of(THREE_MB + 1), 40907),
        (jpeg_of(9 << 20), 40907),
        (vec![0; THREE_MB + 1], 40907),
        (b"GIF89a and so on".to_vec(), 40908),
        (b"RIFF\x24\0\0\0WEBPVP8 ".to_vec(), 40908),
        (b"\x89PNG\r\n".to_vec(), 40908),
        (b"<svg xmlns='http://www.w3.org/2000/svg'/>".to_vec(), 40908),
    ] {
        let answer = desk.uploads(&file).await;
        assert_eq!(code_of(&answer), code, "{} bytes: {answer}", file.len());
    }
    assert_eq!(desk.sandbox.ledger().uploads.len(), 1);
}

#[tokio::test]
async fn a_part_that_is_missing_empty_or_wrong_is_named() {
    let desk = Desk::linked().await;
    let file = || Part::bytes(picture(ImageFormat::Png)).file_name("a.png");
    let (id, image) = (desk.business_id.clone(), "IMAGE");
    let form = Form::new;
    for (form, name) in [
        (form().text("media_type", image).part("file", file()), "business_id"),
        (form().text("business_id", "").text("media_type", image).part("file", file()), "business_id"),
        (form().text("business_id", id.clone()).part("file", file()), "media_type"),
        (form().text("business_id", id.clone()).text("media_type", "VIDEO").part("file", file()), "media_type"),
        (form().text("business_id", id.clone()).text("media_type", image), "file"),
        (
            form()
                .text("business_id", id.clone())
                .text("media_type", image)
                .part("file", Part::bytes(Vec::new()).file_name("a.png")),
            "file",
        ),
        (
            form()
                .text("business_id", id.clone())
                .text("media_type", image)
                .part("file", Part::bytes(picture(ImageFormat::Png))),
            "file",
        ),
    ] {
        let answer = desk.uploads_form(form).await;
        assert_eq!(code_of(&answer), 40002, "{name}: {answer}");
        assert!(message(&answer).contains(name), "{name}: {answer}");
    }
    let json = desk.post("business/message/media/upload/", &json!({ "business_id": id })).await;
    assert_eq!(code_of(&json), 40002);
    assert!(message(&json).contains("multipart"), "{json}");
    assert!(desk.sandbox.ledger().uploads.is_empty());
}

#[tokio::test]
async fn uploading_wants_the_send_scope_and_the_own_account() {
    let reader = MESSAGING.replace("message.list.send,", "");
    let desk = Desk::linked_with(unhurried(Config::default()).await, &reader).await;
    assert_eq!(code_of(&desk.uploads(&picture(ImageFormat::Png)).await), 40001);
    let desk = Desk::linked_to(desk.sandbox.clone()).await;
    let other = desk.sandbox.open_account("shop_b", "Shop B", WindowRule::A);
    let form = Form::new().text("business_id", other).text("media_type", "IMAGE");
    let file = Part::bytes(picture(ImageFormat::Png)).file_name("a.png");
    assert_eq!(code_of(&desk.uploads_form(form.part("file", file)).await), 40001);
}

#[tokio::test]
async fn a_sent_image_is_listed_under_another_id_and_comes_back_to_the_byte() {
    let desk = Desk::linked().await;
    let nok = desk.sandbox.customer("Nok");
    nok.says("do you have it in olive?");
    for format in [ImageFormat::Png, ImageFormat::Jpeg] {
        let file = picture(format);
        let uploaded = desk.media_id(&file).await;
        let message_id = id_of(&desk.sends_block(&nok, "IMAGE", &image_block(&uploaded)).await);
        let listed = desk.listed(&nok, &message_id).await;
        assert_eq!(
            (listed["message_type"].as_str(), listed["message_tag"]["source"].as_str()),
            (Some("IMAGE"), Some("API"))
        );
        let media_id = listed["image"]["media_id"].as_str().unwrap();
        assert_ne!(media_id, uploaded);
        let link = async |media_id: &str| {
            let asked = json!({
                "business_id": desk.business_id, "conversation_id": nok.conversation_id(), "message_id": message_id,
                "media_id": media_id, "media_type": "IMAGE",
            });
            desk.post("business/message/media/download/", &asked).await
        };
        assert_eq!(code_of(&link(&uploaded).await), 40007, "only the listed id can be downloaded");
        let answer = link(media_id).await;
        let url = answer["data"]["download_url"].as_str().unwrap().to_owned();
        let fetched = desk.http.get(url).header("x-user", &desk.access).send().await.unwrap();
        assert_eq!(fetched.headers()["content-type"].to_str().unwrap(), format.to_mime_type());
        assert_eq!(fetched.bytes().await.unwrap(), file);
    }
}

#[tokio::test]
async fn the_ledger_tells_which_image_was_sent() {
    let desk = Desk::linked().await;
    let nok = desk.sandbox.customer("Nok");
    nok.says("hi");
    let file = picture(ImageFormat::Png);
    let media_id = desk.media_id(&file).await;
    let message_id = id_of(&desk.sends_block(&nok, "IMAGE", &image_block(&media_id)).await);
    let ledger = desk.sandbox.ledger();
    let accepted = &ledger.accepted[0];
    assert_eq!((accepted.kind, accepted.text.as_str(), &accepted.message_id), ("IMAGE", "", &message_id));
    let sent = accepted.image.clone().unwrap();
    let sha256: String = Sha256::digest(&file).iter().map(|byte| format!("{byte:02x}")).collect();
    assert_eq!((sent.media_id, sent.sha256, sent.bytes, sent.kind), (media_id, sha256, file.len(), "png"));
    assert_eq!((sent.width, sent.height), (Some(12), Some(8)));
    assert_eq!(
        (ledger.attempts[0].kind.as_str(), &ledger.attempts[0].verdict),
        ("IMAGE", &Verdict::Accepted(message_id))
    );
    assert!(ledger.texts_to("Nok").is_empty(), "an image is no text");
    assert_eq!(ledger.messages_to("Nok"), ["[image 12x8 png 1 kB]"]);
}

#[tokio::test]
async fn an_upload_can_be_sent_for_thirty_days_and_more_than_once() {
    let desk = Desk::linked().await;
    let nok = desk.sandbox.customer("Nok");
    let (media_id, late) = (desk.media_id(&picture(ImageFormat::Jpeg)).await, Duration::from_secs(3600));
    desk.sandbox.advance(MONTH - late);
    let desk = Desk::linked_to(desk.sandbox.clone()).await;
    nok.says("hi");
    for _ in 0..2 {
        assert_eq!(code_of(&desk.sends_block(&nok, "IMAGE", &image_block(&media_id)).await), 0);
    }
    desk.sandbox.advance(late);
    let refused = desk.sends_block(&nok, "IMAGE", &image_block(&media_id)).await;
    assert_eq!(code_of(&refused), 40002);
    assert!(message(&refused).contains("image.media_id"), "{refused}");
    assert!(desk.sandbox.uploaded(&media_id).is_some(), "what was sent is still shown");
}

#[tokio::test]
async fn an_image_that_is_not_there_not_ours_or_beside_a_text_is_refused() {
    let desk = Desk::linked().await;
    let nok = desk.sandbox.customer("Nok");
    nok.says("hi");
    let media_id = desk.media_id(&picture(ImageFormat::Png)).await;
    for (blocks, name) in [
        (json!({}), "image.media_id"),
        (json!({ "image": {} }), "image.media_id"),
        (json!({ "image": { "media_id": "" } }), "image.media_id"),
        (json!({ "image": { "media_id": "m-1" } }), "image.media_id"),
        (json!({ "image": { "media_id": media_id }, "text": { "body": "look" } }), "text and image"),
    ] {
        let answer = desk.sends_block(&nok, "IMAGE", &blocks).await;
        assert_eq!(code_of(&answer), 40002, "{blocks}");
        assert!(message(&answer).contains(name), "{blocks}: {answer}");
    }
    let both = json!({ "text": { "body": "look" }, "image": { "media_id": media_id } });
    assert_eq!(code_of(&desk.sends_block(&nok, "TEXT", &both).await), 40002);
    desk.sandbox.open_account("shop_b", "Shop B", WindowRule::A);
    let other = Desk::linked_to(desk.sandbox.clone()).await;
    let lin = other.sandbox.customer("Lin");
    lin.says("hi");
    let foreign = other.sends_block(&lin, "IMAGE", &image_block(&media_id)).await;
    assert_eq!(code_of(&foreign), 40002, "a media id belongs to its account");
    assert!(desk.sandbox.ledger().accepted.is_empty());
}

#[tokio::test]
async fn a_conversation_without_the_capability_takes_no_image_and_says_so_before() {
    let desk = Desk::linked().await;
    let (nok, lin) = (desk.sandbox.customer("Nok"), desk.sandbox.customer("Lin"));
    nok.says("hi");
    lin.says("hi");
    let able = async |id: &str, kind: &str| {
        let query = [("capability_types", "[\"IMAGE_SEND\"]"), ("conversation_id", id), ("conversation_type", kind)];
        let answer = desk.get("business/message/capabilities/get/", &query).await;
        answer["data"]["capability_infos"][0]["capability_result"].as_bool().unwrap()
    };
    nok.cannot_receive_images();
    assert!(!able(&nok.conversation_id(), "STRANGER").await && able(&lin.conversation_id(), "STRANGER").await);
    let media_id = desk.media_id(&picture(ImageFormat::Png)).await;
    let refused = desk.sends_block(&nok, "IMAGE", &image_block(&media_id)).await;
    assert_eq!(
        (code_of(&refused), message(&refused)),
        (40002, "Media messages are not supported for this conversation")
    );
    assert_eq!(desk.sends(&nok, "words go through").await, 0);
    nok.can_receive_images();
    assert!(able(&nok.conversation_id(), "SINGLE").await);
    assert_eq!(code_of(&desk.sends_block(&nok, "IMAGE", &image_block(&media_id)).await), 0);
}

#[tokio::test]
async fn an_image_counts_as_a_message_and_a_block_stops_it_too() {
    let desk = Desk::linked_to(unhurried(Config { rule: WindowRule::B, ..Config::default() }).await).await;
    let nok = desk.sandbox.customer("Nok");
    nok.says("hi");
    let media_id = desk.media_id(&picture(ImageFormat::Png)).await;
    for _ in 0..9 {
        assert_eq!(code_of(&desk.sends_block(&nok, "IMAGE", &image_block(&media_id)).await), 0);
    }
    assert_eq!((desk.sends(&nok, "the tenth").await, desk.sends(&nok, "the eleventh").await), (0, 40064));
    assert_eq!(code_of(&desk.sends_block(&nok, "IMAGE", &image_block(&media_id)).await), 40064);
    nok.says("more please");
    nok.blocks(true);
    assert_eq!(code_of(&desk.sends_block(&nok, "IMAGE", &image_block(&media_id)).await), 40064);
    nok.blocks(false);
    assert_eq!(code_of(&desk.sends_block(&nok, "IMAGE", &image_block(&media_id)).await), 0);
}

#[tokio::test]
async fn a_lost_answer_hides_an_upload_or_an_image_and_the_ledger_knows_better() {
    let desk = Desk::linked().await;
    let nok = desk.sandbox.customer("Nok");
    nok.says("hi");
    desk.sandbox.fault("media_upload", Fault::code(50000), Times::Next(1));
    assert_eq!(code_of(&desk.uploads(&picture(ImageFormat::Png)).await), 50000);
    assert!(desk.sandbox.ledger().uploads.is_empty());
    let accepting = Fault::Code { code: 50002, message: "System error".to_owned(), accepting: true };
    desk.sandbox.fault("media_upload", accepting.clone(), Times::Next(1));
    assert_eq!(code_of(&desk.uploads(&picture(ImageFormat::Png)).await), 50002);
    let media_id = desk.sandbox.ledger().uploads[0].media_id.clone();
    desk.sandbox.fault("send", accepting, Times::Next(1));
    assert_eq!(code_of(&desk.sends_block(&nok, "IMAGE", &image_block(&media_id)).await), 50002);
    assert_eq!(desk.sandbox.ledger().messages_to("Nok"), ["[image 12x8 png 1 kB]"]);
    desk.sandbox.fault("send", Fault::RateLimited, Times::Next(1));
    assert_eq!(desk.sends_image(&nok, &picture(ImageFormat::Jpeg)).await, 40100);
    assert_eq!(desk.sandbox.ledger().attempts.last().unwrap().kind, "IMAGE");
    desk.sandbox.fault("capabilities", Fault::code(50000), Times::Next(1));
    assert_eq!(code_of(&desk.get("business/message/capabilities/get/", &[]).await), 50000);
}
