//! Everything that is no message, and what is no event at all.

use super::{
    fixtures::{
        ALL, AUTO_AUDIT, AUTO_CONFIG, CHAT, COMMENT, EU, MARK_READ, NOK, REACTION, REFERRAL_AD, REFERRAL_LINK, REMOVED,
        SHOP, TEXT,
    },
    *,
};
use crate::Timestamp;
use crate::business::{
    auto_message::{AuditStatus, AutoMessageText},
    message::{AutoMessageType, ReactionKind},
};

fn read(event: &str, content: &str) -> Event {
    envelope(event, content).event
}

fn is_unknown(event: &Event) -> bool {
    matches!(event, Event::Unknown { .. })
}

#[test]
fn every_documented_event_is_known() {
    for (event, content) in ALL {
        let envelope = envelope(event, content);
        assert!(!is_unknown(&envelope.event), "{event}: {envelope:?}");
        assert_eq!(&envelope.raw, content);
    }
}

#[test]
fn reactions_come_and_go() {
    let Event::Reacted(reacted) = read("im_receive_msg", REACTION) else { panic!("reactions") };
    assert_eq!(reacted.conversation_id, CHAT);
    assert_eq!(reacted.person.as_ref().unwrap().unique_identifier, NOK);
    let [heart, picture] = reacted.changes.as_slice() else { panic!("two") };
    assert_eq!((&heart.operation, heart.original_message_id.as_str()), (&ReactionOperation::Add, "mid-12"));
    assert_eq!((&heart.reaction.kind, heart.reaction.emoji.as_deref()), (&ReactionKind::Emoji, Some("❤️")));
    assert_eq!(heart.reaction.timestamp, Timestamp::of_ms(1_790_000_002_020));
    assert_eq!(heart.reaction.is_from_business(SHOP), Some(false));
    assert_eq!((&picture.operation, picture.original_message_id.as_str()), (&ReactionOperation::Remove, "mid-11"));
    assert_eq!(picture.reaction.kind, ReactionKind::AiEmoji);
    let url = picture.reaction.ai_emoji_url.as_deref().unwrap();
    assert_eq!(crate::expires_at_s(url), Some(1_792_592_000));
    assert_eq!(picture.reaction.is_from_business(SHOP), Some(true));
    assert!(!format!("{reacted:?}").contains("https"));
}

#[test]
fn a_reaction_nobody_could_place_is_left_out() {
    let homeless = with(REACTION, r#","original_msg_id":"mid-11""#, "");
    let Event::Reacted(reacted) = read("im_receive_msg", &homeless) else { panic!("reactions") };
    assert_eq!(reacted.changes.len(), 1);
    let alone = r#"{"conversation_id":"c","type":"REACTION","reaction":{"operation":"add","emoji":"x","original_msg_id":7361234567890123457}}"#;
    let Event::Reacted(reacted) = read("im_send_msg", alone) else { panic!("one, in capitals and no list") };
    let change = &reacted.changes[0];
    assert_eq!((&change.operation, &change.reaction.kind), (&ReactionOperation::Add, &ReactionKind::Emoji));
    assert_eq!(change.original_message_id, "7361234567890123457");
    assert_eq!((change.reaction.is_from_business(SHOP), reacted.person.as_ref()), (None, None));
    for none in [r#"{"conversation_id":"c","type":"reaction","reaction":[]}"#, r#"{"type":"reaction","reaction":[1]}"#]
    {
        assert!(is_unknown(&read("im_receive_msg", none)), "{none}");
    }
}

#[test]
fn a_customer_has_read_up_to_here() {
    let Event::MarkRead { conversation_id, last_read_at, person } = read("im_mark_read_msg", MARK_READ) else {
        panic!("read")
    };
    assert_eq!((conversation_id.as_str(), last_read_at), (CHAT, Timestamp::of_ms(1_790_000_000_123).unwrap()));
    assert_eq!(person.unwrap().unique_identifier, NOK);
    let text = with(MARK_READ, r#""last_read_timestamp":1790000000123"#, r#""last_read_timestamp":"1790000000123""#);
    assert!(
        matches!(read("im_mark_read_msg", &text), Event::MarkRead { last_read_at, .. } if Some(last_read_at) == Timestamp::of_ms(1_790_000_000_123))
    );
    assert!(is_unknown(&read("im_mark_read_msg", &with(MARK_READ, "\"read\"", "\"unread\""))));
}

#[test]
fn a_customer_came_by_an_advertisement_or_a_link() {
    let Event::Referral { conversation_id, person, source, referral, at } = read("im_referral_msg", REFERRAL_AD) else {
        panic!("a referral")
    };
    assert_eq!((conversation_id.as_str(), source), (CHAT, Some(ReferralSource::Ad)));
    assert_eq!(at, Timestamp::of_ms(1_790_000_000_456));
    assert_eq!(person.unwrap().unique_identifier, NOK);
    let ([ad], []) = (referral.ads.as_slice(), referral.short_links.as_slice()) else { panic!("one ad") };
    assert_eq!((ad.ad_id.as_deref(), ad.ad_name.as_deref()), (Some("7361234567890123402"), Some("Autumn linen")));
    assert_eq!(ad.at, Timestamp::of_ms(1_790_000_000_456), "ms here, seconds in the list");
    assert_eq!(ad.message_material_id.as_deref(), Some("7361234567890123404"));
    assert!(!format!("{referral:?}").contains("linen"));

    let Event::Referral { source, referral, .. } = read("im_referral_msg", REFERRAL_LINK) else { panic!("a referral") };
    assert_eq!((source, referral.ads.len()), (Some(ReferralSource::ShortLink), 0));
    assert_eq!(referral.short_links[0].reference.as_deref(), Some("spring"));
    assert!(!format!("{referral:?}").contains("Hi, about"));

    let odd = with(REFERRAL_AD, r#""source":"ad""#, r#""source":"fridge""#);
    let Event::Referral { source, referral, .. } = read("im_referral_msg", &odd) else { panic!("a referral") };
    assert_eq!((source, referral.ads.len()), (Some(ReferralSource::Unknown("fridge".to_owned())), 1));
}

#[test]
fn a_message_from_the_eu_is_a_sign_and_no_more() {
    let Event::EuMessage { business_id, at } = read("im_receive_msg_eu", EU) else { panic!("a sign") };
    assert_eq!((business_id.as_str(), at), (SHOP, Timestamp::of_ms(1_790_000_000_123)));
    assert!(
        matches!(read("im_receive_msg_eu", "{}"), Event::EuMessage { business_id, at: None } if business_id == SHOP)
    );
}

#[test]
fn automatic_messages_are_changed_and_judged() {
    let Event::AutoMessageConfig(config) = read("im_auto_message_config_update", AUTO_CONFIG) else { panic!("config") };
    assert_eq!((config.auto_message_id.as_deref(), config.at), (Some("am-1"), Timestamp::of_ms(1_790_000_000_789)));
    assert_eq!((&config.kind, &config.action), (&AutoMessageType::SuggestedQuestion, &AutoMessageAction::Update));
    let text = AutoMessageText::SuggestedQuestion {
        question: "Where do you ship?".to_owned(),
        answer: "Everywhere in Thailand.".to_owned(),
    };
    assert_eq!(config.text, Some(text));
    assert!(!format!("{config:?}").contains("Thailand"));

    for (kind, block, expected) in [
        (
            "WELCOME_MESSAGE",
            r#""welcome_message":{"content":"Hello {{display_name}}"}"#,
            Some(AutoMessageText::Welcome { content: "Hello {{display_name}}".to_owned() }),
        ),
        (
            "CHAT_PROMPT",
            r#""chat_prompt":{"title":"Sizes","content":"S to XL"}"#,
            Some(AutoMessageText::ChatPrompt { title: "Sizes".to_owned(), content: "S to XL".to_owned() }),
        ),
        (
            "chat_prompt",
            r#""suggested_question":{"title":"Sizes","content":"S to XL"}"#,
            Some(AutoMessageText::ChatPrompt { title: "Sizes".to_owned(), content: "S to XL".to_owned() }),
        ),
        ("CHAT_PROMPT", r#""chat_prompt":null"#, None),
        ("HOROSCOPE", r#""horoscope":{}"#, None),
    ] {
        let content = format!(r#"{{"auto_message_type":"{kind}","auto_message_action":"ENABLE",{block}}}"#);
        let Event::AutoMessageConfig(config) = read("im_auto_message_config_update", &content) else {
            panic!("{kind}")
        };
        assert_eq!((config.text, config.auto_message_id), (expected, None), "{kind}");
    }

    let Event::AutoMessageAudit(audit) = read("im_auto_message_audit_update", AUTO_AUDIT) else { panic!("audit") };
    assert_eq!((audit.auto_message_id.as_str(), &audit.status), ("am-1", &AuditStatus::Rejected));
    assert_eq!((&audit.kind, audit.at), (&AutoMessageType::WelcomeMessage, Timestamp::of_ms(1_790_000_000_790)));
}

#[test]
fn a_comment_that_may_be_answered_keeps_its_number() {
    for content in [COMMENT.to_owned(), with(COMMENT, r#""7361234567890123499""#, "7361234567890123499")] {
        let Event::HighIntentComment(comment) = read("im_receive_high_intent_comment", &content) else { panic!("one") };
        assert_eq!((comment.comment_id.as_str(), comment.text.as_str()), ("7361234567890123499", "How much is this?"));
        let person = comment.person.clone().unwrap();
        assert_eq!((person.unique_identifier.as_str(), person.is_follower), (NOK, Some(true)));
        assert_eq!(comment.at, Timestamp::of_ms(1_790_000_000_321));
        assert!(!format!("{comment:?}").contains("How much"));
    }
}

#[test]
fn an_authorisation_ends_for_a_reason() {
    for (content, expected) in [
        (REMOVED, RemovalReason::Disconnected),
        (r#"{"reason":0}"#, RemovalReason::NotSaid),
        (r#"{"reason":2}"#, RemovalReason::Deleted),
        (r#"{"reason":"3"}"#, RemovalReason::AgeChanged),
        (r#"{"reason":4}"#, RemovalReason::Banned),
        (r#"{"reason":5}"#, RemovalReason::Revoked),
        (r#"{"reason":-9}"#, RemovalReason::Other(-9)),
        ("{}", RemovalReason::NotSaid),
    ] {
        let event = read("authorization.removed", content);
        assert!(matches!(event, Event::AuthorizationRemoved { reason } if reason == expected), "{content}");
    }
}

#[test]
fn what_is_not_known_is_kept_under_its_name() {
    let content = r#"{"comment_id":7361234567890123457,"parent_comment_id":0}"#;
    let unknown = envelope("comment.update", content);
    assert!(matches!(&unknown.event, Event::Unknown { name } if name == "comment.update"));
    assert_eq!(unknown.raw, content, "to the last digit");
    for (event, content) in [
        ("im_receive_msg", "{}"),
        ("im_receive_msg", ""),
        ("im_receive_msg", "not JSON"),
        ("im_receive_msg", "[]"),
        ("im_receive_msg", "null"),
        ("im_receive_msg", r#"{"conversation_id":"c","type":"text"}"#),
        ("im_receive_msg", r#"{"message_id":"m","type":"text"}"#),
        ("im_referral_msg", r#"{"conversation_id":"c"}"#),
        ("im_auto_message_config_update", "{}"),
        ("im_auto_message_audit_update", r#"{"auto_message_id":"a"}"#),
        ("im_receive_high_intent_comment", r#"{"comment_text":"x"}"#),
    ] {
        let envelope = envelope(event, content);
        assert!(is_unknown(&envelope.event), "{event} {content}");
        assert_eq!(envelope.raw, content);
    }
}

#[test]
fn an_envelope_may_hold_its_content_open_and_its_numbers_as_text() {
    let body = format!(
        r#" {{"event":"im_receive_msg","user_openid":9007199254740993,"client_key":7000000000000000001,"create_time":"1790000000","content":{TEXT}}}"#
    );
    let envelope = Envelope::read(body.as_bytes()).unwrap();
    assert!(matches!(&envelope.event, Event::Message(_)));
    assert_eq!((envelope.raw.as_str(), envelope.business_id.as_str()), (TEXT, "9007199254740993"));
    assert_eq!(envelope.client_key.as_deref(), Some("7000000000000000001"));
    assert_eq!(envelope.created_at, Timestamp::of_ms(1_790_000_000_000));
    let bare = Envelope::read(br#"{"event":"im_receive_msg","user_openid":"o"}"#).unwrap();
    assert!(is_unknown(&bare.event) && bare.raw.is_empty());
    assert_eq!((bare.client_key, bare.created_at), (None, None));
}

#[test]
fn what_is_no_event_says_why() {
    use EnvelopeError::{NoAccount, NoEvent, NotAnObject};
    for (body, expected) in [
        (&b""[..], NotAnObject),
        (b"[]", NotAnObject),
        (b"null", NotAnObject),
        (b"{\"event\":\"a\",\"user_openid\":\"b\"", NotAnObject),
        (b"{\"event\":\"a\",\"user_openid\":\"b\"}}", NotAnObject),
        (b"{\"event\":\"\xff\",\"user_openid\":\"b\"}", NotAnObject),
        (b"\x1f\x8b\x08", NotAnObject),
        (b"{}", NoEvent),
        (b"{\"event\":\"\",\"user_openid\":\"b\"}", NoEvent),
        (b"{\"event\":{},\"user_openid\":\"b\"}", NoEvent),
        (b"{\"event\":\"a\"}", NoAccount),
        (b"{\"event\":\"a\",\"user_openid\":null}", NoAccount),
    ] {
        assert_eq!(Envelope::read(body).unwrap_err(), expected, "{}", String::from_utf8_lossy(body));
    }
}
