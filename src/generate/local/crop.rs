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
use super::terms::{Terms, Visibility};
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
    // Dropping a blank margin costs little. But the more it must be stretched, the smaller the product in it becomes.
    let is_margin = problem.blank_sides && blank != [0, 0];
    let terms = Terms {
        lost: lost(columns),
        lost_in_crop: lost(cells(survives, source[0], grid.columns)),
        stretch: Visibility::new(&rows, &placed.stretch),
        ln_give: ln(placed.stretch.give),
        dropped: ONE - kept,
        dropped_cost: if is_margin { (ONE - kept) / 4 + stretched / 8 } else { ONE - kept },
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
    /// The protected rows outside the band, or the important ones if none is protected, in Q16 of the frame.
    outside: i64,
    /// The important rows outside the band, in Q16 of half of the band's length. The value is at most 1, which counts as
    /// a cut in full.
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
            Row { salience: norm.min(ONE_Q8), texture, ..Row::default() }
        })
        .collect();
    // A horizon, or a line of a border, crosses the picture. An edge counts from 40 % of the columns on, and most at 80
    // %.
    for y in 0..all.saturating_sub(1) {
        let share = within(&sums[y].edges) * ONE_Q8 / count;
        let edge = ((share - 102) * 2).clamp(0, 200);
        for row in &mut rows[y..=y + 1] {
            row.salience = row.salience.max(edge);
        }
    }
    for thing in &problem.salience.things {
        if thing.columns[0] < to && thing.columns[1] > from {
            for row in &mut rows[thing.rows[0]..thing.rows[1]] {
                (row.salience, row.blank) = (ONE_Q8, false);
            }
        }
    }
    for region in problem.protected {
        let [first, end] = cells(region[1], problem.source[1], all);
        for row in &mut rows[first..end] {
            (row.salience, row.rigid, row.blank) = (ONE_Q8, true, false);
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

    /// A grid of cells of one colour, and what is salient in it.
    struct Scene {
        grid: Grid,
        salience: Salience,
    }

    impl Scene {
        fn new(columns: usize, rows: usize) -> Self {
            let cells = vec![0; columns * rows];
            let grid = Grid::of_reds(columns, &cells);
            Self { grid, salience: Salience { cells, things: Vec::new(), heads: Vec::new() } }
        }

        /// Makes every row costly to stretch.
        fn textured(mut self) -> Self {
            for (at, cell) in self.grid.cells.iter_mut().enumerate() {
                cell.along = 10 * LEVEL;
                // The columns differ, so that no row is blank.
                cell.colour[0] = at as i64 % 2 * 255 * LEVEL;
            }
            self
        }

        fn thing(mut self, columns: [usize; 2], rows: [usize; 2]) -> Self {
            let cells = ((columns[1] - columns[0]) * (rows[1] - rows[0])) as i64;
            self.salience.things.push(Thing { columns, rows, cells });
            self
        }

        fn head(mut self, columns: [usize; 2]) -> Self {
            self.salience.heads.push(Thing { columns, rows: [0, 1], cells: 1 });
            self
        }

        /// A problem without regions, in which the crop to the target keeps the whole frame.
        fn problem(&self, source: [u32; 2], frame: [u32; 2]) -> Problem<'_> {
            Problem {
                grid: &self.grid,
                salience: &self.salience,
                source,
                frame,
                cropped: source[1] * frame[0] / frame[1],
                protected: &[],
                surviving: frame.map(|side| [0, side]),
                band: frame.map(|side| [0, side]),
                focus: None,
                blank_sides: false,
                keep_all: false,
            }
        }
    }

    fn chosen(problem: &Problem<'_>) -> [u32; 2] {
        choose(problem).unwrap().window
    }

    fn length([start, end]: [u32; 2]) -> u32 {
        end - start
    }

    #[test]
    fn a_window_keeps_at_least_45_percent_of_the_columns_or_what_a_plain_crop_keeps() {
        let scene = Scene::new(20, 10).textured();
        let narrow = scene.problem([200, 100], [20, 100]);
        assert_eq!((narrow.cropped, length(chosen(&narrow))), (20, 90));
        assert_eq!(chosen(&Problem { keep_all: true, ..narrow }), [0, 200], "all on request");
        // A stretch of the thing costs more than the columns that a plain crop loses.
        let scene = Scene::new(20, 10).textured().thing([12, 20], [0, 10]);
        let wide = scene.problem([200, 100], [120, 100]);
        assert_eq!((wide.cropped, length(chosen(&wide))), (120, 120));
    }

    #[test]
    fn windows_of_25_widths_at_17_places_are_compared() {
        let scene = Scene::new(34, 10).textured();
        // From 160 to 340 pixels in steps of 7.5. The first that holds the 200 protected columns has 205.
        let protected = [[[20, 220], [0, 10]]];
        let widths = Problem { protected: &protected, ..scene.problem([340, 100], [160, 100]) };
        assert_eq!(length(chosen(&widths)), 205);
        // 180 of 320 pixels can start at every 8.75th pixel up to 140. The middle of the focus is 126.
        let scene = Scene::new(32, 10).textured();
        let focus = Some(([[125, 127], [40, 60]], FocusMode::Centre));
        let places = Problem { focus, ..scene.problem([320, 100], [160, 100]) };
        assert_eq!(chosen(&places), [35, 215]);
    }

    #[test]
    fn a_window_contains_all_protected_columns() {
        let scene = Scene::new(20, 10).textured();
        let protected = [[[150, 160], [0, 50]], [[60, 70], [0, 50]]];
        let [start, end] = chosen(&Problem { protected: &protected, ..scene.problem([200, 100], [20, 100]) });
        assert!(start <= 60 && end >= 160, "{start} to {end}");
        let all_rows = [[[60, 160], [0, 100]]];
        let problem = Problem { protected: &all_rows, ..scene.problem([200, 100], [20, 100]) };
        assert!(choose(&problem).is_none(), "no row can be stretched");
    }

    #[test]
    fn without_ranges_every_window_contains_the_hull() {
        assert_eq!(hull([[5, 9], [2, 4]].into_iter(), 100), [2, 9]);
        assert_eq!(hull(std::iter::empty(), 100), [100, 0]);
        assert_eq!((join(None, Some([1, 2])), join(Some([3, 4]), None)), (Some([1, 2]), Some([3, 4])));
        assert_eq!((join(Some([3, 4]), Some([1, 2])), join(None, None)), (Some([1, 4]), None));
    }

    #[test]
    fn pixels_are_rounded_outwards_to_cells() {
        let ranges = [[0, 10], [9, 11], [10, 20], [99, 100], [50, 50], [0, 100]];
        assert_eq!(ranges.map(|range| cells(range, 100, 10)), [[0, 1], [0, 2], [1, 2], [9, 10], [5, 6], [0, 10]]);
    }

    #[test]
    fn the_distance_from_the_focus_costs_its_square_and_at_most_four() {
        let scene = Scene::new(20, 10);
        let focus = Some(([[80, 100], [0, 10]], FocusMode::Centre));
        let problem = Problem { focus, ..scene.problem([200, 100], [50, 100]) };
        assert_eq!([[40, 140], [65, 165], [90, 190]].map(|window| off_centre(&problem, window)), [0, ONE, 4 * ONE]);
        assert_eq!(off_centre(&problem, [100, 200]), 4 * ONE, "beyond half the window");
    }

    #[test]
    fn without_a_focus_the_distance_from_the_middle_costs_a_fiftieth() {
        let scene = Scene::new(20, 10);
        let problem = scene.problem([200, 100], [50, 100]);
        let costs = [[50, 150], [0, 100], [100, 200]].map(|window| off_centre(&problem, window));
        assert_eq!(costs, [0, ONE / 100, ONE / 100]);
    }

    #[test]
    fn an_edge_counts_from_40_percent_of_the_columns_and_most_at_80() {
        // A luma step of more than 12 levels in some columns.
        let salience = |columns: usize, red: i64| {
            let reds: Vec<i64> = (0..30).map(|at| if (20..20 + columns).contains(&at) { red } else { 0 }).collect();
            let mut scene = Scene::new(10, 3);
            scene.grid = Grid::of_reds(10, &reds);
            let problem = scene.problem([100, 30], [20, 30]);
            rows(&problem, &sums(&problem), [0, 0], [0, 10]).iter().map(|row| row.salience).collect::<Vec<_>>()
        };
        let hard = 255 * LEVEL;
        assert_eq!((salience(4, hard), salience(5, hard)), (vec![0, 0, 0], vec![0, 52, 52]));
        assert_eq!(
            (salience(7, hard), salience(8, hard), salience(10, hard)),
            (vec![0, 154, 154], vec![0, 200, 200], vec![0, 200, 200])
        );
        // Three tenths of red are luma.
        assert_eq!((salience(10, 40 * LEVEL), salience(10, 41 * LEVEL)), (vec![0; 3], vec![0, 200, 200]), "12 levels");
    }

    #[test]
    fn a_row_has_the_4_norm_of_its_salience_and_the_texture_of_its_steps() {
        let mut scene = Scene::new(16, 3);
        scene.salience.cells[5] = ONE_Q8;
        for cell in &mut scene.grid.cells[32..] {
            cell.along = 5 * LEVEL;
        }
        let problem = scene.problem([160, 30], [20, 30]);
        let rows = |columns| -> Vec<_> {
            rows(&problem, &sums(&problem), [0, 0], columns).iter().map(|row| (row.salience, row.texture)).collect()
        };
        assert_eq!(rows([0, 16]), [(ONE_Q8 / 2, 0), (0, 0), (0, ONE_Q8 / 2)], "one cell of 16");
        assert_eq!(rows([5, 6]), [(ONE_Q8, 0), (0, 0), (0, ONE_Q8 / 2)]);
        assert_eq!(rows([6, 16])[0], (0, 0), "outside the window");
    }

    #[test]
    fn things_are_salient_and_protected_rows_are_rigid_even_in_a_blank_edge() {
        let scene = Scene::new(10, 6).thing([4, 6], [4, 5]);
        let protected = [[[0, 10], [10, 20]]];
        let problem = Problem { protected: &protected, ..scene.problem([100, 60], [20, 60]) };
        let row = |salience, rigid, blank| Row { salience, rigid, blank, texture: 0 };
        let (blank, free) = (row(0, false, true), row(0, false, false));
        let [rigid, thing] = [true, false].map(|rigid| row(ONE_Q8, rigid, false));
        let rows = |columns| rows(&problem, &sums(&problem), [2, 2], columns);
        assert_eq!(rows([0, 10]), [blank, rigid, free, free, thing, blank]);
        assert_eq!(rows([0, 4]), [blank, rigid, free, free, blank, blank], "the window ends before the thing");
        assert_eq!(rows([6, 10]), [blank, rigid, free, free, blank, blank], "the window starts behind the thing");
    }

    #[test]
    fn a_thing_is_cut_in_full_from_a_third_of_its_width_on() {
        let scene = Scene::new(20, 4).thing([10, 16], [0, 1]);
        let problem = scene.problem([200, 40], [20, 40]);
        let cut =
            [[10, 20], [11, 20], [12, 20], [13, 20], [16, 20], [0, 15]].map(|window| cut_things(&problem, window));
        assert_eq!(cut, [0, ONE / 2, ONE, ONE, 0, ONE / 2]);
        let scene = scene.thing([0, 6], [1, 2]);
        assert_eq!(cut_things(&scene.problem([200, 40], [20, 40]), [0, 13]), ONE / 2, "one of two things");
    }

    #[test]
    fn people_are_lost_by_the_share_of_heads_left_out_or_by_a_head_that_is_cut() {
        let scene = Scene::new(20, 4).head([0, 3]).head([10, 16]);
        let problem = scene.problem([200, 40], [20, 40]);
        let lost = [[0, 16], [3, 20], [0, 15], [0, 14], [4, 15]].map(|window| lost_people(&problem, window));
        assert_eq!(lost, [0, ONE / 2, ONE / 2, ONE, ONE / 2]);
        assert_eq!(lost_people(&problem, [4, 9]), ONE, "both heads are left out");
    }

    #[test]
    fn the_band_cuts_what_lies_beyond_it_on_both_sides() {
        // The region has the pixels 20 to 60 of 100, and the band 25 to 50.
        let band = [ONE / 4, ONE / 2];
        assert_eq!(beyond([0, 100], [20, 60], band), (ONE / 4 - ONE / 5) + (ONE * 6 / 10 - ONE / 2));
        assert_eq!(beyond([0, 100], [30, 40], band), 0);
        assert_eq!(beyond([0, 100], [75, 100], band), ONE / 4, "at most the region");
        let scene = Scene::new(10, 4).thing([0, 5], [0, 2]).thing([5, 10], [0, 1]);
        let problem = scene.problem([100, 40], [20, 40]);
        assert_eq!(cut_by_band(&problem, [0, 100], [ONE / 2, ONE]), ONE * 2 / 3, "ten cells of fifteen");
        assert_eq!(cut_by_band(&problem, [0, 100], [0, ONE * 3 / 4]), ONE / 6, "half of five cells of fifteen");
        let protected = [[[0, 50], [0, 40]], [[90, 100], [0, 40]]];
        let problem = Problem { protected: &protected, ..problem };
        assert_eq!(cut_by_band(&problem, [0, 100], [ONE / 2, ONE]), ONE, "a protected region counts alone");
        assert_eq!(outside_band(&problem, [0, 100], [ONE / 2, ONE]), ONE / 2, "the largest part of a region");
    }

    #[test]
    fn a_flat_graphic_is_ruined_by_a_stretch_above_30_percent_unless_its_edges_are_blank() {
        let mut scene = Scene::new(10, 10);
        let plausibility = |scene: &Scene, high: u32, blank: [usize; 2]| {
            let problem = scene.problem([100, 1000], [100, high]);
            evaluate(&problem, &sums(&problem), blank, 0, [0, 100]).unwrap().plausibility
        };
        assert!(plausibility(&scene, 1302, [0, 0]) > PerMille::ZERO);
        scene.grid.flat = true;
        assert!(plausibility(&scene, 1300, [0, 0]) > PerMille::ZERO, "30 %");
        assert_eq!(plausibility(&scene, 1302, [0, 0]), PerMille::ZERO);
        assert_eq!(plausibility(&scene, 1302, [1, 0]), PerMille::ZERO, "one blank edge");
        assert!(plausibility(&scene, 1302, [1, 1]) > PerMille::ZERO, "both edges");
    }

    #[test]
    fn a_flat_graphic_is_ruined_by_the_loss_of_more_than_5_percent_of_its_salience() {
        // Two salient cells lie outside of the window. Four more count as salient in any picture of 200 cells.
        let plausibility = |inside: usize| {
            let mut scene = Scene::new(20, 10);
            scene.grid.flat = true;
            scene.salience.cells[18..20].fill(ONE_Q8);
            for at in (0..200).filter(|at| at % 20 < 18).take(inside) {
                scene.salience.cells[at] = ONE_Q8;
            }
            let problem = scene.problem([200, 100], [180, 100]);
            let all = scene.salience.cells.iter().sum();
            evaluate(&problem, &sums(&problem), [0, 0], all, [0, 180]).unwrap().plausibility
        };
        assert!(plausibility(34) > PerMille::ZERO, "2 of 40");
        assert_eq!(plausibility(33), PerMille::ZERO, "2 of 39");
    }

    #[test]
    fn a_plain_crop_needs_no_stretch_even_if_its_width_is_rounded() {
        // The window of 67 columns would be 5 per mille too high for the frame.
        let scene = Scene::new(10, 10);
        let problem = scene.problem([100, 100], [2, 3]);
        let problem = Problem { cropped: 67, ..problem };
        let total = |window| {
            let rows = [Row::default(); 10];
            Placed::new(&problem, window, &rows, [0, 10]).unwrap().total
        };
        assert_eq!(total([0, 67]), 0);
        assert_eq!(total([0, 100]), 5 * ONE, "half of ten rows");
        assert_eq!(total([0, 50]), 0, "rows are never compressed");
    }

    #[test]
    fn a_blank_margin_on_one_side_alone_is_treated_as_any_other_rows() {
        // Blank rows have one colour. In the other rows every second column differs.
        let with = |is_blank: fn(usize) -> bool| {
            let mut scene = Scene::new(10, 10);
            let reds: Vec<i64> = (0..100).map(|at| if is_blank(at / 10) { 0 } else { at as i64 % 2 * 4000 }).collect();
            scene.grid = Grid::of_reds(10, &reds);
            let framing = choose(&Problem { keep_all: true, ..scene.problem([100, 100], [100, 400]) }).unwrap();
            framing.extra[0] > 3 * ONE
        };
        assert!(!with(|y| y < 2), "at the top alone");
        assert!(with(|y| !(2..8).contains(&y)), "at the top and at the bottom");
    }

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
