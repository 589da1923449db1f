//! Exact weighted set cover by branch and bound: the cheapest set of rows that serves all targets.
//!
//! A row is a preset of the model's table. There are at most 64 rows, so a set of rows is a `u64` with one bit for each
//! row. A target is represented by the set of the rows that may serve it. A set of rows is a cover if it contains at
//! least one row of every target.
//!
//! A cover is better than another by these criteria, in this order: it is cheaper, it has fewer rows, the sum of the
//! shares that targets keep is larger, it comes first in the table. The first two criteria are one number, the weight:
//! 128 times the cost plus 1 for each row.
//!
//! - **Dominated rows** are removed first. Another row dominates a row if it serves all of its targets and is cheaper,
//!   or if it serves them at the same cost, comes earlier and keeps at least as much of every target.
//! - **Implied targets** are removed next. A target is implied if the rows of another target are a subset of its own:
//!   any row that serves the other target serves it too.
//! - **Branching**: a node of the search takes the unserved target with the fewest remaining rows and tries each of
//!   these rows. The row with the lowest weight per unserved target that it serves comes first. A row that was tried is
//!   excluded from the later branches, so no set is visited twice.
//! - **Bounding**: a lower bound of the remaining weight is the value of a dual solution (Bar-Yehuda and Even 1981).
//!   For one unserved target after another, the lowest remaining weight among its rows is added to the bound and
//!   subtracted from each of these rows. No completion weighs less. If the bound equals the weight of the best cover,
//!   the sum of the largest shares that the targets can still keep is compared as well.

#![expect(clippy::expect_used, reason = "a broken invariant must be loud")]

use alloc::vec::Vec;
use core::cmp::Reverse;

use crate::model::table::MAX_PRESETS;

/// The weight of one unit of cost. It is larger than the maximum number of rows, so fewer rows never outweigh a lower
/// cost.
const COST: u128 = 128;
/// The maximum number of rows.
const ROWS: usize = u64::BITS as usize;
const _: () = assert!(MAX_PRESETS <= ROWS);

/// A set cover problem: the targets and the rows that may serve them.
#[derive(Debug)]
pub(super) struct Problem {
    /// The cost of each row. There are at most 64 rows.
    costs: Vec<u64>,
    /// For each target, the set of rows that may serve it; never empty.
    allowed: Vec<u64>,
    /// For each row and target, the share of the row's picture that the target keeps, in parts per 10⁹; 0 if the row
    /// may not serve the target.
    kept: Vec<Vec<u32>>,
}

/// The result of a search.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Cover {
    /// The best cover that was found.
    pub(super) rows: u64,
    /// Whether no other cover is better.
    pub(super) is_proven: bool,
    /// A lower bound: no cover costs less.
    pub(super) least_cost: u64,
}

/// A cover with the values by which covers are compared.
#[derive(Clone, Copy, Debug)]
struct Found {
    weight: u128,
    /// The sum of the shares that the targets keep.
    kept: u64,
    rows: u64,
}

impl Found {
    /// Returns a key by which the better of two covers is greater.
    fn rank(&self) -> (Reverse<u128>, u64, u64) {
        // Row 0 is the lowest bit. The set that comes first in the table has the lowest row in which two sets differ,
        // so its reversed bits are the greater number.
        (Reverse(self.weight), self.kept, self.rows.reverse_bits())
    }
}

impl Problem {
    /// Creates a problem. `costs` has the cost of each row, `allowed` the rows that may serve each target. `kept`
    /// returns the share that is kept for a row and a target.
    pub(super) fn new(costs: Vec<u64>, allowed: Vec<u64>, kept: impl Fn(usize, usize) -> u32) -> Self {
        let may_serve = |row, target| allowed.get(target).is_some_and(|rows| rows >> row & 1 == 1);
        let of_row =
            |row| (0..allowed.len()).map(|target| if may_serve(row, target) { kept(row, target) } else { 0 }).collect();
        let kept = (0..costs.len()).map(of_row).collect();
        Self { costs, allowed, kept }
    }

    /// Returns the best cover of at most `max_rows` rows that is found by visiting at most `max_nodes` nodes; `None` if
    /// no cover is found. `known` is a cover to start with.
    pub(super) fn solve(&self, known: u64, max_rows: u32, max_nodes: u64) -> Option<Cover> {
        // A row that dominates another costs less, or costs the same and comes earlier. Domination therefore has no
        // cycles, and every target keeps an undominated row.
        let undominated = self.undominated();
        let mut targets: Vec<u64> = self.allowed.iter().map(|rows| rows & undominated).collect();
        targets.sort_unstable_by_key(|rows| (rows.count_ones(), *rows));
        targets.dedup();
        // The targets are sorted by their number of rows, so a subset of a target's rows comes before the target.
        let mut needed: Vec<u64> = Vec::with_capacity(targets.len());
        for rows in targets {
            // `other & !rows` is empty if every row of the other target is among the rows of this one.
            if !needed.iter().any(|other| other & !rows == 0) {
                needed.push(rows);
            }
        }
        let weights = self.costs.iter().map(|cost| u128::from(*cost) * COST + 1).collect();
        let mut search = Search {
            problem: self,
            weights,
            needed,
            max_rows,
            nodes_left: max_nodes,
            best: None,
            unvisited_bound: u128::MAX,
        };
        // The first cover gives the bounds a weight to compare with. It is also the result if no node may be visited.
        if known.count_ones() <= max_rows {
            search.offer(known);
        }
        search.visit(0, undominated, 0);
        let best = search.best?;
        let bound = search.unvisited_bound.min(best.weight);
        // A cover weighs 128 times its cost plus at most 64 for its rows. The least cost with which it can reach the
        // bound is therefore this one.
        let least_cost = bound.saturating_sub(ROWS as u128).div_ceil(COST);
        // A node that was not visited can hold a better cover if its bound is at most the best weight.
        let is_proven = search.unvisited_bound > best.weight;
        Some(Cover { rows: best.rows, is_proven, least_cost: u64::try_from(least_cost).unwrap_or(u64::MAX) })
    }

    /// Returns, for each target, the row of `rows` that keeps the largest share; of equal rows, the first.
    pub(super) fn assignment(&self, rows: u64) -> impl Iterator<Item = usize> {
        self.allowed.iter().enumerate().map(move |(target, allowed)| {
            let best = members(rows & allowed).max_by_key(|row| (self.kept(*row, target), Reverse(*row)));
            best.expect("invariant: a cover has a row of every target")
        })
    }

    /// Returns the sum, over all targets, of the largest share that is kept with any of `rows`.
    fn kept_sum(&self, rows: u64) -> u64 {
        let best = |(target, allowed): (usize, &u64)| {
            members(rows & allowed).map(|row| u64::from(self.kept(row, target))).max().unwrap_or_default()
        };
        self.allowed.iter().enumerate().map(best).sum()
    }

    fn kept(&self, row: usize, target: usize) -> u32 {
        let kept = self.kept.get(row).and_then(|kept| kept.get(target));
        *kept.expect("invariant: there is a share for every row and target")
    }

    /// Returns the rows that no other row dominates.
    fn undominated(&self) -> u64 {
        let serves = |row: usize, target: &u64| target >> row & 1 == 1;
        let is_dominated = |row: usize| {
            members(self.all_rows()).filter(|other| *other != row).any(|other| {
                let (mine, its) = (self.costs.get(row), self.costs.get(other));
                let covers_mine = self.allowed.iter().all(|target| !serves(row, target) || serves(other, target));
                let keeps_mine = || (0..self.allowed.len()).all(|t| self.kept(other, t) >= self.kept(row, t));
                covers_mine && (its < mine || (its == mine && other < row && keeps_mine()))
            })
        };
        members(self.all_rows()).filter(|row| !is_dominated(*row)).fold(0, |rows, row| rows | 1 << row)
    }

    /// Returns the rows that may serve any target.
    fn all_rows(&self) -> u64 {
        self.allowed.iter().fold(0, |rows, allowed| rows | allowed)
    }
}

/// The state of one search.
struct Search<'a> {
    problem: &'a Problem,
    /// The weight of each row.
    weights: Vec<u128>,
    /// The targets that are not implied by others, those with the fewest rows first.
    needed: Vec<u64>,
    max_rows: u32,
    nodes_left: u64,
    best: Option<Found>,
    /// The lowest bound of a node that was not visited because `nodes_left` was 0.
    unvisited_bound: u128,
}

impl Search<'_> {
    /// Visits the node of all sets that consist of `chosen`, whose weight is `weight`, and of any of the `free` rows.
    fn visit(&mut self, chosen: u64, free: u64, weight: u128) {
        // The targets that no chosen row serves, each with the rows that can still serve it.
        let unserved: Vec<u64> =
            self.needed.iter().filter(|target| **target & chosen == 0).map(|target| target & free).collect();
        let bound = weight.saturating_add(self.least_weight(&unserved));
        // Either no free row serves some target, or the unserved targets need more rows than are allowed.
        let is_dead = unserved.contains(&0) || chosen.count_ones() + least_rows(&unserved) > self.max_rows;
        if is_dead || !self.can_improve(bound, chosen | free) {
            return;
        }
        // Few rows mean few branches. Without an unserved target the chosen rows are a cover, to which another row
        // would only add weight.
        let Some(target) = unserved.iter().min_by_key(|target| target.count_ones()) else {
            return self.offer(chosen);
        };
        // No set of this node weighs less than its bound. The lowest bound of all such nodes shows what the search may
        // have missed.
        if self.nodes_left == 0 {
            self.unvisited_bound = self.unvisited_bound.min(bound);
            return;
        }
        self.nodes_left -= 1;
        let served = |row: usize| unserved.iter().filter(|target| **target >> row & 1 == 1).count() as u128;
        let mut rows: Vec<(usize, u128)> = members(*target).map(|row| (row, served(row))).collect();
        // By the weight per served target. The quotients are compared by cross-multiplication.
        rows.sort_by(|(a, serves_a), (b, serves_b)| {
            (self.weight(*a).saturating_mul(*serves_b)).cmp(&self.weight(*b).saturating_mul(*serves_a))
        });
        let mut free = free;
        for (row, _) in rows {
            // The row is chosen in its own branch and excluded from the later ones. Each level chooses a row, so the
            // recursion is at most 64 levels deep.
            free &= !(1 << row);
            self.visit(chosen | 1 << row, free, weight.saturating_add(self.weight(row)));
        }
    }

    /// Whether a subset of `rows` that weighs at least `bound` can be better than the best cover so far.
    fn can_improve(&self, bound: u128, rows: u64) -> bool {
        self.best.is_none_or(|best| {
            // More rows never keep less of a target, so the sum over all rows is an upper bound. At an equal sum the
            // order of the table can still decide.
            bound < best.weight || (bound == best.weight && self.problem.kept_sum(rows) >= best.kept)
        })
    }

    /// Keeps the cover `rows` if it is better than the best so far.
    fn offer(&mut self, rows: u64) {
        let weight = members(rows).map(|row| self.weight(row)).fold(0, u128::saturating_add);
        let found = Found { weight, kept: self.problem.kept_sum(rows), rows };
        if self.best.is_none_or(|best| found.rank() > best.rank()) {
            self.best = Some(found);
        }
    }

    fn weight(&self, row: usize) -> u128 {
        *self.weights.get(row).expect("invariant: every row has a weight")
    }

    /// Returns a lower bound of the weight of the rows that serve all of `targets`: the value of the dual solution.
    fn least_weight(&self, targets: &[u64]) -> u128 {
        let mut left = self.weights.clone();
        let mut bound = 0_u128;
        for target in targets {
            // Each target demands `least` from every row that may serve it, and a row never gives more than its weight.
            // The rows of a cover serve all targets, so they weigh at least the sum of the demands.
            let least = members(*target).filter_map(|row| left.get(row)).min().copied().unwrap_or_default();
            members(*target).for_each(|row| {
                if let Some(left) = left.get_mut(row) {
                    *left -= least;
                }
            });
            bound = bound.saturating_add(least);
        }
        bound
    }
}

/// Returns a lower bound of the number of rows that serve all of `targets`. It greedily counts targets of which no two
/// have a row in common; each of these needs a row of its own.
fn least_rows(targets: &[u64]) -> u32 {
    let apart = |(taken, count): (u64, u32), target: &u64| match taken & target {
        0 => (taken | target, count + 1),
        _ => (taken, count),
    };
    targets.iter().fold((0, 0), apart).1
}

/// Iterates over the rows of a set, in the order of the table.
fn members(mut rows: u64) -> impl Iterator<Item = usize> {
    core::iter::from_fn(move || {
        let row = rows.trailing_zeros();
        // This clears the lowest bit. An empty set has 64 trailing zeros, which ends the iteration.
        rows &= rows.wrapping_sub(1);
        (row < u64::BITS).then_some(row as usize)
    })
}
