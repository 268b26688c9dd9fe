//! Videos over HTTP: streamed, with as much filler after the pictures as the video is to be long.

use std::convert::Infallible;

use axum::{
    body::{Body, Bytes},
    http::header,
    response::{IntoResponse, Response},
};
use futures_util::stream;

use crate::{stage::Stage, video};

/// Filler goes out in pieces of this many bytes, so that a long video is never in memory.
const CHUNK_BYTES: usize = 64 << 10;

/// The whole video, streamed. It is at least as long as its pictures.
pub(crate) async fn answer(stage: &Stage, media_id: &str, length: usize) -> Response {
    let (seed, name) = (stage.site.config.seed, media_id.to_owned());
    let pictures = stage.picture(format!("video/{media_id}"), move || video::beginning(seed, &name)).await;
    // A box of filler has a head of eight bytes.
    let filler = length.saturating_sub(pictures.len()).max(8);
    let whole = pictures.len() + filler;
    let mut start = pictures;
    start.extend_from_slice(&u32::try_from(filler).unwrap_or(u32::MAX).to_be_bytes());
    start.extend_from_slice(b"free");
    let pieces = stream::unfold((Some(start), filler - 8, 0_u64), |(start, left, piece)| async move {
        if let Some(start) = start {
            return Some((Ok::<Bytes, Infallible>(start.into()), (None, left, piece)));
        }
        if left == 0 {
            return None;
        }
        // Numbered, so that a piece that is missing or doubled shows.
        let mut bytes = vec![0_u8; left.min(CHUNK_BYTES)];
        for (byte, number) in bytes.iter_mut().zip(piece.to_be_bytes()) {
            *byte = number;
        }
        let left = left - bytes.len();
        Some((Ok(bytes.into()), (None, left, piece + 1)))
    });
    let headers = [(header::CONTENT_TYPE, "video/mp4".to_owned()), (header::CONTENT_LENGTH, whole.to_string())];
    (headers, Body::from_stream(pieces)).into_response()
}
