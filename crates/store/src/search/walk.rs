//! Walking the index backwards, newest first, until there are enough hits; what the index cannot tell is looked at hit by
//! hit.

use std::ops::RangeInclusive;

use model::{ConversationId, MessageId, Millis};
use rusqlite::Connection;

use super::facet;
use super::people_filter;
use super::plan::{Check, MAX_OR_TERMS, Plan};
use super::scope::any;
use crate::StoreError;
use crate::table::message::first_id;

/// Up to so many conversations are asked of the index in turns of [`MAX_OR_TERMS`], which finds all there is however old it is.
/// Hits of more are looked at one by one: among so many people the next one is near.
const IN_TURNS: usize = 1_024;
/// So many hits are looked at before the first turn.
const FIRST_LOOKED_AT: usize = 4_000;
/// A walk from here on begins with the newest message of all.
const NEWEST: i64 = i64::MAX - 1;
/// So many hits are looked at in one walk: about 8 ms. Then it says where to go on ([`Walk::resume`]).
const MAX_LOOKED_AT: usize = 6_000;
/// A message's id has the time it was first said to be sent at, its own or TikTok's clock being a little off.
const SLACK_MS: Millis = 3_600_000;
/// A message of ours has the id it was queued with, and may go out as long as TikTok lets it: 48 hours, and a day more for
/// what is sent again after it was refused.
const QUEUED_MS: Millis = 72 * 3_600_000;

/// What a walk has found.
#[derive(Debug, Default)]
pub(super) struct Walk {
    /// Newest first.
    pub(super) hits: Vec<MessageId>,
    /// Whether there may be more.
    pub(super) more: bool,
    /// Set if it ended before there were enough: the next search looks below this one.
    pub(super) resume: Option<MessageId>,
    /// How many messages it was about.
    pub(super) looked_at: usize,
}

/// Ids to walk through.
type Stretch = RangeInclusive<i64>;

impl Plan {
    /// The newest messages with these words, at most so many, among these ids.
    pub(super) fn walk(
        &self,
        sql: &Connection,
        words: &[String],
        among: &Stretch,
        most: usize,
    ) -> Result<Walk, StoreError> {
        if self.hopeless {
            return Ok(Walk::default());
        }
        match &self.within {
            // Whatever else is looked at may pass over many, and a turn cannot be left in its middle.
            Some(within) if within.len() <= IN_TURNS && self.checks.is_empty() => {
                // Of a rare word there is nothing left after a few: a turn each would cost more.
                let first = self.through(sql, words, among, most, Some(FIRST_LOOKED_AT))?;
                let Some(below) = first.resume else { return Ok(first) };
                // A first question is to show something at once; the one after it is told the rest at once.
                if *among.end() >= NEWEST {
                    return Ok(first);
                }
                let most = most - first.hits.len();
                let mut walk = Walk { looked_at: first.looked_at, ..Walk::default() };
                for turn in people_filter::by_activity(sql, within)?.chunks(MAX_OR_TERMS) {
                    let newest_ms = turn.first().map_or(Millis::MIN, |(_, last_at_ms)| *last_at_ms);
                    // What does not come before the last of enough hits does not matter.
                    let lowest = if walk.hits.len() < most { None } else { walk.hits.last().map(|id| id.0 + 1) };
                    if lowest.is_some_and(|lowest| first_id(newest_ms.saturating_add(SLACK_MS)).0 < lowest) {
                        walk.more = true;
                        break;
                    }
                    let theirs = any(turn.iter().map(|(id, _)| facet::conversation(ConversationId(*id))));
                    let among = lowest.unwrap_or(*among.start())..=below.0.saturating_sub(1);
                    let asked = [words, std::slice::from_ref(&theirs)].concat();
                    let found = self.through(sql, &asked, &among, most, None)?;
                    walk.looked_at += found.looked_at;
                    walk.more |= found.more;
                    walk.hits.extend(found.hits);
                    walk.hits.sort_unstable_by(|one, other| other.cmp(one));
                    if walk.hits.len() > most {
                        walk.hits.truncate(most);
                        walk.more = true;
                    }
                }
                walk.hits.splice(..0, first.hits);
                Ok(walk)
            }
            _ => self.through(sql, words, among, most, Some(MAX_LOOKED_AT)),
        }
    }

    /// Whether hits have to be looked at, or walked to in turns: asking the index twice is no gain then.
    pub(super) fn looks_at_hits(&self) -> bool {
        self.within.is_some() || !self.checks.is_empty()
    }

    /// One statement for each stretch of time. In a turn, where the index is asked for the conversations, it goes to the end.
    fn through(
        &self,
        sql: &Connection,
        words: &[String],
        among: &Stretch,
        most: usize,
        looks_at: Option<usize>,
    ) -> Result<Walk, StoreError> {
        let mut walk = Walk::default();
        let looks = self.spans.is_some() || !self.checks.is_empty() || (self.within.is_some() && looks_at.is_some());
        let most_looked_at = looks_at.filter(|_| looks).unwrap_or(usize::MAX);
        let who = self.checks.iter().any(Check::asks_who);
        // The index on ids holds conversation and time; which way a message went is read only where it matters.
        let mut statement = sql.prepare_cached(match (looks, who) {
            (false, _) => {
                "SELECT rowid, 0 AS conversation_id, 0 AS sent_at_ms, 0 AS outgoing FROM search WHERE search MATCH ?1 AND rowid BETWEEN ?2 AND ?3 ORDER BY rowid DESC"
            }
            (true, false) => {
                "SELECT search.rowid, m.conversation_id, m.sent_at_ms, 0 AS outgoing
                 FROM search CROSS JOIN message m INDEXED BY message_by_id ON m.id = search.rowid
                 WHERE search MATCH ?1 AND search.rowid BETWEEN ?2 AND ?3 ORDER BY search.rowid DESC"
            }
            (true, true) => {
                "SELECT search.rowid, m.conversation_id, m.sent_at_ms, m.outgoing
                 FROM search CROSS JOIN message m INDEXED BY message_by_id ON m.id = search.rowid
                 WHERE search MATCH ?1 AND search.rowid BETWEEN ?2 AND ?3 ORDER BY search.rowid DESC"
            }
        })?;
        for (stretch, own) in self.stretches() {
            let (lowest, highest) = ((*stretch.start()).max(*among.start()), (*stretch.end()).min(*among.end()));
            if lowest > highest {
                continue;
            }
            let expression = self.expression(words.iter().chain(own.then_some(&self.own)));
            let mut rows = statement.query((expression, lowest, highest))?;
            while let Some(row) = rows.next()? {
                let (id, conversation, sent_at_ms, outgoing) = row.try_into()?;
                let enough = walk.hits.len() >= most;
                if enough || walk.looked_at >= most_looked_at {
                    walk.more = true;
                    walk.resume = (!enough).then_some(MessageId(id + 1));
                    return Ok(walk);
                }
                walk.looked_at += 1;
                if !looks || self.passes(conversation, sent_at_ms, outgoing) {
                    walk.hits.push(MessageId(id));
                }
            }
        }
        Ok(walk)
    }

    /// What the index cannot tell of a hit.
    fn passes(&self, conversation: i64, sent_at_ms: Millis, outgoing: bool) -> bool {
        self.spans.as_ref().is_none_or(|spans| spans.iter().any(|(from, to)| (*from..*to).contains(&sent_at_ms)))
            && self.within.as_ref().is_none_or(|within| within.holds(conversation))
            && self.checks.iter().all(|check| check.passes(conversation, outgoing))
    }

    /// The ids to walk through, newest first, and whether only what the business wrote matters there.
    fn stretches(&self) -> Vec<(Stretch, bool)> {
        let Some(spans) = &self.spans else { return vec![(i64::MIN..=i64::MAX, false)] };
        // From, to, and from where on ours may have been queued.
        let mut stretches: Vec<(i64, i64, i64)> = Vec::new();
        for (from, to) in spans {
            let id_before = |slack: Millis| {
                if *from == Millis::MIN { i64::MIN } else { first_id(from.saturating_sub(slack)).0 }
            };
            let highest = if *to == Millis::MAX { i64::MAX } else { first_id(to.saturating_add(SLACK_MS)).0 };
            let (lowest, queued) = (id_before(SLACK_MS), id_before(QUEUED_MS));
            match stretches.last_mut() {
                Some((newer, _, before)) if *newer <= highest => (*newer, *before) = (lowest, queued),
                _ => stretches.push((lowest, highest, queued)),
            }
        }
        let mut walked = Vec::new();
        for (at, (lowest, highest, queued)) in stretches.iter().enumerate() {
            walked.push((*lowest..=*highest, false));
            let below = stretches.get(at + 1).map_or(i64::MIN, |(_, highest, _)| highest.saturating_add(1));
            walked.push(((*queued).max(below)..=lowest.saturating_sub(1), true));
        }
        walked.retain(|(ids, _)| ids.start() < ids.end());
        walked
    }
}
