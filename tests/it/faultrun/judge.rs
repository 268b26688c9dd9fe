//! What must hold when the faults are over: the ledger and the screen agree on each message.

use std::collections::BTreeMap;
use std::fmt::Write;

use sandbox::Verdict;
use serde_json::{Value, json};

use super::tab::{Tab, body, is_sent};

/// What the run was made of and what came of it.
#[derive(Debug, Default)]
pub(super) struct Figures {
    pub(super) sends: usize,
    pub(super) kills: usize,
    pub(super) kills_in_start: usize,
    pub(super) relay_kills: usize,
    pub(super) answers_lost: usize,
    pub(super) faults: BTreeMap<String, usize>,
    pub(super) attempts: usize,
    pub(super) delivered: usize,
    pub(super) unconfirmed: usize,
    pub(super) found: usize,
    pub(super) arrived: usize,
    pub(super) again: usize,
    pub(super) discarded: usize,
    pub(super) lost: usize,
    pub(super) doubled: usize,
    pub(super) doubled_unasked: usize,
    pub(super) seconds: f64,
}

impl Figures {
    /// As lines to read.
    pub(super) fn print(&self) -> String {
        let mut text = format!(
            "{} sends in {:.0} s, {} kill -9 ({} of them before it listened), {} of the relay, {} answers to the page lost with \
             their process\n",
            self.sends, self.seconds, self.kills, self.kills_in_start, self.relay_kills, self.answers_lost
        );
        let faults: usize = self.faults.values().sum();
        let _ = writeln!(text, "{faults} faults dialled:");
        for (fault, times) in &self.faults {
            let _ = writeln!(text, "  {times:5}  {fault}");
        }
        let _ = writeln!(
            text,
            "{} calls to send, {} messages delivered\n{} unconfirmed for a while: {} found by looking; the agent said {} \
             times that it arrived, {} times to send it again, {} times to discard it\n{} lost, {} doubled unasked, {} \
             doubled at the agent's word",
            self.attempts,
            self.delivered,
            self.unconfirmed,
            self.found,
            self.arrived,
            self.again,
            self.discarded,
            self.lost,
            self.doubled_unasked,
            self.doubled
        );
        text
    }
}

/// Judges one conversation. What is wrong, in words, with its thread and its ledger.
pub(super) async fn judge(tab: &Tab, figures: &mut Figures) -> Option<String> {
    let mut wrong = tab.done.wrong.clone();
    let name = tab.customer.name();
    let ledger = tab.tiktok.ledger();
    let received = ledger.texts_to(&name);
    let (thread, gaps) = tab.page.thread(&tab.conversation).await;
    let gaps = !gaps.is_empty();
    figures.arrived += tab.done.arrived.len();
    figures.again += tab.done.again.len();
    figures.discarded += tab.done.discarded.len();
    figures.delivered += received.len();

    for text in &tab.done.pressed {
        let copies = received.iter().filter(|sent| *sent == text).count();
        let again = tab.done.again.iter().filter(|other| *other == text).count();
        let bubbles: Vec<&Value> = thread.iter().filter(|message| body(message) == text).collect();
        let sent = bubbles.iter().filter(|message| is_sent(message)).count();
        if copies > 1 + again {
            figures.doubled_unasked += 1;
            wrong.push(format!("{text:?} is at TikTok {copies} times, sent again {again} times"));
        } else if copies > 1 {
            figures.doubled += 1;
        }
        if sent != copies || sent != bubbles.len() {
            wrong.push(format!("{text:?} has {} bubbles, {sent} of them sent; TikTok has {copies}", bubbles.len()));
        }
        if copies == 0 && !tab.done.discarded.contains(text) {
            figures.lost += 1;
            wrong.push(format!("{text:?} is lost"));
        }
        for bubble in bubbles {
            let why = tab.page.must("getSendDetails", json!({ "message": bubble["id"] })).await;
            let outcomes = why["attempts"].as_array().into_iter().flatten().map(|attempt| attempt["outcome"].as_str());
            let outcomes: Vec<&str> = outcomes.flatten().collect();
            let open = |outcome: &&str| matches!(*outcome, "interrupted" | "unknown");
            figures.unconfirmed += usize::from(outcomes.iter().any(open));
            figures.found += usize::from(outcomes.last().is_some_and(open) && !tab.done.arrived.contains(text));
        }
    }
    let stranger = received.iter().find(|text| !tab.done.pressed.contains(text));
    wrong.extend(stranger.map(|text| format!("nobody sent {text:?}")));

    // What was sent again is said later than it was first meant.
    let in_place = |text: &&String| !tab.done.again.contains(text);
    let went: Vec<&String> = received.iter().filter(in_place).collect();
    let meant: Vec<&String> = tab.done.pressed.iter().filter(|text| went.contains(text)).collect();
    if went != meant {
        wrong.push(format!("out of order: {went:?}\ninstead of {meant:?}"));
    }

    for written in tab.customer.thread().iter().filter(|written| written.by_customer) {
        let times =
            thread.iter().filter(|message| message["direction"] == "in" && body(message) == written.text).count();
        // Only where a gap says so may something be missing.
        if times > 1 || (times == 0 && !gaps) {
            wrong.push(format!("{name}'s {:?} is shown {times} times", written.text));
        }
    }

    if wrong.is_empty() {
        return None;
    }
    let mut text = format!("{name}: {wrong:#?}\nthread:\n");
    for message in &thread {
        let _ = writeln!(text, "  {} {:?} {}", message["direction"], body(message), message["delivery"]);
    }
    let _ = writeln!(text, "ledger:");
    for attempt in ledger.attempts.iter().filter(|attempt| attempt.conversation_id == tab.customer.conversation_id()) {
        let verdict = match &attempt.verdict {
            Verdict::Accepted(id) => format!("accepted as {id}"),
            Verdict::Refused(code) => format!("refused: {code}"),
            Verdict::Lost => "lost".to_owned(),
        };
        let _ = writeln!(text, "  {} {:?} {verdict}", attempt.at_ms, attempt.text);
    }
    Some(text)
}
