//! What the desk needs from the computer it runs on.

use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::sync::atomic::{AtomicBool, Ordering};

use desk::view::Settings;
use desk::{Host, HostError, Notification, SecretString, Secrets, SecretsError};
use tauri::{AppHandle, Manager};

use crate::files::{self, ClipboardImage};
use crate::{leaving, link, notifications, tray, window};

/// The desktop as the desk's host.
pub(crate) struct Desktop {
    app: AppHandle,
    secrets: Box<dyn Secrets>,
    practice: bool,
    loopback_links: bool,
    films: PathBuf,
    clipboard_image: ClipboardImage,
    browser_blocked: AtomicBool,
}

impl Desktop {
    /// The agent's desktop, for a desk with this data folder. With `loopback_links`, pages on this computer may be opened
    /// too.
    pub(crate) fn real(app: AppHandle, secrets: Box<dyn Secrets>, data_dir: &Path, loopback_links: bool) -> Self {
        let (films, clipboard_image) = (desk::films_folder(data_dir), ClipboardImage::default());
        Self {
            app,
            secrets,
            practice: false,
            loopback_links,
            films,
            clipboard_image,
            browser_blocked: AtomicBool::new(false),
        }
    }

    /// The desktop as Practice sees it: its secrets are kept in memory, and no browser opens while it links itself.
    pub(crate) fn practice(app: AppHandle, data_dir: &Path) -> Self {
        let secrets = Box::new(desk::SessionSecrets::default());
        let quiet = AtomicBool::new(true);
        Self { practice: true, browser_blocked: quiet, ..Self::real(app, secrets, data_dir, true) }
    }

    /// Lets links open in the browser from now on.
    pub(crate) fn allow_browser(&self) {
        self.browser_blocked.store(false, Ordering::Release);
    }
}

impl Secrets for Desktop {
    fn read(&self, key: &str) -> Result<Option<SecretString>, SecretsError> {
        self.secrets.read(key)
    }

    fn write(&self, key: &str, secret: &SecretString) -> Result<(), SecretsError> {
        self.secrets.write(key, secret)
    }

    fn erase(&self, key: &str) -> Result<(), SecretsError> {
        self.secrets.erase(key)
    }

    fn probe(&self) -> Result<(), SecretsError> {
        self.secrets.probe()
    }
}

impl Host for Desktop {
    fn notify(&self, notification: Notification) -> Result<(), HostError> {
        notifications::show(&self.app, notification)
    }

    fn open_link(&self, address: &str) -> Result<(), HostError> {
        if self.browser_blocked.load(Ordering::Acquire) {
            return Ok(());
        }
        if !link::may_open(address, self.loopback_links) {
            return Err(HostError("this is not an address Deskbell opens".to_owned()));
        }
        tauri_plugin_opener::open_url(address, None::<&str>)
            .map_err(|error| HostError(format!("no browser could be started: {error}")))
    }

    fn settings_changed(&self, settings: &Settings) {
        tray::set_enabled(&self.app, settings.close_to_tray);
    }

    fn copy_picture(&self, _mime: &str, bytes: &[u8]) -> Result<(), HostError> {
        self.clipboard_image.copy(bytes)
    }

    fn downloads(&self) -> Option<PathBuf> {
        self.app.path().download_dir().ok()
    }

    fn open_file(&self, path: &Path) -> Result<(), HostError> {
        files::open_film(&self.films, path)
    }

    fn has_tray(&self) -> bool {
        tray::is_visible(&self.app)
    }

    fn hide(&self) -> Result<(), HostError> {
        window::hide(&self.app);
        Ok(())
    }

    fn quit(&self) -> Result<(), HostError> {
        self.app.exit(0);
        Ok(())
    }

    fn can_restart(&self) -> bool {
        // Another Practice is another TikTok.
        !self.practice
    }

    fn restart(&self) -> Result<(), HostError> {
        if self.practice {
            return Err(HostError("Practice begins anew each time it is opened".to_owned()));
        }
        self.app.exit(leaving::RESTART);
        Ok(())
    }

    fn can_practice(&self) -> bool {
        !self.practice
    }

    fn start_practice(&self) -> Result<(), HostError> {
        if self.practice {
            return Err(HostError("this is Practice already".to_owned()));
        }
        let failed = |error: std::io::Error| HostError(format!("Practice could not be started: {error}"));
        let program = std::env::current_exe().map_err(failed)?;
        let mut practice = Command::new(program)
            .arg("--practice")
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .spawn()
            .map_err(failed)?;
        // Its end has to be waited for, or it stays in the process table.
        std::thread::spawn(move || practice.wait());
        Ok(())
    }
}
