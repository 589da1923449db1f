//! The embedded generator: reframes the source into the preset without a model, without a network, at no cost.
//!
//! Where the preset's shape keeps 85 % of the source or more, the source is cropped to it, around the request's focus.
//! Otherwise the whole
//! source is fitted in, and its edges are extended: mirrored at the seam, so that nothing jumps there, and the more
//! blurred the farther out, so that nothing is plainly seen twice. The same source and preset give the same pixels.
//!
//! It stands in for a model where none is wanted: in tests, for previews, as a fallback. Unlike the cut from a
//! generated picture it enlarges a source that is smaller than the preset, and says so in its description.

use std::sync::Arc;

use super::error::{GenerateError, GenerateErrorKind};
use super::generated::Generated;
use super::generator::{AsyncGenerator, Generator};
use super::request::GenerationRequest;
use crate::geometry::fit::largest_inside;
use crate::geometry::focus::{Focus, Reframing, around};
use crate::geometry::rect::Rect;
use crate::pixels::decode::{Colour, DecodeLimits, DecodeOptions, decode};
use crate::pixels::encode::{EncodeError, EncodeOptions, encode};
use crate::pixels::picture::{Layout, Picture};
use crate::pixels::resample::{Filter, resample};
use crate::size::Size;

/// From this share of the source on, in thousandths, it is cropped rather than extended.
const CROP_FROM: u16 = 850;
/// The part of the fitted picture's side, as a divisor, that is mirrored at its edge.
const STRIP: u32 = 12;
/// The blurs of an extended edge, from none: the divisors by which the picture is reduced, step by step.
const BLURS: [u32; 4] = [1, 6, 24, 96];

/// The built-in generator. It reframes the source into the preset, without a model or a network.
///
/// ```
/// use smart_resize::{Generator, Plan, Request};
/// use smart_resize::generate::local::LocalGenerator;
/// # use smart_resize::{Size, Source};
/// # use smart_resize::pixels::Picture;
/// # let source = Source::from_picture(&Picture::from_rgb(Size::new(96, 64)?, vec![90; 96 * 64 * 3])?)?;
///
/// let plan = Plan::new(&Request::builder(source.clone()).sizes(["300x250"]).build()?)?;
/// let request = plan.requests(&source)?.remove(0);
/// let generated = LocalGenerator::default().generate(&request)?;
/// assert_eq!((generated.backend.as_str(), generated.billed_images), ("local", 0));
/// assert!(generated.description.unwrap().starts_with("made locally: "));
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct LocalGenerator {
    /// Bounds on the source, and on the preset as if it were decoded.
    pub limits: DecodeLimits,
}

impl Generator for LocalGenerator {
    /// Makes the request's variants, all the same. It needs the source's bytes.
    fn generate(&self, request: &GenerationRequest) -> Result<Generated, GenerateError> {
        let fail = |message: String| GenerateError::new(GenerateErrorKind::InvalidRequest, message);
        let Some(bytes) = request.source().bytes() else {
            return Err(fail("the local generator needs the bytes of the source".into()));
        };
        let decoded = decode(bytes, &DecodeOptions::default().limits(self.limits))
            .map_err(|error| fail("the source cannot be read".into()).caused_by(error))?;
        let frame = request.preset().size;
        if !self.limits.allow(frame) {
            let DecodeLimits { pixels, decoded_bytes, .. } = self.limits;
            return Err(fail(format!(
                "a preset of {frame}, at most {pixels} pixels and {decoded_bytes} bytes at 4 a pixel"
            )));
        }
        let unable = |error: EncodeError| fail("the reframed source cannot be encoded".into()).caused_by(error);
        let (picture, reframing, mut how) = reframe(&decoded.picture, frame, request.options().focus);
        if let Colour::Ignored { reason } = &decoded.colour {
            how.push_str(", its colours taken for sRGB because of ");
            how.push_str(reason);
        }
        let encoded = encode(&picture, request.options().transfer_format, &EncodeOptions::default()).map_err(unable)?;
        let image: Arc<[u8]> = encoded.bytes.into();
        let images = (0..request.variants()).map(|_| image.clone());
        Ok(Generated::new("local", images).billed_images(0).description(how).reframing(reframing))
    }
}

impl AsyncGenerator for LocalGenerator {
    /// As the sync method, on the polling thread.
    async fn generate(&self, request: &GenerationRequest) -> Result<Generated, GenerateError> {
        Generator::generate(self, request)
    }
}

/// The picture in a frame of another shape, how it lies in there, and what was done in words.
fn reframe(picture: &Picture, frame: Size, focus: Focus) -> (Picture, Reframing, String) {
    let source = picture.size();
    let crop = around(focus.pixels(source), source, largest_inside(source, frame));
    let kept = crop.kept_of(source);
    if kept.get() >= CROP_FROM {
        let how = format!("made locally: cropped to {kept} of the source{}", enlarged(crop.size(), frame));
        let reframing = Reframing::new(source, crop, Rect::new(0, 0, frame));
        return (resample(picture, crop, frame, Filter::Lanczos3), reframing, how);
    }
    let inner = largest_inside(frame, source);
    let whole = Rect::new(0, 0, source);
    let fitted = resample(picture, whole, inner, Filter::Lanczos3);
    let how = format!("made locally: the whole source with its edges extended{}", enlarged(source, inner));
    let reframing = Reframing::new(source, whole, Rect::centred(frame, inner));
    (extend(&fitted, frame), reframing, how)
}

fn enlarged(from: Size, to: Size) -> String {
    if from.covers(to) { String::new() } else { format!(", enlarged from {from} to {to}") }
}

/// The picture in the middle of the frame, with its edges extended to those of the frame.
fn extend(picture: &Picture, frame: Size) -> Picture {
    let place = Rect::centred(frame, picture.size());
    let mirrored = mirror(picture, frame, place);
    // The blur is at its full strength at a seventh of the frame's shorter side from the seam.
    let reach = (frame.width().min(frame.height()) / 7).max(1);
    let columns = strengths(place.x(), place.width(), frame.width(), reach);
    let rows = strengths(place.y(), place.height(), frame.height(), reach);

    let channels = mirrored.layout().channels();
    let mut pixels = mirrored.pixels().to_vec();
    let mut sharper = mirrored.clone();
    for level in 1..BLURS.len() {
        let blurred = blur(&mirrored, BLURS.get(..=level).unwrap_or_default());
        let from = strength_of(level - 1);
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
    whole(frame, mirrored.layout(), pixels).without_needless_alpha()
}

/// The picture at `place` in the frame, with its edges mirrored around it.
fn mirror(picture: &Picture, frame: Size, place: Rect) -> Picture {
    let channels = picture.layout().channels();
    let columns = reflections(place.x(), place.width(), frame.width());
    let mut pixels = Vec::with_capacity(frame.area() as usize * channels);
    for y in reflections(place.y(), place.height(), frame.height()) {
        let row = picture.pixels().get(y * picture.row_bytes()..(y + 1) * picture.row_bytes()).unwrap_or_default();
        for x in &columns {
            pixels.extend_from_slice(row.get(x * channels..(x + 1) * channels).unwrap_or_default());
        }
    }
    whole(frame, picture.layout(), pixels)
}

#[expect(clippy::expect_used, reason = "a broken invariant must be loud")]
fn whole(size: Size, layout: Layout, pixels: Vec<u8>) -> Picture {
    Picture::new(size, layout, pixels).expect("invariant: every pixel of the frame was made")
}

/// For each of `whole` places, which of the `length` pixels that begin at `start` is seen there. Only a strip at
/// the edge is mirrored, back and forth, so that the subject in the middle is not seen twice.
fn reflections(start: u32, length: u32, whole: u32) -> Vec<usize> {
    let strip = length.div_ceil(STRIP);
    let there_and_back = |distance: u32| {
        let phase = distance % (2 * strip);
        phase.min(2 * strip - 1 - phase)
    };
    let reflect = |at: u32| match (at.checked_sub(start), at.checked_sub(start + length)) {
        (None, _) => there_and_back(start - 1 - at),
        (Some(inside), None) => inside,
        (Some(_), Some(beyond)) => length - 1 - there_and_back(beyond),
    };
    (0..whole).map(|at| reflect(at) as usize).collect()
}

/// For each of `whole` places how far up the list of blurs it is, in 256ths of a step: 0 inside the picture.
fn strengths(start: u32, length: u32, whole: u32, reach: u32) -> Vec<u32> {
    let steps = strength_of(BLURS.len() - 1);
    let strength = |at: u32| {
        let distance = start.saturating_sub(at).max((at + 1).saturating_sub(start + length));
        (distance.min(reach) * steps) / reach
    };
    (0..whole).map(strength).collect()
}

/// The strength from which on the blur of `level` is mixed with the next.
fn strength_of(level: usize) -> u32 {
    u32::try_from(level).unwrap_or(0) * 256
}

/// The picture reduced by each divisor in turn and enlarged again by the same steps, so that no grid shows.
fn blur(picture: &Picture, divisors: &[u32]) -> Picture {
    let size = picture.size();
    let reduced = |divisor: &u32| {
        let part = |side: u32| side.div_ceil(*divisor).max(2.min(side));
        Size::new(part(size.width()), part(size.height())).unwrap_or(size)
    };
    let down = divisors.iter().map(reduced);
    let up = divisors.iter().rev().skip(1).map(reduced);
    down.chain(up).fold(picture.clone(), |picture, size| {
        resample(&picture, Rect::new(0, 0, picture.size()), size, Filter::Gaussian)
    })
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
