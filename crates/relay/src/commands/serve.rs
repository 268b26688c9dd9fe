//! `serve`

use std::net::SocketAddr;
use std::num::NonZeroU32;
use std::sync::Arc;
use std::time::Duration;

use anyhow::Context as _;
use futures_util::FutureExt as _;
use tokio::net::{TcpListener, TcpSocket};

use super::certificate;
use super::setup::open;
use crate::config::Config;
use crate::context::Context;
use crate::door::{Door, DoorLimits};
use crate::gateway::{Gateway, GatewaySettings};
use crate::health::Health;
use crate::limits::Limits;
use crate::listening::{EVENT_INTERVAL, Listening};
use crate::maintenance::{self, Retention};
use crate::revocation::Revocations;
use crate::routes::{self, RouteParts};
use crate::server::{Server, ServerLimits};
use crate::stream::{StreamSettings, Streams};

/// How many times its requests of a second an address may make at once.
const BURST_SECONDS: NonZeroU32 = NonZeroU32::MIN.saturating_add(4);
/// Connections that wait to be accepted. After a restart all desktops come at once; with the usual 128 the system drops
/// many of them, and each tries again a second later.
const BACKLOG: u32 = 4_096;
/// How long closing waits for calls to TikTok.
const LAST_CALLS_TIMEOUT: Duration = Duration::from_secs(45);

/// Serves until the program is told to end.
pub(super) async fn serve(config: Config) -> anyhow::Result<()> {
    let context = open(&config).await?;
    let listener = listen(&config)?;
    compose(&config, context, listener).await?.run(told_to_end()).await;
    tracing::info!("the relay has closed");
    Ok(())
}

pub(super) fn listen(config: &Config) -> anyhow::Result<TcpListener> {
    listener(config.listen).with_context(|| format!("{} cannot be listened on", config.listen))
}

fn listener(address: SocketAddr) -> std::io::Result<TcpListener> {
    let socket = if address.is_ipv4() { TcpSocket::new_v4() } else { TcpSocket::new_v6() }?;
    // A relay that starts again takes its port at once.
    #[cfg(unix)]
    socket.set_reuseaddr(true)?;
    socket.bind(address)?;
    socket.listen(BACKLOG)
}

/// A relay whose parts are put together.
pub(super) struct Relay {
    server: Server,
    gateway: Arc<Gateway>,
    streams: Arc<Streams>,
}

impl Relay {
    /// Serves until `stop` is ready, and then until sends and renewals of tokens under way have ended.
    pub(super) async fn run(self, stop: impl Future<Output = ()>) {
        let Self { server, gateway, streams } = self;
        let open = Arc::clone(&streams);
        // The desktops go to another relay, or wait for this one to come back.
        let stop = async move {
            stop.await;
            open.close();
        };
        server.run(stop).await;
        streams.record_progress().await;
        gateway.finish(LAST_CALLS_TIMEOUT).await;
    }
}

/// Puts the parts together. Tasks of theirs run from here on.
pub(super) async fn compose(config: &Config, context: Context, listener: TcpListener) -> anyhow::Result<Relay> {
    let tls = certificate::start(config, &context).await?;
    let per_second = config.requests_per_second;
    let limits = Limits::new(
        per_second,
        per_second.saturating_mul(BURST_SECONDS),
        config.trusted_proxies.clone(),
        context.metrics.clone(),
    );
    tokio::spawn(limits.clone().forget_quiet_addresses());
    let listening = Listening::start(context.clone(), EVENT_INTERVAL);
    let door = Door::new(context.clone(), listening.clone(), DoorLimits::default());
    let gateway_settings = GatewaySettings { calls_per_second: config.calls_per_second, ..GatewaySettings::default() };
    let gateway = Gateway::start(context.clone(), gateway_settings).await?;
    let health = Health::start(context.clone(), door.clone(), config.monitors.clone()).await;
    let revocations = Revocations::start(context.database.clone());
    let watched = Arc::clone(&revocations);
    let revoked = move |device: &str| watched.revoked(device).boxed();
    let streams = Streams::start(context.clone(), StreamSettings::default(), revoked);
    let retention = Retention { keep_days: config.retention_days, ..Retention::default() };
    tokio::spawn(maintenance::run(context.clone(), retention));
    tracing::info!(
        version = env!("CARGO_PKG_VERSION"),
        listen = %config.listen,
        tls = %config.tls,
        engine = ?context.database.engine(),
        "the relay serves"
    );
    let metrics = context.metrics.clone();
    let parts = RouteParts {
        context,
        door,
        gateway: Arc::clone(&gateway),
        health,
        listening,
        limits,
        streams: Arc::clone(&streams),
        revocations,
    };
    let server = Server {
        listener,
        router: routes::router(parts),
        tls,
        limits: ServerLimits { proxies: config.trusted_proxies.clone(), ..ServerLimits::default() },
        metrics,
    };
    Ok(Relay { server, gateway, streams })
}

/// Waits until the system, or a person at the terminal, ends the program.
pub(super) async fn told_to_end() {
    #[cfg(unix)]
    {
        use tokio::signal::unix::{SignalKind, signal};
        if let Ok(mut terminated) = signal(SignalKind::terminate()) {
            tokio::select! {
                _ = terminated.recv() => {}
                _ = tokio::signal::ctrl_c() => {}
            }
            return;
        }
    }
    // An error means that there is no terminal to hear.
    let _ = tokio::signal::ctrl_c().await;
}
