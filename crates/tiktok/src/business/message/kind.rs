//! The kinds of messages, their sides, their sources, as TikTok names them.

use crate::words::words;

words! {
    /// The kind of a message ("Message list", `message_type`).
    MessageType {
        /// A text.
        Text = "TEXT",
        /// An image, to be fetched by its media id.
        Image = "IMAGE",
        /// A video, to be fetched by its media id.
        Video = "VIDEO",
        /// A TikTok post passed on.
        SharePost = "SHARE_POST",
        /// A moving or still sticker.
        Sticker = "STICKER",
        /// A large emoji.
        Emoji = "EMOJI",
        /// A card with buttons, from the business.
        Template = "TEMPLATE",
        /// Something TikTok does not hand out: voice notes land here.
        Other = "OTHER",
    }
}

words! {
    /// The side of a message.
    Role {
        /// The shop.
        Business = "BUSINESS_ACCOUNT",
        /// The customer.
        Personal = "PERSONAL_ACCOUNT",
    }
}

words! {
    /// Where a message was written ("Message list", `message_tag.source`).
    MessageSource {
        /// TikTok's mobile app.
        App = "APP",
        /// TikTok's website or Business Center.
        Web = "WEB",
        /// This API: ours, or another program of the business's.
        Api = "API",
        /// TikTok's own bots.
        Others = "OTHERS",
        /// TikTok does not know.
        UnknownSource = "UNKNOWN_SOURCE",
    }
}

words! {
    /// The kinds of automatic messages ("Message list", "Automatic messages").
    AutoMessageType {
        /// Greets the customer who opens the conversation.
        WelcomeMessage = "WELCOME_MESSAGE",
        /// Answers a question the customer tapped.
        SuggestedQuestion = "SUGGESTED_QUESTION",
        /// Answers a prompt the customer tapped above the keyboard.
        ChatPrompt = "CHAT_PROMPT",
        /// Answers a keyword.
        AutoReply = "AUTO_REPLY",
    }
}

words! {
    /// The kinds of reactions ("Message list", `reactions[].type`).
    ReactionKind {
        /// A character.
        Emoji = "EMOJI",
        /// An image made by TikTok.
        AiEmoji = "AI_EMOJI",
    }
}
