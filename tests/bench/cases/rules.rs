//! Trying rules over the past.

use serde_json::json;

use crate::measure::Case;
use crate::stage::{Stage, request};

/// So far back; the history ends some time before now.
const DAYS: u32 = 60;

/// What one rule would have done. The floor has nothing like it.
pub(crate) fn dry_run<'a>(stage: &'a Stage<'a>) -> Case<'a> {
    Case::new("rule_dry_run").desk(move |_| {
        let trigger = json!({ "kind": "keyword", "words": ["order"], "matching": "word" });
        let actions = json!([{ "kind": "tag", "name": "Order" }]);
        let spec = json!({ "name": "Order", "enabled": true, "trigger": trigger, "conditions": [], "actions": actions, "stop": false });
        let args = json!({ "account": stage.account, "rule": null, "spec": spec, "days": DAYS });
        stage.ask(vec![request("dryRunRules", args)])
    })
}
