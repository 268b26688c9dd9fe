//! Prints the TypeScript side of the contract.

use std::io::Write;

fn main() -> std::io::Result<()> {
    std::io::stdout().write_all(desk::bindings().as_bytes())
}
