//! The fewest bits a pixel that hold a picture without loss (PNG, third edition, sections 6.1 and 12.4): grey of 1, 2, 4
//! or 8 bits, a palette of at most 256 colours, grey with alpha, or the channels as they are.
//!
//! Grey goes before a palette of as many bits, since it needs no table and its rows can be filtered.

use std::borrow::Cow;

use png::{BitDepth, ColorType};

#[cfg(feature = "palette")]
use crate::pixels::encode::palette::Indexed;
use crate::pixels::picture::{Layout, Picture};
use crate::size::Size;

/// Red, green, blue, and alpha that they are not multiplied by.
type Colour = [u8; 4];

/// A picture as a file holds it, before its rows are filtered.
#[derive(Debug)]
pub(super) struct Raster<'a> {
    pub(super) size: Size,
    pub(super) kind: ColorType,
    pub(super) depth: BitDepth,
    /// The colours of an indexed picture: the least opaque ones first.
    pub(super) palette: Vec<Colour>,
    /// The rows from the top, all of the same length.
    pub(super) rows: Cow<'a, [u8]>,
}

impl<'a> Raster<'a> {
    /// The smallest of `picture`.
    pub(super) fn of(picture: &'a Picture) -> Self {
        let size = picture.size();
        let as_it_is = |kind, rows| Self { size, kind, depth: BitDepth::Eight, palette: Vec::new(), rows };
        match picture.layout() {
            Layout::Rgb => {
                let pixels = picture.pixels().as_chunks::<3>().0;
                if pixels.iter().all(|[r, g, b]| r == g && g == b) {
                    return grey(size, pixels.iter().map(|[level, ..]| *level).collect());
                }
                let opaque = || pixels.iter().map(|[r, g, b]| [*r, *g, *b, u8::MAX]);
                indexed(size, opaque, 3).unwrap_or_else(|| as_it_is(ColorType::Rgb, picture.pixels().into()))
            }
            Layout::Rgba => {
                let pixels = picture.pixels().as_chunks::<4>().0;
                let is_grey = pixels.iter().all(|[r, g, b, _]| r == g && g == b);
                indexed(size, || pixels.iter().copied(), if is_grey { 2 } else { 4 }).unwrap_or_else(|| {
                    if is_grey {
                        let rows = pixels.iter().flat_map(|[level, _, _, alpha]| [*level, *alpha]).collect::<Vec<_>>();
                        as_it_is(ColorType::GrayscaleAlpha, rows.into())
                    } else {
                        as_it_is(ColorType::Rgba, picture.pixels().into())
                    }
                })
            }
        }
    }

    /// The bytes of a row.
    pub(super) fn row_bytes(&self) -> usize {
        self.kind.bits_per_pixel_at(self.depth).saturating_mul(self.size.width() as usize).div_ceil(8)
    }

    /// The bytes of a pixel, 1 where several share one.
    pub(super) fn step(&self) -> usize {
        self.kind.bits_per_pixel_at(self.depth).div_ceil(8)
    }
}

#[cfg(feature = "palette")]
impl From<&Indexed> for Raster<'_> {
    fn from(indexed: &Indexed) -> Self {
        let (size, palette) = (indexed.size, indexed.colours.clone());
        let depth = index_depth(palette.len());
        let rows = pack(size, indexed.indices.iter().copied(), depth).into();
        Self { size, kind: ColorType::Indexed, depth, palette, rows }
    }
}

/// Bits, since `png` keeps its own function for that to itself.
trait BitsPerPixel {
    fn bits_per_pixel_at(self, depth: BitDepth) -> usize;
}

impl BitsPerPixel for ColorType {
    fn bits_per_pixel_at(self, depth: BitDepth) -> usize {
        self.samples() * depth as usize
    }
}

/// The fewest bits in which every level of grey is exact, or a palette of fewer.
fn grey<'a>(size: Size, levels: Vec<u8>) -> Raster<'a> {
    let mut used = [false; 256];
    for level in &levels {
        if let Some(used) = used.get_mut(usize::from(*level)) {
            *used = true;
        }
    }
    let found: Vec<u8> = (0..=u8::MAX).zip(used).filter_map(|(level, used)| used.then_some(level)).collect();
    let exact = |depth: &BitDepth| found.iter().all(|level| *level % unit(*depth) == 0);
    let depth = [BitDepth::One, BitDepth::Two, BitDepth::Four].into_iter().find(exact).unwrap_or(BitDepth::Eight);
    let by_palette = index_depth(found.len());
    if (by_palette as u8) < depth as u8 && levels.len() > 4 * found.len() + 32 {
        let palette: Vec<Colour> = found.iter().map(|level| [*level, *level, *level, u8::MAX]).collect();
        let place = |level: &u8| found.binary_search(level).ok().and_then(|at| u8::try_from(at).ok()).unwrap_or(0);
        let rows = pack(size, levels.iter().map(place), by_palette);
        return Raster { size, kind: ColorType::Indexed, depth: by_palette, palette, rows: rows.into() };
    }
    let rows = if depth == BitDepth::Eight {
        levels
    } else {
        pack(size, levels.iter().map(|level| level / unit(depth)), depth)
    };
    Raster { size, kind: ColorType::Grayscale, depth, palette: Vec::new(), rows: rows.into() }
}

/// How much a grey of that depth goes up from one level to the next.
const fn unit(depth: BitDepth) -> u8 {
    match depth {
        BitDepth::One => 255,
        BitDepth::Two => 85,
        BitDepth::Four => 17,
        _ => 1,
    }
}

/// The bits that an index needs.
const fn index_depth(colours: usize) -> BitDepth {
    match colours {
        0..=2 => BitDepth::One,
        3..=4 => BitDepth::Two,
        5..=16 => BitDepth::Four,
        _ => BitDepth::Eight,
    }
}

/// Values of `depth` bits row by row, the first in the highest bits of a byte.
fn pack(size: Size, values: impl Iterator<Item = u8>, depth: BitDepth) -> Vec<u8> {
    let (width, bits) = (size.width() as usize, depth as u8);
    let per_byte = usize::from(8 / bits);
    let mut rows = Vec::with_capacity(width.div_ceil(per_byte).saturating_mul(size.height() as usize));
    let (mut column, mut byte, mut free) = (0, 0, 8);
    for value in values {
        free -= bits;
        byte |= value << free;
        column += 1;
        if free == 0 || column == width {
            rows.push(byte);
            (byte, free) = (0, 8);
            column %= width;
        }
    }
    rows
}

/// With a palette, if there are at most 256 colours and it takes less room than `channels` for each pixel.
fn indexed<'a, I: Iterator<Item = Colour>>(size: Size, pixels: impl Fn() -> I, channels: usize) -> Option<Raster<'a>> {
    let mut found = Distinct::new();
    let mut last = None;
    for colour in pixels() {
        if last.replace(colour) != Some(colour) {
            found.add(colour)?;
        }
    }
    let palette = found.sort();
    let depth = index_depth(palette.len());
    let count = size.area() as usize;
    // Two chunks with their lengths, names and sums.
    if (count / (8 / depth as usize)).saturating_add(palette.len() * 4 + 24) >= count.saturating_mul(channels) {
        return None;
    }
    let (mut last, mut place) = (None, 0);
    let places = pixels().map(|colour| {
        if last.replace(colour) != Some(colour) {
            place = found.place(colour);
        }
        place
    });
    let rows = pack(size, places, depth);
    Some(Raster { size, kind: ColorType::Indexed, depth, palette, rows: rows.into() })
}

/// At most 256 colours, by a hash with open addresses.
struct Distinct {
    /// The colour, and its place in the palette.
    slots: Vec<Option<(Colour, u8)>>,
    count: usize,
}

const SLOTS: usize = 2048;

impl Distinct {
    fn new() -> Self {
        Self { slots: vec![None; SLOTS], count: 0 }
    }

    /// The slot of the colour, or the free one that is its.
    fn slot(&self, colour: Colour) -> usize {
        let hash = (u32::from_le_bytes(colour).wrapping_mul(0x9e37_79b1) >> 21) as usize;
        // Invariant: most slots are free.
        let is_its =
            |slot: &usize| self.slots.get(*slot).is_some_and(|slot| slot.is_none_or(|(found, _)| found == colour));
        (hash..SLOTS).chain(0..hash).find(is_its).unwrap_or(hash)
    }

    /// None if there are too many.
    fn add(&mut self, colour: Colour) -> Option<()> {
        let at = self.slot(colour);
        let slot = self.slots.get_mut(at)?;
        if slot.is_none() {
            *slot = Some((colour, 0));
            self.count += 1;
        }
        (self.count <= 256).then_some(())
    }

    /// The colours in the order of the palette: those that are not opaque first, so that only they have an alpha in the
    /// file, then by their brightness.
    fn sort(&mut self) -> Vec<Colour> {
        let mut colours: Vec<Colour> = self.slots.iter().flatten().map(|(colour, _)| *colour).collect();
        colours.sort_unstable_by_key(|&[r, g, b, alpha]| (alpha, g, r, b));
        for (colour, place) in colours.iter().zip(0..=u8::MAX) {
            let at = self.slot(*colour);
            if let Some(slot) = self.slots.get_mut(at) {
                *slot = Some((*colour, place));
            }
        }
        colours
    }

    fn place(&self, colour: Colour) -> u8 {
        self.slots.get(self.slot(colour)).copied().flatten().map_or(0, |(_, place)| place)
    }
}
