//! TikTok's words for kinds of things, each with room for a word it has not told us yet.

macro_rules! words {
    ($(#[$doc:meta])* $name:ident { $($(#[$vdoc:meta])* $variant:ident = $word:literal,)+ }) => {
        $(#[$doc])*
        #[derive(Debug, Clone, PartialEq, Eq, Hash)]
        pub enum $name {
            $($(#[$vdoc])* $variant,)+
            /// A word TikTok's documentation did not have, as it came.
            Unknown(String),
        }

        impl $name {
            /// From TikTok's word; its webhooks write the same words in lower case.
            #[must_use]
            pub fn read(word: &str) -> Self {
                $(if word.eq_ignore_ascii_case($word) { return Self::$variant; })+
                Self::Unknown(word.to_owned())
            }

            /// TikTok's word.
            #[must_use]
            pub fn as_str(&self) -> &str {
                match self {
                    $(Self::$variant => $word,)+
                    Self::Unknown(word) => word,
                }
            }
        }
    };
}

words! {
    /// What a message is ("Message list", `message_type`).
    MessageType {
        /// Words.
        Text = "TEXT",
        /// A picture, to be fetched by its media id.
        Image = "IMAGE",
        /// A film, to be fetched by its media id.
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
    /// Who is on one side of a message.
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
    /// Which automatism wrote a message.
    AutoMessageType {
        /// Greets whoever opens the conversation.
        WelcomeMessage = "WELCOME_MESSAGE",
        /// Answers a question the customer tapped.
        SuggestedQuestion = "SUGGESTED_QUESTION",
        /// Answers a keyword.
        AutoReply = "AUTO_REPLY",
    }
}
