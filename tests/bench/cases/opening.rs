//! Opening the database and showing the list; what that and a day's reading cost in memory.

use std::path::Path;
use std::process::Command;

use anyhow::{Context, Result, bail};
use desk::Request;
use model::{AccountId, ConversationId, Tab};
use serde_json::{Value, json};
use store::Store;
use store::table::conversation;
use tokio::runtime::Runtime;

use super::list::ROWS;
use super::thread::{OPENED, messages};
use crate::fill::Data;
use crate::floor::{Floor, Shown};
use crate::machine::resident_mb;
use crate::measure::{Case, asked, timed};
use crate::stage::{open_desk, quiet, request};

/// Each opening is followed by a closing, which takes longer and does not count.
const OPENINGS: usize = 2;
/// A day's conversations.
const DAY: u32 = 500;

fn list(account: AccountId) -> Request {
    request("listConversations", json!({ "account": account, "tab": Tab::All, "offset": 0, "limit": ROWS }))
}

/// From nothing open to the first rows.
pub(crate) fn cold<'a>(runtime: &'a Runtime, data: &'a Data, account: AccountId) -> Case<'a> {
    Case::new("cold_open")
        .floor(move |_| {
            timed(vec![(); OPENINGS], |()| {
                Floor::open(&data.floor())?.list(Shown::Open, ROWS)?;
                Ok(())
            })
        })
        .store(move |_| {
            let mut samples = Vec::new();
            for _ in 0..OPENINGS {
                let mut opened = None;
                samples.extend(timed(vec![()], |()| {
                    let store = Store::open(&data.desk())?;
                    store.read_now(|sql| conversation::window(sql, account, Tab::All, 0, ROWS))?;
                    opened = Some(store);
                    Ok(())
                })?);
                runtime.block_on(opened.context("the store did not open")?.close());
            }
            Ok(samples)
        })
        .desk(move |_| {
            let mut samples = Vec::new();
            for _ in 0..OPENINGS {
                let mut opened = None;
                samples.extend(timed(vec![()], |()| {
                    let desk = runtime.block_on(open_desk(&data.desk()))?;
                    asked(runtime, &desk, vec![list(account)])?;
                    opened = Some(desk);
                    Ok(())
                })?);
                runtime.block_on(opened.context("the desk did not open")?.close());
            }
            Ok(samples)
        })
}

/// Measures memory in a process that has done nothing else.
pub(crate) fn memory(data: &Data) -> Result<Value> {
    let output = Command::new(std::env::current_exe()?).arg("--memory-of").arg(&data.folder).output()?;
    if !output.status.success() {
        bail!("memory: {}", String::from_utf8_lossy(&output.stderr));
    }
    Ok(serde_json::from_slice(&output.stdout)?)
}

/// What that process does: opens the desk, shows the list, opens five hundred conversations; in MB.
pub(crate) fn measure_memory(runtime: &Runtime, folder: &Path) -> Result<Value> {
    let started = resident_mb();
    let desk = runtime.block_on(open_desk(&folder.join("desk")))?;
    let (account, chosen) = desk.engine().store().read_now(|sql| {
        let account: i64 = sql.query_row("SELECT id FROM account", [], |row| row.get(0))?;
        let every =
            "SELECT id FROM conversation WHERE id % (1 + (SELECT count(*) FROM conversation) / ?1) = 0 LIMIT ?1";
        let mut query = sql.prepare(every)?;
        let chosen = query.query_map([DAY], |row| row.get(0).map(ConversationId))?.collect::<Result<Vec<_>, _>>()?;
        Ok((AccountId(account), chosen))
    })?;
    asked(runtime, &desk, vec![list(account)])?;
    quiet();
    let opened = resident_mb();
    let mut half = None;
    for (at, id) in chosen.iter().enumerate() {
        let questions =
            vec![request("getConversation", json!({ "conversation": id })), messages(*id, None, OPENED), list(account)];
        asked(runtime, &desk, questions)?;
        if at + 1 == chosen.len() / 2 {
            half = resident_mb();
        }
    }
    let after = resident_mb();
    runtime.block_on(desk.close());
    Ok(json!({ "started_mb": started, "opened_mb": opened, "after_250_mb": half, "after_500_mb": after }))
}
