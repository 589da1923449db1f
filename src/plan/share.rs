//! The selection of the cheapest set of generations that serves all targets.

pub(super) mod band;
mod bits;
mod cover;
pub(super) mod search;

use crate::geometry::per_mille::PerMille;
use crate::geometry::rect::Rect;
use crate::model::preset::Preset;
use crate::model::price::UsdMicros;
use crate::size::Size;

/// Whether the set of generations of a plan is proven to be the best one.
///
/// ```
/// use smart_resize::{Plan, Request, Source};
/// use smart_resize::plan::Optimality;
/// use smart_resize::request::Sharing;
///
/// let request = Request::builder(Source::from_url("https://example.com/shoe.jpg"))
///     .sizes(["1280x720", "1200x628", "1500x1000"])
///     .sharing(Sharing::Shared { max_loss: "25%".parse()? });
/// assert_eq!(Plan::new(&request.clone().build()?)?.optimality(), Optimality::Proven);
/// let plan = Plan::new(&request.max_search_nodes(0).build()?)?;
/// assert!(matches!(plan.optimality(), Optimality::BestFound { lower_bound } if lower_bound <= plan.cost()));
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize), serde(rename_all = "snake_case"))]
#[non_exhaustive]
pub enum Optimality {
    /// No set precedes it in the order of [`Sharing`](crate::request::Sharing).
    #[default]
    Proven,
    /// The search reached one of its limits, so a better set may exist. [`Sharing`](crate::request::Sharing) names
    /// them.
    BestFound {
        /// A lower bound of the cost: no plan of this request costs less.
        lower_bound: UsdMicros,
    },
}

/// The preset that a target would be cut from if it shared no generation, and its price.
///
/// ```
/// use smart_resize::{Plan, Request, Source};
/// use smart_resize::request::Sharing;
///
/// let request = Request::builder(Source::from_url("https://example.com/shoe.jpg"))
///     .sizes(["1280x720", "1200x628", "1500x1000"])
///     .sharing(Sharing::Shared { max_loss: "25%".parse()? });
/// let plan = Plan::new(&request.build()?)?;
/// let unshared = plan.renditions()[2].unshared().unwrap();
/// assert_eq!((unshared.preset().to_string(), unshared.per_image().to_string()), ("3:2 2K".into(), "$0.15".into()));
/// assert_eq!(plan.generations()[0].preset().to_string(), "16:9 2K"); // the preset that it is cut from
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Unshared {
    pub(super) preset: Preset,
    pub(super) per_image: UsdMicros,
}

impl Unshared {
    /// Returns the smallest preset that covers the target, or a smaller one if
    /// [`max_enlargement`](crate::request::RequestBuilder::max_enlargement) allows it.
    pub const fn preset(&self) -> &Preset {
        &self.preset
    }

    /// Returns the price of one image of this preset.
    pub const fn per_image(&self) -> UsdMicros {
        self.per_image
    }
}

/// Returns the share of its usable area that `target` loses if it is cut from a picture of `used` pixels instead of one
/// of `own` pixels. `safe` is the target's safe area in the picture, and `common` the part of it that is in the safe
/// areas of all targets of the picture. The share is rounded up, so that a printed loss is never below the exact one.
///
/// A usable area is the nearness of the picture's shape to the target's, times the share of the safe area that all
/// targets have in common, which is 1 for a target alone.
pub(super) fn loss(target: Size, own: Size, used: Size, safe: Rect, common: Option<Rect>) -> PerMille {
    let (part, whole) = used.nearness(target).ratio_to(own.nearness(target));
    let common = common.map_or(0, |common| common.size().area());
    // The loss is 1 - part / whole, with 96 bits in each. It is 0 if the picture is so much nearer in shape than the
    // target's own preset, which is selected by its tier or its pixels first, that this outweighs the common area.
    let (part, whole) = (part * u128::from(common), whole * u128::from(safe.size().area()));
    PerMille::rounded_up(whole.saturating_sub(part), whole)
}

/// Returns the least area in pixels that the safe areas of all targets of a picture must have in common, so that the
/// [`loss`] of `target` is at most `max`. It is at least 1. It can be larger than the safe area of the target.
pub(super) fn least_common(target: Size, own: Size, used: Size, safe: Rect, max: PerMille) -> u64 {
    let (part, whole) = used.nearness(target).ratio_to(own.nearness(target));
    // The loss is rounded up to thousandths and the limit is in whole thousandths, so the two agree exactly:
    // 1000 · part · common >= (1000 - max) · whole · safe.
    let (min, unit) = (u128::from(1000 - max.get()), 1000 * part);
    let least = (min * whole * u128::from(safe.size().area())).div_ceil(unit);
    u64::try_from(least).unwrap_or(u64::MAX).max(1)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn size(width: u32, height: u32) -> Size {
        Size::new(width, height).unwrap()
    }

    fn rect(width: u32, height: u32) -> Rect {
        Rect::new(0, 0, size(width, height))
    }

    #[test]
    fn a_loss_is_rounded_up_and_is_never_negative() {
        let loss = |own, used, common| loss(size(100, 100), own, used, rect(30, 10), common).get();
        let square = size(100, 100);
        // The common area has 200 of 300 pixels.
        assert_eq!(loss(square, square, Some(rect(20, 10))), 334);
        assert_eq!(loss(square, square, Some(rect(30, 10))), 0);
        assert_eq!(loss(square, square, None), 1000);
        // The shape of the picture keeps half of what the target's own preset keeps, or twice as much.
        assert_eq!(loss(square, size(200, 100), Some(rect(30, 10))), 500);
        assert_eq!(loss(size(200, 100), square, Some(rect(20, 10))), 0);
    }

    #[test]
    fn the_least_common_area_is_the_smallest_whose_loss_is_within_the_maximum() {
        let (target, own, used, safe) = (size(100, 90), size(100, 100), size(120, 70), rect(30, 10));
        for max in [0, 1, 250, 333, 500] {
            let max = PerMille::constant(max);
            let least = u32::try_from(least_common(target, own, used, safe, max)).unwrap();
            assert!(loss(target, own, used, safe, Some(rect(least, 1))) <= max, "{max}");
            assert!(loss(target, own, used, safe, Some(rect(least - 1, 1))) > max, "{max}");
        }
        // At a loss of 100 % the targets still have a pixel in common.
        assert_eq!(least_common(target, own, used, safe, PerMille::WHOLE), 1);
    }
}
