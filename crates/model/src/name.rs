//! Names as people see them, and which characters cannot be seen.
//!
//! By Unicode's properties. `ui/src/text/invisible.ts` has the same rule, and both read `tests/fixtures/names.json`: what
//! is changed here is changed there.

use icu_properties::props::{DefaultIgnorableCodePoint, ExtendedPictographic, GeneralCategory, Script};
use icu_properties::{CodePointMapData, CodePointSetData};

/// Of a longer name no more is taken: TikTok's have 30 characters.
const MAX_NAME_CHARS: usize = 200;

/// Whether a character draws nothing by itself. Five blanks are named by no property: Braille, Khitan, Egyptian, musical.
#[must_use]
pub fn draws_nothing(c: char) -> bool {
    let by_category = matches!(
        CodePointMapData::<GeneralCategory>::new().get(c),
        GeneralCategory::Control | GeneralCategory::LineSeparator | GeneralCategory::ParagraphSeparator
    );
    let blank = matches!(c, '\u{2800}' | '\u{16FE4}' | '\u{13441}' | '\u{13442}' | '\u{1D159}');
    by_category
        || blank
        || matches!(c, '\u{FFF9}'..='\u{FFFB}')
        || CodePointSetData::new::<DefaultIgnorableCodePoint>().contains(c)
}

/// Whether a text shows nothing.
#[must_use]
pub fn is_blank(text: &str) -> bool {
    text.chars().all(|c| c.is_whitespace() || draws_nothing(c))
}

/// A name as it may stand in a text that is sent, in a notification or in a file's name: on one line, without characters
/// that draw nothing but where they belong to an emoji or to spelling. Empty if nothing is left.
#[must_use]
pub fn clean_name(name: &str) -> String {
    let chars: Vec<char> = name.chars().take(2 * MAX_NAME_CHARS).collect();
    let mut kept = String::new();
    let mut rest = chars.as_slice();
    while let [first, after @ ..] = rest {
        let len = belonging(rest);
        if len > 0 {
            kept.extend(rest.iter().take(len));
            rest = rest.get(len..).unwrap_or_default();
            continue;
        }
        if first.is_whitespace() {
            kept.push(' ');
        } else if !draws_nothing(*first) && !is_unknown(*first) {
            kept.push(*first);
        }
        rest = after;
    }
    kept.split_whitespace().collect::<Vec<_>>().join(" ").chars().take(MAX_NAME_CHARS).collect()
}

/// What no font is bound to draw. Unicode reserves code points for the emoji of later years; those are drawn.
fn is_unknown(c: char) -> bool {
    !is_pictographic(c)
        && matches!(
            CodePointMapData::<GeneralCategory>::new().get(c),
            GeneralCategory::PrivateUse | GeneralCategory::Unassigned
        )
}

fn is_pictographic(c: char) -> bool {
    CodePointSetData::new::<ExtendedPictographic>().contains(c)
}

/// How many characters from here on belong together though some of them draw nothing.
fn belonging(chars: &[char]) -> usize {
    [flag_of_tags(chars), emoji(chars), keycap(chars), spelling(chars)].into_iter().find(|len| *len > 0).unwrap_or(0)
}

/// A region's flag: three to six letters written in tags, and their end.
fn flag_of_tags(chars: &[char]) -> usize {
    let ['\u{1F3F4}', tags @ ..] = chars else { return 0 };
    let len = tags.iter().take_while(|c| matches!(c, '\u{E0030}'..='\u{E0039}' | '\u{E0061}'..='\u{E007A}')).count();
    if (3..=6).contains(&len) && tags.get(len) == Some(&'\u{E007F}') { len + 2 } else { 0 }
}

/// An emoji with its presentation and its tone, and those joined to it.
fn emoji(chars: &[char]) -> usize {
    let is_tone = |c: &char| matches!(c, '\u{1F3FB}'..='\u{1F3FF}');
    let one = |from: usize| {
        let mut len = usize::from(chars.get(from).is_some_and(|c| is_pictographic(*c) || is_tone(c)));
        if len > 0 {
            len += usize::from(chars.get(from + len).is_some_and(|c| matches!(c, '\u{FE0E}' | '\u{FE0F}')));
            len += usize::from(chars.get(from + len).is_some_and(is_tone));
        }
        len
    };
    let mut len = one(0);
    while len > 0 && chars.get(len) == Some(&'\u{200D}') && one(len + 1) > 0 {
        len += 1 + one(len + 1);
    }
    len
}

fn keycap(chars: &[char]) -> usize {
    match chars {
        ['0'..='9' | '#' | '*', '\u{FE0F}', '\u{20E3}', ..] => 3,
        ['0'..='9' | '#' | '*', '\u{20E3}', ..] => 2,
        _ => 0,
    }
}

/// A letter with a joiner or a selector that changes how it is drawn.
fn spelling(chars: &[char]) -> usize {
    let Some(first) = chars.first() else { return 0 };
    if chars.get(1).is_some_and(|c| matches!(c, '\u{180B}'..='\u{180D}' | '\u{180F}'))
        && script(*first) == Script::Mongolian
    {
        return 2;
    }
    if !is_joining(*first) {
        return 0;
    }
    let marks = chars.iter().skip(1).take_while(|c| unicode_normalization::char::is_combining_mark(**c)).count();
    let joined = chars.get(marks + 1).is_some_and(|c| matches!(c, '\u{200C}' | '\u{200D}'))
        && chars.get(marks + 2).is_some_and(|c| is_joining(*c));
    if joined { marks + 2 } else { 0 }
}

fn script(c: char) -> Script {
    CodePointMapData::<Script>::new().get(c)
}

/// Whether a letter is of a script in whose spelling joiners change what is drawn.
fn is_joining(c: char) -> bool {
    const JOINING: [Script; 24] = [
        Script::Arabic,
        Script::Syriac,
        Script::Mandaic,
        Script::Nko,
        Script::Mongolian,
        Script::PhagsPa,
        Script::Adlam,
        Script::HanifiRohingya,
        Script::Devanagari,
        Script::Bengali,
        Script::Gurmukhi,
        Script::Gujarati,
        Script::Oriya,
        Script::Tamil,
        Script::Telugu,
        Script::Kannada,
        Script::Malayalam,
        Script::Sinhala,
        Script::Khmer,
        Script::Myanmar,
        Script::Tibetan,
        Script::Javanese,
        Script::Balinese,
        Script::Chakma,
    ];
    JOINING.contains(&script(c))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[derive(serde::Deserialize)]
    struct Case {
        why: String,
        name: String,
        clean: String,
    }

    #[test]
    fn a_name_is_cleaned_as_the_page_cleans_it() {
        let cases: Vec<Case> = serde_json::from_str(include_str!("../../../tests/fixtures/names.json")).unwrap();
        assert!(cases.len() > 40);
        for case in cases {
            assert_eq!(clean_name(&case.name), case.clean, "{}", case.why);
            assert_eq!(is_blank(&case.name), case.clean.is_empty(), "{}", case.why);
        }
    }

    #[test]
    fn a_long_name_is_cut_between_characters() {
        assert_eq!(clean_name(&"🤎".repeat(110_000)).chars().count(), MAX_NAME_CHARS);
    }
}
