//! Saved replies as a table: CSV by RFC 4180.
//!
//! Written with commas, every cell in quotes, lines ending in CR LF, and with the mark by which spreadsheets know UTF-8. Read
//! as spreadsheets of different countries write them: with commas, semicolons, tabs or bars, with or without the line
//! `sep=;` that says which, with empty lines and columns around. And strictly: quotes that do not close would swallow
//! everything behind them, so the lenient readers there are will not do.
//!
//! A cell that a spreadsheet would take for a formula gets an apostrophe before it, as spreadsheets write text themselves,
//! and loses it again when it is read.

use std::borrow::Cow;
use std::collections::HashMap;

use model::text_fold::fold;
use model::{SavedReplyProblem, SavedReplyText};
use store::table::saved_reply::SavedReply;

use super::entry::{Entry, Picture, Read};
use crate::view::ImportRefusal;

const COLUMNS: [&str; 5] = ["name", "shortcut", "category", "text", "uses"];

/// All of them as a table.
pub(crate) fn write(replies: &[SavedReply]) -> Vec<u8> {
    let mut out = String::from("\u{FEFF}");
    line(&mut out, COLUMNS.map(Cow::Borrowed));
    for one in replies {
        let uses = one.uses.to_string();
        line(&mut out, [&one.name, &one.shortcut, &one.category, &one.body, &uses].map(|cell| neutral(cell)));
    }
    out.into_bytes()
}

/// Whether a spreadsheet may take a cell for a formula (OWASP, "CSV Injection"). It passes over what does not show.
fn is_formula(cell: &str) -> bool {
    if cell.starts_with(['\t', '\r', '\n', '\0']) {
        return true;
    }
    let unseen = |c: char| {
        c.is_whitespace()
            || c.is_control()
            || matches!(c, '\u{AD}' | '\u{200B}'..='\u{200F}' | '\u{202A}'..='\u{202E}' | '\u{2060}'..='\u{206F}' | '\u{FEFF}')
    };
    let shown = cell.trim_start_matches(unseen);
    let signs =
        ['=', '+', '-', '@', '＝', '＋', '－', '＠', '\u{2212}', '\u{FE62}', '\u{FE63}', '\u{FE66}', '\u{FE6B}'];
    shown.starts_with(signs)
}

/// A cell that is text to every spreadsheet. Apostrophes before a formula are doubled, so that all come back.
fn neutral(cell: &str) -> Cow<'_, str> {
    if is_formula(cell.trim_start_matches('\'')) { Cow::Owned(format!("'{cell}")) } else { Cow::Borrowed(cell) }
}

/// What was written before it was made neutral.
fn as_written(cell: &str) -> &str {
    match cell.strip_prefix('\'') {
        Some(rest) if is_formula(rest.trim_start_matches('\'')) => rest,
        _ => cell,
    }
}

fn line(out: &mut String, cells: [Cow<'_, str>; 5]) {
    for (at, cell) in cells.into_iter().enumerate() {
        out.push_str(if at == 0 { "\"" } else { ",\"" });
        out.push_str(&cell.replace('"', "\"\""));
        out.push('"');
    }
    out.push_str("\r\n");
}

/// Reads a table whose first line names its columns, in any order; those we do not know are passed over.
pub(super) fn read(text: &str) -> Result<Read, String> {
    let (said, start) = separator(text);
    let rest = text.get(start..).unwrap_or_default();
    let first_line = if start == 0 { 1 } else { 2 };
    // What stands between the columns is what makes columns of ours of the first line.
    let separators = said.map_or(SEPARATORS.to_vec(), |said| vec![said]);
    let mut header = Err("columns".to_owned());
    for between in separators {
        let mut rows = Rows { rest: rest.chars().peekable(), between, line: first_line };
        let names = rows.by_ref().find(|row| !row.as_ref().is_ok_and(Row::is_empty));
        match names {
            Some(Ok(names)) => {
                let columns = columns(&names);
                if columns.contains_key("name") && columns.contains_key("text") && !names.broken {
                    header = Ok((rows, columns, names.cells.len()));
                    break;
                }
            }
            Some(Err(quotes)) => header = Err(quotes),
            None => {}
        }
    }
    let (rows, columns, width) = header?;
    let mut read = Vec::new();
    for row in rows {
        let row = row?;
        if !row.is_empty() {
            read.push(entry(row, &columns, width));
        }
    }
    Ok(read)
}

/// What stands between columns, tried in this order.
const SEPARATORS: [char; 4] = [',', ';', '\t', '|'];

/// What a first line `sep=;` says stands between the columns, and where the table begins after it. Spreadsheets write it for
/// each other and pad it to the width of the table.
fn separator(text: &str) -> (Option<char>, usize) {
    let end = text.find(['\r', '\n']).unwrap_or(text.len());
    let (line, rest) = text.split_at(end);
    let start =
        text.len() - rest.strip_prefix("\r\n").or_else(|| rest.strip_prefix(['\r', '\n'])).unwrap_or(rest).len();
    let said = line.trim_start_matches(['\u{FEFF}', '"', ' ']);
    let Some(said) = said.get(..4).filter(|word| word.eq_ignore_ascii_case("sep=")).and_then(|_| said.get(4..)) else {
        return (None, 0);
    };
    let mut chars = said.chars();
    let said = match (chars.next(), chars.next()) {
        (Some('\\'), Some('t')) => Some('\t'),
        (said, _) => said.filter(|c| !matches!(c, '"' | '\r' | '\n')),
    };
    (said, start)
}

/// Which column is which, whatever the case and width its name is written in.
fn columns(names: &Row) -> HashMap<String, usize> {
    let plain = |name: &str| fold(name.trim_matches(|c: char| c.is_whitespace() || c == '\u{FEFF}'));
    let mut columns = HashMap::new();
    for (at, name) in names.cells.iter().enumerate() {
        columns.entry(plain(name)).or_insert(at);
    }
    columns
}

fn entry(row: Row, columns: &HashMap<String, usize>, width: usize) -> Result<Entry, ImportRefusal> {
    let cell = |name: &str| {
        columns.get(name).and_then(|at| row.cells.get(*at)).map(|cell| as_written(cell).to_owned()).unwrap_or_default()
    };
    let uses = cell("uses");
    let uses = if uses.trim().is_empty() { Some(0) } else { uses.trim().parse().ok() };
    let too_wide = row.cells.iter().skip(width).any(|cell| !cell.trim().is_empty());
    let Some(uses) = uses.filter(|_| !row.broken && !too_wide) else {
        let name = cell("name").chars().take(120).collect();
        return Err(ImportRefusal { place: row.line, name, problem: SavedReplyProblem::Unreadable });
    };
    let text = SavedReplyText {
        name: cell("name"),
        shortcut: cell("shortcut"),
        category: cell("category"),
        body: cell("text"),
        attachment: None,
    };
    Ok(Entry { place: row.line, text, uses, used_at_ms: None, picture: Picture::Unsaid })
}

/// A line of the table, which may be several of the file.
struct Row {
    /// Where it begins, counted from 1.
    line: u32,
    cells: Vec<String>,
    /// Whether something stood between a closing quote and the end of its cell.
    broken: bool,
}

impl Row {
    fn is_empty(&self) -> bool {
        self.cells.iter().all(|cell| cell.trim().is_empty()) && !self.broken
    }
}

struct Rows<'a> {
    rest: std::iter::Peekable<std::str::Chars<'a>>,
    between: char,
    line: u32,
}

impl Rows<'_> {
    /// The inside of quotes, which end where two do not stand together.
    fn quoted(&mut self, cell: &mut String) -> Result<(), String> {
        let opened = self.line;
        loop {
            match self.rest.next() {
                None => return Err(format!("quotes:{opened}")),
                Some('"') if self.rest.next_if_eq(&'"').is_some() => cell.push('"'),
                Some('"') => return Ok(()),
                Some(c) => {
                    self.count(c);
                    cell.push(c);
                }
            }
        }
    }

    /// Counts lines as every editor does: CR LF is one end.
    fn count(&mut self, c: char) {
        if c == '\n' || (c == '\r' && self.rest.peek() != Some(&'\n')) {
            self.line += 1;
        }
    }
}

impl Iterator for Rows<'_> {
    type Item = Result<Row, String>;

    fn next(&mut self) -> Option<Self::Item> {
        self.rest.peek()?;
        let mut row = Row { line: self.line, cells: Vec::new(), broken: false };
        let (mut cell, mut closed) = (String::new(), false);
        loop {
            match self.rest.next() {
                Some('"') if cell.is_empty() && !closed => {
                    if let Err(detail) = self.quoted(&mut cell) {
                        return Some(Err(detail));
                    }
                    closed = true;
                }
                Some(c) if c == self.between => {
                    row.cells.push(std::mem::take(&mut cell));
                    closed = false;
                }
                Some('\r') if self.rest.peek() == Some(&'\n') => {}
                None | Some('\n' | '\r') => {
                    row.cells.push(cell);
                    self.line += 1;
                    return Some(Ok(row));
                }
                Some(_) if closed => row.broken = true,
                Some(c) => cell.push(c),
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn told(text: &str) -> Vec<String> {
        let told = |one: Result<Entry, ImportRefusal>| match one {
            Ok(Entry { place, text, uses, .. }) => format!("{place} {}={} ({uses})", text.name, text.body),
            Err(refusal) => format!("{} {} {:?}", refusal.place, refusal.name, refusal.problem),
        };
        read(text).map_or_else(|detail| vec![detail], |read| read.into_iter().map(told).collect())
    }

    #[test]
    fn tables_are_read_as_spreadsheets_of_all_countries_write_them() {
        for text in [
            "name,text,uses\r\n\"a, b\",\"x\r\ny \"\"z\"\"\",3\r\nc,d,\r\n",
            "text;NAME;uses;extra\n\"x\r\ny \"\"z\"\"\";a, b;3;\n\n;;;\nd;c;;9",
            "name\ttext\tuses\ra, b\t\"x\r\ny \"\"z\"\"\"\t3\rc\td\r",
        ] {
            let told = told(text);
            assert_eq!(told.len(), 2, "{text:?}: {told:?}");
            assert_eq!(told[0], "2 a, b=x\r\ny \"z\" (3)", "{text:?}");
            assert!(told[1].ends_with(" c=d (0)"), "{text:?}");
        }
    }

    #[test]
    fn what_a_spreadsheet_writes_around_a_table_is_no_part_of_it() {
        for text in [
            "sep=;\r\nname;text\r\nHello;Hi there\r\n",
            "SEP=;\nname;text\nHello;Hi there\n",
            "\"sep=;\"\r\nname;text\r\nHello;Hi there\r\n",
            "sep=;;;\r\nname;text;;\r\nHello;Hi there;;\r\n",
            "sep=,\r\nName,Text\r\nHello,Hi there\r\n",
            "sep=\t\rname\ttext\rHello\tHi there\r",
            "sep=\\t\nname\ttext\nHello\tHi there\n",
            "sep=^\nname^text\nHello^Hi there\n",
            "sep=|\n\n\u{FEFF} TEXT |\u{A0}Ｎａｍｅ\nHi there|Hello\n|\n||\n",
            "name|text\nHello|Hi there\n",
            "\n;;\nname;text;\nHello;Hi there;\n",
            "\"name, and more\";name;text\n;Hello;Hi there\n",
            "\"a\n;b;\n\",name,text\n,Hello,Hi there\n",
        ] {
            let told = told(text);
            assert!(told.len() == 1 && told[0].ends_with(" Hello=Hi there (0)"), "{text:?}: {told:?}");
        }
        assert_eq!(
            told("sep=;\r\n\r\nname;text\r\nHello;Hi there\r\n"),
            ["4 Hello=Hi there (0)"],
            "its line in the file"
        );
        assert_eq!(told("sep=;\na;b\n"), ["columns"]);
        assert_eq!(told("sep=;"), ["columns"]);
        assert_eq!(told("name;text\nsep=,;x\n"), ["2 sep=,=x (0)"], "only before the table");
    }

    #[test]
    fn no_cell_is_a_formula_to_a_spreadsheet_and_all_come_back_as_they_were() {
        let cells = [
            "=1+1",
            "+49 151",
            "-5 %",
            "@SUM",
            "\t=1",
            "\r=1",
            "\n=1",
            " =1",
            "\u{A0}=1",
            "＝1",
            "＋1",
            "－1",
            "＠x",
            "\u{FEFF}=1",
            "\u{200B}=1",
            "'=1",
            "''=1",
            "' =1",
            "'tis",
            "''",
            "'",
            "\u{2212}1",
            "\u{FE63}1",
            "a=1",
            "|x",
            "%0A=1",
            "\u{1}=1",
        ];
        for cell in cells {
            let safe = neutral(cell);
            let first = safe.trim_start_matches(|c: char| c.is_whitespace() || c.is_control()).chars().next();
            assert!(
                !first.is_some_and(|c| "=+-@＝＋－＠\u{2212}\u{FE62}\u{FE63}\u{FE66}\u{FE6B}".contains(c))
                    || safe.starts_with('\''),
                "{safe:?}"
            );
            assert!(!safe.starts_with(['\t', '\r', '\n', '\u{1}']), "{safe:?}");
            assert_eq!(as_written(&safe), cell);
        }
        for cell in ["=1", "'tis", "plain", "", "it's =1"] {
            assert_eq!(as_written(cell), cell, "what another program wrote stays");
        }
    }

    #[test]
    fn what_is_broken_is_told_with_its_line_and_the_rest_is_read() {
        assert_eq!(
            told("name,text,uses\n\"a\nb\"c,x,1\nd,e,many\nf,g,1,h\ni,j\nk \"l\",m\n"),
            ["2 a\nb Unreadable", "4 d Unreadable", "5 f Unreadable", "6 i=j (0)", "7 k \"l\"=m (0)"]
        );
        assert_eq!(told("name,text\na,b\nc,\"d\ne,f\n"), ["quotes:3"]);
        for text in ["", "\n", "a,b\nc,d\n", "name,shortcut\na,b\n", "{\"replies\": []}"] {
            assert_eq!(told(text), ["columns"], "{text:?}");
        }
    }
}
