//! Deskbell's lives: the same data and keychain, one process after the other.

use std::fs::File;
use std::path::PathBuf;
use std::process::Stdio;
use std::time::Duration;

use sandbox::Sandbox;
use tempfile::TempDir;
use tokio::io::{AsyncBufReadExt, BufReader};
use tokio::process::{Child, Command};
use tokio::sync::watch;

use super::keychain::Keychain;

/// A start takes far less, even on a busy machine.
const LONGEST_START: Duration = Duration::from_secs(60);

/// The life that answers now, by its number, and where; none while Deskbell is dead.
pub(super) type Living = Option<(usize, String)>;

/// The data folder, the keychain, and the process that lives on them.
pub(super) struct Lives {
    folder: TempDir,
    keychain: Keychain,
    child: Option<Child>,
    number: usize,
    living: watch::Sender<Living>,
}

impl Lives {
    pub(super) async fn new(tiktok: &Sandbox) -> Self {
        let folder = tempfile::tempdir().unwrap();
        std::fs::create_dir(folder.path().join("data")).unwrap();
        std::fs::write(folder.path().join("endpoints.json"), tiktok.endpoints_json()).unwrap();
        let living = watch::Sender::new(None);
        Self { folder, keychain: Keychain::open().await, child: None, number: 0, living }
    }

    pub(super) fn living(&self) -> watch::Receiver<Living> {
        self.living.subscribe()
    }

    fn log(&self) -> PathBuf {
        self.folder.path().join("log")
    }

    /// The last of what all the lives have said.
    pub(super) fn said(&self) -> String {
        let text = std::fs::read_to_string(self.log()).unwrap_or_default();
        let lines: Vec<&str> = text.lines().collect();
        lines[lines.len().saturating_sub(60)..].join("\n")
    }

    /// Starts a process and does not wait for it.
    pub(super) fn begin(&mut self) {
        let log = File::options().create(true).append(true).open(self.log()).unwrap();
        let child = Command::new(env!("CARGO_BIN_EXE_deskprocess"))
            .arg(self.folder.path().join("data"))
            .arg(self.folder.path().join("endpoints.json"))
            .arg(&self.keychain.address)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(log)
            .kill_on_drop(true)
            .spawn();
        self.number += 1;
        self.child = Some(child.expect("the desk's process starts"));
    }

    /// Waits until it listens.
    pub(super) async fn listens(&mut self) {
        let out = self.child.as_mut().and_then(|child| child.stdout.take()).expect("a process that was just begun");
        let mut lines = BufReader::new(out).lines();
        let line = tokio::time::timeout(LONGEST_START, lines.next_line()).await;
        let Ok(Ok(Some(address))) = line else { panic!("life {} never listened:\n{}", self.number, self.said()) };
        self.living.send_replace(Some((self.number, address)));
    }

    /// `kill -9`. It must not have ended by itself before.
    pub(super) async fn kill(&mut self) {
        let mut child = self.child.take().expect("a process");
        if let Some(status) = child.try_wait().unwrap() {
            panic!("life {} ended by itself ({status}):\n{}", self.number, self.said());
        }
        child.kill().await.unwrap();
        self.living.send_replace(None);
    }
}
