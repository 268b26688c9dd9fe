//! Why the database does not do what it is asked.

/// Why the database did not do what was asked.
#[derive(Debug, thiserror::Error)]
pub enum DatabaseError {
    /// It cannot be reached, or takes no connection. Nothing was done.
    #[error("the database cannot be reached: {0}")]
    Unreachable(String),
    /// The connection broke or the disk failed while it worked: a write may or may not have been done.
    #[error("the database did not answer: {0}")]
    Interrupted(String),
    /// The statement was refused: a fault of ours, or a row that the schema does not allow. Nothing was done.
    #[error("the database refused a statement: {0}")]
    Refused(String),
    /// The disk is full or cannot be written to. Nothing was done.
    #[error("the database cannot be written to: {0}")]
    Full(String),
    /// A column is missing or of another type.
    #[error("a row has no readable `{0}`")]
    Column(&'static str),
    /// The database was made by a newer version, or is another program's.
    #[error("{0}")]
    Foreign(String),
}
