//! What an agent types into search, taken apart. Nothing typed is an error: what cannot be understood is a word, or a
//! [`Problem`] to show.

use model::Millis;

use super::day::When;
use super::facet::Has;
use super::term::Term;
use model::text_fold::{FoldedText, fold};

/// More is not read.
const MAX_CHARS: usize = 500;
/// More words and operators than these are not looked for.
const MAX_PIECES: usize = 32;
/// So many words may be the groups of one number: an IBAN has nine at most.
const MAX_GROUPS: usize = 9;

/// An operator that says nothing as it stands. Shown to the agent; the rest of the query counts.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Problem {
    /// What is wrong with it.
    pub kind: ProblemKind,
    /// The operator: `from`, `in`, `tag`, `has`, `before`, `after` or `on`.
    pub operator: String,
    /// What was typed after it.
    pub value: String,
}

/// What is wrong with an operator.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum ProblemKind {
    /// No customer's name or handle has these words.
    UnknownPerson,
    /// No tag is called this.
    UnknownTag,
    /// Not a year, a month, a day, `today` or `yesterday`.
    BadDate,
    /// Not something a message can have.
    BadHas,
}

/// A query, read from what was typed.
///
/// Words, all of which must be there; `"phrases"`; `from:name` and `from:me`, of which one must be the sender; `in:name`,
/// one of which must be whose conversation it is; `tag:name` and `has:thing`, all of which must be there; `before:`,
/// `after:` and `on:` a year, a month, a day, `today` or `yesterday`, where before and after leave out what they name. A
/// `-` before any of them excludes. While it is being typed the last word counts as a beginning.
#[derive(Debug, Clone, Default)]
pub struct Query {
    pub(super) words: Vec<WordTerm>,
    pub(super) people: Vec<PersonTerm>,
    pub(super) tags: Vec<TagTerm>,
    pub(super) has: Vec<(Has, bool)>,
    dates: Vec<Date>,
    /// When the messages are from, newest stretch first; nothing if no date was typed.
    pub(super) spans: Option<Vec<(Millis, Millis)>>,
    pub(super) problems: Vec<Problem>,
    date_problems: Vec<Problem>,
}

/// A word or a phrase.
#[derive(Debug, Clone)]
pub(super) struct WordTerm {
    pub(super) term: Term,
    pub(super) not: bool,
}

/// `from:` or `in:`.
#[derive(Debug, Clone)]
pub(super) struct PersonTerm {
    pub(super) sender: bool,
    /// `from:me` has no words.
    pub(super) words: Option<Vec<Term>>,
    pub(super) value: String,
    pub(super) not: bool,
}

/// `tag:`.
#[derive(Debug, Clone)]
pub(super) struct TagTerm {
    pub(super) folded: String,
    pub(super) value: String,
    pub(super) open: bool,
    pub(super) not: bool,
}

/// `before:`, `after:` or `on:`.
#[derive(Debug, Clone)]
struct Date {
    operator: &'static str,
    when: When,
    value: String,
    not: bool,
}

const OPERATORS: [&str; 7] = ["from", "in", "tag", "has", "before", "after", "on"];

impl Query {
    /// Reads what was typed. Dates are days of UTC, and `today` is not known, until [`Query::dated`].
    #[must_use]
    pub fn parse(typed: &str) -> Self {
        let typed: String = typed.chars().take(MAX_CHARS).collect();
        let mut query = Self::default();
        let pieces: Vec<Piece<'_>> = pieces(&typed).take(MAX_PIECES).collect();
        for plain in pieces.chunk_by(|one, next| one.is_plain() && next.is_plain()) {
            let first_word = query.words.len();
            plain.iter().for_each(|piece| query.add(piece));
            query.join_numbers(&typed, plain, first_word);
        }
        query.settle(None, &|_| 0);
        query
    }

    /// Takes the dates as the agent's: the time now, and by how much their clock is ahead of UTC at a given time.
    #[must_use]
    pub fn dated(mut self, now_ms: Millis, offset_ms: impl Fn(Millis) -> Millis) -> Self {
        self.settle(Some(now_ms), &offset_ms);
        self
    }

    /// Whether there is nothing in it to look for.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.words.is_empty()
            && self.people.is_empty()
            && self.tags.is_empty()
            && self.has.is_empty()
            && self.spans.is_none()
    }

    /// What of it cannot be understood, whichever people are known.
    pub(super) fn unread(&self) -> Vec<Problem> {
        self.problems.iter().chain(&self.date_problems).cloned().collect()
    }

    /// The words and phrases that must be there.
    pub(super) fn wanted(&self) -> impl Iterator<Item = &Term> {
        self.words.iter().filter(|word| !word.not).map(|word| &word.term)
    }

    /// Words from here on may be the groups of a number.
    fn join_numbers(&mut self, typed: &str, plain: &[Piece<'_>], first_word: usize) {
        let Some(words) = self.words.get_mut(first_word..) else { return };
        // A piece of punctuation is no word, and parts them as it does in a text.
        if words.len() != plain.len() || words.len() < 2 {
            return;
        }
        let mut terms: Vec<Term> = words.iter().map(|word| word.term.clone()).collect();
        for from in 0..plain.len() {
            for to in from + 1..plain.len().min(from + MAX_GROUPS) {
                let (Some(first), Some(last)) = (plain.get(from), plain.get(to)) else { return };
                let Some(whole) = typed.get(first.at..last.at + last.value.len()) else { return };
                if !Term::join(whole, terms.get_mut(from..=to).unwrap_or_default(), last.open) {
                    break;
                }
            }
        }
        for (word, term) in words.iter_mut().zip(terms) {
            word.term = term;
        }
    }

    fn add(&mut self, piece: &Piece<'_>) {
        let Some(operator) = piece.operator else {
            self.words
                .extend(Term::of(piece.value, piece.open && !piece.not).map(|term| WordTerm { term, not: piece.not }));
            return;
        };
        let value = piece.value.trim();
        if value.is_empty() {
            return;
        }
        let not = piece.not;
        let mut problem = |kind, pending: bool| {
            if !(piece.open && pending) {
                self.problems.push(Problem { kind, operator: operator.to_owned(), value: value.to_owned() });
            }
        };
        match operator {
            "from" | "in" => {
                let sender = operator == "from";
                let us = sender && !piece.quoted && matches!(fold(value).as_str(), "me" | "us");
                // A name need not be typed to its end, unless it stands in quotes.
                let words = value.split_whitespace().filter_map(|word| Term::of(word, !piece.closed)).collect();
                self.people.push(PersonTerm { sender, words: (!us).then_some(words), value: value.to_owned(), not });
            }
            "tag" => {
                let folded = fold(&value.split_whitespace().collect::<Vec<_>>().join(" "));
                self.tags.push(TagTerm { folded, value: value.to_owned(), open: piece.open, not });
            }
            "has" => {
                let folded = fold(value);
                match Has::named(&folded) {
                    Some(has) => self.has.push((has, not)),
                    None => problem(ProblemKind::BadHas, Has::begins(&folded)),
                }
            }
            _ => match When::parse(value) {
                Some(when) => self.dates.push(Date { operator, when, value: value.to_owned(), not }),
                None => problem(ProblemKind::BadDate, When::begins(value)),
            },
        }
    }

    /// Works out which stretches of time the dates leave.
    fn settle(&mut self, clock: Option<Millis>, offset_ms: &dyn Fn(Millis) -> Millis) {
        self.date_problems.clear();
        let mut spans = vec![(Millis::MIN, Millis::MAX)];
        let mut dated = false;
        for date in &self.dates {
            let Some((from, to)) = date.when.span(clock, offset_ms) else {
                let (operator, value) = (date.operator.to_owned(), date.value.clone());
                self.date_problems.push(Problem { kind: ProblemKind::BadDate, operator, value });
                continue;
            };
            dated = true;
            let (from, to) = match date.operator {
                "before" => (Millis::MIN, from),
                "after" => (to, Millis::MAX),
                _ => (from, to),
            };
            let left = if date.not { [(to, Millis::MAX), (Millis::MIN, from)] } else { [(from, to), (0, 0)] };
            spans = spans
                .iter()
                .flat_map(|span| left.map(|left| (span.0.max(left.0), span.1.min(left.1))))
                .filter(|(from, to)| from < to)
                .collect();
        }
        self.spans = dated.then_some(spans);
    }

    /// Where the words stand in a text, in UTF-16 code units: in order, none touching the next.
    pub(super) fn spans_in(&self, text: &str) -> Vec<(u32, u32)> {
        spans(self.wanted(), text)
    }
}

/// Where terms stand in a text, in UTF-16 code units: in order, none touching the next.
pub(super) fn spans<'a>(terms: impl Iterator<Item = &'a Term>, text: &str) -> Vec<(u32, u32)> {
    let folded = FoldedText::of(text);
    let mut found = Vec::new();
    terms.for_each(|term| term.find(&folded, &mut found));
    found.sort_unstable();
    let mut merged: Vec<(u32, u32)> = Vec::new();
    for (from, to) in found {
        match merged.last_mut() {
            Some((_, last)) if from <= *last => *last = to.max(*last),
            _ => merged.push((from, to)),
        }
    }
    merged
}

/// One word, phrase or operator as it was typed.
#[derive(Debug, PartialEq, Eq)]
struct Piece<'a> {
    operator: Option<&'static str>,
    /// Where its value stands in what was typed, in bytes.
    at: usize,
    value: &'a str,
    not: bool,
    quoted: bool,
    closed: bool,
    /// Whether the agent may still be typing it.
    open: bool,
}

impl Piece<'_> {
    /// Whether it is a word that must be there.
    fn is_plain(&self) -> bool {
        self.operator.is_none() && !self.not && !self.quoted
    }
}

/// Quotes as keyboards make them, one for another.
fn is_quote(c: char) -> bool {
    matches!(c, '"' | '“' | '”' | '„' | '‟' | '«' | '»' | '＂')
}

fn pieces(typed: &str) -> impl Iterator<Item = Piece<'_>> {
    let mut rest = typed;
    std::iter::from_fn(move || {
        rest = rest.trim_start();
        let (not, start) = match rest.strip_prefix('-') {
            Some(after) if !after.starts_with(|c: char| c.is_whitespace() || c == '-') && !after.is_empty() => {
                (true, after)
            }
            _ => (false, rest),
        };
        if start.is_empty() {
            return None;
        }
        let (operator, start) = operator(start).map_or((None, start), |(name, after)| (Some(name), after));
        let (value, quoted, closed, after) = match start.strip_prefix(is_quote) {
            Some(inside) => match inside.split_once(is_quote) {
                Some((value, after)) => (value, true, true, after),
                None => (inside, true, false, ""),
            },
            None => {
                let (value, after) = start.split_at_checked(start.find(char::is_whitespace).unwrap_or(start.len()))?;
                (value, false, false, after)
            }
        };
        rest = after;
        let at = typed.len() - start.len() + usize::from(quoted) * start.chars().next().map_or(0, char::len_utf8);
        Some(Piece { operator, at, value, not, quoted, closed, open: after.is_empty() && !closed })
    })
}

/// The operator that a piece begins with, and what follows its colon.
fn operator(start: &str) -> Option<(&'static str, &str)> {
    let (name, after) = start.split_once([':', '：'])?;
    let name = fold(name);
    OPERATORS.iter().find(|operator| **operator == name).map(|operator| (*operator, after))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn shape(typed: &str) -> String {
        let query = Query::parse(typed);
        let sign = |not: bool| if not { "-" } else { "" };
        let mut shape: Vec<String> =
            query.words.iter().map(|word| format!("{}{}", sign(word.not), word.term.expression())).collect();
        shape.extend(query.people.iter().map(|person| {
            let operator = if person.sender { "from" } else { "in" };
            let words = person
                .words
                .as_ref()
                .map_or("us".to_owned(), |words| words.iter().map(Term::expression).collect::<Vec<_>>().join(" "));
            format!("{}{operator}({words})", sign(person.not))
        }));
        shape.extend(query.tags.iter().map(|tag| format!("{}tag({})", sign(tag.not), tag.folded)));
        shape.extend(query.has.iter().map(|(has, not)| format!("{}{has:?}", sign(*not))));
        shape.extend(query.unread().iter().map(|problem| format!("{:?}({})", problem.kind, problem.value)));
        shape.join(" ")
    }

    #[test]
    fn a_query_is_words_phrases_and_operators() {
        for (typed, wanted) in [
            ("Linen shirt", r#""linen" "shirt"*"#),
            ("linen shirt ", r#""linen" "shirt""#),
            (r#""thank you" so"#, r#""thank you" "so"*"#),
            ("“thank you”", r#""thank you""#),
            (r#""thank yo"#, r#""thank yo"*"#),
            ("a -b -\"c d\" e", r#""a" -"b" -"c d" "e"*"#),
            ("-", ""),
            ("a -- b - c", r#""a" "b" "c"*"#),
            (r#"from:"Nadia Rahman" x "#, r#""x" from("nadia" "rahman")"#),
            ("from:nad -from:me", r#"from("nad"*) -from(us)"#),
            ("FROM：@nadia.r", r#"from(("nadia r"* OR "nadiar"*))"#),
            ("in:ana has:photos -has:link tag:VIP", r#"in("ana"*) tag(vip) Image -Link"#),
            (
                "size:XL http://a.de 10:30 ",
                r#"("size xl" OR "sizexl") ("http a de" OR "http ade") ("10 30" OR "1030")"#,
            ),
            (
                "+49 151 1234-5678",
                r#"("49" OR "49151" OR "4915112345678"*) ("151" OR "49151" OR "4915112345678"* OR "15112345678"*) ("1234 5678"* OR "12345678"* OR "4915112345678"* OR "15112345678"*)"#,
            ),
            ("order ab 1234", r#""order" ("ab" OR "ab1234"*) ("1234"* OR "ab1234"*)"#),
            ("order 10391 -ab 1234", r#""order" "10391" -"ab" "1234"*"#),
            ("\"0151\" 1234 ", r#""0151" "1234""#),
            ("from: has: before:", ""),
            ("has:im", ""),
            ("has:im ", "BadHas(im)"),
            ("has:gold before:soon", "BadHas(gold) BadDate(soon)"),
            ("on:today ", "BadDate(today)"),
            ("דו\"ח", r#"("דו ח"* OR "דוח"*)"#),
            ("10.5 ", r#""10 5""#),
        ] {
            assert_eq!(shape(typed), wanted, "{typed}");
        }
    }

    #[test]
    fn dates_leave_stretches_of_time_newest_first() {
        let day = |day: i64| day * 86_400_000;
        let spans = |typed: &str| Query::parse(typed).dated(day(20_762) + 1, |_| 0).spans;
        assert_eq!(spans("x"), None);
        assert_eq!(spans("on:2026-11-05"), Some(vec![(day(20_762), day(20_763))]));
        assert_eq!(spans("before:today"), Some(vec![(Millis::MIN, day(20_762))]));
        assert_eq!(spans("after:2026-10 before:2026-12"), Some(vec![(day(20_758), day(20_788))]));
        assert_eq!(
            spans("-on:yesterday after:2026-10"),
            Some(vec![(day(20_762), Millis::MAX), (day(20_758), day(20_761))])
        );
        assert_eq!(spans("on:today on:yesterday"), Some(vec![]));
    }
}
