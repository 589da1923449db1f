//! The selection of the smallest preset that covers a target.

use core::cmp::Ordering;
use core::fmt;

use super::catalog::Model;
use super::preset::{Preset, Tier};
use crate::geometry::fit::largest_inside;
use crate::size::Size;

/// The order that decides which of the covering presets is the smallest.
///
/// ```
/// use smart_resize::Size;
/// use smart_resize::model::{Model, Smallest, smallest_covering};
///
/// let pro = Model::nano_banana_pro();
/// let target: Size = "1920x1080".parse()?;
/// assert_eq!(smallest_covering(&pro, target, None, Smallest::ByTier)?.to_string(), "16:9 2K");
/// assert_eq!(smallest_covering(&pro, target, None, Smallest::ByPixels)?.to_string(), "1:1 2K");
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize), serde(rename_all = "snake_case"))]
#[non_exhaustive]
pub enum Smallest {
    /// The lowest tier, then the nearest ratio, then the fewest pixels.
    #[default]
    ByTier,
    /// The fewest pixels, then the nearest ratio.
    ByPixels,
}

/// Returns the smallest preset of `model` that covers `target` and whose tier is not below `floor`, without allocating.
///
/// A preset covers a target if it is at least as wide and at least as high. [`Smallest::ByTier`], the default, selects
/// among the covering presets by these criteria. A later one decides between presets that are equal by the earlier
/// ones:
///
/// 1. the lowest tier;
/// 2. the nearest true ratio: the largest min(tw·ph, th·pw) / max(tw·ph, th·pw), compared exactly;
/// 3. the fewest pixels;
/// 4. the order of the table.
///
/// The fewest pixels alone would be a poor criterion. Within one tier of nano-banana-pro the areas of the presets
/// differ by only 2.5 %, which is due to rounding. For 1920x1080 this criterion would select 1:1 and lose 44 % of the
/// picture, while the order above keeps 99 %. [`Smallest::ByPixels`] nevertheless implements this literal reading of
/// "smallest": criterion 3, then 2, then 4.
///
/// ```
/// use smart_resize::model::{Model, Smallest, Tier, smallest_covering};
///
/// let pro = Model::nano_banana_pro();
/// let target = "1920x1080".parse()?;
/// let preset = smallest_covering(&pro, target, None, Smallest::ByTier)?;
/// assert_eq!(preset.to_string(), "16:9 2K");
/// assert_eq!(smallest_covering(&pro, target, Some(Tier::K4), Smallest::ByTier)?.to_string(), "16:9 4K");
///
/// let error = smallest_covering(&pro, "8000x4000".parse()?, None, Smallest::ByTier).unwrap_err();
/// assert_eq!(
///     error.to_string(),
///     "no preset covers 8000x4000: the widest is 6336x2688, the tallest is 3072x5504, \
///      the largest covered size of this shape is 5504x2752",
/// );
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
///
/// # Errors
///
/// [`NothingCoversError`], with the sizes that would be covered, if no preset covers the target.
pub fn smallest_covering(
    model: &Model,
    target: Size,
    floor: Option<Tier>,
    order: Smallest,
) -> Result<&Preset, NothingCoversError> {
    // `None` is less than every tier. Without a floor all presets are allowed, and with one a preset without a tier is
    // not.
    let allowed = || model.presets().iter().filter(|preset| preset.tier >= floor);
    allowed()
        .filter(|preset| preset.covers(target))
        // The first of equal presets is the minimum, so the order of the table decides between them.
        .min_by(|a, b| compare(a, b, target, order))
        .ok_or_else(|| NothingCoversError {
            target,
            floor,
            // The second key selects the largest of equally wide or equally tall presets.
            widest: allowed().map(|preset| preset.size).max_by_key(|size| (size.width(), size.height())),
            tallest: allowed().map(|preset| preset.size).max_by_key(|size| (size.height(), size.width())),
            nearest: allowed().map(|preset| largest_inside(preset.size, target)).max_by_key(|size| size.area()),
        })
}

/// Compares two presets that cover `target`: `Less` if `a` is selected before `b`. The caller decides between equal
/// presets by the order of the table.
fn compare(a: &Preset, b: &Preset, target: Size, order: Smallest) -> Ordering {
    let pixels = || a.size.area().cmp(&b.size.area());
    // The nearest shape comes first, so the order of nearness is reversed.
    let nearness = || b.size.nearness(target).cmp(&a.size.nearness(target));
    match order {
        Smallest::ByTier => a.tier.cmp(&b.tier).then_with(nearness).then_with(pixels),
        Smallest::ByPixels => pixels().then_with(nearness),
    }
}

/// The error of a target that no preset of the model covers.
///
/// ```
/// use smart_resize::model::{Model, Smallest, smallest_covering};
///
/// let lite = Model::nano_banana_2_lite();
/// let error = smallest_covering(&lite, "2000x2000".parse()?, None, Smallest::ByTier).unwrap_err();
/// assert_eq!(
///     error.to_string(),
///     "no preset covers 2000x2000: the widest is 2928x352, the tallest is 352x2928, \
///      the largest covered size of this shape is 1024x1024",
/// );
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct NothingCoversError {
    /// The size of the target.
    pub target: Size,
    /// The lowest tier that was allowed; `None` if all were.
    pub floor: Option<Tier>,
    /// The size of the widest preset; `None` if no preset has an allowed tier.
    pub widest: Option<Size>,
    /// The size of the tallest preset; `None` if no preset has an allowed tier.
    pub tallest: Option<Size>,
    /// The largest size with the target's shape, to half a pixel, that a preset covers; `None` if no preset has an
    /// allowed tier.
    pub nearest: Option<Size>,
}

impl fmt::Display for NothingCoversError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "no preset")?;
        if let Some(floor) = self.floor {
            write!(f, " of {floor} or more")?;
        }
        write!(f, " covers {}", self.target)?;
        let (Some(widest), Some(tallest), Some(nearest)) = (self.widest, self.tallest, self.nearest) else {
            return write!(f, ": the model has none");
        };
        write!(f, ": the widest is {widest}, the tallest is {tallest}, ")?;
        write!(f, "the largest covered size of this shape is {nearest}")
    }
}

impl core::error::Error for NothingCoversError {}

#[cfg(test)]
mod tests {
    use alloc::string::{String, ToString};

    use super::*;

    fn selected(
        model: &Model,
        target: &str,
        floor: Option<Tier>,
        order: Smallest,
    ) -> Result<String, NothingCoversError> {
        smallest_covering(model, target.parse().unwrap(), floor, order).map(ToString::to_string)
    }

    #[test]
    fn the_lowest_tier_comes_before_the_nearest_shape() {
        // 16:9 is nearer to this shape than 21:9, but its preset at 1K is a column too narrow.
        assert_eq!(selected(&Model::nano_banana_pro(), "1377x672", None, Smallest::ByTier).as_deref(), Ok("21:9 1K"));
    }

    #[test]
    fn the_nearest_shape_comes_before_the_fewest_pixels_unless_these_are_asked_for() {
        let pro = Model::nano_banana_pro();
        assert_eq!(selected(&pro, "1920x1080", None, Smallest::ByTier).as_deref(), Ok("16:9 2K"));
        assert_eq!(selected(&pro, "1920x1080", None, Smallest::ByPixels).as_deref(), Ok("1:1 2K"));
    }

    #[test]
    fn a_preset_of_exactly_the_target_or_the_floor_is_selected() {
        let pro = Model::nano_banana_pro();
        assert_eq!(selected(&pro, "1376x768", Some(Tier::K1), Smallest::ByTier).as_deref(), Ok("16:9 1K"));
        assert_eq!(selected(&pro, "9x9", Some(Tier::K4), Smallest::ByTier).as_deref(), Ok("1:1 4K"));
    }

    #[test]
    fn with_a_floor_a_preset_without_a_tier_is_not_allowed() {
        let error = selected(&Model::nano_banana(), "9x9", Some(Tier::K1), Smallest::ByTier).unwrap_err();
        assert_eq!(error.to_string(), "no preset of 1K or more covers 9x9: the model has none");
        assert!(selected(&Model::nano_banana(), "9x9", None, Smallest::ByTier).is_ok());
    }
}
