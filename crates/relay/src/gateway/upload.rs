//! An image on its way to TikTok: passed on as it comes, once the account in front of it was read.

use std::sync::Arc;
use std::time::Duration;

use axum::body::{Body, BodyDataStream};
use axum::http::{HeaderMap, Method, header};
use axum::response::{IntoResponse as _, Response};
use bytes::{Bytes, BytesMut};
use futures_util::{StreamExt as _, stream};
use wire::FailureCode;

use super::Gateway;
use super::allow::Route;
use super::call::{Call, MAX_ANSWER_BYTES};
use super::request::{self, bad_request};
use super::upstream::Outgoing;
use crate::access::Caller;
use crate::accounts;
use crate::refusal::Refusal;

/// TikTok takes images of at most 3 MB; the rest is for the other parts of the form.
const MAX_UPLOAD_BYTES: u64 = (3 << 20) + (16 << 10);
/// How much of a form is read to find the account.
const MAX_HEAD_BYTES: usize = 16 << 10;
/// How long that may take.
const HEAD_TIMEOUT: Duration = Duration::from_secs(20);
/// The slowest line an upload must work on: half a megabit a second.
const MIN_BYTES_PER_SECOND: u64 = 64 << 10;

impl Gateway {
    /// Passes an upload on.
    pub(super) async fn upload(
        self: &Arc<Self>,
        caller: &Caller,
        route: Route,
        headers: &HeaderMap,
        body: Body,
    ) -> Result<Response, Refusal> {
        let length = headers.get(header::CONTENT_LENGTH).and_then(|value| value.to_str().ok());
        let length: Option<u64> = length.and_then(|text| text.parse().ok());
        if length.is_some_and(|length| length > MAX_UPLOAD_BYTES) {
            return Err(too_large());
        }
        let content_type = request::content_type(headers);
        let boundary = content_type.as_ref().and_then(|value| boundary(value.to_str().ok()?));
        let boundary = boundary.ok_or_else(|| bad_request("an upload is a form with a boundary"))?;
        let _permit = self.files.try_acquire().map_err(|_| {
            Refusal::after(FailureCode::TooManyRequests, "too many files pass through the relay now", 1_000)
        })?;
        let mut rest = body.into_data_stream();
        let head = tokio::time::timeout(HEAD_TIMEOUT, read_head(&mut rest, &boundary)).await;
        let (account, head) = head.map_err(|_| bad_request("the form did not come in time"))??;
        accounts::require_linked(&self.context, &account).await?;
        let patience = Duration::from_secs(length.unwrap_or(MAX_UPLOAD_BYTES) / MIN_BYTES_PER_SECOND);
        let call = Call {
            device: caller.device.clone(),
            account,
            priority: request::priority(headers, false),
            outgoing: Outgoing {
                method: Method::POST,
                path: route.path,
                query: None,
                content_type,
                content_length: length,
                once: false,
                timeout: self.settings.call_timeout + patience,
                max_answer: MAX_ANSWER_BYTES,
            },
            body: Bytes::new(),
            begin_by: None,
        };
        let told = self.call_streaming(&call, limited(head, rest)).await?;
        Ok(told.answer.into_response())
    }
}

fn too_large() -> Refusal {
    bad_request("TikTok takes images of at most 3 MB")
}

/// The body again: what was read of it, and the rest as it comes, broken off where it is too long.
fn limited(head: Bytes, rest: BodyDataStream) -> reqwest::Body {
    let mut length = 0_u64;
    let whole = stream::once(async move { Ok(head) }).chain(rest.map(|chunk| chunk.map_err(std::io::Error::other)));
    reqwest::Body::wrap_stream(whole.map(move |chunk| {
        let chunk = chunk?;
        length = length.saturating_add(u64::try_from(chunk.len()).unwrap_or(u64::MAX));
        if length > MAX_UPLOAD_BYTES { Err(std::io::Error::other("the upload is too large")) } else { Ok(chunk) }
    }))
}

/// Reads so much of a form that the account is known.
async fn read_head(rest: &mut BodyDataStream, boundary: &[u8]) -> Result<(String, Bytes), Refusal> {
    let mut head = BytesMut::new();
    loop {
        if let Some(account) = account_of_form(&head, boundary)? {
            return Ok((account, head.freeze()));
        }
        // The last chunk that was read may go beyond the limit; it is passed on all the same.
        if head.len() > MAX_HEAD_BYTES {
            return Err(bad_request("`business_id` has to stand in front of the file"));
        }
        match rest.next().await {
            Some(Ok(chunk)) => head.extend_from_slice(&chunk),
            Some(Err(_)) => return Err(bad_request("the form broke off")),
            None => return Err(bad_request("the form has no `business_id`")),
        }
    }
}

/// The boundary of a form, with the hyphens in front of it.
fn boundary(content_type: &str) -> Option<Vec<u8>> {
    let mut parts = content_type.split(';').map(str::trim);
    if !parts.next()?.eq_ignore_ascii_case("multipart/form-data") {
        return None;
    }
    let boundary = parts.find_map(|part| {
        let (name, value) = part.split_once('=')?;
        name.eq_ignore_ascii_case("boundary").then(|| value.trim_matches('"'))
    })?;
    (1..=70).contains(&boundary.len()).then(|| format!("--{boundary}").into_bytes())
}

/// The account of a form, if its part has come whole.
fn account_of_form(form: &[u8], boundary: &[u8]) -> Result<Option<String>, Refusal> {
    let mut rest = form;
    while let Some((_, after)) = split(rest, boundary) {
        let Some((headers, value)) = split(after, b"\r\n\r\n") else { return Ok(None) };
        let Some((value, _)) = split(value, boundary) else { return Ok(None) };
        if is_account(headers) {
            let value = value.strip_suffix(b"\r\n").unwrap_or(value);
            return request::id("business_id", String::from_utf8(value.to_vec()).ok()).map(Some);
        }
        rest = split(after, b"\r\n\r\n").map_or(&[][..], |(_, value)| value);
    }
    Ok(None)
}

fn is_account(headers: &[u8]) -> bool {
    let headers = String::from_utf8_lossy(headers);
    headers.lines().any(|line| {
        line.to_ascii_lowercase().starts_with("content-disposition:")
            && line.split(';').any(|part| matches!(part.trim(), r#"name="business_id""# | "name=business_id"))
    })
}

fn split<'a>(bytes: &'a [u8], by: &[u8]) -> Option<(&'a [u8], &'a [u8])> {
    let at = bytes.windows(by.len()).position(|window| window == by)?;
    Some((bytes.get(..at)?, bytes.get(at + by.len()..)?))
}

#[cfg(test)]
mod tests {
    use super::*;

    const FORM: &str = "--b\r\nContent-Disposition: form-data; name=\"media_type\"\r\n\r\nIMAGE\r\n\
        --b\r\nContent-Disposition: form-data; name=\"business_id\"\r\n\r\n_000shop\r\n\
        --b\r\nContent-Disposition: form-data; name=\"file\"; filename=\"a.png\"\r\n\r\n\x01\r\n--b--\r\n";

    #[test]
    fn the_account_is_known_as_soon_as_its_part_is_whole() {
        let whole = FORM.find("_000shop").unwrap() + "_000shop\r\n--b".len();
        for length in 0..FORM.len() {
            let expected = (length >= whole).then(|| "_000shop".to_owned());
            assert_eq!(account_of_form(&FORM.as_bytes()[..length], b"--b").unwrap(), expected, "{length}");
        }
    }

    #[test]
    fn a_boundary_is_read() {
        assert_eq!(boundary("multipart/form-data; boundary=b").unwrap(), b"--b");
        assert_eq!(boundary(r#"Multipart/Form-Data; charset=utf-8; Boundary="a b""#).unwrap(), b"--a b");
        for other in
            ["application/json", "multipart/form-data", "multipart/form-data; boundary=", "multipart/mixed; boundary=b"]
        {
            assert_eq!(boundary(other), None, "{other}");
        }
    }
}
