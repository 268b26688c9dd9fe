//! Reading conversations, friendly and hostile.

use super::answer;
use crate::Timestamp;
use crate::{
    Error, UnknownWhy,
    business::message::{
        AutoMessageType, Content, ListMessages, Message, MessagePage, MessageSource, MessageType, ReactionKind, Role,
    },
};

const SHOP: &str = "_000EXAMPLEopenid";
const CHAT: &str = "7aB+c/d==";

fn list() -> ListMessages {
    ListMessages { business_id: SHOP.to_owned(), conversation_id: CHAT.to_owned() }
}

fn page(name: &str) -> MessagePage {
    answer(&list(), name).unwrap()
}

fn find<'a>(page: &'a MessagePage, id: &str) -> &'a Message {
    page.messages.iter().find(|message| message.message_id == id).unwrap_or_else(|| panic!("{id} was lost"))
}

#[test]
fn a_message_is_read_whole() {
    let page = page("messages.json");
    assert_eq!(page.participants[1].display_name.as_deref(), Some("Nok"));
    assert_eq!(page.participants[1].is_follower, Some(true));
    let message = find(&page, "mid-1");
    assert_eq!(message.timestamp, Timestamp::of_ms(1_790_000_000_123));
    assert_eq!(message.kind, MessageType::Text);
    assert_eq!(message.content, Content::Text { body: "Do you ship to Chiang Mai?".to_owned() });
    assert_eq!(message.source, Some(MessageSource::App));
    assert_eq!(message.sender.as_deref(), Some("nok.shop"));
    let from = message.from_user.as_ref().unwrap();
    assert_eq!((&from.role, from.id.as_str()), (&Role::Personal, "+ZuserUniqueId="));
    assert_eq!(message.is_from_business(SHOP), Some(false));
    assert!(message.raw.get().contains("Chiang Mai"));
    assert_eq!(Message::read(&message.raw).unwrap().content, message.content, "the kept JSON reads the same");
    let printed = format!("{page:?}");
    assert!(!printed.contains("Chiang Mai") && !printed.contains("Nok"), "{printed}");
}

#[test]
fn every_kind_is_read() {
    let page = page("messages-every-kind.json");
    assert_eq!((page.messages.len(), page.unreadable.len()), (12, 0));
    let content = |id: &str| find(&page, id).content.clone();
    assert_eq!(content("mid-13"), Content::Image { media_id: "m-13".to_owned() });
    assert_eq!(content("mid-14"), Content::Video { media_id: "m-14".to_owned() });
    assert!(
        matches!(content("mid-15"), Content::SharePost { item_id: Some(id), embed_url: Some(_) } if id == "7361234567890123457")
    );
    assert!(matches!(content("mid-16"), Content::Sticker { url } if url.ends_with("x-expires=1792592000")));
    assert!(matches!(content("mid-17"), Content::Emoji { url } if url.ends_with("e.png")));
    let Content::Template(card) = content("mid-18") else { panic!("a card") };
    assert_eq!((card.kind.as_deref(), card.title.as_str()), (Some("QA_BUTTON_CARD"), "How can we help?"));
    assert_eq!(card.buttons[0].id.as_deref(), Some("b1"));
    assert_eq!((card.buttons[1].title.as_str(), card.buttons[1].id.as_deref()), ("A return", None));
    assert_eq!((content("mid-19"), &find(&page, "mid-19").kind), (Content::Unsupported, &MessageType::Other));

    let ours = find(&page, "mid-12");
    assert_eq!(ours.referenced_message_id.as_deref(), Some("mid-11"));
    assert_eq!((ours.source.clone(), ours.is_from_business(SHOP)), (Some(MessageSource::Api), Some(true)));
    let reactions = &find(&page, "mid-11").reactions;
    assert_eq!((reactions[0].kind.as_str(), reactions[0].emoji.as_deref()), ("EMOJI", Some("❤️")));
    assert_eq!(
        (reactions[0].timestamp, reactions[0].is_from_business(SHOP)),
        (Timestamp::of_ms(1_790_000_001_020), Some(true))
    );
    assert_eq!((&reactions[1].kind, reactions[1].emoji.as_ref()), (&ReactionKind::AiEmoji, None));
    let picture = reactions[1].ai_emoji_url.as_deref().unwrap();
    assert_eq!(crate::expires_at_s(picture), Some(1_792_592_000));
    let source = |id: &str| find(&page, id).source.clone();
    assert_eq!(source("mid-13"), Some(MessageSource::Web));
    assert_eq!(source("mid-18"), Some(MessageSource::Others));
    assert_eq!(source("mid-19"), Some(MessageSource::UnknownSource));
    assert_eq!(source("mid-14"), None);
    let auto = |id: &str| find(&page, id).auto_message_type.clone();
    assert_eq!(auto("mid-10"), Some(AutoMessageType::WelcomeMessage));
    assert_eq!(auto("mid-20"), Some(AutoMessageType::SuggestedQuestion));
    assert_eq!(auto("mid-21"), Some(AutoMessageType::AutoReply));
    assert_eq!(auto("mid-11"), None);
}

#[test]
fn a_shared_post_may_be_named_by_its_video() {
    let page = page("messages-share-post-video-id.json");
    assert!(
        matches!(&find(&page, "mid-1").content, Content::SharePost { item_id: Some(id), embed_url: None } if id == "7361234567890123457")
    );
}

#[test]
fn a_shared_posts_number_keeps_every_digit() {
    let read = |block: &str| {
        let json = format!(r#"{{"message_id":"m","message_type":"SHARE_POST","share_post":{block}}}"#);
        Message::read(&serde_json::value::RawValue::from_string(json).unwrap()).unwrap().content
    };
    for block in [r#"{"item_id":7361234567890123457}"#, r#"{"item_id":null,"video_id":7361234567890123457}"#] {
        let Content::SharePost { item_id, embed_url: None } = read(block) else { panic!("{block}") };
        assert_eq!(item_id.as_deref(), Some("7361234567890123457"), "{block}");
    }
    assert_eq!(read("{}"), Content::Unsupported);
}

#[test]
fn one_bad_message_never_loses_the_page() {
    let page = page("messages-hostile.json");
    assert_eq!(page.unreadable.len(), 4, "null, a string, no id, an object for an id");
    assert!(page.unreadable.iter().any(|raw| raw.contains("a message without an id")));
    assert_eq!(page.messages.len(), 7);
    assert_eq!(find(&page, "mid-good").content, Content::Text { body: "still here".to_owned() });

    let big = find(&page, "7361234567890123457");
    assert_eq!((big.timestamp, &big.content), (Timestamp::of_ms(1_790_000_000_003), &Content::Unsupported));

    let null = find(&page, "mid-null");
    assert_eq!((null.timestamp, null.kind.as_str(), null.from_user.is_none()), (None, "", true));
    assert_eq!(null.is_from_business(SHOP), None);

    let voice = find(&page, "mid-voice");
    assert_eq!(voice.kind, MessageType::Unknown("VOICE_NOTE".to_owned()));
    assert_eq!(voice.source, Some(MessageSource::Unknown("FRIDGE".to_owned())));
    assert_eq!(voice.auto_message_type, Some(AutoMessageType::Unknown("HOROSCOPE".to_owned())));
    assert_eq!(voice.timestamp, Timestamp::of_ms(1_790_000_000_004));
    let from = voice.from_user.clone().unwrap();
    assert_eq!((from.role.as_str(), from.id.as_str()), ("ROBOT", "9007199254740993"));
    assert!(voice.raw.get().contains("voice_note"));

    let half = find(&page, "mid-half");
    assert!(matches!(&half.content, Content::Text { body } if body.starts_with("hi ") && body.ends_with(" there")));
    assert_eq!(half.timestamp, None);

    let block = find(&page, "mid-block");
    assert_eq!((&block.kind, &block.content), (&MessageType::Image, &Content::Unsupported));
    assert_eq!(block.reactions.len(), 1);
    assert_eq!(block.reactions[0].timestamp, None);

    assert!(
        matches!(&find(&page, "mid-markup").content, Content::Text { body } if body.contains("<img") && body.contains('\0'))
    );
    assert_eq!(page.participants.len(), 1);
    assert_eq!(page.participants[0].is_follower, Some(false));
}

#[test]
fn an_empty_conversation_and_no_conversation_are_told_apart() {
    assert!(page("messages-none.json").messages.is_empty());
    let error = answer(&list(), "messages-not-a-list.json").unwrap_err();
    let Error::Unknown { why: UnknownWhy::Garbled { path }, .. } = error else { panic!("{error}") };
    assert_eq!(path, "data.messages");
}
