//! Folding text to what people type, and cutting it into words, with the way back to where each letter stood.
//!
//! Texts and queries go through the same mill, cluster by cluster (a letter with its marks), so every folded letter knows
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
pub enum Kind {
    /// Letters and digits up to the next space or punctuation mark.
    Word,
    /// Letters of a script that puts no spaces between words.
    Unspaced,
    /// One emoji or symbol, or a part of one.
    Sign,
}

/// A text after the mill.
#[derive(Debug, Default)]
pub struct Milled {
    glyphs: Vec<Glyph>,
    /// What they are, and where each ends.
    runs: Vec<(Kind, usize)>,
    broken: bool,
}

impl Milled {
    /// Folds a text and cuts it into runs.
    #[must_use]
    pub fn of(text: &str) -> Self {
        let mut milled = Self { glyphs: Vec::with_capacity(text.len()), ..Self::default() };
        let mut folded = Vec::new();
        for cluster in clusters(text) {
            folded.clear();
            fold_cluster(cluster.text, &mut folded);
            if is_symbol(cluster.text) {
                milled.add_symbol(&folded, &cluster);
            } else {
                for c in &folded {
                    milled.add(*c, &cluster);
                }
            }
        }
        milled
    }

    /// The runs in order.
    pub fn runs(&self) -> impl Iterator<Item = (Kind, &[Glyph])> {
        let mut start = 0;
        self.runs.iter().map(move |(kind, end)| {
            let run = self.glyphs.get(start..*end).unwrap_or_default();
            start = *end;
            (*kind, run)
        })
    }

    fn add(&mut self, c: char, cluster: &Cluster<'_>) {
        let kind = if is_unspaced(c) {
            Kind::Unspaced
        } else if c.is_alphanumeric() || (u32::from(c) >= 0x300 && is_combining_mark(c)) {
            Kind::Word
        } else {
            self.broken = true;
            return;
        };
        let joins = !self.broken && self.runs.last().is_some_and(|(last, _)| *last == kind);
        self.push(kind, c, cluster, joins);
    }

    /// A keycap is its digit and then the cap; a flag two letters, or a black flag and its tags; anything else goes part
    /// by part.
    fn add_symbol(&mut self, folded: &[char], cluster: &Cluster<'_>) {
        if let [KEYCAP, base] = *folded {
            if base.is_ascii_digit() {
                self.push(Kind::Word, base, cluster, false);
            }
            // The cap comes first, or the digit would find it as a word that begins with it.
            self.push(Kind::Sign, KEYCAP, cluster, false);
            self.push(Kind::Sign, base, cluster, true);
        } else {
            let mut last = None;
            for c in folded {
                let joins =
                    last.is_some_and(|last| (is_regional(last) && is_regional(*c)) || (is_tag(last) && is_tag(*c)));
                self.push(Kind::Sign, *c, cluster, joins);
                last = Some(*c);
            }
        }
    }

    fn push(&mut self, kind: Kind, c: char, cluster: &Cluster<'_>, joins: bool) {
        self.glyphs.push(Glyph { c, from: cluster.from, to: cluster.to });
        let end = self.glyphs.len();
        match self.runs.last_mut() {
            Some((_, last_end)) if joins => *last_end = end,
            _ => self.runs.push((kind, end)),
        }
        self.broken = false;
    }

    /// The words of the index, each with a space before it.
    pub fn write_words(&self, out: &mut String) {
        for (kind, run) in self.runs() {
            if kind == Kind::Unspaced {
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
        Milled::of(text).write_words(&mut out);
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
        assert_eq!(words("リ・ボン。"), ["り", "ぼん", "ん"]);
        assert_eq!(words("๒๕๐บา"), ["250", "บา", "า"]);
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
