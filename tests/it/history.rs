//! How complete the history is, and that nothing more is claimed: holes that Deskbell's absence left, conversations that
//! TikTok does not show, the first fetch, and requests.

mod compare;
mod complete;
mod gaps;
mod proof;

use desk::commands::{
    GetLinkState, GetOverview, PasteRedirect, PauseBackfill, SetConversationStatus, SkipSignIn, SyncAccounts,
};
use desk::view::{AccountView, LinkStep};
use model::Status;
use std::time::Duration;

use sandbox::{Config, Customer, Fault, Limits, Populate, Times};
use serde_json::{Value, json};
use tests::{TestHost, World, quick};

pub(crate) use compare::{Found, compare, lines};

/// All of a customer's thread as it is shown, held against what TikTok has.
pub(crate) async fn judge(world: &World, customer: &Customer) -> Found {
    let conversation = world.conversation(customer).await;
    let (mut messages, mut gaps, mut before) = (Vec::new(), Vec::new(), Value::Null);
    loop {
        let asked = json!({ "conversation": conversation, "before": before, "after": null, "limit": 200 });
        let page = world.ask_json("listMessages", asked).await;
        let older = page["messages"].as_array().cloned().unwrap_or_default();
        before = older.first().map_or(Value::Null, |message| message["id"].clone());
        messages.splice(0..0, older);
        gaps.extend(page["gaps"].as_array().cloned().unwrap_or_default());
        if page["hasOlder"] != true {
            return compare(&customer.thread(), &lines(&messages, &gaps), linked_at_ms(world).await);
        }
    }
}

/// When the account was linked, by TikTok's clock.
pub(crate) async fn linked_at_ms(world: &World) -> i64 {
    let id = world.account();
    let business = world.desk().engine().store().read(move |sql| store::table::account::get(sql, id)).await;
    business.expect("it is linked").linked_at_ms
}

/// The account as the frame around the screens shows it.
pub(crate) async fn account(world: &World) -> AccountView {
    world.ask(GetOverview {}).await.accounts[0].clone()
}

async fn counts(world: &World) -> Value {
    let all = json!({ "account": world.account(), "tab": "all", "offset": 0, "limit": 1 });
    world.ask_json("listConversations", all).await["counts"].clone()
}

async fn names(world: &World, tab: &str) -> Vec<String> {
    let asked = json!({ "account": world.account(), "tab": tab, "offset": 0, "limit": 200 });
    let window = world.ask_json("listConversations", asked).await;
    let rows = window["rows"].as_array().cloned().unwrap_or_default();
    let mut names: Vec<String> =
        rows.iter().map(|row| row["person"]["name"].as_str().unwrap_or_default().to_owned()).collect();
    names.sort();
    names
}

#[tokio::test]
async fn a_conversation_is_shown_from_its_beginning_in_one_page() {
    let world = World::start().await;
    let ana = world.customer("Ana");
    for n in 1..=5 {
        ana.says(&format!("message {n}"));
    }
    world.until_thread(&ana, "message 5").await;
    let conversation = world.conversation(&ana).await;
    let ask = |limit: u32| json!({ "conversation": conversation, "before": null, "after": null, "oldest": true, "limit": limit });
    let page = world.ask_json("listMessages", ask(2)).await;
    let said: Vec<_> = page["messages"].as_array().unwrap().iter().map(|one| one["content"]["body"].clone()).collect();
    assert_eq!(said, ["message 1", "message 2"]);
    assert_eq!((&page["hasOlder"], &page["hasNewer"]), (&json!(false), &json!(true)));
    let page = world.ask_json("listMessages", ask(20)).await;
    assert_eq!((page["messages"].as_array().unwrap().len(), &page["hasNewer"]), (5, &json!(false)));
}

pub(crate) async fn until_newest(world: &World, customer: &Customer) {
    let newest = customer.thread().pop().expect("they have written");
    let name = customer.name();
    world
        .until(&format!("{name}'s newest message is here"), async |world| {
            world.messages(customer).await.last().is_some_and(|last| last["sentAtMs"] == newest.at_ms)
        })
        .await;
}

/// An outage: Deskbell is closed or crashes, so many messages arrive, every fourth a colleague's, and it starts again.
async fn outage(world: &mut World, customers: &[(Customer, usize)], crash: bool) {
    if crash {
        world.crash().await;
    } else {
        world.close().await;
    }
    for (customer, count) in customers {
        let (colleagues, first) = (count / 4, count / 3);
        customer.says_many(first);
        for n in 0..colleagues {
            customer.colleague_replies(&format!("colleague {n} of {count}"), if n % 2 == 0 { "APP" } else { "WEB" });
        }
        customer.says_many(count - colleagues - first);
    }
    world.restart().await;
    for (customer, _) in customers {
        until_newest(world, customer).await;
    }
}

#[tokio::test]
async fn every_hole_that_an_absence_left_is_shown_and_no_other() {
    for crash in [false, true] {
        let mut world = World::start().await;
        let ana = world.customer("Ana");
        ana.says("first");
        world.conversation(&ana).await;
        let (mut holes, mut unproven) = (0, 0);
        // One outage after the other; what an earlier one left stays.
        for count in [19, 21, 50, 1, 20, 500, 22, 19] {
            outage(&mut world, &[(ana.clone(), count)], crash).await;
            holes += usize::from(count > 20);
            unproven += usize::from(count == 20);
            let found = judge(&world, &ana).await;
            assert_eq!(found.wrong, Vec::<String>::new(), "{count}, crash: {crash}");
            assert_eq!((found.holes, found.unproven), (holes, unproven), "{count}, crash: {crash}");
            assert_eq!(world.row(&ana).await.has_gap, holes > 0);
            assert_eq!(account(&world).await.history.gaps, u32::from(holes > 0));
        }
        assert_eq!(judge(&world, &ana).await.missing, 1 + 30 + 480 + 2);
    }
}

#[tokio::test]
async fn a_new_customer_of_whom_tiktok_shows_only_the_newest_has_a_hole_and_no_beginning() {
    let mut world = World::start().await;
    world.close().await;
    let new = world.customer("New");
    new.says_many(50);
    world.restart().await;
    until_newest(&world, &new).await;
    assert!(world.row(&new).await.has_gap);
    assert_eq!(account(&world).await.history.gaps, 1);
    let conversation = world.conversation(&new).await;
    let asked = json!({ "conversation": conversation, "before": null, "after": null, "limit": 200 });
    let page = world.ask_json("listMessages", asked).await;
    let gap = json!({ "before": page["messages"][0]["id"], "atStart": false });
    assert_eq!(page["gaps"], json!([gap]));
    assert_eq!(judge(&world, &new).await.wrong, Vec::<String>::new());
}

#[tokio::test]
async fn holes_in_thirty_conversations_are_all_shown_and_counted() {
    let mut world = World::start().await;
    let customers: Vec<(Customer, usize)> =
        (0..30).map(|n| (world.customer(&format!("Customer {n}")), 8 + n)).collect();
    for (customer, _) in &customers {
        customer.says("first");
    }
    for (customer, _) in &customers {
        world.conversation(customer).await;
    }
    outage(&mut world, &customers, true).await;
    let mut with_gap = 0;
    for (customer, count) in &customers {
        let found = judge(&world, customer).await;
        assert_eq!(found.wrong, Vec::<String>::new(), "{count}");
        assert_eq!((found.holes, found.unproven), (usize::from(*count > 20), usize::from(*count == 20)), "{count}");
        assert_eq!(world.row(customer).await.has_gap, *count >= 20);
        with_gap += usize::from(*count >= 20);
    }
    assert_eq!(account(&world).await.history.gaps, u32::try_from(with_gap).unwrap());
}

#[tokio::test]
async fn holes_on_both_sides_of_our_own_reply_are_shown() {
    let world = World::start().await;
    let ana = world.customer("Ana");
    ana.says("first");
    world.conversation(&ana).await;
    world.tiktok.fault("content_list", Fault::Status { status: 502, accepting: false }, Times::UntilCleared);
    ana.says_many(5);
    world.reply(&ana, "Hello Ana").await;
    world.until_thread(&ana, "Hello Ana [deskbell, sent]").await;
    // The reply itself is beyond what is listed when it is listed again.
    ana.says_many(25);
    world.tiktok.clear_faults();
    world.ask(SyncAccounts {}).await;
    until_newest(&world, &ana).await;
    let thread = world.reads(&ana).await;
    assert_eq!(thread.matches("~ messages may be missing here ~").count(), 2, "{thread}");
    let before = thread.split("Hello Ana").next().unwrap();
    assert!(before.contains("first\n  ~ messages may be missing here ~\n"), "{thread}");
    assert!(world.row(&ana).await.has_gap);
}

#[tokio::test]
async fn a_listing_that_names_messages_twice_neither_invents_nor_hides_a_gap() {
    let mut world = World::unlinked().await;
    world.tiktok.fault("content_list", Fault::Shuffled { duplicates: 6 }, Times::UntilCleared);
    world.tiktok.fault("conversation_list", Fault::Shuffled { duplicates: 6 }, Times::UntilCleared);
    let (ana, ben) = (world.customer("Ana"), world.customer("Ben"));
    ana.says_many(15);
    ben.says("first");
    world.link().await;
    world.conversation(&ben).await;
    outage(&mut world, &[(ben.clone(), 16)], false).await;
    until_newest(&world, &ana).await;
    for customer in [&ana, &ben] {
        let found = judge(&world, customer).await;
        assert_eq!((found.wrong, found.unproven, found.missing), (Vec::new(), 0, 0));
    }
    outage(&mut world, &[(ben.clone(), 30)], false).await;
    let found = judge(&world, &ben).await;
    assert_eq!((found.wrong, found.holes, found.missing), (Vec::new(), 1, 10));
}

#[tokio::test]
async fn a_conversation_that_tiktok_refuses_is_marked_and_counted_until_it_can_be_read() {
    let world = World::start().await;
    let (ana, ben) = (world.customer("Ana"), world.customer("Ben"));
    for customer in [&ana, &ben] {
        customer.says("one");
        world.conversation(customer).await;
    }
    world.tiktok.fault("content_list", Fault::code(40_007), Times::UntilCleared);
    ana.says("two");
    world.until("Ana's is marked", async |world| world.row(&ana).await.unreadable).await;
    assert_eq!(account(&world).await.history.unreadable, 1);
    assert_eq!((&world.row(&ben).await.unreadable, &world.row(&ana).await.has_gap), (&false, &false));
    world.tiktok.clear_faults();
    // Nothing happens in it, and nobody looks at it.
    world.until_thread(&ana, "two").await;
    world.until("the mark is gone", async |world| !world.row(&ana).await.unreadable).await;
    assert_eq!(account(&world).await.history.unreadable, 0);
}

#[tokio::test]
async fn a_new_customer_whose_conversation_tiktok_does_not_find_yet_is_not_left_out() {
    let world = World::start().await;
    world.tiktok.fault("content_list", Fault::code(40_007), Times::Next(2));
    let ana = world.customer("Ana");
    ana.says("is anybody there?");
    world.until_thread(&ana, "is anybody there?").await;
    assert!(!world.row(&ana).await.unreadable);
}

#[tokio::test]
async fn a_new_customers_second_message_is_not_left_out_where_the_first_reading_lags() {
    let world = World::start().await;
    let ana = world.customer("Ana");
    world.tiktok.fault("content_list", Fault::Stale { messages: 1 }, Times::Next(1));
    world.tiktok.fault("conversation_list", Fault::Delay(Duration::from_millis(60)), Times::Next(2));
    ana.says("is anybody there?");
    ana.colleague_replies("Yes!", "APP");
    world.until_thread(&ana, "Yes!").await;
}

/// A shop of sixty conversations, whose first fetch goes slowly.
async fn large_shop() -> World {
    let mut timing = quick();
    timing.budget.backfills_per_second = 15;
    // Calls are counted: nothing is read once more to settle it.
    timing.lag = Duration::from_secs(3_600);
    let populate = Some(Populate { conversations: 60, messages: 3 });
    let mut world = World::with(
        Config { limits: Limits::NONE, scripted: true, populate, ..Config::default() },
        timing,
        TestHost::new(),
    )
    .await;
    world.type_credentials().await;
    world.ask(SkipSignIn {}).await;
    let authorising = world.ask_json("startAuthorization", json!({})).await;
    let landed = world.tiktok.agree(authorising["step"]["address"].as_str().unwrap()).await.unwrap();
    world.ask(PasteRedirect { address: landed }).await;
    world
        .until("it is confirmed", async |world| {
            matches!(world.ask(GetLinkState {}).await.step, LinkStep::Confirm { .. })
        })
        .await;
    world.confirm().await;
    world
}

#[tokio::test]
async fn a_paused_first_fetch_stands_still_while_news_arrive_and_goes_on_after_a_crash() {
    let mut world = large_shop().await;
    let id = world.account();
    let done = async |world: &World| account(world).await.backfill.map_or(0, |backfill| backfill.done);
    world.until("some are fetched", async |world| done(world).await >= 3).await;
    world.ask(PauseBackfill { account: id, paused: true }).await;
    let sweeps = |world: &World| world.tiktok.ledger().calls("conversation_list");
    // What was being fetched at that moment still comes.
    let swept = sweeps(&world);
    world.until("it has swept again", async |world| sweeps(world) > swept + 2).await;
    let before = account(&world).await.backfill.unwrap();
    assert!(before.paused);
    let total = before.total;
    assert!(total >= 60 && before.done < total, "{before:?}");
    assert_eq!(account(&world).await.history.complete_to_ms, None, "nothing is claimed meanwhile");

    let (ana, fetched) = (world.customer("Ana of today"), world.tiktok.ledger().calls("content_list"));
    ana.says("is this still there?");
    world.until_thread(&ana, "is this still there?").await;
    world.until("the agent was notified", async |world| !world.host.notifications().is_empty()).await;
    let swept = sweeps(&world);
    world.until("it has swept again", async |world| sweeps(world) > swept + 6).await;
    let after = account(&world).await.backfill.unwrap();
    assert_eq!(after.done, before.done + 1, "Ana's alone: {after:?}");
    assert_eq!(world.tiktok.ledger().calls("content_list"), fetched + 1);

    world.crash().await;
    world.restart().await;
    let swept = sweeps(&world);
    world.until("it has swept again", async |world| sweeps(world) > swept + 4).await;
    assert_eq!(account(&world).await.backfill, Some(after), "still paused, and where it was");
    world.ask(PauseBackfill { account: id, paused: false }).await;
    world.until("it goes on", async |world| done(world).await > after.done + 3).await;
    world.crash().await;
    let halfway = world.tiktok.ledger().calls("content_list");
    world.restart().await;
    let left = total + 1 - done(&world).await;
    world.until("it is complete", async |world| account(world).await.backfill.is_none()).await;
    let again = world.tiktok.ledger().calls("content_list") - halfway;
    assert!(
        u32::try_from(again).unwrap() <= left + 3,
        "{again} calls for {left} conversations: it went on where it was"
    );
    assert!(account(&world).await.history.complete_to_ms.is_some());
    for customer in world.tiktok.customers() {
        assert_eq!(judge(&world, &customer).await.wrong, Vec::<String>::new());
    }
}

#[tokio::test]
async fn a_request_leaves_its_tab_with_the_first_answer_whoever_gives_it() {
    let world = World::start().await;
    let people = ["Ana", "Ben", "Cleo", "Dan"].map(|name| world.customer(name));
    let [ana, ben, cleo, dan] = &people;
    for customer in &people {
        customer.says("hello?");
        world.conversation(customer).await;
    }
    dan.is_auto_replied("We are closed today.");
    world.until_thread(dan, "We are closed today.").await;
    for tab in ["requests", "waiting"] {
        assert_eq!(names(&world, tab).await, ["Ana", "Ben", "Cleo", "Dan"], "{tab}: a machine has answered nobody");
    }
    assert_eq!(
        counts(&world).await,
        json!({ "waiting": 4, "requests": 4, "all": 4, "mine": 0, "snoozed": 0, "unsent": 0, "unsentReplies": 0, "done": 0 })
    );

    world.reply(ana, "Hello Ana").await;
    ben.colleague_replies("Hello Ben", "APP");
    world.until_thread(ben, "Hello Ben").await;
    world.settle().await;
    world.until("two of them are chats", async |world| counts(world).await["requests"] == 2).await;
    assert_eq!(names(&world, "requests").await, ["Cleo", "Dan"]);
    assert_eq!(names(&world, "waiting").await, ["Cleo", "Dan"]);
    assert_eq!(world.tiktok.ledger().texts_to("Ana"), ["Hello Ana"]);

    ana.says("one more thing");
    world.until_thread(ana, "one more thing").await;
    assert_eq!(names(&world, "requests").await, ["Cleo", "Dan"], "answered once is no request any more");
    assert_eq!(names(&world, "waiting").await, ["Ana", "Cleo", "Dan"]);
    let conversation = world.conversation(cleo).await;
    world.ask(SetConversationStatus { conversation, status: Status::Done }).await;
    assert_eq!(names(&world, "requests").await, ["Dan"]);
    assert_eq!(
        counts(&world).await,
        json!({ "waiting": 2, "requests": 1, "all": 3, "mine": 0, "snoozed": 0, "unsent": 0, "unsentReplies": 0, "done": 1 })
    );
}

#[tokio::test]
async fn what_tiktok_has_forgotten_after_ninety_days_is_still_here() {
    let mut world = World::start().await;
    let ana = world.customer("Ana");
    ana.says("where is my order?");
    world.conversation(&ana).await;
    world.close().await;
    world.tiktok.advance(Duration::from_secs(91 * 86_400));
    let ben = world.customer("Ben");
    ben.says("hello?");
    world.restart().await;
    world.until_thread(&ben, "hello?").await;
    assert_eq!(world.reads(&ana).await, "Ana (request, open)\n  Ana: where is my order?\n");
    let row = world.row(&ana).await;
    assert_eq!((&row.has_gap, &row.unreadable, &row.waiting), (&false, &false, &true));

    // Whoever links today is not told of it.
    let mut other = World::unlinked().await;
    let old = other.customer("Old");
    old.says("long ago");
    other.tiktok.advance(Duration::from_secs(91 * 86_400));
    other.customer("New").says("today");
    other.link().await;
    other.conversation(&other.customer("New")).await;
    assert_eq!(names(&other, "all").await, ["New"]);
    // Until they write again: then what is still there comes with it.
    old.says("do you remember me?");
    other.until_thread(&old, "Old: long ago\n  Old: do you remember me?").await;
}
