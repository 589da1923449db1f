//! Lines and cells of a picture, read in blocks, and how blocks differ from a colour.

use std::ops::Range;

use crate::pixels::picture::Picture;

/// Blocks along a line, and cells along a side of the grid, unless those would be shorter than [`MIN_BLOCK`].
pub(super) const BLOCKS: u32 = 64;
/// In pixels. Shorter blocks would not average noise out.
pub(super) const MIN_BLOCK: u32 = 8;
/// As many pixels are read of a block of a line, spread evenly: enough for the mean, and a bound on the cost.
pub(super) const SAMPLES: u32 = 12;
/// Levels by which a block's mean may be off a bar without noise: what JPEG and colour conversions do to one colour.
pub(super) const FLAT: i32 = 4;
/// Levels by which a block's pixels may be off the bar, on average. Noise of 5 gives 4 in the long run and up to 10 in
/// a block of 8; a fabric whose blocks all have one mean gives more.
pub(super) const ROUGH: i32 = 12;
/// Levels per channel by which the colours of two bars of one frame may differ.
pub(super) const ALIKE: u32 = 8;

/// Red, green and blue multiplied by alpha, and alpha; or sums of such.
pub(super) type Colour = [i32; 4];

/// What blocks are compared with.
#[derive(Clone, Copy)]
pub(super) struct Tone {
    pub(super) colour: Colour,
    /// Levels by which a block's mean may be off.
    pub(super) flat: i32,
    /// Levels above which a pixel differs clearly.
    pub(super) clear: i32,
}

impl Tone {
    pub(super) const fn of(colour: Colour) -> Self {
        Self { colour, flat: FLAT, clear: 2 * FLAT }
    }

    pub(super) fn is_like(&self, other: &Self) -> bool {
        self.colour.iter().zip(other.colour).all(|(a, b)| a.abs_diff(b) <= ALIKE)
    }
}

/// How some pixels differ from a tone.
#[derive(Clone, Copy, Default)]
pub(super) struct Block {
    pub(super) count: i32,
    pub(super) sum: Colour,
    pub(super) deviation: Colour,
    pub(super) clear: i32,
}

impl Block {
    pub(super) fn of(pixels: impl Iterator<Item = Colour>, tone: &Tone) -> Self {
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

    pub(super) fn is_flat(&self, tone: &Tone) -> bool {
        largest(self.sum) <= tone.flat * self.count && largest(self.deviation) <= ROUGH * self.count
    }

    /// Whether most of its pixels differ, so that a line of text, most of which is its background, does not.
    pub(super) fn is_clear(&self) -> bool {
        4 * self.clear >= 3 * self.count
    }

    /// By how much the mean differs, in eighths of a level.
    pub(super) fn offset(&self) -> i32 {
        largest(self.sum) * 8 / self.count.max(1)
    }
}

/// Columns and rows from, to.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) struct Area {
    pub(super) left: u32,
    pub(super) top: u32,
    pub(super) right: u32,
    pub(super) bottom: u32,
}

#[derive(Clone, Copy)]
pub(super) enum Side {
    Top,
    Bottom,
    Left,
    Right,
}

impl Area {
    /// Where the lines along a side run.
    pub(super) const fn span(self, side: Side) -> Range<u32> {
        match side {
            Side::Top | Side::Bottom => self.left..self.right,
            Side::Left | Side::Right => self.top..self.bottom,
        }
    }

    /// How many lines there are.
    pub(super) const fn depth(self, side: Side) -> u32 {
        match side {
            Side::Top | Side::Bottom => self.bottom - self.top,
            Side::Left | Side::Right => self.right - self.left,
        }
    }
}

pub(super) struct Pixels<'a> {
    pub(super) picture: &'a Picture,
}

impl Pixels<'_> {
    pub(super) const fn whole(&self) -> Area {
        Area { left: 0, top: 0, right: self.picture.size().width(), bottom: self.picture.size().height() }
    }

    /// The blocks of a line along a side, counted from the outermost.
    pub(super) fn line(
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

    pub(super) fn at(&self, x: u32, y: u32) -> Colour {
        let channels = self.picture.layout().channels();
        let offset = y as usize * self.picture.row_bytes() + x as usize * channels;
        match self.picture.pixels()[offset..offset + channels] {
            [red, green, blue] => [red, green, blue, u8::MAX].map(i32::from),
            [red, green, blue, alpha] => {
                let alpha = i32::from(alpha);
                let [red, green, blue] = [red, green, blue].map(|channel| (i32::from(channel) * alpha + 127) / 255);
                [red, green, blue, alpha]
            }
            _ => unreachable!("invariant: a pixel has three channels or four"),
        }
    }
}

/// Blocks of equal length, but for a pixel.
pub(super) fn blocks(span: &Range<u32>) -> impl Iterator<Item = Range<u32>> + use<> {
    let (start, length) = (span.start, span.end - span.start);
    let count = (length / MIN_BLOCK.max(length / BLOCKS)).max(1);
    (0..count).map(move |block| start + length * block / count..start + length * (block + 1) / count)
}

/// At most `count` of the range, spread evenly.
pub(super) fn sparse(range: Range<u32>, count: u32) -> impl Iterator<Item = u32> {
    let step = (range.end - range.start).div_ceil(count).max(1);
    range.step_by(step as usize)
}

pub(super) fn per_mille(blocks: impl Iterator<Item = Block>, has: impl Fn(&Block) -> bool) -> usize {
    let (hits, all) = blocks.fold((0, 0), |(hits, all), block| (hits + usize::from(has(&block)), all + 1));
    hits * 1000 / all.max(1)
}

pub(super) fn largest(colour: Colour) -> i32 {
    colour.map(i32::abs).into_iter().fold(0, i32::max)
}

/// Of the blocks' means, channel by channel. The blocks are compared with black.
pub(super) fn median(blocks: impl Iterator<Item = Block>) -> Colour {
    let mut channels: [Vec<i32>; 4] = Default::default();
    for block in blocks {
        for (values, sum) in channels.iter_mut().zip(block.sum) {
            values.push(sum / block.count.max(1));
        }
    }
    channels.map(|mut values| {
        values.sort_unstable();
        values[values.len() / 2]
    })
}

/// Not multiplied by alpha any more.
pub(super) fn straight([r, g, b, alpha]: Colour) -> [u8; 4] {
    let byte = |value: i32| u8::try_from(value.clamp(0, 255)).unwrap_or(u8::MAX);
    let over = |channel: i32| if alpha == 0 { 0 } else { byte((channel * 255 + alpha / 2) / alpha) };
    [over(r), over(g), over(b), byte(alpha)]
}
