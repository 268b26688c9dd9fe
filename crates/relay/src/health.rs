//! How the relay is, from end to end: whether what TikTok pushed reaches the desktops, not whether a process runs.
//!
//! A task looks every ten seconds and keeps what it saw, so that a monitor that asks often costs the database nothing.
//! A look that does not end is itself a finding.

mod observe;
mod probe;
mod report;

#[cfg(test)]
mod tests;

use std::sync::Arc;
use std::time::{Duration, Instant};

use axum::extract::{Extension, State};
use axum::http::StatusCode;
use axum::http::header::CONTENT_TYPE;
use axum::response::{IntoResponse, Response};
use axum::routing::get;
use axum::{Json, Router};
use tokio::sync::watch;
use wire::paths;

use crate::context::Context;
use crate::door::Door;
use crate::limits::{ClientAddress, Network, is_in};

use observe::Progress;

pub(crate) use probe::{Probe, Written, waiting_for_standby};
pub use report::{DeviceReport, Problem, Report, Status};

/// How often the task looks.
const LOOK_INTERVAL: Duration = Duration::from_secs(10);
/// How old a look may be: an older one means that the database holds up the next.
const MAX_AGE: Duration = Duration::from_secs(45);

/// Looks how the relay is. Clones share it.
#[derive(Debug, Clone)]
pub struct Health {
    context: Context,
    monitors: Arc<[Network]>,
    newest: watch::Receiver<(Instant, Arc<Report>)>,
}

impl Health {
    /// Looks once, and then again and again until the last clone is gone.
    pub async fn start(context: Context, door: Door, monitors: Vec<Network>) -> Self {
        let mut progress = Progress::new();
        let probe = Probe::default();
        let first = observe::look(&context, &door, &probe, &mut progress).await;
        let (sender, newest) = watch::channel((Instant::now(), Arc::new(first)));
        let looks = context.clone();
        tokio::spawn(async move {
            loop {
                tokio::time::sleep(LOOK_INTERVAL).await;
                let report = observe::look(&looks, &door, &probe, &mut progress).await;
                let before = sender.borrow().1.status;
                if report.status != before {
                    let names: Vec<&str> = report.problems.iter().map(|problem| problem.name).collect();
                    tracing::warn!(before = ?before, now = ?report.status, ?names, "the relay's health changed");
                }
                if sender.send((Instant::now(), Arc::new(report))).is_err() {
                    return;
                }
            }
        });
        Self { context, monitors: monitors.into(), newest }
    }

    /// The newest findings.
    #[must_use]
    pub fn report(&self) -> Report {
        let (at, report) = self.newest.borrow().clone();
        let mut report = Report::clone(&report);
        if at.elapsed() > MAX_AGE {
            let sentence = "the relay could not look how it is for 45 s: its database holds it up";
            report.add(Status::Failing, "look_hangs", sentence);
        }
        report
    }
}

/// The routes for monitors.
pub fn router(health: Health) -> Router {
    Router::new().route(paths::HEALTH, get(show)).route(paths::METRICS, get(metrics)).with_state(health)
}

async fn show(State(health): State<Health>, client: Option<Extension<ClientAddress>>) -> Response {
    let mut report = health.report();
    if !is_monitor(&health.monitors, client) {
        report.device_list.clear();
    }
    let status = if report.status == Status::Failing { StatusCode::SERVICE_UNAVAILABLE } else { StatusCode::OK };
    (status, Json(report)).into_response()
}

async fn metrics(State(health): State<Health>, client: Option<Extension<ClientAddress>>) -> Response {
    if !is_monitor(&health.monitors, client) {
        return (StatusCode::FORBIDDEN, "the key `monitors` says who may read the metrics\n").into_response();
    }
    let kind = "application/openmetrics-text; version=1.0.0; charset=utf-8";
    ([(CONTENT_TYPE, kind)], health.context.metrics.encode()).into_response()
}

/// Whether a request came from a monitor. One that an unknown proxy passed on may come from anywhere.
fn is_monitor(monitors: &[Network], client: Option<Extension<ClientAddress>>) -> bool {
    client.is_some_and(|Extension(client)| client.is_certain && is_in(monitors, client.address))
}
