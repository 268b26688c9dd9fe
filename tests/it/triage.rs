//! Whose a conversation is, and what is put away: until a time, or until the customer writes.

use desk::FaultCode;
use serde_json::{Value, json};
use tests::World;

/// The names in a tab, in its order.
async fn tab(world: &World, tab: &str) -> Vec<String> {
    let asked = json!({ "account": world.account(), "tab": tab, "offset": 0, "limit": 50 });
    let window = world.ask("listConversations", asked).await;
    let rows: Vec<String> = window["rows"]
        .as_array()
        .unwrap()
        .iter()
        .map(|row| row["person"]["name"].as_str().unwrap().to_owned())
        .collect();
    assert_eq!(window["total"], json!(rows.len()), "{tab} counts what it shows: {window}");
    assert_eq!(window["counts"][tab], window["total"], "{tab}");
    rows
}

fn now_ms(world: &World) -> i64 {
    world.desk().engine().clock().now_ms()
}

async fn agent(world: &World, name: &str) -> Value {
    let agents = world.ask("saveAgent", json!({ "agent": null, "name": name })).await;
    agents.as_array().unwrap().iter().find(|agent| agent["name"] == name).unwrap().clone()
}

#[tokio::test]
async fn a_snoozed_conversation_is_out_of_the_way_and_comes_back_at_its_time() {
    let world = World::start().await;
    let (ana, ben) = (world.customer("Ana"), world.customer("Ben"));
    ana.says("hello");
    ben.says("hello");
    let of_ana = world.conversation(&ana).await;
    world.conversation(&ben).await;

    let soon = now_ms(&world) + 700;
    world.ask("snoozeConversation", json!({ "conversation": of_ana, "untilMs": soon })).await;
    assert_eq!(tab(&world, "snoozed").await, ["Ana"]);
    for visible in ["waiting", "requests", "all"] {
        assert_eq!(tab(&world, visible).await, ["Ben"], "{visible}");
    }
    assert_eq!(world.view(&ana).await["row"]["snoozedUntilMs"], json!(soon));
    world.until("it is back", async |world| tab(world, "waiting").await.len() == 2).await;
    assert!(now_ms(&world) >= soon, "not before its time");
    assert!(tab(&world, "snoozed").await.is_empty());
    assert!(world.view(&ana).await["row"]["snoozedUntilMs"].is_null());
}

#[tokio::test]
async fn what_comes_back_next_stands_first_and_one_press_brings_it_back() {
    let world = World::start().await;
    let hour = 3_600_000;
    let mut cleo = None;
    for (name, hours) in [("Ana", 3), ("Ben", 1), ("Cleo", 2)] {
        let customer = world.customer(name);
        customer.says("hello");
        let id = world.conversation(&customer).await;
        world.ask("snoozeConversation", json!({ "conversation": id, "untilMs": now_ms(&world) + hours * hour })).await;
        cleo = Some(id).filter(|_| name == "Cleo");
    }
    assert_eq!(tab(&world, "snoozed").await, ["Ben", "Cleo", "Ana"]);
    world.ask("snoozeConversation", json!({ "conversation": cleo, "untilMs": null })).await;
    assert_eq!(tab(&world, "snoozed").await, ["Ben", "Ana"]);
    assert_eq!(tab(&world, "all").await, ["Cleo"]);
}

#[tokio::test]
async fn the_customers_next_message_brings_a_conversation_back_and_an_agents_does_not() {
    let mut world = World::start().await;
    let ana = world.customer("Ana");
    ana.says("hello");
    let id = world.conversation(&ana).await;
    let tomorrow = now_ms(&world) + 24 * 3_600_000;
    world.ask("snoozeConversation", json!({ "conversation": id, "untilMs": tomorrow })).await;
    world.send(id, "I will look tomorrow.").await;
    world.until_got(&ana, &["I will look tomorrow."]).await;
    world.settle().await;
    assert_eq!(tab(&world, "snoozed").await, ["Ana"], "a reply leaves it where it is");
    world.crash().await;
    world.restart().await;
    assert_eq!(tab(&world, "snoozed").await, ["Ana"], "so does a crash");
    ana.says("thank you");
    world.until_thread(&ana, "thank you").await;
    assert!(tab(&world, "snoozed").await.is_empty());
    assert_eq!(tab(&world, "waiting").await, ["Ana"]);
}

#[tokio::test]
async fn done_ends_a_snooze_and_a_snooze_opens_what_was_done() {
    let world = World::start().await;
    let ana = world.customer("Ana");
    ana.says("hello");
    let id = world.conversation(&ana).await;
    let tomorrow = now_ms(&world) + 24 * 3_600_000;
    world.ask("snoozeConversation", json!({ "conversation": id, "untilMs": tomorrow })).await;
    world.ask("setConversationStatus", json!({ "conversation": id, "status": "done" })).await;
    assert!(tab(&world, "snoozed").await.is_empty());
    assert_eq!(tab(&world, "done").await, ["Ana"]);
    world.ask("snoozeConversation", json!({ "conversation": id, "untilMs": tomorrow })).await;
    assert!(tab(&world, "done").await.is_empty());
    assert_eq!(tab(&world, "snoozed").await, ["Ana"]);
}

#[tokio::test]
async fn a_conversation_is_somebodys_until_they_are_forgotten() {
    let world = World::start().await;
    let ana = world.customer("Ana");
    ana.says("hello");
    let id = world.conversation(&ana).await;
    let me = world.ask("listAgents", json!({})).await[0].clone();
    assert_eq!((&me["me"], &me["name"]), (&json!(true), &json!("")), "somebody sits here and has not said who");
    world.ask("assignConversation", json!({ "conversation": id, "agent": me["id"] })).await;
    assert_eq!(tab(&world, "mine").await, ["Ana"]);

    let mina = agent(&world, "Mina Falk").await;
    world.ask("assignConversation", json!({ "conversation": id, "agent": mina["id"] })).await;
    assert!(tab(&world, "mine").await.is_empty());
    assert_eq!(world.row(&ana).await["assignee"]["name"], "Mina Falk");
    world.ask("setAgentAway", json!({ "agent": mina["id"], "away": true })).await;
    assert_eq!(world.row(&ana).await["assignee"]["away"], true);

    world.ask("removeAgent", json!({ "agent": mina["id"] })).await;
    assert!(world.row(&ana).await["assignee"].is_null(), "nobody's again");
    assert_eq!(tab(&world, "all").await, ["Ana"]);
    assert_eq!(world.refused("removeAgent", json!({ "agent": me["id"] })).await, FaultCode::WrongState);
    assert_eq!(
        world.refused("assignConversation", json!({ "conversation": id, "agent": mina["id"] })).await,
        FaultCode::NotFound,
        "nobody is given anything after they are gone"
    );
}

#[tokio::test]
async fn an_agent_has_one_name_and_everybody_another() {
    let world = World::unlinked().await;
    let mina = agent(&world, "Mina").await;
    let again = world.ask("saveAgent", json!({ "agent": null, "name": "  MÍNA " })).await;
    assert_eq!(again.as_array().unwrap().len(), 2, "the same name is the same agent: {again}");
    let joel = agent(&world, "Joel").await;
    for name in ["mina", " ", "\u{200B}"] {
        let asked = json!({ "agent": joel["id"], "name": name });
        assert_eq!(world.refused("saveAgent", asked).await, FaultCode::AgentNameInvalid, "{name:?}");
    }
    let me = world.ask("listAgents", json!({})).await[0]["id"].clone();
    let renamed = world.ask("saveAgent", json!({ "agent": me, "name": "Sam" })).await;
    let names: Vec<&str> = renamed.as_array().unwrap().iter().map(|agent| agent["name"].as_str().unwrap()).collect();
    assert_eq!(names, ["Sam", "Joel", mina["name"].as_str().unwrap()], "whoever sits here first, then by name");
}
