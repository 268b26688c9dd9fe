//! The relay on this computer, on the sandbox, with a Deskbell that is paired with it: `cargo xtask relay`.

use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use anyhow::{Context, Result, bail};

use crate::{demo, network, node, page, say, shell, system, tree};

const FIRST_PORT: u16 = 4690;
/// How long the sandbox and the relay may take to start.
const START_TIMEOUT: Duration = Duration::from_secs(30);

/// How it was asked for.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(crate) struct Options {
    /// In a web browser instead of a window.
    browser: bool,
}

impl Options {
    pub(crate) fn parse(arguments: &[String]) -> Result<Options> {
        let mut options = Options::default();
        for argument in arguments {
            match argument.as_str() {
                "--browser" => options.browser = true,
                other => bail!("`cargo xtask relay` takes --browser and nothing else, not `{other}`"),
            }
        }
        Ok(options)
    }
}

/// A program that ends with this one.
struct Running(Child);

impl Drop for Running {
    fn drop(&mut self) {
        // It may have ended by itself.
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

pub(crate) fn run(options: Options) -> Result<()> {
    let root = tree::root()?;
    let in_browser = options.browser || !demo::has_display();
    system::ensure(if in_browser { system::COMPILER } else { system::WINDOW })?;
    node::check()?;
    node::packages(&root)?;
    page::build(&root)?;
    let app = if in_browser { "webhost" } else { "deskbell" };
    for program in ["sandbox", "deskbell-relay", app] {
        build(&root, program)?;
    }
    let folder = std::env::temp_dir().join(format!("deskbell-relay-demo-{}", std::process::id()));
    std::fs::create_dir_all(&folder).context("no temporary folder")?;
    let ended = serve(&folder, app);
    // What is left is in the system's folder for such things.
    let _ = std::fs::remove_dir_all(&folder);
    ended
}

fn serve(folder: &Path, app: &str) -> Result<()> {
    let file = |name: &str| folder.join(name);
    let (endpoints, profile, pairing, key) = (file("endpoints.json"), file("relay.json"), file("pairing"), file("key"));
    let mut sandbox = Command::new(tree::program("sandbox")?);
    sandbox.arg("--quiet").arg("--write-endpoints").arg(&endpoints).stdin(Stdio::null());
    let _sandbox = start(&mut sandbox, &endpoints)?;
    std::fs::write(&key, shell::read(Command::new(tree::program("deskbell-relay")?).arg("key"))?)?;
    let port = network::free_port(FIRST_PORT).context("no free port between 4690 and 4790")?;
    let address = format!("127.0.0.1:{port}");
    let relay = |words: &[&str]| -> Result<Command> {
        let mut command = Command::new(tree::program("deskbell-relay")?);
        command.args(words).arg("--endpoints").arg(&endpoints).arg("--key-file").arg(&key).stdin(Stdio::null());
        command.arg(format!("--database=sqlite:{}", file("relay.db").display())).arg("--listen").arg(&address);
        Ok(command)
    };
    let _relay = start(&mut relay(&["serve", "--test-profile", &profile.to_string_lossy()])?, &profile)?;
    let code = shell::read(&mut relay(&["pair", "--admin"])?)?;
    let code = code.split_whitespace().find(|word| is_code(word)).context("the relay gave no code")?;
    std::fs::write(&pairing, format!("http://{address}\n{code}\n"))?;
    say::line(&format!(
        "\nA relay serves at http://{address} on the sandbox, and Deskbell opens paired with it; Settings shows it. Its data \
         is in {}. Nothing of it reaches TikTok. Closing Deskbell ends it.",
        folder.display()
    ));
    let mut desk = Command::new(tree::program(app)?);
    desk.arg("--endpoints").arg(&endpoints).arg("--data-dir").arg(file("desk")).arg("--pair-with").arg(&pairing);
    if app == "webhost" {
        let port = network::free_port(port + 1).context("no free port")?;
        desk.arg("--port").arg(port.to_string());
    }
    shell::run(&mut desk)
}

/// Starts a program, and waits until it has written this file.
fn start(command: &mut Command, ready: &Path) -> Result<Running> {
    let mut running = Running(command.spawn().with_context(|| format!("could not start `{command:?}`"))?);
    let began = Instant::now();
    while !ready.is_file() {
        if let Some(status) = running.0.try_wait()? {
            bail!("`{command:?}` ended ({status})");
        }
        if began.elapsed() > START_TIMEOUT {
            bail!("`{command:?}` is not ready after {} s", START_TIMEOUT.as_secs());
        }
        std::thread::sleep(Duration::from_millis(50));
    }
    Ok(running)
}

/// Whether this is a pairing code: four letters, a hyphen, four letters.
fn is_code(word: &str) -> bool {
    let groups: Vec<&str> = word.split('-').collect();
    let is_group = |group: &&str| group.len() == 4 && group.bytes().all(|byte| byte.is_ascii_uppercase());
    groups.len() == 2 && groups.iter().all(is_group)
}

fn build(root: &Path, program: &str) -> Result<()> {
    let words = ["build", "--locked", "--workspace", "--features", tree::FEATURES, "--bin", program];
    say::timed("build", program, || shell::run(shell::cargo(root).args(words)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_code_is_found_among_the_words_around_it() {
        assert!(is_code("BCDF-GHJK"));
        for word in ["BCDF", "BCDFG-HJK", "bcdf-ghjk", "BCDF-GHJK-LMNP", "Type:"] {
            assert!(!is_code(word), "{word}");
        }
    }
}
