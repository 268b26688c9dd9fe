//! Starts Deskbell; everything else is in the library.

#![cfg_attr(not(debug_assertions), windows_subsystem = "windows")]

fn main() -> std::process::ExitCode {
    desktop_shell::main()
}
