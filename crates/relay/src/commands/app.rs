//! `app`, `link` and `rotate-secret`

use anyhow::Context as _;
use wire::api::{AppCredentials, Platform};

use super::arguments::{AppArguments, RotatedSecret};
use super::terminal::{read_secret, refused, say};
use crate::context::Context;
use crate::{apps, audit, linking, rotation};

/// Sets an app's credentials.
pub(super) async fn set(context: &Context, arguments: AppArguments) -> anyhow::Result<()> {
    let AppArguments { platform, id, redirect_uri, may_list_posts } = arguments;
    let secret = read_secret()?.to_string();
    let credentials = AppCredentials { platform: platform.into(), app_id: id, secret, redirect_uri, may_list_posts };
    apps::set(context, audit::COMMAND_LINE, credentials).await.map_err(refused)?;
    say("The app is set.")
}

/// Prints an address at which an account is linked.
pub(super) async fn print_link(context: &Context) -> anyhow::Result<()> {
    let link = linking::begin(context, "").await.map_err(refused)?;
    say(&link.authorize_url)?;
    say("Open it within ten minutes in a browser that is logged in to the shop's account; the relay has to serve.")
}

/// Replaces a secret.
pub(super) async fn rotate(context: &Context, secret: RotatedSecret) -> anyhow::Result<()> {
    match secret {
        RotatedSecret::Business => replace(context, Platform::Business).await,
        RotatedSecret::LoginKit => replace(context, Platform::LoginKit).await,
        RotatedSecret::Key => reseal(context).await,
    }
}

async fn replace(context: &Context, platform: Platform) -> anyhow::Result<()> {
    let known = apps::list(context).await?.into_iter().find(|app| app.platform == platform);
    let app = known.context("this app is not set yet: `deskbell-relay app` sets it")?;
    let credentials = AppCredentials {
        platform,
        app_id: app.app_id,
        secret: read_secret()?.to_string(),
        redirect_uri: app.redirect_uri,
        may_list_posts: app.may_list_posts,
    };
    apps::set(context, audit::COMMAND_LINE, credentials).await.map_err(refused)?;
    say("The secret is replaced. The one before verifies webhooks for 73 hours more.")
}

async fn reseal(context: &Context) -> anyhow::Result<()> {
    let done = rotation::reseal_all(context, audit::COMMAND_LINE).await?;
    say(&format!("{} secrets are sealed with the first key now; {} were already.", done.resealed, done.current))?;
    if done.unreadable.is_empty() {
        return say("Every relay process has to know the first key; then the others can be taken away.");
    }
    anyhow::bail!("no configured key opens: {}", done.unreadable.join(", "))
}
