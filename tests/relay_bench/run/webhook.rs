//! Webhooks of the bench: each has a number in its message's id, by which it is found again in the log and at the desktops.

use serde_json::{Value, json};
use tiktok::ClientSecret;
use tiktok::business::webhook::sign;

const MARK: &[u8] = b"bench-";
const DIGITS: usize = 8;

/// How webhooks are made.
#[derive(Debug, Clone)]
pub(crate) struct Maker {
    /// TikTok's id of the account.
    pub(crate) account: String,
    /// The app's secret.
    pub(crate) secret: String,
    /// When all of them were written, ms since the epoch: a repetition has the same bytes.
    pub(crate) at_ms: i64,
    /// How long their text is.
    pub(crate) text_length: usize,
}

impl Maker {
    pub(crate) fn now(account: &str, secret: &str, text_length: usize) -> Self {
        Self { account: account.to_owned(), secret: secret.to_owned(), at_ms: now_s() * 1_000, text_length }
    }

    /// The body of a customer's message with this number.
    pub(crate) fn body(&self, number: u32) -> String {
        let at_ms = self.at_ms + i64::from(number);
        let content = json!({
            "from": "customer", "to": "shop", "conversation_id": format!("7aB+c/{}==", number % 97),
            "message_id": format!("bench-{number:08}"), "timestamp": at_ms,
            "unique_identifier": "+Zbench=",
            "from_user": { "id": "+Zbench=", "role": "personal_account" },
            "to_user": { "id": self.account, "role": "business_account" },
            "type": "text", "text": { "body": text(number, self.text_length) }, "message_tag": { "source": "APP" },
        });
        self.envelope("im_receive_msg", &self.account, &content)
    }

    /// The body of any event.
    pub(crate) fn envelope(&self, event: &str, account: &str, content: &Value) -> String {
        let content = content.to_string();
        json!({
            "client_key": "7", "event": event, "create_time": self.at_ms / 1_000, "user_openid": account,
            "content": content,
        })
        .to_string()
    }

    /// The value of the header, as signed now.
    pub(crate) fn signature(&self, body: &str) -> String {
        self.signature_at(body, now_s())
    }

    pub(crate) fn signature_at(&self, body: &str, at_s: i64) -> String {
        sign(body.as_bytes(), &ClientSecret::new(self.secret.clone()), at_s)
    }

    /// A whole request.
    pub(crate) fn request(&self, body: &str) -> Vec<u8> {
        let mut request = format!(
            "POST {} HTTP/1.1\r\nHost: relay\r\nContent-Type: application/json\r\nTiktok-Signature: {}\r\n\
             Content-Length: {}\r\n\r\n",
            wire::paths::BUSINESS_WEBHOOK,
            self.signature(body),
            body.len()
        );
        request.push_str(body);
        request.into_bytes()
    }
}

/// Letters that no database makes shorter.
fn text(number: u32, length: usize) -> String {
    const LETTERS: &[u8] = b"abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789+-";
    let mut state = u64::from(number) + 1;
    let mut letter = || {
        // Knuth's generator; its upper bits are the good ones.
        state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        let place = usize::try_from(state >> 58).unwrap_or(0);
        LETTERS.get(place).map_or('x', |letter| char::from(*letter))
    };
    (0..length).map(|_| letter()).collect()
}

/// The number of the webhook in an event of the log, or in a frame of a stream.
pub(crate) fn number(text: &[u8]) -> Option<u32> {
    let at = super::http::find(text, MARK)? + MARK.len();
    std::str::from_utf8(text.get(at..at + DIGITS)?).ok()?.parse().ok()
}

pub(crate) fn now_s() -> i64 {
    let since = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH);
    since.map_or(0, |since| i64::try_from(since.as_secs()).unwrap_or(i64::MAX))
}
