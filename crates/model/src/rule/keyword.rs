//! Keywords, looked for as search looks: case, accents and forms of letters do not matter.
//!
//! Scripts without spaces have no words to tell apart: there a keyword stands wherever its letters do. So a Thai or Chinese
//! keyword of one or two letters is found inside longer words too; an agent sees that in the dry run.

use super::spec::KeywordMatch;
use crate::text_fold::{FoldedText, Glyph, RunKind};

/// A keyword ready to be looked for.
#[derive(Debug, Clone)]
pub(super) struct Keyword {
    /// As it was typed, and without its separators if it has any.
    ways: Vec<Runs>,
    matching: KeywordMatch,
}

type Runs = Vec<(RunKind, Vec<char>)>;

impl Keyword {
    /// Nothing if there is no letter, digit or emoji in it.
    pub(super) fn of(typed: &str, matching: KeywordMatch) -> Option<Self> {
        let folded = FoldedText::of_typed(typed);
        let mut ways = vec![runs(folded.runs()), runs(folded.runs_joined())];
        ways.dedup();
        ways.retain(|way| !way.is_empty());
        (!ways.is_empty()).then_some(Self { ways, matching })
    }

    /// Whether it stands in a text.
    pub(super) fn stands_in(&self, text: &Text) -> bool {
        self.ways.iter().any(|way| match self.matching {
            KeywordMatch::Exact => text.runs == *way || text.numbers_joined == *way,
            KeywordMatch::Word => way.iter().all(|(kind, word)| {
                text.runs.iter().chain(&text.numbers).any(|(other, run)| {
                    kind == other && if *kind == RunKind::Unspaced { holds(run, word) } else { run == word }
                })
            }),
            KeywordMatch::Phrase => {
                text.runs.windows(way.len()).any(|window| stands_at(way, window))
                    || text.numbers.iter().any(|number| way.as_slice() == std::slice::from_ref(number))
            }
        })
    }
}

/// Whether a keyword's runs are these. Its first may be the end of a longer unspaced one, and its last the beginning.
fn stands_at(way: &Runs, window: &[(RunKind, Vec<char>)]) -> bool {
    let last = way.len().saturating_sub(1);
    way.iter().zip(window).enumerate().all(|(at, ((kind, word), (other, run)))| {
        kind == other
            && match (kind, at == 0, at == last) {
                (RunKind::Unspaced, true, true) => holds(run, word),
                (RunKind::Unspaced, true, false) => run.ends_with(word),
                (RunKind::Unspaced, false, true) => run.starts_with(word),
                _ => run == word,
            }
    })
}

/// A message's words, cut once for all keywords.
#[derive(Debug, Clone)]
pub(super) struct Text {
    runs: Runs,
    /// Numbers and codes without their separators. Not words: `ill` must not be met by "I'll".
    numbers: Runs,
    /// All of it, its numbers without their separators.
    numbers_joined: Runs,
}

impl Text {
    pub(super) fn of(body: &str) -> Self {
        let folded = FoldedText::of(body);
        let mut numbers = runs(folded.joined());
        numbers.retain(|(_, chars)| chars.iter().any(char::is_ascii_digit));
        let numbers_joined = if numbers.is_empty() { Runs::new() } else { runs(folded.runs_joined()) };
        Self { runs: runs(folded.runs()), numbers, numbers_joined }
    }
}

fn runs<'a>(runs: impl Iterator<Item = (RunKind, &'a [Glyph])>) -> Runs {
    runs.map(|(kind, run)| (kind, run.iter().map(|glyph| glyph.c).collect())).collect()
}

fn holds(run: &[char], word: &[char]) -> bool {
    run.windows(word.len()).any(|place| place == word)
}

#[cfg(test)]
mod tests {
    use super::*;
    use KeywordMatch::{Exact, Phrase, Word};

    fn stands(typed: &str, matching: KeywordMatch, body: &str) -> bool {
        Keyword::of(typed, matching).unwrap().stands_in(&Text::of(body))
    }

    #[test]
    fn a_keyword_stands_as_the_whole_as_words_or_as_a_phrase() {
        for (typed, matching, body, expected) in [
            ("Price?", Exact, "PRICE!!", true),
            ("price", Exact, "the price", false),
            ("", Exact, "", false),
            ("size m", Word, "do you have M in that size?", true),
            ("size m", Word, "do you have medium in that size?", false),
            ("size m", Phrase, "is Size-M in stock", true),
            ("size m", Phrase, "m size", false),
            ("cafe", Word, "un CAFÉ, por favor", true),
            ("cafe", Word, "cafeteria", false),
            ("strasse", Phrase, "Die Straße", true),
            ("ราคา", Word, "ขอราคาหน่อยค่ะ", true),
            ("ราคา", Phrase, "ขอราคาหน่อยค่ะ", true),
            ("ราคา", Exact, "ขอราคาหน่อยค่ะ", false),
            ("ราคา", Exact, "ราคา ?", true),
            ("退货", Phrase, "我要退货，谢谢", true),
            ("尺寸m", Phrase, "大尺寸 M 有吗", true),
            ("배송", Word, "무료배송 되나요", true),
            ("السلام عليكم", Phrase, "السَّلامُ عَلَيـكُم", true),
            ("доставка", Word, "ДОСТАВКА когда?", true),
            ("❤️", Word, "love it ❤", true),
            ("250", Word, "๒๕๐ บาท", true),
            ("ab1234", Word, "where is AB-1234?", true),
            ("AB-1234", Word, "where is ab1234?", true),
            ("ab1234", Phrase, "where is AB-1234?", true),
            ("ab1234", Exact, "AB-1234!", true),
            ("e-mail", Word, "my email", true),
            ("ill", Word, "I'll see", false),
            ("105", Word, "10.5", false),
        ] {
            let found = Keyword::of(typed, matching).is_some_and(|keyword| keyword.stands_in(&Text::of(body)));
            assert_eq!(found, expected, "{typed:?} {matching:?} {body:?}");
        }
        assert!(!stands("long phrase here", Phrase, "long"), "longer than the text");
    }

    #[test]
    fn what_has_no_letters_is_no_keyword() {
        for typed in ["", "  ", "?!", "\u{200B}"] {
            assert!(Keyword::of(typed, Word).is_none(), "{typed:?}");
        }
    }
}
