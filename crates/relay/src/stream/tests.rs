//! The stream over HTTP, on both databases.

mod client;
mod failover;
mod slow;

use std::sync::Arc;
use std::time::Duration;

use futures_util::FutureExt as _;
use reqwest::StatusCode;
use tokio::sync::watch;
use wire::api::StreamStart;
use wire::event::Hint;
use wire::{EventBody, EventId, Failure, FailureCode};

use super::{StreamSettings, Streams, router};
use crate::context::Context;
use crate::database::{DatabaseError, Value};
use crate::log::{Appended, Log, NewEvent};
use crate::testing::{PATIENCE, TestDatabase, fill, hint, number, on_both_engines, pair, serve, until};
use client::{Desktop, Message};

on_both_engines!(
    a_stream_replays_what_was_missed_and_then_follows,
    without_a_cursor_a_stream_begins_at_the_head,
    a_cursor_that_is_too_old_is_told_where_the_head_is,
    a_cursor_of_another_epoch_reads_the_newest_thousand_again,
    an_epoch_that_changes_meanwhile_is_told_and_read_again,
    a_new_stream_of_a_device_ends_its_old_one,
    a_stream_ends_when_its_device_is_revoked,
    a_stream_follows_what_another_process_appends,
    how_far_a_device_has_read_is_recorded,
    all_streams_end_when_the_relay_stops,
    who_may_not_read_is_told_so,
);

/// A relay that serves its streams.
struct Relay {
    context: Context,
    streams: Arc<Streams>,
    url: String,
    /// The device that is revoked.
    revoked: watch::Sender<String>,
}

impl Relay {
    async fn start(database: &TestDatabase) -> Self {
        Self::with(database, StreamSettings::default()).await
    }

    async fn with(database: &TestDatabase, settings: StreamSettings) -> Self {
        Self::of(database.context().await, settings).await
    }

    async fn of(context: Context, settings: StreamSettings) -> Self {
        let revoked = watch::Sender::new(String::new());
        let receiver = revoked.subscribe();
        let streams = Streams::start(context.clone(), settings, move |device| {
            let (mut receiver, device) = (receiver.clone(), device.to_owned());
            async move {
                if receiver.wait_for(|revoked| *revoked == device).await.is_err() {
                    std::future::pending::<()>().await;
                }
            }
            .boxed()
        });
        let url = format!("http://{}", serve(router(Arc::clone(&streams))).await);
        Self { context, streams, url, revoked }
    }

    async fn append(&self, key: &str) -> EventId {
        match self.context.log.append(hint(key), PATIENCE).await.unwrap() {
            Appended::New(id) => id,
            Appended::Known => panic!("{key} is known"),
        }
    }

    async fn append_many(&self, count: usize) {
        for key in 1..=count {
            self.append(&key.to_string()).await;
        }
    }

    async fn id(&self, sequence: u64) -> EventId {
        self.context.log.read_ends().await.unwrap().id(sequence)
    }
}

async fn a_stream_replays_what_was_missed_and_then_follows(database: TestDatabase) {
    let relay = Relay::start(&database).await;
    let token = pair(&relay.context, "nok").await;
    relay.append_many(5).await;
    let mut desktop = Desktop::open(&relay.url, &token, Some(&relay.id(2).await)).await;
    let headers = desktop.headers();
    assert_eq!(headers["content-type"], "text/event-stream");
    assert_eq!(headers["cache-control"], "no-cache, no-transform");
    assert_eq!(headers["x-accel-buffering"], "no");

    let start = desktop.hello().await;
    let id = relay.id(2).await;
    assert_eq!(start, StreamStart { from: id.clone(), head: relay.id(5).await, tail: relay.id(1).await });
    assert_eq!(desktop.sequences(3).await, [3, 4, 5]);
    // Whatever a customer may write is one line of the stream.
    let words = "a\nb\r\nc\u{2028}d\0 data: x";
    let body = EventBody::Hint(Hint { conversation: Some(words.to_owned()) });
    relay.context.log.append(NewEvent { body: body.clone(), ..hint("words") }, PATIENCE).await.unwrap();
    let event = desktop.event().await;
    assert_eq!((event.id.sequence, event.body), (6, body));
    for key in ["x", "y", "z"] {
        let id = relay.append(key).await;
        assert_eq!(desktop.event().await.id, id);
    }
    // The query does what the header does.
    let url = format!("{}{}?after={}", relay.url, wire::paths::STREAM, relay.id(8).await);
    let mut desktop = Desktop::get(&url, &token, &[]).await;
    assert_eq!(desktop.hello().await.from.sequence, 8);
    assert_eq!(desktop.sequences(1).await, [9]);
}

async fn without_a_cursor_a_stream_begins_at_the_head(database: TestDatabase) {
    let relay = Relay::start(&database).await;
    let token = pair(&relay.context, "nok").await;
    let mut desktop = Desktop::open(&relay.url, &token, None).await;
    let start = desktop.hello().await;
    assert_eq!((start.from.sequence, start.head.sequence, start.tail.sequence), (0, 0, 1));
    relay.append_many(3).await;
    assert_eq!(desktop.sequences(3).await, [1, 2, 3]);
    let mut desktop = Desktop::open(&relay.url, &token, None).await;
    assert_eq!(desktop.hello().await.from.sequence, 3);
    relay.append("next").await;
    assert_eq!(desktop.sequences(1).await, [4]);
}

async fn a_cursor_that_is_too_old_is_told_where_the_head_is(database: TestDatabase) {
    let relay = Relay::start(&database).await;
    let token = pair(&relay.context, "nok").await;
    relay.append_many(10).await;
    relay.context.log.prune(i64::MAX, 4).await.unwrap();
    for after in [0, 5] {
        let response = client::request(&relay.url, &token, Some(&relay.id(after).await)).await;
        assert_eq!(response.status(), StatusCode::GONE);
        assert_eq!(response.headers()[wire::headers::FAILURE], "gone");
        let failure: Failure = response.json().await.unwrap();
        assert_eq!((failure.code, failure.head), (FailureCode::Gone, Some(relay.id(10).await)));
    }
    let mut desktop = Desktop::open(&relay.url, &token, Some(&relay.id(6).await)).await;
    desktop.hello().await;
    assert_eq!(desktop.sequences(4).await, [7, 8, 9, 10]);
}

async fn a_cursor_of_another_epoch_reads_the_newest_thousand_again(database: TestDatabase) {
    let prepared = database.context().await;
    fill(&prepared.database, 3_000).await;
    let relay = Relay::start(&database).await;
    let token = pair(&relay.context, "nok").await;
    let other = |sequence| EventId { epoch: "other".to_owned(), sequence };
    for (after, from) in [(2_500, 1_500), (3_000, 2_000), (9_000, 2_000), (400, 0)] {
        let mut desktop = Desktop::open(&relay.url, &token, Some(&other(after))).await;
        assert_eq!(desktop.hello().await.from.sequence, from);
        let expected: Vec<u64> = (from + 1..=3_000).collect();
        assert_eq!(desktop.sequences(expected.len()).await, expected);
    }
    // A place of this epoch that the log has yet to reach cannot be right either.
    let mut desktop = Desktop::open(&relay.url, &token, Some(&relay.id(3_500).await)).await;
    assert_eq!(desktop.hello().await.from.sequence, 2_000);
    relay.context.log.prune(1_201, 0).await.unwrap();
    let mut desktop = Desktop::open(&relay.url, &token, Some(&other(1_500))).await;
    assert_eq!(desktop.hello().await.from.sequence, 1_200, "no further back than what is kept");
    let response = client::request(&relay.url, &token, Some(&other(1_100))).await;
    assert_eq!(response.status(), StatusCode::GONE);
}

async fn an_epoch_that_changes_meanwhile_is_told_and_read_again(database: TestDatabase) {
    let relay = Relay::start(&database).await;
    let token = pair(&relay.context, "nok").await;
    relay.append_many(3).await;
    let mut desktop = Desktop::open(&relay.url, &token, Some(&relay.id(1).await)).await;
    let epoch = desktop.hello().await.head.epoch;
    assert_eq!(desktop.sequences(2).await, [2, 3]);
    let begun: Result<(), DatabaseError> =
        relay.context.database.write(|tx| Box::pin(async move { Log::begin_epoch_in(tx).await })).await;
    begun.unwrap();
    relay.context.log.look().await;
    let start = desktop.hello().await;
    assert_ne!(start.from.epoch, epoch);
    assert_eq!(start.from.sequence, 0);
    for sequence in 1..=3 {
        assert_eq!(desktop.event().await.id, start.from.clone().at(sequence));
    }
    let id = relay.append("next").await;
    assert_eq!(desktop.event().await.id, id);
}

trait At {
    fn at(self, sequence: u64) -> EventId;
}

impl At for EventId {
    fn at(self, sequence: u64) -> EventId {
        EventId { sequence, ..self }
    }
}

async fn a_new_stream_of_a_device_ends_its_old_one(database: TestDatabase) {
    let relay = Relay::start(&database).await;
    let (nok, ana) = (pair(&relay.context, "nok").await, pair(&relay.context, "ana").await);
    let mut old = Desktop::open(&relay.url, &nok, None).await;
    let mut other = Desktop::open(&relay.url, &ana, None).await;
    old.hello().await;
    other.hello().await;
    let mut new = Desktop::open(&relay.url, &nok, None).await;
    new.hello().await;
    assert_eq!(old.next().await, None, "the old one ends");
    let id = relay.append("a").await;
    assert_eq!((new.event().await.id, other.event().await.id), (id.clone(), id));
    assert_eq!(relay.streams.count(), 2);
    drop(new);
    until("a stream that was left is gone", || async { relay.streams.count() == 1 }).await;
}

async fn a_stream_ends_when_its_device_is_revoked(database: TestDatabase) {
    let relay = Relay::start(&database).await;
    let (nok, ana) = (pair(&relay.context, "nok").await, pair(&relay.context, "ana").await);
    let mut revoked = Desktop::open(&relay.url, &nok, None).await;
    let mut other = Desktop::open(&relay.url, &ana, None).await;
    revoked.hello().await;
    other.hello().await;
    relay.revoked.send_replace("nok".to_owned());
    assert_eq!(revoked.next().await, None);
    let id = relay.append("a").await;
    assert_eq!(other.event().await.id, id);
}

async fn a_stream_follows_what_another_process_appends(database: TestDatabase) {
    let (here, there) = (Relay::start(&database).await, Relay::start(&database).await);
    let token = pair(&here.context, "nok").await;
    let mut desktop = Desktop::open(&here.url, &token, None).await;
    desktop.hello().await;
    for key in ["a", "b", "c"] {
        let id = there.append(key).await;
        assert_eq!(desktop.event().await.id, id);
    }
    // At once at the other process, which has yet to hear of the newest.
    let id = here.append("d").await;
    let mut desktop = Desktop::open(&there.url, &token, Some(&id.clone().at(id.sequence - 1))).await;
    desktop.hello().await;
    assert_eq!(desktop.event().await.id, id);
}

async fn how_far_a_device_has_read_is_recorded(database: TestDatabase) {
    let settings = StreamSettings { progress_interval: Duration::from_millis(20), ..StreamSettings::default() };
    let relay = Relay::with(&database, settings).await;
    let token = pair(&relay.context, "nok").await;
    let mut desktop = Desktop::open(&relay.url, &token, None).await;
    desktop.hello().await;
    relay.append_many(7).await;
    assert_eq!(desktop.sequences(7).await.last(), Some(&7));
    let database = &relay.context.database;
    until("it is recorded", || async {
        number(database, "SELECT read_to AS n FROM device WHERE seen_at_ms IS NOT NULL OR read_to = 0").await == 7
    })
    .await;
}

async fn all_streams_end_when_the_relay_stops(database: TestDatabase) {
    let relay = Relay::start(&database).await;
    let token = pair(&relay.context, "nok").await;
    let mut desktop = Desktop::open(&relay.url, &token, None).await;
    desktop.hello().await;
    relay.append("a").await;
    assert_eq!(desktop.sequences(1).await, [1]);
    relay.streams.close();
    assert_eq!(desktop.next().await, None);
    relay.streams.record_progress().await;
    assert_eq!(number(&relay.context.database, "SELECT read_to AS n FROM device").await, 1);
    let mut late = Desktop::open(&relay.url, &token, None).await;
    assert_eq!(late.next().await, None);
}

async fn who_may_not_read_is_told_so(database: TestDatabase) {
    let relay = Relay::start(&database).await;
    let token = pair(&relay.context, "nok").await;
    let response = client::request(&relay.url, &"x".repeat(43), None).await;
    assert_eq!(response.status(), StatusCode::UNAUTHORIZED);
    for cursor in ["7", "", "e-", "e-x", "e-99999999999999999999"] {
        let url = format!("{}{}", relay.url, wire::paths::STREAM);
        let response = client::send(&url, &token, &[("last-event-id", cursor)]).await;
        assert_eq!(response.status(), StatusCode::BAD_REQUEST, "{cursor:?}");
        let response = client::send(&format!("{url}?after={cursor}"), &token, &[]).await;
        assert_eq!(response.status(), StatusCode::BAD_REQUEST, "{cursor:?}");
    }
    let revoked: Result<u64, DatabaseError> = relay
        .context
        .database
        .write(|tx| Box::pin(async move { tx.execute("UPDATE device SET revoked_at_ms = $1", &[Value::Int(1)]).await }))
        .await;
    revoked.unwrap();
    let response = client::request(&relay.url, &token, None).await;
    assert_eq!(response.status(), StatusCode::UNAUTHORIZED);
    assert_eq!(response.json::<Failure>().await.unwrap().code, FailureCode::NotPaired);
}

#[tokio::test]
async fn a_comment_comes_when_there_is_nothing_else() {
    let settings = StreamSettings { heartbeat: Duration::from_millis(20), ..StreamSettings::default() };
    let database = TestDatabase::sqlite().await;
    let relay = Relay::with(&database, settings).await;
    let token = pair(&relay.context, "nok").await;
    let mut desktop = Desktop::open(&relay.url, &token, None).await;
    desktop.hello().await;
    for _ in 0..3 {
        assert_eq!(desktop.next().await, Some(Message { comment: "hb".to_owned(), ..Message::default() }));
    }
}
