//! Words that agents put on customers, to find them again.

use std::collections::HashMap;

use model::text_fold;
use model::{AccountId, Change, ConversationId, PersonId, TagId};
use rusqlite::{Connection, OptionalExtension};

use crate::{StoreError, Tx};

/// A longer name is cut.
const MAX_CHARS: usize = 40;

/// A word on customers.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Tag {
    /// Its id.
    pub id: TagId,
    /// As it was typed first.
    pub name: String,
}

/// An account's tags, by name, with how many customers have each.
///
/// # Errors
/// [`StoreError`]
pub fn all(sql: &Connection, account: AccountId) -> Result<Vec<(Tag, u32)>, StoreError> {
    let mut query = sql.prepare_cached(
        "SELECT id, name, (SELECT count(*) FROM person_tag WHERE tag_id = id) AS people FROM tag WHERE account_id = ?1 ORDER BY folded",
    )?;
    Ok(query
        .query_map([account.0], |row| {
            Ok((Tag { id: TagId(row.get("id")?), name: row.get("name")? }, row.get("people")?))
        })?
        .collect::<Result<_, _>>()?)
}

/// The tags of some customers, by name; who has none is not in it. One question for all of them: a screenful of rows
/// asks it.
///
/// # Errors
/// [`StoreError`]
pub fn of_people(
    sql: &Connection,
    people: impl IntoIterator<Item = PersonId>,
) -> Result<HashMap<PersonId, Vec<Tag>>, StoreError> {
    let people = serde_json::to_string(&people.into_iter().map(|person| person.0).collect::<Vec<_>>())?;
    let mut query = sql.prepare_cached(
        "SELECT p.person_id, t.id, t.name FROM json_each(?1) wanted CROSS JOIN person_tag p ON p.person_id = wanted.value
         JOIN tag t ON t.id = p.tag_id ORDER BY t.folded",
    )?;
    let mut rows = query.query([people])?;
    let mut tags: HashMap<PersonId, Vec<Tag>> = HashMap::new();
    while let Some(row) = rows.next()? {
        let tag = Tag { id: TagId(row.get("id")?), name: row.get("name")? };
        tags.entry(PersonId(row.get("person_id")?)).or_default().push(tag);
    }
    Ok(tags)
}

/// Puts a tag on a conversation's customer, making it if it does not exist yet. Names that search takes for alike are one
/// tag. Nothing happens for a name without letters.
///
/// # Errors
/// [`StoreError::NotFound`] if the customer is not known yet.
pub fn add(tx: &mut Tx<'_>, conversation: ConversationId, name: &str) -> Result<(), StoreError> {
    let (account, person) = whose(tx, conversation)?;
    let name: String = model::clean_name(name).chars().take(MAX_CHARS).collect();
    let folded = text_fold::fold(&name);
    if folded.trim().is_empty() {
        return Ok(());
    }
    tx.execute(
        "INSERT INTO tag (account_id, name, folded) VALUES (?1, ?2, ?3) ON CONFLICT DO NOTHING",
        (account.0, &name, &folded),
    )?;
    tx.execute(
        "INSERT INTO person_tag (person_id, tag_id) SELECT ?1, id FROM tag WHERE account_id = ?2 AND folded = ?3 ON CONFLICT DO NOTHING",
        (person.0, account.0, &folded),
    )?;
    touch(tx, account, conversation);
    Ok(())
}

/// Takes a tag off a conversation's customer. A tag that no customer has any more is deleted.
///
/// # Errors
/// [`StoreError::NotFound`] if the customer is not known.
pub fn remove(tx: &mut Tx<'_>, conversation: ConversationId, tag: TagId) -> Result<(), StoreError> {
    let (account, person) = whose(tx, conversation)?;
    tx.execute("DELETE FROM person_tag WHERE person_id = ?1 AND tag_id = ?2", (person.0, tag.0))?;
    tx.execute("DELETE FROM tag WHERE id = ?1 AND NOT EXISTS (SELECT 1 FROM person_tag WHERE tag_id = ?1)", [tag.0])?;
    touch(tx, account, conversation);
    Ok(())
}

fn whose(sql: &Connection, conversation: ConversationId) -> Result<(AccountId, PersonId), StoreError> {
    let found: Option<(i64, Option<i64>)> = sql
        .query_row("SELECT account_id, person_id FROM conversation WHERE id = ?1", [conversation.0], |row| {
            row.try_into()
        })
        .optional()?;
    match found {
        Some((account, Some(person))) => Ok((AccountId(account), PersonId(person))),
        _ => Err(StoreError::NotFound),
    }
}

fn touch(tx: &mut Tx<'_>, account: AccountId, conversation: ConversationId) {
    tx.touch(Change::Tags { account });
    tx.touch(Change::Inbox { account });
    tx.touch(Change::Conversation { conversation });
}
