//! The quality of a result: SSIMULACRA2 against a reference with the same geometry.
//!
//! The reference shows the rectangle of the source that the result shows, to a fraction of a pixel. It is resampled
//! with Lanczos3 in 64-bit floats over the sRGB values, as all peers resample, and rounded once at the end.

use std::f64::consts::PI;
use std::fs;

use fast_ssim2::{PixelDescriptor, PixelSlice, Ssimulacra2Reference};

use crate::request::Request;

/// Computes scores. It keeps the last reference, because several peers can share it.
#[derive(Default)]
pub(crate) struct Scorer {
    last: Option<(String, Ssimulacra2Reference)>,
}

impl Scorer {
    pub(crate) fn score(&mut self, request: &Request, (width, height): (u32, u32)) -> f64 {
        let key = format!("{} {:?} {width}x{height}", request.input, request.rect);
        if self.last.as_ref().is_none_or(|(last, _)| *last != key) {
            let source = fs::read(&request.input).unwrap();
            let wanted = reference(&source, request.frame, request.rect, [width as usize, height as usize]);
            self.last = Some((key, Ssimulacra2Reference::new(&slice(&wanted, width, height)).unwrap()));
        }
        let (_, reference) = self.last.as_ref().unwrap();
        let output = fs::read(&request.output).unwrap();
        reference.compare(&slice(&output, width, height)).unwrap()
    }
}

fn slice(pixels: &[u8], width: u32, height: u32) -> PixelSlice<'_> {
    PixelSlice::new(pixels, width, height, width as usize * 3, PixelDescriptor::RGB8_SRGB).unwrap()
}

/// Resamples a rectangle of the source, RGB, to a size. `rect` is left, top, width and height.
fn reference(source: &[u8], source_size: [usize; 2], rect: [f64; 4], size: [usize; 2]) -> Vec<u8> {
    let [across, down] = [0, 1].map(|axis| weights(source_size[axis], rect[axis], rect[axis + 2], size[axis]));
    let mut rows = vec![0.0; size[0] * source_size[1] * 3];
    for (to, from) in rows.chunks_exact_mut(size[0] * 3).zip(source.chunks_exact(source_size[0] * 3)) {
        for (pixel, (first, weights)) in to.chunks_exact_mut(3).zip(&across) {
            for (input, weight) in from[first * 3..].chunks_exact(3).zip(weights) {
                for channel in 0..3 {
                    pixel[channel] += f64::from(input[channel]) * weight;
                }
            }
        }
    }
    let mut row = vec![0.0; size[0] * 3];
    let mut pixels = Vec::with_capacity(size[0] * size[1] * 3);
    for (first, weights) in &down {
        row.fill(0.0);
        for (from, weight) in rows[first * size[0] * 3..].chunks_exact(size[0] * 3).zip(weights) {
            for (sum, value) in row.iter_mut().zip(from) {
                *sum += value * weight;
            }
        }
        #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "clamped to a byte")]
        pixels.extend(row.iter().map(|value| value.round().clamp(0.0, 255.0) as u8));
    }
    pixels
}

/// Returns for each output pixel the first input pixel that contributes to it, and the weights of that pixel and its
/// successors. Weights are normalised at the input's edge. Pixels outside the rectangle but inside the input
/// contribute.
#[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, clippy::cast_precision_loss, reason = "sides fit")]
fn weights(source: usize, start: f64, length: f64, size: usize) -> Vec<(usize, Vec<f64>)> {
    let scale = length / size as f64;
    // A reduction widens the kernel.
    let widened = scale.max(1.0);
    let pixel = |at: usize| {
        let centre = start + (at as f64 + 0.5) * scale;
        let first = (centre - 3.0 * widened).floor().max(0.0) as usize;
        let last = ((centre + 3.0 * widened).ceil() as usize).min(source);
        let weight = |at: usize| lanczos((at as f64 + 0.5 - centre) / widened);
        let sum: f64 = (first..last).map(weight).sum();
        (first, (first..last).map(|at| weight(at) / sum).collect())
    };
    (0..size).map(pixel).collect()
}

fn lanczos(x: f64) -> f64 {
    let sinc = |x: f64| if x == 0.0 { 1.0 } else { (PI * x).sin() / (PI * x) };
    if x.abs() < 3.0 { sinc(x) * sinc(x / 3.0) } else { 0.0 }
}
