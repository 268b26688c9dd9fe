//! Hits, newest first, the best of the newest before the rest, each with a line to show and what to mark in it.

use std::cmp::Reverse;
use std::collections::HashSet;

use model::{AccountId, Content, ConversationId, MessageId, Millis, PersonId, SnippetKind};
use rusqlite::Connection;

use super::excerpt::{Mark, excerpt, to_marks};
use super::people_filter::people_expression;
use super::plan::Plan;
use super::query::{Problem, Query, spans};
use super::scope::Scope;
use super::term::Term;
use crate::StoreError;
use crate::table::message;
use model::text_fold::FoldedText;

/// So many of the newest hits are ranked. Ranking all was measured: at a million messages it takes a thousand times as
/// long as the newest fifty.
const RANKED: usize = 200;
/// So many people with a name as it was typed are looked at, so many whose name begins so, and so many are shown.
const MAX_WHOLE: u32 = 500;
const MAX_BEGUN: u32 = 60;
const PEOPLE_SHOWN: u32 = 8;

/// What was found.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Found {
    /// Messages: of the newest hits first those with the words in order, then those with all of them whole, then the rest;
    /// each newest first. Of some hundred hits, or of those that are shown where each had to be looked at.
    pub messages: Vec<Hit>,
    /// Customers whose name or handle has the words, or whom `from:` and `in:` name. None within one conversation.
    pub people: Vec<PersonHit>,
    /// Operators that say nothing as they stand.
    pub problems: Vec<Problem>,
    /// Whether there may be messages beyond these.
    pub more: bool,
    /// Set if not all was looked through and there are fewer messages than asked for: [`find_more`] below this one.
    pub resume: Option<MessageId>,
}

/// What was found in one conversation.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct ThreadFound {
    /// The messages, newest first.
    pub messages: Vec<MessageId>,
    /// Operators that say nothing as they stand.
    pub problems: Vec<Problem>,
    /// Whether there may be messages beyond these.
    pub more: bool,
}

/// A message that was found.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Hit {
    /// Its id.
    pub id: MessageId,
    /// Its conversation.
    pub conversation: ConversationId,
    /// Its account.
    pub account: AccountId,
    /// When it was sent, ms since the epoch.
    pub sent_at_ms: Millis,
    /// Whether the business sent it.
    pub outgoing: bool,
    /// What it is: a picture has no words to show.
    pub kind: SnippetKind,
    /// A line of it around what was found.
    pub excerpt: String,
    /// What was found in that line.
    pub marks: Vec<Mark>,
}

/// A customer who was found.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PersonHit {
    /// The customer.
    pub person: PersonId,
    /// Their newest conversation.
    pub conversation: ConversationId,
    /// Whose customer.
    pub account: AccountId,
    /// The display name.
    pub name: String,
    /// The @handle without the @.
    pub handle: Option<String>,
    /// What was found in the name.
    pub marks: Vec<Mark>,
}

/// Looks for what was typed.
///
/// # Errors
/// [`StoreError`] from the database; nothing typed is an error.
pub fn find(sql: &Connection, query: &Query, scope: &Scope, limit: u32) -> Result<Found, StoreError> {
    let plan = Plan::of(sql, query, scope)?;
    let found = messages(sql, query, &plan, MessageId(i64::MAX), limit as usize)?;
    let people = if scope.conversation.is_none() { people(sql, query, scope, &plan)? } else { Vec::new() };
    Ok(Found { people, problems: plan.problems, ..found })
}

/// Goes on looking for messages where an earlier answer left off ([`Found::resume`]).
///
/// # Errors
/// [`StoreError`] from the database; nothing typed is an error.
pub fn find_more(
    sql: &Connection,
    query: &Query,
    scope: &Scope,
    below: MessageId,
    limit: u32,
) -> Result<Found, StoreError> {
    let plan = Plan::of(sql, query, scope)?;
    let found = messages(sql, query, &plan, below, limit as usize)?;
    Ok(Found { problems: plan.problems, ..found })
}

/// The messages of one conversation that hold what was typed, newest first. Everything [`find`] understands but `in:`.
///
/// # Errors
/// [`StoreError`] from the database; nothing typed is an error.
pub fn in_thread(
    sql: &Connection,
    conversation: ConversationId,
    query: &Query,
    limit: u32,
) -> Result<ThreadFound, StoreError> {
    let plan = Plan::of(sql, query, &Scope { account: None, conversation: Some(conversation) })?;
    let words: Vec<String> = query.wanted().map(Term::expression).collect();
    let mut messages = Vec::new();
    let mut below = i64::MAX;
    loop {
        let walk = plan.walk(sql, &words, &(i64::MIN..=below), limit as usize - messages.len())?;
        messages.extend(walk.hits);
        // One conversation is gone through to its end.
        let Some(resume) = walk.resume else {
            return Ok(ThreadFound { messages, problems: plan.problems, more: walk.more });
        };
        below = resume.0.saturating_sub(1);
    }
}

/// The newest hits below a message, and of these the better ones first.
fn messages(sql: &Connection, query: &Query, plan: &Plan, below: MessageId, limit: usize) -> Result<Found, StoreError> {
    let terms: Vec<&Term> = query.wanted().collect();
    let asked: Vec<String> = terms.iter().map(|term| term.expression()).collect();
    let whole: Vec<Term> = terms.iter().map(|term| term.closed()).collect();
    // The last word may go on here too, or a hit would lose its place with every letter and gain it with the last.
    let phrase = Term::phrase(terms.iter().copied()).filter(|_| terms.len() > 1);
    let open = terms.iter().any(|term| term.is_open());
    let rank = (open || phrase.is_some()) && !plan.looks_at_hits();
    let most = if rank { limit.max(RANKED) } else { limit };
    let highest = below.0.saturating_sub(1);
    let walk = plan.walk(sql, &asked, &(i64::MIN..=highest), most)?;
    let mut ids = walk.hits;
    let more = walk.more || ids.len() > limit;
    let mut rows = Vec::new();
    if rank && walk.more {
        // There are many: the index tells fastest which of the newest are better.
        let oldest = ids.last().map_or(i64::MIN, |id| id.0);
        let better = |words: &[String]| -> Result<HashSet<MessageId>, StoreError> {
            Ok(plan.walk(sql, words, &(oldest..=highest), most)?.hits.into_iter().collect())
        };
        if open {
            let whole = better(&whole.iter().map(Term::expression).collect::<Vec<_>>())?;
            ids.sort_by_key(|id| !whole.contains(id));
        }
        if let Some(phrase) = phrase {
            let phrase = better(&[phrase.expression()])?;
            ids.sort_by_key(|id| !phrase.contains(id));
        }
        for id in ids.iter().take(limit) {
            rows.extend(HitRow::read(sql, *id)?);
        }
    } else {
        // They are few: their texts tell, and the index would go through all of history again.
        for id in &ids {
            rows.extend(HitRow::read(sql, *id)?);
        }
        if open || phrase.is_some() {
            rows.sort_by_cached_key(|row| {
                let text = FoldedText::of(&row.content.searchable());
                let in_order = phrase.as_ref().is_some_and(|phrase| phrase.stands_in(&text));
                (!in_order, !whole.iter().all(|term| term.stands_in(&text)))
            });
        }
        rows.truncate(limit);
    }
    let messages = rows.into_iter().map(|row| row.hit(query)).collect();
    Ok(Found { messages, more, resume: walk.resume, ..Found::default() })
}

/// A message to show.
#[derive(Debug)]
struct HitRow {
    id: MessageId,
    conversation: ConversationId,
    account: AccountId,
    sent_at_ms: Millis,
    outgoing: bool,
    content: Content,
}

impl HitRow {
    /// Nothing if it is gone.
    fn read(sql: &Connection, id: MessageId) -> Result<Option<Self>, StoreError> {
        let mut statement = sql.prepare_cached(
            "SELECT conversation_id, account_id, sent_at_ms, outgoing, content FROM message WHERE id = ?1",
        )?;
        let mut rows = statement.query([id.0])?;
        let Some(row) = rows.next()? else { return Ok(None) };
        Ok(Some(Self {
            id,
            conversation: ConversationId(row.get("conversation_id")?),
            account: AccountId(row.get("account_id")?),
            sent_at_ms: row.get("sent_at_ms")?,
            outgoing: row.get("outgoing")?,
            content: message::content_of(row.get_ref("content")?.as_bytes().map_err(rusqlite::Error::from)?),
        }))
    }

    fn hit(self, query: &Query) -> Hit {
        let Self { id, conversation, account, sent_at_ms, outgoing, content } = self;
        let (excerpt, marks) = excerpt(query, &content.searchable());
        Hit { id, conversation, account, sent_at_ms, outgoing, kind: content.snippet().kind, excerpt, marks }
    }
}

/// The customers the words name, or `from:` and `in:` do: first those with all the words whole, then those with words that
/// begin so; those heard of last first.
fn people(sql: &Connection, query: &Query, scope: &Scope, plan: &Plan) -> Result<Vec<PersonHit>, StoreError> {
    // Whether the name only begins so, when something was heard, who, where, and the words.
    type Heard<'a> = (bool, Reverse<Millis>, i64, i64, &'a [Term]);
    let words: Vec<Term> = query.wanted().cloned().collect();
    let plain = query.people.is_empty() && query.tags.is_empty() && query.has.is_empty() && query.spans.is_none();
    let names = if plain { vec![words] } else { plan.named.clone() };
    let mut heard: Vec<Heard<'_>> = Vec::new();
    for words in &names {
        let whole: Vec<String> = words.iter().map(|word| word.closed().expression()).collect();
        let begun: Vec<String> = words.iter().map(Term::expression).collect();
        let mut asked = vec![(false, MAX_WHOLE, &whole)];
        if begun != whole {
            asked.push((true, MAX_BEGUN, &begun));
        }
        for (beginning, most, asked) in asked {
            let Some(expression) = people_expression(asked, scope) else { continue };
            // Of so many the newest customers are looked at, which are likely those heard of last.
            let mut statement = sql.prepare_cached(
                "SELECT wanted, max(c.last_at_ms) AS heard_at_ms, c.id
                 FROM (SELECT rowid AS wanted FROM search_person WHERE search_person MATCH ?1 ORDER BY rowid DESC LIMIT ?2)
                 CROSS JOIN conversation c ON c.person_id = wanted GROUP BY wanted ORDER BY 2 DESC LIMIT ?3",
            )?;
            let mut rows = statement.query((expression, most, PEOPLE_SHOWN))?;
            let mut count = 0;
            while let Some(row) = rows.next()? {
                let (person, last_at_ms, conversation): (i64, Millis, i64) =
                    (row.get("wanted")?, row.get("heard_at_ms")?, row.get("id")?);
                count += 1;
                if heard.iter().all(|known| known.2 != person) {
                    heard.push((beginning, Reverse(last_at_ms), person, conversation, words.as_slice()));
                }
            }
            if count == PEOPLE_SHOWN {
                break;
            }
        }
    }
    heard.sort_by_key(|(beginning, last_at_ms, ..)| (*beginning, *last_at_ms));
    let mut hits = Vec::new();
    for (_, _, person, conversation, words) in heard.into_iter().take(PEOPLE_SHOWN as usize) {
        let (account, name, handle): (i64, String, Option<String>) = sql
            .prepare_cached("SELECT account_id, name, handle FROM person WHERE id = ?1")?
            .query_row([person], |row| row.try_into())?;
        let marks = to_marks(&spans(words.iter(), &name));
        let (person, conversation) = (PersonId(person), ConversationId(conversation));
        hits.push(PersonHit { person, conversation, account: AccountId(account), name, handle, marks });
    }
    Ok(hits)
}
