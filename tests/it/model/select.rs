//! The selection of the smallest covering preset, checked against a naive implementation of the rule.

use core::cmp::Ordering;
use std::collections::BTreeSet;
use std::thread;

use proptest::prelude::*;
use proptest::sample::select;
use smart_resize::Size;
use smart_resize::model::{AspectRatio, Model, NothingCoversError, Preset, Smallest, Tier, smallest_covering};

use crate::any::{any_side, size};

const ORDERS: [Smallest; 2] = [Smallest::ByTier, Smallest::ByPixels];

/// A preset as plain numbers. `milli_k` is 0 in a model without tiers.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Row {
    ratio: (u16, u16),
    milli_k: u32,
    width: u64,
    height: u64,
}

impl Row {
    fn covers(&self, target: (u64, u64)) -> bool {
        self.width >= target.0 && self.height >= target.1
    }

    fn pixels(&self) -> u64 {
        self.width * self.height
    }

    /// min(tw·ph, th·pw) / max(tw·ph, th·pw) as a fraction.
    fn nearness(&self, target: (u64, u64)) -> (u64, u64) {
        let (a, b) = (target.0 * self.height, target.1 * self.width);
        if a < b { (a, b) } else { (b, a) }
    }

    fn preset(&self) -> Preset {
        let side = |side: u64| u32::try_from(side).unwrap();
        let ratio = AspectRatio::new(self.ratio.0, self.ratio.1).unwrap();
        let preset = Preset::new(size(side(self.width), side(self.height))).ratio(ratio);
        Tier::from_milli_k(self.milli_k).map_or(preset, |tier| preset.tier(tier))
    }

    fn transposed(self) -> Self {
        Self { ratio: (self.ratio.1, self.ratio.0), width: self.height, height: self.width, ..self }
    }
}

/// Orders the larger fraction first.
fn nearest_first(a: (u64, u64), b: (u64, u64)) -> Ordering {
    let wide = u128::from;
    (wide(b.0) * wide(a.1)).cmp(&(wide(a.0) * wide(b.1)))
}

/// The naive rule: keeps the rows at or above the floor that cover the target, sorts them, and takes the first. The
/// sort is stable, so equal rows stay in the order of the table.
fn naive(rows: &[Row], target: (u64, u64), floor: u32, order: Smallest) -> Option<usize> {
    let mut candidates: Vec<usize> = (0..rows.len()).collect();
    candidates.retain(|index| rows[*index].milli_k >= floor && rows[*index].covers(target));
    candidates.sort_by(|a, b| {
        let (a, b) = (&rows[*a], &rows[*b]);
        let tier = a.milli_k.cmp(&b.milli_k);
        let nearness = nearest_first(a.nearness(target), b.nearness(target));
        let pixels = a.pixels().cmp(&b.pixels());
        match order {
            Smallest::ByTier => tier.then(nearness).then(pixels),
            Smallest::ByPixels => pixels.then(nearness),
            other => panic!("an order without an oracle: {other:?}"),
        }
    });
    candidates.first().copied()
}

fn pair(size: Size) -> (u64, u64) {
    (size.width().into(), size.height().into())
}

fn table_of(rows: &[Row]) -> Model {
    Model::new("made up", rows.iter().map(Row::preset).collect()).unwrap()
}

fn floor_of(milli_k: u32) -> Option<Tier> {
    Tier::from_milli_k(milli_k)
}

/// Checks that the crate selects the preset of the oracle, or returns a correct error.
fn agree(rows: &[Row], table: &Model, target: Size, floor: u32, order: Smallest) {
    let found = smallest_covering(table, target, floor_of(floor), order);
    match naive(rows, pair(target), floor, order) {
        Some(index) => assert_eq!(found, Ok(&table.presets()[index]), "{target} {floor} {order:?}"),
        None => check_error(rows, floor, target, found.unwrap_err()),
    }
}

/// Checks each field of the error against its documentation.
fn check_error(rows: &[Row], floor: u32, target: Size, error: NothingCoversError) {
    assert_eq!((error.target, error.floor), (target, floor_of(floor)));
    let allowed: Vec<Row> = rows.iter().copied().filter(|row| row.milli_k >= floor).collect();
    if allowed.is_empty() {
        assert_eq!((error.widest, error.tallest, error.nearest), (None, None, None));
        return;
    }
    let is_row = |size: Size| allowed.iter().any(|row| (row.width, row.height) == pair(size));
    let (widest, tallest, nearest) = (error.widest.unwrap(), error.tallest.unwrap(), error.nearest.unwrap());
    assert!(is_row(widest) && is_row(tallest), "{error:?}");
    assert_eq!(pair(widest).0, allowed.iter().map(|row| row.width).max().unwrap());
    assert_eq!(pair(tallest).1, allowed.iter().map(|row| row.height).max().unwrap());

    let (tw, th) = pair(target);
    let (nw, nh) = pair(nearest);
    assert!(allowed.iter().any(|row| row.covers((nw, nh))), "{nearest} is not covered");
    assert!(nw <= tw && nh <= th, "{nearest} is not smaller than {target}");
    let half_a_pixel = (2 * nw * th).abs_diff(2 * nh * tw);
    assert!(half_a_pixel <= th || half_a_pixel <= tw || nw == 1 || nh == 1, "{nearest} has not the shape of {target}");
    // The largest size of the target's shape in each row: one side is the row's, the other is rounded half up.
    let rounded = |num: u64, den: u64| {
        let below = num / den;
        let (down, up) = (num - below * den, (below + 1) * den - num);
        (if up <= down { below + 1 } else { below }).max(1)
    };
    let largest = |row: &Row| {
        if row.width * th >= row.height * tw {
            rounded(row.height * tw, th) * row.height
        } else {
            rounded(row.width * th, tw) * row.width
        }
    };
    assert_eq!(nw * nh, allowed.iter().map(largest).max().unwrap(), "{nearest} for {target}");
}

/// The ten sizes at 1K that all models of Gemini 3 have.
const TEN: [(u16, u16, u64, u64); 10] = [
    (1, 1, 1024, 1024),
    (2, 3, 848, 1264),
    (3, 2, 1264, 848),
    (3, 4, 896, 1200),
    (4, 3, 1200, 896),
    (4, 5, 928, 1152),
    (5, 4, 1152, 928),
    (9, 16, 768, 1376),
    (16, 9, 1376, 768),
    (21, 9, 1584, 672),
];

const FOUR_LONG: [(u16, u16, u64, u64); 4] =
    [(4, 1, 2048, 512), (1, 4, 512, 2048), (8, 1, 3072, 384), (1, 8, 384, 3072)];

/// The sizes as the model delivers them.
const FOUR_LONG_2_1: [(u16, u16, u64, u64); 4] =
    [(4, 1, 2064, 512), (1, 4, 512, 2064), (8, 1, 2928, 352), (1, 8, 352, 2928)];

const FOURTEEN_DRAFTS: [(u16, u16, u64, u64); 14] = [
    (1, 1, 512, 512),
    (2, 3, 424, 632),
    (3, 2, 632, 424),
    (3, 4, 448, 600),
    (4, 3, 600, 448),
    (4, 5, 464, 576),
    (5, 4, 576, 464),
    (9, 16, 384, 688),
    (16, 9, 688, 384),
    (21, 9, 792, 336),
    (4, 1, 1024, 256),
    (1, 4, 256, 1024),
    (8, 1, 1536, 192),
    (1, 8, 192, 1536),
];

const GEMINI_2_5: [(u16, u16, u64, u64); 10] = [
    (1, 1, 1024, 1024),
    (2, 3, 832, 1248),
    (3, 2, 1248, 832),
    (3, 4, 864, 1184),
    (4, 3, 1184, 864),
    (4, 5, 896, 1152),
    (5, 4, 1152, 896),
    (9, 16, 768, 1344),
    (16, 9, 1344, 768),
    (21, 9, 1536, 672),
];

/// The rows of a tier, whose sides are `factor` times those of `shapes`.
fn tier(shapes: &[(u16, u16, u64, u64)], milli_k: u32, factor: u64) -> impl Iterator<Item = Row> {
    shapes.iter().map(move |&(a, b, width, height)| Row {
        ratio: (a, b),
        milli_k,
        width: width * factor,
        height: height * factor,
    })
}

fn pro() -> Vec<Row> {
    [(1000, 1), (2000, 2), (4000, 4)].into_iter().flat_map(|(k, factor)| tier(&TEN, k, factor)).collect()
}

fn nano_banana_2() -> Vec<Row> {
    let shapes = [&TEN[..], &FOUR_LONG].concat();
    let tiers = [(1000, 1), (2000, 2), (4000, 4)];
    let upper = tiers.into_iter().flat_map(|(k, factor)| tier(&shapes, k, factor).collect::<Vec<_>>());
    tier(&FOURTEEN_DRAFTS, 500, 1).chain(upper).collect()
}

fn nano_banana_2_1() -> Vec<Row> {
    let shapes = [&TEN[..], &FOUR_LONG_2_1].concat();
    [(1000, 1), (2000, 2), (4000, 4)]
        .into_iter()
        .flat_map(|(k, factor)| tier(&shapes, k, factor).collect::<Vec<_>>())
        .collect()
}

fn nano_banana_2_lite() -> Vec<Row> {
    tier(&[&TEN[..], &FOUR_LONG_2_1].concat(), 1000, 1).collect()
}

fn nano_banana() -> Vec<Row> {
    tier(&GEMINI_2_5, 0, 1).collect()
}

fn built_in() -> [(Model, Vec<Row>); 5] {
    [
        (Model::nano_banana_pro(), pro()),
        (Model::nano_banana_2_1(), nano_banana_2_1()),
        (Model::nano_banana_2(), nano_banana_2()),
        (Model::nano_banana_2_lite(), nano_banana_2_lite()),
        (Model::nano_banana(), nano_banana()),
    ]
}

#[test]
fn the_built_in_models_have_the_known_presets() {
    for (table, rows) in built_in() {
        let presets: Vec<Preset> = rows.iter().map(Row::preset).collect();
        assert_eq!(table.presets(), presets, "{}", table.name());
    }
}

/// The ranges of heights within which the set of covering rows is constant.
fn height_ranges(rows: &[Row]) -> Vec<(u64, u64)> {
    let steps: BTreeSet<u64> = rows.iter().map(|row| row.height).collect();
    let mut from = 1;
    steps.into_iter().map(|to| (core::mem::replace(&mut from, to + 1), to)).collect()
}

/// The candidates for all targets in a range of heights. Among them nearness alone decides, because the tier and the
/// number of pixels do not depend on the target. They are stably sorted by pixels, which settles ties of nearness.
fn contenders(rows: &[Row], target: (u64, u64), floor: u32, order: Smallest) -> Vec<usize> {
    let mut left: Vec<usize> = (0..rows.len()).collect();
    left.retain(|index| rows[*index].milli_k >= floor && rows[*index].covers(target));
    left.sort_by_key(|index| rows[*index].pixels());
    let key = |index: usize| match order {
        Smallest::ByTier => u64::from(rows[index].milli_k),
        _ => rows[index].pixels(),
    };
    let least = left.iter().copied().map(key).min();
    left.retain(|index| Some(key(*index)) == least);
    left
}

#[test]
fn every_size_that_pro_covers_gets_the_first_preset_of_the_order() {
    let (table, rows) = (Model::nano_banana_pro(), pro());
    let (width_of_all, ranges) = (rows.iter().map(|row| row.width).max().unwrap(), height_ranges(&rows));
    // Each of the two threads takes every other width, since fewer heights are covered at larger widths.
    let columns = |first: u64| {
        let (mut sizes, mut answers) = (0_u64, 0_u64);
        for width in (first..=width_of_all).step_by(2) {
            for &(low, high) in &ranges {
                for order in ORDERS {
                    // All presets have 1K or more, so a floor of 1K is equivalent to none.
                    for floor in [1000, 2000, 4000] {
                        let contenders = contenders(&rows, (width, high), floor, order);
                        if contenders.is_empty() {
                            continue;
                        }
                        for height in low..=high {
                            let target = (width, height);
                            let nearest = contenders.iter().copied().min_by(|a, b| {
                                let (a, b) = (rows[*a].nearness(target), rows[*b].nearness(target));
                                (b.0 * a.1).cmp(&(a.0 * b.1))
                            });
                            let asked = size(u32::try_from(width).unwrap(), u32::try_from(height).unwrap());
                            let found = smallest_covering(&table, asked, floor_of(floor), order);
                            let expected = nearest.map(|index| &table.presets()[index]);
                            let same = found.ok().zip(expected).is_some_and(|(a, b)| core::ptr::eq(a, b));
                            assert!(same, "{asked} {floor} {order:?}: {found:?} instead of {expected:?}");
                            answers += 1;
                        }
                        if floor == 1000 && order == Smallest::ByTier {
                            sizes += high - low + 1;
                        }
                    }
                }
            }
        }
        (sizes, answers)
    };
    let (odd, even) = thread::scope(|scope| {
        let even = scope.spawn(|| columns(2));
        (columns(1), even.join().unwrap())
    });
    // The area of the union of the thirty rectangles, and for each size three floors and two orders.
    assert_eq!(odd.0 + even.0, 28_680_192);
    assert_eq!(odd.1 + even.1, 28_680_192 * 3 * 2);
}

#[test]
fn one_pixel_outside_the_coverable_sizes_is_an_error() {
    let (table, rows) = (Model::nano_banana_pro(), pro());
    let top = |width: u64| rows.iter().filter(|row| row.width >= width).map(|row| row.height).max().unwrap_or(0);
    let right = |height: u64| rows.iter().filter(|row| row.height >= height).map(|row| row.width).max().unwrap_or(0);
    // The boundary of the coverable sizes from both sides: the largest height of each width and the largest width of
    // each height, with and without one pixel more, and some sizes far outside.
    let above = (1..=6337).flat_map(|width| [(width, top(width)), (width, top(width) + 1)]);
    let beside = (1..=5505).flat_map(|height| [(right(height), height), (right(height) + 1, height)]);
    let far = [(65_535, 1), (1, 65_535), (65_535, 65_535), (65_534, 65_535)];
    let (mut inside, mut outside) = (0, 0);
    for (width, height) in above.chain(beside).chain(far) {
        if width == 0 || height == 0 {
            continue;
        }
        let target = size(u32::try_from(width).unwrap(), u32::try_from(height).unwrap());
        for floor in [0, 1000, 2000, 4000] {
            for order in ORDERS {
                agree(&rows, &table, target, floor, order);
            }
        }
        *(if height <= top(width) { &mut inside } else { &mut outside }) += 1;
    }
    assert_eq!((inside, outside), (6336 + 5504, 6337 + 5505 + 4));
}

#[test]
fn the_error_has_a_complete_message() {
    let case = |target: &str, floor: Option<Tier>, table: &Model, expected: &str| {
        let error = smallest_covering(table, target.parse().unwrap(), floor, Smallest::ByTier).unwrap_err();
        assert_eq!(error.to_string(), expected);
    };
    let [pro, _, two, _, one] = Model::all();
    case(
        "6337x2688",
        None,
        &pro,
        "no preset covers 6337x2688: the widest is 6336x2688, the tallest is 3072x5504, \
         the largest covered size of this shape is 6336x2688",
    );
    case(
        "9000x9000",
        Some(Tier::K4),
        &pro,
        "no preset of 4K or more covers 9000x9000: the widest is 6336x2688, the tallest is 3072x5504, \
         the largest covered size of this shape is 4096x4096",
    );
    case(
        "65535x1",
        Some(Tier::HALF_K),
        &two,
        "no preset of 0.5K or more covers 65535x1: the widest is 12288x1536, the tallest is 1536x12288, \
         the largest covered size of this shape is 12288x1",
    );
    case("1x1", Some(Tier::K1), &one, "no preset of 1K or more covers 1x1: the model has none");
}

#[test]
fn exact_ties_are_settled_by_the_order_of_the_table() {
    let row = |ratio: (u16, u16), width, height| Row { ratio, milli_k: 1000, width, height };
    let (tall, wide) = (row((1, 2), 512, 1024), row((2, 1), 1024, 512));
    let case = |rows: &[Row], target: &str, order: Smallest, expected: Row| {
        let table = table_of(rows);
        let found = smallest_covering(&table, target.parse().unwrap(), None, order);
        assert_eq!(found, Ok(&expected.preset()), "{target} {order:?}");
    };
    for order in ORDERS {
        // A square is equally near to 1:2 and 2:1, and both presets have the same number of pixels.
        case(&[tall, wide], "512x512", order, tall);
        case(&[wide, tall], "512x512", order, wide);
        // For a target that is one pixel off the square, the nearer preset wins, whatever its position.
        case(&[tall, wide], "512x511", order, wide);
        case(&[wide, tall], "511x512", order, tall);
        // The same size under two names.
        let (first, second) = (row((1, 1), 800, 800), row((2, 2), 800, 800));
        case(&[first, second], "9x7", order, first);
        case(&[second, first], "9x7", order, second);
        // Equally near, but with fewer pixels: the order of the table does not matter.
        let (large, small) = (row((2, 1), 1000, 500), row((1, 2), 400, 800));
        case(&[large, small], "400x400", order, small);
    }
    // The two orders select different presets.
    let (square, wide) = (row((1, 1), 100, 100), row((4, 1), 400, 100));
    case(&[square, wide], "90x20", Smallest::ByTier, wide);
    case(&[square, wide], "90x20", Smallest::ByPixels, square);
}

/// A target whose sides are near those of the presets, or any.
fn target_for(rows: &[Row]) -> impl Strategy<Value = Size> + use<> {
    let sides: Vec<u64> = rows.iter().flat_map(|row| [row.width, row.height]).collect();
    let near = (select(sides), 0..3_u64).prop_map(|(side, off)| u32::try_from(side + off - 1).unwrap().max(1));
    let side = || prop_oneof![near.clone(), any_side()];
    (side(), side()).prop_map(|(width, height)| size(width, height))
}

/// Tables with few, small and often equal shapes, so that ties of each kind occur. Some sides are huge.
fn made_up_rows() -> impl Strategy<Value = Vec<Row>> {
    let side = || prop_oneof![9 => 1..=12_u64, 1 => 65_530..=65_535_u64];
    let row = (side(), side(), 1..=3_u32);
    let untiered = |rows: Vec<(u64, u64, u32)>, tiers: bool| {
        let name = |index| (u16::try_from(index + 1).unwrap(), 1);
        let of = |(index, (width, height, k)): (usize, (u64, u64, u32))| Row {
            ratio: name(index),
            milli_k: if tiers { k * 500 } else { 0 },
            width,
            height,
        };
        rows.into_iter().enumerate().map(of).collect()
    };
    (prop::collection::vec(row, 1..12), prop::bool::weighted(0.8)).prop_map(move |(rows, tiers)| untiered(rows, tiers))
}

fn made_up_target() -> impl Strategy<Value = Size> {
    prop_oneof![8 => (1..=13_u32, 1..=13_u32).prop_map(|(width, height)| size(width, height)),
        1 => (any_side(), any_side()).prop_map(|(width, height)| size(width, height))]
}

fn any_floor() -> impl Strategy<Value = u32> {
    select(vec![0, 0, 500, 1000, 1500, 2000, 4000])
}

/// Whether two rows are equal in the order, apart from their position in the table.
fn alike(a: &Row, b: &Row, target: Size, order: Smallest) -> bool {
    let equal_shape = nearest_first(a.nearness(pair(target)), b.nearness(pair(target))).is_eq();
    (order == Smallest::ByPixels || a.milli_k == b.milli_k) && a.pixels() == b.pixels() && equal_shape
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(2000))]

    #[test]
    fn the_built_in_models_follow_the_rule_at_every_floor(
        (index, target) in (0..5_usize).prop_flat_map(|index| (Just(index), target_for(&built_in()[index].1))),
        floor in any_floor(),
        order in select(ORDERS.to_vec()),
    ) {
        let (table, rows) = &built_in()[index];
        agree(rows, table, target, floor, order);
    }

    #[test]
    fn any_model_follows_the_rule(
        rows in made_up_rows(), target in made_up_target(), floor in any_floor(), order in select(ORDERS.to_vec()),
    ) {
        agree(&rows, &table_of(&rows), target, floor, order);
    }

    #[test]
    fn the_selected_preset_covers_and_none_before_it_does(
        rows in made_up_rows(), target in made_up_target(), floor in any_floor(), order in select(ORDERS.to_vec()),
    ) {
        let table = table_of(&rows);
        if let Ok(found) = smallest_covering(&table, target, floor_of(floor), order) {
            let answer = rows.iter().find(|row| row.preset() == *found).unwrap();
            prop_assert!(answer.covers(pair(target)) && answer.milli_k >= floor);
            for row in rows.iter().filter(|row| row.covers(pair(target)) && row.milli_k >= floor) {
                let nearness = nearest_first(answer.nearness(pair(target)), row.nearness(pair(target)));
                let pixels = answer.pixels().cmp(&row.pixels());
                let before = match order {
                    Smallest::ByTier => answer.milli_k.cmp(&row.milli_k).then(nearness).then(pixels),
                    _ => pixels.then(nearness),
                };
                prop_assert!(before.is_le(), "{row:?} comes before {answer:?}");
            }
        }
    }

    #[test]
    fn the_order_of_the_rows_settles_exact_ties_and_nothing_else(
        (rows, shuffled) in made_up_rows().prop_flat_map(|rows| (Just(rows.clone()), Just(rows).prop_shuffle())),
        target in made_up_target(), floor in any_floor(), order in select(ORDERS.to_vec()),
    ) {
        let (table, other) = (table_of(&rows), table_of(&shuffled));
        let found = smallest_covering(&table, target, floor_of(floor), order);
        match smallest_covering(&other, target, floor_of(floor), order) {
            Err(error) => {
                // The order of the table settles ties for `widest`, `tallest` and `nearest`, so only the measure of
                // each is compared.
                let found = found.unwrap_err();
                prop_assert_eq!(found.widest.map(Size::width), error.widest.map(Size::width));
                prop_assert_eq!(found.tallest.map(Size::height), error.tallest.map(Size::height));
                prop_assert_eq!(found.nearest.map(Size::area), error.nearest.map(Size::area));
            }
            Ok(preset) => {
                let row = |preset: &Preset| *rows.iter().find(|row| row.preset() == *preset).unwrap();
                let (first, second) = (row(found.unwrap()), row(preset));
                prop_assert!(alike(&first, &second, target, order));
                let covering = |row: &&Row| row.milli_k >= floor && row.covers(pair(target));
                let first_of_the_tie = shuffled.iter().filter(covering).find(|row| alike(row, &first, target, order));
                prop_assert_eq!(first_of_the_tie, Some(&second));
            }
        }
    }

    #[test]
    fn transposing_target_and_table_transposes_the_preset(
        rows in made_up_rows(), target in made_up_target(), floor in any_floor(), order in select(ORDERS.to_vec()),
    ) {
        let flipped: Vec<Row> = rows.iter().copied().map(Row::transposed).collect();
        let (table, other) = (table_of(&rows), table_of(&flipped));
        let found = smallest_covering(&table, target, floor_of(floor), order);
        match smallest_covering(&other, target.transposed(), floor_of(floor), order) {
            Ok(preset) => {
                let index = flipped.iter().position(|row| row.preset() == *preset).unwrap();
                prop_assert_eq!(found, Ok(&rows[index].preset()));
            }
            Err(error) => {
                let found = found.unwrap_err();
                prop_assert_eq!(found.widest.map(Size::transposed), error.tallest);
                prop_assert_eq!(found.tallest.map(Size::transposed), error.widest);
                prop_assert_eq!(found.nearest.map(Size::transposed), error.nearest);
            }
        }
    }

    #[test]
    fn a_target_that_contains_another_never_gets_a_lower_tier(
        (index, a, b) in (0..6_usize).prop_flat_map(|index| {
            let rows = built_in().get(index).map_or_else(Vec::new, |(_, rows)| rows.clone());
            let targets = || if rows.is_empty() { made_up_target().boxed() } else { target_for(&rows).boxed() };
            (Just(index), targets(), targets())
        }),
        made_up in made_up_rows(),
        floor in any_floor(),
    ) {
        let table = built_in().get(index).map_or_else(|| table_of(&made_up), |(table, _)| table.clone());
        let outer = size(a.width().max(b.width()), a.height().max(b.height()));
        let tier = |target| smallest_covering(&table, target, floor_of(floor), Smallest::ByTier).map(|preset| preset.tier);
        if let Ok(high) = tier(outer) {
            prop_assert!(tier(a).unwrap() <= high);
        }
    }
}
