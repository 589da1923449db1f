//! The cheapest set of generations, checked against all sets and against the results of an independent solver.

use std::cmp::Reverse;
use std::collections::BTreeMap;

use proptest::option;
use proptest::prelude::*;
use proptest::sample::select;
use smart_resize::geometry::Fit;
use smart_resize::model::{AspectRatio, Model, Preset, PriceList, Smallest, Tier, UsdMicros, smallest_covering};
use smart_resize::plan::{Optimality, PlanError};
use smart_resize::request::Sharing;
use smart_resize::{Plan, Request, Size, Source};

use crate::any::{shared, size};

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
    case(Sharing::Duplicates, 40, "$6.05");
    // Fewer than the eleven distinct presets, because a 2K preset has the same shape as its 1K preset.
    case(shared(0), 7, "$1.10");
    case(shared(100), 7, "$1.10");
    case(shared(150), 5, "$0.80");
    case(shared(200), 4, "$0.65");
    case(shared(300), 3, "$0.50");
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
    targets: Vec<Size>,
    loss: u16,
    fit: Fit,
    smallest: Smallest,
    floor: Option<Tier>,
    variants: u32,
    max_calls: Option<u32>,
}

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
    fn nearness(preset: &Preset, target: Size) -> (u128, u128) {
        let [pw, ph] = [preset.size.width(), preset.size.height()].map(u128::from);
        let [tw, th] = [target.width(), target.height()].map(u128::from);
        ((tw * ph).min(th * pw), (tw * ph).max(th * pw))
    }

    fn kept(&self, preset: &Preset, target: Size) -> u128 {
        let crop = self.fit.rect(preset.size, target).unwrap();
        u128::from(crop.size().area()) * 1_000_000_000 / u128::from(preset.size.area())
    }

    fn serves(&self, preset: &Preset, target: Size, loss: u16) -> bool {
        let floor = self.floor.or(self.table.default_floor());
        let own = smallest_covering(&self.table, target, floor, self.smallest).unwrap();
        let ((a, b), (c, d)) = (Self::nearness(preset, target), Self::nearness(own, target));
        preset.tier >= floor
            && preset.covers(target)
            && self.price(preset).is_some()
            && 1000 * a * d >= u128::from(1000 - loss) * c * b
    }

    /// The first of all sets of at most `max` rows in the plan's order, found by trying each: its cost and its rows.
    fn best(&self, loss: u16, max: u32) -> Option<(u128, Vec<usize>)> {
        let presets = self.table.presets();
        let key = |set: u32| {
            let rows: Vec<usize> = (0..presets.len()).filter(|row| set >> row & 1 == 1).collect();
            let mut kept = 0;
            for target in &self.targets {
                let serving = rows.iter().filter(|row| self.serves(&presets[**row], *target, loss));
                kept += serving.map(|row| self.kept(&presets[*row], *target)).max()?;
            }
            let cost = rows.iter().map(|row| u128::from(self.price(&presets[*row]).unwrap_or(u64::MAX))).sum::<u128>();
            Some((cost, rows.len(), Reverse(kept), rows))
        };
        let sets = (1..1_u32 << presets.len()).filter(|set| set.count_ones() <= max);
        sets.filter_map(key).min().map(|(cost, _, _, rows)| (cost, rows))
    }

    fn rows(&self, plan: &Plan) -> Vec<usize> {
        let row = |preset: &Preset| self.table.presets().iter().position(|other| other == preset).unwrap();
        let mut rows: Vec<_> = plan.generations().iter().map(|generation| row(generation.preset())).collect();
        rows.sort_unstable();
        rows
    }

    fn total(&self, cost: u128) -> u128 {
        cost * u128::from(self.variants) + 7
    }
}

/// Small tables with many ties: few sizes and few prices. A tier may have no price.
fn any_case() -> impl Strategy<Value = Case> {
    let side = || select(vec![1_u32, 2, 3, 4, 5, 6, 8, 9, 12, 16]);
    let row = (side(), side(), select(vec![1000_u32, 2000, 4000]));
    let rows = prop::collection::vec(row, 1..9);
    let prices = prop::collection::vec(option::weighted(0.9, select(vec![0_u64, 1, 2, 2, 4, 1_000_000_000_000])), 3);
    let targets = prop::collection::vec((side(), side()), 1..8);
    let options = (
        prop_oneof![Just(0_u16), Just(1000), 0..=1000_u16],
        any::<(bool, bool)>(),
        option::of(select(vec![1000_u32, 2000, 4000])),
        1..=3_u32,
        option::of(1..=4_u32),
    );
    (rows, prices, targets, options).prop_filter_map("nothing to plan", |(rows, prices, targets, options)| {
        let (loss, (crop, by_pixels), floor, variants, max_calls) = options;
        let presets = rows.iter().zip(1_u16..).map(|((w, h, tier), name)| {
            Preset::new(size(*w, *h)).ratio(AspectRatio::new(name, 1).unwrap()).tier(Tier::from_milli_k(*tier).unwrap())
        });
        let table = Model::new("m", presets.collect()).unwrap();
        let floor = floor.and_then(Tier::from_milli_k).filter(|floor| table.has(*floor));
        let prices = [1000, 2000, 4000].into_iter().zip(prices).filter_map(|(tier, price)| Some((tier, price?)));
        let prices: BTreeMap<u32, u64> = prices.collect();
        let smallest = if by_pixels { Smallest::ByPixels } else { Smallest::ByTier };
        let is_asked = |target: &Size| {
            let own = smallest_covering(&table, *target, floor.or(table.default_floor()), smallest);
            own.is_ok_and(|own| prices.contains_key(&own.tier.unwrap().milli_k()))
        };
        let targets: Vec<Size> = targets.into_iter().map(|(w, h)| size(w, h)).filter(is_asked).collect();
        let fit = if crop { Fit::Crop } else { Fit::Cover };
        (!targets.is_empty()).then_some(Case {
            table,
            prices,
            targets,
            loss,
            fit,
            smallest,
            floor,
            variants,
            max_calls,
        })
    })
}

const UNBOUNDED: u64 = u64::MAX;

proptest! {
    #![proptest_config(ProptestConfig::with_cases(6000))]

    #[test]
    fn no_set_of_generations_is_better_than_the_plans(case in any_case()) {
        // Each call makes one variant.
        let max = case.max_calls.map_or(u32::MAX, |max| max / case.variants);
        let plan = Plan::new(&case.request(case.loss, |_| (None, UNBOUNDED)));
        let Some((cost, rows)) = case.best(case.loss, max) else {
            prop_assert!(matches!(plan, Err(PlanError::OverBudget(_))), "{plan:?}");
            return Ok(());
        };
        let plan = plan.unwrap();
        prop_assert_eq!(u128::from(plan.cost().0), case.total(cost));
        prop_assert_eq!(case.rows(&plan), rows.clone());
        prop_assert_eq!(plan.optimality(), Optimality::Proven);
        let presets = case.table.presets();
        for rendition in plan.renditions() {
            let target = rendition.target();
            let serving = rows.iter().filter(|row| case.serves(&presets[**row], target, case.loss));
            let best = serving.max_by_key(|row| (case.kept(&presets[**row], target), Reverse(**row))).unwrap();
            let generation = &plan.generations()[rendition.generation().unwrap()];
            prop_assert_eq!(generation.preset(), &presets[*best]);
            // The loss is rounded up and is at most the allowed one.
            let ((a, b), (c, d)) = (
                Case::nearness(generation.preset(), target),
                Case::nearness(rendition.unshared().unwrap().preset(), target),
            );
            let lost = u128::from(rendition.loss().get());
            prop_assert!((1000 - lost) * c * b <= 1000 * a * d, "{} is below the loss", rendition.loss());
            prop_assert!(lost == 0 || (1001 - lost) * c * b > 1000 * a * d, "{} is above the loss", rendition.loss());
            prop_assert!(lost <= u128::from(case.loss));
        }
    }

    #[test]
    fn a_search_that_ends_early_has_a_correct_lower_bound(case in any_case(), nodes in 0..12_u64) {
        let request = case.request(case.loss, |calls| { *calls = None; (None, nodes) });
        let plan = Plan::new(&request).unwrap();
        let (cost, rows) = case.best(case.loss, u32::MAX).unwrap();
        prop_assert!(u128::from(plan.cost().0) >= case.total(cost));
        match plan.optimality() {
            Optimality::Proven => prop_assert_eq!(case.rows(&plan), rows),
            Optimality::BestFound { lower_bound } => {
                prop_assert!(u128::from(lower_bound.0) <= case.total(cost), "{lower_bound} is no bound");
                prop_assert!(lower_bound.0 >= 7);
            }
            other => panic!("{other:?}"),
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(300))]

    #[test]
    fn a_plan_over_its_budget_names_the_alternatives_that_fit(case in any_case(), missing in 1..4_u64) {
        let max_groups = case.max_calls.map_or(u32::MAX, |max| max / case.variants);
        let Some((cost, _)) = case.best(case.loss, max_groups) else { return Ok(()) };
        let Some(max_cost) = u64::try_from(case.total(cost)).unwrap().checked_sub(missing) else { return Ok(()) };
        let error = Plan::new(&case.request(case.loss, |_| (Some(UsdMicros(max_cost)), UNBOUNDED))).unwrap_err();
        let PlanError::OverBudget(error) = error else { panic!("{error:?}") };
        prop_assert_eq!(u128::from(error.cost.0), case.total(cost));
        prop_assert_eq!(error.max_cost, Some(UsdMicros(max_cost)));

        // The best set at each loss from the request's upwards.
        let at = |loss: u16| Some((case.total(case.best(loss, max_groups)?.0), loss));
        let fitting: Vec<(u128, u16)> =
            (case.loss..=1000).filter_map(at).filter(|(cost, _)| *cost <= u128::from(max_cost)).collect();
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
