//! How a scripted conversation is written down, and how it becomes messages.

use crate::{
    clock::MINUTE_MS,
    ids,
    world::{
        NewMessage, Side, World,
        conversation::{Content, Referral, Source},
    },
};

/// What somebody does in a script.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Act {
    /// The customer writes.
    Says(&'static str),
    /// The customer quotes the message so many lines before and writes.
    Quotes(usize, &'static str),
    /// The customer sends a photo; the name draws it.
    Photo(&'static str),
    /// The customer shares a post of the shop, by its name in the catalogue.
    Post(&'static str),
    Sticker(&'static str),
    Emoji(&'static str),
    /// The customer sends something the API does not give out.
    Unknown,
    /// The shop answers from the phone.
    Phone(&'static str),
    /// The shop answers from the web.
    Web(&'static str),
    /// The shop answers and gets a heart for it.
    Loved(&'static str),
    /// TikTok greets for the shop.
    Welcome(&'static str),
}

/// How a scripted customer came.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Came {
    ByThemselves,
    FromAd(&'static str),
    FromLink(&'static str, &'static str),
}

/// One customer: what was written, each line so many minutes before the sandbox opened, and what they may still say.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Script {
    pub(crate) name: &'static str,
    pub(crate) came: Came,
    pub(crate) lines: &'static [(i64, Act)],
    pub(crate) voice: Voice,
}

/// What a customer says by themselves: in answer to the shop, and unasked. The cursors move on.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Voice {
    pub(crate) answers: &'static [&'static str],
    pub(crate) unasked: &'static [&'static str],
    pub(crate) answered: usize,
    pub(crate) volunteered: usize,
}

impl Voice {
    pub(crate) const fn new(answers: &'static [&'static str], unasked: &'static [&'static str]) -> Voice {
        Voice { answers, unasked, answered: 0, volunteered: 0 }
    }

    /// The next answer; once they are through, customers have nothing to add.
    pub(crate) fn next_answer(&mut self) -> Option<&'static str> {
        self.answered += 1;
        self.answers.get(self.answered - 1).copied()
    }

    /// The next thing said unasked; these come round again.
    pub(crate) fn next_unasked(&mut self) -> Option<&'static str> {
        self.volunteered += 1;
        self.unasked.get((self.volunteered - 1) % self.unasked.len().max(1)).copied()
    }
}

/// Plays a script up to the sandbox's opening.
pub(crate) fn play(world: &mut World, account: usize, script: &Script, opened_at: i64) {
    let at = world.conversation_with(account, script.name);
    let mut told: Vec<String> = Vec::new();
    for (ago, act) in script.lines {
        let when = opened_at - ago * MINUTE_MS;
        let (side, mut new) = staged(world, account, script.name, told.len(), *act);
        if let Act::Quotes(back, _) = act {
            new.referenced = told.len().checked_sub(*back).and_then(|place| told.get(place)).cloned();
        }
        let when = world.after_last(at, when);
        told.push(world.remember(at, side, when, new));
        if let (Act::Loved(_), Some(there)) = (act, world.conversations.get_mut(at))
            && let Some(last) = there.messages.last_mut()
        {
            last.hearts = 1;
        }
    }
    let Some(there) = world.conversations.get_mut(at) else {
        return;
    };
    there.voice = Some(script.voice);
    there.referral = match script.came {
        Came::ByThemselves => None,
        Came::FromAd(name) => Some(Referral::Ad {
            ad_name: name.to_owned(),
            at_ms: opened_at - script.lines.first().map_or(0, |(ago, _)| ago + 1) * MINUTE_MS,
        }),
        Came::FromLink(reference, prefilled) => {
            Some(Referral::ShortLink { reference: reference.to_owned(), prefilled: prefilled.to_owned() })
        }
    };
}

fn staged(world: &World, account: usize, name: &str, line: usize, act: Act) -> (Side, NewMessage) {
    let shop = |text: &'static str, source| {
        let content = Content::Text(text.into());
        (Side::Business, NewMessage { content, source, ..NewMessage::default() })
    };
    let theirs = |content| (Side::Customer, NewMessage::of(content));
    let id = |label: &str, what: &str| ids::digits(world.seed, label, &[name, what, &line.to_string()]);
    let handle = world.accounts.get(account).map_or("", |account| account.handle.as_str());
    match act {
        Act::Says(text) | Act::Quotes(_, text) => theirs(Content::Text(text.into())),
        Act::Photo(what) => theirs(Content::Image { media_id: id("media", what) }),
        Act::Post(what) => theirs(Content::SharePost { item_id: world.item_id(handle, what) }),
        Act::Sticker(what) => theirs(Content::Sticker { name: what.to_owned() }),
        Act::Emoji(what) => theirs(Content::Emoji { name: what.to_owned() }),
        Act::Unknown => theirs(Content::Other),
        Act::Phone(text) | Act::Loved(text) => shop(text, Source::App),
        Act::Web(text) => shop(text, Source::Web),
        Act::Welcome(text) => {
            let (side, new) = shop(text, Source::Others);
            (side, NewMessage { auto: Some("WELCOME_MESSAGE"), ..new })
        }
    }
}
