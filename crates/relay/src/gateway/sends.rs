//! Sends: each goes out once, whatever the desktop repeats, and none after a colleague's that its agent had not seen.
//!
//! A send is written down as `calling` before TikTok is called, under the lock of the log, together with the two questions
//! whether another send into the conversation is under way and whether a colleague has answered meanwhile. Its outcome is
//! written with the log's event in one transaction. What follows from a state:
//!
//! | the row says | the same key gets |
//! |---|---|
//! | nothing | a call to TikTok: what TikTok certainly did not take leaves no row |
//! | `calling` | the outcome of that call, or [`FailureCode::Unconfirmed`] if it takes too long |
//! | `answered` | TikTok's answer, the same bytes again |
//! | `unconfirmed` | [`FailureCode::Unconfirmed`] |
//! | `withdrawn` | a refusal: its desktop asked what became of it before it arrived, and was told that it does not go out |
//!
//! **Invariant:** TikTok is called for a row within [`MAX_BEGIN`] of its making, and no call lasts longer than [`MAX_CALL`].
//! A row that is `calling` after [`CALLING_LIMIT`] belongs to a relay that died: it is `unconfirmed`.

mod settle;
mod table;

use std::collections::HashMap;
use std::pin::pin;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use axum::http::{HeaderMap, HeaderValue, StatusCode, header};
use bytes::Bytes;
use sha2::{Digest as _, Sha256};
use tokio::sync::{oneshot, watch};
use tokio::time::Instant;
use wire::api::{SendOutcome, SendState};
use wire::{EventId, Failure, FailureCode};

use super::Gateway;
use super::call::{Call, Told};
use super::request::SendHeaders;
use super::upstream::Answer;
use crate::access::Caller;
use crate::refusal::Refusal;

pub(super) use settle::{settle_at_start, settle_overdue};
use table::{Admission, End};

/// The longest answer to a send that is read and kept; TikTok's have some hundreds of bytes.
pub(super) const MAX_ANSWER_BYTES: usize = 64 << 10;
/// How long after a row was made TikTok may still be called for it.
const MAX_BEGIN: Duration = Duration::from_secs(45);
/// The longest call.
pub(super) const MAX_CALL: Duration = Duration::from_secs(30);
/// How long a row may be `calling`.
const CALLING_LIMIT: Duration = Duration::from_secs(90);
/// How long the same key waits for its call; longer than the call takes.
const SAME_KEY_TIMEOUT: Duration = Duration::from_secs(80);
/// How often what another relay process does is looked for.
const POLL: Duration = Duration::from_millis(250);
/// Between two tries to write an outcome.
const WRITE_PAUSE: Duration = Duration::from_millis(200);
const MAX_WRITE_PAUSE: Duration = Duration::from_secs(5);
/// After this long the desktop hears TikTok's answer though its outcome is not written yet.
const ANSWER_PATIENCE: Duration = Duration::from_secs(5);

/// A send.
#[derive(Clone)]
pub(super) struct Intent {
    pub(super) device: String,
    pub(super) device_name: String,
    pub(super) key: String,
    pub(super) account: String,
    pub(super) conversation: String,
    pub(super) seen: EventId,
    pub(super) body_hash: [u8; 32],
    /// Its text, if it is one: colleagues see it before TikTok tells of it.
    pub(super) text: Option<String>,
}

type Outcome = Result<Answer, Refusal>;
type KeyOfDevice = (String, String);

/// The sends of this process that are under way.
#[derive(Debug, Default)]
pub(super) struct Sends {
    leads: Arc<Mutex<HashMap<KeyOfDevice, Lead>>>,
    /// Rings when a send ended.
    ended: watch::Sender<()>,
}

/// The first request with a key; the others with the same key hear its outcome.
#[derive(Debug)]
struct Lead {
    body_hash: [u8; 32],
    outcome: watch::Receiver<Option<Outcome>>,
}

/// Makes the request that holds it the first with its key, for as long as it lives.
#[derive(Debug)]
struct Leading {
    leads: Arc<Mutex<HashMap<KeyOfDevice, Lead>>>,
    key: KeyOfDevice,
    outcome: watch::Sender<Option<Outcome>>,
}

impl Leading {
    /// Tells those with the same key what came of it.
    fn tell(&self, outcome: &Outcome) {
        self.outcome.send_replace(Some(outcome.clone()));
    }
}

impl Drop for Leading {
    fn drop(&mut self) {
        lock(&self.leads).remove(&self.key);
    }
}

/// What to do with a request.
enum Part {
    Lead(Leading),
    Follow(watch::Receiver<Option<Outcome>>),
}

/// What became of one try to begin a send.
enum Attempt {
    Ended(Outcome),
    /// It has to wait, and then to try again.
    Wait(Leading, Blocked),
}

/// Why a send cannot begin yet.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Blocked {
    /// The same send is under way in another process.
    SameKey,
    /// Another send into the conversation is under way.
    Conversation,
}

impl Sends {
    fn part(&self, intent: &Intent) -> Result<Part, Refusal> {
        let key = (intent.device.clone(), intent.key.clone());
        let mut leads = lock(&self.leads);
        if let Some(lead) = leads.get(&key) {
            if lead.body_hash != intent.body_hash {
                return Err(other_words());
            }
            return Ok(Part::Follow(lead.outcome.clone()));
        }
        let (outcome, heard) = watch::channel(None);
        leads.insert(key.clone(), Lead { body_hash: intent.body_hash, outcome: heard });
        Ok(Part::Lead(Leading { leads: Arc::clone(&self.leads), key, outcome }))
    }

    fn is_under_way(&self, device: &str, key: &str) -> bool {
        lock(&self.leads).contains_key(&(device.to_owned(), key.to_owned()))
    }
}

impl Gateway {
    /// Sends once.
    pub(super) async fn send(
        self: &Arc<Self>,
        caller: &Caller,
        call: Call,
        headers: SendHeaders,
        conversation: String,
        text: Option<String>,
    ) -> Outcome {
        let intent = Intent {
            device: caller.device.clone(),
            device_name: caller.name.clone(),
            key: headers.key,
            account: call.account.clone(),
            conversation,
            seen: headers.seen,
            body_hash: Sha256::digest(&call.body).into(),
            text,
        };
        let call = Arc::new(call);
        let deadline = Instant::now() + SAME_KEY_TIMEOUT;
        loop {
            match self.sends.part(&intent)? {
                Part::Lead(leading) => return self.lead(&intent, &call, leading).await,
                Part::Follow(mut outcome) => {
                    match tokio::time::timeout_at(deadline, outcome.wait_for(Option::is_some)).await {
                        Ok(Ok(outcome)) => {
                            if let Some(outcome) = &*outcome {
                                return outcome.clone();
                            }
                        }
                        // The first desktop hung up before the send began: this one is the first now.
                        Ok(Err(_)) => {}
                        Err(_) => return Err(unconfirmed("the call to TikTok has not ended yet")),
                    }
                }
            }
        }
    }

    /// Begins the send, waiting for others first. If the desktop hangs up before it began, it does not begin.
    async fn lead(self: &Arc<Self>, intent: &Intent, call: &Arc<Call>, mut leading: Leading) -> Outcome {
        let (begun, mut ended) = (Instant::now(), self.sends.ended.subscribe());
        loop {
            let blocked = match self.attempt(intent, call, leading).await? {
                Attempt::Ended(outcome) => return outcome,
                Attempt::Wait(back, blocked) => {
                    leading = back;
                    blocked
                }
            };
            let deadline = begun
                + match blocked {
                    Blocked::SameKey => SAME_KEY_TIMEOUT,
                    Blocked::Conversation => self.settings.conversation_timeout,
                };
            while table::is_blocked(&self.context, intent, blocked == Blocked::SameKey).await? {
                if Instant::now() >= deadline {
                    let refusal = match blocked {
                        Blocked::SameKey => unconfirmed("the call to TikTok has not ended yet"),
                        Blocked::Conversation => {
                            Refusal::after(FailureCode::Busy, "another send into the conversation is under way", 1_000)
                        }
                    };
                    let outcome = Err(refusal);
                    leading.tell(&outcome);
                    return outcome;
                }
                tokio::select! {
                    _ = ended.changed() => {}
                    () = tokio::time::sleep(POLL) => {}
                }
            }
        }
    }

    /// Tries to begin, in a task of its own: once the row is written, the call and its outcome follow, though the desktop
    /// may hang up.
    async fn attempt(
        self: &Arc<Self>,
        intent: &Intent,
        call: &Arc<Call>,
        leading: Leading,
    ) -> Result<Attempt, Refusal> {
        let (gateway, intent, call) = (Arc::clone(self), intent.clone(), Arc::clone(call));
        let (done, attempt) = oneshot::channel();
        self.spawn(async move { gateway.attempt_now(&intent, &call, leading, done).await })?;
        attempt.await.unwrap_or_else(|_| Err(unconfirmed("the relay was interrupted")))
    }

    async fn attempt_now(
        &self,
        intent: &Intent,
        call: &Call,
        leading: Leading,
        done: oneshot::Sender<Result<Attempt, Refusal>>,
    ) {
        let begin_by = Instant::now() + MAX_BEGIN;
        let mut admitting = pin!(table::admit(&self.context, intent));
        let Ok(admission) = tokio::time::timeout(self.settings.database_timeout, &mut admitting).await else {
            let outcome = Err(Refusal::after(FailureCode::Unavailable, "the relay's database does not answer", 2_000));
            leading.tell(&outcome);
            let _ = done.send(Ok(Attempt::Ended(outcome)));
            // It may write the row yet. The desktop was told that nothing is sent.
            if matches!(admitting.await, Ok(Admission::Begun)) {
                self.write_until_written(intent, &End::NotTaken).await;
                self.sends.ended.send_replace(());
            }
            return;
        };
        let blocked = match admission {
            Ok(Admission::Begun) => return self.carry_out(intent, call, begin_by, leading, done).await,
            Ok(Admission::SameUnderWay) => Ok(Blocked::SameKey),
            Ok(Admission::OtherUnderWay) => Ok(Blocked::Conversation),
            Ok(Admission::Answered { status, answer }) => Err(Ok(kept_answer(status, answer))),
            Ok(Admission::Unconfirmed) => Err(Err(unconfirmed("TikTok's answer to this send was not heard"))),
            Ok(Admission::OtherWords) => Err(Err(other_words())),
            Ok(Admission::Withdrawn) => Err(Err(super::request::bad_request("the desktop has withdrawn this send"))),
            Ok(Admission::Behind) => Err(Err(Refusal::after(
                FailureCode::Busy,
                "the log began anew: read what is new in it before sending",
                500,
            ))),
            Ok(Admission::Stale { answered_by }) => Err(Err(Refusal(Failure {
                answered_by: Some(answered_by),
                ..Failure::new(FailureCode::Stale, "a colleague has answered the conversation meanwhile")
            }))),
            Err(refusal) => Err(Err(refusal)),
        };
        // The desktop may have hung up: then nothing begins.
        let _ = match blocked {
            Ok(blocked) => done.send(Ok(Attempt::Wait(leading, blocked))),
            Err(outcome) => {
                leading.tell(&outcome);
                done.send(Ok(Attempt::Ended(outcome)))
            }
        };
    }

    /// Calls TikTok, writes down what came of it and tells it.
    async fn carry_out(
        &self,
        intent: &Intent,
        call: &Call,
        begin_by: Instant,
        leading: Leading,
        done: oneshot::Sender<Result<Attempt, Refusal>>,
    ) {
        let told = self.call(&Call { begin_by: Some(begin_by), ..call.clone() }).await;
        let end = end_of(&told);
        let outcome = told.map(|told| told.answer);
        let mut writing = pin!(self.write_until_written(intent, &end));
        let is_written = tokio::time::timeout(ANSWER_PATIENCE, &mut writing).await.is_ok();
        leading.tell(&outcome);
        // The desktop may have hung up.
        let _ = done.send(Ok(Attempt::Ended(outcome)));
        if !is_written {
            writing.await;
        }
        self.sends.ended.send_replace(());
    }

    /// Writes an outcome as often as it takes: the call was made.
    async fn write_until_written(&self, intent: &Intent, end: &End) {
        let (mut pause, began) = (WRITE_PAUSE, Instant::now());
        loop {
            match table::end(&self.context, intent, end).await {
                Ok(()) => return self.context.log.look().await,
                // By then another process has made it unconfirmed, or the next start will.
                Err(_) if began.elapsed() > 2 * CALLING_LIMIT => {
                    tracing::error!("the outcome of a send could not be written");
                    return;
                }
                Err(Refusal(failure)) => {
                    tracing::warn!(error = failure.detail, "the outcome of a send could not be written; trying again");
                }
            }
            tokio::time::sleep(pause).await;
            pause = (pause * 2).min(MAX_WRITE_PAUSE);
        }
    }

    /// What became of a send; one that has not begun by now does not begin any more.
    pub(super) async fn withdraw_send(&self, caller: &Caller, key: &str) -> Result<SendOutcome, Refusal> {
        let known = table::withdraw(&self.context, &caller.device, &caller.name, key).await?;
        Ok(known.unwrap_or(SendOutcome { state: SendState::NotKnown, answer: None, status: None }))
    }

    /// What became of a send.
    pub(super) async fn send_outcome(&self, caller: &Caller, key: &str) -> Result<SendOutcome, Refusal> {
        // Asked in this order: a send that ends in between has its row by then.
        let is_under_way = self.sends.is_under_way(&caller.device, key);
        let known = table::outcome(&self.context, &caller.device, key).await?;
        let under_way = SendOutcome { state: SendState::Calling, answer: None, status: None };
        Ok(known.unwrap_or(if is_under_way {
            under_way
        } else {
            SendOutcome { state: SendState::NotKnown, ..under_way }
        }))
    }
}

/// What the row of a send becomes.
fn end_of(told: &Result<Told, Refusal>) -> End {
    match told {
        Ok(told) => match &told.meaning {
            Ok(data) => {
                let sent: Option<tiktok::business::message::Sent> = serde_json::from_str(data.get()).ok();
                let message = sent.and_then(|sent| sent.message_id).filter(|id| !id.contains('\0'));
                answered(&told.answer, message)
            }
            Err(error) if error.is_certainly_not_taken() => End::NotTaken,
            // The desktop makes the same of it, and settles it by looking.
            Err(_) => answered(&told.answer, None),
        },
        Err(Refusal(failure)) if failure.code.is_certainly_not_taken() => End::NotTaken,
        Err(_) => End::Unconfirmed,
    }
}

fn answered(answer: &Answer, message: Option<String>) -> End {
    End::Answered { status: answer.status.as_u16(), answer: answer.body.clone(), message }
}

/// TikTok's answer as it was kept.
fn kept_answer(status: u16, answer: Bytes) -> Answer {
    let mut headers = HeaderMap::new();
    headers.insert(header::CONTENT_TYPE, HeaderValue::from_static("application/json"));
    let status = StatusCode::from_u16(status).unwrap_or(StatusCode::OK);
    Answer { status, headers, body: answer, retry_after: None, asked_at_ms: None }
}

fn unconfirmed(detail: &str) -> Refusal {
    Refusal::new(FailureCode::Unconfirmed, detail)
}

fn other_words() -> Refusal {
    super::request::bad_request("this key was used for another send")
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
