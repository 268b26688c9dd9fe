//! The system's packages: finds what is missing, and installs it where we know how (Debian, Ubuntu and their derivatives).
//! Elsewhere the person is told exactly what to install.

use std::collections::BTreeSet;
use std::io::IsTerminal;
use std::process::{Command, Stdio};

use anyhow::{Result, bail};

use crate::{say, shell};

/// What a step needs of the system.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Needs {
    /// The line it is reported under.
    pub(crate) title: &'static str,
    /// Debian's packages.
    debian: &'static [&'static str],
    /// Debian's packages that some derivatives lack. What needs them is left out there, with a message.
    optional: &'static [&'static str],
    /// What must be there on other Linux systems.
    proofs: &'static [Proof],
    /// How other Linux systems install it, by the `ID` or `ID_LIKE` of /etc/os-release.
    elsewhere: &'static [(&'static str, &'static str)],
}

/// Something whose presence can be seen without a package manager.
#[derive(Debug, Clone, Copy)]
enum Proof {
    /// pkg-config knows this library.
    Library(&'static str),
    /// This program is in `PATH`.
    Program(&'static str),
}

/// A C compiler, for SQLite and for rustls.
pub(crate) const COMPILER: Needs = Needs {
    title: "compiler",
    debian: &["build-essential", "pkg-config"],
    optional: &[],
    proofs: &[Proof::Program("cc"), Proof::Program("pkg-config")],
    elsewhere: &[
        ("fedora", "sudo dnf install gcc gcc-c++ make pkgconf-pkg-config"),
        ("arch", "sudo pacman -S --needed base-devel"),
        ("suse", "sudo zypper install gcc gcc-c++ make pkg-config"),
    ],
};

/// What installs packages of the Python index.
pub(crate) const PIP: Needs = Needs {
    title: "python3-pip",
    debian: &["python3-pip"],
    optional: &[],
    proofs: &[Proof::Program("pip3")],
    elsewhere: &[
        ("fedora", "sudo dnf install python3-pip"),
        ("arch", "sudo pacman -S --needed python-pip"),
        ("suse", "sudo zypper install python3-pip"),
    ],
};

/// The database server that the relay's tests start for themselves.
pub(crate) const DATABASE: Needs = Needs {
    title: "PostgreSQL",
    debian: &["postgresql"],
    optional: &[],
    proofs: &[Proof::Program("initdb")],
    elsewhere: &[
        ("fedora", "sudo dnf install postgresql-server"),
        ("arch", "sudo pacman -S --needed postgresql"),
        ("suse", "sudo zypper install postgresql-server"),
    ],
};

/// The libraries that the desktop window is built with.
pub(crate) const WINDOW: Needs = Needs {
    title: "system packages",
    debian: &["libwebkit2gtk-4.1-dev", "libayatana-appindicator3-dev", "pkg-config", "build-essential"],
    optional: &[],
    proofs: &[Proof::Program("cc"), Proof::Library("webkit2gtk-4.1"), Proof::Library("ayatana-appindicator3-0.1")],
    elsewhere: &[
        ("fedora", "sudo dnf install gcc gcc-c++ make webkit2gtk4.1-devel libayatana-appindicator-gtk3-devel"),
        ("arch", "sudo pacman -S --needed base-devel webkit2gtk-4.1 libayatana-appindicator"),
        ("suse", "sudo zypper install gcc gcc-c++ make webkit2gtk3-devel libayatana-appindicator3-devel"),
    ],
};

/// The desktop of the real-window tests.
pub(crate) const TESTS: Needs = Needs {
    title: "test packages",
    debian: &[
        "xvfb",
        "xauth",
        "dbus-x11",
        "dbus-daemon",
        "gnome-keyring",
        "libsecret-tools",
        "webkit2gtk-driver",
        "dunst",
        "xclip",
        "libnotify-bin",
        "openbox",
        "xdotool",
        "x11-xkb-utils",
        "ibus",
        "ibus-gtk3",
        "ibus-anthy",
        "python3-gi",
        "gir1.2-gtk-3.0",
        "scrot",
        "x11-utils",
        "adwaita-icon-theme",
        "librsvg2-common",
        "fonts-dejavu-core",
        "fonts-noto-core",
        "fonts-noto-color-emoji",
        "fonts-noto-cjk",
    ],
    // Ubuntu has Chromium as a snap only, which a container cannot run.
    optional: &["chromium", "chromium-driver"],
    proofs: &[
        Proof::Program("Xvfb"),
        Proof::Program("dbus-daemon"),
        Proof::Program("gnome-keyring-daemon"),
        Proof::Program("secret-tool"),
        Proof::Program("WebKitWebDriver"),
        Proof::Program("dunst"),
        Proof::Program("xclip"),
        Proof::Program("notify-send"),
        Proof::Program("openbox"),
        Proof::Program("xdotool"),
        Proof::Program("setxkbmap"),
        Proof::Program("ibus-daemon"),
    ],
    elsewhere: &[
        (
            "fedora",
            "sudo dnf install xorg-x11-server-Xvfb dbus-daemon gnome-keyring libsecret webkit2gtk-driver dunst xclip libnotify \
             openbox xdotool setxkbmap ibus ibus-anthy python3-gobject google-noto-color-emoji-fonts google-noto-sans-cjk-fonts chromium chromedriver",
        ),
        (
            "arch",
            "sudo pacman -S --needed xorg-server-xvfb dbus gnome-keyring libsecret webkit2gtk-4.1 dunst xclip libnotify openbox \
             xdotool xorg-setxkbmap ibus ibus-anthy python-gobject noto-fonts-emoji noto-fonts-cjk chromium",
        ),
        (
            "suse",
            "sudo zypper install xorg-x11-server-Xvfb dbus-1-daemon gnome-keyring secret-tool webkit2gtk-driver dunst xclip \
             libnotify-tools openbox xdotool setxkbmap ibus ibus-anthy python3-gobject noto-coloremoji-fonts chromium chromedriver",
        ),
    ],
};

/// Makes sure that what is needed is there.
pub(crate) fn ensure(needs: Needs) -> Result<()> {
    if cfg!(target_os = "linux") {
        if shell::which("dpkg-query").is_some() && shell::which("apt-get").is_some() {
            debian(needs)
        } else {
            other_linux(needs)
        }
    } else {
        if cfg!(target_os = "macos") && !shell::succeeds(Command::new("xcode-select").arg("-p")) {
            bail!("Xcode's command line tools are missing. Install them with `xcode-select --install`.");
        }
        // Windows: cargo has just linked this program, so MSVC's tools are there; WebView2 comes with Windows 10 and 11.
        say::already(needs.title, "none needed on this system");
        Ok(())
    }
}

fn debian(needs: Needs) -> Result<()> {
    let mut missing = missing(needs)?;
    if missing.is_empty() {
        say::already(needs.title, "already there");
        return Ok(());
    }
    let known = |package: &&str| installable(package);
    let runner = Runner::find();
    if !missing.iter().all(known) {
        say::timed("package lists", "apt-get update", || runner.apt(needs, &["update"]))?;
        let (there, not): (Vec<_>, Vec<_>) = missing.into_iter().partition(known);
        for package in not.into_iter().filter(|package| needs.optional.contains(package)) {
            say::already(needs.title, &format!("{package} does not exist here: the tests that want it are left out"));
        }
        missing = there;
        missing.extend(needs.debian.iter().filter(|package| !known(package)).copied());
    }
    if missing.is_empty() {
        return Ok(());
    }
    let what = format!("installing {}", missing.join(" "));
    say::timed(needs.title, &what, || {
        let mut words = vec!["install", "-y", "--no-install-recommends"];
        words.extend(&missing);
        runner.apt(needs, &words).or_else(|_| {
            // Lists that are there but old name files the mirror has already dropped.
            runner.apt(needs, &["update"])?;
            runner.apt(needs, &words)
        })
    })
}

fn missing(needs: Needs) -> Result<Vec<&'static str>> {
    let all: Vec<&str> = needs.debian.iter().chain(needs.optional).copied().collect();
    let output = Command::new("dpkg-query")
        .args(["-W", "-f", "${db:Status-Status} ${Package}\\n"])
        .args(&all)
        // It complains about, and fails for, each package it never heard of: that is an answer too.
        .stderr(Stdio::null())
        .output()?;
    Ok(not_installed(&all, &String::from_utf8_lossy(&output.stdout)))
}

/// Whether apt knows where to get this package.
fn installable(package: &str) -> bool {
    let answer = Command::new("apt-cache").args(["policy", package]).env("LC_ALL", "C").stderr(Stdio::null()).output();
    answer.is_ok_and(|answer| has_candidate(&String::from_utf8_lossy(&answer.stdout)))
}

/// Whether `apt-cache policy` names a version to install. A name it has only heard of has none.
fn has_candidate(policy: &str) -> bool {
    policy.lines().filter_map(|line| line.trim().strip_prefix("Candidate: ")).any(|version| version != "(none)")
}

/// The packages that dpkg-query's listing does not call installed.
fn not_installed<'a>(wanted: &[&'a str], listing: &str) -> Vec<&'a str> {
    let installed: BTreeSet<&str> = listing.lines().filter_map(|line| line.strip_prefix("installed ")).collect();
    wanted.iter().filter(|package| !installed.contains(*package)).copied().collect()
}

/// How apt-get is run.
enum Runner {
    Root,
    Sudo { may_ask: bool },
    Unavailable,
}

impl Runner {
    fn find() -> Runner {
        let id = Command::new("id").arg("-u").output();
        if id.is_ok_and(|id| id.stdout.trim_ascii() == b"0") {
            return Runner::Root;
        }
        if shell::which("sudo").is_none() {
            return Runner::Unavailable;
        }
        Runner::Sudo { may_ask: std::io::stdin().is_terminal() }
    }

    fn apt(&self, needs: Needs, words: &[&str]) -> Result<()> {
        let mut command = match self {
            Runner::Root => Command::new("apt-get"),
            Runner::Sudo { may_ask } => {
                let mut command = Command::new("sudo");
                if !may_ask {
                    command.arg("-n");
                }
                command.args(["env", "DEBIAN_FRONTEND=noninteractive", "apt-get"]);
                command
            }
            Runner::Unavailable => bail!("{}", by_hand(needs, "neither root nor sudo is at hand")),
        };
        command.args(words).env("DEBIAN_FRONTEND", "noninteractive").stdin(Stdio::inherit());
        shell::run(&mut command).map_err(|error| error.context(by_hand(needs, "apt-get did not succeed")))
    }
}

fn by_hand(needs: Needs, why: &str) -> String {
    format!(
        "{why}. Install these packages and start again:\n\n  sudo apt-get update\n  sudo apt-get install -y --no-install-recommends {}\n",
        needs.debian.join(" ")
    )
}

fn other_linux(needs: Needs) -> Result<()> {
    let is_there = |proof: &&Proof| match proof {
        Proof::Program(name) => shell::which(name).is_some(),
        Proof::Library(name) => shell::succeeds(Command::new("pkg-config").args(["--exists", name])),
    };
    let missing: Vec<&str> = needs
        .proofs
        .iter()
        .filter(|proof| !is_there(proof))
        .map(|proof| match proof {
            Proof::Program(name) | Proof::Library(name) => *name,
        })
        .collect();
    if missing.is_empty() {
        say::already(needs.title, "already there");
        return Ok(());
    }
    let release = std::fs::read_to_string("/etc/os-release").unwrap_or_default();
    let how = family(&release, needs.elsewhere).map_or_else(
        || {
            let lines: Vec<&str> = needs.elsewhere.iter().map(|(_, line)| *line).collect();
            format!("Elsewhere it is done so:\n\n  {}", lines.join("\n  "))
        },
        |line| format!("Install it and start again:\n\n  {line}"),
    );
    bail!(
        "Deskbell installs packages by itself only where there is apt-get. Missing here: {}. {how}\n",
        missing.join(", ")
    )
}

/// The command for this system, by its name in /etc/os-release.
fn family<'a>(release: &str, lines: &[(&str, &'a str)]) -> Option<&'a str> {
    let names = release
        .lines()
        .filter_map(|line| line.strip_prefix("ID=").or_else(|| line.strip_prefix("ID_LIKE=")))
        .flat_map(|value| value.trim_matches('"').split_whitespace())
        .collect::<Vec<_>>();
    lines.iter().find(|(family, _)| names.iter().any(|name| name.contains(family))).map(|(_, line)| *line)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_what_dpkg_calls_installed_is_there() {
        let listing = "installed xvfb\nnot-installed chromium-driver\nconfig-files dunst\n";
        assert_eq!(
            not_installed(&["xvfb", "chromium-driver", "dunst", "openbox"], listing),
            ["chromium-driver", "dunst", "openbox"]
        );
        assert!(not_installed(&["xvfb"], "installed xvfb\n").is_empty());
    }

    #[test]
    fn a_package_apt_has_only_heard_of_cannot_be_installed() {
        assert!(has_candidate("xvfb:\n  Installed: (none)\n  Candidate: 2:21.1.7-3\n"));
        assert!(!has_candidate("mail-transport-agent:\n  Installed: (none)\n  Candidate: (none)\n"));
        assert!(!has_candidate(""));
    }

    #[test]
    fn other_systems_are_told_their_own_command() {
        let lines = WINDOW.elsewhere;
        assert!(family("NAME=Fedora\nID=fedora\n", lines).unwrap().contains("dnf"));
        assert!(family("ID=manjaro\nID_LIKE=arch\n", lines).unwrap().contains("pacman"));
        assert!(family("ID=\"opensuse-leap\"\nID_LIKE=\"suse opensuse\"\n", lines).unwrap().contains("zypper"));
        assert_eq!(family("ID=nixos\n", lines), None);
    }
}
