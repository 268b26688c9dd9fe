//! From a query to what the index is asked: who `from:` and `tag:` mean, which words of our own that makes, and what is
//! left to be looked at message by message.

use std::collections::HashMap;

use model::{AccountId, ConversationId, MessageId, Millis};
use rusqlite::{Connection, OptionalExtension, params_from_iter};

use super::facet;
use super::find::Scope;
use super::mill::{Milled, fold};
use super::query::{Problem, ProblemKind, Query};
use super::term::Term;
use crate::StoreError;
use crate::table::message::first_id;

/// Conversations of people up to here are asked of the index; more are looked at hit by hit, which then find themselves
/// often enough. 500 of them cost about what reading a thousand hits does.
const FEW: u32 = 500;
/// So many hits are looked at in one search, at most. What is left unseen is said ([`super::Found::more`]).
const MOST_LOOKED_AT: usize = 20_000;
/// A message of ours keeps the id it was queued with, and may have gone out a while later.
const SLACK_MS: Millis = 3_600_000;

/// What the index is asked, but for the words.
#[derive(Debug, Default)]
pub(super) struct Plan {
    /// All of these.
    all: Vec<String>,
    /// None of these.
    none: Vec<String>,
    /// Every message, for a query that only excludes.
    everything: String,
    /// What the index cannot tell.
    checks: Vec<(Crowd, bool)>,
    spans: Option<Vec<(Millis, Millis)>>,
    /// Nothing can match.
    pub(super) hopeless: bool,
    pub(super) problems: Vec<Problem>,
    /// People named by `from:` and `in:`.
    pub(super) named: Vec<Vec<Term>>,
}

/// Whose messages an operator means.
#[derive(Debug, Default)]
struct Crowd {
    /// Those of the business.
    us: bool,
    /// Only what customers wrote themselves.
    incoming: bool,
    /// In these conversations.
    few: Vec<ConversationId>,
    /// In conversations of people like this.
    many: Vec<Belongs>,
}

#[derive(Debug)]
enum Belongs {
    Named(Vec<Term>),
    Tagged(Vec<i64>),
}

impl Plan {
    pub(super) fn of(sql: &Connection, query: &Query, scope: &Scope) -> Result<Self, StoreError> {
        let all: Vec<AccountId> = sql
            .prepare_cached("SELECT id FROM account")?
            .query_map([], |row| row.get(0).map(AccountId))?
            .collect::<Result<_, _>>()?;
        let mut accounts = all.clone();
        accounts.retain(|account| scope.account.is_none_or(|wanted| wanted == *account));
        let everything = any([false, true].iter().flat_map(|out| accounts.iter().map(|id| facet::account(*id, *out))));
        let mut plan = Self { spans: query.spans.clone(), everything, problems: query.unread(), ..Self::default() };
        plan.hopeless = query.is_empty() || accounts.is_empty();
        if accounts.len() < all.len() {
            plan.all.push(plan.everything.clone());
        }
        if let Some(conversation) = scope.conversation {
            plan.all.push(any([facet::conversation(conversation)].into_iter()));
        }
        for word in query.words.iter().filter(|word| word.not) {
            plan.none.push(word.term.expression());
        }
        for (has, not) in &query.has {
            let word = any([has.word().to_string()].into_iter());
            if *not { plan.none.push(word) } else { plan.all.push(word) }
        }
        plan.add_people(sql, query, scope, &accounts)?;
        plan.add_tags(sql, query, scope, &accounts)?;
        Ok(plan)
    }

    fn add_people(
        &mut self,
        sql: &Connection,
        query: &Query,
        scope: &Scope,
        accounts: &[AccountId],
    ) -> Result<(), StoreError> {
        for sender in [true, false] {
            let mut wanted: Option<Crowd> = None;
            for person in query.people.iter().filter(|person| person.sender == sender) {
                // In one conversation there is nobody else's to choose.
                if !sender && scope.conversation.is_some() {
                    continue;
                }
                let mut crowd = Crowd { incoming: sender, ..Crowd::default() };
                match &person.words {
                    None => crowd.us = true,
                    Some(words) => {
                        let found = conversations_of(sql, words, scope)?;
                        if found.is_empty() {
                            let operator = if sender { "from" } else { "in" };
                            self.problem(ProblemKind::UnknownPerson, operator, &person.value);
                        }
                        if found.len() > FEW as usize {
                            crowd.many.push(Belongs::Named(words.clone()));
                        } else {
                            crowd.few = found;
                        }
                        if !person.not {
                            self.named.push(words.clone());
                        }
                    }
                }
                if person.not {
                    self.add(crowd, true, accounts);
                } else if let Some(wanted) = &mut wanted {
                    wanted.us |= crowd.us;
                    wanted.few.extend(crowd.few);
                    wanted.many.extend(crowd.many);
                } else {
                    wanted = Some(crowd);
                }
            }
            if let Some(crowd) = wanted {
                self.add(crowd, false, accounts);
            }
        }
        Ok(())
    }

    fn add_tags(
        &mut self,
        sql: &Connection,
        query: &Query,
        scope: &Scope,
        accounts: &[AccountId],
    ) -> Result<(), StoreError> {
        for tag in &query.tags {
            let tags = tags_called(sql, &tag.folded, tag.open, accounts)?;
            if tags.is_empty() {
                self.problem(ProblemKind::UnknownTag, "tag", &tag.value);
            }
            let mut crowd = Crowd::default();
            let found = conversations_tagged(sql, &tags)?;
            // In one conversation the question is only whether it is one of them.
            if found.len() > FEW as usize || scope.conversation.is_some() {
                crowd.many.push(Belongs::Tagged(tags));
            } else {
                crowd.few = found;
            }
            self.add(crowd, tag.not, accounts);
        }
        Ok(())
    }

    fn problem(&mut self, kind: ProblemKind, operator: &str, value: &str) {
        self.problems.push(Problem { kind, operator: operator.to_owned(), value: value.to_owned() });
    }

    fn add(&mut self, crowd: Crowd, not: bool, accounts: &[AccountId]) {
        let went = |outgoing: bool| any(accounts.iter().map(|account| facet::account(*account, outgoing)));
        if !crowd.many.is_empty() {
            let mut crowd = crowd;
            if crowd.incoming && !crowd.us && !not {
                self.all.push(went(false));
                crowd.incoming = false;
            }
            self.checks.push((crowd, not));
            return;
        }
        let mut means = Vec::new();
        if crowd.us {
            means.push(went(true));
        }
        if !crowd.few.is_empty() {
            let theirs = any(crowd.few.iter().map(|id| facet::conversation(*id)));
            means.push(if crowd.incoming { format!("({theirs} AND {})", went(false)) } else { theirs });
        }
        match (means.is_empty(), not) {
            (true, true) => {}
            (true, false) => self.hopeless = true,
            (false, true) => self.none.extend(means),
            (false, false) => self.all.push(format!("({})", means.join(" OR "))),
        }
    }

    /// Whether there is something the index cannot tell, so that every hit costs a look.
    pub(super) fn looks_at_hits(&self) -> bool {
        !self.checks.is_empty()
    }

    /// The expression that asks for these words and everything else.
    fn expression(&self, words: &[String]) -> String {
        let all: Vec<&str> = words.iter().chain(&self.all).map(String::as_str).collect();
        let wanted = if all.is_empty() { self.everything.clone() } else { all.join(" AND ") };
        if self.none.is_empty() { wanted } else { format!("({wanted}) NOT ({})", self.none.join(" OR ")) }
    }

    /// Walks the index backwards, newest first, until so many hits are found; whether there may be more.
    pub(super) fn walk(
        &self,
        sql: &Connection,
        words: &[String],
        not_before: MessageId,
        most: usize,
    ) -> Result<(Vec<MessageId>, bool), StoreError> {
        let mut hits = Vec::new();
        if self.hopeless {
            return Ok((hits, false));
        }
        let expression = self.expression(words);
        let mut statement = sql.prepare_cached(
            "SELECT rowid FROM search WHERE search MATCH ?1 AND rowid >= ?2 AND rowid <= ?3 ORDER BY rowid DESC",
        )?;
        let mut known = HashMap::new();
        let mut looked_at = 0;
        for (lowest, highest) in self.stretches() {
            let mut rows = statement.query((&expression, lowest.max(not_before.0), highest))?;
            while let Some(row) = rows.next()? {
                let id = MessageId(row.get(0)?);
                looked_at += 1;
                if hits.len() >= most || looked_at > MOST_LOOKED_AT {
                    return Ok((hits, true));
                }
                if self.passes(sql, id, &mut known)? {
                    hits.push(id);
                }
            }
        }
        Ok((hits, false))
    }

    /// The ids to walk through, newest first.
    fn stretches(&self) -> Vec<(i64, i64)> {
        let Some(spans) = &self.spans else { return vec![(i64::MIN, i64::MAX)] };
        let mut stretches: Vec<(i64, i64)> = Vec::new();
        for (from, to) in spans {
            let lowest = if *from == Millis::MIN { i64::MIN } else { first_id(from.saturating_sub(SLACK_MS)).0 };
            let highest = if *to == Millis::MAX { i64::MAX } else { first_id(to.saturating_add(SLACK_MS)).0 };
            match stretches.last_mut() {
                Some((newer, _)) if *newer <= highest => *newer = lowest,
                _ => stretches.push((lowest, highest)),
            }
        }
        stretches
    }

    /// What the index cannot tell of a hit.
    fn passes(
        &self,
        sql: &Connection,
        id: MessageId,
        known: &mut HashMap<(usize, i64), bool>,
    ) -> Result<bool, StoreError> {
        if self.checks.is_empty() && self.spans.is_none() {
            return Ok(true);
        }
        // The index on ids holds these two; which way it went is asked for only where it matters.
        let row: Option<(i64, Millis)> = sql
            .prepare_cached("SELECT conversation_id, sent_at_ms FROM message WHERE id = ?1")?
            .query_row([id.0], |row| Ok((row.get(0)?, row.get(1)?)))
            .optional()?;
        let Some((conversation, sent_at_ms)) = row else { return Ok(false) };
        if let Some(spans) = &self.spans
            && !spans.iter().any(|(from, to)| (*from..*to).contains(&sent_at_ms))
        {
            return Ok(false);
        }
        for (at, (crowd, not)) in self.checks.iter().enumerate() {
            let theirs = match known.get(&(at, conversation)) {
                Some(theirs) => *theirs,
                None => {
                    let theirs = crowd.holds(sql, ConversationId(conversation))?;
                    known.insert((at, conversation), theirs);
                    theirs
                }
            };
            let outgoing = (crowd.us || crowd.incoming)
                && sql
                    .prepare_cached("SELECT outgoing FROM message WHERE id = ?1")?
                    .query_row([id.0], |row| row.get(0))?;
            let meant = if outgoing { crowd.us } else { theirs };
            if meant == *not {
                return Ok(false);
            }
        }
        Ok(true)
    }
}

impl Crowd {
    fn holds(&self, sql: &Connection, conversation: ConversationId) -> Result<bool, StoreError> {
        if self.few.contains(&conversation) {
            return Ok(true);
        }
        let person: Option<(i64, String, Option<String>)> = sql
            .prepare_cached(
                "SELECT p.id, p.name, p.handle FROM conversation c JOIN person p ON p.id = c.person_id WHERE c.id = ?1",
            )?
            .query_row([conversation.0], |row| Ok((row.get(0)?, row.get(1)?, row.get(2)?)))
            .optional()?;
        let Some((person, name, handle)) = person else { return Ok(false) };
        for belongs in &self.many {
            let holds = match belongs {
                Belongs::Named(words) => {
                    let texts = [Milled::of(&name), Milled::of(handle.as_deref().unwrap_or_default())];
                    words.iter().all(|word| texts.iter().any(|text| word.stands_in(text)))
                }
                Belongs::Tagged(tags) => sql
                    .prepare_cached("SELECT tag_id FROM person_tag WHERE person_id = ?1")?
                    .query_map([person], |row| row.get::<_, i64>(0))?
                    .collect::<Result<Vec<_>, _>>()?
                    .iter()
                    .any(|tag| tags.contains(tag)),
            };
            if holds {
                return Ok(true);
            }
        }
        Ok(false)
    }
}

/// Any of these words.
fn any(words: impl Iterator<Item = String>) -> String {
    let words: Vec<String> = words.map(|word| format!("\"{word}\"")).collect();
    if words.len() == 1 { words.concat() } else { format!("({})", words.join(" OR ")) }
}

/// What the index of people is asked for these words; nothing if there are none.
pub(super) fn people_expression(words: &[String], scope: &Scope) -> Option<String> {
    if words.is_empty() {
        return None;
    }
    let theirs = scope.account.map(|account| any(std::iter::once(facet::account(account, false))));
    Some(words.iter().cloned().chain(theirs).collect::<Vec<_>>().join(" AND "))
}

/// The conversations of the people with these words in their name or handle, up to one more than [`FEW`].
fn conversations_of(sql: &Connection, words: &[Term], scope: &Scope) -> Result<Vec<ConversationId>, StoreError> {
    let words: Vec<String> = words.iter().map(Term::expression).collect();
    let Some(expression) = people_expression(&words, scope) else { return Ok(Vec::new()) };
    Ok(sql
        .prepare_cached(
            "SELECT c.id FROM search_person s CROSS JOIN conversation c ON c.person_id = s.rowid
             WHERE s.search_person MATCH ?1 ORDER BY s.rowid DESC LIMIT ?2",
        )?
        .query_map((expression, FEW + 1), |row| row.get(0).map(ConversationId))?
        .collect::<Result<_, _>>()?)
}

/// The tags of this name; of names that begin so, while it is being typed.
fn tags_called(sql: &Connection, folded: &str, open: bool, accounts: &[AccountId]) -> Result<Vec<i64>, StoreError> {
    let mut found = Vec::new();
    let mut statement = sql.prepare_cached("SELECT id, folded FROM tag WHERE account_id = ?1")?;
    for account in accounts {
        let mut rows = statement.query([account.0])?;
        while let Some(row) = rows.next()? {
            let name = fold(&row.get::<_, String>(1)?);
            if name == folded || (open && name.starts_with(folded)) {
                found.push(row.get(0)?);
            }
        }
    }
    Ok(found)
}

/// The conversations of the people with one of these tags, up to one more than [`FEW`].
fn conversations_tagged(sql: &Connection, tags: &[i64]) -> Result<Vec<ConversationId>, StoreError> {
    let places = vec!["?"; tags.len()].join(", ");
    Ok(sql
        .prepare(&format!(
            "SELECT DISTINCT c.id FROM person_tag t CROSS JOIN conversation c ON c.person_id = t.person_id
             WHERE t.tag_id IN ({places}) LIMIT {}",
            FEW + 1
        ))?
        .query_map(params_from_iter(tags), |row| row.get(0).map(ConversationId))?
        .collect::<Result<_, _>>()?)
}
