//! The page: asks whichever process lives, over HTTP, and knows when an answer was lost with it.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use serde_json::{Value, json};
use tests::{Patience, http};
use tokio::sync::watch;

use super::process::Living;

/// No question takes as long.
const LONGEST_ANSWER: Duration = Duration::from_secs(30);

/// A page. Clones share the count.
#[derive(Clone)]
pub(crate) struct Page {
    living: watch::Receiver<Living>,
    /// Answers that were lost with their process.
    pub(crate) lost: Arc<AtomicUsize>,
}

/// What came of a question: an answer or a fault, or the process died of it.
pub(crate) enum Asked {
    Reply(Value),
    Fault(Value),
    Lost,
}

impl Page {
    pub(crate) fn new(living: watch::Receiver<Living>) -> Self {
        Self { living, lost: Arc::default() }
    }

    /// Asks the process that lives now, or the next one, once.
    pub(crate) async fn once(&self, command: &str, args: &Value) -> Asked {
        let mut living = self.living.clone();
        let life = living.wait_for(Option::is_some).await.expect("the run goes on").clone();
        let (number, address) = life.expect("it was there");
        let question = json!({ "command": command, "args": args }).to_string();
        let address = format!("{address}rpc");
        let asked = http::ask("POST", &address, &[("Content-Type", "application/json")], &question);
        let answer = Patience::of(LONGEST_ANSWER).wait_for(asked).await;
        let answer = answer.unwrap_or_else(|| panic!("{question} was not answered"));
        let read = answer.ok().and_then(|answer| serde_json::from_str::<Value>(&answer.body).ok());
        if let Some(mut answer) = read {
            return match answer.get("fault") {
                Some(fault) => Asked::Fault(fault.clone()),
                None => Asked::Reply(answer["reply"].take()),
            };
        }
        self.lost.fetch_add(1, Ordering::Relaxed);
        // A process that was killed does not come back: only a process that was not would hold this up.
        let died = living.wait_for(|living| living.as_ref().is_none_or(|(other, _)| *other != number));
        let died = Patience::of(LONGEST_ANSWER).wait_for(died).await;
        assert!(died.is_some(), "life {number} gave no answer to {question} and lives");
        Asked::Lost
    }

    /// Asks until there is an answer: for what may be asked twice.
    pub(crate) async fn ask(&self, command: &str, args: Value) -> Result<Value, Value> {
        loop {
            match self.once(command, &args).await {
                Asked::Reply(reply) => return Ok(reply),
                Asked::Fault(fault) => return Err(fault),
                Asked::Lost => {}
            }
        }
    }

    /// Asks what must work.
    pub(crate) async fn must(&self, command: &str, args: Value) -> Value {
        self.ask(command, args).await.unwrap_or_else(|fault| panic!("{command}: {fault}"))
    }

    /// All of a conversation, oldest first, and the gaps in it.
    pub(crate) async fn thread(&self, conversation: &Value) -> (Vec<Value>, Vec<Value>) {
        let (mut all, mut gaps, mut before) = (Vec::new(), Vec::new(), Value::Null);
        loop {
            let args = json!({ "conversation": conversation, "before": before, "after": null, "limit": 200 });
            let mut page = self.must("listMessages", args).await;
            gaps.extend(page["gaps"].as_array().into_iter().flatten().cloned());
            let Value::Array(mut messages) = page["messages"].take() else { panic!("{page}") };
            before = messages.first().map_or(Value::Null, |message| message["id"].clone());
            messages.append(&mut all);
            all = messages;
            if page["hasOlder"] != true {
                return (all, gaps);
            }
        }
    }
}
