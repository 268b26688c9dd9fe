//! The database: whether it answers and takes writes, and what is in it.

use super::findings::Findings;
use crate::accounts;
use crate::context::Context;
use crate::devices;
use crate::health::{Probe, Written, waiting_for_standby};
use wire::event::AccountState;

pub(super) async fn look(context: &Context, findings: &mut Findings) {
    let engine = context.database.engine();
    let ends = context.log.ends().borrow().clone();
    let kept = (ends.head + 1).saturating_sub(ends.tail);
    findings.ok("database", format!("{engine:?}; {kept} events kept, the newest is {}-{}", ends.epoch, ends.head));
    match Probe::default().write(context).await {
        Written::Done => findings.ok("writes", "are taken"),
        Written::Failed(error) => findings.fail("writes", format!("{error}: look at the disk and the server's log")),
        Written::Hangs => findings.fail("writes", "a write does not end"),
    }
    match waiting_for_standby(context).await {
        Ok(0) => {}
        Ok(waiting) => findings.fail(
            "standby",
            format!(
                "{waiting} commits wait for a standby that is away (wait_event = 'SyncRep'): start it, or take it out \
                 of synchronous_standby_names; never cancel the waiting sessions"
            ),
        ),
        Err(error) => findings.warn("standby", format!("cannot be asked about: {error}")),
    }
    look_at_devices(context, findings).await;
    look_at_accounts(context, findings).await;
}

async fn look_at_devices(context: &Context, findings: &mut Findings) {
    let devices = match devices::list(context).await {
        Ok(devices) => devices,
        Err(error) => return findings.fail("devices", error),
    };
    let paired: Vec<_> = devices.iter().filter(|device| device.revoked_at_ms.is_none()).collect();
    let behind = paired.iter().filter(|device| device.behind > 0).count();
    if paired.is_empty() {
        findings.warn("devices", "none is paired: `deskbell-relay pair --admin` prints a code for the first");
    } else {
        findings.ok("devices", format!("{} are paired, {behind} have events to read", paired.len()));
    }
}

async fn look_at_accounts(context: &Context, findings: &mut Findings) {
    let accounts = match accounts::list(context).await {
        Ok(accounts) => accounts,
        Err(refusal) => return findings.fail("accounts", refusal.0.detail),
    };
    let needing = accounts.iter().filter(|account| account.state != AccountState::Linked).count();
    if accounts.is_empty() {
        findings.warn("accounts", "none is linked: link one in Deskbell's settings, or by `deskbell-relay link`");
    } else if needing > 0 {
        findings.fail("accounts", format!("{needing} have to be linked again, in Deskbell's settings or by `link`"));
    } else {
        findings.ok("accounts", format!("{} are linked", accounts.len()));
    }
}
