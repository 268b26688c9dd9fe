//! What a run was made of and what came of it.

use std::collections::BTreeMap;
use std::fmt::Write;

use sandbox::WebhookTally;

use crate::history::Found;

#[derive(Debug, Default)]
pub(super) struct Figures {
    pub(super) messages: usize,
    pub(super) kills: usize,
    pub(super) kills_in_start: usize,
    pub(super) faults: BTreeMap<String, usize>,
    pub(super) webhooks: WebhookTally,
    /// Webhooks that a living process was given.
    pub(super) handed: usize,
    pub(super) holes: usize,
    pub(super) unproven: usize,
    /// Messages that came to more than TikTok lists, and a gap says so.
    pub(super) missing_said: usize,
    /// Messages that TikTok lists no more, because twenty newer ones came in their conversation.
    pub(super) beyond: usize,
    pub(super) missing_unsaid: usize,
    pub(super) doubled: usize,
    pub(super) out_of_order: usize,
    pub(super) seconds: f64,
}

impl Figures {
    /// Takes a conversation's figures in.
    pub(super) fn count(&mut self, found: &Found) {
        self.holes += found.holes;
        self.unproven += found.unproven;
        self.missing_said += found.missing - found.unsaid;
        self.missing_unsaid += found.unsaid;
        self.doubled += found.invented;
        self.out_of_order += found.out_of_order;
    }

    /// As lines to read.
    pub(super) fn print(&self) -> String {
        let mut text = format!(
            "{} messages in {:.0} s, {} kill -9 ({} of them before it listened)\n",
            self.messages, self.seconds, self.kills, self.kills_in_start
        );
        let faults: usize = self.faults.values().sum();
        let _ = writeln!(text, "{faults} faults dialled:");
        for (fault, times) in &self.faults {
            let _ = writeln!(text, "  {times:5}  {fault}");
        }
        let pushes = &self.webhooks;
        let _ = writeln!(
            text,
            "{} events pushed, {} of them dropped, {} doubled, {} late; {} reached a living process\n{} gaps shown where {} \
             messages are beyond what TikTok lists, {} more where nothing is missing but nothing proves it\n{} doubled, {} \
             missing without a gap, {} out of order",
            pushes.made,
            pushes.dropped,
            pushes.doubled,
            pushes.held,
            self.handed,
            self.holes,
            self.missing_said,
            self.unproven,
            self.doubled,
            self.missing_unsaid,
            self.out_of_order
        );
        text
    }
}
