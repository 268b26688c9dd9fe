//! A post of an account.

/// A video that an account has posted.
#[derive(Debug, Clone)]
pub(crate) struct Post {
    pub(crate) account: usize,
    /// 19 digits.
    pub(crate) item_id: String,
    pub(crate) caption: String,
    pub(crate) created_at_ms: i64,
}
