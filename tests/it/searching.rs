//! Searching as the page asks for it: until everything was looked through, and by the agent's own calendar.

use model::{AccountId, CardKind, Content, ConversationId, ConversationKind, Millis, Surface};
use serde_json::{Value, json};
use store::table::conversation::ListedConversation;
use store::table::message::IncomingMessage;
use store::table::person::PersonUpdate;
use store::table::{conversation, message, person, tag};
use store::{StoreError, Tx};
use tests::World;

const DAY: Millis = 86_400_000;

fn listed(tx: &mut Tx<'_>, account: AccountId, name: &str) -> Result<ConversationId, StoreError> {
    let news = PersonUpdate { remote_id: format!("p {name}"), name: Some(name.to_owned()), ..PersonUpdate::default() };
    let person = person::upsert(tx, account, &news)?.id;
    let remote_id = format!("c {name}");
    let listed = ListedConversation {
        remote_id: remote_id.clone(),
        kind: ConversationKind::Chat,
        updated_ms: Some(1),
        origin: None,
    };
    conversation::upsert_listed(tx, account, &listed)?;
    let id = conversation::find(tx, account, &remote_id)?.ok_or(StoreError::NotFound)?;
    conversation::set_person(tx, id, person)?;
    Ok(id)
}

fn says(
    tx: &Tx<'_>,
    account: AccountId,
    id: ConversationId,
    at_ms: Millis,
    content: Content,
) -> Result<(), StoreError> {
    let news = IncomingMessage {
        remote_id: format!("{id} {at_ms}"),
        sent_at_ms: at_ms,
        is_timed: true,
        outgoing: false,
        surface: Surface::Other,
        auto: None,
        content,
        quoted_remote_id: None,
        reactions: Vec::new(),
        raw: "{}".to_owned(),
    };
    message::insert(tx, account, id, &news, true).map(|_| ())
}

fn text(body: &str) -> Content {
    Content::Text { body: body.to_owned() }
}

/// Asks on as the page does; the messages, and how often it asked.
async fn search(world: &World, typed: &str) -> (Vec<Value>, u32) {
    let mut below = Value::Null;
    let mut messages = Vec::new();
    for asked in 1.. {
        let args =
            json!({ "text": typed, "account": null, "limit": 50, "below": below, "timeZone": null, "utcOffsetMin": 0 });
        let mut found = world.ask_json("search", args).await;
        messages.append(found["messages"].as_array_mut().unwrap());
        below = found["resume"]["below"].clone();
        if below.is_null() || messages.len() >= 50 {
            return (messages, asked);
        }
        assert_eq!(found["more"], true);
        assert!(found["resume"]["backToMs"].as_i64().unwrap() > 0);
    }
    unreachable!()
}

#[tokio::test]
async fn what_many_people_wrote_long_ago_is_found_though_others_wrote_more_since() {
    let world = World::start().await;
    let (account, now) = (world.account(), world.tiktok.now_ms());
    let store = world.desk().engine().store();
    store
        .write(move |tx| {
            for n in 0..1_100 {
                let id = listed(tx, account, &format!("Zora {n}"))?;
                if n < 1_050 {
                    says(tx, account, id, now - 400 * DAY + n, text("my linen order"))?;
                    conversation::refresh(tx, id)?;
                }
                tag::add(tx, id, "Everyone")?;
                if n < 600 {
                    tag::add(tx, id, "Christmas 2025")?;
                }
            }
            let busy = listed(tx, account, "Busy")?;
            for n in 0..20_001 {
                says(tx, account, busy, now - 30 * DAY + n, text("linen"))?;
            }
            Ok(())
        })
        .await
        .unwrap();
    let (found, asked) = search(&world, "tag:\"Christmas 2025\" linen").await;
    assert_eq!((found.len(), asked), (50, 2));
    assert_eq!(found[0]["person"]["name"], "Zora 599");
    let (found, asked) = search(&world, "tag:everyone linen").await;
    assert_eq!((found.len(), asked), (50, 4));
    assert_eq!(found[0]["person"]["name"], "Zora 1049");
}

#[tokio::test]
async fn how_many_messages_were_searched_is_true_while_they_come_in() {
    let world = World::start().await;
    let ana = world.customer("Ana");
    for n in 1..=3_u64 {
        ana.says(&format!("linen {n}"));
        world.until_thread(&ana, &format!("linen {n}")).await;
        let asked = json!({ "account": world.account(), "text": "linen", "limit": 50, "utcOffsetMin": 0 });
        assert_eq!(world.ask_json("search", asked).await["searched"], n);
    }
}

#[tokio::test]
async fn days_are_those_of_the_agents_place_in_both_searches() {
    let world = World::start().await;
    let (account, now) = (world.account(), world.tiktok.now_ms());
    let store = world.desk().engine().store();
    // Berlin, 5 July 2026, in summer: the first and the last minute of it, and those around.
    let july = 1_783_202_400_000;
    let ana = store
        .write(move |tx| {
            let ana = listed(tx, account, "Ana")?;
            for (at_ms, words) in [
                (july - 60_000, "cotton before"),
                (july, "cotton first"),
                (july + DAY - 60_000, "cotton last"),
                (july + DAY, "cotton after"),
                (now - DAY, "linen yesterday"),
                (now, "linen today"),
            ] {
                says(tx, account, ana, at_ms, text(words))?;
            }
            conversation::refresh(tx, ana)?;
            Ok(ana)
        })
        .await
        .unwrap();
    // An offset by which it is about noon now.
    let noon = 720 - (now.rem_euclid(DAY) / 60_000);
    for (typed, zone, offset, wanted) in [
        ("cotton on:2026-07-05 ", json!("Europe/Berlin"), 60, "last first"),
        ("cotton on:2026-07-05 ", json!("Mars/Base"), 120, "last first"),
        // What today's offset makes of a day in summer.
        ("cotton on:2026-07-05 ", Value::Null, 60, "after last"),
        ("linen ", Value::Null, noon, "today yesterday"),
        ("linen on:today ", Value::Null, noon, "today"),
        ("linen on:yesterday ", Value::Null, noon, "yesterday"),
    ] {
        let when = json!({ "text": typed, "timeZone": zone, "utcOffsetMin": offset });
        let asked = |more: Value| {
            let mut asked = when.clone();
            asked.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
            asked
        };
        let found = world.ask_json("search", asked(json!({ "account": null, "limit": 50 }))).await;
        let found = found["messages"].as_array().unwrap();
        let words: Vec<&str> =
            found.iter().filter_map(|hit| hit["excerpt"].as_str()?.split_whitespace().last()).collect();
        assert_eq!(words.join(" "), wanted, "{typed} {zone} {offset}");
        let there = world.ask_json("findInThread", asked(json!({ "conversation": ana }))).await;
        let ids: Vec<&Value> = found.iter().map(|hit| &hit["id"]).collect();
        assert_eq!(json!(ids), there["hits"], "{typed} {zone} {offset}");
        assert_eq!(there["problems"], json!([]));
    }
    let odd = json!({ "text": "linen on:soon ", "conversation": ana, "timeZone": null, "utcOffsetMin": 0 });
    let odd = world.ask_json("findInThread", odd).await;
    assert_eq!(odd["problems"], json!([{ "kind": "badDate", "value": "soon" }]));
}

#[tokio::test]
async fn a_card_found_by_its_button_is_marked_there() {
    let world = World::start().await;
    let (account, now) = (world.account(), world.tiktok.now_ms());
    let card = Content::Card {
        kind: Some(CardKind::Button),
        title: "Anything else? 🙏".to_owned(),
        buttons: vec!["No".to_owned(), "A refund".to_owned()],
    };
    let ana = world
        .desk()
        .engine()
        .store()
        .write(move |tx| {
            let ana = listed(tx, account, "Ana")?;
            says(tx, account, ana, now, card)?;
            conversation::refresh(tx, ana)?;
            Ok(ana)
        })
        .await
        .unwrap();
    let asked = json!({ "conversation": ana, "before": null, "after": null, "limit": 20, "find": "refund" });
    let page = world.ask_json("listMessages", asked).await;
    // In UTF-16 code units of the title and the buttons, a space before each.
    assert_eq!(page["messages"][0]["marks"], json!([{ "start": 17 + 1 + 2 + 1 + 2, "len": 6 }]));
}
