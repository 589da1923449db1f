//! Which targets may be cut from one generation.

use crate::geometry::per_mille::PerMille;

/// The nodes that a search for the cheapest set looks into at most, unless a request says otherwise.
pub const DEFAULT_SEARCH_NODES: u64 = 100_000;

/// Which targets may be cut from one generation.
///
/// The prompt of a generation names what its targets' safe areas have in common, on each axis by itself; where that is
/// nothing, it names none on that axis.
///
/// A generation may serve several targets. [`Sharing::Shared`] looks for the set of generations such that
///
/// - each target is covered by its generation, at a tier not below the floor, without being enlarged;
/// - the nearness of their shapes is at least `1 - max_loss` of what the target's own best preset has
///   ([`smallest_covering`](crate::model::smallest_covering)), compared exactly;
/// - and of all such sets it is the first in this order: the least total cost; the fewest generations; the most kept in
///   sum (each target's share in parts per 10⁹, rounded down); the order of the table.
///
/// A target is cut from that generation of the set which keeps the most of its frame, of equals the first in the table.
/// Presets without a price do not take part. The search is exact; what a caller may bound is its steps, and then the
/// plan says how far from the optimum it can be: [`Optimality`](crate::plan::Optimality).
///
/// ```
/// use smart_resize::{Plan, Request, Source};
/// use smart_resize::plan::Optimality;
/// use smart_resize::request::Sharing;
///
/// let plan = |sharing| {
///     let source = Source::from_url("https://example.com/shoe.jpg");
///     let sizes = ["1280x720", "1200x628", "1500x1000"];
///     Plan::new(&Request::builder(source).sizes(sizes).sharing(sharing).build().unwrap())
/// };
/// let shared = plan(Sharing::Shared { max_loss: "20 %".parse()? })?;
/// assert_eq!((shared.cost().to_string(), shared.cost_unshared().to_string()), ("$0.20".into(), "$0.50".into()));
/// assert_eq!(shared.generations()[0].preset().to_string(), "16:9 2K");
/// assert_eq!(shared.renditions()[2].loss().to_string(), "15.8 %");
/// assert_eq!(shared.optimality(), Optimality::Proven);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize), serde(rename_all = "snake_case"))]
#[non_exhaustive]
pub enum Sharing {
    /// None: each target has a generation of its own, as in the service's contract.
    #[default]
    PerTarget,
    /// Those of one size.
    Duplicates,
    /// Those for which a common generation is near enough in shape: the cheapest set of generations, within
    /// [`max_calls`](super::RequestBuilder::max_calls) if that is possible.
    ///
    /// What is bounded is shape. With [`Fit::Crop`](crate::geometry::Fit::Crop) a target may keep much less of a
    /// generation of a higher tier.
    Shared {
        /// How much of the nearness of its own best preset a target may lose.
        #[cfg_attr(feature = "serde", serde(rename = "max_loss_percent"))]
        max_loss: PerMille,
    },
}

impl Sharing {
    /// The loss that is allowed, where any is.
    pub(crate) const fn max_loss(self) -> PerMille {
        match self {
            Self::PerTarget | Self::Duplicates => PerMille::ZERO,
            Self::Shared { max_loss } => max_loss,
        }
    }
}
