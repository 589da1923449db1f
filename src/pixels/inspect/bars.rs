//! Bars: runs of lines of one colour along a side that end at a straight, sharp edge.
//!
//! The search has three steps, which are repeated on the area inside the bars that were found:
//!
//! 1. `run` measures, for each side, the colour and the noise of the outermost line, and counts the lines up to the
//!    first that differs.
//! 2. `edge` looks for a sharp edge near the end of that run, and measures how distinct it is.
//! 3. `trusted` decides which of two opposite edges end a bar.

use std::ops::Range;

use super::Bar;
use super::blocks::{Area, BlockStats, FLAT, MIN_BLOCK, Pixels, Side, Tone, largest, median, per_mille, straight};

/// The shortest side, in pixels, of an area that is searched. A shorter edge has too few blocks for the thresholds.
const MIN_SIDE: u32 = 32;

/// The most levels that noise may add to [`FLAT`]: 1.5 times the mean abs_sum of noise with a standard abs_sum of
/// about 6.
const NOISE: i32 = 8;
/// The share of a line's blocks, in per mille, that may differ within a run: 1 in 16. JPEG artefacts near an edge cause
/// such blocks.
const STRAY: usize = 62;
/// The most lines between the end of a run and the edge. JPEG with 4:2:0 chroma blurs colour in squares of 16 pixels.
const DIRTY: usize = 16;
/// The most blended lines that belong to the bar.
const SOFT: usize = 3;
/// The number of lines that are read behind a run: `DIRTY`, `SOFT`, the first line of the picture, and one more, with
/// which the last blended line is compared.
const REACH: u32 = 16 + 3 + 2;
/// The number of lines before the edge within which the difference must grow from a quarter to the whole. A slower
/// growth is a gradient.
const SHARP: usize = 3;
/// The difference at which a block counts in full, in eighths of a level. The cap makes many blocks of medium contrast
/// weigh more than one block of high contrast.
const FULL: i32 = 64 * 8;

/// The least share of distinct blocks behind the edge, in per mille: of both twins added up.
const PAIR_SUM: usize = 1000;
/// The same for each of two twins.
const PAIR_EACH: usize = 100;
/// [`PAIR_SUM`] where bars of one colour meet at a corner. A subject in front of a backdrop has such bars around it.
/// Its outline may be straight for a part of each side, as a disc's or a car's is, but not for a whole side.
const CORNER_SUM: usize = 1600;
/// [`PAIR_EACH`] where bars of one colour meet at a corner.
const CORNER_EACH: usize = 700;
/// The least share for each of two twins away from corners whose widths are equal within a pixel. Equal widths are rare
/// by chance, so the sum of both does not matter.
const EXACT_PAIR_EACH: usize = 250;
/// The least share for a bar without a twin. The rest, up to an eighth, may be hidden by an adjacent bar of the same
/// colour that is not found yet, since another bar ends it.
const LONE: usize = 860;
/// A bar without a twin may take at most one part in this many of the picture.
const LONE_PART: u32 = 8;
/// The least mean difference, in levels, of the line behind a bar without a twin.
const LONE_CONTRAST: i32 = 24;
/// The most bars that are nested in each other at a side.
const NESTED: u32 = 8;

/// A run of flat lines along a side.
#[derive(Clone, Copy)]
struct Run {
    tone: Tone,
    /// The number of lines.
    length: u32,
    /// Whether the outermost line has the same colour from end to end.
    is_even: bool,
}

/// The sharp edge that ends a run.
#[derive(Clone, Copy)]
struct Edge {
    tone: Tone,
    /// The number of lines in front of the edge, blended lines included.
    width: u32,
    /// The share of the blocks behind the edge that are distinct from the bar, in per mille.
    distinct: usize,
    /// Whether a run of the same colour meets this one at a corner.
    meets_another: bool,
    /// Whether the edge ends a bar even without a twin.
    stands_alone: bool,
}

impl Pixels<'_> {
    /// Finds the bars at the top, the bottom, the left and the right, in this order, and the area inside them.
    pub(super) fn bars(&self, whole: Area) -> ([Bar; 4], Area) {
        let mut bars = [Bar::default(); 4];
        let mut area = whole;
        for _ in 0..NESTED {
            if area.depth(Side::Top).min(area.depth(Side::Left)) < MIN_SIDE {
                break;
            }
            let found = self.outermost(area);
            if found.iter().all(Option::is_none) {
                break;
            }
            for (bar, edge) in bars.iter_mut().zip(found) {
                // The first bar that is found at a side is the outermost.
                if let (0, Some(edge)) = (bar.width, edge) {
                    bar.colour = straight(edge.tone.colour);
                }
                bar.width += edge.map_or(0, |edge| edge.width);
            }
            // Invariant: a bar takes less than half of the area that it is found in, so the area does not become empty.
            let [top, bottom, left, right] = found.map(|edge| edge.map_or(0, |edge| edge.width));
            area.top += top;
            area.bottom -= bottom;
            area.left += left;
            area.right -= right;
        }
        (bars, area)
    }

    /// Finds the outermost bar at each side of the area: top, bottom, left, right.
    fn outermost(&self, area: Area) -> [Option<Edge>; 4] {
        // All four runs are measured first, since the run of a side bounds the edges of its two neighbours.
        let [top, bottom, left, right] =
            [Side::Top, Side::Bottom, Side::Left, Side::Right].map(|side| self.run(area, side));
        let edge = |side, run: Option<Run>, [before, after]: [Option<Run>; 2]| {
            let run = run?;
            // The edge is judged only between the runs of the same colour at its ends.
            let beside =
                |other: Option<Run>| other.filter(|other| other.tone.is_like(&run.tone)).map_or(0, |run| run.length);
            let span = area.span(side);
            self.edge(area, side, &(span.start + beside(before)..span.end - beside(after)), run)
        };
        // The lines at the top and the bottom begin and end in the runs at the left and the right.
        let across = [left, right];
        let [up, down] = trusted(edge(Side::Top, top, across), edge(Side::Bottom, bottom, across));
        let across = [top, bottom];
        let [back, forth] = trusted(edge(Side::Left, left, across), edge(Side::Right, right, across));
        [up, down, back, forth]
    }

    /// Counts the lines of one colour along a side. `None` if there are none, or if they take about half of the area or
    /// more.
    fn run(&self, area: Area, side: Side) -> Option<Run> {
        let span = area.span(side);
        // Compared with zero, the sum of a block is that of its pixels, which `median` needs.
        let outermost = |tone| self.line(area, side, 0, &span, tone);
        // The colour is the median of the blocks' means. The medians of four parts of the line must agree with it for
        // an even line. A median is not moved by the few blocks that a logo or a subject covers.
        let absolute: Vec<BlockStats> = outermost(Tone::new([0; 4])).collect();
        let mut tone = Tone::new(median(absolute.iter().copied()));
        let is_even = absolute.chunks(absolute.len().div_ceil(4)).all(|quarter| {
            let colour = median(quarter.iter().copied());
            tone.colour.iter().zip(colour).all(|(all, quarter)| (all - quarter).abs() <= FLAT)
        });
        // The mean abs_sum from the colour in the outermost line estimates the noise, which widens the tolerance.
        let (noise, count) =
            outermost(tone).fold((0, 0), |(noise, count), block| (noise + largest(block.abs_sum), count + block.count));
        // The tolerance grows by 1.5 times the mean abs_sum, so that the means of noisy blocks stay below it.
        tone.flat += (3 * noise / (2 * count.max(1))).min(NOISE);
        tone.distinct_above = 2 * tone.flat;
        let is_off =
            |line: &u32| per_mille(self.line(area, side, *line, &span, tone), |block| !block.is_flat(&tone)) > STRAY;
        // The half of the area must have room for the run and, behind it, for the lines in which the edge is looked
        // for. In a small area these are a quarter of it.
        let length = (0..area.depth(side) / 2 - REACH.min(area.depth(side) / 4)).find(is_off)?;
        (length > 0).then_some(Run { tone, length, is_even })
    }

    /// Looks for a sharp edge behind a run, in the part of its lines that `span` names. `None` if there is none.
    fn edge(&self, area: Area, side: Side, span: &Range<u32>, run: Run) -> Option<Edge> {
        let Run { tone, length, is_even } = run;
        if span.len() < MIN_BLOCK as usize {
            return None;
        }
        // Index 0 is the last line of the run.
        let lines: Vec<Vec<BlockStats>> = (length - 1..(length + REACH).min(area.depth(side) / 2))
            .map(|line| self.line(area, side, line, span, tone).collect())
            .collect();
        // The difference of a line is the sum over its blocks, in eighths of a level.
        let differences: Vec<i32> =
            lines.iter().map(|line| line.iter().map(|block| block.offset().min(FULL)).sum()).collect();
        // The edge is behind line `last`, after which the difference grows the most. Blended lines may follow it. The
        // largest growth and not the first is the edge, since JPEG artefacts can end a run some lines before it.
        let growth = differences.iter().zip(differences.iter().skip(1)).map(|(before, after)| after - before);
        let (last, _) = growth.take(DIRTY).enumerate().max_by_key(|&(_, growth)| growth)?;
        let is_blend = |line: &usize| {
            lines.get(*line).zip(lines.get(line + 1)).is_some_and(|(line, next)| is_blended(line, next, &tone))
        };
        let soft = (last + 1..).take(SOFT).take_while(is_blend).count();
        // The first line of the picture, with its difference from the bar.
        let (first, difference) = (lines.get(last + 1 + soft)?, *differences.get(last + 1 + soft)?);
        // A sharp edge has a line close before it that shows at most a quarter of the difference. In a gradient all of
        // these lines show more.
        if differences.get(last.saturating_sub(SHARP)..=last)?.iter().all(|before| 4 * before > difference) {
            return None;
        }
        // Index 0 is line `length - 1`, so the edge behind index `last` has `length + last` lines in front of it.
        let width = length + u32::try_from(last + soft).ok()?;
        let distinct = per_mille(first.iter().copied(), BlockStats::is_distinct);
        // The cheap rules come first: `is_apart` reads more lines.
        let stands_alone = is_even
            && distinct >= LONE
            && width <= self.whole().depth(side) / LONE_PART
            && difference >= 8 * LONE_CONTRAST * i32::try_from(first.len()).ok()?
            && self.is_apart(area, side, span, width, tone);
        Some(Edge { tone, width, distinct, meets_another: *span != area.span(side), stands_alone })
    }

    /// Whether the lines behind a bar of `width` lines stay different from it and have more than one colour.
    fn is_apart(&self, area: Area, side: Side, span: &Range<u32>, width: u32, tone: Tone) -> bool {
        let line = |depth: u32, tone| self.line(area, side, width + depth, span, tone);
        let stays = |depth: u32| per_mille(line(depth, tone), BlockStats::is_distinct) >= 500;
        let varies = |depth: u32| {
            // The line is compared with its own median. If it has one colour, as a wall, a sky or the ground has, the
            // edge may belong to the scene.
            let own = Tone { colour: median(line(depth, Tone::new([0; 4]))), ..tone };
            per_mille(line(depth, own), |block| !block.is_flat(&own)) >= 400
        };
        // Some of the depths are behind a thin line that separates the bar from the picture, or behind the gap after a
        // plank. Invariant: the bar takes less than half of an area of at least 32 lines, so line `width + 16` exists.
        [3, 8, 16].into_iter().all(stays) && [3, 6, 9, 12, 16].into_iter().any(varies)
    }
}

/// Returns which of two opposite edges end bars. Twins confirm each other. Any other edge must stand alone.
fn trusted(a: Option<Edge>, b: Option<Edge>) -> [Option<Edge>; 2] {
    if let (Some(one), Some(other)) = (a, b) {
        // Drawn bars need not be equal: twins may differ by two pixels and an eighth of the narrower one.
        let apart = one.width.abs_diff(other.width);
        let are_twins = one.tone.is_like(&other.tone) && apart <= 2 + one.width.min(other.width) / 8;
        let (least, sum) = (one.distinct.min(other.distinct), one.distinct + other.distinct);
        // Away from corners, one edge may be weak if the other is distinct. At corners, as around a subject, both must
        // be distinct.
        let suffice = if one.meets_another {
            least >= CORNER_EACH && sum >= CORNER_SUM
        } else {
            least >= PAIR_EACH && sum >= PAIR_SUM || apart <= 1 && least >= EXACT_PAIR_EACH
        };
        if are_twins && suffice {
            return [a, b];
        }
    }
    [a, b].map(|edge| edge.filter(|edge| edge.stands_alone))
}

/// Whether `line` is a blend of the bar and the line behind it, `next`.
///
/// Then at least 80 % of its blocks are closer to the bar than the blocks of `next`, by an eighth or more. At the edge
/// of a photograph, some blocks are closer and some are not. Blocks that hardly differ from the bar in `next` are left
/// out.
fn is_blended(line: &[BlockStats], next: &[BlockStats], tone: &Tone) -> bool {
    let telling = line.iter().zip(next).filter(|(_, next)| next.offset() > 8 * tone.distinct_above);
    let (soft, all) = telling.fold((0, 0), |(soft, all), (block, next)| {
        // A block is closer to the bar if its difference is at most seven eighths of that of the block behind it.
        (soft + u32::from(8 * block.offset() <= 7 * next.offset()), all + 1)
    });
    all > 0 && 5 * soft >= 4 * all
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::pixels::picture::Picture;
    use crate::size::Size;

    /// The widths of the bars at the top, the bottom, the left and the right of a drawn picture.
    fn widths(width: u32, height: u32, colour: impl Fn(u32, u32) -> [u8; 3]) -> [u32; 4] {
        let pixels =
            (0..height).flat_map(|y| (0..width).map(move |x| (x, y))).flat_map(|(x, y)| colour(x, y)).collect();
        let picture = Picture::from_rgb(Size::new(width, height).unwrap(), pixels).unwrap();
        let pixels = Pixels { picture: &picture };
        pixels.bars(pixels.whole()).0.map(|bar| bar.width)
    }

    /// The width of the black bar at the top of a picture of stripes with the same lines at the top and at the bottom.
    /// `lines` has the levels of two alternating blocks behind the first `bar` lines.
    fn letterbox(bar: u32, lines: &[[u8; 2]]) -> u32 {
        let height = 160;
        let [top, bottom, ..] = widths(128, height, |x, y| {
            let depth = y.min(height - 1 - y);
            match depth.checked_sub(bar).and_then(|behind| lines.get(behind as usize)) {
                Some(levels) => [levels[x as usize / 8 % 2]; 3],
                None if depth < bar => [0; 3],
                None => [[175, 255][x as usize / 8 % 2]; 3],
            }
        });
        assert_eq!(top, bottom);
        top
    }

    /// An edge behind `width` lines, of which `distinct` per mille of the blocks are distinct.
    fn edge(width: u32, distinct: usize, meets_another: bool) -> Edge {
        Edge { tone: Tone::new([50; 4]), width, distinct, meets_another, stands_alone: false }
    }

    fn are_twins(one: Edge, other: Edge) -> bool {
        let both = trusted(Some(one), Some(other)).map(|edge| edge.is_some());
        assert_eq!(both[0], both[1]);
        both[0]
    }

    #[test]
    fn one_twin_may_be_weak_if_both_are_distinct_to_1000_per_mille_together() {
        let pair = |one, other| are_twins(edge(20, one, false), edge(22, other, false));
        assert!(pair(100, 900) && !pair(100, 899) && !pair(99, 1000));
    }

    #[test]
    fn twins_of_equal_width_need_250_per_mille_each() {
        let pair = |apart: u32, distinct| are_twins(edge(20, distinct, false), edge(20 + apart, distinct, false));
        assert!(pair(0, 250) && pair(1, 250) && !pair(1, 249) && !pair(2, 250));
    }

    #[test]
    fn twins_that_meet_another_bar_at_a_corner_need_1600_together_and_700_each() {
        let pair = |one, other| are_twins(edge(20, one, true), edge(20, other, true));
        assert!(pair(700, 900) && !pair(700, 899) && !pair(699, 1000) && !pair(799, 800));
    }

    #[test]
    fn twins_differ_by_at_most_two_pixels_and_an_eighth_of_the_narrower() {
        let pair = |one, other| are_twins(edge(one, 1000, false), edge(other, 1000, false));
        assert!(pair(16, 20) && !pair(16, 21) && pair(7, 9) && !pair(7, 10));
        let mut other = edge(20, 1000, false);
        other.tone.colour = [58; 4];
        assert!(are_twins(edge(20, 1000, false), other), "a similar colour");
        other.tone.colour = [59; 4];
        assert!(!are_twins(edge(20, 1000, false), other));
    }

    #[test]
    fn an_edge_without_a_twin_must_stand_alone() {
        let alone = Edge { stands_alone: true, ..edge(20, 100, false) };
        let found = |a, b| trusted(a, b).map(|edge| edge.is_some());
        assert_eq!(found(Some(alone), None), [true, false]);
        assert_eq!(found(Some(edge(20, 1000, false)), Some(alone)), [true, true]);
        assert_eq!(found(Some(edge(40, 1000, false)), Some(alone)), [false, true]);
    }

    #[test]
    fn a_blended_line_is_closer_to_the_bar_by_an_eighth_in_four_fifths_of_its_blocks() {
        let tone = Tone::new([0; 4]);
        let blocks = |levels: [i32; 5]| levels.map(|level| BlockStats::measure([[level; 4]].into_iter(), &tone));
        let is_blended = |line, next| is_blended(&blocks(line), &blocks(next), &tone);
        assert!(is_blended([70; 5], [80; 5]) && !is_blended([71; 5], [80; 5]));
        assert!(is_blended([70, 70, 70, 70, 80], [80; 5]) && !is_blended([70, 70, 70, 80, 80], [80; 5]));
        // Blocks that hardly differ from the bar do not count.
        assert!(is_blended([70, 8, 8, 8, 8], [80, 8, 8, 8, 8]) && !is_blended([0; 5], [8; 5]));
        assert!(is_blended([0; 5], [9; 5]));
    }

    #[test]
    fn up_to_three_blended_lines_belong_to_the_bar() {
        assert_eq!(letterbox(10, &[]), 10);
        assert_eq!(
            letterbox(10, &[[100, 120], [115, 138], [132, 158], [152, 182]]),
            13,
            "the picture begins with the fourth line"
        );
        assert_eq!(letterbox(10, &[[100, 120], [115, 138], [132, 158]]), 13);
        assert_eq!(letterbox(10, &[[100, 120]]), 11);
    }

    #[test]
    fn an_edge_is_sharp_if_one_of_three_lines_before_it_shows_a_quarter_of_the_difference() {
        // The difference counts up to 64 levels.
        assert_eq!(letterbox(10, &[17, 16, 17, 20, 40].map(|level| [level; 2])), 15);
        assert_eq!(letterbox(10, &[17, 17, 17, 20, 40].map(|level| [level; 2])), 0, "more than a quarter");
        assert_eq!(letterbox(10, &[17, 16, 17, 17, 20, 40].map(|level| [level; 2])), 0, "one line farther away");
    }

    #[test]
    fn an_edge_is_searched_for_in_16_lines_behind_the_run() {
        assert_eq!((letterbox(10, &[[6; 2]; 15]), letterbox(10, &[[6; 2]; 16])), (25, 0));
        let blended = [[[6; 2]; 15].as_slice(), &[[100, 120], [115, 138], [132, 158]]].concat();
        assert_eq!(letterbox(10, &blended), 28, "and three blended lines behind them");
    }

    #[test]
    fn one_block_in_16_of_a_line_may_differ_within_a_run() {
        // A line of 16 blocks with a mark near the side of the picture.
        let bars = |mark: u32| {
            widths(128, 160, |x, y| {
                let depth = y.min(159 - y);
                let is_bar = depth >= 30 || depth == 2 && (40..40 + mark).contains(&x);
                [if is_bar { 175 + (x / 8 % 2) as u8 * 80 } else { 0 }; 3]
            })
        };
        assert_eq!((bars(8), bars(16)), ([30, 30, 0, 0], [0; 4]));
    }

    #[test]
    fn a_picture_with_a_side_under_32_pixels_has_no_bars() {
        let bars = |width: u32, height: u32, bar: u32| {
            widths(width, height, |x, y| {
                let is_bar = y < bar || y >= height - bar;
                [if is_bar { 0 } else { 175 + ((x / 4 + y / 4) % 2) as u8 * 80 }; 3]
            })
        };
        assert_eq!((bars(32, 100, 9), bars(31, 100, 9)), ([9, 9, 0, 0], [0; 4]));
        assert_eq!((bars(100, 32, 5), bars(100, 31, 5)), ([5, 5, 0, 0], [0; 4]));
    }

    #[test]
    fn at_most_8_bars_are_nested_at_a_side() {
        // Any two colours differ by at least 80 levels in a channel.
        let colours = (0..9_u8).map(|at| [at % 4 * 80, at / 4 * 80, 0]).collect::<Vec<_>>();
        let nested = |count: u32| {
            widths(128, 180, |x, y| match y.min(179 - y) / 4 {
                bar if bar < count => colours[bar as usize],
                _ => [100, 100, 175 + (x / 8 % 2) as u8 * 80],
            })
        };
        assert_eq!((nested(8), nested(9)), ([32, 32, 0, 0], [32, 32, 0, 0]));
    }

    /// The width of a bar at the top alone, behind which lines of blocks are some levels lighter and darker.
    fn lone(height: u32, bar: u32, contrast: u8, plain: u32) -> u32 {
        let [top, rest @ ..] = widths(400, height, |x, y| {
            let is_plain = (160..160 + plain).contains(&x);
            [match () {
                () if y < bar || is_plain => 100,
                () if y == bar || (x / 8 + y / 8) % 2 == 0 => 100 + contrast,
                () => 100 - contrast,
            }; 3]
        });
        assert_eq!(rest, [0; 3]);
        top
    }

    #[test]
    fn a_bar_without_a_twin_takes_at_most_an_eighth_of_the_picture() {
        assert_eq!((lone(160, 20, 80, 0), lone(160, 21, 80, 0)), (20, 0));
    }

    #[test]
    fn a_bar_without_a_twin_has_a_contrast_of_24_levels() {
        assert_eq!((lone(160, 16, 24, 0), lone(160, 16, 23, 0)), (16, 0));
    }

    #[test]
    fn a_bar_without_a_twin_has_an_edge_that_is_distinct_to_860_per_mille() {
        // 43 of 50 blocks, and 42.
        assert_eq!((lone(160, 16, 80, 56), lone(160, 16, 80, 64)), (16, 0));
    }

    #[test]
    fn a_bar_without_a_twin_is_followed_by_more_than_one_colour() {
        let followed_by = |is_varied: bool| {
            widths(400, 160, |x, y| match y {
                0..16 => [100; 3],
                _ if is_varied && y >= 28 && x / 8 % 2 == 0 => [255; 3],
                _ => [180; 3],
            })[0]
        };
        // The line at depth 12 varies.
        assert_eq!((followed_by(true), followed_by(false)), (16, 0));
    }

    #[test]
    fn behind_a_bar_without_a_twin_its_colour_does_not_return() {
        // In 26 of 50 blocks of a line.
        let returns_at = |depth: u32| {
            widths(400, 160, |x, y| match y {
                _ if y < 16 || y == 16 + depth && x < 208 => [100; 3],
                _ => [180 + (x / 8 % 2) as u8 * 75; 3],
            })[0]
        };
        assert_eq!([3, 8, 16, 20].map(returns_at), [0, 0, 0, 16]);
    }
}
