//! One conversation in the agent's hands: sends, and decides about what is left to them.
//!
//! The agent is truthful: "it arrived" is said only of what the ledger has and the screen does not show.

use std::collections::HashSet;
use std::sync::Arc;

use sandbox::{Customer, Sandbox};
use serde_json::{Value, json};
use tokio::sync::mpsc;
use tokio::sync::watch;

use super::page::{Asked, Page};

/// What a tab is told to do.
pub(super) enum Job {
    /// Send this text.
    Press(String),
    /// Look through the thread, and decide what there is to decide.
    Look,
}

/// What the agent has done in one conversation.
#[derive(Debug, Default, Clone)]
pub(super) struct Done {
    /// The texts sent, in order.
    pub(super) pressed: Vec<String>,
    /// Asked to be sent again; one entry for each time it may have been.
    pub(super) again: Vec<String>,
    /// Asked to be discarded.
    pub(super) discarded: HashSet<String>,
    /// Said to have arrived.
    pub(super) arrived: HashSet<String>,
    /// What should not have happened.
    pub(super) wrong: Vec<String>,
}

/// A conversation, and what the agent has done in it.
pub(super) struct Tab {
    pub(super) customer: Customer,
    pub(super) conversation: Value,
    pub(super) done: Done,
    pub(super) tiktok: Sandbox,
    pub(super) page: Page,
    /// Rings at every press of Send.
    pub(super) pressed: Arc<watch::Sender<usize>>,
}

impl Tab {
    /// Does its jobs until there are no more.
    pub(super) async fn run(mut self, mut jobs: mpsc::UnboundedReceiver<Job>) -> Self {
        while let Some(job) = jobs.recv().await {
            match job {
                Job::Press(text) => self.press(text).await,
                Job::Look => {
                    self.look().await;
                }
            }
        }
        self
    }

    /// Sends a text. A press whose answer was lost is repeated with its key: that is what the key is for.
    async fn press(&mut self, text: String) {
        self.pressed.send_modify(|presses| *presses += 1);
        let press = json!({
            "conversation": self.conversation, "body": text, "quoted": null, "attachment": null, "seen": null,
            "anyway": false, "key": format!("{} {text}", self.customer.name()),
        });
        match self.page.ask("sendReply", press).await {
            Ok(_) => self.done.pressed.push(text),
            Err(fault) => self.done.wrong.push(format!("{text:?} was not taken: {fault}")),
        }
    }

    /// Decides about every reply that is left to the agent. Whether nothing is on its way any more.
    pub(super) async fn look(&mut self) -> bool {
        let (thread, _) = self.page.thread(&self.conversation).await;
        let mut rests = true;
        for message in thread.iter().filter(|message| message["direction"] == "out") {
            let delivery = &message["delivery"];
            match delivery["state"].as_str() {
                Some("sent" | "read") => {}
                Some("unconfirmed") if delivery["stage"] == "undecided" => {
                    rests = false;
                    self.decide(&thread, message).await;
                }
                Some("held" | "queued" | "sending" | "unconfirmed") => rests = false,
                // No customer here is blocked and no window closed, and no colleague has written.
                _ => self.done.wrong.push(format!("{:?} ended as {delivery}", body(message))),
            }
        }
        rests
    }

    async fn decide(&mut self, thread: &[Value], message: &Value) {
        let text = body(message).to_owned();
        let shown = thread.iter().filter(|message| body(message) == text && is_sent(message)).count();
        let command = if copies(&self.tiktok, &self.customer, &text) > shown {
            "markReplyArrived"
        } else if text.ends_with('7') {
            "discardReply"
        } else {
            "resendReply"
        };
        // Not repeated when its answer is lost: the agent looks again. It may have been done all the same.
        let asked = self.page.once(command, &json!({ "message": message["id"] })).await;
        if let Asked::Fault(fault) = &asked {
            // The listing was faster.
            if !matches!(fault["code"].as_str(), Some("wrongState" | "notFound")) {
                self.done.wrong.push(format!("{command} {text:?}: {fault}"));
            }
            return;
        }
        match command {
            "markReplyArrived" => drop(self.done.arrived.insert(text)),
            "discardReply" => drop(self.done.discarded.insert(text)),
            _ => self.done.again.push(text),
        }
    }
}

/// How often TikTok truly has a text.
pub(super) fn copies(tiktok: &Sandbox, customer: &Customer, text: &str) -> usize {
    tiktok.ledger().texts_to(&customer.name()).iter().filter(|sent| *sent == text).count()
}

pub(super) fn body(message: &Value) -> &str {
    message["content"]["body"].as_str().unwrap_or_default()
}

pub(super) fn is_sent(message: &Value) -> bool {
    matches!(message["delivery"]["state"].as_str(), Some("sent" | "read"))
}
