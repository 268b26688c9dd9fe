//! What holds for several tables.

mod growth;
mod upgrade;
