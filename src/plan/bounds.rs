//! The renditions of a plan that are beyond the bounds of its request.

use alloc::string::String;
use alloc::vec::Vec;
use core::cmp::Ordering;
use core::fmt;

use super::content::{Generation, Plan, Rendition};
use crate::geometry::per_mille::PerMille;
use crate::request::bounds::{BoundAction, Bounds};
use crate::size::Size;

impl Plan {
    /// Returns the renditions that are beyond a bound of the request that gives a warning: those that keep little of
    /// their generated image, and those that are much smaller than generated. The one that is farthest beyond its bound
    /// comes first. [`Bounds`] has an example.
    pub fn warnings(&self) -> Vec<PlanWarning> {
        breaches(self.header.bounds, BoundAction::Warn, &self.generations, &self.renditions)
    }
}

/// A rendition that is beyond a bound of its request: what was found, and the bound.
///
/// ```
/// use smart_resize::{Plan, Request, Source};
/// use smart_resize::plan::PlanWarning;
///
/// let source = Source::from_url("https://example.com/shoe.jpg");
/// let plan = Plan::new(&Request::builder(source).sizes(["200x200"]).build()?)?;
/// assert!(matches!(plan.warnings()[..], [PlanWarning::Reduced { index: 0, tenths: 52, max: 4, .. }]));
/// assert_eq!(
///     plan.warnings()[0].to_string(),
///     "target 0 (200x200) is 5.2 times smaller than generated; expected at most 4 times",
/// );
/// # Ok::<(), smart_resize::Error>(())
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum PlanWarning {
    /// The rendition keeps less of the generated image than [`Bounds::min_kept`].
    KeepsLittle {
        /// The number of the target, from 0.
        index: usize,
        /// The size of the target.
        target: Size,
        /// The share that it keeps, rounded down.
        kept: PerMille,
        /// The least share.
        min: PerMille,
    },
    /// The rendition is reduced by more than [`Bounds::max_scale`].
    Reduced {
        /// The number of the target, from 0.
        index: usize,
        /// The size of the target.
        target: Size,
        /// How many times smaller it is than its rectangle, in tenths, rounded up.
        tenths: u32,
        /// The maximum.
        max: u32,
    },
}

impl PlanWarning {
    /// Returns the number of the target, from 0.
    pub const fn index(&self) -> usize {
        match self {
            Self::KeepsLittle { index, .. } | Self::Reduced { index, .. } => *index,
        }
    }
}

impl fmt::Display for PlanWarning {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::KeepsLittle { index, target, kept, min } => {
                write!(f, "target {index} ({target}) keeps {kept} of its generated image; expected at least {min}")
            }
            Self::Reduced { index, target, tenths, max } => {
                let whole = tenths / 10;
                let tenth = if tenths % 10 == 0 { String::new() } else { alloc::format!(".{}", tenths % 10) };
                write!(
                    f,
                    "target {index} ({target}) is {whole}{tenth} times smaller than generated; expected at most "
                )?;
                write!(f, "{max} times")
            }
        }
    }
}

/// The error of a plan with renditions beyond bounds that refuse it; at least one.
///
/// ```
/// use smart_resize::{Plan, Request, Source};
/// use smart_resize::plan::PlanError;
/// use smart_resize::request::Bound;
///
/// let request = Request::builder(Source::from_url("https://example.com/shoe.jpg"))
///     .sizes(["1080x1080", "728x90", "970x90"])
///     .min_kept(Bound::refuse("25 %".parse()?));
/// let Err(PlanError::OutOfBounds(error)) = Plan::new(&request.build()?) else { panic!("970x90 keeps 21.8 %") };
/// assert_eq!(error.warnings.len(), 1);
/// assert_eq!(
///     error.to_string(),
///     "target 2 (970x90) keeps 21.8 % of its generated image; expected at least 25 %",
/// );
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct OutOfBoundsError {
    /// The renditions, the one that is farthest beyond its bound first.
    pub warnings: Vec<PlanWarning>,
}

impl fmt::Display for OutOfBoundsError {
    /// Writes all renditions, separated by `; `.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (index, warning) in self.warnings.iter().enumerate() {
            write!(f, "{}{warning}", if index == 0 { "" } else { "; " })?;
        }
        Ok(())
    }
}

impl core::error::Error for OutOfBoundsError {}

/// A ratio of two numbers, which says how far a rendition is beyond its bound; above 1.
#[derive(Clone, Copy, Debug)]
struct Excess(u128, u128);

impl Excess {
    /// Compares the ratios by cross-multiplication. Each number has up to 64 bits.
    fn cmp(self, other: Self) -> Ordering {
        (self.0 * other.1).cmp(&(other.0 * self.1))
    }
}

/// Returns how far `crop`, a rectangle of a generated image of `frame` pixels, is below `min`, the least share that it
/// may keep; `None` if it is within the bound.
fn keeps_less(crop: Size, frame: Size, min: PerMille) -> Option<Excess> {
    let (kept, least) = (1000 * u128::from(crop.area()), u128::from(min.get()) * u128::from(frame.area()));
    (kept < least).then_some(Excess(least, kept))
}

/// Returns how far the reduction of `crop` to `target` exceeds `max` on the side on which it is greater; `None` if it
/// is within the bound.
fn is_reduced_by_more(crop: Size, target: Size, max: u32) -> Option<Excess> {
    let side = |crop: u32, target: u32| Excess(crop.into(), u128::from(target) * u128::from(max));
    let (width, height) = (side(crop.width(), target.width()), side(crop.height(), target.height()));
    let most = if width.cmp(height).is_lt() { height } else { width };
    (most.0 > most.1).then_some(most)
}

/// Whether a target that is cut as `crop` from a generated image of `frame` pixels is beyond a bound that refuses it.
pub(super) fn is_refused(bounds: Bounds, crop: Size, frame: Size, target: Size) -> bool {
    let Bounds { min_kept, max_scale } = bounds;
    (min_kept.action == BoundAction::Refuse && keeps_less(crop, frame, min_kept.value).is_some())
        || (max_scale.action == BoundAction::Refuse && is_reduced_by_more(crop, target, max_scale.value).is_some())
}

/// Returns the renditions beyond the bounds with this action, the one that is farthest beyond its bound first. Equal
/// ones are in the order of their targets.
pub(super) fn breaches(
    bounds: Bounds,
    action: BoundAction,
    generations: &[Generation],
    renditions: &[Rendition],
) -> Vec<PlanWarning> {
    let Bounds { min_kept, max_scale } = bounds;
    let mut found = Vec::new();
    for (index, rendition) in renditions.iter().enumerate() {
        let Some(generation) = rendition.generation.and_then(|id| generations.get(id)) else { continue };
        let (crop, target) = (rendition.crop.size(), rendition.target);
        if let Some(excess) = keeps_less(crop, generation.size(), min_kept.value).filter(|_| min_kept.action == action)
        {
            let warning = PlanWarning::KeepsLittle { index, target, kept: rendition.kept, min: min_kept.value };
            found.push((excess, warning));
        }
        if let Some(excess) = is_reduced_by_more(crop, target, max_scale.value).filter(|_| max_scale.action == action) {
            let tenths = |crop: u32, target: u32| (10 * crop).div_ceil(target);
            let tenths = tenths(crop.width(), target.width()).max(tenths(crop.height(), target.height()));
            found.push((excess, PlanWarning::Reduced { index, target, tenths, max: max_scale.value }));
        }
    }
    found.sort_by(|(a, _), (b, _)| b.cmp(*a));
    found.into_iter().map(|(_, warning)| warning).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn size(width: u32, height: u32) -> Size {
        Size::new(width, height).unwrap()
    }

    #[test]
    fn a_share_of_exactly_the_minimum_is_kept() {
        let keeps_less = |width| keeps_less(size(width, 1), size(1000, 1), PerMille::HALF).is_some();
        assert_eq!((keeps_less(500), keeps_less(499)), (false, true));
    }

    #[test]
    fn a_reduction_is_that_of_the_side_on_which_it_is_greater() {
        let is_beyond = |crop: (u32, u32)| is_reduced_by_more(size(crop.0, crop.1), size(10, 10), 4).is_some();
        assert!(!is_beyond((40, 40)) && is_beyond((41, 10)) && is_beyond((10, 41)));
    }

    #[test]
    fn how_many_times_smaller_a_target_is_has_one_decimal_unless_it_is_whole() {
        let text = |tenths| PlanWarning::Reduced { index: 7, target: size(9, 9), tenths, max: 4 };
        let start = |tenths| alloc::format!("{}", text(tenths)).split(" times").next().map(String::from);
        assert_eq!(start(50).as_deref(), Some("target 7 (9x9) is 5"));
        assert_eq!(start(105).as_deref(), Some("target 7 (9x9) is 10.5"));
    }

    #[test]
    fn a_bound_that_only_warns_refuses_nothing() {
        use crate::request::bounds::Bound;

        let is_refused = |min_kept, max_scale| {
            is_refused(Bounds { min_kept, max_scale }, size(50, 10), size(1000, 10), size(10, 10))
        };
        let (warn, refuse) = (Bound::warn(PerMille::HALF), Bound::refuse(PerMille::HALF));
        assert!(!is_refused(warn, Bound::warn(4)));
        assert!(is_refused(refuse, Bound::warn(4)) && is_refused(warn, Bound::refuse(4)));
        assert!(!is_refused(warn, Bound::refuse(5)));
    }
}
