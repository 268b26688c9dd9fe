//! The program `deskbell-relay`.

fn main() {}
