//! Rules, what they did, and what they would have done.

use model::{
    AccountId, ActionTaken, BusinessHours, ConversationId, MessageId, Millis, NoReply, RuleId, RuleProblem, RuleSpec,
    Verdict,
};
use serde::{Deserialize, Serialize};
use ts_rs::TS;

/// All rules, in the order in which they are tried.
#[derive(Debug, Clone, Serialize, Deserialize, TS)]
#[serde(rename_all = "camelCase")]
pub struct RulesView {
    /// The rules.
    pub rules: Vec<RuleView>,
    /// How many replies rules leave to people, of a customer's budget.
    pub reserve: u32,
    /// How many computers answer with the same app: more than one, and only one of them should answer by rule.
    pub computers: u32,
    /// For which accounts this computer answers by rule.
    pub answers_here: Vec<AccountId>,
}

/// A rule.
#[derive(Debug, Clone, Serialize, Deserialize, TS)]
#[serde(rename_all = "camelCase")]
pub struct RuleView {
    /// Its id.
    pub id: RuleId,
    /// The rule as edited.
    pub spec: RuleSpec,
    /// What keeps it from working since it was written: a saved reply or an agent may be gone.
    pub problem: Option<RuleProblem>,
    /// How often it has fired, as far as the log goes back.
    pub fired: u32,
    /// When it fired last, ms since the epoch.
    pub fired_at_ms: Option<Millis>,
}

/// One time a rule fired.
#[derive(Debug, Clone, Serialize, Deserialize, TS)]
#[serde(rename_all = "camelCase")]
pub struct RuleRunView {
    /// A number that grows with time, to ask for older ones.
    pub id: String,
    /// Which rule; it may be gone.
    pub rule: RuleId,
    /// What it was called then.
    pub name: String,
    /// The conversation.
    pub conversation: ConversationId,
    /// Whose conversation: the customer's name.
    pub person: String,
    /// The message.
    pub message: MessageId,
    /// What that says, shortened.
    pub text: String,
    /// The time, ms since the epoch.
    pub at_ms: Millis,
    /// The message it sent.
    pub reply: Option<MessageId>,
    /// Why it sent none although it should have.
    pub no_reply: Option<NoReply>,
    /// What else it did.
    pub did: Vec<ActionTaken>,
}

/// Why each rule did what it did with one message, or would do now.
#[derive(Debug, Clone, Serialize, Deserialize, TS)]
#[serde(rename_all = "camelCase")]
pub struct ExplainView {
    /// The message.
    pub message: MessageId,
    /// What really happened, as the log has it.
    pub fired: Vec<RuleRunView>,
    /// What the rules as they are now say, in their order.
    pub verdicts: Vec<RuleVerdictView>,
    /// Why no reply would go out now, if one of them would send one.
    pub no_reply: Option<NoReply>,
}

/// One rule's verdict on a message.
#[derive(Debug, Clone, Serialize, Deserialize, TS)]
#[serde(rename_all = "camelCase")]
pub struct RuleVerdictView {
    /// Which rule; none for one that is not kept yet.
    pub rule: Option<RuleId>,
    /// What it is called.
    pub name: String,
    /// The verdict.
    pub verdict: Verdict,
}

/// What rules would have done with past messages.
#[derive(Debug, Clone, Serialize, Deserialize, TS)]
#[serde(rename_all = "camelCase")]
pub struct DryRunView {
    /// How many customers' messages were looked at.
    pub messages: u32,
    /// In how many conversations.
    pub conversations: u32,
    /// The first of them, ms since the epoch.
    pub from_ms: Millis,
    /// The last, ms since the epoch.
    pub to_ms: Millis,
    /// What each rule would have done, in their order.
    pub rules: Vec<DryRuleView>,
    /// How long it took, in ms.
    pub took_ms: u32,
}

/// What one rule would have done.
#[derive(Debug, Clone, Serialize, Deserialize, TS)]
#[serde(rename_all = "camelCase")]
pub struct DryRuleView {
    /// Which rule; none for one that is not kept yet.
    pub rule: Option<RuleId>,
    /// What it is called.
    pub name: String,
    /// How often it would have fired.
    pub fired: u32,
    /// How many replies it would have sent: what it costs of the customers' budgets.
    pub replies: u32,
    /// How often it would have sent none, by why.
    pub no_replies: Vec<NoReplyCount>,
    /// Some of the messages, newest first.
    pub examples: Vec<DryExampleView>,
}

/// How often a reply would not have been sent for one reason.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, TS)]
#[serde(rename_all = "camelCase")]
pub struct NoReplyCount {
    /// The reason.
    pub why: NoReply,
    /// How many times.
    pub times: u32,
}

/// A message a rule would have fired on.
#[derive(Debug, Clone, Serialize, Deserialize, TS)]
#[serde(rename_all = "camelCase")]
pub struct DryExampleView {
    /// The conversation.
    pub conversation: ConversationId,
    /// The customer's name.
    pub person: String,
    /// The message.
    pub message: MessageId,
    /// What it says, shortened.
    pub text: String,
    /// The time, ms since the epoch.
    pub at_ms: Millis,
    /// Why no reply would have been sent, if one should have been.
    pub no_reply: Option<NoReply>,
}

/// An account's business hours.
#[derive(Debug, Clone, Serialize, Deserialize, TS)]
#[serde(rename_all = "camelCase")]
pub struct BusinessHoursView {
    /// The account.
    pub account: AccountId,
    /// The hours; none if the shop is always open.
    pub hours: Option<BusinessHours>,
    /// Whether it is open now.
    pub open: bool,
    /// When that changes next, ms since the epoch; none if never.
    pub changes_at_ms: Option<Millis>,
    /// All time zones there are, for choosing.
    pub time_zones: Vec<String>,
}

/// What a rule did, as it stands in the thread below the message it fired on.
#[derive(Debug, Clone, Serialize, Deserialize, TS)]
#[serde(rename_all = "camelCase")]
pub struct RuleRunNote {
    /// What the rule was called.
    pub name: String,
    /// The time, ms since the epoch.
    pub at_ms: Millis,
    /// What it did.
    pub did: Vec<ActionTaken>,
    /// Why it sent no reply although it should have.
    pub no_reply: Option<NoReply>,
}
