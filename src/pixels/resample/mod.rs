//! A rectangle of a picture at another size, in one pass of Lanczos3 over its rows.
//!
//! Where the scale is 1 the pixels are copied. What is cut away does not show at the edges: of what lies outside of the
//! rectangle nothing counts. Rows go in one by one, and come out sixteen at a time as soon as all that they are made of
//! is there, so that a picture need not be in memory. Any part of the target's rows can be made by itself, and is
//! the same as in the whole.
//!
//! - `weights`: what a target position is made of;
//! - `convolve`: the arithmetic.

mod convolve;
mod weights;

use std::ops::Range;

use fearless_simd::{Level, dispatch};
#[cfg(feature = "parallel")]
use rayon::prelude::*;

use self::convolve::{CHUNK, ColumnPairs, FRACTION, Levels, RowPairs, TILE, horizontal, put_pair, upright, vertical};
pub(crate) use self::weights::Filter;
use self::weights::{Axis, Window};
use super::picture::{Layout, Picture, PixelCountError};
use crate::plan::rect::Rect;
use crate::size::Size;

/// The target's pixels that are made at once, about.
const BAND: usize = 1 << 18;

/// `rect` of `picture` at `size`, in the same layout. With the feature `parallel` on the threads of the rayon pool that
/// this is called in.
pub(crate) fn resample(picture: &Picture, rect: Rect, size: Size, filter: Filter) -> Result<Picture, PixelCountError> {
    let scaling = (rect.size() != size).then(|| Scaling::new(rect.size(), size, filter));
    resample_into(picture, rect, size, scaling.as_ref(), Vec::new(), &|work| work(&mut Scratch::default()))
}

/// The same with the scaling, if there is any, and in memory that is there already.
pub(crate) fn resample_into(
    picture: &Picture,
    rect: Rect,
    size: Size,
    scaling: Option<&Scaling>,
    mut pixels: Vec<u8>,
    scratch: &(impl Fn(&mut dyn FnMut(&mut Scratch)) + Sync),
) -> Result<Picture, PixelCountError> {
    let layout = picture.layout();
    if let Some(scaling) = scaling {
        // Each row is filled, so what was here before does not show.
        pixels.resize(size.area() as usize * layout.channels(), 0);
        let row_bytes = size.width() as usize * layout.channels();
        let band = (BAND / size.width() as usize).next_multiple_of(TILE);
        let fill = |(number, out): (usize, &mut [u8])| {
            let first = number * band;
            scratch(&mut |scratch| {
                let mut out = out.chunks_exact_mut(row_bytes);
                let mut resampling = Resampling::new(scaling, layout, first..first + out.len(), scratch);
                for row in rows(picture, rect, resampling.needs()) {
                    resampling.push(row, |made| {
                        for (made, out) in made.chunks_exact(row_bytes).zip(&mut out) {
                            out.copy_from_slice(made);
                        }
                    });
                }
            });
        };
        #[cfg(feature = "parallel")]
        pixels.par_chunks_mut(band * row_bytes).enumerate().for_each(fill);
        #[cfg(not(feature = "parallel"))]
        fill((0, &mut pixels));
    } else {
        pixels.clear();
        rows(picture, rect, 0..rect.height() as usize).for_each(|row| pixels.extend_from_slice(row));
    }
    Picture::new(size, layout, pixels)
}

/// Some rows of a rectangle of a picture.
pub(crate) fn rows(picture: &Picture, rect: Rect, some: Range<usize>) -> impl Iterator<Item = &[u8]> {
    let channels = picture.layout().channels();
    let (start, length) = (rect.x() as usize * channels, rect.width() as usize * channels);
    let all = picture.pixels().chunks_exact(picture.row_bytes()).skip(rect.y() as usize + some.start);
    all.take(some.len()).map(move |row| row.get(start..start + length).unwrap_or_default())
}

/// How pictures of one size become pictures of another.
#[derive(Debug)]
pub(crate) struct Scaling {
    columns: Axis,
    rows: Axis,
    from: Size,
    to: Size,
}

impl Scaling {
    pub(crate) fn new(from: Size, to: Size, filter: Filter) -> Self {
        let axis = |from, to| Axis::new(from, to, filter);
        Self { columns: axis(from.width(), to.width()), rows: axis(from.height(), to.height()), from, to }
    }

    /// From which size to which.
    pub(crate) const fn sizes(&self) -> (Size, Size) {
        (self.from, self.to)
    }

    /// The source rows that some rows of the target are made of.
    pub(crate) fn needs(&self, some: Range<usize>) -> Range<usize> {
        let (first, end) = needed(self.rows.windows().get(some).unwrap_or_default()).unwrap_or_default();
        2 * first..(2 * end).min(self.from.height() as usize)
    }
}

/// The first pair of source rows that these are made of, and the one behind the last.
fn needed(windows: &[Window]) -> Option<(usize, usize)> {
    let (first, last) = (windows.first()?, windows.last()?);
    Some((first.first, last.end()))
}

/// The memory that a resampling works in. Once it has been used it is large enough for pictures of that size.
#[derive(Debug, Default)]
pub(crate) struct Scratch {
    rgb: Buffers<3>,
    rgba: Buffers<4>,
    /// A source row whose pair has not come yet, and that pair; whole chunks of pixels.
    row: [Vec<u8>; 2],
    made: Vec<u8>,
}

/// The memory of pixels of `C` channels.
#[derive(Debug, Default)]
struct Buffers<const C: usize> {
    /// The pairs of source rows that are needed, chunk by chunk of their columns.
    pairs: Vec<RowPairs<C>>,
    tile: Vec<ColumnPairs<C>>,
    levels: Vec<Levels<C>>,
}

/// Some rows of a target in the making.
#[derive(Debug)]
pub(crate) struct Resampling<'a> {
    scaling: &'a Scaling,
    layout: Layout,
    /// The windows of the target's rows that are still to be made.
    windows: &'a [Window],
    needs: Range<usize>,
    /// The number of the next source row.
    next: usize,
    /// For how many pairs of source rows there is room.
    slots: usize,
    scratch: &'a mut Scratch,
}

impl<'a> Resampling<'a> {
    /// Of those rows of the target.
    pub(crate) fn new(scaling: &'a Scaling, layout: Layout, some: Range<usize>, scratch: &'a mut Scratch) -> Self {
        let needs = scaling.needs(some.clone());
        let windows = scaling.rows.windows().get(some).unwrap_or_default();
        let slots = windows.chunks(TILE).filter_map(needed).map(|(first, end)| end - first).max().unwrap_or(0);
        let chunks = (scaling.from.width() as usize).div_ceil(CHUNK);
        for row in &mut scratch.row {
            row.clear();
            row.resize(chunks * CHUNK * layout.channels(), 0);
        }
        match layout {
            Layout::Rgb => scratch.rgb.prepare(chunks, slots, scaling.to),
            Layout::Rgba => scratch.rgba.prepare(chunks, slots, scaling.to),
        }
        Self { scaling, layout, windows, next: needs.start, needs, slots, scratch }
    }

    /// The source rows that have to come, one after the other.
    pub(crate) fn needs(&self) -> Range<usize> {
        self.needs.clone()
    }

    /// Takes the next source row, and gives the target's next rows, up to sixteen in one piece, as soon as they are made.
    pub(crate) fn push(&mut self, row: &[u8], give: impl FnMut(&[u8])) {
        let number = self.next;
        self.next += 1;
        let [even, odd] = &mut self.scratch.row;
        let is_even = number.is_multiple_of(2);
        let into = if is_even { &mut *even } else { &mut *odd };
        for (into, sample) in into.iter_mut().zip(row) {
            *into = *sample;
        }
        if is_even && self.next < self.needs.end {
            return;
        }
        // Of a last row without its pair, that counts nothing.
        match self.layout {
            Layout::Rgb => self.pass::<3>(number / 2, |scratch| &mut scratch.rgb, give),
            Layout::Rgba => self.pass::<4>(number / 2, |scratch| &mut scratch.rgba, give),
        }
    }

    /// Takes pair number `pair`, which is in the scratch memory.
    fn pass<const C: usize>(
        &mut self,
        pair: usize,
        buffers: impl Fn(&mut Scratch) -> &mut Buffers<C>,
        mut give: impl FnMut(&[u8]),
    ) {
        let (level, slots, Scaling { columns, rows, to, .. }) = (Level::new(), self.slots, self.scaling);
        let mut made = std::mem::take(&mut self.scratch.made);
        let [even, odd] = std::mem::take(&mut self.scratch.row);
        let Buffers { pairs, tile, levels } = buffers(self.scratch);
        dispatch!(level, simd => put_pair(simd, [&even, &odd], (slots, pair % slots), pairs));
        let row_bytes = to.width() as usize * C;
        loop {
            let (windows, rest) = self.windows.split_at(self.windows.len().min(TILE));
            if windows.last().is_none_or(|last| last.end() > pair + 1) {
                break;
            }
            // Colours that are multiplied by alpha have their bits behind the point already.
            let shift = if C == 4 { rows.precision } else { rows.precision - FRACTION };
            made.resize(windows.len() * row_bytes, 0);
            dispatch!(level, simd => {
                vertical(simd, pairs, slots, rows, windows, shift, tile);
                horizontal(simd, tile, columns, levels);
                upright(simd, levels.as_flattened(), row_bytes, &mut made);
            });
            self.windows = rest;
            give(&made);
        }
        (self.scratch.made, self.scratch.row) = (made, [even, odd]);
    }
}

impl<const C: usize> Buffers<C> {
    fn prepare(&mut self, chunks: usize, slots: usize, to: Size) {
        self.pairs.resize(chunks * slots, [[0; 16]; C]);
        self.tile.resize(chunks * CHUNK / 2, [[[0; 16]; 2]; C]);
        self.levels.resize(to.width() as usize, [[0; TILE]; C]);
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn size(width: u32, height: u32) -> Size {
        Size::new(width, height).unwrap()
    }

    /// Gradients, grain and hard edges; every kind of alpha.
    fn picture(layout: Layout, width: u32, height: u32) -> Picture {
        let mut state = width * 31 + height;
        let mut sample = |x: u32, y: u32, channel: u32| {
            state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
            let edge = if (x / 5 + y / 3) % 4 == channel { 255 } else { 0 };
            match (state >> 28, channel) {
                (0..=3, 3) => 0,
                (4..=9, 3) => 255,
                (0..=5, _) => edge,
                _ => state.to_be_bytes()[0],
            }
        };
        let channels = 0..u32::try_from(layout.channels()).unwrap();
        let of_pixel = |(y, x)| channels.clone().map(move |channel| (x, y, channel));
        let all = (0..height).flat_map(|y| (0..width).map(move |x| (y, x))).flat_map(of_pixel);
        Picture::new(size(width, height), layout, all.map(|(x, y, channel)| sample(x, y, channel)).collect()).unwrap()
    }

    /// One axis of the definition, in `f64`: lines of `length` samples, each `step` apart.
    fn scaled(
        samples: &[f64],
        lines: &[usize],
        (step, length, to): (usize, u32, u32),
        filter: Filter,
    ) -> Vec<Vec<f64>> {
        let scale = f64::from(length) / f64::from(to);
        let stretch = scale.max(1.0);
        let kernel = |x: f64| {
            let sinc =
                |x: f64| if x == 0.0 { 1.0 } else { (std::f64::consts::PI * x).sin() / (std::f64::consts::PI * x) };
            match filter {
                _ if x.abs() >= 3.0 => 0.0,
                Filter::Lanczos3 => sinc(x) * sinc(x / 3.0),
                Filter::Gaussian => (-x * x / (2.0 * 0.5 * 0.5)).exp(),
            }
        };
        let line = |start: &usize| {
            let value = |target: u32| {
                let centre = (f64::from(target) + 0.5) * scale;
                let weights = (0..length).map(|at| (at, kernel((f64::from(at) + 0.5 - centre) / stretch)));
                let weighted = |(sum, all): (f64, f64), (at, weight): (u32, f64)| {
                    (sum + weight * samples[start + at as usize * step], all + weight)
                };
                let (sum, all) = weights.fold((0.0, 0.0), weighted);
                sum / all
            };
            (0..to).map(value).collect()
        };
        lines.iter().map(line).collect()
    }

    /// The definition, in `f64` and with nothing rounded before the end: level by level what `resample` should give.
    fn exact(picture: &Picture, to: Size, filter: Filter) -> Vec<f64> {
        let (from, channels) = (picture.size(), picture.layout().channels());
        let width = from.width() as usize;
        let samples: Vec<f64> = match picture.layout() {
            Layout::Rgb => picture.pixels().iter().map(|level| f64::from(*level)).collect(),
            Layout::Rgba => {
                let of_pixel = |pixel: &[u8; 4]| pixel.map(f64::from);
                let multiplied = |[r, g, b, a]: [f64; 4]| [r * a / 255.0, g * a / 255.0, b * a / 255.0, a];
                picture.pixels().as_chunks().0.iter().map(of_pixel).flat_map(multiplied).collect()
            }
        };
        let columns: Vec<_> = (0..width * channels).collect();
        let of_columns = scaled(&samples, &columns, (width * channels, from.height(), to.height()), filter);
        // Column after column now.
        let turned: Vec<f64> = of_columns.concat();
        let (tall, lines) = (to.height() as usize, channels * to.height() as usize);
        let lines: Vec<_> = (0..lines).map(|line| line % channels * tall + line / channels).collect();
        let of_rows = scaled(&turned, &lines, (channels * tall, from.width(), to.width()), filter);
        let row = |lines: &[Vec<f64>]| -> Vec<f64> {
            (0..to.width() as usize).flat_map(|x| lines.iter().map(move |line| line[x])).collect()
        };
        let levels = of_rows.chunks(channels).flat_map(row).collect::<Vec<_>>();
        if picture.layout() == Layout::Rgb {
            return levels;
        }
        let divided = |pixel: &[f64; 4]| {
            let [r, g, b, a] = *pixel;
            [r, g, b].map(|colour| 255.0 * colour / a).into_iter().chain([a])
        };
        levels.as_chunks().0.iter().flat_map(divided).collect()
    }

    /// How far the result is from the exact value, at most; of colours only where there is alpha enough to tell.
    fn worst(picture: &Picture, to: Size, filter: Filter) -> f64 {
        let all = Rect::new(0, 0, picture.size());
        let found = resample(picture, all, to, filter).unwrap();
        let exact = exact(picture, to, filter);
        assert_eq!(found.pixels().len(), exact.len());
        let channels = picture.layout().channels();
        let apart = |(found, exact): (&[u8], &[f64])| {
            let is_clear = channels == 4 && exact[3] < 64.0;
            let (found, exact) = if is_clear { (&found[3..], &exact[3..]) } else { (found, exact) };
            found
                .iter()
                .zip(exact)
                .map(|(found, exact)| (f64::from(*found) - exact.clamp(0.0, 255.0)).abs())
                .fold(0.0, f64::max)
        };
        found.pixels().chunks(channels).zip(exact.chunks(channels)).map(apart).fold(0.0, f64::max)
    }

    #[test]
    fn no_level_is_far_from_the_exact_one() {
        for layout in [Layout::Rgb, Layout::Rgba] {
            for (from, to) in [
                (size(64, 48), size(45, 30)),
                (size(37, 41), size(36, 17)),
                (size(17, 9), size(50, 40)),
                (size(200, 3), size(1, 2)),
                (size(1, 1), size(5, 7)),
                (size(2, 300), size(2, 7)),
                (size(100, 100), size(100, 33)),
            ] {
                for filter in [Filter::Lanczos3, Filter::Gaussian] {
                    let worst = worst(&picture(layout, from.width(), from.height()), to, filter);
                    // Half a level by rounding, and a little for weights of 15 bits; where alpha divides, four times that.
                    let most = if layout == Layout::Rgb { 0.56 } else { 0.75 };
                    assert!(worst <= most, "{layout:?} {from} to {to} {filter:?}: {worst}");
                }
            }
        }
    }

    #[test]
    fn what_is_of_one_colour_stays_so() {
        for pixel in [&[0, 128, 255][..], &[7, 99, 255, 255], &[255, 1, 90, 128], &[9, 9, 9, 0]] {
            let layout = if pixel.len() == 3 { Layout::Rgb } else { Layout::Rgba };
            let plain = Picture::new(size(61, 43), layout, pixel.repeat(61 * 43)).unwrap();
            for to in [size(40, 30), size(97, 120), size(1, 1)] {
                let found = resample(&plain, Rect::new(0, 0, size(61, 43)), to, Filter::Lanczos3).unwrap();
                let expected = if pixel.last() == Some(&0) { &[0; 4] } else { pixel };
                assert!(found.pixels().chunks(pixel.len()).all(|found| found == expected), "{pixel:?} {to}");
            }
        }
    }

    #[test]
    fn weights_too_small_for_their_bits_are_not_lost() {
        for (from, to) in [(size(30_000, 1), size(1, 1)), (size(2, 65_535), size(2, 3))] {
            let white = Picture::from_rgb(from, vec![255; from.area() as usize * 3]).unwrap();
            let found = resample(&white, Rect::new(0, 0, from), to, Filter::Lanczos3).unwrap();
            assert!(found.pixels().iter().all(|level| *level == 255), "{from} to {to}: {:?}", found.pixels());
        }
    }

    #[test]
    fn what_lies_outside_of_the_rectangle_does_not_show() {
        let picture = picture(Layout::Rgb, 40, 30);
        let rect = Rect::new(5, 7, size(25, 19));
        let inside = resample(&picture, rect, rect.size(), Filter::Lanczos3).unwrap();
        let all = Rect::new(0, 0, rect.size());
        let to = size(20, 13);
        let found = resample(&picture, rect, to, Filter::Lanczos3).unwrap();
        assert!(found == resample(&inside, all, to, Filter::Lanczos3).unwrap());
    }

    #[test]
    fn a_processor_with_vectors_and_one_without_say_the_same() {
        fn made(level: Level, pairs: &[[[i16; 16]; 3]], axis: &Axis) -> Vec<[[u8; TILE]; 3]> {
            let mut tile = vec![[[[0; 16]; 2]; 3]; 32];
            let mut levels = vec![[[0; TILE]; 3]; 45];
            dispatch!(level, simd => {
                vertical(simd, pairs, 32, axis, &axis.windows()[16..32], axis.precision - FRACTION, &mut tile);
                horizontal(simd, &tile, axis, &mut levels);
            });
            levels
        }
        let axis = Axis::new(64, 45, Filter::Lanczos3);
        let mut state = 1_u32;
        let mut random = || {
            state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
            i16::from(state.to_be_bytes()[0])
        };
        let pairs: Vec<[[i16; 16]; 3]> = (0..8 * 32).map(|_| [[(); 16]; 3].map(|row| row.map(|()| random()))).collect();
        assert!(made(Level::new(), &pairs, &axis) == made(Level::baseline(), &pairs, &axis));
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(64))]

        #[test]
        fn any_rows_by_themselves_are_those_of_the_whole(
            (width, height) in (1..70_u32, 1..140_u32), (to_width, to_height) in (1..70_u32, 1..140_u32),
            (first, count) in (0..140_usize, 1..140_usize), rgba in any::<bool>(),
        ) {
            let layout = if rgba { Layout::Rgba } else { Layout::Rgb };
            let (picture, to) = (picture(layout, width, height), size(to_width, to_height));
            prop_assume!(to != picture.size());
            let rect = Rect::new(0, 0, picture.size());
            let whole = resample(&picture, rect, to, Filter::Lanczos3).unwrap();
            let first = first % to_height as usize;
            let some = first..(first + count).min(to_height as usize);
            let scaling = Scaling::new(picture.size(), to, Filter::Lanczos3);
            // Memory that has been used for something else.
            let mut scratch = Scratch::default();
            scratch.rgb.pairs = vec![[[-7; 16]; 3]; 999];
            let mut resampling = Resampling::new(&scaling, layout, some.clone(), &mut scratch);
            let mut found = Vec::new();
            for row in rows(&picture, rect, resampling.needs()) {
                resampling.push(row, |made| found.extend_from_slice(made));
            }
            let row_bytes = to_width as usize * layout.channels();
            prop_assert!(found == whole.pixels()[some.start * row_bytes..some.end * row_bytes]);
        }

        #[test]
        fn any_picture_is_resampled_as_defined(
            (width, height) in (1..50_u32, 1..50_u32), (to_width, to_height) in (1..60_u32, 1..60_u32), rgba in any::<bool>(),
        ) {
            let (layout, most) = if rgba { (Layout::Rgba, 0.75) } else { (Layout::Rgb, 0.56) };
            let worst = worst(&picture(layout, width, height), size(to_width, to_height), Filter::Lanczos3);
            prop_assert!(worst <= most, "{worst}");
        }
    }
}
