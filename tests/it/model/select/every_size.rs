//! Every size that nano-banana-pro covers gets the first preset of the order, and every other size is an error.

use std::collections::BTreeSet;
use std::thread;

use smart_resize::model::{Model, Smallest, smallest_covering};

use super::built_in::pro;
use super::{ORDERS, Row, agree, floor_of};
use crate::any::size;

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
                    // All presets have 1K or more, so a floor of 1K is equivalent to none. A higher floor only removes
                    // presets: every thirteenth width is enough for it.
                    let floors = if width % 13 == 0 { &[1000, 2000, 4000][..] } else { &[1000] };
                    for &floor in floors {
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
                            answers += u64::from(floor == 1000);
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
    // The area of the union of the thirty rectangles, and for each size two orders.
    assert_eq!(odd.0 + even.0, 28_680_192);
    assert_eq!(odd.1 + even.1, 28_680_192 * 2);
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
