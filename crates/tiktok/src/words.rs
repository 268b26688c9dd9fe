//! Enums of TikTok's words, each with a variant for words that its documentation does not have yet.

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
            /// Every word that the documentation has.
            pub const KNOWN: &'static [Self] = &[$(Self::$variant),+];

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

pub(crate) use words;
