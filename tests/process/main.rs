//! The desk as a process of its own, to be killed: the fault run starts it, asks it over loopback HTTP as a page does,
//! and ends it with SIGKILL.
//!
//! `deskprocess DATA_DIR ENDPOINTS_FILE KEYCHAIN` prints the address it listens on. Its keychain is its parent's memory,
//! which outlives it as a real one would. Each line of its standard input is a webhook: its signature, a tab, its body. It
//! ends with its standard input, so that it never outlives its parent.
//!
//! It is also the picture decoder of every story.

use std::error::Error;
use std::io::{self, Write};
use std::process::ExitCode;
use std::sync::Arc;
use std::time::Duration;

use desk::{
    Desk, DeskConfig, Endpoints, ExposeSecret, Host, HostError, Notification, SecretString, Secrets, SecretsError,
    Timing,
};
use tests::http::{self, Answer};
use tests::quick;
use tokio::runtime::Handle;
use webhost::WebHost;

/// A host whose keychain is kept by the parent.
struct Child {
    keychain: String,
    runtime: Handle,
}

impl Child {
    fn ask(&self, method: &str, key: &str, secret: &str) -> Result<Answer, SecretsError> {
        let answer = self.runtime.block_on(http::ask(method, &self.keychain, &[("Key", key)], secret));
        answer.map_err(|error| SecretsError::Refused(error.to_string()))
    }
}

impl Secrets for Child {
    fn read(&self, key: &str) -> Result<Option<SecretString>, SecretsError> {
        let answer = self.ask("GET", key, "")?;
        Ok((answer.status == 200).then(|| SecretString::from(answer.body)))
    }

    fn write(&self, key: &str, secret: &SecretString) -> Result<(), SecretsError> {
        self.ask("PUT", key, secret.expose_secret()).map(|_| ())
    }

    fn erase(&self, key: &str) -> Result<(), SecretsError> {
        self.ask("DELETE", key, "").map(|_| ())
    }
}

impl Host for Child {
    fn notify(&self, _: Notification) -> Result<(), HostError> {
        Ok(())
    }

    fn open_link(&self, _: &str) -> Result<(), HostError> {
        Ok(())
    }
}

/// As the stories' pace, with a call that gives up sooner: some are never answered.
fn timing() -> Timing {
    Timing { call: Duration::from_millis(800), ..quick() }
}

fn main() -> Result<ExitCode, Box<dyn Error>> {
    if desk::is_decoder() {
        return Ok(desk::run_decoder());
    }
    serve()
}

#[tokio::main]
async fn serve() -> Result<ExitCode, Box<dyn Error>> {
    tracing_subscriber::fmt().with_env_filter("warn").with_ansi(false).with_writer(io::stderr).init();
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let [data_dir, endpoints, keychain] = arguments.as_slice() else {
        return Err("deskprocess DATA_DIR ENDPOINTS_FILE KEYCHAIN".into());
    };
    let (pushed, mut told) = tokio::sync::mpsc::unbounded_channel();
    std::thread::spawn(move || {
        for line in io::stdin().lines().map_while(Result::ok) {
            // Before the desk is open nobody listens.
            let _ = pushed.send(line);
        }
        std::process::exit(0);
    });
    let endpoints = Endpoints::from_json(&std::fs::read_to_string(endpoints)?)?;
    let (data_dir, endpoints) = (data_dir.into(), Some(endpoints));
    let config = DeskConfig { data_dir, picture_decoder: desk::this_program()?, endpoints, practice: false };
    let host = Arc::new(Child { keychain: keychain.clone(), runtime: Handle::current() });
    let desk = Desk::open_with(config, timing(), host).await?;
    let ear = desk.clone();
    tokio::spawn(async move {
        while let Some(line) = told.recv().await {
            if let Some((signature, body)) = line.split_once('\t') {
                // What is not taken in is found by polling.
                drop(ear.handle_webhook(signature, body.as_bytes()).await);
            }
        }
    });
    // There is no page to serve: the test is the page.
    let web = WebHost::start(desk, 0, "/nowhere".as_ref()).await?;
    let mut out = io::stdout();
    writeln!(out, "{}", web.url())?;
    out.flush()?;
    std::future::pending().await
}
