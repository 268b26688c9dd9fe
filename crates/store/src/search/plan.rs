//! From a query to what the index is asked: who `from:` and `tag:` mean, which words of our own that makes, and what is
//! left to be looked at message by message ([`super::walk`]).

use model::{AccountId, ConversationId, Millis};
use rusqlite::Connection;

use super::facet;
use super::people_filter::{self, IdSet};
use super::query::{Problem, ProblemKind, Query};
use super::scope::{Scope, any};
use super::term::Term;
use crate::StoreError;
use crate::rows::only;

/// So many conversations are asked of the index, as one word each. With every step FTS5 goes through all the words of an
/// OR, so more of them are cheaper in turns or looked at hit by hit.
pub(super) const MAX_OR_TERMS: usize = 64;

/// What the index is asked, but for the words.
#[derive(Debug, Default)]
pub(super) struct Plan {
    /// All of these.
    pub(super) all: Vec<String>,
    /// None of these.
    pub(super) none: Vec<String>,
    /// Every message, for a query that only excludes.
    pub(super) everything: String,
    /// Every message of the business.
    pub(super) own: String,
    /// Only in these conversations; nothing if in any, or if the index is asked for them.
    pub(super) within: Option<IdSet>,
    /// What else the index cannot tell.
    pub(super) checks: Vec<Check>,
    pub(super) spans: Option<Vec<(Millis, Millis)>>,
    /// Nothing can match.
    pub(super) hopeless: bool,
    pub(super) problems: Vec<Problem>,
    /// People named by `from:` and `in:`.
    pub(super) named: Vec<Vec<Term>>,
}

/// Whose messages must be there, or must not: of too many to ask the index for.
#[derive(Debug)]
pub(super) struct Check {
    theirs: IdSet,
    /// Only what customers wrote themselves, and perhaps what the business did.
    sender: bool,
    us: bool,
    not: bool,
}

/// Whose messages an operator means.
#[derive(Debug, Default)]
struct Crowd {
    /// Those of the business.
    us: bool,
    /// Only what customers wrote themselves.
    sender: bool,
    /// In these conversations.
    theirs: IdSet,
}

impl Plan {
    pub(super) fn of(sql: &Connection, query: &Query, scope: &Scope) -> Result<Self, StoreError> {
        let all: Vec<AccountId> = sql
            .prepare_cached("SELECT id FROM account")?
            .query_map([], |row| only(row).map(AccountId))?
            .collect::<Result<_, _>>()?;
        let mut accounts = all.clone();
        accounts.retain(|account| scope.account.is_none_or(|wanted| wanted == *account));
        let everything = any([false, true].iter().flat_map(|out| accounts.iter().map(|id| facet::account(*id, *out))));
        let own = went(true, &accounts);
        let mut plan =
            Self { spans: query.spans.clone(), everything, own, problems: query.unread(), ..Self::default() };
        plan.hopeless = query.is_empty() || accounts.is_empty();
        if accounts.len() < all.len() {
            plan.all.push(plan.everything.clone());
        }
        for word in query.words.iter().filter(|word| word.not) {
            plan.none.push(word.term.expression());
        }
        for (has, not) in &query.has {
            let word = any([has.word().to_string()].into_iter());
            if *not { plan.none.push(word) } else { plan.all.push(word) }
        }
        let mut crowds = plan.people(sql, query, scope)?;
        crowds.extend(plan.tagged(sql, query, &accounts)?);
        plan.add(crowds, scope, &accounts);
        Ok(plan)
    }

    /// Whom `from:` and `in:` mean; of several that must be there, any.
    fn people(&mut self, sql: &Connection, query: &Query, scope: &Scope) -> Result<Vec<(Crowd, bool)>, StoreError> {
        let mut crowds = Vec::new();
        for sender in [true, false] {
            let mut wanted: Option<Crowd> = None;
            for person in query.people.iter().filter(|person| person.sender == sender) {
                // In one conversation there is nobody else's to choose.
                if !sender && scope.conversation.is_some() {
                    continue;
                }
                let mut people_filter = Crowd { sender, ..Crowd::default() };
                match &person.words {
                    None => people_filter.us = true,
                    Some(words) => {
                        people_filter.theirs = people_filter::named(sql, words, scope)?;
                        if people_filter.theirs.is_empty() {
                            let operator = if sender { "from" } else { "in" };
                            self.problem(ProblemKind::UnknownPerson, operator, &person.value);
                        }
                        if !person.not {
                            self.named.push(words.clone());
                        }
                    }
                }
                if person.not {
                    crowds.push((people_filter, true));
                } else if let Some(wanted) = &mut wanted {
                    wanted.us |= people_filter.us;
                    wanted.theirs.add(&people_filter.theirs);
                } else {
                    wanted = Some(people_filter);
                }
            }
            crowds.extend(wanted.map(|people_filter| (people_filter, false)));
        }
        Ok(crowds)
    }

    /// Whom `tag:` means.
    fn tagged(
        &mut self,
        sql: &Connection,
        query: &Query,
        accounts: &[AccountId],
    ) -> Result<Vec<(Crowd, bool)>, StoreError> {
        let mut crowds = Vec::new();
        for tag in &query.tags {
            let tags = people_filter::tags_called(sql, &tag.folded, tag.open, accounts)?;
            if tags.is_empty() {
                self.problem(ProblemKind::UnknownTag, "tag", &tag.value);
            }
            let theirs = people_filter::tagged(sql, &tags)?;
            crowds.push((Crowd { theirs, ..Crowd::default() }, tag.not));
        }
        Ok(crowds)
    }

    fn problem(&mut self, kind: ProblemKind, operator: &str, value: &str) {
        self.problems.push(Problem { kind, operator: operator.to_owned(), value: value.to_owned() });
    }

    /// Makes words of the crowds where they are small, and of the others conversations to look for.
    fn add(&mut self, crowds: Vec<(Crowd, bool)>, scope: &Scope, accounts: &[AccountId]) {
        let mut within = scope.conversation.map(|conversation| IdSet::of(vec![conversation.0]));
        let mut outside = IdSet::default();
        for (mut people_filter, not) in crowds {
            if let Some(conversation) = scope.conversation {
                people_filter.theirs.keep(&IdSet::of(vec![conversation.0]));
            }
            let Crowd { us, sender, theirs } = people_filter;
            match (sender, us, not) {
                (false, _, false) => narrow(&mut within, theirs),
                (false, _, true) => outside.add(&theirs),
                (true, false, false) => {
                    self.all.push(went(false, accounts));
                    narrow(&mut within, theirs);
                }
                (true, true, false) if theirs.is_empty() => self.all.push(self.own.clone()),
                (true, true, true) => self.none.push(self.own.clone()),
                (true, false, true) if theirs.is_empty() => {}
                (true, ..) if theirs.len() > MAX_OR_TERMS => self.checks.push(Check { theirs, sender, us, not }),
                (true, true, false) => self.all.push(format!("({} OR {})", self.own, wrote(&theirs, accounts))),
                (true, false, true) => self.none.push(wrote(&theirs, accounts)),
            }
        }
        if let Some(mut within) = within {
            within.drop_all(&outside);
            self.hopeless |= within.is_empty();
            if within.len() > MAX_OR_TERMS {
                self.within = Some(within);
            } else if !within.is_empty() {
                self.all.push(words_of(&within));
            }
        } else if outside.len() > MAX_OR_TERMS {
            self.checks.push(Check { theirs: outside, sender: false, us: false, not: true });
        } else if !outside.is_empty() {
            self.none.push(words_of(&outside));
        }
    }

    /// The expression that asks for these words and everything else.
    pub(super) fn expression<'a>(&'a self, words: impl Iterator<Item = &'a String>) -> String {
        let all: Vec<&str> = words.chain(&self.all).map(String::as_str).collect();
        let wanted = if all.is_empty() { self.everything.clone() } else { all.join(" AND ") };
        if self.none.is_empty() { wanted } else { format!("({wanted}) NOT ({})", self.none.join(" OR ")) }
    }
}

impl Check {
    /// Whether it must be known who wrote a message.
    pub(super) fn asks_who(&self) -> bool {
        self.sender
    }

    pub(super) fn passes(&self, conversation: i64, outgoing: bool) -> bool {
        let meant = if self.sender && outgoing { self.us } else { self.theirs.holds(conversation) };
        meant != self.not
    }
}

fn narrow(within: &mut Option<IdSet>, to: IdSet) {
    match within {
        Some(within) => within.keep(&to),
        None => *within = Some(to),
    }
}

/// What went out, or came in.
fn went(outgoing: bool, accounts: &[AccountId]) -> String {
    any(accounts.iter().map(|account| facet::account(*account, outgoing)))
}

/// What came in, in these conversations.
fn wrote(theirs: &IdSet, accounts: &[AccountId]) -> String {
    format!("({} AND {})", words_of(theirs), went(false, accounts))
}

fn words_of(conversations: &IdSet) -> String {
    any(conversations.ids().iter().map(|id| facet::conversation(ConversationId(*id))))
}
