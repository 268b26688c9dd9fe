//! Every kind of send, what it needs first, how it is listed, and every code there is.

use sandbox::{Fault, Times};
use serde_json::{Value, json};
use tests::http;
use tiktok::business::capability::GetCapabilities;
use tiktok::business::conversation::ConversationKind;
use tiktok::business::media::UploadMedia;
use tiktok::business::message::{CardKind, Content, ListMessages, Outgoing, OutgoingButton, OutgoingCard, SendMessage};
use tiktok::business::oauth::{self, DM_SCOPES, VIDEO_LIST_SCOPE};
use tiktok::business::video::ListVideos;
use tiktok::login_kit::Callback;
use tiktok::{Error, Reason};

use super::{Shop, agree, shop};
use crate::pictures::photo;

/// Linked anew, with the permission to list posts.
async fn shop_with_posts() -> Shop {
    let mut shop = shop().await;
    let scopes = oauth::dm_scopes_and(&[VIDEO_LIST_SCOPE]);
    let address = oauth::authorize(shop.client.endpoints(), &shop.app, &scopes, "state");
    let landed = shop.tiktok.agree(address.as_str()).await.unwrap();
    let code = Callback::from_pasted(&landed).unwrap().outcome.unwrap().code;
    shop.tokens = oauth::exchange(&shop.client, &shop.app, &code).await.unwrap();
    assert_eq!(shop.tokens.scope.len(), DM_SCOPES.len() + 1);
    shop
}

impl Shop {
    fn parcel(&self, more: Value) -> Value {
        let mut body = json!({
            "business_id": self.tokens.open_id, "recipient_type": "CONVERSATION", "recipient": self.ana.conversation_id(),
        });
        body.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
        body
    }

    /// Uploads a file as a form, by hand.
    async fn upload(&self, name: &str, file: &[u8]) -> Value {
        let field = |name: &str, value: &str| {
            format!("--edge\r\nContent-Disposition: form-data; name=\"{name}\"\r\n\r\n{value}\r\n")
        };
        let fields = field("business_id", self.tokens.open_id.as_deref().unwrap()) + &field("media_type", "IMAGE");
        let head = format!("--edge\r\nContent-Disposition: form-data; name=\"file\"; filename=\"{name}\"\r\n\r\n");
        let body = [fields.as_bytes(), head.as_bytes(), file, b"\r\n--edge--\r\n"].concat();
        let address = format!("{}/open_api/v1.3/business/message/media/upload/", self.tiktok.base_url());
        let kind = "multipart/form-data; boundary=edge";
        let headers = [("Access-Token", self.tokens.access.expose()), ("Content-Type", kind)];
        let answer = http::ask_with_bytes("POST", &address, &headers, &body).await.unwrap();
        assert_eq!(answer.status, 200);
        serde_json::from_str(&answer.body).unwrap()
    }

    async fn send(&self, body: Outgoing) -> Result<String, Error> {
        let (business_id, conversation_id) = (self.tokens.open_id.clone().unwrap(), self.ana.conversation_id());
        let sent = self.client.call(&self.tokens.access, SendMessage { business_id, conversation_id, body }).await?;
        Ok(sent.message_id.unwrap())
    }
}

#[tokio::test]
async fn uploads_posts_pictures_cards_and_shares_are_answered_as_documented() {
    let shop = shop_with_posts().await;
    let given = shop.upload("a.jpg", &photo(64, 48)).await;
    assert_eq!(given["code"], 0, "{given}");
    let media_id = given["data"]["media_id"].clone();
    agree("media/upload", &["media-upload.json"], &[given], &[]);
    let large = shop.upload("a.jpg", &[&photo(64, 48)[..], &vec![0; 3 * 1024 * 1024]].concat()).await;
    assert_eq!(large["code"], 40907);
    agree("media/upload, too large", &["error-file-too-large.json"], &[large], &[]);
    let wrong = shop.upload("a.gif", b"GIF89a").await;
    assert_eq!(wrong["code"], 40908);
    agree("media/upload, a GIF", &["error-file-type.json"], &[wrong], &[]);

    let one = shop.tiktok.post("maisonbloom", "Linen");
    shop.tiktok.post("maisonbloom", "More linen");
    let fields = r#"["item_id","create_time","caption","thumbnail_url","share_url","embed_url"]"#;
    let videos = shop.get("/business/video/list/", &[("fields", fields), ("max_count", "1")]).await;
    assert_eq!(videos["data"]["has_more"], true);
    agree("video/list", &["videos.json"], &[videos], &[]);

    let button = |title: &str| json!({ "type": "REPLY", "title": title });
    let card = json!({ "type": "QA_LINK_CARD", "title": "Which?", "buttons": [button("a"), { "type": "REPLY", "title": "b", "id": "2" }] });
    let kinds = [
        json!({ "message_type": "IMAGE", "image": { "media_id": media_id } }),
        json!({ "message_type": "SHARE_POST", "share_post": { "item_id": one } }),
        json!({ "message_type": "TEMPLATE", "template": card }),
    ];
    for kind in kinds {
        let sent = shop.raw("POST", "/business/message/send/", &shop.parcel(kind.clone())).await;
        assert_eq!(sent["code"], 0, "{kind}: {sent}");
        agree(&format!("send, {kind}"), &["send-text.json"], &[sent], &[]);
    }
    shop.ana.is_welcomed("welcome");
    let said = shop.ana.says("one");
    shop.ana.likes(&said);
    shop.ana.sends_sticker();
    shop.ana.sends_emoji();
    shop.ana.quotes(&said, "two");
    let conversation = shop.ana.conversation_id();
    let listed = shop.get("/business/message/content/list/", &[("conversation_id", &conversation)]).await;
    let written = ["messages.json", "messages-every-kind.json"];
    let unserved = [".data.messages[].video", ".data.messages[].reactions[].ai_emoji_url"];
    agree("content/list, with ours", &written, &[listed], &unserved);
    let own = json!({ "message_type": "SHARE_POST", "share_post": { "item_id": "7361234567890123457" } });
    let foreign = shop.raw("POST", "/business/message/send/", &shop.parcel(own)).await;
    assert_eq!(foreign["code"], 40002, "only one's own posts: {foreign}");
}

#[tokio::test]
async fn the_client_sends_every_kind_and_reads_it_back() {
    let shop = shop_with_posts().await;
    let (client, token, business_id) = (&shop.client, &shop.tokens.access, shop.tokens.open_id.clone().unwrap());
    let item_id = shop.tiktok.post("maisonbloom", "Linen 🤎");
    let newest = ListVideos { business_id: business_id.clone(), cursor: None, max_count: 20 };
    let page = client.call(token, newest).await.unwrap();
    assert_eq!((page.videos[0].item_id.as_str(), page.videos[0].caption.as_deref()), (&*item_id, Some("Linen 🤎")));
    assert!(
        page.videos[0]
            .created_at
            .and_then(|at| at.ms_by(shop.tiktok.now_ms()))
            .is_some_and(|at| shop.tiktok.now_ms() - at < 60_000)
    );
    let cover = page.videos[0].thumbnail_url.as_deref().unwrap();
    assert!(image::guess_format(&client.fetch_media(cover, None, 1 << 20).await.unwrap()).is_ok());

    let upload = UploadMedia {
        business_id: business_id.clone(),
        file_name: "picture.jpg".to_owned(),
        mime: "image/jpeg".to_owned(),
        bytes: photo(64, 48).into(),
    };
    let media_id = client.call(token, upload).await.unwrap().media_id;
    assert!(shop.tiktok.uploaded(&media_id) == Some(photo(64, 48)), "to the byte");
    let button = |title: &str, id: Option<&str>| OutgoingButton { title: title.to_owned(), id: id.map(str::to_owned) };
    let card = OutgoingCard {
        kind: CardKind::Button,
        title: "Which?".to_owned(),
        buttons: vec![button("a", None), button("b", Some("2"))],
    };
    let sent = [
        shop.send(Outgoing::Image { media_id: media_id.clone() }).await.unwrap(),
        shop.send(Outgoing::SharePost { item_id: item_id.clone() }).await.unwrap(),
        shop.send(Outgoing::Template(card)).await.unwrap(),
    ];
    let list = ListMessages { business_id: business_id.clone(), conversation_id: shop.ana.conversation_id() };
    let page = client.call(token, list).await.unwrap();
    let content = |id: &String| &page.messages.iter().find(|message| message.message_id == *id).unwrap().content;
    assert!(matches!(content(&sent[0]), Content::Image { media_id: listed } if *listed != media_id), "another id");
    assert!(matches!(content(&sent[1]), Content::SharePost { item_id: Some(listed), .. } if *listed == item_id));
    let Content::Template(listed) = content(&sent[2]) else { panic!("{page:?}") };
    assert_eq!((listed.kind.as_deref(), listed.title.as_str()), (Some("QA_BUTTON_CARD"), "Which?"));

    shop.ana.cannot_receive_images();
    let able =
        GetCapabilities { business_id, conversation_id: shop.ana.conversation_id(), kind: ConversationKind::Single };
    assert_eq!(client.call(token, able).await.unwrap().image_send, Some(false));
    let refused = shop.send(Outgoing::Image { media_id }).await;
    assert!(matches!(refused, Err(Error::Refused { reason: Reason::InvalidParameter, .. })), "{refused:?}");
}

#[tokio::test]
async fn every_code_tiktok_documents_is_understood() {
    let shop = shop().await;
    let codes: &[(i64, &str)] = &[
        (40000, "refused InvalidParameter"),
        (40001, "refused NotPermitted"),
        (40002, "refused InvalidParameter"),
        (40006, "refused UnsupportedVersion"),
        (40051, "refused UnsupportedVersion"),
        (40007, "refused NotFound"),
        (40008, "refused NotInSandbox"),
        (40009, "refused NotInSandbox"),
        (40014, "refused NotInSandbox"),
        (40050, "unknown"),
        (40064, "refused MessagingRules"),
        (40100, "later"),
        (40016, "later"),
        (40101, "refused BadCredentials"),
        (40102, "refresh"),
        (40103, "reauthorise"),
        (40104, "refused TokenMissing"),
        (40105, "refresh"),
        (40107, "reauthorise"),
        (40110, "reauthorise"),
        (40113, "refused AppBlocked"),
        (40115, "reauthorise"),
        (40118, "refused NotAllowlisted"),
        (40132, "refused TooOften"),
        (40133, "later"),
        (40907, "refused TooLarge"),
        (40908, "refused UnsupportedType"),
        (41000, "refused BannedNetwork"),
        (50000, "unknown"),
        (50002, "unknown"),
        (51065, "unknown"),
        (51305, "unknown"),
        (60001, "later"),
    ];
    for (code, wanted) in codes {
        shop.tiktok.fault("send", Fault::code(*code), Times::Next(1));
        let text = Outgoing::Text { body: "hi".to_owned(), referenced_message_id: None };
        let error = shop.send(text).await.expect_err("refused");
        let understood = match &error {
            Error::Refused { reason, .. } => format!("refused {reason:?}"),
            Error::Later { .. } => "later".to_owned(),
            Error::Refresh { .. } => "refresh".to_owned(),
            Error::Reauthorise { .. } => "reauthorise".to_owned(),
            Error::Unknown { .. } => "unknown".to_owned(),
            Error::Unreachable { .. } | Error::Gateway { .. } => "unreachable".to_owned(),
        };
        assert_eq!(understood, *wanted, "{code}");
        assert_eq!((error.code(), error.request_id().is_some()), (Some(*code), true), "{code}");
    }
    assert!(shop.tiktok.ledger().accepted.is_empty(), "and none was taken");
}
