//! `multipart/form-data`, read strictly by RFC 7578.

use std::collections::BTreeMap;

use axum::http::{HeaderMap, header};

use crate::refusal::Refusal;

/// One part of a form.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct FormPart<'a> {
    /// Whether it has a file name, which is what makes a part a file.
    pub(crate) is_file: bool,
    pub(crate) bytes: &'a [u8],
}

/// The parts by their names.
pub(crate) type MultipartForm<'a> = BTreeMap<String, FormPart<'a>>;

/// Reads a form.
pub(crate) fn form<'a>(headers: &HeaderMap, body: &'a [u8]) -> Result<MultipartForm<'a>, Refusal> {
    let kind = headers.get(header::CONTENT_TYPE).and_then(|kind| kind.to_str().ok()).unwrap_or_default();
    boundary(kind)
        .and_then(|boundary| parts(body, &boundary))
        .ok_or_else(|| Refusal::new(40002, "The request body is not valid multipart/form-data"))
}

/// A field's text; an empty one is missing.
pub(crate) fn text<'a>(form: &MultipartForm<'a>, name: &str) -> Result<&'a str, Refusal> {
    let part = form.get(name).filter(|part| !part.bytes.is_empty()).ok_or_else(|| Refusal::missing(name))?;
    std::str::from_utf8(part.bytes).map_err(|_| Refusal::param(name))
}

fn boundary(content_type: &str) -> Option<String> {
    let mut pieces = content_type.split(';').map(str::trim);
    if !pieces.next()?.eq_ignore_ascii_case("multipart/form-data") {
        return None;
    }
    let value = pieces.find_map(|piece| attribute(piece, "boundary"))?;
    (!value.is_empty()).then_some(value)
}

/// The value of `name=value` or `name="value"`.
fn attribute(piece: &str, name: &str) -> Option<String> {
    let (key, value) = piece.split_once('=')?;
    key.trim().eq_ignore_ascii_case(name).then(|| value.trim().trim_matches('"').to_owned())
}

fn parts<'a>(body: &'a [u8], boundary: &str) -> Option<MultipartForm<'a>> {
    let mut form = MultipartForm::new();
    let between = format!("\r\n--{boundary}");
    // The first delimiter has no line break of its own if nothing is before it.
    let mut rest = match body.strip_prefix(format!("--{boundary}").as_bytes()) {
        Some(rest) => rest,
        None => split(body, between.as_bytes())?.1,
    };
    loop {
        if rest.starts_with(b"--") {
            return Some(form);
        }
        let (part, after) = split(rest.strip_prefix(b"\r\n")?, between.as_bytes())?;
        let (head, bytes) = split(part, b"\r\n\r\n")?;
        let disposition = std::str::from_utf8(head).ok()?.split("\r\n").find_map(disposition)?;
        let value = |name: &str| disposition.split(';').find_map(|piece| attribute(piece, name));
        form.insert(value("name")?, FormPart { is_file: value("filename").is_some(), bytes });
        rest = after;
    }
}

fn disposition(line: &str) -> Option<&str> {
    let (name, value) = line.split_once(':')?;
    let value = value.trim().strip_prefix("form-data")?;
    name.trim().eq_ignore_ascii_case("content-disposition").then_some(value)
}

/// What is before and what is after the first `needle`.
fn split<'a>(hay: &'a [u8], needle: &[u8]) -> Option<(&'a [u8], &'a [u8])> {
    let first = *needle.first()?;
    let mut from = 0;
    // By the first byte, which is rare: three megabytes are looked through in a test's patience.
    loop {
        let at = from + hay.get(from..)?.iter().position(|byte| *byte == first)?;
        let (before, after) = hay.split_at_checked(at)?;
        if let Some(after) = after.strip_prefix(needle) {
            return Some((before, after));
        }
        from = at + 1;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const BODY: &[u8] = b"--xx\r\nContent-Disposition: form-data; name=\"business_id\"\r\n\r\n_000\r\n--xx\r\n\
        Content-Disposition: form-data; name=\"file\"; filename=\"a;b.png\"\r\nContent-Type: image/png\r\n\r\n\
        \x89PNG\r\n--x\r\n\0\r\n--xx--\r\n";

    #[test]
    fn a_form_is_taken_apart_to_the_byte() {
        let form = parts(BODY, "xx").unwrap();
        assert_eq!(form["business_id"], FormPart { is_file: false, bytes: b"_000" });
        assert_eq!(form["file"], FormPart { is_file: true, bytes: b"\x89PNG\r\n--x\r\n\0" });
        assert_eq!(form.len(), 2);
    }

    #[test]
    fn what_is_not_quite_a_form_is_none() {
        assert_eq!(parts(BODY, "yy"), None);
        assert_eq!(parts(&BODY[..BODY.len() - 8], "xx"), None, "it does not end");
        assert_eq!(parts(b"--xx\r\n\r\nno head\r\n--xx--", "xx"), None);
        assert_eq!(parts(b"", "xx"), None);
    }

    #[test]
    fn the_boundary_comes_with_and_without_quotes() {
        assert_eq!(boundary("multipart/form-data; boundary=abc").as_deref(), Some("abc"));
        assert_eq!(boundary("Multipart/Form-Data; charset=utf-8; Boundary=\"a b\"").as_deref(), Some("a b"));
        assert_eq!(boundary("multipart/form-data"), None);
        assert_eq!(boundary("application/json; boundary=abc"), None);
    }
}
