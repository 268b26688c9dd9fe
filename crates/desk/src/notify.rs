//! What the agent hears of while they look elsewhere: fresh messages, those of which a rule says so, and replies that were
//! not sent, which the page is told of as well.

use std::sync::Arc;
use std::time::{Duration, Instant};

use engine::{Arrival, Engine, NotSent};
use model::{Delivery, SnippetKind, StopReason, clean_name};
use store::table::{account, conversation, message};
use tokio::sync::broadcast;

use crate::changes::Signal;
use crate::{Host, Notification, desk};

/// A message older than this is history that arrived late, not news.
const FRESH_MS: i64 = 10 * 60_000;
const MOST_CHARS: usize = 120;
/// Two notices of the same within this time are of one reply.
const ONE_REPLY: Duration = Duration::from_secs(3);

pub(crate) async fn run(engine: Engine, host: Arc<dyn Host>, signals: broadcast::Sender<Signal>) {
    let (mut arrivals, mut alerts, mut unsent) = (engine.arrivals(), engine.alerts(), engine.not_sent());
    // A picture and its words are one reply to the agent, though two messages.
    let mut last: Option<(NotSent, Instant)> = None;
    loop {
        let heard = tokio::select! {
            arrival = arrivals.recv() => arrival.map(|arrival| (arrival, None)),
            alert = alerts.recv() => alert.map(|alert| (alert.arrival, Some(alert))),
            not_sent = unsent.recv() => {
                let Ok(not_sent) = not_sent else { continue };
                let told = last.replace((not_sent.clone(), Instant::now()));
                if told.is_none_or(|(before, at)| before != not_sent || at.elapsed() > ONE_REPLY) {
                    tell_not_sent(&engine, &host, &signals, not_sent).await;
                }
                continue;
            }
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
    let shown = tokio::task::spawn_blocking(move || host.notify(notification)).await;
    if let Ok(Err(error)) = shown {
        tracing::warn!(%error, "notify.not_shown");
    }
}

/// Tells the page that a reply was not sent, and the system's notifications if the window has not the focus.
async fn tell_not_sent(engine: &Engine, host: &Arc<dyn Host>, signals: &broadcast::Sender<Signal>, not_sent: NotSent) {
    let NotSent { account, conversation, delivery } = not_sent;
    let read = engine
        .store()
        .read(move |sql| Ok((account::get(sql, account)?.handle, conversation::row(sql, conversation)?.person.name)));
    let Ok((handle, name)) = read.await else { return };
    let body = unsent_words(&delivery).to_owned();
    // No page listening is fine.
    let _ = signals.send(Signal::NotSent { account, conversation, name: name.clone(), delivery });
    if !engine.attention().borrow().focused && desk::read_settings(engine).await.notify {
        let title = if name.is_empty() { format!("@{handle}") } else { name };
        show(host, Notification { account, conversation, title, body }).await;
    }
}

fn unsent_words(delivery: &Delivery) -> &'static str {
    match delivery {
        Delivery::Stopped { why: StopReason::ColleagueReplied } => "Not sent: a colleague answered first.",
        Delivery::Stopped { why: StopReason::WindowClosed } => {
            "Not sent: the reply window closed before its time came."
        }
        Delivery::Stopped { why: StopReason::Overdue } => "Not sent: its time passed while Deskbell was not running.",
        Delivery::Stopped { why: StopReason::Interrupted } => "Not sent: Deskbell was closed before it could go out.",
        Delivery::Refused(_) => "Not sent: TikTok did not take your reply.",
        Delivery::Unconfirmed { .. } => "TikTok never confirmed your reply. It may have arrived.",
        Delivery::Held { .. } | Delivery::Queued { .. } | Delivery::Sending | Delivery::Sent | Delivery::Read => {
            "Your reply has not gone out yet."
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
