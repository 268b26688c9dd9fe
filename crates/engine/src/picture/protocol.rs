//! What the engine and the picture decoder's process say to each other over its standard input and output.
//!
//! A request is the purpose (one byte), the length (four bytes, little-endian) and the file. An answer is the length of its
//! head (four bytes), the head as JSON, and the encoded picture, whose length the head names.

use std::io::{self, Read, Write};

use serde::{Deserialize, Serialize};
use store::table::media::StoredImage;
use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt};

use super::{JPEG, MAX_SIDE, PNG, Picture, Problem, Purpose, key};

/// The largest file that is decoded: what the desk takes from an agent (32 MiB).
pub(crate) const MAX_REQUEST_BYTES: usize = 32 * 1024 * 1024;
/// The largest picture of our own making: a transparent one of 1600 by 1600 pixels that does not compress, with room to spare.
const MAX_PICTURE_BYTES: usize = 16 * 1024 * 1024;
const MAX_HEAD_BYTES: usize = 4 * 1024;

/// The head of an answer.
#[derive(Debug, Serialize, Deserialize)]
pub(crate) struct Answer {
    outcome: Result<Made, Problem>,
    /// Whether the process ends with this answer: the picture took much memory, or the process has served its time.
    pub(crate) is_last: bool,
    /// The highest memory use of the process so far, in kB; 0 where the system does not tell.
    pub(crate) peak_kb: u64,
}

/// The picture that follows the head.
#[derive(Debug, Serialize, Deserialize)]
struct Made {
    is_png: bool,
    width: u32,
    height: u32,
    first_frame: bool,
    bytes: usize,
}

/// Reads a request; none where the engine has closed the pipe between two requests.
pub(super) fn read_request(input: &mut impl Read) -> io::Result<Option<(Purpose, Vec<u8>)>> {
    let mut purpose = [0];
    if input.read(&mut purpose)? == 0 {
        return Ok(None);
    }
    let purpose = if purpose == [1] { Purpose::Send } else { Purpose::Keep };
    let mut length = [0; 4];
    input.read_exact(&mut length)?;
    let mut file = vec![0; checked(u32::from_le_bytes(length), MAX_REQUEST_BYTES)?];
    input.read_exact(&mut file)?;
    Ok(Some((purpose, file)))
}

pub(super) fn write_answer(
    output: &mut impl Write,
    outcome: Result<Picture, Problem>,
    is_last: bool,
    peak_kb: u64,
) -> io::Result<()> {
    let (outcome, bytes) = match outcome {
        Ok(Picture { held, bytes, first_frame }) => {
            let (is_png, size) = (held.mime == PNG, bytes.len());
            (Ok(Made { is_png, width: held.width, height: held.height, first_frame, bytes: size }), bytes)
        }
        Err(problem) => (Err(problem), Vec::new()),
    };
    let head = serde_json::to_vec(&Answer { outcome, is_last, peak_kb })?;
    output.write_all(&u32::try_from(head.len()).map_err(io::Error::other)?.to_le_bytes())?;
    output.write_all(&head)?;
    output.write_all(&bytes)?;
    output.flush()
}

pub(crate) async fn write_request(
    output: &mut (impl AsyncWrite + Unpin),
    purpose: Purpose,
    file: &[u8],
) -> io::Result<()> {
    let purpose = u8::from(purpose == Purpose::Send);
    let [a, b, c, d] = u32::try_from(file.len()).map_err(io::Error::other)?.to_le_bytes();
    output.write_all(&[purpose, a, b, c, d]).await?;
    output.write_all(file).await?;
    output.flush().await
}

/// Reads an answer. Its process has looked at a stranger's bytes, so nothing of it is believed without a check: the key is
/// our own hash of the picture.
pub(crate) async fn read_answer(
    input: &mut (impl AsyncRead + Unpin),
) -> io::Result<(Result<Picture, Problem>, Answer)> {
    let length = input.read_u32_le().await?;
    let mut head = vec![0; checked(length, MAX_HEAD_BYTES)?];
    input.read_exact(&mut head).await?;
    let mut answer: Answer = serde_json::from_slice(&head)?;
    let made = match std::mem::replace(&mut answer.outcome, Err(Problem::NotAPicture)) {
        Ok(made) => made,
        Err(problem) => return Ok((Err(problem), answer)),
    };
    let (mime, magic) = if made.is_png { (PNG, &b"\x89PNG"[..]) } else { (JPEG, &b"\xFF\xD8"[..]) };
    if made.bytes > MAX_PICTURE_BYTES || !(1..=MAX_SIDE).contains(&made.width) || !(1..=MAX_SIDE).contains(&made.height)
    {
        return Err(io::ErrorKind::InvalidData.into());
    }
    let mut bytes = vec![0; made.bytes];
    input.read_exact(&mut bytes).await?;
    if !bytes.starts_with(magic) {
        return Err(io::ErrorKind::InvalidData.into());
    }
    let size = u64::try_from(bytes.len()).map_err(io::Error::other)?;
    let held = StoredImage { key: key(&bytes), mime: mime.to_owned(), width: made.width, height: made.height, size };
    Ok((Ok(Picture { held, bytes, first_frame: made.first_frame }), answer))
}

fn checked(length: u32, most: usize) -> io::Result<usize> {
    usize::try_from(length).ok().filter(|length| *length <= most).ok_or_else(|| io::ErrorKind::InvalidData.into())
}
