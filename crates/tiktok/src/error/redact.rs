//! Takes tokens and secrets out of text that will be kept.
//!
//! Three nets, one behind the other: the very secrets of this call, anything shaped like TikTok's tokens (`act.…`,
//! `rft.…`), and the values of JSON keys known to hold a secret or an address that works like one.

const GONE: &str = "[redacted]";
const SECRET_KEYS: [&str; 9] = [
    "access_token",
    "refresh_token",
    "client_secret",
    "secret",
    "auth_code",
    "code_verifier",
    "download_url",
    "callback_url",
    "code_challenge",
];

pub(super) fn redact(text: &str, secrets: &[&str]) -> String {
    let mut text = text.to_owned();
    // A shorter text would be found inside ordinary words.
    for secret in secrets.iter().filter(|secret| secret.len() >= 6) {
        if text.contains(secret) {
            text = text.replace(secret, GONE);
        }
    }
    let text = tokens(&text);
    SECRET_KEYS.iter().fold(text, |text, key| values(&text, key))
}

/// Replaces words that look like tokens.
fn tokens(text: &str) -> String {
    let is_word = |c: char| c.is_ascii_alphanumeric() || "._-!*~%".contains(c);
    let mut out = String::with_capacity(text.len());
    let mut word = String::new();
    for c in text.chars().chain(['\0']) {
        if is_word(c) {
            word.push(c);
            continue;
        }
        let is_token = ["act.", "rft.", "clt."].iter().any(|start| word.starts_with(start) && word.len() > start.len());
        out.push_str(if is_token { GONE } else { &word });
        word.clear();
        out.push(c);
    }
    out.pop(); // the sentinel
    out
}

/// Replaces the string values of one JSON key, also in JSON that ends too soon.
fn values(text: &str, key: &str) -> String {
    let quoted = format!("\"{key}\"");
    let mut out = String::with_capacity(text.len());
    let mut rest = text;
    while let Some((before, after)) = rest.split_once(&quoted) {
        out.push_str(before);
        out.push_str(&quoted);
        let value = after.trim_start().strip_prefix(':').map(str::trim_start).and_then(|v| v.strip_prefix('"'));
        let Some(value) = value else {
            rest = after;
            continue;
        };
        out.push_str(":\"");
        out.push_str(GONE);
        let mut escaped = false;
        let end = value.find(|c| {
            let ends = c == '"' && !escaped;
            escaped = c == '\\' && !escaped;
            ends
        });
        rest = end.and_then(|end| value.get(end..)).unwrap_or_default();
    }
    out.push_str(rest);
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nothing_secret_survives() {
        for (text, secrets) in [
            (r#"{"data":{"access_token":"canary\"still","open_id":"o"}}"#, &[][..]),
            (r#"{"access_token" : "canary"}"#, &[]),
            (r#"{"refresh_token":"canary is cut off he"#, &[]),
            ("token act.canary!4321.va expired", &[]),
            ("rft.canary", &[]),
            ("bad secret s3-canary-s3", &["s3-canary-s3"]),
            (r#"{"download_url":"https://p16.tiktokcdn.com/canary?x=1"}"#, &[]),
        ] {
            let kept = redact(text, secrets);
            assert!(!kept.contains("canary") && !kept.contains("still"), "{kept}");
            assert!(kept.contains(GONE), "{kept}");
        }
    }

    #[test]
    fn ordinary_words_stay() {
        let text = r#"{"code":40002,"message":"react. The act. of text.body: Field required","secret":null}"#;
        assert_eq!(redact(text, &["", "act"]), text);
    }
}
