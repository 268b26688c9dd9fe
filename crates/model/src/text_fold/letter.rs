//! Folding one cluster, and what its characters are.

use unicode_normalization::UnicodeNormalization;
use unicode_normalization::char::is_combining_mark;

pub(super) const KEYCAP: char = '\u{20E3}';

pub(super) fn is_symbol(cluster: &str) -> bool {
    cluster.chars().next().is_some_and(is_sign) || keycap(cluster).is_some()
}

/// What stands on a keycap. `#` and `*` in their wide forms, because the tokenizer splits at all other ASCII.
pub(super) fn keycap(cluster: &str) -> Option<char> {
    let mut chars = cluster.chars();
    let base = match chars.next()? {
        '#' => '＃',
        '*' => '＊',
        digit => Some(digit).filter(char::is_ascii_digit)?,
    };
    (chars.next_back() == Some(KEYCAP)).then_some(base)
}

pub(super) fn fold_cluster(cluster: &str, out: &mut Vec<char>) {
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
pub(super) fn is_plain(c: char) -> bool {
    matches!(u32::from(c), 0x3041..=0x3093 | 0x3131..=0x318E | 0x3400..=0x4DBF | 0x4E00..=0x9FFF | 0xAC00..=0xD7A3)
}

pub(super) fn fold_letter(c: char, out: &mut Vec<char>) {
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
pub(super) fn digit(c: char) -> Option<char> {
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
pub(super) fn is_dropped(c: char) -> bool {
    matches!(u32::from(c),
        0xAD | 0x300..=0x36F | 0x483..=0x489 | 0x591..=0x5BD | 0x5BF | 0x5C1 | 0x5C2 | 0x5C4 | 0x5C5 | 0x5C7
        | 0x610..=0x61A | 0x61C | 0x640 | 0x64B..=0x65F | 0x670 | 0x6D6..=0x6DC | 0x6DF..=0x6E4 | 0x6E7 | 0x6E8
        | 0x6EA..=0x6ED | 0x93C | 0x180B..=0x180F | 0x1AB0..=0x1AFF | 0x1DC0..=0x1DFF | 0x200B..=0x200F
        | 0x202A..=0x202E | 0x2060..=0x2064 | 0x2066..=0x206F | 0x20D0..=0x20F0 | 0xFE00..=0xFE0F | 0xFE20..=0xFE2F
        | 0xFEFF | 0xE0000..=0xE01EF)
}

/// Letters of scripts written without spaces between words, and Korean, whose words grow endings.
pub(super) fn is_unspaced(c: char) -> bool {
    let script = match u32::from(c) {
        0..0x0E00 => false,
        0x0E00..=0x109F | 0x1100..=0x11FF | 0x1780..=0x17FF | 0x1950..=0x19DF | 0x1A20..=0x1AAF => true,
        0x3005..=0x3007 | 0x3041..=0x30FA | 0x30FC..=0x318E | 0x31A0..=0x31BF | 0x31F0..=0x31FF => true,
        0x3400..=0x4DBF | 0x4E00..=0xA48F | 0xA960..=0xA97F | 0xAA60..=0xAA7F | 0xAC00..=0xD7FF => true,
        code => matches!(code, 0xF900..=0xFAFF | 0x20000..=0x323AF),
    };
    script && (c.is_alphanumeric() || is_combining_mark(c) || c == '〆')
}

pub(super) fn is_dash(c: char) -> bool {
    matches!(c, '-' | '\u{2010}'..='\u{2015}' | '\u{2212}' | '\u{58A}' | '\u{5BE}')
}

/// Letters by Unicode's measure that keyboards put where others have an apostrophe.
pub(super) fn is_apostrophe(c: char) -> bool {
    matches!(c, '\u{2B9}' | '\u{2BB}'..='\u{2BD}' | '\u{2C8}' | '\u{A78C}')
}

pub(super) fn is_regional(c: char) -> bool {
    ('\u{1F1E6}'..='\u{1F1FF}').contains(&c)
}

pub(super) fn is_tag(c: char) -> bool {
    ('\u{E0020}'..='\u{E007F}').contains(&c)
}

pub(super) fn is_sign(c: char) -> bool {
    matches!(u32::from(c),
        0xA9 | 0xAE | 0x203C | 0x2049 | 0x2122 | 0x2139 | 0x2190..=0x21FF | 0x2300..=0x23FF | 0x25A0..=0x27BF
        | 0x2900..=0x297F | 0x2B00..=0x2BFF | 0x3030 | 0x303D | 0x1F000..=0x1FAFF)
}
