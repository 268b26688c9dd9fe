//! Cutting a text into clusters: a letter with its marks, an emoji with all that it is made of.

use unicode_normalization::char::is_combining_mark;

use super::letter::{is_regional, is_sign};

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
pub(super) fn joins(first: char, previous: char, c: char, letters: u32) -> bool {
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
