//! Every row that can be read, from a damaged database into a new one of the same version.
//!
//! Rows are found from the top of their tree, and where its branches are broken on whatever page they stand. Rows that
//! belong to nothing any more get something to belong to where the indexes still tell what it was.

use std::collections::{BTreeMap, BTreeSet};

use rusqlite::types::Value;
use rusqlite::{Connection, ErrorCode, params_from_iter};

use super::btree::Node;
use super::image::Image;
use super::parents::{Parents, stub};
use super::schema::{Roots, Table};
use super::sense::makes_sense;
use crate::StoreError;

/// Rows written in one go.
const SLICE: u32 = 10_000;
/// A page that no tree of ours was found to hold.
const NOBODYS: u8 = 0;

/// What became of a table.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Tally {
    /// Rows that stood on readable pages and made no sense, or belonged to nothing.
    pub(super) lost: u64,
    /// Whether all of its pages were found.
    pub(super) whole: bool,
}

impl Tally {
    /// Whether every row is in the new database.
    pub(super) fn is_complete(&self) -> bool {
        self.whole && self.lost == 0
    }
}

/// What was copied.
#[derive(Debug, Default)]
pub(super) struct Copied {
    pub(super) tables: BTreeMap<String, Tally>,
    /// Whether every account there was is in the new database, be it in name only.
    pub(super) accounts_known: bool,
    /// As much for conversations.
    pub(super) conversations_known: bool,
    /// Whether the index of messages could be read whole: then `temp.lost_message` holds every message that is missing.
    pub(super) messages_known: bool,
    /// Whether the index of replies could be read whole: then `temp.lane` holds all there were.
    pub(super) replies_known: bool,
}

impl Copied {
    pub(super) fn of(&self, table: &str) -> Tally {
        self.tables.get(table).copied().unwrap_or(Tally { lost: 0, whole: true })
    }
}

/// Whose each page is: the number of a tree, counted from one.
struct Owners {
    of: Vec<u8>,
    /// Pages that were not found from the top, but whose rows can only be of this tree.
    stray: BTreeSet<u32>,
}

/// Copies into this empty database of the damaged one's version.
pub(super) fn copy(
    image: &Image,
    roots: &Roots,
    tables: &[Table],
    sql: &Connection,
    budget: &mut Budget,
) -> Result<Copied, StoreError> {
    let mut owners = Owners { of: vec![NOBODYS; image.pages as usize + 1], stray: BTreeSet::new() };
    let mut copied = Copied::default();
    let mut ids = BTreeMap::new();
    let indexes = [
        "sqlite_autoindex_account_1",
        "sqlite_autoindex_conversation_1",
        "conversation_by_status",
        "message_by_id",
        "outbox_lane",
    ];
    let names = tables.iter().map(|table| table.name.as_str()).chain(indexes);
    for (id, name) in (1_u8..).zip(names) {
        let whole = roots.get(name).is_some_and(|(root, _)| walk(image, &mut owners, *root, id, name, tables));
        ids.insert(name, (id, whole));
        copied.tables.insert(name.to_owned(), Tally { lost: 0, whole });
    }
    let whole = |name: &str| ids.get(name).is_some_and(|(_, whole)| *whole);
    if tables.iter().any(|table| !whole(&table.name)) {
        adopt(image, &mut owners, tables);
    }
    // What the migrations put in stands in the damaged one as well, and may have been changed there.
    if tables.iter().any(|table| table.name == "agent") {
        sql.execute_batch("DELETE FROM agent")?;
    }
    sql.execute_batch(
        "CREATE TEMP TABLE lost_message (id INTEGER PRIMARY KEY, conversation_id INTEGER NOT NULL, sent_at_ms INTEGER NOT NULL);
         CREATE TEMP TABLE lane (message_id INTEGER PRIMARY KEY, conversation_id INTEGER NOT NULL, position INTEGER NOT NULL);
         CREATE TEMP TABLE stub (conversation_id INTEGER PRIMARY KEY);",
    )?;
    let entries = |name: &str| {
        let (id, _) = ids.get(name).copied().unwrap_or((u8::MAX, false));
        entries(image, &owners, id)
    };

    let mut parents = Parents::default();
    for record in entries("sqlite_autoindex_account_1") {
        if let [Value::Text(remote_id), Value::Integer(id)] = record.as_slice() {
            parents.named.insert(*id, remote_id.clone());
        }
    }
    parents.accounts_known = whole("account") || whole("sqlite_autoindex_account_1");
    // First what others belong to.
    let first = ["account", "person", "conversation"];
    let mut ordered: Vec<&Table> = tables.iter().collect();
    ordered.sort_by_key(|table| first.iter().position(|name| *name == table.name).unwrap_or(first.len()));
    for table in ordered {
        let tally = copied.tables.entry(table.name.clone()).or_default();
        let id = ids.get(table.name.as_str()).map_or(u8::MAX, |(id, _)| *id);
        insert(image, &owners, id, table, sql, &mut parents, tally, budget)?;
        match table.name.as_str() {
            "account" => {
                for id in parents.named.keys().copied().collect::<Vec<_>>() {
                    parents.account(sql, id)?;
                }
            }
            "conversation" => {
                for record in entries("sqlite_autoindex_conversation_1") {
                    if let [Value::Integer(account), Value::Text(remote_id), Value::Integer(id)] = record.as_slice()
                        && parents.account(sql, *account)?
                    {
                        stub(sql, *id, *account, remote_id)?;
                    }
                }
                for record in entries("conversation_by_status") {
                    // Since version 4 it also says until when each is put away; that is known only to a whole row.
                    if let [_, Value::Text(status), .., Value::Integer(last_at_ms), Value::Integer(id)] =
                        record.as_slice()
                    {
                        sql.prepare_cached(
                            "UPDATE conversation SET status = ?2, last_at_ms = ?3, remote_updated_ms = ?3, seen_up_to_ms = ?3
                             WHERE id = ?1 AND id IN (SELECT conversation_id FROM temp.stub) AND ?2 IN ('open', 'done')",
                        )?
                        .execute((id, status, last_at_ms))?;
                    }
                }
                let lossless = tally.is_complete();
                parents.conversations_known = lossless || whole("sqlite_autoindex_conversation_1");
            }
            _ => {}
        }
    }
    copied.accounts_known = parents.accounts_known;
    copied.conversations_known = parents.conversations_known;

    copied.messages_known = whole("message_by_id");
    if !copied.of("message").is_complete() {
        for record in entries("message_by_id") {
            if let [Value::Integer(id), Value::Integer(conversation), Value::Integer(at_ms), _] = record.as_slice() {
                sql.prepare_cached(
                    "INSERT OR IGNORE INTO temp.lost_message SELECT ?1, ?2, ?3 WHERE NOT EXISTS (SELECT 1 FROM message WHERE id = ?1)",
                )?
                .execute((id, conversation, at_ms))?;
            }
        }
    }
    copied.replies_known = whole("outbox_lane");
    for record in entries("outbox_lane") {
        if let [Value::Integer(conversation), Value::Integer(position), Value::Integer(id)] = record.as_slice() {
            sql.prepare_cached("INSERT OR IGNORE INTO temp.lane VALUES (?1, ?2, ?3)")?.execute((
                id,
                conversation,
                position,
            ))?;
        }
    }
    for index in indexes {
        copied.tables.remove(index);
    }
    Ok(copied)
}

/// Marks the pages of a tree as its own; whether all of them could be read.
fn walk(image: &Image, owners: &mut Owners, root: u32, id: u8, name: &str, tables: &[Table]) -> bool {
    let has_rowids = tables.iter().any(|table| table.name == name && table.has_rowids);
    let mut whole = true;
    let mut below = vec![root];
    while let Some(number) = below.pop() {
        let node = match owners.of.get(number as usize) {
            Some(&NOBODYS) => Node::read(image, number).filter(|node| node.kind.has_rowids() == has_rowids),
            _ => None,
        };
        match node {
            Some(node) => {
                if let Some(owner) = owners.of.get_mut(number as usize) {
                    *owner = id;
                }
                below.extend(node.children());
            }
            None => whole = false,
        }
    }
    whole
}

/// Finds the pages below broken branches by what stands on them.
fn adopt(image: &Image, owners: &mut Owners, tables: &[Table]) {
    for number in 2..=image.pages {
        if owners.of.get(number as usize) != Some(&NOBODYS) {
            continue;
        }
        let Some(node) = Node::read(image, number) else { continue };
        let fits = (1_u8..).zip(tables).find(|(_, table)| {
            let mut rows = 0;
            let all = node.records(image).flatten().all(|record| {
                rows += 1;
                table.row(record).is_some_and(|mut values| makes_sense(table, &mut values))
            });
            all && rows > 0 && table.is_distinct()
        });
        if let (Some((id, _)), Some(owner)) = (fits, owners.of.get_mut(number as usize)) {
            *owner = id;
            owners.stray.insert(number);
        }
    }
}

/// The pages of a tree, those found from its top first.
fn pages(owners: &Owners, id: u8) -> impl Iterator<Item = (u32, bool)> + '_ {
    let owned = (0_u32..).zip(&owners.of).filter(move |(_, owner)| **owner == id).map(|(number, _)| number);
    let strays = owners.stray.iter().copied().filter(move |number| owners.of.get(*number as usize) == Some(&id));
    owned
        .filter(|number| !owners.stray.contains(number))
        .map(|number| (number, false))
        .chain(strays.map(|number| (number, true)))
}

/// The entries of an index that can be read.
fn entries<'a>(image: &'a Image, owners: &'a Owners, id: u8) -> impl Iterator<Item = Vec<Value>> + 'a {
    pages(owners, id)
        .filter_map(|(number, _)| Node::read(image, number))
        .flat_map(|node| node.records(image).flatten().map(|record| record.values).collect::<Vec<_>>())
}

#[expect(clippy::too_many_arguments, reason = "one loop over one table, cut out of its only caller")]
fn insert(
    image: &Image,
    owners: &Owners,
    id: u8,
    table: &Table,
    sql: &Connection,
    parents: &mut Parents,
    tally: &mut Tally,
    budget: &mut Budget,
) -> Result<(), StoreError> {
    let names: Vec<&str> = table.columns.iter().map(|column| column.name.as_str()).collect();
    let blanks: Vec<&str> = names.iter().map(|_| "?").collect();
    let statement =
        format!("INSERT OR IGNORE INTO {} ({}) VALUES ({})", table.name, names.join(", "), blanks.join(", "));
    let mut statement = sql.prepare(&statement)?;
    let mut slice = 0;
    sql.execute_batch("BEGIN")?;
    for (number, stray) in pages(owners, id) {
        let Some(node) = Node::read(image, number) else { continue };
        for record in node.records(image) {
            let mut kept = false;
            if let Some(mut values) = record.and_then(|record| table.row(record))
                && makes_sense(table, &mut values)
                && parents.take(sql, table, &mut values)?
            {
                budget.spend()?;
                kept = match statement.execute(params_from_iter(values)) {
                    Ok(rows) => rows > 0,
                    Err(error) if error.sqlite_error_code() == Some(ErrorCode::ConstraintViolation) => false,
                    Err(error) => return Err(error.into()),
                };
            }
            // What a stray page repeats is not lost.
            tally.lost += u64::from(!kept && !stray);
            slice += 1;
            if slice % SLICE == 0 {
                sql.execute_batch("COMMIT; BEGIN")?;
            }
        }
    }
    Ok(sql.execute_batch("COMMIT")?)
}

/// Where a test pulls the plug.
#[derive(Debug, Default)]
pub(super) struct Budget {
    pub(super) rows: Option<u64>,
}

impl Budget {
    fn spend(&mut self) -> Result<(), StoreError> {
        match &mut self.rows {
            Some(0) => Err(StoreError::Closed),
            Some(rows) => {
                *rows -= 1;
                Ok(())
            }
            None => Ok(()),
        }
    }
}
