//! The agent's settings: how they are read, saved, and passed on to the engine and the host.

use std::sync::Arc;

use store::table::setting;
use store::{Store, StoreError, readable};

use crate::Desk;
use crate::view::Settings;

/// The name of the row that holds the settings, as JSON.
const SETTINGS: &str = "settings";
/// Nine computers can share TikTok's ten calls a second; a tenth would need a relay.
const MAX_COMPUTERS: u32 = 9;

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

impl Desk {
    /// The agent's settings; the defaults while none were saved.
    pub async fn settings(&self) -> Settings {
        read(self.store()).await
    }

    pub(crate) async fn save_settings(&self, settings: &Settings) -> Result<(), StoreError> {
        let text = serde_json::to_string(settings)?;
        self.store().write(move |tx| setting::set(tx, SETTINGS, &text)).await?;
        self.apply_settings(settings);
        let (host, settings) = (Arc::clone(self.host()), settings.clone());
        if let Err(error) = tokio::task::spawn_blocking(move || host.settings_changed(&settings)).await {
            tracing::error!(%error, "the host could not apply the settings");
        }
        Ok(())
    }

    /// Passes on to the engine the settings it depends on.
    pub(crate) fn apply_settings(&self, settings: &Settings) {
        self.engine().share_budget(settings.computers.clamp(1, MAX_COMPUTERS));
        self.engine().media().set_limit(settings.media_budget());
    }
}
