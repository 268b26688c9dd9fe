//! A stranger's picture, or an agent's, made our own: sniffed, decoded with limits, turned upright, made to fit, encoded
//! anew without its metadata.
//!
//! Nothing of the original survives but its pixels and, where it has one, its RGB colour profile. What decoding may allocate
//! is estimated and bounded before anything is decoded. Decoders still panic, loop and allocate where no limit counts it, so
//! these functions run in a process of their own ([`decoder_process`], decision 17), never in Deskbell's.

pub mod decoder_process;
pub(crate) mod protocol;

use std::borrow::Cow;
use std::io::Cursor;

use image::codecs::jpeg::JpegEncoder;
use image::{DynamicImage, ImageDecoder, ImageEncoder, ImageFormat, ImageReader, Limits};
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};
use store::table::media::StoredImage;

/// Nothing wider or higher is decoded.
pub const MAX_SIDE: u32 = 16_384;
/// Nothing with more pixels is decoded.
pub const MAX_PIXELS: u64 = 40_000_000;
/// What decoding one picture may allocate: its pixels, and whatever its decoder needs until they are there. The decoders have
/// limits of their own, but none counts all of it.
const MAX_MEMORY: u64 = 160 * 1024 * 1024;
/// What a PNG may say beside its pixels, unpacked: a profile, words. They are held before its size is looked at.
const MAX_BESIDE: u64 = 8 * 1024 * 1024;
/// What a JPEG may need until its pixels are there. In several scans that is 24 million pixels as photos are stored and 16
/// million without subsampling; in one scan the other limits come first.
const MAX_JPEG: u64 = 144 * 1024 * 1024;
/// A JPEG in more scans than this is not decoded, so that none takes more than the 5 s that a picture may. A JPEG made
/// for people needs a dozen. Each goes over all of the picture once more, whether there is anything in it or not: 31 empty
/// ones over 30 million pixels, a file of 471 bytes, take 3 s, and the decoder's own limit is 100, or none. The other decoders
/// go over each pixel or each byte of the file a few times: there the limits of both are one of time too.
const MAX_SCANS: usize = 32;
/// TikTok takes pictures of at most 3 MB ("Media upload"); by either way of counting a megabyte.
pub(crate) const MAX_SENT: usize = 3_000_000;
/// How wide and high a picture is sent at most: more than a phone shows.
const SENT_SIDE: u32 = 2560;
/// How wide and high a picture is kept at most: enough to fill a screen.
const KEPT_SIDE: u32 = 1600;
/// A colour profile longer than this is none that a picture needs.
const MAX_PROFILE: usize = 64 * 1024;

/// Why bytes are not a picture we take.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, thiserror::Error)]
pub enum Problem {
    /// A picture of a kind we do not decode; names it.
    #[error("{0} is not decoded here")]
    Format(Cow<'static, str>),
    /// No picture at all.
    #[error("not a picture")]
    NotAPicture,
    /// Too many pixels to decode safely.
    #[error("too many pixels")]
    TooManyPixels,
    /// It begins like a picture and does not go on like one.
    #[error("broken: {0}")]
    Broken(String),
}

/// What a picture is decoded for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Purpose {
    /// To be shown to the agent: [`for_keeping`].
    Keep,
    /// To be sent by the agent: [`for_sending`].
    Send,
}

impl Purpose {
    /// Decodes these bytes for this purpose.
    ///
    /// # Errors
    /// [`Problem`]
    pub fn decode(self, bytes: &[u8]) -> Result<Picture, Problem> {
        match self {
            Self::Keep => for_keeping(bytes),
            Self::Send => for_sending(bytes),
        }
    }
}

/// A picture of our own making.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Picture {
    /// What describes it: key, type, dimensions, size.
    pub held: StoredImage,
    /// JPEG or PNG.
    pub bytes: Vec<u8>,
    /// Whether it is the first picture of an animation.
    pub first_frame: bool,
}

/// For the agent's eyes: at most 1600 pixels wide and high.
///
/// # Errors
/// [`Problem`]
pub fn for_keeping(bytes: &[u8]) -> Result<Picture, Problem> {
    let decoded = decode(bytes, KEPT_SIDE)?;
    let (bytes, mime) =
        if decoded.image.color().has_alpha() { (png(&decoded)?, PNG) } else { (jpeg(&decoded, 85)?, JPEG) };
    Ok(picture(&decoded, bytes, mime))
}

/// For TikTok: upright, at most 2560 pixels wide and high, under 3 MB. What came as PNG stays PNG if it fits; the rest,
/// and what does not fit, becomes JPEG, on white where it was transparent.
///
/// # Errors
/// [`Problem`]
pub fn for_sending(bytes: &[u8]) -> Result<Picture, Problem> {
    let mut decoded = decode(bytes, SENT_SIDE)?;
    if decoded.lossless || decoded.image.color().has_alpha() {
        let bytes = png(&decoded)?;
        if bytes.len() <= MAX_SENT {
            return Ok(picture(&decoded, bytes, PNG));
        }
    }
    decoded.image = on_white(decoded.image);
    loop {
        for quality in [88, 78, 68] {
            let bytes = jpeg(&decoded, quality)?;
            if bytes.len() <= MAX_SENT {
                return Ok(picture(&decoded, bytes, JPEG));
            }
        }
        // Noise does not compress; fewer pixels always do.
        let (width, height) = (decoded.image.width() * 3 / 4, decoded.image.height() * 3 / 4);
        decoded.image = decoded.image.thumbnail(width.max(1), height.max(1));
    }
}

const PNG: &str = "image/png";
const JPEG: &str = "image/jpeg";

/// An upright picture that fits, and how it came.
struct Decoded {
    image: DynamicImage,
    profile: Option<Vec<u8>>,
    lossless: bool,
    first_frame: bool,
}

/// What a picture with these bytes is kept under.
pub(crate) fn key(bytes: &[u8]) -> String {
    Sha256::digest(bytes).iter().map(|byte| format!("{byte:02x}")).collect()
}

fn picture(decoded: &Decoded, bytes: Vec<u8>, mime: &str) -> Picture {
    let key = key(&bytes);
    let size = u64::try_from(bytes.len()).unwrap_or(u64::MAX);
    let (width, height) = (decoded.image.width(), decoded.image.height());
    let held = StoredImage { key, mime: mime.to_owned(), width, height, size };
    Picture { held, bytes, first_frame: decoded.first_frame }
}

fn decode(bytes: &[u8], side: u32) -> Result<Decoded, Problem> {
    let format = sniff(bytes)?;
    let broken = |error: image::ImageError| match error {
        image::ImageError::Limits(_) => Problem::TooManyPixels,
        error => Problem::Broken(error.to_string()),
    };
    if format == ImageFormat::Jpeg && !ends(bytes) {
        // The decoder would make up the rest in grey.
        return Err(Problem::Broken("the end is missing".to_owned()));
    }
    let mut reader = ImageReader::with_format(Cursor::new(bytes), format);
    let mut limits = Limits::default();
    limits.max_image_width = Some(MAX_SIDE);
    limits.max_image_height = Some(MAX_SIDE);
    limits.max_alloc = Some(MAX_BESIDE);
    reader.limits(limits.clone());
    let mut decoder = reader.into_decoder().map_err(broken)?;
    let (width, height) = decoder.dimensions();
    let pixels = u64::from(width) * u64::from(height);
    if width > MAX_SIDE || height > MAX_SIDE || pixels > MAX_PIXELS {
        return Err(Problem::TooManyPixels);
    }
    let coefficients = if format == ImageFormat::Jpeg { coefficients(bytes) } else { 0 };
    if coefficients > 0 && bytes.windows(2).filter(|pair| *pair == [0xFF, 0xDA]).count() > MAX_SCANS {
        return Err(Problem::Broken("too many scans".to_owned()));
    }
    let (decoded, clear) = (decoder.total_bytes(), decoder.color_type().has_alpha());
    let (beyond, most) = match format {
        ImageFormat::Jpeg => (coefficients + (3 * pixels).saturating_sub(decoded), MAX_JPEG),
        // One byte for each pixel: its place in the palette.
        ImageFormat::Gif => (pixels, MAX_MEMORY),
        ImageFormat::WebP => (planes_and_canvas(bytes, pixels, clear), MAX_MEMORY),
        // Some rows.
        _ => (0, MAX_MEMORY),
    };
    if decoded + beyond > most {
        return Err(Problem::TooManyPixels);
    }
    // A GIF's picture may be of another size than the GIF: then it is held besides, with its own places in the palette.
    limits.max_alloc = Some(MAX_MEMORY.saturating_sub(decoded) / 5 * 4);
    decoder.set_limits(limits).map_err(broken)?;
    let orientation = decoder.orientation().map_err(broken)?;
    let profile = decoder.icc_profile().map_err(broken)?.filter(|profile| is_rgb(profile));
    let mut image = DynamicImage::from_decoder(decoder).map_err(broken)?;
    // First small, then upright: turning the whole of a large photo would need its memory twice.
    if image.width() > side || image.height() > side {
        image = image.thumbnail(side, side);
    }
    image.apply_orientation(orientation);
    let gray = matches!(
        image.color(),
        image::ColorType::L8 | image::ColorType::L16 | image::ColorType::La8 | image::ColorType::La16
    );
    let image = if image.color().has_alpha() && !opaque(&image) {
        DynamicImage::from(image.into_rgba8())
    } else {
        DynamicImage::from(image.into_rgb8())
    };
    Ok(Decoded {
        image,
        profile: profile.filter(|_| !gray),
        lossless: format == ImageFormat::Png,
        first_frame: moves(bytes, format),
    })
}

fn unsupported(format: &'static str) -> Problem {
    Problem::Format(Cow::Borrowed(format))
}

/// What the bytes say they are, whatever the file is called.
fn sniff(bytes: &[u8]) -> Result<ImageFormat, Problem> {
    match image::guess_format(bytes) {
        Ok(format @ (ImageFormat::Jpeg | ImageFormat::Png | ImageFormat::WebP | ImageFormat::Gif)) => Ok(format),
        Ok(ImageFormat::Avif) => Err(unsupported("AVIF")),
        Ok(ImageFormat::Bmp) => Err(unsupported("BMP")),
        Ok(ImageFormat::Tiff) => Err(unsupported("TIFF")),
        _ => match (bytes.get(4..8), bytes.get(8..12)) {
            (Some(b"ftyp"), Some(b"heic" | b"heix" | b"hevc" | b"heim" | b"heis" | b"mif1" | b"msf1")) => {
                Err(unsupported("HEIC"))
            }
            (Some(b"ftyp"), Some(b"avif" | b"avis")) => Err(unsupported("AVIF")),
            _ => Err(Problem::NotAPicture),
        },
    }
}

/// Whether a JPEG has its end marker: within the coded picture `FF D9` means nothing else, but a thumbnail in the
/// metadata has one too, so the search begins where the first scan of the picture itself does.
fn ends(bytes: &[u8]) -> bool {
    let mut at = 2;
    while let Some([0xFF, marker, high, low]) = bytes.get(at..at + 4) {
        if *marker == 0xDA {
            return bytes.get(at..).is_some_and(|scan| scan.windows(2).any(|pair| pair == [0xFF, 0xD9]));
        }
        at += if *marker == 0xFF { 1 } else { 2 + usize::from(u16::from_be_bytes([*high, *low])) };
    }
    false
}

/// What decoding a JPEG takes beyond its pixels. One that comes in several scans, progressive or each colour by itself, is
/// held whole as 16-bit coefficients until its last scan, and no limit of the decoder's counts them.
fn coefficients(bytes: &[u8]) -> u64 {
    let (mut at, mut held, mut colours, mut progressive) = (2, 0, 0, false);
    while let Some([0xFF, marker, high, low]) = bytes.get(at..at + 4) {
        match marker {
            0xC4 | 0xC8 | 0xCC => {}
            0xC0..=0xCF => {
                let Some([_, h1, h2, w1, w2, count]) = bytes.get(at + 4..at + 10) else { return 0 };
                let parts = bytes.get(at + 10..).unwrap_or_default().chunks_exact(3).take(usize::from(*count));
                let sampled: Vec<(u64, u64)> =
                    parts.filter_map(|part| part.get(1).map(|by| (u64::from(by >> 4), u64::from(by & 15)))).collect();
                let most = |side: fn(&(u64, u64)) -> u64| 8 * sampled.iter().map(side).max().unwrap_or(1).max(1);
                let (width, height) = (u16::from_be_bytes([*w1, *w2]), u16::from_be_bytes([*h1, *h2]));
                let units = u64::from(width).div_ceil(most(|by| by.0)) * u64::from(height).div_ceil(most(|by| by.1));
                let blocks: u64 = sampled.iter().map(|(across, down)| across * down).sum();
                (held, colours, progressive) = (units * blocks * 64 * 2, *count, *marker == 0xC2);
            }
            0xDA => {
                let whole = bytes.get(at + 4).is_some_and(|count| *count == colours);
                return if progressive || !whole { held } else { 0 };
            }
            _ => {}
        }
        at += if *marker == 0xFF { 1 } else { 2 + usize::from(u16::from_be_bytes([*high, *low])) };
    }
    0
}

/// What decoding a WebP takes beyond its pixels, of which its decoder limits nothing. A lossy picture is held as planes of
/// brightness and colour, of the size that its own head says; its transparency is a picture by itself, unpacked besides. A
/// lossless one has tables for its blocks, and where it is opaque it is unpacked as if it were not. An animation has a
/// canvas, and the picture that is put onto it.
fn planes_and_canvas(bytes: &[u8], pixels: u64, clear: bool) -> u64 {
    let animated = bytes.get(12..16) == Some(b"VP8X") && bytes.get(20).is_some_and(|flags| flags & 2 != 0);
    // Wherever they are: the decoder takes nothing else for a picture, and which of several it takes is its own affair.
    let lossless = bytes.windows(9).any(|chunk| chunk.starts_with(b"VP8L") && chunk.ends_with(&[0x2F]));
    let side = |low: u8, high: u8| u64::from(u16::from_le_bytes([low, high]) & 0x3FFF).next_multiple_of(16);
    let planes = bytes.windows(18).filter_map(|chunk| match chunk {
        [b'V', b'P', b'8', b' ', .., 0x9D, 0x01, 0x2A, w1, w2, h1, h2] => Some(side(*w1, *w2) * side(*h1, *h2) * 3 / 2),
        _ => None,
    });
    let planes = planes.max().unwrap_or(0);
    let lossy = if planes > 0 && (clear || animated) { planes + 6 * pixels } else { planes };
    let lossless = match (lossless, clear) {
        _ if animated => 8 * pixels,
        (false, _) => 0,
        (true, false) => 5 * pixels,
        (true, true) => pixels,
    };
    lossy.max(lossless)
}

/// Whether there is a second picture after the first.
fn moves(bytes: &[u8], format: ImageFormat) -> bool {
    let cursor = Cursor::new(bytes);
    match format {
        ImageFormat::Gif => pictures(bytes).is_some_and(|count| count > 1),
        ImageFormat::WebP => image::codecs::webp::WebPDecoder::new(cursor).is_ok_and(|decoder| decoder.has_animation()),
        ImageFormat::Png => {
            let mut limits = Limits::no_limits();
            limits.max_alloc = Some(MAX_BESIDE);
            let decoder = image::codecs::png::PngDecoder::with_limits(cursor, limits);
            decoder.is_ok_and(|decoder| decoder.is_apng().unwrap_or(false))
        }
        _ => false,
    }
}

/// How many pictures a GIF has, up to two; by its blocks, because decoding them takes several times the memory of one. None
/// if it ends too soon.
fn pictures(gif: &[u8]) -> Option<u32> {
    let palette = |flags: u8| if flags & 0x80 == 0 { 0 } else { 3 << ((flags & 7) + 1) };
    let mut at = 13 + palette(*gif.get(10)?);
    let mut count = 0;
    loop {
        match *gif.get(at)? {
            0x2C => {
                count += 1;
                if count > 1 {
                    return Some(count);
                }
                at += 10 + palette(*gif.get(at + 9)?) + 1;
            }
            0x21 => at += 2,
            _ => return Some(count),
        }
        loop {
            let length = usize::from(*gif.get(at)?);
            at += 1 + length;
            if length == 0 {
                break;
            }
        }
    }
}

fn is_rgb(profile: &[u8]) -> bool {
    profile.len() <= MAX_PROFILE && profile.get(16..20) == Some(b"RGB ")
}

fn opaque(image: &DynamicImage) -> bool {
    match image {
        DynamicImage::ImageRgba8(image) => image.pixels().all(|pixel| pixel.0[3] == u8::MAX),
        image => image.to_rgba8().pixels().all(|pixel| pixel.0[3] == u8::MAX),
    }
}

/// JPEG knows no transparency.
fn on_white(image: DynamicImage) -> DynamicImage {
    let DynamicImage::ImageRgba8(image) = image else { return image };
    let (width, height) = image.dimensions();
    let mix = |over: u8, alpha: u8| {
        let (over, alpha) = (u16::from(over), u16::from(alpha));
        u8::try_from((over * alpha + 255 * (255 - alpha)) / 255).unwrap_or(u8::MAX)
    };
    let mut flat = image::RgbImage::new(width, height);
    for (from, to) in image.pixels().zip(flat.pixels_mut()) {
        let [red, green, blue, alpha] = from.0;
        to.0 = [mix(red, alpha), mix(green, alpha), mix(blue, alpha)];
    }
    DynamicImage::from(flat)
}

fn png(decoded: &Decoded) -> Result<Vec<u8>, Problem> {
    let mut bytes = Vec::new();
    let mut encoder = image::codecs::png::PngEncoder::new(&mut bytes);
    with_profile(&mut encoder, decoded);
    written(decoded.image.write_with_encoder(encoder))?;
    Ok(bytes)
}

fn jpeg(decoded: &Decoded, quality: u8) -> Result<Vec<u8>, Problem> {
    let mut bytes = Vec::new();
    let mut encoder = JpegEncoder::new_with_quality(&mut bytes, quality);
    with_profile(&mut encoder, decoded);
    written(decoded.image.write_with_encoder(encoder))?;
    Ok(bytes)
}

fn with_profile(encoder: &mut impl ImageEncoder, decoded: &Decoded) {
    if let Some(profile) = &decoded.profile {
        // Without it the colours are a little off, no more.
        let _ = encoder.set_icc_profile(profile.clone());
    }
}

fn written(outcome: image::ImageResult<()>) -> Result<(), Problem> {
    outcome.map_err(|error| Problem::Broken(error.to_string()))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn encoded(image: &DynamicImage, format: ImageFormat) -> Vec<u8> {
        let mut bytes = Cursor::new(Vec::new());
        image.write_to(&mut bytes, format).unwrap();
        bytes.into_inner()
    }

    #[test]
    fn a_picture_is_encoded_anew_and_made_to_fit() {
        let kept = for_keeping(&encoded(&DynamicImage::new_rgb8(3200, 800), ImageFormat::Png)).unwrap();
        assert_eq!((kept.held.width, kept.held.height), (1600, 400));
        assert_eq!(image::guess_format(&kept.bytes).unwrap(), ImageFormat::Jpeg);
        assert_eq!(kept.held.size, kept.bytes.len() as u64);
    }

    #[test]
    fn what_came_as_png_stays_png_and_what_is_transparent_only_if_it_fits() {
        let flat = for_sending(&encoded(&DynamicImage::new_rgb8(300, 200), ImageFormat::Png)).unwrap();
        assert_eq!(flat.held.mime, PNG);
        let clear = for_sending(&encoded(&DynamicImage::new_rgba8(300, 200), ImageFormat::WebP)).unwrap();
        assert_eq!(clear.held.mime, PNG);
        let mut noise = image::RgbaImage::new(1600, 1600);
        for (at, pixel) in noise.pixels_mut().enumerate() {
            let word = (at as u32).wrapping_mul(2_654_435_761);
            pixel.0 = [(word >> 24) as u8, (word >> 16) as u8, (word >> 8) as u8, (word >> 20) as u8];
        }
        let sent = for_sending(&encoded(&DynamicImage::from(noise), ImageFormat::Png)).unwrap();
        assert_eq!(sent.held.mime, JPEG);
        assert!(sent.bytes.len() <= MAX_SENT);
    }

    #[test]
    fn what_is_no_picture_or_too_large_is_refused_and_says_why() {
        let svg = b"<svg xmlns='http://www.w3.org/2000/svg'><script/></svg>";
        let mut bomb = encoded(&DynamicImage::new_rgb8(1, 1), ImageFormat::Png);
        // A header that promises 60,000 by 60,000 pixels; its checksum is not even looked at.
        bomb[16..24].copy_from_slice(&[0, 0, 0xEA, 0x60, 0, 0, 0xEA, 0x60]);
        let whole = encoded(&DynamicImage::new_rgb8(64, 64), ImageFormat::Jpeg);
        assert_eq!(for_sending(svg), Err(Problem::NotAPicture));
        assert_eq!(for_sending(b""), Err(Problem::NotAPicture));
        assert_eq!(for_sending(b"\0\0\0\x18ftypheic\0\0\0\0"), Err(unsupported("HEIC")));
        assert!(matches!(for_sending(&bomb), Err(Problem::TooManyPixels | Problem::Broken(_))));
        assert!(matches!(for_sending(&whole[..whole.len() / 2]), Err(Problem::Broken(_))));
        assert!(matches!(for_sending(b"\xFF\xD8\xFF garbage"), Err(Problem::Broken(_))));
    }
}
