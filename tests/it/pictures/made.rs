//! Files as cameras, programs and attackers make them.

use std::io::Cursor;

use image::codecs::gif::GifEncoder;
use image::codecs::jpeg::JpegEncoder;
use image::{DynamicImage, Frame, ImageFormat, Rgb, RgbImage, Rgba, RgbaImage};

pub(crate) fn encoded(image: &DynamicImage, format: ImageFormat) -> Vec<u8> {
    let mut bytes = Cursor::new(Vec::new());
    image.write_to(&mut bytes, format).unwrap();
    bytes.into_inner()
}

pub(crate) fn jpeg(image: &RgbImage, quality: u8) -> Vec<u8> {
    let mut bytes = Vec::new();
    JpegEncoder::new_with_quality(&mut bytes, quality).encode_image(image).unwrap();
    bytes
}

/// Shades with a grain, as a camera's sensor makes it; `grain` decides how large the file becomes.
pub(crate) fn grainy(width: u32, height: u32, grain: u32) -> RgbImage {
    let mut seed = 0x2545_F491_u32;
    RgbImage::from_fn(width, height, |x, y| {
        seed ^= seed << 13;
        seed ^= seed >> 17;
        seed ^= seed << 5;
        let noise = |shift: u32| (seed >> shift) % grain.max(1);
        let shade = |part: u32, of: u32, shift: u32| (part * 200 / of + noise(shift)).min(255) as u8;
        Rgb([shade(x, width, 0), shade(y, height, 8), shade(x + y, width + height, 16)])
    })
}

/// White, with a red square in the upper left corner.
pub(crate) fn marked(width: u32, height: u32) -> RgbImage {
    let red = |x: u32, y: u32| x < width / 4 && y < height / 4;
    RgbImage::from_fn(width, height, |x, y| if red(x, y) { Rgb([220, 20, 20]) } else { Rgb([250, 250, 250]) })
}

/// The same picture as the sensor saw it, for a camera held so that this orientation turns it upright again.
pub(crate) fn as_held(upright: &RgbImage, orientation: u8) -> RgbImage {
    use image::imageops::{flip_horizontal, flip_vertical, rotate90, rotate180, rotate270};
    match orientation {
        2 => flip_horizontal(upright),
        3 => rotate180(upright),
        4 => flip_vertical(upright),
        5 => flip_horizontal(&rotate90(upright)),
        6 => rotate270(upright),
        7 => flip_horizontal(&rotate270(upright)),
        8 => rotate90(upright),
        _ => upright.clone(),
    }
}

/// Puts an APP1 segment behind the start of a JPEG.
pub(crate) fn with_app1(jpeg: &[u8], payload: &[u8]) -> Vec<u8> {
    let length = u16::try_from(payload.len() + 2).unwrap().to_be_bytes();
    [&jpeg[..2], &[0xFF, 0xE1], &length, payload, &jpeg[2..]].concat()
}

/// Exif with one entry, the orientation, and a maker's words behind it.
pub(crate) fn exif(orientation: u8, words: &str) -> Vec<u8> {
    let mut exif = b"Exif\0\0II*\0\x08\0\0\0\x01\0".to_vec();
    exif.extend([0x12, 0x01, 3, 0, 1, 0, 0, 0, orientation, 0, 0, 0]);
    exif.extend([0, 0, 0, 0]);
    exif.extend(words.as_bytes());
    exif
}

/// A chunk of a PNG, with its checksum.
pub(crate) fn chunk(kind: &[u8; 4], data: &[u8]) -> Vec<u8> {
    let mut crc = u32::MAX;
    for byte in kind.iter().chain(data) {
        crc ^= u32::from(*byte);
        for _ in 0..8 {
            crc = if crc & 1 == 1 { crc >> 1 ^ 0xEDB8_8320 } else { crc >> 1 };
        }
    }
    let length = u32::try_from(data.len()).unwrap().to_be_bytes();
    [&length[..], kind, data, &(!crc).to_be_bytes()].concat()
}

/// Puts chunks behind a PNG's header.
pub(crate) fn with_chunks(png: &[u8], chunks: &[Vec<u8>]) -> Vec<u8> {
    let header = 8 + 25;
    [&png[..header], &chunks.concat(), &png[header..]].concat()
}

/// Promises this many black pixels, each of three colours of eight bits, and does not keep the promise: as a file it is next
/// to nothing.
pub(crate) fn bomb(width: u32, height: u32) -> Vec<u8> {
    promise(width, height, 8, 2)
}

/// The same with pixels of another depth, and with colours as PNG numbers them: 2 opaque, 6 transparent.
pub(crate) fn promise(width: u32, height: u32, depth: u8, colours: u8) -> Vec<u8> {
    let mut header = Vec::new();
    header.extend(width.to_be_bytes());
    header.extend(height.to_be_bytes());
    header.extend([depth, colours, 0, 0, 0]);
    // A deflate stream of stored nothing: the decoder must not have come so far as to miss the rows.
    let data = [0x78, 0x01, 0x01, 0, 0, 0xFF, 0xFF, 0, 0, 0, 1];
    [&b"\x89PNG\r\n\x1a\n"[..], &chunk(b"IHDR", &header), &chunk(b"IDAT", &data), &chunk(b"IEND", &[])].concat()
}

/// A small PNG with a colour profile that unpacks to this many megabytes of nothing.
pub(crate) fn profile_bomb(megabytes: u32) -> Vec<u8> {
    // A row has a byte of its own besides its pixels.
    let rows = encoded(&DynamicImage::new_luma8(999, 1_000 * megabytes), ImageFormat::Png);
    let (mut at, mut zipped) = (8, Vec::new());
    while let Some(length) = rows.get(at..at + 4) {
        let length = u32::from_be_bytes(length.try_into().unwrap()) as usize;
        if &rows[at + 4..at + 8] == b"IDAT" {
            zipped.extend(&rows[at + 8..at + 8 + length]);
        }
        at += 12 + length;
    }
    let small = encoded(&DynamicImage::from(marked(160, 96)), ImageFormat::Png);
    with_chunks(&small, &[chunk(b"iCCP", &[&b"profile\0\0"[..], &zipped].concat())])
}

/// A GIF of one shade, with a picture of another size than its own: as a file it is next to nothing.
pub(crate) fn flat_gif(width: u16, height: u16, picture: (u16, u16)) -> Vec<u8> {
    let ([w1, w2], [h1, h2]) = (width.to_le_bytes(), height.to_le_bytes());
    let ([pw1, pw2], [ph1, ph2]) = (picture.0.to_le_bytes(), picture.1.to_le_bytes());
    let mut bytes = [&b"GIF89a"[..], &[w1, w2, h1, h2, 0x80, 0, 0, 220, 20, 20, 250, 250, 250]].concat();
    bytes.extend([0x2C, 0, 0, 0, 0, pw1, pw2, ph1, ph2, 0, 2]);
    let mut packed = Vec::new();
    let (mut held, mut bits) = (0_u32, 0);
    let mut put = |code: u32, size: u32| {
        held |= code << bits;
        bits += size;
        while bits >= 8 {
            packed.push(held as u8);
            (held, bits) = (held >> 8, bits - 8);
        }
    };
    // Each code stands for a run that is longer by one than that of the code before it, until there is no other code.
    let (clear, end) = (4, 5);
    let mut left = u32::from(picture.0) * u32::from(picture.1);
    let mut last_size = 3;
    while left > 0 {
        let (mut size, mut next) = (3, 6);
        put(clear, last_size);
        put(0, size);
        left -= 1;
        while left > 0 && next < 4_096 {
            let run = left.min(next - 4);
            put(if run == 1 { 0 } else { run + 4 }, size);
            left -= run;
            next += 1;
            if next == 1 << size && size < 12 {
                size += 1;
            }
        }
        last_size = size;
    }
    put(end, last_size);
    put(0, 7);
    for part in packed.chunks(255) {
        bytes.push(part.len() as u8);
        bytes.extend(part);
    }
    bytes.extend([0, 0x3B]);
    bytes
}

/// An animated WebP with one picture on a canvas of this size, transparent as far as it says.
pub(crate) fn animated_webp(width: u32, height: u32, picture: &RgbaImage) -> Vec<u8> {
    let still = encoded(&DynamicImage::from(picture.clone()), ImageFormat::WebP);
    let less = |side: u32| (side - 1).to_le_bytes()[..3].to_vec();
    let riff = |kind: &[u8; 4], data: &[u8]| {
        [&kind[..], &u32::try_from(data.len()).unwrap().to_le_bytes()[..], data, &[0][..data.len() % 2]].concat()
    };
    let head = [vec![0x12, 0, 0, 0], less(width), less(height)].concat();
    let placed = [vec![0; 6], less(picture.width()), less(picture.height()), vec![10, 0, 0, 2]].concat();
    // Behind "RIFF", the length and "WEBP", the picture's own chunk.
    let frame = riff(b"ANMF", &[&placed[..], &still[12..]].concat());
    let body = [&b"WEBP"[..], &riff(b"VP8X", &head), &riff(b"ANIM", &[0; 6]), &frame].concat();
    riff(b"RIFF", &body)
}

/// A WebP of one pixel whose picture says by itself that it is larger: only its head is there.
pub(crate) fn webp_that_grows(width: u16, height: u16) -> Vec<u8> {
    let ([w1, w2], [h1, h2]) = (width.to_le_bytes(), height.to_le_bytes());
    let head = [&b"VP8X"[..], &[10, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0]].concat();
    let picture = [&b"VP8 "[..], &[10, 0, 0, 0, 0x10, 0, 0, 0x9D, 0x01, 0x2A, w1, w2, h1, h2]].concat();
    let length = u32::try_from(4 + head.len() + picture.len()).unwrap().to_le_bytes();
    [&b"RIFF"[..], &length, b"WEBP", &head, &picture].concat()
}

/// An animation of this many pictures, the first one red.
pub(crate) fn gif(pictures: u8) -> Vec<u8> {
    let mut bytes = Vec::new();
    let mut encoder = GifEncoder::new(&mut bytes);
    for n in 0..pictures {
        let colour = if n == 0 { Rgba([220, 20, 20, 255]) } else { Rgba([20, 20, 220, 255]) };
        encoder.encode_frame(Frame::new(RgbaImage::from_pixel(64, 48, colour))).unwrap();
    }
    drop(encoder);
    bytes
}

/// An animated PNG of two pictures, the first one red: what `acTL` and `fcTL` announce.
pub(crate) fn apng() -> Vec<u8> {
    let still = encoded(&DynamicImage::from(RgbImage::from_pixel(64, 48, Rgb([220, 20, 20]))), ImageFormat::Png);
    let control = |sequence: u32| {
        let words = [sequence, 64, 48, 0, 0];
        let mut data: Vec<u8> = words.iter().flat_map(|word| word.to_be_bytes()).collect();
        data.extend([0, 1, 0, 10, 0, 0]);
        data
    };
    let animation = chunk(b"acTL", &[0, 0, 0, 2, 0, 0, 0, 0]);
    let mut bytes = with_chunks(&still, &[animation, chunk(b"fcTL", &control(0))]);
    let end = bytes.split_off(bytes.len() - 12);
    let data = still.windows(4).position(|at| at == b"IDAT").unwrap();
    let length = u32::from_be_bytes(still[data - 4..data].try_into().unwrap()) as usize;
    let mut second = 2_u32.to_be_bytes().to_vec();
    second.extend(&still[data + 4..data + 4 + length]);
    [bytes, chunk(b"fcTL", &control(1)), chunk(b"fdAT", &second), end].concat()
}

/// A JPEG of one shade: as a file it is next to nothing, and its decoder does not know. `frame` is 0xC0 for one that comes
/// in order, 0xC2 for a progressive one; in one scan, or in one for each of its colours.
pub(crate) fn flat(width: u16, height: u16, frame: u8, colours: u8, scans: u8) -> Vec<u8> {
    let ([w1, w2], [h1, h2]) = (width.to_be_bytes(), height.to_be_bytes());
    let mut bytes = vec![0xFF, 0xD8, 0xFF, 0xDB, 0, 67, 0];
    bytes.extend([1; 64]);
    bytes.extend([0xFF, frame, 0, 8 + 3 * colours, 8, h1, h2, w1, w2, colours]);
    bytes.extend((1..=colours).flat_map(|colour| [colour, 0x11, 0]));
    // One code each, a single 0 bit: "as the block before", and "no more in this block".
    for table in [0x00, 0x10] {
        bytes.extend([0xFF, 0xC4, 0, 20, table, 1]);
        bytes.extend([0; 16]);
    }
    let blocks = usize::from(width).div_ceil(8) * usize::from(height).div_ceil(8);
    let (bits, last) = if frame == 0xC2 { (1, 0) } else { (2, 63) };
    let each = colours / scans;
    for scan in 0..scans {
        bytes.extend([0xFF, 0xDA, 0, 6 + 2 * each, each]);
        bytes.extend((1..=each).flat_map(|colour| [scan * each + colour, 0]));
        bytes.extend([0, last, 0]);
        bytes.resize(bytes.len() + (blocks * usize::from(each) * bits).div_ceil(8), 0);
    }
    bytes.extend([0xFF, 0xD9]);
    bytes
}

/// The same in many scans more, with next to nothing in any of them: its decoder goes over the picture in each all the same.
pub(crate) fn many_scans(width: u16, height: u16, frame: u8, scans: usize) -> Vec<u8> {
    let mut bytes = flat(width, height, frame, 3, if frame == 0xC2 { 1 } else { 3 });
    bytes.truncate(bytes.len() - 2);
    let first = u8::from(frame == 0xC2);
    for _ in 0..scans {
        bytes.extend([0xFF, 0xDA, 0, 8, 1, 1, 0, first, 63, 0, 0]);
    }
    bytes.extend([0xFF, 0xD9]);
    bytes
}

/// A lossless WebP of 8 by 8 pixels in so many groups of codes. Each takes 73 bytes of the file, and its tables
/// 12 kB.
pub(crate) fn webp_of_tables(groups: u16) -> Vec<u8> {
    let mut bits = Bits::default();
    bits.put(0x2F, 8);
    // Its size, no transparency, version 0; no transform, no colour cache, and codes of their own for each block.
    for (value, count) in [(7, 14), (7, 14), (0, 1), (0, 3), (0, 1), (0, 1), (1, 1), (1, 3)] {
        bits.put(value, count);
    }
    // The picture of the blocks' codes: one pixel, whose red and green name the last group.
    bits.put(0, 1);
    let [red, green] = (groups - 1).to_be_bytes();
    for symbol in [green, red, 0, 0, 0] {
        bits.put_single(symbol);
    }
    for _ in 0..groups {
        bits.put_single(0);
        for _ in 0..3 {
            bits.put_long();
        }
        bits.put_single(0);
    }
    // Three bytes for each pixel.
    let coded = [bits.bytes, vec![0; 3 * 64 + 8]].concat();
    let length = |bytes: usize| u32::try_from(bytes).unwrap().to_le_bytes();
    let padded = coded.len() + coded.len() % 2;
    let mut file = [b"RIFF", &length(padded + 12)[..], b"WEBPVP8L", &length(coded.len()), &coded].concat();
    file.resize(padded + 20, 0);
    file
}

/// Bits as WebP packs them, the lowest first.
#[derive(Default)]
struct Bits {
    bytes: Vec<u8>,
    count: usize,
}

impl Bits {
    fn put(&mut self, value: u32, count: usize) {
        for at in 0..count {
            if self.count.is_multiple_of(8) {
                self.bytes.push(0);
            }
            let bit = u8::from(value >> at & 1 == 1);
            *self.bytes.last_mut().unwrap() |= bit << (self.count % 8);
            self.count += 1;
        }
    }

    /// A code of one symbol, which takes no room.
    fn put_single(&mut self, symbol: u8) {
        self.put(0b101, 3);
        self.put(symbol.into(), 8);
    }

    /// A code of 256 symbols with 7 to 10 bits, so that its table has 1,024 places: a list of lengths, with repeats.
    fn put_long(&mut self) {
        self.put(0, 1);
        // How long the codes for lengths are, in the order of the format: one bit for a repeat, two to four for 8, 7, 9 and 10.
        self.put(10, 4);
        for length in [17, 18, 0, 1, 2, 3, 4, 5, 16, 6, 7, 8, 9, 10] {
            let bits = match length {
                16 => 1,
                8 => 2,
                7 => 3,
                9 | 10 => 4,
                _ => 0,
            };
            self.put(bits, 3);
        }
        self.put(0, 1);
        // 7, 7, 8, then 8 another 250 times, 9, 10, 10. A code's bits come highest first.
        for bit in [1, 1, 0, 1, 1, 0, 1, 0] {
            self.put(bit, 1);
        }
        for more in std::iter::repeat_n(3, 41).chain([1]) {
            self.put(0, 1);
            self.put(more, 2);
        }
        for bit in [1, 1, 1, 0, 1, 1, 1, 1, 1, 1, 1, 1] {
            self.put(bit, 1);
        }
    }
}
