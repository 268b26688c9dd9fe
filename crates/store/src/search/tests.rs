//! Search, told on small shops, and held against brute force.

mod operators;
mod oracle;
mod recall;
