//! The cheapest set of rows that covers all targets: an exact weighted set cover by branch and bound.
//!
//! There are at most 64 rows, so a set of them is a `u64`, and a target is the set of the rows that may serve it. Of
//! two sets the better is, in this order, the cheaper, the one of fewer rows, the one with the greater sum of what its
//! targets keep, the one that comes first in the table. Cost and number are one number, the weight: 128 times the
//! cost, and 1 for each row.
//!
//! - A row is left out at the start where another serves all its targets and is cheaper; or as cheap, earlier, and
//!   keeps no less of any.
//! - A target is left out where another allows only rows that it allows too: whatever serves that serves this.
//! - A step takes the target with the fewest rows left, and tries each, the one that serves the most for its weight
//!   first; those that were tried are barred from the rest.
//! - The bound is a dual solution: target by target, the least weight that is left of its rows is added up and taken
//!   off each of them (Bar-Yehuda and Even 1981). No completion weighs less. At a tie the bound is the sum of
//!   the most that each target can still keep.

use alloc::vec::Vec;
use core::cmp::Reverse;

use crate::model::table::MAX_PRESETS;

/// How much a unit of cost weighs. More than there can be rows.
const COST: u128 = 128;
/// The most rows.
const ROWS: usize = u64::BITS as usize;
const _: () = assert!(MAX_PRESETS <= ROWS);

/// What is to be covered, and by what.
#[derive(Debug)]
pub(super) struct Problem {
    /// What each row costs; at most 64 rows.
    costs: Vec<u64>,
    /// Of each target the rows that may serve it, at least one.
    allowed: Vec<u64>,
    /// By row, of each target the share that is kept of the row's frame.
    kept: Vec<Vec<u32>>,
}

/// A set of rows, and what is known of it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Cover {
    pub(super) rows: u64,
    /// No set is better.
    pub(super) is_proven: bool,
    /// No set costs less than this.
    pub(super) least_cost: u64,
}

#[derive(Clone, Copy, Debug)]
struct Found {
    weight: u128,
    kept: u64,
    rows: u64,
}

impl Found {
    /// Greater is better.
    fn rank(&self) -> (Reverse<u128>, u64, u64) {
        // Of two sets the earlier has the lowest row in which they differ.
        (Reverse(self.weight), self.kept, self.rows.reverse_bits())
    }
}

impl Problem {
    /// The problem of rows of these `costs`, and of targets that `allowed` rows may serve; `kept` is asked for (row,
    /// target).
    pub(super) fn new(costs: Vec<u64>, allowed: Vec<u64>, kept: impl Fn(usize, usize) -> u32) -> Self {
        let may_serve = |row, target| allowed.get(target).is_some_and(|rows| rows >> row & 1 == 1);
        let of_row =
            |row| (0..allowed.len()).map(|target| if may_serve(row, target) { kept(row, target) } else { 0 }).collect();
        let kept = (0..costs.len()).map(of_row).collect();
        Self { costs, allowed, kept }
    }

    /// The best set of at most `max_rows`, as far as `max_nodes` steps tell; `known` is one to begin with. Nothing
    /// where none was found.
    pub(super) fn solve(&self, known: u64, max_rows: u32, max_nodes: u64) -> Option<Cover> {
        let undominated = self.undominated();
        let mut targets: Vec<u64> = self.allowed.iter().map(|rows| rows & undominated).collect();
        targets.sort_unstable_by_key(|rows| (rows.count_ones(), *rows));
        targets.dedup();
        let mut needed: Vec<u64> = Vec::with_capacity(targets.len());
        for rows in targets {
            if !needed.iter().any(|other| other & !rows == 0) {
                needed.push(rows);
            }
        }
        let weights = self.costs.iter().map(|cost| u128::from(*cost) * COST + 1).collect();
        let mut search =
            Search { problem: self, weights, needed, max_rows, nodes_left: max_nodes, best: None, open: u128::MAX };
        if known.count_ones() <= max_rows {
            search.offer(known);
        }
        search.visit(0, undominated, 0);
        let best = search.best?;
        let bound = search.open.min(best.weight);
        // The least cost whose weight, with any number of rows, can reach the bound.
        let least_cost = bound.saturating_sub(ROWS as u128).div_ceil(COST);
        let is_proven = search.open > best.weight;
        Some(Cover { rows: best.rows, is_proven, least_cost: u64::try_from(least_cost).unwrap_or(u64::MAX) })
    }

    /// Of each target the row of `rows` that keeps the most of it, of equals the first.
    pub(super) fn assigned(&self, rows: u64) -> impl Iterator<Item = usize> {
        self.allowed.iter().enumerate().map(move |(target, allowed)| {
            members(rows & allowed).max_by_key(|row| (self.kept(*row, target), Reverse(*row))).unwrap_or_default()
        })
    }

    /// The sum of what targets keep with the best of `rows`.
    fn kept_sum(&self, rows: u64) -> u64 {
        let best = |(target, allowed): (usize, &u64)| {
            members(rows & allowed).map(|row| u64::from(self.kept(row, target))).max().unwrap_or_default()
        };
        self.allowed.iter().enumerate().map(best).sum()
    }

    fn kept(&self, row: usize, target: usize) -> u32 {
        self.kept.get(row).and_then(|kept| kept.get(target)).copied().unwrap_or_default()
    }

    /// The rows that no other makes needless.
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

    fn all_rows(&self) -> u64 {
        self.allowed.iter().fold(0, |rows, allowed| rows | allowed)
    }
}

struct Search<'a> {
    problem: &'a Problem,
    weights: Vec<u128>,
    /// The targets that have to be looked at, the ones of the fewest rows first.
    needed: Vec<u64>,
    max_rows: u32,
    nodes_left: u64,
    best: Option<Found>,
    /// The least bound of what was not looked into.
    open: u128,
}

impl Search<'_> {
    /// Looks into the sets of `chosen` and any of the `free` rows.
    fn visit(&mut self, chosen: u64, free: u64, weight: u128) {
        let open: Vec<u64> =
            self.needed.iter().filter(|target| **target & chosen == 0).map(|target| target & free).collect();
        let bound = weight.saturating_add(self.least_weight(&open));
        let is_dead = open.contains(&0) || chosen.count_ones() + least_rows(&open) > self.max_rows;
        if is_dead || !self.can_improve(bound, chosen | free) {
            return;
        }
        let Some(target) = open.iter().min_by_key(|target| target.count_ones()) else {
            return self.offer(chosen);
        };
        if self.nodes_left == 0 {
            self.open = self.open.min(bound);
            return;
        }
        self.nodes_left -= 1;
        let served = |row: usize| open.iter().filter(|target| **target >> row & 1 == 1).count() as u128;
        let mut rows: Vec<(usize, u128)> = members(*target).map(|row| (row, served(row))).collect();
        // Least weight for each target that is served, compared crosswise.
        rows.sort_by(|(a, serves_a), (b, serves_b)| {
            (self.weight(*a).saturating_mul(*serves_b)).cmp(&self.weight(*b).saturating_mul(*serves_a))
        });
        let mut free = free;
        for (row, _) in rows {
            free &= !(1 << row);
            self.visit(chosen | 1 << row, free, weight.saturating_add(self.weight(row)));
        }
    }

    /// Whether a set of at least the weight `bound` out of `rows` can be better than the best.
    fn can_improve(&self, bound: u128, rows: u64) -> bool {
        self.best.is_none_or(|best| {
            bound < best.weight || (bound == best.weight && self.problem.kept_sum(rows) >= best.kept)
        })
    }

    fn offer(&mut self, rows: u64) {
        let weight = members(rows).map(|row| self.weight(row)).fold(0, u128::saturating_add);
        let found = Found { weight, kept: self.problem.kept_sum(rows), rows };
        if self.best.is_none_or(|best| found.rank() > best.rank()) {
            self.best = Some(found);
        }
    }

    fn weight(&self, row: usize) -> u128 {
        self.weights.get(row).copied().unwrap_or(u128::MAX)
    }

    /// What serving all of `targets` weighs at least.
    fn least_weight(&self, targets: &[u64]) -> u128 {
        let mut left = self.weights.clone();
        let mut bound = 0_u128;
        for target in targets {
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

/// How many rows serve all of `targets` at least: so many of them have no row in common.
fn least_rows(targets: &[u64]) -> u32 {
    let apart = |(taken, count): (u64, u32), target: &u64| match taken & target {
        0 => (taken | target, count + 1),
        _ => (taken, count),
    };
    targets.iter().fold((0, 0), apart).1
}

/// The rows of a set, in the order of the table.
fn members(mut rows: u64) -> impl Iterator<Item = usize> {
    core::iter::from_fn(move || {
        let row = rows.trailing_zeros();
        rows &= rows.wrapping_sub(1);
        (row < u64::BITS).then_some(row as usize)
    })
}
