//! What can go wrong, and every combination of it.

use std::fmt;
use std::ops::RangeInclusive;

/// What is sent.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Kind {
    Text,
    Picture,
    Card,
}

/// What becomes of a message's call.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Outcome {
    /// It never reached TikTok, and nobody said so.
    Lost,
    /// TikTok has it; its answer was lost.
    ArrivedUnheard,
    /// TikTok has it and said so.
    Arrived,
    /// TikTok said no.
    Refused,
    /// Too fast, or no connection; the next call arrives.
    NotTaken,
    /// As [`Outcome::NotTaken`]; the answer to the next call is lost.
    NotTakenThenUnheard,
    /// TikTok has it, but its answer does not name it.
    Nameless,
    /// TikTok has it, but its answer names the customer's message.
    Misnamed,
    /// TikTok does not know the uploaded picture any more; with a fresh one the next call arrives.
    DeadPicture,
}

/// Where Deskbell dies, once.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Crash {
    /// The row is queued.
    BeforeCall,
    /// The row says `sending`; nothing was sent.
    BeforeBytes,
    /// TikTok has what it was sent; no answer was heard, and nothing showed up by another way.
    AfterBytes,
    /// The answer was heard and is not on disk.
    AfterAnswer,
    /// What came of the call is on disk.
    AfterOutcome,
    /// Once looked for it.
    WhileChecking,
}

/// When the message shows up by another way than a listing.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Echo {
    Never,
    BeforeAnswer,
    AfterAnswer,
    Twice,
}

/// How far listings lag behind.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum List {
    Fresh,
    /// The first listing after a send does not show it, and one asked for before it comes after it.
    StaleOnce,
    /// No listing shows it until it was left to the agent.
    Late,
    /// No listing shows it until all is over, but what was sent again.
    Last,
}

/// What the agent does with a message that was left to them.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Decision {
    Again,
    /// As [`Decision::Again`], and the answer is lost.
    AgainLost,
    Discard,
    /// It is there, and the agent saw it.
    Arrived,
}

impl Decision {
    pub(super) const OTHERS: [Self; 3] = [Self::AgainLost, Self::Discard, Self::Arrived];
}

/// How calls go to TikTok, and what is known of one whose answer was not heard.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Way {
    /// By themselves.
    Direct,
    /// Through the shop's relay, and what was lost was lost between it and this computer: the relay knows.
    RelayHears,
    /// Through the shop's relay, and what was lost was lost between it and TikTok, or it died: the relay does not know.
    RelayHearsNot,
}

const CRASHES: [Crash; 6] = [
    Crash::BeforeCall,
    Crash::BeforeBytes,
    Crash::AfterBytes,
    Crash::AfterAnswer,
    Crash::AfterOutcome,
    Crash::WhileChecking,
];
const WAYS: [(Echo, List); 10] = [
    (Echo::Never, List::Fresh),
    (Echo::Never, List::StaleOnce),
    (Echo::Never, List::Late),
    (Echo::Never, List::Last),
    (Echo::BeforeAnswer, List::Fresh),
    (Echo::BeforeAnswer, List::StaleOnce),
    (Echo::AfterAnswer, List::Fresh),
    (Echo::AfterAnswer, List::StaleOnce),
    (Echo::Twice, List::Fresh),
    (Echo::Twice, List::StaleOnce),
];
const DECISIONS: usize = 5;

/// One combination.
#[derive(Debug, Clone)]
pub(super) struct Case {
    pub(super) index: usize,
    pub(super) kind: Kind,
    /// One for each message; all messages are equal.
    pub(super) outcomes: Vec<Outcome>,
    /// At which message, and where.
    pub(super) crash: Option<(usize, Crash)>,
    pub(super) echo: Echo,
    pub(super) list: List,
    pub(super) decision: Decision,
    /// Which message is the first that can still be undone when a colleague answers on the phone.
    pub(super) colleague: Option<usize>,
    pub(super) way: Way,
}

impl Case {
    /// The same with another decision.
    pub(super) fn deciding(&self, decision: Decision) -> Self {
        let at = Decision::OTHERS.iter().position(|other| *other == decision).map_or(0, |at| at + 1);
        Self { index: self.index / DECISIONS * DECISIONS + at, decision, ..self.clone() }
    }

    /// Whether it was asked for by number.
    pub(super) fn is_alone(&self) -> bool {
        alone() == Some(self.index)
    }
}

impl fmt::Display for Case {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:?} {:?} crash {:?}", self.kind, self.outcomes, self.crash)?;
        write!(f, " colleague {:?} way {:?}", self.colleague, self.way)?;
        write!(f, " echo {:?} list {:?} decision {:?}", self.echo, self.list, self.decision)
    }
}

/// The case asked for by number.
pub(super) fn alone() -> Option<usize> {
    std::env::var("DESKBELL_CASE").ok()?.parse().ok()
}

/// Every combination for these many messages of a kind, each with the first decision.
pub(super) fn every(kind: Kind, messages: RangeInclusive<usize>) -> Vec<Case> {
    use Outcome::{
        Arrived, ArrivedUnheard, DeadPicture, Lost, Misnamed, Nameless, NotTaken, NotTakenThenUnheard, Refused,
    };
    let outcomes: &[Outcome] = match kind {
        Kind::Text if messages.contains(&3) => &[Lost, ArrivedUnheard, Arrived, Refused, NotTaken],
        Kind::Text => &[Lost, ArrivedUnheard, Arrived, Refused, NotTaken, NotTakenThenUnheard, Nameless, Misnamed],
        Kind::Picture => &[Lost, ArrivedUnheard, Arrived, Refused, NotTakenThenUnheard, DeadPicture],
        Kind::Card => &[Lost, ArrivedUnheard, Arrived, Refused, NotTakenThenUnheard],
    };
    // What a message is made of matters to how it is found again, and hardly to when.
    let ways: Vec<(Echo, List)> = match kind {
        Kind::Text => WAYS.to_vec(),
        Kind::Picture | Kind::Card => WAYS.into_iter().filter(|(echo, _)| *echo != Echo::AfterAnswer).collect(),
    };
    let mut combinations: Vec<Vec<Outcome>> = Vec::new();
    let mut longest = vec![Vec::new()];
    for count in 1..=*messages.end() {
        longest = longest
            .iter()
            .flat_map(|before: &Vec<Outcome>| outcomes.iter().map(|last| [before.as_slice(), &[*last]].concat()))
            .collect();
        if messages.contains(&count) {
            combinations.extend(longest.iter().cloned());
        }
    }
    // One number names one case of all.
    let first = match kind {
        Kind::Text if messages.contains(&3) => 3_000_000,
        Kind::Text => 0,
        Kind::Picture => 1_000_000,
        Kind::Card => 2_000_000,
    };
    let mut cases = Vec::new();
    for outcomes in combinations {
        let crashes = (0..outcomes.len()).flat_map(|at| CRASHES.map(|crash| Some((at, crash))));
        for crash in std::iter::once(None).chain(crashes) {
            for (echo, list) in &ways {
                let index = first + cases.len() * DECISIONS;
                let outcomes = outcomes.clone();
                let decision = Decision::Again;
                let (echo, list, way) = (*echo, *list, Way::Direct);
                cases.push(Case { index, kind, outcomes, crash, echo, list, decision, colleague: None, way });
            }
        }
    }
    cases
}

/// Every combination for these many messages of a kind, on each way through the relay.
pub(super) fn every_through_the_relay(kind: Kind, messages: RangeInclusive<usize>) -> Vec<Case> {
    let ways = [(Way::RelayHears, 10_000_000), (Way::RelayHearsNot, 20_000_000)];
    let on = |(way, first)| {
        every(kind, messages.clone()).into_iter().map(move |case| Case { index: first + case.index, way, ..case })
    };
    ways.into_iter().flat_map(on).collect()
}

/// Every combination in which a colleague answers before one of the messages while it can still be undone.
pub(super) fn every_with_a_colleague(kind: Kind) -> Vec<Case> {
    let mut cases: Vec<Case> = every(kind, 1..=2);
    cases.retain(|case| case.crash.is_none());
    let before = |case: Case| (0..case.outcomes.len()).map(move |at| Case { colleague: Some(at), ..case.clone() });
    cases.into_iter().flat_map(before).collect()
}
