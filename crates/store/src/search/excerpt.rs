//! A line of a message around what was found in it, and the stretches to highlight.

use super::query::Query;
use model::text_fold::{Cluster, clusters};

/// How long an excerpt is, in characters as a reader counts them.
const LINE: usize = 140;
/// How much of it comes before what was found.
const LEAD: usize = 40;
/// How far to look for a space to begin after.
const STEP: usize = 15;

/// A stretch of a text to highlight, in UTF-16 code units, as JavaScript counts.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Mark {
    /// Where it begins.
    pub start: u32,
    /// How long it is.
    pub len: u32,
}

/// What to highlight in a text for what was typed: in order, none touching the next, no letter cut from its marks.
#[must_use]
pub fn marks(typed: &str, text: &str) -> Vec<Mark> {
    to_marks(&Query::parse(typed).spans_in(text))
}

pub(super) fn to_marks(spans: &[(u32, u32)]) -> Vec<Mark> {
    spans.iter().map(|(from, to)| Mark { start: *from, len: to - from }).collect()
}

/// One line around the first match, and the marks in it.
pub(super) fn excerpt(query: &Query, text: &str) -> (String, Vec<Mark>) {
    let line = text.split_whitespace().collect::<Vec<_>>().join(" ");
    let spans = query.spans_in(&line);
    let clusters: Vec<Cluster<'_>> = clusters(&line).collect();
    if clusters.len() <= LINE {
        return (line, to_marks(&spans));
    }
    let first = spans.first().map_or(0, |(from, _)| *from);
    let met = clusters.partition_point(|cluster| cluster.from < first);
    let mut start = met.saturating_sub(LEAD).min(clusters.len() - LINE);
    if start > 0 {
        let ahead = clusters.iter().take(met).skip(start).take(STEP);
        start += ahead.clone().position(|cluster| cluster.text == " ").map_or(0, |at| at + 1);
    }
    let shown = clusters.get(start..clusters.len().min(start + LINE)).unwrap_or_default();
    let (Some(from), Some(to)) = (shown.first(), shown.last()) else { return (String::new(), Vec::new()) };
    let (from, to) = (from.from, to.to);
    let before = if start > 0 { "…" } else { "" };
    let after = if start + shown.len() < clusters.len() { "…" } else { "" };
    let body: String = shown.iter().map(|cluster| cluster.text).collect();
    let shift = u32::from(start > 0);
    let marks = spans
        .iter()
        .map(|span| (span.0.max(from), span.1.min(to)))
        .filter(|(start, end)| start < end)
        .map(|(start, end)| Mark { start: start - from + shift, len: end - start })
        .collect();
    (format!("{before}{body}{after}"), marks)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn shown(typed: &str, text: &str) -> String {
        let (line, marks) = excerpt(&Query::parse(typed), text);
        let units: Vec<u16> = line.encode_utf16().collect();
        let mut out = String::new();
        let mut at = 0;
        for mark in marks {
            let (start, end) = (mark.start as usize, (mark.start + mark.len) as usize);
            out += &String::from_utf16(&units[at..start]).unwrap();
            out += &format!("[{}]", String::from_utf16(&units[start..end]).unwrap());
            at = end;
        }
        out + &String::from_utf16(&units[at..]).unwrap()
    }

    #[test]
    fn a_short_text_is_shown_whole_on_one_line() {
        assert_eq!(shown("linen", "👍🏽 Hi,\n\n is the LINEN\tshirt back?"), "👍🏽 Hi, is the [LINEN] shirt back?");
        assert_eq!(shown("cafe", "le cafe\u{301}"), "le [cafe\u{301}]");
        assert_eq!(shown("has:image", "x"), "x");
    }

    #[test]
    fn a_long_text_is_shown_around_what_was_found() {
        let text = format!("{} the linen shirt {}", "lorem ipsum ".repeat(40), "dolor sit ".repeat(40));
        let line = shown("linen", &text);
        assert!(line.starts_with("…") && line.ends_with('…') && line.contains("the [linen] shirt"), "{line}");
        assert!(line.chars().count() <= LINE + 4, "{line}");
        assert!(shown("zzz", &text).starts_with("lorem"));
        let unspaced = format!("{}发货{}", "退".repeat(300), "款".repeat(10));
        assert!(shown("发货", &unspaced).ends_with("[发货]款款款款款款款款款款"));
    }

    #[test]
    fn marks_are_ordered_merged_and_never_cut_a_letter_from_its_accents() {
        let mark = |start, len| Mark { start, len };
        assert_eq!(marks("ab abc", "abc ab"), [mark(0, 3), mark(4, 2)]);
        assert_eq!(marks("👍", "ok 👍🏽👍"), [mark(3, 6)]);
        assert_eq!(marks("-linen shirt", "linen shirt"), [mark(6, 5)]);
        assert_eq!(marks("发货 货到", "发货到了"), [mark(0, 3)]);
        assert_eq!(marks("from:nadia", "nadia"), []);
        assert_eq!(marks("e", "e\u{301}\u{302}x"), [mark(0, 3)]);
    }
}
