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
//! use smart_resize::{Optimality, Plan, ResizeRequest, Sharing, Source};
//!
//! let plan = |sharing| {
//!     let source = Source::from_url("https://example.com/shoe.jpg");
//!     let sizes = ["1280x720", "1200x628", "1500x1000"];
//!     Plan::new(&ResizeRequest::builder(source).sizes(sizes).sharing(sharing).build().unwrap())
//! };
//! let shared = plan(Sharing::Shared { max_loss_per_mille: 200 })?;
//! assert_eq!((shared.cost().to_string(), shared.cost_unshared().to_string()), ("$0.20".into(), "$0.50".into()));
//! assert_eq!(shared.generations()[0].preset().to_string(), "16:9 2K");
//! assert_eq!(shared.renditions()[2].loss().to_string(), "15.75");
//! assert_eq!(shared.optimality(), Optimality::Proven);
//! # Ok::<(), smart_resize::PlanError>(())
//! ```

mod cover;

use alloc::vec::Vec;

use self::cover::{Cover, Problem};
use super::percent::percent;
use super::preset::Preset;
use super::price::UsdMicros;
use super::request::ResizeRequest;
use crate::size::{Nearness, Size};

/// The steps that a search for the cheapest set takes at most, unless a request says otherwise.
pub const DEFAULT_SEARCH_NODES: u64 = 100_000;
/// Parts per 10⁹, in which what a target keeps is counted where sets are compared.
const PARTS: u64 = 1_000_000_000;

/// Which targets may be cut from one generation.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize), serde(rename_all = "snake_case"))]
#[non_exhaustive]
pub enum Sharing {
    /// None: each target has a generation of its own, as in the service's contract.
    #[default]
    PerTarget,
    /// Those of one size.
    Duplicates,
    /// Those for which a common generation is near enough in shape: the cheapest set of generations.
    Shared {
        /// How much of the nearness of its own best preset a target may lose, in thousandths, up to 1000.
        max_loss_per_mille: u16,
    },
}

impl Sharing {
    /// The loss that is allowed, where any is.
    pub(super) const fn max_loss_per_mille(self) -> u16 {
        match self {
            Self::PerTarget | Self::Duplicates => 0,
            Self::Shared { max_loss_per_mille } => max_loss_per_mille,
        }
    }
}

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

/// A target for which something is generated.
#[derive(Clone, Copy, Debug)]
pub(super) struct Asked {
    /// Which of the request's targets.
    pub(super) index: usize,
    pub(super) size: Size,
    /// The row of its own best preset in the table.
    pub(super) row: usize,
    pub(super) own: Unshared,
}

/// What is generated: the preset, its price, and for which of the targets that were asked.
#[derive(Clone, Debug)]
pub(super) struct Group {
    pub(super) preset: Preset,
    pub(super) per_image: UsdMicros,
    pub(super) members: Vec<usize>,
}

/// The generations of a plan, in the order of their first targets.
#[derive(Clone, Debug)]
pub(super) struct Groups {
    pub(super) groups: Vec<Group>,
    /// Nothing where the set is the best.
    pub(super) least_sum: Option<UsdMicros>,
}

impl Groups {
    /// What one image of each costs.
    pub(super) fn sum(&self) -> UsdMicros {
        self.groups.iter().fold(UsdMicros(0), |sum, group| sum.plus(group.per_image))
    }
}

/// The generations of `asked` as the request shares them, at most `max_groups` where they are chosen.
pub(super) fn groups(request: &ResizeRequest, asked: &[Asked], max_groups: u32) -> Groups {
    let own = |asked: &Asked| (asked.own.preset, asked.own.per_image);
    match request.sharing() {
        Sharing::PerTarget => grouped(asked, |index, asked| (index, own(asked))),
        Sharing::Duplicates => grouped(asked, |_, asked| ((asked.size.width(), asked.size.height()), own(asked))),
        Sharing::Shared { max_loss_per_mille } => {
            cheapest(request, asked, max_loss_per_mille, max_groups)
                // Where no set is small enough, the cheapest is what the caller is told of.
                .or_else(|| cheapest(request, asked, max_loss_per_mille, u32::MAX))
                .unwrap_or_else(|| grouped(asked, |_, asked| (asked.row, own(asked))))
        }
    }
}

/// The cheapest set of at most `max_groups` generations in which no target loses more than `max_loss_per_mille`;
/// nothing where there is none, or none was found within the request's steps.
pub(super) fn cheapest(
    request: &ResizeRequest,
    asked: &[Asked],
    max_loss_per_mille: u16,
    max_groups: u32,
) -> Option<Groups> {
    let table = request.table();
    let priced: Vec<Option<UsdMicros>> = table
        .presets()
        .iter()
        .map(|preset| {
            let is_allowed = request.floor().is_none_or(|floor| preset.resolution() >= Some(floor));
            request.prices().per_image(table.model(), preset.resolution()).filter(|_| is_allowed)
        })
        .collect();
    let may_serve = |preset: &Preset, asked: &Asked| {
        let (used, own) = (preset.size().nearness(asked.size), asked.own.preset.size().nearness(asked.size));
        preset.covers(asked.size) && is_near_enough(used, own, max_loss_per_mille)
    };
    let rows_for = |asked: &Asked| {
        let rows = table.presets().iter().zip(&priced).enumerate();
        rows.filter(|(_, (preset, price))| price.is_some() && may_serve(preset, asked))
            .fold(0_u64, |rows, (row, _)| rows | 1 << row)
    };
    let costs = priced.iter().map(|price| price.map_or(u64::MAX, |price| price.0)).collect();
    let kept = |row: usize, target: usize| {
        let (preset, asked) = (table.presets().get(row)?, asked.get(target)?);
        let frame = preset.size();
        let kept = u64::from(request.fit().size(frame, asked.size).ok()?.area());
        u32::try_from(kept * PARTS / u64::from(frame.area())).ok()
    };
    let problem =
        Problem::new(costs, asked.iter().map(rows_for).collect(), |row, target| kept(row, target).unwrap_or_default());
    let known = asked.iter().fold(0, |rows, asked| rows | 1 << asked.row);
    let Cover { rows, is_proven, least_cost } = problem.solve(known, max_groups, request.max_search_nodes())?;
    let assigned: Vec<usize> = problem.assigned(rows).collect();
    let of_row = |row: usize| {
        let price = priced.get(row).copied().flatten().unwrap_or_default();
        table.presets().get(row).map(|preset| (*preset, price))
    };
    let groups = grouped(asked, |index, asked| {
        let row = assigned.get(index).copied().unwrap_or(asked.row);
        (row, of_row(row).unwrap_or((asked.own.preset, asked.own.per_image)))
    });
    Some(Groups { least_sum: (!is_proven).then_some(UsdMicros(least_cost)), ..groups })
}

/// Groups of those with one key, in the order of their first members.
fn grouped<K: PartialEq>(asked: &[Asked], key: impl Fn(usize, &Asked) -> (K, (Preset, UsdMicros))) -> Groups {
    let mut keys: Vec<K> = Vec::new();
    let mut groups: Vec<Group> = Vec::new();
    for (index, one) in asked.iter().enumerate() {
        let (key, (preset, per_image)) = key(index, one);
        let place = keys.iter().position(|known| *known == key);
        if let Some(group) = place.and_then(|place| groups.get_mut(place)) {
            group.members.push(index);
        } else {
            keys.push(key);
            groups.push(Group { preset, per_image, members: alloc::vec![index] });
        }
    }
    Groups { groups, least_sum: None }
}
