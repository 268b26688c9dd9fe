//! The index of fixtures, and each answer read by the endpoint it belongs to; messages have a file of their own.

use super::{answer, fixture, folder};
use crate::Timestamp;
use crate::{
    Endpoint, Error, UnknownWhy,
    business::{
        capability::GetCapabilities,
        conversation::{ConversationKind, ListConversations},
        media::{DownloadLink, MediaType},
        message::{CardKind, Outgoing, OutgoingButton, OutgoingCard, SendMessage},
        profile::GetBusiness,
    },
};
use serde_json::json;

const SHOP: &str = "_000EXAMPLEopenid";
const CHAT: &str = "7aB+c/d==";

fn conversations() -> ListConversations {
    ListConversations { business_id: SHOP.to_owned(), kind: ConversationKind::Single, limit: 100, cursor: None }
}

fn send(body: Outgoing) -> SendMessage {
    SendMessage { business_id: SHOP.to_owned(), conversation_id: CHAT.to_owned(), body }
}

fn text(body: &str, quoted: Option<&str>) -> Outgoing {
    Outgoing::Text { body: body.to_owned(), referenced_message_id: quoted.map(str::to_owned) }
}

fn image() -> Outgoing {
    Outgoing::Image { media_id: "m-1".to_owned() }
}

fn post() -> Outgoing {
    Outgoing::SharePost { item_id: "7361234567890123457".to_owned() }
}

fn card(kind: CardKind, title: &str, buttons: &[(&str, Option<&str>)]) -> Outgoing {
    let button =
        |(title, id): &(&str, Option<&str>)| OutgoingButton { title: (*title).to_owned(), id: id.map(str::to_owned) };
    Outgoing::Template(OutgoingCard { kind, title: title.to_owned(), buttons: buttons.iter().map(button).collect() })
}

#[test]
fn the_index_names_every_fixture_and_no_other() {
    let index = fixture("README.md");
    let named: Vec<&str> = index.lines().filter_map(|line| line.strip_prefix("| `")?.split('`').next()).collect();
    let mut files: Vec<String> = std::fs::read_dir(folder())
        .unwrap()
        .map(|entry| entry.unwrap().file_name().into_string().unwrap())
        .filter(|name| name != "README.md")
        .collect();
    files.sort();
    let mut sorted = named.clone();
    sorted.sort_unstable();
    assert_eq!(sorted, files);
}

#[test]
fn a_conversation_page_is_read() {
    let page = answer(&conversations(), "conversations.json").unwrap();
    assert!(!page.has_more && page.unreadable.is_empty());
    let [conversation] = page.conversations.as_slice() else { panic!("one conversation") };
    assert_eq!(conversation.conversation_id, CHAT);
    assert_eq!(conversation.updated_at, Timestamp::of_ms(1_790_000_000_123));
    let referral = conversation.referral.clone().unwrap();
    assert_eq!(referral.ads[0].at, Timestamp::of_ms(1_790_000_000_000), "TikTok writes seconds here");
    assert_eq!(referral.short_links[0].reference.as_deref(), Some("spring"));
}

#[test]
fn a_further_page_may_name_its_time_otherwise() {
    let page = answer(&conversations(), "conversations-next.json").unwrap();
    assert!(page.has_more);
    assert_eq!(page.cursor.as_deref(), Some("1790000000456"));
    assert_eq!(page.conversations[0].updated_at, Timestamp::of_ms(1_790_000_000_456));
}

#[test]
fn no_conversations_is_an_answer() {
    let page = answer(&conversations(), "conversations-none.json").unwrap();
    assert!(page.conversations.is_empty() && page.cursor.is_none());
}

#[test]
fn bad_entries_do_not_lose_a_conversation_page() {
    let page = answer(&conversations(), "conversations-hostile.json").unwrap();
    assert_eq!(page.unreadable.len(), 4);
    let [conversation] = page.conversations.as_slice() else { panic!("one conversation") };
    assert_eq!(conversation.conversation_id, "7361234567890123457");
    assert_eq!(conversation.updated_at, Timestamp::of_ms(1_790_000_000_789));
    let referral = conversation.referral.clone().unwrap();
    assert_eq!(referral.ads[0].ad_id.as_deref(), Some("2"), "one where a list was meant");
    assert!(referral.short_links.is_empty());
    assert!(page.has_more);
    assert_eq!(page.cursor.as_deref(), Some("9007199254740993"), "above 2^53, exact");
}

#[test]
fn a_message_is_sent_only_if_tiktok_names_it() {
    let hello = send(text("hello", None));
    assert_eq!(answer(&hello, "send-text.json").unwrap().message_id.as_deref(), Some("mid-456"));
    assert_eq!(answer(&hello, "partial.json").unwrap().message_id.as_deref(), Some("mid-457"));
    for message in [hello, send(image()), send(post()), send(card(CardKind::Link, "Which?", &[("This", None)]))] {
        assert_eq!(answer(&message, "send-text.json").unwrap().message_id.as_deref(), Some("mid-456"));
        for name in ["send-without-id.json", "send-sender-action.json"] {
            let error = answer(&message, name).unwrap_err();
            let Error::Unknown { why, .. } = &error else { panic!("{name}: {error}") };
            assert_eq!(why, &UnknownWhy::NoRequiredData { path: "data.message.message_id" }, "{name}, {message:?}");
            assert!(!error.is_certainly_not_taken());
        }
    }
    assert_eq!(answer(&send(Outgoing::Typing), "send-sender-action.json").unwrap().message_id, None);
    assert_eq!(answer(&send(Outgoing::MarkRead), "send-without-id.json").unwrap().message_id, None);
}

#[test]
fn a_send_is_written_as_documented() {
    let common = json!({"business_id": SHOP, "recipient_type": "CONVERSATION", "recipient": CHAT});
    for (outgoing, specific) in [
        (
            text("Your parcel left today.", Some("mid-123")),
            json!({"message_type": "TEXT", "text": {"body": "Your parcel left today."},
                   "referenced_message_info": {"referenced_message_id": "mid-123"}}),
        ),
        (text("hi", None), json!({"message_type": "TEXT", "text": {"body": "hi"}})),
        (image(), json!({"message_type": "IMAGE", "image": {"media_id": "m-1"}})),
        (post(), json!({"message_type": "SHARE_POST", "share_post": {"item_id": "7361234567890123457"}})),
        (
            card(CardKind::Button, "How can we help?", &[("My parcel", Some("b1")), ("A return", None)]),
            json!({"message_type": "TEMPLATE", "template": {
                "type": "QA_BUTTON_CARD",
                "title": "How can we help?",
                "buttons": [{"type": "REPLY", "title": "My parcel", "id": "b1"}, {"type": "REPLY", "title": "A return"}],
            }}),
        ),
        (
            card(CardKind::Link, "Which?", &[("This", Some("1"))]),
            json!({"message_type": "TEMPLATE", "template": {
                "type": "QA_LINK_CARD", "title": "Which?", "buttons": [{"type": "REPLY", "title": "This", "id": "1"}],
            }}),
        ),
        (Outgoing::Typing, json!({"message_type": "SENDER_ACTION", "sender_action": "TYPING"})),
        (Outgoing::MarkRead, json!({"message_type": "SENDER_ACTION", "sender_action": "MARK_READ"})),
    ] {
        let mut expected = common.clone();
        expected.as_object_mut().unwrap().extend(specific.as_object().unwrap().clone());
        assert_eq!(send(outgoing).body().unwrap(), expected);
    }
    for words in [text("canary", None), card(CardKind::Button, "canary", &[("canary", Some("b1"))])] {
        assert!(!format!("{:?}", send(words)).contains("canary"));
    }
    let button = OutgoingButton { title: "canary".to_owned(), id: None };
    assert!(!format!("{button:?}").contains("canary"));
}

#[test]
fn the_smaller_answers_are_read() {
    let link = DownloadLink {
        business_id: SHOP.to_owned(),
        conversation_id: CHAT.to_owned(),
        message_id: "mid-13".to_owned(),
        media_id: "m-13".to_owned(),
        media_type: MediaType::Image,
    };
    assert_eq!(link.body().unwrap()["media_type"], "IMAGE");
    let download = answer(&link, "media-download.json").unwrap();
    assert!(download.download_url.contains("canary-link") && !format!("{download:?}").contains("canary"));
    assert!(matches!(answer(&link, "revoke.json").unwrap_err(), Error::Unknown { .. }), "no link, no success");

    let profile = GetBusiness::new(SHOP);
    assert_eq!(profile.query()[1], ("fields", r#"["username","display_name","profile_image"]"#.to_owned()));
    let shop = answer(&profile, "profile.json").unwrap();
    assert_eq!((shop.username.as_deref(), shop.is_business_account), (Some("shop_a"), Some(true)));
    let shop = answer(&profile, "profile-default.json").unwrap();
    assert_eq!((shop.username, shop.display_name.as_deref()), (None, Some("Shop A")));

    let may = GetCapabilities {
        business_id: SHOP.to_owned(),
        conversation_id: CHAT.to_owned(),
        kind: ConversationKind::Stranger,
    };
    assert_eq!(answer(&may, "capabilities.json").unwrap().image_send, Some(true));
    assert_eq!(answer(&may, "capabilities-none.json").unwrap().image_send, None);
}
