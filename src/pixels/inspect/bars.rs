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
