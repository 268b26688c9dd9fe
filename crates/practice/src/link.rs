//! Links the sandbox's account through the desk's own commands, step by step, as an agent would.

use std::time::Duration;

use desk::commands::{ConfirmLink, GetLinkState, PasteRedirect, SaveCredentials, SkipSignIn, StartAuthorization};
use desk::view::LinkStep;
use desk::{Command, Desk, Listed};
use sandbox::Sandbox;

use crate::PracticeError;

/// How long a step of linking may take. The sandbox answers in milliseconds.
const STEP_TIMEOUT: Duration = Duration::from_secs(20);

pub(crate) async fn link_account(desk: &Desk, tiktok: &Sandbox) -> Result<(), PracticeError> {
    let mut changes = desk.subscribe();
    let apps = tiktok.apps();
    let credentials = SaveCredentials {
        login_client_key: String::new(),
        login_client_secret: String::new(),
        business_app_id: apps.business_app_id,
        business_secret: apps.business_secret,
        business_redirect_uri: apps.business_redirect_uri,
        may_list_posts: true,
    };
    run(desk, credentials).await?;
    run(desk, SkipSignIn {}).await?;
    let state = run(desk, StartAuthorization { account: None }).await?;
    let LinkStep::Authorising { address, .. } = state.step else {
        return Err(failed::<StartAuthorization>("it did not give an address"));
    };
    let redirect = tiktok.agree(&address).await.map_err(|error| failed::<StartAuthorization>(&error))?;
    let mut state = run(desk, PasteRedirect { address: redirect }).await?;
    // The code is exchanged in the background; each step of that is announced as a change.
    while !matches!(state.step, LinkStep::Confirm { .. }) {
        if let Some(fault) = state.fault {
            return Err(failed::<PasteRedirect>(&format!("{:?}", fault.code)));
        }
        match tokio::time::timeout(STEP_TIMEOUT, changes.next()).await {
            Ok(Some(_)) => state = run(desk, GetLinkState {}).await?,
            Ok(None) | Err(_) => return Err(failed::<PasteRedirect>("no answer")),
        }
    }
    run(desk, ConfirmLink {}).await?;
    Ok(())
}

async fn run<C: Command>(desk: &Desk, command: C) -> Result<C::Reply, PracticeError> {
    command
        .run(desk)
        .await
        .map_err(|fault| failed::<C>(&format!("{:?} {}", fault.code, fault.detail.unwrap_or_default())))
}

fn failed<C: Listed>(reason: &str) -> PracticeError {
    PracticeError::Link { step: C::TYPE_NAME, reason: reason.to_owned() }
}
