//! Serves the desk to a browser on this computer.

use std::io::Write;
use std::path::PathBuf;
use std::process::ExitCode;
use std::sync::Arc;

use anyhow::{Context as _, Result, bail};
use desk::{Desk, DeskConfig, Endpoints};
use webhost::{Loopback, Practice, WebHost};

const HELP: &str = "\
webhost, Deskbell's inbox in a browser on this computer; for tests and demonstrations.

webhost --practice                             with a built-in TikTok and scripted customers
webhost --endpoints FILE --data-dir DIRECTORY  with the TikTok whose addresses are in this file
    --pair-with FILE                           paired with the relay whose address and code are in this file
    --port PORT                                on this port; 7420 unless given, 0 for any free one
    --ui DIRECTORY                             with the page built in this directory; ui/dist unless given
    --page HOST:PORT                           also for a page that comes from there: vite's development server";

#[derive(Default)]
struct Flags {
    practice: bool,
    endpoints: Option<PathBuf>,
    data_dir: Option<PathBuf>,
    pair_with: Option<PathBuf>,
    port: Option<u16>,
    ui_dir: Option<PathBuf>,
    page_at: Option<String>,
}

fn main() -> ExitCode {
    if desk::is_decoder() {
        return desk::run_decoder();
    }
    run()
}

#[tokio::main]
async fn run() -> ExitCode {
    let filter =
        tracing_subscriber::EnvFilter::try_from_env("DESKBELL_LOG").unwrap_or_else(|_| "warn,webhost=info".into());
    tracing_subscriber::fmt().with_env_filter(filter).with_writer(std::io::stderr).init();
    let flags = match parse() {
        Ok(Some(flags)) => flags,
        Ok(None) => return if say(HELP).is_ok() { ExitCode::SUCCESS } else { ExitCode::FAILURE },
        Err(error) => {
            tracing::error!("{error:#}");
            return ExitCode::from(2);
        }
    };
    match serve(flags).await {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            tracing::error!("{error:#}");
            ExitCode::FAILURE
        }
    }
}

/// `None` asks for the help.
fn parse() -> Result<Option<Flags>> {
    let mut flags = Flags::default();
    let mut arguments = std::env::args_os().skip(1);
    while let Some(argument) = arguments.next() {
        let name = argument.to_string_lossy().into_owned();
        let mut value = || arguments.next().with_context(|| format!("`{name}` needs a value after it."));
        match name.as_str() {
            "--help" | "-h" => return Ok(None),
            "--practice" => flags.practice = true,
            "--endpoints" => flags.endpoints = Some(value()?.into()),
            "--data-dir" => flags.data_dir = Some(value()?.into()),
            "--pair-with" => flags.pair_with = Some(value()?.into()),
            "--ui" => flags.ui_dir = Some(value()?.into()),
            "--port" => {
                flags.port =
                    Some(value()?.to_string_lossy().parse().context("`--port` needs a number from 0 to 65535.")?);
            }
            "--page" => flags.page_at = Some(value()?.to_string_lossy().into_owned()),
            other => bail!("webhost does not know `{other}`. `webhost --help` lists what it knows."),
        }
    }
    if flags.pair_with.is_some() && flags.endpoints.is_none() {
        bail!("`--pair-with` needs `--endpoints`.");
    }
    match (flags.practice, &flags.endpoints, &flags.data_dir) {
        (true, None, None) | (false, Some(_), Some(_)) => Ok(Some(flags)),
        _ => {
            bail!("either `--practice`, or `--endpoints FILE` and `--data-dir DIRECTORY`. `webhost --help` says more.")
        }
    }
}

async fn serve(flags: Flags) -> Result<()> {
    let ui_dir = flags.ui_dir.unwrap_or_else(|| PathBuf::from(concat!(env!("CARGO_MANIFEST_DIR"), "/../../ui/dist")));
    let practice =
        if flags.practice { Some(Practice::start().await.context("Practice could not be set up")?) } else { None };
    let desk = match (&practice, flags.endpoints, flags.data_dir) {
        (Some(practice), _, _) => practice.desk.clone(),
        (None, Some(endpoints), Some(data_dir)) => open(endpoints, data_dir).await?,
        _ => bail!("there is no desk to serve"),
    };
    if let Some(file) = flags.pair_with {
        let pairing = practice::read_pairing(&file).map_err(anyhow::Error::msg)?;
        practice::pair(&desk, pairing).await.context("the relay could not be paired with")?;
    }
    let port = flags.port.unwrap_or(7420);
    let host = WebHost::start_beside(desk.clone(), port, &ui_dir, flags.page_at)
        .await
        .with_context(|| format!("port {port} cannot be opened"))?;
    say(&format!("Deskbell is at {}", host.url()))?;
    asked_to_end().await?;
    drop(host);
    desk.close().await;
    Ok(())
}

async fn open(endpoints: PathBuf, data_dir: PathBuf) -> Result<Desk> {
    let text = std::fs::read_to_string(&endpoints)
        .with_context(|| format!("the file {} cannot be read", endpoints.display()))?;
    std::fs::create_dir_all(&data_dir)
        .with_context(|| format!("the directory {} cannot be used", data_dir.display()))?;
    let (picture_decoder, endpoints) = (desk::this_program()?, Some(Endpoints::from_json(&text)?));
    let config = DeskConfig { data_dir, picture_decoder, endpoints, practice: false };
    Ok(Desk::open(config, Arc::new(Loopback::default())).await?)
}

/// Waits for Ctrl+C or a request to terminate.
async fn asked_to_end() -> Result<()> {
    #[cfg(unix)]
    {
        let mut terminate = tokio::signal::unix::signal(tokio::signal::unix::SignalKind::terminate())?;
        tokio::select! {
            pressed = tokio::signal::ctrl_c() => pressed?,
            _ = terminate.recv() => {}
        }
    }
    #[cfg(not(unix))]
    tokio::signal::ctrl_c().await?;
    Ok(())
}

fn say(text: &str) -> std::io::Result<()> {
    let mut out = std::io::stdout();
    writeln!(out, "{text}")?;
    out.flush()
}
