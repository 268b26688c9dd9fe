//! `pair`

use wire::api::Role;

use super::terminal::{refused, say};
use crate::audit;
use crate::clock::now_ms;
use crate::context::Context;
use crate::pairing;

/// Prints a pairing code.
pub(super) async fn print_code(context: &Context, admin: bool) -> anyhow::Result<()> {
    let role = if admin { Role::Admin } else { Role::Agent };
    let code = pairing::make_code(context, audit::COMMAND_LINE, role).await.map_err(refused)?;
    let left_ms = code.expires_at_ms.saturating_sub(now_ms());
    let minutes = u64::try_from(left_ms).unwrap_or(0).div_ceil(60_000);
    say(&code.code)?;
    let place = context.public_url.as_ref().map_or_else(|| "this relay's address".to_owned(), ToString::to_string);
    say(&format!("In Deskbell: Settings, Relay, {place} and this code, within {minutes} minutes."))
}
