//! Generates videos: three pictures, a second each, in an MP4 that players play, and after them as much filler as
//! the video is to be long. Written by hand, because nothing here encodes video and three pictures need no encoding.

use crate::{drawing, ids};

mod picture;

/// How long a customer's video is in bytes, unless it is to be another length.
pub(crate) const USUAL_LENGTH: usize = 64 << 10;

/// In pixels: whole macroblocks, portrait as phones film.
const WIDTH: u32 = 80;
const HEIGHT: u32 = 144;
/// How many pictures a video has, each for a second.
const PICTURES: u32 = 3;
/// The file up to its filler: what it is, where everything lies in it, and the pictures.
pub(crate) fn beginning(seed: u64, name: &str) -> Vec<u8> {
    let pictures: Vec<Vec<u8>> = (0..PICTURES)
        .map(|n| {
            let scene =
                drawing::scene(seed, &ids::digits(seed, "scene of a video", &[name, &n.to_string()]), WIDTH, HEIGHT);
            sized(&picture::key_frame(&scene, n))
        })
        .collect();
    let kind = boxed(*b"ftyp", &[b"isom", &[0, 0, 2, 0], b"isom", b"iso2", b"avc1", b"mp41"]);
    // Where the pictures begin is said in a box of the same length whatever it says.
    let before = kind.len() + index(&pictures, 0).len() + 8;
    let parts: Vec<&[u8]> = pictures.iter().map(Vec::as_slice).collect();
    [kind, index(&pictures, u32::try_from(before).unwrap_or(0)), boxed(*b"mdat", &parts)].concat()
}

/// A NAL unit with its length before it, as MP4 has them.
fn sized(unit: &[u8]) -> Vec<u8> {
    [&length(unit)[..], unit].concat()
}

fn length(bytes: &[u8]) -> [u8; 4] {
    u32::try_from(bytes.len()).unwrap_or(u32::MAX).to_be_bytes()
}

fn boxed(name: [u8; 4], parts: &[&[u8]]) -> Vec<u8> {
    let body = parts.concat();
    let size = u32::try_from(body.len() + 8).unwrap_or(u32::MAX);
    [&size.to_be_bytes()[..], &name, &body].concat()
}

/// Numbers of four bytes each.
fn words(all: &[u32]) -> Vec<u8> {
    all.iter().flat_map(|word| word.to_be_bytes()).collect()
}

/// `moov`, as ISO/IEC 14496-12 wants it of a single track; times in ms.
fn index(pictures: &[Vec<u8>], first_at: u32) -> Vec<u8> {
    let lasts = PICTURES * 1000;
    let unity = [0x1_0000, 0, 0, 0, 0x1_0000, 0, 0, 0, 0x4000_0000];
    let movie = [&[0, 0, 0, 1000, lasts, 0x1_0000, 0x100_0000, 0, 0][..], &unity, &[0, 0, 0, 0, 0, 0, 2]].concat();
    let track = [&[3, 0, 0, 1, 0, lasts, 0, 0, 0, 0][..], &unity, &[WIDTH << 16, HEIGHT << 16]].concat();
    let handler = [&words(&[0, 0])[..], b"vide", &[0; 12], b"video\0"].concat();
    let here = boxed(*b"dref", &[&words(&[0, 1]), &boxed(*b"url ", &[&words(&[1])])]);
    let sizes: Vec<u32> = pictures.iter().map(|picture| u32::try_from(picture.len()).unwrap_or(0)).collect();
    let samples = boxed(
        *b"stbl",
        &[
            &boxed(*b"stsd", &[&words(&[0, 1]), &codec()]),
            &boxed(*b"stts", &[&words(&[0, 1, PICTURES, 1000])]),
            &boxed(*b"stsc", &[&words(&[0, 1, 1, PICTURES, 1])]),
            &boxed(*b"stsz", &[&words(&[0, 0, PICTURES]), &words(&sizes)]),
            &boxed(*b"stco", &[&words(&[0, 1, first_at])]),
        ],
    );
    let media = boxed(*b"minf", &[&boxed(*b"vmhd", &[&words(&[1, 0, 0])]), &boxed(*b"dinf", &[&here]), &samples]);
    let track = boxed(
        *b"trak",
        &[
            &boxed(*b"tkhd", &[&words(&track)]),
            &boxed(
                *b"mdia",
                &[
                    // Language `und`.
                    &boxed(*b"mdhd", &[&words(&[0, 0, 0, 1000, lasts, 0x55c4_0000])]),
                    &boxed(*b"hdlr", &[&handler]),
                    &media,
                ],
            ),
        ],
    );
    boxed(*b"moov", &[&boxed(*b"mvhd", &[&words(&movie)]), &track])
}

/// `avc1`: how the pictures are to be read.
fn codec() -> Vec<u8> {
    let (sequence, set) = (picture::sequence(WIDTH, HEIGHT), picture::parameters());
    let short = |bytes: &[u8]| u16::try_from(bytes.len()).unwrap_or(u16::MAX).to_be_bytes();
    let settings = boxed(
        *b"avcC",
        &[
            &[1, picture::BASELINE, picture::CONSTRAINTS, picture::LEVEL, 0xff, 0xe1],
            &short(&sequence),
            &sequence,
            &[1],
            &short(&set),
            &set,
        ],
    );
    let size = words(&[WIDTH << 16 | HEIGHT, 0x48_0000, 0x48_0000, 0]);
    boxed(*b"avc1", &[&[0, 0, 0, 0, 0, 0, 0, 1], &[0; 16], &size, &[0, 1], &[0; 32], &[0, 24, 0xff, 0xff], &settings])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_boxes_of_a_video_tile_it_and_point_at_its_pictures() {
        let video = beginning(1, "dress");
        let mut rest = video.as_slice();
        let mut names = Vec::new();
        while !rest.is_empty() {
            let size = u32::from_be_bytes(rest[..4].try_into().unwrap()) as usize;
            names.push(String::from_utf8(rest[4..8].to_vec()).unwrap());
            rest = &rest[size..];
        }
        assert_eq!(names, ["ftyp", "moov", "mdat"]);
        let stco = video.windows(4).position(|name| name == b"stco").unwrap();
        let at = u32::from_be_bytes(video[stco + 12..stco + 16].try_into().unwrap()) as usize;
        assert_eq!(&video[at - 4..at], b"mdat");
        assert!(video.len() < USUAL_LENGTH, "{}", video.len());
        assert_eq!(video, beginning(1, "dress"));
        assert_ne!(video, beginning(1, "coat"));
    }
}
