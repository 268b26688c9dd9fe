//! Which shop a row belongs to: a relay serves one, and its tables leave room for more.

/// The one shop of this relay.
pub const TEAM: i64 = 1;
