//! `webhook`

use wire::api::{StepOutcome, WebhookConfig};

use super::arguments::WebhookAction;
use super::terminal::{refused, say};
use crate::context::Context;
use crate::{audit, webhook_config};

/// Shows or changes where TikTok sends the app's webhooks.
pub(super) async fn run(context: &Context, action: WebhookAction) -> anyhow::Result<()> {
    match action {
        WebhookAction::Show => show(&webhook_config::read(context).await.map_err(refused)?),
        WebhookAction::Set { replace } => {
            show(&webhook_config::set(context, audit::COMMAND_LINE, replace).await.map_err(refused)?)
        }
        WebhookAction::Clear => show(&webhook_config::clear(context, audit::COMMAND_LINE).await.map_err(refused)?),
        WebhookAction::Test => test(context).await,
    }
}

fn show(config: &WebhookConfig) -> anyhow::Result<()> {
    let or_none = |address: &Option<String>| address.clone().unwrap_or_else(|| "nowhere".to_owned());
    say(&format!("TikTok sends the app's webhooks to {}", or_none(&config.registered)))?;
    say(&format!("This relay takes them at           {}", or_none(&config.own)))
}

async fn test(context: &Context) -> anyhow::Result<()> {
    let steps = webhook_config::test(context).await.steps;
    for step in &steps {
        let word = match step.outcome {
            StepOutcome::Passed => "ok  ",
            StepOutcome::Failed => "fail",
            StepOutcome::Skipped | StepOutcome::Unknown => "    ",
        };
        say(&format!("{word}  {}", step.detail))?;
    }
    anyhow::ensure!(steps.iter().all(|step| step.outcome != StepOutcome::Failed), "a webhook would not arrive");
    Ok(())
}
