//! The relay's own "no", as an HTTP answer.

use axum::Json;
use axum::http::{HeaderName, HeaderValue, StatusCode};
use axum::response::{IntoResponse, Response};
use wire::{Failure, FailureCode};

use crate::database::DatabaseError;
use crate::seal::SealError;

/// A [`Failure`] that a route answers with.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Refusal(pub Failure);

impl Refusal {
    /// A refusal with a sentence for the people who run the relay.
    #[must_use]
    pub fn new(code: FailureCode, detail: impl Into<String>) -> Self {
        Self(Failure::new(code, detail))
    }

    /// The same with a wait.
    #[must_use]
    pub fn after(code: FailureCode, detail: impl Into<String>, retry_after_ms: u64) -> Self {
        Self(Failure { retry_after_ms: Some(retry_after_ms), ..Failure::new(code, detail) })
    }
}

impl IntoResponse for Refusal {
    fn into_response(self) -> Response {
        let Self(failure) = self;
        let status = StatusCode::from_u16(failure.code.status()).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
        let code = failure.code.as_str();
        let retry_after_ms = failure.retry_after_ms;
        let mut response = (status, Json(failure)).into_response();
        let headers = response.headers_mut();
        headers.insert(HeaderName::from_static(wire::headers::FAILURE), HeaderValue::from_static(code));
        if let Some(wait_ms) = retry_after_ms {
            headers.insert(axum::http::header::RETRY_AFTER, HeaderValue::from(wait_ms.div_ceil(1_000)));
        }
        response
    }
}

impl From<DatabaseError> for Refusal {
    fn from(error: DatabaseError) -> Self {
        tracing::error!(%error, "the database did not answer a request");
        Self::after(FailureCode::Unavailable, "the relay's database does not answer", 2_000)
    }
}

impl From<SealError> for Refusal {
    fn from(error: SealError) -> Self {
        tracing::error!(%error, "a secret could not be read");
        Self::new(FailureCode::Unavailable, "a secret of the relay cannot be read; its administrator has to look")
    }
}
