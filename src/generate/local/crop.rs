//! The choice of a framing: what is cropped across the axis of the stretch, and how much is stretched along it.
//!
//! The axis on which the frame is longer than the source, relative to the other axis, is the axis of the stretch. The
//! module calls its lines rows, whichever way they run; the caller exchanges rows and columns for a wide frame. A
//! window of the columns is kept, is scaled to the frame's width, and then its rows are stretched to the frame's
//! height. The wider the window, the more is kept and the more must be stretched. [`LENGTHS`] widths at [`PLACES`]
//! places are compared.

use super::LocalGenerator;
use super::blank::blank_rows;
use super::fixed::{ONE, ONE_Q8, ln, q16, root};
use super::grid::{Grid, LEVEL};
use super::salience::Salience;
use super::stretch::{Row, Stretch, distribute};
use super::terms::{Looks, Terms};
use super::thing::Thing;
use crate::geometry::focus::{FocusMode, Span};
use crate::geometry::per_mille::PerMille;

/// The widths of windows that are compared.
const LENGTHS: u32 = 25;
/// The places of each width that are compared.
const PLACES: u32 = 17;
/// The least share of the columns that a window keeps, in percent, unless a plain crop keeps less.
const MIN_KEPT: u64 = 45;

/// What is reframed, with the axis of the stretch as its rows.
#[derive(Debug)]
pub(super) struct Problem<'a> {
    pub(super) grid: &'a Grid,
    pub(super) salience: &'a Salience,
    /// The columns and the rows of the source, in pixels.
    pub(super) source: [u32; 2],
    /// The same of the frame.
    pub(super) frame: [u32; 2],
    /// The columns that a plain crop would keep, in pixels.
    pub(super) cropped: u32,
    /// The columns and the rows of the source that must remain whole, in pixels.
    pub(super) protected: &'a [[[u32; 2]; 2]],
    /// The columns and the rows of the frame that the crop to the target keeps by the plan, in pixels.
    pub(super) surviving: [[u32; 2]; 2],
    /// The columns and the rows of the frame in which important content must lie, in pixels. They are part of
    /// `surviving`.
    pub(super) band: [[u32; 2]; 2],
    /// The columns and the rows of the source that the focus has, in pixels. The crop to the target moves to where the
    /// frame shows them, and the band with it. `None` if the crop does not move.
    pub(super) focus: Option<([[u32; 2]; 2], FocusMode)>,
    /// Whether the left and the right edge are blank.
    pub(super) blank_sides: bool,
    /// Whether no column may be cropped.
    pub(super) keep_all: bool,
}

/// A way to fill the frame.
#[derive(Clone, Debug)]
pub(super) struct Framing {
    /// The columns that are kept, in pixels of the source.
    pub(super) window: [u32; 2],
    /// What each row of cells gets beyond its own height, in Q16 of that height.
    pub(super) extra: Vec<i64>,
    /// The rows that are not stretched at all.
    pub(super) rigid: Vec<bool>,
    pub(super) plausibility: PerMille,
    /// What the choice minimises, in Q16.
    pub(super) cost: i64,
}

/// Sums over the columns to the left of each column, for one row of cells.
#[derive(Clone, Default)]
struct Sums {
    /// The fourth powers of the salience, in Q24.
    salience4: Vec<i64>,
    salience: Vec<i64>,
    along: Vec<i64>,
    /// The number of columns in which a strong edge separates the row from the next.
    edges: Vec<i64>,
}

impl Problem<'_> {
    /// Returns the band on an axis, 0 for the columns and 1 for the rows. `place` converts pixels of the source to
    /// pixels of the frame.
    fn band(&self, axis: usize, place: impl Fn(u32) -> i64) -> [u32; 2] {
        let ([from, to], band) = (self.surviving[axis], self.band[axis]);
        let Some((focus, mode)) = self.focus else {
            return band;
        };
        let whole = self.frame[axis];
        let [start, end] = focus[axis].map(|at| place(at).clamp(0, i64::from(whole)) as u32);
        let start = mode.start_of_rect(Span { start, end }, to - from, whole);
        band.map(|at| at - from + start)
    }
}

/// Chooses the framing with the lowest cost among the plausible ones, or among all if none is plausible. Returns `None`
/// if the protected regions leave no framing: they span all rows, so that no row can be stretched, and are wider than a
/// plain crop.
pub(super) fn choose(problem: &Problem<'_>) -> Option<Framing> {
    let sums = sums(problem);
    // A margin on one side alone, such as a sky, is treated as any other rows: it would push the rest out of sight.
    let blank = Some(blank_rows(problem.grid)).filter(|blank| !blank.contains(&0)).unwrap_or([0, 0]);
    let all: i64 = problem.salience.cells.iter().sum();
    let (wide, cropped) = (problem.source[0], problem.cropped);
    let shares = u64::from(wide) * MIN_KEPT / 100;
    let shortest = if problem.keep_all { wide } else { u32::try_from(shares).unwrap_or(wide).max(cropped) };
    let [first, end] = hull(problem.protected.iter().map(|region| region[0]), wide);
    let mut best = None::<Framing>;
    for step in 0..LENGTHS {
        // From the shortest width to all columns.
        let more = u64::from(wide - shortest) * u64::from(step) / u64::from(LENGTHS - 1);
        let length = shortest + u32::try_from(more).unwrap_or(0);
        // A window contains all protected columns.
        let (from, to) = (end.saturating_sub(length), first.min(wide - length));
        if from > to {
            continue;
        }
        for place in 0..PLACES {
            let start = from + (to - from) * place / (PLACES - 1);
            let framing = evaluate(problem, &sums, blank, all, [start, start + length]);
            let better = |framing: &Framing| best.as_ref().is_none_or(|best| rank(framing) < rank(best));
            if let Some(framing) = framing.filter(better) {
                best = Some(framing);
            }
            if from == to {
                break;
            }
        }
        if shortest == wide {
            break;
        }
    }
    best
}

/// Returns the key that orders framings: the plausible ones come first, and then the cheaper ones.
fn rank(framing: &Framing) -> (bool, i64) {
    (framing.plausibility < LocalGenerator::PLAUSIBLE, framing.cost)
}

/// Returns the range from the first start to the last end. Without ranges it starts at `whole` and ends at 0, so that
/// every window contains it.
fn hull(ranges: impl Iterator<Item = [u32; 2]>, whole: u32) -> [u32; 2] {
    ranges.reduce(|a, b| [a[0].min(b[0]), a[1].max(b[1])]).unwrap_or([whole, 0])
}

fn sums(problem: &Problem<'_>) -> Vec<Sums> {
    let Problem { grid, salience, .. } = problem;
    let row = |y: usize| {
        let mut sums = Sums::default();
        let mut last = [0_i64; 4];
        for x in 0..=grid.columns {
            sums.salience4.push(last[0]);
            sums.salience.push(last[1]);
            sums.along.push(last[2]);
            sums.edges.push(last[3]);
            if x == grid.columns {
                break;
            }
            let (at, salience) = (y * grid.columns + x, salience.cells[y * grid.columns + x]);
            last[0] += salience.pow(4) >> 8;
            last[1] += salience;
            last[2] += grid.cells[at].along;
            let below = grid.cells.get(at + grid.columns);
            last[3] += below.map_or(0, |below| i64::from((below.luma() - grid.cells[at].luma()).abs() > 12 * LEVEL));
        }
        sums
    };
    (0..grid.rows).map(row).collect()
}

/// Evaluates the framing that keeps a window of the columns. `None` if its rows cannot be stretched to the frame.
fn evaluate(problem: &Problem<'_>, sums: &[Sums], blank: [usize; 2], all: i64, window: [u32; 2]) -> Option<Framing> {
    let Problem { grid, source, .. } = problem;
    let length = u64::from(window[1] - window[0]);
    let columns = cells(window, source[0], grid.columns);
    let rows = rows(problem, sums, blank, columns);
    let placed = Placed::new(problem, window, &rows, columns)?;

    // A picture without salience has no subject to lose: 2 % of the cells count as salient.
    let lost = |[from, to]: [usize; 2]| {
        let inside: i64 = sums.iter().map(|sums| sums.salience[to] - sums.salience[from]).sum();
        (all - inside) * ONE / (all + grid.cells.len() as i64 * ONE_Q8 / 50 + 1)
    };
    let survives = placed.across.map(|at| window[0] + (at * length as i64 / ONE) as u32);
    let kept = i64::try_from(length * 65_536 / u64::from(source[0])).ok()?;
    let own = grid.rows as i64 * ONE;
    let stretched = placed.total * ONE / own;
    // A blank margin on every side is no loss, but a product that becomes tiny in it is.
    let is_margin = problem.blank_sides && blank != [0, 0];
    let terms = Terms {
        lost: lost(columns),
        lost_in_crop: lost(cells(survives, source[0], grid.columns)),
        looks: Looks::new(&rows, &placed.stretch),
        give: ln(placed.stretch.give),
        dropped: ONE - kept,
        dropped_area: if is_margin { (ONE - kept) / 4 + stretched / 8 } else { ONE - kept },
        cut: cut_things(problem, columns),
        people: lost_people(problem, columns),
        cut_by_band: cut_by_band(problem, window, placed.across) + placed.cut_along,
        outside: outside_band(problem, window, placed.across) + placed.outside,
        off_centre: off_centre(problem, window),
        is_stretched: placed.total > 0,
    };
    let needed = placed.total * 1000 / own;
    let is_ruined = grid.flat && blank.contains(&0) && (needed > 300 || terms.lost > q16(5, 100));
    Some(Framing {
        window,
        extra: placed.stretch.extra,
        rigid: rows.iter().map(|row| row.rigid).collect(),
        plausibility: if is_ruined { PerMille::ZERO } else { terms.plausibility() },
        cost: terms.cost(),
    })
}

/// The rows of a window, stretched to the frame, and where the band of the frame lies on it.
struct Placed {
    stretch: Stretch,
    /// What the stretch adds to all rows, in rows of cells, in Q16.
    total: i64,
    /// The start and the end of the band across the stretch, in Q16 of the window.
    across: [i64; 2],
    /// The important rows that lie outside the band, in Q16 of the frame.
    outside: i64,
    /// The same in Q16 of half of the band's length, and at most 1. As much as that counts as a cut in full.
    cut_along: i64,
}

impl Placed {
    fn new(problem: &Problem<'_>, window: [u32; 2], rows: &[Row], columns: [usize; 2]) -> Option<Self> {
        let Problem { grid, source, frame, .. } = problem;
        let length = u64::from(window[1] - window[0]);
        // The height that the rows must reach, in rows of cells, if the window is scaled to the frame's width.
        let height = i128::from(frame[1]) * i128::from(length) * grid.rows as i128 * i128::from(ONE)
            / (i128::from(frame[0]) * i128::from(source[1]));
        let own = grid.rows as i64 * ONE;
        // A plain crop needs no stretch, and rounding must not require one.
        let total =
            if window[1] - window[0] == problem.cropped { 0 } else { i64::try_from(height).ok()?.max(own) - own };
        let mut stretch = distribute(rows, total)?;
        let across = problem
            .band(0, |at| (i64::from(at) - i64::from(window[0])) * i64::from(frame[0]) / length as i64)
            .map(|at| i64::from(at) * ONE / i64::from(frame[0]));
        let along = |stretch: &Stretch| {
            let cell = |at: u32| i64::from(at) * own / i64::from(source[1]);
            let band = problem.band(1, |at| {
                (i128::from(stretch.place(cell(at))) * i128::from(frame[1]) / i128::from(own + total)) as i64
            });
            band.map(|at| (i128::from(at) * i128::from(own + total) / i128::from(frame[1])) as i64)
        };
        // A crop that follows the focus along the stretch moves with the rows, so that moving them would change nothing.
        let is_free = problem.focus.is_none() || problem.surviving[1] == [0, frame[1]];
        let protected = protected_rows(problem);
        let important = join(protected, rows_of_things(problem, columns));
        if let Some(rows) = important.filter(|_| is_free) {
            let band = along(&stretch);
            // If not all of them fit into the band, the protected ones decide.
            let fits = stretch.length(rows) <= band[1] - band[0];
            stretch.move_into(if fits { rows } else { protected.unwrap_or(rows) }, band);
        }
        let band = along(&stretch);
        let over = |rows: Option<[usize; 2]>| rows.map_or(0, |rows| stretch.outside(rows, band));
        let outside = over(protected.or(important)) * ONE / (own + total);
        let cut_along = (2 * over(important) * ONE / (band[1] - band[0]).max(1)).min(ONE);
        Some(Self { stretch, total, across, outside, cut_along })
    }
}

/// Returns the cost of the distance between the middle of the window and that of the focus, divided by half the window.
///
/// Its square is small near the middle. At the edge it costs as much as the loss of all other salience. Without a
/// focus, the distance from the source's middle has a small cost, which decides between framings that are otherwise
/// nearly equal.
fn off_centre(problem: &Problem<'_>, window: [u32; 2]) -> i64 {
    let offset = |[left, right]: [u32; 2], whole: u32| {
        (i64::from(window[0]) + i64::from(window[1]) - i64::from(left) - i64::from(right)).abs() * ONE
            / i64::from(whole)
    };
    match problem.focus {
        Some((focus, _)) => {
            let share = offset(focus[0], window[1] - window[0]).min(ONE);
            4 * share * share / ONE
        }
        None => offset([0, problem.source[0]], problem.source[0]) / 50,
    }
}

/// Converts pixels to cells, rounded outwards.
fn cells(range: [u32; 2], pixels: u32, cells: usize) -> [usize; 2] {
    let (pixels, all) = (u64::from(pixels), cells as u64);
    let (start, end) = (u64::from(range[0]) * all / pixels, (u64::from(range[1]) * all).div_ceil(pixels));
    [start as usize, (end as usize).clamp(start as usize + 1, cells)]
}

/// Returns what determines the stretch of each row, for a window of columns.
fn rows(problem: &Problem<'_>, sums: &[Sums], blank: [usize; 2], columns: [usize; 2]) -> Vec<Row> {
    let [from, to] = columns;
    let count = (to - from) as i64;
    let within = |sums: &[i64]| sums[to] - sums[from];
    let all = sums.len();
    let mut rows: Vec<Row> = sums
        .iter()
        .enumerate()
        .map(|(y, sums)| {
            // The 4-norm: a small subject counts nearly as much as a large one.
            let norm = root(root(within(&sums.salience4) / count * ONE_Q8));
            let texture = (within(&sums.along) * ONE_Q8 / (10 * LEVEL * count)).min(ONE_Q8);
            if y < blank[0] || all - y <= blank[1] {
                return Row { blank: true, ..Row::default() };
            }
            Row { kept: norm.min(ONE_Q8), texture, ..Row::default() }
        })
        .collect();
    // A horizon, or a line of a border, crosses the picture. An edge counts from 40 % of the columns on, and most at 80
    // %.
    for y in 0..all.saturating_sub(1) {
        let share = within(&sums[y].edges) * ONE_Q8 / count;
        let edge = ((share - 102) * 2).clamp(0, 200);
        for row in &mut rows[y..=y + 1] {
            row.kept = row.kept.max(edge);
        }
    }
    for thing in &problem.salience.things {
        if thing.columns[0] < to && thing.columns[1] > from {
            for row in &mut rows[thing.rows[0]..thing.rows[1]] {
                (row.kept, row.blank) = (ONE_Q8, false);
            }
        }
    }
    for region in problem.protected {
        let [first, end] = cells(region[1], problem.source[1], all);
        for row in &mut rows[first..end] {
            (row.kept, row.rigid, row.blank) = (ONE_Q8, true, false);
        }
    }
    rows
}

/// Returns the rows of cells from the first to the last of the protected regions; `None` if there is no region.
fn protected_rows(problem: &Problem<'_>) -> Option<[usize; 2]> {
    let rows = problem.protected.iter().map(|region| Some(cells(region[1], problem.source[1], problem.grid.rows)));
    rows.fold(None, join)
}

/// Returns the rows of cells from the first to the last of the things in the window; `None` if it shows none.
fn rows_of_things(problem: &Problem<'_>, columns: [usize; 2]) -> Option<[usize; 2]> {
    let seen = |thing: &&Thing| thing.columns[0] < columns[1] && thing.columns[1] > columns[0];
    problem.salience.things.iter().filter(seen).map(|thing| Some(thing.rows)).fold(None, join)
}

/// Returns the smallest range that contains both.
fn join(a: Option<[usize; 2]>, b: Option<[usize; 2]>) -> Option<[usize; 2]> {
    match (a, b) {
        (Some(a), Some(b)) => Some([a[0].min(b[0]), a[1].max(b[1])]),
        (one, other) => one.or(other),
    }
}

/// Returns how badly the window cuts through things, in Q16: the share of the cut things in all things, where a thing
/// counts in full from a third of its width on. A thing that is outside altogether is not cut; its salience is lost.
fn cut_things(problem: &Problem<'_>, columns: [usize; 2]) -> i64 {
    let things = &problem.salience.things;
    let all: i64 = things.iter().map(|thing| thing.cells).sum();
    let cut = |thing: &Thing| {
        let [from, to] = thing.columns;
        let outside = columns[0].saturating_sub(from) + to.saturating_sub(columns[1]);
        if outside >= to - from { 0 } else { thing.cells * (3 * outside as i64 * ONE / (to - from) as i64).min(ONE) }
    };
    things.iter().map(cut).sum::<i64>() / all.max(1)
}

/// Returns how badly the window treats people, in Q16: the share of the heads that it leaves out, or 1 if it cuts
/// through one by a third of its width or more.
fn lost_people(problem: &Problem<'_>, columns: [usize; 2]) -> i64 {
    let heads = &problem.salience.heads;
    let (mut left_out, mut cut) = (0, 0);
    for head in heads {
        let [from, to] = head.columns;
        let outside = columns[0].saturating_sub(from) + to.saturating_sub(columns[1]);
        if outside >= to - from {
            left_out += ONE;
        } else {
            cut = cut.max((3 * outside as i64 * ONE / (to - from) as i64).min(ONE));
        }
    }
    cut.max(left_out / heads.len().max(1) as i64)
}

/// Returns the part of a region that lies outside of the band, across the stretch. The band and the result are in Q16
/// of the frame.
fn beyond(window: [u32; 2], region: [u32; 2], band: [i64; 2]) -> i64 {
    let length = i64::from(window[1] - window[0]);
    let [from, to] = region.map(|at| (i64::from(at) - i64::from(window[0])) * ONE / length);
    ((band[0] - from).max(0) + (to - band[1]).max(0)).min(to - from)
}

/// Returns the largest part of a protected region that lies outside of the band, in Q16 of the frame.
fn outside_band(problem: &Problem<'_>, window: [u32; 2], band: [i64; 2]) -> i64 {
    problem.protected.iter().map(|region| beyond(window, region[0], band)).max().unwrap_or(0)
}

/// Returns how much the band cuts, across the stretch, in Q16: the part of the things in the window that lies outside
/// of it, or that of a protected region if it is more. Only what lies in the band survives the crop to the target, so a
/// result that cuts its subjects there is not plausible.
fn cut_by_band(problem: &Problem<'_>, window: [u32; 2], band: [i64; 2]) -> i64 {
    let share = |region: [u32; 2]| {
        beyond(window, region, band) * i64::from(window[1] - window[0]) / i64::from(region[1] - region[0])
    };
    let (mut outside, mut all) = (0, 0);
    for thing in &problem.salience.things {
        let pixel = |cell: usize| (cell as u64 * u64::from(problem.source[0]) / problem.grid.columns as u64) as u32;
        let [from, to] = thing.columns.map(|cell| pixel(cell).clamp(window[0], window[1]));
        if from < to {
            outside += thing.cells * share([from, to]);
            all += thing.cells;
        }
    }
    problem.protected.iter().map(|region| share(region[0])).fold(outside / all.max(1), i64::max)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_plausible_framing_comes_before_a_cheaper_one_that_is_not() {
        let framing = |percent: u16, cost| Framing {
            window: [0, 1],
            extra: Vec::new(),
            rigid: Vec::new(),
            plausibility: PerMille::new(10 * percent).unwrap(),
            cost,
        };
        assert!(rank(&framing(50, 9)) < rank(&framing(49, 1)));
        assert!(rank(&framing(50, 1)) < rank(&framing(99, 2)));
        assert!(rank(&framing(10, 1)) < rank(&framing(40, 2)));
    }
}
