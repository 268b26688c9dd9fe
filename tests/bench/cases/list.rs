//! The conversation list: its first rows, rows in the middle, each tab.

use anyhow::Result;
use desk::Request;
use model::Tab;
use rand::Rng;
use serde_json::json;
use store::table::{account, conversation};

use super::MANY;
use crate::floor::Shown;
use crate::measure::{Case, timed};
use crate::stage::{Stage, request};

/// The rows of one window.
pub(crate) const ROWS: u32 = 60;

/// The question for one window of the list.
pub(crate) fn window(stage: &Stage<'_>, tab: Tab, offset: u32) -> Request {
    request("listConversations", json!({ "account": stage.account, "tab": tab, "offset": offset, "limit": ROWS }))
}

pub(crate) fn cases<'a>(stage: &'a Stage<'a>) -> Result<Vec<Case<'a>>> {
    let mut cases = vec![first("list_first", stage, Tab::All, Shown::Open), middle(stage)?];
    for (name, tab, shown) in [
        ("list_waiting", Tab::Waiting, Shown::Waiting),
        ("list_requests", Tab::Requests, Shown::Requests),
        ("list_mine", Tab::Mine, Shown::Mine),
        ("list_snoozed", Tab::Snoozed, Shown::Snoozed),
        ("list_done", Tab::Done, Shown::Done),
    ] {
        cases.push(first(name, stage, tab, shown));
    }
    Ok(cases)
}

fn first<'a>(name: &str, stage: &'a Stage<'a>, tab: Tab, shown: Shown) -> Case<'a> {
    Case::new(name)
        .floor(move |_| {
            timed(vec![(); MANY], |()| {
                stage.floor.borrow().list(shown, ROWS)?;
                Ok(())
            })
        })
        .store(move |_| {
            timed(vec![(); MANY], |()| {
                stage.store().read_now(|sql| conversation::window(sql, stage.account, tab, 0, ROWS))?;
                Ok(())
            })
        })
        .desk(move |_| stage.ask((0..MANY).map(|_| window(stage, tab, 0)).collect()))
}

/// A window somewhere in the middle third. The floor knows the time of its first row; the page knows only its number.
fn middle<'a>(stage: &'a Stage<'a>) -> Result<Case<'a>> {
    let account = stage.account;
    let all = stage.store().read_now(|sql| account::tab_counts(sql, account))?.all;
    let place = move |lot: &mut rand::rngs::StdRng| lot.random_range(all / 3..=all * 2 / 3);
    let case = Case::new("list_middle")
        .floor(move |lot| {
            let floor = stage.floor.borrow();
            let places: Vec<_> = (0..MANY).map(|_| floor.time_at(Shown::Open, place(lot))).collect::<Result<_>>()?;
            timed(places, |at| {
                floor.list_below(Shown::Open, at, ROWS)?;
                Ok(())
            })
        })
        .store(move |lot| {
            timed((0..MANY).map(|_| place(lot)).collect(), |offset| {
                stage.store().read_now(|sql| conversation::window(sql, account, Tab::All, offset, ROWS))?;
                Ok(())
            })
        })
        .desk(move |lot| stage.ask((0..MANY).map(|_| window(stage, Tab::All, place(lot))).collect()));
    Ok(case)
}
