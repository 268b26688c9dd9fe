//! Saved replies: texts an agent writes once and uses often, with blanks that are filled in for each customer.
//!
//! A variable stands in double braces, on one line: a name, and after a bar what stands there if it is not known, as in
//! `{{customer|there}}`. A backslash before the braces makes them ordinary (`\{{`), two are a backslash and a variable. Single
//! braces, closing braces alone and braces without a name are ordinary too. What is filled in is never read for variables.

use serde::{Deserialize, Serialize};
use ts_rs::TS;

use crate::MAX_REPLY_CHARS;
use crate::name::{clean_name, is_blank};

/// A longer name is refused: it is a label, not a text.
const LONGEST_NAME: usize = 120;
/// Shortcut and category are shorter still.
const LONGEST_WORD: usize = 60;

/// A saved reply as the agent edits it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, TS)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct SavedReplyText {
    /// What the agent finds it by.
    pub name: String,
    /// What is typed after `/` to insert it at once; empty for none. No spaces, unique among all.
    pub shortcut: String,
    /// Under what it is listed; empty for none.
    pub category: String,
    /// The text, with variables such as `{{customer|there}}`: a name, and after the bar what stands there if it is not known.
    pub body: String,
    /// The key of its picture in the media vault.
    pub attachment: Option<String>,
}

/// What a variable of a saved reply stands for. Any other name in braces is a blank that the agent fills in.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize, TS)]
#[serde(rename_all = "camelCase")]
pub enum Variable {
    /// `{{customer}}`: the customer's name.
    Customer,
    /// `{{agent}}`: the agent's name.
    Agent,
    /// `{{account}}`: the account's display name.
    Account,
    /// `{{date}}`: today, in the account's time zone.
    Date,
}

/// What was wrong with a saved reply.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize, TS)]
#[serde(rename_all = "camelCase")]
pub enum SavedReplyProblem {
    /// It has no name.
    NoName,
    /// It has neither text nor picture.
    Empty,
    /// Its text is longer than TikTok takes.
    TooLong,
    /// Its name has more than 120 characters, or its shortcut or category more than 60.
    LabelTooLong,
    /// Its shortcut has spaces in it.
    ShortcutInvalid,
    /// Another one has this shortcut.
    ShortcutTaken,
    /// A variable's braces are not closed.
    BracesOpen,
    /// Its picture is none that can be sent, or is not here.
    PictureInvalid,
    /// It cannot be read: cells are missing or too many, or something is not the kind of thing it should be.
    Unreadable,
}

impl Variable {
    /// The name it has in braces.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Customer => "customer",
            Self::Agent => "agent",
            Self::Account => "account",
            Self::Date => "date",
        }
    }

    /// The variable of this name, however it is capitalised.
    fn named(name: &str) -> Option<Self> {
        [Self::Customer, Self::Agent, Self::Account, Self::Date]
            .into_iter()
            .find(|one| one.name().eq_ignore_ascii_case(name))
    }
}

/// A piece of a saved reply with its variables filled in.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum ReplyPart {
    /// Words that are known.
    Text(String),
    /// Words that only an agent knows.
    Blank {
        /// Its name; the same name is the same blank.
        name: String,
        /// What stands there unless the agent says otherwise; may be empty.
        fallback: String,
    },
}

/// Makes a text ready: variables become what is known of them, else what stands behind their bar; a variable without either
/// is a blank, as is every other name. Neighbouring words are one part, and one name is one blank in one spelling.
///
/// # Errors
/// [`SavedReplyProblem::BracesOpen`]
pub fn fill(body: &str, known: impl Fn(Variable) -> Option<String>) -> Result<Vec<ReplyPart>, SavedReplyProblem> {
    let mut parts: Vec<ReplyPart> = Vec::new();
    for piece in pieces(body) {
        match piece? {
            Piece::Text(text) => push(&mut parts, text),
            Piece::Braces { name, fallback } => {
                let variable = Variable::named(name);
                // Names are whatever people chose: on one line, and nothing that draws nothing goes out.
                let value = variable.and_then(&known).map(|value| clean_name(&value)).filter(|value| !value.is_empty());
                match value.or_else(|| variable.and(fallback).map(str::to_owned)) {
                    Some(text) => push(&mut parts, &text),
                    None => parts.push(ReplyPart::Blank {
                        name: variable.map_or(name, |one| one.name()).to_owned(),
                        fallback: fallback.unwrap_or_default().to_owned(),
                    }),
                }
            }
        }
    }
    agree(&mut parts);
    Ok(parts)
}

/// The names of a text's blanks, each once, in order. A variable is none, though one without a bar may turn out to be.
#[must_use]
pub fn blanks(body: &str) -> Vec<String> {
    let mut names: Vec<String> = Vec::new();
    for piece in pieces(body).map_while(Result::ok) {
        if let Piece::Braces { name, .. } = piece
            && Variable::named(name).is_none()
            && !names.iter().any(|known| is_same(known, name))
        {
            names.push(name.to_owned());
        }
    }
    names
}

impl SavedReplyText {
    /// The saved reply as it will be kept: its name on one line, its shortcut without the stroke, line ends of one kind.
    /// Nothing is ever cut.
    ///
    /// # Errors
    /// [`SavedReplyProblem`]; whether a shortcut is taken only the store knows.
    pub fn validated(&self) -> Result<Self, SavedReplyProblem> {
        let one_line = |text: &str| text.replace('\0', "").split_whitespace().collect::<Vec<_>>().join(" ");
        let (name, category) = (one_line(&self.name), one_line(&self.category));
        let shortcut = self.shortcut.replace('\0', "").trim().trim_start_matches('/').to_owned();
        let body = self.body.replace("\r\n", "\n").replace('\r', "\n").replace('\0', "");
        if is_blank(&name) {
            return Err(SavedReplyProblem::NoName);
        }
        if shortcut.chars().any(|c| c.is_whitespace() || c.is_control())
            || (!shortcut.is_empty() && is_blank(&shortcut))
        {
            return Err(SavedReplyProblem::ShortcutInvalid);
        }
        let long = |text: &str, most: usize| text.chars().count() > most;
        if long(&name, LONGEST_NAME) || long(&shortcut, LONGEST_WORD) || long(&category, LONGEST_WORD) {
            return Err(SavedReplyProblem::LabelTooLong);
        }
        if is_blank(&body) && self.attachment.is_none() {
            return Err(SavedReplyProblem::Empty);
        }
        if long(&body, MAX_REPLY_CHARS) {
            return Err(SavedReplyProblem::TooLong);
        }
        fill(&body, |_| None)?;
        Ok(Self { name, shortcut, category, body, attachment: self.attachment.clone() })
    }
}

/// A text cut at its variables.
enum Piece<'a> {
    Text(&'a str),
    Braces { name: &'a str, fallback: Option<&'a str> },
}

fn pieces(body: &str) -> impl Iterator<Item = Result<Piece<'_>, SavedReplyProblem>> {
    let mut rest = body;
    std::iter::from_fn(move || {
        let (piece, after) = next_piece(rest)?;
        rest = after;
        Some(piece)
    })
}

type Cut<'a> = (Result<Piece<'a>, SavedReplyProblem>, &'a str);

fn next_piece(rest: &str) -> Option<Cut<'_>> {
    let at = rest.find("{{").unwrap_or(rest.len());
    let (before, braces) = rest.split_at_checked(at)?;
    if braces.is_empty() {
        return (!before.is_empty()).then_some((Ok(Piece::Text(before)), ""));
    }
    let kept = before.trim_end_matches('\\');
    let slashes = before.len() - kept.len();
    if slashes > 0 {
        let (text, _) = rest.split_at_checked(kept.len() + slashes / 2)?;
        return match (slashes % 2, text.is_empty()) {
            (0, _) => Some((Ok(Piece::Text(text)), braces)),
            (_, true) => braces.split_at_checked(2).map(|(two, after)| (Ok(Piece::Text(two)), after)),
            // The last backslash stays with its braces for the next piece.
            (_, false) => Some((Ok(Piece::Text(text)), rest.get(before.len() - 1..)?)),
        };
    }
    if !before.is_empty() {
        return Some((Ok(Piece::Text(before)), braces));
    }
    let inside = braces.strip_prefix("{{")?;
    let open = Some((Err(SavedReplyProblem::BracesOpen), ""));
    let Some((words, after)) = inside.split_once("}}") else { return open };
    if words.contains("{{") || words.contains('\n') {
        return open;
    }
    let (name, fallback) = words.split_once('|').map_or((words, None), |(name, fallback)| (name, Some(fallback)));
    let name = name.trim();
    if is_blank(name) {
        return braces.split_at_checked(words.len() + 4).map(|(all, after)| (Ok(Piece::Text(all)), after));
    }
    Some((Ok(Piece::Braces { name, fallback }), after))
}

fn push(parts: &mut Vec<ReplyPart>, text: &str) {
    match parts.last_mut() {
        _ if text.is_empty() => {}
        Some(ReplyPart::Text(last)) => last.push_str(text),
        _ => parts.push(ReplyPart::Text(text.to_owned())),
    }
}

fn is_same(one: &str, other: &str) -> bool {
    one == other || one.to_lowercase() == other.to_lowercase()
}

/// One name is one blank: all of a name take the first one's spelling, and the first fallback that says something.
fn agree(parts: &mut [ReplyPart]) {
    let mut agreed: Vec<(String, String)> = Vec::new();
    for part in parts.iter() {
        if let ReplyPart::Blank { name, fallback } = part {
            match agreed.iter_mut().find(|(known, _)| is_same(known, name)) {
                Some((_, kept)) if kept.is_empty() => kept.clone_from(fallback),
                Some(_) => {}
                None => agreed.push((name.clone(), fallback.clone())),
            }
        }
    }
    for part in parts {
        if let ReplyPart::Blank { name, fallback } = part
            && let Some((known, kept)) = agreed.iter().find(|(known, _)| is_same(known, name))
        {
            name.clone_from(known);
            fallback.clone_from(kept);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn known(variable: Variable) -> Option<String> {
        match variable {
            Variable::Customer => Some("{{agent}} Ana".to_owned()),
            Variable::Account => Some("Maison Bloom".to_owned()),
            Variable::Agent | Variable::Date => None,
        }
    }

    fn shown(body: &str) -> String {
        let Ok(parts) = fill(body, known) else { return "open".to_owned() };
        let shown = parts.into_iter().map(|part| match part {
            ReplyPart::Text(text) => text,
            ReplyPart::Blank { name, fallback } => format!("[{name}:{fallback}]"),
        });
        shown.collect()
    }

    fn text(name: &str, shortcut: &str, body: &str) -> SavedReplyText {
        let [name, shortcut, body] = [name, shortcut, body].map(str::to_owned);
        SavedReplyText { name, shortcut, category: String::new(), body, attachment: None }
    }

    #[test]
    fn a_text_is_filled_with_what_is_known_and_the_rest_is_blank() {
        for (body, expected) in [
            ("Hi {{customer|there}}, this is {{ Account }}.", "Hi {{agent}} Ana, this is Maison Bloom."),
            ("{{agent|We}} are here", "We are here"),
            ("{{agent|}}!", "!"),
            ("{{agent}}: {{DATE}}", "[agent:]: [date:]"),
            ("{{size}} or {{Size|M}} {{size|L}}", "[size:M] or [size:M] [size:M]"),
            ("{{order number|0| 1}}", "[order number:0| 1]"),
            ("{one} }} {{}} {{ |x}} {{{", "open"),
            ("{one} }} {{}} {{ |x}} {", "{one} }} {{}} {{ |x}} {"),
            (r"\{{customer}} \\{{account}} \ \n", r"{{customer}} \Maison Bloom \ \n"),
            (r"x\\\{{agent}} \\\\{{account}}", r"x\{{agent}} \\Maison Bloom"),
            ("ไซซ์ {{ไซซ์|เอ็ม}} 👍🏽", "ไซซ์ [ไซซ์:เอ็ม] 👍🏽"),
            ("{{customer", "open"),
            ("{{customer\n}}", "open"),
            ("{{customer|{{agent}}}}", "open"),
            ("", ""),
        ] {
            assert_eq!(shown(body), expected, "{body}");
        }
    }

    #[test]
    fn a_name_is_filled_in_on_one_line_and_without_what_draws_nothing() {
        for (name, expected) in [
            ("Ben\u{202E}gnp.exe", "Hi Bengnp.exe, your code is 12345."),
            ("Line\nbreak", "Hi Line break, your code is 12345."),
            ("NUL\0in\u{7}name", "Hi NULinname, your code is 12345."),
            ("\u{3164}", "Hi there, your code is 12345."),
            (" \u{2800}\r\n", "Hi there, your code is 12345."),
            ("👩\u{200D}👧", "Hi 👩\u{200D}👧, your code is 12345."),
        ] {
            let known = |variable| (variable == Variable::Customer).then(|| name.to_owned());
            let parts = fill("Hi {{customer|there}}, your code is 12345.", known).unwrap();
            assert_eq!(parts, [ReplyPart::Text(expected.to_owned())], "{name:?}");
        }
        let parts = fill("Hi {{customer}}", |_| Some("\u{3164}".to_owned())).unwrap();
        assert!(matches!(&parts[1], ReplyPart::Blank { name, .. } if name == "customer"), "{parts:?}");
    }

    #[test]
    fn blanks_are_named_once_and_variables_are_none() {
        assert_eq!(blanks("{{customer}} {{Size}} {{size|M}} {{colour}} \\{{x}}"), ["Size", "colour"]);
        assert_eq!(blanks("{{a}} {{b"), ["a"]);
    }

    #[test]
    fn a_saved_reply_that_makes_no_sense_is_refused_and_nothing_is_cut() {
        use SavedReplyProblem as Problem;
        let long = "é".repeat(MAX_REPLY_CHARS);
        for (one, expected) in [
            (text(" \u{200B}", "", "x"), Problem::NoName),
            (text("x", "a b", "x"), Problem::ShortcutInvalid),
            (text("x", "\u{200B}", "x"), Problem::ShortcutInvalid),
            (text(&"x".repeat(121), "", "x"), Problem::LabelTooLong),
            (text("x", "", " \n"), Problem::Empty),
            (text("x", "", &format!("{long}x")), Problem::TooLong),
            (text("x", "", "{{x"), Problem::BracesOpen),
        ] {
            assert_eq!(one.validated(), Err(expected), "{one:?}");
        }
        assert_eq!(text("x", "", &long).validated().map(|kept| kept.body), Ok(long));
        assert_eq!(text(" a \n b ", " /hi ", " x\r\ny\r").validated(), Ok(text("a b", "hi", " x\ny\n")));
        let picture = SavedReplyText { attachment: Some("key".to_owned()), ..text("x", "", "") };
        assert_eq!(picture.validated(), Ok(picture.clone()));
    }
}
