//! The filters of rows (PNG, third edition, section 9): each byte less what its neighbours let expect, which are the
//! byte of the pixel to the left, of the one above, and of the one above to the left.
//!
//! A row is written through the filter after which its bytes are the smallest, taken as signed numbers (the heuristic
//! of section 12.7), or the least surprising ones: a sum over the row, in loops that a compiler turns into vector
//! instructions, each over all filters at once, so that the neighbours are loaded once.

/// How the bytes of a row are predicted.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Filter {
    /// Nothing is.
    None,
    /// To be the byte to the left.
    Sub,
    /// To be the byte above.
    Up,
    /// To be the mean of the two, rounded down.
    Average,
    /// To be the one of the three that is nearest to left + above - above left.
    Paeth,
}

impl Filter {
    /// By their numbers in a file.
    pub(super) const ALL: [Self; 5] = [Self::None, Self::Sub, Self::Up, Self::Average, Self::Paeth];

    /// The number in a file.
    const fn number(self) -> u8 {
        match self {
            Self::None => 0,
            Self::Sub => 1,
            Self::Up => 2,
            Self::Average => 3,
            Self::Paeth => 4,
        }
    }
}

/// A row of a picture, and the one above it: both of the same length, above the first row zeros.
#[derive(Clone, Copy, Debug)]
pub(super) struct Row<'a> {
    pub(super) bytes: &'a [u8],
    pub(super) above: &'a [u8],
    /// The bytes of a pixel, 1 where several share one.
    pub(super) step: usize,
}

impl<'a> Row<'a> {
    /// Appends the filter's number and the filtered row.
    pub(super) fn put(self, filter: Filter, filtered: &mut Vec<u8>) {
        filtered.push(filter.number());
        match filter {
            Filter::None => filtered.extend_from_slice(self.bytes),
            Filter::Sub => self.put_less(filtered, |a, _, _| a),
            Filter::Up => self.put_less(filtered, |_, b, _| b),
            Filter::Average => self.put_less(filtered, |a, b, _| average(a, b)),
            Filter::Paeth => self.put_less(filtered, paeth),
        }
    }

    fn put_less(self, filtered: &mut Vec<u8>, predict: impl Fn(u8, u8, u8) -> u8) {
        // The first pixel has zeros to its left.
        let first = self.bytes.iter().zip(self.above).take(self.step);
        filtered.extend(first.map(|(x, b)| x.wrapping_sub(predict(0, *b, 0))));
        let start = filtered.len();
        filtered.resize(start + self.bytes.len().saturating_sub(self.step), 0);
        let Some(places) = filtered.get_mut(start..) else { return };
        let (x, a, b, c) = self.neighbours();
        for ((((place, x), a), b), c) in places.iter_mut().zip(x).zip(a).zip(b).zip(c) {
            *place = x.wrapping_sub(predict(*a, *b, *c));
        }
    }

    /// The row without its first pixel, and what is to the left, above, and above to the left of each byte.
    fn neighbours(&self) -> (&'a [u8], &'a [u8], &'a [u8], &'a [u8]) {
        let Self { bytes, above, step } = *self;
        (bytes.get(step..).unwrap_or(&[]), bytes, above.get(step..).unwrap_or(&[]), above)
    }

    /// The filter by which the bytes become the smallest.
    pub(super) fn smallest(&self) -> Filter {
        let sums = self.sums();
        let best = sums.iter().zip(Filter::ALL).min_by_key(|(sum, _)| **sum);
        best.map_or(Filter::None, |(_, filter)| filter)
    }

    /// By filter the sum of the bytes' distances from what is expected.
    fn sums(&self) -> [u32; 5] {
        let Self { bytes, above, step } = *self;
        let mut sums = [0_u32; 5];
        let mut add = |x: u8, a: u8, b: u8, c: u8| {
            for (sum, expected) in sums.iter_mut().zip([0, a, b, average(a, b), paeth(a, b, c)]) {
                *sum += u32::from(x.abs_diff(expected));
            }
        };
        bytes.iter().zip(above).take(step).for_each(|(x, b)| add(*x, 0, *b, 0));
        let (x, a, b, c) = self.neighbours();
        for (((x, a), b), c) in x.iter().zip(a).zip(b).zip(c) {
            add(*x, *a, *b, *c);
        }
        sums
    }
}

/// The mean, rounded down, in 8 bits.
#[inline]
const fn average(a: u8, b: u8) -> u8 {
    (a & b) + ((a ^ b) >> 1)
}

/// Of left, above and above left the nearest to a + b - c; of equals the first.
///
/// The distances are |b - c|, |a - c| and the sum of both where they point the same way, else their difference. The sum
/// is never less than either, so it needs no more than 8 bits.
#[inline]
const fn paeth(a: u8, b: u8, c: u8) -> u8 {
    let (to_a, to_b) = (b.abs_diff(c), a.abs_diff(c));
    let to_c = if (b < c) == (a < c) { to_a.saturating_add(to_b) } else { to_a.abs_diff(to_b) };
    let (nearer, distance) = if to_a <= to_b { (a, to_a) } else { (b, to_b) };
    if distance <= to_c { nearer } else { c }
}
