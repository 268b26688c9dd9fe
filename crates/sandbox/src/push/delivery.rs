//! A webhook as it goes out.

use axum::body::Bytes;

use super::signature;

/// A webhook as it arrives: the `Tiktok-Signature` header and the body, to the byte.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Delivery {
    /// `t=<seconds>,s=<hex>` (§6.2).
    pub signature: String,
    /// The envelope (§6.1), whose `content` is JSON in a string.
    pub body: Bytes,
}

impl Delivery {
    /// A body as it is pushed at this second (epoch), signed with the Business app's secret.
    pub(crate) fn signed(secret: &str, body: Bytes, at_s: i64) -> Delivery {
        Delivery { signature: signature::header(secret, at_s, &body), body }
    }
}
