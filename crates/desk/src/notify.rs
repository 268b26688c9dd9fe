//! Which messages and comments the agent hears of: fresh ones, while they look elsewhere, and those of which a rule says so.

use std::sync::Arc;

use engine::{Arrival, Engine};
use model::{AccountId, CommentId, SnippetKind};
use store::table::{comment, conversation, message};
use tokio::sync::broadcast;

use crate::{Host, Notification, Place, desk};

/// A message older than this is history that arrived late, not news.
const FRESH_MS: i64 = 10 * 60_000;
const MOST_CHARS: usize = 120;

/// Tells of comments that are answered by message.
pub(crate) async fn run_comments(engine: Engine, host: Arc<dyn Host>) {
    let mut arrivals = engine.comment_arrivals();
    loop {
        let (account, id) = match arrivals.recv().await {
            Ok(arrived) => arrived,
            Err(broadcast::error::RecvError::Lagged(_)) => continue,
            Err(broadcast::error::RecvError::Closed) => return,
        };
        if engine.attention().borrow().focused || !desk::read_settings(&engine).await.notify {
            continue;
        }
        if let Some(notification) = compose_comment(&engine, account, id).await {
            show(&host, notification).await;
        }
    }
}

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
        show(&host, notification).await;
    }
}

async fn show(host: &Arc<dyn Host>, notification: Notification) {
    let host = Arc::clone(host);
    if let Ok(Err(error)) = tokio::task::spawn_blocking(move || host.notify(notification)).await {
        tracing::warn!(%error, "notify.not_shown");
    }
}

async fn compose_comment(engine: &Engine, account: AccountId, id: CommentId) -> Option<Notification> {
    let now_ms = engine.clock().now_ms();
    let comment = engine.store().read(move |sql| comment::get(sql, id)).await.ok()?;
    if now_ms.saturating_sub(comment.at_ms) > FRESH_MS {
        return None;
    }
    let title = title(&comment.name, comment.handle.as_deref(), "New comment");
    Some(Notification { account, opens: Place::Comment(id), title, body: shortened(&comment.body) })
}

/// Who is told of. Never the shop itself: it is not who wrote.
fn title(name: &str, handle: Option<&str>, otherwise: &str) -> String {
    match handle.filter(|handle| !handle.is_empty()) {
        _ if !name.is_empty() => name.to_owned(),
        Some(handle) => format!("@{handle}"),
        None => otherwise.to_owned(),
    }
}

fn shortened(text: &str) -> String {
    text.chars().filter(|c| !c.is_control()).take(MOST_CHARS).collect()
}

async fn compose(engine: &Engine, arrival: Arrival, fresh_ms: i64) -> Option<Notification> {
    let now_ms = engine.clock().now_ms();
    let read = engine.store().read(move |sql| {
        let message = message::get(sql, arrival.message)?;
        let row = conversation::row(sql, arrival.conversation)?;
        Ok((message, row))
    });
    let (message, row) = read.await.ok()?;
    if now_ms.saturating_sub(message.sent_at_ms) > fresh_ms {
        return None;
    }
    let snippet = message.content.snippet();
    let body = match snippet.kind {
        SnippetKind::Text | SnippetKind::Card => shortened(&snippet.text),
        SnippetKind::Image => "Photo".to_owned(),
        SnippetKind::Video => "Video".to_owned(),
        SnippetKind::SharePost => "Shared a post".to_owned(),
        SnippetKind::Sticker => "Sticker".to_owned(),
        SnippetKind::Unsupported => "New message".to_owned(),
    };
    let title = title(&row.person.name, row.person.handle.as_deref(), "New message");
    Some(Notification { account: arrival.account, opens: Place::Conversation(arrival.conversation), title, body })
}
