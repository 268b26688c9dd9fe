//! In whose conversations to look: those of the people with words in their names, or with a tag.

use model::AccountId;
use rusqlite::{Connection, params_from_iter};

use super::facet;
use super::scope::{Scope, any};
use super::term::Term;
use crate::StoreError;
use crate::rows::only;
use model::text_fold::fold;

/// Ids in order, each once, so that whether one is among them is quickly said.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct IdSet(Vec<i64>);

impl IdSet {
    pub(super) fn of(mut ids: Vec<i64>) -> Self {
        ids.sort_unstable();
        ids.dedup();
        Self(ids)
    }

    pub(super) fn ids(&self) -> &[i64] {
        &self.0
    }

    pub(super) fn len(&self) -> usize {
        self.0.len()
    }

    pub(super) fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    pub(super) fn holds(&self, id: i64) -> bool {
        self.0.binary_search(&id).is_ok()
    }

    pub(super) fn add(&mut self, others: &Self) {
        self.0.extend(&others.0);
        self.0.sort_unstable();
        self.0.dedup();
    }

    pub(super) fn keep(&mut self, others: &Self) {
        self.0.retain(|id| others.holds(*id));
    }

    pub(super) fn drop_all(&mut self, others: &Self) {
        self.0.retain(|id| !others.holds(*id));
    }
}

/// What the index of people is asked for these words; nothing if there are none.
pub(super) fn people_expression(words: &[String], scope: &Scope) -> Option<String> {
    if words.is_empty() {
        return None;
    }
    let theirs = scope.account.map(|account| any(std::iter::once(facet::account(account, false))));
    Some(words.iter().cloned().chain(theirs).collect::<Vec<_>>().join(" AND "))
}

/// The conversations of the people with these words in their name or handle. All of them, however many: an index holds
/// what is read here, so a thousand take about a millisecond.
pub(super) fn named(sql: &Connection, words: &[Term], scope: &Scope) -> Result<IdSet, StoreError> {
    let words: Vec<String> = words.iter().map(Term::expression).collect();
    let Some(expression) = people_expression(&words, scope) else { return Ok(IdSet::default()) };
    let ids = sql
        .prepare_cached(
            "SELECT c.id FROM search_person CROSS JOIN conversation c ON c.person_id = search_person.rowid
             WHERE search_person MATCH ?1",
        )?
        .query_map([expression], only)?
        .collect::<Result<_, _>>()?;
    Ok(IdSet::of(ids))
}

/// The tags of this name; of names that begin so, while it is being typed.
pub(super) fn tags_called(
    sql: &Connection,
    folded: &str,
    open: bool,
    accounts: &[AccountId],
) -> Result<Vec<i64>, StoreError> {
    let mut found = Vec::new();
    let mut statement = sql.prepare_cached("SELECT id, folded FROM tag WHERE account_id = ?1")?;
    for account in accounts {
        let mut rows = statement.query([account.0])?;
        while let Some(row) = rows.next()? {
            let name = fold(&row.get::<_, String>("folded")?);
            if name == folded || (open && name.starts_with(folded)) {
                found.push(row.get("id")?);
            }
        }
    }
    Ok(found)
}

/// The conversations of the people with one of these tags.
pub(super) fn tagged(sql: &Connection, tags: &[i64]) -> Result<IdSet, StoreError> {
    let places = vec!["?"; tags.len()].join(", ");
    let ids = sql
        .prepare(&format!(
            "SELECT c.id FROM person_tag t CROSS JOIN conversation c ON c.person_id = t.person_id
             WHERE t.tag_id IN ({places})"
        ))?
        .query_map(params_from_iter(tags), only)?
        .collect::<Result<_, _>>()?;
    Ok(IdSet::of(ids))
}

/// Conversations and when there was something last, the most active first.
pub(super) fn by_activity(sql: &Connection, conversations: &IdSet) -> Result<Vec<(i64, i64)>, StoreError> {
    let mut statement = sql.prepare_cached("SELECT last_at_ms FROM conversation WHERE id = ?1")?;
    let mut active = Vec::with_capacity(conversations.len());
    for id in conversations.ids() {
        let mut rows = statement.query([id])?;
        if let Some(row) = rows.next()? {
            active.push((row.get("last_at_ms")?, *id));
        }
    }
    active.sort_unstable_by(|one, other| other.cmp(one));
    Ok(active.into_iter().map(|(last_at_ms, id)| (id, last_at_ms)).collect())
}
