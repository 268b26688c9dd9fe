//! One look.

use std::collections::HashMap;
use std::time::{Duration, Instant};

use super::probe::{Probe, Written, waiting_for_standby};
use super::report::{DeviceReport, Report, Status};
use crate::clock::now_ms;
use crate::context::{Context, TEAM};
use crate::database::{DatabaseError, Engine, Value};
use crate::door::Door;

/// How long the questions may take.
const READ_TIMEOUT: Duration = Duration::from_secs(5);
/// A device that called within this time is there.
const PRESENT_MS: i64 = 90_000;
/// How long a device that is there may leave an event unread without reading any other.
const MAX_UNREAD_MS: i64 = 60_000;
/// From this difference of clocks on, webhooks begin to look too old or too new.
const MAX_CLOCK_OFFSET_MS: i64 = 30_000;

/// How far a device had read, and since when it has not read further.
pub(super) type Progress = HashMap<String, (i64, Instant)>;

/// The database's answers.
struct Seen {
    newest_event: i64,
    newest_event_at_ms: Option<i64>,
    devices: Vec<(DeviceReport, i64)>,
    accounts: Vec<(String, i64)>,
}

pub(super) async fn look(context: &Context, door: &Door, probe: &Probe, progress: &mut Progress) -> Report {
    let mut report = Report {
        version: env!("CARGO_PKG_VERSION"),
        database: engine_name(context.database.engine()),
        clock_offset_ms: context.client.server_offset_ms(),
        ..Report::default()
    };
    match tokio::time::timeout(READ_TIMEOUT, read(context)).await {
        Ok(Ok(seen)) => judge(context, &mut report, seen, progress),
        Ok(Err(error)) => report.add(Status::Failing, "database", format!("the database cannot be read: {error}")),
        Err(_) => report.add(Status::Failing, "database", "the database does not answer"),
    }
    check_writes(context, probe, &mut report).await;
    if !context.log.is_working() {
        report.add(Status::Failing, "log", "events cannot be stored: the database fails or does not answer");
    }
    check_signatures(door, &mut report);
    report
}

async fn check_writes(context: &Context, probe: &Probe, report: &mut Report) {
    match probe.write(context).await {
        Written::Done => {}
        Written::Failed(error) => {
            report.add(Status::Failing, "database_write", format!("the database takes no writes: {error}"));
        }
        Written::Hangs => {
            let waiting = tokio::time::timeout(READ_TIMEOUT, waiting_for_standby(context)).await;
            let sentence = match waiting {
                Ok(Ok(1..)) => "commits wait for a standby that is away (wait_event SyncRep)",
                Ok(Ok(_) | Err(_)) | Err(_) => "a write to the database does not end",
            };
            report.add(Status::Failing, "database_write", sentence);
        }
    }
}

fn check_signatures(door: &Door, report: &mut Report) {
    let count = door.times().count();
    report.webhooks_last_hour = count.all;
    report.webhooks_out_of_time = count.out_of_time;
    if count.is_by_another_secret() {
        let sentence = format!("all {} webhooks of the last hour were signed with another secret", count.wrong);
        report.add(Status::Degraded, "signature", sentence);
    }
    let offset_ms = report.clock_offset_ms;
    if offset_ms.abs() > MAX_CLOCK_OFFSET_MS {
        let sentence = format!("the relay's clock is wrong: TikTok's is {offset_ms} ms ahead of it");
        report.add(Status::Degraded, "clock", sentence);
    } else if count.is_alarming() {
        let sentence = format!(
            "the clock is wrong, or TikTok repeats what it signed long ago: {} of {} webhooks of the last hour were \
             not signed just now",
            count.out_of_time, count.all
        );
        report.add(Status::Degraded, "clock", sentence);
    }
}

fn judge(context: &Context, report: &mut Report, seen: Seen, progress: &mut Progress) {
    report.newest_event = seen.newest_event;
    report.newest_event_at_ms = seen.newest_event_at_ms;
    let count = |state: &str| seen.accounts.iter().find(|(found, _)| found == state).map_or(0, |(_, count)| *count);
    report.accounts_linked = count("linked");
    report.accounts_need_linking = count("needs_linking");
    context.metrics.set_accounts("linked", report.accounts_linked);
    context.metrics.set_accounts("needs_linking", report.accounts_need_linking);
    if report.accounts_need_linking > 0 {
        let sentence = format!("{} accounts have to be linked again by an admin", report.accounts_need_linking);
        report.add(Status::Degraded, "accounts", sentence);
    }

    context.metrics.set_devices_behind(seen.devices.iter().map(|(device, _)| (device.id.clone(), device.behind)));
    report.devices = seen.devices.len();
    report.devices_behind = seen.devices.iter().filter(|(device, _)| device.behind > 0).count();
    let (now, present_ms) = (Instant::now(), now_ms());
    progress.retain(|id, _| seen.devices.iter().any(|(device, _)| device.id == *id));
    let (mut present, mut stuck) = (0, 0);
    for (device, read_to) in &seen.devices {
        let (known, since) = progress.entry(device.id.clone()).or_insert((*read_to, now));
        if *known != *read_to {
            (*known, *since) = (*read_to, now);
        }
        let is_present = device.seen_at_ms.is_some_and(|seen_at_ms| present_ms - seen_at_ms < PRESENT_MS);
        let is_waiting = device.oldest_unread_at_ms.is_some_and(|at_ms| present_ms - at_ms > MAX_UNREAD_MS);
        let stands_still = i64::try_from(now.duration_since(*since).as_millis()).unwrap_or(i64::MAX) > MAX_UNREAD_MS;
        present += usize::from(is_present);
        stuck += usize::from(is_present && is_waiting && stands_still);
    }
    if stuck > 0 {
        let status = if stuck == present { Status::Failing } else { Status::Degraded };
        let sentence = format!("{stuck} of {present} devices that are there have read nothing new for a minute");
        report.add(status, "delivery", sentence);
    }
    report.device_list = seen.devices.into_iter().map(|(device, _)| device).collect();
}

async fn read(context: &Context) -> Result<Seen, DatabaseError> {
    let seen = context.database.read::<_, DatabaseError, _>(|tx| {
        Box::pin(async move {
            let team = [Value::Int(TEAM)];
            let newest = tx
                .query_one(
                    "SELECT team.head, event.at_ms FROM team
                     LEFT JOIN event ON event.team = team.id AND event.seq = team.head WHERE team.id = $1",
                    &team,
                )
                .await?
                .ok_or(DatabaseError::Column("head"))?;
            let newest_event = newest.int("head")?;
            let rows = tx
                .query(
                    "SELECT device.id, device.read_to, device.seen_at_ms, event.at_ms FROM device
                     LEFT JOIN event ON event.team = device.team AND event.seq = device.read_to + 1
                     WHERE device.team = $1 AND device.revoked_at_ms IS NULL",
                    &team,
                )
                .await?;
            let mut devices = Vec::with_capacity(rows.len());
            for row in rows {
                let read_to = row.int("read_to")?;
                let device = DeviceReport {
                    id: row.text("id")?,
                    behind: (newest_event - read_to).max(0),
                    seen_at_ms: row.maybe_int("seen_at_ms")?,
                    oldest_unread_at_ms: row.maybe_int("at_ms")?,
                };
                devices.push((device, read_to));
            }
            let sql = "SELECT state, CAST(count(*) AS BIGINT) AS accounts FROM account WHERE team = $1 GROUP BY state";
            let mut accounts = Vec::new();
            for row in tx.query(sql, &team).await? {
                accounts.push((row.text("state")?, row.int("accounts")?));
            }
            Ok(Seen { newest_event, newest_event_at_ms: newest.maybe_int("at_ms")?, devices, accounts })
        })
    });
    seen.await
}

fn engine_name(engine: Engine) -> &'static str {
    match engine {
        Engine::Sqlite => "sqlite",
        Engine::Postgres => "postgres",
    }
}
