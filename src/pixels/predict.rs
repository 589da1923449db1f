//! What is expected of a byte of a PNG from its neighbours (PNG, third edition, section 9), for the encoder that writes
//! what is left of it, and for the decoder that adds that again.

#![expect(clippy::inline_always, reason = "what is not inlined is not compiled for the processor that there is")]

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
    pub(super) const fn number(self) -> u8 {
        match self {
            Self::None => 0,
            Self::Sub => 1,
            Self::Up => 2,
            Self::Average => 3,
            Self::Paeth => 4,
        }
    }

    /// The filter of that number.
    pub(super) fn numbered(number: u8) -> Option<Self> {
        Self::ALL.get(usize::from(number)).copied()
    }
}

/// The mean, rounded down, in 8 bits.
#[inline(always)]
pub(super) const fn average(a: u8, b: u8) -> u8 {
    (a & b) + ((a ^ b) >> 1)
}

/// Of left, above and above left the nearest to a + b - c; of equals the first.
///
/// The distances are |b - c|, |a - c| and the sum of both where they point the same way, else their difference. The sum
/// is never less than either, so it needs no more than 8 bits.
#[inline(always)]
pub(super) fn paeth(a: u8, b: u8, c: u8) -> u8 {
    let (to_a, to_b) = (distance(b, c), distance(a, c));
    let to_c = if (b < c) == (a < c) { to_a.saturating_add(to_b) } else { distance(to_a, to_b) };
    let (nearer, distance) = if to_a <= to_b { (a, to_a) } else { (b, to_b) };
    if distance <= to_c { nearer } else { c }
}

/// As `abs_diff`, but in 8 bits on the way too.
#[inline(always)]
fn distance(a: u8, b: u8) -> u8 {
    a.max(b).wrapping_sub(a.min(b))
}

#[cfg(test)]
#[allow(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "one of three bytes")]
pub(super) mod tests {
    use super::*;

    /// Section 9.4, word for word.
    pub(in crate::pixels) fn predictor(a: u8, b: u8, c: u8) -> u8 {
        let [a, b, c] = [a, b, c].map(i32::from);
        let p = a + b - c;
        let (pa, pb, pc) = ((p - a).abs(), (p - b).abs(), (p - c).abs());
        (if pa <= pb && pa <= pc {
            a
        } else if pb <= pc {
            b
        } else {
            c
        }) as u8
    }

    /// A row as a decoder has to make it, byte by byte.
    pub(in crate::pixels) fn unfiltered(filtered: &[u8], above: &[u8], step: usize) -> Vec<u8> {
        let mut row: Vec<u8> = Vec::new();
        for (at, byte) in filtered[1..].iter().enumerate() {
            let left = |row: &[u8]| if at < step { 0 } else { row[at - step] };
            let (a, b, c) = (left(&row), above[at], left(above));
            let expected = match filtered[0] {
                0 => 0,
                1 => a,
                2 => b,
                3 => u16::midpoint(a.into(), b.into()) as u8,
                4 => predictor(a, b, c),
                other => panic!("filter {other}"),
            };
            row.push(byte.wrapping_add(expected));
        }
        row
    }

    #[test]
    fn paeth_and_the_mean_are_those_of_the_specification() {
        for (a, b) in (0..=u8::MAX).flat_map(|a| (0..=u8::MAX).map(move |b| (a, b))) {
            assert_eq!(u16::from(average(a, b)), u16::midpoint(a.into(), b.into()));
            assert!((0..=u8::MAX).all(|c| paeth(a, b, c) == predictor(a, b, c)), "{a} {b}");
        }
    }

    #[test]
    fn a_filter_is_found_by_its_number() {
        assert!(Filter::ALL.into_iter().all(|filter| Filter::numbered(filter.number()) == Some(filter)));
        assert_eq!(Filter::numbered(5), None);
    }
}
