//! A throw-away desktop: a home, a screen, a session bus, a keychain, a window manager, a notification daemon, and a
//! browser that only writes down where it was sent. Nothing of it is shared with another test or with the person's own
//! session, and all of it is gone afterwards, also after a panic.

use std::fs;
use std::io::{BufRead, BufReader, Write};
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::sync::LazyLock;
use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::mpsc::{RecvTimeoutError, Sender, channel};
use std::time::Duration;

use anyhow::{Context, Result};
use tokio::sync::{Semaphore, SemaphorePermit};

use crate::patience::Patience;
use crate::process::{self, Process, wait_for, wait_until};

/// Desktops open at once. Each brings a browser engine; more of them than cores only makes all of them late.
static ROOM: LazyLock<Semaphore> =
    LazyLock::new(|| Semaphore::new(std::thread::available_parallelism().map_or(1, |cores| (cores.get() / 2).max(1))));

/// After this long everything on a desktop is ended, so that a driver that never answers fails its test. The long run of a
/// conversation (`DESKBELL_MESSAGES`) turns the wheel for longer than anything else takes.
static LONGEST: LazyLock<Duration> =
    LazyLock::new(|| Duration::from_secs(if std::env::var_os("DESKBELL_MESSAGES").is_some() { 1_800 } else { 300 }));

/// Numbers the desktops of this process.
static NUMBER: AtomicU32 = AtomicU32::new(0);

/// A notification as the daemon showed it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Notification {
    /// Who shows it.
    pub app: String,
    /// Its first line.
    pub title: String,
    /// What stands below.
    pub body: String,
}

/// The desktop. Dropping it ends everything that runs on it.
#[derive(Debug)]
pub struct Desktop {
    programs: Vec<Process>,
    clipboard: Option<Process>,
    bus: Option<Process>,
    screen: Option<Process>,
    folder: PathBuf,
    display: String,
    variables: Vec<(&'static str, String)>,
    _watch: Sender<()>,
    _room: SemaphorePermit<'static>,
}

impl Desktop {
    /// Opens one, once there is room.
    pub async fn open() -> Result<Desktop> {
        Desktop::open_for(*LONGEST).await
    }

    /// Opens one that may last so long.
    pub async fn open_for(longest: Duration) -> Result<Desktop> {
        let room = ROOM.acquire().await?;
        let number = NUMBER.fetch_add(1, Ordering::Relaxed);
        let folder = std::env::temp_dir().join(format!("deskbell-e2e-{}-{number}", std::process::id()));
        for inner in ["bin", "run", "home/.config/dunst", "home/.local/share", "home/.cache", "logs"] {
            fs::create_dir_all(folder.join(inner))?;
        }
        fs::set_permissions(folder.join("run"), fs::Permissions::from_mode(0o700))?;
        write_browser(&folder)?;
        write_notification_settings(&folder)?;

        let (screen, display) = start_screen(&folder)?;
        let bus = start_bus(&folder)?;
        let mut desktop = Desktop {
            programs: Vec::new(),
            clipboard: None,
            bus: Some(bus),
            screen: Some(screen),
            _watch: watch(&folder, longest),
            folder,
            display,
            variables: Vec::new(),
            _room: room,
        };
        desktop.start_keychain()?;
        desktop.start("openbox", &[])?;
        desktop.start("dunst", &[])?;
        for name in ["org.freedesktop.secrets", "org.freedesktop.Notifications"] {
            wait_for(&format!("{name} on the session bus"), || desktop.has_name(name).then_some(())).await?;
        }
        Ok(desktop)
    }

    /// A program set to run on this desktop, in an environment made from nothing.
    pub fn command(&self, program: impl AsRef<Path>) -> Command {
        let mut command = Command::new(program.as_ref());
        environment(&mut command, &self.folder);
        command.env("DISPLAY", &self.display);
        command.envs(self.variables.iter().map(|(name, value)| (name, value)));
        command
    }

    /// Sets an environment variable for what is started from now on.
    pub fn set_variable(&mut self, name: &'static str, value: &str) {
        self.variables.push((name, value.to_owned()));
    }

    /// Starts ibus and makes it the input method of what is started from now on.
    pub async fn start_input_method(&mut self) -> Result<()> {
        // Not the X11 protocol's: GTK programs talk to ibus over its own bus.
        self.set_variable("GTK_IM_MODULE", "ibus");
        let log = self.log("ibus-daemon");
        let mut command = self.command("ibus-daemon");
        // The engines in Python want the system's own.
        command.env("PATH", "/usr/bin:/bin").stdin(Stdio::null());
        command.args(["--panel=disable", "--emoji-extension=disable", "--cache=none"]);
        self.programs.push(Process::start(&mut command, &log)?);
        wait_for("ibus to answer", || {
            let answer = self.command("ibus").arg("address").stderr(Stdio::null()).output().ok()?;
            String::from_utf8_lossy(&answer.stdout).contains("unix:").then_some(())
        })
        .await
    }

    /// Chooses ibus' engine, such as `hangul`; once a window has the focus.
    pub async fn choose_engine(&self, engine: &str) -> Result<()> {
        wait_for(&format!("ibus to use {engine}"), || {
            let _ = self.command("ibus").args(["engine", engine]).stderr(Stdio::null()).output().ok()?;
            let now = self.command("ibus").arg("engine").stderr(Stdio::null()).output().ok()?;
            (String::from_utf8_lossy(&now.stdout).trim() == engine).then_some(())
        })
        .await
    }

    /// Gives the keyboard another layout, as XKB names it.
    pub fn set_layout(&self, layout: &str) -> Result<()> {
        let status = self.command("setxkbmap").args(["-layout", layout]).status()?;
        anyhow::ensure!(status.success(), "setxkbmap knows no layout {layout}");
        Ok(())
    }

    /// Presses the keys with these codes together, whatever the layout makes of them: the first ones are held.
    pub fn press_keycodes(&self, codes: &[u8]) -> Result<()> {
        // xdotool takes a single digit for the character, and 9 is Escape on every layout.
        let name = |code: &u8| if *code == 9 { "Escape".to_owned() } else { code.to_string() };
        let chord: Vec<String> = codes.iter().map(name).collect();
        self.xdotool(&["key", &chord.join("+")])
    }

    /// Fills the clipboard with these targets, as another program would, until the next fill.
    pub async fn fill_clipboard(&mut self, targets: &[(&str, &[u8])]) -> Result<()> {
        self.clipboard = None;
        let script = self.folder.join("bin/clipboard.py");
        fs::write(&script, include_str!("../e2e/clipboard.py"))?;
        let mut command = self.command("/usr/bin/python3");
        command.arg(&script).stdin(Stdio::null());
        for (number, (target, content)) in targets.iter().enumerate() {
            let file = self.folder.join(format!("run/target-{number}"));
            fs::write(&file, content)?;
            command.arg(format!("{target}={}", file.display()));
        }
        let log = self.log("clipboard");
        let _ = fs::remove_file(&log);
        self.clipboard = Some(Process::start(&mut command, &log)?);
        wait_for("the clipboard to be filled", || process::tail(&log, 100).contains("ready").then_some(())).await
    }

    /// Starts a program that ends with the desktop.
    pub fn start(&mut self, program: &str, arguments: &[&str]) -> Result<()> {
        let log = self.log(program);
        let process = Process::start(self.command(program).args(arguments).stdin(Stdio::null()), &log)?;
        self.programs.push(process);
        Ok(())
    }

    /// The X display's name.
    pub fn display(&self) -> &str {
        &self.display
    }

    /// The home folder: nothing but what ran here has written to it.
    pub fn home(&self) -> PathBuf {
        self.folder.join("home")
    }

    /// Where a program's words are kept.
    pub fn log(&self, program: &str) -> PathBuf {
        self.folder.join("logs").join(format!("{program}.log"))
    }

    /// The addresses the browser was sent to, oldest first.
    pub fn opened(&self) -> Vec<String> {
        let text = fs::read_to_string(self.folder.join("opened")).unwrap_or_default();
        text.lines().map(str::to_owned).collect()
    }

    /// Waits for the browser to be sent somewhere for the `nth` time (from 0).
    pub async fn opens(&self, nth: usize) -> Result<String> {
        wait_for("a link to be opened", || self.opened().get(nth).cloned()).await
    }

    /// The notifications shown so far, oldest first.
    pub fn notifications(&self) -> Vec<Notification> {
        let text = fs::read_to_string(self.folder.join("notified")).unwrap_or_default();
        text.split_terminator('\u{1e}').filter_map(notification).collect()
    }

    /// Clicks the one notification on the screen with the mouse, once it is drawn: in the upper left corner.
    pub async fn click_notification(&self) -> Result<()> {
        wait_for("the notification to be drawn", || {
            let drawn = self.windows("^Dunst$").ok()?;
            (!drawn.is_empty()).then_some(())
        })
        .await?;
        // It takes clicks when it is on the screen, which the server says before the daemon hears it: press until it goes.
        for _ in 0..100 {
            self.xdotool(&["mousemove", "60", "20", "click", "1"])?;
            tokio::time::sleep(process::GLANCE * 3).await;
            if self.windows("^Dunst$")?.is_empty() {
                return Ok(());
            }
        }
        anyhow::bail!("the notification does not go when clicked")
    }

    /// Real keys and a real mouse, for what lies outside the page.
    pub fn xdotool(&self, words: &[&str]) -> Result<()> {
        let status = self.command("xdotool").args(words).status()?;
        anyhow::ensure!(status.success(), "xdotool {} failed", words.join(" "));
        Ok(())
    }

    /// The ids of the windows with this in their title.
    pub fn windows(&self, title: &str) -> Result<Vec<String>> {
        let text = process::output(self.command("xdotool").args(["search", "--onlyvisible", "--name", title]))?;
        Ok(text.lines().map(str::to_owned).collect())
    }

    /// Everything the keychain holds, values included, as `secret-tool` prints it.
    pub fn secrets(&self, attribute: &str, value: &str) -> Result<String> {
        let search = ["search", "--all", "--unlock", attribute, value];
        let output = self.command("secret-tool").args(search).output().context("secret-tool could not be started")?;
        Ok(String::from_utf8_lossy(&output.stdout).into_owned() + &String::from_utf8_lossy(&output.stderr))
    }

    /// The files below these folders that contain one of the canaries, with the canary.
    pub fn files_with(canaries: &[String], folders: &[&Path]) -> Vec<(PathBuf, String)> {
        let mut found = Vec::new();
        for folder in folders {
            search(folder, canaries, &mut found);
        }
        found
    }

    /// The last words of everything that ran here, for a failing test.
    pub fn last_words(&self) -> String {
        let Ok(entries) = fs::read_dir(self.folder.join("logs")) else { return String::new() };
        let mut files: Vec<PathBuf> = entries.filter_map(|entry| Some(entry.ok()?.path())).collect();
        files.sort();
        let words = |file: &PathBuf| {
            let said = process::tail(file, 3_000);
            (!said.trim().is_empty()).then(|| format!("--- {}\n{said}", file.display()))
        };
        files.iter().filter_map(words).collect::<Vec<_>>().join("\n")
    }

    fn start_keychain(&mut self) -> Result<()> {
        let log = self.log("gnome-keyring-daemon");
        let mut command = self.command("gnome-keyring-daemon");
        command.args(["--foreground", "--unlock", "--components=secrets"]).stdin(Stdio::piped());
        let mut keychain = Process::start(&mut command, &log)?;
        // The empty password, which also makes the login collection.
        if let Some(mut input) = keychain.child().stdin.take() {
            input.write_all(b"\n")?;
        }
        self.programs.push(keychain);
        Ok(())
    }

    fn has_name(&self, name: &str) -> bool {
        let words = [
            "--session",
            "--dest=org.freedesktop.DBus",
            "--print-reply=literal",
            "/",
            "org.freedesktop.DBus.NameHasOwner",
        ];
        let asked = self.command("dbus-send").args(words).arg(format!("string:{name}")).stderr(Stdio::null()).output();
        asked.is_ok_and(|answer| String::from_utf8_lossy(&answer.stdout).contains("true"))
    }
}

impl Drop for Desktop {
    fn drop(&mut self) {
        if std::thread::panicking() {
            let _ = writeln!(std::io::stderr(), "{}", self.last_words());
        }
        drop(self.clipboard.take());
        while let Some(program) = self.programs.pop() {
            drop(program);
        }
        drop(self.bus.take());
        process::sweep(&self.folder, self.screen.as_ref().map(Process::id));
        drop(self.screen.take());
        let _ = fs::remove_dir_all(&self.folder);
    }
}

/// Ends what runs in this folder when time is up; when the desktop is dropped before, it stops watching.
fn watch(folder: &Path, longest: Duration) -> Sender<()> {
    let (open, dropped) = channel();
    let folder = folder.to_owned();
    std::thread::spawn(move || {
        let mut patience = Patience::of(longest);
        while dropped.recv_timeout(Duration::from_secs(1)) == Err(RecvTimeoutError::Timeout) {
            if patience.is_over() {
                return process::sweep(&folder, None);
            }
        }
    });
    open
}

fn environment(command: &mut Command, folder: &Path) {
    let home = folder.join("home");
    let path = std::env::var("PATH").unwrap_or_default();
    command
        .env_clear()
        .env("PATH", format!("{}:{path}", folder.join("bin").display()))
        .env("HOME", &home)
        .env("TMPDIR", std::env::temp_dir())
        .env("XDG_RUNTIME_DIR", folder.join("run"))
        .env("XDG_CONFIG_HOME", home.join(".config"))
        .env("XDG_DATA_HOME", home.join(".local/share"))
        .env("XDG_CACHE_HOME", home.join(".cache"))
        .env("DBUS_SESSION_BUS_ADDRESS", format!("unix:path={}", folder.join("run/bus").display()))
        // No accessibility bus: it starts slowly and nobody listens.
        .env("NO_AT_BRIDGE", "1")
        .env("LC_ALL", "C.UTF-8")
        .env("TZ", "UTC")
        .current_dir(home);
}

fn start_screen(folder: &Path) -> Result<(Process, String)> {
    let mut command = Command::new("Xvfb");
    environment(&mut command, folder);
    // Larger than the largest window under test, with room for its frame. The server looks for a free display itself.
    command.args(["-displayfd", "1", "-screen", "0", "2100x1400x24", "-nolisten", "tcp", "-noreset"]);
    command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::null());
    let mut screen = Process::start_as_is(&mut command, &folder.join("logs/Xvfb.log"))?;
    let number = first_line(&mut screen).context("Xvfb named no display")?;
    Ok((screen, format!(":{number}")))
}

fn start_bus(folder: &Path) -> Result<Process> {
    let mut command = Command::new("dbus-daemon");
    environment(&mut command, folder);
    let address = format!("--address=unix:path={}", folder.join("run/bus").display());
    command.args(["--session", "--nofork", "--nopidfile", "--print-address=1", &address]);
    command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::null());
    let mut bus = Process::start_as_is(&mut command, &folder.join("logs/dbus-daemon.log"))?;
    first_line(&mut bus).context("dbus-daemon named no address")?;
    wait_until("the session bus", || folder.join("run/bus").exists().then_some(()))?;
    Ok(bus)
}

fn first_line(process: &mut Process) -> Result<String> {
    let output = process.child().stdout.take().context("no pipe")?;
    let mut line = String::new();
    BufReader::new(output).read_line(&mut line)?;
    let line = line.trim().to_owned();
    anyhow::ensure!(!line.is_empty(), "it ended without a word");
    Ok(line)
}

/// What opens links here: it writes the address down and goes nowhere.
fn write_browser(folder: &Path) -> Result<()> {
    let script = format!("#!/bin/sh\nprintf '%s\\n' \"$1\" >> '{}'\n", folder.join("opened").display());
    write_program(&folder.join("bin/xdg-open"), &script)
}

/// The daemon runs our script for each notification it shows; that is how tests know what was on the screen.
fn write_notification_settings(folder: &Path) -> Result<()> {
    let script = format!(
        "#!/bin/sh\nprintf '%s\\037%s\\037%s\\036' \"$DUNST_APP_NAME\" \"$DUNST_SUMMARY\" \"$DUNST_BODY\" >> '{}'\n",
        folder.join("notified").display()
    );
    let program = folder.join("bin/notified");
    write_program(&program, &script)?;
    let settings = format!(
        "[global]\n    follow = none\n    width = 300\n    height = 200\n    origin = top-left\n    offset = 0x0\n    timeout = 0\n    \
         idle_threshold = 0\n    always_run_script = true\n    mouse_left_click = do_action, close_current\n\n\
         [record]\n    script = {}\n\n[urgency_normal]\n    timeout = 0\n[urgency_low]\n    timeout = 0\n",
        program.display()
    );
    Ok(fs::write(folder.join("home/.config/dunst/dunstrc"), settings)?)
}

fn write_program(place: &Path, script: &str) -> Result<()> {
    fs::write(place, script)?;
    Ok(fs::set_permissions(place, fs::Permissions::from_mode(0o755))?)
}

fn notification(line: &str) -> Option<Notification> {
    let mut fields = line.split('\u{1f}').map(str::to_owned);
    Some(Notification { app: fields.next()?, title: fields.next()?, body: fields.next()? })
}

fn search(path: &Path, canaries: &[String], found: &mut Vec<(PathBuf, String)>) {
    if path.is_symlink() {
        return;
    }
    if path.is_dir() {
        for entry in fs::read_dir(path).into_iter().flatten().flatten() {
            search(&entry.path(), canaries, found);
        }
    } else if let Ok(bytes) = fs::read(path) {
        for canary in canaries {
            if bytes.windows(canary.len()).any(|window| window == canary.as_bytes()) {
                found.push((path.to_owned(), canary.clone()));
            }
        }
    }
}
