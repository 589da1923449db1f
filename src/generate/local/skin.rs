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

#[cfg(test)]
mod tests {
    use super::*;

    const SKIN: [i64; 4] = [200 * LEVEL, 150 * LEVEL, 151 * LEVEL, 255 * LEVEL];
    const BACKGROUND: [i64; 4] = [60 * LEVEL, 80 * LEVEL, 120 * LEVEL, 255 * LEVEL];
    const EYE: [i64; 4] = [20 * LEVEL, 20 * LEVEL, 20 * LEVEL, 255 * LEVEL];

    /// A face of skin, as a rectangle of cells with two eyes.
    struct Face {
        grid: [usize; 2],
        at: [usize; 2],
        size: [usize; 2],
    }

    impl Face {
        fn new(grid: [usize; 2], size: [usize; 2]) -> Self {
            Self { grid, at: [2, 2], size }
        }

        fn index(&self, x: usize, y: usize) -> usize {
            (self.at[1] + y) * self.grid[0] + self.at[0] + x
        }

        /// Draws the face on a background, with eyes in a row of the face.
        fn draw(&self, background: [i64; 4], eyes: usize, eye: [i64; 4]) -> Grid {
            let [wide, high] = self.size;
            let cell = |colour| Cell { colour, ..Cell::default() };
            let mut grid = Grid::of_cells(self.grid[0], vec![cell(background); self.grid[0] * self.grid[1]]);
            for (x, y) in (0..high).flat_map(|y| (0..wide).map(move |x| (x, y))) {
                let is_eye = y == eyes && (x == wide / 4 || x == wide * 3 / 4);
                grid.cells[self.index(x, y)] = cell(if is_eye { eye } else { SKIN });
            }
            grid
        }

        fn drawn(&self) -> Grid {
            self.draw(BACKGROUND, self.size[1] / 3, EYE)
        }

        fn is_found(&self) -> bool {
            heads(&self.drawn()) == 1
        }
    }

    fn heads(grid: &Grid) -> usize {
        add_people(grid, &mut vec![0; grid.cells.len()]).len()
    }

    #[test]
    fn skin_has_a_cb_of_80_to_124_a_cr_of_136_to_173_and_a_luma_of_at_least_45() {
        let is_skin = |[r, g, b]: [i64; 3]| is_skin(&Cell { colour: [r, g, b, 0], ..Cell::default() });
        assert_eq!([[3200, 2400, 1130], [3200, 2400, 1131]].map(is_skin), [false, true], "cb of 80");
        assert_eq!([[3200, 2400, 2540], [3200, 2400, 2541]].map(is_skin), [true, false], "cb of 124");
        assert_eq!([[3200, 3148, 1900], [3200, 3149, 1900]].map(is_skin), [true, false], "cr of 136");
        assert_eq!([[3200, 1730, 1900], [3200, 1731, 1900]].map(is_skin), [false, true], "cr of 173");
        assert_eq!([[959, 620, 600], [960, 620, 600]].map(is_skin), [false, true], "luma of 45");
    }

    #[test]
    fn a_head_is_at_least_a_twelfth_of_the_shorter_side_wide_and_high() {
        assert!(Face::new([60, 70], [5, 5]).is_found());
        assert!(!Face::new([61, 70], [5, 5]).is_found());
        assert!(!Face::new([70, 61], [5, 6]).is_found());
    }

    #[test]
    fn a_head_has_at_most_two_fifths_of_the_cells() {
        // 160 cells without the eyes, of 400.
        let face = Face { grid: [20, 20], at: [2, 1], size: [9, 18] };
        assert!(face.is_found());
        let mut grid = face.drawn();
        let beside = face.index(0, 0) - 1;
        grid.cells[beside].colour = SKIN;
        assert_eq!(heads(&grid), 0, "161 cells");
    }

    #[test]
    fn a_head_is_half_to_one_and_a_half_times_as_wide_as_it_is_high() {
        let sizes = [[6, 12], [6, 13], [12, 8], [13, 8]];
        assert_eq!(sizes.map(|size| Face::new([40, 40], size).is_found()), [true, false, true, false]);
    }

    #[test]
    fn a_head_fills_at_least_45_percent_of_its_bounds() {
        let face = Face::new([40, 40], [10, 10]);
        let ring = |more: usize| {
            let mut grid = face.drawn();
            for (y, x) in (1..9).flat_map(|y| (1..9).map(move |x| (y, x))).skip(more) {
                grid.cells[face.index(x, y)].colour = BACKGROUND;
            }
            heads(&grid)
        };
        assert_eq!((ring(9), ring(8)), (1, 0), "the border of 36 cells with 9 and with 8 more");
    }

    #[test]
    fn skin_that_reaches_two_opposite_sides_is_a_ground_or_a_wall_and_no_head() {
        let face = |grid, at| Face { grid, at, size: [12, 12] };
        assert!(!face([12, 40], [0, 5]).is_found() && face([13, 40], [0, 5]).is_found(), "left and right");
        assert!(!face([40, 12], [5, 0]).is_found() && face([40, 13], [5, 0]).is_found(), "top and bottom");
    }

    #[test]
    fn a_head_is_smooth_with_steps_of_at_most_14_levels_per_axis() {
        let with_detail = |along: i64, across: i64| {
            let mut grid = Face::new([40, 40], [10, 10]).drawn();
            for cell in &mut grid.cells {
                (cell.along, cell.across) = (along, across);
            }
            heads(&grid)
        };
        assert_eq!(with_detail(14 * LEVEL, 14 * LEVEL), 1);
        assert_eq!(with_detail(14 * LEVEL, 14 * LEVEL + 1), 0);
    }

    #[test]
    fn a_head_differs_by_20_levels_from_what_is_to_its_left_and_right() {
        // Only blue differs, and the eyes are two cells from each other and from the sides.
        let with_blue = |more: i64| {
            let [r, g, b, alpha] = SKIN;
            heads(&Face::new([20, 20], [5, 5]).draw([r, g, b + more, alpha], 2, EYE))
        };
        assert_eq!((with_blue(20 * LEVEL), with_blue(20 * LEVEL - 1)), (1, 0));
    }

    #[test]
    fn a_head_has_an_eye_in_each_half() {
        let face = Face::new([40, 40], [12, 12]);
        for missing in [3, 9] {
            let mut grid = face.drawn();
            assert_eq!(heads(&grid), 1);
            grid.cells[face.index(missing, 4)].colour = SKIN;
            assert_eq!(heads(&grid), 0, "without the eye in column {missing}");
        }
    }

    #[test]
    fn eyes_are_from_an_eighth_to_three_quarters_of_the_height_of_a_head() {
        let with_eyes_in = |row: usize| heads(&Face::new([40, 40], [16, 16]).draw(BACKGROUND, row, EYE));
        assert_eq!([1, 2, 11, 12].map(with_eyes_in), [0, 1, 1, 0]);
    }

    #[test]
    fn an_eye_is_a_fifth_darker_than_the_skin() {
        let with_luma = |luma: i64| {
            let eye = [luma, luma, luma, 255 * LEVEL];
            heads(&Face::new([40, 40], [10, 10]).draw(BACKGROUND, 3, eye))
        };
        let skin = Cell { colour: SKIN, ..Cell::default() }.luma();
        assert_eq!((skin, with_luma(2112), with_luma(2113)), (2641, 1, 0));
    }

    #[test]
    fn an_eye_has_skin_on_all_four_sides() {
        let face = Face::new([40, 40], [8, 8]);
        // The left eye is at column 2, row 2. Without the skin on one side of it, it is a notch of the outline.
        let sides: [Vec<[usize; 2]>; 4] = [
            vec![[0, 2], [1, 2]],
            vec![[2, 0], [2, 1]],
            (3..8).map(|x| [x, 2]).collect(),
            (3..8).map(|y| [2, y]).collect(),
        ];
        for (side, notch) in ["left", "top", "right", "bottom"].into_iter().zip(sides) {
            let mut grid = face.drawn();
            assert_eq!(heads(&grid), 1);
            for [x, y] in notch {
                // Bright, so that it is no eye itself.
                grid.cells[face.index(x, y)].colour = [250 * LEVEL; 4];
            }
            // The right eye stays whole, unless the notch goes through it.
            assert_eq!(heads(&grid), 0, "{side}");
        }
    }

    #[test]
    fn one_piece_of_skin_ends_where_the_next_differs_by_36_levels() {
        // A wall of the chroma of skin around the face. (1, 2, 2) has the length 3.
        let before_wall = |third: i64| {
            let [r, g, b, alpha] = SKIN;
            let wall = [r + third, g + 2 * third, b + 2 * third, alpha];
            assert!(is_skin(&Cell { colour: wall, ..Cell::default() }));
            heads(&Face::new([40, 40], [10, 10]).draw(wall, 3, EYE))
        };
        assert_eq!((before_wall(12 * LEVEL), before_wall(12 * LEVEL - 1)), (1, 0));
    }

    #[test]
    fn a_head_has_hair_and_a_torso_four_heads_high_and_2_4_heads_wide() {
        let face = Face { grid: [64, 120], at: [20, 20], size: [16, 16] };
        let grid = face.drawn();
        let mut salience = vec![7; grid.cells.len()];
        let heads = add_people(&grid, &mut salience);
        // A quarter of the height above, and an eighth of the width at each side.
        assert_eq!(heads, [Thing { columns: [18, 38], rows: [16, 36], cells: 254 }]);
        for (at, value) in (0..).zip(&salience) {
            let (x, y) = (at % 64, at / 64);
            let expected = match y {
                16..36 if (18..38).contains(&x) => ONE_Q8,
                36..100 if (9..47).contains(&x) => TORSO,
                _ => 7,
            };
            assert_eq!(*value, expected, "{x}, {y}");
        }
        salience.fill(200);
        add_people(&grid, &mut salience);
        assert_eq!(salience[50 * 64 + 20], 200, "a torso does not lower salience");
    }
}
