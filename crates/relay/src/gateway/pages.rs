//! What a desktop reads of TikTok's lists goes into the log, for all the others.

use std::time::Duration;

use sha2::{Digest as _, Sha256};
use tokio::sync::mpsc;
use wire::EventBody;
use wire::event::Page;

use super::call::{Call, Told};
use crate::log::{Log, NewEvent};

/// Pages that may wait to be stored. What comes beyond is not kept: it is read again.
const MAX_WAITING: usize = 64;
/// The longest page that is kept; TikTok's have some dozens of KB.
const MAX_PAGE_BYTES: usize = 1 << 20;
const STORE_TIMEOUT: Duration = Duration::from_secs(30);

/// Keeps pages in the background, so that no answer waits for it.
#[derive(Debug)]
pub(super) struct Pages {
    waiting: mpsc::Sender<NewEvent>,
}

impl Pages {
    pub(super) fn start(log: Log) -> Self {
        let (waiting, mut inbox) = mpsc::channel::<NewEvent>(MAX_WAITING);
        tokio::spawn(async move {
            while let Some(event) = inbox.recv().await {
                if let Err(error) = log.append(event, STORE_TIMEOUT).await {
                    tracing::warn!(%error, "a page that was read could not be stored");
                }
            }
        });
        Self { waiting }
    }

    /// Keeps the page of an answer, if it has one.
    pub(super) fn keep(&self, call: &Call, told: &Told) {
        let (Ok(data), Some(asked_at_ms)) = (&told.meaning, told.answer.asked_at_ms) else { return };
        if data.get().len() > MAX_PAGE_BYTES {
            tracing::warn!(bytes = data.get().len(), "a page is too long to be kept in the log");
            return;
        }
        let query = url::form_urlencoded::parse(call.outgoing.query.as_deref().unwrap_or_default().as_bytes());
        let query: Vec<(String, String)> =
            query.filter(|(name, _)| name != "business_id").map(|(name, value)| (name.into(), value.into())).collect();
        let page = Page { path: call.outgoing.path.to_owned(), query, asked_at_ms, data: data.get().to_owned() };
        let dedup = dedup(&call.account, &page);
        let event = NewEvent { account: call.account.clone(), dedup, body: EventBody::Page(page), answer: None };
        if self.waiting.try_send(event).is_err() {
            tracing::warn!("too many pages wait to be stored; one is not kept");
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
