//! Since when the relay has heard everything that TikTok pushes.
//!
//! Pushes are not numbered: a desktop that holds two of them cannot know whether there was one in between. The relay
//! knows when it may have missed one: while it did not run, while the computer slept, and when it answered a webhook with
//! anything but 200, because TikTok repeats that one minutes or hours later. After each such time it appends an event,
//! [`wire::EventBody::Listening`]. Between two webhooks without such an event in between, everything that TikTok pushed is
//! in the log, and a desktop closes the gap between their messages (decision 22).

#[cfg(test)]
mod tests;

use std::sync::Arc;
use std::time::Duration;

use axum::extract::{Request, State};
use axum::http::StatusCode;
use axum::middleware::Next;
use axum::response::Response;
use tokio::sync::Notify;
use wire::{EventBody, paths};

use crate::clock::now_ms;
use crate::context::Context;
use crate::database::{DatabaseError, Tx, Value};
use crate::log::NewEvent;
use crate::team::TEAM;

/// How long a commit of the event may take.
const APPEND_TIMEOUT: Duration = Duration::from_secs(5);
/// Between two tries to append it.
const RETRY_INTERVAL: Duration = Duration::from_secs(1);
/// The shortest time between two events. It is shorter than the minute for which a desktop does not judge a message's
/// surroundings (`engine::timing::Timing::lag`), so a miss is known before anything is concluded from it.
pub const EVENT_INTERVAL: Duration = Duration::from_secs(30);
/// How often it is looked whether the computer slept.
const CLOCK_INTERVAL: Duration = Duration::from_secs(5);
/// A look that comes so much too late shows that it did, or that its clock was set.
const MAX_CLOCK_DELAY_MS: i64 = 15_000;

/// Notes what was missed. Clones share it. One that was not started writes nothing down.
#[derive(Debug, Clone, Default)]
pub struct Listening {
    missed: Arc<Notify>,
}

impl Listening {
    /// Begins to hear, and says so in the log for as long as the relay runs: not more often than each `interval`, which is
    /// [`EVENT_INTERVAL`] in a shop.
    #[must_use]
    pub fn start(context: Context, interval: Duration) -> Self {
        let listening = Self { missed: Arc::default() };
        tokio::spawn(say(context, Arc::clone(&listening.missed), interval));
        tokio::spawn(listening.clone().watch_clock());
        listening
    }

    /// A webhook was not taken, or may not have been: TikTok repeats it at a time of its own.
    pub fn record_miss(&self) {
        self.missed.notify_one();
    }

    async fn watch_clock(self) {
        let mut looked_at_ms = now_ms();
        loop {
            tokio::time::sleep(CLOCK_INTERVAL).await;
            let now_ms = now_ms();
            if was_asleep(looked_at_ms, now_ms) {
                self.record_miss();
            }
            looked_at_ms = now_ms;
        }
    }
}

/// Whether the computer slept, or its clock was set, between two looks that are [`CLOCK_INTERVAL`] apart.
fn was_asleep(before_ms: i64, now_ms: i64) -> bool {
    let interval_ms = i64::try_from(CLOCK_INTERVAL.as_millis()).unwrap_or(i64::MAX);
    !(0..=interval_ms.saturating_add(MAX_CLOCK_DELAY_MS)).contains(&now_ms.saturating_sub(before_ms))
}

/// Appends an event now and after each miss; it never returns.
async fn say(context: Context, missed: Arc<Notify>, interval: Duration) {
    loop {
        let event = NewEvent {
            account: String::new(),
            dedup: format!("listening/{}/{}", context.worker, now_ms()),
            body: EventBody::Listening,
            answer: None,
        };
        while let Err(error) = context.log.append(event.clone(), APPEND_TIMEOUT).await {
            tracing::debug!(%error, "could not write down since when webhooks are heard; trying again");
            tokio::time::sleep(RETRY_INTERVAL).await;
        }
        tokio::time::sleep(interval).await;
        missed.notified().await;
        tracing::warn!("a webhook may have been missed; TikTok repeats it");
    }
}

/// Notes webhooks that are refused before the door sees them.
pub async fn notice_refusals(State(listening): State<Listening>, request: Request, next: Next) -> Response {
    let is_webhook = [paths::BUSINESS_WEBHOOK, paths::LOGIN_KIT_WEBHOOK].contains(&request.uri().path());
    let response = next.run(request).await;
    if is_webhook && response.status() == StatusCode::TOO_MANY_REQUESTS {
        listening.record_miss();
    }
    response
}

/// Since when every webhook is in the log and kept; none if that is not known.
///
/// # Errors
/// [`DatabaseError`]
pub async fn heard_from_ms(tx: &mut Tx) -> Result<Option<i64>, DatabaseError> {
    let sql = "SELECT at_ms FROM event WHERE team = $1 AND kind = 'listening' ORDER BY seq DESC LIMIT 1";
    let listening = tx.query_one(sql, &[Value::Int(TEAM)]).await?.map(|row| row.int("at_ms")).transpose()?;
    // What was deleted is not known any more. If it held the event itself, the relay has heard all since.
    let sql = "SELECT event.at_ms FROM team JOIN event ON event.team = team.id AND event.seq = team.tail
         WHERE team.id = $1 AND team.tail > 1";
    let kept = tx.query_one(sql, &[Value::Int(TEAM)]).await?.map(|row| row.int("at_ms")).transpose()?;
    Ok(listening.max(kept))
}
