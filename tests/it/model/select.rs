//! The selection of the smallest covering preset, checked against a naive implementation of the rule.

mod built_in;
mod error;
mod every_size;
mod larger_target;
mod rule;
mod ties;
mod transposed;

use core::cmp::Ordering;

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
