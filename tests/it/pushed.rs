//! What TikTok pushes is on screen at once, ends in the same words as what is listed, and is believed only where TikTok
//! signed it. Most stories listen in on TikTok and hand in what it pushes themselves, in the order they like.

mod muddled;

use desk::commands::{SyncAccounts, UnlinkAccount};
use desk::view::Health;
use std::time::Duration;

use desk::{WebhookError, WebhookOutcome};
use model::ConversationId;
use sandbox::{Config, Customer, Delivery, Fault, Limits, Times, WindowRule};
use serde_json::{Value, json};
use store::table::message;
use tests::{TestHost, World, quick};
use tokio::sync::broadcast::Receiver;

use crate::history::{account, judge, until_newest};

/// A linked world that lists once at the start and then only when it is told to.
async fn seldom() -> World {
    let mut timing = quick();
    let hour = Duration::from_secs(3_600);
    (timing.sweep_focused, timing.sweep_background, timing.sweep_idle) = (hour, hour, hour);
    // Nor does it look for what may still come to light.
    timing.lag = hour;
    let mut world = World::with(Config { limits: Limits::NONE, ..Config::default() }, timing, TestHost::new()).await;
    world.customer("Ana").says("hello");
    world.customer("Ben").says("hello");
    world.link().await;
    world
}

/// From now on TikTok's lists fail, so that only what is pushed arrives.
fn blind(world: &World) {
    for list in ["content_list", "conversation_list"] {
        world.tiktok.fault(list, Fault::Status { status: 502, accepting: false }, Times::UntilCleared);
    }
}

async fn sees_again(world: &World) {
    world.tiktok.clear_faults();
    world.ask(SyncAccounts {}).await;
}

/// What was pushed so far.
fn pushed(ear: &mut Receiver<Delivery>) -> Vec<Delivery> {
    std::iter::from_fn(|| ear.try_recv().ok()).collect()
}

async fn hear(world: &World, delivery: &Delivery) -> Result<WebhookOutcome, WebhookError> {
    world.desk().handle_webhook(&delivery.signature, &delivery.body).await
}

async fn hear_all(world: &World, ear: &mut Receiver<Delivery>) {
    for delivery in pushed(ear) {
        hear(world, &delivery).await.unwrap();
    }
}

fn calls(world: &World) -> (usize, usize) {
    let ledger = world.tiktok.ledger();
    (ledger.calls("conversation_list"), ledger.calls("content_list"))
}

/// Whether a message that was heard has been listed as well, and all that TikTok said of it.
async fn kept(world: &World, remote_id: &str) -> (bool, String) {
    let (account, remote_id) = (world.account(), remote_id.to_owned());
    let read = world.desk().engine().store().read(move |sql| {
        let held = message::find(sql, account, &remote_id)?.expect("it was heard");
        Ok((held.listed, message::raw(sql, held.id)?.expect("it is kept")))
    });
    read.await.unwrap()
}

/// The emoji on a customer's messages, oldest first.
async fn reactions(world: &World, customer: &Customer) -> Vec<Value> {
    world.messages(customer).await.into_iter().map(|mut message| message["reactions"].take()).collect()
}

/// The delivery of each message of the shop's, oldest first.
async fn states(world: &World, customer: &Customer) -> Vec<String> {
    let messages = world.messages(customer).await;
    let ours = messages.iter().filter(|message| message["direction"] == "out");
    ours.map(|message| message["delivery"]["state"].as_str().unwrap_or_default().to_owned()).collect()
}

#[tokio::test]
async fn a_pushed_message_is_on_screen_without_asking_tiktok() {
    let world = seldom().await;
    let ana = world.customer("Ana");
    world.hears();
    let before = calls(&world);
    ana.says("is this still there?");
    world.until_thread(&ana, "is this still there?").await;
    let row = world.row(&ana).await;
    assert_eq!((&row.unread, &row.waiting), (&2, &true));
    ana.colleague_replies("It is.", "APP");
    world.until_thread(&ana, "It is. [phone, sent]").await;
    assert!(!world.row(&ana).await.waiting);
    assert_eq!(calls(&world), before, "nobody has asked");
    world.until("the agent was notified", async |world| world.host.notifications().len() == 1).await;
}

#[tokio::test]
async fn every_kind_ends_in_the_same_words_whether_it_was_pushed_or_listed() {
    let world = seldom().await;
    let (ana, ben) = (world.customer("Ana"), world.customer("Ben"));
    let card = json!({ "kind": "button", "title": "Which size?", "buttons": ["Small", "Large"] });
    for customer in [&ana, &ben] {
        let conversation = world.conversation(customer).await;
        let press = json!({ "conversation": conversation, "card": card, "seen": null, "anyway": false, "key": "" });
        world.ask_json("sendCard", press).await;
    }
    world.settle().await;
    let everything = |customer: &Customer| {
        let card = world
            .tiktok
            .ledger()
            .accepted
            .iter()
            .find(|sent| sent.customer == customer.name())
            .unwrap()
            .message_id
            .clone();
        let question = customer.says("is this still there?\nIn blue?");
        customer.taps(&card, "Large");
        customer.sends_image();
        customer.sends_video();
        customer.shares_post();
        customer.sends_sticker();
        customer.sends_emoji();
        customer.sends_something_unknown();
        customer.sends_new_kind("VOICE_NOTE", json!({ "seconds": 3 }));
        customer.quotes(&question, "I meant this");
        customer.is_welcomed("Welcome!");
        customer.is_auto_replied("We are closed.");
        customer.asks_suggested_question("When do you open?", "At nine.");
        customer.colleague_replies("From my phone", "APP");
        customer.colleague_replies("From the web", "WEB");
    };
    everything(&ben);
    world.ask(SyncAccounts {}).await;
    world.until_thread(&ben, "From the web").await;

    let mut ear = world.tiktok.webhooks();
    blind(&world);
    everything(&ana);
    hear_all(&world, &mut ear).await;
    let kept = async |world: &World, customer: &Customer| !world.reads(customer).await.contains("pending");
    world.until("every picture is kept", async |world| kept(world, &ana).await && kept(world, &ben).await).await;
    let listed = world.reads(&ben).await.replace("Ben", "Ana");
    assert_eq!(listed.lines().count(), 3 + 16, "{listed}");
    assert_eq!(world.reads(&ana).await, listed);
    sees_again(&world).await;
    let asked = calls(&world).1;
    world.until("Ana's was listed too", async |world| calls(world).1 > asked).await;
    assert_eq!(world.reads(&ana).await, listed, "and listing changes nothing");
}

#[tokio::test]
async fn what_only_a_push_tells_is_still_known_once_the_message_is_listed() {
    let world = seldom().await;
    let ana = world.customer("Ana");
    let conversation = world.conversation(&ana).await;
    let card = json!({ "kind": "button", "title": "Which size?", "buttons": ["Small", "Large"] });
    let press = json!({ "conversation": conversation, "card": card, "seen": null, "anyway": false, "key": "" });
    world.ask_json("sendCard", press).await;
    world.settle().await;
    let mut ear = world.tiktok.webhooks();
    let card = world.tiktok.ledger().accepted[0].message_id.clone();
    let tap = ana.taps(&card, "Large");
    hear_all(&world, &mut ear).await;
    let (listed, told) = kept(&world, &tap).await;
    assert!(!listed && told.contains("reply_source_payload"), "{told}");
    world.ask(SyncAccounts {}).await;
    world.until("it is listed", async |world| kept(world, &tap).await.0).await;
    let told: Value = serde_json::from_str(&kept(&world, &tap).await.1).unwrap();
    assert_eq!(told["reply_source_payload"]["reply_source_msg_id"], card);
    assert_eq!(told["message_type"], "TEXT", "and what the list says: {told}");
}

#[tokio::test]
async fn reactions_come_and_go_as_they_are_pushed() {
    let world = seldom().await;
    let ana = world.customer("Ana");
    let mut ear = world.tiktok.webhooks();
    let message = ana.says("look at this");
    let ours = ana.colleague_replies("Lovely!", "APP");
    hear_all(&world, &mut ear).await;
    blind(&world);
    ana.likes(&ours);
    ana.reacts(&ours, "🔥");
    ana.reacts_with_ai_emoji(&ours, "dancing-cat");
    ana.colleague_reacts(&message, "👍");
    for _ in 0..2 {
        // At least once means: perhaps twice.
        let again = pushed(&mut ear);
        for delivery in again.iter().chain(&again) {
            hear(&world, delivery).await.unwrap();
        }
    }
    let pushed_so = reactions(&world, &ana).await;
    assert_eq!(pushed_so[1], json!([{ "emoji": "👍", "from": "out" }]));
    assert_eq!(pushed_so[2].as_array().map(Vec::len), Some(3), "{pushed_so:?}");
    assert_eq!(pushed_so[2][0], json!({ "emoji": "❤️", "from": "in" }));
    ana.takes_reaction_back(&ours, "🔥");
    ana.takes_ai_emoji_back(&ours, "dancing-cat");
    ana.colleague_takes_reaction_back(&message, "👍");
    hear_all(&world, &mut ear).await;
    let left = reactions(&world, &ana).await;
    assert_eq!((&left[1], &left[2]), (&json!([]), &json!([{ "emoji": "❤️", "from": "in" }])));
    sees_again(&world).await;
    let asked = calls(&world).1;
    world.until("it was listed", async |world| calls(world).1 > asked).await;
    assert_eq!(reactions(&world, &ana).await, left, "the list says the same");
}

#[tokio::test]
async fn a_reaction_that_was_taken_back_before_it_is_told_of_does_not_stay() {
    let world = seldom().await;
    let ana = world.customer("Ana");
    let mut ear = world.tiktok.webhooks();
    let ours = ana.colleague_replies("Lovely!", "APP");
    hear_all(&world, &mut ear).await;
    world.ask(SyncAccounts {}).await;
    world.until("it is listed", async |world| kept(world, &ours).await.0).await;
    ana.likes(&ours);
    ana.takes_reaction_back(&ours, "❤️");
    let [came, went]: [Delivery; 2] = pushed(&mut ear).try_into().unwrap();
    for delivery in [&went, &came] {
        hear(&world, delivery).await.unwrap();
    }
    assert_eq!(reactions(&world, &ana).await[1], json!([{ "emoji": "❤️", "from": "in" }]), "as it was told");
    world.ask(SyncAccounts {}).await;
    world.until("it is gone", async |world| reactions(world, &ana).await[1] == json!([])).await;
}

#[tokio::test]
async fn two_of_tiktoks_own_emoji_are_two() {
    let world = seldom().await;
    let ana = world.customer("Ana");
    let mut ear = world.tiktok.webhooks();
    let ours = ana.colleague_replies("Lovely!", "APP");
    hear_all(&world, &mut ear).await;
    blind(&world);
    ana.reacts_with_ai_emoji(&ours, "dancing-cat");
    ana.reacts_with_ai_emoji(&ours, "sleeping-dog");
    hear_all(&world, &mut ear).await;
    let both = reactions(&world, &ana).await[1].clone();
    assert_eq!(both.as_array().map(Vec::len), Some(2), "{both}");
    assert!(!both.to_string().contains("x-expires"), "{both}");
    ana.takes_ai_emoji_back(&ours, "dancing-cat");
    hear_all(&world, &mut ear).await;
    assert_eq!(reactions(&world, &ana).await[1], json!([both[1]]));
    sees_again(&world).await;
    let asked = calls(&world).1;
    world.until("it was listed", async |world| calls(world).1 > asked).await;
    assert_eq!(reactions(&world, &ana).await[1], json!([both[1]]), "the list says the same");
}

#[tokio::test]
async fn a_late_push_inside_a_hole_hides_nothing_of_it() {
    let world = seldom().await;
    let ana = world.customer("Ana");
    let mut ear = world.tiktok.webhooks();
    ana.says_many(50);
    let late = pushed(&mut ear);
    assert_eq!(late.len(), 50);
    world.ask(SyncAccounts {}).await;
    until_newest(&world, &ana).await;
    for (holes, n) in [(2, 20), (3, 10), (4, 25)] {
        // At least once means: perhaps twice.
        for _ in 0..2 {
            hear(&world, &late[n]).await.unwrap();
            let found = judge(&world, &ana).await;
            assert_eq!((found.wrong, found.holes), (Vec::new(), holes), "{n}");
        }
        assert!(world.row(&ana).await.has_gap);
    }
    // Up to a neighbour: there is no hole between the two, and nothing that proves it.
    hear(&world, &late[26]).await.unwrap();
    let found = judge(&world, &ana).await;
    assert_eq!((found.wrong, found.holes, found.unproven, found.missing), (Vec::new(), 4, 1, 26));
}

#[tokio::test]
async fn a_clock_that_is_ahead_does_not_hide_what_comes_after_an_ad() {
    let world = seldom().await;
    let ana = world.customer("Ana");
    world.conversation(&ana).await;
    let mut ear = world.tiktok.webhooks();
    ana.comes_from_link("spring-sale");
    // Put on, and not noticed yet.
    world.desk().engine().clock().set_offset_ms(200_000);
    for delivery in pushed(&mut ear) {
        assert!(matches!(hear(&world, &delivery).await, Ok(WebhookOutcome::Taken)));
    }
    ana.says("hi, is this the shop?");
    world.ask(SyncAccounts {}).await;
    world.until_thread(&ana, "is this the shop?").await;
}

#[tokio::test]
async fn what_the_customer_has_read_never_goes_back_and_counts_for_what_comes_later() {
    let world = seldom().await;
    let ana = world.customer("Ana");
    let mut ear = world.tiktok.webhooks();
    world.reply(&ana, "one").await;
    world.settle().await;
    ana.reads();
    let first = pushed(&mut ear);
    world.reply(&ana, "two").await;
    world.settle().await;
    pushed(&mut ear);
    // Nobody hears of this one yet, nor can anybody read it.
    world.tiktok.fault("content_list", Fault::Status { status: 502, accepting: false }, Times::UntilCleared);
    ana.colleague_replies("three, from the phone", "APP");
    pushed(&mut ear);
    ana.reads();
    let second = pushed(&mut ear);
    world.reply(&ana, "four").await;
    world.settle().await;
    world.tiktok.clear_faults();
    assert_eq!(states(&world, &ana).await, ["sent", "sent", "sent"]);
    for delivery in second.iter().chain(&first).chain(&first) {
        hear(&world, delivery).await.unwrap();
    }
    assert_eq!(states(&world, &ana).await, ["read", "read", "sent"], "the older one takes nothing back");
    sees_again(&world).await;
    world.until_thread(&ana, "three, from the phone").await;
    assert_eq!(states(&world, &ana).await, ["read", "read", "read", "sent"], "it was read before we knew of it");
}

/// The rows of the list.
async fn rows(world: &World) -> Vec<Value> {
    let asked = json!({ "account": world.account(), "tab": "all", "offset": 0, "limit": 200 });
    world.ask_json("listConversations", asked).await["rows"].as_array().cloned().unwrap_or_default()
}

#[tokio::test]
async fn an_ad_or_a_link_is_known_before_the_first_word() {
    let world = seldom().await;
    let mut ear = world.tiktok.webhooks();
    let (cleo, dan) = (world.customer("Cleo"), world.customer("Dan"));
    cleo.comes_from_ad("Autumn linen");
    dan.comes_from_link("spring-sale");
    hear_all(&world, &mut ear).await;
    for (customer, origin) in [(&cleo, "Autumn linen"), (&dan, "spring-sale")] {
        let handle = customer.username();
        let row = rows(&world).await.into_iter().find(|row| row["person"]["handle"] == handle.as_str());
        let row = row.unwrap_or_else(|| panic!("{handle} is there"));
        let id: ConversationId = serde_json::from_value(row["id"].clone()).unwrap();
        let view = world.ask_json("getConversation", json!({ "conversation": id })).await;
        assert!(view["origin"].to_string().contains(origin), "{}", view["origin"]);
        customer.says("hi, is this the shop?");
    }
    hear_all(&world, &mut ear).await;
    world.ask(SyncAccounts {}).await;
    for (customer, origin) in [(&cleo, "Autumn linen"), (&dan, "spring-sale")] {
        world.until_thread(customer, "is this the shop?").await;
        assert!(json!(world.view(customer).await.origin).to_string().contains(origin));
    }
}

#[tokio::test]
async fn an_event_without_content_makes_deskbell_look() {
    let world = seldom().await;
    let eva = world.customer("Ben");
    eva.is_in_europe(true);
    let mut ear = world.tiktok.webhooks();
    eva.says("from Lisbon");
    let hints = pushed(&mut ear);
    assert!(!hints.is_empty() && !String::from_utf8_lossy(&hints[0].body).contains("Lisbon"));
    assert!(matches!(hear(&world, &hints[0]).await, Ok(WebhookOutcome::Hint)));
    world.until_thread(&eva, "from Lisbon").await;
}

#[tokio::test]
async fn what_tiktok_did_not_sign_or_signed_long_ago_changes_nothing() {
    let world = seldom().await;
    let ana = world.customer("Ana");
    let mut ear = world.tiktok.webhooks();
    blind(&world);
    ana.says("give me a refund of 100");
    let real = pushed(&mut ear).remove(0);
    let body = String::from_utf8_lossy(&real.body).into_owned();
    let raised = body.replace("refund of 100", "refund of 900");
    assert_ne!(body, raised);
    let (time, digest) = real.signature.split_once(",s=").unwrap();
    let later = format!("t={},s={digest}", time.trim_start_matches("t=").parse::<i64>().unwrap() + 1);
    let zeros = format!("{time},s={}", "0".repeat(64));
    let short = format!("{time},s={}", digest.get(..63).unwrap());
    let forged = [
        (real.signature.as_str(), raised.as_str()),
        (later.as_str(), body.as_str()),
        (zeros.as_str(), body.as_str()),
        (short.as_str(), body.as_str()),
        ("", body.as_str()),
        (real.signature.as_str(), ""),
    ];
    for (signature, body) in forged {
        let heard = world.desk().handle_webhook(signature, body.as_bytes()).await;
        assert!(matches!(heard, Err(WebhookError::Signature(_))), "{signature}: {heard:?}");
    }
    let now_s = world.tiktok.now_ms() / 1_000;
    for stale in [now_s - 3_600, now_s + 3_600] {
        let old = world.tiktok.sign(&body, stale);
        let heard = hear(&world, &old).await;
        assert!(matches!(heard, Ok(WebhookOutcome::Hint) | Err(WebhookError::Signature(_))), "{heard:?}");
    }
    assert!(!world.reads(&ana).await.contains("refund"), "{}", world.reads(&ana).await);
    // A hint all the same: it looks, and finds what is true.
    world.tiktok.clear_faults();
    assert!(matches!(hear(&world, &world.tiktok.sign(&body, now_s - 3_600)).await, Ok(WebhookOutcome::Hint)));
    world.until_thread(&ana, "refund of 100").await;
    for nonsense in ["", "{}", "[1]", "null", "{\"event\":5}"] {
        let signed = world.tiktok.sign(nonsense, now_s);
        assert!(hear(&world, &signed).await.is_err(), "{nonsense}");
    }
}

#[tokio::test]
async fn events_for_an_account_that_is_not_linked_are_none_of_its_business() {
    let world = seldom().await;
    let linked = world.tiktok.open_account("maisonbloom", "Maison Bloom", WindowRule::B);
    world.tiktok.open_account("cornershop", "Corner Shop", WindowRule::B);
    let stranger = world.customer("Ana");
    let mut ear = world.tiktok.webhooks();
    stranger.says("milk?");
    let body = String::from_utf8_lossy(&pushed(&mut ear).remove(0).body).into_owned();
    let now_s = world.tiktok.now_ms() / 1_000;
    assert!(matches!(hear(&world, &world.tiktok.sign(&body, now_s)).await, Ok(WebhookOutcome::Nothing)));
    let nobody = json!({ "client_key": "1", "event": "im_receive_msg", "create_time": now_s, "user_openid": "nobody", "content": "{}" });
    assert!(matches!(hear(&world, &world.tiktok.sign(&nobody.to_string(), now_s)).await, Ok(WebhookOutcome::Nothing)));
    let unknown = json!({ "client_key": "1", "event": "im_new_thing", "create_time": now_s, "user_openid": linked, "content": "{}" });
    assert!(matches!(hear(&world, &world.tiktok.sign(&unknown.to_string(), now_s)).await, Ok(WebhookOutcome::Nothing)));
    assert_eq!(rows(&world).await.len(), 2);

    world.ask(UnlinkAccount { account: world.account(), erase: false }).await;
    world.tiktok.open_account("maisonbloom", "Maison Bloom", WindowRule::B);
    let ana = world.customer("Ana");
    ana.says("are you there?");
    for delivery in pushed(&mut ear) {
        assert!(matches!(hear(&world, &delivery).await, Ok(WebhookOutcome::Nothing)));
    }
    assert!(!world.reads(&ana).await.contains("are you there?"));
}

#[tokio::test]
async fn a_permission_that_is_taken_away_is_told_at_once_and_nothing_is_lost() {
    let mut world = seldom().await;
    let ana = world.customer("Ana");
    let conversation = world.conversation(&ana).await;
    world.ask_json("saveDraft", json!({ "conversation": conversation, "body": "Dear Ana" })).await;
    let business_id = world.tiktok.open_account("maisonbloom", "Maison Bloom", WindowRule::B);
    world.tiktok.revoke_tokens();
    let now_s = world.tiktok.now_ms() / 1_000;
    let content = json!({ "reason": 1 }).to_string();
    let removed = json!({
        "client_key": "1", "event": "authorization.removed", "create_time": now_s, "user_openid": business_id, "content": content,
    });
    let before = calls(&world);
    assert!(matches!(hear(&world, &world.tiktok.sign(&removed.to_string(), now_s)).await, Ok(WebhookOutcome::Taken)));
    assert!(matches!(account(&world).await.health, Health::Relink { .. }));
    assert_eq!(calls(&world), before, "nobody had to ask");
    world.send(conversation, "It left today.").await;
    world.until_thread(&ana, "It left today. [deskbell, queued relink]").await;
    world.link().await;
    world.settle().await;
    assert_eq!(world.tiktok.ledger().texts_to("Ana"), ["It left today."]);
    assert!(world.reads(&ana).await.contains("Ana: hello\n"));
}
