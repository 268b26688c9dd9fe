//! Thousands of messages of one moment: in the order of TikTok's ids, whatever order they come in, and at no greater cost
//! than those of many moments.

use std::time::Instant;

use model::{Content, Millis};
use rand::SeedableRng;
use rand::rngs::StdRng;
use rand::seq::SliceRandom;
use store::table::message::{self, IncomingMessage, PageAnchor};

use super::desk::Desk;
use super::tiktok::customer;
use crate::source::Batch;

const AT_MS: Millis = 1_700_000_000_000;

fn said(number: usize, at_ms: Millis) -> IncomingMessage {
    IncomingMessage {
        content: Content::Text { body: format!("{number}") },
        ..customer(&format!("m-{number:06}"), at_ms)
    }
}

#[test]
fn messages_of_one_moment_stand_in_the_order_of_their_ids_in_whatever_order_they_come() {
    let desk = Desk::open();
    for seed in 0..20 {
        let id = desk.conversation(format!("moment-{seed}"), AT_MS);
        let mut numbers: Vec<usize> = (0..40).collect();
        numbers.shuffle(&mut StdRng::seed_from_u64(seed));
        for some in numbers.chunks(1 + usize::try_from(seed).unwrap()) {
            let messages = some.iter().map(|number| said(seed as usize * 100 + number, AT_MS)).collect();
            desk.apply(id, Batch { messages, ..Batch::default() }, AT_MS + 1_000);
        }
        let held = desk.read(|sql| message::page(sql, id, PageAnchor::Newest, 100)).0;
        let ids: Vec<String> = held.into_iter().filter_map(|message| message.remote_id).collect();
        assert_eq!(ids.len(), 40);
        assert!(ids.is_sorted(), "seed {seed}: {ids:?}");
    }
}

#[test]
#[ignore = "measures: how long the writer is held by 20,000 messages of one moment, and of as many"]
fn how_long_twenty_thousand_messages_of_one_moment_hold_the_writer() {
    let desk = Desk::open();
    for (name, step_ms) in [("one moment", 0), ("20,000 moments", 1)] {
        let id = desk.conversation(name.to_owned(), AT_MS);
        let first = usize::try_from(step_ms).unwrap() * 100_000;
        let messages = (0..20_000).map(|number| said(first + number, AT_MS + number as Millis * step_ms)).collect();
        let batch = Batch { messages, ..Batch::default() };
        for what in ["new", "again"] {
            let began = Instant::now();
            desk.apply(id, batch.clone(), AT_MS + 1_000_000);
            println!("{name}, {what}: {:?}", began.elapsed());
        }
    }
}
