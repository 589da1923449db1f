//! The rules by which several targets share one generation.

use crate::geometry::per_mille::PerMille;

/// The default maximum number of nodes that a search for the cheapest set of generations visits. Lists of forty sizes
/// take fewer. A hundred sizes of random shapes reach it at a loss of 30 %.
pub const DEFAULT_SEARCH_NODES: u64 = 10_000;

/// Which targets may be cut from one generation.
///
/// # Loss
///
/// A target that shares a generation can lose in two ways: the shape of the preset can be farther from its own, and the
/// prompt of the generation keeps everything important inside the *common area*, the part of the picture that is in the
/// safe areas of all its targets. A target without insets has its whole crop as safe area. Both losses are one share:
///
/// - The *usable area* of a target in a picture is the [nearness](crate::geometry::Nearness) of the two shapes, which
///   is the share of the picture that the target keeps, times the share of the target's safe area that is common.
/// - Alone, a target has its own best preset ([`smallest_covering`](crate::model::smallest_covering)), and all of its
///   safe area is usable.
/// - The *loss* of a target is the share of this usable area that it loses, rounded up to thousandths. It is 0 if the
///   usable area is as large as alone or larger.
///
/// For example, `1500x500` and `970x90` are strips of one 21:9 picture, of which they keep 79 % and 22 %. If they share
/// it, everything important has to be in the strip of the `970x90`, so the `1500x500` loses 72.2 %.
///
/// # The cheapest set
///
/// [`Sharing::Shared`] selects a set of generations. A generation of the set may serve several targets under these
/// conditions:
///
/// - Its preset covers each target, or is too small by at most
///   [`max_enlargement`](super::RequestBuilder::max_enlargement), and its tier is not below the floor.
/// - The safe areas of the targets have a part in common. Targets whose safe areas conflict are kept apart at any
///   `max_loss`.
/// - No target loses more than `max_loss`. The comparison is exact.
/// - No target is beyond a bound that refuses it ([`Bounds`](super::Bounds)), unless it is cut from its own preset.
///
/// The selected set serves all targets. Among all such sets it is the first in this order:
///
/// 1. the lowest total cost;
/// 2. the fewest generations;
/// 3. the largest sum of the shares that the targets keep of their generations, each in parts per 10⁹, rounded down;
/// 4. the lowest sum of the positions of the presets in the model's table.
///
/// Each target is cut from the generation of which it keeps the largest share, among those that may serve it. Presets
/// without a price are not used. A preset can have several generations for different targets. The search is exact
/// unless it reaches [`max_search_nodes`](super::RequestBuilder::max_search_nodes), or unless more than 32,768
/// different common areas are possible in one preset. This takes about twenty targets with different insets on all
/// sides, or 180 targets with [`Fit::Crop`](crate::geometry::Fit::Crop). In these cases
/// [`Optimality`](crate::plan::Optimality) has a lower bound of the cost.
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
/// let shared = plan(Sharing::Shared { max_loss: "25 %".parse()? })?;
/// assert_eq!((shared.cost().to_string(), shared.cost_unshared().to_string()), ("$0.20".into(), "$0.50".into()));
/// assert_eq!(shared.generations()[0].preset().to_string(), "16:9 2K");
/// assert_eq!(shared.renditions()[2].loss().to_string(), "21.1 %");
/// assert_eq!(shared.optimality(), Optimality::Proven);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize), serde(rename_all = "snake_case"))]
#[non_exhaustive]
pub enum Sharing {
    /// Each target has a generation of its own, as the service's contract requires.
    PerTarget,
    /// Targets share a generation if they have the same preset and the same prompt, as 300x250 and 600x500 have. Each
    /// target is still cut from its own best preset.
    ///
    /// Equal prompts can stand for different crops, since the built-in wording rounds positions to halves, thirds and
    /// smaller parts. So the targets also have at least 99 % of their usable areas in common.
    #[default]
    Duplicates,
    /// Targets share a generation as far as none loses more than `max_loss`. The plan has the cheapest set of
    /// generations, within [`max_calls`](super::RequestBuilder::max_calls) if possible.
    ///
    /// With [`Fit::Crop`](crate::geometry::Fit::Crop) a target can keep much less of a generation of a higher tier than
    /// of its own. This is no loss of shape, and so it is not limited.
    Shared {
        /// The largest share of its usable area that a target may lose.
        #[cfg_attr(feature = "serde", serde(rename = "max_loss_percent"))]
        max_loss: PerMille,
    },
}

impl Sharing {
    /// Whether a set of generations is searched for.
    pub(crate) const fn is_searched(self) -> bool {
        matches!(self, Self::Shared { .. })
    }

    /// Returns the largest loss that is allowed.
    pub(crate) const fn max_loss(self) -> PerMille {
        match self {
            Self::PerTarget | Self::Duplicates => PerMille::ZERO,
            Self::Shared { max_loss } => max_loss,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn equal_questions_share_a_generation_by_default() {
        assert_eq!(Sharing::default(), Sharing::Duplicates);
    }

    #[test]
    fn a_search_visits_at_most_10_000_nodes_by_default() {
        assert_eq!(DEFAULT_SEARCH_NODES, 10_000);
    }

    #[test]
    fn no_loss_is_allowed_without_a_search() {
        let loss = |sharing: Sharing| (sharing.is_searched(), sharing.max_loss().get());
        assert_eq!([loss(Sharing::PerTarget), loss(Sharing::Duplicates)], [(false, 0); 2]);
        assert_eq!(loss(Sharing::Shared { max_loss: PerMille::HALF }), (true, 500));
    }
}
