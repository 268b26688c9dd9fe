//! What it takes to call a history complete: TikTok's lists break off, lag, lead astray and refuse, and nothing that was
//! written is left out of sight for it.

use desk::commands::{SetActiveView, SyncAccounts};
use std::time::Duration;

use engine::timing::Timing;
use sandbox::{Config, Customer, Fault, Limits, PagingFault, Times};
use serde_json::{Value, json};
use tests::{TestHost, World, quick};

use super::account;

/// A linked world that lists when it is told to. Only the first list is read to its end without need.
async fn told() -> World {
    World::paced(seldom).await
}

fn seldom(timing: &mut Timing) {
    let hour = Duration::from_secs(3_600);
    (timing.sweep_focused, timing.sweep_background, timing.sweep_idle) = (hour, hour, hour);
    timing.sweep_whole = hour;
    timing.call = Duration::from_secs(30);
}

/// The same with lists that never lag: what is read to the end is complete up to that moment.
fn no_lag(timing: &mut Timing) {
    seldom(timing);
    timing.lag = Duration::ZERO;
}

fn lists(world: &World) -> usize {
    world.tiktok.ledger().calls("conversation_list")
}

async fn complete_to(world: &World) -> Option<i64> {
    account(world).await.history.complete_to_ms
}

/// Whether the list says that TikTok does not show this conversation, which may have no name yet.
async fn unreadable(world: &World) -> u32 {
    account(world).await.history.unreadable
}

async fn rows(world: &World) -> Vec<Value> {
    let asked = json!({ "account": world.account(), "tab": "all", "offset": 0, "limit": 200 });
    world.ask_json("listConversations", asked).await["rows"].as_array().cloned().unwrap_or_default()
}

/// How many customers wait for an answer to what is on screen.
async fn waiting(world: &World) -> usize {
    let asked = json!({ "account": world.account(), "tab": "all", "offset": 0, "limit": 1 });
    let counts = &world.ask_json("listConversations", asked).await["counts"];
    counts["waiting"].as_u64().and_then(|count| usize::try_from(count).ok()).unwrap_or_default()
}

/// Waits until so many do, however long all of them take.
async fn until_waiting(world: &World, count: usize) {
    for some in (0..count).step_by(10).chain([count]) {
        world.until(&format!("{some} of {count} are here"), async |world| waiting(world).await >= some).await;
    }
}

/// From here on every claim is seen, even one of the same minute.
async fn claim_nothing(world: &World) {
    let store = world.desk().engine().store();
    store.write(|tx| Ok(tx.execute_batch("UPDATE account SET complete_to_ms = NULL")?)).await.unwrap();
}

fn crowd(world: &World, name: &str, count: usize) -> Vec<Customer> {
    (0..count).map(|n| world.customer(&format!("{name} {n}"))).collect()
}

const DOWN: Fault = Fault::Status { status: 502, accepting: false };

#[tokio::test]
async fn a_listing_that_breaks_off_between_two_pages_is_made_again_to_the_end() {
    let world = told().await;
    crowd(&world, "New", 130).iter().for_each(|customer| drop(customer.says("hello?")));
    let before = lists(&world);
    world.tiktok.fault("conversation_list", Fault::Delay(Duration::from_secs(2)), Times::Next(1));
    world.ask(SyncAccounts {}).await;
    world.until("the first page was asked for", async |world| lists(world) > before).await;
    world.tiktok.fault("conversation_list", DOWN, Times::Next(1));
    until_waiting(&world, 130).await;
}

#[tokio::test]
async fn a_clock_that_is_ahead_claims_nothing_that_tiktok_has_not_come_to_yet() {
    let now = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH).unwrap().as_millis();
    let start_at_ms = Some(i64::try_from(now).unwrap() - 2 * 3_600_000);
    let config = Config { limits: Limits::NONE, start_at_ms, ..Config::default() };
    let mut world = World::with(config, quick(), TestHost::new()).await;
    world.customer("Ana").says("hello");
    world.link().await;
    // `Date` is good to a second.
    assert!(super::linked_at_ms(&world).await < world.tiktok.now_ms() + 2_000, "nor was it linked tomorrow");
    world.crash().await;
    world.restart().await;
    let before = lists(&world);
    // What the first listing claims is claimed before the second is asked for.
    world.until("it has listed a few times", async |world| lists(world) >= before + 8).await;
    assert!(complete_to(&world).await.unwrap() <= world.tiktok.now_ms());
}

#[tokio::test]
async fn a_claim_from_the_future_is_taken_back() {
    let world = World::start().await;
    let ahead = world.tiktok.now_ms() + 365 * 86_400_000;
    let poison = format!("UPDATE account SET complete_to_ms = {ahead}");
    let store = world.desk().engine().store();
    store.write(move |tx| Ok(tx.execute_batch(&poison)?)).await.unwrap();
    world
        .until("it claims what is proven", async |world| {
            complete_to(world).await.is_some_and(|at| at <= world.tiktok.now_ms())
        })
        .await;
}

#[tokio::test]
async fn a_message_that_comes_to_light_after_a_later_one_was_read_is_read_too() {
    for earlier_ms in [5_000, 0] {
        let world = World::start().await;
        let ana = world.customer("Ana");
        ana.says("b");
        world.until_thread(&ana, "Ana: b").await;
        let b_at = ana.thread().last().unwrap().at_ms;
        ana.says_at("a", b_at - earlier_ms);
        world.tiktok.advance(Duration::from_secs(120));
        world.until("b's time is complete", async |world| complete_to(world).await > Some(b_at)).await;
        let thread = world.reads(&ana).await;
        assert!(thread.contains("Ana: a\n"), "{earlier_ms} ms earlier: {thread}");
    }
}

#[tokio::test]
async fn a_thread_that_lags_for_longer_than_lists_may_comes_to_light_although_nothing_more_happens_in_it() {
    let world = World::start().await;
    let ana = world.customer("Ana");
    ana.says("one");
    world.conversation(&ana).await;
    world.tiktok.fault("content_list", Fault::Stale { messages: 1 }, Times::UntilCleared);
    ana.colleague_replies("we will look", "APP");
    ana.says("thank you");
    let said_at = ana.thread().last().unwrap().at_ms;
    world.tiktok.advance(Duration::from_secs(120));
    world.until("it has given up", async |world| complete_to(world).await > Some(said_at)).await;
    world.tiktok.clear_faults();
    world.until_thread(&ana, "thank you").await;
}

#[tokio::test]
async fn a_conversation_of_which_tiktok_shows_no_message_is_said_to_be_hidden_until_it_shows_one() {
    let world = World::start().await;
    let (ana, ben) = (world.customer("Ana"), world.customer("Ben"));
    world.tiktok.fault_with(&ana, "content_list", Fault::EmptyListing, Times::UntilCleared);
    ana.says("is anybody there?");
    ben.says("hello");
    world.conversation(&ben).await;
    let said_at = ana.thread().last().unwrap().at_ms;
    world.tiktok.advance(Duration::from_secs(120));
    world.until("it is said", async |world| unreadable(world).await == 1).await;
    world.until("nothing waits for it", async |world| complete_to(world).await > Some(said_at)).await;
    let asked = world.tiktok.ledger().calls("content_list");
    world
        .until("it is tried again", async |world| {
            assert_eq!(unreadable(world).await, 1);
            world.tiktok.ledger().calls("content_list") > asked
        })
        .await;
    world.tiktok.clear_faults();
    world.until_thread(&ana, "is anybody there?").await;
    world.until("nothing is said any more", async |world| unreadable(world).await == 0).await;
}

#[tokio::test]
async fn a_conversation_that_can_never_be_read_is_said_to_be_hidden_and_holds_nothing_up() {
    for fault in [Fault::code(50_000), Fault::TruncatedJson, Fault::NeverAnswer { accepting: false }] {
        let world = World::paced(|timing| timing.call = Duration::from_millis(300)).await;
        let (ana, ben) = (world.customer("Ana"), world.customer("Ben"));
        for customer in [&ana, &ben] {
            customer.says("one");
            world.conversation(customer).await;
        }
        world.tiktok.fault_with(&ana, "content_list", fault, Times::UntilCleared);
        ana.says("two");
        let said_at = ana.thread().last().unwrap().at_ms;
        world.until("it is marked", async |world| world.row(&ana).await.unreadable).await;
        assert!(!world.row(&ben).await.unreadable);
        world.tiktok.advance(Duration::from_secs(120));
        world.until("nothing waits for it", async |world| complete_to(world).await > Some(said_at)).await;
        world.tiktok.clear_faults();
        world.until_thread(&ana, "two").await;
        world.until("the mark is gone", async |world| !world.row(&ana).await.unreadable).await;
    }
}

#[tokio::test]
async fn a_conversation_that_cannot_be_kept_holds_up_no_other() {
    let world = World::start().await;
    let (ana, ben) = (world.customer("Ana"), world.customer("Ben"));
    for customer in [&ana, &ben] {
        customer.says("one");
        world.conversation(customer).await;
    }
    let poison = format!(
        "CREATE TRIGGER poison BEFORE INSERT ON message WHEN new.conversation_id = {}
         BEGIN SELECT RAISE (ABORT, 'poison'); END",
        world.conversation(&ana).await.0
    );
    let store = world.desk().engine().store().clone();
    store.write(move |tx| Ok(tx.execute_batch(&poison)?)).await.unwrap();
    ben.says("two");
    ana.says("two, which is newer");
    world.until_thread(&ben, "two").await;
    world.until("Ana's is marked", async |world| world.row(&ana).await.unreadable).await;
    store.write(|tx| Ok(tx.execute_batch("DROP TRIGGER poison")?)).await.unwrap();
    world.until_thread(&ana, "two, which is newer").await;
}

#[tokio::test]
async fn a_request_that_we_answer_between_two_pages_hides_no_other() {
    let world = World::paced(no_lag).await;
    let answered = world.customer("Answered");
    answered.says("first");
    world.ask(SyncAccounts {}).await;
    world.conversation(&answered).await;
    // All of them after that listing, each a millisecond before the other.
    let newest_at = world.tiktok.now_ms() + 130;
    for (n, customer) in (0..).zip(crowd(&world, "New", 130)) {
        customer.says_at("hello?", newest_at - n);
    }
    world.until("that moment has come", async |world| world.tiktok.now_ms() > newest_at).await;
    answered.says("are you there?");
    // The answered one and the newest 99 stand on the first page; this one begins the second.
    let (hundredth, asked_at) = (world.customer("New 99"), newest_at - 99);
    claim_nothing(&world).await;
    let before = lists(&world);
    // What stands on the first page is settled at once; we hear of it late.
    world.tiktok.fault("conversation_list", Fault::AnswerLate(Duration::from_secs(4)), Times::Next(1));
    world.ask(SyncAccounts {}).await;
    world.until("the first page was asked for", async |world| lists(world) > before).await;
    world.reply(&answered, "Yes!").await;
    world.until("the answer is there", async |world| !world.tiktok.ledger().texts_to("Answered").is_empty()).await;
    world.until("the lists were read", async |world| lists(world) >= before + 3).await;
    until_waiting(&world, 129).await;
    // Whatever was claimed was claimed before the next listing is asked for.
    let before = lists(&world);
    world.tiktok.fault("conversation_list", Fault::Delay(Duration::from_secs(2)), Times::Next(1));
    world.ask(SyncAccounts {}).await;
    world.until("it lists again", async |world| lists(world) > before).await;
    let claimed = complete_to(&world).await;
    let slipped = !rows(&world).await.iter().any(|row| row["person"]["name"] == hundredth.name().as_str());
    assert!(!slipped || claimed < Some(asked_at), "{claimed:?} claims one from {asked_at} that is not here");
    until_waiting(&world, 130).await;
}

#[tokio::test]
async fn a_list_that_leads_astray_is_left_and_proves_nothing() {
    let world = World::paced(no_lag).await;
    let (ana, ben) = (world.customer("Ana"), world.customer("Ben"));
    for customer in [&ana, &ben] {
        customer.says("hello");
    }
    ben.colleague_replies("Hello Ben", "APP");
    world.ask(SyncAccounts {}).await;
    for (n, astray) in
        [PagingFault::MissingCursor, PagingFault::RepeatedCursor, PagingFault::EndlessCursor, PagingFault::MissingId]
            .into_iter()
            .enumerate()
    {
        world.tiktok.fault("conversation_list", Fault::Paging(astray), Times::UntilCleared);
        let text = format!("again, for the {n}th time");
        ana.says(&text);
        ben.says(&text);
        let said_at = ana.thread().last().unwrap().at_ms;
        claim_nothing(&world).await;
        for _ in 0..2 {
            let before = lists(&world);
            world.ask(SyncAccounts {}).await;
            world.until("both lists were asked for", async |world| lists(world) >= before + 2).await;
        }
        if astray != PagingFault::MissingId {
            // The second list, which the first must not keep it from.
            world.until_thread(&ben, &text).await;
        }
        assert!(complete_to(&world).await < Some(said_at), "{astray:?}");
        world.tiktok.clear_faults();
        claim_nothing(&world).await;
        world.ask(SyncAccounts {}).await;
        world.until_thread(&ana, &text).await;
        world.until("they were read to their end", async |world| complete_to(world).await >= Some(said_at)).await;
    }
}

#[tokio::test]
async fn a_conversation_whose_id_no_address_can_carry_costs_itself_only() {
    let world = World::paced(no_lag).await;
    let (ana, ben) = (world.customer("Ana"), world.customer("Ben"));
    ana.says("hello");
    ben.says("hello");
    let said_at = world.tiktok.now_ms();
    // Ben's, who wrote last and is listed first.
    let place = "/data/conversations/0/conversation_id".to_owned();
    let odd = Fault::edited(vec![(place, Some(json!("x".repeat(70_000))))]);
    world.tiktok.fault("conversation_list", odd, Times::UntilCleared);
    for n in 0..5 {
        let text = format!("again, for the {n}th time");
        ana.says(&text);
        ben.says(&text);
        world.ask(SyncAccounts {}).await;
    }
    world.until_thread(&ana, "again, for the 4th time").await;
    assert_eq!(world.ask_json("getOverview", json!({})).await["accounts"][0]["health"]["state"], "live");
    assert!(complete_to(&world).await < Some(said_at), "nothing is called complete beyond what cannot be read");
    world.tiktok.clear_faults();
    world.ask(SyncAccounts {}).await;
    for customer in [&ana, &ben] {
        world.until_thread(customer, "again, for the 4th time").await;
    }
}

#[tokio::test]
async fn a_thread_on_screen_does_not_wait_for_as_long_as_others_after_a_failure() {
    // Without the focus the thread on screen is not watched: it is read when it has news, like any other.
    let world = World::paced(|timing| {
        no_lag(timing);
        (timing.look, timing.put_aside) = (vec![Duration::from_secs(600)], Duration::from_secs(600));
    })
    .await;
    let ana = world.customer("Ana");
    ana.says("hello");
    world.ask(SyncAccounts {}).await;
    let conversation = world.conversation(&ana).await;
    world.tiktok.fault("content_list", Fault::TruncatedJson, Times::Next(1));
    let read = world.tiktok.ledger().calls("content_list");
    ana.says("are you there?");
    world.ask(SyncAccounts {}).await;
    world.until("it was read in vain", async |world| world.tiktok.ledger().calls("content_list") > read).await;
    world.ask(SetActiveView { conversation: Some(conversation), focused: false }).await;
    world.until_thread(&ana, "are you there?").await;
}

#[tokio::test]
async fn looking_again_reads_what_was_put_aside_at_once() {
    let world = World::paced(|timing| {
        no_lag(timing);
        (timing.look, timing.put_aside) = (vec![Duration::from_secs(600)], Duration::from_secs(600));
    })
    .await;
    let ana = world.customer("Ana");
    ana.says("hello");
    world.ask(SyncAccounts {}).await;
    world.until_thread(&ana, "hello").await;
    world.tiktok.fault("content_list", Fault::TruncatedJson, Times::Next(1));
    let read = world.tiktok.ledger().calls("content_list");
    ana.says("are you there?");
    world.ask(SyncAccounts {}).await;
    world.until("it was read in vain", async |world| world.tiktok.ledger().calls("content_list") > read).await;
    world.ask(SyncAccounts {}).await;
    world.until_thread(&ana, "are you there?").await;
}

#[tokio::test]
async fn a_new_conversation_that_is_not_found_for_as_long_as_lists_may_lag_is_not_given_up() {
    let world = told().await;
    let ana = world.customer("Ana");
    world.tiktok.fault("content_list", Fault::code(40_007), Times::Next(5));
    ana.says("is anybody there?");
    world.ask(SyncAccounts {}).await;
    world.until_thread(&ana, "is anybody there?").await;
    assert!(!world.row(&ana).await.unreadable);
}

#[tokio::test]
async fn after_sleep_the_lists_are_read_to_their_end() {
    let world = told().await;
    crowd(&world, "Known", 130).iter().for_each(|customer| drop(customer.says("hello?")));
    world.ask(SyncAccounts {}).await;
    until_waiting(&world, 130).await;
    let before = lists(&world);
    world.desk().engine().resume_after_sleep().await;
    world.until("both pages of one list and the other list", async |world| lists(world) >= before + 3).await;
}
