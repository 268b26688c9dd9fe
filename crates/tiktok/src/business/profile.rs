//! The profile of the business account ("Profile").

use crate::{Endpoint, Safety, lenient};
use reqwest::Method;
use serde::Deserialize;
use serde_json::value::RawValue;

/// Asks for an account's name and profile image. Also the cheapest way to see whether the link still works.
#[derive(Debug, Clone)]
pub struct GetBusiness {
    /// The account.
    pub business_id: String,
    /// The fields to ask for; `is_business_account` needs the scope `user.account.type`. See [`GetBusiness::new`].
    pub fields: Vec<&'static str>,
}

impl GetBusiness {
    /// Asks for user name, display name and profile image, which [`super::oauth::DM_SCOPES`] allow.
    pub fn new(business_id: impl Into<String>) -> Self {
        Self { business_id: business_id.into(), fields: vec!["username", "display_name", "profile_image"] }
    }
}

/// An account, as far as it was asked for and granted.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
pub struct Business {
    /// The handle, without `@`.
    #[serde(default, deserialize_with = "lenient::optional_name")]
    pub username: Option<String>,
    /// The name shown.
    #[serde(default, deserialize_with = "lenient::optional_name")]
    pub display_name: Option<String>,
    /// A link that dies: keep the image, not the link.
    #[serde(default, deserialize_with = "lenient::optional_text")]
    pub profile_image: Option<String>,
    /// Whether it still is a business account.
    #[serde(default, deserialize_with = "flag")]
    pub is_business_account: Option<bool>,
}

fn flag<'de, D: serde::Deserializer<'de>>(deserializer: D) -> Result<Option<bool>, D::Error> {
    let raw = Box::<RawValue>::deserialize(deserializer)?;
    Ok(match raw.get() {
        "true" => Some(true),
        "false" => Some(false),
        _ => None,
    })
}

impl Endpoint for GetBusiness {
    const METHOD: Method = Method::GET;
    const PATH: &'static str = "/business/get/";
    const SAFETY: Safety = Safety::Repeatable;
    type Reply = Business;

    fn query(&self) -> Vec<(&'static str, String)> {
        // A list in a query is JSON text ("Calling convention").
        let fields = serde_json::Value::from(self.fields.clone()).to_string();
        vec![("business_id", self.business_id.clone()), ("fields", fields)]
    }
}
