//! Rules, what they did and would have done, and business hours.

use std::time::Instant;

use engine::rules::{DryRun, RESERVE_SETTING};
use model::{AccountId, BusinessHours, Change, HoursProblem, MessageId, RuleId, RuleProblem, RuleSpec};
use store::table::{firing, rule, setting};
use ts_rs::TS;

use crate::command::Command;
use crate::view::{BusinessHoursView, DryRunView, ExplainView, RuleRunView, RulesView};
use crate::{Desk, Fault, FaultCode, read};

/// So many firings are listed at once.
const MAX_RULE_RUNS: u32 = 100;
/// Ten years.
const MAX_DRY_RUN_DAYS: u32 = 3_650;
const DAY_MS: i64 = 24 * 3_600_000;
/// The id of a rule that is tried and not kept.
const NEW: RuleId = RuleId(0);

async fn rules(desk: &Desk) -> Result<RulesView, Fault> {
    let computers = desk.settings().await.computers;
    Ok(desk.store().read(move |sql| read::rules::view(sql, computers)).await?)
}

async fn hours(desk: &Desk, account: AccountId) -> Result<BusinessHoursView, Fault> {
    let now_ms = desk.engine().clock().now_ms();
    Ok(desk.store().read(move |sql| read::rules::hours_view(sql, account, now_ms)).await?)
}

fn invalid(problem: RuleProblem) -> Fault {
    match serde_json::to_value(problem) {
        Ok(serde_json::Value::String(name)) => Fault::with_detail(FaultCode::RuleInvalid, name),
        _ => Fault::new(FaultCode::RuleInvalid),
    }
}

/// All rules, in the order in which they are tried.
#[derive(Debug, Clone, serde::Serialize, serde::Deserialize, TS)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct ListRules {}

impl Command for ListRules {
    type Reply = RulesView;

    async fn run(self, desk: &Desk) -> Result<RulesView, Fault> {
        rules(desk).await
    }
}

/// Keeps a rule: a new one at the end of the others.
#[derive(Debug, Clone, serde::Serialize, serde::Deserialize, TS)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct SaveRule {
    /// The rule; none for a new one.
    pub rule: Option<RuleId>,
    /// The rule as edited.
    pub spec: RuleSpec,
}

impl Command for SaveRule {
    type Reply = RulesView;

    async fn run(self, desk: &Desk) -> Result<RulesView, Fault> {
        let Self { rule: id, mut spec } = self;
        spec.name = spec.name.split_whitespace().collect::<Vec<_>>().join(" ");
        let now_ms = desk.engine().clock().now_ms();
        let saved = desk.store().write(move |tx| {
            if let Some(problem) = read::rules::problem(tx, &spec)? {
                return Ok(Err(problem));
            }
            rule::save(tx, id, &spec)?;
            rule::restart_waits(tx, now_ms)?;
            Ok(Ok(()))
        });
        saved.await?.map_err(invalid)?;
        desk.engine().rules().wake();
        rules(desk).await
    }
}

/// Deletes a rule; what it did stays in the log.
#[derive(Debug, Clone, serde::Serialize, serde::Deserialize, TS)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct DeleteRule {
    /// The rule.
    pub rule: RuleId,
}

impl Command for DeleteRule {
    type Reply = RulesView;

    async fn run(self, desk: &Desk) -> Result<RulesView, Fault> {
        let (id, now_ms) = (self.rule, desk.engine().clock().now_ms());
        let removed = desk.store().write(move |tx| {
            rule::remove(tx, id)?;
            rule::restart_waits(tx, now_ms)
        });
        removed.await?;
        desk.engine().rules().wake();
        rules(desk).await
    }
}

/// Puts the rules into this order.
#[derive(Debug, Clone, serde::Serialize, serde::Deserialize, TS)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct SortRules {
    /// All of them, in their new order.
    pub order: Vec<RuleId>,
}

impl Command for SortRules {
    type Reply = RulesView;

    async fn run(self, desk: &Desk) -> Result<RulesView, Fault> {
        let Self { order } = self;
        desk.store().write(move |tx| rule::sort(tx, &order)).await?;
        rules(desk).await
    }
}

/// Decides how many replies of a customer's budget rules leave to people.
#[derive(Debug, Clone, serde::Serialize, serde::Deserialize, TS)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct SetReplyReserve {
    /// 0 to 10.
    pub reserve: u32,
}

impl Command for SetReplyReserve {
    type Reply = RulesView;

    async fn run(self, desk: &Desk) -> Result<RulesView, Fault> {
        let reserve = self.reserve.min(model::MAX_REPLIES).to_string();
        let set = desk.store().write(move |tx| {
            setting::set(tx, RESERVE_SETTING, &reserve)?;
            tx.touch(Change::Rules);
            Ok(())
        });
        set.await?;
        rules(desk).await
    }
}

/// Decides whether this computer answers by rule for an account.
#[derive(Debug, Clone, serde::Serialize, serde::Deserialize, TS)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct SetRulesOnThisComputer {
    /// The account.
    pub account: AccountId,
    /// Whether it does.
    pub here: bool,
}

impl Command for SetRulesOnThisComputer {
    type Reply = RulesView;

    async fn run(self, desk: &Desk) -> Result<RulesView, Fault> {
        let Self { account, here } = self;
        desk.store().write(move |tx| rule::set_runs_here(tx, account, here)).await?;
        rules(desk).await
    }
}

/// What rules did, newest first, at most 100.
#[derive(Debug, Clone, serde::Serialize, serde::Deserialize, TS)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct ListRuleRuns {
    /// The account.
    pub account: AccountId,
    /// Of this rule alone.
    pub rule: Option<RuleId>,
    /// Only what is older than the firing with this `id`.
    pub before: Option<String>,
}

impl Command for ListRuleRuns {
    type Reply = Vec<RuleRunView>;

    async fn run(self, desk: &Desk) -> Result<Vec<RuleRunView>, Fault> {
        let Self { account, rule: of, before } = self;
        let before = match before.map(|id| id.parse::<i64>()) {
            None => None,
            Some(Ok(id)) => Some(id),
            Some(Err(_)) => return Err(Fault::new(FaultCode::BadRequest)),
        };
        let found = desk.store().read(move |sql| {
            let found = firing::of_account(sql, account, of, before, MAX_RULE_RUNS)?;
            found.into_iter().map(|one| read::rules::firing_view(sql, one)).collect()
        });
        Ok(found.await?)
    }
}

/// Why each rule did what it did with one customer's message.
#[derive(Debug, Clone, serde::Serialize, serde::Deserialize, TS)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct ExplainRules {
    /// The message.
    pub message: MessageId,
}

impl Command for ExplainRules {
    type Reply = ExplainView;

    async fn run(self, desk: &Desk) -> Result<ExplainView, Fault> {
        let id = self.message;
        let explained = desk.engine().rules().explain(id).await?;
        Ok(desk.store().read(move |sql| read::rules::explain_view(sql, id, explained)).await?)
    }
}

/// What the rules would have done with past messages, a changed or new one among them. Nothing is sent, and nothing is written.
#[derive(Debug, Clone, serde::Serialize, serde::Deserialize, TS)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct DryRunRules {
    /// Of one account's messages, or of all.
    pub account: Option<AccountId>,
    /// The rule that `spec` would replace; none for a new one at the end.
    pub rule: Option<RuleId>,
    /// What that rule would say; none to try the rules as they are.
    pub spec: Option<RuleSpec>,
    /// How many days back, 1 to 3650.
    pub days: u32,
}

impl Command for DryRunRules {
    type Reply = DryRunView;

    async fn run(self, desk: &Desk) -> Result<DryRunView, Fault> {
        let Self { account, rule: of, spec, days } = self;
        let started = Instant::now();
        let mut rules = desk.store().read(rule::all).await?;
        if let Some(spec) = spec {
            match rules.iter_mut().find(|(id, _)| Some(*id) == of) {
                Some((_, known)) => *known = spec,
                None if of.is_some() => return Err(Fault::new(FaultCode::NotFound)),
                None => rules.push((NEW, spec)),
            }
        }
        let back_ms = i64::from(days.clamp(1, MAX_DRY_RUN_DAYS)) * DAY_MS;
        let from_ms = desk.engine().clock().now_ms().saturating_sub(back_ms);
        let tally = desk.engine().rules().dry_run(DryRun { account, rules: rules.clone(), from_ms }).await?;
        let took_ms = u32::try_from(started.elapsed().as_millis()).unwrap_or(u32::MAX);
        let view = move |sql: &store::Connection| read::rules::dry_run_view(sql, &rules, NEW, tally, from_ms, took_ms);
        Ok(desk.store().read(view).await?)
    }
}

/// An account's business hours.
#[derive(Debug, Clone, serde::Serialize, serde::Deserialize, TS)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct GetBusinessHours {
    /// The account.
    pub account: AccountId,
}

impl Command for GetBusinessHours {
    type Reply = BusinessHoursView;

    async fn run(self, desk: &Desk) -> Result<BusinessHoursView, Fault> {
        hours(desk, self.account).await
    }
}

/// Keeps an account's business hours.
#[derive(Debug, Clone, serde::Serialize, serde::Deserialize, TS)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct SaveBusinessHours {
    /// The account.
    pub account: AccountId,
    /// The hours; none if the shop is always open.
    pub hours: Option<BusinessHours>,
}

impl Command for SaveBusinessHours {
    type Reply = BusinessHoursView;

    async fn run(self, desk: &Desk) -> Result<BusinessHoursView, Fault> {
        let Self { account, hours: kept } = self;
        if let Some(problem) = kept.as_ref().and_then(BusinessHours::problem) {
            let detail = match problem {
                HoursProblem::TimeZone => "timeZone",
                HoursProblem::Week => "week",
                HoursProblem::Holiday => "holiday",
            };
            return Err(Fault::with_detail(FaultCode::HoursInvalid, detail));
        }
        desk.store().write(move |tx| rule::set_hours(tx, account, kept.as_ref())).await?;
        hours(desk, account).await
    }
}
