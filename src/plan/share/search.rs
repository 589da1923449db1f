//! From targets to the generations that serve them: one each, one for equals, or the cheapest set.

use alloc::vec::Vec;

use super::cover::{Cover, Problem};
use super::{Unshared, loss};
use crate::geometry::per_mille::PerMille;
use crate::model::preset::Preset;
use crate::model::price::UsdMicros;
use crate::request::builder::Request;
use crate::request::sharing::Sharing;
use crate::size::Size;

/// Parts per 10⁹, in which what a target keeps is counted where sets are compared.
const PARTS: u64 = 1_000_000_000;

/// A target for which something is generated.
#[derive(Clone, Copy, Debug)]
pub(in crate::plan) struct Asked {
    /// Which of the request's targets.
    pub(in crate::plan) index: usize,
    pub(in crate::plan) size: Size,
    /// The row of its own best preset in the table.
    pub(in crate::plan) row: usize,
    pub(in crate::plan) own: Unshared,
}

/// What is generated: the preset, its price, and for which of the targets that were asked.
#[derive(Clone, Debug)]
pub(in crate::plan) struct Group {
    pub(in crate::plan) preset: Preset,
    pub(in crate::plan) per_image: UsdMicros,
    pub(in crate::plan) members: Vec<usize>,
}

/// The generations of a plan, in the order of their first targets.
#[derive(Clone, Debug)]
pub(in crate::plan) struct Groups {
    pub(in crate::plan) groups: Vec<Group>,
    /// Nothing where the set is the best.
    pub(in crate::plan) least_sum: Option<UsdMicros>,
}

impl Groups {
    /// What one image of each costs.
    pub(in crate::plan) fn sum(&self) -> UsdMicros {
        self.groups.iter().fold(UsdMicros(0), |sum, group| sum.plus(group.per_image))
    }
}

/// The generations of `asked` as the request shares them, at most `max_groups` where they are chosen.
pub(in crate::plan) fn groups(request: &Request, asked: &[Asked], max_groups: u32) -> Groups {
    let own = |asked: &Asked| (asked.own.preset, asked.own.per_image);
    match request.sharing() {
        Sharing::PerTarget => grouped(asked, |index, asked| (index, own(asked))),
        Sharing::Duplicates => grouped(asked, |_, asked| ((asked.size.width(), asked.size.height()), own(asked))),
        Sharing::Shared { max_loss } => {
            cheapest(request, asked, max_loss, max_groups)
                // Where no set is small enough, the cheapest is what the caller is told of.
                .or_else(|| cheapest(request, asked, max_loss, u32::MAX))
                // Invariant: without a bound on their number the targets' own presets are a set.
                .unwrap_or_else(|| grouped(asked, |_, asked| (asked.row, own(asked))))
        }
    }
}

/// The cheapest set of at most `max_groups` generations in which no target loses more than `max_loss`;
/// `None` if there is none, or none was found within the request's steps.
pub(in crate::plan) fn cheapest(
    request: &Request,
    asked: &[Asked],
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
    let may_serve = |preset: &Preset, asked: &Asked| {
        preset.covers(asked.size) && loss(asked.size, asked.own.preset.size, preset.size) <= max_loss
    };
    let rows_for = |asked: &Asked| {
        let rows = model.presets().iter().zip(&priced).enumerate();
        rows.filter(|(_, (preset, price))| price.is_some() && may_serve(preset, asked))
            .fold(0_u64, |rows, (row, _)| rows | 1 << row)
    };
    let costs = priced.iter().map(|price| price.map_or(u64::MAX, |price| price.0)).collect();
    let kept = |row: usize, target: usize| {
        let (preset, asked) = (model.presets().get(row)?, asked.get(target)?);
        let frame = preset.size;
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
        model.presets().get(row).map(|preset| (*preset, price))
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
