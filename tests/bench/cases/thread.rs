//! Opening conversations, and scrolling back in the longest.

use anyhow::Result;
use desk::Request;
use model::{ConversationId, MessageId, Millis};
use rand::Rng;
use rand::rngs::StdRng;
use serde_json::json;
use store::table::message::{self, PageAnchor};

use super::MANY;
use crate::measure::{Case, timed};
use crate::shop::{END_MS, SPAN_MS};
use crate::stage::{Stage, pick, request};

/// The messages shown when a conversation is opened.
pub(crate) const OPENED: u32 = 50;
/// The messages of one step back.
const PAGE: u32 = 60;

/// The question for a conversation's newest messages, or those before one.
pub(crate) fn messages(id: ConversationId, before: Option<MessageId>, limit: u32) -> Request {
    request("listMessages", json!({ "conversation": id, "before": before, "after": null, "limit": limit }))
}

pub(crate) fn cases<'a>(stage: &'a Stage<'a>) -> Vec<Case<'a>> {
    vec![
        open("open_random", stage, |lot| stage.any(lot)),
        open("open_vip", stage, |lot| pick(&stage.vips, lot)),
        open("open_giant", stage, |_| Ok(stage.giant)),
        header(stage),
        scroll_back(stage),
    ]
}

fn open<'a>(
    name: &str,
    stage: &'a Stage<'a>,
    choose: impl Fn(&mut StdRng) -> Result<ConversationId> + Copy + 'a,
) -> Case<'a> {
    let chosen = move |lot: &mut StdRng| (0..MANY).map(|_| choose(lot)).collect::<Result<Vec<_>>>();
    Case::new(name)
        .floor(move |lot| {
            timed(chosen(lot)?, |id| {
                stage.floor.borrow().page(id, None, OPENED)?;
                Ok(())
            })
        })
        .store(move |lot| {
            timed(chosen(lot)?, |id| {
                stage.store().read_now(|sql| message::page(sql, id, PageAnchor::Newest, OPENED))?;
                Ok(())
            })
        })
        .desk(move |lot| stage.ask(chosen(lot)?.into_iter().map(|id| messages(id, None, OPENED)).collect()))
}

/// What stands above the messages and in the composer below. The floor has nothing like it.
fn header<'a>(stage: &'a Stage<'a>) -> Case<'a> {
    Case::new("open_header").desk(move |lot| {
        let chosen = (0..MANY).map(|_| stage.any(lot)).collect::<Result<Vec<_>>>()?;
        stage.ask(chosen.into_iter().map(|id| request("getConversation", json!({ "conversation": id }))).collect())
    })
}

/// Page after page back through the giant, from somewhere in it.
fn scroll_back<'a>(stage: &'a Stage<'a>) -> Case<'a> {
    const RUN: usize = 12;
    let starts = move |lot: &mut StdRng| -> Result<Vec<(Millis, i64)>> {
        let floor = stage.floor.borrow();
        let mut starts = Vec::new();
        while starts.len() < MANY {
            let at = END_MS - lot.random_range(0..SPAN_MS * 9 / 10);
            let mut from = Some(floor.message_before(stage.giant, at)?);
            for _ in 0..RUN {
                let Some(here) = from else { break };
                starts.push(here);
                from = floor.page(stage.giant, from, PAGE)?;
            }
        }
        Ok(starts)
    };
    Case::new("scroll_back")
        .floor(move |lot| {
            timed(starts(lot)?, |from| {
                stage.floor.borrow().page(stage.giant, Some(from), PAGE)?;
                Ok(())
            })
        })
        .store(move |lot| {
            timed(starts(lot)?, |(_, id)| {
                let stretch = PageAnchor::Before(MessageId(id));
                stage.store().read_now(|sql| message::page(sql, stage.giant, stretch, PAGE))?;
                Ok(())
            })
        })
        .desk(move |lot| {
            let asked = starts(lot)?.into_iter();
            stage.ask(asked.map(|(_, id)| messages(stage.giant, Some(MessageId(id)), PAGE)).collect())
        })
}
