//! What TikTok would refuse is told by Deskbell, and TikTok is not asked to do it.

use desk::FaultCode;
use desk::commands::DeleteAutoMessage;
use serde_json::{Value, json};
use store::table::account;
use tests::{World, parsed};

use super::{
    KINDS, PROMPT, QUESTION, WELCOME, agree, approve, changes, create, id, make, read, shown, text, words, world,
};

/// Asks for something that must fail without TikTok having been asked to change anything.
async fn refused(world: &World, command: &str, args: Value) -> (FaultCode, Option<String>) {
    let before = changes(world);
    let fault = world.try_ask_json(command, args).await.unwrap_err();
    assert_eq!(changes(world), before, "{command}: {fault:?}");
    agree(world).await;
    (fault.code, fault.detail)
}

#[tokio::test]
async fn what_tiktok_would_refuse_is_never_asked_for() {
    let world = world().await;
    for (kind, most) in [(WELCOME.0, 1), (QUESTION.0, 3), (PROMPT.0, 6)] {
        for n in 0..most {
            create(&world, kind, &format!("Title {n}"), &format!("Body {n}")).await;
        }
        let one_more = make(&world, kind, &words(kind, "One more", "One more"));
        assert_eq!(refused(&world, "createAutoMessage", one_more).await.0, FaultCode::AutoTooMany, "{kind}");
        let first = id(&world, kind, 0).await;
        let base = words(kind, "Title 0", "Body 0");
        let change = json!({ "message": first, "base": base, "text": words(kind, "Title 0", "Other") });
        assert_eq!(refused(&world, "updateAutoMessage", change.clone()).await.0, FaultCode::AutoReviewing, "{kind}");
        let again = json!({ "message": first, "text": base });
        assert_eq!(refused(&world, "recreateAutoMessage", again).await.0, FaultCode::AutoReviewing, "{kind}");
        for message in world.tiktok.ledger().auto_messages {
            world.tiktok.reject(&message.id);
        }
        assert_eq!(refused_after_reading(&world, "updateAutoMessage", change).await, FaultCode::AutoRejected, "{kind}");
    }
    for kind in [QUESTION.0, PROMPT.0] {
        world.ask(DeleteAutoMessage { message: parsed(&id(&world, kind, 0).await) }).await;
        let twice = make(&world, kind, &text(" Title 1 ", "Another answer"));
        assert_eq!(refused(&world, "createAutoMessage", twice).await.0, FaultCode::AutoDuplicate, "{kind}");
        approve(&world).await;
        let change = json!({ "message": id(&world, kind, 0).await, "base": text("Title 1", "Body 1"), "text": text("Title 2", "x") });
        assert_eq!(refused(&world, "updateAutoMessage", change).await.0, FaultCode::AutoDuplicate, "{kind}");
    }
    let welcome = json!({ "message": id(&world, WELCOME.0, 0).await });
    assert_eq!(refused(&world, "deleteAutoMessage", welcome).await.0, FaultCode::AutoNotPossible);
    for kind in [WELCOME.0, QUESTION.0] {
        let sort = json!({ "account": world.account(), "kind": kind, "order": [] });
        assert_eq!(refused(&world, "sortAutoMessages", sort).await.0, FaultCode::AutoNotPossible);
    }
    let order = vec![id(&world, PROMPT.0, 0).await; 5];
    let sort = json!({ "account": world.account(), "kind": PROMPT.0, "order": order });
    assert_eq!(refused(&world, "sortAutoMessages", sort).await.0, FaultCode::AutoChangedElsewhere, "not all of them");
    let gone = json!({ "message": "999999" });
    assert_eq!(refused(&world, "deleteAutoMessage", gone).await.0, FaultCode::NotFound);
}

/// As [`refused`], where the page did not know better before it was refused.
async fn refused_after_reading(world: &World, command: &str, args: Value) -> FaultCode {
    let before = changes(world);
    let code = world.refused_json(command, args).await;
    assert_eq!(changes(world), before);
    agree(world).await;
    code
}

#[tokio::test]
async fn without_the_permission_nothing_is_asked_at_all() {
    let world = world().await;
    create(&world, QUESTION.0, "Where?", "Here").await;
    let (account, message) = (world.account(), id(&world, QUESTION.0, 0).await);
    let less = world.desk().engine().store().write(move |tx| {
        let mut tokens = account::get(tx, account)?.tokens;
        tokens.scopes = "user.info.basic,message.list.read,message.list.send".to_owned();
        account::set_tokens(tx, account, &tokens)
    });
    less.await.unwrap();
    let calls = world.tiktok.ledger().calls("auto_get");
    let commands = [
        ("createAutoMessage", make(&world, QUESTION.0, &text("When?", "Now"))),
        ("deleteAutoMessage", json!({ "message": message })),
        ("setAutoMessagesEnabled", json!({ "account": account, "kind": PROMPT.0, "enabled": true, "recreate": true })),
    ];
    for (command, args) in commands {
        assert_eq!(refused(&world, command, args).await.0, FaultCode::AutoNotPermitted);
    }
    let view = world.ask_json("refreshAutoMessages", json!({ "account": account })).await;
    assert_eq!(view["fault"]["code"], "autoNotPermitted");
    assert_eq!(view["commentToMessage"]["enabled"], false, "that needs another permission");
    assert_eq!(world.tiktok.ledger().calls("auto_get"), calls);
    assert_eq!(
        world.ask_json("getOverview", json!({})).await["accounts"][0]["health"]["state"],
        "live",
        "messages go on"
    );
}

/// What counts as one for TikTok: a letter, a family of joined emoji (7), a flag (2), a letter with its mark (2), an ideograph.
const UNITS: [(&str, usize); 5] = [("a", 1), ("👨‍👩‍👧‍👦", 7), ("🇹🇭", 2), ("بّ", 2), ("送", 1)];

/// So many characters of a unit, filled up with plain letters.
fn exactly(chars: usize, (unit, each): (&str, usize)) -> String {
    let text = format!("{}{}", unit.repeat(chars / each), "x".repeat(chars % each));
    assert_eq!(text.chars().count(), chars);
    text
}

#[tokio::test]
async fn every_script_is_counted_as_tiktok_counts_it() {
    let world = world().await;
    for (kind, title, body) in [(WELCOME.0, 0, 250), (QUESTION.0, 80, 200), (PROMPT.0, 18, 150)] {
        for unit in UNITS {
            let titled = |chars: usize| if title > 0 { exactly(chars, unit) } else { String::new() };
            let fits = text(&titled(title), &exactly(body, unit));
            let mut over = vec![(text(&titled(title), &exactly(body + 1, unit)), "bodyTooLong")];
            if title > 0 {
                over.push((text(&titled(title + 1), &exactly(body, unit)), "titleTooLong"));
            }
            for (long, why) in over {
                let (code, detail) = refused(&world, "createAutoMessage", make(&world, kind, &long)).await;
                assert_eq!((code, detail.as_deref()), (FaultCode::AutoTextInvalid, Some(why)), "{kind} {unit:?}");
                assert!(tiktok_refuses(&world, kind, &long).await, "{kind} {unit:?}: one more is too many for it too");
            }
            // The welcome message is there for good; others make room.
            let args = match shown(&world).await["kinds"][0]["items"].get(0).filter(|_| kind == WELCOME.0) {
                Some(there) => {
                    approve(&world).await;
                    let now = shown(&world).await["kinds"][0]["items"][0].clone();
                    assert_eq!(now["text"], there["text"]);
                    ("updateAutoMessage", json!({ "message": now["id"], "base": now["text"], "text": fits }))
                }
                None => ("createAutoMessage", make(&world, kind, &fits)),
            };
            world.ask_json(args.0, args.1).await;
            agree(&world).await;
            if kind != WELCOME.0 {
                world.ask(DeleteAutoMessage { message: parsed(&id(&world, kind, 0).await) }).await;
            }
        }
    }
}

/// Whether TikTok itself refuses a text that Deskbell would not even send.
async fn tiktok_refuses(world: &World, kind: &str, said: &Value) -> bool {
    use tiktok::business::auto_message::{AutoMessageText, CreateAutoMessage};
    let (title, body) = (said["title"].as_str().unwrap().to_owned(), said["body"].as_str().unwrap().to_owned());
    let text = match kind {
        "welcomeMessage" => AutoMessageText::Welcome { content: body },
        "suggestedQuestion" => AutoMessageText::SuggestedQuestion { question: title, answer: body },
        _ => AutoMessageText::ChatPrompt { title, content: body },
    };
    let (engine, account) = (world.desk().engine(), world.account());
    let business_id = engine.store().read(move |sql| account::get(sql, account)).await.unwrap().remote_id;
    let endpoints = tiktok::Endpoints::from_json(&world.tiktok.endpoints_json()).unwrap();
    let token = desk::Secrets::read(&*world.host, &format!("access-token/{business_id}")).unwrap().unwrap();
    let token = tiktok::AccessToken::new(desk::ExposeSecret::expose_secret(&token));
    let answer = tiktok::Client::new(endpoints).unwrap().call(&token, CreateAutoMessage { business_id, text }).await;
    matches!(answer, Err(tiktok::Error::Refused { .. }))
}

#[tokio::test]
async fn texts_that_say_nothing_are_refused_and_the_rest_is_tidied() {
    let world = world().await;
    for (kind, _) in KINDS {
        let (code, detail) =
            refused(&world, "createAutoMessage", make(&world, kind, &words(kind, "Title", " \n "))).await;
        assert_eq!((code, detail.as_deref()), (FaultCode::AutoTextInvalid, Some("noBody")));
    }
    let (_, detail) = refused(&world, "createAutoMessage", make(&world, QUESTION.0, &text(" ", "Answer"))).await;
    assert_eq!(detail.as_deref(), Some("noTitle"));
    create(&world, QUESTION.0, " How\nlong? ", " Two\r\nto four ").await;
    read(&world).await;
    agree(&world).await;
    assert_eq!(world.tiktok.ledger().auto_messages[0].title, "How long?");
    assert_eq!(world.tiktok.ledger().auto_messages[0].body, "Two\nto four");
}
