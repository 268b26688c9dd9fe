//! The stream: connects, for ever, reads one event after the other, and notices when nothing comes any more.

use std::time::Duration;

use eventsource_stream::Eventsource as _;
use futures_util::StreamExt as _;
use store::table::account;
use store::table::relay::{self as table, RelayCursor};
use tokio::sync::watch;
use tokio::task::AbortHandle;
use tokio::time::Instant;
use wire::{Event, EventId, FailureCode};

use super::{PairError, Relay, RelayError, StreamStatus, local_now_ms};
use crate::timing::Backoff;

/// Without a byte for so long, not even a heartbeat, the connection is dead: the relay writes one every 15 s.
const SILENCE_TIMEOUT: Duration = Duration::from_secs(40);
/// How often a revoked computer looks whether it is known again.
const REVOKED_INTERVAL: Duration = Duration::from_secs(300);

/// Why a stream ended.
#[derive(Debug, thiserror::Error)]
enum StreamEnd {
    /// It was closed, or broke.
    #[error("{0}")]
    Broken(String),
    /// Nothing came for too long.
    #[error("nothing came any more")]
    Silent,
    /// An event is missing before this one.
    #[error("an event is missing")]
    Gap,
    /// What came is no event of this protocol.
    #[error("what came is no event")]
    NoEvent,
    /// An event could not be stored.
    #[error(transparent)]
    Store(#[from] store::StoreError),
    /// The relay said no.
    #[error(transparent)]
    Relay(#[from] RelayError),
    /// This computer was paired anew, or the pairing was ended.
    #[error("the pairing has changed")]
    Paired,
}

/// Ends a task when it is dropped: reading back ends with its stream.
struct AbortOnDrop(AbortHandle);

impl Drop for AbortOnDrop {
    fn drop(&mut self) {
        self.0.abort();
    }
}

impl Relay {
    /// Follows the relay for as long as the engine runs.
    pub(crate) async fn run(self) {
        if let Err(error) = self.apply_kept().await {
            tracing::error!(%error, "could not apply the relay's events that an older version did not know");
        }
        let mut backoff = Backoff::new(self.context.timing());
        let mut down_since_ms = local_now_ms();
        loop {
            if self.context.caller().gateway().route().is_none() {
                self.state.paired.notified().await;
                continue;
            }
            let was_live = *self.state.status.borrow() == StreamStatus::Live;
            let end = self.follow().await;
            if was_live || *self.state.status.borrow() == StreamStatus::Live {
                down_since_ms = local_now_ms();
                backoff.worked();
            }
            let wait = match &end {
                StreamEnd::Paired => continue,
                StreamEnd::Relay(error) if error.code() == Some(FailureCode::NotPaired) => {
                    self.set_status(StreamStatus::Revoked);
                    REVOKED_INTERVAL
                }
                StreamEnd::Relay(error) if error.code() == Some(FailureCode::Gone) => match self.restart().await {
                    Ok(()) => continue,
                    Err(error) => {
                        tracing::warn!(%error, "could not go on from the relay's newest event");
                        backoff.failed()
                    }
                },
                end => {
                    tracing::info!(%end, "the relay's stream ended");
                    let problem = Some(end.to_string());
                    self.set_status(StreamStatus::Connecting { since_ms: down_since_ms, problem });
                    backoff.failed()
                }
            };
            tokio::select! {
                () = tokio::time::sleep(wait) => {}
                () = self.state.paired.notified() => {}
            }
        }
    }

    /// Goes on from the relay's newest event, because those after the newest one stored here are not kept any more. What
    /// happened meanwhile is read from TikTok.
    async fn restart(&self) -> Result<(), PairError> {
        let me = self.me().await?;
        let cursor = RelayCursor { epoch: me.head.epoch, sequence: me.head.sequence };
        let now_ms = self.context.clock().now_ms();
        self.context
            .store()
            .write(move |tx| {
                table::restart(tx, &cursor, now_ms)?;
                for linked in &me.accounts {
                    if let Some(known) = account::find(tx, &linked.id)?.filter(|known| known.via_relay) {
                        account::set_heard_from(tx, known.id, linked.heard_from_ms)?;
                    }
                }
                Ok(())
            })
            .await?;
        tracing::info!("the relay does not keep the events since the newest stored one: the lists are read instead");
        self.context.signals().count_resume();
        Ok(())
    }

    /// Connects and stores events until the stream ends.
    async fn follow(&self) -> StreamEnd {
        match self.read_stream().await {
            Ok(never) => never,
            Err(end) => end,
        }
    }

    async fn read_stream(&self) -> Result<StreamEnd, StreamEnd> {
        let relay = self.context.store().read(table::get).await?;
        let (Some(relay), Some(route)) = (relay, self.context.caller().gateway().route()) else {
            return Ok(StreamEnd::Paired);
        };
        let mut cursor = relay.cursor.unwrap_or(RelayCursor { epoch: "none".to_owned(), sequence: 0 });
        let after = EventId { epoch: cursor.epoch.clone(), sequence: cursor.sequence };
        let response = route.relay.stream(&after).await?;
        let heard = watch::Sender::new(Instant::now());
        let watchdog = heard.subscribe();
        let bytes = response.bytes_stream().inspect(move |_| {
            heard.send_replace(Instant::now());
        });
        let mut events = std::pin::pin!(bytes.eventsource());
        self.set_status(StreamStatus::Live);
        let history = self.clone();
        let reading = self.context.tasks().spawn(async move { history.read_history().await });
        let _reading = reading.map(AbortOnDrop);
        loop {
            let silent_at = *watchdog.borrow() + SILENCE_TIMEOUT;
            let next = tokio::select! {
                next = events.next() => next,
                () = tokio::time::sleep_until(silent_at) => {
                    if watchdog.borrow().elapsed() >= SILENCE_TIMEOUT {
                        return Ok(StreamEnd::Silent);
                    }
                    continue;
                }
                () = self.state.paired.notified() => return Ok(StreamEnd::Paired),
            };
            let message = match next {
                Some(Ok(message)) => message,
                Some(Err(error)) => return Ok(StreamEnd::Broken(error.to_string())),
                None => return Ok(StreamEnd::Broken("the relay closed it".to_owned())),
            };
            // Other names are the stream's own business, such as a greeting.
            if message.event != "message" || message.data.is_empty() {
                continue;
            }
            let Ok(event) = serde_json::from_str::<Event>(&message.data) else { return Ok(StreamEnd::NoEvent) };
            let place = RelayCursor { epoch: event.id.epoch.clone(), sequence: event.id.sequence };
            let is_same_epoch = place.epoch == cursor.epoch;
            if is_same_epoch && place.sequence <= cursor.sequence {
                continue;
            }
            if !is_same_epoch {
                // The log has gone back in time: what was heard near here may be lost.
                self.restart_hearing(event.at_ms).await?;
            }
            if is_same_epoch && place.sequence > cursor.sequence + 1 {
                return Ok(StreamEnd::Gap);
            }
            self.apply(event, place.clone(), &message.data, &relay.device_id).await?;
            cursor = place;
        }
    }
}
