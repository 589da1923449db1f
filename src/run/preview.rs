//! Previews of a plan: what the built-in generator would make for each target, as small pictures.

use super::driver::RunError;
use crate::generate::local::{Analysis, LocalGenerator, Made};
use crate::geometry::focus;
use crate::geometry::per_mille::PerMille;
use crate::geometry::rect::Rect;
use crate::pixels::decode::decode;
use crate::pixels::picture::Picture;
use crate::pixels::rendered::RenderError;
use crate::pixels::resample::{Filter, resample};
use crate::plan::content::{Generation, Plan, Rendition};
use crate::request::source::Source;
use crate::size::Size;

/// The longest side of the reduced source, and of each picture that is made from it.
const WORKING_SIDE: u32 = 640;

/// A small picture of what the built-in generator would make for a target. [`Plan::preview`] has an example.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Preview {
    /// The picture, which has the target's shape.
    pub picture: Picture,
    /// How plausible the reframing is; `None` if the target is cut from the source.
    pub plausibility: Option<PerMille>,
}

impl Plan {
    /// Makes a small picture for each rendition, in their order, so that people can judge a plan before they pay for
    /// it.
    ///
    /// The pictures show what [`LocalGenerator`] makes, not what a model would: the composition, the crop and the
    /// focus, but nothing new. The whole source is analysed, and the pixels are made from a reduced copy. No
    /// side is longer than `max_side` pixels, and none is enlarged beyond its target.
    ///
    /// ```
    /// use smart_resize::{Plan, Request, Size, Source};
    /// use smart_resize::pixels::Picture;
    ///
    /// let source = Source::from_picture(&Picture::from_rgb(Size::new(96, 64)?, vec![90; 96 * 64 * 3])?)?;
    /// let plan = Plan::new(&Request::builder(source.clone()).sizes(["1080x1080", "728x90"]).build()?)?;
    /// let previews = plan.preview(&source, 200)?;
    /// let sizes: Vec<_> = previews.iter().map(|preview| preview.picture.size().to_string()).collect();
    /// assert_eq!(sizes, ["200x200", "200x25"]);
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    ///
    /// # Errors
    ///
    /// [`PreviewError`] if the source is not that of the plan, has no bytes, or cannot be decoded.
    pub fn preview(&self, source: &Source, max_side: u32) -> Result<Vec<Preview>, PreviewError> {
        self.preview_with(source, max_side, &LocalGenerator::default())
    }

    /// Makes the previews as [`Plan::preview`] does, with the options of a local generator of your own.
    ///
    /// ```
    /// use smart_resize::{Plan, Request, Size, Source};
    /// use smart_resize::generate::local::{Fallback, LocalGenerator};
    /// use smart_resize::pixels::Picture;
    ///
    /// let source = Source::from_picture(&Picture::from_rgb(Size::new(96, 64)?, vec![90; 96 * 64 * 3])?)?;
    /// let plan = Plan::new(&Request::builder(source.clone()).sizes(["728x90"]).build()?)?;
    /// let previews = plan.preview_with(&source, 200, &LocalGenerator::default().fallback(Fallback::Anyway))?;
    /// assert_eq!(previews[0].picture.size(), Size::new(200, 25)?);
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    ///
    /// # Errors
    ///
    /// [`PreviewError`] as from [`Plan::preview`], or if the generator refuses a generation.
    pub fn preview_with(
        &self,
        source: &Source,
        max_side: u32,
        generator: &LocalGenerator,
    ) -> Result<Vec<Preview>, PreviewError> {
        // The requests are not needed. They can be made only if the source is that of the plan.
        self.requests(source).map_err(RunError::from)?;
        let bytes = source.bytes().ok_or(RunError::NoSourceBytes)?;
        let decoded = decode(bytes, &generator.decode_options()).map_err(RenderError::from)?;
        // The whole source decides, as it does in a run. The pixels are made of a reduced copy.
        let analysis = Analysis::of(&decoded.picture);
        let picture = reduced(decoded.picture, WORKING_SIDE);
        // Each generation is made once, small, for all its renditions.
        let sketch = |generation: &Generation| {
            let frame = within(generation.size(), WORKING_SIDE);
            generator.make(&analysis, generation.brief(), &picture, frame).map_err(PreviewError::Generation)
        };
        let sketches = self.generations().iter().map(sketch).collect::<Result<Vec<_>, _>>()?;
        Ok(self.renditions().iter().map(|rendition| self.cut(rendition, &picture, &sketches, max_side)).collect())
    }

    /// Cuts one preview, from the small picture of its generation or from the small source.
    #[expect(clippy::expect_used, reason = "a broken invariant must be loud")]
    fn cut(&self, rendition: &Rendition, source: &Picture, sketches: &[Made], max_side: u32) -> Preview {
        // `full` is the size that the plan's crop refers to, and `image` is a reduced picture of it.
        let (image, full, made) = match rendition.generation() {
            Some(index) => {
                let generation = self.generations().get(index).zip(sketches.get(index));
                let (generation, made) = generation.expect("invariant: a rendition has its generation");
                (&made.picture, generation.size(), Some(made))
            }
            None => (source, self.source_size().expect("invariant: a plan that cuts the source has its size"), None),
        };
        let mut crop = rendition.crop();
        // The crop moves to the focus as that of a run does.
        if let Some(made) = made.filter(|made| made.reframing.moves(rendition.focus(), crop)) {
            let place = made.reframing.pixels(rendition.focus(), full);
            crop = focus::rect_at(place, rendition.focus().mode, full, crop.size());
        }
        let crop = crop.scaled(full, image.size());
        let size = within(rendition.target(), max_side);
        let picture = resample(image, crop, size, Filter::Lanczos3);
        Preview { picture, plausibility: made.map(|made| made.plausibility) }
    }
}

/// Returns `size`, reduced so that no side is longer than `max_side`. A side is at least 1 pixel.
#[expect(clippy::expect_used, reason = "a broken invariant must be loud")]
fn within(size: Size, max_side: u32) -> Size {
    let (longest, max_side) = (size.width().max(size.height()), max_side.max(1));
    if longest <= max_side {
        return size;
    }
    // Rounded half up, as the sides of a crop are.
    let reduced = |side: u32| {
        ((2 * u64::from(side) * u64::from(max_side) + u64::from(longest)) / (2 * u64::from(longest))).max(1)
    };
    let [width, height] = [size.width(), size.height()]
        .map(|length| u32::try_from(reduced(length)).expect("invariant: a reduced side is shorter than before"));
    Size::new(width, height).expect("invariant: a side is from 1 to that of a size")
}

fn reduced(picture: Picture, max_side: u32) -> Picture {
    let size = within(picture.size(), max_side);
    if size == picture.size() {
        picture
    } else {
        resample(&picture, Rect::new(0, 0, picture.size()), size, Filter::Lanczos3)
    }
}

/// The error of a preview.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum PreviewError {
    /// The source is not that of the plan, or has no bytes.
    #[error(transparent)]
    Source(#[from] RunError),
    /// The source cannot be decoded.
    #[error(transparent)]
    Decode(#[from] RenderError),
    /// The local generator can make no picture of a generation.
    #[error("{0}")]
    Generation(String),
}

#[cfg(test)]
mod tests {
    use super::*;

    fn reduced_to(size: &str, max_side: u32) -> String {
        within(size.parse().unwrap(), max_side).to_string()
    }

    #[test]
    fn a_reduced_side_is_rounded_half_up() {
        assert_eq!(
            ["200x1", "200x3", "300x7", "300x8", "7x300"].map(|size| reduced_to(size, 100)),
            ["100x1", "100x2", "100x2", "100x3", "2x100"]
        );
    }

    #[test]
    fn a_reduced_side_is_at_least_1_pixel() {
        assert_eq!(reduced_to("1000x1", 10), "10x1");
        assert_eq!(reduced_to("9x9", 0), "1x1");
    }

    #[test]
    fn a_size_whose_sides_are_not_longer_than_allowed_is_not_reduced() {
        assert_eq!(
            ["100x9", "9x100", "101x50", "50x101"].map(|size| reduced_to(size, 100)),
            ["100x9", "9x100", "100x50", "50x100"]
        );
    }

    #[test]
    fn the_source_of_a_preview_is_reduced_to_a_longest_side_of_640_pixels() {
        let side = |width: u32, height: u32| {
            let size = Size::new(width, height).unwrap();
            let picture = Picture::from_rgb(size, vec![90; size.area() as usize * 3]).unwrap();
            reduced(picture, WORKING_SIDE).size().to_string()
        };
        assert_eq!([side(1280, 2), side(2, 641), side(640, 2)], ["640x1", "2x640", "640x2"]);
    }
}
