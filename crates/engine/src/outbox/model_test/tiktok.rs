//! TikTok as it matters to an outbox: what it has, what it answers, and what its listings show.

use std::collections::HashMap;
use std::time::Duration;

use model::{CardKind, Content, MediaState, Millis, Outgoing, Surface};
use store::table::message::IncomingMessage;
use tiktok::business::message::Sent;

use super::case::{Case, Decision, Kind, List, Outcome, Way};
use crate::call::CallError;
use crate::source::Batch;

/// A message that TikTok has.
#[derive(Debug, Clone)]
pub(super) struct Copy {
    pub(super) remote_id: String,
    pub(super) at_ms: Millis,
    /// Which of our messages it is.
    pub(super) of: usize,
    /// Whether the agent had asked for it to be sent again.
    pub(super) resent: bool,
    /// How many more listings lack it.
    hidden: u32,
}

/// What the shop's relay knows of the newest call for a message.
#[derive(Debug, Clone)]
enum Known {
    /// It did not receive it.
    NotReceived,
    /// It heard no answer, or one that says nothing.
    Nothing,
    /// It heard that TikTok has it, by this name.
    Sent(String),
    /// It heard a no, or that it was not taken.
    Not(Outcome),
}

pub(super) struct TikTok {
    kind: Kind,
    list: List,
    name: String,
    asked_ms: Millis,
    pub(super) copies: Vec<Copy>,
    /// When a colleague answers on the phone.
    pub(super) colleague_ms: Option<Millis>,
    /// By message.
    relay: HashMap<usize, Known>,
}

impl TikTok {
    /// With a customer who wrote at this time.
    pub(super) fn new(case: &Case, asked_ms: Millis) -> Self {
        Self {
            kind: case.kind,
            list: case.list,
            name: format!("{:08}", case.index),
            asked_ms,
            copies: Vec::new(),
            colleague_ms: None,
            relay: HashMap::new(),
        }
    }

    /// A call: what TikTok does, and what is heard of it.
    pub(super) fn call(
        &mut self,
        case: &Case,
        of: usize,
        calls: u32,
        resent: bool,
        now_ms: Millis,
    ) -> Result<Sent, CallError> {
        let outcome = match (case.outcomes[of], case.decision) {
            (_, Decision::AgainLost) if resent => Outcome::ArrivedUnheard,
            _ if resent => Outcome::Arrived,
            (Outcome::NotTaken | Outcome::DeadPicture, _) if calls > 1 => Outcome::Arrived,
            (Outcome::NotTakenThenUnheard, _) if calls > 1 => Outcome::ArrivedUnheard,
            // The relay says that it did not receive it, so it goes out again.
            (Outcome::Lost, _) if calls > 1 && case.way == Way::RelayHears => Outcome::Arrived,
            (outcome, _) => outcome,
        };
        let answer = self.answer(outcome, of, resent, now_ms);
        let hears = case.way == Way::RelayHears;
        let known = match outcome {
            Outcome::Lost if hears => Known::NotReceived,
            Outcome::ArrivedUnheard if hears => self.newest(of).map_or(Known::Nothing, Known::Sent),
            Outcome::Lost | Outcome::ArrivedUnheard | Outcome::Nameless => Known::Nothing,
            Outcome::Arrived => self.newest(of).map_or(Known::Nothing, Known::Sent),
            Outcome::Misnamed => Known::Sent(format!("{}-0", self.name)),
            Outcome::Refused | Outcome::DeadPicture | Outcome::NotTaken | Outcome::NotTakenThenUnheard => {
                Known::Not(outcome)
            }
        };
        self.relay.insert(of, known);
        answer
    }

    /// A call is about to be made that the relay has not received yet.
    pub(super) fn begin(&mut self, of: usize) {
        self.relay.insert(of, Known::NotReceived);
    }

    /// What the relay tells of the newest call for a message; none if it knows nothing of it.
    pub(super) fn relay_tells(&mut self, of: usize) -> Option<Result<Sent, CallError>> {
        match self.relay.get(&of)?.clone() {
            Known::NotReceived => Some(Err(CallError::Offline("the relay had not received it".to_owned()))),
            Known::Nothing => None,
            Known::Sent(message_id) => Some(Ok(Sent { message_id: Some(message_id) })),
            Known::Not(outcome) => Some(self.answer(outcome, of, false, 0)),
        }
    }

    fn newest(&self, of: usize) -> Option<String> {
        self.copies.iter().rfind(|copy| copy.of == of).map(|copy| copy.remote_id.clone())
    }

    /// What TikTok does and says.
    fn answer(&mut self, outcome: Outcome, of: usize, resent: bool, now_ms: Millis) -> Result<Sent, CallError> {
        match outcome {
            Outcome::Lost => Err(CallError::Unknown(unknown(tiktok::UnknownWhy::TimedOut))),
            Outcome::ArrivedUnheard => {
                self.take(of, resent, now_ms);
                Err(CallError::Unknown(unknown(tiktok::UnknownWhy::HungUp)))
            }
            Outcome::Arrived => Ok(Sent { message_id: Some(self.take(of, resent, now_ms)) }),
            Outcome::Nameless => {
                self.take(of, resent, now_ms);
                Ok(Sent { message_id: None })
            }
            Outcome::Misnamed => {
                self.take(of, resent, now_ms);
                Ok(Sent { message_id: Some(format!("{}-0", self.name)) })
            }
            Outcome::Refused => Err(CallError::Refused(refused("messaging rules"))),
            Outcome::DeadPicture => Err(CallError::Refused(refused("media_id is invalid"))),
            // A limit for each minute is waited out.
            Outcome::NotTaken | Outcome::NotTakenThenUnheard if of.is_multiple_of(2) => {
                Err(CallError::SlowDown(Duration::from_secs(300)))
            }
            Outcome::NotTaken | Outcome::NotTakenThenUnheard => Err(CallError::Offline("refused".to_owned())),
        }
    }

    fn take(&mut self, of: usize, resent: bool, at_ms: Millis) -> String {
        let remote_id = format!("{}-{}", self.name, self.copies.len() + 1);
        let hidden = match self.list {
            List::Fresh => 0,
            List::StaleOnce => 1,
            List::Late | List::Last if resent => 0,
            List::Late | List::Last => u32::MAX,
        };
        self.copies.push(Copy { remote_id: remote_id.clone(), at_ms, of, resent, hidden });
        remote_id
    }

    /// A colleague answers on the phone at this time, which may be yet to come.
    pub(super) fn colleague_answers(&mut self, at_ms: Millis) {
        self.colleague_ms = Some(at_ms);
    }

    /// Whether a listing shows one of our messages by now.
    pub(super) fn shows(&self, of: usize) -> bool {
        self.copies.iter().any(|copy| copy.of == of && copy.hidden == 0)
    }

    pub(super) fn has(&self, of: usize) -> bool {
        self.copies.iter().any(|copy| copy.of == of)
    }

    /// From here on every listing shows everything.
    pub(super) fn catch_up(&mut self) {
        self.copies.iter_mut().for_each(|copy| copy.hidden = 0);
    }

    /// A listing of the whole thread, as far as it shows.
    pub(super) fn listing(&mut self, asked_at_ms: Millis) -> Batch {
        let mut messages = vec![customer(&format!("{}-0", self.name), self.asked_ms)];
        let colleague = |at_ms| IncomingMessage {
            outgoing: true,
            content: Content::Text { body: "I have it here.".to_owned() },
            ..customer(&format!("{}-colleague", self.name), at_ms)
        };
        messages.extend(self.colleague_ms.filter(|at_ms| *at_ms <= asked_at_ms).map(colleague));
        messages.extend(self.copies.iter().filter(|copy| copy.hidden == 0).map(|copy| self.news(copy)));
        for copy in &mut self.copies {
            if copy.hidden < u32::MAX {
                copy.hidden = copy.hidden.saturating_sub(1);
            }
        }
        Batch { messages, asked_at_ms, ..Batch::default() }
    }

    /// The newest copy of a message, by another way than a listing. Nobody was asked, so it proves nothing about others.
    pub(super) fn echo(&self, of: usize) -> Option<Batch> {
        let copy = self.copies.iter().rfind(|copy| copy.of == of)?;
        Some(Batch { messages: vec![self.news(copy)], asked_at_ms: 0, ..Batch::default() })
    }

    fn news(&self, copy: &Copy) -> IncomingMessage {
        let content = match outgoing(self.kind).content() {
            Content::Image { .. } => {
                Content::Image { media_id: format!("picture-{}", copy.remote_id), media: MediaState::Pending }
            }
            content => content,
        };
        IncomingMessage { content, surface: Surface::Api, outgoing: true, ..customer(&copy.remote_id, copy.at_ms) }
    }
}

/// What the agent sends, every time the same.
pub(super) fn outgoing(kind: Kind) -> Outgoing {
    match kind {
        Kind::Text => Outgoing::Text { body: "Yes, it is in stock.".to_owned() },
        Kind::Picture => Outgoing::Image { key: "picture".to_owned(), width: 4, height: 3 },
        Kind::Card => Outgoing::Card {
            card: model::Card {
                kind: CardKind::Button,
                title: "Which size?".to_owned(),
                buttons: vec!["S".to_owned()],
            },
        },
    }
}

/// A message of the customer.
pub(super) fn customer(remote_id: &str, at_ms: Millis) -> IncomingMessage {
    IncomingMessage {
        remote_id: remote_id.to_owned(),
        sent_at_ms: at_ms,
        is_timed: true,
        outgoing: false,
        surface: Surface::Phone,
        auto: None,
        content: Content::Text { body: "Is it in stock?".to_owned() },
        quoted_remote_id: None,
        reactions: Vec::new(),
        raw: "{}".to_owned(),
    }
}

pub(super) fn unknown(why: tiktok::UnknownWhy) -> tiktok::Error {
    tiktok::Error::Unknown {
        why,
        code: None,
        message: tiktok::Words::default(),
        request_id: None,
        raw: tiktok::RawAnswer::default(),
    }
}

pub(super) fn refused(message: &str) -> tiktok::Error {
    tiktok::Error::Refused {
        code: 40064,
        message: message.into(),
        request_id: Some("request".to_owned()),
        reason: tiktok::Reason::MessagingRules,
        raw: tiktok::RawAnswer::default(),
    }
}
