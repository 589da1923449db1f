//! The cheapest set of generations, checked against all sets and against the results of an independent solver.

use std::collections::BTreeMap;

use proptest::option;
use proptest::prelude::*;
use proptest::sample::select;
use smart_resize::geometry::{Fit, Focus, Insets, Rect};
use smart_resize::model::{AspectRatio, Model, Preset, PriceList, Smallest, Tier, UsdMicros, smallest_covering};
use smart_resize::plan::{Optimality, PlanError};
use smart_resize::request::Sharing;
use smart_resize::{Plan, Request, Size, Source, Target};

use crate::any::{any_focus, insets, shared, size};

pub(crate) const FORTY: [&str; 40] = [
    "1080x1080",
    "1080x1350",
    "1080x1920",
    "1080x566",
    "1200x628",
    "1200x630",
    "1200x1200",
    "1200x300",
    "1200x675",
    "1600x900",
    "1500x500",
    "1584x396",
    "1128x191",
    "1280x720",
    "2560x1440",
    "1920x1080",
    "1000x1500",
    "1000x1000",
    "960x1200",
    "600x600",
    "300x250",
    "336x280",
    "728x90",
    "970x90",
    "970x250",
    "160x600",
    "120x600",
    "300x600",
    "320x50",
    "320x100",
    "468x60",
    "480x70",
    "250x250",
    "200x200",
    "320x480",
    "640x640",
    "800x418",
    "400x400",
    "820x312",
    "851x315",
];

fn source() -> Source {
    Source::from_url("https://example.com/a.jpg")
}

#[test]
fn forty_sizes_cost_what_an_independent_solver_found() {
    let plan = |sharing| Plan::new(&Request::builder(source()).sizes(FORTY).sharing(sharing).build().unwrap());
    let case = |sharing, generations: usize, cost: &str| {
        let plan = plan(sharing).unwrap();
        let found = (plan.generations().len(), plan.cost().to_string(), plan.optimality());
        assert_eq!(found, (generations, cost.to_owned(), Optimality::Proven), "{sharing:?}");
        assert_eq!(plan.cost_unshared().to_string(), "$6.05");
    };
    case(Sharing::PerTarget, 40, "$6.05");
    case(Sharing::Duplicates, 25, "$3.80");
    case(shared(0), 25, "$3.80");
    case(shared(50), 19, "$2.90");
    case(shared(100), 16, "$2.45");
    case(shared(150), 14, "$2.15");
    case(shared(200), 11, "$1.70");
    case(shared(300), 9, "$1.40");
    case(shared(1000), 1, "$0.35");
}

/// `tests/oracle/share.py` found the costs with a solver for mixed-integer programs.
#[cfg(feature = "serde")]
#[test]
fn lists_of_sizes_cost_what_an_independent_solver_found() {
    let cases: Vec<serde_json::Value> = serde_json::from_str(include_str!("../../oracle/share.json")).unwrap();
    assert_eq!(cases.len(), 80);
    for case in cases {
        let table = Model::all().into_iter().find(|table| table.name() == case["model"]).unwrap();
        let loss = u16::try_from(case["max_loss_per_mille"].as_u64().unwrap()).unwrap();
        let sizes = case["targets"].as_str().unwrap().split(' ');
        let request = Request::builder(source()).sizes(sizes).model(table).sharing(shared(loss)).build();
        let plan = Plan::new(&request.unwrap()).unwrap();
        let found = (plan.cost().0, plan.generations().len() as u64, plan.cost_unshared().0);
        let expected = ["cost_usd_micros", "generations", "cost_unshared_usd_micros"].map(|key| case[key].as_u64());
        assert_eq!([Some(found.0), Some(found.1), Some(found.2)], expected, "{case}");
        assert_eq!(plan.optimality(), Optimality::Proven);
    }
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
    fn request(&self, loss: u16, change: impl FnOnce(&mut Option<u32>) -> (Option<UsdMicros>, u64)) -> Request {
        let mut max_calls = self.max_calls;
        let (max_cost, nodes) = change(&mut max_calls);
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
            .max_search_nodes(nodes)
            .sharing(shared(loss));
        if let Some(floor) = self.floor {
            builder = builder.floor(floor);
        }
        if let Some(max_calls) = max_calls {
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

    /// The share that is not kept, in parts per 10⁹.
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

    /// The best of all ways to divide the targets among at most `max` generations, found by trying each: for each set of
    /// targets and number of generations, the best generation of its first target and of any others, and the best way
    /// to divide the rest.
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

const UNBOUNDED: u64 = u64::MAX;

proptest! {
    #![proptest_config(ProptestConfig::with_cases(3000))]

    #[test]
    fn no_set_of_generations_is_better_than_the_plans(case in any_case(7)) {
        // Each call makes one variant.
        let max = case.max_calls.map_or(u32::MAX, |max| max / case.variants);
        let plan = Plan::new(&case.request(case.loss, |_| (None, UNBOUNDED)));
        let Some(best) = case.best(&case.least_losses(), case.loss, max) else {
            prop_assert!(matches!(plan, Err(PlanError::OverBudget(_))), "{plan:?}");
            return Ok(());
        };
        let plan = plan.unwrap();
        prop_assert_eq!(u128::from(plan.cost().0), case.total(best.0));
        prop_assert_eq!(case.criteria(&plan), best);
        prop_assert_eq!(plan.optimality(), Optimality::Proven);
        for (id, generation) in plan.generations().iter().enumerate() {
            let members = || plan.renditions().iter().zip(&case.targets).filter(|(cut, _)| cut.generation() == Some(id));
            let targets: Vec<&Target> = members().map(|(_, target)| target).collect();
            let common = case.common_pixels(generation.preset(), &targets);
            prop_assert!(common > 0, "the safe areas of {targets:?} conflict");
            for (rendition, target) in members() {
                // The loss is rounded up and is at most the allowed one.
                let [lost, whole] = case.lost(generation.preset(), target, common);
                prop_assert_eq!(u128::from(rendition.loss().get()), (1000 * lost).div_ceil(whole));
                prop_assert!(rendition.loss().get() <= case.loss);
            }
        }
    }

    #[test]
    fn a_search_that_ends_early_has_a_correct_lower_bound(case in any_case(7), nodes in 0..12_u64) {
        let request = case.request(case.loss, |calls| { *calls = None; (None, nodes) });
        let plan = Plan::new(&request).unwrap();
        let best = case.best(&case.least_losses(), case.loss, u32::MAX).unwrap();
        prop_assert!(u128::from(plan.cost().0) >= case.total(best.0));
        match plan.optimality() {
            Optimality::Proven => prop_assert_eq!(case.criteria(&plan), best),
            Optimality::BestFound { lower_bound } => {
                prop_assert!(u128::from(lower_bound.0) <= case.total(best.0), "{lower_bound} is no bound");
                prop_assert!(lower_bound.0 >= 7);
            }
            other => panic!("{other:?}"),
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(200))]

    #[test]
    fn a_plan_over_its_budget_names_the_alternatives_that_fit(case in any_case(5), missing in 1..4_u64) {
        let max_groups = case.max_calls.map_or(u32::MAX, |max| max / case.variants);
        let losses = case.least_losses();
        let Some((cost, ..)) = case.best(&losses, case.loss, max_groups) else { return Ok(()) };
        let Some(max_cost) = u64::try_from(case.total(cost)).unwrap().checked_sub(missing) else { return Ok(()) };
        let error = Plan::new(&case.request(case.loss, |_| (Some(UsdMicros(max_cost)), UNBOUNDED))).unwrap_err();
        let PlanError::OverBudget(error) = error else { panic!("{error:?}") };
        prop_assert_eq!(u128::from(error.cost.0), case.total(cost));
        prop_assert_eq!(error.max_cost, Some(UsdMicros(max_cost)));

        // The best set at each loss from the request's upwards. Only at these losses can it be another one.
        let mut steps: Vec<u16> = losses.iter().flatten().flatten().copied().filter(|loss| *loss > case.loss).collect();
        steps.push(case.loss);
        steps.sort_unstable();
        steps.dedup();
        let at = |loss: u16| Some((case.total(case.best(&losses, loss, max_groups)?.0), loss));
        let fitting: Vec<(u128, u16)> =
            steps.into_iter().filter_map(at).filter(|(cost, _)| *cost <= u128::from(max_cost)).collect();
        let found = |alternative: Option<smart_resize::plan::Alternative>| {
            alternative.map(|found| (u128::from(found.cost.0), found.max_loss.get()))
        };
        prop_assert_eq!(found(error.least_loss), fitting.first().copied());
        prop_assert_eq!(found(error.cheapest), fitting.iter().min().copied());
        // A request with an alternative's loss has the alternative's cost and number of calls.
        for alternative in [error.least_loss, error.cheapest].into_iter().flatten() {
            let request = case.request(alternative.max_loss.get(), |_| (Some(UsdMicros(max_cost)), UNBOUNDED));
            let plan = Plan::new(&request).unwrap();
            prop_assert_eq!((plan.cost(), plan.calls().count()), (alternative.cost, alternative.calls as usize));
        }
    }
}

#[test]
fn a_strip_does_not_take_the_common_area_from_covers() {
    let plan = |sizes: &[&str], loss| {
        Plan::new(&Request::builder(source()).sizes(sizes).sharing(shared(loss)).build().unwrap()).unwrap()
    };
    let covers = ["1500x500", "600x200", "851x315"];
    let with_strip = ["1500x500", "600x200", "851x315", "970x90"];
    assert_eq!(plan(&covers, 150).generations().len(), 1);
    let kept_apart = plan(&with_strip, 150);
    let generation = |plan: &Plan, index: usize| plan.renditions()[index].generation().unwrap();
    assert_eq!([0, 1, 2, 3].map(|index| generation(&kept_apart, index)), [0, 0, 0, 1]);
    assert_eq!(kept_apart.generations()[0].prompt(), plan(&covers, 150).generations()[0].prompt());
    // Together, the covers lose what the strip does not keep.
    let together = plan(&with_strip, 800);
    assert_eq!(together.generations().len(), 1);
    let losses: Vec<_> = together.renditions().iter().map(|rendition| rendition.loss().to_string()).collect();
    assert_eq!(losses, ["72.2 %", "72.2 %", "75 %", "0 %"]);
}

#[test]
fn targets_with_conflicting_safe_areas_are_kept_apart_at_any_loss() {
    let target = |edges| Target::new(size(1024, 1024)).safe_area(insets(edges));
    let generations = |targets: [Target; 2]| {
        let request = Request::builder(source()).targets(targets).sharing(shared(1000)).build();
        Plan::new(&request.unwrap()).unwrap().generations().len()
    };
    // The upper and the lower half.
    assert_eq!(generations([target([0, 0, 500, 0]), target([500, 0, 0, 0])]), 2);
    assert_eq!(generations([target([0, 0, 499, 0]), target([500, 0, 0, 0])]), 1);
}

#[test]
fn many_different_insets_give_a_lower_bound_instead_of_a_long_search() {
    // About 40 different insets on each side.
    let target = |index: u16| {
        let edge = |step: u16, count: u16| (index * step) % count * 10;
        Target::new(size(1000, 1000)).safe_area(insets([edge(3, 41), edge(7, 37), edge(11, 39), edge(17, 43)]))
    };
    let request = Request::builder(source())
        .targets((0..120).map(target))
        .sharing(shared(400))
        .max_search_nodes(100)
        .build()
        .unwrap();
    let plan = Plan::new(&request).unwrap();
    let Optimality::BestFound { lower_bound } = plan.optimality() else { panic!("{:?}", plan.optimality()) };
    assert!(lower_bound <= plan.cost() && plan.cost() <= plan.cost_unshared());
}
