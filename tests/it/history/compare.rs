//! What TikTok truly holds beside what the page shows: every message once and in its place, and a gap wherever something
//! is missing between two neighbours, and nowhere else.

use sandbox::Written;
use serde_json::Value;

/// One message as the page shows it.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Line {
    /// When, ms since the epoch.
    pub(crate) at_ms: i64,
    /// Its text; empty where it has none.
    pub(crate) text: String,
    /// The gap that stands before it, if one does, and whether that is the start of what TikTok listed.
    pub(crate) gap: Option<bool>,
}

/// What came of a comparison.
#[derive(Debug, Default)]
pub(crate) struct Found {
    /// What must not be.
    pub(crate) wrong: Vec<String>,
    /// Gaps where messages are missing.
    pub(crate) holes: usize,
    /// Gaps where nothing is missing: twenty new messages are a full page, and nothing in it proves that there were no more.
    pub(crate) unproven: usize,
    /// Messages that are not on screen.
    pub(crate) missing: usize,
    /// Of these, those that no gap tells of.
    pub(crate) unsaid: usize,
    /// Messages shown that TikTok does not have, or has only once.
    pub(crate) invented: usize,
    /// Messages shown after a later one.
    pub(crate) out_of_order: usize,
}

/// The lines of a thread.
pub(crate) fn lines(messages: &[Value], gaps: &[Value]) -> Vec<Line> {
    let line = |message: &Value| Line {
        at_ms: message["sentAtMs"].as_i64().expect("a time"),
        text: message["content"]["body"].as_str().unwrap_or_default().to_owned(),
        gap: gaps.iter().find(|gap| gap["before"] == message["id"]).map(|gap| gap["atStart"] == true),
    };
    messages.iter().map(line).collect()
}

/// Holds what is shown against what was written. In a conversation no two messages are of one time. The history begins
/// where TikTok showed nothing older when the account was linked; before what was written since, there is a hole.
pub(crate) fn compare(written: &[Written], shown: &[Line], linked_at_ms: i64) -> Found {
    let mut found = Found { missing: written.len(), ..Found::default() };
    let mut next = 0;
    let mut last: Option<usize> = None;
    for line in shown {
        let place = written.iter().position(|one| one.at_ms == line.at_ms && one.text == line.text);
        let Some(place) = place else {
            found.invented += 1;
            found.wrong.push(format!("nobody wrote {line:?}"));
            continue;
        };
        match last {
            Some(last) if place == last => {
                found.invented += 1;
                found.wrong.push(format!("{line:?} is shown twice"));
                continue;
            }
            Some(last) if place < last => {
                found.out_of_order += 1;
                found.wrong.push(format!("{line:?} is shown after {:?}", written[last].text));
                continue;
            }
            _ => {}
        }
        found.missing -= 1;
        let absent = place - next;
        match (absent, line.gap) {
            (0, None) => {}
            (0, Some(_)) => found.unproven += 1,
            (1.., Some(at_start)) => {
                found.holes += usize::from(!at_start);
                if at_start != (last.is_none() && line.at_ms <= linked_at_ms) {
                    found.wrong.push(format!("{line:?} stands after a gap of the wrong kind"));
                }
            }
            (1.., None) => {
                found.unsaid += absent;
                found.wrong.push(format!("{absent} before {line:?} are missing, and no gap is shown"));
            }
        }
        (next, last) = (place + 1, Some(place));
    }
    // After the last one there is nothing a gap could stand before.
    if next < written.len() {
        found.unsaid += written.len() - next;
        found.wrong.push(format!("the newest {} are missing", written.len() - next));
    }
    found
}

#[test]
fn a_missing_a_doubled_a_moved_and_an_invented_message_are_all_found() {
    let written = |n: i64| Written {
        conversation_id: "c".to_owned(),
        customer: "Ana".to_owned(),
        by_customer: true,
        text: format!("text {n}"),
        message_id: format!("m{n}"),
        at_ms: n,
    };
    let all: Vec<Written> = (1..=6).map(written).collect();
    let line = |n: i64, gap| Line { at_ms: n, text: format!("text {n}"), gap };
    let linked = |linked_at_ms: i64, numbers: &[(i64, Option<bool>)]| {
        compare(&all, &numbers.iter().map(|(n, gap)| line(*n, *gap)).collect::<Vec<_>>(), linked_at_ms)
    };
    let judged = |numbers: &[(i64, Option<bool>)]| linked(6, numbers);
    let whole: Vec<(i64, Option<bool>)> = (1..=6).map(|n| (n, None)).collect();
    assert!(judged(&whole).wrong.is_empty());
    let hole = judged(&[(1, None), (4, Some(false)), (5, None), (6, Some(false))]);
    assert_eq!((hole.wrong.len(), hole.holes, hole.unproven, hole.missing), (0, 1, 1, 2));
    assert!(judged(&[(5, Some(true)), (6, None)]).wrong.is_empty());
    assert!(linked(4, &[(5, Some(false)), (6, None)]).wrong.is_empty());
    assert_eq!(linked(4, &[(5, Some(true)), (6, None)]).wrong.len(), 1, "it was written since");
    assert_eq!(judged(&[(1, None), (3, None), (4, None)]).unsaid, 3);
    for (wrong, why) in [
        (vec![(1, None), (3, None)], "are missing, and no gap"),
        (vec![(1, None), (1, None)], "twice"),
        (vec![(2, Some(true)), (1, None)], "after"),
        (vec![(1, None), (3, Some(true))], "wrong kind"),
        (vec![(9, None)], "nobody wrote"),
        (vec![(1, None)], "the newest 5"),
    ] {
        let found = judged(&wrong).wrong.join("; ");
        assert!(found.contains(why), "{wrong:?}: {found}");
    }
}
