//! The built-in generator, which reframes the source into the preset without a model or a network, at no cost.
//!
//! If a crop to the preset's shape keeps 85 % of the source or more, the source is cropped around the request's focal
//! point. Otherwise the whole source is fitted into the preset and its edges are extended. The extension mirrors the
//! picture at the seam, so that there is no visible jump. Its blur grows with the distance from the seam, so that no
//! object is clearly seen twice. The same source and preset give the same pixels.
//!
//! The generator replaces a model in tests, for previews, and as a fallback. Keep its answers in a store of their own,
//! if at all: a paid backend with the same store would not be called. Unlike rendering, it enlarges a source
//! that is smaller than the preset, and says so in its description.

use std::sync::Arc;

use super::error::{GenerateError, GenerateErrorKind};
use super::generated::Generated;
use super::generator::{AsyncGenerator, Generator};
use super::request::GenerationRequest;
use crate::geometry::fit::largest_inside;
use crate::geometry::focus::{Focus, Reframing, rect_at};
use crate::geometry::per_mille::PerMille;
use crate::geometry::rect::Rect;
use crate::pixels::decode::{Colour, DecodeLimits, DecodeOptions, decode};
use crate::pixels::encode::{EncodeError, EncodeOptions, encode};
use crate::pixels::picture::{Layout, Picture};
use crate::pixels::resample::{Filter, resample};
use crate::size::Size;

/// The least share of the source that a crop must keep. Below it, the edges are extended instead.
const MIN_KEPT_BY_CROP: PerMille = PerMille::constant(850);
/// The width of the strip that is mirrored at an edge, as a divisor of the fitted picture's side.
const STRIP_DIVISOR: u32 = 12;
/// The levels of blur in an extended edge, as the divisors by which the picture is reduced. Level 0 is not blurred.
const BLURS: [u32; 4] = [1, 6, 24, 96];

/// The built-in generator. It reframes the source into the preset, without a model or a network.
///
/// The [module documentation](self) describes the method.
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
    /// Limits on decoding the source. A preset must be within them too.
    pub limits: DecodeLimits,
}

impl Generator for LocalGenerator {
    /// Makes one image and returns it for each of the request's variants. The source must have bytes.
    ///
    /// # Errors
    ///
    /// [`GenerateErrorKind::InvalidRequest`] if the source has no bytes or cannot be read, the preset exceeds the
    /// limits, or the image cannot be encoded.
    fn generate(&self, request: &GenerationRequest) -> Result<Generated, GenerateError> {
        let fail = |message: String| GenerateError::new(GenerateErrorKind::InvalidRequest, message);
        let Some(bytes) = request.source().bytes() else {
            return Err(fail("the local generator needs the bytes of the source".into()));
        };
        let decoded = decode(bytes, &DecodeOptions::default().limits(self.limits))
            .map_err(|error| fail("the source cannot be read".into()).caused_by(error))?;
        // The picture is made in memory at the size of the preset, so the limits of decoding apply to it too.
        let preset = request.preset().size;
        if !self.limits.allow(preset) {
            let DecodeLimits { pixels, decoded_bytes, .. } = self.limits;
            return Err(fail(format!(
                "the preset is {preset}; expected at most {pixels} pixels and {decoded_bytes} bytes at 4 bytes per \
                 pixel"
            )));
        }
        let unable = |error: EncodeError| fail("the reframed source cannot be encoded".into()).caused_by(error);
        let (picture, reframing, mut how) = reframe(&decoded.picture, preset, request.brief().focus);
        if let Colour::Ignored { reason } = &decoded.colour {
            how.push_str(", its colours read as sRGB because of ");
            how.push_str(reason);
        }
        let encoded = encode(&picture, request.options().transfer_format, &EncodeOptions::default()).map_err(unable)?;
        let image: Arc<[u8]> = encoded.bytes.into();
        // The method has no random choice, so all variants are the same image.
        let images = (0..request.variants()).map(|_| image.clone());
        Ok(Generated::new("local", images).billed_images(0).description(how).reframing(reframing))
    }
}

impl AsyncGenerator for LocalGenerator {
    /// Does the same as the sync method, on the thread that polls the future.
    async fn generate(&self, request: &GenerationRequest) -> Result<Generated, GenerateError> {
        Generator::generate(self, request)
    }
}

/// Reframes a picture into `preset`. Returns the result, its geometry, and a description in words.
fn reframe(picture: &Picture, preset: Size, focus: Focus) -> (Picture, Reframing, String) {
    let source = picture.size();
    let crop = rect_at(focus.pixels(source), focus.mode, source, largest_inside(source, preset));
    let kept = crop.kept_of(source);
    if kept >= MIN_KEPT_BY_CROP {
        let how = format!("made locally: cropped to {kept} of the source{}", enlarged(crop.size(), preset));
        let reframing = Reframing::new(source, crop, Rect::new(0, 0, preset));
        return (resample(picture, crop, preset, Filter::Lanczos3), reframing, how);
    }
    // The fitted picture fills the preset on one axis. `extend` places it at the same rectangle as the reframing does.
    let inner = largest_inside(preset, source);
    let whole = Rect::new(0, 0, source);
    let fitted = resample(picture, whole, inner, Filter::Lanczos3);
    let how = format!("made locally: the whole source with its edges extended{}", enlarged(source, inner));
    let reframing = Reframing::new(source, whole, Rect::centred(preset, inner));
    (extend(&fitted, preset), reframing, how)
}

/// Returns the end of the description if the source was enlarged, and an empty text otherwise.
fn enlarged(from: Size, to: Size) -> String {
    if from.covers(to) { String::new() } else { format!(", enlarged from {from} to {to}") }
}

/// Places the picture in the middle of the preset and extends its edges to those of the preset.
///
/// The mirrored picture is blurred at each level of [`BLURS`], and each pixel is a mix of two adjacent levels. The
/// strength of a pixel, in 256ths of a level, grows linearly with the distance from the picture, up to a maximum.
fn extend(picture: &Picture, preset: Size) -> Picture {
    let place = Rect::centred(preset, picture.size());
    let mirrored = mirror(picture, preset, place);
    // The distance from the seam, in pixels, at which the blur has its full strength.
    let reach = (preset.width().min(preset.height()) / 7).max(1);
    let columns = strengths(place.x(), place.width(), preset.width(), reach);
    let rows = strengths(place.y(), place.height(), preset.height(), reach);

    let channels = mirrored.layout().channels();
    let mut pixels = mirrored.pixels().to_vec();
    let mut sharper = mirrored.clone();
    // A pass mixes a level with the one before, in the pixels whose strength exceeds that of the one before. The last
    // pass that a pixel takes part in determines its value.
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
                // On one axis the picture fills the preset and every strength is 0. The other axis decides.
                let strength = (*row_strength).max(*column_strength);
                if strength > from {
                    mix(out, near, far, (strength - from).min(256));
                }
            }
        }
        sharper = blurred;
    }
    whole(preset, mirrored.layout(), pixels).without_needless_alpha()
}

/// Copies the picture to `place` in the preset, and mirrors its edges into the rest of the preset.
fn mirror(picture: &Picture, preset: Size, place: Rect) -> Picture {
    let channels = picture.layout().channels();
    // The axes are independent, so the columns are the same for every row.
    let columns = reflections(place.x(), place.width(), preset.width());
    let mut pixels = Vec::with_capacity(preset.area() as usize * channels);
    for y in reflections(place.y(), place.height(), preset.height()) {
        let row = picture.pixels().get(y * picture.row_bytes()..(y + 1) * picture.row_bytes()).unwrap_or_default();
        for x in &columns {
            pixels.extend_from_slice(row.get(x * channels..(x + 1) * channels).unwrap_or_default());
        }
    }
    whole(preset, picture.layout(), pixels)
}

/// Makes a picture of pixels that are known to fill it.
#[expect(clippy::expect_used, reason = "a broken invariant must be loud")]
fn whole(size: Size, layout: Layout, pixels: Vec<u8>) -> Picture {
    Picture::new(size, layout, pixels).expect("invariant: every pixel of the frame was made")
}

/// Returns, for each column or row of a preset, the index of the picture's column or row that is shown there.
///
/// The picture covers `length` of the `whole` positions, from `start` on. Beyond its edges only a strip is mirrored,
/// back and forth, so that a subject in the middle is not seen twice.
fn reflections(start: u32, length: u32, whole: u32) -> Vec<usize> {
    let strip = length.div_ceil(STRIP_DIVISOR);
    let there_and_back = |distance: u32| {
        // The index counts 0, 1, …, strip − 1, strip − 1, …, 1, 0 and repeats. The first index beyond the seam is 0, so
        // the pixels at the seam are adjacent to their own copies.
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

/// Returns the strength of the blur, in 256ths of a level, for each column or row of a preset.
///
/// The picture covers `length` of the `whole` positions, from `start` on. Inside it the strength is 0. At the distance
/// `reach` it has its maximum.
fn strengths(start: u32, length: u32, whole: u32, reach: u32) -> Vec<u32> {
    let steps = strength_of(BLURS.len() - 1);
    let strength = |at: u32| {
        // The first pixel beyond an edge has the distance 1, and every pixel inside the picture 0.
        let distance = start.saturating_sub(at).max((at + 1).saturating_sub(start + length));
        (distance.min(reach) * steps) / reach
    };
    (0..whole).map(strength).collect()
}

/// Returns the strength at which exactly the blur of `level` is shown.
fn strength_of(level: usize) -> u32 {
    u32::try_from(level).unwrap_or(0) * 256
}

/// Blurs the picture: reduces it by each divisor in turn, and enlarges it again by the same steps. Enlarging in one
/// step would show a grid.
fn blur(picture: &Picture, divisors: &[u32]) -> Picture {
    let size = picture.size();
    let reduced = |divisor: &u32| {
        // A side keeps two pixels if it has them, so that enlarging interpolates and does not fill the side with one
        // colour.
        let part = |side: u32| side.div_ceil(*divisor).max(2.min(side));
        Size::new(part(size.width()), part(size.height())).unwrap_or(size)
    };
    let down = divisors.iter().map(reduced);
    // The last divisor is the turning point. The first one is 1, so the way up ends at the full size.
    let up = divisors.iter().rev().skip(1).map(reduced);
    down.chain(up).fold(picture.clone(), |picture, size| {
        resample(&picture, Rect::new(0, 0, picture.size()), size, Filter::Gaussian)
    })
}

/// Sets `out` to the weighted mean of `near` and `far`. `far` has the weight `weight` of 256. Colours are also weighted
/// by alpha.
fn mix(out: &mut [u8], near: &[u8], far: &[u8], weight: u32) {
    // A transparent pixel has no visible colour. Without the weighting by alpha, its colour would bleed into the mix.
    let alpha = |pixel: &[u8]| pixel.get(3).map_or(255, |alpha| u32::from(*alpha));
    let (near_weight, far_weight) = (alpha(near) * (256 - weight), alpha(far) * weight);
    let total = near_weight + far_weight;
    for ((out, near), far) in out.iter_mut().zip(near).zip(far).take(3) {
        let sum = u32::from(*near) * near_weight + u32::from(*far) * far_weight;
        // If both pixels are transparent, the total is 0 and the colour is black.
        *out = sum.checked_add(total / 2).and_then(|sum| sum.checked_div(total)).map_or(0, byte);
    }
    if let Some(alpha) = out.get_mut(3) {
        // The two weights add up to 256, so the total is 256 times the mean alpha.
        *alpha = byte((total + 128) / 256);
    }
}

/// Converts a value to a byte. Invariant: it is at most 255.
fn byte(value: u32) -> u8 {
    u8::try_from(value).unwrap_or(u8::MAX)
}
