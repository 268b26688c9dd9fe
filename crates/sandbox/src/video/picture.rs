//! Pictures as H.264 that was never compressed: every macroblock carries its samples as they are (`I_PCM`), which any
//! decoder of any profile reads.

use image::RgbImage;

/// The plainest profile there is.
pub(super) const BASELINE: u8 = 66;
/// It is also good for the decoders of two others.
pub(super) const CONSTRAINTS: u8 = 0xc0;
/// Level 1.3: more than pictures of this size need.
pub(super) const LEVEL: u8 = 13;

/// Bits, most significant first, with the codes of H.264 (9.1).
#[derive(Default)]
struct Bits {
    bytes: Vec<u8>,
    /// How many bits of the last byte are taken; 0 where it is full.
    taken: u32,
}

impl Bits {
    fn bit(&mut self, set: bool) {
        if self.taken == 0 {
            self.bytes.push(0);
        }
        if let (true, Some(last)) = (set, self.bytes.last_mut()) {
            *last |= 0x80 >> self.taken;
        }
        self.taken = (self.taken + 1) % 8;
    }

    fn fixed(&mut self, value: u32, bits: u32) {
        for place in (0..bits).rev() {
            self.bit(value >> place & 1 == 1);
        }
    }

    /// `ue(v)`: as many zeros as the number plus one has digits after its first.
    fn number(&mut self, value: u32) {
        let digits = (value + 1).ilog2();
        self.fixed(0, digits);
        self.fixed(value + 1, digits + 1);
    }

    fn align(&mut self) {
        self.taken = 0;
    }

    /// A NAL unit of this kind: the closing bit, and no three bytes that would read as a start code.
    fn unit(mut self, head: u8) -> Vec<u8> {
        self.bit(true);
        let mut unit = vec![head];
        let mut zeros = 0;
        for byte in self.bytes {
            if zeros == 2 && byte <= 3 {
                unit.push(3);
                zeros = 0;
            }
            zeros = if byte == 0 { zeros + 1 } else { 0 };
            unit.push(byte);
        }
        unit
    }
}

/// The sequence parameter set: frames only, shown in the order they come.
pub(super) fn sequence(width: u32, height: u32) -> Vec<u8> {
    let mut bits = Bits::default();
    for byte in [BASELINE, CONSTRAINTS, LEVEL] {
        bits.fixed(byte.into(), 8);
    }
    // Its id, four bits of frame number, order type 2, one reference, and no gaps in the numbers.
    for value in [0, 0, 2, 1] {
        bits.number(value);
    }
    bits.bit(false);
    bits.number(width / 16 - 1);
    bits.number(height / 16 - 1);
    // Frames only, 8x8 inference as those want it; not cropped, nothing about usability.
    for set in [true, true, false, false] {
        bits.bit(set);
    }
    bits.unit(0x67)
}

/// The picture parameter set: everything off.
pub(super) fn parameters() -> Vec<u8> {
    let mut bits = Bits::default();
    bits.number(0);
    bits.number(0);
    bits.fixed(0, 2);
    for _ in 0..3 {
        bits.number(0);
    }
    // No weighting.
    bits.fixed(0, 3);
    for _ in 0..3 {
        bits.number(0);
    }
    bits.fixed(0, 3);
    bits.unit(0x68)
}

/// A picture that needs no other one. Neighbours have different ids, or they would read as one picture.
pub(super) fn key_frame(picture: &RgbImage, number: u32) -> Vec<u8> {
    let mut bits = Bits::default();
    // From the first macroblock on, all of them intra, by the first parameter set.
    for value in [0, 7, 0] {
        bits.number(value);
    }
    bits.fixed(0, 4);
    bits.number(number % 2);
    bits.fixed(0, 2);
    // The quantiser as the parameter set has it.
    bits.number(0);
    for top in (0..picture.height()).step_by(16) {
        for left in (0..picture.width()).step_by(16) {
            // I_PCM.
            bits.number(25);
            bits.align();
            for (y, x) in square(16) {
                bits.bytes.push(luma(picture, left + x, top + y));
            }
            for channel in [BLUENESS, REDNESS] {
                for (y, x) in square(8) {
                    bits.bytes.push(weighed(picture, left + 2 * x, top + 2 * y, channel, 128.0));
                }
            }
        }
    }
    bits.unit(0x65)
}

fn square(side: u32) -> impl Iterator<Item = (u32, u32)> {
    (0..side).flat_map(move |y| (0..side).map(move |x| (y, x)))
}

/// BT.601 in its narrow range, which never gets near 0.
const LUMA: [f32; 3] = [0.257, 0.504, 0.098];
const BLUENESS: [f32; 3] = [-0.148, -0.291, 0.439];
const REDNESS: [f32; 3] = [0.439, -0.368, -0.071];

fn luma(picture: &RgbImage, x: u32, y: u32) -> u8 {
    weighed(picture, x, y, LUMA, 16.0)
}

/// The cast saturates, and stays far from both ends.
fn weighed(picture: &RgbImage, x: u32, y: u32, weights: [f32; 3], offset: f32) -> u8 {
    let pixel = picture.get_pixel_checked(x, y).map_or([0, 0, 0], |pixel| pixel.0);
    let sum: f32 = pixel.iter().zip(weights).map(|(channel, weight)| f32::from(*channel) * weight).sum();
    (sum + offset).round() as u8
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_are_written_as_h264_writes_them() {
        let written = |values: &[u32]| {
            let mut bits = Bits::default();
            values.iter().for_each(|value| bits.number(*value));
            bits.bytes
        };
        // 1, 010, 011, and then 00100.
        assert_eq!(written(&[0, 1, 2]), [0b1010_0110]);
        assert_eq!(written(&[3]), [0b0010_0000]);
    }

    #[test]
    fn nothing_within_a_unit_reads_as_its_end() {
        let bits = Bits { bytes: vec![0, 0, 1, 0, 0, 0, 0, 0], taken: 0 };
        let unit = bits.unit(0x65);
        assert_eq!(unit, [0x65, 0, 0, 3, 1, 0, 0, 3, 0, 0, 3, 0, 0x80]);
    }
}
