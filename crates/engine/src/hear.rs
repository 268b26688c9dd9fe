//! Hears what TikTok pushes to an app's webhook, from whoever received it: a relay, or Practice's own TikTok.
//!
//! A body is believed when its signature is right, and taken in when that is fresh; an old one may be played back by
//! somebody else and is only a hint to go and look. Polling goes on all the same: what was pushed and lost is found by it.

use store::StoreError;
use store::table::account::{self, Account};
use store::table::person::PersonUpdate;
use store::table::{auto_message, comment};
use tiktok::Timestamp;
use tiktok::business::message::Reaction;
use tiktok::business::webhook::{Envelope, EnvelopeError, Event, Person, ReactionOperation, SignatureError, verify};

use crate::automatic::{audit, comments};
use crate::engine::{Arrival, Engine};
use crate::inbound::pushed::{self, Pushed, What};
use crate::inbound::{self, Rules};
use crate::source::tiktok::{SentAt, news, origin, reaction};
use crate::sync::is_news;
use crate::tokens::TokenError;

/// What came of a pushed body.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Heard {
    /// It is in the database.
    Taken,
    /// It says that something happened, not what: TikTok is asked.
    Hint,
    /// It is about nothing that Deskbell keeps.
    Nothing,
}

/// Why a body was not believed. It is answered with 200 all the same, but for a wrong signature.
#[derive(Debug, thiserror::Error)]
pub enum HearError {
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

impl Engine {
    /// Takes in one body that TikTok pushed, with the header `Tiktok-Signature` it came with.
    ///
    /// # Errors
    /// [`HearError`]
    pub async fn hear(&self, signature: &str, body: &[u8]) -> Result<Heard, HearError> {
        let app = self.caller().tokens().app().await?.ok_or(HearError::NoApp)?;
        let verified = verify(signature, body, &[&app.secret], self.clock().now_ms() / 1_000)?;
        let envelope = Envelope::read(body)?;
        let business_id = envelope.business_id.clone();
        let known = self.store().read(move |sql| account::find(sql, &business_id)).await?;
        let Some(known) = known.filter(|known| known.unlinked_at_ms.is_none()) else { return Ok(Heard::Nothing) };
        if !verified.fresh {
            self.go_on(known.id);
            return Ok(Heard::Hint);
        }
        match envelope.event {
            Event::EuMessage { .. } => {
                self.go_on(known.id);
                Ok(Heard::Hint)
            }
            Event::AutoMessageConfig(_) => {
                self.automatic().wake(known.id);
                Ok(Heard::Hint)
            }
            Event::AutoMessageAudit(verdict) => {
                let (id, audit) = (known.id, audit(&verdict.status));
                self.store().write(move |tx| auto_message::set_audit(tx, id, &verdict.auto_message_id, audit)).await?;
                // It may be about what the message said before: reading it tells.
                self.automatic().wake(id);
                Ok(Heard::Taken)
            }
            Event::HighIntentComment(pushed) => {
                let (id, news) = (known.id, comments::news(pushed, self.clock().now_ms()));
                let taken = self.store().write(move |tx| comment::insert_new(tx, id, &news)).await?;
                if let Some(comment) = taken {
                    self.announce_comment(id, comment);
                }
                Ok(Heard::Taken)
            }
            Event::AuthorizationRemoved { .. } => {
                let link = self.caller().tokens().link_of(known.id);
                self.caller().relink(known.id, link, "authorization.removed").await;
                Ok(Heard::Taken)
            }
            event => match translate(event, envelope.created_at, &known.remote_id, self.clock().now_ms()) {
                Some(pushed) => self.take_pushed(&known, pushed).await,
                None => Ok(Heard::Nothing),
            },
        }
    }

    async fn take_pushed(&self, known: &Account, pushed: Pushed) -> Result<Heard, HearError> {
        let id = known.id;
        let rules = self.rules();
        let (applied, conversation) = self.store().write(move |tx| pushed::apply(tx, id, &pushed, rules)).await?;
        let Some(conversation) = conversation else { return Ok(Heard::Nothing) };
        if inbound::settled(&applied) {
            self.outbox().wake(self, conversation);
        }
        for reopened in &applied.reopened {
            self.outbox().wake(self, *reopened);
        }
        if applied.pictures {
            self.media().wake(id);
        }
        if !applied.arrived.is_empty() {
            self.ruled().notify_one();
        }
        for message in applied.arrived.iter().filter(|message| is_news(known, **message)) {
            self.announce(Arrival { account: id, conversation, message: *message });
        }
        Ok(Heard::Taken)
    }

    fn rules(&self) -> Rules {
        let timing = self.timing();
        let ms = |duration: std::time::Duration| i64::try_from(duration.as_millis()).unwrap_or(i64::MAX);
        Rules {
            now_ms: self.clock().now_ms(),
            call_ms: ms(timing.call),
            undecided_after_ms: ms(timing.undecided_after),
            updated_ms: 0,
            patient: false,
        }
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
        },
        Event::MarkRead { conversation_id, last_read_at, person: who } => Pushed {
            conversation: conversation_id,
            person: who.map(person),
            what: What::Read(last_read_at.ms_by(now_ms)?),
        },
        Event::Referral { conversation_id, person: who, referral, at, .. } => Pushed {
            conversation: conversation_id,
            person: who.map(person),
            what: What::Came(
                origin(referral, now_ms)?,
                at.and_then(|at| at.ms_by(now_ms)).unwrap_or(told_ms).min(now_ms),
            ),
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
