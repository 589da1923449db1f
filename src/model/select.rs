//! The smallest preset that fully covers a target.

use core::cmp::{Ordering, Reverse};
use core::fmt;

use super::catalog::Model;
use super::preset::{Preset, Tier};
use crate::geometry::fit::largest_inside;
use crate::size::Size;

/// Which of the covering presets counts as the smallest.
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

/// The smallest preset of `model` that covers `target` with a tier not below `floor`. Allocates nothing.
///
/// A preset covers a target when it is at least as wide and at least as high, and counts only where its tier is
/// not below the floor. [`Smallest::ByTier`], the default, takes the first of those in this order:
///
/// 1. the lowest tier;
/// 2. the nearest true ratio: the largest min(tw·ph, th·pw) / max(tw·ph, th·pw), compared exactly;
/// 3. the fewest pixels;
/// 4. the order of the table.
///
/// Why not the fewest pixels at once? The presets of one tier differ by at most 2.5 % only through rounding, so
/// pixels would choose 1:1 for 1920x1080 and throw 44 % of the picture away, where this order keeps 99 %.
/// [`Smallest::ByPixels`] is that literal reading: 3, then 2, then 4.
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
///     "no preset covers 8000x4000: the widest is 6336x2688, the tallest 3072x5504, \
///      the largest size of this shape that is covered 5504x2752",
/// );
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
///
/// # Errors
///
/// [`NothingCoversError`], with the sizes that would work, where no preset covers.
pub fn smallest_covering(
    model: &Model,
    target: Size,
    floor: Option<Tier>,
    order: Smallest,
) -> Result<&Preset, NothingCoversError> {
    let allowed = || model.presets().iter().filter(|preset| preset.tier >= floor);
    allowed()
        .filter(|preset| preset.covers(target))
        .reduce(|best, preset| if compare(preset, best, target, order).is_lt() { preset } else { best })
        .ok_or_else(|| NothingCoversError {
            target,
            floor,
            widest: allowed().map(|preset| preset.size).max_by_key(|size| (size.width(), size.height())),
            tallest: allowed().map(|preset| preset.size).max_by_key(|size| (size.height(), size.width())),
            nearest: allowed().map(|preset| largest_inside(preset.size, target)).max_by_key(|size| size.area()),
        })
}

/// `Less` where `a` comes before `b` in the order; of equals the table's order decides.
fn compare(a: &Preset, b: &Preset, target: Size, order: Smallest) -> Ordering {
    let pixels = || a.size.area().cmp(&b.size.area());
    let nearness = || Reverse(a.size.nearness(target)).cmp(&Reverse(b.size.nearness(target)));
    match order {
        Smallest::ByTier => a.tier.cmp(&b.tier).then_with(nearness).then_with(pixels),
        Smallest::ByPixels => pixels().then_with(nearness),
    }
}

/// A target that no preset of the model covers.
///
/// ```
/// use smart_resize::model::{Model, Smallest, smallest_covering};
///
/// let lite = Model::nano_banana_2_lite();
/// let error = smallest_covering(&lite, "2000x2000".parse()?, None, Smallest::ByTier).unwrap_err();
/// assert_eq!(
///     error.to_string(),
///     "no preset covers 2000x2000: the widest is 2928x352, the tallest 352x2928, \
///      the largest size of this shape that is covered 1024x1024",
/// );
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct NothingCoversError {
    /// What was asked.
    pub target: Size,
    /// The lowest tier that counted.
    pub floor: Option<Tier>,
    /// The preset of the greatest width; `None` if the floor leaves no preset.
    pub widest: Option<Size>,
    /// The preset of the greatest height; `None` if the floor leaves no preset.
    pub tallest: Option<Size>,
    /// The largest size of the target's shape, to half a pixel, that a preset covers.
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
        write!(f, ": the widest is {widest}, the tallest {tallest}, ")?;
        write!(f, "the largest size of this shape that is covered {nearest}")
    }
}

impl core::error::Error for NothingCoversError {}
