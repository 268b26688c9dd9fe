//! What the agent does and must find on disk: a reply queued, a conversation marked read.

use anyhow::Result;
use model::{ConversationId, MessageId, Outgoing};
use rand::Rng;
use rand::rngs::StdRng;
use serde_json::{Value, json};
use store::table::conversation;
use store::table::message::{self, IncomingMessage};
use store::table::outbox::actions::{self, DraftSource, Submission, SubmitOutcome};

use super::SOME;
use crate::floor::Line;
use crate::measure::{Case, asked, timed};
use crate::stage::{Stage, request};

pub(crate) fn cases<'a>(stage: &'a Stage<'a>) -> Vec<Case<'a>> {
    vec![enqueue(stage), mark_read(stage)]
}

/// Conversations and what is said in them.
fn drawn(stage: &Stage<'_>, lot: &mut StdRng) -> Result<Vec<(ConversationId, IncomingMessage)>> {
    let mut shop = stage.shop.borrow_mut();
    (0..SOME).map(|_| Ok((stage.any(lot)?, shop.fresh(lot.random_range(1..1_000), true)))).collect()
}

/// A press of Send, until the bubble is on disk. What was queued is taken back afterwards, which is not measured.
fn enqueue<'a>(stage: &'a Stage<'a>) -> Case<'a> {
    Case::new("enqueue")
        .floor(move |lot| {
            timed(drawn(stage, lot)?, |(conversation, news)| {
                let id = message::first_id(news.sent_at_ms);
                stage.floor.borrow_mut().enqueue(Line { conversation, id, news: &news })
            })
        })
        .store(move |lot| {
            let mut queued = Vec::new();
            let now_ms = stage.desk.engine().clock().now_ms();
            let samples = timed(drawn(stage, lot)?, |(conversation, news)| {
                let press = press(conversation, news, now_ms);
                let work = stage.store().write(move |tx| actions::submit(tx, &press, now_ms));
                if let SubmitOutcome::Queued(ids) = stage.runtime.block_on(work)? {
                    queued.extend(ids);
                }
                Ok(())
            })?;
            stage.runtime.block_on(stage.store().write(move |tx| {
                queued.iter().try_for_each(|id| actions::undo(tx, &[*id], now_ms).map(|_| ()))
            }))?;
            Ok(samples)
        })
        .desk(move |lot| {
            let requests = drawn(stage, lot)?.into_iter().map(|(conversation, news)| {
                let args = json!({
                    "conversation": conversation, "body": news.content.searchable(), "quoted": null, "attachment": null, "seen": null,
                    "anyway": false, "key": news.remote_id,
                });
                request("sendReply", args)
            });
            let (samples, answers) = asked(stage.runtime, &stage.desk, requests.collect())?;
            for answer in answers {
                let answer: Value = serde_json::from_str(answer.get())?;
                let messages: Vec<MessageId> =
                    serde_json::from_value(answer.get("messages").cloned().unwrap_or(Value::Null))?;
                stage.ask(vec![request("undoSend", json!({ "messages": messages }))])?;
            }
            Ok(samples)
        })
}

fn press(conversation: ConversationId, news: IncomingMessage, now_ms: i64) -> Submission {
    Submission {
        conversation,
        parts: vec![Outgoing::Text { body: news.content.searchable() }],
        quoted: None,
        seen: None,
        anyway: false,
        key: Some(news.remote_id),
        clears: DraftSource::Reply,
        hold_until_ms: Some(now_ms + 3_600_000),
    }
}

/// The agent opens a conversation with something new in it.
fn mark_read<'a>(stage: &'a Stage<'a>) -> Case<'a> {
    let unread = move |lot: &mut StdRng| -> Result<Vec<ConversationId>> {
        let mut chosen = (0..SOME).map(|_| stage.any(lot)).collect::<Result<Vec<_>>>()?;
        chosen.sort_unstable();
        chosen.dedup();
        let ids = chosen.clone();
        stage.runtime.block_on(stage.store().write(move |tx| {
            for id in &ids {
                tx.execute("UPDATE conversation SET unread = 3 WHERE id = ?1", [id.0])?;
            }
            Ok(())
        }))?;
        stage.floor.borrow_mut().mark_unread(&chosen)?;
        Ok(chosen)
    };
    Case::new("mark_read")
        .floor(move |lot| timed(unread(lot)?, |id| stage.floor.borrow_mut().mark_read(id)))
        .store(move |lot| {
            timed(unread(lot)?, |id| {
                stage.runtime.block_on(stage.store().write(move |tx| conversation::mark_seen(tx, id)))?;
                Ok(())
            })
        })
        .desk(move |lot| {
            let chosen = unread(lot)?.into_iter();
            stage.ask(chosen.map(|id| request("markConversationSeen", json!({ "conversation": id }))).collect())
        })
}
