//! Closing Deskbell, and starting it again.

use std::sync::Arc;

use store::table::{rule, unsent};
use ts_rs::TS;

use crate::command::Command;
use crate::command::Done;
use crate::host::{Host, HostError};
use crate::view::Departure;
use crate::{Desk, Fault, FaultCode};

/// What closing Deskbell would hold up.
#[derive(Debug, Clone, serde::Serialize, serde::Deserialize, TS)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct GetDeparture {}

impl Command for GetDeparture {
    type Reply = Departure;

    async fn run(self, desk: &Desk) -> Result<Departure, Fault> {
        let (pending, rules) = desk
            .store()
            .read(|sql| Ok((unsent::counts(sql)?, rule::all(sql)?.iter().any(|(_, rule)| rule.enabled))))
            .await?;
        let host = Arc::clone(desk.host());
        let tray = tokio::task::spawn_blocking(move || host.has_tray()).await.unwrap_or_default();
        Ok(Departure {
            asked: desk.answer_departure(),
            held: pending.held,
            on_the_way: pending.on_the_way,
            to_decide: pending.to_decide,
            scheduled: pending.scheduled,
            next_scheduled_ms: pending.next_scheduled_ms,
            rules,
            tray,
        })
    }
}

/// The agent stays after all.
#[derive(Debug, Clone, serde::Serialize, serde::Deserialize, TS)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct CancelDeparture {}

impl Command for CancelDeparture {
    type Reply = Done;

    async fn run(self, desk: &Desk) -> Result<Done, Fault> {
        desk.end_departure();
        Ok(Done {})
    }
}

/// Hides the window; Deskbell goes on in the tray.
#[derive(Debug, Clone, serde::Serialize, serde::Deserialize, TS)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct HideToTray {}

impl Command for HideToTray {
    type Reply = Done;

    async fn run(self, desk: &Desk) -> Result<Done, Fault> {
        desk.end_departure();
        ask_host(desk, Host::hide).await
    }
}

/// Ends Deskbell in good order, whatever that holds up.
#[derive(Debug, Clone, serde::Serialize, serde::Deserialize, TS)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct QuitApp {}

impl Command for QuitApp {
    type Reply = Done;

    async fn run(self, desk: &Desk) -> Result<Done, Fault> {
        ask_host(desk, Host::quit).await
    }
}

/// Ends Deskbell in good order and starts it again, which mends a damaged database.
#[derive(Debug, Clone, serde::Serialize, serde::Deserialize, TS)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct RestartApp {}

impl Command for RestartApp {
    type Reply = Done;

    async fn run(self, desk: &Desk) -> Result<Done, Fault> {
        ask_host(desk, Host::restart).await
    }
}

async fn ask_host(
    desk: &Desk,
    ask: impl FnOnce(&dyn Host) -> Result<(), HostError> + Send + 'static,
) -> Result<Done, Fault> {
    let host = Arc::clone(desk.host());
    match tokio::task::spawn_blocking(move || ask(host.as_ref())).await {
        Ok(Ok(())) => Ok(Done {}),
        Ok(Err(error)) => Err(Fault::with_detail(FaultCode::NotPossibleHere, error.to_string())),
        Err(error) => Err(Fault::unexpected(&error)),
    }
}
