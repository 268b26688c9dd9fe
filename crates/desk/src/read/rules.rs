//! From what rules did to what the page is shown.

use engine::rules::{self, DryTally, Explained};
use model::{ConversationId, Direction, Hours, MessageId, Millis, RuleId, RuleSpec, RuleTargets, Zone};
use store::table::firing::{self, Firing};
use store::table::{conversation, message, rule, setting};
use store::{Connection, StoreError};

use crate::view::{
    BusinessHoursView, DryExampleView, DryRuleView, DryRunView, ExplainView, MessageView, NoReplyCount, RuleRunNote,
    RuleRunView, RuleVerdictView, RuleView, RulesView,
};

pub(crate) fn view(sql: &Connection, computers: u32) -> Result<RulesView, StoreError> {
    let (pointed, counts) = (rules::pointed(sql)?, firing::counts(sql)?);
    let one = |(id, spec): (RuleId, RuleSpec)| {
        let counted = counts.get(&id).copied();
        RuleView {
            id,
            problem: spec.problem(&pointed),
            spec,
            fired: counted.map_or(0, |(fired, _)| fired),
            fired_at_ms: counted.map(|(_, at_ms)| at_ms),
        }
    };
    Ok(RulesView {
        rules: rule::all(sql)?.into_iter().map(one).collect(),
        reserve: setting::get(sql, rules::RESERVE_SETTING)?
            .and_then(|text| text.parse().ok())
            .unwrap_or(rules::RESERVE),
        computers,
        answers_here: rule::accounts_run_here(sql)?,
    })
}

/// What is wrong with a rule that is to be kept.
pub(crate) fn problem(sql: &Connection, spec: &RuleSpec) -> Result<Option<model::RuleProblem>, StoreError> {
    let pointed: RuleTargets = rules::pointed(sql)?;
    Ok(spec.problem(&pointed))
}

/// A message's words on one line, and its customer's name; empty if it is gone.
fn words(sql: &Connection, id: MessageId) -> Result<String, StoreError> {
    match message::get(sql, id) {
        Ok(held) => Ok(held.content.snippet().text),
        Err(StoreError::NotFound) => Ok(String::new()),
        Err(error) => Err(error),
    }
}

pub(crate) fn firing_view(sql: &Connection, one: Firing) -> Result<RuleRunView, StoreError> {
    Ok(RuleRunView {
        id: one.id.to_string(),
        rule: one.rule,
        name: one.name,
        conversation: one.conversation,
        person: conversation::row(sql, one.conversation)?.person.name,
        message: one.message,
        text: words(sql, one.message)?,
        at_ms: one.at_ms,
        reply: one.reply,
        no_reply: one.no_reply,
        did: one.did,
    })
}

/// Puts what rules did below the messages they did it because of.
pub(super) fn put_firings(
    sql: &Connection,
    id: ConversationId,
    messages: &mut [MessageView],
) -> Result<(), StoreError> {
    let customers = || messages.iter().filter(|message| message.direction == Direction::In).map(|message| message.id);
    let (Some(first), Some(last)) = (customers().min(), customers().max()) else { return Ok(()) };
    for one in firing::between(sql, id, first, last)? {
        if let Some(message) = messages.iter_mut().find(|message| message.id == one.message) {
            message.firings.push(RuleRunNote {
                name: one.name,
                at_ms: one.at_ms,
                did: one.did,
                no_reply: one.no_reply,
            });
        }
    }
    Ok(())
}

pub(crate) fn explain_view(sql: &Connection, id: MessageId, explained: Explained) -> Result<ExplainView, StoreError> {
    let held = message::get(sql, id)?;
    let fired = firing::between(sql, held.conversation, id, id)?;
    Ok(ExplainView {
        message: id,
        fired: fired.into_iter().map(|one| firing_view(sql, one)).collect::<Result<_, _>>()?,
        verdicts: explained
            .verdicts
            .into_iter()
            .map(|(rule, name, verdict)| RuleVerdictView { rule: Some(rule), name, verdict })
            .collect(),
        no_reply: explained.no_reply,
    })
}

/// A dry run of these rules; `new` is the id of one that is not kept yet.
pub(crate) fn dry_run_view(
    sql: &Connection,
    rules: &[(RuleId, RuleSpec)],
    new: RuleId,
    tally: DryTally,
    from_ms: Millis,
    took_ms: u32,
) -> Result<DryRunView, StoreError> {
    let mut views = Vec::new();
    for ((id, spec), tally) in rules.iter().zip(tally.rules) {
        let mut no_replies: Vec<NoReplyCount> =
            tally.no_replies.into_iter().map(|(why, times)| NoReplyCount { why, times }).collect();
        no_replies.sort_by_key(|count| (std::cmp::Reverse(count.times), count.why as u8));
        let mut examples = Vec::new();
        for example in tally.examples {
            examples.push(DryExampleView {
                conversation: example.conversation,
                person: conversation::row(sql, example.conversation)?.person.name,
                message: example.message,
                text: words(sql, example.message)?,
                at_ms: example.sent_at_ms,
                no_reply: example.no_reply,
            });
        }
        views.push(DryRuleView {
            rule: (*id != new).then_some(*id),
            name: spec.name.clone(),
            fired: tally.fired,
            replies: tally.replies,
            no_replies,
            examples,
        });
    }
    let (from_ms, to_ms) = tally.span_ms.unwrap_or((from_ms, from_ms));
    Ok(DryRunView {
        messages: tally.messages,
        conversations: tally.conversations,
        from_ms,
        to_ms,
        rules: views,
        took_ms,
    })
}

pub(crate) fn hours_view(
    sql: &Connection,
    account: model::AccountId,
    now_ms: Millis,
) -> Result<BusinessHoursView, StoreError> {
    let kept = rule::settings_of(sql, account)?.hours;
    let hours = kept.as_ref().and_then(Hours::of);
    Ok(BusinessHoursView {
        account,
        open: hours.as_ref().is_none_or(|hours| hours.is_open(now_ms)),
        changes_at_ms: hours.and_then(|hours| hours.changes_at(now_ms)),
        hours: kept,
        time_zones: Zone::names(),
    })
}
