//! What rows belong to: an account, a conversation. Where its own row is lost, something to belong to is made from what the
//! indexes and the rows themselves still tell.

use std::collections::{BTreeMap, BTreeSet};

use rusqlite::types::Value;
use rusqlite::{Connection, OptionalExtension};

use super::schema::Table;
use crate::StoreError;

/// What rows may belong to.
#[derive(Debug, Default)]
pub(super) struct Parents {
    pub(super) accounts: BTreeSet<i64>,
    /// All accounts there were, by their index, under TikTok's name for them.
    pub(super) named: BTreeMap<i64, String>,
    pub(super) accounts_known: bool,
    pub(super) conversations_known: bool,
    /// The last conversation that was looked up, and its account.
    last: Option<(i64, i64)>,
}

impl Parents {
    /// Whether the row belongs to something, which is made if it must have been there.
    pub(super) fn take(&mut self, sql: &Connection, table: &Table, values: &mut [Value]) -> Result<bool, StoreError> {
        let integer = |values: &[Value], column: &str| match table.position(column).and_then(|at| values.get(at)) {
            Some(Value::Integer(id)) => Some(*id),
            _ => None,
        };
        if table.name == "account" {
            // Counted anew as conversations come in.
            for (column, value) in table.columns.iter().zip(values.iter_mut()) {
                if column.name.ends_with("_count") {
                    *value = Value::Integer(0);
                }
            }
            self.accounts.extend(integer(values, "id"));
            return Ok(true);
        }
        let account = integer(values, "account_id");
        let Some(conversation) = integer(values, "conversation_id") else {
            return account.map_or(Ok(true), |account| self.account(sql, account));
        };
        if self.last.is_none_or(|(last, _)| last != conversation) {
            self.last = sql
                .prepare_cached("SELECT id, account_id FROM conversation WHERE id = ?1")?
                .query_row([conversation], |row| row.try_into())
                .optional()?;
        }
        if self.last.is_none() && !self.conversations_known {
            // The first version's drafts do not say whose they are; with one account there is no doubt.
            let only = self.accounts.first().copied().filter(|_| self.accounts.len() == 1);
            if let Some(account) = account.or(only)
                && table.is_distinct()
                && self.account(sql, account)?
            {
                stub(sql, conversation, account, &format!("lost-{conversation}"))?;
                self.last = Some((conversation, account));
            }
        }
        let Some((_, account)) = self.last else { return Ok(false) };
        // One bit is enough to give a message to another customer.
        if let Some(value) = table.position("account_id").and_then(|at| values.get_mut(at)) {
            *value = Value::Integer(account);
        }
        Ok(true)
    }

    /// Whether there is such an account, which is made if it must have been there: to be linked again.
    pub(super) fn account(&mut self, sql: &Connection, id: i64) -> Result<bool, StoreError> {
        if self.accounts.contains(&id) {
            return Ok(true);
        }
        let remote_id = match self.named.get(&id) {
            Some(remote_id) => remote_id.clone(),
            None if self.accounts_known => return Ok(false),
            None => format!("lost-{id}"),
        };
        let made = sql.execute(
            "INSERT OR IGNORE INTO account (id, remote_id, handle, display_name, scopes, tokens_issued_at_ms, access_expires_at_ms, refresh_expires_at_ms, relink, linked_at_ms)
             VALUES (?1, ?2, '', '', '', 0, 0, 0, 'Its data was damaged.', 0)",
            (id, remote_id),
        )?;
        self.accounts.extend(Some(id).filter(|_| made > 0));
        Ok(made > 0)
    }
}

/// A conversation whose own row is lost, unless it is there. TikTok's list says anew what is not known of it: a request
/// may become a chat by that, a chat never a request.
pub(super) fn stub(sql: &Connection, id: i64, account: i64, remote_id: &str) -> Result<(), StoreError> {
    let made = sql
        .prepare_cached(
            "INSERT OR IGNORE INTO conversation (id, account_id, remote_id, kind, last_at_ms, remote_updated_ms) VALUES (?1, ?2, ?3, 'request', 1, 1)",
        )?
        .execute((id, account, remote_id))?;
    if made > 0 {
        sql.execute("INSERT OR IGNORE INTO temp.stub VALUES (?1)", [id])?;
    }
    Ok(())
}
