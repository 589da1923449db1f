//! The selection of the cheapest set of generations that serves all targets.

mod cover;
pub(super) mod search;

use crate::geometry::per_mille::PerMille;
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
///     .sharing(Sharing::Shared { max_loss: "20%".parse()? });
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
    /// The search reached its limit, so a better set may exist.
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
///     .sharing(Sharing::Shared { max_loss: "20%".parse()? });
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
    /// Returns the smallest preset that covers the target.
    pub const fn preset(&self) -> &Preset {
        &self.preset
    }

    /// Returns the price of one image of this preset.
    pub const fn per_image(&self) -> UsdMicros {
        self.per_image
    }
}

/// Returns the share of its nearness that `target` loses if it is cut from a picture of `used` pixels instead of one of
/// `own` pixels. The share is rounded up, so that a printed loss is never below the exact one.
pub(super) fn loss(target: Size, own: Size, used: Size) -> PerMille {
    let (part, whole) = used.nearness(target).ratio_to(own.nearness(target));
    // The loss is 1 - part / whole. It is 0 if the picture is nearer in shape than the target's own preset, which is
    // selected by its tier or its pixels first.
    PerMille::rounded_up(whole.saturating_sub(part), whole)
}
