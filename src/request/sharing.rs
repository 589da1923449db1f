//! The rules by which several targets share one generation.

use crate::geometry::per_mille::PerMille;

/// The default maximum number of nodes that a search for the cheapest set of generations visits.
pub const DEFAULT_SEARCH_NODES: u64 = 100_000;

/// Which targets may be cut from one generation.
///
/// [`Sharing::Shared`] selects a set of generations. A generation of the set may serve a target under two conditions:
///
/// - Its preset covers the target, so that no pixel is enlarged, and its tier is not below the floor.
/// - The [nearness](crate::geometry::Nearness) of its shape to the target's is at least `1 - max_loss` times that of
///   the target's own best preset ([`smallest_covering`](crate::model::smallest_covering)). The comparison is exact.
///
/// The selected set serves all targets. Among all such sets it is the first in this order:
///
/// 1. the lowest total cost;
/// 2. the fewest generations;
/// 3. the largest sum of the shares that the targets keep of their generations, each in parts per 10⁹, rounded down;
/// 4. the order of the model's table.
///
/// Each target is cut from the generation of which it keeps the largest share; if several are equal, from the first in
/// the table. Presets without a price are not used. The search is exact unless it reaches
/// [`max_search_nodes`](super::RequestBuilder::max_search_nodes). In that case [`Optimality`](crate::plan::Optimality)
/// has a lower bound of the cost.
///
/// The prompt of a generation has the intersection of the safe areas of its targets. The two axes are independent: if
/// the intersection is empty on one axis, the prompt has no safe area on that axis.
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
    /// Each target has a generation of its own, as the service's contract requires.
    #[default]
    PerTarget,
    /// Targets of the same size share a generation.
    Duplicates,
    /// Targets share a generation whose shape is near enough to theirs. The plan has the cheapest set of generations,
    /// within [`max_calls`](super::RequestBuilder::max_calls) if possible.
    ///
    /// Only the loss of shape is limited. With [`Fit::Crop`](crate::geometry::Fit::Crop) a target can keep much less of
    /// a generation of a higher tier.
    Shared {
        /// The largest share of the nearness of its own best preset that a target may lose.
        #[cfg_attr(feature = "serde", serde(rename = "max_loss_percent"))]
        max_loss: PerMille,
    },
}

impl Sharing {
    /// Returns the largest loss that is allowed.
    pub(crate) const fn max_loss(self) -> PerMille {
        match self {
            Self::PerTarget | Self::Duplicates => PerMille::ZERO,
            Self::Shared { max_loss } => max_loss,
        }
    }
}
