//! One thing to look for, a word or a phrase: as the index is asked for it, and where it stands in a text.

use model::text_fold::{FoldedText, Glyph, RunKind};

/// A word or a phrase, in all the ways it may have been written: first as it was typed, then without its separators (`AB1234`
/// for `AB-1234`), with one between letters and digits (`AB-1234` for `AB1234`), or together with the words typed beside it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Term {
    ways: Vec<Phrase>,
}

/// What follows without a gap that matters: `ABC-123` is two parts, `尺寸M` too.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Phrase {
    parts: Vec<(RunKind, Vec<char>)>,
    /// Whether the last word may go on.
    open: bool,
    /// Whether the last Korean syllable may still get its final consonant.
    growing: bool,
}

/// A word of letters and digits is looked for as so many parts at most.
const MAX_SPLIT_PARTS: usize = 8;
/// A word of letters and digits is looked for in its parts from so many characters on: `M1` would find every M before a 1.
const MIN_SPLIT_CHARS: usize = 4;

impl Term {
    /// Nothing if there is no letter, digit or emoji in it.
    pub(super) fn of(typed: &str, open: bool) -> Option<Self> {
        let folded = FoldedText::of_typed(typed);
        let mut term = Self { ways: vec![Phrase::of(parts(folded.runs()), open)?] };
        let joined = parts(folded.runs_joined());
        let split = split(&joined);
        for parts in [joined, split] {
            Phrase::of(parts, open).into_iter().for_each(|way| term.add(way));
        }
        Some(term)
    }

    /// Words typed side by side may be the groups of one number or code, such as `0151 1234`, and written as one: then that
    /// is a way to write each of them. Whether they may be.
    pub(super) fn join(typed: &str, groups: &mut [Self], open: bool) -> bool {
        let folded = FoldedText::of_typed(typed);
        if !folded.is_one_chain() {
            return false;
        }
        if let Some(way) = Phrase::of(parts(folded.runs_joined()), open) {
            groups.iter_mut().for_each(|group| group.add(way.clone()));
        }
        true
    }

    fn add(&mut self, way: Phrase) {
        if !self.ways.contains(&way) {
            self.ways.push(way);
        }
    }

    /// As if it were typed to its end.
    pub(super) fn closed(&self) -> Self {
        Self { ways: self.ways.iter().map(Phrase::closed).collect() }
    }

    pub(super) fn is_open(&self) -> bool {
        self.ways.iter().any(Phrase::is_open)
    }

    /// Several terms as one phrase, the last as open as it is.
    pub(super) fn phrase<'a>(terms: impl Iterator<Item = &'a Self>) -> Option<Self> {
        let way = terms.filter_map(|term| term.ways.first()).cloned().reduce(|mut phrase, next| {
            phrase.parts.extend(next.parts);
            Phrase { open: next.open, growing: next.growing, ..phrase }
        })?;
        Some(Self { ways: vec![way] })
    }

    /// The FTS5 expression. Every word of it is made of letters, digits and emoji, so nothing needs escaping.
    pub(super) fn expression(&self) -> String {
        let ways: Vec<String> = self.ways.iter().map(Phrase::expression).collect();
        if ways.len() == 1 { ways.concat() } else { format!("({})", ways.join(" OR ")) }
    }

    /// Where it stands in a text, in UTF-16 code units.
    pub(super) fn find(&self, text: &FoldedText, spans: &mut Vec<(u32, u32)>) {
        self.ways.iter().for_each(|way| way.find(text, spans));
    }

    pub(super) fn stands_in(&self, text: &FoldedText) -> bool {
        let mut spans = Vec::new();
        self.find(text, &mut spans);
        !spans.is_empty()
    }
}

fn parts<'a>(runs: impl Iterator<Item = (RunKind, &'a [Glyph])>) -> Vec<(RunKind, Vec<char>)> {
    runs.map(|(kind, run)| (kind, run.iter().map(|glyph| glyph.c).collect())).collect()
}

/// A word of letters and digits, parted between them.
fn split(parts: &[(RunKind, Vec<char>)]) -> Vec<(RunKind, Vec<char>)> {
    let mut split: Vec<(RunKind, Vec<char>)> = Vec::new();
    for (kind, chars) in parts {
        let pieces: Vec<_> = chars.chunk_by(|one, next| one.is_ascii_digit() == next.is_ascii_digit()).collect();
        if *kind == RunKind::Word && chars.len() >= MIN_SPLIT_CHARS && pieces.len() <= MAX_SPLIT_PARTS {
            split.extend(pieces.into_iter().map(|piece| (RunKind::Word, piece.to_vec())));
        } else {
            split.push((*kind, chars.clone()));
        }
    }
    split
}

/// How many syllables share a first consonant and a vowel.
const FINALS: u32 = 28;

impl Phrase {
    fn of(mut parts: Vec<(RunKind, Vec<char>)>, open: bool) -> Option<Self> {
        let (kind, last) = parts.last_mut()?;
        let mut growing = false;
        if open && *kind == RunKind::Unspaced {
            // A Korean keyboard shows a syllable's first consonant by itself before the vowel is typed.
            if let [.., before, 'ㄱ'..='ㅎ'] = last.as_slice()
                && is_syllable(*before)
            {
                last.pop();
            }
            // One syllable alone is taken as it stands: with its 27 longer forms it would find nearly everything.
            growing = last.len() > 1 && last.last().is_some_and(|c| is_syllable(*c) && final_of(*c) == 0);
        }
        Some(Self { parts, open, growing })
    }

    /// As if it were typed to its end.
    fn closed(&self) -> Self {
        Self { open: false, growing: false, ..self.clone() }
    }

    fn is_open(&self) -> bool {
        let word = matches!(self.parts.last(), Some((RunKind::Word, _)));
        (self.open && word) || self.growing
    }

    fn expression(&self) -> String {
        if !self.growing {
            return self.literal();
        }
        let mut grown = self.clone();
        grown.growing = false;
        let forms: Vec<String> = (0..FINALS)
            .filter_map(|ending| {
                let c = grown.parts.last_mut()?.1.last_mut()?;
                *c = char::from_u32(u32::from(*c) - final_of(*c) + ending)?;
                Some(grown.literal())
            })
            .collect();
        format!("({})", forms.join(" OR "))
    }

    fn literal(&self) -> String {
        let mut words = String::from("\"");
        let mut begins = false;
        for (at, (kind, chars)) in self.parts.iter().enumerate() {
            let last = at + 1 == self.parts.len();
            if *kind == RunKind::Unspaced {
                for pair in chars.windows(2) {
                    words.extend(pair);
                    words.push(' ');
                }
                // The last character stands alone in the index only where a run ends: at the end of what was typed it
                // would miss the runs that go on.
                if !last || chars.len() == 1 {
                    words.extend(chars.last());
                }
                begins = chars.len() == 1;
            } else {
                words.extend(chars);
                begins = *kind == RunKind::Word && self.open;
            }
            if !last {
                words.push(' ');
            }
        }
        words.push('"');
        if begins {
            words.push('*');
        }
        words
    }

    fn find(&self, text: &FoldedText, spans: &mut Vec<(u32, u32)>) {
        let runs: Vec<(RunKind, &[Glyph])> = text.runs().collect();
        for window in runs.windows(self.parts.len()) {
            self.find_at(window, spans);
        }
        // What separators join is one word.
        if self.parts.len() == 1 {
            text.joined().for_each(|run| self.find_at(&[run], spans));
        }
    }

    fn find_at(&self, window: &[(RunKind, &[Glyph])], spans: &mut Vec<(u32, u32)>) {
        let alike = self.parts.iter().zip(window).all(|((kind, _), (other, _))| kind == other);
        if !alike {
            return;
        }
        if let [(kind, chars)] = self.parts.as_slice() {
            let Some((_, run)) = window.first() else { return };
            if *kind == RunKind::Unspaced {
                for place in run.windows(chars.len()).filter(|place| self.fits_last(chars, place)) {
                    spans.extend(span(place, place));
                }
            } else if self.fits_end(*kind, chars, run) {
                spans.extend(span(run, run.get(..chars.len()).unwrap_or(run)));
            }
            return;
        }
        let most = self.parts.len() - 1;
        let mut first: &[Glyph] = &[];
        let mut last: &[Glyph] = &[];
        for (at, ((kind, chars), (_, run))) in self.parts.iter().zip(window).enumerate() {
            let fits = if at == 0 && *kind == RunKind::Unspaced {
                first = run.get(run.len().saturating_sub(chars.len())..).unwrap_or_default();
                same(chars, first)
            } else if at == most {
                last = run.get(..chars.len()).unwrap_or_default();
                self.fits_end(*kind, chars, run)
            } else {
                same(chars, run)
            };
            if !fits {
                return;
            }
            if at == 0 && first.is_empty() {
                first = run;
            }
        }
        spans.extend(span(first, last));
    }

    /// Whether the last part fits the beginning of a run, or all of it.
    fn fits_end(&self, kind: RunKind, chars: &[char], run: &[Glyph]) -> bool {
        match kind {
            RunKind::Unspaced => run.get(..chars.len()).is_some_and(|start| self.fits_last(chars, start)),
            RunKind::Word if self.open => run.get(..chars.len()).is_some_and(|start| same(chars, start)),
            RunKind::Word | RunKind::Sign => same(chars, run),
        }
    }

    /// As [`same`], but for a syllable that may still grow.
    fn fits_last(&self, chars: &[char], place: &[Glyph]) -> bool {
        if !self.growing {
            return same(chars, place);
        }
        let (Some((typed, before)), Some((there, place))) = (chars.split_last(), place.split_last()) else {
            return false;
        };
        same(before, place) && is_syllable(there.c) && u32::from(there.c) - final_of(there.c) == u32::from(*typed)
    }
}

fn same(chars: &[char], run: &[Glyph]) -> bool {
    chars.len() == run.len() && chars.iter().zip(run).all(|(c, glyph)| *c == glyph.c)
}

fn span(first: &[Glyph], last: &[Glyph]) -> Option<(u32, u32)> {
    Some((first.first()?.from, last.last()?.to))
}

fn is_syllable(c: char) -> bool {
    ('\u{AC00}'..='\u{D7A3}').contains(&c)
}

/// Which final consonant a Korean syllable has; 0 is none.
fn final_of(c: char) -> u32 {
    (u32::from(c) - 0xAC00) % FINALS
}

#[cfg(test)]
mod tests {
    use super::*;

    fn expression(typed: &str) -> String {
        Term::of(typed, true).map(|term| term.expression()).unwrap_or_default()
    }

    fn found(typed: &str, open: bool, text: &str) -> Vec<(u32, u32)> {
        let mut spans = Vec::new();
        Term::of(typed, open).unwrap().find(&FoldedText::of(text), &mut spans);
        spans
    }

    #[test]
    fn a_term_asks_the_index_for_its_parts_in_order() {
        assert_eq!(expression("Linen"), "\"linen\"*");
        assert_eq!(expression("ABC-123"), "(\"abc 123\"* OR \"abc123\"*)");
        assert_eq!(expression("abc123"), "(\"abc123\"* OR \"abc 123\"*)");
        assert_eq!(expression("12/3 4"), "(\"12 3 4\"* OR \"1234\"*)");
        assert_eq!(expression("m1"), "\"m1\"*");
        assert_eq!(expression("尺"), "\"尺\"*");
        assert_eq!(expression("大尺寸"), "\"大尺 尺寸 \"");
        assert_eq!(expression("尺寸M"), "\"尺寸 寸 m\"*");
        assert_eq!(expression("👍🏽"), "\"👍 🏽\"");
        assert_eq!(expression("배ㅅ"), "\"배\"*");
        assert_eq!(expression("무료배").matches(" OR ").count(), 27);
        assert_eq!(expression("\"* -- "), "");
    }

    #[test]
    fn a_term_stands_where_the_index_says_it_does() {
        assert_eq!(found("ord", true, "Order, ordinary; reorder"), [(0, 3), (7, 10)]);
        assert_eq!(found("ord", false, "Order, ord"), [(7, 10)]);
        assert_eq!(found("strasse", true, "Straßen"), [(0, 6)]);
        assert_eq!(found("stras", true, "Straße"), [(0, 5)]);
        assert_eq!(found("cafe", true, "un cafe\u{301}s"), [(3, 8)]);
        assert_eq!(found("abc, 12", true, "ABC (123)"), [(0, 7)]);
        assert_eq!(found("4915112345678", true, "☎ +49 151 1234-5678!"), [(3, 19)]);
        assert_eq!(found("49 151 1234-5678", false, "4915112345678"), [(0, 13)]);
        assert_eq!(
            found("ab1234", false, "AB-1234, AB 1234 and ab\n1234"),
            [(0, 7), (9, 16), (0, 7), (9, 16), (21, 28)]
        );
        assert_eq!(found("1234,56", false, "1.234,56 €"), [(0, 8)]);
        assert_eq!(found("dont", true, "Don’t!"), [(0, 5)]);
        assert_eq!(found("105", false, "10.5"), []);
        assert_eq!(found("発送", true, "未発送、発送済"), [(1, 3), (4, 6)]);
        assert_eq!(found("リボン", true, "赤いリ・ボン"), [(2, 6)]);
        assert_eq!(found("寸m", true, "大尺寸 M"), [(2, 5)]);
        assert_eq!(found("ก", true, "กี่กา"), [(0, 3), (3, 4)]);
        assert_eq!(found("배소", true, "무료배송"), [(2, 4)]);
        assert_eq!(found("👩", true, "x👨‍👩‍👧"), [(1, 9)]);
    }
}
