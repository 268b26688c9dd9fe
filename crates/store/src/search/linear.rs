//! Looking through a few short texts one by one, such as the saved replies: no index, but the same words in every script.

use model::text_fold::{FoldedText, Glyph, RunKind};

/// A text's words, folded, each with a space before it: to be kept beside the text and matched with [`patterns`].
#[must_use]
pub fn words(text: &str) -> String {
    let mut words = String::new();
    FoldedText::of(text).write_words(&mut words);
    words
}

/// The `GLOB` patterns for what was typed: where all of one set match, each word that was typed begins a word there. Several
/// sets where a text may have been written with other separators. None if nothing that can be looked for was typed.
#[must_use]
pub fn patterns(typed: &str) -> Vec<Vec<String>> {
    let folded = FoldedText::of_typed(typed);
    let mut sets = vec![set(folded.runs()), set(folded.runs_joined())];
    sets.dedup();
    sets.retain(|set| !set.is_empty());
    sets
}

fn set<'a>(runs: impl Iterator<Item = (RunKind, &'a [Glyph])>) -> Vec<String> {
    let mut patterns = Vec::new();
    for (kind, run) in runs {
        let mut chars: Vec<char> = run.iter().map(|glyph| glyph.c).collect();
        if kind != RunKind::Unspaced {
            patterns.push(beginning(&chars));
            continue;
        }
        // A Korean keyboard shows a syllable's first consonant by itself before the vowel is typed.
        if let [.., before, 'ㄱ'..='ㅎ'] = chars.as_slice()
            && is_syllable(*before)
        {
            chars.pop();
        }
        if chars.len() == 1 {
            patterns.push(beginning(&chars));
        }
        patterns.extend(chars.windows(2).map(beginning));
    }
    patterns
}

/// No letter, digit or emoji means anything to `GLOB`. A Korean syllable may still get its final consonant, but for one that
/// stands alone: with its 27 longer forms it would find nearly everything.
fn beginning(chars: &[char]) -> String {
    let mut pattern = String::from("* ");
    match chars {
        [before @ .., last]
            if !before.is_empty() && is_syllable(*last) && (u32::from(*last) - 0xAC00).is_multiple_of(28) =>
        {
            pattern.extend(before);
            let longest = char::from_u32(u32::from(*last) + 27).unwrap_or(*last);
            pattern.extend(['[', *last, '-', longest, ']']);
        }
        all => pattern.extend(all),
    }
    pattern.push('*');
    pattern
}

fn is_syllable(c: char) -> bool {
    ('가'..='힣').contains(&c)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_beginnings_of_words_are_found_in_every_script() {
        let sql = rusqlite::Connection::open_in_memory().unwrap();
        let finds = |text: &str, typed: &str| {
            let matches = |pattern: &String| {
                sql.query_row("SELECT ?1 GLOB ?2", (words(text), pattern), |row| row.get::<_, bool>(0)).unwrap()
            };
            patterns(typed).iter().any(|set| set.iter().all(matches))
        };
        for (text, typed) in [
            ("Größe & Versand", "versa grosse"),
            ("Where is my parcel?", "PAR whe"),
            ("مَوعد التوصيل", "موعد"),
            ("ส่งของภายใน 3 วัน", "ภายใน"),
            ("尺寸表 M", "寸"),
            ("교환 안내", "교화"),
            ("교환 안내", "교ㅎ"),
            ("تبدیل ۲۵", "25"),
            ("Thanks 🙏🏽!", "🙏"),
            ("Call +49 151 1234-5678", "4915112345678"),
            ("Call 4915112345678", "+49 151 12"),
            ("Don't e-mail", "email dont"),
            ("Model AB1234", "ab-12"),
        ] {
            assert!(finds(text, typed), "{typed} in {text}");
        }
        for (text, typed) in [("Where is it", "here"), ("尺寸", "寸尺"), ("abc", "*"), ("abc", "[b"), ("abc", "")] {
            assert!(!finds(text, typed), "{typed} in {text}");
        }
    }
}
