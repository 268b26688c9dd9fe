//! A relay in a process of its own, on the story's sandbox.

use std::net::TcpListener;
use std::path::PathBuf;
use std::process::{Child, Command, Stdio};
use std::time::Duration;

use sandbox::Sandbox;
use serde::Deserialize;
use serde_json::{Value, json};
use tempfile::TempDir;

use crate::{Patience, http, program};

/// How often it is looked whether the relay is ready.
const LOOK_INTERVAL: Duration = Duration::from_millis(20);

/// A relay that can be killed and started again on the same port and data.
#[derive(Debug)]
pub struct RelayProcess {
    child: Option<Child>,
    folder: TempDir,
    port: u16,
    profile: Profile,
}

/// What a relay with `--test-profile` says of itself.
#[derive(Debug, Clone, Deserialize)]
struct Profile {
    address: String,
    admin: DeviceProfile,
}

#[derive(Debug, Clone, Deserialize)]
struct DeviceProfile {
    token: String,
}

impl RelayProcess {
    /// Starts a relay that links @maisonbloom and receives its webhooks.
    pub async fn start(tiktok: &Sandbox) -> Self {
        let folder = tempfile::tempdir().expect("a temporary directory");
        std::fs::write(folder.path().join("endpoints.json"), tiktok.endpoints_json()).expect("the addresses");
        // Bound and let go of: the relay takes it a moment later.
        let port = TcpListener::bind(("127.0.0.1", 0)).and_then(|port| port.local_addr()).expect("a free port").port();
        let key = run(&["key"], &folder);
        std::fs::write(folder.path().join("key"), key).expect("the key");
        let profile = Profile { address: String::new(), admin: DeviceProfile { token: String::new() } };
        let mut relay = Self { child: None, folder, port, profile };
        let file = relay.folder.path().join("profile.json");
        relay.spawn(&["serve", "--test-profile", &file.to_string_lossy()]);
        let profile = relay.wait(|| std::fs::read_to_string(&file).ok()).await;
        relay.profile = serde_json::from_str(&profile).expect("the relay's profile");
        relay
    }

    fn spawn(&mut self, arguments: &[&str]) {
        let log = std::fs::OpenOptions::new().create(true).append(true).open(self.log_file()).expect("the log");
        let mut command = command(arguments, &self.folder);
        command.arg("--listen").arg(format!("127.0.0.1:{}", self.port));
        command.stdout(Stdio::null()).stderr(log);
        self.child = Some(command.spawn().expect("the relay starts"));
    }

    async fn wait<T>(&mut self, mut look: impl FnMut() -> Option<T>) -> T {
        let mut patience = Patience::default();
        while !patience.is_over() {
            if let Some(found) = look() {
                return found;
            }
            let ended = self.child.as_mut().and_then(|child| child.try_wait().ok().flatten());
            assert!(ended.is_none(), "the relay ended: {ended:?}\n{}", self.said());
            tokio::time::sleep(LOOK_INTERVAL).await;
        }
        panic!("the relay is not ready:\n{}", self.said());
    }

    /// Ends the relay as a power cut would.
    pub fn kill(&mut self) {
        if let Some(mut child) = self.child.take() {
            child.kill().expect("it can be killed");
            child.wait().expect("it has ended");
        }
    }

    /// Starts the relay again, and waits until it answers.
    pub async fn restart(&mut self) {
        self.kill();
        self.spawn(&["serve"]);
        let address = format!("127.0.0.1:{}", self.port);
        self.wait(|| std::net::TcpStream::connect(&address).ok()).await;
    }

    /// Where the relay answers.
    pub fn address(&self) -> &str {
        &self.profile.address
    }

    /// The folder with its database, key and log.
    pub fn folder(&self) -> &std::path::Path {
        self.folder.path()
    }

    /// What it has logged.
    pub fn said(&self) -> String {
        std::fs::read_to_string(self.log_file()).unwrap_or_default()
    }

    fn log_file(&self) -> PathBuf {
        self.folder.path().join("relay.log")
    }

    /// Asks the relay as its admin; the answer's JSON.
    pub async fn ask(&self, method: &str, path: &str, body: &Value) -> Value {
        let token = format!("Bearer {}", self.profile.admin.token);
        let headers = [("authorization", token.as_str()), ("content-type", "application/json")];
        let body = if body.is_null() { String::new() } else { body.to_string() };
        let answer = http::ask(method, &format!("{}{path}", self.address()), &headers, &body).await;
        let answer = answer.expect("the relay answers");
        assert!((200..300).contains(&answer.status), "{method} {path}: {} {}", answer.status, answer.body);
        serde_json::from_str(&answer.body).unwrap_or(Value::Null)
    }

    /// Waits until the relay says that it hears everything since a time, or later.
    pub async fn until_heard_from(&self, at_ms: i64) {
        let mut patience = Patience::default();
        loop {
            let me = self.ask("GET", wire::paths::ME, &Value::Null).await;
            let heard_from_ms = me["accounts"][0]["heard_from_ms"].as_i64();
            if heard_from_ms.is_some_and(|heard_from_ms| heard_from_ms >= at_ms) {
                return;
            }
            assert!(!patience.is_over(), "the relay does not say that it hears: {me}");
            tokio::time::sleep(LOOK_INTERVAL).await;
        }
    }

    /// Revokes the device of this name.
    pub async fn revoke(&self, name: &str) {
        let devices = self.ask("GET", wire::paths::DEVICES, &Value::Null).await;
        let all = devices["devices"].as_array().or_else(|| devices.as_array()).expect("a list of devices");
        let device = all.iter().find(|device| device["name"] == name).expect("the device is paired");
        let path = format!("{}/{}", wire::paths::DEVICES, device["id"].as_str().expect("it has an id"));
        self.ask("DELETE", &path, &Value::Null).await;
    }

    /// A new pairing code for a device of this role.
    pub async fn pairing_code(&self, role: &str) -> String {
        let made = self.ask("POST", wire::paths::PAIRING_CODES, &json!({ "role": role })).await;
        made["code"].as_str().expect("a code").to_owned()
    }
}

impl Drop for RelayProcess {
    fn drop(&mut self) {
        if let Some(mut child) = self.child.take() {
            // It may have ended by itself.
            let _ = child.kill();
            let _ = child.wait();
        }
    }
}

fn command(arguments: &[&str], folder: &TempDir) -> Command {
    let mut command = Command::new(program("relayprocess"));
    let below = |name: &str| folder.path().join(name);
    command.args(arguments);
    command.env_clear();
    command.arg("--database").arg(format!("sqlite:{}", below("relay.db").display()));
    command.arg("--endpoints").arg(below("endpoints.json"));
    command.arg("--key-file").arg(below("key"));
    // Desks of stories read far more often than those of shops.
    command.args(["--calls-per-second", "500"]);
    command
}

fn run(arguments: &[&str], folder: &TempDir) -> Vec<u8> {
    let output = Command::new(program("relayprocess")).args(arguments).current_dir(folder.path()).output();
    let output = output.expect("the relay's program runs");
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    output.stdout
}
