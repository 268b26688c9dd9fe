//! Folding text to what people type, and cutting it into words, with the way back to where each letter stood.
//!
//! Texts and queries go through the same text_fold, cluster by cluster (a letter with its marks), so every folded letter knows
//! which part of the text it came from and a highlight never cuts a letter off its accents. What is made alike:
//!
//! - case, accents, Vietnamese and Hebrew marks, Greek accents and the final sigma; ß/ss, æ, œ, ø, ł, đ, þ; Turkish I, ı
//!   and İ; full-width and half-width forms; hiragana and katakana; every script's decimal digits;
//! - Arabic vowel marks and tatweel, the forms of alef, yeh and teh marbuta, Persian and Urdu kaf, yeh and heh;
//! - ё/е, ї/і. Not й/и and ў/у: these are letters of their own, which nobody types for each other;
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

use unicode_normalization::UnicodeNormalization;
use unicode_normalization::char::is_combining_mark;

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

/// What a run is made of.
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

/// A text after the text_fold.
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

    /// The same for what was typed into a search: nobody types the capitals of a code.
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

/// A character with all that belongs to it, and where it stands in UTF-16 code units.
#[derive(Debug, Clone, Copy)]
pub struct Cluster<'a> {
    /// The character and its marks.
    pub text: &'a str,
    /// Where it begins.
    pub from: u32,
    /// Where it ends.
    pub to: u32,
}

/// Cuts a text between its characters: never before a mark, inside an emoji or inside a Korean syllable.
pub fn clusters(text: &str) -> impl Iterator<Item = Cluster<'_>> {
    let mut rest = text;
    let mut at = 0_u32;
    std::iter::from_fn(move || {
        let mut chars = rest.chars();
        let first = chars.next()?;
        let mut len = first.len_utf8();
        let mut units = first.len_utf16();
        let mut previous = first;
        let mut letters = u32::from(is_regional(first));
        for c in chars {
            letters += u32::from(is_regional(c));
            if !joins(first, previous, c, letters) {
                break;
            }
            len += c.len_utf8();
            units += c.len_utf16();
            previous = c;
        }
        let (text, after) = rest.split_at_checked(len)?;
        rest = after;
        let from = at;
        at = at.saturating_add(u32::try_from(units).unwrap_or(u32::MAX));
        Some(Cluster { text, from, to: at })
    })
}

/// Whether `c` belongs to the cluster before it. `letters` counts a flag's, `c` included.
fn joins(first: char, previous: char, c: char, letters: u32) -> bool {
    match u32::from(c) {
        0..0x300 => false,
        0x1160..=0x11FF | 0xD7B0..=0xD7FF => {
            matches!(u32::from(previous), 0x1100..=0x11FF | 0xA960..=0xA97F | 0xAC00..=0xD7FF)
        }
        0x200C | 0x200D | 0xFF9E | 0xFF9F => true,
        0x1F1E6..=0x1F1FF => is_regional(previous) && letters == 2,
        0x1F3FB..=0x1F3FF => is_sign(first),
        0xE0020..=0xE007F => true,
        _ => is_combining_mark(c) || (previous == '\u{200D}' && is_sign(c)),
    }
}

const KEYCAP: char = '\u{20E3}';

fn is_symbol(cluster: &str) -> bool {
    cluster.chars().next().is_some_and(is_sign) || keycap(cluster).is_some()
}

/// What stands on a keycap. `#` and `*` in their wide forms, because the tokenizer splits at all other ASCII.
fn keycap(cluster: &str) -> Option<char> {
    let mut chars = cluster.chars();
    let base = match chars.next()? {
        '#' => '＃',
        '*' => '＊',
        digit => Some(digit).filter(char::is_ascii_digit)?,
    };
    (chars.next_back() == Some(KEYCAP)).then_some(base)
}

fn fold_cluster(cluster: &str, out: &mut Vec<char>) {
    let mut chars = cluster.chars();
    let (Some(first), rest) = (chars.next(), chars.as_str()) else { return };
    if rest.is_empty() && first.is_ascii() {
        out.push(first.to_ascii_lowercase());
    } else if let Some(base) = keycap(cluster) {
        out.extend([KEYCAP, base]);
    } else if is_sign(first) {
        out.extend(cluster.chars().filter(|c| !matches!(c, '\u{200C}' | '\u{200D}' | '\u{FE0E}' | '\u{FE0F}')));
    } else if rest.is_empty() && is_plain(first) {
        out.push(first);
    } else {
        // Decomposed, accents are characters of their own and fall away; recomposed, Korean syllables are whole again.
        let mut base = first;
        let kept = cluster.nfkd().filter(|c| {
            let breve = *c == '\u{306}' && matches!(base, 'и' | 'И' | 'у' | 'У');
            base = *c;
            breve || !is_dropped(*c)
        });
        for c in kept.nfc().flat_map(char::to_lowercase) {
            fold_letter(c, out);
        }
    }
}

/// Letters that normalising would leave as they are, or that it would tear out of what a Korean keyboard shows.
fn is_plain(c: char) -> bool {
    matches!(u32::from(c), 0x3041..=0x3093 | 0x3131..=0x318E | 0x3400..=0x4DBF | 0x4E00..=0x9FFF | 0xAC00..=0xD7A3)
}

fn fold_letter(c: char, out: &mut Vec<char>) {
    let one = match c {
        'ß' => return out.extend("ss".chars()),
        'æ' => return out.extend("ae".chars()),
        'œ' => return out.extend("oe".chars()),
        'þ' => return out.extend("th".chars()),
        'ø' => 'o',
        'ł' => 'l',
        'đ' | 'ð' => 'd',
        'ħ' => 'h',
        'ŧ' => 't',
        'ı' => 'i',
        'ς' => 'σ',
        'أ' | 'إ' | 'آ' | 'ٱ' => 'ا',
        'ى' | 'ی' | 'ے' | 'ې' => 'ي',
        'ة' | 'ہ' | 'ھ' | 'ە' | 'ۃ' => 'ه',
        'ک' => 'ك',
        'ँ' => 'ं',
        'ァ'..='ヶ' | 'ヽ' | 'ヾ' => char::from_u32(u32::from(c) - 0x60).unwrap_or(c),
        _ if is_dropped(c) => return,
        _ => digit(c).unwrap_or(c),
    };
    out.push(one);
}

/// The ASCII digit for a decimal digit of another script.
fn digit(c: char) -> Option<char> {
    const ZEROS: [u32; 20] = [
        0x660, 0x6F0, 0x7C0, 0x966, 0x9E6, 0xA66, 0xAE6, 0xB66, 0xBE6, 0xC66, 0xCE6, 0xD66, 0xE50, 0xED0, 0xF20,
        0x1040, 0x17E0, 0x1810, 0x1946, 0xA9D0,
    ];
    let code = u32::from(c);
    let zero = ZEROS.iter().find(|zero| (**zero..**zero + 10).contains(&code))?;
    char::from_digit(code - zero, 10)
}

/// What does not tell words apart: accents, vowel points, tatweel, joiners, variation selectors, marks of direction. Vowel
/// signs of Thai, Indic and Japanese letters do and stay.
fn is_dropped(c: char) -> bool {
    matches!(u32::from(c),
        0xAD | 0x300..=0x36F | 0x483..=0x489 | 0x591..=0x5BD | 0x5BF | 0x5C1 | 0x5C2 | 0x5C4 | 0x5C5 | 0x5C7
        | 0x610..=0x61A | 0x61C | 0x640 | 0x64B..=0x65F | 0x670 | 0x6D6..=0x6DC | 0x6DF..=0x6E4 | 0x6E7 | 0x6E8
        | 0x6EA..=0x6ED | 0x93C | 0x180B..=0x180F | 0x1AB0..=0x1AFF | 0x1DC0..=0x1DFF | 0x200B..=0x200F
        | 0x202A..=0x202E | 0x2060..=0x2064 | 0x2066..=0x206F | 0x20D0..=0x20F0 | 0xFE00..=0xFE0F | 0xFE20..=0xFE2F
        | 0xFEFF | 0xE0000..=0xE01EF)
}

/// Letters of scripts written without spaces between words, and Korean, whose words grow endings.
fn is_unspaced(c: char) -> bool {
    let script = match u32::from(c) {
        0..0x0E00 => false,
        0x0E00..=0x109F | 0x1100..=0x11FF | 0x1780..=0x17FF | 0x1950..=0x19DF | 0x1A20..=0x1AAF => true,
        0x3005..=0x3007 | 0x3041..=0x30FA | 0x30FC..=0x318E | 0x31A0..=0x31BF | 0x31F0..=0x31FF => true,
        0x3400..=0x4DBF | 0x4E00..=0xA48F | 0xA960..=0xA97F | 0xAA60..=0xAA7F | 0xAC00..=0xD7FF => true,
        code => matches!(code, 0xF900..=0xFAFF | 0x20000..=0x323AF),
    };
    script && (c.is_alphanumeric() || is_combining_mark(c) || c == '〆')
}

fn is_dash(c: char) -> bool {
    matches!(c, '-' | '\u{2010}'..='\u{2015}' | '\u{2212}' | '\u{58A}' | '\u{5BE}')
}

/// Letters by Unicode's measure that keyboards put where others have an apostrophe.
fn is_apostrophe(c: char) -> bool {
    matches!(c, '\u{2B9}' | '\u{2BB}'..='\u{2BD}' | '\u{2C8}' | '\u{A78C}')
}

fn is_regional(c: char) -> bool {
    ('\u{1F1E6}'..='\u{1F1FF}').contains(&c)
}

fn is_tag(c: char) -> bool {
    ('\u{E0020}'..='\u{E007F}').contains(&c)
}

fn is_sign(c: char) -> bool {
    matches!(u32::from(c),
        0xA9 | 0xAE | 0x203C | 0x2049 | 0x2122 | 0x2139 | 0x2190..=0x21FF | 0x2300..=0x23FF | 0x25A0..=0x27BF
        | 0x2900..=0x297F | 0x2B00..=0x2BFF | 0x3030 | 0x303D | 0x1F000..=0x1FAFF)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn words(text: &str) -> Vec<String> {
        let mut out = String::new();
        FoldedText::of(text).write_words(&mut out);
        out.split(' ').skip(1).map(str::to_owned).collect()
    }

    #[test]
    fn text_is_folded_to_what_people_type() {
        for (written, typed) in [
            ("Straße", "strasse"),
            ("STRASSE GROẞ", "straße gross"),
            ("Điện thoại", "dien thoai"),
            ("CAFÉ", "cafe"),
            ("ＬＩＮＥＮ", "linen"),
            ("İstanbul", "istanbul"),
            ("ISPARTA", "ısparta"),
            ("السَّلامُ عَلَيـكُم", "السلام عليكم"),
            ("إلى المدرسةِ", "الي المدرسه"),
            ("کتابی", "كتابي"),
            ("می‌خواهم", "میخواهم"),
            ("٠١٢٣ ۴۵۶ ४५ ๒๕", "0123 456 45 25"),
            ("ΛΌΓΟΣ", "λογος"),
            ("ﾊﾝｶｸ ｶﾞ ﾊﾟ", "はんかく が ぱ"),
            ("Ёлка ещё", "елка еще"),
            ("шалом שָׁלוֹם", "шалом שלום"),
            ("ﬁt №5", "fit no5"),
            ("फ़ोन कहाँ", "फोन कहां"),
            ("soft\u{AD}hyphen zero\u{200B}width", "softhyphen zerowidth"),
            ("\u{1112}\u{1161}\u{11AB}\u{1100}\u{1173}\u{11AF}", "한글"),
            ("и\u{306}", "й"),
            ("❤\u{FE0F}", "❤"),
        ] {
            assert_eq!(fold(written), fold(typed), "{written}");
        }
    }

    #[test]
    fn letters_that_only_look_alike_stay_apart() {
        for (one, other) in [("мой", "мои"), ("ไหม", "ใหม"), ("か", "が"), ("ハ", "パ"), ("ส่ง", "สั่ง"), ("ك", "گ")]
        {
            assert_ne!(fold(one), fold(other));
        }
    }

    #[test]
    fn unspaced_scripts_become_pairs_and_a_last_character() {
        assert_eq!(words("尺寸M"), ["尺寸", "寸", "m"]);
        assert_eq!(words("교환, 네ㅋㅋ"), ["교환", "환", "네ㅋ", "ㅋㅋ", "ㅋ"]);
        assert_eq!(words("リ、ボン。"), ["り", "ぼん", "ん"]);
        assert_eq!(words("๒๕๐บา"), ["250", "บา", "า"]);
    }

    #[test]
    fn what_separators_join_is_a_word_as_well() {
        let joined = |text: &str| -> Vec<String> {
            FoldedText::of(text).joined().map(|(_, run)| run.iter().map(|glyph| glyph.c).collect()).collect()
        };
        for (text, words) in [
            ("AB-1234", "ab1234"),
            ("ab\u{2011}1234 ab_1234", "ab1234 ab1234"),
            ("+49 (151) 12-34", "49151 4915112 491511234 15112 1511234 1234"),
            ("1.234,56", "1234 123456 23456"),
            ("٠١٥١-٤٥", "015145"),
            ("don’t donʼt don't", "dont dont dont"),
            ("e-mail t-shirt a-b 10.5 kg 2-5", "email tshirt"),
            ("AB 1234, EUR 20 20 EUR", "ab1234 eur20 eur2020 eur2020eur 2020 2020eur 20eur"),
            ("size 38, 40\n4050 of 170 cm", ""),
            ("one -- two (three) four...five", ""),
            ("リ・ボン 尺寸-M", "りぼん"),
            ("👍-1234 a👍-bcd", ""),
        ] {
            assert_eq!(joined(text).join(" "), words, "{text}");
        }
        assert_eq!(joined("GB29 NWBK 6016 1331 9268 19").first().unwrap(), "gb29nwbk");
        assert!(joined("GB29 NWBK 6016 1331 9268 19").contains(&"gb29nwbk60161331926819".to_owned()));
        assert_eq!(words("AB-12"), ["ab", "12", "ab12"]);
    }

    #[test]
    fn no_text_is_joined_to_more_than_a_few_words_for_each_of_its_own() {
        for text in ["1 2 3 4 ".repeat(1_000), "a.b/c-d".repeat(1_000), "ab-".repeat(2_000), "リ・".repeat(1_000)] {
            let folded = FoldedText::of(&text);
            assert!(
                folded.joined().count() <= folded.runs().count() * 7,
                "{}",
                text.chars().take(8).collect::<String>()
            );
        }
    }

    #[test]
    fn an_emoji_is_a_word_and_its_tone_the_next() {
        assert_eq!(words("hi🙏there"), ["hi", "🙏", "there"]);
        assert_eq!(words("👍🏽"), ["👍", "🏽"]);
        assert_eq!(words("👨‍👩‍👧"), ["👨", "👩", "👧"]);
        assert_eq!(words("🇩🇪🇫🇷🇫"), ["🇩🇪", "🇫🇷", "🇫"]);
        assert_eq!(words("1️⃣2️⃣ #️⃣"), ["1", "\u{20E3}1", "2", "\u{20E3}2", "\u{20E3}＃"]);
    }

    #[test]
    fn words_of_our_own_cannot_be_written_by_a_customer() {
        assert_eq!(words("\"\u{20E3} \0\u{20E3}"), Vec::<String>::new(), "a cap on nothing");
        assert_eq!(words("a\u{E000}b \u{F0001} c"), ["a", "b", "c"]);
    }

    #[test]
    fn a_letter_keeps_its_marks_in_a_cluster_and_counts_as_javascript_counts() {
        let spans: Vec<_> = clusters("e\u{301}👍🏽กี่x").map(|cluster| (cluster.from, cluster.to)).collect();
        assert_eq!(spans, [(0, 2), (2, 6), (6, 9), (9, 10)]);
    }
}
