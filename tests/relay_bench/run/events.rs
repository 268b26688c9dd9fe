//! Server-Sent Events in HTTP's chunks, taken apart by hand.

use anyhow::{Context, Result, ensure};

use super::http::find;

/// One frame of a stream.
#[derive(Debug)]
pub(crate) enum Frame {
    /// A heartbeat.
    Comment,
    /// Where the stream begins: its data.
    Hello(Vec<u8>),
    /// An event: its id, and its data.
    Event(String, Vec<u8>),
}

/// The frames of one stream.
#[derive(Debug, Default)]
pub(crate) struct Frames {
    /// What the chunks hold, and is no whole frame yet.
    text: Vec<u8>,
    /// How far it was searched for a frame's end.
    searched: usize,
    /// What is left of the chunk, with the line break behind it.
    chunk: usize,
}

impl Frames {
    /// The next whole frame in what was received.
    pub(crate) fn next(&mut self, received: &mut Vec<u8>) -> Result<Option<Frame>> {
        self.take_chunks(received)?;
        let from = self.searched.saturating_sub(1);
        let Some(end) = find(self.text.get(from..).unwrap_or_default(), b"\n\n") else {
            self.searched = self.text.len();
            return Ok(None);
        };
        let frame: Vec<u8> = self.text.drain(..from + end + 2).collect();
        self.searched = 0;
        let line = |name: &[u8]| {
            let found = frame.split(|byte| *byte == b'\n').find_map(|line| line.strip_prefix(name));
            found.map(<[u8]>::to_vec)
        };
        if frame.first() == Some(&b':') {
            return Ok(Some(Frame::Comment));
        }
        let data = line(b"data: ").context("a frame without data")?;
        if let Some(name) = line(b"event: ") {
            ensure!(name == b"hello", "an unknown frame");
            return Ok(Some(Frame::Hello(data)));
        }
        let id = line(b"id: ").context("an event without an id")?;
        Ok(Some(Frame::Event(String::from_utf8(id)?, data)))
    }

    fn take_chunks(&mut self, received: &mut Vec<u8>) -> Result<()> {
        let mut at = 0;
        loop {
            let rest = received.get(at..).unwrap_or_default();
            if self.chunk == 0 {
                let Some(end) = find(rest.get(..rest.len().min(20)).unwrap_or_default(), b"\r\n") else { break };
                let size = std::str::from_utf8(rest.get(..end).unwrap_or_default())?;
                let size = usize::from_str_radix(size.trim(), 16).context("the size of a chunk")?;
                ensure!(size > 0, "the stream has ended");
                self.chunk = size + 2;
                at += end + 2;
                continue;
            }
            if rest.is_empty() {
                break;
            }
            let taken = rest.len().min(self.chunk);
            // The last two bytes of a chunk are its line break.
            let text = taken.min(self.chunk.saturating_sub(2));
            self.text.extend_from_slice(rest.get(..text).unwrap_or_default());
            self.chunk -= taken;
            at += taken;
        }
        received.drain(..at);
        Ok(())
    }
}
