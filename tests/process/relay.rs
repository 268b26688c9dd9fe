//! The relay, as a program of its own beside the tests.

use std::process::ExitCode;

fn main() -> ExitCode {
    relay::commands::main()
}
