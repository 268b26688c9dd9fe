//! Who answers customers. One of them sits at this computer.

use model::text_fold;
use model::{AgentId, Change};
use rusqlite::{Connection, Row};

use crate::rows::only;
use crate::{StoreError, Tx};

/// A longer name is cut.
const MAX_CHARS: usize = 60;

/// An agent: a person who answers customers.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Agent {
    /// Their id.
    pub id: AgentId,
    /// Their name; empty until the agent at this computer has given one.
    pub name: String,
    /// Whether it is the agent at this computer.
    pub me: bool,
    /// Whether they are away: rules and assignment pass them over.
    pub away: bool,
}

/// All agents, the agent at this computer first, then by name.
///
/// # Errors
/// [`StoreError`]
pub fn all(sql: &Connection) -> Result<Vec<Agent>, StoreError> {
    let mut query = sql.prepare_cached("SELECT id, name, me, away FROM agent ORDER BY me DESC, folded, id")?;
    Ok(query.query_map([], read)?.collect::<Result<_, _>>()?)
}

/// The agent at this computer.
///
/// # Errors
/// [`StoreError`]
pub fn me(sql: &Connection) -> Result<Agent, StoreError> {
    let mut query = sql.prepare_cached("SELECT id, name, me, away FROM agent WHERE me = 1")?;
    Ok(query.query_row([], read)?)
}

/// One of them.
///
/// # Errors
/// [`StoreError::NotFound`]
pub fn get(sql: &Connection, id: AgentId) -> Result<Agent, StoreError> {
    let mut query = sql.prepare_cached("SELECT id, name, me, away FROM agent WHERE id = ?1")?;
    Ok(query.query_row([id.0], read)?)
}

/// Adds an agent, or finds the one whose name search takes for the same.
///
/// # Errors
/// [`StoreError::WrongState`] for a name without letters.
pub fn add(tx: &mut Tx<'_>, name: &str) -> Result<AgentId, StoreError> {
    let (name, folded) = cleaned(name)?;
    tx.touch(Change::Agents);
    Ok(tx.query_row(
        "INSERT INTO agent (name, folded) VALUES (?1, ?2) ON CONFLICT (folded) DO UPDATE SET folded = folded RETURNING id",
        (&name, &folded),
        |row| only(row).map(AgentId),
    )?)
}

/// Changes an agent's name.
///
/// # Errors
/// [`StoreError::WrongState`] for a name without letters or one that another agent has, [`StoreError::NotFound`].
pub fn rename(tx: &mut Tx<'_>, id: AgentId, name: &str) -> Result<(), StoreError> {
    let (name, folded) = cleaned(name)?;
    let taken: bool =
        tx.query_row("SELECT EXISTS (SELECT 1 FROM agent WHERE folded = ?1 AND id <> ?2)", (&folded, id.0), only)?;
    if taken {
        return Err(StoreError::WrongState);
    }
    let changed = tx.execute("UPDATE agent SET name = ?2, folded = ?3 WHERE id = ?1", (id.0, &name, &folded))?;
    done(tx, changed)
}

/// Says whether an agent is away.
///
/// # Errors
/// [`StoreError::NotFound`]
pub fn set_away(tx: &mut Tx<'_>, id: AgentId, away: bool) -> Result<(), StoreError> {
    let changed = tx.execute("UPDATE agent SET away = ?2 WHERE id = ?1", (id.0, away))?;
    done(tx, changed)
}

/// Forgets an agent; their conversations are assigned to no one.
///
/// # Errors
/// [`StoreError::WrongState`] for the agent at this computer, [`StoreError::NotFound`].
pub fn remove(tx: &mut Tx<'_>, id: AgentId) -> Result<(), StoreError> {
    if get(tx, id)?.me {
        return Err(StoreError::WrongState);
    }
    let changed = tx.execute("DELETE FROM agent WHERE id = ?1", [id.0])?;
    // Rows and headers showed them.
    tx.touch(Change::Everything);
    done(tx, changed)
}

/// Of the agents who are not away, the one with the fewest open conversations of all accounts; the first by name of equals.
///
/// # Errors
/// [`StoreError`]
pub fn least_busy(sql: &Connection) -> Result<Option<AgentId>, StoreError> {
    let mut query = sql.prepare_cached(
        "SELECT a.id FROM agent a WHERE a.away = 0
         ORDER BY (SELECT coalesce(sum(l.open_count), 0) FROM agent_load l WHERE l.agent_id = a.id), a.folded, a.id LIMIT 1",
    )?;
    let mut rows = query.query([])?;
    Ok(rows.next()?.map(|row| only(row).map(AgentId)).transpose()?)
}

fn done(tx: &mut Tx<'_>, changed: usize) -> Result<(), StoreError> {
    tx.touch(Change::Agents);
    if changed == 0 { Err(StoreError::NotFound) } else { Ok(()) }
}

fn cleaned(name: &str) -> Result<(String, String), StoreError> {
    let name: String = model::clean_name(name).chars().take(MAX_CHARS).collect();
    let folded = text_fold::fold(&name);
    if folded.trim().is_empty() { Err(StoreError::WrongState) } else { Ok((name, folded)) }
}

fn read(row: &Row<'_>) -> rusqlite::Result<Agent> {
    Ok(Agent { id: AgentId(row.get("id")?), name: row.get("name")?, me: row.get("me")?, away: row.get("away")? })
}
