//! What goes into a statement and comes out of a row.

use super::DatabaseError;

/// A parameter of a statement.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Value<'a> {
    /// `BIGINT`
    Int(i64),
    /// `TEXT`. PostgreSQL takes no NUL in a text: what comes from outside is checked or goes as bytes.
    Text(&'a str),
    /// `BYTEA`
    Bytes(&'a [u8]),
    /// A `BIGINT` that may be missing.
    MaybeInt(Option<i64>),
    /// A `TEXT` that may be missing.
    MaybeText(Option<&'a str>),
    /// A `BYTEA` that may be missing.
    MaybeBytes(Option<&'a [u8]>),
}

/// A value of a row.
#[derive(Debug, Clone, PartialEq)]
pub(crate) enum Cell {
    Null,
    Int(i64),
    Text(String),
    Bytes(Vec<u8>),
}

/// A row, read by the names of its columns.
#[derive(Debug, Clone, PartialEq)]
pub struct Row {
    pub(crate) cells: Vec<(String, Cell)>,
}

impl Row {
    fn cell(&self, name: &'static str) -> Result<&Cell, DatabaseError> {
        let found = self.cells.iter().find(|(column, _)| column == name);
        found.map(|(_, cell)| cell).ok_or(DatabaseError::Column(name))
    }

    /// A number.
    ///
    /// # Errors
    /// [`DatabaseError::Column`]
    pub fn int(&self, name: &'static str) -> Result<i64, DatabaseError> {
        self.maybe_int(name)?.ok_or(DatabaseError::Column(name))
    }

    /// A number that may be missing.
    ///
    /// # Errors
    /// [`DatabaseError::Column`]
    pub fn maybe_int(&self, name: &'static str) -> Result<Option<i64>, DatabaseError> {
        match self.cell(name)? {
            Cell::Null => Ok(None),
            Cell::Int(value) => Ok(Some(*value)),
            Cell::Text(_) | Cell::Bytes(_) => Err(DatabaseError::Column(name)),
        }
    }

    /// A text.
    ///
    /// # Errors
    /// [`DatabaseError::Column`]
    pub fn text(&self, name: &'static str) -> Result<String, DatabaseError> {
        self.maybe_text(name)?.ok_or(DatabaseError::Column(name))
    }

    /// A text that may be missing.
    ///
    /// # Errors
    /// [`DatabaseError::Column`]
    pub fn maybe_text(&self, name: &'static str) -> Result<Option<String>, DatabaseError> {
        match self.cell(name)? {
            Cell::Null => Ok(None),
            Cell::Text(value) => Ok(Some(value.clone())),
            Cell::Int(_) | Cell::Bytes(_) => Err(DatabaseError::Column(name)),
        }
    }

    /// Bytes.
    ///
    /// # Errors
    /// [`DatabaseError::Column`]
    pub fn bytes(&self, name: &'static str) -> Result<Vec<u8>, DatabaseError> {
        self.maybe_bytes(name)?.ok_or(DatabaseError::Column(name))
    }

    /// Bytes that may be missing.
    ///
    /// # Errors
    /// [`DatabaseError::Column`]
    pub fn maybe_bytes(&self, name: &'static str) -> Result<Option<Vec<u8>>, DatabaseError> {
        match self.cell(name)? {
            Cell::Null => Ok(None),
            Cell::Bytes(value) => Ok(Some(value.clone())),
            Cell::Int(_) | Cell::Text(_) => Err(DatabaseError::Column(name)),
        }
    }
}
