//! What the agent does in a day: sends, takes back, changes, moves, keeps for later, decides.

use desk::FaultCode;
use desk::commands::MoveReply;
use model::{ConversationId, MessageId};
use rand::Rng;
use rand::seq::IndexedRandom;
use sandbox::{Attempt, Verdict};
use serde_json::{Value, json};
use store::table::outbox::{self, OutboxState};
use tests::parsed;

use super::{Day, NAMES, body, is_sent};

/// A reply as the agent means it. The day's list of them is in the order in which they are to go out.
#[derive(Debug, Clone)]
pub(super) struct Reply {
    pub(super) who: usize,
    /// None while it is scheduled.
    pub(super) id: Option<MessageId>,
    pub(super) text: String,
    /// How often the agent had it sent again.
    pub(super) again: usize,
    /// Taken back: it must not go out any more.
    pub(super) gone: bool,
    /// It was to go out later, between whatever is said meanwhile.
    pub(super) scheduled: bool,
}

impl Day {
    /// A press of Send; now and then the page says it more than once, as its key allows.
    pub(super) async fn compose(&mut self, who: usize, conversation: ConversationId) -> String {
        // Now and then the same words again: equal texts must each be sent and each be confirmed.
        let said = self.replies.iter().rfind(|reply| reply.who == who).filter(|_| self.lot.random_bool(0.2));
        let text = said.map_or_else(|| format!("reply {}", self.replies.len()), |reply| reply.text.clone());
        let mut press = tests::press(conversation, &text);
        if self.lot.random_bool(0.5) {
            press.key = format!("press {}", self.replies.len());
        }
        // An agent who has read no further than the customer's last words.
        if self.lot.random_bool(0.4) {
            let shown = self.messages(conversation).await;
            let read = shown.iter().rfind(|message| message["direction"] == "in");
            press.seen = read.map(|message| parsed(&message["id"]));
        }
        let mut what = format!("to {}: {text}", NAMES[who]);
        let queued = match self.world.try_ask(press.clone()).await {
            Ok(queued) => queued,
            Err(fault) if fault.code == FaultCode::ColleagueReplied => {
                if self.lot.random() {
                    return format!("{what} (not after a colleague)");
                }
                what.push_str(" (anyway)");
                press.anyway = true;
                self.world.ask(press.clone()).await
            }
            Err(fault) => panic!("{text}: {fault:?}"),
        };
        if !press.key.is_empty() && self.lot.random() {
            what.push_str(" (pressed twice)");
            let again = self.world.ask(press.clone()).await;
            if again.messages != queued.messages {
                self.wrong.push(format!("one press of {text:?} queued {queued:?} and {again:?}"));
            }
        }
        let id = queued.messages[0];
        self.replies.push(Reply { who, id: Some(id), text, again: 0, gone: false, scheduled: false });
        // Second thoughts, while it can still be undone.
        if self.undoes && self.lot.random_bool(0.4) {
            let shown = self.messages(conversation).await;
            if let Some(message) =
                shown.into_iter().find(|message| parsed::<MessageId>(&message["id"]) == id && is_open(message))
            {
                let then = self.decide_about(who, conversation, &message).await;
                return format!("{what}, then {then}");
            }
        }
        what
    }

    /// A reply for a moment later.
    pub(super) async fn schedule(&mut self, who: usize, conversation: ConversationId) -> String {
        let text = format!("later {}", self.replies.len());
        let at_ms = self.world.desk().engine().clock().now_ms() + self.lot.random_range(5..150);
        let later =
            json!({ "conversation": conversation, "body": text, "quoted": null, "attachment": null, "atMs": at_ms });
        match self.world.try_ask_json("scheduleReply", later).await {
            Ok(_) => {
                self.replies.push(Reply { who, id: None, text: text.clone(), again: 0, gone: false, scheduled: true });
                format!("to {} in a moment: {text}", NAMES[who])
            }
            Err(fault) if fault.code == FaultCode::ScheduleInPast => format!("{text}: the moment had passed"),
            Err(fault) => panic!("{text}: {fault:?}"),
        }
    }

    /// The agent decides about a scheduled reply that was stopped.
    pub(super) async fn decide_scheduled(&mut self, scheduled: &Value) -> String {
        let text = scheduled["body"].as_str().expect("a text").to_owned();
        let command = if self.lot.random() { "sendScheduledReplyNow" } else { "cancelScheduledReply" };
        self.world.ask_json(command, json!({ "scheduled": scheduled["id"] })).await;
        if command == "cancelScheduledReply" {
            let reply = self.replies.iter_mut().find(|reply| reply.text == text).expect("one of ours");
            reply.gone = true;
            let (who, text) = (reply.who, reply.text.clone());
            self.is_in_draft(who, &text).await;
        }
        format!("{command} {text}")
    }

    pub(super) async fn scheduled(&self) -> Vec<Value> {
        let listed = self.world.ask_json("listScheduledReplies", json!({ "account": self.world.account() })).await;
        listed.as_array().cloned().unwrap_or_default()
    }

    /// The agent does something about a reply that is not sent.
    pub(super) async fn decide(&mut self, who: usize, conversation: ConversationId) -> String {
        let open: Vec<Value> = self.messages(conversation).await.into_iter().filter(is_open).collect();
        match open.choose(&mut self.lot).cloned() {
            Some(message) => self.decide_about(who, conversation, &message).await,
            None => "nothing to decide".to_owned(),
        }
    }

    pub(super) async fn decide_about(&mut self, who: usize, conversation: ConversationId, message: &Value) -> String {
        let text = body(message).to_owned();
        let state = message["delivery"]["state"].as_str().unwrap_or_default();
        let commands: &[&str] = match state {
            "held" => &["undoSend", "sendReplyNow", "editReply", "moveReply", "discardReply"],
            "queued" => &["discardReply", "editReply", "moveReply", "moveReply"],
            "refused" => &["discardReply", "resendReply", "editReply"],
            "stopped" => &["discardReply", "resendReply", "resendReply", "editReply"],
            _ if self.unseen_copies(who, &text).await > 0 => &["markReplyArrived"],
            _ => &["discardReply", "resendReply"],
        };
        let command = *commands.choose(&mut self.lot).expect("there are some");
        if command == "moveReply" {
            return self.move_by(conversation, id(&message["id"]), &text).await;
        }
        let edited = format!("{text} (edited {})", self.diary.len());
        let args = match command {
            "undoSend" | "sendReplyNow" => json!({ "messages": [message["id"]] }),
            "editReply" => json!({ "message": message["id"], "body": edited }),
            _ => json!({ "message": message["id"] }),
        };
        match self.world.try_ask_json(command, args).await {
            Ok(_) => {}
            // The lane was faster.
            Err(fault) if fault.code == FaultCode::WrongState => return format!("{command} {text} came too late"),
            Err(fault) => panic!("{command} {text}: {fault:?}"),
        }
        let reply = self.meant(who, id(&message["id"]), &text);
        match command {
            "resendReply" => reply.again += 1,
            "editReply" => reply.text = edited,
            "undoSend" | "discardReply" => reply.gone = true,
            _ => {}
        }
        // What may have arrived is not offered again: it was called for, as far as anybody knows, and not refused.
        let ledger = self.world.tiktok.ledger();
        let called = |attempt: &Attempt| attempt.text == text && !matches!(attempt.verdict, Verdict::Refused(_));
        let may_be_there = state == "unconfirmed" || ledger.attempts.iter().any(called);
        if command == "undoSend" || (command == "discardReply" && !may_be_there) {
            self.is_in_draft(who, &text).await;
        }
        format!("{command} {text}, which was {state}")
    }

    /// What the agent means by a message. One that was scheduled gets its message when its time comes.
    fn meant(&mut self, who: usize, id: MessageId, text: &str) -> &mut Reply {
        let known = self.replies.iter().position(|reply| reply.id == Some(id));
        let at = known.or_else(|| {
            self.replies.iter().position(|reply| reply.id.is_none() && reply.who == who && reply.text == text)
        });
        let reply = &mut self.replies[at.unwrap_or_else(|| panic!("nobody wrote {text:?}"))];
        reply.id = Some(id);
        reply
    }

    /// Moves a waiting reply; the others keep their order among themselves.
    async fn move_by(&mut self, conversation: ConversationId, id: MessageId, text: &str) -> String {
        let by = *[-2, -1, 1, 2].choose(&mut self.lot).expect("there are some");
        let before = self.waiting(conversation).await;
        match self.world.try_ask(MoveReply { message: id, by }).await {
            Ok(_) => {}
            Err(fault) if fault.code == FaultCode::WrongState => return format!("moveReply {text} came too late"),
            Err(fault) => panic!("moveReply {text}: {fault:?}"),
        }
        let after = self.waiting(conversation).await;
        let mut asked = before.clone();
        if let Some(from) = asked.iter().position(|other| *other == id) {
            let moved = asked.remove(from);
            asked.insert(
                from.saturating_add_signed(isize::try_from(by).expect("a small number")).min(asked.len()),
                moved,
            );
        }
        // While nothing else happened, it is as asked. Else what went out meanwhile was out of its reach.
        let same = |one: &[MessageId], other: &[MessageId]| {
            one.len() == other.len() && one.iter().all(|id| other.contains(id))
        };
        if same(&before, &after) && after != asked {
            self.wrong.push(format!("moving {text:?} by {by} made {after:?} of {before:?}"));
        }
        let waits = |reply: &Reply| reply.id.is_some_and(|id| after.contains(&id));
        let places: Vec<usize> = (0..self.replies.len()).filter(|at| waits(&self.replies[*at])).collect();
        let mut moved: Vec<Reply> = places.iter().map(|at| self.replies[*at].clone()).collect();
        moved.sort_by_key(|reply| after.iter().position(|id| reply.id == Some(*id)));
        for (at, reply) in places.into_iter().zip(moved) {
            self.replies[at] = reply;
        }
        format!("moveReply {text} by {by}")
    }

    /// The replies that wait, in the order of their lane.
    async fn waiting(&self, conversation: ConversationId) -> Vec<MessageId> {
        let replies = self.world.desk().engine().store().read(move |sql| outbox::of_conversation(sql, conversation));
        let replies = replies.await.expect("the outbox can be read");
        let waits = |reply: &outbox::OutboxReply| matches!(reply.state, OutboxState::Queued | OutboxState::Held);
        replies.into_iter().filter(waits).map(|reply| reply.message).collect()
    }

    /// Deskbell dies, or is closed, and starts again. What could still be undone when it died is in the draft.
    pub(super) async fn die(&mut self) -> String {
        let closed = self.lot.random_bool(0.2);
        if closed {
            self.world.close().await;
        } else {
            self.world.crash().await;
        }
        self.world.restart().await;
        let mut shown: Vec<MessageId> = Vec::new();
        for (_, conversation) in &self.customers {
            shown.extend(self.messages(*conversation).await.iter().map(|message| id(&message["id"])));
        }
        let missing = |reply: &&mut Reply| !reply.gone && reply.id.is_some_and(|id| !shown.contains(&id));
        let mut back = Vec::new();
        for reply in self.replies.iter_mut().filter(missing) {
            reply.gone = true;
            back.push((reply.who, reply.text.clone()));
        }
        for (who, text) in &back {
            if closed || !self.undoes {
                self.wrong.push(format!("{text:?} was not held and is gone after a restart"));
            }
            self.is_in_draft(*who, text).await;
        }
        let texts: Vec<String> = back.into_iter().map(|(_, text)| text).collect();
        format!("{}; back in the draft: {texts:?}", if closed { "close" } else { "crash" })
    }

    /// A text that was taken back stands in the draft, until the next press of Send clears that.
    async fn is_in_draft(&mut self, who: usize, text: &str) {
        let conversation = self.customers[who].1;
        let view = self.world.ask_json("getConversation", json!({ "conversation": conversation })).await;
        let draft = view["draft"]["body"].as_str().unwrap_or_default();
        if !draft.split("\n\n").any(|part| part == text) {
            self.wrong.push(format!("{text:?} was taken back and is not in the draft: {draft:?}"));
        }
    }

    /// Copies of a text that TikTok has and the screen does not show as sent.
    async fn unseen_copies(&self, who: usize, text: &str) -> usize {
        let shown = self.messages(self.customers[who].1).await;
        let shown = shown.iter().filter(|message| body(message) == text && is_sent(message)).count();
        let received = self.world.tiktok.ledger().texts_to(NAMES[who]);
        received.iter().filter(|sent| *sent == text).count().saturating_sub(shown)
    }
}

/// Whether the agent can do something about it.
fn is_open(message: &Value) -> bool {
    let state = message["delivery"]["state"].as_str().unwrap_or_default();
    matches!(state, "held" | "queued" | "refused" | "stopped") || message["delivery"]["stage"] == "undecided"
}

fn id(value: &Value) -> MessageId {
    serde_json::from_value(value.clone()).expect("an id")
}
