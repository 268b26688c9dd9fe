//! Saved replies as a table: CSV by RFC 4180.
//!
//! Written with commas, every cell in quotes, lines ending in CR LF, and with the mark by which spreadsheets know UTF-8. Read
//! with commas, semicolons or tabs, as spreadsheets of different countries write them, and strictly: quotes that do not
//! close would swallow everything behind them.

use std::collections::HashMap;

use model::{SavedReplyProblem, SavedReplyText};
use store::table::saved_reply::SavedReply;

use super::{Entry, Picture, Read};
use crate::view::ImportRefusal;

const COLUMNS: [&str; 5] = ["name", "shortcut", "category", "text", "uses"];

/// All of them as a table.
pub(crate) fn write(replies: &[SavedReply]) -> Vec<u8> {
    let mut out = String::from("\u{FEFF}");
    line(&mut out, COLUMNS);
    for one in replies {
        let uses = one.uses.to_string();
        line(&mut out, [&one.name, &one.shortcut, &one.category, &one.body, &uses].map(String::as_str));
    }
    out.into_bytes()
}

fn line(out: &mut String, cells: [&str; 5]) {
    for (at, cell) in cells.into_iter().enumerate() {
        out.push_str(if at == 0 { "\"" } else { ",\"" });
        out.push_str(&cell.replace('"', "\"\""));
        out.push('"');
    }
    out.push_str("\r\n");
}

/// Reads a table whose first line names its columns, in any order; those we do not know are passed over.
pub(super) fn read(text: &str) -> Result<Read, String> {
    let mut rows = Rows::of(text);
    let names = rows.next().transpose()?.ok_or("columns")?;
    let columns: HashMap<String, usize> =
        names.cells.iter().enumerate().map(|(at, name)| (name.trim().to_lowercase(), at)).collect();
    if names.broken || !(columns.contains_key("name") && columns.contains_key("text")) {
        return Err("columns".to_owned());
    }
    let mut read = Vec::new();
    for row in rows {
        let row = row?;
        if row.cells.iter().all(|cell| cell.trim().is_empty()) && !row.broken {
            continue;
        }
        read.push(entry(row, &columns, names.cells.len()));
    }
    Ok(read)
}

fn entry(row: Row, columns: &HashMap<String, usize>, width: usize) -> Result<Entry, ImportRefusal> {
    let cell = |name: &str| columns.get(name).and_then(|at| row.cells.get(*at)).cloned().unwrap_or_default();
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

struct Rows<'a> {
    rest: std::iter::Peekable<std::str::Chars<'a>>,
    between: char,
    line: u32,
}

impl<'a> Rows<'a> {
    fn of(text: &'a str) -> Self {
        let first = text.lines().next().unwrap_or_default();
        let count = |c: char| first.matches(c).count();
        let between = [',', ';', '\t'].into_iter().max_by_key(|c| (count(*c), *c == ',')).unwrap_or(',');
        Self { rest: text.chars().peekable(), between, line: 1 }
    }

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
