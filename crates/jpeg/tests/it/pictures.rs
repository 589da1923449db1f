//! Pictures, the files of the encoder, and what other decoders read in them.

use smart_resize_jpeg::{Encoder, Sampling, Scratch};
use zune_jpeg::zune_core::{bytestream::ZCursor, options::DecoderOptions};

/// Every sampling, each sequential (`false`) and progressive (`true`).
pub(crate) const KINDS: [(Sampling, bool); 4] =
    [(Sampling::Yuv420, false), (Sampling::Yuv420, true), (Sampling::Yuv444, false), (Sampling::Yuv444, true)];

/// Soft shapes, an edge and a little noise, as a photograph has them.
pub(crate) fn photo(width: u32, height: u32) -> Vec<u8> {
    let mut noise = 12_345_u32;
    let mut pixel = |x: u32, y: u32| {
        noise = noise.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
        let edge = if (x / 24 + y / 40).is_multiple_of(3) { 60 } else { 0 };
        let grain = noise >> 28;
        let soft = |a: u32, b: u32| (x * a + y * b) % 512;
        [soft(3, 1), soft(1, 2), soft(2, 3)].map(|level| (level.abs_diff(256) / 2 + edge + grain).min(255) as u8)
    };
    (0..height).flat_map(|y| (0..width).map(move |x| (x, y))).flat_map(|(x, y)| pixel(x, y)).collect()
}

/// A gradient without steep edges, so that averaged chroma is close to the picture's.
pub(crate) fn gradient(width: u32, height: u32) -> Vec<u8> {
    let pixel = |x: u32, y: u32| [60 + 2 * x, 90 + 2 * y, 150 - x - y].map(|level| level as u8);
    (0..height).flat_map(|y| (0..width).flat_map(move |x| pixel(x, y))).collect()
}

pub(crate) fn encode(rgb: &[u8], size: (u32, u32), quality: u8, (sampling, progressive): (Sampling, bool)) -> Vec<u8> {
    let encoder = Encoder::new(size, quality).sampling(sampling).progressive(progressive);
    encoder.encode(rgb, &mut Scratch::default()).unwrap()
}

/// Size and pixels by `jpeg-decoder`.
pub(crate) fn by_jpeg_decoder(file: &[u8]) -> ((u32, u32), Vec<u8>) {
    let mut decoder = jpeg_decoder::Decoder::new(file);
    let pixels = decoder.decode().unwrap();
    let info = decoder.info().unwrap();
    ((info.width.into(), info.height.into()), pixels)
}

/// Size and pixels by `zune-jpeg`.
pub(crate) fn by_zune_jpeg(file: &[u8]) -> ((u32, u32), Vec<u8>) {
    let options = DecoderOptions::default().set_max_width(65_535).set_max_height(65_535);
    let mut decoder = zune_jpeg::JpegDecoder::new_with_options(ZCursor::new(file), options);
    let pixels = decoder.decode().unwrap();
    let (width, height) = decoder.dimensions().unwrap();
    ((width as u32, height as u32), pixels)
}

/// The largest difference of two levels, and the peak signal-to-noise ratio in dB.
pub(crate) fn apart(a: &[u8], b: &[u8]) -> (u8, f64) {
    assert_eq!(a.len(), b.len());
    let differences = || a.iter().zip(b).map(|(a, b)| a.abs_diff(*b));
    let squares: u64 = differences().map(|difference| u64::from(difference).pow(2)).sum();
    let mean = (squares as f64 / a.len() as f64).max(1e-9);
    (differences().max().unwrap_or(0), 10.0 * (255.0 * 255.0 / mean).log10())
}

/// The contents of the segments with a marker.
pub(crate) fn contents(file: &[u8], marker: u8) -> Vec<&[u8]> {
    segments(file).into_iter().filter(|(own, _)| *own == marker).map(|(_, content)| content).collect()
}

/// The frame header of a picture of 50x40 pixels.
pub(crate) fn frame_header((sampling, _): (Sampling, bool)) -> [u8; 15] {
    let factors = if sampling == Sampling::Yuv420 { 0x22 } else { 0x11 };
    [8, 0, 40, 0, 50, 3, 1, factors, 0, 2, 0x11, 1, 3, 0x11, 1]
}

/// The segments of a file behind SOI: the marker and the content. Entropy-coded data is skipped.
pub(crate) fn segments(file: &[u8]) -> Vec<(u8, &[u8])> {
    assert_eq!(file[..2], [0xff, 0xd8]);
    let (mut at, mut found) = (2, Vec::new());
    while file[at..] != [0xff, 0xd9] {
        assert_eq!(file[at], 0xff, "at {at}");
        let length = usize::from(u16::from_be_bytes([file[at + 2], file[at + 3]]));
        found.push((file[at + 1], &file[at + 4..at + 2 + length]));
        at += 2 + length;
        if found.last().unwrap().0 == 0xda {
            at += file[at..].windows(2).position(|two| two[0] == 0xff && two[1] != 0).unwrap();
        }
    }
    found
}
