//! What the cases stand on: a desk at work on a copy of the data, and the floor beside it.
//!
//! The desk's keychain is empty, so its account has no token and TikTok is never asked; and nothing goes out, because a
//! reply can be undone for an hour.

use std::cell::RefCell;
use std::path::{Path, PathBuf};
use std::time::Duration;

use anyhow::{Context, Result};
use desk::{Desk, DeskConfig, Endpoints, Request, Timing};
use model::{AccountId, ConversationId};
use rand::Rng;
use rand::rngs::StdRng;
use serde_json::Value;
use store::Store;
use tests::TestHost;
use tokio::runtime::Runtime;

use crate::fill::Data;
use crate::floor::{Floor, GROW};
use crate::measure::asked;
use crate::shop::Shop;

/// Nobody listens there.
const NOWHERE: &str = r#"{"authorize":"http://127.0.0.1:9/","login_kit":"http://127.0.0.1:9/","business":"http://127.0.0.1:9/","media_hosts":["127.0.0.1:9"]}"#;

/// The stage.
pub(crate) struct Stage<'a> {
    pub(crate) runtime: &'a Runtime,
    pub(crate) data: &'a Data,
    pub(crate) desk: Desk,
    pub(crate) floor: RefCell<Floor>,
    /// Where messages come from that nobody has seen yet.
    pub(crate) shop: RefCell<Shop>,
    pub(crate) seed: u64,
    pub(crate) account: AccountId,
    pub(crate) giant: ConversationId,
    pub(crate) vips: Vec<ConversationId>,
    pub(crate) conversations: Vec<ConversationId>,
}

impl<'a> Stage<'a> {
    pub(crate) fn open(runtime: &'a Runtime, data: &'a Data, seed: u64) -> Result<Self> {
        let mut floor = Floor::open(&data.floor())?;
        floor.grow_log()?;
        let desk = runtime.block_on(open_desk(&data.desk()))?;
        // The writer checkpoints by itself at the next commit.
        runtime.block_on(desk.engine().store().write(|tx| Ok(tx.execute_batch(GROW)?)))?;
        let fact = |name: &str| data.facts.get(name).cloned().unwrap_or(Value::Null);
        let messages = fact("messages").as_u64().context("the data does not say its size")?;
        Ok(Self {
            runtime,
            data,
            desk,
            shop: RefCell::new(Shop::later(seed, messages)),
            seed,
            account: serde_json::from_value(fact("account"))?,
            giant: serde_json::from_value(fact("giant"))?,
            vips: serde_json::from_value(fact("vips"))?,
            conversations: floor.conversations()?,
            floor: RefCell::new(floor),
        })
    }

    pub(crate) fn store(&self) -> &Store {
        self.desk.engine().store()
    }

    /// One of the conversations; each is as likely.
    pub(crate) fn any(&self, lot: &mut StdRng) -> Result<ConversationId> {
        pick(&self.conversations, lot)
    }

    /// Asks the desk; how long each question took.
    pub(crate) fn ask(&self, requests: Vec<Request>) -> Result<Vec<f64>> {
        Ok(asked(self.runtime, &self.desk, requests)?.0)
    }

    pub(crate) fn close(self) {
        self.runtime.block_on(self.desk.close());
    }
}

/// One of some.
pub(crate) fn pick<T: Copy>(from: &[T], lot: &mut StdRng) -> Result<T> {
    from.get(lot.random_range(0..from.len().max(1))).copied().context("there is nothing to choose from")
}

/// A question for the desk.
pub(crate) fn request(command: &str, args: Value) -> Request {
    Request { command: command.to_owned(), args }
}

/// A desk on this folder that talks to nobody.
pub(crate) async fn open_desk(folder: &Path) -> Result<Desk> {
    // Nothing here has a picture.
    let (data_dir, endpoints) = (folder.to_owned(), Some(Endpoints::from_json(NOWHERE)?));
    let config = DeskConfig { data_dir, picture_decoder: PathBuf::new(), endpoints, practice: false };
    let timing = Timing { undo: Duration::from_secs(3_600), ..Timing::default() };
    Ok(Desk::open_with(config, timing, TestHost::new()).await?)
}

/// Waits until the process does nothing by itself, so that no case measures what is done in the background.
pub(crate) fn quiet() {
    const LOOKS: u32 = 300;
    for _ in 0..LOOKS {
        let before = crate::machine::cpu_ticks();
        std::thread::sleep(Duration::from_millis(100));
        if crate::machine::cpu_ticks() <= before {
            return;
        }
    }
}
