//! What came back: baked-in frames and bars, and pictures that show nothing.
//!
//! Colours are compared as red, green and blue multiplied by alpha, with alpha as the fourth channel: a clear bar is
//! a bar, and what is hidden under zero alpha does not count. Where something is decided there are integers only.
//!
//! - A **bar** is a run of lines (rows or columns) along a side, all of one colour but for noise, that ends at a
//!   straight, sharp edge: within a few lines most of what lies behind it differs clearly. A sky fades into another
//!   colour, and a backdrop ends raggedly where its subject begins, so neither has such an edge.
//! - A line is read in blocks, since noise averages out in their means. The bar's colour is the median of the blocks
//!   of the outermost line; its noise there tells how far a block may be off.
//! - The edge is the line at which the difference grows the most. Up to three lines behind it that are blends with
//!   the bar, as a resize leaves them, belong to the bar.
//! - Where bars of one colour meet at a corner, each edge is judged between the others only.
//! - Opposite bars of like colour and width vouch for each other: an edge over a dark scene need show on one side
//!   only. They must show better where bars of one colour meet at a corner, since a subject in front of a backdrop has
//!   such bars around it too.
//! - A bar without a twin must be thin and of one colour from end to end, must differ clearly along the whole edge and
//!   lie in front of something varied, and what follows must not fall back to its colour. So a flat wall above a
//!   table edge, a plain strip of ground and a plank before a gap are no bars; nor is, at times, a real one beside
//!   a plain sky.
//! - What lies within the bars is looked at again, so nested bars add up.
//! - A picture is **blank** where all but 1 cell in 200 of a grid keep within 8 levels of one colour, on average. What
//!   a frame leaves of a picture is judged in the same way.
//!
//! What no rule on pixels can tell apart counts as a frame: a flag of three stripes, a poster flat on a white table.
//! A logo or text on a bar hides the bar. Not found are one bar alone that takes more than an eighth of the picture or
//! fades along its length, anything along a side under 32 pixels, and, in a JPEG, most bars of one or two pixels.
//!
//! ```
//! use smart_resize::{Picture, Rect, Size, inspect};
//!
//! // A letterbox: 12 black rows above and below a picture of stripes.
//! let size = Size::new(96, 96)?;
//! let stripe = |x: u32, y: u32| if y < 12 || y >= 84 { 0 } else { 60 + (x as u8 / 6 % 4) * 60 };
//! let pixels = (0..96).flat_map(|y| (0..96).flat_map(move |x| [stripe(x, y); 3])).collect();
//! let frame = inspect(&Picture::from_rgb(size, pixels)?).frame.unwrap();
//! assert_eq!(frame.to_string(), "a frame: 12 px at the top, 12 px at the bottom");
//! assert_eq!(frame.interior(size), Some(Rect::new(0, 12, Size::new(96, 72)?)));
//!
//! let white = inspect(&Picture::from_rgb(size, vec![255; 96 * 96 * 3])?).blank.unwrap();
//! assert_eq!(white.to_string(), "a blank picture: #ffffff throughout");
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```

use std::fmt;
use std::ops::Range;

use super::picture::Picture;
use crate::plan::fit::Rect;
use crate::size::Size;

/// What is wrong with a picture as a whole.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize))]
#[non_exhaustive]
pub struct Findings {
    /// Bars along the sides.
    pub frame: Option<Frame>,
    /// The picture, or what its frame leaves of it, shows nothing.
    pub blank: Option<Blank>,
}

/// The bars along the sides of a picture, at least one of them.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize))]
#[non_exhaustive]
pub struct Frame {
    /// The bar along the upper side.
    pub top: Bar,
    /// The bar along the right side.
    pub right: Bar,
    /// The bar along the lower side.
    pub bottom: Bar,
    /// The bar along the left side.
    pub left: Bar,
}

/// A bar along one side of a picture.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize))]
#[non_exhaustive]
pub struct Bar {
    /// Its width in pixels, soft lines included; 0 where the side has none.
    pub width: u32,
    /// Red, green, blue, and alpha that they are not multiplied by; of nested bars the outermost's.
    pub colour: [u8; 4],
}

/// A picture of one colour.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize))]
#[non_exhaustive]
pub struct Blank {
    /// Red, green, blue, and alpha that they are not multiplied by.
    pub colour: [u8; 4],
}

impl Findings {
    /// Whether there is nothing to report.
    pub const fn is_empty(&self) -> bool {
        self.frame.is_none() && self.blank.is_none()
    }
}

impl Frame {
    /// The rectangle within the bars of a picture of `size`, if they leave any.
    pub fn interior(&self, size: Size) -> Option<Rect> {
        let within = |whole: u32, a: Bar, b: Bar| whole.checked_sub(a.width)?.checked_sub(b.width);
        let width = within(size.width(), self.left, self.right)?;
        let height = within(size.height(), self.top, self.bottom)?;
        Some(Rect::new(self.left.width, self.top.width, Size::new(width, height).ok()?))
    }
}

impl fmt::Display for Frame {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let bars = [
            (self.top, "at the top"),
            (self.right, "at the right"),
            (self.bottom, "at the bottom"),
            (self.left, "at the left"),
        ];
        let mut before = "a frame: ";
        for (bar, place) in bars.iter().filter(|(bar, _)| bar.width > 0) {
            write!(f, "{before}{} px {place}", bar.width)?;
            before = ", ";
        }
        Ok(())
    }
}

impl fmt::Display for Blank {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let [r, g, b, alpha] = self.colour;
        match alpha {
            0 => f.write_str("a blank picture: clear throughout"),
            255 => write!(f, "a blank picture: #{r:02x}{g:02x}{b:02x} throughout"),
            _ => write!(f, "a blank picture: #{r:02x}{g:02x}{b:02x}{alpha:02x} throughout"),
        }
    }
}

/// Looks for a frame, and for a picture that shows nothing. The same pixels give the same findings everywhere.
///
/// Of a usual photograph only a few lines at each side and some hundred cells are read.
pub fn inspect(picture: &Picture) -> Findings {
    let pixels = Pixels { picture };
    let whole = pixels.whole();
    if let Some(blank) = pixels.blank(whole) {
        return Findings { frame: None, blank: Some(blank) };
    }
    let ([top, bottom, left, right], inside) = pixels.bars(whole);
    if inside == whole {
        return Findings::default();
    }
    Findings { frame: Some(Frame { top, right, bottom, left }), blank: pixels.blank(inside) }
}

/// Blocks along a line, and cells along a side of the grid, unless those would be shorter than [`MIN_BLOCK`].
const BLOCKS: u32 = 64;
/// In pixels. Shorter blocks would not average noise out.
const MIN_BLOCK: u32 = 8;
/// As many pixels are read of a block of a line, spread evenly: enough for the mean, and a bound on the cost.
const SAMPLES: u32 = 12;
/// And as many along each side of a cell.
const CELL_SAMPLES: u32 = 8;
/// In pixels. In less there are too few blocks to speak of most of an edge.
const MIN_SIDE: u32 = 32;

/// Levels by which a block's mean may be off a bar without noise: what JPEG and colour conversions do to one colour.
const FLAT: i32 = 4;
/// Levels by which a block's pixels may be off the bar, on average. Noise of 5 gives 4 in the long run and up to 10 in
/// a block of 8; a fabric whose blocks all have one mean gives more.
const ROUGH: i32 = 12;
/// Levels that noise may add to [`FLAT`], at most: three halves of the mean deviation of noise of 6 or so.
const NOISE: i32 = 8;
/// Per mille of a line's blocks that may be off for all that: 1 in 16, for JPEG where an edge nears.
const STRAY: usize = 62;
/// Levels per channel by which the colours of two bars of one frame may differ.
const ALIKE: u32 = 8;

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
/// Behind the edge of a bar without a twin: all but what a bar of its colour beside it takes, up to an eighth, where that
/// is not found yet since another bar ends it.
const LONE: usize = 860;
/// The part of the picture that a bar without a twin may take: an eighth.
const LONE_PART: u32 = 8;
/// Levels by which what lies behind it differs on average.
const LONE_CONTRAST: i32 = 24;
/// Frames in frames, at most.
const NESTED: u32 = 8;

/// Levels by which a cell of a blank picture may be off, on average: noise of 10.
const BLANK: i32 = 8;
/// One cell in as many may be off more.
const BLANK_PART: usize = 200;

/// Red, green and blue multiplied by alpha, and alpha; or sums of such.
type Colour = [i32; 4];

/// What blocks are compared with.
#[derive(Clone, Copy)]
struct Tone {
    colour: Colour,
    /// Levels by which a block's mean may be off.
    flat: i32,
    /// Levels above which a pixel differs clearly.
    clear: i32,
}

impl Tone {
    const fn of(colour: Colour) -> Self {
        Self { colour, flat: FLAT, clear: 2 * FLAT }
    }

    fn is_like(&self, other: &Self) -> bool {
        self.colour.iter().zip(other.colour).all(|(a, b)| a.abs_diff(b) <= ALIKE)
    }
}

/// How some pixels differ from a tone.
#[derive(Clone, Copy, Default)]
struct Block {
    count: i32,
    sum: Colour,
    deviation: Colour,
    clear: i32,
}

impl Block {
    fn of(pixels: impl Iterator<Item = Colour>, tone: &Tone) -> Self {
        pixels.fold(Self::default(), |mut block, pixel| {
            let mut farthest = 0;
            let sums = block.sum.iter_mut().zip(&mut block.deviation);
            for ((sum, deviation), (value, colour)) in sums.zip(pixel.into_iter().zip(tone.colour)) {
                let offset = value - colour;
                *sum += offset;
                *deviation += offset.abs();
                farthest = farthest.max(offset.abs());
            }
            block.count += 1;
            block.clear += i32::from(farthest > tone.clear);
            block
        })
    }

    fn is_flat(&self, tone: &Tone) -> bool {
        largest(self.sum) <= tone.flat * self.count && largest(self.deviation) <= ROUGH * self.count
    }

    /// Whether most of its pixels differ, so that a line of text, most of which is its background, does not.
    fn is_clear(&self) -> bool {
        4 * self.clear >= 3 * self.count
    }

    /// By how much the mean differs, in eighths of a level.
    fn offset(&self) -> i32 {
        largest(self.sum) * 8 / self.count.max(1)
    }
}

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

/// Columns and rows from, to.
#[derive(Clone, Copy, PartialEq, Eq)]
struct Area {
    left: u32,
    top: u32,
    right: u32,
    bottom: u32,
}

#[derive(Clone, Copy)]
enum Side {
    Top,
    Bottom,
    Left,
    Right,
}

impl Area {
    /// Where the lines along a side run.
    const fn span(self, side: Side) -> Range<u32> {
        match side {
            Side::Top | Side::Bottom => self.left..self.right,
            Side::Left | Side::Right => self.top..self.bottom,
        }
    }

    /// How many lines there are.
    const fn depth(self, side: Side) -> u32 {
        match side {
            Side::Top | Side::Bottom => self.bottom - self.top,
            Side::Left | Side::Right => self.right - self.left,
        }
    }
}

struct Pixels<'a> {
    picture: &'a Picture,
}

impl Pixels<'_> {
    const fn whole(&self) -> Area {
        Area { left: 0, top: 0, right: self.picture.size().width(), bottom: self.picture.size().height() }
    }

    /// The widths and colours of the bars at the top, the bottom, the left and the right, and what they leave.
    fn bars(&self, whole: Area) -> ([Bar; 4], Area) {
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

    /// The blocks of a line along a side, counted from the outermost.
    fn line(
        &self,
        area: Area,
        side: Side,
        line: u32,
        span: &Range<u32>,
        tone: Tone,
    ) -> impl Iterator<Item = Block> + use<'_> {
        let pixel = move |at| match side {
            Side::Top => self.at(at, area.top + line),
            Side::Bottom => self.at(at, area.bottom - 1 - line),
            Side::Left => self.at(area.left + line, at),
            Side::Right => self.at(area.right - 1 - line, at),
        };
        blocks(span).map(move |block| Block::of(sparse(block, SAMPLES).map(pixel), &tone))
    }

    fn blank(&self, area: Area) -> Option<Blank> {
        // Prime, and so prime to the number of cells: every cell has its turn, and neighbours are far apart in time, so
        // that a picture with a plain sky is soon told.
        const STRIDE: usize = 1597;
        let rows: Vec<Range<u32>> = blocks(&(area.top..area.bottom)).collect();
        let columns: Vec<Range<u32>> = blocks(&(area.left..area.right)).collect();
        let cells = rows.len() * columns.len();
        let cell = |turn: usize, tone: &Tone| {
            let index = turn * STRIDE % cells;
            let row = rows.get(index / columns.len()).cloned().unwrap_or_default();
            let column = columns.get(index % columns.len()).cloned().unwrap_or_default();
            let across = |y| sparse(column.clone(), CELL_SAMPLES).map(move |x| self.at(x, y));
            Block::of(sparse(row, CELL_SAMPLES).flat_map(across), tone)
        };
        let tone = Tone::of(median((0..cells.min(64)).map(|turn| cell(turn, &Tone::of([0; 4])))));
        let mut off = (0..cells).filter(|&turn| {
            let block = cell(turn, &tone);
            largest(block.deviation) > BLANK * block.count
        });
        off.nth(cells / BLANK_PART).is_none().then_some(Blank { colour: straight(tone.colour) })
    }

    fn at(&self, x: u32, y: u32) -> Colour {
        let channels = self.picture.layout().channels();
        let offset = y as usize * self.picture.row_bytes() + x as usize * channels;
        match self.picture.pixels().get(offset..offset + channels) {
            Some(&[red, green, blue]) => [red, green, blue, u8::MAX].map(i32::from),
            Some(&[red, green, blue, alpha]) => {
                let alpha = i32::from(alpha);
                let [red, green, blue] = [red, green, blue].map(|channel| (i32::from(channel) * alpha + 127) / 255);
                [red, green, blue, alpha]
            }
            _ => [0; 4],
        }
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

/// Blocks of equal length, but for a pixel.
fn blocks(span: &Range<u32>) -> impl Iterator<Item = Range<u32>> + use<> {
    let (start, length) = (span.start, span.end - span.start);
    let count = (length / MIN_BLOCK.max(length / BLOCKS)).max(1);
    (0..count).map(move |block| start + length * block / count..start + length * (block + 1) / count)
}

/// At most `count` of the range, spread evenly.
fn sparse(range: Range<u32>, count: u32) -> impl Iterator<Item = u32> {
    let step = (range.end - range.start).div_ceil(count).max(1);
    range.step_by(step as usize)
}

fn per_mille(blocks: impl Iterator<Item = Block>, has: impl Fn(&Block) -> bool) -> usize {
    let (hits, all) = blocks.fold((0, 0), |(hits, all), block| (hits + usize::from(has(&block)), all + 1));
    hits * 1000 / all.max(1)
}

fn largest(colour: Colour) -> i32 {
    colour.into_iter().map(i32::abs).max().unwrap_or(0)
}

/// Of the blocks' means, channel by channel. The blocks are compared with black.
fn median(blocks: impl Iterator<Item = Block>) -> Colour {
    let mut channels: [Vec<i32>; 4] = Default::default();
    for block in blocks {
        for (values, sum) in channels.iter_mut().zip(block.sum) {
            values.push(sum / block.count.max(1));
        }
    }
    channels.map(|mut values| {
        values.sort_unstable();
        values.get(values.len() / 2).copied().unwrap_or(0)
    })
}

/// Not multiplied by alpha any more.
fn straight([r, g, b, alpha]: Colour) -> [u8; 4] {
    let byte = |value: i32| u8::try_from(value.clamp(0, 255)).unwrap_or(u8::MAX);
    let over = |channel: i32| if alpha == 0 { 0 } else { byte((channel * 255 + alpha / 2) / alpha) };
    [over(r), over(g), over(b), byte(alpha)]
}
