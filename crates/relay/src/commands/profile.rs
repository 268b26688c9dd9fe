//! `serve --test-profile`: a relay that sets itself up on the sandbox, so that any signer, server and reader can be put
//! around it. It works with a fake TikTok on this computer only.

use std::io::Write as _;
use std::path::Path;

use anyhow::{Context as _, bail, ensure};
use serde::Deserialize;
use serde_json::json;
use tiktok::business::webhook::set_callback;
use url::Url;
use wire::api::{AppCredentials, PairRequest, Paired, Platform, Role};
use wire::paths;

use super::serve;
use super::setup;
use super::terminal::refused;
use crate::config::{Config, Secrets, TlsConfig, is_this_computer};
use crate::context::Context;
use crate::database::{Database, DatabaseAddress};
use crate::seal::Seal;
use crate::{apps, audit, linking, pairing};

/// The sandbox's apps, as it describes them.
#[derive(Deserialize)]
struct SandboxApps {
    login_client_key: String,
    login_client_secret: String,
    business_app_id: String,
    business_secret: String,
    business_redirect_uri: String,
}

/// Where the sandbox sends the browser.
#[derive(Deserialize)]
struct Landed {
    url: Url,
}

/// Serves with a database and a key of its own, and writes the profile once everything is ready.
pub(super) async fn serve(mut config: Config, file: &Path) -> anyhow::Result<()> {
    let sandbox = config.endpoints.login_kit.clone();
    ensure!(is_this_computer(&sandbox), "`--test-profile` needs `--endpoints` of a sandbox on this computer");
    ensure!(config.tls == TlsConfig::Plain, "`--test-profile` serves without TLS");
    // A database that was named is used, such as an empty one of PostgreSQL; the usual file never.
    let folder = std::env::temp_dir().join(format!("deskbell-relay-test-{}", std::process::id()));
    if config.is_database_default {
        std::fs::create_dir_all(&folder).context("no temporary folder")?;
        config.database = DatabaseAddress::Sqlite(folder.join("relay.db"));
    }
    if config.secrets.key().is_none() {
        config.secrets = Secrets::of_text(Seal::new_key());
    }
    if config.is_listen_default {
        config.listen = ([127, 0, 0, 1], 0).into();
    }
    let listener = serve::listen(&config)?;
    config.listen = listener.local_addr().context("the port is not known")?;
    let database = Database::open(&config.database).await.context("the database cannot be opened")?;
    let context = setup::context(&config, database, setup::seal(&config)?).await?;
    let base = Url::parse(&format!("http://{}", config.listen)).context("the address is not one")?;
    let server = serve::compose(&config, context.clone(), listener).await?;
    let (stop, stopped) = tokio::sync::oneshot::channel::<()>();
    let running = tokio::spawn(server.run(async move {
        tokio::select! {
            () = serve::told_to_end() => {}
            _ = stopped => {}
        }
    }));
    let outcome = set_up(&config, &context, &base, &sandbox, file).await;
    if outcome.is_err() {
        // It may have ended already.
        let _ = stop.send(());
        let _ = running.await;
    } else {
        let _ = running.await;
        drop(stop);
    }
    if config.is_database_default {
        std::fs::remove_dir_all(&folder).context("the temporary folder stays")?;
    }
    outcome
}

async fn set_up(config: &Config, context: &Context, base: &Url, sandbox: &Url, file: &Path) -> anyhow::Result<()> {
    // Redirects are followed by hand.
    let http = reqwest::Client::builder().redirect(reqwest::redirect::Policy::none()).build()?;
    let known: SandboxApps = http.get(sandbox.join("/sandbox/apps")?).send().await?.json().await?;
    set_apps(context, &known).await?;
    let account = link(context, &http, base, sandbox).await.context("the account was not linked")?;
    let app = apps::business(context).await.map_err(refused)?.context("the app is not set")?;
    let webhook = base.join(paths::BUSINESS_WEBHOOK)?;
    if set_callback(&context.client, &app, webhook.as_str()).await.is_err() {
        bail!("the sandbox did not take the webhook's address");
    }
    let (admin, agent) =
        (pair(context, &http, base, Role::Admin).await?, pair(context, &http, base, Role::Agent).await?);
    let device = |paired: &Paired| json!({ "device": paired.me.device, "token": paired.token });
    let profile = json!({
        "address": base.as_str().trim_end_matches('/'),
        "business_webhook": webhook,
        "login_kit_webhook": base.join(paths::LOGIN_KIT_WEBHOOK)?,
        "business_secret": known.business_secret,
        "login_kit_secret": known.login_client_secret,
        "accounts": [account],
        "admin": device(&admin),
        "agent": device(&agent),
        "database": match &config.database {
            DatabaseAddress::Sqlite(path) => format!("sqlite:{}", path.display()),
            DatabaseAddress::Postgres(_) => "postgres".to_owned(),
        },
        "process": std::process::id(),
    });
    // A test that waits for the file finds it whole.
    let unfinished = file.with_extension("unfinished");
    write_for_owner(&unfinished, &profile.to_string()).context("the profile cannot be written")?;
    std::fs::rename(&unfinished, file).context("the profile cannot be written")
}

/// Writes a file with secrets in it.
fn write_for_owner(file: &Path, text: &str) -> std::io::Result<()> {
    let mut options = std::fs::OpenOptions::new();
    options.write(true).create(true).truncate(true);
    #[cfg(unix)]
    {
        use std::os::unix::fs::OpenOptionsExt as _;
        options.mode(0o600);
    }
    options.open(file)?.write_all(text.as_bytes())
}

async fn set_apps(context: &Context, known: &SandboxApps) -> anyhow::Result<()> {
    let business = AppCredentials {
        platform: Platform::Business,
        app_id: known.business_app_id.clone(),
        secret: known.business_secret.clone(),
        redirect_uri: known.business_redirect_uri.clone(),
        may_list_posts: true,
    };
    let login_kit = AppCredentials {
        platform: Platform::LoginKit,
        app_id: known.login_client_key.clone(),
        secret: known.login_client_secret.clone(),
        redirect_uri: "http://127.0.0.1/login/".to_owned(),
        may_list_posts: false,
    };
    for credentials in [business, login_kit] {
        apps::set(context, audit::COMMAND_LINE, credentials).await.map_err(refused)?;
    }
    Ok(())
}

/// Links the sandbox's default account, as an admin's browser would; gives back its id.
async fn link(context: &Context, http: &reqwest::Client, base: &Url, sandbox: &Url) -> anyhow::Result<String> {
    let begun = linking::begin(context, "").await.map_err(refused)?;
    let asked = json!({ "url": begun.authorize_url });
    let agreed = http.post(sandbox.join("/sandbox/agree")?).json(&asked).send().await?.error_for_status()?;
    let Landed { url } = agreed.json().await?;
    let mut back = base.join(paths::AUTHORIZED)?;
    back.set_query(url.query());
    let answer = http.get(back).send().await?;
    ensure!(answer.status().is_success(), "the relay answered {}", answer.status());
    let accounts = crate::accounts::list(context).await.map_err(refused)?;
    Ok(accounts.into_iter().next().context("there is no account")?.id)
}

async fn pair(context: &Context, http: &reqwest::Client, base: &Url, role: Role) -> anyhow::Result<Paired> {
    let code = pairing::make_code(context, audit::COMMAND_LINE, role).await.map_err(refused)?.code;
    let request = PairRequest { code, device_name: format!("test {}", role.as_str()) };
    let answer = http.post(base.join(paths::PAIR)?).json(&request).send().await?;
    Ok(answer.error_for_status().context("the relay did not pair the device")?.json().await?)
}
