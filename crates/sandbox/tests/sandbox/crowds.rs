//! Many people and many messages, and the truth about them.

use std::{collections::HashMap, collections::HashSet, time::Duration};

use sandbox::{Config, Crowd, Fault, Times};
use serde_json::Value;

use crate::{
    client::{Desk, unhurried},
    webhooks::heard,
};

const DAY: Duration = Duration::from_secs(86_400);

#[tokio::test]
async fn a_crowd_writes_so_many_messages_most_of_them_to_a_few() {
    let sandbox = unhurried(Config::default()).await;
    let crowd = Crowd { customers: 90, messages: 4_000, over: Duration::from_secs(3600) };
    let people = sandbox.crowd(crowd);
    let sizes: Vec<usize> = people.iter().map(|customer| customer.thread().len()).collect();
    assert_eq!((people.len(), sizes.iter().sum::<usize>()), (90, 4_000));
    assert!(sizes[0] > 500 && sizes[1] > 250 && sizes[89] < 40, "{sizes:?}");
    let names: HashSet<String> = people.iter().map(sandbox::Customer::name).collect();
    assert_eq!(names.len(), 90);
    let busiest = people[0].thread();
    assert!(busiest.windows(2).all(|pair| pair[0].at_ms < pair[1].at_ms));
    assert!(busiest[0].by_customer && busiest.iter().any(|line| !line.by_customer));
    let now = sandbox.now_ms();
    assert!(busiest.iter().all(|line| (now - 3_700_000..=now + 4_000).contains(&line.at_ms)));
    let letters: String = people.iter().flat_map(sandbox::Customer::thread).map(|line| line.text).collect();
    for letter in ['ị', 'é', 'ค', '請', 'の', '요', 'ش', 'З', 'ö', '🙏'] {
        let found = letters.contains(letter) || letters.contains(letter.to_lowercase().next().unwrap());
        assert!(found, "no {letter}");
    }
    let again = unhurried(Config::default()).await;
    assert_eq!(again.crowd(crowd)[0].thread().len(), busiest.len(), "the same seed, the same crowd");
}

#[tokio::test]
async fn the_ledger_knows_every_id_of_a_customer_in_order() {
    let desk = Desk::linked().await;
    let people = desk.sandbox.crowd(Crowd { customers: 7, messages: 300, over: DAY });
    let first = &people[0];
    desk.sends(first, "hello").await;
    first.colleague_replies("hello too", "WEB");
    let burst = first.says_many(30);
    let early = first.says_at("long ago", desk.sandbox.now_ms() - 40 * 86_400_000);
    let ledger = desk.sandbox.ledger();
    let truth = ledger.ids_with(&first.name());
    let thread: Vec<String> = first.thread().into_iter().map(|line| line.message_id).collect();
    assert_eq!(truth, thread);
    assert_eq!((truth[0].as_str(), &truth[truth.len() - 30..]), (early.as_str(), burst.as_slice()));
    assert_eq!(desk.sandbox.customers().len(), 7);
}

#[tokio::test]
async fn a_crowd_from_before_the_opening_is_listed_and_in_no_ledger() {
    let crowd = Crowd { customers: 40, messages: 400, over: 89 * DAY };
    let desk = Desk::linked_to(unhurried(Config { crowd: Some(crowd), ..Config::default() }).await).await;
    assert!(desk.sandbox.ledger().written.is_empty());
    let listed = desk.list("STRANGER").await.len() + desk.list("SINGLE").await.len();
    assert_eq!((listed, desk.sandbox.customers().len()), (40, 40));
}

#[tokio::test]
async fn a_burst_is_written_at_once_pushed_whole_and_listed_by_its_newest_twenty() {
    let desk = Desk::linked().await;
    let nok = desk.sandbox.customer("Nok");
    let mut pushed = desk.sandbox.webhooks();
    let ids = nok.says_many(5_000);
    assert_eq!(ids.iter().collect::<HashSet<_>>().len(), 5_000);
    let events = heard(&mut pushed);
    let told: Vec<&str> = events.iter().map(|event| event["content"]["message_id"].as_str().unwrap()).collect();
    assert_eq!(told, ids);
    let mut listed = desk.messages(&nok).await;
    listed.sort_by_key(|message| message["timestamp"].as_i64());
    let listed: Vec<&str> = listed.iter().map(|message| message["message_id"].as_str().unwrap()).collect();
    assert_eq!(listed, &ids[4_980..]);
}

#[tokio::test]
async fn a_muddled_page_names_some_twice_and_comes_in_another_order_each_time() {
    let desk = Desk::linked().await;
    let nok = desk.sandbox.customer("Nok");
    nok.says_many(30);
    for n in 0..8 {
        desk.sandbox.customer(&format!("Customer {n}")).says("hi");
    }
    let calm = desk.messages(&nok).await;
    desk.sandbox.fault("content_list", Fault::Shuffled { duplicates: 3 }, Times::Next(2));
    let (one, two) = (desk.messages(&nok).await, desk.messages(&nok).await);
    assert_ne!(one, two);
    for page in [one, two] {
        assert_eq!(page.len(), 23);
        let mut counts: HashMap<String, usize> = HashMap::new();
        page.iter().for_each(|message| *counts.entry(message["message_id"].to_string()).or_default() += 1);
        assert_eq!(counts.len(), 20);
        assert!(page.iter().all(|message| calm.contains(message)));
    }
    assert_eq!(desk.messages(&nok).await, calm);
    desk.sandbox.fault("conversation_list", Fault::Shuffled { duplicates: 2 }, Times::Next(1));
    let muddled = desk.list("STRANGER").await;
    let distinct: HashSet<&String> = muddled.iter().collect();
    assert_eq!((muddled.len(), distinct.len()), (11, 9));
}

#[tokio::test]
async fn an_inbox_of_thousands_is_listed_page_by_page() {
    let crowd = Crowd { customers: 3_000, messages: 6_000, over: 30 * DAY };
    let desk = Desk::linked_to(unhurried(Config { crowd: Some(crowd), ..Config::default() }).await).await;
    let (mut seen, mut cursor) = (HashSet::new(), 0);
    loop {
        let query = [("conversation_type", "STRANGER"), ("cursor", &*cursor.to_string())];
        let data: Value = desk.get("business/message/conversation/list/", &query).await["data"].clone();
        let page = data["conversations"].as_array().unwrap();
        seen.extend(page.iter().map(|entry| entry["conversation_id"].to_string()));
        if data["has_more"] == false {
            break;
        }
        cursor = data["cursor"].as_i64().unwrap();
    }
    assert_eq!(seen.len() + single(&desk).await, 3_000);
}

async fn single(desk: &Desk) -> usize {
    let (mut count, mut cursor) = (0, 0);
    loop {
        let query = [("conversation_type", "SINGLE"), ("cursor", &*cursor.to_string())];
        let data: Value = desk.get("business/message/conversation/list/", &query).await["data"].clone();
        count += data["conversations"].as_array().unwrap().len();
        if data["has_more"] == false {
            return count;
        }
        cursor = data["cursor"].as_i64().unwrap();
    }
}
