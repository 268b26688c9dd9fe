//! Replies to be sent later: kept beside the outbox, and put into it when their time has come.

// A new kind of message, error or state does not compile here before it has an answer.
#![warn(clippy::wildcard_enum_match_arm)]

use std::time::Duration;

use model::{ConversationId, Delivery, MessageId, Millis, Outgoing, ReplyWindow, ScheduledId, StopReason};
use store::table::draft::{self, Draft};
use store::table::outbox::{self, actions};
use store::table::scheduled::{self, Scheduled};
use store::table::{conversation, media, message};
use store::{Connection, StoreError, Tx};

use crate::context::Context;
use crate::events::NotSent;
use crate::timing::{millis, until};

/// The longest wait between two looks at the clock while a reply is scheduled: timers stand still while the computer sleeps.
const MAX_WAIT: Duration = Duration::from_secs(20);

/// Why a reply cannot be kept for later.
#[derive(Debug, thiserror::Error)]
pub enum ScheduleError {
    /// Its time has passed.
    #[error("the time is in the past")]
    Past,
    /// The customer has not written, so there is no window.
    #[error("the customer has not written yet")]
    NoWindow,
    /// The window will have closed by then.
    #[error("the reply window closes at {closes_at_ms}")]
    AfterWindow {
        /// When it closes, ms since the epoch.
        closes_at_ms: Millis,
    },
    /// The database did not answer.
    #[error(transparent)]
    Store(#[from] StoreError),
}

/// Replies that are sent later. Clones share them.
#[derive(Debug, Clone)]
pub struct ScheduledReplies {
    context: Context,
}

impl ScheduledReplies {
    pub(crate) fn new(context: Context) -> Self {
        Self { context }
    }

    /// Keeps a reply for later and clears the draft.
    ///
    /// # Errors
    /// [`ScheduleError`]
    pub async fn schedule(
        &self,
        id: ConversationId,
        reply: Draft,
        at_ms: Millis,
    ) -> Result<ScheduledId, ScheduleError> {
        self.check_time(id, at_ms).await?;
        let kept = self
            .context
            .store()
            .write(move |tx| {
                let seen_up_to_ms = outbox::seen_up_to(tx, id, None)?;
                let kept = scheduled::insert(tx, id, &reply, at_ms, seen_up_to_ms)?;
                draft::clear(tx, id)?;
                Ok(kept)
            })
            .await?;
        self.context.signals().scheduled.notify_one();
        Ok(kept)
    }

    /// Changes text and time of a scheduled reply.
    ///
    /// # Errors
    /// [`ScheduleError`]; not found if it went out meanwhile.
    pub async fn change(&self, id: ScheduledId, body: String, at_ms: Millis) -> Result<(), ScheduleError> {
        let known = self.context.store().read(move |sql| scheduled::get(sql, id)).await?;
        self.check_time(known.conversation, at_ms).await?;
        self.context
            .store()
            .write(move |tx| {
                let seen_up_to_ms = outbox::seen_up_to(tx, known.conversation, None)?;
                scheduled::update(tx, id, &body, at_ms, seen_up_to_ms)
            })
            .await?;
        self.context.signals().scheduled.notify_one();
        Ok(())
    }

    /// Queues a scheduled reply now: the agent has looked.
    ///
    /// # Errors
    /// [`StoreError::NotFound`] if it went out meanwhile.
    pub async fn send_now(&self, id: ScheduledId) -> Result<Vec<MessageId>, StoreError> {
        let now_ms = self.context.clock().now_ms();
        let (conversation, messages) = self
            .context
            .store()
            .write(move |tx| {
                let known = scheduled::remove(tx, id)?;
                let seen_up_to_ms = outbox::seen_up_to(tx, known.conversation, None)?;
                Ok((known.conversation, queue(tx, &known, seen_up_to_ms, now_ms)?))
            })
            .await?;
        self.context.signals().wake_lane(conversation);
        Ok(messages)
    }

    /// Takes a scheduled reply back into the draft.
    ///
    /// # Errors
    /// [`StoreError::NotFound`] if it went out meanwhile; [`StoreError::WrongState`] if the draft has another picture.
    pub async fn cancel(&self, id: ScheduledId) -> Result<(), StoreError> {
        let now_ms = self.context.clock().now_ms();
        self.context
            .store()
            .write(move |tx| {
                let known = scheduled::remove(tx, id)?;
                let draft = draft::get(tx, known.conversation)?.prepend(known.reply).ok_or(StoreError::WrongState)?;
                draft::save(tx, known.conversation, &draft, now_ms)?;
                tx.touch(model::Change::Conversation { conversation: known.conversation });
                Ok(())
            })
            .await
    }

    async fn check_time(&self, id: ConversationId, at_ms: Millis) -> Result<(), ScheduleError> {
        if at_ms <= self.context.clock().now_ms() {
            return Err(ScheduleError::Past);
        }
        let opened = self.context.store().read(move |sql| conversation::get(sql, id)).await?.window_opened_at_ms;
        let window = ReplyWindow::opened_by(opened.ok_or(ScheduleError::NoWindow)?);
        if window.is_open(at_ms) {
            Ok(())
        } else {
            Err(ScheduleError::AfterWindow { closes_at_ms: window.closes_at_ms })
        }
    }

    /// Puts scheduled replies into the outbox at their time, for as long as the engine runs.
    pub(crate) async fn run(self) {
        loop {
            let wait = match self.queue_due().await {
                Ok(Some(next_ms)) => until(self.context.clock().now_ms(), next_ms).min(MAX_WAIT),
                Ok(None) => MAX_WAIT * 30,
                Err(error) => {
                    tracing::error!(%error, "could not queue the scheduled replies that are due");
                    MAX_WAIT
                }
            };
            tokio::select! {
                () = tokio::time::sleep(wait) => {}
                () = self.context.signals().scheduled.notified() => {}
            }
        }
    }

    /// Queues what is due; when the next one is.
    async fn queue_due(&self) -> Result<Option<Millis>, StoreError> {
        let now_ms = self.context.clock().now_ms();
        let overdue_ms = millis(self.context.timing().overdue);
        for due in self.context.store().read(move |sql| scheduled::due(sql, now_ms)).await? {
            let (account, conversation) = (due.account, due.conversation);
            let stopped = self
                .context
                .store()
                .write(move |tx| {
                    let why = why_not(tx, &due, now_ms, overdue_ms)?;
                    match why {
                        Some(why) => scheduled::stop(tx, due.id, why)?,
                        None => {
                            let known = scheduled::remove(tx, due.id)?;
                            queue(tx, &known, known.seen_up_to_ms, now_ms)?;
                        }
                    }
                    Ok(why)
                })
                .await?;
            match stopped {
                None => self.context.signals().wake_lane(conversation),
                Some(why) => {
                    tracing::info!(conversation = conversation.0, ?why, "a scheduled reply was stopped");
                    self.context.events().announce_not_sent(NotSent {
                        account,
                        conversation,
                        delivery: Delivery::Stopped { why },
                    });
                }
            }
        }
        self.context.store().read(scheduled::next_due).await
    }
}

fn why_not(
    sql: &Connection,
    due: &Scheduled,
    now_ms: Millis,
    overdue_ms: Millis,
) -> Result<Option<StopReason>, StoreError> {
    let opened = conversation::get(sql, due.conversation)?.window_opened_at_ms;
    let open = opened.is_some_and(|opened| ReplyWindow::opened_by(opened).is_open(now_ms));
    Ok(if !open {
        Some(StopReason::WindowClosed)
    } else if outbox::colleague_replied(sql, due.conversation, due.seen_up_to_ms)?.is_some() {
        Some(StopReason::ColleagueReplied)
    } else if now_ms.saturating_sub(due.due_at_ms) > overdue_ms {
        Some(StopReason::Overdue)
    } else {
        None
    })
}

fn queue(
    tx: &mut Tx<'_>,
    due: &Scheduled,
    seen_up_to_ms: Millis,
    now_ms: Millis,
) -> Result<Vec<MessageId>, StoreError> {
    let quoted = match due.reply.quoted {
        Some(id) => message::get(tx, id)?.remote_id,
        None => None,
    };
    let parts = parts(tx, &due.reply)?;
    actions::queue_all(tx, due.conversation, &parts, quoted.as_deref(), seen_up_to_ms, None, now_ms)
}

/// The messages a reply makes: its picture, then its text.
///
/// # Errors
/// [`StoreError::NotFound`] if its picture is not held.
pub fn parts(sql: &Connection, reply: &Draft) -> Result<Vec<Outgoing>, StoreError> {
    let mut parts = Vec::new();
    if let Some(key) = &reply.attachment {
        let held = media::get(sql, key)?.ok_or(StoreError::NotFound)?;
        parts.push(Outgoing::Image { key: held.key, width: held.width, height: held.height });
    }
    if !reply.body.trim().is_empty() {
        parts.push(Outgoing::Text { body: reply.body.clone() });
    }
    Ok(parts)
}
