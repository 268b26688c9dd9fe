//! Devices: seen, renamed, revoked; and the last admin stays.

use std::time::{Duration, Instant};

use serde_json::json;
use wire::FailureCode;
use wire::api::{AuditEntry, Device, Role};
use wire::paths;

use super::shop::{Laptop, Shop};
use crate::testing::{TestDatabase, hint, on_both_engines};

on_both_engines!(
    admins_see_who_is_behind,
    a_device_is_renamed_and_its_role_changed,
    a_revoked_device_loses_what_it_has_open_within_a_second,
    a_device_that_was_revoked_just_before_it_is_watched_is_told,
    the_last_admin_stays,
    two_admins_who_revoke_each_other_do_not_both_go,
    an_agent_may_leave,
    the_audit_trail_is_read_in_pages_newest_first,
);

fn place(device: &Laptop) -> String {
    format!("{}/{}", paths::DEVICES, device.id)
}

async fn admins_see_who_is_behind(database: TestDatabase) {
    let shop = Shop::open(database).await;
    let admin = shop.device("Dao's desktop", Role::Admin).await;
    for dedup in ["1", "2", "3"] {
        shop.context.log.append(hint(dedup), Duration::from_secs(10)).await.unwrap();
    }
    let newcomer = shop.device("Nok's laptop", Role::Agent).await;
    let devices: Vec<Device> = shop.call("GET", paths::DEVICES, Some(&admin.token), None).await.json();
    let behind: Vec<(&str, u64)> = devices.iter().map(|device| (device.id.as_str(), device.behind)).collect();
    // One that was paired after the events begins behind them.
    assert_eq!(behind, [(newcomer.id.as_str(), 0), (admin.id.as_str(), 3)]);
    assert!(devices.iter().all(|device| device.seen_at_ms.is_some() && device.revoked_at_ms.is_none()));
}

async fn a_device_is_renamed_and_its_role_changed(database: TestDatabase) {
    let shop = Shop::open(database).await;
    let admin = shop.device("Dao's desktop", Role::Admin).await;
    let agent = shop.device("Nok's laptop", Role::Agent).await;
    let path = place(&agent);
    let call = |body| shop.call("PATCH", &path, Some(&admin.token), Some(body));
    assert_eq!(call(json!({ "name": "  Nok, counter " })).await.status, 204);
    assert_eq!(call(json!({ "role": "admin" })).await.status, 204);
    assert_eq!(call(json!({})).await.status, 204);
    let me = shop.me(&agent).await;
    assert_eq!((me.name.as_str(), me.role), ("Nok, counter", Role::Admin));
    for bad in [json!({ "name": "" }), json!({ "name": "a\u{0}b" }), json!({ "role": "owner" }), json!(7)] {
        assert_eq!(call(bad.clone()).await.failure, FailureCode::BadRequest.as_str(), "{bad}");
    }
    for nobody in ["nobody", "a%00b", "%F0%9F%92%AC"] {
        let path = format!("{}/{nobody}", paths::DEVICES);
        let answer = shop.call("PATCH", &path, Some(&admin.token), Some(json!({ "name": "x" }))).await;
        assert_eq!(answer.failure, FailureCode::NotFound.as_str(), "{nobody}");
    }
    let trail = shop.trail().await;
    assert_eq!(
        trail[4..],
        [
            "Dao's desktop device.renamed Nok's laptop -> Nok, counter",
            "Dao's desktop device.role_changed Nok, counter: admin"
        ]
    );
}

async fn a_revoked_device_loses_what_it_has_open_within_a_second(database: TestDatabase) {
    let shop = Shop::open(database).await;
    let other = shop.another().await;
    let admin = shop.device("Dao's desktop", Role::Admin).await;
    let agent = shop.device("Nok's laptop", Role::Agent).await;

    // One stream is open at the process that revokes, one at another.
    let streams = [shop.stream(&agent).await, other.stream(&agent).await];
    let mut unharmed = other.stream(&admin).await;
    assert!(unharmed.chunk().await.unwrap().is_some());

    assert_eq!(shop.call("DELETE", &place(&agent), Some(&admin.token), None).await.status, 204);
    let began = Instant::now();
    for stream in streams {
        // What came before the end is of no interest, nor how the end is told.
        let _ = stream.bytes().await;
        assert!(began.elapsed() < Duration::from_secs(1), "{:?}", began.elapsed());
    }
    shop.context.log.append(hint("after"), Duration::from_secs(10)).await.unwrap();
    let mut heard = Vec::new();
    while !String::from_utf8_lossy(&heard).contains("\"kind\":\"hint\"") {
        heard.extend(unharmed.chunk().await.unwrap().expect("the other stream goes on"));
    }
    for shop in [&shop, &other] {
        assert_eq!(
            shop.call("GET", paths::ME, Some(&agent.token), None).await.failure,
            FailureCode::NotPaired.as_str()
        );
    }
    let again = shop.call("DELETE", &place(&agent), Some(&admin.token), None).await;
    assert_eq!(again.failure, FailureCode::NotFound.as_str());
}

async fn a_device_that_was_revoked_just_before_it_is_watched_is_told(database: TestDatabase) {
    let shop = Shop::open(database).await;
    let other = shop.another().await;
    let admin = shop.device("Dao's desktop", Role::Admin).await;
    let agent = shop.device("Nok's laptop", Role::Agent).await;
    let _admin_stream = other.revocations.watch(&admin.id);
    assert_eq!(shop.call("DELETE", &place(&agent), Some(&admin.token), None).await.status, 204);
    // The request that opens a stream was authenticated before that.
    let told = tokio::time::timeout(Duration::from_secs(1), other.revocations.revoked(&agent.id)).await;
    assert!(told.is_ok());
}

async fn the_last_admin_stays(database: TestDatabase) {
    let shop = Shop::open(database).await;
    let admin = shop.device("Dao's desktop", Role::Admin).await;
    let agent = shop.device("Nok's laptop", Role::Agent).await;
    let path = place(&admin);
    let demote = json!({ "role": "agent", "name": "Renamed" });
    for answer in [
        shop.call("DELETE", &path, Some(&admin.token), None).await,
        shop.call("PATCH", &path, Some(&admin.token), Some(demote)).await,
    ] {
        assert_eq!((answer.status, answer.failure.as_str()), (403, FailureCode::NotAllowed.as_str()));
        assert!(answer.detail().contains("last device of an admin"), "{}", answer.detail());
    }
    let me = shop.me(&admin).await;
    assert_eq!((me.name.as_str(), me.role), ("Dao's desktop", Role::Admin), "all of it or nothing");

    let promote = json!({ "role": "admin" });
    assert_eq!(shop.call("PATCH", &place(&agent), Some(&admin.token), Some(promote)).await.status, 204);
    assert_eq!(shop.call("DELETE", &path, Some(&admin.token), None).await.status, 204);
    assert_eq!(shop.me(&agent).await.role, Role::Admin);
}

async fn two_admins_who_revoke_each_other_do_not_both_go(database: TestDatabase) {
    let shop = Shop::open(database).await;
    let other = shop.another().await;
    let mut one = shop.device("One", Role::Admin).await;
    for round in 0..5 {
        let two = shop.device(&format!("Two {round}"), Role::Admin).await;
        let (first, second) = (place(&two), place(&one));
        let (first, second) = tokio::join!(
            shop.call("DELETE", &first, Some(&one.token), None),
            other.call("DELETE", &second, Some(&two.token), None)
        );
        let statuses = [first.status, second.status];
        assert_eq!(statuses.iter().filter(|status| **status == 204).count(), 1, "{statuses:?}");
        let sql = "SELECT CAST(count(*) AS BIGINT) AS n FROM device WHERE role = 'admin' AND revoked_at_ms IS NULL";
        assert_eq!(shop.number(sql).await, 1);
        if second.status == 204 {
            one = two;
        }
    }
}

async fn an_agent_may_leave(database: TestDatabase) {
    let shop = Shop::open(database).await;
    shop.device("Dao's desktop", Role::Admin).await;
    let (leaving, staying) = (shop.device("Nok's laptop", Role::Agent).await, shop.device("Ploy", Role::Agent).await);
    assert_eq!(shop.call("DELETE", &place(&staying), Some(&leaving.token), None).await.status, 403);
    assert_eq!(shop.call("DELETE", &place(&leaving), Some(&leaving.token), None).await.status, 204);
    assert_eq!(shop.call("GET", paths::ME, Some(&leaving.token), None).await.status, 401);
    assert_eq!(shop.me(&staying).await.role, Role::Agent);
}

async fn the_audit_trail_is_read_in_pages_newest_first(database: TestDatabase) {
    let shop = Shop::open(database).await;
    let other = shop.another().await;
    let admin = shop.device("Dao's desktop", Role::Admin).await;
    // Two processes write at the same time, and no id is given twice or left out.
    let writes = (0..20).map(|number| {
        let context = if number % 2 == 0 { &shop.context } else { &other.context };
        crate::apps::forget_previous_secret(context, "test", wire::api::Platform::Business)
    });
    for written in futures_util::future::join_all(writes).await {
        written.unwrap();
    }
    let mut seen = Vec::new();
    let mut before = i64::MAX;
    loop {
        let path = format!("{}?before={before}&limit=7", paths::AUDIT);
        let page: Vec<AuditEntry> = shop.call("GET", &path, Some(&admin.token), None).await.json();
        let Some(last) = page.last() else { break };
        before = last.id;
        seen.extend(page.iter().map(|entry| entry.id));
    }
    assert_eq!(seen, (1..=22).rev().collect::<Vec<i64>>());
    let odd = shop.call("GET", &format!("{}?before=x", paths::AUDIT), Some(&admin.token), None).await;
    assert_eq!(odd.failure, FailureCode::BadRequest.as_str());
}
