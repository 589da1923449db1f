//! The sets of targets that can be cut from one picture: those for which the part that all of them keep is large
//! enough.
//!
//! Each target has its safe area in the picture, and the least area that it needs of the intersection of all safe
//! areas, the common area. A set of targets is feasible if its common area is not less than any of its targets needs.
//! A subset of a feasible set is feasible, since it has a common area that contains that of the set.
//!
//! The maximal feasible sets are found from the rectangles that can be a common area: on each axis, such a rectangle
//! begins where some target's safe area begins and ends where one ends. For each rectangle, the targets whose safe area
//! contains it and that need no more than its area are a feasible set. Every feasible set is a subset of the set of its
//! own common area, so these sets include all maximal ones.
//!
//! Crops of one picture lie one inside the other on each axis, and only the safe areas of targets with insets do not.
//! The number of rectangles is therefore about the product of the numbers of distinct widths and heights. It is larger
//! only with many different insets.

use alloc::vec::Vec;

use super::bits::Bits;
use crate::geometry::rect::Rect;
use crate::size::Size;

/// The safe area of a target in a picture, and what it needs of it.
#[derive(Clone, Copy, Debug)]
pub(super) struct Need {
    pub(super) safe: Rect,
    /// The least common area, in pixels, from 1.
    pub(super) area: u64,
}

/// The feasible sets of one picture.
#[derive(Clone, Debug)]
pub(super) struct FeasibleSets {
    /// No set is a subset of another. They are sorted.
    pub(super) sets: Vec<Bits>,
    /// Whether every feasible set is a subset of one of these.
    pub(super) is_complete: bool,
}

/// Returns the intersection of `rects`; `None` if it is empty or if there are no rectangles.
pub(in crate::plan) fn intersection(rects: impl IntoIterator<Item = Rect>) -> Option<Rect> {
    rects.into_iter().map(Some).reduce(|a, b| {
        let (a, b) = (a?, b?);
        let (x, width) = overlap([a.x(), a.x() + a.width()], [b.x(), b.x() + b.width()])?;
        let (y, height) = overlap([a.y(), a.y() + a.height()], [b.y(), b.y() + b.height()])?;
        Some(Rect::new(x, y, Size::new(width, height).ok()?))
    })?
}

/// Returns the start and the length of the intersection of two ranges; `None` if it is empty.
fn overlap(a: [u32; 2], b: [u32; 2]) -> Option<(u32, u32)> {
    let (start, end) = (a[0].max(b[0]), a[1].min(b[1]));
    (start < end).then(|| (start, end - start))
}

/// Returns the maximal feasible sets of the targets that have a need, by examining at most `max` rectangles.
pub(super) fn feasible_sets(needs: &[Option<Need>], max: usize) -> FeasibleSets {
    let columns = ranges(needs, |safe| [safe.x(), safe.x() + safe.width()]);
    let rows = ranges(needs, |safe| [safe.y(), safe.y() + safe.height()]);
    // The targets in ascending order of their needs, each with all targets up to it.
    let mut by_need: Vec<(u64, usize)> =
        needs.iter().enumerate().filter_map(|(target, need)| Some((need.as_ref()?.area, target))).collect();
    by_need.sort_unstable();
    let mut satisfied = Bits::new(needs.len());
    let prefixes: Vec<(u64, Bits)> = by_need
        .iter()
        .map(|(area, target)| {
            satisfied.insert(*target);
            (*area, satisfied.clone())
        })
        .collect();
    let mut found = Maximal::default();
    let pairs = columns.iter().flat_map(|column| rows.iter().map(move |row| (column, row)));
    let is_complete = columns.len() * rows.len() <= max;
    for (column, row) in pairs.take(max) {
        let area = u64::from(column.length) * u64::from(row.length);
        // The targets that need no more than this area are the prefix before the first that needs more.
        let end = prefixes.partition_point(|(need, _)| *need <= area);
        if let Some((_, satisfied)) = end.checked_sub(1).and_then(|last| prefixes.get(last)) {
            found.offer(column.holders.and(&row.holders).and(satisfied));
        }
    }
    if !is_complete {
        // Each target alone is feasible if it needs no more than its own safe area.
        for (target, need) in needs.iter().enumerate() {
            if need.is_some_and(|need| need.area <= u64::from(need.safe.size().area())) {
                found.offer(Bits::of(needs.len(), |other| other == target));
            }
        }
    }
    found.sets.sort_unstable();
    FeasibleSets { sets: found.sets, is_complete }
}

/// Sets of which none is a subset of another.
#[derive(Default)]
struct Maximal {
    sets: Vec<Bits>,
}

impl Maximal {
    /// Adds a set, unless it is empty or a subset of another, and removes its own subsets.
    fn offer(&mut self, set: Bits) {
        if set.is_empty() || self.sets.iter().any(|other| set.is_subset(other)) {
            return;
        }
        self.sets.retain(|other| !other.is_subset(&set));
        self.sets.push(set);
    }
}

/// A range of one axis that can be that of a common area.
#[derive(Debug)]
struct Range {
    length: u32,
    /// The targets whose safe area contains the range on this axis.
    holders: Bits,
}

/// Returns the ranges that are the intersection, on one axis, of the safe areas that contain them. Those that most
/// targets contain come first.
fn ranges(needs: &[Option<Need>], span: impl Fn(Rect) -> [u32; 2]) -> Vec<Range> {
    let spans: Vec<Option<[u32; 2]>> = needs.iter().map(|need| need.map(|need| span(need.safe))).collect();
    let set = |has: &dyn Fn([u32; 2]) -> bool| {
        Bits::of(spans.len(), |target| spans.get(target).copied().flatten().is_some_and(has))
    };
    let distinct = |edge: fn([u32; 2]) -> u32| {
        let mut edges: Vec<u32> = spans.iter().flatten().copied().map(edge).collect();
        edges.sort_unstable();
        edges.dedup();
        edges
    };
    // For each edge, the targets that reach it, and those that end at it.
    let starts: Vec<_> = distinct(|[start, _]| start)
        .into_iter()
        .map(|edge| (edge, set(&|[start, _]| start <= edge), set(&|[start, _]| start == edge)))
        .collect();
    let ends: Vec<_> = distinct(|[_, end]| end)
        .into_iter()
        .map(|edge| (edge, set(&|[_, end]| end >= edge), set(&|[_, end]| end == edge)))
        .collect();
    let mut ranges = Vec::new();
    for (start, reach_start, begin) in &starts {
        for (end, reach_end, finish) in ends.iter().filter(|(end, ..)| end > start) {
            let holders = reach_start.and(reach_end);
            // Otherwise a longer range has the same holders.
            if holders.intersects(begin) && holders.intersects(finish) {
                ranges.push(Range { length: end - start, holders });
            }
        }
    }
    ranges.sort_by_key(|range| core::cmp::Reverse(range.holders.count()));
    ranges
}

#[cfg(test)]
mod tests {
    use alloc::vec;

    use super::*;

    fn rect(x: u32, y: u32, width: u32, height: u32) -> Rect {
        Rect::new(x, y, Size::new(width, height).unwrap())
    }

    /// A need of `area` pixels of a safe area in a row of one pixel.
    fn need(x: u32, width: u32, area: u64) -> Need {
        Need { safe: rect(x, 0, width, 1), area }
    }

    fn found(needs: &[Need], max: usize) -> (Vec<Vec<usize>>, bool) {
        let needs: Vec<_> = needs.iter().copied().map(Some).collect();
        let FeasibleSets { sets, is_complete } = feasible_sets(&needs, max);
        (sets.iter().map(|set| set.iter().collect()).collect(), is_complete)
    }

    #[test]
    fn rectangles_that_only_touch_have_no_intersection() {
        assert_eq!(intersection([rect(0, 0, 10, 10), rect(4, 6, 20, 3)]), Some(rect(4, 6, 6, 3)));
        assert_eq!(intersection([rect(0, 0, 10, 10), rect(9, 9, 5, 5)]), Some(rect(9, 9, 1, 1)));
        assert_eq!(intersection([rect(0, 0, 10, 10), rect(10, 0, 5, 5)]), None);
        assert_eq!(intersection([rect(0, 0, 10, 10), rect(0, 10, 5, 5)]), None);
        assert_eq!(intersection([]), None);
    }

    #[test]
    fn a_set_is_feasible_if_its_common_area_is_exactly_what_a_target_needs() {
        // The common area of the two targets has 6 pixels.
        assert_eq!(found(&[need(0, 10, 6), need(4, 6, 6)], 100), (vec![vec![0, 1]], true));
        assert_eq!(found(&[need(0, 10, 7), need(4, 6, 6)], 100), (vec![vec![0], vec![1]], true));
        let one = feasible_sets(&[None, Some(need(4, 6, 6))], 100);
        assert_eq!(one.sets, [Bits::of(2, |target| target == 1)]);
    }

    #[test]
    fn no_feasible_set_is_a_subset_of_another() {
        // The middle target overlaps both others, which do not overlap.
        let needs = [need(0, 10, 1), need(8, 10, 1), need(16, 10, 1)];
        assert_eq!(found(&needs, 100), (vec![vec![0, 1], vec![1, 2]], true));
        let (mut maximal, set) = (Maximal::default(), |members: &[usize]| Bits::of(9, |at| members.contains(&at)));
        for members in [&[0][..], &[1, 2], &[0, 1], &[1], &[]] {
            maximal.offer(set(members));
        }
        assert_eq!(maximal.sets, [set(&[1, 2]), set(&[0, 1])]);
    }

    #[test]
    fn with_too_many_areas_the_sets_are_incomplete_and_each_target_is_still_served_alone() {
        // Two starts and two ends give three ranges: 0 to 10, 4 to 10 and 4 to 14.
        let needs = [need(0, 10, 1), need(4, 10, 1)];
        assert_eq!(found(&needs, 3), (vec![vec![0, 1]], true));
        // The range with the most targets comes first.
        assert_eq!(found(&needs, 2), (vec![vec![0, 1]], false));
        assert_eq!(found(&needs, 0), (vec![vec![0], vec![1]], false));
        // A target that needs more than its safe area is not served.
        assert_eq!(found(&[need(0, 10, 11), need(4, 10, 10)], 0), (vec![vec![1]], false));
    }

    #[test]
    fn a_range_is_listed_only_where_its_targets_begin_and_end() {
        // From 0 to 8 is no common range, since the only target that contains it ends at 20.
        let ranges = ranges(&[need(0, 20, 1), need(4, 4, 1)].map(Some), |safe| [safe.x(), safe.x() + safe.width()]);
        let found: Vec<_> = ranges.iter().map(|range| (range.length, range.holders.count())).collect();
        assert_eq!(found, [(4, 2), (20, 1)]);
    }
}
