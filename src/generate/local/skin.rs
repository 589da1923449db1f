//! People, searched for by the tone of their skin.
//!
//! Human skin of any shade has nearly the same chroma, since its pigments are the same: the rule is that of Chai and
//! Ngan (1999) for Cb and Cr, with a lower bound on the luma, below which chroma is noise. Wood, sand and autumn leaves
//! have that chroma too. A connected part is therefore taken for a head only if it has the size, the proportions and
//! the smoothness of one, has a pair of eyes, and differs from what surrounds it. A torso below is assumed: four heads
//! high and 2.4 heads wide.
//!
//! The rule does not see people from behind or in profile, people in black and white, faces under coloured light, or
//! heads that are smaller than 8 % of the shorter side. It takes other round things of that tone for heads, which then
//! keep their shape.

use super::fixed::ONE_Q8;
use super::grid::{Cell, Grid, LEVEL};
use super::thing::{Thing, bounds, components};

/// The salience of a torso, in Q8: it is kept, but a head counts for more.
const TORSO: i64 = 160;

/// The step in colour, in [`LEVEL`]s, at which one piece of skin ends and another begins: 36 levels. It separates
/// a face from a wall of the same chroma. Shadows on a face are softer.
const STEP: i64 = 36 * LEVEL;

/// Sets the salience of cells that appear to show people. Returns their heads.
pub(super) fn add_people(grid: &Grid, salience: &mut [i64]) -> Vec<Thing> {
    let marked: Vec<bool> = grid.cells.iter().map(is_skin).collect();
    let is_joined = |a: usize, b: usize| grid.cells[a].distance(&grid.cells[b]) < STEP;
    let mut heads = Vec::new();
    for cells in components(grid.columns, &marked, is_joined) {
        let face = bounds(grid.columns, &cells);
        if is_head(grid, &marked, &cells, face) {
            heads.push(add_person(grid, salience, face));
        }
    }
    heads
}

fn is_skin(cell: &Cell) -> bool {
    let [r, g, b, _] = cell.colour;
    // In levels of JPEG's YCbCr, times 16.
    let cb = 128 * LEVEL + (-43 * r - 85 * g + 128 * b) / 256;
    let cr = 128 * LEVEL + (128 * r - 107 * g - 21 * b) / 256;
    (80 * LEVEL..=124 * LEVEL).contains(&cb)
        && (136 * LEVEL..=173 * LEVEL).contains(&cr)
        && cell.luma() >= 45 * LEVEL
        && r > g
}

fn is_head(grid: &Grid, marked: &[bool], cells: &[usize], head: Thing) -> bool {
    let short = grid.columns.min(grid.rows);
    let (wide, high) = (head.columns[1] - head.columns[0], head.rows[1] - head.rows[0]);
    // From 8 % of the shorter side on. Smaller parts are too often wood, leaves or reflections.
    let sized = 12 * wide.min(high) >= short && 5 * cells.len() <= 2 * grid.cells.len();
    let proportioned = 2 * wide >= high && 2 * wide <= 3 * high;
    let filled = 20 * cells.len() >= 9 * wide * high;
    // A ground, a wall or a sky at dusk reaches two sides that face each other.
    let spans =
        (head.columns[0] == 0 && head.columns[1] == grid.columns) || (head.rows[0] == 0 && head.rows[1] == grid.rows);
    if !(sized && proportioned && filled) || spans {
        return false;
    }
    // Skin is smooth: a mean step of at most 14 levels per sample and axis. Sharp photographs of faces that fill a
    // third of the picture have 9 to 10; grass and gravel have more than 14.
    let detail: i64 = cells.iter().map(|at| grid.cells[*at].detail()).sum();
    if detail > 28 * LEVEL * cells.len() as i64 {
        return false;
    }
    if !has_eyes(grid, cells, head) {
        return false;
    }
    // The cells to the left and right of the part differ from it by 20 levels.
    let mean = |cells: &mut dyn Iterator<Item = &Cell>| {
        let (mut sum, mut count) = ([0; 4], 0);
        for cell in cells {
            count += 1;
            sum.iter_mut().zip(cell.colour).for_each(|(sum, value)| *sum += value);
        }
        Cell { colour: sum.map(|sum| sum / i64::max(count, 1)), ..Cell::default() }
    };
    let beyond = cells.iter().flat_map(|at| {
        let x = at % grid.columns;
        let sides = [(x >= 2).then(|| at - 2), (x + 2 < grid.columns).then_some(at + 2)];
        sides.into_iter().flatten().filter(|other| !marked[*other])
    });
    let outside = mean(&mut beyond.map(|at| &grid.cells[at]));
    let inside = mean(&mut cells.iter().map(|at| &grid.cells[*at]));
    outside.distance(&inside) >= 20 * LEVEL
}

/// Whether a dark spot lies in each half of the part, in the rows where eyes are, with skin on all four sides of it.
/// Fruit, sand and wood have no such pair. Glasses and shadows in the sockets count as eyes.
fn has_eyes(grid: &Grid, cells: &[usize], head: Thing) -> bool {
    let (wide, high) = (head.columns[1] - head.columns[0], head.rows[1] - head.rows[0]);
    let mean = cells.iter().map(|at| grid.cells[*at].luma()).sum::<i64>() / cells.len() as i64;
    let mut skin = vec![false; wide * high];
    for at in cells {
        skin[(at / grid.columns - head.rows[0]) * wide + at % grid.columns - head.columns[0]] = true;
    }
    let is_eye = |x: usize, y: usize| {
        let luma = grid.cells[(head.rows[0] + y) * grid.columns + head.columns[0] + x].luma();
        let row = &skin[y * wide..(y + 1) * wide];
        let column = |rows: std::ops::Range<usize>| rows.into_iter().any(|y| skin[y * wide + x]);
        // A fifth darker than the skin.
        5 * luma < 4 * mean
            && row[..x].contains(&true)
            && row[x + 1..].contains(&true)
            && column(0..y)
            && column(y + 1..high)
    };
    let any =
        |columns: std::ops::Range<usize>| columns.into_iter().any(|x| (high / 8..high * 3 / 4).any(|y| is_eye(x, y)));
    any(0..wide / 2) && any(wide / 2..wide)
}

/// Marks a head with its hair, and the torso below. Returns the head.
fn add_person(grid: &Grid, salience: &mut [i64], head: Thing) -> Thing {
    let (wide, high) = (head.columns[1] - head.columns[0], head.rows[1] - head.rows[0]);
    let mut raise = |columns: [usize; 2], rows: [usize; 2], value: i64| {
        for y in rows[0]..rows[1].min(grid.rows) {
            for cell in &mut salience[y * grid.columns..][columns[0]..columns[1].min(grid.columns)] {
                *cell = (*cell).max(value);
            }
        }
    };
    // Hair reaches a quarter of the face's height above it, and an eighth of its width to either side.
    let columns = [head.columns[0].saturating_sub(wide / 8), (head.columns[1] + wide / 8).min(grid.columns)];
    let rows = [head.rows[0].saturating_sub(high / 4), head.rows[1]];
    raise(columns, rows, ONE_Q8);
    let torso = [head.columns[0].saturating_sub(wide * 7 / 10), head.columns[1] + wide * 7 / 10];
    raise(torso, [head.rows[1], head.rows[1] + 4 * wide.min(high)], TORSO);
    Thing { columns, rows, ..head }
}
