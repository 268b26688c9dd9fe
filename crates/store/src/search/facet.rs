//! Words of our own beside a message's: whose it is, where it stands, who wrote it, what is in it.
//!
//! They are private-use characters, which folding takes for punctuation, so no text can hold one and they need no column
//! of their own. Each is a single character wherever it fits: the index keeps the first one, two and three characters of
//! every word that is long enough, so a word of one character is written twice and one of three four times. Measured at
//! 100,000 messages of 77 bytes, 316 bytes of index each without these words: as letters and digits in a second column
//! they cost 79 bytes a message and a tenth of the speed of writing; as single characters there 36 bytes; as single
//! characters among the text's words 28 bytes and a twentieth of the speed. An index of their own would be smaller still,
//! but then FTS5 cannot intersect the two, and a common word in a short conversation means a walk through all its hits.

use model::{AccountId, Content, ConversationId};

use super::entry::IndexEntry;

/// What a message can have in it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Has {
    Image,
    Video,
    Post,
    Sticker,
    Card,
    Link,
    Reaction,
}

impl Has {
    const NAMES: [(&'static str, Self); 9] = [
        ("image", Self::Image),
        ("photo", Self::Image),
        ("picture", Self::Image),
        ("video", Self::Video),
        ("post", Self::Post),
        ("sticker", Self::Sticker),
        ("card", Self::Card),
        ("link", Self::Link),
        ("reaction", Self::Reaction),
    ];

    /// What a folded word names.
    pub(super) fn named(word: &str) -> Option<Self> {
        let singular = word.strip_suffix('s').unwrap_or(word);
        Self::NAMES.iter().find(|(name, _)| *name == singular).map(|(_, has)| *has)
    }

    /// Whether a folded word is on its way to naming something.
    pub(super) fn begins(word: &str) -> bool {
        Self::NAMES.iter().any(|(name, _)| name.starts_with(word))
    }

    pub(super) fn word(self) -> char {
        match self {
            Self::Image => '\u{E000}',
            Self::Video => '\u{E001}',
            Self::Post => '\u{E002}',
            Self::Sticker => '\u{E003}',
            Self::Card => '\u{E004}',
            Self::Link => '\u{E005}',
            Self::Reaction => '\u{E006}',
        }
    }
}

/// How many characters of plane 15 and 16 are for private use.
const DIGITS: u64 = 65_534;
/// How many account words are single characters, from U+E100.
const SHORT: u64 = 6_000;

/// Whose message it is and which way it went.
pub(super) fn account(account: AccountId, outgoing: bool) -> String {
    let number = account.0.cast_unsigned().wrapping_mul(2).wrapping_add(u64::from(outgoing));
    if number < SHORT {
        return character(0xE100 + number).to_string();
    }
    let mut word = '\u{E0FF}'.to_string();
    write_number(number, &mut word);
    word
}

/// Where it stands.
pub(super) fn conversation(conversation: ConversationId) -> String {
    let mut word = String::with_capacity(4);
    write_number(conversation.0.cast_unsigned(), &mut word);
    word
}

/// The last digit is of plane 15, those before it of plane 16, so that no number begins another.
fn write_number(number: u64, word: &mut String) {
    let mut before = number / DIGITS;
    let mut high = Vec::new();
    while before > 0 {
        high.push(character(0x10_0000 + before % DIGITS));
        before /= DIGITS;
    }
    word.extend(high.iter().rev());
    word.push(character(0xF_0000 + number % DIGITS));
}

fn character(code: u64) -> char {
    u32::try_from(code).ok().and_then(char::from_u32).unwrap_or('\u{F8FF}')
}

/// The words of our own of a message.
pub(super) fn write(entry: &IndexEntry<'_>, out: &mut String) {
    out.push_str(&account(entry.account, entry.outgoing));
    out.push(' ');
    out.push_str(&conversation(entry.conversation));
    let has = match entry.content {
        Content::Text { body } => has_link(body).then_some(Has::Link),
        Content::Image { .. } => Some(Has::Image),
        Content::Video { .. } => Some(Has::Video),
        Content::SharePost { .. } => Some(Has::Post),
        Content::Sticker { .. } => Some(Has::Sticker),
        Content::Card { .. } => Some(Has::Card),
        Content::Unsupported { .. } | Content::Unreadable => None,
    };
    let reaction = (!entry.reactions.is_empty()).then_some(Has::Reaction);
    for has in has.into_iter().chain(reaction) {
        out.push(' ');
        out.push(has.word());
    }
}

/// Whether a text holds a web address: one with its scheme, one that begins with `www.`, or a bare name with a path.
fn has_link(text: &str) -> bool {
    text.split(|c: char| c.is_whitespace() || matches!(c, '(' | ')' | '<' | '>' | '"' | ',')).any(|word| {
        let word = word.to_ascii_lowercase();
        let bare = || {
            word.split_once('/').is_some_and(|(host, _)| {
                host.rsplit_once('.').is_some_and(|(name, end)| {
                    !name.is_empty() && end.len() >= 2 && end.chars().all(|c| c.is_ascii_alphabetic())
                })
            })
        };
        word.contains("://") || word.starts_with("www.") || bare()
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_word_of_our_own_is_one_character_while_it_can_be_and_no_number_begins_another() {
        let of = |id| conversation(ConversationId(id));
        assert_eq!(of(65_533).chars().count(), 1);
        assert_eq!(of(65_534).chars().count(), 2);
        assert_eq!(of(i64::MAX).chars().count(), 4);
        let mut all: Vec<String> = [0, 1, 65_533, 65_534, 65_535, 131_068, 4_294_000_000, i64::MAX].map(of).into();
        all.extend([1, 2, 2_999, 3_000, i64::MAX].map(|id| account(AccountId(id), true)));
        all.extend([1, 2, 2_999, 3_000, i64::MAX].map(|id| account(AccountId(id), false)));
        for (at, one) in all.iter().enumerate() {
            assert!(
                all.iter().enumerate().all(|(other_at, other)| at == other_at || !other.starts_with(one)),
                "{one:?}"
            );
        }
    }

    #[test]
    fn a_link_is_what_looks_like_one() {
        for text in ["see https://a.de/b", "(www.linen.shop)", "tiktok.com/@a", "HTTP://X"] {
            assert!(has_link(text), "{text}");
        }
        for text in ["and/or", "3.50/piece", "e.g. this", "12/2026", "hello.there"] {
            assert!(!has_link(text), "{text}");
        }
    }
}
