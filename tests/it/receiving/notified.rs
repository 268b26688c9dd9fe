//! Notifications of new messages, and what a click on one opens.

use desk::commands::SetActiveView;
use desk::{Event, Place};
use model::Change;
use sandbox::Customer;
use serde_json::json;
use tests::World;

#[tokio::test]
async fn the_agent_is_notified_of_fresh_news_while_looking_elsewhere_and_of_nothing_else() {
    let mut world = World::unlinked().await;
    let (ana, ben) = (world.customer("Ana"), world.customer("Ben"));
    ana.says("written before the account was linked");
    world.link().await;
    let said = async |world: &World, customer: &Customer, text: &str| {
        customer.says(text);
        world.until_thread(customer, text).await;
        // The loop has gone on, so whoever was to hear of it has.
        let sweeps = world.tiktok.ledger().calls("conversation_list");
        world.until("the next sweep", async |world| world.tiktok.ledger().calls("conversation_list") > sweeps).await;
    };
    ben.says_at("written eleven minutes ago", world.tiktok.now_ms() - 11 * 60_000);
    world.until_thread(&ben, "eleven").await;
    world.ask(SetActiveView { conversation: None, focused: true }).await;
    said(&world, &ana, "while the window has the focus").await;
    world.ask(SetActiveView { conversation: None, focused: false }).await;
    ana.colleague_replies("from a colleague", "APP");
    world.until_thread(&ana, "from a colleague").await;
    // One at a time, in order of arrival: had an earlier one been notified, it would stand before this.
    said(&world, &ana, &format!("news {}", "x".repeat(200))).await;
    world.until("the agent was notified", async |world| !world.host.notifications().is_empty()).await;
    let conversation = world.conversation(&ana).await;
    let notified = world.host.notifications();
    assert_eq!(notified.len(), 1, "{notified:?}");
    assert_eq!((notified[0].account, notified[0].opens), (world.account(), Place::Conversation(conversation)));
    assert_eq!(notified[0].title, "Ana");
    assert_eq!(notified[0].body, format!("news {}", "x".repeat(115)), "120 characters");

    let mut settings = world.ask_json("getOverview", json!({})).await["settings"].clone();
    settings["notify"] = json!(false);
    world.ask_json("saveSettings", json!({ "settings": settings.clone() })).await;
    said(&world, &ana, "with notifications off").await;
    // The next one is a photo: it is named, not shown.
    world.until("the quiet one was passed over", async |world| world.reads(&ana).await.contains("off")).await;
    let quiet = world.customer("Cleo");
    said(&world, &quiet, "still off").await;
    settings["notify"] = json!(true);
    world.ask_json("saveSettings", json!({ "settings": settings })).await;
    ben.sends_image();
    world.until("the agent was notified again", async |world| world.host.notifications().len() >= 2).await;
    let notified = world.host.notifications();
    assert_eq!(notified.len(), 2, "{notified:?}");
    assert_eq!((notified[1].title.as_str(), notified[1].body.as_str()), ("Ben", "Photo"));
}

#[tokio::test]
async fn a_notification_clicked_before_the_page_listens_is_opened_once_it_does() {
    let world = World::start().await;
    let (ana, ben) = (world.customer("Ana"), world.customer("Ben"));
    ana.says("one");
    ben.says("two");
    let (to_ana, to_ben) = (world.conversation(&ana).await, world.conversation(&ben).await);
    let open = |conversation| Some(Event::Open { account: world.account(), conversation });
    world.desk().show(world.account(), to_ana);
    world.desk().show(world.account(), to_ben);
    let mut page = world.desk().subscribe();
    assert_eq!(page.next().await, open(to_ben), "where the agent clicked last");
    world.desk().show(world.account(), to_ana);
    drop(page);
    let mut reloaded = world.desk().subscribe();
    world.desk().engine().store().announce(Change::Settings);
    assert!(matches!(reloaded.next().await, Some(Event::Stale { .. })), "nothing is opened twice");
}
