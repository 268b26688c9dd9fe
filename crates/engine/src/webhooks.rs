//! Webhooks: what TikTok pushes to the app, received by a relay or by Practice's own TikTok.
//!
//! A body is believed when its signature is right, and taken in when that is fresh; an old one may be played back by
//! somebody else and is only a hint to go and look. Polling goes on all the same: what was pushed and lost is found by it.

use model::Millis;
use store::StoreError;
use store::table::account::{self, Account};
use store::table::person::PersonUpdate;
use store::table::relay::{self, RelayCursor};
use store::table::{auto_message, comment};
use tiktok::Timestamp;
use tiktok::business::message::Reaction;
use tiktok::business::webhook::{Envelope, EnvelopeError, Event, Person, ReactionOperation, SignatureError, verify};

use crate::automatic::{audit, comments};
use crate::context::Context;
use crate::conversation_fetch::after_apply;
use crate::inbound::ApplyOptions;
use crate::inbound::pushed::{self, Pushed, What};
use crate::source::tiktok::{SentAt, news, origin, reaction};
use crate::tokens::TokenError;

/// The outcome of a body that TikTok pushed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum WebhookOutcome {
    /// It is in the database.
    Taken,
    /// It says that something happened, not what: TikTok is asked.
    Hint,
    /// It is about nothing that Deskbell keeps.
    Nothing,
}

/// Why a body was not believed. It is answered with 200 all the same, but for a wrong signature.
#[derive(Debug, thiserror::Error)]
pub enum WebhookError {
    /// Its signature is not TikTok's.
    #[error(transparent)]
    Signature(#[from] SignatureError),
    /// It is no event.
    #[error(transparent)]
    Envelope(#[from] EnvelopeError),
    /// There is no app whose secret could have signed it.
    #[error("no app is known")]
    NoApp,
    /// The keychain or the database did not answer.
    #[error(transparent)]
    Token(#[from] TokenError),
    /// The database did not answer.
    #[error(transparent)]
    Store(#[from] StoreError),
}

/// Where the log of the shop's relay has a webhook.
#[derive(Debug, Clone)]
pub(crate) struct Relayed {
    /// When the relay stored it, by its clock.
    pub(crate) at_ms: Millis,
    /// Its place, if it is the next one of the stream.
    pub(crate) place: Option<RelayCursor>,
}

/// Takes in what TikTok pushes. Clones share it.
#[derive(Debug, Clone)]
pub struct Webhooks {
    context: Context,
}

impl Webhooks {
    pub(crate) fn new(context: Context) -> Self {
        Self { context }
    }

    /// Takes in one body that TikTok pushed, with the header `Tiktok-Signature` it came with.
    ///
    /// # Errors
    /// [`WebhookError`]
    pub async fn handle(&self, signature: &str, body: &[u8]) -> Result<WebhookOutcome, WebhookError> {
        let app = self.context.caller().tokens().app().await?.ok_or(WebhookError::NoApp)?;
        let verified = verify(signature, body, &[&app.secret], self.context.clock().now_ms() / 1_000)?;
        let envelope = Envelope::read(body)?;
        let business_id = envelope.business_id.clone();
        let known = self.context.store().read(move |sql| account::find(sql, &business_id)).await?;
        let Some(known) = known.filter(|known| known.unlinked_at_ms.is_none()) else {
            return Ok(WebhookOutcome::Nothing);
        };
        if !verified.fresh {
            self.context.signals().account_sync.notify(known.id);
            return Ok(WebhookOutcome::Hint);
        }
        Ok(self.apply(&known, envelope, None).await?)
    }

    /// Takes in an event of an account that is known to be TikTok's. One that came by the shop's relay is stored with its
    /// place in the relay's log, if anything of it is stored.
    pub(crate) async fn apply(
        &self,
        known: &Account,
        envelope: Envelope,
        relayed: Option<Relayed>,
    ) -> Result<WebhookOutcome, StoreError> {
        match envelope.event {
            Event::EuMessage { .. } => {
                self.context.signals().account_sync.notify(known.id);
                Ok(WebhookOutcome::Hint)
            }
            Event::AutoMessageConfig(_) => {
                self.context.signals().auto_messages.notify(known.id);
                Ok(WebhookOutcome::Hint)
            }
            Event::AutoMessageAudit(verdict) => {
                let (id, audit) = (known.id, audit(&verdict.status));
                self.context
                    .store()
                    .write(move |tx| auto_message::set_audit(tx, id, &verdict.auto_message_id, audit))
                    .await?;
                // It may be about what the message said before: reading it tells.
                self.context.signals().auto_messages.notify(id);
                Ok(WebhookOutcome::Taken)
            }
            Event::HighIntentComment(pushed) => {
                let (id, news) = (known.id, comments::news(pushed, self.context.clock().now_ms()));
                let taken = self.context.store().write(move |tx| comment::insert_new(tx, id, &news)).await?;
                if let Some(comment) = taken {
                    self.context.events().announce_comment(id, comment);
                }
                Ok(WebhookOutcome::Taken)
            }
            Event::AuthorizationRemoved { .. } => {
                if known.via_relay {
                    // The relay knows it too, and says so of the account.
                    return Ok(WebhookOutcome::Taken);
                }
                let link = self.context.caller().tokens().link_of(known.id);
                self.context.caller().relink(known.id, link, "authorization.removed").await;
                Ok(WebhookOutcome::Taken)
            }
            event => match translate(event, envelope.created_at, &known.remote_id, self.context.clock().now_ms()) {
                Some(pushed) => {
                    let heard_at_ms = relayed.as_ref().map(|relayed| relayed.at_ms);
                    let place = relayed.and_then(|relayed| relayed.place);
                    self.store_pushed(known, Pushed { heard_at_ms, ..pushed }, place).await
                }
                None => Ok(WebhookOutcome::Nothing),
            },
        }
    }

    async fn store_pushed(
        &self,
        known: &Account,
        pushed: Pushed,
        cursor: Option<RelayCursor>,
    ) -> Result<WebhookOutcome, StoreError> {
        let id = known.id;
        let options = ApplyOptions::new(self.context.clock().now_ms(), self.context.timing());
        let stored = self.context.store().write(move |tx| {
            if let Some(cursor) = &cursor {
                relay::set_cursor(tx, cursor)?;
            }
            pushed::apply(tx, id, &pushed, options)
        });
        let (applied, conversation) = stored.await?;
        let Some(conversation) = conversation else { return Ok(WebhookOutcome::Nothing) };
        after_apply(&self.context, known, conversation, &applied);
        Ok(WebhookOutcome::Taken)
    }
}

/// TikTok's event in our words; none if it is about nothing that Deskbell keeps. `created_ms` is when TikTok made it.
fn translate(event: Event, created_at: Option<Timestamp>, business_id: &str, now_ms: i64) -> Option<Pushed> {
    // By TikTok's own word: a time of ours that is ahead of it would hide what comes next, and so would one that is odd.
    let told_ms = created_at.and_then(|at| at.ms_by(now_ms)).unwrap_or(now_ms).min(now_ms);
    Some(match event {
        Event::Message(said) => Pushed {
            person: said.person.map(person),
            what: What::Said(store::table::message::IncomingMessage {
                outgoing: said.outgoing,
                ..news(&said.message, business_id, sent_at(&said.message, told_ms, now_ms))
            }),
            conversation: said.conversation_id,
            heard_at_ms: None,
        },
        Event::Reacted(reacted) => Pushed {
            person: reacted.person.map(person),
            what: What::Reacted(
                reacted
                    .changes
                    .into_iter()
                    .filter_map(|change| {
                        let came = match change.operation {
                            ReactionOperation::Add => true,
                            ReactionOperation::Remove => false,
                            ReactionOperation::Unknown(_) => return None,
                        };
                        let changed: &Reaction = &change.reaction;
                        Some((change.original_message_id, reaction(changed, business_id), came))
                    })
                    .collect(),
            ),
            conversation: reacted.conversation_id,
            heard_at_ms: None,
        },
        Event::MarkRead { conversation_id, last_read_at, person: who } => Pushed {
            conversation: conversation_id,
            person: who.map(person),
            what: What::Read(last_read_at.ms_by(now_ms)?),
            heard_at_ms: None,
        },
        Event::Referral { conversation_id, person: who, referral, at, .. } => Pushed {
            conversation: conversation_id,
            person: who.map(person),
            what: What::Came(
                origin(referral, now_ms)?,
                at.and_then(|at| at.ms_by(now_ms)).unwrap_or(told_ms).min(now_ms),
            ),
            heard_at_ms: None,
        },
        Event::EuMessage { .. }
        | Event::AutoMessageConfig(_)
        | Event::AutoMessageAudit(_)
        | Event::HighIntentComment(_)
        | Event::AuthorizationRemoved { .. }
        | Event::Unknown { .. } => return None,
    })
}

fn sent_at(message: &tiktok::business::message::Message, told_ms: i64, now_ms: i64) -> SentAt {
    message.timestamp.and_then(|at| at.ms_by(now_ms)).map_or(SentAt::Guessed(told_ms), SentAt::Said)
}

fn person(who: Person) -> PersonUpdate {
    PersonUpdate {
        remote_id: who.unique_identifier,
        name: who.display_name,
        handle: who.username,
        avatar_url: None,
        is_follower: who.is_follower,
    }
}
