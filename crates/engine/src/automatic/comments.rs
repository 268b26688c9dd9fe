//! Comments of high intent, answered by message: one call for each answer, on disk before it is made, and never made again
//! by itself.
//!
//! A lost answer is looked for in the conversation with the comment's author; not found, it stays unconfirmed for the
//! agent.

use model::{AccountId, CommentCondition, CommentId, Millis, ReplyText, Surface, TextProblem};
use store::table::comment::{self, AnswerState, Comment, IncomingComment};
use store::table::message;
use store::{Connection, StoreError};
use tiktok::business::message::AnswerComment;
use tiktok::business::webhook::HighIntentComment;

use super::{AutoError, AutoMessages, closing};
use crate::call::CallError;
use crate::context::Context;
use crate::inbound::is_message_id;
use crate::outbox::refusal_of;
use crate::pace::Priority;
use crate::timing::millis;

/// How long after it was written a comment can be answered ("Comment-to-Message").
pub const ANSWERABLE_MS: Millis = 48 * 3_600_000;
/// No message must have gone between the two for this long.
const QUIET_MS: Millis = 24 * 3_600_000;
/// A lost answer is looked for so long.
const LOOKED_FOR_MS: Millis = 24 * 3_600_000;
/// TikTok's clock and the call's may differ by this much; and a call may have arrived so long after it ended here.
const AROUND_MS: Millis = 60_000;

/// Why a comment could not be answered.
#[derive(Debug, thiserror::Error)]
pub enum CommentError {
    /// The answer is no text that TikTok would take.
    #[error("not a text to send: {0:?}")]
    Text(TextProblem),
    /// A condition of TikTok's does not hold.
    #[error("not answerable: {0:?}")]
    Condition(CommentCondition),
    /// Certainly not sent.
    #[error(transparent)]
    Automatic(#[from] AutoError),
}

impl From<StoreError> for CommentError {
    fn from(error: StoreError) -> Self {
        Self::Automatic(error.into())
    }
}

/// TikTok's conditions, as far as Deskbell knows: the rest only TikTok does.
///
/// # Errors
/// [`StoreError`]
pub fn conditions(
    sql: &Connection,
    comment: &Comment,
    now_ms: Millis,
) -> Result<[(CommentCondition, Option<bool>); 6], StoreError> {
    let said = comment::author(sql, comment)?.and_then(|writer| writer.said_at_ms);
    let quiet = said.is_none_or(|at_ms| at_ms <= now_ms.saturating_sub(QUIET_MS));
    Ok([
        (CommentCondition::FirstLevel, None),
        (CommentCondition::Recent, Some(comment.at_ms >= now_ms.saturating_sub(ANSWERABLE_MS))),
        (CommentCondition::Unanswered, unanswered(&comment.state)),
        (CommentCondition::Quiet, Some(quiet).filter(|_| !comment.person_id.is_empty())),
        (CommentCondition::Adult, None),
        (CommentCondition::Region, None),
    ])
}

fn unanswered(state: &AnswerState) -> Option<bool> {
    match state {
        AnswerState::Open | AnswerState::Refused { .. } => Some(true),
        AnswerState::Sending { .. } | AnswerState::Answered { .. } => Some(false),
        AnswerState::Unconfirmed { .. } => None,
        AnswerState::Dismissed { was } => unanswered(was),
    }
}

/// How many of an account's comments can be answered now.
///
/// # Errors
/// [`StoreError`]
pub fn answerable(sql: &Connection, account: AccountId, now_ms: Millis) -> Result<u32, StoreError> {
    let mut count = 0;
    for comment in comment::open_since(sql, account, now_ms.saturating_sub(ANSWERABLE_MS))? {
        let conditions = conditions(sql, &comment, now_ms)?;
        count += u32::from(!conditions.iter().any(|(_, holds)| *holds == Some(false)));
    }
    Ok(count)
}

/// What TikTok pushed, in our words.
pub(crate) fn news(pushed: HighIntentComment, now_ms: Millis) -> IncomingComment {
    let person = pushed.person;
    IncomingComment {
        remote_id: pushed.comment_id,
        name: person.as_ref().and_then(|person| person.display_name.clone()),
        handle: person.as_ref().and_then(|person| person.username.clone()),
        is_follower: person.as_ref().and_then(|person| person.is_follower),
        person_id: person.map(|person| person.unique_identifier),
        body: pushed.text,
        at_ms: pushed.at.and_then(|at| at.ms_by(now_ms)).unwrap_or(now_ms),
    }
}

/// The comments on the accounts' posts. Clones share them.
#[derive(Debug, Clone)]
pub struct Comments {
    context: Context,
    messages: AutoMessages,
}

impl Comments {
    pub(crate) fn new(context: Context, messages: AutoMessages) -> Self {
        Self { context, messages }
    }

    /// Looks for lost answers for as long as the account is followed.
    pub(crate) async fn run(self, id: AccountId) {
        let account = self.messages.of(id);
        loop {
            let waiting = match self.find_lost_answers(id).await {
                Ok(left) => left > 0,
                Err(error) => {
                    tracing::error!(account = id.0, %error, "could not look for lost answers to comments");
                    true
                }
            };
            if waiting {
                tokio::select! {
                    () = tokio::time::sleep(self.context.timing().sweep_focused) => {}
                    () = account.answer_lost.notified() => {}
                }
            } else {
                account.answer_lost.notified().await;
            }
        }
    }

    /// Answers a comment by message, once. What came of it is in the comment's state.
    ///
    /// # Errors
    /// [`CommentError`]; then it was certainly not sent.
    pub async fn answer(&self, id: CommentId, body: &str) -> Result<(), CommentError> {
        let body = ReplyText::check(body).map_err(CommentError::Text)?.into_string();
        let now_ms = self.context.clock().now_ms();
        let (comment, conditions) = self
            .context
            .store()
            .read(move |sql| {
                let comment = comment::get(sql, id)?;
                let conditions = conditions(sql, &comment, now_ms)?;
                Ok((comment, conditions))
            })
            .await?;
        if !matches!(comment.state, AnswerState::Open | AnswerState::Refused { .. } | AnswerState::Answered { .. }) {
            return Err(StoreError::WrongState.into());
        }
        if let Some((condition, _)) = conditions.iter().find(|(_, holds)| *holds == Some(false)) {
            return Err(CommentError::Condition(*condition));
        }
        let comments = self.clone();
        let sent = self.context.run_to_end(async move { comments.send_answer(comment, body).await }).await;
        Ok(sent.unwrap_or_else(|| Err(closing()))?)
    }

    async fn send_answer(&self, comment: Comment, body: String) -> Result<(), AutoError> {
        let (id, account) = (comment.id, comment.account);
        let business = self.messages.linked(account).await?;
        self.messages.in_time()?;
        // The slot and the token come first, so that `sending` on disk means: the call itself was made.
        self.context.caller().turn(Priority::Send).await;
        let token = self.context.caller().token(account).await.map_err(AutoError::Call)?;
        let at_ms = self.context.clock().now_ms();
        let (open, said) = (comment.clone(), body.clone());
        self.context.store().write(move |tx| comment::begin(tx, &open, &said, at_ms)).await?;
        let call = AnswerComment {
            business_id: business.remote_id,
            comment_id: comment.remote_id.clone(),
            body: body.clone(),
        };
        let headers = self.context.send_pass(account).await?.map(|pass| pass.headers()).unwrap_or_default();
        let answer = self.context.caller().ask_with_headers(account, token, call, headers).await;
        let now_ms = self.context.clock().now_ms();
        let (state, failed) = match answer {
            Ok(sent) if self.may_be_new(account, sent.message_id.clone()).await? => {
                (AnswerState::Answered { body, at_ms: now_ms }, None)
            }
            Ok(_) => {
                tracing::warn!(comment = id.0, "the answer to a comment's answer names no new message");
                (AnswerState::Unconfirmed { body, at_ms }, None)
            }
            Err(CallError::Refused(error)) => {
                tracing::warn!(comment = id.0, code = error.code(), "TikTok refused the answer to a comment");
                (AnswerState::Refused { body, refusal: refusal_of(&error, now_ms) }, None)
            }
            Err(CallError::Unknown(error)) => {
                tracing::warn!(
                    comment = id.0,
                    code = error.code(),
                    "could not tell whether the answer to a comment was sent"
                );
                (AnswerState::Unconfirmed { body, at_ms }, None)
            }
            // Certainly not taken: it stands as it did.
            Err(
                error @ (CallError::Offline(_)
                | CallError::SlowDown(_)
                | CallError::Relink(_)
                | CallError::Local(_)
                | CallError::Stale { .. }),
            ) => (comment.state, Some(AutoError::Call(error))),
        };
        self.context.store().write(move |tx| comment::settle(tx, id, &state)).await?;
        // The message shows in the conversation's listing, be it answered or lost.
        self.context.signals().account_sync.notify(account);
        self.messages.of(account).answer_lost.notify_one();
        failed.map_or(Ok(()), Err)
    }

    /// Whether TikTok's answer can name the message that was just sent: none that was here before.
    async fn may_be_new(&self, account: AccountId, remote_id: Option<String>) -> Result<bool, StoreError> {
        let Some(remote_id) = remote_id.filter(|id| is_message_id(id)) else { return Ok(false) };
        let held = self.context.store().read(move |sql| message::find(sql, account, &remote_id)).await?;
        Ok(held.is_none_or(|held| held.outgoing && matches!(held.surface, Surface::Api | Surface::Other)))
    }

    /// Settles lost answers that are among the messages by now; how many are left.
    async fn find_lost_answers(&self, id: AccountId) -> Result<usize, StoreError> {
        let since_ms = self.context.clock().now_ms().saturating_sub(LOOKED_FOR_MS);
        let call_ms = millis(self.context.timing().call);
        let found = self.context.store().read(move |sql| {
            let lost = comment::unconfirmed(sql, id, since_ms)?;
            let mut found = Vec::new();
            for comment in &lost {
                let AnswerState::Unconfirmed { body, at_ms } = &comment.state else { continue };
                let around = (at_ms.saturating_sub(AROUND_MS), at_ms.saturating_add(call_ms + AROUND_MS));
                if let Some(arrived_ms) = comment::answer_arrived_at(sql, comment, body, around)? {
                    found.push((comment.id, AnswerState::Answered { body: body.clone(), at_ms: arrived_ms }));
                }
            }
            Ok((lost.len(), found))
        });
        let (lost, found) = found.await?;
        let left = lost - found.len();
        for (id, state) in found {
            self.context.store().write(move |tx| comment::settle(tx, id, &state)).await?;
        }
        Ok(left)
    }

    /// Puts a comment aside, or takes it up again.
    ///
    /// # Errors
    /// [`StoreError`]
    pub async fn dismiss(&self, id: CommentId, dismissed: bool) -> Result<(), StoreError> {
        self.context.store().write(move |tx| comment::dismiss(tx, id, dismissed)).await
    }
}
