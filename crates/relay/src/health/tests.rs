use serde_json::Value as Json;

use super::*;
use crate::clock::now_ms;
use crate::door::DoorLimits;
use crate::listening::Listening;
use crate::log::{Appended, NewEvent};
use crate::testing::{TestDatabase, execute, hint, on_both_engines, pair, serve};

on_both_engines!(
    a_new_relay_is_well,
    an_account_that_needs_linking_is_told_of,
    a_device_that_is_there_and_reads_nothing_is_a_failure,
    a_device_that_is_away_is_none,
    a_database_that_lost_a_table_is_a_failure,
);

async fn look(context: &Context, progress: &mut Progress) -> Report {
    let door = Door::new(context.clone(), Listening::default(), DoorLimits::default());
    observe::look(context, &door, &Probe::default(), progress).await
}

fn names(report: &Report) -> Vec<(Status, &'static str)> {
    report.problems.iter().map(|problem| (problem.status, problem.name)).collect()
}

async fn append(context: &Context, event: NewEvent) {
    let appended = context.log.append(event, Duration::from_secs(10)).await.unwrap();
    assert!(matches!(appended, Appended::New(_)));
}

async fn a_new_relay_is_well(database: TestDatabase) {
    let context = database.context().await;
    let report = look(&context, &mut Progress::new()).await;
    assert_eq!((report.status, names(&report)), (Status::Ok, vec![]), "{report:?}");
    append(&context, hint("one")).await;
    let report = look(&context, &mut Progress::new()).await;
    assert_eq!(report.newest_event, 1);
    assert!((0..60_000).contains(&(now_ms() - report.newest_event_at_ms.unwrap())));
}

async fn an_account_that_needs_linking_is_told_of(database: TestDatabase) {
    let context = database.context().await;
    let sql = "INSERT INTO account (id, team, handle, name, state, linked_at_ms, scopes, access_expires_at_ms,
                   refresh_expires_at_ms, issued_at_ms, renewing_until_ms, renewing_by)
               VALUES ('a', 1, 'h', 'n', 'needs_linking', 0, '', 0, 0, 0, 0, '')";
    execute(&context.database, sql).await;
    let report = look(&context, &mut Progress::new()).await;
    assert_eq!(names(&report), [(Status::Degraded, "accounts")]);
    assert!(context.metrics.encode().contains("accounts{state=\"needs_linking\"} 1"));
}

async fn a_device_that_is_there_and_reads_nothing_is_a_failure(database: TestDatabase) {
    let context = database.context().await;
    pair(&context, "d1").await;
    append(&context, hint("one")).await;
    let mut progress = Progress::new();
    assert_eq!(look(&context, &mut progress).await.status, Status::Ok, "the event is new");
    // An hour passes for the event; the device calls now and then.
    execute(&context.database, "UPDATE event SET at_ms = at_ms - 3600000").await;
    let touch = |behind_ms: i64| {
        let database = context.database.clone();
        async move {
            let at_ms = now_ms() - behind_ms;
            let touched: Result<u64, crate::database::DatabaseError> = database
                .write(move |tx| {
                    Box::pin(async move {
                        let sql = "UPDATE device SET seen_at_ms = $1";
                        tx.execute(sql, &[crate::database::Value::Int(at_ms)]).await
                    })
                })
                .await;
            touched.unwrap();
        }
    };
    touch(1_000).await;
    assert_eq!(look(&context, &mut progress).await.status, Status::Ok, "it may be about to read");
    let long_ago = Instant::now().checked_sub(Duration::from_secs(120)).unwrap();
    progress.get_mut("d1").unwrap().1 = long_ago;
    let report = look(&context, &mut progress).await;
    assert_eq!(names(&report), [(Status::Failing, "delivery")]);
    assert_eq!((report.devices, report.devices_behind), (1, 1));
    assert!(context.metrics.encode().contains("device_behind{device=\"d1\"} 1"));

    // Another device that reads: one of two is stuck.
    pair(&context, "d2").await;
    execute(&context.database, "UPDATE device SET read_to = 1 WHERE id = 'd2'").await;
    touch(1_000).await;
    assert_eq!(names(&look(&context, &mut progress).await), [(Status::Degraded, "delivery")]);
    // It reads on: all is well.
    execute(&context.database, "UPDATE device SET read_to = 1").await;
    assert_eq!(look(&context, &mut progress).await.status, Status::Ok);
}

async fn a_device_that_is_away_is_none(database: TestDatabase) {
    let context = database.context().await;
    pair(&context, "d1").await;
    append(&context, hint("one")).await;
    execute(&context.database, "UPDATE event SET at_ms = at_ms - 3600000").await;
    let mut progress = Progress::new();
    look(&context, &mut progress).await;
    progress.get_mut("d1").unwrap().1 = Instant::now().checked_sub(Duration::from_secs(120)).unwrap();
    let report = look(&context, &mut progress).await;
    assert_eq!((report.status, report.devices_behind), (Status::Ok, 1));
}

async fn a_database_that_lost_a_table_is_a_failure(database: TestDatabase) {
    let context = database.context().await;
    execute(&context.database, "ALTER TABLE device RENAME TO device_lost").await;
    let report = look(&context, &mut Progress::new()).await;
    assert_eq!(names(&report), [(Status::Failing, "database")]);
}

#[tokio::test]
async fn a_write_that_hangs_is_a_failure_and_no_second_one_is_begun() {
    let database = TestDatabase::sqlite().await;
    let context = database.context().await;
    let (release, held) = tokio::sync::oneshot::channel::<()>();
    let (locked, is_locked) = tokio::sync::oneshot::channel();
    let writer = context.database.clone();
    let holder = tokio::spawn(async move {
        let done: Result<(), crate::database::DatabaseError> = writer
            .write(move |_| {
                Box::pin(async move {
                    let _ = locked.send(());
                    let _ = held.await;
                    Ok(())
                })
            })
            .await;
        done.unwrap();
    });
    is_locked.await.unwrap();
    let probe = Probe::default();
    assert!(matches!(probe.write(&context).await, Written::Hangs), "after five seconds");
    let began = Instant::now();
    assert!(matches!(probe.write(&context).await, Written::Hangs), "the first one still hangs");
    assert!(began.elapsed() < Duration::from_secs(4), "it is not waited for again");
    release.send(()).unwrap();
    holder.await.unwrap();
    crate::testing::until("writes are taken again", || async { matches!(probe.write(&context).await, Written::Done) })
        .await;
}

#[tokio::test]
async fn only_monitors_see_devices_and_metrics() {
    let database = TestDatabase::sqlite().await;
    let context = database.context().await;
    pair(&context, "d1").await;
    let door = Door::new(context.clone(), Listening::default(), DoorLimits::default());
    for (address, is_certain, sees) in
        [("127.0.0.1", true, true), ("127.0.0.1", false, false), ("192.0.2.1", true, false)]
    {
        let monitors = vec!["127.0.0.1".parse().unwrap()];
        let health = Health::start(context.clone(), door.clone(), monitors).await;
        let client = ClientAddress { address: address.parse().unwrap(), is_certain };
        let listening = serve(router(health).layer(Extension(client))).await;
        let get = |path: &str| reqwest::get(format!("http://{listening}{path}"));
        let report: Json = get(paths::HEALTH).await.unwrap().json().await.unwrap();
        assert_eq!(report["status"], "ok", "{report}");
        assert_eq!(report["devices"], 1, "{report}");
        assert_eq!(report.get("device_list").is_some(), sees, "{address}: {report}");
        let metrics = get(paths::METRICS).await.unwrap();
        assert_eq!(metrics.status().as_u16(), if sees { 200 } else { 403 }, "{address}");
        assert_eq!(metrics.text().await.unwrap().contains("deskbell_relay_"), sees);
    }
}

#[tokio::test]
async fn a_failing_relay_answers_503() {
    let database = TestDatabase::sqlite().await;
    let context = database.context().await;
    execute(&context.database, "ALTER TABLE device RENAME TO device_lost").await;
    let door = Door::new(context.clone(), Listening::default(), DoorLimits::default());
    let address = serve(router(Health::start(context, door, Vec::new()).await)).await;
    let answer = reqwest::get(format!("http://{address}{}", paths::HEALTH)).await.unwrap();
    assert_eq!(answer.status().as_u16(), 503);
    assert_eq!(answer.json::<Json>().await.unwrap()["problems"][0]["name"], "database");
}
