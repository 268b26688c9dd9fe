//! Notifications while the window has no focus: new messages and comments, messages a rule alerts to, and replies that were
//! not sent. The page hears of replies that were not sent in any case.

use std::sync::Arc;
use std::time::{Duration, Instant};

use engine::Engine;
use engine::events::{Arrival, NotSent};
use model::{AccountId, CommentId, Delivery, SnippetKind, StopReason, clean_name};
use store::table::{comment, conversation, message};
use tokio::sync::broadcast;

use crate::changes::Signal;
use crate::{Host, Notification, Place, settings};

/// A message older than this is history that arrived late, not news.
const MAX_NEWS_AGE_MS: i64 = 10 * 60_000;
const MAX_CHARS: usize = 120;
/// Two reports of the same state within this time belong to one reply: an image and its text are two messages.
const SAME_REPLY_WITHIN: Duration = Duration::from_secs(3);

/// Notifies of comments that can be answered by message.
pub(crate) async fn run_comments(engine: Engine, host: Arc<dyn Host>) {
    let mut arrivals = engine.events().comments();
    loop {
        let (account, id) = match arrivals.recv().await {
            Ok(arrived) => arrived,
            Err(broadcast::error::RecvError::Lagged(_)) => continue,
            Err(broadcast::error::RecvError::Closed) => return,
        };
        if engine.events().active_view().borrow().focused || !settings::read(engine.store()).await.notify {
            continue;
        }
        if let Some(notification) = compose_comment(&engine, account, id).await {
            show(&host, notification).await;
        }
    }
}

pub(crate) async fn run(engine: Engine, host: Arc<dyn Host>, signals: broadcast::Sender<Signal>) {
    let (mut arrivals, mut alerts, mut unsent) =
        (engine.events().arrivals(), engine.events().alerts(), engine.events().not_sent());
    let mut last: Option<(NotSent, Instant)> = None;
    loop {
        let heard = tokio::select! {
            arrival = arrivals.recv() => arrival.map(|arrival| (arrival, None)),
            alert = alerts.recv() => alert.map(|alert| (alert.arrival, Some(alert))),
            not_sent = unsent.recv() => {
                let Ok(not_sent) = not_sent else { continue };
                let told = last.replace((not_sent.clone(), Instant::now()));
                if told.is_none_or(|(before, at)| before != not_sent || at.elapsed() > SAME_REPLY_WITHIN) {
                    report_not_sent(&engine, &host, &signals, not_sent).await;
                }
                continue;
            }
        };
        let (arrival, alert) = match heard {
            Ok(heard) => heard,
            Err(broadcast::error::RecvError::Lagged(_)) => continue,
            Err(broadcast::error::RecvError::Closed) => return,
        };
        let told = !engine.events().active_view().borrow().focused && settings::read(engine.store()).await.notify;
        let fresh_ms = match alert {
            None if told => MAX_NEWS_AGE_MS,
            // The arrival itself has been notified of already.
            None => continue,
            Some(alert) if told && !alert.waited => continue,
            Some(_) => i64::MAX,
        };
        let Some(notification) = compose(&engine, arrival, fresh_ms).await else { continue };
        show(&host, notification).await;
    }
}

/// Tells the page that a reply was not sent, and shows a notification if the window has no focus.
async fn report_not_sent(
    engine: &Engine,
    host: &Arc<dyn Host>,
    signals: &broadcast::Sender<Signal>,
    not_sent: NotSent,
) {
    let NotSent { account, conversation, delivery } = not_sent;
    let Ok(row) = engine.store().read(move |sql| conversation::row(sql, conversation)).await else { return };
    let name = row.person.name;
    let body = unsent_words(&delivery).to_owned();
    // No page listening is fine.
    let _ = signals.send(Signal::NotSent { account, conversation, name: name.clone(), delivery });
    if !engine.events().active_view().borrow().focused && settings::read(engine.store()).await.notify {
        let title = title(&name, row.person.handle.as_deref(), "Reply not sent");
        show(host, Notification { account, opens: Place::Conversation(conversation), title, body }).await;
    }
}

fn unsent_words(delivery: &Delivery) -> &'static str {
    match delivery {
        Delivery::Stopped { why: StopReason::ColleagueReplied } => "Not sent: a colleague answered first.",
        Delivery::Stopped { why: StopReason::WindowClosed } => {
            "Not sent: the reply window closed before its time came."
        }
        Delivery::Stopped { why: StopReason::Overdue } => "Not sent: its time passed while Deskbell was not running.",
        Delivery::Stopped { why: StopReason::Unreadable } => "Not sent: what Deskbell kept of it is damaged.",
        Delivery::Stopped { why: StopReason::Interrupted } => "Not sent: Deskbell was closed before it could go out.",
        Delivery::Refused(_) => "Not sent: TikTok did not take your reply.",
        Delivery::Unconfirmed { .. } => "TikTok never confirmed your reply. It may have arrived.",
        Delivery::Held { .. } | Delivery::Queued { .. } | Delivery::Sending | Delivery::Sent | Delivery::Read => {
            "Your reply has not gone out yet."
        }
    }
}

async fn show(host: &Arc<dyn Host>, notification: Notification) {
    let host = Arc::clone(host);
    if let Ok(Err(error)) = tokio::task::spawn_blocking(move || host.notify(notification)).await {
        tracing::warn!(%error, "a notification could not be shown");
    }
}

async fn compose_comment(engine: &Engine, account: AccountId, id: CommentId) -> Option<Notification> {
    let now_ms = engine.clock().now_ms();
    let comment = engine.store().read(move |sql| comment::get(sql, id)).await.ok()?;
    if now_ms.saturating_sub(comment.at_ms) > MAX_NEWS_AGE_MS {
        return None;
    }
    let title = title(&comment.name, comment.handle.as_deref(), "New comment");
    Some(Notification { account, opens: Place::Comment(id), title, body: shortened(&comment.body) })
}

/// The notification's title: the customer's name, their handle, or `otherwise` where both are unknown.
fn title(name: &str, handle: Option<&str>, otherwise: &str) -> String {
    match (clean_name(name), clean_name(handle.unwrap_or_default())) {
        (name, _) if !name.is_empty() => name,
        (_, handle) if !handle.is_empty() => format!("@{handle}"),
        _ => otherwise.to_owned(),
    }
}

fn shortened(text: &str) -> String {
    text.chars().filter(|c| !c.is_control()).take(MAX_CHARS).collect()
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
