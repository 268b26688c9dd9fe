//! Messages that are pushed, beside the same ones listed.

use super::{
    fixtures::{
        CHAT, ECHO, EMOJI, IMAGE, NOK, QUOTE, SHARE_POST, SHOP, STICKER, TAP, TEMPLATE, TEXT, VIDEO, VOICE, WELCOME,
    },
    *,
};
use crate::Timestamp;
use crate::{
    business::message::{
        AutoMessageType, Content, Message, MessagePage, MessageSource, MessageType, Role, Tap, TemplateButton,
    },
    client::tests::fixture,
};

/// A page of the list's fixtures.
fn page(name: &str) -> MessagePage {
    let answer: serde_json::Value = serde_json::from_str(&fixture(name)).unwrap();
    serde_json::from_str(&answer["data"].to_string()).unwrap()
}

#[test]
fn a_message_is_read_whole() {
    let envelope = envelope("im_receive_msg", TEXT);
    assert_eq!(envelope.client_key.as_deref(), Some("7000000000000000001"));
    assert_eq!((envelope.name.as_str(), envelope.business_id.as_str()), ("im_receive_msg", SHOP));
    assert_eq!(envelope.created_at, Timestamp::of_ms(1_790_000_000_000), "TikTok writes seconds here");
    assert_eq!(envelope.raw, TEXT);
    let Event::Message(event) = &envelope.event else { panic!("{envelope:?}") };
    assert_eq!((event.conversation_id.as_str(), event.outgoing), (CHAT, false));
    let person = event.person.as_ref().unwrap();
    assert_eq!((person.unique_identifier.as_str(), person.username.as_deref()), (NOK, Some("nok.shop")));
    assert_eq!((person.is_follower, person.display_name.as_ref()), (Some(true), None));
    let message = &event.message;
    assert_eq!((message.message_id.as_str(), message.timestamp), ("mid-1", Timestamp::of_ms(1_790_000_000_123)));
    assert_eq!(message.content, Content::Text { body: "Do you ship to Chiang Mai?".to_owned() });
    assert_eq!((message.sender.as_deref(), message.recipient.as_deref()), (Some("nok.shop"), Some("shop_a")));
    assert_eq!(message.from_user.as_ref().map(|from| &from.role), Some(&Role::Personal));
    assert_eq!((message.is_follower, message.tap.clone()), (Some(true), None));
    assert_eq!(message.raw.get(), TEXT);
    let printed = format!("{envelope:?}");
    assert!(!printed.contains("Chiang") && !printed.contains("nok.shop"), "{printed}");
}

#[test]
fn a_message_pushed_and_a_message_listed_are_one_message() {
    let every = page("messages-every-kind.json");
    let one = page("messages.json");
    for (event, content) in [
        ("im_receive_msg", TEXT),
        ("im_receive_msg", IMAGE),
        ("im_receive_msg", VIDEO),
        ("im_receive_msg", SHARE_POST),
        ("im_receive_msg", STICKER),
        ("im_receive_msg", EMOJI),
        ("im_send_msg", TEMPLATE),
        ("im_send_msg", ECHO),
        ("im_send_msg", WELCOME),
    ] {
        let pushed = message(event, content);
        let id = &pushed.message.message_id;
        let listed = one.messages.iter().chain(&every.messages).find(|listed| listed.message_id == *id).unwrap();
        let said = |message: &Message| {
            (
                (message.conversation_id.clone(), message.timestamp, message.kind.clone(), message.content.clone()),
                (message.from_user.clone(), message.to_user.clone(), message.sender.clone(), message.recipient.clone()),
                (message.source.clone(), message.auto_message_type.clone(), message.referenced_message_id.clone()),
                message.is_from_business(SHOP),
            )
        };
        assert_eq!(said(&pushed.message), said(listed), "{id}");
        assert_eq!(Some(pushed.outgoing), listed.is_from_business(SHOP), "{id}");
        assert_eq!(pushed.person.unwrap().unique_identifier, NOK, "{id}");
        let again = Message::read(&pushed.message.raw).unwrap();
        assert_eq!(said(&again), said(&pushed.message), "the kept JSON reads the same");
    }
}

#[test]
fn a_reply_of_ours_is_known_by_where_it_was_written() {
    let echo = message("im_send_msg", ECHO);
    assert!(echo.outgoing);
    assert_eq!(echo.message.source, Some(MessageSource::Api));
    let person = echo.person.unwrap();
    assert_eq!((person.unique_identifier.as_str(), person.username.as_deref()), (NOK, Some("nok.shop")));
    assert_eq!(message("im_send_msg", WELCOME).message.auto_message_type, Some(AutoMessageType::WelcomeMessage));
}

#[test]
fn ids_tell_who_wrote_and_the_events_name_only_without_them() {
    for (event, content, outgoing) in [("im_send_msg", TEXT, false), ("im_receive_msg", ECHO, true)] {
        let said = message(event, content);
        assert_eq!((said.outgoing, said.person.unwrap().unique_identifier.as_str()), (outgoing, NOK), "{event}");
    }
    let nobody = r#"{"conversation_id":"7aB+c/d==","message_id":"mid-1","type":"text","text":{"body":"hi"},"unique_identifier":"+ZuserUniqueId=","from":"a","to":"b"}"#;
    for (event, outgoing, name) in [("im_send_msg", true, "b"), ("im_receive_msg", false, "a")] {
        let said = message(event, nobody);
        let person = said.person.unwrap();
        assert_eq!((said.outgoing, person.username.as_deref()), (outgoing, Some(name)), "{event}");
        assert_eq!(person.unique_identifier, NOK);
    }
    let alone =
        with(nobody, r#""unique_identifier":"+ZuserUniqueId=","#, r#""unique_identifier":"_000EXAMPLEopenid","#);
    assert_eq!(message("im_receive_msg", &alone).person, None, "the shop is no customer of its own");
    let half = r#"{"conversation_id":"c","message_id":"m","type":"text","to_user":{"id":"_000EXAMPLEopenid"}}"#;
    let said = message("im_send_msg", half);
    assert_eq!((said.outgoing, said.person), (false, None));
}

#[test]
fn a_card_is_the_card_a_list_would_have() {
    let Content::Template(card) = message("im_send_msg", TEMPLATE).message.content else { panic!("a card") };
    assert_eq!((card.kind.as_deref(), card.title.as_str()), (Some("QA_BUTTON_CARD"), "How can we help?"));
    let button = |title: &str, id: Option<&str>| TemplateButton {
        kind: Some("REPLY".to_owned()),
        title: title.to_owned(),
        id: id.map(str::to_owned),
    };
    assert_eq!(card.buttons, [button("My parcel", Some("b1")), button("A return", None)]);
    let flat = with(TEMPLATE, r#""elements":[{"title":"How"#, r#""elements":[],"title":"Which"#);
    let flat = with(&flat, "}]}]}", "}]}");
    let Content::Template(card) = message("im_send_msg", &flat).message.content else { panic!("a card") };
    assert_eq!((card.title.as_str(), card.buttons.len()), ("Which can we help?", 2), "as a list writes it");
}

#[test]
fn a_tap_names_its_card_and_its_button() {
    let tap = message("im_receive_msg", TAP).message;
    assert_eq!(tap.content, Content::Text { body: "My parcel".to_owned() });
    assert_eq!(tap.tap, Some(Tap { message_id: Some("mid-18".to_owned()), button_id: Some("b1".to_owned()) }));
    let quote = message("im_receive_msg", QUOTE).message;
    assert_eq!((quote.referenced_message_id.as_deref(), quote.tap), (Some("mid-12"), None));
}

#[test]
fn what_has_no_word_here_is_kept_as_it_came() {
    let voice = message("im_receive_msg", VOICE).message;
    assert_eq!((&voice.kind, &voice.content), (&MessageType::Unknown("VOICE".to_owned()), &Content::Unsupported));
    assert_eq!(voice.raw.get(), VOICE);
    let other = with(VOICE, r#""type":"voice""#, r#""type":"other""#);
    assert_eq!(message("im_receive_msg", &other).message.kind, MessageType::Other);
    let none = with(VOICE, r#""type":"voice","#, "");
    assert_eq!(message("im_receive_msg", &none).message.kind, MessageType::Unknown(String::new()));
}

#[test]
fn big_ids_keep_every_digit() {
    let content = with(TEXT, r#""mid-1""#, "7361234567890123457");
    let content = with(&content, r#""conversation_id":"7aB+c/d==""#, r#""conversation_id":99999999999999999999999"#);
    let content = with(&content, r#"{"id":"+ZuserUniqueId=""#, r#"{"id":9007199254740993"#);
    let said = message("im_receive_msg", &content);
    assert_eq!(said.message.message_id, "7361234567890123457");
    assert_eq!(said.conversation_id, "99999999999999999999999");
    assert_eq!(said.person.unwrap().unique_identifier, "9007199254740993");
    let post = with(SHARE_POST, r#""video_id":"7361234567890123457""#, r#""video_id":7361234567890123457"#);
    let Content::SharePost { item_id, .. } = message("im_receive_msg", &post).message.content else { panic!("a post") };
    assert_eq!(item_id.as_deref(), Some("7361234567890123457"));
}
