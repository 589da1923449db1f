//! Lossless WebP of a picture with a palette (VP8L, RFC 9649, section 3).
//!
//! `image-webp` writes each pixel by its channels, which makes a picture with a palette several times as large as it
//! need be. What is written here is the part of the format that such a picture needs, and nothing else:
//!
//! - the colour indexing transform (3.5.4): the palette, and as many pixels in one as its size allows, 8 of 2 colours,
//!   4 of 4, 2 of 16;
//! - then one entropy-coded image (3.6) of these, in one group of prefix codes, without a colour cache and without any
//!   other transform: literals and copies (3.6.2.2) of what came before, the longest that a bounded search finds.
//!
//! The image is searched twice, once to count and once to write, so that the memory does not grow with it.

use super::palette::Indexed;
use super::prefix::{BitWriter, PrefixCode};

/// The bitstream, as it stands in a `VP8L` chunk.
pub(super) fn encode(indexed: &Indexed) -> Vec<u8> {
    let mut bits = BitWriter::default();
    // The header (3.4): a signature, the size less one, a hint whether there is alpha, the version.
    bits.put(0x2f, 8);
    bits.put(indexed.size.width() - 1, 14);
    bits.put(indexed.size.height() - 1, 14);
    let has_alpha = indexed.colours.iter().any(|[_, _, _, alpha]| *alpha != u8::MAX);
    bits.put(has_alpha.into(), 1);
    bits.put(0, 3);

    // A transform comes, it is colour indexing, the number of colours less one, the colours; no transform comes.
    bits.put(1, 1);
    bits.put(3, 2);
    bits.put(u32::from(indexed.count()) - 1, 8);
    put_colours(&mut bits, indexed);
    bits.put(0, 1);

    let packed = indexed.packed(false);
    let width = indexed.size.width().div_ceil(8 / u32::from(indexed.depth()));
    put_image(&mut bits, &packed, width);
    bits.end()
}

/// The palette as an image of one row, each channel less that of the colour before it.
fn put_colours(bits: &mut BitWriter, indexed: &Indexed) {
    let before = [[0; 4]].iter().chain(&indexed.colours);
    let less = |([r, g, b, a], [pr, pg, pb, pa]): (&[u8; 4], &[u8; 4])| {
        [g.wrapping_sub(*pg), r.wrapping_sub(*pr), b.wrapping_sub(*pb), a.wrapping_sub(*pa)]
    };
    let pixels: Vec<[u8; 4]> = indexed.colours.iter().zip(before).map(less).collect();
    bits.put(0, 1); // No colour cache.
    let mut counts = [vec![0; GREENS], vec![0; 256], vec![0; 256], vec![0; 256]];
    for pixel in &pixels {
        for (counts, channel) in counts.iter_mut().zip(pixel) {
            count(counts, (*channel).into());
        }
    }
    let codes = counts.map(|counts| PrefixCode::put(bits, &counts));
    PrefixCode::put(bits, &[]); // No copies, so no distances.
    for pixel in &pixels {
        for (code, channel) in codes.iter().zip(pixel) {
            bits.put_symbol(code, (*channel).into());
        }
    }
}

/// The main image, of which only green counts.
fn put_image(bits: &mut BitWriter, pixels: &[u8], width: u32) {
    bits.put(0, 1); // No colour cache.
    bits.put(0, 1); // One group of prefix codes.
    let near = near_codes(width);
    let (mut greens, mut distances) = (vec![0; GREENS], vec![0; 40]);
    search(pixels, |token| match token {
        Token::Literal(index) => count(&mut greens, index.into()),
        Token::Copy { length, distance } => {
            count(&mut greens, 256 + Prefixed::of(length).symbol);
            count(&mut distances, Prefixed::of(distance_code(distance, &near)).symbol);
        }
    });
    let greens = PrefixCode::put(bits, &greens);
    for _red_blue_alpha in 0..3 {
        PrefixCode::put(bits, &[]);
    }
    let distances = PrefixCode::put(bits, &distances);
    search(pixels, |token| match token {
        Token::Literal(index) => bits.put_symbol(&greens, index.into()),
        Token::Copy { length, distance } => {
            let length = Prefixed::of(length);
            bits.put_symbol(&greens, 256 + length.symbol);
            bits.put(length.extra, length.extra_bits);
            let distance = Prefixed::of(distance_code(distance, &near));
            bits.put_symbol(&distances, distance.symbol);
            bits.put(distance.extra, distance.extra_bits);
        }
    });
}

/// 256 literals and 24 lengths of copies.
const GREENS: usize = 256 + 24;

fn count(counts: &mut [u32], symbol: usize) {
    if let Some(count) = counts.get_mut(symbol) {
        *count = count.saturating_add(1);
    }
}

/// A number from 1 on by the prefix that is coded and the bits that follow it (3.6.2.2).
struct Prefixed {
    symbol: usize,
    extra_bits: u32,
    extra: u32,
}

impl Prefixed {
    const fn of(number: u32) -> Self {
        let less = number - 1;
        if less < 4 {
            return Self { symbol: less as usize, extra_bits: 0, extra: 0 };
        }
        // The highest bit and the one below it are the prefix, the others follow.
        let extra_bits = less.ilog2() - 1;
        let symbol = (2 * (extra_bits + 1) + ((less >> extra_bits) & 1)) as usize;
        Self { symbol, extra_bits, extra: less & ((1 << extra_bits) - 1) }
    }
}

/// The first of the 120 places (3.6.2.2) that have codes of their own, from code 1 on: how far to the left and how far
/// up.
const NEAR: [(i64, i64); 24] = [
    (0, 1),
    (1, 0),
    (1, 1),
    (-1, 1),
    (0, 2),
    (2, 0),
    (1, 2),
    (-1, 2),
    (2, 1),
    (-2, 1),
    (2, 2),
    (-2, 2),
    (0, 3),
    (3, 0),
    (1, 3),
    (-1, 3),
    (3, 1),
    (-3, 1),
    (2, 3),
    (-2, 3),
    (3, 2),
    (-3, 2),
    (0, 4),
    (4, 0),
];

/// The distances that have a code of their own in a picture of this width, each with the code.
fn near_codes(width: u32) -> Vec<(u32, u32)> {
    let distance =
        |(left, up): (i64, i64)| u32::try_from(left + up * i64::from(width)).ok().filter(|distance| *distance > 0);
    NEAR.into_iter().zip(1..).filter_map(|(place, code)| Some((distance(place)?, code))).collect()
}

fn distance_code(distance: u32, near: &[(u32, u32)]) -> u32 {
    near.iter().find(|(near, _)| *near == distance).map_or(distance + 120, |(_, code)| *code)
}

/// What an image is made of.
#[derive(Clone, Copy)]
enum Token {
    /// A pixel.
    Literal(u8),
    /// As many pixels as stand that far back; the two may overlap.
    Copy { length: u32, distance: u32 },
}

/// The longest copy that the format has.
const MAX_LENGTH: usize = 4096;
/// The shortest that is worth its codes, and for one from far off.
const MIN_LENGTH: usize = 4;
const MIN_LENGTH_FAR: usize = 6;
const FAR: usize = 1 << 10;
/// How far back is searched, and how many places of the same beginning.
const WINDOW: usize = 1 << 16;
const DEPTH: usize = 48;

/// Goes through the image, always taking the longest copy, unless the next pixel begins a longer one.
fn search(pixels: &[u8], mut token: impl FnMut(Token)) {
    let mut places = Places::new(pixels);
    let (mut at, mut found) = (0, None);
    while let Some(index) = pixels.get(at) {
        let here = found.take().unwrap_or_else(|| places.longest(at));
        let next = if (MIN_LENGTH..32).contains(&here.0) { places.longest(at + 1) } else { (0, 0) };
        let (length, distance) = here;
        if length < MIN_LENGTH || next.0 > length {
            token(Token::Literal(*index));
            if next.0 > length {
                found = Some(next);
            }
            at += 1;
            continue;
        }
        #[expect(clippy::cast_possible_truncation, reason = "both are at most 65,535")]
        token(Token::Copy { length: length as u32, distance: distance as u32 });
        at += length;
    }
}

/// Where in an image four pixels have last been seen, and where before that.
struct Places<'a> {
    pixels: &'a [u8],
    /// By a hash of four pixels the place, plus one, that they were last seen at.
    last: Vec<u32>,
    /// By a place, modulo the window, the place, plus one, before it.
    before: Vec<u32>,
    /// Up to where places have been entered.
    entered: usize,
}

impl<'a> Places<'a> {
    fn new(pixels: &'a [u8]) -> Self {
        Self { pixels, last: vec![0; 1 << 16], before: vec![0; WINDOW], entered: 0 }
    }

    fn hash(&self, at: usize) -> Option<usize> {
        let four = self.pixels.get(at..)?.first_chunk::<4>()?;
        Some((u32::from_le_bytes(*four).wrapping_mul(0x9e37_79b1) >> 16) as usize)
    }

    /// Enters all places before `to`.
    fn enter(&mut self, to: usize) {
        while self.entered < to {
            let Some(hash) = self.hash(self.entered) else { return };
            if let (Some(last), Some(before)) = (self.last.get_mut(hash), self.before.get_mut(self.entered % WINDOW)) {
                #[expect(clippy::cast_possible_truncation, reason = "an image has fewer than 2^28 pixels")]
                let place = self.entered as u32 + 1;
                *before = std::mem::replace(last, place);
            }
            self.entered += 1;
        }
    }

    /// Length and distance of the longest copy, with a length of 0 where none is worth it.
    fn longest(&mut self, at: usize) -> (usize, usize) {
        self.enter(at);
        let (Some(hash), Some(ahead)) = (self.hash(at), self.pixels.get(at..)) else { return (0, 0) };
        let ahead = ahead.get(..MAX_LENGTH).unwrap_or(ahead);
        let mut best = (0, 0);
        let mut place = self.last.get(hash).copied().unwrap_or(0) as usize;
        for _ in 0..DEPTH {
            // Invariant: `place` is one of those entered, which are before `at`, or 0 for none.
            let Some(from) = place.checked_sub(1) else { break };
            let distance = at - from;
            if distance >= WINDOW {
                break;
            }
            let behind = self.pixels.get(from..).unwrap_or(&[]);
            // What does not match where the best ends cannot be longer.
            if behind.get(best.0) == ahead.get(best.0) {
                let length = ahead.iter().zip(behind).take_while(|(a, b)| a == b).count();
                let least = if distance > FAR { MIN_LENGTH_FAR } else { MIN_LENGTH };
                if length > best.0 && length >= least {
                    best = (length, distance);
                    if length == ahead.len() {
                        break;
                    }
                }
            }
            place = self.before.get(from % WINDOW).copied().unwrap_or(0) as usize;
        }
        best
    }
}
