//! What TikTok says for a shop by itself, and when it says nothing.

use sandbox::{
    AutoKind::{ChatPrompt, SuggestedQuestion, WelcomeMessage},
    Config, Customer, WindowRule,
};

use crate::client::{Desk, unhurried};

fn texts(customer: &Customer) -> Vec<String> {
    customer.thread().iter().map(|line| line.text.clone()).collect()
}

/// A shop that greets, answers one question and has one prompt.
async fn talkative() -> Desk {
    let desk = Desk::linked_to(unhurried(Config { rule: WindowRule::B, ..Config::default() }).await).await;
    let owner = desk.sandbox.owner();
    for kind in [WelcomeMessage, SuggestedQuestion, ChatPrompt] {
        owner.turns_on(kind);
    }
    let welcome = desk.sandbox.ledger().auto_messages[0].id.clone();
    let ids =
        [owner.edits(&welcome, "", "Hello!"), owner.suggests("When?", "9 to 18"), owner.prompts("Size", "Which size?")];
    for id in ids {
        assert!(desk.sandbox.approve(&id));
    }
    desk
}

#[tokio::test]
async fn whoever_opens_a_chat_is_greeted_once_and_without_being_answered() {
    let desk = talkative().await;
    let nok = desk.sandbox.customer("Nok");
    nok.says("hi");
    nok.says("anybody?");
    assert_eq!(texts(&nok), ["hi", "Hello!", "anybody?"]);
    let id = nok.thread()[1].message_id.clone();
    let listed = desk.listed(&nok, &id).await;
    assert_eq!(
        (&listed["auto_message_type"], &listed["message_tag"]["source"]),
        (&"WELCOME_MESSAGE".into(), &"OTHERS".into())
    );
    assert_eq!(listed["from_user"]["role"], "BUSINESS_ACCOUNT");
    assert_eq!(desk.list("STRANGER").await, [nok.conversation_id()], "the business has not replied");
    assert!(desk.sandbox.ledger().accepted.is_empty(), "and sent nothing");
    assert_eq!(desk.sandbox.ledger().ids_with("Nok").len(), 3);
}

#[tokio::test]
async fn a_tapped_question_is_answered_and_so_is_one_typed_word_for_word() {
    let desk = talkative().await;
    let nok = desk.sandbox.customer("Nok");
    let (question, answer) = nok.taps_question("When?");
    assert_eq!(texts(&nok), ["When?", "Hello!", "9 to 18"]);
    assert_eq!(nok.thread()[0].message_id, question);
    assert_eq!(desk.listed(&nok, &answer).await["auto_message_type"], "SUGGESTED_QUESTION");
    nok.says("when?");
    nok.says("When? ");
    nok.says("When?");
    assert_eq!(texts(&nok)[3..], ["when?", "When? ", "When?", "9 to 18"]);
    assert_eq!(nok.taps_question("Where?"), (String::new(), String::new()));
    assert_eq!(texts(&nok).len(), 7, "nobody can tap what is not there");
}

#[tokio::test]
async fn a_tapped_prompt_has_the_customer_ask_and_is_answered_by_nobody() {
    let desk = talkative().await;
    let nok = desk.sandbox.customer("Nok");
    nok.says("hi");
    let id = nok.taps_prompt("Size");
    let listed = desk.listed(&nok, &id).await;
    assert_eq!(
        (&listed["text"]["body"], &listed["from_user"]["role"]),
        (&"Which size?".into(), &"PERSONAL_ACCOUNT".into())
    );
    assert!(listed.get("auto_message_type").is_none());
    assert_eq!(texts(&nok), ["hi", "Hello!", "Which size?"]);
    assert_eq!(nok.taps_prompt("Which size?"), "", "what is on the button counts");
}

#[tokio::test]
async fn nothing_is_said_that_is_off_under_review_rejected_or_switched_off() {
    let desk = talkative().await;
    let id = |kind| {
        let all = desk.sandbox.ledger().auto_messages;
        all.into_iter().find(|message| message.kind == kind).map(|message| message.id).unwrap()
    };
    let owner = desk.sandbox.owner();
    let silent = |name: &str| {
        let customer = desk.sandbox.customer(name);
        customer.says("hi");
        customer.says("When?");
        assert_eq!(texts(&customer), ["hi", "When?"], "{name}");
        assert_eq!((customer.taps_question("When?").0, customer.taps_prompt("Size")), (String::new(), String::new()));
    };
    for kind in [WelcomeMessage, SuggestedQuestion, ChatPrompt] {
        owner.turns_off(kind);
    }
    silent("off");
    owner.turns_on(WelcomeMessage);
    desk.sandbox.reject(&id(WelcomeMessage));
    owner.turns_on(SuggestedQuestion);
    owner.turns_on(ChatPrompt);
    silent("rejected or switched off");
    desk.sandbox.approve(&id(WelcomeMessage));
    assert!(!owner.edits(&id(WelcomeMessage), "", "Hello again!").is_empty());
    assert!(owner.deletes(&id(SuggestedQuestion)) && owner.deletes(&id(ChatPrompt)));
    assert!(!owner.suggests("When?", "9 to 18").is_empty() && !owner.prompts("Size", "Which size?").is_empty());
    silent("under review");
    desk.reviews_end();
    let nok = desk.sandbox.customer("Nok");
    nok.says("When?");
    assert_eq!(texts(&nok), ["When?", "Hello again!", "9 to 18"]);
}

#[tokio::test]
async fn the_default_greeting_names_the_shop() {
    let desk = Desk::linked().await;
    desk.sandbox.owner().turns_on(WelcomeMessage);
    let nok = desk.sandbox.customer("Nok");
    nok.says("hi");
    let greeting = texts(&nok)[1].clone();
    assert!(greeting.contains("Corner Shop") && !greeting.contains("{{"), "{greeting}");
}

#[tokio::test]
async fn greetings_and_answers_use_up_nothing_of_the_ten() {
    let desk = talkative().await;
    let nok = desk.sandbox.customer("Nok");
    nok.taps_question("When?");
    for n in 0..10 {
        assert_eq!(desk.sends(&nok, &n.to_string()).await, 0, "{n}");
    }
    assert_eq!(desk.sends(&nok, "10").await, 40064);
}

#[tokio::test]
async fn an_account_that_has_nothing_says_nothing() {
    let desk = Desk::linked().await;
    let nok = desk.sandbox.customer("Nok");
    nok.says("When?");
    assert_eq!(texts(&nok), ["When?"]);
}
