//! Blocks of pixels in lines and in the cells of a grid, and their difference from a colour.
//!
//! A line is one row or column of pixels. A block is a short range of a line, or a cell of a grid over the picture; its
//! mean is less noisy than a pixel. A bar is a stripe of one colour along a side of the picture ([`super`] describes
//! how bars are found). A tone is the colour of a bar with the tolerances within which a block still belongs to it.

use std::ops::Range;

use crate::pixels::picture::Picture;

/// The approximate number of blocks in a line, and of cells along a side of the grid. There are fewer if they would be
/// shorter than [`MIN_BLOCK`].
pub(super) const BLOCKS: u32 = 64;
/// The least length of a block in pixels. Shorter blocks would not average noise out.
pub(super) const MIN_BLOCK: u32 = 8;
/// The most pixels that are read from a block of a line, evenly spaced. They suffice for the mean, and bound the cost.
pub(super) const SAMPLES: u32 = 12;
/// The levels by which the mean of a block may differ from a bar without noise. JPEG and colour conversions change a
/// single colour by up to this much.
pub(super) const FLAT: i32 = 4;
/// The mean difference, in levels, that the pixels of a block may have from the bar. Noise with a standard abs_sum of
/// 5 gives 4 in the long run, and more in a short block. A texture such as fabric can have the
/// colour of a bar as the mean of every block; its pixels differ by more.
pub(super) const ROUGH: i32 = 12;
/// The levels per channel by which the colours of two bars may differ and count as one colour.
pub(super) const ALIKE: u32 = 8;

/// Red, green and blue multiplied by alpha, then alpha; or sums of these.
pub(super) type Channels = [i32; 4];

/// The colour and the tolerances that blocks are compared with.
#[derive(Clone, Copy)]
pub(super) struct Tone {
    pub(super) colour: Channels,
    /// The levels by which the mean of a block may differ.
    pub(super) flat: i32,
    /// A pixel is distinct if it differs by more than this many levels in a channel.
    pub(super) distinct_above: i32,
}

impl Tone {
    /// Makes a tone with the tolerances for a picture without noise.
    pub(super) const fn new(colour: Channels) -> Self {
        Self { colour, flat: FLAT, distinct_above: 2 * FLAT }
    }

    /// Whether two bars of these tones have the same colour.
    pub(super) fn is_like(&self, other: &Self) -> bool {
        self.colour.iter().zip(other.colour).all(|(a, b)| a.abs_diff(b) <= ALIKE)
    }
}

/// The difference of some pixels from a tone.
#[derive(Clone, Copy, Default)]
pub(super) struct BlockStats {
    /// The number of pixels.
    pub(super) count: i32,
    /// The signed differences of all pixels, added up per channel.
    pub(super) sum: Channels,
    /// The absolute differences of all pixels, added up per channel.
    pub(super) abs_sum: Channels,
    /// The number of distinct pixels, which differ clearly from the tone.
    pub(super) distinct: i32,
}

impl BlockStats {
    /// Adds up the differences of `pixels` from `tone`.
    pub(super) fn measure(pixels: impl Iterator<Item = Channels>, tone: &Tone) -> Self {
        pixels.fold(Self::default(), |mut block, pixel| {
            // A pixel is distinct if one of its channels is: red and grey may agree in two of three.
            let mut farthest = 0;
            let sums = block.sum.iter_mut().zip(&mut block.abs_sum);
            for ((sum, abs_sum), (value, colour)) in sums.zip(pixel.into_iter().zip(tone.colour)) {
                let offset = value - colour;
                *sum += offset;
                *abs_sum += offset.abs();
                farthest = farthest.max(offset.abs());
            }
            block.count += 1;
            block.distinct += i32::from(farthest > tone.distinct_above);
            block
        })
    }

    /// Whether the block has the colour of the tone: its mean differs little, and so do its pixels on average.
    pub(super) fn is_flat(&self, tone: &Tone) -> bool {
        // Sums are compared with multiples of the count, since quotients would be rounded.
        largest(self.sum) <= tone.flat * self.count && largest(self.abs_sum) <= ROUGH * self.count
    }

    /// Whether at least three quarters of the pixels are distinct. In a block of text they are not, since most of it is
    /// background.
    pub(super) fn is_distinct(&self) -> bool {
        4 * self.distinct >= 3 * self.count
    }

    /// Returns the difference of the mean from the tone, in eighths of a level.
    pub(super) fn offset(&self) -> i32 {
        // Whole levels would be too coarse: the growth of the difference from line to line is compared.
        largest(self.sum) * 8 / self.count.max(1)
    }
}

/// A part of a picture. `right` and `bottom` are exclusive.
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
    /// Returns the range of columns or rows that a line along `side` covers.
    pub(super) const fn span(self, side: Side) -> Range<u32> {
        match side {
            Side::Top | Side::Bottom => self.left..self.right,
            Side::Left | Side::Right => self.top..self.bottom,
        }
    }

    /// Returns the number of lines along `side`.
    pub(super) const fn depth(self, side: Side) -> u32 {
        match side {
            Side::Top | Side::Bottom => self.bottom - self.top,
            Side::Left | Side::Right => self.right - self.left,
        }
    }
}

/// The pixels of a picture, read as [`Channels`].
pub(super) struct Pixels<'a> {
    pub(super) picture: &'a Picture,
}

impl Pixels<'_> {
    /// Returns the area of the whole picture.
    pub(super) const fn whole(&self) -> Area {
        Area { left: 0, top: 0, right: self.picture.size().width(), bottom: self.picture.size().height() }
    }

    /// Returns the blocks of a line along `side`, compared with `tone`. Line 0 is the outermost. `span` is the part of
    /// the line to read.
    pub(super) fn line(
        &self,
        area: Area,
        side: Side,
        line: u32,
        span: &Range<u32>,
        tone: Tone,
    ) -> impl Iterator<Item = BlockStats> + use<'_> {
        // Lines are counted from the side inwards, so that the search is the same for all four sides.
        let pixel = move |at| match side {
            Side::Top => self.at(at, area.top + line),
            Side::Bottom => self.at(at, area.bottom - 1 - line),
            Side::Left => self.at(area.left + line, at),
            Side::Right => self.at(area.right - 1 - line, at),
        };
        blocks(span).map(move |block| BlockStats::measure(sparse(block, SAMPLES).map(pixel), &tone))
    }

    /// Returns a pixel, premultiplied.
    pub(super) fn at(&self, x: u32, y: u32) -> Channels {
        let channels = self.picture.layout().channels();
        let offset = y as usize * self.picture.row_bytes() + x as usize * channels;
        match self.picture.pixels()[offset..offset + channels] {
            [red, green, blue] => [red, green, blue, u8::MAX].map(i32::from),
            [red, green, blue, alpha] => {
                // Multiplied by alpha, hidden colours of transparent pixels are all equal.
                let alpha = i32::from(alpha);
                let [red, green, blue] = [red, green, blue].map(|channel| (i32::from(channel) * alpha + 127) / 255);
                [red, green, blue, alpha]
            }
            _ => unreachable!("invariant: a pixel has three channels or four"),
        }
    }
}

/// Splits a range into blocks whose lengths differ by at most one pixel.
pub(super) fn blocks(span: &Range<u32>) -> impl Iterator<Item = Range<u32>> + use<> {
    let (start, length) = (span.start, span.end - span.start);
    // The count is rounded down, so that no block is shorter than `MIN_BLOCK` unless the whole range is.
    let count = (length / MIN_BLOCK.max(length / BLOCKS)).max(1);
    // The ends are rounded from exact fractions, so no rounding adds up. With fewer than 2¹⁶ blocks and sides of at
    // most 65,535 pixels, the products fit 32 bits.
    (0..count).map(move |block| start + length * block / count..start + length * (block + 1) / count)
}

/// Returns at most `count` numbers of the range, evenly spaced.
pub(super) fn sparse(range: Range<u32>, count: u32) -> impl Iterator<Item = u32> {
    // The step is rounded up, so that at most `count` numbers fit.
    let step = (range.end - range.start).div_ceil(count).max(1);
    range.step_by(step as usize)
}

/// Returns the share of the blocks that meet a condition, in per mille.
pub(super) fn per_mille(blocks: impl Iterator<Item = BlockStats>, has: impl Fn(&BlockStats) -> bool) -> usize {
    let (hits, all) = blocks.fold((0, 0), |(hits, all), block| (hits + usize::from(has(&block)), all + 1));
    hits * 1000 / all.max(1)
}

/// Returns the largest absolute value of the channels.
pub(super) fn largest(colour: Channels) -> i32 {
    colour.map(i32::abs).into_iter().fold(0, i32::max)
}

/// Returns the median of the blocks' means, channel by channel. The blocks must have been compared with zero.
pub(super) fn median(blocks: impl Iterator<Item = BlockStats>) -> Channels {
    let mut channels: [Vec<i32>; 4] = Default::default();
    for block in blocks {
        for (values, sum) in channels.iter_mut().zip(block.sum) {
            values.push(sum / block.count.max(1));
        }
    }
    channels.map(|mut values| {
        // A range has at least one block, so the list is not empty. The upper of two middle values counts.
        values.sort_unstable();
        values[values.len() / 2]
    })
}

/// Divides a colour by its alpha. Returns red, green, blue and straight alpha.
pub(super) fn straight([r, g, b, alpha]: Channels) -> [u8; 4] {
    let byte = |value: i32| u8::try_from(value.clamp(0, 255)).unwrap_or(u8::MAX);
    // Each channel has its own median, so one may exceed alpha. The quotient is clipped.
    let over = |channel: i32| if alpha == 0 { 0 } else { byte((channel * 255 + alpha / 2) / alpha) };
    [over(r), over(g), over(b), byte(alpha)]
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::size::Size;

    fn stats(count: i32, sum: i32, abs_sum: i32, distinct: i32) -> BlockStats {
        BlockStats { count, sum: [0, sum, 0, 0], abs_sum: [0, 0, abs_sum, 0], distinct }
    }

    #[test]
    fn a_block_has_at_least_eight_pixels_and_a_line_about_64_blocks() {
        let lengths = |end: u32| blocks(&(5..5 + end)).map(|block| block.end - block.start).collect::<Vec<_>>();
        assert_eq!([1, 7, 15].map(lengths), [[1], [7], [15]]);
        assert_eq!([16, 17, 23].map(lengths), [[8, 8], [8, 9], [11, 12]]);
        assert_eq!([512, 519, 640, 1000].map(|end| lengths(end).len()), [64, 64, 64, 66]);
        let ends: Vec<_> = blocks(&(5..28)).collect();
        assert_eq!(ends, [5..16, 16..28]);
    }

    #[test]
    fn sparse_numbers_are_evenly_spaced_and_not_more_than_the_count() {
        assert_eq!(sparse(3..15, 12).count(), 12);
        assert_eq!(sparse(3..16, 12).collect::<Vec<_>>(), [3, 5, 7, 9, 11, 13, 15]);
    }

    #[test]
    fn a_block_is_flat_up_to_4_levels_of_its_mean_and_12_of_its_pixels() {
        let tone = Tone::new([0; 4]);
        assert!(stats(10, 40, 120, 0).is_flat(&tone) && stats(10, -40, 120, 0).is_flat(&tone));
        assert!(!stats(10, 41, 120, 0).is_flat(&tone) && !stats(10, -41, 120, 0).is_flat(&tone));
        assert!(!stats(10, 40, 121, 0).is_flat(&tone));
    }

    #[test]
    fn a_block_is_distinct_if_three_quarters_of_its_pixels_differ_by_more_than_8_levels() {
        assert_eq!([5, 6].map(|distinct| stats(8, 0, 0, distinct).is_distinct()), [false, true]);
        let tone = Tone::new([100; 4]);
        let distinct = |pixel: Channels| BlockStats::measure([pixel].into_iter(), &tone).distinct;
        assert_eq!([[108, 92, 100, 100], [109, 100, 100, 100], [100, 100, 100, 91]].map(distinct), [0, 1, 1]);
    }

    #[test]
    fn a_block_adds_up_signed_and_absolute_differences() {
        let block = BlockStats::measure([[1, 5, 0, 0], [9, 5, 0, 0]].into_iter(), &Tone::new([5, 4, 0, 0]));
        assert_eq!((block.count, block.sum, block.abs_sum), (2, [0, 2, 0, 0], [8, 2, 0, 0]));
        assert_eq!((block.offset(), stats(3, -10, 0, 0).offset()), (8, 26), "in eighths of a level, rounded down");
    }

    #[test]
    fn colours_are_alike_up_to_8_levels_per_channel() {
        let tone = |levels| Tone::new([levels, 100, 100, 100]);
        assert_eq!([92, 108, 91, 109].map(|levels| tone(100).is_like(&tone(levels))), [true, true, false, false]);
    }

    #[test]
    fn the_median_of_blocks_is_the_upper_of_two_middle_values_per_channel() {
        let block = |a: i32, b: i32| BlockStats { count: 2, sum: [2 * a, 2 * b, 0, 0], ..BlockStats::default() };
        assert_eq!(median([block(1, 40), block(3, 30), block(2, 20), block(9, 10)].into_iter()), [3, 30, 0, 0]);
        assert_eq!(median([block(1, 40), block(3, 30), block(2, 20)].into_iter()), [2, 30, 0, 0]);
    }

    #[test]
    fn a_colour_is_multiplied_and_divided_by_alpha_with_rounding() {
        let pixel = |rgba: [u8; 4]| {
            let picture = Picture::from_rgba(Size::new(2, 1).unwrap(), [rgba, [9, 9, 9, 9]].concat()).unwrap();
            Pixels { picture: &picture }.at(0, 0)
        };
        // 200 * 100 / 255 is 78.4, and 255 * 128 / 255 is 128.
        assert_eq!(pixel([200, 201, 255, 100]), [78, 79, 100, 100]);
        assert_eq!(pixel([200, 7, 7, 0]), [0; 4], "a hidden colour");
        assert_eq!(straight([78, 79, 100, 100]), [199, 201, 255, 100]);
        assert_eq!((straight([101, 5, -1, 100]), straight([9, 9, 9, 0])), ([255, 13, 0, 100], [0; 4]), "clipped");
    }

    #[test]
    fn line_zero_is_the_outermost_at_every_side() {
        let size = Size::new(3, 2).unwrap();
        let picture = Picture::from_rgb(size, (0..6).flat_map(|at| [at; 3]).collect()).unwrap();
        let pixels = Pixels { picture: &picture };
        let sums = |side, line| {
            let span = pixels.whole().span(side);
            pixels.line(pixels.whole(), side, line, &span, Tone::new([0; 4])).next().unwrap().sum[0]
        };
        assert_eq!([sums(Side::Top, 0), sums(Side::Top, 1)], [1 + 2, 3 + 4 + 5]);
        assert_eq!([sums(Side::Bottom, 0), sums(Side::Bottom, 1)], [3 + 4 + 5, 1 + 2]);
        assert_eq!([sums(Side::Left, 0), sums(Side::Left, 1)], [3, 1 + 4]);
        assert_eq!([sums(Side::Right, 0), sums(Side::Right, 2)], [2 + 5, 3]);
        assert_eq!((pixels.whole().depth(Side::Top), pixels.whole().depth(Side::Right)), (2, 3));
    }
}
