//! Deskbell's lives: the same data and keychain, one process after the other.

use std::fs::File;
use std::path::PathBuf;
use std::process::Stdio;
use std::sync::Arc;
use std::time::Duration;

use sandbox::Sandbox;
use tempfile::TempDir;
use tests::Patience;
use tokio::io::{AsyncBufReadExt, BufReader, Lines};
use tokio::process::{Child, ChildStdin, ChildStdout, Command};
use tokio::sync::{Mutex, watch};

use super::keychain::Keychain;

/// A start takes far less, even on a busy machine.
const LONGEST_START: Duration = Duration::from_secs(60);

/// The life that answers now, by its number, and where; none while Deskbell is dead.
pub(crate) type Living = Option<(usize, String)>;

/// Where the process that lives is told what TikTok pushes; none while Deskbell is dead.
pub(crate) type Ear = Arc<Mutex<Option<ChildStdin>>>;

/// The data folder, the keychain, and the process that lives on them.
pub(crate) struct Lives {
    folder: TempDir,
    keychain: Keychain,
    child: Option<Child>,
    /// What it prints. Held while it lives: it would end if it wrote into a closed pipe.
    printed: Option<Lines<BufReader<ChildStdout>>>,
    ear: Ear,
    number: usize,
    living: watch::Sender<Living>,
}

impl Lives {
    pub(crate) async fn new(tiktok: &Sandbox) -> Self {
        let folder = tempfile::tempdir().unwrap();
        std::fs::create_dir(folder.path().join("data")).unwrap();
        std::fs::write(folder.path().join("endpoints.json"), tiktok.endpoints_json()).unwrap();
        let living = watch::Sender::new(None);
        Self {
            folder,
            keychain: Keychain::open().await,
            child: None,
            printed: None,
            ear: Ear::default(),
            number: 0,
            living,
        }
    }

    pub(crate) fn living(&self) -> watch::Receiver<Living> {
        self.living.subscribe()
    }

    /// To hand in what TikTok pushes.
    pub(crate) fn ear(&self) -> Ear {
        Arc::clone(&self.ear)
    }

    fn log(&self) -> PathBuf {
        self.folder.path().join("log")
    }

    /// The last of what all the lives have said.
    pub(crate) fn said(&self) -> String {
        let text = std::fs::read_to_string(self.log()).unwrap_or_default();
        let lines: Vec<&str> = text.lines().collect();
        lines[lines.len().saturating_sub(60)..].join("\n")
    }

    /// Starts a process and does not wait for it.
    pub(crate) fn begin(&mut self) {
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
        let mut child = child.expect("the desk's process starts");
        self.printed = child.stdout.take().map(|out| BufReader::new(out).lines());
        self.child = Some(child);
    }

    /// Waits until it listens.
    pub(crate) async fn listens(&mut self) {
        let printed = self.printed.as_mut().expect("a process that was just begun");
        let line = Patience::of(LONGEST_START).wait_for(printed.next_line()).await;
        *self.ear.lock().await = self.child.as_mut().and_then(|child| child.stdin.take());
        let Some(Ok(Some(address))) = line else { panic!("life {} never listened:\n{}", self.number, self.said()) };
        self.living.send_replace(Some((self.number, address)));
    }

    /// `kill -9`. It must not have ended by itself before.
    pub(crate) async fn kill(&mut self) {
        let mut child = self.child.take().expect("a process");
        if let Some(status) = child.try_wait().unwrap() {
            panic!("life {} ended by itself ({status}):\n{}", self.number, self.said());
        }
        // Its standard input is closed after it, or it would end by itself.
        let ear = self.ear.lock().await.take();
        child.kill().await.unwrap();
        drop(ear);
        self.living.send_replace(None);
    }
}
