//! Exact weighted set cover by branch and bound: the cheapest set of rows that serves all targets.
//!
//! A row is a preset of the model's table with a set of targets that may be cut from one picture of it. A preset can
//! have several rows, one for each maximal set of such targets. A set of rows is a cover if every target is in at least
//! one of them. Each target is assigned to the row of which it keeps the largest share, so that the targets of a row
//! are a subset of its set, which may be cut from one picture too.
//!
//! A cover is better than another by these criteria, in this order: it is cheaper, it has fewer rows, the sum of the
//! shares that targets do not keep is lower, the sum of the positions of its presets in the table is lower. Each of
//! these is a sum over rows or targets, so they are the digits of one number, the weight.
//!
//! - **Dominated rows** are removed first. Another row dominates a row if it serves all of its targets and is cheaper,
//!   or if it serves them at the same cost, comes no later in the table and keeps at least as much of each of them.
//! - **Implied targets** are not branched on. A target is implied if the rows of another target are a subset of its
//!   own: any row that serves the other target serves it too.
//! - **Branching**: a node of the search takes the unserved target with the fewest remaining rows and tries each of
//!   these rows. The row with the lowest cost per unserved target that it serves comes first. A row that was tried is
//!   excluded from the later branches, so no set is visited twice. A row that serves no unserved target is excluded,
//!   since it would only add weight.
//! - **Bounding**: a lower bound of the weight is the value of a dual solution, by the ascent of Bar-Yehuda and Even
//!   (1981) for set cover, extended to a weight for each pair of a row and a target as by Erlenkotter (1978) for
//!   facility location. For one target after another, the lowest sum of a row's remaining weight and of the weight of
//!   the pair is added to the bound. What this sum has above the weight of a pair is subtracted from the row. No
//!   completion weighs less, and one with a certain row weighs at least the bound and what is left of that row. A row
//!   with which no completion is better than the best cover is excluded.

#![expect(clippy::expect_used, reason = "a broken invariant must be loud")]

use alloc::vec::Vec;
use core::cmp::Ordering;

use super::bits::Bits;
use crate::model::table::MAX_PRESETS;
use crate::request::builder::MAX_TARGETS;

/// The weight of one unit of cost. A cover weighs less for its rows and shares, so they never outweigh a lower cost.
///
/// A cost has 64 bits, so the weight of a row fits 126. A sum of weights that does not fit 128 bits, at more than 2⁶⁶
/// micro-dollars, counts as the largest number.
const COST: u128 = 1 << 62;
/// The weight of one row. A cover has at most one row for each target.
const ROW: u128 = 1 << 53;
/// The weight of a part of a share that is not kept. The parts of one target have 30 bits.
const PART: u128 = 1 << 15;
const _: () = assert!(MAX_TARGETS * MAX_PRESETS < PART as usize && MAX_TARGETS <= 256);

/// A row of the problem.
#[derive(Clone, Debug)]
pub(super) struct Row {
    /// The index of the preset in the model's table. Rows are sorted by it.
    pub(super) preset: usize,
    pub(super) cost: u64,
    /// The targets that may be cut from one picture of the preset.
    pub(super) serves: Bits,
}

/// A set cover problem: the targets and the rows that may serve them. Every target has a row.
#[derive(Debug)]
pub(super) struct Problem {
    rows: Vec<Row>,
    /// For each target, its rows.
    allowed: Vec<Bits>,
    /// For each target, its rows with the weight of the target in each.
    pairs: Vec<Vec<(usize, u128)>>,
    /// For each row and target, the share of the row's picture that the target does not keep, in parts per 10⁹; 0 if
    /// the row may not serve the target.
    cut: Vec<Vec<u32>>,
}

/// The result of a search.
#[derive(Clone, Debug)]
pub(super) struct Cover {
    /// For each target, its row of the best cover that was found.
    pub(super) assignment: Vec<usize>,
    /// Whether no other cover is better.
    pub(super) is_proven: bool,
    /// A lower bound: no cover costs less.
    pub(super) least_cost: u64,
}

impl Problem {
    /// Creates a problem with `targets` targets. `kept` returns the share that is kept for a row and a target, in parts
    /// per 10⁹, which `whole` is.
    pub(super) fn new(rows: Vec<Row>, targets: usize, whole: u32, kept: impl Fn(&Row, usize) -> u32) -> Self {
        let cut_of = |row: &Row| {
            (0..targets).map(|target| if row.serves.has(target) { whole - kept(row, target) } else { 0 }).collect()
        };
        let cut: Vec<Vec<u32>> = rows.iter().map(cut_of).collect();
        let mut this = Self { rows, allowed: Vec::new(), pairs: Vec::new(), cut };
        let kept_rows: Vec<bool> = (0..this.rows.len()).map(|row| !this.is_dominated(row)).collect();
        let mut keep = kept_rows.iter();
        this.rows.retain(|_| keep.next().copied().unwrap_or_default());
        let mut keep = kept_rows.iter();
        this.cut.retain(|_| keep.next().copied().unwrap_or_default());
        let count = this.rows.len();
        let rows_of = |target| Bits::of(count, |row| this.rows.get(row).is_some_and(|row| row.serves.has(target)));
        this.allowed = (0..targets).map(rows_of).collect();
        let pairs_of = |(target, rows): (usize, &Bits)| rows.iter().map(|row| (row, this.pair(row, target))).collect();
        this.pairs = this.allowed.iter().enumerate().map(pairs_of).collect();
        this
    }

    pub(super) fn row(&self, row: usize) -> &Row {
        self.rows.get(row).expect("invariant: the row is one of the problem's")
    }

    /// Returns the best cover of at most `max_rows` rows that is found by visiting at most `max_nodes` nodes; `None` if
    /// no cover is found.
    pub(super) fn solve(&self, max_rows: u32, max_nodes: u64) -> Option<Cover> {
        let mut by_rows: Vec<usize> = (0..self.allowed.len()).collect();
        by_rows.sort_by_key(|target| (self.of(*target).count(), *target));
        // The targets are sorted by their number of rows, so a subset of a target's rows comes before the target.
        let mut needed: Vec<usize> = Vec::with_capacity(by_rows.len());
        for target in by_rows {
            if !needed.iter().any(|other| self.of(*other).is_subset(self.of(target))) {
                needed.push(target);
            }
        }
        let mut search = Search { problem: self, needed, max_rows, nodes_left: max_nodes, best: None, unvisited: None };
        // The first cover gives the bounds a weight to compare with. It is also the result if no node may be visited.
        let greedy = self.greedy();
        if greedy.count() <= max_rows {
            search.offer(greedy);
        }
        let nothing = Bits::new(self.rows.len());
        let all = Bits::of(self.rows.len(), |_| true);
        search.visit(&nothing, &all);
        let (weight, rows) = search.best?;
        let bound = search.unvisited.map_or(weight, |bound| bound.min(weight));
        // The rest of a cover's weight is less than one unit of cost, so its cost is at least this one.
        let least_cost = bound / COST;
        Some(Cover {
            assignment: (0..self.allowed.len()).map(|target| self.best_row(&rows, target)).collect(),
            // A node that was not visited can hold a better cover only if its bound is below the best weight.
            is_proven: search.unvisited.is_none_or(|bound| bound >= weight),
            least_cost: u64::try_from(least_cost).unwrap_or(u64::MAX),
        })
    }

    /// Returns a cover: again and again the row with the lowest cost per target that it newly serves.
    fn greedy(&self) -> Bits {
        let mut cover = Bits::new(self.rows.len());
        let mut unserved = Bits::of(self.allowed.len(), |_| true);
        while let Some((row, served)) = (0..self.rows.len())
            .map(|row| (row, self.row(row).serves.count_common(&unserved)))
            .filter(|(_, served)| *served > 0)
            .min_by(|(a, serves_a), (b, serves_b)| self.compare_per_target((*a, *serves_a), (*b, *serves_b)))
        {
            debug_assert!(served > 0, "the loop ends, since each row serves a target more");
            cover.insert(row);
            unserved = unserved.without(&self.row(row).serves);
        }
        cover
    }

    /// Compares two rows by their cost per served target. The quotients are compared by cross-multiplication.
    fn compare_per_target(&self, (a, serves_a): (usize, u32), (b, serves_b): (usize, u32)) -> Ordering {
        // A row without a cost counts too.
        let per = |row, serves: u32| (u128::from(self.row(row).cost) * 512 + 1) * u128::from(serves);
        per(a, serves_b).cmp(&per(b, serves_a))
    }

    /// Returns the row of `rows` of which the target keeps the largest share; of equal rows, the first.
    fn best_row(&self, rows: &Bits, target: usize) -> usize {
        let best = self.of(target).and(rows).iter().min_by_key(|row| (self.pair(*row, target), *row));
        best.expect("invariant: a cover has a row of every target")
    }

    /// Returns the rows that may serve a target.
    fn of(&self, target: usize) -> &Bits {
        self.allowed.get(target).expect("invariant: every target has a set of rows")
    }

    /// Returns the weight of a row without its targets.
    fn weight(&self, row: usize) -> u128 {
        let Row { preset, cost, .. } = self.row(row);
        u128::from(*cost) * COST + ROW + *preset as u128
    }

    /// Returns the weight of a target that is cut from a row.
    fn pair(&self, row: usize, target: usize) -> u128 {
        let cut = self.cut.get(row).and_then(|cut| cut.get(target));
        let cut = *cut.expect("invariant: there is a share for every row and target");
        u128::from(cut) * PART
    }

    /// Whether another row dominates the row.
    ///
    /// A row that dominates another costs less, or costs the same and comes earlier, or has the same preset and a
    /// larger set of targets. Domination therefore has no cycles, and every target keeps an undominated row.
    fn is_dominated(&self, row: usize) -> bool {
        let this = self.row(row);
        let dominates = |(index, other): (usize, &Row)| {
            index != row
                && other.cost <= this.cost
                && this.serves.is_subset(&other.serves)
                && (other.cost < this.cost
                    || ((other.preset < this.preset || (other.preset == this.preset && other.serves != this.serves))
                        && this.serves.iter().all(|target| self.pair(index, target) <= self.pair(row, target))))
        };
        self.rows.iter().enumerate().any(dominates)
    }
}

/// The state of one search.
struct Search<'a> {
    problem: &'a Problem,
    /// The targets that are not implied by others, those with the fewest rows first.
    needed: Vec<usize>,
    max_rows: u32,
    nodes_left: u64,
    /// The best cover so far and its weight.
    best: Option<(u128, Bits)>,
    /// The lowest bound of a node that was not visited because `nodes_left` was 0.
    unvisited: Option<u128>,
}

impl Search<'_> {
    /// Visits the node of all covers that consist of `chosen` and of any of the `free` rows.
    fn visit(&mut self, chosen: &Bits, free: &Bits) {
        let problem = self.problem;
        let mut unserved = Bits::of(problem.allowed.len(), |_| true);
        chosen.iter().for_each(|row| unserved = unserved.without(&problem.row(row).serves));
        let free = Bits::of(problem.rows.len(), |row| free.has(row) && problem.row(row).serves.intersects(&unserved));
        // The needed targets that no chosen row serves, each with the rows that can still serve it.
        let open: Vec<(usize, Bits)> = self
            .needed
            .iter()
            .filter(|target| unserved.has(**target))
            .map(|target| (*target, problem.of(*target).and(&free)))
            .collect();
        // Either no free row serves some target, or the unserved targets need more rows than are allowed.
        if open.iter().any(|(_, rows)| rows.is_empty()) || chosen.count() + least_rows(&open) > self.max_rows {
            return;
        }
        // Without an unserved target the chosen rows are a cover, to which another row would only add weight.
        let Some((_, rows)) = open.iter().min_by_key(|(_, rows)| rows.count()) else {
            return self.offer(chosen.clone());
        };
        let (bound, left) = self.bound(chosen, &free, &open);
        let best = self.best.as_ref().map_or(u128::MAX, |(best, _)| *best);
        if bound >= best {
            return;
        }
        // No cover of this node weighs less than its bound. The lowest bound of all such nodes shows what the search
        // may have missed.
        if self.nodes_left == 0 {
            self.unvisited = Some(self.unvisited.map_or(bound, |other| other.min(bound)));
            return;
        }
        self.nodes_left -= 1;
        // A row with which no cover of this node is better than the best is excluded.
        let can_improve = |row: usize| left.get(row).is_some_and(|left| bound.saturating_add(*left) < best);
        let mut free = Bits::of(problem.rows.len(), |row| free.has(row) && can_improve(row));
        let mut branches: Vec<(usize, u32)> = rows
            .iter()
            .filter(|row| free.has(*row))
            .map(|row| (row, problem.row(row).serves.count_common(&unserved)))
            .collect();
        branches.sort_by(|a, b| problem.compare_per_target(*a, *b));
        for (row, _) in branches {
            // The row is chosen in its own branch and excluded from the later ones. Each level chooses a row that
            // serves a further target, so the recursion is at most as deep as there are targets.
            free.remove(row);
            let mut chosen = chosen.clone();
            chosen.insert(row);
            self.visit(&chosen, &free);
        }
    }

    /// Keeps the cover `rows` if it is better than the best so far.
    fn offer(&mut self, rows: Bits) {
        let problem = self.problem;
        let mut weight = rows.iter().map(|row| problem.weight(row)).fold(0, u128::saturating_add);
        for target in 0..problem.allowed.len() {
            weight = weight.saturating_add(problem.pair(problem.best_row(&rows, target), target));
        }
        if self.best.as_ref().is_none_or(|(best, _)| weight < *best) {
            self.best = Some((weight, rows));
        }
    }

    /// Returns a lower bound of the weight of a cover that consists of `chosen` and of any of the `free` rows: the
    /// value of the dual solution. For each row it also returns the weight that is left, by which a cover with this row
    /// weighs more than the bound.
    fn bound(&self, chosen: &Bits, free: &Bits, open: &[(usize, Bits)]) -> (u128, Vec<u128>) {
        let problem = self.problem;
        let mut bound = chosen.iter().map(|row| problem.weight(row)).fold(0, u128::saturating_add);
        // The chosen rows are paid, so they have no weight left. No sum reaches that of the excluded rows.
        let mut left = alloc::vec![u128::MAX; problem.rows.len()];
        for row in free.iter().chain(chosen.iter()) {
            if let Some(left) = left.get_mut(row) {
                *left = if chosen.has(row) { 0 } else { problem.weight(row) };
            }
        }
        // The needed targets come first, since their demands decide the cost.
        let mut others = Bits::of(problem.allowed.len(), |_| true);
        for (target, _) in open {
            others.remove(*target);
        }
        for target in open.iter().map(|(target, _)| *target).chain(others.iter()) {
            let Some(pairs) = problem.pairs.get(target) else { continue };
            // Each target demands `least` of every row that may serve it, and a row never gives more than its weight.
            // A cover pays its rows and a pair for each target, so it weighs at least the sum of the demands.
            let sum = |(row, pair): &(usize, u128)| left.get(*row).copied().unwrap_or(u128::MAX).saturating_add(*pair);
            let least = pairs.iter().map(sum).min().unwrap_or_default();
            for (row, pair) in pairs {
                if let Some(left) = left.get_mut(*row).filter(|left| **left < u128::MAX) {
                    *left -= least.saturating_sub(*pair);
                }
            }
            bound = bound.saturating_add(least);
        }
        (bound, left)
    }
}

/// Returns a lower bound of the number of rows that serve all of `targets`. It greedily counts targets of which no two
/// have a row in common; each of these needs a row of its own.
fn least_rows(targets: &[(usize, Bits)]) -> u32 {
    let Some((_, first)) = targets.first() else { return 0 };
    let mut taken = first.clone();
    let mut count = 1;
    for (_, rows) in targets {
        if !taken.intersects(rows) {
            taken.extend(rows);
            count += 1;
        }
    }
    count
}

#[cfg(test)]
mod tests {
    use alloc::vec;

    use super::*;

    /// A preset, its cost, and the targets that it serves, each with the part per 10 that it does not keep.
    type TestRow<'a> = (usize, u64, &'a [(usize, u32)]);

    fn problem(rows: &[TestRow<'_>], targets: usize) -> Problem {
        let row = |(preset, cost, serves): &TestRow<'_>| {
            let has = |target| serves.iter().any(|(served, _)| *served == target);
            Row { preset: *preset, cost: *cost, serves: Bits::of(targets, has) }
        };
        Problem::new(rows.iter().map(row).collect(), targets, 10, |row, target| {
            let same = |(preset, cost, serves): &&TestRow<'_>| {
                (*preset, *cost, serves.len()) == (row.preset, row.cost, row.serves.count() as usize)
            };
            let (_, _, serves) = rows.iter().find(same).unwrap();
            10 - serves.iter().find(|(served, _)| *served == target).unwrap().1
        })
    }

    /// The presets that the targets of the best cover are cut from.
    fn solved(rows: &[TestRow<'_>], targets: usize, max_rows: u32) -> Option<Vec<usize>> {
        let problem = problem(rows, targets);
        let cover = problem.solve(max_rows, 1000)?;
        assert!(cover.is_proven);
        Some(cover.assignment.iter().map(|row| problem.row(*row).preset).collect())
    }

    #[test]
    fn a_cheaper_cover_is_better_than_one_of_fewer_rows() {
        let (one, two, both): (TestRow<'_>, TestRow<'_>, _) = ((0, 2, &[(0, 0)]), (1, 2, &[(1, 0)]), [(0, 0), (1, 0)]);
        assert_eq!(solved(&[one, two, (2, 5, &both)], 2, 9), Some(vec![0, 1]));
        assert_eq!(solved(&[one, two, (2, 3, &both)], 2, 9), Some(vec![2, 2]));
    }

    #[test]
    fn among_covers_of_equal_cost_fewer_rows_win_although_targets_keep_less() {
        assert_eq!(solved(&[(0, 2, &[(0, 0)]), (1, 2, &[(1, 0)]), (2, 4, &[(0, 9), (1, 9)])], 2, 9), Some(vec![2, 2]));
    }

    #[test]
    fn among_covers_of_equally_many_rows_the_larger_kept_share_wins() {
        assert_eq!(solved(&[(0, 4, &[(0, 1), (1, 1)]), (9, 4, &[(0, 0), (1, 1)])], 2, 9), Some(vec![9, 9]));
    }

    #[test]
    fn among_equally_good_covers_the_first_in_the_table_wins() {
        // Two rows of each cover cost the same. The greedy cover has the rows 5 and 6.
        let (one, two): (TestRow<'_>, TestRow<'_>) = ((0, 4, &[(0, 0)]), (5, 4, &[(0, 0), (1, 0)]));
        assert_eq!(solved(&[one, two, (6, 4, &[(2, 0)]), (7, 4, &[(1, 0), (2, 0)])], 3, 9), Some(vec![0, 7, 7]));
    }

    #[test]
    fn a_cover_has_at_most_as_many_rows_as_are_allowed() {
        let rows: [TestRow<'_>; 3] = [(0, 1, &[(0, 0)]), (1, 1, &[(1, 0)]), (2, 9, &[(0, 0), (1, 0)])];
        assert_eq!([2, 1, 0].map(|max| solved(&rows, 2, max)), [Some(vec![0, 1]), Some(vec![2, 2]), None]);
    }

    /// The weight of a cover has room for a row and a full share of each target, the positions of all presets and the
    /// largest cost.
    #[test]
    fn no_criterion_of_the_weight_outweighs_the_one_before_it() {
        let (targets, whole) = (MAX_TARGETS as u128, 1_000_000_000);
        let positions = targets * (MAX_PRESETS as u128 - 1);
        assert!(positions < PART);
        assert!(targets * whole * PART + positions < ROW);
        assert!(targets * (ROW + whole * PART) + positions < COST);
        assert!(u128::from(u64::MAX) * COST + ROW + positions < 1 << 126);
    }

    #[test]
    fn a_dominated_row_is_removed() {
        let kept =
            |rows: &[TestRow<'_>]| -> Vec<usize> { problem(rows, 2).rows.iter().map(|row| row.preset).collect() };
        // A cheaper row serves the same targets, even if they keep less of it.
        assert_eq!(kept(&[(0, 5, &[(0, 0), (1, 0)]), (1, 4, &[(0, 9), (1, 9)])]), [1]);
        // At the same cost, the other row has to be earlier and keep at least as much.
        assert_eq!(kept(&[(0, 4, &[(0, 1), (1, 1)]), (1, 4, &[(0, 1)])]), [0]);
        assert_eq!(kept(&[(0, 4, &[(0, 2), (1, 1)]), (1, 4, &[(0, 1)])]), [0, 1]);
        assert_eq!(kept(&[(0, 4, &[(0, 1)]), (1, 4, &[(0, 1), (1, 1)])]), [0, 1]);
        // The same preset with more targets dominates.
        assert_eq!(problem(&[(0, 4, &[(0, 1)]), (0, 4, &[(0, 1), (1, 1)])], 2).rows.len(), 1);
        // A cheaper row that serves fewer targets does not.
        assert_eq!(kept(&[(0, 4, &[(0, 1)]), (1, 5, &[(0, 1), (1, 1)])]), [0, 1]);
    }

    #[test]
    fn the_first_cover_is_greedy_by_the_cost_per_target_that_a_row_newly_serves() {
        // 7 / 3 is less than 5 / 2. The third target costs 5 with the pair, and 4 alone.
        let rows: [TestRow<'_>; 3] = [(0, 7, &[(0, 0), (1, 0), (2, 0)]), (1, 5, &[(2, 0), (3, 0)]), (2, 4, &[(3, 0)])];
        assert_eq!(problem(&rows, 4).greedy().iter().collect::<Vec<_>>(), [0, 2]);
        // A row without a cost is compared by the number of its targets.
        let free: [TestRow<'_>; 2] = [(0, 0, &[(0, 0)]), (1, 0, &[(0, 0), (1, 0)])];
        assert_eq!(problem(&free, 2).compare_per_target((0, 1), (1, 2)), Ordering::Greater);
    }

    #[test]
    fn a_target_is_cut_from_the_row_that_keeps_most_of_it_and_of_equal_rows_from_the_first() {
        let rows: [TestRow<'_>; 3] = [(0, 1, &[(0, 3), (1, 1)]), (1, 1, &[(0, 2), (2, 1)]), (2, 1, &[(0, 2), (3, 1)])];
        let problem = problem(&rows, 4);
        assert_eq!(problem.best_row(&Bits::of(3, |_| true), 0), 1);
        assert_eq!(problem.best_row(&Bits::of(3, |row| row != 1), 0), 2);
    }

    #[test]
    fn a_search_without_nodes_has_the_greedy_cover_and_a_lower_bound_of_its_cost() {
        // Any two of the rows are a cover. The dual solution pays the first target's row only.
        let triangle: [TestRow<'_>; 3] =
            [(0, 10, &[(0, 0), (1, 0)]), (1, 10, &[(1, 0), (2, 0)]), (2, 10, &[(0, 0), (2, 0)])];
        let cost = |nodes| {
            let problem = problem(&triangle, 3);
            let cover = problem.solve(9, nodes).unwrap();
            let rows = Bits::of(3, |row| cover.assignment.contains(&row));
            (rows.iter().map(|row| problem.row(row).cost).sum::<u64>(), cover.is_proven, cover.least_cost)
        };
        assert_eq!(cost(0), (20, false, 10));
        assert_eq!(cost(1000), (20, true, 20));
        // A bound that reaches the cost of the greedy cover proves it without a node.
        let apart = problem(&[(0, 3, &[(0, 0)]), (1, 4, &[(1, 0)])], 2).solve(9, 0).unwrap();
        assert_eq!((apart.is_proven, apart.least_cost), (true, 7));
    }

    #[test]
    fn targets_without_a_row_in_common_need_a_row_each() {
        let target = |rows: &[usize]| (0, Bits::of(9, |row| rows.contains(&row)));
        assert_eq!(least_rows(&[]), 0);
        assert_eq!(least_rows(&[target(&[0, 1]), target(&[1, 2]), target(&[2])]), 2);
        assert_eq!(least_rows(&[target(&[0]), target(&[1]), target(&[2])]), 3);
    }
}
