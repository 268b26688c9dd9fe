//! What a customer does besides writing: react, read, comment, come through an ad or a link, change their profile.

use super::Customer;
use crate::{
    comment::Comment,
    customers::script::HEART,
    world::conversation::{Reaction, ReactionKind, Referral},
};

impl Customer {
    /// Gives a message a heart. Returns whether there is such a message.
    pub fn likes(&self, message_id: &str) -> bool {
        self.reacts(message_id, HEART)
    }

    /// Reacts to a message with an emoji. Returns whether there is such a message.
    pub fn reacts(&self, message_id: &str, emoji: &str) -> bool {
        self.react(message_id, ReactionKind::Emoji(emoji.to_owned()), true)
    }

    /// Reacts with an image that TikTok made (an AI emoji) of this name; its link dies after thirty days (§4.4).
    pub fn reacts_with_ai_emoji(&self, message_id: &str, name: &str) -> bool {
        self.react(message_id, ReactionKind::AiEmoji(name.to_owned()), true)
    }

    /// A colleague reacts to a message with an emoji, in the app. Returns whether there is such a message.
    pub fn colleague_reacts(&self, message_id: &str, emoji: &str) -> bool {
        self.react(message_id, ReactionKind::Emoji(emoji.to_owned()), false)
    }

    /// Removes an emoji reaction. Returns whether it was there.
    pub fn takes_reaction_back(&self, message_id: &str, emoji: &str) -> bool {
        self.unreact(message_id, ReactionKind::Emoji(emoji.to_owned()), true)
    }

    /// Removes an AI emoji reaction. Returns whether it was there.
    pub fn takes_ai_emoji_back(&self, message_id: &str, name: &str) -> bool {
        self.unreact(message_id, ReactionKind::AiEmoji(name.to_owned()), true)
    }

    /// A colleague removes an emoji reaction. Returns whether it was there.
    pub fn colleague_takes_reaction_back(&self, message_id: &str, emoji: &str) -> bool {
        self.unreact(message_id, ReactionKind::Emoji(emoji.to_owned()), false)
    }

    fn react(&self, message_id: &str, kind: ReactionKind, by_customer: bool) -> bool {
        let at_ms = self.stage.now();
        self.stage.world().react(self.at, message_id, Reaction { kind, by_customer, at_ms })
    }

    fn unreact(&self, message_id: &str, kind: ReactionKind, by_customer: bool) -> bool {
        let at_ms = self.stage.now();
        self.stage.world().take_reaction_back(self.at, message_id, Reaction { kind, by_customer, at_ms })
    }

    /// Comments on a video with an intention to buy, as a [`Comment`] says; `"How much?"` is one. Gives back the
    /// comment's id. A webhook tells of it while the shop has Comment-to-Message on (§4.8); it is never listed.
    pub fn comments(&self, comment: impl Into<Comment>) -> String {
        let now = self.stage.now();
        self.stage.world().comment(self.at, comment.into(), now)
    }

    /// Reads every message so far. Only a webhook tells of it.
    pub fn reads(&self) {
        let now = self.stage.now();
        self.stage.world().read(self.at, now);
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
        self.stage.world().refer(self.at, Referral::Ad { ad_name: ad_name.to_owned(), at_ms }, at_ms);
    }

    /// Came through a tiktok.me link with this reference.
    pub fn comes_from_link(&self, reference: &str) {
        self.comes_from_link_saying(reference, "Hi!");
    }

    /// Came through a tiktok.me link with this reference, which prefilled this text; they have not sent
    /// it yet.
    pub fn comes_from_link_saying(&self, reference: &str, prefilled: &str) {
        let referral = Referral::ShortLink { reference: reference.to_owned(), prefilled: prefilled.to_owned() };
        let at_ms = self.stage.now();
        self.stage.world().refer(self.at, referral, at_ms);
    }

    /// Follows the shop from now on, or no longer.
    pub fn follows(&self, follows: bool) {
        self.with(|_, there| there.person.follower = follows);
    }

    /// Is registered in the EEA, Switzerland or the UK from now on, or no longer: while they are, webhooks tell that
    /// they wrote but leave the content out (§6.4). A listing has all of it.
    pub fn is_in_europe(&self, in_europe: bool) {
        self.with(|_, there| there.person.in_europe = in_europe);
    }

    /// Goes by another display name from now on; the handle stays. [`crate::Sandbox::customer`] finds them under both,
    /// the ledger has what happened before under the old one.
    pub fn renames_to(&self, display_name: &str) {
        self.stage.world().rename(self.at, display_name);
    }

    /// Takes another profile picture, under another link.
    pub fn changes_picture(&self) {
        self.with(|_, there| there.person.new_faces += 1);
    }
}
