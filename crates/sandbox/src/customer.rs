//! A customer in a test's or a demo's hands.

use std::{fmt, sync::Arc};

use crate::{
    ids,
    ledger::Written,
    stage::Stage,
    world::{
        NewMessage, Side, World,
        conversation::{Content, Conversation, Referral, Source},
    },
};

/// A person with a conversation of their own. Cheap to clone; it does not keep the sandbox running.
#[derive(Clone)]
pub struct Customer {
    stage: Arc<Stage>,
    at: usize,
}

impl fmt::Debug for Customer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Customer").field("conversation", &self.at).finish_non_exhaustive()
    }
}

impl Customer {
    pub(crate) fn new(stage: Arc<Stage>, at: usize) -> Customer {
        Customer { stage, at }
    }

    /// Writes a text; gives back its message id.
    pub fn says(&self, text: &str) -> String {
        self.writes(Content::Text(text.to_owned().into()))
    }

    /// Wrote a text at this time (ms since the epoch), which may be in the past.
    pub fn says_at(&self, text: &str, at_ms: i64) -> String {
        let new = NewMessage::of(Content::Text(text.to_owned().into()));
        self.stage.world().write(self.at, Side::Customer, at_ms, new)
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

    /// A colleague answers outside the API: `source` is `APP` or `WEB`.
    pub fn colleague_replies(&self, text: &str, source: &str) -> String {
        let content = Content::Text(text.to_owned().into());
        self.put(Side::Business, NewMessage { content, source: Source::named(source), ..NewMessage::default() })
    }

    /// TikTok greets for the shop, with a `WELCOME_MESSAGE`.
    pub fn is_welcomed(&self, text: &str) -> String {
        let content = Content::Text(text.to_owned().into());
        let new =
            NewMessage { content, source: Source::Others, auto: Some("WELCOME_MESSAGE"), ..NewMessage::default() };
        self.put(Side::Business, new)
    }

    /// Gives a message a heart. Whether there is such a message.
    pub fn likes(&self, message_id: &str) -> bool {
        self.with(|_, there| {
            let liked = there.messages.iter_mut().find(|message| message.id == message_id);
            liked.map(|message| message.hearts = 1).is_some()
        })
    }

    /// Reads the conversation.
    pub fn reads(&self) {
        let now = self.stage.now();
        self.with(|_, there| there.customer_read_at = Some(now));
    }

    /// Blocks the shop, or takes that back: while blocked, every send is refused as 40064.
    pub fn blocks(&self, blocked: bool) {
        self.with(|_, there| there.blocked = blocked);
    }

    /// Lives where images may not be sent to from the shop's country: `IMAGE_SEND` is false from now on, and an image
    /// is refused.
    pub fn cannot_receive_images(&self) {
        self.with(|_, there| there.takes_images = false);
    }

    /// Takes [`Customer::cannot_receive_images`] back.
    pub fn can_receive_images(&self) {
        self.with(|_, there| there.takes_images = true);
    }

    /// Came through an ad of this name, just now.
    pub fn comes_from_ad(&self, ad_name: &str) {
        let at_ms = self.stage.now();
        self.with(|_, there| {
            there.referral = Some(Referral::Ad { ad_name: ad_name.to_owned(), at_ms });
        });
    }

    /// Came through a tiktok.me link with this reference.
    pub fn comes_from_link(&self, reference: &str) {
        let (reference, prefilled) = (reference.to_owned(), "Hi!".to_owned());
        self.with(|_, there| {
            there.referral = Some(Referral::ShortLink { reference, prefilled });
        });
    }

    /// The conversation's id at TikTok; it is there before the first message.
    #[must_use]
    pub fn conversation_id(&self) -> String {
        self.with(|_, there| there.id.clone())
    }

    /// The display name.
    #[must_use]
    pub fn name(&self) -> String {
        self.with(|_, there| there.person.display_name.clone())
    }

    /// The handle, without `@`.
    #[must_use]
    pub fn username(&self) -> String {
        self.with(|_, there| there.person.username.clone())
    }

    /// The id that is the same across TikTok's APIs (§4.4).
    #[must_use]
    pub fn unique_identifier(&self) -> String {
        self.with(|_, there| there.person.unique_identifier.clone())
    }

    /// Everything in the conversation, oldest first, however long ago: what a client that lost nothing would hold.
    #[must_use]
    pub fn thread(&self) -> Vec<Written> {
        self.with(|_, there| {
            let line = |message: &crate::world::conversation::Message| Written {
                conversation_id: there.id.clone(),
                customer: there.person.display_name.clone(),
                by_customer: message.by_customer,
                text: message.content.text().to_owned(),
                message_id: message.id.clone(),
                at_ms: message.at_ms,
            };
            there.messages.iter().map(line).collect()
        })
    }

    fn writes(&self, content: Content) -> String {
        self.put(Side::Customer, NewMessage::of(content))
    }

    fn put(&self, side: Side, new: NewMessage) -> String {
        let mut world = self.stage.world();
        let at_ms = world.after_last(self.at, self.stage.now());
        world.write(self.at, side, at_ms, new)
    }

    /// An id that this conversation has not had yet.
    fn fresh(&self, label: &str) -> String {
        self.with(|seed, there| ids::digits(seed, label, &[&there.id, &there.minted.to_string()]))
    }

    /// Conversations are never taken away, so a customer always has theirs.
    fn with<T: Default>(&self, act: impl FnOnce(u64, &mut Conversation) -> T) -> T {
        let mut world = self.stage.world();
        let seed = world.seed;
        let World { conversations, .. } = &mut *world;
        conversations.get_mut(self.at).map(|there| act(seed, there)).unwrap_or_default()
    }
}
