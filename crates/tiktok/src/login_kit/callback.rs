//! The callback: the query the browser comes back with.
//!
//! TikTok reports its own complaints (a wrong redirect, an app under review) with `error=access_denied`, the word a
//! person's "no" also comes with. So `error_type` is read first, and only without one is it a person's decision.
//! The Business login comes back with the same parameters and is read with the same code.

use url::{Url, form_urlencoded};

/// The outcome that the browser brought back, and the `state` it belongs to ("Callback query").
#[derive(Debug, Clone)]
pub struct Callback {
    /// To be compared with [`super::Authorization::state`] before anything else is believed.
    pub state: String,
    /// A code, or why there is none.
    pub outcome: Result<Granted, CallbackError>,
}

/// A login that was granted.
#[derive(Clone, PartialEq, Eq)]
pub struct Granted {
    /// For the exchange: decoded, good once and for minutes.
    pub code: String,
    /// The scopes that the person ticked; may be less than was asked for. Empty when TikTok did not say.
    pub scopes: Vec<String>,
}

impl std::fmt::Debug for Granted {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Granted").field("scopes", &self.scopes).finish_non_exhaustive()
    }
}

/// Why a login brought no code.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum CallbackError {
    /// The person said no, or closed the page.
    #[error("the person cancelled")]
    Cancelled,
    /// TikTok said no: the app or its settings are not right.
    #[error("TikTok refused the login ({error}, {}): {description}", error_type.as_deref().unwrap_or("no type"))]
    Refused {
        /// `access_denied`, `invalid_scope`, `unauthorized_client`, ….
        error: String,
        /// The actual complaint: `scope`, `redirect_uri`, `client_key`, `code_challenge`, `non_sandbox_target`, ….
        error_type: Option<String>,
        /// TikTok's words.
        description: String,
    },
    /// Neither a code nor an error: not an answer of TikTok's.
    #[error("the answer holds neither a code nor an error")]
    Empty,
}

impl Callback {
    /// Reads what is behind the `?` of the address the browser was sent to.
    #[must_use]
    pub fn from_query(query: &str) -> Self {
        let query = query.strip_prefix('?').unwrap_or(query);
        let value = |key: &str| {
            let found = form_urlencoded::parse(query.as_bytes()).find(|(name, _)| name == key);
            found.map(|(_, value)| value.into_owned()).filter(|value| !value.is_empty())
        };
        let outcome = match (value("error"), value("error_type"), value("code")) {
            (None, None, Some(code)) => Ok(Granted {
                code,
                scopes: value("scopes")
                    .or_else(|| value("scope"))
                    .map(|scopes| scopes.split([',', ' ']).filter(|s| !s.is_empty()).map(str::to_owned).collect())
                    .unwrap_or_default(),
            }),
            (None, None, None) => Err(CallbackError::Empty),
            (Some(error), None, _) if error == "access_denied" => Err(CallbackError::Cancelled),
            (error, error_type, _) => Err(CallbackError::Refused {
                error: error.unwrap_or_default(),
                error_type,
                description: value("error_description").unwrap_or_default(),
            }),
        };
        Self { state: value("state").unwrap_or_default(), outcome }
    }

    /// Reads a whole address a person pasted; `None` when it is no web address with a query.
    #[must_use]
    pub fn from_pasted(address: &str) -> Option<Self> {
        let url = Url::parse(address.trim()).ok()?;
        url.query().map(Self::from_query)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(query: &str) -> Result<Granted, CallbackError> {
        Callback::from_query(query).outcome
    }

    #[test]
    fn a_code_is_decoded_and_the_ticked_scopes_are_kept() {
        let callback = Callback::from_query("?code=a%2Bb%2A1&scopes=user.info.basic,message.list.read&state=s%3D");
        assert_eq!(callback.state, "s=");
        let granted = callback.outcome.unwrap();
        assert_eq!(granted.code, "a+b*1");
        assert_eq!(granted.scopes, ["user.info.basic", "message.list.read"]);
        assert!(!format!("{granted:?}").contains("a+b"));
    }

    #[test]
    fn a_no_is_a_persons_only_when_tiktok_gives_no_type() {
        assert_eq!(read("error=access_denied&state=s"), Err(CallbackError::Cancelled));
        let Err(CallbackError::Refused { error_type, .. }) =
            read("error=access_denied&error_type=redirect_uri&error_description=x")
        else {
            panic!("a wrong redirect is not a person's decision");
        };
        assert_eq!(error_type.as_deref(), Some("redirect_uri"));
        assert!(matches!(read("error=invalid_scope&error_type=scope"), Err(CallbackError::Refused { .. })));
        assert!(matches!(read("error=server_error&code=x"), Err(CallbackError::Refused { .. })));
    }

    #[test]
    fn nonsense_is_no_login() {
        for query in ["", "code=", "state=s", "%%%=%ff", "code"] {
            assert_eq!(read(query), Err(CallbackError::Empty), "{query}");
        }
    }

    #[test]
    fn a_pasted_address_is_read_like_a_callback() {
        let callback = Callback::from_pasted("  https://shop.example/tiktok/?code=c&state=s#_  ").unwrap();
        assert_eq!((callback.state.as_str(), callback.outcome.unwrap().code.as_str()), ("s", "c"));
        assert!(Callback::from_pasted("c0de").is_none());
    }
}
