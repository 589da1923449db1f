//! Which targets may be cut from one generation.

/// The nodes that a search for the cheapest set looks into at most, unless a request says otherwise.
pub const DEFAULT_SEARCH_NODES: u64 = 100_000;

/// Which targets may be cut from one generation.
///
/// The prompt of a generation names what its targets' safe areas have in common, on each axis by itself; where that is
/// nothing, it names none on that axis.
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
    /// What is bounded is shape. With [`Fit::Crop`](crate::geometry::fit::Fit::Crop) a target may keep much less of a generation of a
    /// higher tier.
    Shared {
        /// How much of the nearness of its own best preset a target may lose, in thousandths, up to 1000.
        max_loss_per_mille: u16,
    },
}

impl Sharing {
    /// The loss that is allowed, where any is.
    pub(crate) const fn max_loss_per_mille(self) -> u16 {
        match self {
            Self::PerTarget | Self::Duplicates => 0,
            Self::Shared { max_loss_per_mille } => max_loss_per_mille,
        }
    }
}
