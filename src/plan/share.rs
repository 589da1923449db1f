//! The cheapest set of generations for many targets.
//!
//! A generation may serve several targets. [`Sharing::Shared`] looks for the set of generations such that
//!
//! - each target is covered by its generation, at a tier not below the floor, without being enlarged;
//! - the nearness of their shapes is at least `1 - max_loss` of what the target's own best preset has
//!   ([`smallest_covering`](super::select::smallest_covering)), compared exactly;
//! - and of all such sets it is the first in this order: the least total cost; the fewest generations; the most kept in
//!   sum (each target's share in parts per 10⁹, rounded down); the order of the table.
//!
//! A target is cut from that generation of the set which keeps the most of its frame, of equals the first in the table.
//! Presets without a price do not take part. The search is exact; what a caller may bound is its steps, and then the
//! plan says how far from the optimum it can be: [`Optimality`].
//!
//! ```
//! use smart_resize::{Plan, Request, Source};
//! use smart_resize::plan::Optimality;
//! use smart_resize::request::Sharing;
//!
//! let plan = |sharing| {
//!     let source = Source::from_url("https://example.com/shoe.jpg");
//!     let sizes = ["1280x720", "1200x628", "1500x1000"];
//!     Plan::new(&Request::builder(source).sizes(sizes).sharing(sharing).build().unwrap())
//! };
//! let shared = plan(Sharing::Shared { max_loss_per_mille: 200 })?;
//! assert_eq!((shared.cost().to_string(), shared.cost_unshared().to_string()), ("$0.20".into(), "$0.50".into()));
//! assert_eq!(shared.generations()[0].preset().to_string(), "16:9 2K");
//! assert_eq!(shared.renditions()[2].loss().to_string(), "15.75");
//! assert_eq!(shared.optimality(), Optimality::Proven);
//! # Ok::<(), smart_resize::plan::PlanError>(())
//! ```

mod cover;
pub(super) mod search;

use crate::geometry::percent::percent;
use crate::model::preset::Preset;
use crate::model::price::UsdMicros;
use crate::size::{Nearness, Size};

/// What is known of the set of generations of a plan.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize), serde(rename_all = "snake_case"))]
#[non_exhaustive]
pub enum Optimality {
    /// No set comes before it in the order.
    #[default]
    Proven,
    /// The search ended at its limit; a better set may exist.
    BestFound {
        /// No plan of this request costs less.
        lower_bound: UsdMicros,
    },
}

/// What a target would have been cut from alone.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Unshared {
    pub(super) preset: Preset,
    pub(super) per_image: UsdMicros,
}

impl Unshared {
    /// The smallest preset that covers the target.
    pub const fn preset(&self) -> &Preset {
        &self.preset
    }

    /// What one image of it costs.
    pub const fn per_image(&self) -> UsdMicros {
        self.per_image
    }
}

percent! {
    /// How much nearness of shape a target loses to its own best preset: a share in percent with two decimals, rounded
    /// up, so that `0.00` means nothing, and what is printed is never above a bound that was kept.
    Loss
}

impl Loss {
    /// What `target` loses with a frame of `used` pixels in place of `own`.
    pub(super) fn of(target: Size, own: Size, used: Size) -> Self {
        let (part, whole) = used.nearness(target).over(own.nearness(target));
        let hundredths = (whole.saturating_sub(part) * 10_000).div_ceil(whole);
        Self { hundredths: u16::try_from(hundredths).unwrap_or(10_000) }
    }
}

/// Whether shapes as near as `used` lose at most `per_mille` of `own`.
pub(super) fn is_near_enough(used: Nearness, own: Nearness, per_mille: u16) -> bool {
    let (part, whole) = used.over(own);
    part * 1000 >= whole * u128::from(1000_u16.saturating_sub(per_mille))
}
