//! Cards with buttons, shared posts, quotes.

use sandbox::{Config, WindowRule};
use serde_json::{Value, json};

use crate::client::{Desk, code_of, id_of, picture, unhurried};

fn button(title: &str) -> Value {
    json!({ "type": "REPLY", "title": title })
}

fn card(kind: &str, title: &str, buttons: &[Value]) -> Value {
    json!({ "template": { "type": kind, "title": title, "buttons": buttons } })
}

async fn shop() -> (Desk, sandbox::Customer) {
    let desk = Desk::linked().await;
    let nok = desk.sandbox.customer("Nok");
    nok.says("hi");
    (desk, nok)
}

#[tokio::test]
async fn a_card_is_listed_as_it_was_sent() {
    let (desk, nok) = shop().await;
    let mut with_id = button("Yes, size M");
    with_id["id"] = json!("size-m");
    let sent = card("QA_BUTTON_CARD", "Shall we put one aside?", &[with_id, button("No")]);
    let message_id = id_of(&desk.sends_block(&nok, "TEMPLATE", &sent).await);
    let listed = desk.listed(&nok, &message_id).await;
    assert_eq!((&listed["message_type"], &listed["template"]), (&json!("TEMPLATE"), &sent["template"]));
    assert_eq!(listed["message_tag"]["source"], "API");
    let ledger = desk.sandbox.ledger();
    assert_eq!((ledger.accepted[0].kind, ledger.accepted[0].template.as_ref()), ("TEMPLATE", sent.get("template")));
    assert_eq!(ledger.messages_to("Nok"), ["[card Shall we put one aside? | Yes, size M | No]"]);
    assert!(ledger.texts_to("Nok").is_empty());
}

#[tokio::test]
async fn titles_buttons_and_ids_have_their_limits_in_characters() {
    let (desk, nok) = shop().await;
    nok.says("I answer, so that nothing is counted");
    let wide = |count: usize| "ก".repeat(count);
    let with_id = |count: usize| json!([{ "type": "REPLY", "title": "Yes", "id": wide(count) }]);
    for (kind, longest) in [("QA_BUTTON_CARD", 20), ("QA_LINK_CARD", 40)] {
        let two = [button("Yes"), button("No")];
        for (sent, wrong) in [
            (card(kind, &wide(40), &[button("Yes")]), None),
            (card(kind, &wide(41), &[button("Yes")]), Some("template.title")),
            (card(kind, "", &[button("Yes")]), Some("template.title")),
            (card(kind, "  ", &[button("Yes")]), Some("template.title")),
            (card(kind, "Title", &[button(&wide(longest))]), None),
            (card(kind, "Title", &[button("Yes"), button(&wide(longest + 1))]), Some("template.buttons[1].title")),
            (card(kind, "Title", &[button("")]), Some("template.buttons[0].title")),
            (card(kind, "Title", &[]), Some("template.buttons")),
            (card(kind, "Title", &[&two[..], &[button("Maybe")]].concat()), None),
            (card(kind, "Title", &[&two[..], &two[..]].concat()), Some("template.buttons")),
            (card(kind, "Title", with_id(40).as_array().unwrap()), None),
            (card(kind, "Title", with_id(41).as_array().unwrap()), Some("template.buttons[0].id")),
        ] {
            // Each on a fresh answer of the customer's, for the window is another test's business.
            nok.says("and?");
            let answer = desk.sends_block(&nok, "TEMPLATE", &sent).await;
            match wrong {
                None => assert_eq!(code_of(&answer), 0, "{sent}: {answer}"),
                Some(name) => {
                    assert_eq!(code_of(&answer), 40002, "{sent}");
                    assert!(answer["message"].as_str().unwrap().contains(name), "{sent}: {answer}");
                }
            }
        }
    }
}

#[tokio::test]
async fn anything_else_in_a_card_is_refused_by_name() {
    let (desk, nok) = shop().await;
    for (path, value, name) in [
        ("/template", json!(null), "template"),
        ("/template", json!("card"), "template"),
        ("/template/type", json!("QA_CARD"), "template.type"),
        ("/template/type", json!(7), "template.type"),
        ("/template/title", json!(null), "template.title"),
        ("/template/buttons", json!({}), "template.buttons"),
        ("/template/buttons/0", json!("Yes"), "template.buttons[0]"),
        ("/template/buttons/0/type", json!("URL"), "template.buttons[0].type"),
        ("/template/buttons/0/title", json!(1), "template.buttons[0].title"),
        ("/template/buttons/0", json!({ "type": "REPLY", "title": "Yes", "id": 1 }), "template.buttons[0].id"),
        ("/template/buttons/0", json!({ "type": "REPLY", "text": "Yes" }), "template.buttons[0].text"),
        ("/template/buttons/0", json!({ "title": "Yes" }), "template.buttons[0].type"),
        ("/template", json!({ "type": "QA_LINK_CARD", "title": "T" }), "template.buttons"),
        ("/template", json!({ "type": "QA_LINK_CARD", "elements": [] }), "template.elements"),
    ] {
        let mut sent = card("QA_LINK_CARD", "Title", &[button("Yes")]);
        *sent.pointer_mut(path).unwrap() = value;
        let answer = desk.sends_block(&nok, "TEMPLATE", &sent).await;
        assert_eq!(code_of(&answer), 40002, "{sent}");
        assert!(answer["message"].as_str().unwrap().contains(name), "{sent}: {answer}");
    }
    assert!(desk.sandbox.ledger().accepted.is_empty());
}

#[tokio::test]
async fn only_a_post_of_the_accounts_own_can_be_shared() {
    let (desk, nok) = shop().await;
    let item_id = desk.sandbox.post("cornershop", "New in: olive");
    let share = async |item_id: Value| {
        desk.sends_block(&nok, "SHARE_POST", &json!({ "share_post": { "item_id": item_id } })).await
    };
    let message_id = id_of(&share(json!(item_id)).await);
    let listed = desk.listed(&nok, &message_id).await;
    assert_eq!((&listed["message_type"], &listed["message_tag"]["source"]), (&json!("SHARE_POST"), &json!("API")));
    assert_eq!(listed["share_post"]["item_id"], item_id);
    let embed = listed["share_post"]["embed_url"].as_str().unwrap();
    assert!(embed.contains(&item_id));
    let page = desk.http.get(embed).send().await.unwrap().text().await.unwrap();
    assert!(page.contains("@cornershop") && page.contains("New in: olive"), "{page}");
    desk.sandbox.open_account("shop_b", "Shop B", WindowRule::A);
    let foreign = desk.sandbox.post("shop_b", "Not yours");
    for wrong in [json!(foreign), json!("7300000000000000000"), json!(""), json!(7), json!(null)] {
        let answer = share(wrong.clone()).await;
        assert_eq!(code_of(&answer), 40002, "{wrong}");
        assert!(answer["message"].as_str().unwrap().contains("share_post.item_id"), "{wrong}: {answer}");
    }
    let ledger = desk.sandbox.ledger();
    assert_eq!((ledger.accepted[0].kind, ledger.accepted[0].item_id.as_deref()), ("SHARE_POST", Some(&*item_id)));
    assert_eq!(ledger.messages_to("Nok"), [format!("[post {item_id}]")]);
    assert_eq!(ledger.attempts.iter().filter(|attempt| attempt.kind == "SHARE_POST").count(), 6);
}

#[tokio::test]
async fn only_a_text_quotes_and_a_card_cannot_be_quoted() {
    let (desk, nok) = shop().await;
    let item_id = desk.sandbox.post("cornershop", "New in");
    let (post, cards) =
        (json!({ "share_post": { "item_id": item_id } }), card("QA_LINK_CARD", "Title", &[button("Yes")]));
    let media_id = desk.media_id(&picture(image::ImageFormat::Png)).await;
    let image = json!({ "image": { "media_id": media_id } });
    let sent_post = id_of(&desk.sends_block(&nok, "SHARE_POST", &post).await);
    let sent_card = id_of(&desk.sends_block(&nok, "TEMPLATE", &cards).await);
    let sent_image = id_of(&desk.sends_block(&nok, "IMAGE", &image).await);
    let quoting = |mut blocks: Value, id: &str| {
        blocks["referenced_message_info"] = json!({ "referenced_message_id": id });
        blocks
    };
    for (kind, blocks) in [("SHARE_POST", &post), ("TEMPLATE", &cards), ("IMAGE", &image)] {
        let answer = desk.sends_block(&nok, kind, &quoting(blocks.clone(), &sent_post)).await;
        assert_eq!(code_of(&answer), 40002, "{kind}");
        assert!(answer["message"].as_str().unwrap().contains("referenced_message_info"), "{kind}: {answer}");
    }
    let text = json!({ "text": { "body": "this one" } });
    let sticker = nok.sends_sticker();
    for (id, code) in [(&sent_post, 0), (&sent_image, 0), (&sent_card, 40002), (&sticker, 40002)] {
        assert_eq!(code_of(&desk.sends_block(&nok, "TEXT", &quoting(text.clone(), id)).await), code);
    }
    let ledger = desk.sandbox.ledger();
    assert_eq!(
        ledger.messages_to("Nok"),
        [
            format!("[post {item_id}]"),
            "[card Title | Yes]".to_owned(),
            "[image 12x8 png 1 kB]".to_owned(),
            format!("> {sent_post} this one"),
            format!("> {sent_image} this one"),
        ]
    );
    assert_eq!(ledger.texts_to("Nok"), ["this one", "this one"]);
}

#[tokio::test]
async fn cards_and_posts_count_and_open_a_conversation_like_texts() {
    let desk = Desk::linked_to(unhurried(Config { rule: WindowRule::B, ..Config::default() }).await).await;
    let nok = desk.sandbox.customer("Nok");
    let item_id = desk.sandbox.post("cornershop", "New in");
    let post = json!({ "share_post": { "item_id": item_id } });
    assert_eq!(code_of(&desk.sends_block(&nok, "SHARE_POST", &post).await), 40007, "nobody wrote yet");
    nok.says("hi");
    for _ in 0..5 {
        assert_eq!(code_of(&desk.sends_block(&nok, "SHARE_POST", &post).await), 0);
        let yes = card("QA_BUTTON_CARD", "Title", &[button("Yes")]);
        assert_eq!(code_of(&desk.sends_block(&nok, "TEMPLATE", &yes).await), 0);
    }
    assert_eq!(code_of(&desk.sends_block(&nok, "SHARE_POST", &post).await), 40064);
    assert_eq!(desk.list("SINGLE").await, [nok.conversation_id()]);
    nok.blocks(true);
    assert_eq!(code_of(&desk.sends_block(&nok, "SHARE_POST", &post).await), 40064);
}
