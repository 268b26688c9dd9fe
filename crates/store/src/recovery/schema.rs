//! What the tables of a version look like, and where in a damaged database each begins.

use std::collections::BTreeMap;

use rusqlite::Connection;
use rusqlite::types::Value;

use super::btree::{Node, PageKind, Record};
use super::image::Image;
use crate::StoreError;
use crate::rows::only;

/// A table as its rows are stored.
#[derive(Debug)]
pub(super) struct Table {
    pub(super) name: String,
    pub(super) has_rowids: bool,
    /// In stored order: the key first where there are no rowids.
    pub(super) columns: Vec<Column>,
    /// How many its oldest rows can have: columns were added since.
    pub(super) least: usize,
}

#[derive(Debug)]
pub(super) struct Column {
    pub(super) name: String,
    is_text: bool,
    nullable: bool,
    /// The rowid under a name: it is not stored a second time.
    is_rowid: bool,
    /// What stands in rows that are older than the column.
    default: Option<Value>,
}

impl Table {
    pub(super) fn position(&self, column: &str) -> Option<usize> {
        self.columns.iter().position(|known| known.name == column)
    }

    /// The values of a row of this table, one for each column; nothing if the record cannot be one.
    pub(super) fn row(&self, record: Record) -> Option<Vec<Value>> {
        if record.rowid.is_some() != self.has_rowids
            || !(self.least..=self.columns.len()).contains(&record.values.len())
        {
            return None;
        }
        let mut stored = record.values.into_iter();
        self.columns
            .iter()
            .map(|column| {
                let value = stored.next();
                if column.is_rowid {
                    return value.filter(|value| *value == Value::Null).and(record.rowid).map(Value::Integer);
                }
                let value = value.or_else(|| column.default.clone())?;
                let fits = match value {
                    Value::Null => column.nullable,
                    Value::Integer(_) => !column.is_text,
                    Value::Text(_) => column.is_text,
                    Value::Real(_) | Value::Blob(_) => false,
                };
                fits.then_some(value)
            })
            .collect()
    }

    /// Whether rows of this table can be told from entries of an index, wherever they turn up: by their words.
    pub(super) fn is_distinct(&self) -> bool {
        self.columns.iter().any(|column| column.is_text && !column.nullable)
    }
}

/// The tables of a database that has just got another version, by what they were before.
pub(super) fn tables_since(before: &[Table], sql: &Connection) -> Result<Vec<Table>, StoreError> {
    let mut now = tables(sql)?;
    for table in &mut now {
        let known = before.iter().find(|known| known.name == table.name);
        table.least = known.map_or(table.least, |known| known.least.min(table.least));
    }
    Ok(now)
}

/// Tables whose rows are counted anew by triggers as others come in: copied as well, they would count twice.
const COUNTED: [&str; 2] = ["agent_load", "list_day"];

/// Our tables in a database, in the order in which they were made. The search index is not one, nor what is counted: they
/// are made anew.
fn tables(sql: &Connection) -> Result<Vec<Table>, StoreError> {
    let mut query = sql.prepare(
        "SELECT l.name, l.wr FROM pragma_table_list l JOIN sqlite_schema s ON s.name = l.name AND s.type = 'table'
         WHERE l.schema = 'main' AND l.type = 'table' AND l.name NOT LIKE 'sqlite\\_%' ESCAPE '\\' ORDER BY s.rowid",
    )?;
    let names: Vec<(String, bool)> = query.query_map([], |row| row.try_into())?.collect::<Result<_, _>>()?;
    let copied = names.into_iter().filter(|(name, _)| !COUNTED.contains(&name.as_str()));
    copied.map(|(name, wr)| table(sql, name, !wr)).collect()
}

fn table(sql: &Connection, name: String, has_rowids: bool) -> Result<Table, StoreError> {
    type Described = (String, String, bool, Option<String>, i64);
    let mut query =
        sql.prepare("SELECT name, type, \"notnull\", dflt_value, pk FROM pragma_table_info(?1) ORDER BY cid")?;
    let mut described: Vec<Described> = query.query_map([&name], |row| row.try_into())?.collect::<Result<_, _>>()?;
    if !has_rowids {
        described.sort_by_key(|(.., key)| if *key == 0 { i64::MAX } else { *key });
    }
    let mut columns = Vec::new();
    for (column, kind, not_null, default, key) in described {
        let is_rowid = has_rowids && key > 0 && kind == "INTEGER";
        let default = match default {
            Some(default) => Some(sql.query_row(&format!("SELECT {default}"), [], only)?),
            None => Some(Value::Null).filter(|_| !not_null && key == 0),
        };
        let nullable = !not_null && (has_rowids || key == 0);
        columns.push(Column { name: column, is_text: kind == "TEXT", nullable, is_rowid, default });
    }
    Ok(Table { name, has_rowids, least: columns.len(), columns })
}

/// Where trees begin: the first page of each table and index whose line in the schema can be read, and that line's words.
pub(super) type Roots = BTreeMap<String, (u32, String)>;

/// Reads the schema; where its pages are broken, wherever else its lines turn up.
pub(super) fn roots(image: &Image) -> (Roots, bool) {
    let mut roots = Roots::new();
    let mut whole = true;
    let mut seen = vec![1];
    let mut next = 0;
    while let Some(number) = seen.get(next).copied() {
        next += 1;
        match Node::read(image, number).filter(|node| node.kind.has_rowids()) {
            Some(node) => {
                whole &= lines(&node, image, &mut roots);
                for child in node.children() {
                    let again = seen.contains(&child);
                    whole &= !again;
                    if !again {
                        seen.push(child);
                    }
                }
            }
            None => whole = false,
        }
    }
    if !whole {
        for number in 1..=image.pages {
            if let Some(node) = Node::read(image, number).filter(|node| node.kind == PageKind::TableLeaf) {
                lines(&node, image, &mut roots);
            }
        }
    }
    (roots, whole)
}

/// Takes the lines of the schema from a page; whether it holds nothing else.
fn lines(node: &Node, image: &Image, roots: &mut Roots) -> bool {
    let mut whole = true;
    for record in node.records(image) {
        match record.and_then(line) {
            Some((name, root, words)) => {
                roots.entry(name).or_insert((root, words));
            }
            None => whole = false,
        }
    }
    whole
}

fn line(record: Record) -> Option<(String, u32, String)> {
    let [Value::Text(kind), Value::Text(name), Value::Text(_), root, words] =
        <[Value; 5]>::try_from(record.values).ok()?
    else {
        return None;
    };
    let words = match words {
        Value::Text(words) if words.starts_with("CREATE ") => words,
        // What SQLite made by itself for a UNIQUE column.
        Value::Null if name.starts_with("sqlite_autoindex_") => String::new(),
        _ => return None,
    };
    let root = match root {
        Value::Integer(root) => u32::try_from(root).ok()?,
        _ => 0,
    };
    matches!(kind.as_str(), "table" | "index" | "trigger" | "view").then_some((name, root, words))
}

/// The version whose schema these lines are; the newest of those that fit alike. The number in the header may be damaged
/// as well, so it decides only where the lines do not.
pub(super) fn version(roots: &Roots, header: Option<u32>, migrations: &[&str]) -> Result<usize, StoreError> {
    let reference = Connection::open_in_memory()?;
    let said = header.and_then(|version| usize::try_from(version).ok());
    let mut best = (0, false, migrations.len());
    for (version, migration) in (1..).zip(migrations) {
        reference.execute_batch(migration)?;
        let mut query = reference.prepare("SELECT name, sql FROM sqlite_schema WHERE sql IS NOT NULL")?;
        let mut rows = query.query([])?;
        let mut same = 0;
        while let Some(row) = rows.next()? {
            let (name, words): (String, String) = (row.get("name")?, row.get("sql")?);
            // Lines that cannot be read speak neither for a version nor against it.
            same += i64::from(roots.get(&name).is_some_and(|(_, found)| *found == words));
        }
        let fits = (same, said == Some(version), version);
        best = if version == 1 { fits } else { best.max(fits) };
    }
    Ok(best.2)
}
