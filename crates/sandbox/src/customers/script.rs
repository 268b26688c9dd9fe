//! How a scripted conversation is written down, and how it becomes messages.

use serde_json::{Value, json};

use crate::{
    clock::MINUTE_MS,
    ids, video,
    world::{
        NewMessage, Side, World,
        conversation::{Content, Reaction, ReactionKind, Referral, Source, Tap},
        voice::Voice,
    },
};

/// The emoji of a customer who loves something.
pub(crate) const HEART: &str = "❤️";

/// One line of a script: what the customer or the shop does.
#[derive(Debug, Clone, Copy)]
pub(crate) enum ScriptedAct {
    /// The customer writes.
    Says(&'static str),
    /// The customer quotes the message this many lines before and writes.
    Quotes(usize, &'static str),
    /// The customer sends a photo; the name draws it.
    Photo(&'static str),
    /// The customer sends a video; the name tells it from others.
    Video(&'static str),
    /// The customer shares a post of the shop, by its name in the catalogue.
    Post(&'static str),
    Sticker(&'static str),
    Emoji(&'static str),
    /// The customer sends something the API does not give out.
    Unknown,
    /// The customer sends a voice note, a kind no documentation names.
    VoiceNote,
    /// The customer taps the button of that title on the card this many lines before.
    Taps(usize, &'static str),
    /// The shop answers from the phone.
    Phone(&'static str),
    /// The shop answers from the web.
    Web(&'static str),
    /// The shop answers and gets a heart for it.
    Loved(&'static str),
    /// The shop sends a card through the API: its title and its buttons.
    Card(&'static str, &'static [&'static str]),
    /// TikTok greets for the shop.
    Welcome(&'static str),
    /// TikTok answers a suggested question for the shop.
    Suggested(&'static str),
    /// TikTok answers a keyword for the shop.
    AutoReply(&'static str),
}

/// How a scripted customer came.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Origin {
    ByThemselves,
    /// By themselves, from where TikTok pushes no content.
    FromEurope,
    FromAd(&'static str),
    FromLink(&'static str, &'static str),
}

/// One customer: what was written, each line with its minutes before the sandbox opened, and what they may still say.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Script {
    pub(crate) name: &'static str,
    pub(crate) came: Origin,
    pub(crate) lines: &'static [(i64, ScriptedAct)],
    pub(crate) voice: Voice,
}

/// Plays a script up to the sandbox's opening.
pub(crate) fn play(world: &mut World, account: usize, script: &Script, opened_at: i64) {
    let at = world.conversation_with(account, script.name);
    let mut told: Vec<String> = Vec::new();
    for (ago, act) in script.lines {
        let when = opened_at - ago * MINUTE_MS;
        let (side, new) = staged(world, at, &told, *act);
        let when = world.after_last(at, when);
        told.push(world.remember(at, side, when, new));
        if let (ScriptedAct::Loved(_), Some(there)) = (act, world.conversations.get_mut(at))
            && let Some(last) = there.messages.last_mut()
        {
            let kind = ReactionKind::Emoji(HEART.to_owned());
            last.reactions.push(Reaction { kind, by_customer: true, at_ms: last.at_ms + 4_000 });
        }
    }
    let Some(there) = world.conversations.get_mut(at) else {
        return;
    };
    there.voice = Some(script.voice);
    there.person.in_europe = matches!(script.came, Origin::FromEurope);
    there.referral = match script.came {
        Origin::ByThemselves | Origin::FromEurope => None,
        Origin::FromAd(name) => Some(Referral::Ad {
            ad_name: name.to_owned(),
            at_ms: opened_at - script.lines.first().map_or(0, |(ago, _)| ago + 1) * MINUTE_MS,
        }),
        Origin::FromLink(reference, prefilled) => {
            Some(Referral::ShortLink { reference: reference.to_owned(), prefilled: prefilled.to_owned() })
        }
    };
}

/// The message an act becomes; `told` are the ids of the lines before it.
pub(super) fn staged(world: &mut World, at: usize, told: &[String], act: ScriptedAct) -> (Side, NewMessage) {
    let (seed, line) = (world.seed, told.len().to_string());
    let there = world.conversations.get(at);
    let name = there.map(|there| there.person.display_name.clone()).unwrap_or_default();
    let handle = there.and_then(|there| world.accounts.get(there.account)).map_or("", |shop| shop.handle.as_str());
    let shop = |text: &'static str, source| {
        let content = Content::Text(text.into());
        (Side::Business, NewMessage { content, source, ..NewMessage::default() })
    };
    let by_itself = |text: &'static str, kind| {
        let (side, new) = shop(text, Source::Others);
        (side, NewMessage { auto: Some(kind), ..new })
    };
    let theirs = |content| (Side::Customer, NewMessage::of(content));
    let id = |label: &str, what: &str| ids::digits(seed, label, &[&name, what, &line]);
    let before = |back: usize| told.len().checked_sub(back).and_then(|place| told.get(place)).cloned();
    match act {
        ScriptedAct::Says(text) => theirs(Content::Text(text.into())),
        ScriptedAct::Quotes(back, text) => {
            let (side, new) = theirs(Content::Text(text.into()));
            (side, NewMessage { referenced: before(back), ..new })
        }
        ScriptedAct::Taps(back, title) => {
            let (side, new) = theirs(Content::Text(title.into()));
            let card = before(back).unwrap_or_default();
            let button_id = there.and_then(|there| there.message(&card)).and_then(|card| card.content.button(title));
            let tapped = button_id.map(|button_id| Tap { message_id: card, button_id });
            (side, NewMessage { tapped, ..new })
        }
        ScriptedAct::Photo(what) => theirs(Content::Image { media_id: id("media", what) }),
        ScriptedAct::Video(what) => {
            let media_id = id("media", what);
            world.videos.insert(media_id.clone(), video::USUAL_LENGTH);
            theirs(Content::Video { media_id })
        }
        ScriptedAct::Post(what) => theirs(Content::SharePost { item_id: world.item_id(handle, what) }),
        ScriptedAct::Sticker(what) => theirs(Content::Sticker { name: what.to_owned() }),
        ScriptedAct::Emoji(what) => theirs(Content::Emoji { name: what.to_owned() }),
        ScriptedAct::Unknown => theirs(Content::Other),
        ScriptedAct::VoiceNote => theirs(Content::New {
            kind: "VOICE_NOTE".to_owned(),
            block: json!({ "media_id": id("media", "voice note"), "duration_ms": 7_400 }),
        }),
        ScriptedAct::Card(title, buttons) => {
            let buttons: Vec<Value> =
                buttons.iter().map(|title| json!({ "type": "REPLY", "title": title, "id": title })).collect();
            let content = Content::Template(json!({ "type": "QA_BUTTON_CARD", "title": title, "buttons": buttons }));
            (Side::Business, NewMessage { content, source: Source::Api, ..NewMessage::default() })
        }
        ScriptedAct::Phone(text) | ScriptedAct::Loved(text) => shop(text, Source::App),
        ScriptedAct::Web(text) => shop(text, Source::Web),
        ScriptedAct::Welcome(text) => by_itself(text, "WELCOME_MESSAGE"),
        ScriptedAct::Suggested(text) => by_itself(text, "SUGGESTED_QUESTION"),
        ScriptedAct::AutoReply(text) => by_itself(text, "AUTO_REPLY"),
    }
}
