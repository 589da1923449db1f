//! How many bits symbols will take, without a code for them: Shannon's entropy in integers, so that every machine
//! decides alike. No symbol takes less than a bit, since none does in a prefix code.

/// Bits are counted in parts of that many.
pub(super) const BIT: u64 = 256;

/// log2(1 + i / 256), rounded down, in parts of a bit; by squaring, digit by digit.
#[expect(clippy::indexing_slicing, reason = "a constant")]
const FRACTIONS: [u8; 256] = {
    let mut table = [0; 256];
    let mut i = 0;
    while i < 256 {
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

/// The logarithm of `number`, which is not 0, to the base 2, in parts of a bit.
#[inline]
pub(super) fn log2(number: u32) -> u64 {
    let whole = number.checked_ilog2().unwrap_or(0);
    // The eight bits below the highest.
    let fraction = (u64::from(number) << 32 >> whole >> 24) as usize & 0xff;
    u64::from(whole) * BIT + u64::from(FRACTIONS.get(fraction).copied().unwrap_or(0))
}

/// What symbols that occur as often as that take together, in parts of a bit.
pub(super) fn entropy(counts: &[u32]) -> u64 {
    let total: u32 = counts.iter().sum();
    let all = log2(total.max(1));
    let of = |count: &u32| u64::from(*count) * all.saturating_sub(log2(*count)).max(BIT);
    let sum = |counts: &[u32]| counts.iter().filter(|count| **count > 0).map(of).sum::<u64>();
    // Of few bytes most symbols do not occur.
    let (eights, rest) = counts.as_chunks::<8>();
    let used = eights.iter().filter(|eight| eight.iter().fold(0, |all, count| all | count) > 0);
    used.map(|eight| sum(eight)).sum::<u64>() + sum(rest)
}

/// How often each byte occurs. Four tables, since a processor waits where a count that it has just written is read.
pub(super) fn histogram(data: &[u8]) -> [u32; 256] {
    if data.len() < 1024 {
        // Too few to pay for more than one.
        let mut counts = [0; 256];
        for byte in data {
            if let Some(count) = counts.get_mut(usize::from(*byte)) {
                *count += 1;
            }
        }
        return counts;
    }
    let mut tables = [[0_u32; 256]; 4];
    let (fours, rest) = data.as_chunks::<4>();
    for four in fours {
        for (table, byte) in tables.iter_mut().zip(four) {
            if let Some(count) = table.get_mut(usize::from(*byte)) {
                *count += 1;
            }
        }
    }
    let [mut sum, second, third, fourth] = tables;
    for byte in rest {
        if let Some(count) = sum.get_mut(usize::from(*byte)) {
            *count += 1;
        }
    }
    for (((sum, a), b), c) in sum.iter_mut().zip(second).zip(third).zip(fourth) {
        *sum += a + b + c;
    }
    sum
}

#[cfg(test)]
#[allow(clippy::cast_precision_loss, reason = "of numbers below 2^53")]
mod tests {
    use super::*;

    #[test]
    fn logarithms_are_exact_for_powers_and_near_elsewhere() {
        for number in (1..70_000_u32).chain([u32::MAX, 1 << 31]) {
            let exact = f64::from(number).log2() * 256.0;
            let found = log2(number) as f64;
            assert!(found <= exact + 1e-6 && exact - found < 3.0, "{number}: {found}, {exact}");
        }
        assert!((0..32).all(|power| log2(1 << power) == u64::from(power * 256_u32)));
    }

    #[test]
    fn entropy_is_that_of_a_code_without_its_table() {
        assert_eq!(entropy(&[4, 4, 0, 8]), 24 * BIT);
        // One symbol alone still takes a bit each time.
        assert_eq!(entropy(&[0, 9]), 9 * BIT);
        assert_eq!(entropy(&[]), 0);
    }
}
