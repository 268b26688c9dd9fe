//! Folding text to what people type, and cutting it into words, with the way back to where each letter stood.
//!
//! Texts and queries are folded alike, cluster by cluster (a letter with its marks), so every folded letter knows
//! which part of the text it came from and a highlight never cuts a letter off its accents. What is made alike:
//!
//! - case, accents, Vietnamese and Hebrew marks, Greek accents and the final sigma; ß/ss, æ, œ, ø, ł, đ, þ; Turkish I, ı
//!   and İ; full-width and half-width forms; hiragana and katakana; every script's decimal digits;
//! - Arabic vowel marks and tatweel, the forms of alef, yeh and teh marbuta, Persian and Urdu kaf, yeh and heh;
//! - ё/е, ї/і. Not й/и and ў/у: these are letters of their own, which people do not type for each other;
//! - in Devanagari the nukta and chandrabindu, which are often left out;
//! - decomposed Korean (macOS) and composed. Traditional and simplified Chinese stay apart: that takes a dictionary.
//!
//! A run of an unspaced script is cut into overlapping pairs plus its last character; Korean too, because its words grow
//! endings and join. An emoji is a word of its own, its skin tone the next one, a family its members in turn, a flag one
//! word; so the base finds every tone and a tone itself only.
//!
//! What one person writes with separators another types without, and the other way round: `AB-1234`, `+49 151 1234-5678`,
//! `1.234,56`, `e-mail`, `don't`. So runs that a separator joins are words together as well ([`FoldedText::joined`]). Inside a
//! word any punctuation joins; over spaces only the groups of a number or code do, or all of a sentence would be one word.

mod cluster;
mod letter;

pub use self::cluster::{Cluster, clusters};
use unicode_normalization::char::is_combining_mark;

use self::letter::{KEYCAP, fold_cluster, is_apostrophe, is_dash, is_regional, is_symbol, is_tag, is_unspaced};

/// A folded letter and where its cluster stands in the text, in UTF-16 code units.
#[derive(Debug, Clone, Copy)]
pub struct Glyph {
    /// The letter.
    pub c: char,
    /// Where its cluster begins.
    pub from: u32,
    /// Where its cluster ends.
    pub to: u32,
}

/// The kind of characters in a run.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum RunKind {
    /// Letters and digits up to the next space or punctuation mark.
    Word,
    /// Letters of a script that puts no spaces between words.
    Unspaced,
    /// One emoji or symbol, or a part of one.
    Sign,
}

/// One run of a text.
#[derive(Debug, Clone, Copy)]
struct Run {
    kind: RunKind,
    /// The index after its last glyph.
    end: usize,
    /// The separators between the run before and this one.
    gap: Gap,
    /// Whether the gap joins it to the run before it.
    joins: bool,
    /// Whether its letters are all capitals, which tells a code such as `RMA` from a word.
    capitals: bool,
    /// Whether it has a digit.
    digits: bool,
}

impl Run {
    /// Whether it may be a group of a number or code.
    fn is_code(&self, chars: usize) -> bool {
        self.digits || (self.capitals && chars <= MAX_CODE_LETTERS)
    }
}

/// What stands between two runs.
#[derive(Debug, Clone, Copy, Default)]
struct Gap {
    chars: usize,
    spaced: bool,
    /// Whether it holds something that no number has beside a space, such as a comma or the end of a line.
    parts_numbers: bool,
    /// Whether it holds something that no word has inside it in scripts without spaces.
    parts_unspaced: bool,
}

impl Gap {
    fn add(&mut self, c: char) {
        self.chars += 1;
        self.spaced |= c.is_whitespace();
        self.parts_numbers |= !(is_dash(c)
            || matches!(c, '(' | ')' | '[' | ']' | '/' | '.' | '+' | '#' | '·' | '_' | '|'))
            && (!c.is_whitespace()
                || matches!(c, '\n' | '\r' | '\u{B}' | '\u{C}' | '\u{85}' | '\u{2028}' | '\u{2029}'));
        self.parts_unspaced |= !(is_dash(c) || matches!(c, '・' | '·' | '_' | '\''));
    }
}

/// A text, folded and cut into runs.
#[derive(Debug, Default)]
pub struct FoldedText {
    glyphs: Vec<Glyph>,
    runs: Vec<Run>,
    gap: Gap,
    /// Whether letters count as capitals whatever their case.
    any_case: bool,
}

/// So many separators join two runs inside a word at most, such as `)-`.
const MAX_WORD_GAP_CHARS: usize = 2;
/// So many join two groups of a number, such as `" - "`.
const MAX_NUMBER_GAP_CHARS: usize = 3;
/// A code's letters beside its digits are at most so many: `NWBK` in an IBAN.
const MAX_CODE_LETTERS: usize = 4;
/// So many runs with a digit are joined at most, from every one of them on: more than a telephone number has.
const MAX_JOINED_RUNS: usize = 7;
/// So many runs of letters only are joined, because a web address has many.
const MAX_JOINED_WORDS: usize = 4;
/// So many runs are joined where they end the chain: an IBAN of 34 letters has nine.
const MAX_JOINED_TO_END: usize = 12;
/// A joined run is at most so long.
const MAX_JOINED_CHARS: usize = 40;

impl FoldedText {
    /// Folds a text and cuts it into runs.
    #[must_use]
    pub fn of(text: &str) -> Self {
        Self::cut(text, false)
    }

    /// The same for what was typed into a search: people do not type the capitals of a code.
    #[must_use]
    pub fn of_typed(text: &str) -> Self {
        Self::cut(text, true)
    }

    fn cut(text: &str, any_case: bool) -> Self {
        let mut text_out = Self { glyphs: Vec::with_capacity(text.len()), any_case, ..Self::default() };
        let mut folded = Vec::new();
        for cluster in clusters(text) {
            folded.clear();
            fold_cluster(cluster.text, &mut folded);
            if is_symbol(cluster.text) {
                text_out.add_symbol(&folded, &cluster);
            } else {
                for c in &folded {
                    text_out.add(*c, &cluster);
                }
            }
        }
        text_out.join();
        text_out
    }

    /// Works out which runs their separators join.
    fn join(&mut self) {
        let mut before: Option<(Run, usize)> = None;
        for run in &mut self.runs {
            let letters = run.end - before.map_or(0, |(before, _)| before.end);
            if let Some((before, letters_before)) = before {
                let gap = run.gap;
                run.joins = match (before.kind, run.kind) {
                    (RunKind::Word, RunKind::Word) if gap.spaced => {
                        gap.chars <= MAX_NUMBER_GAP_CHARS
                            && !gap.parts_numbers
                            && (before.digits || run.digits)
                            && before.is_code(letters_before)
                            && run.is_code(letters)
                    }
                    (RunKind::Word, RunKind::Word) => (1..=MAX_WORD_GAP_CHARS).contains(&gap.chars),
                    (RunKind::Unspaced, RunKind::Unspaced) => gap.chars == 1 && !gap.parts_unspaced,
                    _ => false,
                };
            }
            before = Some((*run, letters));
        }
    }

    /// The runs in order.
    pub fn runs(&self) -> impl Iterator<Item = (RunKind, &[Glyph])> {
        (0..self.runs.len()).filter_map(|at| self.between(at, at))
    }

    /// The runs as one would type them without separators: what is joined is one.
    pub fn runs_joined(&self) -> impl Iterator<Item = (RunKind, &[Glyph])> {
        self.chains().flat_map(|(first, last)| {
            let whole = self.between(first, last).filter(|(kind, glyphs)| first < last && is_joinable(*kind, glyphs));
            let each = if whole.is_some() { first..first } else { first..last + 1 };
            whole.into_iter().chain(each.filter_map(|at| self.between(at, at)))
        })
    }

    /// Whether separators join all of it to one word.
    #[must_use]
    pub fn is_one_chain(&self) -> bool {
        self.runs.len() > 1 && self.runs.iter().skip(1).all(|run| run.joins)
    }

    /// Every stretch of runs that separators join, as one run each.
    pub fn joined(&self) -> impl Iterator<Item = (RunKind, &[Glyph])> {
        self.chains()
            .flat_map(|(first, last)| self.joined_in(first, last))
            .filter_map(|(first, last)| self.between(first, last))
            .filter(|(kind, glyphs)| is_joinable(*kind, glyphs))
    }

    /// First and last run of each stretch to be joined in a chain.
    fn joined_in(&self, first: usize, last: usize) -> impl Iterator<Item = (usize, usize)> {
        (first..last).flat_map(move |from| {
            let mut digits = self.runs.get(from).is_some_and(|run| run.digits);
            (from + 1..=last.min(from + MAX_JOINED_TO_END - 1)).filter_map(move |to| {
                let run = self.runs.get(to)?;
                digits |= run.digits;
                let most = if digits { MAX_JOINED_RUNS } else { MAX_JOINED_WORDS };
                // Of scripts without spaces any stretch is found in the whole.
                let wanted = if run.kind == RunKind::Unspaced {
                    from == first && to == last
                } else {
                    to == last || to - from < most
                };
                wanted.then_some((from, to))
            })
        })
    }

    /// First and last run of each chain; one that nothing is joined to is a chain of its own.
    fn chains(&self) -> impl Iterator<Item = (usize, usize)> {
        let mut at = 0;
        std::iter::from_fn(move || {
            let first = (at < self.runs.len()).then_some(at)?;
            at += 1;
            while self.runs.get(at).is_some_and(|run| run.joins) {
                at += 1;
            }
            Some((first, at - 1))
        })
    }

    /// From one run to another, without what stands between them.
    fn between(&self, first: usize, last: usize) -> Option<(RunKind, &[Glyph])> {
        let start = first.checked_sub(1).map_or(Some(0), |before| self.runs.get(before).map(|run| run.end))?;
        let run = self.runs.get(last)?;
        Some((run.kind, self.glyphs.get(start..run.end)?))
    }

    fn add(&mut self, c: char, cluster: &Cluster<'_>) {
        let kind = if is_unspaced(c) {
            RunKind::Unspaced
        } else if !is_apostrophe(c) && (c.is_alphanumeric() || (u32::from(c) >= 0x300 && is_combining_mark(c))) {
            RunKind::Word
        } else {
            self.gap.add(c);
            return;
        };
        let goes_on = self.gap.chars == 0 && self.runs.last().is_some_and(|last| last.kind == kind);
        self.push(kind, c, cluster, goes_on);
    }

    /// A keycap is its digit and then the cap; a flag two letters, or a black flag and its tags; anything else goes part
    /// by part.
    fn add_symbol(&mut self, folded: &[char], cluster: &Cluster<'_>) {
        if let [KEYCAP, base] = *folded {
            if base.is_ascii_digit() {
                self.push(RunKind::Word, base, cluster, false);
            }
            // The cap comes first, or the digit would find it as a word that begins with it.
            self.push(RunKind::Sign, KEYCAP, cluster, false);
            self.push(RunKind::Sign, base, cluster, true);
        } else {
            let mut last = None;
            for c in folded {
                let joins =
                    last.is_some_and(|last| (is_regional(last) && is_regional(*c)) || (is_tag(last) && is_tag(*c)));
                self.push(RunKind::Sign, *c, cluster, joins);
                last = Some(*c);
            }
        }
    }

    fn push(&mut self, kind: RunKind, c: char, cluster: &Cluster<'_>, goes_on: bool) {
        let gap = std::mem::take(&mut self.gap);
        if !goes_on {
            self.runs.push(Run { kind, end: 0, gap, joins: false, capitals: true, digits: false });
        }
        self.glyphs.push(Glyph { c, from: cluster.from, to: cluster.to });
        let end = self.glyphs.len();
        if let Some(run) = self.runs.last_mut() {
            run.end = end;
            run.digits |= c.is_ascii_digit();
            run.capitals &= self.any_case || c.is_ascii_digit() || cluster.text.starts_with(char::is_uppercase);
        }
    }

    /// The words of the index, each with a space before it: the runs in order, then what separators join.
    pub fn write_words(&self, out: &mut String) {
        for (kind, run) in self.runs().chain(self.joined()) {
            if kind == RunKind::Unspaced {
                for pair in run.windows(2) {
                    out.push(' ');
                    out.extend(pair.iter().map(|glyph| glyph.c));
                }
                out.push(' ');
                out.extend(run.last().map(|glyph| glyph.c));
            } else {
                out.push(' ');
                out.extend(run.iter().map(|glyph| glyph.c));
            }
        }
    }
}

/// Two letters and three digits are too few to be joined: `10.5` is not meant by 105.
fn is_joinable(kind: RunKind, glyphs: &[Glyph]) -> bool {
    let least = if glyphs.iter().all(|glyph| glyph.c.is_ascii_digit()) { 4 } else { 3 };
    (kind == RunKind::Unspaced || glyphs.len() >= least) && glyphs.len() <= MAX_JOINED_CHARS
}

/// Makes alike what people type alike.
#[must_use]
pub fn fold(text: &str) -> String {
    let mut folded = Vec::with_capacity(text.len());
    for cluster in clusters(text) {
        fold_cluster(cluster.text, &mut folded);
    }
    folded.into_iter().collect()
}

#[cfg(test)]
mod tests;
