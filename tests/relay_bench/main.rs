//! The load and fault table of the relay: `cargo xtask relay-bench`.
//!
//! The real program runs in processes of its own, on SQLite and on PostgreSQL. A signer plays TikTok's webhooks: it signs,
//! repeats what is not answered with 200, sends some twice and some late, and keeps a list of what was acknowledged.
//! Desktops read the streams, by their cursors. The judge then compares sets: what was acknowledged is stored, every desktop
//! has what is stored, each once, and the sequences have no gap.

#[cfg(target_os = "linux")]
mod run;

#[cfg(target_os = "linux")]
fn main() -> std::process::ExitCode {
    run::main()
}

#[cfg(not(target_os = "linux"))]
fn main() -> Result<(), &'static str> {
    Err("the relay is measured on Linux only: memory is read from /proc, and clients have many loopback addresses")
}
