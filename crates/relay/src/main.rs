//! The program `deskbell-relay`.

use std::process::ExitCode;

fn main() -> ExitCode {
    relay::commands::main()
}
