//! Bars: runs of lines of one colour along a side that end at a straight, sharp edge.

use std::ops::Range;

use super::Bar;
use super::blocks::{Area, Block, FLAT, MIN_BLOCK, Pixels, Side, Tone, largest, median, per_mille, straight};

/// In pixels. In less there are too few blocks to speak of most of an edge.
const MIN_SIDE: u32 = 32;

/// Levels that noise may add to [`FLAT`], at most: three halves of the mean deviation of noise of 6 or so.
const NOISE: i32 = 8;
/// Per mille of a line's blocks that may be off for all that: 1 in 16, for JPEG where an edge nears.
const STRAY: usize = 62;
/// Lines between the first one that is off and the edge: JPEG blurs colour in squares of 16.
const DIRTY: usize = 16;
/// Blended lines that belong to the bar.
const SOFT: usize = 3;
/// Lines to read from the first one that is off: those, and one to compare the last of them with.
const REACH: u32 = 16 + 3 + 2;
/// Lines before the edge in which the difference has been at most a quarter. What grows slower is a gradient.
const SHARP: usize = 3;
/// The difference of a block that counts in full, in eighths of a level: an edge is told by its breadth, not by one
/// block of great contrast.
const FULL: i32 = 64 * 8;

/// Per mille of blocks behind the edge that differ clearly, of two twins together and of each.
const PAIR_SUM: usize = 1000;
const PAIR_EACH: usize = 100;
/// The same where bars of one colour meet at a corner, which is what a subject in front of a backdrop has around it: a
/// disc or a car has a straight part on either side, but no straight side.
const CORNER_SUM: usize = 1600;
const CORNER_EACH: usize = 700;
/// Of each of two twins away from corners whose widths are equal, within a pixel, which hardly occurs by chance.
const EXACT_PAIR_EACH: usize = 250;
/// Behind the edge of a bar without a twin: all but what a bar of its colour beside it takes, up to an eighth, where
/// that is not found yet since another bar ends it.
const LONE: usize = 860;
/// The part of the picture that a bar without a twin may take: an eighth.
const LONE_PART: u32 = 8;
/// Levels by which what lies behind it differs on average.
const LONE_CONTRAST: i32 = 24;
/// Frames in frames, at most.
const NESTED: u32 = 8;

/// A run of flat lines along a side.
#[derive(Clone, Copy)]
struct Run {
    tone: Tone,
    /// How many lines.
    length: u32,
    /// Whether the outermost line has no gradient.
    is_even: bool,
}

/// A run that ends sharply.
#[derive(Clone, Copy)]
struct Edge {
    tone: Tone,
    width: u32,
    /// Per mille of the blocks behind it that differ clearly.
    clear: usize,
    /// Whether a run of its colour meets it at a corner.
    meets_another: bool,
    /// Whether it does without a twin.
    stands_alone: bool,
}

impl Pixels<'_> {
    /// The widths and colours of the bars at the top, the bottom, the left and the right, and what they leave.
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
                if let (0, Some(edge)) = (bar.width, edge) {
                    bar.colour = straight(edge.tone.colour);
                }
                bar.width += edge.map_or(0, |edge| edge.width);
            }
            // Invariant: no bar is wider than half of what it is found in.
            let [top, bottom, left, right] = found.map(|edge| edge.map_or(0, |edge| edge.width));
            area.top += top;
            area.bottom -= bottom;
            area.left += left;
            area.right -= right;
        }
        (bars, area)
    }

    fn outermost(&self, area: Area) -> [Option<Edge>; 4] {
        let [top, bottom, left, right] =
            [Side::Top, Side::Bottom, Side::Left, Side::Right].map(|side| self.run(area, side));
        let edge = |side, run: Option<Run>, [before, after]: [Option<Run>; 2]| {
            let run = run?;
            let beside =
                |other: Option<Run>| other.filter(|other| other.tone.is_like(&run.tone)).map_or(0, |run| run.length);
            let span = area.span(side);
            self.edge(area, side, &(span.start + beside(before)..span.end - beside(after)), run)
        };
        let across = [left, right];
        let [up, down] = trusted(edge(Side::Top, top, across), edge(Side::Bottom, bottom, across));
        let across = [top, bottom];
        let [back, forth] = trusted(edge(Side::Left, left, across), edge(Side::Right, right, across));
        [up, down, back, forth]
    }

    /// The lines of one colour along a side, if they are followed by others in less than half of the area.
    fn run(&self, area: Area, side: Side) -> Option<Run> {
        let span = area.span(side);
        let outermost = |tone| self.line(area, side, 0, &span, tone);
        let absolute: Vec<Block> = outermost(Tone::of([0; 4])).collect();
        let mut tone = Tone::of(median(absolute.iter().copied()));
        let is_even = absolute.chunks(absolute.len().div_ceil(4)).all(|quarter| {
            let colour = median(quarter.iter().copied());
            tone.colour.iter().zip(colour).all(|(all, quarter)| (all - quarter).abs() <= FLAT)
        });
        let (noise, count) = outermost(tone)
            .fold((0, 0), |(noise, count), block| (noise + largest(block.deviation), count + block.count));
        tone.flat += (3 * noise / (2 * count.max(1))).min(NOISE);
        tone.clear = 2 * tone.flat;
        let is_off =
            |line: &u32| per_mille(self.line(area, side, *line, &span, tone), |block| !block.is_flat(&tone)) > STRAY;
        let length = (0..area.depth(side) / 2 - REACH.min(area.depth(side) / 4)).find(is_off)?;
        (length > 0).then_some(Run { tone, length, is_even })
    }

    fn edge(&self, area: Area, side: Side, span: &Range<u32>, run: Run) -> Option<Edge> {
        let Run { tone, length, is_even } = run;
        if span.len() < MIN_BLOCK as usize {
            return None;
        }
        let lines: Vec<Vec<Block>> = (length - 1..(length + REACH).min(area.depth(side) / 2))
            .map(|line| self.line(area, side, line, span, tone).collect())
            .collect();
        let differences: Vec<i32> =
            lines.iter().map(|line| line.iter().map(|block| block.offset().min(FULL)).sum()).collect();
        let growth = differences.iter().zip(differences.iter().skip(1)).map(|(before, after)| after - before);
        let (last, _) = growth.take(DIRTY).enumerate().max_by_key(|&(_, growth)| growth)?;
        let is_blend = |line: &usize| {
            lines.get(*line).zip(lines.get(line + 1)).is_some_and(|(line, next)| is_blended(line, next, &tone))
        };
        let soft = (last + 1..).take(SOFT).take_while(is_blend).count();
        let (first, difference) = (lines.get(last + 1 + soft)?, *differences.get(last + 1 + soft)?);
        if differences.get(last.saturating_sub(SHARP)..=last)?.iter().all(|before| 4 * before > difference) {
            return None;
        }
        let width = length + u32::try_from(last + soft).ok()?;
        let clear = per_mille(first.iter().copied(), Block::is_clear);
        let stands_alone = is_even
            && clear >= LONE
            && width <= self.whole().depth(side) / LONE_PART
            && difference >= 8 * LONE_CONTRAST * i32::try_from(first.len()).ok()?
            && self.is_apart(area, side, span, width, tone);
        Some(Edge { tone, width, clear, meets_another: *span != area.span(side), stands_alone })
    }

    /// Whether what follows `width` lines stays different from them, and is of more than one colour itself.
    fn is_apart(&self, area: Area, side: Side, span: &Range<u32>, width: u32, tone: Tone) -> bool {
        let line = |depth: u32, tone| self.line(area, side, width + depth, span, tone);
        let stays = |depth: u32| per_mille(line(depth, tone), Block::is_clear) >= 500;
        let varies = |depth: u32| {
            let own = Tone { colour: median(line(depth, Tone::of([0; 4]))), ..tone };
            per_mille(line(depth, own), |block| !block.is_flat(&own)) >= 400
        };
        // Beyond a thin line that the bar is set off by, or the gap behind a plank. Invariant: the bar takes less than
        // half of at least 32 lines, so there are as many behind it.
        [3, 8, 16].into_iter().all(stays) && [3, 6, 9, 12, 16].into_iter().any(varies)
    }
}

/// Of opposite edges those that are bars.
fn trusted(a: Option<Edge>, b: Option<Edge>) -> [Option<Edge>; 2] {
    if let (Some(one), Some(other)) = (a, b) {
        let apart = one.width.abs_diff(other.width);
        let are_twins = one.tone.is_like(&other.tone) && apart <= 2 + one.width.min(other.width) / 8;
        let (least, sum) = (one.clear.min(other.clear), one.clear + other.clear);
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

/// Whether a line is the next one mixed with the bar: nearly all of its blocks are nearer to the bar, by an eighth at
/// least. Where a photograph begins, some are and some are not.
fn is_blended(line: &[Block], next: &[Block], tone: &Tone) -> bool {
    let telling = line.iter().zip(next).filter(|(_, next)| next.offset() > 8 * tone.clear);
    let (soft, all) = telling.fold((0, 0), |(soft, all), (block, next)| {
        (soft + u32::from(8 * block.offset() <= 7 * next.offset()), all + 1)
    });
    all > 0 && 5 * soft >= 4 * all
}
