//! Tests of the door through real HTTP, on both databases.

mod answers;
mod fixture;
mod hostile;
mod kinds;
mod random;
mod strays;
mod table;
