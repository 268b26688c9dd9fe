//! Who calls: a device, by its token.

use std::convert::Infallible;
use std::net::{IpAddr, SocketAddr};
use std::time::Duration;

use axum::body::Bytes;
use axum::extract::{ConnectInfo, FromRef, FromRequest, FromRequestParts, Request};
use axum::http::header::AUTHORIZATION;
use axum::http::request::Parts;
use axum::http::{HeaderMap, StatusCode};
use axum::response::IntoResponse as _;
use serde::de::DeserializeOwned;
use wire::FailureCode;
use wire::api::Role;

use crate::clock::now_ms;
use crate::context::Context;
use crate::credential::{TOKEN_LENGTH, token_hash};
use crate::database::{DatabaseError, Engine, Row, Value};
use crate::refusal::Refusal;

/// The header in which TikTok's own clients put a token.
const ACCESS_TOKEN: &str = "access-token";
/// How often it is noted that a device was seen.
const SEEN_INTERVAL_MS: i64 = 60_000;
/// How long a call waits for that note.
const SEEN_TIMEOUT: Duration = Duration::from_secs(1);

/// A device that is paired, and what it may do.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Caller {
    /// The device's id.
    pub device: String,
    /// Its name.
    pub name: String,
    /// Its role.
    pub role: Role,
}

/// A device that is paired as an admin. As an argument of a route it refuses everyone else.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Admin(pub Caller);

/// The address that a request came from. The server puts it into the request's extensions; behind a proxy it is the
/// proxy's client.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct PeerAddress(pub IpAddr);

/// A request's body, read as JSON. Unlike axum's own it refuses with a [`wire::Failure`].
#[derive(Debug)]
pub(crate) struct JsonBody<T>(pub(crate) T);

impl Caller {
    /// Refuses a device that is no admin's.
    ///
    /// # Errors
    /// [`FailureCode::NotAllowed`]
    pub fn require_admin(&self) -> Result<(), Refusal> {
        match self.role {
            Role::Admin => Ok(()),
            Role::Agent => Err(Refusal::new(FailureCode::NotAllowed, "only a device of an admin may do this")),
        }
    }
}

/// Finds the device whose token stands in `Authorization: Bearer …` or in `Access-Token`, in exactly one of them.
///
/// # Errors
/// [`FailureCode::NotPaired`] if there is no such device or it was revoked.
pub async fn authenticate(context: &Context, headers: &HeaderMap) -> Result<Caller, Refusal> {
    let hash = token_hash(token(headers)?);
    let found = context
        .database
        .read(move |tx| {
            Box::pin(async move {
                let row = tx
                    .query_one(
                        "SELECT id, name, role, seen_at_ms FROM device WHERE token_hash = $1 AND revoked_at_ms IS NULL",
                        &[Value::Bytes(&hash)],
                    )
                    .await?;
                row.map(|row| Ok::<_, DatabaseError>((caller(&row)?, row.maybe_int("seen_at_ms")?))).transpose()
            })
        })
        .await?;
    let (caller, seen_at_ms) = found.ok_or_else(not_paired)?;
    let now_ms = now_ms();
    if seen_at_ms.is_none_or(|seen_at_ms| now_ms.saturating_sub(seen_at_ms) >= SEEN_INTERVAL_MS) {
        record_seen(context, &caller.device, now_ms).await;
    }
    Ok(caller)
}

/// The one token of a request.
fn token(headers: &HeaderMap) -> Result<&str, Refusal> {
    let mut found = None;
    for (name, value) in headers {
        let token = if *name == AUTHORIZATION {
            let scheme_and_token = value.to_str().ok().and_then(|value| value.split_once(' '));
            match scheme_and_token {
                Some((scheme, token)) if scheme.eq_ignore_ascii_case("bearer") => token.trim(),
                _ => "",
            }
        } else if name.as_str() == ACCESS_TOKEN {
            value.to_str().unwrap_or_default().trim()
        } else {
            continue;
        };
        if found.replace(token).is_some() {
            return Err(Refusal::new(FailureCode::BadRequest, "the request has more than one token"));
        }
    }
    found.filter(|token| token.len() == TOKEN_LENGTH).ok_or_else(not_paired)
}

fn not_paired() -> Refusal {
    Refusal::new(FailureCode::NotPaired, "this device is not paired with the relay, or was revoked")
}

fn caller(row: &Row) -> Result<Caller, DatabaseError> {
    Ok(Caller { device: row.text("id")?, name: row.text("name")?, role: role(&row.text("role")?)? })
}

/// A role as the database has it.
pub(crate) fn role(text: &str) -> Result<Role, DatabaseError> {
    [Role::Agent, Role::Admin].into_iter().find(|role| role.as_str() == text).ok_or(DatabaseError::Column("role"))
}

/// Notes that a device called. The call does not depend on it.
async fn record_seen(context: &Context, device: &str, now_ms: i64) {
    let device = device.to_owned();
    let written = context.database.write(move |tx| {
        Box::pin(async move {
            if tx.engine() == Engine::Postgres {
                // Not worth waiting for a standby.
                tx.batch("SET LOCAL synchronous_commit = off".to_owned()).await?;
            }
            let values = [Value::Text(&device), Value::Int(now_ms)];
            tx.execute("UPDATE device SET seen_at_ms = $2 WHERE id = $1", &values).await
        })
    });
    let outcome: Result<Result<u64, DatabaseError>, _> = tokio::time::timeout(SEEN_TIMEOUT, written).await;
    if !matches!(outcome, Ok(Ok(_))) {
        tracing::debug!("could not note that a device was seen");
    }
}

impl<S: Send + Sync> FromRequestParts<S> for Caller
where
    Context: FromRef<S>,
{
    type Rejection = Refusal;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, Refusal> {
        authenticate(&Context::from_ref(state), &parts.headers).await
    }
}

impl<S: Send + Sync> FromRequestParts<S> for Admin
where
    Context: FromRef<S>,
{
    type Rejection = Refusal;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, Refusal> {
        let caller = Caller::from_request_parts(parts, state).await?;
        caller.require_admin()?;
        Ok(Self(caller))
    }
}

impl<S: Send + Sync> FromRequestParts<S> for PeerAddress {
    type Rejection = Infallible;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, Infallible> {
        let known = parts.extensions.get::<Self>().copied();
        let connected = || parts.extensions.get::<ConnectInfo<SocketAddr>>().map(|peer| Self(peer.0.ip()));
        // Where nobody says, all callers count as one.
        Ok(known.or_else(connected).unwrap_or(Self(IpAddr::from([0, 0, 0, 0]))))
    }
}

impl<T: DeserializeOwned, S: Send + Sync> FromRequest<S> for JsonBody<T> {
    type Rejection = Refusal;

    async fn from_request(request: Request, state: &S) -> Result<Self, Refusal> {
        let bytes = Bytes::from_request(request, state).await.map_err(|rejection| {
            let is_too_long = rejection.into_response().status() == StatusCode::PAYLOAD_TOO_LARGE;
            let detail = if is_too_long { "the body is too long" } else { "the body did not arrive whole" };
            Refusal::new(FailureCode::BadRequest, detail)
        })?;
        // The parser's own words may quote what was sent, and a secret is in some of these bodies.
        serde_json::from_slice(&bytes)
            .map(Self)
            .map_err(|_| Refusal::new(FailureCode::BadRequest, "the body is not the JSON that this path takes"))
    }
}

#[cfg(test)]
mod tests {
    use axum::http::{HeaderName, HeaderValue};

    use super::*;

    fn headers(pairs: &[(&str, &str)]) -> HeaderMap {
        pairs
            .iter()
            .map(|(name, value)| (name.parse::<HeaderName>().unwrap(), HeaderValue::from_str(value).unwrap()))
            .collect()
    }

    #[test]
    fn exactly_one_header_has_the_token() {
        let good = "a".repeat(TOKEN_LENGTH);
        let bearer = format!("Bearer {good}");
        for pairs in [vec![("authorization", bearer.as_str())], vec![("access-token", good.as_str())]] {
            assert_eq!(token(&headers(&pairs)).unwrap(), good, "{pairs:?}");
        }
        assert_eq!(token(&headers(&[("authorization", &format!("bearer  {good}"))])).unwrap(), good);
        let refused = |pairs: &[(&str, &str)]| token(&headers(pairs)).unwrap_err().0.code;
        assert_eq!(refused(&[]), FailureCode::NotPaired);
        assert_eq!(refused(&[("authorization", &good)]), FailureCode::NotPaired);
        assert_eq!(refused(&[("authorization", &format!("Basic {good}"))]), FailureCode::NotPaired);
        assert_eq!(refused(&[("access-token", "short")]), FailureCode::NotPaired);
        assert_eq!(refused(&[("access-token", &good), ("authorization", &bearer)]), FailureCode::BadRequest);
        assert_eq!(refused(&[("access-token", &good), ("access-token", &good)]), FailureCode::BadRequest);
    }
}
