//! From TikTok's code to a linked account.

use std::time::Duration;

use tiktok::business::oauth::{self, BusinessApp, BusinessTokens};
use tiktok::business::profile::GetBusiness;
use tiktok::{Error, Reason};

use super::page::Outcome;
use crate::accounts::{self, NewLink};
use crate::apps;
use crate::audit;
use crate::context::{Context, TEAM};
use crate::database::{DatabaseError, Row, Value};
use crate::refusal::Refusal;

/// The scopes without which an inbox is none.
const NEEDED_SCOPES: [&str; 3] = ["message.list.read", "message.list.send", "message.list.manage"];
/// How far the relay's clock may be from TikTok's before it is named as a reason.
const MAX_CLOCK_OFFSET_MS: i64 = 120_000;
/// How often a read, or the write of what TikTok gave, is tried.
const MAX_TRIES: u32 = 4;
const PAUSE: Duration = Duration::from_millis(500);
/// The longest id of TikTok's that is kept.
const MAX_ID_BYTES: usize = 512;

/// An account that this relay knows already.
struct Known {
    team: i64,
    handle: String,
    name: String,
    is_linked: bool,
}

/// Turns the code into tokens and keeps them. `redirect_uri` is the one that TikTok was told at the beginning.
pub(super) async fn link(context: &Context, actor: &str, redirect_uri: String, code: &str) -> Outcome {
    let app = match apps::business(context).await {
        Ok(Some(app)) => BusinessApp { redirect_uri, ..app },
        Ok(None) => return Outcome::Refused { what: "app".to_owned(), words: String::new() },
        Err(_) => return Outcome::Unavailable,
    };
    let tokens = match oauth::exchange(&context.client, &app, code).await {
        Ok(tokens) => tokens,
        Err(error) => return refused(context, &error),
    };
    let id = match account_id(context, &app, &tokens).await {
        Ok(id) => id,
        Err(outcome) => return outcome,
    };
    let known = match known(context, &id).await {
        Ok(known) => known,
        Err(_) => return Outcome::Unavailable,
    };
    let is_linked = known.as_ref().is_some_and(|known| known.is_linked);
    if known.as_ref().is_some_and(|known| known.team != TEAM) {
        return Outcome::OfAnotherShop;
    }
    let missing =
        NEEDED_SCOPES.iter().find(|scope| !tokens.scope.is_empty() && !tokens.scope.iter().any(|has| has == *scope));
    if let Some(scope) = missing {
        give_back(context, &app, &tokens, is_linked).await;
        return Outcome::ScopeMissing((*scope).to_owned());
    }
    let link = profile(context, id, tokens.clone(), known).await;
    let outcome = Outcome::Linked { handle: link.handle.clone(), name: link.name.clone() };
    if keep(context, actor, link).await.is_err() {
        give_back(context, &app, &tokens, is_linked).await;
        return Outcome::Unavailable;
    }
    context.log.look().await;
    outcome
}

/// TikTok's id of the account that the tokens are for.
async fn account_id(context: &Context, app: &BusinessApp, tokens: &BusinessTokens) -> Result<String, Outcome> {
    let id = match &tokens.open_id {
        Some(id) => id.clone(),
        None => match oauth::token_info(&context.client, app, &tokens.access).await {
            Ok(info) => info.creator_id,
            Err(error) => return Err(refused(context, &error)),
        },
    };
    let is_storable = !id.is_empty() && id.len() <= MAX_ID_BYTES && !id.contains('\0');
    is_storable.then_some(id).ok_or(Outcome::NoAnswer)
}

async fn known(context: &Context, id: &str) -> Result<Option<Known>, DatabaseError> {
    let id = id.to_owned();
    let row: Option<Row> = context
        .database
        .read::<_, DatabaseError, _>(move |tx| {
            Box::pin(async move {
                let sql = "SELECT team, handle, name, state FROM account WHERE id = $1";
                tx.query_one(sql, &[Value::Text(&id)]).await
            })
        })
        .await?;
    row.map(|row| {
        Ok(Known {
            team: row.int("team")?,
            handle: row.text("handle")?,
            name: row.text("name")?,
            is_linked: row.text("state")? == "linked",
        })
    })
    .transpose()
}

/// Reads the account's profile. Where TikTok does not give it the account is linked all the same: the code is used up,
/// and the access was given.
async fn profile(context: &Context, id: String, tokens: BusinessTokens, known: Option<Known>) -> NewLink {
    let mut link = NewLink {
        id,
        handle: known.as_ref().map(|known| known.handle.clone()).unwrap_or_default(),
        name: known.map(|known| known.name).unwrap_or_default(),
        avatar_url: None,
        tokens,
    };
    for tried in 1..=MAX_TRIES {
        match context.client.call(&link.tokens.access, GetBusiness::new(link.id.clone())).await {
            Ok(business) => {
                link.handle = business.username.map_or(link.handle, |handle| storable(&handle));
                link.name = business.display_name.map_or_else(|| link.handle.clone(), |name| storable(&name));
                link.avatar_url = business.profile_image.map(|url| storable(&url));
                return link;
            }
            Err(error) => tracing::warn!(%error, tried, "could not read the profile of an account that is linked"),
        }
        tokio::time::sleep(PAUSE).await;
    }
    link
}

/// PostgreSQL takes no NUL in a text.
fn storable(text: &str) -> String {
    text.replace('\0', "")
}

/// Keeps the account. A database that does not answer at once is asked again: TikTok gives these tokens once.
async fn keep(context: &Context, actor: &str, link: NewLink) -> Result<(), Refusal> {
    let mut tried = 0;
    loop {
        let (seal, actor, link) = (context.seal.clone(), actor.to_owned(), link.clone());
        let kept = context.database.write::<_, Refusal, _>(move |tx| {
            Box::pin(async move {
                let subject = if link.handle.is_empty() { &link.id } else { &link.handle };
                audit::record(tx, &actor, "account.linked", subject).await?;
                accounts::insert_linked(tx, &seal, &link).await
            })
        });
        let refusal = match kept.await {
            Ok(()) => return Ok(()),
            Err(refusal) => refusal,
        };
        tried += 1;
        if tried == MAX_TRIES {
            return Err(refusal);
        }
        tokio::time::sleep(PAUSE).await;
    }
}

/// Gives access back that is not kept. That of an account which is linked is left: TikTok ends all access of the app to
/// it, that in use too.
async fn give_back(context: &Context, app: &BusinessApp, tokens: &BusinessTokens, is_linked: bool) {
    if is_linked {
        return;
    }
    if let Err(error) = oauth::revoke(&context.client, app, &tokens.access).await {
        tracing::warn!(%error, "could not give back access that is not kept");
    }
}

/// Why TikTok did not give tokens, as far as it can be told.
fn refused(context: &Context, error: &Error) -> Outcome {
    tracing::warn!(%error, "TikTok gave no tokens for an account");
    match error {
        Error::Unreachable { .. } => Outcome::Unreachable,
        Error::Later { .. } => Outcome::Busy,
        // No gateway stands before the relay.
        Error::Unknown { .. } | Error::Gateway { .. } => Outcome::NoAnswer,
        Error::Reauthorise { .. } | Error::Refresh { .. } => {
            let offset_ms = context.client.server_offset_ms();
            if offset_ms.abs() > MAX_CLOCK_OFFSET_MS {
                Outcome::Clock { minutes: offset_ms.abs() / 60_000 }
            } else {
                Outcome::CodeUsedUp
            }
        }
        Error::Refused { reason: Reason::BadCredentials | Reason::AppBlocked, .. } => Outcome::AppRefused,
        Error::Refused { code, message, .. } => {
            Outcome::Refused { what: code.to_string(), words: message.as_str().to_owned() }
        }
    }
}
