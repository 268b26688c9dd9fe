//! What TikTok sends by itself, and answers to comments: read, and asked for as documented.

use super::answer;
use crate::{
    Endpoint, Error, Safety, UnknownWhy,
    business::{
        auto_message::{
            AuditStatus, AutoMessageText, CreateAutoMessage, DeleteAutoMessage, ListAutoMessages, OperationStatus,
            SetAutoMessageStatus, SortAutoMessages, UpdateAutoMessage,
        },
        direct_reply::{GetDirectReply, SetDirectReply},
        message::{AnswerComment, AutoMessageType},
    },
};
use serde_json::{Value, json};

const SHOP: &str = "_000EXAMPLEopenid";

fn list(kind: AutoMessageType) -> ListAutoMessages {
    ListAutoMessages { business_id: SHOP.to_owned(), kind }
}

fn prompt(title: &str, content: &str) -> AutoMessageText {
    AutoMessageText::ChatPrompt { title: title.to_owned(), content: content.to_owned() }
}

#[test]
fn each_kind_is_read_in_tiktoks_order() {
    let welcome = answer(&list(AutoMessageType::WelcomeMessage), "auto-welcome.json").unwrap();
    assert_eq!((welcome.status, welcome.unreadable), (Some(OperationStatus::Enable), 0));
    let greeting = "Hello {{display_name}},\nhow can we help?".to_owned();
    assert_eq!(welcome.messages[0].text, AutoMessageText::Welcome { content: greeting });
    assert_eq!(welcome.messages[0].audit, Some(AuditStatus::Approved));

    let questions = answer(&list(AutoMessageType::SuggestedQuestion), "auto-questions.json").unwrap();
    assert_eq!(questions.status, Some(OperationStatus::Disable));
    let audits: Vec<_> = questions.messages.iter().map(|message| message.audit.clone().unwrap()).collect();
    assert_eq!(audits, [AuditStatus::Reviewing, AuditStatus::Rejected]);

    let prompts = answer(&list(AutoMessageType::ChatPrompt), "auto-prompts.json").unwrap();
    let ids: Vec<_> = prompts.messages.iter().map(|message| message.auto_message_id.as_str()).collect();
    assert_eq!(ids, ["am-5", "am-4"]);
    assert_eq!(prompts.messages[1].text, prompt("Opening hours", "9 to 5."), "under the other name");
    assert!(prompts.messages[1].raw.get().contains("suggested_question"));
    assert!(!format!("{prompts:?}").contains("Opening"), "words stay out of the log");
}

#[test]
fn bad_entries_do_not_lose_a_kind_and_unknown_words_are_kept() {
    let read = answer(&list(AutoMessageType::ChatPrompt), "auto-hostile.json").unwrap();
    assert_eq!(read.status, Some(OperationStatus::Unknown("PAUSED".to_owned())));
    assert_eq!(read.unreadable, 4, "null, a string, no id, a kind without a name here");
    let [first, second] = read.messages.as_slice() else { panic!("two messages") };
    assert_eq!(first.auto_message_id, "9007199254740993", "every digit");
    assert_eq!(first.audit, Some(AuditStatus::Unknown("ON_HOLD".to_owned())));
    assert_eq!(first.text, prompt("Parcel", "Left today."), "the other block's own words");
    assert_eq!((second.audit.clone(), &second.text), (None, &prompt("", "")));
}

#[test]
fn no_messages_is_an_answer_and_an_empty_answer_is_none() {
    let none = answer(&list(AutoMessageType::ChatPrompt), "auto-none.json").unwrap();
    assert!(none.messages.is_empty() && none.status == Some(OperationStatus::Disable));
    for name in ["revoke.json", "truncated.json"] {
        let error = answer(&list(AutoMessageType::ChatPrompt), name).unwrap_err();
        assert!(matches!(error, Error::Unknown { .. }), "{name}: {error}");
    }
}

#[test]
fn a_message_is_made_only_if_tiktok_names_it() {
    let create = CreateAutoMessage { business_id: SHOP.to_owned(), text: prompt("Sizes", "S to XL.") };
    assert_eq!(answer(&create, "auto-created.json").unwrap().auto_message_id.as_deref(), Some("am-8"));
    for name in ["auto-created-without-id.json", "revoke.json"] {
        let error = answer(&create, name).unwrap_err();
        let Error::Unknown { why, .. } = &error else { panic!("{name}: {error}") };
        assert_eq!(why, &UnknownWhy::NoRequiredData { path: "data.auto_message.auto_message_id" });
    }
}

#[test]
fn changes_are_asked_for_as_documented_and_never_repeated() {
    fn asked<E: Endpoint>(endpoint: &E) -> (&'static str, Value) {
        assert_eq!(E::SAFETY, Safety::Once);
        (E::PATH.trim_start_matches("/business/message/auto_message"), endpoint.body().unwrap())
    }
    let (shop, id) = (SHOP.to_owned(), "am-4".to_owned());
    let body = |kind: &str, more: Value| {
        let mut body = json!({ "business_id": SHOP, "auto_message_type": kind });
        body.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
        body
    };
    let text = AutoMessageText::Welcome { content: "Hello".to_owned() };
    let create = CreateAutoMessage { business_id: shop.clone(), text };
    assert_eq!(
        asked(&create),
        ("/create/", body("WELCOME_MESSAGE", json!({ "welcome_message": { "content": "Hello" } })))
    );
    let text = AutoMessageText::SuggestedQuestion { question: "q".to_owned(), answer: "a".to_owned() };
    let update = UpdateAutoMessage { business_id: shop.clone(), auto_message_id: id.clone(), text };
    let said = json!({ "auto_message_id": "am-4", "suggested_question": { "question": "q", "answer": "a" } });
    assert_eq!(asked(&update), ("/update/", body("SUGGESTED_QUESTION", said)));
    let kind = AutoMessageType::ChatPrompt;
    let delete = DeleteAutoMessage { business_id: shop.clone(), kind: kind.clone(), auto_message_id: id };
    assert_eq!(asked(&delete), ("/delete/", body("CHAT_PROMPT", json!({ "auto_message_id": "am-4" }))));
    let ids = vec!["am-5".to_owned(), "am-4".to_owned()];
    let sort = SortAutoMessages { business_id: shop.clone(), kind: kind.clone(), auto_message_ids: ids };
    assert_eq!(asked(&sort), ("/sort/", body("CHAT_PROMPT", json!({ "auto_message_ids": ["am-5", "am-4"] }))));
    let status = SetAutoMessageStatus { business_id: shop, kind: kind.clone(), enabled: true };
    assert_eq!(asked(&status), ("/status/update/", body("CHAT_PROMPT", json!({ "operation_status": "ENABLE" }))));
    assert_eq!(list(kind).query(), [("business_id", SHOP.to_owned()), ("auto_message_type", "CHAT_PROMPT".to_owned())]);
    for name in ["revoke.json", "auto-created.json"] {
        assert!(
            answer(&delete, name).is_ok() && answer(&sort, name).is_ok() && answer(&update, name).is_ok(),
            "{name}"
        );
        assert!(answer(&status, name).is_ok(), "{name}");
    }
}

#[test]
fn comments_are_answered_and_the_answering_switched_as_documented() {
    let get = GetDirectReply { business_id: SHOP.to_owned() };
    assert_eq!(get.query()[1], ("direct_reply_type", "COMMENT_TO_MESSAGE".to_owned()));
    assert_eq!(answer(&get, "direct-reply.json").unwrap().status, Some(OperationStatus::Enable));
    assert!(matches!(answer(&get, "revoke.json").unwrap_err(), Error::Unknown { .. }));
    let set = SetDirectReply { business_id: SHOP.to_owned(), enabled: false };
    assert_eq!(
        set.body().unwrap(),
        json!({ "business_id": SHOP, "direct_reply_type": "COMMENT_TO_MESSAGE", "operation_status": "DISABLE" })
    );
    assert!(answer(&set, "revoke.json").is_ok());

    let reply = AnswerComment {
        business_id: SHOP.to_owned(),
        comment_id: "7361234567890123499".to_owned(),
        body: "canary".to_owned(),
    };
    assert_eq!(
        reply.body().unwrap(),
        json!({
            "business_id": SHOP, "message_type": "TEXT", "text": { "body": "canary" },
            "direct_reply": { "reply_type": "COMMENT_REPLY", "comment_reply": { "comment_id": "7361234567890123499" } },
        })
    );
    assert_eq!(AnswerComment::SAFETY, Safety::Once);
    assert!(!format!("{reply:?}").contains("canary"));
    assert_eq!(answer(&reply, "send-text.json").unwrap().message_id.as_deref(), Some("mid-456"));
    assert!(!answer(&reply, "send-without-id.json").unwrap_err().is_certainly_not_taken());
}
