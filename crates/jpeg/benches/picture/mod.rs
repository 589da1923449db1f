//! The picture that the benchmarks share.

pub(crate) const SIZE: (u32, u32) = (1920, 1080);

/// Soft shapes, edges and a little noise.
pub(crate) fn picture() -> Vec<u8> {
    let mut noise = 12_345_u32;
    let mut pixel = |x: u32, y: u32| {
        noise = noise.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
        let edge = if (x / 24 + y / 40).is_multiple_of(3) { 60 } else { 0 };
        let grain = noise >> 29;
        [x / 3 + y / 5, x / 7 + y / 2, x / 4 + 40].map(|level| {
            let level = (level % 512).abs_diff(256) / 2 + edge + grain;
            u8::try_from(level).unwrap_or(u8::MAX)
        })
    };
    (0..SIZE.1).flat_map(|y| (0..SIZE.0).map(move |x| (x, y))).flat_map(|(x, y)| pixel(x, y)).collect()
}
