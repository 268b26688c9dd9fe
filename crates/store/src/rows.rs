//! Reading rows by the names of their columns.
//!
//! A column is read by its name, `row.get("sent_at_ms")`. SQLite looks the name up each time, so what is read by the
//! screenful names its columns once with [`columns!`], which makes the list for `SELECT` and the places from the same words.
//! What has one column is read with [`only`]; a pair of columns is a tuple, `row.try_into()`.

use rusqlite::Row;
use rusqlite::types::FromSql;

/// The value of a row that has one column.
pub(crate) fn only<T: FromSql>(row: &Row<'_>) -> rusqlite::Result<T> {
    row.get(0)
}

/// Declares the columns of a query: `NAMES::SQL` is the list for `SELECT`, and `NAMES::COLUMN` the place of a column in it.
macro_rules! columns {
    ($(#[$doc:meta])* $vis:vis $names:ident { $first:ident: $sql:literal $(, $column:ident: $more:literal)* $(,)? }) => {
        $(#[$doc])*
        $vis struct $names;

        impl $names {
            pub(crate) const SQL: &str = concat!($sql $(, ", ", $more)*);
            $crate::rows::columns!(@places 0; $first $($column)*);
        }
    };
    (@places $place:expr; $column:ident $($more:ident)*) => {
        pub(crate) const $column: usize = $place;
        $crate::rows::columns!(@places $place + 1; $($more)*);
    };
    (@places $place:expr;) => {};
}
pub(crate) use columns;
