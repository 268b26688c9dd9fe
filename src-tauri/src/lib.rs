//! The desktop shell: a window around the page, with the keychain, notifications, the tray and the browser at hand.
//!
//! What Deskbell can do is in the `desk` crate; here is only what needs a desktop. The page may call seven commands
//! (`rpc.rs`), loads nothing but itself and pictures from the vault (`media.rs`), and goes nowhere (`window.rs`).

mod clipboard;
mod files;
mod flags;
mod host;
mod keychain;
mod leaving;
mod link;
mod logging;
mod media;
mod notifications;
mod pending_desk;
mod practice_dir;
mod profile;
mod renderer;
mod rpc;
mod run;
mod tray;
mod window;

use std::io::Write;
use std::process::ExitCode;

use flags::CliAction;

/// Runs Deskbell as the command line says, and answers with the process's exit code: 0 after a proper end, 1 if
/// Deskbell could not start, 2 if the command line made no sense.
#[must_use]
pub fn main() -> ExitCode {
    // Before anything of the window system is touched: the decoder's process is given nothing but pictures.
    if desk::is_decoder() {
        return desk::run_decoder();
    }
    match flags::parse(std::env::args_os().skip(1)) {
        Ok(CliAction::Help) => print(flags::HELP),
        Ok(CliAction::Version) => print(concat!("deskbell ", env!("CARGO_PKG_VERSION"))),
        Ok(CliAction::Run(flags)) => match run::Plan::from(flags) {
            Ok(plan) => {
                renderer::choose();
                run::run(plan)
            }
            Err(sentence) => usage_error(&sentence),
        },
        Err(sentence) => usage_error(&sentence),
    }
}

fn print(text: &str) -> ExitCode {
    // A closed pipe is the reader's choice.
    let _ = writeln!(std::io::stdout(), "{text}");
    ExitCode::SUCCESS
}

fn usage_error(sentence: &str) -> ExitCode {
    print_error(sentence);
    ExitCode::from(2)
}

/// Prints on stderr why Deskbell does not run.
fn print_error(sentence: &str) {
    // Without stderr there is no other place to print to.
    let _ = writeln!(std::io::stderr(), "deskbell: {sentence}");
}
