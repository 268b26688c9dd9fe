//! The agent's settings, as they are stored.

use store::table::setting;
use store::{Store, StoreError, readable};

use crate::view::Settings;

/// The name of the row that holds the settings, as JSON.
const SETTINGS: &str = "settings";

/// Reads the settings; the defaults where none were saved or they cannot be read.
pub(crate) async fn read(store: &Store) -> Settings {
    let read =
        store.read(|sql| Ok(setting::get(sql, SETTINGS)?.and_then(|json| readable::parse("setting", json.as_bytes()))));
    match read.await {
        Ok(settings) => settings.unwrap_or_default(),
        Err(error) => {
            tracing::error!(%error, "the settings could not be read");
            Settings::default()
        }
    }
}

/// Stores the settings.
pub(crate) async fn save(store: &Store, settings: &Settings) -> Result<(), StoreError> {
    let text = serde_json::to_string(settings)?;
    store.write(move |tx| setting::set(tx, SETTINGS, &text)).await
}
