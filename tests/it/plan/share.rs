//! Targets that share generated images: the cheapest set of generations, and what each target loses by it.
//!
//! The oracle in this file tries all ways to divide a few targets, and shares no code with the crate.

mod alternatives;
mod cheapest;
mod duplicates;
mod independent_solver;
mod loss;
mod lower_bound;
mod safe_areas;

use std::collections::BTreeMap;

use proptest::option;
use proptest::prelude::*;
use proptest::sample::select;
use smart_resize::geometry::{Fit, Focus, Insets, Rect};
use smart_resize::model::{AspectRatio, Model, Preset, PriceList, Smallest, Tier, UsdMicros, smallest_covering};
use smart_resize::{Plan, Request, Size, Source, Target};

use crate::any::{any_focus, insets, shared, size};

fn source() -> Source {
    Source::from_url("https://example.com/a.jpg")
}

/// The parts of a request, which the oracle reads without the crate.
#[derive(Clone, Debug)]
struct Case {
    table: Model,
    prices: BTreeMap<u32, u64>,
    targets: Vec<Target>,
    focus: Focus,
    loss: u16,
    fit: Fit,
    smallest: Smallest,
    floor: Option<Tier>,
    variants: u32,
    max_calls: Option<u32>,
}

/// The criteria by which sets of generations are compared, in their order: the cost, the number of generations, the sum
/// of the shares that are not kept, the sum of the positions of the presets. Each is a sum over the generations.
type Criteria = (u128, u32, u128, usize);

impl Case {
    fn request(&self, loss: u16, max_cost: Option<UsdMicros>, max_search_nodes: u64) -> Request {
        let mut prices = PriceList::new(UsdMicros(7));
        for (tier, price) in &self.prices {
            prices = prices.price("m", Tier::from_milli_k(*tier), UsdMicros(*price));
        }
        let mut builder = Request::builder(source())
            .targets(self.targets.clone())
            .model(self.table.clone())
            .prices(prices)
            .focus(self.focus)
            .fit(self.fit)
            .smallest(self.smallest)
            .variants(self.variants)
            .max_search_nodes(max_search_nodes)
            .sharing(shared(loss));
        if let Some(floor) = self.floor {
            builder = builder.floor(floor);
        }
        if let Some(max_calls) = self.max_calls {
            builder = builder.max_calls(max_calls);
        }
        if let Some(max_cost) = max_cost {
            builder = builder.max_cost(max_cost);
        }
        builder.build().unwrap()
    }

    fn price(&self, preset: &Preset) -> Option<u64> {
        self.prices.get(&preset.tier.unwrap().milli_k()).copied()
    }

    /// The nearness of two shapes by its definition: the lesser cross product over the greater.
    fn nearness(preset: &Preset, target: Size) -> [u128; 2] {
        let [pw, ph] = [preset.size.width(), preset.size.height()].map(u128::from);
        let [tw, th] = [target.width(), target.height()].map(u128::from);
        [(tw * ph).min(th * pw), (tw * ph).max(th * pw)]
    }

    /// The share of the picture that the crop of a target does not keep, in parts per 10⁹.
    fn cut(&self, preset: &Preset, target: &Target) -> u128 {
        let crop = self.fit.rect(preset.size, target.size).unwrap();
        1_000_000_000 - u128::from(crop.size().area()) * 1_000_000_000 / u128::from(preset.size.area())
    }

    fn safe_area(&self, preset: &Preset, target: &Target) -> Rect {
        let crop = self.fit.rect_at(preset.size, target.size, self.focus).unwrap();
        target.safe_area.inside(crop, target.size)
    }

    /// The pixels that are in all safe areas, counted one by one.
    fn common_pixels(&self, preset: &Preset, members: &[&Target]) -> u128 {
        let safe: Vec<Rect> = members.iter().map(|target| self.safe_area(preset, target)).collect();
        let is_in = |rect: &Rect, x: u32, y: u32| {
            rect.x() <= x && x < rect.x() + rect.width() && rect.y() <= y && y < rect.y() + rect.height()
        };
        let pixels = (0..preset.size.height()).flat_map(|y| (0..preset.size.width()).map(move |x| (x, y)));
        pixels.filter(|(x, y)| safe.iter().all(|rect| is_in(rect, *x, *y))).count() as u128
    }

    /// The usable area of a target that is lost, as a fraction: nearness times the common share of its safe area,
    /// compared with the nearness of its own preset.
    fn lost(&self, preset: &Preset, target: &Target, common: u128) -> [u128; 2] {
        let floor = self.floor.or(self.table.default_floor());
        let own = smallest_covering(&self.table, target.size, floor, self.smallest).unwrap();
        let ([a, b], [c, d]) = (Self::nearness(preset, target.size), Self::nearness(own, target.size));
        let safe = u128::from(self.safe_area(preset, target).size().area());
        let (part, whole) = (a * d * common, b * c * safe);
        [whole.saturating_sub(part), whole]
    }

    /// For each set of targets, as bits, and each preset, the least loss in thousandths at which they may share a
    /// picture of it; `None` if they may not at any loss.
    fn least_losses(&self) -> Vec<Vec<Option<u16>>> {
        let floor = self.floor.or(self.table.default_floor());
        let least = |set: usize, preset: &Preset| {
            let members: Vec<&Target> =
                self.targets.iter().enumerate().filter(|(index, _)| set >> index & 1 == 1).map(|(_, t)| t).collect();
            let is_usable = preset.tier >= floor && self.price(preset).is_some();
            if !is_usable || !members.iter().all(|target| preset.covers(target.size)) {
                return None;
            }
            let common = self.common_pixels(preset, &members);
            let loss = |target: &&Target| {
                let [lost, whole] = self.lost(preset, target, common);
                (1000 * lost).div_ceil(whole) as u16
            };
            if common == 0 { None } else { members.iter().map(loss).max() }
        };
        (0..1_usize << self.targets.len())
            .map(|set| self.table.presets().iter().map(|preset| least(set, preset)).collect())
            .collect()
    }

    /// The best of all ways to divide the targets among at most `max` generations, found by trying each: for each set
    /// of targets and number of generations, the best generation of its first target and of any others, and the best
    /// way to divide the rest.
    fn best(&self, least_losses: &[Vec<Option<u16>>], loss: u16, max: u32) -> Option<Criteria> {
        let (presets, count) = (self.table.presets(), self.targets.len());
        let alone: Vec<Option<Criteria>> = least_losses
            .iter()
            .enumerate()
            .map(|(set, losses)| {
                let members = || (0..count).filter(|index| set >> index & 1 == 1).map(|index| &self.targets[index]);
                let of = |(row, least): (usize, &Option<u16>)| {
                    let preset = &presets[row];
                    least.filter(|least| set > 0 && *least <= loss)?;
                    let cut = members().map(|target| self.cut(preset, target)).sum();
                    Some((u128::from(self.price(preset).unwrap()), 1, cut, row))
                };
                losses.iter().enumerate().filter_map(of).min()
            })
            .collect();
        let all = (1_usize << count) - 1;
        let mut best: Vec<Option<Criteria>> = vec![None; all + 1];
        best[0] = Some((0, 0, 0, 0));
        let mut found = None;
        for _ in 0..max.min(count as u32) {
            let mut more = vec![None; all + 1];
            for set in 1..=all {
                let first = set & set.wrapping_neg();
                let rest = set ^ first;
                // All subsets of the rest.
                let mut others = rest;
                loop {
                    let group = first | others;
                    if let (Some(a), Some(b)) = (alone[group], best[set ^ group]) {
                        let sum = (a.0 + b.0, a.1 + b.1, a.2 + b.2, a.3 + b.3);
                        more[set] = more[set].map_or(Some(sum), |other: Criteria| Some(other.min(sum)));
                    }
                    if others == 0 {
                        break;
                    }
                    others = (others - 1) & rest;
                }
            }
            best = more;
            found = [found, best[all]].into_iter().flatten().min();
        }
        found
    }

    /// The criteria of a plan.
    fn criteria(&self, plan: &Plan) -> Criteria {
        let row = |preset: &Preset| self.table.presets().iter().position(|other| other == preset).unwrap();
        let generations = plan.generations();
        let cut = plan
            .renditions()
            .iter()
            .zip(&self.targets)
            .map(|(rendition, target)| self.cut(generations[rendition.generation().unwrap()].preset(), target));
        (
            generations.iter().map(|generation| u128::from(generation.per_image().0)).sum(),
            generations.len() as u32,
            cut.sum(),
            generations.iter().map(|generation| row(generation.preset())).sum(),
        )
    }

    fn total(&self, cost: u128) -> u128 {
        cost * u128::from(self.variants) + 7
    }
}

/// Small tables with many ties: few sizes and few prices. A tier may have no price.
fn any_case(max_targets: usize) -> impl Strategy<Value = Case> {
    let side = || select(vec![1_u32, 2, 3, 4, 5, 6, 8, 9, 12, 16]);
    let row = (side(), side(), select(vec![1000_u32, 2000, 4000]));
    let rows = prop::collection::vec(row, 1..9);
    let prices = prop::collection::vec(option::weighted(0.9, select(vec![0_u64, 1, 2, 2, 4, 1_000_000_000_000])), 3);
    let inset = || select(vec![0_u16, 0, 0, 100, 300, 600]);
    let safe_area = prop_oneof![
        2 => Just(Insets::default()),
        1 => (inset(), inset(), inset(), inset()).prop_map(|(top, right, bottom, left)| {
            insets([top, right.min(999 - left), bottom.min(999 - top), left])
        }),
    ];
    let targets = prop::collection::vec((side(), side(), safe_area), 1..=max_targets);
    let options = (
        prop_oneof![Just(0_u16), Just(1000), 0..=1000_u16],
        any::<(bool, bool)>(),
        option::of(select(vec![1000_u32, 2000, 4000])),
        1..=3_u32,
        option::of(1..=4_u32),
        any_focus(),
    );
    (rows, prices, targets, options).prop_filter_map("nothing to plan", |(rows, prices, targets, options)| {
        let (loss, (crop, by_pixels), floor, variants, max_calls, focus) = options;
        let presets = rows.iter().zip(1_u16..).map(|((w, h, tier), name)| {
            Preset::new(size(*w, *h)).ratio(AspectRatio::new(name, 1).unwrap()).tier(Tier::from_milli_k(*tier).unwrap())
        });
        let table = Model::new("m", presets.collect()).unwrap();
        let floor = floor.and_then(Tier::from_milli_k).filter(|floor| table.has(*floor));
        let prices = [1000, 2000, 4000].into_iter().zip(prices).filter_map(|(tier, price)| Some((tier, price?)));
        let prices: BTreeMap<u32, u64> = prices.collect();
        let smallest = if by_pixels { Smallest::ByPixels } else { Smallest::ByTier };
        let is_asked = |target: &Target| {
            let own = smallest_covering(&table, target.size, floor.or(table.default_floor()), smallest);
            own.is_ok_and(|own| prices.contains_key(&own.tier.unwrap().milli_k()))
        };
        let target = |(w, h, safe_area)| Target::new(size(w, h)).safe_area(safe_area);
        let targets: Vec<Target> = targets.into_iter().map(target).filter(is_asked).collect();
        let fit = if crop { Fit::Crop } else { Fit::Cover };
        let case = Case { table, prices, targets, focus, loss, fit, smallest, floor, variants, max_calls };
        (!case.targets.is_empty()).then_some(case)
    })
}

/// A search that is never ended early.
const UNBOUNDED: u64 = u64::MAX;
