//! The page that a browser shows after it came back from TikTok: plain HTML, no script, nothing from elsewhere.

use axum::http::{HeaderName, StatusCode, header};
use axum::response::{IntoResponse as _, Response};

/// The longest text of somebody else's that is shown, in characters.
const MAX_SHOWN: usize = 200;

/// How linking ended.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Outcome {
    /// The account is linked.
    Linked { handle: String, name: String },
    /// The person said no.
    Cancelled,
    /// There is no such state.
    NotOurs,
    /// The state was used before.
    UsedUp,
    /// The state is too old.
    TooLate,
    /// The device that began is no admin's any more.
    NotAllowed,
    /// A browser looked ahead.
    Prefetched,
    /// TikTok does not take the code any more.
    CodeUsedUp,
    /// The same, and the clocks are apart.
    Clock { minutes: i64 },
    /// TikTok refused. Its words are shown as a quotation.
    Refused { what: String, words: String },
    /// TikTok does not know the app, or its secret is wrong.
    AppRefused,
    /// A permission was not given.
    ScopeMissing(String),
    /// The account belongs to another shop of this relay.
    OfAnotherShop,
    /// TikTok could not be reached.
    Unreachable,
    /// TikTok asks to wait.
    Busy,
    /// TikTok's answer was none.
    NoAnswer,
    /// The relay itself could not keep the account.
    Unavailable,
}

impl Outcome {
    /// Its name in the log.
    pub(super) const fn as_str(&self) -> &'static str {
        match self {
            Self::Linked { .. } => "linked",
            Self::Cancelled => "cancelled",
            Self::NotOurs => "unknown state",
            Self::UsedUp => "used state",
            Self::TooLate => "old state",
            Self::NotAllowed => "not an admin",
            Self::Prefetched => "prefetch",
            Self::CodeUsedUp => "used code",
            Self::Clock { .. } => "clock",
            Self::Refused { .. } => "refused",
            Self::AppRefused => "app refused",
            Self::ScopeMissing(_) => "scope missing",
            Self::OfAnotherShop => "another shop's",
            Self::Unreachable => "TikTok unreachable",
            Self::Busy => "TikTok busy",
            Self::NoAnswer => "no answer of TikTok's",
            Self::Unavailable => "unavailable",
        }
    }

    const fn status(&self) -> StatusCode {
        match self {
            Self::Linked { .. } | Self::Cancelled => StatusCode::OK,
            Self::NotOurs
            | Self::UsedUp
            | Self::TooLate
            | Self::CodeUsedUp
            | Self::Clock { .. }
            | Self::Refused { .. }
            | Self::AppRefused
            | Self::ScopeMissing(_) => StatusCode::BAD_REQUEST,
            Self::NotAllowed | Self::OfAnotherShop => StatusCode::FORBIDDEN,
            Self::Unreachable | Self::Busy | Self::NoAnswer => StatusCode::BAD_GATEWAY,
            Self::Prefetched | Self::Unavailable => StatusCode::SERVICE_UNAVAILABLE,
        }
    }

    const fn title(&self) -> &'static str {
        match self {
            Self::Linked { .. } => "Account linked",
            Self::Cancelled => "Not linked",
            Self::NotOurs
            | Self::UsedUp
            | Self::TooLate
            | Self::NotAllowed
            | Self::Prefetched
            | Self::CodeUsedUp
            | Self::Clock { .. }
            | Self::Refused { .. }
            | Self::AppRefused
            | Self::ScopeMissing(_)
            | Self::OfAnotherShop
            | Self::Unreachable
            | Self::Busy
            | Self::NoAnswer
            | Self::Unavailable => "The account was not linked",
        }
    }

    /// What the person reads: HTML, in which everything of somebody else's is escaped.
    fn text(&self) -> String {
        let fixed = match self {
            Self::Linked { handle, name } => return linked(handle, name),
            Self::Refused { what, words } => {
                let quotation = if words.is_empty() { String::new() } else { format!(": <q>{}</q>", shown(words)) };
                return format!(
                    "<p>TikTok refused ({}){quotation}.</p>\
                     <p>Check the app in TikTok's developer portal: its redirect address and its approved permissions \
                     must be those that are set at the relay. Then begin again in Deskbell.</p>",
                    shown(what)
                );
            }
            Self::ScopeMissing(scope) => {
                return format!(
                    "<p>The permission {} was not given, and without it Deskbell cannot show messages or answer.</p>\
                     <p>Begin again in Deskbell, and leave all permissions ticked on TikTok's page.</p>",
                    shown(scope)
                );
            }
            Self::Clock { minutes } => {
                return format!(
                    "<p>TikTok does not take its code any more. The relay's clock is {minutes} minutes away from \
                     TikTok's.</p><p>Have the relay's clock set right. Then begin again in Deskbell.</p>"
                );
            }
            Self::Cancelled => {
                "You said no on TikTok's page. Nothing was changed. To link the account after all, begin \
                again in Deskbell."
            }
            Self::NotOurs => {
                "This address does not belong to a link that this relay is waiting for. Begin again in \
                Deskbell."
            }
            Self::UsedUp => {
                "This address was used before. If the page said then that the account is linked, all is \
                well. If not, begin again in Deskbell."
            }
            Self::TooLate => "More than ten minutes passed since you began. Begin again in Deskbell.",
            Self::NotAllowed => {
                "The device that began this may not link accounts any more. Begin again on a device of \
                an admin."
            }
            Self::Prefetched => "Your browser opened this address ahead of you. Reload this page to go on.",
            Self::CodeUsedUp => {
                "TikTok does not take its code any more: it was used already, or is too old. Begin again \
                in Deskbell."
            }
            Self::AppRefused => {
                "TikTok does not know the app, or its secret is not the one that is set at the relay, or \
                TikTok has blocked it. Check id and secret in TikTok's developer portal, set them in Deskbell, and \
                begin again."
            }
            Self::OfAnotherShop => {
                "This account belongs to another shop of this relay. On TikTok's page, sign in with \
                the account of your own shop."
            }
            Self::Unreachable => "The relay could not reach TikTok. Check its network, and begin again in Deskbell.",
            Self::Busy => "TikTok asks to wait. Begin again in Deskbell in a few minutes.",
            Self::NoAnswer => "TikTok did not answer as it should. Begin again in Deskbell.",
            Self::Unavailable => {
                "The relay could not keep the account, because its database does not answer. Begin \
                again in Deskbell when the relay is well."
            }
        };
        format!("<p>{fixed}</p>")
    }
}

fn linked(handle: &str, name: &str) -> String {
    let who = match (handle.is_empty(), name.is_empty()) {
        (true, true) => "The account".to_owned(),
        (false, true) => format!("The account <bdi>@{}</bdi>", shown(handle)),
        (true, false) => format!("The account <bdi>{}</bdi>", shown(name)),
        (false, false) => format!("The account <bdi>{}</bdi> (<bdi>@{}</bdi>)", shown(name), shown(handle)),
    };
    format!("<p>{who} is linked. Every desktop of the shop shows it now.</p><p>You can close this page.</p>")
}

/// A text of somebody else's as it may stand in HTML: short, on one line, its direction its own.
fn shown(text: &str) -> String {
    let is_shown = |c: &char| {
        !c.is_control() && !matches!(c, '\u{200e}' | '\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}')
    };
    let mut html = String::new();
    for c in text.chars().filter(is_shown).take(MAX_SHOWN) {
        match c {
            '&' => html.push_str("&amp;"),
            '<' => html.push_str("&lt;"),
            '>' => html.push_str("&gt;"),
            '"' => html.push_str("&quot;"),
            '\'' => html.push_str("&#39;"),
            c => html.push(c),
        }
    }
    html
}

/// The page. The browser keeps nothing of it, loads nothing for it, and tells nobody its address, which had a code in it.
pub(super) fn render(outcome: &Outcome) -> Response {
    let (title, text) = (outcome.title(), outcome.text());
    let body = format!(
        "<!doctype html>\n<html lang=\"en\" dir=\"ltr\">\n<head><meta charset=\"utf-8\"><title>{title} - Deskbell</title>\
         <meta name=\"viewport\" content=\"width=device-width\"><meta name=\"color-scheme\" content=\"light dark\"></head>\n\
         <body><main><h1>{title}</h1>{text}</main></body>\n</html>\n"
    );
    let headers = [
        (header::CONTENT_TYPE, "text/html; charset=utf-8"),
        (
            header::CONTENT_SECURITY_POLICY,
            "default-src 'none'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'; sandbox",
        ),
        (header::CACHE_CONTROL, "no-store"),
        (header::REFERRER_POLICY, "no-referrer"),
        (header::X_CONTENT_TYPE_OPTIONS, "nosniff"),
        (HeaderName::from_static("cross-origin-opener-policy"), "same-origin"),
    ];
    (outcome.status(), headers, body).into_response()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_strangers_text_is_only_text() {
        assert_eq!(shown("<script>\"&'</script>"), "&lt;script&gt;&quot;&amp;&#39;&lt;/script&gt;");
        assert_eq!(shown("a\u{202e}b\n\0c\u{2066}"), "abc");
        assert_eq!(shown(&"x".repeat(10_000)).len(), MAX_SHOWN);
    }

    #[test]
    fn every_outcome_has_its_own_page() {
        let all = [
            Outcome::Linked { handle: "shop".to_owned(), name: "<b>".to_owned() },
            Outcome::Cancelled,
            Outcome::NotOurs,
            Outcome::UsedUp,
            Outcome::TooLate,
            Outcome::NotAllowed,
            Outcome::Prefetched,
            Outcome::CodeUsedUp,
            Outcome::Clock { minutes: 9 },
            Outcome::Refused { what: "scope".to_owned(), words: "<i>".to_owned() },
            Outcome::AppRefused,
            Outcome::ScopeMissing("message.list.send".to_owned()),
            Outcome::OfAnotherShop,
            Outcome::Unreachable,
            Outcome::Busy,
            Outcome::NoAnswer,
            Outcome::Unavailable,
        ];
        let texts: std::collections::BTreeSet<String> = all.iter().map(Outcome::text).collect();
        assert_eq!(texts.len(), all.len());
        assert!(texts.iter().all(|text| !text.contains("<b>") && !text.contains("<i>")));
    }
}
