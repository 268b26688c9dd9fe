//! A body of named parts, for the one kind of call that carries a file ("Media upload").

use crate::error::{Error, UnreachableWhy};
use bytes::Bytes;
use reqwest::multipart;
use std::fmt;

/// A `multipart/form-data` body: named texts and one file. Cheap to clone and to build anew, as the file's bytes are
/// shared. `Debug` leaves out what the parts hold.
#[derive(Clone)]
pub struct Form {
    /// Names and values, in the order they are written.
    pub texts: Vec<(&'static str, String)>,
    /// Written last, so that the server knows what it is for before it comes.
    pub file: FilePart,
}

/// A file in a [`Form`]. `Debug` leaves its name and its bytes out.
#[derive(Clone)]
pub struct FilePart {
    /// The part's name: `file`.
    pub name: &'static str,
    /// The file's name as the server is told it; quotes and control characters become `_`.
    pub file_name: String,
    /// Such as `image/png`; a call with one that no header can carry never leaves.
    pub mime: String,
    /// The content.
    pub bytes: Bytes,
}

impl Form {
    /// For one request. The boundary is random, and the length is known: nothing is sent in chunks.
    pub(crate) fn encode(self) -> Result<multipart::Form, Error> {
        let FilePart { name, file_name, mime, bytes } = self.file;
        let length = u64::try_from(bytes.len()).unwrap_or(u64::MAX);
        let file = multipart::Part::stream_with_length(bytes, length)
            .file_name(harmless(&file_name))
            .mime_str(&mime)
            .map_err(|_| Error::Unreachable {
            why: UnreachableWhy::NotBuilt,
            detail: "the file's kind is not one a header can carry".to_owned(),
        })?;
        let texts = self.texts.into_iter();
        Ok(texts.fold(multipart::Form::new(), |form, (name, value)| form.text(name, value)).part(name, file))
    }
}

/// A file's name stands inside quotes, in a header of its part: one with a quote or a line's end would begin another.
fn harmless(file_name: &str) -> String {
    file_name.chars().map(|c| if c.is_control() || matches!(c, '"' | '\\') { '_' } else { c }).collect()
}

impl fmt::Debug for Form {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Form").field("texts", &self.texts.len()).field("file", &self.file).finish()
    }
}

impl fmt::Debug for FilePart {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("FilePart").field("mime", &self.mime).field("bytes", &self.bytes.len()).finish_non_exhaustive()
    }
}
