//! The words of messages, folded and cut so that search finds them in every script.
//!
//! `unicode61` alone splits neither Chinese, Japanese, Thai nor Korean inside a run and keeps letters apart that people
//! type alike, so text is folded first (case, accents, ß, Turkish ı, đ, full-width forms, Arabic vowel marks and
//! tatweel), runs of unspaced scripts become overlapping pairs plus their last character, and an emoji becomes a word of
//! its own. A query goes through the same mill. Hits come newest first by walking the index backwards; ordering by rank
//! was measured and costs a thousand times more.

use model::MessageId;
use rusqlite::Connection;
use unicode_normalization::UnicodeNormalization;
use unicode_normalization::char::is_combining_mark;

use crate::{StoreError, Tx};

/// Puts a message's words into the index, replacing what was there.
///
/// # Errors
/// [`StoreError`]
pub fn index(tx: &Tx<'_>, id: MessageId, text: &str) -> Result<(), StoreError> {
    let words = words(text);
    if words.is_empty() {
        return forget(tx, id);
    }
    tx.prepare_cached("INSERT OR REPLACE INTO search (rowid, body) VALUES (?1, ?2)")?
        .execute((id.0, words.join(" ")))?;
    Ok(())
}

/// Takes a message's words out of the index.
///
/// # Errors
/// [`StoreError`]
pub fn forget(tx: &Tx<'_>, id: MessageId) -> Result<(), StoreError> {
    tx.prepare_cached("DELETE FROM search WHERE rowid = ?1")?.execute([id.0])?;
    Ok(())
}

/// The newest messages that hold every word typed; the last word counts as a beginning.
///
/// # Errors
/// [`StoreError`]
pub fn find(sql: &Connection, typed: &str, limit: u32) -> Result<Vec<MessageId>, StoreError> {
    let Some(query) = query(typed) else { return Ok(Vec::new()) };
    let mut statement =
        sql.prepare_cached("SELECT rowid FROM search WHERE search MATCH ?1 ORDER BY rowid DESC LIMIT ?2")?;
    Ok(statement.query_map((query, limit), |row| row.get(0).map(MessageId))?.collect::<Result<_, _>>()?)
}

/// The FTS5 query for what was typed; nothing if there is no word in it.
fn query(typed: &str) -> Option<String> {
    let folded = fold(typed);
    let runs = runs(&folded);
    let ends_open = typed.chars().next_back().is_some_and(|c| !c.is_whitespace());
    let last = runs.len().checked_sub(1)?;
    let terms: Vec<String> = runs
        .iter()
        .enumerate()
        .map(|(at, run)| match run {
            Run::Word(word) if at == last && ends_open => format!("\"{word}\"*"),
            Run::Word(word) => format!("\"{word}\""),
            Run::Unspaced(chars) => match pairs(chars).as_slice() {
                // The last character stands alone in the index only where a run ends: in a query it would miss.
                [single] => format!("\"{single}\"*"),
                [words @ .., _] => format!("\"{}\"", words.join(" ")),
                [] => String::new(),
            },
        })
        .filter(|term| !term.is_empty())
        .collect();
    Some(terms.join(" "))
}

/// The words a text is indexed under, in order.
fn words(text: &str) -> Vec<String> {
    runs(&fold(text))
        .into_iter()
        .flat_map(|run| match run {
            Run::Word(word) => vec![word],
            Run::Unspaced(chars) => pairs(&chars),
        })
        .collect()
}

#[derive(Debug, PartialEq)]
enum Run {
    Word(String),
    Unspaced(Vec<char>),
}

/// Cuts folded text into words and unspaced runs.
fn runs(folded: &str) -> Vec<Run> {
    let mut runs = Vec::new();
    for c in folded.chars() {
        if is_emoji(c) {
            runs.push(Run::Word(format!("\u{E000}{:x}", u32::from(c))));
            runs.push(Run::Word(String::new()));
        } else if is_unspaced(c) {
            match runs.last_mut() {
                Some(Run::Unspaced(chars)) => chars.push(c),
                _ => runs.push(Run::Unspaced(vec![c])),
            }
        } else if c.is_alphanumeric() {
            match runs.last_mut() {
                Some(Run::Word(word)) if !word.starts_with('\u{E000}') => word.push(c),
                _ => runs.push(Run::Word(c.to_string())),
            }
        } else if runs.last().is_some_and(|run| *run != Run::Word(String::new())) {
            runs.push(Run::Word(String::new()));
        }
    }
    runs.retain(|run| *run != Run::Word(String::new()));
    runs
}

/// Overlapping pairs, then the last character by itself.
fn pairs(chars: &[char]) -> Vec<String> {
    let mut words: Vec<String> = chars.windows(2).map(|pair| pair.iter().collect()).collect();
    words.extend(chars.last().map(ToString::to_string));
    words
}

/// Makes alike what people type alike.
fn fold(text: &str) -> String {
    let mut folded = String::with_capacity(text.len());
    // Decomposed, accents are characters of their own and fall away; recomposed, Korean syllables are whole again.
    let plain = text.nfkd().filter(|c| !is_dropped(*c)).nfc();
    for c in plain.flat_map(char::to_lowercase) {
        match c {
            'ß' => folded.push_str("ss"),
            'æ' => folded.push_str("ae"),
            'œ' => folded.push_str("oe"),
            'ø' => folded.push('o'),
            'ł' => folded.push('l'),
            'đ' | 'ð' => folded.push('d'),
            'ı' => folded.push('i'),
            'ς' => folded.push('σ'),
            'أ' | 'إ' | 'آ' | 'ٱ' => folded.push('ا'),
            'ى' => folded.push('ي'),
            'ة' => folded.push('ه'),
            _ if is_dropped(c) => {}
            _ => folded.push(c),
        }
    }
    folded
}

/// Marks that do not tell words apart: accents, Arabic vowels, tatweel, joiners, variation selectors. Marks of Thai,
/// Indic and Japanese letters do and stay.
fn is_dropped(c: char) -> bool {
    matches!(c, '\u{640}' | '\u{200B}'..='\u{200F}' | '\u{2060}' | '\u{FE00}'..='\u{FE0F}' | '\u{FEFF}')
        || (is_combining_mark(c)
            && matches!(u32::from(c), 0x300..=0x36F | 0x483..=0x489 | 0x591..=0x5C7 | 0x610..=0x61A | 0x64B..=0x65F | 0x670 | 0x6D6..=0x6ED))
}

/// Scripts written without spaces between words, and Korean, whose words grow endings.
fn is_unspaced(c: char) -> bool {
    matches!(u32::from(c),
        0x0E00..=0x0EFF | 0x0F00..=0x0FFF | 0x1000..=0x109F | 0x1780..=0x17FF | 0x3040..=0x30FF | 0x3100..=0x312F
        | 0x31F0..=0x31FF | 0x3400..=0x4DBF | 0x4E00..=0x9FFF | 0xAC00..=0xD7A3 | 0xF900..=0xFAFF | 0x20000..=0x3134F)
        || c == '々'
        || c == '〆'
}

fn is_emoji(c: char) -> bool {
    matches!(u32::from(c), 0x1F000..=0x1FAFF | 0x2600..=0x27BF | 0x2B00..=0x2BFF | 0x2190..=0x21FF | 0x2300..=0x23FF)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn text_is_folded_to_what_people_type() {
        for (written, typed) in [
            ("Straße", "strasse"),
            ("Điện thoại", "dien thoai"),
            ("CAFÉ", "cafe"),
            ("ＬＩＮＥＮ", "linen"),
            ("İstanbul", "istanbul"),
            ("السَّلامُ عَلَيـكُم", "السلام عليكم"),
        ] {
            assert_eq!(fold(written), fold(typed), "{written}");
        }
    }

    #[test]
    fn unspaced_scripts_become_pairs_and_a_last_character() {
        assert_eq!(words("尺寸M"), ["尺寸", "寸", "m"]);
        assert_eq!(words("교환"), ["교환", "환"]);
        assert_eq!(words("hi🙏there"), ["hi", "\u{E000}1f64f", "there"]);
    }

    #[test]
    fn a_query_of_nothing_is_no_query() {
        assert_eq!(query(""), None);
        assert_eq!(query(" \"* -- "), None);
    }

    #[test]
    fn operators_in_what_was_typed_are_words() {
        assert_eq!(query("a OR b").as_deref(), Some("\"a\" \"or\" \"b\"*"));
        assert_eq!(query("NEAR(x, 2)\" ").as_deref(), Some("\"near\" \"x\" \"2\""));
    }
}
