//! Places the results of a sheet in rows. The pictures of a row have about one height, and a row fills the width of the
//! sheet where it can.
//!
//! Rows are filled from left to right, from the top, in the order of the results. Banners, which are more than three
//! times as wide as high, come last and in the order of their shape: beside other results they would leave the place
//! above them empty. No picture is enlarged. The pictures of a row stand on one line, so that their captions are level.
//!
//! Widths and heights are tried in steps. The layout that shows the most results is chosen, then one that is at most
//! 1.4 times as high as wide, then the one whose pictures cover the largest share of the sheet.

use std::error::Error;

use smart_resize::Size;

/// The most results on a sheet.
const MAX_RESULTS: usize = 80;
/// The most pixels of the sheet's height. A WebP has at most 16,383.
const MAX_HEIGHT: u32 = 16_000;
/// The longest row, in pixels.
const LONGEST_ROW: u32 = 1500;
/// The space around the results.
pub(super) const MARGIN: u32 = 48;
/// The space between two results of a row, and between two rows.
pub(super) const GAP: (u32, u32) = (32, 34);
/// The steps in which widths and heights are tried.
const STEP: u32 = 20;
/// The lowest row that is tried. A row of results that are smaller is lower.
const LOWEST: u32 = 180;

/// What the layout knows of a result.
#[derive(Clone, Copy)]
pub(super) struct Shape {
    /// The size of the picture. It is not shown larger.
    pub(super) size: Size,
    /// The size of the target. A preview is smaller.
    pub(super) target: Size,
    /// The width and the height of the caption, the latter with the space above it.
    pub(super) caption: (u32, u32),
}

impl Shape {
    /// Returns how wide a banner is for its height, in hundredths. `None` for another shape.
    fn banner(&self) -> Option<u64> {
        let (width, height) = (u64::from(self.target.width()), u64::from(self.target.height()));
        (width > 3 * height).then_some(width * 100 / height)
    }
}

/// The place of a result.
#[derive(Clone, Copy, Debug)]
pub(super) struct Place {
    /// The index of the result.
    pub(super) index: usize,
    /// The lower left corner of its picture.
    pub(super) corner: (u32, u32),
    /// The size in which the picture is shown.
    pub(super) shown: Size,
    /// The width of the place: that of the picture or of the caption, whichever is larger.
    pub(super) width: u32,
}

/// The places of the results that fit on a sheet.
#[derive(Debug)]
pub(super) struct Layout {
    pub(super) places: Vec<Place>,
    /// The width of the sheet without its margins.
    pub(super) width: u32,
    /// The lower edge of the last caption.
    bottom: u32,
}

/// What all layouts of a sheet have in common.
struct Input<'a> {
    shapes: &'a [Shape],
    /// The height of the head.
    head: u32,
    /// The largest width and height of a picture.
    largest: (u32, u32),
}

impl Layout {
    /// Places results below a head of `width` x `head` pixels. The sheet is at least as wide as its head.
    pub(super) fn of(shapes: &[Shape], (width, head): (u32, u32)) -> Result<Self, Box<dyn Error>> {
        // A sheet of few results shows them larger. One of many is wide, since it would be long otherwise.
        let (largest, narrowest) = match shapes.len() {
            ..=1 => ((1100, 740), width),
            2..=3 => ((1100, 560), width),
            4..=12 => ((760, 400), width),
            _ => ((760, 280), width.max(1440)),
        };
        let narrowest = narrowest.min(LONGEST_ROW);
        let input = Input { shapes, head, largest };
        let mut best: Option<((usize, bool, u64), Self)> = None;
        for width in (narrowest..=LONGEST_ROW).step_by(STEP as usize) {
            for height in (LOWEST..=largest.1).step_by(STEP as usize) {
                let layout = input.fill(width, height)?;
                let score = layout.score(head);
                if best.as_ref().is_none_or(|(known, _)| score > *known) {
                    best = Some((score, layout));
                }
            }
        }
        Ok(best.map_or(Self { places: Vec::new(), width: narrowest, bottom: MARGIN + head }, |(_, layout)| layout))
    }

    /// Returns the number of results that are shown, whether the sheet is at most 1.4 times as high as wide, and the
    /// share of the sheet below its head that pictures cover, in millionths.
    fn score(&self, head: u32) -> (usize, bool, u64) {
        let covered: u64 = self.places.iter().map(|place| u64::from(place.shown.area())).sum();
        let whole = u64::from(self.width) * u64::from(self.bottom - head - MARGIN).max(1);
        (self.places.len(), self.bottom * 10 <= self.width * 14, covered * 1_000_000 / whole)
    }

    /// Returns the size of the sheet.
    pub(super) fn size(&self) -> Result<Size, Box<dyn Error>> {
        Ok(Size::new(self.width + 2 * MARGIN, self.bottom + MARGIN)?)
    }
}

impl Input<'_> {
    /// Places the results in rows of at most `width` pixels, whose pictures are about `height` pixels high.
    fn fill(&self, width: u32, height: u32) -> Result<Layout, Box<dyn Error>> {
        let mut layout = Layout { places: Vec::new(), width, bottom: MARGIN + self.head };
        let mut order: Vec<(usize, &Shape)> = self.shapes.iter().enumerate().take(MAX_RESULTS).collect();
        order.sort_by_key(|(_, shape)| shape.banner());
        let mut rest = order.as_slice();
        while let Some((_, first)) = rest.first() {
            let is_banner = first.banner().is_some();
            let alike = rest.iter().take_while(|(_, shape)| shape.banner().is_some() == is_banner).count();
            // A row has at least one result.
            let mut length = 1;
            while length < alike && self.row_width(rest.get(..=length).unwrap_or(rest), width, height)? <= width {
                length += 1;
            }
            let (row, later) = rest.split_at(length);
            let tallest = self.fitting_height(row, width, height)?;
            if !self.place(&mut layout, row, tallest)? {
                break;
            }
            rest = later;
        }
        Ok(layout)
    }

    /// Returns the greatest height, up to a quarter above `height`, at which a row that fits at `height` still fits.
    fn fitting_height(&self, row: &[(usize, &Shape)], width: u32, height: u32) -> Result<u32, Box<dyn Error>> {
        let (mut fits, mut tallest) = (height, (height + height / 4).min(self.largest.1).max(height));
        while fits < tallest {
            let middle = (fits + tallest).div_ceil(2);
            if self.row_width(row, width, middle)? <= width {
                fits = middle;
            } else {
                tallest = middle - 1;
            }
        }
        Ok(fits)
    }

    fn row_width(&self, row: &[(usize, &Shape)], width: u32, height: u32) -> Result<u32, Box<dyn Error>> {
        let width_of = |shape: &Shape| -> Result<u32, Box<dyn Error>> {
            Ok(self.shown(shape, width, height)?.width().max(shape.caption.0))
        };
        let gaps = GAP.0 * (u32::try_from(row.len())?.saturating_sub(1));
        Ok(row.iter().map(|(_, shape)| width_of(shape)).sum::<Result<u32, _>>()? + gaps)
    }

    fn shown(&self, shape: &Shape, width: u32, height: u32) -> Result<Size, Box<dyn Error>> {
        fitted(shape.size, (self.largest.0.min(width), height.min(self.largest.1)))
    }

    /// Adds a row to a layout. Returns `false` if the sheet would be too high.
    fn place(&self, layout: &mut Layout, row: &[(usize, &Shape)], height: u32) -> Result<bool, Box<dyn Error>> {
        let shown = row.iter().map(|(_, shape)| self.shown(shape, layout.width, height));
        let shown = shown.collect::<Result<Vec<_>, _>>()?;
        let gap = if layout.places.is_empty() { 0 } else { GAP.1 };
        let line = layout.bottom + gap + shown.iter().map(|size| size.height()).max().unwrap_or(0);
        let caption = row.iter().map(|(_, shape)| shape.caption.1).max().unwrap_or(0);
        if line + caption + MARGIN > MAX_HEIGHT {
            return Ok(false);
        }
        // A row that is a little too short has wider gaps, so that it ends at the right edge.
        let gaps = u32::try_from(row.len())?.saturating_sub(1);
        let missing = layout.width.saturating_sub(self.row_width(row, layout.width, height)?);
        let wider = if missing <= gaps * GAP.0 { missing } else { 0 };
        let mut x = MARGIN;
        for (step, ((index, shape), shown)) in (1..).zip(row.iter().zip(shown)) {
            let width = shown.width().max(shape.caption.0);
            layout.places.push(Place { index: *index, corner: (x, line), shown, width });
            x += width + GAP.0;
            if step <= gaps {
                x += wider * step / gaps - wider * (step - 1) / gaps;
            }
        }
        layout.bottom = line + caption;
        Ok(true)
    }
}

/// Returns the largest size of the shape of `size` within `(width, height)`. A picture is not enlarged.
pub(super) fn fitted(size: Size, (width, height): (u32, u32)) -> Result<Size, Box<dyn Error>> {
    let (whole_width, whole_height) = (u64::from(size.width()), u64::from(size.height()));
    let (wide, high) = (u64::from(width).min(whole_width), u64::from(height).min(whole_height));
    // The side that is used up first decides.
    let (wide, high) = if wide * whole_height <= high * whole_width {
        (wide, (wide * whole_height / whole_width).max(1))
    } else {
        ((high * whole_width / whole_height).max(1), high)
    };
    Ok(Size::new(u32::try_from(wide)?, u32::try_from(high)?)?)
}

#[cfg(test)]
mod tests {
    use super::*;

    const HEAD: u32 = 168;
    const CAPTION: u32 = 110;

    fn shape(size: &str, caption: (u32, u32)) -> Shape {
        let size = size.parse().unwrap();
        Shape { size, target: size, caption }
    }

    fn shapes(sizes: &[&str], count: usize, step: usize) -> Vec<Shape> {
        (0..count).map(|at| shape(sizes[at * step % sizes.len()], (200, CAPTION))).collect()
    }

    #[test]
    fn results_overlap_nowhere_and_the_sheet_keeps_its_limits() {
        let sizes = ["1080x1080", "728x90", "1080x1920", "1920x1080", "160x600", "320x50", "65535x1"];
        for count in [0, 1, 2, 3, 5, 13, 79, 80, 81, 200] {
            for step in 1..4 {
                let shapes = shapes(&sizes, count, step);
                let layout = Layout::of(&shapes, (800, HEAD)).unwrap();
                let sheet = layout.size().unwrap();
                let boxes: Vec<_> = layout
                    .places
                    .iter()
                    .map(|place| {
                        let (x, line) = place.corner;
                        assert!(line - place.shown.height() >= MARGIN + HEAD);
                        (x, line - place.shown.height(), x + place.width, line + CAPTION)
                    })
                    .collect();
                for (at, a) in boxes.iter().enumerate() {
                    let apart = |b: &(u32, u32, u32, u32)| a.2 <= b.0 || b.2 <= a.0 || a.3 <= b.1 || b.3 <= a.1;
                    assert!(boxes[..at].iter().all(apart), "result {at} of {count} overlaps another");
                }
                assert!(
                    sheet.height() <= MAX_HEIGHT && (800..=LONGEST_ROW).contains(&(sheet.width() - 2 * MARGIN)),
                    "{sheet}"
                );
                assert!(boxes.iter().all(|b| b.2 <= sheet.width() - MARGIN && b.3 <= sheet.height() - MARGIN));
                assert_eq!(boxes.len(), count.min(MAX_RESULTS));
            }
        }
    }

    #[test]
    fn results_beyond_the_height_limit_are_omitted_from_the_end() {
        // Results as wide as a caption that fills a row: each has a row of its own.
        let tall: Vec<_> = (0..80).map(|_| shape("300x1200", (900, CAPTION))).collect();
        let layout = Layout::of(&tall, (800, HEAD)).unwrap();
        assert!((40..80).contains(&layout.places.len()), "{}", layout.places.len());
        assert!(layout.places.iter().map(|place| place.index).eq(0..layout.places.len()));
        assert!(layout.size().unwrap().height() <= MAX_HEIGHT);
    }

    #[test]
    fn results_keep_their_order_and_banners_come_last() {
        let sizes = ["1080x1080", "728x90", "1080x1920", "970x250", "300x100", "301x100"];
        let shapes = sizes.map(|size| shape(size, (100, CAPTION)));
        let layout = Layout::of(&shapes, (800, HEAD)).unwrap();
        assert!(layout.places.iter().map(|place| place.index).eq([0, 2, 4, 5, 3, 1]));
        let lines: Vec<u32> = layout.places.iter().map(|place| place.corner.1).collect();
        assert!(lines[2] < lines[3], "a banner has a row of banners: {lines:?}");
    }

    #[test]
    fn results_have_their_shape_and_none_is_enlarged() {
        let sizes = ["300x250", "728x90", "1080x1080", "1080x1920", "1920x1080", "3000x100", "1x65535"];
        for count in [1, 5, 20] {
            let shapes = shapes(&sizes, count, 1);
            for place in Layout::of(&shapes, (800, HEAD)).unwrap().places {
                let (size, shown) = (shapes[place.index].size, place.shown);
                assert!(size.covers(shown), "{shown} of {size}");
                // Each side is rounded down by less than a pixel.
                let crossed = [shown.width() * size.height(), shown.height() * size.width()].map(u64::from);
                assert!(
                    crossed[0].abs_diff(crossed[1]) <= u64::from(size.width().max(size.height())),
                    "{shown} of {size}"
                );
            }
        }
    }

    /// Pictures of one shape cover at least 75 % of the sheet below its head.
    #[test]
    fn the_pictures_of_alike_results_cover_most_of_the_sheet() {
        for count in [2, 4, 6, 9, 12] {
            let squares = vec![shape("1200x1200", (200, 0)); count];
            let layout = Layout::of(&squares, (800, HEAD)).unwrap();
            assert!(layout.score(HEAD).2 >= 750_000, "{count}: {:?}", layout.score(HEAD));
        }
    }

    #[test]
    fn a_sheet_has_at_most_80_results() {
        let places = [79, 80, 81]
            .map(|count| Layout::of(&vec![shape("100x80", (90, 20)); count], (800, HEAD)).unwrap().places.len());
        assert_eq!(places, [79, 80, 80]);
    }

    #[test]
    fn a_row_that_is_a_little_too_short_ends_at_the_right_edge_by_wider_gaps() {
        let squares = vec![shape("500x400", (60, CAPTION)); 30];
        let layout = Layout::of(&squares, (800, HEAD)).unwrap();
        for row in layout.places.chunk_by(|a, b| a.corner.1 == b.corner.1) {
            let last = row.last().unwrap();
            let missing = MARGIN + layout.width - (last.corner.0 + last.width);
            assert!(missing == 0 || missing as usize > (row.len() - 1) * 32, "{missing} of {row:?}");
            let gaps: Vec<u32> = row.windows(2).map(|two| two[1].corner.0 - two[0].corner.0 - two[0].width).collect();
            assert!(gaps.iter().all(|gap| (32..=64).contains(gap)), "{gaps:?}");
        }
    }

    #[test]
    fn a_row_is_at_most_a_quarter_higher_than_the_height_that_is_tried() {
        let squares = [shape("1000x1000", (10, 10)); 2];
        let row: Vec<_> = squares.iter().enumerate().collect();
        let fitting = |width, largest| {
            let input = Input { shapes: &squares, head: HEAD, largest };
            input.fitting_height(&row, width, 200).unwrap()
        };
        assert_eq!(fitting(1500, (760, 400)), 250);
        // Two squares and a gap fill the width, or the largest height is reached.
        assert_eq!(fitting(32 + 2 * 230, (760, 400)), 230);
        assert_eq!(fitting(1500, (760, 220)), 220);
    }

    #[test]
    fn the_score_counts_results_then_a_height_of_at_most_1_4_widths_then_the_covered_share() {
        let place = Place { index: 0, corner: (0, 0), shown: Size::new(500, 400).unwrap(), width: 500 };
        let score = |bottom| Layout { places: vec![place], width: 1000, bottom }.score(152);
        assert_eq!((score(1400), score(1401).1), ((1, true, 200_000 * 1_000_000 / 1_200_000), false));
    }

    #[test]
    fn the_side_that_is_used_up_first_decides_and_no_side_is_0() {
        let fitted = |size: &str, largest| fitted(size.parse().unwrap(), largest).unwrap().to_string();
        assert_eq!(fitted("3000x1000", (100, 100)), "100x33");
        assert_eq!(fitted("1000x3000", (100, 100)), "33x100");
        assert_eq!(fitted("65535x1", (100, 100)), "100x1");
        assert_eq!(fitted("80x60", (100, 100)), "80x60");
    }
}
