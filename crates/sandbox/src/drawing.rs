//! Generates images: a gradient and a few soft shapes, different for every name and the same on every run.

use std::io::Cursor;

use image::{DynamicImage, ImageFormat, Rgb, RgbImage, Rgba, RgbaImage};

use crate::ids;

/// A square face of colour for a person, as JPEG.
pub(crate) fn avatar(seed: u64, name: &str) -> Vec<u8> {
    encoded(DynamicImage::ImageRgb8(scene(seed, name, 160, 160)), ImageFormat::Jpeg)
}

/// A photo in portrait format, as JPEG.
pub(crate) fn photo(seed: u64, name: &str) -> Vec<u8> {
    let picture = scene(seed, name, 405, 540);
    encoded(DynamicImage::ImageRgb8(picture), ImageFormat::Jpeg)
}

/// A round smiling sticker on a transparent ground, as PNG.
pub(crate) fn sticker(seed: u64, name: &str) -> Vec<u8> {
    let size = 200_u32;
    let light = colour(hue(seed, name), 0.75, 0.98);
    let dark = colour(hue(seed, name) + 0.04, 0.85, 0.80);
    let picture = RgbaImage::from_fn(size, size, |x, y| {
        let (u, v) = (unit(x, size) * 2.0 - 1.0, unit(y, size) * 2.0 - 1.0);
        let edge = soft(0.92 - u.hypot(v), 0.02);
        let eyes = soft(0.1 - (u.abs() - 0.32).hypot(v + 0.22), 0.02);
        let mouth = soft(0.05 - (u.hypot(v - 0.02) - 0.5).abs(), 0.02) * soft(v - 0.18, 0.04);
        let face = mix(light, dark, (v + 1.0) / 2.0);
        let [r, g, b] = mix(face, [52.0, 36.0, 28.0], eyes.max(mouth)).map(byte);
        Rgba([r, g, b, byte(edge * 255.0)])
    });
    encoded(DynamicImage::ImageRgba8(picture), ImageFormat::Png)
}

/// Two colours from corner to corner, three blurred discs, and darker corners.
pub(crate) fn scene(seed: u64, name: &str, width: u32, height: u32) -> RgbImage {
    let lots = ids::digest(seed, "scene", &[name]).map(|lot| f32::from(lot) / 255.0);
    let [a, b, c, d, e, f, g, h, i, ..] = lots;
    let base = hue(seed, name);
    let (from, to) = (colour(base, 0.35, 0.93), colour(base + 0.12 + a * 0.1, 0.55, 0.62));
    let discs = [(b, c, 0.18 + d * 0.22, 0.05), (e, f, 0.12 + g * 0.2, 0.55), (h, i, 0.10 + a * 0.12, 0.85)]
        .map(|(x, y, radius, turn)| (0.15 + x * 0.7, 0.2 + y * 0.6, radius, colour(base + turn, 0.45, 0.88)));
    RgbImage::from_fn(width, height, |x, y| {
        let (u, v) = (unit(x, width), unit(y, height));
        let mut pixel = mix(from, to, (u * 0.4 + v * 0.6).clamp(0.0, 1.0));
        for (at_x, at_y, radius, tone) in discs {
            // Long pictures have long pixels in this measure; the discs are to stay round.
            let away = (u - at_x).hypot((v - at_y) * unit(height, width));
            pixel = mix(pixel, tone, soft(radius - away, 0.05) * 0.75);
        }
        let corner = ((u - 0.5).hypot(v - 0.5) - 0.45).max(0.0);
        Rgb(mix(pixel, [20.0, 16.0, 24.0], corner * 0.7).map(byte))
    })
}

fn hue(seed: u64, name: &str) -> f32 {
    let [first, ..] = ids::digest(seed, "hue", &[name]);
    f32::from(first) / 256.0
}

/// A colour of this hue (turns), saturation and value, with channels from 0 to 255.
fn colour(hue: f32, saturation: f32, value: f32) -> [f32; 3] {
    [5.0, 3.0, 1.0].map(|offset: f32| {
        let k = (offset + hue.rem_euclid(1.0) * 6.0) % 6.0;
        255.0 * (value - value * saturation * k.min(4.0 - k).clamp(0.0, 1.0))
    })
}

fn mix(from: [f32; 3], to: [f32; 3], share: f32) -> [f32; 3] {
    let [[a, b, c], [x, y, z]] = [from, to];
    [a + (x - a) * share, b + (y - b) * share, c + (z - c) * share]
}

/// 0 outside, 1 inside, a slope of this width between.
fn soft(inside: f32, width: f32) -> f32 {
    (inside / width).clamp(0.0, 1.0)
}

fn unit(position: u32, size: u32) -> f32 {
    let small = |n: u32| f32::from(u16::try_from(n).unwrap_or(u16::MAX));
    small(position) / small(size.max(1))
}

/// A channel as a byte; the cast saturates, and never sees anything but 0 to 255.
fn byte(channel: f32) -> u8 {
    channel.clamp(0.0, 255.0) as u8
}

fn encoded(picture: DynamicImage, format: ImageFormat) -> Vec<u8> {
    let mut out = Cursor::new(Vec::new());
    if let Err(error) = picture.write_to(&mut out, format) {
        tracing::warn!(%error, "could not encode a generated image");
    }
    out.into_inner()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pictures_are_of_their_kind_and_the_same_every_time() {
        let photo = photo(1, "linen");
        assert_eq!(image::guess_format(&photo).unwrap(), ImageFormat::Jpeg);
        assert_eq!(photo, super::photo(1, "linen"));
        assert_ne!(photo, super::photo(1, "cotton"));
        assert_eq!(image::guess_format(&sticker(1, "wave")).unwrap(), ImageFormat::Png);
    }
}
