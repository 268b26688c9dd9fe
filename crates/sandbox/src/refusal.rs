//! The refusals of TikTok API for Business.

/// A refusal of a Business call: `code` and `message` of the envelope (§7.5).
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Refusal {
    pub(crate) code: i64,
    pub(crate) message: String,
}

impl Refusal {
    pub(crate) fn new(code: i64, message: impl Into<String>) -> Refusal {
        Refusal { code, message: message.into() }
    }

    /// 40002: a parameter is wrong, and the message names it.
    pub(crate) fn param(name: &str) -> Refusal {
        Refusal::new(40002, format!("Param {name} is invalid"))
    }

    /// 40002: a parameter is missing.
    pub(crate) fn missing(name: &str) -> Refusal {
        Refusal::new(40002, format!("{name}: Missing data for required field."))
    }
}
