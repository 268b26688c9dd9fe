//! What must hold at the end of any day.

use std::collections::BTreeSet;

use serde_json::{Value, json};

use super::agent::Reply;
use super::{Day, NAMES, body, is_sent};

impl Day {
    /// What does not hold, in words.
    pub(super) async fn judge(&self) -> Vec<String> {
        let mut wrong = self.wrong.clone();
        for (who, (customer, conversation)) in self.customers.iter().enumerate() {
            let shown = self.messages(*conversation).await;
            let replies: Vec<&Reply> = self.replies.iter().filter(|reply| reply.who == who).collect();
            let went: Vec<String> = self.world.tiktok.ledger().texts_to(NAMES[who]);
            let texts: BTreeSet<&str> = replies.iter().map(|reply| &*reply.text).collect();
            for text in &texts {
                let copies = went.iter().filter(|sent| sent == text).count();
                let said: Vec<&&Reply> = replies.iter().filter(|reply| reply.text == *text).collect();
                let meant = said.iter().filter(|reply| !reply.gone).count();
                let again: usize = said.iter().map(|reply| reply.again).sum();
                let mine: Vec<&Value> = shown.iter().filter(|message| body(message) == *text).collect();
                let sent = mine.iter().filter(|message| is_sent(message)).count();
                if copies > meant + again {
                    wrong.push(format!("{text:?} reached TikTok {copies} times: {said:?}"));
                }
                // Both ways: what is shown as sent is there, what is there is shown, and a refused one is not there.
                if sent != copies {
                    wrong.push(format!("{text:?} is shown as sent {sent} times, TikTok has {copies}: {said:?}"));
                }
                if mine.len() < meant {
                    wrong.push(format!("{text:?} is lost: {} on screen, {said:?}", mine.len()));
                }
                let odd = mine.iter().find(|message| !is_sent(message) && message["delivery"]["state"] != "refused");
                if let Some(odd) = odd {
                    wrong.push(format!("{text:?} is neither sent nor refused: {}", odd["delivery"]));
                }
            }
            let stranger = went.iter().find(|text| !texts.contains(text.as_str()));
            wrong.extend(stranger.map(|text| format!("nobody meant {text:?} to go to {}", NAMES[who])));
            // In the order last asked for. Of equal texts either may be the one that went, what was sent again was said
            // anew, and a scheduled one comes between the others.
            let in_place = |text: &&String| {
                let said: Vec<&&Reply> = replies.iter().filter(|reply| reply.text == **text).collect();
                said.len() == 1 && said.iter().all(|reply| reply.again == 0 && !reply.scheduled)
            };
            let went: Vec<&String> = went.iter().filter(in_place).collect();
            let wanted: Vec<&String> =
                replies.iter().map(|reply| &reply.text).filter(|text| went.contains(text)).collect();
            if went != wanted {
                wrong.push(format!("out of order to {}: {went:?} instead of {wanted:?}", NAMES[who]));
            }

            let ids: Vec<String> = self.held(*conversation).await.into_iter().map(|(id, _)| id).collect();
            if ids.iter().collect::<BTreeSet<_>>().len() != ids.len() {
                wrong.push(format!("one of TikTok's messages on two rows: {ids:?}"));
            }
            let page = json!({ "conversation": conversation, "before": null, "after": null, "limit": 200 });
            let gaps = self.world.ask_json("listMessages", page).await["gaps"].as_array().map_or(0, Vec::len);
            for written in customer.thread().iter().filter(|written| written.by_customer) {
                let times = shown
                    .iter()
                    .filter(|message| message["direction"] == "in" && body(message) == written.text)
                    .count();
                // Only where a gap says so may something be missing.
                if times > 1 || (times == 0 && gaps == 0) {
                    wrong.push(format!("{:?} is shown {times} times", written.text));
                }
            }
            let row = self.world.row(customer).await;
            let reached = |message: &Value| message["direction"] == "out" && is_sent(message);
            let answered = shown.iter().rposition(|message| reached(message) && message["auto"].is_null());
            let unread = shown
                .iter()
                .skip(answered.map_or(0, |at| at + 1))
                .filter(|message| message["direction"] == "in")
                .count();
            if row.unread != json!(unread) || row.waiting != json!(unread > 0) {
                wrong.push(format!("{}: unread {} waiting {}, counted {unread}", NAMES[who], row.unread, row.waiting));
            }
        }
        wrong
    }
}
