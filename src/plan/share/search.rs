//! The assignment of targets to generations: one for each target, one for each size, or the cheapest set.

use alloc::vec::Vec;

use super::cover::{Cover, Problem};
use super::{Unshared, loss};
use crate::geometry::per_mille::PerMille;
use crate::model::preset::Preset;
use crate::model::price::UsdMicros;
use crate::request::builder::Request;
use crate::request::sharing::Sharing;
use crate::size::Size;

/// The denominator of the shares that targets keep, when sets of generations are compared.
const PARTS: u64 = 1_000_000_000;

/// A target that is cut from a generated image.
#[derive(Clone, Copy, Debug)]
pub(in crate::plan) struct PlannedTarget {
    /// The index of the target in the request.
    pub(in crate::plan) index: usize,
    pub(in crate::plan) size: Size,
    /// The index of the target's own best preset in the model's table.
    pub(in crate::plan) row: usize,
    /// The target's own best preset.
    pub(in crate::plan) own: Unshared,
}

/// A generation and the targets that it serves.
#[derive(Clone, Debug)]
pub(in crate::plan) struct Group {
    pub(in crate::plan) preset: Preset,
    pub(in crate::plan) per_image: UsdMicros,
    /// The indices of the targets in the list of [`PlannedTarget`]s.
    pub(in crate::plan) members: Vec<usize>,
}

/// The generations of a plan, in the order of their first targets.
#[derive(Clone, Debug)]
pub(in crate::plan) struct Groups {
    pub(in crate::plan) groups: Vec<Group>,
    /// A lower bound of [`sum`](Self::sum) over all sets; `None` if this set is proven to be the best.
    pub(in crate::plan) least_sum: Option<UsdMicros>,
}

impl Groups {
    /// Returns the price of one image of each generation, in total.
    pub(in crate::plan) fn sum(&self) -> UsdMicros {
        self.groups.iter().fold(UsdMicros(0), |sum, group| sum.plus(group.per_image))
    }
}

/// Assigns the targets to generations by the sharing of the request. With [`Sharing::Shared`] the set has at most
/// `max_groups` generations, if such a set exists.
pub(in crate::plan) fn groups(request: &Request, targets: &[PlannedTarget], max_groups: u32) -> Groups {
    let own = |target: &PlannedTarget| (target.own.preset, target.own.per_image);
    match request.sharing() {
        Sharing::PerTarget => grouped(targets, |index, target| (index, own(target))),
        // Targets of one size have the same own preset, so that of the first member is the preset of the group.
        Sharing::Duplicates => grouped(targets, |_, target| ((target.size.width(), target.size.height()), own(target))),
        Sharing::Shared { max_loss } => {
            cheapest(request, targets, max_loss, max_groups)
                // If no set is small enough, the error about the budget reports the cost of the cheapest.
                .or_else(|| cheapest(request, targets, max_loss, u32::MAX))
                // Invariant: without a limit, the targets' own presets are a valid set.
                .unwrap_or_else(|| grouped(targets, |_, target| (target.row, own(target))))
        }
    }
}

/// Finds the cheapest set of at most `max_groups` generations in which no target loses more than `max_loss`. Returns
/// `None` if there is no such set, or if none was found within the request's maximum number of search nodes.
///
/// This is a weighted set cover. Its rows are the presets of the model's table. `rows_for` yields, as bits, the rows
/// that may serve a target.
#[expect(clippy::expect_used, reason = "a broken invariant must be loud")]
pub(in crate::plan) fn cheapest(
    request: &Request,
    targets: &[PlannedTarget],
    max_loss: PerMille,
    max_groups: u32,
) -> Option<Groups> {
    let model = request.model();
    let priced: Vec<Option<UsdMicros>> = model
        .presets()
        .iter()
        .map(|preset| {
            let is_allowed = request.floor().is_none_or(|floor| preset.tier >= Some(floor));
            request.prices().per_image(model.name(), preset.tier).filter(|_| is_allowed)
        })
        .collect();
    // The loss is rounded up to thousandths and the limit is in whole thousandths, so the comparison is exact.
    let may_serve = |preset: &Preset, target: &PlannedTarget| {
        preset.covers(target.size) && loss(target.size, target.own.preset.size, preset.size) <= max_loss
    };
    let rows_for = |target: &PlannedTarget| {
        let rows = model.presets().iter().zip(&priced).enumerate();
        rows.filter(|(_, (preset, price))| price.is_some() && may_serve(preset, target))
            .fold(0_u64, |rows, (row, _)| rows | 1 << row)
    };
    // A row without a price serves no target, so the search never reads its cost.
    let costs = priced.iter().map(|price| price.map_or(u64::MAX, |price| price.0)).collect();
    // Shares of different pictures are integers of one unit, so that their sums are compared exactly. An area has 32
    // bits and `PARTS` 30, so the product fits a `u64`.
    let kept = |row: usize, target: usize| {
        let (preset, target) = (model.presets().get(row)?, targets.get(target)?);
        let frame = preset.size;
        let kept = u64::from(request.fit().size(frame, target.size).ok()?.area());
        u32::try_from(kept * PARTS / u64::from(frame.area())).ok()
    };
    let problem = Problem::new(costs, targets.iter().map(rows_for).collect(), |row, target| {
        kept(row, target).expect("invariant: a row that may serve a target covers it")
    });
    // The targets' own presets are a cover at any limit of the loss, since they lose no share.
    let known = targets.iter().fold(0, |rows, target| rows | 1 << target.row);
    let Cover { rows, is_proven, least_cost } = problem.solve(known, max_groups, request.max_search_nodes())?;
    // Several rows of the cover may serve a target, which selects the one that it keeps the largest share of. A row
    // that no target selects yields no group.
    let assignment: Vec<usize> = problem.assignment(rows).collect();
    let of_row = |row: usize| {
        let price = priced.get(row).copied().flatten();
        let (preset, price) = model.presets().get(row).zip(price).expect("invariant: a cover has priced rows only");
        (*preset, price)
    };
    let groups = grouped(targets, |index, _| {
        let row = *assignment.get(index).expect("invariant: every target is assigned to a row");
        (row, of_row(row))
    });
    Some(Groups { least_sum: (!is_proven).then_some(UsdMicros(least_cost)), ..groups })
}

/// Groups the targets that have equal keys, in the order of their first members.
fn grouped<K: PartialEq>(
    targets: &[PlannedTarget],
    key: impl Fn(usize, &PlannedTarget) -> (K, (Preset, UsdMicros)),
) -> Groups {
    let mut keys: Vec<K> = Vec::new();
    let mut groups: Vec<Group> = Vec::new();
    for (index, target) in targets.iter().enumerate() {
        let (key, (preset, per_image)) = key(index, target);
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
