//! Which messages the agent hears of: fresh ones, while they look elsewhere, and those of which a rule says so.

use std::sync::Arc;

use engine::{Arrival, Engine};
use model::{SnippetKind, clean_name};
use store::table::{account, conversation, message};
use tokio::sync::broadcast;

use crate::{Host, Notification, desk};

/// A message older than this is history that arrived late, not news.
const FRESH_MS: i64 = 10 * 60_000;
const MOST_CHARS: usize = 120;

pub(crate) async fn run(engine: Engine, host: Arc<dyn Host>) {
    let (mut arrivals, mut alerts) = (engine.arrivals(), engine.alerts());
    loop {
        let heard = tokio::select! {
            arrival = arrivals.recv() => arrival.map(|arrival| (arrival, None)),
            alert = alerts.recv() => alert.map(|alert| (alert.arrival, Some(alert))),
        };
        let (arrival, alert) = match heard {
            Ok(heard) => heard,
            Err(broadcast::error::RecvError::Lagged(_)) => continue,
            Err(broadcast::error::RecvError::Closed) => return,
        };
        let told = !engine.attention().borrow().focused && desk::read_settings(&engine).await.notify;
        let fresh_ms = match alert {
            None if told => FRESH_MS,
            // Of a message that has just arrived the agent hears once.
            None => continue,
            Some(alert) if told && !alert.waited => continue,
            Some(_) => i64::MAX,
        };
        let Some(notification) = compose(&engine, arrival, fresh_ms).await else { continue };
        let host = Arc::clone(&host);
        let shown = tokio::task::spawn_blocking(move || host.notify(notification)).await;
        if let Ok(Err(error)) = shown {
            tracing::warn!(%error, "notify.not_shown");
        }
    }
}

async fn compose(engine: &Engine, arrival: Arrival, fresh_ms: i64) -> Option<Notification> {
    let now_ms = engine.clock().now_ms();
    let read = engine.store().read(move |sql| {
        let business = account::get(sql, arrival.account)?;
        let message = message::get(sql, arrival.message)?;
        let row = conversation::row(sql, arrival.conversation)?;
        Ok((business, message, row))
    });
    let (business, message, row) = read.await.ok()?;
    if now_ms.saturating_sub(message.sent_at_ms) > fresh_ms {
        return None;
    }
    let snippet = message.content.snippet();
    let body = match snippet.kind {
        SnippetKind::Text | SnippetKind::Card => {
            snippet.text.chars().filter(|c| !c.is_control()).take(MOST_CHARS).collect()
        }
        SnippetKind::Image => "Photo".to_owned(),
        SnippetKind::Video => "Video".to_owned(),
        SnippetKind::SharePost => "Shared a post".to_owned(),
        SnippetKind::Sticker => "Sticker".to_owned(),
        SnippetKind::Unsupported => "New message".to_owned(),
    };
    let title = match (clean_name(&row.person.name), clean_name(&row.person.handle.unwrap_or_default())) {
        (name, handle) if name.is_empty() && handle.is_empty() => format!("@{}", business.handle),
        (name, handle) if name.is_empty() => format!("@{handle}"),
        (name, _) => name,
    };
    Some(Notification { account: arrival.account, conversation: arrival.conversation, title, body })
}
