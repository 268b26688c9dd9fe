//! Everything a business can send: quotes, Q&A cards and posts. Pictures are in `images`.

use desk::commands::{
    DiscardReply, GetLinkState, PasteRedirect, RefreshPosts, SendReply, SkipSignIn, StartAuthorization,
};
use desk::view::LinkStep;
use model::MessageId;
use std::time::Duration;

use desk::FaultCode;
use sandbox::{Config, Customer, Limits, WindowRule};
use serde_json::{Value, json};
use tests::{TestHost, World, parsed, press, quick};

async fn greeted(world: &World) -> Customer {
    let ana = world.customer("Ana");
    ana.says("hello?");
    world.conversation(&ana).await;
    ana
}

async fn told(world: &World, customer: &Customer, more: Value) -> Value {
    let mut told =
        json!({ "conversation": world.conversation(customer).await, "seen": null, "anyway": false, "key": "" });
    for (key, value) in more.as_object().into_iter().flatten() {
        told[key] = value.clone();
    }
    told
}

#[tokio::test]
async fn a_reply_quotes_a_text_a_picture_a_post_and_one_of_ours() {
    let world = World::start().await;
    let ana = world.customer("Ana");
    let remote = [ana.says("this one?"), ana.sends_image(), ana.shares_post()];
    let conversation = world.conversation(&ana).await;
    world.until_thread(&ana, "<sharePost>").await;
    let shown = world.messages(&ana).await;
    for (message, remote) in shown.iter().zip(&remote) {
        world.ask(SendReply { quoted: Some(parsed(&message["id"])), ..press(conversation, "yes") }).await;
        world
            .until("it is there", async |world| {
                let newest = world.tiktok.ledger().messages_to("Ana").last().cloned();
                newest == Some(format!("> {remote} yes"))
            })
            .await;
    }
    world.reply(&ana, "or that one").await;
    world.until_thread(&ana, "or that one [deskbell, sent]").await;
    let ours = world.message(&ana, "or that one").await["id"].clone();
    world.ask(SendReply { quoted: Some(parsed(&ours)), ..press(conversation, "I mean") }).await;
    world.until_thread(&ana, "I mean [deskbell, sent] (quotes: or that one)").await;
    let ledger = world.tiktok.ledger();
    let (last, before) = (&ledger.accepted[4], &ledger.accepted[3]);
    assert_eq!(last.referenced_message_id.as_ref(), Some(&before.message_id));
}

#[tokio::test]
async fn what_tiktok_lets_nobody_quote_is_not_quoted() {
    let world = World::start().await;
    let ana = world.customer("Ana");
    ana.says("hello?");
    ana.sends_sticker();
    ana.sends_something_unknown();
    let ben = world.customer("Ben");
    ben.says("me too");
    let conversation = world.conversation(&ana).await;
    world.until_thread(&ana, "<unsupported>").await;
    let shown = world.messages(&ana).await;
    let elsewhere = world.message(&ben, "me too").await["id"].clone();
    world.tiktok.unplug().await;
    let unconfirmed = world.reply(&ana, "on its way").await;
    for quoted in [parsed(&shown[1]["id"]), parsed(&shown[2]["id"]), parsed(&elsewhere), unconfirmed] {
        let told = SendReply { quoted: Some(quoted), ..press(conversation, "yes") };
        assert_eq!(world.refused(told).await, FaultCode::QuoteNotAllowed, "{quoted}");
    }
    let nowhere = SendReply { quoted: Some(MessageId(987654321)), ..press(conversation, "yes") };
    assert_eq!(world.refused(nowhere).await, FaultCode::NotFound);
}

#[tokio::test]
async fn cards_of_both_kinds_arrive_at_their_limits_as_typed() {
    let world = World::start().await;
    let ana = greeted(&world).await;
    let at = |count: usize| "ö".repeat(count);
    for (kind, wire, most) in [("button", "QA_BUTTON_CARD", 20), ("link", "QA_LINK_CARD", 40)] {
        let (one, two) = (at(most), format!("{}z", at(most - 1)));
        let card = json!({ "kind": kind, "title": at(40), "buttons": [one, two, " c ", ""] });
        world.ask_json("sendCard", told(&world, &ana, json!({ "card": card })).await).await;
        let line = format!("<card {} | {one} | {two} | c> [deskbell, sent]", at(40));
        world.until_thread(&ana, &line).await;
        let sent = world.tiktok.ledger().accepted.last().cloned().unwrap();
        let button = |title: &str| json!({ "type": "REPLY", "title": title });
        let whole = json!({ "type": wire, "title": at(40), "buttons": [button(&one), button(&two), button("c")] });
        assert_eq!((sent.kind, sent.template), ("TEMPLATE", Some(whole)));
        assert_eq!(world.messages(&ana).await.last().unwrap()["content"]["kind"], kind);
    }
    ana.says("c");
    world.until_thread(&ana, "Ana: c\n").await;
    assert_eq!(world.messages(&ana).await.len(), 4, "listed once each: {}", world.reads(&ana).await);
}

#[tokio::test]
async fn a_card_that_tiktok_would_not_take_says_what_is_wrong_and_stays_a_draft() {
    let world = World::start().await;
    let ana = greeted(&world).await;
    let conversation = world.conversation(&ana).await;
    let long = "x".repeat(41);
    let wrong = [
        ("noTitle", json!({ "kind": "button", "title": " ", "buttons": ["a"] })),
        ("titleTooLong", json!({ "kind": "button", "title": long, "buttons": ["a"] })),
        ("noButtons", json!({ "kind": "link", "title": "q", "buttons": ["", " "] })),
        ("tooManyButtons", json!({ "kind": "link", "title": "q", "buttons": ["a", "b", "c", "d"] })),
        ("buttonTooLong", json!({ "kind": "button", "title": "q", "buttons": ["x".repeat(21)] })),
        ("buttonTooLong", json!({ "kind": "link", "title": "q", "buttons": [long] })),
        ("sameButtons", json!({ "kind": "link", "title": "q", "buttons": ["a", " a"] })),
    ];
    for (detail, card) in wrong {
        world.ask_json("saveCardDraft", json!({ "conversation": conversation, "card": card })).await;
        let asked = told(&world, &ana, json!({ "card": card })).await;
        let fault = world.try_ask_json("sendCard", asked).await.unwrap_err();
        assert_eq!((fault.code, fault.detail.as_deref()), (FaultCode::CardInvalid, Some(detail)));
        assert_eq!(world.view(&ana).await.card, Some(parsed(&card)), "{detail}");
    }
    assert_eq!(world.messages(&ana).await.len(), 1);
}

#[tokio::test]
async fn the_accounts_posts_are_listed_with_captions_and_covers() {
    let world = World::with_posts().await;
    let account = json!({ "account": world.account() });
    let none = world.ask_json("listPosts", account.clone()).await;
    assert_eq!(none, json!({ "posts": [], "fetchedAtMs": null }), "nobody has asked yet");
    for n in 1..=45 {
        // TikTok tells a post's second, no more.
        world.tiktok.advance(Duration::from_secs(2));
        world.tiktok.post("maisonbloom", &format!("Linen {n} 🤎"));
    }
    world.tiktok.advance(Duration::from_secs(2));
    world.ask_json("refreshPosts", account.clone()).await;
    let page = world.ask_json("listPosts", account.clone()).await;
    let captions: Vec<&str> =
        page["posts"].as_array().unwrap().iter().map(|one| one["caption"].as_str().unwrap()).collect();
    assert_eq!((captions[0], captions[44]), ("Linen 45 🤎", "Linen 1 🤎"), "newest first, over the pages");
    assert!(page["fetchedAtMs"].is_i64());
    world
        .until("every cover is here", async |world| {
            let page = world.ask_json("listPosts", account.clone()).await;
            page["posts"].as_array().unwrap().iter().all(|one| one["cover"].is_string())
        })
        .await;
    let page = world.ask_json("listPosts", account.clone()).await;
    let cover = world.desk().media(page["posts"][0]["cover"].as_str().unwrap()).await.expect("kept here");
    assert!(image::load_from_memory(&cover.bytes).is_ok());
    world.tiktok.post("maisonbloom", "Newer still");
    world.ask_json("refreshPosts", account.clone()).await;
    let page = world.ask_json("listPosts", account).await;
    assert_eq!(page["posts"][0]["caption"], "Newer still");
    assert_eq!(page["posts"][1]["caption"], "Linen 45 🤎", "none twice");
}

#[tokio::test]
async fn a_post_is_shared_by_its_number_and_by_its_link() {
    let world = World::with_posts().await;
    let ana = greeted(&world).await;
    let one = world.tiktok.post("maisonbloom", "Linen one");
    let two = world.tiktok.post("maisonbloom", "Linen two");
    world.ask(RefreshPosts { account: world.account() }).await;
    world.ask_json("sendPost", told(&world, &ana, json!({ "post": one })).await).await;
    let link = format!(" https://www.tiktok.com/@maisonbloom/video/{two}?lang=en ");
    world.ask_json("sendPost", told(&world, &ana, json!({ "post": link })).await).await;
    world.until_got(&ana, &[&format!("[post {one}]"), &format!("[post {two}]")]).await;
    ana.says("nice");
    world.until_thread(&ana, "Ana: nice\n").await;
    let shown = world.messages(&ana).await;
    assert_eq!(shown.len(), 4, "listed once each: {}", world.reads(&ana).await);
    assert_eq!(
        (&shown[1]["post"]["caption"], &shown[2]["post"]["caption"]),
        (&json!("Linen one"), &json!("Linen two"))
    );
    for wrong in ["", "hello", "https://vm.tiktok.com/ZM123/", "12"] {
        let asked = told(&world, &ana, json!({ "post": wrong })).await;
        assert_eq!(world.refused_json("sendPost", asked).await, FaultCode::PostInvalid, "{wrong}");
    }
}

#[tokio::test]
async fn a_strangers_post_is_refused_and_says_why() {
    let world = World::start().await;
    let ana = greeted(&world).await;
    world.tiktok.open_account("somebodyelse", "Somebody Else", WindowRule::B);
    let theirs = world.tiktok.post("somebodyelse", "Not ours");
    let queued = world.ask_json("sendPost", told(&world, &ana, json!({ "post": theirs })).await).await;
    world.until_thread(&ana, "<sharePost> [deskbell, refused invalidParameter]").await;
    let why = world.ask_json("getSendDetails", json!({ "message": queued["messages"][0] })).await;
    assert!(why["refusal"]["message"].as_str().unwrap().contains("item_id"), "TikTok's words name it: {why}");
    world.ask(DiscardReply { message: parsed(&queued["messages"][0]) }).await;
    assert_eq!(world.messages(&ana).await.len(), 1);
}

#[tokio::test]
async fn an_app_that_may_not_list_posts_says_so_and_can_share_one_all_the_same() {
    let world = World::start().await;
    let ana = greeted(&world).await;
    assert!(!world.ask(GetLinkState {}).await.may_list_posts);
    let asked = json!({ "account": world.account() });
    assert_eq!(world.refused_json("refreshPosts", asked).await, FaultCode::PostsNotPermitted);
    let post = world.tiktok.post("maisonbloom", "Linen");
    world.ask_json("sendPost", told(&world, &ana, json!({ "post": post })).await).await;
    world.until_got(&ana, &[&format!("[post {post}]")]).await;
}

#[tokio::test]
async fn claiming_a_permission_the_app_does_not_have_ends_linking_with_a_reason() {
    let config = Config { limits: Limits::NONE, ..Config::default() }.without_scope("video.list");
    let world = World::with(config, quick(), TestHost::new()).await;
    let apps = world.tiktok.apps();
    let typed = json!({
        "loginClientKey": "", "loginClientSecret": "", "businessAppId": apps.business_app_id,
        "businessSecret": apps.business_secret, "businessRedirectUri": apps.business_redirect_uri, "mayListPosts": true,
    });
    assert_eq!(world.ask_json("saveCredentials", typed).await["mayListPosts"], true);
    world.ask(SkipSignIn {}).await;
    let LinkStep::Authorising { address, .. } = world.ask(StartAuthorization { account: None }).await.step else {
        panic!("an address")
    };
    assert!(address.contains("video.list"), "{address}");
    let landed = world.tiktok.agree(&address).await.unwrap();
    world.ask(PasteRedirect { address: landed }).await;
    // What came back is looked at behind the scenes.
    world.until("linking has stopped", async |world| world.ask(GetLinkState {}).await.fault.is_some()).await;
    let answer = world.ask_json("getLinkState", json!({})).await;
    assert_eq!((&answer["fault"]["code"], &answer["step"]["step"]), (&json!("linkRefused"), &json!("authorise")));
    assert!(answer["fault"]["detail"].as_str().unwrap().contains("scope"), "{answer}");
}
