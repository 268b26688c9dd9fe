//! Pairing: one code, one device; and no way to guess a code.

use serde_json::json;
use wire::FailureCode;
use wire::api::{Hello, Paired, PairingCode, Role};
use wire::paths;

use super::shop::Shop;
use crate::testing::{TestDatabase, on_both_engines};

on_both_engines!(
    a_code_pairs_one_device_with_its_role,
    of_desktops_that_race_for_a_code_one_wins,
    a_code_dies_after_ten_minutes,
    five_wrong_codes_block_the_network_they_came_from,
    thirty_wrong_codes_a_minute_block_everybody,
    who_knows_half_of_a_code_has_five_tries,
    a_slip_uses_no_code_and_counts_as_no_try,
    twenty_codes_wait_at_most,
    both_headers_carry_a_token,
);

async fn a_code_pairs_one_device_with_its_role(database: TestDatabase) {
    let shop = Shop::open(database).await;
    let hello: Hello = shop.call("GET", paths::HELLO, None, None).await.json();
    assert_eq!((hello.program.as_str(), hello.protocols), ("deskbell-relay", vec![1]));

    let admin = shop.device("Dao's desktop", Role::Admin).await;
    let asked = json!({ "role": "agent" });
    let made: PairingCode = shop.call("POST", paths::PAIRING_CODES, Some(&admin.token), Some(asked)).await.json();
    let [first, second] = made.code.split('-').collect::<Vec<_>>()[..] else { panic!("{}", made.code) };
    assert_eq!((first.len(), second.len()), (4, 4));
    let left_ms = made.expires_at_ms - crate::clock::now_ms();
    assert!((590_000..=600_000).contains(&left_ms), "{left_ms}");

    let typed = format!(" {} {} ", first.to_lowercase(), second.to_lowercase());
    let paired: Paired = shop.pair_from("192.0.2.1", &typed).await.json();
    assert_eq!((paired.me.role, paired.me.team.as_str()), (Role::Agent, "shop"));
    assert_eq!(paired.me.head.sequence + 1, paired.me.tail.sequence);
    let again = shop.pair_from("192.0.2.1", &made.code).await;
    assert_eq!((again.status, again.failure.as_str()), (400, FailureCode::CodeInvalid.as_str()));

    let me: wire::api::Me = shop.call("GET", paths::ME, Some(&paired.token), None).await.json();
    assert_eq!(me, paired.me);
    let trail = shop.trail().await;
    assert_eq!(trail[2..], ["Dao's desktop pairing_code.made agent", "Dao's desktop device.paired Nok's laptop"]);
}

async fn of_desktops_that_race_for_a_code_one_wins(database: TestDatabase) {
    let shop = Shop::open(database).await;
    let other = shop.another().await;
    for round in 0..5 {
        let code = shop.code(Role::Agent).await;
        // The losers are of networks of their own, so that none is blocked in a later round.
        let addresses: Vec<String> = (0..6).map(|desktop| format!("192.0.{round}.{desktop}")).collect();
        let tries = addresses.iter().enumerate().map(|(desktop, address)| {
            let process = if desktop % 2 == 0 { &shop } else { &other };
            process.pair_from(address, &code)
        });
        let answers = futures_util::future::join_all(tries).await;
        let statuses: Vec<u16> = answers.iter().map(|answer| answer.status).collect();
        assert_eq!(statuses.iter().filter(|status| **status == 200).count(), 1, "{statuses:?}");
        assert_eq!(statuses.iter().filter(|status| **status == 400).count(), 5, "{statuses:?}");
        // The limit for a minute is not what this is about.
        shop.sql("DELETE FROM pairing_failure").await;
    }
    assert_eq!(shop.number("SELECT CAST(count(*) AS BIGINT) AS n FROM device").await, 5);
}

async fn a_code_dies_after_ten_minutes(database: TestDatabase) {
    let shop = Shop::open(database).await;
    let code = shop.code(Role::Agent).await;
    shop.sql("UPDATE pairing_code SET expires_at_ms = expires_at_ms - 600000").await;
    assert_eq!(shop.pair_from("192.0.2.1", &code).await.failure, FailureCode::CodeInvalid.as_str());
}

async fn five_wrong_codes_block_the_network_they_came_from(database: TestDatabase) {
    let shop = Shop::open(database).await;
    let code = shop.code(Role::Agent).await;
    let wrong = other_than(&code);
    for _ in 0..5 {
        assert_eq!(shop.pair_from("2001:db8::1", &wrong).await.failure, FailureCode::CodeInvalid.as_str());
    }
    // The same subscriber, another process of the relay, and the right code.
    let other = shop.another().await;
    let blocked = other.pair_from("2001:db8::2", &code).await;
    assert_eq!((blocked.status, blocked.failure.as_str()), (429, FailureCode::TooManyRequests.as_str()));
    let wait_ms = blocked.json::<wire::Failure>().retry_after_ms.unwrap();
    assert!((590_000..=600_000).contains(&wait_ms), "{wait_ms}");
    assert_eq!(blocked.headers["retry-after"].to_str().unwrap(), wait_ms.div_ceil(1_000).to_string());

    shop.sql("UPDATE pairing_failure SET at_ms = at_ms - 600000").await;
    assert_eq!(shop.pair_from("2001:db8::2", &code).await.status, 200);
}

async fn thirty_wrong_codes_a_minute_block_everybody(database: TestDatabase) {
    let shop = Shop::open(database).await;
    let code = shop.code(Role::Agent).await;
    let wrong = other_than(&code);
    let addresses: Vec<String> = (0..40).map(|network| format!("198.51.{network}.1")).collect();
    let tries = addresses.iter().map(|address| shop.pair_from(address, &wrong));
    let answers = futures_util::future::join_all(tries).await;
    // They came at the same time, and still not one more was looked at.
    assert_eq!(answers.iter().filter(|answer| answer.status == 400).count(), 30);
    assert_eq!(answers.iter().filter(|answer| answer.status == 429).count(), 10);
    assert_eq!(shop.pair_from("203.0.113.1", &code).await.status, 429);

    shop.sql("UPDATE pairing_failure SET at_ms = at_ms - 60000").await;
    assert_eq!(shop.pair_from("203.0.113.1", &code).await.status, 200);
}

async fn who_knows_half_of_a_code_has_five_tries(database: TestDatabase) {
    let shop = Shop::open(database).await;
    let (code, unharmed) = (shop.code(Role::Admin).await, shop.code(Role::Agent).await);
    let (half, _) = code.split_once('-').unwrap();
    let guesses = ["BBBB", "CCCC", "DDDD", "FFFF", "GGGG", "HHHH"].map(|guess| format!("{half}-{guess}"));
    for (index, guess) in guesses.iter().filter(|guess| **guess != code).take(5).enumerate() {
        assert_eq!(shop.pair_from(&format!("198.51.100.{index}"), guess).await.status, 400);
    }
    assert_eq!(shop.pair_from("203.0.113.1", &code).await.failure, FailureCode::CodeInvalid.as_str());
    assert_eq!(shop.pair_from("203.0.113.2", &unharmed).await.status, 200);
}

async fn a_slip_uses_no_code_and_counts_as_no_try(database: TestDatabase) {
    let shop = Shop::open(database).await;
    let code = shop.code(Role::Agent).await;
    for slip in ["", "BCDF", "AEIO-U012", "💬💬💬💬"] {
        assert_eq!(shop.pair_from("192.0.2.1", slip).await.failure, FailureCode::CodeInvalid.as_str(), "{slip}");
    }
    let nameless = json!({ "code": code, "device_name": " " });
    for body in [nameless, json!({ "code": code }), json!([])] {
        let answer = shop.call("POST", paths::PAIR, None, Some(body)).await;
        assert_eq!((answer.status, answer.failure.as_str()), (400, FailureCode::BadRequest.as_str()));
    }
    let long = json!({ "code": code, "device_name": "x".repeat(5_000) });
    assert_eq!(shop.call("POST", paths::PAIR, None, Some(long)).await.failure, FailureCode::BadRequest.as_str());
    assert_eq!(shop.number("SELECT CAST(count(*) AS BIGINT) AS n FROM pairing_failure").await, 0);
    assert_eq!(shop.pair_from("192.0.2.1", &code).await.status, 200);
}

async fn twenty_codes_wait_at_most(database: TestDatabase) {
    let shop = Shop::open(database).await;
    let admin = shop.device("Dao's desktop", Role::Admin).await;
    let ask = || shop.call("POST", paths::PAIRING_CODES, Some(&admin.token), Some(json!({ "role": "agent" })));
    for _ in 0..20 {
        assert_eq!(ask().await.status, 200);
    }
    assert_eq!(ask().await.failure, FailureCode::TooManyRequests.as_str());
    shop.sql("UPDATE pairing_code SET expires_at_ms = expires_at_ms - 600000").await;
    assert_eq!(ask().await.status, 200);
    // Those that died more than a day ago are not kept.
    shop.sql("UPDATE pairing_code SET expires_at_ms = expires_at_ms - 100000000").await;
    assert_eq!(ask().await.status, 200);
    assert_eq!(shop.number("SELECT CAST(count(*) AS BIGINT) AS n FROM pairing_code").await, 1);
}

async fn both_headers_carry_a_token(database: TestDatabase) {
    let shop = Shop::open(database).await;
    let device = shop.device("Nok's laptop", Role::Agent).await;
    let me = format!("{}{}", shop.base, paths::ME);
    let seen = "SELECT seen_at_ms AS n FROM device";
    shop.sql("UPDATE device SET seen_at_ms = 7").await;
    assert_eq!(shop.browse_with("GET", &me, ("access-token", &device.token)).await.status, 200);
    assert!(shop.number(seen).await > 7);
    // It is noted once a minute at most.
    shop.sql("UPDATE device SET seen_at_ms = seen_at_ms - 50000").await;
    let before = shop.number(seen).await;
    shop.me(&device).await;
    assert_eq!(shop.number(seen).await, before);

    let none = shop.browse(&me).await;
    assert_eq!((none.status, none.failure.as_str()), (401, FailureCode::NotPaired.as_str()));
    let unknown = crate::credential::new_token();
    assert_eq!(shop.browse_with("GET", &me, ("access-token", &unknown)).await.status, 401);
}

/// A code that is not this one, and does not begin like it.
fn other_than(code: &str) -> String {
    let replaced = |c: char| match c {
        'B' => 'C',
        '-' => '-',
        _ => 'B',
    };
    code.chars().map(replaced).collect()
}
