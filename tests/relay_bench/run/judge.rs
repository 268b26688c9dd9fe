//! Compares what was acknowledged, what is stored, and what each desktop has.

use std::time::Duration;

use anyhow::{Result, bail, ensure};
use serde_json::{Value, json};
use tokio::time::Instant;
use wire::EventId;

use super::book::Book;
use super::desktop::{Desktop, Kept};
use super::stored::{Stored, read};
use super::times::Times;

/// How long the desktops may take to read what is stored.
const READ_TIMEOUT: Duration = Duration::from_secs(60);

/// The result: every figure but the first three and `read_again` is to be 0.
#[derive(Debug, Default, Clone, Copy)]
pub(crate) struct Judgement {
    /// Webhooks that were sent.
    pub(crate) sent: u64,
    pub(crate) acknowledged: u64,
    /// Webhooks in the log.
    pub(crate) stored: u64,
    /// Sent, and never acknowledged.
    pub(crate) unanswered: u64,
    /// Acknowledged and not stored, or stored and not at a desktop: counted for each desktop.
    pub(crate) lost: u64,
    /// Twice in the log, or twice at a desktop; or at a desktop and not in the log.
    pub(crate) doubled: u64,
    /// Sequences that are missing between the first and the last, in the log or at a desktop.
    pub(crate) gaps: u64,
    /// Events that desktops read again because the database had failed over.
    pub(crate) read_again: u64,
}

impl Judgement {
    pub(crate) fn is_right(&self) -> bool {
        self.sent > 0 && self.unanswered + self.lost + self.doubled + self.gaps == 0
    }

    pub(crate) fn json(&self) -> Value {
        json!({
            "sent": self.sent, "acknowledged": self.acknowledged, "stored": self.stored,
            "unanswered": self.unanswered, "lost": self.lost, "doubled": self.doubled, "gaps": self.gaps,
            "read_again": self.read_again,
        })
    }
}

/// What a case ends with.
#[derive(Debug)]
pub(crate) struct Judged {
    pub(crate) judgement: Judgement,
    /// From webhook to desktop.
    pub(crate) times: Times,
    /// Until the last desktop had read everything.
    pub(crate) drained: Duration,
    /// Streams that were opened.
    pub(crate) connections: u64,
}

/// Waits until the desktops have read everything, ends them, and compares.
pub(crate) async fn judge(book: &Book, database: &relay::database::Database, desktops: Vec<Desktop>) -> Result<Judged> {
    let began = Instant::now();
    let stored = read(database).await?;
    while !desktops.iter().all(|desktop| desktop.has_read_to(stored.head)) && began.elapsed() < READ_TIMEOUT {
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
    let drained = began.elapsed();
    let mut all = Vec::with_capacity(desktops.len());
    for desktop in desktops {
        all.push(desktop.end().await?);
    }
    let mut times = Times::default();
    for kept in &all {
        times.add(&kept.times);
    }
    // A repetition of one that was stored may have been on its way.
    let again = read(database).await?;
    if again.head != stored.head {
        bail!("the log grew from {} to {} after the last webhook", stored.head, again.head);
    }
    let connections = all.iter().map(|kept| kept.connections).sum();
    Ok(Judged { judgement: compare(book, &stored, &all), times, drained, connections })
}

fn compare(book: &Book, stored: &Stored, desktops: &[Kept]) -> Judgement {
    let mut found = Judgement { gaps: stored.gaps, ..Judgement::default() };
    let mut sequences = vec![0_u64; book.len()];
    for (sequence, number) in &stored.webhooks {
        match sequences.get_mut(*number as usize) {
            Some(known) if *known == 0 => *known = *sequence,
            Some(_) | None => found.doubled += 1,
        }
    }
    for (number, sequence) in (0_u32..).zip(&sequences) {
        let (is_sent, is_acknowledged) = (book.is_sent(number), book.is_acknowledged(number));
        found.sent += u64::from(is_sent);
        found.acknowledged += u64::from(is_acknowledged);
        found.unanswered += u64::from(is_sent && !is_acknowledged);
        found.lost += u64::from(is_acknowledged && *sequence == 0);
        found.stored += u64::from(*sequence > 0);
    }
    for kept in desktops {
        found.doubled += kept.doubled + kept.unknown;
        found.gaps += kept.gaps;
        found.read_again += kept.read_again;
        for (stored, here) in sequences.iter().zip(&kept.sequences) {
            found.lost += u64::from(*stored > 0 && *here == 0);
            found.doubled += u64::from(*here > 0 && here != stored);
        }
    }
    found
}

/// A judge that finds nothing wrong in what is wrong would let everything pass: it is tried on made-up runs first.
pub(crate) fn check_itself() -> Result<()> {
    const COUNT: u32 = 4;
    let event = |number: u32| (u64::from(number) + 1, number);
    let log: Vec<(u64, u32)> = (0..COUNT).map(event).collect();
    let judged = |webhooks: &[(u64, u32)], gaps: u64, read: &[(u64, u32)], acknowledged: u32| {
        let book = Book::new(COUNT);
        for number in 0..COUNT {
            book.record_sent(number);
        }
        for number in 0..acknowledged {
            book.record_acknowledged(number);
        }
        let mut kept = Kept::new(book.len(), None);
        kept.begin(EventId { epoch: "e".to_owned(), sequence: 0 });
        for (sequence, number) in read {
            let id = EventId { epoch: "e".to_owned(), sequence: *sequence };
            kept.apply(id, format!("bench-{number:08}").as_bytes(), &book, false)?;
        }
        let stored = Stored { head: 4, webhooks: webhooks.to_vec(), gaps };
        Ok::<_, anyhow::Error>(compare(&book, &stored, &[kept]))
    };
    let three = log.get(..3).unwrap_or_default();
    let again = [log.as_slice(), &[(4, 3)]].concat();
    let twice = [log.as_slice(), &[(5, 3)]].concat();
    let skipped = [(1, 0), (2, 1), (4, 3)];
    ensure!(judged(&log, 0, &log, COUNT)?.is_right(), "the judge finds something wrong in what is right");
    ensure!(judged(three, 0, three, COUNT)?.lost == 1, "acknowledged and not stored");
    ensure!(judged(&log, 0, three, COUNT)?.lost == 1, "stored and not read");
    ensure!(judged(&log, 0, &log, 3)?.unanswered == 1, "not acknowledged");
    ensure!(judged(&log, 0, &again, COUNT)?.doubled >= 1, "read again");
    ensure!(judged(&twice, 0, &twice, COUNT)?.doubled >= 1, "stored twice");
    ensure!(judged(&log, 1, &log, COUNT)?.gaps == 1, "a gap in the log");
    ensure!(judged(&skipped, 0, &skipped, COUNT)?.gaps == 1, "a gap at a desktop");
    ensure!(judged(three, 0, &log, 3)?.doubled == 1, "read and not stored");
    Ok(())
}
