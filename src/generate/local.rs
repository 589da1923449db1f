//! The built-in generator, which reframes the source into the preset without a model or a network, at no cost.
//!
//! It paints nothing new. It crops what does not matter, and stretches the rows or the columns in which a stretch is
//! not visible: plain sky, a blurred background, the margin of a poster. What looks like a subject keeps its shape, and
//! the request's focus stays whole. Blank edges, such as the white around a product, grow without limit.
//!
//! Before it makes a pixel, the generator estimates how plausible the result will be. Below 50 % it makes a backdrop
//! instead: the whole source over a blurred and darkened enlargement of itself. [`Fallback`] and [`Keep`] change this.
//!
//! The same source, brief and options give the same pixels on every machine: every decision and every pixel is computed
//! with integers. Nothing is random.
//!
//! # What it does not see
//!
//! Salience is computed from colours, and people are searched for by the tone of their skin. The generator does not see
//! small people in a landscape, people from behind, faces in black and white, or a subject that the source's border
//! cuts. It changes geometry, so it is not for documents, maps and screenshots. A [`Focus`] on what matters is the
//! remedy: the generated picture never cuts and never stretches that region.
//!
//! The generator replaces a model in tests, for previews, and as a fallback. Keep its answers in a store of their own,
//! or in none. A fingerprint does not name the backend, so a run with a paid backend and the same store takes the local
//! answer and calls nothing. Unlike rendering, the generator enlarges a source that is smaller than the preset, and
//! says so in its description.

#![allow(
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::cast_possible_truncation,
    clippy::cast_possible_wrap,
    clippy::cast_sign_loss,
    reason = "a broken invariant must be loud; cells, pixels and fixed-point values are far below 2³²"
)]

mod backdrop;
mod blank;
mod crop;
mod fixed;
mod grid;
mod map;
mod reframe;
mod salience;
mod skin;
mod stretch;
mod terms;
mod thing;

use std::sync::Arc;

pub(crate) use self::reframe::Analysis;
use self::reframe::{Demands, Reframe};
use super::error::{GenerateError, GenerateErrorKind};
use super::generated::Generated;
use super::generator::{AsyncGenerator, Generator};
use super::request::GenerationRequest;
use crate::geometry::focus::{Focus, Reframing};
use crate::geometry::per_mille::PerMille;
use crate::geometry::rect::Rect;
use crate::pixels::decode::{Colour, Damaged, DecodeLimits, DecodeOptions, decode};
use crate::pixels::encode::{EncodeError, EncodeOptions, encode};
use crate::pixels::picture::Picture;
use crate::prompt::brief::Brief;
use crate::size::Size;

/// What the generator makes if a reframing would be plausible to less than 50 %.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Fallback {
    /// The whole source over a blurred and darkened enlargement of itself.
    #[default]
    Backdrop,
    /// Nothing: the call fails with [`GenerateErrorKind::InvalidRequest`].
    Refuse,
    /// The reframing, whatever its plausibility. If the protected regions make a reframing impossible, it is the
    /// backdrop.
    Anyway,
}

/// How much of the source a reframing keeps.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Keep {
    /// As much as looks best: crop and stretch are weighed against each other.
    #[default]
    Auto,
    /// All of it. Nothing is cropped.
    All,
}

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
    /// What is made if a reframing would not be plausible. Default: [`Fallback::Backdrop`].
    pub fallback: Fallback,
    /// How much of the source is kept. Default: [`Keep::Auto`].
    pub keep: Keep,
    /// What happens with a damaged source. Default: [`Damaged::Refuse`].
    pub damaged: Damaged,
}

impl LocalGenerator {
    /// The least plausibility that is good enough without a [`Fallback`]: 50 %.
    ///
    /// ```
    /// use smart_resize::generate::local::LocalGenerator;
    ///
    /// assert_eq!(LocalGenerator::PLAUSIBLE.to_string(), "50 %");
    /// ```
    pub const PLAUSIBLE: PerMille = PerMille::HALF;

    /// Sets the limits on decoding the source, and on the preset.
    #[must_use]
    pub const fn limits(mut self, limits: DecodeLimits) -> Self {
        self.limits = limits;
        self
    }

    /// Sets what is made if a reframing would not be plausible.
    #[must_use]
    pub const fn fallback(mut self, fallback: Fallback) -> Self {
        self.fallback = fallback;
        self
    }

    /// Sets how much of the source is kept.
    #[must_use]
    pub const fn keep(mut self, keep: Keep) -> Self {
        self.keep = keep;
        self
    }

    /// Sets what happens with a damaged source. If it is used, the description of the image names the damage.
    #[must_use]
    pub const fn damaged(mut self, damaged: Damaged) -> Self {
        self.damaged = damaged;
        self
    }

    /// Returns how the source is decoded.
    pub(crate) fn decode_options(&self) -> DecodeOptions {
        DecodeOptions::default().limits(self.limits).damaged(self.damaged)
    }
}

impl Generator for LocalGenerator {
    /// Makes one image and returns it for each of the request's variants. The source must have bytes.
    ///
    /// # Errors
    ///
    /// [`GenerateErrorKind::InvalidRequest`] if the source has no bytes or cannot be read, the preset exceeds the
    /// limits, the image cannot be encoded, or a reframing would not be plausible and the fallback is
    /// [`Fallback::Refuse`].
    fn generate(&self, request: &GenerationRequest) -> Result<Generated, GenerateError> {
        let fail = |message: String| GenerateError::new(GenerateErrorKind::InvalidRequest, message);
        let Some(bytes) = request.source().bytes() else {
            return Err(fail("the local generator needs the bytes of the source".into()));
        };
        let decoded = decode(bytes, &self.decode_options())
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
        let Made { picture, reframing, description: mut how, plausibility } =
            self.make(&Analysis::of(&decoded.picture), request.brief(), &decoded.picture, preset).map_err(fail)?;
        match &decoded.colour {
            Colour::Ignored { reason } => {
                how.push_str(", its colours read as sRGB because of ");
                how.push_str(reason);
            }
            Colour::DeviceCmyk { .. } => how.push_str(", its colours converted from CMYK without a profile"),
            Colour::Srgb | Colour::Converted => {}
        }
        if let Some(damage) = &decoded.damage {
            how.push_str(", the source is damaged: ");
            how.push_str(&damage.to_string());
        }
        let encoded = encode(&picture, request.options().transfer_format, &EncodeOptions::default()).map_err(unable)?;
        let image: Arc<[u8]> = encoded.bytes.into();
        // The method has no random choice, so all variants are the same image.
        let images = (0..request.variants()).map(|_| image.clone());
        let generated = Generated::new("local", images).billed_images(0).description(how);
        Ok(generated.reframing(reframing).plausibility(plausibility))
    }
}

impl AsyncGenerator for LocalGenerator {
    /// Does the same as the sync method, on the thread that polls the future.
    async fn generate(&self, request: &GenerationRequest) -> Result<Generated, GenerateError> {
        Generator::generate(self, request)
    }
}

/// A picture that was made, and what is said about it.
pub(crate) struct Made {
    pub(crate) picture: Picture,
    /// Where a picture of the preset's size shows the source.
    pub(crate) reframing: Reframing,
    description: String,
    pub(crate) plausibility: PerMille,
}

impl LocalGenerator {
    /// Reframes a picture to the brief's preset. Every decision is made for the analysed picture and the preset. The
    /// pixels are made from `picture`, which may be a reduced copy, at the size `frame`, which may be a smaller size of
    /// the preset's shape. The error is a message.
    pub(crate) fn make(
        &self,
        source: &Analysis,
        brief: &Brief,
        picture: &Picture,
        frame: Size,
    ) -> Result<Made, String> {
        let (focus, protected, preset) = (brief.focus, protected(brief), brief.preset.size);
        let demands = Demands {
            protected: &protected,
            surviving: brief.surviving,
            safe_area: brief.safe_area,
            focus,
            keep: self.keep,
        };
        let plan = Reframe::plan(source, preset, &demands);
        // Without a way to reframe, a reframing is not plausible at all.
        let plausibility = plan.as_ref().map_or(PerMille::ZERO, Reframe::plausibility);
        let is_plausible = plausibility >= Self::PLAUSIBLE;
        if self.fallback == Fallback::Refuse && !is_plausible {
            return Err(format!(
                "the plausibility of a reframing to {preset} is {plausibility}; expected at least {}",
                Self::PLAUSIBLE
            ));
        }
        Ok(if let Some(plan) = plan.filter(|_| is_plausible || self.fallback == Fallback::Anyway) {
            let enlarged = enlarged(plan.shown().size(), preset);
            let description = format!("made locally: {}, plausible to {plausibility}{enlarged}", plan.describe());
            Made { picture: plan.apply(picture, frame), reframing: plan.reframing(focus), description, plausibility }
        } else {
            // The picture lies in the part that every target keeps, so that no crop cuts it.
            let (size, place) = (source.source(), backdrop::place(source.source(), brief.safe_area));
            let reframing = Reframing::new(size, Rect::new(0, 0, size), place);
            let description = format!(
                "made locally: the whole source over a blurred backdrop, since a reframing is plausible to \
                 {plausibility}{}",
                enlarged(size, place.size())
            );
            let picture = backdrop::backdrop(picture, frame, place.scaled(preset, frame));
            Made { picture, reframing, description, plausibility }
        })
    }
}

/// Returns the regions of the source that stay whole: the focus, and the subjects and texts of the scene.
fn protected(brief: &Brief) -> Vec<Focus> {
    // The default focus asks for a centred crop of the result, and is no region of the source.
    let focus = Some(brief.focus).filter(|focus| !focus.is_centre());
    let scene = brief.scene.iter().flat_map(|scene| scene.subjects().iter().chain(scene.texts()));
    focus.into_iter().chain(scene.map(|region| region.area().into())).collect()
}

/// Returns the end of the description if the source was enlarged, and an empty text otherwise.
fn enlarged(from: Size, to: Size) -> String {
    if from.covers(to) { String::new() } else { format!(", enlarged from {from} to {to}") }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::preset::Preset;
    use crate::scene::{Area, Region, Scene};

    fn size(text: &str) -> Size {
        text.parse().unwrap()
    }

    #[test]
    fn a_reframing_is_good_enough_from_a_plausibility_of_50_percent_on() {
        assert_eq!(LocalGenerator::PLAUSIBLE.get(), 500);
    }

    #[test]
    fn an_enlargement_is_named_in_the_description() {
        assert_eq!(enlarged(size("10x10"), size("10x10")), "");
        assert_eq!(enlarged(size("10x10"), size("11x10")), ", enlarged from 10x10 to 11x10");
        assert_eq!(enlarged(size("10x10"), size("9x11")), ", enlarged from 10x10 to 9x11");
    }

    #[test]
    fn the_focus_the_subjects_and_the_texts_are_protected() {
        let area = |left| Area::new(left, 0, left + 100, 100).unwrap();
        let region = |left| Region::new("it", area(left)).unwrap();
        let scene =
            Scene::new("a").and_then(|scene| scene.subject(region(0))).and_then(|scene| scene.text(region(200)));
        let brief = Brief::new(Preset::new(size("10x10"))).scene(scene.unwrap());
        let regions = [0, 200].map(|left| Focus::from(area(left)));
        // The default focus is no region of the source.
        assert_eq!(protected(&brief), regions);
        let focus = Focus::point(PerMille::ZERO, PerMille::HALF);
        assert_eq!(protected(&brief.focus(focus)), [focus, regions[0], regions[1]]);
    }
}
