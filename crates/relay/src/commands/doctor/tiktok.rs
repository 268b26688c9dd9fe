//! TikTok: whether it is reached, what its clock says, and whether a webhook would arrive.

use tiktok::business::oauth::{BusinessApp, token_info};
use tiktok::{AccessToken, ClientSecret};
use wire::api::StepOutcome;

use super::findings::Findings;
use crate::context::Context;
use crate::{apps, webhook_config};

/// From this difference on webhooks begin to look too old or too new.
const MAX_OFFSET_MS: i64 = 30_000;

pub(super) async fn look(context: &Context, findings: &mut Findings) {
    ask_the_time(context, findings).await;
    match apps::business(context).await {
        Ok(Some(app)) => findings.ok("app", format!("the Business app {} is set", app.app_id)),
        Ok(None) => {
            return findings.fail("app", "no Business app is set: in Deskbell's settings, or by `deskbell-relay app`");
        }
        Err(refusal) => return findings.fail("app", format!("{}: is the key the right one?", refusal.0.detail)),
    }
    // Through the public address to the door of the relay that serves, and what TikTok has registered.
    for step in webhook_config::test(context).await.steps {
        let name = serde_json::to_string(&step.step).unwrap_or_default();
        let subject = name.trim_matches('"');
        match step.outcome {
            StepOutcome::Passed => findings.ok(subject, step.detail),
            StepOutcome::Failed => findings.fail(subject, step.detail),
            StepOutcome::Skipped | StepOutcome::Unknown => findings.warn(subject, step.detail),
        }
    }
}

/// Any answer tells the time, a refusal too.
async fn ask_the_time(context: &Context, findings: &mut Findings) {
    let nobody =
        BusinessApp { app_id: "0".to_owned(), secret: ClientSecret::new(String::new()), redirect_uri: String::new() };
    // Which refusal it is says nothing.
    let _ = token_info(&context.client, &nobody, &AccessToken::new("none")).await;
    if context.client.at_most_ms().is_none() {
        return findings.fail("tiktok", "does not answer: look at the network, the name server and the firewall");
    }
    findings.ok("tiktok", "answers");
    let offset_ms = context.client.server_offset_ms();
    if offset_ms.abs() > MAX_OFFSET_MS {
        let sentence = format!("TikTok's is {offset_ms} ms ahead of this machine's: set this one by NTP");
        findings.fail("clock", sentence);
    } else {
        findings.ok("clock", format!("within {} s of TikTok's", offset_ms.unsigned_abs().div_ceil(1_000)));
    }
}
