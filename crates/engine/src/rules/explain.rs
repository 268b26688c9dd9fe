//! Why each rule did what it did with a message, or would do now.

use model::{MessageId, Millis, NoReply, RuleInput, RuleSet, Verdict};
use store::table::{account, firing, message, rule};
use store::{Connection, StoreError};

use super::prepare;
use crate::events::is_news;

/// What the rules as they are now say of a message.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Explained {
    /// Each rule with its verdict, in their order.
    pub verdicts: Vec<(model::RuleId, String, Verdict)>,
    /// Why no reply would go out now, if one of them would send one.
    pub no_reply: Option<NoReply>,
}

pub(super) fn explain(sql: &Connection, id: MessageId, now_ms: Millis) -> Result<Explained, StoreError> {
    let held = message::get(sql, id)?;
    if held.outgoing {
        return Err(StoreError::WrongState);
    }
    let rules = RuleSet::of(rule::all(sql)?);
    let stood = firing::load_context(sql, &held, now_ms)?;
    let business = prepare::business(sql, held.account)?;
    let who = prepare::Who::of(sql, &stood.known, &stood.name)?;
    let replies = prepare::counted(&prepare::replies(sql, &rules, &who, &business, now_ms)?);
    let look = RuleInput {
        content: &held.content,
        sent_at_ms: held.sent_at_ms,
        now_ms,
        since_ms: None,
        first: stood.first,
        request: stood.request,
        follower: stood.follower,
        replies: &replies,
    };
    let mut standing = stood.standing;
    // The question is what each would do, whatever it has done.
    standing.waited.retain(|rule| !standing.fired.contains(rule));
    standing.fired.clear();
    let (verdicts, mut no_reply) = rules.explain(&business, &look, &standing);
    let known = account::get(sql, held.account)?;
    let news = is_news(&known, id) && held.sent_at_ms > known.linked_at_ms;
    let would_reply =
        rules.iter().zip(&verdicts).any(|((_, spec), verdict)| *verdict == Verdict::Fired && spec.reply().is_some());
    if would_reply && !news {
        no_reply = Some(NoReply::History);
    }
    let verdicts = rules.iter().zip(verdicts).map(|((id, spec), verdict)| (id, spec.name.clone(), verdict)).collect();
    Ok(Explained { verdicts, no_reply })
}
