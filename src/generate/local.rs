//! The embedded generator: reframes the source into the preset without a model, without a network, at no cost.
//!
//! Where the preset's shape keeps 85 % of the source or more, the source is cropped to it. Otherwise the whole
//! source is fitted in, and its edges are extended: mirrored at the seam, so that nothing jumps there, and the more
//! blurred the farther out, so that nothing is plainly seen twice. The same source and preset give the same pixels.
//!
//! It stands in for a model where none is wanted: in tests, for previews, as a fallback. Unlike the cut from a
//! generated picture it enlarges a source that is smaller than the preset, and says so in its description.

use std::sync::Arc;

use super::error::{GenerateError, GenerateErrorKind};
use super::{AsyncGenerator, Generated, GenerationRequest, Generator};
use crate::pixels::RenderError;
use crate::pixels::decode::{DecodeLimits, decode};
use crate::pixels::encode::png::{PngEffort, PngOptions};
use crate::pixels::encode::{EncodeOptions, encode};
use crate::pixels::picture::Picture;
use crate::pixels::resample::{Filter, resample};
use crate::plan::fit::{Rect, cover, largest_inside};
use crate::size::Size;

/// From this share of the source on, in hundredths of a percent, it is cropped rather than extended.
const CROP_FROM: u16 = 8500;
/// The blurs of an extended edge, each as the divisor of the frame's sides that the picture is reduced by.
const BLURS: [u32; 4] = [1, 6, 24, 96];

/// The embedded generator.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct LocalGenerator {
    /// Bounds on the source.
    pub limits: DecodeLimits,
}

impl Generator for LocalGenerator {
    /// Makes the request's variants, all the same. It needs the source's bytes.
    fn generate(&self, request: &GenerationRequest) -> Result<Generated, GenerateError> {
        let fail = |message: String| GenerateError::new(GenerateErrorKind::InvalidRequest, message);
        let Some(bytes) = request.source().bytes() else {
            return Err(fail("the local generator needs the bytes of the source".into()));
        };
        let decoded =
            decode(bytes, &self.limits).map_err(|error| fail("the source cannot be read".into()).with_source(error))?;
        let frame = request.preset().size();
        let unable = |error: RenderError| fail("the source cannot be reframed".into()).with_source(error);
        let (picture, how) = reframe(&decoded.picture, frame).map_err(unable)?;
        let options = EncodeOptions { png: PngOptions::with_effort(PngEffort::Fast), ..EncodeOptions::default() };
        let encoded = encode(&picture, request.transfer_format(), &options).map_err(|error| unable(error.into()))?;
        let image: Arc<[u8]> = encoded.bytes.into();
        let images = (0..request.variants()).map(|_| image.clone());
        Ok(Generated::new("local", images).with_billed_images(0).with_description(how))
    }
}

impl AsyncGenerator for LocalGenerator {
    /// As the sync method, on the polling thread.
    async fn generate(&self, request: &GenerationRequest) -> Result<Generated, GenerateError> {
        Generator::generate(self, request)
    }
}

/// The picture in a frame of another shape, and what was done in words.
fn reframe(picture: &Picture, frame: Size) -> Result<(Picture, String), RenderError> {
    let crop = cover(picture.size(), frame);
    let kept = crop.kept_of(picture.size());
    if kept.hundredths_of_percent() >= CROP_FROM {
        let how = format!("made locally: cropped to {kept} % of the source{}", enlarged(crop.size(), frame));
        return Ok((resample(picture, crop, frame, Filter::Lanczos3)?, how));
    }
    let inner = largest_inside(frame, picture.size());
    let whole = Rect::new(0, 0, picture.size());
    let fitted = resample(picture, whole, inner, Filter::Lanczos3)?;
    let how = format!("made locally: the whole source with its edges extended{}", enlarged(picture.size(), inner));
    Ok((extend(&fitted, frame)?, how))
}

fn enlarged(from: Size, to: Size) -> String {
    if from.covers(to) { String::new() } else { format!(", enlarged from {from} to {to}") }
}

/// The picture in the middle of the frame, with its edges extended to those of the frame.
fn extend(picture: &Picture, frame: Size) -> Result<Picture, RenderError> {
    let place = Rect::centred(frame, picture.size());
    let mirrored = mirror(picture, frame, place)?;
    // The blur is at its full strength at a quarter of the frame's shorter side from the seam.
    let reach = (frame.width().min(frame.height()) / 4).max(1);
    let columns = strengths(place.x(), place.width(), frame.width(), reach);
    let rows = strengths(place.y(), place.height(), frame.height(), reach);

    let channels = mirrored.layout().channels();
    let mut pixels = mirrored.pixels().to_vec();
    let mut sharper = mirrored.clone();
    for (level, divisor) in (0_u32..).zip(BLURS).skip(1) {
        let blurred = blur(&mirrored, divisor)?;
        let from = (level - 1) * 256;
        for (y, row_strength) in rows.iter().enumerate() {
            let row = y * mirrored.row_bytes()..(y + 1) * mirrored.row_bytes();
            let (Some(out), Some(near), Some(far)) =
                (pixels.get_mut(row.clone()), sharper.pixels().get(row.clone()), blurred.pixels().get(row))
            else {
                continue;
            };
            let pairs = near.chunks_exact(channels).zip(far.chunks_exact(channels));
            for ((out, (near, far)), column_strength) in out.chunks_exact_mut(channels).zip(pairs).zip(&columns) {
                let strength = (*row_strength).max(*column_strength);
                if strength > from {
                    mix(out, near, far, (strength - from).min(256));
                }
            }
        }
        sharper = blurred;
    }
    Ok(Picture::new(frame, mirrored.layout(), pixels)?.without_needless_alpha())
}

/// The picture at `place` in the frame, mirrored at its edges as often as it takes.
fn mirror(picture: &Picture, frame: Size, place: Rect) -> Result<Picture, RenderError> {
    let channels = picture.layout().channels();
    let columns = reflections(place.x(), place.width(), frame.width());
    let mut pixels = Vec::with_capacity(frame.area() as usize * channels);
    for y in reflections(place.y(), place.height(), frame.height()) {
        let row = picture.pixels().get(y * picture.row_bytes()..(y + 1) * picture.row_bytes()).unwrap_or_default();
        for x in &columns {
            pixels.extend_from_slice(row.get(x * channels..(x + 1) * channels).unwrap_or_default());
        }
    }
    Ok(Picture::new(frame, picture.layout(), pixels)?)
}

/// For each of `whole` places, which of the `length` pixels that begin at `start` is seen there.
fn reflections(start: u32, length: u32, whole: u32) -> Vec<usize> {
    let (start, length) = (i64::from(start), i64::from(length));
    let reflect = |at: i64| {
        let phase = (at - start).rem_euclid(2 * length);
        usize::try_from(if phase < length { phase } else { 2 * length - 1 - phase }).unwrap_or(0)
    };
    (0..i64::from(whole)).map(reflect).collect()
}

/// For each of `whole` places how far up the list of blurs it is, in 256ths of a step: 0 inside the picture.
fn strengths(start: u32, length: u32, whole: u32, reach: u32) -> Vec<u32> {
    let steps = u32::try_from(BLURS.len() - 1).unwrap_or(0) * 256;
    let strength = |at: u32| {
        let distance = start.saturating_sub(at).max((at + 1).saturating_sub(start + length));
        (distance.min(reach) * steps) / reach
    };
    (0..whole).map(strength).collect()
}

/// The picture reduced by `divisor` and enlarged again.
fn blur(picture: &Picture, divisor: u32) -> Result<Picture, RenderError> {
    let size = picture.size();
    let part = |side: u32| side.div_ceil(divisor).max(2.min(side));
    let small = Size::new(part(size.width()), part(size.height())).unwrap_or(size);
    let reduced = resample(picture, Rect::new(0, 0, size), small, Filter::Gaussian)?;
    resample(&reduced, Rect::new(0, 0, small), size, Filter::Gaussian)
}

/// `out` becomes the mean of `near` and `far`, the latter weighing `weight` of 256; colours also weigh by alpha.
fn mix(out: &mut [u8], near: &[u8], far: &[u8], weight: u32) {
    let alpha = |pixel: &[u8]| pixel.get(3).map_or(255, |alpha| u32::from(*alpha));
    let (near_weight, far_weight) = (alpha(near) * (256 - weight), alpha(far) * weight);
    let total = near_weight + far_weight;
    for ((out, near), far) in out.iter_mut().zip(near).zip(far).take(3) {
        let sum = u32::from(*near) * near_weight + u32::from(*far) * far_weight;
        *out = sum.checked_add(total / 2).and_then(|sum| sum.checked_div(total)).map_or(0, byte);
    }
    if let Some(alpha) = out.get_mut(3) {
        *alpha = byte((total + 128) / 256);
    }
}

fn byte(value: u32) -> u8 {
    u8::try_from(value).unwrap_or(u8::MAX)
}
