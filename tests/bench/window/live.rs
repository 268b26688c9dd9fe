//! The made history as an agent's own: its account is linked to a sandbox that answers, with keys in a desktop's keychain.
//! So the window under measurement does what it does all day, polling included.

use std::fs;
use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::Duration;

use anyhow::{Context, Result, ensure};
use desk::ExposeSecret;
use sandbox::{Config, Limits};
use store::Connection;
use tests::desktop::Desktop;
use tests::{TestHost, World, quick};
use tokio::runtime::Runtime;

use crate::fill::Data;

/// Longer than all of it takes.
const LONGEST: Duration = Duration::from_secs(3_600);
/// Of the old account only its history stays.
const ADOPT: &str = "
    UPDATE account SET (remote_id, handle, display_name, scopes, tokens_issued_at_ms, access_expires_at_ms, refresh_expires_at_ms, linked_at_ms)
        = (SELECT remote_id, handle, display_name, scopes, tokens_issued_at_ms, access_expires_at_ms, refresh_expires_at_ms, linked_at_ms FROM linked.account);
    INSERT OR REPLACE INTO setting SELECT * FROM linked.setting;";

/// A desktop with such a Deskbell to start on it.
pub(crate) struct Live {
    pub(crate) desktop: Desktop,
    data: PathBuf,
    endpoints: PathBuf,
    /// TikTok; it answers as long as this lives.
    _world: World,
}

impl Live {
    pub(crate) fn make(runtime: &Runtime, made: &Data) -> Result<Live> {
        runtime.block_on(async {
            let desktop = Desktop::open_for(LONGEST).await?;
            let config = Config { scripted: true, limits: Limits::NONE, ..Config::default() };
            let mut world = World::with(config, quick(), TestHost::new()).await;
            world.link().await;
            world.close().await;

            let data = desktop.home().join("inbox");
            fs::create_dir_all(&data)?;
            let database = data.join("deskbell.db");
            fs::copy(made.desk().join("deskbell.db"), &database)?;
            let sql = Connection::open(&database)?;
            let linked = world.folder().join("deskbell.db");
            sql.execute("ATTACH ?1 AS linked", [linked.to_str().context("the place of the data")?])?;
            sql.execute_batch(ADOPT)?;
            drop(sql);

            let data = data.canonicalize()?;
            for (name, secret) in world.host.secrets() {
                keep(&desktop, &format!("{name}@{}", mark(&data)), secret.expose_secret())?;
            }
            let endpoints = desktop.home().join("endpoints.json");
            fs::write(&endpoints, world.tiktok.endpoints_json())?;
            Ok(Live { desktop, data, endpoints, _world: world })
        })
    }

    /// Deskbell on this history.
    pub(crate) fn start(&self, program: &Path) -> Result<Child> {
        let mut command = self.desktop.command(program);
        command.arg("--data-dir").arg(&self.data).arg("--endpoints").arg(&self.endpoints);
        spawn(&mut command)
    }
}

/// Starts a program that says nothing.
pub(crate) fn spawn(command: &mut Command) -> Result<Child> {
    let name = command.get_program().to_string_lossy().into_owned();
    let quiet = command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null());
    quiet.spawn().with_context(|| format!("`{name}` could not be started"))
}

/// How a profile's keychain entries are told from another's: see `profile.rs` of the desktop shell.
fn mark(data: &Path) -> String {
    let digest = data
        .as_os_str()
        .as_encoded_bytes()
        .iter()
        .fold(0xcbf2_9ce4_8422_2325_u64, |hash, byte| (hash ^ u64::from(*byte)).wrapping_mul(0x0100_0000_01b3));
    format!("d{digest:016x}")
}

fn keep(desktop: &Desktop, user: &str, secret: &str) -> Result<()> {
    let words = ["store", "--label=Deskbell", "service", "app.deskbell.desktop", "username", user];
    let mut tool = desktop.command("secret-tool").args(words).stdin(Stdio::piped()).spawn()?;
    tool.stdin.take().context("no pipe")?.write_all(secret.as_bytes())?;
    ensure!(tool.wait()?.success(), "the keychain did not keep a secret");
    Ok(())
}
