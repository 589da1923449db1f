//! Reframes a picture: decides on the grid, then makes the pixels.

use std::cmp::Ordering;
use std::fmt::Write;

use super::Keep;
use super::blank::blank_rows;
use super::crop::{Framing, Problem, choose};
use super::fixed::ONE;
use super::grid::Grid;
use super::map::{Map, transposed};
use super::salience::Salience;
use crate::geometry::fit::largest_inside;
use crate::geometry::focus::{Focus, Reframing};
use crate::geometry::per_mille::PerMille;
use crate::geometry::rect::Rect;
use crate::pixels::picture::Picture;
use crate::pixels::resample::{Filter, resample};
use crate::size::Size;

/// Below this nearness of the two shapes there is no reframing: a side would have to be stretched more than 200 times.
const LEAST_NEARNESS: PerMille = PerMille::constant(5);

/// What a reframing must keep, and where.
#[derive(Clone, Copy, Debug)]
pub(super) struct Demands<'a> {
    /// The regions of the source that stay whole and keep their shape.
    pub(super) protected: &'a [Focus],
    /// The part of the frame that the crop to the target keeps by the plan, in pixels.
    pub(super) surviving: Rect,
    /// The part of it in which important content must lie, in pixels.
    pub(super) safe_area: Rect,
    /// The focus, to which the crop moves. The default is the centre of the frame, so that the crop does not move.
    pub(super) focus: Focus,
    pub(super) keep: Keep,
}

/// The parts of a picture's analysis that do not depend on the frame.
#[derive(Debug)]
pub(crate) struct Analysis {
    source: Size,
    grid: Grid,
    salience: Salience,
    /// The grid and the salience with rows and columns exchanged.
    turned: (Grid, Salience),
    /// Whether the edges at the top and at the bottom are blank, and those at the sides.
    blank: [bool; 2],
}

impl Analysis {
    /// Analyses a picture.
    pub(crate) fn of(picture: &Picture) -> Self {
        let grid = Grid::of(picture);
        let turned_grid = grid.transposed();
        let blank = [&grid, &turned_grid].map(|grid| !blank_rows(grid).contains(&0));
        let salience = Salience::of(&grid, blank == [true; 2]);
        let turned = (turned_grid, salience.transposed(grid.columns));
        Self { source: picture.size(), grid, salience, turned, blank }
    }

    pub(super) fn source(&self) -> Size {
        self.source
    }
}

/// How a picture can fill a frame, known before a pixel is made.
#[derive(Debug)]
pub(super) struct Reframe {
    source: Size,
    frame: Size,
    /// Whether columns are stretched, and not rows.
    wide: bool,
    framing: Framing,
    map: Option<Map>,
}

impl Reframe {
    /// Decides how the picture fills `frame`. Returns `None` if the protected regions leave no way.
    pub(super) fn plan(picture: &Analysis, frame: Size, demands: &Demands<'_>) -> Option<Self> {
        let source = picture.source;
        // The sums below stay far from 64 bits.
        if frame.nearness(source).share() < LEAST_NEARNESS {
            return None;
        }
        // Everything below is written for a frame that is taller than the source. For a wider one rows and columns are
        // exchanged.
        let wide = frame.cmp_shape(source) == Ordering::Greater;
        let turn = |[x, y]: [u32; 2]| if wide { [y, x] } else { [x, y] };
        let sides = |size: Size| turn([size.width(), size.height()]);
        let cropped = sides(largest_inside(source, frame))[0];
        let axes = |[x, y]: [[u32; 2]; 2]| if wide { [y, x] } else { [x, y] };
        let ranges = |rect: Rect| axes([[rect.x(), rect.x() + rect.width()], [rect.y(), rect.y() + rect.height()]]);
        let protected: Vec<_> = demands.protected.iter().map(|region| axes(pixels(*region, source))).collect();
        let focus = demands.focus;
        let Analysis { grid, salience, turned, blank, .. } = picture;
        let (grid, salience) = if wide { (&turned.0, &turned.1) } else { (grid, salience) };
        let problem = Problem {
            grid,
            salience,
            source: sides(source),
            frame: sides(frame),
            cropped,
            protected: &protected,
            surviving: ranges(demands.surviving),
            band: ranges(demands.safe_area),
            focus: (!focus.is_centre()).then(|| (axes(pixels(focus, source)), focus.mode)),
            blank_sides: blank[usize::from(!wide)],
            keep_all: demands.keep == Keep::All,
        };
        let framing = choose(&problem)?;
        let is_stretched = framing.window[1] - framing.window[0] != cropped;
        Some(Self::framed(source, frame, wide, framing, is_stretched))
    }

    /// Completes a reframing with its map.
    fn framed(source: Size, frame: Size, wide: bool, framing: Framing, is_stretched: bool) -> Self {
        let [[_, height], [columns, rows]] = [source, frame]
            .map(|size| if wide { [size.height(), size.width()] } else { [size.width(), size.height()] })
            .map(|sides| sides.map(u64::from));
        let length = u64::from(framing.window[1] - framing.window[0]);
        // The height of the window when it is scaled to the frame's width.
        let height = ((2 * height * columns + length) / (2 * length)).clamp(1, rows);
        let map = (is_stretched && height < rows)
            .then(|| Map::new(height as u32, rows as u32, &framing.extra, &framing.rigid));
        Self { source, frame, wide, framing, map }
    }

    /// Returns the same reframing of a picture that is reduced to `source` pixels, to a frame that is reduced likewise.
    fn reduced(&self, source: Size, frame: Size) -> Self {
        let [start, end] = self.framing.window;
        let [whole, small] =
            [self.source, source].map(|size| if self.wide { size.height() } else { size.width() }).map(u64::from);
        // A window keeps at least one column.
        let end = (u64::from(end) * small).div_ceil(whole) as u32;
        let start = (u64::from(start) * small / whole) as u32;
        let framing = Framing { window: [start, end], ..self.framing.clone() };
        Self::framed(source, frame, self.wide, framing, self.map.is_some())
    }

    pub(super) fn plausibility(&self) -> PerMille {
        // A frame of the source's own shape shows the source as it is.
        if self.frame.cmp_shape(self.source).is_eq() { PerMille::WHOLE } else { self.framing.plausibility }
    }

    /// Returns the part of the source that is shown.
    pub(super) fn shown(&self) -> Rect {
        let [start, end] = self.framing.window;
        if self.wide {
            rect([0, self.source.width()], [start, end])
        } else {
            rect([start, end], [0, self.source.height()])
        }
    }

    /// Returns where the frame shows `focus`. A stretch is no single scale, so the part of the source that the result
    /// names is the focus itself.
    pub(super) fn reframing(&self, focus: Focus) -> Reframing {
        let whole = Rect::new(0, 0, self.frame);
        let Some(map) = self.map.as_ref().filter(|_| !focus.is_centre()) else {
            return Reframing::new(self.source, self.shown(), whole);
        };
        let [x, y] = pixels(focus, self.source);
        let [columns, rows] = if self.wide { [y, x] } else { [x, y] };
        let turn = |size: Size| if self.wide { [size.height(), size.width()] } else { [size.width(), size.height()] };
        let ([wide, high], [_, source_rows]) = (turn(self.frame), turn(self.source));
        let [start, end] = self.framing.window;
        let across =
            columns.map(|at| i64::from(at.clamp(start, end) - start) * i64::from(wide) * ONE / i64::from(end - start));
        let along = rows.map(|at| map.place(i64::from(at) * i64::from(map.rows()) * ONE / i64::from(source_rows)));
        let [across, along] = [outwards(across, wide), outwards(along, high)];
        let place = if self.wide { rect(along, across) } else { rect(across, along) };
        Reframing::new(self.source, rect(x, y), place)
    }

    /// Describes the reframing in words.
    pub(super) fn describe(&self) -> String {
        let shown = self.shown();
        let (axis, kept, lines) = if self.wide {
            ("height", u64::from(shown.height()) * 1000 / u64::from(self.source.height()), "columns")
        } else {
            ("width", u64::from(shown.width()) * 1000 / u64::from(self.source.width()), "rows")
        };
        let kept = PerMille::rounded_down(u128::from(kept), 1000);
        let mut text =
            if kept == PerMille::WHOLE { "the whole source".into() } else { format!("{kept} of the {axis} kept") };
        if let Some(map) = &self.map {
            let tenths = map.most() * 10 / ONE;
            // Writing to a `String` cannot fail, so the result is ignored.
            let _ = write!(text, ", {lines} stretched up to {}.{} times", tenths / 10, tenths % 10);
        }
        text
    }

    /// Makes the pixels of `frame` from `picture`. Both are those that were planned, or both are reduced.
    pub(super) fn apply(&self, picture: &Picture, frame: Size) -> Picture {
        if (picture.size(), frame) != (self.source, self.frame) {
            return self.reduced(picture.size(), frame).apply(picture, frame);
        }
        let shown = self.shown();
        let Some(map) = &self.map else {
            return resample(picture, shown, self.frame, Filter::Lanczos3);
        };
        if self.wide {
            let size = Size::new(map.rows(), self.frame.height()).expect("invariant: both sides are valid");
            transposed(&map.apply(&transposed(&resample(picture, shown, size, Filter::Lanczos3))))
        } else {
            let size = Size::new(self.frame.width(), map.rows()).expect("invariant: both sides are valid");
            map.apply(&resample(picture, shown, size, Filter::Lanczos3))
        }
    }
}

/// Returns the columns and the rows of a region of the source, in pixels. A point has one pixel.
fn pixels(region: Focus, source: Size) -> [[u32; 2]; 2] {
    let [left, top, right, bottom] = region.edges_px(source, None);
    let span = |start: u32, end: u32, whole: u32| {
        let start = start.min(whole - 1);
        [start, end.max(start + 1)]
    };
    [span(left, right, source.width()), span(top, bottom, source.height())]
}

/// Rounds a range in Q16 outwards to whole pixels of a side.
fn outwards([start, end]: [i64; 2], side: u32) -> [u32; 2] {
    let start = u32::try_from(start >> 16).unwrap_or(0).min(side - 1);
    let end = u32::try_from((end + ONE - 1) >> 16).unwrap_or(side);
    [start, end.clamp(start + 1, side)]
}

fn rect(columns: [u32; 2], rows: [u32; 2]) -> Rect {
    let size =
        Size::new(columns[1] - columns[0], rows[1] - rows[0]).expect("invariant: a range has at least one pixel");
    Rect::new(columns[0], rows[0], size)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn size(width: u32, height: u32) -> Size {
        Size::new(width, height).unwrap()
    }

    fn analysis(source: Size) -> Analysis {
        let pixels = (0..source.area() * 3).map(|at| (at * 7919 % 251) as u8).collect();
        Analysis::of(&Picture::from_rgb(source, pixels).unwrap())
    }

    fn planned(source: Size, frame: Size, keep: Keep) -> Option<Reframe> {
        let whole = Rect::new(0, 0, frame);
        let demands = Demands { protected: &[], surviving: whole, safe_area: whole, focus: Focus::CENTRE, keep };
        Reframe::plan(&analysis(source), frame, &demands)
    }

    fn framed(source: Size, frame: Size, wide: bool, window: [u32; 2]) -> Reframe {
        let framing =
            Framing { window, extra: vec![ONE; 2], rigid: vec![false; 2], plausibility: PerMille::ZERO, cost: 0 };
        Reframe::framed(source, frame, wide, framing, true)
    }

    #[test]
    fn below_a_nearness_of_5_per_mille_there_is_no_reframing() {
        assert!(planned(size(200, 1), size(1, 1), Keep::Auto).is_some());
        assert!(planned(size(201, 1), size(1, 1), Keep::Auto).is_none());
    }

    #[test]
    fn a_frame_of_the_sources_own_shape_is_fully_plausible_and_not_stretched() {
        let plan = planned(size(20, 10), size(40, 20), Keep::Auto).unwrap();
        assert_eq!((plan.plausibility(), plan.map.is_none()), (PerMille::WHOLE, true));
        assert_eq!(plan.describe(), "the whole source");
        assert!(planned(size(20, 10), size(40, 21), Keep::All).unwrap().plausibility() < PerMille::WHOLE);
    }

    #[test]
    fn a_wide_frame_stretches_columns_and_a_tall_one_rows() {
        let wide = planned(size(30, 30), size(60, 30), Keep::All).unwrap();
        assert!(wide.describe().starts_with("the whole source, columns stretched up to "), "{}", wide.describe());
        let tall = planned(size(30, 30), size(30, 60), Keep::All).unwrap();
        assert!(tall.describe().starts_with("the whole source, rows stretched up to "), "{}", tall.describe());
    }

    #[test]
    fn a_description_names_the_part_of_the_width_or_the_height_that_is_kept() {
        let [tall, wide] = [false, true].map(|wide| framed(size(30, 30), size(20, 20), wide, [3, 13]));
        assert_eq!(tall.describe(), "33.3 % of the width kept");
        assert_eq!(wide.describe(), "33.3 % of the height kept");
        let stretched = framed(size(20, 40), size(20, 90), false, [0, 20]);
        assert_eq!(stretched.describe(), "the whole source, rows stretched up to 2.2 times");
        assert_eq!((tall.shown(), wide.shown()), (Rect::new(3, 0, size(10, 30)), Rect::new(0, 3, size(30, 10))));
    }

    #[test]
    fn the_height_before_the_stretch_is_rounded_to_the_nearest_row() {
        let rows = |length: u32, frame: Size| framed(size(9, 10), frame, false, [0, length]).map.map(|map| map.rows());
        assert_eq!([rows(4, size(3, 20)), rows(8, size(3, 20)), rows(7, size(3, 20))], [Some(8), Some(4), Some(4)]);
        assert_eq!(
            (rows(9, size(900, 1000)), rows(9, size(900, 1001))),
            (None, Some(1000)),
            "no map without a stretch"
        );
        assert_eq!(rows(9, size(900, 999)), None, "a rounded crop");
    }

    #[test]
    fn the_window_of_a_reduced_picture_is_rounded_outwards() {
        let window = |window: [u32; 2]| {
            let plan = framed(size(100, 50), size(100, 90), false, window);
            plan.reduced(size(10, 5), size(10, 9)).framing.window
        };
        assert_eq!([[33, 67], [30, 70], [30, 31], [99, 100]].map(window), [[3, 7], [3, 7], [3, 4], [9, 10]]);
        let wide = framed(size(50, 100), size(90, 100), true, [33, 67]);
        assert_eq!(wide.reduced(size(5, 10), size(9, 10)).framing.window, [3, 7]);
    }

    #[test]
    fn a_range_is_rounded_outwards_to_pixels_and_has_at_least_one() {
        let ranges = [[ONE / 2, ONE + 1], [ONE, 2 * ONE], [3 * ONE, 3 * ONE], [10 * ONE, 11 * ONE]];
        assert_eq!(ranges.map(|range| outwards(range, 10)), [[0, 2], [1, 2], [3, 4], [9, 10]]);
    }

    #[test]
    fn a_focal_point_has_one_pixel_of_the_source() {
        let point = |at: u16| Focus::point(PerMille::new(at).unwrap(), PerMille::new(1000 - at).unwrap());
        let pixels = [0, 500, 1000].map(|at| pixels(point(at), size(10, 20)));
        assert_eq!(pixels, [[[0, 1], [19, 20]], [[5, 6], [10, 11]], [[9, 10], [0, 1]]]);
    }
}
