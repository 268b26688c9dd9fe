//! Whose a conversation is, and what is put away: until a time, or until the customer writes.

use desk::FaultCode;
use desk::commands::{AssignConversation, RemoveAgent, SetAgentAway, SetConversationStatus, SnoozeConversation};
use model::Status;
use serde_json::{Value, json};
use tests::{World, parsed};

/// The names in a tab, in its order.
async fn tab(world: &World, tab: &str) -> Vec<String> {
    let asked = json!({ "account": world.account(), "tab": tab, "offset": 0, "limit": 50 });
    let window = world.ask_json("listConversations", asked).await;
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
    let agents = world.ask_json("saveAgent", json!({ "agent": null, "name": name })).await;
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
    world.ask(SnoozeConversation { conversation: of_ana, until_ms: Some(soon) }).await;
    assert_eq!(tab(&world, "snoozed").await, ["Ana"]);
    for visible in ["waiting", "requests", "all"] {
        assert_eq!(tab(&world, visible).await, ["Ben"], "{visible}");
    }
    assert_eq!(world.view(&ana).await.row.snoozed_until_ms, Some(soon));
    world.until("it is back", async |world| tab(world, "waiting").await.len() == 2).await;
    assert!(now_ms(&world) >= soon, "not before its time");
    assert!(tab(&world, "snoozed").await.is_empty());
    assert!(world.view(&ana).await.row.snoozed_until_ms.is_none());
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
        world.ask(SnoozeConversation { conversation: id, until_ms: Some(now_ms(&world) + hours * hour) }).await;
        cleo = Some(id).filter(|_| name == "Cleo");
    }
    assert_eq!(tab(&world, "snoozed").await, ["Ben", "Cleo", "Ana"]);
    world.ask(SnoozeConversation { conversation: cleo.unwrap(), until_ms: None }).await;
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
    world.ask(SnoozeConversation { conversation: id, until_ms: Some(tomorrow) }).await;
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
    world.ask(SnoozeConversation { conversation: id, until_ms: Some(tomorrow) }).await;
    world.ask(SetConversationStatus { conversation: id, status: Status::Done }).await;
    assert!(tab(&world, "snoozed").await.is_empty());
    assert_eq!(tab(&world, "done").await, ["Ana"]);
    world.ask(SnoozeConversation { conversation: id, until_ms: Some(tomorrow) }).await;
    assert!(tab(&world, "done").await.is_empty());
    assert_eq!(tab(&world, "snoozed").await, ["Ana"]);
}

#[tokio::test]
async fn a_conversation_is_somebodys_until_they_are_forgotten() {
    let world = World::start().await;
    let ana = world.customer("Ana");
    ana.says("hello");
    let id = world.conversation(&ana).await;
    let me = world.ask_json("listAgents", json!({})).await[0].clone();
    assert_eq!((&me["me"], &me["name"]), (&json!(true), &json!("")), "somebody sits here and has not said who");
    world.ask(AssignConversation { conversation: id, agent: Some(parsed(&me["id"])) }).await;
    assert_eq!(tab(&world, "mine").await, ["Ana"]);

    let mina = agent(&world, "Mina Falk").await;
    world.ask(AssignConversation { conversation: id, agent: Some(parsed(&mina["id"])) }).await;
    assert!(tab(&world, "mine").await.is_empty());
    assert_eq!(world.row(&ana).await.assignee.unwrap().name, "Mina Falk");
    world.ask(SetAgentAway { agent: parsed(&mina["id"]), away: true }).await;
    assert!(world.row(&ana).await.assignee.unwrap().away);

    world.ask(RemoveAgent { agent: parsed(&mina["id"]) }).await;
    assert!(world.row(&ana).await.assignee.is_none(), "nobody's again");
    assert_eq!(tab(&world, "all").await, ["Ana"]);
    assert_eq!(world.refused(RemoveAgent { agent: parsed(&me["id"]) }).await, FaultCode::WrongState);
    assert_eq!(
        world.refused(AssignConversation { conversation: id, agent: Some(parsed(&mina["id"])) }).await,
        FaultCode::NotFound,
        "nobody is given anything after they are gone"
    );
}

#[tokio::test]
async fn an_agent_has_one_name_and_everybody_another() {
    let world = World::unlinked().await;
    let mina = agent(&world, "Mina").await;
    let again = world.ask_json("saveAgent", json!({ "agent": null, "name": "  MÍNA " })).await;
    assert_eq!(again.as_array().unwrap().len(), 2, "the same name is the same agent: {again}");
    let joel = agent(&world, "Joel").await;
    for name in ["mina", " ", "\u{200B}"] {
        let asked = json!({ "agent": joel["id"], "name": name });
        assert_eq!(world.refused_json("saveAgent", asked).await, FaultCode::AgentNameInvalid, "{name:?}");
    }
    let me = world.ask_json("listAgents", json!({})).await[0]["id"].clone();
    let renamed = world.ask_json("saveAgent", json!({ "agent": me, "name": "Sam" })).await;
    let names: Vec<&str> = renamed.as_array().unwrap().iter().map(|agent| agent["name"].as_str().unwrap()).collect();
    assert_eq!(names, ["Sam", "Joel", mina["name"].as_str().unwrap()], "whoever sits here first, then by name");
}
