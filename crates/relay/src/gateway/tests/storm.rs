//! Hundreds of sends of three desktops at once, with every fault and with desktops that hang up: TikTok's ledger agrees.

use std::collections::{HashMap, HashSet};
use std::sync::Arc;
use std::time::Duration;

use futures_util::future::join_all;
use rand::rngs::StdRng;
use rand::{Rng as _, SeedableRng as _};
use serde_json::{Value as Json, json};
use wire::FailureCode;
use wire::api::SendState;

use super::fake::Fault;
use super::shop::{ACCOUNT, Got, Shop};
use crate::testing::{TestDatabase, on_both_engines, until};

on_both_engines!(nothing_is_lost_or_doubled);

const SENDS: usize = 180;
const CONVERSATIONS: usize = 12;
const DEVICES: [&str; 3] = ["nok", "lek", "boss"];

/// How a send ended for its desktop.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Ended {
    Sent,
    Unconfirmed,
    /// A colleague was first, or TikTok refused; certainly not taken.
    NotTaken,
}

fn fault(random: &mut StdRng) -> Option<Fault> {
    Some(match random.random_range(0..20) {
        0 => Fault::HangUpBefore,
        1 => Fault::HangUpAfter,
        2 => Fault::HalfAnswer,
        3 => Fault::TakenAs(503, "busy"),
        4 => Fault::TakenAs(200, "{\"code\":0"),
        5 => Fault::Refused(40_002, "no"),
        6 => Fault::Refused(40_064, "too many messages"),
        _ => return None,
    })
}

/// Sends as a desktop does: with the same key until it knows how it ended. Now and then it hangs up.
async fn send(shop: &Shop, number: usize, mut random: StdRng) -> Ended {
    let (device, key) = (DEVICES[number % DEVICES.len()], format!("key-{number}"));
    let body = json!({
        "business_id": ACCOUNT, "recipient_type": "CONVERSATION", "recipient": format!("c{}", number % CONVERSATIONS),
        "message_type": "TEXT", "text": { "body": key },
    });
    let mut refusals = 0;
    loop {
        shop.context.log.look().await;
        let request = shop.send_request(device, &key, &body, &shop.head()).send();
        let patience = if random.random_ratio(1, 4) { random.random_range(0..30) } else { 60_000 };
        let Ok(answer) = tokio::time::timeout(Duration::from_millis(patience), request).await else { continue };
        let got = Got::of(answer.unwrap()).await;
        match got.code() {
            None => {}
            Some(FailureCode::Unconfirmed) if shop.state(device, &key).await == SendState::Unconfirmed => {
                return Ended::Unconfirmed;
            }
            Some(FailureCode::Unconfirmed | FailureCode::Busy | FailureCode::SlowDown) => continue,
            Some(FailureCode::Stale) if refusals < 3 => {
                refusals += 1;
                continue;
            }
            Some(FailureCode::Stale) => return Ended::NotTaken,
            Some(other) => panic!("{other:?}"),
        }
        let answer: Json = serde_json::from_slice(&got.body).unwrap_or_default();
        match answer["code"].as_i64() {
            Some(0) if answer["data"]["message"]["message_id"].is_string() => return Ended::Sent,
            Some(40_002 | 40_064) if refusals < 3 => refusals += 1,
            Some(40_002 | 40_064) => return Ended::NotTaken,
            _ => return Ended::Unconfirmed,
        }
    }
}

async fn nothing_is_lost_or_doubled(database: TestDatabase) {
    let shop = Arc::new(Shop::open(database).await);
    let mut random = StdRng::seed_from_u64(20_261_201);
    let faults = (0..SENDS).map(|_| fault(&mut random)).collect();
    shop.tiktok.lock().storm = faults;
    let sends = (0..SENDS).map(|number| {
        let (shop, random) = (Arc::clone(&shop), StdRng::seed_from_u64(number as u64));
        async move { (format!("key-{number}"), send(&shop, number, random).await) }
    });
    let ended: HashMap<String, Ended> = join_all(sends).await.into_iter().collect();
    let mut taken: HashMap<String, usize> = HashMap::new();
    for message in shop.tiktok.ledger() {
        *taken.entry(message["text"]["body"].as_str().unwrap().to_owned()).or_default() += 1;
    }
    for (key, ended) in &ended {
        let times = taken.get(key).copied().unwrap_or(0);
        match ended {
            Ended::Sent => assert_eq!(times, 1, "{key} was said to be sent"),
            Ended::Unconfirmed => assert!(times <= 1, "{key} went out {times} times"),
            Ended::NotTaken => assert_eq!(times, 0, "{key} was said not to be sent"),
        }
    }
    let told = async || shop.sent_events().await.into_iter().map(|sent| sent.key).collect::<HashSet<String>>();
    let taken: HashSet<String> = taken.into_keys().collect();
    until("every message that went out is in the log", async || taken.is_subset(&told().await)).await;
    let events = shop.sent_events().await;
    let sent: HashSet<&String> = ended.iter().filter(|(_, ended)| **ended == Ended::Sent).map(|(key, _)| key).collect();
    let named: Vec<&String> = events.iter().filter(|sent| sent.message.is_some()).map(|sent| &sent.key).collect();
    assert_eq!(named.len(), sent.len(), "each once");
    assert_eq!(named.into_iter().collect::<HashSet<_>>(), sent);
    let count = |which| ended.values().filter(|ended| **ended == which).count();
    let counts = (count(Ended::Sent), count(Ended::Unconfirmed), count(Ended::NotTaken));
    assert!(counts.0 > SENDS / 2 && counts.1 > 0, "sent, unconfirmed, not taken: {counts:?}");
}
