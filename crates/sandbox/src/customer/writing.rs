//! Writing in a customer's conversation: as the customer, as a colleague, as TikTok for the shop.

use serde_json::Value;

use super::Customer;
use crate::{
    auto_message::AutoKind,
    customers::phrases,
    video,
    world::{
        NewMessage, Side,
        conversation::{Content, Message, Source, Tap},
    },
};

impl Customer {
    /// Writes a text; gives back its message id.
    pub fn says(&self, text: &str) -> String {
        self.writes(Content::Text(text.to_owned().into()))
    }

    /// Wrote a text at this time (ms since the epoch), which may be in the past.
    pub fn says_at(&self, text: &str, at_ms: i64) -> String {
        let new = NewMessage::of(Content::Text(text.to_owned().into()));
        self.stage.world().write(self.at, Side::Customer, at_ms, new)
    }

    /// Writes a text that TikTok gives this id, though another message may have it.
    pub fn says_under(&self, id: &str, text: &str) -> String {
        let content = Content::Text(text.to_owned().into());
        self.put(Side::Customer, NewMessage { content, id: Some(id.to_owned()), ..NewMessage::default() })
    }

    /// Writes a text that quotes a message.
    pub fn quotes(&self, message_id: &str, text: &str) -> String {
        let content = Content::Text(text.to_owned().into());
        let new = NewMessage { content, referenced: Some(message_id.to_owned()), ..NewMessage::default() };
        self.put(Side::Customer, new)
    }

    /// Sends a photo.
    pub fn sends_image(&self) -> String {
        let media_id = self.fresh("media");
        self.writes(Content::Image { media_id })
    }

    /// Sends this file as a photo; it need not be one.
    pub fn sends_image_of(&self, bytes: Vec<u8>) -> String {
        let media_id = self.fresh("media");
        self.stage.serve_picture(format!("media/{media_id}"), bytes);
        self.writes(Content::Image { media_id })
    }

    /// Sends a video, of some 64 KiB.
    pub fn sends_video(&self) -> String {
        self.sends_video_of(video::USUAL_LENGTH)
    }

    /// Sends a video of this many bytes, or of as many as its pictures need (some 50 KiB). It is made when it is
    /// fetched.
    pub fn sends_video_of(&self, bytes: usize) -> String {
        let media_id = self.fresh("media");
        self.stage.world().videos.insert(media_id.clone(), bytes);
        self.writes(Content::Video { media_id })
    }

    /// Shares one of the shop's posts: another one each time, as long as there are some.
    pub fn shares_post(&self) -> String {
        let item_id = {
            let world = self.stage.world();
            let there = world.conversations.get(self.at);
            let (account, shared) = there.map_or((0, 0), |there| {
                let posts = there.messages.iter().filter(|message| message.content.kind() == "SHARE_POST");
                (there.account, posts.count())
            });
            let posts = world.posts_of(account);
            posts.get(shared % posts.len().max(1)).map(|post| post.item_id.clone()).unwrap_or_default()
        };
        self.writes(Content::SharePost { item_id })
    }

    /// Sends a sticker.
    pub fn sends_sticker(&self) -> String {
        self.writes(Content::Sticker { name: "wave".to_owned() })
    }

    /// Sends an animated emoji, whose link never expires.
    pub fn sends_emoji(&self) -> String {
        self.writes(Content::Emoji { name: "sparkles".to_owned() })
    }

    /// Sends something the API calls `OTHER` and does not give out, such as a voice note.
    pub fn sends_something_unknown(&self) -> String {
        self.writes(Content::Other)
    }

    /// Sends something of a kind no documentation names, such as `VOICE_NOTE`, with this block: a listing has it under
    /// the kind in lower case.
    pub fn sends_new_kind(&self, kind: &str, block: Value) -> String {
        self.writes(Content::New { kind: kind.to_owned(), block })
    }

    /// Taps the button of this title on a card. It comes as a text; which button it was only the webhook tells (§6.5).
    /// Empty, and nothing happens, if there is no such button.
    pub fn taps(&self, message_id: &str, title: &str) -> String {
        let tap = self.with(|_, there| {
            let button_id = there.message(message_id)?.content.button(title)?;
            Some(Tap { message_id: message_id.to_owned(), button_id })
        });
        let Some(tap) = tap else {
            return String::new();
        };
        let content = Content::Text(title.to_owned().into());
        self.put(Side::Customer, NewMessage { content, tapped: Some(tap), ..NewMessage::default() })
    }

    /// Writes this many texts at once, each a different one, in scripts and emoji by turns; gives back their message
    /// ids.
    pub fn says_many(&self, count: usize) -> Vec<String> {
        let now = self.stage.now();
        let mut world = self.stage.world();
        let text = |n: usize| format!("{} of {count}: {}", n + 1, phrases::any(n));
        let writes = |n: usize| {
            let at_ms = world.after_last(self.at, now);
            world.write(self.at, Side::Customer, at_ms, NewMessage::of(Content::Text(text(n).into())))
        };
        (0..count).map(writes).collect()
    }

    /// A colleague answers outside the API: `source` is `APP` or `WEB`.
    pub fn colleague_replies(&self, text: &str, source: &str) -> String {
        let content = Content::Text(text.to_owned().into());
        self.put(Side::Business, NewMessage { content, source: Source::named(source), ..NewMessage::default() })
    }

    /// TikTok greets for the shop, with a `WELCOME_MESSAGE`, whatever it has and serves.
    pub fn is_welcomed(&self, text: &str) -> String {
        self.is_told(text, "WELCOME_MESSAGE")
    }

    /// Taps a suggested question, which TikTok answers for the shop as `SUGGESTED_QUESTION` (§5), whatever it has and
    /// serves. Gives back the ids of both messages.
    pub fn asks_suggested_question(&self, question: &str, answer: &str) -> (String, String) {
        (self.says(question), self.is_told(answer, "SUGGESTED_QUESTION"))
    }

    /// Taps a suggested question that the shop has, on a phone that shows those TikTok serves. Gives back the ids of
    /// the question and of its answer; both are empty, and nothing happens, if it is not served.
    pub fn taps_question(&self, question: &str) -> (String, String) {
        if self.shown(AutoKind::SuggestedQuestion, question).is_none() {
            return (String::new(), String::new());
        }
        let asked = self.says(question);
        let answer = self.with(|_, there| {
            let asked_at = there.messages.iter().position(|message| message.id == asked)?;
            let answers = |message: &&Message| message.auto == Some(AutoKind::SuggestedQuestion.name());
            there.messages.iter().skip(asked_at).find(answers).map(|message| message.id.clone())
        });
        (asked, answer.unwrap_or_default())
    }

    /// Taps the chat prompt with this title: the customer asks the question it stands for, and TikTok answers nothing
    /// (§5). Gives back the id of the question; empty, and nothing happens, if no such prompt is served.
    pub fn taps_prompt(&self, title: &str) -> String {
        self.shown(AutoKind::ChatPrompt, title).map(|content| self.says(&content)).unwrap_or_default()
    }

    /// The content behind a title that the customer's phone shows now.
    fn shown(&self, kind: AutoKind, title: &str) -> Option<String> {
        let world = self.stage.world();
        let automatic = world.automatic(world.conversations.get(self.at)?.account)?;
        automatic.served(kind).find(|kept| kept.title == title).map(|kept| kept.body.clone())
    }

    /// TikTok answers a keyword for the shop, with an `AUTO_REPLY`.
    pub fn is_auto_replied(&self, text: &str) -> String {
        self.is_told(text, "AUTO_REPLY")
    }

    fn is_told(&self, text: &str, auto: &'static str) -> String {
        let content = Content::Text(text.to_owned().into());
        self.put(
            Side::Business,
            NewMessage { content, source: Source::Others, auto: Some(auto), ..NewMessage::default() },
        )
    }
}
