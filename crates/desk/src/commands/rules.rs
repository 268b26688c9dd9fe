//! Rules, what they did and would have done, and business hours.

use model::{AccountId, BusinessHours, MessageId, RuleId, RuleSpec};
use ts_rs::TS;

use crate::contract::Command;
use crate::view::{BusinessHoursView, DryRunView, ExplainView, FiringView, RulesView};
use crate::{Desk, Fault};

/// All rules, in the order in which they are tried.
#[derive(Debug, Clone, serde::Deserialize, TS)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct ListRules {}

impl Command for ListRules {
    type Reply = RulesView;

    async fn run(self, desk: &Desk) -> Result<RulesView, Fault> {
        super::not_yet(desk)
    }
}

/// Keeps a rule: a new one at the end of the others.
#[derive(Debug, Clone, serde::Deserialize, TS)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct SaveRule {
    /// Which one; none for a new one.
    pub rule: Option<RuleId>,
    /// What it says.
    pub spec: RuleSpec,
}

impl Command for SaveRule {
    type Reply = RulesView;

    async fn run(self, desk: &Desk) -> Result<RulesView, Fault> {
        super::not_yet(desk)
    }
}

/// Deletes a rule; what it did stays in the log.
#[derive(Debug, Clone, serde::Deserialize, TS)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct DeleteRule {
    /// Which one.
    pub rule: RuleId,
}

impl Command for DeleteRule {
    type Reply = RulesView;

    async fn run(self, desk: &Desk) -> Result<RulesView, Fault> {
        super::not_yet(desk)
    }
}

/// Puts the rules into this order.
#[derive(Debug, Clone, serde::Deserialize, TS)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct SortRules {
    /// All of them, in their new order.
    pub order: Vec<RuleId>,
}

impl Command for SortRules {
    type Reply = RulesView;

    async fn run(self, desk: &Desk) -> Result<RulesView, Fault> {
        super::not_yet(desk)
    }
}

/// Decides how many replies of a customer's budget rules leave to people.
#[derive(Debug, Clone, serde::Deserialize, TS)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct SetReserve {
    /// 0 to 10.
    pub reserve: u32,
}

impl Command for SetReserve {
    type Reply = RulesView;

    async fn run(self, desk: &Desk) -> Result<RulesView, Fault> {
        super::not_yet(desk)
    }
}

/// Decides whether this computer answers by rule for an account.
#[derive(Debug, Clone, serde::Deserialize, TS)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct SetRulesHere {
    /// Whose.
    pub account: AccountId,
    /// Whether it does.
    pub here: bool,
}

impl Command for SetRulesHere {
    type Reply = RulesView;

    async fn run(self, desk: &Desk) -> Result<RulesView, Fault> {
        super::not_yet(desk)
    }
}

/// What rules did, newest first, at most 100.
#[derive(Debug, Clone, serde::Deserialize, TS)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct ListFirings {
    /// Whose.
    pub account: AccountId,
    /// Of this rule alone.
    pub rule: Option<RuleId>,
    /// Only what is older than the firing with this `id`.
    pub before: Option<String>,
}

impl Command for ListFirings {
    type Reply = Vec<FiringView>;

    async fn run(self, desk: &Desk) -> Result<Vec<FiringView>, Fault> {
        super::not_yet(desk)
    }
}

/// Why each rule did what it did with one customer's message.
#[derive(Debug, Clone, serde::Deserialize, TS)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct ExplainRules {
    /// Which message.
    pub message: MessageId,
}

impl Command for ExplainRules {
    type Reply = ExplainView;

    async fn run(self, desk: &Desk) -> Result<ExplainView, Fault> {
        super::not_yet(desk)
    }
}

/// What the rules would have done with past messages, a changed or new one among them. Nothing is sent, and nothing is written.
#[derive(Debug, Clone, serde::Deserialize, TS)]
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
        super::not_yet(desk)
    }
}

/// An account's business hours.
#[derive(Debug, Clone, serde::Deserialize, TS)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct GetBusinessHours {
    /// Whose.
    pub account: AccountId,
}

impl Command for GetBusinessHours {
    type Reply = BusinessHoursView;

    async fn run(self, desk: &Desk) -> Result<BusinessHoursView, Fault> {
        super::not_yet(desk)
    }
}

/// Keeps an account's business hours.
#[derive(Debug, Clone, serde::Deserialize, TS)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct SaveBusinessHours {
    /// Whose.
    pub account: AccountId,
    /// The hours; none if the shop is always open.
    pub hours: Option<BusinessHours>,
}

impl Command for SaveBusinessHours {
    type Reply = BusinessHoursView;

    async fn run(self, desk: &Desk) -> Result<BusinessHoursView, Fault> {
        super::not_yet(desk)
    }
}
