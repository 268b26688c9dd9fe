//! News on their way in, through the engine's one funnel.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use anyhow::{Result, anyhow};
use engine::inbound::{self, ApplyOptions};
use engine::source::Batch;
use model::{ConversationId, Tab};
use rand::rngs::StdRng;
use store::table::message::{self, IncomingMessage, Message, PageAnchor};
use store::{Store, StoreError};

use super::list::{ROWS, window};
use super::{MANY, SOME};
use crate::fill::{meet, row};
use crate::floor::{Floor, Line, NewRow, Shown};
use crate::measure::{Case, timed};
use crate::shop::Customer;
use crate::stage::Stage;

/// What TikTok lists of a conversation.
const PAGE: usize = 20;
/// So many conversations to a commit in the bulk case.
const AT_ONCE: usize = 50;

pub(crate) fn cases<'a>(stage: &'a Stage<'a>) -> Vec<Case<'a>> {
    vec![live(stage), live_page(stage), backfill(stage, 1), backfill(stage, AT_ONCE), list_beside(stage)]
}

fn rules(news: &[IncomingMessage]) -> ApplyOptions {
    let newest_ms = news.iter().map(|news| news.sent_at_ms).max().unwrap_or(0);
    ApplyOptions {
        now_ms: newest_ms,
        call_ms: 30_000,
        lag_ms: 60_000,
        undecided_after_ms: 60_000,
        updated_ms: newest_ms,
        reread_if_behind: false,
    }
}

/// Takes pages in as one commit.
async fn apply(store: &Store, pages: Vec<(ConversationId, Batch)>) -> Result<(), StoreError> {
    let work = store.write(move |tx| {
        for (id, batch) in &pages {
            inbound::apply(tx, *id, batch, rules(&batch.messages))?;
        }
        Ok(())
    });
    work.await
}

fn batch(messages: Vec<IncomingMessage>, full: bool) -> Batch {
    Batch { messages, full, ..Batch::default() }
}

fn arrived(stage: &Stage<'_>, lot: &mut StdRng) -> Result<Vec<(ConversationId, IncomingMessage)>> {
    let mut shop = stage.shop.borrow_mut();
    (0..SOME).map(|_| Ok((stage.any(lot)?, shop.fresh(7, false)))).collect()
}

fn floor_live(stage: &Stage<'_>, lot: &mut StdRng) -> Result<Vec<f64>> {
    timed(arrived(stage, lot)?, |(conversation, news)| {
        let id = message::first_id(news.sent_at_ms);
        stage.floor.borrow_mut().ingest(&[], &[Line { conversation, id, news: &news }])
    })
}

/// One message of a customer, indexed and committed.
fn live<'a>(stage: &'a Stage<'a>) -> Case<'a> {
    Case::new("apply_live").floor(move |lot| floor_live(stage, lot)).store(move |lot| {
        timed(arrived(stage, lot)?, |(id, news)| {
            Ok(stage.runtime.block_on(apply(stage.store(), vec![(id, batch(vec![news], false))]))?)
        })
    })
}

/// The same as it comes from TikTok: with the nineteen messages before it, which are known.
fn live_page<'a>(stage: &'a Stage<'a>) -> Case<'a> {
    Case::new("apply_live_page").floor(move |lot| floor_live(stage, lot)).store(move |lot| {
        let mut pages = Vec::new();
        for (id, news) in arrived(stage, lot)? {
            let limit = u32::try_from(PAGE - 1).unwrap_or(0);
            let (known, more) = stage.store().read_now(|sql| message::page(sql, id, PageAnchor::Newest, limit))?;
            let mut messages: Vec<IncomingMessage> = known.into_iter().filter_map(as_news).collect();
            messages.push(news);
            pages.push((id, batch(messages, more)));
        }
        timed(pages, |page| Ok(stage.runtime.block_on(apply(stage.store(), vec![page]))?))
    })
}

/// A known message as a listing says it again.
fn as_news(message: Message) -> Option<IncomingMessage> {
    Some(IncomingMessage {
        remote_id: message.remote_id?,
        sent_at_ms: message.sent_at_ms,
        is_timed: true,
        outgoing: message.outgoing,
        surface: message.surface,
        auto: message.auto,
        content: message.content,
        quoted_remote_id: message.quoted_remote_id,
        reactions: message.reactions,
        raw: String::new(),
    })
}

/// A customer nobody knew, with a full page.
struct Newcomer {
    number: u32,
    customer: Customer,
    news: Vec<IncomingMessage>,
}

/// Customers whose pages are of the same days, as those of a first fetch are.
fn newcomers(stage: &Stage<'_>, count: usize) -> Vec<Newcomer> {
    let mut shop = stage.shop.borrow_mut();
    let mut all: Vec<Newcomer> = (0..count)
        .map(|_| {
            let number = shop.next_newcomer();
            Newcomer { number, customer: Customer::of(stage.seed, number), news: Vec::new() }
        })
        .collect();
    for at in 0..PAGE {
        for one in &mut all {
            one.news.push(shop.fresh(one.number, at % 3 == 2));
        }
    }
    all
}

/// Newcomers listed, with the page that is to be fetched of each.
async fn listed(stage: &Stage<'_>, newcomers: Vec<Newcomer>) -> Result<Vec<(ConversationId, Batch)>> {
    let account = stage.account;
    let work = stage.store().write(move |tx| {
        let mut pages = Vec::new();
        for one in newcomers {
            let at_ms = one.news.last().map_or(0, |news| news.sent_at_ms);
            let id = meet(tx, account, one.customer, at_ms)?;
            pages.push((id, Batch { person: Some(one.customer.person()), ..batch(one.news, true) }));
        }
        Ok(pages)
    });
    Ok(work.await?)
}

/// The floor takes newcomers in as one commit, all of it in order of time.
fn ingest(floor: &mut Floor, newcomers: &[Newcomer]) -> Result<()> {
    let id = |one: &Newcomer| ConversationId(1_000_000_000 + i64::from(one.number));
    let rows: Vec<NewRow> = newcomers.iter().map(|one| row(id(one), one.customer)).collect();
    let mut lines: Vec<Line<'_>> = Vec::new();
    for one in newcomers {
        let conversation = id(one);
        lines.extend(one.news.iter().map(|news| Line { conversation, id: message::first_id(news.sent_at_ms), news }));
    }
    lines.sort_unstable_by_key(|line| line.id);
    floor.ingest(&rows, &lines)
}

/// The first fetch: so many pages of twenty to a commit. The engine commits each page by itself.
fn backfill<'a>(stage: &'a Stage<'a>, pages: usize) -> Case<'a> {
    let (runs, messages) = (AT_ONCE / pages / 10 + 1, u32::try_from(PAGE * pages).unwrap_or(0));
    Case::new(format!("apply_backfill_{messages}"))
        .messages(messages)
        .floor(move |_| {
            let inputs = (0..runs).map(|_| newcomers(stage, pages)).collect();
            timed(inputs, |newcomers: Vec<Newcomer>| ingest(&mut stage.floor.borrow_mut(), &newcomers))
        })
        .store(move |_| {
            let mut inputs = Vec::new();
            for _ in 0..runs {
                inputs.push(stage.runtime.block_on(listed(stage, newcomers(stage, pages)))?);
            }
            timed(inputs, |pages| Ok(stage.runtime.block_on(apply(stage.store(), pages))?))
        })
}

/// The list while a first fetch runs beside it, page after page without a pause.
fn list_beside<'a>(stage: &'a Stage<'a>) -> Case<'a> {
    Case::new("list_beside_backfill")
        .floor(move |_| {
            let work: Vec<Vec<Newcomer>> = (0..MANY * 8).map(|_| newcomers(stage, 1)).collect();
            let mut writer = Floor::open(&stage.data.floor())?;
            let stop = AtomicBool::new(false);
            std::thread::scope(|scope| {
                let writing = scope.spawn(|| -> Result<()> {
                    for newcomers in work.iter().take_while(|_| !stop.load(Ordering::Relaxed)) {
                        ingest(&mut writer, newcomers)?;
                    }
                    Ok(())
                });
                let samples = paced(|| stage.floor.borrow().list(Shown::Open, ROWS).map(|_| ()));
                stop.store(true, Ordering::Relaxed);
                writing.join().map_err(|_| anyhow!("the writer ended in a panic"))??;
                samples
            })
        })
        .desk(move |_| {
            let work: Vec<Newcomer> = newcomers(stage, MANY * 8);
            let pages = stage.runtime.block_on(listed(stage, work))?;
            let (store, stop) = (stage.store().clone(), Arc::new(AtomicBool::new(false)));
            let stopping = Arc::clone(&stop);
            let writing = stage.runtime.spawn(async move {
                for page in pages {
                    if stopping.load(Ordering::Relaxed) {
                        break;
                    }
                    apply(&store, vec![page]).await?;
                }
                Ok::<(), StoreError>(())
            });
            let (desk, question) = (stage.desk.clone(), || window(stage, Tab::All, 0));
            let mut samples = Vec::new();
            for _ in 0..MANY {
                std::thread::sleep(PAUSE);
                samples.extend(crate::measure::asked(stage.runtime, &desk, vec![question()])?.0);
            }
            stop.store(true, Ordering::Relaxed);
            stage.runtime.block_on(writing)??;
            Ok(samples)
        })
}

/// Between two looks at the list, so that they fall among many commits.
const PAUSE: Duration = Duration::from_millis(3);

fn paced(mut look: impl FnMut() -> Result<()>) -> Result<Vec<f64>> {
    let mut samples = Vec::new();
    for _ in 0..MANY {
        std::thread::sleep(PAUSE);
        let started = Instant::now();
        look()?;
        samples.push(started.elapsed().as_secs_f64() * 1e3);
    }
    Ok(samples)
}
