//! Rules at work on a desk, with TikTok as the referee of what was sent.

use desk::commands::{
    DeleteRule, DeleteSavedReply, ExplainRules, ListRules, SetAgentAway, SetReplyReserve, SetRulesOnThisComputer,
};
use model::{RuleProblem, Status};
use std::time::Duration;

use desk::FaultCode;
use sandbox::{Customer, Fault, Times};
use serde_json::{Value, json};
use tests::{World, parsed};

async fn saved(world: &World, name: &str, body: &str) -> Value {
    let text = json!({ "name": name, "shortcut": "", "category": "", "body": body, "attachment": null });
    world.ask_json("saveSavedReply", json!({ "saved": null, "text": text })).await["id"].clone()
}

fn rule(name: &str, trigger: Value, actions: Value) -> Value {
    json!({ "name": name, "enabled": true, "trigger": trigger, "conditions": [], "actions": actions, "stop": false })
}

fn keyword(word: &str) -> Value {
    json!({ "kind": "keyword", "words": [word], "matching": "word" })
}

async fn keep(world: &World, spec: Value) -> Value {
    let kept = world.ask_json("saveRule", json!({ "rule": null, "spec": spec })).await;
    kept["rules"].as_array().unwrap().last().unwrap()["id"].clone()
}

/// A world whose rule answers "price" with a saved reply.
async fn pricing(world: &World) -> Value {
    let price = saved(world, "Price", "Hello {{customer|there}}, it is 25.").await;
    keep(world, rule("Price", keyword("price"), json!([{ "kind": "reply", "saved": price }]))).await;
    price
}

async fn firings(world: &World) -> Vec<Value> {
    let asked = json!({ "account": world.account(), "rule": null, "before": null });
    world.ask_json("listRuleRuns", asked).await.as_array().unwrap().clone()
}

async fn until_fired(world: &World, times: usize) -> Vec<Value> {
    world.until("the rules have fired", async |world| firings(world).await.len() >= times).await;
    firings(world).await
}

async fn no_reply(world: &World, why: &str) {
    let what = format!("the log says {why}");
    world.until(&what, async |world| firings(world).await.first().is_some_and(|one| one["noReply"] == why)).await;
}

async fn explained(world: &World, customer: &Customer, text: &str) -> Value {
    let message = world.message(customer, text).await["id"].clone();
    world.ask_json("explainRules", json!({ "message": message })).await
}

#[tokio::test]
async fn a_keyword_is_answered_once_and_thread_and_log_say_by_which_rule() {
    let world = World::start().await;
    pricing(&world).await;
    let (ana, ben) = (world.customer("Ana"), world.customer("Ben"));
    ben.says("hello");
    ana.says("the PRICE, please?");
    world.until_got(&ana, &["Hello Ana, it is 25."]).await;
    world.settle().await;
    let messages = world.messages(&ana).await;
    assert_eq!(messages[1]["rule"], "Price");
    assert_eq!(messages[0]["firings"][0]["did"], json!([{ "kind": "replied", "name": "Price" }]));
    let log = firings(&world).await;
    assert_eq!(log.len(), 1, "{log:?}");
    assert_eq!((&log[0]["person"], &log[0]["text"]), (&json!("Ana"), &json!("the PRICE, please?")));
    assert_eq!(log[0]["reply"], messages[1]["id"]);
    assert_eq!(world.ask(ListRules {}).await.rules[0].fired, 1);
    assert_eq!(world.tiktok.ledger().calls("send"), 1);

    let why = explained(&world, &ben, "hello").await;
    assert_eq!(why["verdicts"][0]["verdict"]["kind"], "trigger");
    let why = explained(&world, &ana, "the PRICE, please?").await;
    assert_eq!((&why["verdicts"][0]["verdict"]["kind"], &why["noReply"]), (&json!("fired"), &json!("alreadyAnswered")));
    let ours = messages[1]["id"].clone();
    assert_eq!(world.refused(ExplainRules { message: parsed(&ours) }).await, FaultCode::WrongState);
}

#[tokio::test]
async fn history_is_never_answered_neither_what_was_there_nor_what_shows_up_later() {
    let mut world = World::unlinked().await;
    let ana = world.customer("Ana");
    ana.says("price?");
    pricing(&world).await;
    world.link().await;
    world.until_thread(&ana, "price?").await;
    // A conversation that TikTok lists for the first time, with old messages in it.
    let ben = world.customer("Ben");
    ben.says_at("price?", world.tiktok.now_ms() - 3_600_000);
    world.until_thread(&ben, "price?").await;
    let cleo = world.customer("Cleo");
    cleo.says("price?");
    world.until_got(&cleo, &["Hello Cleo, it is 25."]).await;
    world.settle().await;
    assert_eq!(world.tiktok.ledger().calls("send"), 1);
    assert_eq!(firings(&world).await.len(), 1);
    assert_eq!(explained(&world, &ana, "price?").await["noReply"], "history");
}

#[tokio::test]
async fn own_automatic_and_colleagues_messages_wake_no_rule() {
    let world = World::start().await;
    pricing(&world).await;
    let ana = world.customer("Ana");
    ana.says("hello");
    ana.is_welcomed("our price list is below");
    ana.colleague_replies("the price is 30", "APP");
    world.reply(&ana, "price: 30").await;
    world.until_got(&ana, &["price: 30"]).await;
    world.until_thread(&ana, "the price is 30 [phone, sent]").await;
    world.settle().await;
    assert_eq!(firings(&world).await, Vec::<Value>::new());
}

#[tokio::test]
async fn a_colleague_who_answers_meanwhile_makes_the_rules_reply_disappear() {
    let world = World::start().await;
    pricing(&world).await;
    let ana = world.customer("Ana");
    world.tiktok.fault("send", Fault::too_many_per_minute(), Times::Next(1_000));
    ana.says("price?");
    world.until_thread(&ana, "it is 25. [deskbell, queued").await;
    ana.colleague_replies("30, sorry", "APP");
    world.until_thread(&ana, "30, sorry [phone, sent]").await;
    world.tiktok.clear_faults();
    no_reply(&world, "agentAnswered").await;
    world.settle().await;
    let thread = world.reads(&ana).await;
    assert!(!thread.contains("it is 25"), "{thread}");
    assert!(!world.row(&ana).await.trouble, "it is nobody's trouble");
    assert_eq!(world.tiktok.ledger().texts_to("Ana"), Vec::<String>::new());
    let log = firings(&world).await;
    assert_eq!((&log[0]["reply"], &log[0]["did"]), (&Value::Null, &json!([])));
    assert_eq!(explained(&world, &ana, "price?").await["noReply"], "agentAnswered");
}

#[tokio::test]
async fn an_agent_here_who_answers_meanwhile_does_so_too() {
    let world = World::start().await;
    pricing(&world).await;
    let ana = world.customer("Ana");
    world.tiktok.fault("send", Fault::too_many_per_minute(), Times::Next(1_000));
    ana.says("price?");
    world.until_thread(&ana, "it is 25. [deskbell, queued").await;
    world.reply(&ana, "30, sorry").await;
    world.tiktok.clear_faults();
    world.until_got(&ana, &["30, sorry"]).await;
    no_reply(&world, "agentAnswered").await;
}

#[tokio::test]
async fn the_reserve_another_computer_and_an_unfit_reply_each_keep_it_from_answering() {
    let world = World::start().await;
    pricing(&world).await;
    let ana = world.customer("Ana");
    assert_eq!(world.ask(SetReplyReserve { reserve: 10 }).await.reserve, 10);
    ana.says("price 1");
    no_reply(&world, "reserve").await;
    assert_eq!(explained(&world, &ana, "price 1").await["noReply"], "reserve");
    world.ask(SetReplyReserve { reserve: 9 }).await;
    let here = world.ask_json("setRulesOnThisComputer", json!({ "account": world.account(), "here": false })).await;
    assert_eq!(here["answersHere"], json!([]));
    ana.says("price 2");
    no_reply(&world, "otherComputer").await;
    assert_eq!(explained(&world, &ana, "price 2").await["noReply"], "otherComputer");
    world.ask(SetRulesOnThisComputer { account: world.account(), here: true }).await;
    ana.says("price 3");
    world.until_got(&ana, &["Hello Ana, it is 25."]).await;
    world.settle().await;

    let price = world.ask_json("listRules", json!({})).await["rules"][0]["spec"]["actions"][0]["saved"].clone();
    world.ask(DeleteSavedReply { saved: parsed(&price) }).await;
    assert_eq!(world.ask(ListRules {}).await.rules[0].problem, Some(RuleProblem::SavedReplyGone));
    ana.says("price 4");
    no_reply(&world, "savedReplyUnfit").await;
    assert_eq!(explained(&world, &ana, "price 4").await["noReply"], "savedReplyUnfit");
    assert_eq!(world.tiktok.ledger().calls("send"), 1);
}

#[tokio::test]
async fn two_machines_do_not_talk_to_each_other_for_ever() {
    let world = World::start().await;
    pricing(&world).await;
    let ana = world.customer("Ana");
    for n in 1..=5 {
        ana.says(&format!("price {n}"));
        until_fired(&world, n).await;
        world.settle().await;
    }
    assert_eq!(world.tiktok.ledger().texts_to("Ana").len(), 3);
    assert_eq!(firings(&world).await[0]["noReply"], "loop");
    assert_eq!(explained(&world, &ana, "price 5").await["noReply"], "loop");
}

#[tokio::test]
async fn who_waits_too_long_is_told_of_once_and_only_while_nobody_answers() {
    let world = World::start().await;
    let sorry = saved(&world, "Sorry", "Sorry for the wait.").await;
    let wait = json!({ "kind": "noAnswer", "minutes": 5 });
    keep(&world, rule("Slow", wait, json!([{ "kind": "reply", "saved": sorry }, { "kind": "notify" }]))).await;
    let (ana, ben, cleo) = (world.customer("Ana"), world.customer("Ben"), world.customer("Cleo"));
    ana.says("anybody?");
    ben.says("anybody?");
    world.conversation(&ana).await;
    world.reply(&ben, "Here!").await;
    world.until_got(&ben, &["Here!"]).await;
    world.tiktok.advance(Duration::from_secs(299));
    cleo.says("hello");
    world.conversation(&cleo).await;
    world.settle().await;
    assert_eq!(firings(&world).await.len(), 0, "not yet");
    world.tiktok.advance(Duration::from_secs(2));
    cleo.says("hello again");
    world.until_got(&ana, &["Sorry for the wait."]).await;
    world.settle().await;
    assert_eq!(firings(&world).await.len(), 1, "Ben was answered");
    world.until("a notification is shown", async |world| !world.host.notifications().is_empty()).await;
}

#[tokio::test]
async fn a_wait_that_ends_with_the_window_is_too_late_for_a_reply() {
    let world = World::start().await;
    let sorry = saved(&world, "Sorry", "Sorry for the wait.").await;
    let wait = json!({ "kind": "noAnswer", "minutes": 2_880 });
    keep(&world, rule("Slow", wait, json!([{ "kind": "reply", "saved": sorry }]))).await;
    let (ana, ben) = (world.customer("Ana"), world.customer("Ben"));
    ana.says("anybody?");
    world.conversation(&ana).await;
    world.tiktok.advance(Duration::from_secs(48 * 3_600 + 1));
    ben.says("hello");
    no_reply(&world, "windowClosed").await;
    assert_eq!(world.tiktok.ledger().calls("send"), 0);
}

#[tokio::test]
async fn a_conversation_goes_to_whoever_is_there_is_put_away_tagged_and_done() {
    let world = World::start().await;
    let agents = world.ask_json("saveAgent", json!({ "agent": null, "name": "Mia" })).await;
    let (me, mia) = (agents[0]["id"].clone(), agents[1]["id"].clone());
    let first = json!({ "kind": "firstMessage" });
    let least = json!([{ "kind": "tag", "name": "New" }, { "kind": "assign", "to": { "kind": "leastBusy" } }]);
    keep(&world, rule("Share", first.clone(), least)).await;
    world.ask(SetAgentAway { agent: parsed(&me), away: true }).await;
    let ana = world.customer("Ana");
    ana.says("hello");
    let log = until_fired(&world, 1).await;
    assert_eq!(log[0]["did"], json!([{ "kind": "tagged", "name": "New" }, { "kind": "assigned", "name": "Mia" }]));
    assert_eq!(world.row(&ana).await.assignee.unwrap().id, parsed(&mia));
    assert_eq!(world.row(&ana).await.tags[0].name, "New");

    world.ask(SetAgentAway { agent: parsed(&mia), away: true }).await;
    let snooze = json!([{ "kind": "snooze", "minutes": 60 }]);
    keep(&world, rule("Later", keyword("later"), snooze)).await;
    keep(&world, rule("Bye", keyword("thanks"), json!([{ "kind": "done" }]))).await;
    let ben = world.customer("Ben");
    ben.says("later please");
    let log = until_fired(&world, 3).await;
    assert_eq!(log[1]["did"], json!([{ "kind": "tagged", "name": "New" }, { "kind": "nobodyThere" }]));
    assert_eq!(log[0]["did"][0]["kind"], "snoozed");
    let snoozed = json!({ "account": world.account(), "tab": "snoozed", "offset": 0, "limit": 9 });
    assert_eq!(world.ask_json("listConversations", snoozed).await["rows"][0]["person"]["name"], "Ben");
    ben.says("thanks");
    world.until("it is done", async |world| world.row(&ben).await.status == Status::Done).await;
    // What an agent did not put on and nobody has is not put on twice.
    ana.says("hello again");
    world.until_thread(&ana, "hello again").await;
    assert_eq!(firings(&world).await.len(), 4);
}

#[tokio::test]
async fn an_explanation_names_what_kept_each_rule_from_firing() {
    let world = World::start().await;
    let price = saved(&world, "Price", "It is 25.").await;
    let reply = json!([{ "kind": "reply", "saved": price }]);
    let off = keep(&world, rule("Off", keyword("price"), reply.clone())).await;
    let mut spec = rule("Off", keyword("price"), reply.clone());
    spec["enabled"] = json!(false);
    world.ask_json("saveRule", json!({ "rule": off, "spec": spec })).await;
    keep(&world, rule("Picture", json!({ "kind": "image" }), reply.clone())).await;
    let mut tagged = rule("VIPs", keyword("price"), reply.clone());
    tagged["conditions"] = json!([{ "kind": "tag", "name": "vip", "has": true }]);
    keep(&world, tagged).await;
    let mut stops = rule("Everybody", keyword("price"), reply.clone());
    stops["stop"] = json!(true);
    keep(&world, stops).await;
    keep(&world, rule("Never", keyword("price"), reply)).await;
    let ana = world.customer("Ana");
    ana.says("price?");
    world.until_got(&ana, &["It is 25."]).await;
    let why = explained(&world, &ana, "price?").await;
    let verdicts: Vec<&Value> = why["verdicts"].as_array().unwrap().iter().map(|one| &one["verdict"]).collect();
    assert_eq!(
        verdicts,
        [
            &json!({ "kind": "disabled" }),
            &json!({ "kind": "trigger" }),
            &json!({ "kind": "condition", "at": 0 }),
            &json!({ "kind": "fired" }),
            &json!({ "kind": "stopped", "by": "Everybody" }),
        ]
    );
    assert_eq!(why["fired"][0]["name"], "Everybody");
}

#[tokio::test]
async fn rules_are_kept_sorted_and_refused_with_their_reason() {
    let world = World::start().await;
    let blank = saved(&world, "Blank", "Order {{number}}").await;
    let first = json!({ "kind": "firstMessage" });
    let bad = rule("Blank", first.clone(), json!([{ "kind": "reply", "saved": blank }]));
    let fault = world.try_ask_json("saveRule", json!({ "rule": null, "spec": bad })).await.unwrap_err();
    assert_eq!((fault.code, fault.detail.as_deref()), (FaultCode::RuleInvalid, Some("savedReplyHasBlanks")));
    let one = keep(&world, rule("One", first.clone(), json!([{ "kind": "done" }]))).await;
    let two = keep(&world, rule("Two", first.clone(), json!([{ "kind": "done" }]))).await;
    let names = |view: &Value| -> Vec<String> {
        let rules = view["rules"].as_array().unwrap();
        rules.iter().map(|rule| rule["spec"]["name"].as_str().unwrap().to_owned()).collect()
    };
    let sorted = world.ask_json("sortRules", json!({ "order": [two, one] })).await;
    assert_eq!(names(&sorted), ["Two", "One"]);
    assert_eq!(names(&world.ask_json("deleteRule", json!({ "rule": two })).await), ["One"]);
    assert_eq!(world.refused(DeleteRule { rule: parsed(&two) }).await, FaultCode::NotFound);
    let gone = json!({ "rule": two, "spec": rule("Two", first, json!([{ "kind": "done" }])) });
    assert_eq!(world.refused_json("saveRule", gone).await, FaultCode::NotFound);
}

#[tokio::test]
async fn business_hours_are_kept_told_and_refused_when_they_make_no_sense() {
    let world = World::start().await;
    let account = world.account();
    let none = world.ask_json("getBusinessHours", json!({ "account": account })).await;
    assert_eq!((&none["hours"], &none["open"], &none["changesAtMs"]), (&Value::Null, &json!(true), &Value::Null));
    let closed = json!({ "timeZone": "Asia/Bangkok", "week": [[], [], [], [], [], [], []], "holidays": [] });
    let kept = world.ask_json("saveBusinessHours", json!({ "account": account, "hours": closed })).await;
    assert_eq!((&kept["hours"], &kept["open"]), (&closed, &json!(false)));
    for (key, value, detail) in [
        ("timeZone", json!("Asia/Atlantis"), "timeZone"),
        ("week", json!([[]]), "week"),
        ("holidays", json!([{ "date": "25.12.", "name": "" }]), "holiday"),
    ] {
        let mut wrong = closed.clone();
        wrong[key] = value;
        let fault =
            world.try_ask_json("saveBusinessHours", json!({ "account": account, "hours": wrong })).await.unwrap_err();
        assert_eq!((fault.code, fault.detail.as_deref()), (FaultCode::HoursInvalid, Some(detail)));
    }
    let away = saved(&world, "Away", "We are away.").await;
    keep(&world, rule("Away", json!({ "kind": "outsideHours" }), json!([{ "kind": "reply", "saved": away }]))).await;
    let ana = world.customer("Ana");
    ana.says("hello");
    world.until_got(&ana, &["We are away."]).await;
}

#[tokio::test]
async fn a_dry_run_counts_what_a_new_rule_would_have_sent_and_sends_nothing() {
    let world = World::start().await;
    let price = saved(&world, "Price", "It is 25.").await;
    let (ana, ben) = (world.customer("Ana"), world.customer("Ben"));
    for n in 1..=5 {
        ana.says(&format!("price {n}"));
    }
    ben.says("hello");
    world.until_thread(&ana, "price 5").await;
    world.conversation(&ben).await;
    let spec = rule("Price", keyword("price"), json!([{ "kind": "reply", "saved": price }]));
    let asked = json!({ "account": world.account(), "rule": null, "spec": spec, "days": 1 });
    let run = world.ask_json("dryRunRules", asked).await;
    assert_eq!((&run["messages"], &run["conversations"]), (&json!(6), &json!(2)), "{run}");
    let tried = &run["rules"][0];
    assert_eq!((&tried["rule"], &tried["fired"], &tried["replies"]), (&Value::Null, &json!(5), &json!(3)));
    assert_eq!(tried["noReplies"], json!([{ "why": "loop", "times": 2 }]));
    assert_eq!(tried["examples"][0]["text"], "price 5");
    world.settle().await;
    assert_eq!((world.tiktok.ledger().calls("send"), firings(&world).await.len()), (0, 0));
}

#[tokio::test]
async fn desks_that_die_at_any_moment_answer_each_customer_once() {
    let mut world = World::start().await;
    pricing(&world).await;
    let mut customers = Vec::new();
    for round in 0..8_u64 {
        for n in 0..3 {
            let customer = world.customer(&format!("Customer {round}-{n}"));
            customer.says("price?");
            customers.push(customer);
        }
        tokio::time::sleep(Duration::from_millis(round * 17)).await;
        world.crash().await;
        world.restart().await;
    }
    for customer in &customers {
        let conversation = world.conversation(customer).await;
        world
            .until("the answer is there, or the agent is asked", async |world| {
                let thread = world.thread(conversation).await;
                thread.contains("it is 25. [deskbell, sent]") || thread.contains("undecided]")
            })
            .await;
    }
    world.settle().await;
    let mut sent = 0;
    for customer in &customers {
        let got = world.tiktok.ledger().texts_to(&customer.name());
        // A call that was about to be made when the desk died is the agent's to decide, as for every reply.
        let asks = world.reads(customer).await.contains("undecided]");
        assert!(got.len() == 1 || got.is_empty() && asks, "{got:?}: {}", world.reads(customer).await);
        sent += got.len();
    }
    assert_eq!(firings(&world).await.len(), customers.len(), "each fired once");
    assert!(sent * 2 > customers.len(), "{sent} answers");
}
