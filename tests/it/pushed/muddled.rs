//! Pushes that come twice, late, never, before the answer they belong to, or while TikTok's lists fail.

use desk::commands::SyncAccounts;
use desk::view::Health;
use std::time::Duration;

use rand::rngs::StdRng;
use rand::seq::SliceRandom;
use rand::{Rng, SeedableRng};
use sandbox::{Customer, Fault, Times, WebhookFaults};
use tests::World;

use super::{blind, hear, hear_all, pushed, sees_again, seldom};
use crate::history::{account, judge};

#[tokio::test]
async fn ten_of_each_in_any_order_are_one_of_each_in_order() {
    for seed in 1..=3 {
        let world = seldom().await;
        let mut lot = StdRng::seed_from_u64(seed);
        let mut ear = world.tiktok.webhooks();
        let customers: Vec<Customer> = ["Ana", "Ben"].iter().map(|name| world.customer(name)).collect();
        blind(&world);
        for customer in &customers {
            customer.says_many(30);
            customer.colleague_replies("a moment", "WEB");
            customer.says_many(20);
        }
        let all = pushed(&mut ear);
        assert_eq!(all.len(), 102);
        // One in ten never comes at all.
        let come: Vec<_> = all.iter().filter(|_| lot.random_bool(0.9)).collect();
        let mut muddled: Vec<_> = come.iter().flat_map(|delivery| [*delivery; 10]).collect();
        muddled.shuffle(&mut lot);
        for delivery in muddled {
            hear(&world, delivery).await.unwrap();
        }
        let on_screen = async |world: &World| {
            let mut count = 0;
            for customer in &customers {
                count += world.messages(customer).await.len();
            }
            count
        };
        assert_eq!(on_screen(&world).await, come.len() + 2, "each once");
        sees_again(&world).await;
        for customer in &customers {
            let newest = customer.thread().pop().unwrap().at_ms;
            world
                .until("the newest twenty were listed", async |world| {
                    let found = judge(world, customer).await;
                    world.messages(customer).await.last().is_some_and(|last| last["sentAtMs"] == newest)
                        && found.wrong.is_empty()
                })
                .await;
            let found = judge(&world, customer).await;
            assert_eq!((found.unsaid, found.invented, found.out_of_order), (0, 0, 0), "seed {seed}");
        }
    }
}

#[tokio::test]
async fn doubled_late_and_lost_pushes_and_polling_together_make_the_ledgers_thread() {
    let world = World::start().await;
    // To the last one only the agent writes: a colleague's answer would stop them.
    let customers: Vec<Customer> = (0..7).map(|n| world.customer(&format!("Customer {n}"))).collect();
    for customer in &customers {
        customer.says("hello");
        world.conversation(customer).await;
    }
    world.hears();
    world.tiktok.webhook_faults(WebhookFaults { duplicates: 0.5, reordered: 0.5, dropped: 0.3 });
    // Not more to anybody than TikTok lists.
    for n in 0..24 {
        let customer = &customers[n % 6];
        customer.says_many(1 + n % 3);
        customer.colleague_replies(&format!("answer {n}"), "APP");
        if n % 4 == 0 {
            customers[6].says("and?");
            world.reply(&customers[6], &format!("ours {n}")).await;
        }
    }
    world.settle().await;
    world.tiktok.clear_faults();
    for customer in &customers {
        world
            .until("all is here, once and in order", async |world| {
                let found = judge(world, customer).await;
                found.wrong.is_empty() && found.missing == 0
            })
            .await;
        let sent = world.tiktok.ledger().texts_to(&customer.name());
        let thread = world.reads(customer).await;
        for text in &sent {
            assert_eq!(thread.matches(&format!(": {text} [deskbell, sent]")).count(), 1, "{thread}");
        }
    }
    let tally = world.tiktok.ledger().webhooks;
    assert!(tally.dropped > 3 && tally.doubled > 3 && tally.held > 3, "{tally:?}");
}

#[tokio::test]
async fn the_echo_of_our_own_reply_is_one_bubble_whenever_it_comes() {
    let world = seldom().await;
    let ana = world.customer("Ana");
    let mut ear = world.tiktok.webhooks();
    let bubbles = async |text: &str| world.reads(&ana).await.matches(text).count();

    // Before the answer.
    world.tiktok.fault("send", Fault::AnswerLate(Duration::from_millis(400)), Times::Next(1));
    world.reply(&ana, "echo first").await;
    world.until("TikTok has it", async |world| world.tiktok.ledger().texts_to("Ana").len() == 1).await;
    let echo = pushed(&mut ear);
    assert!(!echo.is_empty());
    for delivery in &echo {
        hear(&world, delivery).await.unwrap();
    }
    assert_eq!(world.reads(&ana).await.matches("echo first [deskbell, sent]").count(), 1, "the echo confirms it");
    world.settle().await;
    assert_eq!(bubbles("echo first").await, 1);
    // After it, and twice.
    for delivery in echo.iter().chain(&echo) {
        hear(&world, delivery).await.unwrap();
    }
    assert_eq!(bubbles("echo first").await, 1);

    world.reply(&ana, "answer first").await;
    world.settle().await;
    hear_all(&world, &mut ear).await;
    assert_eq!(bubbles("answer first [deskbell, sent]").await, 1);

    // Two of the same words, and the answer of the first is lost while the lists fail: the echo settles it.
    world.tiktok.fault("send", Fault::HangUpAfter, Times::Next(1));
    world.tiktok.fault("content_list", Fault::Status { status: 502, accepting: false }, Times::UntilCleared);
    world.reply(&ana, "twice").await;
    world.reply(&ana, "twice").await;
    world.until("TikTok has the first", async |world| world.tiktok.ledger().texts_to("Ana").len() == 3).await;
    hear_all(&world, &mut ear).await;
    world.settle().await;
    hear_all(&world, &mut ear).await;
    assert_eq!(bubbles("twice [deskbell, sent]").await, 2);
    assert_eq!(world.tiktok.ledger().texts_to("Ana"), ["echo first", "answer first", "twice", "twice"]);
    sees_again(&world).await;
    let asked = world.tiktok.ledger().calls("content_list");
    ana.says("thank you");
    world.ask(SyncAccounts {}).await;
    world.until_thread(&ana, "thank you").await;
    assert!(world.tiktok.ledger().calls("content_list") > asked);
    assert_eq!((bubbles("twice").await, world.messages(&ana).await.len()), (2, 6), "the list agrees");
}

#[tokio::test]
async fn a_push_while_the_lists_fail_is_shown_and_not_called_complete() {
    let world = World::start().await;
    let ana = world.customer("Ana");
    ana.says("one");
    world.conversation(&ana).await;
    world.hears();
    blind(&world);
    world.tiktok.webhook_faults(WebhookFaults { dropped: 1.0, ..WebhookFaults::default() });
    let lost_ms = world.tiktok.now_ms();
    ana.says("two, which nobody pushes");
    world.tiktok.webhook_faults(WebhookFaults::default());
    ana.says("three");
    world.until_thread(&ana, "three").await;
    world.tiktok.advance(Duration::from_secs(120));
    let listed = || world.tiktok.ledger().calls("conversation_list");
    let before = listed();
    world.until("it has tried to list", async |_| listed() > before + 10).await;
    let shown = account(&world).await;
    assert!(matches!(shown.health, Health::Unwell { .. }));
    assert!(shown.history.complete_to_ms.unwrap() <= lost_ms, "{shown:?}");
    assert!(!world.reads(&ana).await.contains("two"));
    sees_again(&world).await;
    world.until_thread(&ana, "Ana: one\n  Ana: two, which nobody pushes\n  Ana: three").await;
    world
        .until("it is complete", async |world| account(world).await.history.complete_to_ms.unwrap() > lost_ms + 60_000)
        .await;
}
