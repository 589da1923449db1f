//! The fewest bits a pixel that hold a picture without loss (PNG, third edition, sections 6.1 and 12.4): grey of 1, 2, 4
//! or 8 bits, a palette of at most 256 colours, grey with alpha, or the channels as they are.
//!
//! Grey goes before a palette of as many bits, since it needs no table and its rows can be filtered.

use std::ops::Deref;

use png::{BitDepth, ColorType};

#[cfg(feature = "palette")]
use crate::pixels::encode::palette::Indexed;
use crate::pixels::picture::{Layout, Picture};
use crate::pixels::runs::runs;
use crate::size::Size;

/// Red, green, blue, and alpha that they are not multiplied by.
pub(super) type Colour = [u8; 4];

/// The size of a picture in a file, and what its pixels are made of.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Shape {
    pub(super) size: Size,
    pub(super) kind: ColorType,
    pub(super) depth: BitDepth,
}

impl Shape {
    /// That of pixels as they are.
    pub(super) const fn of(size: Size, layout: Layout) -> Self {
        let kind = match layout {
            Layout::Rgb => ColorType::Rgb,
            Layout::Rgba => ColorType::Rgba,
        };
        Self { size, kind, depth: BitDepth::Eight }
    }

    /// The bytes of a row.
    pub(super) fn row_bytes(self) -> usize {
        self.kind.bits_per_pixel_at(self.depth).saturating_mul(self.size.width() as usize).div_ceil(8)
    }

    /// The bytes of a pixel, 1 where several share one.
    pub(super) fn step(self) -> usize {
        self.kind.bits_per_pixel_at(self.depth).div_ceil(8)
    }
}

/// A picture as a file holds it, before its rows are filtered.
#[derive(Debug)]
pub(super) struct Raster<'a> {
    pub(super) shape: Shape,
    pub(super) palette: Palette,
    /// The rows from the top, all of the same length.
    pub(super) rows: &'a [u8],
}

/// The colours of an indexed picture, the least opaque ones first; none of another.
#[derive(Clone, Debug)]
pub(super) struct Palette {
    colours: [Colour; 256],
    count: usize,
}

impl Palette {
    const NONE: Self = Self { colours: [[0; 4]; 256], count: 0 };

    /// At most 256.
    fn of(colours: impl IntoIterator<Item = Colour>) -> Self {
        let mut palette = Self::NONE;
        for (place, colour) in palette.colours.iter_mut().zip(colours) {
            *place = colour;
            palette.count += 1;
        }
        palette
    }
}

impl Deref for Palette {
    type Target = [Colour];

    fn deref(&self) -> &[Colour] {
        self.colours.get(..self.count).unwrap_or(&self.colours)
    }
}

impl<'a> Raster<'a> {
    /// The smallest of `picture`; `room` is where its rows are, if they are not those of the picture.
    pub(super) fn of(picture: &'a Picture, room: &'a mut Vec<u8>) -> Self {
        let size = picture.size();
        room.clear();
        let reduced = match picture.layout() {
            Layout::Rgb => {
                let pixels = picture.pixels().as_chunks::<3>().0;
                if pixels.iter().all(|[r, g, b]| r == g && g == b) {
                    Some(grey(size, || pixels.iter().map(|[level, ..]| *level), room))
                } else {
                    indexed(size, pixels, |[r, g, b]| [r, g, b, u8::MAX], 3, room)
                }
            }
            Layout::Rgba => {
                let pixels = picture.pixels().as_chunks::<4>().0;
                let is_grey = pixels.iter().all(|[r, g, b, _]| r == g && g == b);
                indexed(size, pixels, |pixel| pixel, if is_grey { 2 } else { 4 }, room).or_else(|| {
                    is_grey.then(|| {
                        room.extend(pixels.iter().flat_map(|[level, _, _, alpha]| [*level, *alpha]));
                        (Shape { size, kind: ColorType::GrayscaleAlpha, depth: BitDepth::Eight }, Palette::NONE)
                    })
                })
            }
        };
        match reduced {
            Some((shape, palette)) => Self { shape, palette, rows: room },
            None => Self { shape: Shape::of(size, picture.layout()), palette: Palette::NONE, rows: picture.pixels() },
        }
    }

    /// That of a picture with its palette.
    #[cfg(feature = "palette")]
    pub(super) fn of_indexed(indexed: &Indexed, room: &'a mut Vec<u8>) -> Self {
        let depth = index_depth(indexed.colours.len());
        pack(indexed.size, indexed.indices.iter().copied(), depth, room);
        let shape = Shape { size: indexed.size, kind: ColorType::Indexed, depth };
        Self { shape, palette: Palette::of(indexed.colours.iter().copied()), rows: room }
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
fn grey<I: Iterator<Item = u8>>(size: Size, levels: impl Fn() -> I, room: &mut Vec<u8>) -> (Shape, Palette) {
    let mut used = [false; 256];
    for level in levels() {
        if let Some(used) = used.get_mut(usize::from(level)) {
            *used = true;
        }
    }
    let found = || (0..=u8::MAX).zip(used).filter_map(|(level, used)| used.then_some(level));
    let exact = |depth: &BitDepth| found().all(|level| level % unit(*depth) == 0);
    let depth = [BitDepth::One, BitDepth::Two, BitDepth::Four].into_iter().find(exact).unwrap_or(BitDepth::Eight);
    let many = found().count();
    let by_palette = index_depth(many);
    if (by_palette as u8) < depth as u8 && size.area() as usize > 4 * many + 32 {
        let mut places = [0; 256];
        for (level, place) in found().zip(0..=u8::MAX) {
            if let Some(found) = places.get_mut(usize::from(level)) {
                *found = place;
            }
        }
        let place = |level: u8| places.get(usize::from(level)).copied().unwrap_or(0);
        pack(size, levels().map(place), by_palette, room);
        let shape = Shape { size, kind: ColorType::Indexed, depth: by_palette };
        return (shape, Palette::of(found().map(|level| [level, level, level, u8::MAX])));
    }
    if depth == BitDepth::Eight {
        room.extend(levels());
    } else {
        pack(size, levels().map(|level| level / unit(depth)), depth, room);
    }
    (Shape { size, kind: ColorType::Grayscale, depth }, Palette::NONE)
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
fn pack(size: Size, values: impl Iterator<Item = u8>, depth: BitDepth, rows: &mut Vec<u8>) {
    let (width, bits) = (size.width() as usize, depth as u8);
    let per_byte = usize::from(8 / bits);
    rows.reserve(width.div_ceil(per_byte).saturating_mul(size.height() as usize));
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
}

/// With a palette, if there are at most 256 colours and it takes less room than `channels` for each pixel.
///
/// Pixels are looked at in runs of the same one, which most pictures of few colours are made of.
fn indexed<const N: usize>(
    size: Size,
    pixels: &[[u8; N]],
    colour: impl Fn([u8; N]) -> Colour,
    channels: usize,
    room: &mut Vec<u8>,
) -> Option<(Shape, Palette)> {
    let runs = || runs(pixels).map(|(pixel, length)| (colour(pixel), length));
    let mut found = Distinct::new();
    for (colour, _) in runs() {
        found.add(colour)?;
    }
    let palette = found.sort();
    let depth = index_depth(palette.len());
    let count = pixels.len();
    // Two chunks with their lengths, names and sums.
    if (count / (8 / depth as usize)).saturating_add(palette.len() * 4 + 24) >= count.saturating_mul(channels) {
        return None;
    }
    if depth == BitDepth::Eight {
        room.reserve(count);
        for (colour, length) in runs() {
            room.resize(room.len() + length, found.place(colour));
        }
    } else {
        pack(size, runs().flat_map(|(colour, length)| std::iter::repeat_n(found.place(colour), length)), depth, room);
    }
    Some((Shape { size, kind: ColorType::Indexed, depth }, palette))
}

/// At most 256 colours, by a hash with open addresses.
struct Distinct {
    /// In the order in which they were found, and as many.
    colours: [Colour; 256],
    count: usize,
    /// By their number in that order their place in the palette.
    places: [u8; 256],
    /// The number of a colour, plus one; 0 where a slot is free.
    slots: [u16; SLOTS],
}

const SLOTS: usize = 2048;

impl Distinct {
    const fn new() -> Self {
        Self { colours: [[0; 4]; 256], count: 0, places: [0; 256], slots: [0; SLOTS] }
    }

    /// The slot of the colour, or the free one that is its, and the colour's number, if it has one.
    fn slot(&self, colour: Colour) -> (usize, Option<usize>) {
        let hash = (u32::from_le_bytes(colour).wrapping_mul(0x9e37_79b1) >> 21) as usize;
        // Invariant: most slots are free.
        for at in (hash..SLOTS).chain(0..hash) {
            match self.slots.get(at).copied().unwrap_or(0).checked_sub(1).map(usize::from) {
                None => return (at, None),
                Some(number) if self.colours.get(number) == Some(&colour) => return (at, Some(number)),
                Some(_) => {}
            }
        }
        (hash, None)
    }

    /// None if there are too many.
    fn add(&mut self, colour: Colour) -> Option<()> {
        if let (at, None) = self.slot(colour) {
            *self.colours.get_mut(self.count)? = colour;
            self.count += 1;
            *self.slots.get_mut(at)? = u16::try_from(self.count).ok()?;
        }
        Some(())
    }

    /// The colours in the order of the palette: those that are not opaque first, so that only they have an alpha in the
    /// file, then by their brightness.
    fn sort(&mut self) -> Palette {
        let mut palette = Palette { colours: self.colours, count: self.count };
        let found = palette.colours.get_mut(..self.count).unwrap_or_default();
        found.sort_unstable_by_key(|&[r, g, b, alpha]| (alpha, g, r, b));
        for (colour, place) in palette.iter().zip(0..=u8::MAX) {
            if let Some(found) = self.slot(*colour).1.and_then(|number| self.places.get_mut(number)) {
                *found = place;
            }
        }
        palette
    }

    fn place(&self, colour: Colour) -> u8 {
        self.slot(colour).1.and_then(|number| self.places.get(number)).copied().unwrap_or(0)
    }
}
