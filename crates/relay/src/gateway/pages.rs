//! What a desktop reads of TikTok's lists goes into the log, for all the others.
//!
//! **Invariant:** a page is in the log before the desktop that asked for it has it. So the log holds whatever any desktop
//! has read, and a desktop that says up to when an account is complete says it of the log (decision 20).

use std::time::Duration;

use sha2::{Digest as _, Sha256};
use wire::event::Page;
use wire::{EventBody, FailureCode};

use super::call::{Call, Told};
use crate::log::{Log, NewEvent};
use crate::refusal::Refusal;

/// How long an answer waits for its page to be stored. After it the desktop asks again.
const STORE_TIMEOUT: Duration = Duration::from_secs(5);

/// Keeps the page of an answer, if it has one.
///
/// # Errors
/// [`FailureCode::Unavailable`] if it could not be stored in time, or says no time.
pub(super) async fn keep(log: &Log, call: &Call, told: &Told) -> Result<(), Refusal> {
    let Ok(data) = &told.meaning else { return Ok(()) };
    let Some(asked_at_ms) = told.answer.asked_at_ms else {
        return Err(Refusal::after(FailureCode::Unavailable, "TikTok's answer has no time to keep it by", 1_000));
    };
    let query = url::form_urlencoded::parse(call.outgoing.query.as_deref().unwrap_or_default().as_bytes());
    let query: Vec<(String, String)> =
        query.filter(|(name, _)| name != "business_id").map(|(name, value)| (name.into(), value.into())).collect();
    let page = Page { path: call.outgoing.path.to_owned(), query, asked_at_ms, data: data.get().to_owned() };
    let dedup = dedup(&call.account, &page);
    let event = NewEvent { account: call.account.clone(), dedup, body: EventBody::Page(page), answer: None };
    match log.append(event, STORE_TIMEOUT).await {
        Ok(_) => Ok(()),
        Err(error) => {
            tracing::warn!(%error, "a page that was read could not be stored");
            Err(Refusal::after(FailureCode::Unavailable, "what TikTok answered could not be stored", 1_000))
        }
    }
}

/// What tells an unchanged page: all but when it was asked for, and but for the signatures of the addresses in it, which
/// TikTok makes anew with each answer.
fn dedup(account: &str, page: &Page) -> String {
    let mut hash = Sha256::new();
    let mut part = |bytes: &[u8]| {
        hash.update(u64::try_from(bytes.len()).unwrap_or(u64::MAX).to_be_bytes());
        hash.update(bytes);
    };
    part(account.as_bytes());
    part(page.path.as_bytes());
    for (name, value) in &page.query {
        part(name.as_bytes());
        part(value.as_bytes());
    }
    part(without_signatures(&page.data).as_bytes());
    format!("page/{:x}", hash.finalize())
}

/// JSON in which addresses end before their query.
fn without_signatures(json: &str) -> String {
    let mut kept = String::with_capacity(json.len());
    let mut rest = json;
    while let Some((before, text)) = rest.split_once('"') {
        kept.push_str(before);
        kept.push('"');
        let end = end_of_text(text);
        let (text, after) = text.split_at_checked(end).unwrap_or((text, ""));
        let is_address = text.starts_with("https:") || text.starts_with("http:");
        kept.push_str(match text.split_once('?') {
            Some((address, _)) if is_address => address,
            _ => text,
        });
        match after.strip_prefix('"') {
            Some(after) => {
                kept.push('"');
                rest = after;
            }
            None => return kept,
        }
    }
    kept.push_str(rest);
    kept
}

/// Where the quotation mark is that ends a JSON text.
fn end_of_text(text: &str) -> usize {
    let mut is_escaped = false;
    let end = text.bytes().position(|byte| {
        let ends = byte == b'"' && !is_escaped;
        is_escaped = byte == b'\\' && !is_escaped;
        ends
    });
    end.unwrap_or(text.len())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_the_queries_of_addresses_are_left_out() {
        for (json, expected) in [
            (r#"{"a":"b?c","u":"https://x/y?sign=1","n":1}"#, r#"{"a":"b?c","u":"https://x/y","n":1}"#),
            (r#"{"u":"https:\/\/x\/y?a=\"1\"&b","v":"\\"}"#, r#"{"u":"https:\/\/x\/y","v":"\\"}"#),
            (r#"["http://x"]"#, r#"["http://x"]"#),
            ("12", "12"),
            (r#""open"#, r#""open"#),
        ] {
            assert_eq!(without_signatures(json), expected);
        }
    }

    #[test]
    fn a_page_is_another_if_anything_but_the_time_and_signatures_differs() {
        let page = |path: &str, query: &[(&str, &str)], data: &str, asked_at_ms| Page {
            path: path.to_owned(),
            query: query.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect(),
            asked_at_ms,
            data: data.to_owned(),
        };
        let known = dedup("a", &page("/p/", &[("c", "1")], r#"{"u":"https://x?1"}"#, 1));
        assert_eq!(known, dedup("a", &page("/p/", &[("c", "1")], r#"{"u":"https://x?2"}"#, 2)));
        for (account, other) in [
            ("b", page("/p/", &[("c", "1")], r#"{"u":"https://x?1"}"#, 1)),
            ("a", page("/q/", &[("c", "1")], r#"{"u":"https://x?1"}"#, 1)),
            ("a", page("/p/", &[("c", "2")], r#"{"u":"https://x?1"}"#, 1)),
            ("a", page("/p/", &[], r#"{"u":"https://x?1"}"#, 1)),
            ("a", page("/p/", &[("c", "1")], r#"{"u":"https://y?1"}"#, 1)),
        ] {
            assert_ne!(known, dedup(account, &other));
        }
        assert!(known.len() <= 200);
    }
}
