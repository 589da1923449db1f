//! Entropy estimate: the bits that symbols will take, without making a code for them.
//!
//! Shannon's entropy of the counts, in integers of 1/256 bit, so that every processor makes the same decisions. Each
//! occurrence counts at least one bit, because no prefix code has shorter codes.

/// One bit, in the unit of all estimates.
pub(crate) const BIT: u64 = 256;

/// The fractional parts of logarithms: log2(1 + i / 256) in 1/256, rounded down.
///
/// Binary digits of a logarithm by repeated squaring: where the square of y reaches 2, the next digit is 1 and y is
/// halved.
const FRACTIONS: [u8; 256] = {
    let mut table = [0; 256];
    let mut i = 0;
    while i < 256 {
        // y is a fixed-point number with 31 fractional bits, from 1 to below 2.
        let mut y = (256 + i as u64) << 23;
        let mut digits = 0_u8;
        let mut left = 8;
        while left > 0 {
            y = (y * y) >> 31;
            let digit = y >= 1 << 32;
            digits = (digits << 1) | digit as u8;
            if digit {
                y >>= 1;
            }
            left -= 1;
        }
        table[i] = digits;
        i += 1;
    }
    table
};

/// The binary logarithm of `number`, which must not be 0, in 1/256.
#[inline]
pub(crate) fn log2(number: u32) -> u64 {
    let whole = number.ilog2();
    // The eight bits below the highest one.
    let fraction = (u64::from(number) << 32 >> whole >> 24) as usize & 0xff;
    u64::from(whole) * BIT + u64::from(FRACTIONS[fraction])
}

/// The estimate for symbols with these counts together, in 1/256 bit.
pub(crate) fn estimate(counts: &[u32]) -> u64 {
    let total: u32 = counts.iter().sum();
    let log_total = log2(total.max(1));
    let of = |count: &u32| u64::from(*count) * log_total.saturating_sub(log2(*count)).max(BIT);
    let sum = |counts: &[u32]| counts.iter().filter(|count| **count > 0).map(of).sum::<u64>();
    // Most symbols of a short input do not occur: eight at once are passed over.
    let (eights, rest) = counts.as_chunks::<8>();
    let used = eights.iter().filter(|eight| eight.iter().fold(0, |all, count| all | count) > 0);
    used.map(|eight| sum(eight)).sum::<u64>() + sum(rest)
}

/// The frequency of each byte.
///
/// Four tables, because a processor stalls where it increments a count that it has just written.
pub(crate) fn byte_counts(data: &[u8]) -> [u32; 256] {
    // Below this length, clearing and adding the other three tables takes longer than the stalls.
    const FOUR_TABLES: usize = 1024;
    let mut first = [0; 256];
    if data.len() < FOUR_TABLES {
        for byte in data {
            first[usize::from(*byte)] += 1;
        }
        return first;
    }
    let [mut second, mut third, mut fourth] = [[0_u32; 256]; 3];
    let (eights, rest) = data.as_chunks::<8>();
    for eight in eights {
        let word = u64::from_le_bytes(*eight);
        // One load for eight bytes.
        #[expect(clippy::cast_possible_truncation, reason = "the lowest byte is wanted")]
        let byte = |at: u32| usize::from((word >> (8 * at)) as u8);
        first[byte(0)] += 1;
        second[byte(1)] += 1;
        third[byte(2)] += 1;
        fourth[byte(3)] += 1;
        first[byte(4)] += 1;
        second[byte(5)] += 1;
        third[byte(6)] += 1;
        fourth[byte(7)] += 1;
    }
    for byte in rest {
        first[usize::from(*byte)] += 1;
    }
    for (((sum, b), c), d) in first.iter_mut().zip(second).zip(third).zip(fourth) {
        *sum += b + c + d;
    }
    first
}

#[cfg(test)]
#[allow(clippy::cast_precision_loss, reason = "of numbers below 2^53")]
mod tests {
    use super::*;

    #[test]
    fn logarithms_are_exact_for_powers_of_two_and_near_elsewhere() {
        for number in (1..70_000_u32).chain([u32::MAX, 1 << 31]) {
            let exact = f64::from(number).log2() * 256.0;
            let found = log2(number) as f64;
            assert!(found <= exact + 1e-6 && exact - found < 3.0, "{number}: {found}, {exact}");
        }
        assert!((0..32).all(|power| log2(1 << power) == u64::from(power * 256_u32)));
    }

    #[test]
    fn the_estimate_is_the_entropy_with_at_least_a_bit_per_symbol() {
        assert_eq!(estimate(&[4, 4, 0, 8]), 24 * BIT);
        assert_eq!(estimate(&[0, 9]), 9 * BIT);
        assert_eq!(estimate(&[]), 0);
    }

    #[test]
    fn counts_are_those_of_one_table() {
        for length in [0, 1, 1023, 1024, 1025, 1027, 5000] {
            let data: Vec<u8> = (0..length).map(|at: u32| (at * at / 7).to_le_bytes()[0]).collect();
            let counts = byte_counts(&data);
            assert!(
                (0_u8..=255).all(|byte| counts[usize::from(byte)] as usize == data.split(|b| *b == byte).count() - 1)
            );
        }
    }
}
