//! Text cut into words as the product cuts it: folded, pairs in scripts without spaces, an emoji a word of its own. The
//! floor must find what we find, or it would be no floor.

use store::search;

/// The words of a text, in order.
pub(crate) fn words(text: &str) -> Vec<String> {
    let mut words = Vec::new();
    for run in runs(&search::fold(text)) {
        match run {
            Run::Word(word) => words.push(word),
            Run::Unspaced(chars) => {
                words.extend(chars.windows(2).map(|pair| pair.iter().collect::<String>()));
                words.extend(chars.last().map(ToString::to_string));
            }
        }
    }
    words
}

/// The question to FTS5 for what was typed: every word, the last as a beginning.
pub(crate) fn query(typed: &str) -> String {
    let runs = runs(&search::fold(typed));
    let last = runs.len().saturating_sub(1);
    let terms = runs.into_iter().enumerate().map(|(at, run)| match run {
        Run::Word(word) if at == last => format!("\"{word}\"*"),
        Run::Word(word) => format!("\"{word}\""),
        Run::Unspaced(chars) => match chars.as_slice() {
            [single] => format!("\"{single}\"*"),
            many => {
                let pairs: Vec<String> = many.windows(2).map(|pair| pair.iter().collect()).collect();
                format!("\"{}\"", pairs.join(" "))
            }
        },
    });
    terms.collect::<Vec<_>>().join(" ")
}

enum Run {
    Word(String),
    Unspaced(Vec<char>),
}

fn runs(folded: &str) -> Vec<Run> {
    let mut runs: Vec<Run> = Vec::new();
    let mut open = false;
    for c in folded.chars() {
        if is_emoji(c) {
            runs.push(Run::Word(format!("\u{E000}{:x}", u32::from(c))));
            open = false;
        } else if is_unspaced(c) {
            match runs.last_mut() {
                Some(Run::Unspaced(chars)) if open => chars.push(c),
                _ => runs.push(Run::Unspaced(vec![c])),
            }
            open = true;
        } else if c.is_alphanumeric() {
            match runs.last_mut() {
                Some(Run::Word(word)) if open => word.push(c),
                _ => runs.push(Run::Word(c.to_string())),
            }
            open = true;
        } else {
            open = false;
        }
    }
    runs
}

fn is_unspaced(c: char) -> bool {
    matches!(u32::from(c), 0x0E00..=0x0EFF | 0x3040..=0x30FF | 0x3400..=0x4DBF | 0x4E00..=0x9FFF | 0xAC00..=0xD7A3)
}

fn is_emoji(c: char) -> bool {
    matches!(u32::from(c), 0x1F000..=0x1FAFF | 0x2600..=0x27BF | 0x2B00..=0x2BFF)
}
