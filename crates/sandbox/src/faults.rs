//! The fault dial: what goes wrong, where, and for how long. A fault is set per endpoint name (`send`,
//! `conversation_list`, …, or `*` for all of TikTok) and says whether the call still took effect, because for a send
//! that is the whole difference.

use std::time::Duration;

use serde_json::Value;

use crate::{
    clock::ms,
    limits::{QPD, QPM},
};

/// What happens to a call. "Accepting" means that the call takes effect before the fault hides it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Fault {
    /// The call is answered normally, this much later (real time). Adds up with another fault.
    Delay(Duration),
    /// The call takes effect at once and is answered this much later (real time): the echo overtakes the answer.
    AnswerLate(Duration),
    /// The connection is cut without a byte; nothing took effect.
    HangUpBefore,
    /// The connection is cut without a byte; the call took effect.
    HangUpAfter,
    /// The connection is cut in the middle of the answer's body; the call took effect.
    HangUpMidAnswer,
    /// The call takes effect and its answer comes byte by byte, one in each of these (real time).
    Dribble(Duration),
    /// HTTP 200 with an HTML page where JSON is due.
    Html {
        /// Whether the call takes effect.
        accepting: bool,
    },
    /// The call takes effect and its JSON answer ends half way, in a complete HTTP response.
    TruncatedJson,
    /// A code in TikTok's envelope; on Login Kit, `server_error` with the message.
    Code {
        /// The envelope's `code` (§7.5).
        code: i64,
        /// The envelope's `message`.
        message: String,
        /// Whether the call takes effect all the same.
        accepting: bool,
    },
    /// An HTTP status with an HTML page, such as 502.
    Status {
        /// The HTTP status.
        status: u16,
        /// Whether the call takes effect.
        accepting: bool,
    },
    /// 40100, too many requests (§7.4); on Login Kit, HTTP 429. Nothing took effect.
    RateLimited,
    /// The listing lags: it is answered as it was just before the newest `messages` of the business were
    /// written, and shows nothing from that moment on, of customers neither. `content_list` counts back in its
    /// conversation, `conversation_list` in all conversations of the account. With fewer messages there, it counts to
    /// the oldest; other endpoints answer as always.
    Stale {
        /// How many messages of the business (from the API or a colleague) are not listed yet.
        messages: u32,
    },
    /// The page of a listing (`content_list`, `conversation_list`) comes in an order drawn anew for each call, and so
    /// many of its entries come twice. Other endpoints answer as always.
    Shuffled {
        /// How many entries are listed twice.
        duplicates: u32,
    },
    /// A listing is empty: no messages, no conversations, no further page. Other endpoints answer as always.
    EmptyListing,
    /// The pages of `conversation_list` do not lead to an end. Other endpoints answer as always.
    Paging(PagingFault),
    /// The call takes effect, and its JSON answer is changed before it goes out; see [`Fault::answer`],
    /// [`Fault::field`], [`Fault::edited`] and [`Fault::wrong_message_id`].
    Rewritten(Vec<Rewrite>),
    /// The connection stays open and no answer ever comes.
    NeverAnswer {
        /// Whether the call takes effect.
        accepting: bool,
    },
}

/// One change to a JSON answer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Rewrite {
    /// The place, as an RFC 6901 pointer; the empty one is the whole answer. A field that its object does not have is
    /// added; where there is no such object or list, nothing is changed.
    pub place: String,
    /// The text to stand there, which need not be valid JSON; `None` removes the field.
    pub json: Option<String>,
}

/// How the paging of a list of conversations is broken.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum PagingFault {
    /// It says that there is more, and not where.
    MissingCursor,
    /// It says that there is more, and that it begins where this page did.
    RepeatedCursor,
    /// It says that there is more, each time under a cursor of its own, and lists the same again.
    EndlessCursor,
    /// Its newest entry comes without the conversation's id.
    MissingId,
}

impl Fault {
    /// A code that refuses the call, with a plain message.
    #[must_use]
    pub fn code(code: i64) -> Fault {
        Fault::Code { code, message: format!("Sandbox fault {code}"), accepting: false }
    }

    /// 40100 as it is said when the minute's budget is spent; TikTok wants five minutes of silence then (§7.4).
    #[must_use]
    pub fn too_many_per_minute() -> Fault {
        Fault::Code { code: 40100, message: QPM.to_owned(), accepting: false }
    }

    /// 40100 as it is said when the day's budget is spent; TikTok wants silence until midnight UTC then (§7.4).
    #[must_use]
    pub fn too_many_per_day() -> Fault {
        Fault::Code { code: 40100, message: QPD.to_owned(), accepting: false }
    }

    /// The whole answer is this text.
    #[must_use]
    pub fn answer(body: impl Into<String>) -> Fault {
        Fault::Rewritten(vec![Rewrite { place: String::new(), json: Some(body.into()) }])
    }

    /// One field of the answer's `data` is this JSON text.
    #[must_use]
    pub fn field(name: &str, json: impl Into<String>) -> Fault {
        Fault::Rewritten(vec![Rewrite { place: format!("/data/{name}"), json: Some(json.into()) }])
    }

    /// At each of these places (RFC 6901 pointers) stands another value, or none.
    #[must_use]
    pub fn edited(edits: Vec<(String, Option<Value>)>) -> Fault {
        let rewrite = |(place, value): (String, Option<Value>)| Rewrite { place, json: value.map(|it| it.to_string()) };
        Fault::Rewritten(edits.into_iter().map(rewrite).collect())
    }

    /// The answer of `send` names this message instead of the one that was sent.
    #[must_use]
    pub fn wrong_message_id(id: impl Into<String>) -> Fault {
        Fault::edited(vec![("/data/message/message_id".to_owned(), Some(Value::String(id.into())))])
    }

    /// Whether the call is refused for being too fast.
    pub(crate) fn is_too_many(&self) -> bool {
        matches!(self, Fault::RateLimited | Fault::Code { code: 40100, accepting: false, .. })
    }

    /// Whether the call takes effect before this fault shows.
    pub(crate) fn accepts(&self) -> bool {
        match self {
            Fault::Delay(_)
            | Fault::AnswerLate(_)
            | Fault::HangUpAfter
            | Fault::HangUpMidAnswer
            | Fault::Dribble(_)
            | Fault::Stale { .. }
            | Fault::Shuffled { .. }
            | Fault::EmptyListing
            | Fault::Paging(_)
            | Fault::Rewritten(_)
            | Fault::TruncatedJson => true,
            Fault::HangUpBefore | Fault::RateLimited => false,
            Fault::Html { accepting }
            | Fault::Code { accepting, .. }
            | Fault::Status { accepting, .. }
            | Fault::NeverAnswer { accepting } => *accepting,
        }
    }
}

/// How long a fault lasts.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Times {
    /// For this many calls of that endpoint.
    Next(u32),
    /// For this long on the sandbox's clock.
    For(Duration),
    /// Until the dial is cleared.
    UntilCleared,
}

/// How long a fault is still in force.
#[derive(Debug)]
enum Remaining {
    Calls(u32),
    Until(i64),
    Forever,
}

/// A fault in force.
#[derive(Debug)]
struct SetFault {
    endpoint: String,
    /// The only conversation it is about.
    conversation: Option<String>,
    fault: Fault,
    left: Remaining,
}

/// The faults in force, in the order they were set.
#[derive(Debug, Default)]
pub(crate) struct Dial {
    entries: Vec<SetFault>,
}

impl Dial {
    pub(crate) fn set(&mut self, endpoint: &str, conversation: Option<String>, fault: Fault, times: Times, now: i64) {
        let left = match times {
            Times::Next(calls) => Remaining::Calls(calls),
            Times::For(duration) => Remaining::Until(now + ms(duration)),
            Times::UntilCleared => Remaining::Forever,
        };
        self.entries.push(SetFault { endpoint: endpoint.to_owned(), conversation, fault, left });
    }

    pub(crate) fn clear(&mut self) {
        self.entries.clear();
    }

    /// The faults of the next call of `endpoint` about this conversation, if it is about one: the delays together, and
    /// the first other fault. Both are used up.
    pub(crate) fn draw(&mut self, endpoint: &str, about: Option<&str>, now: i64) -> (Duration, Option<Fault>) {
        let (mut delay, mut drawn) = (Duration::ZERO, None);
        self.entries.retain(|entry| {
            !matches!(entry.left, Remaining::Calls(0)) && !matches!(entry.left, Remaining::Until(end) if end <= now)
        });
        let meant = |entry: &&mut SetFault| {
            (entry.endpoint == endpoint || entry.endpoint == "*")
                && entry.conversation.as_deref().is_none_or(|only| about == Some(only))
        };
        for entry in self.entries.iter_mut().filter(meant) {
            match (&entry.fault, &drawn) {
                (Fault::Delay(by), _) => delay += *by,
                (fault, None) => drawn = Some(fault.clone()),
                (_, Some(_)) => continue,
            }
            if let Remaining::Calls(calls) = &mut entry.left {
                *calls -= 1;
            }
        }
        (delay, drawn)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_fault_for_two_calls_is_gone_at_the_third() {
        let mut dial = Dial::default();
        dial.set("send", None, Fault::RateLimited, Times::Next(2), 0);
        let drawn: Vec<bool> = (0..3).map(|_| dial.draw("send", None, 0).1.is_some()).collect();
        assert_eq!(drawn, [true, true, false]);
    }

    #[test]
    fn a_fault_for_a_while_ends_with_the_clock() {
        let mut dial = Dial::default();
        dial.set("*", None, Fault::HangUpAfter, Times::For(Duration::from_secs(5)), 1_000);
        assert_eq!(dial.draw("send", None, 5_999).1, Some(Fault::HangUpAfter));
        assert_eq!(dial.draw("send", None, 6_000).1, None);
    }

    #[test]
    fn a_fault_on_another_endpoint_is_not_used_up() {
        let mut dial = Dial::default();
        dial.set("send", None, Fault::HangUpBefore, Times::Next(1), 0);
        assert_eq!(dial.draw("content_list", None, 0).1, None);
        assert_eq!(dial.draw("send", None, 0).1, Some(Fault::HangUpBefore));
    }

    #[test]
    fn a_delay_goes_together_with_another_fault() {
        let mut dial = Dial::default();
        dial.set("send", None, Fault::Delay(Duration::from_millis(3)), Times::UntilCleared, 0);
        dial.set("send", None, Fault::HangUpAfter, Times::Next(1), 0);
        assert_eq!(dial.draw("send", None, 0), (Duration::from_millis(3), Some(Fault::HangUpAfter)));
    }

    #[test]
    fn a_fault_in_one_conversation_is_none_in_another() {
        let mut dial = Dial::default();
        dial.set("content_list", Some("a".to_owned()), Fault::HangUpBefore, Times::Next(1), 0);
        assert_eq!(dial.draw("content_list", Some("b"), 0).1, None);
        assert_eq!(dial.draw("content_list", None, 0).1, None);
        assert_eq!(dial.draw("content_list", Some("a"), 0).1, Some(Fault::HangUpBefore));
    }
}
